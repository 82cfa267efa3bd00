"""Conditions on rows: one predicate for each named column, checked and ready to evaluate."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.table.columns import numbers_of
from tabgan.table.level_codes import codes_of
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column

__all__ = ["Condition", "ColumnPredicate", "Interval", "intersect"]


class Interval(NamedTuple):
    """Numbers from `low` to `high`, both included; an open end is infinite.

    They are numbers as `tabgan.table.columns.numbers_of` reads them from the column: ticks of
    dates and durations, and bounds that lie on the column's own grid. So every range is closed:
    above 20 in whole numbers is 21 or more, above 0.5 in floats is the next float or more.
    """

    low: float = -math.inf  # whole numbers are ints
    high: float = math.inf

    @property
    def is_empty(self) -> bool:
        """Whether no number lies in it."""
        return self.low > self.high

    def __and__(self, other: "Interval") -> "Interval":
        """Return the numbers that lie in both."""
        return Interval(max(self.low, other.low), min(self.high, other.high))

    def holds(self, numbers: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which numbers lie in it."""
        inside: NDArray[np.bool_] = (numbers >= self.low) & (numbers <= self.high)
        return inside


@dataclass(frozen=True)
class ColumnPredicate:
    """A predicate on the cells of one column: to be one of some levels, or in some ranges.

    Parameters
    ----------
    position
        Place of the column in the schema.
    column
        What the column is.
    levels
        Single values that pass; None if a missing value passes. For a column with known levels
        these are all that pass; else they are marks that are no numbers, beside the ranges.
    ranges
        Ranges of numbers that pass, ascending and without overlap.
    negated
        Whether all values except `levels` pass: for a column of lists, or a generated one, whose
        only possible condition is that a value is present.
    text
        The predicate in the language of `tabgan.conditions.parse_condition.parse_where`.
    """

    position: int
    column: Column
    levels: tuple[Scalar, ...] = ()
    ranges: tuple[Interval, ...] = ()
    negated: bool = False
    text: str = field(default="", compare=False)

    def mask(self, values: pd.Series) -> NDArray[np.bool_]:
        """Return which cells of the column pass.

        Examples
        --------
        >>> age = Column("age", "integer", "Int64")
        >>> test = ColumnPredicate(0, age, (None,), (Interval(low=65),))
        >>> test.mask(pd.Series([64, 65, None], dtype="Int64")).tolist()
        [False, True, True]
        """
        if not self.ranges:
            return self._is_level(values)
        numbers = numbers_of(values, self.column)
        passes = np.zeros(len(values), bool)
        for each in self.ranges:
            passes |= each.holds(numbers.values)
        absent = ~numbers.present
        if absent.any():
            special = pd.Series(numbers.special[absent], dtype=object)
            passes[absent] = self._is_level(special)
        return passes

    def _is_level(self, values: pd.Series) -> NDArray[np.bool_]:
        known = {(type(level), level) for level in self.levels}
        codes, levels = codes_of(values)
        passes = [((type(level), level) in known) != self.negated for level in levels]
        return np.array(passes, bool)[codes]

    def describe(self) -> str:
        """Describe it in words that `tabgan.conditions.parse_condition.parse_where` reads."""
        return self.text


@dataclass(frozen=True)
class Condition:
    """A condition on rows: at most one predicate for each column, all of which must pass.

    Parameters
    ----------
    tests
        The predicates, in the order of their columns.
    """

    tests: tuple[ColumnPredicate, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns with a predicate, ascending."""
        return tuple(test.position for test in self.tests)

    def mask(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which rows of a table with the schema's columns pass."""
        passes = np.ones(len(frame), bool)
        for test in self.tests:
            passes &= test.mask(frame.iloc[:, test.position])
        return passes

    def without(self, positions: Collection[int]) -> "Condition":
        """Return the condition without the predicates of some columns."""
        return Condition(tuple(test for test in self.tests if test.position not in positions))

    def describe(self) -> str:
        """Describe it in words that `tabgan.conditions.parse_condition.parse_where` reads."""
        return " and ".join(test.describe() for test in self.tests)


def intersect(one: Sequence[Interval], other: Sequence[Interval]) -> tuple[Interval, ...]:
    """Return the ranges that lie in two unions of ranges.

    Examples
    --------
    >>> intersect([Interval(high=3), Interval(low=5)], [Interval(2, 6)])
    (Interval(low=2, high=3), Interval(low=5, high=6))
    """
    both = (a & b for a in one for b in other)
    return tuple(each for each in both if not each.is_empty)
