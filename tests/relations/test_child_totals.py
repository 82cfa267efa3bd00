from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tabgan import DatabaseGAN
from tabgan.relations.child_totals import ChildTotal, find_totals
from tabgan.relations.drawn_table import DrawnTable, table_rows
from tabgan.relations.relations import ForeignKey, parent_rows
from tabgan.relations.row_context import Context

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
