"""A number that comes in equal steps."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from tabgan.rules.dependency import Dependency
from tabgan.table.columns import (
    EXACT,
    ColumnFrame,
    ColumnRef,
    numbers_of,
    numbers_to_series,
    with_cells,
)
from tabgan.table.number_scale import clip_to_range
from tabgan.table.schema import Column

__all__ = ["MultiplesDependency"]


@dataclass(frozen=True)
class MultiplesDependency(Dependency):
    """The source is ``offset + k · step``, and is replaced by the whole number k.

    Parameters
    ----------
    source
        A column of numbers.
    column
        The column of whole numbers that stands for it in a reduced table.
    step, offset
        Distance of neighbours, and one of the numbers.
    """

    name: ClassVar[str] = "steps"
    source: ColumnRef
    column: Column
    step: float
    offset: float

    def __post_init__(self) -> None:
        if not (0 < self.step < np.inf and -np.inf < self.offset < np.inf):
            raise ValueError("steps: step and offset must be finite numbers, the step above 0")

    @classmethod
    def of(cls, source: ColumnRef, step: float, offset: float, table: ColumnFrame) -> Self | None:
        """Describe the steps of a column that keeps them; None where they can't be counted."""
        numbers = numbers_of(table[source.position][1], source.column)
        with np.errstate(over="ignore"):
            counts = (numbers.values[numbers.present] - offset) / step
        if not len(counts) or np.abs(counts).max() > EXACT:
            return None
        kept = clip_to_range(np.rint(counts).astype(np.int64), None, source.column.least_rows)
        column = Column(
            f"{source.column.name} in steps",
            "integer",
            "int64" if numbers.present.all() else "object",
            missing=source.column.missing,
            minimum=int(kept.min()),
            maximum=int(kept.max()),
            decimals=0,
            min_group=source.column.min_group,
            why="number of equal steps",
        )
        return cls(source, column, step, offset)

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return (self.source.position,)

    def describe(self) -> str:
        """Say the rule in words."""
        return f"{self.source} is {self.offset:g} plus a multiple of {self.step:g}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Count the steps; where another rule has derived the column, nothing is done."""
        at, column = self.source
        if at not in table or table[at][0] != column:
            return table
        numbers = numbers_of(table[at][1], column)
        counts = np.rint((numbers.values - self.offset) / self.step).astype(np.int64)
        values = numbers_to_series(counts, numbers.special, self.column, numbers.present)
        return with_cells(table, {at: (self.column, values)})

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Turn counted steps into numbers."""
        at, column = self.source
        if at not in table or table[at][0] != self.column:
            return table
        counts = numbers_of(table[at][1], self.column)
        values = self.offset + counts.values * self.step
        made = numbers_to_series(values, counts.special, column, counts.present)
        return with_cells(table, {at: (column, made)})

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "column": self.column.to_json(),
            "step": self.step,
            "offset": self.offset,
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        source, column = ColumnRef.from_json(state["source"]), Column.from_json(state["column"])
        return cls(source, column, float(state["step"]), float(state["offset"]))
