"""Columns that are part of another column's date or number: the day of a moment, a month, digits.

A column that is a part, or a part and a constant
(a weekday from 1 to 7), is left out of training and computed, whatever its form.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.rules.base_rules import Dependency, Mask
from tabgan.rules.find_identities import is_beyond_chance
from tabgan.rules.order_dependency import DateFormShares
from tabgan.table.columns import (
    EXACT,
    NUMBERS,
    TICKS,
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    count_rows,
    decimals_of,
    field_at,
    level_key,
    replaced,
    sample_of,
    with_cells,
    without,
    write_column,
)
from tabgan.table.dates import range_of_ticks, shifted, unit_of
from tabgan.table.numbers import Numbers
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column

__all__ = [
    "MOST_SOURCES",
    "PARTS",
    "UNITS",
    "Part",
    "PartDependency",
    "find_parts",
    "part_named",
    "parts_of",
    "sources_of",
]

Integers = NDArray[np.int64]
Moments = NDArray[np.datetime64]

UNITS = ("Y", "M", "D", "h", "m", "s", "ms", "us", "ns")  # of ticks, the finest last
LEAST_BROKEN = 0.05  # share of rows in which a shuffled column would be no part
HINT_ROWS = 50  # enough to refute most pairs
MOST_DIGITS = 6
MOST_SOURCES = 60  # columns of each type whose parts are tried
FARTHEST = 2**53  # that a part may be from its column


class _Shift(NamedTuple):
    """How a date moves to another part: by up to so many units, forth or back."""

    unit: str
    most: int


@dataclass(frozen=True)
class Part:
    """A whole number that is read off a date or a number.

    Parameters
    ----------
    name
        Its name in JSON.
    words
        The same in words.
    unit
        The unit of time that the source has to tell apart; None for numbers.
    read
        Reads it off moments, or off numbers.
    shift
        How a date moves to one that has a wanted part; None where `set` does it.
    set
        Gives moments or numbers another part.
    is_date
        Whether it counts units of time since 1970, as the ticks of a date do.
    """

    name: str
    words: str
    unit: str | None
    read: Callable[[NDArray[Any]], Integers]
    shift: _Shift | None = None
    set: Callable[[NDArray[Any], Integers], NDArray[Any]] | None = None
    is_date: str | None = None

    def of(self, numbers: Numbers, column: Column) -> Integers:
        """Return the part in each row; it does not count where no number is present."""
        return self.read(_as_read(numbers.values, column))

    def moved(
        self,
        numbers: Numbers,
        column: Column,
        rows: NDArray[np.bool_],
        fits: Callable[[Integers, NDArray[np.intp]], NDArray[np.bool_]],
        wanted: Integers | None = None,
    ) -> NDArray[Any]:
        """Return numbers or ticks with another part in some rows, near those of before.

        Parameters
        ----------
        numbers, column
            The source, of whose range the results are.
        rows
            The rows to change.
        fits
            Returns which parts suit the rows of these numbers.
        wanted
            The one part that suits each row, where there is only one.
        """
        values = numbers.values.copy()
        places = np.flatnonzero(rows & numbers.present)
        if self.set is not None:
            if wanted is not None and len(places):
                read = self.set(_as_read(values[places], column), wanted[places])
                values[places] = _as_stored(read, column, values.dtype)
            return values
        if self.shift is None:
            return values
        low, high = range_of_ticks(column)
        distances = (sign * size for size in range(1, self.shift.most + 1) for sign in (1, -1))
        for distance in distances:
            if not len(places):
                break
            moved = shifted(_as_read(values[places], column), self.shift.unit, distance)
            ticks = _as_stored(moved, column, values.dtype).clip(low, high)
            good = fits(self.read(_as_read(ticks, column)), places)
            values[places[good]] = ticks[good]
            places = places[~good]
        return values


def _as_read(values: NDArray[Any], column: Column) -> NDArray[Any]:
    """Return ticks as moments, numbers as they are."""
    if column.kind in TICKS:
        return values.astype(np.int64).view(f"M8[{unit_of(column)}]")
    return values


def _as_stored(read: NDArray[Any], column: Column, dtype: Any) -> NDArray[Any]:
    if column.kind in TICKS:
        return read.astype(f"M8[{unit_of(column)}]").astype(np.int64)
    return read.astype(dtype)


def _count(moments: Moments, unit: str) -> Integers:
    """Count whole units since 1970."""
    counted: Integers = moments.astype(f"M8[{unit}]").astype(np.int64)
    return counted


def _year(moments: Moments) -> Integers:
    return _count(moments, "Y") + 1970


def _month(moments: Moments) -> Integers:
    return _count(moments, "M") % 12 + 1


def _quarter(moments: Moments) -> Integers:
    return (_month(moments) + 2) // 3


def _monday(moments: Moments) -> Integers:
    """Return the day of the Monday before."""
    days = _count(moments, "D")
    return days - (days + 3) % 7


def _sunday(moments: Moments) -> Integers:
    """Return the day of the Sunday before."""
    return _monday(moments + np.timedelta64(1, "D")) - 1


def _within(moments: Moments, unit: str, longer: str) -> Integers:
    """Count whole units since the last longer unit began."""
    start = moments.astype(f"M8[{longer}]").astype(f"M8[{unit}]")
    counted: Integers = (moments.astype(f"M8[{unit}]") - start).astype(np.int64)
    return counted


def _iso_week(moments: Moments) -> Integers:
    thursday = (_monday(moments) + 3).view("M8[D]")
    return _within(thursday, "D", "Y") // 7 + 1


def _of_start(count: Callable[[Moments], Integers], unit: str) -> Callable[..., Any]:
    """Return what puts moments into another stretch of time, as far from its start as before."""

    def put(moments: Moments, wanted: Integers) -> Moments:
        start: Any = count(moments).view(f"M8[{unit}]").astype(moments.dtype)
        moved: Moments = wanted.view(f"M8[{unit}]").astype(moments.dtype) + (moments - start)
        return moved

    return put


def _start(name: str, words: str, unit: str, count: Callable[[Moments], Integers]) -> Part:
    is_exact = unit not in "YM"  # a day of the month may not be there in another month
    put = _of_start(count, unit) if is_exact else None
    shift = None if is_exact else _Shift("M", 2400)
    return Part(name, words, unit, count, shift, put, is_date=unit)


def _time_of_day(unit: str) -> Part:
    def put(moments: Moments, wanted: Integers) -> Moments:
        day: Any = moments.astype("M8[D]").astype(moments.dtype)
        moved: Moments = day + wanted.view(f"m8[{unit}]").astype(f"m8[{_numpy_unit(moments)}]")
        return moved

    def read(moments: Moments) -> Integers:
        return _within(moments, unit, "D")

    return Part(f"time:{unit}", "time of day", unit, read, set=put, is_date=unit)


def _numpy_unit(moments: Moments) -> str:
    return np.datetime_data(moments.dtype)[0]


_MONTHS, _DAYS = _Shift("M", 2400), _Shift("D", 366)
_HOURS, _MINUTES, _SECONDS = _Shift("h", 23), _Shift("m", 59), _Shift("s", 59)

PARTS: dict[str, Part] = {
    part.name: part
    for part in (
        Part("year", "year", "Y", _year, _MONTHS),
        Part("year2", "last two digits of the year", "Y", lambda m: _year(m) % 100, _MONTHS),
        Part("quarter", "quarter", "M", _quarter, _MONTHS),
        Part("month", "month", "M", _month, _MONTHS),
        Part("yyyyq", "year and quarter", "M", lambda m: _year(m) * 10 + _quarter(m), _MONTHS),
        Part("yyyymm", "year and month", "M", lambda m: _year(m) * 100 + _month(m), _MONTHS),
        Part("weekday", "weekday", "D", lambda m: (_count(m, "D") + 3) % 7, _DAYS),
        Part("weekday0", "weekday from Sunday", "D", lambda m: (_count(m, "D") + 4) % 7, _DAYS),
        Part("day", "day of the month", "D", lambda m: _within(m, "D", "M") + 1, _DAYS),
        Part("week", "ISO week", "D", _iso_week, _DAYS),
        Part("week7", "seven days of the year", "D", lambda m: _within(m, "D", "Y") // 7, _DAYS),
        Part("yearday", "day of the year", "D", lambda m: _within(m, "D", "Y") + 1, _DAYS),
        Part("hour", "hour", "h", lambda m: _within(m, "h", "D"), _HOURS),
        Part("hour12", "hour of twelve", "h", lambda m: (_within(m, "h", "D") - 1) % 12, _HOURS),
        Part("minute", "minute", "m", lambda m: _within(m, "m", "h"), _MINUTES),
        Part(
            "hhmm",
            "hour and minute",
            "m",
            lambda m: _within(m, "h", "D") * 100 + _within(m, "m", "h"),
            _Shift("m", 1439),
        ),
        Part("second", "second", "s", lambda m: _within(m, "s", "m"), _SECONDS),
        # stretches of time, which a date or a number may stand for
        _start("date:Y", "start of the year", "Y", lambda m: _count(m, "Y")),
        _start("date:Q", "start of the quarter", "M", lambda m: _count(m, "M") // 3 * 3),
        _start("date:M", "month", "M", lambda m: _count(m, "M")),
        Part(
            "date:end",
            "last day of the month",
            "D",
            lambda m: (
                (m.astype("M8[M]") + np.timedelta64(1, "M")).astype("M8[D]").astype(np.int64) - 1
            ),
            _MONTHS,
            is_date="D",
        ),
        _start("date:W", "Monday of the week", "D", _monday),
        _start(
            "date:S", "Sunday of the week", "D", lambda m: _monday(m + np.timedelta64(1, "D")) - 1
        ),
        _start("date:D", "day", "D", lambda m: _count(m, "D")),
        _start("date:h", "hour", "h", lambda m: _count(m, "h")),
        _start("date:m", "minute", "m", lambda m: _count(m, "m")),
        _start("date:s", "second", "s", lambda m: _count(m, "s")),
        _time_of_day("m"),
        _time_of_day("s"),
    )
}


def _digits(digits: int) -> Iterator[Part]:
    """Yield the number without its last digits, and these."""
    size = 10**digits
    yield Part(
        f"//{size}",
        f"number without its last {digits} digits" if digits else "whole part",
        None,
        lambda x: np.floor_divide(x, size).astype(np.int64),
        set=lambda x, wanted: wanted * size + np.mod(x, size),
    )
    if digits:
        yield Part(
            f"%{size}",
            f"last {digits} digits",
            None,
            lambda x: np.floor(np.mod(x, size)).astype(np.int64),
            set=lambda x, wanted: x - np.floor(np.mod(x, size)).astype(x.dtype) + wanted,
        )


DIGITS: dict[str, Part] = {
    part.name: part for digits in range(MOST_DIGITS + 1) for part in _digits(digits)
}


def part_named(name: str) -> Part:
    """Return a part by its name in JSON."""
    return (PARTS | DIGITS)[name]


def parts_of(column: Column) -> list[Part]:
    """Return the parts that a column of dates, durations or numbers has."""
    if column.kind in NUMBERS:
        whole = decimals_of(column) == 0
        return [part for part in DIGITS.values() if part.name != "//1" or not whole]
    unit = unit_of(column)
    if unit not in UNITS:
        return []  # periods, whose own unit counts
    tells = UNITS.index(unit)
    parts = [part for part in PARTS.values() if part.unit and UNITS.index(part.unit) <= tells]
    if column.kind == "timedelta":  # has no calendar
        parts = [part for part in parts if part.unit in ("h", "m", "s")]
    return parts


@dataclass(frozen=True)
class PartDependency(Dependency):
    """The target is a part of the source's date or number, plus a constant.

    Parameters
    ----------
    source, target
        The columns; the target is one of numbers, dates or durations.
    part
        Name of the part; see `PARTS`.
    offset
        What is added to the part.
    special
        What the target is where the source has no value.
    forms
        In which form a date is written, of a target that has several; None where it has one.
    """

    name: ClassVar[str] = "part"
    source: ColumnRef
    target: ColumnRef
    part: str
    offset: int = 0
    special: Scalar = None
    forms: DateFormShares | None = None

    def __post_init__(self) -> None:
        part_named(self.part)  # a KeyError names one that there is not

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        is_moved = self.offset and self.target.column.kind in NUMBERS
        sign = "minus" if self.offset < 0 else "plus"
        added = f" {sign} {abs(self.offset)}" if is_moved else ""
        return f"{self.target} is the {part_named(self.part).words} of {self.source}{added}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Read the part off the source."""
        at, column = self.target
        numbers = table[self.source.position].numbers
        special = np.full(len(numbers.present), None, object)
        special[~numbers.present] = self.special
        # the source's range counts; of objects without a form it tells what they are
        tells = column.kind in TICKS and column.format is None and column.dtype == "object"
        written = column if tells else replace(column, minimum=None, maximum=None)
        parts = self.parts_in(numbers)
        forms = None if self.forms is None else self.forms.draw(numbers, parts, column)
        values = write_column(Numbers(parts, numbers.present, special, forms), written)
        return with_cells(table, {at: TypedSeries(column, values)})

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return in which rows the target is the part, whatever the form of a date."""
        if self.forms is None:
            return super().holds(cells)
        source, own = (cells[place].numbers for place in (0, 1))
        same = own.values == self.parts_in(source)
        return np.where(source.present, own.present & same, ~own.present)

    def parts_in(self, numbers: Numbers) -> Integers:
        """Return what the target is in each row, by the numbers of the source."""
        part = part_named(self.part)
        read = part.of(numbers, self.source.column)
        return _in_units(read, part, self.target.column) + self.offset

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Move a free source to the part that is fixed; else read the part."""
        (source, column), target = self.source, self.target.position
        part, own = part_named(self.part), table[target].numbers
        numbers = table[source].numbers
        wanted = own.values.astype(np.int64) - self.offset
        back = fixed[:, target] & ~fixed[:, source] & own.present & numbers.present
        wrong = back & (self.parts_in(numbers) - self.offset != wanted)
        if wrong.any():

            def fits(parts: Integers, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
                return np.equal(_in_units(parts, part, self.target.column), wanted[rows])

            own_unit = _from_units(wanted, part, self.target.column)
            moved = part.moved(numbers, column, wrong, fits, own_unit)
            values = write_column(numbers._replace(values=moved), column)
            cells = replaced(table[source][1], wrong, values)
            table = with_cells(table, {source: TypedSeries(column, cells)})
        fixed[:, source] |= back
        read = replaced(table[target][1], ~fixed[:, target], self.restore(table)[target][1])
        return with_cells(table, {target: TypedSeries(self.target.column, read)})

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "target": self.target.to_json(),
            "part": self.part,
            "offset": self.offset,
            "special": to_json_scalar(self.special),
            **({} if self.forms is None else {"forms": self.forms.to_json()}),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            ColumnRef.from_json(state["source"]),
            ColumnRef.from_json(state["target"]),
            str(state["part"]),
            int(state["offset"]),
            from_json_scalar(state["special"]),
            DateFormShares.from_json(state["forms"]) if "forms" in state else None,
        )


def _in_units(parts: Integers, part: Part, target: Column) -> Integers:
    """Return parts as the target counts them: stretches of time in the ticks of a date."""
    if target.kind in NUMBERS or part.is_date is None:
        return parts
    return parts.view(f"M8[{part.is_date}]").astype(f"M8[{unit_of(target)}]").astype(np.int64)


def _from_units(ticks: Integers, part: Part, target: Column) -> Integers:
    if target.kind in NUMBERS or part.is_date is None:
        return ticks
    return ticks.view(f"M8[{unit_of(target)}]").astype(f"M8[{part.is_date}]").astype(np.int64)


def find_parts(
    table: ColumnFrame, rng: np.random.Generator, kept: Collection[int] = ()
) -> list[PartDependency]:
    """Find the columns that are parts of other columns, none of which is a part itself.

    Parameters
    ----------
    table
        The training table.
    rng
        Draws the rows on which parts are tried first.
    kept
        Positions of columns that may have parts but are none.
    """
    sample = {at: own for at, own in sample_of(table, rng).items() if _is_whole(own)}
    found: dict[int, PartDependency] = {}
    for kinds in (TICKS, NUMBERS):
        sources = sources_of(sample, kinds)
        hoped = _Hopes.of(sample, sources)
        order = {at: place for place, at in enumerate(sources)}
        targets = [*sources, *(at for at in sample if at not in order)]
        tried = len(sources) * len(targets) * (len(PARTS) if kinds is TICKS else len(DIGITS))
        for target in targets:
            if target in found or target in kept:
                continue
            for source in sources[: order.get(target, len(sources))]:
                parts = hoped.parts(source, target) if source not in found else []
                rule = _rule(sample, table, (source, target), parts, tried)
                if rule is not None:
                    found[target] = rule
                    break
    return [*found.values()]


class _Hopes(NamedTuple):
    """Which parts the first rows allow."""

    own: dict[int, list[Part]]  # the parts of each source
    numbers: dict[int, NDArray[np.bool_]]  # whether a number, or a date, is one of them
    places: dict[int, int]  # of the columns in these masks

    @classmethod
    def of(cls, sample: ColumnFrame, sources: Sequence[int]) -> Self:
        """Try all parts of some sources on a few rows."""
        rows = np.arange(min(HINT_ROWS, count_rows(sample)))
        head = {at: cells.take(rows) for at, cells in sample.items()}
        columns = [at for at, cells in head.items() if cells.column.kind in NUMBERS]
        values = np.array([_floats(head[at], head[at].numbers.values) for at in columns])
        times = _Times.by_unit(head)
        order = [*columns, *(at for own in times for at in own.positions)]
        own = {source: parts_of(head[source].column) for source in sources}
        masks: dict[int, NDArray[np.bool_]] = {}
        for source in sources:
            cells, allowed = head[source], []
            for part in own[source]:
                read = part.of(cells.numbers, cells.column)
                may_be = [_differ_by_constants(values, _floats(cells, read))] if columns else []
                may_be += [dates.may_be(part, read, cells.numbers.present) for dates in times]
                allowed.append(np.concatenate(may_be))
            masks[source] = np.array(allowed).reshape(len(own[source]), len(order))
        return cls(own, masks, {at: place for place, at in enumerate(order)})

    def parts(self, source: int, target: int) -> list[Part]:
        """Return the parts of one column that another may be."""
        if target not in self.places:
            return []
        may_be = np.flatnonzero(self.numbers[source][:, self.places[target]])
        return [self.own[source][place] for place in may_be.tolist()]


class _Times(NamedTuple):
    """The first rows of the columns of dates, or of durations, of one unit."""

    column: Column  # one of them
    unit: str
    positions: list[int]
    values: Integers  # shape (columns, rows)
    present: NDArray[np.bool_]

    @classmethod
    def by_unit(cls, head: ColumnFrame) -> list[Self]:
        """Collect the columns of each kind and unit, but for periods."""
        groups: dict[tuple[str, str], list[int]] = {}
        for at, cells in head.items():
            if cells.column.kind in TICKS:
                unit = unit_of(cells.column)
                groups.setdefault((cells.column.kind, unit), []).append(at)
        return [
            cls(
                head[own[0]].column,
                unit,
                own,
                np.array([head[at].numbers.values for at in own]).astype(np.int64),
                np.array([head[at].numbers.present for at in own]),
            )
            for (_, unit), own in groups.items()
            if unit in UNITS
        ]

    def may_be(self, part: Part, read: Integers, there: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which of the columns may be a part of a source.

        Parameters
        ----------
        part, read
            The part, and what it is in the first rows of the source.
        there
            In which of them the source has a value.
        """
        is_time = part.name.startswith("time:")
        if (
            part.is_date is None
            or UNITS.index(part.is_date) > UNITS.index(self.unit)
            or (self.column.kind != "datetime" and not is_time)
        ):
            return np.zeros(len(self.positions), np.bool_)
        may: NDArray[np.bool_] = (self.present == there).all(axis=1)
        if there.any():
            away = (self.values - _in_units(read, part, self.column))[:, there]
            may &= (away == (away[:, :1] if is_time else 0)).all(axis=1)
        return may


def _floats(cells: TypedSeries, values: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(cells.numbers.present, values, np.nan)


def _differ_by_constants(
    values: NDArray[np.float64], own: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which rows of a matrix are a vector plus a constant, nan where it is nan."""
    there = ~np.isnan(own)
    same: NDArray[np.bool_] = (np.isnan(values) == ~there).all(axis=1)
    if there.any():
        differences = (values - own)[:, there]
        same &= (differences == differences[:, :1]).all(axis=1)
    return same


def sources_of(sample: ColumnFrame, kinds: Collection[str]) -> list[int]:
    """Return the columns of some kinds that may have parts, the finest first.

    Parameters
    ----------
    sample
        Columns in some rows.
    kinds
        The kinds of column.
    """
    fineness: dict[int, tuple[int, int]] = {}
    for at, cells in sample.items():
        if cells.column.kind in kinds and parts_of(cells.column):
            is_time = cells.column.kind in TICKS
            unit = UNITS.index(unit_of(cells.column)) if is_time else 0
            fineness[at] = -unit, -len(cells.levels)
    return sorted(fineness, key=lambda at: (fineness[at], at))[:MOST_SOURCES]


def _is_whole(cells: TypedSeries) -> bool:
    """Return whether a column has numbers or ticks that differ, and that int64 holds."""
    if cells.column.is_generated or cells.column.kind not in NUMBERS | TICKS:
        return False
    numbers = cells.numbers
    there = numbers.values[numbers.present]
    if not len(there) or there.min() == there.max() or there.dtype.kind == "u":
        return False
    return there.dtype.kind == "i" or bool(np.abs(there).max() <= EXACT)


def _rule(
    sample: ColumnFrame, table: ColumnFrame, pair: tuple[int, int], parts: list[Part], tried: int
) -> PartDependency | None:
    """Return the part of the source that a column is in all rows, beyond chance."""
    source, target = pair
    for part in parts:
        if _offset(part, sample[source], sample[target]) is None:
            continue
        offset = _offset(part, table[source], table[target])
        if offset is None or not _is_evident(table[target], tried):
            continue
        numbers, own = table[source].numbers, table[target].numbers
        specials = {level_key(value): value for value in own.special[~own.present]}
        if len(specials) <= 1:
            special = next(iter(specials.values()), None)
            fields = field_at(table, source), field_at(table, target)
            is_date = fields[1].column.kind == "datetime"
            forms = DateFormShares.of(numbers, own, fields[1].column) if is_date else None
            return PartDependency(*fields, part.name, offset, special, forms)
    return None


def _offset(part: Part, source: TypedSeries, target: TypedSeries) -> int | None:
    """Return by how much a column differs from a part in all rows; None if not by a constant."""
    numbers, own = source.numbers, target.numbers
    if not np.array_equal(numbers.present, own.present) or not own.present.any():
        return None
    values, read = own.values[own.present], part.of(numbers, source.column)
    parts = _in_units(read, part, target.column)[own.present]
    if part.name in DIGITS and np.ptp(parts - numbers.values[own.present]) == 0:
        return None  # the number itself
    # dates are no others moved; but a time of day stands on some date
    is_date = target.column.kind in TICKS and not part.name.startswith("time:")
    offset = 0 if is_date else int(values[0]) - int(parts[0])
    return offset if abs(offset) < FARTHEST and np.array_equal(values, parts + offset) else None


def _is_evident(target: TypedSeries, tried: int) -> bool:
    """Return whether a table with the target shuffled would hardly show the part.

    The part has the same values in as many rows each.
    """
    own = target.numbers
    n_rows = int(own.present.sum())
    counts = np.unique(own.values[own.present], return_counts=True)[1] / n_rows
    broken = 1 - float((counts**2).sum())
    return broken >= LEAST_BROKEN and is_beyond_chance(broken, n_rows, tried)
