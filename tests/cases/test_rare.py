"""Made-up tables with rare values, as the command line reads them."""

import os
from pathlib import Path

import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.files.read_write import read_table
from tabgan.fitting.options import FitOptions
from tabgan.fitting.prepare import prepare
from tabgan.table.columns import frame_of

CASES = Path(os.environ.get("TABGAN_CASES", "../shared/cases"), "rare")
BRIEF = {"steps": 20, "hidden_dim": 16, "latent_dim": 8, "refine": False, "polish": False}


def table_of(name: str) -> pd.DataFrame:
    """Read a table, or skip the test."""
    path = CASES / name
    if not path.exists():
        pytest.skip(f"{path} is not at hand; TABGAN_CASES names the folder of these tables")
    return read_table(str(path))[0]


@pytest.fixture(scope="module")
def tail() -> pd.DataFrame:
    return table_of("long_tail_category.csv")


@pytest.mark.parametrize("seed", range(3))
def test_what_a_fit_learns_of_a_long_tail(tail, seed):
    preparation = prepare(tail, FitOptions.of(TabGAN()), seed)
    learned = frame_of(preparation.table, preparation.schema)
    for name, mark in (("code_blank", ""), ("code_NA", "NA"), ("stock", "NA")):
        real, made = tail[name].fillna(mark), learned[name].fillna(mark)
        counts = real.value_counts()
        assert (made.eq(mark) == real.eq(mark)).all()
        assert made.nunique() == real.nunique()
        assert not set(made) & set(counts.index[counts < 5])
        head = real.isin(counts.index[counts >= 7])
        assert (made[head] == real[head]).all()
        assert preparation.folded[name].form in ("00000", "00000A")


def test_a_long_tail_in_a_sample(tail):
    sample = TabGAN(**BRIEF, verbose=False, random_state=0).fit(tail).sample(20_000)
    for name, mark in (("code_blank", ""), ("code_NA", "NA")):
        real, made = tail[name].fillna(mark), sample[name].fillna(mark)
        assert made.eq(mark).mean() == pytest.approx(real.eq(mark).mean(), abs=0.01)
        assert made.nunique() >= 0.9 * real.nunique()
        assert not set(made) & set(real.value_counts().loc[lambda n: n < 5].index)


def test_ten_rows_stay_numbers():
    table = table_of("ten_rows.csv")
    sample = TabGAN(**BRIEF, verbose=False, random_state=0).fit(table).sample(200)
    salary, real = pd.to_numeric(sample["salary"]), pd.to_numeric(table["salary"])
    assert salary.nunique() > 20
    assert salary.mean() == pytest.approx(real.mean(), rel=0.03)
    assert salary.between(real.min(), real.max()).all()
    assert set(sample["team"]) == {"a", "b"}
    assert not set(sample["salary"].astype(str)) & {str(real.min()), str(real.max())}
