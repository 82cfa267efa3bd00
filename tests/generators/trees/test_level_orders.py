"""Levels are put into orders that separate the classes that go with them."""

import numpy as np
import pytest
import torch

from tabgan.generators.trees.grow_trees import Growth, fit_vector_leaf_trees
from tabgan.generators.trees.level_orders import LevelOrders
from tabgan.generators.trees.vector_leaf_trees import VectorLeafTrees

LEVELS, CLASSES, ROWS = 40, 6, 4_000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def determined(rng):
    """Levels in no useful order, each of which goes with one class; and a number beside them."""
    levels = rng.integers(0, LEVELS, ROWS)
    image = rng.permutation(np.arange(LEVELS) % CLASSES)
    features = np.column_stack([levels, rng.random(ROWS)]).astype(np.float32)
    return features, image[levels]


def orders_of(features, classes, **options):
    arguments = {"n_classes": int(classes.max()) + 1, "least": 5} | options
    return LevelOrders.fit(features, classes, (LEVELS, 0), **arguments)


def test_levels_of_the_same_class_stand_together(determined):
    features, classes = determined
    first, second = orders_of(features, classes).orders
    assert first.place == second.place == 0
    image = np.zeros(LEVELS, int)
    image[features[:, 0].astype(int)] = classes
    in_order = image[np.argsort(second.ranks, kind="stable")]
    assert (np.diff(in_order) != 0).sum() == CLASSES - 1


def test_of_two_classes_the_order_is_that_of_their_shares(rng):
    levels = rng.integers(0, LEVELS, ROWS)
    chance = rng.random(LEVELS)
    classes = (rng.random(ROWS) < chance[levels]).astype(int)
    features = np.column_stack([levels, levels]).astype(np.float32)
    (order,) = orders_of(features, classes).orders
    own = np.array([classes[levels == level].mean() for level in range(LEVELS)])
    ranks = order.ranks if np.corrcoef(order.ranks, own)[0, 1] > 0 else -order.ranks
    assert np.corrcoef(ranks, np.argsort(np.argsort(own)))[0, 1] > 0.99


def test_levels_of_few_rows_are_of_average_shares(rng):
    """What single rows hold is not to be read from the ranks."""
    levels = np.append(rng.integers(4, LEVELS, ROWS), [3] * 4)
    classes = (rng.random(len(levels)) < levels / LEVELS).astype(int)
    features = np.column_stack([levels, levels]).astype(np.float32)
    for least, same in ((5, True), (1, False)):
        ranks = []
        for own in (0, 1):
            classes[-4:] = own
            ranks.append(orders_of(features, classes, least=least).orders[0].ranks[3])
        assert (ranks[0] == ranks[1]) == same


def test_trees_separate_what_levels_determine(determined):
    features, classes = determined
    growth = Growth(depth=3, rate=0.3, bins=64, rounds=10)
    shares = np.bincount(classes) / len(classes)
    losses = []
    for widths in ((0, 0), (LEVELS, 0)):
        trees = fit_vector_leaf_trees(
            features, classes, shares, growth, least=5, seed=0, widths=widths
        )
        chances = trees.probabilities(features)
        losses.append(-np.log(chances[np.arange(ROWS), classes]).mean())
    assert losses[1] < losses[0] / 2


def test_trees_keep_the_orders_that_they_look_at(determined):
    features, classes = determined
    shares = np.bincount(classes) / len(classes)
    one_split = Growth(depth=1, rate=0.3, bins=64, rounds=1)
    trees = fit_vector_leaf_trees(
        features, classes, shares, one_split, least=5, seed=0, widths=(LEVELS, 0)
    )
    assert len(trees.orders) == 1
    again = VectorLeafTrees.from_tensors(trees.to_tensors(), (LEVELS, 0), CLASSES)
    assert np.array_equal(again.scores(features), trees.scores(features))
    assert np.array_equal(again.leaf_of(features), trees.leaf_of(features))


def test_other_features_are_left_alone(rng):
    features = rng.random((100, 2)).astype(np.float32)
    orders = LevelOrders.fit(features, np.arange(100) % 2, (0, 4), n_classes=2, least=1)
    assert not len(orders)
    assert np.array_equal(orders.appended(features), features)
    assert not orders.to_tensors()


BROKEN = {
    "order_places": torch.tensor([5, 0]),
    "order_starts": torch.tensor([0, 1, 80]),
    "order_ranks": torch.full((2 * LEVELS,), torch.nan),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_with_broken_orders_is_refused(name, determined):
    tensors = orders_of(*determined).to_tensors() | {name: BROKEN[name]}
    with pytest.raises(ValueError, match="trees: an order"):
        LevelOrders.from_tensors(tensors, (LEVELS, 0))
