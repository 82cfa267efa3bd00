"""Private detection of column formats: each row votes, and the votes are counted with noise.

Where the dtype leaves it open (text may be numbers or dates, a float may be whole), every row has
one vote for a form out of a fixed list. Nothing else of the values is used.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.fitting.private.noisy_counts import NoisyCounter
from tabgan.inference.number_columns import is_number, is_whole
from tabgan.table.columns import numbers_of
from tabgan.table.dates import unit_of
from tabgan.table.level_codes import dense, distinct_of
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column, Kind
from tabgan.table.text_formats import DATE_FORMATS, MISSING_MARKS, parse_dates, pattern_of

__all__ = ["ColumnFormat", "vote_on_format", "votes"]

MOST_DECIMALS = 10
SURE = 4.0  # times the noise that a count must have to be more than noise
FIXED = ("day", "hour", "minute", "second")  # in whole ones of which dates may be counted
_SECONDS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # in a second

Vote = Hashable
_DECIMALS: list[Vote] = [*range(MOST_DECIMALS + 1), "full"]
_NUMBERS: list[Vote] = ["missing", *_DECIMALS]
_DATES: list[Vote] = ["missing", *FIXED, "fine"]
_OBJECTS: list[tuple[str, Vote]] = [
    ("object", form) for form in _DECIMALS
]  # numbers that are no texts
_IDENTIFIERS: tuple[Kind, ...] = ("email", "uuid", "iban", "phone")  # known by how they are written
_WORDS: list[Vote] = [
    *("missing", "word"),
    *sorted(MISSING_MARKS),
    *_DECIMALS,
    *DATE_FORMATS,
    *_IDENTIFIERS,
    *_OBJECTS,
    *_DATES[1:],
]
_TICKING: tuple[Kind, ...] = ("datetime", "timedelta")


@dataclass(frozen=True)
class ColumnFormat:
    """The format of a column: its kind, how it is written, and the marks beside its values.

    Parameters
    ----------
    column
        The column, with kind, decimals and format.
    specials
        What stands beside numbers and dates: None where values are missing, marks of absence.
    step
        Ticks in which dates are counted.
    """

    column: Column
    specials: tuple[Scalar, ...] = ()
    step: int = 1


def vote_on_format(
    column: Column, values: pd.Series, counter: NoisyCounter, part: int
) -> ColumnFormat:
    """Let the rows of a column vote on its format; declared parts stay as they are.

    Parameters
    ----------
    column
        What dtype and declaration say.
    values
        Its values.
    counter
        Counts the votes.
    part
        The column's place in the table.
    """
    forms, cast = votes(column, values)
    counts = np.bincount(cast, minlength=len(forms))
    noisy = counter.measure("forms", counts, part)
    least = SURE * counter.sigma("forms")
    counted = dict(zip(forms, noisy.tolist(), strict=True))
    sure = {form for form, count in counted.items() if count > least}
    if forms is _DATES:
        return ColumnFormat(column, (None,) if "missing" in sure else (), _step(column, sure))
    specials = tuple(
        None if form == "missing" else str(form)
        for form in forms
        if form in sure and (form == "missing" or form in MISSING_MARKS)
    )
    if forms is _NUMBERS:
        column = _settle_decimals(column, sure) if column.kind == "numeric" else column
        return ColumnFormat(column, specials)
    column = _settle_text(column, counted, sure)
    ticks = column.kind in _TICKING and column.format is None
    return ColumnFormat(column, specials, _step(column, sure) if ticks else 1)


def votes(column: Column, values: pd.Series) -> tuple[list[Vote], NDArray[np.int64]]:
    """Return the forms that a column may have, and for which of them each row votes.

    Parameters
    ----------
    column
        What dtype and declaration say.
    values
        Its values.
    """
    values = dense(values)
    ticks = column.kind in _TICKING and column.format is None
    if ticks and not pd.api.types.is_string_dtype(values.dtype):
        return _DATES, _vote_dates(column, values)
    if pd.api.types.is_numeric_dtype(values.dtype) and not isinstance(values.dtype, pd.ArrowDtype):
        return _NUMBERS, _vote_decimals(values)
    codes, levels = distinct_of(values)
    cast = np.array([*_vote_words(levels, column), _WORDS.index("missing")], np.int64)[codes]
    if ticks and values.dtype == np.dtype(object):
        dates = _vote_dates(column, values)
        cast = np.where(dates > 0, dates + _WORDS.index(_DATES[1]) - 1, cast)
    return _WORDS, cast


def _vote_decimals(values: pd.Series) -> NDArray[np.int64]:
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    cast = np.full(len(numbers), _NUMBERS.index("full"))
    with np.errstate(over="ignore", invalid="ignore"):
        for places in range(MOST_DECIMALS, -1, -1):
            cast[np.round(numbers, places) == numbers] = _NUMBERS.index(places)
    cast[~np.isfinite(numbers)] = 0
    return cast


def _vote_dates(column: Column, values: pd.Series) -> NDArray[np.int64]:
    read = numbers_of(values, column)
    cast = np.full(len(values), _DATES.index("fine"))
    second = _TICKS.get(unit_of(column), 0)
    for form in reversed(FIXED) if second else ():
        cast[read.values % (_SECONDS[form] * second) == 0] = _DATES.index(form)
    cast[~read.present] = 0
    return cast


def _vote_words(levels: Sequence[Scalar], column: Column) -> NDArray[np.int64]:
    """Return the vote of each distinct cell: of a mark, a number, a date, an address, or a word."""
    cast = np.full(len(levels), _WORDS.index("word"))
    rest: list[int] = []
    for place, level in enumerate(levels):
        if not isinstance(level, str):
            if column.kind in ("numeric", "integer") and _is_finite(level):
                cast[place] = _WORDS.index(("object", _decimals_of_object(level)))
            continue
        if level in MISSING_MARKS:
            cast[place] = _WORDS.index(level)
        elif is_number(level):
            cast[place] = _WORDS.index(_decimals_of(level))
        else:
            rest.append(place)
    for form in DATE_FORMATS if rest else ():
        fits = ~np.isnat(parse_dates([str(levels[place]) for place in rest], form))
        cast[np.array(rest)[fits]] = _WORDS.index(form)
        rest = [place for place, fit in zip(rest, fits, strict=True) if not fit]
        if not rest:
            break
    for place in rest:
        look = pattern_of([str(levels[place])])
        if look in _IDENTIFIERS:
            cast[place] = _WORDS.index(look)
    return cast


def _decimals_of(text: str) -> Vote:
    if is_whole(text):
        return 0
    places = len(text.partition(".")[2])
    return places if "e" not in text.lower() and 0 < places <= MOST_DECIMALS else "full"


def _is_finite(level: Scalar) -> bool:
    if isinstance(level, int):
        return not isinstance(level, bool)
    return isinstance(level, float | Decimal) and math.isfinite(float(level))


def _decimals_of_object(level: int | float | Decimal) -> Vote:
    """Return the decimal places of a number's value, which equal ones have in common."""
    return (
        0 if isinstance(level, int) else _decimals_of(repr(float(level) + 0.0).removesuffix(".0"))
    )


def _step(column: Column, sure: set[Vote]) -> int:
    """Return the ticks of the coarsest unit in whole ones of which the dates are counted.

    That is a microsecond at least: there are more nanoseconds since 1970 than a float can count.
    """
    second = _TICKS.get(unit_of(column))
    if second is None:  # periods, days
        return 1
    finest = next((form for form in reversed(_DATES[1:]) if form in sure), "fine")
    return max(second // 10**6, 1) if finest == "fine" else _SECONDS[str(finest)] * second


def _settle_text(column: Column, counted: dict[Vote, int], sure: set[Vote]) -> Column:
    """Choose the kind of a column of text, unless it is declared, and how it is written."""
    numbers, objects, dates, ticks = (
        sum(counted[form] for form in forms if form in sure)
        for forms in (_DECIMALS, _OBJECTS, DATE_FORMATS, _DATES[1:])
    )
    kind, why = column.kind, column.why
    if column.origin == "inferred":
        words = counted["word"] if "word" in sure else 0
        rows = {"categorical": words, "datetime": dates, "numeric": numbers}
        rows |= {form: counted[form] for form in _IDENTIFIERS if form in sure}
        kind = max(rows, key=lambda name: rows[name])  # words where nothing is sure
        why = f"text, of which most rows are {'words' if kind == 'categorical' else kind}"
    column = replace(column, kind=kind, why=why)
    if kind == "datetime" and dates >= ticks:
        date = max(DATE_FORMATS, key=lambda form: counted[form])
        return replace(column, format=column.format or date)
    if kind in ("numeric", "integer"):
        if objects > numbers and column.format is None:
            return _settle_decimals(column, {form[1] for form in _OBJECTS if form in sure})
        decimals = _settle_decimals(column, sure)
        places = {form for form in sure if isinstance(form, int)}
        one = len(places) == 1 and "full" not in sure and places != {0}
        form = f"%.{places.pop()}f" if one else "shortest"
        return replace(decimals, format=column.format or form)
    return column


def _settle_decimals(column: Column, sure: set[Vote]) -> Column:
    """Choose the decimal places of numbers; those that have none are whole."""
    places = [form for form in sure if isinstance(form, int)]
    if "full" in sure or not places or column.decimals is not None:
        return column
    kind = "integer" if max(places) == 0 else column.kind
    return replace(column, kind=kind, decimals=max(places))
