"""Which columns have places on an axis, and these places."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Places", "has_scale", "places_of"]

FEW_LEVELS = 12  # a number with no more values than that is drawn as levels
MOSTLY = 0.95  # share of the cells of a text column that make it one of numbers or dates
DAY = 24 * 3600 * 1e9  # nanoseconds

Places = NDArray[np.float64]


def has_scale(values: pd.Series) -> bool:
    """Say whether a column is of numbers or dates, and of more than a few.

    Examples
    --------
    >>> has_scale(pd.Series(range(50)).astype(str)), has_scale(pd.Series(["a", "b"] * 9))
    (True, False)
    """
    scaled = _scaled(values)
    return scaled is not None and scaled.nunique() > FEW_LEVELS


def places_of(values: pd.Series) -> tuple[Places, bool]:
    """Return where values lie on an axis, those that are missing left out, and if they are dates.

    Dates lie at the days since 1970, durations at their seconds.

    Examples
    --------
    >>> places_of(pd.Series(["1.5", "", "x", "7"]))
    (array([1.5, 7. ]), False)
    """
    scaled = _scaled(values, mostly=0.0)
    if scaled is None:
        return np.empty(0), False
    if scaled.dtype.kind == "M":
        return scaled.astype("int64").to_numpy() / DAY, True
    if scaled.dtype.kind == "m":
        return scaled.dt.total_seconds().to_numpy(np.float64), False
    numbers = scaled.to_numpy(np.float64)
    return numbers[np.isfinite(numbers)], False


def _scaled(values: pd.Series, mostly: float = MOSTLY) -> pd.Series | None:
    """Return the values that are there as numbers, dates or durations, if they are any of these."""
    there = values.dropna()
    kind = there.dtype.kind
    if kind in "iuf":
        return there
    if kind in "mM":
        return there.dt.as_unit("ns")  # type: ignore[no-any-return]
    if kind != "O":
        return None
    words = there.astype(str)
    words = words[words != ""]
    if words.empty:
        return None
    numbers = pd.to_numeric(words, errors="coerce").dropna()
    if len(numbers) > mostly * len(words):
        return numbers
    dates = pd.to_datetime(words, errors="coerce", format="ISO8601", utc=True).dropna()
    return dates.astype("datetime64[ns, UTC]") if len(dates) > mostly * len(words) else None
