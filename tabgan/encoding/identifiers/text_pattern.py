"""How texts are written: literals and runs of characters, ranges and choices.

A pattern is a sequence of literals and of runs of characters of one class: ``INV-`` and four
digits. Which text stands at a position is a bijection of the position, so that texts never
repeat, however a sample is cut into blocks.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.identifiers.unique_values import (
    MOST_POSITIONS,
    index_permutation,
    lead_numbers,
)
from tabgan.table.text_formats import date_texts

__all__ = [
    "CLASSES",
    "MOST_CHARACTERS",
    "MOST_RANGED",
    "Part",
    "Pattern",
    "SCRIPTS",
    "UPPER",
    "common_beginning",
    "range_texts",
    "range_weights",
    "script_of",
    "with_digits_in_common",
]

Part = str | tuple[str, int]  # a literal, or a run: class and number of characters


MOST_CHARACTERS = 256
MOST_RANGED = 4  # digits of a number whose range is kept
_DIGIT, _LOWER = "0123456789", "abcdefghijklmnopqrstuvwxyz"
UPPER, _VOWEL, _CONSONANT = _LOWER.upper(), "aeiou", "bdfghklmnprstvz"


def _mixed(first: str, second: str) -> Callable[[int], list[str]]:
    """Alphabets of a word that is not read as one to three runs."""
    return lambda n: ([first, second, first, second] + [first + second] * n)[:n]


def _word(n: int) -> list[str]:
    """Alphabets of a word that can be spoken."""
    return [_LOWER] * n if n < 3 else [(_VOWEL, _CONSONANT)[i % 2] for i in range(n)]


def _range(first: str, last: str, without: str = "") -> str:
    return "".join(c for c in map(chr, range(ord(first), ord(last) + 1)) if c not in without)


# Letters and digits of other scripts, by the name of the class of their runs: those that make up
# runs, and all that are of the script.
SCRIPTS: dict[str, tuple[str, str]] = {
    "cyrillic": (_range("а", "я", "ъь"), _range("а", "џ")),
    "CYRILLIC": (_range("А", "Я", "ЪЬ"), _range("Ѐ", "Я")),
    "greek": (_range("α", "ω", "ς"), _range("ά", "ώ")),
    "GREEK": (_range("Α", "Ω", "\u03a2"), _range("Ά", "Ϋ")),
    "hebrew": (_range("א", "ת", "ךםןףץ"), _range("א", "ת")),
    "arabic": (_range("ب", "غ") + _range("ف", "ي", "ى"), _range("ء", "ۓ", "٠١٢٣٤٥٦٧٨٩")),
    "devanagari": (_range("क", "ह", "\u0929\u0931\u0934"), _range("ऄ", "ॡ")),
    "thai": (_range("ก", "ฮ", "ฃฅฤฦ"), _range("ก", "ๆ")),
    "kana": (_range("あ", "ん", "ぃぅぇぉっゃゅょゎゐゑ"), _range("ぁ", "ゟ")),
    "KANA": (_range("ア", "ン", "ィゥェォッャュョヮヰヱ"), _range("ァ", "ヿ")),
    "han": (
        "一二三四五六七八九十百千万上下左右中大小日月年人山川水火木金土田石花草林森空天地東西南北"
        "前内外高新古明安平和正文学生先名白青王玉竹立力男女子手足目口心",
        _range("\u3400", "\u9fff"),
    ),
    "hangul": (
        "가나다라마바사아자차카타파하고노도로모보소오조초코토포호구누두루무부수우주추기니디리미비시이지",
        _range("\uac00", "\ud7a3"),
    ),
    "arabic digit": (_range("٠", "٩"), _range("٠", "٩")),
    "persian digit": (_range("۰", "۹"), _range("۰", "۹")),
    "devanagari digit": (_range("०", "९"), _range("०", "९")),
    "thai digit": (_range("๐", "๙"), _range("๐", "๙")),
    "wide digit": (_range("０", "９"), _range("０", "９")),
    "wide": (_range("ａ", "ｚ"), _range("ａ", "ｚ")),
    "WIDE": (_range("Ａ", "Ｚ"), _range("Ａ", "Ｚ")),
}
_SCRIPT_OF = {character: name for name, (_, known) in SCRIPTS.items() for character in known}


def script_of(character: str) -> str:
    """Return the class of a letter or digit of another script; an empty text for others."""
    return _SCRIPT_OF.get(character, "")


def _every_place(letters: str) -> Callable[[int], list[str]]:
    return lambda n: [letters] * n


CLASSES: dict[str, Callable[[int], list[str]]] = {
    "digit": lambda n: [_DIGIT] * n,
    "lower": _word,
    "upper": lambda n: [UPPER] * n,
    "syll": lambda n: [_CONSONANT, _VOWEL] * n,
    "hex": lambda n: [_DIGIT + "abcdef"] * n,
    "HEX": lambda n: [_DIGIT + "ABCDEF"] * n,
    "8-b": lambda n: ["89ab"] * n,
    "8-B": lambda n: ["89AB"] * n,
    "mix16": _mixed(_DIGIT, "abcdef"),
    "MIX16": _mixed(_DIGIT, "ABCDEF"),
    "mix36": _mixed(_DIGIT, _LOWER),
    "MIX36": _mixed(_DIGIT, UPPER),
    "mix52": _mixed(_LOWER, UPPER),
    "mix62": _mixed(_DIGIT, _LOWER + UPPER),
    **{name: _every_place(letters) for name, (letters, _) in SCRIPTS.items()},
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
            if name not in CLASSES and any(len(own) != size for own in range_texts(name)):
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
                found += CLASSES[name](size) if name in CLASSES else [range_texts(name)]
        return found

    @cached_property
    def weights(self) -> dict[int, NDArray[np.int64]]:
        """How often the texts of a range stand at a place, where they do not equally often."""
        found, at = dict[int, NDArray[np.int64]](), 0
        for part in self.parts:
            name, size = (part, len(part)) if isinstance(part, str) else part
            is_range = not isinstance(part, str) and name not in CLASSES
            if is_range and range_weights(name):
                found[at] = np.array(range_weights(name), np.int64)
            at += 1 if is_range else size if isinstance(part, str) else len(CLASSES[name](size))
        return found

    @cached_property
    def spread(self) -> int | None:
        """The weighted place that counts the position beside the others; None if there is none."""
        return max(self.weights, key=lambda at: len(self.weights[at]), default=None)

    @cached_property
    def counted(self) -> int:
        """First of the places that count the position; those before it look random."""
        most = MOST_POSITIONS
        if self.spread is not None:
            most //= len(self.weights[self.spread])
        space, first = 1, len(self.alphabets)
        while first > 0 and space * self._n_free(first - 1) <= most:
            first -= 1
            space *= self._n_free(first)
        return first

    def _n_free(self, place: int) -> int:
        """Return how many texts may stand at a place, if all are alike, else 1."""
        return 1 if place in self.weights else len(self.alphabets[place])

    @cached_property
    def _free_space(self) -> int:
        return math.prod(map(self._n_free, range(self.counted, len(self.alphabets))))

    @cached_property
    def _slots(self) -> NDArray[np.int64]:
        """How many positions in turn each text of the place has that counts by its weights."""
        if self.spread is None:
            return np.ones(1, np.int64)
        weights = self.weights[self.spread]
        scale = min(1.0, self._free_space / int(weights.max()))
        slots: NDArray[np.int64] = np.maximum(1, np.rint(weights * scale)).astype(np.int64)
        return slots

    @property
    def space(self) -> int:
        """How many positions have texts of their own."""
        return int(self._slots.sum()) * (self._free_space // int(self._slots.max()))

    def wider(self) -> "Pattern | None":
        """Make the last run one character longer; a range stays as it is."""
        runs = [(i, part[0]) for i, part in enumerate(self.parts) if not isinstance(part, str)]
        last = max((i for i, name in runs if name in CLASSES), default=None)
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
        option, rest = self._spread_out(positions, seed)
        end = sum(len(alphabet[0]) for alphabet in self.alphabets)
        codes = np.empty((len(positions), end), np.uint32)
        for place in reversed(range(len(self.alphabets))):
            alphabet = np.array([[*map(ord, own)] for own in self.alphabets[place]], np.uint32)
            if place == self.spread:
                index = option
            elif place in self.weights:
                shares = np.cumsum(self.weights[place])
                drawn = lead_numbers(positions, seed, place) % np.uint64(shares[-1])
                index = np.searchsorted(shares, drawn.astype(np.int64), side="right")
            elif place >= self.counted:
                rest, index = np.divmod(rest, np.uint64(len(alphabet)))
            else:
                index = lead_numbers(positions, seed, place) % np.uint64(len(alphabet))
            start = end - alphabet.shape[1]
            codes[:, start:end], end = alphabet[index], start
        return codes.view(f"U{codes.shape[1]}").ravel().astype(object)

    def _spread_out(self, positions: NDArray[np.int64], seed: int) -> tuple[NDArray[Any], Any]:
        """Give positions a text of the weighted place, and a number among those that have it."""
        if self.spread is None:
            return positions, index_permutation(positions, self.space, seed)
        slots, free = self._slots, self._free_space
        turn, slot = np.divmod(positions, slots.sum())
        slot = index_permutation(slot, int(slots.sum()), seed).astype(np.int64)
        ends = np.cumsum(slots)
        option = np.searchsorted(ends, slot, side="right")
        number = turn * slots[option] + slot - (ends - slots)[option]
        shift = lead_numbers(option, seed, len(self.alphabets)) % np.uint64(free)
        return option, (index_permutation(number, free, seed) + shift) % np.uint64(free)

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


@lru_cache(maxsize=256)
def range_texts(name: str) -> tuple[str, ...]:
    """Return the texts of a range: "01-12" are two digits, "%Y%m:2019-01:2021-06" months.

    "03|07|12" are these three texts. Weights stand behind a star: "08*20|09*80".

    Raises
    ------
    ValueError
        If the range is malformed.
    """
    if "|" in name or "*" in name.partition(":")[0]:
        texts = [*dict.fromkeys(own.partition("*")[0] for own in name.split("|"))]
    elif ":" in name:
        texts = date_texts(name)[0]
    else:
        low, _, high = name.partition("-")
        if not (low.isdecimal() and high.isdecimal() and len(low) == len(high) <= MOST_RANGED):
            raise ValueError(f"{name!r:.80} is neither a class of characters nor a range")
        texts = [str(number).zfill(len(low)) for number in range(int(low), int(high) + 1)]
    if not texts:
        raise ValueError(f"the range {name!r:.80} is empty")
    return tuple(texts)


@lru_cache(maxsize=256)
def range_weights(name: str) -> tuple[int, ...]:
    """Return how often each text of a range stands, in proportion; nothing if all do alike.

    Examples
    --------
    >>> range_weights("08*20|09*80"), range_weights("08-09")
    ((20, 80), ())
    """
    if "*" not in name:
        return ()
    if ":" in name:
        return tuple(date_texts(name)[1])
    weights = tuple(int(own.partition("*")[2]) for own in name.split("|"))
    if min(weights) < 1 or len(weights) != len(range_texts(name)):
        raise ValueError(f"{name!r:.80} has weights that are none")
    return weights


def with_digits_in_common(
    patterns: Mapping[Pattern, float], texts: Sequence[str], least_free: int
) -> dict[Pattern, float]:
    """Keep the digits that all texts begin with, as cards of one issuer do.

    Parameters
    ----------
    patterns
        Patterns of the texts, with their shares.
    texts
        Texts of these patterns.
    least_free
        Digits behind the beginning that stay free.

    Examples
    --------
    >>> texts = [f"8949{n}" for n in range(10, 30)]
    >>> with_digits_in_common({Pattern((("digit", 6),)): 1.0}, texts, least_free=2)
    {Pattern(parts=('8949', ('digit', 2))): 1.0}
    """
    heads = [own.parts if isinstance(own.parts[0], str) else ("", *own.parts) for own in patterns]
    leads, runs = {str(head[0]) for head in heads}, [head[1] for head in heads if len(head) > 1]
    sizes = [run[1] for run in runs if not isinstance(run, str) and run[0] == "digit"]
    if len(leads) > 1 or len(sizes) < len(heads):
        return {**patterns}
    (lead,), beginning = leads, common_beginning(texts)
    digits = beginning[len(lead) :][: max(min(sizes) - least_free, 0)]
    if not (beginning.startswith(lead) and digits.isascii() and digits.isdecimal()):
        return {**patterns}
    return {
        Pattern((lead + digits, ("digit", size - len(digits)), *head[2:])): share
        for head, size, share in zip(heads, sizes, patterns.values(), strict=True)
    }


def common_beginning(texts: Sequence[str]) -> str:
    """Return the characters that all texts begin with."""
    pairs = zip(min(texts), max(texts), strict=False)  # what these share, all share
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
