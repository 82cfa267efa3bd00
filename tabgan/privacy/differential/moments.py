"""One- and two-way moments of all columns' blocks, measured once with noise."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.privacy.differential.blocks import UNIT, ColumnSummary
from tabgan.privacy.differential.curator import NoisyCounter

__all__ = ["Marginals", "laid_out", "measure_marginals", "moment_sums", "sensitivities"]

CHUNK = 8192  # rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Marginals:
    """Noisy moments, as shares of the rows.

    Parameters
    ----------
    widths
        Cells of each block.
    means
        Share of each cell, shape (cells,): not negative, and 1 in each block together.
    pairs
        Share of each pair of cells, shape (cells, cells): symmetrical, and 0 within a block.
    mean_noise, pair_noise
        Standard deviation of the noise that was added to a share.
    """

    widths: tuple[int, ...]
    means: Floats
    pairs: Floats
    mean_noise: float
    pair_noise: float

    @property
    def owner(self) -> NDArray[np.intp]:
        """The block of each cell."""
        return np.repeat(np.arange(len(self.widths)), self.widths)

    def without(self, blocks: Collection[int]) -> "Marginals":
        """Return the same without some blocks."""
        left = [block for block in range(len(self.widths)) if block not in blocks]
        cells = np.isin(self.owner, left)
        widths = tuple(self.widths[block] for block in left)
        return replace(
            self, widths=widths, means=self.means[cells], pairs=self.pairs[np.ix_(cells, cells)]
        )


def sensitivities(n_blocks: int) -> tuple[float, float]:
    """Return the L2 norms by which one row changes the sums of all blocks, and of all their pairs.

    Examples
    --------
    >>> sensitivities(2) == (UNIT * 2**0.5, UNIT**2)
    True
    """
    return UNIT * n_blocks**0.5, UNIT**2 * max(n_blocks * (n_blocks - 1) / 2, 1) ** 0.5


def laid_out(
    frame: pd.DataFrame, columns: Sequence[tuple[int, ColumnSummary]]
) -> Iterator[NDArray[np.int64]]:
    """Yield the blocks of all columns beside each other, shape (rows, cells), in chunks of rows.

    Parameters
    ----------
    frame
        The table; of one without rows there is a chunk of none.
    columns
        Columns by their places, and how they are laid out.
    """
    for start in range(0, max(len(frame), 1), CHUNK):
        part = frame.iloc[start : start + CHUNK]
        blocks = [learned.block(part.iloc[:, place]) for place, learned in columns]
        yield np.concatenate([np.zeros((len(part), 0), np.int64), *blocks], axis=1)


def moment_sums(
    frame: pd.DataFrame, columns: Sequence[tuple[int, ColumnSummary]]
) -> tuple[Ints, Ints]:
    """Add up the blocks of all rows, and the products of their cells; exact.

    Parameters
    ----------
    frame
        The table.
    columns
        Columns by their places, and how they are laid out.

    Returns
    -------
    Shapes (cells,) and (cells, cells).
    """
    sums: Any = 0
    products: Any = 0
    for cells in laid_out(frame, columns):
        rows = cells.astype(np.float64)
        sums = sums + cells.sum(axis=0)
        # exact: products are whole numbers, and their sums far below 2**53
        products = products + (rows.T @ rows).astype(np.int64)
    return sums, products


def measure_marginals(
    frame: pd.DataFrame,
    columns: Sequence[tuple[int, ColumnSummary]],
    curator: NoisyCounter,
    n_rows: int,
) -> Marginals:
    """Measure the moments of a table with noise.

    Parameters
    ----------
    frame
        The table.
    columns
        Columns by their places, and how they are laid out.
    curator
        Adds the noise.
    n_rows
        The noisy number of rows.
    """
    sums, products = moment_sums(frame, columns)
    widths = tuple(learned.block(frame.iloc[:0, place]).shape[1] for place, learned in columns)
    owner = np.repeat(np.arange(len(widths)), widths)
    upper = owner[:, None] < owner[None, :]
    means = curator.measure("margins", sums) / (UNIT * n_rows)
    pairs = np.zeros(products.shape)
    pairs[upper] = curator.measure("pairs", products[upper]) / (UNIT**2 * n_rows)
    starts = np.cumsum((0, *widths))
    parts = [_on_simplex(means[a:b]) for a, b in pairwise(starts)]
    means = np.concatenate([np.zeros(0), *parts])
    pairs = _with_margins(pairs, means, starts)
    return Marginals(
        widths,
        means,
        pairs + pairs.T,
        curator.sigma("margins") / (UNIT * n_rows),
        curator.sigma("pairs") / (UNIT**2 * n_rows),
    )


def _on_simplex(shares: Floats) -> Floats:
    """Return the nearest shares that are not negative and add up to 1 (Duchi et al., 2008)."""
    falling = np.sort(shares)[::-1]
    excess = (np.cumsum(falling) - 1) / np.arange(1, len(falling) + 1)
    last = np.flatnonzero(falling > excess)[-1]
    nearest: Floats = np.maximum(shares - excess[last], 0.0)
    return nearest


def _with_margins(pairs: Floats, means: Floats, starts: NDArray[np.intp]) -> Floats:
    """Return the nearest tables of pairs whose sums are the margins."""
    fitted = np.zeros_like(pairs)
    for i, (a, b) in enumerate(pairwise(starts)):
        for c, d in pairwise(starts[i + 1 :]):
            table, rows, columns = pairs[a:b, c:d], means[a:b], means[c:d]
            short_rows = (rows - table.sum(axis=1))[:, None] / (d - c)
            short_columns = (columns - table.sum(axis=0))[None, :] / (b - a)
            short = (1 - table.sum()) / ((d - c) * (b - a))
            fitted[a:b, c:d] = table + short_rows + short_columns - short
    return fitted
