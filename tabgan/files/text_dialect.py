"""How a text file sets its cells apart: delimiter, quotes, and lines above the table."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tabgan.files.source import count_breaks
from tabgan.files.table_form import check_delimiter

__all__ = [
    "Dialect",
    "NumberedRow",
    "Quoting",
    "column_quoting",
    "numbered_rows",
    "separator_line",
    "sniff",
    "split_rows",
]

_DELIMITERS = (",", ";", "\t", "|")
_SEP_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # which Excel reads and writes
_WORDS = re.compile(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|\S+")
_WHOLE = 50  # so many lines may be a whole file, and have no row that goes on
_LEAST_ROWS = 3  # that blanks must cut alike to be taken for delimiters


@dataclass(frozen=True)
class Dialect:
    r"""How the cells of a text file are set apart.

    Attributes
    ----------
    delimiter
        Between fields; a blank stands for any number of blanks and tabulators.
    blank_after
        Whether a blank after the delimiter belongs to it: ``a, b``.
    quote
        The character around fields that hold a delimiter.
    escape
        The character before a quote within a field; None where quotes are doubled.
    sep_line
        Whether the first line is Excel's ``sep=;``.
    comments
        The number of lines at the top that are comments.
    """

    delimiter: str = ","
    blank_after: bool = False
    quote: str = '"'
    escape: str | None = None
    sep_line: bool = False
    comments: int = 0


class NumberedRow(NamedTuple):
    """The fields of a row, and the line of the file in which it begins, from 1."""

    number: int
    fields: list[str]


class Quoting(NamedTuple):
    """Whether a column's texts stand in quotes, and whether its empty cells do."""

    texts: bool
    blanks: bool


def sniff(head: Sequence[str], delimiter: str | None = None) -> Dialect:
    """Find out the dialect of a text file from its first lines.

    Parameters
    ----------
    head
        The first lines.
    delimiter
        The delimiter that an option names; None finds the one that cuts the lines into equally
        many fields, the most of all.
    """
    marked = separator_line(head)
    if delimiter is not None:
        delimiter = check_delimiter(delimiter)
    elif marked:
        delimiter = marked
    lines = list(head[1:] if marked else head)
    comments = 0
    while comments < len(lines) and (lines[comments][:1] == "#" or not lines[comments].strip()):
        comments += 1
    comments *= any(line.startswith("#") for line in lines[:comments])
    lines = lines[comments:] or lines
    quote = "'" if _are_single_quoted(lines) else '"'
    dialect = Dialect(*_cut(lines, delimiter, quote), quote, None, bool(marked), comments)
    if any('\\"' in line for line in lines) and not _is_even(_parse(lines, dialect)):
        cut = _cut(lines, delimiter, quote, "\\")
        escaped = Dialect(*cut, quote, "\\", bool(marked), comments)
        return escaped if _is_even(_parse(lines, escaped)) else dialect
    return dialect


def separator_line(head: Sequence[str]) -> str | None:
    """Return the delimiter that Excel's line ``sep=;`` names, if the file begins with it."""
    match = _SEP_LINE.fullmatch(head[0].lstrip("\ufeff")) if head else None
    return match[1] if match else None


def split_rows(
    lines: Iterable[str], dialect: Dialect, *, strict: bool = True
) -> Iterator[list[str]]:
    """Cut lines into rows of fields.

    Parameters
    ----------
    lines
        The lines, with their line ends.
    dialect
        Their dialect.
    strict
        Whether a quote in a wrong place is an error.
    """
    if dialect.delimiter == " ":
        lines = map(_single_blanks, lines)
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        doublequote=dialect.escape is None,
        skipinitialspace=dialect.blank_after and dialect.delimiter != " ",
        strict=strict,
    )


def numbered_rows(head: Sequence[str], dialect: Dialect, *, is_whole: bool) -> list[NumberedRow]:
    """Return the rows among the first lines that hold a field, with their lines.

    Parameters
    ----------
    head
        The first lines.
    dialect
        Their dialect; comments and Excel's line are left out.
    is_whole
        Whether the file has no other lines; otherwise the last row, which may go on, is left out.
    """
    skipped = dialect.sep_line + dialect.comments
    number, rows = skipped + 1, []
    for fields in split_rows(head[skipped:], dialect, strict=False):
        if fields:
            rows.append(NumberedRow(number, fields))
        number += 1 + sum(map(count_breaks, fields))
    return rows if is_whole or len(rows) < 2 else rows[:-1]


def _single_blanks(line: str) -> str:
    end = line[len(line.rstrip("\r\n")) :]
    words = line.split() if '"' not in line and "'" not in line else _WORDS.findall(line)
    return " ".join(words) + end


def _are_single_quoted(lines: Sequence[str]) -> bool:
    """Tell whether fields stand in single quotes: in all lines, and double ones in none."""
    marked = [line.strip() for line in lines if line.strip()]
    edge = re.compile(r"(?:^|[,;\t|])\s?'[^']*'(?=[,;\t|]|$)")
    return bool(marked) and all(edge.search(line) and '"' not in line for line in marked)


def _cut(
    lines: Sequence[str], delimiter: str | None, quote: str = '"', escape: str | None = None
) -> tuple[str, bool]:
    """Choose the delimiter, and tell whether a blank after it belongs to it."""
    parsed = {
        mark: _parse(lines, Dialect(mark, True, quote, escape)) for mark in delimiter or _DELIMITERS
    }
    even = {mark: rows for mark, rows in parsed.items() if _is_even(rows)}
    if any(len(rows[0]) > 1 for rows in even.values()):
        chosen = max(even, key=lambda mark: len(even[mark][0]))
    else:
        chosen = max(parsed, key=lambda mark: _evenness(parsed[mark]))
        if delimiter is None and _are_words(lines, parsed[chosen]):
            return " ", False
    rows = _parse(lines, Dialect(chosen, False, quote, escape))
    fields = [field for row in rows[1:] or rows for field in row[1:] if field]
    return chosen, bool(fields) and all(field.startswith(" ") for field in fields)


def _is_even(rows: Sequence[Sequence[str]]) -> bool:
    return len(set(map(len, rows))) == 1


def _evenness(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """Rank a delimiter by the share of rows that it cuts alike into several fields."""
    counts = Counter(map(len, rows))
    counts.pop(1, None)
    if not counts:
        return 0.0, len(rows[0]) if rows else 0
    width, count = max(counts.items(), key=lambda item: (item[1], item[0]))
    return count / len(rows), width


def _are_words(lines: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether blanks cut all lines into equally many fields, and no other character does."""
    filled = [line for line in lines if line.strip()]
    if len(filled) < _LEAST_ROWS or any(len(row) > 1 for row in rows):
        return False
    widths = Counter(len(_WORDS.findall(line)) for line in filled[1:])
    width = next(iter(widths))
    runs = any(re.search(r"\S\s{2,}\S", line) for line in filled[1:])
    first = len(_WORDS.findall(filled[0]))
    return len(widths) == 1 and first in (width, width - 1) and (width > 2 or (runs and width == 2))


def _parse(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    """Parse the first lines; the last row is left out where it may go on beyond them."""
    full = [row for row in split_rows(lines, dialect, strict=False) if row]
    return full[:-1] if len(full) > _WHOLE else full


def column_quoting(lines: Sequence[str], dialect: Dialect, width: int) -> list[Quoting]:
    """Tell which columns stand in quotes; a row that goes over several lines does not count.

    Parameters
    ----------
    lines
        Lines of data.
    dialect, width
        Their dialect and their number of fields.
    """
    mark = re.escape(dialect.quote)
    stop = r"\s" if dialect.delimiter == " " else re.escape(dialect.delimiter)
    field = re.compile(
        rf"\s*({mark}(?:[^{mark}\\]|{mark}{mark}|\\.)*{mark}|[^{stop}]*)(?:[{stop}]|$)"
    )
    columns: list[list[str]] = [[] for _ in range(width)]
    for line in lines:
        cells = [match[1] for match in field.finditer(line.strip("\r\n"))]
        if len(cells) in (width, width + 1) and dialect.quote in line:
            for column, cell in zip(columns, cells, strict=False):
                column.append(cell)
    return [_quoting(cells, dialect) for cells in columns]


def _quoting(cells: Sequence[str], dialect: Dialect) -> Quoting:
    """Tell the quoting of a column by its cells as they are written."""
    empty = dialect.quote * 2
    texts = [cell for cell in cells if cell not in ("", empty)]
    if not all(cell.startswith(dialect.quote) for cell in texts):
        return Quoting(False, False)
    needed = (dialect.delimiter, dialect.quote)
    freely = any(not any(mark in cell[1:-1] for mark in needed) for cell in texts)
    return Quoting(freely, freely and empty in cells and "" not in cells)
