"""Presets of a GAN's training: what steps, rates and averages are like, and the usual parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

from tabgan.base.checks import check_number
from tabgan.base.errors import OptionError
from tabgan.base.registry import Registry

__all__ = ["PRESETS", "LectureTraining", "TrainingPreset", "UsualTraining"]


@dataclass(frozen=True)
class TrainingPreset:
    """The base of all presets.

    Parameters
    ----------
    fresh_noise
        1 if the generator's step draws latents of its own; 0 if it learns from the last fake batch
        that the discriminator was trained on.
    constant_rate
        1 if the learning rate stays; 0 if it goes down in the second half of the training.
    average_decay
        Decay of the moving average of the generator's weights that samples; 0 samples from the
        weights themselves.
    discriminator_weight
        Factor of the discriminator's loss: 1 for the sum over real and fake rows, 0.5 for the mean.
    """

    fresh_noise: int = 0
    constant_rate: int = 0
    average_decay: float = 0.999
    discriminator_weight: float = 1.0

    parts: ClassVar[Mapping[str, Any]] = {}
    """The options that a preset sets where they have the defaults of an estimator."""

    def __post_init__(self) -> None:
        for name in ("fresh_noise", "constant_rate"):
            if getattr(self, name) not in (0, 1):
                raise OptionError(f"training: {name}={getattr(self, name)!r} must be 0 or 1")
        if not 0 <= self.average_decay < 1:
            raise OptionError(
                f"training: average_decay={self.average_decay!r} must be from 0 to below 1"
            )
        weight = self.discriminator_weight
        check_number("discriminator_weight", weight, Real, 0, above=True)

    def apply(self, options: Mapping[str, Any], *, critic: bool) -> dict[str, Any]:
        """Return an estimator's options with the parts of the preset in place of the defaults.

        Parameters
        ----------
        options
            The options, by name.
        critic
            Whether the discriminator is a critic, which has to be Lipschitz.
        """
        changed = {
            name: value for name, value in self.parts.items() if options[name] == _DEFAULTS[name]
        }
        if critic and "penalty" in changed:
            changed["penalty"] = "gradient_clipping"
        return {**options, **changed}


_DEFAULTS: Mapping[str, Any] = {"optimizer": "adam", "learning_rate": 5e-4, "penalty": "auto"}


@dataclass(frozen=True)
class UsualTraining(TrainingPreset):
    """What measured best here: one batch for both networks, a falling rate, averaged weights."""


@dataclass(frozen=True)
class LectureTraining(TrainingPreset):
    """The recipe of the lectures (documents 000 to 003).

    Fresh noise for the generator's step, a constant learning rate, no average, the mean of the
    losses of real and fake rows, Adam with betas 0.5 and 0.999 at 2e-4, and no penalty; of
    "wasserstein", clipped gradients.
    """

    fresh_noise: int = 1
    constant_rate: int = 1
    average_decay: float = 0.0
    discriminator_weight: float = 0.5

    parts: ClassVar[Mapping[str, Any]] = {
        "optimizer": "adam:beta1=0.5,beta2=0.999",
        "learning_rate": 2e-4,
        "penalty": "none",
    }


PRESETS: Registry[TrainingPreset] = Registry(
    "training",
    TrainingPreset,
    {"usual": UsualTraining, "lectures": LectureTraining},
    "register_training",
)
