"""Columns of numbers, dates and durations on the axes that they share, and values moved along them.

Numbers share an axis of floats. Dates and durations share axes of int64 ticks: dates of a dtype
with a time zone the axis of instants, others an axis of wall-clock times. `AllowedValues` are the
values that a column can take on its axis.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import permutations
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.table.columns import (
    EXACT,
    NUMBERS,
    TICKS,
    ColumnFrame,
    TypedSeries,
    clip_to_ends,
    decimals_of,
    write_column,
)
from tabgan.table.dates import TICKS_PER_DAY, unit_of
from tabgan.table.numbers import Numbers
from tabgan.table.schema import Column

__all__ = [
    "AllowedValues",
    "FEW_VALUES",
    "LEAST_COMPARED",
    "SHORT_GAP",
    "NumericAxis",
    "AxisValues",
    "finest_unit",
    "from_axis",
    "have_distance",
    "is_short",
    "near_pairs",
    "spread",
    "values_of_both",
    "in_order",
    "axis_of",
    "by_axis",
    "to_axis",
    "to_axes",
    "neighbor_of",
    "propagate_order",
    "propagate_sum",
    "ticks_in",
]

FEW_VALUES = 20  # up to so many distinct numbers are listed one by one
LEAST_COMPARED = 100  # rows in which two numbers or dates are compared
MOST_NEAR = 40  # columns of dates among which near ones are sought
SHORT_GAP = 0.25  # of the interquartile range of the earlier date

AxisValues = NDArray[np.int64] | NDArray[np.float64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class NumericAxis(NamedTuple):
    """A column's values on the axis; 0 where there is none."""

    values: AxisValues
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


def axis_of(column: Column) -> Hashable | None:
    """Name the axis on which a column lies: columns on one axis can be compared."""
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
    own = None if unit in TICKS_PER_DAY else (unit, str(dtype))
    return column.kind, str(zone), text_zone, own


def by_axis(table: ColumnFrame) -> list[ColumnFrame]:
    """Split a table into the columns of each axis; those that lie on none are left out."""
    axes: dict[Hashable, ColumnFrame] = defaultdict(dict)
    for at, cells in table.items():
        name = axis_of(cells[0])
        if name is not None:
            axes[name][at] = cells
    return [*axes.values()]


def finest_unit(columns: Iterable[Column]) -> str | None:
    """Return the finest unit of time among columns of one axis; None if it has none."""
    units = [unit_of(column) for column in columns if column.kind in TICKS]
    return max(units, key=lambda unit: TICKS_PER_DAY.get(unit, 0), default=None)


def _factor(column: Column, unit: str | None) -> int:
    """Return how many ticks of the axis are one of the column."""
    own = unit_of(column)
    return 1 if unit is None or own == unit else TICKS_PER_DAY[unit] // TICKS_PER_DAY[own]


def ticks_in(ticks: NDArray[np.int64], own: str, unit: str) -> NDArray[np.int64]:
    """Return ticks of one unit of time as those of another, cut where this one is coarser.

    Parameters
    ----------
    ticks
        Ticks of a column.
    own, unit
        Its unit, and the wanted one; they are the same, or both have a length of their own.

    Examples
    --------
    >>> ticks_in(np.array([90_000]), "s", "D"), ticks_in(np.array([1]), "D", "h")
    (array([1]), array([24]))
    """
    if own == unit:
        return ticks
    if TICKS_PER_DAY[own] > TICKS_PER_DAY[unit]:
        return ticks // (TICKS_PER_DAY[own] // TICKS_PER_DAY[unit])
    return ticks * (TICKS_PER_DAY[unit] // TICKS_PER_DAY[own])


def have_distance(one: Column, other: Column) -> bool:
    """Return whether the distance of two dates on one axis is a number of ticks of either."""
    if not one.kind == other.kind == "datetime":
        return False
    if (one.dtype, one.format) == (other.dtype, other.format):
        return True
    zoned = any(isinstance(column.pandas_dtype, pd.DatetimeTZDtype) for column in (one, other))
    return not zoned and {unit_of(one), unit_of(other)} <= TICKS_PER_DAY.keys()


def values_of_both(a: NumericAxis, b: NumericAxis) -> tuple[AxisValues, AxisValues]:
    """Return the values of two columns in the rows in which both have one."""
    both = a.present & b.present
    return a.values[both], b.values[both]


def near_pairs(
    axes: Mapping[int, NumericAxis], columns: Mapping[int, Column]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of dates that lie much nearer to each other than the dates of other rows."""
    dates = [at for at in axes if columns[at].kind == "datetime"][:MOST_NEAR]
    for a, b in permutations(dates, 2):
        enough = (axes[a].present & axes[b].present).sum() >= LEAST_COMPARED
        if enough and have_distance(columns[a], columns[b]) and is_short(axes[a], axes[b]):
            yield a, b


def is_short(a: NumericAxis, b: NumericAxis) -> bool:
    """Return whether the distance of two dates varies much less than the dates."""
    one, two = values_of_both(a, b)
    return 0 < spread(two - one) < SHORT_GAP * min(spread(one), spread(two))


def spread(values: AxisValues) -> float:
    """Return the interquartile range."""
    return float(np.subtract(*np.percentile(values, (75, 25))))


def to_axis(cells: TypedSeries, unit: str | None) -> NumericAxis:
    """Place a column's values on its axis.

    Raises
    ------
    OverflowError
        If they do not fit: whole numbers beyond 2**53, dates too far for the unit.
    """
    column, values = cells
    numbers = cells.numbers
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


def to_axes(table: ColumnFrame, unit: str | None) -> dict[int, NumericAxis]:
    """Place columns on their axis; those that do not fit, or have no values, are left out."""
    axes: dict[int, NumericAxis] = {}
    for at, cells in table.items():
        with suppress(OverflowError):
            axes[at] = to_axis(cells, unit)
    return {at: axis for at, axis in axes.items() if axis.present.any()}


def from_axis(values: AxisValues, cells: TypedSeries, unit: str | None) -> pd.Series:
    """Write values of an axis in the form of the column that they belong to."""
    column, old = cells
    numbers = cells.numbers
    if column.kind in NUMBERS:
        changed = values.astype(numbers.values.dtype)
        return write_column(numbers._replace(values=changed), column)
    ticks = values.astype(np.int64) // _factor(column, unit)
    dtype = old.dtype
    if not isinstance(dtype, pd.DatetimeTZDtype):
        return write_column(numbers._replace(values=ticks), column)
    # Wall-clock times would lose which hour is meant when clocks are set back.
    instants = pd.Series(ticks.view(f"M8[{dtype.unit}]"), old.index, name=column.name)
    utc = instants.where(numbers.present).dt.tz_localize("UTC")
    restored: pd.Series = utc.dt.tz_convert(dtype.tz).astype(dtype)
    return restored


@dataclass(frozen=True)
class AllowedValues:
    """LineNumbers from `least` to `most`: a few listed ones, those in equal steps, or all.

    Steps and listed numbers are counted in units of the last decimal place, so that rounding is
    exact.

    Parameters
    ----------
    least, most
        The range.
    decimals
        Decimal places; None where all numbers of the range are allowed.
    step
        Distance of neighbours, in units of the last decimal place.
    listed
        All numbers, where they are few, in units of the last decimal place.

    Examples
    --------
    >>> grid = AllowedValues.of(np.array([0.5, 1.0, 1.0, 3.0]), decimals=1)
    >>> grid.floor(np.array([2.9])), grid.ceil(np.array([2.9]))
    (array([1.]), array([3.]))
    """

    least: int | float
    most: int | float
    decimals: int | None = None
    step: int = 1
    listed: tuple[int, ...] = ()

    @classmethod
    def of(cls, values: AxisValues, decimals: int | None) -> Self:
        """Find the grid of some numbers, at least one."""
        distinct = np.unique(values)
        least, most = distinct[0].item(), distinct[-1].item()
        whole = values.dtype.kind == "i"
        if not whole and (decimals is None or max(-least, most) * 10.0**decimals >= EXACT):
            return cls(least, most)
        decimals = 0 if whole or decimals is None else decimals
        ticks = distinct if whole else np.rint(distinct * 10.0**decimals).astype(np.int64)
        if len(ticks) <= FEW_VALUES:
            return cls(least, most, decimals, listed=tuple(ticks.tolist()))
        return cls(least, most, decimals, int(np.gcd.reduce(ticks - ticks[0])) or 1)

    @classmethod
    def within(cls, values: AxisValues, column: Column) -> Self:
        """Find the grid of a column's numbers, with a range that at least `least_rows` rows share.

        Of a few listed numbers those are left out that fewer rows hold.
        """
        decimals = decimals_of(column)
        grid = cls.of(clip_to_ends(values, column), decimals)
        if not grid.listed or column.least_rows == 1:
            return grid
        distinct, rows = np.unique(values, return_counts=True)
        common: Any = distinct[rows >= column.least_rows]
        return cls.of(common, decimals) if len(common) else cls(grid.least, grid.most, decimals)

    def floor(self, values: AxisValues) -> AxisValues:
        """Return the greatest possible number that is not above, or `least`."""
        if self.decimals is None:
            return values.clip(self.least, self.most)
        ticks = self._ticks(values, down=True)
        if self.listed:
            listed = np.array(self.listed)
            return self._numbers(
                listed[np.searchsorted(listed, ticks, "right").clip(1) - 1], values
            )
        base = self._base
        return self._numbers(base + (ticks - base) // self.step * self.step, values)

    def ceil(self, values: AxisValues) -> AxisValues:
        """Return the least possible number that is not below, or `most`."""
        if self.decimals is None:
            return values.clip(self.least, self.most)
        ticks = self._ticks(values, down=False)
        if self.listed:
            listed = np.array(self.listed)
            index = np.searchsorted(listed, ticks, "left").clip(max=len(listed) - 1)
            return self._numbers(listed[index], values)
        base = self._base
        return self._numbers(base - (base - ticks) // self.step * self.step, values)

    @property
    def _base(self) -> int:
        return (
            round(self.least * 10.0 ** (self.decimals or 0)) if self.decimals else int(self.least)
        )

    def _ticks(self, values: AxisValues, *, down: bool) -> NDArray[np.int64]:
        inside = values.clip(self.least, self.most)
        if inside.dtype.kind == "i":
            return inside
        scale = 10.0 ** (self.decimals or 0)
        ticks = np.rint(inside * scale)
        return (
            ticks - (ticks / scale > inside) if down else ticks + (ticks / scale < inside)
        ).astype(np.int64)

    def _numbers(self, ticks: NDArray[np.int64], like: AxisValues) -> AxisValues:
        if like.dtype.kind == "i":
            return ticks
        # Division by a power of ten gives the float nearest to the decimal number.
        return ticks / 10.0 ** (self.decimals or 0)

    def to_json(self) -> dict[str, Any]:
        """Describe the grid by JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a grid from `to_json`'s value."""
        return cls(**{**state, "listed": tuple(state["listed"])})


def propagate_order(
    axes: Sequence[NumericAxis],
    grids: Sequence[AllowedValues],
    edges: Collection[tuple[int, int]],
    fixed: Mask,
    strict: Collection[tuple[int, int]] = (),
) -> list[AxisValues]:
    """Move values that are not fixed so that axis i ≤ axis j for every edge, in each row alone.

    First those above a fixed value, and above those that were raised, are raised; then all
    others are lowered below what is above them.

    Parameters
    ----------
    axes
        Values of columns on one axis.
    grids
        The numbers that each may take.
    edges
        Pairs ``(i, j)`` of axes.
    fixed
        Which values are not moved, shape (rows, axes).
    strict
        The edges that ask for axis i < axis j.
    """
    values = [axis.values.copy() for axis in axes]
    held = fixed.copy()

    def most(low: int, high: int) -> AxisValues:
        return neighbor_of(values[high], -1) if (low, high) in strict else values[high]

    def wrong(low: int, high: int) -> Mask:
        both = axes[low].present & axes[high].present
        return both & (values[low] > most(low, high))

    for low, high in sorted(edges):
        rows = wrong(low, high) & held[:, low] & ~fixed[:, high]
        least = values[low][rows]
        least = neighbor_of(least, 1) if (low, high) in strict else least
        values[high][rows] = grids[high].ceil(least)
        held[rows, high] = True
    for low, high in sorted(edges, reverse=True):
        rows = wrong(low, high) & ~fixed[:, low]
        values[low][rows] = grids[low].floor(most(low, high)[rows])
    return values


def neighbor_of(values: AxisValues, direction: int) -> AxisValues:
    """Return the next whole numbers or floats, up (1) or down (-1)."""
    if values.dtype.kind == "i":
        return values + direction
    return np.nextafter(values, np.inf * direction)


def propagate_sum(
    parts: Floats, total: Floats, grids: Sequence[AllowedValues], free: Mask
) -> Floats:
    """Change free parts so that they add up to a total, in proportion to what they were.

    Parameters
    ----------
    parts
        Shape (parts, rows).
    total
        What they are to add up to, shape (rows,).
    grids
        The numbers that each part may take.
    free
        Which may be changed, shape (parts, rows).

    Examples
    --------
    >>> grid = AllowedValues(0, 100, decimals=0)
    >>> parts, free = np.array([[10.0], [30.0]]), np.array([[True], [True]])
    >>> propagate_sum(parts, np.array([20.0]), [grid, grid], free)[:, 0].tolist()
    [5.0, 15.0]
    """
    moved = parts.copy()
    wanted = total - np.where(free, 0.0, parts).sum(axis=0)
    present = np.where(free, parts, 0.0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(present != 0, wanted / present, 0.0)
    for i, grid in enumerate(grids):
        moved[i, free[i]] = grid.floor((parts[i] * factor)[free[i]])
    for i in reversed(range(len(parts))):  # what rounding and ranges have left is for the last one
        rows = np.flatnonzero(free[i])
        rest = total[rows] - np.delete(moved[:, rows], i, axis=0).sum(axis=0)
        low, high = grids[i].floor(rest), grids[i].ceil(rest)
        moved[i, rows] = np.where(np.abs(rest - low) <= np.abs(high - rest), low, high)
    return moved
