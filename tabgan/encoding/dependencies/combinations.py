"""Columns of which only some combinations of values occur."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.dependencies.base import (
    ColumnFrame,
    ColumnRef,
    Dependency,
    TypedSeries,
    level_key,
    with_cells,
    without,
)
from tabgan.errors import DataError
from tabgan.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.schema import Column
from tabgan.values import codes_of, levels_to_series

__all__ = ["CombinationDependency", "combinations_of"]

Values = tuple[Scalar, ...]


@dataclass(frozen=True)
class CombinationDependency(Dependency):
    """The members together are one column, whose levels are the combinations of their values."""

    name: ClassVar[str] = "combination"
    members: tuple[ColumnRef, ...]
    combinations: tuple[Values, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return tuple(member.position for member in self.members)

    @property
    def column(self) -> Column:
        """The column that stands for the members in a reduced table."""
        return Column(self._names, "categorical", "int64", why="combinations of values")

    @property
    def _names(self) -> str:
        return ", ".join(map(str, self.members))

    def describe(self) -> str:
        """Say the rule in words."""
        return f"{self._names} have {len(self.combinations)} combinations of values"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Replace the members by the number of their combination."""
        found, combinations = combinations_of([table[at] for at in self.positions])
        number = {_key(values): index for index, values in enumerate(self.combinations)}
        known = np.array([number.get(_key(values), -1) for values in combinations], np.int64)
        if (known < 0).any():
            unknown = combinations[int(np.argmin(known))]
            raise DataError(f"{self._names}: the combination {unknown!r} was not there at fit")
        first = self.members[0].position
        values = pd.Series(known[found], name=self.column.name, dtype="int64")
        return with_cells(without(table, self.positions), {first: (self.column, values)})

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Spread the values of each combination over the members."""
        codes = table[self.members[0].position][1].to_numpy()
        spread: ColumnFrame = {}
        for place, (at, column) in enumerate(self.members):
            levels = [values[place] for values in self.combinations]
            spread[at] = (column, levels_to_series(levels, codes, column))
        return with_cells(table, spread)

    def settle(self, table: ColumnFrame, pinned: NDArray[np.bool_]) -> ColumnFrame:
        """Take a combination that has the pinned values: the row's own, or the first one.

        Pinned values that no combination has are given up, for the row to be one of the table.
        """
        places = [*self.positions]
        found, combinations = combinations_of([table[at] for at in places])
        given = pinned[:, places]
        patterns, pattern = np.unique(np.column_stack([found, given]), axis=0, return_inverse=True)
        chosen = [self._nearest(combinations[int(own)], pins) for own, *pins in patterns]
        codes = np.array(chosen, np.int32)[pattern.reshape(-1)]
        cells: ColumnFrame = {}
        for place, (at, column) in enumerate(self.members):
            levels = [values[place] for values in self.combinations]
            values = levels_to_series(levels, codes, column)
            cells[at] = (column, values.set_axis(table[at][1].index))
        pinned[:, places] |= given.any(axis=1, keepdims=True)
        return with_cells(table, cells)

    def _nearest(self, values: Values, pins: Sequence[int]) -> int:
        wanted = _key(values)
        if wanted in self._numbers:
            return self._numbers[wanted]
        for combination, number in self._numbers.items():
            if all(a == b for a, b, pin in zip(wanted, combination, pins, strict=True) if pin):
                return number
        return 0

    @cached_property
    def _numbers(self) -> dict[tuple[tuple[type, Scalar], ...], int]:
        return {_key(values): number for number, values in enumerate(self.combinations)}

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "members": [member.to_json() for member in self.members],
            "combinations": [[*map(to_json_scalar, values)] for values in self.combinations],
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        members = tuple(ColumnRef.from_json(member) for member in state["members"])
        combinations = tuple(
            tuple(map(from_json_scalar, values)) for values in state["combinations"]
        )
        if any(len(values) != len(members) for values in combinations):
            raise ValueError("combination: a value is needed for each member")
        return cls(members, combinations)


def combinations_of(columns: Sequence[TypedSeries]) -> tuple[NDArray[np.int64], list[Values]]:
    """Find the combinations of values that occur in some columns, and the one of each row.

    Returns
    -------
    Their numbers, shape (rows,), and the combinations, in no order; None stands for missing.
    """
    numbers = np.zeros(len(columns[0][1]), np.int64)
    found: list[Values] = [()]
    for _, values in columns:
        codes, levels = codes_of(values)
        pairs, numbers = np.unique(numbers * len(levels) + codes, return_inverse=True)
        found = [(*found[pair // len(levels)], levels[pair % len(levels)]) for pair in pairs]
    return numbers, found


def _key(values: Values) -> tuple[tuple[type, Scalar], ...]:
    return tuple(map(level_key, values))
