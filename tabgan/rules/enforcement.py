"""Enforcement of constraints: generated rows that break one are repaired or replaced.

`keep_rules` checks each row by itself, `keep_unique` a whole stream of rows. Both draw further rows
a bounded number of times; the error after that says how many rows keep the constraints.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import ConstraintError
from tabgan.rules.base_rules import Constraint, Mask
from tabgan.rules.level_constraints import Unique
from tabgan.table.columns import write_column
from tabgan.table.numbers import Numbers
from tabgan.table.schema import Column, Schema

__all__ = [
    "ATTEMPTS",
    "UniqueKeys",
    "holds_all",
    "keep_rules",
    "keep_unique",
    "repair_rows",
    "with_numbers",
    "with_rows",
]


def with_numbers(frame: pd.DataFrame, at: int, column: Column, numbers: Numbers) -> pd.DataFrame:
    """Return a frame with new numbers in one column, in its precision and range."""
    values = write_column(numbers, column)
    values.index = frame.index
    return _with_columns(frame, {at: values})


def with_rows(
    frame: pd.DataFrame, rows: NDArray[Any], others: pd.DataFrame, kept: tuple[int, ...]
) -> pd.DataFrame:
    """Return a frame with some rows replaced by those of another, except in some columns.

    Parameters
    ----------
    frame
        The frame.
    rows
        Positions of the rows that are replaced, one for each row of `others`.
    others
        What comes in their place.
    kept
        Positions of the columns that keep their values.
    """
    order = np.arange(len(frame))
    order[rows] = len(frame) + np.arange(len(others))
    mixed = pd.concat([frame, others], ignore_index=True).iloc[order]
    mixed.index = frame.index
    return _with_columns(mixed, {at: frame.iloc[:, at] for at in kept})


def _with_columns(frame: pd.DataFrame, changed: dict[int, pd.Series]) -> pd.DataFrame:
    series = [changed.get(at, frame.iloc[:, at]) for at in range(frame.shape[1])]
    result = pd.concat(series, axis=1)
    result.columns = frame.columns
    return result


ATTEMPTS = 25  # draws for the rows of one frame


Redraw = Callable[[int], pd.DataFrame]


Keys = NDArray[np.uint64]


def keep_rules(
    frame: pd.DataFrame,
    constraints: Sequence[Constraint],
    schema: Schema,
    redraw: Redraw,
    *,
    derived: Collection[int] = (),
) -> pd.DataFrame:
    """Return a frame all of whose rows keep all constraints but those of uniqueness.

    Parameters
    ----------
    frame
        Decoded rows. Those that break a constraint are repaired if possible, else replaced by
        newly drawn rows; identifiers stay in their place.
    constraints
        The constraints of the model.
    schema
        The columns.
    redraw
        Draws further rows, given the number of the attempt: 0, 1, 2 …
    derived
        Positions of identifiers that other columns determine, which move with their row.

    Raises
    ------
    ConstraintError
        If too few of the rows that are drawn keep the constraints.
    """
    rules = [rule for rule in constraints if not isinstance(rule, Unique)]
    if not rules:
        return frame
    mend = partial(repair_rows, rules=rules, schema=schema)
    holds = partial(holds_all, rules=rules, schema=schema)
    replaced = partial(_replaced, constraints=rules, schema=schema, derived=derived)
    return replaced(mend(frame), holds, lambda attempt: mend(redraw(attempt)))


def keep_unique(
    frames: Iterable[pd.DataFrame],
    constraints: Sequence[Constraint],
    schema: Schema,
    redraw: Callable[[int, int], pd.DataFrame],
    *,
    derived: Collection[int] = (),
    keys: "UniqueKeys | None" = None,
) -> Iterator[pd.DataFrame]:
    """Yield frames in which rows that repeat an earlier one of any frame are replaced.

    The memory is eight bytes a row and constraint: a hash of what must be unique.

    Parameters
    ----------
    frames
        What `keep_rules` gave, in the order of the stream.
    constraints, schema, derived
        As there.
    redraw
        Draws further rows, given the number of the frame and of the attempt.
    keys
        Keys of other streams, which rows of this one may not repeat either.

    Raises
    ------
    ConstraintError
        If too few of the rows that are drawn keep the constraints.
    """
    unique = [rule for rule in constraints if isinstance(rule, Unique)]
    if not unique:
        yield from frames
        return
    others = [rule for rule in constraints if not isinstance(rule, Unique)]
    memories = (keys or UniqueKeys.of(constraints, schema)).memories
    mend = partial(repair_rows, rules=others, schema=schema)

    def holds(rows: pd.DataFrame) -> Mask:
        new = [memory.new(rows) for memory in memories]
        return _all([holds_all(rows, rules=others, schema=schema), *new])

    replaced = partial(_replaced, constraints=constraints, schema=schema, derived=derived)
    for number, frame in enumerate(frames):
        again = partial(redraw, number)
        draw = lambda attempt, again=again: mend(again(attempt))  # noqa: E731
        kept = replaced(frame, holds, draw)
        for memory in memories:
            memory.add(kept)
        yield kept


def _replaced(
    frame: pd.DataFrame,
    holds: Callable[[pd.DataFrame], Mask],
    draw: Redraw,
    *,
    constraints: Sequence[Constraint],
    schema: Schema,
    derived: Collection[int],
) -> pd.DataFrame:
    """Replace the rows that don't hold, attempt by attempt."""
    made = {at for at, column in enumerate(schema) if column.is_generated}
    identifiers = tuple(sorted(made - set(derived)))
    good = holds(frame)
    n_drawn, n_good = 0, 0
    for attempt in range(ATTEMPTS):
        broken = np.flatnonzero(~good)
        if not len(broken):
            return frame
        fresh = draw(attempt)
        fitting = np.flatnonzero(holds(fresh))
        n_drawn, n_good = n_drawn + len(fresh), n_good + len(fitting)
        taken = fitting[: len(broken)]
        frame = with_rows(frame, broken[: len(taken)], fresh.iloc[taken], identifiers)
        good = holds(frame)
    if good.all():
        return frame
    raise ConstraintError(_too_few(fresh, n_good, n_drawn, constraints, schema))


def _too_few(
    fresh: pd.DataFrame,
    n_good: int,
    n_drawn: int,
    constraints: Sequence[Constraint],
    schema: Schema,
) -> str:
    shares = [float(rule.check(fresh, schema).mean()) for rule in constraints]
    least = int(np.argmin(shares))
    worst = constraints[least]
    return (
        f"constraints: {n_good:,} of {n_drawn:,} rows that were drawn keep all of them "
        f"({n_good / n_drawn:.2%}), which is too few to go on; the least kept is "
        f"{type(worst).__name__} ({worst.describe()}), in {shares[least]:.2%}: train for more "
        "steps, ask for fewer rows if they are to be unique, or loosen or leave out the constraint"
    )


def holds_all(frame: pd.DataFrame, *, rules: Sequence[Constraint], schema: Schema) -> Mask:
    """Return which rows keep all rules."""
    kept = [np.ones(len(frame), bool), *(rule.check(frame, schema) for rule in rules)]
    return _all(kept)


def _all(masks: Sequence[Mask]) -> Mask:
    together: Mask = np.logical_and.reduce(masks)
    return together


def repair_rows(
    frame: pd.DataFrame, *, rules: Sequence[Constraint], schema: Schema
) -> pd.DataFrame:
    """Repair rows, as often as there are rules: one repair may break another rule."""
    for _ in rules:
        before = frame
        for rule in rules:
            broken = np.flatnonzero(~rule.check(frame, schema))
            if len(broken):
                frame = _mended_rows(frame, broken, rule, schema)
        if frame is before:
            break
    return frame


def _mended_rows(
    frame: pd.DataFrame, broken: NDArray[np.intp], rule: Constraint, schema: Schema
) -> pd.DataFrame:
    """Repair the rows that break a rule; a repair that leaves them broken changes nothing."""
    rows = frame.iloc[broken]
    mended = rule.repair(rows, schema)
    if mended is rows:
        return frame
    gained = rule.check(mended, schema)
    return with_rows(frame, broken[gained], mended[gained], ()) if gained.any() else frame


@dataclass(frozen=True)
class UniqueKeys:
    """The keys so far of each constraint of uniqueness."""

    memories: "tuple[_Memory, ...]"

    @classmethod
    def of(cls, constraints: Sequence[Constraint], schema: Schema) -> Self:
        """Return memories without any key."""
        unique = [rule for rule in constraints if isinstance(rule, Unique)]
        return cls(tuple(_Memory(rule, schema) for rule in unique))


class _Memory:
    """Hashes of the keys so far: sorted arrays, each over twice as long as the next.

    Two keys of one hash count as a repetition; a repetition is never missed.
    """

    def __init__(self, rule: Unique, schema: Schema) -> None:
        self._positions = list(rule.positions(schema))
        self._known: list[Keys] = []

    def new(self, frame: pd.DataFrame) -> Mask:
        """Return which rows repeat no added row, nor an earlier row of the frame."""
        keys, present = self._keys(frame)
        repeated = pd.Series(keys).duplicated().to_numpy(bool)
        for known in self._known:
            places = np.searchsorted(known, keys).clip(max=len(known) - 1)
            repeated = repeated | (known[places] == keys)
        return ~(present & repeated)

    def add(self, frame: pd.DataFrame) -> None:
        """Remember the rows of a frame."""
        keys, present = self._keys(frame)
        added = np.sort(keys[present])
        while self._known and len(self._known[-1]) <= 2 * len(added):
            added = np.sort(np.concatenate([self._known.pop(), added]))
        if len(added):
            self._known.append(added)

    def _keys(self, frame: pd.DataFrame) -> tuple[Keys, Mask]:
        columns = frame.iloc[:, self._positions]
        present = columns.notna().all(axis=1).to_numpy(bool)
        hashes = pd.util.hash_pandas_object(columns, index=False)
        return hashes.to_numpy().astype(np.uint64), present
