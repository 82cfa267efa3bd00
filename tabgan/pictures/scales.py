"""Which columns have places on an axis, and these places."""

from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Places", "has_scale", "places_of"]

FEW_LEVELS = 12  # a number with no more values than that is drawn as levels
MOSTLY = 0.95  # share of the cells of a text column that make it one of numbers or dates
DAY = 24 * 3600 * 1e9  # nanoseconds

Places = NDArray[np.float64]
Kind = Literal["number", "date", "duration"]


def has_scale(values: pd.Series) -> bool:
    """Say whether a column is of numbers or dates, and of more than a few.

    Examples
    --------
    >>> has_scale(pd.Series(range(50)).astype(str)), has_scale(pd.Series(["a", "b"] * 9))
    (True, False)
    """
    kind = _kind(values)
    return kind is not None and _of_kind(values, kind).nunique() > FEW_LEVELS


def places_of(real: pd.Series, made: pd.Series) -> tuple[Places, Places, bool]:
    """Return where the values of two columns lie on one axis, and whether they are dates.

    The real column decides what both are; what is missing or of another kind is left out. Dates
    lie at the days since 1970, durations at their seconds.

    Examples
    --------
    >>> places_of(pd.Series(["1.5", "", "2"]), pd.Series(["7", "x"]))
    (array([1.5, 2. ]), array([7.]), False)
    """
    kind = _kind(real) or "number"
    return _places(_of_kind(real, kind)), _places(_of_kind(made, kind)), kind == "date"


def _kind(values: pd.Series) -> Kind | None:
    """Say what a column is of; of text, what nearly all of its cells can be read as."""
    there = values.dropna()
    kinds: dict[str, Kind] = {"M": "date", "m": "duration", **dict.fromkeys("iuf", "number")}
    if there.dtype.kind != "O":
        return kinds.get(there.dtype.kind)
    n = int((there.astype(str) != "").sum())
    for kind in get_args(Kind)[:2]:
        if n and len(_of_kind(there, kind)) > MOSTLY * n:
            return kind  # type: ignore[no-any-return]
    return None


def _of_kind(values: pd.Series, kind: Kind) -> pd.Series:
    """Return the values that are of a kind, as that."""
    there = values.dropna()
    if there.dtype.kind in "mM":
        return there.dt.as_unit("ns")  # type: ignore[no-any-return]
    if there.dtype.kind != "O":
        return there
    words = there.astype(str)
    words = words[words != ""]
    if kind == "date":
        dates = pd.to_datetime(words, errors="coerce", format="ISO8601", utc=True).dropna()
        return dates.astype("datetime64[ns, UTC]")
    return pd.to_numeric(words, errors="coerce").dropna()


def _places(scaled: pd.Series) -> Places:
    if scaled.dtype.kind == "M":
        return np.asarray(scaled.astype("int64"), np.float64) / DAY
    if scaled.dtype.kind == "m":
        return np.asarray(scaled.dt.total_seconds(), np.float64)
    numbers: Places = scaled.to_numpy(np.float64)
    return numbers[np.isfinite(numbers)]
