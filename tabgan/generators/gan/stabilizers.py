"""Stabilizers of GAN training: label smoothing, noise, replay, feature matching, averaging."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tabgan.base.errors import OptionError
from tabgan.base.option_checks import check_number
from tabgan.base.registry import Registry
from tabgan.generators.gan.losses_and_penalties import AdversarialLoss, CrossEntropy
from tabgan.generators.gan.table_networks import Discriminator

__all__ = [
    "STABILIZERS",
    "ExperienceReplay",
    "FeatureMatching",
    "HistoricalAveraging",
    "InstanceNoise",
    "LabelSmoothing",
    "OneSidedSmoothing",
    "GeneratorBatch",
    "Stabilizer",
    "register_stabilizer",
]


class GeneratorBatch(NamedTuple):
    """The inputs of the generator's loss: both networks, real and fake rows.

    **Shape**: real and fake (batch, n_features), as the discriminator sees them
    """

    generator: nn.Module
    discriminator: Discriminator
    real: Tensor
    fake: Tensor


class Stabilizer:
    """Base class of stabilizers: its hooks do nothing; a stabilizer overrides those that it needs.

    Each training uses its own copy. `state_dict` returns what a stabilizer keeps from step to step,
    for checkpoints.
    """

    def on_discriminator_loss(
        self,
        loss: AdversarialLoss,
        n: int,  # noqa: ARG002
        noise: torch.Generator,  # noqa: ARG002
    ) -> AdversarialLoss:
        """Return the discriminator's loss for a batch.

        Parameters
        ----------
        loss
            The loss of the training.
        n
            Number of real rows in the batch; there are as many fake ones.
        noise
            Random generator for this call.
        """
        return loss

    def on_discriminator_input(
        self,
        features: Tensor,
        epoch: float,  # noqa: ARG002
        noise: torch.Generator,  # noqa: ARG002
    ) -> Tensor:
        """Return the discriminator's input for real or fake rows.

        Parameters
        ----------
        features
            The rows, shape (batch, n_features).
        epoch
            Number of passes over the data so far.
        noise
            Random generator for this call.
        """
        return features

    def on_fake_batch(self, fake: Tensor, noise: torch.Generator) -> Tensor:  # noqa: ARG002
        """Return the fake rows that the discriminator is trained on.

        Parameters
        ----------
        fake
            The generator's current rows, shape (batch, n_features).
        noise
            Random generator for this call.
        """
        return fake

    def on_generator_loss(self, loss: Tensor, batch: GeneratorBatch) -> Tensor:  # noqa: ARG002
        """Return the loss that the generator minimizes instead of its adversarial loss.

        Parameters
        ----------
        loss
            The adversarial loss, a scalar.
        batch
            The inputs of the loss.
        """
        return loss

    def on_generator_penalty(self, loss: Tensor, batch: GeneratorBatch) -> Tensor:  # noqa: ARG002
        """Return the generator's loss plus a penalty; called after `on_generator_loss`.

        Parameters
        ----------
        loss
            The loss so far, a scalar.
        batch
            The inputs of the loss.
        """
        return loss

    def after_descent(self, generator: nn.Module) -> None:
        """Run after the generator's step, with its new weights."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state that is kept from step to step."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Restore what `state_dict` returned.

        Parameters
        ----------
        state
            The state.
        device
            Device of the training.
        """


@dataclass
class LabelSmoothing(Stabilizer):
    """Two-sided label smoothing: the discriminator's targets are 0.9 and 0.1 instead of 1 and 0.

    Examples
    --------
    >>> from tabgan.generators.gan.losses_and_penalties import NonSaturating
    >>> LabelSmoothing().on_discriminator_loss(NonSaturating(), 4, torch.Generator())
    NonSaturating(real_label=0.9, fake_label=0.1)
    """

    real: float = 0.9
    fake: float = 0.1

    def __post_init__(self) -> None:
        for name in ("real", "fake"):
            check_number(name, getattr(self, name), Real, 0)
        if not self.fake < self.real <= 1:
            raise OptionError(
                f"real={self.real!r}, fake={self.fake!r}: the label of fake rows must be below "
                "that of real ones, and this at most 1"
            )

    def on_discriminator_loss(
        self,
        loss: AdversarialLoss,
        n: int,  # noqa: ARG002
        noise: torch.Generator,  # noqa: ARG002
    ) -> AdversarialLoss:
        """Soften both targets."""
        return _relabelled(loss, self.real, self.fake)


@dataclass
class OneSidedSmoothing(Stabilizer):
    """One-sided label smoothing: real targets are sampled from 0.9 to 1, fake ones stay 0.

    A fake target above 0 would reward the generator for standing still (Salimans et al.,
    2016, section 3.4).
    """

    low: float = 0.9
    high: float = 1.0

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            check_number(name, getattr(self, name), Real, 0)
        if not self.low <= self.high <= 1:
            raise OptionError(f"low={self.low!r}, high={self.high!r} must rise, up to at most 1")

    def on_discriminator_loss(
        self, loss: AdversarialLoss, n: int, noise: torch.Generator
    ) -> AdversarialLoss:
        """Draw the real rows' targets."""
        uniform = torch.rand(n, generator=noise, device=noise.device)
        return _relabelled(loss, self.low + (self.high - self.low) * uniform, 0.0)


def _relabelled(
    loss: AdversarialLoss, real: float | Tensor, fake: float | Tensor
) -> AdversarialLoss:
    if not isinstance(loss, CrossEntropy):
        raise TypeError(f"{type(loss).__name__} has no labels that could be smoothed")
    return replace(loss, real_label=real, fake_label=fake)


@dataclass
class InstanceNoise(Stabilizer):
    """Gaussian noise of std·decay^epoch on the discriminator's input, except labels.

    The supports of real and fake rows then overlap while the generator is still poor (Sønderby
    et al., 2017, arXiv:1610.04490).
    """

    std: float = 0.1
    decay: float = 0.95

    def __post_init__(self) -> None:
        check_number("std", self.std, Real, 0)
        check_number("decay", self.decay, Real, 0, above=True)
        if self.decay > 1:
            raise OptionError(f"decay={self.decay!r} must be at most 1, or the noise would grow")

    def on_discriminator_input(
        self, features: Tensor, epoch: float, noise: torch.Generator
    ) -> Tensor:
        """Add the noise of this epoch."""
        drawn = torch.empty_like(features, requires_grad=False).normal_(generator=noise)
        return torch.add(features, drawn, alpha=self.std * self.decay**epoch)


@dataclass
class ExperienceReplay(Stabilizer):
    """Half of the discriminator's fake rows are past ones.

    The discriminator so still sees the modes that the generator has left. Once `capacity` past
    rows are stored, new ones replace random ones.
    """

    capacity: int = 10_000
    _past: Tensor | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_number("capacity", self.capacity, Integral, 1)

    @torch.no_grad()
    def on_fake_batch(self, fake: Tensor, noise: torch.Generator) -> Tensor:
        """Replace the second half of the rows by past ones, and keep the present ones."""
        now = fake.detach()
        mixed = now
        if self._past is not None:
            n_past = len(now) // 2
            chosen = self._places(n_past, len(self._past), noise)
            mixed = torch.cat([now[: len(now) - n_past], self._past[chosen]])
        self._keep(now, noise)
        return mixed

    def _keep(self, rows: Tensor, noise: torch.Generator) -> None:
        if self._past is None or len(self._past) < self.capacity:
            before = [] if self._past is None else [self._past]
            self._past = torch.cat([*before, rows])[: self.capacity].clone()
        else:
            self._past[self._places(len(rows), self.capacity, noise)] = rows

    @staticmethod
    def _places(n: int, below: int, noise: torch.Generator) -> Tensor:
        return torch.randint(below, (n,), generator=noise, device=noise.device)

    def state_dict(self) -> dict[str, Any]:
        """Return the past rows."""
        return {} if self._past is None else {"past": self._past}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Restore the past rows."""
        self._past = state["past"].to(device) if "past" in state else None


@dataclass
class FeatureMatching(Stabilizer):
    """The generator matches the means of an intermediate layer of the discriminator.

    Its loss becomes weight·mean((E h(x̃) − E h(x))²) + adversarial·(its adversarial loss), where h
    is the last hidden layer (Salimans et al., 2016, section 3.1).
    """

    weight: float = 1.0
    adversarial: float = 0.0

    def __post_init__(self) -> None:
        check_number("weight", self.weight, Real, 0, above=True)
        check_number("adversarial", self.adversarial, Real, 0)

    def on_generator_loss(self, loss: Tensor, batch: GeneratorBatch) -> Tensor:
        """Return the distance of the means, and a share of the adversarial loss."""
        with torch.no_grad():
            wanted = batch.discriminator.hidden(batch.real).float().mean(dim=0)
        reached = batch.discriminator.hidden(batch.fake).float().mean(dim=0)
        distance = nn.functional.mse_loss(reached, wanted)
        return self.weight * distance + self.adversarial * loss


@dataclass
class HistoricalAveraging(Stabilizer):
    """Penalty weight·‖θ − mean θ‖² on the generator's weights (Salimans et al., 2016, section 3.3).

    The mean is over the weights after all steps so far.
    """

    weight: float = 1e-3
    _means: list[Tensor] = field(default_factory=list, init=False, repr=False, compare=False)
    _steps: int = field(default=0, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_number("weight", self.weight, Real, 0, above=True)

    def on_generator_penalty(self, loss: Tensor, batch: GeneratorBatch) -> Tensor:
        """Add the distance from the mean."""
        pairs = zip(batch.generator.parameters(), self._means, strict=False)
        distances = [(weight - mean).square().sum() for weight, mean in pairs]
        return loss + self.weight * torch.stack(distances).sum() if distances else loss

    @torch.no_grad()
    def after_descent(self, generator: nn.Module) -> None:
        """Move the mean."""
        weights = [parameter.detach() for parameter in generator.parameters()]
        self._steps += 1
        if not self._means:
            self._means = [weight.clone() for weight in weights]
        torch._foreach_lerp_(self._means, weights, 1 / self._steps)

    def state_dict(self) -> dict[str, Any]:
        """Return the means and the number of steps."""
        return {"steps": self._steps, "means": dict(enumerate(self._means))}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Restore the means."""
        self._steps = state["steps"]
        self._means = [mean.to(device) for mean in state["means"].values()]


STABILIZERS: Registry[Stabilizer] = Registry(
    "stabilizers",
    Stabilizer,
    {
        "label_smoothing": LabelSmoothing,
        "one_sided_smoothing": OneSidedSmoothing,
        "instance_noise": InstanceNoise,
        "feature_matching": FeatureMatching,
        "historical_averaging": HistoricalAveraging,
        "experience_replay": ExperienceReplay,
    },
    "register_stabilizer",
)


def register_stabilizer(name: str, cls: type[Stabilizer]) -> None:
    """Register a stabilizer under a name, for options and model files.

    Parameters
    ----------
    name
        Its name: lower-case letters, digits and underscores.
    cls
        A dataclass that subclasses `Stabilizer`; its parameters are numbers with defaults.

    Raises
    ------
    OptionError
        If the name or the class can't be used, or if the name is that of another class.

    Examples
    --------
    >>> @dataclass
    ... class LouderLoss(Stabilizer):
    ...     factor: float = 2.0
    ...     def on_generator_loss(self, loss, batch):
    ...         return self.factor * loss
    >>> register_stabilizer("louder_loss", LouderLoss)
    >>> STABILIZERS.resolve("louder_loss:factor=3")
    LouderLoss(factor=3)
    """
    STABILIZERS.register(name, cls)
