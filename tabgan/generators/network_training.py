"""Training of a network with a single loss, for diffusion models and VAEs."""

import math
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from tabgan.base.errors import TrainingError
from tabgan.generators.generator_training import (
    GeneratorState,
    GeneratorTraining,
    RowGenerator,
    autocast,
    flushed_denormals,
    learning_rate_factor,
    set_learning_rate,
    used_share,
)
from tabgan.generators.heads_and_batches import Batches
from tabgan.generators.optimizers import Adam, MovingAverage
from tabgan.generators.training_callbacks import Callback

__all__ = ["LearnedGenerator", "NetworkTraining"]

RECORD_EVERY = 50  # steps


class LearnedGenerator(RowGenerator):
    """Base class of generators with a loss of their own, without an adversary."""

    @abstractmethod
    def losses(
        self, rows: Tensor, labels: Tensor | None, stream: torch.Generator
    ) -> Mapping[str, Tensor]:
        """Return the parts of the loss of a batch, each a scalar, by the names of records.

        Parameters
        ----------
        rows
            The data: numbers, then one-hot levels, shape (batch, width).
        labels
            One-hot labels side by side; None where there are none.
        stream
            Randomness of the loss, on the data's device.
        """


Learned = TypeVar("Learned", bound=LearnedGenerator)


@dataclass(frozen=True, kw_only=True)
class NetworkTraining(GeneratorTraining):
    """Base class of trainings with a single loss, on tables and images.

    Parameters
    ----------
    learning_rate
        Adam's learning rate; constant for half of the training, then linearly down.
    """

    learning_rate: float

    def descend(
        self,
        make: Callable[[], Learned],
        batches: Batches,
        data_of: Callable[[Tensor], tuple[Tensor, Tensor | None]],
        callback: Callback,
        seconds: float | None = None,
    ) -> Learned:
        """Train and return the averaged network.

        Parameters
        ----------
        make
            Makes the network, with its first weights, on the device.
        batches
            The real rows.
        data_of
            Turns a batch into the data of the loss, and its labels.
        callback
            Hears of the training, and may end it.
        seconds
            Wall time after which training ends; None for no limit.

        Raises
        ------
        TrainingError
            If the loss is not finite.
        """
        network = make()
        optimizer = Adam(0.9, 0.999).make(network.parameters(), self.learning_rate)
        averaged = MovingAverage(network)
        state = GeneratorState(
            generator=network,
            averaged=averaged,  # type: ignore[arg-type]
            generator_optimizer=optimizer,
            n_steps=self.n_steps,
        )
        streams = self.stream("data"), self.stream("noise")
        began, sums = time.monotonic(), _Sums()
        callback.on_train_begin(state)
        progress = used_share(state, began, seconds)
        with flushed_denormals():
            while progress < 1:
                rate = self.learning_rate * learning_rate_factor(progress)
                set_learning_rate(rate, optimizer)
                sums.add(self._step(state, batches, data_of, streams))
                callback.on_step(state)
                progress = 1.0 if callback.stop() else used_share(state, began, seconds)
                if sums.count == RECORD_EVERY or progress >= 1:
                    losses = self._finite(sums.means(), state.step)
                    epoch = state.step * batches.batch_size / batches.n_rows
                    record = {"step": state.step, "epoch": epoch} | losses
                    seconds_taken = time.monotonic() - began
                    record |= {"seconds": seconds_taken, "learning_rate": rate}
                    callback.on_record(state, record)
        callback.on_train_end(state)
        return averaged.network

    def _step(
        self,
        state: GeneratorState,
        batches: Batches,
        data_of: Callable[[Tensor], tuple[Tensor, Tensor | None]],
        streams: tuple[torch.Generator, torch.Generator],
    ) -> dict[str, Tensor]:
        """Descend once; return the parts of the loss."""
        data, labels = data_of(batches.draw(streams[0]))
        network: LearnedGenerator = state.generator  # type: ignore[assignment]
        with autocast(self.device, self.dtype):
            parts = network.losses(data, labels, streams[1])
        value = torch.stack([*parts.values()]).sum()
        state.generator_optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        state.generator_optimizer.step()
        state.averaged.update()
        state.step += 1
        return {name: part.detach() for name, part in parts.items()}

    def _finite(self, losses: dict[str, float], step: int) -> dict[str, float]:
        wrong = [name for name, value in losses.items() if not math.isfinite(value)]
        if wrong:
            raise TrainingError(
                f"Training diverged by step {step} of {self.n_steps} (not finite: "
                f"{', '.join(wrong)}); lower learning_rate (now {self.learning_rate:g})"
            )
        return losses


class _Sums:
    """Sums of the parts of a loss since the last record."""

    def __init__(self) -> None:
        self.count = 0
        self._sums: dict[str, Tensor] = {}

    def add(self, parts: Mapping[str, Tensor]) -> None:
        self.count += 1
        self._sums = {name: self._sums.get(name, 0) + part for name, part in parts.items()}

    def means(self) -> dict[str, float]:
        """Return the means, and begin anew."""
        means = {name: float(total) / self.count for name, total in self._sums.items()}
        self.count, self._sums = 0, {}
        return means
