"""``tabgan sample``: draw rows from a model."""

from typing import Any

import click

from tabgan.cli.options import (
    examples,
    json_option,
    output_options,
    quiet_option,
    rows_option,
    seed_option,
    where_option,
)

__all__ = ["sample"]


@click.command(
    no_args_is_help=True,
    epilog=examples(
        "tabgan sample customers.safetensors",
        "tabgan sample customers.safetensors -n 1000000 -o many.csv.gz --seed 7",
        "tabgan sample customers.safetensors -n 20 -o -",
        "tabgan sample customers.safetensors --where plan=free",
    ),
)
@click.argument("model")
@rows_option
@click.option(
    "-o",
    "--out",
    metavar="OUT",
    help="File for the synthetic table; '-' is stdout.  [default: MODEL_synthetic.csv, in the "
    "current folder]",
)
@where_option
@seed_option
@click.option(
    "--device", default="auto", show_default=True, metavar="auto|cpu|cuda", help="Where to draw."
)
@click.option("--encoding", metavar="NAME", help="Encoding of text.  [default: utf-8]")
@click.option("--delimiter", metavar="CHAR", help="Between the fields of CSV.  [default: ,]")
@output_options
@quiet_option
@json_option
def sample(
    *,
    model: str,
    rows: int | None,
    out: str | None,
    where: dict[str, str] | None,
    seed: int | None,
    device: str,
    encoding: str | None,
    delimiter: str | None,
    output_format: Any,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Draw synthetic rows from a model.

    MODEL is a file that 'tabgan fit' or 'tabgan synth --model' wrote. The rows go to OUT block by
    block: memory does not grow with their number.
    """
    if as_json and out == "-":
        raise click.UsageError("--json and -o - would both write to standard output; give one")
    from tabgan.cli.work import Report, check_targets, default_output, draw_to_file, new_seed
    from tabgan.files import TableForm

    out = out or default_output(model, f".{output_format or 'csv'}")
    form = TableForm().for_output(
        out, table_format=output_format, encoding=encoding, delimiter=delimiter
    )
    check_targets((model,), out=out, force=force)
    report = Report(quiet=quiet)
    report.say(f"Reading {model}")
    from tabgan.estimator import TabGAN

    gan = TabGAN.load(model, device=device)
    report.done("load")
    seed = new_seed() if seed is None else seed
    report.facts |= {"model": model, "seed": seed, "columns": gan.n_features_in_}
    if where:
        report.facts["where"] = where
    draw_to_file(gan, report, rows=rows, where=where, seed=seed, out=out, form=form, force=force)
    if as_json:
        report.print_json()
