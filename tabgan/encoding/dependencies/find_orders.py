"""Finding the columns of which one is never greater than another."""

from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np

from tabgan.encoding.dependencies.base import (
    NUMBERS,
    ColumnFrame,
    field_at,
    sample_of,
)
from tabgan.encoding.dependencies.derived import NOTHING_DERIVED, Derived
from tabgan.encoding.dependencies.edges import choose_edges
from tabgan.encoding.dependencies.gap import DifferenceDependency
from tabgan.encoding.dependencies.grids import AllowedValues
from tabgan.encoding.dependencies.lines import (
    LineNumbers,
    NumericAxis,
    finest_unit,
    on_lines,
    to_lines,
)
from tabgan.encoding.dependencies.order import Edge, OrderDependency
from tabgan.schema import Column

__all__ = ["find_orders", "orders_of"]

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
    table: ColumnFrame, edges: Collection[Edge], strict: Collection[Edge], fixed: Collection[int]
) -> list[OrderDependency | DifferenceDependency]:
    """Return the rules that keep orders that are known to hold, as far as there are such rules.

    Parameters
    ----------
    table
        The table, in all rows of which they hold.
    edges
        Pairs of positions: the lower column and the upper one, on the same line.
    strict
        Those of them in which the two are never equal.
    fixed
        Positions of columns that must not be changed.
    """
    found: list[OrderDependency | DifferenceDependency] = []
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
