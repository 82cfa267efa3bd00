import numpy as np
import pandas as pd
import pytest

from tabgan import OptionError


def holes(rows: pd.DataFrame, share: float, seed: int = 0) -> pd.DataFrame:
    return rows.mask(np.random.default_rng(seed).random(rows.shape) < share)


def test_given_cells_are_kept_in_order_and_index(orders, fitted):
    partial = holes(orders.head(200), 0.5).set_index(np.arange(200) * 3 + 7)
    rows = fitted.sample(where=partial[orders.columns[::-1]])
    pd.testing.assert_index_equal(rows.index, partial.index)
    pd.testing.assert_series_equal(rows.dtypes, orders.dtypes)
    for name in orders:
        given = partial[name].notna()
        assert (rows.loc[given, name] == partial.loc[given, name]).all(), name


def test_rules_hold_where_the_given_cells_keep_them(orders, fitted, check_rules):
    check_rules(fitted.sample(where=holes(orders.head(400), 0.5, seed=1)))


@pytest.mark.parametrize(
    "given", [["gross"], ["net", "gross"], ["sent"], ["ordered"], ["rank"], ["plan"], ["tax"], []]
)
def test_rules_hold_whichever_columns_are_given(orders, fitted, check_rules, given):
    rows = fitted.sample(where=orders.loc[:99, given])
    check_rules(rows)
    for name in given:
        assert (rows[name] == orders.loc[:99, name]).all()


def test_what_is_drawn_follows_the_given_cells(orders, fitted):
    """Completed rows have the relations and the share of missing values of free rows.

    Compared with free rows of the same model, as completion can't know more than the model does.
    """

    def differences(rows: pd.DataFrame) -> tuple[float, float]:
        means = rows.groupby(rows["plan"].astype(str))[["active", "net"]].mean()
        active, net = means.loc["pro"] - means.loc["free"]
        return active, net

    free, rows = fitted.sample(8192), fitted.sample(where=orders[["plan", "age"]])
    (free_active, free_net), (active, net) = differences(free), differences(rows)
    assert free_active > 0.2
    assert free_net > 25
    assert active > free_active / 3
    assert net > free_net / 2
    for name in ("score", "town"):
        assert abs(rows[name].isna().mean() - free[name].isna().mean()) < 0.04, name


def test_cells_are_read_as_conditions_are(fitted):
    rows = fitted.sample(
        where=pd.DataFrame(
            {"age": ["30", 41.0, None], "sent": ["2024-06-01", None, pd.Timestamp("2024-07-02")]}
        )
    )
    assert rows["age"].iloc[:2].tolist() == [30, 41]
    assert rows["sent"].iloc[[0, 2]].dt.day.tolist() == [1, 2]


def test_the_same_seed_gives_the_same_rows(orders, fitted):
    partial = holes(orders.head(50), 0.5)
    pd.testing.assert_frame_equal(fitted.sample(where=partial), fitted.sample(where=partial))
    other = fitted.sample(where=partial, random_state=1)
    assert not other.equals(fitted.sample(where=partial))


def test_no_rows(orders, fitted):
    none = fitted.sample(where=orders.iloc[:0])
    assert len(none) == 0
    pd.testing.assert_series_equal(none.dtypes, orders.dtypes)


@pytest.mark.parametrize(
    ("partial", "message"),
    [
        ({"agee": [3]}, "where: column 'agee' is not in the table; did you mean 'age'?"),
        (
            {"age": [90]},
            "where: column 'age' is from 18 to 79 in the training table, so that no row meets "
            "age == 90; ask for values in this range",
        ),
        (
            {"town": ["Bon"]},
            "where: column 'town' never has the value 'Bon' in the training table; did you mean "
            "'Bonn'?",
        ),
    ],
)
def test_cells_that_a_column_never_has(fitted, partial, message):
    with pytest.raises(OptionError) as caught:
        fitted.sample(where=pd.DataFrame(partial))
    assert str(caught.value) == message


def test_the_number_of_rows_is_that_of_the_frame(orders, fitted):
    assert len(fitted.sample(3, where=orders[["age"]].head(3))) == 3
    with pytest.raises(OptionError) as caught:
        fitted.sample(5, where=orders[["age"]].head(3))
    assert str(caught.value) == (
        "n=5 can't be combined with 3 partial rows, each of which is completed to one row; "
        "leave n out"
    )
