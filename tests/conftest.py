"""What every synthetic table has to be, whatever the table was."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from tabgan import Column, TabGAN

RANGED = {"integer", "numeric", "datetime", "timedelta"}


@pytest.fixture
def comes_back() -> Callable[..., tuple[TabGAN, pd.DataFrame]]:
    """Fit a table, draw rows, and check that these are of the table's form and within its values.

    Returns the estimator and the rows.
    """

    def check(table: pd.DataFrame, n: int = 50, **options: Any) -> tuple[TabGAN, pd.DataFrame]:
        # of so small tables hardly a value is held by several rows
        chosen = {"steps": 3, "hidden_dim": 16, "min_group": 1, "verbose": False} | options
        gan = TabGAN(random_state=0, **chosen).fit(table)
        sample = gan.sample(n)
        assert type(sample) is pd.DataFrame
        pd.testing.assert_index_equal(sample.index, pd.RangeIndex(n), exact=True)
        pd.testing.assert_index_equal(sample.columns, table.columns)
        assert list(map(type, sample.columns)) == list(map(type, table.columns))
        pd.testing.assert_series_equal(sample.dtypes, table.dtypes, check_freq=False)
        for position, column in enumerate(gan.schema_):
            check_values(table.iloc[:, position], sample.iloc[:, position], column)
        return gan, sample

    return check


def check_values(real: pd.Series, made: pd.Series, column: Column) -> None:
    """Check that values are in the range or among the levels of the column."""
    there, given = present(real), present(made)
    assert len(given) == len(made) or len(there) < len(real), "missing values out of nothing"
    assert there or not given, "values out of nothing"
    if column.kind in ("categorical", "boolean"):
        assert levels(given) <= levels(there)
    elif column.kind in RANGED:
        numbers = [value for value in there if is_finite(value)]
        if any(map(is_finite, given)):
            assert min(numbers) <= min(filter(is_finite, given))
            assert max(numbers) >= max(filter(is_finite, given))
        assert levels(v for v in given if not is_finite(v)) <= levels(there)
    else:
        assert {type(value) for value in given} <= {type(value) for value in there}


def present(values: pd.Series) -> list[Any]:
    """Return the values that are not missing; NaN in a nullable column is missing too."""
    there = values[values.notna().to_numpy(bool)].tolist()
    return [value for value in there if not isinstance(value, float) or not math.isnan(value)]


def levels(values: Any) -> set[Any]:
    """Return distinct values with their types: 1, "1" and True are three."""
    return {(type(value), value) for value in values}


def is_finite(value: Any) -> bool:
    """Say whether a value has a place in a range."""
    if isinstance(value, str | bool):
        return False
    return not isinstance(value, float | Decimal) or math.isfinite(value)
