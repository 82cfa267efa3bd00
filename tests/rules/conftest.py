"""Fits of a moment: what is declared has to hold whatever the networks make."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabgan import DataError, OptionError, TabGAN
from tabgan.constraints import Constraint
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.base_rules import Dependency
from tabgan.rules.detect_dependencies import dependency_from_json
from tabgan.table.columns import ColumnFrame, by_position

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


def _table_of(frame: pd.DataFrame) -> ColumnFrame:
    return by_position(frame, infer_schema(frame))


def _round_trip(table: ColumnFrame, dependencies: Sequence[Dependency]) -> pd.DataFrame:
    """Reduce a table and restore it, the dependencies read back from JSON in between."""
    written = []
    for dependency in dependencies:
        table = dependency.reduce(table)
        written.append(json.dumps({"rule": dependency.name, **dependency.to_json()}))
    for text in reversed(written):
        table = dependency_from_json(json.loads(text)).restore(table)
    return pd.concat([values for _, values in table.values()], axis=1)


@pytest.fixture
def table_of() -> Callable[[pd.DataFrame], ColumnFrame]:
    return _table_of


@pytest.fixture
def round_trip() -> Callable[[ColumnFrame, Sequence[Dependency]], pd.DataFrame]:
    return _round_trip
