import numpy as np
import pytest

from tabgan.base.row_layout import RowLayout
from tabgan.encoding.quantiles import Quantiles
from tabgan.generators.trees.grow_trees import Growth, fit_vector_leaf_trees
from tabgan.sampling import postprocess as polish
from tabgan.sampling.postprocess import fit_polish
from tabgan.sampling.refinement import DrawnRows, RowFeatures
from tabgan.sampling.tree_conditionals import (
    LevelConditional,
    NumberConditional,
    fit_level,
    fit_number,
)

SPANS = RowLayout(marks=(None, None), widths=(3, 2))
QUANTILES = Quantiles.fit(np.linspace(0, 1, 500))
FEATURES = RowFeatures(SPANS, (QUANTILES, QUANTILES))


def rows(n, seed, *, level=True, number=True):
    """Make rows whose first level follows the first number, and whose second number too."""
    rng = np.random.default_rng(seed)
    first, other = rng.random(n), rng.random(n)
    second = np.clip(first + (rng.random(n) - 0.5) * 0.1, 0, 1) if number else other
    codes = (first * 3).astype(np.int64) if level else rng.integers(3, size=n)
    drawn_codes = np.stack([codes, rng.integers(2, size=n)], axis=1)
    return FEATURES.of(np.stack([first, second], axis=1), drawn_codes)


def held_out(n):
    return np.random.default_rng(9).random(n) < 0.1


def test_a_level_is_redrawn_from_its_condition():
    conditional = fit_level(rows(3000, 0), FEATURES, 0, held_out(3000), seed=0)
    drawn = rows(2000, 1, level=False)
    after = conditional.redraw(drawn, FEATURES, np.random.default_rng(0))
    assert (drawn.codes[:, 0] == (drawn.numbers[:, 0] * 3).astype(int)).mean() < 0.5
    assert (after.codes[:, 0] == (drawn.numbers[:, 0] * 3).astype(int)).mean() > 0.97
    assert np.array_equal(after.codes[:, 1], drawn.codes[:, 1])
    assert np.array_equal(after.features[:, 2], after.codes[:, 0])
    assert np.array_equal(drawn.features, rows(2000, 1, level=False).features)


def test_a_number_is_redrawn_from_its_condition():
    conditional = fit_number(rows(4000, 0), FEATURES, 1, held_out(4000), seed=0)
    drawn = rows(2000, 1, number=False)
    after = conditional.redraw(drawn, FEATURES, np.random.default_rng(0))
    assert np.abs(drawn.numbers[:, 1] - drawn.numbers[:, 0]).mean() > 0.3
    assert np.abs(after.numbers[:, 1] - after.numbers[:, 0]).mean() < 0.04
    assert np.array_equal(after.numbers[:, 0], drawn.numbers[:, 0])
    values = QUANTILES.from_unit(after.numbers[:, 1]).astype(np.float32)
    assert np.array_equal(after.features[:, 1], values)


@pytest.mark.parametrize("least", [20, 300])
def test_each_leaf_rests_on_least_rows(least):
    real, out = rows(3000, 0), held_out(3000)
    level = fit_level(real, FEATURES, 0, out, seed=0, least=least)
    number = fit_number(real, FEATURES, 1, out, seed=0, least=least)
    for trees, place in ((level.trees, 2), (number.digits[0], 1)):
        seen = real[~out].features.copy()
        seen[:, place] = 0
        counts = np.bincount(trees.leaf_of(seen).ravel(), minlength=len(trees.splits))
        assert len(trees) > 1
        assert counts[trees.splits[:, 1] < 0].min() >= least


def test_excess_nll_is_high_where_a_relation_is_lost_and_none_where_it_holds():
    level = fit_level(rows(3000, 0), FEATURES, 0, held_out(3000), seed=0)
    number = fit_number(rows(3000, 0), FEATURES, 1, held_out(3000), seed=0)
    for conditional, lost in ((level, {"level": False}), (number, {"number": False})):
        assert conditional.excess_nll(rows(2000, 1, **lost), FEATURES).mean() > 0.5
        assert abs(conditional.excess_nll(rows(2000, 1), FEATURES).mean()) < 0.1


def test_the_polish_takes_the_column_that_is_wrong():
    choices = fit_polish(
        rows(3000, 0), rows(3000, 1, level=False), FEATURES, np.random.default_rng(0)
    )
    assert isinstance(choices[0].conditional, LevelConditional)
    assert choices[0].conditional.span == 0
    assert choices[0].excess_nll > 0.5
    # Another column of levels may be taken on a chance of held-out rows, no number.
    assert all(
        isinstance(c.conditional, LevelConditional) and c.excess_nll < 0.02 for c in choices[1:]
    )


def test_choices_are_the_same_on_several_threads():
    one, three = (
        fit_polish(
            rows(1500, 0),
            rows(1500, 1, level=False),
            FEATURES,
            np.random.default_rng(0),
            workers=workers,
        )
        for workers in (1, 3)
    )
    assert [choice.excess_nll for choice in one] == [choice.excess_nll for choice in three]
    assert one[0].conditional.trees.leaves.tolist() == three[0].conditional.trees.leaves.tolist()


def test_the_polish_takes_a_number_that_a_critic_finds():
    choices = fit_polish(
        rows(3000, 0), rows(3000, 1, number=False), FEATURES, np.random.default_rng(0)
    )
    assert any(
        isinstance(c.conditional, NumberConditional) and c.conditional.number == 1 for c in choices
    )


def test_the_polish_leaves_what_is_given():
    drawn = rows(3000, 1, level=False)
    choices = fit_polish(rows(3000, 0), drawn, FEATURES, np.random.default_rng(0), given=[0])
    assert not [
        c
        for c in choices
        if isinstance(c.conditional, LevelConditional) and c.conditional.span == 0
    ]


def test_columns_beyond_the_number_of_trees_are_left_out(monkeypatch):
    monkeypatch.setattr(polish, "MOST_TREES", 1)
    drawn = rows(3000, 1, level=False)
    assert not fit_polish(rows(3000, 0), drawn, FEATURES, np.random.default_rng(0))


def test_a_table_too_small_to_learn_from_is_left_alone():
    real, drawn = rows(1, 0), rows(200, 1, level=False)
    assert not fit_polish(real, drawn, FEATURES, np.random.default_rng(0))


def test_of_many_columns_some_are_tried(monkeypatch):
    monkeypatch.setattr(polish, "MOST_COLUMNS", 1)
    drawn = rows(1000, 1, level=False)
    tried = []
    for seed in range(8):
        choices = fit_polish(rows(1000, 0), drawn, FEATURES, np.random.default_rng(seed))
        spans = [c.conditional.span for c in choices if isinstance(c.conditional, LevelConditional)]
        assert len(spans) <= 1
        tried += spans
    assert 0 in tried


def test_nothing_is_tried_when_the_time_is_over():
    drawn = rows(3000, 1, level=False)
    choices = fit_polish(
        rows(3000, 0), drawn, FEATURES, np.random.default_rng(0), stop=lambda: True
    )
    assert choices == []


def test_a_redrawn_number_keeps_its_order_below_the_digits():
    """A heavy tail that follows another column is still next to it."""
    rng = np.random.default_rng(0)
    units = rng.random(4_000)
    codes = np.empty((4_000, 0), np.int64)
    rows = DrawnRows(units[:, None], codes, units[:, None].astype(np.float32))
    features = RowFeatures(RowLayout((None,), ()), (Quantiles.fit(units),))
    digits = []
    for depth in range(3):
        seen, digit = np.floor(units * 2**depth) / 2**depth, (units * 2 ** (depth + 1)).astype(int)
        few = Growth(depth=3, rate=0.1, bins=64, rounds=2)
        trees = fit_vector_leaf_trees(
            seen[:, None].astype(np.float32), digit % 2, np.full(2, 0.5), few, least=20, seed=0
        )
        digits.append(trees)
    drawn = NumberConditional(0, tuple(digits)).redraw(rows, features, rng).numbers[:, 0]
    assert abs(np.corrcoef(units, drawn)[0, 1]) < 0.2, "nothing tells the digits here"
    for cell in range(8):
        within = (drawn * 8).astype(int) == cell
        order = np.argsort(units[within])
        assert (np.diff(drawn[within][order]) > 0).all()
        spread = np.sort(drawn[within]) * 8 - cell
        assert np.abs(spread - (np.arange(within.sum()) + 0.5) / within.sum()).max() < 0.01
