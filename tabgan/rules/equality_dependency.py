"""Columns that equal another one in every row, or in a share of the rows."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.rules.base_rules import Dependency, Mask
from tabgan.rules.numeric_axis import (
    FEW_VALUES,
    AllowedValues,
    AxisValues,
    NumericAxis,
    by_axis,
    finest_unit,
    from_axis,
    to_axes,
    to_axis,
)
from tabgan.table.columns import (
    EXACT,
    NUMBERS,
    TICKS,
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    field_at,
    level_key,
    numbers_to_series,
    replaced,
    sample_of,
    with_cells,
    without,
)
from tabgan.table.number_scale import typical_values
from tabgan.table.schema import Column

__all__ = [
    "CopyDependency",
    "LEAST_SHARE",
    "PartialEquality",
    "common_values",
    "copied_cells",
    "find_copies",
    "find_partial_equalities",
    "form_of",
    "is_no_accident",
    "lead_away",
]


@dataclass(frozen=True)
class CopyDependency(Dependency):
    """The target equals the source in every row; equal numbers may be written in two ways."""

    name: ClassVar[str] = "copy"
    of_equality: ClassVar[bool] = True
    source: ColumnRef
    target: ColumnRef

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.target} is a copy of {self.source}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Write the source's values in the target's form."""
        copied = copied_cells(table[self.source.position], self.target.column)
        return with_cells(table, {self.target.position: TypedSeries(self.target.column, copied)})

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Copy the column that is fixed to the other; else the source to the target."""
        source, target = self.positions
        back = fixed[:, target] & ~fixed[:, source]
        taken = copied_cells(table[target], self.source.column)
        own = replaced(table[source][1], back, taken)
        fixed[:, source] |= back
        copied = copied_cells(TypedSeries(self.source.column, own), self.target.column)
        changed = replaced(table[target][1], ~fixed[:, target], copied)
        cells = {
            source: TypedSeries(self.source.column, own),
            target: TypedSeries(self.target.column, changed),
        }
        return with_cells(table, cells)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {"source": self.source.to_json(), "target": self.target.to_json()}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(ColumnRef.from_json(state["source"]), ColumnRef.from_json(state["target"]))


def copied_cells(cells: TypedSeries, column: Column) -> pd.Series:
    """Write values in the form of a column that equals theirs."""
    own, values = cells
    if column.kind in NUMBERS and form_of(own) != form_of(column):
        numbers = cells.numbers
        return numbers_to_series(numbers.values, numbers.special, column, numbers.present)
    copied = values.copy(deep=False)
    copied.name = column.name
    return copied


def find_copies(table: ColumnFrame, rng: np.random.Generator) -> list[CopyDependency]:
    """Find the columns that equal an earlier column in every row; constants aside."""
    found: list[CopyDependency] = []
    originals: dict[Any, list[int]] = {}  # columns that differ, by their sample
    for at, cells in sample_of(table, rng).items():
        fingerprint = _fingerprint(cells)
        if fingerprint is None:
            continue
        alike = originals.setdefault(fingerprint, [])
        source = next((other for other in alike if _equal(table[other], table[at])), None)
        if source is None:
            alike.append(at)
        else:
            found.append(CopyDependency(field_at(table, source), field_at(table, at)))
    return found


def form_of(column: Column) -> tuple[str, str | None, str | None]:
    """Return what two columns must share for values of one to be values of the other."""
    return repr(column.dtype), column.format, column.absent


def _fingerprint(cells: TypedSeries) -> Any:
    """Return a hashable summary that equal columns share; None for a constant."""
    column = cells.column
    if column.kind in NUMBERS | TICKS:
        numbers = cells.numbers
        if numbers.present.all() and (numbers.values == numbers.values[0]).all():
            return None
        form = "number" if column.kind in NUMBERS else form_of(column)
        return form, numbers.values.astype(float).tobytes(), numbers.present.tobytes()
    if len(cells.levels) == 1:
        return None
    return form_of(column), cells.codes.tobytes(), tuple(map(level_key, cells.levels))


def _equal(a: TypedSeries, b: TypedSeries) -> bool:
    if a[0].kind in NUMBERS | TICKS:
        one, two = a.numbers, b.numbers
        exact = one.values.dtype == two.values.dtype or bool((np.abs(one.values) <= EXACT).all())
        return (
            exact
            and np.array_equal(one.values, two.values)
            and np.array_equal(one.present, two.present)
            and bool((one.special == two.special).all())
        )
    return np.array_equal(a.codes, b.codes) and (
        [*map(level_key, a.levels)] == [*map(level_key, b.levels)]
    )


COMMON = 0.01  # a value of a greater share of the rows is equal often enough by itself


LEAST_SHARE = 0.02  # of the rows in which the two are equal, common values aside


LEAST_ROWS = 20  # the same in rows


MOST_BINS = 16


ROWS_PER_BIN = 20


MOST_KNOTS = 256


ROWS_PER_KNOT = 5  # so that no knot is a value of fewer rows


@dataclass(frozen=True)
class PartialEquality(Dependency):
    """The target equals the source in a share of the rows that depends on the source.

    No column is left out of training. A generator blurs the rows in which two numbers are the same
    into rows in which they are nearly so. Of the generated rows, those in which the two lie
    nearest are made equal: as many as there were in the table, in each range of the source.

    Parameters
    ----------
    source, target
        Two columns on one axis.
    unit
        Unit of time of the axis; None for numbers.
    grid
        The numbers that the target may take.
    common
        Frequent values of either, which do not count: encoders keep them exactly.
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
    may_be_broken: ClassVar[bool] = True
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
        axes: Mapping[int, NumericAxis],
        unit: str | None,
    ) -> Self | None:
        """Learn the shares of equal rows; None if there are too few of them."""
        a, b = axes[target.position], axes[source.position]
        grid = _grid(a.values[a.present], target.column)
        common = tuple(np.union1d(common_values(a), common_values(b)).tolist())
        possible = _may_be_given(a, b, grid, common)
        equal = ((a.values == b.values) & ~np.isin(a.values, np.array(common)))[possible]
        if equal.sum() < max(LEAST_ROWS, LEAST_SHARE * len(possible)):
            return None
        known = b.values[possible]
        edges = typical_values(known, MOST_BINS - 1, ROWS_PER_BIN)
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
            tuple(typical_values(a.values[a.present], MOST_KNOTS, ROWS_PER_KNOT).tolist()),
            float(equal.sum() / len(possible)),
        )

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.target} equals {self.source} in {100 * self.share:.0f} % of the rows"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the table as it is."""
        return table

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Make the rows equal in which the two lie nearest."""
        at, column = self.target
        cells = table[at].with_column(column)
        target = to_axis(cells, self.unit)
        source = to_axis(table[self.source.position].with_column(self.source.column), self.unit)
        possible = np.flatnonzero(_may_be_given(target, source, self.grid, self.common))
        chosen = possible[self._nearest(target.values[possible], source.values[possible])]
        values = target.values.copy()
        values[chosen] = source.values[chosen]
        if np.array_equal(values, target.values):
            return table
        return with_cells(table, {at: TypedSeries(column, from_axis(values, cells, self.unit))})

    def _nearest(self, target: AxisValues, source: AxisValues) -> NDArray[np.intp]:
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

    def _rank(self, values: AxisValues) -> NDArray[np.float64]:
        n_knots = len(self.knots)
        ranks = np.concatenate([[0.0], (np.arange(n_knots) + 0.5) / n_knots, [1.0]])
        ranked: NDArray[np.float64] = np.interp(
            values, [self.grid.least, *self.knots, self.grid.most], ranks
        )
        return ranked.clip(0, 1)  # the slope between the smallest floats is infinite

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return all rows: the rule is one of shares, which no single row can break."""
        return np.ones(len(cells[0][1]), np.bool_)

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


def common_values(axis: NumericAxis) -> AxisValues:
    """Return the values that are so frequent that equal ones are no evidence."""
    distinct: Any = np.unique(axis.values[axis.present], return_counts=True)
    values, counts = distinct
    frequent: AxisValues = values[counts >= max(ROWS_PER_KNOT, COMMON * len(axis.present))]
    return frequent


def _grid(values: AxisValues, column: Column) -> AllowedValues:
    """Return the grid of a column; numbers of float32 lie beside the decimals that write them."""
    grid = AllowedValues.within(values, column)
    kept = values.clip(grid.least, grid.most)
    return grid if np.array_equal(grid.floor(kept), kept) else AllowedValues(grid.least, grid.most)


def _may_be_given(
    target: NumericAxis, source: NumericAxis, grid: AllowedValues, common: Collection[int | float]
) -> NDArray[np.bool_]:
    """Return where both are present, and the source is not common and a number for the target."""
    values = source.values
    rare = target.present & source.present & ~np.isin(values, np.array(common))
    may: NDArray[np.bool_] = rare & (grid.floor(values) == values)
    return may


LEAST_LIFT = 3  # times as often as they would be, were they near each other only


MOST_TRIED = 3  # partners of a column


Link = tuple[int, int]  # of two columns; the second one follows the first


def find_partial_equalities(
    table: ColumnFrame, rng: np.random.Generator, fixed: Collection[int] = ()
) -> list[PartialEquality]:
    """Find the columns that equal another column often; each follows one other at most.

    The column with more repeated values follows the other one, as a payment follows a bill. Of
    several columns that equal each other, the one with the fewest repeated values leads.

    Parameters
    ----------
    table
        The columns that may take part.
    rng
        Draws the rows on which pairs are tried first.
    fixed
        Columns that must not be changed.
    """
    return [
        rule
        for sample in by_axis(sample_of(table, rng))
        for rule in _on_one_axis(table, sample, fixed)
    ]


def _on_one_axis(
    table: ColumnFrame, sample: ColumnFrame, fixed: Collection[int]
) -> Iterator[PartialEquality]:
    unit = finest_unit(column for column, _ in sample.values())
    axes = to_axes(sample, unit).items()
    trials = {at: trial for at, axis in axes if (trial := _Trial.of(axis)) is not None}
    order = sorted(trials, key=lambda at: (at not in fixed, trials[at].repeated, at))
    links = lead_away(order, _likeliest({at: trials[at].values for at in order}), fixed)
    full = to_axes({at: table[at] for at in sorted({at for link in links for at in link})}, unit)
    # What is restored first comes last: a column is changed before others follow it.
    for source, target in reversed(links):
        if source in full and target in full:
            rule = PartialEquality.between(
                field_at(table, source), field_at(table, target), full, unit
            )
            if rule is not None:
                yield rule


def _likeliest(columns: Mapping[int, NDArray[np.float64]]) -> list[Link]:
    """Find the pairs of columns that are equal often, and by no accident; the most often first."""
    names = [*columns]
    matrix = np.array([*columns.values()])
    found: list[tuple[int, Link]] = []
    for place in range(1, len(names)):
        equal = np.count_nonzero(matrix[:place] == matrix[place], axis=1)
        enough = np.flatnonzero(equal >= LEAST_SHARE / 2 * matrix.shape[1])
        for other in enough[np.argsort(-equal[enough], kind="stable")][:MOST_TRIED].tolist():
            if is_no_accident(matrix[place], matrix[other]):
                found.append((int(equal[other]), (names[other], names[place])))
    return [link for _, link in sorted(found, key=lambda pair: -pair[0])]


def lead_away(order: list[int], pairs: list[Link], fixed: Collection[int]) -> list[Link]:
    """Choose pairs that make no circle, and lead them away from the first column of each tree.

    So each column follows one other at most. A column that must not be changed is the first of
    its tree: there is one of them in a tree at most.
    """
    trees = {at: {at} for at in order}
    neighbours: dict[int, list[int]] = {at: [] for at in order}
    for a, b in pairs:
        tree = trees[a] | trees[b]
        if trees[a] is not trees[b] and len(tree.intersection(fixed)) <= 1:
            trees |= dict.fromkeys(tree, tree)
            neighbours[a].append(b)
            neighbours[b].append(a)
    links: list[Link] = []
    reached: set[int] = set()
    for root in order:
        front = [] if root in reached else [root]
        for source in front:  # grows while it is walked through
            reached.add(source)
            targets = [at for at in neighbours[source] if at not in reached]
            links += [(source, target) for target in targets]
            front += targets
    return links


def is_no_accident(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Return whether two columns are equal far more often than they are nearly so.

    Ranks tell what is near. If the rows only scattered about equality, as many would lie
    beside the equal ones, on one side at least, within the ranks of an average value.
    """
    known = ~np.isnan(a) & ~np.isnan(b)
    pooled, counts = np.unique(np.concatenate([a[known], b[known]]), return_counts=True)
    shares = counts / counts.sum()
    ranks = np.cumsum(shares) - shares / 2
    one, other = (ranks[np.searchsorted(pooled, values[known])] for values in (a, b))
    difference, width = one - other, float(shares @ shares)
    beside = max(
        np.count_nonzero((side > 0) & (side <= 2 * width)) / 2 for side in (difference, -difference)
    )
    return bool(np.count_nonzero(difference == 0) >= LEAST_LIFT * beside)


class _Trial(NamedTuple):
    """A column in some rows: its values, nan where there is none or a common one."""

    values: NDArray[np.float64]
    repeated: float  # share of the rows whose value another row has already

    @classmethod
    def of(cls, axis: NumericAxis) -> Self | None:
        """Return None for a column of few values, which is learned as levels."""
        known = axis.values[axis.present]
        distinct = len(np.unique(known))
        if distinct <= FEW_VALUES:
            return None
        rare = axis.present & ~np.isin(axis.values, common_values(axis))
        return cls(np.where(rare, axis.values, np.nan), 1 - distinct / len(known))
