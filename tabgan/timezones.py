"""Time zones to and from text, with their implementation kept.

pandas holds the zones of zoneinfo and of pytz to be different even if they have the same name, so
the implementation is part of the text where it is not the one that pandas itself takes.
"""

import datetime
import importlib
import re
import zoneinfo
from typing import Any

import pandas as pd

from tabgan.errors import DataError

__all__ = ["describe_zone", "restore_zone"]

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
