"""Damaged and hostile workbooks: each is one error of ours, soon."""

from itertools import pairwise
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest

from tabgan import TableFileError
from tabgan.files import formats
from tabgan.files.read_write import read_table

SHEET = "xl/worksheets/sheet1.xml"
BOOK = "xl/workbook.xml"


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "good.xlsx"
    book = openpyxl.Workbook()
    for row in (["a", "b"], *([i, f"t{i}"] for i in range(9))):
        book.active.append(row)
    book.save(path)
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def entities(xml, cell):
    """Put a text that a hundred entities blow up to gigabytes into the place of a cell."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    for before, name in pairwise("abcdefghij"):
        bomb += f'<!ENTITY {name} "{f"&{before};" * 10}">'.encode()
    return b'<?xml version="1.0"?>' + bomb + b"]>" + xml.split(b"?>")[-1].replace(cell, b"&j;")


CASES = {
    "cut": (SHEET, lambda xml: xml[: len(xml) // 2]),
    "missing": (SHEET, lambda xml: None),
    "blank": (SHEET, lambda xml: b""),
    "no sheets": (
        BOOK,
        lambda xml: xml.replace(b"<sheets>", b"<!--").replace(b"</sheets>", b"-->"),
    ),
    "no book": (BOOK, lambda xml: b""),
    "bad reference": (SHEET, lambda xml: xml.replace(b'r="A2"', b'r="ZZZZZZ99999999"')),
    "no reference": (SHEET, lambda xml: xml.replace(b'r="A2"', b'r="!!"')),
    "row of a name": (SHEET, lambda xml: xml.replace(b'<row r="3"', b'<row r="x"')),
    "row far below": (SHEET, lambda xml: xml.replace(b'<row r="10"', b'<row r="999999999"')),
    "merged far below": (
        SHEET,
        lambda xml: xml.replace(
            b"</sheetData>",
            b'</sheetData><mergeCells><mergeCell ref="A1:B9999999999"/></mergeCells>',
        ),
    ),
    "no number": (SHEET, lambda xml: xml.replace(b"<v>5</v>", b"<v>x</v>")),
    "style beyond all": (SHEET, lambda xml: xml.replace(b'<c r="A2"', b'<c s="99" r="A2"')),
    "entities": (SHEET, lambda xml: entities(xml, b"5")),
    "entities of the book": (BOOK, lambda xml: entities(xml, b"Sheet")),
}


@pytest.mark.parametrize("case", CASES)
def test_damaged_workbooks_are_named(parts, tmp_path, case):
    part, change = CASES[case]
    assert change(parts[part]) != parts[part]
    path = tmp_path / "t.xlsx"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in (parts | {part: change(parts[part])}).items():
            if content is not None:
                archive.writestr(name, content)
    with pytest.raises(
        TableFileError, match=r"t\.xlsx (is not an Excel workbook|has no sheet)"
    ) as e:
        read_table(str(path))
    assert "\n" not in str(e.value)


def test_a_workbook_that_unpacks_to_far_more_is_refused(parts, tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "MOST_UNPACKED", 10**6)
    path = tmp_path / "t.xlsx"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in (parts | {SHEET: parts[SHEET] + b" " * 2 * 10**6}).items():
            archive.writestr(name, content)
    with pytest.raises(TableFileError, match="unpacks to more than 200 times its size, and more"):
        read_table(str(path))
