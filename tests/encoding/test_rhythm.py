import functools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import TabTrees, infer_schema
from tabgan.encoding.column_encoders import NumericEncoder
from tabgan.encoding.heaping import Heaping
from tabgan.encoding.quantiles import Quantiles
from tabgan.encoding.rhythm import Rhythm, Week
from tabgan.fitting.prepare import with_min_group
from tabgan.table.columns import TypedSeries

ROWS = 2_000
OPEN = np.array([1, 3, 5, 4, 2, 1, 1, 2, 4, 6, 4, 2, 1, 0.5])  # from 7 to 21 o'clock
WEEK = np.array([1, 1, 1, 1, 1.2, 0.15, 0])
MINUTES = Week(0, 10_080, 1)


def opening_days(n: int, rng: np.random.Generator) -> np.ndarray:
    days = pd.date_range("2021-03-02", periods=1100)
    share = WEEK[days.weekday]
    return rng.choice(days.to_numpy().astype("M8[s]"), n, p=share / share.sum())


def opening_hours(n: int, rng: np.random.Generator) -> np.ndarray:
    return 7 + rng.choice(14, n, p=OPEN / OPEN.sum())


def visits(unit: str, n: int = ROWS, *, at_midnight: float = 0.0) -> pd.Series:
    """Return moments of opening hours and days, in whole units of time."""
    rng = np.random.default_rng(4)
    day, hour = opening_days(n, rng), opening_hours(n, rng)
    nanoseconds = (hour + rng.random(n)) * 3_600_000_000_000
    moment = day.astype("M8[ns]") + nanoseconds.astype("m8[ns]")
    values = pd.Series(moment.astype(f"M8[{unit}]").astype("M8[ns]"), name="x")
    return values.where(rng.random(n) >= at_midnight, values.dt.floor("D"))


CASES = {
    "days": visits("D"),
    "hours": visits("h"),
    "minutes": visits("m"),
    "minutes, half of them at midnight": visits("m", at_midnight=0.5),
    "many seconds, a third of them at midnight": visits("s", 10_000, at_midnight=0.3),
    "nanoseconds": visits("ns"),
}


def fitted(values: pd.Series, least: int = 1) -> NumericEncoder:
    (column,) = with_min_group(infer_schema(pd.DataFrame({"x": values})), least)
    return NumericEncoder.fit(TypedSeries(column, values))


@functools.cache
def encoder_of(name: str) -> NumericEncoder:
    return fitted(CASES[name])


def draw(encoder: NumericEncoder) -> pd.Series:
    u = (np.arange(20_000)[:, None] + 0.5) / 20_000
    return encoder.decode(u, np.zeros((len(u), 0), np.int64), 0, np.random.default_rng(0))


def shares(values: pd.Series, what: str) -> np.ndarray:
    return values.value_counts(normalize=True).reindex(range(7 if what == "weekday" else 24))


def distance(one: pd.Series, other: pd.Series, what: str) -> float:
    """Return the share of rows that lie at other hours or days."""
    a, b = (shares(getattr(values.dt, what), what).fillna(0) for values in (one, other))
    return float((a - b).abs().sum() / 2)


@pytest.mark.parametrize("name", CASES)
def test_hours_and_days_of_the_week_are_kept(name):
    values, drawn = CASES[name], draw(encoder_of(name))
    assert distance(values, drawn, "hour") < 0.02
    assert distance(values, drawn, "weekday") < 0.02
    assert (drawn.dt.weekday == 6).mean() < 0.001
    midnight = drawn == drawn.dt.floor("D")
    assert midnight.mean() == pytest.approx((values == values.dt.floor("D")).mean(), abs=0.01)
    assert (~midnight & ((drawn.dt.hour < 7) | (drawn.dt.hour > 20))).mean() < 0.001


def test_without_the_rhythm_they_are_not():
    encoder = encoder_of("minutes")
    (quantiles,) = encoder.quantiles
    straight = Quantiles(quantiles.u, quantiles.x, quantiles.whole)
    without = draw(NumericEncoder(encoder.column, encoder._scale, straight, encoder._specials))
    assert distance(CASES["minutes"], without, "hour") > 0.2
    assert distance(CASES["minutes"], without, "weekday") > 0.1


@pytest.mark.parametrize("name", CASES)
def test_a_place_in_a_values_band_leads_back(name):
    values, encoder = CASES[name][:3_000], encoder_of(name)
    (quantiles,) = encoder.quantiles
    line = encoder._scale.to_line(TypedSeries(encoder.column, values).numbers.values)
    low, width = quantiles.to_band(line)
    drawn = quantiles.from_unit(
        low + width * np.random.default_rng(1).uniform(0.01, 0.99, len(low))
    )
    is_wide = width > 1e-12
    assert (drawn[is_wide] == line[is_wide]).all()
    assert np.allclose(drawn, line, rtol=1e-6)


def even_moments(rng: np.random.Generator) -> np.ndarray:
    return np.datetime64("2020-02-01", "m") + rng.integers(0, 400_000, ROWS).astype("m8[m]")


def test_even_dates_have_no_rhythm():
    rng = np.random.default_rng(2)
    even = even_moments(rng)
    at_midnight = np.where(rng.random(ROWS) < 0.5, even.astype("M8[D]").astype("M8[m]"), even)
    lines_of_orders = rng.choice(even[:400], ROWS)
    for values in (even, even.astype("M8[D]"), at_midnight, lines_of_orders):
        encoder = fitted(pd.Series(values.astype("M8[s]"), name="x"))
        assert encoder.quantiles[0].rhythm is None


def test_days_are_kept_where_hardly_a_row_tells_of_hours():
    values = visits("m", at_midnight=1.0)
    values[:3] = visits("m")[:3]
    drawn = draw(fitted(values))
    assert distance(values, drawn, "weekday") < 0.02
    assert (drawn.dt.hour > 0).mean() < 0.01


def test_few_dates_have_no_rhythm():
    assert fitted(visits("m", 150)).quantiles[0].rhythm is None


def test_it_goes_through_json():
    for name in CASES:
        (quantiles,) = encoder_of(name).quantiles
        again = Quantiles.from_json(json.loads(json.dumps(quantiles.to_json())))
        u = np.linspace(0, 1, 1_001)
        assert (again.from_unit(u) == quantiles.from_unit(u)).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"week": [0, 10_080, 11]}, "a whole multiple of the line's step"),
        ({"week": [0, 0, 1]}, "a whole multiple of the line's step"),
        ({"hours": [1.0] * 23}, "each hour and each day"),
        ({"days": [1.0] * 6 + [0.0]}, "a number of at least"),
        ({"days": [1.0] * 6 + [float("nan")]}, "a number of at least"),
    ],
)
def test_a_malformed_rhythm_is_refused(change, message):
    state = {"week": [*MINUTES], "hours": [1.0] * 24, "days": [1.0] * 7}
    assert Rhythm.from_json(state).week == MINUTES
    with pytest.raises(ValueError, match=message):
        Rhythm.from_json({**state, **change})


def test_a_grid_that_no_week_is_a_multiple_of_is_refused():
    rhythm = Rhythm(MINUTES, np.ones(24), np.ones(7)).to_json()
    state = {"grids": [[11, 0]], "firsts": [0], "weights": [[0.1, 1.0]], "rhythm": rhythm}
    with pytest.raises(ValueError, match="must divide the week"):
        Heaping.from_json({**state, "unit": 1.0}, 5, whole=True)


def test_a_factor_rests_on_a_group_of_rows():
    values, least = visits("m"), 40
    hours, days = values.dt.hour.value_counts(), values.dt.weekday.value_counts()
    rhythm = fitted(values, least).quantiles[0].rhythm
    few = [hour for hour in range(24) if hours.get(hour, 0) < least]
    assert len(few) > 10
    assert len(set(rhythm.hours[few])) == 1
    assert least < days[5] < 2 * least
    assert rhythm.days[5] > 0.1
    assert rhythm.days[6] < 0.001


def test_the_hours_tell_little_of_a_single_row():
    """Who knows all rows but one can't tell from the file at which hour that one lies."""
    values, rng = visits("m", 600), np.random.default_rng(3)
    truth = fitted(values, 5).quantiles[0].to_json()
    same = []
    for row in rng.choice(len(values), 60, replace=False).tolist():
        moved = values.copy()
        moved[row] = values[row].floor("D") + pd.Timedelta(int(opening_hours(1, rng)[0]), "h")
        other = fitted(moved, 5).quantiles[0].to_json()
        if other["x"] == truth["x"]:
            same.append(other["heaping"]["rhythm"] == truth["heaping"]["rhythm"])
    assert len(same) > 30
    assert np.mean(same) > 0.6


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from(["D", "h", "m", "s"]),
    st.sampled_from([1, 2, 5]),
    st.floats(0, 1),
)
def test_it_is_monotone_and_keeps_the_range(seed, unit, multiple, at_midnight):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(200, 700))
    moment = opening_days(n, rng) + (3600 * opening_hours(n, rng)).astype("m8[s]")
    moment += rng.integers(0, 3600, n).astype("m8[s]")
    moment = np.where(rng.random(n) < at_midnight, moment.astype("M8[D]").astype("M8[s]"), moment)
    values = (moment.astype(f"M8[{unit}]").astype(np.int64) // multiple).astype(float)
    ticks = {"D": 7, "h": 168, "m": 10_080, "s": 604_800}[unit]
    week = Week(int(rng.integers(ticks)), ticks, multiple) if ticks % multiple == 0 else None
    steps = {"m": [60 // multiple, 1440 // multiple], "s": [3600 // multiple, 86_400 // multiple]}
    quantiles = Quantiles.fit(values, whole=True).with_heaping(
        values, steps.get(unit, []), week=week
    )
    drawn = quantiles.from_unit(np.linspace(0, 1, 2_001))
    assert (np.diff(drawn) >= 0).all()
    assert (drawn[0], drawn[-1]) == (values.min(), values.max())
    low, width = quantiles.to_band(values)
    assert (low >= 0).all()
    assert (low + width <= 1 + 1e-12).all()
    back = quantiles.from_unit(low + width / 2)
    assert (back[width > 1e-9] == values[width > 1e-9]).all()


def test_a_sample_keeps_them():
    rng = np.random.default_rng(6)
    values = visits("m", 900)
    table = pd.DataFrame({"x": values, "paid": rng.gamma(2, 30, len(values)).round(2)})
    sample = TabTrees(random_state=1, verbose=False).fit(table).sample(2_000, random_state=2)
    for what in ("hour", "weekday"):
        assert distance(values, sample["x"], what) < 0.08
    assert (sample["x"].dt.weekday == 6).mean() < 0.005
    assert (sample["x"].dt.hour < 7).mean() < 0.005
