"""What the cells of a column are, by a vote of its rows.

Where the dtype leaves it open (text may be numbers or dates, a float may be whole), every row has
one vote for a form out of a fixed list, and the votes are counted with noise. Nothing else of the
values is looked at.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.inference.numbers import is_number, is_whole
from tabgan.kinds import Kind
from tabgan.privacy.differential.curator import Curator
from tabgan.scalars import Scalar
from tabgan.schema import Column
from tabgan.text_formats import DATE_FORMATS, MISSING_MARKS, parse_dates, pattern_of
from tabgan.values import dense, numbers_of, unit_of
from tabgan.values.levels import distinct_of

__all__ = ["Form", "find_form", "votes"]

MOST_DECIMALS = 10
SURE = 4.0  # times the noise that a count must have to be more than noise
FIXED = ("day", "hour", "minute", "second")  # in whole ones of which dates may be counted
_SECONDS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # in a second

Vote = Hashable
_DECIMALS: list[Vote] = [*range(MOST_DECIMALS + 1), "full"]
_NUMBERS: list[Vote] = ["missing", *_DECIMALS]
_DATES: list[Vote] = ["missing", *FIXED, "fine"]
_MADE_ANEW: tuple[Kind, ...] = ("email", "uuid", "iban", "phone")  # known by how they are written
_WORDS: list[Vote] = [
    *("missing", "word"),
    *sorted(MISSING_MARKS),
    *_DECIMALS,
    *DATE_FORMATS,
    *_MADE_ANEW,
]


@dataclass(frozen=True)
class Form:
    """What a vote has found.

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


def find_form(column: Column, values: pd.Series, curator: Curator, part: int) -> Form:
    """Let the rows of a column vote on its form; what is declared is not asked for.

    Parameters
    ----------
    column
        What dtype and declaration say.
    values
        Its values.
    curator
        Counts the votes.
    part
        The column's place in the table.
    """
    forms, cast = votes(column, values)
    counts = np.bincount(cast, minlength=len(forms))
    noisy = curator.measure("forms", counts, part)
    least = SURE * curator.sigma("forms")
    found = dict(zip(forms, noisy.tolist(), strict=True))
    sure = {form for form, count in found.items() if count > least}
    if forms is _DATES:
        return Form(column, (None,) if "missing" in sure else (), _step(column, sure))
    specials = tuple(
        None if form == "missing" else str(form)
        for form in forms
        if form in sure and (form == "missing" or form in MISSING_MARKS)
    )
    if forms is _WORDS:
        column = _settle_text(column, found, sure)
    if column.kind == "numeric" and column.decimals is None:
        column = _settle_decimals(column, sure)
    return Form(column, specials)


def votes(column: Column, values: pd.Series) -> tuple[list[Vote], NDArray[np.int64]]:
    """Return the forms that a column may have, and for which of them each row votes."""
    values = dense(values)
    if column.kind in ("datetime", "timedelta") and column.format is None:
        return _DATES, _vote_dates(column, values)
    if pd.api.types.is_numeric_dtype(values.dtype) and not isinstance(values.dtype, pd.ArrowDtype):
        return _NUMBERS, _vote_decimals(values)
    codes, levels = distinct_of(values)
    cast = np.array([*_vote_words(levels), _WORDS.index("missing")], np.int64)
    return _WORDS, cast[codes]


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


def _vote_words(levels: Sequence[Scalar]) -> NDArray[np.int64]:
    """Return the vote of each distinct cell: of a mark, a number, a date, an address, or a word."""
    cast = np.full(len(levels), _WORDS.index("word"))
    rest: list[int] = []
    for place, level in enumerate(levels):
        if not isinstance(level, str):
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
        if look in _MADE_ANEW:
            cast[place] = _WORDS.index(look)
    return cast


def _decimals_of(text: str) -> Vote:
    if is_whole(text):
        return 0
    places = len(text.partition(".")[2])
    return places if "e" not in text.lower() and 0 < places <= MOST_DECIMALS else "full"


def _step(column: Column, sure: set[Vote]) -> int:
    """Return the ticks of the coarsest unit in whole ones of which the dates are counted."""
    second = _TICKS.get(unit_of(column))
    finest = next((form for form in reversed(_DATES[1:]) if form in sure), "fine")
    return _SECONDS[str(finest)] * second if second and finest != "fine" else 1


def _settle_text(column: Column, found: dict[Vote, int], sure: set[Vote]) -> Column:
    """Choose the kind of a column of text, unless it is declared, and how it is written."""
    numbers = sum(found[form] for form in _DECIMALS if form in sure)
    date = max(DATE_FORMATS, key=lambda form: found[form])
    dates = sum(found[form] for form in DATE_FORMATS if form in sure)
    kind, why = column.kind, column.why
    if not why:  # not declared
        words = found["word"] if "word" in sure else 0
        rows = {"categorical": words, "datetime": dates, "numeric": numbers}
        rows |= {form: found[form] for form in _MADE_ANEW if form in sure}
        kind = max(rows, key=lambda name: rows[name])  # words where nothing is sure
        why = f"text, of which most rows are {'words' if kind == 'categorical' else kind}"
    if kind == "datetime":
        return replace(column, kind=kind, why=why, format=column.format or date)
    if kind in ("numeric", "integer"):
        column = replace(column, kind=kind, why=why)
        decimals = _settle_decimals(column, sure)
        places = {form for form in sure if isinstance(form, int)}
        one = len(places) == 1 and "full" not in sure and places != {0}
        form = f"%.{places.pop()}f" if one else "shortest"
        return replace(decimals, format=column.format or form)
    return replace(column, kind=kind, why=why)


def _settle_decimals(column: Column, sure: set[Vote]) -> Column:
    """Choose the decimal places of numbers; those that have none are whole."""
    places = [form for form in sure if isinstance(form, int)]
    if "full" in sure or not places or column.decimals is not None:
        return column
    kind = "integer" if max(places) == 0 else column.kind
    return replace(column, kind=kind, decimals=max(places))
