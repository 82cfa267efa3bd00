"""Fits classifiers of boosted trees with vector leaves, with XGBoost."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tabgan.generators.trees.vector_leaf_trees import (
    CHUNK,
    Codes,
    Features,
    LevelOrders,
    VectorLeafTrees,
)

if TYPE_CHECKING:
    import xgboost

__all__ = ["Growth", "fit_vector_leaf_trees", "never"]


def never() -> bool:
    """Say that there is no reason to stop."""
    return False


@dataclass(frozen=True)
class Growth:
    """Hyperparameters of a classifier of boosted trees.

    Parameters
    ----------
    depth
        Deepest level of a leaf.
    rate
        Learning rate.
    bins
        Bins of a feature, between which splits are looked for.
    rounds
        Most trees.
    row_share
        Share of the rows that each tree sees.
    patience
        Rounds without a lower loss on the rows held out after which growth ends.
    feature_share
        Share of the features that each split looks at.
    l2
        Penalty on the squares of the leaves' values.
    leaves
        Most leaves of a tree, which grows where the loss falls most; 0 for all that the depth
        allows.
    """

    depth: int
    rate: float
    bins: int
    rounds: int = 500
    row_share: float = 0.8
    patience: int = 8
    feature_share: float = 1.0
    l2: float = 1.0
    leaves: int = 0


def fit_vector_leaf_trees(
    features: Features,
    classes: Codes,
    shares: NDArray[np.floating],
    growth: Growth,
    *,
    least: int,
    seed: int,
    widths: Sequence[int] = (),
    held_out: NDArray[np.bool_] | None = None,
    weights: NDArray[np.floating] | None = None,
    stop: Callable[[], bool] = never,
) -> VectorLeafTrees:
    """Fit a classifier by gradient boosting on the logistic loss (Chen and Guestrin, 2016).

    Parameters
    ----------
    features
        Shape (rows, features); NaN is a missing value.
    classes
        Class of each row, shape (rows,).
    shares
        Share of each class, shape (classes,): what is drawn where no tree is grown.
    growth
        How the trees are grown.
    least
        Fitted rows on which each leaf rests at least.
    seed
        Randomness of the rows that each tree sees, and of the features that a split looks at.
    widths
        Number of levels of each feature that holds codes of levels, 0 for others; those of several
        levels are put into orders. Nothing for features none of which does.
    held_out
        Rows that are not fitted, and by which the number of rounds is chosen; None takes all
        rounds.
    weights
        Weight of each row; None for the same.
    stop
        Called after each round: whether to grow no further tree.

    Examples
    --------
    >>> features = np.linspace(0, 1, 200, dtype=np.float32)[:, None]
    >>> classes, shares = (features[:, 0] > 0.5).astype(int), np.array([0.5, 0.5])
    >>> growth = Growth(depth=2, rate=0.3, bins=64, rounds=20)
    >>> trees = fit_vector_leaf_trees(features, classes, shares, growth, least=5, seed=0)
    >>> len(trees), trees.probabilities(features)[[0, -1]].round(1).tolist()
    (20, [[1.0, 0.0], [0.0, 1.0]])
    """
    constant = VectorLeafTrees.constant(shares, features.shape[1])
    fitted = np.ones(len(classes), np.bool_) if held_out is None else ~held_out
    nothing_held_out = held_out is not None and not held_out.any()
    if len(shares) < 2 or not features.shape[1] or nothing_held_out or fitted.sum() < 2 * least:
        return constant
    if stop():
        return constant
    orders = LevelOrders.fit(
        features[fitted],
        classes[fitted],
        widths,
        n_classes=len(shares),
        least=least,
        weights=None if weights is None else weights[fitted],
    )
    rows = _TrainingRows(orders.hidden(features), classes, weights, fitted)
    start = replace(constant, orders=orders)
    trees, rows_of_nodes = _grown(rows, start, growth, seed=seed, stop=stop)
    return trees.pruned(rows_of_nodes, least)


@dataclass(frozen=True, eq=False)
class _TrainingRows:
    """Rows with their classes and weights, and which of them are fitted."""

    features: Features
    classes: Codes
    weights: NDArray[np.floating] | None
    fitted: NDArray[np.bool_]

    def matrix(self, rows: NDArray[np.bool_], baseline: NDArray[np.float32], **options: Any) -> Any:
        """Return some of the rows as XGBoost takes them."""
        import xgboost

        margin = np.tile(baseline, (int(rows.sum()), 1))
        return xgboost.QuantileDMatrix(
            self.features[rows],
            self.classes[rows],
            weight=None if self.weights is None else self.weights[rows],
            base_margin=margin[:, 0] if len(baseline) == 1 else margin,
            nthread=1,
            **options,
        )


def _grown(
    rows: _TrainingRows,
    constant: VectorLeafTrees,
    growth: Growth,
    *,
    seed: int,
    stop: Callable[[], bool],
) -> tuple[VectorLeafTrees, Codes]:
    """Grow trees; return them, and how many fitted rows end in each node."""
    import xgboost

    class Stop(xgboost.callback.TrainingCallback):
        """XGBoost callback that stops when the fit has to end."""

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
            return stop()

    fitted = rows.matrix(rows.fitted, constant.baseline, max_bin=growth.bins)
    callbacks: list[xgboost.callback.TrainingCallback] = [Stop()]
    held_out = []
    if not rows.fitted.all():
        options = {"max_bin": growth.bins, "ref": fitted}
        held_out.append((rows.matrix(~rows.fitted, constant.baseline, **options), "held_out"))
        callbacks.insert(0, xgboost.callback.EarlyStopping(rounds=growth.patience))
    booster = xgboost.train(
        _options(growth, len(constant.baseline), seed),
        fitted,
        num_boost_round=growth.rounds,
        evals=held_out,
        callbacks=callbacks,
        verbose_eval=False,
    )
    best = booster.attr("best_iteration")  # XGBoost 2.1 may set none
    n_trees = booster.num_boosted_rounds() if best is None else int(best) + 1
    trees = _arrays_of(booster, n_trees, constant)
    rows_of_nodes = np.zeros(len(trees.splits), np.int64)
    places = np.flatnonzero(rows.fitted)
    for start in range(0, len(places), CHUNK):
        part = xgboost.DMatrix(rows.features[places[start : start + CHUNK]], nthread=1)
        ends = booster.predict(part, pred_leaf=True, iteration_range=(0, len(trees)))
        nodes = ends.reshape(-1, len(trees)).astype(np.int64) + trees.starts[:-1]
        rows_of_nodes += np.bincount(nodes.ravel(), minlength=len(rows_of_nodes))
    return trees, rows_of_nodes


def _options(growth: Growth, n_outputs: int, seed: int) -> dict[str, Any]:
    """Return XGBoost's options."""
    objective: dict[str, Any] = {"objective": "binary:logistic", "base_score": 0.5}
    if n_outputs > 1:
        objective = {
            "objective": "multi:softprob",
            "num_class": n_outputs,
            "multi_strategy": "multi_output_tree",
            "base_score": 0.0,
        }
    return objective | {
        "tree_method": "hist",
        "max_depth": growth.depth,
        "eta": growth.rate,
        "max_leaves": growth.leaves,
        "grow_policy": "lossguide" if growth.leaves else "depthwise",
        "max_bin": growth.bins,
        "subsample": growth.row_share,
        "colsample_bynode": growth.feature_share,
        "reg_lambda": growth.l2,
        "nthread": 1,  # sums in one order, whatever the number of threads
        "seed": seed,
        "verbosity": 0,
    }


def _arrays_of(
    booster: "xgboost.Booster", n_trees: int, constant: VectorLeafTrees
) -> VectorLeafTrees:
    """Read the first trees of a booster."""
    description = json.loads(booster.save_raw("json"))
    trees = description["learner"]["gradient_booster"]["model"]["trees"][:n_trees]
    splits, thresholds, leaves = [], [], []
    for tree in trees:
        left = np.array(tree["left_children"], np.int32)
        is_leaf = left < 0
        right = np.array(tree["right_children"], np.int32)
        feature = np.array(tree["split_indices"], np.int32)
        missing_left = np.array(tree["default_left"], np.int32)
        own = np.stack([feature, left, right, missing_left], axis=1)
        own[is_leaf] = (0, -1, -1, 0)
        splits.append(own)
        threshold = np.array(tree["split_conditions"], np.float32)
        thresholds.append(np.where(is_leaf, np.float32(0), threshold))
        leaves.append(_leaves_of(tree, is_leaf, len(constant.baseline)))
    return replace(
        constant,
        splits=np.concatenate(splits),
        thresholds=np.concatenate(thresholds),
        starts=np.cumsum([0, *map(len, splits)], dtype=np.int64),
        leaves=np.concatenate(leaves),
    )


def _leaves_of(
    tree: Mapping[str, Any], is_leaf: NDArray[np.bool_], n_outputs: int
) -> NDArray[np.float32]:
    """Return the vectors of a tree's leaves, shape (leaves, outputs)."""
    if n_outputs == 1:
        values, places = tree["split_conditions"], np.flatnonzero(is_leaf)
    elif "leaf_weights" in tree:  # from version 3.1: a leaf's right child is its vector's place
        values, places = tree["leaf_weights"], np.array(tree["right_children"])[is_leaf]
    else:
        values, places = tree["base_weights"], np.flatnonzero(is_leaf)
    vectors: NDArray[np.float32] = np.array(values, np.float32).reshape(-1, n_outputs)[places]
    return vectors
