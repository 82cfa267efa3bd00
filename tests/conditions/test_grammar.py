"""The grammar of conditions as text: what it reads, what it refuses, " "and where it says so."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.base.errors import OptionError
from tabgan.conditions.grammar import Clause, clauses_of, join_wheres, read_clauses


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("age >= 65", [("age", ">=", ("65",))]),
        ("age>=65", [("age", ">=", ("65",))]),
        ("a==b", [("a", "in", ("b",))]),
        ("a = b", [("a", "in", ("b",))]),
        ("a <> 'b'", [("a", "not in", ("b",))]),
        ('income == ">50K" and age < 3', [("income", "in", (">50K",)), ("age", "<", ("3",))]),
        ('state in ("NY", NJ)', [("state", "in", ("NY", "NJ"))]),
        ("state NOT IN [NY]", [("state", "not in", ("NY",))]),
        ("state in (NY, missing)", [("state", "in", ("NY", None))]),
        ("state in ('missing')", [("state", "in", ("missing",))]),
        ("mail is missing", [("mail", "in", (None,))]),
        ("mail is Not missing", [("mail", "not in", (None,))]),
        (
            "age between 20 and 30 and b = c",
            [("age", ">=", ("20",)), ("age", "<=", ("30",)), ("b", "in", ("c",))],
        ),
        ("20 <= age < 30", [("age", ">=", ("20",)), ("age", "<", ("30",))]),
        ("'2024-01-01' > day", [("day", "<", ("2024-01-01",))]),
        ("-.5 < x", [("x", ">", ("-.5",))]),
        ("0 == x", [("0", "in", ("x",))]),
        ("`a b` = 1", [("a b", "in", ("1",))]),
        ("`a\\`b\\\\` = 1", [("a`b\\", "in", ("1",))]),
        ("`and` = `1`", None),
        (
            "marital status = never married and a = b",
            [("marital status", "in", ("never married",)), ("a", "in", ("b",))],
        ),
        ("capital-gain > 1e3", [("capital-gain", ">", ("1e3",))]),
        ("x = 2024-01-01T12:30:00+01:00", [("x", "in", ("2024-01-01T12:30:00+01:00",))]),
        (r"x = 'it\'s\n\"so\"\\'", [("x", "in", ('it\'s\n"so"\\',))]),
        ("x = ''", [("x", "in", ("",))]),
        ("Straße = 'Ü' and 数 > 1", [("Straße", "in", ("Ü",)), ("数", ">", ("1",))]),
        ("  a\t=\nb ", [("a", "in", ("b",))]),
        ("plan=free", [("plan", "in", ("free",))]),
        ("plan=very free", [("plan", "in", ("very free",))]),
        ("income=>50K", [("income", "in", (">50K",))]),
        ("town=King's Lynn", [("town", "in", ("King's Lynn",))]),
        ("size (cm)=3", [("size (cm)", "in", ("3",))]),
        ("plan=", [("plan", "in", ("",))]),
    ],
)
def test_what_is_read(text, clauses):
    if clauses is None:
        with pytest.raises(OptionError):
            read_clauses(text)
        return
    assert read_clauses(text) == [Clause(*clause) for clause in clauses]
    assert read_clauses(join_wheres([text])) == read_clauses(text)


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("", "a test such as age >= 65 is expected", 0),
        ("age", "a comparison is expected: ==, !=, <, <=, >, >=, in, not in, is missing", 3),
        ("age >", "a value is expected", 5),
        ("age > and b = 1", "a value is expected", 6),
        ("age > 3 and", "a test such as age >= 65 is expected", 11),
        (
            "a > 3 or b = 4",
            "only 'and' joins tests; for one of several values write: column in (a, b)",
            6,
        ),
        (
            "a > 3 || b = 4",
            "only 'and' joins tests; for one of several values write: column in (a, b)",
            6,
        ),
        ("a > 3 & b = 4", "tests are joined by the word 'and'", 6),
        ("a > 3, b = 4", "tests are joined by the word 'and'", 5),
        ("a > 3 > 4", "a comparison has ended; put the value in quotes if this belongs to it", 6),
        ("a = 'b' c", "'and' or the end is expected; put a text in quotes", 8),
        ("not a > 3", "'not' can't stand before a test; write its opposite, with !=, 'not in'", 0),
        ("(a > 3)", "parentheses only enclose the list after 'in'; leave them out", 0),
        ("len(a) > 3", "functions can't be called; compare a column with a value", 3),
        ("a > `b`", "two columns can't be compared; give a value", 4),
        ("'a' = b", "a column is expected; write its name bare or in `backticks`", 0),
        ("in = b", "a column is expected; put a name such as this one in `backticks`", 0),
        ("a in b", "a list in parentheses is expected, as in (1, 2)", 5),
        ("a in ()", "the list is empty; name one value at least", 6),
        ("a in (b", "a comma or the end of the list is expected", 7),
        ("a in (b]", "a comma or the end of the list is expected", 7),
        ("a in (b, )", "a value is expected", 9),
        ("a not 3", "'in' after 'not' is expected", 6),
        ("a is null", "'missing' or 'not missing' after 'is' is expected", 5),
        ("a between 1 or 2", "'and' between the two ends is expected", 12),
        ("1 < a == 3", "one of <, <=, > and >= is expected", 6),
        ("a > 'b", "the quote has no end", 4),
        ("a = 'b", "the quote has no end", 4),
        ("a\n>\t", "a value is expected", 4),
    ],
)
def test_what_is_refused(text, message, place):
    with pytest.raises(OptionError) as caught:
        read_clauses(text)
    line = "".join(c if c.isprintable() else " " for c in text)
    assert str(caught.value) == f"where: {message}\n  {line}\n  {' ' * place}^"


def test_the_place_is_shown_in_a_long_text():
    with pytest.raises(OptionError) as caught:
        read_clauses("a = 1 and " * 500 + "b ! 3" + " and c = 1" * 500)
    _, line, mark = str(caught.value).split("\n")
    assert len(line) <= 62
    assert line[mark.index("^")] == "!"


def test_a_text_may_be_too_long():
    with pytest.raises(OptionError) as caught:
        read_clauses("a" * 20_001)
    assert str(caught.value) == (
        "where: the text has 20001 characters, and 20000 at most are read; give a mapping from "
        "Python, or a file of partial rows"
    )


_WORDS = ["a", "age", "and", "or", "not", "in", "is", "missing", "between", "1", "-2.5e3", "'x'"]
_WORDS += ["2024-01-31", '"', "'", "`", "`a b`", "(", ")", "[", "]", ",", "\\", "&", "|", "\0"]
_WORDS += ["==", "=", "!=", "<", "<=", ">", ">=", "<>", "!", " ", "\n", "plan", "flag", "when"]
_TEXTS = st.text(max_size=60) | st.lists(st.sampled_from(_WORDS), max_size=25).map(" ".join)
_TEXTS |= st.lists(st.sampled_from(_WORDS), max_size=25).map("".join)


@given(_TEXTS)
def test_any_text_is_read_or_refused(table, text):
    refusal = ""
    try:
        asked = table.ask(text)
    except OptionError as error:
        refusal = str(error)
    assert refusal.startswith("where: ") if refusal else table.ask(asked.describe()) == asked


@given(
    st.sampled_from(
        ["age", "size", "text", "plan", "flag", "when", "zoned", "lasts", "day", "rank"]
    ),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    st.text(max_size=12)
    | st.integers().map(str)
    | st.floats().map(str)
    | st.datetimes().map(str)
    | st.dates().map(str)
    | st.timedeltas().map(str)
    | st.from_regex(
        r"[0-9]{4}-[0-9]{2}(-[0-9]{2}([T ][0-9:.]{5,12}(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?"
    ),
)
def test_any_value_is_read_or_refused(table, name, sign, value):
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    refusal = ""
    try:
        asked = table.ask(f"{name} {sign} '{quoted}'")
    except OptionError as error:
        refusal = str(error)
    assert refusal.startswith("where: ") if refusal else len(asked.mask(table.frame))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 20_000,
        "a = 1 and " * 1_999 + "a = 1",
        "a in (" + "1," * 9_000,
        "'" * 20_000,
        "\\" * 20_000,
        "a " * 10_000,
        "a=1" * 6_000,
    ],
)
def test_long_texts_are_read_quickly_and_without_recursion(text):
    refusal = ""
    try:
        assert read_clauses(text)
    except OptionError as error:
        refusal = str(error)
    assert len(refusal) < 300


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({"a b": "it's"}, r"`a b` == 'it\'s'"),
        ({"and": 1}, "`and` == 1"),
        ({"a`b": [1, None]}, "`a\\`b` in (1, missing)"),
        ({0: (None, 2.5)}, "`0` <= 2.5"),
        ({"d": (datetime.date(2024, 1, 1), None)}, "d >= '2024-01-01'"),
        ({"d": datetime.timedelta(hours=30)}, "d == '1 days 06:00:00'"),
        ({"d": True}, "d == True"),
        ({"d": "missing"}, "d == 'missing'"),
    ],
)
def test_a_mapping_in_words(where, text):
    clauses = clauses_of(where)
    assert " and ".join(map(str, clauses)) == text
    assert [clause.name for clause in read_clauses(text)] == [str(name) for name in where]
