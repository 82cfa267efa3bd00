"""Piecewise-linear quantile functions: the randomised probability integral transform."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabgan.encoding.heaping import Heaping
from tabgan.encoding.rhythm import Rhythm, Week
from tabgan.table.number_scale import Tail, simplest_between

__all__ = ["MAX_KNOTS", "MIN_ROWS", "Quantiles"]

MAX_KNOTS = 1000
MAX_SPIKES = 400
MIN_ROWS = 5  # a spike, and a cell between two edges, stand for at least so many rows
JUMP_ROWS = 10  # a gap is a jump if it is wider than so many rows on either side of it
TAIL_RATIO = 1.25  # how much farther from the end each tail knot lies than the one before

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Quantiles:
    """A distribution of numbers as a monotone piecewise-linear function of probability.

    A value that occurs with probability p owns a *band* of width p of the unit interval, and any
    probability within the band leads back to it. Frequent values (*spikes*) own exactly their
    share; between spikes lie *cells* of at least `MIN_ROWS` rows, narrower in the tails. An edge
    between two cells is the simplest binary number among some rows around a rank, so that it
    tells of each row only in which cell it lies. Of single values, only the ends can be kept;
    ends can be given instead, and rims of gaps be simple numbers, too (see `fit`).

    Parameters
    ----------
    u
        Probabilities of the knots, non-decreasing, from 0 to 1.
    x
        Positions of the knots, non-decreasing.
    whole
        The values are whole numbers: a value v owns the cell from v - 1/2 to v + 1/2.
    heaping
        What round numbers, hours and days have beside the straight lines between knots; None if
        nothing.

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
    heaping: Heaping | None = None

    @classmethod
    def fit(
        cls,
        values: ArrayLike,
        *,
        whole: bool = False,
        least: int = 1,
        ends: tuple[float, float] | None = None,
        bends: bool = True,
    ) -> Self:
        """Learn the distribution of finite values; at least one is needed.

        Parameters
        ----------
        values
            The values, in any order.
        whole
            Whether they are whole numbers.
        least
            Rows that a spike and a cell stand for, where that is more than `MIN_ROWS`. Above 1,
            the rim of a gap is not a value, and fewer rows between two spikes count as the nearer
            one.
        ends
            Least and greatest value to be kept, the others being taken for values near to the end;
            None for those that are there.
        bends
            Whether straight lines that are amiss are bent.

        Raises
        ------
        ValueError
            If there are no values, or one is not finite.
        """
        given = np.sort(np.asarray(values, np.float64), axis=None)
        if given.size == 0 or not np.isfinite(given).all():
            raise ValueError("quantiles need at least one value, and finite values only")
        low, high = ends or (float(given[0]), float(given[-1]))
        half = 0.5 if whole else 0.0
        below = _tail_knots(-given[::-1], -low, least, half)
        above = _tail_knots(given, high, least, half)
        inner = given[below.rows : len(given) - above.rows]
        edges = -below.x[0] if below.rows else low - half, above.x[0] if above.rows else high + half
        u, x = _body_knots(inner, (low, high), edges, least, half, bends=bends)
        u = (below.rows + u * len(inner)) / len(given)
        u = np.concatenate([1 - below.u[:0:-1], u, above.u[1:]])
        x = np.concatenate([-below.x[:0:-1], x, above.x[1:]])
        return cls(u, np.maximum.accumulate(x), whole)

    def with_heaping(
        self,
        values: ArrayLike,
        steps: Sequence[int],
        *,
        least: int = 1,
        unit: float = 1.0,
        week: Week | None = None,
    ) -> Self:
        """Learn on which grids, in which hours and on which days more values lie than on the lines.

        Parameters
        ----------
        values
            The values that were fitted.
        steps
            Steps of the grids that are tried.
        least
            Rows that a grid stands for at least.
        unit
            What the steps are counted in.
        week
            Where weeks lie, if the values are dates.
        """
        line = np.clip(np.asarray(values, np.float64).ravel(), self.minimum, self.maximum)
        heaping = Heaping.fit(
            line, (self.u, self.x), steps, least=least, unit=unit, whole=self.whole, week=week
        )
        return replace(self, heaping=heaping)

    @property
    def rhythm(self) -> Rhythm | None:
        """The hours and days of the week with more values than others; None if there are none."""
        return None if self.heaping is None else self.heaping.rhythm

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
        if self.heaping is None:
            # np.interp takes the last of several knots at one position; mirrored, the first.
            low = np.interp(half - inside, -self.x[::-1], self.u[::-1])
            high = np.interp(inside + half, self.x, self.u)
        else:
            low = self.heaping.to_unit(inside - half, self.u, self.x)
            high = self.heaping.to_unit(inside + half, self.u, self.x, above=True)
        low[given > self.maximum], high[given < self.minimum] = self.u[-2], self.u[1]
        return low, np.maximum(high - low, 0.0)

    def cell_of(self, low: ArrayLike, width: ArrayLike) -> tuple[Floats, Floats]:
        """Return bands that reach over the whole stretch between two knots in which they lie.

        Parameters
        ----------
        low, width
            Bands, of `to_band`.
        """
        first, size = np.asarray(low, np.float64), np.asarray(width, np.float64)
        at = np.searchsorted(self.u, first + size / 2, side="right").clip(1, len(self.u) - 1)
        start = np.minimum(self.u[at - 1], first)
        return start, np.maximum(self.u[at], first + size) - start

    def from_unit(self, u: ArrayLike) -> Floats:
        """Return the values at probabilities from 0 to 1."""
        unit = np.asarray(u, np.float64)
        position: Floats = np.interp(unit, self.u, self.x)
        if self.heaping is not None:
            position = self.heaping.from_unit(unit.ravel(), self.u, self.x).reshape(unit.shape)
        if not self.whole:
            return position
        return np.clip(np.floor(position + 0.5), self.minimum, self.maximum)

    def to_json(self) -> dict[str, Any]:
        """Describe the distribution by JSON values."""
        heaping = {} if self.heaping is None else {"heaping": self.heaping.to_json()}
        return {"u": self.u.tolist(), "x": self.x.tolist(), "whole": self.whole, **heaping}

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
        heaping, whole = state.get("heaping"), state["whole"]
        if heaping is not None:
            heaping = Heaping.from_json(heaping, len(u), whole=whole)
        made = cls(u, x, whole, heaping)
        if made.minimum > made.maximum:
            raise ValueError("quantiles: a whole number needs a cell of width 1")
        return made


class _TailKnots(NamedTuple):
    """The knots of an upper tail, from where it starts, and its rows."""

    u: Floats
    x: Floats
    rows: int


def _tail_knots(rows: Floats, high: float, least: int, half: float) -> _TailKnots:
    """Return the knots of a fitted tail that is cut at the greatest value; none if there is none.

    Parameters
    ----------
    rows
        All values in ascending order.
    high
        The greatest value to be kept.
    least
        Rows of a group.
    half
        Half the width of a value's own cell.
    """
    tail = Tail.fit(rows, least, half)
    if tail is None or high <= tail.start:
        return _TailKnots(np.empty(0), np.empty(0), 0)
    most = min(tail.share_below(high - tail.start + 2 * half), 1 - 0.5 / tail.rows)
    halvings = np.arange(math.ceil(2 * math.log2(tail.rows))) / 2
    share = np.append(1 - np.exp2(-halvings), 1.0)
    x = np.minimum(tail.start - half + tail.excess(share * most), high + half)
    return _TailKnots(1 - (1 - share) * tail.rows / len(rows), x, tail.rows)


def _body_knots(
    given: Floats,
    ends: tuple[float, float],
    edges: tuple[float, float],
    least: int,
    half: float,
    *,
    bends: bool,
) -> tuple[Floats, Floats]:
    """Return the knots of what lies between two edges.

    Parameters
    ----------
    given
        Values in ascending order.
    ends
        What values beyond are clipped to.
    edges
        Where the first cell starts and the last one stops.
    least
        Rows that a spike and a cell stand for, where that is more than `MIN_ROWS`.
    half
        Half the width of a value's own cell.
    bends
        Whether cells are bent.
    """
    size, (low, high) = max(least, MIN_ROWS), ends
    rows = _Rows.of(given, low, high, size)
    if least > 1:
        rows = rows.without_lone_rows(size)
    knots = MAX_KNOTS - 2 * int(rows.spikes.sum())
    jumps = _jumps(rows, half, limit=knots // 10, least=size)
    ranks = _ranks(int(rows.counts[~rows.spikes].sum()), knots * 7 // 10, size)
    runs = [*rows.runs(jumps)]
    limits = _limits(runs, edges, half, size, trims=least > 1)
    beyond = int((given < low).sum()), int((given > high).sum())
    parts, done = list[_Cells](), 0
    for at, run in enumerate(runs):
        total = 0 if run.is_spike else int(run.counts.sum())
        first = max(size, 2 * beyond[0] * (at == 0))
        last = max(size, 2 * beyond[1] * (at == len(runs) - 1))
        own = ranks[(ranks > done) & (ranks < done + total)] - done
        parts.append(_Cells.of(run, limits[at], own, half, (first, size, last)))
        done += total
    return _Cells.joined(parts).to_knots(half, bends=knots // 20 * bends, least=size)


Counts = NDArray[np.intp]


class _Run(NamedTuple):
    """Neighboring values without a spike or a jump between them, or one spike."""

    distinct: Floats
    counts: Counts
    is_spike: bool
    gaps: tuple[float | None, float | None]  # width of a jump before and behind it, if there is one

    @property
    def below(self) -> Counts:
        """The rows of each value and of all before it."""
        return np.cumsum(self.counts)


@dataclass(frozen=True)
class _Rows:
    """Sorted values: the distinct ones, the rows of each, and which of them are spikes."""

    distinct: Floats
    counts: Counts
    spikes: Mask

    @classmethod
    def of(cls, given: Floats, low: float, high: float, least: int) -> Self:
        """Clip sorted values to a range; what lies beyond makes no spike of its own."""
        distinct, counts = np.unique(np.clip(given, low, high), return_counts=True)
        own = counts.copy()
        own[0] -= (given < low).sum()
        own[-1] -= (given > high).sum()
        return cls(distinct, counts, _spikes(own, least))

    def without_lone_rows(self, least: int) -> Self:
        """Count fewer rows between two spikes, or between a spike and an end, to the nearer one."""
        at = np.flatnonzero(self.spikes)
        if not len(at):
            return self
        run = np.cumsum(self.spikes)  # number of the run behind each spike
        size = np.bincount(run, np.where(self.spikes, 0, self.counts))
        lone = ~self.spikes & (size < least)[run]
        left, right = at[(run[lone] - 1).clip(0)], at[run[lone].clip(max=len(at) - 1)]
        value = self.distinct[lone]
        nearer = np.abs(value - self.distinct[left]) <= np.abs(self.distinct[right] - value)
        counts = self.counts.copy()
        np.add.at(counts, np.where(nearer, left, right), self.counts[lone])
        return type(self)(self.distinct[~lone], counts[~lone], self.spikes[~lone])

    def runs(self, jumps: Mask) -> Iterator[_Run]:
        """Return the spikes, and what lies between spikes and jumps, in order."""
        edges = np.flatnonzero(jumps | self.spikes[:-1] | self.spikes[1:]) + 1
        gaps = np.diff(self.distinct)
        last = len(self.distinct)
        for first, stop in pairwise([0, *edges.tolist(), last]):
            yield _Run(
                self.distinct[first:stop],
                self.counts[first:stop],
                bool(self.spikes[first]),
                (
                    float(gaps[first - 1]) if first and jumps[first - 1] else None,
                    float(gaps[stop - 1]) if stop < last and jumps[stop - 1] else None,
                ),
            )


def _spikes(counts: NDArray[np.intp], least: int) -> Mask:
    """Mark the values frequent enough to be kept as they are: at most `MAX_SPIKES`."""
    if len(counts) > MAX_SPIKES:
        least = max(least, int(np.partition(counts, -MAX_SPIKES - 1)[-MAX_SPIKES - 1]) + 1)
    return np.asarray(counts >= least)


def _jumps(rows: _Rows, half: float, limit: int, least: int) -> Mask:
    """Mark the widest gaps between neighboring values that must stay empty.

    Where values are spread evenly, a gap is wider than the `JUMP_ROWS` rows on both sides of it
    together once in 2 ** (2 * JUMP_ROWS) cases; nights in a column of times are always. Between
    jumps and spikes lie as many rows as in a cell.
    """
    distinct, spikes, after = rows.distinct, rows.spikes, np.cumsum(rows.counts)
    total, below = after[-1], after[:-1]
    gaps = np.diff(distinct) - 2 * half
    open_gaps = (gaps > 0) & ~(spikes[:-1] & spikes[1:])
    at = np.flatnonzero(open_gaps & (below >= JUMP_ROWS) & (total - below >= JUMP_ROWS))
    first = distinct[np.searchsorted(after, below[at] - JUMP_ROWS, side="right")]
    last = distinct[np.searchsorted(after, below[at] + JUMP_ROWS - 1, side="right")]
    crowd = (distinct[at] - first) + (last - distinct[at + 1])
    at = at[gaps[at] > crowd]
    widest = at[np.argsort(-gaps[at], kind="stable")[:limit]]
    loose = np.cumsum(np.where(spikes, 0, rows.counts))
    before = np.maximum.accumulate(np.where(spikes, loose, 0))
    behind = np.minimum.accumulate(np.where(spikes, loose, loose[-1])[::-1])[::-1]
    jumps, done = np.zeros(len(gaps), bool), 0
    for gap in np.sort(widest).tolist():
        room = min(loose[gap] - max(before[gap], done), behind[gap] - loose[gap])
        if spikes[gap] or spikes[gap + 1] or room >= least:
            jumps[gap], done = True, loose[gap]
    return jumps


def _ranks(rows: int, knots: int, least: int) -> Floats:
    """Spread knots evenly over ranks, and geometrically over those near the ends."""
    far = max(rows / knots / (TAIL_RATIO - 1) / least, 1.0)
    tail = least * TAIL_RATIO ** np.arange(math.ceil(math.log(far, TAIL_RATIO)))
    evenly = np.linspace(0, rows, max(knots - 2 * len(tail), 2))[1:-1]
    return np.unique(np.concatenate([tail, evenly, rows - tail]))


@dataclass(frozen=True)
class _Cells:
    """The line cut into cells, each with a number of rows; between them may lie gaps.

    Parameters
    ----------
    start, stop
        Where each cell starts and stops.
    rows
        How many rows lie in it.
    mean
        Their mean.
    """

    start: Floats
    stop: Floats
    rows: Counts
    mean: Floats

    @classmethod
    def of(
        cls,
        run: _Run,
        limits: tuple[float, float],
        ranks: Floats,
        half: float,
        least: tuple[int, int, int],
    ) -> Self:
        """Cut a run into cells whose edges are the simplest numbers around ranks.

        Parameters
        ----------
        run
            Its values.
        limits
            Where it starts and stops.
        ranks
            About how many of its rows lie below each edge.
        half
            Half the width of a value's own cell.
        least
            Least rows of the first cell, of each cell, and of the last one.
        """
        below, total = run.below, int(run.counts.sum())
        reach = -(-least[1] // 2)
        rank = np.rint(ranks).astype(np.intp)
        first = np.searchsorted(below, np.maximum(rank - reach, 0), side="right")
        last = np.searchsorted(below, np.minimum(rank + reach, total) - 1, side="right")
        low, high = run.distinct[first], run.distinct[last]
        edges = np.unique(simplest_between(low[high > low], high[high > low]))
        place = np.searchsorted(run.distinct, edges)
        edges, place = edges[place > 0], place[place > 0]
        under = below[place - 1]
        kept, done, wanted = list[int](), 0, least[0]
        for at in np.flatnonzero((under >= least[0]) & (total - under >= least[2])).tolist():
            if under[at] - done >= wanted:
                kept.append(at)
                done, wanted = under[at], least[1]
        starts = np.concatenate([[0], place[kept]]).astype(np.intp)
        rows = np.add.reduceat(run.counts, starts)
        mean = np.add.reduceat(run.distinct * run.counts, starts) / rows
        inner = edges[kept] - half
        return cls(
            np.concatenate([[limits[0]], inner]), np.concatenate([inner, [limits[1]]]), rows, mean
        )

    @classmethod
    def joined(cls, parts: "Sequence[_Cells]") -> Self:
        """Return the cells of all parts, in order."""
        names = ("start", "stop", "rows", "mean")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def to_knots(self, half: float, *, bends: int, least: int) -> tuple[Floats, Floats]:
        """Join the cells to one line, and bend those whose straight line is most amiss.

        A bend is a knot in the middle of a cell's rows that gives it about their mean; a straight
        line over the last rows of a heavy tail would raise mean and deviation of the column. It
        lies on a grid so coarse that any row of the cell could lie anywhere in it.

        Parameters
        ----------
        half
            Half the width of a value's own cell.
        bends
            How many cells are bent at most.
        least
            Rows of a cell; half of one that is bent has as many.
        """
        start, stop, rows = self.start, self.stop, self.rows
        middle = start / 2 + stop / 2
        step = (stop - start) * np.exp2(np.ceil(np.log2(2 / rows)))
        grid = np.divide(2 * (self.mean - middle), step, out=np.zeros_like(step), where=step > 0)
        inset = np.maximum((stop - start) / 1000, half)  # a flat piece would make a spike
        bend = np.clip(middle + np.rint(grid) * step, start + inset, stop - inset)
        amiss = np.where(rows >= 2 * least, rows * np.abs(bend - middle), 0.0)
        bent = np.zeros(len(rows), bool)
        bent[np.argsort(-amiss, kind="stable")[:bends]] = True
        end = np.cumsum(rows)
        u = np.stack([end - rows, end - rows / 2, end], axis=1) / end[-1]
        x = np.stack([start, bend, stop], axis=1)
        used = np.stack([np.ones_like(bent), bent & (amiss > 0), np.ones_like(bent)], axis=1)
        u, x = u[used], x[used]
        new = np.concatenate([[True], (np.diff(u) > 0) | (np.diff(x) > 0)])
        return u[new], x[new]


def _limits(
    runs: Sequence[_Run], ends: tuple[float, float], half: float, least: int, *, trims: bool
) -> list[tuple[float, float]]:
    """Return where each run starts and stops.

    What lies between a spike and its neighbor belongs to the neighbor, unless it is a jump.

    Parameters
    ----------
    runs
        The runs in order.
    ends
        Where the first one starts and the last one stops.
    half
        Half the width of a value's own cell.
    least
        Rows of a cell.
    trims
        Whether the rim of a jump is a simple number beyond the outermost rows of its run.
    """
    found = []
    for at, run in enumerate(runs):
        start, stop = float(run.distinct[0]) - half, float(run.distinct[-1]) + half
        if run.is_spike:
            found.append((start, stop))
            continue
        before, behind = run.gaps
        if before is None:
            start = float(runs[at - 1].distinct[-1]) + half if at else ends[0]
        elif trims:
            start = -_rim(-run.distinct[::-1], run.counts[::-1], before, half, least)
        if behind is None:
            stop = float(runs[at + 1].distinct[0]) - half if at + 1 < len(runs) else ends[1]
        elif trims:
            stop = _rim(run.distinct, run.counts, behind, half, least)
        found.append((start, stop))
    return found


def _rim(distinct: Floats, counts: Counts, gap: float, half: float, least: int) -> float:
    """Return the simplest number beyond the greatest value, as near as its neighbors are."""
    reaching = np.cumsum(counts[::-1])
    place = min(int(np.searchsorted(reaching, least)), len(distinct) - 1)
    last = float(distinct[-1])
    spread = min(last - float(distinct[-1 - place]), gap / 2)
    if spread < max(2 * half, math.ulp(last)):
        return last + half
    return float(simplest_between(np.array(last), np.array(last + spread))) - half


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
