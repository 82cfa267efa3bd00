"""``--method trees``: from the table to rows and back from the file."""

import json

import pytest


@pytest.fixture(scope="module")
def trees(small_csv, tmp_path_factory):
    """Fit trees on the command line."""
    from click.testing import CliRunner

    from tabgan.cli.main import main

    path = tmp_path_factory.mktemp("model") / "trees.safetensors"
    arguments = ["fit", str(small_csv), "-m", str(path), "--method", "trees", "--seed", "1"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0
    assert "Growing trees\n" in result.stderr
    assert "Grew " in result.stderr
    assert "latent size" not in result.stderr
    return path


def test_synth(run, small_csv):
    result = run("synth", small_csv, "--method", "trees", "--seed", "1", "-n", "40", "--json")
    assert result.exit_code == 0
    facts = json.loads(result.stdout)
    assert facts["trees"] >= 0
    assert facts["rows"] == 40
    assert not facts.keys() & {"steps", "latent"}


def test_a_model_of_trees_draws_fills_and_is_described(run, trees, small_csv):
    drawn = run("sample", trees, "-n", "5", "-o", "-", "--where", 'area == "north"')
    assert drawn.exit_code == 0
    assert drawn.stdout.count("north") == 5
    assert run("impute", trees, small_csv, "-o", "filled.csv").exit_code == 0
    shown = run("inspect", trees).stdout
    assert "training: 120 rows, " in shown
    assert shown.count(" trees\n") == 1
    facts = json.loads(run("inspect", trees, "--json").stdout)
    assert facts["trees"] >= 0
    assert "latent" not in facts


def test_a_device_that_trees_do_not_have(run, trees):
    result = run("sample", trees, "-o", "x.csv", "--device", "cuda")
    assert result.exit_code == 2
    assert "Error: --device cuda" in result.stderr


@pytest.mark.parametrize(
    ("option", "why"),
    [
        (("--epsilon", "1"), "trees give no guarantee of privacy"),
        (("--steps", "5"), "trees have no such option"),
        (("--no-polish",), "trees have no such option"),
        (("--pictures", "drawn"), "trees have no such option"),
        (("--stabilizer", "label_smoothing"), "trees have no such option"),
    ],
)
@pytest.mark.parametrize("command", [("synth",), ("fit", "-m", "m.st")], ids=["synth", "fit"])
def test_options_of_networks_are_refused(run, command, option, why):
    result = run(*command, "none.csv", "--method", "trees", *option)
    assert result.exit_code == 2
    flag = option[0].replace("--no-", "--")
    assert f"Error: {flag} can't be combined with --method trees: {why}" in result.stderr


def test_a_budget_of_a_file_of_settings_is_refused(run, small_csv, tmp_path):
    (tmp_path / "tabgan.toml").write_text("epsilon = 1.0\nsteps = 5\n")
    result = run("synth", small_csv, "--method", "trees")
    assert result.exit_code == 2
    assert "--epsilon can't be combined with --method trees" in result.stderr
    (tmp_path / "tabgan.toml").write_text("steps = 5\n")
    assert run("synth", small_csv, "--method", "trees", "-n", "3").exit_code == 0
