"""Rows of a pool that are nearest to the given cells of other rows."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.encoding.base import Encoded
from tabgan.spans import RowLayout

__all__ = ["NeighborPool", "Described"]

NEAREST = 5  # of which one is taken
CHUNK = 2048
NUMBER_WEIGHT = 2.0  # the squared distance of two ends of a number, where levels that differ have 1
DERIVED_WEIGHT = 8.0  # of a column that rules derive: what it tells is certain


@dataclass(frozen=True, eq=False)
class Described:
    """Rows as points: per column a stretch of coordinates.

    Parameters
    ----------
    points
        Shape (rows, coordinates).
    widths
        Coordinates of each column.
    """

    points: Tensor
    widths: tuple[int, ...]

    @classmethod
    def of(cls, columns: list[tuple[Encoded, RowLayout, bool]]) -> Self:
        """Describe encoded columns; the last of each says whether rules derive it."""
        parts = [_points(encoded, spans, derived) for encoded, spans, derived in columns]
        return cls(torch.cat(parts, dim=1), tuple(part.shape[1] for part in parts))

    def __getitem__(self, rows: slice) -> "Described":
        return Described(self.points[rows], self.widths)


def _points(encoded: Encoded, spans: RowLayout, derived: bool) -> Tensor:
    middle = torch.from_numpy(encoded.low + encoded.width / np.float32(2))
    for i, mark in enumerate(spans.marks):
        if mark is not None:  # where it is absent, a number has no place
            middle[torch.from_numpy(encoded.codes[:, mark] != 0), i] = 0.5
    parts = [middle * NUMBER_WEIGHT**0.5]
    for codes, width in zip(encoded.codes.T, spans.widths, strict=True):
        one_hot = torch.zeros(len(codes), width)
        one_hot[torch.arange(len(codes)), torch.from_numpy(codes.astype(np.int64))] = 0.5**0.5
        parts.append(one_hot)
    return torch.cat(parts, dim=1) * (DERIVED_WEIGHT**0.5 if derived else 1.0)


@dataclass(frozen=True, eq=False)
class NeighborPool:
    """A pool of rows to take cells from."""

    pool: Described

    def nearest(
        self, rows: Described, given: NDArray[np.bool_], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Return for each row the number of a row of the pool, one of the nearest.

        Parameters
        ----------
        rows
            Rows described as the pool is; what they have in cells that are not given is not seen.
        given
            Which cells are given, shape (rows, columns).
        rng
            Chooses among the nearest, and between rows that are as near.
        """
        found = [
            self._nearest(rows[slice(at, at + CHUNK)].points, given[at : at + CHUNK], rng)
            for at in range(0, len(given), CHUNK)
        ]
        return np.concatenate(found) if found else np.empty(0, np.int64)

    def _nearest(
        self, points: Tensor, given: NDArray[np.bool_], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        widths = torch.tensor(self.pool.widths)
        seen = torch.from_numpy(given).float().repeat_interleave(widths, dim=1)
        # (t − p)² over the given cells; the rows' own squares are the same for all of the pool
        distance = seen @ (self.pool.points**2).t() - 2 * (seen * points) @ self.pool.points.t()
        distance += torch.from_numpy(rng.random(distance.shape[1], np.float32) * np.float32(1e-3))
        count = min(NEAREST, distance.shape[1])
        near = distance.topk(count, dim=1, largest=False).indices.numpy()
        return near[np.arange(len(near)), rng.integers(count, size=len(near))]
