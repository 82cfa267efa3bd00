"""Columns that refer to other rows of their own table: an employee's manager, a category's parent.

Rows are sampled independently. At the end, when each has its identifier, the references are
sampled: first the depth of each row below a root, from the column that predicts it best, and then a
row one level above, which agrees in what real rows share with the row that they refer to. So there
is no circle if real references have none, and each row has as many references to it as real rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.inference.key_columns import depths_of, find_reference, referred_rows
from tabgan.sampling.alike_rows import (
    CountOfReferences,
    SameAsReferred,
    combined_codes,
    counting_column,
    explained_by,
    learn_copies,
    with_copies,
    with_counts,
)
from tabgan.sampling.key_groups import MOST_LEVELS, GroupSizes
from tabgan.table.columns import ColumnFrame, ColumnRef, TypedSeries, field_at, level_key
from tabgan.table.level_codes import are_filled, levels_to_series
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import RANGED, Schema

__all__ = ["SelfReference", "learn_references"]

DEEPEST = 30  # steps to a row without a reference; further ones have an order only
LEAST_EXPLAINED = 0.02  # of the depths' variation, by a column's levels
LEAST_ALIKE = 0.5  # Cohen's kappa of a row and the one that it refers to
HARDLY = 1e-6  # how likely others refer to a row of a level of which none is referred to
MOST_ALIKE = 3  # columns that they share
LEAST_ORDERED = 0.98  # share of the references to a row that is not after it
FEWEST_REFERENCES = 20  # that tell what rows share
_SHARED = ("categorical", "boolean", "key")  # kinds of columns that rows share

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


class _Places(NamedTuple):
    """The positions of rows: sampled depths, their probabilities, and weights as parents."""

    depths: Rows
    chances: Floats
    weights: Floats


class LevelProfile(NamedTuple):
    """The rows that have a level: where they stand, and whether others refer to them.

    Attributes
    ----------
    depths
        Share of the rows that are so many steps below a row without a reference.
    parents
        Share of the rows that others refer to.
    """

    depths: tuple[float, ...]
    parents: float

    @classmethod
    def of(cls, depths: Rows, is_parent: NDArray[np.bool_], deepest: int) -> Self:
        """Learn the profile of some rows.

        Parameters
        ----------
        depths
            Depth of each row.
        is_parent
            Whether others refer to it.
        deepest
            The greatest depth of the table.
        """
        counts = np.bincount(depths, minlength=deepest + 1)
        return cls(tuple((counts / max(len(depths), 1)).tolist()), float(is_parent.mean()))


@dataclass(frozen=True)
class SelfReference:
    """A column whose values are those of another column in other rows.

    Parameters
    ----------
    column, target
        The column, and the one that it refers to.
    sizes
        How many rows refer to one row, of those that are referred to.
    without
        How a row without a reference is told: "missing", "itself", or "mark", which is `mark`.
    mark
        The value that stands for no reference.
    in_circles
        Whether real references go in circles.
    profiles
        Where the rows of each level of the column `by` stand; that of None is of all others.
        Without depths where these are too many.
    by
        Position of the column whose levels tell most of it; None if none does.
    alike
        Positions of the columns in which a row is as the one that it refers to.
    agreement
        Share of the references of rows that are, for each depth from 1 on; further depths are as
        the last one.
    order
        Position of the numbers or dates by which a row is after the one that it refers to.
    is_falling
        Whether it is before that one instead.
    is_chain
        Whether it is the one just before, of those that are alike.
    sizes_by_depth
        As `sizes`, of the rows of each depth to which others refer.
    counted
        Position of the whole number that counts the rows that refer to a row; None if none does.
    copied
        Pairs of positions: a column, and the one of the row that is referred to that it equals.
    """

    column: ColumnRef
    target: ColumnRef
    sizes: GroupSizes
    without: str = "missing"
    mark: Scalar = None
    in_circles: bool = False
    profiles: tuple[tuple[Scalar, LevelProfile], ...] = ()
    by: int | None = None
    alike: tuple[int, ...] = ()
    agreement: tuple[float, ...] = (0.0,)
    order: int | None = None
    is_falling: bool = False
    is_chain: bool = False
    sizes_by_depth: tuple[GroupSizes, ...] = ()
    counted: int | None = None
    copied: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        for sizes in (self.sizes, *self.sizes_by_depth):
            sizes.check(self.column)
        shares = [share for _, own in self.profiles for share in (*own.depths, own.parents)]
        if not all(0 <= share <= 1 for share in (*shares, *self.agreement)):
            raise ValueError(f"{self.column}: shares must be from 0 to 1")
        is_known = self.without in ("missing", "itself", "mark")
        if not is_known or not self.profiles or not self.agreement:
            raise ValueError(f"{self.column}: it is not told where rows have no reference")

    @property
    def positions(self) -> tuple[int, int]:
        """Positions of the column and of the one that it refers to."""
        return self.column.position, self.target.position

    @property
    def deepest(self) -> int:
        """The greatest depth; 0 where depths are too many, or there are circles."""
        return max(len(own.depths) for _, own in self.profiles) - 1

    def describe(self, schema: Schema) -> str:
        """Describe the references in words.

        Parameters
        ----------
        schema
            Columns of the table.
        """
        ends = f"{self.sizes.range_in_words} rows to one, {self.sizes.mean:.1f} on average"
        steep = f", up to {self.deepest} levels deep" if self.deepest > 0 else ""
        steep = ", also in circles" if self.in_circles else steep
        names = ", ".join(repr(schema.names[at]) for at in self.alike)
        alike = f", mostly with the same {names}" if names else ""
        known = "" if self.counted is None else f"; {schema.names[self.counted]!r} counts them"
        return f"{self.column} refers to {self.target} of another row: {ends}{steep}{alike}{known}"

    def kept_in(self, frame: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which rows of a frame refer to a row, in no circle, and which are to.

        Parameters
        ----------
        frame
            Rows of the table.
        """
        values, ids = (frame.iloc[:, at] for at in self.positions)
        judged = are_filled(values)
        rows = referred_rows(values, ids)
        if self.without == "mark":
            judged &= (values != self.mark).to_numpy(bool)
        if self.without == "itself":
            judged &= rows != np.arange(len(rows))
            rows = np.where(rows == np.arange(len(rows)), -1, rows)
        kept = rows >= 0
        return kept if self.in_circles else kept & ~np.isnan(depths_of(rows)), judged

    def ties(self, schema: Schema) -> list[SameAsReferred | CountOfReferences]:
        """Return the rules that rows are as those that they refer to, and are counted there.

        Parameters
        ----------
        schema
            Columns of the table.
        """
        like = [SameAsReferred(self.positions, self.alike, schema)] if self.alike else []
        counted = [] if self.counted is None else [self.counted]
        return [*like, *(CountOfReferences(self.positions, at, schema) for at in counted)]

    def write(self, frame: pd.DataFrame, schema: Schema, rng: np.random.Generator) -> pd.DataFrame:
        """Draw the references of the rows of a sample.

        Parameters
        ----------
        frame
            Rows that have their identifiers.
        schema
            Columns of the table.
        rng
            The only source of randomness.
        """
        at, target = self.positions
        column, n = schema.columns[at], len(frame)
        parents = self._draw(frame, schema, rng)
        levels, codes, roots = frame.iloc[:, target].tolist(), parents.copy(), parents < 0
        if self.without == "itself":
            codes[roots] = np.flatnonzero(roots)
        elif roots.any():
            codes[roots] = n
            levels.append(self.mark)
        dtype = frame.iloc[:, at].dtype
        is_full = isinstance(dtype, np.dtype) and dtype.kind in "iub"  # holds no missing value
        if self.without == "missing" and is_full:  # its value stays
            codes, levels = np.where(roots, 0, codes), levels[:n]
        written = levels_to_series(levels, codes, column).set_axis(frame.index)
        if self.without == "missing" and is_full:
            written = written.where(~roots, frame.iloc[:, at])
        columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
        columns[at] = written
        if (count := self.counted) is not None:
            columns[count] = with_counts(columns[count], schema.columns[count], parents)
        for to, source in self.copied:
            own, other = (TypedSeries(schema.columns[at], columns[at]) for at in (to, source))
            columns[to] = with_copies(own, other, parents)
        return pd.concat(columns, axis=1).set_axis(frame.columns, axis=1)

    def _draw(self, frame: pd.DataFrame, schema: Schema, rng: np.random.Generator) -> Rows:
        """Draw the row that each row refers to; -1 for none."""
        n = len(frame)
        cells = {at: TypedSeries(schema.columns[at], frame.iloc[:, at]) for at in self._seen}
        places = self._places(cells, are_filled(frame.iloc[:, self.column.position]), rng)
        group = combined_codes([cells[at].codes for at in self.alike], n)
        depths, weights = self._with_rows_above(places, group, rng), places.weights
        by = self.order
        time = None if by is None else _times(cells[by], is_falling=self.is_falling)
        if self.is_chain and time is not None:
            return _one_before(group, time)
        parents = np.full(n, -1, np.int64)
        if self.deepest == 0 and not self.in_circles:  # a row refers to one before it
            time = np.arange(n) + (np.zeros(n) if time is None else n * time)
            depths[np.argmin(time)] = 0
        for depth in range(1, int(depths.max(initial=0)) + 1):
            rows = np.flatnonzero(depths == depth)
            above = np.flatnonzero(depths == depth - 1) if self.deepest else np.arange(n)
            sizes = dict(enumerate(self.sizes_by_depth)).get(depth - 1, self.sizes)
            agreement = self._agreement_at(depth)
            for chosen, candidates in self._groups_wanted(rows, above, group, agreement, rng):
                own = rows[chosen]
                parents[own] = _shared_out(
                    own, candidates, sizes, time=time, weights=weights, rng=rng
                )
        if time is not None and not self.in_circles:
            parents = _earlier(parents, time)
        itself = np.flatnonzero(parents == np.arange(n))
        parents[itself] = (itself + 1) % n if n > 1 else -1  # only where there are circles
        return parents

    @property
    def _seen(self) -> list[int]:
        return [*self.alike, *(at for at in (self.by, self.order) if at is not None)]

    def _places(
        self, cells: ColumnFrame, filled: NDArray[np.bool_], rng: np.random.Generator
    ) -> _Places:
        """Draw the depth of each row, and say how likely others refer to it."""
        others = next((own for level, own in self.profiles if level is None), self.profiles[0][1])
        known = {level_key(level): own for level, own in self.profiles if level is not None}
        profiles, codes = [others], np.zeros(len(filled), np.int64)
        if self.by is not None:
            profiles = [known.get(level_key(level), others) for level in cells[self.by].levels]
            codes = cells[self.by].codes.astype(np.int64)
        weights = np.array([max(own.parents, HARDLY) for own in profiles])[codes]
        chances = np.array([own.depths for own in profiles])[codes]
        if self.deepest <= 0:
            return _Places(np.where(filled, 1, 0), chances, weights)
        if self.without == "missing":
            chances[filled, 0] = 0
            chances[~filled, 1:] = 0
        ends = np.cumsum(chances, axis=1)
        drawn = (rng.random(len(ends))[:, None] * ends[:, -1:] >= ends).sum(axis=1)
        unlikely = ends[:, -1] <= 0  # no real row of the level is so
        drawn[unlikely] = filled[unlikely]
        return _Places(_without_gaps(drawn.astype(np.int64)), chances, weights)

    def _with_rows_above(self, places: _Places, group: Rows, rng: np.random.Generator) -> Rows:
        """Let each group have a row one step above those that are to be below one of their group.

        Few rows stand high up, so that by chance a group has none there. One of its rows that may
        stand there, and to which others may refer, goes there: one from below, or one of several
        further up.
        """
        depths = places.depths.copy()
        if not self.alike:
            return depths
        ties, may_be_above = rng.random(len(depths)), places.weights > HARDLY
        for depth in range(self.deepest, 0, -1):
            above = depth - 1
            if self._agreement_at(depth) < LEAST_ALIKE:
                continue
            headed = np.unique(group[(depths == above) & may_be_above])
            lacking = np.setdiff1d(group[depths == depth], headed)
            chances = places.chances[:, above]
            twins = combined_codes([group, depths], len(depths))
            may_go = (depths > above) | (np.bincount(twins)[twins] > 1)
            rows = np.flatnonzero(may_go & may_be_above & (chances > 0))
            rows = rows[np.isin(group[rows], lacking)]
            rows = rows[np.lexsort([ties[rows], -chances[rows], depths[rows] < above])]
            depths[rows[np.unique(group[rows], return_index=True)[1]]] = above
        return _without_gaps(depths)

    def _agreement_at(self, depth: int) -> float:
        return self.agreement[min(depth, len(self.agreement)) - 1]

    def _groups_wanted(
        self, rows: Rows, above: Rows, group: Rows, agreement: float, rng: np.random.Generator
    ) -> list[tuple[Rows, Rows]]:
        """Return some of the rows, and those above that are to be theirs: most of one group."""
        agree = rng.random(len(rows)) < agreement if self.alike else np.zeros(len(rows), bool)
        wanted = np.where(agree & np.isin(group[rows], group[above]), group[rows], -1)
        return [
            (np.flatnonzero(wanted == own), above if own < 0 else above[group[above] == own])
            for own in np.unique(wanted).tolist()
        ]

    def to_json(self) -> dict[str, Any]:
        """Describe the references by JSON values."""
        return {
            "column": self.column.to_json(),
            "target": self.target.to_json(),
            **self.sizes.to_json(),
            "without": self.without,
            "mark": to_json_scalar(self.mark),
            "in_circles": self.in_circles,
            "profiles": [
                {"level": to_json_scalar(level), "depths": list(own.depths), "parents": own.parents}
                for level, own in self.profiles
            ],
            "by": self.by,
            "alike": list(self.alike),
            "agreement": list(self.agreement),
            "order": self.order,
            "is_falling": self.is_falling,
            "is_chain": self.is_chain,
            "counted": self.counted,
            "copied": [list(pair) for pair in self.copied],
            "sizes_by_depth": [own.to_json() for own in self.sizes_by_depth],
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild the references from `to_json`'s value."""
        return cls(
            ColumnRef.from_json(state["column"]),
            ColumnRef.from_json(state["target"]),
            GroupSizes.from_json(dict(state)),
            without=str(state["without"]),
            mark=from_json_scalar(state["mark"]),
            in_circles=bool(state["in_circles"]),
            profiles=tuple(
                (
                    from_json_scalar(own["level"]),
                    LevelProfile(tuple(map(float, own["depths"])), float(own["parents"])),
                )
                for own in state["profiles"]
            ),
            by=None if state["by"] is None else int(state["by"]),
            alike=tuple(map(int, state["alike"])),
            agreement=_shares_of(state["agreement"]),
            order=None if state["order"] is None else int(state["order"]),
            is_falling=bool(state["is_falling"]),
            is_chain=bool(state["is_chain"]),
            sizes_by_depth=tuple(map(GroupSizes.from_json, state["sizes_by_depth"])),
            counted=None if state.get("counted") is None else int(state["counted"]),
            copied=tuple((int(to), int(source)) for to, source in state.get("copied", ())),
        )


def _shares_of(state: float | Sequence[float]) -> tuple[float, ...]:
    """Return shares by depth; older files have one for all."""
    return (float(state),) if isinstance(state, int | float) else tuple(map(float, state))


def _shared_out(
    rows: Rows,
    candidates: Rows,
    sizes: GroupSizes,
    *,
    time: Floats | None,
    weights: Floats,
    rng: np.random.Generator,
) -> Rows:
    """Give each row a candidate, as many rows to one as in the real table.

    If they refer to earlier ones, `time` puts all rows in order; `weights` tells how likely others
    refer to each of all rows.
    """
    counts = np.diff(sizes.ends(len(rows), rng), prepend=0)
    ranks = rng.random(len(candidates)) ** (1 / weights[candidates])  # Efraimidis and Spirakis
    chosen = np.resize(candidates[np.argsort(-ranks, kind="stable")], len(counts))
    if time is None:
        return rng.permutation(np.repeat(chosen, counts)[: len(rows)])
    order = np.argsort(time[chosen], kind="stable")
    chosen, ends = chosen[order], np.cumsum(counts[order])
    before = np.searchsorted(time[chosen], time[rows], side="left")
    reach = np.where(before > 0, ends[np.maximum(before - 1, 0)], 0)
    drawn = np.searchsorted(ends, rng.random(len(rows)) * reach, side="right")
    first = candidates[np.argmin(time[candidates])]  # where a row is before all that were chosen
    return np.where(before > 0, chosen[np.minimum(drawn, len(chosen) - 1)], first)


def _earlier(parents: Rows, time: Floats) -> Rows:
    """Let rows that refer to a later one refer to the one just before them, or to none."""
    late = np.flatnonzero((parents >= 0) & (time[np.maximum(parents, 0)] >= time))
    order = np.argsort(time, kind="stable")
    before = np.searchsorted(time[order], time[late], side="left")
    parents[late] = np.where(before > 0, order[np.maximum(before - 1, 0)], -1)
    return parents


def _one_before(group: Rows, time: Floats) -> Rows:
    """Return the row of the same group just before each row; -1 for the first one.

    Examples
    --------
    >>> _one_before(np.array([7, 7, 8, 7]), np.array([3.0, 1.0, 1.0, 2.0])).tolist()
    [3, -1, -1, 1]
    """
    order = np.lexsort((time, group))
    before = np.full(len(group), -1, np.int64)
    follows = group[order][1:] == group[order][:-1]
    before[order[1:][follows]] = order[:-1][follows]
    return before


def _times(cells: TypedSeries, *, is_falling: bool) -> Floats:
    """Return numbers by which a row is after those that it may refer to, as ranks from 0."""
    numbers = cells.numbers
    values = np.where(numbers.present, numbers.values.astype(np.float64), np.nan)
    values = np.where(
        np.isnan(values), np.nanmedian(values) if numbers.present.any() else 0, values
    )
    return np.unique(-values if is_falling else values, return_inverse=True)[1].astype(np.float64)


def _without_gaps(depths: Rows) -> Rows:
    """Let a row of the next depth stand in each depth that no row has, so that all are below one.

    Examples
    --------
    >>> _without_gaps(np.array([3, 1, 3])).tolist()
    [1, 0, 2]
    """
    depths = depths.copy()
    for depth in range(int(depths.max(initial=0)) + 1):
        deeper = np.flatnonzero(depths > depth)
        if len(deeper) and not (depths == depth).any():
            depths[deeper[np.argmin(depths[deeper])]] = depth
    return depths


def learn_references(table: ColumnFrame) -> tuple[SelfReference, ...]:
    """Learn the references of a table's rows to each other."""
    ids = [at for at, cells in table.items() if _names_each_row(cells)]
    found: list[SelfReference] = []
    for at, cells in table.items():
        if cells.column.kind != "key" or at in ids:
            continue
        for target in ids:
            names = cells.column.name, table[target].column.name
            rows = find_reference((names[0], cells.values), (names[1], table[target].values))
            if rows is not None:
                found.append(_learned(table, at, target, rows))
                break
    return tuple(found)


def _names_each_row(cells: TypedSeries) -> bool:
    column = cells.column
    return column.is_generated and not column.missing and bool(cells.values.is_unique)


def _learned(table: ColumnFrame, at: int, target: int, rows: Rows) -> SelfReference:
    """Learn the references of one column, given the row that each row refers to."""
    cells = table[at]
    least, linked = cells.column.least_rows, np.flatnonzero(rows >= 0)
    counts = np.bincount(rows[linked], minlength=len(rows))
    depths, in_circles = _depths(rows, least)
    others = {place: own for place, own in table.items() if place not in (at, target)}
    by = _telling_column(others, depths if depths.any() else counts > 0)
    profiles = _profiles(None if by is None else others[by], depths, counts > 0, least)
    alike = _alike_columns(others, linked, rows[linked])
    same = [others[place].codes[linked] == others[place].codes[rows[linked]] for place in alike]
    order, is_falling = _order_of(others, linked, rows[linked])
    without, mark = _without(cells, rows)
    is_chain = False
    if order is not None:
        group = combined_codes([others[place].codes for place in alike], len(rows))
        time = _times(others[order], is_falling=is_falling)
        is_chain = bool((_one_before(group, time) == rows).mean() >= LEAST_ORDERED)
    return SelfReference(
        field_at(table, at),
        field_at(table, target),
        GroupSizes.of(counts, least),
        without,
        mark,
        in_circles,
        profiles,
        by,
        alike,
        _agreement(same, depths[linked]),
        order,
        is_falling,
        is_chain,
        _sizes_by_depth(counts, depths, least),
        counting_column(others, rows),
        learn_copies(others, linked, rows[linked]),
    )


def _agreement(same: Sequence[NDArray[np.bool_]], depths: Rows) -> tuple[float, ...]:
    """Return the share of the rows of each depth from 1 on that are as the one they refer to."""
    if not same:
        return (0.0,)
    alike, depths = np.logical_and.reduce(same), np.maximum(depths, 1)
    every = float(alike.mean())
    shares = (alike[depths == depth] for depth in range(1, int(depths.max()) + 1))
    return tuple(float(own.mean()) if len(own) else every for own in shares)


def _sizes_by_depth(counts: Rows, depths: Rows, least: int) -> tuple[GroupSizes, ...]:
    """Learn how many rows refer to one of each depth, as far as enough rows tell."""
    every = GroupSizes.of(counts, least)
    sizes = [GroupSizes.of(counts[depths == depth], least) for depth in range(int(depths.max()))]
    n_parents = np.bincount(depths[counts > 0], minlength=len(sizes) + 1)
    enough = max(FEWEST_REFERENCES, least)
    return tuple(
        own if n >= enough else every for own, n in zip(sizes, n_parents.tolist(), strict=False)
    )


def _depths(rows: Rows, least: int) -> tuple[Rows, bool]:
    """Return the depth of each row, all 0 where they tell nothing, and whether there are circles.

    The deepest has at least so many rows.
    """
    depths = depths_of(rows)
    nothing, in_circles = np.zeros(len(rows), np.int64), bool(np.isnan(depths).any())
    if in_circles or depths.max() > DEEPEST:
        return nothing, in_circles
    counts = np.bincount(depths.astype(np.int64))
    deepest = int(np.flatnonzero(np.cumsum(counts[::-1])[::-1] >= min(least, counts.sum())).max())
    return np.minimum(depths, max(deepest, 1)).astype(np.int64), False


def _telling_column(table: ColumnFrame, values: NDArray[Any]) -> int | None:
    """Return the column of levels that tells most of where a row stands; None if none does."""
    best, most = None, LEAST_EXPLAINED
    for at, cells in sorted(table.items()):
        if cells.column.is_generated or not 2 <= len(cells.levels) <= MOST_LEVELS:
            continue
        explained = explained_by(values.astype(np.float64), cells.codes)
        if explained > most:
            best, most = at, explained
    return best


def _profiles(
    cells: TypedSeries | None, depths: Rows, is_parent: NDArray[np.bool_], least: int
) -> tuple[tuple[Scalar, LevelProfile], ...]:
    """Learn the profiles of the levels that enough rows have, and of all others together."""
    deepest = int(depths.max())
    if cells is None:
        return ((None, LevelProfile.of(depths, is_parent, deepest)),)
    counts = np.bincount(cells.codes, minlength=len(cells.levels))
    own = [code for code, level in enumerate(cells.levels) if level is not None]
    own = [code for code in own if counts[code] >= least]
    rest = ~np.isin(cells.codes, own)
    rest = rest if rest.sum() >= least else np.ones(len(depths), np.bool_)
    return (
        (None, LevelProfile.of(depths[rest], is_parent[rest], deepest)),
        *(
            (cells.levels[code], LevelProfile.of(depths[rows], is_parent[rows], deepest))
            for code in own
            for rows in [cells.codes == code]
        ),
    )


def _alike_columns(table: ColumnFrame, rows: Rows, parents: Rows) -> tuple[int, ...]:
    """Return the columns of levels and keys in which rows are as those that they refer to."""
    alike: dict[int, float] = {}
    for at, cells in table.items():
        if cells.column.kind not in _SHARED or len(rows) < FEWEST_REFERENCES:
            continue
        shares = np.bincount(cells.codes) / len(cells.codes)
        chance = float((shares**2).sum())
        same = float((cells.codes[rows] == cells.codes[parents]).mean())
        if chance < 1 and (same - chance) / (1 - chance) >= LEAST_ALIKE:
            alike[at] = (same - chance) / (1 - chance)
    return tuple(sorted(sorted(alike, key=lambda at: (-alike[at], at))[:MOST_ALIKE]))


def _order_of(table: ColumnFrame, rows: Rows, parents: Rows) -> tuple[int | None, bool]:
    """Return the numbers or dates by which rows are after those that they refer to."""
    if len(rows) < FEWEST_REFERENCES:
        return None, False
    ranged = [at for at, cells in table.items() if cells.column.kind in RANGED]
    for at in sorted(ranged, key=lambda at: (table[at].column.kind != "datetime", at)):
        numbers = table[at].numbers
        both = numbers.present[rows] & numbers.present[parents]
        own, other = (numbers.values[places][both] for places in (rows, parents))
        if both.sum() < max(FEWEST_REFERENCES, LEAST_ORDERED * len(rows)):
            continue
        for is_falling, share in ((False, (other < own).mean()), (True, (other > own).mean())):
            if share >= LEAST_ORDERED:
                return at, is_falling
    return None, False


def _without(cells: TypedSeries, rows: Rows) -> tuple[str, Scalar]:
    """Return how a column writes that a row refers to no other one."""
    roots, filled = rows == -1, are_filled(cells.values)
    if (roots & filled).sum() <= (roots & ~filled).sum():  # a few may refer to themselves
        return "missing", None
    roots &= filled
    values = cells.values[roots]
    if values.nunique() > 1:
        return "itself", None
    return "mark", cells.levels[int(cells.codes[np.flatnonzero(roots)[0]])]
