"""Columns of which only some combinations of values occur."""

import numpy as np
import pandas as pd
import pytest

from tabgan import DataError
from tabgan.rules.functional_dependency import CombinationDependency, combinations_of
from tabgan.table.columns import field_at


@pytest.fixture
def places():
    frame = pd.DataFrame(
        {
            "city": ["Bern", "Wien", None, "Genf"] * 10,
            "size": [1.5, np.nan, 2.0, 1.5] * 10,
            "free": range(40),
            "since": pd.Series(["2024-01-01", None, "2024-01-02", "2024-01-01"] * 10),
        }
    )
    return frame.assign(since=pd.to_datetime(frame["since"]))


def test_members_become_one_column_and_come_back(places, table_of, round_trip):
    table = table_of(places)
    _, found = combinations_of([table[at] for at in (0, 1, 3)])
    assert len(found) == 4
    rule = CombinationDependency(tuple(field_at(table, at) for at in (0, 1, 3)), tuple(found))
    assert rule.describe() == "'city', 'size', 'since' have 4 combinations of values"
    reduced = rule.reduce(table)
    assert list(reduced) == [0, 2]
    assert reduced[0][0].kind == "categorical"
    pd.testing.assert_frame_equal(round_trip(table, [rule]), places)


def test_values_of_different_types_are_different(table_of):
    table = table_of(pd.DataFrame({"a": [1, "1", True, 1.0] * 3, "b": 0}, dtype=object))
    codes, found = combinations_of([table[0], table[1]])
    assert len(found) == 4
    assert [type(found[code][0]) for code in codes[:4]] == [int, str, bool, float]


def test_an_unknown_combination(places, table_of):
    table = table_of(places)
    rule = CombinationDependency((field_at(table, 0), field_at(table, 1)), (("Bern", 1.5),))
    with pytest.raises(DataError, match=r"'city', 'size': the combination .* was not there at fit"):
        rule.reduce(table)
