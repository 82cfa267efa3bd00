import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from tabgan.evaluation.detection import AUCEstimate, cross_validate, macro_auc, mean_auc, roc_auc

SCORES = st.lists(st.integers(0, 5), min_size=2, max_size=30)


@given(SCORES, SCORES)
def test_areas_are_those_of_scikit_learn(zeros, ones):
    labels = np.repeat([0, 1], [len(zeros), len(ones)])
    scores = np.array([*zeros, *ones], float)
    area = roc_auc(labels, scores)
    assert area.value == pytest.approx(roc_auc_score(labels, scores))
    assert area.variance >= 0
    low, high = area.interval
    assert 0 <= low <= area.value <= high <= 1


def test_intervals_hold_what_they_say():
    """Of 300 samples whose true area is Φ(1/√2) = .760, about 95 % have it in their interval."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 80)
    held = 0
    for _ in range(300):
        low, high = roc_auc(labels, rng.normal(labels, 1)).interval
        held += low < 0.7602 < high
    assert 0.91 < held / 300 < 0.98


def test_the_mean_of_folds():
    assert mean_auc([AUCEstimate(0.6, 0.02), AUCEstimate(0.8, 0.02)]) == pytest.approx((0.7, 0.01))


def test_classes_are_averaged_and_unknown_ones_are_coins():
    truth = np.array([0.0, 0, 1, 1, 2, 2])
    chances = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1], [0.5, 0.5], [0.5, 0.5]])
    assert macro_auc(truth, chances, np.array([0.0, 1.0])) == pytest.approx((1 + 1 + 0.5) / 3)


def test_each_row_is_held_out_once():
    features = np.random.default_rng(0).normal(size=(60, 2))
    labels = np.repeat([0, 1], 30)
    trials = list(cross_validate(DecisionTreeClassifier, features, labels, 0))
    assert sorted(np.concatenate([trial.held_out for trial in trials])) == list(range(60))
