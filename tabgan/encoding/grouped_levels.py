"""`GroupedEncoder`: columns of very many levels, as groups of levels and a draw within one."""

import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import ColumnEncoder, Encoded, LevelTable
from tabgan.table.columns import TypedSeries
from tabgan.table.level_codes import levels_to_series
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column

__all__ = ["GroupedEncoder"]

MOST_ALONE = 100  # frequent levels with a group of their own
LEAST_SHARE = 0.002  # of the rows, that makes a level frequent
MOST_CLUSTERS = 64
CLUSTER_ROWS = 50  # rows that a cluster of rare levels stands for, on average, at least
PRIOR_ROWS = 10.0  # rows of the whole column that each level's profile is blended with
CENTRE_LEVELS = 5000  # rare levels, the most frequent of them, that cluster centres are fitted to

Ints = NDArray[np.int64]


class GroupedEncoder(ColumnEncoder):
    """A category of very many levels, which learns only the group of a level.

    Frequent levels, and missing, are a group each. The others are clustered by how they go with
    the other columns; within its group a level is drawn by its frequency at fit.
    """

    name = "grouped"

    def __init__(self, column: Column, levels: LevelTable, groups: Ints, counts: Ints) -> None:
        self.column = column
        self._levels = levels
        self._groups = groups
        self._counts = counts
        self._order = np.argsort(groups, kind="stable")
        self._rows_up_to = np.cumsum(counts[self._order])  # by group
        self._group_rows = np.bincount(groups, weights=counts).astype(np.int64)

    @property
    def levels(self) -> Sequence[Scalar]:
        """The levels, those of all groups."""
        return self._levels.values

    @property
    def spans(self) -> RowLayout:
        """One level span of groups, or nothing if there is but one group."""
        return RowLayout((), (len(self._group_rows),) if len(self._group_rows) > 1 else ())

    @property
    def absent_codes(self) -> tuple[int, ...]:
        """The groups of missing values, which are alone in them."""
        absent = [self._groups[i] for i, level in enumerate(self.levels) if level in (None, "")]
        alone = np.flatnonzero(np.bincount(self._groups) == 1)
        return tuple(np.intersect1d(absent, alone).astype(int).tolist())

    @classmethod
    def fit(cls, cells: TypedSeries, context: NDArray[np.float32] | None = None) -> Self:
        """Learn the column's levels and group them.

        Parameters
        ----------
        cells
            The column.
        context
            What the other columns say of each row, shape (rows, features), for levels to be
            grouped by; without it, they are grouped by frequency.
        """
        column, levels, codes = cells.column, LevelTable(cells.levels), cells.codes
        counts = np.bincount(codes, minlength=len(levels))
        alone = _frequent(counts) | np.array([value is None for value in levels.values])
        own, rare = np.flatnonzero(alone), np.flatnonzero(~alone)
        rare = rare[np.argsort(-counts[rare], kind="stable")]
        groups = np.empty(len(levels), np.int64)
        groups[own[np.argsort(-counts[own], kind="stable")]] = np.arange(len(own))
        if len(rare):
            wanted = min(MOST_CLUSTERS, max(1, int(counts[rare].sum()) // CLUSTER_ROWS), len(rare))
            if context is None or not context.shape[1]:
                found = _by_frequency(counts[rare], wanted)
            else:
                position = np.full(len(levels), -1)
                position[rare] = np.arange(len(rare))
                found = _by_context(position[codes], counts[rare], context, wanted)
            groups[rare] = len(own) + np.unique(found, return_inverse=True)[1]
        return cls(column, levels, groups, counts)

    def encode(self, cells: TypedSeries) -> Encoded:
        """Give each value the code of its group.

        Raises
        ------
        DataError
            If a value was not there at fit.
        """
        codes = self._groups[self._levels.codes_in(cells)].astype(np.int32)[:, None]
        return Encoded.empty(len(codes))._replace(codes=codes[:, : len(self.spans.widths)])

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,  # noqa: ARG002
        rng: np.random.Generator,
        key: int = 0,  # noqa: ARG002
    ) -> pd.Series:
        """Draw a level of each group by the levels' frequencies at fit.

        Parameters
        ----------
        numbers
            Probabilities in [0, 1], shape (rows, numbers of `spans`).
        codes
            Level codes, shape (rows, level spans of `spans`).
        start
            Position of the first row in the whole sample.
        rng
            The only source of randomness.
        key
            Chooses the order of generated values; one for all blocks of a sample.
        """
        group = codes[:, 0] if self.spans.widths else np.zeros(len(numbers), np.int64)
        rows = self._group_rows[group]
        row = np.cumsum(self._group_rows)[group] - rows + rng.integers(0, rows)
        drawn = self._order[np.searchsorted(self._rows_up_to, row, side="right")]
        # Of very many levels a block of rows has few, and only those need to be laid out.
        found, position = np.unique(drawn, return_inverse=True)
        return levels_to_series([self._levels.values[i] for i in found], position, self.column)

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        return {
            "levels": self._levels.to_json(),
            "groups": self._groups.tolist(),
            "counts": self._counts.tolist(),
        }

    @classmethod
    def from_json(cls, column: Column, state: dict[str, Any]) -> Self:
        """Rebuild an encoder from `to_json`'s value.

        Parameters
        ----------
        column
            What the column is.
        state
            What `to_json` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        levels = LevelTable.from_json(state["levels"])
        groups = _whole_numbers(state["groups"], least=0, most=len(levels) - 1)
        counts = _whole_numbers(state["counts"], least=1, most=2**40)
        if not len(groups) == len(counts) == len(levels) > 0:
            raise ValueError("grouped: levels, groups and counts must be equally long")
        if (np.bincount(groups) == 0).any():
            raise ValueError("grouped: a group has no level")
        return cls(column, levels, groups, counts)


def _frequent(counts: Ints) -> NDArray[np.bool_]:
    """Mark the levels that get a group of their own."""
    frequent = np.zeros(len(counts), np.bool_)
    frequent[np.argsort(-counts, kind="stable")[:MOST_ALONE]] = True
    frequent[counts < LEAST_SHARE * counts.sum()] = False
    return frequent


def _by_frequency(counts: Ints, clusters: int) -> Ints:
    """Cut levels, in falling order of their counts, into clusters of about equally many rows."""
    twice_middle = 2 * np.cumsum(counts) - counts
    return np.asarray(twice_middle * clusters // (2 * counts.sum()), np.int64)


def _by_context(codes: Ints, counts: Ints, context: NDArray[np.float32], clusters: int) -> Ints:
    """Cluster levels by the mean context of their rows.

    Parameters
    ----------
    codes
        The level of each row, or -1 where it is not to be clustered.
    counts
        Rows of each level, in falling order.
    context
        Shape (rows, features).
    clusters
        How many clusters to form, at most.
    """
    rows = np.argsort(codes, kind="stable")[np.count_nonzero(codes < 0) :]
    end = np.cumsum(counts)
    overall = context.mean(axis=0, dtype=np.float64).astype(np.float32)

    def profiles(first: int, last: int) -> NDArray[np.float32]:
        begin = end[first:last] - counts[first:last]
        sums = np.add.reduceat(context[rows[begin[0] : end[last - 1]]], begin - begin[0])
        weight = counts[first:last, None].astype(np.float32)
        # The mean of few rows is mostly chance, so it is drawn to that of the whole column.
        return np.asarray((sums - weight * overall) / (weight + PRIOR_ROWS), np.float32)

    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    edges = [*range(0, len(counts), CENTRE_LEVELS), len(counts)]
    # One thread: sums of several come in no fixed order, and a fit must be repeatable.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer profiles than clusters
        model = KMeans(clusters, n_init=1, max_iter=50, random_state=0)
        model.fit(profiles(0, edges[1]), sample_weight=counts[: edges[1]])
        found = [model.predict(profiles(first, last)) for first, last in pairwise(edges)]
    return np.concatenate(found).astype(np.int64)


def _whole_numbers(values: Any, least: int, most: int) -> Ints:
    """Check a list of whole numbers within a range."""
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        raise TypeError("grouped: groups and counts must be lists of whole numbers")
    if not all(least <= value <= most for value in values):
        raise ValueError(f"grouped: a number is not between {least} and {most}")
    return np.array(values, np.int64)
