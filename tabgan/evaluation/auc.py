"""Areas under ROC curves (AUC) with confidence intervals, and cross-validated classifiers."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

__all__ = [
    "FOLDS",
    "AUCEstimate",
    "ClassifierTrial",
    "roc_auc",
    "cross_validate",
    "half_labels",
    "macro_auc",
    "mean_auc",
]

FOLDS = 3
NORMAL_95 = 1.96  # standard errors on either side

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


class AUCEstimate(NamedTuple):
    """An area under a ROC curve, and the variance of this estimate."""

    value: float
    variance: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval, within 0 and 1."""
        half = NORMAL_95 * np.sqrt(self.variance)
        return float(max(self.value - half, 0.0)), float(min(self.value + half, 1.0))


class ClassifierTrial(NamedTuple):
    """A classifier of one fold.

    Attributes
    ----------
    score
        Takes features of shape (rows, features) to the chance of label 1, shape (rows,).
    held_out
        The rows that it has not seen.
    area
        Its AUC on these.
    """

    score: Callable[[Any], Floats]
    held_out: Labels
    area: AUCEstimate


def roc_auc(labels: Labels, scores: Floats) -> AUCEstimate:
    """Return the area under the ROC curve with DeLong's variance.

    Parameters
    ----------
    labels, scores
        Shape (rows,): 0 or 1, both of which occur, and scores that are to be high for 1.

    Notes
    -----
    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988); by mid-ranks as in Sun and Xu,
    IEEE Signal Processing Letters 21 (2014).

    Examples
    --------
    >>> roc_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.3, 0.8])).value
    0.75
    """
    ones, zeros = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    of_ones = _number_below(ones, zeros) / len(zeros)
    of_zeros = 1 - _number_below(zeros, ones) / len(ones)
    variance = sum(
        float(part.var(ddof=1)) / len(part) for part in (of_ones, of_zeros) if len(part) > 1
    )
    return AUCEstimate(float(of_ones.mean()), variance)


def _number_below(values: Floats, others: Floats) -> Floats:
    """Return how many of the others, which are in order, are below each value; ties count half."""
    below, upto = (np.searchsorted(others, values, side) for side in ("left", "right"))
    return (below + upto) / 2


def half_labels(features: Any) -> Labels:
    """Return 1 for the upper half of the rows, and 0 for the lower one, shape (rows,)."""
    return np.repeat([1, 0], features.shape[0] // 2)


def cross_validate(
    make: Callable[[], Any],
    features: Any,
    labels: Labels,
    seed: int,
    units: Labels | None = None,
) -> Iterator[ClassifierTrial]:
    """Fit a classifier on two of three folds and try it on the third; for each fold.

    Parameters
    ----------
    make
        Makes a classifier of scikit-learn.
    features, labels
        Shapes (rows, features), dense or sparse, and (rows,).
    seed
        Seed of the folds.
    units
        Shape (rows,): rows of one unit, from 0, stand in one fold; None where each row is one.
    """
    for fitted, held_out in _folds(labels, seed, units):
        score = _fit(make, features, labels, fitted)
        yield ClassifierTrial(score, held_out, roc_auc(labels[held_out], score(features[held_out])))


def _folds(labels: Labels, seed: int, units: Labels | None) -> Iterator[tuple[Labels, Labels]]:
    """Yield the rows to fit on and those to try on, of each fold that has both labels."""
    if units is None:
        splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        yield from splitter.split(labels, labels)
        return
    fold = np.random.default_rng(seed).permutation(int(units.max()) + 1)[units] % FOLDS
    for at in range(FOLDS):
        parts = np.flatnonzero(fold != at), np.flatnonzero(fold == at)
        if all(len(np.unique(labels[rows])) == 2 for rows in parts):
            yield parts


def mean_auc(aucs: Sequence[AUCEstimate]) -> AUCEstimate:
    """Return the mean over folds.

    The held-out rows of the folds are not the same, so their variances add up; what the classifiers
    have in common by the rows they learned from is left out.
    """
    count = len(aucs)
    if not count:  # a few units, none of which can be held out
        return AUCEstimate(0.5, 0.0)
    variance = sum(auc.variance for auc in aucs) / count**2
    return AUCEstimate(sum(auc.value for auc in aucs) / count, variance)


def macro_auc(truth: Floats, chances: Floats, classes: Floats) -> float:
    """Return the mean AUC over the classes that occur, each against all others.

    Parameters
    ----------
    truth
        The class of each row, shape (rows,).
    chances, classes
        Shape (rows, classes): chances of the classes that a model knows, shape (classes,). One
        that it does not know has the AUC ½.
    """
    column = {value: place for place, value in enumerate(classes.tolist())}
    unknown = np.zeros(len(truth))
    aucs = []
    for value in np.unique(truth).tolist():
        scores = chances[:, column[value]] if value in column else unknown
        is_class = (truth == value).astype(np.int64)
        aucs.append(roc_auc(is_class, scores).value if 0 < is_class.sum() < len(truth) else 0.5)
    return float(np.mean(aucs))


def _fit(
    make: Callable[[], Any], features: Any, labels: Labels, rows: Labels
) -> Callable[[Any], Floats]:
    training = features[rows]
    there = np.arange(training.shape[1])
    if isinstance(training, np.ndarray):  # trees refuse a feature that is always missing
        there = np.flatnonzero(~np.isnan(training).all(axis=0))
    if not len(there):
        return lambda others: np.zeros(others.shape[0])
    model = make().fit(training[:, there], labels[rows])
    return lambda others: model.predict_proba(others[:, there])[:, 1]
