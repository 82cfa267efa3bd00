"""The case of a reference that stands exactly where the status is Left."""

import os
from pathlib import Path

import pandas as pd
import pytest

from tabgan import TabGAN

CASE = Path(os.environ.get("TABGAN_CASES", "")) / "rules" / "missing_iff_status.csv"


@pytest.mark.skipif(not CASE.is_file(), reason="TABGAN_CASES does not name the folder of cases")
def test_a_reference_is_missing_exactly_where_the_status_is_not_left():
    table = pd.read_csv(CASE)
    gan = TabGAN(steps=20, hidden_dim=16, verbose=False, random_state=0).fit(table)
    drawn = gan.sample(8192)
    assert (drawn["exit_ref"].notna() == (drawn["status"] == "Left")).all()
    assert abs(drawn["exit_ref"].isna().mean() - table["exit_ref"].isna().mean()) < 0.01
