"""Sheets of workbooks as rows of values: .xlsx by way of openpyxl, others by python-calamine."""

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, BinaryIO, NamedTuple
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from tabgan.base.errors import OptionError, TabGANError, did_you_mean
from tabgan.files.formats import TableContentError, check_growth, load_extra
from tabgan.files.table_location import HEAD_ROWS, MergedCells, count_filled, is_blank

__all__ = [
    "ColumnStyle",
    "Sheet",
    "drop_blank_rows",
    "open_sheets",
    "sheet_with_table",
]

_ERRORS = frozenset(("#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"))
_OLD_MARK = b"\xd0\xcf\x11\xe0"  # of the container of .xls, and of workbooks with a password
_ZIP_MARK = b"PK"
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*ref=[\"']([A-Z]+)(\d+):([A-Z]+)(\d+)[\"']")
_WIDTH = re.compile(rb"<(?:\w+:)?col\s[^>]*>")
_ATTRIBUTE = re.compile(rb"(min|max|width)=[\"']([\d.]+)[\"']")
_ROWS = 1_048_576  # of a sheet
_BODY = (re.compile(rb"<(?:\w+:)?sheetData"), re.compile(rb"</(?:\w+:)?sheetData>"))


class ColumnStyle(NamedTuple):
    """How a sheet shows a column: the format of its numbers, and its width in characters."""

    number_format: str | None = None
    width: float | None = None


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook, whose cells are read when they are needed.

    Attributes
    ----------
    title
        Its name.
    is_visible
        Whether Excel shows it.
    size
        The number of its rows, as far as the file tells.
    rows
        Gives the rows of values, from the first one of the sheet on.
    styles
        Gives how the columns are shown, by their place.
    merged
        Gives the merged cells.
    has_formula
        Tells whether a cell, by its row from 1 and its column from 0, holds a formula.
    """

    title: str
    is_visible: bool
    size: int | None
    rows: Callable[[], Iterator[Sequence[Any]]]
    styles: Callable[[], Mapping[int, ColumnStyle]] = dict
    merged: Callable[[], list[MergedCells]] = list
    has_formula: Callable[[int, int], bool] = lambda _row, _column: False


def open_sheets(stream: BinaryIO, name: str) -> list[Sheet]:
    """Open the sheets of a workbook.

    Parameters
    ----------
    stream, name
        The bytes, and the name of the file for messages.

    Raises
    ------
    OptionError
        If a library that the file needs is not installed.
    TableContentError
        If it is not a workbook.
    """
    mark = stream.read(4)
    stream.seek(0)
    if mark.startswith(_ZIP_MARK):
        with _damage_named(name), ZipFile(stream) as archive:
            is_new = "xl/workbook.xml" in archive.namelist()
        stream.seek(0)
        return _new_sheets(stream, name) if is_new else _other_sheets(stream, name)
    if mark == _OLD_MARK:
        return _other_sheets(stream, name)
    raise _not_a_workbook(name, "it is a web page" if mark[:1] == b"<" else "it may be text")


def _not_a_workbook(name: str, error: object) -> TableContentError:
    return TableContentError(
        f"{name} is not an Excel workbook, or damaged: {error}; open it in a spreadsheet and save "
        "it as .xlsx, or name its format with --format"
    )


def _new_sheets(stream: BinaryIO, name: str) -> list[Sheet]:
    openpyxl = load_extra("openpyxl", "Excel", "excel")
    _check_unpacked_size(stream, name)
    with _damage_named(name):
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        parts = _sheet_parts(stream)

    def named(read: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            with _damage_named(name):
                return read(*arguments)

        return call

    def rows_of(own: Any) -> Iterator[Sequence[Any]]:
        with _damage_named(name):
            for number, row in enumerate(own.iter_rows(values_only=True), start=1):
                if number > _ROWS:
                    raise ValueError(f"it has a row beyond {_ROWS:,}, the last one of a sheet")
                yield _without_errors(row)

    def sheet_of(own: Any) -> Sheet:
        size = own.max_row
        own.reset_dimensions()  # which some programs write wrong
        xml = _part_reader(stream, parts.get(own.title))
        return Sheet(
            own.title,
            own.sheet_state == "visible",
            size,
            lambda: rows_of(own),
            named(lambda: _styles(own, xml)),
            named(lambda: _merged_cells(xml())),
            named(lambda row, column: _is_formula(openpyxl, stream, own.title, row, column)),
        )

    return [sheet_of(own) for own in book.worksheets]


@contextmanager
def _damage_named(name: str) -> Iterator[None]:
    """Turn what the library stumbles over in a damaged workbook into one error."""
    try:
        yield
    except TabGANError:
        raise
    except (
        BadZipFile, KeyError, ValueError, IndexError, TypeError, AttributeError, OverflowError,
        EOFError, OSError, NotImplementedError, RecursionError, zlib.error, ElementTree.ParseError,
    ) as error:  # fmt: skip
        raise _not_a_workbook(name, str(error)[:200] or type(error).__name__) from error


def _check_unpacked_size(stream: BinaryIO, name: str) -> None:
    """Refuse a workbook that unpacks to far more than a table needs."""
    with _damage_named(name), ZipFile(stream) as archive:
        parts = archive.infolist()
        check_growth(
            name, sum(part.compress_size for part in parts), sum(part.file_size for part in parts)
        )
    stream.seek(0)


def _without_errors(row: Sequence[Any]) -> Sequence[Any]:
    return [None if isinstance(cell, str) and cell in _ERRORS else cell for cell in row]


def _sheet_parts(stream: BinaryIO) -> dict[str, str]:
    """Return the parts of the archive in which the sheets lie, by their names."""
    with ZipFile(stream) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): str(link.get("Target")) for link in links}
    parts = {}
    for sheet in book.iter():
        if sheet.tag.endswith("}sheet"):
            link = next((v for key, v in sheet.attrib.items() if key.endswith("}id")), None)
            target = targets.get(link, "")
            place = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            parts[str(sheet.get("name"))] = place
    return parts


def _part_reader(stream: BinaryIO, part: str | None) -> Callable[[], tuple[bytes, bytes]]:
    """Return a function for what stands before and after the cells in the XML of a sheet."""

    def read() -> tuple[bytes, bytes]:
        with ZipFile(stream) as archive:
            xml = archive.read(part) if part in archive.namelist() else b""
        start = _BODY[0].search(xml)
        ends = list(_BODY[1].finditer(xml))
        return xml[: start.start() if start else 0], xml[ends[-1].end() if ends else len(xml) :]

    return read


def _merged_cells(ends: tuple[bytes, bytes]) -> list[MergedCells]:
    return [
        MergedCells(int(top), _column_number(left), min(int(bottom), _ROWS), _column_number(right))
        for left, top, right, bottom in _MERGED.findall(ends[1])
    ]


def _column_number(letters: bytes) -> int:
    """Return the place of a column, from 0.

    Examples
    --------
    >>> _column_number(b"A"), _column_number(b"AB")
    (0, 27)
    """
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number - 1


def _styles(own: Any, xml: Callable[[], tuple[bytes, bytes]]) -> dict[int, ColumnStyle]:
    """Return how the columns are shown: the format that most of their first numbers have."""
    widths: dict[int, float] = {}
    for column in _WIDTH.findall(xml()[0]):
        facts = {key: float(value) for key, value in _ATTRIBUTE.findall(column)}
        if len(facts) == 3 and facts[b"max"] - facts[b"min"] < HEAD_ROWS:
            for place in range(int(facts[b"min"]), int(facts[b"max"]) + 1):
                widths[place - 1] = facts[b"width"]
    formats: dict[int, Counter[str]] = {}
    for row in own.iter_rows(max_row=HEAD_ROWS):
        for place, cell in enumerate(row):
            if isinstance(cell.value, int | float | date | time | timedelta):
                formats.setdefault(place, Counter())[cell.number_format] += 1
    usual = {place: counts.most_common(1)[0][0] for place, counts in formats.items()}
    return {
        place: ColumnStyle(
            None if (own := usual.get(place)) == "General" else own, widths.get(place)
        )
        for place in {*widths, *usual}
    }


def _is_formula(openpyxl: Any, stream: BinaryIO, title: str, row: int, column: int) -> bool:
    book = openpyxl.load_workbook(stream, read_only=True)
    cells = book[title].iter_rows(min_row=row, max_row=row, min_col=column + 1, max_col=column + 1)
    return any(cell.data_type == "f" for line in cells for cell in line)


def _other_sheets(stream: BinaryIO, name: str) -> list[Sheet]:
    calamine = load_extra("python_calamine", "This kind of workbook", "spreadsheets")
    try:
        book = calamine.load_workbook(stream)
    except calamine.CalamineError as error:
        raise _not_a_workbook(name, error) from error
    shown = {
        own.name: own.visible == calamine.SheetVisibleEnum.Visible for own in book.sheets_metadata
    }

    def sheet_of(title: str) -> Sheet:
        own = book.get_sheet_by_name(title)
        ranges = getattr(own, "merged_cell_ranges", None) or []
        merged = [
            MergedCells(top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in ranges
        ]
        return Sheet(
            title,
            shown[title],
            own.total_height,
            lambda: ([_plain(cell) for cell in row] for row in own.iter_rows()),
            merged=lambda: merged,
        )

    return [sheet_of(title) for title in shown]


def _plain(cell: Any) -> Any:
    """Return a cell as openpyxl gives it: no blank text, whole numbers as integers."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return datetime(cell.year, cell.month, cell.day)
    return None if cell == "" or (isinstance(cell, str) and cell in _ERRORS) else cell


def sheet_with_table(
    sheets: Sequence[Sheet], name: str, title: str | None = None
) -> tuple[Sheet, tuple[str, ...]]:
    """Return the sheet to read, and a note on the others: the one with the largest table.

    Parameters
    ----------
    sheets
        The sheets of a workbook.
    name
        The name of the file for messages.
    title
        The name of the sheet, if an option gives it.

    Raises
    ------
    OptionError
        If there is no such sheet.
    """
    if title is not None:
        titles = [sheet.title for sheet in sheets]
        if title not in titles:
            raise OptionError(f"{name} has no sheet {title!r}; {did_you_mean(title, titles)}")
        return sheets[titles.index(title)], ()
    shown = [sheet for sheet in sheets if sheet.is_visible] or list(sheets)
    if not shown:
        raise TableContentError(f"{name} has no sheet of cells")
    if len(shown) == 1:
        return shown[0], ()
    sizes = {sheet.title: _table_size(sheet) for sheet in shown}
    chosen = max(shown, key=lambda sheet: sizes[sheet.title])
    others = [title for title, size in sizes.items() if size[1] and title != chosen.title]
    if not others:
        return chosen, ()
    listed = ", ".join(map(repr, others[:10])) + (", …" if len(others) > 10 else "")
    note = f"sheet {chosen.title!r} has the largest table and is read; --sheet names another"
    return chosen, (f"{note}: {listed}",)


def _table_size(sheet: Sheet) -> tuple[bool, float]:
    """Return whether a sheet has rows of several cells, and about how many cells it has."""
    counts = [count_filled(row) for row in islice(sheet.rows(), HEAD_ROWS)]
    filled = [count for count in counts if count]
    if not filled:
        return False, 0
    scale = max((sheet.size or 0) / HEAD_ROWS, 1) if len(counts) == HEAD_ROWS else 1
    several = sum(count > 1 for count in filled)
    return 2 * several > len(filled), sum(filled) * scale


def drop_blank_rows(rows: Iterator[Sequence[Any]]) -> tuple[list[int], list[Sequence[Any]]]:
    """Return the rows that hold something, and their numbers from 1."""
    filled = [
        (number, row) for number, row in enumerate(rows, start=1) if not all(map(is_blank, row))
    ]
    return [number for number, _ in filled], [row for _, row in filled]
