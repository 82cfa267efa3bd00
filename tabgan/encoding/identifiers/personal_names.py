"""Names, homes, telephone numbers, addresses and accounts of people who don't exist."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.identifiers.patterns import (
    FEWEST_FOR_PREFIX,
    LEAST_ALIKE,
    MOST_PATTERNS,
    has_run,
    joined_parts,
    learn_patterns,
    without_words,
)
from tabgan.encoding.identifiers.text_pattern import Part, Pattern
from tabgan.encoding.identifiers.unique_values import (
    MOST_POSITIONS,
    index_permutation,
)
from tabgan.table.locale_words import DEFAULT_LOCALE, Vocabulary, name_order, vocabulary
from tabgan.table.schema import Column
from tabgan.table.text_formats import IBAN, check_digits

__all__ = [
    "Account",
    "WORDS",
    "EmailAddresses",
    "FullNames",
    "Templates",
    "VocabularyWords",
    "learn_accounts",
    "learn_phones",
    "locale_of",
]

MOST_GIVEN = 9  # given names of a person
MOST_COUNTRIES = 50
_OF_ACCOUNTS = {"digit", "upper", "MIX36", "MIX16"}  # classes of characters; ranges are digits
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


_TRUNK = re.compile(r"\(?0(?=\d)|1(?=[ .-])", re.ASCII)  # before an area code
_COUNTRY = re.compile(r"(\+|00)\d{1,3}(?=\D)", re.ASCII)


def learn_phones(texts: Sequence[str]) -> dict[Pattern, float]:
    """Learn how distinct telephone numbers are written.

    Country codes, the 0 or 1 that nearly all begin with, and words are kept.

    Examples
    --------
    >>> for pattern in learn_phones([f"+49 170 {n}" for n in range(100, 120)]):
    ...     print(pattern.parts)
    ('+49 ', ('digit', 3), ' ', ('digit', 3))
    """
    sample = without_words(texts)
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
        joined = joined_parts([code, *parts])
        counts[joined if has_run(joined) else (("digit", 7),)] += 1
    common = counts.most_common(MOST_PATTERNS)
    total = sum(count for _, count in common)
    return {Pattern(parts): count / total for parts, count in common}


@dataclass(frozen=True)
class Account:
    """Bank account numbers of a country, with the right check digits.

    Parameters
    ----------
    country
        Its two letters.
    pattern
        How the account is written after the check digits.
    """

    name: ClassVar[str] = "iban"
    country: str
    pattern: Pattern

    def __post_init__(self) -> None:
        kinds = {part[0] for part in self.pattern.parts if not isinstance(part, str)}
        if not (self.country.isascii() and self.country.isupper() and len(self.country) == 2):
            raise ValueError(f"{self.country!r} is not a country of bank accounts")
        if not all(kind[0].isdecimal() or kind in _OF_ACCOUNTS for kind in kinds):
            raise ValueError("a bank account number holds digits and capital letters")

    @property
    def space(self) -> int:
        """How many positions have numbers of their own."""
        return self.pattern.space

    def wider(self) -> None:
        """Return None: the length of a number is the country's."""
        return

    def make(self, positions: NDArray[np.int64], seed: int) -> NDArray[Any]:
        """Write the numbers of positions.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        seed
            Chooses the order of the values; one for all blocks of a sample.
        """
        accounts = self.pattern.make(positions, seed)
        plain = [text.replace(" ", "") + self.country for text in accounts]
        checks = np.char.zfill(check_digits(plain).astype(str), 2).astype(object)
        return np.asarray(self.country + checks + accounts, object)

    def to_json(self) -> dict[str, Any]:
        """Describe the form by JSON values."""
        return {"form": self.name, "country": self.country, "pattern": self.pattern.to_json()}

    @classmethod
    def from_json(cls, state: dict[str, Any], column: Column) -> Self:  # noqa: ARG003
        """Rebuild the form from `to_json`'s value.

        Parameters
        ----------
        state
            What `to_json` returned.
        column
            What the column is.
        """
        return cls(str(state["country"]), Pattern.from_json(state["pattern"]))


def learn_accounts(texts: Sequence[str]) -> dict[Account, float]:
    """Learn the most frequent layouts of distinct bank account numbers, with their shares.

    Texts that are none, such as "unknown", are left out.
    """
    by_country = defaultdict(list)
    for text in texts:
        if IBAN.fullmatch(text):
            by_country[text[:2]].append(text[4:])
    most = sorted(by_country, key=lambda country: -len(by_country[country]))[:MOST_COUNTRIES]
    total = sum(len(by_country[country]) for country in most)
    return {
        Account(country, pattern): share * len(by_country[country]) / total
        for country in most
        for pattern, share in learn_patterns(by_country[country]).items()
    }
