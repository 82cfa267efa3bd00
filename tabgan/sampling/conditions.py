"""Which levels of the condition columns go together, and how often: what is asked of a draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.spans import RowLayout

__all__ = ["ConditionCounts"]


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
        """Count the combinations in the codes of all level spans; say which each row has."""
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
        """Draw the numbers of n combinations, as near to their shares as n allows."""
        device = stream.device
        start = torch.rand(1, generator=stream, device=device, dtype=torch.float64)
        places = (torch.arange(n, device=device) + start) / n * chances.sum()
        drawn = torch.searchsorted(chances.cumsum(0), places, right=True)
        drawn = drawn.clamp_max(int(chances.nonzero().max()))
        return drawn[torch.randperm(n, generator=stream, device=device)]

    def one_hot(self, drawn: Tensor, spans: RowLayout) -> Tensor:
        """Lay drawn combinations out as one-hot labels, shape (rows, levels of the given spans)."""
        codes = self.combinations[drawn]
        widths = torch.tensor([spans.widths[i] for i in self.given], device=codes.device)
        labels = torch.zeros(len(codes), int(widths.sum()), device=codes.device)
        return labels.scatter_(1, codes + (widths.cumsum(0) - widths), 1.0)
