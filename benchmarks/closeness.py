"""Whether a synthetic table is too near to single rows of the table it was made from."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from coding import encode, sample_rows
from scipy.spatial.distance import cdist

DISTANCE_ROWS = 4_000
"""At most so many synthetic rows are compared with the real ones in `dcr_share`."""


def dcr_share(
    train: pd.DataFrame,
    test: pd.DataFrame,
    synthetic: pd.DataFrame,
    categorical: Collection[str],
) -> float:
    """Share of synthetic rows, in percent, that are nearer to a training row than to a test row.

    Both sets are cut to the same size, so that 50 % is the figure of a generator that knows the
    training rows no better than the others; a tie counts half. The distance adds up, over the
    columns, the difference of quantile ranks (numbers) or 0 and 1 (levels; missing or not).
    At most `DISTANCE_ROWS` synthetic rows are looked at.
    """
    rng = np.random.default_rng(0)
    size = min(len(train), len(test))
    drawn = sample_rows(synthetic, DISTANCE_ROWS, rng)
    references = [sample_rows(frame, size, rng) for frame in (train, test)]
    coded = encode([drawn, *references], categorical)
    nominal = [name for name in train.columns if name in categorical]
    ranks = _quantile_ranks([frame.drop(columns=nominal) for frame in coded])
    levels = [
        np.hstack([frame[nominal].fillna(-1), frame.drop(columns=nominal).isna()])
        for frame in coded
    ]
    to_train, to_test = (
        nearest_distances(ranks[0], levels[0], ranks[place], levels[place]) for place in (1, 2)
    )
    tied = np.isclose(to_train, to_test, rtol=0, atol=1e-9)
    return float(100 * np.mean(np.where(tied, 0.5, to_train < to_test)))


def _quantile_ranks(frames: Sequence[pd.DataFrame]) -> list[np.ndarray]:
    """Mid-rank of each number among the real rows (all frames but the first); missing gives ½."""
    real = pd.concat(frames[1:])
    ranked = [np.full(frame.shape, 0.5) for frame in frames]
    for place, name in enumerate(real.columns):
        ordered = np.sort(real[name].dropna().to_numpy())
        for frame, ranks in zip(frames, ranked, strict=True):
            values = frame[name].to_numpy()
            below = np.searchsorted(ordered, values, "left")
            upto = np.searchsorted(ordered, values, "right")
            middle = (below + upto) / (2 * max(len(ordered), 1))
            ranks[:, place] = np.where(np.isnan(values), 0.5, middle)
    return ranked


def nearest_distances(
    numbers: np.ndarray, levels: np.ndarray, other_numbers: np.ndarray, other_levels: np.ndarray
) -> np.ndarray:
    """Distance of each row to its nearest among the others, in blocks of 500 rows.

    It adds up the differences of the numbers, and 1 for each level that differs.
    """
    blocks = []
    for start in range(0, len(numbers), 500):
        rows = slice(start, start + 500)
        distance = np.zeros((len(numbers[rows]), len(other_numbers)))
        if numbers.shape[1]:
            distance += cdist(numbers[rows], other_numbers, "cityblock")
        if levels.shape[1]:
            distance += cdist(levels[rows], other_levels, "hamming") * levels.shape[1]
        blocks.append(distance.min(axis=1))
    return np.concatenate(blocks)


def copy_shares(
    train: pd.DataFrame, test: pd.DataFrame, synthetic: pd.DataFrame
) -> dict[str, float]:
    """Shares, in percent, of rows that equal a training row in every column.

    `copies` counts synthetic rows, `unique_copies` those that equal a row which occurs only once
    in the training table; the same of the test rows is what chance alone gives.
    """
    rows = _row_hashes([train, test, synthetic])
    values, counts = np.unique(rows[0], return_counts=True)
    once = values[counts == 1]
    return {
        "copies": 100 * float(np.isin(rows[2], values).mean()),
        "unique_copies": 100 * float(np.isin(rows[2], once).mean()),
        "test_copies": 100 * float(np.isin(rows[1], values).mean()),
        "test_unique_copies": 100 * float(np.isin(rows[1], once).mean()),
    }


def _row_hashes(frames: Sequence[pd.DataFrame]) -> list[np.ndarray]:
    joint = pd.concat(frames, ignore_index=True)
    codes = joint.apply(lambda column: pd.factorize(column)[0])
    hashes = pd.util.hash_pandas_object(codes, index=False).to_numpy()
    ends = np.cumsum([len(frame) for frame in frames])
    return [hashes[end - len(frame) : end] for end, frame in zip(ends, frames, strict=True)]
