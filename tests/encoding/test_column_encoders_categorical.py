import datetime
import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tabgan.base.errors import DataError
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import CategoricalEncoder
from tabgan.table.columns import TypedSeries
from tabgan.table.dtypes import describe_dtype
from tabgan.table.schema import Column

RNG = np.random.default_rng(0)


def encode(encoder, values):
    return encoder.encode(TypedSeries(encoder.column, values))


def column_of(values: pd.Series, kind: str = "categorical") -> Column:
    return Column(values.name, kind, describe_dtype(values.dtype))


def decode(encoder: CategoricalEncoder, codes: np.ndarray) -> pd.Series:
    return encoder.decode(np.empty((len(codes), 0)), codes.astype(np.int64), 0, RNG)


SERIES = {
    "text": pd.Series(["b", "a", "", "NA", "b"]),
    "text with missing": pd.Series(["b", None, "a"], dtype=object),
    "bool": pd.Series([True, False, True]),
    "nullable bool": pd.Series([True, None, False], dtype="boolean"),
    "few integers": pd.Series([3, 1, 2, 3], dtype="int8"),
    "few nullable integers": pd.Series([3, None, 2], dtype="UInt8"),
    "few floats": pd.Series([0.1, np.nan, np.inf, -np.inf]),
    "ordered": pd.Series(pd.Categorical(["lo", None, "hi"], ["hi", "mid", "lo"], ordered=True)),
    "dates": pd.Series(
        pd.to_datetime(["2024-03-31 01:30", None, "1999-01-01 00:00"]).tz_localize("CET")
    ),
    "durations": pd.Series(pd.to_timedelta(["1 s", "3 days", None])),
    "mixed": pd.Series(
        [1, "1", 1.0, True, None, Decimal("1"), datetime.date(2024, 1, 1)], dtype=object
    ),
    "bytes": pd.Series([b"\x00", b"\xff", b""], dtype=object),
    "strange text": pd.Series(["\ud800", "a\0b", "a\0c", "🙂", "שלום"], dtype=object),
}
over_series = pytest.mark.parametrize("kind_of_values", SERIES)


@over_series
def test_every_value_comes_back_through_json(kind_of_values):
    values = SERIES[kind_of_values].rename("x")
    column = column_of(values)
    encoder = CategoricalEncoder.fit(TypedSeries(column, values))
    state = json.loads(json.dumps(encoder.to_json()))
    again = CategoricalEncoder.from_json(column, state)
    back = decode(again, encode(encoder, values).codes)
    pd.testing.assert_series_equal(back, values)
    assert list(map(type, back.tolist())) == list(map(type, values.tolist()))
    assert again.to_json() == encoder.to_json()


def test_missing_is_a_level_of_its_own():
    values = pd.Series(["b", None, "a", "b"], name="x", dtype=object)
    encoder = CategoricalEncoder.fit(TypedSeries(column_of(values), values))
    assert encoder.spans == RowLayout((), (3,))
    encoded = encode(encoder, values)
    assert encoded.codes.tolist() == [[1], [2], [0], [1]]
    assert encoded.codes.dtype == np.int32
    assert encoded.low.shape == encoded.width.shape == (4, 0)


@pytest.mark.parametrize("values", [["only"] * 3, [None] * 3])
def test_a_constant_takes_no_room_and_comes_back(values):
    values = pd.Series(values, name="x", dtype=object)
    encoder = CategoricalEncoder.fit(TypedSeries(column_of(values), values))
    assert encoder.spans == RowLayout()
    assert encode(encoder, values).codes.shape == (3, 0)
    pd.testing.assert_series_equal(decode(encoder, np.empty((3, 0))), values)


def test_an_unknown_value_is_named():
    values = pd.Series(["private", "state"], name="work", dtype=object)
    encoder = CategoricalEncoder.fit(TypedSeries(column_of(values), values))
    with pytest.raises(DataError) as raised:
        encode(encoder, pd.Series(["private", "sttate"], name="work", dtype=object))
    assert str(raised.value) == (
        "Column 'work': the value 'sttate' was not there at fit; correct it, or fit again on a "
        "table that has it; did you mean 'state'?"
    )
    with pytest.raises(DataError) as raised:
        encode(encoder, pd.Series(["private", None], name="work", dtype=object))
    assert str(raised.value) == (
        "Column 'work': a value is missing, but none was at fit; fill it, or fit again on a table "
        "with missing values"
    )


def test_a_value_of_another_type_is_unknown():
    values = pd.Series([1, 2, "x"], name="x", dtype=object)
    encoder = CategoricalEncoder.fit(TypedSeries(column_of(values), values))
    with pytest.raises(DataError, match="the value '1' was not there at fit"):
        encode(encoder, pd.Series(["1"], name="x", dtype=object))


@pytest.mark.parametrize(
    "state", [{}, {"levels": "ab"}, {"levels": []}, {"levels": [{"type": "no"}]}, {"levels": None}]
)
def test_malformed_json_is_refused(state):
    with pytest.raises((KeyError, TypeError, ValueError)):
        CategoricalEncoder.from_json(Column("x", "categorical", "object"), state)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([5.0, 6.4, None, 99.0], [5.0, 6.5, None, 8.0]),
        ([6.5, None], [6.5, None]),
    ],
)
def test_numbers_that_are_no_level_take_the_nearest_one(values, wanted):
    series = pd.Series([8.0, None, 6.5, 5.0], name="price", dtype=object)
    encoder = CategoricalEncoder.fit(TypedSeries(column_of(series, "numeric"), series))
    own = TypedSeries(encoder.column, pd.Series(values, dtype=object))
    assert encoder.nearest(own).values.tolist() == wanted
