"""Linked parents: their properties are sampled, and a row with such properties is chosen.

Slots (rows that need a partner) and candidates (each repeated by its degree) are halved repeatedly,
at the same rank of one feature after the other. In the remaining small cells, an assignment of
least cost is found. The degrees therefore stay exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from tabgan.relations.drawing_plan import TablePlan
from tabgan.relations.drawn_table import DEPTH, Drawn, DrawnTable, count_name
from tabgan.relations.relations import ForeignKey, Rows
from tabgan.relations.row_context import (
    Context,
    ContextFeatures,
    ContextPart,
    feature_kinds,
    is_added,
)
from tabgan.table.dtypes import describe_dtype
from tabgan.table.schema import Column

__all__ = [
    "PRESENT",
    "ROW",
    "SAME",
    "Wish",
    "choose_partners",
    "context_of_wishes",
    "groups_of",
    "inherited_rows",
    "levels_of_descent",
    "likes_of",
    "linked_context",
    "move_apart",
    "own_likes",
    "steering_rows",
    "wish_of",
    "wished_context",
    "with_shares",
]

MOST_WISHES = 12  # columns that say what a linked parent is like
PRESENT, SAME, ROW, LIKE = "present", "same", "row", "like"


@dataclass(frozen=True)
class Wish:
    """The sampled description of a linked parent: its properties, or the row of a reference table.

    Parameters
    ----------
    key
        The key to it.
    likes, features
        Columns that say what it is like, and these as numbers; none for a reference table.
    chain
        Whether it may be a parent of a row above, which is drawn.
    once
        Whether it has one row at most.
    apart
        Whether no group of rows has it twice.
    nullable
        Whether it may be missing.
    shares
        Of the rows that refer to each row of a reference table.
    """

    key: ForeignKey
    likes: tuple[str, ...] = ()
    features: ContextFeatures | None = None
    chain: bool = False
    once: bool = False
    apart: bool = False
    nullable: bool = False
    shares: tuple[float, ...] = ()

    def name(self, what: str, column: str = "") -> str:
        """Name a column that is drawn.

        Parameters
        ----------
        what, column
            What it says of the parent, and of which of its columns.
        """
        return f"{self.key.name}>{what}{'.' * bool(column)}{column}"

    def to_json(self) -> dict[str, Any]:
        """Describe the wish by JSON values."""
        return {
            "key": self.key.to_json(),
            "likes": list(self.likes),
            "features": None if self.features is None else self.features.to_json(),
            "chain": self.chain,
            "once": self.once,
            "apart": self.apart,
            "nullable": self.nullable,
            "shares": list(self.shares),
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a wish from `to_json`'s value."""
        features = state["features"]
        return cls(
            ForeignKey.from_json(state["key"]),
            tuple(map(str, state["likes"])),
            None if features is None else ContextFeatures.from_json(features),
            chain=bool(state["chain"]),
            once=bool(state["once"]),
            apart=bool(state["apart"]),
            nullable=bool(state["nullable"]),
            shares=tuple(map(float, state["shares"])),
        )


def shares_of(rows: Rows, n: int, least: int) -> tuple[float, ...]:
    """Return the share of each row of a reference table; those of few rows have one together."""
    counts = np.bincount(rows, minlength=n).astype(float)
    few = counts < least
    counts[few] = counts[few].mean() if few.any() else 0.0
    return tuple((counts / max(counts.sum(), 1.0)).tolist())


def with_shares(
    rows: Rows, free: NDArray[np.bool_], shares: NDArray[np.float64], rng: np.random.Generator
) -> Rows:
    """Let some rows refer to others, so that each row of a reference table keeps its share.

    Parameters
    ----------
    rows
        The row that each row refers to; -1 for none.
    free
        Which of them may change.
    shares
        The shares of the rows of the reference table.
    rng
        Chooses which change.
    """
    wanted = shares * (rows >= 0).sum()
    target = np.floor(wanted + rng.random(len(shares))).astype(np.int64)
    excess = np.bincount(rows[rows >= 0], minlength=len(shares)) - target
    order = np.flatnonzero(free)[rng.permutation(int(free.sum()))]
    rank = pd.Series(order).groupby(rows[order]).cumcount().to_numpy()
    moved = order[rank < excess[rows[order]]]
    places = rng.permutation(np.repeat(np.arange(len(shares)), (-excess).clip(0)))
    n = min(len(moved), len(places))
    rows = rows.copy()
    rows[rng.permutation(moved)[:n]] = places[:n]
    return rows


def levels_of_descent(
    parent: DrawnTable, slots: Rows, wanted: NDArray[np.bool_], key: ForeignKey
) -> list[tuple[Rows, Rows]]:
    """Return rows and their candidates; in a table that refers to itself, level by level.

    A row of the third level has its parent in the second one, so that nobody is above himself.

    Parameters
    ----------
    parent, key
        The table that is referred to, and by which key.
    slots
        The rows that need a parent.
    wanted
        Which rows have one.
    """
    every = np.arange(len(parent.cells))
    if key.parent != key.table or DEPTH not in parent.cells:
        return [(slots, every)]
    depth = np.where(wanted, parent.cells[DEPTH].to_numpy(np.int64).clip(1), 0)
    pairs = []
    for level in np.unique(depth[slots]).tolist():
        above = depth[depth < level].max(initial=-1)
        pairs.append((slots[depth[slots] == level], every[depth == above]))
    return pairs


def inherited_rows(plan: TablePlan, key: ForeignKey, steering: Rows, others: Drawn) -> Rows:
    """Return the row of a key's parent table to which an ancestor of each row refers.

    Parameters
    ----------
    plan
        What the rows are drawn by.
    key
        The key.
    steering
        The steering parent of each row.
    others
        The tables before it.
    """
    rows, table = steering, plan.source
    while table is not None and table in others:
        own = others[table]
        for other, parents in own.parents.items():
            if other.parent == key.parent:
                return np.where(rows >= 0, parents[rows.clip(0)], -1)
        up = next((k for k in own.parents if k.parent in others and k.parent != table), None)
        if up is None or len(own.parents[up]) == 0:
            break
        rows, table = np.where(rows >= 0, own.parents[up][rows.clip(0)], -1), up.parent
    return np.full(len(steering), -1, np.int64)


def wish_of(
    key: ForeignKey,
    own: DrawnTable,
    others: Drawn,
    steering: Rows,
    *,
    parent: DrawnTable,
    least: int,
    plan: TablePlan,
) -> Wish:
    """Learn what can be said of a linked parent.

    Parameters
    ----------
    key, parent
        The key, and the table that it refers to.
    own, others
        The table, and those before it.
    steering
        The steering parent of each row.
    least
        Rows that a bin or level of its features has at least.
    plan
        What the rows are drawn by.
    """
    rows = own.parents[key]
    there = rows[rows >= 0]
    inherited = inherited_rows(plan, key, steering, others)
    groups = groups_of(steering)
    pairs = np.column_stack([groups, rows])[rows >= 0]
    apart = len(np.unique(pairs, axis=0)) == len(pairs) and len(np.unique(groups)) < len(groups)
    wish = Wish(
        key,
        chain=bool((inherited >= 0).any()),
        once=len(np.unique(there)) == len(there) and key not in plan.references,
        apart=apart,
        nullable=bool((rows < 0).any()),
    )
    if key in plan.references:
        return replace(wish, shares=shares_of(there, len(parent.cells), least))
    likes = [c for c in parent.columns if c.kind in feature_kinds]
    cells = [c for c in likes if not is_added(c.name)][:MOST_WISHES]
    likes = [*cells, *(c for c in likes if c.name in (count_name(key), DEPTH))]
    wish = replace(wish, likes=tuple(str(c.name) for c in likes))
    return replace(wish, features=ContextFeatures.fit(own_likes(wish, parent), least))


def own_likes(wish: Wish, parent: DrawnTable) -> Context:
    """Return what the rows of a parent are like, under the names of the wishes.

    Parameters
    ----------
    wish, parent
        The linked parent, and its table.
    """
    columns = {str(column.name): column for column in parent.columns}
    parts = (
        ContextPart(
            replace(columns[name], name=wish.name(LIKE, name)), parent.cells[name], is_value=True
        )
        for name in wish.likes
    )
    return Context(len(parent.cells), tuple(parts))


def likes_of(wish: Wish, frame: pd.DataFrame) -> Context:
    """Return what parents were drawn to be like.

    Parameters
    ----------
    wish, frame
        The linked parent, and what was drawn.
    """
    assert wish.features is not None
    parts = []
    for feature in wish.features.features:
        values = frame[feature.column.name].reset_index(drop=True)
        column = replace(feature.column, dtype=describe_dtype(values.dtype))
        parts.append(ContextPart(column, values, is_value=True))
    return Context(len(frame), tuple(parts))


def _flags(name: str, values: NDArray[np.bool_]) -> ContextPart:
    series = pd.Series(pd.Categorical(np.where(values, "yes", "no"), ["no", "yes"]), name=name)
    return ContextPart(
        Column(name, "categorical", describe_dtype(series.dtype)), series, is_value=False
    )


def wished_context(
    wishes: Sequence[Wish], own: DrawnTable, others: Drawn, plan: TablePlan
) -> Context:
    """Return what linked parents are like in the training tables."""
    n, parts = len(own.cells), list[ContextPart]()
    steering = steering_rows(plan, own, others)
    for wish in wishes:
        rows = own.parents[wish.key]
        if wish.nullable:
            parts.append(_flags(wish.name(PRESENT), rows >= 0))
        rest = rows
        if wish.chain:
            same = (rows >= 0) & (rows == inherited_rows(plan, wish.key, steering, others))
            parts.append(_flags(wish.name(SAME), same))
        if wish.features is None:
            n_parents = len(others[wish.key.parent].cells)
            levels = [str(row) for row in range(n_parents)]
            codes = pd.Categorical.from_codes(rest, pd.Index(levels))
            series = pd.Series(codes, name=wish.name(ROW))
            column = Column(wish.name(ROW), "categorical", describe_dtype(series.dtype))
            parts.append(ContextPart(column, series, is_value=False))
        else:
            parts += own_likes(wish, others[wish.key.parent]).take(rest).parts
    return Context(n, tuple(parts))


def context_of_wishes(frame: pd.DataFrame) -> Context:
    """Return drawn wishes as a context without kinds, which no feature is made of."""
    parts = (
        ContextPart(Column(str(name), "text", "object"), frame[name], is_value=False)
        for name in frame.columns
    )
    return Context(len(frame), tuple(parts))


def linked_context(
    wishes: Sequence[Wish],
    parents: Mapping[ForeignKey, Rows],
    others: Drawn,
    late: Sequence[ForeignKey],
    wished: Context,
) -> Context:
    """Return the linked parents as a context: the rows themselves, or what late ones are like.

    Parameters
    ----------
    wishes
        The linked parents.
    parents
        The rows that were chosen, by key.
    others
        The tables.
    late
        The keys to tables that are not there yet.
    wished
        What the parents should be like.
    """
    context = Context(wished.n_rows)
    for wish in wishes:
        if wish.key in late:
            own = {part.column.name: part for part in wished.parts}
            assert wish.features is not None
            frame = pd.DataFrame(
                {f.column.name: own[f.column.name].values for f in wish.features.features}
            )
            if len(frame.columns):
                context += likes_of(wish, frame)
        else:
            parent = others[wish.key.parent]
            context += parent.own_context(wish.key.name).take(parents[wish.key])
    return context


def groups_of(steering: Rows) -> Rows:
    """Give each row the number of its group; one without a steering parent is a group by itself."""
    return np.where(steering < 0, -1 - np.arange(len(steering)), steering)


def steering_rows(plan: TablePlan, own: DrawnTable, others: Drawn) -> Rows:
    """Return the steering parent of each row; -1 where there is none.

    Parameters
    ----------
    plan
        What the rows are drawn by.
    own, others
        The table, and those before it.
    """
    if plan.steering is None or plan.source is None:
        return np.full(len(own.cells), -1, np.int64)
    if plan.follows:
        referring = others[plan.source].parents[plan.steering]
        return np.argsort(referring, kind="stable").astype(np.int64)
    return own.parents[plan.steering]


CELL = 64  # slots that are assigned at once
ROUNDS = 30  # of exchanges between slots of which a group would have a partner twice

Points = NDArray[np.float64]


def choose_partners(
    wanted: Points,
    candidates: Points,
    degrees: Rows,
    are_levels: NDArray[np.bool_],
    rng: np.random.Generator,
    *,
    once: bool,
) -> Rows:
    """Choose a candidate for each slot.

    Parameters
    ----------
    wanted
        What each slot's partner should be like, shape (slots, features); NaN where it is missing.
    candidates
        What the candidates are like, shape (candidates, features).
    degrees
        How many slots each candidate should have.
    are_levels
        Which features are codes of levels.
    rng
        Makes up for degrees that are too many or too few, and breaks ties.
    once
        Whether a candidate has one slot at most.

    Returns
    -------
    The candidate of each slot; -1 where none is left.
    """
    seats = _seats(degrees, len(wanted), rng, once=once)
    chosen = np.full(len(wanted), -1, np.int64)
    if not len(seats):
        return chosen
    slots = rng.permutation(len(wanted))[: len(seats)]
    ours, theirs = _scaled(wanted[slots], candidates[seats], are_levels)
    chosen[slots] = seats[_Halving(ours, theirs, are_levels, rng).pairs()]
    return chosen


def _seats(degrees: Rows, n: int, rng: np.random.Generator, *, once: bool) -> Rows:
    """Repeat each candidate by its degree, and add or drop some for n slots."""
    degrees = np.minimum(degrees, 1) if once else degrees
    seats = np.repeat(np.arange(len(degrees)), degrees)
    if len(seats) > n:
        return np.sort(rng.choice(seats, n, replace=False))
    lacking = n - len(seats)
    if once:
        free = np.flatnonzero(degrees == 0)
        more = rng.choice(free, min(lacking, len(free)), replace=False)
    elif lacking and len(degrees):
        used = np.flatnonzero(degrees) if degrees.any() else np.arange(len(degrees))
        shares = np.maximum(degrees[used], 1) / np.maximum(degrees[used], 1).sum()
        more = rng.choice(used, lacking, p=shares)
    else:
        more = np.zeros(0, np.int64)
    return np.concatenate([seats, more]).astype(np.int64)


def _scaled(ours: Points, theirs: Points, are_levels: NDArray[np.bool_]) -> tuple[Points, Points]:
    """Bring numbers to the unit interval, by the candidates; what is missing lies below."""
    low = np.nanmin(np.where(np.isnan(theirs), np.inf, theirs), axis=0, initial=np.inf)
    high = np.nanmax(np.where(np.isnan(theirs), -np.inf, theirs), axis=0, initial=-np.inf)
    size = np.where(are_levels | ~(high > low), 1.0, high - low)
    low = np.where(are_levels | ~np.isfinite(low), 0.0, low)
    scaled = tuple(
        np.where(np.isnan(points), -1.0, (points - low) / size) for points in (ours, theirs)
    )
    return scaled[0], scaled[1]


@dataclass(frozen=True)
class _Halving:
    """Pairs as many slots and seats."""

    slots: Points
    seats: Points
    are_levels: NDArray[np.bool_]
    rng: np.random.Generator

    def pairs(self) -> Rows:
        """Return the seat of each slot."""
        n = len(self.slots)
        found = np.empty(n, np.int64)
        left = [(np.arange(n), self.rng.permutation(n))]
        while left:
            slots, seats = left.pop()
            axes = self._axes(seats)
            if len(slots) <= CELL or not len(axes):
                found[slots] = seats[self._assigned(slots, seats)]
                continue
            half = len(slots) // 2
            # those that are equal in one feature are told apart by the others, on both sides
            slots = slots[np.lexsort(self.slots[slots][:, axes[::-1]].T)]
            seats = seats[np.lexsort(self.seats[seats][:, axes[::-1]].T)]
            left += [(slots[:half], seats[:half]), (slots[half:], seats[half:])]
        return found

    def _axes(self, seats: Rows) -> Rows:
        """Return the features in which seats differ, the most important one first; levels lead."""
        own = self.seats[seats]
        spread = own.std(axis=0) + self.are_levels * (own.min(axis=0) < own.max(axis=0))
        order = np.argsort(-spread, kind="stable")
        return np.asarray(order[spread[order] > 0], np.int64)

    def _assigned(self, slots: Rows, seats: Rows) -> Rows:
        """Assign a few seats at the least cost, or, where they are all alike, as they come."""
        if len(slots) > CELL or not self.seats.shape[1]:
            return np.arange(len(slots))
        difference = np.abs(self.slots[slots][:, None, :] - self.seats[seats][None, :, :])
        cost = np.where(self.are_levels, difference > 0, difference).sum(axis=2)
        return np.asarray(linear_sum_assignment(cost)[1], np.int64)


def move_apart(chosen: Rows, groups: Rows, rng: np.random.Generator) -> Rows:
    """Let slots exchange partners, so that no group has one twice.

    Parameters
    ----------
    chosen
        The partner of each slot; -1 for none.
    groups
        The group of each slot.
    rng
        Chooses which slots exchange theirs.
    """
    chosen = chosen.copy()
    slots = np.flatnonzero(chosen >= 0)
    for _ in range(ROUNDS):
        pairs = np.column_stack([groups[slots], chosen[slots]])
        _, first = np.unique(pairs, axis=0, return_index=True)
        twice = np.setdiff1d(np.arange(len(slots)), first)
        if not len(twice):
            break
        others = rng.integers(len(slots), size=len(twice))
        for one, other in zip(slots[twice].tolist(), slots[others].tolist(), strict=True):
            chosen[one], chosen[other] = chosen[other], chosen[one]
    return chosen
