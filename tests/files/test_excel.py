import datetime
import sys
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest

from tabgan.base.errors import OptionError
from tabgan.files.excel import EXCEL_ROWS
from tabgan.files.formats import TableContentError
from tabgan.files.read import read_table
from tabgan.files.table_form import TableForm
from tabgan.files.write import check_table_output


def save(path, *rows, title="Sheet"):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    book.save(path)


def test_values_and_types_come_back(tmp_path, awkward, write):
    path = tmp_path / "t.xlsx"
    write(path, awkward, awkward)
    frame, form = read_table(str(path))
    expected = pd.concat([awkward, awkward], ignore_index=True)
    expected["text"] = expected["text"].mask(expected["text"] == "", None)  # a blank cell
    pd.testing.assert_frame_equal(frame, expected)
    assert (form.format, form.table) == ("xlsx", "synthetic")


def test_dates_are_dates_and_what_excel_lacks_is_text(tmp_path, dated, write):
    path = tmp_path / "t.xlsx"
    write(path, dated)
    sheet = openpyxl.load_workbook(path)["synthetic"]
    cells = {cell.value: sheet[f"{cell.column_letter}2"] for cell in sheet[1]}
    assert cells["day"].value == datetime.datetime(2024, 2, 29)
    assert (cells["day"].is_date, cells["day"].number_format) == (True, "yyyy-mm-dd")
    assert cells["when"].number_format == "yyyy-mm-dd hh:mm:ss"
    assert (cells["old"].value, cells["old"].data_type) == ("1850-01-01", "s")
    assert cells["price"].value == 1.5
    frame, _ = read_table(str(path))
    assert str(frame["day"].dtype) == str(frame["when"].dtype) == "datetime64[us]"
    assert frame["when"].tolist() == dated["when"].tolist()


def test_texts_are_never_formulas(tmp_path, write):
    texts = ["=1+1", "+A1", "-A1", "@SUM(A1)", "\tx", '=HYPERLINK("http://x")', "#N/A", "a=b", "-5"]
    frame = pd.DataFrame({"=cmd": texts})
    path = tmp_path / "t.xlsx"
    write(path, frame)
    sheet = openpyxl.load_workbook(path).active
    cells = [row[0] for row in sheet.iter_rows()]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in cells] == ["=cmd", *texts]
    assert [cell.quotePrefix for cell in cells] == [True] * 7 + [False] * 3
    with zipfile.ZipFile(path) as archive:
        sheet_xml = archive.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet_xml
        assert b'quotePrefix="1"' in archive.read("xl/styles.xml")


def test_long_numbers_zones_and_infinities(tmp_path, write):
    noon = pd.Timestamp("2024-01-01 12:00", tz="Europe/Oslo")
    frame = pd.DataFrame({"id": [2**60 + 1], "when": [noon], "x": [np.inf], "c": ["\x01"]})
    write(tmp_path / "t.xlsx", frame.drop(columns="c"))
    read, _ = read_table(str(tmp_path / "t.xlsx"))
    assert read.iloc[0].tolist() == [str(2**60 + 1), "2024-01-01T12:00:00+01:00", None]
    with pytest.raises(TableContentError) as caught:
        write(tmp_path / "o.xlsx", frame)
    assert str(caught.value) == (
        "Column 'c' can't be written to Excel: '\\x01' has control codes; write CSV or Parquet "
        "instead"
    )
    assert not (tmp_path / "o.xlsx").exists()


def test_a_text_that_openpyxl_would_cut_is_refused(tmp_path, write):
    with pytest.raises(TableContentError, match=r"is longer than 32,767 characters"):
        write(tmp_path / "o.xlsx", pd.DataFrame({"a": ["x" * 32_768]}))


def test_a_sheet_is_named(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.active.append([1])
    other = book.create_sheet("Orders 2024")
    other.append(["b"])
    other.append(["x"])
    path = str(tmp_path / "t.xlsx")
    book.save(path)
    assert list(read_table(path)[0].columns) == ["a"]
    frame, form = read_table(path, table="Orders 2024")
    assert (frame["b"].tolist(), form.table) == (["x"], "Orders 2024")
    with pytest.raises(OptionError) as caught:
        read_table(path, table="Orders 2023")
    assert str(caught.value) == (f"{path} has no sheet 'Orders 2023'; did you mean 'Orders 2024'?")


def test_sheets_that_are_not_quite_tables(tmp_path):
    path = str(tmp_path / "t.xlsx")
    save(path, [None, None], ["a", 2024], [1, "#N/A"], [], [2.5, "x"])
    frame, _ = read_table(path)
    assert frame.to_dict("list") == {"a": [1.0, 2.5], "2024": [None, "x"]}
    for rows, message in [
        ([], "sheet 'Sheet' is empty; a table needs a row of names and rows"),
        ([["a", "a"], [1, 2]], "columns 1 and 2 are both named 'a'; column names must differ"),
        ([["a"], [1, 2]], "a row has more cells than the 1 columns that have a name"),
        ([["a"]], "has no rows; a table needs a row at least"),
    ]:
        save(path, *rows)
        with pytest.raises(TableContentError, match=message):
            read_table(path)


def test_other_bytes_are_refused(tmp_path):
    path = tmp_path / "t.xlsx"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(TableContentError) as caught:
        read_table(str(path))
    assert str(caught.value).startswith(f"{path} is not an Excel workbook, or damaged: ")


def test_too_many_rows_are_refused_before_any_work(tmp_path, monkeypatch, write):
    form = TableForm("xlsx")
    check_table_output(str(tmp_path / "o.xlsx"), form, EXCEL_ROWS)
    with pytest.raises(OptionError) as caught:
        check_table_output("o.xlsx", form, EXCEL_ROWS + 1)
    assert str(caught.value) == (
        "o.xlsx: a sheet of Excel has room for 1,048,575 rows beside the header, and 1,048,576 "
        "are asked for; write CSV or Parquet instead, or fewer rows"
    )
    monkeypatch.setattr("tabgan.files.excel.EXCEL_ROWS", 3)
    with pytest.raises(TableContentError, match=r"has room for 3 rows and 16,384 columns"):
        write(tmp_path / "o.xlsx", *[pd.DataFrame({"a": [1, 2]})] * 2)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_no_sheet_can_have(tmp_path, write):
    write(tmp_path / "t.xlsx", pd.DataFrame({"a": [1]}), table="a/b [2024]: " + "x" * 40)
    assert openpyxl.load_workbook(tmp_path / "t.xlsx").sheetnames == ["a_b _2024__ " + "x" * 19]


def test_without_openpyxl(monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(OptionError) as caught:
        TableForm().for_output("o.xlsx")
    assert str(caught.value) == (
        "Excel needs openpyxl, which is not installed; install it with pip install "
        "'.[excel]', or use CSV or JSON lines"
    )
