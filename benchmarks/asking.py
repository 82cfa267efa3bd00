"""Rows under conditions, and partial rows completed, beside free rows that are filtered.

Run `python benchmarks/asking.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import completing
import pandas as pd
import torch
from datasets import categorical_columns, load, split
from fitted import kept_or_fitted
from peers import CACHE
from report import kept_results, print_table, write_json
from scoring import quality_errors, xgb_c2st
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from tabgan import TabGAN

RESULTS = Path(__file__).parent / "results"
TIMED_ROWS = 1_000
PARTIAL_ROWS = 1_000
ABSOLUTE_BAR = 1.5
RELATIVE_BAR = 1.5
CONDITION_COLUMNS = (
    *("where", "source", "real_rows", "rows", "meets", "shape_error", "shape_bar"),
    *("trend_error", "xgb_c2st", "first_seconds", "seconds", "cpu_seconds"),
)
PARTIAL_COLUMNS = ("source", "frame", "kept", "c2st_true", "c2st_other", "drawn_shape_error")
UNMET_COLUMNS = ("where", "train_rows", "outcome", "meets", "seconds", "message")
PARTS = {"condition": CONDITION_COLUMNS, "partial": PARTIAL_COLUMNS, "unmet": UNMET_COLUMNS}
Row = dict[str, Any]


@dataclass(frozen=True)
class Condition:
    """What is asked for, and said again in pandas to check the answer.

    Attributes
    ----------
    where : str
        The condition for `TabGAN.sample`.
    holds : callable
        Says which rows of a table meet it.
    shape_bar : float or None
        The shape error that is aimed at, in percent; None for `RELATIVE_BAR` times that of
        filtered free rows.
    """

    where: str
    holds: Callable[[pd.DataFrame], pd.Series]
    shape_bar: float | None = None


CONDITIONS = (
    Condition('income = ">50K"', lambda t: t["income"] == ">50K", ABSOLUTE_BAR),
    Condition(
        'sex = "Female" and income = ">50K"',
        lambda t: (t["sex"] == "Female") & (t["income"] == ">50K"),
    ),
    Condition('education = "Doctorate"', lambda t: t["education"] == "Doctorate"),
    Condition("age >= 70", lambda t: t["age"] >= 70, ABSOLUTE_BAR),
)
UNMET = (
    Condition(
        'education = "Preschool" and income = ">50K" and age >= 85',
        lambda t: (t["education"] == "Preschool") & (t["income"] == ">50K") & (t["age"] >= 85),
    ),
    Condition(
        'education = "Doctorate" and education-num = 3',  # broken by a rule between the columns
        lambda t: (t["education"] == "Doctorate") & (t["education-num"] == 3),
    ),
    Condition("age >= 200", lambda t: t["age"] >= 200),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit once, or read the model that is kept, and run the parts."""
    options = parse(arguments)
    train, test = split(load("adult"))
    nominal = categorical_columns("adult", train)
    with tempfile.TemporaryDirectory() as folder:
        path = options.model or Path(folder) / "model.safetensors"
        if options.model is None:
            kept_or_fitted(None, train, options.steps, options.seed).save(path)
        rows = kept_results(options.out, lambda row: row["part"] in options.parts)
        if "condition" in options.parts:
            rows += condition_rows(path, pd.concat([train, test]), nominal, options)
        if "partial" in options.parts:
            rows += partial_rows(path, train, test, nominal, options)
        if "unmet" in options.parts:
            rows += [unmet_row(path, train, condition) for condition in UNMET]
    for part in options.parts:
        print_table([row for row in rows if row["part"] == part], PARTS[part])
        print()
    settings = {
        "steps": options.steps,
        "kept_model": options.model is not None,
        "free_rows": options.free_rows,
        "threads": torch.get_num_threads(),
    }
    write_json(options.out, rows, seeds=[options.seed], **settings)
    print(f"written to {options.out}", file=sys.stderr)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description="Ask for rows of adult, and score the answers.")
    parser.add_argument("--steps", type=int, help="training steps (default: auto)")
    parser.add_argument(
        "--model", type=Path, help="a model of the training rows, in place of a fit"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=PARTS,
        default=list(PARTS),
        help="rows of other parts are kept as they are in the file",
    )
    parser.add_argument("--rows", type=int, default=5_000, help="asked for under each condition")
    parser.add_argument("--free-rows", type=int, default=300_000, help="drawn once to be filtered")
    parser.add_argument("--frames", type=int, default=3, help="partial frames of 1,000 rows")
    parser.add_argument("--no-peer", action="store_true", help="leave TabularARGN out")
    parser.add_argument("--cache", type=Path, default=CACHE, help="as of peers.py")
    parser.add_argument("--out", type=Path, default=RESULTS / "asking.json")
    return parser.parse_args(arguments)


def condition_rows(
    path: Path, real: pd.DataFrame, nominal: list[str], options: argparse.Namespace
) -> list[Row]:
    """Return for each condition the scores of real rows drawn again, of filtering and of asking."""
    from tabgan import TabGAN

    free = TabGAN.load(path).sample(options.free_rows, random_state=options.seed)
    rows = []
    for condition in CONDITIONS:
        print(f"{condition.where} …", file=sys.stderr)
        wanted = real[condition.holds(real)]
        filtered = free[condition.holds(free)][: options.rows]
        floor = wanted.sample(options.rows, replace=True, random_state=options.seed)
        asked, cost = timed(TabGAN.load(path), condition.where, options.rows)
        bar = condition.shape_bar
        compared = {
            "halves": (wanted[::2], wanted[1::2]),
            "bootstrap": (wanted, floor),
            "filtered": (wanted, filtered),
            "asked": (wanted, asked),
        }
        for source, (real_rows, drawn) in compared.items():
            row = {"part": "condition", "where": condition.where, "source": source}
            row |= condition_scores(condition, real_rows, drawn, nominal)
            if source == "filtered" and bar is None:
                bar = RELATIVE_BAR * row["shape_error"]
            if source == "asked":
                row |= cost | {"shape_bar": bar}
            rows.append(row)
    return rows


def timed(model: TabGAN, where: str, rows: int) -> tuple[pd.DataFrame, Row]:
    """Return rows under a condition, and the seconds of a thousand, the first and the second time.

    The first call also makes what the next ones find made.
    """
    laps = [(time.perf_counter(), time.process_time())]
    for seed in (1, 2):
        model.sample(TIMED_ROWS, where=where, random_state=seed)
        laps.append((time.perf_counter(), time.process_time()))
    return model.sample(rows, where=where), {
        "first_seconds": laps[1][0] - laps[0][0],
        "seconds": laps[2][0] - laps[1][0],
        "cpu_seconds": laps[2][1] - laps[1][1],
    }


def condition_scores(
    condition: Condition, real: pd.DataFrame, drawn: pd.DataFrame, nominal: list[str]
) -> Row:
    """Compare rows with the real ones that meet the condition."""
    scores: Row = {"real_rows": len(real), "rows": len(drawn)}
    if len(drawn) < 10:
        return scores | {"note": "too few rows to compare"}
    with threadpool_limits(1):
        errors = quality_errors(real, drawn, nominal)
        c2st = xgb_c2st(real, drawn, nominal)
    return scores | {"meets": float(condition.holds(drawn).mean()), **errors, "xgb_c2st": c2st}


def unmet_row(path: Path, train: pd.DataFrame, condition: Condition) -> Row:
    """Ask for what no training row has; say whether rows are drawn, with a warning, or refused."""
    from tabgan import TabGAN
    from tabgan.base.errors import TabGANError

    model = TabGAN.load(path)
    row: Row = {"part": "unmet", "where": condition.where}
    row["train_rows"] = int(condition.holds(train).sum())
    start = time.perf_counter()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            drawn = model.sample(TIMED_ROWS, where=condition.where)
    except TabGANError as error:
        row |= {"outcome": "refused", "message": f"{type(error).__name__}: {error}"}
    else:
        message = "; ".join(str(warning.message) for warning in caught)
        row |= {"outcome": "drawn, with a warning" if caught else "drawn", "message": message}
        row["meets"] = float(condition.holds(drawn).mean())
    return row | {"seconds": time.perf_counter() - start}


def partial_rows(
    path: Path,
    train: pd.DataFrame,
    test: pd.DataFrame,
    nominal: list[str],
    options: argparse.Namespace,
) -> list[Row]:
    """Complete held-out rows of which half of the cells are given."""
    from tabgan import TabGAN

    frames = completing.partial_frames(test, PARTIAL_ROWS, options.frames)
    sources = {"tabgan": completing.by_tabgan(TabGAN.load(path))}
    if not options.no_peer:
        peer = completing.by_tabular_argn(train, nominal, options.seed, options.cache)
        sources["tabular-argn"] = peer
    rows = completing.floor(frames, nominal)
    for source, complete in sources.items():
        print(f"partial rows, {source} …", file=sys.stderr)
        rows += completing.completion_rows(frames, source, complete, nominal)
    return rows


if __name__ == "__main__":
    main()
