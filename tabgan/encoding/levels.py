"""The distinct values of a column as numbered levels."""

from collections.abc import Iterable
from functools import cached_property
from itertools import islice
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.errors import DataError, did_you_mean
from tabgan.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.schema import Column
from tabgan.values import codes_of

__all__ = ["LevelTable"]


class LevelTable:
    """Distinct values in a fixed order; a level's code is its position.

    LevelTable of different types are different: ``1``, ``1.0``, ``True`` and ``"1"`` are four.
    """

    def __init__(self, values: Iterable[Scalar]) -> None:
        self.values: list[Scalar] = list(values)

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def _code(self) -> dict[tuple[type, Scalar], int]:
        return {(type(value), value): code for code, value in enumerate(self.values)}

    @classmethod
    def of(cls, values: pd.Series) -> tuple[Self, NDArray[np.int32]]:
        """Find the levels of a series, and each row's code."""
        codes, levels = codes_of(values)
        return cls(levels), codes

    def codes(self, values: pd.Series, column: Column) -> NDArray[np.int32]:
        """Return each row's code.

        Raises
        ------
        DataError
            If a value is none of the levels.
        """
        found, theirs = codes_of(values)
        ours = [self._code.get((type(value), value), -1) for value in theirs]
        if -1 in ours:
            raise DataError(self._unknown(theirs[ours.index(-1)], column))
        return np.array(ours, np.int32)[found]

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
