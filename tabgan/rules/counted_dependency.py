"""Whole numbers that are counted off a row: columns that hold a level, and time between two dates.

A number that tells how many of some columns say "yes", how many are filled, how old somebody was at
a date, or how many minutes a trip took is left out of training and counted.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.rules.base_rules import Dependency
from tabgan.rules.find_identities import is_beyond_chance
from tabgan.rules.part_dependency import PartDependency, age_at
from tabgan.table.columns import (
    NUMBERS,
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    count_rows,
    decimals_of,
    field_at,
    level_key,
    numbers_to_series,
    replaced,
    sample_of,
    with_cells,
    without,
    write_column,
)
from tabgan.table.dates import AGES, shifted, unit_of
from tabgan.table.level_codes import is_absent
from tabgan.table.numbers import Numbers
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column

__all__ = ["CountDependency", "ElapsedDependency", "find_ages", "find_counted"]

LEAST_BROKEN = 0.05  # share of rows that break a rule when a column is shuffled
LEAST_MEMBERS = 3  # columns whose levels are counted
MOST_MEMBERS = 60
MOST_LEVELS = 20  # levels that are counted, those of the most columns first
FEW_LEVELS = 12  # of a column whose levels are counted
MOST_COUNTED = 40  # columns of numbers that may be counts, and dates that times may lie between
HINT_ROWS = 50
LEAST_BOUNDED = 3  # of them at the least time that a column can be, and as many above
SAME = 1e-9  # of a number: programs write ten digits of it, wherever its point is
FIRST_YEAR, LAST_YEAR = 1800, 2100  # of numbers that are years
YEARS = ("full years", "calendar years", "full months")
CALENDAR = {"calendar years": "M8[Y]", "calendar months": "M8[M]", "calendar days": "M8[D]"}
LENGTHS = {"weeks": "W", "days": "D", "hours": "h", "minutes": "m", "seconds": "s"}
MONTHS = {"full years": 12, "calendar years": 12, "full months": 1, "calendar months": 1}
MOVES = 3  # of a date whose day some months do not have, so that the first one may miss
MOST_AGE = 100_000  # days
FINEST = {"D": 0, "h": 1, "m": 2, "s": 3}

Floats = NDArray[np.float64]
Moments = NDArray[np.datetime64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class CountDependency(Dependency):
    """The target tells how many of the sources hold a level, or are filled if there is none."""

    name: ClassVar[str] = "count"
    sources: tuple[ColumnRef, ...]
    target: ColumnRef
    level: Scalar

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return (*(source.position for source in self.sources), self.target.position)

    def describe(self) -> str:
        """Describe the rule in words."""
        names = ", ".join(map(str, self.sources))
        what = "are filled" if self.level is None else f"are {self.level!r}"
        return f"{self.target} counts which of {names} {what}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Count."""
        counted = sum(_holds(table[at], self.level).astype(np.int64) for at, _ in self.sources)
        at, column = self.target
        present = np.ones(count_rows(table), np.bool_)
        nothing = np.full(len(present), None, object)
        values = _exact_series(np.asarray(counted), nothing, column, present)
        return with_cells(table, {at: TypedSeries(column, values)})

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "sources": [source.to_json() for source in self.sources],
            "target": self.target.to_json(),
            "level": to_json_scalar(self.level),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        sources = tuple(ColumnRef.from_json(source) for source in state["sources"])
        target = ColumnRef.from_json(state["target"])
        return cls(sources, target, from_json_scalar(state["level"]))


def _exact_series(
    values: NDArray[Any], special: NDArray[np.object_], column: Column, present: Mask
) -> pd.Series:
    """Write numbers that stand as they are, even beyond the range of the training table."""
    return numbers_to_series(values, special, replace(column, minimum=None, maximum=None), present)


def _holds(cells: TypedSeries, level: Scalar) -> Mask:
    """Return which rows hold a level; of None, which are filled."""
    if level is None:
        same = [not is_absent(other) for other in cells.levels]
    else:
        same = [level_key(other) == level_key(level) for other in cells.levels]
    return np.array(same, np.bool_)[cells.codes]


@dataclass(frozen=True)
class ElapsedDependency(Dependency):
    """The target is the time between two dates, in whole years, days or the like.

    Parameters
    ----------
    start, end
        The dates; one of them may be a year.
    target
        The number; missing where one of the dates is.
    measure
        "full years", "full months", one of `CALENDAR` or a unit of `LENGTHS`; a length is rounded
        to the target's decimals, or cut where "cut " stands before the unit.
    special
        What the target is where a date is missing.
    offset
        What the target has more, as a stay that counts its first day and its last one.
    least
        The least that the target can be, as 0 days late where the end comes before the start.
    """

    name: ClassVar[str] = "elapsed"
    start: ColumnRef
    end: ColumnRef
    target: ColumnRef
    measure: str
    special: Scalar = None
    offset: int = 0
    least: int | None = None

    def __post_init__(self) -> None:
        if self.measure.removeprefix("cut ") not in {*YEARS, *CALENDAR, *LENGTHS}:
            raise ValueError(f"elapsed: {self.measure!r:.40} is no measure of time")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.start.position, self.end.position, self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        measure = self.measure.replace("cut", "full")
        more = f"{abs(self.offset)} {'more' if self.offset > 0 else 'less'} than "
        return (
            f"{self.target} is {more if self.offset else ''}the number of {measure} "
            f"from {self.start} to {self.end}"
            f"{'' if self.least is None else f', at least {self.least}'}"
        )

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Measure the time between the dates."""
        at, column = self.target
        start, end = table[self.start.position], table[self.end.position]
        present = start.numbers.present & end.numbers.present
        values = self._bounded(_measured(self.measure, start, end))
        if column.kind == "integer":
            values = np.rint(values).astype(np.int64)
        special = np.full(len(present), None, object)
        special[~present] = self.special
        series = _exact_series(values, special, column, present)
        return with_cells(table, {at: TypedSeries(column, series)})

    def _bounded(self, measured: Floats) -> Floats:
        """Return what the target is where so much time lies between the dates."""
        values = measured + self.offset
        return values if self.least is None else np.maximum(values, self.least)

    def propagate(self, table: ColumnFrame, fixed: Mask) -> ColumnFrame:
        """Move a free date to where a fixed time is kept, the end first; else measure the time."""
        at, column = self.target
        for place, moved in ((1, self.end), (0, self.start)):
            rows = fixed[:, at] & ~fixed[:, moved.position] & ~self._is_kept(table)
            if rows.any():
                numbers = [table[position].numbers for position in self.positions]
                new = write_column(self._moved(numbers, place), moved.column)
                cells = replaced(table[moved.position].values, rows, new)
                table = with_cells(table, {moved.position: TypedSeries(moved.column, cells)})
        told = fixed[:, at] & self._is_kept(table)
        fixed[:, [self.start.position, self.end.position]] |= told[:, None]
        measured = replaced(table[at].values, ~fixed[:, at], self.restore(table)[at].values)
        return with_cells(table, {at: TypedSeries(column, measured)})

    def _is_kept(self, table: ColumnFrame) -> Mask:
        """Return the rows whose time is that between the dates, or where none has to be."""
        start, end, own = (table[at] for at in self.positions)
        there = start.numbers.present & end.numbers.present
        measured = self._bounded(_measured(self.measure, start, end))
        near = np.abs(measured - own.numbers.values) <= _slack(own.column) + SAME * np.abs(measured)
        return np.where(own.numbers.present, there & near, True)

    def _moved(self, numbers: Sequence[Numbers], place: int) -> Numbers:
        """Return one date so that the time is kept, near to what it was; or to the other one.

        Parameters
        ----------
        numbers
            Those of the start, the end and the time.
        place
            0 for the start, 1 for the end.
        """
        columns, own, other = (self.start.column, self.end.column), numbers[place], 1 - place
        dates = [_moments(columns[at], numbers[at].values) for at in (0, 1)]
        near = dates[other].astype(dates[place].dtype)
        dates[place] = np.where(own.present, dates[place], near)
        for _ in range(MOVES):
            missed = numbers[2].values - self.offset - _time_between(self.measure, *dates)
            dates[place] = _later(self.measure, dates[place], missed if place else -missed)
        if self.measure in LENGTHS and decimals_of(self.target.column):
            dates[place] = self._rounded(dates, place, numbers[2].values)
        there = own.present | (numbers[other].present & numbers[2].present)
        special = own.special.copy()
        special[there] = None
        return own._replace(
            values=_ticks_of(dates[place], columns[place]), present=there, special=special
        )

    def _rounded(self, dates: Sequence[Moments], place: int, wanted: NDArray[Any]) -> Moments:
        """Round one date to the longest unit that keeps the time, which is rounded itself."""
        rounded, slack = dates[place], _slack(self.target.column)
        ticks = rounded.dtype.str.replace("M", "m")
        for unit in ("s", "m", "h", "D"):
            half: Any = np.array(1).astype(f"m8[{unit}]").astype(ticks)
            tried = (dates[place] + half // 2).astype(f"M8[{unit}]").astype(rounded.dtype)
            one, two = (dates[0], tried) if place else (tried, dates[1])
            missed = wanted - self.offset - _time_between(self.measure, one, two)
            rounded = np.where(np.abs(missed) <= slack, tried, rounded)
        return rounded

    def solve(self, numbers: Sequence[Numbers], place: int) -> Numbers:
        """Return what one column must be, given the others; nothing where they leave a choice.

        Parameters
        ----------
        numbers
            Those of the columns, in the order of `positions`.
        place
            The column's place among them.
        """
        own, others = numbers[place], [*numbers]
        del others[place]
        there = others[0].present & others[1].present
        if place == 2:
            columns = self.start.column, self.end.column
            dates = [_moments(columns[at], numbers[at].values) for at in (0, 1)]
            values = self._bounded(_time_between(self.measure, *dates))
            return own._replace(values=values, present=there)
        if self.measure not in LENGTHS or decimals_of(self.target.column) != 0:
            return own._replace(present=np.zeros_like(there))
        if self.least is not None:
            there &= others[1].values > self.least
        field = self.end if place == 0 else self.start
        moments = _moments(field.column, others[0].values)
        whole = moments == moments.astype(f"M8[{LENGTHS[self.measure]}]")
        others.insert(place, own._replace(present=np.zeros_like(there)))
        return self._moved(others, place)._replace(present=there & whole)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "start": self.start.to_json(),
            "end": self.end.to_json(),
            "target": self.target.to_json(),
            "measure": self.measure,
            "special": to_json_scalar(self.special),
            **({"offset": self.offset} if self.offset else {}),
            **({} if self.least is None else {"least": self.least}),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        start, end, target = (ColumnRef.from_json(state[key]) for key in ("start", "end", "target"))
        special, offset = from_json_scalar(state["special"]), int(state.get("offset", 0))
        least = None if state.get("least") is None else int(state["least"])
        return cls(start, end, target, str(state["measure"]), special, offset, least)


def _moments(column: Column, values: NDArray[Any]) -> Moments:
    """Return dates as moments, and years as their beginnings."""
    if column.kind in NUMBERS:
        years: Moments = (values.astype(np.int64) - 1970).view("M8[Y]")
        return years
    ticks: Moments = values.astype(np.int64).view(f"M8[{unit_of(column)}]")
    return ticks


def _ticks_of(moments: Moments, column: Column) -> NDArray[np.int64]:
    """Return moments as ticks of a column, or as its years."""
    if column.kind in NUMBERS:
        return moments.astype("M8[Y]").astype(np.int64) + 1970
    return moments.astype(f"M8[{unit_of(column)}]").astype(np.int64)


def _later(measure: str, moments: Moments, distance: Floats) -> Moments:
    """Move dates by so many units of a measure, to the nearest tick."""
    if moments.dtype == "M8[Y]":
        years: Moments = moments + np.rint(distance).astype(np.int64)
        return years
    if measure in MONTHS:
        return shifted(moments, "M", np.rint(distance * MONTHS[measure]).astype(np.int64))
    name = measure.removeprefix("cut ")
    length: Any = np.array(1).astype(f"m8[{LENGTHS.get(name, 'D')}]")
    tick: Any = np.array(1).astype(moments.dtype.str.replace("M8", "m8"))
    later: Moments = moments + np.rint(distance * (length / tick)).astype(np.int64)
    return later


def _measured(measure: str, start: TypedSeries, end: TypedSeries) -> Floats:
    """Return the time between two dates in each row; it does not count where one is missing."""
    one, two = (_moments(cells.column, cells.numbers.values) for cells in (start, end))
    return _time_between(measure, one, two)


def _time_between(measure: str, one: Moments, two: Moments) -> Floats:
    """Return the time between moments."""
    if measure in CALENDAR:
        cut = CALENDAR[measure]
        parts: Floats = (two.astype(cut) - one.astype(cut)).astype(np.float64)
        return parts
    if measure in ("full years", "full months"):
        months = (two.astype("M8[M]") - one.astype("M8[M]")).astype(np.int64)
        rest_of_one = one - one.astype("M8[M]").astype(one.dtype)
        rest_of_two = two - two.astype("M8[M]").astype(two.dtype)
        months -= rest_of_two < rest_of_one
        full: Floats = (months // 12 if measure == "full years" else months).astype(np.float64)
        return full
    unit: Any = np.array(1).astype(f"m8[{LENGTHS[measure.removeprefix('cut ')]}]")
    length: Floats = (two - one) / unit
    return np.floor(length) if measure.startswith("cut ") else length


def find_counted(
    table: ColumnFrame, rng: np.random.Generator, kept: Collection[int] = ()
) -> list[CountDependency | ElapsedDependency]:
    """Find the columns of numbers that are counted off the other columns of their row.

    Parameters
    ----------
    table
        The training table.
    rng
        Draws the rows on which rules are tried first, and shuffles columns.
    kept
        Positions of columns that may be counted from but are not left out.
    """
    sample = sample_of(table, rng)
    targets = [
        at
        for at, cells in sample.items()
        if cells.column.kind in NUMBERS and at not in kept and _is_target(cells)
    ][:MOST_COUNTED]
    found: list[CountDependency | ElapsedDependency] = []
    taken = set[int]()
    candidates: list[CountDependency | ElapsedDependency] = [
        *sorted(_elapsed(sample, table, targets), key=lambda rule: abs(rule.offset)),
        *_counts(sample, table, targets),
    ]
    for rule in candidates:
        *sources, target = rule.positions
        used = {at for other in found for at in other.positions}
        if target in used or taken & {*sources}:
            continue
        if _is_evident(rule, sample, rng, len(candidates) + len(table) ** 2) and _keep(rule, table):
            found.append(rule)
            taken.add(target)
    return found


def _is_target(cells: TypedSeries) -> bool:
    numbers = cells.numbers
    there = numbers.values[numbers.present]
    return len(there) > 0 and there.min() < there.max()


def _elapsed(
    sample: ColumnFrame, table: ColumnFrame, targets: Sequence[int]
) -> Iterator[ElapsedDependency]:
    """Yield the times between dates that the first rows allow."""
    dates = [at for at, cells in sample.items() if _is_date(cells)][:MOST_COUNTED]
    years = [at for at, cells in sample.items() if _are_years(cells)][:MOST_COUNTED]
    if not dates or not targets:
        return
    first = np.arange(min(HINT_ROWS, count_rows(sample)))
    head = {at: sample[at].take(first) for at in {*dates, *years, *targets}}
    values = np.array([head[at].numbers.values for at in targets], np.float64)
    present = np.array([head[at].numbers.present for at in targets])
    slack = np.array([_slack(head[at].column) for at in targets])[:, None]
    for start, end in permutations([*dates, *years], 2):
        if {start, end} <= {*years}:
            continue  # a difference of numbers
        there = head[start].numbers.present & head[end].numbers.present
        alike = np.flatnonzero((present == there).all(axis=1))
        for measure in _measures(head[start], head[end]) if len(alike) and there.any() else ():
            measured = _measured(measure, head[start], head[end])
            near = slack[alike] + SAME * np.abs(measured[there])
            fits = _offsets(values[np.ix_(alike, there)], measured[there], near)
            for place, (offset, least) in fits.items():
                one, other, own = (
                    field_at(table, at) for at in (start, end, targets[alike[place]])
                )
                marks = _marks_of(head[own.position])
                if len(marks) <= 1 and own.position not in (start, end):
                    special = next(iter(marks), None)
                    yield ElapsedDependency(one, other, own, measure, special, offset, least)


def _offsets(values: Floats, measured: Floats, slack: Floats) -> dict[int, tuple[int, int | None]]:
    """Return by how much columns exceed a time in a few rows, and the least that they are.

    Parameters
    ----------
    values
        The numbers of each column, shape (columns, rows).
    measured
        The time, shape (rows,).
    slack
        How far a column may be from it, shape (columns, rows).
    """
    found: dict[int, tuple[int, int | None]] = {}
    more = values - measured
    offsets = np.rint(np.median(more, axis=1))
    near = np.all(np.abs(more - offsets[:, None]) <= slack, axis=1).tolist()
    for place, own in enumerate(values):
        least = float(own.min())
        above = own > least
        if near[place]:
            found[place] = int(offsets[place]), None
        elif min(above.sum(), (~above).sum()) >= LEAST_BOUNDED and least.is_integer():
            offset = np.rint(np.median(more[place, above]))
            bounded = np.maximum(measured + offset, least)
            if (np.abs(own - bounded) <= slack[place]).all():
                found[place] = int(offset), int(least)
    return found


def _marks_of(cells: TypedSeries) -> list[Scalar]:
    """Return what stands where there is no number."""
    special = cells.numbers.special[~cells.numbers.present]
    return [*{level_key(value): value for value in special}.values()]


def _measures(start: TypedSeries, end: TypedSeries) -> list[str]:
    """Return the measures that two dates, or a date and a year, tell."""
    if {start.column.kind, end.column.kind} & NUMBERS:
        return ["calendar years"]
    fine = min(FINEST.get(unit_of(cells.column), 3) for cells in (start, end))
    units = [name for name, unit in LENGTHS.items() if FINEST.get(unit, 0) <= fine]
    cut = [f"cut {name}" for name in units if fine or name == "weeks"]
    return [*YEARS, *units, *cut, "calendar months", *(["calendar days"] if fine else [])]


def _are_years(cells: TypedSeries) -> bool:
    if cells.column.kind != "integer" or cells.column.is_generated:
        return False
    there = cells.numbers.values[cells.numbers.present]
    return len(there) > 0 and bool(there.min() >= FIRST_YEAR and there.max() <= LAST_YEAR)


def _is_date(cells: TypedSeries) -> bool:
    return cells.column.kind == "datetime" and unit_of(cells.column) in (*FINEST, "ms", "us", "ns")


def _slack(target: Column) -> float:
    decimals = decimals_of(target)
    return 1e-9 if decimals is None else 0.5 * 10.0**-decimals * (1 + 1e-9)


def _counts(
    sample: ColumnFrame, table: ColumnFrame, targets: Sequence[int]
) -> Iterator[CountDependency]:
    """Yield the counts of levels that fit a sample of the rows, by least squares."""
    whole = [at for at in targets if _is_small_count(sample[at])]
    if not whole:
        return
    held = Counter[tuple[Any, ...]]()
    levels: dict[tuple[Any, ...], Scalar] = {}
    for cells in sample.values():
        if cells.column.is_generated or len(cells.levels) > FEW_LEVELS:
            continue
        for level in cells.levels:
            if not is_absent(level):
                held[level_key(level)] += 1
                levels[level_key(level)] = level
    counted = [levels[key] for key, n in held.most_common(MOST_LEVELS) if n >= LEAST_MEMBERS]
    for level in (*counted, None):
        columns = _with_level(sample, level)
        for target in whole:
            members = [at for at in columns if at != target]
            if len(members) < LEAST_MEMBERS:
                continue
            matrix = np.array([columns[at] for at in members], np.float64)
            if matrix.shape[1] < 2 * len(members):
                continue
            own = sample[target].numbers.values.astype(np.float64)
            weights = np.linalg.lstsq(matrix.T, own)[0]
            is_member = np.abs(weights - 1) < 1e-6
            if (is_member | (np.abs(weights) < 1e-6)).all() and is_member.sum() >= LEAST_MEMBERS:
                sources = [at for at, is_in in zip(members, is_member, strict=True) if is_in]
                fields = tuple(field_at(table, at) for at in sources)
                yield CountDependency(fields, field_at(table, target), level)


def _with_level(sample: ColumnFrame, level: Scalar) -> dict[int, Mask]:
    """Return where columns hold a level, of those that hold it in some rows."""
    columns: dict[int, Mask] = {}
    for at, cells in sample.items():
        if level is not None and (cells.column.is_generated or len(cells.levels) > FEW_LEVELS):
            continue
        holds = _holds(cells, level)
        if holds.any() and not holds.all() and len(columns) < MOST_MEMBERS:
            columns[at] = holds
    return columns


def _is_small_count(cells: TypedSeries) -> bool:
    numbers = cells.numbers
    if not numbers.present.all() or cells.column.kind != "integer":
        return False
    return bool(numbers.values.min() >= 0 and numbers.values.max() <= MOST_MEMBERS)


def _keep(rule: CountDependency | ElapsedDependency, table: ColumnFrame) -> bool:
    """Return whether a rule holds in all rows."""
    own = table[rule.target.position].numbers
    if isinstance(rule, ElapsedDependency):  # only then can the column be without a number
        dates = (table[rule.start.position].numbers, table[rule.end.position].numbers)
        if not np.array_equal(own.present, dates[0].present & dates[1].present):
            return False
    made = rule.restore(rule.reduce({at: table[at] for at in rule.positions}))
    again = made[rule.target.position].numbers
    return bool(
        np.array_equal(own.present, again.present)
        and np.allclose(own.values[own.present], again.values[own.present], rtol=SAME, atol=1e-9)
    )


def _is_evident(
    rule: CountDependency | ElapsedDependency,
    sample: ColumnFrame,
    rng: np.random.Generator,
    tried: int,
) -> bool:
    """Return whether the sample keeps a rule, and would not if a column were shuffled."""
    own = {at: sample[at] for at in rule.positions}
    if not _keep(rule, own):
        return False
    order = rng.permutation(count_rows(sample))
    for at in rule.positions[:-1]:
        made = rule.restore({**rule.reduce(own), at: own[at].take(order)})
        numbers, again = own[rule.target.position].numbers, made[rule.target.position].numbers
        there = numbers.present & again.present
        broken = float((numbers.values != again.values)[there].mean()) if there.any() else 0.0
        if broken < LEAST_BROKEN or not is_beyond_chance(broken, int(there.sum()), tried):
            return False
    return True


def find_ages(
    table: ColumnFrame, rng: np.random.Generator, kept: Collection[int] = ()
) -> list[PartDependency]:
    """Find the whole numbers that are ages: full years, months or days from a date to one day.

    Parameters
    ----------
    table
        The training table.
    rng
        Draws the rows on which ages are tried first.
    kept
        Positions of columns that may not be left out.
    """
    sample = sample_of(table, rng)
    whole = [at for at in sample if at not in kept and sample[at].column.kind == "integer"]
    targets = [at for at in whole if _is_target(sample[at])][:MOST_COUNTED]
    dates = [at for at, cells in sample.items() if _is_date(cells)][:MOST_COUNTED]
    first = np.arange(min(HINT_ROWS, count_rows(sample)))
    head = {at: sample[at].take(first) for at in {*dates, *targets}}
    found: dict[int, PartDependency] = {}
    for source, target, unit in product(dates, targets, AGES):
        if target in found or any(
            _day_of(rows[source], rows[target], unit) is None for rows in (head, sample)
        ):
            continue
        day = _day_of(table[source], table[target], unit)
        if day is not None and _is_varied(table[target], len(dates) * len(targets) * len(AGES)):
            fields = field_at(table, source), field_at(table, target)
            special = next(iter(_marks_of(table[target])), None)
            part = age_at(day, unit).name
            found[target] = PartDependency(*fields, part, special=special)
    return [*found.values()]


def _day_of(start: TypedSeries, own: TypedSeries, unit: str) -> np.datetime64 | None:
    """Return a day on which the time since all dates is a column; None if there is none.

    Of several days it is the one in the middle, which is nobody's own.
    """
    there = own.numbers.present
    if not there.any() or not np.array_equal(there, start.numbers.present):
        return None
    ages = own.numbers.values[there].astype(np.int64)
    if ages.min() < 0 or ages.max() > MOST_AGE:
        return None
    days = _moments(start.column, start.numbers.values[there]).astype("M8[D]")
    first = int(AGES[unit].reached(days, ages).max())
    end = int(AGES[unit].reached(days, ages + 1).min())
    if first >= end or len(_marks_of(own)) > 1:
        return None
    return np.datetime64((first + end - 1) // 2, "D")


def _is_varied(cells: TypedSeries, tried: int) -> bool:
    """Return whether a column would hardly be an age if it were shuffled."""
    values = cells.numbers.values[cells.numbers.present]
    shares = np.unique(values, return_counts=True)[1] / len(values)
    return is_beyond_chance(1 - float((shares**2).sum()), len(values), tried)
