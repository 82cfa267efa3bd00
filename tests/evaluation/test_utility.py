"""What is predicted, and how well: each column from the others."""

import numpy as np
import pandas as pd
import pytest

from tabgan import evaluate
from tabgan.evaluation.compared_tables import CodedColumn
from tabgan.evaluation.distributions import with_classes
from tabgan.evaluation.evaluation_parts import Figure, Predicted, Utility
from tabgan.evaluation.utility import (
    Target,
    choose_target,
    measure_utility,
)

NONE = np.array([])


def same(values: np.ndarray, levels: tuple[str, ...] = ()) -> CodedColumn:
    return CodedColumn(bool(levels), values, values, NONE, levels)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_column_that_another_gives_away_is_not_the_target(rng):
    x = rng.normal(size=2000)
    churned = (x + rng.normal(size=2000) > 0).astype(float)
    plan = rng.integers(0, 3, 2000).astype(float)
    coded = {
        0: same(x),
        1: same(churned, ("no", "yes")),
        2: same(plan, ("a", "b", "c")),
        3: same(2 - plan, ("z", "y", "x")),  # the last column, which column 2 gives
    }
    target = choose_target(coded, rng)
    assert target is not None
    assert target.place == 1
    only = {place: coded[place] for place in (2, 3)}
    alone = choose_target(only, rng)
    assert alone is not None, "where there is no other, it is better than none"


def test_parts_of_lists_and_columns_of_few_cells_are_not_the_target(rng):
    x = rng.normal(size=2000)
    bought, churned = ((x + rng.normal(size=2000) > 0).astype(float) for _ in "ab")
    seldom = np.where(np.arange(2000) % 4 == 0, (x > 0).astype(float), np.nan)
    rare = (rng.random(2000) < 0.002).astype(float)
    words = ("no", "yes")
    coded = {0: same(x), 1: same(churned, words), 2: same(seldom, words), 3: same(rare, words)}
    coded[4] = same(bought, words)
    target = choose_target(coded, rng, parts={4})
    assert target is not None
    assert target.place == 1


def test_numbers_of_two_values_are_classes(rng):
    x = rng.normal(size=1000)
    flag = (x + rng.normal(size=1000) > 0).astype(float)
    coded = {0: same(x), 1: CodedColumn(False, flag, np.append(flag[1:], 7.0), NONE)}
    column = with_classes(coded)[1]
    assert column.nominal
    assert column.levels == (0.0, 1.0)
    assert np.isnan(column.synthetic[-1]), "7 is none of the real values"
    target = choose_target(coded, rng)
    assert target is not None
    assert target.place == 1


def test_each_column_is_predicted_from_the_others(rng):
    x, noise = rng.normal(size=(2, 3000))
    y = x + 0.1 * rng.normal(size=3000)
    z = np.where(x > 0, 1.0, 0.0)
    mixed = rng.permutation(3000)
    coded = {
        0: CodedColumn(False, x, x[mixed], NONE),
        1: CodedColumn(False, y, y[mixed], NONE),
        2: CodedColumn(True, z, rng.permutation(z), NONE, ("no", "yes")),
        3: CodedColumn(False, noise, noise[mixed], NONE),
    }
    target = choose_target(coded, rng)
    assert target is not None
    measured = measure_utility(
        coded, {0: "x", 1: "y", 2: "z", 3: "noise"}, target, most_rows=2000, rng=rng
    )
    assert measured is not None
    columns = {one.column: one for one in measured[0].columns}
    assert set(columns) == {"x", "y", "z"}, "nothing predicts noise, from real rows either"
    assert measured[0].columns[0].column == "z"
    assert columns["z"].kept < 0.1
    assert columns["y"].kept > 0.95
    assert 0.4 < measured[0].kept_of_all < 0.8


def test_all_columns_are_weighed_by_what_there_is_to_know():
    columns = (
        Predicted("a", "R²", Figure(0.9, 0.9)),
        Predicted("b", "AUC", Figure(0.5, 0.6)),  # a gain of .2, all of it lost
    )
    utility = Utility("a", "named", "R²", Figure(0.9, 0.9), 0.0, (), columns)
    assert [one.gain for one in columns] == pytest.approx([0.9, 0.2])
    assert utility.kept_of_all == pytest.approx(0.9 / 1.1)
    assert Utility("a", "named", "R²", Figure(0.9, 0.9), 0.0, ()).kept_of_all == 1


def test_a_few_rows_of_heavy_tails_do_not_decide(rng):
    x, other = rng.normal(size=(2, 3000))
    heavy, drawn = np.exp(4 * x + rng.normal(size=3000)), np.exp(4 * other + rng.normal(size=3000))
    coded = {0: CodedColumn(False, x, other, NONE), 1: CodedColumn(False, heavy, drawn, NONE)}
    found = measure_utility(coded, {0: "x", 1: "y"}, Target(0, ""), most_rows=1000, rng=rng)
    assert found is not None
    assert {one.metric for one in found[0].columns} == {"R² of ranks"}
    assert all(one.kept > 0.95 for one in found[0].columns)


def test_rows_of_few_keys_do_not_hide_what_is_lost(rng):
    """Rows of a key are alike in the column, and not in what a model of it gets wrong."""
    keys = np.repeat(np.arange(20), 40)
    x = rng.normal(size=800) + np.repeat(rng.normal(size=20), 40)
    y = np.where(x + rng.normal(size=800) / 4 > 0, 1.0, 0.0)
    columns = {0: same(x), 1: same(y, ("no", "yes"))}
    shuffled = {
        at: column._replace(synthetic=rng.permutation(column.real))
        for at, column in columns.items()
    }
    found = measure_utility(
        shuffled,
        {0: "x", 1: "y"},
        Target(1, ""),
        most_rows=800,
        rng=rng,
        units={"real": keys, "synthetic": keys},
    )
    assert found is not None
    of_target, of_all = found[0].errors_of_kept
    assert found[0].kept + of_target < 0.6
    assert found[0].kept_of_all + of_all < 0.6


def test_a_relation_of_three_columns_that_some_rows_break_is_named():
    def switches(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        left, right, size = *rng.choice(["on", "off"], (2, 1000)), rng.normal(size=1000).round(2)
        alarm = np.where((left == right) ^ (rng.random(1000) < 0.05), "no", "yes")
        return pd.DataFrame({"left": left, "right": right, "alarm": alarm, "size": size})

    real, drawn = switches(0), switches(1)
    assert not evaluate(real, drawn).verdict.weak_points
    drawn.loc[:299, "alarm"] = drawn.loc[:299, "alarm"].to_numpy()[::-1]
    first = evaluate(real, drawn).verdict.weak_points[0]
    assert {*first.columns} & {"alarm", "left", "right"}
    assert "goes with the other columns in another way" in first.what


def test_one_row_of_a_further_level_does_not_count_as_much_as_all_others(rng):
    x, other = rng.normal(size=(2, 1500))
    truth, drawn = (np.where(v + rng.normal(size=1500) / 2 > 0, 1.0, 0.0) for v in (x, other))
    drawn[7] = 2.0
    coded = {
        0: CodedColumn(False, x, other, NONE),
        1: CodedColumn(True, truth, drawn, NONE, ("left", "right", "both")),
    }
    found = measure_utility(coded, {0: "x", 1: "hand"}, Target(1, ""), most_rows=1000, rng=rng)
    assert found is not None
    hand = next(one for one in found[0].columns if one.column == "hand")
    assert hand.score_of_rows == pytest.approx(hand.score.baseline, abs=0.06)
