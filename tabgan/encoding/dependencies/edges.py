"""Which orders can be kept beside the rules that derive columns."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tabgan.encoding.dependencies.derived import Derived
from tabgan.encoding.dependencies.grids import AllowedValues
from tabgan.encoding.dependencies.lines import LineNumbers, NumericAxis
from tabgan.encoding.dependencies.order import Edge

__all__ = ["choose_edges"]

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
