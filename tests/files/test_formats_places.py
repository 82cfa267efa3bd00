"""Compressed files, folders and addresses."""

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from tabgan.base.errors import OptionError
from tabgan.files.formats import TableContentError, TableForm
from tabgan.files.read_write import read_table

BLOCK = pd.DataFrame({"a": ["x", "y"], "b": ["1", ""]})


@pytest.mark.parametrize(
    "name", ["t.csv.zst", "t.csv.gz", "t.csv.zip", "t.jsonl.zst", "t.feather", "t.xlsx"]
)
def test_blocks_become_one_table(tmp_path, name, write, assert_same):
    write(tmp_path / name, BLOCK, BLOCK)
    frame, _ = read_table(str(tmp_path / name))
    expected = pd.concat([BLOCK, BLOCK], ignore_index=True)
    if name == "t.xlsx":
        expected = expected.mask(expected == "", None)
    assert_same(frame, expected)


def test_damaged_zstandard(tmp_path, write):
    path = tmp_path / "t.csv.zst"
    write(path, BLOCK)
    path.write_bytes(path.read_bytes()[:8] + b"garbage" * 9)
    with pytest.raises(TableContentError, match=r"t\.csv\.zst: the Zstandard stream is damaged"):
        read_table(str(path))


def test_a_folder_of_parquet_is_one_table(tmp_path, write):
    for year, block in ((2023, BLOCK), (2024, BLOCK.head(1))):
        (tmp_path / "sales" / f"year={year}").mkdir(parents=True)
        write(tmp_path / "sales" / f"year={year}" / "part.parquet", block)
    (tmp_path / "sales" / "_SUCCESS").write_text("")
    frame, form = read_table(str(tmp_path / "sales"))
    assert frame.to_dict("list") == {
        "a": ["x", "y", "x"],
        "b": ["1", "", "1"],
        "year": [2023, 2023, 2024],
    }
    assert form.format == "parquet"


def test_a_folder_without_parquet(tmp_path):
    with pytest.raises(TableContentError) as caught:
        read_table(str(tmp_path))
    assert str(caught.value) == f"{tmp_path} is a folder without Parquet files; name a table file"


@pytest.mark.parametrize("path", ["-", "o.csv"])
def test_a_table_name_goes_with_databases_and_workbooks(path):
    with pytest.raises(OptionError, match="only a database or a workbook takes a table's name"):
        TableForm().for_output(path, table="t")


def test_a_database_does_not_go_through_a_pipe():
    with pytest.raises(OptionError) as caught:
        TableForm().for_output("-", table_format="duckdb")
    assert str(caught.value) == (
        "a database (duckdb) can't go to standard output; name a file with -o"
    )
    assert TableForm("sql").for_output("-").format == "csv"
    with pytest.raises(OptionError, match="can't be read from standard input"):
        read_table("-", table_format="sqlite")


def test_a_table_in_an_archive(tmp_path):
    path = str(tmp_path / "shop.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/._a.csv", "x")
        archive.writestr("shop/readme.txt", "read me")
        archive.writestr("shop/a.csv", "a;b\n1;x\n2;y\n")
    frame, form = read_table(path)
    assert (frame["b"].tolist(), form.delimiter) == (["x", "y"], ";")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("shop/b.csv", "c\nz\n")
    assert read_table(path, table="shop/b.csv")[0].to_dict("list") == {"c": ["z"]}
    with pytest.raises(OptionError) as caught:
        read_table(path)
    assert str(caught.value) == (
        f"{path} has 3 tables: shop/a.csv, shop/b.csv, shop/readme.txt; name one with --table"
    )
    Path(path).write_bytes(b"PK\x03\x04 and no archive")
    with pytest.raises(TableContentError, match=r"shop\.zip: the archive is damaged"):
        read_table(path)


def test_an_archive_has_one_file_and_the_same_bytes(tmp_path, write):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "t.zip", BLOCK)
    with zipfile.ZipFile(tmp_path / "a" / "t.zip") as archive:
        assert archive.namelist() == ["t.csv"]
    assert (tmp_path / "a" / "t.zip").read_bytes() == (tmp_path / "b" / "t.zip").read_bytes()
