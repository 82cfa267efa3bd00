"""Rules that a table's rows keep, declared for `TabGAN(constraints=[...])`.

They are checked on the training table first, and hold in every row that is drawn: by the way in
which the row is made where there is one, else by mending it, else by drawing another one.
"""

from tabgan.rules.constraint import Constraint, Custom
from tabgan.rules.level_constraints import FixedCombinations, OneHot, Unique
from tabgan.rules.number_constraints import Formula, Increments, Inequality, Positive, Range, Sum

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
