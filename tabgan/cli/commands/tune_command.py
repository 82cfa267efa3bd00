"""``tabgan tune``: compare latent sizes, learning rates and widths on a table."""

from typing import Any

import click

from tabgan.cli.command import command
from tabgan.cli.option_types import FILE, NumberList, option
from tabgan.cli.table_options import (
    force_option,
    json_option,
    quiet_option,
    reading_options,
    schema_option,
    seed_option,
)
from tabgan.cli.training_options import device_option, steps_option

__all__ = ["tune"]


@command(
    "tabgan tune customers.csv",
    "tabgan tune customers.csv --latent-dims 32,64,128,256 --plot tune.png",
    "tabgan tune customers.csv --learning-rates 0.0002,0.0005 -o report.json --seed 7",
    "tabgan tune customers.csv --optuna 20",
)
@click.argument("data", type=FILE)
@reading_options
@schema_option
@option(
    "--latent-dims",
    section="Search",
    type=NumberList(int),
    metavar="N,N,…",
    show_default="by the heuristics",
    help="Latent sizes to try; Optuna takes the range between them.",
)
@option(
    "--learning-rates",
    section="Search",
    type=NumberList(float),
    metavar="X,X,…",
    show_default="0.0005; with Optuna 0.0001 to 0.002",
    help="Learning rates to try with each.",
)
@option(
    "--hidden-dims",
    section="Search",
    type=NumberList(int),
    metavar="N,N,…",
    show_default="256; with Optuna 128,256,512",
    help="Widths of the hidden layers to try with each.",
)
@option(
    "--optuna",
    section="Search",
    type=click.IntRange(min=1),
    metavar="TRIALS",
    help="Number of candidates that Optuna suggests, in place of every combination.",
)
@steps_option
@device_option
@option(
    "-o",
    "--out",
    section="Output",
    type=FILE,
    metavar="REPORT",
    help="Write all trials to REPORT (JSON).",
)
@option(
    "--plot",
    section="Output",
    type=FILE,
    metavar="FILE",
    help="Draw the scores to FILE (.png, .svg or .pdf).",
)
@force_option
@seed_option
@quiet_option
@json_option
def tune(
    *,
    data: str,
    out: str | None,
    plot: str | None,
    schema: str | None,
    reading: dict[str, Any],
    force: bool,
    quiet: bool,
    as_json: bool,
    **search: Any,
) -> None:
    """Try several latent sizes on a table and compare the results.

    DATA is a table as for 'tabgan synth'. Each candidate is trained on four fifths of the rows,
    without refinement and polish. The best candidate has the highest detection score (1 where
    boosted trees can't tell its rows from the held-out fifth); within .01, the error of related
    pairs of columns decides.
    """
    if out == "-":
        raise click.UsageError("a report can't go to standard output; --json prints it there")
    from tabgan.cli.console import Report, print_text
    from tabgan.cli.databases import refuse_database
    from tabgan.cli.output_targets import check_targets
    from tabgan.cli.tables import load_schema, read_data
    from tabgan.cli.tune_report import lay_out_tuning, next_command, search_table
    from tabgan.tuning.tuning_result import check_plot

    refuse_database(data, reading, "settings are compared on")
    check_targets((data, schema), out=out, plot=plot, force=force)
    if plot:
        check_plot(plot)
    columns = load_schema(schema) if schema else None
    report = Report(quiet=quiet)
    frame, _ = read_data(data, report, **reading)
    result = search_table(frame, report, schema=columns, **search)
    if out:
        result.save(out)
        report.say(f"Wrote {out}")
    if plot:
        result.plot(plot)
        report.say(f"Drew {plot}")
    options = {**reading, "schema": schema, "steps": search["steps"]}
    command = next_command(report.facts["data"], result.best.candidate, options)
    report.facts |= {**result.to_json(), "next": command}
    if as_json:
        report.print_json()
    else:
        print_text(lay_out_tuning(result, command))
