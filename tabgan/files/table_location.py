"""Where a table lies among the rows of a file: its header, and what stands above and below it.

People write titles above a table and notes below it, leave names blank, repeat them, or spread them
over two rows. The rows of a text file have texts as cells, those of a sheet values; both are read
by the same rules.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain, count, pairwise
from typing import Any, Literal, NamedTuple

from tabgan.base.errors import OptionError
from tabgan.table.text_formats import MISSING_MARKS

__all__ = [
    "HEAD_ROWS",
    "Header",
    "HeaderRow",
    "MergedCells",
    "Row",
    "count_filled",
    "fill_down",
    "find_header",
    "footer_length",
    "is_blank",
    "looks_typed",
    "repeats_of",
    "say_footer",
    "say_repeats",
    "unique_names",
]

HEAD_ROWS = 200  # from the first rows of a file its header is found
_FOOTER_ROWS = 30  # more rows below a table are none of its notes
_HEADER_ROWS = 5  # that a header has at most
_LEAST_TYPED = 0.9  # share of a column's cells that makes it one of numbers or dates

Row = Sequence[Any]
HeaderRow = Literal["auto", "first", "none"] | int  # an integer is the row's number in the file

_DATA = re.compile(  # a number, a date or a time, as people write them
    r"[-+(]?\s?[$€£¥]?\s?[-+]?[\d.,][\d\s.,:/'’\-+TZ]*(?:[eE][-+]?\d+)?\s?[%€$£¥)]?(?:\s?[AaPp][Mm])?"
)
_TOTAL = re.compile(
    r"(?:(?:grand[ -]|sub-?)?total(?:e|es|s|en)?|totaal|toplam|sum(?:me|ma)?|gesamt|"
    r"insgesamt|somme|razem|suma|celkem|összesen|yhteensä|итого|всего|σύνολο|المجموع|सकल|कुल)\b|"
    r"(?:合计|合計|总计|總計|小计|小計|総計|합계|총계)",
    re.IGNORECASE,
)
_PANDAS_INDEX = re.compile(r"Unnamed: \d+(?:_level_\d+)?")


class MergedCells(NamedTuple):
    """A rectangle of merged cells: rows from 1, columns from 0, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Header:
    """The header of a table, as it stands in its file.

    Attributes
    ----------
    labels
        The names of the columns, blank ones as empty texts, repeated ones as they are.
    body
        Position of the first row of data.
    is_written
        Whether the file has a header; otherwise the labels are empty.
    notes
        What was skipped, one line each.
    """

    labels: tuple[str, ...]
    body: int
    is_written: bool = True
    notes: tuple[str, ...] = ()


def is_blank(cell: Any) -> bool:
    """Tell whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def count_filled(row: Row) -> int:
    """Count the cells that hold something."""
    return sum(not is_blank(cell) for cell in row)


def find_header(
    rows: Sequence[Row],
    numbers: Sequence[int],
    header: HeaderRow = "auto",
    *,
    unit: str = "line",
    merged: Sequence[MergedCells] = (),
) -> Header:
    """Find the header among the first rows of a file.

    Titles have fewer cells than the rows of the table and don't reach its last columns. A first row
    of numbers and dates, where its columns hold these too, is data: the table has no header.

    Parameters
    ----------
    rows
        The first rows that hold something, `HEAD_ROWS` at most.
    numbers
        Their numbers in the file, from 1.
    header
        What an option says: the number of the header's row, "first" for the first row, "none" for a
        table without a header; "auto" finds it out.
    unit
        The word for a row, for notes.
    merged
        The merged cells of a sheet, each of which names all the columns below it.

    Raises
    ------
    OptionError
        If there is nothing in the row that the option names.
    """
    if header == "none":
        return Header(("",) * max(map(len, rows)), 0, is_written=False)
    if header == "first":
        return _plain(rows, 0)
    if header != "auto":
        if header not in numbers:
            raise OptionError(
                f"header_row={header} names no {unit} with cells among the first ones; name the "
                f"{unit} that holds the names of the columns, as counted in the file"
            )
        at = list(numbers).index(header)
        return _plain(rows, at, _skipped(numbers[:at], unit))
    rows = fill_down(rows, numbers, merged)
    sheet = _Rows(rows, numbers, unit, merged)
    at = _first_full_row(rows)
    end = _end_by_merged_cells(sheet, at)
    if end is None and _is_data(rows, at):
        above = at - 1
        if at and numbers[at] == numbers[above] + 1 and _names_some(rows[above], rows[at]):
            return _joined_header(sheet, _top_of_groups(sheet, above), above)
        note = (
            f"{unit} {numbers[at]} looks like data, not like names of columns: the columns are "
            "named column_1, column_2, …; --header takes the first row for names"
        )
        width = max(len(row) for row in rows[at:])
        return Header(("",) * width, at, False, (*_skipped(numbers[:at], unit), note))
    bottom = at if end is None else end
    top = _top_of_groups(sheet, bottom)
    while bottom + 1 < len(rows) and bottom + 1 - top < _HEADER_ROWS:
        if numbers[bottom + 1] > numbers[bottom] + 1 or not _continues(rows, bottom):
            break
        bottom += 1
    return _joined_header(sheet, top, bottom)


class _Rows(NamedTuple):
    """The first rows of a file, their numbers, the word for a row, and the merged cells."""

    cells: Sequence[Row]
    numbers: Sequence[int]
    unit: str
    merged: Sequence[MergedCells]


def fill_down(
    rows: Sequence[Row], numbers: Sequence[int], merged: Sequence[MergedCells]
) -> list[list[Any]]:
    """Give cells that are merged over several rows the value of the first one in all of these.

    Parameters
    ----------
    rows
        The rows that hold something.
    numbers
        Their numbers in the file, from 1.
    merged
        The merged cells; those that begin above the rows are left out.
    """
    places = {number: at for at, number in enumerate(numbers)}
    filled = [list(row) for row in rows]
    for cells in merged:
        first = places.get(cells.top)
        if first is None or cells.left >= len(filled[first]) or cells.top == cells.bottom:
            continue
        for number in range(cells.top + 1, cells.bottom + 1):
            at = places.get(number)
            if at is not None:
                filled[at] += [None] * (cells.left + 1 - len(filled[at]))
                filled[at][cells.left] = filled[first][cells.left]
    return filled


def _plain(rows: Sequence[Row], at: int, notes: tuple[str, ...] = ()) -> Header:
    return Header(tuple(map(_label, rows[at])), at + 1, notes=notes)


def _label(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell)


def _skipped(numbers: Sequence[int], unit: str) -> tuple[str, ...]:
    """Say which rows above the header are left out."""
    if not numbers:
        return ()
    first, last = numbers[0], numbers[-1]
    shown = f"{unit} {first}" if first == last else f"{unit}s {first} to {last}"
    return (f"{shown} above the header skipped; --header-row N names another one",)


def _reach(row: Row) -> int:
    """Return the position after the last cell that holds something."""
    return max((at + 1 for at, cell in enumerate(row) if not is_blank(cell)), default=0)


def _usual_most(counts: Sequence[int]) -> int:
    """Return a count that most rows do not exceed."""
    return sorted(counts)[int(0.9 * (len(counts) - 1))]


def _first_full_row(rows: Sequence[Row]) -> int:
    """Return the position of the first row that is as wide as the table."""
    filled, reach = [count_filled(row) for row in rows], [_reach(row) for row in rows]
    width, end = _usual_most(filled), _usual_most(reach)
    least = max(-(-7 * width // 10), min(width, 2))
    for at, row in enumerate(rows):
        is_full = filled[at] >= least and reach[at] >= 0.6 * end
        lacks_first = is_blank(row[0]) and filled[at] >= width - 1 and reach[at] >= end
        if is_full or lacks_first:
            return at
    return 0


def looks_typed(cell: Any) -> bool:
    """Tell whether a cell is a number, a date or a time, or a text that is one."""
    if not isinstance(cell, str):
        return not is_blank(cell)
    text = cell.strip()
    return bool(_DATA.fullmatch(text)) and any(map(str.isdigit, text))


def _column(rows: Sequence[Row], place: int) -> list[Any]:
    """Return the cells of a column that hold something other than a mark of absence."""
    cells = (row[place] for row in rows if place < len(row))
    return [cell for cell in cells if not (is_blank(cell) or cell in MISSING_MARKS)]


def _is_typed(cells: Sequence[Any]) -> bool:
    return bool(cells) and sum(map(looks_typed, cells)) >= _LEAST_TYPED * len(cells)


def _is_data(rows: Sequence[Row], at: int) -> bool:
    """Tell whether the row that could be the header is a row of data."""
    row, body = rows[at], rows[at + 1 :]
    if not body or _is_progression(row):
        return False
    typed, names, repeats, texts = 0, 0, 0, 0
    for place, cell in enumerate(row):
        below = _column(body, place)
        if not below:
            continue
        if is_blank(cell):
            names += len(below) == len(body)
        elif _is_typed(below):
            typed += looks_typed(cell)
            names += not looks_typed(cell) and cell not in MISSING_MARKS
        else:
            texts += 1
            repeats += below.count(cell) >= 1
    if typed or names:
        return typed > 0 and names == 0
    return len(body) >= 3 and texts >= 2 and repeats >= 0.7 * texts


def _is_progression(row: Row) -> bool:
    """Tell whether the numbers of a row count on, as years do that are names of columns."""
    places = [place for place, cell in enumerate(row) if looks_typed(cell)]
    numbers = [_label(row[place]).strip() for place in places]
    if len(numbers) < 2 or not all(text.isdecimal() for text in numbers):
        return False
    if len(numbers) == 2 and not (
        len(row) == 2 or all("1900" <= text <= "2100" for text in numbers)
    ):
        return False
    if places[-1] - places[0] >= len(places):
        return False
    steps = {int(after) - int(before) for before, after in pairwise(numbers)}
    return len(steps) == 1 and steps != {0} and (len(numbers) > 2 or abs(next(iter(steps))) == 1)


def _names_some(row: Row, data: Row) -> bool:
    """Tell whether a row above data names its columns, though not all of them."""
    cells = [cell for cell in row if not is_blank(cell)]
    least = 2 if len(data) > 2 else 1
    return len(cells) >= least and not any(map(looks_typed, cells)) and len(row) <= len(data)


def _end_by_merged_cells(sheet: _Rows, at: int) -> int | None:
    """Return the position of a header's last row, where cells merged over columns stand above it.

    Parameters
    ----------
    sheet
        The rows.
    at
        Position of the first row that is as wide as the table: it is in the header, or below it.
    """
    rows, numbers, _, merged = sheet
    grouped = {
        cells.top for cells in merged if cells.right > cells.left and cells.bottom == cells.top
    }
    place = {number: row for row, number in enumerate(numbers)}
    is_group = [
        number in grouped and count_filled(row) > 1
        for number, row in zip(numbers, rows, strict=True)
    ]
    for first in range(min(at + 1, len(rows) - 1)):
        if not is_group[first]:
            continue
        end = first + 1
        while end < len(rows) - 1 and is_group[end]:
            end += 1
        downs = [c.bottom for c in merged if numbers[first] <= c.top <= numbers[end]]
        end = max(end, *(place.get(number, end) for number in downs), 0)
        if at <= end < first + _HEADER_ROWS and numbers[end] - numbers[first] == end - first:
            return end
    return None


def _top_of_groups(sheet: _Rows, at: int) -> int:
    """Return the position of the first of the rows above a header that name groups of columns."""
    rows, numbers = sheet.cells, sheet.numbers
    spanned = {cells.top for cells in sheet.merged if cells.right > cells.left}
    top = at
    while top and numbers[top] == numbers[top - 1] + 1 and at - top < _HEADER_ROWS - 1:
        if not _groups(rows[top - 1], rows[top], numbers[top - 1] in spanned):
            break
        top -= 1
    return top


def _joined_header(sheet: _Rows, top: int, bottom: int) -> Header:
    """Return a header of one row, or of several that are joined: ``2023 / Q1``."""
    rows, numbers, unit, _ = sheet
    notes = _skipped(numbers[:top], unit)
    if top == bottom:
        return _plain(rows, bottom, notes)
    body = rows[bottom + 1 :]
    width = max(map(len, [*rows[top : bottom + 1], *body[:1]]))
    levels = _group_names(sheet, top, bottom, width)
    levels.append([_label_at(rows[bottom], place) for place in range(width)])
    labels = tuple(map(_join_label, zip(*levels, strict=True)))
    shown = next((label for label in labels if " / " in label), labels[0])
    both = f"{unit}s {numbers[top]} and {numbers[bottom]}"
    which = (
        f"two rows, {both}"
        if top + 1 == bottom
        else (f"{bottom - top + 1} rows, {unit}s {numbers[top]} to {numbers[bottom]}")
    )
    note = f"the header has {which}, which are joined, as in {shown!r}"
    return Header(labels, bottom + 1, notes=(*notes, note))


def _groups(above: Row, names: Row, is_merged: bool) -> bool:
    """Tell whether a row holds the names of groups of columns."""
    cells = [cell for cell in above if not is_blank(cell)]
    if len(cells) < 2:
        return False
    filled = [str(cell) for cell in names if not is_blank(cell)]
    hole = any(
        is_blank(name) and place < len(above) and not is_blank(above[place])
        for place, name in enumerate(names)
    )
    return is_merged or hole or len(set(filled)) < len(filled) or _is_spread_out(above)


def _is_spread_out(row: Row) -> bool:
    """Tell whether words stand over several columns each: what is known of a file has none so."""
    cells = [cell for cell in row if not is_blank(cell)]
    if any(looks_typed(cell) or ":" in str(cell) for cell in cells):
        return False
    return not is_blank(row[0]) and _reach(row) > len(cells)


def _continues(rows: Sequence[Row], at: int) -> bool:
    """Tell whether the row below the first row of the header belongs to the header."""
    below, body = rows[at + 1], rows[at + 2 :]
    cells = [cell for cell in below if not is_blank(cell)]
    if len(cells) < 2 or len(body) < 2 or any(map(looks_typed, cells)):
        return False
    untypical = sum(
        cell not in MISSING_MARKS and not is_blank(cell) and _is_typed(_column(body, place))
        for place, cell in enumerate(below)
    )
    labels = [str(cell) for cell in rows[at] if not is_blank(cell)]
    is_open = len(set(labels)) < len(labels) or len(labels) < max(map(len, body))
    return untypical >= (1 if is_open else 2)


def _label_at(row: Row, place: int) -> str:
    return _label(row[place]).strip() if place < len(row) else ""


def _group_names(sheet: _Rows, top: int, bottom: int, width: int) -> list[list[str]]:
    """Return the names of the groups of each column, one list for each row above the names.

    A merged cell names the columns that it covers; any other one reaches to the next group, as far
    as there are names below it.
    """
    named = [bool(_label_at(sheet.cells[bottom], place)) for place in range(width)]
    starts, levels = set[int](), list[list[str]]()
    for row, number in zip(sheet.cells[top:bottom], sheet.numbers[top:bottom], strict=True):
        ends = {
            cells.left: cells.right
            for cells in sheet.merged
            if cells.top <= number <= cells.bottom and cells.right > cells.left
        }
        own = [_label_at(row, place) for place in range(width)]
        starts |= {place for place, label in enumerate(own) if label}
        level, group, end = list[str](), "", 0
        for place, label in enumerate(own):
            if label:
                group, end = label, ends.get(place, width)
            elif place > end or place in starts or (end == width and not named[place]):
                group = ""
            level.append(group)
        levels.append(level)
    return levels


def _join_label(parts: Sequence[str]) -> str:
    """Join the names of a column in several rows; a name that a row repeats counts once."""
    filled = [part for part in parts if part]
    return " / ".join(part for at, part in enumerate(filled) if filled[at - 1 : at] != [part])


def unique_names(
    labels: Sequence[str], blank_columns: Collection[int] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Make the names of columns from the labels of a header: none blank, none twice.

    Parameters
    ----------
    labels
        The labels.
    blank_columns
        Places of columns that are left out, which no note names.

    Returns
    -------
    tuple
        The names, and notes on those that differ from their labels.

    Examples
    --------
    >>> unique_names(["a", "", "a"])[0]
    ('a', 'column_2', 'a_2')
    """
    taken, names = set(labels), list[str]()
    blank, repeated = [], []
    for place, label in enumerate(labels, start=1):
        if not label.strip():
            names.append(_free(f"column_{place}", taken))
            if place - 1 not in blank_columns:
                blank.append(names[-1])
        elif label in names:
            repeated.append(_free(label, taken))
            names.append(repeated[-1])
        else:
            names.append(label)
    notes = []
    if blank and len(blank) < len(labels):
        notes.append(f"columns without a name in the header are named {_listed(blank)}")
    if repeated:
        notes.append(f"columns with the name of another one are named {_listed(repeated)}")
    for name in filter(_PANDAS_INDEX.fullmatch, names):
        notes.append(
            f"column {name!r} is the row index of a pandas table that was written with it; "
            f"--drop {name!r} leaves it out"
        )
    return tuple(names), tuple(notes)


def _free(name: str, taken: set[str]) -> str:
    """Return a name that no column has, with a number after it if need be."""
    names = chain([name], (f"{name}_{number}" for number in count(2)))
    free = next(name for name in names if name not in taken)
    taken.add(free)
    return free


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:5]))
    return shown if len(names) <= 5 else f"{shown}, … ({len(names)})"


def footer_length(rows: Sequence[Row], numbers: Sequence[int], width: int) -> int:
    """Return how many rows at the end are notes or totals below the table.

    Notes stand below a blank row and fill few cells, or are texts in the first cell alone; a row of
    totals says so in a word that its column holds in no other row.

    Parameters
    ----------
    rows
        The last rows of the table that hold something.
    numbers
        Their numbers in the file; a blank row between two of them makes a gap.
    width
        The number of columns.
    """
    if width < 2 or len(rows) < 3:
        return 0
    first = max(len(rows) - _FOOTER_ROWS, 1)
    usual = {count_filled(row) for row in rows[:first]}
    for at in range(first, len(rows)):
        below_gap = numbers[at] > numbers[at - 1] + 1
        if (below_gap or 1 not in usual) and all(
            _is_note(row, width, alone=not below_gap) for row in rows[at:]
        ):
            return len(rows) - at + _is_total(rows[:at])
        if below_gap and at > 1 and _is_total(rows[: at + 1]) and len(rows) - at <= 3:
            return len(rows) - at
    return int(_is_total(rows))


def _is_note(row: Row, width: int, *, alone: bool) -> bool:
    """Tell whether a row is a note: a text in its first cell alone, or in few of its cells."""
    filled = count_filled(row)
    if not filled:
        return True
    text = next(cell for cell in row if not is_blank(cell))
    if not (isinstance(text, str) and any(map(str.isalpha, text))):
        return False
    if alone:
        is_sentence = ":" in text or len(text.split()) > 3
        return filled == 1 and not is_blank(row[0]) and width > 2 and is_sentence
    return 2 * filled <= width


def _is_total(rows: Sequence[Row]) -> bool:
    """Tell whether the last row is one of totals."""
    *body, last = rows
    place = next((at for at, cell in enumerate(last) if not is_blank(cell)), None)
    if place is None or len(body) < 3:
        return False
    if not isinstance(last[place], str) or looks_typed(last[place]):
        return _are_sums(body, last)
    if not _TOTAL.match(last[place].strip()):
        return False
    others = {str(row[place]) for row in body if place < len(row)}
    return not any(_TOTAL.match(text.strip()) for text in others)


def _are_sums(body: Sequence[Row], last: Row) -> bool:
    """Tell whether a row lacks what all others have, and mostly holds sums of its columns."""
    columns = [[row[at] if at < len(row) else None for row in body] for at in range(len(last))]
    lacking = [at for at, cell in enumerate(last) if is_blank(cell)]
    if 0 not in lacking or any(map(is_blank, columns[0])) or 2 * len(lacking) < len(last):
        return False
    sums = list[bool]()
    for cell, column in zip(last, columns, strict=True):
        numbers = [_digits(own) for own in column if not is_blank(own)]
        if not is_blank(cell) and 2 * len(numbers) > len(body):
            is_count = min(numbers) >= 0 and any(numbers)
            sums.append(is_count and _digits(cell) >= 0.999 * sum(numbers))
    return 2 * sum(sums) > len(sums)


def _digits(cell: Any) -> float:
    """Return a number, of a text its digits, which have one scale in a column; -1 for others."""
    if isinstance(cell, str):
        return float("0" + re.sub(r"\D", "", cell)) if looks_typed(cell) else -1.0
    return float(cell) if isinstance(cell, int | float) else -1.0


def repeats_of(labels: Sequence[str], rows: Sequence[Row]) -> list[int]:
    """Return the positions of the rows that hold the names of the columns once more.

    Reports have them at the top of each page.

    Parameters
    ----------
    labels
        The labels of the header.
    rows
        The rows below it.
    """
    named = [place for place, label in enumerate(labels) if label.strip()]
    if len(named) < 2 or any(looks_typed(labels[place]) for place in named):
        return []
    first = named[0]
    alike = [at for at, row in enumerate(rows) if len(row) > first and row[first] == labels[first]]
    return [
        at
        for at in alike
        if [str(rows[at][place]) for place in named] == [labels[place] for place in named]
    ]


def say_repeats(count: int) -> str:
    """Say that rows which repeat the header are skipped."""
    shown = "1 row that repeats" if count == 1 else f"{count:,} rows that repeat"
    return f"{shown} the names of the columns skipped"


def say_footer(rows: int) -> str:
    """Say that the last rows are skipped."""
    shown = "the last row is" if rows == 1 else f"the last {rows} rows are"
    return f"{shown} skipped, as notes or totals below the table"
