"""The verdict on a synthetic table: its parts' scores, and what it can be used for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tabgan.evaluation.evaluation_parts import Figure, Utility
from tabgan.evaluation.fidelity import Relations
from tabgan.evaluation.results import LEAST, Fit, Grade, PartResults, Use, Verdict, WeakPoint
from tabgan.evaluation.weak_points import WORTHLESS_SHAPE, find_weak_points

__all__ = ["make_verdict"]

MOST_POINTS = 3  # weak points that are told
LEAST_GAIN = 0.02  # of a model of real rows over chance
FIT = 0.9  # score of each part that a use rests on, at least …
FIT_WITH_CARE = 0.6  # … or at least with care


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


def make_verdict(parts: PartResults, relations: Relations) -> Verdict:
    """Score each part from 0 to 1, and name the weakest points.

    - validity: share of rows without a violation, of the share of fresh rows without one;
    - structure: mean of what is kept of rules, keys, presence and times (`Structure.kept`); left
      out where the real table has none of them;
    - shapes: 1 less the mean shape error beyond its baseline, 50 percentage points being worth 0;
    - trends: share of the relations that is kept (`Fidelity.relations_kept`): 1 for fresh rows, 0
      for columns that were shuffled on their own; left out where no columns are related;
    - detection: 1 less twice the distance of the AUC from ½ (`Detector.score`), of the detector
      that is farther off, by the nearer end of its interval: what chance tells of few rows is no
      fault;
    - utility: share of the real rows' gain over chance, mean of the target's (`Utility.kept`) and
      of all columns' (`Utility.kept_of_all`), each with a standard error, as models of real rows
      have one, too; left out where nothing can be predicted;
    - coverage: mean of the four shares, each of its baseline.

    The score is their mean. The grade depends on the score, on the worst part (copies of unique
    real rows count as one), and on the weakest point.

    Parameters
    ----------
    parts
        All figures.
    relations
        The pairs of columns behind them.
    """
    scores = {name: score for name, score in _scores(parts).items() if not np.isnan(score)}
    score = float(np.mean(list(scores.values())))
    points = find_weak_points(parts, relations)
    near = [point for point in points if point.part == "nearness"]
    copied = max(near, key=lambda point: point.severity, default=None)
    uncopied = 1 - (copied.severity if copied else 0.0)
    worst = min(*scores.values(), uncopied)
    weakest = max((point.severity for point in points), default=0.0)
    reached = next(
        (s for s in _STEPS if score >= s.score and worst >= s.part and weakest <= s.severity),
        _STEPS[-1],
    )
    if reached is _STEPS[0]:  # what no real row has comes first, however few rows have it
        points = tuple(sorted(points, key=lambda point: not point.is_fault))
    headline = _headline(reached, points)
    uses = tuple(_uses(parts, scores, points, copied))
    is_copied = copied is not None and copied.severity > _STEPS[1].severity
    shown = points[:MOST_POINTS]
    if is_copied and copied not in shown:  # what bounds the grade is told
        shown = (*shown[:-1], *near[:1])
    return Verdict(reached.grade, headline, score, scores, shown, uses, is_copied)


def _uses(
    parts: PartResults,
    scores: Mapping[str, float],
    points: Sequence[WeakPoint],
    copied: WeakPoint | None,
) -> Iterator[Use]:
    """Say what the table can be used for: as far as the worst that matters to a use.

    That is the lowest score of its parts, or the weakest point of them: a mean of many rules hides
    one that no row keeps.
    """

    def judged(use: str, names: tuple[str, ...], concerned: str, evidence: str) -> Use:
        own = [point for point in points if point.part in concerned]
        known = [scores[name] for name in names if name in scores]
        return _judged(use, known, own, evidence)

    def share(name: str) -> str:
        return f"{100 * scores[name]:.0f} %" if name in scores else "none to keep"

    yield judged(
        "test data",
        ("validity", "structure"),
        "validity structure",
        f"{parts.validity.valid_rows.value:.1f} % of the rows are valid; rules, keys, presence "
        f"and order in time: {share('structure')}.",
    )
    joint = ("trends", "utility") if {"trends", "utility"} & scores.keys() else ("detection",)
    yield judged(
        "analysis",
        ("shapes", "structure", *joint),
        "structure fidelity",
        f"Columns are off by {_beyond_fresh(parts.fidelity.shape_error):.1f} % more than those of "
        f"a fresh sample on average; relations that are kept: {share('trends')}; what models "
        f"learn: {share('utility')}.",
    )
    evidence = _evidence_of_utility(parts.utility)
    yield judged("model training", ("utility",), "", evidence)
    yield _judge_sharing(parts, copied)


def _judge_sharing(parts: PartResults, copied: WeakPoint | None) -> Use:
    """Say whether the table may be given away: not where it has copies or names of the real one."""
    if copied is not None and copied.severity >= LEAST:
        return Use("sharing", "no", copied.what)
    if parts.tables.kept_names:
        names = ", ".join(map(repr, parts.tables.kept_names))
        return Use(
            "sharing",
            "no",
            f"The names of people in {names} are those of the real table: the kind categorical "
            "keeps them. The kind name draws others.",
        )
    nearness = parts.nearness
    return Use(
        "sharing",
        "with care",
        f"{nearness.unique_copies.value:.1f} % of the rows equal a unique real row and "
        f"{nearness.near_copies.value:.1f} % come too near to one: {_sign_of_copies(parts)}; "
        f"an audit and a privacy budget say more. {parts.tables.holdout_fault}".rstrip(),
    )


def _sign_of_copies(parts: PartResults) -> str:
    if parts.detection.trees.mirrored >= LEAST:
        return "no sign of copies by themselves, but a detector takes rows for real ones"
    return "no sign of copies, which is no proof"


def _judged(use: str, scores: Sequence[float], points: Sequence[WeakPoint], evidence: str) -> Use:
    """Judge a use by its parts' scores and their weakest point; what is worse is the evidence.

    What no real row has speaks against a use without care, however few rows have it.
    """
    if not scores and not points:
        return Use(use, "unknown", "Nothing that was measured tells.")
    worst = min(scores, default=1.0)
    weakest = max(points, key=lambda point: point.severity, default=None)
    severity = weakest.severity if weakest else 0.0
    fit: Fit = "yes"
    if worst < FIT_WITH_CARE or severity > 1 - FIT_WITH_CARE:
        fit = "no"
    elif worst < FIT or severity > _STEPS[0].severity:
        fit = "with care"
    elif faults := [point for point in points if point.is_fault]:
        return Use(use, "with care", faults[0].what)
    if weakest is not None and fit != "yes" and 1 - severity <= worst:
        evidence = weakest.what
    return Use(use, fit, evidence)


def _evidence_of_utility(utility: Utility | None) -> str:
    if utility is None:
        return ""
    return (
        f"{utility.metric} {utility.score.value:.3f} for {utility.target!r} where real rows give "
        f"{utility.score.baseline:.3f}; {100 * utility.kept_of_all:.0f} % of what tells each "
        "column is kept."
    )


def _scores(parts: PartResults) -> Mapping[str, float]:
    fidelity, detection = parts.fidelity, parts.detection
    beyond = _beyond_fresh(fidelity.shape_error)
    return {
        "validity": parts.validity.valid_rows.of_baseline,
        "structure": _mean_known([*parts.structure.kept.values()]),
        "shapes": max(1 - beyond / WORTHLESS_SHAPE, 0.0),
        "trends": fidelity.relations_kept,
        "detection": min(detection.trees.score, detection.logistic.score),
        "utility": _usefulness(parts.utility),
        "coverage": _mean_known(
            [
                figure.of_baseline
                for figure in (
                    parts.coverage.levels,
                    parts.coverage.ranges,
                    parts.coverage.rare_combinations,
                    parts.coverage.missing_patterns,
                )
            ]
        ),
    }


def _beyond_fresh(error: Figure) -> float:
    return max(error.value - error.baseline, 0.0)


def _usefulness(utility: Utility | None) -> float:
    if utility is None or utility.score.baseline - utility.chance < LEAST_GAIN:
        return float("nan")  # real rows teach nothing, so there is nothing to keep
    of_target, of_all = utility.errors_of_kept
    kept = [min(utility.kept + of_target, 1.0)]
    if utility.columns:
        kept.append(min(utility.kept_of_all + of_all, 1.0))
    return float(np.mean(kept))


def _mean_known(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _headline(reached: _Step, points: Sequence[WeakPoint]) -> str:
    if not points:
        return f"{reached.words}: nothing that was measured is weak."
    first = f"{points[0].what[0].lower()}{points[0].what[1:]}"
    if reached is _STEPS[0] and points[0].is_fault:
        return f"{reached.words}, except that {first}"
    return f"{reached.words}. Its weakest point: {first}"
