"""Columns of dates and durations, of whatever dtype or format, as whole ticks of their own unit.

Ticks of dates are wall-clock time: midnight stays midnight over a change to daylight saving.
"""

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError, SchemaError
from tabgan.table.date_forms import TIME_OBJECTS, UNITS, DateForm, parse_by_date_forms
from tabgan.table.level_codes import Distinct, assemble, dense, distinct_of
from tabgan.table.numbers import (
    Numbers,
    from_pool,
    in_rows,
    whole_within,
    write_by_forms,
    write_numbers,
)
from tabgan.table.scalars import Scalar, describe_zone
from tabgan.table.schema import Column

__all__ = [
    "AGES",
    "Age",
    "CalendarShares",
    "calendar_place",
    "days_at",
    "TICKS_PER_DAY",
    "date_forms",
    "moments_of",
    "range_of_ticks",
    "read_dates",
    "read_ticks",
    "shifted",
    "unit_of",
    "write_dates",
    "write_ticks",
    "zone_of",
]

TICKS_PER_DAY = {"D": 1, "h": 24, "m": 1440, "s": 86_400}
TICKS_PER_DAY |= {"ms": 86_400 * 10**3, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}
"""Ticks of a day, by the unit of a column of dates; months have no length of their own."""

_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "f": 6}  # those of fixed width


class _Field(NamedTuple):
    """A part of a text: the digits of a directive, or a literal character."""

    name: str
    start: int
    width: int = 0  # of the digits; 0 for a literal


def read_dates(levels: Sequence[Scalar], form: str) -> NDArray[np.datetime64]:
    """Read texts that are dates of a format and written back the same; others are NaT.

    Parameters
    ----------
    levels
        Distinct values; those that are no texts are no dates.
    form
        A ``strftime`` format.

    Examples
    --------
    >>> read_dates(["29.02.2024", "29.02.2023", "?"], "%d.%m.%Y").astype("M8[D]")
    array(['2024-02-29',        'NaT',        'NaT'], dtype='datetime64[D]')
    """
    return DateForm(form).parse(_texts_of(levels))[0]


def write_dates(moments: NDArray[np.datetime64], form: str) -> list[str]:
    """Write dates by a format.

    Parameters
    ----------
    moments
        Moments to write.
    form
        A ``strftime`` format.

    Examples
    --------
    >>> write_dates(np.array(["2024-02-29"], "M8[D]"), "%d.%m.%Y")
    ['29.02.2024']
    """
    fields = _fields(form)
    if fields is None:
        return DateForm(form).write(moments)
    width = sum(field.width or 1 for field in fields)
    characters = np.empty((len(moments), width), np.uint32)
    parts = _parts(moments)
    for name, start, digits in fields:
        if not digits:
            characters[:, start] = ord(name)
        for place in range(digits):
            digit = parts[name] // 10 ** (digits - 1 - place) % 10
            characters[:, start + place] = ord("0") + digit
    texts: list[str] = characters.view(f"U{width}")[:, 0].tolist()
    return texts


def _fields(form: str) -> list[_Field] | None:
    """Cut a format into parts of fixed width; None if it has others."""
    fields: list[_Field] = []
    start = 0
    for directive, literal in re.findall(r"%(.)|([^%])", form, re.DOTALL):
        width = _WIDTHS.get(directive, 0)
        if (directive and not width) or literal in _WIDTHS:  # letters of `parse_dates`' own
            return None
        fields.append(_Field(directive or literal, start, width))
        start += width or 1
    return fields


def _parts(moments: NDArray[np.datetime64]) -> dict[str, NDArray[np.int64]]:
    """Take dates apart into year, month, day, hour, minute, second and microsecond."""
    years, months = moments.astype("M8[Y]"), moments.astype("M8[M]")
    days = moments.astype("M8[D]")
    ticks = (moments.astype("M8[us]") - days).astype(np.int64)
    return {
        "Y": years.astype(np.int64) + 1970,
        "m": (months - years).astype(np.int64) + 1,
        "d": (days - months).astype(np.int64) + 1,
        "H": ticks // 3_600_000_000,
        "M": ticks // 60_000_000 % 60,
        "S": ticks // 1_000_000 % 60,
        "f": ticks % 1_000_000,
    }


def _texts_of(levels: Sequence[Scalar]) -> list[str]:
    """Return distinct values as texts: whole numbers, times in ISO form; others are empty."""
    return [_text_of(level) for level in levels]


def _text_of(level: Scalar) -> str:
    if type(level) is str:
        return level
    if isinstance(level, datetime.time):
        return level.isoformat()
    if isinstance(level, float) and level.is_integer():
        level = int(level)
    return str(level) if isinstance(level, int) and not isinstance(level, bool) else ""


_NAT = int(np.iinfo(np.int64).min)  # the tick that stands for "not a time"
_NANOSECOND_DAYS = 106_750  # days of 2**63 nanoseconds, less two
_PANDAS_UNITS = ("s", "ms", "us", "ns")


def read_ticks(
    values: pd.Series, column: Column, distinct: Callable[[pd.Series], Distinct] = distinct_of
) -> Numbers:
    """Read a column of kind datetime or timedelta.

    Parameters
    ----------
    values
        The values of a column.
    column
        What the column is.
    distinct
        Tells the distinct values of a column of texts or objects.
    """
    values = dense(values)
    unit = unit_of(column)
    if isinstance(values.dtype, pd.PeriodDtype):
        ticks = values.array.asi8
    elif values.dtype.kind in "mM":
        ticks = _ticks_of(values, unit, column)
    else:
        return _read_objects(distinct(values), unit, column)
    present = ticks != _NAT
    return Numbers(np.where(present, ticks, 0), present, np.full(len(values), None, object))


def _ticks_of(values: pd.Series, unit: str, column: Column) -> NDArray[np.int64]:
    dtype: Any = values.dtype
    if isinstance(dtype, pd.ArrowDtype):
        unit_of_dtype: Any = _pandas_unit(_arrow_unit(dtype))
        zone = getattr(dtype.pyarrow_dtype, "tz", None)
        plain: Any = f"{_kind(column)}8[{unit_of_dtype}]"
        values = values.astype(plain if zone is None else pd.DatetimeTZDtype(unit_of_dtype, zone))
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert(zone_of(column)).dt.tz_localize(None)
    try:
        moments = values.dt.as_unit(_pandas_unit(unit)).to_numpy()
    except (ValueError, OverflowError) as error:
        raise DataError(
            f"Column {column.name!r}: a value is outside of the range of its dtype "
            f"{column.pandas_dtype}: {error}"
        ) from error
    ticks: NDArray[np.int64] = moments.astype(f"{_kind(column)}8[{unit}]").view(np.int64)
    return ticks


def _read_objects(distinct: Distinct, unit: str, column: Column) -> Numbers:
    codes, levels = distinct
    forms = None
    if column.format is not None:
        moments, forms = parse_by_date_forms(date_forms(column), _texts_of(levels))
    else:
        moments = _moments_of(levels, unit, column)
    pool = moments.astype(f"{_kind(column)}8[{unit}]").view(np.int64)
    return from_pool(
        codes, levels, pool, ~np.isnat(moments), forms if column.other_formats else None
    )


def _moments_of(levels: Sequence[Scalar], unit: str, column: Column) -> NDArray[Any]:
    """Turn date or duration objects into NumPy's, anything else into "not a time"."""
    wanted = datetime.date if column.kind == "datetime" else datetime.timedelta
    where = [position for position, level in enumerate(levels) if isinstance(level, wanted)]
    _check_zones([levels[position] for position in where], column)
    fine = "ns" if unit == "ns" else "us"
    moments = np.full(len(levels), "NaT", f"{_kind(column)}8[{fine}]")
    moments[where] = [_wall_clock(levels[position]) for position in where]
    return moments


def _check_zones(dates: Sequence[Any], column: Column) -> None:
    zones = {zone if zone is None else describe_zone(zone) for zone in map(_zone_of, dates)}
    if len(zones) > 1:
        one, other = sorted(zone or "no time zone" for zone in zones)[:2]
        raise DataError(
            f"Column {column.name!r} mixes time zones ({one} and {other}); convert it to one "
            "with pandas.to_datetime(column, utc=True)",
            on_command_line=f"Column {column.name!r} mixes time zones ({one} and {other}); convert "
            f"its times to one zone, or take them for texts with --kind {column.name}=categorical",
        )


def _zone_of(date: Any) -> Any:
    return getattr(date, "tzinfo", None)


def _wall_clock(value: Any) -> Any:
    """Return a date or duration as what NumPy takes without loss, without its time zone."""
    if isinstance(value, pd.Timestamp):
        return value.tz_localize(None).asm8
    if isinstance(value, pd.Timedelta):
        return value.asm8
    return value.replace(tzinfo=None) if isinstance(value, datetime.datetime) else value


def write_ticks(numbers: Numbers, column: Column) -> pd.Series:
    """Write ticks with the column's name, dtype and range.

    Parameters
    ----------
    numbers
        Ticks and special values.
    column
        What the column is.
    """
    values, present, special, forms = numbers
    unit, dtype = unit_of(column), column.pandas_dtype
    low, high = range_of_ticks(column)
    ticks = whole_within(np.where(present, values, values.dtype.type(0)), low, high)
    if column.format is not None:
        writers = [_writer(form.spec, unit, column) for form in date_forms(column)]
        pool, codes = write_by_forms(ticks[present], in_rows(forms, present), writers)
        if dtype.kind in "iuf":
            return _whole_numbers(pool, codes, numbers, column)
        if column.format == TIME_OBJECTS:
            times = [*map(datetime.time.fromisoformat, pool)]
            return assemble(times, codes, special, present, column)
        return assemble(pool, codes, special, present, column)
    if dtype == np.dtype(object):
        distinct, codes = np.unique(ticks[present], return_inverse=True)
        return assemble(_objects(distinct, unit, column), codes, special, present, column)
    ticks[~present] = _NAT
    if isinstance(dtype, pd.PeriodDtype):
        periods: Any = pd.PeriodIndex
        cells = periods.from_ordinals(ticks, freq=dtype.freq)
        return pd.Series(cells, name=column.name, dtype=dtype)
    return _series(ticks, unit, column).astype(dtype)


@lru_cache(maxsize=256)
def _forms_of(specs: tuple[str, ...]) -> tuple[DateForm, ...]:
    return tuple(map(DateForm, specs))


def date_forms(column: Column) -> list[DateForm]:
    """Return the forms in which the dates or durations of a column are written.

    Raises
    ------
    SchemaError
        If a format is none of the column's kind.
    """
    try:
        forms = [*_forms_of(column.formats)]
    except SchemaError as error:
        raise SchemaError(f"Column {column.name!r}: {error}") from error
    for form in forms:
        if form.kind != column.kind:
            raise SchemaError(
                f"Column {column.name!r}: format={form.spec!r} does not go with "
                f"kind={column.kind!r}; it is a form of kind {form.kind!r}"
            )
    return forms


def moments_of(ticks: NDArray[np.int64], column: Column) -> NDArray[Any]:
    """Return ticks as moments or durations: days where no format tells a time of day.

    Parameters
    ----------
    ticks
        Ticks of the column.
    column
        What the column is; it has a format.
    """
    unit, kind = unit_of(column), _kind(column)
    moments = ticks.view(f"{kind}8[{unit}]")
    return moments.astype("M8[D]" if unit in "DMY" else f"{kind}8[us]")


def _writer(form: str, unit: str, column: Column) -> Callable[[NDArray[Any]], list[str]]:
    kind = _kind(column)
    return lambda ticks: write_dates(ticks.view(f"{kind}8[{unit}]"), form)


def _whole_numbers(
    pool: Sequence[str], codes: NDArray[np.intp], numbers: Numbers, column: Column
) -> pd.Series:
    """Return dates that are kept as whole numbers, such as 20240131 or 930."""
    column = replace(column, kind="integer", format=None, other_formats=())
    column = replace(column, minimum=None, maximum=None, decimals=0)
    values = np.zeros(len(numbers.present), np.int64)
    values[numbers.present] = np.array([int(text) for text in pool], np.int64)[codes]
    return write_numbers(Numbers(values, numbers.present, numbers.special), column)


def _series(ticks: NDArray[np.int64], unit: str, column: Column) -> pd.Series:
    """Make dates of the column's time zone, or durations, out of ticks."""
    char, zone = _kind(column), zone_of(column)
    moments = ticks.view(f"{char}8[{unit}]").astype(f"{char}8[{_pandas_unit(unit)}]")
    if zone is None:
        return pd.Series(moments, name=column.name)
    # Of an hour that comes twice take the first, of one that is left out the end.
    index = pd.DatetimeIndex(moments).tz_localize(
        zone, ambiguous=np.ones(len(moments), bool), nonexistent="shift_forward"
    )
    series = pd.Series(index, name=column.name)
    return series.clip(column.minimum, column.maximum)


def _objects(ticks: NDArray[np.int64], unit: str, column: Column) -> Sequence[Any]:
    """Write distinct ticks as objects."""
    if unit == "D":
        dates: Sequence[Any] = ticks.view("M8[D]").tolist()
        return dates
    series = _series(ticks, unit, column)
    if isinstance(column.minimum, pd.Timestamp | pd.Timedelta):
        return series.tolist()
    if _kind(column) == "m":
        return list(pd.TimedeltaIndex(series).to_pytimedelta())
    return list(pd.DatetimeIndex(series).to_pydatetime())


def _kind(column: Column) -> str:
    """Return NumPy's letter for dates or for durations."""
    return "M" if column.kind == "datetime" else "m"


def unit_of(column: Column) -> str:
    """Return NumPy's unit of a column's ticks; ``"period"`` for periods, whose own unit counts.

    Raises
    ------
    SchemaError
        If the column's kind does not go with its dtype or format.
    """
    dtype = column.pandas_dtype
    dtype = dtype.subtype if isinstance(dtype, pd.SparseDtype) else dtype
    if isinstance(dtype, pd.PeriodDtype) and column.kind == "datetime":
        return "period"
    if dtype.kind == _kind(column):
        if isinstance(dtype, pd.ArrowDtype):
            return _arrow_unit(dtype)
        return dtype.unit if isinstance(dtype, pd.DatetimeTZDtype) else np.datetime_data(dtype)[0]
    if column.format is not None:
        units = {form.unit for form in date_forms(column)}
        return next(unit for unit in UNITS if unit in units)
    if dtype != np.dtype(object):
        raise SchemaError(
            f"Column {column.name!r}: kind={column.kind!r} does not go with the dtype {dtype}; "
            "choose another kind, or give the strftime format of a date that is kept as text",
            on_command_line=f"Column {column.name!r} is no column of dates in the file, so that it "
            f"can't have the kind {column.kind!r}; choose another one with --kind",
        )
    if type(column.minimum) is datetime.date:
        return "D"
    return "ns" if all(map(_fits_nanoseconds, (column.minimum, column.maximum))) else "us"


def _fits_nanoseconds(bound: Scalar) -> bool:
    """Return whether a bound is a pandas object, and near enough to 1970 for nanoseconds."""
    if not isinstance(bound, pd.Timestamp | pd.Timedelta):
        return False
    days = int(bound.asm8.astype(f"{bound.asm8.dtype.kind}8[D]").astype(np.int64))
    return abs(days) < _NANOSECOND_DAYS


def _arrow_unit(dtype: pd.ArrowDtype) -> str:
    return getattr(dtype.pyarrow_dtype, "unit", "D")


def _pandas_unit(unit: str) -> str:
    return unit if unit in _PANDAS_UNITS else "s"


def zone_of(column: Column) -> Any:
    """Return the time zone of a column of dates; None if it has none."""
    dtype = column.pandas_dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        return dtype.tz
    if isinstance(dtype, pd.ArrowDtype):
        name = getattr(dtype.pyarrow_dtype, "tz", None)
        return None if name is None else pd.DatetimeTZDtype("ns", name).tz
    return _zone_of(column.minimum)


def range_of_ticks(column: Column) -> tuple[int, int]:
    """Return the least and the greatest tick that a column may hold."""
    unit = unit_of(column)
    least, most = (_tick(column, end, unit) for end in ("minimum", "maximum"))
    low = _NAT + 1 if least is None else least
    return low, int(np.iinfo(np.int64).max) if most is None else max(most, low)


def _tick(column: Column, end: str, unit: str) -> int | None:
    bound, dtype = getattr(column, end), column.pandas_dtype
    if bound is None:
        return None
    wanted: Any = datetime.date if column.kind == "datetime" else datetime.timedelta
    if isinstance(bound, pd.Period) and isinstance(dtype, pd.PeriodDtype):
        return int(bound.ordinal)
    if not isinstance(bound, wanted):
        what = "a date" if column.kind == "datetime" else "a duration"
        raise SchemaError(
            f"Column {column.name!r}: {end}={bound!r} does not go with kind={column.kind!r}; "
            f"it must be {what}"
        )
    if isinstance(dtype, pd.PeriodDtype):
        freq: Any = dtype.freq
        return int(pd.Period(bound, freq).ordinal)
    zone = zone_of(column)
    if isinstance(bound, pd.Timestamp) and bound.tz is not None and zone is not None:
        bound = bound.tz_convert(zone)
    scalar = np.datetime64 if _kind(column) == "M" else np.timedelta64
    return int(scalar(_wall_clock(bound)).astype(f"{_kind(column)}8[{unit}]").astype(np.int64))


Days = NDArray[np.int64]
DAYS_OF_MONTH = 30.436875
FAR = 10**6  # days
LEAST_AT_PLACE = 0.05  # share of the rows at a place of the calendar, beyond those by chance
LEAST_RATIO = 1.5  # times as many rows at a place as by chance
LEAST_PLACED = 20  # rows at a place


class _Place(NamedTuple):
    """A place in the calendar: a first day or a last one, or so many months after a date."""

    months: int  # of a period, or after the source
    offset: int  # days from its first day, or from the same day of the month
    after: bool  # whether it is told by the source

    def nearest(self, days: Days, source: Days, least: int) -> Days:
        """Return the day at the place that is nearest to each day.

        Parameters
        ----------
        days
            Days since 1970.
        source
            The days of the source.
        least
            Days that a place lies after the source, at least.
        """
        turns = np.array([[-1], [0], [1]])
        if self.after:
            months = months_of(source)
            far = np.rint((days - source - self.offset) / (DAYS_OF_MONTH * self.months))
            own = months + np.maximum(far.astype(np.int64) + turns, 1) * self.months
            day = np.minimum(source - first_days(months), first_days(own + 1) - first_days(own) - 1)
            found = first_days(own) + day + self.offset
        else:
            own = months_of(days) // self.months + turns + 1 + self.offset
            found = first_days((own) * self.months) + self.offset
        away = np.abs(found - days) + np.where(found - source < least, FAR, 0)
        nearest: Days = np.take_along_axis(found, away.argmin(axis=0)[None], axis=0)[0]
        return nearest


FEWEST_AT_PLACE = 12  # dates that tell of it
LEAST_OF_PLACE = 0.97  # share of the dates at a place of which they are
DAYS_OF_YEARS = 800

_PLACES = {
    "the end of a year": _Place(12, -1, after=False),
    "the beginning of a year": _Place(12, 0, after=False),
    "the end of a quarter": _Place(3, -1, after=False),
    "the beginning of a quarter": _Place(3, 0, after=False),
    "the end of a month": _Place(1, -1, after=False),
    "the beginning of a month": _Place(1, 0, after=False),
    "years later": _Place(12, 0, after=True),
    "a day less than years later": _Place(12, -1, after=True),
    "months later": _Place(1, 0, after=True),
}


def calendar_place(days: Days) -> str | None:
    """Name the place of the calendar at which nearly all dates lie; None if there is none.

    Parameters
    ----------
    days
        Days since 1970.

    Examples
    --------
    >>> calendar_place(np.array(["2024-02-29", "2023-11-30"] * 9, "M8[D]").astype(np.int64))
    'the end of a month'
    """
    if len(days) < FEWEST_AT_PLACE:
        return None
    names = (name for name, place in _PLACES.items() if not place.after)
    return next((n for n in names if np.mean(days_at(n, days) == days) >= LEAST_OF_PLACE), None)


def days_at(place: str, days: Days) -> Days:
    """Return the nearest day at a place of the calendar.

    Parameters
    ----------
    place
        Its name, as `calendar_place` returns it.
    days
        Days since 1970.
    """
    return _PLACES[place].nearest(days, days - DAYS_OF_YEARS, 0)


def first_days(months: Days) -> Days:
    """Return the first day of months, in days since 1970."""
    return months.astype("M8[M]").astype("M8[D]").astype(np.int64)


def months_of(days: Days) -> Days:
    """Return the month of days since 1970."""
    return days.astype("M8[D]").astype("M8[M]").astype(np.int64)


@dataclass(frozen=True)
class CalendarShares:
    """How many dates lie at places of the calendar: ends of years, first days of months.

    A date that is learned as a distance would lie near them only.

    Parameters
    ----------
    shares
        Names of places, those of fewer days first, and the share of the rows at each.
    """

    shares: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        if not all(name in _PLACES and 0 <= share <= 1 for name, share in self.shares):
            raise ValueError(f"{self.shares!r:.80} are no shares of places of the calendar")

    @classmethod
    def of(cls, days: Days, source: Days) -> Self | None:
        """Learn the shares of places that have more rows than by chance; None if none has."""
        least = int((days - source).min(initial=0))
        left = np.ones(len(days), np.bool_)
        found: list[tuple[str, float]] = []
        at = {name: place.nearest(days, source, least) == days for name, place in _PLACES.items()}
        for name, place in _PLACES.items():
            rows = at[name] & left
            # by chance as many as of the days at the places of the next shorter period
            wider = next(
                (
                    (at[other], place.months / own.months)
                    for other, own in [*_PLACES.items()][::-1]
                    if own[1:] == place[1:] and own.months in (1, 3) and own.months < place.months
                ),
                (np.ones(len(days), np.bool_), DAYS_OF_MONTH * place.months),
            )
            expected = (wider[0] & left).sum() / wider[1]
            beyond = rows.sum() - expected
            is_more = rows.sum() >= LEAST_RATIO * expected and beyond >= LEAST_AT_PLACE * len(days)
            if is_more and rows.sum() >= LEAST_PLACED:
                found.append((name, float(rows.mean())))
                left &= ~rows
        return cls(tuple(found)) if found else None

    def settle(self, days: Days, source: Days, least: int) -> Days:
        """Move as many days to each place as lay there: those that are nearest to it.

        Parameters
        ----------
        days, source
            Days since 1970, of the column and of the one that it is the distance from.
        least
            The least distance.
        """
        days, left = days.copy(), np.arange(len(days))
        for name, share in self.shares:
            nearest = _PLACES[name].nearest(days[left], source[left], least)
            order = np.argsort(np.abs(nearest - days[left]), kind="stable")
            moved = order[: round(share * len(days))]
            days[left[moved]] = nearest[moved]
            left = np.delete(left, moved)
        return days


def shifted(
    moments: NDArray[np.datetime64], unit: str, distance: int | NDArray[np.int64]
) -> NDArray[np.datetime64]:
    """Move dates; of a month that is too short the last day is taken.

    Parameters
    ----------
    moments
        The dates.
    unit
        Unit of time.
    distance
        How many units forth, of all dates or of each.
    """
    if unit != "M":
        step: NDArray[np.timedelta64] = np.array(distance).astype(f"m8[{unit}]")
        sooner: NDArray[np.datetime64] = moments + step
        return sooner
    months = moments.astype("M8[M]")
    within = moments - months.astype(moments.dtype)
    day = np.timedelta64(1, "D")
    months = months + np.array(distance).astype("m8[M]")
    last = (months + np.timedelta64(1, "M")).astype("M8[D]") - months.astype("M8[D]") - day
    days = np.minimum(within.astype("m8[D]"), last)
    rest = within - within.astype("m8[D]").astype(within.dtype)
    moved: NDArray[np.datetime64] = months.astype(moments.dtype) + days.astype(within.dtype) + rest
    return moved


def _days(dates: NDArray[np.datetime64]) -> NDArray[np.int64]:
    return dates.astype("M8[D]").astype(np.int64)


class Age(NamedTuple):
    """A unit of ages: full months of the calendar, or full lengths of so many days."""

    words: str
    months: int = 0
    days: float = 0.0

    def reached(self, dates: NDArray[np.datetime64], ages: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the first day on which each date has an age, in days since 1970."""
        if self.months:
            return _days(shifted(dates, "M", self.months * ages))
        lengths: NDArray[np.int64] = np.ceil(self.days * ages).astype(np.int64)
        return _days(dates) + lengths

    def at(self, moment: np.datetime64, dates: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """Return the ages of dates on a day."""
        if not self.months:
            since = moment.astype(np.int64) - _days(dates)
            return np.floor(since / self.days).astype(np.int64)
        months: NDArray[np.int64] = (moment.astype("M8[M]") - dates.astype("M8[M]")).astype(
            np.int64
        )
        months -= shifted(dates, "M", months) > moment
        return months // self.months


AGES = {
    "Y": Age("full years", months=12),
    "M": Age("full months", months=1),
    "D": Age("days", days=1),
    "Y365.25": Age("years of 365.25 days", days=365.25),
    "Y365": Age("years of 365 days", days=365),
}
