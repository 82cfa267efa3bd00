"""Refinement and polish through the estimator."""

import json
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from tabgan import ModelFileError, TabGAN, TabTrees
from tabgan.base.model_file import read_model, write_model

OPTIONS = {"steps": 60, "hidden_dim": 32, "verbose": False, "random_state": 0}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    size = rng.normal(size=1500)
    kind = np.where(size + rng.normal(size=1500) * 0.3 > 0, "large", "small")
    weight = rng.normal(size=1500)
    weight[rng.random(1500) < 0.2] = np.nan
    return pd.DataFrame({"size": size, "kind": kind, "weight": weight})


@pytest.fixture(scope="module")
def gan(table) -> TabGAN:
    return TabGAN(**OPTIONS).fit(table)


def agreement(frame: pd.DataFrame) -> float:
    return float(((frame["size"] > 0) == (frame["kind"] == "large")).mean())


def test_finishing_brings_relations_back_that_a_short_training_has_not_learned(table, gan):
    plain = TabGAN(**OPTIONS, refine=False, polish=False).fit(table)
    assert plain.postprocessing_ == {}
    wanted = agreement(table)
    assert agreement(plain.sample(5000)) < wanted - 0.1
    assert agreement(gan.sample(5000)) == pytest.approx(wanted, abs=0.05)
    assert gan.postprocessing_["critics"] > 0
    assert 0 < gan.postprocessing_["effective_share"] < 1


def test_margins_stay_those_of_the_table(table):
    gan = TabGAN(**OPTIONS | {"steps": 200}).fit(table)
    assert gan.postprocessing_["trees"] > 0
    drawn = gan.sample(8192)
    assert drawn["weight"].isna().mean() == pytest.approx(table["weight"].isna().mean(), abs=0.02)
    share = (table["kind"] == "large").mean()
    assert (drawn["kind"] == "large").mean() == pytest.approx(share, abs=0.03)
    quantiles = [0.1, 0.5, 0.9]
    assert np.allclose(
        drawn["size"].quantile(quantiles), table["size"].quantile(quantiles), atol=0.1
    )


def test_rows_are_the_same_however_many_and_on_more_threads(gan):
    many, threads = gan.sample(5000), torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        pd.testing.assert_frame_equal(gan.sample(100), many.iloc[:100])
        pd.testing.assert_frame_equal(gan.sample(5000), many)
    finally:
        torch.set_num_threads(threads)
    assert [len(part) for part in gan.sample_blocks(5000)] == [4096, 904], "few rows come soon"


@pytest.mark.parametrize(("refine", "polish"), [(True, False), (False, True)])
def test_each_can_be_turned_off(table, refine, polish):
    gan = clone(TabGAN(**OPTIONS)).set_params(refine=refine, polish=polish).fit(table)
    assert bool(gan.postprocessing_["critics"]) is refine
    assert [item["column"] for item in gan.postprocessing_["columns"]] == ["kind"] * polish


@pytest.mark.slow
def test_rows_do_not_depend_on_how_many_are_drawn_and_repeat(table, gan):
    many = gan.sample(9000)
    pd.testing.assert_frame_equal(gan.sample(100), many.iloc[:100])
    pd.testing.assert_frame_equal(TabGAN(**OPTIONS).fit(table).sample(9000), many)


def test_a_model_file_gives_the_same_rows(gan, tmp_path):
    gan.save(tmp_path / "m.safetensors")
    loaded = TabGAN.load(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(loaded.sample(9000), gan.sample(9000))
    facts = {k: v for k, v in gan.postprocessing_.items() if k != "seconds"}
    assert loaded.postprocessing_ == facts
    assert loaded.polish is True


def test_a_table_of_few_rows_is_left_as_it_is(table):
    assert TabGAN(**OPTIONS).fit(table.iloc[:300]).postprocessing_ == {}


def test_the_condition_column_stays_as_it_is_asked_for(table):
    gan = TabGAN(**OPTIONS, condition_on="kind").fit(table)
    assert set(gan.sample(500, where={"kind": "small"})["kind"]) == {"small"}
    assert "kind" not in [item["column"] for item in gan.postprocessing_["columns"]]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("critics", 99),
        ("critics", "x"),
        ("pool", 100),
        ("redraws", [{"level": 99, "levels": [0, 1]}]),
        ("redraws", [{"level": 0, "levels": [0, 7]}]),
        ("redraws", [{"level": 0, "levels": [1, 0]}]),
        ("redraws", [{"number": 5, "digits": 2}]),
        ("redraws", [{}]),
    ],
)
def test_a_model_file_whose_trees_do_not_fit_is_refused(gan, tmp_path, key, value):
    path = tmp_path / "m.safetensors"
    gan.save(path)
    description, tensors = read_model(path)
    description["finish"][key] = value
    write_model(path, json.loads(json.dumps(description)), tensors)
    with pytest.raises(ModelFileError, match="the model's parts don't fit together"):
        TabGAN.load(path)


def test_strong_relations_of_few_rows_are_as_strong_as_they_are():
    columns = ["signup_date", "birth_year", "plan", "is_active", "monthly_spend", "visits"]
    table = pd.read_csv(files("tabgan.cli").joinpath("example_customers.csv"))[columns]
    drawn = TabTrees(verbose=False, random_state=0).fit(table).sample(4000)
    spent, new = (own.groupby("plan")["monthly_spend"].mean() for own in (table, drawn))
    assert (np.abs(np.log(new / spent)) < 0.4).all()  # without margins of pairs, .8
