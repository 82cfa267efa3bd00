"""What all trackers share: a fit's facts as plain numbers and texts."""

from collections.abc import Mapping
from typing import Any

from tabgan.errors import OptionError

__all__ = ["Texts", "missing_package", "numbers", "scalars", "texts"]

Texts = dict[str, str]


def scalars(record: Mapping[str, float]) -> dict[str, float]:
    """Return what a record measures, without the step that it belongs to.

    Examples
    --------
    >>> scalars({"step": 50, "epoch": 2.5})
    {'epoch': 2.5}
    """
    return {name: value for name, value in record.items() if name != "step"}


def numbers(facts: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of a fit, those of refinement and polish by dotted names.

    Examples
    --------
    >>> numbers({"n_steps": 9, "finish": {"trees": 4, "columns": []}, "penalty_reason": "r1"})
    {'n_steps': 9.0, 'finish.trees': 4.0}
    """
    finish = {f"finish.{name}": value for name, value in facts.get("finish", {}).items()}
    return {k: float(v) for k, v in {**facts, **finish}.items() if isinstance(v, int | float)}


def texts(facts: Mapping[str, Any]) -> Texts:
    """Return the reasons that a fit gives, and what went wrong in its training.

    Examples
    --------
    >>> texts({"n_steps": 9, "penalty_reason": "r1", "diagnosis": []})
    {'penalty_reason': 'r1', 'diagnosis': 'all went well'}
    """
    told = {name: value for name, value in facts.items() if isinstance(value, str)}
    if "diagnosis" in facts:
        found = (f"{item['name']} since step {item['step']}" for item in facts["diagnosis"])
        told["diagnosis"] = "; ".join(found) or "all went well"
    return told


def missing_package(tracker: str, package: str, extra: str) -> OptionError:
    """Return the error that says what to install for a tracker."""
    return OptionError(
        f"callbacks: {tracker} needs {package}, which is not installed; install it with: "
        f"pip install '.[{extra}]'"
    )
