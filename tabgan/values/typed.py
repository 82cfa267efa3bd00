"""Columns of texts as what the texts stand for: numbers and dates."""

from typing import Any

import numpy as np
import pandas as pd

from tabgan.schema import Column, Schema
from tabgan.values.dates import read_ticks, unit_of
from tabgan.values.numbers import read_numbers

__all__ = ["typed_frame"]

_UTC = ("Z", "+00:00")


def typed_frame(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Turn texts that are written numbers or dates into values of these types.

    What is not such a value becomes missing: in a column of texts whose kind is a number or a
    date, these are marks such as "?". Columns of other dtypes and kinds stay as they are.

    Parameters
    ----------
    frame
        A table with the columns of the schema, in its order.
    schema
        What the columns are.

    Examples
    --------
    >>> schema = Schema((Column("age", "integer", "object", decimals=0, format="%.0f"),))
    >>> typed_frame(pd.DataFrame({"age": ["31", "?"]}), schema)["age"].tolist()
    [31, <NA>]
    """
    columns = [_typed(frame.iloc[:, at], column) for at, column in enumerate(schema)]
    return pd.concat(columns, axis=1) if columns else frame


def _typed(values: pd.Series, column: Column) -> pd.Series:
    if not (pd.api.types.is_object_dtype(values.dtype) or pd.api.types.is_string_dtype(values)):
        return values
    if column.kind == "datetime" and column.format is not None and "%d" in column.format:
        return _dates(values, column)
    if column.kind in ("integer", "numeric") and column.format is not None:
        return _numbers(values, column)
    return values


def _dates(values: pd.Series, column: Column) -> pd.Series:
    """Return dates of whole days or finer; a month alone, or a time of day, stays a text."""
    read, unit = read_ticks(values, column), unit_of(column)
    ticks = np.where(read.present, read.values, np.iinfo(np.int64).min)
    moments = ticks.astype(f"datetime64[{unit}]")
    if unit == "D":
        return pd.Series(moments.astype(object), index=values.index, name=values.name)
    finest = unit if unit in ("ms", "us", "ns") else "s"  # minutes and hours are none of pandas's
    dates = pd.Series(moments.astype(f"datetime64[{finest}]"), index=values.index, name=values.name)
    return dates.dt.tz_localize("UTC") if str(column.format).endswith(_UTC) else dates


def _numbers(values: pd.Series, column: Column) -> pd.Series:
    read = read_numbers(values, column)
    dtype: Any = {"i": "Int64", "u": "UInt64", "f": "Float64"}[read.values.dtype.kind]
    numbers = pd.array(read.values, dtype=dtype)
    numbers[~read.present] = pd.NA
    return pd.Series(numbers, index=values.index, name=values.name)
