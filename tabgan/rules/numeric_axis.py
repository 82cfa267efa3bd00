"""Columns that can be compared with each other, on the line that they share.

Numbers share a line of floats. Dates and durations share lines of int64 ticks: dates of a dtype
with a time zone the line of instants, others a line of wall-clock times.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.table.columns import (
    EXACT,
    NUMBERS,
    TICKS,
    ColumnFrame,
    TypedSeries,
    numbers_of,
    numbers_to_series,
)
from tabgan.table.dates import unit_of
from tabgan.table.numbers import Numbers
from tabgan.table.schema import Column

__all__ = [
    "NumericAxis",
    "LineNumbers",
    "finest_unit",
    "from_line",
    "in_order",
    "line_name",
    "on_lines",
    "to_line",
    "to_lines",
]

LineNumbers = NDArray[np.int64] | NDArray[np.float64]
Mask = NDArray[np.bool_]

_PER_DAY = {"D": 1, "h": 24, "m": 1440, "s": 86_400}
_PER_DAY |= {"ms": 86_400 * 10**3, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}


class NumericAxis(NamedTuple):
    """A column's values on the line; 0 where there is none."""

    values: LineNumbers
    present: NDArray[np.bool_]


def in_order(low: NumericAxis | Numbers, high: NumericAxis | Numbers, *, strict: bool) -> Mask:
    """Return the rows in which one column is at most another, or one of the two is missing.

    Parameters
    ----------
    low, high
        The values of the two columns.
    strict
        Whether equal values are out of order.
    """
    kept = low.values < high.values if strict else low.values <= high.values
    return kept | ~(low.present & high.present)


def line_name(column: Column) -> Hashable | None:
    """Name the line on which a column lies: columns on one line can be compared."""
    if column.kind in NUMBERS:
        return "numbers"
    if column.kind not in TICKS:
        return None
    dtype: Any = column.pandas_dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "instants"
    arrow = getattr(dtype, "pyarrow_dtype", None)
    zone = getattr(arrow, "tz", None) or getattr(column.minimum, "tzinfo", None)
    text_zone = (column.format or "").endswith(("Z", "+00:00"))
    unit = unit_of(column)
    # Months, years and periods have no length of their own: compared only with their like.
    own = None if unit in _PER_DAY else (unit, str(dtype))
    return column.kind, str(zone), text_zone, own


def on_lines(table: ColumnFrame) -> list[ColumnFrame]:
    """Split a table into the columns of each line; those that lie on none are left out."""
    lines: dict[Hashable, ColumnFrame] = defaultdict(dict)
    for at, cells in table.items():
        name = line_name(cells[0])
        if name is not None:
            lines[name][at] = cells
    return [*lines.values()]


def finest_unit(columns: Iterable[Column]) -> str | None:
    """Return the finest unit of time among columns of one line; None if it has none."""
    units = [unit_of(column) for column in columns if column.kind in TICKS]
    return max(units, key=lambda unit: _PER_DAY.get(unit, 0), default=None)


def _factor(column: Column, unit: str | None) -> int:
    """Return how many ticks of the line are one of the column."""
    own = unit_of(column)
    return 1 if unit is None or own == unit else _PER_DAY[unit] // _PER_DAY[own]


def to_line(cells: TypedSeries, unit: str | None) -> NumericAxis:
    """Place a column's values on its line.

    Raises
    ------
    OverflowError
        If they do not fit: whole numbers beyond 2**53, dates too far for the unit.
    """
    column, values = cells
    numbers = numbers_of(values, column)
    if column.kind in NUMBERS:
        floats = numbers.values.astype(float)
        if numbers.values.dtype.kind != "f" and np.abs(floats).max(initial=0) > EXACT:
            raise OverflowError(f"column {column.name!r} does not fit into floats")
        return NumericAxis(floats, numbers.present)
    ticks = numbers.values
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        instants = values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        ticks = np.where(numbers.present, instants.view(np.int64), 0)
    factor = _factor(column, unit)
    if len(ticks) and max(-int(ticks.min()), int(ticks.max())) * factor >= 2**63:
        raise OverflowError(f"column {column.name!r} does not fit into int64 of unit {unit}")
    return NumericAxis(ticks * factor, numbers.present)


def to_lines(table: ColumnFrame, unit: str | None) -> dict[int, NumericAxis]:
    """Place columns on their line; those that do not fit, or have no values, are left out."""
    lines: dict[int, NumericAxis] = {}
    for at, cells in table.items():
        with suppress(OverflowError):
            lines[at] = to_line(cells, unit)
    return {at: line for at, line in lines.items() if line.present.any()}


def from_line(values: LineNumbers, cells: TypedSeries, unit: str | None) -> pd.Series:
    """Write values of a line in the form of the column that they belong to."""
    column, old = cells
    numbers = numbers_of(old, column)
    if column.kind in NUMBERS:
        changed = values.astype(numbers.values.dtype)
        return numbers_to_series(changed, numbers.special, column, numbers.present)
    ticks = values.astype(np.int64) // _factor(column, unit)
    dtype = old.dtype
    if not isinstance(dtype, pd.DatetimeTZDtype):
        return numbers_to_series(ticks, numbers.special, column, numbers.present)
    # Wall-clock times would lose which hour is meant when clocks are set back.
    instants = pd.Series(ticks.view(f"M8[{dtype.unit}]"), old.index, name=column.name)
    utc = instants.where(numbers.present).dt.tz_localize("UTC")
    restored: pd.Series = utc.dt.tz_convert(dtype.tz).astype(dtype)
    return restored
