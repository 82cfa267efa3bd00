import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

import holes
import imputers

ROWS = 4_000


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    number = rng.lognormal(size=ROWS)
    kind = np.array(["a", "b", "c"])[np.digitize(rng.random(ROWS), [0.5, 0.8])]
    twice = 2 * number + 1
    return pd.DataFrame({"number": number, "twice": twice, "count": twice.round(), "kind": kind})


def test_holes_at_random_come_everywhere_as_often(table: pd.DataFrame) -> None:
    found = holes.holes_at_random(table, 0.2, np.random.default_rng(0))
    assert found.mean().to_numpy() == pytest.approx([0.2] * 4, abs=0.03)
    above = table["number"] > table["number"].median()
    assert found.loc[above, "number"].mean() == pytest.approx(0.2, abs=0.03)


def test_holes_by_value_take_large_numbers_and_every_second_level(table: pd.DataFrame) -> None:
    table.loc[:9, "number"] = np.nan
    found = holes.holes_by_value(table, 0.2, ["kind"], np.random.default_rng(0))
    assert found.mean().to_numpy() == pytest.approx([0.2] * 4, abs=0.03)
    above = table["number"] > table["number"].median()
    assert found.loc[above, "number"].mean() == pytest.approx(0.3, abs=0.04)
    assert not found.loc[:9, "number"].any()  # nothing is there to be taken out
    shares = found["kind"].groupby(table["kind"]).mean()
    assert shares["a"] / shares["b"] == pytest.approx(3, rel=0.3)
    assert shares["c"] / shares["b"] == pytest.approx(3, rel=0.3)


def test_shape_error_looks_at_what_was_taken_out_alone(table: pd.DataFrame) -> None:
    found = holes.holes_at_random(table, 0.2, np.random.default_rng(0))
    assert holes.filled_shape_error(table, table, found, ["kind"]) == 0
    outside = table.assign(kind=table["kind"].where(found["kind"], "b"))
    assert holes.filled_shape_error(table, outside, found, ["kind"]) == 0
    wrong = table.assign(kind=table["kind"].mask(found["kind"], "d"))
    assert holes.filled_shape_error(table, wrong, found, ["kind"]) == pytest.approx(25)
    wrong = table.assign(number=table["number"].mask(found["number"], -1.0))
    assert holes.filled_shape_error(table, wrong, found, ["kind"]) == pytest.approx(25)
    table.loc[found["number"], "number"] = np.nan  # there is no truth
    assert holes.filled_shape_error(table, wrong, found, ["kind"]) == 0


@pytest.mark.parametrize("fill", [imputers.fill_with_usual, imputers.fill_iteratively])
def test_imputers_fill_holes_and_nothing_else(fill, table: pd.DataFrame) -> None:
    found = holes.holes_at_random(table, 0.2, np.random.default_rng(0))
    filled = fill(table.mask(found), ["kind"])
    assert list(filled.columns) == list(table.columns)
    assert not filled.isna().any(axis=None)
    pd.testing.assert_frame_equal(filled.mask(found), table.mask(found))
    assert set(filled["kind"]) == {"a", "b", "c"}


def test_the_iterative_one_uses_other_columns(table: pd.DataFrame) -> None:
    given = table.assign(twice=table["twice"].mask(table.index % 5 == 0))
    filled = imputers.fill_iteratively(given, ["kind"])
    inside = table["twice"] < given["twice"].max()
    error = (filled["twice"] - table["twice"]).abs()[inside]
    assert error.max() < 0.2
    given = table.assign(count=table["count"].mask(table.index % 5 == 0))
    filled = imputers.fill_iteratively(given, ["kind"])
    assert (filled["count"] % 1 == 0).all()


def test_the_usual_value_is_mode_or_median() -> None:
    table = pd.DataFrame({"x": [1.0, 2.0, 9.0, np.nan], "kind": ["a", None, "b", "b"]})
    filled = imputers.fill_with_usual(table, ["kind"])
    assert filled["x"].tolist() == [1, 2, 9, 2]
    assert filled["kind"].tolist() == ["a", "b", "b", "b"]
