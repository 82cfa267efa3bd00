"""The results of an evaluation: frozen values behind the text, the JSON and the HTML report."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from html import escape
from math import isfinite
from typing import Any, Literal, NamedTuple, Self, get_args

import numpy as np

from tabgan.base.notebook_html import html_lines, html_table
from tabgan.evaluation.audit_results import PrivacyAudit
from tabgan.evaluation.evaluation_parts import (
    Coverage,
    Detection,
    Fidelity,
    Figure,
    Structure,
    Utility,
    Validity,
)

__all__ = [
    "EvaluationResults",
    "FieldMeasures",
    "Fit",
    "Grade",
    "Nearness",
    "PartResults",
    "Run",
    "Tables",
    "Use",
    "Verdict",
    "WeakPoint",
]


@dataclass(frozen=True)
class Tables:
    """What was compared.

    Attributes
    ----------
    real_rows, synthetic_rows, holdout_rows
        Rows of the tables; 0 holdout rows where there was none.
    compared_rows
        Rows that each part looked at, by the part's name ("fidelity", "detection", …): where it
        is fewer than the tables have, it was a random sample of them.
    seed
        Seed of all samples, folds and models.
    seconds
        Wall time of each part.
    holdout_fault
        Why the holdout that was given is left out: its rows are real ones; "" where it isn't.
    kept_names
        Columns of people's names that the schema declares categorical, so that they are kept.
    """

    real_rows: int
    synthetic_rows: int
    holdout_rows: int
    compared_rows: Mapping[str, int]
    seed: int
    seconds: Mapping[str, float]
    holdout_fault: str = ""
    kept_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """How the synthetic table came about, where it is known.

    Attributes
    ----------
    facts
        Labels and values as text, in the order to show: seed, steps, device, seconds, versions, …
    history
        The training's records (`tabgan.generators.training_callbacks.Callback`); empty where
        unknown.
    notes
        Remarks of the training: what the diagnosis found.
    untried
        What the fit has not tried that lets a generator learn more, as orders; empty where unknown.
    """

    facts: Mapping[str, str] = field(default_factory=dict)
    history: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    untried: tuple[str, ...] = ()


LEAST = 0.05  # severity of a weak point that is worth a word
MOST_NAMED = 4  # columns beside a grade
Grade = Literal["as good as real", "good", "usable with care", "poor"]


class WeakPoint(NamedTuple):
    """Where the table is weak.

    Attributes
    ----------
    part
        "validity", "structure", "fidelity", "detection", "utility", "coverage" or "nearness".
    columns
        The columns that it is about; may be empty.
    what
        What was found, in one sentence with its figures.
    remedy
        What to do about it, in one sentence.
    severity
        From 0 (as a fresh sample of the real table) to 1.
    by_learning
        Whether the remedy is that a generator learns more. Where the fit is known (`Run`), the
        remedy is what it has not tried.
    by_relations
        Whether it is about how columns go with each other, and not about their own values.
    by_presence
        Whether it is where cells are missing, which no rule of values explains.
    is_fault
        Whether single rows show it, and no real row does: a value that can't be, or a broken rule.
    """

    part: str
    columns: tuple[str, ...]
    what: str
    remedy: str
    severity: float
    by_learning: bool = False
    by_relations: bool = False
    by_presence: bool = False
    is_fault: bool = False


Fit = Literal["yes", "with care", "no", "unknown"]


class Use(NamedTuple):
    """Whether the table can be used for something.

    Attributes
    ----------
    use
        "test data", "analysis", "model training" or "sharing".
    fit
        "yes", "with care" or "no"; "unknown" where nothing was measured that tells.
    evidence
        The figures that say so, in one sentence.
    """

    use: str
    fit: Fit
    evidence: str


@dataclass(frozen=True)
class Verdict:
    """What a reader needs to know first.

    Attributes
    ----------
    grade
        One of four, by the score and by the parts' worst.
    headline
        One sentence.
    score
        Mean of the parts' scores, from 0 to 1; what a gate compares.
    parts
        Each part's score from 0 to 1, by its name.
    weak_points
        At most three, the weakest first; empty where nothing is weak.
    uses
        What the table can be used for, with the evidence.
    is_copied
        Whether so many rows are copies of real ones, or too near to them, that the grade is
        "usable with care" at best, whatever the score.
    """

    grade: Grade
    headline: str
    score: float
    parts: Mapping[str, float]
    weak_points: tuple[WeakPoint, ...]
    uses: tuple[Use, ...] = ()
    is_copied: bool = False

    @property
    def in_words(self) -> str:
        """The grade; beside the best one, the columns of what no real row has."""
        faults = [point for point in self.weak_points if point.is_fault]
        if self.grade != get_args(Grade)[0] or not faults:
            return self.grade
        names = [*dict.fromkeys(name for point in faults for name in point.columns)]
        more = f" and {len(names) - MOST_NAMED} more" * (len(names) > MOST_NAMED)
        return f"{self.grade}, except for {', '.join(map(repr, names[:MOST_NAMED]))}{more}"

    def _repr_html_(self) -> str:
        points = [f"{point.what} What to do: {point.remedy}" for point in self.weak_points]
        return (
            f"<p><strong>{escape(self.in_words)}</strong> ({self.score:.3f}). "
            f"{escape(self.headline)}</p>"
            + html_table("What it can be used for", ["Use", "Fit", "Evidence"], self.uses)
            + html_lines("Weak points", points)
        )


@dataclass(frozen=True)
class Nearness:
    """Simple looks at how near synthetic rows come to real ones. No proof of privacy.

    Attributes
    ----------
    copies
        Synthetic rows that equal a real row, in percent; the baseline is the share of holdout rows
        that do, or of real rows that equal another one.
    unique_copies
        The same, of real rows that occur once; without a holdout, the baseline is the share of real
        rows that occur twice, or a few times more, which weigh less.
    nearer_to_real
        Share of synthetic rows that are nearer to a real row than to a row of as many holdout
        rows, in percent; 50 for a generator that copies nothing. None without a holdout.
    distance
        Median distance to the closest real row, from 0 to 1 (`tabgan.evaluation.copying`); the
        baseline is that of holdout rows, or of real rows to other real rows.
    near_copies
        Rows that are so near to a real row as chance would hardly bring fresh rows, in percent;
        0 where an exact test finds no more of them than of fresh rows.
    """

    copies: Figure
    unique_copies: Figure
    nearer_to_real: Figure | None
    distance: Figure
    near_copies: Figure


@dataclass(frozen=True)
class FieldMeasures:
    """Measures that papers and other tools report, by name. None counts in the verdict."""

    figures: Mapping[str, Figure] = field(default_factory=dict)


class PartResults(NamedTuple):
    """All that was measured."""

    tables: Tables
    validity: Validity
    fidelity: Fidelity
    detection: Detection
    utility: Utility | None
    coverage: Coverage
    nearness: Nearness
    structure: Structure = Structure()
    measures: FieldMeasures = FieldMeasures()


@dataclass(frozen=True)
class EvaluationResults:
    """The verdict and all figures behind it, as `Evaluation` describes them.

    `tabgan.evaluation.evaluate.Evaluation` adds the summary and the report.
    """

    verdict: Verdict
    tables: Tables
    validity: Validity
    fidelity: Fidelity
    detection: Detection
    utility: Utility | None
    coverage: Coverage
    nearness: Nearness
    structure: Structure = field(default_factory=Structure)
    measures: FieldMeasures = field(default_factory=FieldMeasures)
    run: Run | None = None
    privacy: PrivacyAudit | None = None
    metrics: Mapping[str, Figure] = field(default_factory=dict)

    def with_run(self, run: Run) -> Self:
        """Return these results with the facts of the fit, and remedies that it has not tried."""
        tried = self.verdict.weak_points
        if run.untried:
            first, *others = run.untried
            advice = ", or ".join([first[0].upper() + first[1:], *others]) + "."
            tried = tuple(p._replace(remedy=advice) if p.by_learning else p for p in tried)
        return replace(self, run=run, verdict=replace(self.verdict, weak_points=tried))

    def to_json(self) -> dict[str, Any]:
        """Return all figures as JSON values: objects, lists, numbers, text, and null for NaN.

        There are single values of the tables in it (levels, quantiles, examples of violations),
        and no row of either.
        """
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


_KEYS = {"baseline": "floor", "telling_features": "giveaways", "outcome": "standing"}
"""Keys of the JSON whose attribute has another name: what reads the JSON still finds them."""


def _plain(value: Any) -> Any:
    """Return a result as JSON values."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if isfinite(value) else None
    if is_dataclass(value):
        names = [field.name for field in fields(value)]
        return {_KEYS.get(name, name): _plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {_KEYS.get(name, name): _plain(item) for name, item in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
