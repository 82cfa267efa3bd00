"""A made-up database of thirteen tables: depth five, with all that keys can be."""

import numpy as np
import pandas as pd
import pytest

from tabgan.relations.database_gan import DatabaseGAN
from tabgan.relations.relations import ForeignKey, Relations

N = 50


@pytest.fixture(scope="session")
def shop() -> dict[str, pd.DataFrame]:
    """Tables that refer to each other: a circle, a tree, joint keys, a junction, none at all."""
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2020-01-01")

    def later(dates, most):
        return dates + pd.to_timedelta(rng.integers(0, most, len(dates)), unit="D")

    staff = pd.DataFrame(
        {
            "id": 100 + np.arange(N),
            "department_id": rng.integers(10, 16, N),
            "boss_id": [np.nan if i < 3 else 100 + rng.integers(0, i) for i in range(N)],
            "salary": rng.normal(3000, 500, N).round(2),
        }
    )
    departments = pd.DataFrame({"id": np.arange(10, 16), "title": list("ABCDEF")})
    departments["head_id"] = [*rng.choice(staff["id"], 4), np.nan, np.nan]
    customers = pd.DataFrame(
        {
            "customer_no": [f"C-{i:05d}" for i in rng.permutation(90_000)[:N]],
            "country": rng.choice(["DE", "FR", "IT"], N),
            "since": later(pd.Series([start] * N), 900),
        }
    )
    own = np.repeat(np.arange(N), rng.integers(0, 5, N))
    orders = pd.DataFrame({"shop": rng.integers(1, 4, len(own))})
    orders["number"] = orders.groupby("shop").cumcount() + 1000
    orders["customer"] = customers["customer_no"].to_numpy()[own]
    orders["placed"] = later(customers["since"].iloc[own].reset_index(drop=True), 300)
    seller = rng.choice(staff["id"], len(own)).astype(float)
    orders["seller_id"] = np.where(rng.random(len(own)) < 0.3, np.nan, seller)
    products = pd.DataFrame(
        {
            "id": np.arange(500, 520),
            "price": rng.gamma(2, 20, 20).round(2),
            "kind": list("xyyz") * 5,
        }
    )
    lines = pd.DataFrame(
        [
            (row.shop, row.number, place + 1, product, rng.integers(1, 5))
            for row in orders.itertuples()
            for place, product in enumerate(rng.choice(products["id"], 2, replace=False))
        ],
        columns=["shop", "number", "line", "product_id", "quantity"],
    )
    returns = lines.sample(frac=0.4, random_state=1)[["shop", "number", "line"]]
    returns = returns.reset_index(drop=True)
    returns.insert(0, "return_id", np.arange(len(returns)) + 1)
    refunded = rng.choice(returns["return_id"], len(returns) // 2, replace=False)
    refunds = pd.DataFrame({"refund_id": 9000 + np.arange(len(refunded)), "return_id": refunded})
    refunds["amount"] = rng.gamma(2, 9, len(refunds)).round(2)
    pairs = sorted(
        {*zip(rng.choice(products["id"], 50), rng.choice(list("abcdef"), 50), strict=True)}
    )
    return {
        "countries": pd.DataFrame({"code": ["DE", "FR", "IT"], "vat": [19, 20, 22]}),
        "departments": departments,
        "staff": staff,
        "customers": customers,
        "profiles": customers[["customer_no"]].head(30).assign(likes=["a", "b"] * 15),
        "orders": orders,
        "products": products,
        "lines": lines,
        "returns": returns,
        "refunds": refunds,
        "tags": pd.DataFrame({"tag": list("abcdef"), "weight": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]}),
        "product_tags": pd.DataFrame(pairs, columns=["product_id", "tag"]),
        "empty": pd.DataFrame(
            {"id": pd.Series([], dtype="int64"), "customer": pd.Series([], dtype=object)}
        ),
    }


@pytest.fixture(scope="session")
def shop_relations() -> Relations:
    """The keys of `shop`."""
    return Relations(
        {
            "countries": ("code",),
            "departments": ("id",),
            "staff": ("id",),
            "customers": ("customer_no",),
            "profiles": ("customer_no",),
            "orders": ("shop", "number"),
            "products": ("id",),
            "lines": ("shop", "number", "line"),
            "returns": ("return_id",),
            "refunds": ("refund_id",),
            "tags": ("tag",),
            "product_tags": ("product_id", "tag"),
            "empty": ("id",),
        },
        (
            ForeignKey("departments", ("head_id",), "staff", ("id",)),
            ForeignKey("staff", ("department_id",), "departments", ("id",)),
            ForeignKey("staff", ("boss_id",), "staff", ("id",)),
            ForeignKey("customers", ("country",), "countries", ("code",)),
            ForeignKey("profiles", ("customer_no",), "customers", ("customer_no",)),
            ForeignKey("orders", ("customer",), "customers", ("customer_no",)),
            ForeignKey("orders", ("seller_id",), "staff", ("id",)),
            ForeignKey("lines", ("shop", "number"), "orders", ("shop", "number")),
            ForeignKey("lines", ("product_id",), "products", ("id",)),
            ForeignKey("returns", ("shop", "number", "line"), "lines", ("shop", "number", "line")),
            ForeignKey("refunds", ("return_id",), "returns", ("return_id",)),
            ForeignKey("product_tags", ("product_id",), "products", ("id",)),
            ForeignKey("product_tags", ("tag",), "tags", ("tag",)),
            ForeignKey("empty", ("customer",), "customers", ("customer_no",)),
        ),
        references=("countries",),
        orders={"orders": "placed"},
    )


@pytest.fixture(scope="session")
def shop_gan(shop, shop_relations) -> DatabaseGAN:
    """A model of `shop`."""
    return DatabaseGAN(verbose=False, random_state=0).fit(shop, relations=shop_relations)


@pytest.fixture(scope="session")
def drawn(shop_gan) -> dict[str, pd.DataFrame]:
    """A database that is like `shop`."""
    return shop_gan.sample()
