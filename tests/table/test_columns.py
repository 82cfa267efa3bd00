import datetime
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan import Column, Schema, infer_schema
from tabgan.table import columns
from tabgan.table.columns import TypedSeries, by_position, forget_parsed, typed_frame


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


PARSED = {
    "integers": pd.Series([3, 1, 2, 3, 1, 7]),
    "floats": pd.Series([0.5, np.nan, np.inf, 0.5, -2.0, 0.25]),
    "whole texts": pd.Series(["3", "?", "12", None, "3", "1"], dtype=object),
    "dates": pd.Series(pd.to_datetime(["2024-02-29", None, "2023-01-01"] * 2)),
    "text dates": pd.Series(["2024-02-29", "NA", "2023-01-01"] * 2, dtype=object),
    "mixed": pd.Series([1, "1", 1.0, True, None, 1], dtype=object),
    "categories": pd.Series(pd.Categorical(["b", "a", None, "b", "c", "c"], list("cba"))),
    "nullable": pd.Series([1, None, 2, 2, 1, 9], dtype="Int64"),
}


@pytest.fixture(params=PARSED)
def cells(request):
    values = PARSED[request.param]
    (column,) = infer_schema(values.to_frame("x"))
    return TypedSeries(column, values)


def is_number(column):
    return column.kind in {"integer", "numeric", "datetime"}


def assert_parsed_alike(one, other):
    assert one.codes.tolist() == other.codes.tolist()
    assert [*map(repr, one.levels)] == [*map(repr, other.levels)]
    if is_number(one.column):
        for part, same in zip(one.numbers, other.numbers, strict=True):
            assert np.array_equal(part, same)


@pytest.mark.parametrize("rows", [np.array([0, 2, 3]), np.array([5, 1]), np.arange(6) % 2 == 0])
def test_some_rows_are_parsed_as_they_are_by_themselves(cells, rows):
    alone = TypedSeries(cells.column, cells.values.iloc[rows])
    assert_parsed_alike(cells.take(rows), alone)
    assert cells.levels is not None  # parsed now, and taken from there
    assert_parsed_alike(cells.take(rows), alone)


def test_a_column_is_parsed_once(cells, monkeypatch):
    calls = []
    for name in ("codes_of", "read_numbers", "read_ticks"):
        function = getattr(columns, name)
        monkeypatch.setattr(
            columns, name, lambda *given, f=function: calls.append(f.__name__) or f(*given)
        )
    described = TypedSeries(cells.column, cells.values)
    for _ in range(2):
        parts = described.codes, described.levels, described.take(np.array([0, 1])).codes
        assert all(map(len, parts))
        if is_number(cells.column):
            assert len(described.take(np.array([0, 1])).numbers.values) == 2
        described = described.with_column(replace(described.column, min_group=5))
    assert len(calls) == len({*calls}) == 1 + is_number(cells.column)


def test_numbers_are_parsed_again_where_the_column_reads_them_otherwise():
    values = pd.Series(["2024-01-02 10:00", "2024-01-03 12:00"], dtype=object)
    (column,) = infer_schema(values.to_frame("x"))
    days = TypedSeries(column, values)
    assert days.numbers.present.all()
    again = days.with_column(replace(column, format="%Y-%m-%d"))
    assert not again.numbers.present.any()
    assert not days.take(np.array([0])).with_column(again.column).numbers.present.any()


def test_what_is_parsed_can_be_forgotten(cells):
    table = by_position(cells.values.to_frame("x"), Schema((cells.column,)))
    before = table[0].levels
    forget_parsed(table)
    assert not vars(table[0])
    assert [*map(repr, table[0].levels)] == [*map(repr, before)]
