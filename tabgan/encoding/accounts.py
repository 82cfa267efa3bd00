"""Forms with a rule of their own: bank account numbers, and texts of a regular expression."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.patterns import Pattern, learn_patterns
from tabgan.encoding.positions import MOST_POSITIONS, index_permutation, lead_numbers
from tabgan.expressions import RegularExpression
from tabgan.ibans import check_digits
from tabgan.kinds import expression_of
from tabgan.schema import Column

__all__ = ["Account", "Written", "learn_accounts"]

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
        """Write the numbers of positions."""
        accounts = self.pattern.make(positions, seed)
        plain = [text.replace(" ", "") + self.country for text in accounts]
        checks = np.char.zfill(check_digits(plain).astype(str), 2).astype(object)
        return np.asarray(self.country + checks + accounts, object)

    def to_json(self) -> dict[str, Any]:
        """Describe the form by JSON values."""
        return {"form": self.name, "country": self.country, "pattern": self.pattern.to_json()}

    @classmethod
    def from_json(cls, state: dict[str, Any], column: Column) -> Self:  # noqa: ARG003
        """Rebuild the form from `to_json`'s value."""
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
        """Write the texts of positions."""
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
        """Rebuild the form from `to_json`'s value."""
        expression = expression_of(column.kind)
        if expression is None:
            raise ValueError(f"a column of kind {column.kind!r} has no regular expression")
        return cls(RegularExpression(expression))
