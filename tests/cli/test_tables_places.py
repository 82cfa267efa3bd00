"""Workbooks, databases, folders and addresses through the command line."""

import datetime
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import polars as pl
import pytest

from tabgan import TabGAN
from tabgan.files.formats import TableForm
from tabgan.files.read_write import TableWriter, read_table

STEPS = ("--steps", "3", "--hidden-dim", "16", "--seed", "0", "--no-refine", "--no-polish")
ROWS = 60
SHOP = pd.DataFrame(
    {
        "id": range(1, ROWS + 1),
        "code": [f"{i % 7:03d}" for i in range(ROWS)],
        "born": [datetime.date(1950 + i % 50, 1 + i % 12, 1 + i * 7 % 28) for i in range(ROWS)],
        "visits": pd.Series(
            [None if i % 5 == 0 else i * 3 % 11 for i in range(ROWS)], dtype="Int64"
        ),
        "active": [i % 3 == 0 for i in range(ROWS)],
        "note": [["=1+1", "plain", None][i % 3] for i in range(ROWS)],
    }
)


def save(path, table="customers"):
    """Write the shop's table."""
    form = TableForm().for_output(str(path), table=table)
    with TableWriter(str(path), form) as writer:
        writer.write(SHOP)


def ends(result, code, message):
    told = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert (result.exit_code, told) == (code, [f"Error: {message}"])


@pytest.mark.parametrize("suffix", ["xlsx", "sqlite", "duckdb"])
def test_a_table_comes_out_in_the_form_that_it_came_in(run, suffix):
    save(f"shop.{suffix}")
    result = run("synth", f"shop.{suffix}", "-n", "200", "--json", "-q", *STEPS)
    assert (result.exit_code, result.stderr) == (0, "")
    facts = json.loads(result.stdout)
    assert (facts["data"], facts["output"]) == (f"shop.{suffix}", f"shop_synthetic.{suffix}")
    real, real_form = read_table(f"shop.{suffix}")
    made, form = read_table(f"shop_synthetic.{suffix}")
    assert (form.table, len(made)) == ("customers", 200)
    assert made.dtypes.equals(real.dtypes)
    assert set(made["code"]) <= set(real["code"])
    assert set(map(type, made["born"])) == set(map(type, real["born"]))
    assert real["born"].min() <= made["born"].min()
    assert form.sql_types.keys() == real_form.sql_types.keys()


def test_workbooks_hold_dates_and_no_formulas(run):
    save("shop.xlsx")
    assert run("synth", "shop.xlsx", "--sheet", "customers", "-o", "o.xlsx", *STEPS).exit_code == 0
    sheet = openpyxl.load_workbook("o.xlsx")["customers"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    dates = {cell.value for cell in cells if cell.is_date and cell.value}
    assert dates
    assert {value.time() for value in dates} == {datetime.time(0)}
    ends(
        run("synth", "shop.xlsx", "--sheet", "custmers", *STEPS),
        2,
        "shop.xlsx has no sheet 'custmers'; did you mean 'customers'?",
    )


def test_more_rows_than_a_sheet_has(run):
    save("shop.sqlite")
    message = (
        "o.xlsx: a sheet of Excel has room for 1,048,575 rows beside the header, and 1,048,576 "
        "are asked for; write CSV or Parquet instead, or fewer rows"
    )
    ends(run("synth", "none.csv", "-n", "1048576", "-o", "o.xlsx"), 2, message)
    ends(run("sample", "none.safetensors", "-n", "1048576", "-o", "o.xlsx"), 2, message)


def test_one_table_of_several_to_another_database(run):
    save("shop.sqlite")
    save("shop.sqlite", table="orders")
    ends(
        run("synth", "sqlite:///shop.sqlite", *STEPS),
        2,
        "--steps is for a single table, and sqlite:///shop.sqlite has 2 tables: customers, orders; "
        "name one with --table, or leave --steps out",
    )
    asked = ("synth", "sqlite:///shop.sqlite", "--table", "orders", *STEPS)
    assert run(*asked, "-o", "fake.duckdb", "--out-table", "made").exit_code == 0
    with duckdb.connect("fake.duckdb") as connection:
        types = dict(
            connection.execute("SELECT column_name, column_type FROM (DESCRIBE made)").fetchall()
        )
    assert types["born"] == "DATE"
    assert types["visits"] == "BIGINT"
    assert run(*asked).exit_code == 0
    assert Path("orders_synthetic.csv").exists()


def test_a_query(run):
    save("shop.duckdb")
    query = "select code, born from customers where active"
    result = run("synth", "shop.duckdb", "--query", query, "-o", "o.csv", *STEPS)
    assert result.exit_code == 0
    assert list(read_table("o.csv")[0].columns) == ["code", "born"]
    ends(
        run("inspect", "shop.duckdb", "--query", "drop table customers"),
        2,
        "--query 'drop table customers' does not ask for rows; give one that begins with SELECT or "
        "WITH",
    )


def test_the_table_that_is_read_stays(run):
    save("shop.sqlite")
    before = Path("shop.sqlite").read_bytes()
    asked = ("synth", "shop.sqlite", "-o", "shop.sqlite", *STEPS)
    ends(
        run(*asked, "--table", "customers"),
        5,
        "shop.sqlite already has a table 'customers'; name another one with --out-table, or give "
        "--force to replace it",
    )
    ends(
        run(*asked, "--force"),
        2,
        "--out shop.sqlite is also the table to read, 'customers'; choose another --out-table",
    )
    assert Path("shop.sqlite").read_bytes() == before
    assert run(*asked, "--out-table", "fake").exit_code == 0
    connection = sqlite3.connect("shop.sqlite")
    assert connection.execute("SELECT count(*) FROM fake").fetchone() == (ROWS,)
    connection.close()


def test_other_commands_read_them_too(run):
    save("shop.sqlite")
    assert run("fit", "shop.sqlite", "-m", "m.safetensors", *STEPS).exit_code == 0
    assert "visits" in run("inspect", "shop.sqlite", "--table", "customers").stdout
    assert run("impute", "m.safetensors", "shop.sqlite").exit_code == 0
    filled, form = read_table("shop_imputed.sqlite")
    assert (form.table, int(filled["visits"].isna().sum())) == ("customers", 0)
    assert run("sample", "m.safetensors", "-o", "o.duckdb", "-n", "7").exit_code == 0
    frame, form = read_table("o.duckdb")
    assert (form.table, len(frame)) == ("synthetic", 7)
    with TableWriter("rows.xlsx", TableForm("xlsx")) as writer:
        writer.write(pd.DataFrame({"code": ["003", None]}))
    result = run("sample", "m.safetensors", "--where-file", "rows.xlsx", "-o", "o.jsonl")
    assert result.exit_code == 0
    assert read_table("o.jsonl")[0]["code"][0] == "003"


def test_a_model_of_a_polars_table(run):
    table = pl.from_pandas(SHOP)
    gan = TabGAN(steps=3, verbose=False, random_state=0, refine=False, polish=False).fit(table)
    gan.save("m.safetensors")
    result = run("sample", "m.safetensors", "-o", "o.csv", "-n", "50")
    assert result.exit_code == 0
    assert "has texts that a spreadsheet evaluates as formulas: 'note'" in result.stderr
    assert run("sample", "m.safetensors", "-o", "o.parquet", "-n", "50").exit_code == 0
    made = pl.read_parquet("o.parquet")
    assert made.schema == table.schema


def test_a_folder_of_parquet(run):
    for year in ("2023", "2024"):
        Path("sales", f"year={year}").mkdir(parents=True)
        save(Path("sales", f"year={year}", "a.parquet"), table=None)
    assert run("synth", "sales", *STEPS).exit_code == 0
    assert set(read_table("sales_synthetic.parquet")[0]["year"]) <= {2023, 2024}


SECRET = "postgresql+psycopg2://ann:s3cr3t@localhost/shop"


@pytest.mark.parametrize(
    "args",
    [
        ("synth", SECRET, "--table", "t"),
        ("inspect", SECRET),
        ("synth", "none.csv", "-o", SECRET),
    ],
)
def test_passwords_are_not_shown(run, args, monkeypatch):
    for module in ("psycopg", "psycopg2"):
        monkeypatch.setitem(sys.modules, module, None)
    result = run(*args)
    assert result.exit_code == 2
    assert "postgresql+psycopg2://ann:***@localhost/shop" in result.stderr
    assert "s3cr3t" not in result.output


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("synth", "none.duckdb"), 5, "none.duckdb: no such file; check the path"),
        (("synth", "none.db"), 5, "none.db: no such file; check the path"),
        (
            ("synth", "https://example.org/shop.db"),
            2,
            "https://example.org/shop.db: a database file is read where it lies; download it and "
            "give the file's path",
        ),
        (
            ("synth", "a.csv", "--table", "t"),
            2,
            "a.csv: only a database or a workbook takes a table's name ('t'); leave it out",
        ),
        (
            ("synth", "-", "-o", "-", "--output-format", "duckdb"),
            2,
            "a database (duckdb) can't go to standard output; name a file with -o",
        ),
    ],
)
def test_errors(run, args, code, message):
    ends(run(*args), code, message)


def test_a_damaged_file_and_a_lacking_library(run, monkeypatch):
    Path("a.xlsx").write_text("a,b\n")
    assert run("synth", "a.xlsx").exit_code == 3
    Path("a.db").write_text("a,b\n" * 1000)
    assert run("synth", "a.db").exit_code == 5
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    assert run("synth", "none.csv", "-o", "o.xlsx").exit_code == 2


def test_texts_of_a_text_file_get_types_where_the_output_has_them(run):
    table = pd.DataFrame(
        {
            "code": ["007", "012"] * 30,
            "day": ["2024-05-06", ""] * 30,
            "n": [i * 3 % 11 for i in range(60)],
        }
    )
    table.to_csv("plain.csv", index=False)
    for out in ("typed.parquet", "sqlite:///typed.db"):
        assert run("synth", "plain.csv", *STEPS, "-o", out, "-q").exit_code == 0
    made = pd.read_parquet("typed.parquet")
    assert made["n"].dtype == "Int64"
    assert set(made["day"].dropna()) <= {datetime.date(2024, 5, 6)}
    assert set(made["code"]) <= {"007", "012"}
    with closing(sqlite3.connect("typed.db")) as base:
        kinds = dict(base.execute("select name, type from pragma_table_info('synthetic')"))
    assert kinds == {"code": "TEXT", "day": "DATE", "n": "BIGINT"}
