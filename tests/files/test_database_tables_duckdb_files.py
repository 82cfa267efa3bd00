import sys

import duckdb
import pandas as pd
import pytest

from tabgan.base.errors import OptionError, TableFileError
from tabgan.files.formats import TableForm
from tabgan.files.read_write import TableWriter, check_table_output, read_table

BLOCK = pd.DataFrame({"a": [1, 2]})


@pytest.fixture
def shop(tmp_path):
    """Make a database of one table."""
    path = tmp_path / "shop.duckdb"
    run(
        path,
        """CREATE TABLE customers AS SELECT * FROM (VALUES
            (1::UTINYINT, 'Ann 😀', DATE '1850-01-01', TIMESTAMPTZ '2024-02-29 13:14:15+01',
             1.50::DECIMAL(9, 2), 'lo'::ENUM('lo', 'hi'), NULL::BOOLEAN),
            (2, '007', DATE '9999-12-31', NULL, NULL, NULL, true))
        t(id, name, born, seen, paid, size, active)""",
    )
    return path


def run(path, query):
    with duckdb.connect(path) as connection:
        return connection.execute(query).fetchall()


def test_what_is_read_is_written_as_it_was(shop, tmp_path):
    frame, form = read_table(str(shop))
    assert form.table == "customers"
    assert frame["name"].tolist() == ["Ann 😀", "007"]
    out = str(tmp_path / "fake.duckdb")
    with TableWriter(out, form.for_output(out)) as writer:
        writer.write(frame)
        writer.write(frame)
    again, same = read_table(out)
    assert same.arrow_schema == form.arrow_schema
    pd.testing.assert_frame_equal(again, pd.concat([frame, frame], ignore_index=True))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fake.duckdb", "shop.duckdb"]


def test_values_of_a_frame_come_back(tmp_path, dated, write, assert_same):
    path = tmp_path / "t.duckdb"
    write(path, dated, dated, table='odd "name')
    frame, _ = read_table(str(path))
    assert_same(frame, pd.concat([dated, dated], ignore_index=True))


def test_a_query_and_its_limits(shop, tmp_path):
    frame, _ = read_table(str(shop), query="FROM customers SELECT id + 1 AS more")
    assert frame["more"].tolist() == [2, 3]
    before = shop.read_bytes()
    (tmp_path / "x.csv").write_text("a\n1\n")
    for query in (
        "select 1; delete from customers",
        f"select 1; copy customers to '{tmp_path}/out.csv'",
        f"select * from '{tmp_path}/x.csv'",
    ):
        with pytest.raises(TableFileError, match=f"^{shop}: DuckDB says: "):
            read_table(str(shop), query=query)
    assert shop.read_bytes() == before
    assert not (tmp_path / "out.csv").exists()


def test_which_table(shop):
    run(shop, "CREATE TABLE orders (a INT)")
    run(shop, "CREATE SCHEMA old; CREATE TABLE old.orders AS SELECT 5 AS b")
    with pytest.raises(OptionError) as caught:
        read_table(str(shop))
    assert str(caught.value) == (
        f"{shop} has 3 tables: customers, old.orders, orders; name one with --table"
    )
    assert read_table(str(shop), table="old.orders")[0].to_dict("list") == {"b": [5]}
    with pytest.raises(OptionError, match="has no table 'custmers'; did you mean 'customers'"):
        read_table(str(shop), table="custmers")


def test_refusals(tmp_path, monkeypatch):
    with pytest.raises(TableFileError, match=r"none\.duckdb: no such file; check the path"):
        read_table(str(tmp_path / "none.duckdb"))
    path = tmp_path / "a.duckdb"
    path.write_text("a,b\n" * 5000)
    with pytest.raises(TableFileError, match="DuckDB says: "):
        read_table(str(path))
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(OptionError, match=r"install it with pip install '\.\[duckdb\]'"):
        TableForm().for_output("a.duckdb")


def test_an_existing_table_stays(shop, write):
    message = (
        f"{shop} already has a table 'customers'; name another one with --out-table, or give "
        "--force to replace it"
    )
    for act in (
        lambda: check_table_output(str(shop), TableForm("duckdb", table="customers")),
        lambda: write(shop, BLOCK, table="customers"),
    ):
        with pytest.raises(TableFileError) as caught:
            act()
        assert str(caught.value) == message
    write(shop, BLOCK, table="fake")
    write(shop, BLOCK, table="customers", force=True)
    assert (
        run(shop, "SELECT sum(a) FROM customers") == run(shop, "SELECT sum(a) FROM fake") == [(3,)]
    )


def test_an_error_undoes_all(shop, write, tmp_path):
    for path in (shop, tmp_path / "new.duckdb"):
        with pytest.raises(TableFileError):
            write(path, BLOCK, pd.DataFrame({"a": ["x"]}), table="customers", force=True)
    assert run(shop, "SELECT count(*) FROM customers") == [(2,)]
    assert [p.name for p in tmp_path.iterdir()] == ["shop.duckdb"]
