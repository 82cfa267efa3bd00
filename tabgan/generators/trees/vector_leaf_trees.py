"""Classifiers of boosted trees whose leaves hold a vector, one entry a class.

A tree of XGBoost with ``multi_strategy="multi_output_tree"`` scores all classes in one walk (Zhang
and Jung, 2020, arXiv:1909.04373). Of two classes one entry is enough: the log-odds of the second.
The trees are kept as plain arrays, in the model file too. What XGBoost evaluates is rebuilt from
the arrays by its public JSON format, after a check of each index.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    import xgboost

__all__ = ["Growth", "VectorLeafTrees", "fit_vector_leaf_trees", "never"]

LEAST_SHARE = 1e-6  # of a class that no row has
CHUNK = 8192  # rows that are evaluated at once, which bounds the memory of many classes

Features = NDArray[np.float32]
Codes = NDArray[np.int64]


def never() -> bool:
    """Say that there is no reason to stop."""
    return False


@dataclass(frozen=True)
class Growth:
    """How the trees of a classifier are grown.

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


@dataclass(frozen=True, eq=False)
class VectorLeafTrees:
    """An additive ensemble of trees with vector leaves; its outputs are log-odds of classes.

    Of two classes there is one output, the log-odds of the second.

    Parameters
    ----------
    splits
        Nodes of all trees, one tree after the other, int32 of shape (nodes, 4): feature, left and
        right child (numbered within their tree; -1 for a leaf), and whether missing values go left.
        The right child comes next to the left one, as XGBoost takes for granted.
    thresholds
        Lower values go left, float32 of shape (nodes,).
    starts
        Where each tree begins among the nodes, and their end; shape (trees + 1,).
    leaves
        The vectors of the leaves in the order of the nodes, float32 of shape (leaves, outputs).
    baseline
        What the outputs begin with, float32 of shape (outputs,).
    n_features, n_classes
        Numbers of features and of classes.
    """

    splits: NDArray[np.int32]
    thresholds: NDArray[np.float32]
    starts: NDArray[np.int64]
    leaves: NDArray[np.float32]
    baseline: NDArray[np.float32]
    n_features: int
    n_classes: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    @classmethod
    def constant(cls, shares: NDArray[np.floating], n_features: int) -> Self:
        """Return an ensemble without trees.

        Parameters
        ----------
        shares
            Share of each class.
        n_features
            Number of features.
        """
        baseline = np.log(np.maximum(shares, LEAST_SHARE))
        if len(shares) == 2:
            baseline = np.diff(baseline)
        return cls(
            np.zeros((0, 4), np.int32),
            np.zeros(0, np.float32),
            np.zeros(1, np.int64),
            np.zeros((0, len(baseline)), np.float32),
            baseline.astype(np.float32),
            n_features,
            len(shares),
        )

    def scores(self, features: Features) -> NDArray[np.float32]:
        """Return the outputs, shape (rows, features) → (rows, outputs); NaN is a missing value."""
        scores = np.tile(self.baseline, (len(features), 1))
        for start in range(0, len(features) if len(self) else 0, CHUNK):
            part = np.ascontiguousarray(features[start : start + CHUNK])
            added = self._booster.inplace_predict(part, predict_type="margin")
            scores[start : start + CHUNK] += added.reshape(len(part), -1)
        return scores

    def probabilities(self, features: Features) -> NDArray[np.float32]:
        """Return the probability of each class, shape (rows, features) → (rows, classes)."""
        chances = self._exponentials(features)
        return chances / chances.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]

    def _exponentials(
        self, features: Features, allowed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float32]:
        """Return chances up to a factor, shape (rows, features) → (rows, classes)."""
        scores = self.scores(features)
        if scores.shape[1] < self.n_classes:
            scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
        if allowed is not None:
            scores = np.where(allowed, scores, -np.inf)
        return np.exp(scores - scores.max(axis=1, keepdims=True))  # type: ignore[no-any-return]

    def draw(
        self,
        features: Features,
        rng: np.random.Generator,
        allowed: NDArray[np.bool_] | None = None,
    ) -> Codes:
        """Draw a class for each row, shape (rows, features) → (rows,).

        Parameters
        ----------
        features
            The features; NaN is a missing value.
        rng
            Randomness of the draw.
        allowed
            Which classes a row can have, shape (rows, classes), at least one each; None for all.
        """
        drawn, units = np.empty(len(features), np.int64), rng.random(len(features))
        for start in range(0, len(features), CHUNK):
            rows = slice(start, start + CHUNK)
            chances = self._exponentials(features[rows], None if allowed is None else allowed[rows])
            bounds = np.cumsum(chances, axis=1, dtype=np.float64)
            # A class without a chance is never drawn: its bound is not above the one before.
            below = bounds <= units[rows, None] * bounds[:, -1:]
            drawn[rows] = np.minimum(below.sum(axis=1), self.n_classes - 1)
        return drawn

    @cached_property
    def _booster(self) -> "xgboost.Booster":
        import xgboost

        booster = xgboost.Booster(params={"nthread": 1})
        booster.load_model(bytearray(json.dumps(self._description()), "utf-8"))
        return booster

    def _description(self) -> dict[str, Any]:
        """Describe the trees as XGBoost's JSON does."""
        ends = np.cumsum(np.add.reduceat(self.splits[:, 1] < 0, self.starts[:-1]))
        leaves = np.split(self.leaves, ends[:-1])
        trees = [self._tree(number, own) for number, own in enumerate(leaves)]
        counts = {"num_parallel_tree": "1", "num_trees": str(len(trees))}
        model = {
            "gbtree_model_param": counts,
            "iteration_indptr": [*range(len(trees) + 1)],
            "tree_info": [0] * len(trees),
            "trees": trees,
        }
        outputs = str(len(self.baseline))
        objective: dict[str, Any] = {
            "name": "multi:softprob",
            "softmax_multiclass_param": {"num_class": outputs},
        }
        if len(self.baseline) == 1:
            objective = {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}}
        return {
            "version": [2, 1, 0],
            "learner": {
                "attributes": {},
                "feature_names": [],
                "feature_types": [],
                "gradient_booster": {"model": model, "name": "gbtree"},
                "learner_model_param": {
                    "base_score": "0E0",
                    "boost_from_average": "0",
                    "num_class": outputs if len(self.baseline) > 1 else "0",
                    "num_feature": str(self.n_features),
                    "num_target": "1",
                },
                "objective": objective,
            },
        }

    def _tree(self, number: int, leaves: NDArray[np.float32]) -> dict[str, Any]:
        """Describe a tree; a single output stands among the thresholds.

        From version 3.1 vectors stand beside the nodes, before in them.
        """
        nodes = slice(self.starts[number], self.starts[number + 1])
        feature, left, right, missing_left = self.splits[nodes].T
        size, is_leaf = len(left), left < 0
        parents = np.full(size, 2**31 - 1)
        inner = np.flatnonzero(~is_leaf)
        parents[left[inner]] = parents[right[inner]] = inner
        in_nodes = np.zeros((size, leaves.shape[1]), np.float32)
        in_nodes[is_leaf] = leaves
        second, values, beside = right.copy(), self.thresholds[nodes], {}
        if leaves.shape[1] > 1:
            second[is_leaf] = np.arange(len(leaves))
            beside = {"leaf_weights": leaves.ravel().tolist()}
        else:
            values = np.where(is_leaf, in_nodes[:, 0], values)
        return {
            **beside,
            "base_weights": in_nodes.ravel().tolist(),
            "categories": [],
            "categories_nodes": [],
            "categories_segments": [],
            "categories_sizes": [],
            "default_left": missing_left.tolist(),
            "id": number,
            "left_children": left.tolist(),
            "loss_changes": [0.0] * size,
            "parents": parents.tolist(),
            "right_children": second.tolist(),
            "split_conditions": values.tolist(),
            "split_indices": feature.tolist(),
            "split_type": [0] * size,
            "sum_hessian": [0.0] * size,
            "tree_param": {
                "num_deleted": "0",
                "num_feature": str(self.n_features),
                "num_nodes": str(size),
                "size_leaf_vector": str(leaves.shape[1]),
            },
        }

    def leaf_of(self, features: Features) -> Codes:
        """Return the node in which each row ends in each tree, (rows, features) → (rows, trees)."""
        at = np.tile(self.starts[:-1], (len(features), 1))
        rows = np.arange(len(features))[:, None]
        while True:
            feature, left, right, missing_left = np.moveaxis(self.splits[at], 2, 0)
            inner = left >= 0
            if not inner.any():
                return at
            values = features[rows, feature]
            goes_left = np.where(np.isnan(values), missing_left > 0, values < self.thresholds[at])
            at = np.where(inner, self.starts[:-1] + np.where(goes_left, left, right), at)

    def pruned(self, rows_of_nodes: NDArray[np.int64], least: int) -> Self:
        """Return the trees with each split undone that leaves too few rows on one of its sides.

        Parameters
        ----------
        rows_of_nodes
            Training rows that end in each node, shape (nodes,); zero for inner nodes.
        least
            Rows that each leaf has at least, unless a tree has fewer.
        """
        first = np.repeat(self.starts[:-1], np.diff(self.starts))
        left, right = first + self.splits[:, 1], first + self.splits[:, 2]
        is_leaf = self.splits[:, 1] < 0
        count, values = rows_of_nodes.copy(), np.zeros((len(first), self.leaves.shape[1]))
        values[is_leaf] = self.leaves
        levels = [self.starts[:-1]]
        while len(inner := levels[-1][~is_leaf[levels[-1]]]):
            levels.append(np.concatenate([left[inner], right[inner]]))
        kept = np.zeros(len(first), np.bool_)
        kept[self.starts[:-1]] = True
        for level in reversed(levels):
            inner = level[~is_leaf[level]]
            a, b = left[inner], right[inner]
            count[inner] = count[a] + count[b]
            share = (count[a] / np.maximum(count[inner], 1))[:, None]
            values[inner] = share * values[a] + (1 - share) * values[b]
            is_leaf[inner[np.minimum(count[a], count[b]) < least]] = True
        for level in levels:
            inner = level[kept[level] & ~is_leaf[level]]
            kept[left[inner]] = kept[right[inner]] = True
        return self._only(kept, is_leaf, values)

    def _only(
        self, kept: NDArray[np.bool_], is_leaf: NDArray[np.bool_], values: NDArray[np.float64]
    ) -> Self:
        """Return the trees with some of their nodes, numbered anew."""
        new = np.append(0, np.cumsum(kept))
        first = np.repeat(self.starts[:-1], np.diff(self.starts))
        splits = self.splits.copy()
        for side in (1, 2):
            splits[:, side] = new[first + splits[:, side].clip(0)] - new[first]
        splits[is_leaf] = (0, -1, -1, 0)
        thresholds = np.where(is_leaf, np.float32(0), self.thresholds)
        return type(self)(
            splits[kept],
            thresholds[kept],
            new[self.starts],
            values[kept & is_leaf].astype(np.float32),
            self.baseline,
            self.n_features,
            self.n_classes,
        )

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the trees as tensors, by name."""
        names = ("splits", "thresholds", "starts", "leaves", "baseline")
        return {name: torch.from_numpy(getattr(self, name)) for name in names}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], n_features: int, n_classes: int) -> Self:
        """Rebuild trees from the value of `to_tensors`.

        Parameters
        ----------
        tensors
            What `to_tensors` returned; or trees of scalar leaves, as of files up to version 0.1.
        n_features, n_classes
            Numbers of features and of classes that the trees must have.

        Raises
        ------
        KeyError, ValueError
            If a tensor is missing, or does not describe such trees.
        """
        if "values" in tensors:
            tensors = _vector_leaves(tensors, n_features)
        names = ("splits", "thresholds", "starts", "leaves", "baseline")
        splits, thresholds, starts, leaves, baseline = (tensors[name].numpy() for name in names)
        kinds = [part.dtype.name for part in (splits, thresholds, starts, leaves, baseline)]
        if kinds != ["int32", "float32", "int64", "float32", "float32"]:
            raise ValueError("trees: a tensor has the wrong type")
        if splits.shape[1:] != (4,) or thresholds.shape != (len(splits),):
            raise ValueError("trees: splits and thresholds don't fit each other")
        outputs = {n_classes, 1} if n_classes == 2 else {n_classes}
        if baseline.ndim != 1 or len(baseline) not in outputs or leaves.shape[1:] != baseline.shape:
            raise ValueError("trees: a wrong number of outputs")
        if not all(np.isfinite(part).all() for part in (thresholds, leaves, baseline)):
            raise ValueError("trees: a value is not finite")
        _check_nodes(splits, starts, n_features)
        if (splits[:, 2] != splits[:, 1] + 1)[splits[:, 1] >= 0].any():
            raise ValueError("trees: the children of a node must be neighbors")
        if len(leaves) != (splits[:, 1] < 0).sum():
            raise ValueError("trees: a wrong number of leaves")
        return cls(splits, thresholds, starts, leaves, baseline, n_features, n_classes)


def _check_nodes(splits: NDArray[np.int32], starts: NDArray[np.int64], n_features: int) -> None:
    """Check what compiled code takes for granted: it would read outside of its arrays."""
    if starts.ndim != 1 or not len(starts) or starts[0] != 0 or starts[-1] != len(splits):
        raise ValueError("trees: starts must rise from 0 to the number of nodes")
    sizes = np.diff(starts)
    if (sizes < 1).any():
        raise ValueError("trees: starts must rise from 0 to the number of nodes")
    place = np.arange(len(splits)) - np.repeat(starts[:-1], sizes)
    size = np.repeat(sizes, sizes)
    feature, left, right, missing_left = splits.T
    inner = left >= 0
    if ((missing_left < 0) | (missing_left > 1)).any() or (right >= 0)[~inner].any():
        raise ValueError("trees: an unknown flag")
    # A child comes after its parent, so that every walk ends.
    sound = (np.minimum(left, right) > place) & (np.maximum(left, right) < size)
    if not sound[inner].all() or ((feature < 0) | (feature >= n_features)).any():
        raise ValueError("trees: a split leads nowhere")
    first = np.repeat(starts[:-1], sizes)
    children = np.concatenate([(first + left)[inner], (first + right)[inner]])
    parents = np.bincount(children, minlength=len(splits))
    parents[starts[:-1]] += 1
    if (parents != 1).any():
        raise ValueError("trees: a node must have one parent")


def _vector_leaves(tensors: Mapping[str, Tensor], n_features: int) -> dict[str, Tensor]:
    """Convert trees of scalar leaves, each of which adds to one output after the other.

    There, values up to a threshold go left, and nodes have the flags 1 (missing values go left) and
    2 (a leaf).
    """
    splits, values, starts, baseline = (
        tensors[name].numpy() for name in ("splits", "values", "starts", "baseline")
    )
    if splits.ndim != 2 or splits.shape[1:] != (4,) or values.shape != (len(splits), 2):
        raise ValueError("trees: splits and values don't fit each other")
    if baseline.ndim != 1 or not len(baseline):
        raise ValueError("trees: a wrong number of outputs")
    if ((splits[:, 3] < 0) | (splits[:, 3] > 3)).any():
        raise ValueError("trees: an unknown flag")
    new = splits.copy()
    new[:, 3] &= 1
    new[splits[:, 3] >= 2] = (0, -1, -1, 0)
    _check_nodes(new, starts, n_features)
    new, order = _with_siblings_adjacent(new, starts)
    thresholds, added = values[order].T
    is_leaf = new[:, 1] < 0
    above = np.nextafter(thresholds, values.dtype.type(np.inf))
    thresholds = np.where(np.isfinite(above), above, thresholds)
    thresholds[is_leaf] = 0
    output = np.repeat(np.arange(len(starts) - 1) % len(baseline), np.diff(starts))[is_leaf]
    leaves = np.zeros((len(output), len(baseline)), values.dtype)
    leaves[np.arange(len(output)), output] = added[is_leaf]
    parts = {"splits": new, "thresholds": thresholds, "starts": starts}
    parts |= {"leaves": leaves, "baseline": baseline}
    return {name: torch.from_numpy(part) for name, part in parts.items()}


def _with_siblings_adjacent(
    splits: NDArray[np.int32], starts: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Return nodes numbered by levels within each tree, and where each one was."""
    tree = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    children = splits[:, 1:3] + starts[tree][:, None]
    levels = [starts[:-1]]
    while len(inner := levels[-1][splits[levels[-1], 1] >= 0]):
        levels.append(children[inner].ravel())
    order = np.concatenate(levels)
    order = order[np.argsort(tree[order], kind="stable")]
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    new = splits[order]
    inner = np.flatnonzero(new[:, 1] >= 0)
    new[inner, 1:3] = place[children[order[inner]]] - starts[tree[inner]][:, None]
    return new, order


def fit_vector_leaf_trees(
    features: Features,
    classes: Codes,
    shares: NDArray[np.floating],
    growth: Growth,
    *,
    least: int,
    seed: int,
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
    rows = _TrainingRows(features, classes, weights, fitted)
    trees, rows_of_nodes = _grown(rows, constant, growth, seed=seed, stop=stop)
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
        """Ends the growth when the fit has to end."""

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
    n_trees = booster.best_iteration + 1 if held_out else booster.num_boosted_rounds()
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
    return VectorLeafTrees(
        np.concatenate(splits),
        np.concatenate(thresholds),
        np.cumsum([0, *map(len, splits)], dtype=np.int64),
        np.concatenate(leaves),
        constant.baseline,
        constant.n_features,
        constant.n_classes,
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
