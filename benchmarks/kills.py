"""Kills commands at random moments: what is lost, what is left, and what the next run gives.

Run `python benchmarks/kills.py --kills 20`. Half of the runs get their signal after a random part
of the time that the command takes, the other half just after a temporary file has appeared. Four of
five signals are SIGKILL, the others SIGTERM. Before each run stands an older output.

*lost* counts runs after which an output was neither the older nor the new one, *left* temporary
files after SIGTERM, and after the run at the end that nobody kills. That run must give what a run
gives that was never killed. A fit with a checkpoint, or a sample in parts, goes on where it was
killed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from report import print_table, write_json

RESULTS = Path(__file__).parent / "results"
SERVER = get_context("forkserver")
COLUMNS = ("command", "seconds", "kills", "terms", "ended", "lost", "left")
STEPS = ("--steps", "100", "--hidden-dim", "16", "-q", "--device", "cpu", "--no-refine")
STATE = ("--checkpoint", "state", "--checkpoint-every", "20", "--resume")
SAMPLE = ("sample", "m.safetensors", "-q", "--force", "-n")


@dataclass(frozen=True)
class Command:
    """A command that is killed.

    Attributes
    ----------
    arguments : sequence of str
        The command line.
    outputs : sequence of str
        The files or folders that it writes.
    resumes : bool
        Whether a run goes on where the one before was killed; the outputs are then removed first.
    keeps_what_is_learned : bool
        Whether SIGTERM gives a model too, of fewer steps.
    together : bool
        Whether the files of a folder are replaced together.
    """

    arguments: Sequence[str]
    outputs: Sequence[str]
    resumes: bool = False
    keeps_what_is_learned: bool = False
    together: bool = False


COMMANDS = {
    "fit": Command(
        ("fit", "t.csv", *STEPS, "-m", "m.out", "--force"), ["m.out"], keeps_what_is_learned=True
    ),
    "fit of trees": Command(
        ("fit", "t.csv", "--method", "trees", "-q", "-m", "m.out", "--force"), ["m.out"],
        keeps_what_is_learned=True,
    ),
    "fit, resumed": Command(
        ("fit", "t.csv", *STEPS, *STATE, "-m", "m.out"), ["m.out"], resumes=True,
        keeps_what_is_learned=True,
    ),
    "synth, resumed": Command(
        ("synth", "t.csv", *STEPS, *STATE, "-o", "s.csv"), ["s.csv"], resumes=True,
        keeps_what_is_learned=True,
    ),
    "synth, table and model": Command(
        ("synth", "t.csv", "--method", "trees", "-q", "--force", "-o", "s.csv", "--model", "m.out"),
        ["s.csv", "m.out"], keeps_what_is_learned=True,
    ),
    "sample to CSV": Command((*SAMPLE, "40000", "-o", "r.csv"), ["r.csv"]),
    "sample to .csv.gz": Command((*SAMPLE, "20000", "-o", "r.csv.gz"), ["r.csv.gz"]),
    "sample to Parquet": Command((*SAMPLE, "60000", "-o", "r.parquet"), ["r.parquet"]),
    "sample to Excel": Command((*SAMPLE, "3000", "-o", "r.xlsx"), ["r.xlsx"]),
    "sample to DuckDB": Command((*SAMPLE, "20000", "-o", "r.duckdb"), ["r.duckdb"]),
    "sample to SQLite": Command((*SAMPLE, "20000", "-o", "r.db"), ["r.db"]),
    "sample in parts": Command(
        ("sample", "m.safetensors", "-q", "-n", "20000", "--rows-per-file", "1500", "--resume",
         "-o", "parts/"),
        ["parts"], resumes=True,
    ),
    "synth of a database to files": Command(
        ("synth", "shop", "-q", "--force", "-o", "shop2"), ["shop2"],
        together=True,
    ),
    "synth of a database to SQLite": Command(
        ("synth", "shop", "-q", "--force", "-o", "shop.db"), ["shop.db"]
    ),
    "synth of a database to DuckDB": Command(
        ("synth", "shop", "-q", "--force", "-o", "shop.duckdb"),
        ["shop.duckdb"],
    ),
    "sample of a database": Command(
        ("sample", "shop.safetensors", "--scale", "20", "-q", "--force", "-o", "shop3"), ["shop3"],
        together=True,
    ),
    "impute": Command(
        ("impute", "m.safetensors", "holes.csv", "-q", "--force", "-o", "f.csv"), ["f.csv"]
    ),
    "evaluate": Command(
        ("evaluate", "t.csv", "u.csv", "-q", "--force", "--html", "e.html"), ["e.html"]
    ),
    "tune": Command(
        ("tune", "t.csv", "--steps", "5", "--latent-dims", "4,8", "--seeds", "1", "-q", "--force",
         "-o", "tune.json"),
        ["tune.json"],
    ),
    "images fit": Command(
        ("images", "fit", "--steps", "20", "-q", "--force", "-m", "i.out"), ["i.out"],
        keeps_what_is_learned=True,
    ),
    "images sample": Command(
        ("images", "sample", "i.safetensors", "-n", "2000", "-q", "--force", "-o", "i.npz"),
        ["i.npz"],
    ),
    "images sample to a folder": Command(
        ("images", "sample", "i.safetensors", "-n", "99", "-q", "--force", "-o", "i/"), ["i"]
    ),
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Kill each command, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="signals to each command")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--only", default="", help="commands whose name has this in it")
    parser.add_argument("--out", type=Path, default=RESULTS / "kills.json")
    options = parser.parse_args(arguments)
    SERVER.set_forkserver_preload(["tabgan.cli.main", "tabgan.estimator.tab_estimators", "xgboost"])
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        for name in (name for name in COMMANDS if options.only in name):
            rng = random.Random(f"{options.seed} {name}")
            place = Path(shutil.copytree(folder, f"{folder}/../{Path(folder).name}-one"))
            try:
                rows.append({"command": name, **measure(COMMANDS[name], place, options.kills, rng)})
            finally:
                shutil.rmtree(place)
            print(rows[-1], flush=True)
            write_json(options.out, rows, seeds=[options.seed], kills=options.kills)
    total = {key: sum(row[key] for row in rows) for key in COLUMNS[1:]}
    print_table([*rows, {"command": "all", **total}], COLUMNS)


def prepare(folder: Path) -> None:
    """Write tables, a database, and models of them."""
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
    frame.iloc[:300].to_csv(folder / "t.csv", index=False)
    frame.iloc[300:].to_csv(folder / "u.csv", index=False)
    frame.mask(rng.random(frame.shape) < 0.2).to_csv(folder / "holes.csv", index=False)
    (folder / "shop").mkdir()
    buyers = pd.DataFrame({"buyer": range(100), "age": rng.integers(18, 90, 100)})
    buyers.to_csv(folder / "shop" / "buyers.csv", index=False)
    orders = pd.DataFrame({"order": range(300), "buyer": rng.integers(0, 100, 300)})
    orders["price"] = rng.gamma(2, 10, 300).round(2)
    orders.to_csv(folder / "shop" / "orders.csv", index=False)
    for arguments in (
        ("fit", "t.csv", *STEPS, "-m", "m.safetensors"),
        ("fit", "shop", "-q", "-m", "shop.safetensors"),
        ("images", "fit", "--steps", "2", "-q", "-m", "i.safetensors"),
    ):
        run(folder, (*arguments, "--seed", "5"))


def measure(command: Command, folder: Path, n_kills: int, rng: random.Random) -> dict[str, Any]:
    """Kill a command at random moments; return a row of the table."""
    given = {path.name for path in folder.iterdir()} | {*command.outputs}
    paths = [folder / output for output in command.outputs]
    run(folder, (*command.arguments, "--seed", "1"))
    older = [content(path) for path in paths]
    aside = [path.rename(path.with_name(f"older-{path.name}")) for path in paths]
    given |= {path.name for path in aside}
    arguments = (*command.arguments, "--seed", "2")
    began = time.monotonic()
    run(folder, arguments)
    seconds = time.monotonic() - began
    newer = [content(path) for path in paths]
    counts = dict.fromkeys(("kills", "terms", "ended", "lost", "left"), 0)
    was_ended = True
    while counts["kills"] + counts["terms"] < n_kills:
        number = signal.SIGTERM if rng.random() < 0.2 else signal.SIGKILL
        if was_ended or not paths[0].is_dir() or not command.resumes:
            put_back(paths, [] if command.resumes else aside)
        earlier = temporary_files(folder)  # of a run that was killed, which the end sweeps
        was_ended = run(folder, arguments, rng, seconds, number)
        counts["ended" if was_ended else "kills" if number == signal.SIGKILL else "terms"] += 1
        if was_ended:
            counts["lost"] += not are_new(paths, newer)
        elif number == signal.SIGKILL or not command.keeps_what_is_learned:
            counts["lost"] += not are_whole(paths, older, newer, command)
        if number == signal.SIGTERM:
            counts["left"] += n_left(temporary_files(folder) - earlier)
    if command.resumes and not paths[0].is_dir():
        put_back(paths, [])
    run(folder, arguments)
    counts["lost"] += not are_new(paths, newer)
    beside = {path for path in folder.iterdir() if path.name not in given}
    counts["left"] += n_left(beside | temporary_files(folder))
    return {"seconds": round(seconds, 1), **counts}


def n_left(paths: Collection[Path]) -> int:
    """Name the files that are left, and return their number."""
    for path in paths:
        print(f"left: {path.name}", flush=True)
    return len(paths)


def put_back(paths: Sequence[Path], aside: Sequence[Path]) -> None:
    """Remove the outputs, and put older ones in their place."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for path, old in zip(paths, aside, strict=False):
        (shutil.copytree if old.is_dir() else shutil.copyfile)(old, path)


def are_whole(
    paths: Sequence[Path], older: Sequence[Any], newer: Sequence[Any], command: Command
) -> bool:
    """Return whether each output is the older or the new one, or is not there if none was."""
    for path, old, new in zip(paths, older, newer, strict=True):
        found = content(path) if path.exists() else None
        if isinstance(found, dict) and not command.together:
            ok = all(found[name] in (old.get(name), new[name]) for name in new if name in found)
        else:
            ok = found in (None if command.resumes else old, new)
        if not ok:
            print(f"{path.name} is neither the older nor the new one", flush=True)
            return False
    return True


def are_new(paths: Sequence[Path], newer: Sequence[Any]) -> bool:
    """Return whether each output is the new one; a folder may have other files beside."""
    found = [content(path) for path in paths]
    for one, new in zip(found, newer, strict=True):
        if (one != new) if not isinstance(one, dict) else {**one, **new} != one:
            print(f"{paths[0].name}: the run that ended gave something else", flush=True)
            return False
    return True


def content(path: Path) -> Any:
    """Return what a file or a folder holds: bytes, rows of a database, or figures of a report."""
    if path.is_dir():
        return {
            str(one.relative_to(path)): content(one)
            for one in sorted(path.rglob("*"))
            if one.is_file() and not one.name.startswith(".tabgan-")
        }
    if path.suffix in (".db", ".duckdb"):
        return rows_of_database(path)
    if path.suffix == ".xlsx":  # it has a time, as have the next ones
        return pd.read_excel(path).to_numpy().tolist()
    if path.name == "tune.json":
        return dict.fromkeys(json.loads(path.read_bytes()))
    if path.suffix == ".html":
        return path.read_text().rstrip().endswith("</html>")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rows_of_database(path: Path) -> dict[str, Any]:
    """Return the rows of each table of an SQLite or DuckDB file."""
    if path.suffix == ".db":
        tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
        opened: Any = sqlite3.connect(path)
    else:
        tables = "SELECT table_name FROM duckdb_tables()"
        opened = duckdb.connect(str(path))
    with closing(opened) as connection:
        names = sorted(row[0] for row in connection.execute(tables).fetchall())
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


def temporary_files(folder: Path) -> set[Path]:
    """Return the temporary files in a folder and in those in it."""
    return {*folder.rglob(".tabgan-*")}


def run(
    folder: Path,
    arguments: Sequence[str],
    rng: random.Random | None = None,
    seconds: float = 0,
    number: signal.Signals = signal.SIGKILL,
) -> bool:
    """Run a command, with a signal at a random moment if `rng` is given; return if it ended."""
    child = SERVER.Process(target=be_tabgan, args=(folder, arguments))
    child.start()
    if rng is None:
        child.join()
    elif rng.random() < 0.5:
        child.join(rng.uniform(0, 1.05) * seconds)
    else:
        while child.is_alive() and not temporary_files(folder):
            child.join(0.002)
        child.join(rng.choice([0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3]))
    is_killed = child.is_alive()
    if is_killed and child.pid is not None:
        os.kill(child.pid, number)
    child.join()
    codes = {0, 130, -signal.SIGKILL, -signal.SIGTERM} if is_killed else {0}
    if child.exitcode not in codes:
        messages = (folder / "messages").read_text()
        raise RuntimeError(f"{' '.join(arguments)} ended with {child.exitcode}: {messages}")
    (folder / "messages").unlink(missing_ok=True)
    return not is_killed


def be_tabgan(folder: Path, arguments: Sequence[str]) -> None:
    """Be the command line, in a folder."""
    from tabgan.cli.main import main as command_line

    os.chdir(folder)
    messages = os.open("messages", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(messages, 1)
    os.dup2(messages, 2)
    command_line(list(arguments), prog_name="tabgan")


if __name__ == "__main__":
    main()
