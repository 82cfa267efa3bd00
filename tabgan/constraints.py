"""Constraints: rules between columns, declared for `TabGAN(constraints=[...])`.

`fit` checks them on the training table, and every sampled row satisfies them: by construction where
possible, otherwise the row is repaired, otherwise another row is sampled.
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
