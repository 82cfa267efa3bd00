"""Columns whose levels follow from a number, a comparison or a part of a date."""

import json

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.rules.band_dependency import BandDependency, _roundest, find_bands
from tabgan.rules.detect_dependencies import dependency_from_json, detect_dependencies

ROWS = 800


@pytest.fixture(scope="module")
def measures():
    rng = np.random.default_rng(2)
    day = pd.Timestamp("2022-01-01")
    due = day + pd.to_timedelta(rng.integers(0, 700, ROWS), "D")
    return pd.DataFrame(
        {
            "home": rng.integers(0, 6, ROWS),
            "away": rng.integers(0, 6, ROWS),
            "sales": rng.gamma(2, 2_500, ROWS).round(2),
            "balance": rng.normal(0, 100, ROWS),
            "age": rng.integers(18, 90, ROWS),
            "due": due,
            "sent": due + pd.to_timedelta(rng.integers(-30, 30, ROWS), "D"),
        }
    )


def sizes(values, bounds, names):
    return np.array(names)[np.searchsorted(bounds, values, side="right")]


FOLLOW = {  # the columns that are measured, what follows, the rule in words
    "result": (
        ["home", "away"],
        lambda t: sizes(t["home"] - t["away"], [0, 1], ["A", "D", "H"]),
        "follows from 'home' - 'away' (A below 0, D below 1, H above)",
    ),
    "size": (
        ["sales"],
        lambda t: sizes(t["sales"], [3_000, 7_000], ["Small", "Medium", "Large"]),
        "follows from 'sales' (Small below 3000, Medium below 7000, Large above)",
    ),
    "sign": (
        ["balance"],
        lambda t: np.where(t["balance"] < 0, "debit", "credit"),
        "follows from 'balance' (debit below 0, credit above)",
    ),
    "too low or too high": (
        ["age"],
        lambda t: sizes(t["age"], [25, 70], ["other", "usual", "other"]),
        "follows from 'age' (other below 25, usual below 70, other above)",
    ),
    "numbered bands": (
        ["age"],
        lambda t: sizes(t["age"], [30, 60], [1, 2, 3]),
        "follows from 'age' (1 below 30, 2 below 60, 3 above)",
    ),
    "late": (["due", "sent"], lambda t: t["sent"] > t["due"], "follows from 'due' - 'sent'"),
    "very late": (
        ["due", "sent"],
        lambda t: (t["sent"] - t["due"]).dt.days > 14,
        "follows from 'due' - 'sent' (2 ranges)",
    ),
    "before or after": (
        ["due"],
        lambda t: np.where(t["due"] < "2023-01-01", "old", "new"),
        "follows from 'due' (2 ranges)",
    ),
    "weekday": (["due"], lambda t: t["due"].dt.day_name(), "follows from the weekday of 'due'"),
    "weekend": (["due"], lambda t: t["due"].dt.dayofweek >= 5, "the weekday of 'due'"),
    "season": (
        ["due"],
        lambda t: sizes(t["due"].dt.month, [3, 6, 9, 12], ["wi", "sp", "su", "au", "wi"]),
        "follows from the month of 'due'",
    ),
}


def table_with(name, measures):
    columns, follow, words = FOLLOW[name]
    return measures[columns].assign(what=follow(measures)), words


@pytest.mark.parametrize("name", FOLLOW)
def test_levels_that_follow_are_looked_up(name, measures, table_of, round_trip, rng):
    frame, words = table_with(name, measures)
    (rule,) = find_bands(table_of(frame), rng)
    assert words in rule.describe()
    pd.testing.assert_frame_equal(round_trip(table_of(frame), [rule]), frame)


@pytest.mark.parametrize("name", FOLLOW)
def test_one_wrong_row_or_shuffled_levels_are_no_rule(name, measures, table_of, rng):
    frame, _ = table_with(name, measures)
    levels = frame["what"].to_numpy()
    assert not find_bands(table_of(frame.assign(what=rng.permutation(levels))), rng)
    order = frame.iloc[:, 0].argsort().to_numpy()
    wrong = levels.copy()
    wrong[order[ROWS // 2]] = next(own for own in levels if own != levels[order[ROWS // 2]])
    assert not find_bands(table_of(frame.assign(what=wrong)), rng)


def test_levels_that_only_go_with_a_number_are_no_rule(measures, table_of, rng):
    noisy = measures["sales"] + rng.normal(0, 500, ROWS)
    frame = measures.assign(size=sizes(noisy, [3_000, 7_000], ["S", "M", "L"]))
    assert not find_bands(table_of(frame), rng)


def test_a_number_that_hardly_blurs_another_is_no_comparison(table_of, rng):
    place = rng.integers(0, 6, ROWS)
    frame = pd.DataFrame({"plan": np.array([*"abcdef"])[place], "cap": place * 100})
    frame["used"] = rng.integers(0, 80, ROWS)
    assert not find_bands(table_of(frame), rng)


def test_a_column_without_numbers_has_one_level_there(measures, table_of, round_trip, rng):
    score = measures["balance"].where(rng.random(ROWS) < 0.8)
    grade = np.select([score.isna(), score < 0], ["absent", "failed"], "passed")
    frame = pd.DataFrame({"score": score, "grade": grade})
    (rule,) = find_bands(table_of(frame), rng)
    pd.testing.assert_frame_equal(round_trip(table_of(frame), [rule]), frame)


def test_single_values_that_determine_levels_are_left_to_the_levels(table_of, rng):
    number = pd.Series(rng.integers(0, 5, ROWS))
    frame = pd.DataFrame({"number": number, "word": number.map(dict(enumerate("abcde")))})
    rules = [rule.describe() for rule in detect_dependencies(table_of(frame), rng)]
    assert rules == ["'word' determines 'number'"]


def test_categories_keep_what_they_determine(measures, table_of, rng):
    city = pd.Series(rng.choice(["Bonn", "Lyon", "Nice", "Pisa"], ROWS), name="city")
    country = city.map({"Bonn": "DE", "Lyon": "FR", "Nice": "FR", "Pisa": "IT"})
    latitude = city.map({"Bonn": 50, "Lyon": 45, "Nice": 43, "Pisa": 40}) + rng.random(ROWS)
    frame = pd.DataFrame({"city": city, "country": country, "latitude": latitude.round(3)})
    rules = [rule.describe() for rule in detect_dependencies(table_of(frame), rng)]
    assert sorted(rules)[0].startswith("'city' follows from 'latitude'")
    assert "'country' follows from 'latitude'" in sorted(rules)[1]


@pytest.mark.parametrize("name", FOLLOW)
def test_fixed_levels_move_what_is_measured(name, measures, table_of, rng):
    frame, _ = table_with(name, measures)
    table = table_of(frame)
    (rule,) = find_bands(table, rng)
    at = rule.target.position
    levels = frame["what"].to_numpy()
    other = pd.Series(levels[rng.permutation(ROWS)], name="what").astype(frame["what"].dtype)
    table[at] = table[at]._replace(values=other)
    fixed = np.zeros((ROWS, len(table)), np.bool_)
    fixed[:, at] = True
    moved = rule.propagate(table, fixed)
    again = rule.restore(rule.reduce(moved))[at].values
    assert (again == other).mean() > 0.97  # a range may end where a level is
    assert fixed.all()


def test_bounds_are_round():
    assert _roundest(2_999.98, 3_002.1) == 3_000
    assert _roundest(-0.2, 0.7) == 0
    assert _roundest(0.128, 0.131) == 0.13
    assert _roundest(-7.3, -6.6) == -7


WRONG = {
    "no measure": ({"measure": "colour"}, "no measure 'colour'"),
    "one source too few": ({"measure": "difference"}, "a difference has two sources"),
    "bounds that descend": ({"bounds": [7, 3]}, "must not descend"),
    "infinite bounds": ({"bounds": [3, float("inf")]}, "finite"),
    "an unknown level": ({"image": [0, 1, 2, 9]}, "only 3 levels"),
    "a range without a level": ({"image": [0, 1]}, "each range needs a level"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_a_malformed_rule_is_refused(change, message, measures, table_of, rng):
    (rule,) = find_bands(table_of(table_with("size", measures)[0]), rng)
    state = json.loads(json.dumps({"rule": rule.name, **rule.to_json()}))
    assert dependency_from_json(state) == rule
    with pytest.raises((TypeError, ValueError), match=message):
        BandDependency.from_json(state | change)


def test_generated_rows_keep_what_follows(measures):
    frame = measures.assign(**{name: own(measures) for name, (_, own, _) in FOLLOW.items()})
    gan = TabGAN(steps=5, hidden_dim=16, refine=False, polish=False, verbose=False, random_state=0)
    made = gan.fit(frame).sample(400)
    for name, (_, own, _) in FOLLOW.items():
        assert (made[name].to_numpy() == np.asarray(own(made))).all(), name
    for name, level in (("result", "H"), ("size", "Large"), ("weekday", "Sunday")):
        asked = gan.sample(20, where={name: level})
        assert (asked[name] == level).all()
        assert (asked[name].to_numpy() == np.asarray(FOLLOW[name][1](asked))).all(), name
