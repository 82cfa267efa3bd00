"""Calibration: what the generator draws is mapped onto the training margins.

After training, without gradients: each level's logit gets an offset such that the mean
probability of the level equals its training share, and each number's logit is mapped by its own
distribution onto the uniform one. The margins are then exact up to sampling noise, and the
network's capacity is left to the relations between columns. No training row is needed or kept.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tabgan.spans import Spans

__all__ = ["Calibration", "draw_pool", "knot_probabilities", "span_softmax"]

POOL_ROWS = 32_768
POOL_ENTRIES = 2**26  # bounds the pool's memory for wide tables: 256 MiB of float32
ROUNDS = 10
_TINY = 1e-30


def knot_probabilities() -> Tensor:
    """Return the probabilities at which a number's distribution is kept, shape (knots,).

    A thousand equal steps, refined geometrically in both tails so that extremes keep their shape.

    Examples
    --------
    >>> knots = knot_probabilities()
    >>> bool((knots.diff() > 0).all()), knots[0].item(), knots[-1].item()
    (True, 0.0, 1.0)
    """
    body = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
    tail = torch.logspace(-4.5, -3, 13, dtype=torch.float64)[:-1]
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    return torch.cat([ends[:1], tail, body, 1 - tail.flip(0), ends[1:]])


def span_softmax(logits: Tensor, spans: Spans) -> Tensor:
    """Softmax within each level span, shape (rows, levels) → (rows, levels)."""
    parts = torch.split(logits, [*spans.widths], dim=1) if spans.widths else ()
    return torch.cat([part.softmax(dim=1) for part in parts], dim=1) if parts else logits


@dataclass(frozen=True)
class Calibration:
    """Offsets of level logits and distributions of number logits.

    Parameters
    ----------
    offsets
        Added to the level logits, shape (levels,).
    knots
        Quantiles of each number's logit at `knot_probabilities`, shape (numbers, knots).
    """

    offsets: Tensor
    knots: Tensor

    @classmethod
    def fit(cls, logits: Tensor, shares: Tensor, spans: Spans) -> "Calibration":
        """Calibrate on logits of freely drawn rows.

        **Shape**: logits (rows, width), shares (levels,) which sum to 1 within each span
        """
        numbers, levels = logits[:, : spans.n_numbers], logits[:, spans.n_numbers :]
        offsets = torch.zeros_like(shares)
        for _ in range(ROUNDS if spans.widths else 0):
            mean = span_softmax(levels + offsets, spans).mean(dim=0)
            offsets += torch.log(shares.clamp_min(_TINY) / mean.clamp_min(_TINY))
        weights = torch.ones_like(numbers)
        if any(mark is not None for mark in spans.marks):
            probability = span_softmax(levels + offsets, spans)
            for i, mark in enumerate(spans.marks):
                if mark is not None:
                    weights[:, i] = probability[:, spans.offsets[mark]]
        return cls(offsets, _weighted_quantiles(numbers, weights))

    def levels(self, logits: Tensor) -> Tensor:
        """Return calibrated level logits, shape (rows, levels)."""
        return logits + self.offsets

    def numbers(self, logits: Tensor) -> Tensor:
        """Map number logits onto uniform probabilities, shape (rows, numbers), float64."""
        grid = knot_probabilities().to(logits.device)
        knots = self.knots.to(logits.device)
        columns = logits.t().contiguous()
        upper = torch.searchsorted(knots, columns).clamp(1, len(grid) - 1)
        left, right = knots.gather(1, upper - 1), knots.gather(1, upper)
        share = ((columns - left) / (right - left).clamp_min(_TINY)).clamp(0, 1).double()
        return (grid[upper - 1] + share * (grid[upper] - grid[upper - 1])).t()


def _weighted_quantiles(numbers: Tensor, weights: Tensor) -> Tensor:
    grid = knot_probabilities().to(numbers.device)
    quantiles = numbers.new_empty((numbers.shape[1], len(grid)))
    for i in range(numbers.shape[1]):
        values, order = numbers[:, i].sort()
        mass = weights[order, i].double().cumsum(0)
        position = torch.searchsorted(mass, grid * mass[-1]).clamp_max(len(values) - 1)
        quantiles[i] = values[position]
    return quantiles


@torch.no_grad()
def draw_pool(generator: nn.Module, latent_dim: int, width: int, noise: torch.Generator) -> Tensor:
    """Draw logits of free rows to calibrate on, shape (rows, width)."""
    rows = max(1024, min(POOL_ROWS, POOL_ENTRIES // max(width, 1)))
    z = torch.randn(rows, latent_dim, generator=noise, device=noise.device)
    return torch.cat([generator(part) for part in torch.split(z, 4096)])
