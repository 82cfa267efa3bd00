"""Detection of orders between columns, and choice of those that derived columns leave room for."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, Self

import numpy as np
from scipy.special import ndtr

from tabgan.rules.base_rules import Mask
from tabgan.rules.find_identities import is_beyond_chance
from tabgan.rules.functional_dependency import FunctionalDependency
from tabgan.rules.numeric_axis import (
    FEW_VALUES,
    LEAST_COMPARED,
    SHORT_GAP,
    AllowedValues,
    AxisValues,
    NumericAxis,
    by_axis,
    finest_unit,
    have_distance,
    is_short,
    near_pairs,
    spread,
    to_axes,
    values_of_both,
)
from tabgan.rules.order_dependency import DifferenceDependency, Edge, OrderDependency
from tabgan.rules.sum_dependency import SumDependency
from tabgan.table.columns import NUMBERS, ColumnFrame, field_at, sample_of
from tabgan.table.schema import Column

__all__ = ["DerivedColumns", "choose_edges", "find_orders", "orders_of"]

Axes = Mapping[int, NumericAxis]


Grids = Mapping[int, AllowedValues]

MOST_TOLD = 0.9  # share of the rows off the least value for this one to be frequent


@dataclass(frozen=True)
class DerivedColumns:
    """Columns that others determine, and sums.

    Parameters
    ----------
    sources
        The source of each determined column.
    sums
        Sums, none of whose columns is determined.
    kept
        Columns that are neither, and that must not be changed.
    """

    sources: Mapping[int, int]
    sums: Sequence[SumDependency]
    kept: Collection[int] = ()

    @classmethod
    def by(
        cls,
        determined: Iterable[FunctionalDependency],
        sums: Sequence[SumDependency],
        kept: Collection[int] = (),
    ) -> Self:
        """Collect what some rules derive."""
        sources = {rule.target.position: rule.source.position for rule in determined}
        return cls(sources, sums, kept)

    @property
    def positions(self) -> set[int]:
        """Columns that are determined, take part in a sum, or must not be changed."""
        return {*self.sources, *self.kept, *(at for rule in self.sums for at in rule.positions)}

    def root(self, at: int) -> int:
        """Follow a column to the column that determines it, and on to one that none determines."""
        while at in self.sources:
            at = self.sources[at]
        return at

    def go_together(self, one: int, other: int) -> bool:
        """Return whether any two values of these columns come from one row of the training table.

        They do where both are determined from the same column. That column itself may take a
        number that the table had not.
        """
        return {one, other} <= set(self.sources) and self.root(one) == self.root(other)

    def on_the_way_to(self, columns: Iterable[int]) -> set[int]:
        """Return which of some columns, and of the columns that determine them, are determined."""
        passed: set[int] = set()
        for column in columns:
            at = column
            while at in self.sources:
                passed.add(at)
                at = self.sources[at]
        return passed


NOTHING_DERIVED = DerivedColumns({}, ())


def choose_edges(
    edges: list[Edge], axes: Axes, grids: Grids, derived: DerivedColumns
) -> tuple[list[Edge], set[int]]:
    """Choose the orders that are kept by changing values, and the columns that must not change.

    Columns that other rules derive are not changed, nor the columns that determine compared ones.
    An order between two such columns holds by those rules, or can't be kept.
    """
    certain = {edge for edge in edges if _is_certain(edge, axes, grids, derived)}
    edges = [e for e in edges if e in certain or not set(e) <= derived.positions]
    edges = [e for e in edges if not _is_implied(e, edges, axes) and e not in certain]
    compared = derived.on_the_way_to(at for edge in edges for at in edge)
    fixed = derived.positions | {derived.sources[at] for at in compared}
    edges = [e for e in edges if not set(e) <= fixed]
    room = _Room(edges, fixed, axes, grids)
    return [e for e in edges if e[0] not in fixed or room.is_enough(e, derived)], fixed


def _is_implied(edge: Edge, edges: list[Edge], axes: Axes) -> bool:
    """Return whether an edge follows from two others by way of a column that is never missing."""
    low, high = edge
    between = {b for a, b in edges if a == low} & {a for a, b in edges if b == high}
    return any(axes[at].present.all() for at in between)


def _is_certain(edge: Edge, axes: Axes, grids: Grids, derived: DerivedColumns) -> bool:
    """Return whether an order holds by the way in which its columns are derived."""
    low, high = edge
    if derived.go_together(low, high):
        return True
    if low in derived.sources and derived.root(low) == high:
        return _holds_between(axes[low], axes[high], grids[high], is_low=True)
    if high in derived.sources and derived.root(high) == low:
        return _holds_between(axes[high], axes[low], grids[low], is_low=False)
    for rule in derived.sums:
        *parts, total = rule.positions
        for part in parts:
            others = [grid for at, grid in zip(parts, rule.grids, strict=False) if at != part]
            if (edge == (part, total) and all(other.least >= 0 for other in others)) or (
                edge == (total, part) and all(other.most <= 0 for other in others)
            ):
                return True
    return False


def _holds_between(
    target: NumericAxis, source: NumericAxis, grid: AllowedValues, *, is_low: bool
) -> bool:
    """Return whether an order holds for numbers that the source takes between those of the table.

    A new number determines what the nearest known number determines.
    """
    if grid.listed:
        return True  # no others are generated
    both = target.present & source.present
    known, rows = np.unique(source.values[both], return_index=True)
    image = target.values[both][rows]
    gaps: Any = np.diff(known)
    half: Any = gaps // 2 if known.dtype.kind == "i" else gaps / 2
    all_between = AllowedValues(grid.least, grid.most, grid.decimals)
    least: AxisValues = known[1:] - half  # that goes with the greater neighbour
    most: AxisValues = known[:-1] + half  # that goes with the lesser one
    if is_low:
        return bool((image[1:] <= all_between.ceil(least)).all())
    return bool((image[:-1] >= all_between.floor(most)).all())


class _Room(NamedTuple):
    """How far columns can be raised."""

    edges: list[Edge]
    fixed: set[int]
    axes: Axes
    grids: Grids

    def is_enough(self, edge: Edge, derived: DerivedColumns) -> bool:
        """Return whether the upper column can always be raised to the lower one, which is fixed."""
        low, high = edge
        limits = self._above(high) & self.fixed
        if not all(derived.go_together(low, limit) for limit in limits):
            return False
        axis = self.axes[low]
        return bool((axis.values <= self._greatest(high))[axis.present].all())

    def _above(self, at: int) -> set[int]:
        highs = {b for a, b in self.edges if a == at}
        return highs.union(*(self._above(high) for high in highs - self.fixed))

    def _greatest(self, at: int) -> AxisValues:
        """Return the greatest values that the columns above a column allow, row by row."""
        grid = self.grids[at]
        greatest = np.full_like(self.axes[at].values, grid.most)
        for high in (b for a, b in self.edges if a == at):
            axis = self.axes[high]
            bound = (
                np.where(axis.present, axis.values, grid.most)
                if high in self.fixed
                else self._greatest(high)
            )
            greatest = np.minimum(greatest, grid.floor(bound))
        return greatest


EVIDENCE = 20  # rows that would be disordered, were two columns independent


LEAST_DISORDER = 0.05  # share of rows that would be disordered, were two numbers independent


LEAST_MARKED = 0.01  # share of rows that hold a date which stands for none


COMPARED_ROWS = 5_000


HINT_ROWS = 200


MOST_BROKEN = 0.01  # share of the rows that may break an order


MOST_HINTS = 8  # of `HINT_ROWS`, more than which such a share hardly ever leaves


def find_orders(
    table: ColumnFrame, rng: np.random.Generator, derived: DerivedColumns = NOTHING_DERIVED
) -> list[OrderDependency | DifferenceDependency]:
    """Find orders between columns, and the dates that stay near an earlier date.

    Orders that follow from derived columns are left out, and so are those that derived columns
    make impossible.
    """
    samples = by_axis(sample_of(table, rng))
    return [found for sample in samples for found in _on_one_axis(table, sample, derived)]


def _on_one_axis(
    table: ColumnFrame, sample: ColumnFrame, derived: DerivedColumns
) -> Iterator[OrderDependency | DifferenceDependency]:
    columns = {at: column for at, (column, _) in sample.items()}
    unit = finest_unit(columns.values())
    trial = to_axes(sample, unit)
    hoped = [
        (a, b) for a, b in _not_refuted(trial) if _may_be_ordered(trial[a], trial[b], columns[a])
    ]
    free = {at: axis for at, axis in trial.items() if at not in derived.positions}
    near = [(a, b) for a, b in near_pairs(free, columns) if trial[a].present.all()]
    needed = {at for pair in (*hoped, *near) for at in pair}
    axes = to_axes({at: table[at] for at in sorted(needed)}, unit)
    tried = len(trial) * (len(trial) - 1)
    broken = {
        (a, b): rows
        for a, b in hoped
        if {a, b} <= axes.keys()
        and (rows := _exceptions(axes[a], axes[b], columns[a], tried)) is not None
    }
    loose_edges = [edge for edge, rows in broken.items() if rows.any()]
    one_way = [(a, b) for a, b in broken if (b, a) not in broken and (a, b) not in loose_edges]
    rank = _ranks(axes, loose_edges, one_way)
    edges = [(a, b) for a, b in broken if rank[a] < rank[b]]
    exact = [edge for edge in edges if not broken[edge].any()]
    chosen, fixed = choose_edges(exact, axes, _grids(axes, columns), derived)
    by_least = _ranks(axes, loose_edges)  # only what is first by it has room below a fixed column
    chosen = [(a, b) for a, b in chosen if b not in fixed or by_least[a] < by_least[b]]
    loose = {
        (a, b): broken[a, b].sum() / (axes[a].present & axes[b].present).sum()
        for a, b in edges
        if (a, b) not in exact and not {a, b} & fixed
    }
    distances = [edge for edge in near if {*edge} <= rank.keys()]
    yield from _rules(
        table,
        axes,
        rank,
        [*chosen, *loose],
        fixed=fixed,
        unit=unit,
        exceptions=loose,
        near=distances,
    )


def orders_of(
    table: ColumnFrame, edges: Mapping[Edge, bool], fixed: Collection[int]
) -> list[OrderDependency | DifferenceDependency]:
    """Return rules that keep orders that hold, as far as there are such rules.

    Parameters
    ----------
    table
        The training table; the orders hold in all its rows.
    edges
        Pairs of positions: the lower column and the upper one, on the same axis; and whether the
        two are never equal.
    fixed
        Positions of columns that must not be changed.
    """
    found: list[OrderDependency | DifferenceDependency] = []
    strict = [edge for edge, is_strict in edges.items() if is_strict]
    for group in by_axis({at: table[at] for at in sorted({at for edge in edges for at in edge})}):
        columns = {at: column for at, (column, _) in group.items()}
        unit = finest_unit(columns.values())
        axes = to_axes(group, unit)
        rank = _ranks(axes)
        usable = [
            (a, b)
            for a, b in edges
            if {a, b} <= set(rank) and rank[a] < rank[b] and not {a, b} <= set(fixed)
        ]
        found += _rules(table, axes, rank, usable, strict=strict, fixed=fixed, unit=unit)
    return found


def _grids(
    axes: Mapping[int, NumericAxis], columns: Mapping[int, Column]
) -> dict[int, AllowedValues]:
    return {
        at: AllowedValues.within(axis.values[axis.present], columns[at])
        for at, axis in axes.items()
    }


def _rules(
    table: ColumnFrame,
    axes: Mapping[int, NumericAxis],
    rank: Mapping[int, int],
    edges: Collection[Edge],
    *,
    fixed: Collection[int],
    unit: str | None,
    strict: Collection[Edge] = (),
    exceptions: Mapping[Edge, float] = MappingProxyType({}),
    near: Collection[Edge] = (),
) -> Iterator[OrderDependency | DifferenceDependency]:
    """Yield an order for each group of columns, then the dates that are kept as a distance."""
    columns = {at: table[at][0] for at in axes}
    grids = _grids(axes, columns)
    distances = [*_distances(table, axes, rank, edges, fixed=fixed, near=near)]
    measured = {at for rule in distances for at in rule.positions}
    for group in _connected(edges):
        members = sorted(group, key=rank.__getitem__)
        place = {at: index for index, at in enumerate(members)}
        own = sorted((place[a], place[b]) for a, b in edges if a in place)
        shares = tuple(float(exceptions.get((members[a], members[b]), 0)) for a, b in own)
        yield OrderDependency(
            tuple(field_at(table, at) for at in members),
            tuple(grids[at] for at in members),
            tuple(own),
            unit,
            tuple(place[at] for at in members if at in fixed),
            tuple(edge for edge in own if (members[edge[0]], members[edge[1]]) in strict),
            shares if any(shares) else (),
            tuple(place[at] for at in members if at in measured),
        )
    yield from distances


def _distances(
    table: ColumnFrame,
    axes: Mapping[int, NumericAxis],
    rank: Mapping[int, int],
    edges: Collection[Edge],
    *,
    fixed: Collection[int],
    near: Collection[Edge],
) -> Iterator[DifferenceDependency]:
    """Yield the dates that are kept as a distance."""
    columns = {at: table[at][0] for at in axes}
    marked = {at for at in axes if _has_far_mark(axes[at], columns[at])}
    edges, near = ([e for e in pairs if marked.isdisjoint(e)] for pairs in (edges, near))
    near = [(a, b) for a, b in near if _source_rank(a, axes, rank) < _source_rank(b, axes, rank)]
    ends = {b for _, b in (*edges, *near)} - set(fixed)
    for target in sorted(ends, key=lambda at: _source_rank(at, axes, rank), reverse=True):
        sources = [a for a, b in edges if b == target and have_distance(columns[a], columns[b])]
        source = _nearest(sources, target, axes)
        if source is None:
            source = _tightest([a for a, b in near if b == target], target, axes)
        if source is not None:
            yield DifferenceDependency.between(
                field_at(table, source), field_at(table, target), table
            )


def _source_rank(at: int, axes: Axes, rank: Mapping[int, int]) -> tuple[bool, int]:
    """Order dates so that those come first from which others may be learned as distances."""
    return not axes[at].present.all(), rank[at]


def _has_far_mark(axis: NumericAxis, column: Column) -> bool:
    """Return whether many rows hold one value far from all others, such as 9999-12-31.

    It stays itself only where the column is not learned as a distance.
    """
    values = axis.values[axis.present].astype(np.float64)
    for mark in (values.min(), values.max()) if len(values) else ():
        rest = values[values != mark]
        many = len(values) - len(rest) >= max(column.least_rows, LEAST_MARKED * len(values))
        if many and len(rest) and np.abs(rest - mark).min() > np.ptp(rest):
            return True
    return False


def _ranks(
    axes: Axes, loose: Collection[Edge] = (), one_way: Collection[Edge] = ()
) -> dict[int, int]:
    """Order columns so that the lower one of an edge, if it has the lower minimum, comes first.

    So there is no circle, and every row can be repaired. Rows that break a loose edge don't count
    for its columns: one of them may hold the least value of all. Where the row of the least value
    has a hole in the lower column, the edges that hold one way only tell which comes first.
    """
    counted = dict(axes)
    for edge in loose:
        low, high = (axes[at] for at in edge)
        kept = (low.values <= high.values) | ~(low.present & high.present)
        for at in edge:
            counted[at] = counted[at]._replace(present=counted[at].present & kept)
    left = sorted(counted, key=lambda at: _lowest_first(counted[at]))
    lower: dict[int, set[int]] = {at: set() for at in left}
    for a, b in one_way:
        lower[b].add(a)
    order: list[int] = []
    while left:
        order.append(next((at for at in left if lower[at].isdisjoint(left)), left[0]))
        left.remove(order[-1])
    return {at: place for place, at in enumerate(order)}


def _lowest_first(axis: NumericAxis) -> tuple[float, float]:
    values = axis.values[axis.present]
    return values.min().item(), values.mean().item()


def _not_refuted(axes: Axes) -> Iterator[Edge]:
    """Yield the pairs that hardly any of the first rows refutes, which are few."""
    if not axes:
        return
    positions, few = [*axes], slice(HINT_ROWS)
    values = np.array([axis.values[few] for axis in axes.values()])
    present = np.array([axis.present[few] for axis in axes.values()])
    for place, at in enumerate(positions):
        broken = ((values[place] > values) & present[place] & present).sum(axis=1)
        refuted = broken > MOST_HINTS
        refuted[place] = True
        yield from ((at, positions[other]) for other in np.flatnonzero(~refuted).tolist())


def _may_be_ordered(a: NumericAxis, b: NumericAxis, column: Column) -> bool:
    """Return whether a ≤ b in nearly all of a sample of rows."""
    low, high = values_of_both(a, b)
    broken = int((low > high).sum())
    if not len(low) or broken > 2 * MOST_BROKEN * len(low):
        return False
    if broken and not _vary(a, b):
        return False
    return column.kind not in NUMBERS or _disorder(low, high) >= LEAST_DISORDER / 2


def _vary(*axes: NumericAxis) -> bool:
    """Return whether columns have too many values to be learned as levels."""
    return all(len(np.unique(axis.values[axis.present])) > FEW_VALUES for axis in axes)


def _exceptions(a: NumericAxis, b: NumericAxis, column: Column, tried: int) -> Mask | None:
    """Return the rows that break a ≤ b; None if they are many, or as few as chance leaves.

    By chance a and b would be independent. Two numbers that merely rise together, one of them
    always on a higher level, are no order either: their distance would be about normal, so that
    few rows more would hold one that is below 0.

    Parameters
    ----------
    a, b
        The two columns on their axis.
    column
        The lower one.
    tried
        How many pairs are compared.
    """
    low, high = values_of_both(a, b)
    n_broken = int((low > high).sum())
    if n_broken > MOST_BROKEN * len(low):
        return None
    told = low > (low.min() if len(low) else 0)  # no refund is below any amount
    if LEAST_COMPARED <= told.sum() < MOST_TOLD * len(low):
        low, high = low[told], high[told]
    disorder = _disorder(low, high)
    enough = disorder * len(low) >= EVIDENCE
    if column.kind in NUMBERS or n_broken:
        enough &= len(low) >= LEAST_COMPARED and disorder >= LEAST_DISORDER
        enough = enough and is_beyond_chance(disorder, len(low), tried, n_broken)
        normal = _normal_disorder(high - low, MOST_BROKEN if n_broken else 0.0)
        enough = enough and is_beyond_chance(normal, len(low), tried, n_broken)
    return a.present & b.present & (a.values > b.values) if enough else None


def _normal_disorder(gaps: AxisValues, least: float) -> float:
    """Return the share below 0 of a normal distribution with the mean and spread of some gaps.

    The largest ones are cut off, so that a few of them make no wide spread.

    Parameters
    ----------
    gaps
        The distances.
    least
        Share of the lowest ones that are cut off too.
    """
    cut = np.minimum(gaps, np.percentile(gaps, 99))
    if least:
        cut = np.maximum(cut, np.percentile(gaps, 100 * least))
    spread = float(np.std(cut))
    return float(ndtr(-np.mean(cut) / spread)) if spread else 0.0


def _disorder(low: AxisValues, high: AxisValues) -> float:
    """Return how often a value of `low` exceeds a value of `high` that is drawn independently."""
    every = -(-len(low) // COMPARED_ROWS)
    compared = np.sort(high[::every])
    return float(np.searchsorted(compared, low[::every], side="left").mean() / len(compared))


def _connected(edges: Iterable[Edge]) -> list[set[int]]:
    groups: list[set[int]] = []
    for edge in edges:
        touched = [group for group in groups if group & set(edge)]
        groups = [group for group in groups if group not in touched]
        groups.append(set(edge).union(*touched))
    return groups


def _nearest(sources: list[int], target: int, axes: Mapping[int, NumericAxis]) -> int | None:
    """Choose the earlier date to which the distance is shortest; None if all are far.

    A short distance tells more than the date itself. A long one tells less, and adding it up
    would lose the date's own distribution.
    """
    present = axes[target].present
    medians: dict[int, float] = {}
    for at in sources:
        values = axes[at].values
        gap = float(np.median((axes[target].values - values)[present]))
        if axes[at].present.all() and gap < SHORT_GAP * spread(values):
            medians[at] = gap
    return min(medians, key=medians.__getitem__, default=None)


def _tightest(sources: list[int], target: int, axes: Axes) -> int | None:
    """Choose the date to which the distance varies least; None if it varies as the dates do."""
    spreads = {
        at: spread(np.subtract(*values_of_both(axes[target], axes[at])))
        for at in sources
        if axes[at].present.all() and is_short(axes[at], axes[target])
    }
    return min(spreads, key=spreads.__getitem__, default=None)
