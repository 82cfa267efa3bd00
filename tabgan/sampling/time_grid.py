"""`TimeGrid`, the dates of a regular series, `DistinctNumbers`, and `RowOrder`, the order of rows.

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
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.encoding.rhythm import HOURS_OF_WEEK
from tabgan.encoding.seasons import Season, as_unit
from tabgan.encoding.table_encoder import TableEncoder, make_consistent
from tabgan.sampling.key_groups import Check, sortable
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
from tabgan.table.schema import RANGED, Column, Schema

__all__ = [
    "DistinctNumbers",
    "RowOrder",
    "TimeGrid",
    "columns_in_order",
    "ends_of_encoder",
    "find_distinct_numbers",
    "find_order",
    "find_time_grids",
    "is_code",
    "with_values",
]

LEAST_DATES = 50
LEAST_PAIRS = 20.0  # of equal numbers that there would be by chance
LEAST_FULL = 0.95  # share of the places of the grid that have a row
LEAST_OPEN = 5  # dates of an hour of the week in which there are rows …
MOST_CLOSED = 0.02  # … and share of the rows in other ones
MOST_PLACES = 1 << 20
LEFT_OUT = 2  # times the fewest rows that an end tells of are left out before it, at most
MOST_YEARS = 290  # since 1970, as far as nanoseconds reach
FEWEST_IN_ORDER = 50  # rows that tell of an order
FEWEST_ORDERED_VALUES = 6  # of a column; of fewer, it is classes that stand together
MOST_OUT_OF_ORDER = 0.001  # share of the rows
MOST_STEPS_BACK = 0.01  # the same as a share of the steps ahead, where most rows are equal
MOST_ORDERING = 3  # columns by which rows are in order
LEAST_BROKEN = 12.0  # rows that would be out of order by chance
_UNORDERED = ("multiselect", "compound", "boolean")
ROUNDS = 60  # of proposals; rows that have found no place then stay

EPOCH = date(1970, 1, 1)

Places = NDArray[np.int64]
Rows = NDArray[np.int64]


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
        """Return the dates between two ends, and beyond them where there are more rows.

        Few lie before the first end, which may have left them out: the series begins at the
        roundest date. The others lie behind the last end.
        """
        places = self.places(first, last)
        missing = n_rows - len(places)
        if missing <= 0 or not len(places):
            return places
        week = round(7 * self.ticks_per_day)
        beyond = -(-(last - first) * missing // len(places)) + 2 * max(week, self.step)
        if last + beyond > MOST_YEARS * 365 * self.ticks_per_day:
            return places
        before, after = self.places(first - beyond, first - 1), self.places(last + 1, last + beyond)
        n_before = min(missing, LEFT_OUT * self.column.column.least_rows, len(before))
        begin = before[len(before) - n_before :]
        every = np.concatenate([begin, places, after])
        start = int(_roundness(every[: len(begin) + 1], self._unit).argmax())
        return every[start : start + n_rows]

    def write(
        self, frame: pd.DataFrame, encoder: TableEncoder, rng: np.random.Generator, check: Check
    ) -> pd.DataFrame:
        """Move rows whose date is taken, or lies beside the grid, to the nearest free one.

        The series goes on behind its end where there are more rows than dates.

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
        ends = ends_of_encoder(encoder, at)
        if ends is None or not numbers.present.all() or len(frame) < 2:
            return frame
        places = self._places_for(len(frame), *ends)
        if len(frame) > len(places):
            return frame
        seasons = encoder.seasons.get(column.name, ())
        own = self._assigned(numbers.values.astype(np.int64), places, seasons, rng)
        encoded = encoder.encoders[at]
        assert isinstance(encoded, NumericEncoder)  # as it has ends
        values = _written(numbers._replace(values=places[own]), column, encoded)
        new = with_values(frame, at, values, encoder)
        return new if check(new).all() else frame

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


def with_values(
    frame: pd.DataFrame, at: int, values: pd.Series, encoder: TableEncoder
) -> pd.DataFrame:
    """Return rows with other values of a column, and with what these derive.

    Parameters
    ----------
    frame
        Rows of the table.
    at
        Position of the column.
    values
        A value for each row.
    encoder
        Encoder of the table.
    """
    new = frame.copy()
    new.isetitem(at, values.to_numpy() if values.dtype == object else values.array)
    if any(at in rule.positions for rule in encoder.dependencies):
        given = np.zeros(frame.shape, np.bool_)
        given[:, at] = True
        new = make_consistent(encoder, new.reset_index(drop=True), given).set_axis(frame.index)
    return new


@dataclass(frozen=True)
class DistinctNumbers:
    """A column of whole numbers none of which comes twice, though by chance many would.

    Parameters
    ----------
    column
        The column.
    """

    column: ColumnRef

    def describe(self, schema: Schema) -> str:  # noqa: ARG002
        """Describe the rule in words.

        Parameters
        ----------
        schema
            Columns of the table.
        """
        return f"{self.column} has no number twice"

    def write(
        self,
        frame: pd.DataFrame,
        encoder: TableEncoder,
        rng: np.random.Generator,  # noqa: ARG002
        check: Check,
    ) -> pd.DataFrame:
        """Move numbers that come twice to the next free ones, as far as the range has any.

        Parameters
        ----------
        frame
            Drawn rows.
        encoder
            Encoder of the table.
        rng
            Not used: numbers stay in their order.
        check
            Says which rows of a frame meet the conditions.
        """
        at = self.column.position
        column, ends = encoder.schema.columns[at], ends_of_encoder(encoder, at)
        numbers = TypedSeries(column, frame.iloc[:, at]).numbers
        if ends is None or not numbers.present.all() or len(frame) > ends[1] - ends[0] + 1:
            return frame
        values = numbers.values.astype(np.int64)
        order = np.argsort(values, kind="stable")
        apart = np.arange(len(frame))
        least = np.maximum.accumulate(values[order] - apart)
        moved = values.copy()
        moved[order] = apart + np.minimum(least, ends[1] - len(frame) + 1)
        if np.array_equal(moved, values):
            return frame
        written = write_column(numbers._replace(values=moved), column)
        new = with_values(frame, at, written, encoder)
        return new if check(new).all() else frame

    def to_json(self) -> dict[str, Any]:
        """Describe the rule by JSON values."""
        return {"column": self.column.to_json()}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild the rule from `to_json`'s value."""
        return cls(ColumnRef.from_json(state["column"]))


def find_distinct_numbers(table: ColumnFrame) -> tuple[DistinctNumbers, ...]:
    """Find the whole numbers none of which comes twice, which is no chance.

    Parameters
    ----------
    table
        The columns.
    """
    return tuple(DistinctNumbers(field_at(table, at)) for at in table if _are_distinct(table[at]))


def _are_distinct(cells: TypedSeries) -> bool:
    """Return whether no number comes twice, of which many pairs would meet by chance.

    Rows that are evenly spread over the range would meet least.
    """
    if cells.column.kind != "integer" or len(cells.values) < FEWEST_IN_ORDER:
        return False
    numbers = cells.numbers
    if not numbers.present.all() or numbers.values.dtype.kind not in "iu":
        return False
    span = float(numbers.values.max()) - float(numbers.values.min()) + 1
    pairs = len(numbers.values) ** 2 / (2 * span)
    return pairs >= LEAST_PAIRS and len(np.unique(numbers.values)) == len(numbers.values)


def _written(numbers: Numbers, column: Column, encoder: NumericEncoder) -> pd.Series:
    """Write dates, those beyond the range of the column, too."""
    low, high = column.minimum, column.maximum
    wide = replace(column, minimum=None, maximum=None)
    if type(low) is date and column.format is None:  # objects, which only their range tells
        first, last = (EPOCH + timedelta(days=int(own(numbers.values))) for own in (min, max))
        wide = replace(column, minimum=min(low, first), maximum=max(high, last))
    return write_column(encoder.with_forms(numbers, wide), wide)


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


def _roundness(ticks: Places, unit: str) -> Places:
    """Return how many of a year, a month, a day and an hour begin with each date."""
    dates = ticks.view(f"datetime64[{unit}]")
    rounded = (dates.astype(f"datetime64[{part}]").astype(dates.dtype) for part in "YMDh")
    return np.asarray(sum((own == dates).astype(np.int64) for own in rounded), np.int64)


def ends_of_encoder(encoder: TableEncoder, at: int) -> tuple[int, int] | None:
    """Return the least and greatest number or date that the encoder of a column draws, in ticks."""
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


def is_code(column: Column) -> bool:
    """Return whether a column names its rows, by codes that are generated for each by itself."""
    return column.kind in ("identifier", "sequential")


def columns_in_order(table: ColumnFrame) -> tuple[dict[int, bool], dict[int, bool]]:
    """Find the columns by which the rows of a table are in order.

    Dates come first, and of several columns the one of the most values.

    Parameters
    ----------
    table
        The columns.

    Returns
    -------
    Positions of the columns, the first one first, and whether they fall; the same of columns whose
    values are generated for each row.
    """
    values = {at: own for at, cells in table.items() if (own := _ordinals(cells)) is not None}
    tied = np.ones(max(len(own) for own in values.values()) - 1 if values else 0, np.bool_)
    everywhere, codes = tied, {at: own for at, own in values.items() if is_code(table[at].column)}
    rest = {at: own for at, own in values.items() if at not in codes}
    chosen: dict[int, bool] = {}
    while len(chosen) < MOST_ORDERING:
        found = {at: falls for at, own in rest.items() if (falls := _falls(own, tied)) is not None}
        if not found:
            break
        dates = [at for at in found if table[at].column.kind == "datetime"]
        best = max(dates or found, key=lambda at: (len(table[at].levels), -at))
        chosen[best] = found[best]
        tied = tied & (np.diff(rest.pop(best)) == 0)
    followed = {at: _falls(own, everywhere) for at, own in codes.items()}
    return chosen, {at: falls for at, falls in followed.items() if falls is not None}


def _ordinals(cells: TypedSeries) -> NDArray[np.float64] | None:
    """Return numbers by which the values of a column are in order; None if it has holes."""
    column, rows = cells.column, len(cells.values)
    is_other = column.is_generated and column.kind != "key" and not is_code(column)
    if column.kind in _UNORDERED or is_other or rows < FEWEST_IN_ORDER:
        return None
    if column.kind in RANGED:
        numbers = cells.numbers
        return numbers.values.astype(np.float64) if numbers.present.all() else None
    return cells.codes.astype(np.float64) if cells.filled.all() else None


def _falls(values: NDArray[np.float64], tied: NDArray[np.bool_]) -> bool | None:
    """Return whether values fall or rise from row to row, where rows are tied; None if neither.

    Few of them, or the same one nearly everywhere, are in order by chance.
    """
    steps = np.diff(values)[tied]
    broken, kept = sorted([int((steps < 0).sum()), int((steps > 0).sum())])
    if broken > min(MOST_OUT_OF_ORDER * len(steps), MOST_STEPS_BACK * kept):
        return None
    shares = np.unique(values, return_counts=True)[1] / len(values)
    by_chance = (1 - float((shares**2).sum())) / 2 * len(steps)
    if len(shares) < FEWEST_ORDERED_VALUES or by_chance < LEAST_BROKEN:
        return None
    return bool((steps < 0).sum() > (steps > 0).sum())


@dataclass(frozen=True)
class RowOrder:
    """The columns by which the rows of a table are in order: a key, then a date.

    Parameters
    ----------
    columns
        The columns, and whether they fall; rows that are equal in one are in order of the next.
    codes
        Identifiers that are in order, and whether they fall: they follow the order of the rows.
    """

    columns: tuple[tuple[ColumnRef, bool], ...]
    codes: tuple[tuple[ColumnRef, bool], ...] = ()

    def __post_init__(self) -> None:
        if not self.columns and not self.codes:
            raise ValueError("rows are in order of one column at least")

    def describe(self, schema: Schema) -> str:  # noqa: ARG002
        """Describe the order in words.

        Parameters
        ----------
        schema
            Columns of the table.
        """
        names = [f"{own}{', falling' * falls}" for own, falls in self.columns or self.codes]
        return f"rows are in order of {', then of '.join(names)}"

    def order_of(self, frame: pd.DataFrame, encoder: TableEncoder, free: Collection[int]) -> Rows:
        """Return the rows of a frame as they are to follow each other.

        Parameters
        ----------
        frame
            Drawn rows.
        encoder
            Encoder of the table.
        free
            Positions of the identifiers that say nothing of their row.
        """
        by = [*self.columns, *(own for own in self.codes if own[0].position not in free)]
        ranks = [_ranks_in(frame, own.position, encoder.schema, falls) for own, falls in by]
        last_first = [np.arange(len(frame)), *reversed(ranks)]
        order: Rows = np.lexsort(last_first).astype(np.int64)
        return order

    def write(
        self, frame: pd.DataFrame, encoder: TableEncoder, free: Collection[int]
    ) -> pd.DataFrame:
        """Put rows in order, and the identifiers that say nothing of their row as well.

        Parameters
        ----------
        frame
            Drawn rows.
        encoder
            Encoder of the table.
        free
            Positions of the identifiers that say nothing of their row.
        """
        order = self.order_of(frame, encoder, free)
        series = [frame.iloc[order, at] for at in range(frame.shape[1])]
        falls = {own.position: is_falling for own, is_falling in self.codes}
        for at in free:
            if at in falls and not encoder.schema.columns[at].missing:
                ranks = _ranks_in(frame, at, encoder.schema, falls[at])
                series[at] = frame.iloc[np.argsort(ranks, kind="stable"), at]
            elif _counts_on(encoder, at):
                series[at] = frame.iloc[:, at]
        columns = [own.set_axis(frame.index) for own in series]
        return pd.concat(columns, axis=1).set_axis(frame.columns, axis=1)

    def to_json(self) -> dict[str, Any]:
        """Describe the order by JSON values."""
        parts = {"columns": self.columns, "codes": self.codes}
        return {
            name: [{"column": own.to_json(), "falls": falls} for own, falls in columns]
            for name, columns in parts.items()
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild the order from `to_json`'s value."""
        columns, codes = (
            tuple((ColumnRef.from_json(own["column"]), bool(own["falls"])) for own in state[name])
            for name in ("columns", "codes")
        )
        return cls(columns, codes)


def _ranks_in(frame: pd.DataFrame, at: int, schema: Schema, falls: bool) -> NDArray[Any]:
    numbers = sortable(frame, at, schema).astype(np.float64)
    return -numbers if falls else numbers


def _counts_on(encoder: TableEncoder, at: int) -> bool:
    own = encoder.encoders[at]
    return isinstance(own, IdentifierEncoder) and own.is_running


def find_order(table: ColumnFrame) -> RowOrder | None:
    """Find the columns by which the rows of a table are in order; None if there are none."""
    columns, codes = columns_in_order(table)
    own = tuple(
        tuple((field_at(table, at), falls) for at, falls in places.items())
        for places in (columns, codes)
    )
    is_counted = all(ref.column.kind == "sequential" and not falls for ref, falls in own[1])
    return None if not columns and is_counted else RowOrder(*own)
