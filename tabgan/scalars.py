"""Single values to and from JSON, with their Python type kept.

Strings, booleans, None and finite floats stand for themselves; every other type is written as
``{"type": name, "value": text}``. NumPy scalars become the Python scalar of the same value.
"""

import base64
import datetime
import decimal
import math
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tabgan.errors import DataError

__all__ = ["Scalar", "from_json_scalar", "is_scalar", "to_json_scalar"]

Scalar = Any  # a single value of one of the types below

_WRITERS: dict[type, tuple[str, Callable[[Any], str]]] = {
    int: ("int", str),
    float: ("float", repr),
    bytes: ("bytes", lambda value: base64.b64encode(value).decode("ascii")),
    decimal.Decimal: ("decimal", str),
    pd.Timestamp: ("timestamp", lambda value: f"{value.value}|{value.unit}|{value.tz or ''}"),
    pd.Timedelta: ("timedelta", lambda value: f"{value.value}|{value.unit}"),
    datetime.datetime: ("datetime", datetime.datetime.isoformat),
    datetime.date: ("date", datetime.date.isoformat),
    datetime.time: ("time", datetime.time.isoformat),
    datetime.timedelta: ("duration", lambda value: f"{value.days}|{value.seconds}|{value.microseconds}"),
    uuid.UUID: ("uuid", str),
    pd.Period: ("period", lambda value: f"{value}|{value.freqstr}"),
}
