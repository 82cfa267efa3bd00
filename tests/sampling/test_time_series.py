"""Rows of a regular series, which say something of the next ones."""

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN, TabTrees
from tabgan.base.errors import ModelFileError
from tabgan.base.model_file import read_model, write_model
from tabgan.sampling.time_series import _residual_quantiles


def persistent(n, rng, share):
    """Return an autoregressive series of unit variance: each value keeps a share of the last."""
    noise = rng.normal(size=n) * np.sqrt(1 - share**2)
    values = np.empty(n)
    values[0] = rng.normal()
    for row in range(1, n):
        values[row] = share * values[row - 1] + noise[row]
    return values


def series_of(dates, seed=0):
    rng, n = np.random.default_rng(seed), len(dates)
    load = persistent(n, rng, 0.9)
    demand = 3 * load + np.sin(2 * np.pi * np.arange(n) / 24) * 3 + rng.normal(size=n)
    changes = rng.random(n) < 0.1
    state = pd.Series(rng.choice(["off", "idle", "run"], n)).where(changes | (np.arange(n) == 0))
    frame = pd.DataFrame({"when": dates, "load": (50 + 10 * load).round(2)})
    frame["demand"] = demand.round(1)
    frame.loc[rng.random(n) < 0.05, "demand"] = np.nan
    return frame.assign(state=state.ffill())


def lag(values, rows=1):
    return values.autocorr(rows)


def same_as_before(values):
    return (values.to_numpy()[1:] == values.to_numpy()[:-1]).mean()


def fitted(frame, **options):
    return TabTrees(refine=False, verbose=False, random_state=0, **options).fit(frame)


REAL = series_of(pd.date_range("2023-01-01", periods=600, freq="h"))


@pytest.fixture(scope="module")
def trees():
    return fitted(REAL)


@pytest.fixture(scope="module")
def drawn(trees):
    return trees.sample(len(REAL), random_state=1)


def test_rows_of_a_series_follow_each_other_as_in_the_table(drawn):
    assert (drawn["when"].diff()[1:] == pd.Timedelta("1h")).all()
    assert drawn.dtypes.equals(REAL.dtypes)
    for name in ("load", "demand"):
        assert lag(drawn[name]) == pytest.approx(lag(REAL[name]), abs=0.08)
        assert drawn[name].mean() == pytest.approx(REAL[name].mean(), abs=0.2 * REAL[name].std())
        assert drawn[name].std() == pytest.approx(REAL[name].std(), rel=0.1)
    assert lag(drawn["demand"], 24) > 0.15
    assert same_as_before(drawn["state"]) == pytest.approx(same_as_before(REAL["state"]), abs=0.06)
    assert drawn["load"].corr(drawn["demand"]) == pytest.approx(
        REAL["load"].corr(REAL["demand"]), abs=0.08
    )
    assert drawn["demand"].isna().mean() == pytest.approx(0.05, abs=0.04)


def test_no_stretch_of_the_table_comes_again(drawn):
    pairs = [set(zip(f["load"], f["load"].shift(-1), strict=True)) for f in (REAL, drawn)]
    assert len(pairs[0] & pairs[1]) <= 2


def test_a_sample_is_the_same_from_the_file(trees, drawn, tmp_path):
    trees.save(tmp_path / "series.safetensors")
    again = TabTrees.load(tmp_path / "series.safetensors")
    pd.testing.assert_frame_equal(again.sample(len(REAL), random_state=1), drawn)
    again.save(tmp_path / "again.safetensors")
    both = ((tmp_path / name).read_bytes() for name in ("series.safetensors", "again.safetensors"))
    assert next(both) == next(both)


def change(name, value):
    def changed(description, tensors):
        description["series"][name] = value

    return changed


def shorten(description, tensors):
    name = next(name for name in tensors if name.startswith("series.0.weights"))
    tensors[name] = tensors[name][1:].clone()


@pytest.mark.parametrize(
    "damage",
    [
        change("lags", [0]),
        change("lags", [1, 10**9]),
        change("columns", []),
        change("clock", {"first": 5, "last": 5, "cycles": [], "n_knots": 9}),
        change("clock", {"first": 5, "last": 6, "cycles": [], "n_knots": 10**9}),
        shorten,
    ],
)
def test_a_damaged_series_is_an_error(trees, tmp_path, damage):
    path = tmp_path / "series.safetensors"
    trees.save(path)
    description, tensors = read_model(path)
    damage(description, tensors)
    write_model(path, description, tensors)
    with pytest.raises(ModelFileError):
        TabTrees.load(path)


def test_a_condition_holds_in_all_rows_of_a_series(trees):
    drawn = trees.sample(200, where={"state": "run"}, random_state=1)
    assert len(drawn) == 200
    assert set(drawn["state"]) == {"run"}


def test_a_longer_sample_goes_on_behind_the_end_of_the_series(trees):
    drawn = trees.sample(2 * len(REAL), random_state=1)
    assert (drawn["when"].diff()[1:] == pd.Timedelta("1h")).all()
    for part in (drawn.iloc[: len(REAL)], drawn.iloc[len(REAL) :]):
        assert lag(part["load"]) == pytest.approx(lag(REAL["load"]), abs=0.08)
        assert part["load"].mean() == pytest.approx(REAL["load"].mean(), abs=2)


def test_a_series_follows_the_trend_of_the_table(drawn):
    days = [frame["load"].rolling(25).mean() for frame in (REAL, drawn)]
    assert days[0].corr(days[1]) > 0.75


def test_few_rows_of_a_series_are_drawn_alone(trees):
    assert len(trees.sample(5, random_state=1)) == 5


def test_rows_that_say_nothing_of_the_next_ones_stay_as_they_are_drawn():
    shuffled = REAL.sample(frac=1, random_state=0).reset_index(drop=True)
    model = fitted(shuffled.assign(when=REAL["when"]))._model
    assert model.series is None


@pytest.mark.parametrize(
    "dates",
    [
        pd.date_range("2020-01-01", periods=400).strftime("%d/%m/%Y"),
        pd.Series(pd.date_range("2020-01-01", periods=400).date, dtype=object),
        pd.bdate_range("2020-01-01", periods=400, tz="Europe/Berlin"),
    ],
    ids=["text", "objects", "business days"],
)
def test_a_series_of_days_keeps_its_dates(dates):
    real = series_of(dates)[["when", "load"]]
    real["year"] = pd.DatetimeIndex(pd.to_datetime(real["when"], dayfirst=True)).year
    drawn = fitted(real).sample(len(real), random_state=1)
    when = pd.DatetimeIndex(pd.to_datetime(drawn["when"], dayfirst=True))
    assert when.is_monotonic_increasing
    assert when.is_unique
    assert drawn["year"].tolist() == when.year.tolist()
    assert lag(drawn["load"]) > 0.75


def test_a_gan_draws_a_series_as_well():
    gan = TabGAN(steps=20, refine=False, polish=False, verbose=False, random_state=0)
    real = REAL[["when", "load"]]
    drawn = gan.fit(real).sample(len(real), random_state=1)
    assert lag(drawn["load"]) == pytest.approx(lag(real["load"]), abs=0.08)


def test_no_quantile_of_what_a_forecast_leaves_tells_of_a_single_row():
    rng = np.random.default_rng(0)
    left = rng.normal(size=500)
    found = _residual_quantiles(left, 5)
    assert (np.diff(found) >= 0).all()
    assert np.interp(0.5, np.linspace(0, 1, len(found)), found) == pytest.approx(0, abs=0.15)
    moved = left + 1e-9 * rng.random(500)
    assert np.array_equal(_residual_quantiles(moved, 5), found)
