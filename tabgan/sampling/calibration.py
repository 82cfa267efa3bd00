"""Calibration: maps sampled rows to the marginal distributions of the training table.

After training, without gradients: each level's logit gets an offset such that the mean
probability of the level equals its training share, and each number is replaced by its rank among
the numbers drawn with it. The margins are then exact up to sampling noise, and the network's
capacity is left to the relations between columns. No training row is needed or kept.

A *stratum* is a combination of given levels with enough training rows; the rare ones together are
stratum 0. Each has its own offsets of the level logits and its own map of the numbers, from the
generator's outputs to the unit interval. Under a condition the margins are then as exact as those
of a free table, and the free table is a mixture of exact parts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import Encoded
from tabgan.generators.generator_training import RowGenerator

__all__ = [
    "ConditionCounts",
    "StratifiedCalibration",
    "draw_codes",
    "draw_pool",
    "fit_stratified_calibration",
    "level_offsets",
    "level_shares",
    "present_numbers",
    "uniform_ranks",
]

POOL_ROWS = 65_536
POOL_ENTRIES = 2**26  # bounds the pool's memory for wide tables: 256 MiB of float32
ROUNDS = 10
_TINY = 1e-30


def level_offsets(levels: Tensor, shares: Tensor, spans: RowLayout) -> Tensor:
    """Return what to add to level logits for their mean probabilities to equal the shares.

    **Shape**: levels (rows, levels) of freely drawn rows, shares (levels,) → (levels,)

    Parameters
    ----------
    levels
        Level logits of freely drawn rows.
    shares
        Share of the training rows of each level.
    spans
        Layout of a row.

    Examples
    --------
    >>> spans = RowLayout((), (2,))
    >>> offsets = level_offsets(torch.zeros(10, 2), torch.tensor([0.9, 0.1]), spans)
    >>> offsets.softmax(dim=0)
    tensor([0.9000, 0.1000])
    """
    offsets = torch.zeros_like(shares)
    columns = levels.t().contiguous()  # a softmax of few levels is slow along a row
    for _ in range(ROUNDS if spans.widths else 0):
        parts = torch.split(columns + offsets[:, None], [*spans.widths])
        mean = torch.cat([part.softmax(dim=0).mean(dim=1) for part in parts])
        offsets += torch.log(shares.clamp_min(_TINY) / mean.clamp_min(_TINY))
    return offsets


def uniform_ranks(numbers: Tensor, present: Tensor, jitter: Tensor) -> Tensor:
    """Replace numbers by their relative ranks within their column, among the present ones.

    The k-th smallest of m present numbers becomes (k − 1 + jitter)/m: the column is uniform, with
    one number in each m-th of the unit interval. Where a number is absent the result is any
    value from 0 to 1.

    **Shape**: numbers, present (boolean) and jitter in [0, 1): (rows, numbers) each, and the
    result, in float64

    Parameters
    ----------
    numbers
        The numbers.
    present
        Which of them are present.
    jitter
        Uniform randomness within each rank.

    Examples
    --------
    >>> numbers = torch.tensor([[0.3], [9.0], [-2.0]])
    >>> present = torch.tensor([[True], [False], [True]])
    >>> uniform_ranks(numbers, present, torch.zeros(3, 1))[[2, 0], 0]
    tensor([0.0000, 0.5000], dtype=torch.float64)
    """
    # Column by column, for the cache: sorting along rows that lie apart is slow.
    columns = numbers.masked_fill(~present, torch.inf).t().contiguous()
    order = columns.argsort(dim=1, stable=True)
    places = torch.arange(len(numbers), device=numbers.device).expand_as(order)
    ranks = torch.empty_like(order).scatter_(1, order, places).t()
    return ((ranks + jitter.double()) / present.sum(dim=0).clamp_min(1)).clamp(0, 1)


def level_shares(codes: NDArray[np.integer], spans: RowLayout) -> Tensor:
    """Return each level's share of the rows whose codes are given, shape (levels,).

    Parameters
    ----------
    codes
        Codes of the level spans, shape (rows, level spans).
    spans
        Layout of a row.
    """
    counts = [
        np.bincount(column, minlength=width) / len(column)
        for column, width in zip(codes.T, spans.widths, strict=True)
    ]
    return torch.from_numpy(np.concatenate([*counts, np.empty(0)])).float()


def draw_codes(levels: Tensor, spans: RowLayout, stream: torch.Generator) -> Tensor:
    """Draw a code for each level span from logits, (rows, levels) → (rows, level spans).

    Parameters
    ----------
    levels
        Level logits.
    spans
        Layout of a row.
    stream
        Randomness of the draw, on the logits' device.
    """
    # The Gumbel-max trick: the highest perturbed logit is a draw from the softmax.
    noise = torch.empty_like(levels).uniform_(generator=stream).clamp_min_(1e-30)
    perturbed = levels - torch.log(-torch.log(noise))
    if not spans.widths:
        return perturbed.new_empty((len(levels), 0), dtype=torch.long)
    parts = torch.split(perturbed, [*spans.widths], dim=1)
    return torch.stack([part.argmax(dim=1) for part in parts], dim=1)


def present_numbers(codes: Tensor, spans: RowLayout) -> Tensor:
    """Say which numbers their marks show, (rows, level spans) → (rows, numbers).

    Parameters
    ----------
    codes
        Codes of the level spans.
    spans
        Layout of a row.
    """
    present = torch.ones(len(codes), spans.n_numbers, dtype=torch.bool, device=codes.device)
    for i, mark in enumerate(spans.marks):
        if mark is not None:
            present[:, i] = codes[:, mark] == 0
    return present


@torch.no_grad()
def draw_pool(
    generator: RowGenerator,
    width: int,
    noise: torch.Generator,
    *,
    draw_labels: Callable[[int], Tensor] | None = None,
    most: int = POOL_ROWS,
) -> Tensor:
    """Draw logits of rows to calibrate on, shape (rows, width); at most so many rows.

    Where the generator needs labels, `draw_labels` draws those of a number of rows.

    Parameters
    ----------
    generator
        The generator.
    width
        Width of an encoded row.
    noise
        Randomness, on the generator's device.
    draw_labels
        Draws the labels of a number of rows; None where the generator has none.
    most
        Largest number of rows.
    """
    rows = max(1024, min(most, POOL_ROWS, POOL_ENTRIES // max(width, 1)))
    if generator.evaluations > 1:
        rows = max(rows // generator.evaluations, min(rows, LEAST_POOL))
    z = generator.latents(rows, noise)
    return generator.draw(z, None if draw_labels is None else draw_labels(rows), noise)


LEAST_ROWS = 500  # of a stratum
MOST_STRATA = 32
POOL_ROWS = 2**18  # drawn for all strata together
LEAST_POOL = 2**14  # and for each at least
KNOTS = 257
ROWS_PER_CELL = 8  # fewer would keep the numbers of single rows
LEAST_SHOWN = 100  # present numbers that a map is fitted to; fewer are not used
_TINY = 1e-30


@dataclass(frozen=True)
class ConditionCounts:
    """The combinations of levels that the condition columns take in the training table.

    Parameters
    ----------
    given
        The level spans of the condition columns.
    combinations
        Codes of those spans, each combination once, int64 of shape (combinations, given spans).
    counts
        Training rows of each combination, int64 of shape (combinations,).

    Examples
    --------
    >>> codes = np.array([[0, 5, 0], [1, 7, 0], [1, 6, 1], [1, 9, 0]])
    >>> conditions, _ = ConditionCounts.of(codes, given=(0, 2))
    >>> conditions.combinations.tolist(), conditions.counts.tolist()
    ([[0, 0], [1, 0], [1, 1]], [1, 2, 1])
    >>> conditions.chances({2: [0]}).tolist()
    [1.0, 2.0, 0.0]
    """

    given: tuple[int, ...]
    combinations: Tensor
    counts: Tensor

    @classmethod
    def of(
        cls, codes: NDArray[np.integer], given: Sequence[int]
    ) -> tuple["ConditionCounts", NDArray[np.int64]]:
        """Count the combinations in the codes of all level spans; say which each row has.

        Parameters
        ----------
        codes
            Codes of all level spans, shape (rows, level spans).
        given
            The level spans of the condition columns.
        """
        found, which, counts = np.unique(
            codes[:, list(given)].astype(np.int64), axis=0, return_inverse=True, return_counts=True
        )
        conditions = cls(tuple(given), torch.from_numpy(found), torch.from_numpy(counts))
        return conditions, which.reshape(-1).astype(np.int64)

    def to(self, device: torch.device) -> "ConditionCounts":
        """Return the same on a device."""
        return ConditionCounts(self.given, self.combinations.to(device), self.counts.to(device))

    def chances(self, wanted: Mapping[int, Sequence[int]] | None = None) -> Tensor:
        """Return how often each combination is to be drawn, shape (combinations,).

        Parameters
        ----------
        wanted
            Codes by level span that may be drawn, and no others.
        """
        fits = torch.ones_like(self.counts, dtype=torch.bool)
        for span, codes in (wanted or {}).items():
            own = self.combinations[:, self.given.index(span)]
            fits &= torch.isin(own, torch.tensor([*codes], device=own.device))
        return self.counts.double() * fits

    def draw(self, n: int, chances: Tensor, stream: torch.Generator) -> Tensor:
        """Draw the numbers of n combinations, as near to their shares as n allows.

        Parameters
        ----------
        n
            Number of combinations.
        chances
            How often each is to be drawn, of `chances`.
        stream
            Randomness of the draw.
        """
        device = stream.device
        start = torch.rand(1, generator=stream, device=device, dtype=torch.float64)
        places = (torch.arange(n, device=device) + start) / n * chances.sum()
        drawn = torch.searchsorted(chances.cumsum(0), places, right=True)
        drawn = drawn.clamp_max(int(chances.nonzero().max()))
        return drawn[torch.randperm(n, generator=stream, device=device)]

    def one_hot(self, drawn: Tensor, spans: RowLayout) -> Tensor:
        """Lay drawn combinations out as one-hot labels, shape (rows, levels of the given spans).

        Parameters
        ----------
        drawn
            Numbers of combinations, shape (rows,).
        spans
            Layout of a row.
        """
        codes = self.combinations[drawn]
        widths = torch.tensor([spans.widths[i] for i in self.given], device=codes.device)
        labels = torch.zeros(len(codes), int(widths.sum()), device=codes.device)
        return labels.scatter_(1, codes + (widths.cumsum(0) - widths), 1.0)


@dataclass(frozen=True)
class StratifiedCalibration:
    """Offsets and maps of every stratum.

    Parameters
    ----------
    stratum
        The stratum of each combination, int64 of shape (combinations,).
    offsets
        Added to the level logits, shape (strata, levels).
    outputs, units
        Knots of the map from the generator's output for a number to the unit interval, rising
        along the last axis, shape (strata, numbers, knots) each.
    """

    stratum: Tensor
    offsets: Tensor
    outputs: Tensor
    units: Tensor

    def to(self, device: torch.device) -> "StratifiedCalibration":
        """Return the same on a device."""
        parts = (self.stratum, self.offsets, self.outputs, self.units)
        return StratifiedCalibration(*(part.to(device) for part in parts))

    def map(self, numbers: Tensor, stratum: Tensor) -> Tensor:
        """Map outputs of shape (rows, numbers) to the unit interval, by the stratum of each row.

        Parameters
        ----------
        numbers
            The generator's outputs for numbers.
        stratum
            Stratum of each row, shape (rows,).
        """
        units = torch.empty_like(numbers)
        for s in sorted(set(stratum.tolist())):
            rows = (stratum == s).nonzero().squeeze(1)
            units[rows] = _interpolate(numbers[rows].t(), self.outputs[s], self.units[s]).t()
        return units


def fit_stratified_calibration(
    rows: Encoded,
    spans: RowLayout,
    conditions: ConditionCounts,
    which: NDArray[np.int64],
    *,
    draw: Callable[[Tensor, int], Tensor],
    stream: torch.Generator,
) -> StratifiedCalibration:
    """Calibrate a generator in every stratum.

    Parameters
    ----------
    rows
        The training rows.
    spans
        Their layout.
    conditions, which
        The combinations of given levels, and the number of that of each row.
    draw
        Draws logits of rows in the shares of counts of the combinations, so many rows at most.
    stream
        Randomness, on the generator's device.
    """
    stratum = _find_strata(conditions.counts)
    own = stratum.numpy()[which]
    parts = []
    n_strata = int(stratum.max()) + 1
    n_drawn = max(LEAST_POOL, POOL_ROWS // n_strata)
    for s in range(n_strata):
        counts = conditions.counts * (stratum == s)
        if int(counts.sum()) < LEAST_ROWS:  # the rare ones: calibrated like the whole table
            inside, counts = np.ones(len(own), np.bool_), conditions.counts
        else:
            inside = own == s
        chosen = Encoded(rows.low[inside], rows.width[inside], rows.codes[inside])
        parts.append(_fit_one(chosen, spans, draw(counts, n_drawn), stream))
    return StratifiedCalibration(stratum, *(torch.stack(part) for part in zip(*parts, strict=True)))


def _fit_one(
    rows: Encoded, spans: RowLayout, logits: Tensor, stream: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the offsets and the knots of outputs and units of one stratum."""
    device = stream.device
    outputs, levels = logits[:, : spans.n_numbers], logits[:, spans.n_numbers :]
    offsets = level_offsets(levels, level_shares(rows.codes, spans).to(device), spans)
    shown = present_numbers(draw_codes(levels + offsets, spans, stream), spans)
    low, width = (torch.from_numpy(part).to(device) for part in (rows.low, rows.width))
    units = low + width * torch.rand(low.shape, generator=stream, device=device)
    there = present_numbers(torch.from_numpy(rows.codes).to(device), spans)
    return offsets, _quantiles(outputs, shown, 1), _quantiles(units, there, ROWS_PER_CELL)


def _find_strata(counts: Tensor) -> Tensor:
    """Return a number for each combination: frequent ones from 1 on, 0 for all others."""
    order = counts.argsort(descending=True, stable=True)[:MOST_STRATA]
    order = order[counts[order] >= LEAST_ROWS]
    stratum = torch.zeros_like(counts)
    stratum[order] = torch.arange(1, len(order) + 1)
    return stratum


def _quantiles(values: Tensor, present: Tensor, rows_per_cell: int) -> Tensor:
    """Return `KNOTS` quantiles of the present values of each column, shape (columns, knots).

    A column is cut into cells of so many rows, with straight lines between their edges.
    """
    present = present | (present.sum(dim=0) < LEAST_SHOWN)
    count = present.sum(dim=0)
    ordered = values.masked_fill(~present, torch.inf).sort(dim=0).values
    cells = (count // rows_per_cell).clamp_min(1)
    # Close to each other at both ends: a generator's outputs have long tails.
    angle = torch.linspace(0, torch.pi, KNOTS, device=values.device, dtype=torch.float64)
    place = (1 - angle.cos())[:, None] / 2 * cells
    low, high = (_at(ordered, count, edge / cells) for edge in (place.floor(), place.ceil()))
    return torch.lerp(low, high, (place - place.floor()).float()).t().contiguous()


def _at(ordered: Tensor, count: Tensor, share: Tensor) -> Tensor:
    """Return the values below which a share of a column's first `count` lies."""
    place = share * (count - 1).clamp_min(0)
    low, high = (ordered.gather(0, edge.long()) for edge in (place.floor(), place.ceil()))
    return torch.lerp(low, high, (place - place.floor()).float())


def _interpolate(x: Tensor, knots: Tensor, values: Tensor) -> Tensor:
    """Map x of shape (columns, rows) by straight lines between knots of shape (columns, knots)."""
    right = torch.searchsorted(knots, x.contiguous(), right=True).clamp(1, knots.shape[1] - 1)
    x0, x1 = knots.gather(1, right - 1), knots.gather(1, right)
    y0, y1 = values.gather(1, right - 1), values.gather(1, right)
    return torch.lerp(y0, y1, ((x - x0) / (x1 - x0).clamp_min(_TINY)).clamp(0, 1))
