"""Declared constraints hold whatever is asked for."""

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.base.errors import ConstraintError
from tabgan.constraints import Custom, FixedCombinations, Formula, Inequality, Range, Unique


@pytest.fixture(scope="module")
def constrained(orders) -> TabGAN:
    table = orders.assign(odd=orders["age"] * 2 + 1, part=np.arange(len(orders)) % 50)
    rules = [
        Inequality("ordered", "sent"),
        FixedCombinations(["plan", "rank"]),
        Formula("gross", "net + tax"),
        Range("net", 0, 400),
        Custom(
            "odd",
            lambda rows: rows["odd"] == rows["age"] * 2 + 1,
            lambda rows: rows.assign(odd=rows["age"] * 2 + 1),
        ),
        Unique(["net", "part"]),
    ]
    options = {"steps": 60, "hidden_dim": 16, "min_group": 1, "verbose": False}
    table = table[~table.duplicated(["net", "part"])]
    return TabGAN(**options, constraints=rules, random_state=0).fit(table)


def check(rows: pd.DataFrame) -> None:
    rank = rows["plan"].astype(object).map({"free": 1, "basic": 2, "pro": 3})
    assert (rank == rows["rank"]).all()
    assert (rows["ordered"] <= rows["sent"]).all()
    assert np.allclose(rows["net"] + rows["tax"], rows["gross"])
    assert (rows["odd"] == rows["age"] * 2 + 1).all()


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ({"plan": "pro"}, lambda f: f["plan"] == "pro"),
        ({"rank": [1, 3], "age": (50, None)}, lambda f: (f["rank"] != 2) & (f["age"] >= 50)),
        ({"gross": (100, None), "active": False}, lambda f: (f["gross"] >= 100) & ~f["active"]),
        ({"plan": "pro", "age": 79, "town": None}, lambda f: (f["age"] == 79) & f["town"].isna()),
    ],
)
def test_under_a_condition(constrained, where, holds):
    rows = constrained.sample(400, where=where)
    assert holds(rows).all()
    check(rows)


def test_uniqueness_under_a_condition(constrained):
    rows = constrained.sample(2000, where={"active": True})
    assert not rows.duplicated(["net", "part"]).any()


def test_uniqueness_in_a_balanced_sample(constrained):
    rows = constrained.sample(1500, balance="active")
    assert not rows.duplicated(["net", "part"]).any()
    check(rows)


def test_the_result_of_a_formula_can_be_given(orders, constrained):
    given = orders.loc[:99, ["gross"]]
    rows = constrained.sample(where=given)
    assert (rows["gross"] == given["gross"]).all()
    check(rows)
    one = constrained.sample(50, where={"gross": float(orders["gross"].iloc[3])})
    assert (one["gross"] == orders["gross"].iloc[3]).all()
    check(one)
    holes = orders.head(200).assign(net=orders["net"].head(200).where(orders.index[:200] % 2 == 0))
    filled = constrained.impute(holes)
    assert np.allclose(filled["net"] + filled["tax"], filled["gross"])


def test_a_combination_that_there_never_was(constrained):
    rows = pd.DataFrame({"plan": ["pro", "pro"], "rank": [3, 1], "age": [None, None]})
    with pytest.raises(ConstraintError, match="Row 1: no completion was found that keeps"):
        constrained.sample(where=rows)
    filled = constrained.impute(rows)
    assert filled["rank"].tolist() == [3, 1]
    assert filled["age"].notna().all()


def test_few_combinations_that_are_unique():
    rng = np.random.default_rng(0)
    pairs = pd.DataFrame([(a, b) for a in range(30) for b in range(12)], columns=["a", "b"])
    table = pairs.sample(200, random_state=0).assign(x=rng.normal(size=200))
    gan = TabGAN(
        steps=20, hidden_dim=8, constraints=[Unique(["a", "b"])], verbose=False, random_state=0
    ).fit(table)
    filled = gan.impute(pd.DataFrame({"a": [3], "b": [2], "x": [None]}))
    assert filled["x"].notna().all()
    assert len(gan.sample(where=pd.DataFrame({"a": [3, 4]}))) == 2
    rows = gan.sample(where=pd.DataFrame({"a": [3] * 5}))
    assert rows["b"].is_unique, "each completed to another pair"
    with pytest.raises(ConstraintError) as caught:
        gan.sample(where=pd.DataFrame({"a": [3, 4, 3], "b": [2, 2, 2]}))
    assert str(caught.value) == (
        "Row 2: no completion was found whose key is not that of an earlier row; change the given "
        "cells, or give fewer"
    )


def test_with_given_cells(orders, constrained):
    partial = orders.head(150).mask(np.random.default_rng(0).random((150, orders.shape[1])) < 0.5)
    partial = partial.drop(columns="gross")
    rows = constrained.sample(where=partial)
    check(rows)
    for name in partial:
        given = partial[name].notna()
        assert (rows.loc[given, name] == partial.loc[given, name]).all()


def test_given_cells_that_break_a_constraint_are_refused(constrained):
    rows = pd.DataFrame({"age": [30, 31], "odd": [61, 65]})
    with pytest.raises(ConstraintError) as caught:
        constrained.sample(where=rows)
    assert str(caught.value) == (
        "Row 1: no completion was found that keeps 'odd'; change the given cells (age, odd), or "
        "give fewer"
    )


def test_imputing_leaves_what_is_there(constrained):
    rows = pd.DataFrame({"age": [30.0, None], "odd": [65, 61]})
    filled = constrained.impute(rows)
    assert filled["odd"].tolist() == [65, 61]
    assert filled["age"].notna().all()
