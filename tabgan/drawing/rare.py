"""Rows under a condition that the model hardly ever meets by itself.

The columns that are asked for get cells that meet the condition: those of the drawn rows that come
nearest to it, and where these miss a part of it, cells of other drawn rows that meet that part. The
rows are then completed as any partial rows are.
"""

import numpy as np
import pandas as pd

from tabgan.asking import ColumnPredicate, Condition, PartialRows
from tabgan.asking.lines import ends_of
from tabgan.drawing.partial import RowCompleter
from tabgan.encoding.in_line import keeps_rules
from tabgan.errors import SamplingError
from tabgan.values import levels_to_series, numbers_to_series

__all__ = ["fitting_rows", "rows_meeting"]

LEAST_NEAR = 100  # drawn rows to choose among
TRIES = 2  # rows that are put together for each one that is wanted


def rows_meeting(
    asked: Condition, pool: pd.DataFrame, n: int, rng: np.random.Generator
) -> PartialRows:
    """Return n rows in which the columns that are asked for, and no others, are given.

    Parameters
    ----------
    asked
        The condition.
    pool
        Drawn rows.
    n
        Number of rows.
    rng
        Randomness of the choice.
    """
    passes = np.array([test.mask(pool.iloc[:, test.position]) for test in asked.tests])
    missed = (~passes).sum(axis=0)
    near = np.flatnonzero(missed <= np.sort(missed)[min(LEAST_NEAR, len(missed)) - 1])
    chosen = rng.choice(near, n)
    given = np.zeros((n, pool.shape[1]), np.bool_)
    cells = {}
    for test, passing in zip(asked.tests, passes, strict=True):
        own, good = pool.iloc[:, test.position], np.flatnonzero(passing)
        values = own.iloc[chosen].reset_index(drop=True)
        if len(good):
            others = own.iloc[rng.choice(good, n)].reset_index(drop=True)
        else:
            others = _invented(test, n, rng)
        cells[test.position] = values.where(passing[chosen], others)
        given[:, test.position] = True
    return PartialRows(cells, given)


def _invented(test: ColumnPredicate, n: int, rng: np.random.Generator) -> pd.Series:
    """Make cells that pass a test which no drawn row passes."""
    if not test.ranges:
        return levels_to_series(test.levels, rng.integers(len(test.levels), size=n), test.column)
    reach = test.ranges[int(rng.integers(len(test.ranges)))] & ends_of(test.column)
    numbers = reach.low + (reach.high - reach.low) * rng.random(n)
    if isinstance(reach.low, int):
        numbers = np.floor(numbers).astype(np.int64)
    return numbers_to_series(numbers, np.full(n, None, object), test.column, np.ones(n, np.bool_))


def fitting_rows(
    partial: RowCompleter, asked: Condition, n: int, rng: np.random.Generator
) -> PartialRows:
    """Return n rows in which what is asked for is given, and goes with the rules between columns.

    Raises
    ------
    SamplingError
        If no row was found in which it does.
    """
    rows = rows_meeting(asked, partial.pool_frame, n * TRIES, rng)
    guess = partial.guess(rows, rng)
    keeps, rule = keeps_rules(partial.model.encoder, guess, asked.positions)
    fitting = np.flatnonzero(keeps)
    if rule is not None and not len(fitting):
        raise SamplingError(
            f"where: {asked.describe()}: no row was found that has this and keeps the rule that "
            f"{rule.describe()}; ask for less"
        )
    return rows[np.resize(fitting, n)]
