"""Texts of several numbers: how they are written, and what is none."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import SchemaError
from tabgan.table.compound_numbers import CompoundForm, find_compound, part_columns, with_parts
from tabgan.table.schema import Column, Schema

RNG = np.random.default_rng(0)
FORMS = {
    "blood pressure": ("{}/{}", (120, 80), "%.0f/%.0f"),
    "ratio": ("{}:{}", (16, 9), "%.0f:%.0f"),
    "size": ("{} x {} cm", (30, 40), "%.0f x %.0f cm"),
    "box": ("{}x{}x{}", (3, 20, 9), "%.0fx%.0fx%.0f"),
    "version": ("{}.{}.{}", (1, 12, 40), "%.0f.%.0f.%.0f"),
    "range": ("{}-{}", (1000, 2000), "%.0f-%.0f"),
    "feet and inches": ("{}'{}\"", (5, 11), "%.0f'%.0f\""),
    "percent of": ("{} % of {}", (5, 11), "%.0f %% of %.0f"),
}


def texts_of(written, most):
    return [written.format(*(RNG.integers(0, n + 1) for n in most)) for _ in range(200)]


@pytest.mark.parametrize(("written", "most", "form"), FORMS.values(), ids=FORMS)
def test_whole_numbers(written, most, form):
    found = find_compound(dict.fromkeys(texts_of(written, most), 1))
    assert found.to_format() == form
    assert CompoundForm.from_format(form) == found


def test_coordinates():
    places = RNG.uniform(-90, 90, (200, 2)).round(4)
    texts = [f"({a:.4f}, {b:.4f})" for a, b in places]
    form = find_compound(dict.fromkeys(texts, 1))
    assert form.to_format() == "(%.4f, %.4f)"
    np.testing.assert_allclose(form.parse(texts), places)
    shortest = [f"{a}, {b}" for a, b in places]
    assert find_compound(dict.fromkeys(shortest, 1)).to_format() == "%.4g, %.4g"


def test_odd_texts_are_not_read():
    texts = [f"{i}/{i + 40}" for i in range(100)]
    form = find_compound(dict.fromkeys([*texts, "unknown", "09/50", "9/50/1"], 1))
    assert np.isnan(form.parse(["unknown", "09/50", "9/50/1", "٣/٤", "1/2\n"])).all()
    assert find_compound(dict.fromkeys([*texts, *[f"none {i}" for i in "abcdefgh"]], 1)) is None


NONE = {
    "one number": [f"{i} kg" for i in range(50)],
    "zeros in front": [f"{i:03d}/{i:03d}" for i in range(50)],
    "sentences": [f"From {i} to {i + 1} inclusive, he said" for i in range(50)],
    "five numbers": [f"{i}-{i}-{i}-{i}-{i}" for i in range(50)],
    "words": ["red", "green"],
    "nothing": [],
    "long numbers": [f"{10**16 + i}/{i}" for i in range(50)],
}


@pytest.mark.parametrize("texts", NONE.values(), ids=NONE)
def test_what_is_not_of_several_numbers(texts):
    assert find_compound(dict.fromkeys(texts, 1)) is None


literal = st.text(
    st.characters(codec="utf-8", exclude_categories=["N", "L", "C"], exclude_characters=".-_)"),
    min_size=1,
    max_size=3,
)
form = st.integers(2, 4).flatmap(
    lambda n: st.builds(
        CompoundForm,
        st.tuples(*[literal] * (n + 1)),
        st.tuples(*[st.sampled_from([0, 1, 4])] * n),
        st.tuples(*[st.booleans()] * n),
    )
)


@given(form, st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_what_is_written_is_read_and_found_again(form, seed):
    numbers = np.random.default_rng(seed).uniform(-1e5, 1e5, (30, form.n_parts)).round(6)
    texts = form.write(numbers)
    read = form.parse(texts)
    assert not np.isnan(read).any()
    assert form.write(read) == texts
    assert CompoundForm.from_format(form.to_format()) == form
    found = find_compound(dict.fromkeys(texts, 1))
    assert found is not None
    assert not np.isnan(found.parse(texts)).any()


@pytest.mark.parametrize("text", ["", "%.0f", "%.0f/%.0f/%.0f/%.0f/%.0f", "%.99f/%.0f"])
def test_formats_of_other_columns(text):
    with pytest.raises(ValueError, match="number"):
        CompoundForm.from_format(text)
    with pytest.raises(SchemaError, match=r"Column 'x': format=.* must say how its numbers"):
        part_columns(Column("x", "compound", "object", format=text))


def test_a_table_of_the_parts():
    column = Column("bp", "compound", "object", format="%.0f/%.0f")
    schema = Schema((Column("n", "integer", "int64"), column))
    real = pd.DataFrame({"n": [1, 2, 3], "bp": ["120/80", None, "99/60"]})
    (one, other), parts = with_parts([real, real[::-1]], schema)
    assert one["bp [1]"].tolist()[::2] == [120, 99]
    assert other["bp [2]"].tolist()[::2] == [60, 80]
    assert parts.names == ("n", "bp [1]", "bp [2]")
    assert (parts["bp [2]"].minimum, parts["bp [2]"].maximum) == (60, 80)
    assert with_parts([real], Schema(schema.columns[:1]))[1].names == ("n",)
