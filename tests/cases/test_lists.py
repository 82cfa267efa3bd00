"""Survey answers of the cases: lists of items, of which new ones are written."""

import os
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from tabgan import TabGAN

PLACE = os.environ.get("TABGAN_CASES")
pytestmark = pytest.mark.skipif(not PLACE, reason="TABGAN_CASES does not name the folder of cases")


@pytest.fixture(scope="module")
def tables():
    real = pd.read_csv(Path(str(PLACE)) / "kinds" / "multi_select.csv")
    options = {"hidden_dim": 16, "refine": False, "polish": False, "verbose": False}
    return real, TabGAN(steps=20, random_state=0, **options).fit(real)


@pytest.mark.parametrize("name", ["Employment", "Langs", "LangsMany"])
def test_items_lengths_and_order_are_those_of_the_table(tables, name):
    real, gan = tables
    column = gan.schema_[name]
    assert (column.kind, column.format) == ("multiselect", "x;y")
    before, after = (
        frame[name].str.split(";") for frame in (real, gan.sample(2000, random_state=0))
    )
    assert set(after.explode()) == set(before.explode())
    pd.testing.assert_series_equal(
        after.str.len().value_counts(normalize=True).sort_index(),
        before.str.len().value_counts(normalize=True).sort_index(),
        check_dtype=False,
        atol=0.03,
        rtol=0.0,
    )
    # items of one order, that of the questionnaire, stay in it
    pairs = {pair for own in before for pair in pairwise(own)}
    if not any((b, a) in pairs for a, b in pairs):
        assert not {(b, a) for own in after for a, b in pairwise(own)} & pairs
