"""TabGAN beside other generators: same rows, same scores, one processor core each.

Run `python benchmarks/peers.py --help`; `benchmarks/README.md` says what is compared and how.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from datasets import REPOSITORY, categorical_columns, load, split, table_path
from fidelity import DEFAULT_TABLES, scores
from measure import Finished, run_measured
from pandas.api.types import (
    is_bool_dtype,
    is_datetime64_any_dtype,
    is_integer_dtype,
    is_numeric_dtype,
    is_object_dtype,
)
from peer_environments import Environment, InstallError, prepared
from report import machine, print_table, versions, write_json

RESULTS = Path(__file__).parent / "results"
RUNNER = Path(__file__).with_name("peer_runner.py")
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tabgan-peers"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
COLUMNS = (
    *("table", "peer", "seed", "shape_error", "trend_error", "trend_error_all"),
    *("xgb_c2st", "logistic_c2st", "tstr", "trtr", "alpha_precision", "beta_recall"),
    *("dcr_share", "unique_copies", "fit_cpu_seconds", "sample_cpu_seconds", "peak_mb", "note"),
)
Row = dict[str, Any]

ARGN = Environment(
    "mostlyai-engine",
    ("mostlyai-engine==2.7.3",),
    torch=True,
    unused=("torchvision", "torchaudio"),
    reported=("mostlyai-engine", "torch", "numpy", "pandas"),
)
SDV = Environment(
    "sdv",
    ("sdv==2.0.0", "ctgan==0.12.1"),
    torch=True,
    reported=("sdv", "ctgan", "rdt", "copulas", "torch", "numpy", "pandas"),
)
ARF = Environment(
    "arfpy",
    ("arfpy==0.1.1", "pandas<3", "numpy<2.4"),  # it uses what later ones took away
    reported=("arfpy", "scikit-learn", "numpy", "pandas"),
)


@dataclass(frozen=True)
class Peer:
    """A generator to compare, in an environment of its own or (None) in this one.

    Attributes
    ----------
    generator : str
        Its name in `peer_runner.GENERATORS`.
    environment : Environment or None
        What it runs in.
    time_of : str or None
        The peer whose processor seconds it is given as `max_time`.
    """

    generator: str
    environment: Environment | None
    time_of: str | None = None


PEERS = {
    "tabgan": Peer("tabgan", None),
    "tabular-argn": Peer("tabular-argn", ARGN),
    "tabgan-equal-time": Peer("tabgan", None, time_of="tabular-argn"),
    "gaussian-copula": Peer("gaussian-copula", SDV),
    "arf": Peer("arf", ARF),
    "tvae": Peer("tvae", SDV),
    "ctgan": Peer("ctgan", SDV),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is not in the file yet; it is written after each fit."""
    options = parse(arguments)
    for name in options.tables:
        table_path(name)
    rows = json.loads(options.out.read_text())["results"] if options.out.is_file() else []
    for name in options.tables:
        train, test = split(load(name))
        frames = train[: options.rows], test
        for seed in options.seeds:
            for peer in (peer for peer in PEERS if peer in options.peers):
                run = {"table": name, "peer": peer, "seed": seed, "rows": len(frames[0])}
                row = compared(run, frames, rows, options)
                rows = in_order([*(old for old in rows if not same_run(old, row)), row])
                seeds = sorted({row["seed"] for row in rows})
                write_json(options.out, rows, seeds=seeds, threads=1)
    print_table([row for row in rows if row["table"] in options.tables], COLUMNS)
    print(f"written to {options.out}", file=sys.stderr)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description="Compare TabGAN with other generators.")
    parser.add_argument("--tables", nargs="+", choices=DEFAULT_TABLES, default=DEFAULT_TABLES)
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--out", type=Path, default=RESULTS / "peers.json")
    parser.add_argument(
        "--fresh", action="store_true", help="run also what is in the file already, and replace it"
    )
    parser.add_argument(
        "--max-seconds", type=float, default=7_200, help="a fit is given up after (default: 7200)"
    )
    parser.add_argument("--rows", type=int, help="try it out on so many training rows")
    parser.add_argument(
        "--cache", type=Path, default=CACHE, help=f"where environments are kept (default: {CACHE})"
    )
    return parser.parse_args(arguments)


def compared(
    run: Row, frames: tuple[pd.DataFrame, pd.DataFrame], rows: Sequence[Row], options: Any
) -> Row:
    """Return the row of one table, peer and seed: the kept one where nothing has changed."""
    peer = PEERS[run["peer"]]
    try:
        python, found = _python_and_versions(peer, options.cache)
        settings = _settings(peer, run, rows)
    except (InstallError, LookupError) as reason:
        return run | {"note": str(reason.args[0])}
    run |= {"settings": settings, "versions": found, "processor": machine()["processor"]}
    for old in rows:
        if not options.fresh and "note" not in old and run.items() <= old.items():
            return old
    print("{table}, {peer}, seed {seed} …".format(**run), file=sys.stderr)
    return run | measured(run, frames, python, options.max_seconds)


def _python_and_versions(peer: Peer, cache: Path) -> tuple[Path, dict[str, Any]]:
    if peer.environment is not None:
        return prepared(peer.environment, cache)
    own = {name: version for name, version in versions().items() if name != "xgboost"}
    return Path(sys.executable), own | {"commit": _commit()}


def _commit() -> str | None:
    """Return the last change of the package, where this is a checkout with git."""
    command = ["git", "-C", str(REPOSITORY), "log", "-1", "--format=%h", "--", "tabgan"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _settings(peer: Peer, run: Row, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the options of the generator: none but the time that another one took."""
    if peer.time_of is None:
        return {}
    for old in rows:
        if same_run(old, run | {"peer": peer.time_of}) and "fit_cpu_seconds" in old:
            return {"max_time": round(old["fit_cpu_seconds"], 1)}
    raise LookupError(f"needs the row of {peer.time_of} first")


def measured(
    run: Row, frames: tuple[pd.DataFrame, pd.DataFrame], python: Path, limit: float
) -> Row:
    """Fit and draw in a process of its own; return the scores and the cost, or a note why not."""
    train, test = frames
    job = {
        "generator": PEERS[run["peer"]].generator,
        "seed": run["seed"],
        "options": run["settings"],
        "categorical": categorical_columns(run["table"], train),
    }
    try:
        synthetic, cost = generated(job, train, python, limit)
    except GeneratorError as reason:
        return {"note": str(reason)}
    cost["date"] = datetime.now(UTC).isoformat(timespec="seconds")
    return scores(run["table"], train, test, synthetic) | cost


class GeneratorError(Exception):
    """A generator failed or took too long; the message is the reason in one line."""


def generated(
    job: Row, train: pd.DataFrame, python: Path, limit: float
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Run a job of `peer_runner.py`; return the rows, with the real dtypes, and their cost.

    Raises
    ------
    GeneratorError
        If it fails, or takes more seconds than the limit.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = {key: str(Path(folder) / key) for key in ("train", "synthetic", "cost")}
        (Path(folder) / "job").write_text(json.dumps(job | files))
        train.to_parquet(files["train"])
        command = [str(python), "-P", str(RUNNER), str(Path(folder) / "job")]
        finished = run_measured(command, limit, environment=_environment(python))
        if finished.code:
            raise GeneratorError(_failure(finished, limit))
        cost = json.loads(Path(files["cost"]).read_text())
        synthetic = as_real(pd.read_parquet(files["synthetic"]), train)
    return synthetic, cost | {"peak_mb": finished.peak_mb}


def _failure(finished: Finished, limit: float) -> str:
    if finished.seconds > limit:
        return f"stopped after {limit:.0f} s"
    return (finished.errors.strip().splitlines() or ["failed without a word"])[-1]


def _environment(python: Path) -> dict[str, str]:
    """One thread; and this checkout's package for the Python that runs the benchmark alone."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    own = {"PYTHONPATH": str(REPOSITORY)} if python == Path(sys.executable) else {}
    return inherited | ONE_THREAD | own


def as_real(synthetic: pd.DataFrame, train: pd.DataFrame) -> pd.DataFrame:
    """Give drawn rows the columns and dtypes of the real ones.

    Not every generator does it itself: levels are looked up by their text, numbers of columns of
    integers are rounded.
    """
    return pd.DataFrame({name: _as(synthetic[name], real) for name, real in train.items()})


def _as(drawn: pd.Series, real: pd.Series) -> pd.Series:
    if is_object_dtype(real) or is_bool_dtype(real):
        levels = {str(level): level for level in real.dropna().unique()}
        return drawn.astype(object).map(lambda cell: levels.get(str(cell), cell))
    if is_datetime64_any_dtype(real):  # days since 1970 of generators that take no dates
        days = drawn.round() if is_numeric_dtype(drawn) else drawn
        return pd.to_datetime(days, unit="D" if is_numeric_dtype(drawn) else None)
    numbers = pd.to_numeric(drawn.astype(object)).astype(float)
    return numbers.round() if is_integer_dtype(real) else numbers


def same_run(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two rows are of the same table, peer and seed."""
    return all(one[key] == other[key] for key in ("table", "peer", "seed"))


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Sort rows as the tables and peers are listed."""
    peers = list(PEERS)

    def place(row: Row) -> tuple[int, int, int]:
        return DEFAULT_TABLES.index(row["table"]), peers.index(row["peer"]), row["seed"]

    return sorted(rows, key=place)


if __name__ == "__main__":
    main()
