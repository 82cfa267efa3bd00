"""Categories that agree with what another column implies in nearly all rows."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.agreement_dependency import (
    NearPartDependency,
    find_level_equalities,
    find_near,
)
from tabgan.rules.detect_dependencies import dependency_from_json, detect_dependencies
from tabgan.table.columns import TypedSeries, by_position

ROWS = 3000


def shuffled(cells):
    values = cells.values.sample(frac=1, random_state=0).reset_index(drop=True)
    return TypedSeries(cells.column, values)


# ---------------------------------------------------------------- equal levels


@pytest.fixture
def addresses(rng):
    """Towns that are equal in nearly all rows, the more so of private customers."""
    towns = np.array([f"Town {place}" for place in range(12)])
    home, other = rng.integers(12, size=(2, ROWS))
    firm = rng.random(ROWS) < 0.2
    differs = rng.random(ROWS) < np.where(firm, 0.2, 0.01)
    away = np.where(differs & (other != home), other, home)
    frame = pd.DataFrame({"bill to": towns[home], "ship to": towns[away], "firm": firm})
    return frame.assign(firm=frame["firm"].map({True: "yes", False: "no"}))


def equalities(frame, rng, fixed=()):
    table = by_position(frame, infer_schema(frame))
    return table, find_level_equalities(table, rng, fixed, n_columns=frame.shape[1])


def test_in_which_rows_levels_are_equal_is_learned(addresses, rng):
    table, (rule,) = equalities(addresses, rng)
    assert re.fullmatch(r"'ship to' equals 'bill to' in 9\d\.\d\d % of the rows", rule.describe())
    assert rule in detect_dependencies(table, rng)
    reduced = rule.reduce(table)
    equal = addresses["ship to"] == addresses["bill to"]
    assert ((reduced[4].values == "equal") == equal).all()
    again = dependency_from_json(json.loads(json.dumps({"rule": rule.name} | rule.to_json())))
    assert again == rule
    assert again.restore(reduced)[1].values.tolist() == addresses["ship to"].tolist()


def test_drawn_levels_are_equal_in_the_rows_that_are_to_be(addresses, rng):
    table, (rule,) = equalities(addresses, rng)
    reduced = rule.reduce(table)
    restored = rule.restore(reduced | {0: shuffled(table[0])})
    assert list(restored) == [0, 1, 2]
    equal = restored[0].values == restored[1].values
    assert (equal == (reduced[4].values == "equal")).mean() > 0.999
    assert set(restored[1].values) <= set(addresses["ship to"])


def test_a_column_that_must_not_change_leads(addresses, rng):
    (rule,) = equalities(addresses, rng, fixed={1})[1]
    assert rule.describe().startswith("'bill to' equals 'ship to'")
    assert equalities(addresses, rng, fixed={0, 1})[1] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.assign(**{"ship to": frame["ship to"].to_numpy()[::-1]}),
        lambda frame: frame.assign(**{"ship to": frame["bill to"]}),
        lambda frame: frame.assign(**{"ship to": frame["ship to"].str.upper()}),
        lambda frame: frame[:90],
        lambda frame: frame.where(frame == "Town 1", "Town 0"),
    ],
    ids=["shuffled", "all equal", "another form", "few rows", "one level nearly always"],
)
def test_levels_that_are_not_mostly_equal(change, addresses, rng):
    frame = change(addresses).reset_index(drop=True)
    assert equalities(frame, rng)[1] == []


def test_a_share_of_equal_rows_is_checked(addresses, rng):
    (rule,) = equalities(addresses, rng)[1]
    with pytest.raises(ValueError, match="mostly equal: the share must be from 0 to 1"):
        dependency_from_json({"rule": rule.name} | rule.to_json() | {"share": 1.5})


# ---------------------------------------------------------------- what levels imply


@pytest.fixture
def films(rng):
    """Directors of some films each, who film at home but for a few."""
    weights = 1 / np.arange(1, 301)
    director = rng.choice(300, ROWS, p=weights / weights.sum())
    home = rng.integers(9, size=300)[director]
    abroad = rng.random(ROWS) < 0.01
    country = np.where(abroad, rng.integers(9, size=ROWS), home)
    frame = pd.DataFrame({"director": director, "country": country}).astype(str).radd("x")
    return frame.assign(price=rng.normal(size=ROWS))


def near_rules(frame, rng, **options):
    table = by_position(frame, infer_schema(frame))
    options = {"fixed": (), "taken": ()} | options
    return table, find_near(table, rng, n_columns=frame.shape[1], **options)


def test_what_levels_nearly_determine_is_learned(films, rng):
    table, (rule,) = near_rules(films, rng)
    words = r"'director' determines 'country' in 99\.\d+ % of the rows"
    assert re.fullmatch(words, rule.describe())
    assert rule in detect_dependencies(table, rng)
    again = dependency_from_json(json.loads(json.dumps({"rule": rule.name} | rule.to_json())))
    assert again == rule
    reduced = rule.reduce(table)
    assert (reduced[4].values == "equal").mean() == pytest.approx(rule.share)
    assert again.restore(reduced)[1].values.tolist() == films["country"].tolist()


def test_drawn_levels_follow_but_for_the_share(films, rng):
    table, (rule,) = near_rules(films, rng)
    reduced = rule.reduce(table)
    restored = rule.restore(reduced | {1: shuffled(table[1])})
    assert list(restored) == [0, 1, 2]
    kept = rule.reduce(restored)[4].values == "equal"
    assert (kept == (reduced[4].values == "equal")).mean() > 0.999


@pytest.mark.parametrize(
    ("change", "options"),
    [
        (lambda frame: frame.assign(country=frame["country"].to_numpy()[::-1]), {}),
        (lambda frame: frame.assign(director=[f"d{at}" for at in range(ROWS)]), {}),
        (lambda frame: frame.assign(country=frame["country"].where(frame.index > 2900, "x1")), {}),
        (lambda frame: frame, {"fixed": {1}}),
        (lambda frame: frame, {"taken": {4}}),
    ],
    ids=["unrelated", "names of one row", "one level", "fixed", "position taken"],
)
def test_levels_that_nothing_determines(change, options, films, rng):
    assert near_rules(change(films), rng, **options)[1] == []


class TestNearParts:
    def frame(self, rows=1_200, seed=0):
        rng = np.random.default_rng(seed)
        day = pd.Series(
            pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D")
        )
        parts = {
            "year": day.dt.year,
            "month": day.dt.month,
            "quarter": "Q" + day.dt.quarter.astype(str),
            "weekday": day.dt.day_name(),
        }
        columns = {
            name: part.where(rng.random(rows) > 0.01, part[rng.permutation(rows)].to_numpy())
            for name, part in parts.items()
        }
        return pd.DataFrame({"day": day.dt.strftime("%d.%m.%Y"), **columns})

    def test_parts_of_a_date_come_back_in_as_many_rows(self, table_of, round_trip):
        frame = self.frame()
        table = table_of(frame)
        found = detect_dependencies(table, np.random.default_rng(0))
        near = [rule for rule in found if isinstance(rule, NearPartDependency)]
        assert [rule.positions[-2] for rule in near] == [1, 2, 3, 4]
        assert all(0.98 < rule.share < 1 for rule in near)
        pd.testing.assert_frame_equal(round_trip(table, near), frame)
        shuffled = dict(table)
        for rule in near:
            shuffled = rule.reduce(shuffled)
        order = np.random.default_rng(1).permutation(len(frame))
        shuffled[0] = shuffled[0].take(order)
        for rule in reversed(near):
            shuffled = rule.restore(shuffled)
        days = pd.to_datetime(shuffled[0].values.reset_index(drop=True), format="%d.%m.%Y")
        kept = (days.dt.year == shuffled[1].values.reset_index(drop=True)).mean()
        assert kept == pytest.approx(near[0].share, abs=0.002)

    def test_no_parts_where_a_tenth_of_the_rows_differ(self, table_of):
        frame = self.frame()
        frame.loc[::10, "month"] = 1
        found = detect_dependencies(table_of(frame), np.random.default_rng(0))
        assert 2 not in [r.positions[-2] for r in found if isinstance(r, NearPartDependency)]


def test_what_many_levels_determine_in_most_rows(rng):
    weights = rng.pareto(1.2, 150) + 0.05
    station = rng.choice(150, ROWS, p=weights / weights.sum())
    entity = rng.integers(12, size=150)[station]
    entity = np.where(rng.random(ROWS) < 0.06, rng.integers(12, size=ROWS), entity)
    frame = pd.DataFrame(
        {"station": [f"S{at}" for at in station], "entity": [f"E{at}" for at in entity]}
    )
    table = by_position(frame, infer_schema(frame))
    (rule,) = [
        own
        for own in detect_dependencies(table, np.random.default_rng(0))
        if own.name == "nearly determines"
    ]
    assert 0.93 < rule.share < 0.97
    reduced = rule.reduce(table)
    drawn = {**reduced, 1: reduced[1].take(np.roll(np.arange(ROWS), 1))}
    drawn[1] = TypedSeries(drawn[1].column, drawn[1].values.reset_index(drop=True))
    made = pd.DataFrame({"a": frame["station"], "b": rule.restore(drawn)[1].values})
    pairs = [frame.set_axis(["a", "b"], axis=1), made]
    real, new = (own.groupby(["a", "b"]).size().groupby("a").max().sum() / ROWS for own in pairs)
    assert abs(new - real) < 0.02


def test_many_names_of_a_row_each_nearly_determine_a_town(rng):
    town = rng.integers(0, 150, 600)
    weights = 1 / np.sqrt(np.arange(1, 601))
    who = rng.choice(600, 1000, p=weights / weights.sum())
    towns = town[who]
    odd = rng.random(1000) < 0.02
    towns[odd] = rng.permutation(towns[odd])
    frame = pd.DataFrame({"institution": who, "town": towns}).astype(str).radd("x")
    assert (frame["institution"].value_counts() == 1).sum() > 150
    (rule,) = near_rules(frame, rng)[1]
    assert rule.describe().startswith("'institution' determines 'town' in 9")
    assert not near_rules(frame.assign(town=rng.permutation(frame["town"])), rng)[1]
