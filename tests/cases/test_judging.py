"""Tables that look right and are not: the judge names the true cause first or second."""

import os
from pathlib import Path

import pandas as pd
import pytest

from tabgan import evaluate

CASES = Path(os.environ.get("TABGAN_CASES", "../shared/cases")) / "judging"


def read(name: str, **options) -> pd.DataFrame:
    path = CASES / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"{path} is not there; TABGAN_CASES names the folder of the cases")
    return pd.read_csv(path, **options)


@pytest.mark.parametrize(
    ("real", "synthetic", "part", "words"),
    [
        ("keys_real", "keys_permuted", "structure", "'customer_id' has several of"),
        ("identities_real", "identities_broken", "structure", "break a rule of the real table"),
        ("presence_real", "presence_independent", "structure", "'exit_ref' is missing"),
        ("series_real", "series_shuffled", "structure", "The order in time"),
        ("dates_real", "dates_impossible", "validity", "'when' is of kind datetime"),
    ],
)
def test_the_true_cause_is_named(real, synthetic, part, words):
    verdict = evaluate(read(real), read(synthetic)).verdict
    assert verdict.grade in ("poor", "usable with care")
    assert any(point.part == part and words in point.what for point in verdict.weak_points[:2])


def test_scrambled_formats_are_invalid():
    real, synthetic = (
        read(name, sep=";", dtype=str) for name in ("formats_real", "formats_scrambled")
    )
    verdict = evaluate(real, synthetic).verdict
    assert verdict.grade in ("poor", "usable with care")
    assert "'income' is of kind numeric" in verdict.weak_points[0].what


def test_jittered_copies_are_found():
    tables = (read(f"copies_{name}") for name in ("real", "jittered_5_percent", "holdout"))
    found = evaluate(*tables)
    assert 4 < found.nearness.near_copies.value < 8
    assert found.verdict.grade == "usable with care"
    assert "copies that were moved a little" in found.verdict.weak_points[0].what


@pytest.mark.parametrize("name", ["keys_real", "presence_real", "copies_real", "identities_real"])
def test_halves_of_a_real_table_have_no_fault_of_structure(name):
    table = read(name)
    if name == "keys_real":  # customers stay together
        first = table["customer_id"] % 2 == 0
    else:
        first = pd.Series(range(len(table))) % 2 == 0
    halves = (table[rows].reset_index(drop=True) for rows in (first, ~first))
    verdict = evaluate(*halves).verdict
    assert not [point for point in verdict.weak_points if point.part in ("structure", "nearness")]
