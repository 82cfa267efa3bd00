"""Choice of the rows that a table refers to: alike in what was drawn, each as often as it should.

Slots (rows that need a partner) and candidates (each as often as its degree) are halved again and
again, at the same rank of one feature after the other. What is left in small cells is assigned at
the least cost. The degrees so stay exactly what they are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from tabgan.relations.relations import Rows

__all__ = ["choose_partners", "move_apart"]

CELL = 64  # slots that are assigned at once
ROUNDS = 30  # of exchanges between slots of which a group would have a partner twice

Points = NDArray[np.float64]


def choose_partners(
    wanted: Points,
    candidates: Points,
    degrees: Rows,
    are_levels: NDArray[np.bool_],
    rng: np.random.Generator,
    *,
    once: bool,
) -> Rows:
    """Choose a candidate for each slot.

    Parameters
    ----------
    wanted
        What each slot's partner should be like, shape (slots, features); NaN where it is missing.
    candidates
        What the candidates are like, shape (candidates, features).
    degrees
        How many slots each candidate should have.
    are_levels
        Which features are codes of levels.
    rng
        Makes up for degrees that are too many or too few, and breaks ties.
    once
        Whether a candidate has one slot at most.

    Returns
    -------
    The candidate of each slot; -1 where none is left.
    """
    seats = _seats(degrees, len(wanted), rng, once=once)
    chosen = np.full(len(wanted), -1, np.int64)
    if not len(seats):
        return chosen
    slots = rng.permutation(len(wanted))[: len(seats)]
    ours, theirs = _scaled(wanted[slots], candidates[seats], are_levels)
    chosen[slots] = seats[_Halving(ours, theirs, are_levels, rng).pairs()]
    return chosen


def _seats(degrees: Rows, n: int, rng: np.random.Generator, *, once: bool) -> Rows:
    """Repeat each candidate by its degree, and add or drop some for n slots."""
    degrees = np.minimum(degrees, 1) if once else degrees
    seats = np.repeat(np.arange(len(degrees)), degrees)
    if len(seats) > n:
        return np.sort(rng.choice(seats, n, replace=False))
    lacking = n - len(seats)
    if once:
        free = np.flatnonzero(degrees == 0)
        more = rng.choice(free, min(lacking, len(free)), replace=False)
    elif lacking and len(degrees):
        used = np.flatnonzero(degrees) if degrees.any() else np.arange(len(degrees))
        shares = np.maximum(degrees[used], 1) / np.maximum(degrees[used], 1).sum()
        more = rng.choice(used, lacking, p=shares)
    else:
        more = np.zeros(0, np.int64)
    return np.concatenate([seats, more]).astype(np.int64)


def _scaled(ours: Points, theirs: Points, are_levels: NDArray[np.bool_]) -> tuple[Points, Points]:
    """Bring numbers to the unit interval, by the candidates; what is missing lies below."""
    low = np.nanmin(np.where(np.isnan(theirs), np.inf, theirs), axis=0, initial=np.inf)
    high = np.nanmax(np.where(np.isnan(theirs), -np.inf, theirs), axis=0, initial=-np.inf)
    size = np.where(are_levels | ~(high > low), 1.0, high - low)
    low = np.where(are_levels | ~np.isfinite(low), 0.0, low)
    scaled = tuple(
        np.where(np.isnan(points), -1.0, (points - low) / size) for points in (ours, theirs)
    )
    return scaled[0], scaled[1]


@dataclass(frozen=True)
class _Halving:
    """Pairs as many slots and seats."""

    slots: Points
    seats: Points
    are_levels: NDArray[np.bool_]
    rng: np.random.Generator

    def pairs(self) -> Rows:
        """Return the seat of each slot."""
        n = len(self.slots)
        found = np.empty(n, np.int64)
        left = [(np.arange(n), self.rng.permutation(n))]
        while left:
            slots, seats = left.pop()
            axes = self._axes(seats)
            if len(slots) <= CELL or not len(axes):
                found[slots] = seats[self._assigned(slots, seats)]
                continue
            half = len(slots) // 2
            # those that are equal in one feature are told apart by the others, on both sides
            slots = slots[np.lexsort(self.slots[slots][:, axes[::-1]].T)]
            seats = seats[np.lexsort(self.seats[seats][:, axes[::-1]].T)]
            left += [(slots[:half], seats[:half]), (slots[half:], seats[half:])]
        return found

    def _axes(self, seats: Rows) -> Rows:
        """Return the features in which seats differ, the most important one first; levels lead."""
        own = self.seats[seats]
        spread = own.std(axis=0) + self.are_levels * (own.min(axis=0) < own.max(axis=0))
        order = np.argsort(-spread, kind="stable")
        return np.asarray(order[spread[order] > 0], np.int64)

    def _assigned(self, slots: Rows, seats: Rows) -> Rows:
        """Assign a few seats at the least cost, or, where they are all alike, as they come."""
        if len(slots) > CELL or not self.seats.shape[1]:
            return np.arange(len(slots))
        difference = np.abs(self.slots[slots][:, None, :] - self.seats[seats][None, :, :])
        cost = np.where(self.are_levels, difference > 0, difference).sum(axis=2)
        return np.asarray(linear_sum_assignment(cost)[1], np.int64)


def move_apart(chosen: Rows, groups: Rows, rng: np.random.Generator) -> Rows:
    """Let slots exchange partners, so that no group has one twice.

    Parameters
    ----------
    chosen
        The partner of each slot; -1 for none.
    groups
        The group of each slot.
    rng
        Chooses which slots exchange theirs.
    """
    chosen = chosen.copy()
    slots = np.flatnonzero(chosen >= 0)
    for _ in range(ROUNDS):
        pairs = np.column_stack([groups[slots], chosen[slots]])
        _, first = np.unique(pairs, axis=0, return_index=True)
        twice = np.setdiff1d(np.arange(len(slots)), first)
        if not len(twice):
            break
        others = rng.integers(len(slots), size=len(twice))
        for one, other in zip(slots[twice].tolist(), slots[others].tolist(), strict=True):
            chosen[one], chosen[other] = chosen[other], chosen[one]
    return chosen
