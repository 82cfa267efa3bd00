import contextlib
import json
import zoneinfo
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import DataError, SchemaError
from tabgan.table.dtypes import describe_dtype, restore_dtype

pa = pytest.importorskip("pyarrow")

NUMPY = ["bool", "object", ">i8", *(f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64))]
NUMPY += ["float16", "float32", "float64", *(f"datetime64[{u}]" for u in ("s", "ms", "us", "ns"))]
NUMPY += [f"timedelta64[{u}]" for u in ("s", "ms", "us", "ns")]
MASKED = ["boolean", "Float32", "Float64", "Int8", "Int64", "UInt16", "UInt64"]
ZONES = ["UTC", "Europe/Berlin", "+03:30", zoneinfo.ZoneInfo("Asia/Tokyo")]
PERIODS = ["period[M]", "period[D]", "period[W-WED]", "period[Q-NOV]", "period[5D]", "period[s]"]
STRINGS = [pd.StringDtype("python"), pd.StringDtype("pyarrow")]
with contextlib.suppress(TypeError):  # pandas before 2.3
    STRINGS += [pd.StringDtype(storage, na_value=np.nan) for storage in ("python", "pyarrow")]
INTERVALS = [
    pd.IntervalDtype("int64", "both"),
    pd.IntervalDtype("float64", "neither"),
    pd.IntervalDtype("datetime64[ns, UTC]", "left"),
    pd.IntervalDtype("timedelta64[ns]", "right"),
]
SPARSE = [
    pd.SparseDtype("int64", 0),
    pd.SparseDtype("int64", 7),
    pd.SparseDtype("float64"),
    pd.SparseDtype("float64", 0.0),
    pd.SparseDtype("bool", True),
    pd.SparseDtype("datetime64[ns]"),
    pd.SparseDtype("datetime64[ns]", pd.Timestamp("2024-01-01")),
    pd.SparseDtype(object, "none"),
]
CATEGORIES = [
    pd.CategoricalDtype([]),
    pd.CategoricalDtype(["low", "high"], ordered=True),
    pd.CategoricalDtype([1, "1", 1.5, b"1"]),
    pd.CategoricalDtype([2, 1]),
    pd.CategoricalDtype(pd.Index([1, 2], dtype="int8")),
    pd.CategoricalDtype(pd.array([1, 2], dtype="Int64")),
    pd.CategoricalDtype(pd.array(["a", "b"], dtype="string")),
    pd.CategoricalDtype([True, False]),
    pd.CategoricalDtype([0.5, float("inf")]),
    pd.CategoricalDtype([("a", 1), ("b", 2)]),
    pd.CategoricalDtype([Decimal("1.50")]),
    pd.CategoricalDtype(pd.Index([pd.Timestamp("2024-01-01")], dtype=object)),
    pd.CategoricalDtype(pd.date_range("2024", periods=3, tz="Europe/Berlin")),
    pd.CategoricalDtype(pd.period_range("2024", periods=3, freq="M")),
    pd.CategoricalDtype(pd.timedelta_range("1h", periods=3)),
    pd.CategoricalDtype(pd.interval_range(0, 3)),
    pd.CategoricalDtype(pd.Index(["\ud800", "a\0b", "a\0c", "😀", ""], dtype=object)),
]
ARROW = [
    *(pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.bool_(), pa.null()),
    *(pa.string(), pa.large_string(), pa.binary(), pa.binary(4), pa.large_binary()),
    *(pa.date32(), pa.date64(), pa.time32("ms"), pa.time64("ns"), pa.duration("us")),
    *(pa.timestamp("ns"), pa.timestamp("us", "Europe/Paris"), pa.timestamp("s", "+01:00")),
    *(pa.decimal128(5, 2), pa.decimal128(38, -3), pa.decimal256(60, 10)),
    *(pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.uint32(), pa.int64(), ordered=True)),
]
DTYPES = [
    *map(np.dtype, NUMPY),
    *map(pd.api.types.pandas_dtype, [*MASKED, *PERIODS]),
    *(pd.DatetimeTZDtype("us", zone) for zone in ZONES),
    *(*STRINGS, *INTERVALS, *SPARSE, *CATEGORIES, *map(pd.ArrowDtype, ARROW)),
]


def through_json(dtype):
    return restore_dtype(json.loads(json.dumps(describe_dtype(dtype), allow_nan=False)))


@pytest.mark.parametrize("dtype", DTYPES, ids=ascii)
def test_round_trip(dtype):
    restored = through_json(dtype)
    assert restored == dtype
    assert type(restored) is type(dtype)
    assert str(restored) == str(dtype)
    assert describe_dtype(restored) == describe_dtype(dtype)


@pytest.mark.parametrize("dtype", CATEGORIES, ids=ascii)
def test_categories_keep_their_own_dtype_and_types(dtype):
    restored = through_json(dtype)
    assert restored.ordered == dtype.ordered
    pd.testing.assert_index_equal(restored.categories, dtype.categories, exact=True)
    assert [*map(type, restored.categories)] == [*map(type, dtype.categories)]


@pytest.mark.parametrize("dtype", STRINGS, ids=repr)
def test_strings_keep_storage_and_missing_value(dtype):
    restored = through_json(dtype)
    assert restored.storage == dtype.storage
    assert repr(restored.na_value) == repr(dtype.na_value)


def test_strings_of_arrow_and_of_pandas_are_told_apart():
    arrow, pandas = pd.ArrowDtype(pa.string()), pd.StringDtype("pyarrow")
    assert str(arrow) == str(pandas) or str(pandas) == "string"
    assert isinstance(through_json(arrow), pd.ArrowDtype)
    assert isinstance(through_json(pandas), pd.StringDtype)


@pytest.mark.parametrize(
    ("dtype", "description"),
    [
        (np.dtype("int64"), "int64"),
        (pd.Int8Dtype(), "Int8"),
        (pd.StringDtype("python"), "string[python]"),
        (pd.DatetimeTZDtype("ns", "Europe/Paris"), "datetime64[ns, Europe/Paris]"),
        (pd.PeriodDtype("M"), "period[M]"),
        (pd.SparseDtype("int64", 0), {"type": "sparse", "subtype": "int64"}),
        (pd.SparseDtype("int64", 7), {"type": "sparse", "subtype": "int64", "fill": 7}),
        (pd.ArrowDtype(pa.string()), {"type": "arrow", "arrow": "string"}),
        (
            pd.ArrowDtype(pa.timestamp("us", "UTC")),
            {"type": "arrow", "arrow": ["timestamp", "us", "UTC"]},
        ),
        (
            pd.IntervalDtype("int64", "left"),
            {"type": "interval", "subtype": "int64", "closed": "left"},
        ),
    ],
    ids=ascii,
)
def test_the_json_form_is_stable(dtype, description):
    assert describe_dtype(dtype) == description


@pytest.mark.parametrize(
    "dtype",
    [
        *map(np.dtype, ["complex64", "complex128", "S4", "U4", "V8", "datetime64[D]"]),
        pd.SparseDtype("complex128"),
        pd.CategoricalDtype(),
        pd.IntervalDtype(),
        pd.ArrowDtype(pa.list_(pa.int8())),
        pd.ArrowDtype(pa.struct([("a", pa.int8())])),
        pd.ArrowDtype(pa.map_(pa.int8(), pa.int8())),
        pd.ArrowDtype(pa.dictionary(pa.int8(), pa.list_(pa.int8()))),
    ],
    ids=str,
)
def test_unsupported_dtypes_are_refused(dtype):
    shown = dtype.subtype if isinstance(dtype, pd.SparseDtype) else dtype
    with pytest.raises(DataError) as caught:
        describe_dtype(dtype)
    assert str(caught.value) == (
        f"Dtype {shown} is not supported; convert the column to numbers, text, dates or "
        "categories with .astype(), or leave it out"
    )


def test_categories_of_complex_numbers_are_refused():
    with pytest.raises(DataError, match=r"Value 1j of type complex can't be kept"):
        describe_dtype(pd.CategoricalDtype([1j]))


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ("int46", "'int46' is not a known dtype; did you mean 'int64'?"),
        ("datetime64[n]", "'datetime64[n]' is not a known dtype; did you mean 'datetime64[ns]'?"),
        (
            "timedelta64[D]",
            "'timedelta64[D]' is not a known dtype; did you mean 'timedelta64[ns]'?",
        ),
        ("string", "'string' is not a known dtype; did you mean 'string[python]'?"),
        (
            "datetime64[ns, Mars]",
            "Time zone 'Mars' is not known on this machine; use a name such as 'Europe/Paris'",
        ),
        (
            None,
            "None does not describe a dtype; it must be a string such as 'int64' or an object "
            "with a 'type'",
        ),
        (
            {"type": "categories"},
            "'categories' is not a type of dtype; did you mean 'category'?",
        ),
        ({"type": "arrow", "arrow": "list"}, "'list' is not a plain Arrow type"),
        (
            {"type": "arrow", "arrow": ["list_", "int8"]},
            "['list_', 'int8'] is not a plain Arrow type",
        ),
    ],
)
def test_malformed_descriptions_are_refused(description, text):
    with pytest.raises(SchemaError) as caught:
        restore_dtype(description)
    assert str(caught.value).endswith(text)


@pytest.mark.parametrize(
    "description",
    [
        *(
            "",
            "U5",
            "i4,i4",
            "(2,)i4",
            "complex64",
            "V999999999999",
            "datetime64",
            "datetime64[2ns]",
        ),
        *("period[]", "period[X]", "datetime64[D, UTC]", "category", "Sparse[int]", "string[x]"),
        *(5, True, [], ["int64"], {}, {"type": []}, {"type": "arrow"}, {"type": "category"}),
        {"type": "string", "storage": "x"},
        {"type": "sparse", "subtype": "int64", "fill": "a"},
        {"type": "sparse", "subtype": "int64", "fill": {"type": "tuple", "value": []}},
        {"type": "interval", "subtype": "object", "closed": "left"},
        {"type": "interval", "subtype": "int64", "closed": "x"},
        {"type": "arrow", "arrow": ["decimal128", 99, 1]},
        {"type": "arrow", "arrow": ["decimal128", "a", 1]},
        {"type": "arrow", "arrow": ["binary", -4]},
        {"type": "arrow", "arrow": ["timestamp", "x"]},
        {"type": "arrow", "arrow": ["timestamp", "s", "Mars"]},
        {"type": "arrow", "arrow": ["dictionary", "string", "string", False]},
        {"type": "arrow", "arrow": []},
        {"type": "category", "categories": ["a", "a"], "dtype": "object", "ordered": False},
        {"type": "category", "categories": ["a", None], "dtype": "object", "ordered": False},
        {"type": "category", "categories": ["a"], "dtype": "int64", "ordered": False},
        {"type": "category", "categories": [[]], "dtype": "object", "ordered": False},
        {"type": "category", "categories": 5, "dtype": "object", "ordered": False},
        {"type": "category", "categories": ["a"], "dtype": "x", "ordered": False},
    ],
    ids=str,
)
def test_other_malformed_descriptions_are_refused(description):
    with pytest.raises((SchemaError, DataError)):
        restore_dtype(description)


def test_deep_nesting_is_refused():
    description = "int64"
    for _ in range(100_000):
        description = {"type": "sparse", "subtype": description}
    with pytest.raises(SchemaError, match="The description of a dtype is nested too deeply"):
        restore_dtype(description)


WORDS = [*NUMPY, *MASKED, *PERIODS, "type", "category", "sparse", "interval", "arrow", "string"]
WORDS += ["categories", "dtype", "ordered", "subtype", "closed", "fill", "storage", "timestamp"]
WORDS += ["decimal128", "dictionary", "binary", "tuple", "value", "s", "left", "UTC"]
LEAVES = st.none() | st.booleans() | st.integers(-5, 99) | st.floats() | st.sampled_from(WORDS)
JSON = st.recursive(
    LEAVES | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)
        | st.fixed_dictionaries(
            {"type": st.sampled_from(["category", "sparse", "interval", "arrow", "string"])},
            optional={
                "categories": st.lists(inner, max_size=3),
                **dict.fromkeys(("dtype", "ordered", "subtype", "closed"), inner),
                **dict.fromkeys(("fill", "arrow", "storage"), inner),
            },
        )
    ),
    max_leaves=10,
)


@given(JSON)
@settings(max_examples=500)
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_restoring_ends_in_a_dtype_or_our_error(description):
    with contextlib.suppress(SchemaError):
        describe_dtype(restore_dtype(description))
