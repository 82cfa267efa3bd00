"""Columns of which one equals another in a good share of the rows, though not in all."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.dependencies.base import (
    ColumnFrame,
    ColumnRef,
    Dependency,
    with_cells,
)
from tabgan.encoding.dependencies.grids import AllowedValues
from tabgan.encoding.dependencies.lines import LineNumbers, NumericAxis, from_line, to_line
from tabgan.schema import Column

__all__ = ["LEAST_SHARE", "PartialEquality", "common_values"]

COMMON = 0.01  # a value of a greater share of the rows is equal often enough by itself
LEAST_SHARE = 0.02  # of the rows in which the two are equal, common values aside
LEAST_ROWS = 20  # the same in rows
MOST_BINS = 16
ROWS_PER_BIN = 20
MOST_KNOTS = 256
ROWS_PER_KNOT = 5  # so that no knot is a value of fewer rows


@dataclass(frozen=True)
class PartialEquality(Dependency):
    """The target equals the source in a share of the rows; which share goes with the source.

    Nothing is left out of training. A generator blurs the rows in which two numbers are the same
    into rows in which they are nearly so. Of the generated rows, those in which the two lie
    nearest are made equal: as many as there were in the table, in each range of the source.

    Parameters
    ----------
    source, target
        Two columns on one line.
    unit
        Unit of time of the line; None for numbers.
    grid
        The numbers that the target may take.
    common
        Frequent values of either, which are left alone: encoders keep them exactly.
    edges
        Bounds of the source's ranges, ascending.
    shares
        For each range, the share of equal rows among those whose source is not common, and is a
        number that the target may take.
    knots
        Means of equally many neighbouring values of the target, ascending.
    share
        Share of equal rows in the whole table, common values aside.
    """

    name: ClassVar[str] = "coincidence"
    source: ColumnRef
    target: ColumnRef
    unit: str | None
    grid: AllowedValues
    common: tuple[int | float, ...]
    edges: tuple[float, ...]
    shares: tuple[float, ...]
    knots: tuple[float, ...]
    share: float

    def __post_init__(self) -> None:
        for name in ("common", "edges", "shares", "knots"):
            values = getattr(self, name)
            if not all(type(value) in (int, float) for value in values):
                raise TypeError(f"coincidence: {name} must be numbers")
            if not np.isfinite(np.array(values, float)).all():
                raise ValueError(f"coincidence: {name} must be finite")
            if name in ("edges", "knots") and (np.diff(values) < 0).any():
                raise ValueError(f"coincidence: {name} must not descend")
        if len(self.shares) != len(self.edges) + 1:
            raise ValueError("coincidence: there must be one share more than edges")
        if not all(0 <= share <= 1 for share in (*self.shares, self.share)):
            raise ValueError("coincidence: shares must be from 0 to 1")

    @classmethod
    def between(
        cls,
        source: ColumnRef,
        target: ColumnRef,
        lines: Mapping[int, NumericAxis],
        unit: str | None,
    ) -> Self | None:
        """Learn the shares of equal rows; None if there are too few of them."""
        a, b = lines[target.position], lines[source.position]
        grid = _grid(a.values[a.present], target.column)
        common = tuple(np.union1d(common_values(a), common_values(b)).tolist())
        possible = _may_be_given(a, b, grid, common)
        equal = ((a.values == b.values) & ~np.isin(a.values, np.array(common)))[possible]
        if equal.sum() < max(LEAST_ROWS, LEAST_SHARE * len(possible)):
            return None
        known = b.values[possible]
        edges = _means(known, MOST_BINS - 1, ROWS_PER_BIN)
        bins = np.searchsorted(edges, known, side="right")
        rows = np.bincount(bins, minlength=len(edges) + 1)
        shares = np.bincount(bins, equal, len(rows)) / np.maximum(rows, 1)
        return cls(
            source,
            target,
            unit,
            grid,
            common,
            tuple(edges.tolist()),
            tuple(shares.tolist()),
            tuple(_means(a.values[a.present], MOST_KNOTS, ROWS_PER_KNOT).tolist()),
            float(equal.sum() / len(possible)),
        )

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Say the rule in words."""
        return f"{self.target} equals {self.source} in {100 * self.share:.0f} % of the rows"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the table as it is."""
        return table

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Make the rows equal in which the two lie nearest."""
        at, column = self.target
        cells = column, table[at][1]
        target = to_line(cells, self.unit)
        source = to_line((self.source.column, table[self.source.position][1]), self.unit)
        possible = np.flatnonzero(_may_be_given(target, source, self.grid, self.common))
        chosen = possible[self._nearest(target.values[possible], source.values[possible])]
        values = target.values.copy()
        values[chosen] = source.values[chosen]
        if np.array_equal(values, target.values):
            return table
        return with_cells(table, {at: (column, from_line(values, cells, self.unit))})

    def _nearest(self, target: LineNumbers, source: LineNumbers) -> NDArray[np.intp]:
        """Choose each range's share of rows: those of least difference in the target's ranks."""
        bins = np.searchsorted(self.edges, source, side="right")
        rows = np.bincount(bins, minlength=len(self.shares))
        # Rounding the running total, not each range, keeps the whole right in small blocks.
        wanted = np.diff(np.rint(np.cumsum(rows * np.array(self.shares))), prepend=0)
        distance = np.abs(self._rank(target) - self._rank(source))
        distance[np.isin(target, np.array(self.common))] = np.inf
        order = np.lexsort((distance, bins))
        place = np.arange(len(bins)) - (np.cumsum(rows) - rows)[bins[order]]
        chosen: NDArray[np.intp] = order[(place < wanted[bins[order]]) & (distance[order] < np.inf)]
        return chosen

    def _rank(self, values: LineNumbers) -> NDArray[np.float64]:
        n_knots = len(self.knots)
        ranks = np.concatenate([[0.0], (np.arange(n_knots) + 0.5) / n_knots, [1.0]])
        ranked: NDArray[np.float64] = np.interp(
            values, [self.grid.least, *self.knots, self.grid.most], ranks
        )
        return ranked.clip(0, 1)  # the slope between the smallest floats is infinite

    def holds(self, table: ColumnFrame) -> NDArray[np.bool_]:
        """Say that every row is as good as another: the rule is one of shares."""
        return np.ones(len(table[self.source.position][1]), np.bool_)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "target": self.target.to_json(),
            "unit": self.unit,
            "grid": self.grid.to_json(),
            "common": list(self.common),
            "edges": list(self.edges),
            "shares": list(self.shares),
            "knots": list(self.knots),
            "share": self.share,
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            ColumnRef.from_json(state["source"]),
            ColumnRef.from_json(state["target"]),
            None if state["unit"] is None else str(state["unit"]),
            AllowedValues.from_json(state["grid"]),
            tuple(state["common"]),
            tuple(state["edges"]),
            tuple(state["shares"]),
            tuple(state["knots"]),
            float(state["share"]),
        )


def common_values(line: NumericAxis) -> LineNumbers:
    """Return the values that are too frequent to tell anything by being equal."""
    distinct: Any = np.unique(line.values[line.present], return_counts=True)
    values, counts = distinct
    frequent: LineNumbers = values[counts >= max(ROWS_PER_KNOT, COMMON * len(line.present))]
    return frequent


def _grid(values: LineNumbers, column: Column) -> AllowedValues:
    """Return the grid of a column; numbers of float32 lie beside the decimals that write them."""
    grid = AllowedValues.within(values, column)
    kept = values.clip(grid.least, grid.most)
    return grid if np.array_equal(grid.floor(kept), kept) else AllowedValues(grid.least, grid.most)


def _may_be_given(
    target: NumericAxis, source: NumericAxis, grid: AllowedValues, common: Collection[int | float]
) -> NDArray[np.bool_]:
    """Say where both are present, and the source is not common and a number for the target."""
    values = source.values
    rare = target.present & source.present & ~np.isin(values, np.array(common))
    may: NDArray[np.bool_] = rare & (grid.floor(values) == values)
    return may


def _means(values: LineNumbers, most: int, least_rows: int) -> NDArray[np.float64]:
    """Return means of groups of neighbours, at most so many, each of at least so many rows.

    They stand for quantiles, and no single value can be told from them.
    """
    groups = np.array_split(np.sort(values), max(1, min(most, len(values) // least_rows)))
    return np.maximum.accumulate([(group / len(group)).sum() for group in groups])
