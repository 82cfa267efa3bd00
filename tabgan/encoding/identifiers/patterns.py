"""Texts by pattern or in a locale's layout: how identifiers are written, without any of the values.

A pattern is a sequence of literals and of runs of characters of one class: ``INV-`` and four
digits. Which text stands at a position is a bijection of the position, so that texts never
repeat, however a sample is cut into blocks. Two patterns of a column have no text in common,
because every text is read as one pattern only: runs are as long as they can be, and a word that
mixes digits and letters changes between them at least three times.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.identifiers.unique_values import (
    MOST_POSITIONS,
    index_permutation,
    lead_numbers,
)
from tabgan.table.text_formats import spread

__all__ = [
    "FEWEST_FOR_PREFIX",
    "LEAST_ALIKE",
    "MOST_PATTERNS",
    "Part",
    "Pattern",
    "has_run",
    "is_path",
    "joined_parts",
    "learn_locations",
    "learn_parts",
    "learn_patterns",
    "without_words",
]

Part = str | tuple[str, int]  # a literal, or a run: class and number of characters


MOST_PATTERNS = 50
MOST_CHARACTERS = 256
SAMPLE = 10_000  # texts that the patterns are learned from
FEWEST_FOR_PREFIX = 10  # texts from which a common beginning belongs to none of them
LEAST_ALIKE = 0.95  # share of the texts that must have a form for the others to be odd ones
MOST_LEADS = 40  # values of a part that stay as they are
MOST_ALIGNED = 200  # patterns of texts whose parts are compared
MOST_LEFT_OUT = 0.9  # share of the texts that the patterns tell of at least
MOST_SHAPES = 4  # of runs of digits and letters, in texts of the same marks
MOST_RUNS = 3  # of digits and letters in a word that are compared each
SPARE_TEXTS = 3  # texts that can be made, for each one of the source
MOST_RANGED = 4  # digits of a number whose range is kept
MOST_OPTIONS = 40_000  # days of a range
_LETTERS = re.compile(r"[^\W\d_]+")
_HEX_GROUPS = re.compile(r"[0-9a-fA-F]{2,4}(?:[:.-][0-9a-fA-F]{2,4}){2,}")
_DIGIT, _LOWER = "0123456789", "abcdefghijklmnopqrstuvwxyz"
_UPPER, _VOWEL, _CONSONANT = _LOWER.upper(), "aeiou", "bdfghklmnprstvz"


def _mixed(first: str, second: str) -> Callable[[int], list[str]]:
    """Alphabets of a word that is not read as one to three runs."""
    return lambda n: ([first, second, first, second] + [first + second] * n)[:n]


def _word(n: int) -> list[str]:
    """Alphabets of a word that can be spoken."""
    return [_LOWER] * n if n < 3 else [(_VOWEL, _CONSONANT)[i % 2] for i in range(n)]


_CLASSES: dict[str, Callable[[int], list[str]]] = {
    "digit": lambda n: [_DIGIT] * n,
    "lower": _word,
    "upper": lambda n: [_UPPER] * n,
    "syll": lambda n: [_CONSONANT, _VOWEL] * n,
    "hex": lambda n: [_DIGIT + "abcdef"] * n,
    "HEX": lambda n: [_DIGIT + "ABCDEF"] * n,
    "8-b": lambda n: ["89ab"] * n,
    "8-B": lambda n: ["89AB"] * n,
    "mix16": _mixed(_DIGIT, "abcdef"),
    "MIX16": _mixed(_DIGIT, "ABCDEF"),
    "mix36": _mixed(_DIGIT, _LOWER),
    "MIX36": _mixed(_DIGIT, _UPPER),
    "mix52": _mixed(_LOWER, _UPPER),
    "mix62": _mixed(_DIGIT, _LOWER + _UPPER),
}


@dataclass(frozen=True)
class Pattern:
    """How texts are written.

    Examples
    --------
    >>> pattern = Pattern(("INV-", ("digit", 2)))
    >>> pattern.space
    100
    >>> len(set(pattern.make(np.arange(100), seed=1)))
    100
    >>> pattern.wider()
    Pattern(parts=('INV-', ('digit', 3)))
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        runs = [part for part in self.parts if not isinstance(part, str)]
        if not runs or not all(run[1] > 0 for run in runs):
            raise ValueError(f"{self.parts!r} is not a pattern")
        for name, size in runs:
            if name not in _CLASSES and any(len(own) != size for own in _range_texts(name)):
                raise ValueError(f"{self.parts!r} is not a pattern")

    @cached_property
    def alphabets(self) -> list[Sequence[str]]:
        """The texts that may stand at each place: characters, or the texts of a range."""
        found: list[Sequence[str]] = []
        for part in self.parts:
            if isinstance(part, str):
                found += part
            else:
                name, size = part
                found += _CLASSES[name](size) if name in _CLASSES else [_range_texts(name)]
        return found

    @cached_property
    def counted(self) -> int:
        """First of the places that count the position; those before it look random."""
        space, first = 1, len(self.alphabets)
        while first > 0 and space * len(self.alphabets[first - 1]) <= MOST_POSITIONS:
            first -= 1
            space *= len(self.alphabets[first])
        return first

    @property
    def space(self) -> int:
        """How many positions have texts of their own."""
        return math.prod(len(alphabet) for alphabet in self.alphabets[self.counted :])

    def wider(self) -> "Pattern | None":
        """Make the last run one character longer; a range stays as it is."""
        runs = [(i, part[0]) for i, part in enumerate(self.parts) if not isinstance(part, str)]
        last = max((i for i, name in runs if name in _CLASSES), default=None)
        if last is None:
            return None
        run = (str(self.parts[last][0]), int(self.parts[last][1]) + 1)
        return Pattern((*self.parts[:last], run, *self.parts[last + 1 :]))

    def make(self, positions: NDArray[np.int64], seed: int) -> NDArray[Any]:
        """Write the text of every position; positions are below `space`.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        seed
            Chooses the order of the values; one for all blocks of a sample.
        """
        rest = index_permutation(positions, self.space, seed)
        end = sum(len(alphabet[0]) for alphabet in self.alphabets)
        codes = np.empty((len(positions), end), np.uint32)
        for place in reversed(range(len(self.alphabets))):
            alphabet = np.array([[*map(ord, own)] for own in self.alphabets[place]], np.uint32)
            if place >= self.counted:
                rest, index = np.divmod(rest, np.uint64(len(alphabet)))
            else:
                index = lead_numbers(positions, seed, place) % np.uint64(len(alphabet))
            start = end - alphabet.shape[1]
            codes[:, start:end], end = alphabet[index], start
        return codes.view(f"U{codes.shape[1]}").ravel().astype(object)

    def to_json(self) -> list[Any]:
        """Describe the pattern by JSON values."""
        return [part if isinstance(part, str) else list(part) for part in self.parts]

    @classmethod
    def from_json(cls, state: Sequence[Any]) -> Self:
        """Rebuild a pattern from `to_json`'s value."""
        pattern = cls(tuple(p if isinstance(p, str) else (str(p[0]), int(p[1])) for p in state))
        if sum(len(p) if isinstance(p, str) else p[1] for p in pattern.parts) > 2 * MOST_CHARACTERS:
            raise ValueError("the pattern is too long")
        return pattern


_DATES = {"%Y%m": "M", "%Y%m%d": "D"}  # how codes hold a month or a day, and NumPy's unit


@lru_cache(maxsize=256)
def _range_texts(name: str) -> tuple[str, ...]:
    """Return the texts of a range: "01-12" are two digits, "%Y%m:2019-01:2021-06" months.

    Raises
    ------
    ValueError
        If the range is malformed.
    """
    form, *ends = name.split(":")
    if ends:
        if form not in _DATES or len(ends) != 2:
            raise ValueError(f"{name!r:.80} is no range of dates")
        first, last = np.array(ends, f"datetime64[{_DATES[form]}]")
        dates = np.arange(first, last + 1)
        texts = [date.replace("-", "") for date in dates[:MOST_OPTIONS].astype(str).tolist()]
    else:
        low, _, high = name.partition("-")
        if not (low.isdecimal() and high.isdecimal() and len(low) == len(high) <= MOST_RANGED):
            raise ValueError(f"{name!r:.80} is neither a class of characters nor a range")
        texts = [str(number).zfill(len(low)) for number in range(int(low), int(high) + 1)]
    if not texts:
        raise ValueError(f"the range {name!r:.80} is empty")
    return tuple(texts)


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
    aligned = learn_parts(sample, least)
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
    if sum(map(len, kept)) < LEAST_ALIKE * len(texts):
        return {}
    found: Counter[tuple[Part, ...]] = Counter()
    has_parts = False
    for own in kept:
        cells = _cells(own)
        places = _places_of(cells, len(own), least)
        free = [at for at, place in enumerate(places) if not place.options]
        are_numbers = all(row[at].isdecimal() for row in cells for at in free)
        has_parts |= _are_more_than_beginnings(places) or (beginnings and are_numbers)
        mixed = _mixed_class(own)
        for row in cells:
            parts = [place.parts_of(cell, mixed) for place, cell in zip(places, row, strict=True)]
            if None not in parts:
                found[joined_parts([part for own_parts in parts for part in own_parts or ()])] += 1
    counts = found.most_common(MOST_ALIGNED)
    total = sum(count for _, count in counts)
    if not has_parts or total < MOST_LEFT_OUT * len(texts):
        return {}
    return {Pattern(parts): count / total for parts, count in counts}


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

    @property
    def options(self) -> int:
        """How many values are made; 0 where these are free."""
        return len(self.kept) or (len(_range_texts(self.bounded)) if self.bounded else 0)

    def parts_of(self, cell: str, mixed: str) -> tuple[Part, ...] | None:
        """Return the parts of a pattern for a value; None if its text is left out."""
        if self.kept:
            return (cell,) if cell in self.kept else None
        return ((self.bounded, len(cell)),) if self.bounded else _parts(cell, mixed)


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


def _places_of(cells: Sequence[Sequence[str]], n_texts: int, least: int) -> list[_Place]:
    """Tell what stands at each place; the one of most values is free, and enough to be new."""
    columns = [Counter(column) for column in zip(*cells, strict=True)]
    places = [_place(counts, n_texts, least) for counts in columns]
    order = sorted(
        range(len(places)), key=lambda at: (places[at].options > 0, -places[at].distinct)
    )
    room = 1
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
    is_ascii = all(map(str.isascii, kept))
    few = len(kept) <= MOST_LEADS and (len(kept) == 1 or 2 * len(kept) <= _room_of(counts))
    if kept and few and is_ascii and rows >= LEAST_ALIKE * n_texts:
        return _Place(kept, "", len(counts))
    return _Place(frozenset(), _range_of(counts, least), len(counts))


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
    return any(place.options > 1 for place in places) or any(
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
    return character if " " <= character <= "~" and not character.isalpha() else "a"


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
    for token in _TOKEN.findall(classes):
        if token[0] not in _RUN_CLASSES:
            parts.append(token)
        elif _is_mixed(token) and classes != layout:
            parts.append((mixed, len(token)))
        else:
            parts += [(_RUN_CLASSES[run[0]], len(run)) for run in _RUN.findall(token)]
    if all(isinstance(part, str) for part in parts):  # nothing but punctuation
        return (("digit", max(1, len(text))),)
    return tuple(parts)


def _mixed_class(texts: Sequence[str]) -> str:
    """Choose the smallest class that holds every word that mixes digits and letters."""
    used: set[str] = set()
    for text in texts:
        for match in _TOKEN.finditer(_classes(text)):
            if _is_mixed(match.group()):
                used.update(text[match.start() : match.end()])
    known = (name for name in _CLASSES if name.lower().startswith("mix"))
    return next((name for name in known if used <= {*"".join(_CLASSES[name](5))}), "mix62")


def _common_prefix(texts: Sequence[str]) -> str:
    """Find the whole runs that all texts begin with, short of any text."""
    pairs = zip(min(texts), max(texts), strict=False)  # what these share, all share
    prefix = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    while prefix:
        following = {_class_of(text[len(prefix)]) if text[len(prefix) :] else "" for text in texts}
        last = _classes(prefix)[-1]
        if "" not in following and not (last in _RUN_CLASSES and last in following):
            break
        prefix = prefix[: len(_classes(prefix).rstrip(last))]
    return prefix if prefix.isascii() else ""


LEAST_LOCATIONS = 5  # that share a host, a folder or an ending, for it to be kept
MOST_LOCATION_FORMS = 50
LEAST_GENERATED = 6  # letters of a generated step

_PAGE = Pattern(("https://example.com/", ("syll", 5)))
_URL = re.compile(r"(\w+://)(www\.)?([^/?#:@]+)((?:/[^?#]*)?)(?:[?#].*)?", re.ASCII)
_PATH = re.compile(r"([A-Za-z]:|\.{1,2}|~|)([/\\][^/\\\n]+)+[/\\]?", re.ASCII)
_TOP = re.compile(r"(?:\.(?:com?|org|net|ac|gov|edu))?\.[A-Za-z]{2,}$")  # as .de and .co.uk
_EXTENSION = re.compile(r"\.[A-Za-z]\w{0,4}$", re.ASCII)


class _Location(NamedTuple):
    """An address of a web page, or a path of a file, in parts."""

    lead: str  # the scheme and www., or the root of a path
    host: str | None  # None of a file
    steps: tuple[str, ...]  # folders, and what stands behind the last of them
    mark: str  # between them

    @property
    def top(self) -> str:
        return _ending(_TOP, self.host or "")

    @property
    def extension(self) -> str:
        return _ending(_EXTENSION, self.steps[-1] if self.steps else "")


def is_path(text: str) -> bool:
    """Return whether a text is a path of a file, from a root on.

    Examples
    --------
    >>> is_path("/var/log/a.txt"), is_path("and/or")
    (True, False)
    """
    match = _PATH.fullmatch(text)
    return match is not None and bool(match[1] or text.count("/") > 1)


def learn_locations(texts: Sequence[str], least: int) -> dict[Pattern, float]:
    """Learn how addresses of pages or paths of files are written: hosts, depths, endings.

    A host, a folder of some depth and an ending that enough of them share stay as they are; the
    rest is generated. So is the host of a home page.

    Parameters
    ----------
    texts
        Distinct addresses or paths.
    least
        How many of them share what is kept, where that is more than `LEAST_LOCATIONS`.

    Returns
    -------
    The commonest forms with their shares.
    """
    least = max(least, LEAST_LOCATIONS)
    locations = [own for own in map(_location, texts) if own is not None]
    shared = Counter[tuple[object, ...]]()
    for own in locations:
        shared.update([("top", own.top), ("extension", own.extension)])
        places = [(-1, own.host or ""), *enumerate(own.steps[:-1])]
        shared.update(("step", *place) for place in places if not _may_be_generated(place[1]))
    common = {part for part, n in shared.items() if n >= least}
    forms = Counter(_form_of_location(own, common) for own in locations)
    kept = {form: n for form, n in forms.most_common(MOST_LOCATION_FORMS) if n >= least}
    total = sum(kept.values())
    return {form: n / total for form, n in kept.items()} or {_PAGE: 1.0}


def _location(text: str) -> _Location | None:
    match = _URL.fullmatch(text)
    if match is not None:
        return _Location(match[1] + (match[2] or ""), match[3], tuple(match[4].split("/")[1:]), "/")
    if not is_path(text):
        return None
    mark = "\\" if "\\" in text else "/"
    root, *steps = text.split(mark)
    return _Location(root, None, tuple(steps), mark)


def _form_of_location(own: _Location, common: Set[tuple[object, ...]]) -> Pattern:
    parts: list[Part] = [own.lead]
    is_page = any(own.steps)
    if own.host is not None and is_page and ("step", -1, own.host) in common:
        parts.append(own.host)
    elif own.host is not None:
        parts += [("syll", 4), own.top if ("top", own.top) in common else ".com"]
    for depth, step in enumerate(own.steps[:-1]):
        parts += [own.mark, step if ("step", depth, step) in common else _run_like(step)]
    if own.steps:
        parts.append(own.mark)
        last, extension = own.steps[-1], own.extension
        bare = last.removesuffix(extension)
        parts += [_run_like(bare)] if bare else []
        parts += [extension] if ("extension", extension) in common else []
    joined = joined_parts(parts)
    return Pattern(joined if has_run(joined) else (*joined, ("syll", 4)))


def _may_be_generated(step: str) -> bool:
    """Return whether a step could also be a generated one: the texts of all forms must differ."""
    name = step.removesuffix(_ending(_TOP, step))
    letters = dict(enumerate((_CONSONANT, _VOWEL)))
    is_like = len(name) >= LEAST_GENERATED
    is_like = is_like and all(sign in letters[at % 2] for at, sign in enumerate(name))
    return step.isdecimal() or is_like


def _run_like(step: str) -> tuple[str, int]:
    """Return characters for a step of a path: digits for digits, else syllables."""
    return ("digit", len(step)) if step.isdecimal() else ("syll", 3)


def _ending(form: re.Pattern[str], text: str) -> str:
    match = form.search(text)
    return match.group() if match else ""
