"""Training rows that live on the device and come out in shuffled batches."""

import torch
from torch import Tensor

from tabgan.gan.heads import TableHead

__all__ = ["TableBatches"]


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
    """

    def __init__(
        self, low: Tensor, width: Tensor, codes: Tensor, head: TableHead, batch_size: int
    ) -> None:
        self.low, self.width, self.codes = low, width, codes
        self.head = head
        self.n_rows = len(low)
        self.batch_size = min(batch_size, self.n_rows)
        self._order = torch.empty(0, dtype=torch.long, device=low.device)

    def draw(self, generator: torch.Generator) -> Tensor:
        """Return the next batch of rows, shape (batch_size, width of a row)."""
        if len(self._order) < self.batch_size:
            fresh = torch.randperm(self.n_rows, generator=generator, device=self.low.device)
            self._order = torch.cat([self._order, fresh])
        index, self._order = self._order[: self.batch_size], self._order[self.batch_size :]
        low, width = self.low[index], self.width[index]
        uniform = torch.rand(low.shape, generator=generator, device=low.device)
        numbers = torch.addcmul(low, width, uniform)
        if not self.codes.shape[1]:
            return numbers
        return torch.cat([numbers, self.head.one_hot(self.codes[index].long())], dim=1)
