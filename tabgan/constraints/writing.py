"""Changing single columns of a frame."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.schema import Column
from tabgan.values import Numbers, numbers_to_series

__all__ = ["rewritten", "with_rows"]


def rewritten(frame: pd.DataFrame, at: int, column: Column, numbers: Numbers) -> pd.DataFrame:
    """Return a frame with the numbers of one column written anew, in its precision and range."""
    values = numbers_to_series(numbers.values, numbers.special, column, numbers.present)
    values.index = frame.index
    return _with_columns(frame, {at: values})


def with_rows(
    frame: pd.DataFrame, rows: NDArray[Any], others: pd.DataFrame, kept: tuple[int, ...]
) -> pd.DataFrame:
    """Return a frame with some rows replaced by those of another, except in some columns.

    Parameters
    ----------
    frame
        The frame.
    rows
        Positions of the rows that are replaced, one for each row of `others`.
    others
        What comes in their place.
    kept
        Positions of the columns that keep their values.
    """
    order = np.arange(len(frame))
    order[rows] = len(frame) + np.arange(len(others))
    mixed = pd.concat([frame, others], ignore_index=True).iloc[order]
    mixed.index = frame.index
    return _with_columns(mixed, {at: frame.iloc[:, at] for at in kept})


def _with_columns(frame: pd.DataFrame, changed: dict[int, pd.Series]) -> pd.DataFrame:
    series = [changed.get(at, frame.iloc[:, at]) for at in range(frame.shape[1])]
    result = pd.concat(series, axis=1)
    result.columns = frame.columns
    return result
