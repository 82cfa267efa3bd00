"""Rows with some cells given."""

import numpy as np
import pandas as pd
import pytest

from tabgan.conditions.partial_rows import read_partial_rows


@pytest.mark.parametrize("dtype", ["uint64", "UInt64"])
@pytest.mark.parametrize("first", [0, 2**63 - 3, 2**63])
def test_whole_numbers_of_64_bits_stay_exact(learn, dtype, first):
    numbers = np.arange(60, dtype=np.uint64) * np.uint64(1_000_003) + np.uint64(first)
    table = learn(pd.DataFrame({"u": pd.Series(numbers, dtype=dtype)}), u="integer")
    asked = table.frame.iloc[[10, 7, 10]].astype({"u": "UInt64"}).reset_index(drop=True)
    asked.loc[1, "u"] = pd.NA
    rows = read_partial_rows(asked, table.schema, table.levels, table.specials)
    assert rows.given[:, 0].tolist() == [True, False, True]
    cells = rows.cells[0]
    assert cells.dtype == dtype
    assert cells.iloc[[0, 2]].tolist() == [int(numbers[10])] * 2
