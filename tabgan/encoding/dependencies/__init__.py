"""Rules between columns, detected or declared, that every sample keeps by being decoded."""

from typing import Any

from tabgan.encoding.dependencies.attributed import IdentifierAttribute
from tabgan.encoding.dependencies.base import ColumnFrame, ColumnRef, Dependency, TypedSeries
from tabgan.encoding.dependencies.coincidences import PartialEquality
from tabgan.encoding.dependencies.combinations import CombinationDependency
from tabgan.encoding.dependencies.computed import FormulaDependency
from tabgan.encoding.dependencies.copies import CopyDependency
from tabgan.encoding.dependencies.detect import detect_dependencies
from tabgan.encoding.dependencies.determines import FunctionalDependency
from tabgan.encoding.dependencies.gap import DifferenceDependency
from tabgan.encoding.dependencies.onehot import OneHotDependency
from tabgan.encoding.dependencies.order import OrderDependency
from tabgan.encoding.dependencies.person import EmailOfName, NamePart
from tabgan.encoding.dependencies.steps import MultiplesDependency
from tabgan.encoding.dependencies.sums import SumDependency

__all__ = [
    "IdentifierAttribute",
    "TypedSeries",
    "PartialEquality",
    "ColumnFrame",
    "CombinationDependency",
    "FormulaDependency",
    "CopyDependency",
    "Dependency",
    "FunctionalDependency",
    "ColumnRef",
    "DifferenceDependency",
    "EmailOfName",
    "NamePart",
    "OneHotDependency",
    "OrderDependency",
    "MultiplesDependency",
    "SumDependency",
    "dependency_from_json",
    "detect_dependencies",
]

_CLASSES: tuple[type[Dependency], ...] = (
    *(
        CopyDependency,
        OneHotDependency,
        EmailOfName,
        NamePart,
        IdentifierAttribute,
        FunctionalDependency,
        SumDependency,
        OrderDependency,
        DifferenceDependency,
        PartialEquality,
    ),
    *(CombinationDependency, FormulaDependency, MultiplesDependency),
)
_RULES = {rule.name: rule for rule in _CLASSES}


def dependency_from_json(state: dict[str, Any]) -> Dependency:
    """Rebuild a dependency from the value of its `to_json` with its name under "rule".

    Raises
    ------
    SchemaError, KeyError, TypeError, ValueError
        If the value is malformed.
    """
    return _RULES[state["rule"]].from_json(state)
