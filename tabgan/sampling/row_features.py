"""Encoded rows with the features that trees see: one column a number, one a level span."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabgan.base.row_layout import RowLayout
from tabgan.encoding.quantiles import Quantiles
from tabgan.generators.trees.vector_leaf_trees import Codes, Features

__all__ = ["DrawnRows", "Floats", "RowFeatures"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DrawnRows:
    """Encoded rows with their features.

    Parameters
    ----------
    numbers, codes
        Shapes (rows, numbers) and (rows, level spans).
    features
        Shape (rows, features); see `RowFeatures`.
    """

    numbers: Floats
    codes: Codes
    features: Features

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, rows: Any) -> "DrawnRows":
        """Return some of the rows."""
        return DrawnRows(self.numbers[rows], self.codes[rows], self.features[rows])

    @classmethod
    def joined(cls, parts: "Sequence[DrawnRows]") -> "DrawnRows":
        """Return the rows of all parts, one part after the other."""
        names = ("numbers", "codes", "features")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class RowFeatures:
    """Turns encoded rows into features: one column per number, then one per level span.

    A number is given as its value, so that the spread of a repeated value over its band is not
    seen, and as NaN where its mark says that it is absent.

    Parameters
    ----------
    spans
        Layout of a row.
    quantiles
        Distribution of each number.
    """

    spans: RowLayout
    quantiles: tuple[Quantiles, ...]

    def __len__(self) -> int:
        return self.spans.n_numbers + len(self.spans.widths)

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of levels of each feature; 0 for numbers."""
        return (0,) * self.spans.n_numbers + tuple(self.spans.widths)

    def place_of(self, span: int) -> int:
        """Return the place of a level span among the features."""
        return self.spans.n_numbers + span

    def of(self, numbers: Floats, codes: Codes) -> DrawnRows:
        """Return rows with their features.

        Parameters
        ----------
        numbers
            Probabilities, shape (rows, numbers).
        codes
            Codes, shape (rows, level spans).
        """
        features = np.empty((len(numbers), len(self)), np.float32)
        for number in range(self.spans.n_numbers):
            features[:, number] = self.values(number, numbers[:, number], codes)
        features[:, self.spans.n_numbers :] = codes
        return DrawnRows(numbers, codes, features)

    def values(self, number: int, units: Floats, codes: Codes) -> Features:
        """Return one number's column of the features, shape (rows,).

        Parameters
        ----------
        number
            Which number of a row.
        units
            Its probabilities, shape (rows,).
        codes
            Codes of the rows, shape (rows, level spans).
        """
        values = self.quantiles[number].from_unit(units).astype(np.float32)
        values[~self.present(number, codes)] = np.nan
        return values

    def present(self, number: int, codes: Codes) -> NDArray[np.bool_]:
        """Say in which rows a number is present.

        Parameters
        ----------
        number
            Which number of a row.
        codes
            Codes of the rows, shape (rows, level spans).
        """
        mark = self.spans.marks[number]
        if mark is None:
            return np.ones(len(codes), np.bool_)
        return codes[:, mark] == 0  # type: ignore[no-any-return]
