"""Errors of columns and of pairs of columns, as sdmetrics' quality report counts them."""

import warnings
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from tabgan.evaluation.coding import CodedColumn, code_columns
from tabgan.schema import Schema

__all__ = ["QualityErrors", "quality_errors", "shape_error", "trend_error"]

# From here on sdmetrics takes a pair of columns for related in the real table.
CORRELATION = 0.5
ASSOCIATION = 0.3


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
    scores = _report_scores(coded)
    return QualityErrors(
        shape_error=100 * (1 - scores["Column Shapes"]),
        trend_error=100 * (1 - scores["Column Pair Trends"]),
    )


def shape_error(real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema) -> float:
    """Return the mean error of the columns' distributions in percent; see `quality_errors`."""
    return quality_errors(real, synthetic, schema).shape_error


def trend_error(real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema) -> float:
    """Return the mean error of the related pairs of columns in percent; see `quality_errors`."""
    return quality_errors(real, synthetic, schema).trend_error


def _report_scores(coded: Mapping[int, CodedColumn]) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constant columns; and the import itself is deprecated
        from sdmetrics.reports.single_table import QualityReport

        report = QualityReport()
        report.real_correlation_threshold = CORRELATION
        report.real_association_threshold = ASSOCIATION
        report.num_rows_subsample = None
        real = pd.DataFrame({str(place): column.real for place, column in coded.items()})
        synthetic = pd.DataFrame({str(place): column.synthetic for place, column in coded.items()})
        report.generate(real, synthetic, {"columns": _sdtypes(coded)}, verbose=False)
    properties = report.get_properties()
    return dict(zip(properties["Property"], properties["Score"].astype(float), strict=True))


def _sdtypes(coded: Mapping[int, CodedColumn]) -> dict[str, dict[str, str]]:
    """Name the columns' types: a date is a number of ticks by now."""
    return {
        str(place): {"sdtype": "categorical" if column.nominal else "numerical"}
        for place, column in coded.items()
    }
