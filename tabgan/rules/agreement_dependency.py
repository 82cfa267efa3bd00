"""Categories that hold what another column implies in nearly all rows, but not in all.

A billing town is nearly always the shipping town, and a director nearly always films in one
country. In which rows that is so becomes a column of its own, which is learned as any other: so the
share of these rows comes back, and what it depends on.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.rules.band_dependency import BandDependency, find_bands
from tabgan.rules.base_rules import ShareDependency
from tabgan.rules.code_word_dependency import FIRST_WORD
from tabgan.rules.equality_dependency import is_no_accident, lead_away
from tabgan.rules.functional_dependency import (
    ROWS_PER_NAME,
    FunctionalDependency,
    LevelList,
    copied_cells,
    form_of,
    functional_rule,
    level_list,
)
from tabgan.rules.order_dependency import GOLDEN
from tabgan.rules.part_dependency import (
    PARTS,
    UNITS,
    Part,
    PartDependency,
    find_parts,
    parts_of,
    sources_of,
)
from tabgan.table.columns import (
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
from tabgan.table.dates import unit_of
from tabgan.table.level_codes import levels_to_series
from tabgan.table.schema import Column

__all__ = [
    "CodeEquality",
    "LevelEquality",
    "NearDependency",
    "NearPartDependency",
    "find_code_equalities",
    "find_level_equalities",
    "find_near",
    "find_near_parts",
]

EQUAL, DIFFERENT = "equal", "different"  # the levels that tell whether two columns agree
LEAST_ROWS = 100
LEAST_EQUAL_CODES = 0.05  # share of the rows in which two codes are the same
LEAST_DIFFERENT = 0.9  # of these codes that differ from row to row
LEAST_COMMON = 20  # rows of the commonest level
MOST_COLUMNS = 60  # columns of categories that are compared
MOST_TURNS = 5  # in which rows that are to differ take the levels of others
MOSTLY = 0.9  # share of the rows in which two columns are equal
MOST_UNEQUAL = 0.25  # of the rows that would differ by chance
MOST_ACCIDENTAL = 0.8  # share of the rows that would be equal by chance
HINT_ROWS = 300  # enough to refute most parts
MOST_PART_LEVELS = 400  # of a column that may be a part of a date
LEAST_OF_PART = 0.5  # share of the rows in which a date is a part of another one
MOST_PART_HOLES = 0.5  # share of the rows in which one of the two has no value
NEARLY = 0.98  # share of the rows in which a column is a part of a date
MOSTLY_DETERMINED = 0.9  # share of the rows in which a level has what it determines
MOST_UNDETERMINED = 0.15  # of the rows that would have another level by chance


@dataclass(frozen=True)
class LevelEquality(ShareDependency):
    """The target equals the source in most rows; in which ones is a column of its own.

    That column is learned as any other. So the share comes back, and what it depends on.

    Parameters
    ----------
    source, target
        Two columns of levels of one dtype.
    position
        Position of the column that tells in which rows they are equal, behind those of the schema.
    share
        Share of the rows in which they are equal.
    """

    name: ClassVar[str] = "mostly equal"
    of_equality: ClassVar[bool] = True
    source: ColumnRef
    target: ColumnRef
    position: int
    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError("mostly equal: the share must be from 0 to 1")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position, self.position

    @property
    def column(self) -> Column:
        """The column that tells in which rows the two are equal."""
        return _agreement_column(f"{self.target.column.name} equals {self.source.column.name}")

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.target} equals {self.source} in {100 * self.share:.4g} % of the rows"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Put the column that tells of equality into the table."""
        source, target = (table[at] for at in self.positions[:2])
        return with_cells(table, {self.position: _agreement_of(source, target, self.column)})

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Make the rows equal that are to be, and give the others the level of another such row."""
        if not {*self.positions} <= table.keys():
            return table
        at, column = self.target
        source = TypedSeries(column, copied_cells(table[self.source.position], column))
        made = _with_agreement(table[at], source, table[self.position])
        return with_cells(without(table, [self.position]), {at: made})

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "target": self.target.to_json(),
            "position": self.position,
            "share": self.share,
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        source, target = (ColumnRef.from_json(state[name]) for name in ("source", "target"))
        return cls(source, target, int(state["position"]), float(state["share"]))


@dataclass(frozen=True)
class CodeEquality(LevelEquality):
    """The target is the code in the source in many rows; all codes are generated.

    Rows in which the two differ keep a code of their own.
    """

    name: ClassVar[str] = "often the same code"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Put the column that tells of equality into the table, at random where one is missing."""
        source, target = (table[at] for at in self.positions[:2])
        turns = (GOLDEN * np.arange(1, len(source.codes) + 1)) % 1
        same = np.where(
            source.filled & target.filled, _same_levels(source, target), turns < self.share
        ).astype(np.int32)
        values = levels_to_series([DIFFERENT, EQUAL], same, self.column)
        cells = TypedSeries(self.column, values.set_axis(target.values.index))
        return with_cells(table, {self.position: cells})

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Repeat the source's code in the rows that are to be equal, if there are codes yet."""
        at, column = self.target
        if not {*self.positions} <= table.keys():
            return table
        own, source = table[at], table[self.source.position]
        equal = (table[self.position].values == EQUAL).to_numpy(bool)
        equal &= source.filled & own.filled
        values = replaced(own.values, equal, copied_cells(source, column))
        return with_cells(without(table, [self.position]), {at: TypedSeries(column, values)})


def _agreement_column(name: str) -> Column:
    """Describe a column that tells in which rows a column holds what another one implies."""
    return Column(name, "categorical", "object", why="whether two columns agree")


def _agreement_of(implied: TypedSeries, own: TypedSeries, column: Column) -> TypedSeries:
    """Return the column that tells in which rows two columns hold the same level.

    Parameters
    ----------
    implied, own
        The two columns.
    column
        What describes the result; see `_agreement_column`.
    """
    same = _same_levels(implied, own).astype(np.int32)
    values = levels_to_series([DIFFERENT, EQUAL], same, column)
    return TypedSeries(column, values.set_axis(own.values.index))


def _with_agreement(own: TypedSeries, implied: TypedSeries, agreement: TypedSeries) -> TypedSeries:
    """Return a column that agrees with another one in the rows that are to.

    The others take the level of a row that differs, where theirs is the same.

    Parameters
    ----------
    own, implied
        The column, and what it holds where they agree.
    agreement
        In which rows they are to agree; see `_agreement_of`.
    """
    column, values = own
    equal = (agreement.values == EQUAL).to_numpy(bool)
    other = TypedSeries(column, values.reset_index(drop=True))
    for turn in range(1, MOST_TURNS + 1):
        same = _same_levels(implied, other)
        wrong, donors = np.flatnonzero(~equal & same), np.flatnonzero(~equal & ~same)
        if not len(wrong) or not len(donors):
            break
        taken = np.arange(len(same))
        taken[wrong] = np.resize(np.roll(donors, turn), len(wrong))
        other = TypedSeries(column, other.values.iloc[taken].reset_index(drop=True))
    mixed = replaced(other.values.set_axis(values.index), equal, implied.values)
    return TypedSeries(column, mixed)


def _same_levels(one: TypedSeries, other: TypedSeries) -> NDArray[np.bool_]:
    """Return the rows in which two columns hold the same level."""
    number = {level_key(level): place for place, level in enumerate(one.levels)}
    places = [number.get(level_key(level), -1) for level in other.levels]
    same: NDArray[np.bool_] = np.array(places, np.int64)[other.codes] == one.codes
    return same


def find_level_equalities(
    table: ColumnFrame,
    rng: np.random.Generator,
    fixed: Collection[int] = (),
    *,
    n_columns: int,
    taken: Collection[int] = (),
) -> list[LevelEquality]:
    """Find the columns of categories that equal another one in most rows, not by chance.

    Parameters
    ----------
    table
        The columns that may take part.
    rng
        Draws the rows on which pairs are tried first.
    fixed
        Columns that must not be changed.
    n_columns
        Number of columns of the schema.
    taken
        Positions behind those of the schema that other rules use.
    """
    sample = {
        at: cells
        for at, cells in sample_of(table, rng).items()
        if cells.column.kind == "categorical" and at < n_columns and _is_common(cells)
    }
    order = sorted(sample, key=lambda at: (at not in fixed, -len(sample[at].levels), at))
    barred = {*fixed, *(at for at in sample if n_columns + at in taken)}
    pairs = [
        (a, b)
        for a, b in combinations(order[:MOST_COLUMNS], 2)
        if form_of(sample[a].column) == form_of(sample[b].column)
        and _are_mostly_equal(sample[a], sample[b])
        and _are_mostly_equal(table[a], table[b])
    ]
    return [
        LevelEquality(
            field_at(table, source),
            field_at(table, target),
            n_columns + target,
            float(_same_levels(table[source], table[target]).mean()),
        )
        for source, target in reversed(lead_away(order, pairs, barred))
    ]


def find_code_equalities(
    table: ColumnFrame, rng: np.random.Generator, n_columns: int
) -> list[CodeEquality]:
    """Find the columns of codes that hold the code of another column in many rows.

    Parameters
    ----------
    table
        The columns that may take part.
    rng
        Draws the rows on which pairs are tried first.
    n_columns
        Number of columns of the schema.
    """
    sample = {
        at: cells
        for at, cells in sample_of(table, rng).items()
        if cells.column.kind == "identifier" and at < n_columns
    }
    found: dict[int, CodeEquality] = {}
    for source, target in combinations([*sample][:MOST_COLUMNS], 2):
        one, other = sample[source], sample[target]
        if {source, target} & found.keys() or form_of(one.column) != form_of(other.column):
            continue
        if not _are_often_equal(one, other):
            continue
        both = table[source].filled & table[target].filled
        share = float(_same_levels(table[source], table[target])[both].mean())
        fields = field_at(table, source), field_at(table, target)
        found[target] = CodeEquality(*fields, 3 * n_columns + target, share)
    return [*found.values()]


def _are_often_equal(one: TypedSeries, other: TypedSeries) -> bool:
    """Return whether codes are equal in many rows; those of two columns hardly are by chance."""
    both = one.filled & other.filled
    equal = _same_levels(one, other)[both]
    if equal.sum() < max(LEAST_COMMON, LEAST_EQUAL_CODES * both.sum()):
        return False
    return bool(len(np.unique(one.codes[both][equal])) >= LEAST_DIFFERENT * equal.sum())


def _is_common(cells: TypedSeries) -> bool:
    """Return whether some level is held by rows enough to be kept."""
    if cells.column.is_generated:
        return False
    return bool(
        np.bincount(cells.codes).max(initial=0) >= max(cells.column.least_rows, LEAST_COMMON)
    )


def _are_mostly_equal(one: TypedSeries, other: TypedSeries) -> bool:
    """Return whether two columns are equal in most rows, and would not be if one was shuffled."""
    share = float(_same_levels(one, other).mean())
    if share < MOSTLY or share == 1 or len(one.codes) < LEAST_ROWS:
        return False
    rows = [
        dict(zip(map(level_key, cells.levels), np.bincount(cells.codes).tolist(), strict=True))
        for cells in (one, other)
    ]
    n_pairs: int = sum(n * rows[1].get(key, 0) for key, n in rows[0].items())
    by_chance = float(n_pairs) / len(one.codes) ** 2
    return by_chance <= MOST_ACCIDENTAL and 1 - share <= MOST_UNEQUAL * (1 - by_chance)


@dataclass(frozen=True)
class NearDependency(ShareDependency):
    """Every level of the source determines one of the target in most of its rows.

    In which rows it does is a column of its own, which is learned as any other.

    Parameters
    ----------
    rule
        What the levels determine.
    position
        Position of the column that tells in which rows, behind those of the schema.
    share
        Share of these rows.
    """

    name: ClassVar[str] = "nearly determines"
    of_equality: ClassVar[bool] = True
    rule: FunctionalDependency
    position: int
    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError("nearly determines: the share must be from 0 to 1")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return (*self.rule.positions, self.position)

    @property
    def column(self) -> Column:
        """The column that tells in which rows the source determines the target."""
        source, target = self.rule.source.column, self.rule.target.column
        return _agreement_column(f"{target.name} follows {source.name}")

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.rule.describe()} in {100 * self.share:.4g} % of the rows"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Put the column that tells in which rows into the table."""
        at = self.rule.target.position
        agreement = _agreement_of(self._implied(table), table[at], self.column)
        return with_cells(table, {self.position: agreement})

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Look the target up in the rows that are to be so; the others get another level."""
        at = self.rule.target.position
        if not {*self.positions} <= table.keys():
            return table
        made = _with_agreement(table[at], self._implied(table), table[self.position])
        return with_cells(without(table, [self.position]), {at: made})

    def _implied(self, table: ColumnFrame) -> TypedSeries:
        """Return what the target is where it follows the rule."""
        return self.rule.restore(table)[self.rule.positions[-1]]

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {"of": self.rule.to_json(), "position": self.position, "share": self.share}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        rule = FunctionalDependency.from_json(state["of"])
        return cls(rule, int(state["position"]), float(state["share"]))


@dataclass(frozen=True)
class NearPartDependency(NearDependency):
    """The target is a part of a date, such as its year or weekday, in nearly all rows."""

    name: ClassVar[str] = "nearly a part"
    of_equality: ClassVar[bool] = False
    rule: PartDependency | BandDependency  # type: ignore[assignment]

    @property
    def column(self) -> Column:
        """The column that tells in which rows the target is the part."""
        *_, target = self.rule.positions
        return _agreement_column(f"{target} follows its date")

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        own = {"rule": self.rule.name, **self.rule.to_json()}
        return {"of": own, "position": self.position, "share": self.share}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        kinds = {kind.name: kind for kind in (PartDependency, BandDependency)}
        rule = kinds[state["of"]["rule"]].from_json(state["of"])
        return cls(rule, int(state["position"]), float(state["share"]))


@dataclass(frozen=True)
class NearDateDependency(NearPartDependency):
    """The target is the month or the day of a finer date in most rows, where that has a value."""

    name: ClassVar[str] = "nearly a coarser date"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Put the column that tells in which rows into the table, at random where none can."""
        table = super().reduce(table)
        source = self.rule.positions[0]
        alone = ~table[source].numbers.present
        turns = (GOLDEN * np.arange(1, len(alone) + 1)) % 1  # evenly, whether there is a source
        cells = table[self.position]
        equal = (turns < self.share).astype(np.int32)
        values = replaced(
            cells.values, alone, levels_to_series([DIFFERENT, EQUAL], equal, self.column)
        )
        return with_cells(table, {self.position: TypedSeries(self.column, values)})

    def _implied(self, table: ColumnFrame) -> TypedSeries:
        """Return the month or day, or the target's own where there is no finer date."""
        own, implied = table[self.rule.positions[-1]], super()._implied(table)
        there = table[self.rule.positions[0]].numbers.present
        return TypedSeries(own.column, replaced(own.values, there, implied.values))


def find_near_parts(
    table: ColumnFrame, rng: np.random.Generator, fixed: Collection[int], n_columns: int
) -> dict[int, NearPartDependency]:
    """Find the columns that are a part of a date in nearly all rows, not by chance.

    Parameters
    ----------
    table
        The columns that may take part.
    rng
        Draws the rows on which parts are tried first, and shuffles columns.
    fixed
        Columns that must not be changed.
    n_columns
        Number of columns of the schema.

    Returns
    -------
    The rules by the positions of their targets.
    """
    sample = sample_of(table, rng)
    targets = {
        at: LevelList(cells.codes, cells.levels)
        for at, cells in sample.items()
        if at < n_columns
        and at not in fixed
        and n_columns + at not in table
        and _may_be_part(cells)
    }
    found: dict[int, NearPartDependency] = {}
    sources = sources_of({at: sample[at] for at in sample if at < n_columns}, TICKS)
    for source, part in ((at, own) for at in sources for own in parts_of(table[at].column)):
        read = _part_levels(part, sample[source])
        hoped = [at for at, own in targets.items() if _may_follow(own, read)]
        for target in [at for at in hoped if _nearly_determine(read, targets[at], rng, NEARLY)]:
            rule = _near_part(table, part, (source, target), rng)
            if rule is not None:
                agreeing = _same_levels(rule.restore(table)[target], table[target])
                position = n_columns + target
                found[target] = NearPartDependency(rule, position, float(agreeing.mean()))
                del targets[target]
    found |= _near_dates(table, sample, {*fixed, *found}, n_columns)
    return dict(sorted(found.items()))


def _near_dates(
    table: ColumnFrame, sample: ColumnFrame, fixed: Collection[int], n_columns: int
) -> dict[int, NearPartDependency]:
    """Find the dates that are the month or the day of a finer date in most rows, not by chance."""
    dates = sources_of(sample, TICKS)
    found: dict[int, NearPartDependency] = {}
    for target in reversed(dates):
        if target in fixed or n_columns + target in table or target in found:
            continue
        unit = UNITS.index(unit_of(sample[target].column))
        finer = (at for at in dates if UNITS.index(unit_of(sample[at].column)) > unit)
        for source in finer if sample[target].column.kind == "datetime" else ():
            part = PARTS.get(f"date:{UNITS[unit]}")
            if part is None or part not in parts_of(sample[source].column) or source in found:
                continue
            if not _are_mostly_of(part, sample[source], sample[target]):
                continue
            fields = field_at(table, source), field_at(table, target)
            rule = PartDependency(*fields, part.name)
            there = table[source].numbers.present
            same = _same_levels(rule.restore(table)[target], table[target])
            share = float(same[there].mean())
            if share < 1:
                found[target] = NearDateDependency(rule, n_columns + target, share)
                break
    return found


def _are_mostly_of(part: Part, source: TypedSeries, target: TypedSeries) -> bool:
    """Return whether dates are a part of others in most rows, and mostly far from it elsewhere."""
    own = target.numbers
    both = own.present & source.numbers.present
    if both.sum() < max(LEAST_ROWS, MOST_PART_HOLES * len(both)):
        return False
    read = PartDependency(ColumnRef(0, source.column), ColumnRef(1, target.column), part.name)
    values = own.values[both].astype(np.float64)
    implied = read.parts_in(source.numbers)[both].astype(np.float64)
    return bool((values == implied).mean() >= LEAST_OF_PART and is_no_accident(values, implied))


def _may_be_part(cells: TypedSeries) -> bool:
    """Return whether a column has a few levels, as parts of dates have."""
    is_level = cells.column.kind in ("categorical", "integer") and not cells.column.is_generated
    return is_level and 2 <= len(cells.levels) <= MOST_PART_LEVELS


def _may_follow(own: LevelList, read: LevelList) -> bool:
    """Return whether a part may give the levels of a column, as far as a few rows tell."""
    if len(own.levels) > 2 * len(read.levels):
        return False
    rows = np.linspace(0, len(own.codes) - 1, HINT_ROWS).astype(np.intp)  # it may be sorted
    one, other = LevelList(read.codes[rows], read.levels), LevelList(own.codes[rows], own.levels)
    return bool((one.commonest_in(other)[one.codes] == other.codes).mean() >= MOSTLY)


def _near_part(
    table: ColumnFrame, part: Part, pair: tuple[int, int], rng: np.random.Generator
) -> PartDependency | BandDependency | None:
    """Return the rule of a part of a date that a column is once its few exceptions are mended."""
    source, target = pair
    column, values = table[target]
    read = _part_levels(part, table[source])
    own = LevelList(table[target].codes, table[target].levels)
    if not _nearly_determine(read, own, rng, NEARLY):
        return None
    codes = read.commonest_in(own)[read.codes].astype(np.int32)
    mended = levels_to_series(own.levels, codes, column).set_axis(values.index)
    clean = {source: table[source], target: TypedSeries(column, mended)}
    for rule in find_parts(clean, rng, {source}):
        return rule
    for band in find_bands(clean, rng, {source}):
        return band
    return None


def _part_levels(part: Part, source: TypedSeries) -> LevelList:
    """Return the parts of a date as levels; rows without one have a level of their own."""
    read = np.where(source.numbers.present, part.of(source.numbers, source.column), -1)
    levels, codes = np.unique(read, return_inverse=True)
    return LevelList(codes.astype(np.int32), levels.tolist())


def find_near(
    table: ColumnFrame,
    rng: np.random.Generator,
    fixed: Collection[int],
    *,
    n_columns: int,
    taken: Collection[int],
) -> list[NearDependency]:
    """Find the categories that another one determines in nearly all rows, not by chance.

    No column is a target of one rule and a source of another.

    Parameters
    ----------
    table
        The columns that may take part.
    rng
        Draws the rows on which pairs are tried first, and shuffles columns.
    fixed
        Columns that must not be changed.
    n_columns
        Number of columns of the schema.
    taken
        Positions behind those of the schema that other rules use.
    """
    levels = {
        at: own
        for at, cells in sample_of(table, rng).items()
        if cells.column.kind == "categorical"
        and (at < n_columns or at >= FIRST_WORD * n_columns)
        and (own := level_list(cells)) is not None
    }
    few = dict([*levels.items()][:MOST_COLUMNS])
    targets = [at for at in few if at not in fixed and n_columns + at not in taken]
    found: dict[int, NearDependency] = {}
    sources: set[int] = set()
    for b in sorted(targets, key=lambda at: len(few[at].levels)):
        if b in sources or not few[b].vary():
            continue
        for a in sorted(few, key=lambda at: len(few[at].levels)):
            may = a != b and a not in found and few[a].may_determine(few[b])
            if not may or not _nearly_determine(few[a], few[b], rng, MOSTLY_DETERMINED):
                continue
            one, two = (LevelList(table[at].codes, table[at].levels) for at in (a, b))
            frequent = one.are_frequent(table[a].column.least_rows, ROWS_PER_NAME)
            if frequent and _nearly_determine(one, two, rng, MOSTLY_DETERMINED):
                rule = functional_rule(field_at(table, a), field_at(table, b), one, two)
                share = float((one.commonest_in(two)[one.codes] == two.codes).mean())
                found[b] = NearDependency(rule, n_columns + b, share)
                sources.add(a)
                break
    return [*found.values()]


def _nearly_determine(
    one: LevelList, other: LevelList, rng: np.random.Generator, least: float
) -> bool:
    """Return whether nearly all rows hold the commonest other level of their own.

    The other column is shuffled: by chance, many more rows would differ.
    """

    def differing(codes: NDArray[np.int32]) -> float:
        shuffled = LevelList(codes, other.levels)
        return float((one.commonest_in(shuffled)[one.codes] != codes).mean())

    share = differing(other.codes)
    if not 0 < share <= 1 - least or len(one.codes) < LEAST_ROWS:
        return False
    return share <= MOST_UNDETERMINED * differing(rng.permutation(other.codes))
