"""Uniform samples of the rows of tables that are larger than memory, in one pass."""

from collections.abc import Callable, Iterable, Sized
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.random_streams import numpy_stream

__all__ = ["TRAINING_ROWS", "sample_batches", "sample_frame"]

TRAINING_ROWS = 500_000  # of a larger file, unless an option says another number
SLACK = 1.25
_SEED = 0  # the same rows at every run, whatever the seed of a training

Batch = TypeVar("Batch", bound=Sized)
Rows = NDArray[np.intp]


def sample_batches(
    batches: Iterable[Batch], most: int, take: Callable[[Batch, Rows], Batch]
) -> tuple[list[Batch], int]:
    """Choose rows uniformly and without repetition; they keep their order.

    Hardly more rows than are chosen are held at a time, besides one batch.

    Parameters
    ----------
    batches
        The rows.
    most
        Number of rows to choose; all if there are not more.
    take
        Returns some rows of a batch, by their positions, in memory of their own. A batch all of
        whose rows are chosen is kept itself.

    Returns
    -------
    The chosen rows, and the number of all rows.

    Examples
    --------
    >>> rows = [list(range(6)), list(range(6, 9))]
    >>> sample_batches(rows, 4, lambda batch, places: [batch[at] for at in places])
    ([[1, 2, 4], [7]], 9)
    """
    rng = numpy_stream(_SEED, "training rows")
    kept: list[tuple[NDArray[np.float64], Batch]] = []
    bound, held, total = np.inf, 0, 0  # a row is chosen if its random number is below the bound
    for batch in batches:
        numbers = rng.random(len(batch))
        total += len(batch)
        rows = np.flatnonzero(numbers < bound)
        if len(rows):
            is_whole = len(rows) == len(batch)
            kept.append((numbers[rows], batch if is_whole else take(batch, rows)))
            held += len(rows)
        if held > SLACK * most:
            kept, bound = _smallest(kept, most, take)
            held = most
    if held > most:
        kept, _ = _smallest(kept, most, take)
    return [batch for _, batch in kept], total


def _smallest(
    kept: list[tuple[NDArray[np.float64], Batch]], most: int, take: Callable[[Batch, Rows], Batch]
) -> tuple[list[tuple[NDArray[np.float64], Batch]], float]:
    """Return the rows of the smallest random numbers, and the next larger number."""
    bound = float(np.partition(np.concatenate([numbers for numbers, _ in kept]), most)[most])
    smaller = []
    for numbers, batch in kept:
        rows = np.flatnonzero(numbers < bound)
        if len(rows):
            smaller.append((numbers[rows], take(batch, rows)))
    return smaller, bound


def sample_frame(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """Choose rows of a frame uniformly; they keep their order and their index.

    Parameters
    ----------
    frame
        The frame.
    most
        Number of rows to choose; the frame itself is returned if it has not more.
    """
    if len(frame) <= most:
        return frame
    chosen, _ = sample_batches([np.arange(len(frame))], most, lambda batch, rows: batch[rows])
    return frame.iloc[chosen[0]]
