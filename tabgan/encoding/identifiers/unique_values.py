"""Values that name rows: each position of a sample has one of its own, which no real row had.

The value at a position depends on the position, a seed and the values to be left out,
and on nothing else, so that no value is given twice however a sample is cut into blocks.

Which values a column had, so vaguely that nobody can be found in it.

A generated value must not be one of the training table, and the model file must not tell who
is in that table. A list of hashes would: whoever guesses a value can look it up. Here every value
sets one bit of a field that is so small that about half of its bits are set (1.44 bits a value,
one hash each): half of all other texts fall on a set bit as well. A value that is made on a set
bit is passed over, so that none of the source is ever given; and of a set bit nobody can say
whose it is. A text on a set bit is about twice as likely to have been in the table as before one
looked, never certain to; one on a bit that is not set was certainly not in it.

Every column has a field of its own. Whoever knows several personal values of one row may look
them all up, and each doubles the odds: leave columns out of the table that nobody needs.
"""

import base64
import math
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "first_beyond",
    "DigitParts",
    "Digits",
    "FormMixture",
    "MOST_DIGITS",
    "MOST_POSITIONS",
    "RisingNumbers",
    "RowBijection",
    "SeenValuesFilter",
    "index_permutation",
    "learn_digit_parts",
    "lead_numbers",
]

MOST_BITS = 2**33
MOST_SET = 0.9  # share of set bits from which hardly a value could be made
_LOOSE = str.maketrans("", "", string.punctuation + string.whitespace)
_HASH_KEY = "tabgan.crowded.1"  # 16 characters, for SipHash


@dataclass(frozen=True)
class SeenValuesFilter:
    """A field of bits on which every value of a source falls, and half of all others too.

    Upper and lower case, blanks and punctuation make no difference: ``"+49 170-1"`` is
    ``"+491701"``.

    Parameters
    ----------
    bits
        The field, a bool each.

    Examples
    --------
    >>> crowded = SeenValuesFilter.of(["Ann Lee", "Bob Ray"])
    >>> crowded.may_hold(["ann  lee", "BOB-RAY"]).tolist()
    [True, True]
    """

    bits: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if not 0 < len(self.bits) <= MOST_BITS or self.bits.mean() > MOST_SET:
            raise ValueError("a filter of values has too few bits that are not set")

    @classmethod
    def of(cls, values: Iterable[str]) -> Self:
        """Set the bits of values."""
        distinct = list(dict.fromkeys(values))
        bits = np.zeros(math.ceil(len(distinct) / math.log(2)) + 1, np.bool_)
        bits[_places(distinct, len(bits))] = True
        return cls(bits)

    def may_hold(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Return which texts may be values of the source; all of its values are among them."""
        return self.bits[_places(texts, len(self.bits))]

    def to_json(self) -> dict[str, Any]:
        """Describe the filter by JSON values."""
        packed = np.packbits(self.bits).tobytes()
        return {"size": len(self.bits), "bits": base64.b64encode(packed).decode("ascii")}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a filter from `to_json`'s value.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        packed = np.frombuffer(base64.b64decode(state["bits"], validate=True), np.uint8)
        size = int(state["size"])
        if len(packed) != -(-size // 8):
            raise ValueError(f"a filter of {size} bits can't be {len(packed)} bytes")
        return cls(np.unpackbits(packed, count=size).astype(np.bool_))


def _places(texts: Sequence[str], size: int) -> NDArray[np.intp]:
    """Hash texts to the numbers below `size`."""
    plain = np.empty(len(texts), object)
    plain[:] = [
        (text.translate(_LOOSE) or text.strip()).casefold().encode("utf-8", "surrogatepass")
        for text in texts
    ]
    hashes = pd.util.hash_array(plain, hash_key=_HASH_KEY, categorize=False)
    places: NDArray[np.intp] = (hashes % np.uint64(size)).astype(np.intp)
    return places


MOST_POSITIONS = 2**42  # rows that a sample can have
MOST_DIGITS = 18  # of a whole number that is made
LEAST_OF_PARTS = 7  # digits of a number that may have parts
LEAST_PART_ROWS = 50  # such numbers that show it
MOST_OF_TEN = 6  # values of the next digit of a part
MOST_OF_PART = 60  # values of a part
FEWEST_OF_PART = 10  # numbers that have one of them
LEAST_COVERED = 0.95  # share of the numbers that have one of these
MOST_CHOICES = 500  # of all such parts together
SPARE_NUMBERS = 8  # numbers of the form for each one of the source
_HALF = 2**21  # a number below 2**42 times one below this fits 64 bits
# Of so many texts of a form, half of which may be of the source, so many are given first. That
# fewer are new has a chance of 2e-5; missing ones are generated in a wider form.
_BIN, _FIRST = 40, 8


class RowBijection(Protocol):
    """A form that values are written in; the values of two forms are never equal."""

    def to_json(self) -> Any:
        """Describe the form by JSON values."""
        ...

    @property
    def space(self) -> int:
        """How many positions have values of their own."""
        ...

    def wider(self) -> Self | None:
        """Return the next form with more space; None if there is none."""
        ...

    def make(self, positions: NDArray[np.int64], seed: int) -> NDArray[Any]:
        """Make the values of positions that are below `space`.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        seed
            Chooses the order of the values; one for all blocks of a sample.
        """
        ...


def index_permutation(positions: NDArray[np.int64], space: int, seed: int) -> NDArray[np.uint64]:
    """Map the positions below `space` one to one onto themselves, far from their order.

    Parameters
    ----------
    positions
        Positions of the rows in the whole sample.
    space
        How many indices there are.
    seed
        Chooses the permutation.

    Examples
    --------
    >>> sorted(index_permutation(np.arange(7), 7, seed=3).tolist())
    [0, 1, 2, 3, 4, 5, 6]
    """
    factor = int(space * (0.6135 + 0.006 * (seed % 997) / 997)) | 1  # near the golden ratio
    while math.gcd(factor, space) > 1:
        factor += 1
    half, modulus = np.uint64(_HALF), np.uint64(space)
    high, low = np.divmod(positions.astype(np.uint64), half)
    times = np.uint64(factor % space)
    product = (times * high % modulus * half + times * low % modulus) % modulus
    return (product + np.uint64(seed % space)) % modulus


def lead_numbers(positions: NDArray[np.int64], seed: int, turn: int) -> NDArray[np.uint64]:
    """Give each position numbers of 64 bits, one a turn, that look random (SplitMix64).

    Parameters
    ----------
    positions
        Positions of the rows in the whole sample.
    seed
        Chooses the numbers.
    turn
        How often the forms have been gone through.

    Examples
    --------
    >>> bool((lead_numbers(np.arange(3), 1, 0) == lead_numbers(np.arange(3), 1, 0)).all())
    True
    """
    start = (seed * 0x9E3779B97F4A7C15 + turn * 0xD1342543DE82EF95) % 2**64
    mixed = positions.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(start)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


@dataclass(frozen=True)
class Digits:
    """Whole numbers of so many digits, between the bounds of a dtype.

    Parameters
    ----------
    count
        Number of digits; below zero for negative numbers.
    bounds
        Lowest and highest number of the dtype.

    Examples
    --------
    >>> Digits(3, (-128, 127)).space
    28
    """

    count: int
    bounds: tuple[int, int]

    def __post_init__(self) -> None:
        if not 1 <= abs(self.count) <= MOST_DIGITS or self.space < 1:
            raise ValueError(f"no number of {self.count} digits is between {self.bounds}")

    def to_json(self) -> int:
        """Describe the form by its number of digits."""
        return self.count

    @property
    def ends(self) -> tuple[int, int]:
        """Lowest and highest number of so many digits."""
        digits = abs(self.count)
        least, most = 10 ** (digits - 1) if digits > 1 else 0, 10**digits - 1
        low, high = (least, most) if self.count > 0 else (-most, min(-least, -1))
        return max(low, self.bounds[0]), min(high, self.bounds[1])

    @property
    def space(self) -> int:
        """How many numbers there are, and so positions with one of their own."""
        low, high = self.ends
        return min(high - low + 1, MOST_POSITIONS)

    def wider(self) -> "Digits | None":
        """Numbers of one digit more, if the dtype holds any."""
        try:
            return Digits(self.count + (1 if self.count > 0 else -1), self.bounds)
        except ValueError:
            return None

    def make(self, positions: NDArray[np.int64], seed: int) -> NDArray[Any]:
        """Make the numbers of positions, as Python's.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        seed
            Chooses the order of the values; one for all blocks of a sample.
        """
        low, high = self.ends
        leads = np.uint64((high - low + 1) // self.space)
        lead = lead_numbers(positions, seed, 0) % leads
        offsets = lead * np.uint64(self.space) + index_permutation(positions, self.space, seed)
        return low + offsets.astype(object)


@dataclass(frozen=True)
class DigitParts:
    """Whole numbers of several parts, such as an office, a year and a running number.

    Parameters
    ----------
    parts
        For each part how many digits are free, or the digits that it may have and their shares.

    Examples
    --------
    >>> cases = DigitParts(((("2019", 0.5), ("2020", 0.5)), 4))
    >>> made = cases.make(np.arange(1000), seed=1)
    >>> len({*made}), {*map(str, made // 10_000)} == {"2019", "2020"}
    (1000, True)
    """

    name: ClassVar[str] = "parts"
    parts: tuple[int | tuple[tuple[str, float], ...], ...]

    def __post_init__(self) -> None:
        choices = [part for part in self.parts if not isinstance(part, int)]
        texts = [digits for part in choices for digits, _ in part]
        shares = [share for part in choices for _, share in part]
        if not self.free or self.free + sum(len(part[0][0]) for part in choices) > MOST_DIGITS:
            raise ValueError(f"numbers have from 1 free digit to {MOST_DIGITS} digits in all")
        if not all(map(str.isdecimal, texts)) or not all(0 < share <= 1 for share in shares):
            raise ValueError("parts of numbers are digits, with shares from 0 to 1")

    @property
    def free(self) -> int:
        """How many digits are free."""
        return sum(part for part in self.parts if isinstance(part, int))

    @cached_property
    def choices(self) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        """What the parts that are not free add to a number, for each choice, and its share."""
        values, shares, unit = np.zeros(1, np.uint64), np.ones(1), 1
        for part in reversed(self.parts):
            if isinstance(part, int):
                unit *= 10**part
                continue
            own = np.array([int(digits) * unit for digits, _ in part], np.uint64)
            values = (own[:, None] + values).ravel()
            shares = (np.array([share for _, share in part])[:, None] * shares).ravel()
            unit *= 10 ** len(part[0][0])
        return values, shares / shares.sum()

    @property
    def space(self) -> int:
        """How many positions have numbers of their own."""
        return int(min(10**self.free * len(self.choices[0]), MOST_POSITIONS))

    def wider(self) -> None:
        """Return None: a longer number has other parts."""
        return

    def make(self, positions: NDArray[np.int64], seed: int) -> NDArray[Any]:
        """Make the numbers of positions, as Python's.

        Positions with the same free digits have different other ones, drawn by their shares.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        seed
            Chooses the order of the values; one for all blocks of a sample.
        """
        size = min(10**self.free, MOST_POSITIONS)
        turns, places = np.divmod(positions, size)
        leads = np.uint64(10**self.free // size)
        rest = lead_numbers(places, seed, 0) % leads * np.uint64(size)
        rest += index_permutation(places, size, seed)
        values, shares = self.choices
        waits = np.empty((len(positions), len(shares)))  # who waits least comes first
        for at, share in enumerate(shares.tolist()):
            chance = (lead_numbers(places, seed, 1 + at) >> np.uint64(11)) / 2.0**53  # below 1
            waits[:, at] = -np.log1p(-chance) / share
        order = np.argsort(waits, axis=1) if turns.any() else waits.argmin(axis=1)[:, None]
        made = values[order[np.arange(len(positions)), turns]]
        unit = 1
        for part in reversed(self.parts):
            if isinstance(part, int):
                rest, own = np.divmod(rest, np.uint64(10**part))
                made = made + own * np.uint64(unit)
            unit *= 10 ** (part if isinstance(part, int) else len(part[0][0]))
        return made.astype(object)

    def to_json(self) -> dict[str, Any]:
        """Describe the form by JSON values."""
        return {"form": self.name, "parts": [*self.parts]}

    @classmethod
    def from_json(cls, state: Mapping[str, Any], _column: object = None) -> Self:
        """Rebuild the form from `to_json`'s value."""
        return cls(
            tuple(
                part if isinstance(part, int) else tuple((str(a), float(b)) for a, b in part)
                for part in state["parts"]
            )
        )


def learn_digit_parts(numbers: Sequence[int]) -> DigitParts | None:
    """Learn the parts of distinct whole numbers of equally many digits; None if there are none.

    A part has few values, of those that its digits could make: a constant, a year, an office. The
    digits of other parts are free, and there are enough for new numbers.

    Parameters
    ----------
    numbers
        Distinct numbers.

    Examples
    --------
    >>> codes = [int(f"7{year}{n:04d}") for year in (2019, 2020) for n in range(0, 9999, 91)]
    >>> learn_digit_parts(codes)
    DigitParts(parts=((('72019', 0.5), ('72020', 0.5)), 4))
    >>> learn_digit_parts([*range(1000)])
    """
    texts = [*map(str, numbers)]
    width = len(texts[0]) if texts else 0
    if not LEAST_OF_PARTS <= width <= MOST_DIGITS or {*map(len, texts)} != {width}:
        return None
    if numbers[0] < 0 or len(texts) < LEAST_PART_ROWS:
        return None
    digits = np.array(texts, f"U{width}").view("U1").reshape(-1, width)
    parts: list[int | tuple[tuple[str, float], ...]] = []
    place = 0
    while place < width:
        part, end = _part_from(digits, place)
        if part is None and not place:  # no number begins with 0
            part = _choices(digits[:, :1])
        if part is not None:
            parts.append(part)
        elif parts and isinstance(parts[-1], int):
            parts[-1] += 1
        else:
            parts.append(1)
        place = end
    choices = [part for part in parts if not isinstance(part, int)]
    n_choices = math.prod(map(len, choices))
    told = any(len(part) < MOST_OF_TEN * len(part[0][0]) for part in choices)
    if not told or n_choices > MOST_CHOICES or len(choices) == len(parts):
        return None
    form = DigitParts(tuple(parts))
    return form if form.space >= SPARE_NUMBERS * len(texts) else None


def _part_from(
    digits: NDArray[np.str_], place: int
) -> tuple[tuple[tuple[str, float], ...] | None, int]:
    """Return the part of few values that begins at a place, and where it ends; None if none does.

    Each further digit multiplies the values of a part by fewer than ten.
    """
    part, end = None, place
    while end < digits.shape[1]:
        longer = _choices(digits[:, place : end + 1])
        n_before = 1 if part is None else len(part)
        if longer is None or len(longer) > MOST_OF_TEN * n_before:
            break
        part, end = longer, end + 1
    return part, max(end, place + 1)


def _choices(digits: NDArray[np.str_]) -> tuple[tuple[str, float], ...] | None:
    """Return the few values of a part and their shares; None if they are many."""
    texts = np.ascontiguousarray(digits).view(f"U{digits.shape[1]}").ravel()
    values, counts = np.unique(texts, return_counts=True)
    often = counts >= FEWEST_OF_PART
    if not 0 < often.sum() <= MOST_OF_PART or counts[often].sum() < LEAST_COVERED * len(texts):
        return None
    shares = counts[often] / counts[often].sum()
    return tuple(zip(values[often].tolist(), shares.tolist(), strict=True))


def first_beyond(numbers: Iterable[int], least: int) -> int:
    """Return where to count on from numbers, without telling where exactly the last one lies.

    Where the greatest ones run on, that is the next number. Else it lies on a grid as coarse as
    the distance of the greatest one from so many others.

    Parameters
    ----------
    numbers
        Whole numbers.
    least
        How many rows may be told of together.

    Examples
    --------
    >>> first_beyond(range(1, 401), 5), first_beyond([*range(1, 401), 793], 5)
    (401, 1024)
    """
    greatest = nlargest(least, set(numbers)) or [-1]
    gaps = greatest[0] - greatest[-1] + 1 - len(greatest)
    grid = 1 << gaps.bit_length() if gaps else 1
    return (greatest[0] // grid + 1) * grid


@dataclass(frozen=True)
class RisingNumbers:
    """Whole numbers one after the other, and again from the start where the dtype ends.

    Parameters
    ----------
    start
        The first number.
    bounds
        Lowest and highest number of the dtype.
    step
        From one number to the next, on average.
    has_gaps
        Whether the steps differ.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> RisingNumbers(10, (0, 99), step=5).make(np.arange(4), rng).tolist()
    [10, 15, 20, 25]
    """

    start: int
    bounds: tuple[int, int]
    step: int = 1
    has_gaps: bool = False

    def __post_init__(self) -> None:
        if self.step < 1:
            raise ValueError(f"the step of rising numbers must be at least 1, not {self.step}")
        if not self.bounds[0] <= self.start <= self.bounds[1]:
            raise ValueError(f"the start {self.start} is not between {self.bounds}")

    @property
    def room(self) -> int:
        """How many positions have numbers of their own."""
        return max((self.bounds[1] - self.start + 1) // self.step, 1)

    def make(
        self,
        positions: NDArray[np.int64],
        rng: np.random.Generator,  # noqa: ARG002
        key: int = 0,
    ) -> NDArray[Any]:
        """Make the numbers of positions, as Python's.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        rng
            The only source of randomness.
        key
            Chooses the order of generated values; one for all blocks of a sample.
        """
        numbers: NDArray[Any] = self.start + positions.astype(object) % self.room * self.step
        if self.has_gaps:
            numbers += (lead_numbers(positions, key, 0) % np.uint64(self.step)).astype(object)
        return numbers


@dataclass(frozen=True)
class FormMixture:
    """Values in several forms, in no order, none of which the source had.

    Parameters
    ----------
    forms
        The forms with their shares.
    seed
        Chooses the order, together with the key of a sample.
    known
        The values of the source; None if there is no need to look, because there are far too
        many others.
    repeats
        Whether new values repeat before values of the source are taken.
    """

    forms: Mapping[RowBijection, float]
    seed: int
    known: SeenValuesFilter | None = None
    repeats: bool = False

    def __post_init__(self) -> None:
        shares = list(self.forms.values())
        if not shares or min(shares) < 0 or not 0.99 < sum(shares) < 1.01:
            raise ValueError(f"shares of forms must add up to 1, not {shares}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"the seed must be from 0 to 2**32 - 1, not {self.seed}")

    @property
    def room(self) -> int:
        """How many positions have values of their own: those of the widest form that is least."""
        if self.repeats:
            return 0
        return min(map(self._widest_room, self.forms))

    def _widest_room(self, form: RowBijection) -> int:
        wider = form.wider()
        while wider is not None and wider.space > form.space:  # which ends at MOST_POSITIONS
            form, wider = wider, wider.wider()
        return self._room(form)

    def _room(self, form: RowBijection) -> int:
        """Return how many positions take a value of a form, before a wider one serves them."""
        return form.space if self.known is None else form.space - form.space % _size(form)

    def make(
        self, positions: NDArray[np.int64], rng: np.random.Generator, key: int = 0
    ) -> NDArray[Any]:
        """Make the values of positions, each in a form drawn by its share.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        rng
            The only source of randomness.
        key
            Chooses the order of generated values; one for all blocks of a sample.
        """
        made = np.empty(len(positions), object)
        shares = np.array(list(self.forms.values()))
        drawn = rng.choice(len(shares), size=len(positions), p=shares / shares.sum())
        seed = int(np.random.SeedSequence([self.seed, key]).generate_state(1)[0])
        for index, form in enumerate(self.forms):
            self._fill(made, np.flatnonzero(drawn == index), form, positions, seed)
        return made

    def _fill(
        self,
        made: NDArray[Any],
        rows: NDArray[np.intp],
        form: RowBijection,
        positions: NDArray[np.int64],
        seed: int,
    ) -> None:
        """Make the values of some rows, in the narrowest form that has a new one for each."""
        # Whether a form serves a position depends on the two alone, not on the form drawn first:
        # so a wider form gives no value twice.
        while len(rows):
            room = self._room(form)
            fits = positions[rows] < room
            values, new = self._choose(form, positions[rows[fits]], seed)
            made[rows[fits]] = values
            wider = None if self.repeats else form.wider()
            if wider is None:
                rest = rows[~fits]
                made[rest], _ = self._choose(form, positions[rest] % room, seed)
                return
            rows = np.concatenate([rows[fits][~new], rows[~fits]])
            form = wider

    def _choose(
        self, form: RowBijection, positions: NDArray[np.int64], seed: int
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Make the values of positions in one form, and say which the source had not.

        The values of a form lie in bins. Positions take the new values of a bin before the
        others, and the first values of all bins before the rest.
        """
        if not len(positions):
            return np.empty(0, object), np.empty(0, np.bool_)
        if self.known is None:
            return form.make(positions, seed), np.ones(len(positions), np.bool_)
        size = _size(form)
        bins, turns = _turns(positions, form.space // size, size)
        own, which = np.unique(bins, return_inverse=True)
        values = form.make((own[:, None] * size + np.arange(size)).ravel(), seed)
        new = ~self.known.may_hold([*map(str, values)]).reshape(-1, size)
        if self.repeats:
            turns = turns % np.maximum(new.sum(axis=1), 1)[which]
        order = np.argsort(~new, axis=1, kind="stable")
        places = which, order[which, turns]
        return values.reshape(-1, size)[places], new[places]


def _size(form: RowBijection) -> int:
    return min(_BIN, form.space)


def _turns(
    positions: NDArray[np.int64], n_bins: int, size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give each position a bin and a turn in it, one to one."""
    first = min(_FIRST, size)
    later = positions - n_bins * first
    is_first = later < 0
    rest = max(size - first, 1)
    bins = np.where(is_first, positions // first, later // rest)
    return bins, np.where(is_first, positions % first, first + later % rest)
