"""`HeldOutRows`: the rows that fits are compared by, and how near drawn rows come to them."""

from dataclasses import dataclass
from numbers import Real
from typing import Self

import numpy as np
import pandas as pd

from tabgan.base.checks import check_number
from tabgan.base.errors import DataError, OptionError
from tabgan.base.random_streams import numpy_stream
from tabgan.evaluation.detection import detection_score
from tabgan.evaluation.quality_scores import TableScores, quality_errors
from tabgan.table.schema import Schema

__all__ = ["HeldOutRows", "check_holdout"]

MOST_SCORED = 50_000  # rows that scores look at; more would cost more than they tell
MOST_PARTS = 4  # of the drawn rows, over which errors are averaged
LEAST_SLACK = 0.05  # of the detection score: less is nothing to choose a method by
FEWEST_HELD_OUT = 20  # a tree of the detector needs as many rows for a leaf


def check_holdout(holdout: float) -> None:
    """Check the share of the rows that is held out.

    Raises
    ------
    OptionError
        If it is not a number above 0 and below 1.
    """
    check_number("holdout", holdout, Real, 0, "and below 1", above=True)
    if holdout >= 1:
        raise OptionError(f"holdout={holdout!r} leaves no row to fit on; give a share below 1")


@dataclass(frozen=True)
class HeldOutRows:
    """The rows of a table, split at random into those of the fits and those held out.

    Attributes
    ----------
    train
        The rows to fit on; the first ones are scored.
    held_out
        Rows that no fit sees.
    seed
        Seed of the split and of the scores.
    """

    train: pd.DataFrame
    held_out: pd.DataFrame
    seed: int

    @staticmethod
    def are_enough(n_rows: int, holdout: float) -> bool:
        """Return whether a table of n rows can be split.

        Parameters
        ----------
        n_rows
            Rows of the table.
        holdout
            Share of the rows to hold out.
        """
        size = _size(n_rows, holdout)
        return min(size, n_rows - size) >= FEWEST_HELD_OUT

    @classmethod
    def split(cls, frame: pd.DataFrame, holdout: float, seed: int) -> Self:
        """Split a table.

        Parameters
        ----------
        frame
            The table.
        holdout
            Share of the rows to hold out, of at most 50,000 rows.
        seed
            Seed of the order.

        Raises
        ------
        DataError
            If the table is too small.
        """
        size = _size(len(frame), holdout)
        if not cls.are_enough(len(frame), holdout):
            rows = f"{len(frame)} row{'s' * (len(frame) != 1)}"
            raise DataError(
                f"The table has {rows}; holdout={holdout!r} holds {size} out and "
                f"leaves {len(frame) - size} to fit on; each part needs at least "
                f"{FEWEST_HELD_OUT}: give more rows, or another share",
                on_command_line=f"The table has {rows}; {size} of them would be held "
                f"out, and each part needs at least {FEWEST_HELD_OUT}: give more rows",
            )
        order = numpy_stream(seed, "holdout").permutation(len(frame))
        train, held_out = frame.iloc[order[size:]], frame.iloc[order[:size]]
        return cls(train.reset_index(drop=True), held_out.reset_index(drop=True), seed)

    @property
    def scored(self) -> pd.DataFrame:
        """The rows of the fits that drawn rows are compared with; as many are to be drawn."""
        return self.train.iloc[:MOST_SCORED]

    def columns_of(self, schema: Schema) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the scored rows and those held out, with the schema's columns alone."""
        names = [column.name for column in schema]
        return self.scored[names], self.held_out[names]

    def score(self, synthetic: pd.DataFrame, schema: Schema) -> TableScores:
        """Score drawn rows by `tabgan.evaluation.quality_scores`.

        Shapes and trends are compared with the rows of the fits, in parts of as many drawn rows as
        are held out, so that their errors are of the size that fresh rows have; the detector is
        to tell drawn rows from those held out.

        Parameters
        ----------
        synthetic
            As many rows as `scored` has.
        schema
            What the columns are.
        """
        real, held_out = self.columns_of(schema)
        size = len(held_out)
        starts = range(0, max(1, len(synthetic) - size + 1), size)
        parts = [synthetic.iloc[start : start + size] for start in starts][:MOST_PARTS]
        errors = np.mean([quality_errors(real, part, schema) for part in parts], axis=0)
        detection = detection_score(held_out, synthetic, schema, random_state=self.seed)
        return TableScores(float(errors[0]), float(errors[1]), detection)

    def score_of_fresh_rows(self, schema: Schema) -> TableScores:
        """Return the scores that fresh rows of the table have: errors of the held-out rows.

        A detector tells fresh rows no better than chance: their score is 1, less three standard
        errors for as many rows, and at least .05.
        """
        errors = quality_errors(*self.columns_of(schema), schema)
        spread = 2 * np.sqrt(1 / (6 * len(self.held_out)))  # twice the AUC's, as the score is
        slack = max(LEAST_SLACK, 3 * spread)
        return TableScores(errors.shape_error, errors.trend_error, float(max(0, 1 - slack)))


def _size(n_rows: int, holdout: float) -> int:
    return min(round(holdout * n_rows), MOST_SCORED)
