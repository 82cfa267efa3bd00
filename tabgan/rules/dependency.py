"""Rules between columns, and those of them that derive columns from others."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.table.columns import ColumnFrame, TypedSeries, count_rows
from tabgan.table.level_codes import codes_of

__all__ = ["DEPENDENCIES", "Dependency", "Mask", "Rule"]

Mask = NDArray[np.bool_]

DEPENDENCIES: "dict[str, type[Dependency]]" = {}  # all classes, by their name in JSON


class Rule(ABC):
    """A rule between the columns of a table: declared (`Constraint`) or detected (`Dependency`)."""

    @abstractmethod
    def describe(self) -> str:
        """Describe the rule in words."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Describe the rule by JSON values."""


class Dependency(Rule):
    """A rule that holds in every row of the table, or in a known share of them.

    `reduce` takes out of a table, before encoding, what the rule determines; `restore` puts it
    back after decoding, so that the rule holds in as many rows again. Several dependencies are
    reduced in the order of their list and restored in reverse. A dependency is a value, not
    changed after it is created.
    """

    name: ClassVar[str]  # its name in JSON, one per class
    of_equality: ClassVar[bool] = False  # whether all that counts is which cells are equal

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "name" in cls.__dict__:
            DEPENDENCIES[cls.name] = cls

    @property
    @abstractmethod
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""

    @abstractmethod
    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Return the table without the columns that the rule derives, or with simpler ones.

        Raises
        ------
        DataError
            If a row breaks the rule so that it can't be reduced.
        """

    @abstractmethod
    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Return the table with what `reduce` took out, and with the rule kept."""

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows keep the rule, shape (rows,), given the columns of `positions`."""
        own = dict(zip(self.positions, cells, strict=True))
        kept = self.restore(self.reduce(own))
        holds = np.ones(count_rows(own), np.bool_)
        for at, (_, values) in own.items():
            same = codes_of(pd.concat([values, kept[at][1]], ignore_index=True))[0]
            holds &= same[: len(holds)] == same[len(holds) :]
        return holds

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:  # noqa: ARG002
        """Make free cells consistent with fixed ones, as far as the rule allows.

        Parameters
        ----------
        table
            A table as `reduce` takes it.
        fixed
            Which cells must not change, shape (rows, columns). Cells that the fixed ones leave only
            one value are marked as fixed too.
        """
        return table

    @classmethod
    @abstractmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value.

        Raises
        ------
        SchemaError, KeyError, TypeError, ValueError
            If the value is malformed.
        """
