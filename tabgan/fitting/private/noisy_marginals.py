"""One-, two- and three-way marginals, measured once with noise, and the rules read off them.

Pairs tell how strongly each column depends on each other one. Only triples tell that two columns
matter together for a third. A row is laid out more coarsely for them: of a number every
fourth knot, of levels the commonest and one cell for the others. The noisy pairs decide
which triples are measured: those with the strongest dependence.

Histogram features: rows as whole numbers that can be counted, a block of cells a column.

A level is one cell. A number is spread over the two knots of the unit interval that it lies
between (a linear spline), a value that owns a band over all knots there. The cells of a row add up
to `UNIT` in each block, or to nothing; so that the L2 norm of a block is at most `UNIT`, and that
of the products of two blocks at most its square, whatever the row holds.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.optimize import linear_sum_assignment

from tabgan.encoding.column_encoders import CategoricalEncoder, ColumnEncoder
from tabgan.fitting.private.privacy_accounting import NoisyCounter
from tabgan.rules.functional_dependency import FunctionalDependency
from tabgan.table.columns import ColumnRef
from tabgan.table.schema import Schema

__all__ = [
    "ColumnSummary",
    "KNOTS",
    "MOST_TRIPLES",
    "Marginals",
    "ThreeWayMarginals",
    "UNIT",
    "coarse_cells",
    "find_rules",
    "hat_features",
    "laid_out",
    "level_block",
    "measure_marginals",
    "measure_three_way",
    "moment_sums",
    "number_block",
    "sensitivities",
    "triple_sensitivity",
    "triple_sums",
]

KNOTS = 17  # of a number
UNIT = 256

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_POINT = 1e-6  # bands narrower than this count as points


@dataclass(frozen=True)
class ColumnSummary:
    """A column's encoder, and how its values are laid out to be counted.

    Parameters
    ----------
    encoder
        Made from noisy counts.
    block
        Lays values out as whole numbers, shape (rows, cells), of which a row's add up to at most
        `UNIT`, whatever its value is.
    """

    encoder: ColumnEncoder
    block: Callable[[pd.Series], Ints]


def level_block(codes: Ints, n_levels: int) -> Ints:
    """Return one-hot level codes, shape (rows, levels); nothing for a code of -1.

    Parameters
    ----------
    codes
        Level of each row, or -1.
    n_levels
        Number of levels.

    Examples
    --------
    >>> level_block(np.array([1, -1]), 2).tolist()
    [[0, 256], [0, 0]]
    """
    return np.where(codes[:, None] == np.arange(n_levels), UNIT, 0)


def number_block(low: Floats, width: Floats, marks: Ints, n_specials: int) -> Ints:
    """Return numbers spread over knots, and their specials, shape (rows, knots + specials).

    Parameters
    ----------
    low, width
        Each number's band of the unit interval.
    marks
        0 where there is a number, from 1 on where a special stands, -1 where nothing counts.
    n_specials
        Number of specials.
    """
    shares = np.clip(hat_features(low, width), 0, 1)  # rounding may have left one just below 0
    steps = np.rint(UNIT * np.cumsum(shares, axis=1)).astype(np.int64)
    spread = np.diff(np.clip(steps, 0, UNIT), axis=1, prepend=0)
    spread[marks != 0] = 0
    return np.concatenate([spread, level_block(marks - 1, n_specials)], axis=1)


def hat_features(low: Floats, width: Floats) -> Floats:
    """Return the mean of each knot's hat function over bands, shape (bands, knots).

    Parameters
    ----------
    low
        Lower end of each band, in the unit interval.
    width
        Width of each band.

    Examples
    --------
    >>> hat_features(np.array([0.0]), np.array([0.0]))[0, :2].tolist()
    [1.0, 0.0]
    """
    place = (KNOTS - 1) * np.clip(low, 0, 1)[:, None] - np.arange(KNOTS)
    end = (KNOTS - 1) * np.clip(low + width, 0, 1)[:, None] - np.arange(KNOTS)
    is_point = end - place < _POINT
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (_area(end) - _area(place)) / (end - place)
    features: Floats = np.where(is_point, np.clip(1 - np.abs(place), 0, 1), mean)
    return features


def _area(place: Floats) -> Floats:
    """Return the area under the hat of 0, from -1 to a place."""
    inside = np.clip(place, -1, 1)
    return np.where(inside < 0, (1 + inside) ** 2 / 2, 1 - (1 - inside) ** 2 / 2)


CHUNK = 8192  # rows


STEP = 4  # knots of the finer grid to one of the coarser
MOST_LEVELS = 8  # coarse cells of a column of levels
MOST_TRIPLES = 128
SCALE = STEP * UNIT  # what the coarse cells of a row add up to at most, in each block
Triple = tuple[int, int, int]
LOOSE = 0.05  # share of the rows beyond the commonest level that may break a rule, as measured


@dataclass(frozen=True)
class Marginals:
    """Noisy one- and two-way marginals, as shares of the rows.

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

    def state_dict(self) -> dict[str, Any]:
        """Return JSON values and tensors that `of` makes the same from."""
        arrays = {"means": self.means, "pairs": self.pairs}
        return vars(self) | {name: torch.from_numpy(array) for name, array in arrays.items()}

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild what `state_dict` took apart."""
        return cls(
            tuple(state["widths"]),
            state["means"].numpy(),
            state["pairs"].numpy(),
            state["mean_noise"],
            state["pair_noise"],
        )

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
    counter: NoisyCounter,
    n_rows: int,
) -> Marginals:
    """Measure the moments of a table with noise.

    Parameters
    ----------
    frame
        The table.
    columns
        Columns by their places, and how they are laid out.
    counter
        Adds the noise.
    n_rows
        The noisy number of rows.
    """
    sums, products = moment_sums(frame, columns)
    widths = tuple(learned.block(frame.iloc[:0, place]).shape[1] for place, learned in columns)
    owner = np.repeat(np.arange(len(widths)), widths)
    upper = owner[:, None] < owner[None, :]
    means = counter.measure("margins", sums) / (UNIT * n_rows)
    pairs = np.zeros(products.shape)
    pairs[upper] = counter.measure("pairs", products[upper]) / (UNIT**2 * n_rows)
    starts = np.cumsum((0, *widths))
    parts = [_on_simplex(means[a:b]) for a, b in pairwise(starts)]
    means = np.concatenate([np.zeros(0), *parts])
    pairs = _with_margins(pairs, means, starts)
    return Marginals(
        widths,
        means,
        pairs + pairs.T,
        counter.sigma("margins") / (UNIT * n_rows),
        counter.sigma("pairs") / (UNIT**2 * n_rows),
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


@dataclass(frozen=True)
class ThreeWayMarginals:
    """Noisy three-way marginals, as shares of the rows.

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

    def state_dict(self) -> dict[str, Any]:
        """Return JSON values and tensors that `of` makes the same from."""
        shares = [torch.from_numpy(np.ascontiguousarray(table)) for table in self.shares]
        return vars(self) | {"coarse": torch.from_numpy(self.coarse), "shares": shares}

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild what `state_dict` took apart."""
        return cls(
            state["coarse"].numpy(),
            tuple(state["widths"]),
            tuple((i, j, k) for i, j, k in state["chosen"]),
            tuple(table.numpy() for table in state["shares"]),
            state["noise"],
        )


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
    counter: NoisyCounter,
    n_rows: int,
) -> ThreeWayMarginals | None:
    """Measure the triples with the strongest dependence, with noise.

    Parameters
    ----------
    frame
        The table.
    columns
        Columns by their places, and how they are laid out; numbers first.
    moments
        Their noisy moments.
    counter
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
    noisy = counter.measure("triples", np.concatenate([table.ravel() for table in sums])) / whole
    ends = np.cumsum([table.size for table in sums])[:-1]
    shares = [
        part.reshape(table.shape) for part, table in zip(np.split(noisy, ends), sums, strict=True)
    ]
    noise = counter.sigma("triples") / whole
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


class _Rule(NamedTuple):
    broken: float  # share of the rows, as measured
    source: int  # block
    target: int
    image: tuple[int, ...]


def find_rules(
    moments: Marginals, schema: Schema, blocks: Sequence[tuple[int, ColumnEncoder]]
) -> list[FunctionalDependency]:
    """Find functional dependencies between columns of levels, as far as the noise allows.

    Parameters
    ----------
    moments
        The noisy moments.
    schema
        The table's columns.
    blocks
        Place and encoder of each block's column.
    """
    ends = np.cumsum(moments.widths)
    cells = [slice(end - width, end) for end, width in zip(ends, moments.widths, strict=True)]
    levels = [i for i, (_, e) in enumerate(blocks) if isinstance(e, CategoricalEncoder)]
    candidates = []
    for source in levels:
        for target in levels:
            if source == target:
                continue
            table = moments.pairs[cells[source], cells[target]]
            varied = 1 - moments.means[cells[target]].max()
            broken = max(1 - float(table.max(axis=1).sum()), 0.0)
            doubt = 2 * moments.pair_noise * len(table) ** 0.5
            if max(broken, doubt) <= LOOSE * varied:
                candidates.append(_Rule(broken, source, target, _image(table)))
    return [_rule(rule, schema, blocks) for rule in _apart(candidates)]


def _image(table: Floats) -> tuple[int, ...]:
    """Return the target's level of each source's level.

    As far as there are levels, each gets one of its own if hardly any row is lost by that: where
    two columns name the same things, the noise in a rare level's row would else decide.
    """
    image = table.argmax(axis=1)
    sources, targets = linear_sum_assignment(table, maximize=True)
    if table[sources, targets].sum() >= (1 - LOOSE) * table[sources, image[sources]].sum():
        image[sources] = targets
    return tuple(image.tolist())


def _apart(candidates: list[_Rule]) -> list[_Rule]:
    """Keep the surest rules, of which no column is derived twice or derived and needed."""
    chosen: list[_Rule] = []
    for rule in sorted(candidates):
        sources, targets = {other.source for other in chosen}, {other.target for other in chosen}
        if rule.target not in sources | targets and rule.source not in targets:
            chosen.append(rule)
    return chosen


def _rule(
    rule: _Rule, schema: Schema, blocks: Sequence[tuple[int, ColumnEncoder]]
) -> FunctionalDependency:
    fields, levels = [], []
    for place, encoder in (blocks[rule.source], blocks[rule.target]):
        if not isinstance(encoder, CategoricalEncoder):
            raise TypeError("a rule is one between columns of levels")
        fields.append(ColumnRef(place, schema.columns[place]))
        levels.append(tuple(encoder.levels))
    return FunctionalDependency(fields[0], fields[1], levels[0], levels[1], rule.image)
