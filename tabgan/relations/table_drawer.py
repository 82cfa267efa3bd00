"""`TableDrawer`: learns and samples one table of a database, given the tables before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.model_file import under
from tabgan.base.random_streams import numpy_stream
from tabgan.encoding.rare_levels import Units
from tabgan.fitting.prepare import TableOptions
from tabgan.relations.conditional_table import ConditionalTable
from tabgan.relations.drawing_plan import TablePlan
from tabgan.relations.drawn_table import DEPTH, CountDistribution, Drawn, DrawnTable, count_name
from tabgan.relations.grouped_table import GroupedTable, RowGroups
from tabgan.relations.linked_parents import (
    PRESENT,
    ROW,
    SAME,
    Wish,
    choose_partners,
    context_of_wishes,
    groups_of,
    inherited_rows,
    levels_of_descent,
    likes_of,
    linked_context,
    move_apart,
    own_likes,
    steering_rows,
    wish_of,
    wished_context,
    with_shares,
)
from tabgan.relations.relations import ForeignKey, Rows
from tabgan.relations.row_context import Context, is_count
from tabgan.relations.row_owners import Pseudonyms
from tabgan.table.columns import TypedSeries
from tabgan.table.schema import RANGED

__all__ = ["TableDrawer"]

MOST_CONTEXT = 80  # columns that rows are drawn by, those of the nearest tables first


@dataclass(frozen=True)
class TableDrawer:
    """Samples the rows of a table given the tables before it.

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
    order
        The column by which the rows of a parent are ordered.
    counts
        The numbers of rows of other tables that refer to a row, by the name of their column.
    """

    plan: TablePlan
    wishes: tuple[Wish, ...]
    links: ConditionalTable | None
    rows: GroupedTable
    n_free: int = 0
    order: str | None = None
    counts: Mapping[str, CountDistribution] = field(default_factory=dict)

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
        units: Units = (),
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
        units
            Whom each row is of, for `min_group`.
        workers
            Columns that are fitted at a time.

        Returns
        -------
        The drawer, and the table with its context.
        """
        steering = steering_rows(plan, own, others)
        n_parents = len(others[plan.source].cells) if plan.source else 0
        groups, sorted_rows = RowGroups.of(steering, n_parents, _order_of(own, order))
        base = _base(plan, others, steering[sorted_rows])
        least, units = options.min_group, [own[sorted_rows] for own in units]
        wishes = tuple(
            wish_of(key, own, others, steering, parent=every[key.parent], least=least, plan=plan)
            for key in (*plan.references, *plan.links)
        )
        links, linked = None, Context(len(steering))
        if wishes:
            wished = wished_context(wishes, own, {**every, **others}, plan).take(sorted_rows)
            places = base + groups.places()
            links = _fit_links(places, wished, options, seed=seed, units=units, workers=workers)
            parents = {key: rows[sorted_rows] for key, rows in own.parents.items()}
            linked = linked_context(wishes, parents, others, late, wished)
        names = Pseudonyms(units, least, numpy_stream(seed, "pseudonyms", plan.table))
        rows = own.cells.iloc[sorted_rows].reset_index(drop=True)
        drawer = GroupedTable.fit(
            *names.apply((linked + base).nearest(MOST_CONTEXT), rows, own.columns),
            own.columns,
            groups,
            options=options,
            seed=seed,
            order=order,
            units=units,
            free=names.columns,
            workers=workers,
        )
        back = np.argsort(sorted_rows, kind="stable").astype(np.int64)
        context = own.own_context(plan.table) + linked.take(back) + base.take(back)
        n_free = int((steering < 0).sum())  # all, where no parent steers
        made = cls(plan, wishes, links, drawer, n_free, order, _counts_of(own, drawer))
        parents = {key: rows for key, rows in own.parents.items() if key not in late}
        return made, own._replace(parents=parents, context=context.nearest(MOST_CONTEXT))

    def draw(
        self,
        others: Drawn,
        n_free: int,
        late: Sequence[ForeignKey],
        seed: int,
        *,
        only: Rows | None = None,
        chosen: Mapping[ForeignKey, Rows] | None = None,
    ) -> tuple[DrawnTable, Context]:
        """Draw the table, or some groups of its rows.

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
        only
            The groups that are drawn; None for all.
        chosen
            The rows that the rows of other groups refer to, by key.

        Returns
        -------
        The rows, and what the linked parents should be like.
        """
        plan, name = self.plan, self.plan.table
        sizes = self.sizes(others, n_free)
        drawn_groups = np.arange(len(sizes)) if only is None else only
        groups = RowGroups(sizes[drawn_groups])
        group, n_parents = drawn_groups[groups.group], len(sizes) - n_free
        steering = np.where(group < n_parents, group, -1)
        base = _base(plan, others, steering)
        parents: dict[ForeignKey, Rows] = {}
        if plan.steering is not None and not plan.follows:
            parents[plan.steering] = steering
        linked = wished = Context(len(group))
        if self.links is not None:
            frame = self.links.draw(base + groups.places(), 0, seed, "links", name)
            wished = context_of_wishes(frame)
            for wish in self.wishes:
                if wish.key not in late:
                    used = (chosen or {}).get(wish.key)
                    parents[wish.key] = self.choose(wish, frame, steering, others, seed, used=used)
            linked = linked_context(self.wishes, parents, others, late, wished)
        cells = self.rows.draw((linked + base).nearest(MOST_CONTEXT), groups, seed, name)
        ranked = {
            count: own.ranked(cells[count].to_numpy(float), numpy_stream(seed, "counts", count))
            for count, own in self.counts.items()
        }
        cells = cells.assign(**ranked)
        drawn = DrawnTable(cells, self.rows.columns, parents, Context(len(cells)))
        context = drawn.own_context(name) + linked + base
        return drawn._replace(context=context.nearest(MOST_CONTEXT)), wished

    def sizes(self, others: Drawn, n_free: int) -> Rows:
        """Return the numbers of rows of all groups, then one for each row that is by itself.

        Parameters
        ----------
        others
            The tables before it.
        n_free
            Rows without a steering parent.
        """
        plan, alone = self.plan, np.ones(n_free, np.int64)
        if plan.source is None or plan.steering is None:
            return alone
        parents = others[plan.source]
        if plan.follows:
            return np.concatenate([np.ones(len(parents.cells), np.int64), alone])
        counts = parents.cells[count_name(plan.steering)].to_numpy(np.int64).clip(0)
        return np.concatenate([counts, alone])

    def choose(
        self,
        wish: Wish,
        frame: pd.DataFrame,
        steering: Rows,
        others: Drawn,
        seed: int,
        *,
        used: Rows | None = None,
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
        used
            The rows that other rows of the table refer to.
        """
        rng = numpy_stream(seed, "partners", wish.key.name)
        n, parent = len(frame), others[wish.key.parent]
        rows = np.full(n, -1, np.int64)
        wanted = np.ones(n, bool)
        if wish.nullable:
            wanted = frame[wish.name(PRESENT)].to_numpy(object) == "yes"
        fixed = np.zeros(n, bool)
        if wish.chain:
            inherited = inherited_rows(self.plan, wish.key, steering, others)
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
            rows = with_shares(rows, ~fixed & (rows >= 0), np.array(wish.shares), rng)
            return move_apart(rows, groups_of(steering), rng) if wish.apart else rows
        degrees = parent.cells[count_name(wish.key)].to_numpy(np.int64).clip(0)
        every = rows if used is None else np.concatenate([rows, used])
        degrees = degrees - np.bincount(every[every >= 0], minlength=len(degrees))
        slots = np.flatnonzero(wanted)
        for ours, theirs in levels_of_descent(parent, slots, wanted, wish.key):
            rows[ours] = self._partners(
                wish,
                frame,
                ours,
                parent=parent,
                candidates=theirs,
                degrees=degrees.clip(0),
                rng=rng,
            )
        return move_apart(rows, groups_of(steering), rng) if wish.apart else rows

    def _partners(
        self,
        wish: Wish,
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
        wanted = wish.features.of(likes_of(wish, frame.iloc[slots]))
        there = wish.features.of(own_likes(wish, parent).take(candidates))
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
            "order": self.order,
            "counts": {
                name: [list(own.counts), list(own.parents)] for name, own in self.counts.items()
            },
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
            tuple(map(Wish.from_json, state["wishes"])),
            links,
            GroupedTable.restore(state["rows"], under("rows.", tensors)),
            int(state["n_free"]),
            state["order"],
            {
                str(name): CountDistribution(tuple(map(int, own)), tuple(map(int, parents)))
                for name, (own, parents) in state.get("counts", {}).items()
            },
        )


def _fit_links(
    places: Context,
    wished: Context,
    options: TableOptions,
    seed: int,
    *,
    units: Units,
    workers: int,
) -> ConditionalTable:
    """Learn what linked parents are like."""
    frame = pd.concat([part.values for part in wished.parts], axis=1)
    frame.columns = pd.Index([part.column.name for part in wished.parts])
    kinds = {str(part.column.name): part.column.kind for part in wished.parts}
    return ConditionalTable.fit(places, frame, kinds, options, seed, units=units, workers=workers)


def _counts_of(own: DrawnTable, rows: GroupedTable) -> dict[str, CountDistribution]:
    """Return how numbers of children are distributed, but for those that a rule ties to others."""
    names = [str(c.name) for c in own.columns if is_count(c.name) and c.name != DEPTH]
    return {
        name: CountDistribution.of(own.cells[name].to_numpy(np.int64))
        for name in names
        if name not in rows.tied
    }


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
