"""Tables in workbooks: read from the sheet that has one, written as .xlsx in the same form."""

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.files.file_cells import formula_like, objects, typed
from tabgan.files.formats import FileColumn, TableContentError, TableForm, load_extra
from tabgan.files.sheets import (
    ColumnStyle,
    Sheet,
    drop_blank_rows,
    open_sheets,
    sheet_with_table,
)
from tabgan.files.table_location import (
    HEAD_ROWS,
    HeaderRow,
    fill_down,
    find_header,
    footer_length,
    is_blank,
    repeats_of,
    say_footer,
    say_repeats,
    unique_names,
)
from tabgan.table.text_formats import NUMBER

__all__ = ["EXCEL_ROWS", "ExcelBlocks", "read_excel"]

EXCEL_ROWS = 1_048_575  # of a sheet, beside the header
_COLUMNS = 16_384
_TEXT = 32_767  # characters of a cell
_DIGITS = 10**15  # beyond, Excel's numbers lose digits
_FIRST_DAY = datetime(1900, 3, 1)  # before, Excel counts a day that never was
_DATE = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")
_LEAST_FILLED = 0.05  # share of rows that a column beside the table fills if it belongs to it
_SORTS: dict[str, Any] = {
    "text": str,
    "boolean": bool,
    "number": (int, float, Decimal),
    "date": date,
    "time": time,
    "duration": timedelta,
}
_UNNAMABLE = re.compile(r"[\[\]:*?/\\]")  # what the name of a sheet can't hold


def read_excel(
    stream: BinaryIO,
    name: str,
    form: TableForm,
    *,
    sheet: str | None = None,
    header: HeaderRow = "auto",
) -> tuple[pd.DataFrame, TableForm]:
    """Read the table of a workbook.

    Cells have the values that Excel has last computed: numbers, booleans, dates, texts; an error
    such as #N/A is missing. Rows without any cell are left out. A column with texts beside its
    numbers or dates is one of texts.

    Parameters
    ----------
    stream, name
        The bytes, and the name of the file for messages.
    form
        The usual form of the format.
    sheet
        The name of the sheet; None for the one with the largest table.
    header
        As of `tabgan.files.read_write.read_table`.

    Returns
    -------
    tuple
        The table, and its form with the name of its sheet.

    Raises
    ------
    OptionError
        If there is no such sheet or header, or a library is not installed.
    TableContentError
        If the file is not a workbook, or the sheet is empty.
    """
    with warnings.catch_warnings():
        # openpyxl warns of parts of a workbook that it does not know, and that no table needs.
        warnings.filterwarnings("ignore", module="openpyxl")
        return _read(stream, name, form, sheet, header)


def _read(
    stream: BinaryIO, name: str, form: TableForm, sheet: str | None, header: HeaderRow
) -> tuple[pd.DataFrame, TableForm]:
    chosen, notes = sheet_with_table(open_sheets(stream, name), name, sheet)
    numbers, rows = drop_blank_rows(chosen.rows())
    if not rows:
        raise TableContentError(
            f"{name}, sheet {chosen.title!r} is empty; a table needs a row of names and rows"
        )
    merged = chosen.merged()
    place = find_header(rows[:HEAD_ROWS], numbers[:HEAD_ROWS], header, unit="row", merged=merged)
    body = fill_down(rows[place.body :], numbers[place.body :], merged)
    labels, body, below = _cut_out(place.labels, body, numbers[place.body :])
    cells = [objects(column) for column in zip(*body, strict=True)] or [objects(())] * len(labels)
    blank = [
        at for at, label in enumerate(labels) if not label.strip() and all(map(is_blank, cells[at]))
    ]
    names, renamed = unique_names(labels, blank)
    columns, layout = dict[str, pd.Series](), list[FileColumn]()
    styles = chosen.styles()
    for at, label in enumerate(labels):
        style = styles.get(at, ColumnStyle())
        if at in blank:
            layout.append(FileColumn(None, label, width=style.width))
        else:
            columns[names[at]], column = _column_of(names[at], label, cells[at], style)
            layout.append(column)
    frame = pd.DataFrame(columns)
    frame.columns = pd.Index(columns, dtype=object)
    notes = (*notes, *place.notes, *below, *(renamed if place.is_written else ()))
    if body:
        notes += _unstored(chosen, names, cells, numbers[place.body])
    return frame, replace(
        form,
        table=chosen.title,
        has_header=place.is_written,
        columns=tuple(layout),
        notes=notes,
    )


def _column_of(
    name: str, label: str, cells: NDArray[np.object_], style: ColumnStyle
) -> tuple[pd.Series, FileColumn]:
    """Return a column, and how it stands in the sheet."""
    values, mixes_texts = _one_type(cells)
    dates = [cell for cell in cells if isinstance(cell, datetime)] if mixes_texts else []
    if dates and style.number_format is None:  # where the file does not tell the format
        style = style._replace(number_format=_date_style(dates))
    return typed([values]), FileColumn(name, label, False, False, *style, mixes_texts)


def _unstored(
    sheet: Sheet, names: Sequence[str], cells: Sequence[NDArray[np.object_]], row: int
) -> tuple[str, ...]:
    """Say which columns are blank because the values of their formulas are not stored."""
    unstored = [
        name
        for at, (name, values) in enumerate(zip(names, cells, strict=True))
        if len(values) and all(map(is_blank, values)) and sheet.has_formula(row, at)
    ]
    shown = ", ".join(map(repr, unstored))
    note = f"formulas without a stored value are blank, in {shown}; save the file in Excel"
    return (note,) if unstored else ()


def _cut_out(
    labels: Sequence[str], body: list[list[Any]], numbers: Sequence[int]
) -> tuple[list[str], list[list[Any]], tuple[str, ...]]:
    """Leave out what stands below the table and beside it; say what that is."""
    labels, body, numbers, notes = _without_tables_beside(labels, body, numbers)
    width = max((at + 1 for at, label in enumerate(labels) if label.strip()), default=0)
    repeats = set(repeats_of(labels, body))
    if repeats:
        notes += (say_repeats(len(repeats)),)
        numbers = [number for at, number in enumerate(numbers) if at not in repeats]
        body = [row for at, row in enumerate(body) if at not in repeats]
    length = footer_length(body, numbers, width or len(labels))
    if length:
        notes += (say_footer(length),)
        body = body[:-length]
    counts = Counter(at for row in body for at, cell in enumerate(row) if not is_blank(cell))
    least = 1 if not width else max(_LEAST_FILLED * len(body), 1)
    end = max((at + 1 for at, count in counts.items() if at >= width and count >= least), default=0)
    if any(at >= max(width, end) for at in counts):
        notes += ("cells beside the table are skipped",)
    width = max(width, end)
    labels = [*labels[:width], *[""] * (width - len(labels))]
    return labels, [[*row[:width], *[None] * (width - len(row))] for row in body], notes


def _without_tables_beside(
    labels: Sequence[str], body: list[list[Any]], numbers: Sequence[int]
) -> tuple[list[str], list[list[Any]], list[int], tuple[str, ...]]:
    """Leave out tables to the right or left, which have other rows and a blank column between."""
    width = max(map(len, [labels, *body]))
    blocks: list[list[int]] = [[]]
    for place in range(width):
        named = place < len(labels) and labels[place].strip()
        if named or not all(map(is_blank, (row[place] for row in body if place < len(row)))):
            blocks[-1].append(place)
        elif blocks[-1]:
            blocks.append([])
    blocks = [block for block in blocks if block]
    if len(blocks) < 2:
        return list(labels), body, list(numbers), ()
    rows_of: list[list[int]] = [[] for _ in range(width)]  # those that each column fills
    for at, row in enumerate(body):
        for place, cell in enumerate(row):
            if not is_blank(cell):
                rows_of[place].append(at)
    main = max(blocks, key=lambda block: sum(len(rows_of[place]) for place in block))
    own = sorted({at for place in main for at in rows_of[place]})
    beside = [block for block in blocks if block is not main and _is_table(block, rows_of, own)]
    if not beside:
        return list(labels), body, list(numbers), ()
    left_out = {place for block in beside for place in block}
    labels = ["" if place in left_out else label for place, label in enumerate(labels)]
    body = [
        [None if place in left_out else cell for place, cell in enumerate(body[at])] for at in own
    ]
    shown = ", ".join(f"{_letters(block[0])} to {_letters(block[-1])}" for block in beside)
    note = f"the table beside this one, in columns {shown}, is skipped"
    return labels, body, [numbers[at] for at in own], (note,)


def _is_table(block: Sequence[int], rows_of: Sequence[list[int]], main: Sequence[int]) -> bool:
    """Tell whether columns beside a table fill rows without a gap, and others than the table."""
    rows = sorted({at for place in block for at in rows_of[place]})
    if len(block) < 2 or len(rows) < 2 or rows[-1] - rows[0] + 1 > len(rows):
        return False
    return len(rows) < 0.9 * len(main) or len(set(rows) & set(main)) < 0.9 * len(rows)


def _letters(place: int) -> str:
    """Return a column as Excel names it.

    Examples
    --------
    >>> _letters(0), _letters(27)
    ('A', 'AB')
    """
    name = ""
    place += 1
    while place:
        place, digit = divmod(place - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def _one_type(values: NDArray[np.object_]) -> tuple[NDArray[np.object_], bool]:
    """Return values as texts if they are of several types, such as dates and ``NULL``."""
    values = objects([None if is_blank(value) else value for value in values])
    sorts = {_sort_of(value) for value in values} - {""}
    if len(sorts) < 2:
        return values, False
    midnight = all(value.time() == time.min for value in values if isinstance(value, datetime))
    return objects([_text_of(value, midnight=midnight) for value in values]), True


def _sort_of(value: Any) -> str:
    return next((sort for sort, kind in _SORTS.items() if isinstance(value, kind)), "")


def _text_of(value: Any, *, midnight: bool) -> str | None:
    """Write a value as the text that `_value_of` reads."""
    if isinstance(value, datetime):
        whole = (value + timedelta(milliseconds=0.5)).replace(microsecond=0)
        return whole.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < _DIGITS:
        return str(int(value))
    return None if value is None else str(value)


def _value_of(text: str, *, dated: bool) -> Any:
    """Read the date, the number or the truth value that a text stands for; else the text."""
    if dated and _DATE.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return text
    if NUMBER.fullmatch(text):
        return float(text) if re.search(r"[.eE]", text) else int(text)
    return {"TRUE": True, "FALSE": False}.get(text, text)


class ExcelBlocks:
    """Writes blocks of rows as a sheet, in which a text is never a formula.

    Values that Excel has no number for become text: dates before March 1900 or with a time zone,
    whole numbers of more than 15 digits. Infinities become blank.

    Parameters
    ----------
    sink
        Where the workbook goes.
    form
        The form of the table.
    book
        The workbook of the sheets before this one; None for a new one.
    """

    def __init__(self, sink: BinaryIO, form: TableForm, book: Any = None) -> None:
        openpyxl = load_extra("openpyxl", "Excel", "excel")
        self._cell = load_extra("openpyxl.cell", "Excel", "excel").WriteOnlyCell
        self._is_date_format = load_extra(
            "openpyxl.styles.numbers", "Excel", "excel"
        ).is_date_format
        self._illegal = load_extra("openpyxl.cell.cell", "Excel", "excel").ILLEGAL_CHARACTERS_RE
        self._sink = sink
        self.book = book or openpyxl.Workbook(write_only=True)
        title = _UNNAMABLE.sub("_", form.title)[:31].strip("'")
        self._sheet = self.book.create_sheet(title or "synthetic")
        self._form = form
        self._rows = 0
        self._is_begun = False

    def write(self, block: pd.DataFrame) -> None:
        """Append the rows of a block."""
        self._rows += len(block)
        if self._rows > EXCEL_ROWS or block.shape[1] > _COLUMNS:
            raise TableContentError(
                f"A sheet of Excel has room for {EXCEL_ROWS:,} rows and {_COLUMNS:,} columns, and "
                "the table is larger; write CSV or Parquet instead"
            )
        layout = self._form.columns_of(block.columns)
        if not self._is_begun:
            self._begin(layout, self._form.header_of(block))
        names = iter(range(block.shape[1]))
        columns = [
            [None] * len(block)
            if column.name is None
            else self._column(column.name, block.iloc[:, next(names)], column)
            for column in layout
        ]
        for row in zip(*columns, strict=True):
            self._sheet.append(row)

    def _begin(self, layout: Sequence[FileColumn], header: Sequence[str | None]) -> None:
        """Set the widths of the columns, and write the header."""
        letter_of = load_extra("openpyxl.utils", "Excel", "excel").get_column_letter
        for place, column in enumerate(layout, start=1):
            if column.width is not None:
                self._sheet.column_dimensions[letter_of(place)].width = column.width
        if self._form.has_header:
            labels = pd.Series([label or None for label in header], dtype=object)
            self._sheet.append(self._column("the header", labels))
        self._is_begun = True

    def _column(self, label: str, values: pd.Series, column: FileColumn | None = None) -> list[Any]:
        """Make the cells of a column: plain values where openpyxl knows what they are."""
        cells = values.astype(object)
        number_format = None if column is None else column.number_format
        if column is not None and column.mixes_texts:
            dated = bool(number_format and self._is_date_format(number_format))
            read = [_value_of(v, dated=dated) if isinstance(v, str) else v for v in cells]
            cells = pd.Series(read, index=cells.index, dtype=object)
            values = cells
        cells = cells.mask(values.isna() | cells.isin([np.inf, -np.inf]), None)
        marked = formula_like(cells)
        plain: list[Any] = cells.tolist()
        is_dated = number_format is not None and self._is_date_format(number_format)
        style = number_format if number_format and is_dated else _date_style(plain)
        for place, value in enumerate(plain):
            if isinstance(value, str):
                if value[:1] in "=#" or marked[place]:
                    plain[place] = self._text(label, value, quoted=bool(marked[place]))
                else:
                    self._check(label, value)
            elif not (value is None or isinstance(value, bool)):
                plain[place] = self._other(label, value, style, number_format)
        return plain

    def _other(self, label: str, value: Any, style: str, number_format: str | None) -> Any:
        """Make a cell of a number or of a date, with the column's format."""
        if isinstance(value, int | float | Decimal | timedelta | time):
            if isinstance(value, int) and abs(value) >= _DIGITS:
                return self._text(label, str(value))
            return value if number_format is None else self._styled(value, number_format)
        if isinstance(value, date):
            day = value if isinstance(value, datetime) else datetime(*value.timetuple()[:3])
            if day.tzinfo is None and day >= _FIRST_DAY:
                return self._styled(value, style)
            return self._text(label, value.isoformat())
        return self._text(label, str(value))

    def _styled(self, value: Any, number_format: str) -> Any:
        cell = self._cell(self._sheet, value)
        cell.number_format = number_format
        return cell

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
        self.book.save(self._sink)


def _date_style(values: Sequence[Any]) -> str:
    """Choose the format of dates: with a time only where one is not midnight."""
    timed = any(isinstance(value, datetime) and value.time() != time.min for value in values)
    return "yyyy-mm-dd hh:mm:ss" if timed else "yyyy-mm-dd"
