"""Draw encoded rows from a trained generator."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.gan.networks import MLPGenerator
from tabgan.sampling.calibration import uniform_ranks
from tabgan.spans import Spans

__all__ = ["RowSampler"]


@dataclass(frozen=True)
class RowSampler:
    """A generator whose rows are calibrated as they are drawn.

    Parameters
    ----------
    generator
        The averaged generator.
    offsets
        Added to the level logits (`tabgan.sampling.calibration.level_offsets`), shape (levels,).
    spans
        Layout of a row.
    """

    generator: MLPGenerator
    offsets: Tensor
    spans: Spans

    @torch.no_grad()
    def draw(
        self, n: int, stream: torch.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Draw n rows: probabilities of shape (n, numbers), codes of shape (n, level spans).

        Numbers are ranked within the n rows, so n should be some thousands whatever the number
        of rows that are wanted.
        """
        z = torch.randn(n, self.generator.latent_dim, generator=stream, device=stream.device)
        logits = self.generator(z)
        codes = self._codes(logits[:, self.spans.n_numbers :] + self.offsets, stream)
        numbers = logits[:, : self.spans.n_numbers]
        jitter = torch.rand(numbers.shape, generator=stream, device=stream.device)
        probabilities = uniform_ranks(numbers, self._present(codes), jitter)
        return probabilities.cpu().numpy(), codes.cpu().numpy()

    def _codes(self, levels: Tensor, stream: torch.Generator) -> Tensor:
        # The Gumbel-max trick: the highest perturbed logit is a draw from the softmax.
        noise = torch.empty_like(levels).uniform_(generator=stream).clamp_min_(1e-30)
        perturbed = levels - torch.log(-torch.log(noise))
        if not self.spans.widths:
            return perturbed.new_empty((len(levels), 0), dtype=torch.long)
        parts = torch.split(perturbed, [*self.spans.widths], dim=1)
        return torch.stack([part.argmax(dim=1) for part in parts], dim=1)

    def _present(self, codes: Tensor) -> Tensor:
        """Say which numbers their marks show, shape (rows, numbers)."""
        present = torch.ones(
            len(codes), self.spans.n_numbers, dtype=torch.bool, device=codes.device
        )
        for i, mark in enumerate(self.spans.marks):
            if mark is not None:
                present[:, i] = codes[:, mark] == 0
        return present
