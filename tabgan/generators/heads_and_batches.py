"""`TableHead` (from logits to rows to discriminator features), and batches of training rows.

A row tensor is ``[u | one-hot levels]`` as `tabgan.base.row_layout.RowLayout` describes. A few
tensor operations handle all columns at once, without a loop over columns.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tabgan.base.row_layout import RowLayout

__all__ = [
    "Batches",
    "Head",
    "LevelRows",
    "Shuffled",
    "TableBatches",
    "TableHead",
    "span_log_softmax",
]

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


MOST_OFTEN = 8.0  # times its share of the rows that a rare level is drawn, at most


class Batches(Protocol):
    """Base class of the sources of real rows."""

    batch_size: int
    n_rows: int

    def draw(self, generator: torch.Generator) -> Tensor:
        """Return the next batch of rows."""
        ...

    def pick(self, n: int, generator: torch.Generator) -> Tensor:
        """Return at most n rows at random, without a change to the present pass."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return what is kept from batch to batch."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        ...


class Head(Protocol):
    """Base class of heads: output activations and discriminator features."""

    label_features: Tensor
    """Places of the labels among the features, shape (levels of all labels,)."""

    def labels(self, rows: Tensor) -> Tensor | None:
        """Return the labels of rows, which both networks get; None if there are none."""
        ...

    def __call__(self, logits: Tensor, generator: torch.Generator, labels: Tensor | None) -> Tensor:
        """Draw rows from logits, with the labels given."""
        ...

    def features(self, rows: Tensor) -> Tensor:
        """Turn rows into what the discriminator sees."""
        ...


class LevelRows:
    """Samples training rows by the levels of some columns, rare levels more often than they occur.

    A column is drawn at random, then one of its levels by the logarithm of how often it occurs,
    then one of the rows with this level (training by sampling, Xu et al., 2019,
    arXiv:1907.00503, section 4.3). A level is drawn at most `MOST_OFTEN` times as often as it
    occurs: the discriminator would learn its few rows by heart.

    Parameters
    ----------
    codes
        Level codes of the columns, int64 of shape (rows, columns).
    widths
        Number of levels of each column.

    Examples
    --------
    >>> rows = LevelRows(torch.tensor([[0]] * 90 + [[1]] * 10), (2,))
    >>> drawn = rows.draw(10_000, torch.Generator().manual_seed(0))
    >>> round((drawn >= 90).float().mean().item(), 2)
    0.35
    """

    def __init__(self, codes: Tensor, widths: Sequence[int]) -> None:
        counts = [
            torch.bincount(column, minlength=width)
            for column, width in zip(codes.t(), widths, strict=True)
        ]
        chances = [torch.log1p(part) / torch.log1p(part).sum() for part in counts]
        self._counts = torch.cat(counts)
        most = MOST_OFTEN * self._counts / len(codes)
        self._upper = torch.minimum(torch.cat(chances), most).cumsum(0)
        self._starts = self._counts.cumsum(0) - self._counts
        # Row numbers of each column by its levels, one column after the other.
        self._rows = codes.argsort(dim=0, stable=True).t().flatten()

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw the numbers of n rows."""
        uniform = torch.rand(2, n, generator=generator, device=self._rows.device)
        level = torch.searchsorted(self._upper, uniform[0] * self._upper[-1], right=True)
        level = level.clamp_max(len(self._upper) - 1)
        count = self._counts[level]
        place = (uniform[1] * count).long().minimum(count - 1)
        return self._rows[self._starts[level] + place]


class Shuffled:
    """Shuffled passes over row indices.

    Parameters
    ----------
    n_rows
        Number of rows.
    device
        Where their numbers are wanted.
    """

    def __init__(self, n_rows: int, device: torch.device) -> None:
        self.n_rows = n_rows
        self._order = torch.empty(0, dtype=torch.long, device=device)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """Return the numbers of the next n rows."""
        if len(self._order) < n:
            device = self._order.device
            fresh = torch.randperm(self.n_rows, generator=generator, device=device)
            self._order = torch.cat([self._order, fresh])
        index, self._order = self._order[:n], self._order[n:]
        return index

    def state_dict(self) -> dict[str, Any]:
        """Return what is left of the present pass."""
        return {"order": self._order.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a pass."""
        self._order = state["order"].to(self._order.device)


class TableBatches:
    """Batches of encoded rows, without a copy from the host in any step.

    A number is drawn anew from its band whenever its row comes up, so that the discriminator
    never sees the same spread of a repeated value twice.

    Parameters
    ----------
    low, width
        Bands of the numbers, float32 of shape (rows, numbers).
    codes
        Level codes, int64 of shape (rows, level spans).
    head
        Lays codes out as one-hot.
    batch_size
        Rows a batch, at most the number of rows.
    rare
        Where half of each batch comes from, if not all rows count alike.
    """

    def __init__(
        self,
        low: Tensor,
        width: Tensor,
        codes: Tensor,
        head: TableHead,
        batch_size: int,
        *,
        rare: LevelRows | None = None,
    ) -> None:
        self.low, self.width, self.codes = low, width, codes
        self.head = head
        self.n_rows = len(low)
        self.batch_size = min(batch_size, self.n_rows)
        self.rare = rare
        self._n_rare = 0 if rare is None else self.batch_size // 2
        self.shuffled = Shuffled(self.n_rows, low.device)

    def draw(self, generator: torch.Generator) -> Tensor:
        """Return the next batch of rows, shape (batch_size, width of a row)."""
        index = self.shuffled.draw(self.batch_size - self._n_rare, generator)
        if self.rare is not None:
            index = torch.cat([index, self.rare.draw(self._n_rare, generator)])
        return self._rows(index, generator)

    def pick(self, n: int, generator: torch.Generator, *, repeat: bool = False) -> Tensor:
        """Return n rows at random, all alike likely, and leave the present pass as it is.

        There are fewer if the table has fewer, unless rows may repeat.
        """
        device = self.low.device
        if repeat:
            index = torch.randint(self.n_rows, (n,), generator=generator, device=device)
        else:
            index = torch.randperm(self.n_rows, generator=generator, device=device)[:n]
        return self._rows(index, generator)

    def _rows(self, index: Tensor, generator: torch.Generator) -> Tensor:
        low, width = self.low[index], self.width[index]
        uniform = torch.rand(low.shape, generator=generator, device=low.device)
        numbers = torch.addcmul(low, width, uniform)
        if not self.codes.shape[1]:
            return numbers
        return torch.cat([numbers, self.head.one_hot(self.codes[index].long())], dim=1)

    def state_dict(self) -> dict[str, Any]:
        """Return what is left of the present pass over the rows."""
        return self.shuffled.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a pass."""
        self.shuffled.load_state_dict(state)
