"""Relations between the rows of a table: repeated keys, references, columns unique together.

Rows are sampled independently. At the end, thousands of rows at once are matched: rows of the same
key, rows that refer to each other, and rows that would repeat a unique combination such as a date
and a line. Such a row moves to the next free date of the line.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.random_streams import numpy_stream
from tabgan.encoding.table_encoder import TableEncoder, keeps_rules
from tabgan.rules.presence_dependency import frequent_marks
from tabgan.sampling.alike_rows import (
    CHANCE,
    CountOfReferences,
    SameAsReferred,
    combined_codes,
    explained_by,
    learn_likeness,
)
from tabgan.sampling.key_groups import (
    MOST_LEVELS,
    Check,
    GroupSizes,
    KeyGroups,
    count_units,
    group_rows,
    sortable,
    with_cells_of,
)
from tabgan.sampling.self_references import SelfReference, learn_references
from tabgan.sampling.time_grid import (
    DistinctNumbers,
    RowOrder,
    TimeGrid,
    find_distinct_numbers,
    find_order,
    find_time_grids,
    is_code,
)
from tabgan.table.columns import ColumnFrame, ColumnRef, TypedSeries, count_rows, field_at
from tabgan.table.compound_numbers import part_in_words
from tabgan.table.level_codes import are_filled, determines
from tabgan.table.schema import RANGED, Schema

if TYPE_CHECKING:  # torch is not needed to describe a table
    from tabgan.sampling.time_series import TimeSeries

__all__ = [
    "JointKey",
    "RowRule",
    "KeyRule",
    "find_joint_keys",
    "give_keys",
    "key_from_json",
    "key_to_json",
    "learn_keys",
    "learn_table_keys",
    "rows_together",
]

EXPECTED_PAIRS = 10.0  # of equal cells within keys; where there is none, that is no chance
LEAST_EXPLAINED = 0.02  # of the variation of the keys' numbers of rows, by a column's levels
LEAST_KEYS = 20  # of a level with numbers of rows of its own
LEAST_NAMED_TWICE = 0.05  # share of the rows whose name or address stands in another row
MOST_REPEATED = 0.02  # share of the rows that repeat others in columns that are unique together
LEAST_BY_CHANCE = 0.05  # the same, if the columns were unrelated
MOST_OF_CHANCE = 0.2  # of the repeated rows that there would be by chance
LEAST_PAIRS = 30.0  # of equal rows that there would be by chance
LEAST_REPEATED = 0.1  # share of the rows that repeat others in a single one of the columns
MOST_COLUMNS = 25
MOST_CODES = 2**62  # of several columns together
MOST_PARTS = 3
TOGETHER = 16  # blocks of a sample whose rows refer to each other, or are unique together
_KINDS = frozenset({"categorical", "boolean", "integer", "datetime"})

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class JointKey:
    """Columns that have no combination of values twice, or hardly any.

    Parameters
    ----------
    columns
        The columns, the one of the most values first.
    repeated
        Share of the rows that repeat the values of another one.
    by_chance
        The same, if the columns were unrelated.
    """

    columns: tuple[ColumnRef, ...]
    repeated: float
    by_chance: float

    def __post_init__(self) -> None:
        if not 2 <= len(self.columns) <= MOST_PARTS:
            raise ValueError(f"from 2 to {MOST_PARTS} columns are unique together")
        if not 0 <= self.repeated <= 1 or not 0 <= self.by_chance <= 1:
            raise ValueError("shares of repeated rows must be from 0 to 1")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns."""
        return tuple(own.position for own in self.columns)

    def describe(self, schema: Schema) -> str:
        """Describe the key in words, with its evidence.

        Parameters
        ----------
        schema
            Columns of the table.
        """
        shares = [f"{100 * share:.2g} %" for share in (self.repeated, self.by_chance)]
        evidence = f"{shares[0]} of the rows repeat another, {shares[1]} by chance"
        return f"{self.statement(schema)}: {evidence}"

    def statement(self, schema: Schema) -> str:
        """Say which columns are unique together.

        Parameters
        ----------
        schema
            Columns of the table, or of a table with the parts of its columns.
        """
        names = [part_in_words(schema.columns[at]) for at in sorted(self.positions)]
        return f"{', '.join(names[:-1])} and {names[-1]} are unique together"

    def repeats(self, frame: pd.DataFrame) -> Mask:
        """Return which rows repeat an earlier one, of those without a missing value.

        Parameters
        ----------
        frame
            Rows of the table.
        """
        own = frame.iloc[:, [*self.positions]]
        filled = np.logical_and.reduce([are_filled(own.iloc[:, at]) for at in range(own.shape[1])])
        repeated: Mask = own.duplicated().to_numpy(bool) & filled
        return repeated

    def kept_in(self, frame: pd.DataFrame) -> tuple[Mask, Mask]:
        """Return which rows of a frame keep the key, and of which that can be said.

        Parameters
        ----------
        frame
            Rows of the table.
        """
        return ~self.repeats(frame), np.ones(len(frame), np.bool_)

    def write(
        self, frame: pd.DataFrame, encoder: TableEncoder, rng: np.random.Generator, check: Check
    ) -> pd.DataFrame:
        """Move rows that repeat others to the nearest values that are free.

        A row whose move would break a rule stays, and so do as many as repeat others in the table.

        Parameters
        ----------
        frame
            Drawn rows.
        encoder
            Encoder of the table.
        rng
            The only source of randomness.
        check
            Says which rows of a frame meet the conditions.
        """
        for at in self.positions:
            repeated = np.flatnonzero(self.repeats(frame))
            moved = rng.permutation(repeated)[int(self.repeated * len(frame)) :]
            if not len(moved):
                break
            source = self._moves(frame, at, np.sort(moved), encoder.schema)
            new = with_cells_of(frame, {at: source}, encoder)
            fits = check(new) & keeps_rules(encoder, new, [at])[0] & ~self.repeats(new)
            frame = _rows_of(new, frame, fits | (source == np.arange(len(frame))))
        return frame

    def _moves(self, frame: pd.DataFrame, at: int, moved: Rows, schema: Schema) -> Rows:
        """Return the row whose value of a column each row takes."""
        values, first, ranks = np.unique(
            sortable(frame, at, schema), return_index=True, return_inverse=True
        )
        others = [frame.iloc[:, place] for place in self.positions if place != at]
        group = pd.MultiIndex.from_frame(pd.concat(others, axis=1)).factorize()[0]
        taken: dict[int, Mask] = {}
        members = pd.Series(np.arange(len(frame))).groupby(group).indices
        source = np.arange(len(frame))
        for row in moved.tolist():
            own = int(group[row])
            if own not in taken:
                taken[own] = np.zeros(len(values), np.bool_)
                taken[own][ranks[members[own]]] = True
            free = np.flatnonzero(~taken[own])
            if len(free):
                place = min(int(np.searchsorted(free, ranks[row])), len(free) - 1)
                if place and ranks[row] - free[place - 1] < abs(int(free[place]) - int(ranks[row])):
                    place -= 1
                taken[own][free[place]] = True
                source[row] = first[free[place]]
        return source

    def to_json(self) -> dict[str, Any]:
        """Describe the key by JSON values."""
        return {
            "columns": [own.to_json() for own in self.columns],
            "repeated": self.repeated,
            "by_chance": self.by_chance,
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild the key from `to_json`'s value."""
        columns = tuple(map(ColumnRef.from_json, state["columns"]))
        return cls(columns, float(state["repeated"]), float(state["by_chance"]))


class _Levels(NamedTuple):
    """A column's level of each row, how many there are, and the chance that two rows are equal."""

    codes: Rows
    n: int
    equal: float


def find_joint_keys(table: ColumnFrame) -> tuple[JointKey, ...]:
    """Find the columns that are unique together, which chance would hardly do."""
    rng = np.random.default_rng(0)  # shuffles columns for the evidence
    n, levels = count_rows(table), _candidates(table)
    order = rng.permutation(n)
    mixed = {at: own._replace(codes=own.codes[order]) for at, own in levels.items()}
    found: list[JointKey] = []
    for size in range(2, MOST_PARTS + 1):
        for places in combinations(levels, size):
            if any({*key.positions} <= {*places} for key in found):
                continue
            own = [mixed[at] for at in places]
            if not _may_be_unique(own, n):
                continue
            repeated = _repeated_share([column.codes for column in own])
            by_chance = _repeated_share([rng.permutation(column.codes) for column in own])
            is_rare = repeated <= min(MOST_REPEATED, MOST_OF_CHANCE * by_chance)
            if is_rare and by_chance >= LEAST_BY_CHANCE:
                most_first = sorted(places, key=lambda at: -levels[at].n)
                ordered = sorted(most_first, key=lambda at: table[at].column.kind not in RANGED)
                columns = tuple(field_at(table, at) for at in ordered)
                found.append(JointKey(columns, repeated, by_chance))
    return tuple(found)


def _may_be_unique(columns: Sequence[_Levels], n: int) -> bool:
    """Return whether there is room for unique combinations, and the first rows repeat hardly any.

    They are so many rows that by chance some would.
    """
    equal = prod(column.equal for column in columns)
    room = prod(column.n for column in columns)
    least = max(LEAST_PAIRS, LEAST_BY_CHANCE * n)
    if n * (n - 1) / 2 * equal < least or room < (1 - MOST_REPEATED) * n:
        return False
    first = np.arange(min(n, int(np.sqrt(4 * LEAST_PAIRS / equal)) + 1))
    repeated = _repeated_share([column.codes[first] for column in columns])
    apart = enumerate(columns)  # other rows of each column: by chance
    by_chance = _repeated_share([own.codes[(first + at * len(first)) % n] for at, own in apart])
    return repeated <= 2 * MOST_OF_CHANCE * by_chance


def _candidates(table: ColumnFrame) -> dict[int, _Levels]:
    """Return the columns that may be unique together with others, by their levels."""
    found: dict[int, _Levels] = {}
    for at, cells in table.items():
        n = len(cells.values)
        if cells.column.kind not in _KINDS or cells.column.missing or n < 2:
            continue
        counts = np.bincount(cells.codes, minlength=len(cells.levels))
        if n - len(counts) >= LEAST_REPEATED * n and len(counts) > 1:
            equal = float(((counts / n) ** 2).sum())
            found[at] = _Levels(cells.codes.astype(np.int64), len(counts), equal)
    most = sorted(found, key=lambda at: (-found[at].n, at))[:MOST_COLUMNS]
    return {at: found[at] for at in sorted(most)}


def _repeated_share(columns: Sequence[Rows]) -> float:
    """Return the share of the rows that repeat an earlier one in some columns."""
    combined, room = columns[0], int(columns[0].max()) + 1
    for own in columns[1:]:
        size = int(own.max()) + 1
        if room * size > MOST_CODES:
            combined = np.unique(combined, return_inverse=True)[1]
            room = len(combined)
        combined, room = combined * size + own, room * size
    return 1 - len(pd.unique(combined)) / len(combined)


def learn_keys(table: ColumnFrame, others: Collection[int] = ()) -> tuple[KeyGroups, ...]:
    """Learn the groups of a table's keys, those of the most values first.

    Names, addresses and other generated values that repeat are keys as well, if they determine
    another column.

    Parameters
    ----------
    table
        The columns.
    others
        Positions of columns that are no such keys, as their values name other rows of the table.
    """
    keys = {at: cells for at, cells in table.items() if at not in others and _may_repeat(cells)}
    there = {at: cells.filled for at, cells in keys.items()}
    n_keys = {at: len(np.unique(cells.codes[there[at]])) for at, cells in keys.items()}
    found: list[KeyGroups] = []
    for at in sorted(keys, key=lambda at: (-n_keys[at], at)):
        codes = keys[at].codes[there[at]]
        if n_keys[at] == len(codes):  # it names the rows, as any identifier
            continue
        others = {other: cells for other, cells in table.items() if other != at}
        own = [o for o, c in others.items() if determines(codes, c.codes[there[at]], CHANCE)]
        holed = [o for o in others.keys() - {*own} if _determines_values(keys[at], others[o])]
        own = sorted({*own, *holed})
        is_fact = not own or any(at in rule.determined for rule in found)
        if is_fact and keys[at].column.kind != "key":
            continue
        finer = [rule for rule in found if at in rule.determined]
        taken = {place for rule in found if rule not in finer for place in rule.determined}
        within = finer[-1].key.position if finer else None
        counts = count_units(codes, None if within is None else table[within].codes[there[at]])
        least = keys[at].column.least_rows
        determined = tuple(place for place in own if place not in taken)
        holed = [place for place in holed if place not in taken]
        shared = tuple(place for place in own if place in taken and place not in holed)
        paired = [place for place in determined if _is_paired(table[place], codes, there[at])]
        key, sizes = field_at(table, at), GroupSizes.of(counts, least)
        groups = KeyGroups(
            key, sizes, determined, shared, within, paired=tuple(paired), holed=tuple(sorted(holed))
        )
        levels = {o: table[o].take(there[at]) for o in determined if o not in holed}
        groups = _with_sizes_of_levels(groups, codes, counts, levels, least)
        rest = {other: table[other].take(there[at]) for other in table.keys() - {at, *own}}
        groups = groups if finer else _with_columns_apart(groups, codes, rest)
        found.append(_with_likeness(groups, codes, {**levels, **rest}, least))
    return tuple(found)


def _may_repeat(cells: TypedSeries) -> bool:
    """Return whether values of a generated column stand in several rows each, as keys do."""
    column = cells.column
    if column.kind == "key" or not column.is_generated or column.kind == "text":
        return column.kind == "key"
    marks = frequent_marks(cells)
    filled = int((cells.filled & ~cells.values.isin(marks)).sum())
    return filled - len(cells.levels) + len(marks) >= LEAST_NAMED_TWICE * max(filled, 1)


def _determines_values(key: TypedSeries, cells: TypedSeries) -> bool:
    """Return whether the rows of a key that have a value of another column have the same one."""
    both = key.filled & cells.filled
    if cells.column.kind == "key" or not both.any():
        return False
    return determines(key.codes[both], cells.codes[both], CHANCE)


def _is_paired(cells: TypedSeries, codes: NDArray[np.int32], there: Mask) -> bool:
    """Return whether a generated column that a key determines determines the key as well."""
    if not cells.column.is_generated or cells.column.kind == "key":
        return False
    values = cells.codes[there]
    filled = are_filled(cells.values[there])
    return bool(filled.any()) and determines(values[filled], codes[filled], CHANCE)


def _with_columns_apart(
    groups: KeyGroups, codes: NDArray[np.int32], others: ColumnFrame
) -> KeyGroups:
    """Note the columns that have no value twice in the rows of a key, which is no chance."""
    counts = np.bincount(codes)
    pairs = float((counts * (counts - 1) / 2).sum())
    apart, counting = list[int](), list[int]()
    for at, cells in sorted(others.items()):
        if cells.column.kind not in (*RANGED, "categorical"):
            continue
        shares = np.bincount(cells.codes) / len(codes)
        together = codes.astype(np.int64) * len(shares) + cells.codes
        if pairs * (shares**2).sum() >= EXPECTED_PAIRS and len(np.unique(together)) == len(codes):
            apart.append(at)
            if _counts_rows(cells, codes, counts):
                counting.append(at)
    return replace(groups, apart=tuple(apart), counting=tuple(counting))


def _with_likeness(
    groups: KeyGroups, codes: NDArray[np.int32], columns: ColumnFrame, least: int
) -> KeyGroups:
    """Note in which columns the units of a key resemble each other, though they may differ."""
    units = np.arange(len(codes))
    if groups.within is not None:
        finer = combined_codes([codes, columns[groups.within].codes], len(codes))
        units = np.unique(finer, return_index=True)[1]
    table = {at: cells.take(units) for at, cells in sorted(columns.items())}
    firm = {*groups.determined} - {*groups.paired, *groups.holed}
    known = {at: table.pop(at) for at in sorted(firm)}
    tied = {*groups.determined, *groups.shared, *groups.counting}
    free = {at: cells for at, cells in table.items() if at not in tied}
    alike = learn_likeness(codes[units].astype(np.int64), free, known, least)
    return replace(groups, alike=alike)


def _counts_rows(cells: TypedSeries, codes: NDArray[np.int32], counts: NDArray[np.int64]) -> bool:
    """Return whether numbers that differ within each key go from 1 to its number of rows."""
    if cells.column.kind != "integer" or not cells.numbers.present.all():
        return False
    numbers = cells.numbers.values
    return bool(numbers.min() == 1 and (numbers <= counts[codes]).all())


def _with_sizes_of_levels(
    groups: KeyGroups,
    codes: NDArray[np.int32],
    counts: NDArray[np.int64],
    determined: ColumnFrame,
    least: int,
) -> KeyGroups:
    """Note the determined column whose levels tell most of how many units a key has.

    Parameters
    ----------
    groups
        The key's groups.
    codes
        The key of each row.
    counts
        Units of each key.
    determined
        The columns that the key determines.
    least
        Keys that each size stands for.
    """
    own, first = np.unique(codes, return_index=True)
    best, most = None, LEAST_EXPLAINED
    for at, cells in sorted(determined.items()):
        if cells.column.kind in RANGED or not 2 <= len(cells.levels) <= MOST_LEVELS:
            continue
        explained = explained_by(np.log(counts[own]), cells.codes[first])
        if explained > most:
            best, most = at, explained
    if best is None:
        return groups
    levels = determined[best].codes[first]
    sizes = [
        (level, GroupSizes.of(counts[own][levels == code], least))
        for code, level in enumerate(determined[best].levels)
        if (levels == code).sum() >= max(LEAST_KEYS, least)
    ]
    return replace(groups, sized_by=best, sizes_of_levels=tuple(sizes))


def _free_codes(encoder: TableEncoder, keys: Sequence["KeyRule"]) -> list[int]:
    """Return the identifiers that say nothing of their row, so that any row may have them."""
    tied = {at for rule in encoder.dependencies for at in rule.positions}
    for rule in keys:
        if isinstance(rule, KeyGroups):
            tied |= {rule.key.position, *rule.determined, *rule.shared}
    return [
        at for at in encoder.generated if at not in tied and is_code(encoder.schema.columns[at])
    ]


KeyRule = KeyGroups | SelfReference | JointKey | RowOrder | TimeGrid | DistinctNumbers
RowRule = SelfReference | SameAsReferred | CountOfReferences | JointKey
"""A rule between rows that may be checked."""

_FORMS: dict[str, type[KeyRule]] = {
    "reference": SelfReference,
    "joint": JointKey,
    "order": RowOrder,
    "times": TimeGrid,
    "distinct": DistinctNumbers,
}


def key_to_json(rule: KeyRule) -> dict[str, Any]:
    """Describe one of a table's keys by JSON values."""
    form = next((name for name, cls in _FORMS.items() if isinstance(rule, cls)), None)
    return rule.to_json() if form is None else {"form": form, **rule.to_json()}


def key_from_json(state: dict[str, Any]) -> KeyRule:
    """Rebuild one of a table's keys from `key_to_json`'s value."""
    return _FORMS[state["form"]].from_json(state) if "form" in state else KeyGroups.from_json(state)


def learn_table_keys(table: ColumnFrame) -> tuple[KeyRule, ...]:
    """Learn what rows of a table are to each other."""
    references = learn_references(table)
    others = [rule.column.position for rule in references]
    order = find_order(table)
    orders = () if order is None else (order,)
    # rows that refer to earlier ones do so when they are in order, which no move may change
    unique = (
        *find_joint_keys(table),
        *find_time_grids(table),
        *find_distinct_numbers(table),
    )
    return (*learn_keys(table, others), *unique, *orders, *references)


def rows_together(keys: Sequence[KeyRule], block_rows: int) -> int:
    """Return how many rows of a sample are made to go together.

    Parameters
    ----------
    keys
        What rows of the table are to each other.
    block_rows
        Rows whose keys repeat.
    """
    are_groups = all(isinstance(rule, KeyGroups) for rule in keys)
    return block_rows if are_groups else TOGETHER * block_rows


def give_keys(
    blocks: Iterable[pd.DataFrame],
    keys: Sequence[KeyRule],
    encoder: TableEncoder,
    seed: int,
    *,
    check: Check,
    block_rows: int,
    start: int = 0,
    series: "TimeSeries | None" = None,
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a sample made to go together; shorter blocks are put together.

    Parameters
    ----------
    blocks
        The rows, block by block.
    keys
        What they are to be to each other.
    encoder
        Encoder of the table.
    seed
        Root of all streams of randomness.
    check
        Says which rows of a frame meet the conditions.
    block_rows
        Rows that are grouped at once.
    start
        Position of the first row in the whole sample.
    series
        Draws the rows of a regular series given those before them; None leaves them as they are.
    """
    groups = [rule for rule in keys if isinstance(rule, KeyGroups)]
    if groups:
        blocks = (
            group_rows(frame, groups, encoder, (seed, at), check)
            for at, frame in _in_blocks(blocks, block_rows, start)
        )
    for at, frame in _in_blocks(blocks, rows_together(keys, block_rows), start):
        rng, drawn = numpy_stream(seed, "together", at), frame
        done = drawn
        for rule in keys:
            if isinstance(rule, RowOrder):
                free = _free_codes(encoder, keys)
                done = rule.write(_checked(done, drawn, check), encoder, free)
                drawn = done  # no row is where it was
            elif isinstance(rule, JointKey | TimeGrid | DistinctNumbers):
                done = rule.write(done, encoder, rng, check)
                if series is not None and series.grid == rule:
                    again = series.write(done, encoder, rng, (seed, at))
                    done = drawn = _checked(again, done, check)
            elif isinstance(rule, SelfReference):
                done = rule.write(done, encoder.schema, rng)
        yield _checked(done, drawn, check)


def _checked(new: pd.DataFrame, old: pd.DataFrame, check: Check) -> pd.DataFrame:
    """Return the rows of a frame that meet the conditions, and in place of others the old ones."""
    return new if new is old else _rows_of(new, old, check(new))


def _rows_of(new: pd.DataFrame, old: pd.DataFrame, is_new: Mask) -> pd.DataFrame:
    """Return some rows of a frame, and in place of the others those of another one."""
    if is_new.all():
        return new
    both = pd.concat([new, old], ignore_index=True)
    return both.iloc[np.arange(len(new)) + len(new) * ~is_new].set_axis(old.index)


def _in_blocks(
    blocks: Iterable[pd.DataFrame], rows: int, start: int
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield blocks of at least so many rows, each with the position of its first one."""
    waiting: list[pd.DataFrame] = []
    for frame in blocks:
        waiting.append(frame)
        if sum(map(len, waiting)) >= rows:
            yield start, (done := pd.concat(waiting))
            start, waiting = start + len(done), []
    if waiting:
        yield start, pd.concat(waiting)
