"""How far the values of one column are from those of another."""

import numpy as np
from numpy.typing import NDArray

from tabgan.evaluation.numeric_tables import CodedColumn

__all__ = ["column_distance", "level_shares"]

Floats = NDArray[np.float64]


def column_distance(column: CodedColumn) -> float:
    """Return how far the synthetic values are from the real ones, from 0 to 1.

    That is the Kolmogorov-Smirnov statistic of numbers, or the total variation distance of levels.
    What is missing does not count; of a column that is all missing in one table the distance is
    1, in both 0.

    Examples
    --------
    >>> none = np.array([])
    >>> real, synthetic = np.array([0.0, 0, 0, 1]), np.array([0.0, 1])
    >>> column_distance(CodedColumn(True, real, synthetic, none, levels=("a", "b")))
    0.25
    >>> column_distance(CodedColumn(False, np.array([0.0, 1, 2]), np.array([2.0, 3]), none))
    0.6666666666666666
    """
    there = [values[~np.isnan(values)] for values in (column.real, column.synthetic)]
    if not (len(there[0]) and len(there[1])):
        return float(len(there[0]) != len(there[1]))
    if not column.nominal:
        return _kolmogorov_smirnov(*there)
    shares = [level_shares(column, values) for values in there]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def level_shares(column: CodedColumn, values: Floats) -> Floats:
    """Return the share of each level among the values that are there."""
    codes = values[~np.isnan(values)].astype(np.int64)
    return np.bincount(codes, minlength=len(column.levels)) / max(len(codes), 1)


def _kolmogorov_smirnov(one: Floats, other: Floats) -> float:
    one, other = np.sort(one), np.sort(other)
    values = np.concatenate([one, other])
    below = (np.searchsorted(part, values, side="right") / len(part) for part in (one, other))
    return float(np.abs(np.subtract(*below)).max())
