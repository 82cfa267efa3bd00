from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.row_layout import RowLayout
from tabgan.generators.trees import tree_generator
from tabgan.generators.trees.grow_trees import Growth
from tabgan.generators.trees.tree_generator import (
    BASE,
    NumberGrid,
    TreeGenerator,
    TreeTraining,
)

ROWS, LEAST = 400, 7
FAST = Growth(depth=3, rate=0.3, bins=32, rounds=16)  # four of each classifier of few rows
# two numbers, the second one with a flag of its presence; a level span of three levels
LAYOUT = RowLayout(marks=(None, 0), widths=(2, 3))
ORDER = (3, 0, 2, 1)  # the levels, the first number, the flag, the second number


def encoded(rows: int = ROWS, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows in bands of a hundredth: the second number follows the first, the flag the levels."""
    rng = np.random.default_rng(seed)
    first = rng.integers(100, size=rows)
    second = (first + rng.integers(10, size=rows)) % 100
    levels = rng.integers(2, size=rows)  # the third level does not occur
    flags = np.where(levels == 1, rng.integers(2, size=rows), 0)
    low = np.stack([first, second], axis=1).astype(np.float32) / 100
    return low, np.full_like(low, 0.01), np.stack([flags, levels], axis=1).astype(np.int32)


def training(**options) -> TreeTraining:
    usual = {"layout": LAYOUT, "order": ORDER, "least": LEAST, "seed": 3}
    fast = {"level_growth": FAST, "digit_growth": FAST}
    return TreeTraining(**(usual | fast | options))


@pytest.fixture(scope="module")
def trees() -> TreeGenerator:
    return training().run(*encoded())


def test_relations_are_learned(trees):
    units, codes = trees.draw(2000, np.random.default_rng(0))
    shown = codes[:, 0] == 0
    assert np.corrcoef(units[shown].T)[0, 1] > 0.3
    assert codes[codes[:, 1] == 0, 0].mean() < 0.15
    assert 0.4 < codes[codes[:, 1] == 1, 0].mean() < 0.6


def test_a_level_without_rows_is_never_drawn(trees):
    assert set(trees.draw(2000, np.random.default_rng(0))[1][:, 1]) == {0, 1}


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 300), st.integers(0, 2**32))
def test_rows_are_always_valid(trees, n, seed):
    units, codes = trees.draw(n, np.random.default_rng(seed))
    assert units.shape == (n, 2)
    assert codes.shape == (n, 2)
    assert ((units >= 0) & (units <= 1)).all()
    assert ((codes >= 0) & (codes < LAYOUT.widths)).all()


def test_columns_are_the_same_on_several_threads(trees):
    other = training(workers=3).run(*encoded())
    assert other.to_json() == trees.to_json()
    for name, tensor in other.to_tensors().items():
        assert tensor.equal(trees.to_tensors()[name])


def test_given_levels_are_handed_in():
    generator = training(given=(1,)).run(*encoded())
    handed_in = np.ones((500, 1), np.int64)
    _, codes = generator.draw(500, np.random.default_rng(0), handed_in)
    assert (codes[:, 1] == 1).all()
    assert 0.35 < codes[:, 0].mean() < 0.6
    _, codes = generator.draw(500, np.random.default_rng(0), 0 * handed_in)
    assert not codes[:, 1].any()
    assert codes[:, 0].mean() < 0.15


def test_the_classifiers_of_few_rows_have_no_more_trees_than_one():
    """A number that another one tells exactly is learned better and better, without an end."""
    low, width, codes = encoded()
    low[:, 1], codes[:, 0] = 1 - low[:, 0] - width[:, 0], 0
    generator = training().run(low, width, codes)
    by_column = {own.column: own for own in generator.columns}
    assert [len(trees) for trees in by_column[1].trees[:2]] == [FAST.rounds, FAST.rounds]


def test_a_column_that_may_not_grow_keeps_its_margin():
    """The time of a column is over before its first tree: it is drawn by itself."""
    generator = training().run(*encoded(), stop=lambda place: place >= 3)
    units, codes = generator.draw(4000, np.random.default_rng(0))
    assert generator.columns[1].n_trees
    assert not generator.columns[3].n_trees
    assert abs(np.corrcoef(units[codes[:, 0] == 0].T)[0, 1]) < 0.1
    assert abs(units[:, 1].mean() - 0.5) < 0.05


def test_a_number_that_no_row_has():
    low, width, codes = encoded(60)
    codes[:, 0] = 1
    generator = training().run(low, width, codes)
    units, drawn = generator.draw(50, np.random.default_rng(0))
    assert (drawn[:, 0] == 1).all()
    assert ((units >= 0) & (units <= 1)).all()


@pytest.mark.parametrize("rows", [1, 2, 30])
def test_few_rows(rows):
    units, codes = training().run(*encoded(rows)).draw(20, np.random.default_rng(0))
    assert ((units >= 0) & (units <= 1)).all()
    assert ((codes >= 0) & (codes < LAYOUT.widths)).all()


def test_no_column_at_all():
    nothing = np.zeros((5, 0), np.float32)
    generator = TreeTraining(layout=RowLayout(), order=()).run(
        nothing, nothing, nothing.astype(int)
    )
    units, codes = generator.draw(7, np.random.default_rng(0))
    assert units.shape == codes.shape == (7, 0)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=300),
    st.integers(1, 20),
)
def test_bins_lie_between_bands_and_hold_least_rows(values, least):
    low = np.array(values) / 61
    grid = NumberGrid.fit(low, least)
    assert grid.edges[0] == 0
    assert grid.edges[-1] == 1
    assert (np.diff(grid.edges) > 0).all()
    assert set(grid.edges[1:-1]) <= set(low)
    counts = np.bincount(grid.bin_of(low), minlength=len(grid.edges) - 1)
    assert counts.min() >= min(least, len(low))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.001, 0.999), max_size=200, unique=True))
def test_divisions_lead_to_every_bin(inner):
    grid = NumberGrid(np.array([0.0, *sorted(inner), 1.0]))
    ranges = [(0, len(grid.edges) - 1)]
    for cuts in grid.divisions:
        assert cuts.shape == (len(grid.edges) - 1, BASE + 1)
        for first, end in ranges:
            assert cuts[first][0] == first
            assert cuts[first][-1] == end
        ranges = [(a, b) for first, _ in ranges for a, b in pairwise(cuts[first]) if a < b]
    assert sum(b - a for a, b in ranges) == len(grid.edges) - 1


def test_a_frequent_value_has_a_bin_of_its_own():
    rng = np.random.default_rng(0)
    spread = rng.random(500)
    low = np.concatenate([np.zeros(500), 0.5 + spread / 2])
    grid = NumberGrid.fit(low, least=5)
    assert grid.bin_of(np.array([0.0, 0.49])).tolist() == [0, 0]
    assert (grid.bin_of(low[500:]) > 0).all()


def test_json_and_tensors_and_back(trees):
    again = TreeGenerator.restore(trees.to_json(), trees.to_tensors(), LAYOUT, ())
    for own, other in zip(
        trees.draw(300, np.random.default_rng(5)),
        again.draw(300, np.random.default_rng(5)),
        strict=True,
    ):
        assert np.array_equal(own, other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state["grids"].pop(), "bins are needed for every number"),
        (lambda state: state["grids"][0].reverse(), "edges of bins must rise"),
        (lambda state: state["grids"][0].append(2.0), "cover the unit interval"),
        (lambda state: state["grids"].__setitem__(0, [0.0] * 5000 + [1.0]), "must rise"),
        (lambda state: state["grids"][0].__setitem__(0, float("nan")), "must rise"),
        (lambda state: state["columns"].reverse(), "before the flag of its presence"),
        (lambda state: state["columns"].pop(), "each column must be drawn once"),
        (lambda state: state["columns"][0].update(levels=[0, 3]), "an unknown level"),
        (lambda state: state["columns"][0].update(levels=[]), "an unknown level"),
        (lambda state: state["columns"][0].update(levels=[0, 1, 2]), "number of outputs"),
    ],
)
def test_hostile_descriptions(trees, change, message):
    state = trees.to_json()
    change(state)
    with pytest.raises(ValueError, match=message):
        TreeGenerator.restore(state, trees.to_tensors(), LAYOUT, ())


def test_trees_of_another_number_of_columns(trees):
    tensors = {name: tensor.clone() for name, tensor in trees.to_tensors().items()}
    tensors["1.0.splits"][0, 0] = 1  # the second column is drawn from one feature
    with pytest.raises(ValueError, match="a split leads nowhere"):
        TreeGenerator.restore(trees.to_json(), tensors, LAYOUT, ())


def test_ranks_keep_rows_within_frequent_values():
    """Nine tenths are one value: a rank over all rows would move some of them."""
    grid = NumberGrid(np.array([0.0, 0.9, 0.92, 0.96, 1.0]))
    assert grid.borders.tolist() == [0, 0.9, 1]
    rng = np.random.default_rng(0)
    units = np.concatenate([rng.uniform(0, 0.9, 80), rng.uniform(0.9, 0.95, 20)])
    ranked = grid.ranked(units, rng)
    assert ((ranked < 0.9) == (units < 0.9)).all()
    assert np.array_equal(np.argsort(ranked), np.argsort(units))
    assert np.allclose(np.sort(ranked[80:]), 0.9 + np.linspace(0, 0.1, 21)[:-1], atol=0.005)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_ranks_of_few_rows(rows):
    grid = NumberGrid(np.array([0.0, 0.5, 1.0]))
    units = np.linspace(0.2, 0.8, rows)
    ranked = grid.ranked(units, np.random.default_rng(0))
    assert ((ranked < 0.5) == (units < 0.5)).all()


def test_absent_numbers_are_not_ranked(trees):
    units, codes = trees.draw(500, np.random.default_rng(0))
    ranked = trees.ranked(units, codes, np.random.default_rng(1))
    absent = codes[:, 0] > 0
    assert np.array_equal(ranked[absent, 1], units[absent, 1])
    assert not np.array_equal(ranked[~absent, 1], units[~absent, 1])


def test_of_few_rows_each_is_held_out_by_one_classifier():
    rng = np.random.default_rng(0)
    parts = tree_generator._parts_held_out(30, rng)
    assert len(parts) == 4
    assert (np.sum(parts, axis=0) == 1).all()
    (part,) = tree_generator._parts_held_out(10_000, rng)
    assert 900 < part.sum() < 1_100


def test_a_strong_relation_is_not_lost_in_noise_of_few_rows():
    """A number by three levels, beside four columns that have nothing to do with it."""
    rng = np.random.default_rng(0)
    layout = RowLayout(marks=(None,) * 5, widths=(3,))
    levels = rng.integers(0, 3, (600, 1))
    rank = rng.poisson(np.array([0.5, 2.0, 5.0])[levels[:, 0]]) + rng.random(600)
    ranks = [np.argsort(np.argsort(one)) / 600 for one in (*rng.random((4, 600)), rank)]
    low = np.column_stack(ranks)
    training = TreeTraining(layout=layout, order=(5, 0, 1, 2, 3, 4), seed=1, least=5)
    units, codes = training.run(low, np.full_like(low, 1 / 600), levels).draw(
        6000, np.random.default_rng(2)
    )
    real = [low[levels[:, 0] == level, 4].mean() for level in range(3)]
    drawn = [units[codes[:, 0] == level, 4].mean() for level in range(3)]
    assert np.abs(np.subtract(real, drawn)).max() < 0.07


def test_of_many_rows_some_are_enough(monkeypatch):
    monkeypatch.setattr("tabgan.generators.trees.tree_generator.MOST_ROWS", 150)
    generator = training().run(*encoded())
    trees = generator.columns[1].trees[0]
    assert len(trees)
    assert trees.n_features == 1
    units, drawn = generator.draw(2000, np.random.default_rng(0))
    assert set(drawn[:, 1]) == {0, 1}
    assert np.corrcoef(units[drawn[:, 0] == 0].T)[0, 1] > 0.1


def test_rows_are_drawn_by_their_context():
    rng = np.random.default_rng(0)
    context = rng.integers(0, 3, (900, 1)).astype(np.float32)
    codes = context.astype(np.int64)
    low = (context + rng.random((900, 1))) / 3
    layout = RowLayout((None,), (3,))
    training = TreeTraining(layout=layout, order=(1, 0), least=5)
    nothing = np.zeros_like(low)
    trees = training.run(low, nothing, codes, context=context)
    again = TreeGenerator.restore(trees.to_json(), trees.to_tensors(), layout, ())
    assert again.n_context == trees.n_context == 1
    for own in (trees, again):
        units, drawn = own.draw(900, np.random.default_rng(1), context=context)
        assert (drawn == codes).mean() > 0.98
        assert np.abs(units - (context + 0.5) / 3).max(axis=1).mean() < 0.12
