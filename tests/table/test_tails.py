"""Ends and tails of distributions for which enough rows speak."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.table.number_scale import clip_to_range
from tabgan.table.tails import Tail, ends_of, simplest_between

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
