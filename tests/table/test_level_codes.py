import datetime
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tabgan.base.errors import DataError
from tabgan.table.level_codes import absent_of, are_filled, codes_of, levels_to_series
from tabgan.table.schema import Column

quick = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
DAY = pd.Timestamp("2024-02-29")
INF = float("inf")
CASES = {  # values, dtype, the levels
    "int": ([3, 1, 3], "int8", [1, 3]),
    "uint64": ([2**64 - 1, 0], "uint64", [0, 2**64 - 1]),
    "big-endian": ([3, 1], ">i4", [1, 3]),
    "float": ([0.5, np.nan, -INF], "float32", [-INF, 0.5, None]),
    "float16": ([0.5, np.nan], "float16", [0.5, None]),
    "bool": ([True, False, True], "bool", [False, True]),
    "Int64": ([2**63 - 1, None], "Int64", [2**63 - 1, None]),
    "Float64": ([0.5, None], "Float64", [0.5, None]),
    "boolean": ([True, None], "boolean", [True, None]),
    "text": (["b", "", "NaN", "None", None], "object", ["", "NaN", "None", "b", None]),
    "odd text": (["\ud800", "a\0b", "a\0c", "😀"], "object", ["a\0b", "a\0c", "\ud800", "😀"]),
    "string": (["b", "a\0", "a", None], "string[python]", ["a", "a\0", "b", None]),
    "Arrow-backed string": (["b", "a\0", None], "string[pyarrow]", ["a\0", "b", None]),
    "date": ([DAY, pd.NaT], "datetime64[s]", [DAY, None]),
    "zone": ([DAY.tz_localize("Asia/Tokyo")], None, [DAY.tz_localize("Asia/Tokyo")]),
    "duration": ([pd.Timedelta("1s"), pd.NaT], "timedelta64[ms]", [pd.Timedelta("1s"), None]),
    "period": ([pd.Period("2024-02"), pd.NaT], "period[M]", [pd.Period("2024-02"), None]),
    "interval": ([pd.Interval(1, 2), None], "interval[float64]", [pd.Interval(1.0, 2.0), None]),
    "Decimal": ([Decimal("1.5"), Decimal("0.5")], "object", [Decimal("0.5"), Decimal("1.5")]),
    "bytes": ([b"b", b"a\0", None], "object", [b"a\0", b"b", None]),
    "UUID": ([uuid.UUID(int=2), uuid.UUID(int=1)], "object", [uuid.UUID(int=1), uuid.UUID(int=2)]),
    "time": ([datetime.time(5), None], "object", [datetime.time(5), None]),
    "tuples": ([("b", 1), ("a", 2)], "object", [("a", 2), ("b", 1)]),
    "nothing": ([None, None], "object", [None]),
    "no rows": ([], "object", []),
    "sparse": ([0, 5, 0], "Sparse[int64]", [0, 5]),
    "sparse dates": ([DAY, pd.NaT], pd.SparseDtype("datetime64[ns]"), [DAY, None]),
}
ARROW = {
    "int64": ([3, None], [3, None]),
    "bool": ([True, None, False], [False, True, None]),
    "string": (["b", "a\0", "a", None], ["a", "a\0", "b", None]),
    "binary": ([b"b", b"a\0", None], [b"a\0", b"b", None]),
    "date32": ([datetime.date(1, 1, 1), None], [datetime.date(1, 1, 1), None]),
    "timestamp[us]": ([DAY, None], [DAY, None]),
    "time64[us]": ([datetime.time(5), None], [datetime.time(5), None]),
    "duration[s]": ([pd.Timedelta("1s"), None], [pd.Timedelta("1s"), None]),
}


def series(values, dtype=None):
    return pd.Series(values, dtype=dtype, name=None)


@pytest.mark.parametrize("case", CASES)
def test_levels_of_every_dtype(case, column_of, check_levels):
    values, dtype, expected = CASES[case]
    drawn = series(values, dtype)
    levels = check_levels(drawn, column_of(drawn, "categorical"))
    assert levels == expected
    assert [*map(type, levels)] == [*map(type, expected)]


@pytest.mark.parametrize("dtype", ARROW)
def test_levels_of_arrow(dtype, column_of, check_levels):
    pa = pytest.importorskip("pyarrow")
    values, expected = ARROW[dtype]
    names = {"time64[us]": pa.time64("us"), "duration[s]": pa.duration("s")}
    drawn = series(values, pd.ArrowDtype(names.get(dtype) or pa.type_for_alias(dtype)))
    assert check_levels(drawn, column_of(drawn, "categorical")) == expected


def test_levels_of_other_types_of_arrow(column_of, check_levels):
    pa = pytest.importorskip("pyarrow")
    drawn = series(["b", None, "a"], pd.ArrowDtype(pa.dictionary(pa.int8(), pa.string())))
    assert check_levels(drawn, column_of(drawn, "categorical")) == ["a", "b", None]
    drawn = series([Decimal("1.50"), None], pd.ArrowDtype(pa.decimal128(5, 2)))
    assert check_levels(drawn, column_of(drawn, "categorical")) == [Decimal("1.50"), None]
    zoned = pd.ArrowDtype(pa.timestamp("ns", "Europe/Berlin"))
    drawn = series([DAY.tz_localize("UTC")], zoned)
    assert check_levels(drawn, column_of(drawn, "categorical")) == [DAY.tz_localize("UTC")]


def test_levels_are_told_apart_by_type(column_of, check_levels):
    drawn = series([1, "1", 1.0, True, 1, False, 0, None], object)
    levels = check_levels(drawn, column_of(drawn, "categorical"))
    assert [(type(level), level) for level in levels] == [
        *((bool, False), (bool, True), (float, 1.0), (int, 0), (int, 1), (str, "1")),
        (type(None), None),
    ]


def test_levels_that_do_not_compare_have_an_order(column_of, check_levels):
    values = [(1, "a"), ("a", 1), DAY, DAY.tz_localize("UTC")]
    drawn = series(values, object)
    levels = check_levels(drawn, column_of(drawn, "categorical"))
    assert levels == codes_of(drawn[::-1])[1]
    assert {type(level) for level in levels} == {tuple, pd.Timestamp}


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(-3, 3).map(lambda value: value + 0.0),  # no -0.0: it is 0.0
    st.text(st.characters(exclude_categories=()), max_size=2),
    st.binary(max_size=2),
    st.dates(),
    st.tuples(st.integers(0, 1), st.text(max_size=1)),
)


@given(values=st.lists(VALUES, max_size=30))
@quick
def test_objects_keep_value_and_type(values, column_of, check_levels):
    drawn = series(values, object)
    levels = check_levels(drawn, column_of(drawn, "categorical"))
    assert len({(type(level), level) for level in levels}) == len(levels)
    assert codes_of(drawn[::-1])[1] == levels


@given(
    categories=st.lists(st.text(max_size=2), unique=True, max_size=6),
    data=st.data(),
)
@quick
def test_a_categorical_keeps_all_its_categories(categories, data, column_of, check_levels):
    categories = [c for c in categories if "\0" not in c]  # which pandas cuts there
    ordered = data.draw(st.booleans())
    codes = data.draw(st.lists(st.integers(-1, len(categories) - 1)))
    drawn = series(pd.Categorical.from_codes(codes, categories, ordered=ordered))
    levels = check_levels(drawn, column_of(drawn, "categorical"))
    assert levels == [c for i, c in enumerate(categories) if i in codes] + [None] * (-1 in codes)


@pytest.mark.parametrize(
    "categories",
    [
        [3, 1],
        [0.5, INF],
        [True, False],
        [1, "1"],
        [("a", 1), ("b", 2)],
        pd.date_range("2024", periods=2, tz="Asia/Tokyo"),
        pd.interval_range(0, 2),
        pd.array(["b", "a"], dtype="string"),
    ],
    ids=str,
)
def test_categories_of_any_type(categories, column_of, check_levels):
    drawn = series(
        pd.Categorical.from_codes([1, -1, 0, 1], pd.Index(categories, tupleize_cols=False))
    )
    levels = check_levels(drawn, column_of(drawn, "categorical"))
    assert levels == [*categories, None]


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        (["a", None], None),
        (["a", np.nan], "NaN"),
        (["a", pd.NaT], "NaT"),
        (["a", pd.NA], "NA"),
        ([np.nan, None], "NaN"),
        ([None, np.nan], None),
        (["a"], None),
        ([], None),
    ],
    ids=repr,
)
def test_absent_of_names_the_first_missing_value(values, mark, column_of, check_levels):
    drawn = series(values, object)
    assert absent_of(drawn) == mark
    if len(set(map(repr, drawn[drawn.isna()]))) == 1:
        check_levels(drawn, column_of(drawn, "categorical"))


def test_only_objects_have_a_mark_of_absence():
    assert absent_of(series([np.nan], "float64")) is None
    assert absent_of(series([None], "string")) is None


def test_numpy_scalars_among_objects_are_those_of_python():
    drawn = series([np.int8(1), 1, np.str_("a"), "a", np.float32(0.5)], object)
    codes, levels = codes_of(drawn)
    assert levels == [0.5, 1, "a"]
    assert codes.tolist() == [1, 1, 2, 2, 0]


@pytest.mark.parametrize("value", [[1], {"a": 1}, 1j, object(), pd.Series([1])], ids=type)
def test_values_that_are_not_single_ones_are_refused(value):
    drawn = pd.Series([1, None, value], dtype=object, name="x")
    with pytest.raises(DataError) as caught:
        codes_of(drawn)
    assert str(caught.value) == (
        f"Column 'x': the value {value!r:.60} of type {type(value).__name__} is not supported; "
        "convert the column to text, numbers, dates or categories"
    )


@pytest.mark.parametrize(
    ("dtype", "level"),
    [
        ("int8", 300),
        ("int8", None),
        ("bool", None),
        ("Int8", "a"),
        ("float64", "a"),
        ("datetime64[ns]", "a"),
        ({"type": "category", "categories": ["a"], "dtype": "object", "ordered": False}, "b"),
    ],
    ids=str,
)
def test_levels_that_do_not_fit_the_dtype_are_refused(dtype, level):
    column = Column("x", "categorical", dtype)
    with pytest.raises(DataError, match=r"^Column 'x': its levels do not fit its dtype "):
        levels_to_series([level], np.array([0]), column)


def test_many_levels_take_little_time_and_memory():
    texts = np.array([f"town {i}" for i in range(100_000)], object)
    drawn = series(texts[np.arange(200_000) % 100_000], object)
    codes, levels = codes_of(drawn)
    assert (codes.nbytes, len(levels)) == (800_000, 100_000)
    restored = levels_to_series(levels, codes, Column(None, "categorical", "object"))
    pd.testing.assert_series_equal(restored, drawn)


@pytest.mark.parametrize("dtype", ["int64[pyarrow]", "date32[pyarrow]", "string[pyarrow]"])
def test_arrow_columns_say_which_rows_are_filled(dtype):
    first = {"int64[pyarrow]": 5, "date32[pyarrow]": DAY.date(), "string[pyarrow]": "x"}[dtype]
    assert are_filled(pd.Series([first, None], dtype=dtype)).tolist() == [True, False]
