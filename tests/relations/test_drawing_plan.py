import pandas as pd
import pytest

from tabgan import DataError, ForeignKey, Relations
from tabgan.relations.drawing_plan import plan_database
from tabgan.relations.relations import parent_rows


def plan_of(tables, *keys):
    relations = Relations(foreign_keys=keys)
    return plan_database(tables, relations, {key: parent_rows(tables, key) for key in keys})


def key(table, column, parent):
    return ForeignKey(table, (column,), parent, ("id",))


def ids(n, **columns):
    return pd.DataFrame({"id": range(n), **columns})


def test_parents_come_first(shop, shop_relations):
    rows = {own: parent_rows(shop, own) for own in shop_relations.foreign_keys}
    plan = plan_database(shop, shop_relations, rows)
    order = [own.table for own in plan.tables]
    assert "countries" not in order
    assert len(order) == len(shop) - 1
    for own in plan.tables:
        if own.source is not None:
            assert order.index(own.source) < order.index(own.table)
    assert str(plan["orders"].steering) == "orders.customer -> customers.customer_no"
    assert [str(own) for own in plan["orders"].links] == ["orders.seller_id -> staff.id"]
    assert [plan.is_late(own) for own in plan["staff"].links] == [True]


def test_a_circle_without_a_key_that_may_be_missing():
    tables = {"a": ids(2, b=[0, 1]), "b": ids(2, a=[0, 1])}
    with pytest.raises(DataError, match="refer to each other in a circle, and none of the keys"):
        plan_of(tables, key("a", "b", "b"), key("b", "a", "a"))


def test_a_table_that_goes_one_to_one_follows():
    tables = {
        "client": ids(4, born=[1, 2, 3, 4]),
        "account": ids(2, kind=["x", "y"]),
        "disposition": ids(4, client=[3, 1, 0, 2], account=[0, 0, 1, 1]),
    }
    plan = plan_of(
        tables, key("disposition", "client", "client"), key("disposition", "account", "account")
    )
    assert plan["client"].follows
    assert plan["client"].source == "disposition"
    assert plan["disposition"].links == ()
    assert plan.counted("client") == ()
