"""Rare levels, and new values in their place."""

import numpy as np
import pandas as pd
import pytest

from tabgan import evaluate
from tabgan.evaluation.compared_tables import ComparedTables, join_rare_levels, read_tables
from tabgan.evaluation.evaluation_parts import StandIns, Validity
from tabgan.evaluation.validity_and_coverage import check_validity

SYLLABLES = ["ba", "do", "ki", "lu", "me", "no", "pa", "ri", "so", "tu", "ve", "za"]
COMMON = ["Acme", "Globex", "Initech"]


def names(count: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    size = (count, 3)
    return ["".join(parts).capitalize() for parts in rng.choice(SYLLABLES, size)]


def firms(seed: int, rare: list[str], common: float = 0.4, size: int = 600) -> pd.DataFrame:
    """Draw a table in which most names stand in one to four rows."""
    rng = np.random.default_rng(seed)
    name = np.where(rng.random(size) < common, rng.choice(COMMON, size), rng.choice(rare, size))
    staff = rng.integers(10, 500, size)
    return pd.DataFrame({"firm": name, "staff": staff, "cost": staff * 3 + rng.integers(0, 90)})


@pytest.fixture(scope="module")
def real() -> pd.DataFrame:
    return firms(0, names(180, 0))


def judged(real: pd.DataFrame, synthetic: pd.DataFrame) -> tuple[ComparedTables, Validity]:
    tables = join_rare_levels(read_tables(real, synthetic, schema={"firm": "categorical"}))
    return tables, check_validity(tables, np.random.default_rng(0))


def test_new_values_in_place_of_rare_ones_are_valid(real):
    tables, found = judged(real, firms(1, [f"{name}x" for name in names(180, 1)]))
    assert "firm" not in {violation.column for violation in found.violations}
    (rare,) = found.stand_ins
    assert rare.column == "firm"
    assert rare.levels == (real["firm"].value_counts() < 7).sum()
    assert abs(rare.real_rows - 60) < 10
    assert abs(rare.new_rows - 60) < 6
    assert tables.coded[0].levels[-1] == "(levels of few rows)"


def test_values_of_another_form_are_not(real):
    _, found = judged(real, firms(1, ["#9-77", "#9-78"]))
    assert found.violations[0].column == "firm"
    assert "written like them" in found.violations[0].rule
    assert abs(100 - found.valid_rows.value - 60) < 6


def test_new_values_where_frequent_ones_should_be_are_not(real):
    real = firms(0, names(30, 0), common=0.9)
    _, found = judged(real, firms(1, names(30, 1), common=0.1))
    assert found.violations[0].rows > 300


def test_nothing_is_joined_without_new_values_or_rare_ones(real):
    tables, _ = judged(real, real[::-1].reset_index(drop=True))
    assert tables.stand_ins == ()
    assert len(tables.coded[0].levels) == real["firm"].nunique()
    common = firms(0, COMMON)
    tables, found = judged(common, common.assign(firm=common["firm"].str.replace("Acme", "Acne")))
    assert tables.stand_ins == ()
    assert found.violations[0].rule == "one of the real table's 3 levels"


def test_codes_keep_their_form():
    rng = np.random.default_rng(3)

    def codes(lead: str) -> pd.DataFrame:
        values = [f"{lead}-{number}" for number in rng.integers(100, 999, 400)]
        return pd.DataFrame({"code": values, "n": rng.integers(0, 99, 400)})

    kinds = {"code": "categorical"}
    real = codes("AB")
    for lead, valid in {"XY": True, "XYZ": False, "X1": False, "xy": False}.items():
        tables = join_rare_levels(read_tables(real, codes(lead), schema=kinds))
        found = check_validity(tables, np.random.default_rng(0))
        assert (found.valid_rows.value > 99) is valid, lead


def test_a_copied_rare_level_is_part_of_a_copy(real):
    rare = real[~real["firm"].isin(COMMON)].head(100)
    fresh = firms(5, [f"{name}o" for name in names(180, 5)], size=300)
    both = pd.concat([rare, fresh], ignore_index=True)
    moved = both.assign(firm=np.where(both.index < 100, "Zazaza", both["firm"]))
    kinds = {"firm": "categorical"}
    found, other = (evaluate(real, one, schema=kinds) for one in (both, moved))
    assert found.nearness.unique_copies.value > 20
    assert other.nearness.unique_copies.value < 10
    assert "new values written like them" in str(found)
    assert "new values written like them" in found.to_html()


def test_the_sentence_names_the_column_and_its_figures():
    assert StandIns("firm", 1200, 60.0, 58.25).sentence == (
        "'firm' has 1,200 levels that few real rows hold (60.0 % together). They count as one "
        "level, and so do the new values written like them in 58.2 % of the synthetic rows."
    )


def test_dates_in_a_form_that_real_ones_of_their_day_never_have_are_not_valid():
    days = pd.Series(pd.date_range("2020-01-01", periods=900, freq="h"))
    short, long = (days.dt.strftime(form) for form in ("%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p"))
    real = short.where(days.dt.day <= 12, long)
    mixed = short.where(np.random.default_rng(0).random(900) < 0.5, long)
    tables = read_tables(real.to_frame("when"), mixed.to_frame("when"))
    found = check_validity(tables, np.random.default_rng(0))
    (violation,) = found.violations
    assert violation.rule == "in the form that goes with days up to the 12th and after it"
    assert abs(found.valid_rows.value - 50) < 6
    same = read_tables(real.to_frame("when"), real.to_frame("when"))
    assert not check_validity(same, np.random.default_rng(0)).violations
