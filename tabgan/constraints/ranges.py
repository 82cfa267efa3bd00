"""Constraints of one column of numbers, dates or durations."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from tabgan.constraints.base import (
    NUMBERS,
    ColumnConstraint,
    Mask,
    check_flag,
    check_label,
    wrong_kind,
)
from tabgan.constraints.writing import rewritten
from tabgan.encoding.dependencies import TypedSeries
from tabgan.errors import OptionError, SchemaError
from tabgan.kinds import RANGED
from tabgan.scalars import Scalar, is_scalar
from tabgan.schema import Column, Schema
from tabgan.values import Numbers, numbers_of, outside_range

__all__ = ["Increments", "Positive", "Range"]

LARGEST = 1e300
CLOSE = 1e-9  # relative error of a number that is a multiple of a step


@dataclass(frozen=True)
class Range(ColumnConstraint):
    """A number, date or duration is from a minimum to a maximum, both included.

    Parameters
    ----------
    column
        The column.
    minimum, maximum
        The bounds; None where there is none. Those of dates and durations may be text.

    Examples
    --------
    >>> Range("age", 18, 65).check(pd.DataFrame({"age": [17, 18, 66]})).tolist()
    [False, True, False]
    """

    kind: ClassVar[str] = "range"
    column: Hashable
    minimum: Scalar = None
    maximum: Scalar = None

    def __post_init__(self) -> None:
        check_label("Range", "column", self.column)
        if self.minimum is None and self.maximum is None:
            raise OptionError(
                f"Range: column {self.column!r} has neither minimum nor maximum; give one of them"
            )
        for name in ("minimum", "maximum"):
            bound = getattr(self, name)
            if isinstance(bound, bool) or not is_scalar(bound) or _is_no_bound(bound):
                raise OptionError(
                    f"Range: {name}={bound!r:.80} must be a finite number, a date or a duration"
                )
        if not _in_order(self.minimum, self.maximum):
            raise OptionError(
                f"Range: minimum={self.minimum!r} must not be above maximum={self.maximum!r}"
            )

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of the columns that it speaks of."""
        return (self.column,)

    def describe(self) -> str:
        """Say the rule in words."""
        least = "" if self.minimum is None else f"{self.minimum} ≤ "
        most = "" if self.maximum is None else f" ≤ {self.maximum}"
        return f"{least}{self.column!r}{most}"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Say what is wrong with the kinds of its columns; None if nothing is."""
        (column,) = columns
        if column.kind not in RANGED:
            return wrong_kind(column, "numbers, dates or durations")
        try:
            self.bounded(column)
        except (SchemaError, ValueError, TypeError, ArithmeticError):
            return (
                f"the bounds don't go with column {column.name!r}, which is of kind "
                f"{column.kind!r}; give bounds of that kind"
            )
        return None

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Say which rows keep the rule."""
        ((column, values),) = cells
        special = numbers_of(values, column).special
        beyond = outside_range(values, self.bounded(column))
        if self.maximum is not None:
            beyond |= (special == np.inf).astype(bool)
        if self.minimum is not None:
            beyond |= (special == -np.inf).astype(bool)
        return ~beyond

    def bounded(self, column: Column) -> Column:
        """Return the column with these bounds in place of its own."""
        low = _bound(self.minimum, column, column.minimum)
        high = _bound(self.maximum, column, column.maximum)
        bounded = replace(column, minimum=low, maximum=high)
        outside_range(pd.Series([], dtype=column.pandas_dtype), bounded)  # refuses odd bounds
        return bounded


@dataclass(frozen=True)
class Positive(ColumnConstraint):
    """A number or duration is above zero.

    Parameters
    ----------
    column
        The column.
    strict
        Whether zero is left out; else it is allowed.

    Examples
    --------
    >>> Positive("paid", strict=False).check(pd.DataFrame({"paid": [1.5, 0.0, -1.5]})).tolist()
    [True, True, False]
    """

    kind: ClassVar[str] = "positive"
    column: Hashable
    strict: bool = True

    def __post_init__(self) -> None:
        check_label("Positive", "column", self.column)
        check_flag("Positive", "strict", self.strict)

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of the columns that it speaks of."""
        return (self.column,)

    def describe(self) -> str:
        """Say the rule in words."""
        return f"{self.column!r} {'>' if self.strict else '≥'} 0"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Say what is wrong with the kinds of its columns; None if nothing is."""
        (column,) = columns
        fitting = column.kind in {*NUMBERS, "timedelta"}
        return None if fitting else wrong_kind(column, "numbers or durations")

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Say which rows keep the rule."""
        ((column, values),) = cells
        numbers = numbers_of(values, column)
        above = numbers.values > 0 if self.strict else numbers.values >= 0
        kept: Mask = np.where(numbers.present, above, ~(numbers.special == -np.inf).astype(bool))
        return kept


@dataclass(frozen=True)
class Increments(ColumnConstraint):
    """A number is an offset plus a multiple of a step.

    Parameters
    ----------
    column
        The column.
    step
        Distance of neighbours, above zero.
    offset
        One of the numbers that are allowed.

    Examples
    --------
    >>> Increments("price", 0.25).check(pd.DataFrame({"price": [1.5, 1.6, 1.75]})).tolist()
    [True, False, True]
    """

    kind: ClassVar[str] = "increments"
    column: Hashable
    step: float
    offset: float = 0

    def __post_init__(self) -> None:
        check_label("Increments", "column", self.column)
        for name in ("step", "offset"):
            value = getattr(self, name)
            if not _is_number(value) or (name == "step" and value <= 0):
                rule = "a finite number" + (" above 0" if name == "step" else "")
                raise OptionError(f"Increments: {name}={value!r:.80} must be {rule}")

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of the columns that it speaks of."""
        return (self.column,)

    def describe(self) -> str:
        """Say the rule in words."""
        offset = f"{self.offset:g} plus " if self.offset else ""
        return f"{self.column!r} is {offset}a multiple of {self.step:g}"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Say what is wrong with the kinds of its columns; None if nothing is."""
        (column,) = columns
        return None if column.kind in NUMBERS else wrong_kind(column, "numbers")

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Say which rows keep the rule."""
        ((column, values),) = cells
        numbers = numbers_of(values, column)
        floats = numbers.values.astype(np.float64)
        error = np.abs(self._nearest(floats) - floats)
        kept: Mask = ~numbers.present | (error <= CLOSE * np.maximum(np.abs(floats), self.step))
        return kept

    def repair(self, frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
        """Round to the nearest number that is allowed."""
        ((column, values),) = self.cells_of(frame, schema)
        (at,) = self.positions(schema)
        numbers = numbers_of(values, column)
        nearest = self._nearest(numbers.values.astype(np.float64))
        return rewritten(frame, at, column, Numbers(nearest, numbers.present, numbers.special))

    def _nearest(self, values: Any) -> Any:
        return self.offset + np.rint((values - self.offset) / self.step) * self.step


def _is_number(value: Any) -> bool:
    number: Any = value
    is_number = isinstance(value, Real) and not isinstance(number, bool | np.bool_)
    return is_number and bool(-LARGEST < number < LARGEST)


def _is_no_bound(value: Any) -> bool:
    return value is not None and (bool(pd.isna(value)) or value in (float("inf"), float("-inf")))


def _in_order(low: Any, high: Any) -> bool:
    if low is None or high is None or isinstance(low, str) is not isinstance(high, str):
        return True
    try:
        return bool(low <= high)
    except (TypeError, ValueError, ArithmeticError):  # of kinds that can't be compared
        return False


def _bound(bound: Scalar, column: Column, own: Scalar) -> Scalar:
    """Return a bound as a column of a kind has it.

    Raises
    ------
    ValueError, TypeError
        If it is not of the kind.
    """
    if column.kind in NUMBERS:
        if isinstance(bound, str):
            raise TypeError("text is no number")
        return bound
    zone = getattr(own, "tzinfo", None)
    if bound is None:
        return own if zone is not None else None  # objects know their zone by their range
    if column.kind == "timedelta":
        return pd.Timedelta(bound)
    if isinstance(bound, pd.Period):
        return bound
    moment = pd.Timestamp(bound)
    return moment.tz_localize(zone) if zone is not None and moment.tz is None else moment
