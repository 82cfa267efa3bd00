"""Rules that a table's rows keep, declared for `TabGAN(constraints=[...])`.

They are checked on the training table first, and hold in every row that is drawn: by the way in
which the row is made where there is one, else by mending it, else by drawing another one.
"""

from tabgan.constraints.base import Constraint
from tabgan.constraints.custom import Custom
from tabgan.constraints.declaring import declare
from tabgan.constraints.keeping import UniqueKeys, holds_all, keep_rules, keep_unique, mended_by
from tabgan.constraints.levels import FixedCombinations, OneHot, Unique
from tabgan.constraints.planning import plan
from tabgan.constraints.ranges import Increments, Positive, Range
from tabgan.constraints.relations import Formula, Inequality, Sum
from tabgan.constraints.states import (
    check_constraints,
    constraints_from_json,
    named_customs,
)
from tabgan.constraints.writing import with_rows

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
    "UniqueKeys",
    "check_constraints",
    "constraints_from_json",
    "declare",
    "holds_all",
    "keep_rules",
    "keep_unique",
    "mended_by",
    "named_customs",
    "plan",
    "with_rows",
]
