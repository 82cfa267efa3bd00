"""Rows in line with the rules between columns, where some cells are given."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.dependencies import ColumnFrame, Dependency, PartialEquality
from tabgan.encoding.dependencies.base import replaced
from tabgan.encoding.table import TableEncoder, by_position
from tabgan.errors import DataError

__all__ = ["keeps_rules", "reduce_settled", "settled"]


def settled(encoder: TableEncoder, frame: pd.DataFrame, given: NDArray[np.bool_]) -> pd.DataFrame:
    """Bring cells that are not given in line with those that are, by the rules.

    Parameters
    ----------
    encoder
        What holds the rules.
    frame
        Rows of the schema's columns.
    given
        Which cells are not to be changed, shape (rows, columns).
    """
    table = reduce_settled(encoder, frame, given)
    for rule in reversed(encoder.dependencies):
        if not isinstance(rule, PartialEquality):  # it is one of shares, which stay what they are
            table = rule.restore(table)
    for at, (column, values) in table.items():
        table[at] = column, replaced(values, given[:, at], frame.iloc[:, at])
    return encoder.frame_of(table)


def reduce_settled(
    encoder: TableEncoder, frame: pd.DataFrame, given: NDArray[np.bool_]
) -> ColumnFrame:
    """Reduce rows that have been brought in line; of given cells that clash some give way."""
    table, pinned = by_position(frame, encoder.schema), given.copy()
    for rule in encoder.dependencies:
        table = rule.reduce(rule.settle(table, pinned))
    return table


def keeps_rules(
    encoder: TableEncoder, frame: pd.DataFrame, positions: Collection[int]
) -> tuple[NDArray[np.bool_], Dependency | None]:
    """Say which rows of a frame keep the rules of some columns, and which rule is broken first.

    Returns
    -------
    Shape (rows,); and the first rule that a row breaks, if there is one.
    """
    table, keeps = by_position(frame, encoder.schema), np.ones(len(frame), np.bool_)
    broken = None
    for rule in encoder.dependencies:
        if set(rule.positions) & set(positions):
            own = {at: (column, cells[keeps]) for at, (column, cells) in table.items()}
            try:
                holds = rule.holds(own)
            except DataError:  # there is a row that can't be reduced
                return np.zeros(len(frame), np.bool_), rule
            if broken is None and not holds.all():
                broken = rule
            keeps[np.flatnonzero(keeps)[~holds]] = False
        table = rule.reduce(table)
    return keeps, broken
