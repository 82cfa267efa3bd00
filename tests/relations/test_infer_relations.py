import pandas as pd
import pytest

from tabgan import Relations, infer_relations

LEAST = {  # what names and values of `shop` tell
    "staff.department_id -> departments.id",
    "staff.boss_id -> staff.id",
    "customers.country -> countries.code",
    "profiles.customer_no -> customers.customer_no",
    "orders.customer -> customers.customer_no",
    "lines.shop+number -> orders.shop+number",
    "lines.product_id -> products.id",
    "returns.shop+number+line -> lines.shop+number+line",
    "refunds.return_id -> returns.return_id",
    "product_tags.product_id -> products.id",
    "product_tags.tag -> tags.tag",
}


@pytest.fixture(scope="module")
def found(shop) -> Relations:
    return infer_relations({name: frame for name, frame in shop.items() if len(frame)})


def test_foreign_keys(found):
    assert {str(key) for key in found.foreign_keys} == LEAST


def test_primary_keys(found, shop_relations):
    for table, key in shop_relations.keys.items():
        if table != "empty":
            assert found.key_of(table) == key


def test_order(found):
    assert found.orders["orders"] == "placed"


def test_they_hold(found, shop):
    found.check(shop)


def test_evidence_is_told(found):
    lines = found.describe()
    assert "orders.customer -> customers.customer_no (all " in "\n".join(lines)
    assert "products: primary key id (unique, by its name)" in lines


def test_texts_of_files_give_the_same(shop, found):
    texts = {n: f.astype(object).where(f.notna(), None) for n, f in shop.items() if len(f)}
    texts = {n: f.map(lambda v: v if v is None else str(v)) for n, f in texts.items()}
    assert set(infer_relations(texts).foreign_keys) == set(found.foreign_keys)


def test_what_is_no_key():
    users = pd.DataFrame({"id": range(1, 101), "age": [20, 30] * 50})
    sales = pd.DataFrame({"quantity": [1, 2, 3, 4] * 10, "user_id": [1, 2, 3, 99] * 10})
    found = infer_relations({"users": users, "sales": sales})
    assert [str(key) for key in found.foreign_keys] == ["sales.user_id -> users.id"]
    beyond = sales.assign(user_id=[1, 2, 3, 999] * 10)
    assert not infer_relations({"users": users, "sales": beyond}).foreign_keys


def test_what_is_declared_stays(shop, shop_relations):
    assert infer_relations(shop, shop_relations).foreign_keys == shop_relations.foreign_keys


@pytest.mark.parametrize("order", [["links", "movies", "ratings"], ["ratings", "movies", "links"]])
@pytest.mark.parametrize("n_links", [40, 37])
def test_of_two_tables_with_one_key_the_one_that_the_column_names_is_referred_to(order, n_links):
    tables = {
        "movies": pd.DataFrame({"movieId": range(1, 41), "year": [1990, 2000] * 20}),
        "links": pd.DataFrame(
            {"movieId": range(1, n_links + 1), "imdb": range(900, 900 + n_links)}
        ),
        "ratings": pd.DataFrame({"movieId": [*range(1, 31)] * 2, "stars": [1, 2, 3] * 20}),
    }
    found = infer_relations({name: tables[name] for name in order})
    assert {str(key) for key in found.foreign_keys} == {
        "links.movieId -> movies.movieId",
        "ratings.movieId -> movies.movieId",
    }
