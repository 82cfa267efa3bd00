"""Synthetic tables that are as good as the real ones: an MLP GAN for mixed-type data."""

from importlib.metadata import version

from tabgan.errors import (
    DataError,
    ModelFileError,
    NotFittedError,
    OptionError,
    SchemaError,
    TabGANError,
    TableFileError,
    TrainingError,
)
from tabgan.estimator import TabGAN
from tabgan.inference import infer_schema
from tabgan.schema import Column, Schema

__all__ = [
    "Column",
    "DataError",
    "ModelFileError",
    "NotFittedError",
    "OptionError",
    "Schema",
    "SchemaError",
    "TabGAN",
    "TabGANError",
    "TableFileError",
    "TrainingError",
    "infer_schema",
]

__version__ = version("tabgan")
