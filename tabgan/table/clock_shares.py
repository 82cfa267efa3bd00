"""At which times of day dates lie, and in which form those of a day, an hour or a year are written.

Times of day are full hours, quarters of an hour, frequent times, hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.table.dates import TICKS_PER_DAY, range_of_ticks, unit_of
from tabgan.table.numbers import Numbers, whole_within
from tabgan.table.schema import Column

__all__ = ["ClockShares", "FormsByPart", "is_beyond_month"]

Ticks = NDArray[np.int64]
MINUTES = 1440  # of a day
TICKS_OF_MINUTE = {"m": 1, "s": 60, "ms": 60_000, "us": 60_000_000, "ns": 60_000_000_000}
PERIODS = (60, 30, 15, 5, 1)  # minutes between places that are tried, those of fewer places first
LEAST_AT_PLACE = 0.02  # share of the rows at a place, beyond those by chance
LEAST_RATIO = 1.5  # times as many rows at a place as by chance
LEAST_PLACED = 20  # rows at a place
MOST_TIMES = 5  # of day that are places of their own
FAR_AFTER = 240  # minutes after the source from which a date has an hour of its own
LEAST_FAR = 50  # rows so far after the source, to learn their hours
LEAST_SHIFTED = 0.1  # share of them in other hours than by distances alone, beyond chance
MOST_TIED = 0.2  # share of these at nearly the source's time of day; by chance a twelfth or so
_FAR = 2**62  # more than any movement
MOST_EXCEPTIONS = 0.01  # share of the dates whose form does not follow the part
LEAST_DATES = 20  # of a part
PARTS = {  # of dates, by which their form may go, and in words
    "beyond month": "days up to the 12th and after it",
    "fraction": "whole seconds and others",
    "seconds": "whole minutes and others",
    "time": "midnight and other times",
    "hour": "the hour",
    "year": "the year",
}


class _Place(NamedTuple):
    """Places that return: each so many minutes, from a first one on."""

    period: int
    first: int

    def __str__(self) -> str:
        if self.period == MINUTES:
            return f"{self.first // 60:02d}:{self.first % 60:02d}"
        return "full hours" if self.period == 60 else f"full {self.period} minutes"

    def nearest(self, ticks: Ticks, minute: int) -> Ticks:
        """Return the nearest time at the place.

        Parameters
        ----------
        ticks
            Times.
        minute
            Ticks of a minute.
        """
        period = self.period * minute
        offset = self.first * minute
        return (ticks - offset + period // 2) // period * period + offset


@dataclass(frozen=True)
class ClockShares:
    """How many dates lie at places of the day, and in which hours those of another day lie.

    A date that is learned as a distance would have the time of day of the other date, moved.

    Parameters
    ----------
    unit
        Unit of the dates, one of `TICKS_OF_MINUTE`.
    places
        Minutes between the places, the first place of the day in minutes, and the share of the
        rows at them; those of fewer places first.
    hours
        Of the dates that lie hours or days after the other one, the share in each hour; empty
        where these follow the other date's.

    Examples
    --------
    >>> shares = ClockShares("m", ((60, 0, 0.5),), ())
    >>> shares.settle(np.array([62, 90]), np.zeros(2, np.int64), least=0, step=1).tolist()
    [60, 90]
    """

    unit: str
    places: tuple[tuple[int, int, float], ...]
    hours: tuple[float, ...]

    def __post_init__(self) -> None:
        is_clock = self.unit in TICKS_OF_MINUTE and len(self.hours) in (0, 24)
        periods = {*PERIODS, MINUTES}
        is_clock &= all(p in periods and 0 <= at < p and 0 <= n <= 1 for p, at, n in self.places)
        if not is_clock or not all(0 <= share <= 1 for share in self.hours):
            raise ValueError(f"{self.places!r:.80} are no shares of times of day")

    @classmethod
    def of(cls, ticks: Ticks, source: Ticks, unit: str, step: int, least_rows: int) -> Self | None:
        """Learn where more dates lie than by chance; None if nowhere.

        Parameters
        ----------
        ticks, source
            The dates, and those that they are learned as the distance from.
        unit, step
            Their unit, and that of distances: in whole hours, there are no other minutes.
        least_rows
            Rows that a place or an hour needs.
        """
        minute = TICKS_OF_MINUTE.get(unit)
        if minute is None or len(ticks) < LEAST_FAR or step % (60 * minute) == 0:
            return None
        least = max(least_rows, LEAST_PLACED)
        places = _places_of(ticks, minute, least)
        hours = _hours_of(ticks, source, minute, least_rows)
        return cls(unit, places, hours) if places or hours else None

    def describe(self) -> Sequence[str]:
        """Say how many dates lie at each place."""
        return [f"{100 * n:.0f} % at {_Place(period, at)}" for period, at, n in self.places]

    def settle(self, ticks: Ticks, source: Ticks, least: int, step: int) -> Ticks:
        """Move dates to the hours, and as many to each place as lay there, the nearest ones.

        Parameters
        ----------
        ticks, source
            The dates and those that they are the distance from.
        least, step
            The least distance, and the unit of distances.
        """
        minute = TICKS_OF_MINUTE[self.unit]
        ticks = self._in_hours(ticks, source, least, step)
        left = np.arange(len(ticks))
        for period, at, share in self.places:
            nearest = _Place(period, at).nearest(ticks[left], minute)
            away = np.abs(nearest - ticks[left])
            away[(nearest - source[left] < least) | (away % step != 0)] = _FAR
            order = np.argsort(away, kind="stable")
            moved = order[: round(share * len(ticks))]
            moved = moved[away[moved] < _FAR]
            ticks[left[moved]] = nearest[moved]
            left = np.delete(left, moved)
        return ticks

    def _in_hours(self, ticks: Ticks, source: Ticks, least: int, step: int) -> Ticks:
        """Give dates far after the others the hours of the table, in the order of their times."""
        ticks = ticks.copy()
        minute = TICKS_OF_MINUTE[self.unit]
        day = MINUTES * minute
        far = np.flatnonzero(ticks - source >= FAR_AFTER * minute)
        if not self.hours or not len(far):
            return ticks
        clock = ticks[far] % day
        order = np.argsort(clock, kind="stable")
        ends = np.concatenate([[0.0], np.cumsum(self.hours)])
        place = (np.arange(len(far)) + 0.5) / len(far) * ends[-1]
        wanted = np.empty(len(far))
        wanted[order] = np.interp(place, ends, np.arange(25) * (day / 24))
        moved = ticks[far] + np.rint((wanted - clock) / step).astype(np.int64) * step
        fits = (moved - source[far] >= max(least, 0)) & (moved <= ticks.max())
        ticks[far[fits]] = moved[fits]
        return ticks

    def to_json(self) -> dict[str, Any]:
        """Describe the shares by JSON values."""
        return {"unit": self.unit, "places": [*map(list, self.places)], "hours": [*self.hours]}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild shares from `to_json`'s value."""
        places = tuple((int(p), int(at), float(share)) for p, at, share in state["places"])
        return cls(str(state["unit"]), places, tuple(float(n) for n in state["hours"]))


def _places_of(ticks: Ticks, minute: int, least: int) -> tuple[tuple[int, int, float], ...]:
    """Find times of day, and then full hours and parts of hours, with more rows than by chance."""
    clock = ticks % (MINUTES * minute)
    is_full = clock % minute == 0
    counts = np.bincount((clock // minute)[is_full], minlength=MINUTES)
    kept = np.arange(MINUTES)
    left, found = np.ones(len(ticks), np.bool_), list[tuple[int, int, float]]()
    # a time of day is compared with the others of its hour's grid: full hours with full hours
    grid = [max(own for own in PERIODS if at % own == 0) for at in kept.tolist()]
    by_grid = {own: counts[np.array(grid) == own].mean() for own in PERIODS}
    beyond = counts - np.array([LEAST_RATIO * by_grid[own] for own in grid])
    for at in np.argsort(-beyond, kind="stable")[:MOST_TIMES].tolist():
        n = int(counts[at])
        if beyond[at] >= LEAST_AT_PLACE * len(ticks) and n >= least:
            found.append((MINUTES, at, n / len(ticks)))
            left &= clock != at * minute
    for period in PERIODS:
        rows = left & (clock % (period * minute) == 0)
        shorter = next((own for own in PERIODS if own < period), None)
        wider = left if shorter is None else left & (clock % (shorter * minute) == 0)
        chance = minute if shorter is None else period / shorter
        n, expected = int(rows.sum()), wider.sum() / chance if chance > 1 else np.inf
        is_more = n >= LEAST_RATIO * expected and n - expected >= LEAST_AT_PLACE * len(ticks)
        if is_more and n >= least:
            found.append((period, 0, n / len(ticks)))
            left &= ~rows
    return tuple(found)


def _hours_of(ticks: Ticks, source: Ticks, minute: int, least_rows: int) -> tuple[float, ...]:
    """Return the share of each hour in the dates far after the source; none if they follow it."""
    day, hour = MINUTES * minute, 60 * minute
    far = ticks - source >= FAR_AFTER * minute
    if far.sum() < LEAST_FAR:
        return ()
    away = (ticks - source)[far] % day
    tied = float((np.minimum(away, day - away) <= hour).mean())
    counts = np.bincount((ticks[far] % day) // hour, minlength=24)
    counts[counts < least_rows] = 0
    if tied > MOST_TIED or not counts.any():
        return ()
    by_distance = np.zeros(24)  # the hours of the sources, and distances of other rows
    for turn in range(1, 8):
        moved = source[far] + np.roll((ticks - source)[far], turn * len(away) // 8)
        by_distance += np.bincount((moved % day) // hour, minlength=24)
    shares = counts / counts.sum()
    shifted = float(np.abs(shares - by_distance / by_distance.sum()).sum() / 2)
    by_chance = float(np.sqrt(12 / np.pi / far.sum()))  # of a multinomial distribution, at most
    return tuple(shares.tolist()) if shifted >= LEAST_SHIFTED + by_chance else ()


@dataclass(frozen=True)
class FormsByPart:
    """The forms of the dates of a column, if they go with a part of the date.

    A program that takes days for months writes `06-04-91`, but `6/29/1984`; another one writes
    midnight without the time of day.

    Parameters
    ----------
    part
        A key of `PARTS`.
    values, forms
        Values of the part, which rise, and the place of the form of each; others have the form of
        the next one.
    """

    part: str
    values: tuple[int, ...]
    forms: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.part not in PARTS or not self.values or len(self.values) != len(self.forms):
            raise ValueError(f"{self.part!r:.40}: forms must go with a part of dates")

    @classmethod
    def of(cls, numbers: Numbers, column: Column) -> Self | None:
        """Learn the forms of a column; None if it has one, or they go with no part.

        Parameters
        ----------
        numbers, column
            The dates, with their forms, and their column.
        """
        if column.kind != "datetime" or not column.other_formats or numbers.forms is None:
            return None
        ticks, forms = numbers.values[numbers.present], numbers.forms[numbers.present]
        found = (_forms_of_part(part, ticks, forms, column) for part in PARTS)
        own = next((rule for rule in found if rule is not None), None)
        return None if own is None else cls(*own)

    def at(self, ticks: NDArray[Any], column: Column) -> NDArray[np.int8]:
        """Return the place of the form of each date.

        Parameters
        ----------
        ticks, column
            The dates, and their column.
        """
        place = np.searchsorted(self.values, _part_of(self.part, ticks, column))
        forms: NDArray[np.int8] = np.array(self.forms, np.int8)[place.clip(0, len(self.forms) - 1)]
        return forms

    def describe(self) -> str:
        """Name the part in words."""
        return PARTS[self.part]

    def to_json(self) -> dict[str, Any]:
        """Describe the forms by JSON values."""
        return {"part": self.part, "values": [*self.values], "forms": [*self.forms]}

    @classmethod
    def from_json(cls, state: dict[str, Any], column: Column) -> Self:
        """Rebuild forms from `to_json`'s value.

        Parameters
        ----------
        state
            The value.
        column
            The column of dates, which has these forms.
        """
        forms = tuple(map(int, state["forms"]))
        if column.kind != "datetime" or not {*forms} <= {*range(len(column.formats))}:
            raise ValueError("numeric: forms_by_part does not go with the column's formats")
        return cls(str(state["part"]), tuple(map(int, state["values"])), forms)


def _forms_of_part(
    part: str, ticks: NDArray[Any], forms: NDArray[np.int8], column: Column
) -> tuple[str, tuple[int, ...], tuple[int, ...]] | None:
    values, codes = np.unique(_part_of(part, ticks, column), return_inverse=True)
    n_forms = len(column.formats)
    counts = np.bincount(codes * n_forms + forms, minlength=len(values) * n_forms)
    counts = counts.reshape(len(values), n_forms)
    kept = counts.sum(axis=1) >= max(LEAST_DATES, column.least_rows)
    own = counts[kept].argmax(axis=1)
    if len(np.unique(own)) < 2:
        return None
    exceptions = len(forms) - counts[kept].max(axis=1).sum()
    if exceptions > MOST_EXCEPTIONS * len(forms):
        return None
    return part, tuple(values[kept].tolist()), tuple(own.tolist())


def _part_of(part: str, ticks: NDArray[Any], column: Column) -> Ticks:
    """Return a part of dates as whole numbers; 0 of all where their unit has no such part."""
    unit = unit_of(column)
    within: Ticks = whole_within(ticks, *range_of_ticks(column)).astype(np.int64)
    per_day = TICKS_PER_DAY.get(unit)
    days = within.view(f"M8[{unit}]").astype("M8[D]") if unit != "period" else within.view("M8[D]")
    found: Ticks
    if part == "beyond month":
        found = ((days - days.astype("M8[M]")).astype(np.int64) >= 12).astype(np.int64)
    elif part == "year":
        found = days.astype("M8[Y]").astype(np.int64)
    elif per_day is None or per_day < 24:
        found = np.zeros(len(within), np.int64)
    elif part == "hour":
        found = within % per_day // (per_day // 24)
    else:
        length = {"fraction": 86_400, "seconds": 1440, "time": 1}[part]
        found = (within % max(per_day // length, 1) != 0).astype(np.int64)
    return found


def is_beyond_month(ticks: NDArray[Any], column: Column) -> NDArray[np.bool_]:
    """Say where the day is above 12, so that it can't be taken for a month.

    A program that takes one for the other writes both kinds of dates in two forms.

    Parameters
    ----------
    ticks
        Ticks of the column, which may lie beyond its range.
    column
        What the column is; a column of dates.
    """
    return _part_of("beyond month", ticks, column).astype(np.bool_)
