import numpy as np
import pandas as pd
import pytest

from tabgan.encoding.table_encoder import TableEncoder
from tabgan.inference.infer_schema import infer_schema
from tabgan.sampling.complete_rows import Described, NeighborPool, describe_column
from tabgan.table.columns import TypedSeries


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "x": rng.normal(size=400),
            "kind": rng.choice(["a", "b", "c"], 400),
            "y": np.where(rng.random(400) < 0.2, np.nan, rng.normal(size=400)),
        }
    )


@pytest.fixture(scope="module")
def described(table) -> Described:
    encoder = TableEncoder.fit(table, infer_schema(table), np.random.default_rng(0))
    columns = [
        describe_column(TypedSeries(one.column, table.iloc[:, at]), one)
        for at, one in encoder.encoders.items()
    ]
    return Described.of(columns)


def nearest(described: Described, given: np.ndarray) -> np.ndarray:
    return NeighborPool(described).nearest(described, given, np.random.default_rng(1))


def test_given_cells_decide(table, described):
    given = np.zeros(table.shape, bool)
    given[:, 1] = True
    found = nearest(described, given)
    assert (table["kind"].to_numpy()[found] == table["kind"]).all()
    assert len(set(found)) > 5, "not the same donor for all that are as near"
    given[:, 0] = True
    found = nearest(described, given)
    assert (table["kind"].to_numpy()[found] == table["kind"]).mean() > 0.98
    assert np.abs(table["x"].to_numpy()[found] - table["x"]).median() < 0.1


def test_what_is_not_given_is_not_seen(table, described):
    given = np.zeros(table.shape, bool)
    given[:, 0] = True
    other = described.points.clone()
    other[:, described.widths[0] :] = 7.0
    found = NeighborPool(described).nearest(
        Described(other, described.widths), given, np.random.default_rng(1)
    )
    assert (found == nearest(described, given)).all()


def test_an_absent_number_is_near_to_absent_ones(table, described):
    given = np.zeros(table.shape, bool)
    given[:, 2] = True
    found = nearest(described, given)
    assert (table["y"].isna().to_numpy()[found] == table["y"].isna()).all()


def test_a_pool_of_one_row(described):
    one = NeighborPool(described[slice(0, 1)])
    given = np.ones((400, 3), bool)
    assert (one.nearest(described, given, np.random.default_rng(0)) == 0).all()
