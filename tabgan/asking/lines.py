"""Numbers, dates and durations that a user writes, as ranges of a column's own numbers."""

import math
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from tabgan.asking.asked import Interval
from tabgan.asking.moments import duration, span, tick
from tabgan.errors import OptionError
from tabgan.kinds import Kind
from tabgan.scalars import to_python_scalar
from tabgan.schema import Column
from tabgan.values import range_of_ticks, unit_of

__all__ = ["LINE_KINDS", "ends_of", "grid_of", "is_on_grid", "next_to", "read_spot"]

LINE_KINDS: frozenset[Kind] = frozenset({"numeric", "integer", "datetime", "timedelta"})

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
    """Return where a value lies on the line of a column: what equals it is in this range.

    The range is empty where the value lies between two neighbouring numbers of the column, such as
    2.5 in whole numbers, and its ends are then those neighbours, in the wrong order.

    Raises
    ------
    OptionError
        If the value is none of the column's kind.

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
    """Say whether `tabgan.values.numbers_of` gives whole numbers."""
    dtype = column.pandas_dtype
    dtype = dtype.subtype if isinstance(dtype, pd.SparseDtype) else dtype
    return column.kind != "numeric" or dtype.kind in "iub"


def is_on_grid(spot: Interval, column: Column) -> bool:
    """Say whether a column can hold a number: whole, or of so many decimal places, if it is."""
    if spot.is_empty or _is_whole(column) or column.decimals is None:
        return not spot.is_empty
    return bool(spot.low == spot.high == _rounded(round(spot.low, column.decimals), column))


def grid_of(column: Column) -> str:
    """Say in words which numbers or times a column can hold."""
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
