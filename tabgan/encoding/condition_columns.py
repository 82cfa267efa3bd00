"""Condition columns: the columns whose levels a draw can request (`condition_on`)."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.encoding.column_encoders import CategoricalEncoder, ColumnEncoder
from tabgan.encoding.grouped_levels import GroupedEncoder
from tabgan.encoding.table_encoder import FEW_VALUES, MANY_LEVELS, TableEncoder
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column, Schema, find_name

__all__ = ["ConditionColumns", "find_columns"]

ROWS_PER_COMBINATION = 5  # on average, at least, where several columns are named


def find_columns(schema: Schema, condition_on: Any) -> tuple[int, ...]:
    """Return the positions of the columns that `condition_on` names: a label, or a list of them.

    Parameters
    ----------
    schema
        What the columns are.
    condition_on
        A column label, a list of them, or None.

    Raises
    ------
    OptionError
        If a column is not in the table.

    Examples
    --------
    >>> schema = Schema((Column("age", "integer", "int64"), Column("sex", "boolean", "bool")))
    >>> find_columns(schema, "sex"), find_columns(schema, ["sex", "age"])
    ((1,), (0, 1))
    """
    if condition_on is None:
        return ()
    asked = condition_on if isinstance(condition_on, list) else [condition_on]
    positions = set()
    for name in asked:
        position = find_name(name, schema.names)
        if position is None:
            raise OptionError(
                f"condition_on: column {name!r} is not in the table; "
                f"{did_you_mean(name, schema.names)}"
            )
        positions.add(position)
    return tuple(sorted(positions))


@dataclass(frozen=True)
class ConditionColumns:
    """The columns that are given to the generator, and their levels.

    Parameters
    ----------
    positions
        Their positions in the schema, ascending.
    columns
        What they are.
    levels
        The levels of each; a level's code is its position.
    spans
        The level span of each in an encoded row.
    """

    positions: tuple[int, ...]
    columns: tuple[Column, ...]
    levels: tuple[tuple[Scalar, ...], ...]
    spans: tuple[int, ...]

    @classmethod
    def of(cls, encoder: TableEncoder, positions: Sequence[int]) -> Self:
        """Find the levels of columns that are encoded.

        Parameters
        ----------
        encoder
            The encoder of the table, which holds the rules.
        positions
            Positions of the condition columns.

        Raises
        ------
        OptionError
            If a column is not encoded as levels.
        """
        levels = [_levels(encoder.columns[at], encoder.encoders[at]) for at in positions]
        return cls(
            tuple(positions),
            tuple(encoder.columns[at] for at in positions),
            tuple(levels),
            tuple(encoder.places[at][1].start for at in positions),
        )

    @property
    def values(self) -> dict[Hashable, list[Scalar]]:
        """The levels of each column, by its label."""
        return {name: [*own] for name, own in zip(self.names, self.levels, strict=True)}

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The columns' labels."""
        return tuple(column.name for column in self.columns)

    def check_combinations(self, codes: NDArray[np.integer]) -> None:
        """Check that the levels together do not tell single rows apart.

        The model keeps their combinations, as it keeps the levels of a column.

        Parameters
        ----------
        codes
            Of the training rows, shape (rows, level spans).

        Raises
        ------
        OptionError
            If there are too many combinations for so few rows.
        """
        found = len(np.unique(codes[:, list(self.spans)], axis=0))
        if len(self.spans) > 1 and found * ROWS_PER_COMBINATION > len(codes):
            raise OptionError(
                f"condition_on={[*self.names]!r}: the columns have {found} combinations of levels "
                f"in {len(codes)} rows; each must stand for {ROWS_PER_COMBINATION} rows on "
                "average: name fewer columns"
            )


def _levels(column: Column, encoder: ColumnEncoder) -> tuple[Scalar, ...]:
    if isinstance(encoder, CategoricalEncoder) and encoder.spans.widths:
        return tuple(encoder.levels)
    if isinstance(encoder, CategoricalEncoder):
        why = "has the same value in every row; leave it out"
    elif isinstance(encoder, GroupedEncoder):
        why = (
            f"has more than {MANY_LEVELS} levels, which are learned in groups; add a column of "
            "fewer, broader levels to the table and name that one"
        )
    elif column.is_generated:
        why = (
            f"is of kind {column.kind!r}: its values are generated and not learned; leave it out, "
            "or give it the kind 'categorical'"
        )
    else:
        why = (
            f"is of kind {column.kind!r} with more than {FEW_VALUES} distinct values; give it the "
            "kind 'categorical', or add a column of its ranges to the table and name that one"
        )
    raise OptionError(
        f"condition_on: column {column.name!r} can't be a condition, which takes a column that is "
        f"learned by its levels: it {why}"
    )
