import numpy as np
import pandas as pd
import pytest

from tabgan import OptionError, TabGAN
from tabgan.generators.training_callbacks import Callback

QUICK = {"hidden_dim": 16, "verbose": False, "random_state": 0, "refine": False, "polish": False}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 300
    return pd.DataFrame(
        {
            "key": [f"K-{i:04d}" for i in range(n)],
            "size": rng.normal(size=n),
            "count": rng.poisson(30, n),
            "kind": rng.choice(["a", "b", None], n),
        }
    )


@pytest.mark.parametrize("options", [{}, {"condition_on": "kind"}], ids=["free", "conditional"])
def test_rows_of_fixed_latents_at_moments_of_training(table, options, tmp_path):
    gan = TabGAN(steps=90, batch_size=100, snapshots=4, **QUICK, **options).fit(table)
    assert [(s.step, s.epoch) for s in gan.snapshots_] == [(0, 0), (30, 10), (60, 20), (90, 30)]
    for snapshot in gan.snapshots_:
        assert len(snapshot.rows) == 1000
        assert list(snapshot.rows.columns) == list(table.columns)
        pd.testing.assert_series_equal(snapshot.rows.dtypes, table.dtypes)
    first, *_, last = (snapshot.rows for snapshot in gan.snapshots_)
    assert first["size"].std() < last["size"].std()
    if options:  # the labels are the same ones at every moment
        pd.testing.assert_series_equal(first["kind"], last["kind"])
    gan.save(tmp_path / "m.safetensors")
    loaded = TabGAN.load(tmp_path / "m.safetensors")
    assert loaded.snapshots_ == []
    assert loaded.get_params()["snapshots"] == 4


def test_snapshots_change_nothing_else(table):
    without = TabGAN(steps=60, **QUICK).fit(table)
    assert without.snapshots_ == []
    with_them = TabGAN(steps=60, snapshots=3, **QUICK).fit(table)
    pd.testing.assert_frame_equal(with_them.sample(200), without.sample(200))
    again = TabGAN(steps=60, snapshots=3, **QUICK).fit(table)
    for one, other in zip(with_them.snapshots_, again.snapshots_, strict=True):
        pd.testing.assert_frame_equal(one.rows, other.rows)


def test_one_snapshot_is_the_end_and_time_may_end_it_early(table):
    assert [s.step for s in TabGAN(steps=7, snapshots=1, **QUICK).fit(table).snapshots_] == [7]
    gan = TabGAN(steps=10**7, snapshots=2, max_time=1, **QUICK).fit(table)
    assert [s.step for s in gan.snapshots_] == [0, gan.n_steps_]


def test_nothing_to_learn():
    gan = TabGAN(snapshots=3, **QUICK).fit(pd.DataFrame({"x": [1] * 20}))
    (only,) = gan.snapshots_
    assert (only.step, only.rows["x"].unique().tolist()) == (0, [1])


def test_the_number_is_checked(table):
    with pytest.raises(OptionError, match="snapshots=-1 must be a whole number from 0"):
        TabGAN(snapshots=-1, **QUICK).fit(table)


def test_callbacks_are_told_of_every_step(table):
    class Steps(Callback):
        def __init__(self):
            self.seen = []

        def on_step(self, state):
            self.seen.append(state.step)

    steps = Steps()
    TabGAN(steps=5, callbacks=[steps], **QUICK).fit(table)
    assert steps.seen == [1, 2, 3, 4, 5]
