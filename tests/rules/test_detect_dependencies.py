"""All rules of a table together, and those of real tables."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.detect_dependencies import detect_dependencies
from tabgan.table.columns import TypedSeries, by_position

DATA = Path(os.environ.get("TABGAN_DATA", "../shared/data"))
ROWS = 3000

FOUND = {
    "adult": ["'education' determines 'education-num'"],
    "baseball_players": [
        "where 'nameFirst' has a value is learned",
        "'birthDate' ≤ 'deathDate'",
    ],
    "beijing": ["'DEWP' ≤ 'TEMP' in nearly all rows"],
    "covtype_20k": [
        "exactly one of the 4 columns 'Wilderness_Area1' … 'Wilderness_Area4' is 1",
        "exactly one of the 39 columns 'Soil_Type1' … 'Soil_Type40' is 1",
        "'Vertical_Distance_To_Hydrology' ≤ 'Horizontal_Distance_To_Hydrology'",
    ],
    "default": [
        "'PAY_AMT6' equals 'PAY_AMT5' in 4 % of the rows",
        "'PAY_AMT5' equals 'BILL_AMT6' in 15 % of the rows",
        "'BILL_AMT6' equals 'BILL_AMT5' in 4 % of the rows",
        "'PAY_AMT4' equals 'BILL_AMT5' in 14 % of the rows",
        "'BILL_AMT5' equals 'BILL_AMT4' in 4 % of the rows",
        "'PAY_AMT3' equals 'BILL_AMT4' in 13 % of the rows",
        "'BILL_AMT4' equals 'BILL_AMT3' in 4 % of the rows",
        "'PAY_AMT2' equals 'BILL_AMT3' in 13 % of the rows",
        "'BILL_AMT3' equals 'BILL_AMT2' in 4 % of the rows",
        "'PAY_AMT1' equals 'BILL_AMT2' in 13 % of the rows",
        "'BILL_AMT2' equals 'BILL_AMT1' in 4 % of the rows",
    ],
    "hotel_bookings": ["'reservation_status' determines 'is_canceled'"],
    "magic": ["'fWidth' ≤ 'fLength'", "'fConc1' ≤ 'fConc'"],
    "shoppers": [],
}


@pytest.fixture
def sales(rng):
    """A table in which every kind of rule holds, some on columns of others."""
    colour = rng.choice(["blue", "green", "red", "white"], ROWS)
    shop = rng.choice([f"shop {i}" for i in range(20)], ROWS)
    ordered = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 500, ROWS), "D")
    net = rng.integers(500, 90_000, ROWS)
    tax = net * rng.choice([7, 19], ROWS) // 100
    frame = pd.DataFrame({"colour": colour, "shop": shop})
    frame["region"] = frame["shop"].str[-1].map(lambda digit: "north" if digit < "4" else "south")
    frame["branch"] = frame["shop"]
    frame["code"] = frame["region"].map({"north": 1, "south": 2})
    for name in ("blue", "green", "red", "white"):
        frame[f"is {name}"] = (colour == name).astype("uint8")
    frame["net"], frame["tax"], frame["gross"] = net / 100, tax / 100, (net + tax) / 100
    frame["paid"] = frame["gross"].map("{:.2f}".format)
    frame["ordered"] = ordered
    frame["sent"] = ordered + pd.to_timedelta(rng.integers(0, 9, ROWS), "D")
    least = rng.normal(50, 20, ROWS).round(1)
    frame["least"], frame["most"] = least, (least + rng.gamma(2, 10, ROWS)).round(1)
    return frame


def test_every_kind_of_rule_is_found_and_undone(sales, table_of, round_trip, rng):
    table = table_of(sales)
    found = detect_dependencies(table, rng)
    assert [rule.describe() for rule in found] == [
        "'branch' is a copy of 'shop'",
        "'paid' is a copy of 'gross'",
        "exactly one of the 4 columns 'is blue' … 'is white' is 1",
        "'region' determines 'code'",
        "'shop' determines 'region'",
        "'colour' determines 'is blue … is white'",
        "'least' ≤ 'most'",
        "'ordered' ≤ 'sent'",
        "'sent' is learned as its distance from 'ordered'",
        "'net' + 'tax' = 'gross'",
    ]
    pd.testing.assert_frame_equal(round_trip(table, found), sales)


def test_all_rules_hold_in_rows_drawn_column_by_column(sales, table_of, rng):
    table = table_of(sales)
    found = detect_dependencies(table, rng)
    for rule in found:
        table = rule.reduce(table)
    assert list(table) == [0, 1, 9, 10, 13, 14, 15, 16]
    drawn = {
        at: TypedSeries(column, values.sample(frac=1, random_state=at).reset_index(drop=True))
        for at, (column, values) in table.items()
    }
    for rule in reversed(found):
        drawn = rule.restore(drawn)
    assert list(drawn) == list(range(17))
    made = pd.concat([values for _, values in drawn.values()], axis=1)
    assert made.columns.tolist() == sales.columns.tolist()
    assert made.dtypes.tolist() == sales.dtypes.tolist()
    assert (made["branch"] == made["shop"]).all()
    assert (made["paid"].astype(float) == made["gross"]).all()
    assert ((made["net"] + made["tax"]).round(2) == made["gross"]).all()
    assert made["gross"].between(sales["gross"].min(), sales["gross"].max()).all()
    assert (made["ordered"] <= made["sent"]).all()
    assert (made["least"] <= made["most"]).all()
    for keys in (["shop", "region"], ["region", "code"], ["colour", "is red"]):
        pairs = sales[keys].drop_duplicates()
        assert len(made[keys].merge(pairs)) == len(made)


def test_what_is_found_does_not_depend_on_the_sample(sales, table_of):
    longer = pd.concat([sales] * 4, ignore_index=True)
    table = table_of(longer)
    one, two = (detect_dependencies(table, np.random.default_rng(seed)) for seed in (1, 2))
    assert one == two


@pytest.mark.parametrize("rows", [0, 1, 19])
def test_a_few_rows_have_no_rules(rows):
    frame = pd.DataFrame({"a": range(19), "b": range(19)})
    columns = infer_schema(frame)
    table = {i: TypedSeries(column, frame.iloc[:rows, i]) for i, column in enumerate(columns)}
    assert detect_dependencies(table, np.random.default_rng(0)) == []


def test_no_columns_have_no_rules(rng):
    assert detect_dependencies({}, rng) == []


def test_columns_are_told_apart_by_position(rng):
    values = rng.normal(size=100)
    frame = pd.DataFrame({i: values * (1 + i // 2) for i in range(4)})
    columns = infer_schema(frame)
    table = {i: TypedSeries(column, frame.iloc[:, i]) for i, column in enumerate(columns)}
    found = detect_dependencies(table, rng)
    assert [rule.describe() for rule in found] == [
        "1 is a copy of 0",
        "3 is a copy of 2",
        "2 = 2 * `0`",
    ]


@pytest.mark.parametrize("name", FOUND)
def test_rules_of_real_tables(name, table_of, round_trip, rng):
    path = DATA / f"{name}.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there; TABGAN_DATA names the folder of the real tables")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    table = table_of(frame)
    found = detect_dependencies(table, rng)
    assert [rule.describe() for rule in found] == FOUND[name]
    pd.testing.assert_frame_equal(round_trip(table, found), frame)


def _drawn(table, rules, seed):
    """Reduce a table, draw its columns independently, and restore it."""
    for rule in rules:
        table = rule.reduce(table)
    drawn = {
        at: TypedSeries(
            column, values.sample(frac=1, random_state=seed + at).reset_index(drop=True)
        )
        for at, (column, values) in table.items()
    }
    for rule in reversed(rules):
        drawn = rule.restore(drawn)
    return pd.concat([values for _, values in drawn.values()], axis=1)


def _subscriptions(rows=2000):
    """A table of columns that others determine, sums, and orders with them on either side."""
    rng = np.random.default_rng(5)
    plan, team = rng.integers(0, 12, rows), rng.integers(0, 30, rows)
    cap = np.array([10, 20, 30, 40, 55, 60, 70, 80, 100, 120, 150, 200])[plan]
    day = np.timedelta64(1, "D")
    founded = np.datetime64("1900-01-01", "ns") + np.sort(rng.integers(0, 30_000, 30))[team] * day
    frame = pd.DataFrame({"plan": [f"p{i}" for i in plan], "cap": cap})
    frame["used"] = np.floor(cap * rng.random(rows) / 5).astype(int) * 5
    frame["level"] = frame["used"] // 20
    frame["team"] = [f"t{i}" for i in team]
    frame["founded"], frame["closed"] = founded, founded + 9000 * day
    frame["debut"] = founded + rng.integers(0, 9000, rows) * day
    frame["left"] = frame["debut"] + rng.integers(0, 9000, rows) * day
    frame["left"] = frame["left"].where(rng.random(rows) < 0.7)
    frame["net"] = rng.integers(300, 9000, rows)
    frame["tax"] = frame["net"] * rng.choice([7, 19], rows) // 100
    frame["gross"] = frame["net"] + frame["tax"]
    frame["paid"] = np.floor(frame["gross"] * rng.random(rows)).astype(int)
    return frame


SUBSCRIPTIONS = _subscriptions()
SUBSCRIPTIONS_TABLE = by_position(SUBSCRIPTIONS, infer_schema(SUBSCRIPTIONS))
SUBSCRIPTIONS_RULES = detect_dependencies(SUBSCRIPTIONS_TABLE, np.random.default_rng(0))


def test_orders_with_derived_columns_are_found(round_trip):
    described = [rule.describe() for rule in SUBSCRIPTIONS_RULES]
    assert described == [
        "'level' follows from 'used' (10 ranges)",
        "'used' ≤ 'cap'",
        "'paid' ≤ 'gross'",
        "'founded' ≤ 'debut', 'debut' ≤ 'left', 'debut' ≤ 'closed'",
        "'plan' determines 'cap'",
        "'team' determines 'founded'",
        "'team' determines 'closed'",
        "'net' + 'tax' = 'gross'",
    ]
    made = round_trip(SUBSCRIPTIONS_TABLE, SUBSCRIPTIONS_RULES)
    pd.testing.assert_frame_equal(made, SUBSCRIPTIONS)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_derived_columns_sums_and_orders_hold_together(seed):
    made = _drawn(SUBSCRIPTIONS_TABLE, SUBSCRIPTIONS_RULES, seed)
    for low, high in [
        ("used", "cap"),
        ("founded", "debut"),
        ("debut", "closed"),
        ("debut", "left"),
        ("paid", "gross"),
        ("net", "gross"),
    ]:
        both = made[low].notna() & made[high].notna()
        assert (made[low] <= made[high])[both].all(), (low, high)
    for keys in (["plan", "cap"], ["used", "level"], ["team", "founded"], ["team", "closed"]):
        together = pd.concat([made[keys], SUBSCRIPTIONS[keys]]).groupby(keys[0])[keys[1]]
        assert together.nunique().max() == 1, keys
    assert (made["net"] + made["tax"] == made["gross"]).all()
    assert (made.min(numeric_only=True) >= SUBSCRIPTIONS.min(numeric_only=True)).all()
    assert (made.max(numeric_only=True) <= SUBSCRIPTIONS.max(numeric_only=True)).all()


def test_a_date_that_is_a_distance_is_missing_where_its_status_says_so():
    rng = np.random.default_rng(0)
    ordered = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 700, 600), "D")
    came = pd.Series(ordered + pd.to_timedelta(rng.integers(0, 30, 600), "D"))
    is_sent = rng.random(600) < 0.7
    status = np.where(is_sent, "sent", "canceled")
    frame = pd.DataFrame({"ordered": ordered, "status": status, "came": came.where(is_sent)})
    table = by_position(frame, infer_schema(frame))
    rules = detect_dependencies(table, rng)
    for rule in rules:
        table = rule.reduce(table)
    table[1] = table[1].take(rng.permutation(600))  # a generator that learned no relation
    table[1] = table[1]._replace(values=table[1].values.reset_index(drop=True))
    for rule in rules[::-1]:
        table = rule.restore(table)
    assert ((table[1].values == "sent") == table[2].values.notna()).all()
    assert (table[2].values - table[0].values).dropna().between("0D", "29D").all()
