"""What only a process of its own can show."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_pipe_from_stdin_to_stdout(interpreter, small_csv):
    words = ("synth", "-", "-o", "-", "--steps", "20", "-n", "9")
    done = interpreter(*words, content=small_csv.read_bytes())
    assert done.returncode == 0
    lines = done.stdout.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "code;price;area;day"
    assert len(lines) == 11
    assert b"Reading standard input\n120 rows, 4 columns\n" in done.stderr
    assert b"Wrote 9 rows to standard output in " in done.stderr


def test_closed_pipe_ends_quietly(process, model):
    child = process("sample", model, "-n", "10000000", "-o", "-")
    assert child.stdout.read(10) == b"code,price"
    child.stdout.close()
    messages = child.stderr.read()
    child.stderr.close()
    assert child.wait(timeout=60) == 0
    assert messages == f"Reading {model}\n".encode()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_full_disk_behind_stdout(interpreter, model):
    with Path("/dev/full").open("wb") as full:
        done = interpreter("sample", model, "-q", "-o", "-", stdout=full)
    assert done.returncode == 5
    assert done.stderr == b"Error: standard output can't be written: No space left on device\n"


@pytest.mark.parametrize(
    "args", [["--help"], ["synth", "--help"], ["synth", "x.csv", "--steps", "x"]]
)
def test_help_and_usage_errors_import_nothing_heavy(args, interpreter):
    done = interpreter(*args, env={"PYTHONPROFILEIMPORTTIME": "1"})
    imported = {line.split("|")[-1].strip() for line in done.stderr.decode().splitlines()}
    assert "tabgan.cli.main" in imported
    assert imported & {"torch", "pandas", "numpy", "sklearn"} == set()


def test_a_table_is_described_without_the_libraries_of_a_training(interpreter, tmp_path):
    source = tmp_path / "sizes.csv"
    source.write_text("size,plan\n" + "\n".join(f"{n % 7},p{n % 3}" for n in range(60)))
    done = interpreter("inspect", source, env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert done.returncode == 0
    imported = {line.split("|")[-1].strip() for line in done.stderr.decode().splitlines()}
    assert "tabgan.fitting.prepare" in imported
    assert imported & {"torch", "sklearn", "scipy.stats"} == set()


def through(process, content, *args):
    """Run a command that reads standard input and writes standard output, and nothing else."""
    child = process(*args, "-q", stdin=subprocess.PIPE)
    output, messages = child.communicate(content, timeout=200)
    assert (child.returncode, messages) == (0, b"")
    return output


@pytest.mark.slow
def test_every_command_on_tables_takes_part_in_pipes(process, model, tmp_path):
    table = through(process, b"", "example", "-o", "-")
    assert table.startswith(b"customer_id,")
    some = b"".join(table.splitlines(keepends=True)[:150])
    facts = json.loads(through(process, some, "inspect", "-", "--json"))
    assert facts["rows"] == 149
    tiny = ("--steps", "2", "--seed", "1")
    facts = json.loads(
        through(
            process, some, "fit", "-", *tiny, "-m", "m.safetensors", "--hidden-dim", "8", "--json"
        )
    )
    assert (facts["data"], facts["steps"]) == ("-", 2)
    facts = json.loads(through(process, some, "tune", "-", *tiny, "--latent-dims", "4", "--json"))
    assert facts["next"].startswith("tabgan synth - --latent-dim 4")
    drawn = through(process, b"", "sample", "m.safetensors", "-n", "5", "-o", "-")
    assert drawn.splitlines()[0] == table.splitlines()[0]
    filled = through(process, some, "impute", "m.safetensors", "-", "-o", "-")
    assert filled.count(b"\n") == 150


@pytest.mark.slow
def test_images_from_end_to_end(process, tmp_path):
    tiny = ("--steps", "2", "--width", "0.1", "--seed", "1", "--json")
    facts = json.loads(through(process, b"", "images", "fit", "-m", "m.safetensors", *tiny))
    assert facts["steps"] == 2
    out = ("-o", "digits.npz", "-n", "3", "--json")
    facts = json.loads(through(process, b"", "images", "sample", "m.safetensors", *out))
    assert facts["images"] == 3
    judged = ("-n", "100", "--no-retrain", "--json")
    facts = json.loads(through(process, b"", "images", "evaluate", "m.safetensors", *judged))
    assert 0 <= facts["scores"]["agreement"] <= 1


def test_a_file_in_the_folder_and_the_environment_set_options(process, small_csv, tmp_path):
    (tmp_path / "tabgan.toml").write_text("steps = 2\nhidden_dim = 8\n[fit]\njson = true\n")
    command = ("fit", small_csv, "-m", "m.safetensors")
    child = process(*command, env={"TABGAN_FIT_STEPS": "3"})
    output, messages = child.communicate(timeout=120)
    assert child.returncode == 0
    assert json.loads(output)["steps"] == 3
    assert messages.startswith(b"Settings from tabgan.toml\nReading ")


def test_importing_the_package_imports_little(process):
    """Neither the command line's help nor the estimator waits for what only some fits need."""
    late = {"faker", "sdmetrics", "matplotlib", "optuna", "jinja2", "plotly", "sklearn.ensemble"}
    late |= {"sklearn.cluster", "sklearn.metrics", "click", "polars", "duckdb", "sqlalchemy"}
    code = "import sys; from tabgan import TabGAN; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) & late == set()
