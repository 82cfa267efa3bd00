"""Contingency tables of all pairs of columns at once: association, distance, joint entropy."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Associations",
    "PairCodes",
    "associations",
    "entropy",
    "joint_entropy",
    "pair_association",
]

NARROW = 32  # levels of a column whose tables are counted together with all others'
MOST_CELLS = 1_000_000  # of a contingency table that is laid out in full
STRIPE_CELLS = 4_000_000  # of the tables that are counted at once
ROWS = 8_192  # whose levels are laid out at once
Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


class PairCodes(NamedTuple):
    """A column's levels in two tables, as codes from 0."""

    real: Codes
    synthetic: Codes

    @property
    def width(self) -> int:
        """Number of levels, by the greatest code."""
        return 1 + max(int(self.real.max()), int(self.synthetic.max()))


class Associations(NamedTuple):
    """All pairs of columns, as symmetric matrices of shape (columns, columns).

    Attributes
    ----------
    real, synthetic
        Cramér's V of each table; NaN where a column has one level.
    error
        Total variation distance of the two tables' joint shares, 0 to 1.
    """

    real: Floats
    synthetic: Floats
    error: Floats


def associations(columns: Sequence[PairCodes]) -> Associations:
    """Compare the contingency tables of all pairs of columns.

    The tables of columns with few levels are the blocks of one product of indicator matrices.

    Parameters
    ----------
    columns
        The columns, each with at least one row in both tables.

    Examples
    --------
    >>> column = PairCodes(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]))
    >>> associations([column, column]).error.round(2).tolist()
    [[0.25, 0.25], [0.25, 0.25]]
    """
    size = len(columns)
    found = Associations(*(np.full((size, size), np.nan) for _ in range(3)))
    widths = np.array([column.width for column in columns], np.int64)
    narrow = np.flatnonzero(widths <= NARROW).tolist()
    if narrow:
        block = np.ix_(narrow, narrow)
        for matrix, part in zip(found, _narrow([columns[at] for at in narrow]), strict=True):
            matrix[block] = part
    for one in np.flatnonzero(widths > NARROW).tolist():
        for other in range(size):
            if widths[other] <= NARROW or one <= other:
                pair = pair_association(columns[one], columns[other])
                for matrix, value in zip(found, pair, strict=True):
                    matrix[one, other] = matrix[other, one] = value
    return found


def _narrow(columns: Sequence[PairCodes]) -> Associations:
    size = len(columns)
    starts = np.cumsum([0, *(column.width for column in columns)])
    levels = [
        starts[:-1] + np.stack([getattr(column, side) for column in columns], axis=1)
        for side in ("real", "synthetic")
    ]
    found = Associations(*(np.empty((size, size)) for _ in range(3)))
    for first, end in _stripes(starts):
        tables = [_counts(side, int(starts[-1]), starts[first], starts[end]) for side in levels]
        own, every = starts[first:end] - starts[first], starts[:-1]
        for matrix, counts, side in zip(found, tables, levels, strict=False):
            margins = np.bincount(side.ravel(), minlength=int(starts[-1])).astype(np.float64)
            matrix[first:end] = _strengths(counts, margins, starts, first, end)
        shares = tables[0] / len(levels[0])
        shares -= tables[1] / len(levels[1])
        distance = np.add.reduceat(np.abs(shares, out=shares), own, axis=0)
        found.error[first:end] = np.add.reduceat(distance, every, axis=1) / 2
    return found


def _stripes(starts: Codes) -> Iterator[tuple[int, int]]:
    """Yield ranges of columns whose tables with all columns are counted at once."""
    most, first, size = max(STRIPE_CELLS // int(starts[-1]), 1), 0, len(starts) - 1
    while first < size:
        end = int(np.searchsorted(starts, starts[first] + most, side="right")) - 1
        end = min(max(end, first + 1), size)
        yield first, end
        first = end


def _counts(levels: Codes, n_levels: int, first: int, end: int) -> Floats:
    """Count how often the levels of a stripe meet each level; shape (end - first, levels)."""
    counts = np.zeros((end - first, n_levels))
    for start in range(0, len(levels), ROWS):
        own = levels[start : start + ROWS]
        indicators = np.zeros((len(own), n_levels), np.float32)
        np.put_along_axis(indicators, own, 1, axis=1)
        counts += indicators[:, first:end].T @ indicators
    return counts


def _strengths(counts: Floats, margins: Floats, starts: Codes, first: int, end: int) -> Floats:
    """Return Cramér's V of a stripe's tables."""
    inverse = np.divide(1.0, margins, out=np.zeros_like(margins), where=margins > 0)
    weighed = counts**2 * inverse[starts[first] : starts[end], None] * inverse
    own = starts[first:end] - starts[first]
    surplus = np.add.reduceat(np.add.reduceat(weighed, own, axis=0), starts[:-1], axis=1) - 1
    occurring = np.add.reduceat((margins > 0).astype(np.int64), starts[:-1])
    smaller = np.minimum(occurring[first:end, None], occurring) - 1
    strengths = np.sqrt(np.maximum(surplus, 0.0) / np.maximum(smaller, 1))
    return np.where(smaller < 1, np.nan, strengths)


def pair_association(one: PairCodes, other: PairCodes) -> tuple[float, float, float]:
    """Return Cramér's V of both tables of a pair, and their distance, as `associations` does.

    Parameters
    ----------
    one, other
        The two columns.
    """
    height, width = one.width, other.width
    keys = [a * width + b for a, b in zip(one, other, strict=True)]
    if height * width > MOST_CELLS:
        occurring, joint = np.unique(np.concatenate(keys), return_inverse=True)
        counts = [
            np.bincount(part, minlength=len(occurring)).astype(np.float64)
            for part in np.split(joint, [len(keys[0])])
        ]
    else:
        occurring = np.arange(height * width)
        counts = [np.bincount(key, minlength=height * width).astype(np.float64) for key in keys]
    rows, columns = np.divmod(occurring, width)
    strengths = [_cramers_v(count, rows, columns) for count in counts]
    shares = [count / count.sum() for count in counts]
    return strengths[0], strengths[1], float(np.abs(shares[0] - shares[1]).sum() / 2)


def _cramers_v(counts: Floats, rows: Codes, columns: Codes) -> float:
    """Return Cramér's V of the cells' counts; NaN where a side has but one level."""
    by_row, by_column = np.bincount(rows, counts), np.bincount(columns, counts)
    smaller = min(np.count_nonzero(by_row), np.count_nonzero(by_column)) - 1
    if smaller < 1:
        return float("nan")
    at = counts > 0
    expected = by_row[rows[at]] * by_column[columns[at]]
    surplus = float((counts[at] ** 2 / expected).sum()) - 1
    return float(np.sqrt(max(surplus, 0.0) / smaller))


def entropy(codes: Codes) -> float:
    """Return the entropy of a column of codes, in nats."""
    shares = np.bincount(codes) / len(codes)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


def joint_entropy(one: Codes, other: Codes) -> float:
    """Return the entropy of two columns of codes together, in nats.

    Parameters
    ----------
    one, other
        The columns, of the same rows.
    """
    width = 1 + int(other.max())
    keys = one * width + other
    if width * (1 + int(one.max())) > MOST_CELLS:
        keys = np.unique(keys, return_inverse=True)[1]
    return entropy(keys)
