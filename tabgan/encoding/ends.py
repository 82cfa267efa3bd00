"""The ends of a distribution that tell of no single row."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabgan.encoding.scales import fit_scale

__all__ = ["trimmed_range", "clip_to_range"]

Values = NDArray[Any]  # int64, uint64 or float64
Floats = NDArray[np.float64]


def trimmed_range(values: ArrayLike, least: int, *, whole: bool = False) -> tuple[float, float]:
    """Return a least and a greatest value for which at least so many rows speak.

    An end is a value that so many rows hold, or lies between two values so that so many rows are
    beyond it, whichever trims less. Where the rows are too few for two ends, both are the mean.

    Parameters
    ----------
    values
        Finite values, at least one.
    least
        Number of rows; 1 trims nothing.
    whole
        Whether ends must be whole numbers.

    Examples
    --------
    >>> trimmed_range([1, 2, 3, 10, 20, 30, 1000], 2)
    (2.5, 25.0)
    >>> trimmed_range([0, 0, 10, 20, 30, 40, 40, 1000], 2)
    (0.0, 40.0)
    """
    distinct, counts = np.unique(np.asarray(values, np.float64), return_counts=True)
    if least <= 1:
        return float(distinct[0]), float(distinct[-1])
    high = _upper_end(distinct, counts, least)
    low = _upper_end(-distinct[::-1], counts[::-1], least)  # of the mirrored values
    if high is None or low is None or -low > high:
        high = float((distinct * (counts / counts.sum())).sum())
        low = -high
    if whole:
        low = math.floor(low)
        high = max(math.floor(high), -low)
    return -float(low), float(high)


def _upper_end(distinct: Floats, counts: NDArray[np.intp], least: int) -> float | None:
    """Return the greater end; None if there are too few rows."""
    reaching = np.cumsum(counts[::-1])[::-1]  # rows of a value or of a greater one
    spike = np.flatnonzero(counts >= least).max(initial=-1)
    first = np.flatnonzero(reaching >= least).max(initial=0)  # of those to be trimmed
    if spike >= first:
        return float(distinct[spike])
    return float(distinct[first - 1] / 2 + distinct[first] / 2) if first else None


def clip_to_range(values: Values, decimals: int | None, least: int) -> Values:
    """Bring numbers beyond the trimmed ends to these ends, which lie on the numbers' own grid.

    Parameters
    ----------
    values
        Finite numbers, or ticks of time.
    decimals
        Decimal places of floats, None for full precision.
    least
        As for `trimmed_range`.

    Examples
    --------
    >>> clip_to_range(np.array([10, 20, 30, 50, 60, 70, 10_000]), None, 2).tolist()
    [30, 30, 30, 50, 60, 60, 60]
    """
    if least <= 1 or not len(values):
        return values
    scale = fit_scale(values, decimals)
    ends = np.array(trimmed_range(scale.to_line(values), least, whole=scale.whole))
    low, high = scale.from_line(ends)
    return np.clip(values, low, high)
