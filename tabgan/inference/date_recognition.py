"""Finds the form of a column of dates kept as text, from the distinct texts and their counts."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tabgan.inference.column_cells import (
    FEW_OTHERS,
    LEAST_SHARE,
    MOST_FORMS,
    FormReading,
    FormShare,
    are_enough,
    explain,
    filled_texts,
    sample_texts,
)
from tabgan.inference.date_skeletons import (
    fraction,
    propose_abbreviated_months,
    propose_calendar,
    propose_local_words,
    propose_quarters_weeks,
    skeletons,
)
from tabgan.table.date_forms import LATEST, DateForm, parse_by_date_forms, with_pivot
from tabgan.table.locale_words import in_other_digits

__all__ = [
    "DateFormReading",
    "DateRecognizer",
    "recognize_dates",
    "register_date_recognizer",
]

MOST_OFFSETS = 30
NEARLY_ALL = 0.99  # share of the texts that must fit where digits alone are taken for dates
CLASHING = 0.02  # share of the dates that may tell another order of day and month
REORDERED = 0.1  # least share of a form that only swaps day and month of another
YEARS = (1500, 2200)

_TIME_NAMES = re.compile(
    r"(?i)time|date|stamp|unix|epoch|created|updated|modified|seen|login|since|until|(?:^|_)(?:ts|at)$"
)
_CLOCK_NAMES = re.compile(r"(?i)time|hhmm|hour|dep|arr|clock|zeit|uhr")
_DURATION_NAMES = re.compile(
    r"(?i)duration|elapsed|length|runtime|run_time|lap|split|finish|dauer|taken|spent|total"
)


@dataclass(frozen=True)
class DateFormReading(FormReading[DateForm]):
    """How the dates of a column are written: cells of different offsets have different forms.

    Parameters
    ----------
    minimum, maximum
        The first and the last moment, or the shortest and the longest duration.
    """

    minimum: np.datetime64 | np.timedelta64
    maximum: np.datetime64 | np.timedelta64

    @property
    def kind(self) -> Literal["datetime", "timedelta"]:
        """Whether the cells are moments or durations."""
        return self.form.kind

    @property
    def has_time(self) -> bool:
        """Whether a form tells the time of day."""
        return any(form.unit not in {"D", "M", "Y"} for form, _ in self.forms)

    def parse(self, texts: Sequence[str]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Read texts by the first form that fits.

        Returns
        -------
        Wall-clock moments, "not a time" where no form fits; and the index of each text's form
        among `forms`, -1 where none fits.
        """
        return parse_by_date_forms([form for form, _ in self.forms], texts)


@dataclass(frozen=True)
class DateRecognizer:
    """A recognizer of date formats.

    Parameters
    ----------
    name
        Name of the recognizer.
    propose
        Function that proposes formats for distinct texts with their counts and the column's name;
        if two fit equally, the more plausible one first, and none without evidence that the texts
        are dates.
    """

    name: str
    propose: Callable[[Mapping[str, int], str], Iterable[DateForm]]


def register_date_recognizer(recognizer: DateRecognizer) -> None:
    """Register a recognizer of date formats, which comes before the built-in ones.

    Parameters
    ----------
    recognizer
        Proposes the formats; `tabgan.table.date_forms.register_directive` adds directives.
    """
    DATE_RECOGNIZERS.insert(0, recognizer)


def recognize_dates(
    counts: Mapping[str, int], name: object = None, least_share: float = LEAST_SHARE
) -> DateFormReading | None:
    """Find the form in which the texts of a column are dates, times or durations.

    Parameters
    ----------
    counts
        How many cells hold each distinct text.
    name
        The column's name, a hint where digits may be dates or not.
    least_share
        The share of the filled cells, and half that of the distinct texts, that must be dates.

    Returns
    -------
    The reading; None if the texts are not dates. Years alone are numbers.

    Examples
    --------
    >>> reading = recognize_dates({"3/25/2020 21:14": 1, "12/1/2020 8:05": 1, "?": 3})
    >>> reading.form.spec, str(reading.minimum)
    ('%-m/%-d/%Y %-H:%M', '2020-03-25T21:14:00.000000')
    """
    filled = filled_texts(counts)
    label = str(name[-1]) if isinstance(name, tuple) and name else str(name or "")
    ranked = _rank(sample_texts(filled), label)
    if not ranked or ranked[0].share < 0.5 * least_share:
        return None
    order = _order_of(filled) if _day_month_order(ranked[0].form) else None
    ranked = _in_order(ranked, order)
    forms, moments, index = _all_forms(filled, ranked[0].form, label, order)
    if not are_enough(filled, index, least_share):
        return None
    return _reading(filled, forms, ranked, moments, index)


def _reading(
    counts: Mapping[str, int],
    forms: Sequence[DateForm],
    ranked: Sequence[FormShare[DateForm]],
    moments: NDArray[Any],
    index: NDArray[np.int64],
) -> DateFormReading:
    low, high = moments[index >= 0].min(), moments[index >= 0].max()
    first, last = forms[0].write(np.array([low, high]))
    kind = "durations" if forms[0].kind == "timedelta" else "dates"
    what = f"{kind} written {forms[0].spec}, from {first} to {last}"
    told = explain(counts, forms, index, ranked, differ=_differ, what=what)
    return DateFormReading(**vars(told), minimum=low, maximum=high)


def _differ(one: DateForm, other: DateForm, texts: Sequence[str]) -> bool:
    """Say whether two forms read the same texts as other moments."""
    (moments, ok), (others, others_ok) = one.parse(texts), other.parse(texts)
    both = ok & others_ok
    return one.kind != other.kind or bool((moments[both] != others[both]).any())


def _rank(counts: Mapping[str, int], name: str) -> list[FormShare[DateForm]]:
    """Order the proposed forms by the share of the cells that they explain."""
    forms: dict[DateForm, None] = {}
    for recognizer in DATE_RECOGNIZERS:
        forms.update(dict.fromkeys(recognizer.propose(counts, name)))
    texts, cells = [*counts], np.array([*counts.values()])
    ranked = []
    for form in forms:
        moments, ok = form.parse(texts)
        if form.kind == "datetime" and "Y" in form.fields:
            years = moments.astype("M8[Y]").astype(np.int64) + 1970
            ok &= (years >= YEARS[0]) & (years <= YEARS[1])
        share = float(cells[ok].sum() / max(cells.sum(), 1))
        if share:
            ranked.append(FormShare(form, share))
    return sorted(ranked, key=lambda entry: -round(entry.share, 9))


_NUMERIC = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ][0-9]{2,4}(?![0-9])")


def _day_month_order(form: DateForm) -> str | None:
    """Return "dm" or "md", as day and month in digits stand before the year; else None."""
    letters = "".join(re.findall("%-?([a-zA-Z])", form.spec))
    return letters[:2] if letters[:3].lower() in {"dmy", "mdy"} else None


def _order_of(counts: Mapping[str, int]) -> str | None:
    """Return which of day and month stands first, as numbers above 12 tell in any form."""
    told = Counter[str]()
    for text, count in counts.items():
        match = _NUMERIC.match(text)
        if match is not None:
            first, second = int(match[1]) > 12, int(match[2]) > 12
            if first != second:
                told["dm" if first else "md"] += count
    ranked = told.most_common(2)
    is_sure = len(ranked) == 1 or (len(ranked) == 2 and ranked[1][1] <= CLASHING * ranked[0][1])
    return ranked[0][0] if is_sure else None


def _in_order(
    ranked: Sequence[FormShare[DateForm]], order: str | None
) -> list[FormShare[DateForm]]:
    """Leave out the forms that have day and month in the other order, and explain no more."""
    if order is None:
        return [*ranked]
    most = max((r.share for r in ranked if _day_month_order(r.form) == order), default=0.0)
    other = order[::-1]
    return [r for r in ranked if _day_month_order(r.form) != other or r.share > most]


def _all_forms(
    counts: Mapping[str, int], first: DateForm, name: str, order: str | None
) -> tuple[list[DateForm], NDArray[Any], NDArray[np.int64]]:
    """Add the forms of texts that don't have the first one; return moment and form of each."""
    texts = np.array([*counts], object)
    cells = np.array([*counts.values()])
    moments = np.full(len(texts), "NaT", "m8[us]" if first.kind == "timedelta" else "M8[us]")
    index = np.full(len(texts), -1)
    forms: list[DateForm] = []
    ranked = [FormShare(first, 1.0)]
    for _ in range(MOST_FORMS):
        places = np.flatnonzero(index < 0)
        rest = {text: counts[text] for text in texts[places]}
        share = cells[places].sum() / cells.sum()
        if forms:
            ranked = _in_order(_rank(sample_texts(rest), name), order) if rest else []
        pairs = ((form, part * share) for form, part in ranked)
        form = next((form for form, part in pairs if _go_together(forms, form, part)), None)
        if form is None:
            break
        if "y" in form.fields:
            form = with_pivot(form, [*sample_texts(rest)])
        found, ok, offsets = form.parse_with_offsets([*rest])
        moments[places[ok]] = found[ok]
        for minutes, _count in Counter(offsets[ok].tolist()).most_common(MOST_OFFSETS):
            index[places[ok & (offsets == minutes)]] = len(forms)
            forms.append(form.with_offset(minutes))
    return forms, moments, index


def _go_together(forms: Sequence[DateForm], other: DateForm, share: float) -> bool:
    """Say whether a form may stand beside those of a column."""
    if not forms:
        return True
    are_reordered = any(_shape(form) == _shape(other) for form in forms)
    same = other.kind == forms[0].kind and ("s" in other.fields) == ("s" in forms[0].fields)
    return same and (share >= REORDERED or not are_reordered)


def _shape(form: DateForm) -> str:
    return re.sub("%-?[dm]", "%d", form.spec)


def _with_digits(counts: Mapping[str, int]) -> Mapping[str, int]:
    """Leave out a few texts without digits, such as "unknown"."""
    numbers = {text: count for text, count in counts.items() if any(map(str.isdecimal, text))}
    return numbers if len(counts) - len(numbers) <= FEW_OTHERS else counts


def _all_digits(counts: Mapping[str, int], least: int, most: int) -> bool:
    """Say whether nearly all texts are so many digits."""
    fitting = sum(text.isdecimal() and least <= len(text) <= most for text in counts)
    return len(counts) > 0 and fitting >= NEARLY_ALL * len(counts)


def _share_of(form: DateForm, counts: Mapping[str, int], years: tuple[int, int]) -> float:
    """Return the share of the distinct texts that are moments of these years."""
    moments, ok = form.parse([*counts])
    of = moments.astype("M8[Y]").astype(np.int64) + 1970
    return float((ok & (of >= years[0]) & (of <= years[1])).mean())


def _propose_compact(counts: Mapping[str, int], name: str) -> Iterator[DateForm]:
    """Propose dates without marks: all of them, and in our times."""
    counts = _with_digits(counts)
    if not _all_digits(counts, 6, 14):
        return
    least = 1 if _TIME_NAMES.search(name) else 5
    specs = ["%Y%m%d", "%Y%m%d%H%M%S", "%Y%m%d%H%M"] if len(counts) >= min(least, 2) else []
    specs += ["%d%m%Y", "%m%d%Y", "%Y%m", "%y%m%d"] if len(counts) >= 4 * least else []
    for spec in specs:
        if _share_of(DateForm(spec), counts, (1900, 2100)) >= NEARLY_ALL:
            yield DateForm(spec)


def _propose_unix(counts: Mapping[str, int], name: str) -> Iterator[DateForm]:
    """Propose seconds, milliseconds and microseconds since 1970, by the name or by their range."""
    counts = _with_digits(counts)
    is_named = _TIME_NAMES.search(name) is not None
    for digits, spec in ((10, "%s"), (13, "%s%3f"), (16, "%s%6f")):
        if not _all_digits(counts, digits - 1, digits):
            continue
        form = DateForm(spec)
        years = (1990, LATEST) if is_named else (2001, 2030)
        if _share_of(form, counts, years) < NEARLY_ALL:
            continue
        moments, ok = form.parse([*counts])
        days = (moments[ok].max() - moments[ok].min()) / np.timedelta64(1, "D")
        if is_named or (len(counts) >= 50 and days > 7):
            yield form


def _propose_clock_numbers(counts: Mapping[str, int], name: str) -> Iterator[DateForm]:
    """Propose 945 and 1730, 9h45 or 09.45 as times of day: no minute is above 59."""
    counts = _with_digits(counts)
    marks = (m for m in "h." if all(re.fullmatch(rf"\d\d?[{m}]\d\d", text) for text in counts))
    mark, hour = next(marks, ""), "%-H" if any(len(text) < 5 for text in counts) else "%H"
    form = DateForm(f"{hour}{mark}%M")
    if mark and len(counts) >= 12 and (mark == "h" or hour == "%H"):
        yield from [form] if form.parse([*counts])[1].all() else []
    if not _all_digits(counts, 1, 4):
        return
    padded = sum(len(text) == 4 for text in counts) >= NEARLY_ALL * len(counts)
    has_zero = any(len(text) > 1 and text[0] == "0" for text in counts)
    form = DateForm("%H%M" if padded and has_zero else "%[HM]")
    moments, ok = form.parse([*counts])
    if ok.mean() < NEARLY_ALL:
        return
    ticks = moments[ok].astype("M8[m]").astype(np.int64)
    hours, minutes = len(set((ticks // 60 % 24).tolist())), set((ticks % 60).tolist())
    many = len(counts) >= 30 and len(minutes) >= 10 and max(minutes) >= 30
    if hours >= 6 and (many or (_CLOCK_NAMES.search(name) and len(counts) >= 5)):
        yield form


def _propose_durations(counts: Mapping[str, int], name: str) -> Iterator[DateForm]:
    """Propose durations: hours above 23, or of one digit and few, or so named."""
    yield from _durations_in_units(counts)
    yield from _days_and_times(counts)
    for skeleton in skeletons(counts, 2):
        line = "".join(skeleton.tokens)
        if line not in {"9:9", "9:9.9", "9:9:9", "9:9:9.9"}:
            continue
        words = skeleton.words(0)
        firsts = [int(word) for word in words]
        wide = any(len(word) == 2 and word[0] == "0" for word in words)
        width = 2 if wide or min(map(len, words)) == 2 else 1
        if line == "9:9":
            yield from _minutes_or_hours(firsts, width, name)
        elif line == "9:9.9":  # no time of day is written so
            yield DateForm(f"%[{'m' * width}]:%S.{fraction(skeleton, 4)}")
        elif max(firsts) > 23 or (width == 1 and max(firsts) < 13) or _DURATION_NAMES.search(name):
            tail = f".{fraction(skeleton, 6)}" if line.endswith(".9") else ""
            yield DateForm(f"%[{'h' * width}]:%M:%S{tail}")


def _days_and_times(counts: Mapping[str, int]) -> Iterator[DateForm]:
    """Propose durations of days and a time: 3 days 04:12:00, 1 day, 4:12:00, 3d 04:12."""
    pattern = re.compile(r"[0-9]+( ?d(?:ays?)?,? )([0-9]{1,2}):[0-9]{2}(:[0-9]{2}(\.[0-9]{6})?)?")
    matches = [match for match in map(pattern.fullmatch, counts) if match is not None]
    if not matches or 2 * len(matches) < len(counts):
        return
    hour = "%-H" if any(len(match[2]) == 1 for match in matches) else "%H"
    ends = Counter((m[1], "" if m[3] is None else ":%S.%f" if m[4] else ":%S") for m in matches)
    for (between, end), _ in ends.most_common(4):
        yield DateForm(f"%[d]{between}{hour}:%M{end}")
    if any(" " in between for between, _ in ends):
        yield from (DateForm(f"%[h]:%M{end}") for end in sorted({end for _, end in ends}))


_TIME_UNITS = {"d": "d", "day": "d", "days": "d", "dt": "d"}
_TIME_UNITS |= dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h")
_TIME_UNITS |= dict.fromkeys(("m", "min", "mins", "minutes"), "m")
_TIME_UNITS |= dict.fromkeys(("s", "sec", "secs", "seconds"), "s")


def _durations_in_units(counts: Mapping[str, int]) -> Iterator[DateForm]:
    """Propose durations with a unit after each of several numbers: 1h 05m, PT1H30M."""
    by_literals: dict[tuple[str, ...], list[list[str]]] = {}
    for text in counts:
        first, *literals = re.split("[0-9]+", text[:64])
        units = [_TIME_UNITS.get(literal.strip(" ,.").lower(), "") for literal in literals]
        letters = "".join(units)
        if first in {"", "PT", "P"} and len(letters) > 1 and letters in "dhms" and all(units):
            by_literals.setdefault((first, *literals), []).append(re.findall("[0-9]+", text))
    for (first, *literals), numbers in sorted(by_literals.items(), key=lambda it: -len(it[1]))[:2]:
        spec = first
        for place, literal in enumerate(literals):
            unit = _TIME_UNITS[literal.strip(" ,.").lower()]
            is_padded = all(len(words[place]) == 2 for words in numbers)
            later = {"h": "H", "m": "M", "s": "S"}.get(unit, "")
            name = f"[{unit}]" if not place else later if is_padded else f"-{later}"
            spec += f"%{name}{literal}"
        yield DateForm(spec)


def _minutes_or_hours(firsts: list[int], width: int, name: str) -> Iterator[DateForm]:
    if max(firsts) > 23 or _DURATION_NAMES.search(name):
        minutes, hours = DateForm(f"%[{'m' * width}]:%S"), DateForm(f"%[{'h' * width}]:%M")
        yield from (hours, minutes) if re.search("(?i)hour|work", name) else (minutes, hours)


def _propose_other_digits(counts: Mapping[str, int], name: str) -> Iterator[DateForm]:
    """Propose dates in digits of another script."""
    for script, ours in in_other_digits(counts):
        for form in (*propose_calendar(ours, name), *propose_local_words(ours, name)):
            yield DateForm(f"%[digits_{script}]{form.spec}")


DATE_RECOGNIZERS: list[DateRecognizer] = [
    DateRecognizer("durations", _propose_durations),
    DateRecognizer("dates and times of day", propose_calendar),
    DateRecognizer("shortened names of months", propose_abbreviated_months),
    DateRecognizer("clocks and weekdays in words", propose_local_words),
    DateRecognizer("quarters and weeks", propose_quarters_weeks),
    DateRecognizer("dates without marks", _propose_compact),
    DateRecognizer("seconds since 1970", _propose_unix),
    DateRecognizer("times of day as numbers", _propose_clock_numbers),
    DateRecognizer("dates in digits of another script", _propose_other_digits),
]
