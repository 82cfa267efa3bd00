"""CSV and TSV: every cell is a string, in and out.

One parser reads the cells and checks the shape. pandas' own would fill short rows up with
blanks, rename columns of the same name and cut a cell at a NUL character, all without a word.
"""

import codecs
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import BinaryIO, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.files.formats import TableContentError
from tabgan.files.source import TextLines, count_breaks
from tabgan.files.table_form import TableForm, check_delimiter

__all__ = ["CsvBlocks", "read_csv"]

_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_LINES = 100
_ROWS_AT_ONCE = 500  # small enough for the rows to stay in the processor's cache
_CELLS_REMEMBERED = 500_000
_LONGEST_CELL = 2**31 - 1


class _Dialect(NamedTuple):
    delimiter: str
    blank_after: bool  # "a, b": the blank belongs to the delimiter


def read_csv(
    stream: BinaryIO,
    name: str,
    encoding: str | None = None,
    delimiter: str | None = None,
    *,
    by_schema: bool = False,
) -> tuple[pd.DataFrame, str, str, str]:
    """Read a CSV file with every cell as a string.

    The first lines tell the delimiter, and whether a blank belongs to it.

    Parameters
    ----------
    stream, name
        The bytes, and the name of the file for messages.
    encoding, delimiter
        As of `tabgan.files.read.read_table`; None finds them out.
    by_schema
        Whether the header alone tells the delimiter.

    Returns
    -------
    tuple
        The table, its delimiter, its line end and its encoding.

    Raises
    ------
    TableContentError
        If the text is not in the encoding, a row has another number of fields than the header,
        a quoted field has no end, or two columns have one name.
    """
    lines = TextLines(stream, name, encoding)
    head = list(islice(lines, _SNIFFED_LINES))
    with _long_cells():
        shown = head[: _header_lines(head)] if by_schema else head
        dialect = _sniff(shown, None if delimiter is None else check_delimiter(delimiter))
        rows = csv.reader(
            _counted(head, lines),
            delimiter=dialect.delimiter,
            skipinitialspace=dialect.blank_after,
            strict=True,
        )
        blocks = _blocks(rows, lines, name, dialect.delimiter)
        header = _header(next(blocks, []), name)
        frame = _frame(header, blocks)
    first = next((line for line in head if line.strip()), "\n")
    line_end = first[len(first.rstrip("\r\n")) :] or "\n"
    return frame, dialect.delimiter, line_end, lines.encoding


def _counted(head: list[str], lines: TextLines) -> Iterator[str]:
    """Give the lines already read, then the others, while `lines.number` counts them all."""
    lines.number = 0
    for line in head:
        lines.number += 1
        yield line
    yield from lines


@contextmanager
def _long_cells() -> Iterator[None]:
    """Lift the csv module's limit on the length of a cell, which is a global one."""
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _sniff(head: list[str], delimiter: str | None) -> _Dialect:
    """Choose the delimiter that cuts the first lines into equally many fields, the most of all."""
    parsed = {mark: _parse(head, mark, True) for mark in delimiter or _DELIMITERS}
    even = {mark: rows for mark, rows in parsed.items() if len(set(map(len, rows))) == 1}
    candidates = even if any(len(rows[0]) > 1 for rows in even.values()) else parsed
    chosen = max(candidates, key=lambda mark: len(candidates[mark][0]) if candidates[mark] else 0)
    rows = _parse(head, chosen, False)
    fields = [field for row in rows[1:] or rows for field in row[1:] if field]
    blank_after = bool(fields) and all(field.startswith(" ") for field in fields)
    return _Dialect(chosen, blank_after)


def _header_lines(head: list[str]) -> int:
    """Count the lines up to the first one that is not blank."""
    return 1 + next((at for at, line in enumerate(head) if line.strip()), len(head))


def _parse(head: list[str], delimiter: str, blank_after: bool) -> list[list[str]]:
    """Parse the first lines; the last row is left out where it may go on beyond them."""
    rows = csv.reader(head, delimiter=delimiter, skipinitialspace=blank_after)
    full = [row for row in rows if row]
    return full[:-1] if len(head) == _SNIFFED_LINES and len(full) > 1 else full


def _blocks(
    rows: Iterator[list[str]], lines: TextLines, name: str, delimiter: str
) -> Iterator[list[list[str]]]:
    """Give the header as a block of its own, then blocks of rows of the header's width."""
    width: int | None = None
    while True:
        start = lines.number
        block: list[list[str]] = []
        try:
            # `extend` keeps the rows before one that fails, which tells where that one begins.
            block.extend(islice(rows, 1 if width is None else _ROWS_AT_ONCE))
        except csv.Error as error:
            begin = start + 1 + sum(map(_line_count, block))
            raise _broken_quotes(name, begin, lines.number, error) from error
        if not block:
            return
        if width is None:
            width = len(block[0]) or None
        if set(map(len, block)) != {width}:
            _check_widths(block, start, width or 0, name, delimiter)
            block = [row for row in block if row]
        if block:
            yield block


def _line_count(row: list[str]) -> int:
    """Count the lines that a row takes in the file."""
    return 1 + sum(map(count_breaks, row))


def _check_widths(
    block: list[list[str]], start: int, width: int, name: str, delimiter: str
) -> None:
    """Raise for the first row that is neither blank nor of the header's width."""
    line = start + 1
    for row in block:
        if row and len(row) != width:
            raise TableContentError(
                f"{name}, line {line}: found {len(row)} fields, but the header has {width}; mend "
                f"the line, or name the delimiter (read with {delimiter!r})"
            )
        line += _line_count(row)


def _broken_quotes(name: str, begin: int, end: int, error: csv.Error) -> TableContentError:
    if "unexpected end of data" in str(error):
        return TableContentError(
            f"{name}, line {begin}: a quoted field begins in this row and never ends; close the "
            "quote, or double a quote that belongs to the text"
        )
    return TableContentError(
        f"{name}, line {end}: text follows the closing quote of a field ({error}); double a "
        "quote that belongs to the text"
    )


def _header(block: list[list[str]], name: str) -> list[str]:
    if not block:
        raise TableContentError(f"{name} is empty; a table needs a header line and rows")
    header = block[0]
    places: dict[str, int] = {}
    for place, label in enumerate(header, start=1):
        if "\0" in label:
            raise TableContentError(
                f"{name}: the header holds NUL characters, as UTF-16 text without a byte-order "
                "mark does; name the encoding, such as --encoding utf-16-le"
            )
        if label in places:
            raise TableContentError(
                f"{name}: columns {places[label]} and {place} are both named {label!r}; column "
                "names must differ: rename one in the header"
            )
        places[label] = place
    return header


def _frame(header: list[str], blocks: Iterator[list[list[str]]]) -> pd.DataFrame:
    """Collect blocks of rows into columns in which equal cells are one object."""
    parts: list[list[NDArray[np.object_]]] = [[] for _ in header]
    known: dict[str, str] = {}
    for block in blocks:
        for part, cells in zip(parts, zip(*block, strict=True), strict=True):
            part.append(np.array(list(map(known.setdefault, cells, cells)), dtype=object))
        if len(known) > _CELLS_REMEMBERED:
            known.clear()
    columns = {}
    for place, part in enumerate(parts):
        columns[place] = np.concatenate(part) if part else np.empty(0, dtype=object)
        part.clear()
    frame = pd.DataFrame(columns, dtype=object, copy=False)
    frame.columns = pd.Index(header, dtype=object)
    return frame


class CsvBlocks:
    """Writes blocks of rows as CSV or TSV."""

    def __init__(self, sink: BinaryIO, form: TableForm) -> None:
        self._sink = sink
        self._form = form
        self._encoder = codecs.getincrementalencoder(form.encoding)()
        self._header = True
        self._rows = 0

    def write(self, block: pd.DataFrame) -> None:
        """Append the rows of a block."""
        text = self._text(block, csv.QUOTE_MINIMAL)
        # The csv module quotes the characters of its own line end, but no other line break.
        if any(mark in text for mark in "\r\n" if mark not in self._form.line_end):
            text = self._text(block, csv.QUOTE_ALL)
        try:
            content = self._encoder.encode(text)
        except UnicodeEncodeError as error:
            raise _unwritable(block, error.object[error.start], self._rows, error) from error
        self._sink.write(content)
        self._header = False
        self._rows += len(block)

    def _text(self, block: pd.DataFrame, quoting: Literal[0, 1]) -> str:
        return block.to_csv(
            sep=self._form.delimiter,
            lineterminator=self._form.line_end,
            quoting=quoting,
            header=self._header,
            index=False,
        )

    def close(self) -> None:
        """Do nothing: every block is written at once."""


def _unwritable(
    block: pd.DataFrame, character: str, start: int, error: UnicodeEncodeError
) -> TableContentError:
    """Name the place of the first character that is missing from the encoding."""
    rows = [tuple(block.columns), *block.itertuples(index=False, name=None)]
    row, place = next(
        (row, place)
        for row, cells in enumerate(rows)
        for place, cell in enumerate(cells)
        if character in str(cell)
    )
    label = block.columns[place]
    where = f"Column {label!r}, row {start + row}" if row else f"The name of column {label!r}"
    if "\ud800" <= character <= "\udfff":
        rule = "it is half of a character, which no encoding has; write JSON lines instead"
    else:
        rule = "give an encoding that has it, such as --encoding utf-8"
    return TableContentError(f"{where}: {character!r} can't be written in {error.encoding}; {rule}")
