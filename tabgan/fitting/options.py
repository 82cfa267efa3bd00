"""Checks of the estimator's options, before any work begins."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from tabgan.base.checks import check_number, check_training
from tabgan.base.errors import OptionError
from tabgan.generators.gan.training_config import TrainingConfig
from tabgan.generators.latents import check_prior
from tabgan.generators.precision import choose_device, choose_precision
from tabgan.rules.constraint_plan import check_constraints
from tabgan.table.locale_words import check_locale

__all__ = ["check_options"]

LEAST_EPSILON = 0.01
LEAST_DELTA, MOST_DELTA = 1e-14, 0.5


def check_options(options: Mapping[str, Any]) -> None:
    """Check the options of a `TabGAN` that don't hang on the table.

    Raises
    ------
    OptionError
        If one has a value that it can't have; the message names it, its value and the rule.
    """
    choose_precision(options["precision"], choose_device(options["device"]))
    for name in ("refine", "polish"):
        if not isinstance(options[name], bool | np.bool_):
            raise OptionError(f"{name}={options[name]!r} must be True or False")
    for name in ("batch_size", "hidden_dim", "min_group"):
        check_number(name, options[name], Integral, 1)
    check_training(options)
    check_constraints(options["constraints"])
    TrainingConfig.of(options)
    check_prior(options["prior"])
    _check_budget(options["epsilon"], options["delta"])
    if options["locale"] is not None:
        check_locale(options["locale"], OptionError)


def _check_budget(epsilon: Any, delta: Any) -> None:
    """Check a budget of privacy, and that the accountant can plan for it."""
    if epsilon is not None:
        check_number("epsilon", epsilon, Real, 0, "or None", above=True)
    check_number("delta", delta, Real, 0, above=True)
    if delta >= 1:
        raise OptionError(f"delta={delta!r} must be below 1: it is a probability")
    if epsilon is None:
        return
    if epsilon < LEAST_EPSILON:
        raise OptionError(
            f"epsilon={epsilon!r} must be from {LEAST_EPSILON:g}: below, noise hides all that a "
            "table has"
        )
    if not LEAST_DELTA <= delta <= MOST_DELTA:
        raise OptionError(
            f"delta={delta!r} must be from {LEAST_DELTA:g} to {MOST_DELTA:g}, and should be far "
            "below one in the number of rows"
        )
