"""Simple looks at how near synthetic rows come to real ones: copies and distances."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tabgan.evaluation.coding import CodedColumn, row_hashes
from tabgan.evaluation.neighbours import Points, nearest, place_rows
from tabgan.evaluation.results import Figure, Nearness

__all__ = ["measure_nearness"]

TIE = 1e-6

Floats = NDArray[np.float64]
Hashes = NDArray[np.uint64]
Rows = NDArray[np.int64]


def measure_nearness(
    coded: Mapping[int, CodedColumn], rng: np.random.Generator, most_rows: int
) -> Nearness:
    """Count copies in all rows, and measure distances between samples.

    The floors come from the holdout where there is one. Without it, copies are held against the
    real rows that equal another one, unique copies against the rows of one half of the table that
    equal a row which occurs once in the other, and distances against those between two halves.

    Parameters
    ----------
    coded
        The columns that are compared.
    rng
        Draws the samples.
    most_rows
        Distances are measured between at most so many rows of each table.
    """
    copies, unique = _copies(coded, rng)
    nearer, distance = _distances(coded, rng, most_rows)
    return Nearness(copies, unique, nearer, distance)


def _copies(coded: Mapping[int, CodedColumn], rng: np.random.Generator) -> tuple[Figure, Figure]:
    real, synthetic, holdout = (
        row_hashes([getattr(column, side) for column in coded.values()])
        for side in ("real", "synthetic", "holdout")
    )
    found, counts = np.unique(real, return_counts=True)
    once = found[counts == 1]
    if len(holdout):
        chance = _share(holdout, found), _share(holdout, once)
    else:
        one, other = np.array_split(rng.permutation(real), 2)
        kinds, times = np.unique(other, return_counts=True)
        chance = 1 - len(once) / len(real), _share(one, kinds[times == 1])
    own = _share(synthetic, found), _share(synthetic, once)
    return Figure(100 * own[0], 100 * chance[0]), Figure(100 * own[1], 100 * chance[1])


def _share(rows: Hashes, among: Hashes) -> float:
    return float(np.isin(rows, among).mean())


def _distances(
    coded: Mapping[int, CodedColumn], rng: np.random.Generator, most_rows: int
) -> tuple[Figure | None, Figure]:
    first = next(iter(coded.values()))
    real = rng.permutation(len(first.real))
    holdout = len(real) + rng.permutation(len(first.holdout))[:most_rows]
    points, drawn = place_rows({place: _joined(column) for place, column in coded.items()})
    drawn = drawn.rows(rng.permutation(len(first.synthetic))[:most_rows])
    scale = np.sqrt(len(coded))

    def to_nearest(queries: Points, rows: Rows) -> Floats:
        distances: Floats = nearest(queries, points.rows(rows))[0][:, 0] / scale
        return distances

    if not len(holdout):
        own, fresh = (half[:most_rows] for half in np.array_split(real, 2))
        found = to_nearest(drawn, own), to_nearest(points.rows(fresh), own)
        return None, Figure(*(float(np.median(distances)) for distances in found))
    own = real[: len(holdout)]
    to_real, to_holdout = to_nearest(drawn, own), to_nearest(drawn, holdout)
    floor = to_nearest(points.rows(holdout), own)
    tied = np.abs(to_real - to_holdout) < TIE
    nearer = float(np.mean(np.where(tied, 0.5, to_real < to_holdout)))
    return Figure(100 * nearer, 50.0), Figure(float(np.median(to_real)), float(np.median(floor)))


def _joined(column: CodedColumn) -> CodedColumn:
    """Take the holdout's rows for further real ones, so that all are placed in one space."""
    return column._replace(real=np.concatenate([column.real, column.holdout]))
