"""The scores of a synthetic table together."""

from dataclasses import dataclass

import pandas as pd

from tabgan.evaluation.detection import detection_score
from tabgan.evaluation.quality import quality_errors
from tabgan.schema import Schema
from tabgan.streams import RandomStateLike

__all__ = ["TableScores", "score_table"]


@dataclass(frozen=True)
class TableScores:
    """How near a synthetic table is to the real one.

    Attributes
    ----------
    shape_error, trend_error
        Mean error of the columns, and of the related pairs of columns, in percent; 0 at best. The
        trend error is NaN where no pair is related (`tabgan.evaluation.quality`).
    detection
        1 if boosted trees can't tell real rows from synthetic ones, 0 if they always can
        (`tabgan.evaluation.detection`).
    """

    shape_error: float
    trend_error: float
    detection: float


def score_table(
    train: pd.DataFrame,
    held_out: pd.DataFrame,
    synthetic: pd.DataFrame,
    schema: Schema,
    *,
    random_state: RandomStateLike = 0,
) -> TableScores:
    """Score a synthetic table.

    Parameters
    ----------
    train
        Real rows that the generator was fitted on: shapes and trends are to be like theirs.
    held_out
        Real rows that it did not see: the detector is to tell from these, so that a generator that
        repeats its training rows gains nothing.
    synthetic
        Its output.
    schema
        What the columns are; identifiers and text are left out.
    random_state
        Seed of the detector.

    Raises
    ------
    DataError, SchemaError
        As `quality_errors` and `detection_score` do.
    """
    errors = quality_errors(train, synthetic, schema)
    detection = detection_score(held_out, synthetic, schema, random_state=random_state)
    return TableScores(errors.shape_error, errors.trend_error, detection)
