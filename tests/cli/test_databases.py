import json
import sqlite3
from pathlib import Path

import pytest


@pytest.fixture
def shop():
    """A database of two tables in the current folder."""
    with sqlite3.connect("shop.db") as connection:
        connection.execute("create table users (id integer primary key, plan text not null)")
        connection.execute(
            "create table visits (user_id integer not null references users (id), pages integer)"
        )
        users = [(i, "paid" if i % 3 else "free") for i in range(1, 41)]
        connection.executemany("insert into users values (?, ?)", users)
        visits = [(1 + i % 40, i * i % 7) for i in range(60)]
        connection.executemany("insert into visits values (?, ?)", visits)
    return "shop.db"


def test_keys_are_shown(run, shop):
    result = run("inspect", shop)
    assert result.exit_code == 0
    assert "users: primary key id (declared)" in result.stdout.splitlines()
    assert "visits.user_id -> users.id (declared)" in result.stdout.splitlines()
    facts = json.loads(run("inspect", shop, "--json", "-q").stdout)
    assert facts["tables"] == {"users": [40, 2], "visits": [60, 2]}


def test_keys_are_written_to_a_file(run, shop):
    result = run("inspect", shop, "--relations", "keys.json", "--svg", "keys.svg")
    assert Path("keys.svg").read_text().startswith("<svg")
    assert "edit it and pass it with --relations" in result.stderr
    state = json.loads(Path("keys.json").read_text())
    state["foreign_keys"] = []
    Path("keys.json").write_text(json.dumps(state))
    assert "visits.user_id" not in run("inspect", shop, "--relations", "keys.json").stdout


def test_synth(run, shop):
    result = run(
        "synth", shop, "-o", "fake.db", "--seed", "1", "--json", "--model", "m.safetensors"
    )
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    assert facts["rows"] == {"users": 40, "visits": 60}
    with sqlite3.connect("fake.db") as connection:
        assert not connection.execute("pragma foreign_key_check").fetchall()
        ids = {row[0] for row in connection.execute("select id from users")}
        (sql,) = connection.execute(
            "select sql from sqlite_master where name = 'visits'"
        ).fetchone()
    assert not ids & set(range(1, 41))
    assert "FOREIGN KEY(user_id) REFERENCES users (id)" in sql
    assert Path("m.safetensors").exists()
    again = run("synth", shop, "-o", "fake.db")
    assert again.exit_code == 5
    assert "fake.db already exists" in again.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--epsilon", "1"), "--epsilon can't be combined with several tables"),
        (("--steps", "5"), "--steps is for a single table"),
        (("-o", "out.csv"), "has no room for several tables"),
        (("--reference", "user"), "--reference user: there is no such table; did you mean 'users'"),
        (("-o", "shop.db"), "--out shop.db is also the input"),
    ],
)
def test_what_a_database_can_not_have(run, shop, options, message):
    result = run("synth", shop, *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not Path("shop_synthetic.db").exists()


@pytest.mark.parametrize("options", [("--scale", "2"), ("--reference", "a")])
def test_a_single_table_has_no_such_option(run, small_csv, options):
    result = run("synth", small_csv, *options)
    assert result.exit_code == 2
    assert f"{options[0]} is for a database of several tables" in result.stderr


def test_one_table_of_a_database(run, shop):
    result = run("synth", shop, "--table", "visits", "--method", "trees", "-o", "visits.csv")
    assert result.exit_code == 0
    assert Path("visits.csv").read_text().startswith("user_id,pages\n")


@pytest.fixture
def saved(run, shop):
    """A model of the database."""
    result = run("synth", shop, "-o", "fake.db", "--seed", "1", "--model", "m.safetensors", "-q")
    assert result.exit_code == 0, result.stderr
    return "m.safetensors"


def test_a_model_of_a_database_is_sampled_and_shown(run, saved):
    result = run("sample", saved, "--scale", "0.5", "--json", "-q")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["rows"]["users"] == 20
    assert sorted(own.name for own in Path("m_synthetic").iterdir()) == ["users.csv", "visits.csv"]
    assert run("sample", saved, "-o", "again.db").exit_code == 0
    with sqlite3.connect("again.db") as connection:
        assert not connection.execute("pragma foreign_key_check").fetchall()
        assert connection.execute("select count(*) from users").fetchone() == (40,)
    shown = run("inspect", saved).stdout.splitlines()
    assert "users: 40 rows" in shown
    assert "visits.user_id -> users.id (declared)" in shown
    assert json.loads(run("inspect", saved, "--json").stdout)["tables"]["visits"] == 60


def test_databases_are_compared(run, shop, saved):
    result = run("evaluate", shop, "fake.db", "-q")
    assert result.exit_code == 0, result.stderr
    assert "integrity" in result.stdout
    assert "cardinality error" in result.stdout
    facts = json.loads(
        run("evaluate", shop, "fake.db", "-q", "--json", "--html", "page.html").stdout
    )
    assert facts["verdict"]["headline"] in Path("page.html").read_text()
    figures = facts["figures"]
    assert {own["value"] for own in figures if own["measure"] == "integrity"} == {100.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("sample", "m.safetensors", "-n", "5"), "--rows is for a single table; m.safetensors is"),
        (("evaluate", "shop.db", "fake.db", "--target", "plan"), "--target is for a single table"),
        (("evaluate", "shop.db", "fake.db", "fake.db"), "the real database is compared with one"),
        (("synth", "shop.db", "--kind", "plan=text"), "a database needs TABLE.COLUMN=KIND"),
    ],
)
def test_options_of_a_single_table(run, saved, options, message):
    result = run(*options)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_model_of_one_table_has_no_scale(run, model):
    result = run("sample", model, "--scale", "2")
    assert result.exit_code == 2
    assert "--scale is for a database of several tables" in result.stderr


def test_kinds_of_columns_of_a_database(run, shop):
    options = ("--kind", "users.plan=identifier", "-o", "k.db", "-q", "--seed", "1")
    assert run("synth", shop, *options).exit_code == 0
    with sqlite3.connect("k.db") as connection:
        plans = {row[0] for row in connection.execute("select plan from users")}
    assert not plans & {"free", "paid"}


def test_fit_saves_a_model_of_a_database(run, shop):
    result = run("fit", shop, "-m", "m.safetensors", "--reference", "users", "--json")
    assert result.exit_code == 0, result.stderr
    assert "sample a database with 'tabgan sample m.safetensors'" in result.stderr
    facts = json.loads(result.stdout)
    assert facts["model"] == "m.safetensors"
    assert facts["relations"]["references"] == ["users"]
    assert run("sample", "m.safetensors", "-o", "new.db", "-q").exit_code == 0
    with sqlite3.connect("new.db") as connection:
        assert connection.execute("select min(id), count(*) from users").fetchone() == (1, 40)
    assert "already exists" in run("fit", shop, "-m", "m.safetensors").stderr


def test_tune_says_what_learns_a_database(run, shop):
    result = run("tune", shop)
    assert result.exit_code == 2
    assert "settings are compared on one table, and shop.db has 2: name one with --table" in (
        result.stderr
    )
    assert "'tabgan fit shop.db'" in result.stderr


@pytest.mark.parametrize("columns", ["plan text", "plan text, email text"])
def test_lists_but_no_people_are_hinted_as_reference_tables(run, columns):
    with sqlite3.connect("list.db") as connection:
        connection.execute(f"create table kinds (id integer primary key, {columns})")
        connection.execute("create table sales (kind_id integer references kinds (id), kg real)")
        width = columns.count(",") + 1
        rows = [(i, *("ab" * width)[:width]) for i in range(4)]
        connection.executemany(f"insert into kinds values (?{', ?' * width})", rows)
        connection.executemany("insert into sales values (?, ?)", [(i % 4, i) for i in range(60)])
    result = run("synth", "list.db", "-o", "new.db", "--scale", "0.1")
    assert result.exit_code == 0, result.stderr
    assert ("--reference kinds copies them unchanged" in result.stderr) == (width == 1)
    assert "Note: kinds: 4 rows, in place of 0, as many rows refer to it" in result.stderr


def test_a_report_of_a_database(run, shop):
    options = ("-o", "new.db", "--report", "page.html", "--json")
    result = run("synth", shop, *options)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["verdict"]["headline"] in Path("page.html").read_text()
    assert "Wrote the report to page.html" in result.stderr
    Path("new.db").unlink()
    assert "page.html already exists" in run("synth", shop, *options).stderr


def test_a_sample_of_a_model_sets_fields_apart_as_the_files_did(run):
    Path("shop").mkdir()
    visits = "\n".join(f"{i % 20 + 1};{i},5" for i in range(40))
    Path("shop/users.csv").write_text("id;plan\n" + "\n".join(f"{i};a" for i in range(1, 21)))
    Path("shop/visits.csv").write_text(f"user_id;kg\n{visits}\n")
    assert run("fit", "shop", "-m", "m.safetensors", "-q").exit_code == 0
    assert run("sample", "m.safetensors", "-o", "new", "-q").exit_code == 0
    assert Path("new/users.csv").read_text().startswith("id;plan\n")
    assert Path("new/visits.csv").read_text().startswith("user_id;kg\n")
