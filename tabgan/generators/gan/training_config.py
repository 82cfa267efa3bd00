"""How a GAN is trained: its loss, penalty, stabilizers and optimizer, by name and checked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, Self

import numpy as np

from tabgan.base.checks import check_number
from tabgan.base.errors import OptionError
from tabgan.generators.gan.losses import (
    LOSSES,
    AdversarialLoss,
    CrossEntropy,
    NonSaturating,
    Wasserstein,
)
from tabgan.generators.gan.penalties import (
    PENALTIES,
    R1,
    NoPenalty,
    Penalty,
    describe_adaptive_penalty,
)
from tabgan.generators.gan.stabilizers import (
    STABILIZERS,
    LabelSmoothing,
    OneSidedSmoothing,
    Stabilizer,
)
from tabgan.generators.gan.training_presets import PRESETS, TrainingPreset, UsualTraining
from tabgan.generators.optimization import OPTIMIZERS, Adam, Optimizer

__all__ = ["TrainingConfig"]

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

        Each step of a network draws a batch.

        Parameters
        ----------
        n_rows, batch_size
            Rows of the data and of a batch.
        """
        return self.discriminator_steps * min(batch_size, n_rows) / n_rows

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
