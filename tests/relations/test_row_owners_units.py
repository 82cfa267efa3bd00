import numpy as np
import pandas as pd
import pytest

from tabgan import DatabaseGAN
from tabgan.inference.infer_schema import infer_schema
from tabgan.relations.drawing_plan import plan_database
from tabgan.relations.relations import ForeignKey, Relations, parent_rows
from tabgan.relations.row_context import Context, ContextPart
from tabgan.relations.row_owners import Pseudonyms, find_units

N = 60
KEYS = (
    ForeignKey("orders", ("firm",), "firms", ("id",)),
    ForeignKey("firms", ("country",), "countries", ("code",)),
    ForeignKey("lines", ("order",), "orders", ("id",)),
)


def _word(number: int) -> str:
    return "".join(
        "bdfgklmnprst"[number // 12**i % 12] + "aeiou"[(number + i) % 5] for i in range(3)
    )


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """Firms in three countries with seven orders each, whose receiver is mostly the firm."""
    rng = np.random.default_rng(0)
    names = [f"{_word(37 * i + 5).title()} {_word(91 * i + 7).title()} Ltd" for i in range(N)]
    firms = pd.DataFrame({"id": range(N), "name": names, "country": ["DE", "FR", "IT"] * 20})
    own = np.repeat(np.arange(N), 7)
    orders = pd.DataFrame(
        {"id": range(len(own)), "firm": own, "pieces": rng.integers(1, 4, len(own))}
    )
    orders["receiver"] = firms["name"].to_numpy()[own]
    orders.loc[own == N - 1, "receiver"] = "Elsewhere Ltd"
    orders["way"] = rng.choice(["road", "rail"], len(own))
    lines = pd.DataFrame({"order": np.repeat(orders["id"].to_numpy(), 2), "price": 1.5})
    return {
        "countries": pd.DataFrame({"code": ["DE", "FR", "IT"]}),
        "firms": firms,
        "orders": orders,
        "lines": lines,
    }


def _units(tables, min_group=5):
    relations = Relations({}, KEYS)
    rows = {key: parent_rows(tables, key) for key in KEYS}
    plan = plan_database(tables, relations, rows)
    columns = {name: infer_schema(frame).columns for name, frame in tables.items()}
    return find_units(tables, plan, rows, columns, min_group)


def test_rows_are_of_the_topmost_row_above_them_that_is_in_no_short_list(tables):
    units = _units(tables)
    assert units["firms"] == []  # a country is nobody
    (of_orders,), (of_lines,) = units["orders"], units["lines"]
    assert of_orders.tolist() == tables["orders"]["firm"].tolist()
    assert of_lines.tolist() == np.repeat(tables["orders"]["firm"], 2).tolist()


def test_few_units_are_too_few_to_count(tables):
    few = {**tables, "orders": tables["orders"].assign(firm=tables["orders"]["firm"] % 9)}
    assert _units(few)["orders"] == []
    assert len(_units(few, min_group=2)["orders"]) == 1


def test_a_short_list_that_rows_repeat_the_texts_of_names_somebody(tables):
    short = tables["firms"].head(20)
    orders = tables["orders"].assign(firm=tables["orders"]["firm"] % 20)
    orders["receiver"] = short["name"].to_numpy()[orders["firm"]]
    assert len(_units({**tables, "firms": short, "orders": orders})["orders"]) == 1
    other = orders.assign(receiver="nobody")
    assert _units({**tables, "firms": short, "orders": other})["orders"] == []


def test_pseudonyms_are_the_same_wherever_a_level_stands():
    values = pd.Series([f"firm {i // 10}" for i in range(300)], name="a")
    rows = pd.DataFrame({"a": values, "kind": ["x", "y"] * 150})
    columns = infer_schema(rows, {"a": "categorical"}).columns
    names = Pseudonyms([np.arange(300) // 10], 5, np.random.default_rng(0))
    above = Context(300, (ContextPart(columns[0], values, is_value=True),))
    context, new = names.apply(above, rows, columns)
    assert names.columns == {"a"}
    assert not set(new["a"]) & set(values)
    assert (new["a"].groupby(values).nunique() == 1).all()
    assert (new["kind"] == rows["kind"]).all()
    assert context.parts[0].values.tolist() == new["a"].tolist()


def test_no_name_of_a_single_parent_is_drawn_in_rows_of_its_children(tables):
    own = {name: tables[name] for name in ("firms", "orders")}
    own["firms"] = own["firms"].drop(columns="country")
    drawn = DatabaseGAN(verbose=False, random_state=0).fit(own).sample()["orders"]
    assert not set(drawn["receiver"]) & set(own["orders"]["receiver"])
    assert set(drawn["way"]) == {"road", "rail"}
    assert drawn.groupby("firm")["receiver"].nunique().mean() < 1.3
