"""`CategoricalEncoder`: the distinct values of a column as numbered levels."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError, did_you_mean
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoder import ColumnEncoder, Encoded
from tabgan.table.columns import NUMBERS, TICKS, TypedSeries, replaced
from tabgan.table.level_codes import levels_to_series
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column

__all__ = ["CategoricalEncoder", "LevelTable"]


class LevelTable:
    """Distinct values in a fixed order; a level's code is its position.

    Levels of different types are different: ``1``, ``1.0``, ``True`` and ``"1"`` are four.
    """

    def __init__(self, values: Iterable[Scalar]) -> None:
        self.values: list[Scalar] = list(values)

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def _code(self) -> dict[tuple[type, Scalar], int]:
        return {(type(value), value): code for code, value in enumerate(self.values)}

    def codes_in(self, cells: TypedSeries) -> NDArray[np.int32]:
        """Return the code of each row of a column.

        Raises
        ------
        DataError
            If a value is none of the levels.
        """
        codes = [self._code.get((type(level), level), -1) for level in cells.levels]
        if -1 in codes:
            raise DataError(self._unknown(cells.levels[codes.index(-1)], cells.column))
        return np.array(codes, np.int32)[cells.codes]

    def nearest(self, cells: TypedSeries) -> TypedSeries:
        """Put the nearest level in place of numbers and dates that are none of the levels."""
        known = [(type(level), level) in self._code for level in cells.levels]
        column = cells.column
        if all(known) or column.kind not in NUMBERS | TICKS:
            return cells
        codes = np.arange(len(self), dtype=np.int32)
        own = TypedSeries(column, levels_to_series(self.values, codes, column)).numbers
        there = np.flatnonzero(own.present)
        rows = np.flatnonzero(~np.array(known)[cells.codes] & cells.numbers.present)
        if not len(there) or not len(rows):
            return cells
        distance = np.abs(cells.numbers.values[rows][:, None] - own.values[there])
        chosen = np.zeros(len(cells.codes), np.int32)
        chosen[rows] = there[distance.argmin(axis=1)]
        changed = np.isin(np.arange(len(chosen)), rows)
        levels = levels_to_series(self.values, chosen, column)
        return TypedSeries(column, replaced(cells.values, changed, levels))

    def _unknown(self, value: Scalar, column: Column) -> str:
        if value is None:
            return (
                f"Column {column.name!r}: a value is missing, but none was at fit; fill it, or "
                "fit again on a table with missing values"
            )
        known = islice((level for level in self.values if level is not None), 1000)
        return (
            f"Column {column.name!r}: the value {value!r} was not there at fit; correct it, or "
            f"fit again on a table that has it; {did_you_mean(value, known)}"
        )

    def to_json(self) -> list[Any]:
        """Describe the levels by JSON values."""
        return [to_json_scalar(value) for value in self.values]

    @classmethod
    def from_json(cls, state: Any) -> Self:
        """Rebuild levels from `to_json`'s value.

        Raises
        ------
        TypeError, ValueError
            If the value is malformed.
        """
        if not isinstance(state, list):
            raise TypeError("levels: a list is needed")
        return cls([from_json_scalar(value) for value in state])


class CategoricalEncoder(ColumnEncoder):
    """A category, truth value, or number or date of few distinct values; missing is a level.

    A constant column takes no room in a row.
    """

    name = "categorical"

    def __init__(self, column: Column, levels: LevelTable) -> None:
        self.column = column
        self._levels = levels

    @property
    def levels(self) -> Sequence[Scalar]:
        """The levels; a level's code is its position."""
        return self._levels.values

    @property
    def spans(self) -> RowLayout:
        """One level span, or nothing if there is but one level."""
        return RowLayout((), (len(self._levels),) if len(self._levels) > 1 else ())

    @property
    def absent_codes(self) -> tuple[int, ...]:
        """The levels that stand for a missing value: None, and an empty text."""
        return tuple(i for i, level in enumerate(self.levels) if level in (None, ""))

    def nearest(self, cells: TypedSeries) -> TypedSeries:
        """Put the nearest level in place of numbers and dates that were not there at fit."""
        return self._levels.nearest(cells)

    @classmethod
    def fit(cls, cells: TypedSeries) -> Self:
        """Learn the column's levels."""
        return cls(cells.column, LevelTable(cells.levels))

    def encode(self, cells: TypedSeries) -> Encoded:
        """Give each value the code of its level.

        Raises
        ------
        DataError
            If a value was not there at fit.
        """
        codes = self._levels.codes_in(cells)[:, None]
        return Encoded.empty(len(codes))._replace(codes=codes[:, : len(self.spans.widths)])

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
        key: int = 0,  # noqa: ARG002
    ) -> pd.Series:
        """Return the level of each code.

        Parameters
        ----------
        numbers
            Probabilities in [0, 1], shape (rows, numbers of `spans`).
        codes
            Level codes, shape (rows, level spans of `spans`).
        start
            Position of the first row in the whole sample.
        rng
            The only source of randomness.
        key
            Chooses the order of generated values; one for all blocks of a sample.
        """
        chosen = codes[:, 0] if self.spans.widths else np.zeros(len(numbers), np.int64)
        return levels_to_series(self._levels.values, chosen, self.column)

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        return {"levels": self._levels.to_json()}

    @classmethod
    def from_json(cls, column: Column, state: dict[str, Any]) -> Self:
        """Rebuild an encoder from `to_json`'s value.

        Parameters
        ----------
        column
            What the column is.
        state
            What `to_json` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        levels = LevelTable.from_json(state["levels"])
        if not len(levels):
            raise ValueError("categorical: at least one level is needed")
        return cls(column, levels)
