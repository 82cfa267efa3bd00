import json
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from tabgan.encoding.dependencies import ColumnFrame, Dependency, dependency_from_json
from tabgan.inference import infer_schema


def _table_of(frame: pd.DataFrame) -> ColumnFrame:
    return {i: (column, frame.iloc[:, i]) for i, column in enumerate(infer_schema(frame))}


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


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
