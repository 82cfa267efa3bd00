import datetime
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tabgan import SchemaError, infer_schema
from tabgan.inference.infer_schema import match_schema, resolve_schema
from tabgan.table.schema import Schema


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame({"age": [31, 52, 47] * 10, "town": ["Ulm", "Bonn", "Trier"] * 10})


def test_kind_and_range_are_the_schemas(table):
    declared = infer_schema(table)
    declared = declared.with_column(
        replace(declared["age"], minimum=0, maximum=120, why="declared")
    )
    schema = match_schema(table, declared)
    assert (schema["age"].minimum, schema["age"].maximum) == (0, 120)
    assert schema["age"].why == "declared"
    assert schema["town"] == infer_schema(table)["town"]


def test_storage_and_missing_share_are_the_tables(table):
    declared = infer_schema(table)
    table["town"] = table["town"].where(table["age"] > 40)
    table["age"] = table["age"].astype("float64")
    schema = match_schema(table, declared)
    assert schema["town"].missing == pytest.approx(1 / 3)
    assert schema["age"].dtype == "float64"


def test_columns_are_matched_by_name_in_the_tables_order(table):
    declared = infer_schema(table)
    turned = Schema(declared.columns[::-1], declared.labels)
    assert match_schema(table, turned).names == ("age", "town")


def test_columns_that_lack_are_named(table):
    declared = infer_schema(table)
    with pytest.raises(SchemaError) as caught:
        match_schema(table.rename(columns={"town": "twon"}), declared)
    assert str(caught.value) == (
        "Column 'twon' is in the table but not in the schema; did you mean 'town'?"
    )
    with pytest.raises(SchemaError) as caught:
        match_schema(table[["age"]], declared)
    assert str(caught.value) == (
        "Column 'town' is in the schema but not in the table; known names: 'age'"
    )


def test_resolve(table):
    declared = infer_schema(table, {"age": "categorical"})
    assert resolve_schema(table, declared)["age"].kind == "categorical"
    assert resolve_schema(table, {"age": "categorical"})["age"].kind == "categorical"
    assert resolve_schema(table, None)["age"].kind == "integer"


def test_the_first_column_of_the_schema_that_lacks_is_named():
    table = pd.DataFrame({f"c{i}": [1, 2] for i in range(9)})
    with pytest.raises(SchemaError, match="Column 'c1' is in the schema but not in the table"):
        match_schema(table[["c0"]], infer_schema(table))


DAYS = pd.date_range("2024-01-01", periods=6, freq="D")
COUNTS = [3, 0, 9, 4, 7, 8]
RANGED = {
    "few numbers": (COUNTS, {"maximum": 6}, "0 to 6", 3, "9", 2),
    "floats": ([x / 4 for x in COUNTS], {"minimum": 1}, "1 to 2.25", 2, "0.75", 0),
    "unsigned": (np.array(COUNTS, np.uint64), {"minimum": 1}, "1 to 9", 1, "0", 1),
    "nullable": (pd.array([None, *COUNTS], "Int64"), {"maximum": 6}, "0 to 6", 3, "9", 3),
    "texts": ([str(x) for x in COUNTS], {"minimum": 1, "maximum": 8}, "1 to 8", 2, "'0'", 1),
    "Decimals": (
        [Decimal(x) / 10 for x in COUNTS],
        {"maximum": Decimal("0.8")},
        "Decimal('0') to Decimal('0.8')",
        1,
        "Decimal('0.9')",
        2,
    ),
    "dates": (
        DAYS,
        {"maximum": datetime.datetime(2024, 1, 5)},
        "Timestamp('2024-01-01 00:00:00') to datetime.datetime(2024, 1, 5, 0, 0)",
        1,
        "Timestamp('2024-01-06 00:00:00')",
        5,
    ),
    "text dates": (
        DAYS.strftime("%d.%m.%Y"),
        {"minimum": datetime.date(2024, 1, 3)},
        "datetime.date(2024, 1, 3) to datetime.date(2024, 1, 6)",
        2,
        "'01.01.2024'",
        0,
    ),
    "durations": (
        DAYS - DAYS[0],
        {"minimum": pd.Timedelta("1h")},
        "Timedelta('0 days 01:00:00') to Timedelta('5 days 00:00:00')",
        1,
        "Timedelta('0 days 00:00:00')",
        0,
    ),
}


@pytest.mark.parametrize(
    ("values", "bounds", "ends", "first"),
    [(*case[:3], case[3:]) for case in RANGED.values()],
    ids=RANGED,
)
def test_a_range_that_leaves_out_values_is_refused(values, bounds, ends, first):
    count, shown, row = first
    table = pd.DataFrame({"x": values})
    measured = infer_schema(table)
    with pytest.raises(SchemaError) as caught:
        match_schema(table, measured.with_column(replace(measured["x"], **bounds)))
    assert str(caught.value) == (
        f"Column 'x': the declared range from {ends} leaves out {count} of {len(table)} rows, "
        f"first {shown} in row {row}; widen the range, or change or drop these rows"
    )
    assert match_schema(table, measured) == measured


def test_a_range_of_another_type_than_the_values_is_refused(table):
    measured = infer_schema(table)
    odd = replace(measured["age"], minimum="a", maximum="b")
    with pytest.raises(SchemaError, match="minimum='a' and maximum='b' do not go with kind='int"):
        match_schema(table, measured.with_column(odd))


def test_a_range_of_one_zone_holds_values_of_the_hour_that_comes_twice():
    hours = pd.date_range("2024-10-27 00:50", periods=3, freq="40min", tz="Europe/Berlin")
    table = pd.DataFrame({"x": hours + pd.Timedelta("2h")})
    assert match_schema(table, infer_schema(table))["x"].minimum == table["x"].min()
