"""The results of attacks: rates with confidence intervals, the risks that follow, the audit."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import ceil, sqrt
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom, norm

from tabgan.evaluation.detection import roc_auc

__all__ = [
    "Estimate",
    "PrivacyAudit",
    "Rate",
    "Risk",
    "Outcome",
    "auc",
    "risk_of_auc",
    "risk_of_rates",
    "percent",
    "residual",
    "true_positives",
    "z_of",
]

CONFIDENCE = 0.95
QUESTIONS = 5  # an audit asks some ten, half of which can err to one side
MOST_CONTROL = 0.999
Floats = NDArray[np.float64]
Outcome = Literal[
    "leak", "no leak found", "weak attack", "known anyway", "no holdout", "nearer", "not nearer"
]
SATURATED = 0.95
"""Where so many strangers are guessed right, an attack that finds no leak says nothing."""


class Estimate(NamedTuple):
    """A figure with the two ends of its confidence interval."""

    value: float
    low: float
    high: float


class Rate(NamedTuple):
    """A success rate: successes among attempts.

    Examples
    --------
    >>> rate = Rate(23, 100)
    >>> rate.share, [round(end, 3) for end in rate.wilson()]
    (0.23, [0.24, 0.158, 0.322])
    """

    successes: float
    attempts: int

    @property
    def share(self) -> float:
        """Successes divided by attempts."""
        return self.successes / self.attempts

    def independent(self, design_effect: float) -> "Rate":
        """Return the same share of so few attempts that they count as independent.

        Parameters
        ----------
        design_effect
            The variance of the successes, in those of as many independent attempts.
        """
        attempts = max(round(self.attempts / design_effect), 1)
        return Rate(self.successes * attempts / self.attempts, attempts)

    def wilson(self, confidence: float = CONFIDENCE) -> Estimate:
        """Return the center and the ends of Wilson's score interval.

        Source: Wilson, "Probable inference, the law of succession, and statistical inference",
        JASA 22 (1927). The center is drawn a little towards ½, so that no rate is 0 or 1.
        """
        center, reach = _wilson(self, confidence)
        return Estimate(center, center - reach, center + reach)


def _wilson(rate: Rate, confidence: float) -> tuple[float, float]:
    z = z_of(confidence)
    share, n = rate.share, rate.attempts
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return center, reach


def z_of(confidence: float) -> float:
    """Return how many standard errors an interval reaches to either side.

    Examples
    --------
    >>> round(z_of(0.95), 2)
    1.96
    """
    return float(norm.ppf(0.5 * (1 + confidence)))


def residual(
    main: Rate, control: Rate, confidence: float = CONFIDENCE, *, scale: float = 1.0
) -> Estimate:
    """Return the risk (main − control) / (1 − control): what the attack owes to the leak.

    The control's rate is multiplied by the scale first, where it had fewer rows to succeed on.

    The reaches of both Wilson intervals are propagated to first order; nothing is cut off at 0,
    so that an interval that contains zero can be told. Where nearly all attempts succeed, first
    order is too rough for that, and the interval would often exclude zero by chance; so it is made
    to contain zero unless Fisher's exact test finds the rates to differ.

    Parameters
    ----------
    main, control
        Success on real rows, and on rows that the generator never saw.
    confidence
        Level of the interval.
    scale
        Factor for the control's rate, if it had fewer rows to succeed on.

    Source: Giomi et al., "A Unified Framework for Quantifying Privacy Risk in Synthetic Data",
    PoPETs 2023; Fisher, "Statistical Methods for Research Workers" (1934), section 21.02.

    Examples
    --------
    >>> [round(figure, 3) for figure in residual(Rate(900, 1000), Rate(800, 1000))]
    [0.495, 0.384, 0.607]
    """
    hit, hit_reach = _wilson(main, confidence)
    base, base_reach = (scale * figure for figure in _wilson(control, confidence))
    base = min(base, MOST_CONTROL)
    value = (hit - base) / (1 - base)
    reach = sqrt((hit_reach / (1 - base)) ** 2 + (base_reach * (1 - hit) / (1 - base) ** 2) ** 2)
    if _chance(main, control, scale) < 0.5 * (1 - confidence):
        return Estimate(value, value - reach, value + reach)
    if main.share <= scale * control.share:
        value = min(value, 0.0)
    return Estimate(value, min(value - reach, 0.0), value + reach)


def _chance(main: Rate, control: Rate, scale: float) -> float:
    """Return how probable so many successes more are where both rates are the same."""
    hits, others = int(main.successes), min(ceil(scale * control.successes), control.attempts)
    attempts = main.attempts + control.attempts
    return float(hypergeom.sf(hits - 1, attempts, hits + others, main.attempts))


def auc(members: Floats, others: Floats, confidence: float = CONFIDENCE) -> Estimate:
    """Return the area under the ROC curve of scores that are to be higher for members.

    Ties count half. The interval is DeLong's (`tabgan.evaluation.detection.roc_auc`).

    Parameters
    ----------
    members, others
        Scores of the two samples.
    confidence
        Level of the interval.

    Examples
    --------
    >>> auc(np.array([2.0, 3.0]), np.array([1.0, 2.0])).value
    0.875
    """
    labels = np.repeat([1, 0], [len(members), len(others)])
    area, variance = roc_auc(labels, np.concatenate([members, others]))
    if min(len(members), len(others)) < 2:
        variance = np.inf
    reach = z_of(confidence) * float(np.sqrt(variance))
    return Estimate(area, max(area - reach, 0.0), min(area + reach, 1.0))


def true_positives(members: Floats, others: Floats, false_positives: float = 0.01) -> float:
    """Return the share of members that are found while few others are taken for members.

    The threshold is the one that lets so large a share of the others through; where scores are
    tied there, the tied ones count by the part that completes the share.

    Parameters
    ----------
    members, others
        Scores of the two samples.
    false_positives
        Share of the others that may be taken for members.

    Examples
    --------
    >>> true_positives(np.arange(100.0) + 50, np.arange(100.0), false_positives=0.1)
    0.6
    """
    ordered = np.sort(others)
    n = len(ordered)
    wanted = false_positives * n
    threshold = ordered[max(n - 1 - int(wanted), 0)]
    over = n - np.searchsorted(ordered, threshold, "right")
    tied = n - np.searchsorted(ordered, threshold, "left") - over
    part = (wanted - over) / tied
    return float((members > threshold).mean() + part * (members == threshold).mean())


@dataclass(frozen=True)
class Risk:
    """The risk that one attack measured for one question.

    Attributes
    ----------
    attack
        The attack's name, as in `audit`.
    about
        What was attacked: "exact copies", "outliers", "secret 'income'", …
    threat
        What the attacker knows and gains, in one sentence.
    value, low, high
        The risk, from 0 to 1, and its confidence interval: of what the attacker could not know
        without the real rows, the share that the synthetic rows reveal.
    outcome
        "leak" if the interval excludes zero, otherwise "no leak found", or "weak attack" if a
        random guess does as well, or "known anyway" if nearly all holdout rows are hit as well; "no
        holdout" if there were no such rows to compare with; "nearer" or "not nearer" for distances,
        which are no evidence either way.
    main, control, naive
        Success rates on real rows, on rows that the generator never saw, and of a random guess;
        None if not measured. For attacks by scores, the AUC and ½.
    targets, controls
        Numbers of rows (or guesses) behind `main` and `control`.
    finding
        What was found, in words.
    figures
        Further figures of the attack by name.
    """

    attack: str
    about: str
    threat: str
    value: float
    low: float
    high: float
    outcome: Outcome
    main: float
    control: float | None
    naive: float | None
    targets: int
    controls: int
    finding: str
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_evidence(self) -> bool:
        """Whether a limit applies to the risk."""
        return self.outcome not in ("nearer", "not nearer", "known anyway")


def risk_of_rates(
    attack: str,
    about: str,
    threat: str,
    main: Rate,
    control: Rate | None,
    *,
    naive: Rate | None = None,
    confidence: float = CONFIDENCE,
    scale: float = 1.0,
    design_effect: float = 1.0,
    figures: Mapping[str, float] | None = None,
) -> Risk:
    """Compute the risk of an attack from its success rates.

    Without a control, the risk is the success beyond a random guess. The control's rate is
    multiplied by the scale.

    Parameters
    ----------
    attack, about, threat
        What the risk says of itself; see `Risk`.
    main
        Success on real rows.
    control
        Success on rows that the generator never saw; None without a holdout.
    naive
        Success of a random guess.
    confidence
        Level of the interval.
    scale
        Factor for the control's rate, if it had fewer rows to succeed on.
    design_effect
        The variance of the successes, in those of as many independent attempts; 1 or more.
    figures
        Further figures to show.
    """
    none = Rate(0, 1_000_000_000)  # who knows nothing gets nothing
    base, factor = (naive or none, 1.0) if control is None else (control, scale)
    fewer = main.independent(design_effect), base.independent(design_effect)
    risk = residual(*fewer, confidence, scale=factor)
    sure = residual(*fewer, _surer(confidence), scale=factor)
    unseen = min(scale * control.share, 1.0) if control else None
    outcome = _outcome(sure, main, unseen, naive)
    return Risk(
        attack=attack,
        about=about,
        threat=threat,
        value=min(max(risk.value, 0.0), 1.0),
        low=min(max(risk.low, 0.0), 1.0),
        high=min(max(risk.high, 0.0), 1.0),
        outcome=outcome,
        main=main.share,
        control=unseen,
        naive=naive.share if naive else None,
        targets=main.attempts,
        controls=control.attempts if control else 0,
        finding=_finding(outcome, risk, main.share, unseen, naive.share if naive else None),
        figures=figures or {},
    )


def risk_of_auc(
    attack: str,
    about: str,
    threat: str,
    area: Estimate,
    sizes: tuple[int, int],
    *,
    finding: str,
    figures: Mapping[str, float],
    is_distance: bool = False,
) -> Risk:
    """Compute the risk 2·AUC − 1 from the AUC of scores; the control is a random guess.

    Parameters
    ----------
    attack, about, threat
        What the risk says of itself; see `Risk`.
    area
        The AUC with its interval.
    sizes
        Numbers of real and of unseen rows.
    finding
        What was found, in words.
    figures
        Further figures to show.
    is_distance
        Whether distances are compared, which are no evidence either way.
    """
    value, low, high = (max(2 * figure - 1, 0.0) for figure in area)
    wider = z_of(_surer(CONFIDENCE)) / z_of(CONFIDENCE)
    is_leak = area.value - wider * (area.value - area.low) > 0.5
    outcomes: tuple[Outcome, Outcome] = (
        ("not nearer", "nearer") if is_distance else ("no leak found", "leak")
    )
    return Risk(
        attack=attack,
        about=about,
        threat=threat,
        value=value,
        low=low,
        high=high,
        outcome=outcomes[is_leak],
        main=area.value,
        control=0.5,
        naive=None,
        targets=sizes[0],
        controls=sizes[1],
        finding=finding,
        figures=figures,
    )


def _surer(confidence: float) -> float:
    """Return the level of an interval that must exclude 0 for a leak: a whole audit errs rarely."""
    return 1 - (1 - confidence) / QUESTIONS


def _outcome(risk: Estimate, main: Rate, control: float | None, naive: Rate | None) -> Outcome:
    if control is not None and risk.low > 0:
        return "leak"
    if control is not None and control > SATURATED:
        return "known anyway"
    if naive is not None and naive.wilson().value >= main.wilson().value:
        return "weak attack"
    return "no holdout" if control is None else "no leak found"


def _finding(
    outcome: Outcome, risk: Estimate, main: float, control: float | None, naive: float | None
) -> str:
    on_real = f"succeeds in {percent(main)} of the cases on real rows"
    unseen = f"in {percent(control)} on rows that the generator never saw"
    if outcome == "leak":
        return f"The attack {on_real} and {unseen}; the difference is a leak."
    if outcome == "weak attack":
        return (
            f"The attack {on_real}, and a guess at random in {percent(naive)}; it is too weak to "
            "show a risk."
        )
    if outcome == "known anyway":
        return f"The attack {on_real} and {unseen}; too little is left to show a leak by."
    if outcome == "no holdout":
        return f"The attack {on_real}; in how many of them any stranger's would is not known."
    return (
        f"The attack {on_real} and {unseen}; no leak found, and a risk above "
        f"{max(risk.high, 0):.2f} is ruled out."
    )


@dataclass(frozen=True)
class PrivacyAudit:
    """The results of the attacks on a synthetic table.

    Attributes
    ----------
    risks
        One `Risk` for each question, in the order of the attacks.
    rows
        Numbers of rows of the tables ("real", "synthetic", "holdout") and of the attacked samples
        ("targets", "controls").
    seed
        Seed of samples and guesses.
    confidence
        Confidence level of the intervals.
    seconds
        Wall time of each attack, in seconds.
    notes
        What was skipped, and why.
    holdout_fault
        Why the holdout can't be used: its rows are among the others. Empty if it can.
    """

    risks: tuple[Risk, ...]
    rows: Mapping[str, int]
    seed: int
    confidence: float = 0.95
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    holdout_fault: str = ""

    @property
    def leaks(self) -> tuple[Risk, ...]:
        """The risks whose interval excludes zero."""
        return tuple(risk for risk in self.risks if risk.outcome == "leak")

    def over(self, limit: float, end: Literal["low", "high"] = "high") -> tuple[Risk, ...]:
        """Return the risks above a limit.

        Parameters
        ----------
        limit
            From 0 to 1.
        end
            "high" returns the risks that the audit does not show to be within the limit, which
            includes those measured with too few rows. "low" returns those that it shows to be
            beyond the limit. Warning signs, and what is known anyway, are never returned. Without a
            usable holdout, nothing is shown to be within the limit.
        """
        if self.holdout_fault and end == "high":
            return self.risks
        return tuple(r for r in self.risks if r.is_evidence and getattr(r, end) > limit)

    @property
    def conclusion(self) -> tuple[str, ...]:
        """What the audit shows and what not, in plain sentences."""
        return (*_shown(self), *_not_shown(self))

    def to_json(self) -> dict[str, Any]:
        """Describe the audit by JSON values."""
        facts = asdict(self)
        facts["risks"] = [_as_json(risk) for risk in self.risks]
        return facts | {"conclusion": list(self.conclusion)}

    def __str__(self) -> str:
        header = ("attack", "on", "risk", "95 % interval", "real", "unseen", "guess", "")
        cells = [header, *(_cells(risk) for risk in self.risks)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [
            "  ".join(
                text.ljust(width) if place in (0, 1, 7) else text.rjust(width)
                for place, (text, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in cells
        ]
        notes = [f"note: {note}" for note in self.notes]
        return "\n".join([*lines, "", *self.conclusion, *notes])


def _as_json(risk: Risk) -> dict[str, Any]:
    facts = {**asdict(risk), "figures": dict(risk.figures)}
    return {"standing" if name == "outcome" else name: fact for name, fact in facts.items()}


def _cells(risk: Risk) -> tuple[str, ...]:
    return (
        risk.attack,
        risk.about,
        f"{risk.value:.3f}",
        f"{risk.low:.3f} to {risk.high:.3f}",
        percent(risk.main),
        percent(risk.control),
        percent(risk.naive),
        risk.outcome,
    )


def percent(share: float | None) -> str:
    """Write a share in percent.

    Examples
    --------
    >>> percent(0.1234), percent(0.00042), percent(None)
    ('12.3 %', '0.04 %', '')
    """
    if share is None:
        return ""
    return f"{100 * share:.2f} %" if 0 < share < 0.01 else f"{100 * share:.1f} %"


def _shown(audit: PrivacyAudit) -> list[str]:
    fault = [audit.holdout_fault] if audit.holdout_fault else []
    if audit.leaks:
        worst = max(audit.leaks, key=lambda risk: risk.value)
        return [
            *fault,
            f"{len(audit.leaks)} of {len(audit.risks)} questions show a leak. The largest is "
            f"{worst.value:.2f} ({worst.low:.2f} to {worst.high:.2f}), {worst.attack}, "
            f"{worst.about}. {worst.finding}",
        ]
    if fault:
        return fault
    if not audit.rows.get("holdout"):
        return [
            "Nothing is shown: without a holdout, a success that an attacker would have with any "
            "stranger can't be told from a leak. Give rows of the same population that the "
            "generator never saw."
        ]
    tried = [risk for risk in audit.risks if risk.outcome == "no leak found"]
    if not tried:
        return ["Nothing is shown: none of the attacks was strong enough to."]
    worst = max(tried, key=lambda risk: risk.high)
    return [
        "None of the attacks found a leak: on real rows they succeed no more often than on rows "
        f"that the generator never saw. The largest risk that they do not rule out is "
        f"{worst.high:.2f} ({worst.attack}, {worst.about})."
    ]


def _not_shown(audit: PrivacyAudit) -> list[str]:
    lines = []
    if any(risk.outcome == "weak attack" for risk in audit.risks):
        lines.append("An attack that does no better than a guess at random shows nothing.")
    lines.append(
        "Attacks are not a proof: a stronger one, or one who knows more, may find what these do "
        "not, and an average says little of a single row. Only differential privacy bounds every "
        "attack."
    )
    return lines
