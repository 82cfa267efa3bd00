"""Rows where two dates and the time between them are told in part."""

import numpy as np
import pandas as pd
import pytest

from tabgan import SamplingError, TabTrees

ROWS = 300


@pytest.fixture(scope="module")
def stays() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    came = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 600, ROWS), unit="D")
    nights = rng.integers(0, 20, ROWS)
    left = came + pd.to_timedelta(nights, unit="D")
    return pd.DataFrame({"came": came, "left": left, "days": nights + 1})


@pytest.fixture(scope="module")
def model(stays) -> TabTrees:
    return TabTrees(random_state=0, verbose=False).fit(stays)


def broken(rows: pd.DataFrame) -> int:
    return int(((rows["left"] - rows["came"]).dt.days + 1 != rows["days"]).sum())


@pytest.mark.parametrize(
    "where",
    [
        "days == 6 and came >= '2024-03-01' and came < '2024-03-20'",
        "days == 6 and left >= '2024-03-01' and left < '2024-03-20'",
    ],
)
def test_a_condition_on_a_time_and_a_date(model, where):
    rows = model.sample(20, where=where)
    assert len(rows) == 20
    assert broken(rows) == 0


@pytest.mark.parametrize("told", [["came", "days"], ["left", "days"], ["days"]])
def test_told_cells_are_completed_by_the_rest(stays, model, told):
    inner = stays[stays["came"].between("2024-03-01", "2025-06-30")].head(50)
    rows = model.sample(where=inner[told])
    assert broken(rows) == 0
    assert (rows[told] == inner[told]).all(axis=None)


def test_no_row_breaks_the_rule_unnoticed(model):
    last = model.schema_["came"].maximum
    rows = pd.DataFrame({"came": [last], "days": [model.schema_["days"].maximum]})
    with pytest.raises(SamplingError, match=r"row 0: no value .* 1 more than the number of days"):
        model.sample(where=rows)


@pytest.mark.parametrize("holes", [["came"], ["left"], ["days"], ["came", "left"]])
def test_holes_are_filled_by_the_rest(stays, model, holes):
    rows = stays.astype({"days": float})
    rows.loc[:49, holes] = None
    filled = model.impute(rows, random_state=0)
    assert broken(filled) == 0
    if len(holes) == 1:
        assert (filled == stays).all(axis=None)
