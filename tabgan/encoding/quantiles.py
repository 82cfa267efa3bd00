"""Piecewise-linear quantile functions: the randomised probability integral transform."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["MAX_KNOTS", "MIN_ROWS", "Quantiles"]

MAX_KNOTS = 1000
MAX_SPIKES = 400
MIN_ROWS = 5  # a spike, and a stretch between two knots, stand for at least so many rows
JUMP_ROWS = 10  # a gap is a jump if it is wider than so many rows on either side of it
TAIL_RATIO = 1.25  # how much farther from the end each tail knot lies than the one before

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Quantiles:
    """A distribution of numbers as a monotone piecewise-linear function of probability.

    A value that occurs with probability p owns a *band* of width p of the unit interval, and any
    probability within the band leads back to it. Frequent values (*spikes*) own exactly their
    share; between spikes lie knots of at least `MIN_ROWS` rows a stretch, closer in the tails.
    Apart from spikes, the two ends and the rims of wide gaps, a knot lies between two values, so
    that single values are not kept. Ends can be given, and rims be estimated (see `fit`).

    Parameters
    ----------
    u
        Probabilities of the knots, non-decreasing, from 0 to 1.
    x
        Positions of the knots, non-decreasing.
    whole
        The values are whole numbers: a value v owns the cell from v - 1/2 to v + 1/2.

    Examples
    --------
    >>> import numpy as np
    >>> quantiles = Quantiles.fit(np.array([0.0] * 6 + [2.5] * 2 + [7.0] * 12))
    >>> low, width = quantiles.to_band(np.array([0.0, 7.0]))
    >>> low.round(2).tolist(), width.round(2).tolist()
    ([0.0, 0.4], [0.3, 0.6])
    >>> quantiles.from_unit(np.array([0.2, 0.35, 0.5])).round(2).tolist()
    [0.0, 3.5, 7.0]
    """

    u: Floats
    x: Floats
    whole: bool = False

    @classmethod
    def fit(
        cls,
        values: ArrayLike,
        *,
        whole: bool = False,
        least: int = 1,
        ends: tuple[float, float] | None = None,
    ) -> Self:
        """Learn the distribution of finite values; at least one is needed.

        Parameters
        ----------
        values
            The values, in any order.
        whole
            Whether they are whole numbers.
        least
            Rows that a spike and a stretch stand for, where that is more than `MIN_ROWS`. Above 1,
            the rim of a gap is not a value, but estimated from all rows of its stretch.
        ends
            Least and greatest value to be kept, the others being taken for values near to the end;
            None for those that are there.

        Raises
        ------
        ValueError
            If there are no values, or one is not finite.
        """
        given = np.sort(np.asarray(values, np.float64), axis=None)
        if given.size == 0 or not np.isfinite(given).all():
            raise ValueError("quantiles need at least one value, and finite values only")
        low, high = ends or (given[0], given[-1])
        distinct, counts, own = _folded(given, low, high)
        least, trims = max(least, MIN_ROWS), least > 1
        half = 0.5 if whole else 0.0
        spikes = _spikes(own, least)
        room = MAX_KNOTS - 2 * int(spikes.sum())
        jumps = _jumps(distinct, counts, spikes, half, limit=room // 10)
        kept = _boundaries(counts, spikes, jumps, knots=room * 7 // 10, least=least)
        stop, start, middle = _gaps(distinct, kept, spikes, jumps, half)
        first = np.concatenate([[0], kept + 1])  # of the distinct values in each stretch
        rows = np.add.reduceat(counts, first)
        mean = np.add.reduceat(distinct * counts, first) / rows
        if trims:
            reach = np.where(rows >= least, _reach(distinct, counts, first, rows, mean), np.inf)
            blur_left = jumps[kept] & ~spikes[kept]
            blur_right = jumps[kept] & ~spikes[kept + 1]
            stop = np.where(blur_left, np.minimum((mean + reach)[:-1], middle), stop)
            start = np.where(blur_right, np.maximum((mean - reach)[1:], middle), start)
        u, x = _join(
            rows,
            np.concatenate([[low - half], start]),
            np.concatenate([stop, [high + half]]),
            mean,
            half=half,
            bends=room // 20,
            least=least,
        )
        return cls(u, x, whole)

    @property
    def minimum(self) -> float:
        """The least value."""
        return float(self.x[0]) + 0.5 * self.whole

    @property
    def maximum(self) -> float:
        """The greatest value."""
        return float(self.x[-1]) - 0.5 * self.whole

    def to_band(self, values: ArrayLike) -> tuple[Floats, Floats]:
        """Return the low end and the width of each value's band.

        Values outside get that of all values between the end and the knot next to it.
        """
        given = np.asarray(values, np.float64)
        inside = np.clip(given, self.minimum, self.maximum)
        half = 0.5 * self.whole
        # np.interp takes the last of several knots at one position; mirrored, the first.
        low = np.interp(half - inside, -self.x[::-1], self.u[::-1])
        high = np.interp(inside + half, self.x, self.u)
        low[given > self.maximum], high[given < self.minimum] = self.u[-2], self.u[1]
        return low, np.maximum(high - low, 0.0)

    def from_unit(self, u: ArrayLike) -> Floats:
        """Return the values at probabilities from 0 to 1."""
        position: Floats = np.interp(np.asarray(u, np.float64), self.u, self.x)
        if not self.whole:
            return position
        return np.clip(np.floor(position + 0.5), self.minimum, self.maximum)

    def to_json(self) -> dict[str, Any]:
        """Describe the distribution by JSON values."""
        return {"u": self.u.tolist(), "x": self.x.tolist(), "whole": self.whole}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a distribution from `to_json`'s value.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        u, x = _knots(state["u"]), _knots(state["x"])
        if not isinstance(state["whole"], bool):
            raise TypeError(f"quantiles: whole={state['whole']!r} is neither true nor false")
        if u.shape != x.shape or u[0] != 0 or u[-1] != 1:
            raise ValueError("quantiles: u and x must be equally long, and u go from 0 to 1")
        made = cls(u, x, state["whole"])
        if made.minimum > made.maximum:
            raise ValueError("quantiles: a whole number needs a cell of width 1")
        return made


def _folded(
    given: Floats, low: float, high: float
) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """Fold the rows beyond the ends back over as many rows within.

    So they widen the stretches at the ends, and make no spike of their own; with those at an end
    that is a value they stay together.

    Parameters
    ----------
    given
        Values in ascending order.

    Returns
    -------
    Distinct values, the rows of each, and its rows that were not folded.
    """
    inside = given[(given >= low) & (given <= high)]
    if len(inside) == len(given) or not len(inside):
        distinct, counts = np.unique(np.clip(given, low, high), return_counts=True)
        return distinct, counts, counts
    distinct, own = np.unique(inside, return_counts=True)
    below, above = int((given < low).sum()), int((given > high).sum())
    beyond = [
        np.resize(inside if inside[0] != low else [low], below),
        np.resize(inside[::-1] if inside[-1] != high else [high], above),
    ]
    counts = own + np.bincount(
        np.searchsorted(distinct, np.concatenate(beyond)), minlength=len(distinct)
    )
    return distinct, counts, own


def _gaps(
    distinct: Floats, kept: NDArray[np.intp], spikes: Mask, jumps: Mask, half: float
) -> tuple[Floats, Floats, Floats]:
    """Return where the stretch before each boundary stops and the next one starts, and the middle.

    Boundary b lies between distinct[b] and distinct[b + 1]: the distribution function is exact
    there whatever the position between the two, so what matters is who owns the gap.
    """
    left, right = distinct[kept] + half, distinct[kept + 1] - half
    middle = left / 2 + right / 2
    ends_left, ends_right = spikes[kept] | jumps[kept], spikes[kept + 1] | jumps[kept]
    stop = np.where(ends_left, left, np.where(ends_right, right, middle))
    start = np.where(ends_right, right, np.where(ends_left, left, middle))
    return stop, start, middle


def _reach(
    distinct: Floats,
    counts: NDArray[np.intp],
    first: NDArray[np.intp],
    rows: NDArray[np.intp],
    mean: Floats,
) -> Floats:
    """Return how far each stretch reaches to both sides of its mean, if it is even: √3 σ."""
    own = np.repeat(mean, np.diff([*first, len(distinct)]))
    variance = np.add.reduceat((distinct - own) ** 2 * counts, first) / rows
    reach: Floats = np.sqrt(3 * variance)
    return reach


def _spikes(counts: NDArray[np.intp], least: int) -> Mask:
    """Mark the values frequent enough to be kept as they are: at most `MAX_SPIKES`."""
    if len(counts) > MAX_SPIKES:
        least = max(least, int(np.partition(counts, -MAX_SPIKES - 1)[-MAX_SPIKES - 1]) + 1)
    return np.asarray(counts >= least)


def _jumps(
    distinct: Floats, counts: NDArray[np.intp], spikes: Mask, half: float, limit: int
) -> Mask:
    """Mark the widest gaps between neighbouring values that must stay empty.

    Where values are spread evenly, a gap is wider than the `JUMP_ROWS` rows on both sides of it
    together once in 2 ** (2 * JUMP_ROWS) cases; nights in a column of times are always.
    """
    after = np.cumsum(counts)
    rows, below = after[-1], after[:-1]
    gaps = np.diff(distinct) - 2 * half
    open_gaps = (gaps > 0) & ~(spikes[:-1] & spikes[1:])
    at = np.flatnonzero(open_gaps & (below >= JUMP_ROWS) & (rows - below >= JUMP_ROWS))
    first = distinct[np.searchsorted(after, below[at] - JUMP_ROWS, side="right")]
    last = distinct[np.searchsorted(after, below[at] + JUMP_ROWS - 1, side="right")]
    crowd = (distinct[at] - first) + (last - distinct[at + 1])
    at = at[gaps[at] > crowd]
    widest = at[np.argsort(-gaps[at], kind="stable")[:limit]]
    jumps = np.zeros(len(gaps), bool)
    jumps[widest] = True
    return jumps


def _boundaries(
    counts: NDArray[np.intp], spikes: Mask, jumps: Mask, *, knots: int, least: int
) -> NDArray[np.intp]:
    """Choose the boundaries between distinct values at which knots lie."""
    forced = jumps | spikes[:-1] | spikes[1:]
    loose = np.cumsum(np.where(spikes, 0, counts))  # rows that are no spikes, up to each value
    wanted = np.searchsorted(loose, _ranks(int(loose[-1]), knots, least))
    candidates = np.union1d(np.flatnonzero(forced), wanted[wanted < len(forced)])
    kept: list[int] = []

    def drop_near(rows: int) -> None:
        while kept and not forced[kept[-1]] and rows - loose[kept[-1]] < least:
            kept.pop()

    for boundary in candidates.tolist():
        if forced[boundary]:
            drop_near(loose[boundary])
        elif loose[boundary] - (loose[kept[-1]] if kept else 0) < least:
            continue
        kept.append(boundary)
    drop_near(int(loose[-1]))
    return np.array(kept, np.intp)


def _ranks(rows: int, knots: int, least: int) -> Floats:
    """Spread knots evenly over ranks, and geometrically over those near the ends."""
    far = max(rows / knots / (TAIL_RATIO - 1) / least, 1.0)
    tail = least * TAIL_RATIO ** np.arange(math.ceil(math.log(far, TAIL_RATIO)))
    evenly = np.linspace(0, rows, max(knots - 2 * len(tail), 2))[1:-1]
    return np.unique(np.concatenate([tail, evenly, rows - tail]))


def _join(
    rows: NDArray[np.intp],
    start: Floats,
    stop: Floats,
    mean: Floats,
    *,
    half: float,
    bends: int,
    least: int,
) -> tuple[Floats, Floats]:
    """Join stretches of rows to one line, and bend those whose straight line is most amiss.

    A bend is a knot in the middle of a stretch that gives it the mean of its rows; a straight
    line over the last rows of a heavy tail would raise mean and deviation of the column.
    """
    inset = np.maximum((stop - start) / 1000, half)  # a flat piece would make a spike of its own
    bend = np.clip(2 * mean - start / 2 - stop / 2, start + inset, stop - inset)
    amiss = np.where(rows >= least, rows * np.abs(mean - start / 2 - stop / 2), 0.0)
    bent = np.zeros(len(rows), bool)
    bent[np.argsort(-amiss, kind="stable")[:bends]] = True
    end = np.cumsum(rows)
    u = np.stack([end - rows, end - rows / 2, end], axis=1) / end[-1]
    x = np.stack([start, bend, stop], axis=1)
    used = np.stack([np.ones_like(bent), bent & (amiss > 0), np.ones_like(bent)], axis=1)
    u, x = u[used], x[used]
    new = np.concatenate([[True], (np.diff(u) > 0) | (np.diff(x) > 0)])
    return u[new], x[new]


def _knots(values: Any) -> Floats:
    """Check a list of finite, non-decreasing numbers."""
    if not isinstance(values, list) or not all(type(value) in (int, float) for value in values):
        raise TypeError("quantiles: u and x must be lists of numbers")
    try:
        knots = np.array(values, np.float64)
    except OverflowError as error:
        raise ValueError("quantiles: a number is too large") from error
    if len(knots) < 2 or not np.isfinite(knots).all() or (np.diff(knots) < 0).any():
        raise ValueError("quantiles: u and x must be finite, non-decreasing, and two or more")
    return knots
