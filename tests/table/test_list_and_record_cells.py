"""Lists that are written as text."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import SchemaError
from tabgan.table.compound_numbers import with_parts
from tabgan.table.list_and_record_cells import ListForm, RecordForm, find_objects, find_pair
from tabgan.table.schema import Column, Schema

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


scalars = st.integers(-99, 99) | st.booleans() | st.none() | st.text(max_size=5)
keys = st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=4, unique=True)


@settings(max_examples=25)
@given(keys, st.data(), st.sampled_from([(", ", ": "), (",", ":")]), st.booleans())
def test_objects_come_back_as_they_were(names, data, separators, is_ascii):
    rows = [{name: data.draw(scalars) for name in names} for _ in range(20)]
    texts = [json.dumps(row, separators=separators, ensure_ascii=is_ascii) for row in rows]
    form = find_objects(dict.fromkeys(texts, 2))
    assert form is not None
    read = [form.read(text) for text in texts]
    assert form.write(read) == texts
    assert RecordForm.of_format(form.to_format()) == form


def test_keys_that_are_missing_in_some_rows_keep_their_order():
    texts = {json.dumps({"a": n} | ({"b": n} if n % 3 else {}) | {"c": "x"}): 2 for n in range(30)}
    form = find_objects(texts)
    assert form.to_format() == '{"a": %g, "b": %g, "c": "%s"}'
    assert form.write(map(form.read, texts)) == [*texts]


def test_rare_keys_are_no_part_of_the_form():
    texts = {json.dumps({"a": n} | ({"secret": n} if n == 7 else {})): 5 for n in range(99)}
    assert find_objects(texts).keys == ('"a"',)


def test_dicts_of_python():
    texts = {str({"k": n, "ok": n % 2 == 0, "who": "it's"}): 1 for n in range(30)}
    form = find_objects(texts)
    assert form.write(map(form.read, texts)) == [*texts]


@pytest.mark.parametrize(
    "texts",
    [
        [f"{{item {n}}}" for n in range(30)],
        [json.dumps({f"user{n}": n}) for n in range(30)],
        [json.dumps([n, n + 1]) for n in range(30)],
        ["{}"] * 3,
    ],
    ids=["braces", "keys of each row", "lists", "empty"],
)
def test_what_is_no_object(texts):
    assert find_objects(dict.fromkeys(texts, 2)) is None


@pytest.mark.parametrize("mark", ["\n", " | ", " - ", ", "])
def test_a_text_and_a_number(mark):
    form = find_pair({f"Firm {n % 40}{mark}{n / 10}": 1 for n in range(60)})
    assert form.separator == mark
    assert form.numbers == (False, True)
    assert form.read(f"A{mark}3.5") == ("A", "3.5")
    assert RecordForm.of_format(form.to_format()) == form


@pytest.mark.parametrize("form", ["", "%s", "%s%g", "{", "{%s}", '{"a": 1}'])
def test_what_is_no_form(form):
    with pytest.raises(SchemaError, match="must be the form of an object"):
        RecordForm.of_format(form)


def test_a_judge_sees_each_part():
    form = '{"a": %g, "b": "%s"}'
    frame = pd.DataFrame({"x": ['{"a": 1, "b": "u"}', '{"b": "v"}', None]}, dtype=object)
    column = Column("x", "compound", "object", format=form)
    (split,), schema = with_parts([frame], Schema((column,)))
    assert split["x [a]"].dtype == np.float64
    assert (schema["x [a]"].minimum, schema["x [a]"].maximum) == (1.0, 1.0)
    assert split["x [a]"].isna().tolist() == [False, True, True]
    assert split["x [b]"].tolist()[:2] == ["u", "v"]
    assert split["x [b]"].isna().tolist() == [False, False, True]
    assert [column.kind for column in schema] == ["numeric", "text"]  # few rows of each
    many = pd.concat([frame] * 5, ignore_index=True)
    (_,), schema = with_parts([many], Schema((column,)))
    assert [column.kind for column in schema] == ["numeric", "categorical"]
