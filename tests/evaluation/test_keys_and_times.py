"""Rows of a key, and rows that follow each other in time, are compared with real ones."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.evaluation.compared_tables import read_tables
from tabgan.evaluation.distributions import likeness_by_chance, succession
from tabgan.evaluation.evaluate import evaluate
from tabgan.evaluation.evaluation_parts import Detector, KeyResult, TimeResult
from tabgan.evaluation.keys_and_times import (
    compare_keys,
    compare_row_order,
    compare_times,
)
from tabgan.evaluation.structure import lost_row_order, lost_times, measure_structure
from tabgan.sampling.alike_rows import likeness


def orders(rng: np.random.Generator, start: int, n_keys: int = 300) -> pd.DataFrame:
    """Make orders of customers with one country each and amounts that are alike."""
    sizes = rng.integers(1, 7, n_keys)
    keys = np.repeat(np.arange(n_keys), sizes)
    country = rng.choice(["AT", "DE", "US"], n_keys)
    level = rng.normal(size=n_keys)
    return pd.DataFrame(
        {
            "customer_id": start + keys,
            "country": country[keys],
            "amount": np.round(50 + 9 * level[keys] + 3 * rng.normal(size=len(keys)), 2),
            "paid": rng.choice(["card", "cash"], len(keys)),
        }
    )


def series(rng: np.random.Generator, n: int = 1_500) -> pd.DataFrame:
    times = pd.date_range("2023-01-01", periods=n, freq="h")
    noise = np.zeros(n)
    for i in range(1, n):
        noise[i] = 0.95 * noise[i - 1] + rng.normal()
    load = 9 * np.sin(times.hour / 24 * 2 * np.pi) + noise
    return pd.DataFrame({"time": times, "load": load})


def keys_of(real: pd.DataFrame, synthetic: pd.DataFrame) -> KeyResult:
    (found,) = compare_keys(read_tables(real, synthetic), np.random.default_rng(0))
    return found


def times_of(real: pd.DataFrame, synthetic: pd.DataFrame) -> dict[tuple[str, str], TimeResult]:
    found = compare_times(read_tables(real, synthetic), (), np.random.default_rng(0))
    return {(result.column, result.what): result for result in found}


class TestKeys:
    def test_new_keys_of_the_same_kind_lose_nothing(self):
        rng = np.random.default_rng(0)
        found = keys_of(orders(rng, 10_000), orders(rng, 70_000))
        assert found.column == "customer_id"
        assert found.carried_over == 0
        assert found.constant == {"country": (100.0, 100.0)}
        assert found.rows_per_key.value < 15
        assert set(found.likeness) == {"amount"}
        assert found.likeness["amount"].value == pytest.approx(0.9, abs=0.05)

    def test_permuted_keys(self):
        rng = np.random.default_rng(0)
        drawn = orders(rng, 10_000)
        drawn["customer_id"] = rng.permutation(drawn["customer_id"])
        found = keys_of(orders(rng, 10_000), drawn)
        assert found.carried_over == 100
        assert found.constant["country"].value < 75
        assert found.likeness["amount"].value < 0.1

    def test_a_key_a_row(self):
        rng = np.random.default_rng(0)
        drawn = orders(rng, 10_000)
        found = keys_of(drawn, drawn.assign(customer_id=np.arange(len(drawn)) + 70_000))
        assert found.rows_per_key.value > 70
        assert found.likeness["amount"].value == 0


def devices(rng: np.random.Generator, first: int, n_keys: int = 80) -> pd.DataFrame:
    """Make readings of devices of one model each, which are nearly all of their variation."""
    keys = np.repeat(np.arange(n_keys), rng.integers(5, 30, n_keys))
    level, model = rng.normal(20, 8, n_keys), rng.choice(["S", "T", "X"], n_keys)
    return pd.DataFrame(
        {
            "device": first + 7 * keys,
            "temperature": (level[keys] + rng.normal(size=len(keys))).round(1),
            "model": model[keys],
            "battery": rng.integers(5, 100, len(keys)),
        }
    )


def test_rows_of_other_keys_are_as_good_as_real():
    """No model may learn from some rows of a key what its other rows are."""
    rng = np.random.default_rng(0)
    found = evaluate(devices(rng, 1_000), devices(rng, 9_000))
    assert found.verdict.weak_points == ()
    assert found.verdict.grade == "as good as real"


def test_units_are_drawn_as_a_whole():
    rng = np.random.default_rng(0)
    tables = read_tables(devices(rng, 1_000), devices(rng, 9_000))
    rows = tables.bootstrap(3_000, rng)
    assert len(rows) == 3_000
    sizes = np.bincount(tables.units["real"])
    drawn = np.bincount(tables.units["real"][rows], minlength=len(sizes))
    assert (drawn % sizes != 0).sum() <= 1  # the last one is cut


class TestTimes:
    def test_another_run_of_the_series_loses_little(self):
        rng = np.random.default_rng(0)
        found = times_of(series(rng), series(rng))
        assert {what for _, what in found} >= {"neighbors in time", "hour of the day", "gaps"}
        assert all(result.lost < 0.2 for result in found.values())

    def test_values_shuffled_over_time(self):
        rng = np.random.default_rng(0)
        drawn = series(rng)
        drawn["load"] = rng.permutation(drawn["load"])
        found = times_of(series(rng), drawn)
        assert found["load", "neighbors in time"].lost > 0.8
        assert found["load", "hour of the day"].lost > 0.7
        assert found["time", "gaps"].lost == 0

    def test_times_drawn_on_their_own(self):
        rng = np.random.default_rng(0)
        drawn = series(rng)
        drawn["time"] = drawn["time"].iloc[rng.integers(0, len(drawn), len(drawn))].to_numpy()
        assert times_of(series(rng), drawn)["time", "gaps"].lost > 0.3

    def test_calls_at_other_hours(self):
        rng = np.random.default_rng(0)
        days = pd.Timestamp("2021-05-01") + pd.to_timedelta(rng.integers(0, 400, 2_000), "D")
        real, fresh, drawn = (
            pd.DataFrame({"at": days + pd.to_timedelta(hours * 3_600 + extra, "s")})
            for hours, extra in zip(
                (*rng.integers(8, 18, (2, 2_000)), rng.integers(0, 24, 2_000)),
                rng.integers(0, 3_600, (3, 2_000)),
                strict=True,
            )
        )
        assert times_of(real, fresh)["at", "hour of the day"].lost == 0
        found = times_of(real, drawn)
        assert found["at", "hour of the day"].lost > 0.4
        assert found["at", "day of the week"].lost == 0

    def test_neighbors_of_a_key_are_alike_by_their_key(self):
        rng = np.random.default_rng(0)
        found = {what for _, what in times_of(visits(rng), visits(rng))}
        assert "neighbors in time" not in found

    def test_days_that_tell_nothing(self):
        rng = np.random.default_rng(0)
        days = pd.Series(pd.date_range("2020-01-01", periods=900, freq="D"))
        table = pd.DataFrame({"day": rng.permutation(days), "x": rng.normal(size=900)})
        assert {column for column, _ in times_of(table, table)} == {"day"}


def shifts(rng: np.random.Generator, n: int = 2_000) -> pd.DataFrame:
    """Make several rows a day, fewer on weekends, with weekly ups and downs."""
    days = pd.Timestamp("2021-01-04") + pd.to_timedelta(np.sort(rng.integers(0, 300, n)), "D")
    weekend = np.where(days.dayofweek > 4, -25, 5)
    return pd.DataFrame({"day": days, "sold": 50 + weekend + rng.normal(0, 6, n)})


def visits(rng: np.random.Generator, n: int = 250) -> pd.DataFrame:
    """Make visits of patients whose weight falls from one to the next."""
    sizes = rng.integers(2, 7, n)
    patient = np.repeat(np.arange(n), sizes)
    number = np.concatenate([np.arange(1, size + 1) for size in sizes])
    first = rng.integers(0, 300, n)[patient]
    weight = rng.normal(70, 10, n)[patient] - number + rng.normal(0, 0.3, len(patient))
    return pd.DataFrame(
        {
            "patient": [f"P{10_000 * n + one}" for one in patient],
            "visit": number,
            "date": pd.Timestamp("2022-01-01") + pd.to_timedelta(first + 14 * number, "D"),
            "weight": weight.round(1),
            "ward": rng.choice(["a", "b"], len(patient)),
        }
    )


class TestSeveralRowsATime:
    def test_the_weekday_is_lost(self):
        rng = np.random.default_rng(0)
        real, drawn = shifts(rng), shifts(rng)
        assert times_of(real, drawn)["sold", "day of the week"].lost < 0.1
        drawn["sold"] = rng.permutation(drawn["sold"])
        found = times_of(real, drawn)
        assert found["sold", "day of the week"].lost > 0.8
        assert ("sold", "neighbors in time") not in found  # none follows just one other


class TestOrderWithinAKey:
    def test_fresh_rows(self):
        rng = np.random.default_rng(0)
        found = times_of(visits(rng), visits(rng))
        assert found["weight", "order within a key"].strength.baseline > 0.5
        assert ("ward", "order within a key") not in found
        assert all(r.lost < 0.05 for r in found.values() if r.what == "order within a key")

    @pytest.mark.parametrize("column", ["visit", "date", "weight"])
    def test_values_of_a_key_in_another_order(self, column):
        rng = np.random.default_rng(0)
        real, drawn = visits(rng), visits(rng)
        by_patient = drawn.groupby("patient")[column]
        drawn[column] = by_patient.transform(lambda values: rng.permutation(values.to_numpy()))
        lost = {r.lost for r in times_of(real, drawn).values() if r.what == "order within a key"}
        assert max(lost) > 0.6


@given(st.lists(st.integers(0, 3), min_size=2, max_size=30), st.booleans())
def test_keys_of_two_rows_have_no_order(codes, nominal):
    values = np.array(codes[: len(codes) // 2 * 2], float)
    keys = np.arange(len(values)) // 2
    found, count = succession(keys, np.arange(len(values)) % 2.0, values, nominal=nominal)
    assert count == len(values) // 2
    assert np.isnan(found) or found == pytest.approx(0)


@given(st.lists(st.integers(0, 5), min_size=2, max_size=40), st.booleans())
def test_likeness_of_equal_values_is_one(groups, nominal):
    codes = np.array(groups, np.int64)
    found = likeness(codes, codes.astype(float), nominal=nominal)
    several = len(set(groups)) < len(groups) and len(set(groups)) > 1
    assert found == pytest.approx(1) if several else np.isnan(found)


def test_likeness_of_random_values_is_about_nought():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(3_000), 2)
    assert likeness(groups, rng.normal(size=6_000), nominal=False) == pytest.approx(0, abs=0.06)
    codes = rng.integers(0, 4, 6_000).astype(float)
    assert likeness(groups, codes, nominal=True) == pytest.approx(0, abs=0.06)
    assert np.isnan(likeness(np.full(6_000, -1), codes, nominal=True))


def test_ends_of_months_are_a_pattern_of_their_own():
    def ends(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        day = pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.integers(0, 1_800, 900), "D")
        at_end = pd.Series(day + pd.offsets.MonthEnd(0))
        return pd.DataFrame(
            {"end": at_end.where(rng.random(900) < 0.5, pd.Series(day)), "n": day.day}
        )

    moved = ends(1).assign(end=lambda table: table["end"] - pd.Timedelta(days=3))
    for table, lost in ((ends(1), False), (moved, True)):
        found = compare_times(read_tables(ends(0), table), (), np.random.default_rng(0))
        own = [one for one in found if one.what == "day of the month" and one.time == one.column]
        assert [one.lost > 0.5 for one in own] == [lost]


def accounts(seed: int, n: int = 700) -> pd.DataFrame:
    """Draw rows of accounts, which repeat what an account determines, and few presences."""
    rng = np.random.default_rng(seed)
    of = np.random.default_rng(0)
    n_keys = 25
    account = np.where(rng.random(n) < 0.4, 0, rng.integers(0, n_keys, n))
    size, city = of.lognormal(3, 1, n_keys).round(3), of.choice([*"ABCD"], n_keys)
    mileage = np.where(of.random(n_keys) < 0.5, of.lognormal(2, 1, n_keys).round(4), np.nan)
    return pd.DataFrame(
        {
            "account_id": 1_000 + account,
            "size": size[account],
            "city": city[account],
            "mileage": mileage[account],
            "paid": rng.lognormal(2, 0.5, n).round(2),
        }
    )


def test_halves_that_share_keys_are_no_twins():
    found = evaluate(accounts(1), accounts(2))
    assert abs(found.detection.trees.auc - 0.5) < 0.1
    assert found.verdict.weak_points == ()


def test_a_baseline_below_a_coin_excuses_a_detector_below_one():
    assert Detector(0.2, 0.15, 0.25, 0.3).mirrored == 0
    assert Detector(0.2, 0.15, 0.25, 0.5).mirrored == pytest.approx(0.2)


def test_presence_is_lost_beside_a_key():
    drawn, rng = accounts(2), np.random.default_rng(3)
    lost = drawn.assign(mileage=rng.permutation(drawn["mileage"]))
    found = {
        name: measure_structure(read_tables(accounts(1), table), np.random.default_rng(0)).presence
        for name, table in (("fresh", drawn), ("lost", lost))
    }
    assert all(relation.lost == 0 for relation in found["fresh"])
    assert max(r.rows for r in found["lost"] if r.column == "mileage") > 5


def test_a_column_that_is_constant_but_for_one_key_says_nothing_of_keys():
    real, fresh = (orders(np.random.default_rng(i), start) for i, start in enumerate((0, 5_000)))
    first = real["customer_id"].value_counts().index[0]
    real["form"] = np.where(real["customer_id"] == first, "B", "A")
    fresh["form"] = "A"
    assert "form" not in keys_of(real, fresh).likeness
    assert "amount" in keys_of(real, fresh).likeness


def test_a_broken_rule_does_not_hide_lost_presence():
    drawn, rng = accounts(2), np.random.default_rng(3)
    drawn["mileage"] = rng.permutation(drawn["mileage"])
    points = evaluate(accounts(1), drawn).verdict.weak_points
    assert any(point.by_presence and "mileage" in point.columns for point in points)


def panel(rng: np.random.Generator) -> pd.DataFrame:
    """Make a figure of each area and year that moves little from year to year."""
    walks = np.cumsum(rng.normal(size=(30, 20)), axis=1).ravel()
    areas = np.repeat([f"A{at:02}" for at in range(30)], 20)
    return pd.DataFrame(
        {"area": areas, "year": np.tile(np.arange(2000, 2020), 30), "rate": walks.round(2)}
    )


def test_the_order_of_a_panel_is_that_within_its_units():
    rng = np.random.default_rng(0)
    real, fair = panel(rng), panel(rng)
    mixed = fair.assign(rate=fair.groupby("area")["rate"].transform(rng.permutation))
    found = [
        compare_times(read_tables(real, one), (), np.random.default_rng(0)) for one in (fair, mixed)
    ]
    orders_kept, orders_lost = ([r for r in times if "key" in r.what] for times in found)
    assert [result.lost for result in orders_kept] == [0.0]
    assert orders_lost[0][:3] == ("year", "rate", "order within a key")
    assert orders_lost[0].lost > 0.8


def test_the_order_of_rows_is_told_where_nothing_else_tells_of_time():
    rng = np.random.default_rng(0)
    load = np.cumsum(rng.normal(size=600))
    real = pd.DataFrame({"load": load.round(2), "kind": rng.choice(["a", "b"], 600)})
    mixed = real.sample(frac=1, random_state=0)

    def told(one: pd.DataFrame, other: pd.DataFrame) -> TimeResult | None:
        return compare_row_order(read_tables(one, other))

    lost, kept = told(real, mixed), told(real, real[::-1])
    assert lost is not None
    assert kept is not None
    assert lost.column == "load"
    assert (lost.lost > 0.8, kept.lost) == (True, 0.0)
    assert told(real.sort_values("load"), mixed) is None, "sorted rows are no series"
    point = lost_row_order(lost)
    assert "order of the rows is lost" in point.what
    assert point.severity <= 0.15, "it lowers no grade"


def test_dates_of_the_year_9999_that_stand_for_none_are_compared():
    rng = np.random.default_rng(0)
    day = pd.Series(pd.date_range("2020-01-01", periods=300)).dt.strftime("%Y-%m-%d")
    ends = day.where(rng.random(300) < 0.8, "9999-09-30")
    real = pd.DataFrame({"start": day, "end": ends, "amount": rng.normal(size=300)})
    found = compare_times(
        read_tables(real, real, schema={"end": "datetime"}), (), np.random.default_rng(0)
    )
    assert any(result.time == "end" for result in found)
    assert not any(result.lost for result in found)


def trips(rng: np.random.Generator) -> pd.DataFrame:
    """Make trips of which one in seven has a mode, that is hardly ever another than the first."""
    n_rows = 1_500
    mode = np.where(rng.random(n_rows) < 0.93, "walk", "ride").astype(object)
    mode[rng.random(n_rows) < 0.85] = None
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, n_rows), unit="s")
    return pd.DataFrame({"time": times, "mode": mode, "load": rng.normal(size=n_rows).round(2)})


def test_a_few_rare_neighbors_in_time_prove_nothing():
    tables = [trips(np.random.default_rng(seed)) for seed in (0, 1)]
    rare = tables[0]["mode"] == "ride"  # one party that came together
    tables[0].loc[rare, "time"] = pd.date_range("2024-02-01", periods=rare.sum(), freq="s")
    found = compare_times(read_tables(*tables), (), np.random.default_rng(0))
    assert not [result for result in found if result.column == "mode" and result.lost]


def test_a_column_without_a_value_says_nothing_of_neighbors_in_time():
    rng = np.random.default_rng(0)
    tables = [trips(rng).assign(fee=np.nan), trips(rng).assign(fee=np.nan)]
    read = read_tables(*tables, schema={"fee": "numeric"})
    found = compare_times(read, (), np.random.default_rng(0))
    assert not [result for result in found if result.column == "fee"]


def test_neighbors_in_time_are_those_that_have_a_value():
    rng = np.random.default_rng(0)
    tables = [trips(rng), trips(rng)]
    for table in tables:
        clock = table["time"].astype("int64").rank()
        table["load"] = np.sin(clock / 60).where(rng.random(len(table)) < 0.2).round(3)
    tables[1]["load"] = rng.permutation(tables[1]["load"])
    found = compare_times(read_tables(*tables), (), np.random.default_rng(0))
    lost = [r for r in found if (r.column, r.what) == ("load", "neighbors in time")]
    assert [result.lost > 0.5 for result in lost] == [True]


def test_lost_hours_are_named_before_what_is_lost_with_them():
    rng = np.random.default_rng(0)
    day = pd.date_range("2024-01-01", periods=60)

    def shop() -> pd.DataFrame:
        time = rng.choice(day, 1_200) + pd.to_timedelta(rng.normal(13, 3.5, 1_200) % 24, unit="h")
        time = time.floor("s").sort_values()
        return pd.DataFrame({"time": time, "late": (time.hour > 14) ^ (rng.random(1_200) < 0.05)})

    real, drawn = shop(), shop()
    drawn["time"] += pd.to_timedelta(rng.integers(0, 24, len(drawn)), unit="h")
    found = compare_times(read_tables(real, drawn), (), np.random.default_rng(0))
    first, *others = sorted(lost_times(found), key=lambda point: -point.severity)
    assert "by hour of the day" in first.what
    assert any("late" in point.columns for point in others)


def trips_of_taxis(rng: np.random.Generator, n_taxis: int = 60, n_trips: int = 8) -> pd.DataFrame:
    """Make trips of taxis, each of which begins where the one before ended."""
    zones = np.array([f"zone {at}" for at in range(9)])
    ways = rng.integers(9, size=(n_taxis, n_trips + 1))
    hours = np.cumsum(rng.integers(1, 9, (n_taxis, n_trips)), axis=1).ravel()
    return pd.DataFrame(
        {
            "taxi": [f"T{at}" for at in np.repeat(rng.permutation(9_000)[:n_taxis], n_trips)],
            "time": pd.Timestamp("2024-01-01") + pd.to_timedelta(hours, unit="h"),
            "from": zones[ways[:, :-1].ravel()],
            "to": zones[ways[:, 1:].ravel()],
        }
    )


def steps_of_orders(rng: np.random.Generator, n_orders: int = 90) -> pd.DataFrame:
    """Make the states of orders, of which each comes after another one."""
    names = np.array(["placed", "paid", "packed", "sent", "received"])
    sizes = rng.integers(3, 6, n_orders)
    number = np.concatenate([np.arange(size) for size in sizes])
    days = pd.to_timedelta(rng.integers(0, 200, n_orders).repeat(sizes) + 2 * number, unit="D")
    return pd.DataFrame(
        {
            "order": [f"O{at}" for at in rng.permutation(9_000)[:n_orders].repeat(sizes)],
            "day": pd.Timestamp("2024-01-01") + days,
            "state": names[number],
            "clerk": rng.choice(["x", "y"], len(number)),
        }
    )


@pytest.mark.parametrize(
    ("make", "key", "column", "before"),
    [(trips_of_taxis, "taxi", "from", "to"), (steps_of_orders, "order", "state", "")],
)
def test_what_follows_what_within_a_key(make, key, column, before):
    rng = np.random.default_rng(0)
    real, fair = make(rng), make(rng)
    mixed = fair.assign(**{column: fair.groupby(key)[column].transform(rng.permutation)})

    def times(other: pd.DataFrame) -> tuple[TimeResult, ...]:
        return compare_times(read_tables(real, other, schema={key: "key"}), (), rng)

    orders = [one for one in times(fair) if one.what == "order within a key"]
    assert [(one.column, one.before, one.lost) for one in orders] == [(column, before, 0.0)]
    worst = times(mixed)[0]
    assert (worst.column, worst.before, worst.lost > 0.6) == (column, before, True)


@pytest.mark.parametrize("nominal", [True, False])
def test_a_column_without_a_value_in_any_group_tells_nothing(nominal):
    nothing = np.full(6, np.nan)
    assert likeness_by_chance(np.arange(6) // 2, nothing, 0.0, nominal=nominal) == 1


def test_rows_that_lack_what_their_key_determines_do_not_count():
    real, fresh = (orders(np.random.default_rng(seed), 10_000 * seed) for seed in (1, 2))
    for table in (real, fresh):
        table.loc[np.random.default_rng(3).random(len(table)) < 0.3, "country"] = None
    assert keys_of(real, fresh).constant["country"].value == 100
    broken = fresh.assign(country=np.random.default_rng(4).permutation(fresh["country"]))
    assert keys_of(real, broken).constant["country"].value < 80
