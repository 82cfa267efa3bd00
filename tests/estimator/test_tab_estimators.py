"""`TabDiffusion` and `TabVAE`: the contract of an estimator, with every schedule."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from tabgan import (
    ModelFileError,
    NotFittedError,
    OptionError,
    TabDiffusion,
    TabGAN,
    TabTrees,
    TabVAE,
)
from tabgan.callbacks import Callback
from tabgan.constraints import Inequality
from tabgan.estimator import METHODS, TableEstimator
from tabgan.fitting.options import OPTIONS_OF, foreign_options

ROWS = 200
TINY = {"steps": 25, "hidden_dim": 16, "batch_size": 64, "verbose": False, "random_state": 3}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    size = rng.normal(size=ROWS).round(3)
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, ROWS), "D")
    return pd.DataFrame(
        {
            "key": [f"K{i:05d}" for i in range(ROWS)],
            "size": size,
            "kind": rng.choice([*"abc"], ROWS),
            "when": when,
            "until": when + pd.to_timedelta(rng.integers(0, 9, ROWS), "D"),
            "gap": np.where(rng.random(ROWS) < 0.3, np.nan, size + rng.random(ROWS) / 9),
            "done": rng.random(ROWS) < 0.3,
            "same": 1,
        }
    )


SETTINGS = {
    "edm": (TabDiffusion, {"noise_steps": 4}),
    "cosine": (TabDiffusion, {"schedule": "cosine", "noise_steps": 4}),
    "conditional diffusion": (TabDiffusion, {"noise_steps": 4, "condition_on": "kind"}),
    "vae": (TabVAE, {"latent_dim": 4}),
    "conditional vae": (TabVAE, {"latent_dim": 4, "condition_on": "kind"}),
}


@pytest.fixture(scope="module", params=SETTINGS)
def fitted(request, table) -> TableEstimator:
    kind, options = SETTINGS[request.param]
    return kind(**TINY, **options, constraints=[Inequality("when", "until")]).fit(table)


def test_rows_have_the_tables_form_and_keep_its_rules(fitted, table):
    sample = fitted.sample(300)
    pd.testing.assert_series_equal(sample.dtypes, table.dtypes)
    assert len(sample) == 300
    assert (sample["when"] <= sample["until"]).all()
    assert sample["key"].is_unique
    assert not set(sample["key"]) & set(table["key"])
    assert (sample["same"] == 1).all()
    shares = sample["kind"].value_counts(normalize=True)
    assert (shares - table["kind"].value_counts(normalize=True)).abs().max() < 0.12
    assert sample["gap"].isna().mean() == pytest.approx(table["gap"].isna().mean(), abs=0.1)


def test_a_loaded_model_draws_the_same_rows(fitted, tmp_path):
    fitted.save(tmp_path / "m.safetensors")
    for kind in (type(fitted), TableEstimator):
        loaded = kind.load(tmp_path / "m.safetensors")
        assert type(loaded) is type(fitted)
        pd.testing.assert_frame_equal(loaded.sample(60), fitted.sample(60))
    own = {"device", "callbacks", "constraints", "random_state"}
    kept = {k: v for k, v in fitted.get_params().items() if k not in own}
    conditions = kept["condition_on"]
    kept["condition_on"] = conditions and [conditions]
    assert {k: v for k, v in loaded.get_params().items() if k not in own} == kept
    assert loaded.history_ == [
        {k: v for k, v in record.items() if k != "seconds"} for record in fitted.history_
    ]
    other = TabVAE if type(fitted) is TabDiffusion else TabDiffusion
    with pytest.raises(ModelFileError, match=f"was fitted by {type(fitted).__name__}"):
        other.load(tmp_path / "m.safetensors")


def test_conditions_and_holes(fitted, table):
    drawn = fitted.sample(40, where={"kind": "b"})
    assert (drawn["kind"] == "b").all()
    if type(fitted) is TabVAE and not fitted.condition_on:
        filled = fitted.impute(table.head(20))
        assert filled["gap"].notna().all()
    assert fitted.conditions_ == ({"kind": ["a", "b", "c"]} if fitted.condition_on else {})


def test_what_is_told_of_the_training(fitted):
    assert fitted.n_steps_ == 25
    losses = [name for name in fitted.history_[-1] if name.endswith("_loss")]
    expected = {TabDiffusion: ["denoising_loss"], TabVAE: ["reconstruction_loss", "kl_loss"]}
    assert losses == expected[type(fitted)]
    assert fitted.diagnosis_ == []
    assert fitted._run().facts["steps"] == "25"
    assert fitted.size_of_fit()["steps"] == 25


@pytest.mark.parametrize("name", ["edm", "vae"])
def test_the_seed_decides(name, table):
    kind, options = SETTINGS[name]
    fits = [kind(**TINY | {"random_state": seed}, **options).fit(table) for seed in (1, 1, 2)]
    first, second, third = (fit.sample(50, random_state=0) for fit in fits)
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(third)
    assert not first.equals(fits[0].sample(50, random_state=1))


@pytest.mark.parametrize(("kind", "polish"), [(TabVAE, True), (TabVAE, False), (TabTrees, False)])
def test_networks_are_refined_and_polished(kind, polish, table, monkeypatch):
    told = []

    def recorded(*arguments, refine, polish, **others):
        told.append((refine, polish))
        return None, {}

    monkeypatch.setattr("tabgan.fitting.fit_table.fit_postprocessing", recorded)
    options = TINY | {"polish": polish} if kind is TabVAE else {"verbose": False, "max_time": 1.0}
    kind(**options).fit(table)
    assert told == [(True, polish)]


def test_time_and_callbacks_end_a_fit(table):
    class Five(Callback):
        step = 0

        def on_step(self, state):
            self.step = state.step

        def stop(self):
            return self.step >= 5

    assert TabVAE(**TINY, callbacks=[Five()]).fit(table).n_steps_ == 5
    quick = TabDiffusion(**TINY | {"steps": 10**7}, max_time=1.0).fit(table)
    assert 1 <= quick.n_steps_ < 10**7


def test_the_options_of_each_method():
    for method, kind in METHODS.items():
        own = kind().get_params(deep=False).keys()
        assert set(OPTIONS_OF[method]) <= own
        assert not foreign_options(method) & own
        assert clone(kind(min_group=7)).min_group == 7


@pytest.mark.parametrize(
    ("estimator", "why"),
    [
        (TabDiffusion(schedule="cosin"), "schedule='cosin' is not known"),
        (TabDiffusion(noise_steps=0), "noise_steps=0 must be a whole number from 1"),
        (TabDiffusion(hidden_dim=0), "hidden_dim=0 must be"),
        (TabVAE(beta=-1), "beta=-1 must be a number from 0"),
        (TabVAE(latent_dim=0), "latent_dim=0 must be"),
        (TabVAE(learning_rate=0), "learning_rate=0 must be"),
    ],
)
def test_values_that_options_do_not_have(estimator, why, table):
    with pytest.raises(OptionError, match=why):
        estimator.fit(table)


def test_options_of_a_gan_are_none_of_theirs():
    for kind in (TabDiffusion, TabVAE):
        for option in ("checkpoint", "epsilon", "loss", "snapshots"):
            with pytest.raises(TypeError, match=option):
                kind(**{option: getattr(TabGAN, option)})


def test_nothing_to_learn():
    for kind in (TabDiffusion, TabVAE):
        rows = kind(**TINY).fit(pd.DataFrame({"x": [1] * 20})).sample(3)
        assert rows["x"].tolist() == [1, 1, 1]


@pytest.fixture(scope="module")
def line() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=500)
    kind = rng.choice(["p", "q"], 500)
    return pd.DataFrame({"x": x, "y": x + 0.1 * rng.normal(size=500), "kind": kind})


@pytest.fixture(scope="module")
def line_vae(line) -> TabVAE:
    options = TINY | {"steps": 150, "hidden_dim": 32}
    return TabVAE(**options, latent_dim=2, refine=False, polish=False).fit(line)


def test_rows_off_the_line_are_anomalies(line, line_vae, tmp_path):
    usual = line_vae.anomaly_score(line)
    assert usual.shape == (500,)
    off = pd.DataFrame({"x": [2.0, -1.5], "y": [-2.0, 1.5], "kind": ["p", "q"]})
    assert line_vae.anomaly_score(off).min() > np.quantile(usual, 0.99)
    assert (line_vae.score_samples(off) == -line_vae.anomaly_score(off)).all()
    assert line_vae.anomaly_score(line[["kind", "y", "x"]]).tolist() == usual.tolist()
    line_vae.save(tmp_path / "m.safetensors")
    loaded = TabVAE.load(tmp_path / "m.safetensors")
    assert np.allclose(loaded.anomaly_score(off), line_vae.anomaly_score(off))
    with pytest.raises(NotFittedError):
        TabVAE().anomaly_score(line)
