"""``tabgan impute``: fill the empty cells of a table."""

from typing import Any

import click

from tabgan.cli.command import command
from tabgan.cli.options import (
    FILE,
    json_option,
    option,
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
    seed: int | None,
    table_format: Any,
    encoding: str | None,
    delimiter: str | None,
    output_format: Any,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Fill the empty cells of a table with draws of what goes with the rest of their row.

    MODEL is a file that 'tabgan fit' wrote, DATA a table with columns of the one that it was
    fitted on. All other cells are written as they are. Another seed draws another completion.
    """
    if as_json and out == "-":
        raise click.UsageError("--json and -o - would both write to standard output; give one")
    from tabgan.cli.work import (
        Report,
        check_targets,
        default_output,
        new_seed,
        place_of,
        read_data,
        with_holes,
        write_blocks,
    )
    from tabgan.files import TableForm

    suffix = output_format and f".{output_format}"
    out = out or default_output(data, suffix, ending="imputed")
    TableForm().for_output(out, table_format=output_format)
    check_targets((model, data), out=out, force=force)
    report = Report(quiet=quiet)
    from tabgan.estimator import TabGAN

    gan = TabGAN.load(model)
    frame, form = read_data(
        data, report, table_format=table_format, encoding=encoding, delimiter=delimiter
    )
    frame = with_holes(frame, form)
    seed = new_seed() if seed is None else seed
    holes = int(frame.isna().to_numpy().sum())
    report.say(f"Filling {holes:,} empty cells")
    filled = gan.impute(frame, random_state=seed)
    form = form.for_output(out, table_format=output_format)
    write_blocks([filled], report, out=out, form=form, force=force)
    seconds = report.done("impute")
    left = int(filled.isna().to_numpy().sum())
    filling = f"Filled {holes - left:,} of {holes:,} empty cells in {seconds:.1f} s"
    report.say(f"{filling}; wrote {place_of(out)}")
    report.facts |= {"model": model, "seed": seed, "rows": len(filled), "output": out}
    report.facts |= {"empty_cells": holes, "filled_cells": holes - left}
    if as_json:
        report.print_json()
