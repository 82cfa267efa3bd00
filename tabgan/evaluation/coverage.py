"""Coverage: whether all that the real table has occurs in the synthetic one."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tabgan.evaluation.compared_tables import CodedColumn, row_hashes, take_rows
from tabgan.evaluation.part_results import Coverage, Figure

__all__ = ["measure_coverage"]

RARE = 0.01  # of the real rows
MOST_PAIRS = 100  # of columns, whose combinations are looked at
MOST_LOST = 10  # levels that are named

Floats = NDArray[np.float64]
_Shares = tuple[float, float, float, float]


def measure_coverage(
    coded: Mapping[int, CodedColumn],
    names: Mapping[int, str],
    rng: np.random.Generator,
    most_rows: int,
) -> Coverage:
    """Measure coverage; what rows are drawn again with replacement cover is the baseline.

    These hold the very extremes of the table more often than fresh rows do. So the baseline of
    ranges is at most what halves of the table cover of each other.

    Parameters
    ----------
    coded, names
        The columns that are compared, and their labels as text.
    rng
        Draws the rows of the baseline and, of long tables, those whose combinations are looked at.
    most_rows
        At most so many rows of each table are looked at for rare combinations.
    """
    first = next(iter(coded.values()))
    n_real, n_synthetic = len(first.real), len(first.synthetic)
    again = take_rows(coded, np.arange(n_real), rng.integers(n_real, size=n_synthetic), of="real")
    rows = rng.permutation(n_real)[:most_rows], rng.permutation(n_synthetic)[:most_rows]
    pairs = _pairs(coded, rng)
    found, chance = (_shares(columns, pairs, rows) for columns in (coded, again))
    levels, ranges, rare, patterns = (
        Figure(100 * a, 100 * b) for a, b in zip(found, chance, strict=True)
    )
    halves = 100 * _ranges_of_halves(coded, rng)
    ranges = Figure(ranges.value, min(ranges.baseline, halves))
    return Coverage(levels, ranges, rare, patterns, _lost_levels(coded, names))


def _pairs(coded: Mapping[int, CodedColumn], rng: np.random.Generator) -> list[tuple[int, int]]:
    nominal = [place for place, column in coded.items() if column.nominal]
    pairs = list(combinations(nominal, 2))
    if len(pairs) <= MOST_PAIRS:
        return pairs
    return [pairs[i] for i in sorted(rng.permutation(len(pairs))[:MOST_PAIRS])]


def _shares(
    coded: Mapping[int, CodedColumn],
    pairs: list[tuple[int, int]],
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> _Shares:
    nominal = [column for column in coded.values() if column.nominal]
    occurring = [_counts(column, column.real) > 0 for column in nominal]
    kept = [_counts(column, column.synthetic) > 0 for column in nominal]
    n_levels = sum(int(seen.sum()) for seen in occurring)
    n_kept = sum(int((a & b).sum()) for a, b in zip(occurring, kept, strict=True))
    ranges = [_range_kept(column) for column in coded.values() if not column.nominal]
    known = [share for share in ranges if not np.isnan(share)]
    return (
        n_kept / n_levels if n_levels else float("nan"),
        float(np.mean(known)) if known else float("nan"),
        _rare_kept(take_rows(coded, *rows), pairs),
        _patterns_kept(coded),
    )


def _ranges_of_halves(coded: Mapping[int, CodedColumn], rng: np.random.Generator) -> float:
    """Return the mean share of ranges that random halves of the real rows cover of each other."""
    first = next(iter(coded.values()))
    one, other = np.array_split(rng.permutation(len(first.real)), 2)
    shares = [
        _range_kept(column._replace(real=column.real[a], synthetic=column.real[b]))
        for column in coded.values()
        if not column.nominal
        for a, b in ((one, other), (other, one))
    ]
    known = [share for share in shares if not np.isnan(share)]
    return float(np.mean(known)) if known else float("nan")


def _counts(column: CodedColumn, values: Floats) -> NDArray[np.int64]:
    there = values[~np.isnan(values)].astype(np.int64)
    return np.bincount(there, minlength=len(column.levels))


def _range_kept(column: CodedColumn) -> float:
    real, synthetic = (v[~np.isnan(v)] for v in (column.real, column.synthetic))
    if not len(real):
        return float("nan")
    low, high = float(real.min()), float(real.max())
    if not len(synthetic):
        return 0.0
    if low == high:
        return float((synthetic == low).any())
    top, bottom = min(float(synthetic.max()), high), max(float(synthetic.min()), low)
    return max(top - bottom, 0.0) / (high - low)


def _rare_kept(coded: Mapping[int, CodedColumn], pairs: list[tuple[int, int]]) -> float:
    """Return the share of the rare pairs of levels that occur in both tables."""
    n_rare = n_kept = 0
    for one, other in pairs:
        width = len(coded[other].levels) + 1
        keys = []
        for side in ("real", "synthetic"):
            a, b = (getattr(coded[place], side) for place in (one, other))
            there = ~(np.isnan(a) | np.isnan(b))
            keys.append((a[there] * width + b[there]).astype(np.int64))
        occurring, counts = np.unique(keys[0], return_counts=True)
        rare = occurring[counts < RARE * len(next(iter(coded.values())).real)]
        n_rare += len(rare)
        n_kept += int(np.isin(rare, keys[1]).sum())
    return n_kept / n_rare if n_rare else float("nan")


def _patterns_kept(coded: Mapping[int, CodedColumn]) -> float:
    """Return the share of real rows whose set of missing columns occurs in the other table."""
    holes = [column for column in coded.values() if np.isnan(column.real).any()]
    if not holes:
        return 1.0
    real, synthetic = (
        row_hashes([np.isnan(getattr(column, side)).astype(np.float64) for column in holes])
        for side in ("real", "synthetic")
    )
    return float(np.isin(real, synthetic).mean())


def _lost_levels(
    coded: Mapping[int, CodedColumn], names: Mapping[int, str]
) -> tuple[tuple[str, str, int], ...]:
    lost = [
        (names[place], str(column.levels[level]), int(counts[level]))
        for place, column in coded.items()
        if column.nominal
        for counts in [_counts(column, column.real)]
        for level in np.flatnonzero((counts > 0) & (_counts(column, column.synthetic) == 0))
    ]
    return tuple(sorted(lost, key=lambda item: -item[2])[:MOST_LOST])
