import json

import numpy as np
import pandas as pd
import pytest

from tabgan.table.columns import numbers_of, numbers_to_series
from tabgan.table.dtypes import describe_dtype
from tabgan.table.level_codes import absent_of, codes_of, dense, levels_to_series
from tabgan.table.schema import Column


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value


@pytest.fixture
def column_of():
    """Describe a series as the inference of schemas does."""

    def describe(values, kind, numbers=None, **properties):
        if numbers is None and kind not in ("categorical", "boolean"):
            numbers = dense(values).dropna().to_numpy(object)
        if numbers is not None and len(numbers):
            finite = [_plain(v) for v in numbers if v not in (np.inf, -np.inf)]
            properties.setdefault("minimum", min(finite, default=None))
            properties.setdefault("maximum", max(finite, default=None))
        column = Column(
            values.name,
            kind,
            describe_dtype(values.dtype),
            absent=absent_of(values),
            **properties,
        )
        return Column.from_json(json.loads(json.dumps(column.to_json())))

    return describe


def _assert_same(restored, values):
    pd.testing.assert_series_equal(restored, values.reset_index(drop=True), check_exact=True)
    if values.dtype == object:
        assert [*map(type, restored)] == [*map(type, values)]


@pytest.fixture
def check_numbers():
    """Read a series as numbers and write it back; return the numbers."""

    def check(values, column):
        numbers = numbers_of(values, column)
        assert numbers.values.dtype in (np.int64, np.uint64, np.float64)
        assert numbers.present.dtype == bool
        assert numbers.special.dtype == object
        assert len(numbers.values) == len(numbers.present) == len(numbers.special) == len(values)
        assert not numbers.values[~numbers.present].any()
        assert all(special is None for special in numbers.special[numbers.present])
        restored = numbers_to_series(numbers.values, numbers.special, column, numbers.present)
        _assert_same(restored, values)
        none = numbers_of(values.iloc[:0], column)
        assert none.values.dtype == numbers.values.dtype
        empty = numbers_to_series(none.values, none.special, column, none.present)
        _assert_same(empty, values.iloc[:0])
        return numbers

    return check


@pytest.fixture
def check_levels():
    """Find a series' levels and lay them out again; return the levels."""

    def check(values, column):
        codes, levels = codes_of(values)
        assert codes.dtype == np.int32
        assert len(codes) == len(values)
        assert set(codes.tolist()) == set(range(len(levels)))
        _assert_same(levels_to_series(levels, codes, column), values)
        return levels

    return check
