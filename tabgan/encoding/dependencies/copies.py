"""Two columns with the same value in every row."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.dependencies.base import (
    EXACT,
    NUMBERS,
    TICKS,
    ColumnFrame,
    ColumnRef,
    Dependency,
    TypedSeries,
    field_at,
    level_key,
    replaced,
    sample_of,
    with_cells,
    without,
)
from tabgan.schema import Column
from tabgan.values import codes_of, numbers_of, numbers_to_series

__all__ = ["CopyDependency", "find_copies"]


@dataclass(frozen=True)
class CopyDependency(Dependency):
    """The target equals the source in every row; equal numbers may be written in two ways."""

    name: ClassVar[str] = "copy"
    source: ColumnRef
    target: ColumnRef

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Say the rule in words."""
        return f"{self.target} is a copy of {self.source}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Write the source's values in the target's form."""
        copied = _copied(table[self.source.position], self.target.column)
        return with_cells(table, {self.target.position: (self.target.column, copied)})

    def settle(self, table: ColumnFrame, pinned: NDArray[np.bool_]) -> ColumnFrame:
        """Copy the column that is pinned to the other; else the source to the target."""
        source, target = self.positions
        back = pinned[:, target] & ~pinned[:, source]
        taken = _copied(table[target], self.source.column)
        own = replaced(table[source][1], back, taken)
        pinned[:, source] |= back
        copied = _copied((self.source.column, own), self.target.column)
        changed = replaced(table[target][1], ~pinned[:, target], copied)
        cells = {source: (self.source.column, own), target: (self.target.column, changed)}
        return with_cells(table, cells)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {"source": self.source.to_json(), "target": self.target.to_json()}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(ColumnRef.from_json(state["source"]), ColumnRef.from_json(state["target"]))


def _copied(cells: TypedSeries, column: Column) -> pd.Series:
    """Write values in the form of a column that equals theirs."""
    own, values = cells
    if column.kind in NUMBERS and _form(own) != _form(column):
        numbers = numbers_of(values, own)
        return numbers_to_series(numbers.values, numbers.special, column, numbers.present)
    copied = values.copy(deep=False)
    copied.name = column.name
    return copied


def find_copies(table: ColumnFrame, rng: np.random.Generator) -> list[CopyDependency]:
    """Find the columns that equal an earlier column in every row; constants aside."""
    found: list[CopyDependency] = []
    originals: dict[Any, list[int]] = {}  # columns that differ, by their sample
    for at, cells in sample_of(table, rng).items():
        fingerprint = _fingerprint(cells)
        if fingerprint is None:
            continue
        alike = originals.setdefault(fingerprint, [])
        source = next((other for other in alike if _equal(table[other], table[at])), None)
        if source is None:
            alike.append(at)
        else:
            found.append(CopyDependency(field_at(table, source), field_at(table, at)))
    return found


def _form(column: Column) -> tuple[str, str | None, str | None]:
    """Return what two columns must share for values of one to be values of the other."""
    return repr(column.dtype), column.format, column.absent


def _fingerprint(cells: TypedSeries) -> Any:
    """Return a hashable summary that equal columns share; None for a constant."""
    column, values = cells
    if column.kind in NUMBERS | TICKS:
        numbers = numbers_of(values, column)
        if numbers.present.all() and (numbers.values == numbers.values[0]).all():
            return None
        form = "number" if column.kind in NUMBERS else _form(column)
        return form, numbers.values.astype(float).tobytes(), numbers.present.tobytes()
    codes, levels = codes_of(values)
    if len(levels) == 1:
        return None
    return _form(column), codes.tobytes(), tuple(level_key(level) for level in levels)


def _equal(a: TypedSeries, b: TypedSeries) -> bool:
    if a[0].kind in NUMBERS | TICKS:
        one, two = numbers_of(a[1], a[0]), numbers_of(b[1], b[0])
        exact = one.values.dtype == two.values.dtype or bool((np.abs(one.values) <= EXACT).all())
        return (
            exact
            and np.array_equal(one.values, two.values)
            and np.array_equal(one.present, two.present)
            and bool((one.special == two.special).all())
        )
    (codes, levels), (other_codes, other_levels) = codes_of(a[1]), codes_of(b[1])
    return np.array_equal(codes, other_codes) and (
        [level_key(level) for level in levels] == [level_key(level) for level in other_levels]
    )
