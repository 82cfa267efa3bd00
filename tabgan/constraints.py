"""Constraints: rules between columns, declared for `TabGAN(constraints=[...])`.

They are checked on the training table first, and hold in every generated row: by construction where
possible, else by repairing the row, else by drawing another one.
"""

from tabgan.rules.base_rules import Constraint, Custom
from tabgan.rules.level_constraints import FixedCombinations, Unique
from tabgan.rules.number_constraints import Formula, Increments, Inequality, Positive, Range, Sum
from tabgan.rules.sum_dependency import OneHot

__all__ = [
    "Constraint",
    "Custom",
    "FixedCombinations",
    "Formula",
    "Increments",
    "Inequality",
    "OneHot",
    "Positive",
    "Range",
    "Sum",
    "Unique",
]
