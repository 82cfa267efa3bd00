"""Columns that several others determine together."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tabgan import TabTrees
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.detect_dependencies import dependency_from_json, detect_dependencies
from tabgan.rules.joint_dependency import find_coalesced, find_joint, find_pairs
from tabgan.table.columns import by_position
from tabgan.table.schema import Schema

ROWS = 900


def detected(frame):
    table = by_position(frame, infer_schema(frame))
    return table, detect_dependencies(table, np.random.default_rng(0))


def tariffs(rng):
    state = rng.choice(["new", "used", "rental"], ROWS)
    fuel = rng.choice(["petrol", "diesel", "electric", "gas"], ROWS)
    codes = {"new": "ABCD", "used": "BBAC", "rental": "DAAC"}
    place = {name: at for at, name in enumerate(["petrol", "diesel", "electric", "gas"])}
    tariff = [codes[s][place[f]] for s, f in zip(state, fuel, strict=True)]
    noise = rng.choice(["x", "y", "z"], ROWS)
    return pd.DataFrame({"state": state, "fuel": fuel, "tariff": tariff, "note": noise})


def test_two_columns_that_determine_a_third(rng):
    frame = tariffs(rng)
    table, rules = detected(frame)
    (rule,) = [rule for rule in rules if rule.name == "jointly determine"]
    assert rule.describe() == "'state' and 'fuel' together determine 'tariff'"
    again = dependency_from_json(json.loads(json.dumps({"rule": rule.name, **rule.to_json()})))
    assert again == rule
    mixed = table | {2: table[2].take(rng.permutation(ROWS))}
    mixed[2] = mixed[2]._replace(values=mixed[2].values.reset_index(drop=True))
    assert rule.restore(mixed)[2].values.tolist() == frame["tariff"].tolist()


def test_three_columns_that_determine_a_number_with_holes(rng):
    grade, floor = rng.integers(1, 5, ROWS), rng.integers(1, 4, ROWS)
    region = rng.choice(["City", "Coast"], ROWS)
    ceiling = 20_000 + 1_500 * ((3 * grade + 5 * floor + 7 * (region == "City")) % 9)
    ceiling = np.where(rng.random(ROWS) < 0.1, np.nan, ceiling)
    frame = pd.DataFrame({"grade": grade, "floor": floor, "region": region, "ceiling": ceiling})
    (rule,) = [rule for rule in detected(frame)[1] if rule.name == "jointly determine"]
    assert {0, 1, 2, 3} == {*rule.positions}
    assert rule.target.column.name == "ceiling"


def test_no_column_that_does_not_matter_takes_part(rng):
    frame = tariffs(rng)
    broken = rng.random(ROWS) < 0.02
    frame["tariff"] = np.where(broken, rng.choice([*"ABCD"], ROWS), frame["tariff"])
    table = by_position(frame, infer_schema(frame))
    assert not find_joint(table, np.random.default_rng(0))


KINDS = {
    "numbers": lambda rng: rng.gamma(3, 20, ROWS).round(1),
    "levels": lambda rng: rng.choice(["red", "green", "blue"], ROWS),
    "dates": lambda rng: (
        pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 400, ROWS), "D")
    ).strftime("%d.%m.%Y"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_value_that_is_there(kind, rng):
    raw = pd.Series(KINDS[kind](rng), dtype=object)
    corrected = pd.Series(KINDS[kind](rng), dtype=object).where(rng.random(ROWS) < 0.2)
    frame = pd.DataFrame({"raw": raw, "corrected": corrected})
    frame["final"] = corrected.where(corrected.notna(), raw)
    (rule,) = [rule for rule in detected(frame)[1] if rule.name == "coalesce"]
    assert rule.describe() == "'final' is 'corrected' where it has a value, else 'raw'"
    assert dependency_from_json({"rule": rule.name, **rule.to_json()}) == rule
    drawn = TabTrees(verbose=False, random_state=0, refine=False).fit(frame).sample(300)
    wanted = drawn["corrected"].where(drawn["corrected"].notna(), drawn["raw"])
    assert drawn["final"].astype(str).tolist() == wanted.astype(str).tolist()


def test_what_is_computed_from_the_first_value_stays_so(rng):
    raw = rng.gamma(3, 20, ROWS).round(1)
    corrected = np.where(rng.random(ROWS) < 0.2, (raw * rng.uniform(1, 2, ROWS)).round(1), np.nan)
    final = np.where(np.isnan(corrected), raw, corrected)
    frame = pd.DataFrame({"raw": raw, "corrected": corrected, "final": final})
    frame["n"] = rng.integers(1, 9, ROWS)
    frame["amount"] = (frame["n"] * frame["final"]).round(1)
    drawn = TabTrees(verbose=False, random_state=0, refine=False).fit(frame).sample(300)
    wanted = drawn["corrected"].where(drawn["corrected"].notna(), drawn["raw"])
    assert (drawn["final"] == wanted).all()
    assert (abs(drawn["n"] * drawn["final"] - drawn["amount"]) < 0.06).all()


def test_a_column_that_repeats_another_one_in_part_only_is_left(rng):
    raw = rng.gamma(3, 20, ROWS).round(1)
    corrected = np.where(rng.random(ROWS) < 0.2, (raw * rng.uniform(1, 2, ROWS)).round(1), np.nan)
    final = np.where(np.isnan(corrected), raw, corrected)
    final[:30] += 1
    frame = pd.DataFrame({"raw": raw, "corrected": corrected, "final": final})
    table = by_position(frame, infer_schema(frame))
    assert not find_coalesced(table, np.random.default_rng(0))


def jobs(rows=300, seed=0):
    """Twenty jobs of one department each, some rows of which are in a second one."""
    rng = np.random.default_rng(seed)
    job = rng.integers(0, 20, rows)
    second = rng.random(rows) < 0.2 * (job % 4 == 0)
    frame = pd.DataFrame({"job": [f"job {n}" for n in job], "unit": [f"u{n}" for n in job % 6]})
    frame["unit"] = frame["unit"].where(~second, [f"u{n}" for n in (job + 1) % 6])
    return by_position(frame, infer_schema(frame))


def test_pairs_that_never_occur_are_not_drawn_in_a_small_table():
    table = jobs()
    (rule,) = find_pairs(table, np.random.default_rng(0), 2)
    rule = dependency_from_json({"rule": rule.name, **rule.to_json()})
    assert rule.describe() == "'job' and 'unit' have 25 pairs of levels"
    rng = np.random.default_rng(1)
    mixed = {
        0: table[0].take(rng.integers(0, 300, 2000)),
        1: table[1].take(rng.integers(0, 300, 2000)),
    }
    drawn = rule.restore(mixed)
    pairs = {*zip(table[0].values, table[1].values, strict=True)}
    assert {*zip(drawn[0].values, drawn[1].values, strict=True)} <= pairs
    kept = (drawn[1].values.to_numpy() == mixed[1].values.to_numpy()).mean()
    assert 0.15 < kept < 0.25  # those whose pair occurs anyway
    assert rule.restore(table)[1].values.equals(table[1].values)


def test_a_pair_of_few_rows_is_not_stored():
    table = jobs()
    rare = pd.Series(table[1].values.to_numpy(object), dtype=object)
    rare.iloc[np.flatnonzero(table[0].values == "job 0")[:3]] = "u5"
    frame = pd.DataFrame({"job": table[0].values.to_numpy(object), "unit": rare})
    schema = Schema([replace(column, min_group=5) for column in infer_schema(frame)])
    (rule,) = find_pairs(by_position(frame, schema), np.random.default_rng(0), 2)
    assert min(rows for *_, rows in rule.pairs) >= 5


def test_unrelated_levels_have_no_pairs():
    for seed in range(30):
        rng = np.random.default_rng(seed)
        columns = {name: rng.geometric(0.2, 250).astype(str) for name in "abcd"}
        frame = pd.DataFrame(columns)
        assert not find_pairs(by_position(frame, infer_schema(frame)), rng, 4)
