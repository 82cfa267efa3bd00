"""What a row shares with the rows of its key, and with the row of its table that it refers to.

The rows of a customer resemble each other, even where they differ. Of a row that refers to another
one some columns tend to be alike in both. Others hold what that row has in another column: the
author and the text of the post that a reply answers. And a number may count the rows that refer to
a row.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import fdtrc, ndtri

from tabgan.inference.key_columns import referred_rows
from tabgan.table.columns import (
    NUMBERS,
    ColumnFrame,
    TypedSeries,
    level_key,
    numbers_to_series,
    write_column,
)
from tabgan.table.level_codes import is_absent, levels_to_series
from tabgan.table.schema import RANGED, Column, Schema

__all__ = [
    "CHANCE",
    "CountOfReferences",
    "SameAsReferred",
    "combined_codes",
    "counting_column",
    "explained_by",
    "learn_copies",
    "learn_likeness",
    "likeness",
    "order_alike",
    "rank_alike",
    "with_copies",
    "with_counts",
]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

CHANCE = 1e-3  # that a column which has one value for each key has it by accident
LEAST_EQUAL = 0.95  # share of the rows in which a column equals one of the row referred to
LEAST_KAPPA = 0.8  # the same without those that would be equal by chance
LEAST_FILLED = 0.5  # share of the references of rows with both values
FEWEST_ROWS = 20  # that tell of it
LEAST_LIKENESS = 0.1  # of the rows of a key, beyond what their levels explain
SURE = 4.0  # standard errors of it
LEAST_COUNTED = 0.95  # share of the rows, and of those that others refer to, that tell how many do
FEWEST_COUNTED = 20  # rows that others refer to
MOST_ALIKE = 3  # columns in which the rows of a key resemble each other


class SameAsReferred(NamedTuple):
    """The rule that rows have the values of those that they refer to in some columns.

    Attributes
    ----------
    reference
        Positions of the column that refers, and of the one that it refers to.
    alike
        Positions of the columns.
    schema
        Columns of the table.
    """

    reference: tuple[int, int]
    alike: tuple[int, ...]
    schema: Schema

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns, and of the one that refers."""
        return (*self.alike, self.reference[0])

    def describe(self, schema: Schema) -> str:
        """Describe the rule in words.

        Parameters
        ----------
        schema
            Columns of the table.
        """
        own, target = (repr(schema.names[at]) for at in self.reference)
        names = ", ".join(repr(schema.names[at]) for at in self.alike)
        return f"{own} refers to {target} of a row with the same {names}"

    def kept_in(self, frame: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which rows of a frame are as the row that they refer to, and which refer to one.

        Parameters
        ----------
        frame
            Rows of the table.
        """
        rows = referred_rows(*(frame.iloc[:, at] for at in self.reference))
        judged = (rows >= 0) & (rows != np.arange(len(rows)))
        same = judged.copy()
        for at in self.alike:
            codes = TypedSeries(self.schema.columns[at], frame.iloc[:, at]).codes
            same[judged] &= codes[judged] == codes[rows[judged]]
        return same, judged


class CountOfReferences(NamedTuple):
    """The rule that a number counts the other rows that refer to a row: replies, children.

    Attributes
    ----------
    reference
        Positions of the column that refers, and of the one that it refers to.
    counted
        Position of the number.
    schema
        Columns of the table.
    """

    reference: tuple[int, int]
    counted: int
    schema: Schema

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the number, and of the column that refers."""
        return self.counted, self.reference[0]

    def describe(self, schema: Schema) -> str:
        """Describe the rule in words.

        Parameters
        ----------
        schema
            Columns of the table.
        """
        own, target, counted = (repr(schema.names[at]) for at in (*self.reference, self.counted))
        return f"{counted} counts the other rows whose {own} is the row's {target}"

    def kept_in(self, frame: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which rows of a frame hold their count, and which hold a number.

        Parameters
        ----------
        frame
            Rows of the table.
        """
        numbers = TypedSeries(
            self.schema.columns[self.counted], frame.iloc[:, self.counted]
        ).numbers
        counts = references_to(referred_rows(*(frame.iloc[:, at] for at in self.reference)))
        return numbers.present & (numbers.values == counts), numbers.present


def references_to(rows: Rows) -> Rows:
    """Return how many other rows refer to each, given the row that each refers to.

    Examples
    --------
    >>> references_to(np.array([-1, 0, 0, 3])).tolist()
    [2, 0, 0, 0]
    """
    others = rows[(rows >= 0) & (rows != np.arange(len(rows)))]
    return np.bincount(others, minlength=len(rows))


def with_counts(values: pd.Series, column: Column, rows: Rows) -> pd.Series:
    """Return a column that counts the rows that refer to each, given the row of each reference."""
    numbers = TypedSeries(column, values).numbers._replace(values=references_to(rows))
    free = replace(column, minimum=None, maximum=None)  # a count is as it is
    return write_column(numbers, free).set_axis(values.index)


def counting_column(table: ColumnFrame, rows: Rows) -> int | None:
    """Return the column of whole numbers that counts the rows that refer to each."""
    counts = references_to(rows)
    referred = counts > 0
    if referred.sum() < FEWEST_COUNTED or np.ptp(counts) < 2:  # a mark is no count
        return None
    for at, cells in table.items():
        if cells.column.kind == "integer":
            same = cells.numbers.present & (cells.numbers.values == counts)
            if min(same.mean(), same[referred].mean()) >= LEAST_COUNTED:
                return at
    return None


def learn_copies(table: ColumnFrame, rows: Rows, parents: Rows) -> tuple[tuple[int, int], ...]:
    """Find the columns that equal another column of the row that is referred to.

    Parameters
    ----------
    table
        The columns that may take part.
    rows, parents
        The rows that refer to one, and the rows that they refer to.

    Returns
    -------
    Pairs of positions: of the column, and of the one that it equals.
    """
    found: list[tuple[int, int]] = []
    if len(rows) < FEWEST_ROWS:
        return ()
    codes = {as_numbers: _codes_of(table, as_numbers=as_numbers) for as_numbers in (False, True)}
    for to, cells in table.items():
        own = codes[cells.column.kind in NUMBERS]
        for source in table:
            if source == to or to in {pair[1] for pair in found}:
                continue
            if _are_equal(own[to][rows], own[source][parents]):
                found.append((to, source))
                break
    return tuple(found)


def _codes_of(table: ColumnFrame, *, as_numbers: bool) -> dict[int, Rows]:
    """Return a code for each value of each column, the same in all columns; -1 for none."""
    known: dict[Any, int] = {None: -1}
    codes = {}
    for at, cells in table.items():
        keys = _keys_of(cells, as_numbers=as_numbers)
        own = [known.setdefault(key, len(known) - 1) for key in keys]
        codes[at] = np.array(own, np.int64)[cells.codes]
    return codes


def _are_equal(own: Rows, other: Rows) -> bool:
    """Return whether the values of two columns are equal in nearly all rows that have both."""
    both = (own >= 0) & (other >= 0)
    if both.sum() < max(FEWEST_ROWS, LEAST_FILLED * len(both)):
        return False
    own, other = own[both], other[both]
    share = float(np.mean(own == other))
    if share < LEAST_EQUAL:
        return False
    n_codes = int(max(own.max(), other.max())) + 1
    shares = [np.bincount(codes, minlength=n_codes) / len(codes) for codes in (own, other)]
    chance = float(shares[0] @ shares[1])
    return chance < 1 and (share - chance) / (1 - chance) >= LEAST_KAPPA


def _keys_of(cells: TypedSeries, *, as_numbers: bool) -> list[Any]:
    """Return levels so that they can be compared, as levels or as numbers; None for no value."""
    return [
        None
        if is_absent(level) or isinstance(level, list | dict | tuple)
        else _number_of(level)
        if as_numbers
        else level_key(level)
        for level in cells.levels
    ]


def _number_of(level: Any) -> float | None:
    try:
        number = float(level)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def with_copies(cells: TypedSeries, source: TypedSeries, parents: Rows) -> pd.Series:
    """Return a column with the values of another one in the rows that are referred to.

    Parameters
    ----------
    cells
        The column. Where it has no value it gets none.
    source
        The column that it equals there.
    parents
        The row that each row refers to; -1 for none.
    """
    column, values = cells
    referred = source.codes[np.maximum(parents, 0)]
    changed = (parents >= 0) & cells.filled
    if column.kind in NUMBERS:
        numbers = np.array(_keys_of(source, as_numbers=True), np.float64)[referred]  # None: NaN
        changed &= ~np.isnan(numbers)
        numbers = np.nan_to_num(numbers)
        nothing, every = np.full(len(numbers), None, object), np.ones(len(numbers), np.bool_)
        free = replace(column, minimum=None, maximum=None)  # other rows than before are referred to
        written = numbers_to_series(numbers, nothing, free, every)
    else:
        changed &= np.array([not is_absent(level) for level in source.levels], np.bool_)[referred]
        written = levels_to_series(source.levels, referred, column)
    return values.mask(changed, written.set_axis(values.index))


def likeness(groups: Rows, values: Floats, *, nominal: bool) -> float:
    """Return how alike the values of a group are: 1 if equal, 0 as rows from anywhere.

    That is the intraclass correlation of ranks, or Cohen's κ of two rows of one group. NaN where
    no group has two values, or all values are equal.

    Parameters
    ----------
    groups
        The group of each row, shape (rows,); −1 for none.
    values
        Numbers or codes of levels, shape (rows,); NaN for none.
    nominal
        Whether they are codes.

    Examples
    --------
    >>> groups = np.array([0, 0, 1, 1])
    >>> likeness(groups, np.array([1.0, 1.0, 5.0, 5.0]), nominal=False)
    1.0
    >>> likeness(groups, np.array([0.0, 1.0, 0.0, 1.0]), nominal=True)
    -1.0
    """
    there = (groups >= 0) & ~np.isnan(values)
    group, count = groups[there], int(there.sum())
    sizes = np.bincount(group) if count else np.zeros(0)
    pairs = float((sizes * (sizes - 1)).sum())
    if not pairs:
        return float("nan")
    if nominal:
        codes = values[there].astype(np.int64)
        width = int(codes.max()) + 1
        cells = np.unique(group * width + codes, return_counts=True)[1]
        within = float((cells * (cells - 1.0)).sum()) / pairs
        overall = float(np.square(np.bincount(codes) / count).sum())
        return (within - overall) / (1 - overall) if overall < 1 else float("nan")
    ranks = pd.Series(values[there]).rank().to_numpy(np.float64)
    ranks = ranks - ranks.mean()  # not in place: it may be of a table that must not change
    spread = float(np.square(ranks).mean())
    if not spread:
        return float("nan")
    sums, squares = np.bincount(group, ranks), np.bincount(group, np.square(ranks))
    apart = float((sizes * squares - np.square(sums)).sum()) / pairs  # half the mean square
    return 1 - apart / spread


def learn_likeness(
    codes: Rows, table: ColumnFrame, known: ColumnFrame, least: int
) -> tuple[tuple[int, float], ...]:
    """Find the columns in which the rows of a key resemble each other beyond what is known of it.

    Parameters
    ----------
    codes
        The key of each row.
    table
        The columns that may differ within a key.
    known
        The columns that a key determines: levels, and numbers, which tell of others by their ranks.
    least
        Keys of several rows that must tell of it.

    Returns
    -------
    Positions, and the likeness of two rows of one key among rows of the same levels, in percent
    steps; those that are most alike first.
    """
    sizes = np.bincount(codes)
    pairs = float((sizes * (sizes - 1.0)).sum())
    found: dict[int, float] = {}
    if (sizes > 1).sum() < max(FEWEST_ROWS, least):
        return ()
    levels = [own.codes for own in known.values() if own.column.kind not in RANGED]
    cells = combined_codes(levels, len(codes))
    ranks = [_ranks_of(own) for own in known.values() if own.column.kind in RANGED]
    causes = np.column_stack([np.ones(len(codes)), *ranks])
    for at, own in table.items():
        kind = own.column.kind
        if kind not in {*RANGED, "categorical", "boolean"}:
            continue
        nominal = kind not in RANGED
        values = own.codes.astype(np.float64) if nominal else _ranks_of(own)
        if not nominal:
            values -= causes @ np.linalg.lstsq(causes, values, rcond=None)[0]
        inner = likeness(codes, values, nominal=nominal)
        outer = max(np.nan_to_num(likeness(cells, values, nominal=nominal)), 0.0)
        beyond = 1 - (1 - inner) / (1 - outer) if outer < 1 else 0.0
        if beyond >= LEAST_LIKENESS + SURE / np.sqrt(pairs):
            found[at] = round(min(beyond, 1.0), 2)
    most = sorted(found, key=lambda at: (-found[at], at))[:MOST_ALIKE]
    return tuple((at, found[at]) for at in most)


def _ranks_of(cells: TypedSeries) -> Floats:
    """Return the ranks of a column's numbers, from 0 to 1; a row without any comes first."""
    numbers = cells.numbers
    values = np.where(numbers.present, numbers.values.astype(np.float64), -np.inf)
    return np.asarray(pd.Series(values).rank(pct=True), np.float64).copy()


def explained_by(values: NDArray[np.float64], levels: NDArray[np.int32]) -> float:
    """Return the share of variation that levels explain beyond chance; 0 if it may be chance.

    Parameters
    ----------
    values, levels
        A number and the code of a level for each row.
    """
    counts = np.bincount(levels)
    n, n_levels = len(levels), np.count_nonzero(counts)
    total = float(((values - values.mean()) ** 2).sum())
    if total <= 0 or n_levels < 2 or n <= n_levels:
        return 0.0
    means = np.bincount(levels, values) / np.maximum(counts, 1)
    within = float(((values - means[levels]) ** 2).sum())
    free = (n_levels - 1, n - n_levels)
    if not within:
        return 1.0
    share = 1 - within / total * (n - 1) / free[1]
    ratio = (total - within) / free[0] / (within / free[1])
    return share if fdtrc(*free, ratio) < CHANCE else 0.0


def combined_codes(codes: Sequence[NDArray[np.integer]], n: int) -> Rows:
    """Return the number of each row's combination of some columns' levels.

    Parameters
    ----------
    codes
        The level of each row, for each of the columns.
    n
        Number of the rows.

    Examples
    --------
    >>> combined_codes([np.array([0, 0, 1]), np.array([1, 1, 1])], 3).tolist()
    [0, 0, 1]
    """
    combined = np.zeros(n, np.int64)
    for own in codes:
        combined = np.unique(combined * (int(own.max(initial=0)) + 1) + own, return_inverse=True)[1]
    return combined


def rank_alike(cells: TypedSeries, share: float, rng: np.random.Generator) -> Floats:
    """Return numbers by which rows are put together so that they are alike to some degree.

    Rows next to each other in their order have about the wanted likeness: of ranks, to which noise
    is added, or of levels, of which some rows take any place.

    Parameters
    ----------
    cells
        The column.
    share
        The likeness of two rows that are put together, from 0 to 1.
    rng
        The noise.

    Returns
    -------
    Shape (rows,).
    """
    n = len(cells.values)
    nominal = cells.column.kind not in RANGED
    values = cells.codes if nominal else _ranks_of(cells)
    place = np.empty(n)
    place[np.lexsort([rng.random(n), values])] = (np.arange(n) + 0.5) / n
    if nominal:
        return np.where(rng.random(n) < np.sqrt(share), place, rng.random(n))
    noise = np.sqrt(1 - share) * rng.normal(size=n)
    return np.asarray(np.sqrt(share) * ndtri(place) + noise, np.float64)


def order_alike(cells: Rows, ranks: Sequence[Floats], size: float) -> Rows:
    """Return an order of rows in which those that are near in several columns stand together.

    The rows of each cell are cut into equal parts by the first column, these by the next one, and
    so on, so that the cells of all columns are about as many as the groups that are wanted.

    Parameters
    ----------
    cells
        The cell of each row: none is put together with rows of another one.
    ranks
        Numbers of each row, shape (rows,) each.
    size
        Rows of a group on average.

    Returns
    -------
    Shape (rows,): the place of each row.
    """
    block = cells
    for number, own in enumerate(ranks):
        # every other cell falls, so that a group across two cells has neighbors in both
        order = np.lexsort([np.where(block % 2, -own, own), block])
        begins = np.flatnonzero(np.diff(block[order], prepend=-1))
        lengths = np.diff([*begins, len(block)])
        n_groups = np.maximum(lengths / max(size, 1.0), 1.0)
        is_last = number == len(ranks) - 1
        parts = lengths if is_last else np.rint(n_groups ** (1 / (len(ranks) - number)))
        within = np.arange(len(block)) - np.repeat(begins, lengths)
        part = np.floor(within * np.repeat(parts / lengths, lengths)).astype(np.int64)
        changes = np.diff(block[order], prepend=-1) != 0
        changes[1:] |= part[1:] != part[:-1]
        block = np.empty_like(block)
        block[order] = np.cumsum(changes) - 1
    return block
