"""Errors of columns and of pairs of columns, as sdmetrics' quality report counts them."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from tabgan.evaluation.coding import code_columns
from tabgan.evaluation.shapes import column_distance
from tabgan.evaluation.trends import pair_trends
from tabgan.schema import Schema

__all__ = ["QualityErrors", "quality_errors", "shape_error", "trend_error"]


class QualityErrors(NamedTuple):
    """Errors in percent, 0 at best.

    Attributes
    ----------
    shape_error
        Mean over the columns of the Kolmogorov-Smirnov statistic (numbers, dates) or the total
        variation distance (levels).
    trend_error
        Mean over the pairs of columns that are related in the real table (|correlation| above 0.5,
        Cramér's V above 0.3) of half the difference in correlation, or of the total variation
        distance of their contingency tables; NaN where no pair is related.
    """

    shape_error: float
    trend_error: float


def quality_errors(real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema) -> QualityErrors:
    """Measure shape and trend errors: 100·(1 − score) of sdmetrics' ``QualityReport``.

    Parameters
    ----------
    real, synthetic
        Tables with the columns of the schema, in its order; of any numbers of rows, all of which
        are looked at.
    schema
        What the columns are; identifiers and text are left out.

    Raises
    ------
    DataError, SchemaError
        If the tables don't have the schema's columns, or none that can be compared.

    Notes
    -----
    Source: SDMetrics' documentation, "Quality Report": KSComplement, TVComplement,
    CorrelationSimilarity and ContingencySimilarity.
    """
    coded = code_columns(real, synthetic, schema)
    return QualityErrors(
        shape_error=100 * float(np.mean([column_distance(column) for column in coded.values()])),
        trend_error=100 * pair_trends(list(coded.values())).mean_error,
    )


def shape_error(real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema) -> float:
    """Return the mean error of the columns' distributions in percent; see `quality_errors`."""
    return quality_errors(real, synthetic, schema).shape_error


def trend_error(real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema) -> float:
    """Return the mean error of the related pairs of columns in percent; see `quality_errors`."""
    return quality_errors(real, synthetic, schema).trend_error
