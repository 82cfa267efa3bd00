"""`GroupedTable`: samples the rows of each parent one after the other, all groups at once.

The first row of a group is sampled given the parent and its number of rows, and each other row also
given the previous row and the means of all previous ones. Dates of ordered rows are learned as the
distance from the previous row.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.model_file import under
from tabgan.base.random_streams import numpy_stream
from tabgan.encoding.rare_levels import Units
from tabgan.fitting.prepare import TableOptions
from tabgan.relations.conditional_table import ConditionalTable, find_formulas
from tabgan.relations.relations import Rows
from tabgan.relations.row_context import (
    ADDED,
    MEAN,
    Context,
    ContextPart,
    DateBound,
    distances,
    feature_kinds,
    find_bounds,
    in_ticks_of,
    is_added,
    ticks_of,
)
from tabgan.table.columns import TypedSeries
from tabgan.table.schema import Column

__all__ = ["GroupedTable", "RowGroups", "numbers_in"]

LEAST_FOLLOWING = 50  # rows after the first ones of their groups, from which they are learned apart
MOST_STEPS = 500  # rows of a group that are drawn one after the other; longer ones begin anew
TRIES = 3  # draws of rows with a date out of order, or beyond the last one
ROWS_AGAIN = 4_000  # that are drawn at once in place of such
MOST_CANDIDATES = 16  # of a row
MOST_BEFORE = 30  # columns of the row before that are looked at
BEFORE = "before."

Columns = Sequence[Column]


@dataclass(frozen=True)
class RowGroups:
    """Rows that are ordered by groups.

    Parameters
    ----------
    sizes
        Rows of each group.
    """

    sizes: Rows

    @property
    def group(self) -> Rows:
        """The group of each row."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @property
    def starts(self) -> Rows:
        """The first row of each group."""
        return np.cumsum(self.sizes) - self.sizes

    @property
    def position(self) -> Rows:
        """The place of each row in its group, from 0."""
        return np.arange(self.sizes.sum()) - np.repeat(self.starts, self.sizes)

    def cut(self, most: int) -> "RowGroups":
        """Cut groups of more rows than so many into several."""
        if self.sizes.max(initial=0) <= most:
            return self
        parts = np.maximum(-(-self.sizes // most), 1)
        sizes = np.full(parts.sum(), most, np.int64)
        sizes[np.cumsum(parts) - 1] = self.sizes - most * (parts - 1)
        return RowGroups(sizes)

    def places(self) -> Context:
        """Return what tells a row its place: its number from 1, and how many come after it."""
        size = np.repeat(self.sizes, self.sizes)
        return Context.of_numbers(
            {
                f"{ADDED}number": self.position + 1,
                f"{ADDED}left": size - 1 - self.position,
                f"{ADDED}size": size,
            }
        )

    @classmethod
    def of(cls, parents: Rows, n_parents: int, order: NDArray[Any] | None) -> tuple[Self, Rows]:
        """Group the rows of a table by their parents.

        Parameters
        ----------
        parents
            The parent of each row; a row with -1 is a group by itself.
        n_parents
            Number of parents.
        order
            Numbers by which the rows of a group are ordered; None leaves them as they are.

        Returns
        -------
        The groups, and the rows in their order. First those of parents that have some, then those
        without a parent.
        """
        free = np.flatnonzero(parents < 0)
        group = parents.copy()
        group[free] = n_parents + np.arange(len(free))
        keys = (group,) if order is None else (order, group)
        sizes = np.bincount(group, minlength=n_parents + len(free)).astype(np.int64)
        return cls(sizes), np.lexsort(keys).astype(np.int64)


@dataclass(frozen=True)
class GroupedTable:
    """Samples the rows of groups, position by position.

    Parameters
    ----------
    columns
        The columns that are drawn.
    opening
        Draws the first rows, or all.
    following
        Draws the rows after the first ones; None if `opening` draws all.
    ordered
        The column of dates by which rows are ordered, if it is learned as a distance.
    bounds
        Dates of parents that dates of rows are never before, or never after.
    """

    columns: tuple[Column, ...]
    opening: ConditionalTable
    following: ConditionalTable | None = None
    ordered: str | None = None
    bounds: tuple[DateBound, ...] = ()

    @classmethod
    def fit(
        cls,
        base: Context,
        rows: pd.DataFrame,
        columns: Columns,
        groups: RowGroups,
        *,
        options: TableOptions,
        seed: int,
        order: str | None = None,
        units: Units = (),
        free: Collection[str] = (),
        workers: int = 1,
    ) -> Self:
        """Learn the rows of groups.

        Parameters
        ----------
        base
            What each row is drawn by, whatever its place.
        rows, columns
            The rows, group by group, and what their columns are.
        groups
            The groups.
        options
            How the table is understood.
        seed
            Root of all streams of randomness.
        order
            The column by which the rows of a group are ordered.
        units
            Whom each row is of, for `min_group`.
        free
            Columns whose levels are pseudonyms.
        workers
            Columns that are fitted at a time.
        """
        learn = partial(
            ConditionalTable.fit,
            kinds={str(column.name): column.kind for column in columns},
            options=options,
            formulas=find_formulas(base, rows, columns, numpy_stream(seed, "formulas")),
            workers=workers,
        )
        bounds = find_bounds(base, rows, columns)
        groups = groups.cut(MOST_STEPS)
        context, position = base + groups.places(), groups.position
        later = np.flatnonzero(position > 0)
        if len(later) < LEAST_FOLLOWING:
            every = learn(context, rows, seed=seed, units=units, free=free)
            return cls(tuple(columns), every, bounds=bounds)
        first = np.flatnonzero(position == 0)
        of_first, of_later = ([own[chosen] for own in units] for chosen in (first, later))
        opening = learn(context.take(first), rows.iloc[first], seed=seed, units=of_first, free=free)
        before = _before(rows.iloc[later - 1], columns)
        before += _means_before(rows, columns, groups, later)
        ordered = order if order is not None and _is_dated(rows, columns, order) else None
        if ordered is not None:
            before += distances(before, base.take(later), BEFORE + ordered)
        following = learn(
            before + context.take(later),
            rows.iloc[later],
            seed=seed + 1,
            gap=None if ordered is None else (ordered, BEFORE + ordered),
            units=of_later,
            free={*free, *(BEFORE + name for name in free)},
        )
        return cls(tuple(columns), opening, following, ordered, bounds)

    def draw(self, base: Context, groups: RowGroups, seed: int, table: str) -> pd.DataFrame:
        """Draw the rows of groups.

        Parameters
        ----------
        base
            What each row is drawn by, whatever its place.
        groups
            The groups.
        seed
            Root of all streams of randomness.
        table
            Name of the table, for the names of streams.
        """
        groups = groups.cut(MOST_STEPS)
        context = base + groups.places()
        if self.following is None:
            return self._drawn(self.opening, context, 0, seed, table)
        running = _Running(self.columns, len(groups.sizes))
        parts, places, start = list[pd.DataFrame](), list[Rows](), 0
        before = np.zeros(0, np.int64)
        for step in range(int(groups.sizes.max(initial=0))):
            own = np.flatnonzero(groups.sizes > step)
            places.append(groups.starts[own] + step)
            given = context.take(places[-1])
            if step == 0:
                drawn = self._drawn(self.opening, given, 0, seed, table, 0)
            else:
                last = parts[-1].iloc[np.searchsorted(before, own)]
                last_rows = _before(last, self.columns)
                if self.ordered is not None:
                    given = distances(last_rows, given, BEFORE + self.ordered) + given
                given = last_rows + running.means(own) + given
                drawn = self._drawn(self.following, given, start, seed, table, step)
            running.add(drawn, own)
            parts.append(drawn)
            before, start = own, start + len(drawn)
        if not parts:
            return self.opening.draw(context, 0, seed, "rows", table)
        order = np.argsort(np.concatenate(places), kind="stable")
        return pd.concat(parts, ignore_index=True).iloc[order].reset_index(drop=True)

    def _drawn(
        self, drawer: ConditionalTable, given: Context, start: int, seed: int, *stream: str | int
    ) -> pd.DataFrame:
        """Draw rows; those with a date out of order, or beyond the last one, are drawn again."""
        drawn = drawer.draw(given, start, seed, "rows", *stream)
        for again in range(TRIES):
            wrong = np.flatnonzero(self._wrong(drawer, given, drawn))
            if not len(wrong):
                return drawn
            each = int(np.clip(ROWS_AGAIN // len(wrong), 1, MOST_CANDIDATES))
            context = given.take(np.repeat(wrong, each))
            new = drawer.draw(context, start, seed, "rows", *stream, "again", again)
            fits = ~self._wrong(drawer, context, new).reshape(-1, each)
            new = new.iloc[np.arange(len(wrong)) * each + fits.argmax(axis=1)]
            kept = np.setdiff1d(np.arange(len(drawn)), wrong)
            both = pd.concat([drawn.iloc[kept], new], ignore_index=True)
            drawn = both.iloc[np.argsort(np.concatenate([kept, wrong]))].reset_index(drop=True)
        for bound in self.bounds:
            drawn = bound.clipped(given, drawn, self.columns)
        return drawn

    def _wrong(
        self, drawer: ConditionalTable, given: Context, drawn: pd.DataFrame
    ) -> NDArray[np.bool_]:
        wrong = np.zeros(len(drawn), np.bool_)
        for bound in self.bounds:
            wrong |= bound.broken(given, drawn, self.columns)
        columns = {str(column.name): column for column in self.columns}
        parts = {str(part.column.name): part for part in given.parts}
        for name, source in drawer.gaps:
            own = TypedSeries(columns[name], drawn[name]).numbers
            if source in parts:
                column, before = parts[source].column, parts[source].values
            else:
                column, before = columns[source], drawn[source]
            other = in_ticks_of(columns[name], column, ticks_of(column, before))
            latest = drawer.latest(name)
            wrong |= own.present & (own.values >= latest) & (other < latest)
        return wrong

    @property
    def tied(self) -> set[str]:
        """The columns that a rule ties to others, or to what rows are drawn by."""
        return self.opening.tied | (self.following.tied if self.following else set())

    def to_json(self) -> dict[str, Any]:
        """Describe all but the tensors by JSON values."""
        return {
            "columns": [column.to_json() for column in self.columns],
            "opening": self.opening.to_json(),
            "following": None if self.following is None else self.following.to_json(),
            "ordered": self.ordered,
            "bounds": [list(bound) for bound in self.bounds],
        }

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the trees as tensors, by name."""
        tensors = {f"opening.{k}": v for k, v in self.opening.to_tensors().items()}
        if self.following is not None:
            tensors |= {f"following.{k}": v for k, v in self.following.to_tensors().items()}
        return tensors

    @classmethod
    def restore(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Self:
        """Rebuild a table from the values of `to_json` and `to_tensors`.

        Parameters
        ----------
        state, tensors
            What they returned.
        """
        following = None
        if state["following"] is not None:
            following = ConditionalTable.restore(state["following"], under("following.", tensors))
        return cls(
            tuple(Column.from_json(column) for column in state["columns"]),
            ConditionalTable.restore(state["opening"], under("opening.", tensors)),
            following,
            None if state["ordered"] is None else str(state["ordered"]),
            tuple(DateBound(str(a), str(b), bool(c)) for a, b, c in state["bounds"]),
        )


def _is_dated(rows: pd.DataFrame, columns: Columns, order: str) -> bool:
    """Return whether rows are ordered by dates, one in every row."""
    column = next((c for c in columns if c.name == order), None)
    if column is None or column.kind != "datetime":
        return False
    return bool(TypedSeries(column, rows[order]).numbers.present.all())


def _before(rows: pd.DataFrame, columns: Columns) -> Context:
    """Return the rows before as a context."""
    parts = [
        ContextPart(column, rows[column.name].reset_index(drop=True), not is_added(column.name))
        for column in columns
        if column.kind in feature_kinds
    ]
    return Context(len(rows), tuple(parts[:MOST_BEFORE])).named(BEFORE)


def numbers_in(rows: pd.DataFrame, columns: Columns) -> tuple[list[str], NDArray[np.float64]]:
    """Return the columns of numbers, but for dates; NaN where one is missing.

    Parameters
    ----------
    rows, columns
        Rows, and what their columns are.
    """
    own = [column for column in columns if column.kind in ("integer", "numeric")][:MOST_BEFORE]
    names, values = [str(column.name) for column in own], np.empty((len(rows), len(own)))
    for at, column in enumerate(own):
        numbers = TypedSeries(column, rows[column.name]).numbers
        values[:, at] = np.where(numbers.present, numbers.values.astype(float), np.nan)
    return names, values


def _means_before(rows: pd.DataFrame, columns: Columns, groups: RowGroups, later: Rows) -> Context:
    """Return the means of the numbers of all rows before a row, in its group."""
    names, values = numbers_in(rows, columns)
    counted = ~np.isnan(values)
    sums = np.cumsum(np.where(counted, values, 0.0), axis=0)
    counts = np.cumsum(counted, axis=0)
    start = np.repeat(groups.starts, groups.sizes)[later]
    at_start = np.where((start > 0)[:, None], sums[start - 1], 0.0)
    n_start = np.where((start > 0)[:, None], counts[start - 1], 0)
    return _means(names, sums[later - 1] - at_start, counts[later - 1] - n_start)


def _means(names: Sequence[str], sums: NDArray[Any], counts: NDArray[Any]) -> Context:
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums / counts
    if not names:
        return Context(len(sums))
    return Context.of_numbers({f"{MEAN}{name}": means[:, at] for at, name in enumerate(names)})


class _Running:
    """Sums of the numbers of each group, as its rows are drawn."""

    def __init__(self, columns: Columns, n_groups: int) -> None:
        self._columns = columns
        n = len([c for c in columns if c.kind in ("integer", "numeric")][:MOST_BEFORE])
        self._sums, self._counts = np.zeros((n_groups, n)), np.zeros((n_groups, n))
        self._names: list[str] = []

    def add(self, rows: pd.DataFrame, groups: Rows) -> None:
        """Add the rows of some groups, one each."""
        self._names, values = numbers_in(rows, self._columns)
        counted = ~np.isnan(values)
        self._sums[groups] += np.where(counted, values, 0.0)
        self._counts[groups] += counted

    def means(self, groups: Rows) -> Context:
        """Return the means of some groups."""
        return _means(self._names, self._sums[groups], self._counts[groups])
