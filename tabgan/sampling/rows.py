"""Draw encoded rows from a trained generator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.gan.networks import MLPGenerator
from tabgan.sampling.calibration import draw_codes, present_numbers, uniform_ranks
from tabgan.sampling.tensors import check_tensor
from tabgan.spans import RowLayout

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
    spans: RowLayout

    @torch.no_grad()
    def draw(
        self, n: int, stream: torch.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Draw n rows: probabilities of shape (n, numbers), codes of shape (n, level spans).

        Numbers are ranked within the n rows, so n should be some thousands whatever the number
        of rows that are wanted.
        """
        logits = self.generator.draw(self.generator.latents(n, stream))
        codes = draw_codes(logits[:, self.spans.n_numbers :] + self.offsets, self.spans, stream)
        numbers = logits[:, : self.spans.n_numbers]
        jitter = torch.rand(numbers.shape, generator=stream, device=stream.device)
        probabilities = uniform_ranks(numbers, present_numbers(codes, self.spans), jitter)
        return probabilities.cpu().numpy(), codes.cpu().numpy()

    def to(self, device: torch.device) -> "RowSampler":
        """Return the same on a device."""
        return RowSampler(self.generator.to(device), self.offsets.to(device), self.spans)

    def to_tensors(self) -> dict[str, Tensor]:
        """Return all tensors but the generator's, by name."""
        return {"offsets": self.offsets}

    @classmethod
    def from_tensors(
        cls, generator: MLPGenerator, spans: RowLayout, tensors: Mapping[str, Tensor]
    ) -> Self:
        """Put a sampler together again from what `to_tensors` gave.

        Raises
        ------
        KeyError, ValueError
            If a tensor lacks or does not fit.
        """
        return cls(generator, check_tensor(tensors, "offsets", (spans.n_levels,)), spans)
