import json
import math
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabgan import DataError, OptionError, TabGAN, TrainingError, tune
from tabgan.evaluation.fidelity import TableScores
from tabgan.generators.latents import LatentChoice
from tabgan.tuning.tuning_trials import (
    Candidate,
    Trial,
    TuningResult,
    candidate_latent_dims,
    check_plot,
)

SMALL = {"steps": 5, "hidden_dims": (16,), "seeds": 1, "random_state": 0}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    x = rng.normal(size=150)
    noise = rng.normal(0, 0.5, 150)
    kinds = np.where(x + noise > 0, "a", "b").astype(object)
    return pd.DataFrame({"x": x, "y": 2 * x + noise, "kind": kinds})


@pytest.fixture(scope="module")
def result(table):
    return tune(table, latent_dims=[32, 8], **SMALL)


def trial(latent_dim, detection, trend_error, *, heuristic=False, rate=5e-4):
    scores = TableScores(1.0, trend_error, detection)
    return Trial(Candidate(latent_dim, rate, 256), (scores,), 10, 1.5, heuristic)


def result_of(*trials):
    return TuningResult(trials, LatentChoice(64, "said by hand"), Candidate(64, 5e-4, 256))


class TestCandidates:
    @pytest.mark.parametrize("width", [1, 5, 12, 32, 33, 64, 100, 255, 256, 400, 512, 700, 9000])
    def test_at_least_four_within_bounds_and_apart(self, width):
        for choice in (min(max(width, 32), 512), min(max(2 * width, 128), 512)):
            sizes = candidate_latent_dims(width, choice)
            assert len(sizes) >= 4
            assert choice in sizes
            assert sizes[0] >= 8
            assert sizes[-1] <= 512
            assert all(b / a >= 1.125 for a, b in pairwise(sizes))

    def test_they_are_the_default(self, table):
        trials = tune(table, **SMALL).trials
        assert [trial.candidate.latent_dim for trial in trials] == [8, 32, 64, 128]


class TestTune:
    def test_trials_as_a_table(self, result):
        frame = result.to_frame()
        assert list(frame["latent_dim"]) == [8, 32]
        assert list(frame["heuristic"]) == [False, True]
        assert list(frame["steps"]) == [5, 5]
        assert set(frame["hidden_dim"]) == {16}
        assert set(frame["learning_rate"]) == {TabGAN().learning_rate}
        assert frame["detection"].between(0, 1).all()
        assert frame[["trend_error", "shape_error"]].gt(0).all(axis=None)
        assert frame["best"].sum() == 1
        assert result.choice.reason.startswith("simple table (150 rows, 2 learned columns)")
        assert result.heuristic is result.trials[1]

    def test_the_seed_decides(self, table, result):
        again = tune(table, latent_dims=[32, 8], **SMALL)
        for one, other in zip(result.trials, again.trials, strict=True):
            assert one.scores == other.scores
        other = tune(table, latent_dims=[8], **SMALL | {"random_state": 1})
        assert other.trials[0].scores != result.trials[0].scores

    def test_every_combination_and_progress(self, table):
        seen = []
        tuned = tune(
            table,
            latent_dims=[8],
            learning_rates=[1e-3, 1e-4],
            hidden_dims=[8, 16],
            steps=2,
            seeds=1,
            random_state=0,
            progress=lambda trial, done, total: seen.append((trial, done, total)),
        )
        tried = [trial.candidate for trial in tuned.trials]
        assert tried == [Candidate(8, rate, w) for rate in (1e-4, 1e-3) for w in (8, 16)]
        assert seen == [(trial, i + 1, 4) for i, trial in enumerate(tuned.trials)]
        assert tuned.heuristic is None

    def test_the_better_half_and_the_heuristics_own_are_fitted_with_further_seeds(self, table):
        seen = []
        tuned = tune(
            table,
            **SMALL | {"seeds": 3},
            progress=lambda trial, done, total: seen.append((done, total)),
        )
        assert [len(trial.runs) for trial in tuned.trials].count(3) == 2
        assert min(len(trial.runs) for trial in tuned.trials) == 1
        assert len(tuned.heuristic.runs) == len(tuned.best.runs) == 3
        assert seen == [(done, 8) for done in range(1, 9)]  # 4, 2 and 2 fits
        assert len({run.detection for run in tuned.heuristic.runs}) > 1
        assert tuned.heuristic.detections.std(ddof=1) > 0 < tuned.spread
        frame = tuned.to_frame()
        assert frame["seeds"].tolist() == [len(trial.runs) for trial in tuned.trials]
        assert frame["detection_spread"].notna().tolist() == frame["seeds"].gt(1).tolist()
        assert tuned.advised in (tuned.best, tuned.heuristic)

    def test_options_go_to_the_estimator(self, table):
        tuned = tune(
            table, latent_dims=[8], schema={"x": "categorical"}, batch_size=32, min_group=1, **SMALL
        )
        assert tuned.choice.dim > 32

    def test_one_that_diverges_does_not_stop_the_others(self, table):
        tuned = tune(table, latent_dims=[8], learning_rates=[5e-4, 1e30], **SMALL)
        good, bad = tuned.trials
        assert tuned.best is good
        assert bad.scores is None
        assert "not finite" in bad.error
        assert math.isnan(tuned.to_frame()["detection"][1])
        assert tuned.to_json()["trials"][1]["detection"] is None
        with pytest.raises(TrainingError, match="not finite"):
            tune(table, latent_dims=[8], learning_rates=[1e30], **SMALL)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"holdout": 0}, "holdout=0 must be a number above 0 and below 1"),
            ({"holdout": 1.5}, "holdout=1.5 leaves no row to fit on; give a share below 1"),
            ({"engine": "gird"}, "engine='gird' is not known; did you mean 'grid'?"),
            ({"trials": 3}, "trials=3 goes with engine='optuna'; a grid tries all of its"),
            ({"latent_dim": 8}, "latent_dim is what is tuned; give latent_dims with values to try"),
            ({"batchsize": 8}, "batchsize is not an option; did you mean 'batch_size'?"),
            (
                {"latent_dims": []},
                "latent_dims=[] has no value to try; give at least one, or leave",
            ),
            (
                {"latent_dims": 64},
                "latent_dims=64 must be a list of numbers, for example [64, 128]",
            ),
            ({"latent_dims": [8, 0.5]}, "latent_dims with=0.5 must be a whole number from 1"),
            ({"learning_rates": [0]}, "learning_rates with=0 must be a number above 0"),
            ({"seeds": 0}, "seeds=0 must be a whole number from 1"),
            ({"steps": 0}, "steps=0 must be a whole number from 1 or 'auto'"),
        ],
    )
    def test_bad_options(self, table, options, message):
        with pytest.raises(OptionError) as caught:
            tune(table, **options)
        assert str(caught.value).startswith(message)

    def test_a_table_too_small_to_hold_rows_out(self, table):
        with pytest.raises(DataError) as caught:
            tune(table.head(60))
        assert str(caught.value) == (
            "The table has 60 rows; holdout=0.2 holds 12 out and leaves 48 to fit on; "
            "each part needs at least 20: give more rows, or another share"
        )


class TestOptuna:
    @pytest.fixture
    def optuna(self):
        return pytest.importorskip("optuna", reason="Optuna comes with the extra 'tune'")

    def test_it_searches_between_the_values(self, table, optuna):
        level = optuna.logging.get_verbosity()
        options = {
            "latent_dims": (8, 40),
            "hidden_dims": (8, 256),
            "steps": 2,
            "engine": "optuna",
        } | {"seeds": 1}
        tuned, again = (tune(table, **options, trials=4, random_state=0) for _ in "ab")
        tried = [trial.candidate for trial in tuned.trials]
        assert tried[0] == tuned.defaults == Candidate(32, TabGAN().learning_rate, 256)
        assert len(set(tried)) == 4
        assert all(8 <= candidate.latent_dim <= 40 for candidate in tried)
        assert all(1e-4 <= candidate.learning_rate <= 2e-3 for candidate in tried)
        assert {candidate.hidden_dim for candidate in tried} <= {8, 256}
        assert tried == [trial.candidate for trial in again.trials]
        assert optuna.logging.get_verbosity() == level

    def test_one_that_diverges(self, table, optuna):
        rates = {"learning_rates": [1e29, 1e30], "latent_dims": [8]}
        with pytest.raises(TrainingError, match="not finite"):
            tune(table, engine="optuna", trials=2, **rates, **SMALL)

    def test_without_it(self, table, monkeypatch):
        monkeypatch.setitem(sys.modules, "optuna", None)
        with pytest.raises(OptionError) as caught:
            tune(table, engine="optuna")
        assert str(caught.value) == (
            "engine='optuna' needs Optuna, which is not installed; install it with: "
            "pip install 'optuna>=3.6', or take engine='grid'"
        )


class TestChoice:
    def test_detection_decides(self):
        tuned = result_of(trial(8, 0.7, 1.0), trial(64, 0.8, 9.0))
        assert tuned.best is tuned.trials[1]

    def test_trend_decides_among_even_ones(self):
        tuned = result_of(trial(8, 0.80, 3.0), trial(64, 0.795, 2.0), trial(96, 0.78, 1.0))
        assert tuned.best is tuned.trials[1]

    def test_those_with_the_most_seeds_decide(self):
        once, own = trial(8, 0.9, 1.0), trial(64, 0.7, 1.0, heuristic=True)
        other = trial(32, 0.8, 1.0)
        tuned = result_of(once, own.and_again(own), other.and_again(other))
        assert tuned.best is tuned.advised is tuned.trials[2]

    def test_a_difference_that_seeds_make_is_none(self):
        own, other = trial(64, 0.7, 1.0, heuristic=True), trial(32, 0.72, 1.0)
        tuned = result_of(
            own.and_again(trial(64, 0.78, 1.0)), other.and_again(trial(32, 0.80, 1.0))
        )
        assert tuned.spread == pytest.approx(0.08 / math.sqrt(2))
        assert tuned.best is tuned.trials[1]
        assert tuned.advised is tuned.heuristic
        clear = result_of(tuned.heuristic, *[trial(32, 1.0, 1.0).and_again(trial(32, 1.0, 1.0))])
        assert clear.advised is clear.best is not clear.heuristic

    def test_no_trend_at_all(self):
        tuned = result_of(trial(64, 0.795, math.nan), trial(8, 0.80, math.nan))
        assert tuned.best is tuned.trials[1]
        assert tuned.to_json()["best"]["trend_error"] is None

    def test_the_heuristic_is_that_with_default_options(self):
        tuned = result_of(
            trial(64, 0.9, 1.0, heuristic=True, rate=1e-3), trial(64, 0.5, 1.0, heuristic=True)
        )
        assert tuned.heuristic is tuned.trials[1]


class TestFiles:
    def test_json(self, result, tmp_path):
        path = tmp_path / "report.json"
        path.write_text("older")
        result.save(path)
        state = json.loads(path.read_text(encoding="utf-8"))
        assert state == result.to_json()
        assert (state["fitted_rows"], state["held_out_rows"]) == (120, 30)
        assert state["best"] in state["trials"]
        assert state["heuristic"]["size"] == state["heuristic_trial"]["latent_dim"] == 32
        assert [path.name for path in tmp_path.iterdir()] == ["report.json"]

    @pytest.mark.parametrize(
        ("name", "start"), [("a.png", b"\x89PNG"), ("b.svg", b"<?xml"), ("c.PDF", b"%PDF")]
    )
    def test_picture(self, result, tmp_path, name, start):
        pytest.importorskip("matplotlib", reason="matplotlib comes with the extra 'plots'")
        result.plot(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
        assert "matplotlib.pyplot" not in sys.modules

    def test_picture_says_what_is_chosen(self, tmp_path, monkeypatch):
        matplotlib = pytest.importorskip("matplotlib", reason="it comes with the extra 'plots'")
        monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")  # text as text
        result_of(
            trial(8, 0.7, math.nan), trial(64, 0.8, 9.0), trial(64, 0.6, 9.0, rate=1e-3)
        ).plot(tmp_path / "a.svg")
        text = Path(tmp_path / "a.svg").read_text(encoding="utf-8")
        for label in ("heuristic: z = 64", "best: z = 64", "latent size z", "trend error, %"):
            assert label in text

    def test_picture_of_another_kind(self, result):
        with pytest.raises(OptionError) as caught:
            result.plot("tune.jpg")
        assert str(caught.value) == (
            "plot='tune.jpg' does not end as a picture does; end it in .png, .svg or .pdf"
        )

    def test_no_matplotlib(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(OptionError) as caught:
            check_plot("tune.png")
        assert str(caught.value) == (
            "Pictures need matplotlib, which is not installed; install it with: "
            "pip install 'matplotlib>=3.8'"
        )
