"""Columns of a parent that are the sum, or the number, of its children: an order's total.

They are found where they hold for every parent, and are computed again when the children are drawn.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.relations.drawn_table import DrawnTable
from tabgan.relations.relations import ForeignKey, Rows, parent_rows
from tabgan.table.columns import TypedSeries, write_column
from tabgan.table.dtypes import describe_dtype
from tabgan.table.schema import Column

__all__ = ["ChildTotal", "find_totals"]

FEWEST_PARENTS = 10  # with children
FEWEST_SUMS = 5  # of these, with several children
TOLERANCE = 1e-9  # of floats, by the size of a total
MOST = Decimal(10**15)
_NUMBERS = ("integer", "numeric")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ChildTotal:
    """A column of a parent that is the sum of a column of its children, or their number.

    Parameters
    ----------
    key
        The key of the children.
    column
        The parent's column.
    summand
        The children's column; None for their number.
    is_zero
        Whether a parent without children has 0; else it has no value.
    """

    key: ForeignKey
    column: Column
    summand: Column | None
    is_zero: bool = True

    def __str__(self) -> str:
        name = f"{self.key.parent}.{self.column.name}"
        if self.summand is None:
            return f"{name} is the number of rows of {self.key.table} that refer to it; it stays so"
        return f"{name} is the sum of {self.key.table}.{self.summand.name}; it stays so"

    def written(self, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        """Return the parent's table with the column as it follows from the children."""
        parent, child = frames[self.key.parent], frames[self.key.table]
        values = parent[self.column.name]
        parents = parent_rows(frames, self.key)
        sums, counts = _sums(parents, len(parent), _floats(self.summand, child))
        column = replace(self.column, dtype=describe_dtype(values.dtype))
        numbers = TypedSeries(column, values).numbers
        places = column.decimals
        sums = sums if places is None else np.round(sums, places)
        new = sums.astype(numbers.values.dtype)
        present = (counts > 0) | self.is_zero
        series = write_column(numbers._replace(values=new, present=present), column)
        return parent.assign(**{str(self.column.name): series.set_axis(parent.index)})

    def to_json(self) -> dict[str, Any]:
        """Describe the total by JSON values."""
        return {
            "key": self.key.to_json(),
            "column": self.column.to_json(),
            "summand": None if self.summand is None else self.summand.to_json(),
            "is_zero": self.is_zero,
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a total from `to_json`'s value."""
        summand = None if state["summand"] is None else Column.from_json(state["summand"])
        key, column = ForeignKey.from_json(state["key"]), Column.from_json(state["column"])
        return cls(key, column, summand, bool(state["is_zero"]))


def find_totals(
    keys: Sequence[ForeignKey], rows: Mapping[ForeignKey, Rows], every: Mapping[str, DrawnTable]
) -> Iterator[ChildTotal]:
    """Find the columns that are sums or numbers of children.

    Parameters
    ----------
    keys
        The keys to tables that are drawn, those of the lowest children first.
    rows
        The rows that they refer to.
    every
        The tables.
    """
    found = set[tuple[str, str]]()
    for key in keys:
        parent, child = every[key.parent], every[key.table]
        for column in _numbers(parent):
            if (key.parent, str(column.name)) in found:
                continue
            numbers = TypedSeries(column, parent.cells[column.name]).numbers
            total = np.where(numbers.present, numbers.values.astype(float), np.nan)
            for summand in (None, *_numbers(child)):
                own = _floats(summand, child.cells)
                is_zero = _is_total(total, *_sums(rows[key], len(total), own), column.decimals)
                if is_zero is not None:
                    found.add((key.parent, str(column.name)))
                    yield ChildTotal(key, _free(column), summand and _free(summand), is_zero)
                    break


def _numbers(table: DrawnTable) -> list[Column]:
    own = (column for column in table.columns if not str(column.name).startswith("#"))
    return [column for column in own if column.kind in _NUMBERS]


def _free(column: Column) -> Column:
    """Return a column without a range, which a sum of drawn rows may leave.

    Of decimals the ends alone tell that they are such.
    """
    ends = (-MOST, MOST) if isinstance(column.minimum, Decimal) else (None, None)
    return replace(column, minimum=ends[0], maximum=ends[1])


def _floats(column: Column | None, rows: pd.DataFrame) -> Floats:
    """Return the numbers of a column, 0 where one is missing; ones for no column."""
    if column is None:
        return np.ones(len(rows))
    values = rows[column.name].reset_index(drop=True)
    numbers = TypedSeries(replace(column, dtype=describe_dtype(values.dtype)), values).numbers
    return np.where(numbers.present, numbers.values.astype(float), 0.0)


def _sums(parents: Rows, n: int, values: Floats) -> tuple[Floats, Rows]:
    there = parents >= 0
    counts = np.bincount(parents[there], minlength=n).astype(np.int64)
    return np.bincount(parents[there], values[there], minlength=n).astype(np.float64), counts


def _is_total(total: Floats, sums: Floats, counts: Rows, decimals: int | None) -> bool | None:
    """Return whether childless parents have 0, else no value; None if sums are not the total."""
    has = counts > 0
    if has.sum() < FEWEST_PARENTS or (counts > 1).sum() < FEWEST_SUMS:
        return None
    slack = TOLERANCE * np.abs(sums) + (0.0 if decimals is None else 0.51 * 10.0**-decimals)
    differ = ~(np.abs(total - sums) <= slack)  # also where the total is missing
    if differ[has].any() or len(np.unique(sums[has])) < FEWEST_SUMS:
        return None
    childless = total[~has]
    if np.isnan(childless).all():
        return not len(childless)
    return True if (childless == 0).all() else None
