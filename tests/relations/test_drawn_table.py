from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tabgan import DatabaseGAN
from tabgan.relations.drawn_table import (
    ChildTotal,
    CountDistribution,
    DrawnTable,
    find_totals,
    table_rows,
)
from tabgan.relations.relations import ForeignKey, parent_rows
from tabgan.relations.row_context import ADDED, Context
from tabgan.table.schema import Column

KEY = ForeignKey("lines", ("order",), "orders", ("id",))


def shop(n=60):
    """Orders of up to five lines, some of none, with their total and the number of lines."""
    rng = np.random.default_rng(0)
    own = np.repeat(np.arange(n), rng.integers(0, 6, n))
    lines = pd.DataFrame({"order": own, "price": rng.integers(100, 900, len(own)) / 100})
    orders = pd.DataFrame({"id": np.arange(n)})
    sums = lines.groupby("order")["price"]
    orders["total"] = sums.sum().reindex(orders["id"]).fillna(0).round(2)
    orders["pieces"] = sums.size().reindex(orders["id"]).fillna(0).astype(int)
    orders["age"] = rng.integers(0, 99, n)
    return {"orders": orders, "lines": lines}


def found_in(tables):
    every = {}
    for name, frame in tables.items():
        cells, columns = table_rows(frame.drop(columns=["id", "order"], errors="ignore"), {}, {})
        every[name] = DrawnTable(cells, columns, {}, Context(len(frame)))
    return list(find_totals([KEY], {KEY: parent_rows(tables, KEY)}, every))


def test_sums_and_numbers_of_children_are_found():
    total, pieces = found_in(shop())
    assert str(total) == "orders.total is the sum of lines.price; it stays so"
    assert str(pieces) == (
        "orders.pieces is the number of rows of lines that refer to it; it stays so"
    )
    assert total.is_zero
    assert ChildTotal.from_json(total.to_json()) == total


def test_one_other_total_is_none():
    tables = shop()
    tables["orders"].loc[3, "total"] += 0.02
    assert [str(own.column.name) for own in found_in(tables)] == ["pieces"]


@pytest.mark.parametrize("kind", [float, str, Decimal])
def test_totals_are_written_as_the_column_is(kind):
    tables = shop()
    values = tables["orders"]["total"].map(lambda value: kind(f"{value:.2f}"))
    orders = tables["orders"].assign(total=values if kind is float else values.astype(object))
    tables["orders"] = orders
    total, _ = found_in(tables)
    wrong = {**tables, "orders": orders.assign(total=orders["total"].iloc[::-1].array)}
    written = total.written(wrong)
    assert written["total"].astype(float).round(2).tolist() == (
        tables["orders"]["total"].astype(float).round(2).tolist()
    )
    assert type(written["total"].iloc[0]) in (kind, np.float64)


def test_without_children_the_total_may_be_missing():
    tables = shop()
    tables["orders"]["total"] = tables["orders"]["total"].replace(0, np.nan)
    total, _ = found_in(tables)
    assert not total.is_zero
    written = total.written({**tables, "orders": tables["orders"].assign(total=1.0)})
    pd.testing.assert_series_equal(written["total"], tables["orders"]["total"])


def test_totals_hold_in_every_row(tmp_path):
    gan = DatabaseGAN(verbose=False, random_state=0).fit(shop())
    gan.save(tmp_path / "shop.safetensors")
    drawn = DatabaseGAN.load(tmp_path / "shop.safetensors").sample()
    sums = drawn["lines"].groupby("order")["price"].sum().reindex(drawn["orders"]["id"])
    assert np.allclose(sums.fillna(0), drawn["orders"]["total"])
    assert gan.notes_[0] == "orders.total is the sum of lines.price; it stays so"


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
    cells = pd.DataFrame({f"{ADDED}visits.user": [0, 0, 0], f"{ADDED}orders.user": [0, 2, 0]})
    columns = tuple(Column(name, "integer", "int64", decimals=0) for name in cells)
    rows = DrawnTable(cells, columns, {}, Context(3)).with_a_child([*cells])
    assert rows.cells[f"{ADDED}visits.user"].tolist() == [1, 0, 0]
    assert rows.cells[f"{ADDED}orders.user"].tolist() == [0, 2, 0]
