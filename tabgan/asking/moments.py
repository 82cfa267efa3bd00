"""Dates and durations as users write them, in nanoseconds of wall-clock time."""

import datetime
import re
import warnings
from typing import Any

import numpy as np
import pandas as pd

from tabgan.errors import OptionError
from tabgan.schema import Column
from tabgan.values import unit_of, zone_of
from tabgan.values.date_texts import read_dates

__all__ = ["duration", "span", "tick"]

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
    if column.format is not None:
        moment = read_dates([text], column.format).astype("M8[us]")[0]
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
    return first, _nanoseconds(value + 1) - 1


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
