"""`FitOptions`: the checked and typed options of an estimator."""

import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Final, Literal, Self, get_args

import numpy as np
import torch
from sklearn.base import BaseEstimator

from tabgan.base.errors import OptionError, SchemaError, warn_caller
from tabgan.base.option_checks import check_number, check_training
from tabgan.fitting.prepare import TableOptions, TextStyle
from tabgan.generators.diffusion import NoiseSchedule, check_schedule
from tabgan.generators.gan.training_config import TrainingConfig
from tabgan.generators.generator_training import choose_device, choose_precision
from tabgan.generators.latents import Prior, check_prior
from tabgan.generators.training_callbacks import Callback, check_callbacks
from tabgan.generators.variational_autoencoder import AutoencoderOptions
from tabgan.rules.constraint_plan import check_constraints
from tabgan.table.locale_words import check_locale
from tabgan.table.schema import Schema

__all__ = [
    "OPTIONS_OF",
    "FitOptions",
    "Method",
    "current_options",
    "foreign_options",
]

LEAST_EPSILON = 0.01
LEAST_DELTA, MOST_DELTA = 1e-14, 0.5

# Options that belong to this process, or have their own place in a model file.
_NOT_IN_A_FILE: Final = (
    "schema",
    "condition_on",
    "constraints",
    "device",
    "callbacks",
    "checkpoint",
    "checkpoint_every",
    "resume",
    "training_rows",
    "random_state",
)


Method = Literal["gan", "trees", "diffusion", "vae"]
"""How a table is learned: by `TabGAN`, `TabTrees`, `TabDiffusion` or `TabVAE`."""


_NETWORK_OPTIONS: Final = (
    *("steps", "epochs", "batch_size", "hidden_dim", "learning_rate", "polish", "device"),
    "precision",
)


OPTIONS_OF: Final[Mapping[Method, tuple[str, ...]]] = {
    "gan": (
        *_NETWORK_OPTIONS,
        *("latent_dim", "loss", "penalty", "discriminator_steps", "stabilizers", "optimizer"),
        *(
            "training",
            "prior",
            "epsilon",
            "delta",
            "snapshots",
            "checkpoint",
            "checkpoint_every",
            "resume",
        ),
    ),
    "trees": (),
    "diffusion": (*_NETWORK_OPTIONS, "schedule", "noise_steps"),
    "vae": (*_NETWORK_OPTIONS, "latent_dim", "beta", "input_noise", "pairs", "reconstruction"),
}
"""The options of each method beyond those that all methods have."""


def foreign_options(method: Method) -> set[str]:
    """Return the options that a method does not have and another one has.

    Examples
    --------
    >>> sorted(foreign_options("gan"))
    ['beta', 'input_noise', 'noise_steps', 'pairs', 'reconstruction', 'schedule']
    """
    return {name for names in OPTIONS_OF.values() for name in names} - {*OPTIONS_OF[method]}


@dataclass(frozen=True, kw_only=True)
class FitOptions(TableOptions):
    """The options of an estimator, each checked by type and value.

    The attributes are the parameters of `TabGAN`, and these of `TableOptions`, except for these. A
    fit does not look at those that its method does not have.

    Attributes
    ----------
    method
        How the table is learned.
    training
        Loss, penalty, stabilizers, optimizer, learning rate and steps of the discriminator.
    schedule
        The noise of a diffusion.
    autoencoder
        The loss and the networks of a VAE.
    device, dtype
        Where to train, and the number format of matrix products.
    parameters
        The options that a model file keeps, as JSON values by name.
    """

    method: Method
    epochs: float | None
    max_time: float | None
    batch_size: int
    hidden_dim: int
    training: TrainingConfig
    schedule: NoiseSchedule
    autoencoder: AutoencoderOptions
    prior: Prior
    refine: bool
    polish: bool
    epsilon: float | None
    delta: float
    device: torch.device
    dtype: torch.dtype
    snapshots: int
    checkpoint: str | None
    checkpoint_every: int
    resume: bool
    callbacks: tuple[Callback, ...]
    verbose: bool
    parameters: Mapping[str, Any]

    def planned_steps(self, n_rows: int) -> int:
        """Return the training steps for a table of n rows."""
        if self.epochs is None:
            return super().planned_steps(n_rows)
        return self.training.steps(self.epochs, n_rows, self.batch_size)

    @classmethod
    def of(cls, estimator: BaseEstimator) -> Self:
        """Return the checked options of a `TabGAN`; raises as `check` does."""
        return cls.check(current_options(estimator))

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Self:
        """Check the options of a `TabGAN` that do not depend on the table.

        Parameters
        ----------
        params
            The options by name, as `current_options` returns them.

        Raises
        ------
        OptionError
            If an option has a value that it can't have. The message names the option, its value
            and the rule.
        SchemaError
            If the schema is neither a schema nor a mapping.
        """
        device = choose_device(params["device"])
        dtype = choose_precision(params["precision"], device)
        _check_switches(params)
        _check_checkpoint(params)
        check_training(params)
        check_constraints(params["constraints"])
        training = TrainingConfig.of(params)
        prior = check_prior(params["prior"])
        _check_budget(params["epsilon"], params["delta"])
        if params["locale"] is not None:
            check_locale(params["locale"], OptionError)
        _check_schema(params["schema"])
        method: Method = params.get("method", "gan")
        kept = training.kept_options(params, (*_NOT_IN_A_FILE, "method"))
        foreign = foreign_options(method)
        return cls(
            method=method,
            steps=_whole_or_auto(params["steps"]),
            epochs=_float_or_none(params["epochs"]),
            max_time=_float_or_none(params["max_time"]),
            batch_size=int(params["batch_size"]),
            latent_dim=_whole_or_auto(params["latent_dim"]),
            hidden_dim=int(params["hidden_dim"]),
            training=training,
            schedule=_schedule(params),
            autoencoder=AutoencoderOptions.of(params),
            prior=prior,
            schema=params["schema"],
            condition_on=_labels(params["condition_on"]),
            constraints=tuple(params["constraints"] or ()),
            locale=params["locale"],
            min_group=int(params["min_group"]),
            text=_text_style(params["text"]),
            derive=bool(params["derive"]),
            refine=bool(params["refine"]),
            polish=bool(params["polish"]),
            epsilon=_float_or_none(params["epsilon"]),
            delta=float(params["delta"]),
            device=device,
            dtype=dtype,
            snapshots=int(params["snapshots"]),
            checkpoint=None if params["checkpoint"] is None else os.fspath(params["checkpoint"]),
            checkpoint_every=int(params["checkpoint_every"]),
            resume=bool(params["resume"]),
            callbacks=check_callbacks(params["callbacks"]),
            verbose=bool(params["verbose"]),
            parameters={name: value for name, value in kept.items() if name not in foreign},
        )


def current_options(estimator: BaseEstimator) -> dict[str, Any]:
    """Return the options of an estimator, those with a deprecated name under the current one.

    Raises
    ------
    OptionError
        If an option is given under both names.

    Warns
    -----
    FutureWarning
        If an option is given under its deprecated name.
    """
    options: dict[str, Any] = estimator.get_params(deep=False)
    old = options.pop("stabilisers", "deprecated")  # trees have neither
    if isinstance(old, str) and old == "deprecated":
        return options
    if options["stabilizers"] is not None:
        raise OptionError(
            f"stabilizers={options['stabilizers']!r} and stabilisers={old!r} are both given; "
            "give stabilizers"
        )
    warn_caller(
        "stabilisers is now called stabilizers; the old name will be removed in 0.2",
        FutureWarning,
    )
    return options | {"stabilizers": old}


def _check_switches(params: Mapping[str, Any]) -> None:
    """Check the options that are switches or sizes."""
    for name in ("derive", "refine", "polish", "resume"):
        if not isinstance(params[name], bool | np.bool_):
            raise OptionError(f"{name}={params[name]!r} must be True or False")
    for name in ("batch_size", "hidden_dim", "min_group", "checkpoint_every"):
        check_number(name, params[name], Integral, 1)
    if params.get("training_rows") is not None:
        check_number("training_rows", params["training_rows"], Integral, 1, "or None")
    verbose = params["verbose"]  # scikit-learn's estimators take levels, such as verbose=1
    if not isinstance(verbose, bool | np.bool_ | Integral) or verbose < 0:
        raise OptionError(f"verbose={verbose!r} must be True or False, or a whole number from 0")


def _check_checkpoint(params: Mapping[str, Any]) -> None:
    """Check that the checkpoint is a folder's name, and is there if a fit is to go on from it."""
    folder = params["checkpoint"]
    if not isinstance(folder, str | os.PathLike | None) or folder == "":
        raise OptionError(f"checkpoint={folder!r:.80} must be the name of a folder, or None")
    if params["resume"] and folder is None:
        raise OptionError(
            "resume=True needs the folder of a checkpoint; set checkpoint",
            on_command_line="--resume needs the folder of a checkpoint; set --checkpoint",
        )


def _text_style(text: Any) -> TextStyle:
    styles: dict[Any, TextStyle] = {style: style for style in get_args(TextStyle)}
    if not isinstance(text, str) or text not in styles:
        raise OptionError(f"text={text!r:.80} must be 'keep-shape', 'lorem' or 'drop'")
    return styles[text]


def _check_schema(schema: Any) -> None:
    if not isinstance(schema, Schema | Mapping | None):
        raise SchemaError(
            f"schema={schema!r:.80} must be a Schema, a mapping from column names to kinds, or "
            "None; Schema.from_json reads one from JSON"
        )


def _labels(condition_on: Any) -> tuple[Hashable, ...]:
    """Return the labels that `condition_on` names: a label, or a list of them."""
    if condition_on is None:
        return ()
    labels = condition_on if isinstance(condition_on, list) else [condition_on]
    for label in labels:
        if not isinstance(label, Hashable):
            raise OptionError(
                f"condition_on={condition_on!r:.80} must be the name of a column, a list of "
                f"names, or None; {label!r:.80} names no column"
            )
    return tuple(labels)


def _check_budget(epsilon: Any, delta: Any) -> None:
    """Check a privacy budget, and that the accountant can plan for it."""
    if epsilon is not None:
        check_number("epsilon", epsilon, Real, 0, "or None", above=True)
    check_number("delta", delta, Real, 0, above=True)
    if delta >= 1:
        raise OptionError(f"delta={delta!r} must be below 1: it is a probability")
    if epsilon is None:
        return
    if epsilon < LEAST_EPSILON:
        raise OptionError(
            f"epsilon={epsilon!r} must be at least {LEAST_EPSILON:g}: below, the noise hides all "
            "that a table has"
        )
    if not LEAST_DELTA <= delta <= MOST_DELTA:
        raise OptionError(
            f"delta={delta!r} must be from {LEAST_DELTA:g} to {MOST_DELTA:g}, and should be far "
            "below one in the number of rows"
        )


def _schedule(params: Mapping[str, Any]) -> NoiseSchedule:
    return check_schedule(params.get("schedule", "edm"), params.get("noise_steps", "auto"))


def _whole_or_auto(value: Any) -> int | Literal["auto"]:
    return "auto" if value == "auto" else int(value)


def _float_or_none(value: Any) -> float | None:
    return None if value is None else float(value)
