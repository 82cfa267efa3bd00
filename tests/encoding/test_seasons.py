"""Seasons: hours, weekdays and months of dates that other columns depend on."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import TabGAN, TabTrees
from tabgan.encoding.column_encoders import NumericEncoder
from tabgan.encoding.seasons import SeasonGrid, SeasonLevels, find_seasons
from tabgan.encoding.table_encoder import TableEncoder, fit_column
from tabgan.inference.infer_schema import infer_schema
from tabgan.table.columns import by_position

START = np.datetime64("2021-01-01", "s").astype(np.int64)
YEAR = 365 * 86_400


def visits(n=2000, seed=0):
    """Return visits of three years: weekends are busy, mornings are for breakfast."""
    rng = np.random.default_rng(seed)
    when = pd.Series(pd.to_datetime(START + rng.integers(0, 3 * YEAR, n), unit="s"))
    guests = 20 + 15 * (when.dt.weekday >= 5) + rng.normal(0, 3, n).round()
    is_morning = when.dt.hour.between(6, 10)
    meal = np.where(rng.random(n) < np.where(is_morning, 0.8, 0.1), "breakfast", "dinner")
    return pd.DataFrame({"when": when, "guests": guests, "meal": meal, "table": rng.random(n)})


def columns_of(frame):
    return by_position(frame, infer_schema(frame))


def test_seasons_on_which_columns_depend_are_found():
    assert find_seasons(columns_of(visits())) == {0: ("hour", "weekday")}


@pytest.mark.parametrize("seed", range(5))
def test_no_season_is_found_by_chance(seed):
    frame = visits(seed=seed)
    rng = np.random.default_rng(seed)
    frame["when"] = rng.permutation(frame["when"])
    frame["level"] = rng.choice([*"abcdefgh"], len(frame))
    assert find_seasons(columns_of(frame)) == {}


def test_a_trend_is_no_season():
    frame = visits()[["when", "table"]].sort_values("when", ignore_index=True)
    frame["table"] += np.linspace(0, 20, len(frame))
    assert find_seasons(columns_of(frame)) == {}


def test_a_table_without_other_columns_has_no_season():
    assert find_seasons(columns_of(visits()[["when"]])) == {}
    assert find_seasons(columns_of(visits()[["guests", "meal"]])) == {}


def test_months_are_found_over_years_and_days_without_hours():
    frame = visits()
    frame["when"] = frame["when"].dt.normalize()
    frame["guests"] += 30 * np.cos(2 * np.pi * frame["when"].dt.month / 12)
    assert find_seasons(columns_of(frame)) == {0: ("weekday", "month")}


def test_rows_are_encoded_and_decoded_with_their_seasons():
    frame = visits()
    frame.loc[::7, "when"] = pd.NaT
    cells = columns_of(frame)[0]
    plain = fit_column(cells)
    assert isinstance(plain, NumericEncoder)
    encoder = plain.with_seasons(cells, ("hour", "weekday"))
    assert encoder.seasons == ("hour", "weekday")
    assert encoder.spans.widths == (2, 25, 8)
    rows = encoder.encode(cells)
    present = frame["when"].notna().to_numpy()
    assert (rows.codes[present, 1] == frame["when"].dt.hour[present]).all()
    assert (rows.codes[present, 2] == frame["when"].dt.weekday[present]).all()
    assert (rows.codes[~present] == (1, 24, 7)).all()
    rng = np.random.default_rng(0)
    codes = rows.codes.astype(np.int64)
    drawn = encoder.decode(rng.random((len(frame), 1)), codes, 0, rng)
    assert (drawn.notna() == present).all()
    assert (drawn.dt.hour[present] == frame["when"].dt.hour[present]).all()
    assert (drawn.dt.weekday[present] == frame["when"].dt.weekday[present]).all()
    again = NumericEncoder.from_json(encoder.column, encoder.to_json())
    assert again.decode(rows.low, codes, 0, rng).equals(encoder.decode(rows.low, codes, 0, rng))


@pytest.mark.parametrize(
    "state", [{}, {"hour": [0] * 24}, {"weekday": [0, 1]}, {"month": [0, 2] * 6}, {"day": [0, 1]}]
)
def test_levels_of_a_damaged_file_are_refused(state):
    with pytest.raises(ValueError, match="seasons"):
        SeasonLevels.from_json(state, "s")


def test_neighbors_of_few_rows_are_one_level():
    hours = np.repeat([8, 9, 10, 15], [30, 30, 3, 40])
    seasons = SeasonLevels.fit(("hour",), hours * 3600, "s", least=5)
    assert seasons is not None
    assert seasons.widths == (3,)
    assert seasons.of(np.array([8, 9, 10, 15]) * 3600)[:, 0].tolist() == [0, 1, 1, 2]
    assert SeasonLevels.fit(("hour",), np.full(90, 3600), "s", least=5) is None


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([("hour",), ("weekday",), ("month",), ("hour", "weekday", "month")]),
)
def test_dates_move_to_near_ones_with_the_levels_that_were_drawn(seed, seasons):
    rng = np.random.default_rng(seed)
    ticks = START + rng.integers(0, 4 * YEAR, 5000)
    levels = SeasonLevels.fit(seasons, ticks, "s", least=5)
    assert levels is not None

    def dates_at(units):
        return (START + units * 4 * YEAR).astype(np.int64)

    units = rng.random(1000)
    codes = np.column_stack([rng.integers(0, width, 1000) for width in levels.widths])
    moved = SeasonGrid.of(levels, dates_at).agree(units, codes, dates_at)
    assert ((moved >= 0) & (moved <= 1)).all()
    assert (levels.of(dates_at(moved)) == codes).all()
    days = np.abs(dates_at(moved) - dates_at(units)) / 86_400
    assert days.max() <= {"hour": 1, "weekday": 7, "month": 366}[seasons[-1]] + 31


def test_days_of_the_month_stay_as_frequent_as_they_are():
    rng = np.random.default_rng(0)
    ticks = START + rng.integers(0, 4 * YEAR, 20_000)
    levels = SeasonLevels.fit(("weekday", "month"), ticks, "s", least=5)
    assert levels is not None

    def dates_at(units):
        return (START + units * 4 * YEAR).astype(np.int64)

    codes = levels.of(rng.permutation(ticks))
    units = SeasonGrid.of(levels, dates_at).agree(rng.random(20_000), codes, dates_at)
    days = pd.to_datetime(pd.Series(dates_at(units)), unit="s").dt.day
    shares = days.value_counts(normalize=True).sort_index()
    assert shares.iloc[:28].sub(1 / 30.44).abs().max() < 0.006


def test_a_table_without_seasons_is_encoded_as_before():
    frame = visits()[["when", "table"]]
    encoder = TableEncoder.fit(frame, infer_schema(frame), np.random.default_rng(0))
    assert encoder.spans.widths == ()


@pytest.mark.parametrize(
    "model", [TabTrees(random_state=0), TabGAN(steps=150, random_state=0)], ids=["trees", "gan"]
)
def test_what_hours_and_weekdays_tell_is_kept(model):
    real = visits()
    fitted = model.set_params(verbose=False).fit(real)
    drawn = fitted.sample(2000)
    for table in (real, drawn):
        weekend = table["when"].dt.weekday >= 5
        apart = table["guests"][weekend].mean() - table["guests"][~weekend].mean()
        assert 10 < apart < 17  # 0 before
        morning = table["when"].dt.hour.between(6, 10)
        breakfast = table["meal"] == "breakfast"
        assert breakfast[morning].mean() > 0.5
        assert breakfast[~morning].mean() < 0.25
    asked = fitted.sample(100, where={"meal": "breakfast"})
    assert (asked["meal"] == "breakfast").all()
    assert asked["when"].dt.hour.between(6, 10).mean() > 0.4


def test_inspect_names_the_seasons(tmp_path):
    from click.testing import CliRunner

    from tabgan.cli.main import main

    visits().to_csv(tmp_path / "visits.csv", index=False)
    result = CliRunner().invoke(main, ["inspect", str(tmp_path / "visits.csv")])
    assert "season: other columns depend on the hour and the weekday of when" in result.output
