"""Options on the columns of a table: --kind, --drop and --derive, and what no option sets."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.cli.main import main

BRIEF = (
    "--steps",
    "2",
    "--hidden-dim",
    "16",
    "--seed",
    "1",
    "--no-refine",
    "--no-polish",
    "--min-group",
    "1",
    "-q",
)
NOT_OPTIONS = {
    "callbacks": "Python objects; --log-to gives the one that a file can hold",
    "random_state": "--seed",
    "snapshots": "--pictures takes as many as it draws",
    "verbose": "--quiet",
}


def schema_of(run, model="m.safetensors"):
    """Return the columns of a model, by name."""
    result = run("inspect", model, "-q", "--json")
    assert result.exit_code == 0, result.output
    return {column["name"]: column for column in json.loads(result.stdout)["columns"]}


@pytest.fixture
def fit(run, small_csv):
    """Fit a model for a moment, and return its columns."""

    def start(*options, data=small_csv):
        result = run("fit", data, "-m", "m.safetensors", "--force", *BRIEF, *options)
        assert result.exit_code == 0, result.output
        return schema_of(run)

    return start


@pytest.mark.parametrize("name", ["synth", "fit"])
def test_every_parameter_of_the_estimator_is_an_option_or_has_a_reason(name):
    options = {key for option in main.commands[name].params for key in getattr(option, "keys", ())}
    options |= {"kind" if key == "kinds" else key for key in options}
    missing = set(TabGAN().get_params(deep=False)) - options
    assert missing == set(NOT_OPTIONS) - options


@pytest.mark.parametrize("name", ["synth", "fit", "inspect"])
def test_commands_that_describe_a_table_have_the_options_on_its_columns(name):
    names = {option.name for option in main.commands[name].params}
    assert {"schema", "kinds", "drop", "derive", "constraints", "condition_on", "min_group"} < names


class TestKind:
    def test_it_replaces_the_inferred_one(self, fit):
        assert fit()["code"]["kind"] != "identifier"
        assert fit("--kind", "code=identifier", "--kind", "price=categorical")["price"]["kind"] == (
            "categorical"
        )

    def test_it_replaces_that_of_the_schema_and_its_range(self, fit, run, small_csv):
        run("inspect", small_csv, "--schema", "s.json", "-q")
        state = json.loads(Path("s.json").read_text())
        for column in state["columns"]:
            if column["name"] == "price":
                column["maximum"] = 1000.0
        Path("s.json").write_text(json.dumps(state))
        assert fit("--schema", "s.json")["price"]["range"].endswith("1000.0")
        columns = fit("--schema", "s.json", "--kind", "price=categorical")
        assert (columns["price"]["kind"], columns["price"]["range"]) == ("categorical", None)
        kept = fit("--schema", "s.json", "--kind", "price=numeric")
        assert kept["price"]["range"].endswith("1000.0")

    def test_it_stands_in_the_file_of_settings(self, fit):
        Path("tabgan.toml").write_text('kind = ["price=categorical"]\ndrop = "day"\n')
        columns = fit()
        assert columns["price"]["kind"] == "categorical"
        assert "day" not in columns

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("price", "'price' is not of the form COLUMN=KIND"),
            ("price=categorcal", "kind 'categorcal' is not a kind of column; did you mean 'cat"),
            ("price=regex:[", "Column 'price': "),
            ("prize=numeric", "--kind prize: the table has no such column; did you mean 'price'?"),
        ],
    )
    def test_what_is_wrong_is_named(self, run, small_csv, text, message):
        result = run("synth", small_csv, "--kind", text)
        assert result.exit_code == 2
        assert message in result.stderr

    def test_two_kinds_of_one_column_are_refused(self, run, small_csv):
        result = run("synth", small_csv, "--kind", "price=numeric", "--kind", "price=categorical")
        assert result.exit_code == 2
        assert "--kind gives 'price' two kinds, numeric and categorical" in result.stderr

    def test_a_name_may_hold_an_equals_sign(self, fit):
        Path("odd.csv").write_text("a=b,c\n" + "1,x\n2,y\n" * 40)
        assert fit("--kind", "a=b=categorical", data="odd.csv")["a=b"]["kind"] == "categorical"


class TestDrop:
    def test_columns_are_left_out_of_the_rows(self, run, small_csv):
        result = run("synth", small_csv, "-o", "out.csv", "--drop", "day", "--drop", "code", *BRIEF)
        assert result.exit_code == 0, result.output
        assert Path("out.csv").read_text("utf-8-sig").splitlines()[0] == "price;area"

    def test_a_schema_may_still_name_them(self, run, fit, small_csv):
        run("inspect", small_csv, "--schema", "s.json", "-q")
        assert list(fit("--schema", "s.json", "--drop", "day")) == ["code", "price", "area"]

    def test_the_types_of_a_parquet_file_stay(self, run):
        pytest.importorskip("pyarrow")
        table = pd.DataFrame({"a": [1, 2] * 30, "b": [0.5, 1.5] * 30, "c": ["x", "y"] * 30})
        table.astype({"a": "int16"}).to_parquet("t.parquet")
        result = run("synth", "t.parquet", "-o", "out.parquet", "--drop", "b", *BRIEF)
        assert result.exit_code == 0, result.output
        assert pd.read_parquet("out.parquet").dtypes.astype(str).to_dict() == {
            "a": "int16",
            "c": str(pd.read_parquet("t.parquet")["c"].dtype),
        }

    def test_what_is_wrong_is_named(self, run, small_csv):
        result = run("synth", small_csv, "--drop", "prize")
        assert result.exit_code == 2
        assert "--drop prize: the table has no such column; did you mean 'price'?" in result.stderr
        every = [word for name in ("code", "price", "area", "day") for word in ("--drop", name)]
        result = run("synth", small_csv, *every)
        assert (result.exit_code, "--drop leaves no column of the table" in result.stderr) == (
            2,
            True,
        )


def test_rules_are_looked_for_unless_they_are_not_wanted(run):
    rows = "".join(f"{i % 13},{2 * (i % 13)},{i % 5}\n" for i in range(200))
    Path("twice.csv").write_text(f"a,b,c\n{rows}")
    rules = {}
    for flag in ("--derive", "--no-derive"):
        result = run("fit", "twice.csv", "-m", "m.safetensors", "--force", "--json", flag, *BRIEF)
        assert result.exit_code == 0, result.output
        rules[flag] = json.loads(result.stdout)["dependencies"]
    assert rules["--derive"]
    assert rules["--no-derive"] == []


@pytest.mark.parametrize("flag", ["--stabilizer", "--stabilizers", "--stabiliser", "--stabilisers"])
def test_former_names_are_taken_but_not_shown(run, small_csv, flag):
    command = ("fit", small_csv, "-m", "m.safetensors", *BRIEF, flag, "instance_noise")
    assert run(*command).exit_code == 0
    text = run("fit", "--help").stdout
    assert ("--stabilizer " in text, "--stabiliser" in text) == (True, False)
