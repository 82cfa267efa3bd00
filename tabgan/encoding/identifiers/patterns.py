"""Texts by pattern or in a locale's layout: how identifiers are written, without any of the values.

A pattern is a sequence of literals and of runs of characters of one class: ``INV-`` and four
digits. Which text stands at a position is a bijection of the position, so that texts never
repeat, however a sample is cut into blocks. Two patterns of a column have no text in common,
because every text is read as one pattern only: runs are as long as they can be, and a word that
mixes digits and letters changes between them at least three times.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.identifiers.unique_values import (
    MOST_POSITIONS,
    index_permutation,
    lead_numbers,
)
from tabgan.table.locale_words import DEFAULT_LOCALE, Vocabulary, vocabulary
from tabgan.table.schema import Column
from tabgan.table.text_formats import spread

__all__ = [
    "Pattern",
    "Templates",
    "is_path",
    "learn_locations",
    "learn_patterns",
    "learn_phones",
]

Part = str | tuple[str, int]  # a literal, or a run: class and number of characters


MOST_PATTERNS = 50


MOST_CHARACTERS = 256


SAMPLE = 10_000  # texts that the patterns are learned from


_COUNTRY = re.compile(r"(\+|00)\d{1,3}(?=\D)", re.ASCII)


_TRUNK = re.compile(r"\(?0(?=\d)|1(?=[ .-])", re.ASCII)  # before an area code


FEWEST_FOR_PREFIX = 10  # texts from which a common beginning belongs to none of them


LEAST_ALIKE = 0.95  # share of the texts that must have a form for the others to be odd ones


MOST_LEADS = 40  # beginnings of a column's texts, such as CA-2016-


MOST_SEGMENTS = 3  # of such a beginning


_MARKS = re.compile(r"(?<=[^\W_])[-_/#:](?=[^\W_])")


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
        if not runs or not all(run[0] in _CLASSES and run[1] > 0 for run in runs):
            raise ValueError(f"{self.parts!r} is not a pattern")

    @cached_property
    def alphabets(self) -> list[str]:
        """The characters that may stand at each place of a text."""
        parts = (list(p) if isinstance(p, str) else _CLASSES[p[0]](p[1]) for p in self.parts)
        return [alphabet for part in parts for alphabet in part]

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

    def wider(self) -> "Pattern":
        """Make the last run one character longer."""
        last = max(i for i, part in enumerate(self.parts) if not isinstance(part, str))
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
        codes = np.empty((len(positions), len(self.alphabets)), np.uint32)
        for place in reversed(range(len(self.alphabets))):
            alphabet = np.array([ord(character) for character in self.alphabets[place]], np.uint32)
            if place >= self.counted:
                rest, index = np.divmod(rest, np.uint64(len(alphabet)))
            else:
                index = lead_numbers(positions, seed, place) % np.uint64(len(alphabet))
            codes[:, place] = alphabet[index]
        return codes.view(f"U{len(self.alphabets)}").ravel().astype(object)

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


def learn_patterns(texts: Sequence[str]) -> dict[Pattern, float]:
    """Learn the most frequent patterns of distinct texts, with their shares.

    Examples
    --------
    >>> for pattern, share in learn_patterns(["A-17", "B-23", "C-4", "D-5"]).items():
    ...     print(pattern.parts, share)
    (('upper', 1), '-', ('digit', 2)) 0.5
    (('upper', 1), '-', ('digit', 1)) 0.5
    """
    sample = _without_words(texts)
    leads = _leads(sample)
    if leads:
        return _after_leads(sample, leads)
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


def _leads(texts: Sequence[str]) -> set[str]:
    """Return the few beginnings, up to a mark, that nearly all texts share with many others.

    Examples
    --------
    >>> sorted(_leads([f"{c}-{y}-{n}" for c in ("CA", "US") for y in "67" for n in range(40, 60)]))
    ['CA-6-', 'CA-7-', 'US-6-', 'US-7-']
    """
    depths = [[match.end() for match in _MARKS.finditer(text)] for text in texts]
    deepest = min(map(len, depths), default=0)
    for depth in reversed(range(min(deepest, MOST_SEGMENTS))):
        pairs = zip(texts, depths, strict=True)
        counts = Counter(text[: ends[depth]] for text, ends in pairs)
        kept = {lead for lead, count in counts.items() if count >= FEWEST_FOR_PREFIX}
        is_all = sum(counts[lead] for lead in kept) >= LEAST_ALIKE * len(texts)
        if is_all and 2 <= len(kept) <= MOST_LEADS and all(map(str.isascii, kept)):
            return kept
    return set()


def _after_leads(texts: Sequence[str], leads: set[str]) -> dict[Pattern, float]:
    """Learn the patterns of texts that begin with one of some leads; the others are left out."""
    split = [
        (text[:end], text[end:])
        for text in texts
        for end in [next((m.end() for m in _MARKS.finditer(text) if text[: m.end()] in leads), 0)]
        if 0 < end < len(text)
    ]
    rests = [rest for _, rest in split]
    mixed, layout = _mixed_class(rests), _one_layout(rests)
    found = Counter((lead, *_parts(rest, mixed, layout)) for lead, rest in split)
    counts = found.most_common(MOST_PATTERNS)
    total = sum(count for _, count in counts)
    return {Pattern(parts): count / total for parts, count in counts}


def _without_words(texts: Sequence[str]) -> list[str]:
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


def learn_phones(texts: Sequence[str]) -> dict[Pattern, float]:
    """Learn how distinct telephone numbers are written.

    Country codes, the 0 or 1 that nearly all begin with, and words are kept.

    Examples
    --------
    >>> for pattern in learn_phones([f"+49 170 {n}" for n in range(100, 120)]):
    ...     print(pattern.parts)
    ('+49 ', ('digit', 3), ' ', ('digit', 3))
    """
    sample = _without_words(texts)
    found = [_COUNTRY.match(text) for text in sample]
    codes = [match.group() if match else "" for match in found]
    trunks = [_TRUNK.match(text) for text, code in zip(sample, codes, strict=True) if not code]
    n_trunks = sum(match is not None for match in trunks)
    if n_trunks >= max(LEAST_ALIKE * len(trunks), FEWEST_FOR_PREFIX):
        found = [match or _TRUNK.match(text) for match, text in zip(found, sample, strict=True)]
        sample = [text for text, match in zip(sample, found, strict=True) if match]
        codes = [match.group() for match in found if match]
    shared = Counter(code for code in codes if code)
    kept = {code for code, count in shared.items() if count >= FEWEST_FOR_PREFIX}
    # a rare code tells of somebody; as digits it could meet a kept one
    usual = [i for i, code in enumerate(codes) if not code or code in kept] if kept else []
    counts: Counter[tuple[Part, ...]] = Counter()
    for i in usual or range(len(sample)):
        code = codes[i] if kept else ""
        rest = re.findall(r"\d+|\D+", sample[i][len(code) :])
        parts = [("digit", len(part)) if part.isdecimal() else part for part in rest]
        counts[tuple(_joined([code, *parts]))] += 1
    common = counts.most_common(MOST_PATTERNS)
    total = sum(count for _, count in common)
    return {Pattern(parts): count / total for parts, count in common}


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Join the literals that follow each other; without any digit, put one."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part:
            joined.append(part)
    return joined if any(not isinstance(part, str) for part in joined) else [("digit", 7)]


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


MOST_COUNTED = 6  # digits of a text that count the position


_KINDS: dict[str, Vocabulary] = {"address": "address", "phone": "phone_number"}


class _Layouts(NamedTuple):
    """Texts, some of whose digits are to be replaced."""

    codes: NDArray[np.uint32]  # characters, shape (texts, longest)
    places: NDArray[np.intp]  # of the digits, shape (texts, counted)
    zeros: NDArray[np.uint32]  # the digit zero of the script there, of the same shape


@dataclass(frozen=True)
class Templates:
    """Texts of a vocabulary, with other digits after the first one of each number.

    Examples
    --------
    >>> homes = Templates("en_US", "address")
    >>> len({*homes.make(np.arange(1000), seed=1)})
    1000
    """

    name: ClassVar[str] = "template"
    locale: str
    kind: str

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise ValueError(f"there are no templates of {self.kind!r}")

    @property
    def space(self) -> int:
        """How many positions have texts of their own."""
        texts, counted = _layouts(self.locale, _KINDS[self.kind]).places.shape
        return min(int(texts * 10**counted), MOST_POSITIONS)

    def wider(self) -> None:
        """Return None: the layouts are what they are."""
        return

    def make(self, positions: NDArray[np.int64], seed: int) -> NDArray[Any]:
        """Write the texts of positions.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        seed
            Chooses the order of the values; one for all blocks of a sample.
        """
        layouts = _layouts(self.locale, _KINDS[self.kind])
        rest, index = np.divmod(
            index_permutation(positions, self.space, seed), np.uint64(len(layouts.codes))
        )
        codes = layouts.codes[index]
        rows = np.arange(len(positions))
        for places, zeros in zip(layouts.places[index].T, layouts.zeros[index].T, strict=True):
            rest, digit = np.divmod(rest, np.uint64(10))
            codes[rows, places] = zeros + digit.astype(np.uint32)
        return codes.view(f"U{codes.shape[1]}").ravel().astype(object)

    def to_json(self) -> dict[str, Any]:
        """Describe the form by JSON values."""
        return {"form": self.name, "kind": self.kind}

    @classmethod
    def from_json(cls, state: dict[str, Any], column: Column) -> Self:
        """Rebuild the form from `to_json`'s value.

        Parameters
        ----------
        state
            What `to_json` returned.
        column
            What the column is.
        """
        return cls(column.locale or DEFAULT_LOCALE, str(state["kind"]))


@lru_cache(maxsize=32)
def _layouts(locale: str, what: Vocabulary) -> _Layouts:
    texts = vocabulary(locale, what)
    found = [_later_digits(text) for text in texts]
    # as many as nine of ten texts have
    counted = min(int(np.quantile([len(places) for places in found], 0.1)), MOST_COUNTED)
    layouts: dict[str, tuple[str, list[int]]] = {}
    for text, places in zip(texts, found, strict=True):
        if len(places) >= counted:
            kept = places[len(places) - counted :]
            blank = "".join("\0" if place in kept else c for place, c in enumerate(text))
            layouts.setdefault(blank, (text, kept))  # two with the same rest would give one text
    digits = np.array([kept for _, kept in layouts.values()], np.intp).reshape(-1, counted)
    codes = np.array([text for text, _ in layouts.values()], str)
    codes = codes.view(np.uint32).reshape(len(layouts), -1)
    rows = np.arange(len(layouts))[:, None]
    values = [[unicodedata.decimal(text[at]) for at in kept] for text, kept in layouts.values()]
    zeros = codes[rows, digits] - np.array(values, np.uint32).reshape(-1, counted)
    return _Layouts(codes, digits, zeros)


def _later_digits(text: str) -> list[int]:
    """Find the digits before which there is another one."""
    digits = [place for place, character in enumerate(text) if character.isdecimal()]
    return [place for place in digits if place - 1 in digits]


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
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part:
            joined.append(part)
    if all(isinstance(part, str) for part in joined):
        joined.append(("syll", 4))
    return Pattern(tuple(joined))


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
