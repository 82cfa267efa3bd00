"""Rounding to the numbers that a column can take."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.rules.numeric_axis import AllowedValues

CASES = {
    "integers": (np.arange(3, 90, 3), None),
    "few integers": (np.array([1, 2, 5, 10]), None),
    "prices": (np.arange(-250, 250) / 100, 2),
    "few prices": (np.array([0.1, 0.3, 19.99]), 2),
    "full precision": (np.random.default_rng(0).normal(size=50), None),
    "whole floats": (np.arange(0.0, 400.0, 10.0), 0),
}


@pytest.mark.parametrize(("values", "decimals"), CASES.values(), ids=CASES)
@given(data=st.data())
@settings(max_examples=30)
def test_floor_and_ceil_enclose_a_number_of_the_range(values, decimals, data):
    grid = AllowedValues.from_json(
        json.loads(json.dumps(AllowedValues.of(values, decimals).to_json()))
    )
    low, high = values.min().item(), values.max().item()
    between = st.integers(low, high) if values.dtype.kind == "i" else st.floats(low, high)
    given_ = np.array(data.draw(st.lists(between, min_size=1)), values.dtype)
    down, up = grid.floor(given_), grid.ceil(given_)
    assert (down <= given_).all()
    assert (given_ <= up).all()
    if decimals is not None or values.dtype.kind == "i":
        assert np.isin(np.concatenate([down, up]), values).all()


@pytest.mark.parametrize(("values", "decimals"), CASES.values(), ids=CASES)
def test_numbers_of_the_grid_stay_and_others_are_brought_into_range(values, decimals):
    grid = AllowedValues.of(values, decimals)
    for rounded in (grid.floor(values), grid.ceil(values)):
        assert rounded.tolist() == values.tolist()
    far = np.array([-1000, 1000], values.dtype)
    assert grid.floor(far).tolist() == grid.ceil(far).tolist() == [values.min(), values.max()]
