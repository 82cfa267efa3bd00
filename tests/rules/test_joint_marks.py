"""Marks that stand in several columns of the same rows."""

import json

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.rules.detect_dependencies import dependency_from_json
from tabgan.rules.joint_marks import JointMarksDependency, find_joint_marks

ROWS = 600


@pytest.fixture(scope="module")
def survey():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "hours": rng.integers(1, 60, ROWS),
            "sector": rng.choice(["public", "private", "own"], ROWS),
            "wage": rng.gamma(2, 900, ROWS).round(2),
            "rent": rng.gamma(2, 300, ROWS).round(2),
            "rooms": rng.integers(1, 9, ROWS).astype(float),
            "age": rng.integers(18, 90, ROWS),
        }
    )
    skipped, refused = rng.random((2, ROWS)) < 0.3
    frame.loc[skipped, ["hours", "wage"]] = -9
    frame.loc[skipped, "sector"] = "not asked"
    frame.loc[refused & ~skipped, ["hours", "wage"]] = -8
    frame.loc[refused & ~skipped, "sector"] = "refused"
    frame.loc[rng.random(ROWS) < 0.4, ["rent", "rooms"]] = np.nan
    return frame


def test_marks_that_stand_together_are_found(survey, table_of, rng):
    rules = find_joint_marks(table_of(survey), rng)
    assert [rule.describe() for rule in rules] == [
        "'hours', 'sector', 'wage' are (-9, 'not asked', -9.0) or (-8, 'refused', -8.0) "
        "in the same rows",
        "'rent', 'rooms' are missing in the same rows",
    ]
    for rule in rules:
        assert dependency_from_json({"rule": rule.name, **json.loads(json.dumps(rule.to_json()))})


def test_one_row_apart_is_no_rule(survey, table_of, rng):
    apart = survey.copy()
    apart.loc[apart["rent"].isna().idxmax(), "rent"] = 5.0
    assert len(find_joint_marks(table_of(apart), rng)) == 1
    assert not find_joint_marks(table_of(survey[["age", "rent", "hours"]]), rng)


def shuffled(table, rng):
    order = {at: rng.permutation(ROWS) for at in table}
    return {
        at: own._replace(values=own.values.iloc[order[at]].reset_index(drop=True))
        for at, own in table.items()
    }


def test_most_members_decide(survey, table_of, rng):
    table = table_of(survey)
    for rule in find_joint_marks(table, rng):
        drawn = shuffled(table, rng)
        cells = [drawn[at] for at in rule.positions]
        assert not rule.holds(cells).all()
        made = rule.restore(drawn)
        assert rule.holds([made[at] for at in rule.positions]).all()
        kept = rule.holds(cells)
        for at in rule.positions:
            pd.testing.assert_series_equal(made[at].values[kept], drawn[at].values[kept])


def test_a_fixed_cell_decides(survey, table_of, rng):
    table = table_of(survey)
    rule, _ = find_joint_marks(table, rng)
    drawn = shuffled(table, rng)
    fixed = np.zeros((ROWS, len(table)), np.bool_)
    fixed[:, 2] = True
    made = rule.propagate(drawn, fixed)
    pd.testing.assert_series_equal(made[2].values, drawn[2].values)
    assert rule.holds([made[at] for at in rule.positions]).all()
    assert (fixed[:, 0] == (made[2].values < 0)).all()


def test_where_no_row_has_a_value_the_marks_stay(survey, table_of, rng):
    table = table_of(survey)
    rule, _ = find_joint_marks(table, rng)
    row = {at: own.take(np.flatnonzero(survey["hours"] == -9)[:1]) for at, own in table.items()}
    other = {at: own.take(np.flatnonzero(survey["hours"] > 0)[:1]) for at, own in table.items()}
    made = rule.restore(row | {1: other[1], 2: other[2]})
    assert [made[at].values.iloc[0] for at in (0, 1, 2)] == [-9, "not asked", -9.0]


@pytest.mark.parametrize("marks", [(), ((1,),)])
def test_malformed_marks_are_refused(survey, table_of, rng, marks):
    rule, _ = find_joint_marks(table_of(survey), rng)
    with pytest.raises(ValueError, match="together: "):
        JointMarksDependency(rule.members, marks)


def test_generated_rows_keep_the_marks_together(survey):
    gan = TabGAN(steps=5, hidden_dim=16, refine=False, polish=False, verbose=False, random_state=0)
    made = gan.fit(survey).sample(400)
    assert ((made["hours"] == -9) == (made["sector"] == "not asked")).all()
    assert ((made["hours"] == -8) == (made["wage"] == -8)).all()
    assert (made["rent"].isna() == made["rooms"].isna()).all()
