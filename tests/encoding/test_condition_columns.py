import numpy as np
import pandas as pd
import pytest

from tabgan.base.errors import OptionError
from tabgan.encoding.condition_columns import ConditionColumns, find_columns
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.inference.infer_schema import resolve_schema

N = 600


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    grade = rng.integers(0, 4, N)
    return pd.DataFrame(
        {
            "key": [f"K-{i:06d}" for i in range(N)],
            "size": rng.normal(size=N),
            "grade": np.array(["low", "mid", "high", "top"])[grade],
            "rank": grade,
            "flag": rng.random(N) < 0.3,
            "town": rng.choice(["Ulm", None, "Bonn"], N),
            "day": pd.to_datetime(rng.choice(["2024-01-01", "2024-01-02"], N)),
            "same": "x",
            "product": np.repeat([f"p{i}" for i in range(N // 2)], 2),
        }
    )


def fit(table: pd.DataFrame, *names: object) -> tuple[TableEncoder, ConditionColumns]:
    schema = resolve_schema(table, {"product": "categorical"})
    kept = find_columns(schema, list(names))
    encoder = TableEncoder.fit(table, schema, np.random.default_rng(0), kept=kept)
    return encoder, ConditionColumns.of(encoder, kept)


def test_levels_and_spans(table):
    encoder, conditions = fit(table, "town", "flag")
    assert conditions.names == ("flag", "town")
    assert conditions.values == {"flag": [False, True], "town": ["Bonn", "Ulm", None]}
    codes = encoder.encode(table).codes[:, list(conditions.spans)]
    assert (codes[:, 0] == table["flag"]).all()
    assert (codes[:, 1] == table["town"].map({"Bonn": 0, "Ulm": 1, None: 2})).all()


RULE = "can't be a condition, which takes a column that is learned by its levels: it "


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("twon", "condition_on: column 'twon' is not in the table; did you mean 'town'?"),
        (
            "key",
            f"condition_on: column 'key' {RULE}is of kind 'identifier': its values are generated "
            "and not learned; leave it out, or give it the kind 'categorical'",
        ),
        (
            "size",
            f"condition_on: column 'size' {RULE}is of kind 'numeric' with more than 20 distinct "
            "values; give it the kind 'categorical', or add a column of its ranges to the table "
            "and name that one",
        ),
        (
            "same",
            f"condition_on: column 'same' {RULE}has the same value in every row; leave it out",
        ),
        (
            "product",
            f"condition_on: column 'product' {RULE}has more than 200 levels, which are learned in "
            "groups; add a column of fewer, broader levels to the table and name that one",
        ),
    ],
)
def test_columns_that_can_not_be_conditions(table, name, message):
    with pytest.raises(OptionError) as caught:
        fit(table, name)
    assert str(caught.value) == message


def test_combinations_must_not_be_single_rows(table):
    encoder, conditions = fit(table, "grade", "flag")
    codes = encoder.encode(table).codes
    conditions.check_combinations(codes)
    with pytest.raises(OptionError) as caught:
        conditions.check_combinations(codes[:30])
    assert str(caught.value) == (
        "condition_on=['grade', 'flag']: the columns have 8 combinations of levels in 30 rows; "
        "each must stand for 5 rows on average: name fewer columns"
    )
    fit(table, "grade")[1].check_combinations(codes[:4])


def test_a_condition_is_learned_and_not_derived(table):
    named = {name: fit(table, name)[0] for name in ("grade", "rank")}
    for name, other in (("grade", "rank"), ("rank", "grade")):
        rules = [rule.describe() for rule in named[name].dependencies]
        assert rules == [f"{name!r} determines {other!r}"]


def test_a_condition_is_not_changed_to_keep_an_order():
    rng = np.random.default_rng(3)
    low = rng.integers(0, 15, 2000)
    table = pd.DataFrame({"low": low, "high": low + rng.integers(0, 30, 2000)})
    table["product"] = "p"
    assert [rule.describe() for rule in fit(table)[0].dependencies] == ["'low' ≤ 'high'"]
    encoder = fit(table, "low")[0]
    numbers, codes = rng.random((500, 1)), rng.integers(0, 15, (500, 1))
    frame = encoder.decode(numbers, codes, 0, rng)
    assert (frame["low"] == codes[:, 0]).all()
    assert (frame["low"] <= frame["high"]).all()


def test_labels_of_any_kind():
    table = pd.DataFrame(
        {0: [1, 2] * 20, None: ["a", "b"] * 20, ("x", 1): ["c", "d", "e", "f"] * 10}
    )
    schema = resolve_schema(table, None)
    assert find_columns(schema, 0) == (0,)
    assert find_columns(schema, [None, np.int64(0)]) == (0, 1)
    assert find_columns(schema, ("x", 1)) == (2,)
    assert find_columns(schema, "0") == (0,)
    assert find_columns(schema, None) == find_columns(schema, []) == ()
