"""Tricks that steady the game of the two networks; each is a small object with a few hooks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tabgan.base.checks import check_number
from tabgan.base.errors import OptionError
from tabgan.generators.gan.losses import AdversarialLoss, CrossEntropy
from tabgan.generators.gan.networks import Discriminator

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
]


class GeneratorBatch(NamedTuple):
    """What the generator's loss was computed from: both networks, real and fake rows.

    **Shape**: rows (batch, n_features) as the discriminator is shown them
    """

    generator: nn.Module
    discriminator: Discriminator
    real: Tensor
    fake: Tensor


class Stabilizer:
    """Base of no-ops; a stabiliser overrides the moments of a step that it acts at.

    What it keeps from step to step is its state, for checkpoints; a training uses a copy.
    """

    def smooth(self, loss: AdversarialLoss, n: int, noise: torch.Generator) -> AdversarialLoss:  # noqa: ARG002
        """Return the discriminator's loss for a batch of n rows of either kind."""
        return loss

    def blur(self, features: Tensor, epoch: float, noise: torch.Generator) -> Tensor:  # noqa: ARG002
        """Return what the discriminator is shown in place of real or fake rows."""
        return features

    def recall(self, fake: Tensor, noise: torch.Generator) -> Tensor:  # noqa: ARG002
        """Return the fake rows that the discriminator is trained on."""
        return fake

    def match(self, loss: Tensor, played: GeneratorBatch) -> Tensor:  # noqa: ARG002
        """Return what the generator minimises in place of its adversarial loss."""
        return loss

    def penalise(self, loss: Tensor, played: GeneratorBatch) -> Tensor:  # noqa: ARG002
        """Return the generator's loss with a penalty added."""
        return loss

    def after_descent(self, generator: nn.Module) -> None:
        """Look at the generator's new weights."""

    def state_dict(self) -> dict[str, Any]:
        """Return what is kept from step to step."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Take up what `state_dict` gave, on the device of the training."""


@dataclass
class LabelSmoothing(Stabilizer):
    """Two-sided: the discriminator's targets are 0.9 and 0.1 in place of 1 and 0.

    Examples
    --------
    >>> from tabgan.generators.gan.losses import NonSaturating
    >>> LabelSmoothing().smooth(NonSaturating(), 4, torch.Generator())
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

    def smooth(self, loss: AdversarialLoss, n: int, noise: torch.Generator) -> AdversarialLoss:  # noqa: ARG002
        """Soften both targets."""
        return _relabelled(loss, self.real, self.fake)


@dataclass
class OneSidedSmoothing(Stabilizer):
    """One-sided: each real row's target is drawn from 0.9 to 1, that of fake ones stays 0.

    A fake target above 0 would reward the generator for staying where it is (Salimans et al.,
    2016, section 3.4).
    """

    low: float = 0.9
    high: float = 1.0

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            check_number(name, getattr(self, name), Real, 0)
        if not self.low <= self.high <= 1:
            raise OptionError(f"low={self.low!r}, high={self.high!r} must rise, up to at most 1")

    def smooth(self, loss: AdversarialLoss, n: int, noise: torch.Generator) -> AdversarialLoss:
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
    """Gaussian noise on all that the discriminator sees but labels, of std·decay^epoch.

    The supports of real and fake rows then overlap while the generator still does badly (Sønderby
    et al., 2017, arXiv:1610.04490).
    """

    std: float = 0.1
    decay: float = 0.95

    def __post_init__(self) -> None:
        check_number("std", self.std, Real, 0)
        check_number("decay", self.decay, Real, 0, above=True)
        if self.decay > 1:
            raise OptionError(f"decay={self.decay!r} must be at most 1, or the noise would grow")

    def blur(self, features: Tensor, epoch: float, noise: torch.Generator) -> Tensor:
        """Add the noise of this epoch."""
        drawn = torch.empty_like(features, requires_grad=False).normal_(generator=noise)
        return torch.add(features, drawn, alpha=self.std * self.decay**epoch)


@dataclass
class ExperienceReplay(Stabilizer):
    """Half of the fake rows that the discriminator is trained on are past ones.

    It so keeps knowing the modes that the generator has left. Once `capacity` past rows are
    kept, new ones take random places among them.
    """

    capacity: int = 10_000
    _past: Tensor | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_number("capacity", self.capacity, Integral, 1)

    @torch.no_grad()
    def recall(self, fake: Tensor, noise: torch.Generator) -> Tensor:
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
        """Take up past rows."""
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

    def match(self, loss: Tensor, played: GeneratorBatch) -> Tensor:
        """Return the distance of the means, and a share of the adversarial loss."""
        with torch.no_grad():
            wanted = played.discriminator.hidden(played.real).float().mean(dim=0)
        reached = played.discriminator.hidden(played.fake).float().mean(dim=0)
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

    def penalise(self, loss: Tensor, played: GeneratorBatch) -> Tensor:
        """Add the distance from the mean."""
        pairs = zip(played.generator.parameters(), self._means, strict=False)
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
        """Take up means."""
        self._steps = state["steps"]
        self._means = [mean.to(device) for mean in state["means"].values()]


STABILIZERS: Mapping[str, type[Stabilizer]] = {
    "label_smoothing": LabelSmoothing,
    "one_sided_smoothing": OneSidedSmoothing,
    "instance_noise": InstanceNoise,
    "feature_matching": FeatureMatching,
    "historical_averaging": HistoricalAveraging,
    "experience_replay": ExperienceReplay,
}
