"""Ends and tails of a column's numbers that tell of no single row."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Tail", "ends_of", "simplest_between", "typical_values"]

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
