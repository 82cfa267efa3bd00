"""Rules whose columns have holes of their own: 5 % of the totals of `total = quantity * price`.

Such a rule holds in the rows in which all its columns have a value. Where a column has one is
learned as a column of its own, and holes are filled before the table is learned: with what the
rules give, else with a value of another row. So the rules hold in every row of what is learned;
holes come back at the very end.

Dates that are learned as their distance need one that is present in every row. Where all have
holes, those of one are filled beside another date of the row.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.rules.arithmetic_dependency import FormulaDependency
from tabgan.rules.base_rules import DEPENDENCIES, Dependency, Mask
from tabgan.rules.counted_dependency import find_counted
from tabgan.rules.find_identities import find_identities
from tabgan.rules.find_orders import find_orders
from tabgan.rules.functional_dependency import (
    FunctionalDependency,
    find_functional,
    functional_rule,
    give_sources,
    level_list,
)
from tabgan.rules.numeric_axis import (
    by_axis,
    finest_unit,
    from_axis,
    near_pairs,
    spread,
    to_axes,
    to_axis,
    values_of_both,
)
from tabgan.rules.order_dependency import GOLDEN, OrderDependency
from tabgan.rules.part_dependency import find_parts
from tabgan.rules.presence_dependency import PRESENT, PresenceDependency
from tabgan.rules.sum_dependency import SumDependency, find_sums
from tabgan.table.columns import (
    NUMBERS,
    TICKS,
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    count_rows,
    field_at,
    level_key,
    numbers_to_series,
    replaced,
    sample_of,
    with_cells,
    without,
)
from tabgan.table.dates import range_of_ticks, unit_of, zone_of
from tabgan.table.level_codes import is_absent
from tabgan.table.number_scale import clip_to_range, typical_values
from tabgan.table.numbers import range_of_numbers
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column

__all__ = ["HolesDependency", "absence_marks", "find_holes"]

MOST_HOLES = 0.5  # share of the rows in which a column of such a rule has no value
LEAST_ROWS = 100  # in which all columns have a value
ENOUGH_ROWS = 1_000  # the same: no column is left out of the search to gain more of them
ROUNDS = 3  # in which one rule fills what another one needs
QUANTILES = np.linspace(0, 1, 21)  # of the distances that are drawn

_LEVELS = ("categorical", "boolean")


@dataclass(frozen=True)
class HolesDependency(Dependency):
    """The members have a value where their columns of presence say so; rules fill their holes.

    Parameters
    ----------
    members
        The columns with holes, and their columns of presence.
    rules
        What holds between them and others, in the order in which rules are reduced.
    """

    name: ClassVar[str] = "holes"
    of_equality: ClassVar[bool] = True
    members: tuple[PresenceDependency, ...]
    rules: tuple[Dependency, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns with holes, then of those of presence."""
        targets = tuple(member.target.position for member in self.members)
        return (*targets, *(member.position for member in self.members))

    def describe(self) -> str:
        """Describe the rule in words."""
        names = ", ".join(str(member.target) for member in self.members)
        verb = "has" if len(self.members) == 1 else "have"
        return f"where {names} {verb} a value is learned; rules hold where all columns have one"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Put the columns of presence into the table, and fill the holes."""
        fixed = np.ones((count_rows(table), max(self.positions) + 1), np.bool_)
        for member in self.members:
            table = member.reduce(table)
            codes, levels = table[member.position].codes, table[member.position].levels
            at = member.target.position
            fixed[:, at] = np.array([level == PRESENT for level in levels], np.bool_)[codes]
        holes = ~fixed
        for member in self.members:
            at = member.target.position
            table = with_cells(table, {at: _filled(table[at], fixed[:, at])})
        if holes.any():
            table = self._by_rules(table, fixed, holes)
        return table

    def _by_rules(self, table: ColumnFrame, fixed: Mask, holes: Mask) -> ColumnFrame:
        """Give the holes values that keep the rules; first where the rest of a row tells them."""
        rules = [rule for rule in self.rules if {*rule.positions} <= table.keys()]
        for _ in range(ROUNDS):
            for place, rule in enumerate(rules):
                own = [*rule.positions]
                told = (~fixed[:, own]).sum(axis=1) == 1
                if told.any():
                    chosen = give_sources(rules[place:], table, fixed)
                    moved = rule.propagate(chosen, fixed.copy())
                    table = _changed(table, moved, own, told[:, None] & ~fixed[:, own])
                    fixed[np.ix_(told, own)] = True
        for place, rule in enumerate(rules):
            own = [*rule.positions]
            chosen = give_sources(rules[place:], table, fixed)
            table = _changed(table, rule.propagate(chosen, fixed.copy()), own, ~fixed[:, own])
        for rule in reversed(rules):  # what was told by two rules may be at odds
            if isinstance(rule, OrderDependency):
                continue  # it would exchange values between rows
            own = [*rule.positions]
            kept = rule.restore(rule.reduce({at: table[at] for at in own}))
            some = np.repeat(holes[:, own].any(axis=1, keepdims=True), len(own), axis=1)
            table = _changed(table, kept, own, some)
        return table

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Take away the values of holes, and the columns of presence."""
        for member in self.members:
            table = member.restore(table)
        return table

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Let the values that will fill holes be changed, though it is fixed that there is none."""
        for member in self.members:
            fixed[:, member.target.position] &= member.has_value(table)
        return table

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "members": [member.to_json() for member in self.members],
            "rules": [{"rule": rule.name, **rule.to_json()} for rule in self.rules],
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            tuple(PresenceDependency.from_json(member) for member in state["members"]),
            tuple(DEPENDENCIES[rule["rule"]].from_json(rule) for rule in state["rules"]),
        )


def _changed(
    table: ColumnFrame, others: ColumnFrame, positions: Sequence[int], cells: Mask
) -> ColumnFrame:
    """Take some cells, shape (rows, positions), from another table."""
    changed = {
        at: TypedSeries(table[at].column, replaced(table[at].values, rows, others[at].values))
        for at, rows in zip(positions, cells.T, strict=True)
        if rows.any()
    }
    return with_cells(table, changed)


def _filled(cells: TypedSeries, present: Mask) -> TypedSeries:
    """Give each hole the value of another row, the column's least if no row has one."""
    if present.all():
        return cells
    column, rows = cells.column, np.arange(len(present))
    there = np.flatnonzero(present)
    if len(there):  # evenly among the rows, so that the same table is filled in the same way
        order = np.random.default_rng(len(present)).permutation(there)
        rows = np.where(present, rows, np.resize(order, len(rows)))
        return TypedSeries(column, cells.values.iloc[rows].set_axis(cells.values.index))
    if column.kind not in NUMBERS | TICKS:
        return cells
    least = range_of_ticks(column)[0] if column.kind in TICKS else range_of_numbers(column)[0]
    numbers = cells.numbers
    values = np.full(len(rows), 0 if least is None else least).astype(numbers.values.dtype)
    series = numbers_to_series(values, numbers.special, column, np.ones(len(rows), np.bool_))
    return TypedSeries(column, series.set_axis(cells.values.index))


@dataclass(frozen=True)
class FilledDateDependency(Dependency):
    """Holes of the target are filled beside the first of the sources that has a date in its row.

    What is filled is never seen: it lies as far from the source as such dates do.

    Parameters
    ----------
    sources
        Columns of dates, the nearest one first.
    target
        The column of dates that is filled.
    unit
        Unit of time in which distances are counted.
    step
        What distances are multiples of.
    distances
        For each source, `QUANTILES` of the target's distances from it.
    """

    name: ClassVar[str] = "filled date"
    sources: tuple[ColumnRef, ...]
    target: ColumnRef
    unit: str
    step: int
    distances: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        sizes = {len(own) for own in self.distances}
        if len(self.distances) != len(self.sources) or sizes != {len(QUANTILES)} or self.step < 1:
            raise ValueError(f"filled date: {len(QUANTILES)} distances are needed for each source")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return (*(source.position for source in self.sources), self.target.position)

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.target} lies near {' and '.join(map(str, self.sources))}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the table as it is."""
        return table

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the table as it is."""
        return table

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Put free dates beside fixed ones: beside the nearest, no farther off others than any."""
        at, column = self.target
        cells = table[at].with_column(column)
        values, free = to_axis(cells, self.unit).values.copy(), ~fixed[:, at]
        others = []
        for source, distances in zip(self.sources, self.distances, strict=True):
            axis = to_axis(table[source.position].with_column(source.column), self.unit)
            there = ~fixed[:, at] & fixed[:, source.position] & axis.present
            others.append((there, axis.values + distances[0], axis.values + distances[-1]))
            rows = np.flatnonzero(free & there)
            place = (np.arange(len(rows)) + 0.5) * GOLDEN % 1
            drawn = np.interp(place, QUANTILES, distances) / self.step
            values[rows] = axis.values[rows] + np.rint(drawn).astype(np.int64) * self.step
            free[rows] = False
        for there, least, most in reversed(others):
            values[there] = values.clip(least, most)[there]
        wide = cells.with_column(_without_range(column))  # else it would be moved beyond others
        new = replaced(cells.values, ~fixed[:, at], from_axis(values, wide, self.unit))
        return with_cells(table, {at: TypedSeries(column, new)})

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "sources": [source.to_json() for source in self.sources],
            "target": self.target.to_json(),
            "unit": self.unit,
            "step": self.step,
            "distances": [[*own] for own in self.distances],
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            tuple(ColumnRef.from_json(source) for source in state["sources"]),
            ColumnRef.from_json(state["target"]),
            str(state["unit"]),
            int(state["step"]),
            tuple(tuple(int(value) for value in own) for own in state["distances"]),
        )


def _without_range(column: Column) -> Column:
    """Let a column of dates hold any date, unless its range tells how it is to be read."""
    wide = replace(column, minimum=None, maximum=None)
    same = all(read(wide) == read(column) for read in (unit_of, zone_of))
    return wide if same else column


def absence_marks(table: ColumnFrame) -> frozenset[str]:
    """Return the texts that stand for a missing value in columns of numbers and dates.

    In the other columns of the same table they mean the same: "ERROR" beside prices is no item.
    """
    found = set[str]()
    for cells in table.values():
        if cells.column.kind in NUMBERS | TICKS and not cells.column.is_generated:
            numbers = cells.numbers
            special = {*numbers.special[~numbers.present].tolist()}
            found |= {mark for mark in special if isinstance(mark, str)}
    return frozenset(found)


def find_holes(
    table: ColumnFrame, rng: np.random.Generator, n_columns: int
) -> list[HolesDependency]:
    """Find the rules that hold where all their columns have a value, but some have holes.

    Rules whose result is missing exactly where one of their sources is are left to others.

    Parameters
    ----------
    table
        The columns that rules may derive or change.
    rng
        Draws the rows on which rules are tried.
    n_columns
        Number of columns of the table's schema.
    """
    marks = absence_marks(table)
    present = {
        at: own
        for at, cells in table.items()
        if at < n_columns and (own := _present(cells, marks)) is not None
    }
    holey = [at for at, own in present.items() if not own.all()]
    if not holey:
        return []
    search = _search_table({at: table[at] for at in present}, present, holey, rng)
    rules: list[Dependency] = [
        rule
        for found in _rules(search, rng)
        if not {*found.positions}.isdisjoint(holey)
        and (rule := _confirmed(found, table, present)) is not None
    ]
    tied = {at for rule in rules for at in rule.positions}
    filled = [*find_filled_dates(table, present, rng.spawn(1)[0])]
    tied |= {rule.target.position for rule in filled}
    rules += [*filled, *_orders_of_dates(tied, search, table, rng)]
    members = [
        PresenceDependency(field_at(table, at), n_columns + at, _absent(table[at], present[at]))
        for at in holey
        if at in tied
    ]
    return [HolesDependency(tuple(members), tuple(rules))] if members else []


def _present(cells: TypedSeries, marks: Collection[str]) -> Mask | None:
    """Return where a column has a value; None if it can't take part."""
    column = cells.column
    if column.is_generated:
        return None
    if column.kind in NUMBERS | TICKS:
        numbers = cells.numbers
        special = {*map(type, numbers.special[~numbers.present].tolist())}
        texts_only = all(kind is type(None) or issubclass(kind, str) for kind in special)
        present: Mask | None = numbers.present if texts_only else None
    elif column.kind in _LEVELS:
        there = [not is_absent(level) and level not in marks for level in cells.levels]
        present = np.array(there, np.bool_)[cells.codes]
    else:
        present = None
    return present if present is not None and present.mean() >= 1 - MOST_HOLES else None


def _absent(cells: TypedSeries, present: Mask) -> tuple[str | None, ...]:
    """Return what stands in the holes; marks of too few rows are as the commonest one."""
    codes, rows = np.unique(cells.codes[~present], return_counts=True)
    order = np.argsort(-rows, kind="stable")
    enough = [
        cells.levels[codes[at]]
        for place, at in enumerate(order)
        if rows[at] >= cells.column.least_rows or place == 0
    ]
    return tuple(mark if isinstance(mark, str) else None for mark in enough)


def _search_table(
    table: ColumnFrame, present: Mapping[int, Mask], holey: Sequence[int], rng: np.random.Generator
) -> ColumnFrame:
    """Return rows of the table in which no column has a hole, without columns of too many."""
    there = pd.DataFrame({at: present[at] for at in holey})
    left = sorted(holey, key=lambda at: (-int(present[at].sum()), at))
    while left and there[left].all(axis=1).sum() < min(ENOUGH_ROWS, len(there) // 2):
        if there[left].all(axis=1).sum() >= LEAST_ROWS and len(left) == 1:
            break
        left = left[:-1]
    rows = np.flatnonzero(there[left].all(axis=1)) if left else None
    return sample_of(without(table, {*holey} - {*left}), rng, rows)


def _rules(table: ColumnFrame, rng: np.random.Generator) -> Iterator[Dependency]:
    """Yield the rules of a table without holes, in the order in which they are reduced."""
    if count_rows(table) < LEAST_ROWS:
        return
    determined = find_functional(table, rng)
    given = {rule.target.position for rule in determined}
    tied = {at for found in determined for at in found.positions}
    identities = find_identities(table, rng, tied)
    computed = {at for found in identities for at in found.positions}
    for rule in identities:
        if isinstance(rule, SumDependency):
            yield _as_formula(rule, table)
        else:
            yield replace(rule, yielding=())
    for rule in find_sums(without(table, [*given, *computed]), rng):
        yield _as_formula(rule, table)
    rest = without(table, {rule.positions[-1] for rule in identities})
    parts = find_parts(rest, rng, given)
    yield from parts
    yield from find_counted(without(rest, {p.target.position for p in parts}), rng, given)
    yield from determined


def _orders_of_dates(
    tied: Collection[int], search: ColumnFrame, table: ColumnFrame, rng: np.random.Generator
) -> Iterator[OrderDependency]:
    """Yield the orders of each two dates that no row breaks: what is filled keeps them."""
    dates = {at: search[at] for at in tied if at in search and search[at].column.kind in TICKS}
    for rule in find_orders(dates, rng):
        for pair in rule.pairs() if isinstance(rule, OrderDependency) else ():
            if pair.holds([table[at] for at in pair.positions]).all():
                yield pair


def _as_formula(rule: SumDependency, table: ColumnFrame) -> Dependency:
    """Write a sum as a formula, which knows no ranges of some rows."""
    found = FormulaDependency.of(rule.parts, rule.total, rule.expression, table, exact=True)
    return rule if found is None else found


def _confirmed(
    rule: Dependency, table: ColumnFrame, present: Mapping[int, Mask]
) -> Dependency | None:
    """Return the rule if all rows keep it, but only those in which all columns have a value."""
    *sources, target = rule.positions
    complete = np.logical_and.reduce([present[at] for at in rule.positions])
    rows = {at: table[at].take(complete) for at in rule.positions}
    if isinstance(rule, FunctionalDependency):
        there = table[rule.source.position].take(present[rule.source.position])
        return _confirmed_levels(rule, table, rows, there.levels)
    if np.array_equal(present[target], np.logical_and.reduce([present[at] for at in sources])):
        return None
    return rule if rule.holds([*rows.values()]).all() else None


def _confirmed_levels(
    rule: FunctionalDependency, table: ColumnFrame, rows: ColumnFrame, levels: Sequence[Scalar]
) -> FunctionalDependency | None:
    """Return the rule with all its levels; one whose target is never there gets the commonest.

    Parameters
    ----------
    rule
        A rule of some rows.
    table, rows
        All rows, and those in which both columns have a value.
    levels
        Values of the source.
    """
    source, target = (level_list(rows[at]) for at in rule.positions)
    whole = [level_list(table[at]) for at in rule.positions]
    if source is None or target is None or whole[0] is None or whole[1] is None:
        return None
    if whole[0].determine(whole[1]) or not source.determine(target):
        return None  # others find it, or it does not hold
    found = functional_rule(rule.source, rule.target, source, target)
    if found.tells_of_few_rows(rows):
        return None
    known = {level_key(level) for level in source.levels}
    others = [own for own in levels if level_key(own) not in known]
    if rule.source.column.kind in NUMBERS | TICKS:
        others = []  # a number is looked up as the nearest one
    commonest = target.levels[int(np.bincount(target.codes).argmax())]
    place = [*map(level_key, found.target_levels)].index(level_key(commonest))
    return replace(
        found,
        source_levels=(*found.source_levels, *others),
        image=(*found.image, *[place] * len(others)),
    )


def find_filled_dates(
    table: ColumnFrame, present: Mapping[int, Mask], rng: np.random.Generator
) -> Iterator[FilledDateDependency]:
    """Yield how holes are filled: of one date of several that lie near each other and have holes.

    Parameters
    ----------
    table
        A table in work.
    present
        Where the columns have a value whose holes may be filled; others only tell of these.
    rng
        Draws the rows on which near dates are told.
    """
    dates = {at: cells for at, cells in table.items() if cells.column.kind == "datetime"}
    for group in by_axis(sample_of(dates, rng)):
        columns = {at: cells.column for at, cells in group.items()}
        unit = finest_unit(columns.values())
        axes = to_axes(group, unit)
        near: dict[int, dict[int, float]] = {}
        for a, b in near_pairs(axes, columns):
            near.setdefault(a, {})[b] = spread(np.subtract(*values_of_both(axes[a], axes[b])))
        left = sorted(near, key=lambda at: (-int(table[at].numbers.present.sum()), at))
        while left and unit is not None:
            target = left[0]
            left = [at for at in left if at != target and at not in near[target]]
            if target in present and not present[target].all():
                sources = sorted(near[target], key=near[target].__getitem__)
                yield _filled_beside(sources, target, table, unit)


def _filled_beside(
    sources: Sequence[int], target: int, table: ColumnFrame, unit: str
) -> FilledDateDependency:
    own = to_axis(table[target], unit)
    gaps = [
        np.subtract(*values_of_both(own, to_axis(table[at], unit))).astype(np.int64)
        for at in sources
    ]
    least = table[target].column.least_rows
    kept = [_typical_distances(gap, least) for gap in gaps]
    on_grid = clip_to_range(np.concatenate(gaps), None, least)
    return FilledDateDependency(
        tuple(field_at(table, at) for at in sources),
        field_at(table, target),
        unit,
        int(np.gcd.reduce(on_grid)) or 1,
        tuple(kept),
    )


def _typical_distances(gaps: NDArray[np.int64], least: int) -> tuple[int, ...]:
    """Return `QUANTILES` of distances, none of which is that of a single row."""
    typical = typical_values(gaps, len(QUANTILES), least)
    ranks = np.linspace(0, 1, len(typical))
    return tuple(np.rint(np.interp(QUANTILES, ranks, typical)).astype(int).tolist())
