import io
import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from tabgan import NotFittedError, OptionError, TabGAN, infer_schema
from tabgan.base.model_file import read_model
from tabgan.generators.training_callbacks import Callback
from tabgan.sampling.table_model import BLOCK_ROWS
from tests.forked import run_code

# Checks of scikit-learn that don't hold, each with its reason; an entry that no longer fails is
# an error (strict).
DEVIATIONS: dict[str, str] = {}


@parametrize_with_checks(
    [TabGAN(steps=2, hidden_dim=8, verbose=False)],
    expected_failed_checks=lambda estimator: DEVIATIONS,
    xfail_strict=True,
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 400
    size = rng.normal(size=n).round(3)
    return pd.DataFrame(
        {
            "size": size,
            "count": rng.poisson(30, n),
            "group": np.where(size > 0, "big", "small"),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D"),
            "gap": np.where(rng.random(n) < 0.2, np.nan, rng.random(n)),
        }
    )


@pytest.fixture(scope="module")
def fitted(table) -> TabGAN:
    return TabGAN(steps=30, hidden_dim=32, verbose=False, random_state=3).fit(table)


def test_the_sample_has_the_tables_form(table, fitted):
    sample = fitted.sample(123)
    assert list(sample.columns) == list(table.columns)
    pd.testing.assert_series_equal(sample.dtypes, table.dtypes)
    assert isinstance(sample.index, pd.RangeIndex)
    assert len(sample) == 123
    assert len(fitted.sample()) == len(table)


@pytest.mark.filterwarnings("error")
def test_the_sample_can_be_written_to(fitted):
    sample = fitted.sample(10)
    sample["size"] = 0.0
    sample.loc[3, "group"] = "big"
    assert (sample["size"] == 0).all()


def test_learned_state(table, fitted):
    assert fitted.n_rows_ == len(table)
    assert fitted.n_features_in_ == 5
    assert list(fitted.feature_names_in_) == list(table.columns)
    assert fitted.n_steps_ == 30
    assert fitted.latent_dim_ >= 16
    assert "d = " in fitted.latent_reason_
    assert fitted.history_[-1]["step"] == 30
    assert {"discriminator_loss", "generator_loss", "seconds"} <= set(fitted.history_[-1])


def test_blocks_do_not_change_the_rows(fitted):
    n = 2 * BLOCK_ROWS + 100
    whole = fitted.sample(n)
    parts = list(fitted.sample_blocks(n))
    assert [len(part) for part in parts] == [BLOCK_ROWS, BLOCK_ROWS, 100]
    pd.testing.assert_frame_equal(pd.concat(parts), whole)
    pd.testing.assert_frame_equal(fitted.sample(500), whole.iloc[:500])


def test_threads_do_not_change_the_rows(fitted):
    before = torch.get_num_threads()
    try:
        frames = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            frames.append(fitted.sample(3 * BLOCK_ROWS))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    pd.testing.assert_frame_equal(*frames)


PROGRAM = """
import sys, pandas as pd
from tabgan import TabGAN
table = pd.read_json(sys.stdin, orient="split", convert_dates=["when"])
gan = TabGAN(steps=10, hidden_dim=16, verbose=False, random_state=5).fit(table)
sys.stdout.write(gan.sample(300).to_json(orient="split", double_precision=15))
"""


def test_the_same_seed_gives_the_same_frame_in_two_processes(table, monkeypatch):
    data = table.to_json(orient="split")
    there = run_code(PROGRAM, content=data).stdout
    monkeypatch.setattr(sys, "stdin", io.StringIO(data))
    monkeypatch.setattr(sys, "stdout", here := io.StringIO())
    exec(PROGRAM, {})  # strings have other hashes here than there
    assert len(there) > 1000
    assert here.getvalue() == there


def test_seeds(table, fitted):
    pd.testing.assert_frame_equal(fitted.sample(50), fitted.sample(50))
    assert not fitted.sample(50).equals(fitted.sample(50, random_state=8))
    free = clone(fitted).set_params(random_state=None, steps=2).fit(table)
    assert not free.sample(50).equals(free.sample(50))


def test_a_fit_draws_once_from_a_generator_that_it_is_given(table):
    given, other = np.random.default_rng(5), np.random.default_rng(5)
    TabGAN(steps=2, hidden_dim=8, verbose=False, random_state=given).fit(table)
    other.integers(0, 2**63 - 1)
    assert given.bit_generator.state == other.bit_generator.state


def test_global_seeds_are_left_alone(table):
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    states = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    TabGAN(steps=2, hidden_dim=8, verbose=False).fit(table).sample(10)
    assert np.array_equal(states[0], np.random.get_state()[1])  # noqa: NPY002
    assert torch.equal(states[1], torch.get_rng_state())


def test_columns_that_hang_together_stay_together():
    rng = np.random.default_rng(1)
    x = rng.normal(size=2000)
    table = pd.DataFrame({"x": x, "y": x + 0.3 * rng.normal(size=2000), "sign": np.sign(x) > 0})
    gan = TabGAN(steps=200, hidden_dim=32, verbose=False, random_state=0).fit(table)
    sample = gan.sample(2000)
    assert sample[["x", "y"]].corr().iloc[0, 1] > 0.85
    assert ((sample["x"] > 0) == sample["sign"]).mean() > 0.9
    means = [abs(sample[c].mean() - table[c].mean()) for c in ("x", "y")]
    assert max(means) < 0.1


def test_a_declared_kind_and_range_are_kept(table):
    schema = infer_schema(table, {"count": "categorical"})
    gan = TabGAN(steps=2, hidden_dim=8, schema=schema, verbose=False, random_state=0).fit(table)
    assert gan.schema_["count"].kind == "categorical"
    assert set(gan.sample(500)["count"]) <= set(table["count"])
    gan.set_params(schema={"count": "categorical"}).fit(table)
    assert gan.schema_["count"].kind == "categorical"


class Recorder(Callback):
    def __init__(self):
        self.calls = []

    def on_train_begin(self, state):
        self.calls.append(("begin", state.step))

    def on_record(self, state, record):
        self.calls.append(("record", record["step"]))

    def on_train_end(self, state):
        self.calls.append(("end", state.step))


def test_callbacks_run_in_order(table):
    recorder = Recorder()
    TabGAN(steps=120, hidden_dim=8, callbacks=[recorder], verbose=False).fit(table)
    expected = [("begin", 0), ("record", 50), ("record", 100), ("record", 120), ("end", 120)]
    assert recorder.calls == expected


def test_a_callback_can_end_a_fit_early(table):
    class Enough(Callback):
        def __init__(self):
            self.stages, self.n = [], 0

        def on_stage(self, name):
            self.stages.append(name)

        def on_step(self, state):
            self.n = state.step

        def stop(self):
            return self.n == 7

    enough = Enough()
    gan = TabGAN(steps=1000, verbose=False, random_state=0, callbacks=[enough]).fit(table)
    assert gan.n_steps_ == gan.history_[-1]["step"] == 7
    assert gan.postprocessing_ == {}
    assert enough.stages == ["Finding rules between columns", "Encoding", "Refining and polishing"]
    assert len(gan.sample(5)) == 5


def test_epochs_count_passes_over_the_table(table):
    gan = TabGAN(epochs=3, batch_size=100, hidden_dim=8, verbose=False).fit(table)
    assert gan.n_steps_ == 12
    assert gan.history_[-1]["epoch"] == pytest.approx(3)


def test_progress_goes_to_standard_error_from_the_start(table, capsys):
    TabGAN(steps=2, hidden_dim=8, verbose=True).fit(table)
    captured = capsys.readouterr()
    assert captured.out == ""
    shown = [captured.err.find(words) for words in ("Reading the table", "Encoding", "Training")]
    assert min(shown) >= 0
    assert all(a < b for a, b in pairwise(shown))
    TabGAN(steps=2, hidden_dim=8, verbose=False).fit(table)
    assert capsys.readouterr().err == ""


def test_unfitted():
    with pytest.raises(NotFittedError, match="This TabGAN has not been fitted; call fit, or load"):
        TabGAN().sample(3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps=0 must be a whole number from 1 or 'auto'"),
        ({"batch_size": 2.5}, "batch_size=2.5 must be a whole number from 1"),
        ({"learning_rate": "fast"}, "learning_rate='fast' must be a number above 0"),
        ({"epochs": 0}, "epochs=0 must be a number above 0 or None"),
        ({"callbacks": 5}, "callbacks=5 must be a sequence of Callback objects"),
        ({"hidden_dim": 10**10}, "hidden_dim=10000000000, latent_dim="),
        ({"penalty": "r1:gamma=nan"}, "gamma=nan must be a number from 0"),
        ({"steps": 5, "epochs": 1}, "steps=5 and epochs=1 are both given; give one"),
        ({"precision": "half"}, "precision='half' is not one of 'auto', 'float32', 'bfloat16'"),
        ({"device": "abacus"}, "device='abacus' is not available here; use 'auto', 'cpu', or"),
    ],
)
def test_options_are_checked(table, options, message):
    with pytest.raises(OptionError) as caught:
        TabGAN(verbose=False, **options).fit(table)
    assert message in str(caught.value)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_precisions(table, precision):
    gan = TabGAN(steps=3, hidden_dim=8, precision=precision, verbose=False).fit(table)
    assert len(gan.sample(10)) == 10


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_cuda(table, tmp_path):
    gan = TabGAN(steps=3, device="cuda", verbose=False, random_state=0).fit(table)
    gan.save(tmp_path / "m.safetensors")
    loaded = TabGAN.load(tmp_path / "m.safetensors", device="cpu")
    assert list(loaded.sample(10).dtypes) == list(gan.sample(10).dtypes)


def test_the_penalty_is_adapted_or_given(table):
    options = {"steps": 120, "hidden_dim": 16, "verbose": False, "random_state": 0}
    adapted = TabGAN(**options).fit(table)
    gammas = [record["gamma"] for record in adapted.history_]
    assert gammas[0] == 10
    assert len(set(gammas)) > 1
    assert adapted.penalty_reason_ == (
        "r1, adapted to the discriminator: "
        f"from 10 over at most {max(gammas):.3g} to {gammas[-1]:.3g}"
    )
    given = TabGAN(penalty="r1:gamma=2.5", **options).fit(table)
    assert {record["gamma"] for record in given.history_} == {2.5}
    assert given.penalty_reason_ == "r1:gamma=2.5"


class TestOldNames:
    """Names of before work for a release, with a warning."""

    def test_stabilisers(self, table):
        options = {"steps": 2, "hidden_dim": 8, "verbose": False, "random_state": 0}
        old = TabGAN(stabilisers=["instance_noise"], **options)
        assert clone(old).get_params() == old.get_params()
        with pytest.warns(FutureWarning, match="stabilisers is now called stabilizers"):
            old.fit(table)
        new = TabGAN(stabilizers=["instance_noise"], **options).fit(table)
        pd.testing.assert_frame_equal(new.sample(20), old.sample(20))
        assert not new.sample(20).equals(TabGAN(**options).fit(table).sample(20))
        with pytest.raises(OptionError, match="are both given; give stabilizers"):
            new.set_params(stabilisers=None).fit(table)

    def test_stabilisers_stay_what_model_files_call_them(self, table, tmp_path):
        gan = TabGAN(steps=2, hidden_dim=8, verbose=False, stabilizers=["instance_noise"])
        gan.fit(table).save(tmp_path / "m.safetensors")
        parameters = read_model(tmp_path / "m.safetensors")[0]["facts"]["parameters"]
        assert parameters["stabilisers"] == ["instance_noise"]
        assert "stabilizers" not in parameters
        loaded = TabGAN.load(tmp_path / "m.safetensors")
        assert loaded.stabilizers == ["instance_noise"]
        assert loaded.stabilisers == "deprecated"

    def test_finish(self, fitted):
        with pytest.warns(FutureWarning, match="finish_ is now called postprocessing_"):
            assert fitted.finish_ == fitted.postprocessing_
