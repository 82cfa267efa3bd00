"""Classifiers of boosted trees with vector leaves, which have one entry for each class.

An XGBoost tree with ``multi_strategy="multi_output_tree"`` scores all classes in one pass (Zhang
and Jung, 2020, arXiv:1909.04373). Of two classes one entry is enough: the log-odds of the second.
The trees are kept as plain arrays, in the model file too. What XGBoost evaluates is rebuilt from
the arrays by its public JSON format, after a check of each index.

The codes of a column's levels stand in no useful order, so that a tree needs a split for each level
that it separates. Before a classifier is grown, the levels of each other column are put into two
orders that tell of its classes. In the first, levels follow the axis along which their classes'
shares differ most, that of correspondence analysis (Greenacre, 2017); of two classes it is the one
order in which some split is the best of all subsets (Breiman et al., 1984, section 4.2.2). In the
second, levels whose commonest class is the same stand together: it finds what a level determines.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    import xgboost

__all__ = [
    "CHUNK",
    "Codes",
    "Features",
    "LevelOrder",
    "LevelOrders",
    "NO_ORDERS",
    "VectorLeafTrees",
]

LEAST_SHARE = 1e-6  # of a class that no row has
LEAST_LEVELS = 5  # of a column to be put into an order: fewer are soon separated
PRIOR_ROWS = 5.0  # of the common shares that each level's shares are smoothed by
STEPS = 20  # of the power iteration for an axis
CHUNK = 8192  # rows that are evaluated at once, which bounds the memory of many classes

Codes = NDArray[np.int64]
Features = NDArray[np.float32]
Floats = NDArray[np.float64]


class LevelOrder(NamedTuple):
    """The ranks of one column's levels.

    Attributes
    ----------
    place
        Place of the column among the features.
    ranks
        The rank of each code, float32 of shape (levels,).
    """

    place: int
    ranks: Features


@dataclass(frozen=True, eq=False)
class LevelOrders:
    """Orders of the levels of some columns, each of which becomes a feature behind the others.

    Parameters
    ----------
    orders
        The orders; a column may have several.
    """

    orders: tuple[LevelOrder, ...] = ()

    def __len__(self) -> int:
        return len(self.orders)

    @classmethod
    def fit(
        cls,
        features: Features,
        classes: NDArray[np.integer],
        widths: Sequence[int],
        *,
        n_classes: int,
        least: int,
        weights: NDArray[np.floating] | None = None,
    ) -> Self:
        """Put the levels of each column of several levels into the orders of some classes.

        Parameters
        ----------
        features
            Shape (rows, features).
        classes
            Class of each row, shape (rows,).
        widths
            Number of levels of each feature that holds codes of levels, 0 for others.
        n_classes
            Number of classes.
        least
            Rows that a level has at least for its own shares to count.
        weights
            Weight of each row; None for the same.
        """
        orders: list[LevelOrder] = []
        for place, width in enumerate(widths):
            if width >= LEAST_LEVELS:
                codes = features[:, place].astype(np.int64)
                cells = codes * n_classes + classes
                table = np.bincount(cells, weights, width * n_classes).reshape(width, -1)
                few = np.bincount(codes, minlength=width) < least
                ranks = _orders_of(table.astype(np.float64), few)
                orders += [LevelOrder(place, own.astype(np.float32)) for own in ranks]
        return cls(tuple(orders))

    def appended(self, features: Features) -> Features:
        """Return the features with the ranks behind them, (rows, n) → (rows, n + orders)."""
        if not self.orders:
            return np.ascontiguousarray(features)
        own = features.shape[1]
        whole = np.empty((len(features), own + len(self.orders)), np.float32)
        whole[:, :own] = features
        for place, order in enumerate(self.orders, start=own):
            whole[:, place] = order.ranks[features[:, order.place].astype(np.int64)]
        return whole

    def hidden(self, features: Features) -> Features:
        """Return what trees are grown on: `appended`, with the codes of ordered columns hidden."""
        whole = self.appended(features)
        whole[:, [order.place for order in self.orders]] = 0.0
        return whole

    def only(self, places: NDArray[np.integer]) -> Self:
        """Return some of the orders."""
        return type(self)(tuple(self.orders[place] for place in places.tolist()))

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the orders as tensors, by name; nothing where there are none."""
        if not self.orders:
            return {}
        sizes = np.cumsum([0, *(len(order.ranks) for order in self.orders)], dtype=np.int64)
        parts = {
            "order_places": np.array([order.place for order in self.orders], np.int64),
            "order_starts": sizes,
            "order_ranks": np.concatenate([order.ranks for order in self.orders]),
        }
        return {name: torch.from_numpy(part) for name, part in parts.items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], widths: Sequence[int]) -> Self:
        """Rebuild orders from the value of `to_tensors`.

        Parameters
        ----------
        tensors
            What `to_tensors` returned; other tensors do not count.
        widths
            Number of levels of each feature that holds codes of levels, 0 for others.

        Raises
        ------
        KeyError, ValueError
            If a tensor is missing, or does not describe such orders.
        """
        if "order_places" not in tensors:
            return cls()
        names = ("order_places", "order_starts", "order_ranks")
        places, starts, ranks = (tensors[name].numpy() for name in names)
        if [part.dtype.name for part in (places, starts, ranks)] != ["int64", "int64", "float32"]:
            raise ValueError("trees: a tensor of an order has the wrong type")
        if any(part.ndim != 1 for part in (places, starts, ranks)) or not np.isfinite(ranks).all():
            raise ValueError("trees: an order is not one")
        if ((places < 0) | (places >= len(widths))).any() or len(starts) != len(places) + 1:
            raise ValueError("trees: an order of no column")
        sizes = [0, *(widths[place] for place in places.tolist())]
        if (np.cumsum(sizes) != starts).any() or starts[-1] != len(ranks) or 0 in sizes[1:]:
            raise ValueError("trees: an order needs a rank for each level")
        parts = np.split(ranks, starts[1:-1])
        return cls(tuple(map(LevelOrder, places.tolist(), parts)))


NO_ORDERS = LevelOrders()


def _orders_of(table: Floats, few: NDArray[np.bool_]) -> Iterator[NDArray[np.int64]]:
    """Yield the ranks of levels by their rows in each class, shape (levels, classes).

    Levels of few rows are taken for levels of average shares.
    """
    rows, shares = table.sum(axis=1, keepdims=True), table.sum(axis=0)
    shares = shares / max(shares.sum(), 1.0)
    own = np.where(few[:, None], 0.0, table)
    smoothed = own + PRIOR_ROWS * shares
    smoothed /= np.maximum(smoothed.sum(axis=1, keepdims=True), 1e-12)
    scaled = (smoothed - shares) / np.sqrt(np.maximum(shares, 1e-12))
    yield _ranks(scaled @ _axis(scaled * np.sqrt(np.where(few[:, None], 0.0, rows))))
    if table.shape[1] > 2:
        commonest = smoothed.argmax(axis=1)
        share = smoothed[np.arange(len(smoothed)), commonest]
        yield _ranks(np.lexsort((share, shares[commonest], commonest)).argsort())


def _axis(points: Floats) -> Floats:
    """Return the direction in which points spread most, shape (points, n) → (n,)."""
    axis: Floats = points[np.argmax((points**2).sum(axis=1))]
    for _ in range(STEPS):
        axis = points.T @ (points @ axis)
        axis = axis / max(float(np.linalg.norm(axis)), 1e-300)
    return axis


def _ranks(places: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the rank of each place along a line; equal places share one."""
    ranks: NDArray[np.int64] = np.unique(places, return_inverse=True)[1].reshape(-1)
    return ranks


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
    orders
        Orders of levels that become features behind the others.
    """

    splits: NDArray[np.int32]
    thresholds: NDArray[np.float32]
    starts: NDArray[np.int64]
    leaves: NDArray[np.float32]
    baseline: NDArray[np.float32]
    n_features: int
    n_classes: int
    orders: LevelOrders = NO_ORDERS

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

    @classmethod
    def mean(cls, ensembles: Sequence[Self]) -> Self:
        """Return one ensemble whose outputs are the means of the outputs of several.

        Parameters
        ----------
        ensembles
            At least one, of the same features and classes.

        Examples
        --------
        >>> half = VectorLeafTrees.constant(np.array([0.5, 0.5]), 1)
        >>> most = VectorLeafTrees.constant(np.array([0.1, 0.9]), 1)
        >>> VectorLeafTrees.mean([half, most]).probabilities(np.zeros((1, 1))).round(2).tolist()
        [[0.25, 0.75]]
        """
        first, count, n_orders = ensembles[0], len(ensembles), 0
        splits = []
        for one in ensembles:  # each has orders of its own, which come to stand behind each other
            own = one.splits.copy()
            own[own[:, 0] >= one.n_features, 0] += n_orders
            n_orders += len(one.orders)
            splits.append(own)
        return replace(
            first,
            splits=np.concatenate(splits),
            thresholds=np.concatenate([one.thresholds for one in ensembles]),
            starts=np.cumsum([0, *(n for one in ensembles for n in np.diff(one.starts))]),
            leaves=np.concatenate([one.leaves / np.float32(count) for one in ensembles]),
            baseline=np.mean([one.baseline for one in ensembles], axis=0, dtype=np.float32),
            orders=LevelOrders(tuple(order for one in ensembles for order in one.orders.orders)),
        )

    def scores(self, features: Features) -> NDArray[np.float32]:
        """Return the outputs, shape (rows, features) → (rows, outputs); NaN is a missing value."""
        scores = np.tile(self.baseline, (len(features), 1))
        for start in range(0, len(features) if len(self) else 0, CHUNK):
            part = self.orders.appended(features[start : start + CHUNK])
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
                    "num_feature": str(self.n_features + len(self.orders)),
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
                "num_feature": str(self.n_features + len(self.orders)),
                "num_nodes": str(size),
                "size_leaf_vector": str(leaves.shape[1]),
            },
        }

    def leaf_of(self, features: Features) -> Codes:
        """Return the node in which each row ends in each tree, (rows, features) → (rows, trees)."""
        features = self.orders.appended(features)
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
        trees = replace(
            self,
            splits=splits[kept],
            thresholds=thresholds[kept],
            starts=new[self.starts],
            leaves=values[kept & is_leaf].astype(np.float32),
        )
        return trees._with_used_orders()

    def _with_used_orders(self) -> Self:
        """Return the trees without the orders that no split looks at."""
        used = np.unique(self.splits[:, 0][self.splits[:, 0] >= self.n_features])
        new = np.arange(self.n_features + len(self.orders))
        new[used] = self.n_features + np.arange(len(used))
        splits = self.splits.copy()
        splits[:, 0] = new[splits[:, 0]]
        return replace(self, splits=splits, orders=self.orders.only(used - self.n_features))

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the trees as tensors, by name."""
        names = ("splits", "thresholds", "starts", "leaves", "baseline")
        tensors = {name: torch.from_numpy(getattr(self, name)) for name in names}
        return tensors | self.orders.to_tensors()

    @classmethod
    def from_tensors(
        cls, tensors: Mapping[str, Tensor], widths: Sequence[int], n_classes: int
    ) -> Self:
        """Rebuild trees from the value of `to_tensors`.

        Parameters
        ----------
        tensors
            What `to_tensors` returned; or trees of scalar leaves, as of files up to version 0.1.
        widths
            Number of levels of each feature that holds codes of levels, 0 for others.
        n_classes
            Number of classes that the trees must have.

        Raises
        ------
        KeyError, ValueError
            If a tensor is missing, or does not describe such trees.
        """
        n_features, orders = len(widths), LevelOrders.from_tensors(tensors, widths)
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
        _check_nodes(splits, starts, n_features + len(orders))
        if (splits[:, 2] != splits[:, 1] + 1)[splits[:, 1] >= 0].any():
            raise ValueError("trees: the children of a node must be neighbors")
        if len(leaves) != (splits[:, 1] < 0).sum():
            raise ValueError("trees: a wrong number of leaves")
        return cls(splits, thresholds, starts, leaves, baseline, n_features, n_classes, orders)


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
