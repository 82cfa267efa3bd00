"""Dates that are kept as text, read and written by their format."""

import datetime
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabgan.scalars import Scalar

__all__ = ["read_dates", "unit_of_format", "write_dates"]

# The plain directives of strftime, by the unit of time that they tell apart, finest first.
_DIRECTIVES = {"us": "f", "s": "S", "m": "M", "h": "HI", "D": "djaA", "M": "mbB", "Y": "Yy"}
_FORMAT = re.compile(r"(?:[^%]|%[fSMHIdjaAmbBYyp%])*", re.DOTALL)
_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "f": 6}  # those of fixed width
_TICKS = {"H": 3_600_000_000, "M": 60_000_000, "S": 1_000_000, "f": 1}  # microseconds of each
_LIMITS = {"Y": (1000, 9999), "m": (1, 12), "d": (1, 31), "H": (0, 23), "M": (0, 59), "S": (0, 59)}


class _Field(NamedTuple):
    """A part of a text: the digits of a directive, or a literal character."""

    name: str
    start: int
    width: int = 0  # of the digits; 0 for a literal


def unit_of_format(form: str) -> str | None:
    """Return NumPy's unit of the finest directive of a format; None if it is no format of dates.

    Examples
    --------
    >>> unit_of_format("%d/%m/%Y"), unit_of_format("%H:%M"), unit_of_format("%Q")
    ('D', 'm', None)
    """
    directives = set(re.findall("%(.)", form))
    for unit, letters in _DIRECTIVES.items():
        if _FORMAT.fullmatch(form) and directives & set(letters):
            return unit
    return None


def read_dates(levels: Sequence[Scalar], form: str) -> NDArray[np.datetime64]:
    """Read texts that are dates of a format and written back the same; others are NaT.

    Examples
    --------
    >>> read_dates(["29.02.2024", "29.02.2023", "?"], "%d.%m.%Y").astype("M8[D]")
    array(['2024-02-29',        'NaT',        'NaT'], dtype='datetime64[D]')
    """
    fields = _fields(form)
    if fields is None:
        return np.array([_read_one(level, form) for level in levels], "M8[us]")
    width = sum(field.width or 1 for field in fields)
    fitting = [i for i, level in enumerate(levels) if type(level) is str and len(level) == width]
    texts = np.array([levels[i] for i in fitting], f"U{width}")
    moments = np.full(len(levels), "NaT", "M8[us]")
    moments[fitting] = _read_fixed(texts.view(np.uint32).reshape(len(fitting), width), fields)
    return moments


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
        if (directive and not width) or (
            width and directive in {f.name for f in fields if f.width}
        ):
            return None
        fields.append(_Field(directive or literal, start, width))
        start += width or 1
    return fields


def _read_fixed(characters: NDArray[np.uint32], fields: Sequence[_Field]) -> NDArray[np.datetime64]:
    """Read code points of shape (texts, width)."""
    valid = np.ones(len(characters), bool)
    parts: dict[str, Any] = {"Y": 1900, "m": 1, "d": 1, "H": 0, "M": 0, "S": 0, "f": 0}
    for name, start, width in fields:
        if not width:
            valid &= characters[:, start] == ord(name)
            continue
        digits = characters[:, start : start + width].astype(np.int64) - ord("0")
        parts[name] = digits @ 10 ** np.arange(width)[::-1]
        least, most = _LIMITS.get(name, (0, 10**width))
        valid &= ((digits >= 0) & (digits <= 9)).all(axis=1)
        valid &= (parts[name] >= least) & (parts[name] <= most)
    count = np.where(valid, (parts["Y"] - 1970) * 12 + parts["m"] - 1, 0)
    months = count.astype("M8[M]")
    days = months.astype("M8[D]") + np.where(valid, parts["d"] - 1, 0)
    valid &= days.astype("M8[M]") == months  # not so on 31 April
    ticks = sum(parts[name] * ticks for name, ticks in _TICKS.items())
    return np.where(valid, days.astype("M8[us]") + np.where(valid, ticks, 0), np.datetime64("NaT"))


def _parts(moments: NDArray[np.datetime64]) -> dict[str, NDArray[np.int64]]:
    """Take dates apart into year, month, day, hour, minute, second and microsecond."""
    years, months = moments.astype("M8[Y]"), moments.astype("M8[M]")
    days = moments.astype("M8[D]")
    ticks = (moments.astype("M8[us]") - days).astype(np.int64)
    return {
        "Y": years.astype(np.int64) + 1970,
        "m": (months - years).astype(np.int64) + 1,
        "d": (days - months).astype(np.int64) + 1,
        "H": ticks // _TICKS["H"],
        "M": ticks // _TICKS["M"] % 60,
        "S": ticks // _TICKS["S"] % 60,
        "f": ticks % _TICKS["S"],
    }


def _read_one(level: Scalar, form: str) -> datetime.datetime | None:
    if type(level) is not str:
        return None
    try:
        date = datetime.datetime.strptime(level, form)
        return date if date.strftime(form) == level else None
    except ValueError:
        return None
