"""Fold the levels that few rows hold into others, before anything is learned."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.table_encoder import FEW_VALUES
from tabgan.rules.functional_dependency import combinations_of
from tabgan.table.columns import ColumnFrame, TypedSeries, count_rows
from tabgan.table.schema import RANGED

__all__ = ["FoldedLevels", "fold_rare", "has_frequent_level", "may_be_rare", "rare_rows"]

MOST_RARE = 0.5  # share of rows with a rare level, for all of them to have one donor each

Mask = NDArray[np.bool_]


class FoldedLevels(NamedTuple):
    """How many rare levels of a column were folded, and how many rows hold one of them."""

    n_levels: int
    n_rows: int


def fold_rare(
    table: ColumnFrame,
    ties: Iterable[Collection[int]],
    joint: Iterable[Sequence[int]],
    rng: np.random.Generator,
) -> tuple[ColumnFrame, dict[int, FoldedLevels]]:
    """Give rows with a rare level the level of a row that has none, drawn at random.

    So a rare level becomes one of the frequent ones, in proportion to these. Columns that are tied
    are taken from the donor together, and what held between them still does.

    Parameters
    ----------
    table
        A table; a level is rare if it has fewer rows than about the column's `least_rows`: the
        threshold is drawn, for nobody to tell from a level that is kept how many rows it has.
    ties
        Positions of columns between which a rule holds.
    joint
        Positions of columns whose combinations of values count as levels.
    rng
        Draws thresholds and donors.

    Returns
    -------
    The table, and what was folded, by position.
    """
    joints = [tuple(positions) for positions in joint]
    rare: dict[tuple[int, ...], Mask] = {}
    folded: dict[int, FoldedLevels] = {}
    for group in _groups(table, [*ties, *joints]):
        chance = float(rng.random())
        own = {}
        for at in group:
            own[at], n_levels = rare_rows(table[at], chance)
            if n_levels:
                folded[at] = FoldedLevels(n_levels, int(own[at].sum()))
        for positions in joints:
            if set(positions) <= set(group):
                own[positions[0]] |= _rare_together([table[at] for at in positions], chance)
        together = np.logical_or.reduce([*own.values()])
        # where every row has some rare level, the columns can't be kept together
        rare |= {(*group,): together} if not together.all() else {(a,): own[a] for a in group}
    return _with_donors(
        table, {group: rows for group, rows in rare.items() if rows.any()}, rng
    ), folded


def _with_donors(
    table: ColumnFrame, rare: Mapping[tuple[int, ...], Mask], rng: np.random.Generator
) -> ColumnFrame:
    """Take the cells of groups of columns, where they are rare, from other rows.

    A row that is rare in several groups takes all from the same donor, if enough rows are rare in
    none: values beside a rare level are often rare as well.
    """
    changed, donors = dict(table), np.arange(count_rows(table))
    some = np.logical_or.reduce([np.zeros(len(donors), np.bool_), *rare.values()])
    is_one = some.mean() <= MOST_RARE
    if is_one:
        donors[some] = rng.choice(np.flatnonzero(~some), int(some.sum()))
    for group, rows in rare.items():
        if not is_one:
            donors[rows] = rng.choice(np.flatnonzero(~rows), int(rows.sum()))
        taken = np.where(rows, donors, np.arange(len(donors)))
        for at in group:
            column, values = table[at]
            changed[at] = TypedSeries(column, values.iloc[taken].set_axis(values.index))
    return changed


def rare_rows(cells: TypedSeries, chance: float = 0.0) -> tuple[Mask, int]:
    """Return which rows of a column hold a rare level, and how many such levels there are.

    None are rare of a dtype whose values are declared (categories, booleans), of numbers that are
    not learned by their values, and where no level is frequent. A missing value is not rare.

    Parameters
    ----------
    cells
        The column.
    chance
        From 0 to 1: where the threshold lies between once and one and a half times the least rows.
    """
    column, values = cells
    rows = np.zeros(len(values), np.bool_)
    if column.least_rows == 1 or not _has_levels(cells):
        return rows, 0
    counted = _rows_with_levels(cells)
    part = cells if counted.all() else cells.take(counted)
    counts, named = _count_levels(part)
    rare = named & (counts < _threshold(column.least_rows, chance))
    if counted.all() and not (named & ~rare).any():
        return rows, 0
    rows[counted] = rare[part.codes]
    return rows, int(rare.sum())


def may_be_rare(table: ColumnFrame) -> bool:
    """Return whether a column of a table may hold a rare level, whatever threshold is drawn."""
    for cells in table.values():
        least = cells.column.least_rows
        if least > 1 and _has_levels(cells):
            counted = _rows_with_levels(cells)
            counts, named = _count_levels(cells if counted.all() else cells.take(counted))
            if (named & (counts < _threshold(least, 1.0))).any():
                return True
    return False


def _rows_with_levels(cells: TypedSeries) -> Mask:
    """Return which rows hold a level: among many numbers, only the special values."""
    if cells.column.kind in RANGED:
        numbers = cells.numbers
        if len(pd.unique(numbers.values[numbers.present])) > FEW_VALUES:
            return ~numbers.present
    return np.ones(len(cells.values), np.bool_)


def _count_levels(cells: TypedSeries) -> tuple[NDArray[np.int64], Mask]:
    """Count the rows of each level, and say which levels are not a missing value."""
    counts = np.bincount(cells.codes, minlength=len(cells.levels))
    return counts, np.array([level is not None for level in cells.levels], np.bool_) & (counts > 0)


def _has_levels(cells: TypedSeries) -> bool:
    column, values = cells
    is_declared = isinstance(values.dtype, pd.CategoricalDtype)
    return column.kind in RANGED or (column.kind == "categorical" and not is_declared)


def has_frequent_level(cells: TypedSeries) -> bool:
    """Return whether a column has a level that enough rows hold, or none at all."""
    levels = cells.levels
    counts = np.bincount(cells.codes, minlength=len(levels))
    known = [count for count, level in zip(counts, levels, strict=True) if level is not None]
    most = max(
        known, default=0
    )  # of nothing but missing values, some dtypes have a level of no row
    return most == 0 or bool(most >= cells[0].least_rows)


def _rare_together(cells: Sequence[TypedSeries], chance: float) -> Mask:
    least = min(column.least_rows for column, _ in cells)
    codes, combinations = combinations_of(cells)
    counts = np.bincount(codes, minlength=len(combinations))
    threshold = _threshold(least, chance)
    if least == 1 or counts.max() < threshold:
        return np.zeros(len(codes), np.bool_)
    rare: Mask = (counts < threshold)[codes]
    return rare


def _threshold(least: int, chance: float) -> int:
    """Return a number of rows from `least` to one and a half times as many.

    Examples
    --------
    >>> [_threshold(5, chance) for chance in (0.0, 0.4, 0.99)]
    [5, 6, 7]
    """
    return least + int(chance * (least // 2 + 1))


def _groups(table: ColumnFrame, ties: Iterable[Collection[int]]) -> list[list[int]]:
    """Return the positions of all columns, in groups that ties connect."""
    groups = [{at} for at in table]
    for tie in ties:
        touched = [group for group in groups if group & set(tie)]
        groups = [group for group in groups if group not in touched]
        if touched:
            groups.append(set().union(*touched))
    return sorted(sorted(group) for group in groups)
