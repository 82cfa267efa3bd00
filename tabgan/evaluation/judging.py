"""The decision about a synthetic table, by its parts' scores and by what is weakest."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tabgan.evaluation.blame import find_weak_points
from tabgan.evaluation.fidelity import Relations
from tabgan.evaluation.results import (
    Coverage,
    Detection,
    Fidelity,
    Figure,
    Nearness,
    Tables,
    Utility,
    Validity,
)
from tabgan.evaluation.verdict import Grade, Verdict, WeakPoint

__all__ = ["PartResults", "judge"]

WORTHLESS_SHAPES = 50.0  # percentage points beyond the floor at which a shape is worth nothing


class _Step(NamedTuple):
    """A grade, and what it takes."""

    grade: Grade
    words: str
    score: float
    part: float  # score of the worst part, at least
    severity: float  # of the weakest point, at most


_STEPS = (
    _Step("as good as real", "As good as a fresh sample of the real table", 0.95, 0.85, 0.15),
    _Step("good", "Close to the real table", 0.85, 0.6, 0.35),
    _Step("usable with care", "Usable with care", 0.6, 0.1, 1.0),
    _Step("poor", "No stand-in for the real table", 0.0, 0.0, 1.0),
)


class PartResults(NamedTuple):
    """All that was measured."""

    tables: Tables
    validity: Validity
    fidelity: Fidelity
    detection: Detection
    utility: Utility | None
    coverage: Coverage
    nearness: Nearness


def judge(parts: PartResults, relations: Relations) -> Verdict:
    """Score each part from 0 to 1, and name the weakest points.

    - validity: share of rows without a violation, of the share of fresh rows without one;
    - shapes: 1 less the mean shape error beyond its floor, 50 percentage points being worth 0;
    - trends: share of the relations that is kept (`Fidelity.relations_kept`): 1 for fresh rows, 0
      for columns that were shuffled on their own; left out where no columns are related;
    - detection: 2·(1 − max(AUC, ½)) of the better detector;
    - utility: share of the real rows' gain over chance (`Utility.kept`); left out where nothing
      can be predicted;
    - coverage: mean of the four shares, each of its floor.

    The score is their mean. The grade goes by the score, by the worst part, of which copies of
    unique real rows are one, and by the weakest point.
    """
    scores = {name: score for name, score in _scores(parts).items() if not np.isnan(score)}
    score = float(np.mean(list(scores.values())))
    points = find_weak_points(parts, relations)
    copied = max((point.severity for point in points if point.part == "nearness"), default=0.0)
    worst = min(*scores.values(), 1 - copied)
    weakest = points[0].severity if points else 0.0
    reached = next(
        (s for s in _STEPS if score >= s.score and worst >= s.part and weakest <= s.severity),
        _STEPS[-1],
    )
    return Verdict(reached.grade, _headline(reached.words, points), score, scores, points[:3])


def _scores(parts: PartResults) -> Mapping[str, float]:
    fidelity, detection = parts.fidelity, parts.detection
    shapes = fidelity.shape_error
    beyond = max(shapes.value - shapes.floor, 0.0)
    return {
        "validity": _of_floor(parts.validity.valid_rows),
        "shapes": max(1 - beyond / WORTHLESS_SHAPES, 0.0),
        "trends": fidelity.relations_kept,
        "detection": min(detection.trees.score, detection.logistic.score),
        "utility": float("nan") if parts.utility is None else parts.utility.kept,
        "coverage": _mean_known(
            [
                _of_floor(figure)
                for figure in (
                    parts.coverage.levels,
                    parts.coverage.ranges,
                    parts.coverage.rare_combinations,
                    parts.coverage.missing_patterns,
                )
            ]
        ),
    }


def _of_floor(figure: Figure) -> float:
    """Return the share of what a fresh sample gets, at most 1; NaN where it isn't known."""
    if np.isnan(figure.value):
        return float("nan")
    return min(figure.value / figure.floor, 1.0) if figure.floor > 0 else 1.0


def _mean_known(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _headline(words: str, points: tuple[WeakPoint, ...]) -> str:
    if not points:
        return f"{words}: nothing that was measured is weak."
    first = points[0].what
    return f"{words}. Its weakest point: {first[0].lower()}{first[1:]}"
