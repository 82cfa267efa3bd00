"""The training loop: alternate discriminator ascent and generator descent."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor, nn

from tabgan.errors import TrainingError
from tabgan.gan.averaging import MovingAverage
from tabgan.gan.balance import Balance
from tabgan.gan.callbacks import Callback
from tabgan.gan.losses import AdversarialLoss
from tabgan.gan.penalties import R1
from tabgan.gan.precision import autocast
from tabgan.gan.state import TrainState
from tabgan.gan.steps import discriminator_step, generator_step

__all__ = ["Batches", "Head", "Trainer", "learning_rate_factor"]


class Batches(Protocol):
    """Where real rows come from."""

    batch_size: int
    n_rows: int

    def draw(self, generator: torch.Generator) -> Tensor:
        """Return the next batch of rows."""
        ...


class Head(Protocol):
    """Output activations and discriminator features of a kind of data."""

    def labels(self, rows: Tensor) -> Tensor | None:
        """Return what both networks are given of rows; None if nothing."""
        ...

    def __call__(self, logits: Tensor, generator: torch.Generator, labels: Tensor | None) -> Tensor:
        """Draw rows from logits, with the labels that are given."""
        ...

    def features(self, rows: Tensor) -> Tensor:
        """Turn rows into what the discriminator sees."""
        ...


def learning_rate_factor(progress: float, final: float = 0.02) -> float:
    """Constant for the first half of training, then linear down to `final`.

    Examples
    --------
    >>> [round(learning_rate_factor(progress), 2) for progress in (0, 0.5, 0.75, 1)]
    [1.0, 1.0, 0.51, 0.02]
    """
    return min(1.0, final + (1 - final) * 2 * (1 - progress))


@contextmanager
def _flushed_denormals() -> Iterator[None]:
    # Adam's moments of rarely seen levels decay into denormal floats, which slow a CPU down
    # several times.
    before = (torch.tensor(1e-38) * 1e-2).item() == 0.0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


@dataclass
class Trainer:
    """Trains a generator against a discriminator.

    Parameters
    ----------
    head
        Output activations and discriminator features of the data.
    batches
        Real rows on the device.
    loss, penalty
        The adversarial loss and the penalty on the discriminator's gradient.
    latent_dim
        Size of the Gaussian latent z.
    learning_rate
        Adam's rate, betas (0, 0.99); see `learning_rate_factor` for its schedule.
    dtype
        Number format of matrix products.
    latents, data, noise
        Streams of randomness, on the device: for z, for real batches, for the head's draws.
    record_every
        Steps between two records.
    seconds
        Wall time after which training ends, if its steps are not done by then; None for no
        limit, and then nothing depends on the clock. The learning rate follows whichever of
        steps and time is nearer its end.
    balance
        Sets the penalty's weight at each record; None leaves it as it is.
    """

    head: Head
    batches: Batches
    loss: AdversarialLoss
    penalty: R1
    latent_dim: int
    learning_rate: float
    dtype: torch.dtype
    latents: torch.Generator
    data: torch.Generator
    noise: torch.Generator
    record_every: int = 50
    seconds: float | None = None
    balance: Balance | None = None
    _sums: Tensor = field(init=False)

    def start(self, generator: nn.Module, discriminator: nn.Module, n_steps: int) -> TrainState:
        """Make the state of a training that has not begun."""
        return TrainState(
            generator,
            discriminator,
            MovingAverage(generator),
            self._optimizer(generator),
            self._optimizer(discriminator),
            n_steps,
        )

    def _optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        fused = all(p.device.type in ("cpu", "cuda") for p in network.parameters())
        return torch.optim.Adam(
            network.parameters(), lr=self.learning_rate, betas=(0.0, 0.99), fused=fused
        )

    def run(self, state: TrainState, callback: Callback) -> TrainState:
        """Take the steps that are left and return the state.

        Raises
        ------
        TrainingError
            If a loss is not finite.
        """
        device = self.latents.device
        self._sums = torch.zeros(3, device=device)
        callback.on_train_begin(state)
        began, since = time.monotonic(), state.step
        with _flushed_denormals():
            progress = self._progress(state, began)
            while progress < 1:
                self._set_learning_rate(state, progress)
                self._sums += self.train_step(state)
                state.step += 1
                progress = self._progress(state, began)
                if state.step % self.record_every == 0 or progress >= 1:
                    seconds = time.monotonic() - began
                    record = self._record(state, state.step - since, seconds)
                    since = state.step
                    if self.balance is not None:
                        gamma = self.balance.adapt(record["advantage"])
                        self.penalty = replace(self.penalty, gamma=gamma)
                    callback.on_record(state, record)
        callback.on_train_end(state)
        return state

    def train_step(self, state: TrainState) -> Tensor:
        """Take one step of both networks on one shared fake batch.

        Returns the discriminator's loss, the generator's, and the discriminator's advantage.

        The fake rows have the labels of the real ones, where there are labels.
        """
        rows = self.batches.draw(self.data)
        labels = self.head.labels(rows)
        real = self.head.features(rows)
        size, device = self.batches.batch_size, real.device
        z = torch.randn(size, self.latent_dim, generator=self.latents, device=device)
        penalty = self.penalty if self.penalty.due(state.step) else None
        with autocast(device, self.dtype):
            logits = state.generator(z, labels)
            fake = self.head.features(self.head(logits, self.noise, labels))
            discriminator_loss, advantage = discriminator_step(
                state.discriminator, real, fake, self.loss, penalty
            )
        _descend(discriminator_loss, state.discriminator_optimizer)
        with autocast(device, self.dtype):
            generator_loss = generator_step(state.discriminator, real, fake, self.loss)
        _descend(generator_loss, state.generator_optimizer)
        state.averaged.update()
        return torch.stack([discriminator_loss.detach(), generator_loss.detach(), advantage])

    def _progress(self, state: TrainState, began: float) -> float:
        """Return the share of the budget that is used up."""
        steps = state.step / state.n_steps if state.n_steps else 1.0
        if self.seconds is None or state.step == 0:
            return steps  # at least one step is taken, however little time there is
        return max(steps, (time.monotonic() - began) / max(self.seconds, 1e-9))

    def _set_learning_rate(self, state: TrainState, progress: float) -> None:
        rate = self.learning_rate * learning_rate_factor(progress)
        for optimizer in (state.generator_optimizer, state.discriminator_optimizer):
            for group in optimizer.param_groups:
                group["lr"] = rate

    def _record(self, state: TrainState, steps: int, seconds: float) -> dict[str, float]:
        discriminator_loss, generator_loss, advantage = (self._sums / steps).tolist()
        self._sums.zero_()
        if not (abs(discriminator_loss) + abs(generator_loss) < float("inf")):
            raise TrainingError(
                f"Training diverged: a loss is not finite by step {state.step} of "
                f"{state.n_steps}; lower learning_rate (now {self.learning_rate:g}) or raise the "
                f"penalty's weight gamma (now {self.penalty.gamma:g})"
            )
        return {
            "step": state.step,
            "epoch": state.step * self.batches.batch_size / self.batches.n_rows,
            "seconds": seconds,
            "discriminator_loss": discriminator_loss,
            "generator_loss": generator_loss,
            "advantage": advantage,
            "gamma": self.penalty.gamma,
            "learning_rate": state.generator_optimizer.param_groups[0]["lr"],
        }


def _descend(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
