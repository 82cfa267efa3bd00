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
        (("--epsilon", "1"), "trees give no privacy guarantee"),
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
    assert f"Error: {option[0]} can't be combined with --method trees: {why}" in result.stderr


def test_a_budget_of_a_file_of_settings_is_refused(run, small_csv, tmp_path):
    (tmp_path / "tabgan.toml").write_text("epsilon = 1.0\nsteps = 5\n")
    result = run("synth", small_csv, "--method", "trees")
    assert result.exit_code == 2
    assert "--epsilon can't be combined with --method trees" in result.stderr
    (tmp_path / "tabgan.toml").write_text("steps = 5\n")
    assert run("synth", small_csv, "--method", "trees", "-n", "3").exit_code == 0


@pytest.fixture(scope="module", params=["diffusion", "vae"])
def network(request, small_csv, tmp_path_factory):
    """Fit another network on the command line; return its method and its file."""
    from click.testing import CliRunner

    from tabgan.cli.main import main

    path = tmp_path_factory.mktemp("model") / "network.safetensors"
    arguments = ["fit", str(small_csv), "-m", str(path), "--method", request.param, "--seed", "1"]
    own = ["--noise-steps", "3"] if request.param == "diffusion" else ["--beta", "0.5"]
    result = CliRunner().invoke(main, [*arguments, "--steps", "5", "--hidden-dim", "8", *own])
    assert result.exit_code == 0
    assert "Trained 5 steps in " in result.stderr
    assert ("latent size" in result.stderr) == (request.param == "vae")
    return request.param, path


def test_other_networks_have_options_of_their_own(run, network):
    from tabgan.estimator import TableEstimator

    method, path = network
    options = TableEstimator.load(path).get_params()
    assert options["learning_rate"] == 1e-3  # its own, not that of the command line for a GAN
    assert options["steps"] == 5
    assert options.get("noise_steps") == (3 if method == "diffusion" else None)
    assert options.get("beta") == (0.5 if method == "vae" else None)
    drawn = run("sample", path, "-n", "5", "-o", "-", "--where", 'area == "north"')
    assert drawn.stdout.count("north") == 5
    facts = json.loads(run("inspect", path, "--json").stdout)
    assert facts["steps"] == 5
    assert ("latent" in facts) == (method == "vae")
    assert run("inspect", path).exit_code == 0


@pytest.mark.parametrize(
    ("method", "option", "why", "other"),
    [
        ("gan", ("--schedule", "cosine"), "a GAN has no such option", "diffusion"),
        ("gan", ("--beta", "2"), "a GAN has no such option", "vae"),
        ("trees", ("--noise-steps", "5"), "trees have no such option", "diffusion"),
        ("vae", ("--epsilon", "1"), "a VAE gives no privacy guarantee", "gan"),
        ("vae", ("--checkpoint", "here"), "a VAE has no such option", "gan"),
        ("diffusion", ("--loss", "hinge"), "a diffusion model has no such option", "gan"),
        ("diffusion", ("--latent-dim", "8"), "a diffusion model has no such option", "gan"),
        ("diffusion", ("--pictures", "drawn"), "a diffusion model has no such option", "gan"),
    ],
)
def test_options_of_other_methods_are_refused(run, method, option, why, other):
    result = run("synth", "none.csv", "--method", method, *option)
    assert result.exit_code == 2
    told = f"Error: {option[0]} can't be combined with --method {method}: {why}; leave {option[0]} "
    assert told in result.stderr
    assert f"use --method {other}" in result.stderr.replace("\n", " ")
