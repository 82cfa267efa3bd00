import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.encoding.quantiles import MAX_KNOTS, MIN_ROWS, Quantiles
from tabgan.table.number_scale import ends_of

ROWS = 20_000
reals = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=200)
wholes = st.lists(st.integers(-300, 300), min_size=1, max_size=400)


def shapes() -> dict[str, tuple[np.ndarray, bool]]:
    rng = np.random.default_rng(0)
    nights = rng.integers(0, 60, ROWS) * 86_400 + rng.integers(8 * 3600, 18 * 3600, ROWS)
    return {
        "normal": (rng.normal(size=ROWS), False),
        "heavy tail": (rng.lognormal(0, 2, ROWS), False),
        "zero-inflated": (
            np.where(rng.random(ROWS) < 0.7, 0, 0.25 + rng.exponential(3, ROWS)),
            False,
        ),
        "capped": (np.minimum(rng.exponential(1, ROWS), 2.0), False),
        "two humps": (rng.random(ROWS) + 100 * (rng.random(ROWS) < 0.5), False),
        "few whole": (rng.integers(0, 80, ROWS).astype(float), True),
        "many whole": (rng.integers(0, 15_000, ROWS).astype(float), True),
        "round amounts": (np.round(rng.lognormal(8, 1, ROWS), -2), True),
        "nights": (nights.astype(float), True),
        "constant": (np.full(ROWS, 7.0), False),
        "small": (rng.normal(size=200), False),
    }


SHAPES = shapes()
over_shapes = pytest.mark.parametrize("shape", SHAPES)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Kolmogorov–Smirnov distance."""
    one, other = np.sort(one), np.sort(other)
    at = np.concatenate([one, other])
    shares = [np.searchsorted(x, at, side="right") / len(x) for x in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())


def spread(n: int) -> np.ndarray:
    return (np.arange(n) + 0.5) / n


@over_shapes
def test_the_quantile_function_gives_the_distribution_back(shape):
    values, whole = SHAPES[shape]
    quantiles = Quantiles.fit(values, whole=whole)
    drawn = quantiles.from_unit(spread(len(values)))
    assert distance(values, drawn) <= 1 / len(quantiles.u) + 5 / len(values)
    assert np.mean(drawn) == pytest.approx(np.mean(values), abs=0.02 * np.std(values))
    assert np.std(drawn) == pytest.approx(np.std(values), rel=0.02)


@over_shapes
def test_it_is_monotone_keeps_the_range_and_its_size_is_bounded(shape):
    values, whole = SHAPES[shape]
    quantiles = Quantiles.fit(values, whole=whole)
    drawn = quantiles.from_unit(np.linspace(0, 1, 50_001))
    assert (np.diff(drawn) >= 0).all()
    assert (drawn[0], drawn[-1]) == (values.min(), values.max())
    assert len(quantiles.u) == len(quantiles.x) <= MAX_KNOTS
    assert (np.diff(quantiles.u) >= 0).all()
    assert (np.diff(quantiles.x) >= 0).all()


@over_shapes
def test_a_drawn_place_in_the_band_leads_back(shape):
    values, whole = SHAPES[shape]
    quantiles = Quantiles.fit(values, whole=whole)
    low, width = quantiles.to_band(values)
    assert (low >= 0).all()
    assert (width >= 0).all()
    assert (low + width <= 1).all()
    back = quantiles.from_unit(low + width * np.random.default_rng(1).random(len(values)))
    if whole:
        narrow = width < 1e-12  # the rims of an empty gap
        assert (back == values)[~narrow].all()
        assert narrow.sum() <= 2
    else:
        kept = np.isin(values, quantiles.x)
        assert (back == values)[kept & (width > 0)].all()
        unkept = np.abs(back - values)[~kept]
        assert unkept.max(initial=0) <= 1e-9 * np.ptp(values)


def test_bands_are_shares_where_every_value_is_frequent():
    quantiles = Quantiles.fit([4] * 10 + [5] * 50 + [9] * 40, whole=True)
    low, width = quantiles.to_band([4, 5, 9])
    assert low.tolist() == [0.0, 0.1, 0.6]
    assert width.round(12).tolist() == [0.1, 0.5, 0.4]
    assert quantiles.from_unit([0, 0.09, 0.1, 0.59, 0.61, 1]).tolist() == [4, 4, 5, 5, 9, 9]


def test_frequent_values_of_a_continuous_column_are_kept_exactly():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.random(500), np.full(300, 1 / 3), np.full(200, 2.0)])
    quantiles = Quantiles.fit(values)
    low, width = quantiles.to_band([1 / 3, 2.0])
    assert width.tolist() == pytest.approx([0.3, 0.2])
    for edge, share, value in zip(low, width, [1 / 3, 2.0], strict=True):
        inside = edge + share * np.linspace(1e-9, 1 - 1e-9, 101)
        assert (quantiles.from_unit(inside) == value).all()


def test_a_rare_whole_value_between_knots_has_a_band():
    values = np.arange(5000.0)
    quantiles = Quantiles.fit(values, whole=True)
    _, width = quantiles.to_band(values)
    assert width == pytest.approx(np.full(5000, 1 / 5000), rel=1e-6)


def test_values_outside_get_the_band_of_the_nearer_end():
    quantiles = Quantiles.fit([1.0] * 5 + [2.0] * 5)
    low, width = quantiles.to_band([-7.0, 99.0])
    assert low.tolist() == [0.0, 0.5]
    assert width.tolist() == [0.5, 0.5]


def test_wide_gaps_stay_empty():
    two_humps, nights = SHAPES["two humps"][0], SHAPES["nights"][0]
    drawn = Quantiles.fit(two_humps).from_unit(spread(100_000))
    assert not ((drawn > 1) & (drawn < 100)).any()
    drawn = Quantiles.fit(nights, whole=True).from_unit(spread(100_000)) % 86_400
    assert not ((drawn < 8 * 3600) | (drawn > 18 * 3600)).any()


def test_rows_are_not_kept():
    values = np.random.default_rng(0).normal(size=200)
    quantiles = Quantiles.fit(values)
    kept = np.isin(values, quantiles.x)
    assert sorted(values[kept]) == [values.min(), values.max()]
    rows = np.diff(np.searchsorted(np.sort(values), quantiles.x[::2]))
    assert (rows >= MIN_ROWS // 2).all()
    assert len(quantiles.u) <= 2 * len(values) // MIN_ROWS + 2


@pytest.mark.parametrize("rows", [1, 2, 4, 5, 11, 1000, 300_000])
def test_the_number_of_knots_is_bounded_for_any_number_of_rows(rows):
    rng = np.random.default_rng(rows)
    mixed = np.where(rng.random(rows) < 0.5, rng.integers(0, 450, rows), rng.normal(size=rows))
    for values in (rng.normal(size=rows), mixed):
        quantiles = Quantiles.fit(values)
        assert len(quantiles.u) <= min(MAX_KNOTS, rows + 2)


@given(reals)
@settings(max_examples=100, deadline=None)
def test_any_reals(values):
    quantiles = Quantiles.fit(values)
    low, width = quantiles.to_band(values)
    assert (low >= 0).all()
    assert (low + width <= 1).all()
    drawn = quantiles.from_unit(np.linspace(0, 1, 257))
    assert (np.diff(drawn) >= 0).all()
    assert (drawn[0], drawn[-1]) == (min(values), max(values))


@given(wholes)
@settings(max_examples=100, deadline=None)
def test_any_whole_numbers(values):
    quantiles = Quantiles.fit(values, whole=True)
    low, width = quantiles.to_band(values)
    back = quantiles.from_unit(low + width / 2)
    assert back[width > 1e-9].tolist() == np.array(values)[width > 1e-9].tolist()
    drawn = quantiles.from_unit(np.linspace(0, 1, 257))
    assert (drawn == np.round(drawn)).all()
    assert (drawn[0], drawn[-1]) == (min(values), max(values))


@over_shapes
def test_json_is_exact(shape):
    values, whole = SHAPES[shape]
    quantiles = Quantiles.fit(values, whole=whole)
    again = Quantiles.from_json(json.loads(json.dumps(quantiles.to_json())))
    assert again.to_json() == quantiles.to_json()
    u = spread(1000)
    assert (again.from_unit(u) == quantiles.from_unit(u)).all()


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [float("inf")]])
def test_what_has_no_quantiles_is_refused(values):
    with pytest.raises(ValueError, match="at least one value, and finite values only"):
        Quantiles.fit(values)


@pytest.mark.parametrize(
    "change",
    [
        {"u": [0.0, 0.5]},
        {"u": [0.0, 0.9, 0.5, 1.0], "x": [1.0, 2.0, 3.0, 4.0]},
        {"x": [3.0, 2.0]},
        {"x": [0.0, float("nan")]},
        {"x": [0.0, 10**400]},
        {"x": ["0", "1"]},
        {"x": [[0.0], [1.0]]},
        {"x": None},
        {"x": [1.0]},
        {"u": [], "x": []},
        {"whole": 1},
        {"whole": True, "x": [1.0, 1.5]},
    ],
)
def test_malformed_json_is_refused(change):
    state = {"u": [0.0, 1.0], "x": [1.0, 2.0], "whole": False}
    Quantiles.from_json(state)
    with pytest.raises((TypeError, ValueError), match=r"^quantiles: "):
        Quantiles.from_json(state | change)
    with pytest.raises(KeyError):
        Quantiles.from_json({"u": [0.0, 1.0], "x": [1.0, 2.0]})


class TestKnotsThatEnoughRowsSpeakFor:
    LEAST = 6

    def fit(self, values, whole=False):
        ends = ends_of(values, self.LEAST)
        return Quantiles.fit(values, whole=whole, least=self.LEAST, ends=ends)

    @settings(deadline=None)
    @given(st.lists(st.floats(-1e6, 1e6), min_size=40, max_size=300, unique=True))
    def test_no_knot_is_a_single_value(self, values):
        rounded = np.round(values, 3) + np.random.default_rng(0).normal(size=len(values)) * 1e-5
        assert not np.isin(self.fit(rounded).x, rounded).any()

    @over_shapes
    def test_no_knot_of_a_shape_is_a_single_value(self, shape):
        values, whole = SHAPES[shape]
        if whole:  # a value owns the half-open cells around it
            pytest.skip("whole numbers may be hit by chance")
        distinct, rows = np.unique(values, return_counts=True)
        assert not np.isin(self.fit(values).x, distinct[rows < self.LEAST]).any()

    @over_shapes
    def test_the_distribution_comes_back(self, shape):
        values, whole = SHAPES[shape]
        quantiles = self.fit(values, whole)
        drawn = quantiles.from_unit(spread(len(values)))
        assert distance(values, drawn) <= 1 / len(quantiles.u) + 3 * self.LEAST / len(values)
        assert np.mean(drawn) == pytest.approx(np.mean(values), abs=0.02 * np.std(values))
        assert values.min() <= drawn.min()
        assert drawn.max() <= values.max()

    def test_an_outlier_is_not_kept(self):
        values = np.append(np.random.default_rng(0).lognormal(10, 1, 2000), 1e9)
        quantiles = self.fit(values)
        assert quantiles.maximum < 1e6
        assert quantiles.x.max() < 1e6
        low, width = quantiles.to_band(np.array([1e9]))
        assert low + width == 1
        assert quantiles.from_unit(low + width / 2) <= quantiles.maximum

    def test_spikes_at_the_ends_are_exact(self):
        rng = np.random.default_rng(0)
        values = np.concatenate([np.zeros(50), rng.random(500), np.full(50, 2.0), [9.0, -3.0]])
        quantiles = self.fit(values)
        assert (quantiles.minimum, quantiles.maximum) == (0.0, 2.0)
        assert (quantiles.from_unit(spread(602)) == 2.0).sum() == 51
        assert (quantiles.from_unit(spread(602)) == 0.0).sum() == 51

    def test_wide_gaps_stay_empty_though_their_rims_are_no_values(self):
        values, _ = SHAPES["two humps"]
        values = values[:400]
        quantiles = self.fit(values)
        drawn = quantiles.from_unit(spread(4000))
        assert ((drawn > 1.5) & (drawn < 99)).mean() < 0.001
