import pandas as pd
import pytest

from tabgan import ForeignKey, Relations
from tabgan.relations.infer_relations import (
    find_borrowed_keys,
    find_lists,
    infer_relations,
    is_of_people,
)

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


def staff_and(**columns):
    """A table of staff whose numbers are sparse, and one of 60 rows that refers to it."""
    staff = pd.DataFrame({"staff_no": range(70_000, 70_080), "age": [30, 40] * 40})
    depots = pd.DataFrame({"id": range(1, 31), "area": range(200, 230)})
    return {"staff": staff, "depots": depots, "trips": pd.DataFrame({"km": [5] * 60, **columns})}


def declared(*keys):
    return Relations({"staff": ("staff_no",), "depots": ("id",)}, keys)


DEPOT = ForeignKey("trips", ("depot_id",), "depots", ("id",))


@pytest.mark.parametrize(
    ("name", "evidence"),
    [
        ("staff_no", "by its name"),
        ("driver", "no other column has them"),  # the numbers are too sparse for a coincidence
    ],
)
def test_a_key_that_a_database_does_not_declare_is_found_beside_others(name, evidence):
    tables = staff_and(depot_id=[*range(1, 31)] * 2, **{name: range(70_000, 70_060)})
    found = infer_relations(tables, declared(DEPOT))
    assert [str(key) for key in found.foreign_keys] == [
        "trips.depot_id -> depots.id",
        f"trips.{name} -> staff.staff_no",
    ]
    assert found.foreign_keys[1].why == f"all 60 values are there, {evidence}"


def test_a_short_form_of_a_table_s_name_names_it():
    tables = staff_and(dpt_id=[*range(1, 31)] * 2)
    (key,) = infer_relations(tables, declared()).foreign_keys
    assert str(key) == "trips.dpt_id -> depots.id"


@pytest.mark.parametrize("orphans", [1, 2])
def test_few_values_that_are_not_there_do_not_hide_a_key(orphans):
    staff = [*range(70_000, 70_000 + 60 - orphans), *range(8, 8 + orphans)]
    found = infer_relations(staff_and(staff_no=staff)).foreign_keys
    assert bool(found) == (orphans == 1)
    for key in found:
        assert key.why == "all but 1 of 60 rows have a value that is there, by its name"


def test_keys_by_which_no_table_could_be_first_are_left_out():
    tables = {
        "teams": pd.DataFrame({"id": [1, 2, 3], "player_id": [11, 12, 13]}),
        "players": pd.DataFrame({"id": [11, 12, 13], "team_id": [1, 1, 2]}),
    }
    team = ForeignKey("players", ("team_id",), "teams", ("id",))
    keys = {"teams": ("id",), "players": ("id",)}
    assert infer_relations(tables, Relations(keys, (team,))).foreign_keys == (team,)
    tables["teams"]["player_id"] = [11, None, 13]
    assert len(infer_relations(tables, Relations(keys, (team,))).foreign_keys) == 2


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"owner": [*range(1, 31)] * 2}, {"trips": {"owner": "trips.owner -> depots.id"}}),
        ({"wheels": [*range(1, 31)] * 2}, {}),  # a number, which is among dense keys by chance
        ({"owner": [1, 2, 3, 4, 5, 6] * 10}, {}),
        (
            {"note": [70_000, 70_001, 70_005, 70_009, 3] * 12},
            {"trips": {"note": "trips.note -> staff.staff_no"}},
        ),
    ],
)
def test_columns_that_hold_keys_though_none_is_declared(columns, expected):
    found = find_borrowed_keys(staff_and(**columns), declared())
    assert {table: {n: str(key) for n, key in own.items()} for table, own in found.items()} == (
        expected
    )


def test_short_tables_to_which_many_rows_refer():
    tables = {
        "kinds": pd.DataFrame({"kind_id": range(5), "title": list("ABCDE")}),
        "sales": pd.DataFrame({"kind_id": [*range(5)] * 10}),
        "loners": pd.DataFrame({"id": range(5)}),
    }
    assert find_lists(tables, infer_relations(tables)) == ("kinds",)


@pytest.mark.parametrize(
    ("table", "column", "expected"),
    [
        ("kinds", "title", False),
        ("customers", "title", True),
        ("kinds", "last_name", True),
        ("kinds", "birth_date", True),
        ("kinds", "Email", True),
        ("kinds", "gender", True),
        ("kinds", "embodiment", False),
    ],
)
def test_tables_of_people(table, column, expected):
    assert is_of_people(table, pd.DataFrame({column: list("ABCDE")})) == expected
