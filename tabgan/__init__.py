"""Synthetic tables that are as good as the real ones: an MLP GAN for mixed-type data.

The names are imported when they are first used, so that the command line answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tabgan.errors import (
        ConstraintError,
        DataError,
        ModelFileError,
        NotFittedError,
        OptionError,
        SamplingError,
        SamplingWarning,
        SchemaError,
        TabGANError,
        TableFileError,
        TrainingError,
        TrainingWarning,
    )
    from tabgan.estimator import TabGAN
    from tabgan.evaluation import evaluate
    from tabgan.images.estimator import ImageGAN
    from tabgan.inference import infer_schema
    from tabgan.schema import Column, Schema
    from tabgan.tuning import tune

__all__ = [
    "Column",
    "ConstraintError",
    "DataError",
    "ImageGAN",
    "ModelFileError",
    "NotFittedError",
    "OptionError",
    "SamplingError",
    "SamplingWarning",
    "Schema",
    "SchemaError",
    "TabGAN",
    "TabGANError",
    "TableFileError",
    "TrainingError",
    "TrainingWarning",
    "evaluate",
    "infer_schema",
    "tune",
]

_HOMES = {
    "Column": "tabgan.schema",
    "ImageGAN": "tabgan.images.estimator",
    "Schema": "tabgan.schema",
    "TabGAN": "tabgan.estimator",
    "evaluate": "tabgan.evaluation",
    "infer_schema": "tabgan.inference",
    "tune": "tabgan.tuning",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("tabgan")
    if name not in __all__:
        raise AttributeError(f"module 'tabgan' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "tabgan.errors")), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
