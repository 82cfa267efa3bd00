"""Rules whose columns have holes of their own hold where all columns have a value."""

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.detect_dependencies import dependency_from_json, detect_dependencies
from tabgan.rules.holes_dependency import HolesDependency, absence_marks
from tabgan.table.columns import by_position

ROWS = 1_500
PRICES = {"Coffee": 2.0, "Tea": 1.5, "Cake": 3.0, "Juice": 3.0, "Salad": 5.0, "Cookie": 1.0}


def with_holes(frame: pd.DataFrame, share: float, marks=(None,), seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = frame.copy()
    for name in frame:
        rows = rng.random(len(frame)) < share
        chosen = np.array([*marks], object)[rng.integers(len(marks), size=rows.sum())]
        frame[name] = frame[name].astype(object)
        frame.loc[rows, name] = chosen
    return frame if len(marks) > 1 else frame.infer_objects()


def cafe() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    item = rng.choice([*PRICES], ROWS)
    price, quantity = np.array([PRICES[name] for name in item]), rng.integers(1, 6, ROWS)
    frame = pd.DataFrame(
        {
            "item": item,
            "quantity": quantity.astype(str),
            "price": [f"{p:.1f}" for p in price],
            "total": [f"{t:.1f}" for t in price * quantity],
            "paid": rng.choice(["Cash", "Card"], ROWS),
        }
    )
    return with_holes(frame, 0.08, ("ERROR", "UNKNOWN", None))


@pytest.fixture(scope="module")
def dirty() -> pd.DataFrame:
    return cafe()


@pytest.fixture(scope="module")
def gan(dirty) -> TabGAN:
    options = {"steps": 20, "hidden_dim": 16, "refine": False, "polish": False, "verbose": False}
    return TabGAN(**options, random_state=0).fit(dirty)


def numbers(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["quantity", "price", "total"]].apply(pd.to_numeric, errors="coerce")


def found_in(frame: pd.DataFrame):
    table = by_position(frame, infer_schema(frame))
    rules = detect_dependencies(table, np.random.default_rng(0))
    return table, rules, [rule.describe() for rule in rules]


def test_only_the_result_of_a_product_has_holes(rng):
    frame = pd.DataFrame({"quantity": rng.integers(1, 30, ROWS)})
    frame["price"] = rng.integers(100, 9_000, ROWS) / 100
    total = (frame["quantity"] * frame["price"]).round(2)
    _, _, said = found_in(frame.assign(total=total.where(rng.random(ROWS) > 0.05)))
    assert said == [
        "where 'total' has a value is learned; rules hold where all columns have one",
        "'total' = quantity * price",
    ]


def test_all_columns_of_sums_have_holes_of_their_own(rng):
    parts = pd.DataFrame({name: rng.gamma(2, 50, ROWS).round(2) for name in ("a", "b", "c")})
    frame = parts.assign(total=parts.sum(axis=1).round(2), net=rng.gamma(3, 90, ROWS).round(2))
    frame = frame.assign(tax=(rng.random(ROWS) * 20).round(2))
    frame = with_holes(frame.assign(gross=(frame["net"] + frame["tax"]).round(2)), 0.04)
    table, rules, said = found_in(frame)
    assert "'a' + 'b' + 'c' = 'total'" in said
    assert "'net' + 'tax' = 'gross'" in said
    filled = rules[0].reduce(table)
    values = pd.DataFrame({name: filled[at].numbers.values for at, name in enumerate(frame)})
    for name in frame:  # what is there stays
        there = frame[name].notna()
        assert np.allclose(values[name][there], frame[name][there].astype(float))
    assert np.allclose(values["net"] + values["tax"], values["gross"])
    pd.testing.assert_series_equal(rules[0].restore(filled)[0].values, frame["a"])


def test_a_part_of_a_date_and_its_date_have_holes_of_their_own(rng):
    day = pd.Series(pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, ROWS), "D"))
    frame = pd.DataFrame({"day": day, "month": day.dt.month, "n": rng.normal(size=ROWS)})
    frame["day"] = frame["day"].where(rng.random(ROWS) > 0.05)
    frame["month"] = frame["month"].where(rng.random(ROWS) > 0.05)
    table, rules, said = found_in(frame)
    assert "'month' is the month of 'day'" in said
    filled = rules[0].reduce(table)
    assert (filled[0].values.dt.month == filled[1].values).all()


def test_a_rule_whose_result_is_missing_where_a_part_is_stays_as_it_was(rng):
    frame = pd.DataFrame({"a": rng.gamma(2, 50, ROWS).round(2)})
    frame["b"] = rng.gamma(2, 50, ROWS).round(2)
    frame["b"] = frame["b"].where(rng.random(ROWS) > 0.1)
    _, _, said = found_in(frame.assign(total=frame["a"] + frame["b"]))
    assert said == ["'a' + 'b' = 'total'"]


def test_holes_without_rules_are_left_alone(rng):
    frame = pd.DataFrame({f"n{at}": rng.normal(size=ROWS) for at in range(5)})
    frame["level"] = rng.choice(["x", "y", "z"], ROWS)
    assert found_in(with_holes(frame, 0.05))[2] == []


def test_marks_among_numbers_mean_the_same_in_other_columns(dirty):
    table, rules, said = found_in(dirty)
    assert absence_marks(table) == {"ERROR", "UNKNOWN"}
    assert "'total' = quantity * price" in said
    assert "'item' determines 'price'" in said
    assert set(rules[0].members[0].absent) == {"ERROR", "UNKNOWN", None}
    again = dependency_from_json({"rule": "holes", **rules[0].to_json()})
    assert again == rules[0]
    assert isinstance(again, HolesDependency)


def test_drawn_rows_keep_the_rules_where_all_is_there(gan, dirty):
    drawn = gan.sample(8_000)
    values = numbers(drawn)
    whole = values.dropna()
    assert len(whole) > 4_000
    assert np.allclose(whole["quantity"] * whole["price"], whole["total"])
    priced = drawn["item"].isin(PRICES) & values["price"].notna()
    assert (drawn["item"].map(PRICES) == values["price"])[priced].all()
    for name in dirty:
        for mark in ("ERROR", "UNKNOWN"):
            assert abs((drawn[name] == mark).mean() - (dirty[name] == mark).mean()) < 0.02
        assert abs(drawn[name].isna().mean() - dirty[name].isna().mean()) < 0.02


def test_marks_of_absence_are_filled_and_never_drawn(gan, dirty):
    filled = gan.impute(dirty.head(300), random_state=0)
    assert not filled.isin(["ERROR", "UNKNOWN"]).any(axis=None)
    assert filled.notna().all(axis=None)
    values, before = numbers(filled), numbers(dirty.head(300))
    assert np.array_equal(before.fillna(values), values)
    told = before.notna().sum(axis=1) >= 2
    assert np.allclose((values["quantity"] * values["price"])[told], values["total"][told])


def test_a_condition_on_a_column_with_holes(gan):
    drawn = gan.sample(200, where="quantity >= 4 and item = Tea")
    assert (drawn["item"] == "Tea").all()
    assert (drawn["quantity"].astype(float) >= 4).all()


def priced(seed: int = 0) -> pd.DataFrame:
    """Items of a category and a price each; each column has holes, price and item their own."""
    rng = np.random.default_rng(seed)
    number, category = rng.integers(0, 20, ROWS), rng.choice([*"ABC"], ROWS)
    item = [f"Item_{a + 1}_{b}" for a, b in zip(number, category, strict=True)]
    price, count = 5 + 1.5 * number, rng.integers(1, 11, ROWS).astype(float)
    table = pd.DataFrame({"category": category, "item": item, "price": price, "count": count})
    table["total"] = price * count
    table.loc[rng.random(ROWS) < 0.1, "item"] = None
    table.loc[rng.random(ROWS) < 0.05, "price"] = None
    table.loc[rng.random(ROWS) < 0.05, ["count", "total"]] = None
    table.loc[table["price"].isna(), "item"] = None
    return table


def test_a_hole_takes_the_level_that_determines_all_that_is_there():
    """An item of the row's category *and* of its price: else its price would be changed."""
    frame = priced()
    table, rules, words = found_in(frame)
    assert "'item' determines 'category'" in words
    assert "'item' determines 'price'" in words
    assert "'total' = price * count" in words
    filled = rules[0].reduce(table)
    there = frame["price"].notna().to_numpy()
    assert (filled[2].values.to_numpy()[there] == frame["price"].to_numpy()[there]).all()
    told = ~there & frame["total"].notna().to_numpy()
    price = (frame["total"] / frame["count"]).to_numpy()
    assert np.allclose(filled[2].values.to_numpy(np.float64)[told], price[told])
    assert filled[1].values.notna().all()


def test_rows_drawn_and_rows_filled_keep_a_product_beside_two_determined_columns():
    frame = priced()
    options = {"steps": 20, "hidden_dim": 16, "refine": False, "polish": False, "verbose": False}
    gan = TabGAN(**options, random_state=0).fit(frame)
    prices = frame.dropna().drop_duplicates("item").set_index("item")["price"]
    for rows in (gan.sample(1_000).dropna(), gan.impute(frame)):
        assert len(rows) > 500
        assert rows.notna().all(axis=None)
        assert np.allclose(rows["price"] * rows["count"], rows["total"])
        assert (
            rows["item"].map(prices).dropna() == rows["price"][rows["item"].isin(prices.index)]
        ).all()
