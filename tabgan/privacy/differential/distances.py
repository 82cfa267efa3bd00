"""How far a generator's moments are from the measured ones."""

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from tabgan.privacy.differential.blocks import KNOTS
from tabgan.privacy.differential.moments import Marginals
from tabgan.privacy.differential.triples import ThreeWayMarginals
from tabgan.spans import RowLayout

__all__ = ["MomentLoss", "SoftBlocks", "TripleLoss"]

TRIPLES_A_STEP = 6
LEAST_SHARE = 1e-4  # of a cell, in the weights of errors


class SoftBlocks(nn.Module):
    """The blocks of `blocks.py` as a generator's logits have them, in shares.

    **Shape**: logits (batch, width) → (batch, cells)

    Examples
    --------
    >>> blocks = SoftBlocks(RowLayout(marks=(None,), widths=(2,)))
    >>> cells = blocks(torch.zeros(3, 3))
    >>> cells.shape, cells[0, -2:].tolist()
    (torch.Size([3, 19]), [0.5, 0.5])
    """

    def __init__(self, spans: RowLayout) -> None:
        super().__init__()
        self.spans = spans
        self.register_buffer("knots", torch.arange(KNOTS, dtype=torch.float32), persistent=False)
        self.knots: Tensor
        marks = [mark for mark in spans.marks if mark is not None]
        order = [i for i in range(len(spans.widths)) if i not in marks]
        self.marks, self.plain = marks, order

    def forward(self, logits: Tensor) -> Tensor:
        """Lay rows out."""
        n = self.spans.n_numbers
        u = torch.sigmoid(logits[:, :n].float())
        hats = (1 - (u.unsqueeze(-1) * (KNOTS - 1) - self.knots).abs()).clamp_min(0)
        levels = torch.split(logits[:, n:].float(), [*self.spans.widths], dim=1)
        shares = [part.softmax(dim=1) for part in levels]
        parts = []
        for number, mark in enumerate(self.spans.marks):
            if mark is None:
                parts.append(hats[:, number])
            else:
                parts += [hats[:, number] * shares[mark][:, :1], shares[mark][:, 1:]]
        return torch.cat([*parts, *(shares[i] for i in self.plain)], dim=1)


class MomentLoss(nn.Module):
    """Distance of moments: each squared error over what the cell should hold and its noise.

    That is Pearson's χ², of pairs against independent columns, so that small cells count as much as
    they weigh in a total-variation distance, and none is fitted closer than its noise. Two halves
    of a batch have independent errors: the mean of the product of their distances is the square of
    the true distance, whatever the size of the batch.

    **Shape**: two halves of a batch, (rows, cells) each → ()

    Examples
    --------
    >>> moments = Marginals((2, 2), np.full(4, 0.5), np.full((4, 4), 0.25), 0.0, 0.0)
    >>> even = torch.full((8, 4), 0.5)
    >>> MomentLoss(moments)(even, even).item()
    0.0
    """

    def __init__(self, moments: Marginals) -> None:
        super().__init__()
        owner, means = moments.owner, moments.means
        expected = np.outer(means, means) + moments.pair_noise + LEAST_SHARE
        buffers = {
            "means": means,
            "pairs": moments.pairs,
            "mean_weights": 1 / (means + moments.mean_noise + LEAST_SHARE),
            "pair_weights": (owner[:, None] < owner[None, :]) / expected,
        }
        for name, values in buffers.items():
            self.register_buffer(name, torch.from_numpy(values).float(), persistent=False)
        self.means: Tensor
        self.pairs: Tensor
        self.mean_weights: Tensor
        self.pair_weights: Tensor

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        """Return the loss of a batch."""
        means, pairs = self._errors(one)
        other_means, other_pairs = self._errors(other)
        first = (self.mean_weights * means * other_means).sum()
        return first + (self.pair_weights * pairs * other_pairs).sum()

    def _errors(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        return rows.mean(dim=0) - self.means, rows.t() @ rows / len(rows) - self.pairs


class TripleLoss(nn.Module):
    """The same distance of three-way moments, of a few triples in each step.

    **Shape**: two halves of a batch, (rows, cells) each → ()

    Examples
    --------
    >>> moments = Marginals((1, 1, 1), np.ones(3), np.ones((3, 3)), 0.0, 0.0)
    >>> triples = ThreeWayMarginals(np.eye(3), (1, 1, 1), ((0, 1, 2),), (np.ones((1, 1, 1)),), 0.0)
    >>> rows = torch.ones(8, 3)
    >>> TripleLoss(triples, moments)(rows, rows, torch.Generator()).item()
    0.0
    """

    def __init__(self, triples: ThreeWayMarginals, moments: Marginals) -> None:
        super().__init__()
        self.chosen = triples.chosen
        starts = np.cumsum((0, *triples.widths))
        self.cells = [slice(a, b) for a, b in pairwise(starts.tolist())]
        coarse = torch.from_numpy(triples.coarse).float()
        self.register_buffer("coarse", coarse, persistent=False)
        self.coarse: Tensor
        means = moments.means @ triples.coarse
        for place, (table, (i, j, k)) in enumerate(zip(triples.shares, self.chosen, strict=True)):
            a, b, c = (means[self.cells[block]] for block in (i, j, k))
            expected = a[:, None, None] * b[:, None] * c + triples.noise + LEAST_SHARE
            for name, values in (("share", table), ("weight", 1 / expected)):
                flat = torch.from_numpy(values.reshape(-1, values.shape[2])).float()
                self.register_buffer(f"{name}_{place}", flat, persistent=False)

    def forward(self, one: Tensor, other: Tensor, picks: torch.Generator) -> Tensor:
        """Return the loss of a batch, as if of all triples."""
        one, other = one @ self.coarse, other @ self.coarse
        picked = torch.randperm(len(self.chosen), generator=picks)[:TRIPLES_A_STEP].tolist()
        total = torch.zeros((), device=one.device)
        for place in picked:
            weight = self.get_buffer(f"weight_{place}")
            total = total + (weight * self._error(one, place) * self._error(other, place)).sum()
        return total * (len(self.chosen) / len(picked))

    def _error(self, rows: Tensor, place: int) -> Tensor:
        i, j, k = (rows[:, self.cells[block]] for block in self.chosen[place])
        two = (i.unsqueeze(2) * j.unsqueeze(1)).flatten(1)
        return two.t() @ k / len(rows) - self.get_buffer(f"share_{place}")
