"""How values that are kept as text are written: numbers, dates, check digits, marks of absence.

Everything here looks at distinct texts, never at rows, so that callers factorise first.

Check digits: characters of a code that follow from the others, and tell typing errors.

Most long codes that people type carry them: books (ISBN-10, ISBN-13), journals (ISSN), goods (EAN,
UPC, GTIN), bank cards and telephones (Luhn), bank accounts (IBAN). A made code should have them,
or whatever reads the table refuses it.

Dates that codes hold: digits such as 20250914115535, 240514 or 2405. Days or months that follow
each other are told of together until enough rows have one, so that no date is of a few rows alone.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import product
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "DateForm",
    "HeldDate",
    "clock_shares",
    "date_texts",
    "find_date",
    "find_held_date",
    "held_date",
    "in_runs",
    "CHECKSUMS",
    "DATE_FORMATS",
    "IBAN",
    "MISSING_MARKS",
    "NUMBER",
    "Pattern",
    "check_characters",
    "check_digits",
    "checksum_of",
    "fill_by_forms",
    "is_email",
    "is_iban",
    "parse_dates",
    "pattern_of",
    "spread",
]

IBAN = re.compile(r"[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){2,7}( ?[A-Z0-9]{1,3})?", re.ASCII)

FEWEST_CODES = 20  # one code in ten has the right check digit by chance
LEAST_RIGHT = 0.95  # share of codes, the others are typing errors

Digits = NDArray[np.int64]


def _gs1(digits: Digits) -> Digits:
    """Weigh the digits 3 and 1 in turn, from the right (GS1: EAN, UPC, GTIN, ISBN-13)."""
    weights = np.where(np.arange(digits.shape[1])[::-1] % 2 == 0, 3, 1)
    return np.asarray(-(digits @ weights) % 10)


def _luhn(digits: Digits) -> Digits:
    """Double every second digit, from the right (ISO/IEC 7812-1)."""
    doubled = np.arange(digits.shape[1])[::-1] % 2 == 0
    values = np.where(doubled, digits * 2 - 9 * (digits > 4), digits)
    return np.asarray(-values.sum(axis=1) % 10)


def _mod11(digits: Digits) -> Digits:
    """Weigh the digits 2, 3, 4, …, from the right; ten is written X (ISO 2108, ISO 3297)."""
    weights = np.arange(digits.shape[1])[::-1] + 2
    return np.asarray(-(digits @ weights) % 11)


_SCHEMES: dict[str, tuple[Callable[[Digits], Digits], frozenset[int]]] = {
    # of two schemes that fit equally the first wins; the numbers are the lengths of whole codes
    "mod11": (_mod11, frozenset({8, 10})),
    "gs1": (_gs1, frozenset({8, 12, 13, 14, 18})),
    "luhn": (_luhn, frozenset(range(9, 20))),
}

CHECKSUMS: Mapping[str, str] = MappingProxyType(
    {
        "mod11": "as ISBN-10 and ISSN have",
        "gs1": "as EAN and ISBN-13 have",
        "luhn": "as bank cards have",
    }
)
"""The schemes of check digits by name, with what is written so."""


def check_characters(codes: Sequence[str], scheme: str) -> NDArray[np.object_]:
    """Compute the check character that follows each code; only digits count.

    Parameters
    ----------
    codes
        Codes without their last character.
    scheme
        One of `CHECKSUMS`.

    Examples
    --------
    >>> check_characters(["0-8044-2957-"], "mod11"), check_characters(["978-3-16-148410-"], "gs1")
    (array(['X'], dtype=object), array(['0'], dtype=object))
    """
    digits = [re.sub(r"[^0-9]", "", code) for code in codes]
    longest = max(map(len, digits), default=0)
    filled = np.array([code.rjust(longest, "0") for code in digits], f"U{max(longest, 1)}")
    table = filled.view(np.uint32).reshape(len(codes), -1).astype(np.int64) - ord("0")
    characters = np.array([*"0123456789X"], object)
    return np.asarray(characters[_SCHEMES[scheme][0](table)], object)


def checksum_of(codes: Sequence[str]) -> str | None:
    """Return the scheme by which the last characters of distinct codes check the others.

    Parameters
    ----------
    codes
        Distinct codes, which may hold letters, blanks and punctuation beside the digits.

    Returns
    -------
    One of `CHECKSUMS`; None where there is no scheme, or where there are too few codes to tell.

    Examples
    --------
    >>> body = [f"40063813{i:04d}" for i in range(20)]
    >>> checksum_of([code + check for code, check in zip(body, check_characters(body, "gs1"))])
    'gs1'
    >>> checksum_of(body)
    """
    if len(codes) < FEWEST_CODES:
        return None
    codes = [code for code in codes if code and (code[-1].isdecimal() or code[-1] == "X")]
    lengths = np.array([sum(c in "0123456789X" for c in code) for code in codes])
    last = np.array([code[-1] for code in codes], object)
    for name, (_, usual) in _SCHEMES.items():
        if not codes or np.isin(lengths, [*usual]).mean() < LEAST_RIGHT:
            continue
        right = check_characters([code[:-1] for code in codes], name) == last
        if right.sum() >= LEAST_RIGHT * max(len(codes), FEWEST_CODES):
            return name
    return None


def check_digits(accounts: Sequence[str]) -> NDArray[np.int64]:
    """Compute the check digits of account numbers that end in their country (ISO 7064, 97-10).

    Examples
    --------
    >>> check_digits(["370400440532013000DE"]).tolist()
    [89]
    """
    texts = np.array(accounts, dtype=str)
    codes = texts.view(np.uint32).reshape(len(texts), texts.itemsize // 4).astype(np.int64)
    rest = np.zeros(len(texts), np.int64)
    for column in (*codes.T, *np.full((2, len(texts)), ord("0"))):
        is_digit, is_letter = column <= ord("9"), column >= ord("A")
        value = np.where(is_digit, column - ord("0"), column - ord("A") + 10)
        following = (rest * np.where(is_letter, 100, 10) + value) % 97
        rest = np.where(column > 0, following, rest)  # shorter texts end in NULs
    return 98 - rest


def is_iban(text: str) -> bool:
    """Return whether a text is a bank account number with the right check digits.

    Examples
    --------
    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE88 3704 0044 0532 0130 00")
    (True, False)
    """
    if not IBAN.fullmatch(text):
        return False
    plain = text.replace(" ", "")
    return int(check_digits([plain[4:] + plain[:2]])[0]) == int(plain[2:4])


def is_email(text: str) -> bool:
    """Return whether a text is written as an e-mail address.

    Examples
    --------
    >>> is_email("ann@example.com"), is_email("ann at example.com")
    (True, False)
    """
    return _PATTERNS["email"].fullmatch(text) is not None


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
    days = months.astype("M8[D]") + (fields["d"] - 1).astype("m8[D]")
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


_UNITS = {"%Y%m%d": "D", "%d%m%Y": "D", "%y%m%d": "D", "%Y%m": "M", "%y%m": "M"}  # NumPy's units
_CLOCKS = ("%H%M%S", "%H%M", "")
LEAST_DATES = 0.99  # share of the texts that are dates
LEAST_DISTINCT = 6  # dates; fewer are values like others
LEAST_ROWS = 50  # texts that show it
MOST_YEARS = 30  # from the first date to the last one
EARLIEST, LATEST = "1900", "2100"
MOST_DATES = 40_000  # of a range
WEIGHTS = 10_000  # what those of all dates add up to, about


class DateForm(NamedTuple):
    """Where a date stands in digits, and how it is written."""

    start: int
    date: str
    clock: str

    @property
    def ends(self) -> list[int]:
        """Where the date, the hour, the minute and the second end."""
        end = self.start + _digits_of(self.date)
        return [end + 2 * at for at in range(self.clock.count("%") + 1)]


def find_date(texts: Sequence[str]) -> DateForm | None:
    """Find the date or moment that nearly all of some digits hold; None if there is none.

    Digits at random are dates of a few years in hardly a thirtieth of all cases.

    Parameters
    ----------
    texts
        Digits, equally many each.

    Examples
    --------
    >>> find_date([f"7{2023 + n % 2}{1 + n % 12:02}{n:03}" for n in range(60)])
    DateForm(start=1, date='%Y%m', clock='')
    """
    size = len(texts[0]) if texts else 0
    if len(texts) < LEAST_ROWS or size < _digits_of("%y%m"):
        return None
    for clock in _CLOCKS:
        for date in _UNITS:
            width = _digits_of(date + clock)
            # a date of two digits for the year is told from numbers at the beginning only
            last = size - width if "%Y" in date else 0
            for start in range(min(last, size - width) + 1):
                parts = [text[start : start + width] for text in texts]
                if _are_dates(parts, date, clock):
                    return DateForm(start, date, clock)
    return None


class HeldDate(NamedTuple):
    """Where a date stands in codes: in which run of digits, and where in it."""

    run: int
    form: DateForm

    def place_in(self, text: str) -> slice | None:
        """Return where the date stands in a code; None where the code has no room for it."""
        runs = [match.start() for match in re.finditer("[0-9]+", text)]
        if len(runs) <= self.run:
            return None
        start = runs[self.run] + self.form.start
        end = start + _digits_of(self.form.date + self.form.clock)
        return slice(start, end) if text[start:end].isdecimal() and end <= len(text) else None


def find_held_date(texts: Sequence[str]) -> HeldDate | None:
    """Find the date that codes hold somewhere; None if they hold none.

    Examples
    --------
    >>> codes = [f"AB-{2023 + n % 2}{1 + n % 12:02}-{n:03}" for n in range(60)]
    >>> held = find_held_date(codes)
    >>> held.form.date, codes[0][held.place_in(codes[0])]
    ('%Y%m', '202301')
    """
    rows = [re.findall("[0-9]+", text) for text in texts]
    n_runs, n_alike = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    if n_alike < LEAST_DATES * len(rows):
        return None
    for at, runs in enumerate(zip(*(row for row in rows if len(row) == n_runs), strict=True)):
        size = min(map(len, runs))
        found = find_date([run[:size] for run in runs])
        if found is not None:
            return HeldDate(at, found)
    return None


def held_date(texts: Sequence[str]) -> str:
    """Return how the date is written that codes hold somewhere; empty if they hold none.

    Examples
    --------
    >>> held_date([f"AB-{2023 + n % 2}{1 + n % 12:02}-{n:03}" for n in range(60)])
    '%Y%m'
    """
    found = find_held_date(texts)
    return "" if found is None else found.form.date + found.form.clock


def _digits_of(form: str) -> int:
    return 2 * form.count("%") + 2 * form.count("%Y")


def _are_dates(texts: Sequence[str], date: str, clock: str) -> bool:
    """Return whether nearly all texts are dates of a few years, and several ones."""
    few = texts[:: max(1, len(texts) // LEAST_ROWS)]
    at = date.index("%y" if "%y" in date else "%Y") // 2 * 2
    years = {text[at : at + 4] for text in few}
    if "%y" in date and {year[:2] for year in years} <= {"19", "20"}:  # these are years of four
        return False
    if "%Y" in date and sum(EARLIEST <= year <= LATEST for year in years) < len(years) / 2:
        return False
    for some in (few, texts):  # a few refute most forms
        read = pd.to_datetime(pd.Series(some), format=date + clock, errors="coerce").dropna()
        if len(read) < LEAST_DATES * len(some) - (some is few):
            return False
    is_known = read.between(EARLIEST, LATEST)
    known_years = read[is_known].dt.year
    days = {text[: _digits_of(date)] for text in texts}
    return (
        bool(is_known.mean() >= LEAST_DATES)
        and int(known_years.quantile(0.995) - known_years.quantile(0.005)) < MOST_YEARS
        and len(days) >= LEAST_DISTINCT
    )


def in_runs(counts: Mapping[str, int], form: str, least: int) -> str:
    """Describe how many rows have which dates: "%Y%m:2024-01:2024-03*40:2024-04*95".

    From the first date to the next one each has the first weight, and so on. A run of dates has
    enough rows, or none.

    Parameters
    ----------
    counts
        Rows of each text.
    form
        How the dates are written.
    least
        Rows that are enough.

    Examples
    --------
    >>> in_runs({"2401": 30, "2402": 3, "2403": 4, "2406": 63, "2407": 1}, "%y%m", 5)
    '%y%m:2024-01:2024-01*3000:2024-03*350:2024-05*0:2024-06*6300'
    """
    unit = _UNITS[form]
    read = pd.to_datetime(pd.Series([*counts]), format=form, errors="coerce").to_numpy()
    known = ~np.isnat(read)
    numbers = read[known].astype(f"M8[{unit}]").astype(np.int64)
    rows = np.array([*counts.values()])[known]
    order = np.argsort(numbers)
    every = np.repeat(numbers[order], rows[order])
    if len(every) < 2 * least or every[-least] - every[least - 1] >= MOST_DATES:
        return ""
    low, high = every[least - 1], every[-least]  # ends that enough rows reach
    inside = every[(every >= low) & (every <= high)]
    runs = _runs(np.bincount(inside - low), least)
    total = sum(n for _, n in runs)
    text, start = [form, str(_date(low, unit))], -1
    for end, n in runs:
        weight = max(1, round(WEIGHTS * n / total / (end - start))) if n else 0
        text.append(f"{_date(low + end, unit)}*{weight}")
        start = end
    return ":".join(text)


def _date(number: int, unit: str) -> NDArray[np.datetime64]:
    return np.array(number, np.int64).astype(f"M8[{unit}]")


def _runs(rows: NDArray[np.int64], least: int) -> list[tuple[int, int]]:
    """Return where each run of dates ends, and its rows: enough, or none."""
    runs: list[tuple[int, int]] = []
    n = 0
    for at in np.flatnonzero(rows).tolist():
        if not n and at > (runs[-1][0] + 1 if runs else 0):
            runs.append((at - 1, 0))
        n += int(rows[at])
        if n >= least:
            runs.append((at, n))
            n = 0
    if n:  # the last ones are too few for a run of their own
        while runs and not runs[-1][1]:
            runs.pop()
        before = runs.pop() if runs else (0, 0)
        runs.append((len(rows) - 1, before[1] + n))
    return runs


def clock_shares(counts: Counter[str], least: int) -> str:
    """Describe how many rows have which hours: "08*500|09*9500"; those of too few rows have none.

    Parameters
    ----------
    counts
        Rows of each text.
    least
        Rows that are enough.

    Examples
    --------
    >>> clock_shares(Counter({"09": 95, "08": 5, "23": 1}), 5)
    '08*500|09*9500'
    """
    often = {text: n for text, n in sorted(counts.items()) if n >= least and text < "24"}
    total = sum(often.values())
    return "|".join(f"{text}*{max(1, round(WEIGHTS * n / total))}" for text, n in often.items())


def date_texts(name: str) -> tuple[list[str], list[int]]:
    """Return the dates that `in_runs` or a plain range describes, with their weights.

    A plain range, such as "%Y%m:2019-01:2021-06", has no weights.

    Raises
    ------
    ValueError
        If it is malformed.

    Examples
    --------
    >>> date_texts("%y%m:2024-01:2024-02*7:2024-03*0:2024-04*1")
    (['2401', '2402', '2404'], [7, 7, 1])
    """
    form, first, *ends = name.split(":")
    if form not in _UNITS or not ends:
        raise ValueError(f"{name!r:.80} is no range of dates")
    unit = _UNITS[form]
    bounds = np.array([first, *(end.partition("*")[0] for end in ends)], f"M8[{unit}]")
    numbers = bounds.astype(np.int64)
    dates = np.arange(numbers[0], min(numbers[-1], numbers[0] + MOST_DATES - 1) + 1)
    texts = pd.Series(dates.astype(f"M8[{unit}]").astype("M8[s]")).dt.strftime(form).tolist()
    if not all("*" in end for end in ends):
        return texts, []
    weights = np.array([int(end.partition("*")[2]) for end in ends])
    own = weights[np.minimum(np.searchsorted(numbers[1:], dates), len(weights) - 1)]
    if own.min(initial=0) < 0 or own.sum() > 10 * (WEIGHTS + MOST_DATES):
        raise ValueError(f"{name!r:.80} has weights that are none")
    kept = np.flatnonzero(own)
    return [texts[at] for at in kept.tolist()], own[kept].tolist()
