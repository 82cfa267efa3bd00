"""How fast rows are drawn, decode included, and how much memory it takes to write many.

Run `python benchmarks/sampling.py --help`. Training is as long as it is by default, since the trees
of refinement and polish, and with them the speed, depend on how good the generator is.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import TABLES, load, table_path
from measure import TABGAN, in_own_process, run_measured
from report import print_table, write_json

RESULTS = Path(__file__).parent / "results"
REPEATS = 3
LIMIT_SECONDS = 1_800


def main(arguments: Sequence[str] | None = None) -> None:
    """Run both halves of the benchmark."""
    parser = argparse.ArgumentParser(description="Measure speed and memory of sampling.")
    parser.add_argument("--table", choices=TABLES, default="adult")
    parser.add_argument("--steps", type=int, help="training steps (default: auto)")
    parser.add_argument("--rows", nargs="+", type=int, default=[1_000, 10_000, 100_000, 400_000])
    parser.add_argument("--file-rows", nargs="+", type=int, default=[100_000, 400_000, 1_600_000])
    parser.add_argument("--out", type=Path, default=RESULTS / "sampling.json")
    options = parser.parse_args(arguments)
    table_path(options.table)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.safetensors"
        results = in_own_process(to_frame, options.table, options.steps, options.rows, model)
        results += [to_file(model, rows) for rows in options.file_rows]
    print_table(results, ["to", "rows", "seconds", "rows_per_second", "peak_mb"])
    write_json(options.out, results, seeds=[0], table=options.table, steps=options.steps)
    print(f"written to {options.out}", file=sys.stderr)


def to_frame(
    name: str, steps: int | None, sizes: Sequence[int], model: Path
) -> list[dict[str, Any]]:
    """Fit and save a model; time `TabGAN.sample`, the median of three draws of each size."""
    from tabgan.estimator import TabGAN

    gan = TabGAN(steps=steps or "auto", random_state=0).fit(load(name))
    gan.save(model)
    gan.sample(1_000)  # the first draw also loads what the next ones find loaded
    results = []
    for size in sizes:
        seconds = statistics.median(_timed_draw(gan, size) for _ in range(REPEATS))
        results.append(_result("frame", size, seconds))
    return results


def _timed_draw(gan: Any, size: int) -> float:
    start = time.perf_counter()
    gan.sample(size)
    return time.perf_counter() - start


def to_file(model: Path, size: int) -> dict[str, Any]:
    """Run `tabgan sample` on the saved model, in a process of its own, start included."""
    out = model.with_name(f"{size}.csv")
    finished = run_measured(
        [*TABGAN, "sample", str(model), "-n", str(size), "-o", str(out)], LIMIT_SECONDS
    )
    if finished.code:
        raise SystemExit(f"tabgan sample ended with {finished.code}:\n{finished.errors}")
    out.unlink()
    return _result("file", size, finished.seconds) | {"peak_mb": finished.peak_mb}


def _result(to: str, size: int, seconds: float) -> dict[str, Any]:
    return {"to": to, "rows": size, "seconds": seconds, "rows_per_second": size / seconds}


if __name__ == "__main__":
    main()
