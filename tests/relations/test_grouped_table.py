import numpy as np
import pandas as pd
import pytest

from tabgan.fitting.prepare import TableOptions
from tabgan.inference.infer_schema import infer_schema
from tabgan.relations.grouped_table import GroupedTable, RowGroups
from tabgan.relations.row_context import Context, ContextPart


def test_groups_of_parents():
    groups, rows = RowGroups.of(np.array([1, -1, 1, 0]), 3, np.array([5, 0, 2, 0]))
    assert groups.sizes.tolist() == [1, 2, 0, 1]
    assert rows.tolist() == [3, 2, 0, 1]
    assert groups.position.tolist() == [0, 0, 1, 0]


def test_long_groups_are_cut():
    groups = RowGroups(np.array([2, 7, 0, 3]))
    assert groups.cut(3).sizes.tolist() == [2, 3, 3, 1, 0, 3]
    assert groups.cut(7) is groups


def histories(n=120):
    """Rows of users: a level that lasts, dates a week apart or two."""
    rng = np.random.default_rng(0)
    sizes = rng.integers(2, 6, n)
    user = np.repeat(np.arange(n), sizes)
    gaps = pd.to_timedelta(rng.choice([7, 14], len(user)), unit="D")
    dates = pd.Timestamp("2020-01-01") + pd.Series(gaps).groupby(user).cumsum()
    rows = pd.DataFrame({"date": dates, "amount": (100 * rng.random(n))[user].round(1)})
    return rows, RowGroups(sizes)


def test_rows_follow_each_other():
    rows, groups = histories()
    columns = infer_schema(rows).columns
    options = TableOptions(derive=False)
    table = GroupedTable.fit(
        Context(len(rows)), rows, columns, groups, options=options, seed=0, order="date"
    )
    assert table.ordered == "date"
    drawn = table.draw(Context(len(rows)), groups, 0, "visits")
    later = groups.position > 0
    gaps = drawn["date"].diff()[later].dt.days
    assert set(gaps) <= {7, 14}
    before = drawn["amount"].shift()[later]
    assert np.corrcoef(before, drawn["amount"][later])[0, 1] > 0.9
    again = GroupedTable.restore(table.to_json(), table.to_tensors())
    pd.testing.assert_frame_equal(again.draw(Context(len(rows)), groups, 0, "visits"), drawn)


def test_missing_dates_of_the_last_rows_leave_the_others_in_order():
    rows, groups = histories()
    sent = rows["date"] + pd.to_timedelta(np.arange(len(rows)) % 6, unit="D")
    rows["sent"] = sent.where(rows["date"] < rows["date"].max() - pd.Timedelta(days=14))
    columns = infer_schema(rows).columns
    context, options = Context(len(rows)), TableOptions(derive=False)
    table = GroupedTable.fit(context, rows, columns, groups, options=options, seed=0, order="date")
    drawn = table.draw(context, groups, 0, "orders").dropna()
    gaps = (drawn["sent"] - drawn["date"]).dt.days
    assert len(drawn) > len(rows) / 2
    assert set(gaps) <= set(range(6))
    assert gaps.mean() == pytest.approx(2.5, abs=0.5)


def test_formulas_with_a_number_of_another_table():
    rng = np.random.default_rng(0)
    n = 300
    prices = pd.DataFrame({"article.price": rng.lognormal(3, 1, n).round(2)})
    price, qty, discount = prices["article.price"], rng.integers(1, 20, n), rng.choice([0, 0.1], n)
    gross = (qty * price).round(2)
    rows = pd.DataFrame(
        {
            "qty": qty,
            "price": price,
            "discount": discount,
            "gross": gross,
            "net": (qty * price * (1 - discount)).round(2),
        }
    )
    parts = (ContextPart(c, prices[c.name], is_value=True) for c in infer_schema(prices))
    context = Context(n, tuple(parts))
    columns = infer_schema(rows).columns
    groups = RowGroups(np.tile([2, 4], 50))  # too few first rows to find a formula
    table = GroupedTable.fit(context, rows, columns, groups, options=TableOptions(), seed=0)
    drawn = table.draw(context, groups, 0, "lines")
    assert (drawn["price"] == price).all()
    amount = drawn["qty"] * price
    np.testing.assert_allclose(drawn["gross"], amount, atol=0.0051)
    np.testing.assert_allclose(drawn["net"], amount * (1 - drawn["discount"]), atol=0.0101)
    again = GroupedTable.restore(table.to_json(), table.to_tensors())
    pd.testing.assert_frame_equal(again.draw(context, groups, 0, "lines"), drawn)
