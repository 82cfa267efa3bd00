"""`DrawnTable`: rows of a table with their parents, and columns that are totals of their children.

A column of a parent may be the sum, or the number, of its children: an order's total.

Such columns are detected if they hold for every parent, and are computed again when the children
are sampled.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.conditions.grammar import Where
from tabgan.conditions.parse_request import parse_condition
from tabgan.inference.infer_schema import infer_schema
from tabgan.relations.grouped_table import numbers_in
from tabgan.relations.relations import ForeignKey, Rows, parent_rows
from tabgan.relations.row_context import (
    ADDED,
    MEAN,
    Context,
    ContextPart,
    is_added,
    is_count,
    replaced,
)
from tabgan.table.columns import TypedSeries, write_column
from tabgan.table.dtypes import describe_dtype
from tabgan.table.schema import Column, Kind, Schema

__all__ = [
    "ChildTotal",
    "CountDistribution",
    "DEPTH",
    "Drawn",
    "DrawnTable",
    "count_name",
    "find_totals",
    "table_rows",
    "with_means",
]

MOST_MEANS = 4  # columns of a child, whose means are drawn with the parent
DEPTH = f"{ADDED}depth"  # rows above a row, in a table that refers to itself


def count_name(key: ForeignKey) -> str:
    """Name the column of the number of rows that refer to a row."""
    return f"{ADDED}{key.name}"


@dataclass(frozen=True)
class CountDistribution:
    """The distribution of the number of children.

    Parameters
    ----------
    counts
        The numbers of children that occur, rising.
    parents
        How many parents have each.
    """

    counts: tuple[int, ...]
    parents: tuple[int, ...]

    @classmethod
    def of(cls, counts: Rows) -> Self:
        """Count the parents of each number of children."""
        distinct, parents = np.unique(counts, return_counts=True)
        return cls(tuple(distinct.tolist()), tuple(parents.tolist()))

    def ranked(self, scores: Rows, rng: np.random.Generator) -> Rows:
        """Return numbers of children in the order of some scores, as many of each as there were.

        Parameters
        ----------
        scores
            A number for each parent: who has more of them has more children.
        rng
            Breaks ties, and decides what part of a parent becomes a whole one at another scale.
        """
        n, ends = len(scores), np.cumsum(self.parents)
        if not n or not len(ends):
            return scores
        order = np.lexsort([rng.random(n), scores])
        places = (np.arange(n) + rng.random()) * (ends[-1] / n)
        counts = np.empty(n, np.int64)
        at = np.searchsorted(ends, places, side="right").clip(max=len(ends) - 1)
        counts[order] = np.array(self.counts, np.int64)[at]
        return counts


class DrawnTable(NamedTuple):
    """Rows of a table and the rows that they refer to, real or sampled.

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

    def take(self, rows: Rows) -> "DrawnTable":
        """Return some of the rows."""
        parents = {key: own[rows] for key, own in self.parents.items()}
        cells = self.cells.iloc[rows].reset_index(drop=True)
        return DrawnTable(cells, self.columns, parents, self.context.take(rows))

    def meets(self, where: Where | None) -> NDArray[np.bool_]:
        """Return which rows meet a condition.

        Parameters
        ----------
        where
            The condition; None for none.

        Raises
        ------
        OptionError
            If it can't be read.
        """
        if where is None:
            return np.ones(len(self.cells), np.bool_)
        columns = [c for c in self.columns if not is_added(c.name)]
        dtypes = [describe_dtype(self.cells[c.name].dtype) for c in columns]
        schema = Schema(
            tuple(replace(c, dtype=dtype) for c, dtype in zip(columns, dtypes, strict=True))
        )
        levels = {
            at: TypedSeries(column, self.cells[column.name]).levels
            for at, column in enumerate(schema)
            if column.kind in ("categorical", "boolean")
        }
        condition = parse_condition(where, schema, levels)
        met: NDArray[np.bool_] = condition.mask(self.cells.loc[:, [*schema.names]])
        return met

    def replaced(self, rows: Rows, new: "DrawnTable") -> "DrawnTable":
        """Return the same table with other rows in the place of some.

        Parameters
        ----------
        rows, new
            The rows that are replaced, and what replaces them.
        """
        cells = {
            name: replaced(self.cells[name], rows, new.cells[name]) for name in self.cells.columns
        }
        parents = {key: own.copy() for key, own in self.parents.items()}
        for key, own in new.parents.items():
            parents[key][rows] = own
        return DrawnTable(
            pd.DataFrame(cells, index=self.cells.index),
            self.columns,
            parents,
            self.context.replaced(rows, new.context),
        )

    def with_fewer_children(self, share: float, rng: np.random.Generator) -> "DrawnTable":
        """Return the same rows with a share of their children.

        Parameters
        ----------
        share
            The share, up to 1.
        rng
            Decides what part of a child becomes a whole one.
        """
        names = [c.name for c in self.columns if is_count(c.name) and c.name != DEPTH]
        fewer = {}
        for name in names:
            counts = share * self.cells[name].to_numpy(float)
            fewer[str(name)] = np.floor(counts + rng.random(len(counts))).astype(np.int64)
        return self._replace(cells=self.cells.assign(**fewer))

    def with_a_child(self, names: Sequence[str]) -> "DrawnTable":
        """Return the same rows; of each kind of children that none of them has, the first gets one.

        Parameters
        ----------
        names
            The columns of the numbers of children, each of which some row has.
        """
        first = (np.arange(len(self.cells)) == 0).astype(np.int64)
        childless = {name: first for name in names if not self.cells[name].any()}
        return self._replace(cells=self.cells.assign(**childless)) if childless else self

    def own_context(self, name: str) -> Context:
        """Return the cells as a context, with a name before those of the columns."""
        parts = [
            ContextPart(column, self.cells[column.name], not is_added(column.name))
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
    own = [column for column in child.columns if not is_added(column.name)]
    names, values = numbers_in(child.cells, own)
    cells, columns = parent.cells, parent.columns
    for name, numbers in list(zip(names, values.T, strict=True))[:MOST_MEANS]:
        known = there & ~np.isnan(numbers)
        counts = np.bincount(rows[known], minlength=n)
        sums = np.bincount(rows[known], numbers[known], minlength=n)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        title = f"{MEAN}{key.name} {name}"
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


Drawn = Mapping[str, DrawnTable]


FEWEST_PARENTS = 10  # with children
FEWEST_SUMS = 5  # of these, with several children
TOLERANCE = 1e-9  # of floats, by the size of a total
MOST = Decimal(10**15)
_NUMBERS = ("integer", "numeric")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ChildTotal:
    """A column of a parent that is the sum of a column of its children, or their number.

    Parameters
    ----------
    key
        The key of the children.
    column
        The parent's column.
    summand
        The children's column; None for their number.
    is_zero
        Whether a parent without children has 0; else it has no value.
    """

    key: ForeignKey
    column: Column
    summand: Column | None
    is_zero: bool = True

    def __str__(self) -> str:
        name = f"{self.key.parent}.{self.column.name}"
        if self.summand is None:
            return f"{name} is the number of rows of {self.key.table} that refer to it; it stays so"
        return f"{name} is the sum of {self.key.table}.{self.summand.name}; it stays so"

    def written(self, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        """Return the parent's table with the column as it follows from the children."""
        parent, child = frames[self.key.parent], frames[self.key.table]
        values = parent[self.column.name]
        parents = parent_rows(frames, self.key)
        sums, counts = _sums(parents, len(parent), _floats(self.summand, child))
        column = replace(self.column, dtype=describe_dtype(values.dtype))
        numbers = TypedSeries(column, values).numbers
        places = column.decimals
        sums = sums if places is None else np.round(sums, places)
        new = sums.astype(numbers.values.dtype)
        present = (counts > 0) | self.is_zero
        series = write_column(numbers._replace(values=new, present=present), column)
        return parent.assign(**{str(self.column.name): series.set_axis(parent.index)})

    def to_json(self) -> dict[str, Any]:
        """Describe the total by JSON values."""
        return {
            "key": self.key.to_json(),
            "column": self.column.to_json(),
            "summand": None if self.summand is None else self.summand.to_json(),
            "is_zero": self.is_zero,
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a total from `to_json`'s value."""
        summand = None if state["summand"] is None else Column.from_json(state["summand"])
        key, column = ForeignKey.from_json(state["key"]), Column.from_json(state["column"])
        return cls(key, column, summand, bool(state["is_zero"]))


def find_totals(
    keys: Sequence[ForeignKey], rows: Mapping[ForeignKey, Rows], every: Mapping[str, DrawnTable]
) -> Iterator[ChildTotal]:
    """Find the columns that are sums or numbers of children.

    Parameters
    ----------
    keys
        The keys to tables that are drawn, those of the lowest children first.
    rows
        The rows that they refer to.
    every
        The tables.
    """
    found = set[tuple[str, str]]()
    for key in keys:
        parent, child = every[key.parent], every[key.table]
        for column in _numbers(parent):
            if (key.parent, str(column.name)) in found:
                continue
            numbers = TypedSeries(column, parent.cells[column.name]).numbers
            total = np.where(numbers.present, numbers.values.astype(float), np.nan)
            for summand in (None, *_numbers(child)):
                own = _floats(summand, child.cells)
                is_zero = _is_total(total, *_sums(rows[key], len(total), own), column.decimals)
                if is_zero is not None:
                    found.add((key.parent, str(column.name)))
                    yield ChildTotal(key, _free(column), summand and _free(summand), is_zero)
                    break


def _numbers(table: DrawnTable) -> list[Column]:
    own = (column for column in table.columns if not is_added(column.name))
    return [column for column in own if column.kind in _NUMBERS]


def _free(column: Column) -> Column:
    """Return a column without a range, which a sum of drawn rows may leave.

    Of decimals the ends alone tell that they are such.
    """
    ends = (-MOST, MOST) if isinstance(column.minimum, Decimal) else (None, None)
    return replace(column, minimum=ends[0], maximum=ends[1])


def _floats(column: Column | None, rows: pd.DataFrame) -> Floats:
    """Return the numbers of a column, 0 where one is missing; ones for no column."""
    if column is None:
        return np.ones(len(rows))
    values = rows[column.name].reset_index(drop=True)
    numbers = TypedSeries(replace(column, dtype=describe_dtype(values.dtype)), values).numbers
    return np.where(numbers.present, numbers.values.astype(float), 0.0)


def _sums(parents: Rows, n: int, values: Floats) -> tuple[Floats, Rows]:
    there = parents >= 0
    counts = np.bincount(parents[there], minlength=n).astype(np.int64)
    return np.bincount(parents[there], values[there], minlength=n).astype(np.float64), counts


def _is_total(total: Floats, sums: Floats, counts: Rows, decimals: int | None) -> bool | None:
    """Return whether childless parents have 0, else no value; None if sums are not the total."""
    has = counts > 0
    if has.sum() < FEWEST_PARENTS or (counts > 1).sum() < FEWEST_SUMS:
        return None
    slack = TOLERANCE * np.abs(sums) + (0.0 if decimals is None else 0.51 * 10.0**-decimals)
    differ = ~(np.abs(total - sums) <= slack)  # also where the total is missing
    if differ[has].any() or len(np.unique(sums[has])) < FEWEST_SUMS:
        return None
    childless = total[~has]
    if np.isnan(childless).all():
        return not len(childless)
    return True if (childless == 0).all() else None
