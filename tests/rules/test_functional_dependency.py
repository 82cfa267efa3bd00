"""Columns of which every level goes with one level of another."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tabgan import Column
from tabgan.base.errors import DataError
from tabgan.rules.functional_dependency import FunctionalDependency, find_functional, give_sources
from tabgan.table.columns import ColumnRef, TypedSeries

CITIES = np.array(["Bonn", "Köln", "Lyon", "Nice", "Pisa", "Roma"])
COUNTRY = {"Bonn": "DE", "Köln": "DE", "Lyon": "FR", "Nice": "FR", "Pisa": "IT", "Roma": "IT"}


@pytest.fixture
def cities(rng):
    return pd.Series(rng.choice(CITIES, 600), name="city")


def described(table, rng):
    return [rule.describe() for rule in find_functional(table, rng)]


TARGETS = {
    "words": lambda country: country,
    "categories with an unused level": lambda country: country.astype(
        pd.CategoricalDtype(["XX", "IT", "DE", "FR"], ordered=True)
    ),
    "missing": lambda country: country.where(country != "FR", None),
    "integers": lambda country: country.map({"DE": 49, "FR": 33, "IT": 39}),
    "nullable": lambda country: country.map({"DE": 49, "FR": 33}).astype("Int64"),
    "floats": lambda country: country.map({"DE": 0.19, "FR": 0.2, "IT": np.nan}),
    "dates": lambda country: pd.to_datetime(
        country.map({"DE": "1949-05-23", "FR": "1958-10-04", "IT": "1946-06-02"})
    ).dt.tz_localize("Europe/Rome"),
    "booleans": lambda country: country == "IT",
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_a_determined_column_is_left_out_and_comes_back(target, cities, table_of, round_trip, rng):
    frame = pd.DataFrame({"made": target(cities.map(COUNTRY)), "city": cities})
    table = table_of(frame)
    (rule,) = find_functional(table, rng)
    assert rule.describe() == "'city' determines 'made'"
    assert list(rule.reduce(table)) == [1]
    pd.testing.assert_frame_equal(round_trip(table, [rule]), frame)


def test_of_two_that_determine_each_other_the_number_goes(table_of, rng):
    word = pd.Series(rng.choice(["low", "mid", "high"], 300))
    number = word.map({"low": 1, "mid": 2, "high": 3})
    assert described(table_of(pd.DataFrame({"n": number, "w": word})), rng) == [
        "'w' determines 'n'"
    ]
    assert described(table_of(pd.DataFrame({"n": number, "m": number * 10})), rng) == [
        "'n' determines 'm'"
    ]


def test_a_chain_is_derived_link_by_link(cities, table_of, round_trip, rng):
    country = cities.map(COUNTRY)
    frame = pd.DataFrame(
        {
            "union": country == "IT",
            "country": country,
            "city": cities,
            "code": country.map({"DE": 49, "FR": 33, "IT": 39}),
        }
    )
    table = table_of(frame)
    rules = find_functional(table, rng)
    assert [rule.describe() for rule in rules] == [
        "'country' determines 'union'",
        "'country' determines 'code'",
        "'city' determines 'country'",
    ]
    pd.testing.assert_frame_equal(round_trip(table, rules), frame)


def test_a_new_number_takes_its_nearest_neighbours_level(table_of, rng):
    age = pd.Series(rng.integers(0, 90, 5000) // 5 * 5 + 0.0).where(rng.random(5000) > 0.1)
    group = pd.cut(age, [-1, 17, 64, 99], labels=["child", "adult", "old"]).astype(object)
    table = table_of(pd.DataFrame({"age": age, "group": group.where(age.notna(), "unknown")}))
    (rule,) = find_functional(table, rng)
    new = pd.Series([16.0, 17.4, 18.0, np.nan, 99.0, -3.0, 20.0], name="age")
    _, restored = rule.restore({0: TypedSeries(table[0].column, new)})[1]
    assert restored.tolist() == ["child", "child", "adult", "unknown", "old", "child", "adult"]


def test_a_new_category_is_an_error(cities, table_of, rng):
    table = table_of(pd.DataFrame({"city": cities, "country": cities.map(COUNTRY)}))
    (rule,) = find_functional(table, rng)
    message = (
        "Column 'city': the value 'Oslo' was not in the training table, "
        "so column 'country' can't be derived from it"
    )
    with pytest.raises(DataError, match=f"^{message}$"):
        rule.restore({0: TypedSeries(table[0].column, pd.Series(["Bonn", "Oslo"], name="city"))})


def test_one_row_outside_of_the_sample_is_enough(table_of, rng):
    city = pd.Series(rng.choice(CITIES, 30_000))
    country = city.map(COUNTRY)
    country.iloc[5] = "IT" if country.iloc[5] != "IT" else "DE"
    assert described(table_of(pd.DataFrame({"city": city, "country": country})), rng) == []


def test_levels_that_hardly_repeat_determine_nothing(table_of, rng):
    frame = pd.DataFrame({"a": rng.integers(0, 150, 1000), "b": rng.integers(0, 2, 1000)})
    frame["b"] = frame.groupby("a")["b"].transform("first")
    assert described(table_of(frame), rng) == []  # some seven rows a level
    frequent = pd.concat([frame] * 2, ignore_index=True)
    assert described(table_of(frequent), rng) == ["'a' determines 'b'"]


def test_a_rare_level_needs_rows_of_its_own(table_of, rng):
    a = pd.Series([*rng.choice(list("abcd"), 96), *"xxxx"])
    frame = pd.DataFrame({"a": a, "b": np.where(a == "x", "odd", "even")})
    assert described(table_of(frame), rng) == []  # four rows may be an accident
    longer = pd.concat([frame] * 2, ignore_index=True)
    assert described(table_of(longer), rng) == ["'a' determines 'b'"]


def test_constants_and_identifiers_take_no_part(table_of, rng):
    frame = pd.DataFrame({"id": range(1, 301), "a": rng.choice(list("abc"), 300), "one": 1})
    assert described(table_of(frame), rng) == []


def test_a_rule_tells_of_few_rows_by_its_numbers():
    frame = pd.DataFrame({"item": ["a"] * 40 + ["b"] * 3, "price": [250] * 40 + [975] * 3})
    columns = [
        Column("item", "categorical", "object", min_group=5),
        Column("price", "integer", "int64", min_group=5),
    ]
    item, price = (ColumnRef(at, column) for at, column in enumerate(columns))
    table = {at: TypedSeries(column, frame.iloc[:, at]) for at, column in enumerate(columns)}
    rule = FunctionalDependency(item, price, ("a", "b"), (250, 975), (0, 1))
    assert rule.tells_of_few_rows(table)
    assert not replace(rule, target_levels=(250, 250)).tells_of_few_rows(table)
    kept = replace(columns[1], min_group=1)
    assert not replace(rule, target=ColumnRef(1, kept)).tells_of_few_rows(table)


def test_a_long_tail_of_names_is_a_hierarchy(table_of, rng):
    weights = 1 / np.arange(1, 701) ** 0.9
    town = rng.choice(700, 3_000, p=weights / weights.sum())
    region = rng.integers(0, 8, 700)[town]
    frame = pd.DataFrame({"town": town, "region": region}).astype(str).radd("x")
    counts = frame["town"].value_counts()
    assert (counts == 1).mean() > 0.2
    assert described(table_of(frame), rng) == ["'town' determines 'region'"]
    shuffled = frame.assign(region=rng.permutation(frame["region"]))
    assert described(table_of(shuffled), rng) == []


def test_a_source_is_given_that_all_fixed_targets_allow():
    """Towns of two countries and two sizes: one of each combination."""
    columns = [Column(name, "categorical", "object") for name in ("town", "land", "size")]
    town, land, size = (ColumnRef(at, column) for at, column in enumerate(columns))
    towns = ("a", "b", "c", "d")
    rules = [
        FunctionalDependency(town, land, towns, ("x", "y"), (0, 0, 1, 1)),
        FunctionalDependency(town, size, towns, ("small", "big"), (0, 1, 0, 1)),
    ]
    cells = [[*"aaaa"], ["y", "y", "x", "x"], ["big", "small", "big", "big"]]
    rows = {
        at: TypedSeries(column, pd.Series(own))
        for at, (column, own) in enumerate(zip(columns, cells, strict=True))
    }
    fixed = np.array([[False, True, True]] * 2 + [[False, True, False], [True, True, True]])
    for order in (rules, rules[::-1]):
        chosen = give_sources(order, rows, fixed)
        assert chosen[0].values.tolist() == ["d", "c", "a", "a"]
