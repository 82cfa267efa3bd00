"""Neighbors in time are alike: what they tell counts as that of stretches of a series."""

import numpy as np
import pandas as pd
import pytest

from tabgan import evaluate
from tabgan.evaluation.compared_tables import read_tables

COLUMNS = ["temperature", "humidity", "visits"]


def series(seed: int, n_rows: int = 1200) -> pd.DataFrame:
    """Return hours with two numbers that are much like those of the hour before, and counts."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2023-03-01", periods=n_rows, freq="h")
    hour = times.hour.to_numpy()
    slow = pd.DataFrame(rng.normal(size=(n_rows, 2))).ewm(alpha=0.1).mean().to_numpy() * 4
    temperature = (12 + 6 * np.sin((hour - 9) / 12 * np.pi) + 3 * slow[:, 0]).round(1)
    humidity = (60 - 1.5 * (temperature - 12) + 6 * slow[:, 1]).round()
    visits = rng.poisson(np.where(hour < 6, 1, 8 + 6 * np.sin((hour - 6) / 18 * np.pi)))
    table = pd.DataFrame(dict(zip(COLUMNS, (temperature, humidity, visits), strict=True)))
    return table.assign(time=times)


def points_of(real: pd.DataFrame, synthetic: pd.DataFrame) -> list[tuple[str, str]]:
    points = evaluate(real, synthetic, random_state=0).verdict.weak_points
    return [(point.part, point.what) for point in points]


@pytest.mark.parametrize("seed", [0, 1])
def test_another_course_of_the_same_process_is_as_good_as_real(seed):
    found = evaluate(series(seed), series(seed + 10), random_state=0).verdict
    assert found.score > 0.97
    assert not {point.part for point in found.weak_points} & {"utility", "detection", "nearness"}


def test_a_shuffled_column_of_a_series_is_still_named_first():
    real = series(0)
    shuffled = real.assign(humidity=np.random.default_rng(0).permutation(real["humidity"]))
    part, what = points_of(real, shuffled)[0]
    assert part == "structure"
    assert "'humidity' does not go with 'time'" in what


def test_counts_that_equal_those_of_their_hour_by_chance_are_no_copies():
    real, drawn = (series(seed)[["time", "visits"]] for seed in (0, 10))
    assert (real["visits"] == drawn["visits"]).mean() > 0.1
    assert not any(part == "nearness" for part, _ in points_of(real, drawn))
    rows = np.arange(0, len(real), 20)
    copied = series(10)
    copied.loc[rows] = series(0).loc[rows]
    assert points_of(series(0), copied)[0][0] == "nearness"


def test_keys_are_units_before_stretches_of_time():
    keyed = series(0).assign(meter=[f"M-{at:03d}" for at in range(300)] * 4)
    units = read_tables(keyed, keyed, schema={"meter": "key"}).units["real"]
    assert np.bincount(units).tolist() == [4] * 300
    alone = read_tables(series(0), series(1)).units["synthetic"]
    assert np.bincount(alone).tolist() == [30] * 40
    assert not read_tables(series(0).drop(columns="time"), series(1)[COLUMNS]).units
