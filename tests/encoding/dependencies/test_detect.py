"""All rules of a table together, and those of real tables."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabgan.encoding.dependencies import detect_dependencies
from tabgan.inference import infer_schema

DATA = Path(os.environ.get("TABGAN_DATA", "../shared/data"))
ROWS = 3000

FOUND = {
    "adult": ["'education' determines 'education-num'"],
    "baseball_players": ["'birthDate' ≤ 'deathDate'"],
    "beijing": [],
    "covtype_20k": [
        "exactly one of the 4 columns 'Wilderness_Area1' … 'Wilderness_Area4' is 1",
        "exactly one of the 39 columns 'Soil_Type1' … 'Soil_Type40' is 1",
        "'Vertical_Distance_To_Hydrology' ≤ 'Horizontal_Distance_To_Hydrology'",
    ],
    "default": [],
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
        "'net' + 'tax' = 'gross'",
        "'ordered' ≤ 'sent'",
        "'sent' is learned as its distance from 'ordered'",
        "'least' ≤ 'most'",
    ]
    pd.testing.assert_frame_equal(round_trip(table, found), sales)


def test_all_rules_hold_in_rows_drawn_column_by_column(sales, table_of, rng):
    table = table_of(sales)
    found = detect_dependencies(table, rng)
    for rule in found:
        table = rule.reduce(table)
    assert list(table) == [0, 1, 9, 10, 13, 14, 15, 16]
    drawn = {
        at: (column, values.sample(frac=1, random_state=at).reset_index(drop=True))
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
    table = {i: (column, frame.iloc[:rows, i]) for i, column in enumerate(columns)}
    assert detect_dependencies(table, np.random.default_rng(0)) == []


def test_no_columns_have_no_rules(rng):
    assert detect_dependencies({}, rng) == []


def test_columns_are_told_apart_by_position(rng):
    values = rng.normal(size=100)
    frame = pd.DataFrame({i: values * (1 + i // 2) for i in range(4)})
    columns = infer_schema(frame)
    table = {i: (column, frame.iloc[:, i]) for i, column in enumerate(columns)}
    found = detect_dependencies(table, rng)
    assert [rule.describe() for rule in found] == ["1 is a copy of 0", "3 is a copy of 2"]


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
