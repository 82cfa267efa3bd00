"""Which constraints are kept by the way rows are made, in which order, beside which rules."""

import pandas as pd
import pytest

from tabgan import SamplingError, SamplingWarning
from tabgan.constraints import (
    FixedCombinations,
    Formula,
    Increments,
    Inequality,
    OneHot,
    Positive,
    Range,
    Sum,
    Unique,
)

from .conftest import fit


@pytest.fixture
def orders(rng):
    """Orders with sums, dates and places."""
    table = pd.DataFrame(rng.integers(0, 200, (300, 3)), columns=["net", "tax", "tip"])
    table["total"] = table.sum(axis=1)
    table["rate"] = rng.integers(1, 9, 300) / 4
    table["fee"] = table["rate"] * 3
    table["start"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, 300), "D")
    table["end"] = table["start"] + pd.to_timedelta(rng.integers(0, 9, 300), "D")
    city = rng.integers(0, 3, 300)
    table["city"], table["land"] = pd.Series(["Bern", "Wien", "Genf"])[city].to_list(), "CH"
    table.loc[table["city"] == "Wien", "land"] = "AT"
    table["first"], table["second"] = city % 2, 1 - city % 2
    return table


DECLARED = [
    Increments("rate", 0.25),
    Sum(["net", "tax", "tip"], "total"),
    Formula("fee", "3 * rate"),
    Inequality("start", "end"),
    FixedCombinations(["city", "land"]),
    OneHot(["first", "second"]),
    Range("net", 0, 500),
    Positive("total", strict=False),
]


def test_what_is_kept_by_construction(orders, rules, drawn):
    assert rules(orders, *DECLARED) == [
        "'fee' = 3 * rate",
        "'start' ≤ 'end'",
        "'end' is learned as its distance from 'start'",
        "'net' + 'tax' + 'tip' = 'total'",
        "'city', 'land' have 3 combinations of values",
        "exactly one of the 2 columns 'first' … 'second' is 1",
        "'rate' is 0 plus a multiple of 0.25",
    ]
    drawn(orders, *DECLARED)


def test_detection_leaves_declared_columns_alone(orders):
    declared = fit(orders, *DECLARED)
    described = [rule.describe() for rule in declared.dependencies_]
    assert "'city' determines 'land'" not in described
    assert len(described) == len({*described})
    assert "'city' determines 'land'" in [r.describe() for r in fit(orders).dependencies_]


def test_what_is_detected_may_follow_from_what_is_declared(orders, drawn):
    orders["code"] = orders["city"].str[:1]
    gan = fit(orders, FixedCombinations(["city", "land"]))
    assert "'city' determines 'code'" in [rule.describe() for rule in gan.dependencies_]
    sample = gan.sample(200)
    assert (sample["city"].str[:1] == sample["code"]).all()


def test_condition_columns_are_not_derived(orders):
    gan = fit(orders, *DECLARED, condition_on=["land", "second"])
    sample = gan.sample(200, where={"land": "AT", "second": 0})
    assert set(sample["city"]) == {"Wien"} or set(sample["land"]) == {"AT"}
    assert (sample["first"] == 1).all()
    assert all(rule.check(sample, gan.schema_).all() for rule in gan.constraints_)


def test_a_declared_kind_is_not_changed(rng):
    table = pd.DataFrame({"n": rng.permutation(10**6)[:100], "x": rng.normal(size=100)})
    kinds = [
        fit(table, Unique("n"), schema=schema).schema_["n"].kind
        for schema in (None, {"n": "integer"}, fit(table).schema_)
    ]
    assert kinds[:2] == ["identifier", "integer"]
    assert kinds[2] == fit(table).schema_["n"].kind


def test_labels_that_are_no_text(drawn, rng):
    table = pd.DataFrame(rng.integers(0, 90, (100, 2)))
    table[2] = table[0] + table[1]
    sample = drawn(table, Sum([0, 1], 2), Positive("0", strict=False))
    assert (sample[0] + sample[1] == sample[2]).all()
    levels = pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)])
    sample = drawn(table.set_axis(levels, axis=1), Sum([("a", 1), ("a", 2)], ("b", 1)))
    assert (sample.iloc[:, 0] + sample.iloc[:, 1] == sample.iloc[:, 2]).all()


def test_a_computed_column_in_steps_that_no_row_can_have_is_explained(rng):
    table = pd.DataFrame({"rate": rng.integers(1, 40, 300) / 4, "x": rng.normal(size=300)})
    table["fee"] = table["rate"] * 2
    gan = fit(table, Formula("fee", "2 * rate"), Increments("fee", 0.5), derive=False)
    with (
        pytest.warns(SamplingWarning),
        pytest.raises(SamplingError, match=r"keeps the rule that 'fee' = 2 \* rate"),
    ):
        gan.sample(4, where={"fee": [2.0], "rate": [9.0]})
