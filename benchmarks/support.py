"""How far a synthetic table lies within the real one's support, and covers it.

α-precision and β-recall of Alaa et al., "How Faithful is your Synthetic Data?" (2022), taken in
the feature space itself (one-hot levels, numbers scaled to the real range) and not in a one-class
embedding: the form behind the published figures of table generators.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from coding import encode, sample_rows
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import OneHotEncoder

ROWS = 30_000
"""At most so many rows of either table are compared."""
SHARES = np.linspace(0, 1, 30)
"""The α and β at which the two curves are taken."""
MAX_LEVELS = 200
TIE = 1e-9


def support_scores(
    real: pd.DataFrame, synthetic: pd.DataFrame, categorical: Collection[str]
) -> dict[str, float]:
    """Return `alpha_precision` and `beta_recall`, each 1 − 2·mean|curve − share|.

    Precision's curve at α is the share of synthetic rows within the ball around the real mean
    that holds the share α of the real rows. Recall's curve at β is the share of real rows whose
    nearest synthetic row is no farther than the nearest other real row, and is among the share β
    of such nearest rows that are closest to the synthetic mean.

    A fresh sample of the real distribution reaches α-precision 1 and β-recall ½ (more where rows
    repeat): above that, synthetic rows lie nearer to the real ones than real ones to each other.

    Both tables are cut to the same number of rows, `ROWS` at most.

    Parameters
    ----------
    real, synthetic : DataFrame
        Tables with the same columns; `real` are the rows that the generator was fitted on.
    categorical : collection of str
        Names of the nominal columns. Of one with more than 200 levels the rarest share one.

    Returns
    -------
    dict of str to float
        Both scores, at best 1.
    """
    size = min(len(real), len(synthetic), ROWS)
    rng = np.random.default_rng(0)
    coded = encode([sample_rows(frame, size, rng) for frame in (real, synthetic)], categorical)
    return support_of_points(*_features(coded[0], coded[1], categorical))


def support_of_points(points: np.ndarray, drawn: np.ndarray) -> dict[str, float]:
    """Return both scores of as many drawn points as real ones, in one space."""
    return {
        "alpha_precision": _agreement(_precision_curve(points, drawn)),
        "beta_recall": _agreement(_recall_curve(points, drawn)),
    }


def _agreement(curve: np.ndarray) -> float:
    return float(1 - 2 * np.mean(np.abs(curve - SHARES)))


def _precision_curve(points: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    centre = points.mean(axis=0)
    radii = np.quantile(_lengths(points - centre), SHARES)
    return _shares_within(_lengths(drawn - centre), radii)


def _recall_curve(points: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    distance, nearest = _nearest(points, drawn)
    to_own_kind = _nearest_other(points)
    from_centre = _lengths(drawn[nearest] - drawn.mean(axis=0))
    radii = np.quantile(from_centre, SHARES)
    covered = distance <= to_own_kind + TIE
    return covered.mean() * _shares_within(from_centre[covered], radii)


def _shares_within(lengths: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Share of the lengths that are at most each radius."""
    places = np.searchsorted(np.sort(lengths), radii + TIE, side="right")
    return places / max(len(lengths), 1)


def _nearest(points: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance of each point to its nearest among the others, and that one's place."""
    search = NearestNeighbors(n_neighbors=1).fit(others)
    nearest = search.kneighbors(points, return_distance=False)[:, 0]
    return _lengths(points - others[nearest]), nearest


def _nearest_other(points: np.ndarray) -> np.ndarray:
    """Distance of each point to its nearest other point."""
    search = NearestNeighbors(n_neighbors=2).fit(points)
    pair = search.kneighbors(points, return_distance=False)
    # one of the two is the point itself, or equals it
    return np.maximum(*(_lengths(points - points[pair[:, place]]) for place in (0, 1)))


def _lengths(vectors: np.ndarray) -> np.ndarray:
    """Euclidean lengths from differences: a search's own distances are not exactly 0 for equals."""
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors))


def _features(
    real: pd.DataFrame, synthetic: pd.DataFrame, categorical: Collection[str]
) -> tuple[np.ndarray, np.ndarray]:
    """One-hot levels, numbers scaled to the real range, and marks of missing numbers."""
    nominal = [name for name in real.columns if name in categorical]
    numbers = real.drop(columns=nominal)
    low, middle = numbers.min().fillna(0), numbers.mean().fillna(0)
    width = (numbers.max() - low).replace(0, 1).fillna(1)
    levels = OneHotEncoder(
        max_categories=MAX_LEVELS, handle_unknown="infrequent_if_exist", sparse_output=False
    )

    def coded(frame: pd.DataFrame) -> np.ndarray:
        given = frame[numbers.columns]
        blocks = [(given.fillna(middle) - low) / width, given.isna()]
        if nominal:
            blocks.append(levels.transform(frame[nominal]))
        return np.hstack(blocks, dtype=float)

    if nominal:
        levels.fit(real[nominal])
    return coded(real), coded(synthetic)
