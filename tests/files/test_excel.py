import datetime
import sys
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest

from tabgan.base.errors import OptionError
from tabgan.files.excel import EXCEL_ROWS
from tabgan.files.formats import TableContentError, TableForm
from tabgan.files.read_write import TableWriter, check_table_output, read_table


def save(path, *rows, title="Sheet"):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    book.save(path)


def test_values_and_types_come_back(tmp_path, awkward, write, assert_same):
    path = tmp_path / "t.xlsx"
    write(path, awkward, awkward)
    frame, form = read_table(str(path))
    expected = pd.concat([awkward, awkward], ignore_index=True)
    expected["text"] = expected["text"].mask(expected["text"] == "", None)  # a blank cell
    assert_same(frame, expected)
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


def table_of(tmp_path, *rows, **options):
    save(tmp_path / "t.xlsx", *rows)
    return read_table(str(tmp_path / "t.xlsx"), **options)


def again(tmp_path, frame, form):
    """Write a table in its form, and open the sheet."""
    path = str(tmp_path / "again.xlsx")
    with TableWriter(path, form.for_output(path), force=True) as writer:
        writer.write(frame)
    return openpyxl.load_workbook(path)[form.title]


BODY = [[f"r{at}", at, at / 4] for at in range(12)]


def test_texts_beside_dates_and_numbers(tmp_path):
    days = [datetime.datetime(2024, 1, 1 + at, 8, 30) for at in range(3)]
    rows = [[days[0], 1, 7], ["NULL", "n/a", " "], [days[1], 2.5, True], [days[2], 3, "x"]]
    frame, form = table_of(tmp_path, ["day", "n", "mix"], *rows)
    assert frame.to_dict("list") == {
        "day": ["2024-01-01 08:30:00", "NULL", "2024-01-02 08:30:00", "2024-01-03 08:30:00"],
        "n": ["1", "n/a", "2.5", "3"],
        "mix": ["7", None, "TRUE", "x"],
    }
    sheet = again(tmp_path, frame, form)
    assert [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        [days[0], 1, 7],
        ["NULL", "n/a", None],
        [days[1], 2.5, True],
        [days[2], 3, "x"],
    ]
    assert sheet["A2"].is_date


def test_dates_without_a_time(tmp_path):
    rows = [[datetime.date(2024, 1, 5)], ["unknown"], [datetime.date(2024, 2, 5)]]
    frame, form = table_of(tmp_path, ["day"], *rows)
    assert frame["day"].tolist() == ["2024-01-05", "unknown", "2024-02-05"]
    assert again(tmp_path, frame, form)["A2"].value == datetime.datetime(2024, 1, 5)


def test_the_sheet_with_the_largest_table_is_read(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Read me"
    for line in range(30):
        book.active.append([f"line {line} of a long text"])
    for title, rows in (("Small", BODY[:2]), ("Data", BODY), ("Hidden", BODY * 9)):
        sheet = book.create_sheet(title)
        for row in [["name", "n", "x"], *rows]:
            sheet.append(row)
    book["Hidden"].sheet_state = "hidden"
    path = str(tmp_path / "t.xlsx")
    book.save(path)
    frame, form = read_table(path)
    assert (len(frame), form.table) == (12, "Data")
    assert form.notes == (
        "sheet 'Data' has the largest table and is read; --sheet names another: 'Read me', 'Small'",
    )
    assert read_table(path, table="Small")[1].notes == ()
    assert len(read_table(path, table="Hidden")[0]) == 108


def test_titles_and_notes_around_the_table(tmp_path):
    frame, form = table_of(
        tmp_path,
        ["Sales of the year"],
        ["Made:", datetime.date(2024, 1, 5)],
        [],
        [None, "name", "n", "x"],
        *([None, *row] for row in BODY),
        [None, "Total", 66, 16.5],
        [],
        [None, "Source: the office"],
    )
    assert (list(frame.columns), len(frame)) == (["name", "n", "x"], 12)
    assert str(frame["n"].dtype) == "int64"
    assert form.notes == (
        "rows 1 to 2 above the header skipped; --header-row N names another one",
        "the last 2 rows are skipped, as notes or totals below the table",
    )
    assert [cell.value for cell in again(tmp_path, frame, form)[1]] == [None, "name", "n", "x"]
    named = read_table(str(tmp_path / "t.xlsx"), header=4)[0]
    pd.testing.assert_frame_equal(named, frame)


def test_no_header(tmp_path):
    frame, form = table_of(tmp_path, *BODY)
    assert (list(frame.columns), len(frame)) == (["column_1", "column_2", "column_3"], 12)
    assert "row 1 looks like data" in form.notes[0]
    assert again(tmp_path, frame, form)["A1"].value == "r0"
    assert table_of(tmp_path, *BODY, header="first")[0].columns.tolist() == ["r0", "0", "0_2"]


def test_merged_cells(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [
        ["area", "person", None, "place", None],
        [None, "first", "last", "town", "n"],
        *([["N", "a", "b", "c", 1], [None, "d", "e", "f", 2], ["S", "g", "h", "i", 3]] * 2),
    ]:
        sheet.append(row)
    for cells in ("A1:A2", "B1:C1", "D1:E1", "A3:A4", "A6:A7"):
        sheet.merge_cells(cells)
    sheet.column_dimensions["B"].width = 31.5
    book.save(tmp_path / "t.xlsx")
    frame, form = read_table(str(tmp_path / "t.xlsx"))
    assert list(frame.columns) == [
        "area",
        "person / first",
        "person / last",
        "place / town",
        "place / n",
    ]
    assert frame["area"].tolist() == ["N", "N", "S", "N", "N", "S"]
    assert form.notes == (
        "the header has two rows, rows 1 and 2, which are joined, as in 'person / first'",
    )
    assert again(tmp_path, frame, form).column_dimensions["B"].width == 31.5


def sheet_of(tmp_path, rows, *merged):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(tmp_path / "t.xlsx")
    return read_table(str(tmp_path / "t.xlsx"))


def test_a_header_of_three_rows(tmp_path):
    rows = [["Trade by town"], ["town", "code", "sold"], [None, None, "2023", None, "2024"]]
    rows.append([None, None, "n", "x", "n", "x"])
    rows += [[f"t{at}", f"c{at % 3}", at, at / 4, at + 1, at / 8] for at in range(12)]
    frame, form = sheet_of(tmp_path, rows, "A1:F1", "A2:A4", "B2:B4", "C2:F2", "C3:D3", "E3:F3")
    assert list(frame.columns) == ["town", "code"] + [
        f"sold / {year} / {name}" for year in (2023, 2024) for name in "nx"
    ]
    assert len(frame) == 12
    assert form.notes == (
        "row 1 above the header skipped; --header-row N names another one",
        "the header has 3 rows, rows 2 to 4, which are joined, as in 'sold / 2023 / n'",
    )


def test_years_below_merged_names(tmp_path):
    rows = [["town", "sold", None, "back"], [None, 2022, 2023, 2022, 2023]]
    rows += [[f"t{at}", at * 7, at * 5, at, at] for at in range(12)]
    frame, _ = sheet_of(tmp_path, rows, "A1:A2", "B1:C1", "D1:E1")
    names = ["town", "sold / 2022", "sold / 2023", "back / 2022", "back / 2023"]
    assert list(frame.columns) == names


def test_pages_with_the_header_and_sums_without_a_word(tmp_path):
    pages = [["name", "n", "x"], *BODY[:6], [], ["name", "n", "x"], *BODY[6:]]
    frame, form = table_of(tmp_path, *pages, [None, None, 16.5])
    assert len(frame) == 12
    assert str(frame["n"].dtype) == "int64"
    assert form.notes == (
        "1 row that repeats the names of the columns skipped",
        "the last row is skipped, as notes or totals below the table",
    )


def test_a_table_beside_the_table(tmp_path):
    beside = [["key", "value"], ["p", 1], ["q", 2], ["r", 3]]
    rows = [["name", "n", "x"], *BODY]
    wide = [[*row, None, *(beside[at] if at < 4 else ())] for at, row in enumerate(rows)]
    frame, form = table_of(tmp_path, *wide)
    assert (list(frame.columns), len(frame)) == (["name", "n", "x"], 12)
    assert form.notes == ("the table beside this one, in columns E to F, is skipped",)
    right = [[*(beside[at] if at < 4 else (None, None)), None, *row] for at, row in enumerate(rows)]
    assert list(table_of(tmp_path, *right)[0].columns) == ["name", "n", "x"]


def test_formats_of_cells_stay(tmp_path):
    formats = {"A": "0.0%", "B": '"$"#,##0.00', "C": "dd/mm/yyyy", "D": "General"}
    book = openpyxl.Workbook()
    book.active.append(["share", "price", "day", "n"])
    for at in range(5):
        book.active.append([at / 8, at * 2.5, datetime.date(2024, 1, 1 + at), at])
    for letter, number_format in formats.items():
        for row in range(2, 7):
            book.active[f"{letter}{row}"].number_format = number_format
    book.save(tmp_path / "t.xlsx")
    frame, form = read_table(str(tmp_path / "t.xlsx"))
    sheet = again(tmp_path, frame, form)
    assert {letter: sheet[f"{letter}3"].number_format for letter in formats} == formats
    assert [cell.value for cell in sheet[3]] == [1 / 8, 2.5, datetime.datetime(2024, 1, 2), 1]


def test_names_and_columns_that_are_blank(tmp_path):
    frame, form = table_of(
        tmp_path, ["a", None, "a", None], [1, "x", 2, None], [3, "y", 4, None], [5, "z", 6, None]
    )
    assert list(frame.columns) == ["a", "column_2", "a_2"]
    assert form.notes == (
        "columns without a name in the header are named 'column_2'",
        "columns with the name of another one are named 'a_2'",
    )
    assert [cell.value for cell in again(tmp_path, frame, form)[1]] == ["a", None, "a"]
    rows = [[at, at, None, "see there" if at == 50 else None] for at in range(99)]
    assert table_of(tmp_path, ["a", "b"], *rows)[1].notes == ("cells beside the table are skipped",)


def test_columns_that_came_out_empty_are_read_back(tmp_path):
    rows = [[0 if at == 3 else None, at, None] for at in range(40)]
    frame, form = table_of(tmp_path, [None, "a", "b"], *rows)
    assert list(frame.columns) == ["column_1", "a", "b"]
    again(tmp_path, frame.assign(column_1=None), form)
    back, _ = read_table(str(tmp_path / "again.xlsx"))
    assert list(back.columns) == ["column_1", "a", "b"]


def test_formulas_without_values(tmp_path):
    frame, form = table_of(tmp_path, ["a", "twice"], [1, "=A2*2"], [2, "=A3*2"], [3, "=A4*2"])
    assert frame["twice"].isna().all()
    assert form.notes == (
        "formulas without a stored value are blank, in 'twice'; save the file in Excel",
    )


CONTENT = """<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">
<office:body><office:spreadsheet><table:table table:name="Data">{rows}</table:table>
</office:spreadsheet></office:body></office:document-content>"""


MANIFEST = """<?xml version="1.0"?><manifest:manifest
 xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry
 manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>
</manifest:manifest>"""


def test_other_workbooks(tmp_path):
    pytest.importorskip("python_calamine")
    cell = "<table:table-cell {}><text:p>{}</text:p></table:table-cell>"
    number = 'office:value-type="float" office:value="{0}"'
    text = 'office:value-type="string"'
    rows = [cell.format(text, "who") + cell.format(text, "n")]
    rows += [
        cell.format(text, who) + cell.format(number.format(n), n)
        for who, n in (("Ann", 5), ("Bob", 7))
    ]
    rows = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    path = str(tmp_path / "t.ods")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", CONTENT.format(rows=rows))
    frame, form = read_table(path)
    assert frame.to_dict("list") == {"who": ["Ann", "Bob"], "n": [5, 7]}
    assert (form.format, form.table) == ("xlsx", "Data")


def test_other_workbooks_need_a_library(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    path = tmp_path / "t.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    with pytest.raises(OptionError) as caught:
        read_table(str(path))
    assert str(caught.value) == (
        "This kind of workbook needs python-calamine, which is not installed; install it with pip "
        "install '.[spreadsheets]', or use CSV or JSON lines"
    )


def test_sheets_that_are_not_quite_tables(tmp_path):
    path = str(tmp_path / "t.xlsx")
    save(path, [None, None], ["a", 2024], [1, "#N/A"], [], [2.5, "x"])
    frame, _ = read_table(path)
    assert frame.to_dict("list") == {"a": [1.0, 2.5], "2024": [None, "x"]}
    for rows, message in [
        ([], "sheet 'Sheet' is empty; a table needs a row of names and rows"),
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
