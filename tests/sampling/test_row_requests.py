import pandas as pd
import pytest

from tabgan import OptionError


def test_levels_are_as_frequent(orders, fitted, check_rules):
    rows = fitted.sample(3000, balance="plan")
    assert rows["plan"].value_counts().to_dict() == {"free": 1000, "basic": 1000, "pro": 1000}
    pd.testing.assert_series_equal(rows.dtypes, orders.dtypes)
    pd.testing.assert_index_equal(rows.index, pd.RangeIndex(3000), exact=True)
    assert rows["plan"].iloc[:100].nunique() == 3, "in a random order"
    check_rules(rows)


def test_shares_are_as_given(fitted):
    rows = fitted.sample(10_000, balance={"town": {"Ulm": 3, None: 1}}, where="age > 50")
    assert (rows["town"] == "Ulm").sum() == 7500
    assert rows["town"].isna().sum() == 2500
    assert rows["age"].min() > 50


def test_a_missing_value_is_no_level_of_its_own(fitted):
    assert fitted.sample(300, balance="town")["town"].value_counts().tolist() == [100] * 3


def test_a_derived_column(fitted):
    assert fitted.sample(300, balance="rank")["rank"].value_counts().tolist() == [100] * 3


def test_identifiers_do_not_repeat(fitted):
    assert fitted.sample(9000, balance="plan")["id"].is_unique


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"balance": "pln"}, "balance: column 'pln' is not in the table; did you mean 'plan'?"),
        (
            {"balance": "net"},
            "balance: column 'net' is of kind 'numeric' and has no levels; name a column of "
            "categories, booleans or few numbers",
        ),
        (
            {"balance": {"plan": {"pro": -1}}},
            "balance: the shares of column 'plan' are {'pro': -1}; give a mapping from its values "
            "to numbers from 0, of which one at least is above",
        ),
        (
            {"balance": {"plan": {"prol": 1}}},
            "where: column 'plan' never has the value 'prol' in the training table; did you mean "
            "'pro'?",
        ),
        (
            {"balance": "plan", "where": {"plan": "pro"}},
            "where and balance both ask for column 'plan'; leave it out of where",
        ),
        (
            {"balance": "plan", "where": pd.DataFrame({"age": [30]})},
            "balance can't be combined with partial rows; give a condition as where, or leave "
            "balance out",
        ),
    ],
)
def test_errors(fitted, asked, message):
    with pytest.raises(OptionError) as caught:
        fitted.sample(**({"n": 10} if "where" not in asked else {}), **asked)
    assert str(caught.value) == message
