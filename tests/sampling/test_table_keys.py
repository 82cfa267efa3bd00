"""Columns that are unique together: a date and a line, a country and a year."""

import numpy as np
import pandas as pd

from tabgan import TabGAN, TabTrees, infer_schema
from tabgan.evaluation.compared_tables import read_tables
from tabgan.evaluation.keys_and_times import compare_row_rules
from tabgan.sampling.table_keys import find_joint_keys, find_order, key_from_json, key_to_json
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
    rule, order = trees._model.keys
    assert "in order of 'day'" in order.describe(trees.schema_)
    assert key_from_json(key_to_json(rule)) == rule
    assert "by chance" in rule.describe(trees.schema_)
    trees.save(tmp_path / "pumps.safetensors")
    new = TabTrees.load(tmp_path / "pumps.safetensors").sample(700)
    assert new.duplicated(["day", "pump"]).mean() < 0.01  # 0.3 before
    assert new["pump"].value_counts().max() < 1.25 * 700 / 8
    assert new["day"].is_monotonic_increasing


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


def in_order(frame, name):
    return bool((frame[name].to_numpy()[1:] >= frame[name].to_numpy()[:-1]).all())


def visits(rows=400, seed=0):
    """Rows in order of a day, with a running number and a code that rise as well."""
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2023-01-02") + pd.to_timedelta(np.sort(rng.integers(0, 500, rows)), "D")
    return pd.DataFrame(
        {
            "visit": 7_000 + np.arange(rows),
            "ticket": [f"T{n}" for n in np.sort(rng.choice(90_000, rows, replace=False) + 10_000)],
            "day": days.strftime("%Y-%m-%d").astype(object),
            "ward": rng.choice([*"abc"], rows),
            "cost": rng.gamma(2, 50, rows).round(2),
        }
    )


def quick(frame, **options):
    gan = TabGAN(steps=1, refine=False, polish=False, random_state=0, **options).fit(frame)
    return gan, gan.sample(len(frame), random_state=1)


def test_rows_come_in_order_of_a_date_and_running_numbers_follow(tmp_path):
    frame = visits()
    gan, drawn = quick(frame)
    assert all(in_order(drawn, name) for name in ("visit", "ticket", "day"))
    assert drawn["ticket"].is_unique
    (order,) = gan._model.keys
    assert order.describe(gan.schema_).startswith("rows are in order of 'day'")
    gan.save(tmp_path / "model.tabgan")
    again = TabGAN.load(tmp_path / "model.tabgan")
    pd.testing.assert_frame_equal(again.sample(len(frame), random_state=1), drawn)


def test_rows_come_in_order_of_a_key_and_then_of_a_falling_date():
    frame = visits()
    frame["customer_id"] = [f"CU{n}" for n in np.sort(np.arange(400) // 5 + 1_000)]
    frame = frame.drop(columns=["visit", "ticket"])
    frame = frame.sort_values(["customer_id", "day"], ascending=[True, False], ignore_index=True)
    _, drawn = quick(frame)
    assert in_order(drawn, "customer_id")
    same = drawn["customer_id"].to_numpy()[1:] == drawn["customer_id"].to_numpy()[:-1]
    days = drawn["day"].to_numpy()
    assert (days[1:] <= days[:-1])[same].all()
    assert same.mean() > 0.5


def test_rows_in_no_order_and_classes_that_stand_together_are_left_alone():
    frame = visits(1_500).drop(columns=["visit", "ticket"])
    mixed = frame.sample(frac=1, random_state=0, ignore_index=True)
    seldom = np.zeros(len(frame), int)
    seldom[:14] = [9, 9, 8, 7, 7, 8, 6, 5, 4, 3, 3, 2, 1, 1]
    for table, is_in_order in (
        (frame, True),
        (mixed, False),
        (mixed.sort_values("ward", ignore_index=True), False),
        (mixed.assign(alarms=seldom), False),
    ):
        assert (find_order(by_position(table, infer_schema(table))) is not None) == is_in_order
