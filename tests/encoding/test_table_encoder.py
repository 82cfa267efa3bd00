import numpy as np
import pandas as pd
import pytest

from tabgan.encoding.table_encoder import FEW_VALUES, MANY_LEVELS, TableEncoder
from tabgan.table.schema import Column, Schema


@pytest.mark.parametrize(
    ("kind", "values", "encoder"),
    [
        ("categorical", [f"a\0{i}" for i in range(MANY_LEVELS + 1)], "grouped"),
        ("categorical", [f"a\0{i}" for i in range(MANY_LEVELS)], "categorical"),
        ("categorical", [f"a\0{i}" for i in range(MANY_LEVELS)] + [None], "categorical"),
        ("integer", [*range(FEW_VALUES + 1)], "numeric"),
        ("integer", [*range(FEW_VALUES)], "categorical"),
    ],
)
def test_the_encoder_follows_the_number_of_distinct_values(kind, values, encoder):
    cells = pd.Series(values * 2, dtype=object if kind == "categorical" else "int64")
    schema = Schema((Column("x", kind, str(cells.dtype)),))
    fitted = TableEncoder.fit(cells.to_frame("x"), schema, np.random.default_rng(0))
    assert [fitted.encoders[0].name] == [encoder]
