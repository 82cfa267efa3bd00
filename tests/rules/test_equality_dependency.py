"""Columns of which one equals another, or a multiple of it, in a good share of the rows."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.detect_dependencies import dependency_from_json, detect_dependencies
from tabgan.rules.equality_dependency import (
    PartialEquality,
    find_partial_equalities,
    find_partial_multiples,
)
from tabgan.rules.order_dependency import OrderDependency
from tabgan.rules.sum_dependency import SumDependency
from tabgan.table.columns import TypedSeries, by_position

ROWS = 3000


def described(table, rng):
    return [rule.describe() for rule in find_partial_equalities(table, rng)]


def shuffled(table, seed=0):
    """Draw each column by itself."""
    return {
        at: TypedSeries(
            column, values.sample(frac=1, random_state=seed + at).reset_index(drop=True)
        )
        for at, (column, values) in table.items()
    }


def together(table):
    return pd.concat([values for _, values in table.values()], axis=1)


def are_equal(frame):
    """Say where two numbers are there and equal."""
    equal = (frame["paid"] == frame["bill"]) & (frame["paid"] != "n/a")
    return equal.fillna(value=False).astype(bool)


def bills_of(rng, rows=ROWS):
    """Bills in cents; three in ten are paid in full, the others by some round number."""
    bill = np.rint(np.exp(rng.normal(10, 1, rows))).astype(int)
    part = np.rint(bill * rng.random(rows) / 1000).astype(int) * 1000
    return pd.DataFrame({"paid": np.where(rng.random(rows) < 0.3, bill, part), "bill": bill})


@pytest.fixture
def bills(rng):
    return bills_of(rng)


FORMS = {
    "integers": lambda cents: cents,
    "small integers": lambda cents: cents.clip(upper=2**32 - 1).astype("uint32"),
    "prices": lambda cents: cents / 100,
    "floats": lambda cents: np.log1p(cents) / 3,
    "float32": lambda cents: np.log1p(cents).astype("float32"),
    "huge": lambda cents: cents * 1e302,
    "tiny": lambda cents: cents * 5e-324,
    "text": lambda cents: (cents / 100).map("{:.2f}".format),
    "missing": lambda cents: (cents / 100).where(cents % 13 > 0),
    "nullable": lambda cents: cents.astype("Int64").where(cents % 13 > 0),
    "marked": lambda cents: (cents / 100).astype(object).where(cents % 13 > 0, "n/a"),
    "dates": lambda cents: pd.Timestamp("2020-01-01") + pd.to_timedelta(cents, "min"),
    "text dates": lambda cents: (
        pd.Timestamp("2020-01-01") + pd.to_timedelta(cents, "min")
    ).dt.strftime("%Y-%m-%d %H:%M"),
    "zone": lambda cents: (
        pd.Timestamp("2020-01-01", tz="Europe/Berlin") + pd.to_timedelta(cents, "min")
    ),
    "durations": lambda cents: pd.to_timedelta(cents, "s"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_drawn_rows_are_equal_as_often_as_those_of_the_table(
    form, bills, table_of, round_trip, rng
):
    frame = bills.apply(form)
    table = table_of(frame)
    (rule,) = find_partial_equalities(table, rng)
    share = are_equal(frame).mean()
    assert rule.describe() == f"'paid' equals 'bill' in {100 * share:.0f} % of the rows"
    assert rule.reduce(table) is table
    pd.testing.assert_frame_equal(round_trip(table, [rule]), frame)

    drawn = shuffled(table)
    restored = rule.restore(drawn)
    assert restored[1] is drawn[1]
    made, before = together(restored), together(drawn)
    assert made.dtypes.tolist() == frame.dtypes.tolist()
    equal = are_equal(made)
    assert equal.mean() == pytest.approx(share, abs=0.02)  # some sources are out of range
    pd.testing.assert_series_equal(made["paid"][~equal], before["paid"][~equal])
    assert made["paid"].isna().sum() == frame["paid"].isna().sum()
    assert (made["paid"] == "n/a").sum() == (frame["paid"] == "n/a").sum()
    if form not in (FORMS["text"], FORMS["text dates"], FORMS["marked"]):
        assert made["paid"].dropna().between(frame["paid"].min(), frame["paid"].max()).all()


def test_the_share_goes_with_the_source(table_of, rng):
    frame = bills_of(rng)
    small = frame["bill"] < frame["bill"].median()
    frame["paid"] = np.where(small & (rng.random(ROWS) < 0.6), frame["bill"], frame["paid"] // 7)
    table = table_of(frame)
    (rule,) = find_partial_equalities(table, rng)
    made = together(rule.restore(shuffled(table)))
    equal = made["paid"] == made["bill"]
    below = made["bill"] < frame["bill"].median()
    assert equal[below].mean() == pytest.approx(
        (frame["paid"] == frame["bill"])[small].mean(), abs=0.05
    )
    assert equal[~below].mean() < 0.03


def test_the_nearest_rows_are_made_equal(bills, table_of, rng):
    table = table_of(bills)
    (rule,) = find_partial_equalities(table, rng)
    full = (bills["paid"] == bills["bill"]).to_numpy()
    blurred = bills.copy()
    blurred.loc[full, "paid"] += rng.integers(-3, 4, full.sum())
    made = rule.restore({0: TypedSeries(table[0].column, blurred["paid"]), 1: table[1]})[0][1]
    again = (made == bills["bill"]).to_numpy()
    assert again.sum() == pytest.approx(full.sum(), rel=0.02)
    assert again[full].mean() > 0.95


def test_common_values_stay_as_frequent_as_they_are(bills, table_of, rng):
    bills.loc[rng.random(ROWS) < 0.2, "paid"] = 0
    bills.loc[rng.random(ROWS) < 0.1, "bill"] = 777
    bills.loc[rng.random(ROWS) < 0.02, "paid"] = 777
    table = table_of(bills)
    (rule,) = find_partial_equalities(table, rng)
    assert {0, 777} <= set(rule.common)
    made = rule.restore(shuffled(table))[0][1]
    for value in (0, 777):
        assert (made == value).sum() == (bills["paid"] == value).sum()


def test_the_target_takes_numbers_of_its_own_only(table_of, rng):
    bill = rng.integers(0, 50_000, ROWS) / 100
    tens = np.floor(rng.random(ROWS) * 40) * 10 + 100
    bill = np.where(rng.random(ROWS) < 0.5, np.floor(bill) // 10 * 10, bill)
    whole = (bill % 10 == 0) & (bill >= 100) & (bill < 500)
    frame = pd.DataFrame({"bill": bill, "paid": np.where(whole, bill, tens).astype(int)})
    frame["paid"] = np.where(rng.random(ROWS) < 0.3, frame["paid"], tens.astype(int))
    frame.loc[:99, "paid"] = rng.permutation(np.arange(100, 500, 4))  # so that none is common
    frame = pd.concat([frame] * 2, ignore_index=True)
    table = table_of(frame)
    rules = find_partial_equalities(table, rng)
    made = shuffled(table)
    for rule in rules:
        made = rule.restore(made)
    assert (made[1][1] % 2 == 0).all()
    assert made[1][1].between(frame["paid"].min(), frame["paid"].max()).all()


NO_COINCIDENCES = {
    "independent": lambda frame, rng: pd.DataFrame(rng.integers(0, 10**4, (ROWS, 2))),
    "independent, small": lambda frame, rng: pd.DataFrame(rng.integers(0, 120, (ROWS, 2))),
    "near each other": lambda frame, rng: pd.DataFrame(
        np.rint(rng.normal(0, 300, (ROWS, 1)) + rng.normal(0, 2, (ROWS, 2)))
    ),
    "not far above": lambda frame, rng: pd.DataFrame(
        {"low": frame["bill"] // 500, "high": frame["bill"] // 500 + rng.geometric(0.3, ROWS) - 1}
    ),
    "not far below": lambda frame, rng: pd.DataFrame(
        {"high": -frame["bill"] // 500, "low": -frame["bill"] // 500 - rng.geometric(0.3, ROWS) + 1}
    ),
    "rare levels": lambda frame, rng: frame.assign(
        bill=np.where(rng.random(ROWS) < 0.13, rng.integers(1, 16, ROWS), 0)
    ).assign(paid=lambda f: f["bill"].where(rng.random(ROWS) < 0.9, 0)),
    "levels": lambda frame, rng: frame.clip(upper=19_000) // 1000,
    "common values": lambda frame, rng: frame.clip(4_000, 30_000) // 1000,
    "in few rows": lambda frame, rng: frame.assign(
        paid=np.where(rng.random(ROWS) < 0.015, frame["bill"], -frame["paid"] - 1)
    ),
    "of few rows": lambda frame, rng: frame[:40],
    "text": lambda frame, rng: "ref " + frame.astype(str),
    "dates and numbers": lambda frame, rng: frame.assign(
        bill=pd.to_datetime("2020-01-01") + pd.to_timedelta(frame["bill"], "s")
    ),
    "beyond the exact floats": lambda frame, rng: frame + 2**60,
}


@pytest.mark.parametrize("make", NO_COINCIDENCES.values(), ids=NO_COINCIDENCES)
def test_no_coincidence(make, bills, table_of, rng):
    assert described(table_of(make(bills, rng)), rng) == []


def test_few_numbers_that_are_equal_by_rule_are_found(table_of, rng):
    price = rng.choice(np.arange(150) * 7 + 99, ROWS)
    paid = np.where(rng.random(ROWS) < 0.2, price, rng.choice(np.arange(150) * 7 + 99, ROWS))
    found = described(table_of(pd.DataFrame({"price": price, "paid": paid})), rng)
    assert len(found) == 1


def test_one_row_outside_of_the_sample_may_not_fit(bills, table_of, rng):
    frame = pd.concat([bills] * 4, ignore_index=True)
    table = table_of(frame)
    frame.loc[0, "bill"] = 2**60
    rules = find_partial_equalities(
        {at: TypedSeries(table[at].column, frame.iloc[:, at]) for at in (0, 1)}, rng
    )
    assert rules == []


# ---------------------------------------------------------------- several columns


def test_a_column_follows_one_other_and_none_in_a_circle(bills, table_of, rng):
    """The bill of a month is often that of the month before, and payments are of last month."""
    frame = pd.DataFrame({"bill 0": bills["bill"]})
    for month in (1, 2, 3):
        new = np.rint(np.exp(rng.normal(10, 1, ROWS)))
        same = rng.random(ROWS) < 0.1
        frame[f"bill {month}"] = np.where(same, frame[f"bill {month - 1}"], new)
        part = np.rint(new * rng.random(ROWS) / 1000) * 1000
        full = rng.random(ROWS) < 0.2
        frame[f"paid {month}"] = np.where(full, frame[f"bill {month - 1}"], part)
    table = table_of(frame)
    rules = find_partial_equalities(table, rng)
    targets = [rule.target.column.name for rule in rules]
    assert len(set(targets)) == len(rules) == 6
    assert {rule.describe()[:24] for rule in rules if "paid" in rule.target.column.name} == {
        f"'paid {month}' equals 'bill {month - 1}'"[:24] for month in (1, 2, 3)
    }
    for place, rule in enumerate(rules):  # what another follows is restored before
        assert rule.source.column.name not in targets[:place]
    made = shuffled(table)
    for rule in reversed(rules):
        made = rule.restore(made)
    made = together(made)
    for rule in rules:
        a, b = rule.target.column.name, rule.source.column.name
        assert (made[a] == made[b]).mean() == pytest.approx((frame[a] == frame[b]).mean(), abs=0.02)


def test_columns_that_must_not_be_changed_are_followed_only(bills, table_of, rng):
    table = table_of(bills)
    (rule,) = find_partial_equalities(table, rng, fixed={0})
    assert rule.describe().startswith("'bill' equals 'paid'")
    assert find_partial_equalities(table, rng, fixed={0, 1}) == []


def test_many_columns_are_searched(table_of, rng):
    frame = pd.DataFrame(rng.normal(size=(1000, 60)), columns=[f"x{i}" for i in range(60)])
    frame["x50"] = frame["x50"].round(2).where(rng.random(1000) < 0.8, frame["x7"])
    assert described(table_of(frame), rng) == ["'x50' equals 'x7' in 20 % of the rows"]


def _invoices():
    """Invoices that are never overpaid, and often paid in full and when they are due."""
    rng = np.random.default_rng(3)
    net = rng.integers(500, 90_000, ROWS)
    tax = net * rng.choice([7, 19], ROWS) // 100
    part = np.floor((net + tax) * rng.random(ROWS) / 100).astype(int) * 100
    paid = np.where(rng.random(ROWS) < 0.4, net + tax, part)
    frame = pd.DataFrame({"paid": paid, "net": net, "tax": tax, "gross": net + tax})
    due = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 9000, ROWS), "h")
    other = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 9000, ROWS), "h")
    frame["due"] = due
    frame["came"] = pd.Series(other).where(rng.random(ROWS) > 0.25, due)
    return frame


INVOICES = _invoices()
INVOICES_TABLE = by_position(INVOICES, infer_schema(INVOICES))
INVOICES_RULES = detect_dependencies(INVOICES_TABLE, np.random.default_rng(0))


def test_coincidences_stand_between_orders_and_sums(round_trip):
    assert [rule.describe() for rule in INVOICES_RULES][:2] == [
        "'paid' ≤ 'gross'",
        "'paid' equals 'gross' in 40 % of the rows",
    ]
    assert [type(rule) for rule in INVOICES_RULES] == [
        OrderDependency,
        PartialEquality,
        PartialEquality,
        SumDependency,
    ]
    pd.testing.assert_frame_equal(round_trip(INVOICES_TABLE, INVOICES_RULES), INVOICES)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_sums_and_orders_hold_beside_coincidences(seed):
    table = INVOICES_TABLE
    for rule in INVOICES_RULES:
        table = rule.reduce(table)
    made = shuffled(table, seed)
    for rule in reversed(INVOICES_RULES):
        made = rule.restore(made)
    made = together(made)
    assert (made["net"] + made["tax"] == made["gross"]).all()
    assert (made["paid"] <= made["gross"]).all()
    assert (made["paid"] == made["gross"]).mean() > 0.38  # some more where the order is mended
    assert (made["came"] == made["due"]).mean() == pytest.approx(0.25, abs=0.02)
    for name in INVOICES:
        assert made[name].between(INVOICES[name].min(), INVOICES[name].max()).all()


def test_what_other_rules_give_or_give_from_is_not_changed(table_of, round_trip, rng):
    """Tariffs that were often the same last year, and dates that are learned as distances."""
    tariff, before = rng.integers(0, 150, 2 * ROWS), rng.integers(0, 300, 2 * ROWS)
    cap, fee = rng.permutation(1000)[:150][tariff] + 50, rng.permutation(9000)[:150][tariff]
    day = pd.Timedelta(1, "D")
    ordered = pd.Timestamp("2010-01-01") + rng.integers(0, 4000, 2 * ROWS) * day
    sent = ordered + rng.integers(0, 9, 2 * ROWS) * day
    same = rng.random(2 * ROWS) < 0.3
    frame = pd.DataFrame(
        {
            "before": np.where(same, tariff, before),
            "tariff": tariff,
            "cap": cap,
            "used": np.floor(cap * rng.random(2 * ROWS)).astype(int),
            "fee": fee,
            "paid": np.where(same, fee, rng.integers(0, 9000, 2 * ROWS)),
            "ordered": ordered,
            "sent": sent,
            "told": np.where(same, sent, sent[::-1]),
        }
    )
    table = table_of(frame)
    rules = detect_dependencies(table, rng)
    assert [rule.describe() for rule in rules] == [
        "'tariff' determines 'fee'",
        "'used' ≤ 'cap'",
        "'ordered' ≤ 'sent'",
        "'sent' is learned as its distance from 'ordered'",
        "'before' equals 'tariff' in 30 % of the rows",
        "'tariff' determines 'cap'",
    ]
    pd.testing.assert_frame_equal(round_trip(table, rules), frame)


# ---------------------------------------------------------------- what is stored


@given(st.lists(st.tuples(st.integers(-9, 10**6), st.integers(-9, 10**6)), max_size=40))
@settings(max_examples=50)
def test_blocks_of_any_size_are_restored(rows):
    columns = [column for column, _ in INVOICES_TABLE.values()]
    rule = INVOICES_RULES[1]
    frame = pd.DataFrame(rows, columns=["paid", "gross"]).clip(
        INVOICES[["paid", "gross"]].min(), INVOICES[["paid", "gross"]].max(), axis=1
    )
    made = rule.restore(
        {
            0: TypedSeries(columns[0], frame["paid"]),
            3: TypedSeries(columns[3], frame["gross"]),
        }
    )[0][1]
    changed = (made != frame["paid"]).to_numpy()
    assert (made == frame["gross"])[changed].all()
    assert changed.sum() <= 0.6 * len(frame) + 1
    assert made.name == "paid"


def test_small_blocks_hold_as_many_equal_rows_as_large_ones():
    rule = INVOICES_RULES[1]
    drawn = shuffled({at: INVOICES_TABLE[at] for at in (0, 3)})
    equal = 0
    for start in range(0, ROWS, 30):
        block = {
            at: TypedSeries(column, values.iloc[start : start + 30])
            for at, (column, values) in drawn.items()
        }
        made = rule.restore(block)
        equal += (made[0][1].to_numpy() == made[3][1].to_numpy()).sum()
    assert equal / ROWS == pytest.approx(rule.share, abs=0.03)


def test_no_value_of_few_rows_is_stored(table_of, rng):
    frame = np.log(bills_of(rng, 400)[["bill"]])
    frame["paid"] = frame["bill"].where(rng.random(400) < 0.3, frame["bill"] * rng.random(400))
    table = table_of(frame)
    (rule,) = find_partial_equalities(table, rng)
    stored = {*rule.common, *rule.edges, *rule.knots}
    assert not stored & {*frame["paid"], *frame["bill"]}
    assert len(rule.knots) <= 400 / 5
    (large,) = find_partial_equalities(INVOICES_TABLE, rng)[:1]
    assert (len(large.knots), len(large.shares)) == (256, 16)


BROKEN = {
    "no shares": ({"shares": []}, "coincidence: there must be one share more than edges"),
    "share above 1": ({"share": 1.5}, "coincidence: shares must be from 0 to 1"),
    "no share": ({"share": float("nan")}, "coincidence: shares must be from 0 to 1"),
    "text": ({"knots": ["1"]}, "coincidence: knots must be numbers"),
    "truth": ({"common": [True]}, "coincidence: common must be numbers"),
    "infinite": ({"knots": [float("inf")]}, "coincidence: knots must be finite"),
    "descending": ({"knots": [2.0, 1.0]}, "coincidence: knots must not descend"),
}


@pytest.mark.parametrize(("change", "message"), BROKEN.values(), ids=BROKEN)
def test_a_malformed_description_is_refused(change, message):
    rule = INVOICES_RULES[1]
    state = {"rule": rule.name, **rule.to_json()}
    assert dependency_from_json(json.loads(json.dumps(state))) == rule
    with pytest.raises((TypeError, ValueError)) as caught:
        dependency_from_json(state | change)
    assert str(caught.value) == message


@pytest.mark.parametrize("key", ["source", "target", "unit", "grid", "common", "edges", "share"])
def test_an_incomplete_description_is_refused(key):
    rule = INVOICES_RULES[1]
    state = {"rule": rule.name, **rule.to_json()}
    del state[key]
    with pytest.raises(KeyError, match=key):
        dependency_from_json(state)


# ---------------------------------------------------------------- multiples


@pytest.fixture
def prices(rng):
    """Prices without and with tax: of most of 21 %, of some of 15 % or none, others at will."""
    net = np.round(np.exp(rng.normal(8, 2, ROWS)), 2)
    branch = rng.integers(2, size=ROWS)
    rate = np.where(branch == 0, 1.21, rng.choice([1.21, 1.15, 1.0], ROWS))
    gross = np.round(net * rate, 2)
    is_whole = rng.random(ROWS) < 0.2
    gross = np.where(is_whole, np.round(gross), gross)
    is_free = rng.random(ROWS) < 0.1
    gross = np.where(is_free, np.round(net * rng.uniform(1, 1.5, ROWS), 2), gross)
    frame = pd.DataFrame({"net": net, "gross": gross, "branch": np.array(["a", "b"])[branch]})
    frame.loc[rng.random(ROWS) < 0.3, "net"] = np.nan
    return frame


def multiples_of(frame, rng, fixed=()):
    table = by_position(frame, infer_schema(frame))
    return table, find_partial_multiples(table, rng, fixed, frame.shape[1])


def test_prices_with_a_tax_have_the_rates_that_many_rows_share(prices, rng):
    table, (rule,) = multiples_of(prices, rng)
    assert (rule.source.column.name, rule.target.column.name) == ("net", "gross")
    assert {own.factor for own in rule.multiples} == {1.21, 1.15, 1.0}
    assert rule.describe().startswith("'gross' is 'net' times 1.21 in ")
    assert rule in detect_dependencies(table, rng)
    reduced = rule.reduce(table)
    again = dependency_from_json(json.loads(json.dumps({"rule": rule.name} | rule.to_json())))
    assert again == rule
    restored = again.restore(reduced)
    assert list(restored) == list(table)
    pd.testing.assert_series_equal(restored[1].values, prices["gross"], rtol=1e-9)


def test_drawn_prices_keep_the_shares_of_the_rates(prices, rng):
    table, (rule,) = multiples_of(prices, rng)
    reduced = rule.reduce(table)
    drawn = rule.restore({**shuffled(table), rule.position: reduced[rule.position]})
    net, gross = drawn[0].values, drawn[1].values
    both = net.notna()
    assert gross.max() <= prices["gross"].max()  # within the range of the table

    def shares(net, gross):
        return [np.mean(np.abs(gross - net * rate) <= 0.5) for rate in (1.21, 1.15, 1.0)]

    known = prices["net"].notna()
    wanted = shares(prices["net"][known], prices["gross"][known])
    assert shares(net[both], gross[both]) == pytest.approx(wanted, abs=0.05)


@pytest.mark.parametrize("place", range(4))
def test_numbers_that_only_go_together_are_no_multiples(place, rng):
    base = np.exp(rng.normal(8, 1, ROWS))
    small = rng.poisson(30, ROWS)
    pairs = [
        (base, base * rng.uniform(1.15, 1.25, ROWS)),
        (base.round(), (base * rng.normal(1.2, 0.005, ROWS)).round()),
        (small, small + rng.poisson(30, ROWS)),
        (rng.integers(1, 60, ROWS), rng.integers(1, 60, ROWS)),
    ]
    one, other = pairs[place]
    _, found = multiples_of(pd.DataFrame({"one": one, "other": other}), rng)
    assert not found


def test_rows_that_come_again_are_no_evidence_of_a_factor(rng):
    pairs = rng.integers(400, 4000, (2, 40)).astype(float)
    pairs[:, 0] = 1000, 1320
    groups = pairs.repeat([28, *[2] * 39], axis=1)
    one, other = rng.integers(400, 4000, ROWS).astype(float), np.full(ROWS, np.nan)
    one[: groups.shape[1]], other[: groups.shape[1]] = groups
    _, found = multiples_of(pd.DataFrame({"one": one, "other": other}), rng)
    assert not found


def test_a_column_that_must_not_change_is_no_multiple(prices, rng):
    _, found = multiples_of(prices, rng, fixed={1})
    assert not found
