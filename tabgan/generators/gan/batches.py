"""Training rows that stay on the device and are drawn in shuffled batches, and their head."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from tabgan.generators.heads import TableHead

__all__ = ["Batches", "Head", "LevelRows", "Shuffled", "TableBatches"]

MOST_OFTEN = 8.0  # times its share of the rows that a rare level is drawn, at most


class Batches(Protocol):
    """Where real rows come from."""

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
    """Output activations and discriminator features of a kind of data."""

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
    """Rows drawn by the levels of some columns, rare levels more often than they occur.

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
    """Passes over numbered rows, each in an order of its own.

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
