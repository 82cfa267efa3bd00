"""Settings from a file and from the environment."""

import ast
import json
import re
from pathlib import Path

import click
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tabgan
from tabgan.cli.command_options import SECONDS, flags_of, in_options, read_config
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
    assert f"tabgan.toml: {key} can't be set in a file that was found" in result.stderr
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
    ("stepz = 3", "tabgan.toml: 'stepz' is not a setting; did you mean 'steps'?"),
    ("latent-dim = 3", "tabgan.toml: 'latent-dim' is not a setting; did you mean 'latent_dim'?"),
    ("[snyth]\nsteps = 3", "tabgan.toml: 'snyth' is not a setting; did you mean 'synth'?"),
    ("[sample]\nsteps = 3", "tabgan.toml [sample]: 'steps' is not a setting; known names: "),
    (
        "[images.fit]\nwidht = 3",
        "tabgan.toml [images.fit]: 'widht' is not a setting; did you mean 'width'?",
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
    (
        "[synth]\nrows = -1",
        "tabgan.toml [synth]: rows = -1: -1 is not a whole number from 0; write one such as 10",
    ),
    (
        "hidden_dim = 5.5",
        "tabgan.toml: hidden_dim = 5.5: 5.5 is not a whole number from 1; write one such as 10",
    ),
    ("learning_rate = nan", "tabgan.toml: learning_rate = NaN: nan is not a finite number"),
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
    ("synth = 5", "tabgan.toml: synth = 5 must be a section: [synth]"),
    (
        "seed = 1\nrandom_state = 2",
        "tabgan.toml: seed and random_state are the same setting; set only one of them",
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
    options = (o for command in main.commands.values() for o in command.params)
    known = {name for o in options for name in (o.name, *getattr(o, "keys", ()))}
    if key not in known:
        with pytest.raises(click.UsageError, match="is not a setting"):
            read_config(str(path), main)


ROOT = Path(tabgan.__file__).parent
FLAGS = flags_of(main)
PYTHON = re.compile(
    r"\.as_?type\b|to_datetime|\bpandas\b|\bpd\.|DataFrame|\bSeries\b|TabGAN\(|TabGAN\.load"
    r"|\b(schema|random_state|condition_on|hidden_dim|kind|epsilon|delimiter|encoding)=|\bfit\("
    r"|sample_blocks|register_|to_frame|\bTrue or False\b"
)
# Files whose errors no command meets: tables and options that only a program can give.
UNREACHED = {
    "base/option_checks.py",
    "base/random_streams.py",
    "base/registry.py",
    "callbacks",
    "conditions/parse_request.py",
    "encoding/table_encoder.py: register_encoder: ",
    "estimator.py",
    "extend.py",
    "fitting/options.py",
    "generators/gan",
    "generators/training_callbacks.py",
    "images",
    "inference/accept_table.py",
    "inference/infer_schema.py",
    "oversampler.py",
    "rules/base_rules.py",
    "rules/constraint_plan.py: is of a class",
    "rules/constraint_plan.py: must be a list of Custom",
    "rules/level_constraints.py",
    "table/frame_libraries.py",
    "table/scalars.py: of pandas's dates",
    "evaluation",
    "tuning",
    "fitting/private/public_schema.py: pass a DataFrame",
}


def text_of(node):
    """Return the text of a literal, with 'x' in place of each value."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "'x'" for v in node.values)
    return ""


def messages():
    """Yield each file and what its errors say on the command line."""
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            label = getattr(called, "id", getattr(called, "attr", ""))
            if label.endswith("Error") and node.args:
                told = [k.value for k in node.keywords if k.arg == "on_command_line"]
                yield name, text_of((told or node.args)[0])


def is_unreached(name, message):
    places = (place.partition(": ") for place in UNREACHED)
    return any(name.startswith(place) and part in message for place, _, part in places)


def test_no_message_on_the_command_line_speaks_python():
    said = [(name, text) for name, text in messages() if not is_unreached(name, text)]
    assert len(said) > 200
    spoken = [(name, in_options(text, FLAGS)) for name, text in said]
    assert [(name, text) for name, text in spoken if PYTHON.search(text)] == []


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("epsilon=0.001 must be from 0.01: below", "--epsilon 0.001 must be from 0.01: below"),
        ("penalty='none' leaves loss='wasserstein'", "--penalty none leaves --loss wasserstein"),
        ("condition_on=['a', 'b']: too many", "--condition-on 'a', 'b': too many"),
        ("random_state=-1 can't", "--seed -1 can't"),
        ("Column 'a': kind='odd' is not", "Column 'a': kind 'odd' is not"),
        ("header_row=9 names no line", "--header-row 9 names no line"),
        ("stabilizers: real=0.1, fake=0.2", "stabilizers: real=0.1, fake=0.2"),
        ("where: a.steps=5", "where: a.steps=5"),
    ],
)
def test_options_in_a_message(message, told):
    assert in_options(message, FLAGS) == told


def test_errors_of_commands(run, tmp_path):
    codes = [f"{at * 7919 % 10**6:06d}-{at:03d}" for at in range(60)]
    table = pd.DataFrame({"code": pd.Categorical(codes), "x": range(60)})
    table.to_parquet("t.parquet")
    refused = run("synth", "t.parquet", "--steps", "3", "-q")
    assert refused.exit_code == 3
    assert "--kind code=categorical" in refused.stderr
    assert "--drop code" in refused.stderr
    assert not PYTHON.search(refused.stderr)
    table.to_csv("t.csv", index=False)
    refused = run("synth", "t.csv", "--kind", "code=datetime", "--steps", "3", "-q")
    assert refused.exit_code == 3
    assert "the kind 'datetime' does not fit the value '000000-000'" in refused.stderr
    assert "--kind code=categorical" in refused.stderr
    refused = run("synth", "t.csv", "--epsilon", "0.0001", "-q")
    assert refused.stderr.startswith("Error: --epsilon 0.0001 must be at least ")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("1.5", 1.5),
        ("30s", 30),
        ("5m", 300),
        ("5min", 300),
        ("1h30m", 5400),
        ("1H", 3600),
    ],
)
def test_times_have_units(text, seconds):
    assert SECONDS.convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "soon", "30x", "-5", "5m1h", "1e999"])
def test_other_texts_are_no_times(text):
    with pytest.raises(click.BadParameter, match=r"write seconds such as 90, or 30s|above 0"):
        SECONDS.convert(text, None, None)


def test_numbers_that_cannot_be(run):
    result = run("synth", "t.csv", "-n", "1e30")
    assert result.exit_code == 2
    assert "1e+30 is too large; the maximum is 1e+12" in result.stderr
    result = run("evaluate", "r.csv", "s.csv", "--fail-under", "nan")
    assert result.exit_code == 2
    assert "nan is not a finite number; write one such as 0.9" in result.stderr
    assert run("synth", "t.csv", "--max-time", "inf").exit_code == 2
