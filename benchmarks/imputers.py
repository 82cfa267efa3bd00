"""The usual ways to fill missing cells of a table of levels and numbers."""

from __future__ import annotations

import warnings
from collections.abc import Collection

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (makes the next one)
from sklearn.impute import IterativeImputer
from sklearn.preprocessing import StandardScaler


def fill_with_usual(table: pd.DataFrame, categorical: Collection[str]) -> pd.DataFrame:
    """Fill levels with the most frequent one, numbers with the median."""
    usual = {
        name: column.mode().iloc[0] if name in categorical else column.median()
        for name, column in table.items()
    }
    return table.fillna(usual)


def fill_iteratively(table: pd.DataFrame, categorical: Collection[str]) -> pd.DataFrame:
    """Fill with scikit-learn's `IterativeImputer` and its defaults: Bayesian ridge regressions.

    A level is a 1 among 0s, one indicator for each; of a missing one all are missing, and the
    largest of what is filled in says which it becomes. Numbers are standardised; what is filled in
    is kept within their range, and rounded where all that are known are whole.
    """
    blocks = {
        name: _indicators(column) if name in categorical else column.to_frame().astype(float)
        for name, column in table.items()
    }
    coded = pd.concat(blocks, axis=1)
    scaler = StandardScaler()
    imputer = IterativeImputer(random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # ten rounds are its default
        numbers = scaler.inverse_transform(imputer.fit_transform(scaler.fit_transform(coded)))
    done = pd.DataFrame(numbers, table.index, coded.columns)
    return pd.DataFrame(
        {
            name: _largest(done[name], column)
            if name in categorical
            else _in_range(done[name].iloc[:, 0], column)
            for name, column in table.items()
        }
    )


def _indicators(column: pd.Series) -> pd.DataFrame:
    return pd.get_dummies(column).astype(float).where(column.notna(), np.nan)


def _largest(indicators: pd.DataFrame, column: pd.Series) -> pd.Series:
    return column.where(column.notna(), indicators.idxmax(axis=1))


def _in_range(filled: pd.Series, column: pd.Series) -> pd.Series:
    known = column.dropna()
    filled = filled.clip(known.min(), known.max())
    if (known % 1 == 0).all():
        filled = filled.round()
    return column.where(column.notna(), filled)
