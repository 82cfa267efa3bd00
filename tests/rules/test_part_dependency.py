"""Columns that hold a part of another column's date or number."""

import io

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.rules.detect_dependencies import detect_dependencies
from tabgan.rules.part_dependency import PARTS, find_parts, part_named

ROWS = 600


@pytest.fixture(scope="module")
def moments():
    minutes = np.random.default_rng(1).integers(0, 3 * 365 * 1440, ROWS)
    return pd.Series(pd.Timestamp("2021-01-01") + pd.to_timedelta(minutes, "min"), name="at")


TIMES = {  # what the column holds, and the words for it
    "day": (lambda t: t.dt.strftime("%Y-%m-%d"), "day of 'at'"),
    "day in another form": (lambda t: t.dt.strftime("%m/%d/%Y"), "day of 'at'"),
    "month": (lambda t: t.dt.strftime("%Y-%m"), "month of 'at'"),
    "quarter as text": (lambda t: t.dt.strftime("%Y-Q") + t.dt.quarter.astype(str), "quarter of"),
    "year": (lambda t: t.dt.year, "year of 'at'"),
    "quarter": (lambda t: t.dt.quarter, "quarter of 'at'"),
    "month number": (lambda t: t.dt.month, "month of 'at'"),
    "weekday from 1": (lambda t: t.dt.dayofweek + 1, "weekday of 'at' plus 1"),
    "day of the month": (lambda t: t.dt.day, "day of the month of 'at'"),
    "day of the year": (lambda t: t.dt.dayofyear, "day of the year of 'at'"),
    "week": (lambda t: t.dt.isocalendar().week.astype("int64"), "ISO week of 'at'"),
    "hour": (lambda t: t.dt.hour, "hour of 'at'"),
    "minute": (lambda t: t.dt.minute, "minute of 'at'"),
    "month id": (lambda t: t.dt.year * 12 + t.dt.month, "month of 'at' plus 23641"),
    "hours and minutes": (lambda t: t.dt.hour * 100 + t.dt.minute, "time of day of 'at'"),
    "time of day": (lambda t: t.dt.strftime("%H:%M"), "time of day of 'at'"),
    "Monday": (lambda t: (t - pd.to_timedelta(t.dt.dayofweek, "D")).dt.date.astype(str), "Monday"),
    "last day": (lambda t: (t + pd.offsets.MonthEnd(0)).dt.strftime("%d.%m.%Y"), "last day of the"),
}


STRETCHES = {  # the period whose beginning it is, in pandas
    "date:Y": "Y",
    "date:Q": "Q",
    "date:M": "M",
    "date:W": "W-SUN",
    "date:S": "W-SAT",
}
OTHERS = {
    "year2": lambda t: t.dt.year % 100,
    "yyyyq": lambda t: t.dt.year * 10 + t.dt.quarter,
    "weekday0": lambda t: (t.dt.dayofweek + 1) % 7,
    "week7": lambda t: (t.dt.dayofyear - 1) // 7,
    "hour12": lambda t: (t.dt.hour - 1) % 12,
}


@pytest.mark.parametrize("name", STRETCHES)
def test_stretches_of_time_begin_where_pandas_says(name, moments):
    part = PARTS[name]
    begins = moments.dt.to_period(STRETCHES[name]).dt.start_time
    ticks = begins.to_numpy().astype(f"M8[{part.is_date}]").astype(np.int64)
    assert part.read(moments.to_numpy()).tolist() == ticks.tolist()


@pytest.mark.parametrize("name", OTHERS)
def test_parts_are_those_of_pandas(name, moments):
    assert PARTS[name].read(moments.to_numpy()).tolist() == OTHERS[name](moments).tolist()


def as_read(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table as it comes from a file."""
    return pd.read_csv(io.StringIO(frame.to_csv(index=False)))


@pytest.mark.parametrize("name", TIMES)
def test_a_part_of_a_moment_is_computed(name, moments, table_of, round_trip, rng):
    part, words = TIMES[name]
    frame = as_read(pd.DataFrame({"part": part(moments), "at": moments}))
    table = table_of(frame)
    (rule,) = find_parts(table, rng)
    assert words in rule.describe()
    assert list(rule.reduce(table)) == [1]
    pd.testing.assert_frame_equal(round_trip(table, [rule]), frame)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (lambda x: x // 1000, "number without its last 3 digits of 'code'"),
        (lambda x: x % 100, "last 2 digits of 'code'"),
    ],
)
def test_digits_of_a_number_are_computed(values, words, table_of, round_trip, rng):
    code = pd.Series(rng.integers(1_000, 60_000, ROWS), name="code")
    frame = pd.DataFrame({"digits": values(code), "code": code})
    (rule,) = find_parts(table_of(frame), rng)
    assert rule.describe() == f"'digits' is the {words}"
    pd.testing.assert_frame_equal(round_trip(table_of(frame), [rule]), frame)


def test_a_part_is_missing_where_its_moment_is(moments, table_of, round_trip, rng):
    left = moments.where(rng.random(ROWS) < 0.6)
    frame = pd.DataFrame({"left": left, "year": left.dt.year})
    (rule,) = find_parts(table_of(frame), rng)
    pd.testing.assert_frame_equal(round_trip(table_of(frame), [rule]), frame)
    frame.loc[0, "year"] = np.nan if frame["year"].notna()[0] else 2021.0
    assert not find_parts(table_of(frame), rng)


def test_one_wrong_row_a_constant_and_a_kept_column_are_no_parts(moments, table_of, rng):
    frame = pd.DataFrame({"at": moments, "year": moments.dt.year})
    assert not find_parts(table_of(frame), rng, kept=[1])
    frame.loc[ROWS - 1, "year"] += 1
    assert not find_parts(table_of(frame), rng)
    assert not find_parts(table_of(frame.assign(year=2021)), rng)


def test_few_rows_are_no_evidence(table_of, rng):
    table = {f"n{at}": rng.integers(0, 3, 25) for at in range(30)}
    assert not find_parts(table_of(pd.DataFrame(table)), rng)


def test_all_parts_are_of_the_finest_column(moments, table_of, rng):
    day = moments.dt.strftime("%Y-%m-%d")
    frame = as_read(pd.DataFrame({"year": moments.dt.year, "day": day, "at": moments}))
    assert sorted(rule.describe() for rule in find_parts(table_of(frame), rng)) == [
        "'day' is the day of 'at'",
        "'year' is the year of 'at'",
    ]


def test_the_day_of_a_moment_is_no_order(moments, table_of, rng):
    frame = as_read(pd.DataFrame({"day": moments.dt.strftime("%Y-%m-%d"), "at": moments}))
    rules = [rule.describe() for rule in detect_dependencies(table_of(frame), rng)]
    assert rules == ["'day' is the day of 'at'"]


@pytest.mark.parametrize("name", PARTS)
def test_a_moment_moves_to_the_part_that_is_fixed(name, moments, table_of, rng):
    part = part_named(name)
    frame = pd.DataFrame({"at": moments})
    table = table_of(frame)
    column, numbers = table[0].column, table[0].numbers
    wanted = part.of(numbers, column)[rng.permutation(ROWS)]
    rows = rng.random(ROWS) < 0.2
    moved = part.moved(numbers, column, rows, lambda own, at: own == wanted[at], wanted)
    read = part.of(numbers._replace(values=moved), column)
    np.testing.assert_array_equal(read[rows], wanted[rows])
    np.testing.assert_array_equal(moved[~rows], numbers.values[~rows])


def test_fixed_parts_move_their_source(moments, table_of, rng):
    frame = pd.DataFrame({"at": moments, "month": moments.dt.month})
    table = table_of(frame)
    (rule,) = find_parts(table, rng)
    fixed = np.zeros((ROWS, 2), np.bool_)
    fixed[:, 1] = True
    table[1] = table[1]._replace(values=pd.Series(np.full(ROWS, 2), name="month"))
    made = rule.propagate(table, fixed)
    assert (made[0].values.dt.month == 2).all()
    assert (made[1].values == 2).all()
    assert fixed.all()


def test_generated_rows_keep_all_parts(moments):
    frame = pd.DataFrame({name: part(moments) for name, (part, _) in TIMES.items()})
    frame = as_read(frame.assign(at=moments.dt.strftime("%Y-%m-%d %H:%M")))
    gan = TabGAN(steps=5, hidden_dim=16, refine=False, polish=False, verbose=False, random_state=0)
    made = gan.fit(frame).sample(300)
    again = pd.to_datetime(made["at"])
    for name, (part, _) in TIMES.items():
        expected = as_read(part(again).to_frame(name))[name]
        pd.testing.assert_series_equal(made[name], expected, check_dtype=False)


def test_a_day_in_two_forms_keeps_their_shares(moments, table_of, round_trip, rng):
    day, other = (moments.dt.strftime(form) for form in ("%Y-%m-%d", "%m/%d/%Y"))
    is_other = np.random.default_rng(2).random(ROWS) < 0.3
    table = table_of(pd.DataFrame({"at": moments.astype(str), "day": day.where(~is_other, other)}))
    (rule,) = find_parts(table, rng)
    assert type(rule).from_json(rule.to_json()) == rule
    made = round_trip(table, [rule])["day"]
    assert made.str.contains("/").mean() == pytest.approx(is_other.mean(), abs=0.01)
    assert (pd.to_datetime(made, format="mixed") == moments.dt.normalize()).all()
    assert rule.holds([table[0], table[1]]).all()
    assert not rule.holds([table[0], table[1].take(np.arange(ROWS)[::-1])]).all()
