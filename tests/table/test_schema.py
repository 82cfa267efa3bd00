import datetime
import json
from contextlib import suppress
from dataclasses import FrozenInstanceError, replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import DataError, SchemaError
from tabgan.table.schema import KINDS, Column, Schema

AGE = Column("age", "integer", "int64", minimum=17, maximum=90, decimals=0, why="whole numbers")
BORN = Column(
    ("born", 1),
    "datetime",
    "datetime64[ns, Europe/Paris]",
    missing=0.25,
    minimum=pd.Timestamp("1900-01-01", tz="Europe/Paris"),
    maximum=pd.Timestamp("2024-02-29", tz="Europe/Paris"),
)
PRICE = Column(
    None,
    "numeric",
    "object",
    minimum=Decimal("0.50"),
    maximum=Decimal("9.99"),
    decimals=2,
    absent="NaN",
)
SIZE = Column(
    3,
    "categorical",
    {"type": "category", "categories": ["S", "L"], "dtype": "object", "ordered": True},
)
SCHEMA = Schema((AGE, BORN, PRICE, SIZE), ("name",))


def through_json(value):
    return type(value).from_json(json.loads(json.dumps(value.to_json(), allow_nan=False)))


@pytest.mark.parametrize("column", [*SCHEMA], ids=lambda column: str(column.name))
def test_a_column_goes_through_json(column):
    restored = through_json(column)
    assert restored == column
    assert type(restored.name) is type(column.name)
    assert type(restored.minimum) is type(column.minimum)


def test_a_schema_goes_through_json():
    assert through_json(SCHEMA) == SCHEMA


def test_what_is_not_set_is_left_out_of_json():
    assert Column("a", "text", "object").to_json() == {
        "name": "a",
        "kind": "text",
        "dtype": "object",
        "missing": 0.0,
        "why": "",
        "origin": "declared",
    }


def test_a_column_of_a_file_without_origin_counts_as_inferred():
    state = AGE.to_json()
    del state["origin"]
    assert Column.from_json(state) == replace(AGE, origin="inferred")
    assert Column.from_json(AGE.to_json()) == AGE


COLUMNS = st.builds(
    Column,
    name=st.none() | st.text() | st.integers() | st.tuples(st.text(), st.integers()),
    kind=st.sampled_from(KINDS),
    dtype=st.sampled_from(["int64", "object", "datetime64[ns, UTC]"]),
    missing=st.floats(0, 1),
    minimum=st.none() | st.integers(max_value=0) | st.floats(max_value=0),
    maximum=st.none() | st.integers(min_value=0) | st.floats(min_value=0),
    decimals=st.none() | st.integers(0, 400),
    format=st.none() | st.text(),
    absent=st.sampled_from([None, "NaN", "NaT", "NA"]),
    why=st.text(),
)


@given(COLUMNS)
def test_any_column_goes_through_json(column):
    assert through_json(column) == column


def test_a_column_knows_its_pandas_dtype():
    assert SIZE.pandas_dtype == pd.CategoricalDtype(["S", "L"], ordered=True)
    assert AGE.pandas_dtype == np.dtype("int64")


def test_schemas_are_frozen():
    with pytest.raises(FrozenInstanceError):
        AGE.kind = "text"
    with pytest.raises(FrozenInstanceError):
        SCHEMA.columns = ()


def test_a_schema_is_a_sequence_of_named_columns():
    assert list(SCHEMA) == [AGE, BORN, PRICE, SIZE]
    assert len(SCHEMA) == 4
    assert SCHEMA.names == ("age", ("born", 1), None, 3)
    assert SCHEMA["age"] is AGE
    assert SCHEMA[None] is PRICE
    assert SCHEMA[3] is SCHEMA[np.int64(3)] is SIZE


def test_names_of_different_types_are_different_columns():
    schema = Schema((Column(1, "text", "object"), Column("1", "integer", "int64")))
    assert (schema[1].kind, schema["1"].kind) == ("text", "integer")
    with pytest.raises(SchemaError):
        schema[True]


def test_with_column_replaces_by_name():
    changed = SCHEMA.with_column(replace(AGE, kind="numeric"))
    assert changed["age"].kind == "numeric"
    assert SCHEMA["age"].kind == "integer"
    assert [*changed][1:] == [*SCHEMA][1:]
    assert changed.labels == ("name",)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"kind": "integr"}, "kind='integr' is not a kind of column; did you mean 'integer'?"),
        ({"missing": 1.5}, "missing=1.5 must be a share from 0 to 1"),
        ({"missing": float("nan")}, "missing=nan must be a share from 0 to 1"),
        ({"missing": None}, "missing=None must be a share from 0 to 1"),
        ({"decimals": -1}, "decimals=-1 must be a whole number from 0 to 400, or None"),
        ({"decimals": 2.0}, "decimals=2.0 must be a whole number from 0 to 400, or None"),
        ({"format": 5}, "format=5 must be text, or None"),
        ({"absent": "null"}, "absent='null' must be 'NaN', 'NaT', 'NA' or None"),
        ({"why": None}, "why=None must be text"),
        ({"origin": "guessed"}, "origin='guessed' must be 'declared', 'dtype' or 'inferred'"),
        ({"minimum": 91}, "minimum=91 must not be above maximum=90"),
        ({"minimum": "17"}, "minimum='17' must not be above maximum=90"),
        ({"maximum": float("nan")}, "minimum=17 must not be above maximum=nan"),
        (
            {"maximum": datetime.date(2024, 1, 1)},
            "minimum=17 must not be above maximum=datetime.date(2024, 1, 1)",
        ),
    ],
)
def test_a_column_that_makes_no_sense_is_refused(change, text):
    with pytest.raises(SchemaError) as caught:
        replace(AGE, **change)
    assert str(caught.value) == f"Column 'age': {text}"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"kinds": "text"}, "'kinds' is not a property of a column; did you mean 'kind'?"),
        ({"dtype": "int46"}, "'int46' is not a known dtype; did you mean 'int64'?"),
        (
            {"minimum": [17]},
            "[17] does not describe a single value; it must be a JSON string, number, true, "
            "false, null or an object with just 'type' and 'value'",
        ),
        ({"kind": ["text"]}, "kind=['text'] is not a kind of column; did you mean 'text'?"),
    ],
)
def test_a_malformed_column_in_json_is_refused(change, text):
    with pytest.raises(SchemaError) as caught:
        Column.from_json({**AGE.to_json(), **change})
    assert str(caught.value) == f"Column 'age': {text}"


@pytest.mark.parametrize("key", ["name", "kind", "dtype"])
def test_a_column_in_json_needs_name_kind_and_dtype(key):
    state = {k: value for k, value in AGE.to_json().items() if k != key}
    with pytest.raises(SchemaError) as caught:
        Column.from_json(state)
    assert str(caught.value) == (
        f"Column {state.get('name')!r}: {key!r} is missing; a column needs at least 'name', "
        "'kind' and 'dtype'"
    )


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ([], "A schema is a JSON object with a list under 'columns'"),
        ({"version": 1, "columns": {}}, "A schema is a JSON object with a list under 'columns'"),
        ({"columns": []}, "Schema version None is not known; this library reads version 1"),
        (
            {"version": 2, "columns": []},
            "Schema version 2 is not known; this library reads version 1",
        ),
        (
            {"version": 1, "columns": [], "labels": "ab"},
            "The 'labels' of a schema are a list with a name (or null) per level",
        ),
        (
            {"version": 1, "columns": [], "labels": [{"type": "x", "value": 1}]},
            "The 'labels' of a schema: 'x' is not a known type of a single value",
        ),
        ({"version": 1, "columns": ["age"]}, "A column is a JSON object, but this is 'age'"),
        (
            {"version": 1, "columns": [AGE.to_json(), AGE.to_json()]},
            "Column 'age' occurs twice; column names must be unique",
        ),
    ],
)
def test_a_malformed_schema_is_refused(state, text):
    with pytest.raises(SchemaError) as caught:
        Schema.from_json(state)
    assert str(caught.value) == text


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(SchemaError) as caught:
        SCHEMA["agee"]
    assert str(caught.value) == "Column 'agee' is not in the table; did you mean 'age'?"
    with pytest.raises(SchemaError):
        SCHEMA.with_column(Column("agee", "integer", "int64"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(Column.__dataclass_fields__, JSON)))
@settings(max_examples=200)
def test_reading_a_column_ends_in_a_column_or_our_error(change):
    with suppress(SchemaError):
        Column.from_json({**AGE.to_json(), **change})


def test_a_schema_error_can_be_caught_as_a_data_error():
    with pytest.raises(DataError):
        Schema.from_json(None)
