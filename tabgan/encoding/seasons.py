"""Seasons of dates: hours of the day, days of the week and months that other columns depend on.

A date is learned as its place in the column's distribution, in which an hour or a weekday comes
again thousands of times: no network or tree sees from it that sales are high on Saturdays. So the
parts of a date on which other columns depend are learned as levels of their own beside it, and a
drawn date is moved to the nearest one that has these parts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from tabgan.table.columns import ColumnFrame, TypedSeries
from tabgan.table.dates import TICKS_PER_DAY, unit_of
from tabgan.table.schema import RANGED, Column

__all__ = ["Season", "SeasonGrid", "SeasonLevels", "as_unit", "find_seasons"]

Season = Literal["hour", "weekday", "month"]
"""A part of a date: the hour of the day, the day of the week, the month of the year."""

BINS: Mapping[Season, int] = {"hour": 24, "weekday": 7, "month": 12}
CYCLES: Mapping[Season, float] = {"hour": 1, "weekday": 7, "month": 365.25}  # days
FIRST_DAY = 3  # of 1970, a Thursday
LEAST_CYCLES = 1.5  # days, weeks or years that the dates reach over
LEAST_LEVEL = 20  # rows of a level
LEAST_ROWS = 100  # with a date
MOST_ROWS = 20_000  # that are looked at
MOST_TRENDS = 20  # stretches of time whose means are set apart
MOST_LEVELS = 10  # of a column, the most frequent ones
MOST_SIGNALS = 400
CHANCE = 1e-4  # that one of the columns looks dependent by chance
LEAST_SHARE = 0.005  # of a column's variance that a season explains
GRID = 1 << 17  # probabilities among which dates with the right parts are looked up
MOST_MONTHS = 6  # that a date is moved by

Ticks = NDArray[np.int64]
Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


def _part(season: Season, ticks: Ticks, unit: str) -> Codes:
    """Return the hour, weekday or month of dates in ticks since 1970, from 0."""
    if season == "month":
        return as_unit(ticks, unit, "M") % 12
    if season == "weekday":
        return (as_unit(ticks, unit, "D") + FIRST_DAY) % 7
    return as_unit(ticks, unit, "h") % 24


@dataclass(frozen=True, eq=False)
class SeasonLevels:
    """Levels of the parts of dates; neighboring hours, days or months of few rows are one level.

    Parameters
    ----------
    unit
        Of the ticks.
    levels
        The level of each hour, weekday or month, by season.

    Examples
    --------
    >>> import numpy as np
    >>> days = np.repeat(np.arange(14), 30)  # since Thursday, 1970-01-01
    >>> seasons = SeasonLevels.fit(("weekday",), days, "D", least=1)
    >>> seasons.widths, seasons.of(np.array([0, 3])).tolist()
    ((7,), [[3], [6]])
    """

    unit: str
    levels: Mapping[Season, Codes]

    @classmethod
    def fit(cls, seasons: Sequence[Season], ticks: Ticks, unit: str, *, least: int) -> Self | None:
        """Choose the levels of dates; None if no season has two.

        Parameters
        ----------
        seasons
            The parts that are learned.
        ticks
            The dates.
        unit
            Of the ticks.
        least
            Rows of a level.
        """
        levels = dict[Season, Codes]()
        for season in seasons:
            counts = np.bincount(_part(season, ticks, unit), minlength=BINS[season])
            own = _joined(counts, max(least, LEAST_LEVEL))
            if own[-1] > 0:
                levels[season] = own
        return cls(unit, levels) if levels else None

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of levels of each season."""
        return tuple(int(own[-1]) + 1 for own in self.levels.values())

    def of(self, ticks: Ticks) -> Codes:
        """Return the levels of dates, shape (rows, seasons)."""
        parts = [own[_part(season, ticks, self.unit)] for season, own in self.levels.items()]
        return np.column_stack(parts)

    def joint(self, codes: Codes) -> Codes:
        """Return the levels of all seasons as one number, shape (rows,)."""
        return np.asarray(np.ravel_multi_index(codes.T, self.widths), np.int64)

    def to_json(self) -> dict[str, list[int]]:
        """Describe the levels by JSON values."""
        return {season: own.tolist() for season, own in self.levels.items()}

    @classmethod
    def from_json(cls, state: Mapping[str, Any], unit: str | None) -> Self:
        """Rebuild levels from `to_json`'s value.

        Raises
        ------
        TypeError, ValueError
            If the value is malformed.
        """
        levels = dict[Season, Codes]()
        for season in get_args(Season):
            if season in state:
                own = np.array(state[season], np.int64)
                rises = own.shape == (BINS[season],) and own[0] == 0
                if not rises or not np.isin(np.diff(own), (0, 1)).all() or own[-1] == 0:
                    raise ValueError(f"seasons: the levels of a {season} must rise from 0")
                levels[season] = own
        if unit not in TICKS_PER_DAY or not levels or {*state} - {*levels}:
            raise ValueError("seasons: hours, weekdays and months of dates are needed")
        return cls(unit, levels)


@dataclass(frozen=True, eq=False)
class SeasonGrid:
    """Dates at evenly spaced probabilities, among which those with the drawn levels are found.

    A date moves by whole months into its month, and within that month to one with its weekday and
    hour: to the one that has as many such dates before it, in proportion, as it had of all dates.
    So days of the month, and times of the day, stay as frequent as they are. Where months don't
    count, it moves within its week, or its day.

    Parameters
    ----------
    seasons
        The levels.
    dates
        The dates, rising, shape (`GRID`,).
    """

    seasons: SeasonLevels
    dates: Ticks

    @classmethod
    def of(cls, seasons: SeasonLevels, dates_at: Callable[[Floats], Ticks]) -> Self:
        """Look up dates at probabilities from 0 to 1."""
        return cls(seasons, dates_at((np.arange(GRID) + 0.5) / GRID))

    @cached_property
    def _levels(self) -> Codes:
        return self.seasons.joint(self.seasons.of(self.dates))

    @cached_property
    def _periods(self) -> Codes:
        return self._period(self.dates)

    @cached_property
    def _order(self) -> Codes:
        """The places of the grid by period, levels and date."""
        return np.lexsort((self._levels, self._periods))

    @cached_property
    def _by_levels(self) -> Codes:
        """The places of the grid by levels and date."""
        return np.argsort(self._levels, kind="stable")

    @cached_property
    def _keys(self) -> Codes:
        own = self._periods * self._n_levels + self._levels
        return own[self._order]

    @property
    def _n_levels(self) -> int:
        return int(np.prod(self.seasons.widths))

    def _period(self, ticks: Ticks) -> Codes:
        """Return the month, week or day within which dates are moved."""
        unit, names = self.seasons.unit, self.seasons.levels
        if "month" in names:
            return as_unit(ticks, unit, "M")
        days = as_unit(ticks, unit, "D")
        return (days + FIRST_DAY) // 7 if "weekday" in names else days

    def agree(self, units: Floats, codes: Codes, dates_at: Callable[[Floats], Ticks]) -> Floats:
        """Return probabilities of near dates that have the levels that were drawn.

        Where no date has all of them, as on a day that is always closed, the probability stays.

        Parameters
        ----------
        units
            Probabilities of dates, shape (rows,).
        codes
            Levels, shape (rows, seasons).
        dates_at
            Returns the dates at probabilities, in ticks.
        """
        ticks = dates_at(units)
        known = (codes < self.seasons.widths).all(axis=1)  # others are of rows without a date
        wrong = np.flatnonzero((self.seasons.of(ticks) != codes).any(axis=1) & known)
        wanted = self.seasons.joint(codes[wrong])
        place = self._within_period(self._in_month(ticks[wrong], codes[wrong]), wanted)
        moved, there = units.copy(), place >= 0
        rows, found = wrong[there], (place[there] + 0.5) / GRID
        between = found + (units[rows] * GRID % 1 - 0.5) / GRID
        same = (self.seasons.of(dates_at(between)) == codes[rows]).all(axis=1)
        moved[rows] = np.where(same, between, found)
        return moved

    def _in_month(self, ticks: Ticks, codes: Codes) -> Ticks:
        """Move dates by whole months into the month that was drawn, so that their days stay."""
        if "month" not in self.seasons.levels:
            return ticks
        levels, unit = self.seasons.levels["month"], self.seasons.unit
        wanted = codes[:, [*self.seasons.levels].index("month")]
        months = as_unit(ticks, unit, "M")
        since = ticks - as_unit(months, "M", unit)
        least, moved = np.full(len(ticks), np.inf), ticks.copy()
        for steps in range(-MOST_MONTHS, MOST_MONTHS + 1):
            start, end = (as_unit(months + steps + at, "M", unit) for at in (0, 1))
            there = np.minimum(start + since, end - 1)
            beyond = (there < self.dates[0]) | (there > self.dates[-1])
            far = abs(steps) + 2 * MOST_MONTHS * beyond
            far = np.where(levels[(months + steps) % 12] == wanted, far, np.inf)
            moved = np.where(far < least, there, moved)
            least = np.minimum(far, least)
        return moved

    def _within_period(self, ticks: Ticks, wanted: Codes) -> Codes:
        """Return the places of dates of the same period with the levels that are wanted.

        Where the period has none, the nearest date of another one is taken; -1 if there is none.
        """
        period = self._period(ticks)
        first, end = (np.searchsorted(self._periods, period, side) for side in ("left", "right"))
        own = np.searchsorted(self.dates, ticks).clip(first, np.maximum(end - 1, first))
        rank = (own - first) / np.maximum(end - first, 1)
        key = period * self._n_levels + wanted
        start, stop = (np.searchsorted(self._keys, key, side) for side in ("left", "right"))
        at = start + (rank * (stop - start)).astype(np.int64)
        place: Codes = self._order[at.clip(max=GRID - 1)]
        empty = np.flatnonzero(start == stop)
        place[empty] = self._nearest(ticks[empty], wanted[empty])
        return place

    def _nearest(self, ticks: Ticks, wanted: Codes) -> Codes:
        span = float(self.dates[-1] - self.dates[0]) + 1
        order = self._by_levels
        line = self._levels[order] + (self.dates[order] - self.dates[0]) / span
        inside = ticks.clip(self.dates[0], self.dates[-1])
        at = np.searchsorted(line, wanted + (inside - self.dates[0]) / span)
        sides = [order[at.clip(max=GRID - 1)], order[(at - 1).clip(0)]]
        far = [
            np.where(self._levels[own] == wanted, np.abs(self.dates[own] - ticks), np.inf)
            for own in sides
        ]
        nearest: Codes = np.where(far[0] < far[1], *sides)
        nearest[np.isinf(np.minimum(*far))] = -1
        return nearest


def as_unit(ticks: Ticks, unit: str, other: str) -> Ticks:
    """Return times since 1970 in another unit, rounded down.

    Parameters
    ----------
    ticks
        The times.
    unit, other
        Their unit, and the wanted one, as numpy writes them; ``"M"`` is a month.
    """
    return ticks.view(f"M8[{unit}]").astype(f"M8[{other}]").astype(np.int64)


def _joined(counts: NDArray[np.intp], least: int) -> Codes:
    """Return a level for each of some bins in a row; neighbors of few rows are joined."""
    ends = np.arange(1, len(counts) + 1)
    while len(ends) > 1:
        rows = np.diff(np.cumsum(counts)[ends - 1], prepend=0)
        few = int(rows.argmin())
        if rows[few] >= least:
            break
        left = rows[few - 1] if few else np.inf
        right = rows[few + 1] if few + 1 < len(rows) else np.inf
        ends = np.delete(ends, few - 1 if left <= right else few)
    return np.searchsorted(ends, np.arange(len(counts)), side="right").astype(np.int64)


def find_seasons(table: ColumnFrame) -> dict[int, tuple[Season, ...]]:
    """Find the parts of dates that other columns depend on beyond chance and beyond a trend.

    Each column is compared with the hour, weekday and month of each date by an analysis of
    variance of its ranks, or of whether it has each of its frequent levels. The level of
    significance is corrected for how many comparisons there are.

    Parameters
    ----------
    table
        The columns that are learned, parsed.

    Returns
    -------
    The seasons of each column of dates that has some, by position.
    """
    possible = {at: _possible_seasons(cells) for at, cells in table.items()}
    possible = {at: seasons for at, seasons in possible.items() if seasons}
    if not possible:
        return {}
    n_rows = len(next(iter(table.values())).values)
    rows = np.linspace(0, n_rows - 1, min(n_rows, MOST_ROWS)).astype(np.intp)
    signals = [s for at, cells in table.items() if at not in possible for s in _signals(cells)]
    if not signals:
        return {}
    every = np.column_stack([signal[rows] for signal in signals[:MOST_SIGNALS]])
    chance = CHANCE / (every.shape[1] * sum(map(len, possible.values())))
    found = dict[int, tuple[Season, ...]]()
    for at, seasons in possible.items():
        numbers = table[at].numbers
        dated = rows[numbers.present[rows]]
        ticks, own = numbers.values[dated].astype(np.int64), every[numbers.present[rows]]
        unit = _unit(table[at].column)
        shown = tuple(s for s in seasons if unit and _explains(s, ticks, unit, own, chance))
        if shown:
            found[at] = shown
    return found


def _unit(column: Column) -> str | None:
    unit = unit_of(column) if column.kind == "datetime" else None
    return unit if unit in TICKS_PER_DAY else None


def _possible_seasons(cells: TypedSeries) -> tuple[Season, ...]:
    """Return the seasons of which dates show several cycles; none of other columns."""
    unit = _unit(cells.column)
    if unit is None or cells.numbers.present.sum() < LEAST_ROWS:
        return ()
    numbers = cells.numbers
    ticks = numbers.values[numbers.present].astype(np.int64)
    reach = float(np.subtract(*np.quantile(ticks, (0.99, 0.01)))) / TICKS_PER_DAY[unit]
    return tuple(
        season
        for season, days in CYCLES.items()
        if reach >= LEAST_CYCLES * days and (season != "hour" or unit != "D")
    )


def _signals(cells: TypedSeries) -> list[Floats]:
    """Return what of a column is compared with seasons, standardized; 0 where it is missing."""
    column = cells.column
    if column.is_generated or column.kind in ("datetime", "multiselect", "compound"):
        return []
    if column.kind in RANGED:
        numbers = cells.numbers
        present = numbers.present
        order = np.unique(numbers.values[present], return_inverse=True)[1]
        below = np.cumsum(np.bincount(order)) if len(order) else np.zeros(0)
        signal = np.full(len(present), np.nan)
        signal[present] = below[order]
        parts = [signal] + ([] if present.all() else [present.astype(np.float64)])
    else:
        counts = np.bincount(cells.codes, minlength=len(cells.levels))
        frequent = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
        frequent = frequent[counts[frequent] >= LEAST_LEVEL]
        parts = [(cells.codes == level).astype(np.float64) for level in frequent]
    return [_standardized(part) for part in parts if np.nanstd(part) > 0] if parts else []


def _standardized(signal: Floats) -> Floats:
    centered: Floats = signal - np.nanmean(signal)
    return np.nan_to_num(centered / np.nanstd(signal))


def _explains(season: Season, ticks: Ticks, unit: str, signals: Floats, chance: float) -> bool:
    """Return whether some column depends on a season, apart from its means over time."""
    cycle = CYCLES[season] * TICKS_PER_DAY[unit]
    n_trends = int(np.clip((ticks.max() - ticks.min()) / cycle, 1, MOST_TRENDS))
    own = _without_trend(ticks, signals, n_trends)
    part = np.unique(_part(season, ticks, unit), return_inverse=True)[1]
    n_parts, spare = int(part.max()) + 1, len(ticks) - int(part.max()) - 2 * n_trends - 1
    total = (own**2).sum(axis=0)
    between = np.bincount(part) @ _means(part, own) ** 2
    if n_parts < 2 or spare < 1:
        return False
    with np.errstate(invalid="ignore", divide="ignore"):
        share = between / total
        ratio = (between / (n_parts - 1)) / ((total - between) / spare)
    noise = (n_parts - 1) / len(ticks)
    told = (fdtrc(n_parts - 1, spare, ratio) < chance) & (share - noise > LEAST_SHARE)
    return bool(told.any())


def _without_trend(ticks: Ticks, signals: Floats, n_trends: int) -> Floats:
    """Return signals without the line over time that fits each of some stretches best."""
    order = np.argsort(ticks, kind="stable")
    trend = np.empty(len(ticks), np.int64)
    trend[order] = np.arange(len(ticks)) * n_trends // len(ticks)
    time = ticks.astype(np.float64)[:, None]
    time = (time - _means(trend, time)[trend]) / max(float(np.ptp(time)), 1.0)
    own = signals - _means(trend, signals)[trend]
    slope = _means(trend, time * own) / np.maximum(_means(trend, time**2), 1e-12)
    flat: Floats = own - slope[trend] * time
    return flat


def _means(groups: NDArray[np.intp], values: Floats) -> Floats:
    """Return the mean of each column in each group, shape (groups, columns)."""
    n = int(groups.max()) + 1
    sums = np.zeros((n, values.shape[1]))
    np.add.at(sums, groups, values)
    means: Floats = sums / np.bincount(groups, minlength=n)[:, None]
    return means
