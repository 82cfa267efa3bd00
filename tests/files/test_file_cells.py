import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.files.file_cells import count_formulas, formula_like

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+A1",
    "-x",
    "-a+b",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "+1-555-01",
]
NUMBERS = [
    "-5",
    "+3.2",
    "-.5",
    "-1e5",
    "-1.5e-3",
    "-2,5 %",
    "+49 170 123",
    "-$3.20",
    "-1’000",
    "-inf",
]
HARMLESS = ["", "-", "--", "+", "=", "a=b", "1-2", "<script>", " =1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_computes(text):
    assert formula_like(pd.Series([text])).all()


@pytest.mark.parametrize("text", NUMBERS + HARMLESS)
def test_numbers_and_marks_are_none(text):
    assert not formula_like(pd.Series([text])).any()


@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_every_dtype_of_text(dtype):
    column = pd.Series(["=1", None, "b", "=1"], dtype=dtype)
    assert formula_like(column).tolist() == [True, False, False, True]


def test_what_is_no_text_is_no_formula():
    assert not formula_like(pd.Series([-5, b"=1", None, np.nan, -1.5], dtype=object)).any()
    assert not formula_like(pd.Series([-5, 3])).any()
    assert formula_like(pd.Series([], dtype=object)).tolist() == []


@given(st.lists(st.floats() | st.integers()))
def test_no_number_is_a_formula(numbers):
    assert not formula_like(pd.Series([str(number) for number in numbers], dtype=object)).any()


@given(st.lists(st.text(st.characters(exclude_characters="=+-@\t\r"), max_size=5)))
def test_no_text_without_a_mark_is_a_formula(texts):
    assert not formula_like(pd.Series(texts, dtype=object)).any()


def test_columns_that_have_some_are_counted():
    block = pd.DataFrame({"a": ["=1", "=2"], "n": [1, 2], 7: ["+a", "b"]})
    assert count_formulas(block) == {"a": 2, "7": 1}
