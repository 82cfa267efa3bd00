"""A fit ends in the time that it is given."""

import time

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"size": rng.normal(size=300), "kind": rng.choice(list("abc"), 300)})


def test_a_fit_ends_in_time_with_its_learning_rate_down(table):
    gan = TabGAN(steps=10**7, max_time=4, hidden_dim=32, verbose=False, random_state=0)
    start = time.monotonic()
    gan.fit(table)
    assert time.monotonic() - start < 12  # a busy machine may be late, but not by minutes
    last = gan.history_[-1]
    assert 0 < gan.n_steps_ == last["step"] < 10**7
    assert last["seconds"] == pytest.approx(3, abs=1)  # a quarter is kept for what follows
    assert last["learning_rate"] < 0.2 * gan.learning_rate


def test_time_enough_changes_nothing(table):
    options = {"steps": 20, "hidden_dim": 16, "verbose": False, "random_state": 5}
    free, timed = TabGAN(**options).fit(table), TabGAN(max_time=1e6, **options).fit(table)
    assert timed.n_steps_ == free.n_steps_ == 20
    pd.testing.assert_frame_equal(free.sample(50), timed.sample(50))
