"""One-hot groups: columns of zeros and ones, exactly one of which is 1 in every row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.rules.dependency import Dependency, Mask
from tabgan.table.columns import (
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    count_rows,
    field_at,
    level_key,
    sample_of,
    with_cells,
    without,
)
from tabgan.table.level_codes import levels_to_series
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column

__all__ = ["BITS", "OneHotDependency", "bits_of", "find_one_hots"]

SMALLEST = 3  # two complementary columns determine each other: another rule
BITS: tuple[tuple[Scalar, Scalar], ...] = (
    (0, 1),
    (0.0, 1.0),
    (False, True),
    ("0", "1"),
    ("0.0", "1.0"),
)

Bit = tuple[Scalar, Scalar]  # a column's 0 and its 1


@dataclass(frozen=True)
class OneHotDependency(Dependency):
    """Exactly one of the members is 1 in every row: replaced by the position of that 1."""

    name: ClassVar[str] = "onehot"
    members: tuple[ColumnRef, ...]
    bits: tuple[Bit, ...]

    @property
    def column(self) -> Column:
        """The column that stands for the members in a reduced table."""
        first, last = self.members[0].column, self.members[-1].column
        return Column(f"{first.name} … {last.name}", "categorical", "int64", why="one-hot group")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return tuple(member.position for member in self.members)

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"exactly one of {self._span} is 1"

    @property
    def _span(self) -> str:
        return f"the {len(self.members)} columns {self.members[0]} … {self.members[-1]}"

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return the rows in which exactly one member is 1."""
        ones = [_is(one, own) for own, (_, one) in zip(cells, self.bits, strict=True)]
        kept: Mask = np.column_stack(ones).sum(axis=1) == 1
        return kept

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Replace the members by the position of the 1 among them."""
        ones = [
            _is(one, table[at]) for (at, _), (_, one) in zip(self.members, self.bits, strict=True)
        ]
        hot = np.column_stack(ones)
        wrong = np.flatnonzero(hot.sum(axis=1) != 1)
        if len(wrong):
            raise DataError(
                f"Row {wrong[0]}: {hot[wrong[0]].sum()} of {self._span} are 1; exactly one must be"
            )
        values = pd.Series(hot.argmax(axis=1), name=self.column.name, dtype="int64")
        rest = without(table, self.positions)
        return with_cells(rest, {self.members[0].position: TypedSeries(self.column, values)})

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Spread the position of the 1 over the members."""
        hot = table[self.members[0].position][1].to_numpy()
        spread: ColumnFrame = {}
        for index, ((at, column), bit) in enumerate(zip(self.members, self.bits, strict=True)):
            codes = (hot == index).astype(np.int32)
            spread[at] = TypedSeries(column, levels_to_series(list(bit), codes, column))
        return with_cells(table, spread)

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Keep a fixed 1, else a 1 that no fixed 0 forbids, else set the first free one.

        Of two fixed ones the second is dropped, so that the row could be one of the table.
        """
        places = [*self.positions]
        hot = np.column_stack(
            [_is(one, table[at]) for at, (_, one) in zip(places, self.bits, strict=True)]
        )
        given = fixed[:, places]
        # fixed ones come first, then free ones that are set, then any that is free
        chosen = (4 * (hot & given) + 2 * (hot & ~given) + ~given).argmax(axis=1)
        cells: ColumnFrame = {}
        for index, ((at, column), bit) in enumerate(zip(self.members, self.bits, strict=True)):
            values = levels_to_series(list(bit), (chosen == index).astype(np.int32), column)
            cells[at] = TypedSeries(column, values.set_axis(table[at][1].index))
        fixed[:, places] |= given.any(axis=1, keepdims=True)
        return with_cells(table, cells)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "members": [member.to_json() for member in self.members],
            "bits": [[to_json_scalar(level) for level in bit] for bit in self.bits],
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        members = tuple(ColumnRef.from_json(member) for member in state["members"])
        return cls(
            members,
            tuple((from_json_scalar(zero), from_json_scalar(one)) for zero, one in state["bits"]),
        )


@dataclass
class _Window:
    """Adjacent columns of which at most one is 1 in every row."""

    rows: int
    columns: list[tuple[int, Bit, NDArray[np.bool_]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.total = np.zeros(self.rows, np.int32)

    def add(self, at: int, bit: Bit, hot: NDArray[np.bool_]) -> None:
        """Add a column at the right; drop columns at the left until no row has two ones."""
        self.columns.append((at, bit, hot))
        self.total += hot
        while self.total.max() > 1:
            self.total -= self.columns.pop(0)[2]


def find_one_hots(table: ColumnFrame, rng: np.random.Generator) -> list[OneHotDependency]:
    """Find runs of adjacent columns, exactly one of which is 1 in every row.

    Constant columns neither belong to a run nor break it.
    """
    found: list[OneHotDependency] = []
    window = _Window(count_rows(table))
    for at, sample in sample_of(table, rng).items():
        hot = None if len(sample.levels) > 2 else bits_of(table[at])
        if hot is None:
            window = _Window(window.rows)
            continue
        if hot[1].all() or not hot[1].any():
            continue
        window.add(at, *hot)
        if window.total.min() == 1:
            if len(window.columns) >= SMALLEST:
                members = tuple(field_at(table, member) for member, *_ in window.columns)
                found.append(OneHotDependency(members, tuple(bit for _, bit, _ in window.columns)))
            window = _Window(window.rows)
    return found


def _is(level: Scalar, cells: TypedSeries) -> NDArray[np.bool_]:
    same = [level_key(other) == level_key(level) for other in cells.levels]
    return np.array(same, bool)[cells.codes]


def bits_of(cells: TypedSeries) -> tuple[Bit, NDArray[np.bool_]] | None:
    """Return a column's 0 and 1 and where it is 1; None where it has other values."""
    keys = {level_key(level) for level in cells.levels}
    for bit in BITS:
        if keys <= {level_key(level) for level in bit}:
            is_one = [level_key(level) == level_key(bit[1]) for level in cells.levels]
            return bit, np.array(is_one)[cells.codes]
    return None
