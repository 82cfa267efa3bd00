"""How the values of a column are generated, by its kind and by how they are written."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import SchemaError
from tabgan.encoding.identifiers.patterns import Pattern, Templates, learn_patterns, learn_phones
from tabgan.encoding.identifiers.personal_names import (
    WORDS,
    EmailAddresses,
    FullNames,
    VocabularyWords,
    locale_of,
)
from tabgan.encoding.identifiers.row_bijections import (
    MOST_DIGITS,
    MOST_POSITIONS,
    Digits,
    FormMixture,
    RisingNumbers,
    RowBijection,
    index_permutation,
    lead_numbers,
)
from tabgan.encoding.identifiers.seen_values_filter import SeenValuesFilter
from tabgan.table.regular_expressions import RegularExpression
from tabgan.table.schema import Column, expression_of
from tabgan.table.text_formats import check_digits, pattern_of, spread

__all__ = [
    "Account",
    "Maker",
    "Type",
    "Written",
    "learn_accounts",
    "learn_maker",
    "maker_from_json",
    "maker_to_json",
]

MOST_COUNTRIES = 50


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
        if not kinds <= {"digit", "upper", "MIX36", "MIX16"}:
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
    """Learn the most frequent layouts of distinct bank account numbers, with their shares."""
    by_country = defaultdict(list)
    for text in texts:
        by_country[text[:2]].append(text[4:])
    most = sorted(by_country, key=lambda country: -len(by_country[country]))[:MOST_COUNTRIES]
    total = sum(len(by_country[country]) for country in most)
    return {
        Account(country, pattern): share * len(by_country[country]) / total
        for country in most
        for pattern, share in learn_patterns(by_country[country]).items()
    }


@dataclass(frozen=True)
class Written:
    """Texts of a regular expression, each with a number of its own."""

    name: ClassVar[str] = "regex"
    expression: RegularExpression

    @property
    def space(self) -> int:
        """How many positions have texts of their own."""
        return min(self.expression.count, MOST_POSITIONS)

    def wider(self) -> None:
        """Return None: the expression is the user's."""
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
        numbers = index_permutation(positions, self.space, seed).astype(np.int64)
        leads = self.expression.count // self.space
        if leads == 1:
            return self.expression.write(numbers)
        lead: Any = 0
        for turn in range(-(-leads.bit_length() // 64)):
            lead = lead * 2**64 + lead_numbers(positions, seed, turn).astype(object)
        return self.expression.write(lead % leads * self.space + numbers)

    def to_json(self) -> dict[str, Any]:
        """Describe the form by JSON values; the expression is the column's kind."""
        return {"form": self.name}

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
        expression = expression_of(column.kind)
        if expression is None:
            raise ValueError(f"a column of kind {column.kind!r} has no regular expression")
        return cls(RegularExpression(expression))


Maker = RisingNumbers | FormMixture | EmailAddresses | VocabularyWords


Type = Literal["text", "bytes", "uuid", "number"]


SAMPLE = 10_000  # values that the number of digits is learned from


LEAST_DENSE = 0.5  # share of the whole numbers in a range that are keys, of running numbers


SPARE = 5  # texts of an expression for each one of the source: the first fifth of them is new


_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}", re.ASCII)


_URL = Pattern(("https://example.com/", ("syll", 5)))


_FORMS: dict[str, Any] = {form.name: form for form in (FullNames, Templates, Account, Written)}


def learn_maker(given: Sequence[Any], values_type: Type, column: Column) -> Maker:
    """Learn how to make values like the given ones, of one type and all present.

    Parameters
    ----------
    given
        The present values.
    values_type
        Their type.
    column
        What the column is.

    Raises
    ------
    SchemaError
        If an expression that was asked for allows too few texts.
    """
    if values_type == "number":
        return _number_maker([int(value) for value in given], column)
    if values_type == "uuid" or column.kind == "uuid":
        return _uuid_maker(given, column)
    texts = [*given] if values_type == "text" else [value.decode("latin-1") for value in given]
    is_plain = column.kind in ("identifier", "key", "sequential")
    if not texts or (values_type == "text" and is_plain and all(map(_WHOLE.fullmatch, texts))):
        return _number_maker([int(text) for text in texts], column)
    return _text_maker(texts, column)


def _text_maker(texts: Sequence[str], column: Column) -> Maker:
    distinct = [*dict.fromkeys(texts)]
    look = pattern_of(distinct) if column.kind in ("identifier", "key") else column.kind
    if look == "uuid":
        return _uuid_maker(distinct, column)
    if look == "email":
        return EmailAddresses.beyond(texts, locale_of(column))
    if look in WORDS:
        return VocabularyWords(locale_of(column), column.kind)
    forms: Mapping[RowBijection, float] = (
        {_URL: 1.0} if look == "url" else _text_forms(distinct, column)
    )
    return FormMixture(forms, _seed(column), SeenValuesFilter.of(distinct))


def _text_forms(texts: list[str], column: Column) -> Mapping[RowBijection, float]:
    """Choose the forms that distinct texts are written in, with their shares."""
    expression = expression_of(column.kind)
    if expression is not None:
        return {_written(expression, len(texts), column): 1.0}
    if column.kind == "name":
        return {FullNames.like(texts, locale_of(column)): 1.0}
    if column.kind == "address" or (column.kind == "phone" and column.locale):
        return {Templates(locale_of(column), column.kind): 1.0}
    if column.kind == "iban":
        return dict(learn_accounts(texts).items())
    learn = learn_phones if column.kind == "phone" else learn_patterns
    return dict(learn(texts).items())


def _written(expression: str, distinct: int, column: Column) -> Written:
    written = Written(RegularExpression(expression))
    count = written.expression.count
    if count < SPARE * distinct:
        raise SchemaError(
            f"Column {column.name!r}: the regular expression {expression!r:.120} allows {count:,} "
            f"texts, too few to make new and different ones beside the {distinct:,} of the table; "
            f"it must allow {SPARE * distinct:,} or more: widen it"
        )
    return written


def _uuid_maker(given: Sequence[Any], column: Column) -> FormMixture:
    """Make random UUIDs of version 4, in upper case where the given ones are.

    There are so many that none of the source is ever met.
    """
    texts = [str(value) for value in spread(given, 100)]
    is_upper = bool(texts) and all(text == text.upper() for text in texts)
    digit, variant = ("HEX", "8-B") if is_upper else ("hex", "8-b")
    head = ((digit, 8), "-", (digit, 4), "-4", (digit, 3), "-")
    pattern = Pattern((*head, (variant, 1), (digit, 3), "-", (digit, 12)))
    return FormMixture({pattern: 1.0}, _seed(column))


def _number_maker(given: Sequence[int], column: Column) -> Maker:
    bounds = _bounds(column)
    given = [*dict.fromkeys(given)] if column.kind == "key" else given
    low, high = min(given, default=0), max(given, default=-1)
    gapless = len(set(given)) == len(given) == high - low + 1
    is_dense = column.kind == "key" and len(given) >= LEAST_DENSE * (high - low + 1) > 0
    fits = bounds[0] <= low and high <= bounds[1]
    if fits and (gapless or is_dense or column.kind == "sequential"):
        # where the dtype ends, there are no other numbers
        return RisingNumbers(high + 1 if high < bounds[1] else low, bounds)
    most = min(MOST_DIGITS, len(str(bounds[1])))
    counts: Counter[int] = Counter()
    for number in spread(given, SAMPLE):
        count = min(len(str(abs(number))), most)
        counts[count if number >= 0 else -count] += 1
    forms: Mapping[RowBijection, float] = {
        Digits(n, bounds): c / counts.total() for n, c in counts.items()
    }
    return FormMixture(forms, _seed(column), SeenValuesFilter.of(map(str, given)))


def _bounds(column: Column) -> tuple[int, int]:
    """Lowest and highest whole number that may be made for a column."""
    dtype = column.pandas_dtype
    dtype = getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype))
    kind = getattr(dtype, "kind", "O")
    if kind in "iu":
        return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    most = 2 ** (np.finfo(dtype).nmant + 1) if kind == "f" else 10**MOST_DIGITS - 1
    return -most, most


def _seed(column: Column) -> int:
    """Derive a seed from the column's name alone."""
    return int.from_bytes(hashlib.sha256(ascii(column.name).encode()).digest()[:4])


def maker_to_json(maker: Maker) -> dict[str, Any]:
    """Describe a maker by JSON values."""
    if isinstance(maker, RisingNumbers):
        return {"start": maker.start}
    if isinstance(maker, EmailAddresses | VocabularyWords):
        return maker.to_json()
    forms = [[form.to_json(), share] for form, share in maker.forms.items()]
    known = {} if maker.known is None else {"known": maker.known.to_json()}
    return {"forms": forms, "seed": maker.seed, **known}


def maker_from_json(state: dict[str, Any], column: Column) -> Maker:
    """Rebuild a maker from `maker_to_json`'s value.

    Parameters
    ----------
    state
        What `to_json` returned.
    column
        What the column is.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the value is malformed.
    """
    if "start" in state:
        return RisingNumbers(int(state["start"]), _bounds(column))
    if "first_mail" in state:
        return EmailAddresses(locale_of(column), int(state["first_mail"]))
    if "words" in state:
        return VocabularyWords(locale_of(column), str(state["words"]))
    forms = {_form_from_json(form, column): share for form, share in state["forms"]}
    known = SeenValuesFilter.from_json(state["known"]) if "known" in state else None
    return FormMixture(forms, int(state["seed"]), known)


def _form_from_json(state: Any, column: Column) -> RowBijection:
    if isinstance(state, int):
        return Digits(state, _bounds(column))
    if isinstance(state, list):
        return Pattern.from_json(state)
    form: RowBijection = _FORMS[state["form"]].from_json(state, column)
    return form
