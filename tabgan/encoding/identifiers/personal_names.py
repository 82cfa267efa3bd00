"""Names and e-mail addresses of people who don't exist."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.identifiers.unique_values import MOST_POSITIONS, index_permutation
from tabgan.table.locale_words import DEFAULT_LOCALE, Vocabulary, name_order, vocabulary
from tabgan.table.schema import Column

__all__ = ["WORDS", "FullNames", "EmailAddresses", "VocabularyWords", "locale_of"]

MOST_GIVEN = 9  # given names of a person
_DOMAINS = np.array(["example.com", "example.net", "example.org"], object)  # of nobody (RFC 2606)
_MAIL = re.compile(r"[^@\s]*?(\d{0,15})@example\.(?:com|net|org)", re.IGNORECASE | re.ASCII)
WORDS: dict[str, Vocabulary] = {
    name: name for name in ("first_name", "last_name", "city", "company")
}


def locale_of(column: Column) -> str:
    """Return the locale that a column is made in."""
    return column.locale or DEFAULT_LOCALE


@dataclass(frozen=True)
class FullNames:
    """Given names and a family name; where two names don't suffice, further given names.

    Parameters
    ----------
    locale
        Whose names they are, and in which order.
    has_comma
        Whether the family name comes first, before a comma.
    is_upper
        Whether they are written in upper case.
    given
        Number of given names.

    Examples
    --------
    >>> names = FullNames("de_DE", has_comma=True)
    >>> len({*names.make(np.arange(1000), seed=1)}), names.wider().given
    (1000, 2)
    """

    name: ClassVar[str] = "name"
    locale: str
    has_comma: bool = False
    is_upper: bool = False
    given: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.given <= MOST_GIVEN:
            raise ValueError(f"a person has 1 to {MOST_GIVEN} given names, not {self.given}")

    @classmethod
    def like(cls, texts: Sequence[str], locale: str) -> Self:
        """Write names as most of the texts are written.

        Parameters
        ----------
        texts
            Texts of the training table.
        locale
            Language and country, such as ``"de_DE"``.
        """
        most = len(texts) / 2
        commas = sum(", " in text for text in texts)
        return cls(locale, commas > most, sum(text.isupper() for text in texts) > most)

    @property
    def words(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Given and family names such that a full name is read in one way only."""
        firsts, lasts = (vocabulary(self.locale, kind) for kind in ("first_name", "last_name"))
        if name_order(self.locale) == "lastfirst" and not self.has_comma:
            lasts = tuple(name for name in lasts if len(name) == 1) or lasts
        firsts = tuple(name for name in firsts if " " not in name) or firsts
        lasts = tuple(name for name in lasts if " " not in name) or lasts
        both = [{str.upper(name): None for name in names} for names in (firsts, lasts)]
        if not self.is_upper:
            both = [dict.fromkeys(firsts), dict.fromkeys(lasts)]
        return np.array([*both[0]], object), np.array([*both[1]], object)

    @property
    def space(self) -> int:
        """How many positions have names of their own."""
        firsts, lasts = self.words
        return min(int(len(lasts) * len(firsts) ** self.given), MOST_POSITIONS)

    def wider(self) -> "FullNames | None":
        """Give one more given name."""
        if self.given == MOST_GIVEN:
            return None
        return FullNames(self.locale, self.has_comma, self.is_upper, self.given + 1)

    def make(self, positions: NDArray[np.int64], seed: int) -> NDArray[Any]:
        """Write the names of positions.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        seed
            Chooses the order of the values; one for all blocks of a sample.
        """
        firsts, lasts = self.words
        rest = index_permutation(positions, self.space, seed)
        rest, index = np.divmod(rest, np.uint64(len(lasts)))
        family = lasts[index]
        rest, index = np.divmod(rest, np.uint64(len(firsts)))
        given = firsts[index]
        for _ in range(1, self.given):
            rest, index = np.divmod(rest, np.uint64(len(firsts)))
            given = given + " " + firsts[index]
        if self.has_comma:
            made = family + ", " + given
        else:
            order = name_order(self.locale)
            between = "" if order == "lastfirst" else " "
            made = given + " " + family if order == "first last" else family + between + given
        return np.asarray(made, object)

    def to_json(self) -> dict[str, Any]:
        """Describe the form by JSON values."""
        return {"form": self.name, "comma": self.has_comma, "upper": self.is_upper}

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
        return cls(locale_of(column), bool(state["comma"]), bool(state["upper"]))


@dataclass(frozen=True)
class VocabularyWords:
    """Words of a vocabulary, drawn with repetition: a first name alone is nobody's.

    They come from the vocabulary whatever the source holds, and so tell nothing of it.
    """

    name: ClassVar[str] = "words"
    locale: str
    kind: str

    def __post_init__(self) -> None:
        if self.kind not in WORDS:
            raise ValueError(f"there is no vocabulary of {self.kind!r}")

    def make(
        self,
        positions: NDArray[np.int64],
        rng: np.random.Generator,
        key: int = 0,  # noqa: ARG002
    ) -> NDArray[Any]:
        """Draw a word for each position.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        rng
            The only source of randomness.
        key
            Chooses the order of generated values; one for all blocks of a sample.
        """
        words = np.array(vocabulary(self.locale, WORDS[self.kind]), object)
        return np.asarray(rng.choice(words, size=len(positions)), object)

    def to_json(self) -> dict[str, Any]:
        """Describe the maker by JSON values."""
        return {"words": self.kind}


@dataclass(frozen=True)
class EmailAddresses:
    """E-mail addresses at reserved domains: a word of the locale's user names, and a number.

    The number counts the rows, and begins beyond all those that end a source's address at one of
    these domains: so every address is new, and there is no need to remember any.

    Examples
    --------
    >>> mails = EmailAddresses.beyond(["ann@corp.test", "bob.ray27@example.com"], "en_US")
    >>> mails.first
    100
    """

    name: ClassVar[str] = "mails"
    locale: str
    first: int

    def __post_init__(self) -> None:
        if not 1 <= self.first <= 10**15:
            raise ValueError(f"{self.first} can't be the first number of e-mail addresses")

    @classmethod
    def beyond(cls, texts: Sequence[str], locale: str) -> Self:
        """Begin with the first number that has more digits than any of the source.

        Parameters
        ----------
        texts
            Texts of the training table.
        locale
            Language and country, such as ``"de_DE"``.
        """
        found = (_MAIL.fullmatch(text.strip()) for text in texts)
        # whose number has more than 15 digits can't be met
        digits = max((len(match.group(1)) for match in found if match), default=0)
        return cls(locale, 10**digits)

    def make(
        self,
        positions: NDArray[np.int64],
        rng: np.random.Generator,
        key: int = 0,  # noqa: ARG002
    ) -> NDArray[Any]:
        """Make an address for each position.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        rng
            The only source of randomness.
        key
            Chooses the order of generated values; one for all blocks of a sample.
        """
        words = rng.choice(np.array(vocabulary(self.locale, "user_name"), object), len(positions))
        numbers = (positions + self.first).astype(str).astype(object)
        return np.asarray(words + numbers + "@" + rng.choice(_DOMAINS, len(positions)), object)

    def to_json(self) -> dict[str, Any]:
        """Describe the maker by JSON values."""
        return {"first_mail": self.first}
