"""Draw encoded rows from a trained generator."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.gan.networks import MLPGenerator
from tabgan.sampling.calibration import Calibration
from tabgan.spans import Spans

__all__ = ["RowSampler"]


@dataclass(frozen=True)
class RowSampler:
    """A generator with its calibration.

    Parameters
    ----------
    generator
        The averaged generator.
    calibration
        Maps its logits onto the training margins.
    spans
        Layout of a row.
    """

    generator: MLPGenerator
    calibration: Calibration
    spans: Spans

    @torch.no_grad()
    def draw(
        self, n: int, stream: torch.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Draw n rows: probabilities of shape (n, numbers), codes of shape (n, level spans)."""
        z = torch.randn(n, self.generator.latent_dim, generator=stream, device=stream.device)
        logits = self.generator(z)
        numbers = self.calibration.numbers(logits[:, : self.spans.n_numbers])
        levels = self.calibration.levels(logits[:, self.spans.n_numbers :])
        return numbers.cpu().numpy(), self._codes(levels, stream).cpu().numpy()

    def _codes(self, levels: Tensor, stream: torch.Generator) -> Tensor:
        # The Gumbel-max trick: the highest perturbed logit is a draw from the softmax.
        noise = torch.empty_like(levels).uniform_(generator=stream).clamp_min_(1e-30)
        perturbed = levels - torch.log(-torch.log(noise))
        if not self.spans.widths:
            return perturbed.new_empty((len(levels), 0), dtype=torch.long)
        parts = torch.split(perturbed, [*self.spans.widths], dim=1)
        return torch.stack([part.argmax(dim=1) for part in parts], dim=1)
