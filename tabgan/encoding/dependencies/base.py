"""The contract of dependencies, and the table in work that they act on."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.scalars import Scalar
from tabgan.schema import Column
from tabgan.values import codes_of

__all__ = ["TypedSeries", "ColumnFrame", "Dependency", "ColumnRef"]

NUMBERS = frozenset({"numeric", "integer"})
TICKS = frozenset({"datetime", "timedelta"})
EXACT = 2.0**53  # up to here a float tells whole numbers apart
SAMPLE = 5_000  # rows on which a rule is tried first

TypedSeries = tuple[Column, pd.Series]
"""One column of a table in work: what it is, and its values."""

ColumnFrame = dict[int, TypedSeries]
"""A table in work: columns by ascending position in the original schema, with gaps."""


class ColumnRef(NamedTuple):
    """A column and its position in the table."""

    position: int
    column: Column

    def __str__(self) -> str:
        return repr(self.column.name)

    def to_json(self) -> dict[str, Any]:
        """Describe the field by JSON values."""
        return {"position": self.position, "column": self.column.to_json()}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a field from `to_json`'s value."""
        return cls(int(state["position"]), Column.from_json(state["column"]))


class Dependency(ABC):
    """A rule between columns that holds in every row of the table, or in a known share of them.

    `reduce` takes out of a table, before encoding, what the rule determines; `restore` puts it
    back after decoding, so that the rule holds in as many rows again. Several dependencies are
    reduced in the order of their list and restored in reverse. A dependency is a value, not
    changed once made.
    """

    name: ClassVar[str]  # registry name in JSON, one per class

    @property
    @abstractmethod
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""

    @abstractmethod
    def describe(self) -> str:
        """Say the rule in words."""

    @abstractmethod
    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Return the table without the columns that the rule derives, or with simpler ones.

        Raises
        ------
        DataError
            If a row breaks the rule in such a way that it can't be reduced.
        """

    @abstractmethod
    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Return the table with what `reduce` took out, and with the rule kept."""

    def holds(self, table: ColumnFrame) -> NDArray[np.bool_]:
        """Say in which rows of a table, as `reduce` takes it, the rule holds, shape (rows,)."""
        own = {at: table[at] for at in self.positions}
        kept = self.restore(self.reduce(own))
        holds = np.ones(count_rows(own), np.bool_)
        for at, (_, values) in own.items():
            same = codes_of(pd.concat([values, kept[at][1]], ignore_index=True))[0]
            holds &= same[: len(holds)] == same[len(holds) :]
        return holds

    def settle(self, table: ColumnFrame, pinned: NDArray[np.bool_]) -> ColumnFrame:  # noqa: ARG002
        """Bring cells that are not pinned in line with those that are, as far as may be.

        Parameters
        ----------
        table
            A table as `reduce` takes it.
        pinned
            Which cells are not to be changed, shape (rows, columns); cells that only have one
            value left beside these are pinned as well.
        """
        return table

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values; inverse of `from_json`."""

    @classmethod
    @abstractmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value.

        Raises
        ------
        SchemaError, KeyError, TypeError, ValueError
            If the value is malformed.
        """


def decimals_of(column: Column) -> int | None:
    """Return the decimal places of a number; None for a full-precision float."""
    return 0 if column.kind == "integer" else column.decimals


def level_key(level: Scalar) -> tuple[type, Scalar]:
    """Return what tells a level from all others: 1, 1.0, True and "1" are four."""
    return type(level), level


def count_rows(table: ColumnFrame) -> int:
    """Count a table's rows."""
    return next((len(values) for _, values in table.values()), 0)


def sample_of(table: ColumnFrame, rng: np.random.Generator) -> ColumnFrame:
    """Draw rows without replacement, kept in their order."""
    n_rows = count_rows(table)
    if n_rows <= SAMPLE:
        return table
    rows = np.sort(rng.choice(n_rows, SAMPLE, replace=False))
    return {at: (column, values.iloc[rows]) for at, (column, values) in table.items()}


def without(table: ColumnFrame, positions: Iterable[int]) -> ColumnFrame:
    """Return the table without some columns."""
    dropped = set(positions)
    return {at: cells for at, cells in table.items() if at not in dropped}


def with_cells(table: ColumnFrame, changed: ColumnFrame) -> ColumnFrame:
    """Return the table with columns added or replaced, in order of position."""
    return dict(sorted({**table, **changed}.items()))


def replaced(values: pd.Series, rows: NDArray[np.bool_], others: pd.Series) -> pd.Series:
    """Return the values with those of some rows replaced, row by row."""
    return values.where(~rows, others.set_axis(values.index))


def field_at(table: ColumnFrame, position: int) -> ColumnRef:
    """Return the field at a position."""
    return ColumnRef(position, table[position][0])
