"""Columns that equal another column in every row."""

import pandas as pd
import pytest

from tabgan.rules.functional_dependency import find_copies

NUMBERS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3] * 5
WORDS = ["ash", "oak", None, "elm", "oak", "ash", "yew", "elm", None, "ash"] * 5
DAYS = pd.Series(["2024-02-28", "2024-02-29", None, "2024-03-01", "1999-12-31"] * 10)
DAYS = pd.to_datetime(DAYS)

SAME = {
    "int64": pd.Series(NUMBERS),
    "nullable": pd.Series([3, None, 4, 1, 5] * 10, dtype="Int64"),
    "full-precision floats": pd.Series([0.1 + 0.2, 1 / 3, None, 1e300, -7.5] * 10),
    "words": pd.Series(WORDS, dtype=object),
    "categories": pd.Series(WORDS, dtype=pd.CategoricalDtype(["yew", "oak", "elm", "ash", "fir"])),
    "dates": DAYS,
    "dates with zone": DAYS.dt.tz_localize("Europe/Paris"),
    "booleans": pd.Series([True, False, False, True, True] * 10),
    "1 beside '1'": pd.Series([1, "1", 1.0, True, "x"] * 10, dtype=object),
}

TWO_FORMS = {
    "int and float": (pd.Series(NUMBERS), pd.Series(NUMBERS, dtype=float)),
    "int and text": (pd.Series(NUMBERS), pd.Series(NUMBERS).astype(str)),
    "text of two forms": (
        pd.Series(["1.5", "2.25", "3"] * 10),
        pd.Series(["1.50", "2.25", "3.00"] * 10),
    ),
    "nullable and float": (
        pd.Series([3, None, 4] * 10, dtype="Int64"),
        pd.Series([3, None, 4] * 10, dtype=float),
    ),
}


@pytest.mark.parametrize("values", SAME.values(), ids=SAME)
def test_a_copy_is_left_out_and_comes_back(values, table_of, round_trip, rng):
    frame = pd.DataFrame({"a": values, "b": values})
    table = table_of(frame)
    copies = find_copies(table, rng)
    assert [copy.describe() for copy in copies] == ["'b' is a copy of 'a'"]
    assert list(copies[0].reduce(table)) == [0]
    pd.testing.assert_frame_equal(round_trip(table, copies), frame)


@pytest.mark.parametrize(("a", "b"), TWO_FORMS.values(), ids=TWO_FORMS)
def test_equal_numbers_may_be_written_in_two_ways(a, b, table_of, round_trip, rng):
    frame = pd.DataFrame({"a": a, "b": b})
    table = table_of(frame)
    copies = find_copies(table, rng)
    assert len(copies) == 1
    pd.testing.assert_frame_equal(round_trip(table, copies), frame)


def test_every_copy_goes_back_to_the_first_column(table_of, rng):
    frame = pd.DataFrame(dict.fromkeys("abc", NUMBERS))
    described = [copy.describe() for copy in find_copies(table_of(frame), rng)]
    assert described == ["'b' is a copy of 'a'", "'c' is a copy of 'a'"]


def test_a_copied_identifier_stays_a_copy(table_of, rng):
    numbers = range(1, 101)
    copies = find_copies(table_of(pd.DataFrame({"id": numbers, "key": numbers})), rng)
    assert [copy.describe() for copy in copies] == ["'key' is a copy of 'id'"]


def test_one_other_row_is_enough_to_be_no_copy(table_of, rng):
    values = pd.Series(NUMBERS * 400)  # 20,000 rows: the sample mostly misses it
    other = values.copy()
    other.iloc[7] += 1
    assert find_copies(table_of(pd.DataFrame({"a": values, "b": other})), rng) == []


def test_a_missing_value_differs_from_a_number(table_of, rng):
    frame = pd.DataFrame({"a": [0.0, 1.5, 2.5] * 10, "b": [None, 1.5, 2.5] * 10})
    assert find_copies(table_of(frame), rng) == []


def test_one_missing_value_outside_of_the_sample_is_enough(table_of, rng):
    values = pd.Series([0.0, 1.5, 2.5] * 7000)
    other = values.mask(values.index == 9)
    assert find_copies(table_of(pd.DataFrame({"a": values, "b": other})), rng) == []


def test_constants_are_no_copies(table_of, rng):
    frame = pd.DataFrame({"a": [0] * 30, "b": [0] * 30, "c": ["x"] * 30, "d": ["x"] * 30})
    assert find_copies(table_of(frame), rng) == []
