import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.table.number_scale import Lattice, Real, fit_scale, scale_from_json

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
