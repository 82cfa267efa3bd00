"""Condition columns: those for whose levels a draw can be asked."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.base import ColumnEncoder
from tabgan.encoding.categorical import CategoricalEncoder
from tabgan.encoding.grouped import GroupedEncoder
from tabgan.encoding.table import FEW_VALUES, MANY_LEVELS, TableEncoder
from tabgan.errors import OptionError, did_you_mean
from tabgan.scalars import Scalar, to_python_scalar
from tabgan.schema import Column, Schema

__all__ = ["ConditionColumns", "find_columns"]

ROWS_PER_COMBINATION = 5  # on average, at least, where several columns are named


def find_columns(schema: Schema, condition_on: Any) -> tuple[int, ...]:
    """Return the positions of the columns that `condition_on` names: a label, or a list of them.

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
        position = _place(name, schema.names)
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
            tuple(encoder.level_span(at) for at in positions),
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

    def codes(self, where: Mapping[Any, Any]) -> dict[int, int]:
        """Return the code that is asked for in each level span.

        A value stands for the level that equals it, a missing one for the level of missing cells,
        and a text also for the level that is written so.

        Raises
        ------
        OptionError
            If a column is not one of these, or if a value is none of its levels.
        """
        if not isinstance(where, Mapping):
            raise OptionError(
                f"where={where!r} must be a mapping from columns to values, as in "
                f"{{{self.names[0]!r}: {self.levels[0][0]!r}}}"
            )
        return dict(self._code(name, value) for name, value in where.items())

    def _code(self, name: Hashable, value: Any) -> tuple[int, int]:
        place = _place(name, self.names)
        if place is None:
            raise OptionError(
                f"where: column {name!r} is not one that the model is conditioned on; name it in "
                f"condition_on and fit again, or leave it out; {did_you_mean(name, self.names)}"
            )
        code = _find(value, self.levels[place])
        if code is None:
            raise OptionError(
                f"where: column {name!r} never has the value {value!r} in the training table; "
                f"{did_you_mean(value, self.levels[place])}"
            )
        return self.spans[place], code


def _place(name: Any, names: Sequence[Hashable]) -> int | None:
    """Return the place of a label; 1, 1.0, True and "1" are four, but a text may stand for one."""
    label, others = to_python_scalar(name), [to_python_scalar(other) for other in names]
    for i, other in enumerate(others):
        if type(label) is type(other) and label == other:
            return i
    written = [i for i, other in enumerate(others) if str(other) == label]
    return written[0] if len(written) == 1 else None


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
    elif column.is_made_anew:
        why = (
            f"is of kind {column.kind!r}: its values are made anew and not learned; leave it out, "
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


def _find(value: Any, levels: Sequence[Scalar]) -> int | None:
    """Return the place of the level that a value stands for."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        value = None
    value = to_python_scalar(value)
    same = (code for code, level in enumerate(levels) if type(level) is type(value))
    exact = next((code for code in same if levels[code] == value), None)
    if exact is not None:
        return exact
    alike = [code for code, level in enumerate(levels) if _is_like(level, value)]
    return alike[0] if len(alike) == 1 else None


def _is_like(level: Scalar, value: Any) -> bool:
    """Say whether a value of another type stands for a level: an equal one, or its text."""
    if isinstance(value, str):
        return value == ("" if level is None else str(level))
    try:
        return level is not None and bool(level == value)
    except (TypeError, ValueError):
        return False
