"""Simple looks at how near synthetic rows come to real ones: copies and distances."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from tabgan.evaluation.coding import CodedColumn, Side, matrix_of, row_hashes
from tabgan.evaluation.results import Figure, Nearness

__all__ = ["measure_nearness"]

BLOCK = 500  # rows whose distances are in memory at a time
TIE = 1e-9

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
    synthetic = rng.permutation(len(first.synthetic))[:most_rows]
    holdout = rng.permutation(len(first.holdout))[:most_rows]
    if not len(holdout):
        own, fresh = (half[:most_rows] for half in np.array_split(real, 2))
        to_real, floor = _nearest(coded, {"real": own}, [("synthetic", synthetic), ("real", fresh)])
        return None, Figure(float(np.median(to_real)), float(np.median(floor)))
    own = real[: len(holdout)]
    samples: list[tuple[Side, Rows]] = [("synthetic", synthetic), ("holdout", holdout)]
    to_real, floor = _nearest(coded, {"real": own}, samples)
    (to_holdout,) = _nearest(coded, {"holdout": holdout}, [("synthetic", synthetic)])
    tied = np.abs(to_real - to_holdout) < TIE
    nearer = float(np.mean(np.where(tied, 0.5, to_real < to_holdout)))
    return Figure(100 * nearer, 50.0), Figure(float(np.median(to_real)), float(np.median(floor)))


def _nearest(
    coded: Mapping[int, CodedColumn],
    to: Mapping[Side, Rows],
    of: list[tuple[Side, Rows]],
) -> Iterator[Floats]:
    """Yield, for each sample, the distance of its rows to the nearest of a reference's rows."""
    ((side, rows),) = to.items()
    reference = _points(coded, side, rows)
    for other, sample in of:
        points = _points(coded, other, sample)
        blocks = [
            _distance([part[start : start + BLOCK] for part in points], reference).min(axis=1)
            for start in range(0, len(sample), BLOCK)
        ]
        yield np.concatenate(blocks) / len(coded)


def _points(coded: Mapping[int, CodedColumn], side: Side, rows: Rows) -> list[Floats]:
    """Return ranks of numbers among the real ones, and codes of levels and of what is missing."""
    numbers = {place: column for place, column in coded.items() if not column.nominal}
    levels = {place: column for place, column in coded.items() if column.nominal}
    ranks = [_ranks(column.real, getattr(column, side)[rows]) for column in numbers.values()]
    codes = [getattr(column, side)[rows] for column in levels.values()]
    holes = matrix_of(numbers, side, rows) if numbers else np.empty((len(rows), 0))
    nominal = np.column_stack([*codes, np.isnan(holes)]) if len(coded) else holes
    return [
        np.column_stack(ranks) if ranks else np.empty((len(rows), 0)),
        np.nan_to_num(nominal.astype(np.float64), nan=-1.0),
    ]


def _ranks(real: Floats, values: Floats) -> Floats:
    """Return each value's mid-rank among the real ones, from 0 to 1; ½ for a missing one."""
    ordered = np.sort(real[~np.isnan(real)])
    below, upto = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    middle = (below + upto) / (2 * max(len(ordered), 1))
    return np.where(np.isnan(values), 0.5, middle)


def _distance(points: list[Floats], others: list[Floats]) -> Floats:
    """Add up differences of ranks and mismatches of levels, shape (points, others)."""
    total = np.zeros((len(points[0]), len(others[0])))
    if points[0].shape[1]:
        total += cdist(points[0], others[0], "cityblock")
    if points[1].shape[1]:
        total += cdist(points[1], others[1], "hamming") * points[1].shape[1]
    return total
