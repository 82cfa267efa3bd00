"""The patterns of texts: how identifiers are written, without any of the values.

Two patterns of a column have no text in common, because every text is read as one pattern only:
runs are as long as they can be, and a word that mixes digits and letters changes between them at
least three times.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple, Self

import pandas as pd

from tabgan.encoding.identifiers.text_pattern import (
    CLASSES,
    MOST_CHARACTERS,
    MOST_RANGED,
    UPPER,
    Part,
    Pattern,
    common_beginning,
    range_texts,
    script_of,
)
from tabgan.table.text_formats import clock_shares, find_date, in_runs, spread

__all__ = [
    "FEWEST_FOR_PREFIX",
    "LEAST_ALIKE",
    "MOST_PATTERNS",
    "has_run",
    "joined_parts",
    "learn_parts",
    "learn_patterns",
    "without_words",
]

MOST_PATTERNS = 50
SAMPLE = 10_000  # texts that the patterns are learned from
FEWEST_FOR_PREFIX = 10  # texts from which a common beginning belongs to none of them
LEAST_ALIKE = 0.95  # share of the texts that must have a form for the others to be odd ones
LEAST_LAID_OUT = 0.5  # the same in texts of many layouts
MOST_LEADS = 40  # values of a part that stay as they are
MOST_ALIGNED = 500  # patterns of texts whose parts are compared
MOST_LEFT_OUT = 0.9  # share of the texts that the patterns tell of at least
MOST_SHAPES = 4  # of runs of digits and letters, in texts of the same marks
MOST_RUNS = 3  # of digits and letters in a word that are compared each
SPARE_TEXTS = 3  # texts that can be made, for each one of the source
HEX_LETTERS = (0.2, 0.6)  # share of letters at each place of a hexadecimal number, about 6 of 16
LEAST_HEX_LETTERS = 30  # that are none beyond F
MOST_WORDED = 400  # patterns of texts of many layouts that share their words
_LETTERS = re.compile(r"[^\W\d_]+")
_HEX_GROUPS = re.compile(r"[0-9a-fA-F]{2,4}(?:[:.-][0-9a-fA-F]{2,4}){2,}")


def learn_patterns(texts: Sequence[str], least: int = FEWEST_FOR_PREFIX) -> dict[Pattern, float]:
    """Learn the most frequent patterns of distinct texts, with their shares.

    Parameters
    ----------
    texts
        Distinct texts.
    least
        How many of them share a part that stays as it is, where that is more than
        `FEWEST_FOR_PREFIX`.

    Examples
    --------
    >>> for pattern, share in learn_patterns(["A-17", "B-23", "C-4", "D-5"]).items():
    ...     print(pattern.parts, share)
    (('upper', 1), '-', ('digit', 2)) 0.5
    (('upper', 1), '-', ('digit', 1)) 0.5
    """
    sample = without_words(texts)
    aligned = learn_parts(sample, least) or _learn_words(sample, max(least, FEWEST_FOR_PREFIX))
    if aligned:
        return aligned
    bulk = _with_one_beginning(sample)
    prefix = _common_prefix(bulk) if len(bulk) >= FEWEST_FOR_PREFIX else ""
    rests = [text[len(prefix) :] for text in bulk]
    lead = (prefix,) if prefix else ()
    groups = _hexadecimal_groups(rests)
    if groups is not None:
        return {Pattern((*lead, *groups)): 1.0}
    mixed = _mixed_class(rests)
    layout = _one_layout(rests)
    found = Counter((*lead, *_parts(text, mixed, layout)) for text in rests)
    if len(bulk) < len(sample):  # the others begin with something else
        found.update(_parts(text, mixed) for text in sample if not text.startswith(prefix))
    counts = found.most_common(MOST_PATTERNS)
    total = sum(count for _, count in counts)
    return {Pattern(parts): count / total for parts, count in counts}


def learn_parts(
    texts: Sequence[str], least: int = FEWEST_FOR_PREFIX, *, beginnings: bool = False
) -> dict[Pattern, float]:
    """Learn the patterns of texts by their parts: constant, of few values, of a range, or free.

    Texts are told apart by the marks between their words. In these, each word, or each run of
    digits or letters where nearly all have the same ones, is compared with those at its place.

    Parameters
    ----------
    texts
        Distinct texts.
    least
        How many of them share a part that stays as it is, where that is more than
        `FEWEST_FOR_PREFIX`.
    beginnings
        Whether a beginning before numbers is enough.

    Returns
    -------
    The commonest patterns with their shares; none where nothing but a beginning is kept.

    Examples
    --------
    >>> learn_parts([f"{n:05}/{2019 + n % 2}" for n in range(60)])
    {Pattern(parts=(('digit', 5), '/2019')): 0.5, Pattern(parts=(('digit', 5), '/2020')): 0.5}
    """
    least = max(least, FEWEST_FOR_PREFIX)
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for text in texts:
        groups[_WORD.sub("w", _classes(text))].append(text)
    kept = [
        own for alike in groups.values() for own in _by_shape(alike, least) if len(own) >= least
    ]
    n_kept = sum(map(len, kept))
    if n_kept < LEAST_LAID_OUT * len(texts):
        return {}
    odd = Counter[tuple[Part, ...]]()
    if n_kept < LEAST_ALIKE * len(texts):  # of many layouts; the odd ones have marks of their own
        rest = {*texts} - {text for own in kept for text in own}
        for own in filter(rest.issuperset, groups.values()):
            mixed = _mixed_class(own)
            odd.update(joined_parts(_parts(text, mixed)) for text in own)
    laid_out = [_LaidOut.of(own, least) for own in kept]
    has_parts = any(own.has_parts(beginnings=beginnings) for own in laid_out)
    has_parts |= len(kept) > 1 and any(own.begins_with_words for own in laid_out)
    for joins in (False, True):  # a year is one of several, where there are too many patterns
        found = sum((own.patterns(joins=joins) for own in laid_out), odd.copy())
        counts = found.most_common(MOST_ALIGNED)
        total = sum(count for _, count in counts)
        if has_parts and total >= MOST_LEFT_OUT * len(texts):
            return {Pattern(parts): count / total for parts, count in counts}
    return {}


def _by_shape(texts: list[str], least: int) -> list[list[str]]:
    """Part texts of the same marks by their runs of digits and letters, if few shapes are all.

    So 85123A is compared with 84406B, and not with 71053.
    """
    shapes: defaultdict[str, list[str]] = defaultdict(list)
    for text in texts:
        shapes[_RUN.sub(lambda run: run.group()[0], _classes(text))].append(text)
    own = sorted((alike for alike in shapes.values() if len(alike) >= least), key=len, reverse=True)
    few = own[:MOST_SHAPES]
    return few if sum(map(len, few)) >= LEAST_ALIKE * len(texts) else [texts]


class _Place(NamedTuple):
    """What stands at one place of aligned texts."""

    kept: frozenset[str]  # the values that stay as they are; none where others are made
    bounded: str  # the range of a number or date, if it has one
    distinct: int  # values
    alphabet: str = ""  # the class of words that mix digits and letters anywhere, if it is known
    is_date: bool = False  # or an hour, minute or second

    @property
    def options(self) -> int:
        """How many values are made; 0 where these are free."""
        return len(self.kept) or (len(range_texts(self.bounded)) if self.bounded else 0)

    def parts_of(self, cell: str, mixed: str, *, joins: bool) -> tuple[Part, ...] | None:
        """Return the parts of a pattern for a value; None if its text is left out.

        With `joins`, numbers of one length, as years are, are choices of one part.
        """
        are_alike = len({*map(len, self.kept)}) == 1 and all(map(str.isdecimal, self.kept))
        if joins and are_alike:
            return (_choice([*self.kept]),) if cell in self.kept else None
        if self.kept:
            return (cell,) if cell in self.kept else None
        if self.alphabet:
            return ((self.alphabet, len(cell)),) if _is_of(cell, self.alphabet) else None
        return ((self.bounded, len(cell)),) if self.bounded else _parts(cell, mixed)


class _LaidOut(NamedTuple):
    """Texts of one layout, cut into cells, and what stands at each of their places."""

    cells: list[list[str]]
    places: list[_Place]
    mixed: str

    @classmethod
    def of(cls, texts: list[str], least: int) -> Self:
        """Align texts of the same marks."""
        cells, mixed = _cells(texts), _mixed_class(texts)
        dated, forms = _with_dates(cells)
        if forms:
            columns = [Counter(column) for column in zip(*dated, strict=True)]
            dates = {at: _date_place(columns[at], form, least) for at, form in forms.items()}
            room = math.prod(
                dates[at].options if at in dates else _room_of(counts)
                for at, counts in enumerate(columns)
            )
            if room >= SPARE_TEXTS * len(texts):  # else dates would be those of the texts
                return cls(dated, _places_of(dated, len(texts), least, dates), mixed)
        return cls(cells, _places_of(cells, len(texts), least), mixed)

    def has_parts(self, *, beginnings: bool) -> bool:
        """Return whether more than a beginning is known; before numbers that may be enough."""
        free = [at for at, place in enumerate(self.places) if not place.options]
        are_numbers = all(row[at].isdecimal() for row in self.cells for at in free)
        return _are_more_than_beginnings(self.places) or (beginnings and are_numbers)

    @property
    def begins_with_words(self) -> bool:
        """Whether the beginnings that stay are more than signs."""
        return any(map(str.isalnum, "".join(self.places[0].kept)))

    def patterns(self, *, joins: bool) -> Counter[tuple[Part, ...]]:
        """Count the patterns of the texts."""
        found = Counter[tuple[Part, ...]]()
        for row in self.cells:
            parts = [
                place.parts_of(cell, self.mixed, joins=joins)
                for place, cell in zip(self.places, row, strict=True)
            ]
            if None not in parts:
                found[joined_parts([part for own in parts for part in own or ()])] += 1
        return found


def _cells(texts: Sequence[str]) -> list[list[str]]:
    """Split texts of the same marks into words and marks, and words that are alike into runs."""
    rows = [[text[m.start() : m.end()] for m in _TOKEN.finditer(_classes(text))] for text in texts]
    columns: list[list[list[str]]] = []
    for words in zip(*rows, strict=True):
        split = [
            [word[m.start() : m.end()] for m in _RUN.finditer(_classes(word))] for word in words
        ]
        shapes = Counter("".join(_classes(run)[0] for run in runs) for runs in split)
        shape, count = shapes.most_common(1)[0]
        is_one = 1 < len(shape) <= MOST_RUNS and count >= LEAST_ALIKE * len(words)
        columns.append(split if is_one else [[word] for word in words])
        if is_one:  # what is written otherwise is left out
            columns[-1] = [runs if len(runs) == len(shape) else [] for runs in split]
    joined = [[cell for cells in row for cell in cells] for row in zip(*columns, strict=True)]
    length = Counter(map(len, joined)).most_common(1)[0][0]
    return [row for row in joined if len(row) == length]


def _with_dates(cells: list[list[str]]) -> tuple[list[list[str]], dict[int, str]]:
    """Cut the dates out of digits; return the form of each cell that holds one, by its place."""
    columns: list[Sequence[str]] = []
    forms: dict[int, str] = {}
    for column in zip(*cells, strict=True):
        sizes = {*map(len, column)}
        are_digits = all(cell.isascii() and cell.isdecimal() for cell in column)
        found = find_date([cell[: min(sizes)] for cell in column]) if are_digits else None
        if found is None or (len(sizes) > 1 and found.ends[-1] == min(sizes)):
            columns.append(column)
            continue
        cuts = [found.start, *found.ends]
        before = [cell[: found.start] for cell in column]
        parts = [[cell[a:b] for cell in column] for a, b in pairwise(cuts)]
        after = [cell[cuts[-1] :] for cell in column]
        columns += [before] if any(before) else []
        own = [found.date, *re.findall("%.", found.clock)]
        forms.update(enumerate(own, start=len(columns)))
        columns += [*parts, after] if any(after) else parts
    return [[*row] for row in zip(*columns, strict=True)], forms


def _date_place(counts: Counter[str], form: str, least: int) -> _Place:
    """Tell which dates, hours, minutes or seconds stand at a place, and how often."""
    if form in ("%M", "%S"):
        bounded = "00-59"
    else:
        bounded = clock_shares(counts, least) if form == "%H" else in_runs(counts, form, least)
    return _Place(frozenset(), bounded, len(counts), is_date=True)


def _places_of(
    cells: Sequence[Sequence[str]],
    n_texts: int,
    least: int,
    dates: Mapping[int, _Place] | None = None,
) -> list[_Place]:
    """Tell what stands at each place; the one of most values is free, and enough to be new.

    Places of dates stay dates.
    """
    columns = [Counter(column) for column in zip(*cells, strict=True)]
    known = dates or {}
    places = [known.get(at) or _place(counts, n_texts, least) for at, counts in enumerate(columns)]
    order = sorted(
        (at for at in range(len(places)) if at not in known),
        key=lambda at: (places[at].options > 0, -places[at].distinct),
    )
    room = math.prod(place.options for place in known.values())
    for at in order:  # the places of most values are free until there are enough others
        if room >= SPARE_TEXTS * n_texts and at != order[0]:
            break
        places[at] = (
            places[at]._replace(kept=frozenset(), bounded="")
            if len(columns[at]) > 1
            else places[at]
        )
        room *= _room_of(columns[at])
    return places


def _room_of(counts: Counter[str]) -> int:
    """Return how many values could stand at a place that is free."""
    longest = max(counts, key=len)
    if len(counts) == 1:
        return 1
    return math.prod(len(own) for own in Pattern(_parts(longest, "mix62")).alphabets)


def _place(counts: Counter[str], n_texts: int, least: int) -> _Place:
    """Tell what stands at a place: few values, or numbers or dates of a range."""
    kept = frozenset(value for value, count in counts.items() if count >= least)
    rows = sum(counts[value] for value in kept)
    few = len(kept) <= MOST_LEADS and (len(kept) == 1 or 2 * len(kept) <= _room_of(counts))
    if kept and few and rows >= LEAST_ALIKE * n_texts:
        return _Place(kept, "", len(counts))
    return _Place(frozenset(), _range_of(counts, least), len(counts), _alphabet_of(counts))


def _is_of(word: str, alphabet: str) -> bool:
    return {*word} <= {*CLASSES[alphabet](1)[0]}


def _alphabet_of(counts: Counter[str]) -> str:
    """Return "hex" or "HEX" for words that are nearly all hexadecimal numbers, else nothing.

    These have letters at any place, and no letter beyond F.
    """
    for name in ("HEX", "hex"):
        words = [word for word in counts if _is_of(word, name)]
        size = Counter(map(len, words)).most_common(1)[0][0] if words else 0
        rows = [word for word in words if len(word) == size]
        n_letters = [sum(map(str.isalpha, at)) for at in zip(*rows, strict=True)]
        low, high = (share * len(rows) for share in HEX_LETTERS)
        if (
            len(words) >= LEAST_ALIKE * len(counts)
            and sum(n_letters) >= LEAST_HEX_LETTERS
            and all(low <= n <= high for n in n_letters)
        ):
            return name
    return ""


def _range_of(counts: Counter[str], least: int) -> str:
    """Return the range of numbers or dates of equally many digits, if it leaves most of them out.

    Its ends are those that enough texts reach.
    """
    sizes = {*map(len, counts)}
    size = max(sizes)
    texts = sorted(counts.elements())
    if (
        len(sizes) > 1
        or len(texts) < 2 * least
        or not all(t.isascii() and t.isdecimal() for t in counts)
    ):
        return ""
    low, high = texts[least - 1], texts[-least]
    if size <= MOST_RANGED:
        is_narrow = 2 * (int(high) - int(low) + 1) <= 10**size
        return f"{low}-{high}" if is_narrow and size > 1 else ""
    if size not in (6, 8):
        return ""
    form = "%Y%m" if size == 6 else "%Y%m%d"
    if not all("1900" <= text[:4] <= "2100" for text in counts):
        return ""
    if pd.to_datetime([*counts], format=form, errors="coerce").isna().any():
        return ""
    ends = ["-".join(filter(None, (end[:4], end[4:6], end[6:]))) for end in (low, high)]
    return f"{form}:{ends[0]}:{ends[1]}"


def _are_more_than_beginnings(places: Sequence[_Place]) -> bool:
    """Return whether more is known than one constant beginning."""
    free = [not place.options for place in places]
    beginning = places[: free.index(True)] if any(free) else places
    rest = places[len(beginning) :]
    return any(place.options > 1 or place.alphabet for place in places) or any(
        place.options and any(map(str.isalnum, "".join(place.kept))) for place in rest
    )


def without_words(texts: Sequence[str]) -> list[str]:
    """Sample texts; where nearly all have digits, the others are notes and are left out."""
    sample = [text[:MOST_CHARACTERS] for text in spread(texts, SAMPLE)]
    codes = [text for text in sample if any(map(str.isdecimal, text))]
    return codes if len(codes) >= LEAST_ALIKE * len(sample) else sample


def _with_one_beginning(texts: Sequence[str]) -> Sequence[str]:
    """Return the texts that begin with the same letters, if these are nearly all; else all."""
    begins = Counter(match.group() if (match := _LETTERS.match(text)) else "" for text in texts)
    beginning, count = begins.most_common(1)[0] if begins else ("", 0)
    if not beginning or count < LEAST_ALIKE * len(texts):
        return texts
    return [text for text in texts if text.startswith(beginning)]


def _hexadecimal_groups(texts: Sequence[str]) -> tuple[Part, ...] | None:
    """Return the pattern of texts such as 0f:36:f2, if nearly all have it."""
    fits = [text for text in texts if _HEX_GROUPS.fullmatch(text)]
    if len(fits) < max(LEAST_ALIKE * len(texts), FEWEST_FOR_PREFIX):
        return None
    sizes = Counter(re.sub("[0-9a-fA-F]", "0", text) for text in fits)
    layout, count = sizes.most_common(1)[0]
    joined = "".join(fits)
    letters = sum(character.isalpha() for character in joined)
    digits = sum(character.isdecimal() for character in joined)
    is_upper, is_lower = joined == joined.upper(), joined == joined.lower()
    if count < LEAST_ALIKE * len(texts) or not letters or letters > digits or is_upper == is_lower:
        return None
    name = "HEX" if is_upper else "hex"
    runs = re.findall("0+|[^0]+", layout)
    return tuple((name, len(run)) if run[0] == "0" else run for run in runs)


def _one_layout(texts: Sequence[str]) -> str | None:
    """Return the classes of the characters of nearly all texts, if these are the same."""
    if len(texts) < FEWEST_FOR_PREFIX:
        return None
    layout, count = Counter(map(_classes, texts)).most_common(1)[0]
    return layout if count >= LEAST_ALIKE * len(texts) else None


def joined_parts(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Join the literals that follow each other."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part:
            joined.append(part)
    return tuple(joined)


def has_run(parts: Sequence[Part]) -> bool:
    """Return whether parts are more than literals."""
    return any(not isinstance(part, str) for part in parts)


@lru_cache(maxsize=4096)
def _class_of(character: str) -> str:
    """Name the class of a character: 0, a or A; punctuation and blank stand for themselves."""
    if character.isdecimal():
        return "0"
    if character.isupper():
        return "A"
    is_mark = not character.isalpha() and unicodedata.category(character)[0] in "PSZ"
    return character if is_mark else "a"


def _classes(text: str) -> str:
    return "".join(map(_class_of, text))


_TOKEN = re.compile(r"[0aA]+|[^0aA]+")


_RUN = re.compile(r"0+|a+|A+")


_WORD = re.compile(r"[0aA]+")


_RUN_CLASSES = {"0": "digit", "a": "lower", "A": "upper"}


def _is_mixed(token: str) -> bool:
    return len(_RUN.findall(token)) > 3


def _parts(text: str, mixed: str, layout: str | None = None) -> tuple[Part, ...]:
    """Read the pattern of a text.

    Parameters
    ----------
    text
        An identifier.
    mixed
        The class of words that mix digits and letters.
    layout
        The classes of the characters of nearly all texts: in these, no word counts as mixed.
    """
    parts: list[Part] = []
    classes = _classes(text)
    for match in _TOKEN.finditer(classes):
        token, own = match.group(), text[match.start() : match.end()]
        if token[0] not in _RUN_CLASSES:
            parts.append(token)
        elif not own.isascii() and any(map(script_of, own)):
            parts += _runs_of_scripts(own)
        elif _is_mixed(token) and classes != layout:
            parts.append((mixed, len(token)))
        else:
            parts += [(_RUN_CLASSES[run[0]], len(run)) for run in _RUN.findall(token)]
    if all(isinstance(part, str) for part in parts):  # nothing but punctuation
        return (("digit", max(1, len(text))),)
    return tuple(parts)


def _runs_of_scripts(word: str) -> list[Part]:
    """Return the runs of a word in which letters or digits of other scripts stand."""
    names = [script_of(own) or _RUN_CLASSES[_class_of(own)] for own in word]
    return [(name, len(list(run))) for name, run in groupby(names)]


def _mixed_class(texts: Sequence[str]) -> str:
    """Choose the smallest class that holds every word that mixes digits and letters."""
    used: set[str] = set()
    for text in texts:
        for match in _TOKEN.finditer(_classes(text)):
            if _is_mixed(match.group()):
                used.update(text[match.start() : match.end()])
    known = (name for name in CLASSES if name.lower().startswith("mix"))
    return next((name for name in known if used <= {*"".join(CLASSES[name](5))}), "mix62")


def _common_prefix(texts: Sequence[str]) -> str:
    """Find the whole runs that all texts begin with, short of any text."""
    prefix = common_beginning(texts)
    while prefix:
        following = {_class_of(text[len(prefix)]) if text[len(prefix) :] else "" for text in texts}
        last = _classes(prefix)[-1]
        if "" not in following and not (last in _RUN_CLASSES and last in following):
            break
        prefix = prefix[: len(_classes(prefix).rstrip(last))]
    return prefix if prefix.isascii() else ""


_LETTER_RUN = re.compile(r"[aA]+")


def _learn_words(texts: Sequence[str], least: int) -> dict[Pattern, float]:
    """Learn the patterns of texts of many layouts, whose words of letters are few and come again.

    These words stay, and so do years at the end; short numbers of few values are such values.
    Texts with other words keep their form where no pattern could write it.

    Parameters
    ----------
    texts
        Distinct texts.
    least
        How many of them share a word that stays.

    Returns
    -------
    The commonest patterns with their shares; none where the words are not few.
    """
    marks = Counter(_WORD.sub("w", _classes(text)) for text in texts)
    if max(marks.values(), default=0) >= LEAST_ALIKE * len(texts):  # these are of one layout
        return {}
    words = _recurring_words(texts, least)
    ends = _recurring_ends(texts, least)
    rows = [(text, _split_words(text)) for text in texts]
    is_told = [
        {*filter(_is_word, own)} <= words
        and not any(map(_is_mixed, _TOKEN.findall(_classes(text))))
        for text, own in rows
    ]
    told = [row for row, is_plain in zip(rows, is_told, strict=True) if is_plain]
    if not words or len(told) < MOST_LEFT_OUT * len(texts):
        return {}
    groups: defaultdict[tuple[str, ...], list[list[str]]] = defaultdict(list)
    for _, own in told:
        groups[tuple(f"{len(w)}" * w.isdecimal() or "'" + w for w in own)].append(own)
    found: Counter[tuple[Part, ...]] = Counter()
    for group in groups.values():
        found.update(_worded_parts(group, ends, least))
    shapes = {_classes(text) for text, _ in told}
    mixed = _mixed_class(texts)
    odd = [text for text, is_plain in zip(texts, is_told, strict=True) if not is_plain]
    found.update(_parts(text, mixed) for text in odd if _classes(text) not in shapes)
    counts = found.most_common(MOST_WORDED)
    total = sum(count for _, count in counts)
    return {Pattern(parts): count / total for parts, count in counts}


def _split_words(text: str) -> list[str]:
    """Split a text into words of letters, numbers, and what stands between them."""
    return [text[m.start() : m.end()] for m in re.finditer(r"0+|[aA]+|[^0aA]+", _classes(text))]


def _is_word(part: str) -> bool:
    return _LETTER_RUN.fullmatch(_classes(part)) is not None


def _recurring_words(texts: Sequence[str], least: int) -> set[str]:
    """Return the words that enough texts share; none of those that any letters could be."""
    counts = Counter(word for text in texts for word in {*_split_words(text)} if _is_word(word))
    common = {word for word, count in counts.items() if count >= least}
    sizes = Counter(map(len, common))
    few = {word for word in common if 2 * sizes[len(word)] <= len(UPPER) ** len(word)}
    return few if len(few) <= MOST_LEADS else set()


def _recurring_ends(texts: Sequence[str], least: int) -> set[str]:
    """Return the numbers of two or four digits, as years are, that nearly all texts end in."""
    numbers = Counter(own[-1] for text in texts if (own := _split_words(text))[-1].isdecimal())
    found: set[str] = set()
    for size in (2, 4):
        counts = Counter({own: n for own, n in numbers.items() if len(own) == size})
        kept = {own for own, n in counts.items() if n >= least}
        is_told = sum(counts[own] for own in kept) >= LEAST_ALIKE * counts.total()
        found |= kept if is_told and len(kept) <= MOST_LEADS else set()
    return found


def _worded_parts(
    group: Sequence[Sequence[str]], ends: Set[str], least: int
) -> Counter[tuple[Part, ...]]:
    """Count the patterns of texts of one layout: a frequent end is that of a pattern.

    The other ends are choices of one more pattern, which has none of the frequent ones, as no two
    patterns may write the same text.
    """
    columns = [Counter(column) for column in zip(*group, strict=True)]
    numbers = [at for at, own in enumerate(columns) if next(iter(own)).isdecimal()]
    if not numbers:  # nothing is free
        return Counter()
    widths = [len(next(iter(own))) for own in columns]
    free = max(numbers, key=lambda at: (len(columns[at]), widths[at]))
    parts: list[Part] = [next(iter(own)) for own in columns]
    for at in numbers:
        kept = [own for own, n in columns[at].items() if n >= least]
        is_few = 1 < 2 * len(kept) <= 10 ** widths[at] and len(kept) <= MOST_LEADS
        is_told = sum(columns[at][own] for own in kept) >= LEAST_ALIKE * len(group)
        is_kept = at != free and widths[at] <= MOST_RANGED and is_few and is_told
        parts[at] = _choice(kept) if is_kept else ("digit", widths[at])
    last = len(columns) - 1
    sorts = {own: n for own, n in columns[last].items() if own in ends}
    if last == free or not sorts:
        return Counter({joined_parts(parts): len(group)})
    frequent = {own: n for own, n in sorts.items() if n >= least}
    found = Counter({joined_parts([*parts[:-1], own]): n for own, n in frequent.items()})
    size = widths[last]
    rest = sorted(own for own in ends if len(own) == size and own not in frequent)
    if rest and len(group) > sum(frequent.values()):
        found[joined_parts([*parts[:-1], _choice(rest)])] = len(group) - sum(frequent.values())
    return found


def _choice(values: Sequence[str]) -> Part:
    """Return the part that is one of some texts of one length."""
    return ("|".join(sorted(values)), len(values[0])) if len(values) > 1 else values[0]
