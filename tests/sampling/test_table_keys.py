"""Columns that are unique together: a date and a line, a country and a year."""

import numpy as np
import pandas as pd

from tabgan import TabTrees, infer_schema
from tabgan.evaluation.compared_tables import read_tables
from tabgan.evaluation.keys_and_times import compare_row_rules
from tabgan.sampling.table_keys import find_joint_keys, key_from_json, key_to_json
from tabgan.table.columns import by_position


def readings(rows=700, days=120, pumps=8, seed=0):
    rng = np.random.default_rng(seed)
    cells = np.sort(rng.permutation(days * pumps)[:rows])
    return pd.DataFrame(
        {
            "day": pd.Timestamp("2021-05-03") + pd.to_timedelta(cells // pumps, unit="D"),
            "pump": np.array([f"P{n}" for n in range(pumps)])[cells % pumps],
            "flow": rng.normal(50 + cells % pumps, 4, rows).round(1),
            "alarms": rng.poisson(2, rows),
        }
    )


def joint_keys(frame):
    found = find_joint_keys(by_position(frame, infer_schema(frame)))
    return [{own.column.name for own in key.columns} for key in found]


def test_a_day_and_a_pump_are_found_and_kept_unique(tmp_path):
    frame = readings()
    assert joint_keys(frame) == [{"day", "pump"}]
    trees = TabTrees(refine=False, random_state=0).fit(frame)
    (rule,) = trees._model.keys
    assert key_from_json(key_to_json(rule)) == rule
    assert "by chance" in rule.describe(trees.schema_)
    trees.save(tmp_path / "pumps.safetensors")
    new = TabTrees.load(tmp_path / "pumps.safetensors").sample(700)
    assert new.duplicated(["day", "pump"]).mean() < 0.01  # 0.3 before
    assert new["pump"].value_counts().max() < 1.25 * 700 / 8


def test_as_many_rows_repeat_others_as_in_the_table():
    frame = readings()
    frame.loc[frame.index[:8], ["day", "pump"]] = frame.loc[
        frame.index[100:108], ["day", "pump"]
    ].to_numpy()
    new = TabTrees(refine=False, random_state=0).fit(frame).sample(700)
    assert 0.005 < new.duplicated(["day", "pump"]).mean() < 0.02


def test_three_columns_are_found_where_no_two_are_unique():
    rng = np.random.default_rng(1)
    cells = rng.permutation(12 * 12 * 12)[:1200]
    columns = {name: cells // 12**at % 12 for at, name in enumerate(["row", "shelf", "bin"])}
    frame = pd.DataFrame({**columns, "weight": rng.normal(5, 1, 1200).round(3)})
    assert joint_keys(frame) == [{"row", "shelf", "bin"}]


def test_columns_without_a_grid_have_no_joint_key():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({name: rng.integers(0, 40, 600) for name in "abcdef"})
        assert joint_keys(frame) == []


def test_a_broken_grid_is_told():
    frame = readings()
    mixed = frame.assign(pump=np.random.default_rng(0).permutation(frame["pump"]))
    (rule,) = compare_row_rules(read_tables(frame, mixed), np.random.default_rng(0))
    assert rule.columns == ("day", "pump")
    assert rule.rows.value < 80
