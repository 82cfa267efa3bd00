"""How pairs of columns go together, and how far that is from the real table's way."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabgan.evaluation.coding import CodedColumn

__all__ = ["ASSOCIATION", "CORRELATION", "Trends", "pair_trends"]

# From here on a pair of columns is taken for related in the real table.
CORRELATION = 0.5
ASSOCIATION = 0.3

BINS = 10
MOST_CELLS = 1_000_000  # of a contingency table that is laid out in full

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


class Trends(NamedTuple):
    """Pairs of columns, as symmetric matrices of shape (columns, columns).

    Attributes
    ----------
    real, synthetic
        |Pearson's correlation| of two numbers, or Cramér's V where levels take part; NaN where
        it isn't known, and on the diagonal.
    error
        Half the difference of the correlations, or the total variation distance of the
        contingency tables, from 0 to 1; NaN where it isn't known.
    related
        Whether the real table's correlation is above ½, or its V above 0.3.
    margins
        How far the two columns of a pair are off by themselves: the larger of their total
        variation distances, where levels take part; 0 of two numbers.
    """

    real: Floats
    synthetic: Floats
    error: Floats
    related: NDArray[np.bool_]
    margins: Floats

    @property
    def error_of_relation(self) -> Floats:
        """The error beyond what the columns by themselves are off."""
        return np.maximum(self.error - self.margins, 0)

    @property
    def mean_error(self) -> float:
        """Mean over the related pairs; NaN where none is."""
        errors = self.error[self.related]
        return float(errors.mean()) if len(errors) else float("nan")


def pair_trends(columns: Sequence[CodedColumn]) -> Trends:
    """Compare all pairs of columns, as sdmetrics' quality report does.

    Where levels meet numbers, the numbers of each table are cut into ten bins of equal width
    between their extremes. Missing is a level of its own; among numbers it is left out of
    correlations and counted to the highest bin. A synthetic column that is constant correlates
    with nothing.

    Notes
    -----
    Source: SDMetrics' documentation, "Correlation Similarity" and "Contingency Similarity".
    """
    size = len(columns)
    real, synthetic, error = (np.full((size, size), np.nan) for _ in range(3))
    numbers = [place for place, column in enumerate(columns) if not column.nominal]
    if numbers:
        block = np.ix_(numbers, numbers)
        own, other = (
            _correlations(np.column_stack([getattr(columns[i], side) for i in numbers]))
            for side in ("real", "synthetic")
        )
        other = np.where(np.isnan(other), 0.0, other)
        real[block], synthetic[block] = np.abs(own), np.abs(other)
        error[block] = np.abs(own - other) / 2
    coded = [(_cells(column, column.real), _cells(column, column.synthetic)) for column in columns]
    nominal = np.array([column.nominal for column in columns])
    for one, other_place in combinations(range(size), 2):
        if nominal[one] or nominal[other_place]:
            at = ([one, other_place], [other_place, one])
            real[at], synthetic[at], error[at] = _association(coded[one], coded[other_place])
    np.fill_diagonal(real, np.nan)
    np.fill_diagonal(synthetic, np.nan)
    np.fill_diagonal(error, np.nan)
    least = np.where(nominal[:, None] | nominal[None, :], ASSOCIATION, CORRELATION)
    own = np.array([_distance(*codes) for codes in coded])
    margins = np.maximum(own[:, None], own[None, :]) * (nominal[:, None] | nominal[None, :])
    return Trends(real, synthetic, error, np.nan_to_num(real) > least, margins)


def _correlations(values: Floats) -> Floats:
    """Correlate columns over the rows where both are there; NaN where one is constant."""
    there = ~np.isnan(values)
    filled = np.where(there, values, 0.0)
    count = np.maximum(there.sum(axis=0), 1)
    middle = filled.sum(axis=0) / count
    centred = np.where(there, values - middle, 0.0)
    width = np.sqrt((centred**2).sum(axis=0) / count)
    centred /= np.where(width > 0, width, 1)
    known = there.astype(np.float64)
    both, sums, squares = known.T @ known, centred.T @ known, (centred**2).T @ known
    spread = both * squares - sums**2
    covariance = both * (centred.T @ centred) - sums * sums.T
    scale = np.sqrt(np.maximum(spread, 0) * np.maximum(spread.T, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = covariance / np.where(scale > 1e-12 * np.maximum(both, 1) ** 2, scale, np.nan)
    bounded: Floats = np.clip(found, -1, 1)
    return bounded


def _cells(column: CodedColumn, values: Floats) -> Codes:
    """Return the level or bin of each value."""
    missing = np.isnan(values)
    if column.nominal:
        n_levels = len(column.levels)
        return np.where(missing, n_levels, values).astype(np.int64)
    if missing.all():
        return np.zeros(len(values), np.int64)
    edges = np.histogram_bin_edges(values[~missing], BINS)
    return np.digitize(values, edges).astype(np.int64)  # NaN goes where the highest value does


def _distance(one: Codes, other: Codes) -> float:
    """Return the total variation distance of two columns of codes."""
    size = 1 + max(int(one.max()), int(other.max()))
    shares = [np.bincount(codes, minlength=size) / len(codes) for codes in (one, other)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def _association(
    one: tuple[Codes, Codes], other: tuple[Codes, Codes]
) -> tuple[float, float, float]:
    """Return Cramér's V of both tables, and how far they are apart."""
    width = 1 + max(int(codes.max()) for codes in other)
    height = 1 + max(int(codes.max()) for codes in one)
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
