"""Samplers of encoded rows from a trained generator: free, or conditional on levels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.model_file import check_tensor
from tabgan.base.row_layout import RowLayout
from tabgan.generators.gan.networks import MLPGenerator
from tabgan.sampling.calibration import (
    KNOTS,
    ConditionCounts,
    StratifiedCalibration,
    draw_codes,
    present_numbers,
    uniform_ranks,
)

__all__ = ["ConditionalSampler", "RowSampler"]

Settle = Callable[[NDArray[np.int64], np.random.Generator], NDArray[np.int64]]

MOST_ROWS = 2**40  # of a combination, in a file that is not damaged


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
    settle
        Makes level codes agree with each other (`TableEncoder.settle`); None where none have to.
    """

    generator: MLPGenerator
    offsets: Tensor
    spans: RowLayout
    settle: Settle | None = None

    @torch.no_grad()
    def draw(
        self, n: int, stream: torch.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Draw n rows: probabilities of shape (n, numbers), codes of shape (n, level spans).

        Numbers are ranked within the n rows, so n should be some thousands whatever the number
        of rows that are wanted.

        Parameters
        ----------
        n
            Number of rows.
        stream
            Randomness, on the generator's device.
        """
        logits = self.generator.draw(self.generator.latents(n, stream))
        codes = draw_codes(logits[:, self.spans.n_numbers :] + self.offsets, self.spans, stream)
        numbers = logits[:, : self.spans.n_numbers]
        jitter = torch.rand(numbers.shape, generator=stream, device=stream.device)
        probabilities = uniform_ranks(numbers, present_numbers(codes, self.spans), jitter)
        return probabilities.cpu().numpy(), _settled(codes, self.settle, stream)

    def to(self, device: torch.device) -> "RowSampler":
        """Return the same on a device."""
        return replace(self, generator=self.generator.to(device), offsets=self.offsets.to(device))

    def to_tensors(self) -> dict[str, Tensor]:
        """Return all tensors but the generator's, by name."""
        return {"offsets": self.offsets}

    @classmethod
    def from_tensors(
        cls, generator: MLPGenerator, spans: RowLayout, tensors: Mapping[str, Tensor]
    ) -> Self:
        """Rebuild a sampler from the value of `to_tensors`.

        Parameters
        ----------
        generator
            The generator.
        spans
            Layout of a row.
        tensors
            What `to_tensors` returned.

        Raises
        ------
        KeyError, ValueError
            If a tensor is missing or does not fit.
        """
        return cls(generator, check_tensor(tensors, "offsets", (spans.n_levels,)), spans)


@dataclass(frozen=True)
class ConditionalSampler:
    """A conditional generator, whose rows are calibrated as they are drawn.

    Parameters
    ----------
    generator
        The averaged generator.
    strata
        Its calibration.
    spans
        Layout of a row.
    conditions
        The combinations of levels that can be given, and how often each occurs.
    chances
        How often each combination of given levels is drawn (`ConditionCounts.chances`); None draws
        freely, by the training shares.
    settle
        As of `RowSampler`.
    """

    generator: MLPGenerator
    strata: StratifiedCalibration
    spans: RowLayout
    conditions: ConditionCounts
    chances: Tensor | None = None
    settle: Settle | None = None

    @torch.no_grad()
    def draw(
        self, n: int, stream: torch.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Draw n rows: probabilities of shape (n, numbers), codes of shape (n, level spans).

        The numbers of a free draw are ranked within the n rows, so n should be some thousands
        whatever the number of rows that are wanted.

        Parameters
        ----------
        n
            Number of rows.
        stream
            Randomness, on the generator's device.
        """
        chances = self.conditions.chances() if self.chances is None else self.chances
        drawn = self.conditions.draw(n, chances, stream)
        stratum = self.strata.stratum[drawn]
        z = self.generator.latents(n, stream)
        logits = self.generator.draw(z, self.conditions.one_hot(drawn, self.spans))
        numbers, levels = logits[:, : self.spans.n_numbers], logits[:, self.spans.n_numbers :]
        codes = draw_codes(levels + self.strata.offsets[stratum], self.spans, stream)
        codes[:, list(self.conditions.given)] = self.conditions.combinations[drawn]
        units = self.strata.map(numbers, stratum)
        if self.chances is None:
            # All strata together are uniform but for chance; ranks take chance away.
            jitter = torch.rand(units.shape, generator=stream, device=stream.device)
            units = uniform_ranks(units, present_numbers(codes, self.spans), jitter)
        return units.double().cpu().numpy(), _settled(codes, self.settle, stream)

    def to(self, device: torch.device) -> "ConditionalSampler":
        """Return the same on a device."""
        return replace(
            self,
            generator=self.generator.to(device),
            strata=self.strata.to(device),
            conditions=self.conditions.to(device),
        )

    def to_tensors(self) -> dict[str, Tensor]:
        """Return all tensors but the generator's, by name."""
        return {
            "combinations": self.conditions.combinations,
            "counts": self.conditions.counts,
            "stratum": self.strata.stratum,
            "offsets": self.strata.offsets,
            "outputs": self.strata.outputs,
            "units": self.strata.units,
        }

    @classmethod
    def from_tensors(
        cls,
        generator: MLPGenerator,
        spans: RowLayout,
        given: Sequence[int],
        tensors: Mapping[str, Tensor],
    ) -> Self:
        """Rebuild a sampler from the value of `to_tensors`.

        Parameters
        ----------
        generator
            The generator.
        spans
            Layout of a row.
        given
            Level spans that are given to the generator.
        tensors
            What `to_tensors` returned.

        Raises
        ------
        KeyError, ValueError
            If a tensor is missing or does not fit.
        """
        n, n_strata = len(tensors["counts"]), len(tensors["offsets"])
        knots = (n_strata, spans.n_numbers, KNOTS)
        combinations = check_tensor(tensors, "combinations", (n, len(given)), torch.int64)
        counts = check_tensor(tensors, "counts", (n,), torch.int64)
        stratum = check_tensor(tensors, "stratum", (n,), torch.int64)
        offsets = check_tensor(tensors, "offsets", (n_strata, spans.n_levels))
        outputs, units = (check_tensor(tensors, name, knots) for name in ("outputs", "units"))
        widths = torch.tensor([spans.widths[i] for i in given])
        if (combinations < 0).any() or (combinations >= widths).any():
            raise ValueError("combinations must hold codes of the levels")
        if not n or (counts < 1).any() or (counts > MOST_ROWS).any():
            raise ValueError(f"counts must be from 1 to {MOST_ROWS}")
        if (stratum < 0).any() or (stratum >= n_strata).any():
            raise ValueError("stratum must hold numbers of strata")
        if any((knot.diff(dim=2) < 0).any() for knot in (outputs, units)):
            raise ValueError("outputs and units must rise")
        if (units < 0).any() or (units > 1).any():
            raise ValueError("units must be from 0 to 1")
        conditions = ConditionCounts(tuple(given), combinations, counts)
        return cls(
            generator, StratifiedCalibration(stratum, offsets, outputs, units), spans, conditions
        )


def _settled(codes: Tensor, settle: Settle | None, stream: torch.Generator) -> NDArray[np.int64]:
    """Return codes that agree with each other; where they have to, the stream gives a seed."""
    drawn: NDArray[np.int64] = codes.cpu().numpy()
    if settle is None:
        return drawn
    seed = torch.randint(2**62, (1,), generator=stream, device=stream.device)
    return settle(drawn, np.random.default_rng(int(seed)))
