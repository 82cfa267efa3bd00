"""Three-way moments: how often the values of three columns go together, of coarse cells.

Pairs say how strongly each column goes with each other one; that two of them matter together for
a third is seen in triples alone. A row is laid out more coarsely for them: of a number every
fourth knot, of levels the commonest and one cell for the others. Which triples are measured hangs
on the noisy pairs: those whose columns go together most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import block_diag

from tabgan.privacy.differential.blocks import KNOTS, UNIT, ColumnSummary
from tabgan.privacy.differential.curator import NoisyCounter
from tabgan.privacy.differential.moments import Marginals, laid_out

__all__ = [
    "MOST_TRIPLES",
    "ThreeWayMarginals",
    "coarse_cells",
    "measure_three_way",
    "triple_sensitivity",
    "triple_sums",
]

STEP = 4  # knots of the finer grid to one of the coarser
MOST_LEVELS = 8  # coarse cells of a column of levels
MOST_TRIPLES = 128
SCALE = STEP * UNIT  # what the coarse cells of a row add up to at most, in each block

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Triple = tuple[int, int, int]


@dataclass(frozen=True)
class ThreeWayMarginals:
    """Noisy three-way moments, as shares of the rows.

    Parameters
    ----------
    coarse
        Share of each cell that goes to each coarse cell, shape (cells, coarse cells).
    widths
        Coarse cells of each block.
    chosen
        The triples of blocks that were measured.
    shares
        The share of the rows in each cell of these, shape (cells of the three blocks) each.
    noise
        Standard deviation of the noise that was added to a share.
    """

    coarse: Floats
    widths: tuple[int, ...]
    chosen: tuple[Triple, ...]
    shares: tuple[Floats, ...]
    noise: float


def triple_sensitivity(n_blocks: int) -> float:
    """Return the L2 norm by which one row changes the sums of all triples that are measured."""
    n_triples = n_blocks * (n_blocks - 1) * (n_blocks - 2) // 6
    return float(SCALE**3 * max(min(n_triples, MOST_TRIPLES), 1) ** 0.5)


def coarse_cells(moments: Marginals, n_numbers: int) -> tuple[Ints, tuple[int, ...]]:
    """Lay the coarse cells out, by the noisy margins.

    Parameters
    ----------
    moments
        The noisy moments.
    n_numbers
        How many blocks are of numbers; these are the first.

    Returns
    -------
    A matrix of whole numbers, shape (cells, coarse cells), whose rows add up to `STEP`, and the
    number of coarse cells of each block.
    """
    starts = np.cumsum((0, *moments.widths))
    parts = [
        _coarse_number(width) if block < n_numbers else _coarse_levels(moments.means[a : a + width])
        for block, (a, width) in enumerate(zip(starts, moments.widths, strict=False))
    ]
    return block_diag(*parts), tuple(part.shape[1] for part in parts)


def _coarse_number(width: int) -> Ints:
    """Lay out a number's knots and specials, shape (cells, coarse cells)."""
    coarse = np.arange(0, KNOTS, STEP)
    hats = np.maximum(STEP - np.abs(np.arange(KNOTS)[:, None] - coarse), 0)
    cells: Ints = block_diag(hats, STEP * np.eye(width - KNOTS)).astype(np.int64)
    return cells


def _coarse_levels(means: Floats) -> Ints:
    """Lay out levels, the commonest first and the others in one cell."""
    rank = np.argsort(np.argsort(-means, kind="stable"), kind="stable")
    group = np.minimum(rank, MOST_LEVELS - 1)
    return np.where(group[:, None] == np.arange(group.max() + 1), STEP, 0)


def measure_three_way(
    frame: pd.DataFrame,
    columns: Sequence[tuple[int, ColumnSummary]],
    moments: Marginals,
    curator: NoisyCounter,
    n_rows: int,
) -> ThreeWayMarginals | None:
    """Measure the triples whose columns go together most, with noise.

    Parameters
    ----------
    frame
        The table.
    columns
        Columns by their places, and how they are laid out; numbers first.
    moments
        Their noisy moments.
    curator
        Adds the noise.
    n_rows
        The noisy number of rows.

    Returns
    -------
    None where there are no three columns.
    """
    if len(columns) < 3:
        return None
    n_numbers = sum(bool(learned.encoder.spans.n_numbers) for _, learned in columns)
    matrix, widths = coarse_cells(moments, n_numbers)
    chosen = _chosen(moments, matrix, widths)
    sums = triple_sums(frame, columns, matrix, widths, chosen)
    whole = float(SCALE) ** 3 * n_rows
    noisy = curator.measure("triples", np.concatenate([table.ravel() for table in sums])) / whole
    ends = np.cumsum([table.size for table in sums])[:-1]
    shares = [
        part.reshape(table.shape) for part, table in zip(np.split(noisy, ends), sums, strict=True)
    ]
    noise = curator.sigma("triples") / whole
    return ThreeWayMarginals(matrix / STEP, widths, chosen, tuple(shares), noise)


def _chosen(moments: Marginals, matrix: Ints, widths: tuple[int, ...]) -> tuple[Triple, ...]:
    """Return the triples of blocks with the largest sums of their pairs' dependence."""
    share = matrix / STEP
    means = moments.means @ share
    excess = np.abs(share.T @ moments.pairs @ share - np.outer(means, means)) / 2
    starts = np.cumsum((0, *widths))[:-1]
    tied = np.add.reduceat(np.add.reduceat(excess, starts, axis=0), starts, axis=1)
    triples = list(combinations(range(len(widths)), 3))
    triples.sort(key=lambda t: -(tied[t[0], t[1]] + tied[t[0], t[2]] + tied[t[1], t[2]]))
    return tuple(triples[:MOST_TRIPLES])


def triple_sums(
    frame: pd.DataFrame,
    columns: Sequence[tuple[int, ColumnSummary]],
    matrix: Ints,
    widths: tuple[int, ...],
    chosen: Sequence[Triple],
) -> list[Ints]:
    """Add up the products of the coarse cells of three blocks over all rows; exact.

    Parameters
    ----------
    frame
        The table.
    columns
        Columns by their places, and how they are laid out.
    matrix, widths
        Of `coarse_cells`.
    chosen
        The triples of blocks.

    Returns
    -------
    A table for each, shape (cells of the three blocks).
    """
    cells = [slice(a, b) for a, b in pairwise(np.cumsum((0, *widths)))]
    sums = [np.zeros((widths[i] * widths[j], widths[k]), np.int64) for i, j, k in chosen]
    for fine in laid_out(frame, columns):
        rows = (fine @ matrix).astype(np.float64)
        for place, (i, j, k) in enumerate(chosen):
            two = rows[:, cells[i], None] * rows[:, None, cells[j]]
            two = two.reshape(len(rows), widths[i] * widths[j])
            # exact: whole numbers below 2**30 a row, and so below 2**53 in a chunk
            sums[place] += (two.T @ rows[:, cells[k]]).astype(np.int64)
    return [
        table.reshape(widths[i], widths[j], widths[k])
        for table, (i, j, k) in zip(sums, chosen, strict=True)
    ]
