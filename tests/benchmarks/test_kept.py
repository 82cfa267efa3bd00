from typing import ClassVar

import kept
import pandas as pd
import pytest

KINDS = {"id": "identifier", "size": "numeric", "born": "datetime", "kind": "categorical"}
REAL = pd.DataFrame(
    {
        "id": ["a1", "a2", "a3"],
        "size": ["1.5", "NA", "3"],
        "born": ["1900-01-01", "", "1950-06-30"],
        "kind": ["x", "y", "7"],
    }
)


def changed(**cells: str) -> pd.DataFrame:
    return REAL.assign(**{name: [*REAL[name][:2], cell] for name, cell in cells.items()})


class TestValuesWithin:
    @pytest.mark.parametrize(
        "cells",
        [{}, {"id": "new"}, {"size": "2"}, {"size": "NA"}, {"born": "1920-01-01"}, {"kind": "y"}],
    )
    def test_kept(self, cells: dict[str, str]) -> None:
        assert kept.values_within(REAL, changed(**cells), KINDS) == []

    @pytest.mark.parametrize(
        ("cells", "fault"),
        [
            ({"size": "3.1"}, "'size': 1.5 to 3.1, outside 1.5 to 3.0"),
            ({"size": ""}, "'size': 1 values not in the table, as ''"),
            (
                {"born": "1950-07-01"},
                "'born': 1900-01-01 00:00:00 to 1950-07-01 00:00:00, "
                "outside 1900-01-01 00:00:00 to 1950-06-30 00:00:00",
            ),
            ({"born": "NA"}, "'born': 1 values not in the table, as 'NA'"),
            ({"kind": "07"}, "'kind': 1 values not in the table, as '07'"),
        ],
    )
    def test_not_kept(self, cells: dict[str, str], fault: str) -> None:
        assert kept.values_within(REAL, changed(**cells), KINDS) == [fault]


def test_missing_shares() -> None:
    real = pd.DataFrame({"x": [None] * 10 + [1.0] * 90, "y": [1.0] * 100})
    near = pd.DataFrame({"x": [None] * 11 + [1.0] * 89, "y": [1.0] * 100})
    far = pd.DataFrame({"x": [None] * 12 + [1.0] * 88, "y": [1.0] * 100})
    assert kept.missing_shares(real, near) == []
    assert kept.missing_shares(real, far) == ["'x': 12.0 % missing, not 10.0 %"]


class TestOneHotGroups:
    def test_groups_are_found_side_by_side(self) -> None:
        table = pd.DataFrame(
            {
                "n": [3, 4, 5],
                "a1": [1, 0, 0],
                "a2": [0, 1, 1],
                "b1": [0, 0, 1],
                "b2": [0, 0, 0],
                "b3": [1, 1, 0],
                "flag": [0, 1, 0],
                "word": ["p", "q", "r"],
            }
        )
        assert kept.find_one_hot_groups(table) == [["a1", "a2"], ["b1", "b2", "b3"]]

    def test_columns_that_overlap_or_leave_gaps_are_no_group(self) -> None:
        table = pd.DataFrame({"a": [1, 1, 0], "b": [0, 1, 1], "c": [0, 0, 0]})
        assert kept.find_one_hot_groups(table) == []

    def test_a_row_with_two_ones_is_a_fault(self) -> None:
        real = pd.DataFrame({"a": [1, 0], "b": [0, 1]})
        assert kept.one_hot_groups(real, real[::-1]) == []
        broken = pd.DataFrame({"a": [1, 1], "b": [0, 1]})
        assert kept.one_hot_groups(real, broken) == ["'a' to 'b': 1 rows don't add up to 1"]


class TestDateOrders:
    kinds: ClassVar = {"birth": "datetime", "death": "datetime"}

    def test_an_order_of_all_rows_must_be_kept(self) -> None:
        real = pd.DataFrame({"birth": ["1900-01-01", "1950-01-01"], "death": ["1960-01-01", ""]})
        broken = pd.DataFrame({"birth": ["1900-01-01"], "death": ["1899-12-31"]})
        assert kept.date_orders(real, real, self.kinds) == []
        assert kept.date_orders(real, broken, self.kinds) == ["'death' is before 'birth' in 1 rows"]

    def test_dates_without_order_are_free(self) -> None:
        real = pd.DataFrame(
            {"birth": ["1900-01-01", "1960-01-01"], "death": ["1960-01-01", "1900-01-01"]}
        )
        assert kept.date_orders(real, real[1:], self.kinds) == []
