import base64
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.encoding.identifiers.unique_values import DigitParts, SeenValuesFilter, learn_parts
from tabgan.inference.infer_schema import infer_schema
from tabgan.table.columns import by_position

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


def office_numbers(rows=900, seed=0):
    rng = np.random.default_rng(seed)
    office, year = rng.choice([31, 47], rows, p=[0.8, 0.2]), rng.choice([2018, 2019, 2021], rows)
    running = rng.permutation(80_000)[:rows]
    rows = zip(office, year, running, strict=True)
    return [int(f"{o}{y}55{n:06d}") for o, y, n in rows]


def test_long_numbers_keep_their_office_and_year_and_get_a_new_running_number():
    numbers = office_numbers()
    form = learn_parts(numbers)
    assert DigitParts.from_json(form.to_json()) == form
    made = form.make(np.arange(30_000), seed=3).tolist()
    assert len({*made}) == 30_000
    assert {str(n)[:8] for n in made} == {str(n)[:8] for n in numbers}
    assert np.mean([str(n)[:2] == "31" for n in made]) == pytest.approx(0.8, abs=0.02)


def test_numbers_without_parts_have_none():
    rng = np.random.default_rng(1)
    assert learn_parts([*range(1_000_000, 1_000_900, 7)]) is None  # too few are left
    assert learn_parts(rng.integers(10**9, 10**10, 500).tolist()) is None


def test_a_column_of_long_numbers_is_one_of_identifiers():
    frame = pd.DataFrame({"docket": office_numbers(), "fee": np.arange(900) % 50 * 1.5})
    schema = infer_schema(frame)
    assert schema["docket"].kind == "identifier"
    cells = by_position(frame, schema)[0]
    nothing = np.empty((900, 0))
    new = IdentifierEncoder.fit(cells).decode(
        nothing, nothing.astype(np.int64), 0, np.random.default_rng(0)
    )
    assert not new.isin(frame["docket"]).any()
    assert {*new.astype(str).str[:8]} == {*frame["docket"].astype(str).str[:8]}
    again = frame.iloc[np.random.default_rng(0).integers(0, 300, 900)].reset_index(drop=True)
    assert infer_schema(again)["docket"].kind == "key"
