"""Where a generated column has a value is learned, and kept by the rules."""

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.detect_dependencies import dependency_from_json
from tabgan.rules.presence_dependency import PresenceDependency, find_presences
from tabgan.table.columns import ColumnFrame, by_position

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
        dependency_from_json(state | {"absent": ["Ann Lee"]})
    with pytest.raises(ValueError, match="stands behind its target"):
        dependency_from_json(state | {"position": 0})
