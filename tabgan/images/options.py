"""Checks of the options of an `ImageGAN`, before any work begins."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from tabgan.checks import check_number, check_training
from tabgan.errors import OptionError, did_you_mean
from tabgan.gan.latent import check_prior
from tabgan.gan.precision import choose_device, choose_precision
from tabgan.gan.recipe import TrainingConfig
from tabgan.images.architectures import ARCHITECTURES, USUAL_PENALTY

__all__ = ["check_image_options"]


def check_image_options(options: Mapping[str, Any]) -> None:
    """Check the options that don't hang on the images.

    Raises
    ------
    OptionError
        If one has a value that it can't have; the message names it, its value and the rule.
    """
    architecture = options["architecture"]
    if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
        hint = did_you_mean(str(architecture), ARCHITECTURES)
        raise OptionError(f"architecture={architecture!r} is not known; {hint}")
    choose_precision(options["precision"], choose_device(options["device"]))
    check_number("width", options["width"], Real, 0, above=True)
    check_number("batch_size", options["batch_size"], Integral, 2)
    check_training(options)
    TrainingConfig.of(options, usual_penalty=USUAL_PENALTY)
    check_prior(options["prior"])
