"""Levels that few rows hold give way to frequent ones."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import Column
from tabgan.encoding.rare_levels import fold_rare, rare_rows
from tabgan.table.columns import TypedSeries

LEAST = 5


def columns_of(frame, **kinds):
    return {
        at: TypedSeries(
            Column(
                name,
                kinds.get(name, "categorical"),
                "object",
                decimals=0 if kinds.get(name) == "integer" else None,
                min_group=LEAST,
            ),
            frame[name],
        )
        for at, name in enumerate(frame)
    }


def fold(frame, ties=(), joint=(), seed=0, **kinds):
    table, folded = fold_rare(columns_of(frame, **kinds), ties, joint, np.random.default_rng(seed))
    return pd.concat([values for _, values in table.values()], axis=1), folded


@settings(deadline=None)
@given(st.lists(st.sampled_from("aaaabbbcdefghi"), min_size=30, max_size=120), st.integers(0, 99))
def test_what_is_left_was_held_by_enough_rows(levels, seed):
    frame = pd.DataFrame({"x": pd.Series(levels, dtype=object)})
    hidden, folded = fold(frame, seed=seed)
    counts = frame["x"].value_counts()
    if counts.max() >= LEAST + LEAST // 2:
        kept = set(hidden["x"])
        assert all(counts[level] >= LEAST for level in kept)
        assert len(counts) - len(kept) == (folded[0].n_levels if folded else 0)
    frequent = frame["x"].map(counts).to_numpy() >= LEAST + LEAST // 2
    assert hidden["x"][frequent].tolist() == frame["x"][frequent].tolist()


def test_the_threshold_is_drawn():
    frame = pd.DataFrame({"x": ["a"] * 30 + ["b"] * 6})
    kept = {"b" in set(fold(frame, seed=seed)[0]["x"]) for seed in range(20)}
    assert kept == {True, False}
    frame = pd.DataFrame({"x": ["a"] * 30 + ["b"] * 7})
    assert all("b" in set(fold(frame, seed=seed)[0]["x"]) for seed in range(20))


def test_donors_are_drawn_in_proportion():
    frame = pd.DataFrame({"x": ["a"] * 3000 + ["b"] * 1000 + [f"rare {i}" for i in range(1000)]})
    hidden, folded = fold(frame)
    assert folded == {0: (1000, 1000)}
    assert hidden["x"].iloc[4000:].eq("a").mean() == pytest.approx(0.75, abs=0.04)


def test_tied_columns_are_taken_together():
    frame = pd.DataFrame({"x": ["a", "b"] * 50 + ["c"], "y": ["A", "B"] * 50 + ["A"]})
    pairs = {tuple(fold(frame, [(0, 1)], seed=seed)[0].iloc[-1]) for seed in range(20)}
    assert pairs == {("a", "A"), ("b", "B")}
    untied = {tuple(fold(frame, seed=seed)[0].iloc[-1]) for seed in range(20)}
    assert untied == {("a", "A"), ("b", "A")}


def test_a_row_takes_all_its_cells_from_one_donor():
    frame = pd.DataFrame({"x": ["a", "b"] * 50 + ["c"], "y": ["A", "B"] * 50 + ["C"]})
    for seed in range(20):
        assert tuple(fold(frame, seed=seed)[0].iloc[-1]) in {("a", "A"), ("b", "B")}


def test_columns_give_way_one_by_one_where_no_row_is_without_rare_levels():
    rare = [f"r{i}" for i in range(30)]
    frame = pd.DataFrame({"x": ["a"] * 30 + rare, "y": [*rare, *["b"] * 30]})
    hidden, folded = fold(frame, [(0, 1)])
    assert set(hidden["x"]) == {"a"}
    assert set(hidden["y"]) == {"b"}
    assert folded == {0: (30, 30), 1: (30, 30)}


def test_rare_combinations():
    frame = pd.DataFrame({"x": ["a", "b"] * 50 + ["a"], "y": ["A", "B"] * 50 + ["B"]})
    hidden, folded = fold(frame, joint=[(0, 1)])
    assert set(zip(hidden["x"], hidden["y"], strict=True)) == {("a", "A"), ("b", "B")}
    assert folded == {}


class TestWhatIsNeverRare:
    def test_missing_values(self):
        frame = pd.DataFrame({"x": [*["a"] * 30, None]}, dtype=object)
        assert fold(frame)[0]["x"].isna().sum() == 1

    def test_declared_vocabularies(self):
        frame = pd.DataFrame({"x": pd.Categorical(["a"] * 30 + ["b"]), "y": [False] * 30 + [True]})
        hidden, folded = fold(frame, y="boolean")
        pd.testing.assert_frame_equal(hidden, frame)
        assert folded == {}

    def test_levels_of_a_column_that_keeps_all(self):
        column = Column("x", "categorical", "object", min_group=1)
        assert not rare_rows(TypedSeries(column, pd.Series(["a"] * 30 + ["b"])))[0].any()

    def test_numbers_of_many_values(self):
        frame = pd.DataFrame({"x": np.arange(100) ** 2})
        assert fold(frame, x="integer")[1] == {}


def test_few_numbers_and_what_stands_beside_many():
    numbers = [0, 1] * 30
    few = pd.DataFrame({"x": [*numbers, 77]})
    assert set(fold(few, x="integer")[0]["x"]) == {0, 1}
    many = pd.DataFrame({"x": pd.Series([*range(100), *["?"] * 20, "see the file of Mr X"])})
    hidden, folded = fold(many, x="integer")
    assert folded == {0: (1, 1)}
    assert "see the file of Mr X" not in set(hidden["x"])
    assert {*range(100), "?"} <= set(hidden["x"])
