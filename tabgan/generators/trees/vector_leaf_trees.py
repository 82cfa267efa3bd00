"""Classifiers of boosted trees whose leaves hold a vector, one entry a class.

A tree of XGBoost with ``multi_strategy="multi_output_tree"`` scores all classes in one walk (Zhang
and Jung, 2020, arXiv:1909.04373). The trees are kept as plain arrays, in the model file too. What
XGBoost evaluates is rebuilt from the arrays by its public JSON format, after a check of each index.
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

__all__ = ["Growth", "VectorLeafTrees", "fit_vector_leaf_trees"]

LEAST_SHARE = 1e-6  # of a class that no row has
CHUNK = 8192  # rows that are evaluated at once, which bounds the memory of many classes

Features = NDArray[np.float32]
Codes = NDArray[np.int64]


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
    """

    depth: int
    rate: float
    bins: int
    rounds: int = 500
    row_share: float = 0.8
    patience: int = 8


@dataclass(frozen=True, eq=False)
class VectorLeafTrees:
    """An additive ensemble of trees with vector leaves; its outputs are log-odds of classes.

    Parameters
    ----------
    splits
        Nodes of all trees, one tree after the other, int32 of shape (nodes, 4): feature, left and
        right child (numbered within their tree; -1 for a leaf), and whether missing values go left.
    thresholds
        Lower values go left, float32 of shape (nodes,).
    starts
        Where each tree begins among the nodes, and their end; shape (trees + 1,).
    leaves
        The vectors of the leaves in the order of the nodes, float32 of shape (leaves, classes).
    baseline
        What the outputs begin with, float32 of shape (classes,).
    n_features
        Number of features.
    """

    splits: NDArray[np.int32]
    thresholds: NDArray[np.float32]
    starts: NDArray[np.int64]
    leaves: NDArray[np.float32]
    baseline: NDArray[np.float32]
    n_features: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def n_classes(self) -> int:
        """Number of outputs."""
        return len(self.baseline)

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
        return cls(
            np.zeros((0, 4), np.int32),
            np.zeros(0, np.float32),
            np.zeros(1, np.int64),
            np.zeros((0, len(shares)), np.float32),
            np.log(np.maximum(shares, LEAST_SHARE)).astype(np.float32),
            n_features,
        )

    def scores(self, features: Features) -> NDArray[np.float32]:
        """Return the outputs, shape (rows, features) → (rows, classes); NaN is a missing value."""
        if not len(self):
            return np.tile(self.baseline, (len(features), 1))
        parts = []
        for start in range(0, max(len(features), 1), CHUNK):
            part = np.ascontiguousarray(features[start : start + CHUNK])
            parts.append(self._booster.inplace_predict(part, predict_type="margin"))
        return np.concatenate(parts) + self.baseline

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
            scores = self.scores(features[rows])
            if allowed is not None:
                scores = np.where(allowed[rows], scores, -np.inf)
            chances = np.exp(scores - scores.max(axis=1, keepdims=True))
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
        classes = str(self.n_classes)
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
                    "num_class": classes,
                    "num_feature": str(self.n_features),
                    "num_target": "1",
                },
                "objective": {
                    "name": "multi:softprob",
                    "softmax_multiclass_param": {"num_class": classes},
                },
            },
        }

    def _tree(self, number: int, leaves: NDArray[np.float32]) -> dict[str, Any]:
        """Describe a tree; from version 3.1 vectors stand beside the nodes, before in them."""
        nodes = slice(self.starts[number], self.starts[number + 1])
        feature, left, right, missing_left = self.splits[nodes].T
        size, is_leaf = len(left), left < 0
        parents = np.full(size, 2**31 - 1)
        inner = np.flatnonzero(~is_leaf)
        parents[left[inner]] = parents[right[inner]] = inner
        in_nodes = np.zeros((size, self.n_classes), np.float32)
        in_nodes[is_leaf] = leaves
        second = right.copy()
        second[is_leaf] = np.arange(len(leaves))
        return {
            "base_weights": in_nodes.ravel().tolist(),
            "categories": [],
            "categories_nodes": [],
            "categories_segments": [],
            "categories_sizes": [],
            "default_left": missing_left.tolist(),
            "id": number,
            "leaf_weights": leaves.ravel().tolist(),
            "left_children": left.tolist(),
            "loss_changes": [0.0] * size,
            "parents": parents.tolist(),
            "right_children": second.tolist(),
            "split_conditions": self.thresholds[nodes].tolist(),
            "split_indices": feature.tolist(),
            "split_type": [0] * size,
            "sum_hessian": [0.0] * size,
            "tree_param": {
                "num_deleted": "0",
                "num_feature": str(self.n_features),
                "num_nodes": str(size),
                "size_leaf_vector": str(self.n_classes),
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
        count, values = rows_of_nodes.copy(), np.zeros((len(first), self.n_classes))
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
            What `to_tensors` returned.
        n_features, n_classes
            Numbers of features and of outputs that the trees must have.

        Raises
        ------
        KeyError, ValueError
            If a tensor is missing, or does not describe such trees.
        """
        names = ("splits", "thresholds", "starts", "leaves", "baseline")
        splits, thresholds, starts, leaves, baseline = (tensors[name].numpy() for name in names)
        kinds = [part.dtype.name for part in (splits, thresholds, starts, leaves, baseline)]
        if kinds != ["int32", "float32", "int64", "float32", "float32"]:
            raise ValueError("trees: a tensor has the wrong type")
        if splits.shape[1:] != (4,) or thresholds.shape != (len(splits),):
            raise ValueError("trees: splits and thresholds don't fit each other")
        if baseline.shape != (n_classes,) or leaves.shape[1:] != (n_classes,):
            raise ValueError("trees: a wrong number of outputs")
        if not all(np.isfinite(part).all() for part in (thresholds, leaves, baseline)):
            raise ValueError("trees: a value is not finite")
        _check_nodes(splits, starts, n_features)
        if len(leaves) != (splits[:, 1] < 0).sum():
            raise ValueError("trees: a wrong number of leaves")
        return cls(splits, thresholds, starts, leaves, baseline, n_features)


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


def fit_vector_leaf_trees(
    features: Features,
    classes: Codes,
    shares: NDArray[np.floating],
    growth: Growth,
    *,
    held_out: NDArray[np.bool_],
    least: int,
    seed: int,
    stop: Callable[[], bool],
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
    held_out
        Rows that are not fitted, and by which the number of rounds is chosen.
    least
        Fitted rows on which each leaf rests at least.
    seed
        Randomness of the rows that each tree sees.
    stop
        Called after each round: whether to grow no further tree.
    """
    constant = VectorLeafTrees.constant(shares, features.shape[1])
    fitted = ~held_out
    if len(shares) < 2 or not features.shape[1] or not held_out.any() or fitted.sum() < 2 * least:
        return constant
    if stop():
        return constant
    trees, rows_of_nodes = _grown(
        features, classes, constant, growth, held_out=held_out, seed=seed, stop=stop
    )
    return trees.pruned(rows_of_nodes, least)


def _grown(
    features: Features,
    classes: Codes,
    constant: VectorLeafTrees,
    growth: Growth,
    *,
    held_out: NDArray[np.bool_],
    seed: int,
    stop: Callable[[], bool],
) -> tuple[VectorLeafTrees, Codes]:
    """Grow trees; return them, and how many fitted rows end in each node."""
    import xgboost

    class Stop(xgboost.callback.TrainingCallback):
        """Ends the growth when the fit has to end."""

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
            return stop()

    def matrix(rows: NDArray[np.bool_], **options: Any) -> Any:
        margin = np.tile(constant.baseline, (int(rows.sum()), 1))
        return xgboost.QuantileDMatrix(
            features[rows],
            classes[rows],
            base_margin=margin,
            max_bin=growth.bins,
            nthread=1,
            **options,
        )

    fitted = matrix(~held_out)
    booster = xgboost.train(
        _options(growth, constant.n_classes, seed),
        fitted,
        num_boost_round=growth.rounds,
        evals=[(matrix(held_out, ref=fitted), "held_out")],
        callbacks=[xgboost.callback.EarlyStopping(rounds=growth.patience), Stop()],
        verbose_eval=False,
    )
    trees = _arrays_of(booster, booster.best_iteration + 1, constant)
    rows_of_nodes = np.zeros(len(trees.splits), np.int64)
    rows = np.flatnonzero(~held_out)
    for start in range(0, len(rows), CHUNK):
        part = xgboost.DMatrix(features[rows[start : start + CHUNK]], nthread=1)
        ends = booster.predict(part, pred_leaf=True, iteration_range=(0, len(trees)))
        places = ends.reshape(-1, len(trees)).astype(np.int64) + trees.starts[:-1]
        rows_of_nodes += np.bincount(places.ravel(), minlength=len(rows_of_nodes))
    return trees, rows_of_nodes


def _options(growth: Growth, n_classes: int, seed: int) -> dict[str, Any]:
    """Return XGBoost's options."""
    return {
        "objective": "multi:softprob",
        "num_class": n_classes,
        "multi_strategy": "multi_output_tree",
        "tree_method": "hist",
        "max_depth": growth.depth,
        "eta": growth.rate,
        "max_bin": growth.bins,
        "subsample": growth.row_share,
        "base_score": 0.0,
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
        if "leaf_weights" in tree:  # from version 3.1: a leaf's right child is its vector's place
            vectors = np.array(tree["leaf_weights"], np.float32).reshape(-1, constant.n_classes)
            leaves.append(vectors[right[is_leaf]])
        else:
            vectors = np.array(tree["base_weights"], np.float32).reshape(-1, constant.n_classes)
            leaves.append(vectors[is_leaf])
    return VectorLeafTrees(
        np.concatenate(splits),
        np.concatenate(thresholds),
        np.cumsum([0, *map(len, splits)], dtype=np.int64),
        np.concatenate(leaves),
        constant.baseline,
        constant.n_features,
    )
