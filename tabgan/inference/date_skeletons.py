"""Proposes forms of dates and times of day by the parts of texts: digits, words and marks."""

import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tabgan.table.date_forms import ABBREVIATED_MONTHS, ERAS, LATEST, WORD_DIRECTIVES, DateForm
from tabgan.table.locale_words import HALVES_OF_DAY, MONTHS, SHORT_WEEKDAYS, WEEKDAYS

__all__ = [
    "Skeleton",
    "fraction",
    "propose_abbreviated_months",
    "propose_calendar",
    "propose_local_words",
    "propose_quarters_weeks",
    "skeletons",
    "width_of",
]

_TOKENS = re.compile(
    r"[0-9]{1,2}(?:st|nd|rd|th)(?![^\W_])|[0-9]+|[AP]\.M\.|[ap]\. ?m\.|[πμ]\.μ\.|"
    r"(?:[^\W\d_][\u0900-\u0903\u093a-\u094f]*)+(?:-feira)?|.",
    re.DOTALL,
)
_MONTH_NAMES = {name.lower() for month in MONTHS for name in (month, month[:3])}
_WEEKDAY_NAMES = {name.lower() for day in WEEKDAYS for name in (day, day[:3])}
_FOREIGN_NAMES = {
    field: {
        word.lower() for own, words in WORD_DIRECTIVES.values() if own == field for word in words
    }
    for field in "mu"
}
_ZONES = ("UTC", "GMT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "CET", "CEST")
_HALVES_OF_DAY = {half: name for name, halves in HALVES_OF_DAY.items() for half in halves}
_LITERALS = frozenset({"T", "Z", "Q", "W", "at", *_ZONES, *" ,./-:[]()+'\u202f\u00a0／－．"})
_LITERALS |= {"de", "del", "den", "le", "Uhr", "KW", "CW", "Week", "Quartal", "г", *"年月日년월일"}
_LITERALS |= {"à", "às", "kl", "klo", "ngày", "tháng", "năm"}
_ERA_WORDS = {"民國": "%[roc]", "民国": "%[roc]", "中華民國": "%[roc]", "令和": "%[reiwa]"}
_LITERALS |= {*_ERA_WORDS}
_REPUBLIC = (60, 160)  # years that are written as those of the Republic of China without a word


class Skeleton(NamedTuple):
    """Texts that have the same parts.

    These are ``9`` digits, ``b`` a month, ``a`` a weekday, ``p`` AM/PM, ``o`` a day such as 3rd.
    """

    tokens: tuple[str, ...]
    texts: list[tuple[list[str], int]]  # the words of each, and the number of its cells

    def words(self, place: int) -> Counter[str]:
        """Count the words at a place."""
        words: Counter[str] = Counter()
        for parts, count in self.texts:
            words[parts[place]] += count
        return words


def skeletons(counts: Mapping[str, int], most: int) -> list[Skeleton]:
    """Return the most frequent skeletons."""
    texts: dict[tuple[str, ...], list[tuple[list[str], int]]] = {}
    for text, count in counts.items():
        words = _TOKENS.findall(text[:64])
        tokens = tuple(map(_token, words))
        if "9" in tokens and None not in tokens:
            texts.setdefault(tokens, []).append((words, count))  # type: ignore[arg-type]
    found = [Skeleton(tokens, some) for tokens, some in texts.items()]
    return heapq.nlargest(most, found, key=lambda skeleton: sum(n for _, n in skeleton.texts))


def _token(word: str) -> str | None:
    """Return what a word is; None for one that dates don't have."""
    if word.isdecimal():
        return "9" if word.isascii() else None
    if word in _HALVES_OF_DAY:
        return "p"
    if word in _LITERALS:
        return word
    lower = word.lower()
    if lower in _MONTH_NAMES or lower in _FOREIGN_NAMES["m"]:
        return "b"
    if lower in _WEEKDAY_NAMES or lower in _FOREIGN_NAMES["u"]:
        return "a"
    return "o" if word[0].isdecimal() else None


def propose_calendar(counts: Mapping[str, int], _: str) -> Iterator[DateForm]:
    """Propose dates and times of day."""
    for skeleton in skeletons(counts, 4):
        directives = _time_of_day(skeleton)
        if directives is None:
            continue
        for place, token in enumerate(skeleton.tokens):
            if token in "bapo":
                directives[place] = _word_directive(skeleton, place)
        open_places = [
            place
            for place, token in enumerate(skeleton.tokens)
            if token == "9" and place not in directives
        ]
        for dates in _date_directives(skeleton, open_places):
            yield _form(skeleton, {**directives, **dates})


def propose_abbreviated_months(counts: Mapping[str, int], name: str) -> Iterator[DateForm]:
    """Propose months as ``janv.`` or ``Sept``: read as if they were of three letters."""
    seen = {*re.findall(r"[^\W\d_]+\.?", " ".join(counts))}
    for directive, words in ABBREVIATED_MONTHS.items():
        months = {word: month[:3] for word, month in zip(words, MONTHS, strict=True)}
        longest_first = sorted(map(re.escape, words), key=len, reverse=True)
        pattern = re.compile(rf"(?<![^\W\d_])({'|'.join(longest_first)})(?![^\W\d_])")
        if seen.isdisjoint(words) or 2 * len([*filter(pattern.search, counts)]) < len(counts):
            continue
        usual = {
            "".join(months.get(part, part) for part in pattern.split(text)): count
            for text, count in counts.items()
        }
        for form in propose_calendar(usual, name):
            yield DateForm(form.spec.replace("%b", directive))


# Clocks and weekdays in the words of a language: how they are found, what they are read as, and
# how the form is written again.
_HOURS = (("時", "分"), ("时", "分"), ("点", "分"), ("시 ", "분"), ("시", "분"), ("h", ""))
_SHORT_IN_ENGLISH = [day[:3] for day in WEEKDAYS]


def propose_local_words(counts: Mapping[str, int], name: str) -> Iterator[DateForm]:
    """Propose times such as 19時23分 or 7h05, and weekdays such as (火) or jue."""
    clocks = [own for own in _HOURS if _most_hold(counts, _clock_pattern(*own))]
    weekdays = [
        words.split()
        for words in SHORT_WEEKDAYS.values()
        if _most_hold(counts, _weekday_pattern(words.split()))
    ]
    if not clocks and not weekdays:
        return
    hour, minute = clocks[0] if clocks else ("", "")
    for days in weekdays or [[]]:
        usual: dict[str, int] = {}
        for text, count in counts.items():
            plain = re.sub(_weekday_pattern(days), _in_english(days), text) if days else text
            plain = re.sub(_clock_pattern(hour, minute), r"\1:\2", plain) if hour else plain
            usual[plain] = count
        for form in [*propose_abbreviated_months(usual, name), *propose_calendar(usual, name)]:
            for spec in _with_days(form.spec, days, counts):
                yield from _with_clock(spec, hour, minute)


def _with_days(spec: str, days: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    """Return a form with weekdays of a language, small or as they are."""
    if not days:
        return [spec]
    language = next(own for own, words in SHORT_WEEKDAYS.items() if words.split() == days)
    small = [day.lower() for day in days]
    is_small = small != days and _most_hold(counts, _weekday_pattern(small))
    return [re.sub("%[#^]?a", f"%[{'#' * is_small}a_{language}]", spec)]


def _with_clock(spec: str, hour: str, minute: str) -> Iterator[DateForm]:
    """Give forms with the words of hours and minutes."""
    for minutes in ("%M", "%-M") if hour else ():
        yield DateForm(re.sub("(%-?[HI]):%M", rf"\g<1>{hour}{minutes}{minute}", spec))
    if not hour:
        yield DateForm(spec)


def _clock_pattern(hour: str, minute: str) -> str:
    return rf"(\d{{1,2}}){hour}(\d{{1,2}}){minute}"


def _weekday_pattern(days: Sequence[str]) -> str:
    """Match short weekdays: of one letter in parentheses, others as words of their own."""
    choice = "|".join(days)
    if len(days[0]) == 1:
        return rf"(?<=[(（])(?:{choice})(?=[)）])"
    return rf"(?<![^\W\d_])(?:{choice}|{choice.lower()})(?![^\W\d_])"


def _in_english(days: Sequence[str]) -> Callable[[re.Match[str]], str]:
    places = {day.lower(): at for at, day in enumerate(days)}
    return lambda match: _SHORT_IN_ENGLISH[places[match[0].lower()]]


def _most_hold(counts: Mapping[str, int], pattern: str) -> bool:
    compiled = re.compile(pattern)
    return 2 * sum(compiled.search(text[:64]) is not None for text in counts) > len(counts)


def _form(skeleton: Skeleton, directives: Mapping[int, str]) -> DateForm:
    return DateForm(
        "".join(directives.get(place, token) for place, token in enumerate(skeleton.tokens))
    )


def _time_of_day(skeleton: Skeleton) -> dict[int, str] | None:
    """Return the directives of the time of day and the offset; None where they make no sense."""
    tokens = skeleton.tokens
    line = "".join(token if len(token) == 1 else "~" for token in tokens)
    chain = re.search(r"9(?::9)+", line)
    if chain is None:
        compact = re.search(r"9T(9)|9([-/.])9\2[9] (?P<hour>9)$", line)
        hour = re.search(r"(9) ?p", line)
        if compact:
            width = width_of(skeleton, compact.end() - 1)
            names = {6: "%H%M%S", 4: "%H%M", 2: "%H"}
            return {compact.end() - 1: names[width]} if width in names else None
        return {hour.start(1): _hour(skeleton, hour.start(1))} if hour else {}
    parts = [place for place in range(chain.start(), chain.end()) if tokens[place] == "9"]
    if len(parts) == 4:
        parts = parts[1:]  # the year stands before, as in 05/Jul/2011:16:20:33
    if len(parts) > 3:
        return None
    directives = dict(zip(parts, (_hour(skeleton, parts[0]), "%M", "%S"), strict=False))
    end = chain.end()
    if len(parts) == 3 and re.match("[.,]9", line[end:]):
        directives[end + 1] = fraction(skeleton, end + 1)
        end += 2
    offset = re.match(r" ?([+-])9(:9)?", line[end:])
    if offset and "9" in line[: parts[0]]:  # 8:00-12:00 is a range
        first = end + offset.start(1) + 1
        short = width_of(skeleton, first) == 2
        directives[first] = "%:::z" if short else "%z"
        if offset[2]:
            directives[first], directives[first + 1], directives[first + 2] = "%:z", "", ""
        directives[first - 1] = ""
    return directives


def _hour(skeleton: Skeleton, place: int) -> str:
    return _padding(skeleton, place) + ("I" if "p" in skeleton.tokens else "H")


def fraction(skeleton: Skeleton, place: int) -> str:
    """Return the directive of the fraction of a second at a place."""
    words = skeleton.words(place)
    widths = {len(word) for word in words}
    if len(widths) > 1 and not any(word.endswith("0") for word in words):
        return "%-f"
    width = min(width_of(skeleton, place), 6)
    return "%f" if width == 6 else f"%{width}f"


def _padding(skeleton: Skeleton, place: int) -> str:
    """Return whether a number of two digits is written with a leading zero, as `%` or `%-`."""
    words = skeleton.words(place)
    single = sum(count for word, count in words.items() if len(word) == 1)
    padded = sum(count for word, count in words.items() if len(word) == 2 and word[0] == "0")
    return "%-" if single > padded else "%"


def width_of(skeleton: Skeleton, place: int) -> int:
    """Return the most frequent length of a word."""
    lengths: Counter[int] = Counter()
    for word, count in skeleton.words(place).items():
        lengths[len(word)] += count
    return lengths.most_common(1)[0][0]


def _word_directive(skeleton: Skeleton, place: int) -> str:
    words, token = skeleton.words(place), skeleton.tokens[place]
    if token == "o":
        return "%o"
    if token == "p":
        return _HALVES_OF_DAY[max(words, key=words.__getitem__)]
    if token in "ab" and not all(w.lower() in _MONTH_NAMES | _WEEKDAY_NAMES for w in words):
        field = "m" if token == "b" else "u"
        known = {name: {*own} for name, (of, own) in WORD_DIRECTIVES.items() if of == field}
        return max(known, key=lambda name: sum(words[word] for word in words.keys() & known[name]))
    long = sum(count for word, count in words.items() if len(word) > 3)
    short = sum(count for word, count in words.items() if len(word) <= 3 and word.lower() != "may")
    word = max(words, key=lambda word: ((len(word) > 3) == (long > short), words[word]))
    case = "^" if word.isupper() else "#" if word.islower() else ""
    return f"%{case}{token.upper() if len(word) > 3 else token}"


def _date_directives(skeleton: Skeleton, places: list[int]) -> Iterator[dict[int, str]]:
    """Propose the directives of the digits that are no time of day, most plausible first."""
    if any(token in {"Q", "W"} for token in skeleton.tokens):
        return  # another recognizer's
    has_month = "b" in skeleton.tokens
    if not places:
        if not has_month and "a" not in skeleton.tokens:
            yield {}
        return
    if len(places) == 1 and not has_month:
        if len(skeleton.tokens) > 1 and width_of(skeleton, places[0]) == 8:
            yield {places[0]: "%Y%m%d"}
        return
    for order in _orders(skeleton, places, has_month):
        directives = {}
        for place, letter in zip(places, order, strict=True):
            width = width_of(skeleton, place)
            if letter == "Y":
                year = _era(skeleton, place, order) or {4: "%Y", 2: "%y"}.get(width)
                if year is None or (year == "%y" and _may_be_version(skeleton, places)):
                    break
                directives[place] = year
            elif width > 2:
                break
            else:
                directives[place] = _padding(skeleton, place) + letter
        else:
            yield directives


def _era(skeleton: Skeleton, place: int, order: str) -> str | None:
    """Return the directive of years of another era than ours, by a word or by their size."""
    word = skeleton.tokens[place - 1] if place else ""
    if word in _ERA_WORDS:
        return _ERA_WORDS[word]
    years = [*map(int, skeleton.words(place))]
    thai = [year + ERAS["%[be]"] for year in years]
    if min(thai) >= 1900 and max(thai) <= LATEST + 60 and width_of(skeleton, place) == 4:
        return "%[be]"
    is_republic = _REPUBLIC[0] <= min(years) and max(years) <= _REPUBLIC[1]
    return "%[roc]" if is_republic and order == "Ymd" and max(years) > 99 else None


def _may_be_version(skeleton: Skeleton, places: list[int]) -> bool:
    """Say whether numbers with points, such as 1.2.10, show no day above 12."""
    if "".join(skeleton.tokens) != "9.9.9":
        return False
    padded = any(word[0] == "0" for place in places for word in skeleton.words(place))
    highest = [max(map(int, skeleton.words(place))) for place in places]
    return not padded and max(highest[:2]) <= 12


def _orders(skeleton: Skeleton, places: list[int], has_month: bool) -> list[str]:
    """Return the possible orders of year, month and day, most plausible first."""
    if has_month and "o" in skeleton.tokens:  # there is a day already
        return ["Y"] if len(places) == 1 else []
    if has_month:
        orders = {1: ["Y", "d"], 2: ["dY", "Yd"]}
        if len(places) == 1 and width_of(skeleton, places[0]) != 4:
            is_first = places[0] < skeleton.tokens.index("b")
            return ["d", "Y"] if is_first and len(skeleton.tokens) == 3 else ["Y", "d"]
        return orders.get(len(places), [])
    if len(places) == 2:
        seasons = (
            len(first) == 4 and second == f"{(int(first) + 1) % 100:02}"
            for (parts, _) in skeleton.texts
            for first, second in [(parts[places[0]], parts[places[1]])]
        )
        return [] if all(seasons) or not _is_month(skeleton, places) else ["Ym", "mY"]
    return _orders_of_three(skeleton, places) if len(places) == 3 else []


def _orders_of_three(skeleton: Skeleton, places: list[int]) -> list[str]:
    """Return the possible orders where year, month and day are numbers."""
    if places[0] and skeleton.tokens[places[0] - 1] in _ERA_WORDS:
        return ["Ymd"]
    month_first = skeleton.tokens[places[0] + 1] == "/"
    first, second = (len(skeleton.words(place)) for place in places[:2])
    has_points = skeleton.tokens[places[0] + 1] == "."  # where the day stands first
    if min(first, second) == 1 and max(first, second) > 3 and not has_points:
        month_first = second == 1  # the day is the one that is always the same
    two = ["mdY", "dmY"] if month_first else ["dmY", "mdY"]
    return [*two, "Ymd"]


def _is_month(skeleton: Skeleton, places: list[int]) -> bool:
    """Say whether two numbers may be a month and a year of four digits, and no decimal number."""
    mark = skeleton.tokens[places[0] + 1]
    month = next((place for place in places if width_of(skeleton, place) <= 2), None)
    if month is None or all(width_of(skeleton, place) != 4 for place in places):
        return False
    padded = any(word[0] == "0" for word in skeleton.words(month))
    return mark in {"-", "/"} or (mark == "." and padded)


def propose_quarters_weeks(counts: Mapping[str, int], _: str) -> Iterator[DateForm]:
    """Propose quarters and weeks of a year."""
    for skeleton in skeletons(counts, 4):
        line = "".join(token if len(token) == 1 else "~" for token in skeleton.tokens)
        words = "".join(token for token in skeleton.tokens if len(token) > 1)
        if re.fullmatch("9[- /]?Q9|Q9[- /']?9|9Q[- /']?9", line) or line + words == "9. ~ 9Quartal":
            single = [
                p for p, token in enumerate(line) if token == "9" and width_of(skeleton, p) == 1
            ]
            if len(single) != 1:
                continue
            quarter = single[0]
            year = next(p for p, token in enumerate(line) if token == "9" and p != quarter)
            width = {4: "%Y", 2: "%y"}.get(width_of(skeleton, year))
            if width:
                yield _form(skeleton, {quarter: "%q", year: width})
        elif re.fullmatch("(?:~|W) ?9[-/. ]9", line) and words in {"KW", "CW", "Week", ""}:
            week, year = (place for place, token in enumerate(line) if token == "9")
            if width_of(skeleton, year) == 4:
                yield _form(skeleton, {week: _padding(skeleton, week) + "V", year: "%G"})
        elif re.fullmatch("9[-/ ]?(?:~|W) ?9(-9)?", line) and words in {"KW", "CW", "Week", ""}:
            places = [place for place, token in enumerate(line) if token == "9"]
            weeks = _padding(skeleton, places[1]) + "V"
            yield _form(skeleton, dict(zip(places, ("%G", weeks, "%u"), strict=False)))
