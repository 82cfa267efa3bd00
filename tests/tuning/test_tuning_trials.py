import numpy as np
import pandas as pd
import pytest

from tabgan import DataError, OptionError, infer_schema
from tabgan.evaluation.detection import detection_score
from tabgan.evaluation.fidelity import shape_error
from tabgan.tuning.tuning_trials import HeldOutRows, check_holdout


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    kinds = np.where(x > 0, "a", "b").astype(object)
    return pd.DataFrame({"x": x, "y": x + rng.normal(0, 0.1, 400), "kind": kinds})


def test_every_row_is_in_one_part(table):
    rows = HeldOutRows.split(table, 0.25, 3)
    assert (len(rows.train), len(rows.held_out)) == (300, 100)
    both = pd.concat([rows.train, rows.held_out]).sort_values("x", ignore_index=True)
    pd.testing.assert_frame_equal(both, table.sort_values("x", ignore_index=True))
    again = HeldOutRows.split(table, 0.25, 3)
    pd.testing.assert_frame_equal(rows.train, again.train)
    assert not rows.train.equals(HeldOutRows.split(table, 0.25, 4).train)


def test_scores_tell_good_rows_from_bad_ones(table):
    rows, schema = HeldOutRows.split(table, 0.25, 3), infer_schema(table)
    fresh = rows.score_of_fresh_rows(schema)
    good = rows.score(table.sample(300, replace=True, random_state=0), schema)
    assert good.detection >= fresh.detection > 0.5
    bad = rows.score(table.assign(y=table["y"].sample(frac=1, random_state=0).to_numpy()), schema)
    assert bad.detection < fresh.detection
    assert good.trend_error < 1.3 * fresh.trend_error < bad.trend_error


def test_errors_are_means_over_parts_as_large_as_what_is_held_out(table):
    rows, schema = HeldOutRows.split(table, 0.25, 3), infer_schema(table)
    drawn = table.sample(300, random_state=5, ignore_index=True)
    parts = [shape_error(rows.train, drawn[at : at + 100], schema) for at in (0, 100, 200)]
    scores = rows.score(drawn, schema)
    assert scores.shape_error == pytest.approx(np.mean(parts))
    assert scores.detection == detection_score(rows.held_out, drawn, schema, random_state=3)


def test_columns_that_the_schema_leaves_out_are_not_scored(table):
    rows, schema = HeldOutRows.split(table, 0.25, 3), infer_schema(table[["x", "kind"]])
    real, held_out = rows.columns_of(schema)
    assert list(real) == list(held_out) == ["x", "kind"]
    assert rows.score(table[["x", "kind"]][:300], schema).detection > 0.5


def test_too_few_rows(table):
    with pytest.raises(DataError, match=r"The table has 30 rows; holdout=0.2 holds 6 out and"):
        HeldOutRows.split(table[:30], 0.2, 0)


def test_a_share_of_all_rows():
    with pytest.raises(OptionError, match="holdout=1 leaves no row to fit on"):
        check_holdout(1)
    with pytest.raises(OptionError, match="holdout=0"):
        check_holdout(0)
