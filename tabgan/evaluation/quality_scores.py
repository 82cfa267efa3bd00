"""Errors of columns and of pairs as sdmetrics counts them, and all scores of a table together."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from tabgan.evaluation.column_distributions import column_distance
from tabgan.evaluation.compared_tables import code_columns, split_lists
from tabgan.evaluation.fidelity import pair_trends
from tabgan.table.schema import Schema

__all__ = [
    "QualityErrors",
    "TableScores",
    "quality_errors",
    "shape_error",
    "trend_error",
]


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
        Tables with the columns of the schema, in its order. All rows count.
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
    (real, synthetic), schema = split_lists((real, synthetic), schema)
    coded = code_columns(real, synthetic, schema)
    return QualityErrors(
        shape_error=100 * float(np.mean([column_distance(column) for column in coded.values()])),
        trend_error=100 * pair_trends(list(coded.values())).mean_error,
    )


def shape_error(real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema) -> float:
    """Return the mean error of the columns' distributions in percent; see `quality_errors`.

    Parameters
    ----------
    real, synthetic, schema
        As `quality_errors` takes them.
    """
    return quality_errors(real, synthetic, schema).shape_error


def trend_error(real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema) -> float:
    """Return the mean error of the related pairs of columns in percent; see `quality_errors`.

    Parameters
    ----------
    real, synthetic, schema
        As `quality_errors` takes them.
    """
    return quality_errors(real, synthetic, schema).trend_error


@dataclass(frozen=True)
class TableScores:
    """How near a synthetic table is to the real one.

    Attributes
    ----------
    shape_error, trend_error
        Mean error of the columns, and of the related pairs of columns, in percent; 0 at best. The
        trend error is NaN where no pair is related (`tabgan.evaluation.quality_scores`).
    detection
        1 if boosted trees can't tell real rows from synthetic ones, 0 if they always can
        (`tabgan.evaluation.detection`).
    """

    shape_error: float
    trend_error: float
    detection: float
