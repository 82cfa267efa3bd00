"""Dates that are kept as text, read and written by their format."""

import datetime
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabgan.table.scalars import Scalar
from tabgan.table.text_formats import parse_dates

__all__ = ["read_dates", "unit_of_format", "write_dates"]

# The plain directives of strftime, by the unit of time that they tell apart, finest first.
_DIRECTIVES = {"us": "f", "s": "S", "m": "M", "h": "HI", "D": "djaA", "M": "mbB", "Y": "Yy"}
_FORMAT = re.compile(r"(?:[^%]|%[fSMHIdjaAmbBYyp%])*", re.DOTALL)
_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "f": 6}  # those of fixed width


class _Field(NamedTuple):
    """A part of a text: the digits of a directive, or a literal character."""

    name: str
    start: int
    width: int = 0  # of the digits; 0 for a literal


def unit_of_format(form: str) -> str | None:
    """Return NumPy's unit of the finest directive of a format; None if it is no format of dates.

    A format of dates has plain directives of strftime, each but once.

    Examples
    --------
    >>> unit_of_format("%d/%m/%Y"), unit_of_format("%H:%M"), unit_of_format("%Q")
    ('D', 'm', None)
    """
    directives = [letter for letter in re.findall("%(.)", form) if letter != "%"]
    if _FORMAT.fullmatch(form) is None or len(set(directives)) < len(directives):
        return None
    return next((unit for unit, some in _DIRECTIVES.items() if {*some} & {*directives}), None)


def read_dates(levels: Sequence[Scalar], form: str) -> NDArray[np.datetime64]:
    """Read texts that are dates of a format and written back the same; others are NaT.

    Examples
    --------
    >>> read_dates(["29.02.2024", "29.02.2023", "?"], "%d.%m.%Y").astype("M8[D]")
    array(['2024-02-29',        'NaT',        'NaT'], dtype='datetime64[D]')
    """
    if _fields(form) is None:
        return np.array([_read_one(level, form) for level in levels], "M8[us]")
    return parse_dates([level if type(level) is str else "" for level in levels], form)


def write_dates(moments: NDArray[np.datetime64], form: str) -> list[str]:
    """Write dates by a format.

    Examples
    --------
    >>> write_dates(np.array(["2024-02-29"], "M8[D]"), "%d.%m.%Y")
    ['29.02.2024']
    """
    fields = _fields(form)
    if fields is None:
        return [date.strftime(form) for date in moments.astype("M8[us]").tolist()]
    width = sum(field.width or 1 for field in fields)
    characters = np.empty((len(moments), width), np.uint32)
    parts = _parts(moments)
    for name, start, digits in fields:
        if not digits:
            characters[:, start] = ord(name)
        for place in range(digits):
            digit = parts[name] // 10 ** (digits - 1 - place) % 10
            characters[:, start + place] = ord("0") + digit
    texts: list[str] = characters.view(f"U{width}")[:, 0].tolist()
    return texts


def _fields(form: str) -> list[_Field] | None:
    """Cut a format into parts of fixed width; None if it has others."""
    fields: list[_Field] = []
    start = 0
    for directive, literal in re.findall(r"%(.)|([^%])", form, re.DOTALL):
        width = _WIDTHS.get(directive, 0)
        if (directive and not width) or literal in _WIDTHS:  # letters of `parse_dates`' own
            return None
        fields.append(_Field(directive or literal, start, width))
        start += width or 1
    return fields


def _parts(moments: NDArray[np.datetime64]) -> dict[str, NDArray[np.int64]]:
    """Take dates apart into year, month, day, hour, minute, second and microsecond."""
    years, months = moments.astype("M8[Y]"), moments.astype("M8[M]")
    days = moments.astype("M8[D]")
    ticks = (moments.astype("M8[us]") - days).astype(np.int64)
    return {
        "Y": years.astype(np.int64) + 1970,
        "m": (months - years).astype(np.int64) + 1,
        "d": (days - months).astype(np.int64) + 1,
        "H": ticks // 3_600_000_000,
        "M": ticks // 60_000_000 % 60,
        "S": ticks // 1_000_000 % 60,
        "f": ticks % 1_000_000,
    }


def _read_one(level: Scalar, form: str) -> datetime.datetime | None:
    if type(level) is not str:
        return None
    try:
        date = datetime.datetime.strptime(level, form)
        return date if date.strftime(form) == level else None
    except ValueError:
        return None
