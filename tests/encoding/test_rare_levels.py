"""Levels that few rows hold give way to frequent ones."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import Column
from tabgan.encoding.rare_levels import fold_rare, generate_levels, rare_rows
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


def fold(frame, ties=(), joint=(), seed=0, fixed=(), **kinds):
    rng = np.random.default_rng(seed)
    table, folded = fold_rare(columns_of(frame, **kinds), ties, joint, rng, fixed)
    return pd.concat([values for _, values in table.values()], axis=1), folded


@settings(deadline=None)
@given(st.lists(st.sampled_from("aaaabbbcdefghi"), min_size=30, max_size=120), st.integers(0, 99))
def test_what_is_left_was_held_by_enough_rows(levels, seed):
    frame = pd.DataFrame({"x": pd.Series(levels, dtype=object)})
    hidden, folded = fold(frame, seed=seed)
    counts = frame["x"].value_counts()
    kept = set(hidden["x"]) & set(levels)
    assert all(counts[level] >= LEAST for level in kept)
    assert len(counts) - len(kept) == (folded[0].n_levels if folded else 0)
    if folded and folded[0].form is not None:  # as many new levels, of as many rows
        assert sorted(hidden["x"].value_counts()) == sorted(counts)
    frequent = frame["x"].map(counts).to_numpy() >= LEAST + LEAST // 2
    assert hidden["x"][frequent].tolist() == frame["x"][frequent].tolist()


def test_a_level_counts_once_for_all_rows_of_one_person():
    frame = pd.DataFrame({"x": ["a"] * 60 + ["b"] * 20 + ["c"] * 10})
    person = np.concatenate([np.arange(60), np.arange(20) % 10, np.arange(10) % 2])
    cells = columns_of(frame)[0]
    assert not rare_rows(cells)[0].any()
    rare, n_levels = rare_rows(cells, units=[person])
    assert (rare == (frame["x"] == "c")).all()
    assert n_levels == 1
    table, _ = fold_rare(columns_of(frame), (), (), np.random.default_rng(0), units=[person])
    assert set(table[0].values) == {"a", "b"}


def test_the_threshold_is_drawn():
    frame = pd.DataFrame({"x": ["a"] * 30 + ["b"] * 6})
    kept = {"b" in set(fold(frame, seed=seed)[0]["x"]) for seed in range(20)}
    assert kept == {True, False}
    frame = pd.DataFrame({"x": ["a"] * 30 + ["b"] * 7})
    assert all("b" in set(fold(frame, seed=seed)[0]["x"]) for seed in range(20))


def test_donors_are_drawn_in_proportion():
    frame = pd.DataFrame({"x": ["a"] * 3000 + ["b"] * 1000 + [f"rare {i}" for i in range(600)]})
    hidden, folded = fold(frame)
    assert folded == {0: (600, 600, None)}
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
    hidden, folded = fold(frame, [(0, 1)], fixed=(0, 1))
    assert set(hidden["x"]) == {"a"}
    assert set(hidden["y"]) == {"b"}
    assert folded == {0: (30, 30, None), 1: (30, 30, None)}


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
    assert folded == {0: (1, 1, None)}
    assert "see the file of Mr X" not in set(hidden["x"])
    assert {*range(100), "?"} <= set(hidden["x"])


def test_numbers_of_which_most_are_rare_are_learned_as_numbers():
    frame = pd.DataFrame({"x": [1] * 20 + [2, 3, 4, 5] * 4})
    assert fold(frame, x="integer")[1] == {}
    frame["x"] = frame["x"].astype(object).where(np.arange(36) > 0, "see the file of Mr X")
    hidden, folded = fold(frame, x="integer")
    assert folded == {0: (1, 1, None)}
    assert "see the file of Mr X" not in set(hidden["x"])


class TestMissingStaysMissing:
    @pytest.mark.parametrize("mark", [None, "", "NA", "?"])
    @pytest.mark.parametrize("n_rare", [20, 60, 300])
    def test_of_one_column(self, mark, n_rare):
        rare = [f"K{i:03d}" for i in range(n_rare)]
        cells = [mark] * 300 + ["a"] * 250 + ["b"] * 150 + rare
        hidden, _ = fold(pd.DataFrame({"x": pd.Series(cells, dtype=object)}))
        assert (hidden["x"].isna() | hidden["x"].eq(mark)).sum() == 300
        assert not set(hidden["x"]) & {*rare}

    def test_a_rare_mark_is_kept(self):
        frame = pd.DataFrame({"x": ["a"] * 60 + ["NULL"]})
        hidden, folded = fold(frame)
        assert hidden["x"].iloc[-1] == "NULL"
        assert folded == {}

    @pytest.mark.parametrize("ties", [(), [(0, 1)]])
    def test_of_columns_that_are_replaced_together(self, ties):
        x = ["a", "b"] * 100 + [f"r{i}" for i in range(20)]
        y = ["A", None] * 100 + ["A", None] * 10
        frame = pd.DataFrame({"x": x, "y": y}, dtype=object)
        for seed in range(5):
            hidden, _ = fold(frame, ties, seed=seed)
            assert (hidden["y"].isna() == frame["y"].isna()).all()
            if ties:
                pairs = set(hidden.fillna("none").itertuples(index=False, name=None))
                assert pairs == {("a", "A"), ("b", "none")}

    def test_rows_without_a_donor_get_generated_levels(self):
        x = ["a"] * 200 + [f"r{i}" for i in range(10)]
        frame = pd.DataFrame({"x": x, "y": [None] * 200 + ["A"] * 10}, dtype=object)
        hidden, folded = fold(frame, [(0, 1)])
        assert (hidden["y"].isna() == frame["y"].isna()).all()
        assert folded[0].form in ("a0", "a00")
        assert not set(hidden["x"]) & set(x[200:])

    def test_of_the_notes_in_a_column_of_numbers(self):
        cells = [*range(60), *[None] * 60, *(f"note {i}" for i in range(10))]
        hidden, _ = fold(pd.DataFrame({"x": pd.Series(cells, dtype=object)}), x="integer")
        assert hidden["x"].isna().sum() == 60
        assert hidden["x"].map(type).eq(int).sum() == 70


class TestLongTails:
    def test_the_head_and_the_number_of_levels_stay(self):
        rng = np.random.default_rng(0)
        codes = [f"{letter}{n:02d}.{m}" for letter in "ABCJ" for n in range(40) for m in range(2)]
        frame = pd.DataFrame({"x": rng.permutation([*codes, *codes, *["A00.0"] * 300])})
        hidden, folded = fold(frame)
        assert folded == {0: (319, 638, "A00.0")}
        assert hidden["x"].eq("A00.0").tolist() == frame["x"].eq("A00.0").tolist()
        assert hidden["x"].nunique() == frame["x"].nunique()
        assert set(hidden["x"]) & set(frame["x"]) == {"A00.0"}
        assert hidden["x"].str[0].tolist() == frame["x"].str[0].tolist()  # a shared beginning

    def test_equal_levels_of_tied_columns_stay_equal(self):
        x = ["a"] * 60 + [f"town {i}" for i in range(60)]
        frame = pd.DataFrame({"x": x, "y": x})
        hidden, _ = fold(frame, [(0, 1)])
        assert (hidden["x"] == hidden["y"]).all()
        assert set(hidden["x"]) & set(x) == {"a"}

    def test_each_generated_level_has_one_parent(self):
        town = ["Ulm"] * 60 + [f"Dorf {'abcdefgh'[i % 8] * (1 + i // 8)}" for i in range(60)] * 2
        region = ["Sued"] * 60 + ["Nord", "Ost"] * 60
        frame = pd.DataFrame({"town": town, "region": region})
        hidden, folded = fold(frame, [(0, 1)])
        assert folded[0].n_levels == 60
        assert (hidden.groupby("town")["region"].nunique() == 1).all()
        assert hidden["region"].tolist() == region

    def test_numbers_that_they_determine_are_those_of_frequent_levels(self):
        item = ["tea"] * 60 + ["milk"] * 60 + [f"item {i}" for i in range(40)] * 2
        price = [250] * 60 + [130] * 60 + [1000 + 7 * i for i in range(40)] * 2
        shelf = ["l"] * 60 + ["r"] * 60 + ["l", "r"] * 40
        frame = pd.DataFrame({"item": item, "shelf": shelf, "price": price})
        hidden, _ = fold(frame, [(0, 1), (0, 2)], price="integer")
        assert set(hidden["price"]) == {250, 130}
        assert (hidden.groupby("item")["price"].nunique() == 1).all()
        assert hidden["price"].map({250: "l", 130: "r"}).tolist() == shelf == [*hidden["shelf"]]

    def test_the_few_rows_of_a_small_table_leave_no_constant(self):
        small = pd.DataFrame({"x": ["north"] * 30 + ["east", "west"]})
        hidden, folded = fold(small)
        assert folded == {0: (2, 2, "aaaa")}
        assert not set(hidden["x"].iloc[-2:]) & set(small["x"])
        assert set(fold(pd.DataFrame({"x": ["a"] * 300 + ["b"]}))[0]["x"]) == {"a"}

    @pytest.mark.parametrize("levels", ["YN", "TF", "MF", "ABC", ["yes", "no"], [1, 0]])
    def test_flags_and_letters_are_never_made_up(self, levels):
        first, *rest = levels
        frame = pd.DataFrame({"x": [first] * 20 + rest * 2 + [None] * 3})
        hidden, _ = fold(frame)
        assert set(hidden["x"].dropna()) == {first}
        assert hidden["x"].isna().sum() == 3

    def test_no_lone_frequent_level_takes_all(self):
        frame = pd.DataFrame({"x": ["Paulo"] * 400 + [f"Town{i}" for i in range(40)]})
        hidden, _ = fold(frame)
        assert (hidden["x"] == "Paulo").sum() == 400

    def test_rare_levels_of_tied_columns_do_not_swell_the_frequent_ones_together(self):
        town = ["Ulm"] * 300 + ["Hof"] * 300 + [f"Dorf{i}" for i in range(80)] + ["Ulm"] * 80
        street = ["Weg"] * 300 + ["Allee"] * 300 + ["Weg"] * 80 + [f"Gasse{i}" for i in range(80)]
        hidden, _ = fold(pd.DataFrame({"town": town, "street": street}), [(0, 1)])
        assert (hidden["town"] == "Ulm").sum() == 380
        assert (hidden["street"] == "Weg").sum() == 380

    def test_what_a_rule_looks_at_is_taken_from_donors(self):
        frame = pd.DataFrame({"x": ["a"] * 60 + [f"r{i}" for i in range(60)]})
        assert set(fold(frame, fixed=[0])[0]["x"]) == {"a"}


@pytest.mark.parametrize(
    ("levels", "form"),
    [
        (["A12.3", "B07.1", "C99.0"], r"[A-Z]\d\d\.\d"),
        (["Bad Ems", "Ulm", "Zell"], r"[A-Z][a-z]+( [A-Z][a-z]+)?"),
        (["x", "y", "z"], r"[a-z]+"),
        ([17, 23, 45], r"\d\d"),
        (["ann@example.org", "bob@example.org", "cy@example.org"], r"[^@]+@example\.\w+"),
    ],
)
def test_generated_levels(levels, form):
    cells = TypedSeries(Column("x", "categorical", "object", min_group=5), pd.Series(levels))
    made = generate_levels(levels, cells, levels, np.random.default_rng(0))
    assert len(set(made)) == 3
    assert not set(made) & set(levels)
    assert {type(level) for level in made} == {type(level) for level in levels}
    assert all(pd.Series(made).astype(str).str.fullmatch(form))


def test_levels_that_can_not_be_generated():
    cells = TypedSeries(Column("x", "categorical", "object", min_group=5), pd.Series([0.5, 1.25]))
    assert generate_levels([0.5, 1.25], cells, [], np.random.default_rng(0)) is None


def test_new_codes_behind_a_beginning_have_as_many_digits():
    rng = np.random.default_rng(0)
    numbers = rng.choice(np.arange(10_000, 100_000), 300, replace=False)
    codes = [f"AB-{at}" if at % 2 else f"AB{at}X" for at in numbers]
    (cells,) = columns_of(pd.DataFrame({"code": pd.Series(codes * 2, dtype=object)})).values()
    new = generate_levels(cells.levels, cells, cells.levels, rng)
    forms = [pd.Series(own).str.replace(r"\d", "9", regex=True) for own in (cells.levels, new)]
    assert forms[0].tolist() == forms[1].tolist()
    assert set(new).isdisjoint(codes)
