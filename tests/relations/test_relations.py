import json
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from tabgan import DataError, ForeignKey, OptionError, Relations, SchemaError
from tabgan.relations.relations import draw_relations, parent_rows, typed_tables, without_orphans

USERS = pd.DataFrame({"id": [1, 2, 3], "name": ["a", "b", "c"]})
VISITS = pd.DataFrame({"user": [3, 1, 1], "pages": [1, 2, 3]})
KEY = ForeignKey("visits", ("user",), "users", ("id",))
RELATIONS = Relations({"users": ("id",)}, (KEY,), orders={"visits": "pages"})


def test_json_round_trip(shop_relations, tmp_path):
    path = tmp_path / "relations.json"
    path.write_text(json.dumps(shop_relations.to_json()))
    assert Relations.read(path) == shop_relations


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "a JSON object"),
        ('{"foreign_keys": [{"table": "a"}]}', "as 'tabgan inspect' writes them"),
        (
            '{"foreign_keys": [{"table": "a", "columns": ["b", "c"], "parent": "d", '
            '"parent_columns": "e"}]}',
            r"a.b\+c: a foreign key and the key that it refers to need as many columns",
        ),
    ],
)
def test_malformed_files(tmp_path, text, message):
    path = tmp_path / "relations.json"
    path.write_text(text)
    with pytest.raises(SchemaError, match=message):
        Relations.read(path)


@pytest.mark.parametrize(
    ("child", "parent", "rows"),
    [
        ([3, 1, None], [1, 2, 3], [2, 0, -1]),
        ([9, 1], [1, 2], [-2, 0]),
        (["3.0", "1.0", None], ["1", "2", "3"], [2, 0, -1]),
        (["a", None], ["b", "a"], [1, -1]),
    ],
)
def test_rows_of_parents(child, parent, rows):
    tables = {"c": pd.DataFrame({"p": child}), "p": pd.DataFrame({"id": parent})}
    assert parent_rows(tables, ForeignKey("c", ("p",), "p", ("id",))).tolist() == rows


def test_a_mark_of_absence_refers_to_no_row():
    tables = {
        "a": pd.DataFrame({"id": ["1", "2"]}),
        "b": pd.DataFrame({"a_id": ["2", "null", "NA", None, "7"]}),
    }
    rows = parent_rows(tables, ForeignKey("b", ("a_id",), "a", ("id",)))
    assert rows.tolist() == [1, -1, -1, -1, -2]


def test_rows_of_parents_by_a_joint_key():
    tables = {
        "c": pd.DataFrame({"a": [1, 2, np.nan], "b": ["x", "x", "y"]}),
        "p": pd.DataFrame({"a": [2, 1], "b": ["x", "x"]}),
    }
    assert parent_rows(tables, ForeignKey("c", ("a", "b"), "p", ("a", "b"))).tolist() == [1, 0, -1]


@pytest.mark.parametrize(
    ("tables", "error", "message"),
    [
        ({"visits": VISITS}, SchemaError, "there is no table 'users'"),
        (
            {"users": USERS.rename(columns={"id": "ids"}), "visits": VISITS},
            SchemaError,
            "table 'users' has no column 'id'; did you mean 'ids'",
        ),
        (
            {"users": USERS.assign(id=[1, 3, 3]), "visits": VISITS},
            DataError,
            "users.id is a key, but 1 rows repeat one, such as 3",
        ),
        (
            {"users": USERS.assign(id=[1, None, 3]), "visits": VISITS},
            DataError,
            "users.id is a key, but 1 rows have none",
        ),
        (
            {"users": USERS, "visits": VISITS.assign(user=[1, 8, 9])},
            DataError,
            r"visits.user -> users.id: 2 rows refer to rows that are not there \(8, 9\)",
        ),
    ],
)
def test_keys_that_do_not_hold(tables, error, message):
    with pytest.raises(error, match=message):
        RELATIONS.check(tables)


def test_a_reference_table_refers_to_no_other():
    relations = RELATIONS.with_references(["visits"])
    with pytest.raises(OptionError, match="'visits' stays as it is, but refers to 'users'"):
        relations.check({"users": USERS, "visits": VISITS})


def test_keys_that_share_columns():
    line = ForeignKey("returns", ("order", "line"), "lines", ("order", "line"))
    order = ForeignKey("returns", ("order",), "orders", ("id",))
    above = ForeignKey("lines", ("order",), "orders", ("id",))
    relations = Relations(foreign_keys=(order, line, above))
    assert relations.without_implied().foreign_keys == (line, above)
    with pytest.raises(OptionError, match="share a column, so that no row could be drawn"):
        Relations(foreign_keys=(order, line)).without_implied()


@pytest.fixture
def tables():
    users = pd.DataFrame({"id": range(40)})
    visits = pd.DataFrame({"id": range(100, 140), "user": [*range(39), 77]})
    return {"users": users, "visits": visits, "clicks": pd.DataFrame({"visit": [139, 100] * 3})}


CLICKS = ForeignKey("clicks", ("visit",), "visits", ("id",))


def test_rows_that_refer_to_none_that_is_there_are_left_out_with_what_refers_to_them(tables):
    relations = Relations({"users": ("id",), "visits": ("id",)}, (KEY, CLICKS))
    relations.check(tables)
    left, notes = without_orphans(tables, relations)
    assert [len(own) for own in left.values()] == [40, 39, 3]
    assert notes[0] == (
        "visits.user -> users.id: 1 of 40 rows refer to rows that are not there (77); they are "
        "left out"
    )
    assert "clicks.visit -> visits.id: 3 of 6 rows" in notes[1]
    relations.check(left)


def test_a_key_that_may_be_missing_is_missing_where_it_refers_to_nothing(tables):
    tables["visits"]["user"] = tables["visits"]["user"].astype("Int64").where(np.arange(40) > 0)
    left, (note,) = without_orphans(tables, Relations({"visits": ("id",)}, (KEY, CLICKS)))
    assert left["visits"]["user"].isna().sum() == 2
    assert len(left["visits"]) == 40
    assert note.endswith("(77); they refer to none")


def test_tables_without_orphans_stay(shop, shop_relations):
    left, notes = without_orphans(shop, shop_relations)
    assert not notes
    assert all(left[name] is frame for name, frame in shop.items())


def test_a_picture_shows_every_table_and_key(shop, shop_relations):
    root = ElementTree.fromstring(draw_relations(shop, shop_relations))
    parts = {
        kind: [part for part in root.iter() if part.get("class") == kind]
        for kind in ("box", "table", "line")
    }
    assert {part.text for part in parts["table"]} == {*shop}
    assert len(parts["line"]) == len(shop_relations.foreign_keys)
    boxes = [[float(part.get(name)) for name in ("x", "y", "height")] for part in parts["box"]]
    for x, y, height in boxes:  # none covers another
        assert all(x != other or y + height <= top or top <= y for other, top, _ in boxes)


def test_a_picture_of_a_key_tells_how_many_rows_belong_together():
    users = pd.DataFrame({"id": [1, 2, 3], "<name>": list("abc")})
    visits = pd.DataFrame({"user": [1, 1, None]})
    relations = Relations({"users": ("id",)}, (ForeignKey("visits", ("user",), "users", ("id",)),))
    picture = draw_relations({"users": users, "visits": visits}, relations)
    root = ElementTree.fromstring(picture)
    ends = [part.text for part in root.iter() if str(part.get("class")).startswith("end")]
    assert ends == ["0–1", "0–n"]


def test_texts_become_numbers_and_dates_and_keys_of_one_kind():
    people = pd.DataFrame(
        {
            "id": ["1", "2", "3"],
            "born": ["1990-05-01", "1991-06-02", "1992-07-03"],
            "zip": ["01067"] * 3,
        }
    )
    bills = pd.DataFrame(
        {"no": ["A1", "A2", "A3"], "person": ["3", None, "1"], "sum": ["9.50", "8.25", "7.75"]}
    )
    teams = pd.DataFrame({"team": ["01", "2"], "n": [1, 2]})
    tables = {"people": people, "bills": bills, "teams": teams}
    keys = Relations(
        {"people": ("id",), "bills": ("no",), "teams": ("team",)},
        (ForeignKey("bills", ("person",), "people", ("id",)),),
    )
    typed = typed_tables(tables, keys, ["people", "bills"])
    assert typed["people"]["id"].tolist() == [1, 2, 3]
    assert typed["bills"]["person"].tolist() == [3, pd.NA, 1]
    assert typed["bills"]["sum"].tolist() == [9.5, 8.25, 7.75]
    assert typed["people"]["born"].astype(str).tolist() == people["born"].tolist()
    assert typed["people"]["zip"].tolist() == ["01067"] * 3
    assert typed["bills"]["no"].tolist() == ["A1", "A2", "A3"]
    assert typed["teams"] is teams
    odd = typed_tables({**tables, "people": people.assign(id=["1", "02", "3"])}, keys, tables)
    assert odd["people"]["id"].tolist() == ["1", "02", "3"]
    assert odd["bills"]["person"].tolist() == ["3", None, "1"]  # as the key that it names
