import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.relations.row_context import Context, ContextFeatures, ContextPart, taken
from tabgan.table.schema import Column


def context_of(values, kind, dtype):
    column = Column("x", kind, dtype)
    return Context(len(values), (ContextPart(column, pd.Series(values, name="x"), True),))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=200), st.integers(1, 10))
def test_bins_hold_enough_rows_and_no_value_is_kept(values, least):
    context = context_of(values, "integer", "int64")
    features = ContextFeatures.fit(context, least)
    bins = features.of(context)[:, 0]
    _, counts = np.unique(bins, return_counts=True)
    assert counts.min() >= min(least, len(values))
    edges = features.to_json()[0]["edges"]
    assert not {float(edge) for edge in edges if least > 1} & {float(v) for v in values} or all(
        edge % 1 for edge in edges if edge not in values
    )


def test_rare_levels_are_one():
    context = context_of(["a"] * 6 + ["b"] * 5 + ["c", "d", None], "categorical", "object")
    features = ContextFeatures.fit(context, 5)
    assert features.to_json()[0]["levels"] == ["a", "b"]
    codes = features.of(context)[:, 0]
    assert codes[-3] == codes[-2] == 2
    assert np.isnan(codes[-1])
    again = ContextFeatures.from_json(features.to_json())
    assert np.array_equal(again.of(context), features.of(context), equal_nan=True)


def test_a_row_that_is_not_there_is_missing():
    assert taken(pd.Series([1, 2]), np.array([1, -1])).isna().tolist() == [False, True]
    context = context_of([1, 2], "integer", "int64").take(np.array([0, -1]))
    features = ContextFeatures.fit(context_of([1, 2, 3], "integer", "int64"), 1)
    assert np.isnan(features.of(context)[1, 0])


def test_names_and_parts():
    context = Context.of_numbers({"#a": np.arange(3), "#b": np.ones(3)})
    both = context.named("p.") + context
    assert [part.column.name for part in both.parts] == ["p.#a", "p.#b", "#a", "#b"]
    assert len(both.nearest(3).parts) == 3
