"""`TableHead`: from a generator's logits to rows, and from rows to the discriminator's features.

A row tensor is ``[u | one-hot levels]`` as `tabgan.base.row_layout.RowLayout` describes. The same
few tensor operations treat all columns; there is no loop over columns.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tabgan.base.row_layout import RowLayout

__all__ = ["TableHead", "span_log_softmax"]

N_BINS = 16
_GAUSS_LIMIT = 0.9999  # keeps erfinv finite: |feature| ≤ 2.48
_GAUSS_SCALE = 0.9
_SCORE_LIMIT = 1e-5  # of a probability: scores are from −4.3 to 4.3


class TableHead(nn.Module):
    """Output activations and discriminator features of a table's rows.

    Numbers become probabilities by a sigmoid; levels become one-hot by the straight-through
    Gumbel-softmax (Jang et al., 2017, arXiv:1611.01144): the forward pass gives a hard draw, the
    backward pass the gradient of the softmax. The level spans in `given` are labels: inputs
    of the networks, and not drawn.

    The discriminator sees a number u as its Gaussian quantile and as a piecewise-linear code of
    16 bins (Gorishniy et al., 2022, arXiv:2203.05556), both zero where the number's mark says
    that it is absent, and a level span as its one-hot.

    Examples
    --------
    >>> head = TableHead(RowLayout(marks=(0,), widths=(2, 3)))
    >>> noise = torch.Generator().manual_seed(0)
    >>> rows = head(torch.zeros(4, 6), noise)
    >>> rows.shape, rows[:, 1:].sum(dim=1)
    (torch.Size([4, 6]), tensor([2., 2., 2., 2.]))
    >>> head.features(rows).shape[1] == head.n_features
    True
    """

    def __init__(self, spans: RowLayout, given: Sequence[int] = ()) -> None:
        super().__init__()
        self.label_widths = [spans.widths[i] for i in given]
        label_places = torch.tensor(spans.level_places(given), dtype=torch.long)
        self.n_numbers = spans.n_numbers
        self.n_spans = len(spans.widths)
        self.n_features = spans.n_numbers * (1 + N_BINS) + spans.n_levels
        widths = torch.tensor(spans.widths, dtype=torch.long)
        span_of = torch.repeat_interleave(torch.arange(self.n_spans), widths)
        marked = [i for i, mark in enumerate(spans.marks) if mark is not None]
        present = [spans.offsets[mark] for mark in spans.marks if mark is not None]
        buffers = {
            "span_of": span_of,
            "membership": nn.functional.one_hot(span_of, max(self.n_spans, 1)).float(),
            "offsets": torch.tensor(spans.offsets, dtype=torch.long),
            "marked": torch.tensor(marked, dtype=torch.long),
            "present": torch.tensor(present, dtype=torch.long),
            "bins": torch.arange(N_BINS, dtype=torch.float32),
            "label_columns": label_places + spans.n_numbers,
            "label_features": label_places + self.n_features - spans.n_levels,
        }
        for name, tensor in buffers.items():
            self.register_buffer(name, tensor, persistent=False)
        self.span_of: Tensor
        self.membership: Tensor
        self.offsets: Tensor
        self.marked: Tensor
        self.present: Tensor
        self.bins: Tensor
        self.label_columns: Tensor
        self.label_features: Tensor

    def labels(self, rows: Tensor) -> Tensor | None:
        """Return the labels of rows, one-hot and side by side; None where there are none."""
        return rows.index_select(1, self.label_columns) if self.label_widths else None

    def forward(
        self, logits: Tensor, generator: torch.Generator, labels: Tensor | None = None
    ) -> Tensor:
        """Draw rows from logits, with labels as they are.

        **Shape**: (batch, width) → (batch, width)
        """
        numbers = torch.sigmoid(logits[:, : self.n_numbers].float())
        if not self.n_spans:
            return numbers
        levels = logits[:, self.n_numbers :].float()
        rows = torch.cat([numbers, self._straight_through(levels, generator)], dim=1)
        return rows if labels is None else rows.index_copy(1, self.label_columns, labels)

    def _straight_through(self, logits: Tensor, generator: torch.Generator) -> Tensor:
        noise = torch.empty_like(logits, requires_grad=False)
        noise.uniform_(generator=generator).clamp_min_(1e-30)
        perturbed = logits - torch.log(-torch.log(noise))
        index = self.span_of.expand_as(perturbed)
        with torch.no_grad():
            start = perturbed.new_full((len(perturbed), self.n_spans), -math.inf)
            highest = start.scatter_reduce(1, index, perturbed, "amax").gather(1, index)
            hard = (perturbed >= highest).float()
        # The softmax of every span at once: sums over a span are products with its membership.
        weights = torch.exp(perturbed - highest)
        soft = weights / ((weights @ self.membership) @ self.membership.t())
        return hard - soft.detach() + soft

    def scores(self, rows: Tensor) -> Tensor:
        """Turn the numbers of rows into normal scores, zero where they are absent.

        **Shape**: (batch, width) → (batch, width)
        """
        numbers, levels = rows[:, : self.n_numbers], rows[:, self.n_numbers :]
        scores = torch.special.ndtri(numbers.clamp(_SCORE_LIMIT, 1 - _SCORE_LIMIT))
        if len(self.marked):
            shown = scores.index_select(1, self.marked) * levels.index_select(1, self.present)
            scores = scores.index_copy(1, self.marked, shown)
        return torch.cat([scores, levels], dim=1)

    def one_hot(self, codes: Tensor) -> Tensor:
        """Lay level codes of shape (batch, spans) out as one-hot of shape (batch, levels)."""
        dense = torch.zeros(len(codes), len(self.span_of), device=codes.device)
        return dense.scatter_(1, codes + self.offsets, 1.0)

    def features(self, rows: Tensor) -> Tensor:
        """Turn rows into what the discriminator sees.

        **Shape**: (batch, width) → (batch, n_features)
        """
        numbers, levels = rows[:, : self.n_numbers], rows[:, self.n_numbers :]
        if not self.n_numbers:
            return levels
        centred = (2 * numbers - 1).clamp(-_GAUSS_LIMIT, _GAUSS_LIMIT)
        gaussian = _GAUSS_SCALE * torch.erfinv(centred)
        bins = (N_BINS * numbers.unsqueeze(-1) - self.bins).clamp(0, 1) * 2 - 1
        if len(self.marked):
            shown = torch.ones_like(numbers)
            shown = shown.index_copy(1, self.marked, levels.index_select(1, self.present))
            gaussian, bins = gaussian * shown, bins * shown.unsqueeze(-1)
        return torch.cat([gaussian, bins.flatten(1), levels], dim=1)


def span_log_softmax(logits: Tensor, layout: RowLayout) -> Tensor:
    """Return the logarithms of the softmax within each level span.

    **Shape**: (batch, levels) → (batch, levels)

    Parameters
    ----------
    logits
        Level logits.
    layout
        Layout of a row.

    Examples
    --------
    >>> span_log_softmax(torch.zeros(1, 3), RowLayout((), (2, 1))).exp()
    tensor([[0.5000, 0.5000, 1.0000]])
    """
    if not layout.widths:
        return logits
    parts = torch.split(logits, [*layout.widths], dim=1)
    return torch.cat([part.log_softmax(dim=1) for part in parts], dim=1)
