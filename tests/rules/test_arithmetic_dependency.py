import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan import OptionError
from tabgan.rules.arithmetic_dependency import ArithmeticExpression, quoted

VALUES = {"a": np.array([1.0, 2.0, 0.0]), "b c": np.array([4.0, 5.0, 6.0]), "max": np.ones(3)}


@pytest.mark.parametrize(
    ("text", "names", "results"),
    [
        ("a", ["a"], [1, 2, 0]),
        ("a + 2 * `b c`", ["a", "b c"], [9, 12, 12]),
        ("(a + 2) * `b c`", ["a", "b c"], [12, 20, 12]),
        ("`b c` - a - 1", ["b c", "a"], [2, 2, 5]),
        ("`b c` / a / 2", ["b c", "a"], [2, 1.25, math.inf]),
        ("-a - -a * -2", ["a"], [-3, -6, 0]),
        ("abs(-a)", ["a"], [1, 2, 0]),
        ("min(a, `b c`, 1.5)", ["a", "b c"], [1, 1.5, 0]),
        ("max(a, max)", ["a", "max"], [1, 2, 1]),
        ("round(`b c` / 3, 2)", ["b c"], [1.33, 1.67, 2]),
        ("round(a / 3)", ["a"], [0, 1, 0]),
        ("a*1e1+.5", ["a"], [10.5, 20.5, 0.5]),
    ],
)
def test_values(text, names, results):
    expression = ArithmeticExpression(text)
    assert expression.names == tuple(names)
    np.testing.assert_allclose(expression.evaluate(VALUES), results)


def test_a_name_with_backticks():
    assert ArithmeticExpression("`a``b` + ü").names == ("a`b", "ü")
    assert quoted("a`b") == "`a``b`"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "character 1: a number, a column or '(' is expected instead of the end"),
        ("a b", "character 3: 'b' is one too many"),
        ("a +", "character 4: a number, a column or '(' is expected instead of the end"),
        ("a ** 2", "character 4: a number, a column or '(' is expected instead of '*'"),
        ("((a)", "character 5: ')' is expected instead of the end"),
        ("sin(a)", "character 1: 'sin' is no function; there are abs, round, min, max"),
        ("min(a)", "character 1: min takes 2 to 99 arguments, not 1"),
        ("a + abs(a, a)", "character 5: abs takes 1 arguments, not 2"),
        ("round(a, b)", "character 1: round's digits must be a whole number from 0 to 15"),
        ("a + 1e999", "character 5: 1e999 is too large"),
        ("3 * 4", "character 6: there is no column in it"),
        ("a.__class__", "character 2: '.__class__' can't be read"),
        ("'a'", "character 1: \"'a'\" can't be read"),
        ("`a", "character 1: '`a' can't be read"),
        ("-" * 60 + "a", "character 51: it is nested more than 50 deep"),
        ("(" * 60 + "a", "character 51: it is nested more than 50 deep"),
    ],
)
def test_what_is_no_expression(text, words):
    with pytest.raises(OptionError) as caught:
        ArithmeticExpression(text)
    assert str(caught.value) == (
        f"expression {text!r}, {words}; an expression is made of numbers, columns (`in backticks` "
        "if they are no plain words), + - * / ( ) and abs, min, max, round"
    )


@pytest.mark.parametrize("text", [None, 3, "a+" * 10_000 + "a"])
def test_what_is_no_text_or_too_long(text):
    with pytest.raises(OptionError, match="must be text of at most 10000 characters"):
        ArithmeticExpression(text)


PIECES = [
    "a",
    "b",
    "`c d`",
    "1",
    "2.5",
    "1e9",
    "(",
    ")",
    "+",
    "-",
    "*",
    "/",
    ",",
    " ",
    "min",
    "round",
]


def parse(text):
    try:
        return ArithmeticExpression(text)
    except OptionError as error:
        return str(error)


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join)))
def test_any_text_is_an_expression_or_one_clear_error(text):
    outcome = parse(text)
    if isinstance(outcome, str):
        assert outcome.startswith(f"expression {text!r:.200}, character ")
    else:
        values = {name: np.array([0.0, -1.5, 1e300]) for name in outcome.names}
        assert outcome.evaluate(values).shape == (3,)
        assert ArithmeticExpression(text) == outcome


def test_a_long_expression_is_no_deep_one():
    assert ArithmeticExpression("+".join(["a"] * 4_000)).evaluate(VALUES).tolist() == [
        4000,
        8000,
        0,
    ]
