"""Conditions on rows: one predicate for each named column, and the numbers and dates in them."""

import datetime
import math
import re
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import OptionError
from tabgan.table.columns import numbers_of
from tabgan.table.dates import range_of_ticks, read_dates, unit_of, zone_of
from tabgan.table.level_codes import codes_of
from tabgan.table.scalars import Scalar, to_python_scalar
from tabgan.table.schema import Column, Kind

__all__ = [
    "AXIS_KINDS",
    "ColumnPredicate",
    "Condition",
    "Interval",
    "duration",
    "ends_of",
    "grid_of",
    "intersect",
    "is_on_grid",
    "next_to",
    "read_spot",
    "span",
    "tick",
]


class Interval(NamedTuple):
    """Numbers from `low` to `high`, both included; an open end is infinite.

    They are numbers as `tabgan.table.columns.numbers_of` reads them from the column: ticks of
    dates and durations, and bounds that lie on the column's own grid. So every range is closed:
    above 20 in whole numbers is 21 or more, above 0.5 in floats is the next float or more.
    """

    low: float = -math.inf  # whole numbers are ints
    high: float = math.inf

    @property
    def is_empty(self) -> bool:
        """Whether no number lies in it."""
        return self.low > self.high

    def __and__(self, other: "Interval") -> "Interval":
        """Return the numbers that lie in both."""
        return Interval(max(self.low, other.low), min(self.high, other.high))

    def holds(self, numbers: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which numbers lie in it."""
        inside: NDArray[np.bool_] = (numbers >= self.low) & (numbers <= self.high)
        return inside


@dataclass(frozen=True)
class ColumnPredicate:
    """A predicate on the cells of one column: to be one of some levels, or in some ranges.

    Parameters
    ----------
    position
        Place of the column in the schema.
    column
        What the column is.
    levels
        Single values that pass; None if a missing value passes. For a column with known levels
        these are all that pass; else they are marks that are no numbers, beside the ranges.
    ranges
        Ranges of numbers that pass, ascending and without overlap.
    negated
        Whether all values except `levels` pass: for a column of lists, or a generated one, whose
        only possible condition is that a value is present.
    text
        The predicate in the language of `tabgan.conditions.parse_request.parse_where`.
    """

    position: int
    column: Column
    levels: tuple[Scalar, ...] = ()
    ranges: tuple[Interval, ...] = ()
    negated: bool = False
    text: str = field(default="", compare=False)

    def mask(self, values: pd.Series) -> NDArray[np.bool_]:
        """Return which cells of the column pass.

        Examples
        --------
        >>> age = Column("age", "integer", "Int64")
        >>> test = ColumnPredicate(0, age, (None,), (Interval(low=65),))
        >>> test.mask(pd.Series([64, 65, None], dtype="Int64")).tolist()
        [False, True, True]
        """
        if not self.ranges:
            return self._is_level(values)
        numbers = numbers_of(values, self.column)
        passes = np.zeros(len(values), bool)
        for each in self.ranges:
            passes |= each.holds(numbers.values)
        absent = ~numbers.present
        if absent.any():
            special = pd.Series(numbers.special[absent], dtype=object)
            passes[absent] = self._is_level(special)
        return passes

    def _is_level(self, values: pd.Series) -> NDArray[np.bool_]:
        known = {(type(level), level) for level in self.levels}
        codes, levels = codes_of(values)
        passes = [((type(level), level) in known) != self.negated for level in levels]
        return np.array(passes, bool)[codes]

    def describe(self) -> str:
        """Describe it in words that `tabgan.conditions.parse_request.parse_where` reads."""
        return self.text


@dataclass(frozen=True)
class Condition:
    """A condition on rows: at most one predicate for each column, all of which must pass.

    Parameters
    ----------
    tests
        The predicates, in the order of their columns.
    """

    tests: tuple[ColumnPredicate, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns with a predicate, ascending."""
        return tuple(test.position for test in self.tests)

    def mask(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which rows of a table with the schema's columns pass."""
        passes = np.ones(len(frame), bool)
        for test in self.tests:
            passes &= test.mask(frame.iloc[:, test.position])
        return passes

    def without(self, positions: Collection[int]) -> "Condition":
        """Return the condition without the predicates of some columns."""
        return Condition(tuple(test for test in self.tests if test.position not in positions))

    def describe(self) -> str:
        """Describe it in words that `tabgan.conditions.parse_request.parse_where` reads."""
        return " and ".join(test.describe() for test in self.tests)


def intersect(one: Sequence[Interval], other: Sequence[Interval]) -> tuple[Interval, ...]:
    """Return the ranges that lie in two unions of ranges.

    Examples
    --------
    >>> intersect([Interval(high=3), Interval(low=5)], [Interval(2, 6)])
    (Interval(low=2, high=3), Interval(low=5, high=6))
    """
    both = (a & b for a in one for b in other)
    return tuple(each for each in both if not each.is_empty)


_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}


_NANOSECONDS |= {"m": 60 * 10**9, "h": 3600 * 10**9, "D": 86_400 * 10**9}


_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


_WHOLE_DAYS = ("Y", "M", "W", "D")  # units of dates without a time


_ISO = re.compile(
    r"(\d{4}(?:-\d\d(?:-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?)?)?)"
    r" ?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)


def span(value: Any, column: Column) -> tuple[int, int] | None:
    """Return the first and the last nanosecond that a date stands for; None if it is no date.

    A date without a time stands for all of its day (year, month), one with a time for a moment. A
    moment with a time zone is brought to that of the column, one without is in the column's.

    Raises
    ------
    OptionError
        If the value has a time zone and the column has none.

    Examples
    --------
    >>> born = Column("born", "datetime", "datetime64[s]")
    >>> first, last = span("1970-01-02", born)
    >>> first == 86_400 * 10**9, last - first == 86_400 * 10**9 - 1
    (True, True)
    >>> span("1970-01-01 00:00:01", born)
    (1000000000, 1000000000)
    """
    if isinstance(value, datetime.time):
        value = value.isoformat()
    if isinstance(value, str):
        return _span_of_text(value, column)
    if isinstance(value, pd.Period):
        return _nanoseconds(value.start_time.asm8), _nanoseconds((value + 1).start_time.asm8) - 1
    if isinstance(value, datetime.datetime):
        return _span_of_moment(value, column)
    if isinstance(value, datetime.date):
        value = np.datetime64(value, "D")
    return _span_of_datetime64(value) if isinstance(value, np.datetime64) else None


def _span_of_text(text: str, column: Column) -> tuple[int, int] | None:
    for form in column.formats:
        moment = read_dates([text], form)[0]
        if not np.isnat(moment):
            return (_nanoseconds(moment),) * 2
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return None
    local, offset = match.groups()
    try:
        found = _span_of_datetime64(np.datetime64(local.replace(" ", "T")))
    except ValueError:  # a month of number 13
        return None
    if offset is None:
        return found
    if ":" not in local:  # a day has no time zone
        return None
    sign = -1 if offset[0] == "-" else 1
    digits = "0000" if offset == "Z" else offset[1:].replace(":", "")
    minutes = sign * (int(digits[:2]) * 60 + int(digits[2:]))
    return _in_zone(found[0] - minutes * _NANOSECONDS["m"], text, column)


def _span_of_datetime64(value: np.datetime64) -> tuple[int, int]:
    first = _nanoseconds(value)
    if np.datetime_data(value.dtype)[0] not in _WHOLE_DAYS:
        return first, first
    one: Any = np.array(1).astype(value.dtype.str.replace("M8", "m8"))[()]
    return first, _nanoseconds(value + one) - 1


def _span_of_moment(value: datetime.datetime, column: Column) -> tuple[int, int] | None:
    if value.tzinfo is None:
        plain = value.asm8 if isinstance(value, pd.Timestamp) else np.datetime64(value, "us")
        return (_nanoseconds(plain),) * 2
    if isinstance(value, pd.Timestamp):
        return _in_zone(_nanoseconds(value.asm8), value, column)
    microseconds = (value - _EPOCH) // datetime.timedelta(microseconds=1)
    return _in_zone(microseconds * 1000, value, column)


def _in_zone(instant: int, value: Any, column: Column) -> tuple[int, int] | None:
    """Return the wall-clock time of an instant in the column's time zone."""
    zone = zone_of(column)
    if zone is None:
        raise OptionError(
            f"where: column {column.name!r} has no time zone, but {str(value)!r} has one; give "
            "the time as the column has it, without a zone"
        )
    try:
        moment = _EPOCH + datetime.timedelta(seconds=instant // 10**9)
        offset = moment.astimezone(zone).utcoffset() or datetime.timedelta(0)
    except OverflowError:  # beyond the years 1 and 9999
        return None
    return (instant + offset // datetime.timedelta(microseconds=1) * 1000,) * 2


def _nanoseconds(moment: np.datetime64) -> int:
    """Count the nanoseconds since 1970, without the limits of 64 bits."""
    unit = np.datetime_data(moment.dtype)[0]
    if unit in _WHOLE_DAYS:
        moment, unit = moment.astype("M8[D]"), "D"
    elif unit not in _NANOSECONDS:  # finer than a nanosecond
        moment, unit = moment.astype("M8[ns]"), "ns"
    return int(moment.astype(np.int64)) * _NANOSECONDS[unit]


def duration(value: Any) -> int | None:
    """Return the nanoseconds of a duration; None if it is none.

    Examples
    --------
    >>> duration("1 min 30 s"), duration("5"), duration(datetime.timedelta(microseconds=1))
    (90000000000, None, 1000)
    """
    if isinstance(value, str):
        if not re.search(r"[a-zA-Z:]", value):  # which pandas reads as nanoseconds
            return None
        try:
            with warnings.catch_warnings():  # of units that have a new name
                warnings.simplefilter("ignore")
                value = pd.Timedelta(value)
        except (ValueError, OverflowError):
            return None
    if isinstance(value, np.timedelta64):
        try:
            value = pd.Timedelta(value)
        except (ValueError, OverflowError):
            return None
    if value is pd.NaT or not isinstance(value, datetime.timedelta):
        return None
    if isinstance(value, pd.Timedelta):
        unit = np.datetime_data(value.asm8.dtype)[0]
        return int(value.asm8.astype(np.int64)) * _NANOSECONDS[unit]
    return value // datetime.timedelta(microseconds=1) * 1000


def tick(nanoseconds: int, column: Column) -> int:
    """Return the last tick of a column of dates or durations that is not after a moment."""
    unit = unit_of(column)
    if unit in _NANOSECONDS:
        return nanoseconds // _NANOSECONDS[unit]
    second = np.datetime64(nanoseconds // 10**9, "s")
    if unit == "period":
        freq: Any = column.pandas_dtype
        return int(pd.Period(pd.Timestamp(second), freq.freq).ordinal)
    return int(second.astype(f"M8[{unit}]").astype(np.int64))


AXIS_KINDS: frozenset[Kind] = frozenset({"numeric", "integer", "datetime", "timedelta"})


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,5})?|[+-]?inf", re.ASCII)


_UNITS = {"ns": "nanoseconds", "us": "microseconds", "ms": "milliseconds", "s": "seconds"}


_UNITS |= {"m": "minutes", "h": "hours", "D": "days", "M": "months", "Y": "years"}


_UNITS |= {"period": "periods"}


_BEYOND = 10**30  # no column of whole numbers reaches it


_WRITTEN: dict[Kind, str] = {
    "numeric": "a number",
    "integer": "a number",
    "datetime": "a date; write it as 2024-01-31 or '2024-01-31 12:30'",
    "timedelta": "a duration; write it as '2 days' or '1 h 30 min'",
}


def read_spot(value: Any, column: Column) -> Interval:
    """Return the range on a column's axis of the numbers that equal a value.

    The range is empty where the value lies between two neighbouring numbers of the column, such as
    2.5 in whole numbers, and its ends are then those neighbours, in the wrong order.

    Raises
    ------
    OptionError
        If the value is not of the column's kind.

    Examples
    --------
    >>> age = Column("age", "integer", "int64")
    >>> read_spot("65", age), read_spot(2.5, age)
    (Interval(low=65, high=65), Interval(low=3, high=2))
    """
    spot = _read_number(value, column) if column.kind in ("numeric", "integer") else None
    if column.kind == "datetime":
        spot = _ticks(span(value, column), column)
    elif column.kind == "timedelta":
        found = duration(value)
        spot = None if found is None else _ticks((found, found), column)
    if spot is None:
        raise OptionError(
            f"where: column {column.name!r} is of kind {column.kind!r}, and {value!r:.80} is not "
            f"{_WRITTEN[column.kind]}"
        )
    return spot


def _ticks(found: tuple[int, int] | None, column: Column) -> Interval | None:
    if found is None:
        return None
    if isinstance(column.pandas_dtype, pd.PeriodDtype):  # the periods in which it begins and ends
        return Interval(tick(found[0], column), tick(found[1], column))
    return Interval(tick(found[0] - 1, column) + 1, tick(found[1], column))


def _read_number(value: Any, column: Column) -> Interval | None:
    number = to_python_scalar(value)
    if isinstance(number, str):
        text = number.strip()
        number = Decimal(text) if _NUMBER.fullmatch(text) else None
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        return None
    if _is_whole(column):
        if not -_BEYOND < number < _BEYOND:
            return Interval(*[_infinite(number)] * 2)
        return Interval(math.ceil(number), math.floor(number))
    try:
        nearest = float(number)
    except OverflowError:
        nearest = _infinite(number)
    return Interval(*[_rounded(nearest, column)] * 2)


def _infinite(number: float | Decimal) -> float:
    return math.inf if number > 0 else -math.inf


def _rounded(number: float, column: Column) -> float:
    """Return the nearest number of the column's own precision."""
    dtype = column.pandas_dtype
    dtype = dtype.subtype if isinstance(dtype, pd.SparseDtype) else dtype
    if dtype.kind != "f" or dtype.itemsize >= 8:
        return number
    with np.errstate(over="ignore"):
        return float(np.array(number).astype(f"f{dtype.itemsize}"))


def _is_whole(column: Column) -> bool:
    """Return whether `tabgan.table.columns.numbers_of` gives whole numbers."""
    dtype = column.pandas_dtype
    dtype = dtype.subtype if isinstance(dtype, pd.SparseDtype) else dtype
    return column.kind != "numeric" or dtype.kind in "iub"


def is_on_grid(spot: Interval, column: Column) -> bool:
    """Return whether a column can hold a number: whole, or of so many decimal places, if it is."""
    if spot.is_empty or _is_whole(column) or column.decimals is None:
        return not spot.is_empty
    return bool(spot.low == spot.high == _rounded(round(spot.low, column.decimals), column))


def grid_of(column: Column) -> str:
    """Return in words which numbers or times a column can hold."""
    if column.kind in ("datetime", "timedelta"):
        return f"whole {_UNITS[unit_of(column)]}"
    if _is_whole(column):
        return "whole numbers"
    return f"numbers of {column.decimals} decimal places"


def next_to(number: float, column: Column, side: int) -> float:
    """Return the next greater number of a column (side 1), or the next lesser one (side -1)."""
    if _is_whole(column):
        return number + side
    return math.nextafter(number, side * math.inf)


def ends_of(column: Column) -> Interval:
    """Return the least and the greatest number of a column, as far as they are known."""
    low, high = column.minimum, column.maximum
    if column.kind in ("datetime", "timedelta"):
        low, high = range_of_ticks(column)
    elif _is_whole(column):
        low, high = (end if end is None else round(end) for end in (low, high))
    else:
        low, high = (end if end is None else float(end) for end in (low, high))
    is_open = column.minimum is None, column.maximum is None
    return Interval(-math.inf if is_open[0] else low, math.inf if is_open[1] else high)
