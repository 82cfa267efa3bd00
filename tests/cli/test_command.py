"""Settings from a file and from the environment."""

import json
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.cli.command import read_config
from tabgan.cli.main import main

KEPT = ("-m", "m.safetensors", "--force", "--json")


def write(text, name="tabgan.toml"):
    Path(name).write_text(text, encoding="utf-8")


@pytest.fixture
def steps(run, small_csv):
    """Say how many steps a fit takes."""

    def fit(*args, **options):
        result = run("fit", small_csv, *KEPT, *args, **options)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)["steps"]

    return fit


class TestPrecedence:
    def test_command_line_then_environment_then_file(self, steps):
        write("steps = 3\nhidden_dim = 16\n")
        assert steps() == 3
        assert steps(env={"TABGAN_FIT_STEPS": "4"}) == 4
        assert steps("--steps", "5", env={"TABGAN_FIT_STEPS": "4"}) == 5

    def test_a_command_s_own_table_comes_before_what_is_for_all(self, steps):
        write("steps = 3\n[fit]\nsteps = 4\n[synth]\nsteps = 6\n")
        assert steps() == 4

    def test_another_file(self, steps):
        write("steps = 3\n")
        write("steps = 4\n", "other.toml")
        write("steps = 5\n", "third.toml")
        assert steps("--config", "other.toml") == 4
        assert steps(env={"TABGAN_CONFIG": "third.toml"}) == 5
        assert steps("--config", "other.toml", env={"TABGAN_CONFIG": "third.toml"}) == 4


def test_it_is_said_unless_quiet(run, small_csv):
    write("[inspect]\njson = true\n")
    result = run("inspect", small_csv)
    assert result.stderr.splitlines()[0] == "Settings from tabgan.toml"
    assert json.loads(result.stdout)["rows"] == 120
    assert run("inspect", small_csv, "-q").stderr == ""
    write("quiet = true\n")
    assert run("inspect", small_csv).stderr == ""


@pytest.mark.parametrize(
    ("command", "key", "value"),
    [("fit", "force", "true"), ("fit", "model", '"m"'), ("synth", "out", '"x.csv"')],
)
def test_a_file_that_nobody_named_does_not_say_what_is_written(run, small_csv, command, key, value):
    write(f"steps = 2\n[{command}]\n{key} = {value}\n")
    before = sorted(Path().iterdir())
    result = run(command, small_csv)
    assert result.exit_code == 2
    assert f"tabgan.toml: {key} can't be set by a file that is only there" in result.stderr
    assert sorted(Path().iterdir()) == before


def test_every_kind_of_value(run, small_csv):
    write(
        """
        max_time = 60
        steps = 2
        learning_rate = 1e-3
        refine = false
        condition_on = ["area"]
        stabilisers = "instance_noise:std=0.2"
        random_state = 7
        [tune]
        latent_dims = [4, 6]
        learning_rates = [1e-3]
        """
    )
    result = run("fit", small_csv, *KEPT)
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert (facts["seed"], facts["training_rows"]) == (7, 120)
    told = run("inspect", "m.safetensors", "--json").stdout
    assert list(json.loads(told)["conditions"]) == ["area"]
    defaults = read_config("tabgan.toml", main)
    assert defaults["tune"] == {
        "steps": 2,
        "seed": 7,
        "latent_dims": (4, 6),
        "learning_rates": (1e-3,),
    }
    assert defaults["images"]["fit"]["max_time"] == 60.0
    assert "condition_on" not in defaults["images"]["fit"]


WRONG = [
    ("stepz = 3", "tabgan.toml: 'stepz' is no setting; did you mean 'steps'?"),
    ("latent-dim = 3", "tabgan.toml: 'latent-dim' is no setting; did you mean 'latent_dim'?"),
    ("[snyth]\nsteps = 3", "tabgan.toml: 'snyth' is no setting; did you mean 'synth'?"),
    ("[sample]\nsteps = 3", "tabgan.toml [sample]: 'steps' is no setting; known names: "),
    (
        "[images.fit]\nwidht = 3",
        "tabgan.toml [images.fit]: 'widht' is no setting; did you mean 'width'?",
    ),
    (
        "steps = 0",
        "tabgan.toml: steps = 0: '0' is neither a whole number from 1 nor 'auto'",
    ),
    (
        "steps = true",
        "tabgan.toml: steps = true: 'True' is neither a whole number from 1 nor 'auto'",
    ),
    ('steps = "5"', 'tabgan.toml: steps = "5": it must be a whole number'),
    ("[synth]\nrows = -1", "tabgan.toml [synth]: rows = -1: -1 is not in the range x>=0."),
    ("hidden_dim = 5.5", "tabgan.toml: hidden_dim = 5.5: '5.5' is not a valid integer range."),
    ("learning_rate = nan", "tabgan.toml: learning_rate = NaN: it must be a number"),
    ('refine = "yes"', 'tabgan.toml: refine = "yes": it must be true or false'),
    ("refine = 1", "tabgan.toml: refine = 1: it must be true or false"),
    ("locale = 5", "tabgan.toml: locale = 5: it must be a text in quotes"),
    ('locale = ["de_DE"]', 'tabgan.toml: locale = ["de_DE"]: it must be a text in quotes'),
    ("condition_on = [5]", "tabgan.toml: condition_on = [5]: it must be a text in quotes"),
    ('latent_dims = ["4"]', 'tabgan.toml: latent_dims = ["4"]: it must be a list of numbers'),
    (
        'loss = "wassertein"',
        "tabgan.toml: loss = \"wassertein\": 'wassertein' is not known; did you mean "
        "'wasserstein'?",
    ),
    ("synth = 5", "tabgan.toml: synth = 5 must be a table of its own: [synth]"),
    (
        "seed = 1\nrandom_state = 2",
        "tabgan.toml: seed and random_state are the same setting; give one of them",
    ),
    ("steps = ", "tabgan.toml is not TOML: Invalid value"),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[text for text, _ in WRONG])
def test_what_is_wrong_is_named(run, small_csv, text, message):
    write(text)
    result = run("synth", small_csv)
    assert result.exit_code == 2
    assert f"Error: {message}" in result.stderr
    assert result.stdout == ""
    assert run("synth", "--help").exit_code == 0


def test_a_file_that_is_not_there(run, small_csv):
    result = run("synth", small_csv, "--config", "none.toml")
    assert result.exit_code == 2
    assert "Invalid value for '--config': File 'none.toml' does not exist." in result.stderr


def test_a_file_that_is_no_text(run, small_csv):
    Path("tabgan.toml").write_bytes(b"\xff\xfe")
    result = run("synth", small_csv)
    assert result.exit_code == 2
    assert "Error: tabgan.toml is not TOML: 'utf-8' codec can't decode byte 0xff" in result.stderr


def test_what_a_required_option_lacks_can_come_from_the_file(run, small_csv):
    write('[fit]\nmodel = "kept.safetensors"\nsteps = 2\n')
    assert run("fit", small_csv, "--config", "tabgan.toml").exit_code == 0
    assert Path("kept.safetensors").is_file()


@given(st.text(st.characters(categories=["L", "N"], max_codepoint=127), min_size=1), st.integers())
def test_any_key_is_known_or_refused(tmp_path_factory, key, value):
    path = tmp_path_factory.mktemp("config") / "any.toml"
    path.write_text(f"{key} = {value}\n")
    known = {o.name for command in main.commands.values() for o in command.params}
    if key not in known:
        with pytest.raises(click.UsageError, match="is no setting"):
            read_config(str(path), main)
