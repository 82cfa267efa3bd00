"""Finding the columns of which one equals another in a good share of the rows."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.dependencies.base import ColumnFrame, field_at, sample_of
from tabgan.encoding.dependencies.coincidences import LEAST_SHARE, PartialEquality, common_values
from tabgan.encoding.dependencies.grids import FEW_VALUES
from tabgan.encoding.dependencies.lines import NumericAxis, finest_unit, on_lines, to_lines

__all__ = ["find_coincidences"]

LEAST_LIFT = 3  # times as often as they would be, were they near each other only
MOST_TRIED = 3  # partners of a column

Link = tuple[int, int]  # of two columns; the second one follows the first


def find_coincidences(
    table: ColumnFrame, rng: np.random.Generator, fixed: Collection[int] = ()
) -> list[PartialEquality]:
    """Find the columns that equal another column often; each follows one other at most.

    The column of more repeated values is taken to follow the other one: a payment the bill. Of
    several columns that go together, the one of fewest repeated values leads.

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
        for sample in on_lines(sample_of(table, rng))
        for rule in _on_one_line(table, sample, fixed)
    ]


def _on_one_line(
    table: ColumnFrame, sample: ColumnFrame, fixed: Collection[int]
) -> Iterator[PartialEquality]:
    unit = finest_unit(column for column, _ in sample.values())
    lines = to_lines(sample, unit).items()
    trials = {at: trial for at, line in lines if (trial := _Trial.of(line)) is not None}
    order = sorted(trials, key=lambda at: (at not in fixed, trials[at].repeated, at))
    links = _forest(order, _likeliest({at: trials[at].values for at in order}), fixed)
    full = to_lines({at: table[at] for at in sorted({at for link in links for at in link})}, unit)
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
            if _is_no_accident(matrix[place], matrix[other]):
                found.append((int(equal[other]), (names[other], names[place])))
    return [link for _, link in sorted(found, key=lambda pair: -pair[0])]


def _forest(order: list[int], pairs: list[Link], fixed: Collection[int]) -> list[Link]:
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


def _is_no_accident(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Say whether two columns are equal far more often than they are nearly so.

    Ranks tell what is near. Were the rows only scattered about the equal ones, as many would be
    found beside them, on one side at least, within ranks that an average value takes up.
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
    def of(cls, line: NumericAxis) -> Self | None:
        """Return None for a column of few values, which is learned as levels."""
        known = line.values[line.present]
        distinct = len(np.unique(known))
        if distinct <= FEW_VALUES:
            return None
        rare = line.present & ~np.isin(line.values, common_values(line))
        return cls(np.where(rare, line.values, np.nan), 1 - distinct / len(known))
