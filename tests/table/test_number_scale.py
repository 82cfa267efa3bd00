""""""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.table.number_scale import (
    Lattice,
    Real,
    Tail,
    clip_to_range,
    ends_of,
    fit_scale,
    scale_from_json,
    simplest_between,
)

INT64, UINT64 = np.iinfo(np.int64), np.iinfo(np.uint64)


@pytest.mark.parametrize(
    ("values", "decimals", "scale"),
    [
        (np.array([1500, 1700, 2300]), None, Lattice("int64", 1500, 200, 4)),
        (np.array([7]), None, Lattice("int64", 7, 1, 0)),
        (np.array([-3, 4, 0]), 2, Lattice("int64", -3, 1, 7)),
        (np.array([0, UINT64.max], np.uint64), 0, Lattice("uint64", 0, UINT64.max, 1)),
        (np.array([1, UINT64.max], np.uint64), 0, Lattice("uint64", 1, UINT64.max - 1, 1)),
        (np.array([0.5, 1.25]), 2, Lattice("float64", 50, 75, 1, 2)),
        (np.array([3.0, 9.0]), 0, Lattice("float64", 3, 6, 1, 0)),
        (np.array([-0.1, 3.7]), None, Real(2)),
        (np.array([1e300, 0.01]), 2, Real(997)),
        (np.array([0.0]), None, Real(0)),
    ],
)
def test_the_scale_that_fits(values, decimals, scale):
    assert fit_scale(values, decimals) == scale


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        (np.array([INT64.min, INT64.max]), None),
        (np.array([INT64.min, 3, 9, INT64.max]), None),
        (np.array([0, 5, UINT64.max - 2, UINT64.max], np.uint64), None),
        (np.array([2**62, 2**62 + 2**53]), None),
        (np.array([INT64.min, INT64.min + 1]), None),
        (np.array([0.1, 0.7, 1234.5]), 1),
        (np.array([1.005, 2.675, -90071992547.125]), 3),
        (np.array([5e-324, 1.7e308, -1.7e308]), None),
        (np.array([1e17, 3e17]), 2),
    ],
)
def test_the_ends_come_back_exactly(values, decimals):
    scale = fit_scale(values, decimals)
    positions = scale.to_line(values)
    back = scale.from_line(positions)
    ends = [int(values.argmin()), int(values.argmax())]
    assert back.dtype == values.dtype
    assert back[ends].tolist() == values[ends].tolist()
    assert positions.min() >= scale.limits[0]
    assert positions.max() <= scale.limits[1]
    between = scale.from_line(np.linspace(positions.min(), positions.max(), 101))
    assert between.min() == values.min()
    assert between.max() == values.max()


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1), st.integers(0, 2**53))
@settings(max_examples=100, deadline=None)
def test_integers_within_a_span_of_2_to_the_53_are_exact(bases, span):
    values = np.array([bases[0], bases[0] + span, bases[0] + span // 3], np.int64)
    scale = fit_scale(values, None)
    assert scale.from_line(scale.to_line(values)).tolist() == values.tolist()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
@settings(max_examples=100, deadline=None)
def test_floats_stay_near_and_finite(values):
    given_values = np.array(values)
    scale = fit_scale(given_values, None)
    back = scale.from_line(scale.to_line(given_values))
    assert back == pytest.approx(
        given_values, rel=0, abs=float(np.abs(given_values).max()) * 2**-1000
    )


def test_numbers_outside_and_of_other_dtypes_find_their_place():
    scale = Lattice("int64", -10, 5, 4)
    assert scale.to_line(np.array([INT64.min, -10, -3, 10, INT64.max])).tolist() == [-1, 0, 1, 4, 5]
    assert scale.to_line(np.array([-1e300, -4.9, 1e300])).tolist() == [-1, 1, 5]
    assert scale.to_line(np.array([0, UINT64.max], np.uint64)).tolist() == [2, 5]
    assert Lattice("uint64", 1, 1, 9).to_line(np.array([-5, 3])).tolist() == [-1, 2]
    assert Lattice("float64", 0, 1, 999, 2).to_line(np.array([-1, 3])).tolist() == [-1, 300]
    assert scale.from_line(np.array([-9.0, 2.4, 99.0])).tolist() == [-10, 0, 10]


@pytest.mark.parametrize("scale", [Lattice("uint64", 1, UINT64.max - 1, 1), Real(-3)])
def test_json_is_exact(scale):
    assert scale_from_json(json.loads(json.dumps(scale.to_json()))) == scale


LATTICE = Lattice("int64", 0, 1, 9).to_json()


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"type": "lattice"},
        {"type": "other"},
        {"type": ["real"]},
        {"type": "real", "exponent": 5000},
        {"type": "real", "exponent": 1.5},
        {"type": "real", "exponent": 0, "decimals": -1},
        LATTICE | {"more": 1},
        LATTICE | {"dtype": "object"},
        LATTICE | {"step": 0},
        LATTICE | {"last": -1},
        LATTICE | {"base": 0.5},
        LATTICE | {"base": True},
        LATTICE | {"base": 2**63 - 5},
        LATTICE | {"decimals": 2},
        LATTICE | {"dtype": "float64", "decimals": 23},
        LATTICE | {"dtype": "float64", "last": 2**54},
    ],
)
def test_malformed_json_is_refused(state):
    with pytest.raises((KeyError, TypeError, ValueError)):
        scale_from_json(state)


leasts = st.integers(2, 9)
reals = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=200)


@given(st.lists(st.floats(-1e9, 1e9), min_size=100, max_size=200), leasts)
def test_an_end_is_held_by_enough_rows_or_has_as_many_beyond(values, least):
    low, high = ends_of(values, least)
    data = np.array(values)
    assert low <= high
    for end, beyond in ((low, data <= low), (high, data >= high)):
        assert (data == end).sum() >= least or beyond.sum() >= least


@given(reals)
def test_one_row_trims_nothing(values):
    assert ends_of(values, 1) == (min(values), max(values))


few = st.lists(st.integers(-1000, 1000), min_size=6, max_size=40, unique=True)


@given(few, st.integers(3, 9))
def test_ends_of_few_rows_leave_out_the_extremes(values, least):
    low, high = ends_of(values, least)
    assert min(values) < low < high < max(values)


@given(few, st.integers(3, 9))
def test_an_outlier_among_few_rows_is_not_seen(values, least):
    further = [10**9 if value == max(values) else value for value in values]
    assert ends_of(further, least) == ends_of(values, least)


@given(reals, leasts)
def test_most_rows_stay_inside(values, least):
    low, high = ends_of(values, least)
    data = np.array(values)
    if low < high:
        assert (data < low).sum() < 2 * least
        assert (data > high).sum() < 2 * least


@pytest.mark.parametrize(
    ("values", "decimals", "least", "ends"),
    [
        (np.array([1, 2, 3, 4, 5, 6, 10**6]), None, 3, [2, 6]),
        (np.array([1, 1, 3, 4, 5, 9, 9]), None, 2, [1, 9]),
        (np.array([100, 300, 500, 700, 900, 1100]), None, 3, [300, 900]),
        (np.array([0.5, 1.0, 1.5, 2.25, 3.0, 9.75]), 2, 3, [1.0, 3.0]),
        (np.array([0.1, 0.2, 0.4, 0.8, 1.6, 3.2]), None, 3, [0.25, 1.0]),
        (np.arange(30), None, 2, [1, 28]),
        (np.arange(30), None, 5, [2, 28]),
        (np.array([-(2**63), 0, 2, 4, 2**63 - 1]), None, 2, None),
        (np.array([2**64 - 1, 0, 5], np.uint64), None, 5, None),
        (np.array([1e308, -1e308, 1.0]), None, 5, None),
        (np.array([7]), None, 5, [7, 7]),
    ],
)
def test_numbers_are_brought_to_ends_on_their_grid(values, decimals, least, ends):
    kept = clip_to_range(values, decimals, least)
    assert kept.dtype == values.dtype
    assert np.isfinite(kept).all()
    assert values.min() <= kept.min() <= kept.max() <= values.max()
    if ends is not None:
        assert [kept.min(), kept.max()] == pytest.approx(ends, rel=1e-3)


NARROW = st.floats(1e-3, 1e9)


@given(st.floats(-1e3, 1e3), NARROW)
def test_the_simplest_number_tells_of_its_bounds_only_about_their_distance(low, width):
    high = low + width
    found = float(simplest_between(low, high))
    assert low < found <= high
    step = np.exp2(np.floor(np.log2(high - low)))
    assert found % (step / 4) == 0


def heavy(n: int) -> np.ndarray:
    return np.sort(np.random.default_rng(0).lognormal(8, 2, n))


class TestTails:
    @pytest.mark.parametrize("shape", [0.0, 0.25, 0.5])
    def test_the_shape_is_found(self, shape):
        left = -np.log(np.random.default_rng(1).random(20_000))
        rows = np.sort(10 + 3 * (np.expm1(shape * left) / shape if shape else left))
        tail = Tail.fit(rows, 5)
        assert tail.shape == pytest.approx(shape, abs=0.25)
        assert 20 - 3 <= tail.rows <= 20 + 3
        assert tail.excess(0.0) == 0
        assert tail.share_below(float(tail.excess(0.7))) == pytest.approx(0.7)

    def test_outliers_are_not_seen(self):
        rows = heavy(2000)
        further = np.append(rows[:-4], rows[-4:] * [1e3, 1e5, 1e7, 1e9])
        assert Tail.fit(further, 5) == Tail.fit(rows, 5)
        assert ends_of(further, 5, tails=True) == ends_of(rows, 5, tails=True)

    @pytest.mark.parametrize(
        "rows",
        [
            np.linspace(0, 1, 5000),
            np.minimum(heavy(5000), 1e5),
            np.repeat(np.arange(18, 91), 40),
            heavy(80),
        ],
    )
    def test_a_bounded_column_has_none(self, rows):
        assert Tail.fit(np.sort(rows.astype(float)), 5) is None

    def test_no_tail_crosses_zero(self):
        low, high = ends_of(heavy(2000), 5, caps=[0.0], tails=True)
        assert low > 0
        assert ends_of(-heavy(2000), 5, caps=[0.0], tails=True) == (-high, -low)

    def test_whole_numbers_of_any_size(self):
        rng = np.random.default_rng(0)
        for dtype, most in ((np.int64, 2**63 - 1), (np.uint64, 2**64 - 1)):
            values = (most - rng.exponential(1e15, 500)).astype(dtype)
            kept = clip_to_range(values, None, 5, tails=True)
            assert kept.dtype == dtype
            assert kept.max() > np.sort(values)[-5]

    def test_limits_hold(self):
        values = np.rint(heavy(2000)).astype(np.int64)
        assert clip_to_range(values, None, 5, tails=True).max() > 10**6
        assert clip_to_range(values, None, 5, tails=True, limits=(0, 70_001)).max() == 70_001
