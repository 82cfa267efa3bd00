"""Requests for rows: unconditional, under a condition, completed from partial rows, or balanced.

Rows under a rare condition are combined from others. The columns of the condition get the cells of
the drawn rows that come nearest to it; where these miss a part of the condition, they get cells of
other drawn rows that meet that part. The rows are then completed like any partial rows.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import (
    ConstraintError,
    OptionError,
    SamplingError,
    SamplingWarning,
    did_you_mean,
    warn_caller,
)
from tabgan.base.random_streams import numpy_stream
from tabgan.conditions.condition import ColumnPredicate, Condition, ends_of
from tabgan.conditions.parse_request import (
    PartialRows,
    contradictions,
    name_rows,
    parse_condition,
    read_partial_rows,
)
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.encoding.table_encoder import TableEncoder, keeps_rules
from tabgan.rules.base_rules import Mask
from tabgan.rules.counted_dependency import ElapsedDependency
from tabgan.rules.enforcement import UniqueKeys, holds_all, keep_unique, with_rows
from tabgan.rules.level_constraints import Unique
from tabgan.sampling.complete_rows import RowCompleter
from tabgan.sampling.rejection import (
    NO_CONDITION,
    TRIED_ROWS,
    RejectionSampler,
    generated_columns,
    native_conditions,
    rules_under,
)
from tabgan.sampling.table_keys import give_keys, rows_together
from tabgan.sampling.table_model import BLOCK_ROWS, TableModel, blocks
from tabgan.table.columns import numbers_to_series
from tabgan.table.level_codes import levels_to_series
from tabgan.table.schema import find_name

__all__ = [
    "balanced_blocks",
    "check_rows_apart",
    "completed_blocks",
    "conditioned_blocks",
    "fitting_rows",
    "read_condition",
    "requested_blocks",
    "rows_between",
    "rows_meeting",
    "with_keys",
]

LEAST_NEAR = 100  # drawn rows to choose among
TRIES = 2  # rows that are put together for each one that is wanted
RARE = 1 / 500  # share of the model's rows under which they are put together, not filtered
RARE_ROWS = 1024  # of a block of such rows
ATTEMPTS = 6  # completions of a row that repeats a unique key
FAR = 10**7  # distance of the positions from which the identifiers of such a row are generated


def rows_meeting(
    condition: Condition, pool: pd.DataFrame, n: int, rng: np.random.Generator
) -> PartialRows:
    """Return n partial rows in which the columns of the condition, and no others, are given.

    Parameters
    ----------
    condition
        The condition.
    pool
        Drawn rows.
    n
        Number of rows.
    rng
        Randomness of the choice.
    """
    passes = np.array([test.mask(pool.iloc[:, test.position]) for test in condition.tests])
    missed = (~passes).sum(axis=0)
    near = np.flatnonzero(missed <= np.sort(missed)[min(LEAST_NEAR, len(missed)) - 1])
    chosen = rng.choice(near, n)
    given = np.zeros((n, pool.shape[1]), np.bool_)
    cells = {}
    for test, passing in zip(condition.tests, passes, strict=True):
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
    """Return cells that pass a test which no drawn row passes."""
    if not test.ranges:
        return levels_to_series(test.levels, rng.integers(len(test.levels), size=n), test.column)
    reach = test.ranges[int(rng.integers(len(test.ranges)))] & ends_of(test.column)
    numbers = reach.low + (reach.high - reach.low) * rng.random(n)
    if isinstance(reach.low, int):
        numbers = np.floor(numbers).astype(np.int64)
    return numbers_to_series(numbers, np.full(n, None, object), test.column, np.ones(n, np.bool_))


def fitting_rows(
    completer: RowCompleter, condition: Condition, n: int, rng: np.random.Generator
) -> PartialRows:
    """Return n partial rows that meet the condition and keep the rules between columns.

    Parameters
    ----------
    completer
        Completes rows.
    condition
        The condition.
    n
        Number of rows.
    rng
        Randomness of the choice.

    Raises
    ------
    SamplingError
        If there is no such row.
    """
    rows = rows_meeting(condition, completer.pool_frame, n * TRIES, rng)
    guess = completer.guess(rows, rng)
    keeps, rule = keeps_rules(completer.model.encoder, guess, condition.positions)
    fitting = np.flatnonzero(keeps)
    if rule is not None and not len(fitting):
        raise SamplingError(
            f"where: {condition.describe()}: no row was found that has this and keeps the rule "
            f"that {rule.describe()}; ask for less"
        )
    return rows[np.resize(fitting, n)]


def read_condition(completer: RowCompleter, where: Any) -> Condition:
    """Read a condition and check it against the model's columns; see `parse_condition`.

    Parameters
    ----------
    completer
        Completes rows.
    where
        The condition, as a user writes it.
    """
    return parse_condition(
        where, completer.model.encoder.schema, completer.levels, completer.specials
    )


def conditioned_blocks(
    completer: RowCompleter, condition: Condition, n: int, seed: int, keys: UniqueKeys | None = None
) -> Iterator[pd.DataFrame]:
    """Yield n rows that meet a condition, block by block.

    Parameters
    ----------
    completer
        Completes rows.
    condition
        The condition.
    n
        Number of rows.
    seed
        Root of all streams of randomness.
    keys
        Unique keys of other streams, which no row may repeat.

    Raises
    ------
    OptionError
        If no training row has the wanted values of the condition columns.
    SamplingError
        If no row can meet the condition and keep the rules between columns.
    """
    model, rest = native_conditions(completer.model, condition)
    if not rest.tests:
        return model.blocks(n, seed, keys)
    key = condition.describe()
    if key not in completer.shares:  # the same for all seeds, and kept for the next request
        completer.shares[key] = RejectionSampler(model, rest, seed=0).tried()
    share = completer.shares[key]
    if share >= RARE:
        return RejectionSampler(model, rest, seed, share).blocks(n, keys)
    if not share:
        warn_caller(
            f"where: {condition.describe()}: none of {TRIED_ROWS} rows that were drawn on trial "
            "meets this; these rows are put together from parts of others",
            SamplingWarning,
        )
    drawn = blocks(n, lambda block: _rare_block(completer, condition, seed, block), 1, RARE_ROWS)

    def redraw(block: int, attempt: int) -> pd.DataFrame:
        return _rare_block(completer, condition, seed, block, attempt)

    rules, encoder = rules_under(condition, completer.model.constraints), completer.model.encoder
    return keep_unique(drawn, rules, encoder.schema, redraw, derived=encoder.derived, keys=keys)


def _rare_block(
    completer: RowCompleter, condition: Condition, seed: int, block: int, *again: int
) -> pd.DataFrame:
    encoder, start = completer.model.encoder, block * RARE_ROWS
    rng = numpy_stream(seed, "rare", block, *again)
    rows = fitting_rows(completer, condition.without(encoder.unrelated), RARE_ROWS, rng)
    frame = completer.complete(rows, start, rng, condition=condition, key=seed)
    if set(condition.positions) & encoder.presence.keys():  # the values are those of drawn rows
        frame = generated_columns(encoder, frame, condition, start, seed)
    return frame.set_axis(pd.RangeIndex(start, start + RARE_ROWS))


def completed_blocks(
    completer: RowCompleter, frame: pd.DataFrame, seed: int
) -> Iterator[pd.DataFrame]:
    """Complete the rows of a frame; given cells, order and index stay.

    Parameters
    ----------
    completer
        Completes rows.
    frame
        Partial rows; each missing cell is drawn.
    seed
        Root of all streams of randomness.

    Raises
    ------
    OptionError
        If a column is unknown, or a cell holds what its column never has.
    SamplingError
        If the given cells of a row break a rule between columns.
    ConstraintError
        If the given cells of a row can't be combined with the constraints.
    """
    encoder, schema = completer.model.encoder, completer.model.encoder.schema
    rows = read_partial_rows(frame, schema, completer.levels, completer.specials)
    for rule, broken in contradictions(
        rows, schema, encoder.dependencies, completer.model.constraints
    ):
        raise SamplingError(
            f"where: {name_rows(broken)}: these cells break the rule that {rule}; change one of "
            "them, or leave it empty to have it drawn"
        )
    keys = UniqueKeys.of(completer.model.constraints, schema)
    start = 0
    for block in completer.blocks(rows, seed):
        end = start + len(block)
        done = _unique(completer, rows[slice(start, end)], block, keys, seed)
        _check_times(encoder, rows[slice(start, end)], done, start)
        yield done.set_axis(frame.index[start:end])
        start = end


def _check_times(encoder: TableEncoder, rows: PartialRows, frame: pd.DataFrame, start: int) -> None:
    """Check that two told columns of a time between dates left a value for the third one."""
    schema = encoder.schema
    cells = {at: frame.iloc[:, at].reset_index(drop=True) for at in range(len(schema))}
    for rule in encoder.dependencies:
        if isinstance(rule, ElapsedDependency):
            given = rows.given.copy()
            given[:, [*rule.positions]] = rows.given[:, [*rule.positions]].sum(axis=1)[:, None] > 1
            for words, broken in contradictions(PartialRows(cells, given), schema, [rule]):
                raise SamplingError(
                    f"where: {name_rows([start + row for row in broken])}: no value that the "
                    f"training table's columns can take keeps the rule that {words}; change one "
                    "of these cells, or leave it empty to have it drawn"
                )


def _unique(
    completer: RowCompleter, rows: PartialRows, frame: pd.DataFrame, keys: UniqueKeys, seed: int
) -> pd.DataFrame:
    """Complete rows again that repeat a unique key."""
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
        again = completer.complete(rows[repeated], start + attempt * FAR, rng, key=seed)
        frame = with_rows(frame, repeated, again, ())
    for memory in keys.memories:
        memory.add(frame)
    return frame


def requested_blocks(
    completer: RowCompleter, n: int, seed: int, where: Any = None
) -> Iterator[pd.DataFrame]:
    """Yield n rows: free ones, under a condition, or completed.

    Parameters
    ----------
    completer
        Completes rows.
    n
        Number of rows.
    seed
        Root of all streams of randomness.
    where
        None, a condition, or a frame of partial rows.
    """
    if isinstance(where, pd.DataFrame):
        return completed_blocks(completer, where, seed)
    if where is None:
        return with_keys(completer.model, completer.model.blocks(n, seed), seed)
    condition = read_condition(completer, where)
    drawn = conditioned_blocks(completer, condition, n, seed)
    return with_keys(completer.model, drawn, seed, condition)


def rows_between(
    model: TableModel, start: int, stop: int, n: int, seed: int
) -> Iterator[pd.DataFrame]:
    """Yield rows of the sample of n rows with a seed, whatever stands before and after them.

    Parameters
    ----------
    model
        The model, of which `check_rows_apart` holds.
    start, stop
        Positions of the first row, and of the row after the last one.
    n
        Rows of the whole sample.
    seed
        Root of all streams of randomness.
    """
    together = rows_together(model.keys, BLOCK_ROWS) if model.keys else model.block_rows
    at = start - start % together
    end = min(-(-stop // together) * together, n)
    drawn = model.blocks_from(at // model.block_rows, end - at, seed)
    for frame in with_keys(model, drawn, seed, start=at):
        yield frame[max(start - at, 0) : max(stop - at, 0)]
        at += len(frame)
        if at >= stop:
            return


def check_rows_apart(model: TableModel, n: int) -> None:
    """Check that no row of a sample depends on those before it.

    Parameters
    ----------
    model
        The model.
    n
        Number of rows.

    Raises
    ------
    SamplingError
        If columns are to be unique, and none of them has a value of its own for each row.
    """
    encoder = model.encoder
    own = set()
    for at in encoder.generated:
        column = encoder.encoders[at]
        if isinstance(column, IdentifierEncoder) and column.n_own >= n:
            own.add(at)
    for rule in model.constraints:
        if isinstance(rule, Unique) and not own & set(rule.positions(encoder.schema)):
            raise SamplingError(
                f"constraints: {rule.describe()}, and no part of these {n:,} rows can be drawn "
                "without all rows before it; write one file, leave the rule out of the fit, or add "
                "an identifier that gives each row a value of its own"
            )


def with_keys(
    model: TableModel,
    drawn: Iterator[pd.DataFrame],
    seed: int,
    condition: Condition = NO_CONDITION,
    start: int = 0,
) -> Iterator[pd.DataFrame]:
    """Make the rows of a sample go together, if those of the table do; see `table_keys`.

    Parameters
    ----------
    model
        The model.
    drawn
        The rows, block by block, each with a key of its own.
    seed
        Root of all streams of randomness.
    condition
        The condition that they still have to meet.
    start
        Position of the first row in the whole sample.
    """
    if not model.keys:
        return drawn
    schema, unique = model.encoder.schema, UniqueKeys.of(model.constraints, model.encoder.schema)
    rules = tuple(rule for rule in model.constraints if not isinstance(rule, Unique))

    def check(frame: pd.DataFrame) -> Mask:
        new = [memory.new(frame) for memory in unique.memories]
        kept = holds_all(frame, rules=rules, schema=schema) & condition.mask(frame)
        together: Mask = np.logical_and.reduce([kept, *new])
        return together

    return give_keys(
        drawn,
        model.keys,
        model.encoder,
        seed,
        check=check,
        block_rows=BLOCK_ROWS,
        start=start,
        series=model.series,
    )


def balanced_blocks(
    completer: RowCompleter, balance: Any, where: Any, n: int, seed: int
) -> Iterator[pd.DataFrame]:
    """Yield n rows, block by block, in each of which a column's levels have their shares.

    Parameters
    ----------
    completer
        Completes rows.
    balance
        A column, all of whose levels are to be as frequent; or a mapping from one column to the
        shares of its levels, which are brought to a sum of 1.
    where
        A further condition on the rows; None for none.
    n
        Rows in all.
    seed
        Root of all streams of randomness.

    Raises
    ------
    OptionError
        If the column has no list of levels, or shares are not numbers from 0.
    """
    name, shares = _shares(completer, balance)
    counts = [_split(min(n - at, BLOCK_ROWS), shares) for at in range(0, max(n, 1), BLOCK_ROWS)]
    encoder = completer.model.encoder
    keys = UniqueKeys.of(completer.model.constraints, encoder.schema)
    other = Condition(()) if where is None else read_condition(completer, where)
    sources = {}
    for i, level in enumerate(shares):
        wanted = sum(int(count[i]) for count in counts)
        condition = _with_level(completer, other, name, level)
        own = int(numpy_stream(seed, "balance", i).integers(2**63 - 1))
        sources[i] = _Source(conditioned_blocks(completer, condition, wanted, own, keys))
    for block, count in enumerate(counts):
        parts = [source.take(int(count[i])) for i, source in sources.items()]
        rows = pd.concat(parts, ignore_index=True)
        order = numpy_stream(seed, "balance", "order", block).permutation(len(rows))
        start = block * BLOCK_ROWS
        rows = rows.iloc[order].set_axis(pd.RangeIndex(start, start + len(rows)))
        # the levels' rows were drawn at the same positions, from which identifiers follow
        yield generated_columns(encoder, rows, other, start, seed)


def _shares(completer: RowCompleter, balance: Any) -> tuple[Hashable, dict[Any, float]]:
    """Return the column, and the share of each level."""
    if isinstance(balance, Mapping):
        if len(balance) != 1:
            raise OptionError(
                f"balance={balance!r:.80} must name one column, as in {{'plan': {{'free': 0.5, "
                "'pro': 0.5}}"
            )
        ((name, shares),) = balance.items()
    else:
        name, shares = balance, None
    encoder = completer.model.encoder
    at = find_name(name, encoder.schema.names)
    if at is None:
        raise OptionError(
            f"balance: column {name!r:.80} is not in the table; "
            f"{did_you_mean(f'{name!s:.80}', encoder.schema.names)}"
        )
    levels = completer.levels.get(at)
    if levels is None:
        raise OptionError(
            f"balance: column {name!r} is of kind {encoder.schema.columns[at].kind!r} and has no "
            "levels; name a column of categories, booleans or few numbers"
        )
    if shares is None:
        shares = dict.fromkeys((level for level in levels if level is not None), 1.0)
    if not isinstance(shares, Mapping) or not shares or not _are_shares([*shares.values()]):
        raise OptionError(
            f"balance: the shares of column {name!r} are {shares!r:.80}; give a mapping from its "
            "values to numbers from 0, of which one at least is above"
        )
    total = sum(shares.values())
    return name, {level: share / total for level, share in shares.items() if share}


def _are_shares(shares: list[Any]) -> bool:
    are_numbers = all(isinstance(s, int | float | np.number) and 0 <= s < np.inf for s in shares)
    return are_numbers and sum(shares) > 0


def _split(n: int, shares: Mapping[Any, float]) -> NDArray[np.int64]:
    """Split rows by shares; the largest remainders take the rest."""
    exact = n * np.array([*shares.values()])
    counts = np.floor(exact + 1e-9).astype(np.int64)
    rest = np.argsort(counts - exact, kind="stable")[: n - int(counts.sum())]
    counts[rest] += 1
    return counts


def _with_level(completer: RowCompleter, other: Condition, name: Hashable, level: Any) -> Condition:
    own = read_condition(completer, {name: [level]})
    if set(own.positions) & set(other.positions):
        raise OptionError(f"where and balance both ask for column {name!r}; leave it out of where")
    return Condition(tuple(sorted((*own.tests, *other.tests), key=lambda test: test.position)))


@dataclass
class _Source:
    """Blocks from which rows are taken in any number."""

    blocks: Iterator[pd.DataFrame]
    left: pd.DataFrame | None = None

    def take(self, n: int) -> pd.DataFrame:
        """Return the next n rows."""
        while self.left is None or len(self.left) < n:
            more = next(self.blocks)
            self.left = more if self.left is None else pd.concat([self.left, more])
        taken, self.left = self.left.iloc[:n], self.left.iloc[n:]
        return taken
