"""Grids of round numbers, and the densities of the rows on and beside them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.rhythm import DAYS, HOURS, HOURS_OF_WEEK, Rhythm, Stretches, Week

__all__ = ["Grid", "GridDensities", "RowsOnLine", "stretch_ends"]

ROWS_OF_REGION = 500
MOST_REGIONS = 8
ROUNDS = 60  # of expectation and maximisation
OFF_GRIDS = 1e-6  # the least share of numbers beside the finest grid

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Grid(NamedTuple):
    """The whole numbers `start`, `start + step`, and so on, in both directions."""

    step: int
    start: int = 0

    def holds(self, x: Floats) -> NDArray[np.bool_]:
        """Return which numbers lie on the grid."""
        on_grid: NDArray[np.bool_] = np.mod(x, self.step) == self.start
        return on_grid

    def points_below(self, x: Floats, *, whole: bool) -> Floats:
        """Count the points below numbers, but for a constant.

        Parameters
        ----------
        x
            Positions.
        whole
            Whether a point fills the cell of width 1 around it; else it lies at or above x.
        """
        if not whole:
            return np.ceil((x - self.start) / self.step)
        turns, rest = np.divmod(x + 0.5 - self.start, self.step)
        return turns + np.minimum(rest, 1.0)


def stretch_ends(line: Floats, *, whole: bool) -> tuple[Floats, Floats]:
    """Return where stretches between knots start and stop; none starts with a spike.

    Parameters
    ----------
    line
        Positions of the knots.
    whole
        Whether all numbers are whole.
    """
    start, stop = line[:-1].copy(), line[1:].copy()
    if not whole:
        spikes = np.append(False, line[1:] == line[:-1])[:-1]
        start[spikes] = np.nextafter(start[spikes], np.inf)
    return start, np.maximum(start, stop)


@dataclass(frozen=True, eq=False)
class RowsOnLine:
    """Rows that are no spikes, and the stretches between knots in which they lie.

    Parameters
    ----------
    x
        Positions in ascending order, in steps of the last decimal place.
    line
        Positions of the knots.
    cell
        The stretch of each row.
    counts
        Rows of each stretch.
    week
        Where weeks lie on a line of dates.
    least
        Rows that a factor rests on at least.
    """

    x: Floats
    line: Floats
    cell: Counts
    counts: Counts
    week: Week | None
    least: int

    @classmethod
    def of(cls, x: Floats, line: Floats, week: Week | None, least: int, *, whole: bool) -> Self:
        """Find the stretches of positions."""
        cell = np.searchsorted(line, x, side="right").clip(1, len(line) - 1) - 1
        spiked = (line[cell + 1] - line[cell] <= 1) if whole else _is_spike(line, x)
        kept = ~spiked
        if week:  # rows beyond an end count as the end, whose hour and day are not theirs
            kept &= (x > x[0]) & (x < x[-1])
        x, cell = x[kept], cell[kept]
        return cls(x, line, cell, np.bincount(cell, minlength=len(line) - 1), week, least)

    def regions(self) -> Counts:
        """Return the first stretch of each region; all have about as many rows."""
        regions = min(max(int(self.counts.sum()) // ROWS_OF_REGION, 1), MOST_REGIONS)
        ranks = np.cumsum(self.counts)
        places = np.searchsorted(ranks, ranks[-1] * np.arange(1, regions) / regions) + 1
        firsts: Counts = np.unique([0, *places.clip(max=len(self.counts) - 1)])
        return firsts

    @cached_property
    def repeats(self) -> float:
        """Return how many rows have the value of a row, itself among them, on average."""
        counts = np.unique(self.x, return_counts=True)[1]
        return float((counts**2).sum() / max(counts.sum(), 1))

    def by_hour(self, week: Week, chosen: Mask) -> Counts:
        """Return some rows of each stretch in each hour of a week, shape (stretches, 7, 24)."""
        shape = len(self.counts), HOURS_OF_WEEK
        at = self.cell[chosen] * HOURS_OF_WEEK + week.hours_of(self.x[chosen])
        return np.bincount(at, minlength=math.prod(shape)).reshape(-1, DAYS, HOURS)


@dataclass(frozen=True, eq=False)
class GridDensities:
    """What rows may belong to: all numbers, or one of some grids.

    A grid of one point a day owns its points alone, as its one hour would explain no less than its
    own density.

    Parameters
    ----------
    grids
        The grids.
    rows
        The rows.
    firsts
        The first stretch of each region, which has densities of its own.
    on
        What each row may belong to, shape (rows, 1 + grids).
    points
        Length, and points of each grid, of each stretch in each hour of a week, or in all, shape
        (stretches, 1 + grids, 168 or 1).
    """

    grids: Sequence[Grid]
    rows: RowsOnLine
    firsts: Counts
    on: Mask
    points: Floats

    @classmethod
    def of(cls, grids: Sequence[Grid], rows: RowsOnLine, *, whole: bool) -> Self:
        """Find out which rows lie on grids, and how many points of them between knots."""
        on = np.stack([np.ones(len(rows.x), bool), *(grid.holds(rows.x) for grid in grids)], axis=1)
        if not whole:
            on[:, 0] = ~on[:, 1:].any(axis=1)  # a point is nothing among all real numbers
        firsts = rows.regions() if grids else np.zeros(1, np.int64)
        made = cls(grids, rows, firsts, on, _points(grids, rows, whole=whole))
        for daily in np.flatnonzero(made.daily).tolist():
            for other in made.around(daily):
                on[on[:, daily], other] = False
                made.points[:, other] -= made.points[:, daily]
        return made

    @property
    def daily(self) -> Mask:
        """Which of all numbers and the grids have one point a day."""
        week = self.rows.week
        steps = [0, *(grid.step * DAYS for grid in self.grids)]
        return np.array([week is not None and step == week.positions for step in steps])

    def around(self, daily: int) -> list[int]:
        """Return the places of all numbers, and of the grids with more points than a daily one."""
        start = self.grids[daily - 1].start
        grids = enumerate(self.grids, start=1)
        more = [at for at, grid in grids if not self.daily[at] and start % grid.step == grid.start]
        return [0, *more]

    @property
    def _region(self) -> Counts:
        region: Counts = np.searchsorted(self.firsts, np.arange(len(self.points)), side="right") - 1
        return region

    def fit(self, rhythm: Rhythm | None) -> Floats:
        """Return the likeliest densities of each region, shape (regions, 1 + grids)."""
        factors = np.ones(self.points.shape[1:])
        if rhythm is not None:
            factors = np.where(self.daily[:, None], np.repeat(rhythm.days, HOURS), rhythm.factors)
        points = np.einsum("cgh,gh->cg", self.points, factors)
        counts, region = self.rows.counts, self._region
        own = region[self.rows.cell]
        return np.array(
            [
                _densities(
                    self.on[own == at], points[region == at], counts[region == at], self.grids
                )
                for at in range(len(self.firsts))
            ]
        )

    @cached_property
    def _by_hour(self) -> tuple[Counts, Counts]:
        """The rows of each stretch by hour of the week: beside grids of one point a day, and on."""
        week = self.rows.week
        assert week is not None
        on_daily: Mask = np.any(self.on[:, self.daily], axis=1)
        return self.rows.by_hour(week, ~on_daily), self.rows.by_hour(week, on_daily)

    def rhythm(self, week: Week, weights: Floats) -> Rhythm | None:
        """Return the rhythm of rows under densities; grids of one point a day tell of days only."""
        mass = self.points * weights[self._region][:, :, None]
        hourly, daily = (
            Stretches(mass[:, self.daily == own].sum(axis=1).reshape(-1, DAYS, HOURS), rows)
            for own, rows in zip((False, True), self._by_hour, strict=True)
        )
        return Rhythm.fit(week, hourly, daily, self.rows.least, self.rows.repeats)

    def added_up(self, weights: Floats, rhythm: Rhythm | None) -> Floats:
        """Return densities that add up where grids meet, and are all multiplied by the rhythm.

        Parameters
        ----------
        weights
            The densities of `fit`.
        rhythm
            The rhythm.
        """
        added, week = weights.copy(), self.rows.week
        for daily in np.flatnonzero(self.daily).tolist():
            factor = 1.0
            if rhythm is not None and week is not None:
                start = np.array([self.grids[daily - 1].start], np.float64)
                factor = float(rhythm.hours[week.hours_of(start)[0] % HOURS])
            others = weights[:, self.around(daily)].sum(axis=1)
            added[:, daily] = np.maximum(weights[:, daily] / factor - others, 0)
        return added


def _points(grids: Sequence[Grid], rows: RowsOnLine, *, whole: bool) -> Floats:
    """Return length, and points of each grid, between two knots, by hour of the week.

    Parameters
    ----------
    grids
        The grids.
    rows
        The rows, and the knots.
    whole
        Whether all numbers are whole.

    Returns
    -------
    An array of shape (knots - 1, 1 + grids, 168); numbers that are no dates have one hour only.
    """
    ends = [(rows.line[:-1], rows.line[1:])] + [stretch_ends(rows.line, whole=whole)] * len(grids)
    below: list[Callable[[Floats], Floats]] = [np.copy]
    below += [partial(grid.points_below, whole=whole) for grid in grids]
    both = zip(below, ends, strict=True)
    if rows.week is None:
        points = [(count(high) - count(low))[:, None] for count, (low, high) in both]
    else:
        edges = rows.week.edges - 0.5 * whole
        points = [
            _below_by_hour(count, high, edges) - _below_by_hour(count, low, edges)
            for count, (low, high) in both
        ]
    return np.stack([np.maximum(own, 0) for own in points], axis=1)


def _below_by_hour(below: Callable[[Floats], Floats], x: Floats, edges: Floats) -> Floats:
    """Return how much lies below positions in each hour of a week, but for a constant.

    Parameters
    ----------
    below
        Counts what lies below positions; each week has as much.
    x
        Positions.
    edges
        Those of the hours of a week.
    """
    turns, rest = np.divmod(x - edges[0], edges[-1] - edges[0])
    at = below(edges)
    full = np.diff(at)
    inside = (below(rest + edges[0])[:, None] - at[:-1]).clip(0, full)
    own: Floats = turns[:, None] * full + inside
    return own


def _is_spike(line: Floats, x: Floats) -> NDArray[np.bool_]:
    """Return which positions are those of two knots."""
    knot = np.searchsorted(line, x).clip(max=len(line) - 2)
    spiked: NDArray[np.bool_] = (line[knot] == x) & (line[knot + 1] == x)
    return spiked


def _densities(
    on: NDArray[np.bool_], points: Floats, rows: Counts, grids: Sequence[Grid]
) -> Floats:
    """Return the densities under which numbers are likeliest, of stretches with their own shares.

    Parameters
    ----------
    on
        Which component each number may be of, shape (numbers, 1 + grids).
    points
        Length and points of each stretch, shape (stretches, 1 + grids).
    rows
        Numbers in each stretch.
    grids
        The grids.
    """
    weights = np.ones(on.shape[1])
    if not len(on) or not grids:
        return weights
    codes = np.bincount(on @ (1 << np.arange(on.shape[1])))
    occurring = np.flatnonzero(codes)
    patterns, counts = (occurring[:, None] >> np.arange(on.shape[1])) & 1, codes[occurring]
    used = rows > 0
    points, rows = points[used], rows[used]
    totals = points.sum(axis=0)
    weights[1:] = totals[0] / np.maximum(totals[1:], 1.0)
    for _ in range(ROUNDS):
        each = patterns * weights
        owned = (each / each.sum(axis=1, keepdims=True) * counts[:, None]).sum(axis=0)
        exposure = points.T @ (rows / (points @ weights))
        weights = np.divide(owned, exposure, out=np.zeros_like(owned), where=exposure > 0)
        steps = np.array([grid.step for grid in grids])
        weights[0] = max(weights[0], OFF_GRIDS * float((weights[1:] / steps).max()))
        weights /= weights.max()
    return weights
