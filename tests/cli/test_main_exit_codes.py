"""Each exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CASES = [
    (0, ("example", "-o", "-", "-q"), ""),
    (2, ("synth", "small.csv", "--steps", "many"), "neither a whole number from 1 nor 'auto'"),
    (2, ("fit", "small.csv", "-m", "m", "--loss", "hing"), "did you mean 'hinge'?"),
    (3, ("inspect", "ragged.csv"), "ragged.csv, line 3: found 1 fields"),
    (4, ("sample", "bad.safetensors"), "bad.safetensors: not a tabgan model"),
    (5, ("inspect", "none.csv"), "none.csv: no such file; check the path"),
]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "small.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n3\n")
    (tmp_path / "bad.safetensors").write_bytes(b"no model")


@pytest.mark.parametrize(("code", "command", "message"), CASES)
def test_code(run, files, code, command, message):
    done = run(*command)
    assert done.exit_code == code
    assert message in done.stderr
    assert bool(done.stdout) == (code == 0)
    assert "Traceback" not in done.stderr


def test_a_fault_of_ours(interpreter, files, tmp_path):
    """A part of the package is replaced by one that is broken."""
    broken = tmp_path / "broken"
    broken.mkdir()
    fault = "import tabgan.files.read_write as r\nr.read_table = lambda *_, **__: 1 / 0\n"
    (broken / "sitecustomize.py").write_text(fault)
    path = f"{broken}:{Path(__file__).parents[2]}"
    done = interpreter("inspect", "small.csv", env={"PYTHONPATH": path})
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"Error: an unexpected ZeroDivisionError: division by zero\n" in done.stderr
    assert b"This is a bug in tabgan; set TABGAN_DEBUG=1" in done.stderr


def test_the_console_script_does_the_same(files, tmp_path):
    script = Path(sys.executable).with_name("tabgan")
    if not script.exists():
        pytest.skip("the package is not installed")
    done = subprocess.run(
        [script, "inspect", "none.csv"], cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (5, b"")
    assert done.stderr.endswith(b"Error: none.csv: no such file; check the path\n")


def test_a_score_that_is_too_low(run, small_csv, tmp_path):
    head, *rows = small_csv.read_text(encoding="utf-8-sig").splitlines()
    (tmp_path / "same.csv").write_text("\n".join([head, *rows[:1] * len(rows), ""]))
    command = ("evaluate", small_csv, "same.csv", "-q", "--json", "--fail-under", "0.9")
    done = run(*command)
    score = json.loads(done.stdout)["verdict"]["score"]
    assert (done.exit_code, score < 0.9) == (6, True)
    assert done.stderr.startswith(f"The score is {score:.3f}: ")
