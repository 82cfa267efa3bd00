"""Finding the dependencies of a table."""

import numpy as np

from tabgan.encoding.dependencies.base import ColumnTable, Dependency, count_rows, without
from tabgan.encoding.dependencies.copies import find_copies
from tabgan.encoding.dependencies.determines import find_determined
from tabgan.encoding.dependencies.find_orders import find_orders
from tabgan.encoding.dependencies.onehot import find_onehots
from tabgan.encoding.dependencies.sums import Sum, find_sums

__all__ = ["detect_dependencies"]

LEAST_ROWS = 20  # in fewer rows a rule can't be told from an accident


def detect_dependencies(table: ColumnTable, rng: np.random.Generator) -> list[Dependency]:
    """Find the rules that hold in every row of a table, and that are no accident.

    Parameters
    ----------
    table
        The training table; its columns by position.
    rng
        Draws the rows on which rules are tried first.

    Returns
    -------
    The dependencies in the order in which they are to be reduced; each one refers to the table
    as the ones before it left it.
    """
    found: list[Dependency] = []
    if count_rows(table) < LEAST_ROWS:
        return found
    for find in (find_copies, find_onehots, find_determined, find_sums):
        for dependency in find(table, rng):
            table = dependency.reduce(table)
            found.append(dependency)
    # An order that is kept by swapping values would break a sum, and a sum's addends that give
    # way would break an order.
    summed = {at for rule in found if isinstance(rule, Sum) for at in rule.positions}
    return found + find_orders(without(table, summed), rng)
