"""Constraints to and from lists of JSON objects."""

from collections.abc import Mapping, Sequence
from typing import Any

from tabgan.constraints.base import Constraint
from tabgan.constraints.custom import Custom
from tabgan.constraints.levels import FixedCombinations, OneHot, Unique
from tabgan.constraints.ranges import Increments, Positive, Range
from tabgan.constraints.relations import Formula, Inequality, Sum
from tabgan.errors import OptionError, did_you_mean

__all__ = ["check_constraints", "constraints_from_json", "named_customs"]

_KINDS: dict[str, type[Constraint]] = {
    rule.kind: rule
    for rule in (
        *(Range, Positive, Increments, Inequality, Sum, Formula),
        *(FixedCombinations, OneHot, Unique),
    )
}


def check_constraints(constraints: Any, option: str = "constraints") -> None:
    """Check that an option is a list of constraints, or None.

    Raises
    ------
    OptionError
        If it is something else, or has two custom constraints of one name.
    """
    if constraints is None:
        return
    if not isinstance(constraints, list | tuple):
        raise OptionError(f"{option}={constraints!r:.80} must be a list of constraints, or None")
    for constraint in constraints:
        if not isinstance(constraint, Constraint):
            raise OptionError(
                f"{option}: {constraint!r:.80} is no constraint; make one with a class of "
                "tabgan.constraints, such as Range('age', 18, 65)"
            )
    names = [constraint.name for constraint in constraints if isinstance(constraint, Custom)]
    for name in names:
        if names.count(name) > 1:
            raise OptionError(f"{option}: two custom constraints are called {name!r}; rename one")


def constraints_from_json(
    state: Any, customs: Mapping[str, Custom] | None = None
) -> list[Constraint]:
    """Read a list of constraints from a list of JSON objects.

    Parameters
    ----------
    state
        What the constraints' `to_json` gave.
    customs
        The custom constraints among them, by name.

    Raises
    ------
    OptionError
        If one is malformed, or a custom constraint that is named is not given.
    """
    if not isinstance(state, list) or not all(isinstance(item, dict) for item in state):
        raise OptionError("constraints are a JSON list of objects, each with a 'kind'")
    return [_from_json(item, customs or {}) for item in state]


def _from_json(state: dict[str, Any], customs: Mapping[str, Custom]) -> Constraint:
    kind = state.get("kind")
    if kind == Custom.kind:
        name = state.get("name")
        if not isinstance(name, str) or name not in customs:
            raise OptionError(
                f"constraints: {name!r:.80} is a custom constraint, whose functions a file can't "
                "hold"
            )
        return customs[name]
    if not isinstance(kind, str) or kind not in _KINDS:
        raise OptionError(
            f"constraints: kind={kind!r:.80} is not a kind of constraint; "
            f"{did_you_mean(str(kind), _KINDS)}"
        )
    return _KINDS[kind].from_json(state)


def named_customs(state: Any, given: Sequence[Constraint]) -> dict[str, Custom]:
    """Return the custom constraints that a model names, by name, out of those that are given.

    Raises
    ------
    OptionError
        If one lacks, or is one too many.
    """
    customs = {rule.name: rule for rule in given if isinstance(rule, Custom)}
    if len(customs) < len(given):
        raise OptionError(f"custom={given!r:.80} must be a list of Custom constraints")
    named = [item.get("name") for item in state if item.get("kind") == Custom.kind]
    for name in named:
        if name not in customs:
            raise OptionError(
                f"custom: the model has a custom constraint called {name!r}, whose functions a "
                f"file can't hold; load it with TabGAN.load(path, custom=[Custom({name!r}, check)])"
            )
    for name in customs:
        if name not in named:
            raise OptionError(
                f"custom: the model has no custom constraint called {name!r}; "
                f"{did_you_mean(name, named)}"
            )
    return customs
