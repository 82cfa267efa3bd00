"""The line on which a column's numbers are kept, and range ends that tell of no single row.

The line has the numbers in float64 without loss: whole steps from the least number where the
numbers lie on a grid (integers, dates, prices of two decimals), the numbers themselves, brought
to the order of 1, where they don't.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "FEW_GROUPS",
    "Lattice",
    "Real",
    "Scale",
    "clip_to_range",
    "fit_scale",
    "scale_from_json",
    "trimmed_range",
]

Values = NDArray[Any]  # int64, uint64 or float64


Floats = NDArray[np.float64]


FEW_GROUPS = 10  # times the rows of a group: of fewer rows, the two ends would trim a fifth or more


def trimmed_range(values: ArrayLike, least: int, *, whole: bool = False) -> tuple[float, float]:
    """Return a least and a greatest value for which at least so many rows speak.

    An end is a value that so many rows hold, or lies between two values so that so many rows are
    beyond it, whichever trims less. Of few rows, which this would trim to little or nothing, an end
    may also be the mean of the outermost so many rows, the extreme one counting as its neighbor.

    Parameters
    ----------
    values
        Finite values, at least one.
    least
        Number of rows; 1 trims nothing.
    whole
        Whether ends must be whole numbers.

    Examples
    --------
    >>> trimmed_range([1, 2, 3, 10, 20, 30, 1000], 2)
    (2.5, 25.0)
    >>> trimmed_range([0, 0, 10, 20, 30, 40, 40, 1000], 2)
    (0.0, 40.0)
    >>> trimmed_range([10, 20, 30, 40, 50, 1000], 3)
    (23.333333333333336, 46.66666666666667)
    """
    distinct, counts = np.unique(np.asarray(values, np.float64), return_counts=True)
    if least <= 1:
        return float(distinct[0]), float(distinct[-1])
    high = _upper_end(distinct, counts, least)
    low = _upper_end(-distinct[::-1], counts[::-1], least)  # of the mirrored values
    if least > 2 and counts.sum() < FEW_GROUPS * least:
        above = _outer_mean(distinct, counts, least)
        below = _outer_mean(-distinct[::-1], counts[::-1], least)
        high = above if high is None else max(above, high)
        low = below if low is None else max(below, low)
    if high is None or low is None or -low > high:
        high = float((distinct * (counts / counts.sum())).sum())
        low = -high
    if whole:
        inner = math.floor(low), math.floor(high)
        if -low < high and -inner[0] >= inner[1]:  # the nearest whole numbers may still be two
            inner = math.ceil(low - 0.5), math.ceil(high - 0.5)
        low, high = inner[0], max(inner[1], -inner[0])
    return -float(low), float(high)


def _upper_end(distinct: Floats, counts: NDArray[np.intp], least: int) -> float | None:
    """Return the greater end; None if there are too few rows."""
    reaching = np.cumsum(counts[::-1])[::-1]  # rows of a value or of a greater one
    spike = np.flatnonzero(counts >= least).max(initial=-1)
    first = np.flatnonzero(reaching >= least).max(initial=0)  # of those to be trimmed
    if spike >= first:
        return float(distinct[spike])
    return float(distinct[first - 1] / 2 + distinct[first] / 2) if first else None


def _outer_mean(distinct: Floats, counts: NDArray[np.intp], least: int) -> float:
    """Return the mean of the greatest rows, so many as a group has, or all but one of fewer.

    The greatest one counts as the second: so no outlier is seen in the mean.
    """
    rows = np.repeat(distinct, counts)[::-1]
    size = min(max(min(least, len(rows) - 1), 2), len(rows))
    outer = rows[:size].copy()
    if size > 2:
        outer[0] = outer[1]
    return float((outer / size).sum())


def clip_to_range(values: Values, decimals: int | None, least: int) -> Values:
    """Clip numbers to the trimmed range, whose ends lie on the numbers' own grid.

    Parameters
    ----------
    values
        Finite numbers, or ticks of time.
    decimals
        Decimal places of floats, None for full precision.
    least
        As for `trimmed_range`.

    Examples
    --------
    >>> clip_to_range(np.array([10, 20, 30, 50, 60, 70, 10_000]), None, 3).tolist()
    [30, 30, 30, 50, 60, 60, 60]
    """
    if least <= 1 or not len(values):
        return values
    scale = fit_scale(values, decimals)
    ends = np.array(trimmed_range(scale.to_line(values), least, whole=scale.whole))
    low, high = scale.from_line(ends)
    return np.clip(values, low, high)


MOST_CELLS = 2**50  # whole steps, and the edges of their cells, that float64 tells apart


EXACT = 2**53  # whole numbers up to here are exact in float64


MOST_DECIMALS = 22  # powers of ten up to here are exact in float64


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
    """

    exponent: int

    def __post_init__(self) -> None:
        if type(self.exponent) is not int or abs(self.exponent) > MOST_EXPONENT:
            raise ValueError(f"real scale: exponent={self.exponent!r} is not that of a float64")

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
        with np.errstate(over="ignore"):
            return np.ldexp(values.astype(np.float64), -self.exponent)

    def from_line(self, positions: Floats) -> Values:
        """Return the numbers at positions."""
        return np.ldexp(positions, self.exponent)

    def to_json(self) -> dict[str, Any]:
        """Describe the scale by JSON values."""
        return {"type": "real", **asdict(self)}


Scale = Lattice | Real


def fit_scale(values: Values, decimals: int | None) -> Scale:
    """Choose the scale of finite numbers, at least one.

    Parameters
    ----------
    values
        Numbers, of int64, uint64 or float64.
    decimals
        Decimal places of floats, None for full precision.

    Examples
    --------
    >>> fit_scale(np.array([1500, 1700, 2300]), None)
    Lattice(dtype='int64', base=1500, step=200, last=4, decimals=0)
    >>> fit_scale(np.array([0.25, 1.5]), 2)
    Lattice(dtype='float64', base=25, step=125, last=1, decimals=2)
    >>> fit_scale(np.array([0.1, 3.7]), None)
    Real(exponent=2)
    """
    if values.dtype.kind == "f":
        largest = float(np.abs(values).max())
        if decimals is None or decimals > MOST_DECIMALS or largest * 10.0**decimals >= EXACT:
            return Real(math.frexp(largest)[1])
        ticks = _to_ticks(values, np.dtype(np.int64), decimals)
    else:
        decimals, ticks = 0, values
    base = int(ticks.min())
    offsets = _unsigned_offsets(ticks, base)
    step = int(np.gcd.reduce(offsets)) or 1
    dtype: Any = values.dtype.name
    return Lattice(dtype, base, step, int(offsets.max()) // step, decimals)


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
