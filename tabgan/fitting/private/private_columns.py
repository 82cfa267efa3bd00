"""Private column encoders: formats by vote, ranges, quantiles and levels from noisy counts only.

Private detection of column formats: each row votes, and the votes are counted with noise.

Where the dtype leaves it open (text may be numbers or dates, a float may be whole), every row has
one vote for a form out of a fixed list. Nothing else of the values is used.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import OptionError
from tabgan.encoding.column_encoders import CategoricalEncoder, LevelTable, NumericEncoder
from tabgan.encoding.quantiles import Quantiles
from tabgan.encoding.table_encoder import FEW_VALUES
from tabgan.fitting.private.noisy_marginals import ColumnSummary, level_block, number_block
from tabgan.fitting.private.privacy_accounting import NoisyCounter
from tabgan.fitting.private.private_histograms import SURE, RangeCells, grow, learn_levels
from tabgan.fitting.private.public_schema import NUMBERS_OF_ANY_CELLS
from tabgan.inference.number_and_date_columns import is_number, is_whole
from tabgan.table.columns import numbers_of, numbers_to_series
from tabgan.table.dates import range_of_ticks, unit_of
from tabgan.table.level_codes import codes_of, dense, distinct_of
from tabgan.table.number_scale import EXACT, Lattice, Real, Scale
from tabgan.table.numbers import Numbers
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column, Kind
from tabgan.table.text_formats import DATE_FORMATS, MISSING_MARKS, parse_dates, pattern_of

__all__ = ["ColumnFormat", "learn_column", "vote_on_format", "votes"]

MOST_DECIMALS = 10
SURE_FORM = 4.0  # times the noise that a count must have to be more than noise
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
    least = SURE_FORM * counter.sigma("forms")
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
        why = f"text; most rows are {'words' if kind == 'categorical' else kind}"
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
    if max(places):
        return replace(column, decimals=max(places))
    is_free = column.origin == "dtype" and column.dtype == NUMBERS_OF_ANY_CELLS
    dtype = "Int64" if is_free else column.dtype
    return replace(column, kind="integer", decimals=0, dtype=dtype)


DATE_MARKS = (  # that stand for no date, or an open end; the first and the last one there are
    *("0001-01-01", "1900-01-01", "1970-01-01", "2099-12-31", "2100-01-01", "2999-12-31"),
    *("3000-01-01", "9999-01-01", "9999-12-31"),
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def learn_column(
    form: ColumnFormat,
    values: pd.Series,
    counter: NoisyCounter,
    part: int,
    *,
    n_rows: int,
    delta: float,
) -> tuple[Column, ColumnSummary]:
    """Fit the encoder of a column to noisy counts.

    Parameters
    ----------
    form
        What the column is.
    values
        Its values.
    counter
        Adds the noise.
    part
        The column's place in the table.
    n_rows
        The noisy number of rows.
    delta
        Probability with which a value that only one row holds may be released.

    Raises
    ------
    OptionError
        If there are too few rows to find out in private where the column's numbers lie, or which
        levels it has.
    """
    column = form.column
    if column.kind in ("categorical", "boolean"):
        return learn_levels(column, values, counter, part, n_rows=n_rows, delta=delta)
    return _learn_numbers(form, values, counter, part)


def _learn_numbers(
    form: ColumnFormat, values: pd.Series, counter: NoisyCounter, part: int
) -> tuple[Column, ColumnSummary]:
    column = form.column
    line, present, _ = _read(form, values)
    whole, (low, high) = _is_whole(form), _bounds(form)
    if whole and low is not None and high is not None and high - low < FEW_VALUES:
        return column, _few_numbers(form, np.arange(low, high + 1))  # all of them are declared
    cells = grow(
        line[present],
        whole=whole,
        bounds=(low, high),
        measure=lambda counts: counter.measure("values", counts, part),
        sigma=counter.sigma("values"),
        rounds=counter.ledger["values"].times,
        marks=_date_marks(form),
    )
    if not len(cells):
        raise OptionError(
            f"epsilon: column {column.name!r} has too few numbers to find their range "
            f"privately (at least {SURE * counter.sigma('values'):,.0f} rows per power of two are "
            "needed); declare its minimum and maximum in a Schema, leave the column out, or raise "
            "epsilon"
        )
    column = _with_range(column, cells, whole)
    form = replace(form, column=column)
    if whole and (cells.high - cells.low).sum() <= FEW_VALUES:
        return column, _few_numbers(form, _single(cells))
    scale, quantiles = _distribution(form, cells, whole)
    encoder = NumericEncoder(column, scale, quantiles, LevelTable(form.specials))

    def block(part: pd.Series) -> Ints:
        line, _, marks = _read(form, part)
        low, width = quantiles.to_band(_to_scale(line, scale, cells))
        return number_block(low, width, marks, len(form.specials))

    return column, ColumnSummary(encoder, block)


def _single(cells: RangeCells) -> Floats:
    """Return the whole numbers in cells."""
    parts = [np.arange(low, high) for low, high in zip(cells.low, cells.high, strict=True)]
    return np.concatenate(parts)


def _few_numbers(form: ColumnFormat, numbers: Floats) -> ColumnSummary:
    """Encode the numbers of a column that has only few as levels."""
    column, n = form.column, len(numbers)
    special = np.full(n, None, object)
    written = numbers_to_series(_from_line(numbers, form), special, column, np.ones(n, bool))
    places, number_levels = codes_of(written)  # not sorted where they are texts
    levels = [*number_levels, *form.specials]

    def block(part: pd.Series) -> Ints:
        line, present, marks = _read(form, part)
        middle = (numbers[1:] + numbers[:-1]) / 2
        codes = places[np.searchsorted(middle, line)].astype(np.int64)
        return level_block(
            np.where(present, codes, np.where(marks > 0, n - 1 + marks, -1)), len(levels)
        )

    return ColumnSummary(CategoricalEncoder(column, LevelTable(levels)), block)


class _Read(NamedTuple):
    """Cells of a column of numbers: each for itself, whatever the others are."""

    line: Floats  # places of the numbers on the line
    present: NDArray[np.bool_]  # where there is a number
    marks: Ints  # 0 where there is one, from 1 on which special stands there, -1 for none


def _read(form: ColumnFormat, values: pd.Series) -> _Read:
    read = numbers_of(values, _bounded(form.column))
    line = read.values.astype(np.float64)
    if _is_whole(form):
        scale = _per_unit(form)
        with np.errstate(over="ignore"):
            line = np.rint(line * scale) if scale >= 1 else np.floor(line * scale)
        line = np.clip(line, -float(EXACT), float(EXACT))
    return _Read(line, read.present, _marks(read, form.specials))


def _marks(read: Numbers, specials: Sequence[Scalar]) -> Ints:
    marks = np.where(read.present, 0, -1)
    if specials and not read.present.all():
        places = {value: 1 + place for place, value in enumerate(specials)}
        absent = read.special[~read.present]
        marks[~read.present] = [places.get(v, -1) if _is_mark(v) else -1 for v in absent]
    return marks


def _is_mark(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _bounded(column: Column) -> Column:
    """Bound a column, so that whether a cell is a number depends on no other row."""
    if column.kind not in ("integer", "numeric") or column.maximum is not None:
        return column
    return replace(column, maximum=max(EXACT, column.minimum or 0))


def _per_unit(form: ColumnFormat) -> float:
    """Return the whole steps of the line in a unit of the column's numbers."""
    return 10.0 ** (form.column.decimals or 0) if form.step == 1 else 1 / form.step


def _from_line(line: Floats, form: ColumnFormat) -> Any:
    numbers = line / 10.0 ** (form.column.decimals or 0) * form.step
    return numbers if form.column.kind == "numeric" else numbers.astype(np.int64)


def _is_whole(form: ColumnFormat) -> bool:
    return form.column.kind != "numeric" or form.column.decimals is not None


def _bounds(form: ColumnFormat) -> tuple[float | None, float | None]:
    """Return the declared range on the line."""
    column = form.column
    ends = column.minimum, column.maximum
    if column.kind in ("datetime", "timedelta"):
        first, last = range_of_ticks(column)
        ends = (None if ends[0] is None else first, None if ends[1] is None else last)
    low, high = (None if end is None else float(end) for end in ends)
    if _is_whole(form):
        low = None if low is None else float(np.ceil(low * _per_unit(form)))
        high = None if high is None else float(np.floor(high * _per_unit(form)))
    return low, high


def _date_marks(form: ColumnFormat) -> list[float]:
    """Return the first and the last date there are, and dates that stand for none, on the line.

    They are public. A column that has many of them then has no years around them, nor a year 0.
    """
    column = form.column
    if column.kind != "datetime" or isinstance(column.pandas_dtype, pd.PeriodDtype):
        return []
    unit: Any = unit_of(column)
    days = np.array(DATE_MARKS, "datetime64[D]")
    ticks = days.astype(f"datetime64[{unit}]")
    ticks = ticks[ticks.astype("datetime64[D]") == days]  # nanoseconds reach from 1677 to 2262
    marks = np.floor(ticks.astype(np.int64) * _per_unit(form))
    return np.unique(marks[np.abs(marks) < EXACT]).tolist()  # type: ignore[no-any-return]


def _with_range(column: Column, cells: RangeCells, whole: bool) -> Column:
    """Give a column of numbers the range of its cells, where none is declared."""
    if column.kind not in ("integer", "numeric"):
        return column
    ends = (cells.low[0], cells.high[-1] - 1 if whole else cells.high[-1])
    numbers = [float(end) / 10.0 ** (column.decimals or 0) for end in ends]
    low, high = (round(end) if column.kind == "integer" else end for end in numbers)
    return replace(
        column,
        minimum=low if column.minimum is None else column.minimum,
        maximum=high if column.maximum is None else column.maximum,
    )


def _distribution(form: ColumnFormat, cells: RangeCells, whole: bool) -> tuple[Scale, Quantiles]:
    """Turn cells and their rows into a scale and a quantile function on it."""
    share = np.cumsum(cells.rows) / cells.rows.sum()
    share[-1] = 1.0
    u = np.stack([np.concatenate([[0.0], share[:-1]]), share], axis=1).ravel()
    scale = _scale(form, cells)
    half = 0.5 if whole else 0.0
    low, high = _to_scale(cells.low, scale, cells), _to_scale(cells.high - 2 * half, scale, cells)
    x = np.stack([low - half, np.maximum(high, low) + half], axis=1).ravel()
    new = np.concatenate([[True], (np.diff(u) > 0) | (np.diff(x) > 0)])
    return scale, Quantiles(u[new], np.maximum.accumulate(x[new]), whole)


def _scale(form: ColumnFormat, cells: RangeCells) -> Scale:
    if not _is_whole(form):
        return Real(int(np.frexp(max(abs(cells.low[0]), abs(cells.high[-1])))[1]))
    base, last = int(cells.low[0]), int(cells.high[-1] - 1 - cells.low[0])
    if form.column.kind == "numeric":
        return Lattice("float64", base, 1, last, form.column.decimals or 0)
    return Lattice("int64", base * form.step, form.step, last)


def _to_scale(line: Floats, scale: Scale, cells: RangeCells) -> Floats:
    """Turn places on the line into positions of a scale."""
    inside = np.clip(line, cells.low[0], cells.high[-1])
    return np.ldexp(inside, -scale.exponent) if isinstance(scale, Real) else inside - cells.low[0]
