"""Whether columns are read as what they are, and written as they were.

Run `python benchmarks/formats_read.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from made_columns import Source, sources
from report import print_table, write_json

from tabgan.encoding.table_encoder import fit_column
from tabgan.inference.infer_schema import infer_schema
from tabgan.table.columns import TypedSeries
from tabgan.table.schema import Column

RESULTS = Path(__file__).parent / "results"
ROWS = (60, 100, 300, 1000, 5000)
HOLES = (0.0, 0.0, 0.1, 0.3, 0.6)  # share of empty cells
ODD = (0.0, 0.0, 0.01, 0.03)  # share of cells that are written otherwise
ODD_CELLS = ("N/A", "unknown", "see note", "?", "-", "tbd", "none")
FEWEST = 60  # cells that a column has, whatever its holes
WRITTEN = 200  # cells that are drawn of each column
COLUMNS = ("kind", "form", "columns", "kind_right", "written_right")


class MadeColumn(NamedTuple):
    """A column of a source, with holes and odd cells."""

    source: Source
    name: str
    values: pd.Series
    odd: frozenset[str]


def make_column(source: Source, rng: Random) -> MadeColumn:
    """Write a column with a random number of rows, holes and odd cells.

    Parameters
    ----------
    source
        How it is written.
    rng
        Randomness.
    """
    n_rows, holes, share = rng.choice(ROWS), rng.choice(HOLES), rng.choice(ODD)
    n_cells = max(round(n_rows * (1 - holes)), min(n_rows, FEWEST))
    cells: list[str | None] = [*source.make(rng, n_cells)]
    words = rng.sample(ODD_CELLS, 2)
    for place in range(n_cells):
        if rng.random() < share:
            cells[place] = rng.choice(words)
    there = [True] * n_cells + [False] * (n_rows - n_cells)
    rng.shuffle(there)
    rest = iter(cells)
    values = pd.Series([next(rest) if is_there else None for is_there in there], dtype=object)
    return MadeColumn(source, rng.choice(source.names), values, frozenset(words))


def read(made: MadeColumn) -> Column:
    """Return what the library takes a column for."""
    (column,) = infer_schema(pd.DataFrame({made.name: made.values}))
    return column


def write(made: MadeColumn, column: Column, seed: int) -> list[str]:
    """Draw cells of a column, each part with equal chances, without any training.

    Parameters
    ----------
    made
        The column.
    column
        What the library takes it for.
    seed
        Seed of the randomness.
    """
    rng = np.random.default_rng(seed)
    encoder = fit_column(TypedSeries(column, made.values.rename(made.name)))
    spans = encoder.spans
    codes = np.column_stack(
        [np.empty((WRITTEN, 0), np.int64), *(rng.integers(0, n, WRITTEN) for n in spans.widths)]
    ).astype(np.int64)
    numbers = rng.random((WRITTEN, spans.n_numbers))
    drawn = encoder.decode(numbers, encoder.settle(codes, rng), 0, rng)
    return [str(cell) for cell in drawn.dropna()]


def judge(made: MadeColumn, seed: int) -> dict[str, Any]:
    """Read and write a column, and say what was right.

    Parameters
    ----------
    made
        The column.
    seed
        Seed of what is drawn.
    """
    source = made.source
    column = read(made)
    texts = write(made, column, seed)
    wrong = [text for text in texts if text not in made.odd and not source.reads(text)]
    return {
        "kind": source.kind,
        "form": source.form,
        "name": made.name,
        "rows": len(made.values),
        "empty": float(made.values.isna().mean()),
        "odd": float(made.values.isin([*made.odd]).mean()),
        "read_as": column.kind,
        "why": column.why,
        "right": column.kind in source.kinds,
        "written": len(texts),
        "wrong": len(wrong),
        "wrong_cells": wrong[:3],
        "cells": made.values.dropna().iloc[:3].tolist(),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Read and write made-up columns of all kinds.")
    parser.add_argument("--columns", type=int, default=5, help="columns of each form")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", help="kinds of columns, such as date")
    parser.add_argument("--out", type=Path, default=RESULTS / "formats_read.json")
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    for source in sources():
        if options.kinds and source.kind not in options.kinds:
            continue
        for turn in range(options.columns):
            rng = Random(f"{options.seed} {source.kind} {source.form} {turn}")
            rows.append(judge(make_column(source, rng), options.seed))
    write_json(options.out, rows, seeds=[options.seed], columns=options.columns)
    report(rows)
    print(f"written to {options.out}", file=sys.stderr)


def report(rows: Sequence[dict[str, Any]]) -> None:
    """Print a table by kind and form, the shares of all, and each miss."""
    frame = pd.DataFrame(rows)
    for keys in (["kind", "form"], ["kind"]):
        groups = frame.groupby(keys, sort=False)
        shares = groups.agg(
            columns=("right", "size"), kind_right=("right", "mean"), n=("written", "sum"),
            wrong=("wrong", "sum"),
        ).reset_index()  # fmt: skip
        shares["written_right"] = 1 - shares["wrong"] / shares["n"].clip(lower=1)
        print_table(shares.to_dict("records"), [key for key in COLUMNS if key in shares])
        print()
    for row in rows:
        if not row["right"] or row["wrong"]:
            print(
                f"{row['kind']} {row['form']!r}: column {row['name']!r} of {row['rows']} rows, "
                f"{row['empty']:.0%} empty, {row['odd']:.1%} odd, {row['cells']}: read as "
                f"{row['read_as']} ({row['why']}), {row['wrong']} of {row['written']} cells "
                f"written otherwise: {row['wrong_cells']}"
            )
    right, cells = frame["right"].mean(), 1 - frame["wrong"].sum() / frame["written"].sum()
    print(f"\n{len(frame)} columns: kind right in {right:.2%}, written cells right in {cells:.2%}")


if __name__ == "__main__":
    main()
