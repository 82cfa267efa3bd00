"""Kills commands at random moments: what is lost, what is left, and what going on gives.

Run `python benchmarks/kills.py --kills 100`. Each run gets SIGKILL after a random part of the time
that the command takes. A fit with a checkpoint then goes on, and may be killed again. `lost` counts
files that differ from those of a command which nobody killed, and files of before that are damaged;
`left` counts what is there at the end beside the outputs.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

STEPS = ("--steps", "400", "--hidden-dim", "16", "--seed", "5", "-q", "--device", "cpu")
STATE = ("--checkpoint", "state", "--checkpoint-every", "20", "--resume")


@dataclass(frozen=True)
class Command:
    """A command that is killed.

    Attributes
    ----------
    name : str
        Its name in the table.
    arguments : sequence of str
        The command line.
    output : str
        The file that it writes.
    """

    name: str
    arguments: Sequence[str]
    output: str


COMMANDS = (
    Command("fit, resumed", ("fit", "t.csv", *STEPS, *STATE, "-m", "m.out"), "m.out"),
    Command("synth, resumed", ("synth", "t.csv", *STEPS, *STATE, "-o", "s.csv"), "s.csv"),
    Command("fit", ("fit", "t.csv", *STEPS, "-m", "m.out", "--force"), "m.out"),
    Command(
        "sample",
        ("sample", "m.safetensors", "-n", "200000", "--seed", "1", "-q", "--force", "-o", "r.csv"),
        "r.csv",
    ),
    Command(
        "sample to DuckDB",
        ("sample", "m.safetensors", "-n", "50000", "-q", "--force", "-o", "r.duckdb"),
        "r.duckdb",
    ),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Kill each command, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="of each command")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--only", default="", help="commands whose name has this in it")
    options = parser.parse_args(arguments)
    rng = random.Random(options.seed)
    rows = []
    for command in (command for command in COMMANDS if options.only in command.name):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(measure(command, Path(folder), options.kills, rng))
            print(rows[-1], flush=True)
    print(pd.DataFrame(rows).to_string(index=False))


def measure(command: Command, folder: Path, n_kills: int, rng: random.Random) -> dict[str, object]:
    """Kill a command at random moments; return a row of the table."""
    write_table(folder / "t.csv")
    run(folder, ("fit", "t.csv", *STEPS, "-m", "m.safetensors"))
    began = time.monotonic()
    run(folder, command.arguments)
    seconds = time.monotonic() - began
    before = {path.name for path in folder.iterdir()} - {command.output}
    whole = (folder / command.output).read_bytes()
    is_repeatable = not command.output.endswith(".duckdb")  # DuckDB's files have marks of their own
    kills = lost = ended = 0
    while kills < n_kills:
        if "--resume" in command.arguments:
            (folder / command.output).unlink(missing_ok=True)
        killed = run(folder, command.arguments, rng.uniform(0, 1.05) * seconds)
        kills += killed
        ended += not killed
        there = (folder / command.output).exists()
        if there and is_repeatable:
            lost += (folder / command.output).read_bytes() != whole
        if not there and "--resume" not in command.arguments:
            lost += 1  # the file of before
    if "--resume" in command.arguments:
        (folder / command.output).unlink(missing_ok=True)
        run(folder, command.arguments)
        lost += (folder / command.output).read_bytes() != whole
    else:
        run(folder, command.arguments)
    left = {path.name for path in folder.iterdir()} - before - {command.output}
    facts = {"kills": kills, "ended": ended + 1, "lost": lost, "left": len(left)}
    return {"command": command.name, "seconds": round(seconds, 1), **facts}


def write_table(path: Path) -> None:
    """Write a table of numbers, levels and codes."""
    rng = np.random.default_rng(0)
    n = 600
    frame = pd.DataFrame(
        {
            "size": rng.gamma(2, 10, n).round(2),
            "visits": rng.poisson(3, n),
            "kind": rng.choice(["red", "green", "blue"], n),
            "code": [f"c{i:06d}" for i in rng.permutation(999_999)[:n]],
        }
    )
    frame.to_csv(path, index=False)


def run(folder: Path, arguments: Sequence[str], seconds: float | None = None) -> bool:
    """Run a command, and return whether it was killed before its end."""
    root = str(Path(__file__).parents[1])
    child = subprocess.Popen(
        [sys.executable, "-m", "tabgan", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": root},
        stderr=subprocess.PIPE,
    )
    try:
        _, messages = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.communicate()
        return True
    if child.returncode:
        raise RuntimeError(messages.decode())
    return False


if __name__ == "__main__":
    main()
