import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import SchemaError
from tabgan.table.regular_expressions import RegularExpression

COUNTS = {
    r"[A-Z]{2}-\d{4}": 26**2 * 10**4,
    "a?a?": 3,
    "(a|ab)(c|bc)": 3,
    "(ab|cd){1,3}x*": 2 * 13 + 4 * 11 + 8 * 9,
    "colou?r": 2,
    r"[^\W_]": 62,
    r"\.\-[]a-]": 3,
    "": 1,
    "(|a)": 2,
    "a{0}b": 1,
    "(?:ab)+": 9,
    "a{2,}": 9,
    "[ab]*[ab]*a[ab]*": 2**26 - 1 - 26,
    "x|x|y": 2,
    r"\w\W\d\D\s\S": 63 * 32 * 10 * 85 * 1 * 94,
    ".": 95,
}


@pytest.mark.parametrize(("text", "count"), COUNTS.items())
def test_all_texts_are_numbered_once(text, count):
    expression = RegularExpression(text)
    assert expression.count == count
    numbers = np.arange(min(count, 3_000))
    made = expression.write(numbers).tolist()
    assert len(set(made)) == len(numbers)
    assert all(re.fullmatch(text, one) for one in made)


items = st.sampled_from(["a", "b", "[ab]", r"\d", "[^0-8]", "(a|b)", "(|ab)", "(?:a|ba)", r"\."])
counts = st.sampled_from(["", "?", "*", "+", "{2}", "{1,3}", "{0,2}"])
sequences = st.lists(st.tuples(items, counts).map("".join), max_size=4).map("".join)


@given(st.lists(sequences, min_size=1, max_size=3).map("|".join), st.integers(0, 2**70))
@settings(max_examples=150, deadline=None)
def test_any_expression_is_written_as_python_reads_it(text, number):
    expression = RegularExpression(text)
    count = expression.count
    numbers = np.array([number % count, 0, count - 1, *range(min(count, 50))], object)
    made = expression.write(numbers)
    assert all(re.fullmatch(text, one) for one in made)
    assert len(set(made)) == len(set(numbers))


@given(st.text("ab01[](){}|?*+\\.^-,$dws ", max_size=15))
@settings(max_examples=400, deadline=None)
def test_any_text_is_an_expression_or_is_refused(text):
    try:
        made = RegularExpression(text).write(np.array([0]))[0]
    except SchemaError as error:
        assert str(error).startswith(f"The regular expression {text!r} can't be used")  # noqa: PT017
    else:
        assert re.fullmatch(text, made)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("(a", "')' is missing at character 2"),
        ("a)", "a ')' has no '(' at character 1"),
        ("[z-a]", "a range goes backwards or has a class as its end at character 4"),
        ("[^ -~]", "a class is empty at character 6"),
        ("a**", "a repetition of a repetition is not known at character 2"),
        ("*a", "there is nothing that '*' could repeat at character 1"),
        (r"\b", r"the escape '\b' is not known at character 2"),
        ("^a", "'^' is not known (the whole text is meant anyway) at character 1"),
        ("[a", "it ends too early at character 2"),
        ("a{3,1}", "a repetition from 3 to 1 is not possible at character 6"),
        ("a{x}", "a repetition is written {m}, {m,} or {m,n} at character 2"),
        ("a\nb", "'\\n' can't be printed at character 2"),
        ("(" * 60 + ")" * 60, "more than 50 groups are nested at character 51"),
        ("a" * 501, "it is longer than 500 characters at character 0"),
    ],
)
def test_what_cannot_be_written_is_refused(text, rule):
    with pytest.raises(SchemaError) as caught:
        RegularExpression(text)
    shown = f"{text!r:.120}"
    assert str(caught.value) == (
        f"The regular expression {shown} can't be used to make texts: {rule}"
    )


@pytest.mark.parametrize("text", ["(a{1000}){1000}", "(a|b)*a(a|b){40}"])
def test_an_expression_that_allows_too_much(text):
    with pytest.raises(SchemaError, match="it allows too much"):
        RegularExpression(text)
