"""Does `tabgan synth` end well on real tables, with no options: time, memory, and what it kept.

Run `python benchmarks/tables.py --help`; the exit code is 1 if a check fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import kept
import pandas as pd
from datasets import TABLES, table_path
from measure import TABGAN, Finished, run_measured
from report import print_table, write_json

LIMIT_SECONDS = 600
LIMIT_MB = 4_000
RESULTS = Path(__file__).parent / "results"
FACTS = ("table", "rows", "columns", "seconds", "peak_mb")
CHECKS = (
    *("exit_code", "time", "memory", "row_count", "column_names", "dtypes"),
    *("ranges", "missing", "one_hot", "date_order"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command on each table; return 1 if a check failed."""
    parser = argparse.ArgumentParser(description="Run `tabgan synth` on real tables and check it.")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--out", type=Path, default=RESULTS / "tables.json")
    options = parser.parse_args(arguments)
    paths = [table_path(name) for name in options.tables]
    results = []
    for path in paths:
        print(f"{path.name} …", file=sys.stderr)
        results.append(check_table(path))
        write_json(options.out, results, seeds=[], limit_seconds=LIMIT_SECONDS, limit_mb=LIMIT_MB)
    print_table(results, [*FACTS, *CHECKS])
    faults = [f"{row['table']}: {fault}" for row in results for fault in row["faults"]]
    print("\n".join(faults) if faults else "all checks passed")
    print(f"written to {options.out}", file=sys.stderr)
    return 1 if faults else 0


def check_table(path: Path) -> dict[str, Any]:
    """Run the command on one table and check what came out."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "synthetic.csv"
        finished = run_measured([*TABGAN, "synth", str(path), "-o", str(out)], LIMIT_SECONDS)
        faults = {
            "exit_code": _failed(finished),
            "time": _beyond("seconds", finished.seconds, LIMIT_SECONDS),
            "memory": _beyond("peak memory in MB", finished.peak_mb, LIMIT_MB),
        }
        facts: dict[str, Any] = {"seconds": finished.seconds, "peak_mb": finished.peak_mb}
        if finished.code == 0:
            facts |= _shape(path)
            faults |= compare(path, out, column_kinds(path))
    marks = {name: not faults[name] for name in CHECKS if name in faults}
    return {
        "table": path.name.partition(".")[0],
        **facts,
        **marks,
        "faults": [fault for name in faults for fault in faults[name]],
    }


def _failed(finished: Finished) -> list[str]:
    ending = finished.errors.strip()[-2000:]
    return [f"the command ended with {finished.code}: {ending}"] if finished.code else []


def _beyond(what: str, value: float, limit: float) -> list[str]:
    return [f"{what}: {value:.0f}, more than {limit}"] if value > limit else []


def _shape(path: Path) -> dict[str, int]:
    rows, columns = pd.read_csv(path, low_memory=False).shape
    return {"rows": rows, "columns": columns}


def column_kinds(path: Path) -> dict[str, str]:
    """Return what `tabgan inspect` takes each column for."""
    command = [*TABGAN, "inspect", str(path), "--json", "--quiet"]
    listing = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return {column["name"]: column["kind"] for column in json.loads(listing)["columns"]}


def compare(real_path: Path, synthetic_path: Path, kinds: dict[str, str]) -> dict[str, list[str]]:
    """Return the faults of each check on a synthetic file; an empty list if it passes."""
    real, synthetic = (pd.read_csv(path, low_memory=False) for path in (real_path, synthetic_path))
    faults = {
        "row_count": _unequal("rows", len(real), len(synthetic)),
        "column_names": _unequal("columns", list(real.columns), list(synthetic.columns)),
    }
    if faults["column_names"]:
        return faults
    dtypes = zip(real.columns, real.dtypes, synthetic.dtypes, strict=True)
    real_text, synthetic_text = (
        pd.read_csv(path, dtype=str, keep_default_na=False) for path in (real_path, synthetic_path)
    )
    return faults | {
        "dtypes": [
            fault
            for name, wanted, found in dtypes
            for fault in _unequal(f"dtype of {name!r}", wanted, found)
        ],
        "ranges": kept.values_within(real_text, synthetic_text, kinds),
        "missing": kept.missing_shares(real, synthetic),
        "one_hot": kept.one_hot_groups(real, synthetic),
        "date_order": kept.date_orders(real_text, synthetic_text, kinds),
    }


def _unequal(what: str, wanted: Any, found: Any) -> list[str]:
    return [] if wanted == found else [f"{what}: {found}, not {wanted}"]


if __name__ == "__main__":
    sys.exit(main())
