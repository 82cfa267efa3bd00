"""Codes hold what other columns of their row say."""

import json

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.code_dependency import CodePart, CodePrefix, find_codes
from tabgan.table.columns import by_position


def coded(rows=300, seed=0):
    rng = np.random.default_rng(seed)
    region = rng.choice(["EU", "US", "APAC"], rows)
    numbers = rng.permutation(10_000)[:rows]
    codes = [f"{own}-{number:06d}" for own, number in zip(region, numbers, strict=True)]
    return pd.DataFrame({"region": region, "code": codes, "size": rng.choice([*"abcd"], rows)})


def rules_of(frame):
    table = by_position(frame, infer_schema(frame))
    return find_codes(table), table


def test_a_code_that_begins_with_a_level_is_found_and_restored():
    frame = coded()
    (rule,), table = rules_of(frame)
    assert rule.describe() == "'code' begins with 'region'"
    assert CodePrefix.from_json(json.loads(json.dumps(rule.to_json()))) == rule
    reduced = rule.reduce(table)
    assert reduced[1].values.str.fullmatch(r"-\d{6}").all()
    assert rule.restore(reduced)[1].values.tolist() == frame["code"].tolist()
    without_codes = {0: table[0]}
    assert rule.restore(without_codes) == without_codes


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.assign(code=f["code"].where(f.index != 7, "XX-000001")),
        lambda f: f.assign(code=f["region"] + "-" + f.groupby("region").cumcount().astype(str)),
        lambda f: f.assign(code=f["region"] + "x" + f["code"]),
        lambda f: f.assign(region=f["region"].where(f.index != 7)),
    ],
    ids=["another", "not unique behind it", "a longer word", "missing"],
)
def test_what_is_no_prefix(change):
    assert not any(isinstance(rule, CodePrefix) for rule in rules_of(change(coded()))[0])


@pytest.mark.parametrize("odd", ["XX-000001", None])
def test_a_code_keeps_its_level_where_few_rows_have_another(odd):
    frame = coded()
    frame.loc[7, "code" if odd else "region"] = odd
    (rule,), table = rules_of(frame)
    assert rule.describe() == "'code' holds 'region'"
    again = rule.restore(rule.reduce(table))[1].values
    assert [own for own in again if own != odd][:7] == frame["code"].tolist()[:7]


@pytest.mark.parametrize(
    ("write", "what"),
    [
        (lambda r: f"INV-{r.day[:4]}-{r.n:06d}", "the year of 'day'"),
        (lambda r: f"{r.n:05d}/{r.day[2:4]}", "the year of two digits of 'day'"),
        (lambda r: f"A{r.day[:4]}{r.day[5:7]}-{r.n}", "the year and month of 'day'"),
        (lambda r: f"/api/{r.day.replace('-', '')}/{r.n}.json", "the date of 'day'"),
        (
            lambda r: f"OC-{r.day[2:4]}{r.day[5:7]}LV{r.n:05d}",
            "the year of two digits and month of 'day'",
        ),
        (lambda r: f"{r.n:05d}-{r.dept}-x", "'dept'"),
        (lambda r: f"no.{r.n}/{r.team:03d}", "'team'"),
        (lambda r: f"{r.n:05d}-{r.round % 100}", "the last 2 digits of 'round'"),
    ],
)
def test_a_code_holds_another_column_somewhere(write, what):
    rng = np.random.default_rng(0)
    days = np.datetime64("2019-05-01") + rng.integers(0, 900, 400)
    frame = pd.DataFrame({"n": rng.permutation(90_000)[:400], "day": days.astype(str)})
    frame["dept"] = rng.choice(["FIN", "HR", "OPS"], 400)
    frame["team"] = rng.integers(1, 30, 400)
    frame["round"] = rng.integers(1966, 1970, 400)
    frame["code"] = [write(row) for row in frame.itertuples()]
    frame = frame.drop(columns="n").sort_values("day", ignore_index=True)
    (rule,), table = rules_of(frame)
    assert rule.describe() == f"'code' holds {what}"
    assert CodePart.from_json(json.loads(json.dumps(rule.to_json()))) == rule
    other = {at: cells.take(np.arange(400)[::-1]) for at, cells in table.items() if at < 4}
    moved = rule.restore({**other, 4: rule.reduce(table)[4]})
    assert rule.words(moved) == rule.words(other)
    assert moved[4].values.is_unique
    assert rule.reduce(moved)[4].values.tolist() == rule.reduce(table)[4].values.tolist()
    assert rule.restore(rule.reduce(table))[4].values.tolist() == frame["code"].tolist()


def test_a_year_stands_at_the_end_of_codes_of_any_length_beside_a_few_odd_ones():
    rng = np.random.default_rng(0)
    days = np.datetime64("2019-05-01") + rng.integers(0, 900, 400)
    frame = pd.DataFrame({"day": days.astype(str)})
    frame["code"] = [
        f"{n:06X}-{d[2:4]}" for n, d in zip(rng.integers(0, 16**6, 400), frame["day"], strict=True)
    ]
    frame.loc[[8, 390], "code"] = ["9.23E-12", "4.71E-13"]
    (rule,), table = rules_of(frame)
    assert rule.describe() == "'code' holds the year of two digits of 'day'"
    assert CodePart.from_json(json.loads(json.dumps(rule.to_json()))) == rule
    mended = rule.restore(rule.reduce(table))[1].values
    assert (mended.str[-2:] == frame["day"].str[2:4]).all()


def test_codes_that_come_again_begin_with_levels_that_end_in_digits():
    frame = coded().replace({"region": {"EU": "R1", "US": "R2", "APAC": "R12"}})
    frame["code"] = [f"{own}/{at % 140:03d}" for at, own in enumerate(frame["region"])]
    frame.loc[[5, 6], ["region", "code"]] = ["R2", "R2/999"]
    (rule,), table = rules_of(frame)
    assert rule.describe() == "'code' begins with 'region'"
    assert rule.restore(rule.reduce(table))[1].values.tolist() == frame["code"].tolist()


def test_codes_of_drawn_rows_begin_with_their_level_and_are_new():
    frame = coded()
    frame.loc[[3, 4], "region"] = "LATAM"  # folded: the codes follow
    frame.loc[[3, 4], "code"] = ["LATAM-000991", "LATAM-000992"]
    options = {"steps": 3, "hidden_dim": 8, "refine": False, "polish": False, "verbose": False}
    gan = TabGAN(**options, random_state=0).fit(frame)
    for rows in (gan.sample(900), gan.sample(20, where={"region": "EU"})):
        pairs = zip(rows["code"], rows["region"], strict=True)
        assert all(code.startswith(f"{region}-") for code, region in pairs)
        assert rows["code"].is_unique
        assert not set(rows["code"]) & set(frame["code"])
        assert set(rows["region"]) <= {"EU", "US", "APAC"}


@pytest.mark.parametrize("by", ["presence", "level"])
def test_one_of_few_words_of_a_code_goes_with_another_column(by):
    rng = np.random.default_rng(0)
    sort = rng.choice(["bicycle", "car", "bus"], 400)
    is_reply = sort != "car"
    frame = pd.DataFrame({"n": rng.permutation(90_000)[:400]})
    pairs = [*zip(frame.n, is_reply, strict=True)]
    if by == "presence":
        frame["parent"] = [f"{n:06X}" if there else None for n, there in pairs]
        frame["code"] = [f"{n:06}P{1 + there}" for n, there in pairs]
    else:
        frame["sort"] = sort
        frame["code"] = [f"{n:06}-{own[0].upper()}" for n, own in zip(frame.n, sort, strict=True)]
    frame = frame.drop(columns="n")
    (rule,), table = rules_of(frame)
    assert CodePart.from_json(json.loads(json.dumps(rule.to_json()))) == rule
    other = table[0].take(np.arange(400)[::-1])
    moved = rule.restore({0: other, 1: rule.reduce(table)[1]})
    assert moved[1].values.str[-1].tolist() == frame["code"].str[-1].tolist()[::-1]
    assert moved[1].values.str[:6].tolist() == frame["code"].str[:6].tolist()
    assert ("whether there is a value" in rule.describe()) == (by == "presence")


def test_a_word_that_goes_with_no_column_stays():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"sort": rng.choice(["bicycle", "car"], 400)})
    frame["code"] = [f"{n:06}P{rng.integers(1, 3)}" for n in rng.permutation(90_000)[:400]]
    assert rules_of(frame)[0] == []


def redrawn(frame):
    """Return rows drawn from a table as if its encoded rows were learned exactly, and the rules."""
    encoder = TableEncoder.fit(frame, infer_schema(frame), np.random.default_rng(0))
    rows, rng = encoder.encode(frame), np.random.default_rng(1)
    order = rng.integers(0, len(frame), len(frame))
    numbers = rows.low + rows.width * rng.random(rows.low.shape)
    codes = rows.codes[order].astype(np.int64)
    again = TableEncoder.from_json(json.loads(json.dumps(encoder.to_json())))
    described = [rule.describe() for rule in encoder.dependencies]
    return again.decode(numbers[order].astype(float), codes, 0, rng), described


def dated(rows, write, seed=0, hole=0.0):
    """Return codes that hold a day, and a day after it, with holes."""
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2022-01-03") + pd.to_timedelta(rng.integers(0, 700, rows), "D")
    later = days + pd.to_timedelta(rng.gamma(2, 12, rows).astype(int), "D")
    numbers = rng.permutation(10 * rows)[:rows]
    frame = pd.DataFrame(
        {
            "code": [write(day, number) for day, number in zip(days, numbers, strict=True)],
            "closed": later.strftime("%d.%m.%Y").astype(object),
            "kind": rng.choice([*"abc"], rows),
        }
    )
    frame.loc[rng.random(rows) < hole, "closed"] = None
    return frame


def test_a_date_within_a_code_stays_before_the_date_of_another_column():
    frame = dated(400, lambda day, n: f"C-{day:%Y%m%d}-{n:05}", hole=0.2)
    drawn, rules = redrawn(frame)
    held = pd.to_datetime(drawn["code"].str[2:10], format="%Y%m%d")
    closed = pd.to_datetime(drawn["closed"], format="%d.%m.%Y")
    there = closed.notna()
    assert (held <= closed)[there].all()
    assert (closed - held)[there].dt.days.median() == pytest.approx(20, abs=4)
    assert drawn["code"].is_unique
    assert not set(drawn["code"]) & set(frame["code"])
    assert "'date in code' ≤ 'closed'" in rules


def test_numbers_that_begin_with_a_day_are_codes_with_possible_days():
    frame = dated(600, lambda day, n: int(f"{day:%Y%m%d}{n % 1000:03}"))
    frame["month"] = frame["code"] // 100_000
    schema = infer_schema(frame)
    assert (schema.columns[0].kind, schema.columns[3].kind) == ("identifier", "datetime")
    drawn, _ = redrawn(frame)
    assert drawn["code"].dtype == frame["code"].dtype
    held = pd.to_datetime(drawn["code"].astype(str).str[:8], format="%Y%m%d", errors="coerce")
    assert held.notna().all()
    assert (drawn["code"] // 100_000 == drawn["month"]).all()
    assert drawn["code"].is_unique


@pytest.mark.parametrize("share", [0.62, 0.85])
def test_the_month_of_a_code_is_that_of_a_date_in_as_many_rows(share):
    frame = dated(1_000, lambda day, n: f"EV{day:%y%m}/{n:06}")
    own = pd.to_datetime("20" + frame["code"].str[2:6], format="%Y%m")
    rng = np.random.default_rng(0)
    other = rng.integers(32, 300, len(frame)) * (rng.random(len(frame)) >= share)
    frame["closed"] = own + pd.to_timedelta(other, "D")
    frame.loc[::5, "closed"] = pd.NaT

    def equal(table):
        there = table["closed"].notna()
        return (table["code"].str[2:6] == table["closed"].dt.strftime("%y%m"))[there].mean()

    drawn, rules = redrawn(frame)
    assert equal(drawn) == pytest.approx(equal(frame), abs=0.03)
    assert any("'date in code' is the month of 'closed' in" in rule for rule in rules)


@pytest.mark.parametrize("share", [0.3, 0.75])
def test_a_code_is_another_one_of_its_row_in_as_many_rows(share):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"account": [f"K{n:06}" for n in rng.permutation(10**6)[:1_500]]})
    others = pd.Series([f"K{n:06}" for n in rng.permutation(10**6)[:1_500]])
    frame["payer"] = frame["account"].where(rng.random(1_500) < share, others)
    frame.loc[::7, "payer"] = None
    frame["kind"] = rng.choice([*"abc"], 1_500)

    def equal(table):
        return (table["account"] == table["payer"])[table["payer"].notna()].mean()

    drawn, rules = redrawn(frame)
    assert equal(drawn) == pytest.approx(equal(frame), abs=0.03)
    assert drawn["payer"].isna().mean() == pytest.approx(frame["payer"].isna().mean(), abs=0.02)
    assert not set(drawn["account"]) & set(frame["account"])
    assert any(rule.startswith("'payer' equals 'account' in") for rule in rules)


@pytest.mark.parametrize("digits", [2, 4])
def test_the_year_of_a_code_is_that_of_a_date_in_as_many_rows(digits):
    rng = np.random.default_rng(0)
    days = pd.Timestamp("1996-01-03") + pd.to_timedelta(rng.integers(0, 2_800, 1_000), "D")
    years = days.year + rng.integers(1, 5, 1_000) * (rng.random(1_000) < 0.2)
    numbers = rng.permutation(10**4)[:1_000]
    frame = pd.DataFrame({"day": days.strftime("%d/%m/%Y").astype(object)})
    frame["report"] = [
        f"A-{n:04}/KX/{str(own)[-digits:]}" for n, own in zip(numbers, years, strict=True)
    ]

    def equal(table):
        return (table["report"].str[-digits:] == table["day"].str[-digits:]).mean()

    drawn, rules = redrawn(frame)
    assert equal(drawn) == pytest.approx(equal(frame), abs=0.03)
    assert set(drawn["report"].str[-digits:]) <= set(frame["report"].str[-digits:])
    assert drawn["report"].is_unique
    assert not set(drawn["report"]) & set(frame["report"])
    assert any(rule.startswith("the year that 'report' holds") for rule in rules)


def test_a_word_of_a_code_nearly_determines_a_category():
    rng = np.random.default_rng(0)
    sort = rng.choice([*"ABCDEF"], 1_000)
    division = pd.Series(sort).map(dict(zip("ABCDEF", ["north", "south", "west"] * 2, strict=True)))
    other = rng.choice(["north", "south", "west"], 1_000)
    frame = pd.DataFrame({"division": division.where(rng.random(1_000) < 0.95, other)})
    numbers = 10_000 + pd.Series(sort).groupby(sort).cumcount()  # those of each sort begin anew
    frame["code"] = [f"F{own}-{n:05}" for n, own in zip(numbers, sort, strict=True)]
    frame.loc[[5, 6], "code"] = ["QQ-10001", "QR-10002"]

    def told(table):
        groups = table.groupby(table["code"].str[:2])["division"]
        return groups.transform(lambda own: own.mode().iloc[0]).eq(table["division"]).mean()

    drawn, rules = redrawn(frame)
    assert told(drawn) == pytest.approx(told(frame), abs=0.02)
    assert set(drawn["code"].str[:2]) == {f"F{own}" for own in "ABCDEF"}
    assert drawn["code"].is_unique
    assert not set(drawn["code"]) & set(frame["code"])
    assert any(rule.startswith("the word that 'code' holds") for rule in rules)
