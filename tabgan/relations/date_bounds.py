"""Dates of rows that are never before, or never after, a date of a row above them.

The rules between columns (`tabgan.rules`) need evidence from the rows that are learned together; a
table whose first rows are learned apart, or a small one, may not give it. Here all rows count.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.relations.row_context import Context, ContextPart
from tabgan.table.columns import TypedSeries, write_column
from tabgan.table.dates import unit_of
from tabgan.table.dtypes import describe_dtype
from tabgan.table.numbers import Numbers
from tabgan.table.schema import Column

__all__ = ["DateBound", "find_bounds"]

EVIDENCE = 20.0  # rows that would be out of order, were the two dates independent
MOST_DATES = 12  # of the rows above that are looked at

Mask = NDArray[np.bool_]


class DateBound(NamedTuple):
    """A date of a row above that one of a row is never before, or never after.

    Attributes
    ----------
    column
        The column of the row.
    above
        The column of the context.
    is_least
        Whether the date above is the earliest one that the row may have.
    """

    column: str
    above: str
    is_least: bool

    def broken(self, context: Context, rows: pd.DataFrame, columns: Sequence[Column]) -> Mask:
        """Return which rows break the bound.

        Parameters
        ----------
        context
            What the rows are drawn by.
        rows, columns
            The rows, and what their columns are.
        """
        own, other = self._both(context, rows, columns)
        there = own.present & other.present
        wrong = own.values < other.values if self.is_least else own.values > other.values
        return there & wrong

    def clipped(
        self, context: Context, rows: pd.DataFrame, columns: Sequence[Column]
    ) -> pd.DataFrame:
        """Give rows that break the bound the date above.

        Parameters
        ----------
        context
            What the rows are drawn by.
        rows, columns
            The rows, and what their columns are.
        """
        wrong = self.broken(context, rows, columns)
        if not wrong.any():
            return rows
        own, other = self._both(context, rows, columns)
        column = next(c for c in columns if c.name == self.column)
        values = write_column(
            own._replace(values=np.where(wrong, other.values, own.values)), _free(column)
        )
        if type(rows[self.column].iloc[0]) is date:  # which only the range of a column tells
            values = values.map(lambda value: value.date(), na_action="ignore")
        return rows.assign(**{self.column: values.set_axis(rows.index)})

    def _both(
        self, context: Context, rows: pd.DataFrame, columns: Sequence[Column]
    ) -> tuple[Numbers, Numbers]:
        column = next(c for c in columns if c.name == self.column)
        part = next(part for part in context.parts if part.column.name == self.above)
        return _ticks(column, rows[self.column]), _ticks(part.column, part.values)


def _free(column: Column) -> Column:
    """Return a column without a range."""
    return Column(
        column.name,
        column.kind,
        column.dtype,
        format=column.format,
        other_formats=column.other_formats,
        absent=column.absent,
    )


def _ticks(column: Column, values: pd.Series) -> Numbers:
    column = _free(column)
    dtype = describe_dtype(values.dtype)
    if dtype != column.dtype:
        column = Column(column.name, column.kind, dtype, format=column.format)
    return TypedSeries(column, values.reset_index(drop=True)).numbers


def find_bounds(
    context: Context, rows: pd.DataFrame, columns: Sequence[Column]
) -> tuple[DateBound, ...]:
    """Find the dates above rows that bound their dates in every row.

    Parameters
    ----------
    context
        What the rows are drawn by.
    rows, columns
        The rows, and what their columns are.
    """
    dated = [part for part in context.parts if part.is_value and part.column.kind == "datetime"]
    found = []
    for column in columns:
        if column.kind == "datetime":
            for part in dated[:MOST_DATES]:
                found += _bounds_of(column, rows[column.name], part)
    return tuple(found)


def _bounds_of(column: Column, values: pd.Series, part: ContextPart) -> list[DateBound]:
    if unit_of(column) != unit_of(part.column):
        return []
    own, other = _ticks(column, values), _ticks(part.column, part.values)
    there = own.present & other.present
    a, b = own.values[there], other.values[there]
    if not len(a):
        return []
    by_chance = np.searchsorted(np.sort(b), a, side="right") / len(b)  # share of dates not after
    found = []
    if (a >= b).all() and (1 - by_chance).sum() >= EVIDENCE:
        found.append(DateBound(str(column.name), str(part.column.name), True))
    if (a <= b).all() and by_chance.sum() >= EVIDENCE and not found:
        found.append(DateBound(str(column.name), str(part.column.name), False))
    return found
