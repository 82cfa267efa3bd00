"""Orders of levels for trees: a split of a range of codes is to separate levels that differ.

The codes of a column's levels stand in no useful order, so that a tree needs a split for each level
that it separates. Before a classifier is grown, the levels of each other column are put into two
orders that tell of its classes. In the first, levels follow the axis along which their classes'
shares differ most, that of correspondence analysis (Greenacre, 2017); of two classes it is the one
order in which some split is the best of all subsets (Breiman et al., 1984, section 4.2.2). In the
second, levels whose commonest class is the same stand together: it finds what a level determines.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["NO_ORDERS", "Features", "LevelOrder", "LevelOrders"]

LEAST_LEVELS = 5  # of a column to be put into an order: fewer are soon separated
PRIOR_ROWS = 5.0  # of the common shares that each level's shares are smoothed by
STEPS = 20  # of the power iteration for an axis

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
