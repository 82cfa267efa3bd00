"""Numbers that are counted off the other columns of a row."""

import json

import numpy as np
import pandas as pd
import pytest

from tabgan import infer_schema
from tabgan.rules.counted_dependency import ElapsedDependency, find_ages, find_counted
from tabgan.rules.detect_dependencies import dependency_from_json, detect_dependencies
from tabgan.table.columns import TypedSeries, by_position

ROWS = 300
RNG = np.random.default_rng(0)


def work(frame):
    return by_position(frame, infer_schema(frame))


def days(start, most):
    return pd.Timestamp(start) + pd.to_timedelta(RNG.integers(0, most, ROWS), unit="D")


def answers(n, *levels):
    return {f"q{at}": RNG.choice(levels, ROWS) for at in range(n)}


def full_years(start, end):
    return [
        b.year - a.year - ((b.month, b.day) < (a.month, a.day))
        for a, b in zip(start, end, strict=True)
    ]


BORN, SOLD = days("1950-01-01", 15_000), days("2015-01-01", 2_000)
LEFT = SOLD + pd.to_timedelta(RNG.integers(1, 3_000, ROWS), unit="m")
CAME = LEFT + pd.to_timedelta(RNG.integers(1, 9_000, ROWS), unit="m")
PAID = SOLD + pd.to_timedelta(np.random.default_rng(1).integers(-20, 20, ROWS), unit="D")
BUILT = RNG.integers(1950, 2015, ROWS)
YES = answers(5, "yes", "no", "maybe")
HOLES = {f"h{at}": np.where(RNG.random(ROWS) < 0.3, None, "x" * (at + 1)) for at in range(4)}
TABLES = {
    "full years": ({"born": BORN, "sold": SOLD, "n": full_years(BORN, SOLD)}, "full years"),
    "days": ({"sold": SOLD, "born": BORN, "n": (SOLD - BORN).days}, "days"),
    "both days of a stay": (
        {"sold": SOLD, "left": LEFT.normalize(), "n": (LEFT.normalize() - SOLD).days + 1},
        "1 more than the number of days",
    ),
    "days late": (
        {"due": SOLD, "paid": PAID, "n": np.maximum(0, (PAID - SOLD).days)},
        "the number of days from 'due' to 'paid', at least 0",
    ),
    "days late and a fee": (
        {"due": SOLD, "paid": PAID, "n": np.maximum(2, (PAID - SOLD).days + 1)},
        "1 more than the number of days from 'due' to 'paid', at least 2",
    ),
    "started hours": (
        {"a": SOLD, "b": LEFT, "n": (LEFT - SOLD) // pd.Timedelta("1h") + 1},
        "1 more than the number of full hours",
    ),
    "months before": (
        {"a": BORN, "b": SOLD, "n": 12 * (SOLD.year - BORN.year) + SOLD.month - BORN.month - 3},
        "3 less than the number of calendar months",
    ),
    "nights": (
        {"a": SOLD, "b": LEFT, "c": CAME, "n": (CAME.normalize() - LEFT.normalize()).days},
        "the number of calendar days from 'b' to 'c'",
    ),
    "age at a birthday to come": (
        {"born": BORN, "sold": SOLD, "n": np.array(full_years(BORN, SOLD)) + 1},
        "1 more than the number of full years",
    ),
    "a year is no time since one year": (
        {
            "sold": pd.Timestamp("2015-01-01") + pd.to_timedelta(RNG.integers(0, 365, ROWS), "D"),
            "built": BUILT,
            "n": RNG.integers(0, 9, ROWS),
        },
        "",
    ),
    "no time": ({"sold": SOLD, "left": LEFT, "n": RNG.integers(0, 9, ROWS)}, ""),
    "minutes": ({"a": SOLD, "b": LEFT, "n": (LEFT - SOLD) // pd.Timedelta("1min")}, "minutes"),
    "hours": (
        {"a": SOLD, "b": LEFT, "n": np.round((LEFT - SOLD) / pd.Timedelta("1h"), 2)},
        "hours",
    ),
    "from a year": (
        {"sold": SOLD.strftime("%d.%m.%Y"), "built": BUILT, "n": SOLD.year - BUILT},
        "calendar years",
    ),
    "yes": (YES | {"n": sum(own == "yes" for own in YES.values())}, "'yes'"),
    "filled": (HOLES | {"n": sum(pd.notna(own) for own in HOLES.values())}, "filled"),
    "no count": (YES | {"n": RNG.integers(0, 5, ROWS)}, ""),
}


@pytest.mark.parametrize(("columns", "words"), TABLES.values(), ids=TABLES)
def test_what_is_counted_is_found_and_restored(columns, words):
    table = work(pd.DataFrame(columns))
    found = find_counted(table, np.random.default_rng(0))
    assert len(found) == (1 if words else 0)
    for rule in found:
        assert words in rule.describe()
        assert rule.target.column.name == "n"
        again = dependency_from_json(json.loads(json.dumps({"rule": rule.name} | rule.to_json())))
        assert again == rule
        reduced = rule.reduce(table)
        assert rule.target.position not in reduced
        restored = again.restore(reduced)[rule.target.position].values
        assert restored.tolist() == [*columns["n"]]


def test_a_time_of_ten_digits_is_that_between_its_dates():
    hours = [float(f"{own:.10g}") for own in (LEFT - SOLD) / pd.Timedelta("1h")]
    table = work(pd.DataFrame({"a": SOLD, "b": LEFT, "n": hours}))
    (rule,) = find_counted(table, np.random.default_rng(0))
    restored = rule.restore(rule.reduce(table))[rule.target.position].values
    assert np.allclose(restored, hours, rtol=1e-9)


def test_a_row_that_differs_is_enough_against_it():
    columns = {**YES, "n": sum(own == "yes" for own in YES.values())}
    columns["n"][7] += 1
    assert not find_counted(work(pd.DataFrame(columns)), np.random.default_rng(0))


def test_a_missing_date_leaves_the_number_missing():
    born = pd.Series(BORN).where(RNG.random(ROWS) < 0.8)
    age = pd.Series(full_years(BORN, SOLD), dtype="Int64").where(born.notna())
    table = work(pd.DataFrame({"born": born, "sold": SOLD, "age": age}))
    (rule,) = find_counted(table, np.random.default_rng(0))
    restored = rule.restore(rule.reduce(table))[2].values
    assert restored.isna().tolist() == born.isna().tolist()


def test_a_count_goes_with_the_other_rules():
    sold = pd.Series(SOLD)
    columns = {"born": BORN, "sold": SOLD, "age": full_years(BORN, SOLD), "year": sold.dt.year}
    table = work(pd.DataFrame(columns | YES | {"n": sum(own == "yes" for own in YES.values())}))
    rules = detect_dependencies(table, np.random.default_rng(0))
    assert {"elapsed", "count", "part"} <= {rule.name for rule in rules}
    reduced = table
    for rule in rules:
        reduced = rule.reduce(reduced)
    for rule in reversed(rules):
        reduced = rule.restore(reduced)
    for at, cells in table.items():
        assert reduced[at].values.tolist() == cells.values.tolist()


def test_a_measure_that_is_none_is_refused():
    (rule,) = find_counted(work(pd.DataFrame(TABLES["full years"][0])), np.random.default_rng(0))
    with pytest.raises(ValueError, match="'eons' is no measure of time"):
        ElapsedDependency(rule.start, rule.end, rule.target, "eons")


@pytest.mark.parametrize(
    "columns", [own for own, words in TABLES.values() if {"n"} < {*own} and len(own) < 5 and words]
)
@pytest.mark.parametrize("free", [0, 1])
def test_a_fixed_time_moves_a_free_date(columns, free):
    table = work(pd.DataFrame(columns))
    (rule,) = find_counted(table, np.random.default_rng(0))
    at = rule.positions[free]
    others = {at: table[at].take(np.random.default_rng(1).permutation(ROWS))}
    fixed = np.zeros((ROWS, len(table)), np.bool_)
    fixed[:, [*rule.positions]] = True
    fixed[:, at] = False
    moved = rule.propagate(table | others, fixed)
    numbers = moved[at].numbers.values
    inner = (numbers > numbers.min()) & (numbers < numbers.max())  # elsewhere the range ends
    assert inner.mean() > 0.6
    assert rule.holds([moved[own] for own in rule.positions])[inner].all()
    assert fixed[inner][:, [*rule.positions]].all(), "no later rule may change it"
    for own in {*rule.positions} - {at}:
        assert moved[own].values.tolist() == table[own].values.tolist()


def test_of_free_dates_the_start_moves_where_the_end_has_no_room():
    table = work(pd.DataFrame(TABLES["both days of a stay"][0]))
    (rule,) = find_counted(table, np.random.default_rng(0))
    fixed = np.zeros((ROWS, 3), np.bool_)
    fixed[:, 2] = True
    longer = pd.Series(np.full(ROWS, int(table[2].values.max())))
    moved = rule.propagate({**table, 2: table[2]._replace(values=longer)}, fixed)
    assert rule.holds([moved[at] for at in rule.positions]).all()


def test_a_date_that_a_rounded_time_moves_stays_whole():
    table = work(pd.DataFrame(TABLES["hours"][0]))
    (rule,) = find_counted(table, np.random.default_rng(0))
    order = np.random.default_rng(1).permutation(ROWS)
    fixed = np.tile([False, True, True], (ROWS, 1))
    moved = rule.propagate({**table, 0: table[0].take(order)}, fixed)
    assert moved[0].values.tolist() == table[0].values.tolist()


def test_a_free_time_is_measured():
    table = work(pd.DataFrame(TABLES["days"][0]))
    (rule,) = find_counted(table, np.random.default_rng(0))
    wrong = {**table, 2: table[2]._replace(values=table[2].values + 1)}
    measured = rule.propagate(wrong, np.zeros((ROWS, 3), np.bool_))
    assert measured[2].values.tolist() == table[2].values.tolist()


@pytest.mark.parametrize("name", ["days", "both days of a stay"])
def test_two_columns_of_a_length_tell_the_third(name):
    table = work(pd.DataFrame(TABLES[name][0]))
    (rule,) = find_counted(table, np.random.default_rng(0))
    cells = [table[at] for at in rule.positions]
    numbers = [own.numbers for own in cells]
    for place, own in enumerate(numbers):
        blank = own._replace(values=own.values * 0, present=np.zeros(ROWS, np.bool_))
        solved = rule.solve([*numbers[:place], blank, *numbers[place + 1 :]], place)
        assert solved.present.all()
        assert solved.values.tolist() == own.values.tolist()


@pytest.mark.parametrize("name", ["full years", "hours", "started hours"])
def test_a_time_that_is_cut_or_rounded_leaves_the_date_open(name):
    table = work(pd.DataFrame(TABLES[name][0]))
    (rule,) = find_counted(table, np.random.default_rng(0))
    numbers = [table[at].numbers for at in rule.positions]
    assert [rule.solve(numbers, place).present.all() for place in range(3)] == [False, False, True]


def test_a_number_that_is_always_there_does_not_follow_dates_with_holes():
    rng = np.random.default_rng(0)
    times = np.sort(rng.integers(0, 90 * 86_400, 4000))
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(times, unit="s")
    end = pd.Series(start + pd.to_timedelta(rng.integers(1, 9, 4000), unit="D"))
    end[rng.choice(4000, 40, replace=False)] = pd.NaT
    nights = np.ones(4000, int)
    nights[rng.choice(4000, 5, replace=False)] = 0
    table = work(pd.DataFrame({"start": start, "end": end, "nights": nights}))
    for seed in range(4):  # which rows are tried first is by chance
        assert find_counted(table, np.random.default_rng(seed)) == []


EXPORT = pd.Timestamp("2026-05-11")
AGES = {
    "full years": full_years(BORN, [EXPORT] * ROWS),
    "full months": [
        12 * (EXPORT.year - a.year) + EXPORT.month - a.month - (a.day > EXPORT.day) for a in BORN
    ],
    "days": (EXPORT - BORN).days,
    "years of 365.25 days": ((EXPORT - BORN).days / 365.25).astype(int),
    "years of 365 days": (EXPORT - BORN).days // 365,
}


@pytest.mark.parametrize("words", AGES)
@pytest.mark.parametrize("form", [None, "%Y-%m-%d"])
def test_an_age_is_counted_from_the_date_to_the_day_of_the_export(words, form):
    born = BORN if form is None else BORN.strftime(form)
    frame = pd.DataFrame({"born": born, "age": AGES[words], "n": RNG.integers(0, 90, ROWS)})
    table = work(frame)
    (rule,) = find_ages(table, np.random.default_rng(0))
    assert rule.describe().startswith("'age' is the age in ")
    if "of" not in words:  # few rows fit years of some length on several days
        day = pd.Timestamp(rule.part.rpartition(":")[2])
        assert f"in {words} on" in rule.describe()
        assert abs((day - EXPORT).days) <= (0 if words == "days" else 9)
    assert (
        dependency_from_json(json.loads(json.dumps({"rule": rule.name} | rule.to_json()))) == rule
    )
    again = rule.restore(rule.reduce(table))
    assert again[1].values.tolist() == frame["age"].tolist()
    assert [type(one) for one in detect_dependencies(table, np.random.default_rng(0))] == [
        type(rule)
    ]


@pytest.mark.parametrize("words", AGES)
def test_a_date_follows_an_age_that_is_fixed(words):
    table = work(pd.DataFrame({"born": BORN, "age": AGES[words]}))
    (rule,) = find_ages(table, np.random.default_rng(0))
    older = pd.Series(np.asarray(AGES[words]) + 3)
    moved = {**table, 1: TypedSeries(table[1].column, older)}
    fixed = np.zeros((ROWS, 2), bool)
    fixed[:, 1] = True
    done = rule.propagate(moved, fixed)
    assert done[1].values.tolist() == older.tolist()
    has_room = BORN.min() + pd.Timedelta("1200D") < BORN  # in the range of the dates
    assert rule.holds([done[0], done[1]])[has_room].all()
    assert (done[0].values <= table[0].values).all()


def test_no_age_by_chance_and_none_of_two_dates():
    years = np.asarray(full_years(BORN, [EXPORT] * ROWS))
    odd = years + (np.arange(ROWS) == 7)  # one is wrong
    table = work(pd.DataFrame({"born": BORN, "odd": odd, "n": RNG.permutation(years)}))
    assert find_ages(table, np.random.default_rng(0)) == []
    same = work(pd.DataFrame({"born": BORN, "age": full_years(BORN, SOLD)}))
    assert find_ages(same, np.random.default_rng(0)) == []
