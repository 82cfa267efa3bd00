"""The rhythm of dates: hours of the day and days of the week that hold more rows than others.

Where the rows of a day or a week are too few for knots of their own, a quantile function spreads
them evenly over nights and weekends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

__all__ = ["DAYS", "HOURS", "HOURS_OF_WEEK", "Rhythm", "Stretches", "Week"]

DAYS, HOURS = 7, 24
AXES = 0, 1  # days and hours
HOURS_OF_WEEK = DAYS * HOURS
MIN_ROWS = 200  # of dates that tell of a rhythm
MIN_GROUP = 5  # rows that a factor rests on, at least
ROUNDED = 10  # what the rows of a bin are rounded to
MIN_EXPECTED = 5.0  # rows of a bin of a chi-squared test
CHANCE = 1e-6
LEAST_SHARE = 0.02  # of the rows that lie in other bins than without a factor
ROUNDS = 30  # of proportional fitting
LEAST_FACTOR = 1e-4  # of bins without rows, so that each position has a probability of its own
DIGITS = 3  # significant ones of a factor

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


class Week(NamedTuple):
    """Where weeks lie on a line of dates.

    Parameters
    ----------
    start
        Ticks of time from the line's zero to the midnight before a Monday.
    length
        Ticks of a week.
    step
        Ticks between neighboring positions of the line; a week is a whole multiple of it.
    """

    start: int
    length: int
    step: int

    @property
    def positions(self) -> int:
        """How many positions a week has."""
        return self.length // self.step

    @property
    def edges(self) -> Floats:
        """The first position of each hour of a week, and that of the next week."""
        bins = HOURS_OF_WEEK  # an hour may be less than a tick
        ticks = [self.start * bins + at * self.length for at in range(bins + 1)]
        return np.array([-(-tick // (self.step * bins)) for tick in ticks], np.float64)

    def hours_of(self, x: Floats) -> NDArray[np.intp]:
        """Return the hour of the week of positions, from 0 to 167."""
        edges = self.edges
        place = edges[0] + np.mod(x - edges[0], self.positions)
        hour: NDArray[np.intp] = np.searchsorted(edges[1:-1], place, side="right")
        return hour


@dataclass(frozen=True, eq=False)
class Rhythm:
    """How many times as many rows as without it lie in each hour and on each day of the week.

    Parameters
    ----------
    week
        Where weeks lie.
    hours
        Factor of each hour of the day, shape (24,).
    days
        Factor of each day from Monday to Sunday, shape (7,).
    """

    week: Week
    hours: Floats
    days: Floats

    @cached_property
    def factors(self) -> Floats:
        """The factor of each hour of the week, shape (168,)."""
        return np.outer(self.days, self.hours).ravel()

    @classmethod
    def fit(
        cls, week: Week, hourly: "Stretches", daily: "Stretches", least: int, repeats: float = 1.0
    ) -> Self | None:
        """Learn which hours and days hold more rows than a quantile function gives them.

        Parameters
        ----------
        week
            Where weeks lie.
        hourly
            What lies in any hour.
        daily
            What lies in one hour of each day only, and so tells nothing of the others.
        least
            Rows that a factor rests on at least.
        repeats
            How many rows come together: those of one order have the same moment.

        Returns
        -------
        The rhythm; None if neither hours nor days differ beyond chance.
        """
        fit = _RhythmFit(hourly, daily, max(least, MIN_GROUP), repeats)
        shown = tuple(axis for axis in AXES if fit.shows(axis))
        if not shown:
            return None
        days, hours = fit.factors(shown)
        return cls(week, _rounded(hours), _rounded(days))

    def to_json(self) -> dict[str, Any]:
        """Describe the rhythm by JSON values."""
        return {"week": [*self.week], "hours": self.hours.tolist(), "days": self.days.tolist()}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a rhythm from `to_json`'s value.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        week = Week(*(int(ticks) for ticks in state["week"]))
        if week.step < 1 or week.length < 1 or week.length % week.step:
            raise ValueError("rhythm: a week must be a whole multiple of the line's step")
        hours, days = (np.array(state[name], np.float64) for name in ("hours", "days"))
        if hours.shape != (HOURS,) or days.shape != (DAYS,):
            raise ValueError("rhythm: each hour and each day of the week must have a factor")
        factors = np.concatenate([hours, days])
        if not np.isfinite(factors).all() or (factors < LEAST_FACTOR).any():
            raise ValueError(f"rhythm: a factor must be a number of at least {LEAST_FACTOR}")
        return cls(week, hours, days)


class Stretches(NamedTuple):
    """Stretches between knots, what they have in each hour of the week, and their rows.

    Parameters
    ----------
    mass
        Mass of each without a rhythm, shape (stretches, 7, 24).
    rows
        Rows, of the same shape.
    """

    mass: Floats
    rows: Counts

    def where(self, chosen: NDArray[np.bool_]) -> "Stretches":
        """Return some of the stretches."""
        return Stretches(self.mass[chosen], self.rows[chosen])


@dataclass(frozen=True)
class _RhythmFit:
    """Proportional fitting of days (axis 0) and hours (axis 1).

    Parameters
    ----------
    hourly, daily, repeats
        As for `Rhythm.fit`.
    group
        Rows that a factor rests on at least.
    """

    hourly: Stretches
    daily: Stretches
    group: int
    repeats: float

    def shows(self, axis: int) -> bool:
        """Return whether days or hours have other rows than without their factor, beyond chance."""
        told = self._telling(axis)
        rows = told._observed(axis)
        if rows.sum() < MIN_ROWS:
            return False
        expected = told._expected(axis, told.factors((1 - axis,)))
        used = expected >= MIN_EXPECTED
        moved = np.abs(rows - expected).sum() / 2
        if used.sum() < 2 or moved < LEAST_SHARE * rows.sum():
            return False
        chi2 = ((rows - expected)[used] ** 2 / expected[used]).sum() / self.repeats
        return bool(chdtrc(used.sum() - 1, chi2) < CHANCE)

    def factors(self, axes: tuple[int, ...]) -> list[Floats]:
        """Return the likeliest factors of days and hours; those of other axes are 1."""
        told = [self._telling(axis) for axis in AXES]
        wanted = [_Wanted.of(told[axis]._observed(axis), self.group) for axis in AXES]
        fitted = [np.ones(DAYS), np.ones(HOURS)]
        for _ in range(ROUNDS):
            for axis in axes:
                expected = told[axis]._expected(axis, fitted)
                fitted[axis] = wanted[axis].adjusted(fitted[axis], expected)
        return fitted

    def _telling(self, axis: int) -> "_RhythmFit":
        """Return the stretches that reach over several days or hours."""
        mass = self.hourly.mass.sum(axis=2 - axis)
        if axis == 0:
            mass = mass + self.daily.mass.sum(axis=2)
        several = (mass > 0).sum(axis=1) > 1
        return replace(self, hourly=self.hourly.where(several), daily=self.daily.where(several))

    def _observed(self, axis: int) -> Floats:
        """Return the rows in each day or hour."""
        rows = self.hourly.rows + self.daily.rows if axis == 0 else self.hourly.rows
        total: Floats = rows.sum(axis=(0, 2 - axis)).astype(np.float64)
        return total

    def _expected(self, axis: int, factors: list[Floats]) -> Floats:
        """Return the rows that factors give to each day or hour."""
        days, hours = factors
        rows = self.hourly.rows.sum(axis=(1, 2))
        if axis == 0:
            mass = (self.hourly.mass @ hours + self.daily.mass.sum(axis=2)) * days
            rows = rows + self.daily.rows.sum(axis=(1, 2))
        else:
            mass = np.einsum("cdh,d->ch", self.hourly.mass, days) * hours
        expected: Floats = mass.T @ (rows / mass.sum(axis=1))
        return expected


class _Wanted(NamedTuple):
    """Rows that factors are to give to bins; bins of few rows count as one.

    The rows are rounded, so that one row more or less rarely makes a difference.

    Parameters
    ----------
    bins
        Which of the groups each bin belongs to.
    rows
        Rows of each group.
    """

    bins: Counts
    rows: Floats

    @classmethod
    def of(cls, observed: Floats, group: int) -> Self:
        """Put the bins of few rows together; where even these are few, none are wanted."""
        thin = observed < max(group, ROUNDED)
        bins = np.where(thin, 0, np.cumsum(~thin))
        rows = np.bincount(bins, observed)
        return cls(bins, np.where(rows < group, 0.0, np.rint(rows / ROUNDED) * ROUNDED))

    def adjusted(self, factors: Floats, expected: Floats) -> Floats:
        """Scale factors by wanted through expected rows; their mean is 1 over all bins.

        Where no rows are wanted at all, there are too few to tell, and nothing changes.
        """
        if not self.rows.any():
            return factors
        given = np.bincount(self.bins, expected)
        scale = np.divide(self.rows, given, out=np.ones_like(given), where=given > 0)
        new = factors * scale[self.bins]
        adjusted: Floats = np.maximum(new / new.mean(), LEAST_FACTOR)
        return adjusted


def _rounded(factors: Floats) -> Floats:
    return np.array([float(f"{factor:.{DIGITS}g}") for factor in factors.tolist()])
