import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan import Column, Schema, infer_schema
from tabgan.table.columns import typed_frame


def typed(values, column):
    frame = pd.DataFrame({column.name: pd.Series(values, dtype=object)})
    return typed_frame(frame, Schema((column,)))[column.name]


def texts(kind, form, **rest):
    return Column("x", kind, "object", format=form, **rest)


@given(st.lists(st.integers(-(2**53), 2**53) | st.none(), min_size=1))
def test_whole_numbers_are_whole_and_marks_are_missing(numbers):
    values = ["?" if number is None else str(number) for number in numbers]
    made = typed(values, texts("integer", "%.0f", decimals=0))
    assert made.dtype == "Int64"
    assert [None if pd.isna(one) else one for one in made] == numbers


@given(st.lists(st.decimals(-(10**6), 10**6, places=2) | st.none(), min_size=1))
def test_numbers_with_decimals(numbers):
    values = ["" if number is None else f"{number:.2f}" for number in numbers]
    made = typed(values, texts("numeric", "%.2f", decimals=2))
    assert made.dtype == "Float64"
    wanted = [None if number is None else float(number) for number in numbers]
    assert [None if pd.isna(one) else one for one in made] == wanted


@given(st.lists(st.dates(datetime.date(1000, 1, 1)) | st.none(), min_size=1))
def test_days_are_dates_of_any_year(days):
    values = ["" if day is None else day.isoformat() for day in days]
    assert typed(values, texts("datetime", "%Y-%m-%d")).tolist() == days


def test_times_keep_their_zone():
    made = typed(["2024-05-06T07:08:09Z", "N/A"], texts("datetime", "%Y-%m-%dT%H:%M:%SZ"))
    assert made[0] == pd.Timestamp("2024-05-06 07:08:09", tz="UTC")
    assert made.isna().tolist() == [False, True]


def test_minutes_of_a_year_beyond_nanoseconds():
    made = typed(["2999-12-31 23:59"], texts("datetime", "%Y-%m-%d %H:%M"))
    assert made[0].to_pydatetime() == datetime.datetime(2999, 12, 31, 23, 59)


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (["2024-05", "2024-06"], texts("datetime", "%Y-%m")),
        (["07:30", "08:15"], texts("datetime", "%H:%M")),
        (["007", "010"], Column("x", "categorical", "object")),
    ],
    ids=["months", "times of day", "leading zeros"],
)
def test_what_no_type_can_hold_stays_a_text(values, column):
    assert typed(values, column).tolist() == values


def test_other_dtypes_stay_as_they_are():
    frame = pd.DataFrame({"a": np.arange(3, dtype=np.int8), "b": [True, False, True]})
    pd.testing.assert_frame_equal(typed_frame(frame, infer_schema(frame)), frame)
