"""Constraints on combinations of values, on values that occur only once, and limits of numbers.

The limits are found: the numbers that a level of another column has, where these are fewer than
chance would show. A drawn number beyond them changes places with that of another row.
"""

from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from tabgan.base.errors import OptionError
from tabgan.rules.base_rules import (
    ColumnConstraint,
    Construction,
    Dependency,
    Mask,
    check_label,
    labels,
    made_anew,
    register_constraint,
)
from tabgan.rules.functional_dependency import (
    LEVEL,
    CombinationDependency,
    combination_numbers,
    combinations_of,
)
from tabgan.table.columns import (
    NUMBERS,
    TICKS,
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    clip_to_ends,
    decimals_of,
    field_at,
    level_key,
    sample_of,
    with_cells,
    write_column,
)
from tabgan.table.number_scale import clip_to_range
from tabgan.table.scalars import Scalar, from_json_scalar, is_scalar, to_json_scalar
from tabgan.table.schema import Column, Schema

__all__ = ["FixedCombinations", "Limit", "LevelLimits", "Unique", "find_limits"]

MOST_LEVELS = 60  # of a column that may limit numbers
MOST_CODES = 12  # the same of whole numbers
MOST_LIMITING = 2  # columns that limit a number
TOGETHER = 32  # columns that may limit numbers, and are looked at in one go
MOST_LISTED = 20  # numbers that a level has, to have no others
LEAST_LISTED = 0.998  # share of a level's rows that hold one of these
LEAST_BEYOND = 0.05  # share of all rows that lie beyond a level's limits
MOST_BEYOND = 0.015  # share of the level's own rows that do, since ends tell of no single row
LEAST_HOPED = 8  # rows of a sample that would lie beyond the limits of a level by chance
LEAST_BROKEN = 0.01  # share of all rows that would break some limit by chance
LEAST_TOLD = 0.02  # share of all rows that lie beyond a limit, for it to say anything

TURNS = 8  # in which numbers beyond limits look for a row to change places with

ROWS_PER_COMBINATION = 2  # on average, at least: what is kept must not be the rows themselves


@register_constraint
@dataclass(frozen=True)
class FixedCombinations(ColumnConstraint):
    """Only combinations of values that occur in the training table are allowed.

    A missing value counts as a value. The model file contains the combinations.

    Parameters
    ----------
    columns
        Two columns or more.
    combinations
        The allowed combinations, each with a value for every column; by default those of the
        training table.

    Examples
    --------
    >>> rule = FixedCombinations(["city", "land"], [("Bern", "CH"), ("Wien", "AT")])
    >>> rule.check(pd.DataFrame({"city": ["Bern", "Wien"], "land": ["CH", "CH"]})).tolist()
    [True, False]
    """

    kind: ClassVar[str] = "fixed_combinations"
    construction: ClassVar[Construction] = "group"
    columns: tuple[Hashable, ...]
    combinations: tuple[tuple[Scalar, ...], ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", labels("FixedCombinations", "columns", self.columns, 2))
        if self.combinations is None:
            return
        given: Any = self.combinations
        if not isinstance(given, list | tuple) or not all(map(self._is_combination, given)):
            raise OptionError(
                f"FixedCombinations: combinations={given!r:.80} must be a list with "
                f"{len(self.columns)} plain values in each of its rows, or None"
            )
        object.__setattr__(self, "combinations", tuple(map(tuple, given)))

    def _is_combination(self, values: Any) -> bool:
        fits = isinstance(values, list | tuple) and len(values) == len(self.columns)
        return fits and all(map(is_scalar, values))

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of its columns."""
        return self.columns

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"known combinations of {', '.join(map(repr, self.columns))}"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Return what is wrong with the kinds of its columns; None if they are fine."""
        return next((made_anew(c) for c in columns if c.is_generated), None)

    def learn(self, frame: pd.DataFrame, schema: Schema) -> Self:
        """Return the constraint with the combinations of the training table.

        Raises
        ------
        OptionError
            If there are so many combinations that they reveal single rows.
        """
        _, found = combinations_of(self.cells_of(frame, schema))
        if len(found) * ROWS_PER_COMBINATION > len(frame):
            raise OptionError(
                f"{self}: there are {len(found)} combinations in {len(frame)} rows; each must "
                f"stand for {ROWS_PER_COMBINATION} rows on average: name fewer columns"
            )
        if self.combinations is not None:
            return self
        ordered = sorted(found, key=lambda values: [str(level_key(value)) for value in values])
        return replace(self, combinations=tuple(ordered))

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows satisfy the rule; all do before it has learned the combinations."""
        if self.combinations is None:
            return np.ones(len(cells[0][1]), bool)
        return combination_numbers(cells, self.combinations) >= 0

    def dependency(self, table: ColumnFrame, schema: Schema) -> Dependency | None:
        """Return the dependency that makes one column of the columns."""
        positions = self.positions(schema)
        _, combinations = combinations_of([table[at] for at in positions])
        members = tuple(field_at(table, at) for at in positions)
        return CombinationDependency(members, tuple(combinations))


@register_constraint
@dataclass(frozen=True)
class Unique(ColumnConstraint):
    """No two rows have the same value in a column, or the same combination in several columns.

    Rows with a missing value in one of the columns are not compared. A single column of text or
    whole numbers without a declared kind becomes an identifier: its values are generated.

    Parameters
    ----------
    columns
        A column, or a list of columns.

    Examples
    --------
    >>> Unique("key").check(pd.DataFrame({"key": ["a", "b", "a", None, None]})).tolist()
    [True, True, False, True, True]
    """

    kind: ClassVar[str] = "unique"
    columns: Any  # after construction, a tuple of labels

    def __post_init__(self) -> None:
        given = self.columns
        if isinstance(given, list | tuple):
            object.__setattr__(self, "columns", labels("Unique", "columns", given, 1))
        else:
            check_label("Unique", "columns", given)
            object.__setattr__(self, "columns", (given,))

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of its columns."""
        return tuple(self.columns)

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{', '.join(map(repr, self.columns))} {'are' if self.columns[1:] else 'is'} unique"

    def fits(self, columns: Sequence[Column]) -> str | None:  # noqa: ARG002
        """Return what is wrong with the kinds of its columns: nothing."""
        return None

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows satisfy the rule: those that repeat no earlier row."""
        frame = pd.concat([values for _, values in cells], axis=1)
        missing = frame.isna().any(axis=1).to_numpy(bool)
        kept: Mask = missing | ~frame.duplicated().to_numpy(bool)
        return kept


class Limit(NamedTuple):
    """The numbers that a level has: from the least to the greatest, or those of a list.

    Parameters
    ----------
    level
        A level of the column that limits.
    numbers
        The two ends, of which an open one is infinite, or the list in ascending order.
    is_list
        Whether it is a list.
    """

    level: Scalar
    numbers: tuple[float, ...]
    is_list: bool

    def keeps(self, values: NDArray[Any]) -> Mask:
        """Return which numbers the level may have."""
        if self.is_list:
            return np.isin(values, self.numbers)
        kept: Mask = (values >= self.numbers[0]) & (values <= self.numbers[-1])
        return kept

    def nearest(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the numbers that the level may have and that are nearest to some."""
        if not self.is_list:
            ends = [end if np.isfinite(end) else None for end in self.numbers]
            clipped: NDArray[Any] = np.clip(values, ends[0], ends[-1])
            return clipped.astype(values.dtype)
        known = np.array(self.numbers, values.dtype)
        nearest: NDArray[Any] = known[np.searchsorted((known[1:] + known[:-1]) / 2, values)]
        return nearest


@dataclass(frozen=True)
class LevelLimits(Dependency):
    """A number that keeps within what levels of other columns allow.

    Parameters
    ----------
    target
        The column of numbers or dates.
    sources
        The columns that limit it.
    limits
        The limits of the levels of each source; other levels have none.
    """

    name: ClassVar[str] = "level limits"
    may_be_broken: ClassVar[bool] = True
    target: ColumnRef
    sources: tuple[ColumnRef, ...]
    limits: tuple[tuple[Limit, ...], ...]

    def __post_init__(self) -> None:
        if not self.sources or len(self.sources) != len(self.limits):
            raise ValueError("limits need the columns whose levels have them")
        if not all(own.numbers and [*own.numbers] == sorted(own.numbers) for own in self._all()):
            raise ValueError("limits must be in ascending order")

    def _all(self) -> Iterator[Limit]:
        return (limit for own in self.limits for limit in own)

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return *(source.position for source in self.sources), self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        names = " and ".join(map(str, self.sources))
        allow = "allow" if len(self.sources) > 1 else "allows"
        return f"{self.target} keeps to what its {names} {allow}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Return the table as it is: the numbers are learned."""
        return table

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Let numbers beyond the limits change places with others, so that the margins stay.

        Where no row can take such a number, it becomes that of another row of the same levels.
        """
        if not {*self.positions} <= {*table}:
            return table
        cells = table[self.target.position]
        limits = [(limit, np.flatnonzero(rows)) for limit, rows in self.rows(table)]
        values = cells.numbers.values
        if not _beyond(values, limits).any():
            return table
        codes = combinations_of([table[source.position] for source in self.sources])[0]
        taken = _change_places(values, cells.numbers.present, codes, limits)
        beyond = _beyond(values[taken], limits)
        lacking = np.zeros(len(codes), np.bool_)
        usable = cells.numbers.present & ~beyond
        for code in np.unique(codes[beyond]).tolist():
            rows, givers = (np.flatnonzero(own & (codes == code)) for own in (beyond, usable))
            if len(givers):
                taken[rows] = taken[givers[np.searchsorted(givers, rows) % len(givers)]]
            else:
                lacking[rows] = True
        column, before = cells
        changed = TypedSeries(column, before.iloc[taken].set_axis(before.index))
        if lacking.any():
            changed = self._clipped(changed, table, lacking)
        return with_cells(table, {self.target.position: changed})

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows keep the limits, given the columns of `positions`."""
        table = dict(zip(self.positions, cells, strict=True))
        limits = [(limit, np.flatnonzero(rows)) for limit, rows in self.rows(table)]
        return ~_beyond(table[self.target.position].numbers.values, limits)

    def about(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return the rows with a number and a level that limits it."""
        limited = (rows for _, rows in self.rows(dict(zip(self.positions, cells, strict=True))))
        found: Mask = np.logical_or.reduce([np.zeros(len(cells[0].values), np.bool_), *limited])
        return found

    def rows(self, table: ColumnFrame) -> Iterator[tuple[Limit, Mask]]:
        """Yield each limit with the rows of its level that hold a number.

        Parameters
        ----------
        table
            A table with the columns of the rule.
        """
        present = table[self.target.position].numbers.present
        for source, own in zip(self.sources, self.limits, strict=True):
            cells = table[source.position]
            code = {level_key(level): at for at, level in enumerate(cells.levels)}
            for limit in own:
                at = code.get(level_key(limit.level))
                if at is not None:
                    yield limit, present & (cells.codes == at)

    def _clipped(self, cells: TypedSeries, table: ColumnFrame, rows: Mask) -> TypedSeries:
        """Bring the numbers of rows whose levels no other row has within the limits."""
        numbers = cells.numbers
        values = numbers.values.copy()
        for limit, own in self.rows(table):
            values[rows & own] = limit.nearest(values[rows & own])
        written = write_column(numbers._replace(values=values), cells.column)
        return TypedSeries(cells.column, written.set_axis(cells.values.index))

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "target": self.target.to_json(),
            "sources": [source.to_json() for source in self.sources],
            "limits": [
                [
                    [to_json_scalar(level), _open_to_null(numbers), is_list]
                    for level, numbers, is_list in own
                ]
                for own in self.limits
            ],
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            ColumnRef.from_json(state["target"]),
            tuple(map(ColumnRef.from_json, state["sources"])),
            tuple(
                tuple(
                    Limit(from_json_scalar(level), _null_to_open(numbers), bool(is_list))
                    for level, numbers, is_list in own
                )
                for own in state["limits"]
            ),
        )


def _beyond(values: NDArray[Any], limits: Sequence[tuple[Limit, NDArray[np.intp]]]) -> Mask:
    """Return which numbers lie beyond the limits of their rows."""
    beyond = np.zeros(len(values), np.bool_)
    for limit, rows in limits:
        beyond[rows] |= ~limit.keeps(values[rows])
    return beyond


def _change_places(
    values: NDArray[Any],
    present: Mask,
    codes: NDArray[np.integer[Any]],
    limits: Sequence[tuple[Limit, NDArray[np.intp]]],
) -> NDArray[np.intp]:
    """Return from which row each row takes its number, so that more keep their limits.

    A number beyond changes places with one near the nearest that its row may have, of a row of
    other levels (by `codes`), if both rows keep their limits then.
    """
    taken = np.arange(len(values))
    for turn in range(TURNS):
        now = values[taken]
        beyond = _beyond(now, limits)
        rows, others = np.flatnonzero(beyond), np.flatnonzero(present & ~beyond)
        wanted = now.copy()
        for limit, own in limits:
            wanted[own] = limit.nearest(wanted[own])
        others = others[np.argsort(now[others], kind="stable")]
        partners = np.full(len(values), -1)
        for code in np.unique(codes[rows]).tolist():
            own, other = rows[codes[rows] == code], others[codes[others] != code]
            partners[own] = _near(now[own], wanted[own], now[other], turn, other)
        at, chosen = np.unique(partners[rows], return_index=True)
        pairs = np.stack([rows[chosen], at])[:, at >= 0]
        if not pairs.size:
            break
        trial = taken.copy()
        trial[pairs] = taken[pairs[::-1]]
        still = _beyond(values[trial], limits)
        good = pairs[:, ~still[pairs].any(axis=0)]
        taken[good] = trial[good]
    return taken


def _near(
    now: NDArray[Any],
    wanted: NDArray[Any],
    others: NDArray[Any],
    turn: int,
    rows: NDArray[np.intp],
) -> NDArray[np.intp]:
    """Return rows of others, in ascending order, near the wanted numbers; -1 if there are none.

    Each turn looks farther on from the present numbers.
    """
    if not len(others):
        return np.full(len(now), -1)
    first, last = (np.searchsorted(others, wanted, side) for side in ("left", "right"))
    step = pd.Series(wanted).groupby(wanted).cumcount().to_numpy() + turn * len(now)
    near: NDArray[np.intp] = rows[np.where(wanted > now, first + step, last - 1 - step) % len(rows)]
    return near


def find_limits(
    table: ColumnFrame, rng: np.random.Generator, kept: Collection[int] = ()
) -> list[LevelLimits]:
    """Find the numbers that levels of other columns limit more than chance would.

    Parameters
    ----------
    table
        The columns that are learned.
    rng
        Draws the rows on which limits are looked for first.
    kept
        Positions of columns that no rule may change.
    """
    sources = [at for at, own in table.items() if _may_limit(own)]
    numbers = [
        at
        for at, (column, _) in table.items()
        if at not in kept and not column.is_generated and _may_be_limited(table[at])
    ]
    sample = sample_of({at: table[at] for at in {*numbers, *sources}}, rng)
    tried = len(numbers) * sum(len(table[at].levels) for at in sources)
    hoped: list[tuple[float, int, int]] = []
    ranks = {target: _Ranked.of(sample[target]) for target in numbers}
    for start in range(0, len(sources), TOGETHER):
        some = sources[start : start + TOGETHER]
        levels = _SourceLevels.of([sample[at] for at in some])
        for target, ranked in ranks.items():
            shares = zip(ranked.beyond(levels).tolist(), some, strict=True)
            hoped += [
                (share, target, at)
                for share, at in shares
                if share >= LEAST_BROKEN and at != target
            ]
    limits: dict[int, dict[int, tuple[Limit, ...]]] = {}
    limiting = set[int]()
    ranked_of = cache(lambda at: _Ranked.of(table[at]))
    is_number = {at: table[at].column.kind in NUMBERS for at in sources}
    order = sorted(hoped, key=lambda own: (is_number[own[2]], -own[0], *own[1:]))
    for _, target, at in order:  # no number is limited by one that is changed itself
        if at in limits or target in limiting or len(limits.get(target, ())) == MOST_LIMITING:
            continue
        own = _limits(ranked_of(target), table[target], table[at], tried)
        if own:
            limits.setdefault(target, {})[at] = own
            limiting.add(at)
    return [
        LevelLimits(
            field_at(table, target), tuple(field_at(table, at) for at in own), (*own.values(),)
        )
        for target, own in sorted(limits.items())
    ]


def _may_be_limited(cells: TypedSeries) -> bool:
    """Return whether a column holds dates, or numbers that are exact as floats."""
    if cells.column.kind not in NUMBERS:
        return cells.column.kind in TICKS
    numbers = cells.numbers
    there = numbers.values[numbers.present].astype(np.float64)
    return bool((np.abs(there) <= 2**53).all())


def _may_limit(cells: TypedSeries) -> bool:
    column = cells.column
    if column.is_generated or column.kind not in ("categorical", "boolean", "integer"):
        return False
    most = MOST_CODES if column.kind == "integer" else MOST_LEVELS
    return 1 < len(cells.levels) <= most


class _Ranked(NamedTuple):
    """The numbers of a column in their order."""

    present: Mask
    distinct: NDArray[Any]
    ranks: NDArray[np.intp]  # of the present numbers, among the distinct ones
    shares: NDArray[np.float64]  # of the rows that hold each of these

    @classmethod
    def of(cls, cells: TypedSeries) -> Self:
        present, values = cells.numbers.present, cells.numbers.values
        ranks, distinct = pd.factorize(values[present], sort=True)
        counts = np.bincount(ranks, minlength=len(distinct))
        return cls(present, np.asarray(distinct), ranks, counts / max(len(ranks), 1))

    def beyond(self, sources: "_SourceLevels") -> NDArray[np.float64]:
        """Return the share of rows that would lie beyond the limits of their level by chance.

        Returns
        -------
        For each source; shape (sources,).
        """
        n_levels, n_sources = len(sources.owners), len(sources.codes)
        if len(self.distinct) < 2:
            return np.zeros(n_sources)
        codes, ranks = sources.codes[:, self.present].ravel(), np.tile(self.ranks, n_sources)
        up_to = np.cumsum(self.shares)
        low, high = np.full(n_levels, len(up_to)), np.full(n_levels, -1)
        np.minimum.at(low, codes, ranks)
        np.maximum.at(high, codes, ranks)
        rows = np.bincount(codes, minlength=n_levels)
        there = rows >= LEAST_HOPED
        inside = up_to[high[there]] - np.append(up_to, 0.0)[low[there] - 1]
        if len(up_to) <= MOST_LISTED**2:
            pairs = np.zeros((n_levels, len(up_to)), np.bool_)
            pairs[codes, ranks] = True
            inside = np.minimum(inside, pairs[there] @ self.shares)
        beyond = (1 - inside) * rows[there]
        evident = (1 - inside >= LEAST_BEYOND) & (beyond >= LEAST_HOPED)
        found = np.bincount(sources.owners[there], beyond * evident, minlength=n_sources)
        return found / max(len(self.ranks), 1)


class _SourceLevels(NamedTuple):
    """The levels of several columns, numbered through."""

    codes: NDArray[np.intp]  # of each row, shape (sources, rows)
    owners: NDArray[np.intp]  # the source of each level

    @classmethod
    def of(cls, sources: Sequence[TypedSeries]) -> Self:
        sizes = [len(cells.levels) for cells in sources]
        starts = np.cumsum([0, *sizes[:-1]])
        codes = [cells.codes + start for cells, start in zip(sources, starts, strict=True)]
        return cls(np.stack(codes), np.repeat(np.arange(len(sizes)), sizes))


def _limits(
    ranked: _Ranked, cells: TypedSeries, source: TypedSeries, tried: int
) -> tuple[Limit, ...]:
    """Return the limits of all levels of many rows, if some levels have one beyond chance."""
    codes, n = source.codes[ranked.present].astype(np.int64), len(ranked.distinct)
    pairs, counts = np.unique(codes * n + ranked.ranks, return_counts=True)
    ends = np.searchsorted(pairs, np.arange(len(source.levels) + 1) * n)
    values, up_to = cells.numbers.values[ranked.present], np.append(0.0, np.cumsum(ranked.shares))
    least, broken = cells.column.least_rows, 0.0
    limits: list[Limit] = []
    for code, (start, stop) in enumerate(pairwise(ends.tolist())):
        seen, own = pairs[start:stop] - code * n, counts[start:stop]
        rows, often = own.sum(), own >= least
        if rows < 2 * least:
            continue
        is_list = bool(len(seen) <= MOST_LISTED and own[often].sum() >= LEAST_LISTED * rows)
        first = int(seen[0]) if up_to[seen[0]] >= LEAST_BEYOND else 0
        last = int(seen[-1]) if 1 - up_to[seen[-1] + 1] >= LEAST_BEYOND else n - 1
        inside = ranked.shares[seen if is_list else slice(first, last + 1)].sum()
        choices = _log_choices(n, len(seen) if is_list else min(2, n))
        chance = rows * np.log(max(inside, 1e-300)) + choices + np.log(tried)
        if is_list:
            numbers = tuple(ranked.distinct[seen[often]].tolist())
        else:
            evident = (first > 0, last < n - 1)
            numbers = _range_of(values[codes == code], cells, evident, (ranked.distinct, up_to))
        limit = Limit(source.levels[code], numbers, is_list)
        beyond = 1 - ranked.shares[limit.keeps(ranked.distinct)].sum()  # ends are wider than seen
        if beyond >= LEAST_TOLD:
            limits.append(limit)
            if 1 - inside >= LEAST_BEYOND and chance <= np.log(LEVEL):
                broken += beyond * rows / len(codes)
    return tuple(limits) if broken >= LEAST_BROKEN else ()


def _range_of(
    values: NDArray[Any],
    cells: TypedSeries,
    evident: tuple[bool, bool],
    shares: tuple[NDArray[Any], NDArray[np.float64]],
) -> tuple[float, float]:
    """Return the ends of the numbers of a level, which tell of no single row.

    An end is open if other levels hardly go beyond. If rows of the level do, where its numbers
    become rare, the end lies a whole range of the trimmed numbers away, where that still limits.

    Parameters
    ----------
    values
        The numbers of the level.
    cells
        The column.
    evident
        Whether other levels go beyond each end.
    shares
        The distinct numbers of the column, and the share of its rows below each.
    """
    column = cells.column
    values = values.astype(np.float64) if column.kind in NUMBERS else values
    tails, trimmed = (
        np.sort(own)[[0, -1]]
        for own in (
            clip_to_ends(values, column),
            clip_to_range(values, decimals_of(column), column.least_rows),
        )
    )
    reach = trimmed[1] - trimmed[0]
    distinct, up_to = shares
    ends = []
    for sign, limits in ((-1, evident[0]), (1, evident[1])):
        at = max(sign, 0)
        tried = np.array([tails[at], trimmed[at] + sign * reach] if limits else [], values.dtype)
        own = (sign * values > sign * tried[:, None]).mean(axis=1) <= MOST_BEYOND
        below = up_to[np.searchsorted(distinct, tried, "right" if at else "left")]
        good = tried[own & ((1 - below if at else below) >= LEAST_BEYOND)]
        ends.append(sign * (sign * good).min().item() if len(good) else sign * np.inf)
    return ends[0], ends[1]


def _open_to_null(numbers: tuple[float, ...]) -> list[float | None]:
    return [number if np.isfinite(number) else None for number in numbers]


def _null_to_open(numbers: list[float | None]) -> tuple[float, ...]:
    """Read the ends of a range, or a list, which has no open end."""
    first, *others = numbers
    ends = [np.inf if number is None else number for number in others]
    return (-np.inf if first is None else first, *ends)


def _log_choices(n: int, k: int) -> float:
    """Return the log of the number of choices of k among n."""
    return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
