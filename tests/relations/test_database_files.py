import os
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from tabgan import OptionError, Relations, TableFileError
from tabgan.files.formats import TableForm
from tabgan.relations.database_files import (
    Database,
    check_database_output,
    read_database,
    table_names,
    write_database,
)
from tabgan.relations.infer_relations import infer_relations
from tests.forked import run_code


@pytest.fixture(scope="module")
def folder(shop, tmp_path_factory):
    path = tmp_path_factory.mktemp("shop")
    for name, frame in shop.items():
        if len(frame):
            frame.convert_dtypes().to_csv(path / f"{name}.csv", index=False)
    return str(path)


@pytest.fixture(scope="module")
def source(folder):
    return read_database(folder)


def relations_of(source, shop_relations) -> Relations:
    tables = source.tables
    return Relations(
        {name: shop_relations.key_of(name) for name in tables},
        tuple(key for key in shop_relations.foreign_keys if key.table in tables),
    )


def test_a_folder(source, shop):
    assert {*source.tables} == {name for name, frame in shop.items() if len(frame)}
    assert source.relations is None
    assert source.tables["orders"]["seller_id"].isna().any()


@pytest.mark.parametrize("name", ["shop.db", "shop.duckdb"])
def test_keys_are_written_and_read(source, shop_relations, tmp_path, name):
    relations, path = relations_of(source, shop_relations), str(tmp_path / name)
    left_out = write_database(path, source.tables, source, relations, force=False)
    back = read_database(path)
    assert {*table_names(path)} == {*source.tables}
    written = {str(key) for key in back.relations.foreign_keys}
    missing = {str(key) for key in relations.foreign_keys} - written
    if name == "shop.db":
        assert not missing
        with sqlite3.connect(path) as connection:
            assert not connection.execute("pragma foreign_key_check").fetchall()
    else:
        assert len(missing) == len(left_out) == 2  # of the circle and of the tree
    assert dict(back.relations.keys) == dict(relations.keys)
    for table, frame in back.tables.items():
        assert len(frame) == len(source.tables[table])


def kill_while_writing(path: Path) -> None:
    """Leave what a process leaves that is killed while it changes a table of a database."""
    program = (
        "import os, sqlite3, sys, duckdb\n"
        "place = sys.argv[1]\n"
        "own = duckdb.connect(place) if place.endswith('duckdb') else sqlite3.connect(place)\n"
        "own.execute('pragma cache_size = 1') if place.endswith('.db') else None\n"
        "own.execute('update buyers set name = name || 1')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    run_code(program, str(path))


@pytest.mark.parametrize("name", ["shop.db", "shop.duckdb"])
@pytest.mark.parametrize("is_removed", [False, True])
def test_a_journal_of_an_older_database_does_not_change_the_new_one(name, is_removed, tmp_path):
    older = {"buyers": pd.DataFrame({"name": ["x" * 100] * 2000}), "b": pd.DataFrame({"n": [1]})}
    newer = {"buyers": pd.DataFrame({"name": ["y" * 100] * 4000}), "b": pd.DataFrame({"n": [2]})}
    source = Database(older, {key: TableForm("csv") for key in older})
    path, nothing = tmp_path / name, Relations({}, ())
    write_database(str(path), older, source, nothing, force=False)
    kill_while_writing(path)
    assert len([*tmp_path.iterdir()]) == 2  # with a journal
    if name == "shop.db":
        with pytest.raises(TableFileError, match="killed"):
            read_database(str(path))
    if is_removed:
        path.unlink()
    write_database(str(path), newer, source, nothing, force=True)
    assert [*tmp_path.iterdir()] == [path]
    for key, frame in read_database(str(path)).tables.items():
        pd.testing.assert_frame_equal(frame, newer[key])


def test_the_tables_of_a_folder_are_replaced_together(tmp_path):
    older = {"a": pd.DataFrame({"n": [1]}), "b": pd.DataFrame({"n": [1]})}
    source = Database(older, {key: TableForm("csv") for key in older})
    write_database(str(tmp_path), older, source, Relations({}, ()), force=True)
    newer = {"a": pd.DataFrame({"n": [2]}), "b": pd.DataFrame([[2, 2]], columns=[1, "1"])}
    with pytest.raises(TableFileError):
        write_database(str(tmp_path), newer, source, Relations({}, ()), force=True)
    assert (tmp_path / "a.csv").read_text().split() == ["n", "1"]
    assert len([*tmp_path.iterdir()]) == 2


def test_types_and_indexes_of_sqlite(tmp_path):
    path, other = tmp_path / "a.db", tmp_path / "b.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table users (id integer primary key, code varchar(7) not null)")
        connection.execute("create table visits (user_id integer references users(id), day date)")
        connection.execute("create index by_day on visits (day)")
        connection.execute("insert into users values (1, 'a'), (2, 'b')")
        connection.execute("insert into visits values (1, '2024-01-31'), (2, null)")
    source = read_database(str(path))
    write_database(str(other), source.tables, source, source.relations, force=False)
    with sqlite3.connect(other) as connection:
        texts = [
            row[0] for row in connection.execute("select sql from sqlite_master where sql<>''")
        ]
    written = "\n".join(texts)
    assert "code VARCHAR(7) NOT NULL" in written
    assert "CREATE INDEX by_day ON visits (day)" in written
    assert "FOREIGN KEY(user_id) REFERENCES users (id)" in written


def test_text_files_become_typed_columns_of_sqlite(tmp_path):
    folder, path = tmp_path / "shop", tmp_path / "shop.db"
    folder.mkdir()
    (folder / "users.csv").write_text(
        "id,joined,zip\n" + "".join(f"{at},2024-01-{at:02},0{at:04}\n" for at in range(1, 29))
    )
    (folder / "bills.csv").write_text(
        "no,user_id,sum\n"
        + "".join(f"B{at},{at},{at}.50\n" for at in range(1, 28))
        + "B28,null,9.25\n"
    )
    source = read_database(str(folder))
    relations = infer_relations(source.tables)
    assert [str(key) for key in relations.foreign_keys] == ["bills.user_id -> users.id"]
    write_database(str(path), source.tables, source, relations, force=False)
    with closing(sqlite3.connect(path)) as connection:
        types = {
            name: [(row[1], row[2]) for row in connection.execute(f"pragma table_info({name})")]
            for name in ("users", "bills")
        }
        owners = connection.execute("select user_id from bills order by rowid").fetchall()
    assert types == {
        "users": [("id", "BIGINT"), ("joined", "DATE"), ("zip", "TEXT")],
        "bills": [("no", "TEXT"), ("user_id", "BIGINT"), ("sum", "DOUBLE")],
    }
    assert [owner for (owner,) in owners] == [*range(1, 28), None]


def test_a_workbook(shop, tmp_path):
    path, other = str(tmp_path / "shop.xlsx"), str(tmp_path / "new.xlsx")
    with pd.ExcelWriter(path) as writer:
        for name in ("customers", "orders"):
            shop[name].to_excel(writer, sheet_name=name, index=False)
    source = read_database(path)
    assert [*source.tables] == ["customers", "orders"]
    found = infer_relations(source.tables)
    write_database(other, source.tables, source, found, force=False)
    back = read_database(other)
    pd.testing.assert_frame_equal(back.tables["orders"], source.tables["orders"])


def test_a_folder_is_written(source, shop_relations, tmp_path):
    path = str(tmp_path / "new")
    relations = relations_of(source, shop_relations)
    write_database(path, source.tables, source, relations, force=False)
    back = read_database(path)
    for name, frame in source.tables.items():
        pd.testing.assert_frame_equal(back.tables[name], frame)
    with pytest.raises(TableFileError, match="already has tables"):
        check_database_output(path, force=False)


def test_what_is_one_table(tmp_path):
    frame = pd.DataFrame({"a": [1, 2]})
    for part in ("a", "b"):
        frame.to_parquet(tmp_path / f"{part}.parquet")
    frame.to_csv(tmp_path.parent / "one.csv", index=False)
    assert table_names(str(tmp_path)) == []
    assert table_names(str(tmp_path.parent / "one.csv")) == []
    with pytest.raises(OptionError, match="no several tables"):
        read_database(str(tmp_path))


def test_one_file_has_no_room(tmp_path):
    with pytest.raises(OptionError, match="no room for several tables"):
        check_database_output(str(tmp_path / "out.csv"), force=False)


@pytest.mark.parametrize("word", ["nothing", "returning", "order", "group", "index"])
def test_tables_and_columns_may_be_called_like_words_of_sql(word, tmp_path):
    path, other = tmp_path / "words.db", tmp_path / "new.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f'create table "{word}" (id integer primary key, "{word}" integer)')
        connection.execute(f'create table b (a_id integer references "{word}" (id))')
        connection.executemany(f'insert into "{word}" values (?, ?)', [(1, 5), (2, 6)])
        connection.execute("insert into b values (2)")
    connection.close()
    database = read_database(str(path))
    write_database(str(other), database.tables, database, database.relations, force=False)
    again = read_database(str(other))
    assert again.relations == database.relations
    assert again.tables[word].to_numpy().tolist() == [[1, 5], [2, 6]]


@pytest.fixture
def old(tmp_path):
    """A database with a view, a trigger, a default, and dates that are texts of days."""
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as connection:
        connection.executescript("""
            create table holidays (id integer primary key, day datetime, name text default 'free');
            create table shifts (id integer primary key, holiday_id integer references holidays);
            create view days as select day from holidays;
            create trigger watch after insert on shifts begin select 1; end;
            insert into holidays values (1, '2024-01-01', 'new year'), (2, '2024-05-01', null);
            insert into shifts values (1, 1), (2, 2), (3, null);
        """)
    connection.close()
    return str(path)


def test_what_is_not_written_is_said(old, tmp_path):
    database = read_database(old)
    new = str(tmp_path / "new.db")
    notes = write_database(new, database.tables, database, database.relations, force=False)
    assert notes == [
        "views are not written to the new database: days",
        "triggers are not written to the new database: watch",
        "defaults are not written to the new database: holidays.name",
    ]


def test_a_reference_table_is_copied_as_it_lies(old, tmp_path):
    database = read_database(old)
    new = tmp_path / "new.db"
    relations = database.relations.with_references(["holidays"])
    write_database(str(new), database.tables, database, relations, force=False)
    with sqlite3.connect(new) as connection:
        rows = connection.execute("select * from holidays").fetchall()
    connection.close()
    assert rows == [(1, "2024-01-01", "new year"), (2, "2024-05-01", None)]


RULES = (
    "create table users (id integer primary key, email varchar(40) not null unique, "
    "seats integer check (seats > 0), due varchar(8) check (due <> '10:30'))",
    "create table pairs (id integer primary key, a integer not null, b integer, "
    "unique (a, b), check (a <> b))",
    "create index by_seats on users (seats, due)",
    "create unique index by_at on users (due, id)",
)


@pytest.fixture(params=["rules.db", "rules.duckdb"])
def rules(request, tmp_path):
    """A database with what its columns must be, unique or not empty among others."""
    path = str(tmp_path / request.param)
    connect = sqlite3.connect if path.endswith(".db") else pytest.importorskip("duckdb").connect
    connection = connect(path)
    for line in RULES:
        connection.execute(line)
    users = [(i, f"u{i}@example.org", 1 + i % 7, "09:15") for i in range(20)]
    connection.executemany("insert into users values (?, ?, ?, ?)", users)
    connection.executemany("insert into pairs values (?, ?, ?)", [(i, i, i + 1) for i in range(9)])
    connection.commit()
    connection.close()
    return path


def test_constraints_are_written_and_read(rules, tmp_path):
    source = read_database(rules)
    assert dict(source.relations.unique) == {
        "users": source.relations.unique["users"],
        "pairs": (("a", "b"),),
    }
    assert set(source.relations.unique["users"]) == {("email",), ("due", "id")}
    assert len(source.checks["users"]) == 2
    path = str(tmp_path / f"new{Path(rules).suffix}")
    assert write_database(path, source.tables, source, source.relations, force=False) == []
    back = read_database(path)
    assert {n: {*own} for n, own in back.relations.unique.items()} == {
        n: {*own} for n, own in source.relations.unique.items()
    }
    assert back.checks == source.checks
    assert back.indexes["users"] == (("by_seats", ("seats", "due")),)
    assert "email" in back.required["users"]


def test_constraints_that_rows_break_are_named_and_left_out(rules, tmp_path):
    source = read_database(rules)
    users = source.tables["users"].assign(seats=0)
    users.loc[3, "email"] = users.loc[4, "email"]
    users.loc[5, "email"] = None
    tables = {**source.tables, "users": users}
    path = str(tmp_path / f"new{Path(rules).suffix}")
    notes = write_database(path, tables, source, source.relations, force=False)
    lost = ("NOT NULL of email", "UNIQUE (email)", f"CHECK ({source.checks['users'][0]})")
    assert notes == [f"users: {one} is not written, as not all rows meet it" for one in lost]
    assert len(read_database(path).tables["users"]) == 20


def test_checks_of_another_kind_of_database_are_not_written(rules, tmp_path):
    source = read_database(rules)
    suffix = ".duckdb" if rules.endswith(".db") else ".db"
    notes = write_database(
        str(tmp_path / f"other{suffix}"), source.tables, source, source.relations, force=False
    )
    assert "pairs: its checks are not written: their SQL is another database's" in notes


POSTGRES = os.environ.get("TABGAN_POSTGRES")  # address of an empty database


@pytest.mark.skipif(not POSTGRES, reason="needs a PostgreSQL server: set TABGAN_POSTGRES")
def test_a_server_is_written_replaced_and_read(source, shop_relations):
    relations = relations_of(source, shop_relations)
    write_database(POSTGRES, source.tables, source, relations, force=True)
    with pytest.raises(TableFileError, match="give --force to replace it"):
        write_database(POSTGRES, source.tables, source, relations, force=False)
    write_database(POSTGRES, source.tables, source, relations, force=True)
    back = read_database(POSTGRES)
    assert {*map(str, back.relations.foreign_keys)} >= {*map(str, relations.foreign_keys)}
    assert dict(back.relations.keys).items() >= dict(relations.keys).items()
    for name, frame in source.tables.items():
        assert len(back.tables[name]) == len(frame)


def test_no_name_of_a_table_leads_out_of_the_folder(tmp_path):
    (tmp_path / "in").mkdir()
    path = str(tmp_path / "in" / "old.db")
    names = ["../x", str(tmp_path / "abs"), "plain"]
    with sqlite3.connect(path) as connection:
        for name in names:
            connection.execute(f'create table "{name}" (id integer primary key)')
            connection.execute(f'insert into "{name}" values (1)')
    connection.close()
    source = read_database(path)
    out = tmp_path / "in" / "out"
    write_database(str(out), source.tables, source, source.relations, force=False)
    assert [file.name for file in tmp_path.iterdir()] == ["in"]
    assert sorted(file.name for file in out.parent.iterdir()) == ["old.db", "out"]
    assert (out / "plain.csv").is_file()
    assert sorted(read_database(str(out)).tables) == sorted(names)


@pytest.mark.parametrize("place", ["tables", "tables.xlsx"])
def test_a_table_may_have_no_rows(place, tmp_path):
    users = pd.DataFrame({"id": range(1, 31), "age": [20 + i % 7 for i in range(30)]})
    tables = {
        "users": users,
        "visits": pd.DataFrame({"user_id": [*users["id"]] * 2, "pages": range(60)}),
        "vacant": pd.DataFrame({"user_id": [], "note": []}),
    }
    form = TableForm("xlsx" if place.endswith("xlsx") else "csv")
    source = Database(tables, dict.fromkeys(tables, form))
    path = str(tmp_path / place)
    write_database(path, tables, source, infer_relations(tables), force=False)
    read = read_database(path).tables
    assert {name: frame.shape for name, frame in read.items()} == {
        name: frame.shape for name, frame in tables.items()
    }
    assert list(read["vacant"].columns) == ["user_id", "note"]
    assert [str(key) for key in infer_relations(read).foreign_keys] == [
        "visits.user_id -> users.id"
    ]


def test_types_with_a_length_and_empty_defaults_say_nothing(tmp_path):
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE a (id int(11) PRIMARY KEY, b int(4) DEFAULT NULL)")
        connection.execute("CREATE TABLE c (a int(11) REFERENCES a (id), d DEFAULT 'x')")
        connection.execute("INSERT INTO a VALUES (1, 2)")
        connection.commit()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read_database(str(path))
    assert found.left_out == ("defaults are not written to the new database: c.d",)
