"""Whether a generated column has a value: a column of its own, which is learned.

A generated column (an identifier, a name, free text) says nothing about its row, but that it has a
value often does: an exit reference stands exactly where the status is "Left". So where such a
column has holes, a column of presence is put beside it. It is encoded, polished and determined by
others like any column of categories; at the end it says which of the generated values stay.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.rules.dependency import Dependency
from tabgan.table.columns import (
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    field_at,
    level_key,
    replaced,
    with_cells,
    without,
)
from tabgan.table.level_codes import is_absent, levels_to_series
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column
from tabgan.table.text_formats import MISSING_MARKS

__all__ = ["PRESENT", "PresenceDependency", "find_presences", "widened"]

PRESENT = "present"  # the level of all values


@dataclass(frozen=True)
class PresenceDependency(Dependency):
    """The target has a value where its column of presence says so.

    Parameters
    ----------
    target
        The column, which is generated, or has its holes filled by rules.
    position
        Position of the column of presence, behind those of the schema.
    absent
        What stands where there is no value: None for a missing one, and marks of absence.
    """

    name: ClassVar[str] = "presence"
    target: ColumnRef
    position: int
    absent: tuple[str | None, ...]

    def __post_init__(self) -> None:
        marks = {mark for mark in self.absent if mark is not None}
        is_known = marks <= MISSING_MARKS or not self.target.column.is_generated
        if not self.absent or not is_known or not all(isinstance(mark, str) for mark in marks):
            raise ValueError(f"{self.absent!r:.80} are no marks of absence")
        if self.position <= self.target.position:
            raise ValueError("a column of presence stands behind its target")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.target.position, self.position

    @property
    def column(self) -> Column:
        """The column of presence."""
        name = f"presence of {self.target.column.name}"
        return Column(name, "categorical", "object", why="whether there is a value")

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"where {self.target} has a value is learned"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Put the column of presence into the table."""
        cells = table[self.target.position]
        places = {level_key(mark): place for place, mark in enumerate(self.absent)}
        codes = [places.get(level_key(level), len(places)) for level in cells.levels]
        levels: list[Scalar] = [*self.absent, PRESENT]
        values = levels_to_series(levels, np.array(codes, np.int32)[cells.codes], self.column)
        values = values.set_axis(cells.values.index)
        return with_cells(table, {self.position: TypedSeries(self.column, values)})

    def has_value(self, table: ColumnFrame) -> NDArray[np.bool_]:
        """Return where the target has a value, shape (rows,)."""
        cells = table[self.target.position]
        absent = {level_key(mark) for mark in self.absent}
        present = np.array([level_key(level) not in absent for level in cells.levels], np.bool_)
        return present[cells.codes]

    def present_cells(self, table: ColumnFrame) -> TypedSeries:
        """Return the target's cells that hold a value."""
        return table[self.target.position].take(self.has_value(table))

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Take away values and the column of presence, once it and the target are there."""
        at = self.target.position
        if at not in table or self.position not in table:
            return table
        presence, (column, values) = table[self.position], table[at]
        places = {level_key(mark): place for place, mark in enumerate(self.absent)}
        codes = np.array([places.get(level_key(level), -1) for level in presence.levels], np.int32)
        codes = codes[presence.codes]
        marks = levels_to_series(list(self.absent), np.maximum(codes, 0), column)
        values = replaced(values, codes >= 0, marks)
        return with_cells(without(table, [self.position]), {at: TypedSeries(column, values)})

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "target": self.target.to_json(),
            "position": self.position,
            "absent": list(self.absent),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        target = ColumnRef.from_json(state["target"])
        return cls(target, int(state["position"]), tuple(state["absent"]))


def find_presences(table: ColumnFrame, n_columns: int) -> list[PresenceDependency]:
    """Find the generated columns that have a value in some rows and none in others.

    Parameters
    ----------
    table
        A table in work.
    n_columns
        Number of columns of its schema.
    """
    found = []
    for at, cells in table.items():
        if cells.column.is_generated:
            counts = np.bincount(cells.codes, minlength=len(cells.levels))
            absent = [
                level
                for level, count in zip(cells.levels, counts, strict=True)
                if count and is_absent(level)
            ]
            if absent and len(absent) < np.count_nonzero(counts):
                rule = PresenceDependency(field_at(table, at), n_columns + at, tuple(absent))
                found.append(rule)
    return found


def widened(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask of a schema's cells with one for the columns of presence.

    Parameters
    ----------
    cells
        Shape (rows, columns).

    Returns
    -------
    Shape (rows, 2 · columns): the presence of a cell is marked as the cell itself.
    """
    return np.hstack([cells, cells])
