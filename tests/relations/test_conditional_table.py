import numpy as np
import pandas as pd

from tabgan.fitting.prepare import TableOptions
from tabgan.inference.infer_schema import infer_schema
from tabgan.relations.conditional_table import ConditionalTable
from tabgan.relations.row_context import Context, ContextPart

N = 400


def context_of(frame):
    parts = (
        ContextPart(column, frame[column.name], is_value=True) for column in infer_schema(frame)
    )
    return Context(len(frame), tuple(parts))


def tables():
    rng = np.random.default_rng(0)
    parent = pd.DataFrame(
        {
            "p.region": rng.choice(["north", "south", "east"], N),
            "p.size": rng.normal(0, 1, N).round(3),
            "p.opened": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 300, N), unit="D"),
        }
    )
    rows = pd.DataFrame(
        {
            "currency": parent["p.region"].map({"north": "NOK", "south": "EUR", "east": "PLN"}),
            "area": parent["p.region"],
            "amount": (10 * parent["p.size"] + rng.normal(0, 1, N)).round(2),
            "due": parent["p.opened"] + pd.to_timedelta(rng.integers(1, 90, N), unit="D"),
        }
    )
    return parent, rows


def test_rules_and_trends_across_tables():
    parent, rows = tables()
    context = context_of(parent)
    table = ConditionalTable.fit(context, rows, {}, TableOptions(), 0)
    assert table.copies == {"area": "p.region"}
    mixed = parent.sample(frac=1, random_state=1).reset_index(drop=True)
    drawn = table.draw(context_of(mixed), 0, 0, "test")
    assert [*drawn.columns] == [*rows.columns]
    expected = mixed["p.region"].map({"north": "NOK", "south": "EUR", "east": "PLN"})
    assert (drawn["currency"] == expected).all()
    assert (drawn["area"] == mixed["p.region"]).all()
    assert (drawn["due"] >= mixed["p.opened"]).all()
    assert np.corrcoef(drawn["amount"], mixed["p.size"])[0, 1] > 0.9


def test_a_file_gives_the_same_rows():
    parent, rows = tables()
    context = context_of(parent)
    table = ConditionalTable.fit(context, rows, {}, TableOptions(derive=False), 0)
    again = ConditionalTable.restore(table.to_json(), table.to_tensors())
    drawn = table.draw(context, 0, 0, "test")
    pd.testing.assert_frame_equal(again.draw(context, 0, 0, "test"), drawn)


def test_levels_that_no_training_row_had():
    parent, rows = tables()
    context = context_of(parent)
    table = ConditionalTable.fit(context, rows.drop(columns="area"), {}, TableOptions(), 0)
    new = parent.assign(**{"p.region": "west"})
    drawn = table.draw(context_of(new), 0, 0, "test")
    assert set(drawn["currency"]) <= {"NOK", "EUR", "PLN"}


def test_rows_without_columns():
    context = Context(3)
    table = ConditionalTable.fit(context, pd.DataFrame(index=range(3)), {}, TableOptions(), 0)
    assert table.draw(context, 0, 0).shape == (3, 0)
