"""Histogram features: rows as whole numbers that can be counted, a block of cells a column.

A level is one cell. A number is spread over the two knots of the unit interval that it lies
between (a linear spline), a value that owns a band over all knots there. The cells of a row add up
to `UNIT` in each block, or to nothing; so that the L2 norm of a block is at most `UNIT`, and that
of the products of two blocks at most its square, whatever the row holds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.column_encoder import ColumnEncoder

__all__ = ["KNOTS", "UNIT", "ColumnSummary", "hat_features", "level_block", "number_block"]

KNOTS = 17  # of a number
UNIT = 256

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_POINT = 1e-6  # bands narrower than this count as points


@dataclass(frozen=True)
class ColumnSummary:
    """A column's encoder, and how its values are laid out to be counted.

    Parameters
    ----------
    encoder
        Made from noisy counts.
    block
        Lays values out as whole numbers, shape (rows, cells), of which a row's add up to at most
        `UNIT`, whatever its value is.
    """

    encoder: ColumnEncoder
    block: Callable[[pd.Series], Ints]


def level_block(codes: Ints, n_levels: int) -> Ints:
    """Return one-hot level codes, shape (rows, levels); nothing for a code of -1.

    Parameters
    ----------
    codes
        Level of each row, or -1.
    n_levels
        Number of levels.

    Examples
    --------
    >>> level_block(np.array([1, -1]), 2).tolist()
    [[0, 256], [0, 0]]
    """
    return np.where(codes[:, None] == np.arange(n_levels), UNIT, 0)


def number_block(low: Floats, width: Floats, marks: Ints, n_specials: int) -> Ints:
    """Return numbers spread over knots, and their specials, shape (rows, knots + specials).

    Parameters
    ----------
    low, width
        Each number's band of the unit interval.
    marks
        0 where there is a number, from 1 on where a special stands, -1 where nothing counts.
    n_specials
        Number of specials.
    """
    shares = np.clip(hat_features(low, width), 0, 1)  # rounding may have left one just below 0
    steps = np.rint(UNIT * np.cumsum(shares, axis=1)).astype(np.int64)
    spread = np.diff(np.clip(steps, 0, UNIT), axis=1, prepend=0)
    spread[marks != 0] = 0
    return np.concatenate([spread, level_block(marks - 1, n_specials)], axis=1)


def hat_features(low: Floats, width: Floats) -> Floats:
    """Return the mean of each knot's hat function over bands, shape (bands, knots).

    Parameters
    ----------
    low
        Lower end of each band, in the unit interval.
    width
        Width of each band.

    Examples
    --------
    >>> hat_features(np.array([0.0]), np.array([0.0]))[0, :2].tolist()
    [1.0, 0.0]
    """
    place = (KNOTS - 1) * np.clip(low, 0, 1)[:, None] - np.arange(KNOTS)
    end = (KNOTS - 1) * np.clip(low + width, 0, 1)[:, None] - np.arange(KNOTS)
    is_point = end - place < _POINT
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (_area(end) - _area(place)) / (end - place)
    features: Floats = np.where(is_point, np.clip(1 - np.abs(place), 0, 1), mean)
    return features


def _area(place: Floats) -> Floats:
    """Return the area under the hat of 0, from -1 to a place."""
    inside = np.clip(place, -1, 1)
    return np.where(inside < 0, (1 + inside) ** 2 / 2, 1 - (1 - inside) ** 2 / 2)
