"""Made-up columns whose kind and form are known, written without the library's own recognizers.

Each `Source` is one way to write one kind of column. It makes cells, and it tells whether a text
has its form: by a regular expression, and for dates by reading and writing the text again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import string
import uuid
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple

Make = Callable[[Random, int], list[str]]

NEUTRAL = ("value", "field_7", "x", "col3", "data")


class Source(NamedTuple):
    """One way to write one kind of column.

    Parameters
    ----------
    kind
        What the column holds, in a word.
    form
        How it is written.
    kinds
        The kinds of the library that are right.
    make
        Writes as many cells.
    reads
        Tells whether a text is written so.
    names
        What the column may be called.
    """

    kind: str
    form: str
    kinds: frozenset[str]
    make: Make
    reads: Callable[[str], bool]
    names: tuple[str, ...] = NEUTRAL


def sources() -> list[Source]:
    """Return all ways to write a column."""
    groups = (_dates(), _times(), _numbers(), _levels(), _names_of_rows(), _people(), _others())
    return [source for group in groups for source in group]


def _one_of(*kinds: str) -> frozenset[str]:
    return frozenset(kinds)


def _by(expression: str) -> Callable[[str], bool]:
    compiled = re.compile(expression)
    return lambda text: compiled.fullmatch(text) is not None


def _words(text: str) -> list[str]:
    return text.split()


def _each(make_one: Callable[[Random], str]) -> Make:
    return lambda rng, n: [make_one(rng) for _ in range(n)]


def _distinct(make_one: Callable[[Random], str]) -> Make:
    def make(rng: Random, n: int) -> list[str]:
        cells: dict[str, None] = {}
        while len(cells) < n:
            cells[make_one(rng)] = None
        return [*cells]

    return make


# --- dates, times, durations ---

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
_FIELDS = {
    "%Y": r"\d{4}", "%y": r"\d{2}", "%m": r"\d{2}", "%-m": r"\d{1,2}", "%d": r"\d{2}",
    "%-d": r"\d{1,2}", "%H": r"\d{2}", "%-H": r"\d{1,2}", "%I": r"\d{2}", "%-I": r"\d{1,2}",
    "%M": r"\d{2}", "%S": r"\d{2}", "%f": r"\d{6}", "%L": r"\d{3}", "%p": "AM|PM", "%P": "am|pm",
    "%b": r"[^\W\d_]{3}", "%B": r"[^\W\d_]+", "%a": "[A-Z][a-z]{2}", "%A": "[A-Z][a-z]+",
    "%o": "st|nd|rd|th", "%q": "[1-4]", "%W": r"\d{2}", "%s": r"\d{9,10}", "%z": r"[+-]\d{4}",
    "%Z": r"[+-]\d{2}:\d{2}",
}  # fmt: skip
_PIECE = re.compile("(" + "|".join(sorted(map(re.escape, _FIELDS), key=len, reverse=True)) + ")")


def _write(moment: dt.datetime, spec: str, language: str = "en", offset: int = 0) -> str:
    month = _MONTHS[language].split()[moment.month - 1]
    day = _DAYS.split()[moment.weekday()]
    hour, n = moment.hour % 12 or 12, moment.day
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    year, week, _ = moment.isocalendar()
    fields = {
        "%Y": f"{year if '%W' in spec else moment.year:04}", "%y": f"{moment.year % 100:02}",
        "%m": f"{moment.month:02}", "%-m": str(moment.month), "%d": f"{n:02}", "%-d": str(n),
        "%H": f"{moment.hour:02}", "%-H": str(moment.hour), "%I": f"{hour:02}", "%-I": str(hour),
        "%M": f"{moment.minute:02}", "%S": f"{moment.second:02}", "%f": f"{moment.microsecond:06}",
        "%L": f"{moment.microsecond // 1000:03}", "%p": "AM" if moment.hour < 12 else "PM",
        "%P": "am" if moment.hour < 12 else "pm", "%b": month[:3], "%B": month, "%a": day[:3],
        "%A": day, "%q": str((moment.month + 2) // 3), "%W": f"{week:02}",
        "%o": "th" if 10 < n < 14 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th"),
        "%s": str(int(moment.replace(tzinfo=dt.UTC).timestamp())),
        "%z": f"{sign}{minutes // 60:02}{minutes % 60:02}",
        "%Z": f"{sign}{minutes // 60:02}:{minutes % 60:02}",
    }  # fmt: skip
    return _PIECE.sub(lambda match: fields[match.group()], spec)


def _reads_dates(spec: str, language: str) -> Callable[[str], bool]:
    """Return a test that reads a text's fields and looks whether they are those of a date."""
    found: list[str] = []

    def group(match: re.Match[str]) -> str:
        found.append(match.group())
        return f"({_FIELDS[match.group()]})"

    pieces = _PIECE.split(spec)
    pattern = "".join(
        group(match) if (match := _PIECE.fullmatch(piece)) else re.escape(piece) for piece in pieces
    )
    expression = re.compile(pattern)
    months = [month.lower() for month in _MONTHS[language].split()]

    def reads(text: str) -> bool:
        match = expression.fullmatch(text)
        if match is None:
            return False
        got = dict(zip(found, match.groups(), strict=True))
        try:
            return _are_a_date(got, months)
        except (ValueError, StopIteration):
            return False

    return reads


def _are_a_date(got: dict[str, str], months: Sequence[str]) -> bool:
    if "%s" in got:
        return 1990 <= dt.datetime.fromtimestamp(int(got["%s"]), dt.UTC).year <= 2040
    year = int(got.get("%Y", "2000"))
    if "%W" in got:
        dt.date.fromisocalendar(year, int(got["%W"]), 1)
        return True
    month = int(got.get("%m", got.get("%-m", "1")))
    word = got.get("%B", got.get("%b", "")).lower()
    if word:
        lengths = 3 if "%b" in got else None
        month = 1 + next(i for i, name in enumerate(months) if name[:lengths] == word)
    day = int(got.get("%d", got.get("%-d", "1")))
    date = dt.date(2000 + int(got["%y"]) if "%y" in got else year, month, day)
    weekday = _DAYS.split()[date.weekday()]
    if "%y" not in got and not weekday.startswith(got.get("%A", got.get("%a", ""))):
        return False
    hour = int(got.get("%H", got.get("%-H", "0")))
    half = int(got.get("%I", got.get("%-I", "1")))
    parts = (int(got.get(name, "0")) for name in ("%M", "%S"))
    return hour <= 23 and 1 <= half <= 12 and all(part <= 59 for part in parts)


def _moment(rng: Random, start: dt.datetime, days: int) -> dt.datetime:
    within = dt.timedelta(days=rng.randrange(days), seconds=rng.randrange(86_400))
    return start + within + dt.timedelta(microseconds=rng.randrange(1_000_000))


def _date_cells(spec: str, language: str = "en", offsets: Sequence[int] = (0,)) -> Make:
    def make(rng: Random, n: int) -> list[str]:
        start = dt.datetime(rng.randrange(1995, 2021), rng.randrange(1, 13), 1)
        days = rng.choice([120, 400, 1500]) if "%m" in spec or "%d" in spec else 3000
        moments = (_moment(rng, start, days) for _ in range(n))
        return [_write(moment, spec, language, rng.choice(offsets)) for moment in moments]

    return make


_DATE_SPECS = (
    *("%Y-%m-%d", "%m/%d/%Y", "%-m/%-d/%Y", "%d/%m/%Y", "%-d/%-m/%Y", "%m/%d/%y", "%d/%m/%y"),
    *("%d.%m.%Y", "%-d.%-m.%Y", "%d.%m.%y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d"),
    *("%d-%b-%Y", "%d-%b-%y", "%-d %b %Y", "%B %-d, %Y", "%b %-d, %Y", "%-d %B %Y", "%b %d %Y"),
    *("%A, %B %-d, %Y", "%a, %d %b %Y", "%a %b %d %Y", "%B %-d%o, %Y", "%-d%o %B %Y"),
    *("%Y年%-m月%-d日", "%Y. %m. %d.", "%d %m %Y"),
)
_MOMENT_SPECS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"),
    *("%Y-%m-%dT%H:%M:%S.%LZ", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%L"),
    *("%m/%d/%Y %H:%M", "%-m/%-d/%Y %-H:%M", "%m/%d/%Y %I:%M %p", "%-m/%-d/%Y %-I:%M:%S %p"),
    *("%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y, %H:%M:%S", "%d.%m.%Y %H:%M Uhr"),
    *("%b %-d, %Y %-I:%M %p", "%d-%b-%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S UTC", "%d %b %Y, %H:%M"),
    *("%Y%m%dT%H%M%S", "%a %b %d %H:%M:%S %Y", "%m/%d/%y %-I:%M %P", "%Y%m%d%H%M%S"),
    *("%a, %d %b %Y %H:%M:%S GMT", "%-d/%-m/%Y %-I:%M%P", "%Y/%m/%d %H:%M"),
)
_ZONE_SPECS = ("%Y-%m-%dT%H:%M:%S%Z", "%Y-%m-%d %H:%M:%S%Z", "%Y-%m-%dT%H:%M:%S.%L%z")
_ZONE_SPECS += ("%d/%b/%Y:%H:%M:%S %z", "%Y-%m-%d %H:%M:%S %z")
_PERIOD_SPECS = ("%Y-%m", "%m/%Y", "%b-%y", "%b %Y", "%B %Y", "%Y-Q%q", "Q%q %Y", "%YQ%q", "%Y-W%W")
_PERIOD_SPECS += ("%YW%W", "Q%q/%Y", "%b-%Y", "Q%q-%Y")
_LOCAL_SPECS = {
    "de": ("%-d. %B %Y", "%B %Y"),
    "fr": ("%-d %B %Y", "%d %B %Y"),
    "es": ("%-d de %B de %Y",),
    "it": ("%-d %B %Y",),
    "nl": ("%-d %B %Y",),
}


def _date_source(
    kind: str,
    spec: str,
    names: tuple[str, ...] = NEUTRAL,
    language: str = "en",
    offsets: Sequence[int] = (0,),
) -> Source:
    form = spec if language == "en" else f"{spec} ({language})"
    make, reads = _date_cells(spec, language, offsets), _reads_dates(spec, language)
    return Source(kind, form, _one_of("datetime"), make, reads, names)


def _dates() -> Iterator[Source]:
    for spec in _DATE_SPECS:
        yield _date_source("date", spec)
    for spec in _MOMENT_SPECS:
        yield _date_source("moment", spec)
    for spec in _ZONE_SPECS:
        yield _date_source("moment with offset", spec, offsets=(120, 60))
    for spec in _PERIOD_SPECS:
        yield _date_source("period", spec)
    for language, specs in _LOCAL_SPECS.items():
        for spec in specs:
            yield _date_source("date", spec, language=language)
    named = ("created_at", "timestamp", "event_time")
    yield _date_source("moment", "%s", (*named, "value"))
    yield _date_source("moment", "%s%L", (*named, "value"))
    yield _date_source("date", "%Y%m%d")
    yield _mixed("%m/%d/%Y", "%Y-%m-%d")
    yield _mixed("%d.%m.%Y", "%d.%m.%y")
    yield _mixed("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M %p")
    yield _mixed("%Y-%m-%d", "%B %-d, %Y")


def _mixed(first: str, second: str) -> Source:
    one, other = _date_cells(first), _date_cells(second)
    tests = _reads_dates(first, "en"), _reads_dates(second, "en")

    def make(rng: Random, n: int) -> list[str]:
        cells, others = one(rng, n), other(rng, n)
        return [others[i] if rng.random() < 0.3 else cells[i] for i in range(n)]

    form = f"{first} or {second}"
    right = _one_of("datetime")
    return Source("mixed dates", form, right, make, lambda text: any(f(text) for f in tests))


def _sixty(rng: Random) -> str:
    return f"{rng.randrange(60):02}"


def _times() -> Iterator[Source]:
    clocks = ("%H:%M", "%-H:%M", "%H:%M:%S", "%-I:%M %p", "%I:%M %p", "%-I:%M:%S %p", "%-I:%M %P")
    for spec in clocks:
        yield _date_source("time of day", spec, ("time", "start", "value", "arrival_time"))
    yield Source(
        "time of day", "945", _one_of("datetime"),
        _each(lambda rng: str(rng.randrange(24) * 100 + rng.randrange(60))),
        lambda text: text.isdecimal() and int(text) // 100 < 24 and int(text) % 100 < 60,
        ("dep_time", "value"),
    )  # fmt: skip
    duration, names = _one_of("timedelta"), ("duration", "elapsed", "run_time")
    yield Source(
        "duration", "h:mm:ss", duration,
        _each(lambda rng: f"{rng.randrange(40)}:{rng.randrange(60):02}:{rng.randrange(60):02}"),
        _by(r"\d+:[0-5]\d:[0-5]\d"), (*names, "value"),
    )  # fmt: skip
    yield Source(
        "duration", "mm:ss", duration,
        _each(lambda rng: f"{rng.randrange(90):02}:{rng.randrange(60):02}"),
        _by(r"\d{2,}:[0-5]\d"), names,
    )  # fmt: skip
    yield Source(
        "duration", "0 days hh:mm:ss", duration,
        _each(
            lambda rng: f"{rng.randrange(9)} days 1{rng.randrange(10)}:{_sixty(rng)}:{_sixty(rng)}"
        ),
        _by(r"\d+ days? [0-2]\d:[0-5]\d:[0-5]\d"),
    )  # fmt: skip
    yield Source(
        "duration", "hh:mm:ss.fff", duration,
        _each(
            lambda rng: f"0{rng.randrange(3)}:{_sixty(rng)}:{_sixty(rng)}.{rng.randrange(1000):03}"
        ),
        _by(r"\d{2}:[0-5]\d:[0-5]\d\.\d{3}"), names,
    )  # fmt: skip
    yield Source(
        "duration", "1h 05m", duration,
        _each(lambda rng: f"{rng.randrange(12)}h {rng.randrange(60):02}m"),
        _by(r"\d+h [0-5]\dm"), names,
    )  # fmt: skip


# --- numbers ---


class _Style(NamedTuple):
    """How a number is written: marks, what stands around it, and negative ones."""

    places: int = 2
    group: str = ""
    decimal: str = "."
    before: str = ""
    after: str = ""
    negative: str = "-{}"  # of all that is written

    def write(self, value: float) -> str:
        whole, _, rest = f"{abs(value):,.{self.places}f}".partition(".")
        digits = whole.replace(",", self.group) + (self.decimal + rest if rest else "")
        text = f"{self.before}{digits}{self.after}"
        return self.negative.format(text) if value < 0 and any(map(str.isdigit, text)) else text

    def reads(self) -> Callable[[str], bool]:
        whole = rf"\d{{1,3}}(?:{re.escape(self.group)}\d{{3}})*" if self.group else r"\d+"
        rest = rf"{re.escape(self.decimal)}\d{{{self.places}}}" if self.places else ""
        text = re.escape(self.before) + whole + rest + re.escape(self.after)
        minus = re.escape(self.negative).replace(r"\{\}", text)
        return _by(f"{text}|{minus}")


def _amounts(style: _Style, *, signed: bool = True) -> Make:
    def make(rng: Random, n: int) -> list[str]:
        scale, sigma = rng.choice([20, 300, 5_000, 90_000]), rng.choice([0.4, 1.0])
        share = rng.choice([0, 0.1, 0.4]) if signed else 0
        sizes = [scale * rng.lognormvariate(0, sigma) for _ in range(n)]
        return [style.write(-size if rng.random() < share else size) for size in sizes]

    return make


_STYLES = {
    "12": _Style(places=0),
    "12.5": _Style(places=1),
    "12.50": _Style(),
    "12.5000": _Style(places=4),
    "12,50": _Style(decimal=","),
    "12,5": _Style(places=1, decimal=","),
    "1,234": _Style(places=0, group=","),
    "1,234.50": _Style(group=","),
    "1.234,50": _Style(group=".", decimal=","),
    "1 234,50": _Style(group=" ", decimal=","),
    "1 234,50 (no break)": _Style(group="\u00a0", decimal=","),
    "1 234 (thin)": _Style(places=0, group="\u202f"),
    "1'234.50": _Style(group="'"),
    "1’234.50": _Style(group="’"),
    "$1,234.50": _Style(group=",", before="$"),
    "$-1234.50": _Style(before="$", negative="{}"),
    "($1,234.50)": _Style(group=",", before="$", negative="({})"),
    "£1,234": _Style(places=0, group=",", before="£"),
    "1.234,50 €": _Style(group=".", decimal=",", after=" €"),
    "€ 1.234,50": _Style(group=".", decimal=",", before="€ "),
    "1234,50€": _Style(decimal=",", after="€"),
    "USD 1,234.50": _Style(group=",", before="USD "),
    "1,234.50 USD": _Style(group=",", after=" USD"),
    "CHF 1'234.50": _Style(group="'", before="CHF "),
    "R$ 1.234,50": _Style(group=".", decimal=",", before="R$ "),
    "1 234,50 zł": _Style(group=" ", decimal=",", after=" zł"),
    "1 234 kr": _Style(places=0, group=" ", after=" kr"),
    "₹1,234.50": _Style(group=",", before="₹"),
    "¥1,234": _Style(places=0, group=",", before="¥"),
    "12.5%": _Style(places=1, after="%"),
    "12,5 %": _Style(places=1, decimal=",", after=" %"),
    "12%": _Style(places=0, after="%"),
    "70 kg": _Style(places=0, after=" kg"),
    "36.6 °C": _Style(places=1, after=" °C"),
    "12.3km": _Style(places=1, after="km"),
    "12,3 l": _Style(places=1, decimal=",", after=" l"),
    "5 min": _Style(places=0, after=" min"),
    "120 mg/dL": _Style(places=0, after=" mg/dL"),
    "12 km/h": _Style(places=0, after=" km/h"),
    "45 m²": _Style(places=0, after=" m²"),
    "(123.00)": _Style(negative="({})"),
    "(1,234)": _Style(places=0, group=",", negative="({})"),
    "1,234.00-": _Style(group=",", negative="{}-"),
    "\u22121,234.5": _Style(places=1, group=",", negative="\u2212{}"),
}


def _numbers() -> Iterator[Source]:
    right = _one_of("integer", "numeric")
    for form, style in _STYLES.items():
        yield Source("number", form, right, _amounts(style), style.reads())
    yield Source(
        "number", "floats", right, _each(lambda rng: repr(rng.gauss(0, 3))),
        _by(r"-?\d+\.\d+(e-\d+)?"),
    )  # fmt: skip
    yield Source(
        "number", "1.2e+05", right, _each(lambda rng: f"{rng.lognormvariate(3, 4):.3e}"),
        _by(r"-?\d\.\d{3}e[+-]\d{2}"),
    )  # fmt: skip
    yield Source(
        "number", "up to two decimals", right,
        _each(lambda rng: f"{round(rng.uniform(0, 90), 2):g}"), _by(r"-?\d+(\.\d{1,2})?"),
    )  # fmt: skip
    yield Source(
        "number", "+3", right, _each(lambda rng: f"{rng.randrange(-300, 300):+d}"),
        _by(r"[+-]\d+|0"),
    )  # fmt: skip
    yield Source("number", "1.5M", right, _each(_magnitude), _by(r"\d+(\.\d)?[KMB]"))
    yield Source(
        "number", "12.5k", right, _each(lambda rng: f"{rng.uniform(1, 90):.1f}k"), _by(r"\d+\.\dk")
    )
    yield Source(
        "number", "5'11\"", right,
        _each(lambda rng: f"{rng.randrange(4, 7)}'{rng.randrange(12)}\""),
        _by(r"\d'(\d|1[01])\""),
    )  # fmt: skip
    yield Source(
        "number", "5 ft 11 in", right,
        _each(lambda rng: f"{rng.randrange(4, 7)} ft {rng.randrange(12)} in"),
        _by(r"\d ft (\d|1[01]) in"),
    )  # fmt: skip
    yield Source(
        "number", "padded", right, _each(lambda rng: f"{rng.lognormvariate(4, 1):10.2f}"),
        _by(r" *-?\d+\.\d\d"),
    )  # fmt: skip
    yield Source(
        "number", "hexadecimal", right, _each(lambda rng: f"0x{rng.randrange(2**16):04X}"),
        _by("0x[0-9A-F]{4,}"),
    )  # fmt: skip
    yield Source(
        "number", "small counts", right, _each(lambda rng: str(int(rng.lognormvariate(1, 1)))),
        _by(r"\d+"),
    )  # fmt: skip
    yield Source(
        "number", "years", right, _each(lambda rng: str(rng.randrange(1950, 2024))), _by(r"\d{4}"),
        ("year", "built", "value"),
    )  # fmt: skip


def _magnitude(rng: Random) -> str:
    value = rng.lognormvariate(13, 2)
    for limit, mark in ((1e9, "B"), (1e6, "M"), (0, "K")):
        if value >= limit:
            return f"{value / (limit or 1e3):.1f}{mark}"
    raise AssertionError


# --- categories and booleans ---

_LEVEL_SETS = {
    "words": "red green blue yellow black white grey brown pink purple orange cyan",
    "German words": "Rot Grün Blau Gelb Schwarz Weiß Grau Braun",
    "small words": "low medium high critical",
    "capitals": "NEW OPEN CLOSED PENDING REJECTED ON_HOLD",
    "codes": "A1 A2 B1 B2 C1 C2 D4",
    "letters": "A B C D E F G",
    "countries": "France Germany Japan Brazil Kenya Canada India Norway Peru Spain Italy China",
    "country codes": "FR DE JP BR KE CA IN NO PE ES IT CN",
    "weekdays": _DAYS,
    "months": _MONTHS["en"],
}
_LONG_LEVELS = {
    "answers": "Strongly agree/Somewhat agree/Neither agree nor disagree/Somewhat disagree/"
    "Strongly disagree/Don't know",
    "diagnoses": "Acute upper respiratory infection, unspecified/Essential (primary) hypertension/"
    "Type 2 diabetes mellitus without complications/Low back pain/Major depressive disorder, "
    "single episode/Pain in left knee/Encounter for general adult medical examination",
    "jobs": "Sales manager/Senior software engineer/Nurse practitioner/Truck driver/Accountant I/"
    "Production technician II/Area sales manager/IT support/Director of operations",
    "titles with marks": "R&D / Lab/Sales, Marketing/IT-Support/Board (exec.)/HR + Legal",
    "ranges": "18-24|25-34|35-44|45-54|55-64|65+",
    "ranges of money": "$0-$10K|$10K-$20K|$20K-$50K|$50K-$100K|$100K+",
    "ranges of time": "7:00 a.m. to 7:29 a.m.|7:30 a.m. to 7:59 a.m.|8:00 a.m. to 8:29 a.m.|"
    "8:30 a.m. to 8:59 a.m.",
    "ranges in words": "Less than 1 year|1 to 3 years|3 to 5 years|More than 5 years",
}
_PAIRS = ("yes no", "Yes No", "Y N", "y n", "True False", "true false", "TRUE FALSE", "0 1")
_PAIRS += ("ja nein",)
_PAIRS += ("J N", "oui non", "sí no", "T F", "M F", "on off", "Active Inactive", "1 2")


def _of_levels(levels: Sequence[str]) -> Make:
    def make(rng: Random, n: int) -> list[str]:
        power = rng.choice([0, 0.5, 1.0])
        weights = [1 / (place + 1) ** power for place in range(len(levels))]
        return rng.choices(levels, weights, k=n)

    return make


def _levels() -> Iterator[Source]:
    right = _one_of("categorical")
    sets = {form: words.split() for form, words in _LEVEL_SETS.items()}
    marks = {form: "|" if "|" in words else "/" for form, words in _LONG_LEVELS.items()}
    marks["titles with marks"] = "\n"
    sets |= {form: words.split(marks[form]) for form, words in _LONG_LEVELS.items()}
    sets["titles with marks"] = ["R&D / Lab", "Sales, Marketing", "IT-Support", "HR + Legal"]
    for form, levels in sets.items():
        yield Source("category", form, right, _of_levels(levels), set(levels).__contains__)
    for pair in _PAIRS:
        levels = pair.split()
        kinds = _one_of("categorical", "boolean", *(["integer"] if pair[0].isdigit() else []))
        yield Source("boolean", pair, kinds, _of_levels(levels), set(levels).__contains__)


# --- what names rows: identifiers, keys, addresses of machines, zip codes ---

_HEX = "0123456789abcdef"
_CAPITALS = string.ascii_uppercase


def _chars(rng: Random, alphabet: str, n: int) -> str:
    return "".join(rng.choices(alphabet, k=n))


def _two(rng: Random) -> str:
    return _chars(rng, _CAPITALS, 2)


def _uuid(rng: Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _running(form: str) -> Make:
    def make(rng: Random, n: int) -> list[str]:
        first = rng.choice([1, 1, 1000, 24_501])
        return [form.format(first + place) for place in range(n)]

    return make


def _mac(rng: Random) -> str:
    return ":".join(f"{rng.randrange(256):02x}" for _ in range(6))


def _ip(rng: Random) -> str:
    return ".".join(str(rng.randrange(1, 255)) for _ in range(4))


def _repeating(make_one: Callable[[Random], str]) -> Make:
    """Make keys that stand in several rows, as a customer's do."""

    def make(rng: Random, n: int) -> list[str]:
        keys = _distinct(make_one)(rng, max(n // rng.choice([2, 3, 5]), 25))
        return [rng.choice(keys) for _ in range(n)]

    return make


def _names_of_rows() -> Iterator[Source]:
    names = _one_of("identifier")
    codes = {
        "INV-204518": (lambda r: f"INV-{r.randrange(10**6):06}", r"INV-\d{6}"),
        "AB12CD34": (
            lambda r: "".join(_chars(r, _CAPITALS, 2) + _chars(r, "0123456789", 2) for _ in "ab"),
            r"[A-Z]{2}\d{2}[A-Z]{2}\d{2}",
        ),
        "md5": (lambda r: hashlib.md5(r.randbytes(8)).hexdigest(), "[0-9a-f]{32}"),
        "sha1": (lambda r: hashlib.sha1(r.randbytes(8)).hexdigest(), "[0-9a-f]{40}"),
        "token": (lambda r: _chars(r, string.ascii_letters + string.digits, 11), "[0-9A-Za-z]{11}"),
        "mac": (_mac, "([0-9a-f]{2}:){5}[0-9a-f]{2}"),
        "IPv4": (_ip, r"(\d{1,3}\.){3}\d{1,3}"),
        "url": (
            lambda r: f"https://example.com/p/{_chars(r, string.ascii_lowercase, 8)}",
            r"https?://\S+",
        ),
        "plate": (
            lambda r: f"{_chars(r, _CAPITALS, 3)}-{r.randrange(10_000):04}",
            r"[A-Z]{3}-\d{4}",
        ),
    }
    for form, (make_one, expression) in codes.items():
        yield Source("identifier", form, names, _distinct(make_one), _by(expression))
    yield Source("identifier", "uuid", _one_of("uuid"), _distinct(_uuid), _by(r"[0-9a-f-]{36}"))
    either = _one_of("identifier", "sequential")
    ids = ("id", "row_id", "nr")
    yield Source("identifier", "running", either, _running("{}"), _by(r"\d+"), ids)
    yield Source("identifier", "A-00001", either, _running("A-{:05}"), _by(r"A-\d{5,}"))
    yield Source(
        "identifier", "invoice numbers", either,
        _distinct(lambda r: str(r.randrange(10**6, 10**7))),
        _by(r"\d{7}"), ("invoice_no", "policy_number", "account_id"),
    )  # fmt: skip
    yield from _zip_codes()
    yield from _keys()


def _zip_codes() -> Iterator[Source]:
    right = _one_of("identifier", "categorical")
    zips = {
        "02139": (lambda r: f"{r.randrange(10**5):05}", r"\d{5}"),
        "02139-4301": (
            lambda r: f"{r.randrange(10**5):05}-{r.randrange(10**4):04}",
            r"\d{5}-\d{4}",
        ),
        "SW1 2AA": (
            lambda r: f"{_two(r)}{r.randrange(1, 10)} {r.randrange(10)}{_two(r)}",
            r"[A-Z]{2}\d \d[A-Z]{2}",
        ),
        "1011 AB": (lambda r: f"{r.randrange(1000, 9999)} {_two(r)}", r"\d{4} [A-Z]{2}"),
    }
    for form, (make_one, expression) in zips.items():
        for what, make in (("", _distinct(make_one)), (" that repeat", _repeating(make_one))):
            names = ("zip", "postal_code", "plz")
            yield Source("zip code", form + what, right, make, _by(expression), names)


def _keys() -> Iterator[Source]:
    keys = {
        "10482": (lambda r: str(r.randrange(10_000, 99_999)), r"\d{5,}"),
        "C-00123": (lambda r: f"C-{r.randrange(10**5):05}", r"C-\d{5}"),
        "uuid": (_uuid, "[0-9a-f-]{36}"),
        "CUST4821": (lambda r: f"CUST{r.randrange(1000, 9999)}", r"CUST\d{4}"),
    }
    for form, (make_one, expression) in keys.items():
        names = ("customer_id", "patient_id", "account_id", "OrderID", "member_no")
        yield Source("key", form, _one_of("key"), _repeating(make_one), _by(expression), names)


# --- people ---

_FIRST = _words(
    "Anna Mary James John Robert Laura Peter Julia Thomas Sarah Michael Emma Daniel Sofia Lucas "
    "Marie Pierre Claire Jean Antoine Hans Jürgen Katharina Stefan Ursula Carlos Lucía Javier "
    "Carmen Diego Giulia Marco Francesca Paolo Olivia Noah Liam Grace Henry Alice Susan Karen Mark"
)
_LAST = _words(
    "Smith Johnson Brown Taylor Miller Wilson Moore Anderson Jackson Martin Thompson Garcia "
    "Martinez Robinson Clark Lewis Walker Hall Young Allen King Wright Hill Scott Green Adams "
    "Baker Nelson Carter Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Dubois Moreau "
    "Laurent Lefebvre Bernard Rossi Ferrari Russo Bianchi Romano Fernández López Sánchez Pérez"
)
_COUNTRIES = {"DE": 18, "FR": 23, "NL": 14, "ES": 20, "GB": 18, "IT": 23}


def _first(rng: Random) -> str:
    return rng.choice(_FIRST)


def _last(rng: Random) -> str:
    return rng.choice(_LAST)


def _iban(country: str, length: int) -> Callable[[Random], str]:
    def make_one(rng: Random) -> str:
        start = _chars(rng, _CAPITALS, 4) if country in {"NL", "GB"} else ""
        account = start + _chars(rng, string.digits, length - len(start))
        number = "".join(str(int(c, 36)) for c in f"{account}{country}00")
        return f"{country}{98 - int(number) % 97:02}{account}"

    return make_one


def _people() -> Iterator[Source]:
    word = r"[^\W\d_]([^\W\d_]|['’. -])*"
    full = {
        "Anna Smith": lambda r: f"{_first(r)} {_last(r)}",
        "Smith, Anna": lambda r: f"{_last(r)}, {_first(r)}",
        "Anna B. Smith": lambda r: f"{_first(r)} {r.choice(_CAPITALS)}. {_last(r)}",
    }
    for form, make_one in full.items():
        names = ("name", "customer_name", "full_name", "employee", "value")
        comma = "," in form
        reads = _by(rf"{word},? {word}" if comma else rf"{word} {word}")
        yield Source("name", form, _one_of("name"), _each(make_one), reads, names)
    firsts = ("first_name", "FirstName", "vorname")
    lasts = ("last_name", "surname", "CONTACTLASTNAME")
    yield Source("name", "first names", _one_of("first_name"), _each(_first), _by(word), firsts)
    yield Source("name", "last names", _one_of("last_name"), _each(_last), _by(word), lasts)
    mails = {
        "anna.smith@example.com": lambda r: f"{_first(r)}.{_last(r)}@example.com".lower(),
        "asmith42@mail.org": lambda r: (
            f"{_first(r)[0]}{_last(r)}{r.randrange(100)}@{r.choice(['mail', 'web'])}.org".lower()
        ),
    }
    for form, make_one in mails.items():
        reads = _by(r"[^@\s]+@[^@\s]+\.\w+")
        yield Source("e-mail", form, _one_of("email"), _each(make_one), reads)
    for country, length in _COUNTRIES.items():
        made = _each(_iban(country, length))
        yield Source("IBAN", country, _one_of("iban"), made, _by(rf"{country}\d\d[A-Z0-9]+"))
    yield from _phones()
    ways = ("St", "Ave", "Road")
    cities = ("Boston", "Leeds", "Köln", "Lyon", "Porto")
    yield Source(
        "address", "12 Main St, Leeds", _one_of("address"),
        _each(lambda r: f"{r.randrange(1, 300)} {_last(r)} {r.choice(ways)}, {r.choice(cities)}"),
        _by(r".*\d.*"), ("address", "street_address"),
    )  # fmt: skip


def _phones() -> Iterator[Source]:
    forms = (
        *("+49 30 #######", "(###) 555-####", "###-555-####", "+1-###-555-####", "030/#######"),
        *("01 ## ## ## ##", "07### ######", "+44 20 #### ####", "+33 1 ## ## ## ##"),
        *("0### #######", "+1 (###) 555-####", "1-###-555-####"),
    )
    for form in forms:
        made = _each(lambda r, form=form: re.sub("#", lambda _: str(r.randrange(1, 10)), form))
        country = re.match(r"\+\d+|0|1-|", form)  # the area may be another
        kept = country.group() if country else ""
        expression = re.escape(kept) + re.sub(r"(\\#|\d)", r"\\d", re.escape(form[len(kept) :]))
        names = ("phone", "tel", "contact", "value")
        yield Source("phone", form, _one_of("phone"), made, _by(expression), names)


# --- texts, lists, several numbers ---

_WORDS = {
    "en": "the customer was very happy with our new service but said that delivery took far too "
    "long and one box came broken so we sent another item last week without any cost",
    "de": "der kunde war sehr zufrieden mit dem neuen service aber die lieferung kam leider viel "
    "zu spät und ein paket war kaputt deshalb haben wir letzte woche ersatz geschickt",
    "fr": "le client était très content de notre nouveau service mais la livraison a pris trop de "
    "temps et une boîte est arrivée cassée alors nous avons renvoyé un autre article",
    "es": "el cliente estaba muy contento con nuestro nuevo servicio pero la entrega tardó "
    "demasiado y una caja llegó rota por eso enviamos otro artículo la semana pasada",
}
_ITEMS = _words("wifi pool parking gym spa bar garden sauna kitchen balcony")


def _sentence(language: str) -> Callable[[Random], str]:
    words = _WORDS[language].split()

    def make_one(rng: Random) -> str:
        chosen = rng.sample(words, rng.randrange(6, 18))
        return " ".join(chosen).capitalize() + rng.choice(".!.")

    return make_one


def _list(opening: str, mark: str, closing: str, quote: str = "") -> Callable[[Random], str]:
    def make_one(rng: Random) -> str:
        items = rng.sample(_ITEMS, min(1 + int(rng.expovariate(0.6)), 6))
        return opening + mark.join(f"{quote}{item}{quote}" for item in items) + closing

    return make_one


def _others() -> Iterator[Source]:
    for language in _WORDS:
        made = _each(_sentence(language))
        yield Source("free text", language, _one_of("text"), made, _by(r"(?s).+"))
    item = "[a-z/? -]+|N/A"
    for form, parts in {
        "a;b": ("", ";", ""), "a; b": ("", "; ", ""), "a|b": ("", "|", ""), "a, b": ("", ", ", ""),
        "a,b": ("", ",", ""), '["a", "b"]': ("[", ", ", "]", '"'),
        "['a', 'b']": ("[", ", ", "]", "'"),
        '["a","b"]': ("[", ",", "]", '"'), "{a,b}": ("{", ",", "}"),
    }.items():  # fmt: skip
        opening, mark, closing, *quotes = map(re.escape, parts)
        one = f"({item})".join(quotes * 2) if quotes else f"({item})"
        reads = _by(f"{opening}({one}({mark}{one})*)?{closing}")
        yield Source("list", form, _one_of("multiselect"), _each(_list(*parts)), reads)
    pairs = {
        "120/80": (lambda r: f"{r.randrange(95, 180)}/{r.randrange(55, 110)}", r"\d+/\d+"),
        "1920x1080": (lambda r: f"{r.randrange(200, 4000)}x{r.randrange(200, 3000)}", r"\d+x\d+"),
        "40.7128, -74.0060": (
            lambda r: f"{r.uniform(-60, 60):.4f}, {r.uniform(-180, 180):.4f}",
            r"-?\d+\.\d{4}, -?\d+\.\d{4}",
        ),
        "205/55 R16": (
            lambda r: f"{r.randrange(155, 305)}/{r.randrange(35, 75)} R{r.randrange(13, 20)}",
            r"\d+/\d+ R\d+",
        ),
    }  # fmt: skip
    for form, (make_one, expression) in pairs.items():
        yield Source("several numbers", form, _one_of("compound"), _each(make_one), _by(expression))
