"""All scores of drawn images, each beside the figure that real ones get."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabgan.errors import DataError
from tabgan.images.arrays import Images, check_images
from tabgan.images.judge import Judge
from tabgan.images.labels import check_codes
from tabgan.images.metrics import (
    ModeCoverage,
    agreement,
    frechet_distance,
    inception_score,
    mode_coverage,
    trained_on_samples,
)
from tabgan.streams import numpy_stream

__all__ = ["ImageScores", "Labelled", "evaluate_images"]


class Labelled(NamedTuple):
    """Images and the codes of their classes.

    Attributes
    ----------
    images
        As `tabgan.images.arrays.check_images` takes them.
    codes
        Whole numbers from 0, one for each image.
    """

    images: Images
    codes: ArrayLike


@dataclass(frozen=True)
class ImageScores:
    """Scores of drawn images, and those of real ones beside them.

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
    """Score drawn images with a judge, and real ones beside them.

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
