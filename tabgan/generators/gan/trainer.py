"""The training of a GAN: the losses of one step, the training loop, and its state.

`discriminator_step` and `generator_step` take tensors and networks and return a scalar; they do not
depend on optimizers, devices or logging.
"""

import copy
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tabgan.base.errors import TrainingError
from tabgan.generators.gan.diagnosis import PROBE_ROWS, Probe, SnapshotTaker, total_norm
from tabgan.generators.gan.losses_and_penalties import (
    PENALTIES,
    AdaptivePenalty,
    AdversarialLoss,
    DiscriminatorBatch,
    Penalty,
)
from tabgan.generators.gan.stabilizers import GeneratorBatch
from tabgan.generators.gan.table_networks import Discriminator
from tabgan.generators.gan.training_config import TrainingConfig
from tabgan.generators.generator_training import (
    Checkpoints,
    Generator,
    GeneratorState,
    GeneratorTraining,
    autocast,
    flushed_denormals,
    learning_rate_factor,
    save_if_due,
    set_learning_rate,
    used_share,
)
from tabgan.generators.heads_and_batches import Batches, Head
from tabgan.generators.optimizers import MovingAverage
from tabgan.generators.training_callbacks import Callback, Callbacks

__all__ = [
    "GANTraining",
    "TrainState",
    "Trainer",
    "discriminator_step",
    "frozen",
    "generator_step",
]


GOOD_EVERY = 4  # records between two states to go back to


def discriminator_step(
    discriminator: Discriminator,
    real: Tensor,
    fake: Tensor,
    loss: AdversarialLoss,
    *,
    penalty: Penalty | None = None,
    noise: torch.Generator | None = None,
    weight: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Return the discriminator's loss on a batch, penalty included, and its logit gap.

    The gap E D(real) − E D(fake) is by how much the discriminator tells the two apart.

    **Shape**: real and fake (batch, n_features); fake is cut from the generator's graph

    Parameters
    ----------
    discriminator
        The network, whose weights get a gradient.
    real, fake
        Features of the two batches.
    loss
        The adversarial loss.
    penalty
        Added to the loss; None if no penalty is due.
    noise
        Randomness of the penalty.
    weight
        Factor of the adversarial loss.
    """
    real = real.detach().requires_grad_(penalty is not None)
    fake = fake.detach().requires_grad_(penalty is not None)
    if discriminator.judges_batches:
        real_logits, fake_logits = discriminator(real).float(), discriminator(fake).float()
    else:
        logits = discriminator(torch.cat([real, fake])).float()
        real_logits, fake_logits = logits[: len(real)], logits[len(real) :]
    value = weight * loss.discriminator(real_logits, fake_logits)
    logit_gap = (real_logits.mean() - fake_logits.mean()).detach()
    if penalty is None:
        return value, logit_gap
    judged = DiscriminatorBatch(discriminator, real, fake, real_logits, fake_logits, noise)
    return value + penalty(judged), logit_gap


def generator_step(
    discriminator: nn.Module, real: Tensor, fake: Tensor, loss: AdversarialLoss
) -> Tensor:
    """Return the generator's loss on a batch.

    The discriminator's weights get a gradient too unless they are `frozen`.

    **Shape**: real and fake (batch, n_features); fake keeps the generator's graph

    Parameters
    ----------
    discriminator
        The network that judges the rows.
    real, fake
        Features of the two batches.
    loss
        The adversarial loss.
    """
    real_logits = discriminator(real).float() if loss.generator_sees_real else None
    return loss.generator(real_logits, discriminator(fake).float())


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Freeze a network's weights within a ``with`` block."""
    weights = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for weight in weights:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in weights:
            weight.requires_grad_(True)


@dataclass(kw_only=True)
class TrainState(GeneratorState):
    """The state of a GAN training: everything that changes during it."""

    discriminator: Discriminator
    discriminator_optimizer: torch.optim.Optimizer

    def state_dict(self) -> dict[str, Any]:
        """Return the state; its tensors are those that go on to change."""
        return super().state_dict() | {
            "discriminator": self.discriminator.state_dict(),
            "discriminator_optimizer": self.discriminator_optimizer.state_dict(),
        }

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        super().load_state_dict(saved)
        self.discriminator.load_state_dict(saved["discriminator"])
        self.discriminator_optimizer.load_state_dict(saved["discriminator_optimizer"])


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
    config
        Losses, penalty, stabilizers and optimization.
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
    checkpoints
        Where the state goes; None for nowhere.
    snapshots
        Draws rows at moments of the training; what it has drawn is part of the state.

    Attributes
    ----------
    penalty : Penalty
        The configured one; its weight is adapted at each record if the configuration leaves it open
        (`tabgan.generators.gan.losses_and_penalties.AdaptivePenalty`).
    stabilizers : tuple of Stabilizer
        Copies of the configured ones, with their state.
    """

    head: Head
    batches: Batches
    config: TrainingConfig
    dtype: torch.dtype
    latents: torch.Generator
    data: torch.Generator
    noise: torch.Generator
    record_every: int = 50
    seconds: float | None = None
    checkpoints: Checkpoints | None = None
    snapshots: SnapshotTaker | None = None
    penalty: Penalty = field(init=False)
    _sums: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.stabilizers = copy.deepcopy(self.config.stabilizers)
        self.adaptive: AdaptivePenalty | None = None
        self.penalty = self.config.penalty
        if getattr(self.penalty, "gamma", 0.0) is None:
            self.adaptive = AdaptivePenalty()
            self._weigh_penalty(self.adaptive.gamma)
        self._sums = torch.zeros(3, device=self.latents.device)
        self._unrecorded = 0  # steps since the last record
        self._began = 0.0
        self._slowed = 1.0  # factor of the learning rate, below 1 once the training has gone back
        self._good: Mapping[str, Any] = {}  # the last state whose weights are known to be finite
        self._records = 0

    def _weigh_penalty(self, gamma: float) -> None:
        self.penalty = replace(self.penalty, gamma=gamma)  # type: ignore[call-arg]

    def start(self, generator: Generator, discriminator: Discriminator, n_steps: int) -> TrainState:
        """Create the initial state of a training.

        Parameters
        ----------
        generator, discriminator
            The networks, with their first weights.
        n_steps
            Steps that the training has.
        """
        self.penalty.prepare(discriminator)
        optimizer, rate = self.config.optimizer, self.config.learning_rate
        return TrainState(
            generator=generator,
            discriminator=discriminator,
            averaged=MovingAverage(generator, self.config.preset.average_decay),
            generator_optimizer=optimizer.make(generator.parameters(), rate),
            discriminator_optimizer=optimizer.make(discriminator.parameters(), rate),
            n_steps=n_steps,
        )

    def run(self, state: TrainState, callback: Callback) -> TrainState:
        """Train until the last step, the time limit, or a callback stops it; return the state.

        Parameters
        ----------
        state
            The training, as `start` made it.
        callback
            Hears of each step and record, and may end the training.

        Raises
        ------
        TrainingError
            If a loss or a weight is not finite, also at half the learning rate. That is looked for
            at each record: a look at each step would wait for the device.
        """
        callback.on_train_begin(state)
        self._began += time.monotonic()
        self._good = self.capture(state)
        with flushed_denormals():
            if self._unrecorded >= self.record_every:  # cut just before a record
                self._keep_record(state, callback)
            progress = used_share(state, self._began, self.seconds)
            while progress < 1:
                self._set_learning_rate(state, progress)
                self._sums += self.train_step(state)
                state.step += 1
                self._unrecorded += 1
                callback.on_step(state)
                progress = 1.0 if callback.stop() else used_share(state, self._began, self.seconds)
                if self._unrecorded >= self.record_every or progress >= 1:
                    fault = self._fault(state)
                    if fault is None:
                        self._keep_record(state, callback)
                    else:
                        self._go_back(state, fault)
                        progress = used_share(state, self._began, self.seconds)
                save_if_due(self.checkpoints, state, progress, lambda: self._sound(state))
        callback.on_train_end(state)
        return state

    def _keep_record(self, state: TrainState, callback: Callback) -> None:
        record = self._record(state, time.monotonic() - self._began)
        if self.adaptive is not None:
            self._weigh_penalty(self.adaptive.adapt(record["advantage"]))
        callback.on_record(state, record)
        self._records += 1
        if self._records % GOOD_EVERY == 0:
            self._good = self.capture(state)

    def _fault(self, state: TrainState) -> str | None:
        """Return what is not finite, in words; None if all is."""
        discriminator, generator, _ = self._sums.tolist()
        values = {"the discriminator's loss": discriminator, "the generator's loss": generator}
        networks = {"generator": state.generator, "discriminator": state.discriminator}
        for name, network in networks.items():
            weights = [weight.detach() for weight in network.parameters() if weight.numel()]
            values[f"a weight of the {name}"] = total_norm(weights)
        wrong = [name for name, value in values.items() if not math.isfinite(value)]
        return f"not finite: {', '.join(wrong)}" if wrong else None

    def _sound(self, state: TrainState) -> dict[str, Any] | None:
        """Return a copy of the state to be saved; None if it can't be gone on from."""
        return self.capture(state) if self._fault(state) is None else None

    def _go_back(self, state: TrainState, fault: str) -> None:
        """Go back to the last good state, and on at half the learning rate; once only."""
        if self._slowed < 1:
            raise TrainingError(
                f"Training diverged by step {state.step} of {state.n_steps}, also at half the "
                f"learning rate ({fault}); lower learning_rate (now "
                f"{self.config.learning_rate:g}) or take a stronger penalty (now "
                f"{PENALTIES.describe(self.penalty)})"
            )
        state.load_state_dict(self._good)
        self.load_state_dict(self._good["trainer"])
        self._slowed = 0.5

    def train_step(self, state: TrainState) -> Tensor:
        """Take the discriminator's steps and one of the generator.

        The generator learns from the last fake batch that the discriminator was trained on: one
        batch less is drawn, and the figures are better. With fresh noise it has a batch of its own,
        of the same labels.

        Returns
        -------
        The discriminator's last loss, the generator's, and the logit gap, shape (3,).
        """
        if self.config.preset.one_batch:
            return self._step_on_one_batch(state)
        for _ in range(self.config.discriminator_steps - 1):
            with torch.no_grad():
                batch = self._draw(state)
            self._train_discriminator(state, batch)
        rows, fresh = self.batches.draw(self.data), bool(self.config.preset.fresh_noise)
        with torch.set_grad_enabled(not fresh):
            batch = self._beside_fakes(state, rows)
        discriminator_loss, logit_gap = self._train_discriminator(state, batch)
        if fresh:
            batch = self._beside_fakes(state, rows)
        generator_loss = self._train_generator(state, batch)
        state.averaged.update()
        return torch.stack([discriminator_loss, generator_loss, logit_gap])

    def _step_on_one_batch(self, state: TrainState) -> Tensor:
        """Take all steps on one batch; the gradients of the last ones precede both updates."""
        batch = self._draw(state)
        for _ in range(self.config.discriminator_steps - 1):
            self._train_discriminator(state, batch)
        discriminator_loss, logit_gap = self._discriminator_gradient(state, batch)
        generator_loss = self._generator_gradient(state, batch)
        self._update_discriminator(state)
        self._update_generator(state)
        state.averaged.update()
        return torch.stack([discriminator_loss, generator_loss, logit_gap])

    def _draw(self, state: TrainState) -> Batch:
        """Draw real rows and fake ones."""
        return self._beside_fakes(state, self.batches.draw(self.data))

    def _beside_fakes(self, state: TrainState, rows: Tensor) -> Batch:
        """Draw fake rows beside real ones, with their labels if there are labels."""
        labels = self.head.labels(rows)
        z = state.generator.latents(self.batches.batch_size, self.latents)
        with autocast(rows.device, self.dtype):
            logits = state.generator(z, labels)
            fake = self.head.features(self.head(logits, self.noise, labels))
        return Batch(self.head.features(rows), fake)

    def _shown(self, features: Tensor, epoch: float) -> Tensor:
        """Return what the discriminator is shown of rows; labels stay as they are."""
        shown = features
        for stabilizer in self.stabilizers:
            shown = stabilizer.on_discriminator_input(shown, epoch, self.noise)
        places = self.head.label_features
        if shown is features or not len(places):
            return shown
        return shown.index_copy(1, places, features.index_select(1, places))

    def _train_discriminator(self, state: TrainState, batch: Batch) -> tuple[Tensor, Tensor]:
        losses = self._discriminator_gradient(state, batch)
        self._update_discriminator(state)
        return losses

    def _discriminator_gradient(self, state: TrainState, batch: Batch) -> tuple[Tensor, Tensor]:
        loss, fake, epoch = self.config.loss, batch.fake.detach(), self._epoch(state)
        for stabilizer in self.stabilizers:
            loss = stabilizer.on_discriminator_loss(loss, len(fake), self.noise)
            fake = stabilizer.on_fake_batch(fake, self.noise)
        real, fake = self._shown(batch.real, epoch), self._shown(fake, epoch)
        penalty = self.penalty if self.penalty.due(state.step) else None
        with autocast(fake.device, self.dtype):
            value, logit_gap = discriminator_step(
                state.discriminator,
                real,
                fake,
                loss,
                penalty=penalty,
                noise=self.noise,
                weight=self.config.preset.discriminator_weight,
            )
        state.discriminator_optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        return value.detach(), logit_gap

    def _update_discriminator(self, state: TrainState) -> None:
        self.penalty.before_descent(state.discriminator)
        state.discriminator_optimizer.step()
        self.penalty.after_descent(state.discriminator)

    def _train_generator(self, state: TrainState, batch: Batch) -> Tensor:
        loss = self._generator_gradient(state, batch)
        self._update_generator(state)
        return loss

    def _generator_gradient(self, state: TrainState, batch: Batch) -> Tensor:
        epoch = self._epoch(state)
        shown = Batch(self._shown(batch.real, epoch), self._shown(batch.fake, epoch))
        played = GeneratorBatch(state.generator, state.discriminator, *shown)
        with frozen(state.discriminator), autocast(batch.fake.device, self.dtype):
            value = generator_step(state.discriminator, *shown, self.config.loss)
            for stabilizer in self.stabilizers:
                value = stabilizer.on_generator_loss(value, played)
            for stabilizer in self.stabilizers:
                value = stabilizer.on_generator_penalty(value, played)
        state.generator_optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        return value.detach()

    def _update_generator(self, state: TrainState) -> None:
        state.generator_optimizer.step()
        for stabilizer in self.stabilizers:
            stabilizer.after_descent(state.generator)

    def capture(self, state: TrainState) -> dict[str, Any]:
        """Return a copy of the whole state: nested dictionaries of numbers and tensors.

        A training that `restore` brings to it goes on as if it had never been interrupted. It
        holds networks, averages, optimizers, streams of randomness, the order of the rows, the
        penalty's weight and the state of the stabilizers.
        """
        return copy.deepcopy({**state.state_dict(), "trainer": self.state_dict()})

    def restore(self, state: TrainState, saved: Mapping[str, Any]) -> None:
        """Restore a captured state.

        Parameters
        ----------
        state
            The training's networks and optimizers.
        saved
            What `capture` returned.

        Raises
        ------
        KeyError, ValueError, RuntimeError
            If the state is that of another kind of training.
        """
        state.load_state_dict(saved)
        self.load_state_dict(saved["trainer"])
        seconds = float(saved["trainer"]["seconds"])
        self._began = -seconds
        if self.seconds is not None:
            self.seconds += seconds

    def state_dict(self) -> dict[str, Any]:
        """Return the state beside that of networks and optimizers."""
        streams = (self.latents, self.data, self.noise)
        return {
            "seconds": time.monotonic() - self._began,
            "slowed": self._slowed,
            "snapshots": self.snapshots.state_dict() if self.snapshots else None,
            "streams": [stream.get_state() for stream in streams],
            "batches": self.batches.state_dict(),
            "sums": self._sums,
            "unrecorded": self._unrecorded,
            "gamma": self.adaptive.gamma if self.adaptive else None,
            "stabilizers": [stabilizer.state_dict() for stabilizer in self.stabilizers],
        }

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        streams = (self.latents, self.data, self.noise)
        for stream, kept in zip(streams, saved["streams"], strict=True):
            stream.set_state(kept.cpu())
        self._slowed = saved["slowed"]
        if self.snapshots is not None:
            self.snapshots.load_state_dict(saved["snapshots"])
        self.batches.load_state_dict(saved["batches"])
        device = self.latents.device
        self._sums, self._unrecorded = saved["sums"].to(device).clone(), saved["unrecorded"]
        if self.adaptive is not None:
            self.adaptive.gamma = saved["gamma"]
            self._weigh_penalty(self.adaptive.gamma)
        for stabilizer, kept in zip(self.stabilizers, saved["stabilizers"], strict=True):
            stabilizer.load_state_dict(kept, device)

    def _epoch(self, state: TrainState) -> float:
        batches = self.batches
        return state.step * self.config.epochs_a_step(batches.n_rows, batches.batch_size)

    def _set_learning_rate(self, state: TrainState, progress: float) -> None:
        rate = self._slowed * self.config.learning_rate
        if not self.config.preset.constant_rate:
            rate *= learning_rate_factor(progress)
        set_learning_rate(rate, state.generator_optimizer, state.discriminator_optimizer)

    def _record(self, state: TrainState, seconds: float) -> dict[str, float]:
        discriminator_loss, generator_loss, logit_gap = (self._sums / self._unrecorded).tolist()
        self._sums.zero_()
        self._unrecorded = 0
        went_back = {} if self._slowed == 1 else {"slowed": self._slowed}
        return {
            **went_back,
            "step": state.step,
            "epoch": self._epoch(state),
            "seconds": seconds,
            "discriminator_loss": discriminator_loss,
            "generator_loss": generator_loss,
            "advantage": logit_gap,
            "gamma": float(getattr(self.penalty, "gamma", 0.0)),
            "learning_rate": state.generator_optimizer.param_groups[0]["lr"],
        }


@dataclass(frozen=True, kw_only=True)
class GANTraining(GeneratorTraining):
    """Base class of GAN trainings on tables and images.

    Parameters
    ----------
    config
        Loss, penalty, stabilizers and optimization.
    n_snapshots
        Number of moments at which rows are drawn (`tabgan.generators.gan.diagnosis`).
    """

    config: TrainingConfig
    n_snapshots: int = 0

    def train(
        self,
        head: Head,
        batches: Batches,
        networks: Callable[[torch.Generator], tuple[Generator, Discriminator]],
        snapshots: SnapshotTaker,
        *,
        callback: Callback,
        seconds: float | None,
        checkpoints: Checkpoints | None = None,
    ) -> Generator:
        """Train and return the averaged generator.

        Parameters
        ----------
        head
            Output activations and discriminator features of the data.
        batches
            The real rows.
        networks
            Makes the two networks; gets the stream of noise for what they draw in training.
        snapshots
            Draws rows at moments of the training.
        callback
            Hears of the training; its records have what `Probe` measures too.
        seconds
            Wall time after which training ends; None for no limit.
        checkpoints
            Where the state goes, and comes from if there is one; None for nowhere.
        """
        trainer = Trainer(
            head=head,
            batches=batches,
            config=self.config,
            dtype=self.dtype,
            latents=self.stream("latents"),
            data=self.stream("data"),
            noise=self.stream("noise"),
            seconds=seconds,
            checkpoints=checkpoints,
            snapshots=snapshots,
        )
        snapshots.seconds = seconds
        generator, discriminator = networks(trainer.noise)
        state = trainer.start(generator, discriminator, self.n_steps)
        probing = self.stream("probe")
        probe = Probe(head, batches.pick(PROBE_ROWS, probing), probing)
        saved = checkpoints.saved_training() if checkpoints else None
        if saved is not None:
            trainer.restore(state, saved)
        return trainer.run(state, Callbacks([probe, snapshots, callback])).averaged.network
