"""`ColumnEncoder`: the base class of encoders of one column, and `Encoded` rows."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.row_layout import RowLayout
from tabgan.encoding.quantiles import Quantiles
from tabgan.table.columns import TypedSeries
from tabgan.table.schema import Column

__all__ = ["ColumnEncoder", "Encoded"]


class Encoded(NamedTuple):
    """Rows in encoded form: bands of probability for numbers, codes for levels.

    A number is not one value but a band ``[low, low + width]`` of the unit interval, from which
    training draws uniformly (the randomised probability integral transform): a value that occurs
    with probability p owns a band of width p. A level is an integer code, never a dense one-hot.
    """

    low: NDArray[np.float32]  # (rows, numbers)
    width: NDArray[np.float32]  # (rows, numbers)
    codes: NDArray[np.int32]  # (rows, level spans)

    @classmethod
    def empty(cls, rows: int) -> "Encoded":
        """Return encoded rows of width zero."""
        nothing = np.empty((rows, 0), np.float32)
        return cls(nothing, nothing, np.empty((rows, 0), np.int32))


class ColumnEncoder(ABC):
    """Turns one column into encoded form and back.

    An encoder is a value: made by `fit`, or by `from_json` from what `to_json` gave, and not
    changed afterwards. It keeps a summary of the column, never its rows. `encode` treats each row
    by itself, so that any subset or order of rows gives the same encoded rows.
    """

    name: ClassVar[str]  # registry name in model files, one per class

    @classmethod
    def suits(cls, cells: TypedSeries) -> bool:  # noqa: ARG003
        """Return whether a registered encoder takes a column, in place of the usual encoder.

        It is called once for each column that is learned or generated, before `fit`.
        """
        return False

    @property
    @abstractmethod
    def spans(self) -> RowLayout:
        """The layout that this column takes in a row; may be empty."""

    @property
    def quantiles(self) -> tuple[Quantiles, ...]:
        """The distribution of each number of `spans`."""
        return ()

    @property
    def absent_codes(self) -> tuple[int, ...]:
        """The codes of the first level span that stand for a missing value."""
        return ()

    @property
    def leading_spans(self) -> tuple[int, ...]:
        """The level spans of `spans` that the polish leaves as drawn, as others follow them."""
        return ()

    def settle(
        self,
        codes: NDArray[np.int64],
        rng: np.random.Generator,  # noqa: ARG002
    ) -> NDArray[np.int64]:
        """Make the level codes of drawn rows agree with those of `leading_spans`.

        Parameters
        ----------
        codes
            Level codes, shape (rows, level spans of `spans`).
        rng
            The only source of randomness.
        """
        return codes

    @classmethod
    @abstractmethod
    def fit(cls, cells: TypedSeries) -> Self:
        """Learn the encoding of a column from its values.

        Raises
        ------
        DataError
            If a value can't be encoded; the message names column, value and fix.
        """

    @abstractmethod
    def encode(self, cells: TypedSeries) -> Encoded:
        """Encode values of the fitted column, row by row.

        Raises
        ------
        DataError
            If a value was not known at fit.
        """

    @abstractmethod
    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,
        rng: np.random.Generator,
        key: int = 0,
    ) -> pd.Series:
        """Turn encoded rows back into a series of the column's name and dtype.

        Parameters
        ----------
        numbers
            Probabilities in [0, 1], shape (rows, numbers of `spans`).
        codes
            Level codes, shape (rows, level spans of `spans`).
        start
            Position of the first row in the whole sample; identifiers count from it.
        rng
            The only source of randomness.
        key
            Chooses the order of values that depend on the position alone; one for a whole sample.
        """

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values; inverse of `from_json`."""

    @classmethod
    @abstractmethod
    def from_json(cls, column: Column, state: dict[str, Any]) -> Self:
        """Rebuild an encoder from `to_json`'s value.

        Parameters
        ----------
        column
            What the column is.
        state
            What `to_json` returned.
        """
