"""Constraints of numbers, dates and durations: of one column, and between several."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from tabgan.base.errors import OptionError, SchemaError
from tabgan.rules.arithmetic_dependency import (
    ArithmeticExpression,
    FormulaDependency,
    MultiplesDependency,
    compute,
    quoted,
)
from tabgan.rules.base_rules import (
    NUMBERS,
    ColumnConstraint,
    Construction,
    Dependency,
    Mask,
    check_flag,
    check_label,
    labels,
    register_constraint,
    wrong_kind,
)
from tabgan.rules.enforcement import with_numbers
from tabgan.rules.numeric_axis import axis_of, finest_unit, in_order, to_axis
from tabgan.rules.sum_dependency import SumDependency, add_up
from tabgan.table.columns import ColumnFrame, TypedSeries, field_at, numbers_of, outside_range
from tabgan.table.scalars import Scalar, is_scalar
from tabgan.table.schema import RANGED, Column, Schema

__all__ = ["Formula", "Increments", "Inequality", "Positive", "Range", "Sum"]

LARGEST = 1e300


CLOSE = 1e-9  # relative error of a number that is a multiple of a step


@register_constraint
@dataclass(frozen=True)
class Range(ColumnConstraint):
    """A number, date or duration is from a minimum to a maximum, both included.

    Parameters
    ----------
    column
        The column.
    minimum, maximum
        The bounds, which are allowed values; None for no bound. Bounds of dates and durations may
        be text.

    Examples
    --------
    >>> Range("age", 18, 65).check(pd.DataFrame({"age": [17, 18, 66]})).tolist()
    [False, True, False]
    """

    kind: ClassVar[str] = "range"
    limits_range: ClassVar[bool] = True
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
        """The labels of its columns."""
        return (self.column,)

    def describe(self) -> str:
        """Describe the rule in words."""
        least = "" if self.minimum is None else f"{self.minimum} ≤ "
        most = "" if self.maximum is None else f" ≤ {self.maximum}"
        return f"{least}{self.column!r}{most}"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Return what is wrong with the kinds of its columns; None if they are fine."""
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
        """Return which rows satisfy the rule."""
        ((column, values),) = cells
        special = numbers_of(values, column).special
        beyond = outside_range(values, self.bounded(column))
        if self.maximum is not None:
            beyond |= (special == np.inf).astype(bool)
        if self.minimum is not None:
            beyond |= (special == -np.inf).astype(bool)
        return ~beyond

    def bounded(self, column: Column) -> Column:
        """Return the column with these bounds instead of its own."""
        low = _bound(self.minimum, column, column.minimum)
        high = _bound(self.maximum, column, column.maximum)
        bounded = replace(column, minimum=low, maximum=high)
        outside_range(pd.Series([], dtype=column.pandas_dtype), bounded)  # refuses odd bounds
        return bounded


@register_constraint
@dataclass(frozen=True)
class Positive(ColumnConstraint):
    """A number or duration is above zero.

    Parameters
    ----------
    column
        The column.
    strict
        Whether zero is forbidden too.

    Examples
    --------
    >>> Positive("paid", strict=False).check(pd.DataFrame({"paid": [1.5, 0.0, -1.5]})).tolist()
    [True, True, False]
    """

    kind: ClassVar[str] = "positive"
    limits_range: ClassVar[bool] = True
    column: Hashable
    strict: bool = True

    def __post_init__(self) -> None:
        check_label("Positive", "column", self.column)
        check_flag("Positive", "strict", self.strict)

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of its columns."""
        return (self.column,)

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.column!r} {'>' if self.strict else '≥'} 0"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Return what is wrong with the kinds of its columns; None if they are fine."""
        (column,) = columns
        fitting = column.kind in {*NUMBERS, "timedelta"}
        return None if fitting else wrong_kind(column, "numbers or durations")

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows satisfy the rule."""
        ((column, values),) = cells
        numbers = numbers_of(values, column)
        above = numbers.values > 0 if self.strict else numbers.values >= 0
        kept: Mask = np.where(numbers.present, above, ~(numbers.special == -np.inf).astype(bool))
        return kept


@register_constraint
@dataclass(frozen=True)
class Increments(ColumnConstraint):
    """A number is an offset plus a multiple of a step.

    Parameters
    ----------
    column
        The column.
    step
        Distance between neighboring values, above zero.
    offset
        Any allowed number, such as 0.

    Examples
    --------
    >>> Increments("price", 0.25).check(pd.DataFrame({"price": [1.5, 1.6, 1.75]})).tolist()
    [True, False, True]
    """

    kind: ClassVar[str] = "increments"
    construction: ClassVar[Construction] = "steps"
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
        """The labels of its columns."""
        return (self.column,)

    def describe(self) -> str:
        """Describe the rule in words."""
        offset = f"{self.offset:g} plus " if self.offset else ""
        return f"{self.column!r} is {offset}a multiple of {self.step:g}"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Return what is wrong with the kinds of its columns; None if they are fine."""
        (column,) = columns
        return None if column.kind in NUMBERS else wrong_kind(column, "numbers")

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows satisfy the rule."""
        ((column, values),) = cells
        numbers = numbers_of(values, column)
        floats = numbers.values.astype(np.float64)
        error = np.abs(self._nearest(floats) - floats)
        kept: Mask = ~numbers.present | (error <= CLOSE * np.maximum(np.abs(floats), self.step))
        return kept

    def repair(self, frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
        """Round to the nearest allowed number."""
        ((column, values),) = self.cells_of(frame, schema)
        (at,) = self.positions(schema)
        numbers = numbers_of(values, column)
        nearest = self._nearest(numbers.values.astype(np.float64))
        return with_numbers(frame, at, column, numbers._replace(values=nearest))

    def dependency(self, table: ColumnFrame, schema: Schema) -> Dependency | None:
        """Return the dependency that counts the steps, if they can be counted."""
        (at,) = self.positions(schema)
        return MultiplesDependency.of(
            field_at(table, at), float(self.step), float(self.offset), table
        )

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


CANCELLED = 1e-12  # the same of what it is computed from, where this cancels out


@register_constraint
@dataclass(frozen=True)
class Inequality(ColumnConstraint):
    """A number, date or duration is at most another: ``low ≤ high``, or ``low < high``.

    Parameters
    ----------
    low, high
        Two columns of the same kind.
    strict
        Whether they must differ.

    Examples
    --------
    >>> rule = Inequality("start", "end", strict=True)
    >>> rule.check(pd.DataFrame({"start": [1, 2, 3], "end": [2, 2, 2]})).tolist()
    [True, False, False]
    """

    kind: ClassVar[str] = "inequality"
    takes_numbers: ClassVar[bool] = True
    low: Hashable
    high: Hashable
    strict: bool = False

    def __post_init__(self) -> None:
        labels("Inequality", "low and high", [self.low, self.high], 2)
        check_flag("Inequality", "strict", self.strict)

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of its columns."""
        return self.low, self.high

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.low!r} {'<' if self.strict else '≤'} {self.high!r}"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Return what is wrong with the kinds of its columns; None if they are fine."""
        axes = [axis_of(column) for column in columns]
        for axis, column in zip(axes, columns, strict=True):
            if axis is None:
                return wrong_kind(column, "numbers, dates or durations")
        if axes[0] == axes[1]:
            return None
        low, high = (f"{column.name!r} is of kind {column.kind!r}" for column in columns)
        return (
            f"{low} and {high}, and they can't be compared; both must be numbers, or both dates or "
            "durations with or without a time zone"
        )

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows satisfy the rule."""
        if cells[0][0].kind in NUMBERS:  # whole numbers may be too long for an axis
            one, other = (numbers_of(values, column) for column, values in cells)
            return in_order(one, other, strict=self.strict)
        unit = finest_unit(column for column, _ in cells)
        low, high = (to_axis(each, unit) for each in cells)
        return in_order(low, high, strict=self.strict)

    def edges(self, schema: Schema) -> Mapping[tuple[int, int], bool]:
        """Return the one pair of columns, and whether they are never equal."""
        low, high = self.positions(schema)
        return {(low, high): self.strict}


@register_constraint
@dataclass(frozen=True)
class Sum(ColumnConstraint):
    """Columns of numbers add up to another: ``a + b + … = total``.

    Parameters
    ----------
    parts
        Two columns or more.
    total
        The column with their sum.

    Examples
    --------
    >>> rule = Sum(["net", "tax"], "gross")
    >>> rule.check(pd.DataFrame({"net": [1.5, 2], "tax": [0.5, 1], "gross": [2.0, 4]})).tolist()
    [True, False]
    """

    kind: ClassVar[str] = "sum"
    construction: ClassVar[Construction] = "group"
    takes_numbers: ClassVar[bool] = True
    parts: tuple[Hashable, ...]
    total: Hashable

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", labels("Sum", "parts", self.parts, 2))
        check_label("Sum", "total", self.total)
        labels("Sum", "parts and total", [*self.parts, self.total], 3)

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of its columns."""
        return (*self.parts, self.total)

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{' + '.join(map(repr, self.parts))} = {self.total!r}"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Return what is wrong with the kinds of its columns; None if they are fine."""
        return _all_numbers(columns)

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows satisfy the rule."""
        numbers = [numbers_of(values, column) for column, values in cells]
        present = np.logical_and.reduce([part.present for part in numbers])
        sums = add_up(np.stack([part.values.astype(np.float64) for part in numbers]))
        kept: Mask = ~present | sums
        return kept

    def dependency(self, table: ColumnFrame, schema: Schema) -> Dependency | None:
        """Return the dependency that adds the parts up, if they add up exactly."""
        *parts, total = (field_at(table, at) for at in self.positions(schema))
        return SumDependency.of(parts, total, table)

    def repair(self, frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
        """Set the total to the sum of the parts."""
        *parts, (column, values) = self.cells_of(frame, schema)
        read = [numbers_of(part, own) for own, part in parts]
        present = np.logical_and.reduce([part.present for part in read])
        added = sum(part.values.astype(np.float64) for part in read)
        return _replaced(frame, self.positions(schema)[-1], column, values, (added, present))


@register_constraint
@dataclass(frozen=True)
class Formula(ColumnConstraint):
    """A number is computed from others by an expression (`tabgan.rules.arithmetic_dependency`).

    Parameters
    ----------
    column
        The computed column; the result is rounded to its decimals.
    expression
        Numbers, columns (in backticks if they are not plain words), ``+ - * /``, parentheses,
        ``abs``, ``min``, ``max`` and ``round``.

    Examples
    --------
    >>> rule = Formula("area", "width * `the height`")
    >>> rule.check(pd.DataFrame({"width": [2, 3], "the height": [4, 5], "area": [8, 16]})).tolist()
    [True, False]
    """

    kind: ClassVar[str] = "formula"
    construction: ClassVar[Construction] = "formula"
    takes_numbers: ClassVar[bool] = True
    column: Hashable
    expression: str

    def __post_init__(self) -> None:
        check_label("Formula", "column", self.column)
        if str(self.column) in self.parsed.names:
            raise OptionError(
                f"Formula: column {self.column!r} is in its own expression {self.expression!r:.80}"
            )

    @property
    def parsed(self) -> ArithmeticExpression:
        """The expression, parsed."""
        return ArithmeticExpression(self.expression)

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of its columns."""
        return (*self.parsed.names, self.column)

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{quoted(str(self.column))} = {self.expression}"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Return what is wrong with the kinds of its columns; None if they are fine."""
        return _all_numbers(columns)

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows satisfy the rule; rows whose result is not a number don't."""
        *sources, (column, values) = cells
        read = [numbers_of(part, own) for own, part in sources]
        result, total = compute(self.parsed, read), numbers_of(values, column)
        present = np.logical_and.reduce([total.present, *(source.present for source in read)])
        size = np.maximum(np.abs(result.values), np.abs(total.values))
        largest = np.max(np.abs([source.values.astype(np.float64) for source in read]), axis=0)
        decimals = 0 if column.kind == "integer" else column.decimals
        rounding = 0.0 if decimals is None else 0.5 * 10.0**-decimals
        slack = rounding + CLOSE * size + CANCELLED * largest
        close = np.abs(result.values - total.values.astype(np.float64)) <= slack
        kept: Mask = ~present | (result.present & close)
        return kept

    def dependency(self, table: ColumnFrame, schema: Schema) -> Dependency | None:
        """Return the dependency that computes the column, if it has a number in the same rows."""
        *sources, target = (field_at(table, at) for at in self.positions(schema))
        return FormulaDependency.of(sources, target, self.parsed, table)

    def repair(self, frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
        """Set the column to the value of the expression."""
        *sources, (column, values) = self.cells_of(frame, schema)
        result = compute(self.parsed, [numbers_of(part, own) for own, part in sources])
        made = (result.values, result.present)
        return _replaced(frame, self.positions(schema)[-1], column, values, made)


def _all_numbers(columns: Sequence[Column]) -> str | None:
    wrong = [column for column in columns if column.kind not in NUMBERS]
    return wrong_kind(wrong[0], "numbers") if wrong else None


def _replaced(
    frame: pd.DataFrame, at: int, column: Column, values: pd.Series, made: tuple[Any, Mask]
) -> pd.DataFrame:
    """Return a frame with a column's numbers replaced, where it and its sources have numbers."""
    old = numbers_of(values, column)
    new = np.where(made[1], made[0], old.values.astype(np.float64))
    return with_numbers(frame, at, column, old._replace(values=new))
