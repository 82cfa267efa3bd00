import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.generators.trees.grow_trees import Growth, fit_vector_leaf_trees, never
from tabgan.generators.trees.vector_leaf_trees import LevelOrders, VectorLeafTrees

ROWS, CLASSES, LEAST = 600, 3, 9
GROWTH = Growth(depth=4, rate=0.3, bins=64, rounds=6)


@pytest.fixture(scope="module")
def table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features with holes, classes that follow the first one, and the rows held out."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(ROWS, 2)).astype(np.float32)
    classes = np.digitize(features[:, 0], [-0.5, 0.5])
    features[::7, 1] = np.nan
    return features, classes, rng.random(ROWS) < 0.2


def fitted(table, least: int = LEAST, **options) -> VectorLeafTrees:
    features, classes, held_out = table
    arguments = {"held_out": held_out, "least": least, "seed": 1, "stop": never}
    shares = np.bincount(classes, minlength=CLASSES) / len(classes)
    return fit_vector_leaf_trees(features, classes, shares, GROWTH, **(arguments | options))


@pytest.fixture(scope="module")
def trees(table) -> VectorLeafTrees:
    return fitted(table)


def leaf_numbers(trees: VectorLeafTrees) -> np.ndarray:
    return np.cumsum(trees.splits[:, 1] < 0) - 1


def test_the_class_is_learned(table, trees):
    features, classes, _ = table
    drawn = trees.draw(features, np.random.default_rng(0))
    assert (drawn == classes).mean() > 0.75
    assert (trees.scores(features).argmax(axis=1) == classes).mean() > 0.97


def test_xgboost_adds_up_the_leaves_that_rows_reach(table, trees):
    features = table[0]
    reached = leaf_numbers(trees)[trees.leaf_of(features)]
    summed = trees.leaves[reached].sum(axis=1) + trees.baseline
    np.testing.assert_allclose(trees.scores(features), summed, rtol=1e-5, atol=1e-5)


def rows_of_leaves(trees: VectorLeafTrees, features: np.ndarray) -> np.ndarray:
    counts = np.bincount(trees.leaf_of(features).ravel(), minlength=len(trees.splits))
    return counts[trees.splits[:, 1] < 0]


def test_each_leaf_rests_on_least_rows(table, trees):
    features, _, held_out = table
    assert rows_of_leaves(trees, features[~held_out]).min() >= LEAST
    assert rows_of_leaves(fitted(table, least=1), features[~held_out]).min() < LEAST


def test_the_mean_of_several_has_the_mean_of_their_outputs_whatever_their_orders():
    rng = np.random.default_rng(3)
    levels = rng.integers(0, 12, (ROWS, 2))
    classes = (levels[:, 0] * 7 % 12) // 4
    features = np.column_stack([levels, rng.normal(size=ROWS)]).astype(np.float32)
    parts = []
    for held_out in (levels[:, 1] < 3, levels[:, 1] > 8, classes == 0):
        options = {"held_out": held_out, "widths": (12, 12, 0), "seed": len(parts)}
        parts.append(fitted((features, classes, held_out), **options))
    assert len({len(part.orders) for part in parts}) > 1
    whole = VectorLeafTrees.mean(parts)
    assert len(whole) == sum(map(len, parts))
    expected = np.mean([part.scores(features) for part in parts], axis=0)
    np.testing.assert_allclose(whole.scores(features), expected, rtol=1e-4, atol=1e-4)
    tensors = whole.to_tensors()
    again = VectorLeafTrees.from_tensors(tensors, (12, 12, 0), CLASSES)
    assert (again.scores(features) == whole.scores(features)).all()


def test_pruning_leaves_the_mean_of_what_it_joins():
    splits = [[0, 1, 2, 1], [0, -1, -1, 0], [1, 3, 4, 0], [0, -1, -1, 0], [0, -1, -1, 0]]
    trees = VectorLeafTrees(
        np.array(splits, np.int32),
        np.array([0, 0, 1, 0, 0], np.float32),
        np.array([0, 5]),
        np.array([[1, 2], [8, 0], [4, 4]], np.float32),
        np.zeros(2, np.float32),
        n_features=2,
        n_classes=2,
    )
    pruned = trees.pruned(np.array([0, 50, 0, 3, 1]), least=3)
    assert pruned.splits.tolist() == [[0, 1, 2, 1], [0, -1, -1, 0], [0, -1, -1, 0]]
    assert pruned.leaves.tolist() == [[1, 2], [7, 1]]
    assert pruned.starts.tolist() == [0, 3]
    assert len(trees.pruned(np.array([0, 2, 0, 30, 10]), least=3).splits) == 1


def test_the_same_seed_grows_the_same_trees(table, trees):
    again = fitted(table)
    other = fitted(table, seed=2)
    assert np.array_equal(trees.leaves, again.leaves)
    assert np.array_equal(trees.thresholds, again.thresholds)
    assert not np.array_equal(trees.leaves, other.leaves)


def test_rows_are_the_same_in_chunks(table, trees, monkeypatch):
    whole = trees.draw(table[0], np.random.default_rng(3))
    monkeypatch.setattr("tabgan.generators.trees.vector_leaf_trees.CHUNK", 100)
    assert np.array_equal(whole, trees.draw(table[0], np.random.default_rng(3)))


def test_a_fit_that_has_to_stop_has_no_tree_or_few(table):
    assert len(fitted(table, stop=lambda: True)) == 0
    calls = iter([False, False, True])
    assert len(fitted(table, stop=lambda: next(calls))) == 2


@pytest.mark.parametrize("rows", [1, 12])
def test_few_rows_give_the_shares_of_the_classes(table, rows):
    features, classes, held_out = (part[:rows] for part in table)
    arguments = {"held_out": held_out, "least": LEAST, "seed": 0, "stop": never}
    shares = np.bincount(classes, minlength=CLASSES) / rows
    trees = fit_vector_leaf_trees(features, classes, shares, GROWTH, **arguments)
    assert len(trees) == 0
    drawn = trees.draw(np.zeros((5000, 2), np.float32), np.random.default_rng(0))
    np.testing.assert_allclose(np.bincount(drawn, minlength=CLASSES) / 5000, shares, atol=0.03)


def test_only_allowed_classes_are_drawn(table, trees):
    features = table[0]
    allowed = np.zeros((ROWS, CLASSES), np.bool_)
    allowed[np.arange(ROWS), np.arange(ROWS) % CLASSES] = True
    drawn = trees.draw(features, np.random.default_rng(0), allowed)
    assert np.array_equal(drawn, np.arange(ROWS) % CLASSES)


def test_tensors_and_back(table, trees):
    again = VectorLeafTrees.from_tensors(trees.to_tensors(), (0, 0), CLASSES)
    assert np.array_equal(again.scores(table[0]), trees.scores(table[0]))


def swap_children(splits: torch.Tensor) -> None:
    splits[0, 1:3] = splits[0, [2, 1]]


def hostile(**changes):
    def change(tensors):
        for name, (place, value) in changes.items():
            tensors[name][place] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (hostile(splits=((0, 0), 2)), "a split leads nowhere"),
        (hostile(splits=((0, 0), -1)), "a split leads nowhere"),
        (hostile(splits=((0, 1), 0)), "a split leads nowhere"),
        (hostile(splits=((0, 2), 10_000)), "a split leads nowhere"),
        (hostile(splits=((0, 1), 2)), "a node must have one parent"),
        (lambda tensors: swap_children(tensors["splits"]), "children of a node must be neighbors"),
        (hostile(splits=((0, 3), 2)), "an unknown flag"),
        (hostile(starts=(0, 1)), "starts must rise"),
        (hostile(starts=(1, 0)), "starts must rise"),
        (hostile(leaves=((0, 0), float("inf"))), "not finite"),
        (hostile(thresholds=(0, float("nan"))), "not finite"),
        (lambda tensors: tensors.update(leaves=tensors["leaves"][1:]), "number of leaves"),
        (lambda tensors: tensors.update(leaves=tensors["leaves"][:, 1:]), "number of outputs"),
        (lambda tensors: tensors.update(splits=tensors["splits"].long()), "the wrong type"),
        (lambda tensors: tensors.update(thresholds=tensors["thresholds"][1:]), "don't fit"),
    ],
)
def test_hostile_tensors_never_reach_xgboost(trees, change, message):
    tensors = {name: tensor.clone() for name, tensor in trees.to_tensors().items()}
    change(tensors)
    with pytest.raises(ValueError, match=message):
        VectorLeafTrees.from_tensors(tensors, (0, 0), CLASSES)


def test_a_missing_tensor(trees):
    tensors = trees.to_tensors()
    del tensors["leaves"]
    with pytest.raises(KeyError):
        VectorLeafTrees.from_tensors(tensors, (0, 0), CLASSES)


def test_the_format_of_both_versions_is_read(trees):
    """Before XGBoost 3.1 the vectors of leaves stood among those of the nodes."""
    description = trees._description()
    tree = description["learner"]["gradient_booster"]["model"]["trees"][0]
    in_nodes = np.reshape(tree["base_weights"], (-1, CLASSES))
    is_leaf = np.array(tree["left_children"]) < 0
    beside = np.reshape(tree["leaf_weights"], (-1, CLASSES))
    assert np.array_equal(in_nodes[is_leaf], beside[np.array(tree["right_children"])[is_leaf]])


def of_two_classes(table, **options) -> VectorLeafTrees:
    features, classes, _ = table
    arguments = {"least": LEAST, "seed": 1} | options
    return fit_vector_leaf_trees(
        features, (classes > 0).astype(int), np.full(2, 0.5), GROWTH, **arguments
    )


def test_two_classes_take_one_output(table):
    features, classes, _ = table
    trees = of_two_classes(table)
    assert len(trees) == GROWTH.rounds, "nothing is held out: all rounds"
    assert trees.leaves.shape[1] == 1
    chances = trees.probabilities(features)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-6)
    assert ((chances[:, 1] > 0.5) == (classes > 0)).mean() > 0.97
    reached = leaf_numbers(trees)[trees.leaf_of(features)]
    summed = trees.leaves[reached].sum(axis=1) + trees.baseline
    np.testing.assert_allclose(trees.scores(features), summed, rtol=1e-5, atol=1e-5)
    assert rows_of_leaves(trees, features).min() >= LEAST
    again = VectorLeafTrees.from_tensors(trees.to_tensors(), (0, 0), 2)
    assert np.array_equal(again.scores(features), trees.scores(features))


def test_weights_count():
    features, classes = np.zeros((100, 1), np.float32), np.repeat([0, 1], 50)
    many = Growth(depth=1, rate=0.3, bins=64, rounds=30, row_share=1)
    weights = np.where(classes == 1, 3.0, 1.0)
    trees = fit_vector_leaf_trees(
        features, classes, np.full(2, 0.5), many, least=1, seed=0, weights=weights
    )
    assert trees.probabilities(features)[0, 1] == pytest.approx(0.75, abs=1e-2)


def test_a_feature_that_no_fitted_row_has_tells_nothing(table):
    features, classes, held_out = table
    features = features.copy()
    features[~held_out, 1] = np.nan
    trees = fitted((features, classes, held_out))
    assert (trees.splits[trees.splits[:, 1] >= 0, 0] == 0).all()


def scalar_leaves(seed: int, n_outputs: int) -> dict[str, torch.Tensor]:
    """Trees of four leaves as files of before hold them, depth first: each adds to one output."""
    rng = np.random.default_rng(seed)
    n_trees = 2 * n_outputs
    splits = np.zeros((n_trees, 7, 4), np.int32)
    splits[:, 0] = (0, 1, 4, 1)  # missing values go left
    splits[:, 1] = (1, 2, 3, 0)
    splits[:, 4] = (0, 6, 5, 0)
    splits[:, [2, 3, 5, 6], 3] = 2
    values = rng.integers(-2, 3, (n_trees, 7, 2)).astype(np.float32) / 2
    return {
        "splits": torch.from_numpy(splits.reshape(-1, 4)),
        "values": torch.from_numpy(values.reshape(-1, 2)),
        "starts": torch.arange(0, 7 * n_trees + 1, 7),
        "baseline": torch.arange(n_outputs, dtype=torch.float32),
    }


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 3))
def test_trees_of_scalar_leaves_give_the_same_scores(seed, n_outputs):
    """In files of before, values up to a threshold go left, and each tree adds to one output."""
    tensors = scalar_leaves(seed, n_outputs)
    n_classes = max(n_outputs, 2)
    trees = VectorLeafTrees.from_tensors(tensors, (0, 0), n_classes)
    rng = np.random.default_rng(seed)
    features = rng.integers(-2, 3, (40, 2)).astype(np.float32) / 2  # many lie on a threshold
    features[rng.random((40, 2)) < 0.2] = np.nan
    wanted = np.tile(tensors["baseline"].numpy(), (40, 1))
    values = tensors["values"].numpy().reshape(-1, 7, 2)
    for number, own in enumerate(values):
        first = np.isnan(features[:, 0]) | (features[:, 0] <= own[0, 0])
        left = np.where(features[:, 1] <= own[1, 0], own[2, 1], own[3, 1])
        right = np.where(features[:, 0] <= own[4, 0], own[6, 1], own[5, 1])
        leaf = np.where(first, left, right)
        wanted[:, number % n_outputs] += leaf
    np.testing.assert_allclose(trees.scores(features), wanted, atol=1e-6)
    assert trees.probabilities(features).shape == (40, n_classes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (hostile(splits=((0, 0), 2)), "a split leads nowhere"),
        (hostile(splits=((0, 1), 0)), "a split leads nowhere"),
        (hostile(splits=((0, 2), 10**6)), "a split leads nowhere"),
        (hostile(splits=((0, 3), 4)), "an unknown flag"),
        (hostile(starts=(0, 1)), "starts must rise"),
        (hostile(starts=(1, 0)), "starts must rise"),
        (hostile(values=((0, 0), float("nan"))), "not finite"),
        (lambda tensors: tensors.update(values=tensors["values"][1:]), "don't fit"),
        (lambda tensors: tensors.update(values=tensors["values"].double()), "the wrong type"),
        (lambda tensors: tensors.update(baseline=tensors["baseline"][:2]), "number of outputs"),
        (lambda tensors: tensors.update(baseline=tensors["baseline"][:0]), "number of outputs"),
    ],
)
def test_hostile_trees_of_scalar_leaves_are_refused(change, message):
    tensors = {name: tensor.clone() for name, tensor in scalar_leaves(0, 3).items()}
    change(tensors)
    with pytest.raises(ValueError, match=message):
        VectorLeafTrees.from_tensors(tensors, (0, 0), 3)


LEVELS, N_CLASSES, MANY_ROWS = 40, 6, 4_000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def determined(rng):
    """Levels in no useful order, each of which goes with one class; and a number beside them."""
    levels = rng.integers(0, LEVELS, MANY_ROWS)
    image = rng.permutation(np.arange(LEVELS) % N_CLASSES)
    features = np.column_stack([levels, rng.random(MANY_ROWS)]).astype(np.float32)
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
    assert (np.diff(in_order) != 0).sum() == N_CLASSES - 1


def test_of_two_classes_the_order_is_that_of_their_shares(rng):
    levels = rng.integers(0, LEVELS, MANY_ROWS)
    chance = rng.random(LEVELS)
    classes = (rng.random(MANY_ROWS) < chance[levels]).astype(int)
    features = np.column_stack([levels, levels]).astype(np.float32)
    (order,) = orders_of(features, classes).orders
    own = np.array([classes[levels == level].mean() for level in range(LEVELS)])
    ranks = order.ranks if np.corrcoef(order.ranks, own)[0, 1] > 0 else -order.ranks
    assert np.corrcoef(ranks, np.argsort(np.argsort(own)))[0, 1] > 0.99


def test_levels_of_few_rows_are_of_average_shares(rng):
    """What single rows hold is not to be read from the ranks."""
    levels = np.append(rng.integers(4, LEVELS, MANY_ROWS), [3] * 4)
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
        losses.append(-np.log(chances[np.arange(MANY_ROWS), classes]).mean())
    assert losses[1] < losses[0] / 2


def test_trees_keep_the_orders_that_they_look_at(determined):
    features, classes = determined
    shares = np.bincount(classes) / len(classes)
    one_split = Growth(depth=1, rate=0.3, bins=64, rounds=1)
    trees = fit_vector_leaf_trees(
        features, classes, shares, one_split, least=5, seed=0, widths=(LEVELS, 0)
    )
    assert len(trees.orders) == 1
    again = VectorLeafTrees.from_tensors(trees.to_tensors(), (LEVELS, 0), N_CLASSES)
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
