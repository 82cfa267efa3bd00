"""Boosted trees as plain arrays: fitted by scikit-learn, saved without pickle, checked before use.

The arrays are those of scikit-learn's histogram gradient boosting, and its compiled code evaluates
them. That code is not part of scikit-learn's public interface. Only this module uses it, imports it
when trees are first needed, and refuses a version whose parts differ from those it knows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from inspect import signature
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch import Tensor

from tabgan.base.errors import TabGANError
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.quantiles import Quantiles

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier


__all__ = ["Codes", "DrawnRows", "Floats", "Growth", "RowFeatures", "Trees", "fit_trees"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

CHUNK = 4096  # rows whose features stay in the processor's cache while all trees see them
_LARGEST = float(np.finfo(np.float32).max)
_NO_BITSETS = np.zeros((0, 8), np.uint32)
_NODE_FIELDS = {  # of scikit-learn's records, with the kind of each
    **{"value": "f", "num_threshold": "f", "gain": "f"},
    **{"feature_idx": "i", "left": "u", "right": "u", "depth": "u", "count": "u"},
    **{"missing_go_to_left": "u", "is_leaf": "u", "is_categorical": "u"},
    **{"bin_threshold": "u", "bitset_idx": "u"},
}
_PREDICTOR_CALL = ("self", "nodes", "binned_left_cat_bitsets", "raw_left_cat_bitsets")
_PREDICT_CALL = ("self", "X", "known_cat_bitsets", "f_idx_map", "n_threads")


@dataclass(frozen=True, eq=False)
class DrawnRows:
    """Encoded rows with their features.

    Parameters
    ----------
    numbers, codes
        Shapes (rows, numbers) and (rows, level spans).
    features
        Shape (rows, features); see `RowFeatures`.
    """

    numbers: Floats
    codes: Codes
    features: Floats

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, rows: Any) -> "DrawnRows":
        """Return some of the rows."""
        return DrawnRows(self.numbers[rows], self.codes[rows], self.features[rows])

    @classmethod
    def joined(cls, parts: "Sequence[DrawnRows]") -> "DrawnRows":
        """Return the rows of all parts, one part after the other."""
        names = ("numbers", "codes", "features")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class RowFeatures:
    """Turns encoded rows into features: one column per number, then one per level span.

    A number is given as its value, so that the spread of a repeated value over its band is not
    seen, and as NaN where its mark says that it is absent.

    Parameters
    ----------
    spans
        Layout of a row.
    quantiles
        Distribution of each number.
    """

    spans: RowLayout
    quantiles: tuple[Quantiles, ...]

    def __len__(self) -> int:
        return self.spans.n_numbers + len(self.spans.widths)

    def place_of(self, span: int) -> int:
        """Return the place of a level span among the features."""
        return self.spans.n_numbers + span

    def of(self, numbers: Floats, codes: Codes) -> DrawnRows:
        """Return rows with their features.

        Parameters
        ----------
        numbers
            Probabilities, shape (rows, numbers).
        codes
            Codes, shape (rows, level spans).
        """
        features = np.empty((len(numbers), len(self)))
        for number in range(self.spans.n_numbers):
            features[:, number] = self.values(number, numbers[:, number], codes)
        features[:, self.spans.n_numbers :] = codes
        return DrawnRows(numbers, codes, features)

    def values(self, number: int, units: Floats, codes: Codes) -> Floats:
        """Return one number's column of the features, shape (rows,).

        Parameters
        ----------
        number
            Which number of a row.
        units
            Its probabilities, shape (rows,).
        codes
            Codes of the rows, shape (rows, level spans).
        """
        # In float32, like the thresholds that they are compared with.
        values = self.quantiles[number].from_unit(units).astype(np.float32).astype(np.float64)
        values[~self.present(number, codes)] = np.nan
        return values

    def present(self, number: int, codes: Codes) -> NDArray[np.bool_]:
        """Say in which rows a number is present.

        Parameters
        ----------
        number
            Which number of a row.
        codes
            Codes of the rows, shape (rows, level spans).
        """
        mark = self.spans.marks[number]
        if mark is None:
            return np.ones(len(codes), np.bool_)
        return codes[:, mark] == 0  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Growth:
    """How trees are grown: at most so many rounds, leaves a tree, and the learning rate.

    `feature_share` of the features is looked at for each split, and `l2` shrinks the leaves.
    """

    rounds: int
    rate: float
    leaves: int = 31
    feature_share: float = 1.0
    l2: float = 1.0


@dataclass(frozen=True)
class _Compiled:
    """The private parts of scikit-learn that evaluate trees."""

    predictor: Callable[..., Any]
    node_dtype: np.dtype[np.void]


def _compiled() -> _Compiled:
    """Return the private parts of scikit-learn, checked to be those that this module knows.

    Raises
    ------
    TabGANError
        If this version of scikit-learn has other ones.
    """
    try:
        from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
        from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
    except ImportError as error:
        raise _unsupported(str(error)) from error
    names = PREDICTOR_RECORD_DTYPE.names or ()
    if {name: PREDICTOR_RECORD_DTYPE[name].kind for name in names} != _NODE_FIELDS:
        raise _unsupported(f"the nodes of its trees have other fields ({', '.join(names)})")
    for function, known in (
        (TreePredictor.__init__, _PREDICTOR_CALL),
        (TreePredictor.predict, _PREDICT_CALL),
    ):
        if (*signature(function).parameters,) != known:
            raise _unsupported(f"{function.__qualname__} takes other arguments")
    return _Compiled(TreePredictor, PREDICTOR_RECORD_DTYPE)


def _unsupported(difference: str) -> TabGANError:
    return TabGANError(
        f"scikit-learn {version('scikit-learn')} is not supported: {difference}; install a "
        "version that tabgan allows (pip install tabgan)"
    )


@dataclass(frozen=True, eq=False)
class Trees:
    """An additive ensemble of trees with one or several outputs.

    Parameters
    ----------
    nodes
        Nodes of all trees, one tree after the other, in scikit-learn's record format; children
        are numbered within their tree.
    starts
        Where each tree begins in `nodes`, and their end; shape (trees + 1,). Tree t adds to
        output t modulo the number of outputs.
    baseline
        What the outputs begin with: one for two classes, else one for each class.
    """

    nodes: NDArray[Any] = field(repr=False)
    starts: NDArray[np.int64] = field(repr=False)
    baseline: Floats

    def __len__(self) -> int:
        return len(self.starts) - 1

    def scores(self, features: Floats) -> Floats:
        """Return the summed outputs, shape (rows, features) → (rows, outputs).

        Features are float64 in C order; NaN is a missing value.
        """
        predictor = _compiled().predictor
        places = np.zeros(features.shape[1], np.uint32)
        bounds = zip(self.starts[:-1], self.starts[1:], strict=True)
        trees = [predictor(self.nodes[a:b], _NO_BITSETS, _NO_BITSETS) for a, b in bounds]
        scores = np.tile(self.baseline[:, None], (1, len(features)))
        for start in range(0, len(features), CHUNK):
            part = slice(start, start + CHUNK)
            for number, tree in enumerate(trees):
                added = tree.predict(features[part], _NO_BITSETS, places, 1)
                scores[number % len(scores), part] += added
        return scores.T

    def probabilities(self, features: Floats) -> Floats:
        """Return the probability of each class, shape (rows, features) → (rows, classes)."""
        scores = self.scores(features)
        if scores.shape[1] == 1:
            scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        return chances / chances.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the trees as tensors, by name."""
        nodes = self.nodes
        flags = nodes["missing_go_to_left"].astype(np.int32) + 2 * nodes["is_leaf"]
        splits = [nodes["feature_idx"], nodes["left"], nodes["right"], flags]
        values = [nodes["num_threshold"], nodes["value"]]
        return {
            "splits": torch.from_numpy(np.stack(splits, axis=1).astype(np.int32)),
            "values": torch.from_numpy(np.stack(values, axis=1).astype(np.float32)),
            "starts": torch.from_numpy(self.starts),
            "baseline": torch.from_numpy(self.baseline.astype(np.float32)),
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], n_features: int, n_outputs: int) -> Self:
        """Rebuild trees from the value of `to_tensors`.

        Parameters
        ----------
        tensors
            What `to_tensors` returned.
        n_features, n_outputs
            Numbers of features and of outputs that the trees must have.

        Raises
        ------
        KeyError, ValueError
            If a tensor is missing, or does not describe such trees.
        TabGANError
            If this version of scikit-learn has other trees.
        """
        splits, values, starts, baseline = (
            tensors[name].numpy() for name in ("splits", "values", "starts", "baseline")
        )
        kinds = [part.dtype.name for part in (splits, values, starts, baseline)]
        if kinds != ["int32", "float32", "int64", "float32"]:
            raise ValueError("trees: a tensor has the wrong type")
        if splits.shape[1:] != (4,) or values.shape != (len(splits), 2):
            raise ValueError("trees: splits and values don't fit each other")
        _check_starts(starts, baseline, len(splits))
        if len(baseline) != n_outputs:
            raise ValueError("trees: a wrong number of outputs")
        _check_splits(splits, starts, n_features)
        nodes = np.zeros(len(splits), _compiled().node_dtype)
        nodes["feature_idx"], nodes["left"], nodes["right"] = splits[:, :3].T
        nodes["missing_go_to_left"], nodes["is_leaf"] = splits[:, 3] & 1, splits[:, 3] >> 1
        nodes["num_threshold"], nodes["value"] = values.T
        return cls(nodes, starts, baseline.astype(np.float64))


def _check_starts(starts: NDArray[Any], baseline: NDArray[Any], n_nodes: int) -> None:
    if starts.ndim != 1 or baseline.ndim != 1 or not len(starts) or not len(baseline):
        raise ValueError("trees: starts and baseline must be lists of numbers")
    if starts[0] != 0 or starts[-1] != n_nodes or (np.diff(starts) < 1).any():
        raise ValueError("trees: starts must rise from 0 to the number of nodes")


def _check_splits(splits: NDArray[Any], starts: NDArray[Any], n_features: int) -> None:
    """Check what the compiled code takes for granted: it would read outside of its arrays."""
    place = np.arange(len(splits)) - np.repeat(starts[:-1], np.diff(starts))
    size = np.repeat(np.diff(starts), np.diff(starts))
    feature, left, right, flags = splits.T
    if ((flags < 0) | (flags > 3)).any():
        raise ValueError("trees: an unknown flag")
    inner = flags < 2
    # A child comes after its parent, so that every walk ends.
    sound = (np.minimum(left, right) > place) & (np.maximum(left, right) < size)
    if not sound[inner].all() or ((feature < 0) | (feature >= n_features))[inner].any():
        raise ValueError("trees: a split leads nowhere")


def fit_trees(
    features: Floats,
    classes: NDArray[np.integer],
    growth: Growth,
    *,
    seed: int,
    held_out: NDArray[np.bool_] | None = None,
    weights: Floats | None = None,
) -> Trees:
    """Fit a classifier by gradient boosting on the logistic loss (Friedman, 2001).

    Parameters
    ----------
    features
        Shape (rows, features); NaN is a missing value.
    classes
        Class of each row, from 0 up, at least two; each occurs among the rows not held out.
    growth
        How the trees are grown.
    seed
        Randomness of the choice of features.
    held_out
        Rows that are not fitted, and by which the best number of rounds is found.
    weights
        Weight of each row.

    Examples
    --------
    >>> features = np.linspace(0, 1, 200)[:, None]
    >>> trees = fit_trees(features, (features[:, 0] > 0.5).astype(int), Growth(20, 0.3), seed=0)
    >>> len(trees), trees.probabilities(features)[[0, -1]].round(1).tolist()
    (20, [[1.0, 0.0], [0.0, 1.0]])
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    stop = held_out is not None and bool(held_out.any())
    features = _without_empty(features, None if held_out is None else ~held_out)
    model = HistGradientBoostingClassifier(
        max_iter=growth.rounds,
        learning_rate=growth.rate,
        max_leaf_nodes=growth.leaves,
        max_features=growth.feature_share,
        l2_regularization=growth.l2,
        early_stopping=stop,
        n_iter_no_change=5,
        random_state=seed,
    )
    # One thread: sums in one order, and no waiting for a core that another process has.
    with threadpool_limits(1):
        if held_out is None or not stop:
            model.fit(features, classes, sample_weight=weights)
        else:
            fitted = ~held_out
            model.fit(
                features[fitted],
                classes[fitted],
                sample_weight=None if weights is None else weights[fitted],
                X_val=features[held_out],
                y_val=classes[held_out],
                sample_weight_val=None if weights is None else weights[held_out],
            )
    return _arrays_of(model)


def _without_empty(features: Floats, fitted: NDArray[np.bool_] | None) -> Floats:
    """Put zeros in place of features that no fitted row has: scikit-learn can't bin them."""
    empty = np.isnan(features if fitted is None else features[fitted]).all(axis=0)
    return np.where(empty, 0.0, features) if empty.any() else features


def _arrays_of(model: "HistGradientBoostingClassifier") -> Trees:
    node_dtype = _compiled().node_dtype
    for name in ("_predictors", "_baseline_prediction", "validation_score_"):
        if not hasattr(model, name):
            raise _unsupported(f"a fitted classifier has no attribute {name!r}")
    rounds = model._predictors
    if len(model.validation_score_):  # of no tree, of one round …: keep those up to the best
        rounds = rounds[: max(1, int(np.argmax(model.validation_score_)))]
    trees = [predictor.nodes for iteration in rounds for predictor in iteration]
    if any(tree.dtype != node_dtype for tree in trees):
        raise _unsupported("the nodes of a fitted tree are not records of the known format")
    nodes = np.concatenate([*trees, np.zeros(0, node_dtype)])
    # In float32, as in a file: what is sampled now is what will be sampled from the file.
    for name in ("num_threshold", "value"):
        rounded = nodes[name].clip(-_LARGEST, _LARGEST).astype(np.float32)
        nodes[name] = rounded
    starts = np.cumsum([0, *map(len, trees)], dtype=np.int64)
    baseline = model._baseline_prediction.ravel().astype(np.float32).astype(np.float64)
    return Trees(nodes, starts, baseline)
