"""A date that is kept as its distance from an earlier date."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.dependencies.base import (
    ColumnFrame,
    ColumnRef,
    Dependency,
    replaced,
    with_cells,
)
from tabgan.encoding.ends import clip_to_range
from tabgan.schema import Column
from tabgan.values import numbers_of, numbers_to_series

__all__ = ["DifferenceDependency"]


@dataclass(frozen=True)
class DifferenceDependency(Dependency):
    """The target is replaced by its distance from the source, which is present in every row.

    Parameters
    ----------
    source, target
        Two columns of dates of the same form.
    column
        The column of distances that stands for the target in a reduced table.
    step
        What one unit of distance is, in the columns' own ticks.
    """

    name: ClassVar[str] = "gap"
    source: ColumnRef
    target: ColumnRef
    column: Column
    step: int

    @classmethod
    def between(cls, source: ColumnRef, target: ColumnRef, table: ColumnFrame) -> Self:
        """Choose the unit of distance and describe the column of distances."""
        a, b = (numbers_of(table[at][1], column) for at, column in (source, target))
        gaps = (b.values - a.values)[b.present].astype(np.int64)
        step = int(np.gcd.reduce(gaps)) or 1
        kept = clip_to_range(gaps, None, target.column.least_rows)
        column = Column(
            f"{target.column.name} - {source.column.name}",
            "integer",
            "int64" if b.present.all() else "object",
            missing=target.column.missing,
            minimum=int(kept.min()) // step,
            maximum=int(kept.max()) // step,
            decimals=0,
            min_group=target.column.min_group,
            why="distance between dates",
        )
        return cls(source, target, column, step)

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Say the rule in words."""
        return f"{self.target} is learned as its distance from {self.source}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Replace the target by its distance from the source."""
        a, b = (numbers_of(table[at][1], column) for at, column in (self.source, self.target))
        present = a.present & b.present
        gaps = np.where(present, (b.values - a.values) // self.step, 0).astype(np.int64)
        values = numbers_to_series(gaps, b.special, self.column, present)
        return with_cells(table, {self.target.position: (self.column, values)})

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Add the distance to the source; the range of the target is kept."""
        at, column = self.target
        a = numbers_of(table[self.source.position][1], self.source.column)
        gap = numbers_of(table[at][1], self.column)
        present = a.present & gap.present
        ticks = np.where(present, a.values + gap.values.astype(np.int64) * self.step, 0)
        values = numbers_to_series(ticks.astype(np.int64), gap.special, column, present)
        return with_cells(table, {at: (column, values)})

    def settle(self, table: ColumnFrame, pinned: NDArray[np.bool_]) -> ColumnFrame:
        """Bring the distance of a free date from a pinned one within the table's range."""
        source, target = self.positions
        a, b = (numbers_of(table[at][1], column) for at, column in (self.source, self.target))
        low, high = (int(end) * self.step for end in (self.column.minimum, self.column.maximum))
        present = a.present & b.present
        back = present & pinned[:, target] & ~pinned[:, source]
        first = np.where(back, np.clip(a.values, b.values - high, b.values - low), a.values)
        forth = present & ~pinned[:, target]
        last = np.where(forth, np.clip(b.values, first + low, first + high), b.values)
        changed = (
            numbers_to_series(ticks.astype(np.int64), old.special, field.column, old.present)
            for ticks, old, field in ((first, a, self.source), (last, b, self.target))
        )
        cells = {
            at: (column, replaced(table[at][1], rows, values))
            for (at, column), rows, values in zip(
                (self.source, self.target), (back, forth), changed, strict=True
            )
        }
        return with_cells(table, cells)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "target": self.target.to_json(),
            "column": self.column.to_json(),
            "step": self.step,
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            ColumnRef.from_json(state["source"]),
            ColumnRef.from_json(state["target"]),
            Column.from_json(state["column"]),
            int(state["step"]),
        )
