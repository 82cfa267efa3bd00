"""Cells that are free are made consistent with those that are fixed, rule by rule."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.encoding.table_encoder import TableEncoder, keeps_rules, make_consistent
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.functional_dependency import CopyDependency, FunctionalDependency
from tabgan.rules.numeric_axis import AllowedValues, NumericAxis, propagate_order, propagate_sum
from tabgan.rules.order_dependency import DifferenceDependency
from tabgan.rules.sum_dependency import OneHotDependency, SumDependency


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 600
    kind = rng.choice(["a", "b", "c", "d"], n)
    start = pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 200, n), unit="D")
    net, tax = rng.integers(10, 200, n), rng.integers(0, 40, n)
    low = rng.integers(0, 60, n)
    return pd.DataFrame(
        {
            "kind": kind,
            "group": np.where(np.isin(kind, ["a", "b"]), "x", "y"),
            "start": start,
            "end": start + pd.to_timedelta(rng.integers(0, 30, n), unit="D"),
            "net": net,
            "tax": tax,
            "gross": net + tax,
            "copy": net,
            **{f"is_{level}": (kind == level).astype(int) for level in "abcd"},
            "low": low,
            "high": low + rng.integers(0, 60, n),
        }
    )


@pytest.fixture(scope="module")
def encoder(table) -> TableEncoder:
    return TableEncoder.fit(table, infer_schema(table), np.random.default_rng(0))


def test_the_rules_are_found(encoder):
    assert {type(rule) for rule in encoder.dependencies} >= {
        CopyDependency,
        FunctionalDependency,
        OneHotDependency,
        DifferenceDependency,
        SumDependency,
    }


@given(seed=st.integers(0, 2**32 - 1), share=st.sampled_from([0.1, 0.3, 0.6]))
@settings(max_examples=25, deadline=None)
def test_given_cells_of_a_row_and_free_ones_of_another(table, encoder, seed, share):
    rng = np.random.default_rng(seed)
    wanted = table.sample(60, random_state=seed % 1000).reset_index(drop=True)
    donors = table.sample(60, random_state=seed % 999 + 1).reset_index(drop=True)
    fixed = rng.random(wanted.shape) < share
    mixed = donors.where(~fixed, wanted).astype(table.dtypes)
    mended = make_consistent(encoder, mixed, fixed)
    pd.testing.assert_series_equal(mended.dtypes, table.dtypes)
    for at, name in enumerate(table):
        own = fixed[:, at]
        assert (mended.loc[own, name] == wanted.loc[own, name]).all()
    assert (mended["start"] <= mended["end"]).mean() > 0.9
    one_hot = mended[[f"is_{level}" for level in "abcd"]]
    # two columns that follow from one may be given, and no level be looked for that fits both
    assert (one_hot.sum(axis=1) == 1).mean() > 0.8
    copies = ~(fixed[:, 4] & fixed[:, 7])
    assert (mended["net"] == mended["copy"])[copies].all()


def test_rules_hold_if_one_column_is_given(table, encoder):
    donors = table.sample(frac=1, random_state=1).reset_index(drop=True)
    for at, name in enumerate(table):
        fixed = np.zeros(table.shape, bool)
        fixed[:, at] = True
        mended = make_consistent(encoder, donors.assign(**{name: table[name]}), fixed)
        assert (mended[name] == table[name]).all()
        assert keeps_rules(encoder, mended, range(table.shape[1]))[1] is None, name


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"gross": 1}, SumDependency),
        ({"copy": 2}, CopyDependency),
        ({"group": "x"}, FunctionalDependency),
        ({"is_a": 1}, OneHotDependency),
    ],
)
def test_broken_rules_are_seen(table, encoder, changed, rule):
    places = range(table.shape[1])
    keeps, broken = keeps_rules(encoder, table, places)
    assert (keeps.all(), broken) == (True, None)
    keeps, broken = keeps_rules(encoder, table.assign(**changed), places)
    assert type(broken) is rule
    assert not keeps.all()


class TestAxes:
    GRID = AllowedValues(0, 100, decimals=0)

    def moved(self, columns, edges, fixed, strict=()):
        lines = [NumericAxis(np.array(c, float), np.ones(len(c), bool)) for c in columns]
        moved = propagate_order(lines, [self.GRID] * len(lines), edges, np.array(fixed).T, strict)
        return [line.tolist() for line in moved]

    def test_the_free_one_gives_way(self):
        assert self.moved([[9], [4]], [(0, 1)], [[True], [False]]) == [[9], [9]]
        assert self.moved([[9], [4]], [(0, 1)], [[False], [True]]) == [[4], [4]]

    def test_what_was_raised_raises_others(self):
        moved = self.moved([[9], [4], [5]], [(0, 1), (1, 2)], [[True], [False], [False]])
        assert moved == [[9], [9], [9]]

    def test_a_strict_edge(self):
        moved = self.moved([[9], [9]], [(0, 1)], [[True], [False]], [(0, 1)])
        assert moved == [[9], [10]]
        moved = self.moved([[9], [9]], [(0, 1)], [[False], [True]], [(0, 1)])
        assert moved == [[8], [9]]

    def test_two_given_ones_stay(self):
        assert self.moved([[9], [4]], [(0, 1)], [[True], [True]]) == [[9], [4]]


@given(
    st.lists(st.integers(0, 50), min_size=3, max_size=3),
    st.integers(0, 150),
    st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_parts_add_up_where_they_can(parts, total, free):
    grid = AllowedValues(0, 200, decimals=0)
    values, may = np.array(parts, float)[:, None], np.array(free)[:, None]
    mended = propagate_sum(values, np.array([float(total)]), [grid] * 3, may)
    assert (mended[~may] == values[~may]).all()
    held = values[~may].sum()
    if may.any() and held <= total:
        assert mended.sum() == total
