"""The made-up tables of rules between columns: what they hold is found, and kept in every row."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN

CASES = Path(os.environ.get("TABGAN_CASES", "../shared/cases")) / "rules"
QUICK = {"steps": 20, "hidden_dim": 16, "refine": False, "polish": False, "verbose": False}


def read(name: str) -> pd.DataFrame:
    path = CASES / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"{path} is not there; TABGAN_CASES names the folder of the cases")
    return pd.read_csv(path)


def test_identities_of_accounts_hold_together():
    made = TabGAN(random_state=0, **QUICK).fit(read("accounts")).sample(1_000)
    assert np.allclose(made["qty"] * made["price"], made["gross"], atol=0.005)
    assert np.allclose(made["gross"] - made["discount"], made["sales"], atol=0.005)
    assert np.allclose(made["sales"] - made["cogs"], made["profit"], atol=0.005)
    assert (made["injury"] + made["property"] + made["vehicle"] == made["total_claim"]).all()


@pytest.mark.parametrize("name", ["hierarchy_5_singles", "hierarchy_8_singles"])
def test_a_hierarchy_with_single_towns_holds(name):
    table = read(name)
    made = TabGAN(random_state=0, **QUICK).fit(table).sample(1_000)
    regions = table.drop_duplicates("town").set_index("town")["region"]
    assert (made["town"].map(regions) == made["region"]).all()


def test_identities_of_accounts_with_holes_hold_where_all_is_there():
    table, rng = read("accounts"), np.random.default_rng(0)
    table = table.mask(rng.random(table.shape) < 0.03)
    made = TabGAN(random_state=0, **QUICK).fit(table).sample(4_000)
    for result, computed in {
        "gross": made["qty"] * made["price"],
        "sales": made["gross"] - made["discount"],
        "profit": made["sales"] - made["cogs"],
        "total_claim": made["injury"] + made["property"] + made["vehicle"],
    }.items():
        there = made[result].notna() & computed.notna()
        assert there.mean() > 0.8
        assert np.allclose(made[result][there], computed[there], atol=0.005)
    assert ((made.isna().mean() - table.isna().mean()).abs() < 0.01).all()
