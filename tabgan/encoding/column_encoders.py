"""`ColumnEncoder`, the base class of encoders of one column, and those of levels and of numbers."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError, did_you_mean
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.quantiles import Quantiles
from tabgan.encoding.rhythm import Week
from tabgan.encoding.seasons import Season, SeasonGrid, SeasonLevels
from tabgan.table.clock_shares import FormsByPart
from tabgan.table.columns import NUMBERS, TICKS, TypedSeries, clip_to_ends, replaced, write_column
from tabgan.table.dates import TICKS_PER_DAY, calendar_place, days_at, unit_of
from tabgan.table.level_codes import levels_to_series
from tabgan.table.number_scale import Lattice, Scale, fit_scale, scale_from_json
from tabgan.table.numbers import Numbers
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column

__all__ = ["CategoricalEncoder", "ColumnEncoder", "Encoded", "LevelTable", "NumericEncoder"]


class Encoded(NamedTuple):
    """Encoded rows: bands of probability for numbers, integer codes for levels.

    A number is not one value but a band ``[low, low + width]`` of the unit interval, from which
    training samples uniformly (the randomized probability integral transform): a value that occurs
    with probability p owns a band of width p. A level is an integer code, never a dense one-hot.
    """

    low: NDArray[np.float32]  # (rows, numbers)
    width: NDArray[np.float32]  # (rows, numbers)
    codes: NDArray[np.int32]  # (rows, level spans)

    @classmethod
    def empty(cls, rows: int) -> "Encoded":
        """Return encoded rows of width zero."""
        nothing = np.empty((rows, 0), np.float32)
        return cls(nothing, nothing, np.empty((rows, 0), np.int32))


class ColumnEncoder(ABC):
    """Base class of encoders, which turn one column into encoded form and back.

    An encoder is immutable: `fit` creates it, or `from_json` from the result of `to_json`. It
    contains a summary of the column, never its rows. `encode` handles each row independently, so
    any subset or order of rows gives the same encoded rows.
    """

    name: ClassVar[str]  # registry name in model files, one per class

    @classmethod
    def suits(cls, cells: TypedSeries) -> bool:  # noqa: ARG003
        """Return whether this registered encoder takes a column instead of the built-in one.

        It is called once for each column that is learned or generated, before `fit`.
        """
        return False

    @property
    @abstractmethod
    def spans(self) -> RowLayout:
        """The layout of this column in an encoded row; may be empty."""

    @property
    def quantiles(self) -> tuple[Quantiles, ...]:
        """The distribution of each number of `spans`."""
        return ()

    @property
    def absent_codes(self) -> tuple[int, ...]:
        """The codes of the first level span that stand for a missing value."""
        return ()

    @property
    def leading_spans(self) -> tuple[int, ...]:
        """The level spans of `spans` that the polish keeps, because others depend on them."""
        return ()

    def settle(
        self,
        codes: NDArray[np.int64],
        rng: np.random.Generator,  # noqa: ARG002
    ) -> NDArray[np.int64]:
        """Make the level codes of sampled rows consistent with those of `leading_spans`.

        Parameters
        ----------
        codes
            Level codes, shape (rows, level spans of `spans`).
        rng
            The random generator.
        """
        return codes

    @classmethod
    @abstractmethod
    def fit(cls, cells: TypedSeries) -> Self:
        """Learn the encoding of a column from its values.

        Raises
        ------
        DataError
            If a value can't be encoded; the message names column, value and fix.
        """

    @abstractmethod
    def encode(self, cells: TypedSeries) -> Encoded:
        """Encode values of the fitted column, row by row.

        Raises
        ------
        DataError
            If a value did not occur in the fit.
        """

    @abstractmethod
    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,
        rng: np.random.Generator,
        key: int = 0,
    ) -> pd.Series:
        """Turn encoded rows back into a series of the column's name and dtype.

        Parameters
        ----------
        numbers
            Probabilities in [0, 1], shape (rows, numbers of `spans`).
        codes
            Level codes, shape (rows, level spans of `spans`).
        start
            Position of the first row in the whole sample; identifiers count from it.
        rng
            The random generator.
        key
            Determines the order of values that depend on the position only; the same for a whole
            sample.
        """

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values; inverse of `from_json`."""

    @classmethod
    @abstractmethod
    def from_json(cls, column: Column, state: dict[str, Any]) -> Self:
        """Rebuild an encoder from `to_json`'s value.

        Parameters
        ----------
        column
            The column's description.
        state
            The value that `to_json` returned.
        """


class LevelTable:
    """Distinct values in a fixed order; a level's code is its position.

    Levels of different types are different: ``1``, ``1.0``, ``True`` and ``"1"`` are four.
    """

    def __init__(self, values: Iterable[Scalar]) -> None:
        self.values: list[Scalar] = list(values)

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def _code(self) -> dict[tuple[type, Scalar], int]:
        return {(type(value), value): code for code, value in enumerate(self.values)}

    def codes_in(self, cells: TypedSeries) -> NDArray[np.int32]:
        """Return the code of each row of a column.

        Raises
        ------
        DataError
            If a value is none of the levels.
        """
        codes = [self._code.get((type(level), level), -1) for level in cells.levels]
        if -1 in codes:
            raise DataError(self._unknown(cells.levels[codes.index(-1)], cells.column))
        return np.array(codes, np.int32)[cells.codes]

    def nearest(self, cells: TypedSeries) -> TypedSeries:
        """Put the nearest level in place of numbers and dates that are none of the levels."""
        known = [(type(level), level) in self._code for level in cells.levels]
        column = cells.column
        if all(known) or column.kind not in NUMBERS | TICKS:
            return cells
        codes = np.arange(len(self), dtype=np.int32)
        own = TypedSeries(column, levels_to_series(self.values, codes, column)).numbers
        there = np.flatnonzero(own.present)
        rows = np.flatnonzero(~np.array(known)[cells.codes] & cells.numbers.present)
        if not len(there) or not len(rows):
            return cells
        distance = np.abs(cells.numbers.values[rows][:, None] - own.values[there])
        chosen = np.zeros(len(cells.codes), np.int32)
        chosen[rows] = there[distance.argmin(axis=1)]
        changed = np.isin(np.arange(len(chosen)), rows)
        levels = levels_to_series(self.values, chosen, column)
        return TypedSeries(column, replaced(cells.values, changed, levels))

    def _unknown(self, value: Scalar, column: Column) -> str:
        if value is None:
            return (
                f"Column {column.name!r}: a value is missing, but none was at fit; fill it, or "
                "fit again on a table with missing values"
            )
        known = islice((level for level in self.values if level is not None), 1000)
        return (
            f"Column {column.name!r}: the value {value!r} was not there at fit; correct it, or "
            f"fit again on a table that has it; {did_you_mean(value, known)}"
        )

    def to_json(self) -> list[Any]:
        """Describe the levels by JSON values."""
        return [to_json_scalar(value) for value in self.values]

    @classmethod
    def from_json(cls, state: Any) -> Self:
        """Rebuild levels from `to_json`'s value.

        Raises
        ------
        TypeError, ValueError
            If the value is malformed.
        """
        if not isinstance(state, list):
            raise TypeError("levels: a list is needed")
        return cls([from_json_scalar(value) for value in state])


class CategoricalEncoder(ColumnEncoder):
    """Encoder of categories, booleans, and numbers or dates with few values; missing is a level.

    A constant column takes no space in an encoded row.
    """

    name = "categorical"

    def __init__(self, column: Column, levels: LevelTable) -> None:
        self.column = column
        self._levels = levels

    @property
    def levels(self) -> Sequence[Scalar]:
        """The levels; a level's code is its position."""
        return self._levels.values

    @property
    def spans(self) -> RowLayout:
        """One level span, or nothing if there is only one level."""
        return RowLayout((), (len(self._levels),) if len(self._levels) > 1 else ())

    @property
    def absent_codes(self) -> tuple[int, ...]:
        """The levels that stand for a missing value: None, and an empty text."""
        return tuple(i for i, level in enumerate(self.levels) if level in (None, ""))

    def nearest(self, cells: TypedSeries) -> TypedSeries:
        """Replace numbers and dates that did not occur in the fit by the nearest level."""
        return self._levels.nearest(cells)

    @classmethod
    def fit(cls, cells: TypedSeries) -> Self:
        """Learn the column's levels."""
        return cls(cells.column, LevelTable(cells.levels))

    def encode(self, cells: TypedSeries) -> Encoded:
        """Give each value the code of its level.

        Raises
        ------
        DataError
            If a value did not occur in the fit.
        """
        codes = self._levels.codes_in(cells)[:, None]
        return Encoded.empty(len(codes))._replace(codes=codes[:, : len(self.spans.widths)])

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
        key: int = 0,  # noqa: ARG002
    ) -> pd.Series:
        """Return the level of each code.

        Parameters
        ----------
        numbers
            Probabilities in [0, 1], shape (rows, numbers of `spans`).
        codes
            Level codes, shape (rows, level spans of `spans`).
        start
            Position of the first row in the whole sample.
        rng
            The random generator.
        key
            Determines the order of generated values; the same for all blocks of a sample.
        """
        chosen = codes[:, 0] if self.spans.widths else np.zeros(len(numbers), np.int64)
        return levels_to_series(self._levels.values, chosen, self.column)

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        return {"levels": self._levels.to_json()}

    @classmethod
    def from_json(cls, column: Column, state: dict[str, Any]) -> Self:
        """Rebuild an encoder from `to_json`'s value.

        Parameters
        ----------
        column
            The column's description.
        state
            The value that `to_json` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        levels = LevelTable.from_json(state["levels"])
        if not len(levels):
            raise ValueError("categorical: at least one level is needed")
        return cls(column, levels)


ROUND_DIGITS = (2, 5, 10, 25)
MOST_POWER = 12  # of ten
CLOCK = (1, 60, 300, 900, 3600, 86_400)  # seconds
DAY = 86_400  # seconds
FIRST_MONDAY = 4  # days after the first one of 1970


class NumericEncoder(ColumnEncoder):
    """Encoder of numbers, dates and durations, by their place in the column's distribution.

    Values that are not numbers (missing, infinite, a text such as ``"NA"``) are *specials*: levels
    of a flag beside the number, which keep their share and are not changed.
    """

    name = "numeric"

    def __init__(
        self,
        column: Column,
        scale: Scale,
        quantiles: Quantiles,
        specials: LevelTable,
        *,
        forms_by_part: FormsByPart | None = None,
        seasons: SeasonLevels | None = None,
        place: str | None = None,  # of the calendar, at which nearly all dates lie
    ) -> None:
        self.column = column
        self._place = place
        self._scale = scale
        self._quantiles = quantiles
        self._specials = specials
        self._forms_by_part = forms_by_part
        self._seasons = seasons

    @property
    def specials(self) -> Sequence[Scalar]:
        """The values of the column that are not numbers; None for a missing value."""
        return self._specials.values

    @property
    def spans(self) -> RowLayout:
        """One number, its mark, its form and its seasons.

        The mark, of a column with specials, has the level 0 where a number is present. The form,
        of a column with several formats, is the place of the number's own. A season, such as the
        day of the week, has a further level where no date is present.
        """
        marks = (1 + len(self._specials),) if len(self._specials) else ()
        forms = (len(self.column.formats),) if self.column.other_formats else ()
        seasons = () if self._seasons is None else self._seasons.widths
        return RowLayout(
            (0 if marks else None,), marks + forms + tuple(n + len(marks) for n in seasons)
        )

    @property
    def _form_span(self) -> int:
        return int(len(self._specials) > 0)

    @property
    def _season_spans(self) -> slice:
        return slice(self._form_span + bool(self.column.other_formats), None)

    @property
    def ends(self) -> tuple[int, int]:
        """The least and the greatest whole number, or tick, that is drawn."""
        low, high = self._values_at(np.array([0.0, 1.0])).tolist()
        return int(low), int(high)

    def with_forms(self, dates: Numbers, column: Column) -> Numbers:
        """Return dates in the forms that go with them, if forms go with a part of the date.

        Parameters
        ----------
        dates
            Dates that have been moved, in the forms that they had.
        column
            Their column, with any range.
        """
        by_part = self._forms_by_part
        return dates if by_part is None else dates._replace(forms=by_part.at(dates.values, column))

    @property
    def seasons(self) -> tuple[Season, ...]:
        """The parts of dates that are learned as levels beside them."""
        return () if self._seasons is None else (*self._seasons.levels,)

    @property
    def quantiles(self) -> tuple[Quantiles, ...]:
        """The distribution of the number."""
        return (self._quantiles,)

    @property
    def absent_codes(self) -> tuple[int, ...]:
        """The levels of the flag that mean a missing value: None, and texts such as ``"NA"``."""
        return tuple(1 + i for i, s in enumerate(self.specials) if s is None or isinstance(s, str))

    @classmethod
    def fit(cls, cells: TypedSeries) -> Self:
        """Learn the column's distribution, with the range of `ends_of`, and its specials.

        Raises
        ------
        DataError
            If a value is not supported, or none is a number.
        """
        column, numbers = cells.column, cells.numbers
        known = numbers.values[numbers.present]
        if not len(known):
            raise DataError(
                f"Column {column.name!r}: of {len(cells.values)} values none is of kind "
                f"{column.kind!r}; give the column the kind 'categorical', or drop it"
            )
        decimals = 0 if column.kind == "integer" else column.decimals
        kept = clip_to_ends(known, column)
        scale = fit_scale(kept, decimals)
        low, high = scale.to_line(np.array([kept.min(), kept.max()])).tolist()
        line = np.nan_to_num(scale.to_line(known))
        quantiles = _fit_quantiles(line, (low, high), column, scale)
        if quantiles.rhythm is not None:  # half the rows of a bent line may lie in a night
            quantiles = _fit_quantiles(line, (low, high), column, scale, bends=False)
        specials = LevelTable(_specials_of(column, numbers).levels)
        by_part, place = FormsByPart.of(numbers, column), _place_of(known, column)
        return cls(column, scale, quantiles, specials, forms_by_part=by_part, place=place)

    def with_seasons(self, cells: TypedSeries, seasons: Sequence[Season]) -> "NumericEncoder":
        """Return an encoder of dates that has their hour, weekday or month beside them.

        Parameters
        ----------
        cells
            The dates that were fitted.
        seasons
            The parts of dates that other columns depend on.
        """
        numbers, unit = cells.numbers, unit_of(self.column)
        levels = SeasonLevels.fit(
            seasons, numbers.values[numbers.present], unit, least=self.column.least_rows
        )
        return NumericEncoder(
            self.column,
            self._scale,
            self._quantiles,
            self._specials,
            forms_by_part=self._forms_by_part,
            seasons=levels,
            place=self._place,
        )

    def encode(self, cells: TypedSeries) -> Encoded:
        """Return the band of each number; numbers outside the fitted range get that of the end.

        Raises
        ------
        DataError
            If a value is neither a number nor a fitted special.
        """
        numbers = cells.with_column(self.column).numbers
        absent = ~numbers.present
        low, width = self._quantiles.to_band(self._scale.to_line(numbers.values))
        low[absent], width[absent] = 0.0, 1.0
        codes = np.zeros((len(absent), len(self.spans.widths)), np.int32)
        if absent.any():
            codes[absent, 0] = 1 + self._specials.codes_in(_specials_of(self.column, numbers))
        if numbers.forms is not None and self.column.other_formats:
            codes[:, self._form_span] = numbers.forms
        if self._seasons is not None:
            own = self._seasons.of(numbers.values)
            codes[:, self._season_spans] = np.where(absent[:, None], self._seasons.widths, own)
        return Encoded(low.astype(np.float32)[:, None], width.astype(np.float32)[:, None], codes)

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
        key: int = 0,  # noqa: ARG002
    ) -> pd.Series:
        """Return the numbers at the probabilities, and specials where their level is set.

        Parameters
        ----------
        numbers
            Probabilities in [0, 1], shape (rows, numbers of `spans`).
        codes
            Level codes, shape (rows, level spans of `spans`).
        start
            Position of the first row in the whole sample.
        rng
            The random generator.
        key
            Determines the order of generated values; the same for all blocks of a sample.
        """
        units = numbers[:, 0]
        if self._seasons is not None:
            units = self._season_grid.agree(units, codes[:, self._season_spans], self._values_at)
        values = self._values_at(units)
        if self._place is not None:
            values = self._at_place(values, self._place)
        level = codes[:, 0] if len(self._specials) else np.zeros(len(numbers), np.intp)
        special = np.array([None, *self._specials.values], object)[level]
        forms = codes[:, self._form_span].astype(np.int8) if self.column.other_formats else None
        if self._forms_by_part is not None:
            forms = self._forms_by_part.at(values, self.column)
        return write_column(Numbers(values, level == 0, special, forms), self.column)

    @cached_property
    def _season_grid(self) -> SeasonGrid:
        assert self._seasons is not None
        return SeasonGrid.of(self._seasons, self._values_at)

    def _at_place(self, ticks: NDArray[np.int64], place: str) -> NDArray[np.int64]:
        """Move dates to the nearest ones at a place of the calendar, within the range."""
        per_day = TICKS_PER_DAY[unit_of(self.column)]
        days, (low, high) = ticks // per_day, self.ends
        within = days_at(place, np.arange(low // per_day, high // per_day + 1))
        within = within[(within * per_day >= low) & (within * per_day <= high)]
        if not len(within):
            return ticks
        moved = np.clip(days_at(place, days), within.min(), within.max())
        return ticks + (moved - days) * per_day

    def _values_at(self, units: NDArray[np.float64]) -> NDArray[Any]:
        return self._scale.from_line(self._quantiles.from_unit(units))

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        by_part, seasons = self._forms_by_part, self._seasons
        return {
            "scale": self._scale.to_json(),
            "quantiles": self._quantiles.to_json(),
            "specials": self._specials.to_json(),
            **({} if by_part is None else {"forms_by_part": by_part.to_json()}),
            **({} if seasons is None else {"seasons": seasons.to_json()}),
            **({} if self._place is None else {"place": self._place}),
        }

    @classmethod
    def from_json(cls, column: Column, state: dict[str, Any]) -> Self:
        """Rebuild an encoder from `to_json`'s value.

        Parameters
        ----------
        column
            The column's description.
        state
            The value that `to_json` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        scale = scale_from_json(state["scale"])
        quantiles = Quantiles.from_json(state["quantiles"])
        least, most = scale.limits
        if quantiles.whole is not scale.whole:
            raise ValueError("numeric: scale and quantiles do not match")
        if quantiles.minimum < least or quantiles.maximum > most:
            raise ValueError("numeric: the quantiles leave the scale")
        by_part = state.get("forms_by_part")
        if by_part is not None:
            by_part = FormsByPart.from_json(by_part, column)
        seasons = state.get("seasons")
        if seasons is not None:
            seasons = SeasonLevels.from_json(seasons, unit_of(column))
        specials = LevelTable.from_json(state["specials"])
        place = state.get("place")
        if place is not None:
            days_at(place, np.zeros(1, np.int64))  # KeyError if there is no such place
            TICKS_PER_DAY[unit_of(column)]
        return cls(
            *(column, scale, quantiles, specials),
            forms_by_part=by_part,
            seasons=seasons,
            place=place,
        )


def _fit_quantiles(
    line: NDArray[np.float64],
    ends: tuple[float, float],
    column: Column,
    scale: Scale,
    *,
    bends: bool = True,
) -> Quantiles:
    """Learn the distribution of positions, and their heaping.

    Parameters
    ----------
    line
        Positions on the line.
    ends
        Those of the least and the greatest number to be drawn.
    column
        The column's description.
    scale
        Its line.
    bends
        Whether straight lines that are amiss are bent.
    """
    least = column.least_rows
    return Quantiles.fit(line, whole=scale.whole, least=least, ends=ends, bends=bends).with_heaping(
        line,
        scale.steps_of(_round_steps(column)),
        least=least,
        unit=scale.unit,
        week=_week_of(column, scale),
    )


def _round_steps(column: Column) -> list[int]:
    """Return how many ticks round numbers are apart: powers of ten, or units of time."""
    if column.kind in ("datetime", "timedelta"):
        ticks = [seconds * TICKS_PER_DAY.get(unit_of(column), 0) for seconds in CLOCK]
        return [tick // DAY for tick in ticks if tick and tick % DAY == 0]
    return [digit * 10**power for power in range(MOST_POWER) for digit in ROUND_DIGITS]


def _week_of(column: Column, scale: Scale) -> Week | None:
    """Return where weeks lie on the line of a column of dates."""
    unit = unit_of(column) if column.kind == "datetime" else None
    if unit not in TICKS_PER_DAY or not isinstance(scale, Lattice):
        return None
    length = 7 * TICKS_PER_DAY[unit]
    if length % scale.step:
        return None
    return Week((FIRST_MONDAY * length // 7 - scale.base) % length, length, scale.step)


def _place_of(ticks: NDArray[Any], column: Column) -> str | None:
    """Return the place of the calendar, such as ends of months, at which nearly all dates lie."""
    unit = unit_of(column) if column.kind == "datetime" else None
    return calendar_place(ticks // TICKS_PER_DAY[unit]) if unit in TICKS_PER_DAY else None


def _specials_of(column: Column, numbers: Numbers) -> TypedSeries:
    return TypedSeries(column, pd.Series(numbers.special[~numbers.present], dtype=object))
