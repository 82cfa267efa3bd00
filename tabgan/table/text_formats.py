"""How values that are kept as text are written: numbers, dates, accounts, marks of absence.

Everything here looks at distinct texts, never at rows, so that callers factorise first.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from tabgan.table.check_digits import IBAN

__all__ = [
    "DATE_FORMATS",
    "MISSING_MARKS",
    "NUMBER",
    "Pattern",
    "fill_by_forms",
    "parse_dates",
    "pattern_of",
    "spread",
]

# Texts that tables commonly hold where there is no value.
MISSING_MARKS = frozenset(
    {"", " ", "?", "-", "--", ".", "#N/A", "N/A", "n/a", "NA", "<NA>", "NULL", "Null", "null"}
    | {"NaN", "nan", "NAN", "-nan", "None", "none", "NONE", "NaT", "#NULL!", "(null)", "\\N"}
)


# A number as a program writes it: no leading zero, sign, blank or group mark that would be lost.
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


_T = TypeVar("_T")


class TextForm(Protocol):
    """One way to write a number or a date."""

    def parse(self, texts: Sequence[str]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Read texts; return their values, and which of them have this form."""


def fill_by_forms(
    forms: Sequence[TextForm], texts: Sequence[str], values: NDArray[Any]
) -> NDArray[np.int64]:
    """Read each text by the first of several forms that fits.

    Parameters
    ----------
    forms
        The forms, in order.
    texts
        Distinct texts.
    values
        Takes the values of the texts that have a form.

    Returns
    -------
    The place of each text's form; -1 where none fits.
    """
    index = np.full(len(texts), -1)
    for place, form in enumerate(forms):
        rest = np.flatnonzero(index < 0)
        if not len(rest):
            break
        read, ok = form.parse([texts[at] for at in rest.tolist()])
        values[rest[ok]], index[rest[ok]] = read[ok], place
    return index


Pattern = Literal["email", "uuid", "url", "ip", "phone", "iban"]


def _phone_form() -> re.Pattern[str]:
    """Return the form of texts that are telephone numbers by themselves, whatever their column.

    Digits in groups are as often years, versions or codes of goods. So there must be a country
    code, an area code in parentheses, a leading zero of the trunk, or the groups of North America.
    """
    size = r"(?=.{7,24}$)(?=(?:\D*\d){7,15}\D*$)"
    country = r"(?:\+|00(?=[1-9]))[1-9][\d ()./-]+\d"
    area = r"(?:\d{1,3}[ .-]?)?\(\d{1,5}\)[ ./-]?\d[\d ./-]+\d"
    trunk = r"(?=(?:\D*\d){9,11}\D*$)0\d{1,4}[ ./-]\d[\d ./-]*\d"
    america = r"(?:1[ .-])?(?:\d{3}([ .-])\d{3}\1|\d{3}-)\d{4}"
    return re.compile(f"{size}(?:{country}|{area}|{trunk}|{america})", re.ASCII)


_PATTERNS: dict[Pattern, re.Pattern[str]] = {
    "email": re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}\.[^@\s.]{2,24}"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "url": re.compile(r"(https?|ftp)://\S+|www\.\S+\.\S+", re.IGNORECASE),
    "ip": re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}", re.ASCII),
    "phone": _phone_form(),
    "iban": IBAN,
}


_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y")


_TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f")


# Month before day where both are possible.
DATE_FORMATS = (
    *_DAYS,
    *(f"{day} {time}" for day, time in product(_DAYS, _TIMES)),
    *(f"%Y-%m-%dT{time}{zone}" for time, zone in product(_TIMES, ("", "Z", "+00:00"))),
    *(f"%Y-%m-%d {time}{zone}" for time, zone in product(_TIMES, ("Z", "+00:00"))),
    "%Y-%m",
    *_TIMES,
    "%Y%m%d",
)


# Every field has its width. Years are those that strftime writes with four digits.
_FIELDS = {"%Y": "YYYY", "%m": "mm", "%d": "dd", "%H": "HH", "%M": "MM", "%S": "SS", "%f": "f" * 6}


_RANGES = {  # default, least and most of each field
    "Y": (1900, 1000, 9999),
    "m": (1, 1, 12),
    "d": (1, 1, 31),
    "H": (0, 0, 23),
    "M": (0, 0, 59),
    "S": (0, 0, 59),
    "f": (0, 0, 999_999),
}


@cache
def _layout(form: str) -> str:
    """Write a letter for each digit of a format's fields."""
    return re.sub("%.", lambda match: _FIELDS[match.group()], form)


def parse_dates(texts: Sequence[str], form: str) -> NDArray[np.datetime64]:
    """Read dates of one of the known formats.

    Parameters
    ----------
    texts
        The texts.
    form
        One of `DATE_FORMATS`.

    Returns
    -------
    Moments in microseconds; "not a time" where ``strftime`` would not give the same text back.

    Examples
    --------
    >>> parse_dates(["2024-02-29", "2024-2-29", "2023-02-29"], "%Y-%m-%d")
    array(['2024-02-29T00:00:00.000000',                        'NaT',
                                  'NaT'], dtype='datetime64[us]')
    """
    layout = _layout(form)
    width = len(layout)
    padded = [text if len(text) == width else "" for text in texts]
    codes = np.array(padded, f"U{width}").view(np.uint32).reshape(len(texts), width)
    valid = np.ones(len(texts), bool)
    fields = {}
    for letter, (default, least, most) in _RANGES.items():
        digits = codes[:, [place for place in range(width) if layout[place] == letter]] - ord("0")
        valid &= (digits <= 9).all(axis=1)  # other characters wrap to numbers far above
        powers = 10 ** np.arange(digits.shape[1], dtype=np.int64)[::-1]
        field = np.where(valid, digits.astype(np.int64) @ powers, default)
        fields[letter] = field if len(powers) else np.full(len(texts), default)
        valid &= (least <= fields[letter]) & (fields[letter] <= most)
    for place, character in enumerate(layout):
        if character not in _RANGES:
            valid &= codes[:, place] == ord(character)
    moments = _moments(fields, valid)
    return np.where(valid, moments, np.array("NaT", moments.dtype))


def _moments(
    fields: dict[str, NDArray[np.int64]], valid: NDArray[np.bool_]
) -> NDArray[np.datetime64]:
    """Put the fields of dates together, and mark those of no day of their month as not valid."""
    months = ((fields["Y"] - 1970) * 12 + fields["m"] - 1).astype("M8[M]")
    days = months.astype("M8[D]") + (fields["d"] - 1)
    valid &= days.astype("M8[M]") == months
    seconds = (fields["H"] * 60 + fields["M"]) * 60 + fields["S"]
    ticks = seconds * 1_000_000 + fields["f"]
    moments: NDArray[np.datetime64] = days.astype("M8[us]") + ticks.astype("m8[us]")
    return moments


def pattern_of(texts: Sequence[str]) -> Pattern | None:
    """Name the well-known form that nearly all of the texts have.

    Examples
    --------
    >>> pattern_of(["ann@example.com", "bob@example.org"])
    'email'
    >>> pattern_of(["red", "green"])
    """
    sample = spread(texts, 1000)
    for name, pattern in _PATTERNS.items():
        matches = sum(1 for text in sample if pattern.fullmatch(text[:512]))
        if sample and matches >= 0.95 * len(sample):
            return name
    return None


def spread(texts: Sequence[_T], most: int) -> Sequence[_T]:
    """Take at most `most` items, evenly spaced.

    Parameters
    ----------
    texts
        A sequence.
    most
        The greatest number of items to take.
    """
    return texts[:: -(-len(texts) // most)] if texts else texts
