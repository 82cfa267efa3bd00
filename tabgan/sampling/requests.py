"""Any request for rows: free ones, under a condition, or partial ones to be completed.

The columns that are asked for get cells that meet the condition: those of the drawn rows that come
nearest to it, and where these miss a part of it, cells of other drawn rows that meet that part. The
rows are then completed as any partial rows are.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tabgan.base.errors import ConstraintError, SamplingError, SamplingWarning
from tabgan.base.random_streams import numpy_stream
from tabgan.conditions.condition import ColumnPredicate, Condition
from tabgan.conditions.parse_condition import parse_condition
from tabgan.conditions.partial_rows import PartialRows, read_partial_rows
from tabgan.conditions.written_numbers import ends_of
from tabgan.encoding.table_encoder import keeps_rules
from tabgan.rules.enforcement import UniqueKeys, keep_unique, with_rows
from tabgan.sampling.complete_rows import RowCompleter
from tabgan.sampling.rejection import TRIED_ROWS, RejectionSampler, native_conditions, rules_under
from tabgan.sampling.table_model import blocks
from tabgan.table.columns import numbers_to_series
from tabgan.table.level_codes import levels_to_series

__all__ = [
    "completed_blocks",
    "conditioned_blocks",
    "fitting_rows",
    "read_condition",
    "requested_blocks",
    "rows_meeting",
]

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


RARE = 1 / 500  # share of the model's rows under which they are put together, not filtered


RARE_ROWS = 1024  # of a block of such rows


ATTEMPTS = 6  # completions of a row that repeats a unique key


FAR = 10**7  # positions from which identifiers of such a row are made


def read_condition(partial: RowCompleter, where: Any) -> Condition:
    """Read a condition and check it against the model's columns; see `parse_condition`."""
    return parse_condition(where, partial.model.encoder.schema, partial.levels, partial.specials)


def conditioned_blocks(
    partial: RowCompleter, asked: Condition, n: int, seed: int, keys: UniqueKeys | None = None
) -> Iterator[pd.DataFrame]:
    """Yield n rows that meet a condition, block by block.

    With `keys`, they repeat no unique key of other streams either.

    Raises
    ------
    OptionError
        If no training row has the values that are asked of condition columns.
    SamplingError
        If no row can meet the condition and keep the rules between columns.
    """
    model, rest = native_conditions(partial.model, asked)
    if not rest.tests:
        return model.blocks(n, seed, keys)
    key = asked.describe()
    if key not in partial.shares:  # the same for all seeds, and kept for the next request
        partial.shares[key] = RejectionSampler(model, rest, seed=0).tried()
    share = partial.shares[key]
    if share >= RARE:
        return RejectionSampler(model, rest, seed, share).blocks(n, keys)
    if not share:
        warnings.warn(
            f"where: {asked.describe()}: none of {TRIED_ROWS} rows that were drawn on trial meets "
            "this; these rows are put together from parts of others",
            SamplingWarning,
            stacklevel=5,
        )
    drawn = blocks(n, lambda block: _rare_block(partial, asked, seed, block), 1, RARE_ROWS)

    def redraw(block: int, attempt: int) -> pd.DataFrame:
        return _rare_block(partial, asked, seed, block, attempt)

    rules, encoder = rules_under(asked, partial.model.constraints), partial.model.encoder
    return keep_unique(drawn, rules, encoder.schema, redraw, derived=encoder.derived, keys=keys)


def _rare_block(
    partial: RowCompleter, asked: Condition, seed: int, block: int, *again: int
) -> pd.DataFrame:
    encoder, start = partial.model.encoder, block * RARE_ROWS
    rng = numpy_stream(seed, "rare", block, *again)
    rows = fitting_rows(partial, asked.without(encoder.made), RARE_ROWS, rng)
    frame = partial.complete(rows, start, rng, asked=asked, key=seed)
    return frame.set_axis(pd.RangeIndex(start, start + RARE_ROWS))


def completed_blocks(
    partial: RowCompleter, frame: pd.DataFrame, seed: int
) -> Iterator[pd.DataFrame]:
    """Complete the rows of a frame, whose given cells are kept, in their order and index.

    Raises
    ------
    OptionError
        If a column is unknown, or a cell holds what its column never has.
    ConstraintError
        If what is given in a row does not go with the constraints.
    """
    schema = partial.model.encoder.schema
    rows = read_partial_rows(frame, schema, partial.levels, partial.specials)
    keys = UniqueKeys.of(partial.model.constraints, schema)
    start = 0
    for block in partial.blocks(rows, seed):
        end = start + len(block)
        done = _unique(partial, rows[slice(start, end)], block, keys, seed)
        yield done.set_axis(frame.index[start:end])
        start = end


def _unique(
    partial: RowCompleter, rows: PartialRows, frame: pd.DataFrame, keys: UniqueKeys, seed: int
) -> pd.DataFrame:
    """Complete rows anew that repeat a key which must be unique."""
    start = int(frame.index[0]) if len(frame) else 0
    for attempt in range(1, ATTEMPTS + 1):
        new = [memory.new(frame) for memory in keys.memories]
        repeated = np.flatnonzero(~np.logical_and.reduce(new)) if new else np.empty(0, np.intp)
        if not len(repeated):
            break
        if attempt == ATTEMPTS:
            raise ConstraintError(
                f"Row {start + repeated[0]}: no completion was found whose key is not that of an "
                "earlier row; change the given cells, or give fewer"
            )
        rng = numpy_stream(seed, "unique", start, attempt)
        again = partial.complete(rows[repeated], start + attempt * FAR, rng, key=seed)
        frame = with_rows(frame, repeated, again, ())
    for memory in keys.memories:
        memory.add(frame)
    return frame


def requested_blocks(
    partial: RowCompleter, n: int, seed: int, where: Any = None
) -> Iterator[pd.DataFrame]:
    """Yield n rows as `where` asks for them: freely, under a condition, or completed."""
    if where is None:
        return partial.model.blocks(n, seed)
    if isinstance(where, pd.DataFrame):
        return completed_blocks(partial, where, seed)
    return conditioned_blocks(partial, read_condition(partial, where), n, seed)
