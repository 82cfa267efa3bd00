import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[3] / "examples" / "make_example_table.py"
TABLE = files("tabgan.cli").joinpath("example_customers.csv")


@pytest.fixture(scope="module")
def customers():
    with TABLE.open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)


def test_script_makes_the_table_again(tmp_path):
    out = tmp_path / "customers.csv"
    subprocess.run([sys.executable, str(SCRIPT), str(out)], check=True, capture_output=True)
    assert out.read_bytes() == TABLE.read_bytes()


def test_identifiers_differ(customers):
    assert len(customers) == customers["customer_id"].nunique() == customers["email"].nunique()
    assert customers["customer_id"].str.fullmatch(r"C-\d{6}").all()
    assert customers["email"].str.fullmatch(r"[a-z]+\.[a-z]+\d+@example\.(com|net|org)").all()


def test_rules_hold(customers):
    ordered = customers[customers["last_order"] != ""]
    assert (ordered["last_order"] >= ordered["signup_date"]).all()
    assert (customers.groupby("city")["country"].nunique() == 1).all()


def test_shares_and_relations(customers):
    spend, visits = customers["monthly_spend"].astype(float), customers["visits"].astype(int)
    blank = (customers == "").mean()
    assert 0.3 < (spend == 0).mean() < 0.5
    assert spend.max() > 20 * spend.mean()
    assert set(blank.index[blank > 0]) == {"last_order", "birth_year", "rating"}
    by_plan = spend.groupby(customers["plan"]).mean()
    assert by_plan["business"] > 3 * by_plan["plus"]
    assert visits[customers["is_active"] == "true"].mean() > 8
    assert visits[customers["is_active"] == "false"].mean() < 2
    assert visits[customers["rating"] == ""].mean() < visits[customers["rating"] != ""].mean()
