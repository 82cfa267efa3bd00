import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.row_layout import RowLayout
from tabgan.encoding.quantiles import Quantiles
from tabgan.sampling.refinement import (
    MANY_ROWS,
    MAX_CRITICS,
    RowFeatures,
    choose,
    effective_share,
    find_pairs,
    fit_critics,
    log_ratio,
    rake,
    weigh,
)

SPANS = RowLayout(marks=(None, 1), widths=(3, 2))
QUANTILES = Quantiles.fit(np.linspace(0, 1, 500))
FEATURES = RowFeatures(SPANS, (QUANTILES, QUANTILES))


def rows(n, seed, *, related):
    """Make rows whose first number goes with the first level span, or does not."""
    rng = np.random.default_rng(seed)
    numbers = rng.random((n, 2))
    related_codes = (numbers[:, 0] * 3).astype(np.int64)
    free_codes = rng.integers(3, size=n)
    codes = np.stack([np.where(related, related_codes, free_codes), rng.integers(2, size=n)], 1)
    return FEATURES.of(numbers, codes)


SHARES = np.array([1 / 3, 1 / 3, 1 / 3, 0.5, 0.5])


def mixture(n, seed):
    return rows(n, seed, related=np.random.default_rng(seed + 1).random(n) < 0.5)


def test_absent_numbers_are_nan_and_codes_follow_the_numbers():
    drawn = mixture(100, 0)
    assert drawn.features.shape == (100, 4)
    assert np.array_equal(np.isnan(drawn.features[:, 1]), drawn.codes[:, 1] != 0)
    assert np.array_equal(drawn.features[:, 2:], drawn.codes)


def test_critics_bring_a_lost_relation_back():
    real, drawn = rows(3000, 1, related=True), mixture(9000, 2)
    rng = np.random.default_rng(0)
    critics, weights = fit_critics(real.features, drawn, SPANS, SHARES, rng)
    fits = drawn.codes[:, 0] == (drawn.numbers[:, 0] * 3).astype(int)
    assert critics
    assert fits.mean() < 0.7
    assert weights[fits].sum() / weights.sum() > 0.95
    again = weigh(log_ratio(critics, drawn.features), drawn, SPANS, SHARES)
    assert np.allclose(again, weights)


def test_rows_that_are_as_good_as_real_hardly_change():
    real, drawn = rows(3000, 1, related=True), rows(9000, 2, related=True)
    _, weights = fit_critics(real.features, drawn, SPANS, SHARES, np.random.default_rng(0))
    assert effective_share(weights) > 0.9


def test_the_same_seed_gives_the_same_critics():
    real, drawn = rows(1000, 1, related=True), mixture(3000, 2)
    one, two = (
        fit_critics(real.features, drawn, SPANS, SHARES, np.random.default_rng(5))[1]
        for _ in range(2)
    )
    assert np.array_equal(one, two)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), spread=st.floats(0.1, 1.0))
def test_raking_brings_levels_and_numbers_to_their_margins(seed, spread):
    drawn = mixture(6000, seed)
    weights = np.exp(np.random.default_rng(seed).normal(size=6000) * spread)
    shares = np.array([0.2, 0.5, 0.3, 0.4, 0.6])
    raked = rake(weights, drawn, SPANS, shares)
    raked = raked / raked.sum()
    first, second = (np.bincount(codes, raked) for codes in drawn.codes.T)
    assert np.abs(np.concatenate([first, second]) - shares).max() < 0.02
    bins = np.bincount((drawn.numbers[:, 0] * 20).astype(int), raked)
    assert np.abs(bins - 1 / 20).max() < 0.02


def test_choice_is_without_replacement_and_by_weight():
    weights = np.where(np.arange(1000) < 500, 9.0, 1.0)
    chosen = choose(weights, 400, np.random.default_rng(0))
    assert len(set(chosen.tolist())) == 400
    assert (chosen < 500).mean() > 0.8
    assert sorted(choose(weights, 1000, np.random.default_rng(0))) == list(range(1000))


def test_effective_share():
    assert effective_share(np.ones(10)) == pytest.approx(1)
    assert effective_share(np.array([1.0, 0, 0, 0])) == pytest.approx(0.25)


def test_no_critic_is_trained_when_the_time_is_over():
    real, drawn = rows(1000, 1, related=True), mixture(3000, 2)
    rng = np.random.default_rng(0)
    critics, weights = fit_critics(real.features, drawn, SPANS, SHARES, rng, stop=lambda: True)
    assert critics == ()
    assert (weights == 1).all()


def test_steady_critics_are_all_grown_and_hardly_change_rows_as_good_as_real_ones():
    real, drawn = rows(MANY_ROWS, 1, related=True), rows(30_000, 2, related=True)
    rng = np.random.default_rng(0)
    critics, weights = fit_critics(real.features, drawn, SPANS, SHARES, rng)
    assert len(critics) == MAX_CRITICS
    assert effective_share(weights) > 0.85


@pytest.mark.parametrize("n", [3000, MANY_ROWS])
def test_critics_see_a_slight_difference(n):
    """A tenth of the relation is lost."""
    real = rows(n, 1, related=True)
    drawn = rows(3 * n, 2, related=np.random.default_rng(3).random(3 * n) < 0.9)
    fits = drawn.codes[:, 0] == (drawn.numbers[:, 0] * 3).astype(int)
    rng = np.random.default_rng(0)
    critics, weights = fit_critics(real.features, drawn, SPANS, SHARES, rng)
    assert critics
    assert fits.mean() < 0.94
    assert weights[fits].sum() / weights.sum() > 0.965


def test_patient_critics_hardly_change_rows_as_good_as_real_ones():
    real, drawn = rows(1500, 1, related=True), rows(4500, 2, related=True)
    rng = np.random.default_rng(0)
    _, weights = fit_critics(real.features, drawn, SPANS, SHARES, rng)
    assert effective_share(weights) > 0.95


def found_pairs(real, drawn, *, least=20):
    shares = np.concatenate(
        [np.bincount(codes, minlength=n) for codes, n in zip(real.codes.T, (3, 2), strict=True)]
    ) / len(real)
    weights, rng = rake(np.ones(len(drawn)), drawn, SPANS, shares), np.random.default_rng(0)
    return find_pairs(real, drawn, weights, SPANS, least=least, rng=rng)


def test_margins_of_a_pair_bring_a_weak_relation_back():
    real, drawn = rows(1000, 1, related=True), mixture(4000, 2)
    (pair,) = found_pairs(real, drawn)
    assert pair.columns == (0, 2)
    assert pair.shares.sum() == pytest.approx(1)
    weights = rake(np.ones(4000), drawn, SPANS, SHARES, [pair])
    fits = drawn.codes[:, 0] == (drawn.numbers[:, 0] * 3).astype(int)
    assert fits.mean() < 0.7
    assert weights[fits].sum() / weights.sum() > 0.95
    again = np.bincount(pair.codes(drawn, SPANS), weights) / weights.sum()
    assert np.abs(again - pair.shares).max() < 0.02


@pytest.mark.parametrize("seed", range(5))
def test_rows_of_one_distribution_miss_no_pair(seed):
    related = np.random.default_rng(seed).random(5000) < 0.5
    real, drawn = (rows(n, seed + at, related=related[:n]) for at, n in ((1, 1000), (2, 4000)))
    assert found_pairs(real, drawn) == ()


def test_no_share_of_a_pair_tells_of_few_rows():
    real, drawn = mixture(1000, 1), rows(4000, 2, related=True)
    for least in (20, 40):
        (pair,) = found_pairs(real, drawn, least=least)
        held = np.bincount(pair.codes(real, SPANS), minlength=len(pair.shares))
        assert held[1:].min() >= least
        assert held[0] >= least or pair.shares[0] < least / 1000
    assert len(pair.shares) < len(found_pairs(real, drawn)[0].shares)


def test_pairs_of_columns_with_more_levels_than_a_file_holds_are_left_out():
    spans = RowLayout(marks=(), widths=(61, 3))
    features = RowFeatures(spans, ())
    codes = np.stack([np.arange(1830) % 61, np.arange(1830) % 3], axis=1)
    real, drawn = (features.of(np.empty((1830, 0)), own) for own in (codes, codes[::-1].copy()))
    pairs = find_pairs(real, drawn, np.ones(1830), spans, least=5, rng=np.random.default_rng(0))
    assert pairs == ()
