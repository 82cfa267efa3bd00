"""Made-up tables whose texts were misread: diagnoses, seasons, blood pressures, e-mails."""

import ipaddress

import numpy as np
import pytest

from tabgan.encoding.table_encoder import fit_column
from tabgan.inference.infer_schema import infer_schema
from tabgan.table.columns import TypedSeries


@pytest.mark.parametrize(
    ("table", "kinds"),
    [
        ("diagnosis_category", {"diagnosis": "categorical", "sex": "categorical"}),
        ("taken_for_phone", {"season": "categorical", "ip": "identifier", "isbn": "identifier"}),
        ("blood_pressure_units", {"bp": "compound", "range": "categorical"}),
        ("twenty_emails", {"email": "email", "x": "numeric"}),
    ],
)
def test_kinds(case, table, kinds):
    schema = infer_schema(case(f"kinds/{table}.csv"))
    assert {name: schema[name].kind for name in kinds} == kinds
    assert "phone" not in {column.kind for column in schema}


def drawn(frame, name, rows=2000):
    values = frame[name]
    column = infer_schema(values.to_frame())[name]
    encoder = fit_column(TypedSeries(column, values))
    rng = np.random.default_rng(0)
    units, codes = rng.random((rows, encoder.spans.n_numbers)), np.empty((rows, 0), np.int64)
    return values, encoder.decode(units, codes, 0, rng)


def test_blood_pressures_have_the_higher_number_first(case):
    real, made = drawn(case("kinds/blood_pressure_units.csv"), "bp")
    for texts in (real, made):
        high, low = texts.str.split("/", expand=True).astype(int).to_numpy().T
        assert (high > low).all()
        assert 90 <= high.min() <= high.max() <= 170
    assert made.nunique() > 300


def test_addresses_of_computers_are_valid_and_of_the_network(case):
    real, made = drawn(case("kinds/taken_for_phone.csv"), "ip")
    assert all(ipaddress.ip_address(text) for text in made)
    assert made.str.startswith("192.168.0.").all()
    assert made.nunique() == real.nunique()
    assert not {*made} & {*real}


def test_twenty_addresses_are_twenty_others(case):
    real, made = drawn(case("kinds/twenty_emails.csv"), "email")
    assert made.nunique() == real.nunique() == 20
    assert not {*made} & {*real}
