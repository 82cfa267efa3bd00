"""Frames of mixed columns as plain numbers, coded alike, for classifiers and distances."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd


def encode(frames: Sequence[pd.DataFrame], categorical: Collection[str]) -> list[pd.DataFrame]:
    """Turn frames with the same columns into numbers: shared codes for levels, NaN for missing."""
    joint = pd.concat(frames, ignore_index=True)
    coded = pd.DataFrame(
        {
            name: _codes(column) if name in categorical else _numbers(column)
            for name, column in joint.items()
        }
    )
    ends = np.cumsum([len(frame) for frame in frames])[:-1]
    starts = [0, *ends]
    return [
        coded.iloc[start : start + len(frame)].reset_index(drop=True)
        for start, frame in zip(starts, frames, strict=True)
    ]


def _codes(column: pd.Series) -> np.ndarray:
    codes = pd.Categorical(column).codes.astype(float)
    return np.where(codes < 0, np.nan, codes)


def _numbers(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(column):
        days = (column - column.min()) / pd.Timedelta(days=1)
        return days.to_numpy(float)
    return pd.to_numeric(column).to_numpy(float, na_value=np.nan)


def sample_rows(frame: pd.DataFrame, size: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return `size` rows, or all there are, drawn without replacement."""
    return frame.iloc[rng.permutation(len(frame))[:size]]
