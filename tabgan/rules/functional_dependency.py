"""Functional dependencies: copies, and levels or their combinations that determine columns."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.rules.base_rules import Dependency
from tabgan.table.columns import (
    EXACT,
    NUMBERS,
    TICKS,
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    field_at,
    level_key,
    numbers_of,
    numbers_to_series,
    replaced,
    sample_of,
    with_cells,
    without,
)
from tabgan.table.level_codes import levels_to_series
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column

__all__ = [
    "CopyDependency",
    "copied_cells",
    "find_copies",
    "form_of",
    "CombinationDependency",
    "FunctionalDependency",
    "LevelList",
    "combination_numbers",
    "combinations_of",
    "level_list",
    "find_functional",
    "functional_rule",
    "give_sources",
]

ROWS_PER_LEVEL = 10  # on average, for the levels that determine
ROWS_PER_NAME = 2  # the same, where names determine names: many may be of a few rows
MOST_SINGLES = 0.1  # share of the rows that may hold a determining level of their own
MOST_SINGLE_NAMES = 0.3  # the same, where names determine names
MOST_NUMBERS = 1_000  # distinct values up to which a number is seen as levels
ROWS_PER_RARE_LEVEL = 5  # the same, where the determined column leaves its commonest level
ANY = -2  # the target of a row in which it may be any
ENOUGH_ROWS = 100  # off the commonest level, where names determine names
HINT_ROWS = 200  # enough to refute most pairs
LEVEL = 0.01  # chance that a table without rules shows any
LEAST_VARIETY = 0.01  # share of rows in which the determined column leaves its commonest level


@dataclass(frozen=True)
class FunctionalDependency(Dependency):
    """Every level of the source determines one level of the target."""

    name: ClassVar[str] = "determines"
    of_equality: ClassVar[bool] = True
    source: ColumnRef
    target: ColumnRef
    source_levels: tuple[Scalar, ...]
    target_levels: tuple[Scalar, ...]
    image: tuple[int, ...]  # for each source level, the number of its target level

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.source} determines {self.target}"

    def tells_of_few_rows(self, table: ColumnFrame) -> bool:
        """Return whether the rule keeps a number that too few rows of a table hold."""
        column = self.target.column
        if column.kind not in NUMBERS | TICKS or column.least_rows == 1:
            return False
        cells = table[self.target.position]
        counts = np.bincount(cells.codes, minlength=len(cells.levels))
        few = {level_key(cells.levels[at]) for at in np.flatnonzero(counts < column.least_rows)}
        return any(level is not None and level_key(level) in few for level in self.target_levels)

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Look the target up; a number that was not known at fit takes its nearest neighbour's."""
        image, column = self.image_of(table[self.source.position]), self.target.column
        values = levels_to_series(list(self.target_levels), image, column)
        return with_cells(table, {self.target.position: TypedSeries(column, values)})

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Look the target up where it is free; `give_sources` has chosen the source where not."""
        source, target = self.positions
        fixed[:, source] |= fixed[:, target]
        derived = replaced(table[target][1], ~fixed[:, target], self.restore(table)[target][1])
        return with_cells(table, {target: TypedSeries(self.target.column, derived)})

    def image_of(self, cells: TypedSeries) -> NDArray[np.int32]:
        """Return for each row the number of the target level that its source determines."""
        image = np.array(self.image, np.int32)[self._known(cells.levels)]
        numbers: NDArray[np.int32] = image[cells.codes]
        return numbers

    def targets_of(self, cells: TypedSeries) -> NDArray[np.int32]:
        """Return for each row the number of its target level, -1 where it is none."""
        number = {level_key(level): index for index, level in enumerate(self.target_levels)}
        known = np.array([number.get(level_key(level), -1) for level in cells.levels], np.int32)
        numbers: NDArray[np.int32] = known[cells.codes]
        return numbers

    def _known(self, levels: list[Scalar]) -> NDArray[np.int64]:
        """Return the number of the source level that stands for each of some levels."""
        number = {level_key(level): index for index, level in enumerate(self.source_levels)}
        known = np.array([number.get(level_key(level), -1) for level in levels], np.int64)
        if (known < 0).any():
            new = np.flatnonzero(known < 0)
            known[new] = self._nearest([levels[index] for index in new])
        return known

    def _nearest(self, levels: list[Scalar]) -> NDArray[np.int64]:
        column = self.source.column
        if column.kind not in NUMBERS | TICKS:
            raise DataError(
                f"Column {column.name!r}: the value {levels[0]!r} was not in the training table, "
                f"so column {self.target} can't be derived from it"
            )
        ours, theirs = (
            numbers_of(levels_to_series(side, np.arange(len(side), dtype=np.int32), column), column)
            for side in (list(self.source_levels), levels)
        )
        there = np.flatnonzero(ours.present)
        there = there[np.argsort(ours.values[there])]
        known, new = ours.values[there].astype(float), theirs.values.astype(float)
        right = np.searchsorted(known, new).clip(1, len(known) - 1)
        nearest: NDArray[np.int64] = there[right - (new - known[right - 1] <= known[right] - new)]
        return nearest

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "target": self.target.to_json(),
            "source_levels": [to_json_scalar(level) for level in self.source_levels],
            "target_levels": [to_json_scalar(level) for level in self.target_levels],
            "image": list(self.image),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            ColumnRef.from_json(state["source"]),
            ColumnRef.from_json(state["target"]),
            tuple(from_json_scalar(level) for level in state["source_levels"]),
            tuple(from_json_scalar(level) for level in state["target_levels"]),
            tuple(int(index) for index in state["image"]),
        )


def give_sources(
    rules: Sequence[Dependency], table: ColumnFrame, fixed: NDArray[np.bool_]
) -> ColumnFrame:
    """Give the source of the first rule a level that determines all fixed targets at once.

    Rows that the levels leave several choices take them in turn, a missing one only if there is no
    other; rows that no level fits stay.

    Parameters
    ----------
    rules
        The rules of the table. If the first is no functional one, nothing is changed; of the others
        those count that have its source and levels.
    table
        A table as the first rule reduces it.
    fixed
        Which cells must not change, shape (rows, columns).
    """
    if not isinstance(rules[0], FunctionalDependency):
        return table
    (at, column), source_levels = rules[0].source, rules[0].source_levels
    siblings = [
        rule
        for rule in rules
        if isinstance(rule, FunctionalDependency)
        and (rule.source, rule.source_levels) == (rules[0].source, source_levels)
        and rule.target.position in table
    ]
    images = np.array([rule.image for rule in siblings], np.int32)
    there = np.array([level is not None for level in source_levels], np.bool_)
    own = np.stack([rule.image_of(table[at]) for rule in siblings])
    wanted = np.stack([rule.targets_of(table[rule.target.position]) for rule in siblings])
    wanted[~fixed[:, [rule.target.position for rule in siblings]].T] = ANY
    wrong = np.flatnonzero(~fixed[:, at] & ((wanted != own) & (wanted != ANY)).any(axis=0))
    patterns, places = np.unique(wanted[:, wrong], axis=1, return_inverse=True)
    chosen = np.full(len(wanted[0]), -1, np.int32)
    for number, pattern in enumerate(patterns.T):
        fits = (images == pattern[:, None]) | (pattern[:, None] == ANY)
        levels = np.flatnonzero(fits.all(axis=0))
        levels = levels[there[levels]] if there[levels].any() else levels
        rows = wrong[places.reshape(-1) == number]
        if len(levels):
            chosen[rows] = np.resize(levels, len(rows))
    some = chosen >= 0
    if not some.any():
        return table
    values = levels_to_series(list(source_levels), np.maximum(chosen, 0), column)
    return with_cells(table, {at: TypedSeries(column, replaced(table[at].values, some, values))})


class LevelList(NamedTuple):
    """A column by the levels of its rows."""

    codes: NDArray[np.int32]
    levels: list[Scalar]

    def determine(self, other: "LevelList") -> bool:
        """Return whether each of these levels determines one of the other ones."""
        return bool((self.image_in(other)[self.codes] == other.codes).all())

    def image_in(self, other: "LevelList") -> NDArray[np.int32]:
        """Return, for each of these levels, a level of the other column in the same row."""
        image = np.zeros(len(self.levels), np.int32)
        image[self.codes] = other.codes
        return image

    def commonest_in(self, other: "LevelList") -> NDArray[np.int32]:
        """Return, for each of these levels, the commonest other level in the same rows."""
        n_others = len(other.levels)
        pairs, counts = np.unique(
            self.codes.astype(np.int64) * n_others + other.codes, return_counts=True
        )
        image = np.zeros(len(self.levels), np.int32)
        order = np.argsort(counts, kind="stable")  # the commonest one of each comes last
        image[pairs[order] // n_others] = pairs[order] % n_others
        return image

    def may_determine(self, other: "LevelList") -> bool:
        """Return whether these levels are more than those that they may determine."""
        return len(self.levels) > len(np.unique(self.commonest_in(other)))

    def support(self, other: "LevelList", most_rows: float = np.inf) -> bool:
        """Return whether enough rows support that these levels determine the other ones.

        Parameters
        ----------
        other
            The column that is determined.
        most_rows
            So many rows off the commonest level are enough, however many levels they have.
        """
        common = np.bincount(other.codes).argmax()
        rare = other.codes != common
        rare_levels = np.unique(self.codes[rare]).size
        return bool(rare.sum() >= min(ROWS_PER_RARE_LEVEL * rare_levels, most_rows))

    def are_frequent(self, least_rows: int = 1, rows_per_level: int = ROWS_PER_LEVEL) -> bool:
        """Return whether these levels occur often enough to determine others.

        Parameters
        ----------
        least_rows
            Rows that the commonest level needs.
        rows_per_level
            Rows that a level needs on average.
        """
        counts = np.bincount(self.codes, minlength=len(self.levels))
        most = MOST_SINGLE_NAMES if rows_per_level == ROWS_PER_NAME else MOST_SINGLES
        return bool(
            counts.max(initial=0) >= least_rows
            and len(self.codes) >= rows_per_level * len(self.levels)
            and (counts == 1).sum() <= most * len(self.codes)
        )

    def is_beyond_chance(self, other: "LevelList", tried: int) -> bool:
        """Return whether a table with the other column shuffled would hardly be determined so.

        The rows of a level of n rows agree by chance with probability Σ pⁿ, p the shares of the
        other column's levels.

        Parameters
        ----------
        other
            The column that is determined.
        tried
            How many pairs of columns are compared (Bonferroni's correction).
        """
        shares = np.bincount(other.codes) / len(other.codes)
        rows, levels = np.unique(np.bincount(self.codes), return_counts=True)
        agree = np.log([max(float((shares**n).sum()), 1e-300) for n in rows])
        return bool(np.log(tried) + (levels * agree)[rows > 1].sum() <= np.log(LEVEL))

    def vary(self) -> bool:
        """Return whether enough rows leave the commonest level."""
        return bool(np.bincount(self.codes).max() <= (1 - LEAST_VARIETY) * len(self.codes))


def find_functional(
    table: ColumnFrame, rng: np.random.Generator, kept: Collection[int] = ()
) -> list[FunctionalDependency]:
    """Find the columns that another column determines, each with the nearest such column.

    Of columns that determine each other the first one stays, a non-number before a number. The
    columns `kept` stay in any case.
    """
    trial = {at: level_list(cells) for at, cells in sample_of(table, rng).items()}
    sample = {at: levels for at, levels in trial.items() if levels is not None and levels.vary()}
    hoped = [(a, b) for a, b in _not_refuted(sample) if sample[a].determine(sample[b])]
    full = {at: level_list(table[at]) for at in sorted({at for pair in hoped for at in pair})}
    known = {at: levels for at, levels in full.items() if levels is not None}
    sources = {
        at
        for at, levels in known.items()
        if levels.are_frequent(table[at].column.least_rows, _rows_per_level(table[at].column))
    }
    edges = {
        (a, b)
        for a, b in hoped
        if a in sources
        and b in known
        and b not in kept
        and len(known[b].levels) <= len(known[a].levels)
        and known[a].determine(known[b])
        and known[a].support(known[b], _enough_rows(table[a].column))
        and known[a].is_beyond_chance(known[b], len(sample) ** 2)
    }
    kinds = {at: table[at][0].kind in NUMBERS for at in known}
    pairs = _plan(edges, {at: len(known[at].levels) for at in known}, kinds)
    return [
        functional_rule(field_at(table, a), field_at(table, b), known[a], known[b])
        for a, b in pairs
    ]


def _not_refuted(columns: Mapping[int, LevelList]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of which the first rows do not refute that one determines the other."""
    if not columns:
        return
    positions = [*columns]
    codes = np.array([levels.codes[:HINT_ROWS] for levels in columns.values()])
    for place, at in enumerate(positions):
        order = np.argsort(codes[place], kind="stable")
        repeats = np.diff(codes[place, order]) == 0
        ordered = codes[:, order]
        refuted = ((ordered[:, 1:] != ordered[:, :-1]) & repeats).any(axis=1)
        refuted[place] = True
        yield from ((at, positions[other]) for other in np.flatnonzero(~refuted).tolist())


def _rows_per_level(column: Column) -> int:
    """Return how many rows a level needs on average to determine others: numbers need more."""
    return ROWS_PER_LEVEL if column.kind in NUMBERS | TICKS else ROWS_PER_NAME


def _enough_rows(column: Column) -> float:
    """Return how many rows off the commonest level are enough; for numbers, none are."""
    return np.inf if column.kind in NUMBERS | TICKS else ENOUGH_ROWS


def functional_rule(
    a: ColumnRef, b: ColumnRef, source: LevelList, target: LevelList
) -> FunctionalDependency:
    """Record which level determines which; of numbers, only those that enough rows hold.

    The others are looked up as their nearest neighbours are.

    Parameters
    ----------
    a, b
        The column that determines, and the one that is determined.
    source, target
        Their levels in the same rows.
    """
    image = source.commonest_in(target)
    counts = np.bincount(source.codes, minlength=len(image))
    rare = counts < (a.column.least_rows if a.column.kind in NUMBERS | TICKS else 1)
    rare &= [level is not None for level in source.levels]
    kept = np.flatnonzero(~rare)
    used, places = np.unique(image[kept], return_inverse=True)
    return FunctionalDependency(
        a,
        b,
        tuple(source.levels[index] for index in kept),
        tuple(target.levels[index] for index in used),
        tuple(places.tolist()),
    )


def level_list(cells: TypedSeries) -> LevelList | None:
    """Return the levels of a column; None if it is not learned, or holds lists or many numbers."""
    if cells.column.is_generated or cells.column.kind in ("multiselect", "compound"):
        return None
    if cells.column.kind in NUMBERS | TICKS and len(cells.levels) > MOST_NUMBERS:
        return None
    return LevelList(cells.codes, cells.levels)


def _plan(
    edges: set[tuple[int, int]], sizes: Mapping[int, int], is_number: Mapping[int, bool]
) -> list[tuple[int, int]]:
    """Choose a source for each determined column, in an order in which all can be restored.

    A column is reduced before its own source is: so columns of fewer levels go first.
    """

    def rank(at: int) -> tuple[bool, int]:
        return is_number[at], at

    determined = {b for _, b in edges}
    leader = {
        at: min([at, *(a for a, b in edges if b == at and (at, a) in edges)], key=rank)
        for at in sizes
    }
    chosen: list[tuple[int, int]] = []
    for target in determined:
        if leader[target] != target:
            chosen.append((leader[target], target))
            continue
        sources = {leader[a] for a, b in edges if b == target} - {target}
        if sources:
            chosen.append((min(sources, key=lambda at: (sizes[at], rank(at))), target))
    return sorted(chosen, key=lambda pair: (sizes[pair[1]], leader[pair[1]] == pair[1], pair[1]))


Values = tuple[Scalar, ...]


@dataclass(frozen=True)
class CombinationDependency(Dependency):
    """The members together are one column, whose levels are the combinations of their values."""

    name: ClassVar[str] = "combination"
    members: tuple[ColumnRef, ...]
    combinations: tuple[Values, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return tuple(member.position for member in self.members)

    @property
    def column(self) -> Column:
        """The column that stands for the members in a reduced table."""
        return Column(self._names, "categorical", "int64", why="combinations of values")

    @property
    def _names(self) -> str:
        return ", ".join(map(str, self.members))

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self._names} have {len(self.combinations)} combinations of values"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Replace the members by the number of their combination."""
        cells = [table[at] for at in self.positions]
        numbers = combination_numbers(cells, self.combinations)
        if (numbers < 0).any():
            row = int(np.argmin(numbers))
            _, (unknown,) = combinations_of([own.take(np.array([row])) for own in cells])
            raise DataError(f"{self._names}: the combination {unknown!r} was not there at fit")
        first = self.members[0].position
        values = pd.Series(numbers, name=self.column.name, dtype="int64")
        return with_cells(without(table, self.positions), {first: TypedSeries(self.column, values)})

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Spread the values of each combination over the members."""
        codes = table[self.members[0].position][1].to_numpy()
        spread: ColumnFrame = {}
        for place, (at, column) in enumerate(self.members):
            levels = [values[place] for values in self.combinations]
            spread[at] = TypedSeries(column, levels_to_series(levels, codes, column))
        return with_cells(table, spread)

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Take a combination that has the fixed values: the row's own, or the first one.

        Pinned values that no combination has are given up, for the row to be one of the table.
        """
        places = [*self.positions]
        found, combinations = combinations_of([table[at] for at in places])
        given = fixed[:, places]
        patterns, pattern = np.unique(np.column_stack([found, given]), axis=0, return_inverse=True)
        chosen = [self._nearest(combinations[int(own)], pins) for own, *pins in patterns]
        codes = np.array(chosen, np.int32)[pattern.reshape(-1)]
        cells: ColumnFrame = {}
        for place, (at, column) in enumerate(self.members):
            levels = [values[place] for values in self.combinations]
            values = levels_to_series(levels, codes, column)
            cells[at] = TypedSeries(column, values.set_axis(table[at][1].index))
        fixed[:, places] |= given.any(axis=1, keepdims=True)
        return with_cells(table, cells)

    def _nearest(self, values: Values, pins: Sequence[int]) -> int:
        wanted = _key(values)
        if wanted in self._numbers:
            return self._numbers[wanted]
        for combination, number in self._numbers.items():
            if all(a == b for a, b, pin in zip(wanted, combination, pins, strict=True) if pin):
                return number
        return 0

    @cached_property
    def _numbers(self) -> dict[tuple[tuple[type, Scalar], ...], int]:
        return {_key(values): number for number, values in enumerate(self.combinations)}

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "members": [member.to_json() for member in self.members],
            "combinations": [[*map(to_json_scalar, values)] for values in self.combinations],
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        members = tuple(ColumnRef.from_json(member) for member in state["members"])
        combinations = tuple(
            tuple(map(from_json_scalar, values)) for values in state["combinations"]
        )
        if any(len(values) != len(members) for values in combinations):
            raise ValueError("combination: a value is needed for each member")
        return cls(members, combinations)


def combinations_of(columns: Sequence[TypedSeries]) -> tuple[NDArray[np.int64], list[Values]]:
    """Find the combinations of values that occur in some columns, and the one of each row.

    Returns
    -------
    Their numbers, shape (rows,), and the combinations, in no order; None stands for missing.
    """
    numbers = np.zeros(len(columns[0][1]), np.int64)
    found: list[Values] = [()]
    for cells in columns:
        codes, levels = cells.codes, cells.levels
        pairs, numbers = np.unique(numbers * len(levels) + codes, return_inverse=True)
        found = [(*found[pair // len(levels)], levels[pair % len(levels)]) for pair in pairs]
    return numbers, found


def combination_numbers(
    columns: Sequence[TypedSeries], combinations: Sequence[Values]
) -> NDArray[np.int64]:
    """Return the number of each row's combination of values; -1 where it is none of them.

    Parameters
    ----------
    columns
        The columns.
    combinations
        The numbered combinations, each a value for every column.
    """
    numbers = {_key(values): number for number, values in enumerate(combinations)}
    codes, occurring = combinations_of(columns)
    return np.array([numbers.get(_key(values), -1) for values in occurring], np.int64)[codes]


def _key(values: Values) -> tuple[tuple[type, Scalar], ...]:
    return tuple(map(level_key, values))


@dataclass(frozen=True)
class CopyDependency(Dependency):
    """The target equals the source in every row; equal numbers may be written in two ways."""

    name: ClassVar[str] = "copy"
    of_equality: ClassVar[bool] = True
    source: ColumnRef
    target: ColumnRef

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.target} is a copy of {self.source}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Write the source's values in the target's form."""
        copied = copied_cells(table[self.source.position], self.target.column)
        return with_cells(table, {self.target.position: TypedSeries(self.target.column, copied)})

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Copy the column that is fixed to the other; else the source to the target."""
        source, target = self.positions
        back = fixed[:, target] & ~fixed[:, source]
        taken = copied_cells(table[target], self.source.column)
        own = replaced(table[source][1], back, taken)
        fixed[:, source] |= back
        copied = copied_cells(TypedSeries(self.source.column, own), self.target.column)
        changed = replaced(table[target][1], ~fixed[:, target], copied)
        cells = {
            source: TypedSeries(self.source.column, own),
            target: TypedSeries(self.target.column, changed),
        }
        return with_cells(table, cells)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {"source": self.source.to_json(), "target": self.target.to_json()}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(ColumnRef.from_json(state["source"]), ColumnRef.from_json(state["target"]))


def copied_cells(cells: TypedSeries, column: Column) -> pd.Series:
    """Write values in the form of a column that equals theirs."""
    own, values = cells
    if column.kind in NUMBERS and form_of(own) != form_of(column):
        numbers = cells.numbers
        return numbers_to_series(numbers.values, numbers.special, column, numbers.present)
    copied = values.copy(deep=False)
    copied.name = column.name
    return copied


def find_copies(table: ColumnFrame, rng: np.random.Generator) -> list[CopyDependency]:
    """Find the columns that equal an earlier column in every row; constants aside."""
    found: list[CopyDependency] = []
    originals: dict[Any, list[int]] = {}  # columns that differ, by their sample
    for at, cells in sample_of(table, rng).items():
        fingerprint = _fingerprint(cells)
        if fingerprint is None:
            continue
        alike = originals.setdefault(fingerprint, [])
        source = next((other for other in alike if _equal(table[other], table[at])), None)
        if source is None:
            alike.append(at)
        else:
            found.append(CopyDependency(field_at(table, source), field_at(table, at)))
    return found


def form_of(column: Column) -> tuple[str, str | None, str | None]:
    """Return what two columns must share for values of one to be values of the other."""
    return repr(column.dtype), column.format, column.absent


def _fingerprint(cells: TypedSeries) -> Any:
    """Return a hashable summary that equal columns share; None for a constant."""
    column = cells.column
    if column.kind in NUMBERS | TICKS:
        numbers = cells.numbers
        if numbers.present.all() and (numbers.values == numbers.values[0]).all():
            return None
        form = "number" if column.kind in NUMBERS else form_of(column)
        return form, numbers.values.astype(float).tobytes(), numbers.present.tobytes()
    if len(cells.levels) == 1:
        return None
    return form_of(column), cells.codes.tobytes(), tuple(map(level_key, cells.levels))


def _equal(a: TypedSeries, b: TypedSeries) -> bool:
    if a[0].kind in NUMBERS | TICKS:
        one, two = a.numbers, b.numbers
        exact = one.values.dtype == two.values.dtype or bool((np.abs(one.values) <= EXACT).all())
        return (
            exact
            and np.array_equal(one.values, two.values)
            and np.array_equal(one.present, two.present)
            and bool((one.special == two.special).all())
        )
    return np.array_equal(a.codes, b.codes) and (
        [*map(level_key, a.levels)] == [*map(level_key, b.levels)]
    )
