import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tabgan.base.errors import DataError, SchemaError
from tabgan.table.columns import numbers_of, numbers_to_series
from tabgan.table.dtypes import describe_dtype
from tabgan.table.numbers import whole_within
from tabgan.table.schema import Column

quick = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
WORDS = [f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64)]
FLOATS = ["float16", "float32", "float64", ">f8", "Float32", "Float64", "double[pyarrow]"]
TEXTS = ["object", "string[python]", "string[pyarrow]", "large_string[pyarrow]"]
FLOATS += ["float[pyarrow]", "halffloat[pyarrow]", "Sparse[float64]"]
INF = float("inf")


def series(values, dtype=None):
    return pd.Series(values, dtype=dtype, name=("x", 1))


def describe(dtype):
    return describe_dtype(pd.api.types.pandas_dtype(dtype))


def write(values, column, special=None):
    """Write numbers of which those without a special are present."""
    special = np.array([None] * len(values) if special is None else special, object)
    present = np.array([item is None for item in special], bool)
    return numbers_to_series(np.asarray(values), special, column, present)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("form", ["{}", "nullable", "{}[pyarrow]", "Sparse[{}]"])
def test_whole_numbers_are_exact_up_to_their_edges(word, form, column_of, check_numbers):
    info = np.iinfo(word)
    dtype = form.format(word)
    values = [info.max, info.min, info.max - 1]
    if form == "nullable":
        dtype = word.replace("u", "U").replace("int", "Int")
    if form in ("nullable", "{}[pyarrow]"):
        values.append(None)
    drawn = series(values, dtype)
    numbers = check_numbers(drawn, column_of(drawn, "integer"))
    assert numbers.values.tolist() == [value or 0 for value in values]
    assert numbers.values.dtype == (np.uint64 if word == "uint64" else np.int64)


@given(values=st.lists(st.integers(0, 2**64 - 1) | st.none(), min_size=1))
@quick
def test_objects_that_are_whole_numbers_are_exact(values, column_of, check_numbers):
    drawn = series(values, object)
    numbers = check_numbers(drawn, column_of(drawn, "integer"))
    assert numbers.values.tolist() == [value or 0 for value in values]


@pytest.mark.parametrize("dtype", FLOATS)
@given(values=st.lists(st.floats(width=16), min_size=1))
@quick
def test_floats_are_exact(dtype, values, column_of, check_numbers):
    drawn = series(values, dtype)
    numbers = check_numbers(drawn, column_of(drawn, "numeric"))
    for value, special in zip(values, numbers.special, strict=True):
        assert special == (value if math.isinf(value) else None)


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
@quick
def test_floats_of_full_precision_are_exact_as_text(values, column_of, check_numbers):
    values = [value + 0.0 for value in values]  # no -0.0: it is written 0
    drawn = series([repr(value).removesuffix(".0") for value in values], object)
    column = column_of(drawn, "numeric", values, format="shortest")
    assert check_numbers(drawn, column).values.tolist() == values


def written(value, places, form):
    text = f"{value / 10**places:.{places}f}"
    return text.rstrip("0").rstrip(".") if form == "shortest" and places else text


@pytest.mark.parametrize("dtype", TEXTS)
@given(
    values=st.lists(st.integers(-(10**12), 10**12) | st.sampled_from(["", "?", "007", None])),
    style=st.tuples(st.integers(0, 5), st.sampled_from(["fixed", "shortest"])),
)
@quick
def test_decimal_places_of_text_are_kept(dtype, values, style, column_of, check_numbers):
    places, form = style
    numbers = [v / 10**places for v in values if isinstance(v, int)]
    drawn = series([written(v, *style) if isinstance(v, int) else v for v in values], dtype)
    form = form if form == "shortest" else f"%.{places}f"
    column = column_of(drawn, "numeric", numbers, decimals=places, format=form)
    found = check_numbers(drawn, column)
    assert found.present.tolist() == [isinstance(v, int) for v in values]
    assert found.values[found.present].tolist() == numbers


@pytest.mark.parametrize("form", ["shortest", "%.0f"])
def test_whole_numbers_of_text_are_exact(form, column_of, check_numbers):
    drawn = series(["9223372036854775807", "-9223372036854775808", "-1"], object)
    column = column_of(drawn, "integer", [*map(int, drawn)], decimals=0, format=form)
    assert check_numbers(drawn, column).values.tolist() == [2**63 - 1, -(2**63), -1]
    drawn = series(["18446744073709551615", "0"], object)
    column = column_of(drawn, "integer", [*map(int, drawn)], decimals=0, format=form)
    assert check_numbers(drawn, column).values.tolist() == [2**64 - 1, 0]


@pytest.mark.parametrize("text", ["007", "+5", "1,000", " 3", "3 ", "1.", ".5", "٣", "1_0", "inf"])
def test_what_would_not_be_written_back_is_special(text, column_of, check_numbers):
    drawn = series(["3", text, None], object)
    column = column_of(drawn, "integer", [3], format="shortest")
    assert check_numbers(drawn, column).special.tolist() == [None, text, None]


@pytest.mark.parametrize("kind", ["numeric", "integer"])
def test_what_is_too_long_to_count_with_is_special(kind, column_of, check_numbers):
    drawn = series(
        ["1", "1e400", "9223372036854775808", "-9223372036854775809", "9" * 5000], object
    )
    column = column_of(drawn, kind, [1], format="shortest")
    assert check_numbers(drawn, column).present.tolist() == [True, False, False, False, False]
    drawn = series([1.0, 10**400, Decimal("1e400"), -(2**63) - 1, 2**63], object)
    column = column_of(drawn, kind, [1.0])
    assert check_numbers(drawn, column).present.tolist() == [True, False, False, False, False]


def test_decimals_stay_decimals_of_their_places(column_of, check_numbers):
    drawn = series([Decimal("1.50"), None, Decimal("-0.25"), Decimal("Infinity")], object)
    column = column_of(drawn, "numeric", [Decimal("1.50"), Decimal("-0.25")], decimals=2)
    numbers = check_numbers(drawn, column)
    assert numbers.values.tolist() == [1.5, 0.0, -0.25, 0.0]
    assert numbers.special.tolist() == [None, None, None, Decimal("Infinity")]
    assert str(write([1.499], column)[0]) == "1.50"


@pytest.mark.parametrize("scale", [3, 0, -2])
def test_decimals_of_arrow_are_exact(scale, column_of, check_numbers):
    pa = pytest.importorskip("pyarrow")
    step = Decimal(1).scaleb(-scale)
    drawn = series([step * 12, None, step * -345], pd.ArrowDtype(pa.decimal128(9, scale)))
    column = column_of(drawn, "numeric", decimals=max(scale, 0))
    check_numbers(drawn, column)


def test_whole_floats_stay_floats(column_of, check_numbers):
    for dtype in ("float64", "object"):
        drawn = series([1.0, None, 3.0], dtype)
        check_numbers(drawn, column_of(drawn, "integer", [1.0, 3.0]))


def test_truth_values_can_be_whole_numbers(column_of, check_numbers):
    for values, dtype in ([[True, False], "bool"], [[True, None], "boolean"], [[None], "boolean"]):
        drawn = series(values, dtype)
        check_numbers(drawn, column_of(drawn, "integer"))
    drawn = series([True, None, False], "bool[pyarrow]")
    check_numbers(drawn, column_of(drawn, "integer"))


def test_objects_beside_numbers_are_special(column_of, check_numbers):
    values = [1, "1", True, None, b"x", ("a", 2), INF, 7]
    numbers = check_numbers(series(values, object), column_of(series(values), "integer", [1, 7]))
    assert numbers.present.tolist() == [True, False, False, False, False, False, False, True]
    assert numbers.special.tolist() == [None, "1", True, None, b"x", ("a", 2), INF, None]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NaT, pd.NA], ids=repr)
def test_objects_keep_their_missing_value(missing, column_of, check_numbers):
    drawn = series([1, missing], object)
    check_numbers(drawn, column_of(drawn, "integer", [1]))


def test_numpy_objects_are_numbers(column_of):
    drawn = series([np.int8(3), np.float64(0.5), np.bool_(True)], object)
    numbers = numbers_of(drawn, column_of(series([0.5, 3.0]), "numeric"))
    assert numbers.values.tolist() == [3.0, 0.5, 0.0]


def test_read_only_buffers_are_read(column_of, check_numbers):
    for values in (np.arange(3), np.array([0.5, np.nan]), np.array(["1", "2"], object)):
        values.flags.writeable = False
        drawn = pd.Series(values, copy=False)
        kind = "numeric" if values.dtype == float else "integer"
        form = "shortest" if values.dtype == object else None
        numbers = [1, 2] if form else None
        check_numbers(drawn, column_of(drawn, kind, numbers, format=form))


def test_a_custom_index_does_not_matter(column_of, check_numbers):
    drawn = pd.Series([1.5, np.nan], index=["b", "b"], name="x")
    check_numbers(drawn, column_of(drawn, "numeric"))


@given(
    values=st.lists(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False), min_size=1),
    bounds=st.tuples(st.integers(-(2**63), 2**64 - 1), st.integers(-(2**63), 2**64 - 1)),
)
def test_whole_within_rounds_and_clips(values, bounds):
    low, high = sorted(bounds)
    low, high = (low, high) if high < 2**63 else (max(low, 0), high)
    floats = [float(value) for value in values]
    found = whole_within(np.array(floats), low, high).tolist()
    exact = [low if v == -INF else high if v == INF else round(v) for v in floats]
    assert found == [min(max(value, low), high) for value in exact]
    whole = [value for value in values if isinstance(value, int)]
    found = whole_within(np.array(whole, np.int64), low, high).tolist()
    assert found == [min(max(value, low), high) for value in whole]


@pytest.mark.parametrize(
    "dtype", ["int8", "Int8", "int8[pyarrow]", "float32", "object", "Sparse[int8]"]
)
def test_results_are_rounded_and_keep_the_range(dtype):
    column = Column("x", "integer", describe(dtype), minimum=-3, maximum=100)
    assert write([1.6, -1e9, 1e30, 2.4], column).tolist() == [2, -3, 100, 2]
    assert write(np.array([5, 2**63 - 1, -(2**63)]), column).tolist() == [5, 100, -3]


def test_a_dtype_is_never_overrun():
    column = Column("x", "integer", "int8")
    assert write([1e3, -1e3], column).tolist() == [127, -128]
    column = Column("x", "integer", "uint64")
    assert write(np.array([2**64 - 1], np.uint64), column).tolist() == [2**64 - 1]
    assert write([1e30, -1.0], column).tolist() == [2**64 - 1, 0]


def test_floats_are_rounded_and_keep_the_range():
    column = Column("x", "numeric", "float64", minimum=0.05, maximum=2.0, decimals=1)
    assert write([0.04, 0.26, 5.0, 1e300], column).tolist() == [0.05, 0.3, 2.0, 2.0]
    column = Column("x", "numeric", "float32", maximum=float(np.float32(0.1)))
    assert (write([0.1, 7.0], column) <= np.float32(0.1)).all()


def test_minus_zero_is_written_as_zero():
    column = Column("x", "numeric", "object", decimals=2, format="%.2f")
    assert write([-0.001], column).tolist() == ["0.00"]


def test_values_that_are_not_present_do_not_count():
    column = Column("x", "numeric", "float64", decimals=1)
    special = [None, -INF]
    present = np.array([False, False])
    restored = numbers_to_series(
        np.array([np.nan, 1e300]), np.array(special, object), column, present
    )
    assert np.isnan(restored[0])
    assert restored[1] == -INF


def test_a_missing_value_needs_a_dtype_that_holds_it():
    column = Column("x", "integer", "int64")
    with pytest.raises(DataError) as caught:
        numbers_to_series(np.array([1]), np.array([None]), column, np.array([False]))
    assert str(caught.value) == (
        "Column 'x': its dtype int64 can't hold a missing value; convert the column to a "
        "nullable dtype such as 'Int64'"
    )


@pytest.mark.parametrize(
    "value", [[1], {"a": 1}, 1j, object(), range(3)], ids=lambda value: type(value).__name__
)
def test_values_that_are_not_single_ones_are_refused(value):
    drawn = pd.Series([1, value], dtype=object, name="x")
    with pytest.raises(DataError) as caught:
        numbers_of(drawn, Column("x", "numeric", "object"))
    assert str(caught.value) == (
        f"Column 'x': the value {value!r:.60} of type {type(value).__name__} is not supported; "
        "convert the column to text, numbers, dates or categories"
    )


def test_a_category_is_no_number():
    with pytest.raises(DataError) as caught:
        numbers_of(pd.Series([1], dtype="category"), Column("x", "integer", "object"))
    assert str(caught.value) == (
        "Column 'x': kind='integer' does not go with the dtype category; convert the column with "
        ".astype(), or give it the kind 'categorical'"
    )


@pytest.mark.parametrize("form", ["%d", "%s", "%.9999f", "%Y", ""])
def test_a_format_that_is_none_of_numbers_is_refused(form):
    with pytest.raises(SchemaError) as caught:
        write([1.5], Column("x", "numeric", "object", format=form))
    assert str(caught.value) == (
        f"Column 'x': format={form!r} is not a form of numbers; write one number's digits with 0 "
        "and #, such as '#,##0.00', '0.0%', '$#,##0.00;($#,##0.00)', '0.0E+00' or '0.0[|k|M]', or "
        "'%.2f', 'shortest' or 'repr' for numbers as programs write them"
    )


@pytest.mark.parametrize("bound", ["5", pd.Timestamp("2024-01-01"), INF], ids=repr)
def test_a_range_that_is_none_of_numbers_is_refused(bound):
    with pytest.raises(SchemaError) as caught:
        write([1.5], Column("x", "numeric", "float64", maximum=bound))
    assert str(caught.value) == (
        f"Column 'x': maximum={bound!r} does not go with kind='numeric'; it must be a finite number"
    )


@pytest.mark.parametrize(
    ("texts", "decimals"),
    [(["139.0", "35.59", "-2.0", "0.5"], 2), (["1e-05", "3.0", "0.25", "1e+16"], None)],
)
def test_floats_as_python_writes_them_come_back(texts, decimals):
    values = pd.Series(texts, name="x", dtype=object)
    column = Column("x", "numeric", "object", decimals=decimals, format="repr")
    numbers = numbers_of(values, column)
    back = numbers_to_series(numbers.values, numbers.special, column, numbers.present)
    pd.testing.assert_series_equal(back, values)
