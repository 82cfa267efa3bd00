"""Stages and time left: a bar on a terminal, and lines elsewhere."""

import os
import re
import sys

import numpy as np
import pandas as pd
import pytest

from tabgan.cli.command_output import Lines, Report, follow


def on_terminal(process, *args):
    """Run a command with its standard error on a terminal; return what it showed there."""
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    child = process(*args, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 10_000)
        except OSError:  # of Linux, at the end
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert child.wait(timeout=60) == 0
    return shown.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
class TestTerminal:
    def test_a_bar_shows_the_stages(self, process, small_csv):
        steps = ("--steps", "200", "--hidden-dim", "16", "-n", "20000")
        shown = on_terminal(process, "synth", small_csv, *steps)
        assert re.search(r"Encoding \[\d\d:\d\d\]", shown)
        assert "Training: " in shown
        assert re.search(r"\| 200/200 \[\d\d:\d\d<", shown)
        assert "Sampling: " in shown
        assert "Training, 200 steps" not in shown
        assert shown.splitlines()[-1].startswith("Wrote 20,000 rows to ")

    def test_quiet(self, process, model):
        assert on_terminal(process, "sample", model, "-q", "-n", "20000") == ""


def test_lines_tell_the_time_left(capsys):
    lines = Lines(Report(quiet=False), "steps", 1000, every=0.0)
    lines.began -= 10.0  # ten seconds ago
    for done in (0, 250, 1000):
        lines.at(done)
    assert capsys.readouterr().err == "250 of 1,000 steps, 30 s left\n"


def test_no_line_comes_too_soon(capsys):
    Lines(Report(quiet=False), "steps", 1000, every=60.0).at(250)
    assert capsys.readouterr().err == ""


def test_blocks_are_given_on_as_they_are(capsys):
    blocks = [pd.DataFrame({"n": np.arange(5)}), pd.DataFrame({"n": np.arange(2)})]
    given = list(follow(blocks, Report(quiet=False), 7))
    assert all(one is other for one, other in zip(given, blocks, strict=True))
    assert capsys.readouterr().err == ""
