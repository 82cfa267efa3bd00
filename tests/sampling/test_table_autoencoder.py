import math

import numpy as np
import pandas as pd
import pytest

from tabgan import OptionError, TabVAE

ROWS = 240


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    size = rng.normal(size=ROWS)
    return pd.DataFrame(
        {
            "key": [f"K{i:05d}" for i in range(ROWS)],
            "size": size,
            "twice": 2 * size,
            "kind": [*rng.choice(["a", "b"], ROWS - 1), "rare"],
            "hole": np.where(rng.random(ROWS) < 0.3, np.nan, rng.random(ROWS)),
        }
    )


@pytest.fixture(scope="module", params=[None, "kind"], ids=["free", "conditional"])
def vae(request, table) -> TabVAE:
    return TabVAE(
        steps=30,
        hidden_dim=16,
        latent_dim=3,
        verbose=False,
        random_state=0,
        refine=False,
        polish=False,
        condition_on=request.param,
    ).fit(table)


def test_what_the_model_can_not_encode_counts_as_one_in_its_rows(vae, table):
    rows = table.head(1).loc[[0] * 5].reset_index(drop=True).assign(kind=[*"aab", "zzz", "a"])
    rows["size"] = [0.5, 0.6, 0.5, 0.5, 0.5]
    rows["twice"] = [1.0, 1.2, 1.0, 1.0, 1.2]  # the last one breaks a rule
    a, other, b, unknown, broken = vae.anomaly_score(rows)
    surprise = math.log(ROWS)
    assert unknown - surprise in (pytest.approx(a, abs=1e-3), pytest.approx(b, abs=1e-3))
    assert broken - surprise in (pytest.approx(a, abs=1e-3), pytest.approx(other, abs=1e-3))
    holes = vae.anomaly_score(rows.assign(size=np.nan, twice=np.nan))
    assert (holes > 2 * surprise - 10).all()


def test_a_level_too_rare_to_be_kept_is_scored(vae, table):
    assert np.isfinite(vae.anomaly_score(table)).all()
    last = table.tail(1)
    frequent = [vae.anomaly_score(last.assign(kind=kind))[0] for kind in "ab"]
    assert vae.anomaly_score(last)[0] > min(frequent) + math.log(ROWS) - 1e-3


def test_missing_values_are_values_where_the_table_has_them(vae, table):
    rows = table.head(20)
    with_holes, with_texts = rows.assign(hole=np.nan), rows.assign(hole="none")
    assert (vae.anomaly_score(with_holes) + 1 < vae.anomaly_score(with_texts)).all()


def test_identifiers_count_nothing_and_can_be_left_out(vae, table):
    scores = vae.anomaly_score(table)
    assert vae.anomaly_score(table.drop(columns="key")).tolist() == scores.tolist()
    assert vae.anomaly_score(table.assign(key="other")).tolist() == scores.tolist()
    assert vae.anomaly_score(table.head(0)).shape == (0,)


def test_columns_have_to_be_those_of_the_table(vae, table):
    with pytest.raises(OptionError, match=r"X has no column 'size', which the model learned"):
        vae.anomaly_score(table.drop(columns="size"))
    with pytest.raises(OptionError, match="column 'more' is not in the table"):
        vae.anomaly_score(table.assign(more=1))


def test_rows_go_to_latents_and_back(vae, table):
    latents = vae.encode(table)
    assert latents.shape == (ROWS, 3)
    assert vae.encode(table.iloc[:0]).shape == (0, 3)
    again = vae.decode(latents, table, random_state=0)
    pd.testing.assert_series_equal(again.dtypes, table.dtypes)
    assert np.allclose(again["twice"], 2 * again["size"])
    assert again["key"].is_unique
    if vae.condition_on is not None:
        known = table["kind"] != "rare"
        assert (again["kind"] == table["kind"])[known].all()
        with pytest.raises(OptionError, match=r"X has none of the 240 rows whose levels of 'kind'"):
            vae.decode(latents)
    pd.testing.assert_frame_equal(again, vae.decode(latents, table, random_state=0))


@pytest.mark.parametrize(
    ("latents", "message"),
    [
        (np.zeros((2, 4)), r"Z is of shape \(2, 4\); the model's latents are of shape \(rows, 3\)"),
        (np.full((2, 3), np.nan), "Z holds a value that is not finite"),
        ([["a", "b", "c"]], "Z holds no numbers"),
    ],
)
def test_latents_that_can_not_be_decoded(vae, table, latents, message):
    with pytest.raises(OptionError, match=message):
        vae.decode(latents, table.head(2))
