"""Shares of missing values, and of texts that stand for them, in columns that are made anew."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.schema import Column
from tabgan.text_formats import MISSING_MARKS
from tabgan.values import dense, levels_to_series

__all__ = ["MissingShares"]


@dataclass(frozen=True)
class MissingShares:
    """How often there is no value.

    Parameters
    ----------
    shares
        Share of the missing values (None) and of each mark of absence.
    """

    shares: Mapping[str | None, float]

    def __post_init__(self) -> None:
        shares = list(self.shares.values())
        if not set(self.shares) <= {None, *MISSING_MARKS}:
            raise ValueError("a mark of absence is not known")
        if not all(0 <= share <= 1 for share in shares) or sum(shares) > 1.001:
            raise ValueError("shares of absence must be between 0 and 1, together too")

    @classmethod
    def split(cls, values: pd.Series) -> tuple[Self, list[Any]]:
        """Learn the shares, and return the values that are present."""
        values = dense(values)
        given = values[values.notna().to_numpy(bool)].to_numpy(object).tolist()
        marks = Counter(value for value in given if value in MISSING_MARKS)
        counts = {None: len(values) - len(given), **marks}
        shares = {mark: count / len(values) for mark, count in counts.items() if count}
        return cls(shares), [value for value in given if value not in MISSING_MARKS]

    def put_into(self, made: NDArray[Any], column: Column, rng: np.random.Generator) -> pd.Series:
        """Make a series of the made values, with as many absent ones as there were."""
        bounds = np.cumsum(np.array([*self.shares.values()], np.float64))
        drawn = np.searchsorted(bounds, rng.random(len(made)), side="right")
        codes = np.where(drawn < len(self.shares), drawn + len(made), np.arange(len(made)))
        return levels_to_series([*made, *self.shares], codes, column)

    def to_json(self) -> list[list[Any]]:
        """Describe the shares by JSON values."""
        return [list(item) for item in self.shares.items()]

    @classmethod
    def from_json(cls, state: list[list[Any]]) -> Self:
        """Rebuild the shares from `to_json`'s value."""
        return cls({mark: float(share) for mark, share in state})
