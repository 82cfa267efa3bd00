"""Heaping: numbers that lie on round values, or on certain endings, more often than beside them.

Few bank balances have cents, prices are in steps of 500 or end in 99, half of the moments are at
midnight. Between two knots of a quantile function the numbers of such grids have a greater
density than all others. Dates have a rhythm beside it: each hour and each day of the week has a
factor of its own, by which all densities are multiplied.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.grid_densities import Grid, GridDensities, RowsOnLine, stretch_ends
from tabgan.encoding.rhythm import Rhythm, Week

__all__ = ["Grid", "Heaping"]

MOST_GRIDS = 6
LEAST_ROWS = 20  # on a grid beyond those that would lie there anyway
LEAST_POINTS = 5  # of a grid, within the range and among the rows
LEAST_SHARE = 0.03  # of the rows that a grid explains
SURE = 6.0  # standard deviations
ROWS_TO_CHOOSE = 20_000
MOST_BREAKS = 200_000  # in a period of all grids
RESIDUES = 3  # frequent ones that are tried for each step
TURNS = 5  # of densities on grids and a rhythm
GOLDEN = (math.sqrt(5) - 1) / 2

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Knots = tuple[Floats, Floats]  # probabilities and positions


@dataclass(frozen=True, eq=False)
class Heaping:
    """The density of numbers on grids, beside that of all numbers, in regions of the line.

    Parameters
    ----------
    grids
        The grids, in steps of the line's last decimal place.
    firsts
        The first stretch between two knots of each region.
    weights
        Density of any number, and what the points of each grid have beside it, shape
        (regions, 1 + grids).
    unit
        The last decimal place on the line.
    whole
        Whether all numbers are whole multiples of it.
    rhythm
        What the hours of a week multiply all densities by; None if nothing.
    """

    grids: tuple[Grid, ...]
    firsts: tuple[int, ...]
    weights: Floats
    unit: float = 1.0
    whole: bool = True
    rhythm: Rhythm | None = None

    @classmethod
    def fit(
        cls,
        values: Floats,
        knots: Knots,
        steps: Sequence[int],
        *,
        least: int,
        unit: float = 1.0,
        whole: bool = True,
        week: Week | None = None,
    ) -> Self | None:
        """Find the grids, hours and days with more values than a quantile function gives them.

        Parameters
        ----------
        values
            Positions on the line.
        knots
            Probabilities and positions of the quantile function's knots.
        steps
            Steps of the grids that are tried.
        least
            Rows that a grid stands for at least.
        unit, whole
            See the class.
        week
            Where weeks lie on a line of dates, which may have a rhythm.

        Returns
        -------
        The heaping; None if the quantile function has what the values have.
        """
        x = np.sort(values) / unit
        sample = x[:: -(-len(x) // ROWS_TO_CHOOSE)]
        fits = [step for step in steps if (x[-1] - x[0]) / step >= LEAST_POINTS]
        grids: list[Grid] = []
        rows = RowsOnLine.of(x, knots[1] / unit, week, least, whole=whole)
        found = cls._with_grids(grids, rows, unit, whole) if week else None
        place = np.arange(len(sample))
        spread = (place + np.mod(place * GOLDEN, 1.0)) / len(sample)  # no fraction hits a grid
        while fits and len(grids) < MOST_GRIDS:
            if found is None:
                drawn = np.interp(spread, *knots) / unit
            else:
                drawn = found.from_unit(spread, *knots) / unit
            drawn = np.floor(drawn + 0.5) if whole else drawn
            grid = _best_grid(sample, drawn, fits, grids, max(least, LEAST_ROWS))
            if grid is None:
                break
            grids.append(grid)
            found = cls._with_grids(grids, rows, unit, whole)
        return found

    @classmethod
    def _with_grids(
        cls, grids: Sequence[Grid], rows: RowsOnLine, unit: float, whole: bool
    ) -> Self | None:
        """Learn the densities on grids, and the rhythm; None if there is neither."""
        parts = GridDensities.of(grids, rows, whole=whole)
        rhythm: Rhythm | None = None
        weights = parts.fit(rhythm)
        for _ in range(TURNS if grids else 1):
            if rows.week:
                rhythm = parts.rhythm(rows.week, weights)
                weights = parts.fit(rhythm)
        weights = parts.added_up(weights, rhythm)
        firsts = tuple(parts.firsts.tolist())
        return cls(tuple(grids), firsts, weights, unit, whole, rhythm) if grids or rhythm else None

    @cached_property
    def _period(self) -> tuple[Floats, Floats]:
        """One period of all grids: places, and the mass below each by region."""
        length = math.lcm(*(grid.step for grid in self.grids))
        points = [np.arange(grid.start, length, grid.step) for grid in self.grids]
        places, at = np.unique(np.concatenate([[], *points]), return_inverse=True)
        extra = np.zeros((len(self.weights), len(places)))
        owner = np.repeat(np.arange(len(points)), np.array([len(own) for own in points], np.intp))
        for region, weights in enumerate(self.weights):
            extra[region] = np.bincount(at, weights[1:][owner], minlength=len(places))
        width = 1.0 if self.whole else 0.0
        x = np.concatenate([[0.0], np.stack([places, places + width], 1).ravel(), [length]])
        jumps = np.zeros((len(self.weights), len(x) - 1))
        jumps[:, 1::2] = extra
        mass = np.cumsum(self.weights[:, :1] * np.diff(x) + jumps, axis=1)
        return x, np.concatenate([np.zeros((len(mass), 1)), mass], axis=1)

    @cached_property
    def _week(self) -> tuple[Floats, Floats]:
        """The edges of the hours of a week: the mass below each by region, without rhythm and with.

        A grid's step divides a week, so that each week has the same mass.
        """
        assert self.rhythm is not None
        edges = self.rhythm.week.edges - 0.5 * self.whole
        plain = np.stack([self._plain_mass(edges, own) for own in range(len(self.weights))])
        mass = np.cumsum(np.diff(plain, axis=1) * self.rhythm.factors, axis=1)
        return plain, np.concatenate([np.zeros((len(mass), 1)), mass], axis=1)

    def _mass(self, x: Floats, region: int) -> Floats:
        """Return the mass below positions; that of a point without width does not count."""
        plain = self._plain_mass(x, region)
        if self.rhythm is None:
            return plain
        edges, masses = (own[region] for own in self._week)
        turns, rest = np.divmod(plain - edges[0], edges[-1] - edges[0])
        below: Floats = turns * masses[-1] + np.interp(rest + edges[0], edges, masses)
        return below

    def _place(self, mass: Floats, region: int) -> Floats:
        """Return the positions below which masses lie."""
        if self.rhythm is None:
            return self._plain_place(mass, region)
        edges, masses = (own[region] for own in self._week)
        turns, rest = np.divmod(mass, masses[-1])
        plain = turns * (edges[-1] - edges[0]) + np.interp(rest, masses, edges)
        return self._plain_place(plain, region)

    def _plain_mass(self, x: Floats, region: int) -> Floats:
        """Return the mass below positions, without the rhythm."""
        places, mass = self._period[0], self._period[1][region]
        turns, rest = np.divmod(x + 0.5 * self.whole, places[-1])
        below: Floats = turns * mass[-1] + np.interp(-rest, -places[::-1], mass[::-1])
        return below

    def _plain_place(self, mass: Floats, region: int) -> Floats:
        """Return the positions below which masses lie, without the rhythm."""
        places, masses = self._period[0], self._period[1][region]
        turns, rest = np.divmod(mass, masses[-1])
        place: Floats = turns * places[-1] + np.interp(rest, masses, places) - 0.5 * self.whole
        return place

    def from_unit(self, unit: Floats, u: Floats, x: Floats) -> Floats:
        """Return the positions at probabilities.

        Parameters
        ----------
        unit
            Probabilities.
        u, x
            Knots of the quantile function.
        """
        line = x / self.unit
        cell = np.searchsorted(u, unit, side="right").clip(1, len(u) - 1) - 1
        size = u[cell + 1] - u[cell]
        share = np.divide(unit - u[cell], size, out=np.zeros_like(size), where=size > 0).clip(0, 1)
        start, stop = stretch_ends(line, whole=self.whole)
        position = np.empty(len(unit))
        for region, rows in self._by_region(cell):
            own = cell[rows]
            low, high = self._mass(start[own], region), self._mass(stop[own], region)
            position[rows] = self._place(low + share[rows] * (high - low), region)
        last = np.where(stop[cell] > start[cell], np.nextafter(stop[cell], -np.inf), stop[cell])
        position = np.clip(position, start[cell], last)
        position = np.select([share <= 0, share >= 1], [line[cell], stop[cell]], position)
        return position * self.unit

    def to_unit(self, position: Floats, u: Floats, x: Floats, *, above: bool = False) -> Floats:
        """Return the probabilities below positions.

        Parameters
        ----------
        position
            Positions.
        u, x
            Knots of the quantile function.
        above
            Whether a point at the position counts, too.
        """
        at, line = position / self.unit, x / self.unit
        side: Any = "right" if above else "left"
        next_knot = np.searchsorted(line, at, side=side)
        knot = np.clip(next_knot - above, 0, len(line) - 1)
        cell = np.clip(next_knot, 1, len(line) - 1) - 1
        start, stop = stretch_ends(line, whole=self.whole)
        low_u, size = u[cell], u[cell + 1] - u[cell]
        place = np.nextafter(at, np.inf) if above and not self.whole else at
        share = np.zeros(len(at))
        for region, rows in self._by_region(cell):
            own = cell[rows]
            low, high = self._mass(start[own], region), self._mass(stop[own], region)
            above_low = self._mass(place[rows], region) - low
            share[rows] = np.divide(above_low, high - low, out=share[rows], where=high > low)
        return np.where(line[knot] == at, u[knot], low_u + share.clip(0, 1) * size)

    def _by_region(self, cell: Counts) -> list[tuple[int, NDArray[np.intp]]]:
        region = np.searchsorted(self.firsts, cell, side="right") - 1
        return [(int(own), np.flatnonzero(region == own)) for own in np.unique(region)]

    def to_json(self) -> dict[str, Any]:
        """Describe the heaping by JSON values."""
        return {
            "grids": [[*grid] for grid in self.grids],
            "firsts": [*self.firsts],
            "weights": self.weights.tolist(),
            "unit": self.unit,
            **({} if self.rhythm is None else {"rhythm": self.rhythm.to_json()}),
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any], knots: int, *, whole: bool) -> Self:
        """Rebuild a heaping from `to_json`'s value.

        Parameters
        ----------
        state
            What `to_json` returned.
        knots
            How many knots the quantile function has.
        whole
            See the class.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        grids = tuple(Grid(int(step), int(start)) for step, start in state["grids"])
        firsts = tuple(int(first) for first in state["firsts"])
        weights, unit = np.array(state["weights"], np.float64), float(state["unit"])
        rhythm = Rhythm.from_json(state["rhythm"]) if "rhythm" in state else None
        is_grid = all(0 <= start < step for step, start in grids)
        if not (grids or rhythm) or not is_grid or unit <= 0:
            raise ValueError("heaping: a grid must have a step, and start below it")
        if rhythm and any(rhythm.week.positions % grid.step for grid in grids):
            raise ValueError("heaping: a grid's step must divide the week of the rhythm")
        if not _fits(grids):
            raise ValueError("heaping: the grids have too many points")
        if not firsts or firsts[0] or sorted({*firsts}) != [*firsts] or firsts[-1] >= knots:
            raise ValueError("heaping: regions must start at knots, in order")
        is_density = weights.shape == (len(firsts), 1 + len(grids)) and np.isfinite(weights).all()
        if not is_density or (weights < 0).any() or (weights[:, 0] <= 0).any():
            raise ValueError("heaping: every region needs a density for each grid")
        return cls(grids, firsts, weights, unit, whole, rhythm)


def _fits(grids: Sequence[Grid]) -> bool:
    period = math.lcm(*(grid.step for grid in grids))
    return sum(period // grid.step for grid in grids) <= MOST_BREAKS


def _best_grid(
    real: Floats, drawn: Floats, steps: Sequence[int], known: Sequence[Grid], least: int
) -> Grid | None:
    """Return the grid that holds many more real than drawn numbers, None if there is none.

    Parameters
    ----------
    real, drawn
        As many positions of each.
    steps
        Steps of grids.
    known
        Grids that are there already.
    least
        Rows that it explains.
    """
    n, best, most = len(real), None, 0.0
    on_line, drawn_on_line = (x[x == np.rint(x)].astype(np.int64) for x in (real, drawn))
    for step in steps:
        rest = on_line % step
        starts, rows = np.unique(rest, return_counts=True)
        expected = np.unique(drawn_on_line % step, return_counts=True)
        for place in np.argsort(-rows, kind="stable")[:RESIDUES].tolist():
            grid, share = Grid(step, int(starts[place])), int(rows[place]) / n
            at = np.searchsorted(expected[0], grid.start)
            hit = at < len(expected[0]) and expected[0][at] == grid.start
            usual = max(int(expected[1][at]) if hit else 0, 0.5) / n
            excess = (share - usual) * n
            deviation = math.sqrt(max(usual * (1 - usual) * n, 1.0))
            if excess < max(least, LEAST_SHARE * n, SURE * deviation) or grid in known:
                continue
            if len(np.unique(on_line[rest == grid.start])) < LEAST_POINTS:
                continue
            gain = share * math.log(share / usual)
            gain += (1 - share) * math.log((1 - share) / (1 - usual)) if share < 1 else 0.0
            if (gain, step) > (most, best.step if best else 0) and _fits([*known, grid]):
                best, most = grid, gain
    return best
