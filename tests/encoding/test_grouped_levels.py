import json
import time

import numpy as np
import pandas as pd
import pytest

from tabgan.base.errors import DataError
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.grouped_levels import MOST_ALONE, MOST_CLUSTERS, GroupedEncoder
from tabgan.table.columns import TypedSeries
from tabgan.table.schema import Column

COLUMN = Column("town", "categorical", "object")
ROWS = 20_000


def encode(encoder, values):
    return encoder.encode(TypedSeries(encoder.column, values))


def towns(rows: int, n: int, seed: int = 0) -> pd.Series:
    rng = np.random.default_rng(seed)
    codes = np.minimum(n * rng.random(rows) ** 3, n - 1).astype(int)
    return pd.Series(
        np.array([f"town {i}" for i in range(n)], object)[codes], name="town", dtype=object
    )


def redraw(encoder: GroupedEncoder, values: pd.Series, seed: int = 0) -> pd.Series:
    codes = encode(encoder, values).codes.astype(np.int64)
    return encoder.decode(np.empty((len(values), 0)), codes, 0, np.random.default_rng(seed))


def test_frequent_levels_and_missing_keep_a_group_of_their_own():
    values = towns(ROWS, 3000)
    values[::10_000] = None
    encoder = GroupedEncoder.fit(TypedSeries(COLUMN, values))
    counts = values.value_counts()
    frequent = counts.index[:MOST_ALONE][counts.iloc[:MOST_ALONE] >= 0.002 * ROWS]
    alone = values.isin(frequent) | values.isna()
    again = redraw(encoder, values)
    pd.testing.assert_series_equal(again[alone], values[alone])
    assert (again[~alone] != values[~alone]).mean() > 0.5
    assert encoder.spans.widths[0] <= len(frequent) + 1 + MOST_CLUSTERS


def test_levels_are_redrawn_by_their_frequency():
    values = towns(200_000, 400)
    encoder = GroupedEncoder.fit(TypedSeries(COLUMN, values))
    real = values.value_counts(normalize=True)
    drawn = redraw(encoder, values).value_counts(normalize=True).reindex(real.index, fill_value=0)
    error = np.sqrt(2 * real * (1 - real) / len(values))
    assert (np.abs(drawn - real) / error).max() < 5


def test_levels_of_one_group_go_alike_with_the_other_columns():
    values = towns(ROWS, 2000)
    side = values.str.slice(5).astype(int) % 3  # what another column says of a town
    context = np.eye(3, dtype=np.float32)[side]
    related = GroupedEncoder.fit(TypedSeries(COLUMN, values), context)
    unrelated = GroupedEncoder.fit(TypedSeries(COLUMN, values))
    agreement = [
        (redraw(encoder, values).str.slice(5).astype(int) % 3 == side).mean()
        for encoder in (related, unrelated)
    ]
    assert agreement[0] > 0.95
    assert agreement[1] < 0.85


@pytest.mark.parametrize(
    "context", [np.zeros((ROWS, 4), np.float32), np.zeros((ROWS, 0), np.float32)]
)
def test_context_may_say_nothing(context):
    values = towns(ROWS, 1000)
    encoder = GroupedEncoder.fit(TypedSeries(COLUMN, values), context)
    assert set(redraw(encoder, values)) <= set(values)


def test_a_fit_is_repeatable():
    values = towns(ROWS, 5000)
    context = np.random.default_rng(0).random((ROWS, 20), dtype=np.float32)
    states = [GroupedEncoder.fit(TypedSeries(COLUMN, values), context).to_json() for _ in range(2)]
    assert states[0] == states[1]


def test_few_levels_and_one_level():
    values = pd.Series(["a", "b", "a", None], name="town", dtype=object)
    encoder = GroupedEncoder.fit(TypedSeries(COLUMN, values))
    assert encoder.spans == RowLayout((), (3,))
    pd.testing.assert_series_equal(redraw(encoder, values), values)
    constant = values[:1]
    encoder = GroupedEncoder.fit(TypedSeries(COLUMN, constant))
    assert encoder.spans == RowLayout()
    pd.testing.assert_series_equal(redraw(encoder, constant), constant)


def test_json_keeps_the_draws():
    values = towns(ROWS, 1000)
    encoder = GroupedEncoder.fit(TypedSeries(COLUMN, values))
    state = json.loads(json.dumps(encoder.to_json()))
    again = GroupedEncoder.from_json(COLUMN, state)
    pd.testing.assert_series_equal(redraw(again, values), redraw(encoder, values))
    assert not redraw(encoder, values, seed=1).equals(redraw(encoder, values))


def test_a_hundred_thousand_levels_take_seconds():
    rng = np.random.default_rng(0)
    names = np.array([f"name {i}" for i in range(100_000)], object)
    codes = np.concatenate([np.arange(100_000), rng.integers(0, 100_000, 100_000)])
    values = pd.Series(names[codes], name="town")
    context = rng.random((len(values), 30), dtype=np.float32)
    start = time.process_time()
    encoder = GroupedEncoder.fit(TypedSeries(COLUMN, values), context)
    drawn = redraw(encoder, values)
    assert time.process_time() - start < 10
    assert encoder.spans.widths[0] <= MOST_CLUSTERS
    assert drawn.nunique() > 70_000


def test_an_unknown_value_is_named():
    values = towns(ROWS, 300)
    encoder = GroupedEncoder.fit(TypedSeries(COLUMN, values))
    with pytest.raises(
        DataError, match=r"^Column 'town': the value 'twn 7' was not there at fit; "
    ):
        encode(encoder, pd.Series(["town 1", "twn 7"], name="town"))


STATE = {"levels": ["a", "b", "c"], "groups": [0, 1, 1], "counts": [3, 2, 1]}


@pytest.mark.parametrize(
    "change",
    [
        {"levels": ["a", "b"]},
        {"levels": [], "groups": [], "counts": []},
        {"groups": [0, 2, 2]},
        {"groups": [0, 1, 99]},
        {"groups": [0, 1, -1]},
        {"groups": [0, 1, 0.5]},
        {"groups": [0, 1, True]},
        {"counts": [3, 2, 0]},
        {"counts": [3, 2, 10**30]},
        {"counts": [3, 2]},
        {"counts": "abc"},
    ],
)
def test_malformed_json_is_refused(change):
    assert GroupedEncoder.from_json(COLUMN, STATE).to_json() == STATE
    with pytest.raises((TypeError, ValueError), match="grouped: "):
        GroupedEncoder.from_json(COLUMN, STATE | change)
    with pytest.raises(KeyError):
        GroupedEncoder.from_json(COLUMN, {"levels": ["a"]})
