"""Excel workbooks (.xlsx), by way of openpyxl."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.files.file_cells import formula_like, frame_of_rows
from tabgan.files.formats import TableContentError, load_extra
from tabgan.files.table_form import TableForm

__all__ = ["EXCEL_ROWS", "ExcelBlocks", "read_excel"]

EXCEL_ROWS = 1_048_575  # of a sheet, beside the header
_COLUMNS = 16_384
_TEXT = 32_767  # characters of a cell
_DIGITS = 10**15  # beyond, Excel's numbers lose digits
_ROWS_AT_ONCE = 1000
_FIRST_DAY = datetime(1900, 3, 1)  # before, Excel counts a day that never was
_ERRORS = frozenset(("#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"))
_UNNAMABLE = re.compile(r"[\[\]:*?/\\]")  # what the name of a sheet can't hold


def read_excel(stream: BinaryIO, name: str, sheet: str | None = None) -> tuple[pd.DataFrame, str]:
    """Read a sheet of a workbook: a row of column names, then rows of cells.

    Cells have the values that Excel has last computed: numbers, booleans, dates, texts; an error
    such as #N/A is missing. Rows without any cell are left out.

    Parameters
    ----------
    stream, name
        The bytes, and the name of the file for messages.
    sheet
        The name of the sheet; None for the first one.

    Returns
    -------
    tuple
        The table and the name of its sheet.

    Raises
    ------
    OptionError
        If there is no such sheet, or openpyxl is not installed.
    TableContentError
        If the file is not a workbook, or a column has no name or that of another one.
    """
    openpyxl = load_extra("openpyxl", "Excel", "excel")
    try:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        raise TableContentError(f"{name} is not an Excel workbook, or damaged: {error}") from error
    sheets = {own.title: own for own in book.worksheets}
    chosen = next(iter(sheets), "") if sheet is None else sheet
    if chosen not in sheets:
        raise OptionError(f"{name} has no sheet {chosen!r}; {did_you_mean(chosen, sheets)}")
    rows = _rows(sheets[chosen])
    where = f"{name}, sheet {chosen!r}"
    header = _header(next(rows, ()), where)
    return frame_of_rows(header, _blocks(rows, len(header), where)), chosen


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that have at least one cell."""
    sheet.reset_dimensions()  # which some programs write wrong
    for row in sheet.iter_rows(values_only=True):
        cells = tuple(None if isinstance(v, str) and v in _ERRORS else v for v in row)
        if any(cell is not None for cell in cells):
            yield cells


def _header(row: tuple[Any, ...], where: str) -> list[str]:
    """Return the names of the columns, up to the last one."""
    names = ["" if cell is None else str(cell) for cell in row]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise TableContentError(f"{where} is empty; a table needs a row of names and rows")
    for place, label in enumerate(names):
        if label in names[:place]:
            fix = f"are both named {label!r}; column names must differ: rename one"
            raise TableContentError(
                f"{where}: columns {names.index(label) + 1} and {place + 1} {fix} in the first row"
            )
    return names


def _blocks(
    rows: Iterator[tuple[Any, ...]], width: int, where: str
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield blocks of rows of the header's width."""
    while block := list(islice(rows, _ROWS_AT_ONCE)):
        for row in block:
            if any(cell is not None for cell in row[width:]):
                raise TableContentError(
                    f"{where}: a row has more cells than the {width} columns that have a name in "
                    "the first row; name them, or clear the cells"
                )
        yield [(*row[:width], *[None] * (width - len(row))) for row in block]


class ExcelBlocks:
    """Writes blocks of rows as a sheet, in which a text is never a formula.

    Values that Excel has no number for become text: dates before March 1900 or with a time zone,
    whole numbers of more than 15 digits. Infinities become blank.
    """

    def __init__(self, sink: BinaryIO, form: TableForm) -> None:
        openpyxl = load_extra("openpyxl", "Excel", "excel")
        self._cell = load_extra("openpyxl.cell", "Excel", "excel").WriteOnlyCell
        self._illegal = load_extra("openpyxl.cell.cell", "Excel", "excel").ILLEGAL_CHARACTERS_RE
        self._sink = sink
        self._book = openpyxl.Workbook(write_only=True)
        title = _UNNAMABLE.sub("_", form.title)[:31].strip("'")
        self._sheet = self._book.create_sheet(title or "synthetic")
        self._rows = 0
        self._has_header = False

    def write(self, block: pd.DataFrame) -> None:
        """Append the rows of a block."""
        self._rows += len(block)
        if self._rows > EXCEL_ROWS or block.shape[1] > _COLUMNS:
            raise TableContentError(
                f"A sheet of Excel has room for {EXCEL_ROWS:,} rows and {_COLUMNS:,} columns, and "
                "the table is larger; write CSV or Parquet instead"
            )
        if not self._has_header:
            names = pd.Series(list(block.columns), dtype=object)
            self._sheet.append(self._column("the header", names))
            self._has_header = True
        columns = [
            self._column(label, block.iloc[:, place]) for place, label in enumerate(block.columns)
        ]
        for row in zip(*columns, strict=True):
            self._sheet.append(row)

    def _column(self, label: str, values: pd.Series) -> list[Any]:
        """Make the cells of a column: plain values where openpyxl knows what they are."""
        cells = values.astype(object)
        cells = cells.mask(values.isna() | cells.isin([np.inf, -np.inf]), None)
        marked = formula_like(cells)
        plain: list[Any] = cells.tolist()
        style = _date_style(plain)
        for place, value in enumerate(plain):
            if isinstance(value, str):
                if value[:1] in "=#" or marked[place]:
                    plain[place] = self._text(label, value, quoted=bool(marked[place]))
                else:
                    self._check(label, value)
            elif not (value is None or isinstance(value, bool)):
                plain[place] = self._other(label, value, style)
        return plain

    def _other(self, label: str, value: Any, style: str) -> Any:
        """Make a cell of a number as it is, or of a date with the column's style."""
        if isinstance(value, int | float | Decimal | timedelta | time):
            is_long = isinstance(value, int) and abs(value) >= _DIGITS
            return self._text(label, str(value)) if is_long else value
        if isinstance(value, date):
            day = value if isinstance(value, datetime) else datetime(*value.timetuple()[:3])
            if day.tzinfo is None and day >= _FIRST_DAY:
                cell = self._cell(self._sheet, value)
                cell.number_format = style
                return cell
            return self._text(label, value.isoformat())
        return self._text(label, str(value))

    def _text(self, label: str, value: str, *, quoted: bool = False) -> Any:
        """Make a cell of a text, which stays one when it is edited if it is quoted."""
        self._check(label, value)
        cell = self._cell(self._sheet, value)
        cell.data_type = "s"
        cell.quotePrefix = quoted
        return cell

    def _check(self, label: str, value: str) -> None:
        """Check that a text fits a cell, which openpyxl would cut."""
        if len(value) > _TEXT or self._illegal.search(value):
            what = "is longer than 32,767 characters" if len(value) > _TEXT else "has control codes"
            raise TableContentError(
                f"Column {label!r} can't be written to Excel: {value[:40]!r} {what}; write CSV or "
                "Parquet instead"
            )

    def close(self) -> None:
        """Write the workbook."""
        self._book.save(self._sink)


def _date_style(values: list[Any]) -> str:
    """Choose the format of a column of dates: with a time only where one is not midnight."""
    for value in values:
        if isinstance(value, datetime) and value.time() != time.min:
            return "yyyy-mm-dd hh:mm:ss"
    return "yyyy-mm-dd"
