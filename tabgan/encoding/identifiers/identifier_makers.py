"""How the values of a column are generated, by its kind and by how they are written."""

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import SchemaError
from tabgan.encoding.identifiers.location_forms import is_path, learn_locations
from tabgan.encoding.identifiers.patterns import (
    FEWEST_FOR_PREFIX,
    learn_parts,
    learn_patterns,
)
from tabgan.encoding.identifiers.personal_names import (
    WORDS,
    Account,
    EmailAddresses,
    FullNames,
    Templates,
    VocabularyWords,
    learn_accounts,
    learn_phones,
    locale_of,
)
from tabgan.encoding.identifiers.text_pattern import Pattern, with_digits_in_common
from tabgan.encoding.identifiers.unique_values import (
    MOST_DIGITS,
    MOST_POSITIONS,
    DigitParts,
    Digits,
    FormMixture,
    RisingNumbers,
    RowBijection,
    SeenValuesFilter,
    first_beyond,
    index_permutation,
    lead_numbers,
    learn_digit_parts,
)
from tabgan.table.regular_expressions import RegularExpression
from tabgan.table.schema import Column, expression_of
from tabgan.table.text_formats import (
    CHECKSUMS,
    check_characters,
    checksum_of,
    held_date,
    pattern_of,
    spread,
)

__all__ = [
    "Checked",
    "ComputerAddresses",
    "CountedTexts",
    "Maker",
    "Type",
    "Written",
    "learn_networks",
    "learn_maker",
    "maker_from_json",
    "maker_to_json",
    "may_repeat",
    "name_seed",
    "own_values",
]

MOST_COUNTED = 100  # digits of a running number in a text
MOST_PARTS = 3  # of an IP address that belong to its network
MOST_NETWORKS = 200


@dataclass(frozen=True)
class CountedTexts:
    """Texts that hold a running number, such as INV-2021-000123.

    Parameters
    ----------
    lead, tail
        What stands before and behind the number.
    width
        Digits that it has at least, with zeros in front.
    start
        The first number.

    Examples
    --------
    >>> CountedTexts("INV-", "/21", 4, 120).make(np.arange(2), seed=1).tolist()
    ['INV-0120/21', 'INV-0121/21']
    """

    name: ClassVar[str] = "counted"
    lead: str
    tail: str
    width: int
    start: int

    def __post_init__(self) -> None:
        if not (0 <= self.start < 10**MOST_COUNTED and 0 < self.width <= MOST_COUNTED):
            raise ValueError(f"texts can't count {self.width} digits on from {self.start}")

    @property
    def space(self) -> int:
        """How many positions have texts of their own."""
        return MOST_POSITIONS

    def wider(self) -> None:
        """Return None: there is no end of numbers."""
        return

    def make(self, positions: NDArray[np.int64], seed: int) -> NDArray[Any]:  # noqa: ARG002
        """Write the texts of positions, in their order.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        seed
            Chooses nothing: the numbers run on.
        """
        is_long = self.start + MOST_POSITIONS > np.iinfo(np.int64).max
        counted = (positions.astype(object) if is_long else positions) + self.start
        numbers = np.char.zfill(counted.astype(str), self.width)
        return np.asarray(self.lead + numbers.astype(object) + self.tail, object)

    def to_json(self) -> dict[str, Any]:
        """Describe the form by JSON values."""
        ends = {"lead": self.lead, "tail": self.tail}
        return {"form": self.name, **ends, "width": self.width, "start": self.start}

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
        ends = str(state["lead"]), str(state["tail"])
        return cls(*ends, int(state["width"]), int(state["start"]))


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


@dataclass(frozen=True)
class Checked:
    """Codes whose last character is their check digit.

    Parameters
    ----------
    pattern
        How the code is written before it.
    scheme
        One of `tabgan.table.text_formats.CHECKSUMS`.

    Examples
    --------
    >>> goods = Checked(Pattern(("40063813", ("digit", 4))), "gs1")
    >>> checksum_of(goods.make(np.arange(50), seed=1))
    'gs1'
    """

    name: ClassVar[str] = "checked"
    pattern: Pattern
    scheme: str

    def __post_init__(self) -> None:
        if self.scheme not in CHECKSUMS:
            raise ValueError(f"{self.scheme!r} is no scheme of check digits")

    @property
    def space(self) -> int:
        """How many positions have codes of their own."""
        return self.pattern.space

    def wider(self) -> None:
        """Return None: a longer code is one of another scheme."""
        return

    def make(self, positions: NDArray[np.int64], seed: int) -> NDArray[Any]:
        """Write the codes of positions.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        seed
            Chooses the order of the values; one for all blocks of a sample.
        """
        codes = self.pattern.make(positions, seed)
        return np.asarray(codes + check_characters(codes.tolist(), self.scheme), object)

    def to_json(self) -> dict[str, Any]:
        """Describe the form by JSON values."""
        return {"form": self.name, "scheme": self.scheme, "pattern": self.pattern.to_json()}

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
        return cls(Pattern.from_json(state["pattern"]), str(state["scheme"]))


@dataclass(frozen=True)
class ComputerAddresses:
    """IP addresses (version 4) of a network.

    Parameters
    ----------
    network
        The parts that all of its addresses begin with, up to three; none for any network.

    Examples
    --------
    >>> ComputerAddresses((192, 168, 0)).make(np.arange(2), seed=1).tolist()
    ['192.168.0.2', '192.168.0.157']
    """

    name: ClassVar[str] = "ip"
    network: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.network) > MOST_PARTS or not all(0 <= part <= 255 for part in self.network):
            raise ValueError(f"{self.network!r:.80} is no network of computers")

    @property
    def _ranges(self) -> list[tuple[int, int]]:
        """Lowest and highest number of each part: no whole networks, and none of many receivers."""
        ranges = [(1, 223), (0, 255), (0, 255), (1, 254)]
        fixed = [(part, part) for part in self.network]
        return [*fixed, *ranges[len(fixed) :]]

    @property
    def space(self) -> int:
        """How many positions have addresses of their own."""
        return math.prod(high - low + 1 for low, high in self._ranges)

    def wider(self) -> "ComputerAddresses | None":
        """Return the network that this one is a part of."""
        return ComputerAddresses(self.network[:-1]) if self.network else None

    def make(self, positions: NDArray[np.int64], seed: int) -> NDArray[Any]:
        """Write the addresses of positions.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        seed
            Chooses the order of the values; one for all blocks of a sample.
        """
        rest = index_permutation(positions, self.space, seed)
        parts: list[NDArray[Any]] = []
        for low, high in reversed(self._ranges):
            rest, offset = np.divmod(rest, np.uint64(high - low + 1))
            parts.append((offset + np.uint64(low)).astype(str).astype(object))
        last, third, second, first = parts
        return np.asarray(first + "." + second + "." + third + "." + last, object)

    def to_json(self) -> dict[str, Any]:
        """Describe the form by JSON values."""
        return {"form": self.name, "network": list(self.network)}

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
        return cls(tuple(int(part) for part in state["network"]))


def learn_networks(texts: Sequence[str], least_rows: int) -> dict[ComputerAddresses, float]:
    """Learn the networks of IP addresses, with their shares.

    Parameters
    ----------
    texts
        Addresses, one for each row.
    least_rows
        Rows that a network needs for its addresses to begin with it; it has several addresses.

    Examples
    --------
    >>> learn_networks([f"10.0.{i % 2}.{i}" for i in range(40)], least_rows=20)
    {ComputerAddresses(network=(10, 0, 0)): 0.5, ComputerAddresses(network=(10, 0, 1)): 0.5}
    """
    addresses = [tuple(map(int, text.split("."))) for text in texts if pattern_of([text]) == "ip"]
    networks: Counter[tuple[int, ...]] = Counter()
    for length in range(MOST_PARTS, 0, -1):
        rows = Counter(address[:length] for address in addresses)
        hosts = Counter(address[:length] for address in set(addresses))
        known = {own for own in rows if rows[own] >= least_rows and hosts[own] > 1}
        networks.update({own: rows[own] for own in known})
        addresses = [address for address in addresses if address[:length] not in known]
    if addresses or not networks:
        networks[()] = max(len(addresses), 1)
    most = networks.most_common(MOST_NETWORKS)
    total = sum(count for _, count in most)
    return {ComputerAddresses(network): count / total for network, count in most}


Maker = RisingNumbers | FormMixture | EmailAddresses | VocabularyWords


Type = Literal["text", "bytes", "uuid", "number"]
SAMPLE = 10_000  # values that the number of digits is learned from
LEAST_RISING = 50  # numbers that rise from row to row, to go on so
MOST_STEP = 1000  # between running numbers, on average; others are at random and in order
LEAST_DENSE = 0.5  # share of the whole numbers in a range that are keys, of running numbers
LEAST_COUNTED = 0.95  # share of texts that hold a running number
LEAST_RUNNING = 0.6  # share of the whole numbers in a range that texts hold
SPARE = 5  # texts of an expression for each one of the source: the first fifth of them is new
_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}", re.ASCII)


_FORMS: dict[str, Any] = {
    form.name: form
    for form in (
        FullNames,
        Templates,
        Account,
        Written,
        Checked,
        ComputerAddresses,
        CountedTexts,
        DigitParts,
    )
}
_PERSONAL = frozenset({"name", "email", "phone", "address", "iban"})  # may stand in several rows


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
    are_numbers = values_type == "text" and is_plain and all(map(_WHOLE.fullmatch, texts))
    is_text = column.kind == "identifier" and bool(held_date(spread(texts, SAMPLE)))
    if not texts or (are_numbers and not is_text and _checksum_of([*dict.fromkeys(texts)]) is None):
        return _number_maker([int(text) for text in texts], column)
    return _text_maker(texts, column)


def may_repeat(maker: Maker, column: Column) -> bool:
    """Return whether values of a column may stand in several rows each, as persons and codes do.

    Parameters
    ----------
    maker
        Makes the values.
    column
        What the column is.
    """
    if isinstance(maker, FormMixture):
        is_found = column.kind == "identifier" and column.origin == "inferred"
        return maker.repeats or is_found or column.kind in _PERSONAL
    return isinstance(maker, EmailAddresses)


def own_values(maker: Maker) -> int:
    """Return how many positions, from the first on, are sure to have values of their own.

    Examples
    --------
    >>> own_values(RisingNumbers(10, (0, 99), step=5))
    18
    >>> own_values(FormMixture({Digits(1, (0, 999)): 1.0}, seed=0))
    900
    """
    if isinstance(maker, RisingNumbers | FormMixture):
        return maker.room
    return MOST_POSITIONS if isinstance(maker, EmailAddresses) else 0


def _text_maker(texts: Sequence[str], column: Column) -> Maker:
    distinct = [*dict.fromkeys(texts)]
    look = pattern_of(distinct) if column.kind in ("identifier", "key") else column.kind
    if look == "uuid":
        return _uuid_maker(distinct, column)
    if look == "email":
        return EmailAddresses.beyond(texts, locale_of(column))
    if look in WORDS:
        return VocabularyWords(locale_of(column), column.kind)
    forms: Mapping[RowBijection, float]
    if look == "url" or all(map(is_path, distinct)):
        parts = learn_parts(spread(distinct, SAMPLE), column.least_rows, beginnings=True)
        forms = _counted(parts, distinct, column.least_rows) if parts else {}
        forms = forms or dict((parts or learn_locations(distinct, column.least_rows)).items())
    elif look == "ip":
        forms = dict(learn_networks(texts, column.least_rows).items())
    else:
        forms = _text_forms(distinct, column)
    are_new = all(isinstance(form, CountedTexts) for form in forms)
    known = None if are_new else SeenValuesFilter.of(distinct)
    return FormMixture(forms, name_seed(column), known, repeats=look == "ip")


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
        return dict((learn_accounts(texts) or learn_patterns(texts)).items())
    scheme = _checksum_of(texts) if column.kind == "identifier" else None
    if scheme is not None:
        patterns = learn_patterns([text[:-1] for text in texts if text[:-1]])
        return {Checked(pattern, scheme): share for pattern, share in patterns.items()}
    is_phone = column.kind == "phone"
    patterns = learn_phones(texts) if is_phone else learn_patterns(texts, column.least_rows)
    counted = {} if is_phone else _counted(patterns, texts, column.least_rows)
    if not counted and len(texts) >= max(column.least_rows, FEWEST_FOR_PREFIX):
        patterns = with_digits_in_common(patterns, texts, len(str(SPARE * len(texts))))
    return counted or dict(patterns.items())


def _counted(
    patterns: Mapping[Pattern, float], texts: Sequence[str], least: int
) -> dict[RowBijection, float]:
    """Return the forms of texts that number the rows without many gaps; none if these don't.

    The numbers count on from the highest, so that none is one of the source.
    """
    shares: defaultdict[tuple[str, str], float] = defaultdict(float)
    for pattern, share in patterns.items():
        runs = [at for at, part in enumerate(pattern.parts) if not isinstance(part, str)]
        if len(runs) != 1 or pattern.parts[runs[0]][0] != "digit":
            return {}
        parts = [*map(str, pattern.parts)]
        lead, tail = "".join(parts[: runs[0]]), "".join(parts[runs[0] + 1 :])
        shares[lead, tail] += share
    found = [_number_in(text, shares) for text in texts]
    digits = [own for own in found if 0 < len(own) <= MOST_COUNTED]
    numbers = {*map(int, digits)}
    if len(digits) < LEAST_COUNTED * len(texts) or len(numbers) < LEAST_RISING:
        return {}
    start, widths = first_beyond(numbers, least), Counter(map(len, digits))
    width, count = widths.most_common(1)[0]
    is_fixed = count >= LEAST_COUNTED * len(digits)
    padded = [len(own) for own in digits if own[0] == "0" and len(own) > 1]
    are_dense = len(numbers) >= LEAST_RUNNING * (max(numbers) + 1 - min(numbers))
    if not are_dense or (is_fixed and start + len(texts) > 10**width):
        return {}
    width = width if is_fixed else min(padded, default=1)
    return {CountedTexts(*own, width, start): share for own, share in shares.items()}


def _number_in(text: str, ends: Iterable[tuple[str, str]]) -> str:
    """Return the digits between the beginning and the end of a text; empty if it has none."""
    for lead, tail in ends:
        digits = text[len(lead) : len(text) - len(tail)]
        is_whole = digits.isascii() and digits.isdecimal()
        if is_whole and text.startswith(lead) and text.endswith(tail):
            return digits
    return ""


def _checksum_of(texts: Sequence[str]) -> str | None:
    return checksum_of(spread(texts, SAMPLE))


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
    return FormMixture({pattern: 1.0}, name_seed(column))


def _number_maker(given: Sequence[int], column: Column) -> Maker:
    bounds = _bounds(column)
    given = [*dict.fromkeys(given)] if column.kind == "key" else given
    low, high = min(given, default=0), max(given, default=-1)
    gapless = len(set(given)) == len(given) == high - low + 1
    is_dense = column.kind == "key" and len(given) >= LEAST_DENSE * (high - low + 1) > 0
    fits = bounds[0] <= low and high <= bounds[1]
    if fits and (gapless or is_dense or column.kind == "sequential"):
        # where the dtype ends, there are no other numbers
        start = first_beyond(given, column.least_rows)
        return RisingNumbers(start if start <= bounds[1] else low, bounds)
    rising = _rising_numbers(given, bounds, column.least_rows) if fits else None
    if rising is not None:
        return rising
    distinct = [*dict.fromkeys(spread(given, SAMPLE))]
    parts = learn_digit_parts(distinct)
    if parts is not None and fits:
        return FormMixture({parts: 1.0}, name_seed(column), SeenValuesFilter.of(map(str, given)))
    most = min(MOST_DIGITS, len(str(bounds[1])))
    counts: Counter[int] = Counter()
    for number in spread(given, SAMPLE):
        count = min(len(str(abs(number))), most)
        counts[count if number >= 0 else -count] += 1
    forms: Mapping[RowBijection, float] = {
        Digits(n, bounds): c / counts.total() for n, c in counts.items()
    }
    return FormMixture(forms, name_seed(column), SeenValuesFilter.of(map(str, given)))


def _rising_numbers(
    given: Sequence[int], bounds: tuple[int, int], least: int
) -> RisingNumbers | None:
    """Go on from numbers that rise from row to row, in equal steps or in such of one mean."""
    if len(given) < LEAST_RISING or not all(a < b for a, b in pairwise(given)):
        return None
    step, rest = divmod(given[-1] - given[0], len(given) - 1)
    has_gaps = bool(rest) or any(b - a != step for a, b in pairwise(given))
    # with gaps not exactly from the last one on, which the model file must not tell
    beyond = first_beyond(given, least)
    start = -(-beyond // step) * step if has_gaps else given[-1] + step
    if step > MOST_STEP or start + step > bounds[1]:
        return None
    return RisingNumbers(start, bounds, step, has_gaps)


def _bounds(column: Column) -> tuple[int, int]:
    """Lowest and highest whole number that may be made for a column."""
    dtype = column.pandas_dtype
    dtype = getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype))
    kind = getattr(dtype, "kind", "O")
    if kind in "iu":
        return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    most = 2 ** (np.finfo(dtype).nmant + 1) if kind == "f" else 10**MOST_DIGITS - 1
    return -most, most


def name_seed(column: Column) -> int:
    """Derive a seed from the column's name alone."""
    return int.from_bytes(hashlib.sha256(ascii(column.name).encode()).digest()[:4])


def maker_to_json(maker: Maker) -> dict[str, Any]:
    """Describe a maker by JSON values."""
    if isinstance(maker, RisingNumbers):
        steps = {"step": maker.step, "gaps": maker.has_gaps} if maker.step > 1 else {}
        return {"start": maker.start, **steps}
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
        step, has_gaps = int(state.get("step", 1)), bool(state.get("gaps"))
        return RisingNumbers(int(state["start"]), _bounds(column), step, has_gaps)
    if "first_mail" in state:
        return EmailAddresses(locale_of(column), int(state["first_mail"]))
    if "words" in state:
        return VocabularyWords(locale_of(column), str(state["words"]))
    forms = {_form_from_json(form, column): share for form, share in state["forms"]}
    known = SeenValuesFilter.from_json(state["known"]) if "known" in state else None
    repeats = any(isinstance(form, ComputerAddresses) for form in forms)
    return FormMixture(forms, int(state["seed"]), known, repeats=repeats)


def _form_from_json(state: Any, column: Column) -> RowBijection:
    if isinstance(state, int):
        return Digits(state, _bounds(column))
    if isinstance(state, list):
        return Pattern.from_json(state)
    form: RowBijection = _FORMS[state["form"]].from_json(state, column)
    return form
