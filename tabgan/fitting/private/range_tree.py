"""Adaptive histogram of a number under differential privacy, refined in rounds of noisy counts.

The line is first cut by the powers of two, or evenly between declared bounds; then every cell
that holds many rows is cut again, and so on, down to single values where these are frequent. Each
round counts every row in one cell at most, and what is cut next depends on noisy counts only.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RangeCells", "grow"]

PARTS = 8  # that a cell is cut into
FIRST_PARTS = 64  # between declared bounds
LEAST_EXPONENT, MOST_EXPONENT = -40, 64  # of numbers that lie on no grid
MOST_WHOLE = 53  # bits of whole numbers
SURE = 4.5  # times the noise that a cell must have to be believed
SPLIT = 5.0  # times the noise that a cell must have to be cut
SEEN = 3.0  # the same, of a part of a declared range, or of a cell that is believed
WEAK = 1.5  # the same, of a part beside one that is seen: tails thin out, they do not break off
TRACE = 0.02  # times the noise that the other parts of a declared range get
FINE = 200  # cells of as many rows would be as many as this, at the finest

Floats = NDArray[np.float64]
Count = Callable[[NDArray[np.int64]], NDArray[np.int64]]


@dataclass(frozen=True)
class RangeCells:
    """Half-open cells of the line, in order, and the rows in each; cells may leave gaps."""

    low: Floats
    high: Floats
    rows: Floats

    def __len__(self) -> int:
        return len(self.low)

    def count(self, line: Floats) -> NDArray[np.int64]:
        """Count the numbers in each cell; none is in two."""
        if not len(self):
            return np.zeros(0, np.int64)
        cell = np.clip(np.searchsorted(self.low, line, side="right") - 1, 0, None)
        inside = (line >= self.low[cell]) & (line < self.high[cell])
        return np.bincount(cell[inside], minlength=len(self)).astype(np.int64)

    def chosen(self, which: NDArray[np.bool_]) -> "RangeCells":
        """Return some of the cells."""
        return RangeCells(self.low[which], self.high[which], self.rows[which])


def grow(
    line: Floats,
    *,
    whole: bool,
    bounds: tuple[float | None, float | None],
    measure: Count,
    sigma: float,
    rounds: int,
    marks: Collection[float] = (),
) -> RangeCells:
    """Find cells that hold about the same number of rows each, or a frequent value.

    Parameters
    ----------
    line
        The numbers, finite.
    whole
        Whether they are whole numbers.
    bounds
        The least and the greatest number, where they are declared.
    measure
        Adds the noise to the counts of a round.
    sigma
        Its standard deviation.
    rounds
        How often it may be called.
    marks
        Whole numbers that get a cell of their own at once, where a bound is not declared.

    Returns
    -------
    The cells that are believed to hold numbers, which a declared range is all over; without one
    there may be none.
    """
    cells = _first_cells(whole, bounds)
    if marks and None in bounds:
        cells = _with_marks(cells, marks)
    line = np.clip(line, cells.low[0], np.nextafter(cells.high[-1], -np.inf))
    rows = measure(cells.count(line)).astype(np.float64)
    cells = RangeCells(cells.low, cells.high, rows)
    if None in bounds:
        cells = cells.chosen(rows > SURE * sigma)
    else:
        rows[~_seen(cells, sigma)] = TRACE * sigma
    for _ in range(rounds - 1):
        least = max(SPLIT * sigma, cells.rows.sum() / FINE)
        which = (cells.rows > least) & _divisible(cells, whole)
        if not which.any():
            break
        parents = cells.chosen(which)
        parts, owner = _cut(parents, whole)
        noisy = measure(parts.count(line)).astype(np.float64)
        rows = _consistent(noisy, owner, parents.rows)
        parts = RangeCells(parts.low, parts.high, rows)
        rows = _scaled(np.where(_seen(parts, sigma), rows, 0.0), owner, parents.rows)
        cells = _merged(cells.chosen(~which), RangeCells(parts.low, parts.high, rows))
    return cells.chosen(cells.rows > 0)


def _first_cells(whole: bool, bounds: tuple[float | None, float | None]) -> RangeCells:
    low, high = bounds
    if low is not None and high is not None:
        end = high + 1 if whole else np.nextafter(high, np.inf)
        edges = np.linspace(low, end, FIRST_PARTS + 1)
        edges = np.unique(np.rint(edges) if whole else edges)
        return RangeCells(edges[:-1], edges[1:], np.zeros(len(edges) - 1))
    if whole:
        powers = 2.0 ** np.arange(MOST_WHOLE + 1)
        edges = np.concatenate([1 - powers[::-1], powers])
    else:
        powers = 2.0 ** np.arange(LEAST_EXPONENT, MOST_EXPONENT + 1)
        least = np.nextafter(0.0, 1.0)
        edges = np.concatenate([-powers[::-1], [0.0, least], powers])
    if low is not None:
        edges = np.concatenate([[low], edges[edges > low]])
    if high is not None:
        end = high + 1 if whole else np.nextafter(high, np.inf)
        edges = np.concatenate([edges[edges < end], [end]])
    return RangeCells(edges[:-1], edges[1:], np.zeros(len(edges) - 1))


def _with_marks(cells: RangeCells, marks: Collection[float]) -> RangeCells:
    """Cut whole numbers out of the cells around them."""
    own = np.array([*marks])
    own = own[(own >= cells.low[0]) & (own < cells.high[-1])]
    edges = np.unique(np.concatenate([cells.low, cells.high[-1:], own, own + 1]))
    return RangeCells(edges[:-1], edges[1:], np.zeros(len(edges) - 1))


def _divisible(cells: RangeCells, whole: bool) -> NDArray[np.bool_]:
    width = cells.high - cells.low
    if whole:
        return width > 1
    return width > 1e-9 * np.maximum(np.abs(cells.low), np.abs(cells.high))


def _cut(cells: RangeCells, whole: bool) -> tuple[RangeCells, NDArray[np.intp]]:
    """Cut cells into parts; say whose each part is."""
    share = np.arange(PARTS + 1) / PARTS
    edges = cells.low[:, None] + (cells.high - cells.low)[:, None] * share
    if whole:
        edges = np.rint(edges)
    edges[:, -1] = cells.high
    owner = np.repeat(np.arange(len(cells)), PARTS)
    low, high = edges[:, :-1].ravel(), edges[:, 1:].ravel()
    real = high > low
    return RangeCells(low[real], high[real], np.zeros(int(real.sum()))), owner[real]


def _seen(cells: RangeCells, sigma: float) -> NDArray[np.bool_]:
    """Tell cells that hold rows from noise.

    A cell needs many rows, or some and an unbroken row of such cells between it and one that has
    many (hysteresis, as for edges in pictures; Canny, 1986).
    """
    may_be = cells.rows > WEAK * sigma
    goes_on = may_be[1:] & may_be[:-1] & (cells.low[1:] == cells.high[:-1])
    run = np.concatenate([[0], np.cumsum(~goes_on)])
    seen: NDArray[np.bool_] = (np.bincount(run, cells.rows > SEEN * sigma) > 0)[run]
    return seen


def _consistent(noisy: Floats, owner: NDArray[np.intp], parents: Floats) -> Floats:
    """Move the rows of parts so that they add up to those of the cell that they are cut from."""
    short = parents - np.bincount(owner, noisy)
    moved: Floats = noisy + (short / np.bincount(owner))[owner]
    return moved


def _scaled(rows: Floats, owner: NDArray[np.intp], parents: Floats) -> Floats:
    """Scale the rows of parts to those of their cell; evenly spread where no part has any."""
    total = np.bincount(owner, rows, minlength=len(parents))
    even = (parents / np.bincount(owner))[owner]
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = rows * (parents / total)[owner]
    return np.where(total[owner] > 0, scaled, even)


def _merged(one: RangeCells, other: RangeCells) -> RangeCells:
    low = np.concatenate([one.low, other.low])
    order = np.argsort(low, kind="stable")
    high, rows = (np.concatenate(pair) for pair in ((one.high, other.high), (one.rows, other.rows)))
    return RangeCells(low[order], high[order], rows[order])
