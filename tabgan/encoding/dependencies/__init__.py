"""Rules between columns, detected or declared, that every sample keeps by being decoded."""

from typing import Any

from tabgan.encoding.dependencies.attributed import Attributed
from tabgan.encoding.dependencies.base import Cells, ColumnTable, Dependency, Field
from tabgan.encoding.dependencies.coincidences import Coincidence
from tabgan.encoding.dependencies.combinations import Combination
from tabgan.encoding.dependencies.computed import Computed
from tabgan.encoding.dependencies.copies import Copy
from tabgan.encoding.dependencies.detect import detect_dependencies
from tabgan.encoding.dependencies.determines import Determines
from tabgan.encoding.dependencies.gap import Gap
from tabgan.encoding.dependencies.onehot import OneHot
from tabgan.encoding.dependencies.order import Order
from tabgan.encoding.dependencies.person import Mailbox, NamePart
from tabgan.encoding.dependencies.steps import Steps
from tabgan.encoding.dependencies.sums import Sum

__all__ = [
    "Attributed",
    "Cells",
    "Coincidence",
    "ColumnTable",
    "Combination",
    "Computed",
    "Copy",
    "Dependency",
    "Determines",
    "Field",
    "Gap",
    "Mailbox",
    "NamePart",
    "OneHot",
    "Order",
    "Steps",
    "Sum",
    "dependency_from_json",
    "detect_dependencies",
]

_CLASSES: tuple[type[Dependency], ...] = (
    *(Copy, OneHot, Mailbox, NamePart, Attributed, Determines, Sum, Order, Gap, Coincidence),
    *(Combination, Computed, Steps),
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
