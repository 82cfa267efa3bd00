"""The line on which a column's numbers are kept, its ends and tails.

The line has the numbers in float64 without loss: whole steps from the least number where the
numbers lie on a grid (integers, dates, prices of two decimals), the numbers themselves, brought
to the order of 1, where they don't.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Lattice",
    "Real",
    "Scale",
    "Tail",
    "clip_to_range",
    "ends_of",
    "fit_scale",
    "scale_from_json",
    "simplest_between",
    "typical_values",
]

Floats = NDArray[np.float64]

TAIL_ROWS = 20  # that a tail is fitted to, and twice as many as a group has, at least
LEAST_TAILS = 5  # times as many rows has a column with tails, at least
SHAPE_SHARE = 1 / 20  # of the rows, that the shape of a tail is fitted to
MOST_SHAPE_ROWS = 500
SHAPES = np.array([-0.5, -0.25, -0.125, 0.0, 0.125, 0.25, 0.375, 0.5, 0.75])
SHAPE_SPREAD = 0.25  # standard deviation of shapes about 0, before any row is seen
SCALES = np.arange(-16, 17) / 4  # exponents of two, about the mean excess
LEAST_DISTINCT = 0.75  # of the rows of a tail; of codes and ages there are fewer values


def simplest_between(low: ArrayLike, high: ArrayLike) -> Floats:
    """Return the number above `low` and up to `high` with the fewest binary digits.

    It changes only where one of the two crosses a number that is simpler still, which is at least
    half as far from it as they are from each other. So it tells of neither more than its place
    on a grid of about their distance.

    Parameters
    ----------
    low, high
        Numbers, low < high each.

    Examples
    --------
    >>> simplest_between([3.1, 5, -2], [3.2, 9, 7]).tolist()
    [3.125, 8.0, 0.0]
    """
    low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    step = np.exp2(np.frexp(high / 2 - low / 2)[1].astype(np.float64))
    count = np.floor(high / step)
    simpler = (count - count % 2) * step
    found = np.where(simpler > low, simpler, count * step)
    return np.where((found > low) & (found <= high), found, high)  # high: neighbors in float64


def typical_values(values: ArrayLike, most: int, least: int) -> Floats:
    """Return a number for each of some groups of neighbors, from small to great.

    They stand for quantiles, and tell of no single row: each is the group's median where enough
    rows have the same value, or else the simplest number among the group.

    Parameters
    ----------
    values
        Finite values, at least one.
    most
        How many numbers are returned at most.
    least
        How many rows a group has at least; 1 returns quantiles.
    """
    rows = np.sort(np.asarray(values, np.float64), axis=None)
    if least <= 1:
        quantiles: Floats = np.quantile(rows, np.linspace(0, 1, most))
        return quantiles
    groups = np.array_split(rows, max(1, min(most, len(rows) // least)))
    first, last = (np.array([group[at] for group in groups]) for at in (0, -1))
    middle = np.array([group[len(group) // 2] for group in groups])
    alone = np.searchsorted(rows, middle, "right") - np.searchsorted(rows, middle) < least
    middle[alone] = last[alone]
    differ = alone & (first < last)
    middle[differ] = simplest_between(first[differ], last[differ])
    return middle


@dataclass(frozen=True)
class Tail:
    """The greatest rows of a column as a generalized Pareto distribution.

    Parameters
    ----------
    start
        Where it starts.
    rows
        Rows beyond.
    scale, shape
        Of the distribution, each on a coarse grid.
    """

    start: float
    rows: int
    scale: float
    shape: float

    @classmethod
    def fit(cls, rows: Floats, least: int, half: float = 0.0) -> Self | None:
        """Fit the upper tail by maximum likelihood; None where a column looks bounded.

        The outermost rows count as beyond the least of them, wherever they lie.

        Parameters
        ----------
        rows
            All rows in ascending order.
        least
            Rows of a group.
        half
            Half the width of a value's own cell.
        """
        n, size = len(rows), max(TAIL_ROWS, 2 * least)
        if least <= 1 or n < LEAST_TAILS * size:
            return None
        start = _start(rows, size, least)
        if start is None:
            return None
        beyond = rows[np.searchsorted(rows, start) :]
        _, counts = np.unique(beyond, return_counts=True)
        if counts.max() >= least or len(counts) < LEAST_DISTINCT * len(beyond):
            return None
        many = max(size, min(int(n * SHAPE_SHARE), MOST_SHAPE_ROWS))
        wide = _start(rows, many, least)
        if wide is None:
            return None
        _, shape = _likeliest(rows[np.searchsorted(rows, wide) :] - wide + half, least, SHAPES)
        if shape <= SHAPES[0]:
            return None
        scale, _ = _likeliest(beyond - start + half, least, np.array([shape]))
        return cls(start, len(beyond), scale, shape)

    def share_below(self, excess: float) -> float:
        """Return the share of its rows that exceed the start by no more than a number."""
        if self.shape == 0:
            return float(-np.expm1(-excess / self.scale))
        base = max(1 + self.shape * excess / self.scale, 0.0)
        return float(1 - base ** (-1 / self.shape)) if base > 0 else 1.0

    def excess(self, share: ArrayLike) -> Floats:
        """Return how far shares of its rows exceed the start at most; shares below 1."""
        left = -np.log1p(-np.asarray(share, np.float64))
        found: Floats = self.scale * (
            left if self.shape == 0 else np.expm1(self.shape * left) / self.shape
        )
        return found

    @property
    def end(self) -> float:
        """The greatest number that is drawn: that of which half a row is expected beyond."""
        return self.start + float(self.excess(1 - 0.5 / self.rows))


def _start(rows: Floats, size: int, least: int) -> float | None:
    """Return the simplest number near to a rank from the end; None if there are too few numbers."""
    reach = -(-least // 2)
    low, high = rows[max(len(rows) - size - reach, 0)], rows[len(rows) - size + reach - 1]
    return float(simplest_between(low, high)) if low < high else None


def _likeliest(excess: Floats, least: int, shapes: Floats) -> tuple[float, float]:
    """Return the likeliest scale and shape, of those on a grid, of ascending excesses."""
    inner, limit = excess[:-least], float(excess[-least])
    mean = (float(inner.sum()) + least * limit) / len(inner)
    scale = np.exp2(np.rint(4 * np.log2(mean)) / 4 + SCALES)[:, None, None]
    shape = shapes[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        safe = np.where(shape == 0, 1.0, shape)

        def passed(x: Floats) -> Floats:  # -log of the share beyond
            left = np.where(shape == 0, x / scale, np.log1p(shape * x / scale) / safe)
            return np.where(np.isnan(left), np.inf, left)

        density = np.log(scale) + (1 + shape) * passed(inner)
        loss = density.sum(axis=2) + least * passed(np.array([limit]))[:, :, 0]
    loss += (shapes / SHAPE_SPREAD) ** 2 / 2
    best = np.unravel_index(np.argmin(np.where(np.isnan(loss), np.inf, loss)), loss.shape)
    return float(scale[best[0], 0, 0]), float(shapes[best[1]])


def ends_of(
    values: ArrayLike, least: int, *, caps: Collection[float] = (), tails: bool = False
) -> tuple[float, float]:
    """Return the least and the greatest number to be drawn, of which no single row tells.

    An end is a value that at least so many rows hold, the end of a fitted tail, or the simplest
    number among as many rows, with as many beyond it. Of few rows, which this would trim to little
    or nothing, it lies among the outermost so many rows but the extreme one.

    Parameters
    ----------
    values
        Finite values, at least one.
    least
        Number of rows; 1 trims nothing.
    caps
        Numbers that fewer rows than `least` lie beyond only by chance: a light tail that would
        cross one is cut, and any tail that would cross the first.
    tails
        Whether tails are fitted.

    Examples
    --------
    >>> ends_of(range(1000), 5)
    (8.0, 992.0)
    >>> ends_of([0] * 30 + [10, 20, 30] * 2 + [40] * 20 + [1000], 5)
    (0.0, 40.0)
    >>> ends_of([10, 20, 30, 40, 50, 1000], 3)
    (24.0, 48.0)
    """
    rows = np.sort(np.asarray(values, np.float64), axis=None)
    if least <= 1:
        return float(rows[0]), float(rows[-1])
    distinct, counts = np.unique(rows, return_counts=True)
    held = distinct[counts >= least]
    high = _upper_end(rows, least, [*caps], tails)
    low = -_upper_end(-rows[::-1], least, [-cap for cap in caps], tails)
    if len(held):
        return min(low, float(held[0])), max(high, float(held[-1]))
    return (low, high) if low <= high else (high, low)


def _upper_end(rows: Floats, least: int, caps: list[float], tails: bool) -> float:
    tail = Tail.fit(rows, least) if tails else None
    if tail is None:
        return _inner_end(rows, least)
    may_cross = caps if tail.shape <= 0 else caps[:1]
    crossed = [cap for cap in may_cross if rows[-least] <= cap < tail.end]
    # The tail of a bounded column gets thin, or ends at once: what is between is halved.
    return (_inner_end(rows, least) + min(crossed)) / 2 if crossed else tail.end


def _inner_end(rows: Floats, least: int) -> float:
    """Return the simplest number among sorted rows near their upper end."""
    n = len(rows)
    first, last = n - 2 * least, n - least
    if n < LEAST_TAILS * max(TAIL_ROWS, 2 * least):
        first, last = n - min(max(least, 3), n // 2), n - 2
    if last <= first:
        first, last = n // 2 - 1, n // 2
    first, last = max(first, 0), max(last, 0)
    if rows[first] == rows[last]:
        first = max(int(np.searchsorted(rows, rows[last])) - 1, 0)
    if rows[first] == rows[last]:
        return float(rows[last])
    return float(simplest_between(rows[first], rows[last]))


Values = NDArray[Any]  # int64, uint64 or float64


def clip_to_range(
    values: Values,
    decimals: int | None,
    least: int,
    *,
    tails: bool = False,
    limits: tuple[float, float] = (-math.inf, math.inf),
) -> Values:
    """Bring numbers within the ends of `ends_of`, and onto their grid.

    The least and the greatest number become the ends, also where these lie beyond. The grid is that
    of `fit_scale`: fewer rows than `least` that lie beside it move to the nearest place on it.

    Parameters
    ----------
    values
        Finite numbers, or ticks of time.
    decimals
        Decimal places of floats, None for full precision.
    least
        As for `ends_of`.
    tails
        Whether an end may lie beyond most rows, at the end of a fitted tail.
    limits
        What no end lies beyond.

    Examples
    --------
    >>> clip_to_range(np.array([10, 20, 30, 50, 60, 70, 10_000]), None, 3).tolist()
    [20, 20, 30, 50, 60, 70, 70]
    """
    if least <= 1 or not len(values):
        return values
    scale = fit_scale(values, decimals, least)
    values = _on_grid(values, scale)
    line, shift = scale.to_line(values), scale.shift
    caps = [scale.position_of(cap) + shift for cap in CAPS]
    ends = ends_of(line + shift, least, caps=caps, tails=tails)
    low, high = (scale.number_at(end - shift, limits) for end in ends)
    kept = np.clip(values, low, high)
    kept[np.argmin(line)], kept[np.argmax(line)] = low, high
    return kept


def _on_grid(values: Values, scale: "Scale") -> Values:
    """Move numbers beside a lattice to the nearest place on it."""
    if not isinstance(scale, Lattice) or scale.step == 1 or not scale.whole:
        return values
    line = np.clip(scale.to_line(values), 0, scale.last)
    ticks = _to_ticks(values, scale._ticks, scale.decimals)
    offsets = line.astype(np.uint64) * np.uint64(scale.step)
    return np.where(_unsigned_offsets(ticks, scale.base) == offsets, values, scale.from_line(line))


CAPS = (0.0, 1.0, 100.0)  # of shares and percentages; the first one is crossed by no tail


MOST_SHIFT = 2**48  # up to which the ends of a range lie on a grid that starts at zero


MOST_CELLS = 2**50  # whole steps, and the edges of their cells, that float64 tells apart


COARSE_BITS = 12  # last ones of an end of a range, where float64 does not tell positions apart


EXACT = 2**53  # whole numbers up to here are exact in float64


MOST_DECIMALS = 22  # powers of ten up to here are exact in float64


MOST_PLACES = 10  # of numbers beside others of full precision


LEAST_ROUND = 0.2  # of the distinct numbers have so few places


FEWEST_ROUND = 20  # distinct numbers


GRID_GROUPS = 8  # groups of rows with varied numbers, from which on a grid is that of most of them


GRID_SAMPLE = 1000  # rows that show at once that too many lie beside a grid


MOST_EXPONENT = 1074  # of a float64's power of two, either way


@dataclass(frozen=True)
class Lattice:
    """Numbers on a grid: ``(base + k * step) / 10**decimals`` for k from 0 to `last`.

    Exact for every int64 and uint64 as long as `last` is within 2**53; beyond, positions are
    rounded, but the two ends remain exact.

    Parameters
    ----------
    dtype
        Of the numbers; those of float64 are counted in int64 units of their last decimal place.
    """

    dtype: Literal["int64", "uint64", "float64"]
    base: int
    step: int
    last: int
    decimals: int = 0

    def __post_init__(self) -> None:
        numbers = (self.base, self.step, self.last, self.decimals)
        if not all(type(number) is int for number in numbers):
            raise TypeError("lattice: base, step, last and decimals must be whole numbers")
        if self.dtype not in ("int64", "uint64", "float64"):
            raise ValueError(f"lattice: dtype={self.dtype!r} is not known")
        info = np.iinfo(self._ticks)
        least, most = (-EXACT, EXACT) if self.dtype == "float64" else (info.min, info.max)
        top = self.base + self.step * self.last
        if self.step < 1 or self.last < 0 or self.base < least or top > most:
            raise ValueError("lattice: the grid does not lie within its dtype")
        if not 0 <= self.decimals <= MOST_DECIMALS * (self.dtype == "float64"):
            raise ValueError(f"lattice: decimals={self.decimals!r} does not go with the dtype")

    @property
    def _ticks(self) -> np.dtype[Any]:
        return np.dtype(np.uint64 if self.dtype == "uint64" else np.int64)

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest position on the line."""
        return 0.0, float(self.last)

    @property
    def whole(self) -> bool:
        """Whether positions are whole numbers that may own a cell each."""
        return self.last <= MOST_CELLS

    def to_line(self, values: Values) -> Floats:
        """Return the positions of numbers; those outside get the one next to the nearer end."""
        ticks = _to_ticks(values, self._ticks, self.decimals)
        top = self.base + self.step * self.last
        inside = np.clip(ticks, self.base, top)
        positions = _unsigned_offsets(inside, self.base).astype(np.float64) / self.step
        positions = np.rint(positions) if self.whole else positions
        positions[ticks < self.base] = -1.0
        positions[ticks > top] = max(self.last + 1.0, math.nextafter(self.last, math.inf))
        return positions

    @property
    def unit(self) -> float:
        """The distance of neighboring positions on the line."""
        return 1.0

    def steps_of(self, ticks: Sequence[int]) -> list[int]:
        """Return the steps on the line that numbers of so many last decimal places are apart."""
        if not self.whole:
            return []
        return [tick // self.step for tick in ticks if tick % self.step == 0 and tick > self.step]

    @property
    def shift(self) -> int:
        """What makes positions those on a grid that starts at zero, not at the least number."""
        return self.base // self.step % MOST_SHIFT

    def position_of(self, value: float) -> float:
        """Return where a number would lie on the line, also between and beyond its positions."""
        return (value * 10.0**self.decimals - self.base) / self.step

    def number_at(self, position: float, limits: tuple[float, float]) -> int | float:
        """Return the number of the grid next to a position, also beyond its ends.

        Parameters
        ----------
        position
            On the line.
        limits
            What it may not exceed.
        """
        info = np.iinfo(self._ticks)
        bounds = [self.position_of(limit) for limit in limits]
        least, most = (-EXACT, EXACT) if self.dtype == "float64" else (info.min, info.max)
        low = -((self.base - least) // self.step)
        high = (most - self.base) // self.step
        low = max(low, math.ceil(bounds[0])) if math.isfinite(bounds[0]) else low
        high = min(high, math.floor(bounds[1])) if math.isfinite(bounds[1]) else high
        first, coarse = self.base // self.step, 0 if self.whole else COARSE_BITS
        place = (round(position) + first + (1 << coarse >> 1) >> coarse << coarse) - first
        tick = self.base + self.step * min(max(place, low), max(low, high))
        return float(tick / 10.0**self.decimals) if self.dtype == "float64" else tick

    def from_line(self, positions: Floats) -> Values:
        """Return the numbers at positions."""
        top = float(self.last)
        steps = np.rint(np.clip(positions, 0.0, top))
        # The top itself may not be a float64, nor its float64 fit into 64 bits.
        at_top = steps >= top
        count = np.where(at_top, 0.0, steps).astype(np.uint64)
        count[at_top] = self.last
        # Two's complement: adding modulo 2**64 is right for negative numbers, too.
        ticks = (count * np.uint64(self.step) + np.uint64(self.base % 2**64)).view(self._ticks)
        return ticks / 10.0**self.decimals if self.dtype == "float64" else ticks

    def to_json(self) -> dict[str, Any]:
        """Describe the scale by JSON values."""
        return {"type": "lattice", **asdict(self)}


@dataclass(frozen=True)
class Real:
    """Floats of no grid, divided by a power of two, so that they lie within (-1, 1).

    Parameters
    ----------
    exponent
        Of the power of two.
    places
        Decimal places of many of the numbers, which are counted in units of the last one; None if
        there are none.
    """

    exponent: int
    places: int | None = None

    def __post_init__(self) -> None:
        if type(self.exponent) is not int or abs(self.exponent) > MOST_EXPONENT:
            raise ValueError(f"real scale: exponent={self.exponent!r} is not that of a float64")
        if self.places is not None and self.places not in range(MOST_DECIMALS + 1):
            raise ValueError(f"real scale: places={self.places!r} are none of a float64")

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest position on the line."""
        inside = math.nextafter(1.0, 0.0)
        return -inside, inside

    @property
    def whole(self) -> bool:
        """Whether positions are whole numbers: never."""
        return False

    def to_line(self, values: Values) -> Floats:
        """Return the positions of numbers; far outside the limits they may be infinite."""
        numbers = values.astype(np.float64)
        if self.places is not None:
            ticks = np.rint(numbers * 10.0**self.places)
            is_round = ticks / 10.0**self.places == numbers
            numbers = np.where(is_round, ticks, numbers * 10.0**self.places)
        with np.errstate(over="ignore"):
            return np.ldexp(numbers, -self.exponent)

    @property
    def unit(self) -> float:
        """The last one of `places` on the line; 1 where there are none."""
        return 1.0 if self.places is None else math.ldexp(1.0, -self.exponent)

    def steps_of(self, ticks: Sequence[int]) -> list[int]:
        """Return the steps of grids, in units: also 1, as most numbers are not whole ones."""
        return [] if self.places is None else [1, *ticks]

    @property
    def shift(self) -> int:
        """Nothing: see `Lattice.shift`."""
        return 0

    def position_of(self, value: float) -> float:
        """Return where a number lies on the line."""
        return float(self.to_line(np.array([value]))[0])

    def number_at(self, position: float, limits: tuple[float, float]) -> float:
        """Return the number at a position.

        Parameters
        ----------
        position
            On the line.
        limits
            What it may not exceed.
        """
        with np.errstate(over="ignore"):
            number = float(np.ldexp(position, self.exponent)) / 10.0 ** (self.places or 0)
        most = float(np.finfo(np.float64).max)
        return min(max(number, limits[0], -most), limits[1], most)

    def from_line(self, positions: Floats) -> Values:
        """Return the numbers at positions."""
        numbers = np.ldexp(positions, self.exponent)
        return numbers if self.places is None else numbers / 10.0**self.places

    def to_json(self) -> dict[str, Any]:
        """Describe the scale by JSON values."""
        places = {} if self.places is None else {"places": self.places}
        return {"type": "real", "exponent": self.exponent, **places}


Scale = Lattice | Real


def fit_scale(values: Values, decimals: int | None, least: int = 1) -> Scale:
    """Choose the scale of finite numbers, at least one.

    A grid is that of all rows, without so few that lie beside it that they would tell of
    themselves: the step of whole quarters of an hour is not that of one odd second.

    Parameters
    ----------
    values
        Numbers, of int64, uint64 or float64.
    decimals
        Decimal places of floats, None for full precision.
    least
        Rows that decide on a grid, at the least.

    Examples
    --------
    >>> fit_scale(np.array([1500, 1700, 2300]), None)
    Lattice(dtype='int64', base=1500, step=200, last=4, decimals=0)
    >>> fit_scale(np.array([0.25, 1.5]), 2)
    Lattice(dtype='float64', base=25, step=125, last=1, decimals=2)
    >>> fit_scale(np.array([0.1, 3.7]), None)
    Real(exponent=2, places=None)
    """
    if values.dtype.kind == "f":
        largest = float(np.abs(values).max())
        if decimals is None or decimals > MOST_DECIMALS or largest * 10.0**decimals >= EXACT:
            places = _common_places(values, decimals, largest)
            return Real(math.frexp(largest * 10.0 ** (places or 0))[1], places)
        ticks = _to_ticks(values, np.dtype(np.int64), decimals)
    else:
        decimals, ticks = 0, values
    if least > 1:
        ticks = _most_on_a_grid(ticks, least)
    base = int(ticks.min())
    offsets = _unsigned_offsets(ticks, base)
    step = int(np.gcd.reduce(offsets)) or 1
    dtype: Any = values.dtype.name
    return Lattice(dtype, base, step, int(offsets.max()) // step, decimals)


_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31)  # by which a coarser grid may be coarser


def _most_on_a_grid(ticks: Values, least: int) -> Values:
    """Return numbers without those, of fewer rows than `least`, that alone make their grid finer.

    Rows that hold the commonest number tell nothing of a grid.
    """
    middle = np.partition(ticks, len(ticks) // 2)[len(ticks) // 2]
    if (ticks != middle).sum() < GRID_GROUPS * least:
        return ticks
    spare = least - 1
    while spare:
        offsets = _unsigned_offsets(ticks, int(ticks.min()))
        step = np.gcd.reduce(offsets)
        some = offsets[:: max(len(offsets) // GRID_SAMPLE, 1)] // step
        primes = [prime for prime in _PRIMES if _commonest(some % np.uint64(prime))[1] <= spare]
        found = [_commonest(offsets // step % np.uint64(prime)) for prime in primes]
        kept, off = min(found, key=lambda one: one[1], default=(None, spare + 1))
        if kept is None or off > spare:
            break
        ticks, spare = ticks[kept], spare - off
    return ticks


def _commonest(classes: Values) -> tuple[NDArray[np.bool_], int]:
    """Return which rows are of the commonest class, and how many are not."""
    counts = np.bincount(classes.astype(np.int64))
    return classes == np.uint64(counts.argmax()), int(counts.sum() - counts.max())


def _common_places(values: Values, decimals: int | None, largest: float) -> int | None:
    """Return how many decimal places many numbers get by with, though not all do."""
    numbers = np.unique(values.astype(np.float64))
    least = max(LEAST_ROUND * len(numbers), FEWEST_ROUND)
    for places in range(MOST_PLACES + 1):
        if largest * 10.0**places >= EXACT or places == decimals:
            break
        if (np.rint(numbers * 10.0**places) / 10.0**places == numbers).sum() > least:
            return places
    return None


def scale_from_json(state: Mapping[str, Any]) -> Scale:
    """Rebuild a scale from its `to_json`'s value.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the value is malformed.
    """
    kinds: dict[str, type[Lattice] | type[Real]] = {"lattice": Lattice, "real": Real}
    return kinds[state["type"]](**{key: value for key, value in state.items() if key != "type"})


def _to_ticks(values: Values, dtype: np.dtype[Any], decimals: int) -> Values:
    """Count numbers in units of their last decimal place."""
    if values.dtype == dtype and decimals == 0:
        return values
    info = np.iinfo(dtype)
    ticks = np.rint(values * 10.0**decimals)
    # The greatest int64 and uint64 are no float64: the next float above them would not fit.
    return np.clip(ticks, float(info.min), np.nextafter(float(info.max), 0.0)).astype(dtype)


def _unsigned_offsets(ticks: Values, base: int) -> NDArray[np.uint64]:
    """Subtract the least value in 64 bits without sign, which holds every difference."""
    return ticks.view(np.uint64) - np.uint64(base % 2**64)
