"""Ctrl-C, as the process itself gets it."""

import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import pytest

from tabgan import ImageGAN, TabGAN, TabTrees

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

# A test run in the background ignores interrupts, and its children would inherit that.
heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
ENDLESS = ("--steps", "1000000", "--hidden-dim", "16")
STOPPING = b"Stopping and saving the model so far; Ctrl-C again stops without saving\n"


@pytest.fixture
def start(process):
    return partial(process, preexec_fn=heed)


def wait_for(child, beginning):
    """Read messages until one begins so."""
    for line in child.stderr:
        if line.startswith(beginning):
            return
    pytest.fail(f"no message began with {beginning!r}")


def interrupt(child, number=signal.SIGINT):
    """Press Ctrl-C, or send a signal; return the exit code and the messages from then on."""
    child.send_signal(number)
    _, messages = child.communicate(timeout=120)
    return child.returncode, messages


def test_while_reading_nothing_is_left(start, tmp_path):
    child = start("fit", "-", "-m", "m.safetensors", stdin=subprocess.PIPE)
    # More than a pipe holds, so that it is reading when all has been written.
    child.stdin.write(b"a,b\n" + b"1,2\n" * 100_000)
    child.stdin.flush()
    assert interrupt(child) == (130, b"Reading standard input\nInterrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_training_that_is_not_to_be_kept_ends_at_once(start, small_csv, tmp_path, number):
    child = start("synth", small_csv, *ENDLESS, "-o", "out.csv")
    wait_for(child, b"Training, 1,000,000 steps")
    assert interrupt(child, number) == (130, b"Interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "number"),
    [
        (("fit",), signal.SIGTERM),
        pytest.param(("fit",), signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(("synth", "-o", "out.csv"), signal.SIGINT, marks=pytest.mark.slow),
    ],
    ids=["fit, SIGTERM", "fit", "synth"],
)
def test_a_training_that_is_to_be_kept_is_kept(start, small_csv, tmp_path, command, number):
    child = start(*command, small_csv, *ENDLESS, "--model", "m.safetensors", "--json")
    wait_for(child, b"Training, 1,000,000 steps")
    code, messages = interrupt(child, number)
    lines = messages.decode().splitlines()
    assert (code, lines[-1]) == (130, "Interrupted")
    assert STOPPING in messages
    gan = TabGAN.load(tmp_path / "m.safetensors")
    assert 0 < gan.n_steps_ < 1_000_000
    assert any(
        line.startswith(f"Trained {gan.n_steps_:,} of 1,000,000 steps in ") for line in lines
    )
    assert "Saved the model to m.safetensors" in lines
    assert len(gan.sample(5)) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]


def test_trees_that_have_grown_are_kept(start, tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(2_000, 6)).round(3))
    table.rename(columns="c{}".format).to_csv(tmp_path / "long.csv", index=False)
    child = start("fit", "long.csv", "--method", "trees", "--model", "m.safetensors")
    wait_for(child, b"Growing trees")
    code, messages = interrupt(child, signal.SIGTERM)
    lines = messages.decode().splitlines()
    assert (code, lines[-1]) == (130, "Interrupted")
    assert STOPPING in messages
    assert "Saved the model to m.safetensors" in lines
    trees = TabTrees.load(tmp_path / "m.safetensors")
    assert f"Grew {trees.n_trees_:,} trees in" in messages.decode()
    assert len(trees.sample(5)) == 5


@pytest.mark.slow
def test_a_second_one_gives_all_up(start, small_csv, tmp_path):
    # What follows the training of networks this wide takes long enough.
    wide = ("--steps", "1000000", "--hidden-dim", "2000")
    child = start("fit", small_csv, *wide, "-m", "m.safetensors")
    wait_for(child, b"Training, 1,000,000 steps")
    child.send_signal(signal.SIGINT)
    wait_for(child, STOPPING)
    assert interrupt(child) == (130, b"Interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_while_refining_the_trained_model_is_kept(start, run, tmp_path):
    assert run("example", "-q").exit_code == 0
    tiny = ("--steps", "20", "--hidden-dim", "16", "-m", "m.safetensors")
    child = start("fit", "customers.csv", *tiny)
    wait_for(child, b"Refining and polishing")
    code, messages = interrupt(child)
    assert code == 130
    assert b"Trained 20 steps in " in messages
    assert messages.endswith(b"Saved the model to m.safetensors\nInterrupted\n")
    assert TabGAN.load(tmp_path / "m.safetensors").n_steps_ == 20


@pytest.mark.slow
def test_images_that_are_learned_are_kept(start, tmp_path):
    child = start("images", "fit", "-m", "m.safetensors", "--steps", "1000000", "--width", "0.1")
    wait_for(child, b"Training, 1,000,000 steps")
    code, messages = interrupt(child)
    assert (code, messages.splitlines()[-1]) == (130, b"Interrupted")
    assert 0 < ImageGAN.load(tmp_path / "m.safetensors").n_steps_ < 1_000_000


@pytest.mark.parametrize(
    ("out", "number"), [("out.csv", signal.SIGINT), ("out.duckdb", signal.SIGTERM)]
)
def test_while_sampling_no_half_table_is_left(start, model, tmp_path, out, number):
    child = start("sample", model, "-n", "100000000", "-o", out)
    while not any(path.stat().st_size for path in tmp_path.glob(".tabgan-*.part*")):
        assert child.poll() is None
        time.sleep(0.02)
    assert interrupt(child, number)[1].endswith(b"\nInterrupted\n")
    assert child.returncode == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_what_ignores_interrupts_goes_on_ignoring_them(process, small_csv, tmp_path):
    ignore = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    steps = ("--steps", "300", "--hidden-dim", "16")
    child = process("fit", small_csv, *steps, "-m", "m.safetensors", preexec_fn=ignore)
    wait_for(child, b"Training, 300 steps")
    code, messages = interrupt(child)
    assert (code, b"Trained 300 steps" in messages) == (0, True)


@pytest.mark.slow
def test_a_killed_fit_goes_on_and_gives_the_same_file(start, small_csv, tmp_path):
    """Nothing can handle SIGKILL; it comes at some moment after each new state."""
    options = ("--steps", "600", "--hidden-dim", "16", "--seed", "5", "-q")
    assert start("fit", small_csv, *options, "-m", "whole").wait(timeout=200) == 0
    state = ("--checkpoint", "state", "--checkpoint-every", "50", "--resume")
    file, kills = tmp_path / "state" / "checkpoint.safetensors", 0
    while not (tmp_path / "cut").exists():
        before = file.stat().st_mtime_ns if file.exists() else 0
        child = start("fit", small_csv, *options, *state, "-m", "cut")
        while child.poll() is None and kills < 3:
            if file.exists() and file.stat().st_mtime_ns != before:
                time.sleep(0.03 * kills)
                child.kill()
                kills += 1
                break
        child.wait(timeout=200)
    assert kills >= 3
    assert (tmp_path / "cut").read_bytes() == (tmp_path / "whole").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut", "whole"]
