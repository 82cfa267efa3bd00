"""Names and e-mail addresses of one row belong to one person."""

import json

import numpy as np
import pandas as pd
import pytest
from faker import Faker

from tabgan import TabGAN
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.detect_dependencies import dependency_from_json
from tabgan.rules.personal_dependency import find_persons

ROWS = 400
FAKE = Faker("en_US")
FAKE.seed_instance(0)
FIRST = [FAKE.first_name() for _ in range(ROWS)]
LAST = [FAKE.last_name() for _ in range(ROWS)]
FULL = [f"{one} {two}" for one, two in zip(FIRST, LAST, strict=True)]
MAIL = [
    f"{one[0]}.{two}{i}@corp.test".lower() if i % 4 else f"info{i}@corp.test"
    for i, (one, two) in enumerate(zip(FIRST, LAST, strict=True))
]
OTHER = [f"user{i}@corp.test" for i in range(ROWS)]
COLUMNS = {"first_name": FIRST, "last_name": LAST, "full_name": FULL, "mail": MAIL, "other": OTHER}


def drawn(names, rows=3_000, hole=None):
    frame = pd.DataFrame({name: COLUMNS[name] for name in names})
    if hole:
        frame.loc[::3, hole] = None
    encoder = TableEncoder.fit(frame, infer_schema(frame), np.random.default_rng(0))
    nothing = np.empty((rows, 0))
    codes = encoder.encode(frame).codes  # whether a value is there
    codes = codes[np.random.default_rng(2).integers(0, len(frame), rows)].astype(np.int64)
    rules = [rule.describe() for rule in encoder.dependencies]
    return encoder.decode(nothing, codes, 0, np.random.default_rng(1)), rules


@pytest.mark.parametrize(
    ("names", "rules"),
    [
        (["full_name", "mail"], ["'mail' holds the name in 'full_name' in 75% of the rows"]),
        (
            ["first_name", "last_name", "mail"],
            ["'mail' holds the name in 'first_name' and 'last_name' in 75% of the rows"],
        ),
        (["last_name", "mail"], ["'mail' holds the name in 'last_name' in 75% of the rows"]),
        (["full_name", "other"], []),
        (
            ["first_name", "last_name", "full_name"],
            ["'last_name' is a part of 'full_name'", "'first_name' is a part of 'full_name'"],
        ),
    ],
)
def test_what_belongs_together_is_found(names, rules):
    assert drawn(names)[1] == rules


@pytest.mark.parametrize("names", [["full_name", "mail"], ["mail", "last_name", "first_name"]])
def test_addresses_hold_the_names_of_their_row_as_often_as_before(names):
    frame, _ = drawn(names)
    last = frame.get("last_name", frame.iloc[:, 0].str.split().str[-1])
    plain = last.str.lower().str.replace("[^a-z]", "", regex=True)
    held = [word in mail for word, mail in zip(plain, frame["mail"], strict=True)]
    assert np.mean(held) == pytest.approx(0.75, abs=0.04)
    assert frame["mail"].is_unique
    assert frame["mail"].str.fullmatch(r"[a-z.]+\d+@example\.(com|net|org)").all()


def test_given_and_family_names_are_those_of_the_full_name():
    frame, _ = drawn(["first_name", "full_name", "last_name", "mail"])
    assert (frame["first_name"] + " " + frame["last_name"] == frame["full_name"]).all()
    assert frame["full_name"].is_unique


@pytest.mark.parametrize("hole", ["full_name", "first_name", "mail"])
def test_what_is_missing_stays_missing(hole):
    frame, _ = drawn(["first_name", "full_name", "mail"], hole=hole)
    assert frame[hole].isna().mean() == pytest.approx(1 / 3, abs=0.05)
    assert frame.drop(columns=hole).notna().all(axis=None)
    assert frame["mail"].dropna().is_unique


@pytest.mark.parametrize("locale", ["ja_JP", "zh_CN", "ru_RU", "es_ES", "hu_HU"])
def test_people_of_other_locales(locale):
    fake = Faker(locale)
    table = pd.DataFrame({"full_name": FULL, "first_name": FIRST, "mail": MAIL, "x": range(ROWS)})
    gan = TabGAN(steps=1, hidden_dim=8, locale=locale, verbose=False, random_state=0).fit(table)
    sample = gan.sample(500)
    assert fake.locales == [locale]
    held = [one in full for one, full in zip(sample.first_name, sample.full_name, strict=True)]
    assert all(held)
    assert sample["mail"].is_unique
    assert sample["mail"].str.fullmatch(r"[a-z.]+\d+@example\.(com|net|org)").all()


def test_two_people_in_a_row_keep_their_own_address(table_of, rng):
    half = ROWS // 2
    frame = pd.DataFrame(
        {
            "customer_name": FULL[:half],
            "customer_mail": MAIL[:half],
            "contact_name": FULL[half:],
            "contact_mail": MAIL[half:],
        }
    )
    found = find_persons({**table_of(frame)}, rng)
    assert [rule.describe().partition(" in 7")[0] for rule in found] == [
        "'customer_mail' holds the name in 'customer_name'",
        "'contact_mail' holds the name in 'contact_name'",
    ]


def test_rules_go_to_json_and_back(table_of, rng):
    table = table_of(pd.DataFrame({name: COLUMNS[name] for name in COLUMNS}))
    rules = find_persons(table, rng)
    assert len(rules) == 3
    for rule in rules:
        state = json.loads(json.dumps({"rule": rule.name, **rule.to_json()}))
        assert dependency_from_json(state) == rule
        kept = json.dumps(state)
        assert not [name for name in {*FULL, *MAIL} if name in kept]


@pytest.mark.parametrize("change", [{"share": 2}, {"share": "x"}, {"sources": []}, {"target": 1}])
def test_a_malformed_rule_is_refused(change, table_of, rng):
    frame = pd.DataFrame({"full_name": FULL, "mail": MAIL})
    rule = find_persons(table_of(frame), rng)[0]
    with pytest.raises((KeyError, TypeError, ValueError)):
        dependency_from_json({"rule": rule.name, **rule.to_json(), **change})
