import numpy as np
import pytest

from tabgan.base.row_layout import RowLayout
from tabgan.encoding.quantiles import Quantiles
from tabgan.sampling.refinement import DrawnRows, RowFeatures
from tabgan.sampling.tree_conditionals import GibbsSampler

SPANS = RowLayout((None,), (2, 3))
FEATURES = RowFeatures(SPANS, (Quantiles.fit(np.arange(1000.0)),))


def rows(n: int, seed: int) -> DrawnRows:
    """The first level says in which half the number lies, and the second follows the first."""
    rng = np.random.default_rng(seed)
    first = rng.integers(2, size=n)
    units = (first + rng.random(n)) / 2
    second = np.where(rng.random(n) < 0.9, 2 * first, 1)
    return FEATURES.of(units[:, None], np.stack([first, second], axis=1).astype(np.int64))


@pytest.fixture(scope="module")
def completer() -> GibbsSampler:
    return GibbsSampler(FEATURES, rows(4000, 0))


def free(n: int, *places: int) -> np.ndarray:
    mask = np.zeros((n, 3), bool)
    mask[:, places] = True
    return mask


def test_free_cells_follow_the_others(completer):
    true = rows(2000, 1)
    shuffled = FEATURES.of(true.numbers[::-1], true.codes)
    drawn = completer.sweep(shuffled, free(2000, 0), np.random.default_rng(0))
    assert ((drawn.numbers[:, 0] > 0.5) == (true.codes[:, 0] == 1)).mean() > 0.98
    assert (drawn.codes == true.codes).all()
    assert np.array_equal(FEATURES.of(drawn.numbers, drawn.codes).features, drawn.features)


def test_cells_that_are_not_free_stay(completer):
    true = rows(500, 2)
    mask = np.random.default_rng(0).random((500, 3)) < 0.5
    drawn = completer.sweep(true, mask, np.random.default_rng(0))
    assert (drawn.numbers[~mask[:, 0]] == true.numbers[~mask[:, 0]]).all()
    assert (drawn.codes[~mask[:, 1:]] == true.codes[~mask[:, 1:]]).all()
    nothing = completer.sweep(true, free(500), np.random.default_rng(0))
    assert np.array_equal(nothing.features, true.features)


def test_several_free_cells_go_with_each_other(completer):
    drawn = rows(2000, 3)
    rng = np.random.default_rng(0)
    for _ in range(3):
        drawn = completer.sweep(drawn, free(2000, 1, 2), rng)
    high = drawn.numbers[:, 0] > 0.5
    assert (drawn.codes[:, 0] == high).mean() > 0.98
    assert 0.05 < (drawn.codes[:, 1] == 1).mean() < 0.15


def test_barred_codes_are_not_drawn(completer):
    rng = np.random.default_rng(0)
    drawn = completer.sweep(rows(2000, 4), free(2000, 2), rng, {1: (1,)})
    assert set(np.unique(drawn.codes[:, 1])) == {0, 2}
    again = completer.sweep(rows(2000, 4), free(2000, 2), rng)
    assert set(np.unique(again.codes[:, 1])) == {0, 1, 2}


def test_what_a_small_pool_can_not_teach_stays():
    true = rows(50, 5)
    drawn = GibbsSampler(FEATURES, rows(100, 6)).sweep(
        true, free(50, 0, 1), np.random.default_rng(0)
    )
    assert np.array_equal(drawn.features, true.features)


def test_the_same_randomness_gives_the_same_rows(completer):
    one, two = (
        completer.sweep(rows(300, 7), free(300, 0, 1, 2), np.random.default_rng(9))
        for _ in range(2)
    )
    assert np.array_equal(one.features, two.features)
    assert np.array_equal(one.numbers, two.numbers)
