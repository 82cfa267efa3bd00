"""Expected values are those that the paper's authors publish for their own code, or exact."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tabgan.evaluation.audit_results import Rate, auc, residual, true_positives, z_of


@pytest.mark.parametrize(
    ("successes", "attempts", "confidence", "value", "reach"),
    [
        (850, 1000, 0.95, 0.849, 0.022),
        (0, 1000, 0.95, 0.002, 0.002),
        (1000, 1000, 0.95, 0.998, 0.002),
        (100, 100, 0.95, 0.9815032508965071, 0.01849674910349284),
        (0, 100, 0.68, 0.0048963105168118685, 0.004896310516811869),
        (23, 100, 0.95, 0.23998824451588613, 0.08155558571285167),
        (11, 100, 0.95, 0.1244274643007244, 0.06188550073007873),
        (1, 4, 0.95, 0.3725, 0.3269),
        (4, 4, 0.95, 0.7551, 0.2449),
    ],
)
def test_wilson(successes, attempts, confidence, value, reach):
    digits = 3 if attempts == 1000 else 4
    found = Rate(successes, attempts).wilson(confidence)
    assert found.value == pytest.approx(value, abs=0.6 * 10**-digits)
    assert found.high - found.value == pytest.approx(reach, abs=0.6 * 10**-digits)
    assert found.value - found.low == pytest.approx(reach, abs=0.6 * 10**-digits)


def test_normal_quantile():
    assert round(z_of(0.95), 2) == 1.96
    assert z_of(0) == 0


def test_residual_without_uncertainty():
    assert residual(Rate(90, 100), Rate(80, 100), 0) == pytest.approx((0.5, 0.5, 0.5))
    assert residual(Rate(90, 100), Rate(85, 100), 0).value == pytest.approx(1 / 3)


def test_residual_propagates_both_errors():
    """Rates of .9 and .85 with reaches of .02 each give .333 ± .160."""
    z = z_of(0.95)
    sizes = [round(z * z * p * (1 - p) / 0.02**2) for p in (0.9, 0.85)]
    main, control = Rate(0.9 * sizes[0], sizes[0]), Rate(0.85 * sizes[1], sizes[1])
    found = residual(main, control)
    assert found.value == pytest.approx(0.333, abs=0.01)
    assert (found.high - found.low) / 2 == pytest.approx(0.16, abs=0.01)


def test_residual_scales_the_control():
    assert residual(Rate(60, 100), Rate(10, 100), 0, scale=2).value == pytest.approx(0.5)


def test_residual_is_finite_where_all_succeed():
    assert np.isfinite(residual(Rate(5, 5), Rate(5, 5), scale=9)).all()


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.97, 0.999, 1.0])
@pytest.mark.parametrize(("attempts", "controls"), [(5000, 5000), (5000, 100), (200, 200)])
def test_few_intervals_exclude_zero_by_chance(share, attempts, controls):
    rng = np.random.default_rng(0)
    draws = zip(*(rng.binomial(n, share, 400) for n in (attempts, controls)), strict=True)
    found = [residual(Rate(hits, attempts), Rate(others, controls)) for hits, others in draws]
    assert np.mean([estimate.low > 0 for estimate in found]) < 0.045


def test_no_risk_where_all_succeed():
    assert residual(Rate(5000, 5000), Rate(500, 500)).value <= 0


@given(st.lists(st.integers(0, 5), min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_auc_is_the_usual_one(scores, random):
    labels = [1, 0, *(random.randint(0, 1) for _ in scores[2:])]
    values = np.array(scores, float)
    ones = np.array(labels) == 1
    found = auc(values[ones], values[~ones])
    assert found.value == pytest.approx(roc_auc_score(labels, values))
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_auc_interval_holds():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        found = auc(rng.normal(size=80), rng.normal(size=40))
        held += found.low <= 0.5 <= found.high
    assert 180 <= held <= 198


def test_true_positives_at_few_false_ones():
    others = np.arange(1000.0)
    assert true_positives(np.full(10, 989.5), others) == 1  # above all but ten of a thousand
    assert true_positives(np.full(10, 988.5), others) == 0
    assert true_positives(np.full(10, 1e6), others) == 1


def test_ties_count_by_the_part_that_completes_the_share():
    same = np.zeros(500)
    assert true_positives(same, same) == pytest.approx(0.01)
