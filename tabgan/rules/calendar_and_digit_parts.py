"""The parts that dates, durations and numbers have: a year, a weekday, an hour, last digits.

A part is a whole number that is read off a date, a duration or a number. `PARTS` lists those of
times, `DIGITS` those of numbers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabgan.table.columns import NUMBERS, TICKS, decimals_of
from tabgan.table.dates import range_of_ticks, unit_of
from tabgan.table.numbers import Numbers
from tabgan.table.schema import Column

__all__ = ["DIGITS", "PARTS", "UNITS", "Part", "part_named", "parts_of", "shifted"]

Integers = NDArray[np.int64]
Moments = NDArray[np.datetime64]

UNITS = ("Y", "M", "D", "h", "m", "s", "ms", "us", "ns")  # of ticks, the finest last
MOST_DIGITS = 6


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


def shifted(moments: Moments, unit: str, distance: int | Integers) -> Moments:
    """Move dates; of a month that is too short the last day is taken.

    Parameters
    ----------
    moments
        The dates.
    unit
        Unit of time.
    distance
        How many units forth, of all dates or of each.
    """
    if unit != "M":
        step: NDArray[np.timedelta64] = np.array(distance).astype(f"m8[{unit}]")
        sooner: Moments = moments + step
        return sooner
    months = moments.astype("M8[M]")
    within = moments - months.astype(moments.dtype)
    day = np.timedelta64(1, "D")
    last = (months + distance + 1).astype("M8[D]") - (months + distance).astype("M8[D]") - day
    days = np.minimum(within.astype("m8[D]"), last)
    rest = within - within.astype("m8[D]").astype(within.dtype)
    moved: Moments = (months + distance).astype(moments.dtype) + days.astype(within.dtype) + rest
    return moved


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
            lambda m: (m.astype("M8[M]") + 1).astype("M8[D]").astype(np.int64) - 1,
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
