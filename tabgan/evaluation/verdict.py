"""The verdict on a synthetic table: its parts' scores, and what it can be used for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from tabgan.evaluation.evaluation_parts import Figure, Predicted, Utility
from tabgan.evaluation.fidelity import Relations
from tabgan.evaluation.results import (
    LEAST,
    Fit,
    Grade,
    PartResults,
    Tables,
    Use,
    Verdict,
    WeakPoint,
)
from tabgan.evaluation.weak_points import WORTHLESS_SHAPE, find_weak_points

__all__ = ["make_verdict", "overall_score"]

LEAST_PART = 0.02  # of a score
MOST_POINTS = 3  # weak points that are told
MOST_NAMED = 4  # columns beside one that loses most
SURE = 3  # standard errors of an AUC
SYMPTOM = 0.8  # discount of what models lose
TESTED = 5  # real rows for each that models are tested on, where there is no holdout
FALSE_ALARM = 0.01  # of all columns together
TINY = 1e-12
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

    The score is their geometric mean (`overall_score`). The grade depends on the score, on the
    worst part (copies of unique real rows count as one), and on the weakest point; a table that is
    fit for no use is poor.

    Parameters
    ----------
    parts
        All figures.
    relations
        The pairs of columns behind them.
    """
    scores = {name: score for name, score in _scores(parts).items() if not np.isnan(score)}
    score = overall_score(scores)
    lost = () if parts.utility is None else tuple(_lost_utility(parts.utility, parts.tables))
    points = find_weak_points(parts, relations, lost)
    near = [point for point in points if point.part == "nearness"]
    copied = max(near, key=lambda point: point.severity, default=None)
    uncopied = 1 - (copied.severity if copied else 0.0)
    worst = min(*scores.values(), uncopied)
    weakest = max((point.severity for point in points), default=0.0)
    uses = tuple(_uses(parts, scores, points, lost, copied))
    reached = _step_reached(score, worst, weakest, uses)
    if reached is _STEPS[0]:  # what no real row has comes first, however few rows have it
        points = tuple(sorted(points, key=lambda point: not point.is_fault))
    headline = _headline(reached, points)
    is_copied = copied is not None and copied.severity > _STEPS[1].severity
    shown = points[:MOST_POINTS]
    if is_copied and copied not in shown:  # what bounds the grade is told
        shown = (*shown[:-1], *near[:1])
    return Verdict(reached.grade, headline, score, scores, shown, uses, is_copied)


def _step_reached(score: float, worst: float, weakest: float, uses: Sequence[Use]) -> _Step:
    """Return the grade of a score, a worst part and a weakest point: of no use is poor."""
    if all(use.fit in ("no", "unknown") for use in uses):
        return _STEPS[-1]
    reached = (s for s in _STEPS if score >= s.score and worst >= s.part and weakest <= s.severity)
    return next(reached, _STEPS[-1])


def overall_score(scores: Mapping[str, float]) -> float:
    """Return the geometric mean of the parts' scores, from 0 to 1.

    Perfect columns so don't outweigh relations that are lost. A part counts as at least
    `LEAST_PART`. Where no pair of columns is related, but models learn from several, what these
    keep stands for the trends as well.

    Examples
    --------
    >>> round(overall_score({"shapes": 1.0, "trends": 0.25}), 3)
    0.5
    """
    parts = [*scores.values()]
    if "trends" not in scores and "utility" in scores:
        parts.append(scores["utility"])
    return float(np.exp(np.mean(np.log(np.maximum(parts, LEAST_PART)))))


def _uses(
    parts: PartResults,
    scores: Mapping[str, float],
    points: Sequence[WeakPoint],
    lost: Sequence[WeakPoint],
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
        f"learn: {share('utility')}{_least_learned(parts.utility)}.",
    )
    evidence = _evidence_of_utility(parts.utility)
    training = judged("model training", ("utility",), "", evidence)
    worst = max(lost, key=lambda point: point.severity, default=None)
    if training.fit == "yes" and worst is not None and worst.severity > _STEPS[0].severity:
        training = Use(training.use, "with care", worst.what)  # of another column than the target
    yield training
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


def _least_learned(utility: Utility | None) -> str:
    """Name the column that models learn least of, if it is sure that they miss much."""
    known = [] if utility is None else [one for one in utility.columns if one.gain]
    least = min(known, key=lambda one: one.kept, default=None)
    if least is None or least.kept + SURE * least.error / (1 - least.chance) / least.gain > FIT:
        return ""
    return f" (least of {least.column!r}: {100 * least.kept:.0f} %)"


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


def _lost_utility(utility: Utility, tables: Tables) -> Iterator[WeakPoint]:
    """Yield what models lose that learn from synthetic rows, or that meet them."""
    tested = tables.holdout_rows or tables.real_rows / TESTED
    noise = SURE / np.sqrt(tested) / 2
    gain = max(Predicted(utility.target, utility.metric, utility.score).gain, TINY)
    of_target, of_all = (
        max(least, SURE * error)
        for least, error in zip((noise / gain, noise), utility.errors_of_kept, strict=True)
    )
    losses = {name: real - synthetic for name, real, synthetic in utility.importances}
    feature = max(losses, key=lambda name: losses[name], default=None)
    columns = (utility.target,) if feature is None else (utility.target, feature)
    missed = "" if feature is None else f"; most is lost of what {feature!r} tells about it"
    yield WeakPoint(
        "utility",
        columns,
        f"A model of {utility.target!r} that learns from the table gets {utility.metric} "
        f"{utility.score.value:.3f} on real rows, in place of {utility.score.baseline:.3f}"
        f"{missed}.",
        "Train longer; in tabgan keep polish on, which redraws columns such as "
        f"{utility.target!r} by all others.",
        float(SYMPTOM * max(1 - utility.kept - of_target, 0.0)),
        by_learning=True,
    )
    if utility.columns:
        worst = utility.columns[0]
        yield WeakPoint(
            "utility",
            (worst.column,),
            f"Models that learn from the table know {100 * utility.kept_of_all:.0f} % of what real "
            "rows teach about each column by the others; most is lost of "
            f"{worst.column!r}: {worst.metric} {worst.score.value:.3f}, in place of "
            f"{worst.score.baseline:.3f}.",
            "Train longer; in tabgan keep polish on, which redraws columns by all others.",
            float(SYMPTOM * max(1 - utility.kept_of_all - of_all, 0.0)),
            by_learning=True,
        )
        yield _unlike_rows(utility.columns)


def _unlike_rows(columns: Sequence[Predicted]) -> WeakPoint:
    """Return the weak point that what real rows teach does not hold for synthetic ones.

    What models learn from these may hide it: of a relation that some rows break, enough is left.
    A column that explains what others lose is told before them.
    """
    sure = float(norm.isf(FALSE_ALARM / len(columns)))  # standard errors
    lost = {one: _lost_of_rows(one, sure) for one in columns}

    def explained(cause: Predicted) -> dict[Predicted, float]:
        """Return the share that a column explains of its own loss and of that of others."""
        own = {one: one.explained for one in columns if one.cause == cause.column}
        return {cause: 1.0, **own} if lost[cause] else {cause: 0.0}

    def harm(cause: Predicted) -> float:
        return sum(share * lost[one] * one.gain for one, share in explained(cause).items())

    one = max(columns, key=harm)
    severity = max(
        share * lost[own] * float(np.sqrt(own.gain)) for own, share in explained(one).items()
    )
    others = [repr(other.column) for other in lost if lost[other] and other is not one]
    return WeakPoint(
        "utility",
        (one.column,),
        f"{one.column!r} goes with the other columns in another way: a model of real rows gets "
        f"{one.metric} {one.score_of_rows:.3f} on the synthetic ones, in place of "
        f"{one.score.baseline:.3f}{'; less, too, of ' if others else ''}"
        f"{', '.join(others[:MOST_NAMED])}.",
        f"Draw {one.column!r} together with the others, in all parts of the table alike; in "
        "tabgan --method trees, or more steps of a GAN (--steps).",
        SYMPTOM * severity,
        by_learning=True,
    )


def _lost_of_rows(one: Predicted, errors: float) -> float:
    """Return the share of what real rows teach that synthetic ones lose, if sure by such errors."""
    lost = one.score.baseline - one.score_of_rows
    is_sure = lost > errors * one.error_of_rows
    return min(lost / one.gain / (1 - one.chance), 1.0) if is_sure else 0.0
