"""Scores of sampled images, each with the figure of real images."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter

from tabgan.base.errors import DataError, OptionError
from tabgan.base.random_streams import numpy_stream
from tabgan.images.image_arrays import Images, check_codes, check_images
from tabgan.images.image_classifier import Judge

__all__ = [
    "ImageScores",
    "Labelled",
    "ModeCoverage",
    "agreement",
    "evaluate_images",
    "frechet_distance",
    "inception_score",
    "mode_coverage",
    "psnr",
    "ssim",
    "trained_on_samples",
]

LEAST = 0.2  # of an even share, that a class needs to be covered


class ModeCoverage(NamedTuple):
    """The classes that occur often enough in a sample.

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
    """Count the classes that at least a given share of the images is classified as.

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
    """Return the share of images whose likeliest class is the requested one.

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


def psnr(real: NDArray[Any], made: NDArray[Any]) -> float:
    """Return the mean peak signal-to-noise ratio of images, −10·log₁₀ of the mean squared error.

    Parameters
    ----------
    real, made
        Images with the same shape, from 0 to 1.

    Examples
    --------
    >>> psnr(np.zeros((2, 4, 4)), np.full((2, 4, 4), 0.1))
    20.0
    """
    errors = np.square(np.asarray(real, np.float64) - made)
    means = errors.reshape(len(errors), -1).mean(axis=1).clip(1e-10)
    return float(round(np.mean(-10 * np.log10(means)), 6))


def ssim(real: NDArray[Any], made: NDArray[Any]) -> float:
    """Return the mean structural similarity of images (Wang et al., 2004, equation 13).

    With a Gaussian window of deviation 1.5, K₁ = .01 and K₂ = .03, as there.

    Parameters
    ----------
    real, made
        Images of shape (n, height, width, channels), from 0 to 1.

    Examples
    --------
    >>> images = np.random.default_rng(0).random((2, 12, 12, 1))
    >>> ssim(images, images), round(ssim(images, images[:, ::-1]), 1)
    (1.0, 0.0)
    """

    def smooth(images: NDArray[np.float64]) -> NDArray[np.float64]:
        # the window has 11 pixels: 5 on each side
        return gaussian_filter(images, (0, 1.5, 1.5, 0), truncate=3.5)  # type: ignore[no-any-return]

    x, y = np.asarray(real, np.float64), np.asarray(made, np.float64)
    mean_x, mean_y = smooth(x), smooth(y)
    variances = smooth(x * x) - mean_x**2 + smooth(y * y) - mean_y**2
    covariance = smooth(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + 0.01**2) / (mean_x**2 + mean_y**2 + 0.01**2)
    return float(np.mean(luminance * (2 * covariance + 0.03**2) / (variances + 0.03**2)))


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


class Labelled(NamedTuple):
    """Images and the codes of their classes.

    Attributes
    ----------
    images
        As `tabgan.images.image_arrays.check_images` takes them.
    codes
        Whole numbers from 0, one for each image.
    """

    images: Images
    codes: ArrayLike


@dataclass(frozen=True)
class ImageScores:
    """Scores of sampled images, and those of real images.

    Attributes
    ----------
    judge_accuracy
        Share of real test images that the judge is right about; what `agreement` of real images
        would be.
    inception_score, inception_score_real
        Of drawn images and of real test images; higher is better.
    frechet_distance, frechet_distance_real
        Distance of the judge's features of drawn images, and of real training images, from those
        of real test images; lower is better. The judge is a little surer of images that it was
        trained on, which is part of the real distance too.
    n_frechet
        How many images all three sides had: the distance falls with their number.
    modes, modes_real
        Classes that turn up often enough among drawn and among real test images.
    agreement
        Share of drawn images that the judge takes for what was asked; None where nothing was.
    trained_on_samples, trained_on_real
        Accuracy on real test images of a classifier trained on drawn images, and on as many real
        training images; None where no classes were asked for, or where this was left out.
    n_trained
        How many images either was trained on; None as before.
    """

    judge_accuracy: float
    inception_score: float
    inception_score_real: float
    frechet_distance: float
    frechet_distance_real: float
    n_frechet: int
    modes: ModeCoverage
    modes_real: ModeCoverage
    agreement: float | None = None
    trained_on_samples: float | None = None
    trained_on_real: float | None = None
    n_trained: int | None = None


class _Checked(NamedTuple):
    images: NDArray[np.float32]
    codes: NDArray[np.int64]


def evaluate_images(
    judge: Judge,
    samples: Images,
    train: Labelled,
    test: Labelled,
    *,
    seed: int,
    codes: ArrayLike | None = None,
    least: float | None = None,
    retrain: bool = True,
    epochs: int | None = None,
) -> ImageScores:
    """Score sampled images with a judge, and compare with real images.

    Parameters
    ----------
    judge
        Trained on real images, but on none of `test`.
    samples
        The drawn images.
    train
        Real images that the generator learned from.
    test
        Real images that neither the generator nor the judge has seen.
    seed
        Of the choice of images and of the classifiers that are trained anew.
    codes
        The classes that were asked for when the samples were drawn.
    least
        Share of the images that a class needs to count as covered; see `mode_coverage`.
    retrain
        Whether to train a classifier on the samples, and one on as many real images; it takes as
        long as training two judges.
    epochs
        Of these classifiers; None chooses them.

    Raises
    ------
    DataError
        If images or codes can't be used, or images are not of the judge's shape.
    OptionError
        If an option has an impossible value.
    """
    drawn, k = check_images(samples), judge.n_classes
    asked = None if codes is None else check_codes(codes, len(drawn), k)
    known, unseen = _check_real(train, k), _check_real(test, k)
    judged, judged_real = judge.probabilities(drawn), judge.probabilities(unseen.images)
    n_frechet, distance, distance_real = _distances(judge, drawn, known, unseen, seed)
    n_trained, accuracy, accuracy_real = None, None, None
    if asked is not None and retrain:
        n_trained = min(len(drawn), len(known.images))
        accuracy, accuracy_real = (
            _retrain(part, n_trained, unseen, k, seed=seed, epochs=epochs)
            for part in (_Checked(drawn, asked), known)
        )
    return ImageScores(
        judge_accuracy=agreement(judged_real, unseen.codes),
        inception_score=inception_score(judged),
        inception_score_real=inception_score(judged_real),
        frechet_distance=distance,
        frechet_distance_real=distance_real,
        n_frechet=n_frechet,
        modes=mode_coverage(judged, k, least=least),
        modes_real=mode_coverage(judged_real, k, least=least),
        agreement=None if asked is None else agreement(judged, asked),
        trained_on_samples=accuracy,
        trained_on_real=accuracy_real,
        n_trained=n_trained,
    )


def _check_real(part: Labelled, n_classes: int) -> _Checked:
    images = check_images(part.images)
    return _Checked(images, check_codes(part.codes, len(images), n_classes))


def _distances(
    judge: Judge, drawn: NDArray[np.float32], train: _Checked, test: _Checked, seed: int
) -> tuple[int, float, float]:
    """Return a number of images, and how far so many drawn and training ones are from test ones."""
    parts = (drawn, train.images, test.images)
    n = min(map(len, parts))
    if n < 2:
        raise DataError(
            f"{len(drawn)} drawn, {len(train.images)} training and {len(test.images)} test images "
            "are too few to compare; give two of each at least"
        )
    made, known, unseen = (judge.features(part[_choose(len(part), n, seed)]) for part in parts)
    return n, frechet_distance(made, unseen), frechet_distance(known, unseen)


def _retrain(
    part: _Checked, n: int, test: _Checked, n_classes: int, *, seed: int, epochs: int | None
) -> float:
    rows = _choose(len(part.images), n, seed)
    return trained_on_samples(
        part.images[rows], part.codes[rows], *test, seed, n_classes=n_classes, epochs=epochs
    )


def _choose(n: int, fewer: int, seed: int) -> NDArray[np.int64]:
    """Choose some of n images at random, without repeats, in order."""
    return np.sort(numpy_stream(seed, "images").permutation(n)[:fewer])
