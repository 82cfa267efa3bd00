"""Somebody who knows all rows of a column but one can't solve a model file for that one.

For each of some rows, the encoder is fitted again with other values in the row's place. The values
for which the file is the same are all that the file tells of the row: they have to reach about as
far as the values of a group around it.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tabgan import infer_schema
from tabgan.encoding.column_encoders import NumericEncoder
from tabgan.fitting.prepare import with_min_group
from tabgan.table.columns import TypedSeries
from tabgan.table.schema import Column

LEAST = 5
REACHES = np.geomspace(0.04, 0.4, 5)  # that are tried, in widths of the group around the row
Values = np.ndarray[Any, Any]


def column_of(values: Values) -> Column:
    (column,) = with_min_group(infer_schema(pd.DataFrame({"x": values})), LEAST)
    return replace(column, minimum=None, maximum=None)


def stored(values: Values, column: Column) -> str:
    """Return what a model file holds of a column."""
    encoder = NumericEncoder.fit(TypedSeries(column, pd.Series(values, name="x")))
    return json.dumps(encoder.to_json())


def known_range(values: Values, row: int, column: Column) -> float:
    """Return how wide the values of a row are that the file allows, in widths of its group.

    Infinite where the value is held by a whole group, or has no group of different values.
    """
    others, value = np.sort(np.delete(values, row)), values[row]
    place = int(np.searchsorted(others, value))
    last = len(others) - LEAST
    groups = range(max(min(place - LEAST + 1, last), 0), min(place, last) + 1)
    width = min(float(others[at + LEAST - 1] - others[at]) for at in groups)
    if (others == value).sum() >= LEAST - 1 or width <= 0:
        return np.inf
    truth, found = stored(values, column), 0.0
    for sign in (-1, 1):
        reach = 0.0
        for share in REACHES:
            changed = values.copy()
            changed[row] = value + values.dtype.type(sign * share * width)
            if changed[row] == value:
                continue
            if stored(changed, column) != truth:
                break
            reach = share
        found += reach
    return found


def shapes(rng: np.random.Generator, n: int) -> dict[str, Values]:
    return {
        "heavy tail": rng.lognormal(10, 1.5, n),
        "heavier tail": rng.pareto(1.2, n),
        "normal": rng.normal(size=n),
        "cents": np.round(rng.lognormal(4, 1, n), 2),
        "whole": rng.integers(0, 5000, n),
        "16 digits": rng.integers(10**15, 9 * 10**15, n),
        "repeated": rng.choice(np.round(rng.normal(size=n // 3), 3), n),
        "zeros": np.where(rng.random(n) < 0.4, 0.0, rng.exponential(5, n)),
        "two humps": rng.random(n) + 100 * (rng.random(n) < 0.5),
        "seconds": 1_700_000_000 + rng.integers(0, 10**8, n),
        "one far away": np.append(rng.normal(size=n - 1), 1e9),
    }


NAMES = sorted(shapes(np.random.default_rng(0), 9))


def ranks_of(n: int) -> Sequence[int]:
    """Return ranks near the ends, where single rows stand out, and some between."""
    return [0, 1, 3, 5, 8, n // 3, n // 2, n - 9, n - 6, n - 5, n - 3, n - 2, n - 1]


@pytest.mark.parametrize("name", NAMES)
def test_no_row_can_be_solved_for(name):
    values = shapes(np.random.default_rng(3), 150)[name]
    column, order = column_of(values), np.argsort(values)
    found = [known_range(values, int(order[rank]), column) for rank in ranks_of(150)]
    assert min(found) >= 0.04
    assert np.mean(np.array(found) < 0.3) <= 0.25


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.sampled_from(NAMES), st.integers(0, 10**6), st.integers(12, 260), st.floats(0, 1))
def test_no_row_of_any_table_can_be_solved_for(name, seed, n, place):
    values = shapes(np.random.default_rng(seed), n)[name]
    row = int(np.argsort(values)[round(place * (n - 1))])
    assume(len(np.unique(values)) > 2 * LEAST)
    assert known_range(values, row, column_of(values)) > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_far_value_leaves_no_trace(name):
    values = np.sort(shapes(np.random.default_rng(4), 300)[name])
    further, column = values.copy(), column_of(values)
    further[-2:] = values[-1] + (values[-1] - values[-20]) * np.array([2, 3])
    assert stored(further, column) == stored(values, column)
