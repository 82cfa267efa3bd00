"""`TableDrawer`: one table of a database, learned and drawn given the tables before it."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.model_file import under
from tabgan.base.random_streams import numpy_stream
from tabgan.fitting.prepare import TableOptions
from tabgan.inference.infer_schema import infer_schema
from tabgan.relations.conditional_table import ConditionalTable
from tabgan.relations.drawing_plan import TablePlan
from tabgan.relations.grouped_table import GroupedTable, RowGroups, numbers_in
from tabgan.relations.link_matching import choose_partners, move_apart
from tabgan.relations.relations import ForeignKey, Rows
from tabgan.relations.row_context import (
    Context,
    ContextFeatures,
    ContextPart,
    feature_kinds,
)
from tabgan.table.columns import TypedSeries
from tabgan.table.dtypes import describe_dtype
from tabgan.table.schema import RANGED, Column, Kind

__all__ = ["DEPTH", "DrawnTable", "TableDrawer", "count_name", "table_rows", "with_means"]

MOST_CONTEXT = 80  # columns that rows are drawn by, those of the nearest tables first
MOST_MEANS = 4  # columns of a child, whose means are drawn with the parent
MOST_CORRECTED = 0.3  # of the rows of a table, by which its number of rows is off
MOST_WISHES = 12  # columns that say what a linked parent is like
DEPTH = "#depth"  # rows above a row, in a table that refers to itself
PRESENT, SAME, ROW, LIKE = "present", "same", "row", "like"


def count_name(key: ForeignKey) -> str:
    """Name the column of the number of rows that refer to a row."""
    return f"#{key.name}"


class DrawnTable(NamedTuple):
    """Rows of a table and what they refer to, learned or drawn.

    Attributes
    ----------
    cells
        The learned columns, and the numbers of rows that refer to each row.
    columns
        What these are.
    parents
        The rows that each row refers to, by key.
    context
        What rows that refer to these are drawn by: these rows and those of their parents.
    """

    cells: pd.DataFrame
    columns: tuple[Column, ...]
    parents: dict[ForeignKey, Rows]
    context: Context

    def own_context(self, name: str) -> Context:
        """Return the cells as a context, with a name before those of the columns."""
        parts = [
            ContextPart(column, self.cells[column.name], not str(column.name).startswith("#"))
            for column in self.columns
        ]
        return Context(len(self.cells), tuple(parts)).named(f"{name}.")


def with_means(parent: DrawnTable, key: ForeignKey, child: DrawnTable) -> DrawnTable:
    """Add to the rows of a parent the means of its children's numbers, which steer these.

    A child sees only the row before it and the mean so far; what lasts for a whole group would get
    lost from row to row. Where no parent has two children, nothing is added.

    Parameters
    ----------
    parent, child
        The tables.
    key
        The key by which the child's rows are grouped.
    """
    rows, n = child.parents[key], len(parent.cells)
    there = rows >= 0
    if np.bincount(rows[there], minlength=1).max(initial=0) < 2:
        return parent
    own = [column for column in child.columns if not str(column.name).startswith("#")]
    names, values = numbers_in(child.cells, own)
    cells, columns = parent.cells, parent.columns
    for name, numbers in list(zip(names, values.T, strict=True))[:MOST_MEANS]:
        known = there & ~np.isnan(numbers)
        counts = np.bincount(rows[known], minlength=n)
        sums = np.bincount(rows[known], numbers[known], minlength=n)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        title = f"#mean {key.name} {name}"
        cells = cells.assign(**{title: means})
        columns = (*columns, Column(title, "numeric", "float64"))
    return parent._replace(cells=cells, columns=columns)


def table_rows(
    frame: pd.DataFrame, counts: Mapping[str, Rows], kinds: Mapping[str, Kind]
) -> tuple[pd.DataFrame, tuple[Column, ...]]:
    """Put the learned columns of a table and numbers of rows into one frame, and describe them.

    Parameters
    ----------
    frame
        The columns that are learned.
    counts
        For each row, numbers of rows that refer to it, by name.
    kinds
        Declared kinds, by column.
    """
    cells = frame.reset_index(drop=True).rename(columns=str)
    columns: tuple[Column, ...] = ()
    if len(cells.columns):
        every = cells if len(cells) > 1 else pd.concat([cells] * 2, ignore_index=True)
        asked: dict[Hashable, Kind] = {n: kind for n, kind in kinds.items() if n in cells.columns}
        columns = infer_schema(every, asked).columns if len(cells) else ()
    if not len(columns):
        cells = pd.DataFrame(index=pd.RangeIndex(len(frame)))
    for name, numbers in counts.items():
        cells = cells.assign(**{name: numbers})
        columns = (*columns, Column(name, "integer", "int64", decimals=0))
    return cells, columns


@dataclass(frozen=True)
class _Wish:
    """A linked parent as it is drawn: what it is like, or which row of a reference table."""

    key: ForeignKey
    likes: tuple[str, ...] = ()  # columns of the parent
    features: ContextFeatures | None = None
    chain: bool = False  # whether the same parent may be that of an ancestor
    once: bool = False
    apart: bool = False
    nullable: bool = False
    shares: tuple[float, ...] = ()  # of the rows that refer to each row of a reference table

    def name(self, what: str, column: str = "") -> str:
        return f"{self.key.name}>{what}{'.' * bool(column)}{column}"

    def to_json(self) -> dict[str, Any]:
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


Drawn = Mapping[str, DrawnTable]


@dataclass(frozen=True)
class TableDrawer:
    """Draws the rows of a table given the tables before it.

    Parameters
    ----------
    plan
        What the rows are drawn by.
    wishes
        The linked parents, those in reference tables too.
    links
        Draws what linked parents are like; None if there are none.
    rows
        Draws the rows.
    n_free
        Rows without a steering parent.
    per_parent
        Rows of each steering parent on average.
    order
        The column by which the rows of a parent are ordered.
    """

    plan: TablePlan
    wishes: tuple[_Wish, ...]
    links: ConditionalTable | None
    rows: GroupedTable
    n_free: int = 0
    per_parent: float = 1.0
    order: str | None = None

    @classmethod
    def fit(
        cls,
        plan: TablePlan,
        own: DrawnTable,
        others: Drawn,
        late: Sequence[ForeignKey],
        *,
        every: Drawn,
        options: TableOptions,
        seed: int,
        order: str | None = None,
        workers: int = 1,
    ) -> tuple[Self, DrawnTable]:
        """Learn a table.

        Parameters
        ----------
        plan
            What its rows are drawn by.
        own
            The table, without context.
        others
            The tables before it, and reference tables.
        late
            Its keys to tables that are not there yet.
        every
            All tables, without context.
        options
            How the table is understood.
        seed
            Root of all streams of randomness.
        order
            The column by which the rows of a parent are ordered.
        workers
            Columns that are fitted at a time.

        Returns
        -------
        The drawer, and the table with its context.
        """
        steering = _steering_rows(plan, own, others)
        n_parents = 0 if plan.source is None else len(others[plan.source].cells)
        groups, sorted_rows = RowGroups.of(steering, n_parents, _order_of(own, order))
        base = _base(plan, others, steering[sorted_rows])
        wishes = tuple(
            _wish(
                key,
                own,
                others,
                steering,
                parent=every[key.parent],
                least=options.min_group,
                plan=plan,
            )
            for key in (*plan.references, *plan.links)
        )
        links, linked = None, Context(len(steering))
        if wishes:
            wished = _wished(wishes, own, {**every, **others}, plan).take(sorted_rows)
            frame = pd.concat([part.values for part in wished.parts], axis=1)
            frame.columns = pd.Index([part.column.name for part in wished.parts])
            kinds = {str(part.column.name): part.column.kind for part in wished.parts}
            links = ConditionalTable.fit(
                base + groups.places(), frame, kinds, options, seed, workers=workers
            )
            parents = {key: rows[sorted_rows] for key, rows in own.parents.items()}
            linked = _linked(wishes, parents, others, late, wished)
        drawer = GroupedTable.fit(
            (linked + base).nearest(MOST_CONTEXT),
            own.cells.iloc[sorted_rows].reset_index(drop=True),
            own.columns,
            groups,
            options=options,
            seed=seed,
            order=order,
            workers=workers,
        )
        back = np.argsort(sorted_rows, kind="stable").astype(np.int64)
        context = own.own_context(plan.table) + linked.take(back) + base.take(back)
        n_free = int((steering < 0).sum()) if plan.source is not None else len(steering)
        per_parent = float((steering >= 0).sum()) / max(n_parents, 1)
        made = cls(plan, wishes, links, drawer, n_free, per_parent, order)
        parents = {key: rows for key, rows in own.parents.items() if key not in late}
        return made, own._replace(parents=parents, context=context.nearest(MOST_CONTEXT))

    def draw(
        self, others: Drawn, n_free: int, late: Sequence[ForeignKey], seed: int
    ) -> tuple[DrawnTable, Context]:
        """Draw the table.

        Parameters
        ----------
        others
            The tables before it, and reference tables.
        n_free
            Rows without a steering parent.
        late
            Its keys to tables that are not there yet.
        seed
            Root of all streams of randomness.

        Returns
        -------
        The rows, and what the linked parents should be like.
        """
        plan, name = self.plan, self.plan.table
        sizes = self._sizes(others, n_free, numpy_stream(seed, "sizes", name))
        groups = RowGroups(sizes)
        group, n_parents = groups.group, len(sizes) - n_free
        steering = np.where(group < n_parents, group, -1)
        base = _base(plan, others, steering)
        parents: dict[ForeignKey, Rows] = {}
        if plan.steering is not None and not plan.follows:
            parents[plan.steering] = steering
        linked = wished = Context(len(group))
        if self.links is not None:
            frame = self.links.draw(base + groups.places(), 0, seed, "links", name)
            wished = _wished_context(frame)
            for wish in self.wishes:
                if wish.key not in late:
                    parents[wish.key] = self.choose(wish, frame, steering, others, seed)
            linked = _linked(self.wishes, parents, others, late, wished)
        cells = self.rows.draw((linked + base).nearest(MOST_CONTEXT), groups, seed, name)
        drawn = DrawnTable(cells, self.rows.columns, parents, Context(len(cells)))
        context = drawn.own_context(name) + linked + base
        return drawn._replace(context=context.nearest(MOST_CONTEXT)), wished

    def _sizes(self, others: Drawn, n_free: int, rng: np.random.Generator) -> Rows:
        """Return the numbers of rows of all groups, then one for each row that is by itself."""
        plan, alone = self.plan, np.ones(n_free, np.int64)
        if plan.source is None or plan.steering is None:
            return alone
        parents = others[plan.source]
        if plan.follows:
            return np.concatenate([np.ones(len(parents.cells), np.int64), alone])
        counts = parents.cells[count_name(plan.steering)].to_numpy(np.int64).clip(0)
        total = round(self.per_parent * len(counts))
        return np.concatenate([_with_total(counts, total, rng), alone])

    def choose(
        self, wish: _Wish, frame: pd.DataFrame, steering: Rows, others: Drawn, seed: int
    ) -> Rows:
        """Choose the row that each row refers to by a key.

        Parameters
        ----------
        wish
            The key, and what its parent may be like.
        frame
            What parents were drawn to be like.
        steering
            The steering parent of each row.
        others
            The tables.
        seed
            Root of all streams of randomness.
        """
        rng = numpy_stream(seed, "partners", wish.key.name)
        n, parent = len(frame), others[wish.key.parent]
        rows = np.full(n, -1, np.int64)
        wanted = np.ones(n, bool)
        if wish.nullable:
            wanted = frame[wish.name(PRESENT)].to_numpy(object) == "yes"
        fixed = np.zeros(n, bool)
        if wish.chain:
            inherited = _inherited(self.plan, wish.key, steering, others)
            fixed = same = (
                wanted & (frame[wish.name(SAME)].to_numpy(object) == "yes") & (inherited >= 0)
            )
            rows[same], wanted = inherited[same], wanted & ~same
        if wish.features is None:
            drawn = pd.to_numeric(frame[wish.name(ROW)].astype(object), errors="coerce")
            numbers = drawn.to_numpy(float)
            chosen = wanted & ~np.isnan(numbers)
            rows[chosen] = numbers[chosen].astype(np.int64)
            lacking = np.flatnonzero(wanted & np.isnan(numbers))
            rows[lacking] = rng.integers(max(len(parent.cells), 1), size=len(lacking))
            rows = _with_shares(rows, ~fixed & (rows >= 0), np.array(wish.shares), rng)
            return move_apart(rows, _groups_of(steering), rng) if wish.apart else rows
        degrees = parent.cells[count_name(wish.key)].to_numpy(np.int64).clip(0)
        degrees = degrees - np.bincount(rows[rows >= 0], minlength=len(degrees))
        slots = np.flatnonzero(wanted)
        for ours, theirs in _levels_of_descent(parent, slots, wanted, wish.key):
            rows[ours] = self._partners(
                wish,
                frame,
                ours,
                parent=parent,
                candidates=theirs,
                degrees=degrees.clip(0),
                rng=rng,
            )
        return move_apart(rows, _groups_of(steering), rng) if wish.apart else rows

    def _partners(
        self,
        wish: _Wish,
        frame: pd.DataFrame,
        slots: Rows,
        *,
        parent: DrawnTable,
        candidates: Rows,
        degrees: Rows,
        rng: np.random.Generator,
    ) -> Rows:
        """Choose one of some candidates for each of some rows."""
        assert wish.features is not None
        wanted = wish.features.of(_likes(wish, frame.iloc[slots]))
        there = wish.features.of(_own_likes(wish, parent).take(candidates))
        levels = np.array([own.column.kind not in RANGED for own in wish.features.features], bool)
        chosen = choose_partners(
            wanted.astype(float),
            there.astype(float),
            degrees[candidates],
            levels,
            rng,
            once=wish.once,
        )
        return np.where(chosen < 0, -1, candidates[chosen]) if len(candidates) else chosen

    def to_json(self) -> dict[str, Any]:
        """Describe all but the plan and the tensors by JSON values."""
        return {
            "wishes": [wish.to_json() for wish in self.wishes],
            "links": None if self.links is None else self.links.to_json(),
            "rows": self.rows.to_json(),
            "n_free": self.n_free,
            "per_parent": self.per_parent,
            "order": self.order,
        }

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the trees as tensors, by name."""
        tensors = {f"rows.{k}": v for k, v in self.rows.to_tensors().items()}
        if self.links is not None:
            tensors |= {f"links.{k}": v for k, v in self.links.to_tensors().items()}
        return tensors

    @classmethod
    def restore(
        cls, plan: TablePlan, state: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> Self:
        """Rebuild a drawer from the values of `to_json` and `to_tensors`.

        Parameters
        ----------
        plan
            What the rows are drawn by.
        state, tensors
            What they returned.
        """
        links = None
        if state["links"] is not None:
            links = ConditionalTable.restore(state["links"], under("links.", tensors))
        return cls(
            plan,
            tuple(map(_Wish.from_json, state["wishes"])),
            links,
            GroupedTable.restore(state["rows"], under("rows.", tensors)),
            int(state["n_free"]),
            float(state["per_parent"]),
            state["order"],
        )


def _levels_of_descent(
    parent: DrawnTable, slots: Rows, wanted: NDArray[np.bool_], key: ForeignKey
) -> list[tuple[Rows, Rows]]:
    """Return rows and their candidates; in a table that refers to itself, level by level.

    A row of the third level has its parent in the second one, so that nobody is above himself.
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


def _with_total(counts: Rows, total: int, rng: np.random.Generator) -> Rows:
    """Add rows to groups that have some, or take them from groups of several, for a total.

    Groups of one row at most, and numbers that are far off, stay as they are.
    """
    lacking = total - int(counts.sum())
    if counts.max(initial=0) < 2 or abs(lacking) > MOST_CORRECTED * total:
        return counts
    spare = np.repeat(np.arange(len(counts)), counts if lacking > 0 else (counts - 1).clip(0))
    n = min(abs(lacking), len(spare))
    chosen = np.bincount(rng.choice(spare, n, replace=False), minlength=len(counts))
    return counts + chosen if lacking > 0 else counts - chosen


def _shares(rows: Rows, n: int, least: int) -> tuple[float, ...]:
    """Return the share of each row of a reference table; those of few rows have one together."""
    counts = np.bincount(rows, minlength=n).astype(float)
    few = counts < least
    counts[few] = counts[few].mean() if few.any() else 0.0
    return tuple((counts / max(counts.sum(), 1.0)).tolist())


def _with_shares(
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


def _groups_of(steering: Rows) -> Rows:
    """Give each row the number of its group; one without a steering parent is a group by itself."""
    return np.where(steering < 0, -1 - np.arange(len(steering)), steering)


def _steering_rows(plan: TablePlan, own: DrawnTable, others: Drawn) -> Rows:
    """Return the steering parent of each row; -1 where there is none."""
    if plan.steering is None or plan.source is None:
        return np.full(len(own.cells), -1, np.int64)
    if plan.follows:
        referring = others[plan.source].parents[plan.steering]
        return np.argsort(referring, kind="stable").astype(np.int64)
    return own.parents[plan.steering]


def _base(plan: TablePlan, others: Drawn, steering: Rows) -> Context:
    if plan.source is None:
        return Context(len(steering))
    return others[plan.source].context.take(steering)


def _order_of(own: DrawnTable, order: str | None) -> NDArray[Any] | None:
    """Return numbers in the order of a column."""
    column = next((c for c in own.columns if c.name == order), None)
    if column is None or column.kind not in RANGED:
        return None
    numbers = TypedSeries(column, own.cells[column.name]).numbers
    return np.where(numbers.present, numbers.values.astype(float), np.inf)


def _inherited(plan: TablePlan, key: ForeignKey, steering: Rows, others: Drawn) -> Rows:
    """Return the row of a key's parent table to which an ancestor of each row refers."""
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


def _wish(
    key: ForeignKey,
    own: DrawnTable,
    others: Drawn,
    steering: Rows,
    *,
    parent: DrawnTable,
    least: int,
    plan: TablePlan,
) -> _Wish:
    """Learn what can be said of a linked parent."""
    rows = own.parents[key]
    there = rows[rows >= 0]
    inherited = _inherited(plan, key, steering, others)
    groups = _groups_of(steering)
    pairs = np.column_stack([groups, rows])[rows >= 0]
    apart = len(np.unique(pairs, axis=0)) == len(pairs) and len(np.unique(groups)) < len(groups)
    wish = _Wish(
        key,
        chain=bool((inherited >= 0).any()),
        once=len(np.unique(there)) == len(there) and key not in plan.references,
        apart=apart,
        nullable=bool((rows < 0).any()),
    )
    if key in plan.references:
        return replace(wish, shares=_shares(there, len(parent.cells), least))
    likes = [c for c in parent.columns if c.kind in feature_kinds]
    cells = [c for c in likes if not str(c.name).startswith("#")][:MOST_WISHES]
    likes = [*cells, *(c for c in likes if c.name in (count_name(key), DEPTH))]
    wish = replace(wish, likes=tuple(str(c.name) for c in likes))
    return replace(wish, features=ContextFeatures.fit(_own_likes(wish, parent), least))


def _own_likes(wish: _Wish, parent: DrawnTable) -> Context:
    """Return what the rows of a parent are like, under the names of the wishes."""
    columns = {str(column.name): column for column in parent.columns}
    parts = (
        ContextPart(
            replace(columns[name], name=wish.name(LIKE, name)), parent.cells[name], is_value=True
        )
        for name in wish.likes
    )
    return Context(len(parent.cells), tuple(parts))


def _likes(wish: _Wish, frame: pd.DataFrame) -> Context:
    """Return what parents were drawn to be like."""
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


def _wished(wishes: Sequence[_Wish], own: DrawnTable, others: Drawn, plan: TablePlan) -> Context:
    """Return what linked parents are like in the training tables."""
    n, parts = len(own.cells), list[ContextPart]()
    steering = _steering_rows(plan, own, others)
    for wish in wishes:
        rows = own.parents[wish.key]
        if wish.nullable:
            parts.append(_flags(wish.name(PRESENT), rows >= 0))
        rest = rows
        if wish.chain:
            same = (rows >= 0) & (rows == _inherited(plan, wish.key, steering, others))
            parts.append(_flags(wish.name(SAME), same))
        if wish.features is None:
            n_parents = len(others[wish.key.parent].cells)
            levels = [str(row) for row in range(n_parents)]
            codes = pd.Categorical.from_codes(rest, pd.Index(levels))
            series = pd.Series(codes, name=wish.name(ROW))
            column = Column(wish.name(ROW), "categorical", describe_dtype(series.dtype))
            parts.append(ContextPart(column, series, is_value=False))
        else:
            parts += _own_likes(wish, others[wish.key.parent]).take(rest).parts
    return Context(n, tuple(parts))


def _wished_context(frame: pd.DataFrame) -> Context:
    """Return drawn wishes as a context without kinds, which no feature is made of."""
    parts = (
        ContextPart(Column(str(name), "text", "object"), frame[name], is_value=False)
        for name in frame.columns
    )
    return Context(len(frame), tuple(parts))


def _linked(
    wishes: Sequence[_Wish],
    parents: Mapping[ForeignKey, Rows],
    others: Drawn,
    late: Sequence[ForeignKey],
    wished: Context,
) -> Context:
    """Return the linked parents as a context: the rows themselves, or what late ones are like."""
    context = Context(wished.n_rows)
    for wish in wishes:
        if wish.key in late:
            own = {part.column.name: part for part in wished.parts}
            assert wish.features is not None
            frame = pd.DataFrame(
                {f.column.name: own[f.column.name].values for f in wish.features.features}
            )
            if len(frame.columns):
                context += _likes(wish, frame)
        else:
            parent = others[wish.key.parent]
            context += parent.own_context(wish.key.name).take(parents[wish.key])
    return context
