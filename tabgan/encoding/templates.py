"""Texts in a locale's own layout, such as addresses: Faker's, with other digits."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.positions import MOST_POSITIONS, index_permutation
from tabgan.schema import Column
from tabgan.vocabularies import DEFAULT_LOCALE, Vocabulary, vocabulary

__all__ = ["Templates"]

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
        """Write the texts of positions."""
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
        """Rebuild the form from `to_json`'s value."""
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
