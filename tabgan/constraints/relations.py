"""Constraints between several columns of numbers, dates or durations."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from tabgan.constraints.base import (
    NUMBERS,
    ColumnConstraint,
    Mask,
    check_flag,
    check_label,
    labels,
    wrong_kind,
)
from tabgan.constraints.writing import rewritten
from tabgan.encoding.dependencies import TypedSeries
from tabgan.encoding.dependencies.computed import compute
from tabgan.encoding.dependencies.lines import finest_unit, line_name, to_line
from tabgan.errors import OptionError
from tabgan.formulas import ArithmeticExpression, quoted
from tabgan.schema import Column, Schema
from tabgan.values import Numbers, numbers_of

__all__ = ["Formula", "Inequality", "Sum"]

CLOSE = 1e-9  # relative error of a result
CANCELLED = 1e-12  # the same of what it is computed from, where this cancels out


@dataclass(frozen=True)
class Inequality(ColumnConstraint):
    """A number, date or duration is at most another: ``low ≤ high``, or ``low < high``.

    Parameters
    ----------
    low, high
        Two columns of one kind.
    strict
        Whether they are never equal.

    Examples
    --------
    >>> rule = Inequality("start", "end", strict=True)
    >>> rule.check(pd.DataFrame({"start": [1, 2, 3], "end": [2, 2, 2]})).tolist()
    [True, False, False]
    """

    kind: ClassVar[str] = "inequality"
    low: Hashable
    high: Hashable
    strict: bool = False

    def __post_init__(self) -> None:
        labels("Inequality", "low and high", [self.low, self.high], 2)
        check_flag("Inequality", "strict", self.strict)

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of the columns that it speaks of."""
        return self.low, self.high

    def describe(self) -> str:
        """Say the rule in words."""
        return f"{self.low!r} {'<' if self.strict else '≤'} {self.high!r}"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Say what is wrong with the kinds of its columns; None if nothing is."""
        lines = [line_name(column) for column in columns]
        for line, column in zip(lines, columns, strict=True):
            if line is None:
                return wrong_kind(column, "numbers, dates or durations")
        if lines[0] == lines[1]:
            return None
        low, high = (f"{column.name!r} is of kind {column.kind!r}" for column in columns)
        return (
            f"{low} and {high}, and they can't be compared; both must be numbers, or both dates or "
            "durations with or without a time zone"
        )

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Say which rows keep the rule."""
        if cells[0][0].kind in NUMBERS:  # whole numbers may be too long for a line
            low, high = (numbers_of(values, column) for column, values in cells)
            kept = low.values < high.values if self.strict else low.values <= high.values
            return ~(low.present & high.present) | kept
        unit = finest_unit(column for column, _ in cells)
        one, two = (to_line(both, unit) for both in cells)
        kept = one.values < two.values if self.strict else one.values <= two.values
        return ~(one.present & two.present) | kept


@dataclass(frozen=True)
class Sum(ColumnConstraint):
    """Numbers add up to another: ``a + b + … = total``.

    Parameters
    ----------
    parts
        Two columns or more.
    total
        Their sum.

    Examples
    --------
    >>> rule = Sum(["net", "tax"], "gross")
    >>> rule.check(pd.DataFrame({"net": [1.5, 2], "tax": [0.5, 1], "gross": [2.0, 4]})).tolist()
    [True, False]
    """

    kind: ClassVar[str] = "sum"
    parts: tuple[Hashable, ...]
    total: Hashable

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", labels("Sum", "parts", self.parts, 2))
        check_label("Sum", "total", self.total)
        labels("Sum", "parts and total", [*self.parts, self.total], 3)

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of the columns that it speaks of."""
        return (*self.parts, self.total)

    def describe(self) -> str:
        """Say the rule in words."""
        return f"{' + '.join(map(repr, self.parts))} = {self.total!r}"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Say what is wrong with the kinds of its columns; None if nothing is."""
        return _all_numbers(columns)

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Say which rows keep the rule."""
        numbers = [numbers_of(values, column) for column, values in cells]
        present = np.logical_and.reduce([part.present for part in numbers])
        *parts, total = (part.values.astype(np.float64) for part in numbers)
        size = np.max(np.abs([*parts, total]), axis=0)
        kept: Mask = ~present | (np.abs(sum(parts) - total) <= CLOSE * size)
        return kept

    def repair(self, frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
        """Add the parts up anew."""
        *parts, (column, values) = self.cells_of(frame, schema)
        read = [numbers_of(part, own) for own, part in parts]
        present = np.logical_and.reduce([part.present for part in read])
        added = sum(part.values.astype(np.float64) for part in read)
        return _replaced(frame, self.positions(schema)[-1], column, values, (added, present))


@dataclass(frozen=True)
class Formula(ColumnConstraint):
    """A number is computed from others, by an expression of `tabgan.formulas`.

    Parameters
    ----------
    column
        The column that is computed; rounded to its own decimals.
    expression
        Numbers, columns (in backticks if they are no plain words), ``+ - * /``, parentheses,
        ``abs``, ``min``, ``max`` and ``round``.

    Examples
    --------
    >>> rule = Formula("area", "width * `the height`")
    >>> rule.check(pd.DataFrame({"width": [2, 3], "the height": [4, 5], "area": [8, 16]})).tolist()
    [True, False]
    """

    kind: ClassVar[str] = "formula"
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
        """The labels of the columns that it speaks of."""
        return (*self.parsed.names, self.column)

    def describe(self) -> str:
        """Say the rule in words."""
        return f"{quoted(str(self.column))} = {self.expression}"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Say what is wrong with the kinds of its columns; None if nothing is."""
        return _all_numbers(columns)

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Say which rows keep the rule; none does whose result is no number."""
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

    def repair(self, frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
        """Compute anew."""
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
    return rewritten(frame, at, column, Numbers(new, old.present, old.special))
