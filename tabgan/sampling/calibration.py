"""Calibration: what the generator draws is mapped onto the training margins.

After training, without gradients: each level's logit gets an offset such that the mean
probability of the level equals its training share, and each number is replaced by its rank among
the numbers drawn with it. The margins are then exact up to sampling noise, and the network's
capacity is left to the relations between columns. No training row is needed or kept.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.row_layout import RowLayout
from tabgan.generators.gan.networks import MLPGenerator

__all__ = [
    "draw_codes",
    "draw_pool",
    "level_offsets",
    "level_shares",
    "present_numbers",
    "span_softmax",
    "uniform_ranks",
]

POOL_ROWS = 65_536
POOL_ENTRIES = 2**26  # bounds the pool's memory for wide tables: 256 MiB of float32
ROUNDS = 10
_TINY = 1e-30


def span_softmax(logits: Tensor, spans: RowLayout) -> Tensor:
    """Softmax within each level span, shape (rows, levels) → (rows, levels).

    Parameters
    ----------
    logits
        Level logits.
    spans
        Layout of a row.
    """
    parts = torch.split(logits, [*spans.widths], dim=1) if spans.widths else ()
    return torch.cat([part.softmax(dim=1) for part in parts], dim=1) if parts else logits


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
    >>> span_softmax(offsets[None], spans)
    tensor([[0.9000, 0.1000]])
    """
    offsets = torch.zeros_like(shares)
    for _ in range(ROUNDS if spans.widths else 0):
        mean = span_softmax(levels + offsets, spans).mean(dim=0)
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
    generator: MLPGenerator,
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
    z = generator.latents(rows, noise)
    return generator.draw(z, None if draw_labels is None else draw_labels(rows))
