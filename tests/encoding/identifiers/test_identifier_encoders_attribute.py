"""Levels whose names are generated keep one name each."""

import numpy as np
import pandas as pd
import pytest
from faker import Faker

from tabgan import TabGAN
from tabgan.encoding.identifiers.identifier_encoders import find_attributes
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.detect_dependencies import dependency_from_json
from tabgan.table.columns import ColumnFrame, by_position

FAKE = Faker("en_US")
FAKE.seed_instance(0)
BOSSES = [f"{FAKE.first_name()} {FAKE.last_name()}" for _ in range(40)]
BRANCH = np.random.default_rng(0).integers(0, 40, 1_200)
TABLE = pd.DataFrame(
    {
        "branch": [f"B{i}" for i in BRANCH],
        "boss_name": [BOSSES[i] for i in BRANCH],
        "mail": [f"{BOSSES[i].replace(' ', '.').lower()}@corp.test" for i in BRANCH],
        "sales": BRANCH * 2.5,
    }
)


def table_of(frame: pd.DataFrame) -> ColumnFrame:
    return by_position(frame, infer_schema(frame))


def test_a_level_has_one_new_name_and_address():
    gan = TabGAN(steps=2, hidden_dim=8, verbose=False, random_state=0).fit(TABLE)
    assert gan.schema_["boss_name"].kind == "name"
    rules = [rule.describe() for rule in gan.dependencies_]
    assert "'branch' determines 'boss_name', which is generated" in rules
    sample = gan.sample(10_000)
    by_branch = sample.groupby("branch")
    assert (by_branch[["boss_name", "mail"]].nunique() == 1).all(axis=None)
    assert sample["boss_name"].nunique() == sample["mail"].nunique() == sample["branch"].nunique()
    assert not set(sample["boss_name"]) & set(BOSSES)
    held = [
        name.split()[-1].lower() in mail
        for name, mail in zip(sample["boss_name"], sample["mail"], strict=True)
    ]
    assert all(held)


def test_a_level_without_a_name_stays_so():
    table = TABLE[["branch", "boss_name"]].copy()
    table.loc[table["branch"] == "B7", "boss_name"] = None
    cells = table_of(table)
    rules = find_attributes(cells)
    assert [rule.describe() for rule in rules] == [
        "'branch' determines 'boss_name', which is generated"
    ]
    read = dependency_from_json({"rule": rules[0].name, **rules[0].to_json()})
    restored = read.restore(rules[0].reduce(cells))
    back = pd.concat([values for _, values in restored.values()], axis=1)
    pd.testing.assert_series_equal(back["branch"], table["branch"])
    assert (back["boss_name"].isna() == (table["branch"] == "B7")).all()
    assert back["boss_name"].nunique() == 39


def test_what_a_number_or_nothing_determines_is_no_rule():
    assert not find_attributes(table_of(TABLE[["sales", "boss_name"]]))
    shuffled = TABLE.assign(branch=TABLE["branch"].sample(frac=1, random_state=0).to_numpy())
    assert not find_attributes(table_of(shuffled))


@pytest.mark.parametrize("change", [{"image": [0]}, {"image": [10**6] * 40}, {"encoder": {}}])
def test_a_malformed_rule_is_refused(change):
    rule = find_attributes(table_of(TABLE))[0]
    assert dependency_from_json({"rule": rule.name, **rule.to_json()}).describe()
    with pytest.raises((KeyError, TypeError, ValueError)):
        dependency_from_json({"rule": rule.name, **rule.to_json(), **change})
