"""Regular series: one row for each hour or day."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import TabTrees
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.inference.infer_schema import infer_schema
from tabgan.sampling.table_keys import key_from_json, key_to_json
from tabgan.sampling.time_grid import TimeGrid, find_distinct_numbers, find_time_grids
from tabgan.table.columns import by_position

SERIES = {
    "hours": pd.date_range("2023-01-01", periods=900, freq="h"),
    "quarters of an hour": pd.date_range("2023-01-01 08:00", periods=300, freq="15min"),
    "days as text": pd.date_range("2020-01-01", periods=400).strftime("%d/%m/%Y"),
    "days as objects": pd.date_range("2020-01-01", periods=400).date,
    "business days": pd.bdate_range("2020-01-01", periods=600),
    "opening hours": [
        hour
        for hour in pd.date_range("2023-01-02", periods=1500, freq="h")
        if 8 <= hour.hour < 18 and hour.weekday() < 6
    ],
}


def table_of(dates):
    return pd.DataFrame({"when": dates, "value": np.random.default_rng(0).random(len(dates))})


def grids_of(frame):
    return find_time_grids(by_position(frame, infer_schema(frame)))


def all_rows(frame):
    return np.ones(len(frame), np.bool_)


@pytest.mark.parametrize("dates", SERIES.values(), ids=SERIES)
def test_each_date_of_a_series_is_drawn_once(dates):
    real = table_of(dates)
    (grid,) = grids_of(real)
    encoder = TableEncoder.fit(real, infer_schema(real), np.random.default_rng(0))
    drawn = real.assign(when=real["when"].sample(frac=1, replace=True, random_state=1).to_numpy())
    written = grid.write(drawn, encoder, np.random.default_rng(0), all_rows)
    assert drawn["when"].nunique() < 0.7 * len(real)
    assert set(written["when"]) == set(real["when"])
    assert written["value"].equals(drawn["value"])
    assert written.dtypes.equals(real.dtypes)
    once = ~drawn["when"].duplicated(keep=False)
    assert written["when"][once].equals(drawn["when"][once])
    assert key_from_json(key_to_json(grid)) == grid


def test_dates_that_are_moved_have_the_form_of_their_day():
    hours = pd.date_range("2020-01-01", periods=900, freq="h")
    short, long = (hours.strftime(form) for form in ("%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p"))
    texts = short.where(hours.day <= 12, long)
    real = table_of(texts)
    (grid,) = grids_of(real)
    encoder = TableEncoder.fit(real, infer_schema(real), np.random.default_rng(0))
    drawn = real.assign(when=real["when"].sample(frac=1, replace=True, random_state=1).to_numpy())
    written = grid.write(drawn, encoder, np.random.default_rng(0), all_rows)
    assert drawn["when"].nunique() < 0.7 * len(real)
    assert {*written["when"]} == {*texts}


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        (SERIES["quarters of an hour"], "15 minutes apart, one row each"),
        (SERIES["business days"], "1 day apart, one row each"),
        (SERIES["hours"], "1 hour apart, one row each"),
    ],
)
def test_a_series_is_described_by_its_step(dates, words):
    frame = table_of(dates)
    (grid,) = grids_of(frame)
    assert grid.describe(infer_schema(frame)) == f"the dates of 'when' are {words}"


@pytest.mark.parametrize(
    "dates",
    [
        pd.Series(SERIES["hours"]).sample(frac=1, replace=True, random_state=0).to_numpy(),
        pd.Series(SERIES["hours"]).sample(frac=0.8, random_state=0).to_numpy(),
        pd.Series(SERIES["hours"]).where(np.arange(900) > 0).to_numpy(),
        SERIES["hours"][:40],
    ],
    ids=["dates that come twice", "gaps", "a missing date", "few dates"],
)
def test_other_dates_are_no_series(dates):
    assert grids_of(table_of(dates)) == ()


@pytest.mark.parametrize("dates", SERIES.values(), ids=SERIES)
def test_a_series_goes_on_behind_its_end_where_there_are_more_rows(dates):
    real = table_of(dates)
    (grid,) = grids_of(real)
    encoder = TableEncoder.fit(real, infer_schema(real), np.random.default_rng(0))
    drawn = pd.concat([real, real], ignore_index=True)
    written = grid.write(drawn, encoder, np.random.default_rng(0), all_rows)
    longer = grids_of(written)[0]
    assert (longer.step, longer.phase, longer.open_hours) == (
        grid.step,
        grid.phase,
        grid.open_hours,
    )
    assert set(real["when"]) < set(written["when"])
    assert written.dtypes.equals(real.dtypes)


def test_a_series_does_not_go_on_beyond_what_dates_can_hold():
    real = table_of(pd.date_range("2000-01-01", periods=60, freq="28D"))
    (grid,) = grids_of(real)
    encoder = TableEncoder.fit(real, infer_schema(real), np.random.default_rng(0))
    drawn = pd.concat([real] * 80, ignore_index=True)
    assert grid.write(drawn, encoder, np.random.default_rng(0), all_rows) is drawn


@pytest.mark.parametrize("hours", [250, 600])
def test_a_series_begins_where_the_table_does(hours):
    real = table_of(pd.date_range("2023-01-01", periods=hours, freq="h"))
    drawn = TabTrees(random_state=0, refine=False, verbose=False).fit(real).sample(hours)
    assert drawn["when"].equals(real["when"])


def test_rows_stay_where_a_condition_would_not_hold():
    real = table_of(SERIES["business days"])
    (grid,) = grids_of(real)
    encoder = TableEncoder.fit(real, infer_schema(real), np.random.default_rng(0))
    drawn = real.assign(when=real["when"].iloc[0])
    none = grid.write(drawn, encoder, np.random.default_rng(0), lambda new: ~all_rows(new))
    assert none is drawn


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 400))
def test_any_rows_get_a_date_of_their_own(seed, n):
    rng = np.random.default_rng(seed)
    real = table_of(SERIES["days as text"])
    (grid,) = grids_of(real)
    encoder = TableEncoder.fit(real, infer_schema(real), np.random.default_rng(0))
    drawn = real.iloc[rng.integers(0, 1 + rng.integers(400), n)].reset_index(drop=True)
    written = grid.write(drawn, encoder, rng, all_rows)
    assert written["when"].is_unique
    assert set(written["when"]) <= set(real["when"])


@pytest.mark.parametrize("open_hours", [(), (168,), (-1,)])
def test_grids_of_a_damaged_file_are_refused(open_hours):
    (grid,) = grids_of(table_of(SERIES["hours"]))
    with pytest.raises(ValueError, match="a grid of times needs"):
        TimeGrid(grid.column, grid.step, grid.phase, open_hours)
    with pytest.raises(ValueError, match="a grid of times needs"):
        TimeGrid(grid.column, grid.step, grid.step, grid.open_hours)


def test_a_series_is_drawn_in_order_with_its_weekdays_and_years():
    rng = np.random.default_rng(0)
    when = pd.Series(pd.date_range("2021-01-01", periods=730))
    sold = rng.poisson(50 + 30 * (when.dt.weekday >= 5))
    real = pd.DataFrame({"when": when, "sold": sold, "year": when.dt.year, "level": sold > 60})
    drawn = TabTrees(random_state=0, verbose=False).fit(real).sample(730)
    assert drawn["when"].equals(real["when"])
    assert (drawn["year"] == drawn["when"].dt.year).all()
    weekend = drawn["when"].dt.weekday >= 5
    assert drawn["sold"][weekend].mean() - drawn["sold"][~weekend].mean() > 20


def test_whole_numbers_that_never_come_twice_are_moved_apart():
    rng = np.random.default_rng(0)
    own, other = (np.sort(rng.choice(4_000, 900, replace=False)) for _ in range(2))
    real = pd.DataFrame({"first": own, "second": other, "size": rng.integers(0, 4_000, 900)})
    schema = infer_schema(real)
    rules = find_distinct_numbers(by_position(real, schema))
    assert [rule.column.position for rule in rules] == [0, 1]
    encoder = TableEncoder.fit(real, schema, np.random.default_rng(0))
    drawn = real.sample(frac=1, replace=True, random_state=1).reset_index(drop=True)
    new = drawn
    for rule in rules:
        assert key_from_json(key_to_json(rule)) == rule
        new = rule.write(new, encoder, np.random.default_rng(0), all_rows)
    assert drawn["first"].nunique() < 0.7 * len(drawn)
    for name in ("first", "second"):
        assert new[name].is_unique
        assert new[name].between(real[name].min(), real[name].max()).all()
        assert (new[name] - drawn[name]).abs().median() < 5
    assert new["size"].equals(drawn["size"])


def test_distinct_numbers_of_a_sample_are_distinct():
    rng = np.random.default_rng(0)
    numbers = {
        name: np.sort(rng.choice(3_000, 600, replace=False)) for name in ("number", "version")
    }
    drawn = TabTrees(random_state=0).fit(pd.DataFrame(numbers)).sample(500)
    assert drawn["version"].is_unique
    assert drawn["number"].is_unique
