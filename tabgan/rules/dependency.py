"""Rules between columns, and those of them that derive columns from others."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.table.columns import ColumnFrame, TypedSeries, count_rows, sample_of
from tabgan.table.level_codes import codes_of

__all__ = ["DEPENDENCIES", "Dependency", "Evidence", "Mask", "Rule", "evidence_of"]

Mask = NDArray[np.bool_]

LEAST_SHARE = 1e-4  # that a sample of rows can tell from none

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


class Evidence(NamedTuple):
    """How many rows keep a rule, and how many would by chance.

    Parameters
    ----------
    rows
        Rows that keep it, in which no column of the rule is missing.
    by_chance
        Share of rows that keep it when the column that matters least is shuffled.
    """

    rows: int
    by_chance: float

    @property
    def log10_chance(self) -> float:
        """Logarithm of the chance that all these rows keep it."""
        return float(self.rows * np.log10(max(self.by_chance, LEAST_SHARE)))

    def __str__(self) -> str:
        share = f"{self.by_chance:.0%}" if self.by_chance >= 0.01 else "under 1%"
        return f"in {self.rows:,} rows; {share} by chance"


def evidence_of(rule: Dependency, table: ColumnFrame, rng: np.random.Generator) -> Evidence | None:
    """Return the evidence of a rule; None where no single row can break it.

    Parameters
    ----------
    rule
        A rule that was detected.
    table
        The table as the rules before it leave it.
    rng
        Draws rows and shuffles columns.
    """
    own = {at: table[at] for at in rule.positions if at in table}
    generated = any(cells.column.is_generated for cells in own.values())
    if len(own) < len(rule.positions) or len(own) < 2 or generated:
        return None
    sample = sample_of(own, rng)
    order = rng.permutation(count_rows(sample))
    shares = []
    for at in own:
        cells = [sample[other].take(order) if other == at else sample[other] for other in own]
        cells = [cell._replace(values=cell.values.reset_index(drop=True)) for cell in cells]
        try:
            shares.append(float(rule.holds(cells).mean()))
        except DataError:  # shuffled values that can't be reduced
            return None
    by_chance = max(shares)
    present = np.logical_and.reduce([cells.values.notna().to_numpy(bool) for cells in own.values()])
    return Evidence(int(present.sum()), by_chance) if by_chance < 1 else None
