"""Scores against values computed by hand, and all of them on real digits."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tabgan.base.errors import DataError, OptionError
from tabgan.images.idx import embedded_digits
from tabgan.images.image_classifier import Judge
from tabgan.images.image_scores import (
    ImageScores,
    Labelled,
    agreement,
    evaluate_images,
    frechet_distance,
    inception_score,
    mode_coverage,
    trained_on_samples,
)

IMAGES, LABELS = embedded_digits()
SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("k", [1, 2, 10, 100])
def test_sure_and_even_probabilities_score_the_number_of_classes(k):
    assert inception_score(np.tile(np.eye(k), (3, 1))) == pytest.approx(k)


def test_inception_score_equals_its_formula():
    assert inception_score([[0.25, 0.75]] * 5) == pytest.approx(1)
    p = [[0.9, 0.1], [0.3, 0.7]]
    mean = [0.6, 0.4]
    kl = [sum(a * math.log(a / b) for a, b in zip(row, mean, strict=True)) for row in p]
    assert inception_score(p) == pytest.approx(math.exp(sum(kl) / 2))


@given(SEEDS, st.integers(1, 20), st.integers(1, 8), st.floats(0.01, 10))
def test_inception_score_stays_within_its_bounds(seed, n, k, sharpness):
    p = np.random.default_rng(seed).dirichlet(np.full(k, sharpness), n)
    assert 1 - 1e-9 <= inception_score(p) <= k + 1e-9


def exact_sample(mean: np.ndarray, root: np.ndarray, n: int = 50) -> np.ndarray:
    """Return n rows whose mean and covariance are exactly `mean` and root @ root.T."""
    x = np.random.default_rng(0).normal(size=(n, len(mean)))
    x -= x.mean(axis=0)
    whitened = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False)).T)
    return mean + whitened @ root.T


def test_frechet_distance_of_axis_aligned_normals():
    # ‖μa − μb‖² + Σ (σa − σb)²
    a = exact_sample(np.array([1.0, 2.0, 3.0]), np.diag([1.0, 2.0, 0.5]))
    b = exact_sample(np.array([0.0, 4.0, 3.0]), np.diag([4.0, 2.0, 1.5]))
    assert frechet_distance(a, b) == pytest.approx(1 + 4 + 9 + 0 + 1)


def test_frechet_distance_where_covariances_do_not_commute():
    # In two dimensions Tr (AB)^½ = √(Tr AB + 2·√det AB), from the eigenvalues of AB.
    root_a, root_b = np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [-3.0, 0.5]])
    cov_a, cov_b = root_a @ root_a.T, root_b @ root_b.T
    product = cov_a @ cov_b
    trace = math.sqrt(np.trace(product) + 2 * math.sqrt(np.linalg.det(product)))
    expected = np.trace(cov_a) + np.trace(cov_b) - 2 * trace
    mean = np.zeros(2)
    distance = frechet_distance(exact_sample(mean, root_a), exact_sample(mean, root_b))
    assert distance == pytest.approx(expected)


@given(SEEDS, st.integers(2, 30), st.integers(1, 40), st.floats(1e-3, 1e3))
def test_equal_and_moved_features(seed, n, d, scale):
    """Also where there are fewer rows than columns, and the covariance is singular."""
    x = np.random.default_rng(seed).normal(size=(n, d)) * scale
    size = np.trace(np.atleast_2d(np.cov(x, rowvar=False)))
    assert 0 <= frechet_distance(x, x) <= 1e-6 * size
    assert frechet_distance(x, x[::-1] + 3.0) == pytest.approx(9 * d, rel=1e-6, abs=1e-6 * size)


@given(arrays(np.float64, (6, 3), elements=st.floats(-100, 100)), SEEDS)
def test_the_distance_is_symmetric(a, seed):
    b = np.random.default_rng(seed).normal(size=(5, 3))
    forth, back = frechet_distance(a, b), frechet_distance(b, a)
    assert forth == pytest.approx(back, rel=1e-6, abs=1e-6)


def test_constant_features_are_compared_by_their_means():
    assert frechet_distance(np.zeros((3, 4)), np.ones((5, 4))) == 4


def test_modes_are_counted_from_their_share():
    p = np.eye(4)[[0] * 90 + [1] * 5 + [2] * 4 + [3]]
    assert mode_coverage(p, 4) == (2, 0.5)  # a fifth of an even share: 5 of 100
    assert mode_coverage(p, 4, least=0.04) == (3, 0.75)
    assert mode_coverage(p, 4, least=0.01) == (4, 1.0)
    assert mode_coverage(p, 4, least=1) == (0, 0.0)


def test_agreement_is_the_share_of_classes_as_asked():
    assert agreement(np.eye(4), [0, 1, 3, 3]) == 0.75


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: inception_score([0.5, 0.5]), DataError, "probabilities of shape (2,): give (n,"),
        (lambda: inception_score(np.empty((0, 3))), DataError, "of shape (0, 3): give (n,"),
        (lambda: inception_score([[1, 0], [0.5, 0.6]]), DataError, "row 1 of the probabilities is"),
        (lambda: inception_score([[1.5, -0.5]]), DataError, "must be from 0 and add up to 1"),
        (lambda: inception_score([[np.nan, 1]]), DataError, "row 0 of the probabilities is [nan"),
        (lambda: mode_coverage(np.eye(3), 4), DataError, "probabilities of 3 classes, and n_cl"),
        (lambda: mode_coverage(np.eye(3), 3, least=0), OptionError, "least=0 must be a share"),
        (lambda: agreement(np.eye(3), [0, 1]), DataError, "codes of shape (2,) for 3 images"),
        (lambda: agreement(np.eye(2), [0, 2]), DataError, "code 1 is 2; with 2 classes"),
        (lambda: frechet_distance([[1.0]], np.eye(2)), DataError, "features a of shape (1, 1)"),
        (lambda: frechet_distance(np.eye(2), np.eye(3)), DataError, "a have 2 columns and featu"),
        (
            lambda: frechet_distance(np.eye(2), [[0, 0], [0, np.inf]]),
            DataError,
            "row 1 of features b is not finite",
        ),
    ],
)
def test_what_cannot_be_scored(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()


TRAIN = Labelled(IMAGES[:900], LABELS[:900])
TEST = Labelled(IMAGES[1200:], LABELS[1200:])


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.train(*TRAIN, 10, seed=0, epochs=15)


def evaluate(judge: Judge, samples: np.ndarray, **options) -> ImageScores:
    return evaluate_images(judge, samples, TRAIN, TEST, seed=0, **options)


def test_real_digits_score_as_the_real_ones_beside_them(judge):
    scores = evaluate(judge, IMAGES[900:1200], codes=LABELS[900:1200], epochs=20)
    assert scores.judge_accuracy == judge.accuracy(*TEST) > 0.9
    assert scores.agreement > 0.9
    assert scores.inception_score == pytest.approx(scores.inception_score_real, abs=0.7)
    assert 7 < scores.inception_score_real < 10
    assert scores.n_frechet == scores.n_trained == 300
    assert 0 < scores.frechet_distance < 4 * scores.frechet_distance_real
    assert scores.modes == scores.modes_real == (10, 1.0)
    assert scores.trained_on_samples > 0.8
    assert scores.trained_on_real > 0.8


def test_the_distance_of_real_digits_is_that_of_training_from_test_ones(judge):
    scores = evaluate(judge, TEST.images)
    assert scores.n_frechet == 597
    assert scores.frechet_distance == pytest.approx(0, abs=1e-6)
    assert scores.frechet_distance_real > 0.1


def test_noise_and_a_lost_class_score_worse(judge):
    noise = evaluate(judge, np.random.default_rng(0).random((300, 8, 8)))
    assert noise.frechet_distance > 10 * noise.frechet_distance_real
    assert noise.inception_score < noise.inception_score_real - 2
    assert (noise.agreement, noise.trained_on_samples, noise.n_trained) == (None, None, None)
    few = evaluate(judge, IMAGES[LABELS < 3], codes=(LABELS[LABELS < 3] + 1) % 3, retrain=False)
    assert few.modes == (3, 0.3)
    assert few.agreement < 0.05
    assert few.trained_on_real is None


def test_wrong_labels_teach_nothing():
    wrong = np.random.default_rng(0).permutation(TRAIN.codes)
    score = trained_on_samples(TRAIN.images, wrong, *TEST, 0, n_classes=10, epochs=5)
    assert score < 0.3


@pytest.mark.parametrize(
    ("samples", "options", "words"),
    [
        (np.zeros((5, 9, 9)), {}, "images of 9×9×1 pixels and channels: the judge was trained on"),
        (IMAGES[:5], {"codes": [1, 2]}, "codes of shape (2,) for 5 images"),
        (IMAGES[:1], {}, "1 drawn, 900 training and 597 test images are too few to compare"),
        (IMAGES[:0], {}, "images of shape (0, 8, 8) are empty"),
    ],
)
def test_samples_that_cannot_be_scored(judge, samples, options, words):
    with pytest.raises(DataError, match=re.escape(words)):
        evaluate(judge, samples, **options)
