"""Scores of drawn images, as numbers from a judge's probabilities and features."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabgan.errors import DataError, OptionError
from tabgan.images.arrays import Images
from tabgan.images.judge import Judge
from tabgan.images.labels import check_codes

__all__ = [
    "ModeCoverage",
    "agreement",
    "frechet_distance",
    "inception_score",
    "mode_coverage",
    "trained_on_samples",
]

LEAST = 0.2  # of an even share, that a class needs to be covered


class ModeCoverage(NamedTuple):
    """Classes that turn up often enough.

    Attributes
    ----------
    number
        How many classes do.
    share
        The same as a share of all classes.
    """

    number: int
    share: float


def inception_score(probabilities: ArrayLike) -> float:
    """Return exp E KL(p(y|x) ‖ p(y)), with p(y) the mean over the images.

    Between 1, where all images are judged alike, and the number of classes, where each image is
    surely of one class and all classes are as frequent. Salimans et al., 2016, arXiv:1606.03498,
    section 4, here with a judge of one's own in place of the Inception network.

    Parameters
    ----------
    probabilities
        Of each class for each image, (n, n_classes).

    Raises
    ------
    DataError
        If these are no probabilities.

    Examples
    --------
    >>> round(inception_score(np.eye(10)), 6)
    10.0
    """
    given = _check_probabilities(probabilities)
    mean = given.mean(axis=0)
    # p·log p is 0 at p = 0
    logs = np.log(given, out=np.zeros_like(given), where=given > 0)
    mean_logs = np.log(mean, out=np.zeros_like(mean), where=mean > 0)
    return float(np.exp(np.sum(given * (logs - mean_logs), axis=1).mean()))


def frechet_distance(a: ArrayLike, b: ArrayLike) -> float:
    """Return the squared Fréchet distance between normal distributions fitted to two samples.

    ‖μa − μb‖² + Tr(Σa + Σb − 2(ΣaΣb)^½): Dowson & Landau, 1982; with features of a classifier the
    FID of Heusel et al., 2017, arXiv:1706.08500, equation 6. Σ divides by n − 1, as theirs does.

    Parameters
    ----------
    a, b
        Features of images, (n, d) and (m, d) with n and m from 2.

    Raises
    ------
    DataError
        If the features are of other shapes or not finite.

    Examples
    --------
    >>> frechet_distance([[0.0], [2.0]], [[3.0], [5.0]])
    9.0
    """
    first, second = _check_features("a", a), _check_features("b", b)
    if first.shape[1] != second.shape[1]:
        raise DataError(
            f"features a have {first.shape[1]} columns and features b {second.shape[1]}; take "
            "both from one judge"
        )
    covariances = [np.atleast_2d(np.cov(x, rowvar=False)) for x in (first, second)]
    roots = [_root(covariance) for covariance in covariances]
    # Tr (ΣaΣb)^½ is the sum of the singular values of Σa^½ Σb^½, all real and not negative
    # however close to singular the covariances are.
    cross = np.linalg.svd(roots[0] @ roots[1], compute_uv=False).sum()
    traces = sum(np.trace(covariance) for covariance in covariances)
    means = np.sum((first.mean(axis=0) - second.mean(axis=0)) ** 2)
    return float(max(means + traces - 2 * cross, 0.0))


def _root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the symmetric square root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(covariance)
    root: NDArray[np.float64] = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    return root


def mode_coverage(
    probabilities: ArrayLike, n_classes: int, *, least: float | None = None
) -> ModeCoverage:
    """Count the classes that at least a share of the images is judged to be of.

    Parameters
    ----------
    probabilities
        Of each class for each image, (n, n_classes).
    n_classes
        Number of classes.
    least
        The share that a class must have, above 0 and up to 1; None takes a fifth of an even
        share.

    Raises
    ------
    DataError
        If these are no probabilities of so many classes.
    OptionError
        If `least` is impossible.

    Examples
    --------
    >>> mode_coverage([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]], 3)
    ModeCoverage(number=2, share=0.6666666666666666)
    """
    given = _check_probabilities(probabilities)
    if given.shape[1] != n_classes:
        raise DataError(
            f"probabilities of {given.shape[1]} classes, and n_classes={n_classes}; they must agree"
        )
    if least is None:
        least = LEAST / n_classes
    if not 0 < least <= 1:
        raise OptionError(f"least={least!r} must be a share above 0 and up to 1, or None")
    counts = np.bincount(given.argmax(axis=1), minlength=n_classes)
    number = int(np.sum(counts >= least * len(given)))
    return ModeCoverage(number, number / n_classes)


def agreement(probabilities: ArrayLike, codes: ArrayLike) -> float:
    """Return the share of images whose likeliest class is the one that was asked for.

    Raises
    ------
    DataError
        If these are no probabilities, or the codes don't fit them.

    Examples
    --------
    >>> agreement([[0.9, 0.1], [0.8, 0.2]], [0, 1])
    0.5
    """
    given = _check_probabilities(probabilities)
    return float(np.mean(given.argmax(axis=1) == check_codes(codes, *given.shape)))


def trained_on_samples(
    samples: Images,
    codes: ArrayLike,
    test_images: Images,
    test_codes: ArrayLike,
    seed: int,
    *,
    n_classes: int,
    epochs: int | None = None,
) -> float:
    """Return the accuracy on real images of a classifier that was trained on samples only.

    The classification accuracy score of Ravuri & Vinyals, 2019, arXiv:1905.10887.

    Parameters
    ----------
    samples, codes
        Drawn images and the classes that were asked for.
    test_images, test_codes
        Real images that took no part in training.
    seed
        Of the classifier.
    n_classes
        Number of classes.
    epochs
        Passes over the samples; None chooses them.

    Raises
    ------
    DataError
        If the images or codes can't be used.
    """
    judge = Judge.train(samples, codes, n_classes, seed, epochs=epochs)
    return judge.accuracy(test_images, test_codes)


def _check_probabilities(probabilities: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(probabilities, dtype=np.float64)
    if array.ndim != 2 or not array.size:
        raise DataError(
            f"probabilities of shape {array.shape}: give (n, n_classes), with an image at least"
        )
    # NaN makes the comparisons false
    right = (array >= 0).all(axis=1) & (np.abs(array.sum(axis=1) - 1) < 1e-4)
    if not right.all():
        place = int(np.argmin(right))
        raise DataError(
            f"row {place} of the probabilities is {str(array[place])[:200]}; a row's must be "
            "from 0 and add up to 1"
        )
    return array


def _check_features(name: str, features: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(features, dtype=np.float64)
    if array.ndim != 2 or len(array) < 2 or not array.shape[1]:
        raise DataError(
            f"features {name} of shape {array.shape}: give (n, d), with two images at least"
        )
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        raise DataError(f"row {int(np.argmin(finite))} of features {name} is not finite")
    return array
