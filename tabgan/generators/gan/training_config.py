"""How a GAN is trained: its loss, penalty, stabilizers and optimizer, by name and checked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any, Self, TypeVar

import numpy as np

from tabgan.base.checks import check_number
from tabgan.base.errors import OptionError, did_you_mean
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
from tabgan.generators.optimization import OPTIMIZERS, Adam, Optimizer

__all__ = ["TrainingConfig", "describe", "resolve"]

PartType = TypeVar("PartType")


def resolve(option: str, wanted: Any, known: Mapping[str, type[PartType]]) -> PartType:
    """Make a part from its name, with parameters where they differ from the defaults.

    Parameters
    ----------
    option
        Name of the option, for messages.
    wanted
        ``"name"``, ``"name:parameter=number,parameter=number"``, or one of the known classes'
        objects, which is returned as it is.
    known
        The classes, by name.

    Raises
    ------
    OptionError
        If there is no such part, or if it has no such parameter or value.

    Examples
    --------
    >>> from tabgan.generators.optimization import OPTIMIZERS
    >>> resolve("optimizer", "adam:beta1=0.5", OPTIMIZERS)
    Adam(beta1=0.5, beta2=0.99)
    """
    if type(wanted) in known.values():
        return wanted  # type: ignore[no-any-return]
    name, _, text = wanted.partition(":") if isinstance(wanted, str) else (wanted, "", "")
    if not isinstance(name, str) or name not in known:
        raise OptionError(f"{option}={wanted!r} is not known; {did_you_mean(str(name), known)}")
    part = known[name]
    parameters = {field.name for field in fields(part) if field.init}  # type: ignore[arg-type]
    given = {}
    for assignment in filter(None, text.split(",")):
        key, _, number = (word.strip() for word in assignment.partition("="))
        if key not in parameters:
            hint = did_you_mean(key, sorted(parameters)) if parameters else "it has none"
            raise OptionError(f"{option}={wanted!r}: {name} has no parameter {key!r}; {hint}")
        given[key] = _number(option, wanted, key, number)
    return part(**given)


def _number(option: str, wanted: str, key: str, text: str) -> float:
    try:
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        raise OptionError(
            f"{option}={wanted!r}: {key}={text!r} must be a number, as in {key}=0.5"
        ) from None


def describe(part: Any, known: Mapping[str, type]) -> str:
    """Return what `resolve` makes an equal part of.

    Examples
    --------
    >>> from tabgan.generators.optimization import OPTIMIZERS, Adam
    >>> describe(Adam(), OPTIMIZERS), describe(Adam(beta1=0.5), OPTIMIZERS)
    ('adam', 'adam:beta1=0.5')
    """
    name = next(name for name, cls in known.items() if type(part) is cls)
    given = {field: getattr(part, field.name) for field in fields(part) if field.init}
    changed = [
        f"{field.name}={value.item() if hasattr(value, 'item') else value!r}"
        for field, value in given.items()
        if value != field.default
    ]
    return name + (":" + ",".join(changed) if changed else "")


_USUAL_PENALTIES = {"wasserstein": "gradient", "hinge": "spectral", "relativistic": "r1r2"}


@dataclass(frozen=True)
class TrainingConfig:
    """What a training does at each step, whatever the data.

    Parameters
    ----------
    loss, penalty, stabilizers, optimizer
        The parts; see their modules.
    learning_rate
        The optimisers' rate.
    discriminator_steps
        Steps of the discriminator for each one of the generator.
    """

    loss: AdversarialLoss = field(default_factory=NonSaturating)
    penalty: Penalty = field(default_factory=R1)
    stabilizers: tuple[Stabilizer, ...] = ()
    optimizer: Optimizer = field(default_factory=Adam)
    learning_rate: float = 5e-4
    discriminator_steps: int = 1

    @classmethod
    def of(cls, options: Mapping[str, Any], *, usual_penalty: str = "r1") -> Self:
        """Make a recipe from an estimator's options of the same names.

        Parts may be given by name (`tabgan.generators.gan.training_config.resolve`); the penalty
        may be "auto", for the one that is usual with the loss.

        Parameters
        ----------
        options
            The options, by name.
        usual_penalty
            What is usual with the cross-entropy losses.

        Raises
        ------
        OptionError
            If an option is not known, or if the parts make no sense together.
        """
        check_number("learning_rate", options["learning_rate"], Real, 0, above=True)
        check_number("discriminator_steps", options["discriminator_steps"], Integral, 1)
        loss = resolve("loss", options["loss"], LOSSES)
        penalty = options["penalty"]
        if isinstance(penalty, str) and penalty == "auto":
            penalty = _USUAL_PENALTIES.get(describe(loss, LOSSES), usual_penalty)
        wanted = options["stabilizers"]
        if isinstance(wanted, str | Stabilizer) or not isinstance(wanted, Iterable | None):
            raise OptionError(f"stabilizers={wanted!r} must be a list of stabilizers, or None")
        recipe = cls(
            loss=loss,
            penalty=resolve("penalty", penalty, PENALTIES),
            stabilizers=tuple(resolve("stabilizers", part, STABILIZERS) for part in wanted or ()),
            optimizer=resolve("optimizer", options["optimizer"], OPTIMIZERS),
            learning_rate=float(options["learning_rate"]),
            discriminator_steps=int(options["discriminator_steps"]),
        )
        recipe.check()
        return recipe

    def check(self) -> None:
        """Check that the parts make sense together.

        Raises
        ------
        OptionError
            If they don't; the message says why.
        """
        kinds = [type(part) for part in self.stabilizers]
        names = [describe(part, STABILIZERS).partition(":")[0] for part in self.stabilizers]
        loss = describe(self.loss, LOSSES)
        for name, kind in zip(names, kinds, strict=True):
            if kinds.count(kind) > 1:
                raise OptionError(f"stabilizers: {name} is there twice; give it once")
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
        """Return what share of a pass over the rows a step is: each network step draws a batch."""
        return self.discriminator_steps * min(batch_size, n_rows) / n_rows

    def steps(self, epochs: float, n_rows: int, batch_size: int) -> int:
        """Return the number of steps that passes over the rows take, at least one."""
        return max(1, round(epochs / self.epochs_a_step(n_rows, batch_size)))

    def describe_penalty(self, records: Sequence[Mapping[str, float]]) -> str:
        """Tell in words which penalty there was, and how its weight went in training."""
        name = describe(self.penalty, PENALTIES)
        if getattr(self.penalty, "gamma", 0.0) is not None:
            return name
        return f"{name}, {describe_adaptive_penalty([record['gamma'] for record in records])}"

    def kept_options(self, options: Mapping[str, Any], left_out: Collection[str]) -> dict[str, Any]:
        """Return an estimator's options as JSON values for its model file.

        Parameters
        ----------
        options
            All options, by name.
        left_out
            Those that a file does not keep: they belong to this process, or have their own place.
        """
        seed = options["random_state"]
        plain = {name: value for name, value in options.items() if name not in left_out}
        return {
            **{k: v.item() if isinstance(v, np.generic) else v for k, v in plain.items()},
            **self.to_json(),
            "random_state": int(seed) if isinstance(seed, int | np.integer) else None,
        }

    def to_json(self) -> dict[str, Any]:
        """Return options that `of` makes an equal recipe from."""
        return {
            "loss": describe(self.loss, LOSSES),
            "penalty": describe(self.penalty, PENALTIES),
            "stabilizers": [describe(part, STABILIZERS) for part in self.stabilizers] or None,
            "optimizer": describe(self.optimizer, OPTIMIZERS),
            "learning_rate": self.learning_rate,
            "discriminator_steps": self.discriminator_steps,
        }
