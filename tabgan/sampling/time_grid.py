"""`TimeGrid`: dates of a regular series, one row for each hour or day, none of them twice.

Rows are drawn one by one, so that some hours would come twice and others not at all. At the end a
row whose hour is taken moves to a free one near it: to the same hour of another day first, or the
same day of another week, where other columns depend on these.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.column_encoders import NumericEncoder
from tabgan.encoding.rhythm import HOURS_OF_WEEK
from tabgan.encoding.seasons import Season, as_unit
from tabgan.encoding.table_encoder import TableEncoder, make_consistent
from tabgan.sampling.key_groups import Check
from tabgan.table.columns import (
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    field_at,
    write_column,
)
from tabgan.table.dates import TICKS_PER_DAY, unit_of
from tabgan.table.number_scale import Lattice, fit_scale
from tabgan.table.numbers import Numbers
from tabgan.table.schema import Column, Schema

__all__ = ["TimeGrid", "find_time_grids"]

LEAST_DATES = 50
LEAST_FULL = 0.95  # share of the places of the grid that have a row
LEAST_OPEN = 5  # dates of an hour of the week in which there are rows …
MOST_CLOSED = 0.02  # … and share of the rows in other ones
MOST_PLACES = 1 << 20
MOST_BEYOND = 0.05  # of the places, beyond the ends
ROUNDS = 60  # of proposals; rows that have found no place then stay

EPOCH = date(1970, 1, 1)

Places = NDArray[np.int64]


@dataclass(frozen=True)
class TimeGrid:
    """A column of dates a step apart, none of which comes twice.

    Parameters
    ----------
    column
        The column.
    step
        Ticks between two dates.
    phase
        Where the grid lies: ticks since 1970, less than a step.
    open_hours
        Hours of the week, from the first one of 1970 on, in which there are rows.
    """

    column: ColumnRef
    step: int
    phase: int
    open_hours: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.phase < self.step or not self.open_hours:
            raise ValueError("a grid of times needs a step, a phase within it, and open hours")
        if not {*self.open_hours} <= {*range(HOURS_OF_WEEK)} or self._unit not in TICKS_PER_DAY:
            raise ValueError("a grid of times needs dates, and hours of a week")

    @property
    def _unit(self) -> str:
        return unit_of(self.column.column)

    def describe(self, schema: Schema) -> str:  # noqa: ARG002
        """Describe the grid in words.

        Parameters
        ----------
        schema
            Columns of the table.
        """
        return f"the dates of {self.column} are {self.step_in_words} apart, one row each"

    @property
    def step_in_words(self) -> str:
        """The time between two dates, such as "1 hour"."""
        seconds = self.step * 86_400 / TICKS_PER_DAY[self._unit]
        units = {"week": 604_800, "day": 86_400, "hour": 3600, "minute": 60, "second": 1}
        name, size = next((u for u in units.items() if seconds % u[1] == 0), ("second", 1))
        return f"{seconds / size:g} {name}{'s' * (seconds != size)}"

    @property
    def open_share(self) -> float:
        """Share of the hours of a week in which there are rows."""
        return len(self.open_hours) / HOURS_OF_WEEK

    @property
    def ticks_per_day(self) -> float:
        """Ticks of the dates in a day."""
        return TICKS_PER_DAY[self._unit]

    @cached_property
    def _is_open(self) -> NDArray[np.bool_]:
        return np.isin(np.arange(HOURS_OF_WEEK), self.open_hours)

    def places(self, first: int, last: int) -> Places:
        """Return the dates of the grid between two dates, in ticks.

        Parameters
        ----------
        first, last
            The ends, in ticks.
        """
        start = first + (self.phase - first) % self.step
        every = start + self.step * np.arange(max((last - start) // self.step + 1, 0))
        return every[self._is_open[_hours(every, self._unit)]]

    def _places_for(self, n_rows: int, first: int, last: int) -> Places:
        """Return the dates between two ends; some beyond them, as ends of few rows are not kept."""
        places = self.places(first, last)
        missing = n_rows - len(places)
        if not 0 < missing <= MOST_BEYOND * len(places):
            return places
        share = missing // 2
        beyond = self.step * max(share, 1) * HOURS_OF_WEEK // len(self.open_hours) + self.step
        before, after = self.places(first - beyond, first - 1), self.places(last + 1, last + beyond)
        return np.concatenate([before[len(before) - share :], places, after[: missing - share]])

    def write(
        self, frame: pd.DataFrame, encoder: TableEncoder, rng: np.random.Generator, check: Check
    ) -> pd.DataFrame:
        """Move rows whose date is taken, or lies beside the grid, to the nearest free one.

        Where there are many more rows than dates, all stay.

        Parameters
        ----------
        frame
            Drawn rows.
        encoder
            Encoder of the table.
        rng
            The only source of randomness.
        check
            Says which rows of a frame meet the conditions.
        """
        at = self.column.position
        column = encoder.schema.columns[at]
        numbers = TypedSeries(column, frame.iloc[:, at]).numbers
        ends = _ends_of(encoder, at)
        if ends is None or not numbers.present.all() or len(frame) < 2:
            return frame
        places = self._places_for(len(frame), *ends)
        if len(frame) > len(places):
            return frame
        seasons = encoder.seasons.get(column.name, ())
        own = self._assigned(numbers.values.astype(np.int64), places, seasons, rng)
        values = _written(numbers._replace(values=places[own]), column)
        new = self.with_dates(frame, values, encoder)
        return new if check(new).all() else frame

    def with_dates(
        self, frame: pd.DataFrame, dates: pd.Series, encoder: TableEncoder
    ) -> pd.DataFrame:
        """Return rows with other dates, and with what these derive.

        Parameters
        ----------
        frame
            Rows of the table.
        dates
            A date for each row.
        encoder
            Encoder of the table.
        """
        at, new = self.column.position, frame.copy()
        new.isetitem(at, dates.to_numpy() if dates.dtype == object else dates.array)
        if any(at in rule.positions for rule in encoder.dependencies):
            given = np.zeros(frame.shape, np.bool_)
            given[:, at] = True
            new = make_consistent(encoder, new.reset_index(drop=True), given).set_axis(frame.index)
        return new

    def _assigned(
        self, ticks: Places, places: Places, seasons: Collection[Season], rng: np.random.Generator
    ) -> Places:
        """Return a place of its own for each row, near to its date."""
        after = np.searchsorted(places, ticks).clip(0, len(places) - 1)
        before = (after - 1).clip(0)
        own = np.where(ticks - places[before] < places[after] - ticks, before, after)
        hours = _hours(places, self._unit)
        hour = hours % 24 * ("hour" in seasons)
        found = np.full(len(ticks), -1, np.int64)
        free = np.ones(len(places), np.bool_)
        weekday = hours // 24 * ("weekday" in seasons)
        for classes in (24 * weekday + hour, hour, np.zeros_like(hour)):
            for _ in range(ROUNDS):
                rows = rng.permutation(np.flatnonzero(found < 0))
                if not len(rows):
                    return found
                wanted = _nearest_free(own[rows], free, classes)
                there = wanted >= 0
                chosen, first = np.unique(wanted[there], return_index=True)
                if not len(chosen):
                    break
                found[rows[there][first]] = chosen
                free[chosen] = False
        rest = np.flatnonzero(found < 0)
        found[rest] = np.flatnonzero(free)[: len(rest)]
        return found

    def to_json(self) -> dict[str, Any]:
        """Describe the grid by JSON values."""
        return {
            "column": self.column.to_json(),
            "step": self.step,
            "phase": self.phase,
            "open_hours": [*self.open_hours],
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild the grid from `to_json`'s value."""
        return cls(
            ColumnRef.from_json(state["column"]),
            int(state["step"]),
            int(state["phase"]),
            tuple(map(int, state["open_hours"])),
        )


def _written(numbers: Numbers, column: Column) -> pd.Series:
    """Write dates, those beyond the range of the column, too."""
    low, high = column.minimum, column.maximum
    if type(low) is date and column.format is None:  # objects, which only their range tells
        first, last = (EPOCH + timedelta(days=int(own(numbers.values))) for own in (min, max))
        return write_column(
            numbers, replace(column, minimum=min(low, first), maximum=max(high, last))
        )
    return write_column(numbers, replace(column, minimum=None, maximum=None))


def _nearest_free(own: Places, free: NDArray[np.bool_], classes: Places) -> Places:
    """Return the nearest free place of each one that is of its class; -1 if there is none."""
    wanted = np.full(len(own), -1, np.int64)
    for each in np.unique(classes[own]).tolist():
        rows, left = np.flatnonzero(classes[own] == each), np.flatnonzero(free & (classes == each))
        if len(left):
            after = np.searchsorted(left, own[rows]).clip(0, len(left) - 1)
            before = (after - 1).clip(0)
            nearer = np.abs(own[rows] - left[before]) < np.abs(left[after] - own[rows])
            wanted[rows] = left[np.where(nearer, before, after)]
    return wanted


def _hours(ticks: Places, unit: str) -> Places:
    """Return the hour of the week of dates, from the first one of 1970 on."""
    return as_unit(ticks, unit, "h") % HOURS_OF_WEEK


def _ends_of(encoder: TableEncoder, at: int) -> tuple[int, int] | None:
    """Return the first and last date that the encoder of a column draws, in ticks."""
    own = encoder.encoders.get(at)
    return own.ends if isinstance(own, NumericEncoder) else None


def find_time_grids(table: ColumnFrame) -> tuple[TimeGrid, ...]:
    """Find the columns of dates that are a step apart, with a row for each.

    Parameters
    ----------
    table
        The columns.
    """
    found = (_grid_of(table, at) for at in table)
    return tuple(grid for grid in found if grid is not None)


def _grid_of(table: ColumnFrame, at: int) -> TimeGrid | None:
    cells = table[at]
    unit = unit_of(cells.column) if cells.column.kind == "datetime" else None
    if unit not in TICKS_PER_DAY or len(cells.values) < LEAST_DATES:
        return None
    numbers = cells.numbers
    if not numbers.present.all():
        return None
    ticks = np.sort(numbers.values.astype(np.int64))
    gaps = np.diff(ticks)
    if not gaps.all():  # a date that comes twice
        return None
    scale = fit_scale(ticks, None, cells.column.least_rows)
    assert isinstance(scale, Lattice)  # whole numbers have no other one
    step, phase = scale.step, scale.base % scale.step
    if (ticks[-1] - ticks[0]) // step >= MOST_PLACES:
        return None
    counts = np.bincount(_hours(ticks, unit), minlength=HOURS_OF_WEEK)
    for is_open in (np.ones(HOURS_OF_WEEK, np.bool_), counts >= LEAST_OPEN):
        hours = tuple(np.flatnonzero(is_open).tolist())
        if counts[~is_open].sum() <= MOST_CLOSED * len(ticks):
            grid = TimeGrid(field_at(table, at), step, phase, hours)
            places = grid.places(int(ticks[0]), int(ticks[-1]))
            if len(ticks) >= LEAST_FULL * max(len(places), 1):
                return grid
    return None
