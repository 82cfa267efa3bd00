"""Constraints on combinations of values, and on values that occur only once."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from tabgan.base.errors import OptionError
from tabgan.rules.base_rules import (
    ColumnConstraint,
    Construction,
    Dependency,
    Mask,
    check_label,
    labels,
    register_constraint,
)
from tabgan.rules.functional_dependency import (
    CombinationDependency,
    combination_numbers,
    combinations_of,
)
from tabgan.rules.sum_dependency import BITS, OneHotDependency, bits_of
from tabgan.table.columns import ColumnFrame, TypedSeries, field_at, level_key
from tabgan.table.scalars import Scalar, is_scalar
from tabgan.table.schema import Column, Schema

__all__ = ["FixedCombinations", "OneHot", "Unique"]

ROWS_PER_COMBINATION = 2  # on average, at least: what is kept must not be the rows themselves

_ZEROS, _ONES = ({level_key(pair[bit]) for pair in BITS} for bit in (0, 1))


@register_constraint
@dataclass(frozen=True)
class FixedCombinations(ColumnConstraint):
    """Columns take only combinations of values that occur in the training table.

    A missing value is a value like any other. The model file keeps the combinations.

    Parameters
    ----------
    columns
        Two columns or more.
    combinations
        The allowed combinations, each a value for every column; None for those of the training
        table.

    Examples
    --------
    >>> rule = FixedCombinations(["city", "land"], [("Bern", "CH"), ("Wien", "AT")])
    >>> rule.check(pd.DataFrame({"city": ["Bern", "Wien"], "land": ["CH", "CH"]})).tolist()
    [True, False]
    """

    kind: ClassVar[str] = "fixed_combinations"
    construction: ClassVar[Construction] = "group"
    columns: tuple[Hashable, ...]
    combinations: tuple[tuple[Scalar, ...], ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", labels("FixedCombinations", "columns", self.columns, 2))
        if self.combinations is None:
            return
        given: Any = self.combinations
        if not isinstance(given, list | tuple) or not all(map(self._is_combination, given)):
            raise OptionError(
                f"FixedCombinations: combinations={given!r:.80} must be a list with "
                f"{len(self.columns)} plain values in each of its rows, or None"
            )
        object.__setattr__(self, "combinations", tuple(map(tuple, given)))

    def _is_combination(self, values: Any) -> bool:
        fits = isinstance(values, list | tuple) and len(values) == len(self.columns)
        return fits and all(map(is_scalar, values))

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of its columns."""
        return self.columns

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"known combinations of {', '.join(map(repr, self.columns))}"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Return what is wrong with the kinds of its columns; None if nothing is."""
        return next((_made_anew(c) for c in columns if c.is_generated), None)

    def learn(self, frame: pd.DataFrame, schema: Schema) -> Self:
        """Return the constraint with the combinations of the training table.

        Raises
        ------
        OptionError
            If there are so many that they reveal single rows.
        """
        _, found = combinations_of(self.cells_of(frame, schema))
        if len(found) * ROWS_PER_COMBINATION > len(frame):
            raise OptionError(
                f"{self}: there are {len(found)} combinations in {len(frame)} rows; each must "
                f"stand for {ROWS_PER_COMBINATION} rows on average: name fewer columns"
            )
        if self.combinations is not None:
            return self
        ordered = sorted(found, key=lambda values: [str(level_key(value)) for value in values])
        return replace(self, combinations=tuple(ordered))

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows keep the rule; all do before it has learned the combinations."""
        if self.combinations is None:
            return np.ones(len(cells[0][1]), bool)
        return combination_numbers(cells, self.combinations) >= 0

    def dependency(self, table: ColumnFrame, schema: Schema) -> Dependency | None:
        """Return the dependency that makes one column of the columns."""
        positions = self.positions(schema)
        _, combinations = combinations_of([table[at] for at in positions])
        members = tuple(field_at(table, at) for at in positions)
        return CombinationDependency(members, tuple(combinations))


@register_constraint
@dataclass(frozen=True)
class OneHot(ColumnConstraint):
    """Exactly one of some columns is 1 (or True), and the others are 0.

    Parameters
    ----------
    columns
        Two columns or more.

    Examples
    --------
    >>> OneHot(["a", "b"]).check(pd.DataFrame({"a": [1, 0, 1], "b": [0, 0, 1]})).tolist()
    [True, False, False]
    """

    kind: ClassVar[str] = "one_hot"
    construction: ClassVar[Construction] = "group"
    columns: tuple[Hashable, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", labels("OneHot", "columns", self.columns, 2))

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of its columns."""
        return self.columns

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"exactly one of {', '.join(map(repr, self.columns))} is 1"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Return what is wrong with the kinds of its columns; None if nothing is."""
        return next((_made_anew(c) for c in columns if c.is_generated), None)

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows keep the rule."""
        ones = np.zeros(len(cells[0][1]), np.int64)
        known = np.ones(len(ones), bool)
        for own in cells:
            codes, levels = own.codes, own.levels
            keys = [level_key(level) for level in levels]
            ones += np.array([key in _ONES for key in keys], bool)[codes]
            known &= np.array([key in _ONES or key in _ZEROS for key in keys], bool)[codes]
        kept: Mask = known & (ones == 1)
        return kept

    def dependency(self, table: ColumnFrame, schema: Schema) -> Dependency | None:
        """Return the dependency that makes one column of the columns."""
        members = tuple(field_at(table, at) for at in self.positions(schema))
        bits = [bits_of(table[at]) for at, _ in members]
        known = tuple(pair[0] for pair in bits if pair is not None)
        return OneHotDependency(members, known) if len(known) == len(members) else None


@register_constraint
@dataclass(frozen=True)
class Unique(ColumnConstraint):
    """No two rows have the same value in a column, or the same values in several together.

    Rows in which one of them is missing are not compared. A single column of text or whole
    numbers whose kind is not declared becomes an identifier: its values are generated.

    Parameters
    ----------
    columns
        A column, or a list of columns.

    Examples
    --------
    >>> Unique("key").check(pd.DataFrame({"key": ["a", "b", "a", None, None]})).tolist()
    [True, True, False, True, True]
    """

    kind: ClassVar[str] = "unique"
    columns: Any  # after construction, a tuple of labels

    def __post_init__(self) -> None:
        given = self.columns
        if isinstance(given, list | tuple):
            object.__setattr__(self, "columns", labels("Unique", "columns", given, 1))
        else:
            check_label("Unique", "columns", given)
            object.__setattr__(self, "columns", (given,))

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of its columns."""
        return tuple(self.columns)

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{', '.join(map(repr, self.columns))} {'are' if self.columns[1:] else 'is'} unique"

    def fits(self, columns: Sequence[Column]) -> str | None:  # noqa: ARG002
        """Return what is wrong with the kinds of its columns: nothing."""
        return None

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows keep the rule: those that repeat no earlier one."""
        frame = pd.concat([values for _, values in cells], axis=1)
        missing = frame.isna().any(axis=1).to_numpy(bool)
        kept: Mask = missing | ~frame.duplicated().to_numpy(bool)
        return kept


def _made_anew(column: Column) -> str:
    return (
        f"column {column.name!r} is of kind {column.kind!r}: its values are generated and not "
        "learned; declare its kind in schema as 'categorical', or leave it out"
    )
