"""The training loop: alternate discriminator ascent and generator descent.

They are pure of optimiser, device and logging: tensors and networks in, a scalar out.
"""

import copy
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tabgan.base.errors import TrainingError
from tabgan.generators.gan.losses import AdversarialLoss
from tabgan.generators.gan.networks import Discriminator, Generator
from tabgan.generators.gan.penalties import PENALTIES, AdaptivePenalty, DiscriminatorBatch, Penalty
from tabgan.generators.gan.protocols import Batches, GeneratorState, Head, TrainState
from tabgan.generators.gan.stabilizers import GeneratorBatch
from tabgan.generators.gan.training_config import TrainingConfig, describe
from tabgan.generators.optimization import MovingAverage
from tabgan.generators.precision import autocast
from tabgan.generators.training_callbacks import Callback

__all__ = [
    "Trainer",
    "discriminator_step",
    "flushed_denormals",
    "frozen",
    "generator_step",
    "learning_rate_factor",
    "set_learning_rate",
    "used_share",
]


def discriminator_step(
    discriminator: Discriminator,
    real: Tensor,
    fake: Tensor,
    loss: AdversarialLoss,
    *,
    penalty: Penalty | None = None,
    noise: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the discriminator's loss on a batch, penalty included, and its advantage.

    The advantage E D(real) − E D(fake), in logits, says by how much it tells the two apart.

    **Shape**: real and fake (batch, n_features); fake is cut from the generator's graph

    Parameters
    ----------
    penalty
        Added to the loss; None where no penalty is due.
    noise
        Randomness of the penalty.
    """
    real = real.detach().requires_grad_(penalty is not None)
    fake = fake.detach().requires_grad_(penalty is not None)
    if discriminator.judges_batches:
        real_logits, fake_logits = discriminator(real).float(), discriminator(fake).float()
    else:
        logits = discriminator(torch.cat([real, fake])).float()
        real_logits, fake_logits = logits[: len(real)], logits[len(real) :]
    value = loss.discriminator(real_logits, fake_logits)
    advantage = (real_logits.mean() - fake_logits.mean()).detach()
    if penalty is None:
        return value, advantage
    judged = DiscriminatorBatch(discriminator, real, fake, real_logits, fake_logits, noise)
    return value + penalty(judged), advantage


def generator_step(
    discriminator: nn.Module, real: Tensor, fake: Tensor, loss: AdversarialLoss
) -> Tensor:
    """Return the generator's loss on a batch.

    The discriminator's weights get a gradient too unless they are `frozen`.

    **Shape**: real and fake (batch, n_features); fake keeps the generator's graph
    """
    real_logits = discriminator(real).float() if loss.generator_sees_real else None
    return loss.generator(real_logits, discriminator(fake).float())


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Let a network's weights get no gradient from what is computed meanwhile."""
    weights = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for weight in weights:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in weights:
            weight.requires_grad_(True)


def learning_rate_factor(progress: float, final: float = 0.02) -> float:
    """Constant for the first half of training, then linear down to `final`.

    Examples
    --------
    >>> [round(learning_rate_factor(progress), 2) for progress in (0, 0.5, 0.75, 1)]
    [1.0, 1.0, 0.51, 0.02]
    """
    return min(1.0, final + (1 - final) * 2 * (1 - progress))


def set_learning_rate(rate: float, *optimizers: torch.optim.Optimizer) -> None:
    """Set the learning rate of all parameters."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate


def used_share(state: GeneratorState, began: float, seconds: float | None) -> float:
    """Return the share of a training's budget that is used up: of its steps or of its time.

    Parameters
    ----------
    state
        The training.
    began
        When it began, by `time.monotonic`.
    seconds
        The wall time that it may take; None for no limit.
    """
    steps = state.step / state.n_steps if state.n_steps else 1.0
    if seconds is None or state.step == 0:
        return steps  # at least one step is taken, however little time there is
    return max(steps, (time.monotonic() - began) / max(seconds, 1e-9))


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Let torch take denormal floats for zero within a ``with`` block."""
    # Adam's moments of rarely seen levels decay into denormal floats, which slow a CPU down
    # several times.
    before = (torch.tensor(1e-38) * 1e-2).item() == 0.0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


class Batch(NamedTuple):
    """A batch of features, shapes (batch, n_features)."""

    real: Tensor
    fake: Tensor


@dataclass
class Trainer:
    """Trains a generator against a discriminator.

    Parameters
    ----------
    head
        Output activations and discriminator features of the data.
    batches
        Real rows on the device.
    recipe
        Losses, penalty, stabilisers and optimisation.
    dtype
        Number format of matrix products.
    latents, data, noise
        Streams of randomness, on the device: for z, for real batches, for all other draws.
    record_every
        Steps between two records.
    seconds
        Wall time after which training ends, if its steps are not done by then; None for no
        limit, and then nothing depends on the clock. The learning rate follows whichever of
        steps and time is nearer its end.

    Attributes
    ----------
    penalty : Penalty
        The recipe's; its weight moves at each record where the recipe leaves that to the training
        (`tabgan.generators.gan.penalties`).
    stabilisers : tuple of Stabiliser
        Copies of the recipe's, with what they keep from step to step.
    """

    head: Head
    batches: Batches
    recipe: TrainingConfig
    dtype: torch.dtype
    latents: torch.Generator
    data: torch.Generator
    noise: torch.Generator
    record_every: int = 50
    seconds: float | None = None
    penalty: Penalty = field(init=False)
    _sums: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.stabilisers = copy.deepcopy(self.recipe.stabilizers)
        self.balance: AdaptivePenalty | None = None
        self.penalty = self.recipe.penalty
        if getattr(self.penalty, "gamma", 0.0) is None:
            self.balance = AdaptivePenalty()
            self._weigh_penalty(self.balance.gamma)
        self._sums = torch.zeros(3, device=self.latents.device)
        self._unrecorded = 0  # steps since the last record

    def _weigh_penalty(self, gamma: float) -> None:
        self.penalty = replace(self.penalty, gamma=gamma)  # type: ignore[call-arg]

    def start(self, generator: Generator, discriminator: Discriminator, n_steps: int) -> TrainState:
        """Make the state of a training that has not begun."""
        self.penalty.prepare(discriminator)
        optimizer, rate = self.recipe.optimizer, self.recipe.learning_rate
        return TrainState(
            generator=generator,
            discriminator=discriminator,
            averaged=MovingAverage(generator),
            generator_optimizer=optimizer.make(generator.parameters(), rate),
            discriminator_optimizer=optimizer.make(discriminator.parameters(), rate),
            n_steps=n_steps,
        )

    def run(self, state: TrainState, callback: Callback) -> TrainState:
        """Take the steps that are left, or those until a callback says stop; return the state.

        Raises
        ------
        TrainingError
            If a loss is not finite.
        """
        callback.on_train_begin(state)
        began = time.monotonic()
        with flushed_denormals():
            if self._unrecorded >= self.record_every:  # cut just before a record
                self._keep_record(state, began, callback)
            progress = used_share(state, began, self.seconds)
            while progress < 1:
                self._set_learning_rate(state, progress)
                self._sums += self.train_step(state)
                state.step += 1
                self._unrecorded += 1
                callback.on_step(state)
                progress = 1.0 if callback.stop() else used_share(state, began, self.seconds)
                if self._unrecorded >= self.record_every or progress >= 1:
                    self._keep_record(state, began, callback)
        callback.on_train_end(state)
        return state

    def _keep_record(self, state: TrainState, began: float, callback: Callback) -> None:
        record = self._record(state, time.monotonic() - began)
        if self.balance is not None:
            self._weigh_penalty(self.balance.adapt(record["advantage"]))
        callback.on_record(state, record)

    def train_step(self, state: TrainState) -> Tensor:
        """Take the discriminator's steps and one of the generator.

        The last fake batch that the discriminator was trained on is the generator's: drawing one
        batch less a step is faster, and the figures are better.

        Returns
        -------
        The discriminator's last loss, the generator's, and the discriminator's advantage,
        shape (3,).
        """
        for _ in range(self.recipe.discriminator_steps - 1):
            with torch.no_grad():
                batch = self._draw(state)
            self._train_discriminator(state, batch)
        batch = self._draw(state)
        discriminator_loss, advantage = self._train_discriminator(state, batch)
        generator_loss = self._train_generator(state, batch)
        state.averaged.update()
        return torch.stack([discriminator_loss, generator_loss, advantage])

    def _draw(self, state: TrainState) -> Batch:
        """Draw real rows, and fake ones with the labels of the real ones if there are labels."""
        rows = self.batches.draw(self.data)
        labels = self.head.labels(rows)
        z = state.generator.latents(self.batches.batch_size, self.latents)
        with autocast(rows.device, self.dtype):
            logits = state.generator(z, labels)
            fake = self.head.features(self.head(logits, self.noise, labels))
        return Batch(self.head.features(rows), fake)

    def _shown(self, features: Tensor, epoch: float) -> Tensor:
        """Return what the discriminator is shown of rows; what is given stays as it is."""
        shown = features
        for stabiliser in self.stabilisers:
            shown = stabiliser.blur(shown, epoch, self.noise)
        places = self.head.label_features
        if shown is features or not len(places):
            return shown
        return shown.index_copy(1, places, features.index_select(1, places))

    def _train_discriminator(self, state: TrainState, batch: Batch) -> tuple[Tensor, Tensor]:
        loss, fake, epoch = self.recipe.loss, batch.fake.detach(), self._epoch(state)
        for stabiliser in self.stabilisers:
            loss = stabiliser.smooth(loss, len(fake), self.noise)
            fake = stabiliser.recall(fake, self.noise)
        real, fake = self._shown(batch.real, epoch), self._shown(fake, epoch)
        penalty = self.penalty if self.penalty.due(state.step) else None
        with autocast(fake.device, self.dtype):
            value, advantage = discriminator_step(
                state.discriminator, real, fake, loss, penalty=penalty, noise=self.noise
            )
        state.discriminator_optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        self.penalty.before_descent(state.discriminator)
        state.discriminator_optimizer.step()
        self.penalty.after_descent(state.discriminator)
        return value.detach(), advantage

    def _train_generator(self, state: TrainState, batch: Batch) -> Tensor:
        epoch = self._epoch(state)
        shown = Batch(self._shown(batch.real, epoch), self._shown(batch.fake, epoch))
        played = GeneratorBatch(state.generator, state.discriminator, *shown)
        with frozen(state.discriminator), autocast(batch.fake.device, self.dtype):
            value = generator_step(state.discriminator, *shown, self.recipe.loss)
            for stabiliser in self.stabilisers:
                value = stabiliser.match(value, played)
            for stabiliser in self.stabilisers:
                value = stabiliser.penalise(value, played)
        state.generator_optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        state.generator_optimizer.step()
        for stabiliser in self.stabilisers:
            stabiliser.after_descent(state.generator)
        return value.detach()

    def state_dict(self) -> dict[str, Any]:
        """Return what the trainer keeps from step to step (`tabgan.fitting.checkpoint`)."""
        streams = (self.latents, self.data, self.noise)
        return {
            "streams": [stream.get_state() for stream in streams],
            "batches": self.batches.state_dict(),
            "sums": self._sums,
            "unrecorded": self._unrecorded,
            "gamma": self.balance.gamma if self.balance else None,
            "stabilisers": [stabiliser.state_dict() for stabiliser in self.stabilisers],
        }

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave."""
        streams = (self.latents, self.data, self.noise)
        for stream, kept in zip(streams, saved["streams"], strict=True):
            stream.set_state(kept.cpu())
        self.batches.load_state_dict(saved["batches"])
        device = self.latents.device
        self._sums, self._unrecorded = saved["sums"].to(device).clone(), saved["unrecorded"]
        if self.balance is not None:
            self.balance.gamma = saved["gamma"]
            self._weigh_penalty(self.balance.gamma)
        for stabiliser, kept in zip(self.stabilisers, saved["stabilisers"], strict=True):
            stabiliser.load_state_dict(kept, device)

    def _epoch(self, state: TrainState) -> float:
        batches = self.batches
        return state.step * self.recipe.epochs_a_step(batches.n_rows, batches.batch_size)

    def _set_learning_rate(self, state: TrainState, progress: float) -> None:
        rate = self.recipe.learning_rate * learning_rate_factor(progress)
        set_learning_rate(rate, state.generator_optimizer, state.discriminator_optimizer)

    def _record(self, state: TrainState, seconds: float) -> dict[str, float]:
        discriminator_loss, generator_loss, advantage = (self._sums / self._unrecorded).tolist()
        self._sums.zero_()
        self._unrecorded = 0
        if not (abs(discriminator_loss) + abs(generator_loss) < float("inf")):
            raise TrainingError(
                f"Training diverged: a loss is not finite by step {state.step} of "
                f"{state.n_steps}; lower learning_rate (now {self.recipe.learning_rate:g}) or "
                f"take a stronger penalty (now {describe(self.penalty, PENALTIES)})"
            )
        return {
            "step": state.step,
            "epoch": self._epoch(state),
            "seconds": seconds,
            "discriminator_loss": discriminator_loss,
            "generator_loss": generator_loss,
            "advantage": advantage,
            "gamma": float(getattr(self.penalty, "gamma", 0.0)),
            "learning_rate": state.generator_optimizer.param_groups[0]["lr"],
        }
