"""What attacks found: frozen values that text, JSON and the HTML report are made from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = ["PrivacyAudit", "Risk", "Standing", "percent"]

Standing = Literal["leak", "no leak found", "weak attack", "known anyway", "no holdout", "alarm"]


@dataclass(frozen=True)
class Risk:
    """What one attack found about one question.

    Attributes
    ----------
    attack
        The attack's name, as `audit` takes it.
    about
        What was attacked: "exact copies", "outliers", "secret 'income'", …
    threat
        What the attacker knows and gains, in one sentence.
    value, low, high
        The risk from 0 to 1, and its confidence interval: the share of what the attacker could
        not have got without the real rows that was got with the synthetic ones.
    standing
        "leak" where the interval excludes zero, else "no leak found"; of these, "weak attack" where
        a guess at random does as well, "known anyway" where nearly all strangers are hit as well;
        "no holdout" where there were no strangers to compare with; "alarm" for figures that are
        no evidence either way.
    main, control, naive
        Success on real rows, on rows that the generator never saw, and of a guess at random, as
        shares; None where there is none. Where rows are told apart by scores, the AUC and ½.
    targets, controls
        Rows (or guesses) behind `main` and `control`.
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
    standing: Standing
    main: float
    control: float | None
    naive: float | None
    targets: int
    controls: int
    finding: str
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_evidence(self) -> bool:
        """Whether a limit can be held against the risk."""
        return self.standing not in ("alarm", "known anyway")


@dataclass(frozen=True)
class PrivacyAudit:
    """What the attacks on a synthetic table found.

    Attributes
    ----------
    risks
        One for each question, in the order of the attacks.
    rows
        Rows of the tables ("real", "synthetic", "holdout") and of the samples that were attacked
        ("targets", "controls").
    seed
        Seed of all samples and guesses.
    confidence
        Level of the intervals.
    seconds
        Wall time of each attack.
    notes
        What was left out, and why.
    """

    risks: tuple[Risk, ...]
    rows: Mapping[str, int]
    seed: int
    confidence: float = 0.95
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def leaks(self) -> tuple[Risk, ...]:
        """The risks whose interval excludes zero."""
        return tuple(risk for risk in self.risks if risk.standing == "leak")

    def over(self, limit: float, end: Literal["low", "high"] = "high") -> tuple[Risk, ...]:
        """Return the risks that are over a limit.

        Parameters
        ----------
        limit
            From 0 to 1.
        end
            "high" asks whether the audit shows each risk to be within the limit: one that was
            measured with too few rows is over it too. "low" asks whether it shows one to be
            beyond the limit. Alarms, and what is known anyway, are never over.
        """
        return tuple(r for r in self.risks if r.is_evidence and getattr(r, end) > limit)

    @property
    def conclusion(self) -> tuple[str, ...]:
        """What is shown and what is not, in plain sentences."""
        return (*_shown(self), *_not_shown(self))

    def to_json(self) -> dict[str, Any]:
        """Describe the audit by JSON values."""
        facts = asdict(self)
        facts["risks"] = [{**asdict(r), "figures": dict(r.figures)} for r in self.risks]
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


def _cells(risk: Risk) -> tuple[str, ...]:
    return (
        risk.attack,
        risk.about,
        f"{risk.value:.3f}",
        f"{risk.low:.3f} to {risk.high:.3f}",
        percent(risk.main),
        percent(risk.control),
        percent(risk.naive),
        risk.standing,
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
    if audit.leaks:
        worst = max(audit.leaks, key=lambda risk: risk.value)
        return [
            f"{len(audit.leaks)} of {len(audit.risks)} questions show a leak. The largest is "
            f"{worst.value:.2f} ({worst.low:.2f} to {worst.high:.2f}), {worst.attack}, "
            f"{worst.about}. {worst.finding}"
        ]
    if not audit.rows.get("holdout"):
        return [
            "Nothing is shown: without a holdout, a success that an attacker would have with any "
            "stranger can't be told from a leak. Give rows of the same population that the "
            "generator never saw."
        ]
    tried = [risk for risk in audit.risks if risk.standing == "no leak found"]
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
    if any(risk.standing == "weak attack" for risk in audit.risks):
        lines.append("An attack that does no better than a guess at random shows nothing.")
    lines.append(
        "Attacks are not a proof: a stronger one, or one who knows more, may find what these do "
        "not, and an average says little of a single row. Only differential privacy bounds every "
        "attack."
    )
    return lines
