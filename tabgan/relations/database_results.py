"""`DatabaseEvaluation`: the figures of a synthetic database, and what they are worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tabgan.evaluation.html_page import HtmlPage
from tabgan.evaluation.results import Grade

__all__ = ["DatabaseEvaluation", "DatabaseFigure", "DatabaseVerdict"]

WORTHLESS_SHARE = 10.0  # percent of broken keys at which a score is 0
WORTHLESS_ERROR = 25.0  # percentage points beyond what halves get, the same
LEAST_ALIKE = 0.1  # detection score of halves; less tells them apart, too, and nothing of others
WEAK = 0.85  # score below which a figure is a weak point
SHOWN = 3  # weak points
PARTS: Mapping[str, tuple[str, ...]] = {
    "keys": ("integrity", "one to one", "uniqueness"),
    "numbers of children": ("cardinality error",),
    "rules across tables": ("rows that keep",),
    "trends across tables": ("trend error",),
    "rows with parents and children": ("detection with parents", "detection with children"),
    "histories": ("detection with the row before", "gap error", "autocorrelation error"),
}
"""The parts of the verdict, and how their measures begin."""
MEANINGS: Mapping[str, str] = {
    "keys": "Does every key name a row, and are keys unique? In percent; all should hold.",
    "numbers of children": "Do as many parents have as many children? Error in percent, best 0.",
    "rules across tables": "Do orders of dates, and formulas, between a table and those above it "
    "hold in as many rows? In percent; all should hold.",
    "trends across tables": "Are columns related to those of the tables above? Error in percent, "
    "best 0.",
    "rows with parents and children": "Can a classifier tell rows, joined with their parents or "
    "with numbers and means of their children, from real ones? Best 1.",
    "histories": "Do rows of a parent follow each other alike? Detection best 1, errors in percent "
    "best 0.",
}
_SHARES = ("keys", "rules across tables")  # parts of percentages all of which should hold
_STEPS: tuple[tuple[Grade, str, float, float], ...] = (
    ("as good as real", "As good as another half of the real database", 0.95, 0.85),
    ("good", "Close to the real database", 0.85, 0.6),
    ("usable with care", "Usable with care", 0.6, 0.1),
    ("poor", "No stand-in for the real database", 0.0, 0.0),
)  # a grade, its words, the score that it takes, and that of the worst part


class DatabaseFigure(NamedTuple):
    """A measure of a table or key.

    Attributes
    ----------
    measure
        Its name.
    where
        The table or key.
    value
        Of the synthetic database.
    halves
        Of two halves of the real one; NaN where they can't be compared.
    """

    measure: str
    where: str
    value: float
    halves: float = float("nan")

    @property
    def part(self) -> str:
        """The part of the verdict that it belongs to."""
        return next(part for part, names in PARTS.items() if self.measure.startswith(names))

    @property
    def score(self) -> float:
        """From 0 to 1, as halves of the real database; NaN where the figure is unknown."""
        if self.part in _SHARES:
            lost = (100.0 if np.isnan(self.halves) else self.halves) - self.value
            return float(np.clip(1 - lost / WORTHLESS_SHARE, 0, 1))
        if self.measure.startswith("detection"):
            best = 1.0 if np.isnan(self.halves) else self.halves
            return float(np.clip(self.value / best, 0, 1)) if best >= LEAST_ALIKE else float("nan")
        least = 0.0 if np.isnan(self.halves) else self.halves
        return float(np.clip(1 - (self.value - least) / WORTHLESS_ERROR, 0, 1))

    def told(self) -> str:
        """Return the figure in a few words."""
        beside = "" if np.isnan(self.halves) else f", halves {self.halves:.3g}"
        return f"{self.measure} of {self.where}: {self.value:.3g}{beside}"


@dataclass(frozen=True)
class DatabaseVerdict:
    """What the figures of a database are worth.

    Parameters
    ----------
    grade, headline
        The grade, and a line that says it, the weakest points first.
    score, parts
        The mean of the parts' scores, and these, from 0 to 1: means of their figures, of keys and
        rules the lowest.
    weak_points
        The figures of the lowest scores, the lowest first.
    """

    grade: Grade
    headline: str
    score: float
    parts: Mapping[str, float]
    weak_points: tuple[DatabaseFigure, ...]


@dataclass(frozen=True)
class DatabaseEvaluation(HtmlPage):
    """How good a synthetic database is.

    Parameters
    ----------
    figures
        All measures. Errors are in percent and best 0; integrity is a share in percent; detection
        scores are best 1: rows that a classifier can't tell apart.
    """

    figures: tuple[DatabaseFigure, ...]

    @property
    def verdict(self) -> DatabaseVerdict:
        """The grade, the score, and the weakest points."""
        scores: dict[str, list[float]] = {part: [] for part in PARTS}
        for own in self.figures:
            scores[own.part].append(own.score)
        parts = {
            part: float(np.nanmean(own)) for part, own in scores.items() if np.isfinite(own).any()
        }
        for part in parts.keys() & {*_SHARES}:  # one key or rule that does not hold is enough
            parts[part] = min(scores[part])
        score = float(np.mean([*parts.values()])) if parts else 0.0
        worst = min(parts.values(), default=0.0)
        weak = sorted((own for own in self.figures if own.score < WEAK), key=lambda own: own.score)
        grade, words = next(
            (grade, words)
            for grade, words, least, least_part in _STEPS
            if score >= least and worst >= least_part
        )
        points = "; ".join(own.told() for own in weak[:SHOWN])
        headline = f"{words}; weakest: {points}." if weak else f"{words}; nothing stands out."
        return DatabaseVerdict(grade, headline, score, parts, tuple(weak[:SHOWN]))

    def mean(self, measure: str) -> float:
        """Return the mean of a measure over tables or keys; NaN where there is none."""
        values = [own.value for own in self.figures if own.measure == measure]
        return float(np.nanmean(values)) if values else float("nan")

    def __str__(self) -> str:
        verdict = self.verdict
        rows = [("measure", "where", "synthetic", "halves")]
        rows += [
            (own.measure, own.where, _shown(own.value), _shown(own.halves)) for own in self.figures
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )
        return "\n".join([f"{verdict.headline} Score {verdict.score:.3f}.", "", *lines])

    def to_json(self) -> dict[str, Any]:
        """Describe verdict and figures by JSON values."""
        verdict = self.verdict
        return {
            "verdict": {
                "grade": verdict.grade,
                "headline": verdict.headline,
                "score": verdict.score,
                "parts": dict(verdict.parts),
                "weak_points": [own.told() for own in verdict.weak_points],
            },
            "figures": [
                {
                    **own._asdict(),
                    "value": None if np.isnan(own.value) else own.value,
                    "halves": None if np.isnan(own.halves) else own.halves,
                }
                for own in self.figures
            ],
        }

    def to_html(self) -> str:
        """Return a page that needs nothing beside it."""
        from tabgan.evaluation.report.page import render_database

        sections = [
            (part, MEANINGS[part], [own for own in self.figures if own.part == part])
            for part in self.verdict.parts
        ]
        return render_database(self.verdict, sections, self.to_json())


def _shown(number: float) -> str:
    """Write a number; an unknown one is blank."""
    return "" if np.isnan(number) else f"{number:.3g}"
