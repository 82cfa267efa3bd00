"""Tables whose columns can be asked for, from fit to sample, file and command line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from sklearn.base import clone

from tabgan import ModelFileError, OptionError, TabGAN
from tabgan.base.model_file import read_model, write_model
from tabgan.cli.main import main


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 2400
    pay = rng.choice(["low", "high"], n, p=[0.75, 0.25])
    town = rng.choice(["Ulm", "Bonn", None], n, p=[0.5, 0.4, 0.1])
    town[pay == "high"] = "Ulm"
    return pd.DataFrame(
        {
            "age": rng.normal(np.where(pay == "high", 52, 35), 8).round(),
            "pay": pay,
            "town": town,
            "job": np.where(rng.random(n) < np.where(pay == "high", 0.8, 0.2), "chief", "clerk"),
            "members": rng.integers(1, 5, n),
        }
    )


@pytest.fixture(scope="module")
def fitted(table) -> TabGAN:
    return TabGAN(
        steps=300, hidden_dim=32, condition_on=["pay", "town"], verbose=False, random_state=0
    ).fit(table)


def test_rows_have_what_is_asked_for(table, fitted):
    sample = fitted.sample(3000, where={"pay": "high"})
    assert len(sample) == 3000
    assert set(sample["pay"]) == {"high"}
    assert set(sample["town"]) == {"Ulm"}, "drawn as it goes with high pay"
    pd.testing.assert_series_equal(sample.dtypes, table.dtypes)
    both = fitted.sample(500, where={"town": None, "pay": "low"})
    assert both["town"].isna().all()
    assert set(both["pay"]) == {"low"}
    shares = fitted.sample(4000, where={"pay": "low"})["town"].value_counts(normalize=True)
    real = table.loc[table["pay"] == "low", "town"].value_counts(normalize=True)
    assert (shares - real).abs().max() < 0.02


def test_rows_under_a_condition_are_like_the_tables(table, fitted):
    for pay in ("low", "high"):
        sample, real = fitted.sample(4000, where={"pay": pay}), table[table["pay"] == pay]
        assert abs(sample["age"].mean() - real["age"].mean()) < 1
        assert abs(sample["age"].std() - real["age"].std()) < 1
        assert abs((sample["job"] == "chief").mean() - (real["job"] == "chief").mean()) < 0.03


def test_free_rows_are_like_the_table(table, fitted):
    n = fitted._model.block_rows
    sample = fitted.sample(n)
    together = ["pay", "town"]
    shares = sample.value_counts(together, normalize=True, dropna=False)
    real = table.value_counts(together, normalize=True, dropna=False)
    assert (shares - real).abs().max() < 0.01  # polished rows are chosen by single columns
    assert abs(sample["age"].mean() - table["age"].mean()) < 0.3
    assert abs(sample["age"].std() - table["age"].std()) < 0.3


def test_blocks_do_not_change_the_rows(fitted):
    block_rows = fitted._model.block_rows
    n, where = block_rows + 100, {"pay": "low"}
    whole = fitted.sample(n, where=where)
    parts = list(fitted.sample_blocks(n, where=where))
    assert [len(part) for part in parts] == [block_rows, 100]
    pd.testing.assert_frame_equal(pd.concat(parts), whole)
    pd.testing.assert_frame_equal(fitted.sample(70, where=where), whole.iloc[:70])
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2 if before == 1 else 1)
        pd.testing.assert_frame_equal(fitted.sample(n, where=where), whole)
    finally:
        torch.set_num_threads(before)


def test_no_columns_are_as_none(table):
    plain, none, empty = (
        TabGAN(steps=3, hidden_dim=8, verbose=False, random_state=0, **options).fit(table)
        for options in ({}, {"condition_on": None}, {"condition_on": []})
    )
    assert plain.conditions_ == {}
    pd.testing.assert_frame_equal(plain.sample(100), none.sample(100))
    pd.testing.assert_frame_equal(plain.sample(100), empty.sample(100))


def test_what_the_model_can_be_asked_for(fitted):
    assert fitted.conditions_ == {"pay": ["high", "low"], "town": ["Bonn", "Ulm", None]}


def test_parameters_are_left_as_they_are(table, fitted):
    assert fitted.get_params()["condition_on"] == ["pay", "town"]
    again = clone(fitted).set_params(condition_on="pay", steps=2).fit(table)
    assert again.get_params()["condition_on"] == "pay"
    assert list(again.conditions_) == ["pay"]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (
            {"pay": "high", "town": "Bonn"},
            "where: pay == 'high' and town == 'Bonn': no row of the training table has these "
            "values together; ask for fewer of them",
        ),
        (
            {"pay": "hihg"},
            "where: column 'pay' never has the value 'hihg' in the training table; did you mean "
            "'high'?",
        ),
    ],
)
def test_what_it_can_not_be_asked_for(fitted, where, message):
    for sample in (fitted.sample, fitted.sample_blocks):
        with pytest.raises(OptionError) as caught:
            sample(5, where=where)
        assert str(caught.value) == message


def test_other_columns_can_be_asked_for_as_well(fitted):
    sample = fitted.sample(400, where={"pay": "high", "job": "clerk", "age": (45, None)})
    assert set(sample["pay"]) == {"high"}
    assert set(sample["job"]) == {"clerk"}
    assert sample["age"].min() >= 45


def test_a_table_of_conditions_alone(table):
    kinds = table[["pay", "town"]]
    gan = TabGAN(steps=2, condition_on=["pay", "town"], verbose=False, random_state=0).fit(kinds)
    n = gan._model.block_rows
    shares = gan.sample(n).value_counts(normalize=True, dropna=False)
    real = kinds.value_counts(normalize=True, dropna=False)
    assert (shares - real).abs().max() < 0.01  # rows are chosen by single columns


class TestFile:
    @pytest.fixture
    def path(self, fitted, tmp_path) -> Path:
        fitted.save(tmp_path / "model.safetensors")
        return tmp_path / "model.safetensors"

    def test_round_trip(self, fitted, path, tmp_path):
        loaded = TabGAN.load(path)
        for where in (None, {"pay": "high"}, {"town": None}):
            pd.testing.assert_frame_equal(
                loaded.sample(300, where=where), fitted.sample(300, where=where)
            )
        assert loaded.get_params()["condition_on"] == ["pay", "town"]
        assert loaded.conditions_ == fitted.conditions_
        loaded.save(tmp_path / "again.safetensors")
        assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()

    @pytest.mark.parametrize(
        "damage",
        [
            lambda d, t: d.pop("condition_on"),
            lambda d, t: d.update(condition_on=[1]),
            lambda d, t: d.update(condition_on=[0, 2]),
            lambda d, t: d.update(condition_on=[2, 99]),
            lambda d, t: d.update(condition_on="pay"),
            lambda d, t: d.update(condition_on=[]),
            lambda d, t: d.update(condition_on=None),
            lambda d, t: t.pop("counts"),
            lambda d, t: t.pop("generator.embedding.weight"),
            lambda d, t: t.update({"generator.embedding.weight": torch.zeros(2, 32)}),
            lambda d, t: t.update(combinations=t["combinations"] + 3),
            lambda d, t: t.update(stratum=t["stratum"] - 1),
            lambda d, t: t.update(units=t["units"] * 2),
            lambda d, t: t.update(outputs=-t["outputs"]),
        ],
    )
    def test_parts_that_do_not_fit_are_one_clear_error(self, path, damage):
        description, tensors = read_model(path)
        damage(description, tensors)
        write_model(path, json.loads(json.dumps(description)), tensors)
        with pytest.raises(ModelFileError):
            TabGAN.load(path)


def invoke(command, *args):
    steps = ("--steps", "3") if command == "fit" else ()
    return CliRunner().invoke(main, [command, *map(str, args), *steps])


@pytest.fixture(scope="module")
def folder(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("conditions")
    table.to_csv(folder / "staff.csv", index=False)
    names = ("--condition-on", "pay", "--condition-on", "members")
    result = invoke("fit", folder / "staff.csv", "-m", folder / "m.safetensors", *names)
    assert (result.exit_code, result.stdout) == (0, "")
    return folder


class TestCommands:
    def test_sample_where(self, folder):
        wanted = ("--where", "pay=high", "--where", "members=3", "-n", "40", "--json", "--force")
        result = invoke("sample", folder / "m.safetensors", *wanted, "-o", folder / "o.csv")
        assert result.exit_code == 0
        assert json.loads(result.stdout)["where"] == "pay == 'high' and members == 3"
        frame = pd.read_csv(folder / "o.csv")
        assert len(frame) == 40
        assert set(frame["pay"]) == {"high"}
        assert set(frame["members"]) == {3}

    def test_inspect_says_what_can_be_asked_for(self, folder):
        lines = invoke("inspect", folder / "m.safetensors").stdout.splitlines()
        assert "condition column: pay (high, low)" in lines
        assert "condition column: members (1, 2, 3, 4)" in lines
        facts = json.loads(invoke("inspect", folder / "m.safetensors", "--json").stdout)
        assert facts["conditions"] == {"pay": ["high", "low"], "members": ["1", "2", "3", "4"]}

    @pytest.mark.parametrize(
        ("where", "message"),
        [
            (("pay",), "where: a comparison is expected: ==, !=, <, <=, >, >=, in, not in, is mis"),
            (
                ("pay=high", "pay=low"),
                "no value of column 'pay' meets pay == 'high' and pay == 'lo",
            ),
            (("pay=hihg",), "column 'pay' never has the value 'hihg' in the training table"),
            (("jbo=clerk",), "where: column 'jbo' is not in the table; did you mean 'job'?"),
        ],
    )
    def test_wrong_conditions(self, folder, where, message):
        wanted = [part for text in where for part in ("--where", text)]
        out = folder / "none.csv"
        result = invoke("sample", folder / "m.safetensors", *wanted, "-o", out)
        assert result.exit_code == 2
        assert message in result.stderr
        assert not out.exists()

    def test_a_wrong_column_is_refused_before_the_training(self, folder):
        model = folder / "none.safetensors"
        result = invoke("fit", folder / "staff.csv", "-m", model, "--condition-on", "pya")
        assert result.exit_code == 2
        assert (
            "condition_on: column 'pya' is not in the table; did you mean 'pay'?" in result.stderr
        )
