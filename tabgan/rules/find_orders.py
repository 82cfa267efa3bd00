"""Which orders can be kept beside the rules that derive columns."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from tabgan.rules.allowed_values import AllowedValues
from tabgan.rules.derived_columns import NOTHING_DERIVED, Derived
from tabgan.rules.numeric_axis import LineNumbers, NumericAxis, finest_unit, on_lines, to_lines
from tabgan.rules.order_dependency import DifferenceDependency, Edge, OrderDependency
from tabgan.table.columns import NUMBERS, ColumnFrame, field_at, sample_of
from tabgan.table.schema import Column

__all__ = ["choose_edges", "find_orders", "orders_of"]

Lines = Mapping[int, NumericAxis]


Grids = Mapping[int, AllowedValues]


def choose_edges(
    edges: list[Edge], lines: Lines, grids: Grids, derived: Derived
) -> tuple[list[Edge], set[int]]:
    """Choose the orders to be kept by changing values, and the columns that must not be changed.

    What other rules give is not changed, nor the columns from which they give something that is
    compared. An order between two such columns holds by those rules, or can't be kept.
    """
    certain = {edge for edge in edges if _is_certain(edge, lines, grids, derived)}
    edges = [e for e in edges if e in certain or not set(e) <= derived.positions]
    edges = [e for e in edges if not _is_implied(e, edges, lines) and e not in certain]
    compared = derived.on_the_way_to(at for edge in edges for at in edge)
    fixed = derived.positions | {derived.sources[at] for at in compared}
    edges = [e for e in edges if not set(e) <= fixed]
    room = _Room(edges, fixed, lines, grids)
    return [e for e in edges if e[0] not in fixed or room.is_enough(e, derived)], fixed


def _is_implied(edge: Edge, edges: list[Edge], lines: Lines) -> bool:
    """Say whether an edge follows from two others by way of a column that is never missing."""
    low, high = edge
    between = {b for a, b in edges if a == low} & {a for a, b in edges if b == high}
    return any(lines[at].present.all() for at in between)


def _is_certain(edge: Edge, lines: Lines, grids: Grids, derived: Derived) -> bool:
    """Say whether an order holds by the way in which its columns are derived."""
    low, high = edge
    if derived.go_together(low, high):
        return True
    if low in derived.sources and derived.root(low) == high:
        return _holds_between(lines[low], lines[high], grids[high], is_low=True)
    if high in derived.sources and derived.root(high) == low:
        return _holds_between(lines[high], lines[low], grids[low], is_low=False)
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
    """Say whether an order holds for numbers that the source takes between those of the table.

    They go with what the nearest known number determines.
    """
    if grid.listed:
        return True  # no others are generated
    both = target.present & source.present
    known, rows = np.unique(source.values[both], return_index=True)
    image = target.values[both][rows]
    gaps: Any = np.diff(known)
    half: Any = gaps // 2 if known.dtype.kind == "i" else gaps / 2
    all_between = AllowedValues(grid.least, grid.most, grid.decimals)
    least: LineNumbers = known[1:] - half  # that goes with the greater neighbour
    most: LineNumbers = known[:-1] + half  # that goes with the lesser one
    if is_low:
        return bool((image[1:] <= all_between.ceil(least)).all())
    return bool((image[:-1] >= all_between.floor(most)).all())


class _Room(NamedTuple):
    """How far columns can be raised."""

    edges: list[Edge]
    fixed: set[int]
    lines: Lines
    grids: Grids

    def is_enough(self, edge: Edge, derived: Derived) -> bool:
        """Say whether the upper column can always be raised to the lower one, which is fixed."""
        low, high = edge
        limits = self._above(high) & self.fixed
        if not all(derived.go_together(low, limit) for limit in limits):
            return False
        line = self.lines[low]
        return bool((line.values <= self._greatest(high))[line.present].all())

    def _above(self, at: int) -> set[int]:
        highs = {b for a, b in self.edges if a == at}
        return highs.union(*(self._above(high) for high in highs - self.fixed))

    def _greatest(self, at: int) -> LineNumbers:
        """Return the greatest values that the columns above a column allow, row by row."""
        grid = self.grids[at]
        greatest = np.full_like(self.lines[at].values, grid.most)
        for high in (b for a, b in self.edges if a == at):
            line = self.lines[high]
            bound = (
                np.where(line.present, line.values, grid.most)
                if high in self.fixed
                else self._greatest(high)
            )
            greatest = np.minimum(greatest, grid.floor(bound))
        return greatest


EVIDENCE = 20  # rows that would be disordered, were two columns independent


LEAST_ROWS = 100  # in which two numbers are compared


LEAST_DISORDER = 0.05  # share of rows that would be disordered, were two numbers independent


SHORT_GAP = 0.25  # of the interquartile range of the earlier date


COMPARED_ROWS = 5_000


def find_orders(
    table: ColumnFrame, rng: np.random.Generator, derived: Derived = NOTHING_DERIVED
) -> list[OrderDependency | DifferenceDependency]:
    """Find orders between columns, and the dates that stay near an earlier date.

    Orders that follow from how columns are derived are left out, and those that can't be kept
    beside it.
    """
    samples = on_lines(sample_of(table, rng))
    return [found for sample in samples for found in _on_one_line(table, sample, derived)]


def _on_one_line(
    table: ColumnFrame, sample: ColumnFrame, derived: Derived
) -> Iterator[OrderDependency | DifferenceDependency]:
    columns = {at: column for at, (column, _) in sample.items()}
    unit = finest_unit(columns.values())
    trial = to_lines(sample, unit)
    hoped = [
        (a, b)
        for a in trial
        for b in trial
        if a != b and _may_be_ordered(trial[a], trial[b], columns[a])
    ]
    lines = to_lines({at: table[at] for at in sorted({at for pair in hoped for at in pair})}, unit)
    rank = _ranks(lines)
    edges = [
        (a, b)
        for a, b in hoped
        if {a, b} <= set(rank) and rank[a] < rank[b] and _is_ordered(lines[a], lines[b], columns[a])
    ]
    grids = _grids(lines, columns)
    edges, fixed = choose_edges(edges, lines, grids, derived)
    yield from _rules(table, lines, rank, edges, fixed=fixed, unit=unit)


def orders_of(
    table: ColumnFrame, edges: Mapping[Edge, bool], fixed: Collection[int]
) -> list[OrderDependency | DifferenceDependency]:
    """Return the rules that keep orders that are known to hold, as far as there are such rules.

    Parameters
    ----------
    table
        The table, in all rows of which they hold.
    edges
        Pairs of positions: the lower column and the upper one, on the same axis; and whether the
        two are never equal.
    fixed
        Positions of columns that must not be changed.
    """
    found: list[OrderDependency | DifferenceDependency] = []
    strict = [edge for edge, is_strict in edges.items() if is_strict]
    for group in on_lines({at: table[at] for at in sorted({at for edge in edges for at in edge})}):
        columns = {at: column for at, (column, _) in group.items()}
        unit = finest_unit(columns.values())
        lines = to_lines(group, unit)
        rank = _ranks(lines)
        usable = [
            (a, b)
            for a, b in edges
            if {a, b} <= set(rank) and rank[a] < rank[b] and not {a, b} <= set(fixed)
        ]
        found += _rules(table, lines, rank, usable, strict=strict, fixed=fixed, unit=unit)
    return found


def _grids(
    lines: Mapping[int, NumericAxis], columns: Mapping[int, Column]
) -> dict[int, AllowedValues]:
    return {
        at: AllowedValues.within(line.values[line.present], columns[at])
        for at, line in lines.items()
    }


def _rules(
    table: ColumnFrame,
    lines: Mapping[int, NumericAxis],
    rank: Mapping[int, int],
    edges: Collection[Edge],
    *,
    fixed: Collection[int],
    unit: str | None,
    strict: Collection[Edge] = (),
) -> Iterator[OrderDependency | DifferenceDependency]:
    """Yield an order for each group of columns, then the dates that are kept as a distance."""
    columns = {at: table[at][0] for at in lines}
    grids = _grids(lines, columns)
    for group in _connected(edges):
        members = sorted(group, key=rank.__getitem__)
        place = {at: index for index, at in enumerate(members)}
        own = sorted((place[a], place[b]) for a, b in edges if a in place)
        yield OrderDependency(
            tuple(field_at(table, at) for at in members),
            tuple(grids[at] for at in members),
            tuple(own),
            unit,
            tuple(place[at] for at in members if at in fixed),
            tuple(edge for edge in own if (members[edge[0]], members[edge[1]]) in strict),
        )
    for target in sorted({b for _, b in edges} - set(fixed), key=rank.__getitem__, reverse=True):
        sources = [a for a, b in edges if b == target and _same_dates(columns[a], columns[b])]
        source = _nearest(sources, target, lines)
        if source is not None:
            yield DifferenceDependency.between(
                field_at(table, source), field_at(table, target), table
            )


def _ranks(lines: Mapping[int, NumericAxis]) -> dict[int, int]:
    """Order columns so that the lower one of an edge, if it has the lower minimum, comes first.

    So there are no circles, and every row can be mended.
    """
    order = sorted(lines, key=lambda at: _lowest_first(lines[at]))
    return {at: place for place, at in enumerate(order)}


def _lowest_first(line: NumericAxis) -> tuple[float, float]:
    values = line.values[line.present]
    return values.min().item(), values.mean().item()


def _may_be_ordered(a: NumericAxis, b: NumericAxis, column: Column) -> bool:
    """Say whether a sample of rows gives hope that a ≤ b."""
    low, high = _both(a, b)
    if not len(low) or (low > high).any():
        return False
    return column.kind not in NUMBERS or _disorder(low, high) >= LEAST_DISORDER / 2


def _is_ordered(a: NumericAxis, b: NumericAxis, column: Column) -> bool:
    """Say whether a ≤ b in all rows, which it would not be if the two were independent."""
    low, high = _both(a, b)
    if (low > high).any():
        return False
    disorder = _disorder(low, high)
    enough = disorder * len(low) >= EVIDENCE
    if column.kind in NUMBERS:
        enough &= len(low) >= LEAST_ROWS and disorder >= LEAST_DISORDER
    return enough


def _both(a: NumericAxis, b: NumericAxis) -> tuple[LineNumbers, LineNumbers]:
    present = a.present & b.present
    return a.values[present], b.values[present]


def _disorder(low: LineNumbers, high: LineNumbers) -> float:
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


def _same_dates(a: Column, b: Column) -> bool:
    return a.kind == b.kind == "datetime" and (a.dtype, a.format) == (b.dtype, b.format)


def _nearest(sources: list[int], target: int, lines: Mapping[int, NumericAxis]) -> int | None:
    """Choose the earlier date to which the distance is shortest; None if all are far.

    A short distance tells more than the date itself. A long one tells less, and adding it up
    would lose the date's own distribution.
    """
    present = lines[target].present
    medians: dict[int, float] = {}
    for at in sources:
        values = lines[at].values
        spread = np.subtract(*np.percentile(values, (75, 25)))
        gap = float(np.median((lines[target].values - values)[present]))
        if lines[at].present.all() and gap < SHORT_GAP * spread:
            medians[at] = gap
    return min(medians, key=medians.__getitem__, default=None)
