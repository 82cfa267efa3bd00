"""`DrawnTable`: rows of a table with what they refer to, learned or drawn."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import pandas as pd

from tabgan.inference.infer_schema import infer_schema
from tabgan.relations.grouped_table import numbers_in
from tabgan.relations.relations import ForeignKey, Rows
from tabgan.relations.row_context import MEAN, Context, ContextPart, is_count, replaced
from tabgan.table.schema import Column, Kind

__all__ = [
    "DEPTH",
    "CountDistribution",
    "Drawn",
    "DrawnTable",
    "count_name",
    "table_rows",
    "with_means",
]

MOST_MEANS = 4  # columns of a child, whose means are drawn with the parent
DEPTH = "#depth"  # rows above a row, in a table that refers to itself


def count_name(key: ForeignKey) -> str:
    """Name the column of the number of rows that refer to a row."""
    return f"#{key.name}"


@dataclass(frozen=True)
class CountDistribution:
    """How many parents have how many children.

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
        names = [c.name for c in self.columns if is_count(str(c.name)) and c.name != DEPTH]
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
