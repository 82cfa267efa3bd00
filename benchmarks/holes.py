"""Cells taken out of real tables, and how near the cells that fill them come to the true ones."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

LEVEL_ODDS = 3.0


def holes_at_random(table: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """Say which cells to take out: every one with the same chance."""
    return pd.DataFrame(rng.random(table.shape) < share, table.index, table.columns)


def holes_by_value(
    table: pd.DataFrame, share: float, categorical: Collection[str], rng: np.random.Generator
) -> pd.DataFrame:
    """Say which cells to take out, by what is in them: they are missing not at random.

    The chance of a number grows in proportion to its rank, from none for the smallest to twice the
    share for the largest. Every second level, in the order of how frequent they are, is taken
    `LEVEL_ODDS` times as often as the others, the most frequent one included. In each column the
    expected share of cells is the same.
    """
    chances = {
        name: _level_weights(column) if name in categorical else column.rank(pct=True).fillna(0)
        for name, column in table.items()
    }
    weights = pd.DataFrame(chances)
    return pd.DataFrame(rng.random(table.shape) < share * weights / weights.mean())


def _level_weights(column: pd.Series) -> pd.Series:
    places = {level: place for place, level in enumerate(column.value_counts().index)}
    odd = column.map(places).astype(float).fillna(1.0) % 2
    return odd.map({0.0: LEVEL_ODDS, 1.0: 1.0})


def filled_shape_error(
    truth: pd.DataFrame, filled: pd.DataFrame, holes: pd.DataFrame, categorical: Collection[str]
) -> float:
    """Return how far filled cells are from the true ones in distribution, in percent.

    The mean over the columns of the total-variation (levels) or Kolmogorov-Smirnov distance
    (numbers) between the cells that were taken out and those that fill them. Cells that were
    missing before anything was taken out are left aside.
    """
    errors = []
    for name in truth:
        known = holes[name] & truth[name].notna()
        cells = truth.loc[known, name], filled.loc[known, name]
        if known.any():
            errors.append(_level_distance(*cells) if name in categorical else _distance(*cells))
    return 100 * float(np.mean(errors))


def _level_distance(real: pd.Series, filled: pd.Series) -> float:
    shares = [part.value_counts(normalize=True, dropna=False) for part in (real, filled)]
    return float(shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)


def _distance(real: pd.Series, filled: pd.Series) -> float:
    cells = (part.to_numpy(float) for part in (real, filled))
    return float(ks_2samp(*cells, method="asymp").statistic)
