"""Which items stand together in a list, and in which order: learned from lists, and drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["ItemOdds", "ItemOrder"]

APART_ROWS = 20.0  # by chance, for items that never meet to exclude each other
LEAST_SORTED = 0.95  # share of the lists that follow one order, for it to be a fixed one
MOST_ORDERS = 10_000  # lists that an order is learned from
ORDER_ROUNDS = 30
RIDGE = 1e-3  # least variance of a combination of items
DECIMALS = 4  # of what is stored
_EDGE = 0.005  # nearest that the chance of an item comes to none or all

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ItemOdds:
    """How likely each item is to be in a list, given the others that are.

    The chance of an item is linear in which of the others are there, by the regressions that the
    inverse covariance gives (Meinshausen and Bühlmann, 2006). Items that never meet in a table
    where chance alone would have them meet often exclude each other.

    Parameters
    ----------
    share
        Share of the lists that have each item, shape (items,).
    weights
        What each item adds to the chance of another, shape (items, items): by the one that is
        there or not, beyond its share.
    apart
        Which pairs exclude each other, shape (items, items).
    """

    share: Floats
    weights: Floats
    apart: Mask

    @classmethod
    def fit(cls, held: Mask, counts: Ints, least: int) -> Self:
        """Learn from lists.

        Parameters
        ----------
        held
            Which items each list has, shape (lists, items).
        counts
            Rows with each list.
        least
            Rows that at least must hold what is learned.
        """
        n_items, weight = held.shape[1], counts / max(counts.sum(), 1)
        there = held.astype(np.float64)
        share = weight @ there
        together = (there * counts[:, None]).T @ there
        # of pairs of fewer rows than may be told it counts only that they are few
        few = np.minimum(np.outer(share, share) * counts.sum(), least / 2)
        seen = np.where(together < least, few, together) / max(counts.sum(), 1)
        np.fill_diagonal(seen, share)
        values, vectors = np.linalg.eigh(seen - np.outer(share, share))
        inverse = (vectors / np.maximum(values, RIDGE)) @ vectors.T
        weights = -inverse / np.diag(inverse)[:, None]
        np.fill_diagonal(weights, 0.0)
        weights = np.clip(weights, -1.0, 1.0).round(DECIMALS)
        several = counts * (held.sum(axis=1) > 1)
        own = several @ there
        expected = np.outer(own, own) / max(several.sum(), 1)
        apart = (together == 0) & (expected >= APART_ROWS) & ~np.eye(n_items, dtype=np.bool_)
        return cls(share.round(DECIMALS), weights, apart)

    def settle(self, held: Mask, wanted: Ints, rng: np.random.Generator) -> Mask:
        """Take items out of lists, or add some, until each has as many as wanted.

        Parameters
        ----------
        held
            Which items each list has, shape (lists, items).
        wanted
            How many it is to have, shape (lists,); fewer where too many exclude each other.
        rng
            Randomness of the choice.
        """
        held = held.copy()
        excluded = self.apart.any(axis=0)
        while (rows := np.flatnonzero((held & (held @ self.apart)).any(axis=1))).size:
            among = held[rows] & excluded & (held[rows] @ self.apart)
            self._take_out(held, rows, among, rng)
        while (rows := np.flatnonzero(held.sum(axis=1) > wanted)).size:
            self._take_out(held, rows, held[rows], rng)
        short = np.flatnonzero(held.sum(axis=1) < wanted)
        while short.size:
            free = ~held[short] & ~(held[short] @ self.apart)
            short, free = short[free.any(axis=1)], free[free.any(axis=1)]
            odds = self._log_odds(held[short])
            # the highest of log-odds with such noise is a draw by the odds (Gumbel-max)
            best = np.where(free, odds + rng.gumbel(size=odds.shape), -np.inf).argmax(axis=1)
            held[short, best] = True
            short = short[held[short].sum(axis=1) < wanted[short]]
        return held

    def _take_out(self, held: Mask, rows: Ints, among: Mask, rng: np.random.Generator) -> None:
        """Take an item out of each of some lists, the rather the less it goes with the others.

        An item's own share does not count: all lose the same part of their rows, and get it back
        where items are added in proportion to their odds.
        """
        lift = self._log_odds(held[rows]) - _log_odds(self.share)
        chosen = np.where(among, rng.gumbel(size=lift.shape) - lift, -np.inf).argmax(axis=1)
        held[rows, chosen] = False

    def _log_odds(self, held: Mask) -> Floats:
        return _log_odds(self.share + (held - self.share) @ self.weights.T)

    def to_json(self) -> dict[str, Any]:
        """Describe the odds by JSON values."""
        pairs = np.argwhere(np.triu(self.apart))
        return {
            "share": self.share.tolist(),
            "weights": self.weights.tolist(),
            "apart": pairs.tolist(),
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any], n_items: int) -> Self:
        """Rebuild the odds of so many items from `to_json`'s value.

        Parameters
        ----------
        state
            What `to_json` returned.
        n_items
            Number of items.

        Raises
        ------
        KeyError, TypeError, ValueError, IndexError
            If the value is malformed.
        """
        share = np.array(state["share"], np.float64).reshape(n_items)
        weights = np.array(state["weights"], np.float64).reshape(n_items, n_items)
        if not (np.isfinite(share).all() and np.isfinite(weights).all()):
            raise ValueError("item odds: they must be finite")
        apart = np.zeros((n_items, n_items), np.bool_)
        for one, other in state["apart"]:
            apart[int(one), int(other)] = apart[int(other), int(one)] = True
        np.fill_diagonal(apart, False)
        return cls(share, weights, apart)


def _log_odds(chance: Floats) -> Floats:
    chance = np.clip(chance, _EDGE, 1 - _EDGE)
    odds: Floats = np.log(chance / (1 - chance))
    return odds


@dataclass(frozen=True, eq=False)
class ItemOrder:
    """In which order items are written.

    Parameters
    ----------
    strength
        The stronger an item, the earlier it comes, shape (items,).
    is_fixed
        Whether every list follows this order. Otherwise the next item is drawn from those that are
        left, by the exponentials of their strengths (Plackett, 1975).
    """

    strength: Floats
    is_fixed: bool

    @classmethod
    def fit(cls, lists: Sequence[Sequence[int]], counts: Ints, items: Sequence[str]) -> Self:
        """Learn from lists.

        Parameters
        ----------
        lists
            The places of the items in each list, each once, in its order.
        counts
            Rows with each list.
        items
            The items, as they are written.
        """
        chosen = [i for i, places in enumerate(lists) if len(places) > 1]
        chosen = chosen[:: -(-len(chosen) // MOST_ORDERS) or 1]
        lists, counts = [lists[i] for i in chosen], counts[chosen]
        strength = _plackett_luce(lists, counts, len(items))
        names = sorted(items, key=str.casefold), sorted(items)
        orders: list[Floats] = []
        for own in names:
            rank = {item: place for place, item in enumerate(own)}
            orders.append(-np.array([rank[item] for item in items], np.float64))
        for order in (*orders, strength):
            ranks = order.tolist()
            follows = [_descends([ranks[place] for place in places]) for places in lists]
            if lists and counts @ np.array(follows) >= LEAST_SORTED * counts.sum():
                return cls(order, True)
        return cls(strength.round(DECIMALS), False)

    def keys(self, items: Ints, rng: np.random.Generator) -> Floats:
        """Return keys by which items are sorted.

        Parameters
        ----------
        items
            Places of items, in any number of lists.
        rng
            Randomness of an order that is not fixed.
        """
        strength = self.strength[items]
        return -strength if self.is_fixed else -(strength + rng.gumbel(size=len(items)))

    def to_json(self) -> dict[str, Any]:
        """Describe the order by JSON values."""
        return {"strength": self.strength.tolist(), "is_fixed": self.is_fixed}

    @classmethod
    def from_json(cls, state: Mapping[str, Any], n_items: int) -> Self:
        """Rebuild the order of so many items from `to_json`'s value.

        Parameters
        ----------
        state
            What `to_json` returned.
        n_items
            Number of items.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        strength = np.array(state["strength"], np.float64).reshape(n_items)
        if not np.isfinite(strength).all():
            raise ValueError("item order: strengths must be finite")
        return cls(strength, bool(state["is_fixed"]))


def _descends(values: Sequence[float]) -> bool:
    return all(one >= other for one, other in pairwise(values))


def _plackett_luce(lists: Sequence[Sequence[int]], counts: Ints, n_items: int) -> Floats:
    """Fit log-strengths by the steps of Hunter (2004), drawn to the mean by one win in each."""
    if not lists:
        return np.zeros(n_items)
    longest = max(map(len, lists))
    places = np.full((len(lists), longest), n_items)
    for row, own in enumerate(lists):
        places[row, : len(own)] = own
    there = places < n_items
    # the last item of a list is chosen among one
    is_choice = there & (np.arange(longest) < there.sum(axis=1, keepdims=True) - 1)
    rows = np.broadcast_to(counts[:, None], places.shape).astype(np.float64)
    wins = 1.0 + np.bincount(places[is_choice], rows[is_choice], minlength=n_items)[:n_items]
    strength = np.ones(n_items + 1)
    for _ in range(ORDER_ROUNDS):
        strength[-1] = 0.0
        left = np.cumsum(strength[places][:, ::-1], axis=1)[:, ::-1]
        share = np.cumsum(np.where(is_choice, rows / np.maximum(left, 1e-300), 0.0), axis=1)
        met = np.bincount(places[there], share[there], minlength=n_items)[:n_items]
        strength[:-1] = wins / (met + 1.0 / strength[:-1].mean())
        strength[:-1] /= strength[:-1].mean()
    return np.log(np.maximum(strength[:-1], 1e-9))
