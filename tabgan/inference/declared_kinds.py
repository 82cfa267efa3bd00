"""Check a column against its declared kind, and describe it as that kind."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import numpy as np

from tabgan.base.errors import SchemaError
from tabgan.inference.column_cells import NUMBER_TYPES, ColumnCells, ColumnGuess, shown
from tabgan.inference.date_columns import find_dates, find_durations, find_times, find_written_dates
from tabgan.inference.date_recognition import recognize_dates
from tabgan.inference.list_columns import read_lists
from tabgan.inference.number_columns import MOST_OTHERS, is_number, is_whole, read_numbers
from tabgan.inference.text_columns import find_compounds, find_levels, find_names
from tabgan.table.check_digits import IBAN
from tabgan.table.compound_numbers import find_compound
from tabgan.table.record_cells import find_objects, find_pair
from tabgan.table.schema import LOCALISED, Kind, expression_of
from tabgan.table.text_formats import MISSING_MARKS

__all__ = ["fit_kind"]

Fits = Callable[[Any], bool]

LEAST_DECLARED = 0.5  # share of the cells of a declared kind that must be written in its form


class _Rule(NamedTuple):
    """What a kind asks of a column."""

    holds: str  # what its values are, in words
    find: Callable[[ColumnCells], ColumnGuess | None]  # None: does not fit
    fits: Callable[[ColumnCells], Fits]  # tells the values that fit from those that don't


def fit_kind(cells: ColumnCells, kind: Kind) -> ColumnGuess:
    """Describe a column as the kind that was asked for.

    Parameters
    ----------
    cells
        The cells of the column.
    kind
        The declared kind.

    Raises
    ------
    SchemaError
        If its values are not of that kind; the message names the first that is not.
    """
    if not len(cells.given):
        return ColumnGuess(kind, "as asked; no value is present")
    if cells.storage == "category" and kind not in ("categorical", "boolean"):
        raise SchemaError(
            f"Column {shown(cells.name)}: kind={kind!r} does not go with the dtype "
            f"{cells.given.dtype}, which keeps its values; convert the column first, for example "
            "with .astype(str)",
            on_command_line=f"Column {shown(cells.name)}: the file holds categories, which don't "
            f"go with the kind {kind!r}; give --kind {cells.name}=categorical, or convert the file "
            "to CSV",
        )
    rule = _rule_of(kind)
    finding = rule.find(cells)
    if finding is None:
        _refuse(cells, kind, rule)
    return finding._replace(kind=kind, why=f"as asked; {finding.why}")


def _refuse(cells: ColumnCells, kind: Kind, rule: _Rule) -> NoReturn:
    fits = rule.fits(cells)
    position = next((i for i, value in enumerate(cells.objects) if not fits(value)), 0)
    raise SchemaError(
        f"Column {shown(cells.name)}, row {cells.row_of(position)}: kind={kind!r} does not fit "
        f"the value {shown(cells.objects[position])}; a column of this kind holds {rule.holds}: "
        "choose another kind or change the values",
        on_command_line=f"Column {shown(cells.name)}, row {cells.row_of(position)}: the kind "
        f"{kind!r} does not fit the value {shown(cells.objects[position])}; a column of this kind "
        f"holds {rule.holds}: choose another one, as in --kind {cells.name}=categorical, or change "
        "the values",
    )


def _find_numbers(cells: ColumnCells) -> ColumnGuess | None:
    reading = read_numbers(cells, least_share=LEAST_DECLARED)
    none_fits = reading.others and not reading.numbers.size
    if none_fits or (len(reading.others) > MOST_OTHERS and reading.recognized is None):
        return None
    return reading.finding("numeric")


def _find_whole(cells: ColumnCells) -> ColumnGuess | None:
    reading = read_numbers(cells)
    return _find_numbers(cells) if reading.whole or not reading.numbers.size else None


def _find_dates(cells: ColumnCells) -> ColumnGuess | None:
    if cells.storage in ("string", "number"):
        return _written(cells, "datetime")
    if cells.storage == "time":
        return find_times(cells)
    return find_dates(cells) if cells.storage == "date" else None


def _find_durations(cells: ColumnCells) -> ColumnGuess | None:
    if cells.storage == "string":
        return _written(cells, "timedelta")
    return find_durations(cells) if cells.storage == "duration" else None


def _written(cells: ColumnCells, kind: Kind) -> ColumnGuess | None:
    guess = find_written_dates(cells, least_share=LEAST_DECLARED)
    return guess if guess is not None and guess.kind == kind else None


def _find_several(cells: ColumnCells) -> ColumnGuess | None:
    return find_compounds(cells, declared=True) if cells.storage == "string" else None


def _find_two(cells: ColumnCells) -> ColumnGuess | None:
    return find_levels(cells) if cells.given.nunique() <= 2 else None


def _find_names(cells: ColumnCells) -> ColumnGuess | None:
    if cells.storage == "number":
        reading = read_numbers(cells)
        complete = reading.cells + len(reading.others) == reading.filled
        return find_names(cells) if reading.whole and complete else None
    if cells.storage == "mixed" and any(isinstance(value, str) for value in cells.objects):
        return find_names(cells)  # all are made as text
    return find_names(cells) if cells.storage in {"string", "bytes", "uuid"} else None


def _find_row_numbers(cells: ColumnCells) -> ColumnGuess | None:
    reading = read_numbers(cells)
    complete = reading.whole and reading.cells == reading.filled
    return find_names(cells) if complete and cells.storage in {"string", "number"} else None


def _find_uuids(cells: ColumnCells) -> ColumnGuess | None:
    return find_levels(cells) if cells.storage in {"string", "uuid"} else None


def _find_texts_like(expression: re.Pattern[str]) -> Callable[[ColumnCells], ColumnGuess | None]:
    def find(cells: ColumnCells) -> ColumnGuess | None:
        are_texts = cells.storage == "string" and all(map(expression.fullmatch, cells.texts))
        return find_levels(cells) if are_texts else None

    return find


def _find_text(cells: ColumnCells) -> ColumnGuess | None:
    return find_levels(cells) if cells.storage == "string" else None


def _number_fits(_: ColumnCells) -> Fits:
    return _is_number


def _whole_fits(cells: ColumnCells) -> Fits:
    fits = _number_fits(cells)

    def whole(value: Any) -> bool:
        if isinstance(value, str):
            return fits(value) and (value in MISSING_MARKS or is_whole(value))
        return fits(value) and value == value // 1

    return whole


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value in MISSING_MARKS or is_number(value)
    return isinstance(value, NUMBER_TYPES) and not isinstance(value, bool)


def _date_fits(cells: ColumnCells) -> Fits:
    if cells.storage != "string":
        return lambda _: False
    return lambda text: text in MISSING_MARKS or recognize_dates({text: 1}, cells.name) is not None


def _several_fit(cells: ColumnCells) -> Fits:
    first = list(cells.texts)[:1] if cells.storage == "string" else []
    record = find_objects(cells.texts) or find_pair(cells.texts) if first else None
    if record is not None:
        return lambda text: text in MISSING_MARKS or record.read(text) is not None
    form = find_compound(dict.fromkeys(first, 1))
    if form is None:
        return lambda _: False
    return lambda text: text in MISSING_MARKS or not np.isnan(form.parse([text])).any()


def _two_fit(cells: ColumnCells) -> Fits:
    two = cells.given.drop_duplicates()[:2].tolist()
    return lambda value: value in two


def _name_fits(cells: ColumnCells) -> Fits:
    if cells.storage == "number":
        return _whole_fits(cells)
    return lambda value: cells.storage == "mixed" and type(value) is type(cells.objects[0])


def _text_fits(_: ColumnCells) -> Fits:
    return lambda value: isinstance(value, str)


def _written_like(holds: str, expression: re.Pattern[str]) -> _Rule:
    """Ask for texts that match an expression, or are marks of absence."""

    def fits(value: Any) -> bool:
        is_text = isinstance(value, str)
        return is_text and (value in MISSING_MARKS or bool(expression.fullmatch(value)))

    return _Rule(holds, _find_texts_like(expression), lambda _: fits)


def _rule_of(kind: Kind) -> _Rule:
    expression = expression_of(kind)
    if expression is None:
        return _RULES[kind]
    return _written_like(f"texts that match {expression}", re.compile(expression))


_RULES: dict[Kind, _Rule] = {
    "numeric": _Rule(
        f"numbers, and at most {MOST_OTHERS} distinct other values", _find_numbers, _number_fits
    ),
    "integer": _Rule(
        f"whole numbers, and at most {MOST_OTHERS} distinct other values", _find_whole, _whole_fits
    ),
    "datetime": _Rule("dates, or texts that are dates in one format", _find_dates, _date_fits),
    "timedelta": _Rule("durations", _find_durations, lambda _: lambda _: False),
    "compound": _Rule(
        "texts of two to four numbers that are written alike, such as 120/80, JSON objects, or "
        "texts of a name and a number",
        _find_several,
        _several_fit,
    ),
    "boolean": _Rule("at most two distinct values", _find_two, _two_fit),
    "categorical": _Rule("any values", find_levels, lambda _: lambda _: True),
    "multiselect": _Rule("texts that are lists", read_lists, _text_fits),
    "identifier": _Rule("text, bytes, UUIDs or whole numbers", _find_names, _name_fits),
    "text": _Rule("text", _find_text, _text_fits),
    "key": _Rule("text, bytes, UUIDs or whole numbers", _find_names, _name_fits),
    "sequential": _Rule("whole numbers", _find_row_numbers, _whole_fits),
    "uuid": _Rule("text or UUIDs", _find_uuids, _text_fits),
    "iban": _written_like("international bank account numbers", IBAN),
    **dict.fromkeys(LOCALISED, _Rule("text", _find_text, _text_fits)),
}
