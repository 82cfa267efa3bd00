"""What only a process of its own can show."""

import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_interrupted_while_training(process, small_csv, tmp_path):
    # A test run in the background ignores interrupts, and its children would inherit that.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    command = ("synth", small_csv, "--steps", "1000000", "-o", "out.csv")
    child = process(*command, preexec_fn=heed)
    assert child.stderr.readline().startswith(b"Reading ")
    assert child.stderr.readline() == b"120 rows, 4 columns\n"
    child.send_signal(signal.SIGINT)
    _, message = child.communicate(timeout=60)
    assert (child.returncode, message) == (130, b"Interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_pipe_from_stdin_to_stdout(process, small_csv):
    child = process("synth", "-", "-o", "-", "--steps", "20", "-n", "9", stdin=subprocess.PIPE)
    output, messages = child.communicate(small_csv.read_bytes(), timeout=100)
    assert child.returncode == 0
    lines = output.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "code;price;area;day"
    assert len(lines) == 11
    assert b"Reading standard input\n120 rows, 4 columns\n" in messages
    assert b"Wrote 9 rows to standard output in " in messages


def test_closed_pipe_ends_quietly(process, model):
    child = process("sample", model, "-n", "10000000", "-o", "-")
    assert child.stdout.read(10) == b"code,price"
    child.stdout.close()
    messages = child.stderr.read()
    child.stderr.close()
    assert child.wait(timeout=60) == 0
    assert messages == f"Reading {model}\n".encode()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_full_disk_behind_stdout(process, model):
    with Path("/dev/full").open("wb") as full:
        child = process("sample", model, "-q", "-o", "-", stdout=full)
        _, messages = child.communicate(timeout=60)
    assert child.returncode == 5
    assert messages == b"Error: standard output can't be written: No space left on device\n"


@pytest.mark.parametrize(
    "args", [["--help"], ["synth", "--help"], ["synth", "x.csv", "--steps", "x"]]
)
def test_help_and_usage_errors_import_nothing_heavy(args, process):
    child = process(*args, env={"PYTHONPROFILEIMPORTTIME": "1"})
    _, messages = child.communicate(timeout=60)
    imported = {line.split("|")[-1].strip() for line in messages.decode().splitlines()}
    assert "tabgan.cli.main" in imported
    assert imported & {"torch", "pandas", "numpy", "sklearn"} == set()
