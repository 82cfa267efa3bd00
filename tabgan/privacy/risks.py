"""From the rates of an attack to its risk."""

from collections.abc import Mapping

from tabgan.evaluation.audits import Risk, Standing, percent
from tabgan.privacy.rates import CONFIDENCE, Estimate, Rate, residual

__all__ = ["by_area", "measured"]

SATURATED = 0.95
"""Where so many strangers are guessed right, an attack that finds no leak says nothing."""


def measured(
    attack: str,
    about: str,
    threat: str,
    main: Rate,
    control: Rate | None,
    *,
    naive: Rate | None = None,
    confidence: float = CONFIDENCE,
    scale: float = 1.0,
    figures: Mapping[str, float] | None = None,
) -> Risk:
    """Turn the rates of an attack into its risk.

    Without a control the risk is what the attack gets beyond a guess at random. The control's rate
    is multiplied by the scale.
    """
    none = Rate(0, 1_000_000_000)  # who knows nothing gets nothing
    if control is None:
        risk = residual(main, naive or none, confidence)
    else:
        risk = residual(main, control, confidence, scale=scale)
    unseen = min(scale * control.share, 1.0) if control else None
    standing = _standing(risk, main, unseen, naive)
    return Risk(
        attack=attack,
        about=about,
        threat=threat,
        value=min(max(risk.value, 0.0), 1.0),
        low=min(max(risk.low, 0.0), 1.0),
        high=min(max(risk.high, 0.0), 1.0),
        standing=standing,
        main=main.share,
        control=unseen,
        naive=naive.share if naive else None,
        targets=main.attempts,
        controls=control.attempts if control else 0,
        finding=_finding(standing, risk, main.share, unseen, naive.share if naive else None),
        figures=figures or {},
    )


def by_area(
    attack: str,
    about: str,
    threat: str,
    area: Estimate,
    sizes: tuple[int, int],
    *,
    finding: str,
    figures: Mapping[str, float],
    is_alarm: bool = False,
) -> Risk:
    """Turn an area under the ROC curve into the risk 2·AUC − 1; a coin is its control."""
    value, low, high = (max(2 * figure - 1, 0.0) for figure in area)
    return Risk(
        attack=attack,
        about=about,
        threat=threat,
        value=value,
        low=low,
        high=high,
        standing="alarm" if is_alarm else "leak" if low > 0 else "no leak found",
        main=area.value,
        control=0.5,
        naive=None,
        targets=sizes[0],
        controls=sizes[1],
        finding=finding,
        figures=figures,
    )


def _standing(risk: Estimate, main: Rate, control: float | None, naive: Rate | None) -> Standing:
    if control is not None and risk.low > 0:
        return "leak"
    if control is not None and control > SATURATED:
        return "known anyway"
    if naive is not None and naive.wilson().value >= main.wilson().value:
        return "weak attack"
    return "no holdout" if control is None else "no leak found"


def _finding(
    standing: Standing, risk: Estimate, main: float, control: float | None, naive: float | None
) -> str:
    on_real = f"succeeds in {percent(main)} of the cases on real rows"
    unseen = f"in {percent(control)} on rows that the generator never saw"
    if standing == "leak":
        return f"The attack {on_real} and {unseen}; the difference is a leak."
    if standing == "weak attack":
        return (
            f"The attack {on_real}, and a guess at random in {percent(naive)}; it is too weak to "
            "show a risk."
        )
    if standing == "known anyway":
        return f"The attack {on_real} and {unseen}; too little is left to show a leak by."
    if standing == "no holdout":
        return f"The attack {on_real}; in how many of them any stranger's would is not known."
    return (
        f"The attack {on_real} and {unseen}; no leak found, and a risk above "
        f"{max(risk.high, 0):.2f} is ruled out."
    )
