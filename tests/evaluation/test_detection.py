import threading
import time
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.parallel import delayed
from threadpoolctl import threadpool_info

from tabgan.evaluation import detection
from tabgan.evaluation.detection import (
    AUCEstimate,
    cross_validate,
    folds_of,
    map_in_threads,
    mean_auc,
    roc_auc,
)
from tabgan.evaluation.utility import macro_auc

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
    trials = list(cross_validate(DecisionTreeClassifier, features, labels, folds_of(labels, 0)))
    assert sorted(np.concatenate([trial.held_out for trial in trials])) == list(range(60))


@pytest.fixture
def four_cores(monkeypatch):
    monkeypatch.setattr(detection, "_FREE_CORES", threading.Semaphore(3))


def test_results_keep_the_order_of_the_jobs(four_cores):
    first = threading.Event()

    def work(job):
        if job == 0:
            assert first.wait(10)
        else:
            first.set()
        return job * job

    assert map_in_threads(work, range(5)) == [0, 1, 4, 9, 16]


def test_jobs_of_jobs_share_the_cores(four_cores):
    at_work: list[int] = []
    most = []

    def inner(job):
        at_work.append(job)
        time.sleep(0.01)
        most.append(len(at_work))
        at_work.remove(job)
        return job

    def outer(job):
        return sum(map_in_threads(inner, range(5 * job, 5 * job + 5)))

    assert map_in_threads(outer, range(6)) == [sum(range(5 * n, 5 * n + 5)) for n in range(6)]
    assert 2 <= max(most) <= 4
    assert all(
        detection._FREE_CORES.acquire(blocking=False) for _ in range(3)
    )  # all are given back
    assert not detection._FREE_CORES.acquire(blocking=False)


def test_a_job_has_one_thread_of_each_library(four_cores):
    before = threadpool_info()
    inside = map_in_threads(lambda _: threadpool_info(), range(4))
    assert {library["num_threads"] for libraries in inside for library in libraries} == {1}
    assert threadpool_info() == before


def test_an_error_comes_out(four_cores):
    with pytest.raises(ZeroDivisionError):
        map_in_threads(lambda job: 1 // job, [1, 0])


def test_a_warning_of_threads_is_kept_out_and_others_are_not(four_cores):
    def work(job):
        warnings.resetwarnings()  # as scikit-learn does, for a moment and for all threads
        function, arguments, _ = delayed(abs)(job)
        warnings.warn(f"job {job}", RuntimeWarning, stacklevel=1)
        return function(*arguments)

    with warnings.catch_warnings(record=True) as caught:
        before = [*warnings.filters]
        assert map_in_threads(work, [3, -4]) == [3, 4]
        assert [*warnings.filters] == before
    assert sorted(str(one.message) for one in caught) == ["job -4", "job 3"]


def test_rows_of_one_unit_tell_an_area_as_one():
    rng = np.random.default_rng(0)
    labels, units = np.repeat([1, 0], 400), np.repeat(np.arange(40), 20)
    areas = [roc_auc(labels, rng.normal(size=40)[units], units) for _ in range(300)]
    inside = [low < 0.5 < high for low, high in (area.interval for area in areas)]
    assert 0.88 < np.mean(inside) < 0.99  # of 400 rows each the interval would be a third as wide
    alone = roc_auc(labels, rng.normal(size=800), np.arange(800))
    assert alone.variance == pytest.approx(1 / (6 * 400), rel=0.1)
    assert roc_auc(labels, rng.normal(size=800), 1 - labels).variance == 0.25
