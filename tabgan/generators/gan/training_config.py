"""How a GAN is trained: its loss, penalty, stabilizers and optimizer, and the presets of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np

from tabgan.base.errors import OptionError
from tabgan.base.option_checks import check_number
from tabgan.base.registry import Registry
from tabgan.generators.gan.losses_and_penalties import (
    LOSSES,
    PENALTIES,
    R1,
    AdversarialLoss,
    CrossEntropy,
    NonSaturating,
    NoPenalty,
    Penalty,
    Wasserstein,
    describe_adaptive_penalty,
)
from tabgan.generators.gan.stabilizers import (
    STABILIZERS,
    LabelSmoothing,
    OneSidedSmoothing,
    Stabilizer,
)
from tabgan.generators.optimizers import OPTIMIZERS, Adam, Optimizer

__all__ = [
    "LectureTraining",
    "PRESETS",
    "TrainingConfig",
    "TrainingPreset",
    "UsualTraining",
    "VanillaTraining",
]


@dataclass(frozen=True)
class TrainingPreset:
    """The base of all presets.

    Parameters
    ----------
    fresh_noise
        1 if the generator's step draws latents of its own; 0 if it learns from the last fake batch
        that the discriminator was trained on.
    one_batch
        1 if all steps of the discriminator and the one of the generator share a batch, and the
        generator's gradient is taken before the discriminator's last update; 0 if each of the
        discriminator's steps has a batch of its own, and the generator follows the last.
    constant_rate
        1 if the learning rate stays; 0 if it goes down in the second half of the training.
    average_decay
        Decay of the moving average of the generator's weights that samples; 0 samples from the
        weights themselves.
    discriminator_weight
        Factor of the discriminator's loss: 1 for the sum over real and fake rows, 0.5 for the mean.
    """

    fresh_noise: int = 0
    one_batch: int = 0
    constant_rate: int = 0
    average_decay: float = 0.999
    discriminator_weight: float = 1.0

    parts: ClassVar[Mapping[str, Any]] = {}
    """The options that a preset sets where they have the defaults of an estimator."""

    def __post_init__(self) -> None:
        for name in ("fresh_noise", "one_batch", "constant_rate"):
            if getattr(self, name) not in (0, 1):
                raise OptionError(f"training: {name}={getattr(self, name)!r} must be 0 or 1")
        if self.fresh_noise and self.one_batch:
            raise OptionError(
                "training: fresh_noise=1 gives the generator a batch of its own, and one_batch=1 "
                "shares one; set one of them to 0"
            )
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


_DEFAULTS: Mapping[str, Any] = {
    "optimizer": "adam",
    "learning_rate": 5e-4,
    "penalty": "auto",
    "discriminator_steps": "auto",
}


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


@dataclass(frozen=True)
class VanillaTraining(LectureTraining):
    """The training loop of the vanilla GAN (document 004).

    One batch for five steps of the discriminator and the one of the generator, whose gradient is
    taken before the discriminator's last update, and the sum of the losses of real and fake rows;
    the rest as in "lectures".
    """

    fresh_noise: int = 0
    one_batch: int = 1
    discriminator_weight: float = 1.0

    parts: ClassVar[Mapping[str, Any]] = {**LectureTraining.parts, "discriminator_steps": 5}


PRESETS: Registry[TrainingPreset] = Registry(
    "training",
    TrainingPreset,
    {"usual": UsualTraining, "lectures": LectureTraining, "vanilla": VanillaTraining},
    "register_training",
)


_USUAL_PENALTIES = {"wasserstein": "gradient", "hinge": "spectral", "relativistic": "r1r2"}
CRITIC_STEPS = 5


@dataclass(frozen=True)
class TrainingConfig:
    """Loss, penalty, stabilizers, optimizer and rates of a GAN's training.

    Parameters
    ----------
    loss, penalty, stabilizers, optimizer
        The parts; see their modules.
    learning_rate
        The optimizer's rate at the start.
    discriminator_steps
        Steps of the discriminator for each one of the generator.
    preset
        What steps, rates and averages are like.
    """

    loss: AdversarialLoss = field(default_factory=NonSaturating)
    penalty: Penalty = field(default_factory=R1)
    stabilizers: tuple[Stabilizer, ...] = ()
    optimizer: Optimizer = field(default_factory=Adam)
    learning_rate: float = 5e-4
    discriminator_steps: int = 1
    preset: TrainingPreset = field(default_factory=UsualTraining)

    @classmethod
    def of(cls, options: Mapping[str, Any], *, usual_penalty: str = "r1") -> Self:
        """Make a configuration from an estimator's options of the same names.

        Each part is an object or a text (`tabgan.base.registry.Registry.resolve`). The penalty
        "auto" is the one that is usual with the loss; the discriminator's steps "auto" are five
        with "wasserstein" (Gulrajani et al., 2017, arXiv:1704.00028), else one.

        Parameters
        ----------
        options
            The options, by name.
        usual_penalty
            What is usual with the cross-entropy losses.

        Raises
        ------
        OptionError
            If an option has a value that it can't have, or if the parts can't be combined.
        """
        preset = PRESETS.resolve(options.get("training", "usual"))
        loss = LOSSES.resolve(options["loss"])
        options = preset.apply(options, critic=isinstance(loss, Wasserstein))
        check_number("learning_rate", options["learning_rate"], Real, 0, above=True)
        steps = options["discriminator_steps"]
        if isinstance(steps, str) and steps == "auto":
            steps = CRITIC_STEPS if isinstance(loss, Wasserstein) else 1
        check_number("discriminator_steps", steps, Integral, 1, "or 'auto'")
        penalty = options["penalty"]
        if isinstance(penalty, str) and penalty == "auto":
            penalty = _USUAL_PENALTIES.get(LOSSES.describe(loss), usual_penalty)
        stabilizers = options["stabilizers"]
        if isinstance(stabilizers, str | Stabilizer) or not isinstance(
            stabilizers, Iterable | None
        ):
            raise OptionError(f"stabilizers={stabilizers!r} must be a list of stabilizers, or None")
        config = cls(
            loss=loss,
            penalty=PENALTIES.resolve(penalty),
            stabilizers=tuple(STABILIZERS.resolve(part) for part in stabilizers or ()),
            optimizer=OPTIMIZERS.resolve(options["optimizer"]),
            learning_rate=float(options["learning_rate"]),
            discriminator_steps=int(steps),
            preset=preset,
        )
        config.check()
        return config

    def check(self) -> None:
        """Check that the parts can be combined.

        Raises
        ------
        OptionError
            If they can't; the message says why.
        """
        kinds = [type(part) for part in self.stabilizers]
        names = [STABILIZERS.describe(part).partition(":")[0] for part in self.stabilizers]
        loss = LOSSES.describe(self.loss)
        for name, kind in zip(names, kinds, strict=True):
            if kinds.count(kind) > 1:
                raise OptionError(f"stabilizers: {name} appears twice; give it once")
            smooths = issubclass(kind, LabelSmoothing | OneSidedSmoothing)
            if smooths and not isinstance(self.loss, CrossEntropy):
                raise OptionError(
                    f"stabilizers: {name} softens the targets of a cross-entropy, and "
                    f"loss={loss!r} has none; leave it out, or take loss='non_saturating' or "
                    "'minimax'"
                )
        if {LabelSmoothing, OneSidedSmoothing} <= set(kinds):
            raise OptionError(
                "stabilizers: label_smoothing and one_sided_smoothing both set the targets; give "
                "one of them"
            )
        if isinstance(self.loss, Wasserstein) and type(self.penalty) is NoPenalty:
            raise OptionError(
                "penalty='none' leaves the critic of loss='wasserstein' unbounded: it has to be "
                "Lipschitz; take penalty='gradient', 'spectral' or 'weight_clipping'"
            )

    def epochs_a_step(self, n_rows: int, batch_size: int) -> float:
        """Return the share of a pass over the rows that a step takes.

        Each step of the discriminator draws a batch, unless they share one.

        Parameters
        ----------
        n_rows, batch_size
            Rows of the data and of a batch.
        """
        n_batches = 1 if self.preset.one_batch else self.discriminator_steps
        return n_batches * min(batch_size, n_rows) / n_rows

    def steps(self, epochs: float, n_rows: int, batch_size: int) -> int:
        """Return the number of steps in some passes over the rows, at least one.

        Parameters
        ----------
        epochs
            The passes.
        n_rows, batch_size
            Rows of the data and of a batch.
        """
        return max(1, round(epochs / self.epochs_a_step(n_rows, batch_size)))

    def describe_penalty(self, records: Sequence[Mapping[str, float]]) -> str:
        """Describe in words the penalty and how its weight changed in the records of a training."""
        name = PENALTIES.describe(self.penalty)
        if getattr(self.penalty, "gamma", 0.0) is not None:
            return name
        return f"{name}, {describe_adaptive_penalty([record['gamma'] for record in records])}"

    def kept_options(self, options: Mapping[str, Any], left_out: Collection[str]) -> dict[str, Any]:
        """Return an estimator's options as the JSON values that its model file keeps.

        Parameters
        ----------
        options
            All options, by name.
        left_out
            Names of options that a file does not keep: they belong to this process, or are stored
            elsewhere.
        """
        seed = options["random_state"]
        plain = {name: value for name, value in options.items() if name not in left_out}
        return {
            **{k: v.item() if isinstance(v, np.generic) else v for k, v in plain.items()},
            **self.to_json(),
            "random_state": int(seed) if isinstance(seed, int | np.integer) else None,
        }

    def to_json(self) -> dict[str, Any]:
        """Return options that `of` makes an equal configuration from."""
        return {
            "loss": LOSSES.describe(self.loss),
            "penalty": PENALTIES.describe(self.penalty),
            "stabilizers": [STABILIZERS.describe(part) for part in self.stabilizers] or None,
            "optimizer": OPTIMIZERS.describe(self.optimizer),
            "learning_rate": self.learning_rate,
            "discriminator_steps": self.discriminator_steps,
            "training": PRESETS.describe(self.preset),
        }
