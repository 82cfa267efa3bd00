"""CSV and TSV: every cell is a string, in and out.

One parser reads the cells and checks the shape. pandas' own would fill short rows up with
blanks, rename columns of the same name and cut a cell at a NUL character, all without a word.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, BinaryIO, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import OptionError
from tabgan.files.file_cells import sample_batches
from tabgan.files.formats import FileColumn, TableContentError, TableForm
from tabgan.files.open_text import (
    Dialect,
    NumberedRow,
    TextLines,
    UndecodableError,
    column_quoting,
    count_breaks,
    numbered_rows,
    separator_line,
    sniff,
    split_rows,
)
from tabgan.files.table_location import (
    Header,
    HeaderRow,
    find_header,
    footer_length,
    looks_typed,
    repeats_of,
    say_footer,
    say_repeats,
    unique_names,
)
from tabgan.files.text_encodings import guess_encoding

__all__ = ["CsvBlocks", "read_csv"]

_SNIFFED_LINES = 100
_ROWS_AT_ONCE = 500  # small enough for the rows to stay in the processor's cache
_BLOCKS_AT_ONCE = 20  # of them, from which rows are sampled together
_CELLS_REMEMBERED = 500_000
_LONGEST_CELL = 2**31 - 1
_SOME_LINES = 5  # in one cell, each as wide as a row: they may be rows
_MANY_LINES = 20  # of them: they are rows that an open quote swallows
_MOSTLY = 0.9  # of them
_END_MARKS = "\x1a\0"  # that old programs write after the last row
_NOTES = 30  # rows below a table that may be notes; more are data


def read_csv(
    stream: BinaryIO,
    name: str,
    form: TableForm,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: HeaderRow = "auto",
    skip_bad_lines: bool = False,
    by_schema: bool = False,
    most_rows: int | None = None,
) -> tuple[pd.DataFrame, TableForm]:
    """Read a CSV file with every cell as a string.

    The first lines tell the delimiter, the quotes, whether a blank belongs to the delimiter, and
    where the table begins.

    Parameters
    ----------
    stream, name
        The bytes, and the name of the file for messages.
    form
        The usual form of the format.
    encoding, delimiter, header, skip_bad_lines
        As of `tabgan.files.read_write.read_table`.
    by_schema
        Whether no row may tell anything: the first line is then the header, and the delimiter is
        that of the header.
    most_rows
        Number of rows to choose uniformly where there are more; None for all rows.

    Returns
    -------
    tuple
        The table and its form.

    Raises
    ------
    TableContentError
        If the text is not in the encoding, a row has another number of fields than the header, or
        a quoted field has no end.
    OptionError
        If an option names a header where there is none.
    """

    def read(encoding: str | None) -> tuple[pd.DataFrame, TableForm]:
        lines = TextLines(stream, name, encoding)
        try:
            layout = _lay_out(lines, name, delimiter, header, by_schema=by_schema)
            limits: Any = {"by_schema": by_schema, "most_rows": most_rows}
            return _read(lines, name, form, layout, skip_bad_lines, **limits)
        finally:
            lines.release()

    with _long_cells():
        try:
            return read(encoding)
        except UndecodableError as error:
            guess = None if encoding or by_schema else guess_encoding(stream)
            if guess is None:
                raise
            line = error.line
        frame, form = read(guess)
    note = f"line {line} is not UTF-8: the text is read as {guess}; --encoding names another one"
    return frame, replace(form, notes=(note, *form.notes))


@contextmanager
def _long_cells() -> Iterator[None]:
    """Lift the csv module's limit on the length of a cell, which is a global one."""
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


@dataclass(frozen=True)
class _Layout:
    """What the first lines tell of a file."""

    dialect: Dialect
    header: Header
    labels: tuple[str | None, ...]  # one for each field of a row; None: the header has none
    head: list[str]  # the lines that were read
    body: int  # how many of them stand above the first row


def _lay_out(
    lines: TextLines, name: str, delimiter: str | None, header: HeaderRow, *, by_schema: bool
) -> _Layout:
    head = list(islice(lines, _SNIFFED_LINES))
    if by_schema:
        line = _public_header(head, name, header)
        dialect = sniff(
            [*head[: separator_line(head) is not None], *head[line : line + 1]], delimiter
        )
        dialect = replace(dialect, comments=0)
        header = "first" if header == "auto" else header
    else:
        dialect = sniff(head, delimiter)
        if isinstance(header, int):  # the number may be that of a comment
            dialect = replace(dialect, comments=0)
    rows = numbered_rows(head, dialect, is_whole=len(head) < _SNIFFED_LINES)
    if not rows:
        raise TableContentError(f"{name} is empty; a table needs a header line and rows")
    place = _locate(head, rows, dialect, header)
    if any("\0" in label for label in place.labels):
        raise TableContentError(
            f"{name}: the header holds NUL characters, as UTF-16 text without a byte-order mark "
            "does; name the encoding, such as --encoding utf-16-le"
        )
    below = [row.fields for row in rows[place.body :]]
    labels = place.labels if by_schema else _full_labels(place.labels, below)
    # a first row that is longer than the head is not among them: it begins below the header
    top = rows[place.body - 1]
    body = rows[place.body].number - 1 if below else top.number - 1 + _line_count(top.fields)
    return _Layout(dialect, place, labels, head, body)


def _public_header(head: Sequence[str], name: str, header: HeaderRow) -> int:
    """Return the position of the header's line where no row may tell it.

    Raises
    ------
    OptionError
        If lines that may be comments stand above it.
    """
    if isinstance(header, int):
        return header - 1
    filled = [at for at, line in enumerate(head) if line.strip()]
    filled = filled[separator_line(head) is not None :]
    if len(filled) > 1 and all(head[at].startswith("#") for at in filled[:2]) and header != "first":
        raise OptionError(
            f"{name}: the first lines begin with #; a private fit looks at no row to tell comments "
            "from names: name the line that holds the names of the columns with --header-row N"
        )
    return filled[0] if filled else 0


def _locate(
    head: Sequence[str], rows: Sequence[NumberedRow], dialect: Dialect, header: HeaderRow
) -> Header:
    """Find the header; of comments, the last one may be the header itself: ``#id,name``."""
    numbers, fields = [row.number for row in rows], [row.fields for row in rows]
    place = find_header(fields, numbers, header)
    skipped = range(int(dialect.sep_line), dialect.sep_line + dialect.comments)
    comments = [at for at in skipped if head[at].startswith("#")]
    if header != "auto" or not comments:
        return place
    line = head[comments[-1]]
    labels = next(split_rows([line], dialect, strict=False), [])
    if len(labels) == len(fields[0]) > 1 and (line[1:2].strip() or not place.is_written):
        place, comments = Header(tuple(labels), 0), comments[:-1]
    if not comments:
        return place
    shown = "1 line" if len(comments) == 1 else f"{len(comments)} lines"
    return replace(place, notes=(f"{shown} of comments above the header skipped", *place.notes))


def _full_labels(labels: tuple[str, ...], rows: Sequence[Sequence[str]]) -> tuple[str | None, ...]:
    """Return a label for each field of the rows, if all of them have one more than the header.

    It is the first one, as R writes it, or the last one, where each row ends with a delimiter.
    """
    widths = {len(row) for row in rows}
    if len(rows) < 2 or len(widths) > 1:
        return labels
    width = next(iter(widths))
    if width == len(labels) + 1:
        return (*labels, None) if not any(row[-1] for row in rows) else (None, *labels)
    if width == len(labels) - 1 and not labels[-1]:
        return labels[:-1]
    return labels


def _read(
    lines: TextLines,
    name: str,
    form: TableForm,
    layout: _Layout,
    skip_bad_lines: bool,
    *,
    by_schema: bool,
    most_rows: int | None,
) -> tuple[pd.DataFrame, TableForm]:
    dialect, labels = layout.dialect, layout.labels
    body = _Body(lines, name, dialect, len(labels), not by_schema, skip_bad_lines)
    frame, footer, total = _rows(body, layout, most_rows)
    notes = [*layout.header.notes, *body.notes(), *footer]
    blank = () if by_schema else _blank_columns(frame, labels)
    names, renamed = unique_names([label or "" for label in labels], blank)
    if layout.header.is_written:
        notes += renamed
    if blank:
        frame = frame.drop(columns=list(blank))
        notes.append(_say_blank(blank, names))
    left = [at for at in range(len(names)) if at not in blank]
    frame.columns = pd.Index([names[at] for at in left], dtype=object)
    quoting = column_quoting(() if by_schema else layout.head[layout.body :], dialect, len(labels))
    columns = tuple(
        FileColumn(None if at in blank else names[at], label, *quoting[at])
        for at, label in enumerate(labels)
    )
    usual = tuple(FileColumn(name, name) for name in names)
    if not layout.header.is_written:
        usual = tuple(replace(column, label="") for column in usual)
    first = next((line for line in layout.head if line.strip()), "\n")
    return frame, replace(
        form,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        escape=dialect.escape,
        sep_line=dialect.sep_line,
        line_end=first[len(first.rstrip("\r\n")) :] or "\n",
        encoding=lines.encoding,
        has_header=layout.header.is_written,
        columns=() if columns == usual else columns,
        notes=tuple(notes),
        n_rows=total,
    )


def _rows(
    body: "_Body", layout: _Layout, most_rows: int | None
) -> tuple[pd.DataFrame, list[str], int | None]:
    """Read the rows, or a uniform sample of them.

    Returns
    -------
    The rows without what stands below the table, notes on that, and the number of all rows if they
    were sampled.
    """
    blocks, notes = body.blocks(layout.head, layout.body), list[str]()
    if most_rows is None:
        frame = _frame(body.width, blocks)
        if body.may_end_in_notes:
            frame = _without_footer(_without_repeats(frame, layout.labels, notes), notes)
        return frame, notes, None
    known: dict[str, str] = {}
    parts = iter(lambda: list(islice(blocks, _BLOCKS_AT_ONCE)), [])
    frames = (_frame(body.width, iter(part), known) for part in parts)
    whole = _frames_without_footer(frames, notes) if body.may_end_in_notes else frames
    chosen, total = sample_batches(whole, most_rows, lambda frame, rows: frame.iloc[rows])
    empty = _frame(body.width, iter(()))
    return pd.concat([empty, *chosen], ignore_index=True), notes, total


def _frames_without_footer(
    frames: Iterator[pd.DataFrame], notes: list[str]
) -> Iterator[pd.DataFrame]:
    """Yield frames; the last one is long enough to tell what stands below the table."""
    held: pd.DataFrame | None = None
    for frame in frames:
        if held is not None and len(frame) < 2 * _NOTES:
            held = pd.concat([held, frame], ignore_index=True)
            continue
        if held is not None:
            yield held
        held = frame
    if held is not None:
        yield _without_footer(held, notes)


def _blank_columns(frame: pd.DataFrame, labels: Sequence[str | None]) -> tuple[int, ...]:
    """Return the places of the columns that have neither a name nor a cell."""
    unnamed = [at for at, label in enumerate(labels) if not (label or "").strip()]
    blank = tuple(at for at in unnamed if not any(map(str.strip, frame[at].unique())))
    return blank if len(blank) < len(labels) else ()


def _say_blank(places: Sequence[int], names: Sequence[str]) -> str:
    if len(places) == 1:
        end = ", at the end of each line," if places[0] == len(names) - 1 else ""
        return f"column {places[0] + 1}{end} has neither a name nor a cell; it stays blank"
    return f"{len(places)} columns have neither a name nor a cell; they stay blank"


def _without_repeats(
    frame: pd.DataFrame, labels: Sequence[str | None], notes: list[str]
) -> pd.DataFrame:
    """Leave rows out that hold the names of the columns once more."""
    named = [place for place, label in enumerate(labels) if (label or "").strip()]
    if not named:
        return frame
    alike = np.flatnonzero(frame[named[0]].to_numpy() == labels[named[0]])
    rows = frame.iloc[alike].to_numpy().tolist()
    repeats = alike[repeats_of([label or "" for label in labels], rows)]
    if len(repeats):
        notes.append(say_repeats(len(repeats)))
        frame = frame.iloc[np.setdiff1d(np.arange(len(frame)), repeats)].reset_index(drop=True)
    return frame


def _without_footer(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Leave notes, totals and blank rows at the end out."""
    width = frame.shape[1]
    if width < 2:
        return frame
    end = len(frame)
    while end and not any(map(str.strip, frame.iloc[end - 1])):
        end -= 1
    if len(frame) - end > 1:  # a single one may be a row whose cells are all missing
        where = "below the table are" if end else "with no cell that is filled are"
        notes.append(f"{len(frame) - end:,} blank rows {where} skipped")
        frame = frame.iloc[:end]
    start = max(len(frame) - 2 * _NOTES, 0)
    filled = [
        (number, row)
        for number, row in enumerate(frame.iloc[start:].to_numpy().tolist(), start=start)
        if any(map(str.strip, row))
    ]
    length = footer_length([row for _, row in filled], [number for number, _ in filled], width)
    if not length:
        return frame
    notes.append(say_footer(length))
    return frame.iloc[: filled[-length - 1][0] + 1]


@dataclass
class _Body:
    """Reads the rows below the header, which must all have its width."""

    lines: TextLines
    name: str
    dialect: Dialect
    width: int
    may_end_in_notes: bool
    skip_bad_lines: bool
    _bad: list[int] = field(default_factory=list)  # lines with another number of fields
    _notes_from: int | None = None
    _doubtful: list[tuple[int, int]] = field(default_factory=list)  # rows, and lines in one field

    def blocks(self, head: Sequence[str], begin: int) -> Iterator[list[list[str]]]:
        """Give blocks of rows.

        Parameters
        ----------
        head
            The lines that were read before; `lines` has the others.
        begin
            How many of them stand above the first row.
        """
        self.lines.number = begin
        rows = split_rows(chain(self._counted(head[begin:]), self.lines), self.dialect)
        while self._notes_from is None:
            start = self.lines.number
            block = self._take(rows, _ROWS_AT_ONCE)
            if not block:
                return
            if set(map(len, block)) != {self.width} or self._bad[-1:] > [start]:
                more = self._take(rows, _NOTES)
                block = self._even(block + more, start, is_last=len(more) < _NOTES)
            if block:
                yield block

    def notes(self) -> Iterator[str]:
        """Say what is left out."""
        if self._notes_from is not None:
            yield f"line {self._notes_from} and those after it, notes below the table, are skipped"
        if self._bad:
            shown = ", ".join(map(str, self._bad[:5])) + (", …" if len(self._bad) > 5 else "")
            yield (
                f"{len(self._bad):,} lines with another number of fields than the header are "
                f"left out: {shown}"
            )
        for line, count in self._doubtful[:5]:
            yield (
                f"line {line}: a quoted field takes {count} lines, which look like rows of the "
                "table; see whether a quote is missing"
            )

    def _counted(self, first: Sequence[str]) -> Iterator[str]:
        """Give the lines already read, while `lines.number` counts them as it does the others."""
        for line in first:
            self.lines.number += 1
            yield line

    def _take(self, rows: Iterator[list[str]], count: int) -> list[list[str]]:
        """Return the next rows."""
        start, block = self.lines.number, list[list[str]]()
        try:
            # `extend` keeps the rows before one that fails, which tells where that one begins.
            block.extend(islice(rows, count))
        except csv.Error as error:
            line = start + 1 + sum(map(_line_count, block))
            raise _broken_quotes(self.name, line, self.lines.number, error) from error
        if self.lines.number - start >= len(block) + _SOME_LINES:
            self._find_swallowed(block, start)
        return block

    def _find_swallowed(self, block: Sequence[list[str]], start: int) -> None:
        """Find rows in which an open quote swallows others.

        Raises
        ------
        TableContentError
            For the first row that swallows many, unless an option leaves it out.
        """
        line = start + 1
        for row in block:
            count = max(map(self._lines_like_rows, row), default=0)
            if count >= _MANY_LINES and not self.skip_bad_lines:
                raise TableContentError(
                    f"{self.name}, line {line}: a quoted field takes {count + 2} lines, most with "
                    f"{self.width} fields, as rows of the table have; close the quote, double a "
                    "quote that belongs to the text, or leave such rows out with --skip-bad-lines"
                )
            if count >= _MANY_LINES:
                self._bad.append(line)
            elif count >= _SOME_LINES:
                self._doubtful.append((line, count + 2))
            line += _line_count(row)

    def _lines_like_rows(self, cell: str) -> int:
        """Return how many whole lines a cell holds, if they are as wide as rows of the table."""
        breaks = count_breaks(cell)
        fewest = _MOSTLY * (breaks - 1)  # lines as wide
        delimiters = cell.count(self.dialect.delimiter)
        if self.width < 2 or breaks < 2 or delimiters < fewest * (self.width - 1):
            return 0
        inner = cell.splitlines()[1:-1]
        fields = [len(row) for row in split_rows(inner, self.dialect, strict=False)]
        return len(inner) if fields.count(self.width) >= fewest else 0

    def _even(self, block: list[list[str]], start: int, *, is_last: bool) -> list[list[str]]:
        """Return the rows of the header's width; blank lines are none.

        Raises
        ------
        TableContentError
            For the first other row, unless an option leaves it out or it begins the notes.
        """
        even, line = [], start + 1
        for at, row in enumerate(block):
            if len(row) == self.width and line not in self._bad:
                even.append(row)
            elif "".join(row).strip(_END_MARKS) and line not in self._bad:
                after_blank = at > 0 and not block[at - 1]
                if is_last and self._are_notes(block[at:], after_blank):
                    self._notes_from = line
                    break
                if not self.skip_bad_lines:
                    raise self._ragged(line, len(row))
                self._bad.append(line)
            line += _line_count(row)
        return even

    def _are_notes(self, rows: Sequence[list[str]], after_blank: bool) -> bool:
        """Tell whether the last rows of the file are notes below the table."""
        if not self.may_end_in_notes or len(rows) > _NOTES:
            return False
        first = rows[0][0].strip()
        is_sentence = " " in first and any(map(str.isalpha, first))
        if not (is_sentence or (after_blank and first and not looks_typed(first))):
            return False
        return all(2 * len(row) <= self.width or not any(row) for row in rows)

    def _ragged(self, line: int, fields: int) -> TableContentError:
        return TableContentError(
            f"{self.name}, line {line}: found {fields} fields, but the header has {self.width}; "
            "mend the line, leave such lines out with --skip-bad-lines, or name the delimiter "
            f"(read with {self.dialect.delimiter!r})"
        )


def _line_count(row: list[str]) -> int:
    """Count the lines that a row takes in the file."""
    return 1 + sum(map(count_breaks, row))


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


def _frame(
    width: int, blocks: Iterator[list[list[str]]], known: dict[str, str] | None = None
) -> pd.DataFrame:
    """Collect blocks of rows into columns in which equal cells are one object, also of `known`."""
    parts: list[list[NDArray[np.object_]]] = [[] for _ in range(width)]
    known = {} if known is None else known
    for block in blocks:
        for part, cells in zip(parts, zip(*block, strict=True), strict=True):
            part.append(np.array(list(map(known.setdefault, cells, cells)), dtype=object))
        if len(known) > _CELLS_REMEMBERED:
            known.clear()
    columns = {}
    for place, part in enumerate(parts):
        columns[place] = np.concatenate(part) if part else np.empty(0, dtype=object)
        part.clear()
    return pd.DataFrame(columns, dtype=object, copy=False)


class _Bare(str):
    """A text that the csv module takes for a number, and so does not quote without need."""

    __slots__ = ()

    def __float__(self) -> float:
        raise TypeError


class CsvBlocks:
    """Writes blocks of rows as CSV or TSV."""

    def __init__(self, sink: BinaryIO, form: TableForm) -> None:
        self._sink = sink
        self._form = form
        self._encoder = codecs.getincrementalencoder(form.encoding)()
        self._is_begun = False
        self._rows = 0

    def write(self, block: pd.DataFrame) -> None:
        """Append the rows of a block."""
        columns = self._form.columns_of(block.columns)
        names = iter(range(block.shape[1]))
        cells = [None if column.name is None else block.iloc[:, next(names)] for column in columns]
        text = self._quoted_where(lambda quoting: self._text(cells, columns, len(block), quoting))
        if not self._is_begun:
            text = self._quoted_where(lambda quoting: self._top(block, columns, quoting)) + text
        try:
            content = self._encoder.encode(text)
        except UnicodeEncodeError as error:
            raise _unwritable(block, error.object[error.start], self._rows, error) from error
        self._sink.write(content)
        self._is_begun = True
        self._rows += len(block)

    def _quoted_where(self, make: "Callable[[Literal[0, 1]], str]") -> str:
        """Quote all cells where one holds a line break that the csv module does not quote."""
        text = make(csv.QUOTE_MINIMAL)
        is_broken = any(mark in text for mark in "\r\n" if mark not in self._form.line_end)
        return make(csv.QUOTE_ALL) if is_broken else text

    def _top(
        self, block: pd.DataFrame, columns: Sequence[FileColumn], quoting: Literal[0, 1]
    ) -> str:
        """Return the lines above the first row."""
        sink = io.StringIO(newline="")
        if self._form.sep_line:
            sink.write(f"sep={self._form.delimiter}{self._form.line_end}")
        if self._form.has_header:
            labels = [label for label in self._form.header_of(block) if label is not None]
            is_quoted = any(column.quotes_texts for column in columns)
            self._writer(sink, csv.QUOTE_ALL if is_quoted else quoting).writerow(labels)
        return sink.getvalue()

    def _text(
        self,
        cells: Sequence[pd.Series | None],
        columns: Sequence[FileColumn],
        rows: int,
        quoting: Literal[0, 1],
    ) -> str:
        form = self._form
        texts = all(column is None or column.dtype == object for column in cells)
        if texts and (form.delimiter == " " or any(column.quotes_texts for column in columns)):
            sink = io.StringIO(newline="")
            marked = map(self._marked, cells, columns, [rows] * len(columns))
            chosen: Any = quoting or csv.QUOTE_NONNUMERIC
            self._writer(sink, chosen).writerows(zip(*marked, strict=True))
            return sink.getvalue()
        blank = pd.Series("", index=range(rows), dtype=object)
        frame = pd.DataFrame(
            {
                place: blank if column is None else column.reset_index(drop=True)
                for place, column in enumerate(cells)
            },
            index=range(rows),
        )
        return frame.to_csv(
            sep=form.delimiter,
            lineterminator=form.line_end,
            quotechar=form.quote,
            escapechar=form.escape,
            doublequote=form.escape is None,
            quoting=quoting,
            header=False,
            index=False,
        )

    def _marked(self, cells: pd.Series | None, column: FileColumn, rows: int) -> list[str]:
        """Return the texts of a column, those that need no quotes as bare ones."""
        needs_mark = column.quotes_blanks or self._form.delimiter == " "  # else it would vanish
        blank = "" if needs_mark else _Bare()
        if cells is None:
            return [blank] * rows
        texts = [
            "" if missing else str(cell) for cell, missing in zip(cells, cells.isna(), strict=True)
        ]
        kind = str if column.quotes_texts else _Bare
        return [kind(text) if text else blank for text in texts]

    def _writer(self, sink: io.StringIO, quoting: Any) -> Any:
        form = self._form
        return csv.writer(
            sink,
            delimiter=form.delimiter,
            lineterminator=form.line_end,
            quotechar=form.quote,
            escapechar=form.escape,
            doublequote=form.escape is None,
            quoting=quoting,
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
