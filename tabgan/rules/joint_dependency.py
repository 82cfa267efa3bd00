"""Columns that several others determine together: by their levels, or by which of them has a value.

Grade and region set an allowance; a final reading is the corrected one where there is one, and else
the raw one.

A job title goes with one department, or with a few. In a small table the pairs that occur are few,
and too few rows tell a generator which these are. Each is learned by itself, and a drawn row whose
pair never occurs takes another department that the title goes with.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.rules.base_rules import Dependency, Mask
from tabgan.rules.functional_dependency import (
    LEVEL,
    ROWS_PER_LEVEL,
    LevelList,
    Values,
    combination_numbers,
    combinations_of,
    copied_cells,
    form_of,
    level_list,
)
from tabgan.rules.order_dependency import GOLDEN
from tabgan.table.columns import (
    NUMBERS,
    TICKS,
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    field_at,
    level_key,
    replaced,
    sample_of,
    with_cells,
    without,
)
from tabgan.table.level_codes import is_absent, levels_to_series
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar

__all__ = [
    "CoalesceDependency",
    "JointDependency",
    "PairsDependency",
    "find_coalesced",
    "find_joint",
    "find_pairs",
]

MOST_JOINT_LEVELS = 60  # of a column that determines others together with one or two more
MOST_JOINT_TARGETS = 200  # levels of a column that several determine
MOST_JOINT = 12  # columns, those of the fewest levels, of which several may determine another one
HINT_ROWS = 500  # enough to refute most groups of three
CELLS_PER_ROW = 8  # up to which pairs of levels are counted in a table
MOST_EXTENDED = 3  # pairs of columns that a third is added to, for each column
MOST_ROWS = 5_000  # of a table in which pairs of levels are looked for
LEAST_OF_PAIR = 2  # rows that a pair needs to be kept, also where rare levels are
MOST_PER_LEVEL = 3  # pairs for each level of the column of more levels
MOST_UNSEEN = 0.1  # share of the rows with a pair of their own, of which others must be expected
LEAST_UNSEEN = 0.2  # share of the rows with a pair that never occurs, if one column was shuffled
MOST_PAIRS = 500  # of columns that are compared
PAIRED_COLUMNS = 60  # columns of categories that are compared
PAIRED_ROWS = 100  # of a table, for its pairs to tell anything
LEAST_ROWS = 20  # in which a column is the first one of two, and as many in which it is the other
MOST_BY_CHANCE = 1e-6  # chance that a column repeats others


@dataclass(frozen=True)
class JointDependency(Dependency):
    """The levels of several columns together determine one of the target, where they are known.

    The target is learned, for combinations of too few rows, and for where it has a value.

    Parameters
    ----------
    sources, target
        The columns that determine, and the one that is determined.
    combinations
        The combinations of levels that enough rows hold, and what each determines.
    """

    name: ClassVar[str] = "jointly determine"
    of_equality: ClassVar[bool] = True
    sources: tuple[ColumnRef, ...]
    target: ColumnRef
    combinations: tuple[Values, ...]
    levels: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if any(len(values) != len(self.sources) for values in self.combinations):
            raise ValueError("jointly determine: a level is needed for each source")
        if len(self.levels) != len(self.combinations):
            raise ValueError("jointly determine: a level is needed for each combination")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return *(source.position for source in self.sources), self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        *others, last = map(str, self.sources)
        return f"{', '.join(others)} and {last} together determine {self.target}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the table as it is: the target is learned as well."""
        return table

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Look the target up where it has a value, and the combination is known."""
        *sources, at = self.positions
        if not {*self.positions} <= table.keys():
            return table
        numbers = combination_numbers([table[own] for own in sources], self.combinations)
        known = (numbers >= 0) & _have_value(table[at])
        codes = np.maximum(numbers, 0)
        values = levels_to_series(list(self.levels), codes, self.target.column)
        values = replaced(table[at].values, known, values)
        return with_cells(table, {at: TypedSeries(self.target.column, values)})

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "sources": [source.to_json() for source in self.sources],
            "target": self.target.to_json(),
            "combinations": [[*map(to_json_scalar, values)] for values in self.combinations],
            "levels": [*map(to_json_scalar, self.levels)],
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            tuple(map(ColumnRef.from_json, state["sources"])),
            ColumnRef.from_json(state["target"]),
            tuple(tuple(map(from_json_scalar, values)) for values in state["combinations"]),
            tuple(map(from_json_scalar, state["levels"])),
        )


def find_joint(
    table: ColumnFrame, rng: np.random.Generator, fixed: Collection[int] = ()
) -> list[JointDependency]:
    """Find the columns that two or three others determine together, beyond chance.

    Parameters
    ----------
    table
        The columns that may take part; none of them is determined by another one.
    rng
        Draws the rows on which columns are tried first.
    fixed
        Columns that must not be changed.
    """
    trial = {at: level_list(own) for at, own in sample_of(table, rng).items()}
    few = {
        at: own
        for at, own in trial.items()
        if own is not None and own.vary() and len(own.levels) <= MOST_JOINT_TARGETS
    }
    by_size = sorted(few, key=lambda at: (len(few[at].levels), at))
    usable = [at for at in by_size if len(few[at].levels) <= MOST_JOINT_LEVELS][:MOST_JOINT]
    targets = [at for at in by_size if at not in fixed]
    tried = len(targets) * sum(1 for size in (2, 3) for _ in combinations(usable, size))
    hoped = [
        (_lacking([few[at] for at in group]), len(group), target, group)
        for target in targets
        for group in _hoped_groups(few, [at for at in usable if at != target], target)
    ]
    found: dict[int, JointDependency] = {}
    sources: set[int] = set()
    for *_, target, group in sorted(hoped):  # columns all of whose combinations occur come first
        if target in sources or target in found or not found.keys().isdisjoint(group):
            continue
        rule = _joint_rule(table, group, target, tried)
        if rule is not None:
            found[target] = rule
            sources |= {*group}
    return [*found.values()]


def _lacking(sources: Sequence[LevelList]) -> float:
    """Return the share of the combinations of levels that do not occur."""
    n_possible = float(np.prod([len(own.levels) for own in sources]))
    return 1 - len(np.unique(_joint_codes(sources))) / n_possible


def _hoped_groups(
    few: Mapping[int, LevelList], others: Sequence[int], target: int
) -> Iterator[tuple[int, ...]]:
    """Yield the pairs, then the threes, that determine a column in a sample."""
    there = np.flatnonzero(_have_level(few[target]))
    if len(there) < ROWS_PER_LEVEL:
        return
    own = {at: LevelList(few[at].codes[there], few[at].levels) for at in (*others, target)}
    head = {at: LevelList(cells.codes[:HINT_ROWS], cells.levels) for at, cells in own.items()}
    ranked: list[tuple[int, tuple[int, ...]]] = []
    pair: tuple[int, ...]
    for pair in combinations(others, 2):
        wrong = _count_undetermined([own[at] for at in pair], own[target])
        ranked.append((wrong, pair))
        if not wrong:
            yield pair
    for wrong, pair in sorted(ranked)[:MOST_EXTENDED]:
        for third in others:
            if wrong and third not in pair:
                group = tuple(sorted((*pair, third)))
                if not any(
                    _count_undetermined([rows[at] for at in group], rows[target])
                    for rows in (head, own)
                ):
                    yield group


def _count_undetermined(sources: Sequence[LevelList], target: LevelList) -> int:
    """Return the rows that do not hold the commonest target level of their combination."""
    n_levels = len(target.levels)
    pairs = _joint_codes(sources) * n_levels + target.codes
    n_pairs = int(np.prod([len(own.levels) for own in sources])) * n_levels
    if n_pairs <= CELLS_PER_ROW * len(pairs):  # a table of them is faster than to sort the rows
        counts = np.bincount(pairs, minlength=n_pairs).reshape(-1, n_levels)
        return int(len(pairs) - counts.max(axis=1).sum())
    numbers, counts = np.unique(pairs, return_counts=True)
    starts = np.flatnonzero(np.diff(numbers // n_levels, prepend=-1))
    return int(len(pairs) - np.maximum.reduceat(counts, starts).sum())


def _joint_codes(sources: Iterable[LevelList]) -> NDArray[Any]:
    """Return the numbers of the combinations of levels."""
    codes: NDArray[Any] = np.zeros(1, np.int64)
    for own in sources:
        codes = codes * len(own.levels) + own.codes
    return codes


def _joint_rule(
    table: ColumnFrame, group: tuple[int, ...], target: int, tried: int
) -> JointDependency | None:
    """Return the rule if all rows keep it, each column matters, and chance hardly shows it."""
    there = np.flatnonzero(_have_value(table[target]))
    cells = {at: table[at].take(there) for at in (*group, target)}
    lists = [LevelList(cells[at].codes, cells[at].levels) for at in group]
    own = LevelList(cells[target].codes, cells[target].levels)
    codes, found = combinations_of([cells[at] for at in group])
    joint = LevelList(codes.astype(np.int32), [*range(len(found))])
    if not joint.determine(own) or not joint.are_frequent(table[target].column.least_rows):
        return None
    for place in range(len(group)):
        rest = np.unique(_joint_codes(lists[:place] + lists[place + 1 :]), return_inverse=True)[1]
        if not _is_beyond_chance_within(joint, rest, own, tried):
            return None
    least = max(table[at].column.least_rows for at in (*group, target))
    often = np.flatnonzero(np.bincount(codes, minlength=len(found)) >= least)
    image = joint.image_in(own)
    return JointDependency(
        tuple(field_at(table, at) for at in group),
        field_at(table, target),
        tuple(found[at] for at in often),
        tuple(own.levels[image[at]] for at in often),
    )


def _is_beyond_chance_within(
    joint: LevelList, rest: NDArray[np.intp], own: LevelList, tried: int
) -> bool:
    """Return whether combinations would hardly determine a column shuffled within groups of rows.

    The groups have one level of all sources but one: so this one matters. See
    `LevelList.is_beyond_chance`.
    """
    shares = np.zeros((int(rest.max()) + 1, len(own.levels)))
    np.add.at(shares, (rest, own.codes), 1)
    shares /= shares.sum(axis=1, keepdims=True)
    rows = np.bincount(joint.codes, minlength=len(joint.levels))
    group = np.zeros(len(joint.levels), np.intp)
    group[joint.codes] = rest
    agree = (shares[group] ** rows[:, None]).sum(axis=1)
    chance = np.log(np.maximum(agree, 1e-300))[rows > 1].sum()
    return bool(np.log(tried) + chance <= np.log(LEVEL))


@dataclass(frozen=True)
class CoalesceDependency(Dependency):
    """The target is the first of some columns that has a value: a correction, else the first entry.

    Parameters
    ----------
    sources
        The columns, in the order in which they are taken.
    target
        The column that repeats them.
    """

    name: ClassVar[str] = "coalesce"
    of_equality: ClassVar[bool] = True
    sources: tuple[ColumnRef, ...]
    target: ColumnRef

    def __post_init__(self) -> None:
        if len(self.sources) < 2:
            raise ValueError("coalesce: at least two sources are needed")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return *(source.position for source in self.sources), self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        first, *others = map(str, self.sources)
        return f"{self.target} is {first} where it has a value, else {', else '.join(others)}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Take the first value that is there."""
        *firsts, last = (table[source.position] for source in self.sources)
        column = self.target.column
        values = copied_cells(last, column)
        for cells in reversed(firsts):
            values = replaced(values, _have_value(cells), copied_cells(cells, column))
        return with_cells(table, {self.target.position: TypedSeries(column, values)})

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "sources": [source.to_json() for source in self.sources],
            "target": self.target.to_json(),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        sources = tuple(map(ColumnRef.from_json, state["sources"]))
        return cls(sources, ColumnRef.from_json(state["target"]))


def find_coalesced(
    table: ColumnFrame, rng: np.random.Generator, fixed: Collection[int] = ()
) -> list[CoalesceDependency]:
    """Find the columns that are one column where it has a value, and another one elsewhere.

    Parameters
    ----------
    table
        The columns that may take part; none of them is derived from others.
    rng
        Draws the rows on which columns are tried first.
    fixed
        Columns that must not be changed.
    """
    sample = sample_of(table, rng)
    with_holes = [
        at
        for at, cells in sample.items()
        if not cells.column.is_generated
        and LEAST_ROWS <= _have_value(cells).sum() <= len(cells.values) - LEAST_ROWS
    ]
    found: dict[int, CoalesceDependency] = {}
    taken: set[int] = set()
    for target, first in ((b, a) for a in with_holes for b in table if a != b):
        if target in fixed or target in taken or first in found or target in found:
            continue
        alike = [
            at
            for at in table
            if at not in (first, target)
            and at not in found
            and _may_repeat(table[at], table[target])
        ]
        if not alike or not _may_repeat(table[first], table[target]):
            continue
        if not _is_coalesced(sample[first], None, sample[target]):
            continue
        for last in alike:
            if _is_coalesced(table[first], table[last], table[target]):
                sources = (field_at(table, first), field_at(table, last))
                found[target] = CoalesceDependency(sources, field_at(table, target))
                taken |= {first, last}
                break
    return [*found.values()]


def _may_repeat(source: TypedSeries, target: TypedSeries) -> bool:
    """Return whether values of one column can be those of another."""
    one, other = source.column, target.column
    if one.is_generated or other.is_generated:
        return False
    if one.kind in NUMBERS or other.kind in NUMBERS:
        return {one.kind, other.kind} <= NUMBERS
    return one.kind == other.kind and form_of(one)[:2] == form_of(other)[:2]


def _have_value(cells: TypedSeries) -> Mask:
    """Return which cells have a value."""
    if cells.column.kind in NUMBERS | TICKS:
        return cells.numbers.present
    return _have_level(LevelList(cells.codes, cells.levels))


def _have_level(own: LevelList) -> Mask:
    there = np.array([not is_absent(level) for level in own.levels], np.bool_)
    return np.asarray(there[own.codes], np.bool_)


def _same_cells(one: TypedSeries, other: TypedSeries) -> Mask:
    """Return the rows in which two columns hold the same value, or both none."""
    if one.column.kind in NUMBERS | TICKS:
        a, b = one.numbers, other.numbers
        same = (a.values == b.values) & (a.special == b.special)
        return np.asarray(np.where(a.present & b.present, same, a.present == b.present), np.bool_)
    number = {level_key(level): place for place, level in enumerate(one.levels)}
    places = np.array([number.get(level_key(level), -1) for level in other.levels], np.int64)
    return np.asarray(places[other.codes] == one.codes, np.bool_)


def _is_coalesced(first: TypedSeries, last: TypedSeries | None, target: TypedSeries) -> bool:
    """Return whether the target is the first column where that has a value, else the last one.

    Both matter: by chance, the values of each would hardly all be those of the target.
    """
    there = _have_value(first)
    same = _same_cells(first, target)
    if not same[there].all() or (~there).sum() < LEAST_ROWS:
        return False
    if last is None:
        return True
    alike = _same_cells(last, target)
    n_others = int((~alike & there).sum())
    counts = np.bincount(target.codes)
    by_chance = float((counts / len(target.codes)).max())
    evident = min(n_others, int((~there).sum()), int(there.sum()))
    return bool(
        alike[~there].all() and n_others >= LEAST_ROWS and by_chance**evident <= MOST_BY_CHANCE
    )


@dataclass(frozen=True)
class PairsDependency(Dependency):
    """The levels of two columns come in few pairs, and no others are drawn.

    Parameters
    ----------
    source, target
        Two columns of levels; a row whose pair never occurs gets another level of the target.
    pairs
        The levels of each pair, and how many rows have it.
    """

    name: ClassVar[str] = "pairs"
    of_equality: ClassVar[bool] = True
    source: ColumnRef
    target: ColumnRef
    pairs: tuple[tuple[Scalar, Scalar, int], ...]

    def __post_init__(self) -> None:
        if not self.pairs or not all(rows > 0 for *_, rows in self.pairs):
            raise ValueError("pairs: pairs of levels are needed, each in some rows")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.source} and {self.target} have {len(self.pairs)} pairs of levels"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the table as it is: both columns are learned."""
        return table

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Give the rows whose pair never occurs another level, by the shares of the real ones."""
        source, target = self.positions
        if not {source, target} <= table.keys():
            return table
        ours, theirs, column = table[source], table[target], self.target.column
        levels = [*{level_key(other): other for _, other, _ in self.pairs}.values()]
        weights = self._weights_of(ours.levels, levels)
        number = {level_key(level): place for place, level in enumerate(levels)}
        places = np.array([number.get(level_key(level), -1) for level in theirs.levels])
        own = places[theirs.codes]
        occurs = (own >= 0) & (weights[ours.codes, own] > 0)
        rows = np.flatnonzero(~occurs & (weights.sum(axis=1) > 0)[ours.codes])
        if not len(rows):
            return table
        ends = np.cumsum(weights[ours.codes[rows]], axis=1)
        turns = (GOLDEN * np.arange(1, len(rows) + 1)) % 1  # spread evenly, without any randomness
        chosen = (turns[:, None] * ends[:, -1:] >= ends).sum(axis=1)
        wrong = np.zeros(len(own), np.bool_)
        wrong[rows] = True
        codes = np.zeros(len(own), np.int64)
        codes[rows] = np.minimum(chosen, len(levels) - 1)
        values = replaced(theirs.values, wrong, levels_to_series(levels, codes, column))
        return with_cells(table, {target: TypedSeries(column, values)})

    def _weights_of(self, sources: list[Scalar], targets: list[Scalar]) -> NDArray[np.float64]:
        """Return how many rows have each pair of some levels, shape (sources, targets)."""
        ours, theirs = (
            {level_key(level): place for place, level in enumerate(levels)}
            for levels in (sources, targets)
        )
        weights = np.zeros((len(sources), len(targets)))
        for one, other, rows in self.pairs:
            if level_key(one) in ours:
                weights[ours[level_key(one)], theirs[level_key(other)]] = rows
        return weights

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return all rows: that a pair is not among those of a small table breaks no rule."""
        return np.ones(len(cells[0].values), np.bool_)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "target": self.target.to_json(),
            "pairs": [
                [to_json_scalar(one), to_json_scalar(other), rows]
                for one, other, rows in self.pairs
            ],
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            ColumnRef.from_json(state["source"]),
            ColumnRef.from_json(state["target"]),
            tuple(
                (from_json_scalar(one), from_json_scalar(other), int(rows))
                for one, other, rows in state["pairs"]
            ),
        )


def find_pairs(
    table: ColumnFrame, rng: np.random.Generator, n_columns: int
) -> list[PairsDependency]:
    """Find columns of levels whose pairs are few, in a small table.

    How many rows of another table would have a pair that this one lacks is told by the pairs that
    occur once (Good, 1953).

    Parameters
    ----------
    table
        The columns that may take part.
    rng
        Shuffles columns.
    n_columns
        Number of columns of the schema.
    """
    columns = {
        at: cells
        for at, cells in table.items()
        if cells.column.kind in ("categorical", "boolean")
        and at < n_columns
        and len(cells.levels) > 1
        and PAIRED_ROWS <= len(cells.codes) <= MOST_ROWS
    }
    order = sorted(columns, key=lambda at: (-len(columns[at].levels), at))[:PAIRED_COLUMNS]
    found: dict[int, PairsDependency] = {}
    for at, (a, b) in enumerate(combinations(order, 2)):
        if at < MOST_PAIRS and not {a, b} & found.keys() and _are_few(columns[a], columns[b], rng):
            found[b] = _pairs_rule(field_at(table, a), field_at(table, b), columns[a], columns[b])
    return [*found.values()]


def _are_few(one: TypedSeries, other: TypedSeries, rng: np.random.Generator) -> bool:
    """Return whether two columns have few pairs of levels, which chance would hardly do."""
    n, width = len(one.codes), len(other.levels)
    pairs, rows = np.unique(one.codes.astype(np.int64) * width + other.codes, return_counts=True)
    alone = float((rows == 1).sum()) / n
    if len(pairs) > MOST_PER_LEVEL * len(one.levels) or alone > MOST_UNSEEN:
        return False
    shuffled = one.codes.astype(np.int64) * width + rng.permutation(other.codes)
    return float((~np.isin(shuffled, pairs)).mean()) >= LEAST_UNSEEN


def _pairs_rule(
    a: ColumnRef, b: ColumnRef, source: TypedSeries, target: TypedSeries
) -> PairsDependency:
    """Record the pairs of two columns that are not rare."""
    least = max(LEAST_OF_PAIR, a.column.least_rows, b.column.least_rows)
    width = len(target.levels)
    pairs, rows = np.unique(
        source.codes.astype(np.int64) * width + target.codes, return_counts=True
    )
    kept = [
        (source.levels[pair // width], target.levels[pair % width], count)
        for pair, count in zip(pairs.tolist(), rows.tolist(), strict=True)
        if count >= least
    ]
    return PairsDependency(a, b, tuple(kept))
