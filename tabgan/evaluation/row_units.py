"""Rows that are alike, and tell as one unit: those of a key, and neighbors of a series in time."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "gaps_of",
    "halves_of_units",
    "is_regular",
    "rows_of_unit",
    "shuffled_rows",
    "stretches",
    "units_of",
]

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

REGULAR = 0.9  # share of a series' steps that are its usual one
N_STRETCHES = 40


def rows_of_unit(units: Rows | None) -> float:
    """Return how many rows the unit of a row has, on average over the rows; 1 without units.

    Parameters
    ----------
    units
        The unit of each row, shape (rows,).

    Examples
    --------
    >>> rows_of_unit(np.array([0, 0, 0, 1])), rows_of_unit(None)
    (2.5, 1.0)
    """
    return 1.0 if units is None else float(np.square(np.bincount(units)).sum() / len(units))


def units_of(keys: pd.Series) -> Rows:
    """Return the unit of each row, from 0: the rows of one key, and each row without one."""
    codes = pd.factorize(keys)[0].astype(np.int64)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
    return codes


def gaps_of(times: Floats) -> Floats:
    """Return what passes from each time to the next, those that are missing left out."""
    return np.diff(np.sort(times[~np.isnan(times)]))


def is_regular(times: Floats) -> bool:
    """Return whether there is one row at each place of a grid of times, but for some gaps.

    Parameters
    ----------
    times
        Shape (rows,), in any order.

    Examples
    --------
    >>> is_regular(np.arange(50.0)), is_regular(np.arange(50.0) ** 2), is_regular(np.zeros(50))
    (True, False, False)
    """
    steps = gaps_of(times)
    if len(times) < N_STRETCHES or np.isnan(times).any() or not (steps > 0).all():
        return False
    return float((np.abs(steps / np.median(steps) - 1) < 1e-6).mean()) >= REGULAR


def stretches(times: Floats) -> Rows:
    """Return the stretch of a series that each row lies in, from 0, all of about as many rows.

    Parameters
    ----------
    times
        Shape (rows,), in any order.

    Examples
    --------
    >>> stretches(np.arange(80.0, 0, -1))[[0, 1, -1]].tolist()
    [39, 39, 0]
    """
    own = np.empty(len(times), np.int64)
    own[np.argsort(times, kind="stable")] = np.arange(len(times)) * N_STRETCHES // len(times)
    return own


def shuffled_rows(n_rows: int, units: Rows | None, rng: np.random.Generator) -> Rows:
    """Return rows in random order, those of one unit one after the other.

    Parameters
    ----------
    n_rows
        How many there are.
    units
        The unit of each, shape (rows,); None where each row is one.
    """
    rows = rng.permutation(n_rows)
    if units is None:
        return rows
    places = rng.permutation(int(units.max()) + 1)[units]
    return rows[np.argsort(places[rows], kind="stable")]


def halves_of_units(n_rows: int, units: Rows | None, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Return the rows of two halves of the units, in random order.

    Parameters
    ----------
    n_rows, units
        As `shuffled_rows` takes them.
    rng
        Draws the halves.
    """
    rows = rng.permutation(n_rows)
    if units is None:
        middle = (n_rows + 1) // 2
        return rows[:middle], rows[middle:]
    n_units = int(units.max()) + 1
    is_first = (rng.permutation(n_units) < (n_units + 1) // 2)[units[rows]]
    return rows[is_first], rows[~is_first]
