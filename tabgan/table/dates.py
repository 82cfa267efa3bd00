"""Columns of dates and durations, of whatever dtype, as whole ticks of their own unit and back.

Ticks of dates are wall-clock time: midnight stays midnight over a change to daylight saving.
"""

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError, SchemaError
from tabgan.table.date_texts import read_dates, unit_of_format, write_dates
from tabgan.table.level_codes import assemble, dense, distinct_of
from tabgan.table.numbers import Numbers, from_pool, whole_within
from tabgan.table.scalars import Scalar, describe_zone
from tabgan.table.schema import Column

__all__ = ["range_of_ticks", "read_ticks", "unit_of", "write_ticks", "zone_of"]

_NAT = int(np.iinfo(np.int64).min)  # the tick that stands for "not a time"
_NANOSECOND_DAYS = 106_750  # days of 2**63 nanoseconds, less two
_PANDAS_UNITS = ("s", "ms", "us", "ns")


def read_ticks(values: pd.Series, column: Column) -> Numbers:
    """Read a column of kind datetime or timedelta."""
    values = dense(values)
    unit = unit_of(column)
    if isinstance(values.dtype, pd.PeriodDtype):
        ticks = values.array.asi8
    elif values.dtype.kind in "mM":
        ticks = _ticks_of(values, unit, column)
    else:
        return _read_objects(values, unit, column)
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


def _read_objects(values: pd.Series, unit: str, column: Column) -> Numbers:
    codes, levels = distinct_of(values)
    if column.format is not None:
        moments = read_dates(levels, column.format)
    else:
        moments = _moments_of(levels, unit, column)
    pool = moments.astype(f"{_kind(column)}8[{unit}]").view(np.int64)
    return from_pool(codes, levels, pool, ~np.isnat(moments))


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
            "with pandas.to_datetime(column, utc=True)"
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


def write_ticks(
    values: NDArray[Any], special: NDArray[np.object_], column: Column, present: NDArray[np.bool_]
) -> pd.Series:
    """Write ticks with the column's name, dtype and range."""
    unit, dtype = unit_of(column), column.pandas_dtype
    low, high = range_of_ticks(column)
    ticks = whole_within(np.where(present, values, values.dtype.type(0)), low, high)
    if column.format is not None or dtype == np.dtype(object):
        distinct, codes = np.unique(ticks[present], return_inverse=True)
        return assemble(_cells(distinct, unit, column), codes, special, present, column)
    ticks[~present] = _NAT
    if isinstance(dtype, pd.PeriodDtype):
        periods: Any = pd.PeriodIndex
        cells = periods.from_ordinals(ticks, freq=dtype.freq)
        return pd.Series(cells, name=column.name, dtype=dtype)
    return _series(ticks, unit, column).astype(dtype)


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


def _cells(ticks: NDArray[np.int64], unit: str, column: Column) -> Sequence[Any]:
    """Write distinct ticks as objects or text."""
    if column.format is not None:
        return write_dates(ticks.view(f"M8[{unit}]"), column.format)
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
    if column.format is not None and column.kind == "datetime":
        return _format_unit(column.format, column)
    if dtype != np.dtype(object):
        raise SchemaError(
            f"Column {column.name!r}: kind={column.kind!r} does not go with the dtype {dtype}; "
            "choose another kind, or give the strftime format of a date that is kept as text"
        )
    if type(column.minimum) is datetime.date:
        return "D"
    return "ns" if all(map(_fits_nanoseconds, (column.minimum, column.maximum))) else "us"


def _fits_nanoseconds(bound: Scalar) -> bool:
    """Say whether pandas objects, which may have nanoseconds, are as near to 1970 as these need."""
    if not isinstance(bound, pd.Timestamp | pd.Timedelta):
        return False
    days = int(bound.asm8.astype(f"{bound.asm8.dtype.kind}8[D]").astype(np.int64))
    return abs(days) < _NANOSECOND_DAYS


def _arrow_unit(dtype: pd.ArrowDtype) -> str:
    return getattr(dtype.pyarrow_dtype, "unit", "D")


def _format_unit(form: str, column: Column) -> str:
    unit = unit_of_format(form)
    if unit is None:
        raise SchemaError(
            f"Column {column.name!r}: format={form!r} is not a format of dates; use the strftime "
            "directives %Y %m %d %H %M %S %f %y %j %b %B %a %A %I %p"
        )
    return unit


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
