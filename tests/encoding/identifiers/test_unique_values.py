import base64
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.encoding.identifiers.unique_values import SeenValuesFilter

PEOPLE = [f"person {i}" for i in range(5_000)]
OTHERS = [f"stranger {i}" for i in range(20_000)]


@given(st.lists(st.text(st.characters(exclude_categories=[]), max_size=12), max_size=50))
@settings(max_examples=60, deadline=None)
def test_every_value_is_found_however_it_is_written(values):
    crowded = SeenValuesFilter.of(values)
    assert crowded.may_hold(values).all()
    assert crowded.may_hold([f" {value.casefold()}  " for value in values if value.strip()]).all()


def test_punctuation_makes_no_difference():
    crowded = SeenValuesFilter.of(["+49 (170) 123-456"])
    assert crowded.may_hold(["+49170123456", "+49 170 123 456"]).all()


def test_nobody_can_be_told_from_the_crowd():
    crowded = SeenValuesFilter.of(PEOPLE)
    assert len(crowded.bits) == pytest.approx(1.4427 * len(PEOPLE), abs=2)
    assert crowded.bits.mean() == pytest.approx(0.5, abs=0.02)
    assert crowded.may_hold(OTHERS).mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("n", range(12))
def test_few_values_leave_bits_for_others(n):
    assert SeenValuesFilter.of(PEOPLE[:n]).bits.mean() < 0.8


def test_it_goes_to_json_and_back():
    crowded = SeenValuesFilter.of(PEOPLE)
    again = SeenValuesFilter.from_json(json.loads(json.dumps(crowded.to_json())))
    np.testing.assert_array_equal(again.bits, crowded.bits)
    assert len(json.dumps(crowded.to_json())) < len(PEOPLE) / 3


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"size": 8, "bits": "??"},
        {"size": 8, "bits": "AAAA"},
        {"size": 0, "bits": ""},
        {"size": -8, "bits": ""},
        {"size": 10**12, "bits": "AA=="},
        {"size": 8, "bits": base64.b64encode(b"\xff").decode()},
        {"size": "x", "bits": "AA=="},
    ],
)
def test_a_malformed_state_is_refused(state):
    with pytest.raises((KeyError, TypeError, ValueError)):
        SeenValuesFilter.from_json(state)
