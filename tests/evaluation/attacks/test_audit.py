import json

import pandas as pd
import pytest

from tabgan import DataError, OptionError
from tabgan.privacy import ATTACKS, PrivacyAudit, audit
from tests.evaluation.attacks.conftest import SCHEMA, copier, honest


@pytest.fixture(scope="module")
def tables(case):
    return case(honest, 200)


def test_everything_runs_and_is_the_same_again(tables):
    found, again = (audit(*tables, schema=SCHEMA, random_state=3) for _ in range(2))
    assert found.risks == again.risks
    assert list(found.seconds) == [name for name in ATTACKS if name != "lira"]
    assert {risk.attack for risk in found.risks} == set(found.seconds)
    assert found.rows == dict.fromkeys(("real", "synthetic", "holdout", "targets", "controls"), 200)
    json.dumps(found.to_json(), allow_nan=False)
    assert found.risks != audit(*tables, schema=SCHEMA, random_state=4).risks


def test_without_a_holdout(case):
    real, synthetic, _ = case(copier, 200)
    found = audit(real, synthetic, schema=SCHEMA)
    assert {risk.outcome for risk in found.risks} <= {"no holdout", "weak attack"}
    assert not found.leaks
    assert found.notes == (
        "closest was left out: it needs a holdout",
        "membership was left out: it needs a holdout",
    )
    json.dumps(found.to_json(), allow_nan=False)


def test_columns_in_another_order_and_an_inferred_schema(tables):
    real, synthetic, holdout = tables
    found = audit(real, synthetic[synthetic.columns[::-1]], holdout, attacks=["copies"])
    assert found.risks == audit(real, synthetic, holdout, attacks=["copies"]).risks


def test_an_identifier_may_be_lacking(tables):
    real, synthetic, holdout = tables
    real = real.assign(id=[f"x-{n:05d}" for n in range(len(real))])
    found = audit(real, synthetic, holdout, attacks=["copies"])
    assert "values of 'id'" not in {risk.about for risk in found.risks}


def test_one_column(tables):
    found = audit(*(table[["income"]] for table in tables))
    assert found.notes == tuple(
        f"{name} was left out: the tables have too few rows or columns for it"
        for name in ("linkability", "inference")
    )


def test_missing_values_and_specials(tables):
    frames = [
        table.assign(
            income=table["income"].mask(table["age"] % 3 == 0),
            city=table["city"].mask(table["age"] % 4 == 0),
        )
        for table in tables
    ]
    found = audit(*frames, schema=SCHEMA)
    assert max(risk.low for risk in found.risks) < 0.05  # one in forty is above 0 by chance


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"attacks": ["copys"]},
            "attacks has 'copys', which is not an attack; did you mean 'copies'?",
        ),
        (
            {"secrets": ["incme"]},
            "secrets has 'incme', which is not a column of levels, numbers or dates of the table; "
            "did you mean 'income'?",
        ),
        (
            {"attacks": ["lira"]},
            "generator=None, but the attack 'lira' trains models of its own; give a function of a "
            "table and a seed that returns synthetic rows",
        ),
    ],
)
def test_wrong_options(tables, options, message):
    with pytest.raises(OptionError) as error:
        audit(*tables, schema=SCHEMA, **options)
    assert str(error.value) == message


def test_wrong_tables(tables):
    real, synthetic, holdout = tables
    with pytest.raises(DataError, match="The holdout table has no column 'age', which the schema"):
        audit(real, synthetic, holdout.drop(columns="age"), schema=SCHEMA)
    with pytest.raises(DataError, match="The synthetic table has no rows; an attack needs some"):
        audit(real, synthetic.iloc[:0], schema=SCHEMA)


def test_names_of_the_package():
    assert PrivacyAudit.__name__ in dir(__import__("tabgan.privacy").privacy)
    with pytest.raises(AttributeError, match=r"module 'tabgan.privacy' has no attribute 'nothing'"):
        _ = __import__("tabgan.privacy").privacy.nothing


def test_lists_of_rows_are_tables_too():
    rows = [[n % 7, "ab"[n % 2]] for n in range(60)]
    assert isinstance(audit(rows, rows, rows, attacks=["copies"]), PrivacyAudit)
    assert isinstance(audit(pd.DataFrame(rows), rows, attacks=["copies"]), PrivacyAudit)


def test_a_holdout_whose_rows_were_seen_shows_nothing(tables):
    real, synthetic, holdout = tables
    fair = audit(real, synthetic, holdout, schema=SCHEMA, attacks=["copies"])
    assert fair.holdout_fault == ""
    for place, seen in (("real", real), ("synthetic", synthetic)):
        found = audit(real, synthetic, seen, schema=SCHEMA, attacks=["copies"])
        assert found.conclusion[0] == (
            f"The holdout shows nothing: 100 % of its rows are rows of the {place} table, by "
            "chance 0 % at most. Give rows that the generator never saw."
        )
        assert found.over(0.99)
        assert found.over(0.99, "low") == ()


def test_a_holdout_of_common_rows_is_no_fault(tables):
    few = [table[["plan", "city"]] for table in tables]
    assert audit(*few, schema={"city": "categorical"}, attacks=["copies"]).holdout_fault == ""
