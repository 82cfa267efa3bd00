"""Forms of dates, times and durations as people write them, by a wider strftime.

A form reads a text only if it writes the same text back. Everything here works on distinct texts,
never on rows. `tabgan.inference.date_recognition` finds the form of a column.
"""

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import SchemaError
from tabgan.table.locale_words import (
    ABBREVIATED,
    HALVES_OF_DAY,
    MONTHS,
    MONTHS_AND_WEEKDAYS,
    NOMINATIVES,
    SHORT_IN_ENGLISH,
    SHORT_WEEKDAYS,
    WEEKDAYS,
    Digits,
    digits_of,
)
from tabgan.table.text_formats import fill_by_forms, parse_dates

__all__ = [
    "ABBREVIATED_MONTHS",
    "DIRECTIVES",
    "ERAS",
    "UNITS",
    "WORD_DIRECTIVES",
    "DateForm",
    "Directive",
    "LATEST",
    "TIME_OBJECTS",
    "parse_by_date_forms",
    "register_directive",
    "with_pivot",
]

ERAS = {  # years before the first one of an era
    "%[roc]": 1911,  # of the Republic of China: 民國 113
    "%[reiwa]": 2018,
    "%[be]": -543,  # of Buddha: 2567
}

_Integers = NDArray[np.int64]
_SECOND, _MINUTE, _HOUR, _DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
_ELAPSED = {"ed": _DAY, "eh": _HOUR, "em": _MINUTE, "es": _SECOND}
LATEST = 2040  # year up to which two digits are taken for this century
_PIVOT = 1969  # the first year that two digits stand for, as in POSIX


@dataclass(frozen=True)
class Directive:
    """A directive of a date format: how a field of a date is read and written.

    Parameters
    ----------
    field
        The field, a key of `FIELDS`; ``z`` is the offset from UTC in minutes.
    unit
        The NumPy unit of time that it distinguishes.
    pattern
        The regular expression of its texts, without groups; different texts must mean different
        numbers.
    read
        Turns a text into the field's number.
    write
        Turns numbers into texts.
    """

    field: str
    unit: str
    pattern: str
    read: Callable[[str], int]
    write: Callable[[_Integers], list[str]]


def _padded(width: int, scale: int = 1) -> Callable[[_Integers], list[str]]:
    table = [f"{number:0{width}}" for number in range(10 ** min(width, 4))]

    def write(values: _Integers) -> list[str]:
        numbers = (values // scale if scale > 1 else values).tolist()
        if width <= 4:
            return [table[number] for number in numbers]
        return [f"{number:0{width}}" for number in numbers]

    return write


def _digits(field: str, unit: str, width: int) -> Directive:
    first = "[1-9]" if field in "YG" else r"\d"
    return Directive(field, unit, first + r"\d" * (width - 1), int, _padded(width))


def _unpadded(field: str, unit: str, most: int = 2) -> Directive:
    pattern = rf"(?:0|[1-9]\d{{0,{most - 1}}})"
    return Directive(field, unit, pattern, int, lambda values: list(map(str, values.tolist())))


def _year_of_era(before: int) -> Directive:
    pattern = r"[1-9]\d{3}" if before < 0 else r"[1-9]\d{0,2}"
    return Directive(
        "Y",
        "Y",
        pattern,
        lambda text: int(text) + before,
        lambda values: [str(value - before) for value in values.tolist()],
    )


def _elapsed(field: str, width: int, unit: str) -> Directive:
    pattern = rf"(?:\d{{{width}}}|[1-9]\d{{{width},8}})"
    write = f"{{:0{width}}}".format
    return Directive(
        field, unit, pattern, int, lambda values: [write(value) for value in values.tolist()]
    )


def _words(field: str, unit: str, words: Sequence[str], first: int = 1) -> Directive:
    numbers = {word: number + first for number, word in enumerate(words)}
    pattern = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return Directive(
        field,
        unit,
        f"(?:{pattern})",
        numbers.__getitem__,
        lambda values: [words[value - first] for value in values.tolist()],
    )


def _fraction(width: int) -> Directive:
    scale = 10 ** (6 - width)
    unit = "ms" if width <= 3 else "us"
    write = _padded(width, scale)
    return Directive("f", unit, rf"\d{{{width}}}", lambda text: int(text) * scale, write)


def _trimmed_fraction() -> Directive:
    return Directive(
        "f",
        "us",
        r"(?:\d{0,5}[1-9]|0)",
        lambda text: int(text.ljust(6, "0")),
        lambda values: [f"{value:06}".rstrip("0") or "0" for value in values.tolist()],
    )


def _offset(between: str, *, short: bool = False) -> Directive:
    minutes = rf"(?:{between}(?!00)[0-5]\d)?" if short else rf"{between}[0-5]\d"
    zero = "00(?!:)" if short else f"00{between}00"

    def read(text: str) -> int:
        number = int(text[1:3]) * 60 + int(text[3:].lstrip(":") or 0)
        return -number if text[0] == "-" else number

    def write_one(value: int) -> str:
        hours, rest = divmod(abs(value), 60)
        tail = "" if short and not rest else f"{between}{rest:02}"
        return f"{'-' if value < 0 else '+'}{hours:02}{tail}"

    return Directive(
        "z",
        "m",
        rf"(?!-{zero})[+-][01]\d{minutes}",
        read,
        lambda values: list(map(write_one, values.tolist())),
    )


def _variants(name: str, field: str, unit: str, words: Sequence[str]) -> dict[str, Directive]:
    """Make directives of words as they are, in capitals (``^``) and in small letters (``#``)."""
    upper, lower = [word.upper() for word in words], [word.lower() for word in words]
    choices = {f"%{name}": words, f"%^{name}": upper, f"%#{name}": lower}
    return {key: _words(field, unit, some) for key, some in choices.items()}


def _ordinal_end(number: int) -> str:
    teens = 10 < number % 100 < 14
    return "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _foreign_words() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the field and the words of directives such as ``%[B_de]``, by name."""
    found = {}
    for language, (months, weekdays) in MONTHS_AND_WEEKDAYS.items():
        full = tuple(months.split())
        for letter, field, words in (
            ("B", "m", full),
            ("b", "m", tuple(month[:3] for month in full)),
            ("A", "u", tuple(weekdays.split())),
        ):
            if len(set(words)) == len(words):  # in French two months begin with "jui"
                name = f"{letter}_{language}"
                found[f"%[{name}]"] = field, words
                found[f"%[#{name}]"] = field, tuple(word.lower() for word in words)
                found[f"%[^{name}]"] = field, tuple(word.upper() for word in words)
    for language, months in NOMINATIVES.items():
        words = tuple(months.split())
        found[f"%[B1_{language}]"] = "m", words
        found[f"%[#B1_{language}]"] = "m", tuple(word.lower() for word in words)
    for language, weekdays in SHORT_WEEKDAYS.items():
        words = tuple(weekdays.split())
        found[f"%[a_{language}]"] = "u", words
        if words[0].lower() != words[0]:
            found[f"%[#a_{language}]"] = "u", tuple(word.lower() for word in words)
    return found


def _abbreviated_months() -> dict[str, tuple[str, ...]]:
    """Return the words of directives such as ``%[h_fr]`` (``Janv.``) and ``%[k_fr]`` (``Janv``).

    ``%[h3_fr]`` has ``Sep.`` for ``Sept.``
    """
    found = {}
    texts = {f"h_{language}": months for language, months in ABBREVIATED.items()}
    texts |= {f"k_{language}": text.replace(".", "") for language, text in ABBREVIATED.items()}
    texts["k_en"] = SHORT_IN_ENGLISH
    texts |= {f"{name[0]}3{name[1:]}": text.replace("Sept", "Sep") for name, text in texts.items()}
    for name, months in texts.items():
        words = tuple(months.split())
        found[f"%[{name}]"] = words
        found[f"%[#{name}]"] = tuple(word.lower() for word in words)
        found[f"%[^{name}]"] = tuple(word.upper() for word in words)
    return found


# Names of months and weekdays in other languages: as they are, in small letters, in capitals.
WORD_DIRECTIVES = _foreign_words()
ABBREVIATED_MONTHS = _abbreviated_months()

# The directives of strftime, and others: by name.
DIRECTIVES: dict[str, Directive] = {
    "%Y": _digits("Y", "Y", 4),
    "%y": _digits("y", "Y", 2),
    "%m": _digits("m", "M", 2),
    "%-m": _unpadded("m", "M"),
    "%d": _digits("d", "D", 2),
    "%-d": _unpadded("d", "D"),
    "%j": _digits("j", "D", 3),
    "%H": _digits("H", "h", 2),
    "%-H": _unpadded("H", "h"),
    "%I": _digits("I", "h", 2),
    "%-I": _unpadded("I", "h"),
    "%M": _digits("M", "m", 2),
    "%-M": _unpadded("M", "m"),
    "%S": _digits("S", "s", 2),
    "%-S": _unpadded("S", "s"),
    "%f": _fraction(6),
    "%-f": _trimmed_fraction(),  # without zeros at the end
    **{f"%{width}f": _fraction(width) for width in range(1, 7)},  # so many digits
    **{name: _words("p", "h", words, 0) for name, words in HALVES_OF_DAY.items()},
    **{name: _year_of_era(before) for name, before in ERAS.items()},
    **{name: _words("m", "M", words) for name, words in ABBREVIATED_MONTHS.items()},
    **_variants("b", "m", "M", [name[:3] for name in MONTHS]),
    **_variants("B", "m", "M", MONTHS),
    **_variants("a", "u", "D", [name[:3] for name in WEEKDAYS]),
    **_variants("A", "u", "D", WEEKDAYS),
    **{
        name: _words(field, "M" if field == "m" else "D", words)
        for name, (field, words) in WORD_DIRECTIVES.items()
    },
    "%o": _words("d", "D", [f"{day}{_ordinal_end(day)}" for day in range(1, 32)]),
    "%q": Directive("q", "M", "[1-4]", int, lambda values: list(map(str, values.tolist()))),
    "%G": _digits("G", "Y", 4),
    "%V": _digits("V", "D", 2),  # ISO week
    "%-V": _unpadded("V", "D"),
    "%u": Directive("u", "D", "[1-7]", int, lambda values: list(map(str, values.tolist()))),
    "%s": _unpadded("s", "s", 12),  # seconds since 1970
    "%[HM]": _unpadded("HM", "m", 4),  # hour and minute as one number: 5, 945, 1730
    "%[d]": _elapsed("ed", 1, "D"),  # of durations: all days, hours, minutes or seconds
    "%[h]": _elapsed("eh", 1, "h"),
    "%[hh]": _elapsed("eh", 2, "h"),
    "%[m]": _elapsed("em", 1, "m"),
    "%[mm]": _elapsed("em", 2, "m"),
    "%[s]": _elapsed("es", 1, "s"),
    "%z": _offset(""),
    "%:z": _offset(":"),
    "%:::z": _offset(":", short=True),
}


TIME_OBJECTS = "%[time]"  # the form of a column of `datetime.time`


def _seconds_of_day(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    return int(hours) * _HOUR + int(minutes) * _MINUTE + round(float(seconds) * _SECOND)


DIRECTIVES[TIME_OBJECTS] = Directive(
    "T",
    "us",
    r"[0-2]\d:[0-5]\d:[0-5]\d(?:\.\d{6})?",
    _seconds_of_day,
    lambda values: [
        (datetime.datetime.min + datetime.timedelta(microseconds=value)).time().isoformat()
        for value in values.tolist()
    ],
)


def register_directive(name: str, directive: Directive) -> None:
    """Register a directive for date formats.

    Parameters
    ----------
    name
        A percent sign, then a letter (after any of ``- ^ # :`` and digits), or letters in brackets.
    directive
        How it is read and written.
    """
    DIRECTIVES[name] = directive


class _Calendar:
    """The fields of moments or durations."""

    def __init__(self, moments: NDArray[Any]) -> None:
        self.ticks: _Integers = moments.astype(f"{moments.dtype.kind}8[us]").astype(np.int64)
        if moments.dtype.kind == "m":
            self.ticks = np.maximum(self.ticks, 0)  # no form has negative durations

    @cached_property
    def days(self) -> NDArray[np.datetime64]:
        return (self.ticks // _DAY).astype("M8[D]")

    @cached_property
    def months(self) -> NDArray[np.datetime64]:
        return self.days.astype("M8[M]")

    @cached_property
    def of_day(self) -> _Integers:
        return self.ticks % _DAY

    @cached_property
    def weekday(self) -> _Integers:
        return (self.days.astype(np.int64) + 3) % 7 + 1

    @cached_property
    def thursdays(self) -> NDArray[np.datetime64]:
        """The days whose year is that of the week."""
        days: NDArray[np.datetime64] = self.days + (4 - self.weekday).astype("m8[D]")
        return days

    def field(self, name: str) -> _Integers:
        values: _Integers = FIELDS[name](self)
        return values


def _year(days: NDArray[np.datetime64]) -> _Integers:
    years: _Integers = days.astype("M8[Y]").astype(np.int64) + 1970
    return years


def _in_year(days: NDArray[np.datetime64]) -> _Integers:
    since: _Integers = (days - days.astype("M8[Y]").astype("M8[D]")).astype(np.int64)
    return since


FIELDS: dict[str, Callable[[_Calendar], _Integers]] = {
    "Y": lambda at: _year(at.days),
    "y": lambda at: _year(at.days) % 100,
    "m": lambda at: at.months.astype(np.int64) % 12 + 1,
    "q": lambda at: at.months.astype(np.int64) % 12 // 3 + 1,
    "d": lambda at: (at.days - at.months.astype("M8[D]")).astype(np.int64) + 1,
    "j": lambda at: _in_year(at.days) + 1,
    "u": lambda at: at.weekday,
    "G": lambda at: _year(at.thursdays),
    "V": lambda at: _in_year(at.thursdays) // 7 + 1,
    "H": lambda at: at.of_day // _HOUR,
    "I": lambda at: (at.of_day // _HOUR + 11) % 12 + 1,
    "p": lambda at: at.of_day // _HOUR // 12,
    "M": lambda at: at.ticks // _MINUTE % 60,
    "S": lambda at: at.ticks // _SECOND % 60,
    "f": lambda at: at.ticks % _SECOND,
    "s": lambda at: at.ticks // _SECOND,
    "T": lambda at: at.of_day,
    "HM": lambda at: at.of_day // _HOUR * 100 + at.ticks // _MINUTE % 60,
    "ed": lambda at: at.ticks // _DAY,
    "eh": lambda at: at.ticks // _HOUR,
    "em": lambda at: at.ticks // _MINUTE,
    "es": lambda at: at.ticks // _SECOND,
}


_PIECE = re.compile(
    r"%\((?P<pivot>\d{4})\)y|(?P<name>%(?:\[[\^#]?\w+\]|[-^#:]*\d?[A-Za-z]))|(?P<literal>%%|.)",
    re.DOTALL,
)
UNITS = ("us", "ms", "s", "m", "h", "D", "M", "Y")  # finest first
_OTHER_DIGITS = re.compile(r"%\[digits_(\w+)\]")  # in front of all others
_FIXED = re.compile(r"(?:%[YmdHMSf]|[^%YmdHMSf])*", re.DOTALL)  # what `parse_dates` reads


@dataclass(frozen=True)
class DateForm:
    """A format of dates, times or durations.

    Parameters
    ----------
    spec
        The form: directives of strftime, and ``%-d %-m %-H %-I`` without leading zeros, ``%3f`` and
        ``%-f`` (three digits, no zeros at the end), ``%^b`` (``MAR``), ``%[B_de]`` (``März``),
        ``%[h_fr]`` (``Janv.``), ``%[k_fr]`` (``Janv``), ``%[am]`` (``p.m.``), ``%[p_ko]``
        (``오후``), ``%[a_ja]`` (``火``), ``%[roc] %[reiwa] %[be]`` (years of eras),
        ``%[digits_wide]`` in front of all (digits such as ``１２``),
        ``%o`` (``3rd``), ``%P`` (``pm``), ``%q`` (the quarter), ``%s`` (seconds since 1970),
        ``%[HM]`` (``945``), ``%(1930)y`` (two digits of a year from 1930 to 2029), ``%:z``
        (``+02:00``), ``%:::z`` (``+02``), and, of durations, ``%[d] %[h] %[hh] %[m] %[mm] %[s]``,
        which may exceed a day, an hour or a minute.

    Raises
    ------
    SchemaError
        If it is not a format of dates.

    Examples
    --------
    >>> form = DateForm("%-m/%-d/%Y %-I:%M %p")
    >>> moments, ok = form.parse(["7/5/2011 4:20 PM", "2/30/2011 4:20 PM"])
    >>> ok.tolist(), form.write(moments[ok])
    ([True, False], ['7/5/2011 4:20 PM'])
    """

    spec: str

    def __post_init__(self) -> None:
        names = [piece for piece in self._pieces if isinstance(piece, Directive)]
        fields = [directive.field for directive in names]
        if not fields or len(set(fields)) < len(fields):
            raise SchemaError(
                f"format={self.spec!r} is not a form of dates; it must have directives such as "
                "%Y %m %d %H %M %S, and none for the same thing twice"
            )

    @cached_property
    def pivot(self) -> int:
        """The first of the hundred years that two digits stand for."""
        match = re.search(r"%\((\d{4})\)y", self.spec)
        return int(match[1]) if match else _PIVOT

    @cached_property
    def kind(self) -> Literal["datetime", "timedelta"]:
        """Whether it writes moments or durations."""
        return "timedelta" if self.fields & _ELAPSED.keys() else "datetime"

    @cached_property
    def unit(self) -> str:
        """NumPy's unit of the finest directive."""
        units = {piece.unit for piece in self._pieces if isinstance(piece, Directive)}
        return next(unit for unit in UNITS if unit in units)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields that it holds."""
        return frozenset(piece.field for piece in self._pieces if isinstance(piece, Directive))

    @cached_property
    def _digits(self) -> Digits | None:
        match = _OTHER_DIGITS.match(self.spec)
        return digits_of(match[1]) if match and match[1] in Digits.names else None

    @cached_property
    def _pieces(self) -> tuple[Directive | str, ...]:
        pieces: list[Directive | str] = []
        spec = self.spec if self._digits is None else _OTHER_DIGITS.sub("", self.spec)
        for match in _PIECE.finditer(spec):
            name = "%y" if match["pivot"] else match["name"]
            if match["literal"] == "%":
                name = "%"
            if name is None:
                pieces.append("%" if match["literal"] == "%%" else match["literal"])
            elif name in DIRECTIVES:
                pieces.append(DIRECTIVES[name])
            else:
                raise SchemaError(
                    f"format={self.spec!r} has the unknown directive {name}; use those of "
                    f"{' '.join(DIRECTIVES)}, or %% for a percent sign"
                )
        return tuple(pieces)

    @cached_property
    def _lines(self) -> re.Pattern[str]:
        """Match each line; group 1 is a text of this form, the others its directives."""
        parts = (re.escape(p) if isinstance(p, str) else f"({p.pattern})" for p in self._pieces)
        return re.compile(f"^({''.join(parts)})$|^.*$", re.ASCII | re.MULTILINE)

    def parse(self, texts: Sequence[str]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Parse the texts that have exactly this format.

        Returns
        -------
        The moments in microseconds, wall-clock time of each text's own offset, or durations; "not
        a time" where the text is something else; and which texts are such moments.
        """
        moments, ok, _ = self.parse_with_offsets(texts)
        return moments, ok

    def parse_with_offsets(
        self, texts: Sequence[str]
    ) -> tuple[NDArray[Any], NDArray[np.bool_], _Integers]:
        """Read texts as `parse` does, and their offsets from UTC in minutes (0 if not written)."""
        offsets = np.zeros(len(texts), np.int64)
        if _FIXED.fullmatch(self.spec) and len(self.spec) > 2:
            moments: NDArray[Any] = parse_dates(texts, self.spec)
            return moments, ~np.isnat(moments), offsets
        texts = texts if self._digits is None else self._digits.to_ascii(texts)
        lines = [text if "\n" not in text else "" for text in texts]
        groups = self._lines.findall("\n".join(lines)) if lines else []
        places = np.flatnonzero([group[0] != "" for group in groups])
        groups = [group for group in groups if group[0]]
        directives = [piece for piece in self._pieces if isinstance(piece, Directive)]
        fields = {
            directive.field: np.array([directive.read(group[n]) for group in groups], np.int64)
            for n, directive in enumerate(directives, 1)
        }
        kind = "m8[us]" if self.kind == "timedelta" else "M8[us]"
        moments = np.full(len(texts), "NaT", kind)
        ok = np.zeros(len(texts), bool)
        if len(places):
            found = _moments(fields, self.pivot, len(places)).astype(kind)
            at = _Calendar(found)
            agree = [at.field(name) == some for name, some in fields.items() if name != "z"]
            ok[places] = np.all(agree, axis=0)
            moments[places[ok[places]]] = found[ok[places]]
            offsets[places] = fields.get("z", 0)
        return moments, ok, offsets

    def write(self, moments: NDArray[Any], offsets: _Integers | None = None) -> list[str]:
        """Write moments or durations.

        Parameters
        ----------
        moments
            Moments, or durations for a form of durations.
        offsets
            The offsets from UTC in minutes, where the form writes them; 0 by default.
        """
        at, count = _Calendar(moments), len(moments)
        columns = []
        for piece in self._pieces:
            if isinstance(piece, str):
                columns.append([piece] * count)
            elif piece.field == "z":
                zeros = np.zeros(count, np.int64)
                columns.append(piece.write(zeros if offsets is None else offsets))
            else:
                columns.append(piece.write(at.field(piece.field)))
        written = list(map("".join, zip(*columns, strict=True)))
        return written if self._digits is None else self._digits.from_ascii(written)

    def with_offset(self, minutes: int) -> "DateForm":
        """Return the form with one offset from UTC written out."""
        directive = re.search("%:*z", self.spec)
        if directive is None:
            return self
        text = DIRECTIVES[directive[0]].write(np.array([minutes]))[0]
        return DateForm(self.spec.replace(directive[0], text))


def _moments(fields: dict[str, _Integers], pivot: int, count: int) -> _Integers:
    """Compute ticks from fields, whether or not these agree with each other."""
    zeros = np.zeros(count, np.int64)

    def of(name: str, default: int = 0) -> _Integers:
        return fields.get(name, zeros + default)

    hours = of("HM") // 100 if "HM" in fields else of("H")
    if "I" in fields:
        hours = of("I") % 12 + 12 * of("p")
    minutes = of("HM") % 100 if "HM" in fields else of("M")
    ticks = hours * _HOUR + minutes * _MINUTE + of("S") * _SECOND + of("f")
    elapsed = fields.keys() & _ELAPSED.keys()
    if elapsed:
        return ticks + sum((fields[name] * _ELAPSED[name] for name in elapsed), zeros)
    if "T" in fields:
        return of("T") + _days(fields, pivot, of) * _DAY
    if "s" in fields:
        return of("s") * _SECOND + of("f")
    return ticks + _days(fields, pivot, of) * _DAY


def _days(
    fields: dict[str, _Integers], pivot: int, of: Callable[[str, int], _Integers]
) -> _Integers:
    if "V" in fields:
        fourth = (of("G", 1970) - 1970).astype("M8[Y]").astype("M8[D]").astype(np.int64) + 3
        monday = fourth - (fourth + 3) % 7  # the fourth of January is in week 1
        return monday + 7 * (of("V", 1) - 1) + of("u", 1) - 1
    years = of("Y", 1900)
    if "y" in fields:
        years = pivot + (of("y", 0) - pivot) % 100
    months = of("q", 1) * 3 - 2 if "q" in fields else of("m", 1)
    first = ((years - 1970) * 12 + months - 1).astype("M8[M]").astype("M8[D]").astype(np.int64)
    if "j" in fields:
        return (years - 1970).astype("M8[Y]").astype("M8[D]").astype(np.int64) + of("j", 1) - 1
    return first + of("d", 1) - 1


def parse_by_date_forms(
    forms: Sequence[DateForm], texts: Sequence[str]
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Read texts by the first of several forms of one kind that fits.

    Parameters
    ----------
    forms
        The forms, in order.
    texts
        Distinct texts.

    Returns
    -------
    The moments, and the index of each text's form: -1 where none fits.
    """
    moments = np.full(len(texts), "NaT", "m8[us]" if forms[0].kind == "timedelta" else "M8[us]")
    return moments, fill_by_forms(forms, texts, moments)


def with_pivot(form: DateForm, texts: Sequence[str]) -> DateForm:
    """Choose the century of two-digit years: that of the narrowest range, and not of the future."""
    moments, ok = form.parse(texts)
    digits = sorted({(year + 1970) % 100 for year in moments[ok].astype("M8[Y]").astype(int)})
    if not digits:
        return form
    if len(digits) < 10:  # too few to show a range
        beyond = (moments[ok] >= np.datetime64(f"{LATEST + 1}-01-01")).any()
        return DateForm(form.spec.replace("%y", f"%({LATEST - 99})y")) if beyond else form
    gaps = [(following - year) for year, following in pairwise([*digits, digits[0] + 100])]
    widest = int(np.argmax(gaps))
    start, end = digits[(widest + 1) % len(digits)], digits[widest]
    length = (end - start) % 100
    last = LATEST - (LATEST - end) % 100
    first = last - length
    if first >= _PIVOT and last <= 2068:  # as POSIX has it
        return form
    return DateForm(form.spec.replace("%y", f"%({first // 10 * 10})y" if length < 90 else "%y"))
