"""``tabgan impute``: fill the empty cells of a table."""

from typing import Any

import click

from tabgan.cli.command import command
from tabgan.cli.option_types import FILE, option
from tabgan.cli.table_options import (
    json_option,
    output_options,
    quiet_option,
    reading_options,
    seed_option,
)

__all__ = ["impute"]


@command(
    "tabgan impute customers.safetensors customers.csv",
    "tabgan impute customers.safetensors new.csv -o filled.csv --seed 7",
)
@click.argument("model", type=FILE)
@click.argument("data", type=FILE)
@reading_options
@option(
    "-o",
    "--out",
    section="Output",
    type=FILE,
    metavar="OUT",
    show_default="DATA_imputed, in the current folder",
    help="File for the filled table; '-' is stdout.",
)
@output_options
@seed_option
@quiet_option
@json_option
def impute(
    *,
    model: str,
    data: str,
    out: str | None,
    seed: int,
    reading: dict[str, Any],
    writing: dict[str, Any],
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Fill the empty cells of a table with draws, given the other cells of their rows.

    MODEL is a file that 'tabgan fit' wrote, DATA a table with the columns of its training table.
    Marks of absence count as empty: NA, N/A, NULL, None, nan, ?, -, and the like. Other words that
    stand among numbers or dates, such as ERROR, do so there and in columns of categories. All other
    cells are written as they are. Another seed draws another completion.
    """
    from tabgan.cli.console import Report
    from tabgan.cli.output_targets import (
        check_table,
        check_targets,
        default_output,
        fact_of,
        place_of,
    )
    from tabgan.cli.tables import read_data, with_holes, write_blocks
    from tabgan.files.table_form import TableForm

    table = reading["table"]
    out = out or default_output(data, writing["table_format"], ending="imputed", table=table)
    form = TableForm(table=table).for_output(out, **writing)
    check_targets((model, data), out=out, form=form, force=force, as_json=as_json)
    report = Report(quiet=quiet)
    from tabgan.estimator import TableEstimator

    gan = TableEstimator.load(model)
    frame, source = read_data(data, report, **reading)
    form = source.for_output(out, **writing)
    check_table(data, source, out, form, rows=len(frame), force=force)
    frame = with_holes(frame, source)
    holes = int(frame.isna().to_numpy().sum())
    report.say(f"Filling {holes:,} empty cells, and marks of absence")
    filled = gan.impute(frame, random_state=seed)
    write_blocks([filled], gan.schema_, report, out=out, form=form, force=force)
    seconds = report.done("impute")
    left = int(filled.isna().to_numpy().sum())
    marks = int((frame.notna() & (filled.astype(object) != frame.astype(object))).to_numpy().sum())
    beside = f" and {marks:,} marks of absence" if marks else ""
    filling = f"Filled {holes - left:,} of {holes:,} empty cells{beside} in {seconds:.1f} s"
    report.say(f"{filling}; wrote {place_of(out)}")
    report.facts |= {"model": model, "seed": seed, "rows": len(filled)}
    counts = {"empty_cells": holes, "filled_cells": holes - left, "filled_marks": marks}
    report.facts |= {"output": fact_of(out)} | counts
    if as_json:
        report.print_json()
