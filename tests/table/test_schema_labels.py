import numpy as np
import pandas as pd
import pytest

from tabgan.table.schema import find_level, find_name


@pytest.mark.parametrize(
    ("name", "place"),
    [(1, 0), (np.int64(1), 0), (1.0, 1), (True, 2), ("1", 3), ("1.0", 1), (2, None)],
)
def test_names_are_told_apart_by_type(name, place):
    assert find_name(name, [1, 1.0, True, "1"]) == place


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("a", 0),
        (None, 1),
        (pd.NaT, 1),
        ("", 1),
        (3, 2),
        ("3", 2),
        (3.0, 2),
        ([3], None),
        ("b", None),
    ],
)
def test_levels_are_found_by_value_or_text(value, place):
    assert find_level(value, ["a", None, 3]) == place


def test_a_text_that_two_levels_are_written_by_is_none_of_them():
    assert find_level("1", [1, 1]) is None
