"""Every loss with every penalty, and every stabiliser, on a table and on digits, for one budget.

Run `python benchmarks/ablation.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product, repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from report import print_table, write_json

RESULTS = Path(__file__).parent / "results"
CACHE = Path.home() / ".cache" / "tabgan"
COLUMNS = {
    "adult": ("shape_error", "trend_error", "xgb_c2st", "tstr"),
    "mnist": ("agreement", "inception_share", "frechet_distance", "modes"),
}
SCORED = 10_000  # rows of adult
KEYS = ("data", "loss", "penalty", "stabiliser")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; results are written after each fit."""
    parser = argparse.ArgumentParser(description="Compare ways to train.", allow_abbrev=False)
    parser.add_argument("--data", nargs="+", choices=COLUMNS, default=[*COLUMNS])
    parser.add_argument("--steps", type=int, default=600, help="training steps (default: 600)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="fits at a time, each on one core")
    parser.add_argument("--judge", type=Path, default=CACHE / "mnist-judge.safetensors")
    parser.add_argument("--out", type=Path, default=RESULTS / "ablation.json")
    options = parser.parse_args(arguments)
    jobs = [*product(options.data, ways())]
    rows: list[dict[str, Any]] = []
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        settings = (options.steps, options.seed, options.judge)
        for row in pool.map(run, *zip(*jobs, strict=True), *map(repeat, settings)):
            rows.append(row)
            print(f"{len(rows)} of {len(jobs)}", file=sys.stderr)
            write_json(options.out, rows, seeds=[options.seed], steps=options.steps)
    for data in options.data:
        shown = [row for row in rows if row["data"] == data]
        print_table(shown, (*KEYS, *COLUMNS[data], "fit_seconds", "failure"))
    print(f"written to {options.out}", file=sys.stderr)


def ways() -> list[dict[str, Any]]:
    """Return the options of each way to train: those that make sense."""
    from tabgan import OptionError
    from tabgan.generators.gan.losses_and_penalties import LOSSES, PENALTIES
    from tabgan.generators.gan.stabilizers import STABILIZERS
    from tabgan.generators.gan.training_config import TrainingConfig

    usual = {"optimizer": "adam", "learning_rate": 1e-3, "discriminator_steps": 1}
    pairs = [
        {"loss": loss, "penalty": penalty, "stabilizers": None}
        for loss, penalty in product(LOSSES, PENALTIES)
    ]
    steadied = [
        {"loss": "non_saturating", "penalty": "none", "stabilizers": [name]} for name in STABILIZERS
    ]
    sound = []
    for way in (*pairs, *steadied):
        try:
            TrainingConfig.of(usual | way)
        except OptionError:  # refused, with the reason
            continue
        sound.append(way)
    return sound


def run(data: str, way: dict[str, Any], steps: int, seed: int, judge_file: Path) -> dict[str, Any]:
    """Train one way and score what is drawn; a training that diverges has a `failure`."""
    from tabgan import TrainingError

    stabilisers = way["stabilizers"]
    row = {
        "data": data,
        "loss": way["loss"],
        "penalty": way["penalty"],
        "stabiliser": stabilisers[0] if stabilisers else None,
    }
    start = time.perf_counter()
    try:
        figures = (on_table if data == "adult" else on_digits)(way, steps, seed, judge_file)
    except TrainingError as error:
        figures = {"failure": str(error)}
    return row | {"seconds": time.perf_counter() - start} | figures


def on_table(way: dict[str, Any], steps: int, seed: int, _judge_file: Path) -> dict[str, Any]:
    """Score the generator alone, neither refined nor polished, on adult."""
    from coding import encode
    from datasets import TABLES, categorical_columns, load, split
    from scoring import quality_errors, train_and_test, xgb_c2st
    from threadpoolctl import threadpool_limits

    from tabgan import TabGAN

    train, test = split(load("adult"))
    plain = {"refine": False, "polish": False, "verbose": False}
    gan = TabGAN(steps=steps, random_state=seed, **plain, **way)
    seconds = _timed(lambda: gan.fit(train))
    synthetic, real = gan.sample(SCORED), train[:SCORED]  # shuffled before it was split
    table, nominal = TABLES["adult"], categorical_columns("adult", train)
    with threadpool_limits(1):
        tested, drawn = encode([test, synthetic], nominal)
        return {
            "fit_seconds": seconds,
            **quality_errors(real, synthetic, nominal),
            "xgb_c2st": xgb_c2st(real, synthetic, nominal),
            "tstr": train_and_test(drawn, tested, table.task, table.target),
        }


def on_digits(way: dict[str, Any], steps: int, seed: int, judge_file: Path) -> dict[str, Any]:
    """Score the digits of the MLP pair."""
    from digits import digits, judge, score

    from tabgan import ImageGAN

    data = digits()
    gan = ImageGAN(steps=steps, random_state=seed, verbose=False, **way)
    seconds = _timed(lambda: gan.fit(*data.train))
    return {"fit_seconds": seconds} | score(gan, data, judge(judge_file, data))


def _timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
