"""Fits of a moment: what is declared has to hold whatever the networks make."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabgan import DataError, OptionError, TabGAN
from tabgan.constraints import Constraint

ROWS = 300


def fit(table: pd.DataFrame, *constraints: Constraint, **options: Any) -> TabGAN:
    chosen = {"steps": 2, "hidden_dim": 8, "latent_dim": 4, "verbose": False, "random_state": 0}
    return TabGAN(**(chosen | options), constraints=list(constraints)).fit(table)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def drawn() -> Callable[..., pd.DataFrame]:
    """Fit a table with constraints, draw rows, and check that these are of the table's form."""

    def draw(
        table: pd.DataFrame, *constraints: Constraint, n: int = ROWS, **options: Any
    ) -> pd.DataFrame:
        gan = fit(table, *constraints, **options)
        sample = gan.sample(n)
        pd.testing.assert_series_equal(sample.dtypes, table.dtypes)
        pd.testing.assert_index_equal(sample.index, pd.RangeIndex(n))
        for rule in gan.constraints_:
            assert rule.check(sample, gan.schema_).all()
        return sample

    return draw


@pytest.fixture
def refusal() -> Callable[..., str]:
    """Return the message by which a fit refuses a constraint."""

    def refuse(table: pd.DataFrame, *constraints: Constraint, **options: Any) -> str:
        with pytest.raises((OptionError, DataError)) as caught:
            fit(table, *constraints, **options)
        return str(caught.value)

    return refuse


@pytest.fixture
def rules() -> Callable[..., list[str]]:
    """Return the rules by which the columns of a table are made."""

    def described(table: pd.DataFrame, *constraints: Constraint, **options: Any) -> list[str]:
        gan = fit(table, *constraints, derive=False, **options)
        return [rule.describe() for rule in gan.dependencies_]

    return described
