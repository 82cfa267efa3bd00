import numpy as np
import pytest

from tabgan.base.row_layout import RowLayout
from tabgan.encoding.quantiles import Quantiles
from tabgan.sampling.postprocess import MOST_POOL, PostProcessing, pool_for
from tabgan.sampling.refinement import PairMargin, RowFeatures

FEATURES = RowFeatures(RowLayout((None,), (2,)), (Quantiles.fit(np.arange(100.0)),))
SHARES = np.array([0.5, 0.5])


@pytest.mark.parametrize(("spread", "pool"), [(0.1, 1.5), (0.4, 2.0), (2.0, MOST_POOL)])
def test_the_flatter_the_weights_the_smaller_the_pool(spread, pool):
    weights = np.exp(np.random.default_rng(0).normal(size=20_000) * spread)
    assert pool_for(weights) == pool
    assert pool_for(7 * weights) == pool


def test_files_hold_the_pool_and_those_of_before_have_the_largest():
    finish = PostProcessing(FEATURES, SHARES, pool=2.0)
    description, tensors = finish.to_json(), finish.to_tensors()
    assert PostProcessing.restore(description, tensors, FEATURES).pool == 2.0
    del description["pool"]
    assert PostProcessing.restore(description, tensors, FEATURES).pool == MOST_POOL


@pytest.mark.parametrize("pool", [0.5, 1e9, float("nan")])
def test_a_pool_that_no_fit_gives_is_refused(pool):
    finish = PostProcessing(FEATURES, SHARES)
    description = finish.to_json() | {"pool": pool}
    with pytest.raises(ValueError, match=r"^finish: a pool has from 1 to 3\.2 rows for each"):
        PostProcessing.restore(description, finish.to_tensors(), FEATURES)


PAIR = PairMargin((0, 1), np.arange(20).reshape(10, 2) % 3, np.array([0.2, 0.3, 0.5]))


def test_files_hold_margins_of_pairs():
    finish = PostProcessing(FEATURES, SHARES, pairs=(PAIR,))
    (pair,) = PostProcessing.restore(finish.to_json(), finish.to_tensors(), FEATURES).pairs
    assert pair.columns == PAIR.columns
    assert np.array_equal(pair.cells, PAIR.cells)
    assert np.array_equal(pair.shares, PAIR.shares)
    assert "pairs" not in PostProcessing(FEATURES, SHARES).to_json()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": (1, 0)}, "a pair of unknown columns"),
        ({"columns": (0, 2)}, "a pair of unknown columns"),
        ({"cells": PAIR.cells[:9]}, "a pair needs a cell for all of its codes"),
        ({"cells": PAIR.cells + 1}, "a pair's cells need a share each"),
        ({"cells": PAIR.cells.astype(np.int32)}, "a tensor of a pair has the wrong type"),
        ({"shares": -PAIR.shares}, "a pair's cells need a share each"),
        ({"shares": np.full(3, np.nan)}, "a pair's cells need a share each"),
    ],
)
def test_a_pair_that_no_fit_gives_is_refused(changes, message):
    finish = PostProcessing(FEATURES, SHARES, pairs=(PAIR._replace(**changes),))
    with pytest.raises(ValueError, match=f"^finish: {message}"):
        PostProcessing.restore(finish.to_json(), finish.to_tensors(), FEATURES)
