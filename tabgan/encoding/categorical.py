"""Columns of a few distinct values: one level each."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.base import ColumnEncoder, Encoded
from tabgan.encoding.levels import LevelTable
from tabgan.scalars import Scalar
from tabgan.schema import Column
from tabgan.spans import RowLayout
from tabgan.values import levels_to_series

__all__ = ["CategoricalEncoder"]


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

    @classmethod
    def fit(cls, column: Column, values: pd.Series) -> Self:
        """Learn the column's levels."""
        return cls(column, LevelTable.of(values)[0])

    def encode(self, values: pd.Series) -> Encoded:
        """Give each value the code of its level.

        Raises
        ------
        DataError
            If a value was not there at fit.
        """
        codes = self._levels.codes(values, self.column)[:, None]
        return Encoded.empty(len(values))._replace(codes=codes[:, : len(self.spans.widths)])

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
        key: int = 0,  # noqa: ARG002
    ) -> pd.Series:
        """Return the level of each code."""
        chosen = codes[:, 0] if self.spans.widths else np.zeros(len(numbers), np.int64)
        return levels_to_series(self._levels.values, chosen, self.column)

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        return {"levels": self._levels.to_json()}

    @classmethod
    def from_json(cls, column: Column, state: dict[str, Any]) -> Self:
        """Rebuild an encoder from `to_json`'s value.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        levels = LevelTable.from_json(state["levels"])
        if not len(levels):
            raise ValueError("categorical: at least one level is needed")
        return cls(column, levels)
