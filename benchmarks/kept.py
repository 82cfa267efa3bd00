"""What a synthetic table must keep of the real one. Each check returns its faults in words."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import numpy as np
import pandas as pd

from tabgan.table.schema import LEARNED

NUMBERS = ("numeric", "integer")
MISSING_POINTS = 1.0


def values_within(
    real: pd.DataFrame, synthetic: pd.DataFrame, kinds: Mapping[str, str]
) -> list[str]:
    """Check tables of text: numbers and dates in the real range, all else among the real values."""
    faults = []
    for name, kind in kinds.items():
        if kind not in LEARNED:  # made anew: no range or vocabulary binds them
            continue
        values = [_parsed(frame[name], kind) for frame in (real, synthetic)]
        (low, high), (found_low, found_high) = ((part.min(), part.max()) for part in values)
        if found_low < low or found_high > high:
            faults.append(f"{name!r}: {found_low} to {found_high}, outside {low} to {high}")
        words = [
            set(frame[name][part.isna()].unique())
            for frame, part in zip((real, synthetic), values, strict=True)
        ]
        if unknown := sorted(words[1] - words[0]):
            faults.append(f"{name!r}: {len(unknown)} values not in the table, as {unknown[0]!r}")
    return faults


def _parsed(column: pd.Series, kind: str) -> pd.Series:
    """Numbers or dates, with NaN or NaT where the text is none; all NaN for other kinds."""
    if kind in NUMBERS:
        return pd.to_numeric(column, errors="coerce")
    if kind == "datetime":
        return pd.to_datetime(column, errors="coerce", format="ISO8601")
    return pd.Series(np.nan, index=column.index)


def missing_shares(real: pd.DataFrame, synthetic: pd.DataFrame) -> list[str]:
    """Check that the share of missing values of each column is within 1 point."""
    shares = pd.DataFrame({"real": real.isna().mean(), "synthetic": synthetic.isna().mean()}) * 100
    far = shares[(shares["real"] - shares["synthetic"]).abs() > MISSING_POINTS]
    return [
        f"{name!r}: {row['synthetic']:.1f} % missing, not {row['real']:.1f} %"
        for name, row in far.iterrows()
    ]


def one_hot_groups(real: pd.DataFrame, synthetic: pd.DataFrame) -> list[str]:
    """Check that each group of 0-or-1 columns that adds up to 1 in all real rows still does."""
    faults = []
    for group in find_one_hot_groups(real):
        broken = (synthetic[group].sum(axis=1) != 1).sum()
        if broken:
            faults.append(f"{group[0]!r} to {group[-1]!r}: {broken} rows don't add up to 1")
    return faults


def find_one_hot_groups(table: pd.DataFrame) -> list[list[str]]:
    """Return runs of neighbouring 0-or-1 columns that add up to 1 in every row."""
    groups: list[list[str]] = []
    group: list[str] = []
    total = np.zeros(len(table))
    for name in table.columns:
        column = table[name]
        binary = pd.api.types.is_numeric_dtype(column) and column.isin([0, 1]).all()
        if not binary or (total + column).max() > 1:
            group, total = [], np.zeros(len(table))
        if binary:
            group, total = [*group, name], total + column
            if total.min() == 1:
                groups.append(group)
                group, total = [], np.zeros(len(table))
    return [group for group in groups if len(group) > 1]


def date_orders(real: pd.DataFrame, synthetic: pd.DataFrame, kinds: Mapping[str, str]) -> list[str]:
    """Check that a date that is never before another in the real table is not so here either."""
    names = [name for name, kind in kinds.items() if kind == "datetime"]
    dates = [
        {name: _parsed(frame[name], "datetime") for name in names} for frame in (real, synthetic)
    ]
    faults = []
    for first, second in permutations(names, 2):
        before = [(table[second] < table[first]).sum() for table in dates]
        both = (dates[0][first].notna() & dates[0][second].notna()).any()
        if both and before[0] == 0 < before[1]:
            faults.append(f"{second!r} is before {first!r} in {before[1]} rows")
    return faults
