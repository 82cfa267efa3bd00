"""What the page shows of an evaluation: columns in order, each part with its leading figure."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from tabgan.evaluation.part_results import ColumnResult, Figure, LevelsChart, NumbersChart, Pairs
from tabgan.evaluation.report.pair_charts import HeatMaps
from tabgan.evaluation.report.readings import Reading, column_gap, read
from tabgan.evaluation.report.report_charts import distribution
from tabgan.evaluation.results import EvaluationResults

__all__ = [
    "ColumnCard",
    "Columns",
    "Leading",
    "PartView",
    "kept_relations",
    "leading_figures",
    "parts",
    "shown_of",
    "sort_columns",
]

SHOWN_RECORDS = 240  # of the training, in the JSON
SHOWN_VIOLATIONS = 20
PART_NAMES = {
    "validity": "Validity",
    "structure": "Structure",
    "fidelity": "Fidelity",
    "shapes": "Shapes of columns",
    "trends": "Relations of columns",
    "detection": "Detection",
    "utility": "Utility",
    "coverage": "Coverage",
    "nearness": "Nearness",
    "metrics": "Further metrics",
}
ANCHORS = {"fidelity": "columns", "shapes": "columns", "trends": "pairs"}  # others: their own name
PART_MEANINGS = {
    "validity": "Could the real table hold these values?",
    "structure": "Are rules, keys and order in time kept?",
    "shapes": "Are the values of each column spread alike?",
    "trends": "Are columns related in the same way?",
    "detection": "Can a classifier tell the rows apart?",
    "utility": "Do models learn the same from them?",
    "coverage": "Is all of the real table there?",
    "nearness": "Do rows come too near to real ones?",
}


class ColumnCard(NamedTuple):
    """A column with its chart.

    Attributes
    ----------
    position
        Its place in the table; the page's anchor is made from it.
    gap
        How far it is from a fresh sample, from 0 to about 1.
    picture
        None where its values are not shown.
    """

    position: int
    result: ColumnResult
    gap: float
    reading: Reading | None
    picture: Markup | None

    @property
    def numbers(self) -> NumbersChart | None:
        """The distribution if it is one of numbers or times."""
        shown = self.result.distribution
        return shown if isinstance(shown, NumbersChart) else None

    @property
    def levels(self) -> LevelsChart | None:
        """The distribution if it is one of levels."""
        shown = self.result.distribution
        return shown if isinstance(shown, LevelsChart) else None


class Columns(NamedTuple):
    """All columns, the worst first.

    Attributes
    ----------
    cards
        Those with a chart.
    listed
        Further ones that are listed without.
    n_left_out
        How many are not even listed.
    generated
        Identifiers, personal data and text, which can't be compared, in the table's order.
    """

    cards: list[ColumnCard]
    listed: list[ColumnCard]
    n_left_out: int
    generated: list[ColumnResult]


class Leading(NamedTuple):
    """The figure that a part is known by, as `readings.FIGURES` names it."""

    key: str
    figure: Figure


class PartView(NamedTuple):
    """A part of the verdict."""

    name: str
    anchor: str
    meaning: str
    score: float
    leading: Leading | None


def sort_columns(evaluation: EvaluationResults, charts: int, listed: int) -> Columns:
    """Return the columns with at most so many charts and so many further lines.

    Parameters
    ----------
    evaluation
        What the page shows.
    charts, listed
        The most columns with a chart, and without one.
    """
    everything = list(enumerate(evaluation.fidelity.columns))
    compared = [(i, column, column_gap(column)) for i, column in everything if column.shape_error]
    compared.sort(key=lambda item: -item[2] if math.isfinite(item[2]) else math.inf)
    cards = [
        ColumnCard(i, column, gap, read(gap), _picture(column, with_chart=n < charts))
        for n, (i, column, gap) in enumerate(compared[: charts + listed])
    ]
    generated = [column for _, column in everything if not column.shape_error]
    return Columns(
        cards[:charts], cards[charts:], len(compared) - len(cards), generated[: charts + listed]
    )


def _picture(column: ColumnResult, *, with_chart: bool) -> Markup | None:
    shown = column.distribution
    if not with_chart or shown is None or not len(shown.real):
        return None
    return distribution(column.name, shown)


def leading_figures(evaluation: EvaluationResults) -> dict[str, Leading]:
    """Return the figure that each part is known by."""
    figures = {
        "validity": Leading("valid_rows", evaluation.validity.valid_rows),
        "shapes": Leading("shape_error", evaluation.fidelity.shape_error),
        "trends": Leading("relations_kept", kept_relations(evaluation)),
        "detection": Leading(
            "trees", Figure(evaluation.detection.trees.auc, evaluation.detection.trees.baseline)
        ),
        "coverage": Leading("levels", evaluation.coverage.levels),
        "nearness": Leading("copies", evaluation.nearness.copies),
    }
    if evaluation.utility is not None:
        figures["utility"] = Leading("utility", evaluation.utility.score)
    return figures


def kept_relations(evaluation: EvaluationResults) -> Figure:
    """Return the share of the relations that is kept, in percent."""
    return Figure(100 * evaluation.fidelity.relations_kept)


def parts(evaluation: EvaluationResults) -> list[PartView]:
    """Return the parts of the verdict in its order."""
    leading = leading_figures(evaluation)
    return [
        PartView(
            PART_NAMES.get(key, key),
            ANCHORS.get(key, key),
            PART_MEANINGS.get(key, ""),
            score,
            leading.get(key),
        )
        for key, score in evaluation.verdict.parts.items()
    ]


def shown_of(
    evaluation: EvaluationResults, columns: Columns, maps: HeatMaps | None
) -> EvaluationResults:
    """Return an evaluation of no more than the page shows, whose JSON is small.

    Parameters
    ----------
    evaluation
        All results.
    columns, maps
        What the page shows of them.
    """
    cards = [card.result for card in columns.cards]
    listed = [replace(card.result, distribution=None) for card in columns.listed]
    fidelity = replace(
        evaluation.fidelity,
        columns=(*cards, *listed, *columns.generated),
        pairs=_only(evaluation.fidelity.pairs, maps.shown) if maps else None,
    )
    run = evaluation.run
    if run is not None:
        run = replace(run, history=run.history[:: 1 + len(run.history) // SHOWN_RECORDS])
    violations = evaluation.validity.violations[:SHOWN_VIOLATIONS]
    validity = replace(evaluation.validity, violations=violations)
    return replace(evaluation, fidelity=fidelity, validity=validity, run=run)


def _only(pairs: Pairs | None, chosen: list[int]) -> Pairs | None:
    if pairs is None:
        return None
    grid = np.ix_(chosen, chosen)
    return Pairs(
        tuple(pairs.names[index] for index in chosen),
        pairs.real[grid],
        pairs.synthetic[grid],
        pairs.error[grid],
        pairs.related[grid],
        pairs.noise,
        pairs.joints,
    )
