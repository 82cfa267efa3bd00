import datetime
import sqlite3
import sys
from decimal import Decimal

import pandas as pd
import pytest

from tabgan.base.errors import DataError, OptionError, TableFileError
from tabgan.files.formats import TableContentError, TableForm, shown_place
from tabgan.files.read_write import TableWriter, check_table_output, read_table

SHOP = """
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, name VARCHAR(20), born DATE, seen TIMESTAMP, paid DECIMAL(10, 2),
    active BOOLEAN, score REAL, note TEXT, visits INTEGER
);
INSERT INTO customers VALUES
    (1, 'Ann 😀', '1850-01-01', '2024-02-29 13:14:15.000000', 1.50, 1, 0.5, '2024-01-01', NULL),
    (2, '007', NULL, NULL, NULL, NULL, NULL, NULL, 7),
    (9007199254740993, NULL, '2300-12-31', '2300-01-01 00:00:00.000000', 12.25, 0, 3, '', 8);
"""


@pytest.fixture
def shop(tmp_path):
    """Make a database of one table."""
    path = tmp_path / "shop.db"
    run(path, SHOP)
    return path


def run(path, script):
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()


def rows_of(path, query):
    connection = sqlite3.connect(path)
    rows = connection.execute(query).fetchall()
    connection.close()
    return rows


@pytest.mark.parametrize("address", ["{}", "sqlite:///{}", "sqlite+pysqlite:///{}"])
def test_declared_types_give_the_dtypes(shop, address):
    frame, form = read_table(address.format(shop))
    assert frame.dtypes.astype(str).to_dict() == {
        "id": "int64",
        "name": "object",
        "born": "object",
        "seen": "datetime64[us]",
        "paid": "object",
        "active": "boolean",
        "score": "float64",
        "note": "object",
        "visits": "Int64",
    }
    assert frame["id"].tolist()[2] == 2**53 + 1
    assert frame["born"].tolist() == [
        datetime.date(1850, 1, 1),
        None,
        datetime.date(2300, 12, 31),
    ]
    assert frame["paid"].tolist() == [Decimal("1.50"), None, Decimal("12.25")]
    assert frame["note"].tolist() == ["2024-01-01", None, ""]
    assert form.table == "customers"
    assert {type(name) for name in frame.columns} == {type(form.table)} == {str}


def test_what_is_read_is_written_as_it_was(shop, tmp_path):
    frame, form = read_table(str(shop))
    url = f"sqlite:///{tmp_path / 'fake.sqlite'}"
    with TableWriter(url, form.for_output(url)) as writer:
        writer.write(frame)
        writer.write(frame)
    again, _ = read_table(url, table="customers")
    pd.testing.assert_frame_equal(again, pd.concat([frame, frame], ignore_index=True))
    declared = dict(
        rows_of(tmp_path / "fake.sqlite", "SELECT name, type FROM pragma_table_info('customers')")
    )
    assert declared["born"] == "DATE"
    assert declared["paid"] == "NUMERIC(10, 2)"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fake.sqlite", "shop.db"]


def test_values_of_a_frame_come_back(tmp_path, dated, write, assert_same):
    path = tmp_path / "t.sqlite"
    write(path, dated, dated, table="odd \"name'")
    frame, _ = read_table(str(path))
    expected = pd.concat([dated, dated], ignore_index=True)
    assert_same(frame, expected)


def test_what_the_database_has_no_type_for_is_text(tmp_path, write):
    zoned = pd.Timestamp("1850-01-01 12:00:00.5", tz="Europe/Oslo")
    frame = pd.DataFrame(
        {
            "zoned": pd.Series([zoned, None]),
            "objects": pd.Series([datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), None]),
            "lasting": [pd.Timedelta("1 day"), None],
            "mixed": pd.Series([1, "x"], dtype=object),
        }
    )
    write(tmp_path / "a.db", frame)
    assert rows_of(tmp_path / "a.db", "SELECT * FROM synthetic") == [
        (zoned.isoformat(), "2024-01-01T00:00:00+00:00", "P1DT0H0M0S", "1"),
        (None, None, None, "x"),
    ]


def test_dates_without_a_declared_type_stay_texts(shop):
    frame, _ = read_table(str(shop), query="select born, seen from customers where id = 1")
    assert frame.iloc[0].tolist() == ["1850-01-01", "2024-02-29 13:14:15.000000"]


def test_a_query_in_place_of_a_table(shop):
    frame, form = read_table(str(shop), query="select name, score * 2 as s from customers limit 1")
    assert (frame.to_dict("list"), form.table) == ({"name": ["Ann 😀"], "s": [1.0]}, None)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "DELETE FROM customers",
            "query='DELETE FROM customers' does not ask for rows; give one that begins with "
            "SELECT or WITH",
        ),
        (
            "-- select\ndrop table customers",
            "query='-- select\\ndrop table customers' does not ask for rows; give one that begins "
            "with SELECT or WITH",
        ),
    ],
)
def test_a_query_that_asks_for_no_rows(shop, query, message):
    with pytest.raises(OptionError) as caught:
        read_table(str(shop), query=query)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "query", ["WITH a AS (SELECT 1) DELETE FROM customers", "select 1; delete from customers"]
)
def test_a_query_can_change_nothing(shop, query):
    before = shop.read_bytes()
    with pytest.raises(TableFileError, match=f"^{shop}: the database says: "):
        read_table(str(shop), query=query)
    assert shop.read_bytes() == before


class TestWhichTable:
    def test_several(self, shop):
        run(shop, "CREATE TABLE orders (a); CREATE VIEW lately AS SELECT 1 AS one;")
        with pytest.raises(OptionError) as caught:
            read_table(str(shop))
        assert str(caught.value) == (
            f"{shop} has 3 tables: customers, lately, orders; name one with --table"
        )
        assert read_table(str(shop), table="lately")[0].to_dict("list") == {"one": [1]}
        assert len(read_table(str(shop), table="main.customers")[0]) == 3

    def test_none_of_that_name(self, shop):
        with pytest.raises(OptionError) as caught:
            read_table(str(shop), table="custmers")
        assert str(caught.value) == f"{shop} has no table 'custmers'; did you mean 'customers'?"

    def test_no_table_and_no_rows(self, tmp_path):
        path = tmp_path / "empty.db"
        run(path, "CREATE TABLE a (b); DROP TABLE a;")
        with pytest.raises(OptionError, match=r"empty\.db has no table"):
            read_table(str(path))
        run(path, "CREATE TABLE a (b)")
        with pytest.raises(DataError, match="has no rows"):
            read_table(str(path))

    @pytest.mark.parametrize(
        ("name", "options", "message"),
        [
            (
                "a.csv",
                {"table": "t"},
                "a.csv: only a database or a workbook takes a",
            ),
            ("a.csv", {"query": "select 1"}, "a.csv: only a database takes a query; leave it out"),
            ("a.db", {"query": "select 1", "table": "t"}, "a.db: both a table, 't', and a query"),
        ],
    )
    def test_what_does_not_go_together(self, name, options, message):
        with pytest.raises(OptionError, match=message):
            read_table(name, **options)


class TestRefusals:
    def test_no_such_file_is_not_made(self, tmp_path):
        for address in (str(tmp_path / "none.db"), f"sqlite:///{tmp_path / 'none.db'}"):
            with pytest.raises(TableFileError, match=r"none\.db: no such file; check the path"):
                read_table(address)
        assert list(tmp_path.iterdir()) == []

    def test_not_a_database(self, tmp_path):
        path = tmp_path / "a.db"
        path.write_text("a,b\n" * 1000)
        with pytest.raises(TableFileError, match="the database says: file is not a database"):
            read_table(str(path))

    def test_two_columns_of_one_name(self, shop):
        with pytest.raises(
            TableContentError, match="gives two columns named 'id'; name them apart"
        ):
            read_table(str(shop), query="select id, id from customers")

    def test_a_date_that_is_none(self, tmp_path):
        path = tmp_path / "a.db"
        run(path, "CREATE TABLE a (d DATE); INSERT INTO a VALUES ('31/12/2024')")
        with pytest.raises(TableContentError, match="none of its column's declared type"):
            read_table(str(path))

    def test_an_unknown_database(self):
        with pytest.raises(OptionError, match="nosuch://h/d: not the address of a database"):
            read_table("nosuch://h/d")

    def test_a_lacking_driver(self, monkeypatch):
        for module in ("psycopg", "psycopg2"):
            monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(OptionError) as caught:
            read_table("postgresql+psycopg2://ann:s3cr3t@localhost/shop")
        assert str(caught.value).startswith(
            "postgresql+psycopg2://ann:***@localhost/shop: the database's driver is not installed"
        )

    def test_without_sqlalchemy(self, shop, monkeypatch):
        monkeypatch.setitem(sys.modules, "sqlalchemy", None)
        with pytest.raises(OptionError, match=r"install it with pip install '\.\[sql\]'"):
            read_table(str(shop))


class TestWriting:
    block = pd.DataFrame({"a": [1, 2]})

    def test_an_existing_table_stays(self, shop, write):
        form = TableForm("sqlite", table="customers")
        before = shop.read_bytes()
        for act in (
            lambda: check_table_output(str(shop), form),
            lambda: write(shop, self.block, table="customers"),
        ):
            with pytest.raises(TableFileError) as caught:
                act()
            assert str(caught.value) == (
                f"{shop} already has a table 'customers'; name another one with --out-table, or "
                "give --force to replace it"
            )
        assert shop.read_bytes() == before
        write(shop, self.block, table="customers", force=True)
        assert rows_of(shop, "SELECT * FROM customers") == [(1,), (2,)]

    def test_another_table_is_added(self, shop, write):
        write(shop, self.block, table="fake")
        assert rows_of(shop, "SELECT count(*) FROM customers") == [(3,)]
        assert rows_of(shop, "SELECT sum(a) FROM fake") == [(3,)]

    @pytest.mark.parametrize("force", [True, False])
    def test_an_error_undoes_all(self, shop, write, force, tmp_path):
        name = "customers" if force else "fake"
        before = rows_of(shop, "SELECT name, sql FROM sqlite_master")
        with pytest.raises(TableFileError, match="a number is too large for a column of"):
            write(shop, self.block, pd.DataFrame({"a": [2**70]}), table=name, force=force)
        assert rows_of(shop, "SELECT name, sql FROM sqlite_master") == before
        assert rows_of(shop, "SELECT count(*) FROM customers") == [(3,)]
        with pytest.raises(RuntimeError):
            self._fail(tmp_path / "new.db")
        assert [p.name for p in tmp_path.iterdir()] == ["shop.db"]

    def _fail(self, path):
        with TableWriter(str(path), TableForm("sqlite", table="t")) as writer:
            writer.write(self.block)
            raise RuntimeError

    def test_no_folder(self, tmp_path):
        path = tmp_path / "none" / "a.db"
        with pytest.raises(TableFileError, match="there is no folder"):
            check_table_output(str(path), TableForm("sqlite"))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://ann:p@ss/w@db:5432/shop", "postgresql://ann:***@db:5432/shop"),
        ("mysql://db/shop?password=x&a=1", "mysql://db/shop?password=***&a=1"),
        ("sqlite:///shop.db", "sqlite:///shop.db"),
        ("-", "standard input"),
    ],
)
def test_a_password_is_not_shown(address, shown):
    assert shown_place(address) == shown
