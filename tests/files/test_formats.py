import pytest

from tabgan.base.errors import OptionError
from tabgan.files.formats import TableForm, check_delimiter, file_suffix, format_of


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.csv", "csv"),
        ("A.CSV.GZ", "csv"),
        ("x.y/b.tsv", "tsv"),
        ("b.tab.gz", "tsv"),
        ("c.jsonl", "jsonl"),
        ("c.ndjson.gz", "jsonl"),
        ("d.parquet", "parquet"),
        ("e.feather", "feather"),
        ("e.arrow.zst", "feather"),
        ("f.xlsx", "xlsx"),
        ("g.duckdb", "duckdb"),
        ("h.db", "sqlite"),
        ("sqlite:///h.db", "sql"),
        ("postgresql+psycopg://ann:pw@db/shop", "sql"),
        ("-", None),
        ("/dev/stdout", None),
    ],
)
def test_format_is_told_by_the_suffix(path, expected):
    assert format_of(path) == expected


def test_foreign_suffix_is_an_error():
    with pytest.raises(OptionError) as caught:
        format_of("sales.dta")
    assert str(caught.value) == (
        "sales.dta: '.dta' is not the suffix of a table format; tabgan knows .csv, .txt, .data, "
        ".dat, .tsv, .tab, .jsonl, .ndjson, .json, .parquet, .pq, .feather, .arrow, .xlsx, "
        ".duckdb, .sqlite, .sqlite3, .db (and .gz, .bz2, .xz, .zst, .zip after them); otherwise "
        "name the format: csv, tsv, jsonl, parquet, feather, xlsx, duckdb, sqlite"
    )


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("a.duckdb.gz", "a.duckdb.gz: a database can't be read or written compressed; unpack it"),
        (
            "https://ann:pw@example.org/a.csv",
            "https://ann:***@example.org/a.csv: tabgan reads files of object stores and of the "
            "web, but writes none; name a file here, and copy it",
        ),
    ],
)
def test_what_is_refused_by_its_name(path, message):
    with pytest.raises(OptionError) as caught:
        format_of(path, to_write=True)
    assert str(caught.value) == message


def test_workbooks_that_are_read_but_not_written():
    assert [format_of(f"t.{end}") for end in ("xls", "xlsb", "xlsm", "ods")] == ["xlsx"] * 4
    with pytest.raises(OptionError) as caught:
        format_of("old.xls", to_write=True)
    assert str(caught.value) == (
        "old.xls: an old Excel file, which tabgan reads but does not write; name a file that ends "
        "in .xlsx"
    )


@pytest.mark.parametrize(
    ("path", "suffix"),
    [("a/b.csv", ".csv"), ("b.2024.csv.gz", ".csv.gz"), ("b", ""), ("b.gz", ".gz"), ("-", "")],
)
def test_file_suffix(path, suffix):
    assert file_suffix(path) == suffix


@pytest.mark.parametrize(("text", "expected"), [("\\t", "\t"), ("tab", "\t"), (";", ";")])
def test_delimiter_names(text, expected):
    assert check_delimiter(text) == expected


@pytest.mark.parametrize("text", ["", ";;", '"', "\n", "\0"])
def test_impossible_delimiter(text):
    with pytest.raises(OptionError) as caught:
        check_delimiter(text)
    assert str(caught.value) == (
        f"delimiter={text!r} can't separate fields; give a single character other than a quote "
        "or a line end, such as ',' ';' '|' or 'tab'"
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("latin-l", "did you mean 'latin-1'?"),
        ("base64", "known names: 'utf-8', 'utf-8-sig', 'utf-16', 'latin-1', 'cp1252', "),
    ],
)
def test_unknown_encoding(name, hint):
    with pytest.raises(OptionError) as caught:
        TableForm.of("csv", encoding=name)
    message = f"encoding={name!r} is not an encoding that Python knows; {hint}"
    assert str(caught.value).startswith(message)


class TestForOutput:
    like = TableForm("csv", delimiter=";", line_end="\r\n", encoding="cp1252")

    def test_same_format_keeps_everything(self):
        assert self.like.for_output("o.csv") == self.like
        assert self.like.for_output("-") == self.like

    def test_options_win(self):
        form = self.like.for_output("o.csv", delimiter="|", encoding="utf-8")
        assert form == TableForm("csv", "|", "\r\n", "utf-8")

    def test_other_format_starts_afresh(self):
        assert self.like.for_output("o.tsv") == TableForm("tsv", delimiter="\t")
        assert self.like.for_output("o.jsonl") == TableForm("jsonl", typed=True)
