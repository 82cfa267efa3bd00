"""Bringing free cells of single rows in line with cells that are not to be changed."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from tabgan.rules.allowed_values import AllowedValues
from tabgan.rules.numeric_axis import LineNumbers, NumericAxis

__all__ = ["next_to", "settle_lines", "settle_parts"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def settle_lines(
    lines: Sequence[NumericAxis],
    grids: Sequence[AllowedValues],
    edges: Collection[tuple[int, int]],
    pinned: Mask,
    strict: Collection[tuple[int, int]] = (),
) -> list[LineNumbers]:
    """Move values that are not pinned so that line i ≤ line j for every edge, in each row alone.

    First those above a pinned value, and above those that were raised, are raised; then all
    others are lowered below what is above them.

    Parameters
    ----------
    lines
        Values of columns on one line.
    grids
        The numbers that each may take.
    edges
        Pairs ``(i, j)`` of lines.
    pinned
        Which values are not moved, shape (rows, lines).
    strict
        The edges that ask for line i < line j.
    """
    values = [line.values.copy() for line in lines]
    held = pinned.copy()

    def most(low: int, high: int) -> LineNumbers:
        return next_to(values[high], -1) if (low, high) in strict else values[high]

    def wrong(low: int, high: int) -> Mask:
        both = lines[low].present & lines[high].present
        return both & (values[low] > most(low, high))

    for low, high in sorted(edges):
        rows = wrong(low, high) & held[:, low] & ~pinned[:, high]
        least = values[low][rows]
        least = next_to(least, 1) if (low, high) in strict else least
        values[high][rows] = grids[high].ceil(least)
        held[rows, high] = True
    for low, high in sorted(edges, reverse=True):
        rows = wrong(low, high) & ~pinned[:, low]
        values[low][rows] = grids[low].floor(most(low, high)[rows])
    return values


def next_to(values: LineNumbers, direction: int) -> LineNumbers:
    """Return the next whole numbers or floats, up (1) or down (-1)."""
    if values.dtype.kind == "i":
        return values + direction
    return np.nextafter(values, np.inf * direction)


def settle_parts(
    parts: Floats, total: Floats, grids: Sequence[AllowedValues], free: Mask
) -> Floats:
    """Change free parts so that they add up to a total, in proportion to what they were.

    Parameters
    ----------
    parts
        Shape (parts, rows).
    total
        What they are to add up to, shape (rows,).
    grids
        The numbers that each part may take.
    free
        Which may be changed, shape (parts, rows).

    Examples
    --------
    >>> grid = AllowedValues(0, 100, decimals=0)
    >>> parts, free = np.array([[10.0], [30.0]]), np.array([[True], [True]])
    >>> settle_parts(parts, np.array([20.0]), [grid, grid], free)[:, 0].tolist()
    [5.0, 15.0]
    """
    settled = parts.copy()
    wanted = total - np.where(free, 0.0, parts).sum(axis=0)
    present = np.where(free, parts, 0.0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(present != 0, wanted / present, 0.0)
    for i, grid in enumerate(grids):
        settled[i, free[i]] = grid.floor((parts[i] * factor)[free[i]])
    for i in reversed(range(len(parts))):  # what rounding and ranges have left is for the last one
        rows = np.flatnonzero(free[i])
        rest = total[rows] - np.delete(settled[:, rows], i, axis=0).sum(axis=0)
        low, high = grids[i].floor(rest), grids[i].ceil(rest)
        settled[i, rows] = np.where(np.abs(rest - low) <= np.abs(high - rest), low, high)
    return settled
