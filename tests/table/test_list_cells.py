"""Lists that are written as text."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import SchemaError
from tabgan.table.list_cells import ListForm

FORMS = ["x;y", "x; y", "x|y", "x\ny", "[x, y]", "{x,y}", "<x><y>", "x;y;", "[x y]"]
words = st.text("abc-1", min_size=1, max_size=4)


@pytest.mark.parametrize("spec", FORMS)
@settings(max_examples=20, deadline=None)
@given(st.lists(words, max_size=5))
def test_what_is_written_is_read(spec, items):
    form = ListForm.of_spec(spec)
    assert form.spec == spec
    assert form.read(form.write(items)) == tuple(items)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=6) | st.integers() | st.booleans() | st.none(), max_size=5))
def test_json_and_python_lists_keep_their_items_as_written(items):
    form = ListForm(", ", "[", "]")
    assert form.read(json.dumps(items)) == tuple(map(json.dumps, items))
    assert form.read(repr(items)) == tuple(map(repr, items))


@pytest.mark.parametrize(
    ("spec", "text", "items"),
    [
        ("x;y", " a ;b;; c", ("a", "b", "c")),
        ("x; y", "a;b", ("a", "b")),
        ("x;y", "", ()),
        ("[x, y]", "[ ]", ()),
        ("[x, y]", '["it\'s, so", "b" ]', ('"it\'s, so"', '"b"')),
        ("{x,y}", "{it's,b}", ("it's", "b")),
        ("[x, y]", "a, b", None),
        ("[x, y]", "[", None),
    ],
)
def test_reading_is_lenient_about_blanks_but_not_about_brackets(spec, text, items):
    assert ListForm.of_spec(spec).read(text) == items


def test_a_format_that_is_no_list_is_refused():
    with pytest.raises(SchemaError, match=r"'%d' is not the form of a list; write a list of x and"):
        ListForm.of_spec("%d")
