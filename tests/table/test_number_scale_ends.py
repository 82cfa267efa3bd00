"""Ends of distributions for which enough rows speak."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.table.number_scale import clip_to_range, trimmed_range

leasts = st.integers(2, 9)
reals = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=200)


@given(st.lists(st.floats(-1e9, 1e9), min_size=90, max_size=200), leasts)
def test_an_end_is_held_by_enough_rows_or_has_as_many_beyond(values, least):
    low, high = trimmed_range(values, least)
    data = np.array(values)
    assert low <= high
    for end, beyond in ((low, data <= low), (high, data >= high)):
        assert (data == end).sum() >= least or beyond.sum() >= least


@given(st.lists(st.floats(-1e9, 1e9), min_size=90, max_size=200, unique=True), leasts)
def test_of_values_that_all_differ_no_end_is_one(values, least):
    for end in trimmed_range(values, least):
        gaps = np.diff(np.sort(values))
        assert end not in values or gaps.min() < 1e-6


@given(reals)
def test_one_row_trims_nothing(values):
    assert trimmed_range(values, 1) == (min(values), max(values))


few = st.lists(st.integers(-1000, 1000), min_size=3, max_size=40, unique=True)


@given(few, st.integers(3, 9), st.booleans())
def test_ends_of_few_rows_leave_out_the_extremes(values, least, whole):
    low, high = trimmed_range(values, least, whole=whole)
    assert min(values) < low <= high < max(values)
    if not whole:
        assert low < high


@given(few.filter(lambda values: len(values) > 3), st.integers(3, 9))
def test_an_outlier_among_few_rows_is_not_seen(values, least):
    further = [10**9 if value == max(values) else value for value in values]
    assert trimmed_range(further, least) == trimmed_range(values, least)


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 3)), min_size=1, max_size=60),
    leasts,
    st.booleans(),
)
def test_ends_of_numbers_in_order_are_in_order(pairs, least, whole):
    lower = np.array([value for value, _ in pairs])
    upper = lower + [gap for _, gap in pairs]
    low, high = (np.array(trimmed_range(side, least, whole=whole)) for side in (lower, upper))
    assert (low <= high + 1e-9).all()


@given(reals, leasts)
def test_most_rows_stay_inside(values, least):
    low, high = trimmed_range(values, least)
    data = np.array(values)
    if low < high:
        assert (data < low).sum() < 2 * least
        assert (data > high).sum() < 2 * least


@pytest.mark.parametrize(
    ("values", "decimals", "least", "ends"),
    [
        (np.array([1, 2, 3, 4, 5, 6, 10**6]), None, 3, [3, 5]),
        (np.array([1, 1, 3, 4, 5, 9, 9]), None, 2, [1, 9]),
        (np.array([100, 300, 500, 700, 900, 1100]), None, 3, [500, 700]),
        (np.array([0.5, 1.0, 1.5, 2.25, 3.0, 9.75]), 2, 3, [1.25, 2.75]),
        (np.array([0.1, 0.2, 0.4, 0.8, 1.6, 3.2]), None, 3, [0.2667, 1.3333]),
        (np.arange(30), None, 2, [2, 27]),
        (np.arange(30), None, 5, [3, 26]),
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


def test_columns_in_order_have_ends_in_order():
    rng = np.random.default_rng(0)
    for _ in range(50):
        low = rng.integers(0, 50, 100)
        high = low + rng.integers(0, 20, 100)
        ends = np.array([trimmed_range(side, 5) for side in (low, high)])
        assert (np.diff(ends, axis=0) >= 0).all()
