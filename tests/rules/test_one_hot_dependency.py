"""Groups of columns, exactly one of which is 1."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tabgan.base.errors import DataError
from tabgan.rules.one_hot_dependency import find_one_hots
from tabgan.table.columns import TypedSeries
from tabgan.table.schema import Column


def spread(hot, names, dtype="int64"):
    """Spread positions over 0/1 columns."""
    return pd.DataFrame({name: (np.array(hot) == i) for i, name in enumerate(names)}).astype(dtype)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float64", "bool", "boolean", "Int64", str])
def test_a_group_becomes_one_column_and_comes_back(dtype, table_of, round_trip, rng):
    frame = spread([0, 1, 2, 1] * 10, "abc", "int64" if dtype is str else dtype)
    frame = frame.astype(str) if dtype is str else frame
    table = table_of(frame)
    (group,) = find_one_hots(table, rng)
    assert group.describe() == "exactly one of the 3 columns 'a' … 'c' is 1"
    ((column, values),) = group.reduce(table).values()
    assert (column.kind, values.tolist()) == ("categorical", [0, 1, 2, 1] * 10)
    pd.testing.assert_frame_equal(round_trip(table, [group]), frame)


def test_groups_stand_side_by_side(table_of, round_trip, rng):
    one, two = rng.integers(0, 4, 200), rng.integers(0, 7, 200)
    frame = pd.concat(
        [
            pd.DataFrame({"x": rng.normal(size=200)}),
            spread(one, "abcd"),
            spread(two, "ghijklm"),
            pd.DataFrame({"y": rng.integers(0, 2, 200)}),
        ],
        axis=1,
    )
    table = table_of(frame)
    groups = find_one_hots(table, rng)
    assert [group.describe() for group in groups] == [
        "exactly one of the 4 columns 'a' … 'd' is 1",
        "exactly one of the 7 columns 'g' … 'm' is 1",
    ]
    assert list(groups[1].reduce(groups[0].reduce(table))) == [0, 1, 5, 12]
    pd.testing.assert_frame_equal(round_trip(table, groups), frame)


def test_constants_neither_belong_to_a_group_nor_break_it(table_of, rng):
    frame = spread([0, 1, 3, 4] * 10, "abcde")  # c is always 0
    frame.insert(0, "one", 1)
    (group,) = find_one_hots(table_of(frame), rng)
    assert [member.column.name for member in group.members] == ["a", "b", "d", "e"]


@given(st.lists(st.booleans(), min_size=60, max_size=60))
@example([False, True, False] * 10 + [False] * 30)
@example([False, False, True] * 10 + [False] * 30)
@settings(max_examples=20)
def test_an_unrelated_column_before_a_group_does_not_hide_it(before):

    frame = spread([0, 1, 2] * 20, "abc")
    frame.insert(0, "before", np.array(before, int))
    table = {i: TypedSeries(Column(n, "integer", "int64"), frame[n]) for i, n in enumerate(frame)}
    (group,) = find_one_hots(table, np.random.default_rng(0))
    assert [member.column.name for member in group.members] == ["a", "b", "c"]


NO_GROUPS = {
    "two columns": spread([0, 1] * 20, "ab"),
    "a row without a one": spread([0, 1, 2, 3] * 10, "abc"),
    "a row with two ones": spread([0, 1, 2] * 10, "abc").assign(b=[1, 1, 0] * 10),
    "other values": spread([0, 1, 2] * 10, "abc") * 2,
    "a missing value": spread([0, 1, 2] * 10, "abc").assign(c=[0, None, 1] * 10),
    "a column between": pd.concat(
        [spread([0, 1, 2] * 10, "ab"), pd.DataFrame({"x": range(30), "c": [0, 0, 1] * 10})], axis=1
    ),
}


@pytest.mark.parametrize("frame", NO_GROUPS.values(), ids=NO_GROUPS)
def test_no_group(frame, table_of, rng):
    assert find_one_hots(table_of(frame), rng) == []


def test_one_row_outside_of_the_sample_is_enough(table_of, rng):
    frame = spread([0, 1, 2] * 7000, "abc")
    frame.loc[11, "c"] = 0
    assert find_one_hots(table_of(frame), rng) == []


def test_a_row_that_breaks_the_rule_is_named(table_of, rng):
    frame = spread([0, 1, 2] * 10, "abc")
    (group,) = find_one_hots(table_of(frame), rng)
    frame.loc[4, ["a", "c"]] = 1
    message = "Row 4: 3 of the 3 columns 'a' … 'c' are 1; exactly one must be"
    with pytest.raises(DataError, match=f"^{message}$"):
        group.reduce(table_of(frame))
