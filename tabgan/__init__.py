"""Synthetic tables that are as good as the real ones: generators for tables of mixed types.

Names are imported on first use, so that the command line starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tabgan.base.errors import (
        ConstraintError,
        DataError,
        ModelFileError,
        OptionError,
        PrivacyWarning,
        SamplingError,
        SamplingWarning,
        SchemaError,
        TabGANError,
        TableFileError,
        TrainingError,
        TrainingWarning,
    )
    from tabgan.estimator import TabDiffusion, TabGAN, TabTrees, TabVAE
    from tabgan.estimator.oversampler import SyntheticOverSampler
    from tabgan.evaluation.attacks.audit import audit
    from tabgan.evaluation.evaluate import compare, evaluate
    from tabgan.evaluation.report.report_page import plot_column, plot_pair, plot_training
    from tabgan.fitting.fit_session import NotFittedError
    from tabgan.images.image_gan import ImageGAN
    from tabgan.images.image_translator import ImageTranslator
    from tabgan.images.image_vae_and_diffusion import ImageDiffusion, ImageVAE
    from tabgan.inference.infer_schema import infer_schema
    from tabgan.relations.database_gan import DatabaseGAN
    from tabgan.relations.infer_relations import infer_relations
    from tabgan.relations.relations import ForeignKey, Relations
    from tabgan.table.schema import Column, Schema
    from tabgan.tuning.compare_methods import compare_methods
    from tabgan.tuning.tune import tune

__all__ = [
    "Column",
    "ConstraintError",
    "DataError",
    "DatabaseGAN",
    "ForeignKey",
    "ImageDiffusion",
    "ImageGAN",
    "ImageTranslator",
    "ImageVAE",
    "ModelFileError",
    "NotFittedError",
    "OptionError",
    "PrivacyWarning",
    "Relations",
    "SamplingError",
    "SamplingWarning",
    "Schema",
    "SchemaError",
    "SyntheticOverSampler",
    "TabDiffusion",
    "TabGAN",
    "TabGANError",
    "TabTrees",
    "TabVAE",
    "TableFileError",
    "TrainingError",
    "TrainingWarning",
    "audit",
    "compare",
    "compare_methods",
    "evaluate",
    "infer_relations",
    "infer_schema",
    "plot_column",
    "plot_pair",
    "plot_training",
    "tune",
]

_HOMES = {
    "Column": "tabgan.table.schema",
    "DatabaseGAN": "tabgan.relations.database_gan",
    "ForeignKey": "tabgan.relations.relations",
    "ImageDiffusion": "tabgan.images.image_vae_and_diffusion",
    "ImageGAN": "tabgan.images.image_gan",
    "ImageTranslator": "tabgan.images.image_translator",
    "ImageVAE": "tabgan.images.image_vae_and_diffusion",
    "NotFittedError": "tabgan.fitting.fit_session",
    "Relations": "tabgan.relations.relations",
    "Schema": "tabgan.table.schema",
    "SyntheticOverSampler": "tabgan.estimator.oversampler",
    "TabDiffusion": "tabgan.estimator",
    "TabGAN": "tabgan.estimator",
    "TabTrees": "tabgan.estimator",
    "TabVAE": "tabgan.estimator",
    "audit": "tabgan.evaluation.attacks.audit",
    "compare": "tabgan.evaluation.evaluate",
    "compare_methods": "tabgan.tuning.compare_methods",
    "evaluate": "tabgan.evaluation.evaluate",
    "infer_relations": "tabgan.relations.infer_relations",
    "infer_schema": "tabgan.inference.infer_schema",
    "plot_column": "tabgan.evaluation.report.report_page",
    "plot_pair": "tabgan.evaluation.report.report_page",
    "plot_training": "tabgan.evaluation.report.report_page",
    "tune": "tabgan.tuning.tune",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("tabgan")
    if name not in __all__:
        raise AttributeError(f"module 'tabgan' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "tabgan.base.errors")), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
