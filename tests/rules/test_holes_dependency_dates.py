"""Dates near each other that all have holes are learned as their distance."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tabgan import TabTrees
from tabgan.fitting.prepare import with_min_group
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.detect_dependencies import detect_dependencies
from tabgan.rules.holes_dependency import FilledDateDependency, HolesDependency
from tabgan.table.columns import by_position

ROWS = 800
FORMS = {"days": "%d/%m/%Y", "moments": "%Y-%m-%d %H:%M"}


def repairs(rng: np.random.Generator, form: str) -> pd.DataFrame:
    """When a device came, was tested and went back; the days between are about 20 and 7."""
    came = pd.Timestamp("2018-03-01") + pd.to_timedelta(rng.integers(0, 30_000, ROWS), "h")
    tested = came + pd.to_timedelta(rng.integers(10, 31, ROWS) * 24, "h")
    back = tested + pd.to_timedelta(rng.integers(2, 13, ROWS) * 24, "h")
    frame = pd.DataFrame({"came": came, "tested": tested, "back": back})
    holes = rng.random(frame.shape) < [0.2, 0.4, 0.6]
    return frame.apply(lambda dates: dates.dt.strftime(FORMS[form])).mask(holes, None)


def days(frame: pd.DataFrame, form: str, first: str, last: str) -> pd.Series:
    dates = frame.apply(pd.to_datetime, format=FORMS[form])
    return ((dates[last] - dates[first]) / pd.Timedelta("1D")).dropna()


@pytest.mark.parametrize("form", [*FORMS])
def test_distances_of_dates_that_all_have_holes(form, table_of, round_trip, rng):
    frame = repairs(rng, form)
    table = table_of(frame)
    rules = detect_dependencies(table, rng)
    said = [rule.describe() for rule in rules]
    assert "'tested' is learned as its distance from 'came'" in said
    assert "'back' is learned as its distance from 'came'" in said
    pd.testing.assert_frame_equal(round_trip(table, rules), frame)


def test_what_is_filled_lies_as_near_as_real_dates(table_of, rng):
    frame = repairs(rng, "days")
    table = table_of(frame)
    (holes,) = (r for r in detect_dependencies(table, rng) if isinstance(r, HolesDependency))
    filled = holes.reduce(table)
    was = frame.assign(came=filled[0].values)[frame["came"].isna()]
    for name, least, most in (("tested", 10, 30), ("back", 12, 42)):
        there = days(was[was["tested"].isna() == (name == "back")], "days", "came", name)
        assert len(there) > 20
        assert there.between(least - 1, most + 1).all()
        assert there.std() > 0.7 * days(frame, "days", "came", name).std()


def test_a_sample_keeps_the_distances_and_the_holes(rng):
    frame = repairs(rng, "days")
    drawn = TabTrees(random_state=0, verbose=False, refine=False).fit(frame).sample(ROWS)
    for first, last in (("came", "tested"), ("came", "back")):
        real, made = (days(rows, "days", first, last) for rows in (frame, drawn))
        assert abs(made.median() - real.median()) < 2
        assert made.min() >= 0
    assert drawn.isna().mean().to_numpy() == pytest.approx(frame.isna().mean(), abs=0.05)


def test_what_is_filled_breaks_no_order(table_of, rng):
    """A stay has holes beside its two dates: a first day that is filled is not after the last."""
    first = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, ROWS), "D")
    nights = rng.integers(1, 300, ROWS)
    stays = {"first": first, "last": first + pd.to_timedelta(nights, "D"), "nights": nights}
    frame = pd.DataFrame(stays).mask(rng.random((ROWS, 3)) < 0.1)
    table = table_of(frame)
    said = [rule.describe() for rule in detect_dependencies(table, rng)]
    assert "'nights' is the number of days from 'first' to 'last'" in said
    assert "'first' ≤ 'last'" in said


def test_no_distance_tells_of_a_single_row(table_of, rng):
    came = pd.Timestamp("2018-03-01") + pd.to_timedelta(rng.integers(0, 10**8, ROWS), "s")
    gaps = rng.permutation(2_000_000)[:ROWS]
    holes = rng.random((ROWS, 2)) < [0.3, 0.3]

    def stored(gaps):
        frame = pd.DataFrame({"came": came, "tested": came + pd.to_timedelta(gaps, "s")})
        cells = table_of(frame.mask(holes, None))
        table = {at: c.with_column(replace(c.column, min_group=5)) for at, c in cells.items()}
        rules = detect_dependencies(table, np.random.default_rng(0))
        (holes_rule,) = (rule for rule in rules if isinstance(rule, HolesDependency))
        return [r.distances for r in holes_rule.rules if isinstance(r, FilledDateDependency)]

    found = stored(gaps)
    assert found
    whole = np.flatnonzero(~holes.any(axis=1))
    order = whole[np.argsort(gaps[whole])]
    for share in (0.25, 0.5, 0.75):  # both rows beside the quantile
        for row in order[int(share * (len(order) - 1)) :][:2]:
            assert stored(gaps + (np.arange(ROWS) == row)) == found


def test_a_mark_of_few_rows_is_a_hole_like_the_others(rng):
    days = pd.Timestamp(2015, 1, 1) + pd.to_timedelta(rng.integers(0, 3_000, 400), "D")
    frame = pd.DataFrame({"day": days.strftime("%Y-%m-%d"), "year": days.year.astype("int64")})
    frame["term"] = days.strftime("%Y-%m")
    frame.loc[rng.random(400) < 0.15, "day"] = None
    frame.loc[rng.random(400) < 0.1, "term"] = None
    frame.loc[[7, 70], "day"] = "n/k"
    table = by_position(frame, with_min_group(infer_schema(frame), 5))
    rules = detect_dependencies(table, np.random.default_rng(0))
    assert "'year' is the year of 'day'" in [rule.describe() for rule in rules]
    filled = rules[0].reduce(table)
    assert filled[0].numbers.present.all()
    assert (filled[0].values.str[:4].astype(int) == frame["year"]).all()
