"""Whether a classifier can tell synthetic rows from real ones."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from tabgan.errors import DataError
from tabgan.evaluation.coding import CodedColumn, code_columns
from tabgan.schema import Schema
from tabgan.streams import RandomStateLike, numpy_stream, resolve_seed

__all__ = ["detection_score"]

FOLDS = 3

Floats = NDArray[np.float64]


def detection_score(
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    schema: Schema,
    *,
    random_state: RandomStateLike = 0,
) -> float:
    """Test two samples by a classifier: 1 if rows can't be told apart, 0 if all can.

    The score is 2·(1 − max(AUC, ½)), with the mean AUC of boosted trees on the held-out rows of
    three folds.

    Parameters
    ----------
    real, synthetic
        Tables with the columns of the schema, in its order. Of the longer one as many rows are
        drawn as the shorter one has. The real rows are best ones that the generator never saw.
    schema
        What the columns are; identifiers and text are left out.
    random_state
        Seed of the folds, of the rows drawn and of the trees; the same one gives the same score.

    Raises
    ------
    DataError, SchemaError
        If the tables don't have the schema's columns, none that can be compared, or too few rows.

    Notes
    -----
    Source: Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017, with the AUC
    in place of the accuracy.
    """
    coded = code_columns(real, synthetic, schema)
    size = min(len(real), len(synthetic))
    if size < FOLDS:
        raise DataError(
            f"The real table has {len(real)} rows and the synthetic one {len(synthetic)}; a "
            f"detector needs at least {FOLDS} of each, one for each fold"
        )
    rng = numpy_stream(resolve_seed(random_state), "detection")
    features = np.concatenate(
        [
            _some_rows(np.column_stack(columns), size, rng)
            for columns in (_side(coded, "real"), _side(coded, "synthetic"))
        ]
    )
    seed = int(rng.integers(2**31))
    with threadpool_limits(1):  # sums in one order, and no waiting for a core that is busy
        area = _mean_area(features, np.repeat([1, 0], size), seed)
    return float(2 * (1 - max(area, 0.5)))


def _side(coded: dict[int, CodedColumn], side: str) -> list[Floats]:
    return [getattr(column, side) for column in coded.values()]


def _some_rows(features: Floats, size: int, rng: np.random.Generator) -> Floats:
    """Return so many rows in random order, shape (size, features)."""
    return features[rng.permutation(len(features))[:size]]


def _mean_area(features: Floats, labels: NDArray[np.int64], seed: int) -> float:
    """Return the mean over the folds of the AUC on their held-out rows."""
    areas = []
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(features, labels)
    for fitted, held_out in folds:
        # scikit-learn's trees refuse a feature that is never there
        there = ~np.isnan(features[fitted]).all(axis=0)
        if not there.any():
            areas.append(0.5)
            continue
        detector = HistGradientBoostingClassifier(early_stopping=False, random_state=seed)
        detector.fit(features[np.ix_(fitted, there)], labels[fitted])
        guess = detector.predict_proba(features[np.ix_(held_out, there)])[:, 1]
        areas.append(roc_auc_score(labels[held_out], guess))
    return float(np.mean(areas))
