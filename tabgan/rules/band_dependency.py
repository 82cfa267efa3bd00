"""Levels that follow from where a number lies: a size, a grade, an age band, the winner of a match.

What is measured is a number or date itself, the difference of two (so that a comparison or a sign
decides), or a part of a date such as its weekday. In order of the measure the levels form a few
runs: each range of numbers has one level. With many rows chance shows hardly any such table.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from tabgan.rules.base_rules import Dependency
from tabgan.rules.functional_dependency import LEAST_VARIETY, LEVEL, ROWS_PER_LEVEL
from tabgan.rules.numeric_axis import (
    NumericAxis,
    by_axis,
    finest_unit,
    from_axis,
    to_axis,
)
from tabgan.rules.part_dependency import PARTS, UNITS, Part, parts_of, sources_of
from tabgan.table.columns import (
    NUMBERS,
    TICKS,
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    decimals_of,
    field_at,
    level_key,
    replaced,
    sample_of,
    with_cells,
    without,
    write_column,
)
from tabgan.table.level_codes import levels_to_series
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column

__all__ = ["MOST_COMPARED", "BandDependency", "find_bands"]

VALUE, DIFFERENCE = "value", "difference"

MOST_LEVELS = 24  # of a column that follows from a number
MOST_OUTCOMES = 8  # levels of a comparison
MOST_BANDS = 400  # as of the months of many years
MORE_BANDS = 2  # than levels: too low and too high may be one level, December goes with January
LEAST_BROKEN = 0.05  # share of rows in which a difference fails when one side is shuffled
LEAST_BAND = 0.01  # share of the rows of a band, where a level has several
VALUES_PER_BAND = 3  # at least, on average: else single values determine levels
HINT_ROWS = 250  # enough to refute most
REFUTING_ROWS = 1_000  # enough to refute most that these leave
MOST_COMPARED = 40  # columns of one axis whose differences are tried
SHOWN = 4  # bands in a description


class _Measure(NamedTuple):
    """What decides: a name (`VALUE`, `DIFFERENCE`, of a part), the columns, the axis's unit."""

    name: str
    sources: tuple[int, ...]
    unit: str | None

    def of(self, table: ColumnFrame, columns: Sequence[Column] | None = None) -> NumericAxis:
        """Measure each row."""
        cells = [table[at] for at in self.sources]
        if columns is not None:
            cells = [own.with_column(column) for own, column in zip(cells, columns, strict=True)]
        if self.name in PARTS:
            numbers = cells[0].numbers
            return NumericAxis(PARTS[self.name].of(numbers, cells[0].column), numbers.present)
        axes = [to_axis(own, self.unit) for own in cells]
        if self.name == VALUE:
            return axes[0]
        values = axes[0].values - axes[1].values
        decimals = [decimals_of(own.column) for own in cells]
        if self.unit is None and None not in decimals:  # 0.3 - 0.1 is not 0.2
            with np.errstate(over="ignore"):
                rounded = np.round(values, max(places or 0 for places in decimals))
            values = np.where(np.isfinite(rounded), rounded, values)
        return NumericAxis(values, axes[0].present & axes[1].present)


@dataclass(frozen=True)
class BandDependency(Dependency):
    """The target's level is that of the range in which a measure of the sources lies.

    Parameters
    ----------
    sources, target
        One column that is measured, or two that are compared; and the column of levels.
    measure
        ``"value"``, ``"difference"`` (the first source less the second), or a part of a date.
    unit
        Unit of time of the sources' axis; None for numbers.
    bounds
        Where the ranges begin, but for the first one; ascending.
    levels
        The target's levels.
    image
        The number of the level in each range, and at last where there is no measure.
    """

    name: ClassVar[str] = "bands"
    sources: tuple[ColumnRef, ...]
    target: ColumnRef
    measure: str
    unit: str | None
    bounds: tuple[int | float, ...]
    levels: tuple[Scalar, ...]
    image: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.measure not in (VALUE, DIFFERENCE, *PARTS):
            raise ValueError(f"bands: there is no measure {self.measure!r:.40}")
        if len(self.sources) != (2 if self.measure == DIFFERENCE else 1):
            raise ValueError("bands: a difference has two sources, another measure has one")
        if not all(type(bound) in (int, float) and np.isfinite(bound) for bound in self.bounds):
            raise TypeError("bands: bounds must be finite numbers")
        if (np.diff(np.array(self.bounds, float)) < 0).any():
            raise ValueError("bands: bounds must not descend")
        n_levels = len(self.levels)
        if len(self.image) != len(self.bounds) + 2:
            raise ValueError("bands: each range needs a level, and so does a missing number")
        if not all(0 <= number < n_levels for number in self.image):
            raise ValueError(f"bands: there are only {n_levels} levels")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return (*(source.position for source in self.sources), self.target.position)

    @property
    def _measured(self) -> _Measure:
        return _Measure(self.measure, tuple(at for at, _ in self.sources), self.unit)

    def describe(self) -> str:
        """Describe the rule in words."""
        if self.measure in PARTS:
            return (
                f"{self.target} follows from the {PARTS[self.measure].words} of {self.sources[0]}"
            )
        if self.measure == DIFFERENCE:
            one, other = self.sources
            return f"{self.target} follows from {one} - {other}{self._ranges()}"
        return f"{self.target} follows from {self.sources[0]}{self._ranges()}"

    def _ranges(self) -> str:
        """Name the ranges of numbers, if they are few."""
        if self.sources[0].column.kind in TICKS or len(self.bounds) >= SHOWN:
            return f" ({len(self.bounds) + 1} ranges)"
        levels = [self.levels[number] for number in self.image]
        below = [f"{levels[at]} below {bound:.12g}" for at, bound in enumerate(self.bounds)]
        return f" ({', '.join(below)}, {levels[len(self.bounds)]} above)"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Give each row the level of its range."""
        codes = np.array(self.image, np.int32)[self._ranges_of(self._axis(table))]
        values = levels_to_series(list(self.levels), codes, self.target.column)
        return with_cells(table, {self.target.position: TypedSeries(self.target.column, values)})

    def _axis(self, table: ColumnFrame) -> NumericAxis:
        return self._measured.of(table, [column for _, column in self.sources])

    def _ranges_of(self, axis: NumericAxis) -> NDArray[np.intp]:
        places = np.searchsorted(np.array(self.bounds), axis.values, side="right")
        return np.where(axis.present, places, len(self.bounds) + 1)

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Move a free source to a range of the level that is fixed; else look the level up."""
        target = self.target.position
        codes, levels = table[target].codes, table[target].levels
        place = {level_key(level): number for number, level in enumerate(self.levels)}
        wanted = np.array([place.get(level_key(level), -1) for level in levels])[codes]
        image = np.array(self.image)
        for which, (at, column) in enumerate(self.sources):
            axis = self._axis(table)
            wrong = axis.present & fixed[:, target] & ~fixed[:, at] & (wanted >= 0)
            wrong &= image[self._ranges_of(axis)] != wanted
            if wrong.any():
                values = self._moved(table, which, axis, wanted, wrong)
                cells = replaced(table[at][1], wrong, values)
                table = with_cells(table, {at: TypedSeries(column, cells)})
        for at, _ in self.sources:
            fixed[:, at] |= fixed[:, target]
        looked_up = replaced(table[target][1], ~fixed[:, target], self.restore(table)[target][1])
        return with_cells(table, {target: TypedSeries(self.target.column, looked_up)})

    def _moved(
        self,
        table: ColumnFrame,
        which: int,
        axis: NumericAxis,
        wanted: NDArray[np.int64],
        rows: NDArray[np.bool_],
    ) -> pd.Series:
        """Return a source with other values in some rows, in the nearest range that suits."""
        at, column = self.sources[which]
        cells = table[at].with_column(column)
        if self.measure in PARTS:
            return self._with_parts(cells, wanted, rows)
        moved = self._nearest(axis.values, wanted)
        own = to_axis(cells, self.unit).values
        sign = -1 if which else 1
        values: Any = np.where(rows, own + sign * (moved - axis.values), own).astype(own.dtype)
        return from_axis(values, cells, self.unit)

    def _with_parts(
        self, cells: TypedSeries, wanted: NDArray[np.int64], rows: NDArray[np.bool_]
    ) -> pd.Series:
        image, bounds = np.array(self.image), np.array(self.bounds)

        def fits(parts: NDArray[np.int64], places: NDArray[np.intp]) -> NDArray[np.bool_]:
            own: NDArray[np.bool_] = (
                image[np.searchsorted(bounds, parts, "right")] == wanted[places]
            )
            return own

        numbers = cells.numbers
        values = PARTS[self.measure].moved(numbers, cells.column, rows, fits)
        return write_column(numbers._replace(values=values), cells.column)

    def _nearest(self, values: NDArray[Any], wanted: NDArray[np.int64]) -> NDArray[Any]:
        """Return the nearest measures that have the wanted levels."""
        unit = _unit_of([column for _, column in self.sources])
        best, least = values.copy(), np.full(len(values), np.inf)
        for place, number in enumerate(self.image[:-1]):
            low = self.bounds[place - 1] if place else None
            high = self.bounds[place] if place < len(self.bounds) else None
            inside = values
            if low is not None:
                inside = np.maximum(inside, low)
            if high is not None:
                inside = np.minimum(inside, _before(high, unit))
            away = np.where(wanted == number, np.abs(inside - values), np.inf)
            best, least = np.where(away < least, inside, best), np.minimum(away, least)
        return best

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "sources": [source.to_json() for source in self.sources],
            "target": self.target.to_json(),
            "measure": self.measure,
            "unit": self.unit,
            "bounds": list(self.bounds),
            "levels": [to_json_scalar(level) for level in self.levels],
            "image": list(self.image),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            tuple(ColumnRef.from_json(source) for source in state["sources"]),
            ColumnRef.from_json(state["target"]),
            str(state["measure"]),
            None if state["unit"] is None else str(state["unit"]),
            tuple(state["bounds"]),
            tuple(from_json_scalar(level) for level in state["levels"]),
            tuple(int(number) for number in state["image"]),
        )


def _unit_of(columns: Iterable[Column]) -> float | None:
    """Return the unit of the last place of numbers, 1 of ticks; None for full-precision floats."""
    places = [0 if column.kind in TICKS else decimals_of(column) for column in columns]
    return None if None in places else 10.0 ** -max(place or 0 for place in places)


def _before(bound: float, unit: float | None) -> float:
    """Return a number just below a bound; of whole numbers, which may be ticks, a whole one."""
    if unit is None:
        return bound - 1e-9 * max(abs(bound), 1.0)
    return bound - (1 if unit == 1 else unit)


def _have_several(values: NDArray[Any], codes: NDArray[np.int32]) -> bool:
    """Return whether rows of equal measures have several levels."""
    order = np.argsort(values, kind="stable")
    values, codes = values[order], codes[order]
    return bool(((values[1:] == values[:-1]) & (codes[1:] != codes[:-1])).any())


class _Runs(NamedTuple):
    """The runs of levels in order of a measure, that of rows without one at last."""

    level: NDArray[np.int64]  # of each run
    rows: NDArray[np.int64]  # how many it has
    ends: NDArray[Any]  # last value of a run and first of the next, but for missing ones
    blocks: int  # rows that equal values tell apart
    missing: int | None  # the level of rows without a measure

    @classmethod
    def of(cls, axis: NumericAxis, codes: NDArray[np.int32]) -> Self | None:
        """Return None where equal measures have several levels."""
        values, own = axis.values[axis.present], codes[axis.present]
        rest = codes[~axis.present]
        if not len(values) or (len(rest) and (rest != rest[0]).any()):
            return None
        if _have_several(values[:REFUTING_ROWS], own[:REFUTING_ROWS]):
            return None
        order = np.argsort(values, kind="stable")
        values, own = values[order], own[order]
        changes = np.flatnonzero(own[1:] != own[:-1])
        steps = values[1:] != values[:-1]
        if not steps[changes].all():
            return None
        starts = np.concatenate([[0], changes + 1])
        rows = np.diff([*starts.tolist(), len(own)])
        ends = np.column_stack([values[changes], values[changes + 1]])
        level = own[starts].astype(np.int64)
        missing = int(rest[0]) if len(rest) else None
        return cls(level, rows, ends, int(steps.sum()) + 1 + bool(len(rest)), missing)

    def log_chance(self, codes: NDArray[np.int32]) -> float:
        """Return the log of the chance of so few runs, were the levels shuffled.

        Each choice of where runs begin and of their levels stands for one table at most, of all
        those with as many rows of each level.
        """
        counts = np.bincount(codes)
        n_levels, n_runs = (
            int(np.count_nonzero(counts)),
            len(self.level) + (self.missing is not None),
        )
        tables = gammaln(len(codes) + 1) - gammaln(counts + 1).sum()
        blocks = self.blocks
        cuts = gammaln(blocks) - gammaln(n_runs) - gammaln(blocks - n_runs + 1)
        levels = np.log(n_levels) + (n_runs - 1) * np.log(max(n_levels - 1, 1))
        return float(cuts + levels - tables)

    def are_few(self, *, is_part: bool) -> bool:
        """Return whether the runs are so few that ranges of numbers have levels, not numbers."""
        n_levels, n_runs, n_rows = len(set(self.level.tolist())), len(self.level), self.rows.sum()
        if n_levels < 2:
            return False
        if n_runs > min(n_levels + MORE_BANDS, MOST_BANDS):
            return False
        if is_part:
            return bool(n_rows >= ROWS_PER_LEVEL * self.blocks)
        return n_runs == n_levels or bool(self.rows.min() >= LEAST_BAND * n_rows)


def find_bands(
    table: ColumnFrame,
    rng: np.random.Generator,
    kept: Collection[int] = (),
) -> list[BandDependency]:
    """Find the columns whose levels follow from a number, a comparison or a part of a date.

    Parameters
    ----------
    table
        The training table.
    rng
        Draws the rows on which measures are tried first.
    kept
        Positions of columns that may be measured, but do not follow.
    """
    sample = sample_of(table, rng)
    targets = {
        at: cells.codes for at, cells in sample.items() if at not in kept and _has_levels(cells)
    }
    if not targets:
        return []
    measures = [*_measures(sample)]
    trial = _Trial(table, sample, rng, len(measures) * len(targets))
    hoped = _hoped(sample, measures, targets)
    found: dict[int, BandDependency] = {}
    measured: set[int] = set()
    for target in targets:
        for measure in hoped[target]:
            if target in measured or set(measure.sources) & set(found):
                continue
            rule = trial.rule(measure, target)
            if rule is not None:
                found[target] = rule
                measured |= {*measure.sources}
                break
    return [*found.values()]


def _has_levels(cells: TypedSeries) -> bool:
    """Return whether a column has a few levels, none of them so common that it hardly varies."""
    column = cells.column
    if column.is_generated or column.kind in (*TICKS, "multiselect", "compound"):
        return False
    if not 2 <= len(cells.levels) <= MOST_BANDS:
        return False
    counts = np.bincount(cells.codes, minlength=len(cells.levels))
    if column.kind in NUMBERS and counts.min() < column.least_rows:
        return False  # a number of few rows is not written down
    return bool(counts.max() <= (1 - LEAST_VARIETY) * len(cells.codes))


def _measures(sample: ColumnFrame) -> Iterator[_Measure]:
    """Yield what may decide: values, then parts of dates, then differences."""
    groups = []
    for group in by_axis(sample):
        unit = finest_unit(cells.column for cells in group.values())
        usable = [at for at, cells in group.items() if _varies(cells, unit)]
        groups.append((unit, usable))
        yield from (_Measure(VALUE, (at,), unit) for at in usable)
    for at in sources_of(sample, TICKS):
        yield from (_Measure(part.name, (at,), None) for part in _told_parts(sample[at].column))
    for unit, usable in groups:
        for pair in combinations(usable[:MOST_COMPARED], 2):
            yield _Measure(DIFFERENCE, pair, unit)


def _varies(cells: TypedSeries, unit: str | None) -> bool:
    if cells.column.is_generated:
        return False
    try:
        axis = to_axis(cells, unit)
    except OverflowError:
        return False
    there = axis.values[axis.present]
    return bool(len(there)) and bool(there.min() < there.max())


def _told_parts(column: Column) -> list[Part]:
    """Return the parts of a column that are no dates of its own unit."""
    return [part for part in parts_of(column) if not part.name.startswith("time:")]


def _hoped(
    sample: ColumnFrame, measures: Sequence[_Measure], targets: Mapping[int, NDArray[np.int32]]
) -> dict[int, list[_Measure]]:
    """Return the measures that some rows do not refute, for each column, likely ones first."""
    rows = np.arange(min(HINT_ROWS, len(next(iter(targets.values())))))
    head = {at: cells.take(rows) for at, cells in sample.items()}
    positions = [*targets]
    codes = np.array([targets[at][rows] for at in positions])
    n_levels = np.array([len(sample[at].levels) for at in positions])
    n_bands = np.array([len(np.unique(own)) + MORE_BANDS for own in codes])
    limits = {
        VALUE: np.where(n_levels <= MOST_LEVELS, n_bands, -1),
        DIFFERENCE: np.where(n_levels <= MOST_OUTCOMES, n_bands, -1),
    }
    hoped: dict[int, list[tuple[int, int, _Measure]]] = {at: [] for at in positions}
    for place, measure in enumerate(measures):
        axis = measure.of(head)
        values = np.where(axis.present, axis.values, np.inf)
        order = np.argsort(values, kind="stable")
        values, own = values[order], codes[:, order]
        changes = own[:, 1:] != own[:, :-1]
        n_changes = changes.sum(axis=1)
        limit = limits.get(measure.name, n_bands)
        fits = ~(changes & (values[1:] == values[:-1])).any(axis=1) & (n_changes <= limit)
        for at in np.flatnonzero(fits).tolist():
            if positions[at] not in measure.sources:
                hoped[positions[at]].append((int(n_changes[at]), place, measure))
    return {
        at: [measure for *_, measure in sorted(own, key=lambda one: one[:2])]
        for at, own in hoped.items()
    }


class _Trial(NamedTuple):
    """Rows on which a rule is tried before all of them, and what chance has to explain."""

    table: ColumnFrame
    sample: ColumnFrame
    rng: np.random.Generator
    tried: int

    def rule(self, measure: _Measure, target: int) -> BandDependency | None:
        """Return the rule if all rows keep it, and chance hardly shows it."""
        if not self._is_hopeful(measure, target):
            return None
        runs = self._runs(self.table, measure, target)
        if runs is None:
            return None
        columns = [self.table[at].column for at in measure.sources]
        bounds = [_bound(low, high, measure, columns) for low, high in runs.ends.tolist()]
        missing = int(runs.level[0]) if runs.missing is None else runs.missing
        return BandDependency(
            tuple(field_at(self.table, at) for at in measure.sources),
            field_at(self.table, target),
            measure.name,
            measure.unit,
            tuple(bounds),
            tuple(self.table[target].levels),
            (*runs.level.tolist(), missing),
        )

    def _runs(self, stage: ColumnFrame, measure: _Measure, target: int) -> _Runs | None:
        codes = stage[target].codes
        runs = _Runs.of(measure.of(stage), codes)
        if runs is None:
            return None
        is_part = measure.name in PARTS
        values = len(stage[measure.sources[0]].levels) if is_part else runs.blocks
        if values < VALUES_PER_BAND * len(runs.level) or not runs.are_few(is_part=is_part):
            return None
        is_accident = np.log(self.tried) + runs.log_chance(codes) > np.log(LEVEL)
        return None if is_accident else runs

    def _is_hopeful(self, measure: _Measure, target: int) -> bool:
        """Return whether the sample has the rule, and both sides of a difference matter to it."""
        runs = self._runs(self.sample, measure, target)
        if runs is None or measure.name != DIFFERENCE:
            return runs is not None
        bounds = runs.ends[:, 1].tolist()
        codes = self.sample[target].codes
        order = self.rng.permutation(len(codes))
        for at in measure.sources:
            axis = measure.of(self.sample | {at: self.sample[at].take(order)})
            level = runs.level[np.searchsorted(bounds, axis.values, side="right")]
            if (level != codes)[axis.present].mean() < LEAST_BROKEN:
                return False
        return True


def _bound(low: Any, high: Any, measure: _Measure, columns: Sequence[Column]) -> int | float:
    """Return where the upper of two runs begins: at the roundest number between them.

    So no number of a single row is written down, unless it is the next one.
    """
    if measure.name in PARTS:
        return int(low + high) // 2 + 1
    unit = _unit_of(columns)
    if measure.unit is not None:
        return _round_time(int(low), int(high), measure)
    if unit is not None and high - low <= unit * 1.5:
        return float(high if measure.name == VALUE or unit == 1 else (low + high) / 2)
    number = _roundest(float(low), float(high))
    if number > low:
        return number
    return float(low + unit / 2) if unit is not None else float(np.nextafter(low, np.inf))


def _roundest(low: float, high: float) -> float:
    """Return the number of fewest digits from one to another.

    Examples
    --------
    >>> _roundest(2999.98, 3002.1), _roundest(-0.2, 0.7), _roundest(0.128, 0.131)
    (3000.0, 0.0, 0.13)
    """
    if low <= 0 <= high:
        return 0.0
    size = int(np.floor(np.log10(max(abs(low), abs(high))))) + 1
    for place in range(size, size - 18, -1):
        for step in (10.0**place, 5 * 10.0 ** (place - 1), 2 * 10.0 ** (place - 1)):
            number = float(f"{np.ceil(low / step) * step:.15g}")
            if low <= number <= high:
                return number
    return high


def _round_time(low: int, high: int, measure: _Measure) -> int:
    """Return the first tick of the longest stretch of time that begins between two ticks."""
    unit: Any = measure.unit
    if measure.name == DIFFERENCE and low <= 0 <= high:
        return int(low == 0)
    longer: Any
    for longer in UNITS[: UNITS.index(unit)] if unit in UNITS else ():
        if measure.name == DIFFERENCE:
            size = (
                1 if longer in "YM" else int(np.timedelta64(1, longer) // np.timedelta64(1, unit))
            )
            start = high // size * size if size > 1 else low
        else:
            moment = np.datetime64(high, unit).astype(f"M8[{longer}]")
            start = int(moment.astype(f"M8[{unit}]").astype(np.int64))
        if low < start <= high:
            return start
    return high
