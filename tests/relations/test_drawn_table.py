import numpy as np
import pandas as pd
import pytest

from tabgan import DatabaseGAN
from tabgan.relations.drawn_table import CountDistribution, DrawnTable
from tabgan.relations.row_context import Context
from tabgan.table.schema import Column


def test_counts_are_drawn_by_rank():
    counts = np.array([0, 0, 0, 1, 1, 7, 200])
    own = CountDistribution.of(counts)
    assert (own.counts, own.parents) == ((0, 1, 7, 200), (3, 2, 1, 1))
    drawn = own.ranked(np.array([5, 1, 9, 2, 3, 7, 4]), np.random.default_rng(0))
    assert drawn.tolist() == [1, 0, 200, 0, 0, 7, 1]


def test_at_another_scale_shares_are_kept():
    own = CountDistribution.of(np.repeat([0, 1, 5], [60, 30, 10]))
    rng = np.random.default_rng(0)
    many = own.ranked(np.zeros(1000), rng)
    assert np.unique(many, return_counts=True)[1].tolist() == [600, 300, 100]
    means = [own.ranked(np.zeros(7), rng).mean() for _ in range(500)]
    assert np.mean(means) == pytest.approx(0.8, rel=0.1)
    assert own.ranked(np.zeros(0), rng).tolist() == []


def _shop(counts, plan):
    users = pd.DataFrame({"id": range(len(counts)), "plan": plan})
    own = np.repeat(users["id"].to_numpy(), counts)
    return {"users": users, "visits": pd.DataFrame({"user_id": own, "pages": own % 3})}


def _drawn_counts(shop):
    drawn = DatabaseGAN(verbose=False, random_state=0).fit(shop).sample()
    sizes = drawn["visits"]["user_id"].value_counts()
    return drawn["users"].assign(n=drawn["users"]["id"].map(sizes).fillna(0).astype(int))


def test_few_busy_parents_have_as_many_children():
    counts = np.array([0] * 57 + [150, 90, 400])
    drawn = _drawn_counts(_shop(counts, ["a", "b"] * 30))
    assert sorted(drawn["n"]) == sorted(counts)


def test_who_is_busy_stays_so():
    rng = np.random.default_rng(0)
    plan = rng.choice(["free", "paid"], 200)
    counts = rng.poisson(np.where(plan == "paid", 5, 1))
    drawn = _drawn_counts(_shop(counts, plan))
    assert sorted(drawn["n"]) == sorted(counts)
    means = drawn.groupby("plan")["n"].mean()
    real = pd.Series(counts).groupby(plan).mean()
    assert (means - real).abs().max() < 0.6


def test_of_each_kind_of_children_that_no_row_has_the_first_gets_one():
    cells = pd.DataFrame({"#visits.user": [0, 0, 0], "#orders.user": [0, 2, 0]})
    columns = tuple(Column(name, "integer", "int64", decimals=0) for name in cells)
    rows = DrawnTable(cells, columns, {}, Context(3)).with_a_child([*cells])
    assert rows.cells["#visits.user"].tolist() == [1, 0, 0]
    assert rows.cells["#orders.user"].tolist() == [0, 2, 0]
