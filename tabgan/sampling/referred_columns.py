"""What a row shares with the row of its table that it refers to.

Some columns tend to be alike in both. Others hold what that row has in another column: the author
and the text of the post that a reply answers.
"""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.inference.key_columns import referred_rows
from tabgan.table.columns import (
    NUMBERS,
    ColumnFrame,
    TypedSeries,
    level_key,
    numbers_to_series,
)
from tabgan.table.level_codes import is_absent, levels_to_series
from tabgan.table.schema import Schema

__all__ = ["SameAsReferred", "learn_copies", "with_copies"]

Rows = NDArray[np.int64]

LEAST_EQUAL = 0.95  # share of the rows in which a column equals one of the row referred to
LEAST_KAPPA = 0.8  # the same without those that would be equal by chance
LEAST_FILLED = 0.5  # share of the references of rows with both values
FEWEST_ROWS = 20  # that tell of it


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
