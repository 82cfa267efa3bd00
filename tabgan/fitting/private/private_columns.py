"""Private column encoders: ranges, quantiles and levels from noisy counts only."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import OptionError
from tabgan.encoding.categorical import CategoricalEncoder, LevelTable
from tabgan.encoding.numeric import NumericEncoder
from tabgan.encoding.quantiles import Quantiles
from tabgan.encoding.table_encoder import FEW_VALUES
from tabgan.fitting.private.column_format_vote import ColumnFormat
from tabgan.fitting.private.histogram_features import ColumnSummary, level_block, number_block
from tabgan.fitting.private.noisy_counts import NoisyCounter
from tabgan.fitting.private.private_levels import learn_levels
from tabgan.fitting.private.range_tree import SURE, RangeCells, grow
from tabgan.table.columns import numbers_of, numbers_to_series
from tabgan.table.dates import range_of_ticks, unit_of
from tabgan.table.level_codes import codes_of
from tabgan.table.number_scale import EXACT, Lattice, Real, Scale
from tabgan.table.numbers import Numbers
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column

__all__ = ["learn_column"]

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
            f"epsilon: column {column.name!r} has too few numbers for their range to be found in "
            f"private (of a power of two, {SURE * counter.sigma('values'):,.0f} rows or more are "
            "seen); declare its minimum and maximum in a Schema, leave the column out, or raise "
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
