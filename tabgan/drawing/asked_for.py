"""A condition in the form of a constraint, to be kept beside the declared ones."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from tabgan.asking import Condition
from tabgan.constraints.base import Constraint, Mask
from tabgan.schema import Schema

__all__ = ["ConditionConstraint", "rules_under"]


@dataclass(frozen=True)
class ConditionConstraint(Constraint):
    """Rows meet a condition; those that don't can't be mended, only replaced."""

    kind: ClassVar[str] = "asked"
    asked: Condition

    def describe(self) -> str:
        """Say the condition in words."""
        return self.asked.describe()

    def check(self, frame: pd.DataFrame, schema: Schema | None = None) -> Mask:  # noqa: ARG002
        """Say which rows meet it."""
        return self.asked.mask(frame)


def rules_under(asked: Condition, constraints: tuple[Constraint, ...]) -> tuple[Constraint, ...]:
    """Return constraints with the condition, which rows that one of them mends must meet too."""
    return (*constraints, ConditionConstraint(asked)) if constraints else ()
