"""Samplers of encoded rows from a trained generator: free, or conditional on levels.

Each method to learn tables provides a `Sampler`; all later steps take encoded rows from it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.model_file import check_tensor
from tabgan.base.row_layout import RowLayout
from tabgan.generators.generator_training import RowGenerator
from tabgan.generators.trees.tree_generator import TreeGenerator
from tabgan.sampling.calibration import (
    KNOTS,
    ConditionCounts,
    StratifiedCalibration,
    draw_codes,
    present_numbers,
    uniform_ranks,
)

__all__ = ["ConditionalSampler", "RowSampler", "Sampler", "Settle", "TreeSampler"]

Settle = Callable[[NDArray[np.int64], np.random.Generator], NDArray[np.int64]]

MOST_ROWS = 2**40  # of a combination, in a file that is not damaged


class Sampler(Protocol):
    """Base class of samplers: samples encoded rows, and is saved and loaded."""

    @property
    def device(self) -> torch.device:
        """Where the generator lies, and the streams that rows are drawn with."""
        ...

    @property
    def kind(self) -> str:
        """How the rows were learned: the name of the method."""
        ...

    @property
    def conditions(self) -> ConditionCounts | None:
        """The combinations of levels that can be given; None where none can."""
        ...

    @property
    def chances(self) -> Tensor | None:
        """How often each combination is drawn; None draws freely."""
        ...

    def draw(
        self, n: int, stream: torch.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Draw n rows: probabilities of shape (n, numbers), codes of shape (n, level spans).

        Parameters
        ----------
        n
            Number of rows.
        stream
            Randomness, on the generator's device.
        """
        ...

    def ranked(
        self, numbers: NDArray[np.float64], codes: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Bring numbers back to the margins of the training rows, after rows have been chosen.

        Parameters
        ----------
        numbers, codes
            Rows, as `draw` returns them.
        rng
            Randomness within each rank.
        """
        ...

    def under(self, chances: Tensor) -> Self:
        """Return the same, drawing each combination of given levels as often as said."""
        ...

    def settled_by(self, settle: Settle) -> Self:
        """Return the same with level codes that are made to agree with each other."""
        ...

    def to(self, device: torch.device) -> Self:
        """Return the same on a device."""
        ...

    def generator_state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Describe the generator by JSON values, and its tensors by name."""
        ...

    def to_tensors(self) -> dict[str, Tensor]:
        """Return all tensors but the generator's, by name."""
        ...


def _network_state(generator: RowGenerator) -> tuple[dict[str, Any], dict[str, Tensor]]:
    # the first files had only generators of a GAN, and no kind
    kind = {} if generator.kind == "gan" else {"kind": generator.kind}
    return kind | generator.sizes(), generator.state_dict()


def _uniform(
    numbers: NDArray[np.float64],
    codes: NDArray[np.int64],
    spans: RowLayout,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Replace numbers by their ranks."""
    present = present_numbers(torch.from_numpy(codes), spans)
    jitter = torch.from_numpy(rng.random(numbers.shape))
    ranks: NDArray[np.float64] = uniform_ranks(torch.from_numpy(numbers), present, jitter).numpy()
    return ranks


def _device_of(generator: RowGenerator) -> torch.device:
    return next(generator.parameters()).device


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

    generator: RowGenerator
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
        logits = self.generator.draw(self.generator.latents(n, stream), None, stream)
        codes = draw_codes(logits[:, self.spans.n_numbers :] + self.offsets, self.spans, stream)
        numbers = logits[:, : self.spans.n_numbers]
        jitter = torch.rand(numbers.shape, generator=stream, device=stream.device)
        probabilities = uniform_ranks(numbers, present_numbers(codes, self.spans), jitter)
        return probabilities.cpu().numpy(), _settled(codes, self.settle, stream)

    @property
    def device(self) -> torch.device:
        """Where the generator lies."""
        return _device_of(self.generator)

    @property
    def kind(self) -> str:
        """How the rows were learned."""
        return self.generator.kind

    @property
    def conditions(self) -> None:
        """No levels can be given."""

    @property
    def chances(self) -> None:
        """Rows are drawn freely."""

    def under(self, chances: Tensor) -> Self:
        """Refuse: no levels can be given.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(f"no levels can be given; {len(chances)} chances are too many")

    def ranked(
        self, numbers: NDArray[np.float64], codes: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Bring numbers back to the margins of the training rows; see `Sampler.ranked`."""
        return _uniform(numbers, codes, self.spans, rng)

    def settled_by(self, settle: Settle) -> "RowSampler":
        """Return the same with level codes that are made to agree with each other."""
        return replace(self, settle=settle)

    def generator_state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Describe the generator by JSON values, and its tensors by name."""
        return _network_state(self.generator)

    def to(self, device: torch.device) -> "RowSampler":
        """Return the same on a device."""
        return replace(self, generator=self.generator.to(device), offsets=self.offsets.to(device))

    def to_tensors(self) -> dict[str, Tensor]:
        """Return all tensors but the generator's, by name."""
        return {"offsets": self.offsets}

    @classmethod
    def from_tensors(
        cls, generator: RowGenerator, spans: RowLayout, tensors: Mapping[str, Tensor]
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

    generator: RowGenerator
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
        logits = self.generator.draw(z, self.conditions.one_hot(drawn, self.spans), stream)
        numbers, levels = logits[:, : self.spans.n_numbers], logits[:, self.spans.n_numbers :]
        codes = draw_codes(levels + self.strata.offsets[stratum], self.spans, stream)
        codes[:, list(self.conditions.given)] = self.conditions.combinations[drawn]
        units = self.strata.map(numbers, stratum)
        if self.chances is None:
            # All strata together are uniform but for chance; ranks take chance away.
            jitter = torch.rand(units.shape, generator=stream, device=stream.device)
            units = uniform_ranks(units, present_numbers(codes, self.spans), jitter)
        return units.double().cpu().numpy(), _settled(codes, self.settle, stream)

    @property
    def device(self) -> torch.device:
        """Where the generator lies."""
        return _device_of(self.generator)

    @property
    def kind(self) -> str:
        """How the rows were learned."""
        return self.generator.kind

    def under(self, chances: Tensor) -> "ConditionalSampler":
        """Return the same, drawing each combination of given levels as often as said."""
        return replace(self, chances=chances)

    def ranked(
        self, numbers: NDArray[np.float64], codes: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Bring numbers back to the margins of the training rows; see `Sampler.ranked`."""
        return _uniform(numbers, codes, self.spans, rng)

    def settled_by(self, settle: Settle) -> "ConditionalSampler":
        """Return the same with level codes that are made to agree with each other."""
        return replace(self, settle=settle)

    def generator_state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Describe the generator by JSON values, and its tensors by name."""
        return _network_state(self.generator)

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
        generator: RowGenerator,
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
        conditions = _conditions_of(tensors, spans, given)
        stratum = check_tensor(tensors, "stratum", (n,), torch.int64)
        offsets = check_tensor(tensors, "offsets", (n_strata, spans.n_levels))
        outputs, units = (check_tensor(tensors, name, knots) for name in ("outputs", "units"))
        if (stratum < 0).any() or (stratum >= n_strata).any():
            raise ValueError("stratum must hold numbers of strata")
        if any((knot.diff(dim=2) < 0).any() for knot in (outputs, units)):
            raise ValueError("outputs and units must rise")
        if (units < 0).any() or (units > 1).any():
            raise ValueError("units must be from 0 to 1")
        return cls(
            generator, StratifiedCalibration(stratum, offsets, outputs, units), spans, conditions
        )


def _conditions_of(
    tensors: Mapping[str, Tensor], spans: RowLayout, given: Sequence[int]
) -> ConditionCounts:
    n = len(tensors["counts"])
    combinations = check_tensor(tensors, "combinations", (n, len(given)), torch.int64)
    counts = check_tensor(tensors, "counts", (n,), torch.int64)
    widths = torch.tensor([spans.widths[i] for i in given])
    if (combinations < 0).any() or (combinations >= widths).any():
        raise ValueError("combinations must hold codes of the levels")
    if not n or (counts < 1).any() or (counts > MOST_ROWS).any():
        raise ValueError(f"counts must be from 1 to {MOST_ROWS}")
    return ConditionCounts(tuple(given), combinations, counts)


@dataclass(frozen=True)
class TreeSampler:
    """Trees that draw rows, whose numbers are calibrated as they are drawn.

    Parameters
    ----------
    generator
        The trees.
    conditions
        The combinations of levels that can be given, and how often each occurs; None where none
        can.
    chances
        As of `ConditionalSampler`.
    settle
        As of `RowSampler`.
    """

    generator: TreeGenerator
    conditions: ConditionCounts | None = None
    chances: Tensor | None = None
    settle: Settle | None = None

    @property
    def device(self) -> torch.device:
        """The CPU."""
        return torch.device("cpu")

    @property
    def kind(self) -> str:
        """How the rows were learned."""
        return "trees"

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
            Randomness, on the CPU.
        """
        given = None
        if self.conditions is not None:
            chances = self.conditions.chances() if self.chances is None else self.chances
            drawn = self.conditions.draw(n, chances, stream)
            given = self.conditions.combinations[drawn].numpy()
        rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=stream)))
        units, codes = self.generator.draw(n, rng, given)
        if self.chances is None:
            units = self.generator.ranked(units, codes, rng)
        return units, codes if self.settle is None else self.settle(codes, rng)

    def under(self, chances: Tensor) -> "TreeSampler":
        """Return the same, drawing each combination of given levels as often as said."""
        return replace(self, chances=chances)

    def ranked(
        self, numbers: NDArray[np.float64], codes: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Bring numbers back to the margins of the training rows; see `Sampler.ranked`."""
        return self.generator.ranked(numbers, codes, rng)

    def settled_by(self, settle: Settle) -> "TreeSampler":
        """Return the same with level codes that are made to agree with each other."""
        return replace(self, settle=settle)

    def to(self, device: torch.device) -> "TreeSampler":  # noqa: ARG002
        """Return the same: trees stay on the CPU."""
        return self

    def generator_state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Describe the generator by JSON values, and its tensors by name."""
        return {"kind": self.kind, **self.generator.to_json()}, self.generator.to_tensors()

    def to_tensors(self) -> dict[str, Tensor]:
        """Return all tensors but the generator's, by name."""
        if self.conditions is None:
            return {}
        return {"combinations": self.conditions.combinations, "counts": self.conditions.counts}

    @classmethod
    def from_tensors(
        cls,
        generator: TreeGenerator,
        tensors: Mapping[str, Tensor],
    ) -> Self:
        """Rebuild a sampler from the value of `to_tensors`.

        Parameters
        ----------
        generator
            The trees.
        tensors
            What `to_tensors` returned.

        Raises
        ------
        KeyError, ValueError
            If a tensor is missing or does not fit.
        """
        given = generator.given
        if not given:
            return cls(generator)
        return cls(generator, _conditions_of(tensors, generator.layout, given))


def _settled(codes: Tensor, settle: Settle | None, stream: torch.Generator) -> NDArray[np.int64]:
    """Return codes that agree with each other; where they have to, the stream gives a seed."""
    drawn: NDArray[np.int64] = codes.cpu().numpy()
    if settle is None:
        return drawn
    seed = torch.randint(2**62, (1,), generator=stream, device=stream.device)
    return settle(drawn, np.random.default_rng(int(seed)))
