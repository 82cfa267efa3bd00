"""Marks that stand in several columns of the same rows."""

import json

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.detect_dependencies import dependency_from_json
from tabgan.rules.presence_dependency import (
    JointMarksDependency,
    PresenceDependency,
    find_hole_shares,
    find_joint_marks,
    find_presences,
    frequent_marks,
)
from tabgan.table.columns import ColumnFrame, ColumnRef, by_position
from tabgan.table.schema import Column

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


def test_empty_texts_are_named():
    columns = [ColumnRef(at, Column(name, "categorical", "object")) for at, name in enumerate("ab")]
    rule = JointMarksDependency(tuple(columns), (("", ""), ("", None)))
    assert rule.describe().endswith("are empty or (empty, missing) in the same rows")


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


RNG = np.random.default_rng(0)
LEFT = RNG.random(900) < 0.3


def reference(n: int) -> list[str]:
    letters = RNG.choice([*"ABCDEFGHJKLMNPQRSTUVWXYZ"], (n, 7))
    return ["EX" + "".join(row) for row in letters]


STAFF = pd.DataFrame(
    {
        "status": np.where(LEFT, "Left", "Active"),
        "exit_ref": np.where(LEFT, reference(900), None),
        "hours": RNG.normal(30, 5, 900).round(1),
        "badge": np.where(RNG.random(900) < 0.1, "NA", reference(900)),
    }
)
KINDS = {"exit_ref": "identifier", "badge": "identifier"}


@pytest.fixture(scope="module")
def gan() -> TabGAN:
    options = {"steps": 20, "hidden_dim": 16, "refine": False, "polish": False, "verbose": False}
    return TabGAN(**options, random_state=0, schema=KINDS).fit(STAFF)


def table_of(frame: pd.DataFrame) -> ColumnFrame:
    return by_position(frame, infer_schema(frame, KINDS))


def test_a_reference_stands_exactly_where_the_status_says(gan):
    rules = [rule.describe() for rule in gan.dependencies_]
    assert rules == [
        "where 'exit_ref' has a value is learned",
        "where 'badge' has a value is learned",
        "'status' determines 'presence of exit_ref'",
    ]
    drawn = gan.sample(8192)
    assert (drawn["exit_ref"].notna() == (drawn["status"] == "Left")).all()
    assert drawn["exit_ref"].dropna().is_unique
    assert abs(drawn["exit_ref"].isna().mean() - STAFF["exit_ref"].isna().mean()) < 0.01
    assert abs((drawn["badge"] == "NA").mean() - (STAFF["badge"] == "NA").mean()) < 0.01
    assert not set(drawn["badge"]) & (set(STAFF["badge"]) - {"NA"})


def test_a_condition_on_presence(gan):
    gone = gan.sample(100, where="exit_ref is not missing and hours > 20")
    assert (gone["status"] == "Left").all()
    assert gone["exit_ref"].is_unique
    assert gan.sample(100, where="exit_ref is missing")["status"].unique().tolist() == ["Active"]
    assert (gan.sample(50, where={"badge": None})["badge"] == "NA").all()


def test_balanced_and_completed_rows_keep_the_rule(gan):
    drawn = gan.sample(60, balance="status")
    assert (drawn["exit_ref"].notna() == (drawn["status"] == "Left")).all()
    partial = pd.DataFrame({"status": ["Active", "Left"], "exit_ref": [None, None]}, dtype=object)
    assert gan.sample(where=partial)["exit_ref"].isna().tolist() == [True, False]
    given = gan.sample(where=pd.DataFrame({"exit_ref": ["EXABCDEFG"]}))
    assert given[["exit_ref", "status"]].to_numpy().tolist() == [["EXABCDEFG", "Left"]]


def test_impute_leaves_no_hole_that_is_not_one_of_the_table(gan):
    holes = STAFF.head(20).assign(badge=None)
    filled = gan.impute(holes)
    assert (filled["exit_ref"].notna() == (STAFF["status"].head(20) == "Left")).all()


def test_the_model_file_keeps_it(gan, tmp_path):
    gan.save(tmp_path / "model.tabgan")
    loaded = TabGAN.load(tmp_path / "model.tabgan", device="cpu")
    pd.testing.assert_frame_equal(loaded.sample(100), gan.sample(100))


@pytest.mark.parametrize("derive", [True, False])
def test_presence_is_learned_without_other_rules_too(derive):
    schema = infer_schema(STAFF, KINDS)
    rng = np.random.default_rng(0)
    encoder = TableEncoder.fit(STAFF, schema, rng, derive=derive)
    assert encoder.presence == {1: 5, 3: 7}
    assert encoder.spans.widths == ((2, 2) if derive else (2, 2, 2))
    codes = encoder.encode(STAFF).codes
    assert codes.shape == (900, len(encoder.spans.widths))


def test_what_is_taken_away_is_put_back():
    table = table_of(STAFF)
    rule = find_presences(table, 4)[0]
    assert rule.positions == (1, 5)
    read = dependency_from_json({"rule": rule.name, **rule.to_json()})
    assert isinstance(read, PresenceDependency)
    reduced = read.reduce(table)
    assert reduced[5].values.value_counts().to_dict() == {"present": int(LEFT.sum())}
    assert len(rule.present_cells(table).values) == LEFT.sum()
    back = read.restore(reduced)[1].values
    assert (back.isna() == ~LEFT).all()
    assert set(read.restore({0: table[0]})) == {0}


def test_a_column_without_holes_or_values_needs_no_presence():
    frame = pd.DataFrame({"id": reference(30), "none": [None] * 30, "x": range(30)}, dtype=object)
    schema = infer_schema(frame, {"id": "identifier", "none": "identifier"})
    assert find_presences(by_position(frame, schema), 3) == []


def test_a_damaged_rule_is_refused():
    (rule, _) = find_presences(table_of(STAFF), 4)
    state = rule.to_json() | {"rule": rule.name}
    with pytest.raises(ValueError, match="are no marks of absence"):
        dependency_from_json(state | {"absent": ["K-1001"]})
    with pytest.raises(ValueError, match="stands behind its target"):
        dependency_from_json(state | {"position": 0})


def test_marks_beside_names_that_differ_stand_where_there_is_no_name():
    people = [
        f"{first} {last}" for first in ("Ann", "Ben", "Eva") for last in ("Lee", "King", "Frick")
    ]
    frame = pd.DataFrame({"name": [*people, *["N/D"] * 30, *["vacant"] * 6, *["Ann Fry"] * 2]})
    (cells,) = by_position(frame, infer_schema(frame, {"name": "name"})).values()
    assert frequent_marks(cells) == ["N/D", "vacant"]
    (rule,) = find_presences({0: cells}, 1)
    assert rule.absent == ("N/D", "vacant")
    assert len(rule.present_cells({0: cells}).values) == 11
    frame["name"] = frame["name"].replace("N/D", "Tom Jones")
    (cells,) = by_position(frame, infer_schema(frame, {"name": "name"})).values()
    assert not frequent_marks(cells)


def test_columns_that_rules_derive_have_their_holes_in_the_same_rows(rng):
    n, gone = 400, rng.random(400) < 0.2
    station = rng.integers(0, 12, n)
    parts = rng.integers(0, 90, (2, n)).astype(float)
    frame = pd.DataFrame(
        {"station": station, "county": station // 3, "unit": rng.integers(0, 9, n)}
    )
    frame = frame.astype(str).replace(r"^", "S", regex=True)
    frame = frame.assign(most=parts.sum(axis=0), now=parts[0], lost=parts[1])
    frame[gone] = None
    frame["day"] = rng.integers(0, 99, n)
    schema = infer_schema(frame)
    encoder = TableEncoder.fit(frame, schema, rng)
    torn = frame.copy()
    torn.loc[torn.index[:40], "unit"] = np.resize([None, "S1"], 40)
    (rule,) = (
        own
        for own in encoder.dependencies
        if isinstance(own, JointMarksDependency) and len(own.positions) == 6
    )
    whole = rule.restore(by_position(torn, schema))
    holes = np.array([whole[at].values.isna() for at in range(6)])
    assert (holes == holes[0]).all()
    assert (whole[3].values == whole[4].values + whole[5].values)[~holes[0]].all()


# ---------------------------------------------------------------- holes that go with levels


def stages(rng, rows=1500):
    """Dates that a status has or lacks, and an age that some channels often lack."""
    created = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 500, rows), "D")
    stage = rng.choice(3, rows, p=[0.2, 0.3, 0.5])
    sent = created + pd.to_timedelta(rng.integers(1, 9, rows), "D")
    channel = rng.choice(["web", "shop"], rows)
    lacks = rng.random(rows) < np.where(channel == "web", 0.05, 0.5)
    return pd.DataFrame(
        {
            "created": created.strftime("%Y-%m-%d"),
            "sent": np.where(stage > 0, sent.strftime("%Y-%m-%d"), None),
            "status": np.array(["new", "sent", "closed"])[stage],
            "channel": channel,
            "age": np.where(lacks, np.nan, rng.integers(18, 80, rows)),
        }
    )


def test_holes_go_with_levels(rng):
    frame = stages(rng)
    model = TabGAN(
        steps=2, hidden_dim=8, refine=False, polish=False, verbose=False, random_state=0
    ).fit(frame)
    rules = {
        rule.target.column.name: rule for rule in model.dependencies_ if rule.name == "hole shares"
    }
    assert rules["sent - created"].describe() == (
        "how often 'sent - created' has a value goes with 'status' "
        "(always for 'closed', 'sent'; never for 'new')"
    )
    drawn = model.sample(1500)
    assert (drawn["sent"].notna() == (drawn["status"] != "new")).all()
    for channel, rows in frame.groupby("channel"):
        own = drawn.loc[drawn["channel"] == channel, "age"]
        assert abs(own.isna().mean() - rows["age"].isna().mean()) < 0.02


def test_values_change_places_with_holes(rng):
    frame = stages(rng)
    table = by_position(frame, infer_schema(frame))
    (rule,) = [own for own in find_hole_shares(table) if own.target.position == 4]
    assert dependency_from_json({"rule": rule.name, **rule.to_json()}) == rule
    mixed = frame.assign(age=rng.permutation(frame["age"]))
    kept = rule.restore(by_position(mixed, infer_schema(frame)))[4].values
    assert sorted(kept.dropna()) == sorted(frame["age"].dropna())
    for channel in ("web", "shop"):
        rows = (frame["channel"] == channel).to_numpy()
        assert abs(kept[rows].isna().mean() - frame["age"][rows].isna().mean()) < 0.02


def test_holes_that_go_with_nothing_have_no_rule(rng):
    frame = stages(rng).drop(columns=["status", "sent", "created"])
    frame["channel"] = rng.permutation(frame["channel"])
    assert not find_hole_shares(by_position(frame, infer_schema(frame)))
