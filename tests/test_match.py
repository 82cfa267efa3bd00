from dataclasses import replace

import pandas as pd
import pytest

from tabgan import SchemaError, infer_schema
from tabgan.inference import match_schema, resolve_schema
from tabgan.schema import Schema


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
