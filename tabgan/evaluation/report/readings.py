"""What each figure means to a reader, and how far it is from a fresh sample of the real table."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from tabgan.evaluation.part_results import ColumnResult, Figure
from tabgan.evaluation.report.words import percent, score

__all__ = ["FIGURES", "KeyFigure", "Reading", "column_gap", "read"]


class Reading(NamedTuple):
    """How near a figure is to its baseline: a sign, the words, and the style's name for it."""

    sign: str
    words: str
    tone: Literal["good", "warn", "bad"]


_READINGS = (  # up to which gap, of 1 between a perfect table and a useless one
    (0.02, Reading("✓", "like a fresh real sample", "good")),
    (0.07, Reading("✓", "close to a fresh real sample", "good")),
    (0.3, Reading("!", "visibly off", "warn")),
    (math.inf, Reading("✗", "far off", "bad")),
)


@dataclass(frozen=True)
class KeyFigure:
    """A figure as a reader meets it.

    Attributes
    ----------
    name
        What it is called.
    meaning
        One line for somebody who isn't a statistician, with the way that is better.
    better
        The way that is better: "lower", "higher" or "nearer" to the baseline.
    ideal
        The best value, which stands in for a baseline that isn't known.
    worst
        How far a useless table is from the ideal; "baseline" where only the ratio counts.
    write
        How it is written.
    low, high
        Ends of the bar; None ends it at a round number.
    baseline_name
        What the baseline is the figure of.
    """

    name: str
    meaning: str
    better: Literal["lower", "higher", "nearer"] = "lower"
    ideal: float = 0.0
    worst: float | Literal["baseline"] = 100.0
    write: Callable[[float], str] = percent
    low: float = 0.0
    high: float | None = None
    baseline_name: str = "fresh real sample"

    def gap(self, figure: Figure) -> float:
        """Return how much worse the figure is than its baseline, in 0 (no worse) to about 1."""
        baseline = figure.baseline if math.isfinite(figure.baseline) else self.ideal
        difference = figure.value - baseline
        if self.better == "nearer":
            difference = abs(difference)
        elif self.better == "higher":
            difference = -difference
        worst = baseline if self.worst == "baseline" else self.worst
        return max(difference / worst, 0.0) if worst else 0.0


def read(gap: float) -> Reading | None:
    """Put a gap in words; None where it isn't known.

    Examples
    --------
    >>> read(0.1).words
    'visibly off'
    """
    if math.isnan(gap):
        return None
    return next(reading for limit, reading in _READINGS if gap <= limit)


def column_gap(column: ColumnResult) -> float:
    """Return the largest gap among a column's figures; NaN for a generated column.

    A shape error of 50 % counts as much as all values missing, or as a detector that is always
    right.
    """
    if column.shape_error is None:
        return math.nan
    figures = (
        ("shape_error", column.shape_error),
        ("missing", column.missing),
        ("column_auc", column.detection),
    )
    gaps = [FIGURES[name].gap(figure) for name, figure in figures if figure is not None]
    return max((gap for gap in gaps if not math.isnan(gap)), default=math.nan)


_AUC = KeyFigure(
    "",
    "Chance that a detector ranks a synthetic row as more synthetic than a real one. 0.5 is a "
    "coin, 1 is always right; lower is better.",
    ideal=0.5,
    worst=0.5,
    write=score,
    low=0.5,
    high=1.0,
)


def _share(name: str, meaning: str) -> KeyFigure:
    return KeyFigure(name, meaning, "higher", 100.0, low=0.0, high=100.0)


FIGURES: dict[str, KeyFigure] = {
    "valid_rows": _share(
        "Valid rows",
        "Rows whose every value the real table could hold. Higher is better; 100 % is perfect.",
    ),
    "data_validity": _share(
        "Valid values",
        "In the real table's ranges and among its levels, with keys that are unique (sdmetrics' "
        "data validity). Higher is better; 100 % is perfect.",
    ),
    "data_structure": _share(
        "Same structure",
        "Columns that occur under the same name and with the same type (sdmetrics' data "
        "structure). Higher is better; 100 % is perfect.",
    ),
    "shape_error": KeyFigure(
        "Column shape error",
        "How differently the values of single columns are spread, on average. Lower is better; "
        "0 % is identical.",
        worst=50.0,
    ),
    "relations_kept": _share(
        "Relations kept",
        "Of the related pairs' relations: 0 % is left where each column is shuffled on its own, "
        "and fresh rows keep 100 %. Higher is better.",
    ),
    "trend_error": KeyFigure(
        "Pair trend error",
        "Rows that would have to change for two columns to occur together as in the real table, "
        "numbers in tenths of the real ones; on average over the related pairs. Lower is better; "
        "chance alone gives a fresh sample some.",
    ),
    "missing": KeyFigure(
        "Missing values",
        "Share of empty cells. Best when it is that of the real table.",
        "nearer",
        high=100.0,
        baseline_name="real table",
    ),
    "column_auc": _AUC,
    "trees": KeyFigure(
        "Boosted trees: AUC", _AUC.meaning, ideal=0.5, worst=0.5, write=score, low=0.5, high=1.0
    ),
    "logistic": KeyFigure(
        "Logistic regression: AUC",
        "The same with a simple detector that sees each column by itself. A coin's 0.5 is best; "
        "lower is better.",
        ideal=0.5,
        worst=0.5,
        write=score,
        low=0.5,
        high=1.0,
    ),
    "utility": KeyFigure(
        "Score on real rows",
        "How well a model that learned from synthetic rows predicts real ones, beside one that "
        "learned from real rows. Higher is better.",
        "higher",
        1.0,
        0.5,
        write=score,
        high=1.0,
        baseline_name="learned from real rows",
    ),
    "levels": _share(
        "Levels", "Levels of categories that are drawn at least once. Higher is better."
    ),
    "ranges": _share(
        "Ranges", "Share of the range of numbers and dates that is filled. Higher is better."
    ),
    "rare_combinations": _share(
        "Rare combinations",
        "Pairs of levels from fewer than 1 % of the real rows that are drawn, too. Higher is "
        "better.",
    ),
    "missing_patterns": _share(
        "Patterns of empty cells",
        "Real rows whose set of empty cells is found among synthetic rows. Higher is better.",
    ),
    "copies": KeyFigure(
        "Exact copies",
        "Synthetic rows that equal a real row in all compared columns. The baseline is what chance "
        "gives; lower is better.",
    ),
    "unique_copies": KeyFigure(
        "Copies of unique rows",
        "The same for real rows that occur only once: the ones that could point at a person. "
        "Lower is better.",
    ),
    "near_copies": KeyFigure(
        "Near copies",
        "Synthetic rows that are nearer to a real row than chance brings fresh rows: copies that "
        "were moved a little. 0 % where a test finds none; lower is better.",
    ),
    "nearer_to_real": KeyFigure(
        "Nearer to training rows",
        "Synthetic rows that are nearer to a training row than to a row that was held out. "
        "50 % is as it should be; more hints at memorized rows.",
        ideal=50.0,
        worst=50.0,
        high=100.0,
    ),
    "distance": KeyFigure(
        "Distance to the nearest real row",
        "Median over the synthetic rows, from 0 (a copy) to 1. Well below the baseline hints at "
        "memorized rows; about the baseline or above is as it should be.",
        "higher",
        worst="baseline",
        write=score,
    ),
}
