"""Single values and time zones to and from JSON, with their Python type kept.

pandas holds the zones of zoneinfo and of pytz to be different even if they have the same name, so
the implementation is part of the text where it is not the one that pandas itself takes.

Strings, booleans, None, finite floats and integers stand for themselves; every other type is
written as ``{"type": name, "value": …}``. NumPy scalars become the Python or pandas scalar of the
same value.
"""

import base64
import datetime
import decimal
import importlib
import math
import re
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tabgan.base.errors import DataError

__all__ = [
    "Scalar",
    "describe_zone",
    "from_json_scalar",
    "is_scalar",
    "restore_zone",
    "to_json_scalar",
    "to_python_scalar",
]

_OFFSET = re.compile(r"UTC([+-])(\d\d):(\d\d)(?::(\d\d))?(?:\.(\d{6}))?", re.ASCII)


_TAGGED = re.compile(r"(?:(zoneinfo|pytz):)?(.+)", re.ASCII)


def describe_zone(zone: datetime.tzinfo) -> str:
    """Write a time zone as text.

    Raises
    ------
    DataError
        If the zone has neither a name nor a fixed offset, such as that of the local machine.

    Examples
    --------
    >>> describe_zone(datetime.timezone(datetime.timedelta(hours=2)))
    'UTC+02:00'
    """
    module = type(zone).__module__.partition(".")[0]
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    offset = zone.utcoffset(None)
    if offset == datetime.timedelta(0) and name in (None, "UTC"):
        return "UTC"  # which is the same zone to pandas in every implementation
    if name is not None and module in ("zoneinfo", "pytz"):
        is_default = type(_default_zone(name)).__module__.partition(".")[0] == module
        return name if is_default else f"{module}:{name}"
    if offset is not None and module in ("datetime", "pytz"):
        text = str(datetime.timezone(offset))
        return text if module == "datetime" else f"pytz:{text}"
    raise DataError(
        f"Time zone {zone!r} has no name that another machine knows; "
        'convert to a named zone, for example with .dt.tz_convert("UTC")'
    )


def restore_zone(text: Any) -> datetime.tzinfo:
    """Read a time zone from `describe_zone`'s text.

    Raises
    ------
    DataError
        If the text is not a time zone that this machine knows.
    """
    match = _TAGGED.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise DataError(f"{text!r} is not a time zone; use a name such as 'Europe/Paris'")
    module, name = match.groups()
    try:
        offset = _OFFSET.fullmatch(name)
        if offset is not None:
            return _fixed_zone(offset, module)
        # Also refuses a name that leads out of the zone database.
        zone: datetime.tzinfo = zoneinfo.ZoneInfo(name)
        if module == "pytz":
            zone = _pytz().timezone(name)
        return _default_zone(name) or zone if module is None else zone
    except (ImportError, LookupError, OSError, ValueError, AttributeError) as error:
        raise DataError(
            f"Time zone {text!r} is not known on this machine; use a name such as 'Europe/Paris'"
        ) from error


def _default_zone(name: str) -> datetime.tzinfo | None:
    """Return what pandas makes of a name."""
    try:
        zone: datetime.tzinfo = pd.DatetimeTZDtype("ns", name).tz
    except (LookupError, ValueError):
        return None
    return zone


def _pytz() -> Any:
    return importlib.import_module("pytz")  # only there if pandas or the user wants it


def _fixed_zone(match: re.Match[str], module: str | None) -> datetime.tzinfo:
    sign, *parts = match.groups(default="0")
    hours, minutes, seconds, microseconds = (int(part) for part in parts)
    size = datetime.timedelta(
        hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds
    )
    offset = -size if sign == "-" else size
    if module == "pytz":
        zone: datetime.tzinfo = _pytz().FixedOffset(offset // datetime.timedelta(minutes=1))
        return zone
    return datetime.timezone(offset)


Scalar = Any  # None or a single value of one of the types below


_UNITS = ("s", "ms", "us", "ns")


def to_python_scalar(value: Any) -> Any:
    """Turn a NumPy scalar into the Python or pandas scalar of the same value.

    Examples
    --------
    >>> to_python_scalar(np.float32(0.5)), to_python_scalar(np.datetime64("2024-01-31"))
    (0.5, Timestamp('2024-01-31 00:00:00'))
    """
    if not isinstance(value, np.generic):
        return value
    try:
        if isinstance(value, np.datetime64):
            return pd.Timestamp(value)
        if isinstance(value, np.timedelta64):  # before integers: it is a subclass of them
            return pd.Timedelta(value)
    except (ValueError, OverflowError) as error:
        raise DataError(f"Value {value!r} is outside of the range of pandas's dates") from error
    if isinstance(value, np.floating):
        return float(value)
    return value.item()


def is_scalar(value: Any) -> bool:
    """Return whether `to_json_scalar` takes a value.

    Examples
    --------
    >>> is_scalar("a"), is_scalar(("a", 1)), is_scalar(["a"])
    (True, True, False)
    """
    try:
        to_json_scalar(value)
    except DataError:
        return False
    return True


def to_json_scalar(value: Scalar) -> Any:
    """Write a single value as a JSON value that keeps its type.

    Raises
    ------
    DataError
        If the value is of a type that can't be kept, such as a list or a complex number.

    Examples
    --------
    >>> to_json_scalar("a"), to_json_scalar(decimal.Decimal("1.50"))
    ('a', {'type': 'decimal', 'value': '1.50'})
    """
    value = to_python_scalar(value)
    if _stands_for_itself(value):
        return value
    if type(value) not in _WRITERS:
        raise DataError(
            f"Value {value!r:.80} of type {type(value).__name__} can't be kept as a single value; "
            "use text, a number, a date or another plain value"
        )
    name, write = _WRITERS[type(value)]
    try:
        return {"type": name, "value": write(value)}
    except (ValueError, OverflowError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"Value {value!r} can't be kept: {error}") from error


def from_json_scalar(state: Any) -> Scalar:
    """Read a single value from `to_json_scalar`'s JSON value.

    Raises
    ------
    DataError
        If the JSON value does not describe a single value.

    Examples
    --------
    >>> from_json_scalar({"type": "decimal", "value": "1.50"})
    Decimal('1.50')
    """
    if state is None or isinstance(state, str | bool | int | float):
        return state
    if not isinstance(state, dict) or set(state) != {"type", "value"}:
        raise DataError(
            f"{state!r:.80} does not describe a single value; it must be a JSON string, number, "
            "true, false, null or an object with just 'type' and 'value'"
        )
    read = _READERS.get(state["type"]) if isinstance(state["type"], str) else None
    if read is None:
        raise DataError(f"{state['type']!r:.80} is not a known type of a single value")
    try:
        return read(state["value"])
    except DataError:
        raise
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise DataError(
            f"{state['value']!r:.80} is not a value of type {state['type']!r}"
        ) from error
    except RecursionError as error:
        raise DataError("A single value is nested too deeply") from error


def _stands_for_itself(value: Any) -> bool:
    if value is None or type(value) is bool:
        return True
    if type(value) is str:
        return value.isascii() or not _has_surrogates(value)
    if type(value) is int:
        return value.bit_length() <= 64  # JSON libraries limit the digits of longer ones
    return type(value) is float and math.isfinite(value)


def _has_surrogates(text: str) -> bool:
    # JSON joins a high and a low surrogate that follow each other into one character.
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


MOST_DECIMAL_EXPONENT = 400  # of ten, either way; a float64 has 308


def _write_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _read_bytes(state: Any) -> bytes:
    return base64.b64decode(_text(state), validate=True)


def _read_decimal(state: Any) -> decimal.Decimal:
    value = decimal.Decimal(_text(state))
    if value.is_snan():
        raise ValueError("a signalling NaN can't be hashed")
    if value.is_finite() and abs(value.adjusted()) > MOST_DECIMAL_EXPONENT:
        raise ValueError("its exponent is beyond a float's")  # hashing it would take minutes
    return value


def _write_time(value: datetime.time) -> str:
    if value.tzinfo is not None and not isinstance(value.tzinfo, datetime.timezone):
        raise ValueError("its time zone has no offset without a date")
    return value.isoformat()


def _write_datetime(value: datetime.datetime) -> list[str | None]:
    if value.tzinfo is None:
        return [value.isoformat(), None]
    moment = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return [moment.isoformat(), describe_zone(value.tzinfo)]


def _read_datetime(state: Any) -> datetime.datetime:
    text, zone = state
    moment = datetime.datetime.fromisoformat(text)
    if zone is None:
        return moment
    return moment.replace(tzinfo=datetime.UTC).astimezone(restore_zone(zone))


def _write_duration(value: datetime.timedelta) -> list[int]:
    return [value.days, value.seconds, value.microseconds]


def _write_timestamp(value: pd.Timestamp) -> list[Any]:
    zone = None if value.tz is None else describe_zone(value.tz)
    return [str(np.datetime_as_string(value.asm8)), value.unit, zone]


def _read_timestamp(state: Any) -> pd.Timestamp:
    text, unit, zone = state
    if not _text(text).lstrip("-")[:1].isdigit():
        raise ValueError("not a date")  # NumPy also takes "now"
    moment = pd.Timestamp(np.datetime64(text, _unit(unit)))
    if not isinstance(moment, pd.Timestamp):
        raise TypeError("NaT")
    if zone is None:
        return moment
    return moment.tz_localize("UTC").tz_convert(restore_zone(zone))


def _write_timedelta(value: pd.Timedelta) -> list[Any]:
    return [int(value.asm8.view(np.int64)), value.unit]


def _read_timedelta(state: Any) -> pd.Timedelta:
    ticks, unit = state
    duration = pd.Timedelta(np.timedelta64(_integer(ticks), _unit(unit)))
    if not isinstance(duration, pd.Timedelta):
        raise TypeError("NaT")
    return duration


def _read_period(state: Any) -> pd.Period:
    ordinal, frequency = state
    period = pd.Period(ordinal=_integer(ordinal), freq=_text(frequency))
    if not isinstance(period, pd.Period):
        raise TypeError("NaT")
    str(period)  # an ordinal out of bounds is found out only here
    return period


def _write_interval(value: Any) -> list[Any]:
    return [to_json_scalar(value.left), to_json_scalar(value.right), value.closed]


def _read_interval(state: Any) -> Any:
    left, right, closed = state
    return pd.Interval(from_json_scalar(left), from_json_scalar(right), closed)


def _read_tuple(state: Any) -> tuple[Scalar, ...]:
    if not isinstance(state, list):
        raise TypeError("not a list")
    return tuple(from_json_scalar(item) for item in state)


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("not an integer")
    return value


def _unit(value: Any) -> Any:
    if value not in _UNITS:
        raise ValueError("not a unit of time")
    return value


_NAT = type(pd.NaT)


_NA = type(pd.NA)


_MISSING = {"NaT": pd.NaT, "NA": pd.NA}


_WRITERS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    str: ("str", lambda value: _write_bytes(value.encode("utf-8", "surrogatepass"))),
    int: ("int", hex),
    float: ("float", repr),
    bytes: ("bytes", _write_bytes),
    decimal.Decimal: ("decimal", lambda value: str(_read_decimal(str(value)))),
    uuid.UUID: ("uuid", str),
    tuple: ("tuple", lambda value: [to_json_scalar(item) for item in value]),
    datetime.date: ("date", datetime.date.isoformat),
    datetime.time: ("time", _write_time),
    datetime.datetime: ("datetime", _write_datetime),
    datetime.timedelta: ("duration", _write_duration),
    pd.Timestamp: ("timestamp", _write_timestamp),
    pd.Timedelta: ("timedelta", _write_timedelta),
    pd.Period: ("period", lambda value: [int(value.ordinal), value.freqstr]),
    pd.Interval: ("interval", _write_interval),
    _NAT: ("missing", lambda _: "NaT"),
    _NA: ("missing", lambda _: "NA"),
}


_READERS: dict[str, Callable[[Any], Scalar]] = {
    "str": lambda state: _read_bytes(state).decode("utf-8", "surrogatepass"),
    "int": lambda state: int(_text(state), 16),
    "float": lambda state: float(_text(state)),
    "bytes": _read_bytes,
    "decimal": _read_decimal,
    "uuid": lambda state: uuid.UUID(_text(state)),
    "tuple": _read_tuple,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "datetime": _read_datetime,
    "duration": lambda state: datetime.timedelta(*map(_integer, state)),
    "timestamp": _read_timestamp,
    "timedelta": _read_timedelta,
    "period": _read_period,
    "interval": _read_interval,
    "missing": lambda state: _MISSING[state],
}
