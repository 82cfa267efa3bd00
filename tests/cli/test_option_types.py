"""What errors say on the command line: options, never Python."""

import ast
import re
from pathlib import Path

import click
import pandas as pd
import pytest

import tabgan
from tabgan.cli.main import main
from tabgan.cli.option_types import SECONDS, flags_of, in_options

ROOT = Path(tabgan.__file__).parent
FLAGS = flags_of(main)
PYTHON = re.compile(
    r"\.as_?type\b|to_datetime|\bpandas\b|\bpd\.|DataFrame|\bSeries\b|TabGAN\(|TabGAN\.load"
    r"|\b(schema|random_state|condition_on|hidden_dim|kind|epsilon|delimiter|encoding)=|\bfit\("
    r"|sample_blocks|register_|to_frame|\bTrue or False\b"
)
# Files whose errors no command meets: tables and options that only a program can give.
UNREACHED = {
    "base/checks.py",
    "base/random_streams.py",
    "base/registry.py",
    "callbacks",
    "conditions/parse_condition.py",
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
    "rules/constraint.py",
    "rules/constraint_plan.py: is of a class",
    "rules/constraint_plan.py: must be a list of Custom",
    "rules/level_constraints.py",
    "table/frame_libraries.py",
    "table/scalars.py: of pandas's dates",
    "evaluation",
    "tuning",
    "fitting/private/public_schema.py: give a DataFrame",
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
    assert refused.stderr.startswith("Error: --epsilon 0.0001 must be from ")


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
