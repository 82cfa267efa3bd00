"""How texts are written: literals and runs of characters, ranges and choices.

A pattern is a sequence of literals and of runs of characters of one class: ``INV-`` and four
digits. Which text stands at a position is a bijection of the position, so that texts never
repeat, however a sample is cut into blocks.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.identifiers.unique_values import (
    MOST_POSITIONS,
    index_permutation,
    lead_numbers,
)

__all__ = ["CLASSES", "MOST_CHARACTERS", "MOST_RANGED", "Part", "Pattern", "UPPER", "range_texts"]

Part = str | tuple[str, int]  # a literal, or a run: class and number of characters


MOST_CHARACTERS = 256
MOST_RANGED = 4  # digits of a number whose range is kept
MOST_OPTIONS = 40_000  # days of a range
_DIGIT, _LOWER = "0123456789", "abcdefghijklmnopqrstuvwxyz"
UPPER, _VOWEL, _CONSONANT = _LOWER.upper(), "aeiou", "bdfghklmnprstvz"


def _mixed(first: str, second: str) -> Callable[[int], list[str]]:
    """Alphabets of a word that is not read as one to three runs."""
    return lambda n: ([first, second, first, second] + [first + second] * n)[:n]


def _word(n: int) -> list[str]:
    """Alphabets of a word that can be spoken."""
    return [_LOWER] * n if n < 3 else [(_VOWEL, _CONSONANT)[i % 2] for i in range(n)]


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
def range_texts(name: str) -> tuple[str, ...]:
    """Return the texts of a range: "01-12" are two digits, "%Y%m:2019-01:2021-06" months.

    "03|07|12" are these three texts.

    Raises
    ------
    ValueError
        If the range is malformed.
    """
    form, *ends = name.split(":")
    if "|" in name:
        texts = [*dict.fromkeys(name.split("|"))]
    elif ends:
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
