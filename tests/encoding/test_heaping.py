import functools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.encoding.column_encoders import NumericEncoder
from tabgan.encoding.heaping import Grid, Heaping
from tabgan.encoding.quantiles import Quantiles
from tabgan.inference.infer_schema import infer_schema
from tabgan.table.columns import TypedSeries

ROWS = 4_000
STEPS = [2, 5, 10, 20, 25, 50, 100, 500, 1000]
RNG = np.random.default_rng(0)


def some(values: np.ndarray, share: float, others: np.ndarray) -> np.ndarray:
    return np.where(RNG.random(len(values)) < share, others, values)


amounts = np.exp(RNG.normal(8, 1, ROWS))
balances = np.round(RNG.normal(1300, 3000, ROWS))
latitudes = np.round(RNG.normal(45, 5, ROWS), 6)
moments = pd.Timestamp("2021-01-01") + pd.to_timedelta(RNG.integers(0, 90_000_000, ROWS), "s")
moments = pd.Series(moments)
prices = 40 * amounts
nines = np.floor(amounts) + 0.99

HEAPED = {
    "rare cents": (
        pd.Series(some(balances, 0.004, np.round(balances + RNG.random(ROWS), 2))),
        lambda x: x != x.round(),
    ),
    "rare places": (
        pd.Series(some(latitudes, 0.009, RNG.normal(45, 5, ROWS))),
        lambda x: x != x.round(6),
    ),
    "steps of 500": (
        pd.Series(some(np.round(prices / 500) * 500, 0.02, np.round(prices)).astype(int)),
        lambda x: x % 500 == 0,
    ),
    "endings": (
        pd.Series(np.round(some(nines, 0.1, amounts), 2)),
        lambda x: (x * 100).round() % 100 == 99,
    ),
    "midnight": (
        moments.where(RNG.random(ROWS) > 0.3, moments.dt.floor("D")),
        lambda x: x == x.dt.floor("D"),
    ),
    "whole hours": (
        moments.where(RNG.random(ROWS) > 0.6, moments.dt.floor("h")),
        lambda x: x == x.dt.floor("h"),
    ),
}


@functools.cache
def heaped(name: str) -> NumericEncoder:
    return fitted(HEAPED[name][0])


def fitted(values: pd.Series) -> NumericEncoder:
    (column,) = infer_schema(pd.DataFrame({"x": values})).columns
    return NumericEncoder.fit(TypedSeries(column, values.rename("x")))


def draw(encoder: NumericEncoder) -> pd.Series:
    u = (np.arange(ROWS)[:, None] + RNG.random((ROWS, 1))) / ROWS
    return encoder.decode(u, np.zeros((ROWS, 0), np.int64), 0, RNG)


@pytest.mark.parametrize("name", HEAPED)
def test_the_share_of_round_values_is_kept(name):
    values, is_one = HEAPED[name]
    encoder = heaped(name)
    share, drawn = is_one(values).mean(), is_one(draw(encoder)).mean()
    assert drawn == pytest.approx(share, abs=max(0.03 * share, 0.006))
    (quantiles,) = encoder.quantiles
    straight = Quantiles(quantiles.u, quantiles.x, quantiles.whole)
    without = NumericEncoder(encoder.column, encoder._scale, straight, encoder._specials)
    assert abs(is_one(draw(without)).mean() - share) > 0.05


def test_the_share_of_midnights_of_texts_is_kept():
    values = HEAPED["midnight"][0].dt.strftime("%Y-%m-%d %H:%M")
    drawn = draw(fitted(values)).str.endswith(" 00:00").mean()
    assert drawn == pytest.approx(values.str.endswith(" 00:00").mean(), abs=0.03)


@pytest.mark.parametrize("name", HEAPED)
def test_a_place_in_a_values_band_leads_back(name):
    values, _ = HEAPED[name]
    encoder = heaped(name)
    (quantiles,) = encoder.quantiles
    column = TypedSeries(encoder.column, values.rename("x"))
    line = encoder._scale.to_line(column.numbers.values)
    low, width = quantiles.to_band(line)
    drawn = quantiles.from_unit(low + width * RNG.uniform(0.01, 0.99, ROWS))
    is_wide = width > 1e-12
    assert (drawn[is_wide] == line[is_wide]).all()
    assert np.allclose(drawn, line, rtol=1e-6)


@pytest.mark.parametrize(
    "values",
    [RNG.normal(size=ROWS), np.round(amounts), np.round(amounts, 2), RNG.integers(0, 90, ROWS)],
)
def test_values_without_heaping_have_none(values):
    assert fitted(pd.Series(values)).quantiles[0].heaping is None


def test_half_of_the_dates_alone_are_not_heaped_by_others():
    days = moments.dt.floor("D")
    assert fitted(days).quantiles[0].heaping is None


def test_frequent_values_keep_their_own_share():
    values = some(np.round(amounts / 100) * 100, 0.2, np.full(ROWS, 1234.0))
    encoder = fitted(pd.Series(values))
    assert encoder.quantiles[0].heaping is not None
    share = (values == 1234).mean()
    assert (draw(encoder) == 1234).mean() == pytest.approx(share, abs=0.02)


def test_it_goes_through_json():
    for name in HEAPED:
        (quantiles,) = heaped(name).quantiles
        again = Quantiles.from_json(json.loads(json.dumps(quantiles.to_json())))
        u = np.linspace(0, 1, 1_001)
        assert (again.from_unit(u) == quantiles.from_unit(u)).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grids": []}, "a grid must have a step"),
        ({"grids": [[10, 10]]}, "a grid must have a step"),
        ({"grids": [[999_983, 0], [2, 0]]}, "too many points"),
        ({"firsts": [0, 10_000]}, "regions must start at knots"),
        ({"weights": [[0.0, 1.0]]}, "a density for each grid"),
        ({"weights": [[1.0]]}, "a density for each grid"),
    ],
)
def test_a_malformed_state_is_refused(change, message):
    state = {"grids": [[10, 0]], "firsts": [0], "weights": [[0.1, 1.0]], "unit": 1.0}
    assert Heaping.from_json(state, 5, whole=True).grids == (Grid(10),)
    with pytest.raises(ValueError, match=message):
        Heaping.from_json({**state, **change}, 5, whole=True)


def test_a_grid_of_fewer_rows_than_a_group_is_not_learned():
    values = np.round(RNG.normal(0, 1e6, 600))
    values[:60] = np.round(values[:60] / 1000) * 1000
    straight = Quantiles.fit(values, whole=True)
    assert straight.with_heaping(values, STEPS).heaping is not None
    assert straight.with_heaping(values, STEPS, least=100).heaping is None


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(-2_000, 2_000), min_size=30, max_size=300),
    st.sampled_from(STEPS),
    st.booleans(),
)
def test_it_is_monotone_and_keeps_the_range(numbers, step, whole):
    values = np.array([n if n % 9 == 0 else round(n / step) * step for n in numbers], float)
    if not whole:
        values[::9] += np.random.default_rng(0).random(len(values[::9]))
    quantiles = Quantiles.fit(values, whole=whole).with_heaping(values, [1, *STEPS])
    drawn = quantiles.from_unit(np.linspace(0, 1, 2_001))
    assert (np.diff(drawn) >= 0).all()
    assert (drawn[0], drawn[-1]) == (values.min(), values.max())
    low, width = quantiles.to_band(values)
    assert (low >= 0).all()
    assert (low + width <= 1 + 1e-12).all()
    back = quantiles.from_unit(low + width / 2)
    assert np.allclose(back[width > 1e-9], values[width > 1e-9], rtol=1e-9)
