"""Columns of plain values that a file gives cell by cell."""

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["frame_of_rows", "objects", "typed"]


def objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """Return values as an array of objects."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def typed(parts: list[NDArray[np.object_]]) -> pd.Series:
    """Give values of one type the narrowest dtype that holds them all, and others none.

    Dates without a time, decimals and texts stay objects.
    """
    values = np.concatenate(parts) if parts else np.empty(0, object)
    missing = bool(pd.isna(values).any())
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind == "datetime":
        return _dates(values)
    dtypes = {
        "integer": "Int64" if missing else "int64",
        "boolean": "boolean" if missing else "bool",
        "floating": "float64",
        "mixed-integer-float": "float64",
        "timedelta": "timedelta64[us]",
    }
    try:
        return pd.Series(values, dtype=dtypes.get(kind, "object"))
    except OverflowError:  # an integer beyond 64 bits
        return pd.Series(values, dtype=object)


def _dates(values: NDArray[np.object_]) -> pd.Series:
    """Make times of microseconds, which reach from the year 1 to 9999; zoned ones are of UTC."""
    zoned = {value.tzinfo is not None for value in values if not pd.isna(value)}
    if len(zoned) > 1:
        return pd.Series(values, dtype=object)
    if zoned == {True}:
        values = objects(
            [None if pd.isna(v) else v.astimezone(UTC).replace(tzinfo=None) for v in values]
        )
    times = pd.Series(np.array([None if pd.isna(v) else v for v in values], "datetime64[us]"))
    return times.dt.tz_localize("UTC") if zoned == {True} else times


def frame_of_rows(names: Sequence[str], blocks: Iterable[Sequence[Sequence[Any]]]) -> pd.DataFrame:
    """Make a table of blocks of rows, in which each column has the dtype of its values."""
    parts: list[list[NDArray[np.object_]]] = [[] for _ in names]
    for block in blocks:
        for part, cells in zip(parts, zip(*block, strict=True), strict=True):
            part.append(objects(cells))
    columns = {}
    for place, part in enumerate(parts):
        columns[place] = typed(part)
        part.clear()
    frame = pd.DataFrame(columns)
    frame.columns = pd.Index(names, dtype=object)
    return frame
