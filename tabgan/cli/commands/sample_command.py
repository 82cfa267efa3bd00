"""``tabgan sample``: draw rows from a model, under conditions if there are any."""

from typing import TYPE_CHECKING, Any

import click

from tabgan.cli.command import command
from tabgan.cli.databases import check_single_table, scale_option
from tabgan.cli.option_types import FILE, option
from tabgan.cli.table_options import (
    balance_option,
    delimiter_option,
    encoding_option,
    json_option,
    output_options,
    quiet_option,
    rows_option,
    seed_option,
    where_options,
)
from tabgan.cli.training_options import device_option

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.cli.console import Report

__all__ = ["sample"]


@command(
    "tabgan sample customers.safetensors",
    "tabgan sample customers.safetensors -n 1000000 -o many.csv.gz --seed 7",
    "tabgan sample customers.safetensors -n 20 -o -",
    "tabgan sample customers.safetensors --where plan=free",
    "tabgan sample customers.safetensors -n 100 --where 'age >= 65 and plan != \"pro\"'",
    "tabgan sample customers.safetensors --where-file rows.csv",
    "tabgan sample customers.safetensors -n 3000 --balance plan",
    "tabgan sample shop.safetensors --scale 0.1 -o small.db",
)
@click.argument("model", type=FILE)
@rows_option
@where_options
@balance_option
@scale_option
@option(
    "-o",
    "--out",
    section="Output",
    type=FILE,
    metavar="OUT",
    show_default="MODEL_synthetic.csv, in the current folder",
    help="File for the synthetic table; '-' is stdout.",
)
@encoding_option
@delimiter_option
@output_options
@device_option
@seed_option
@quiet_option
@json_option
def sample(
    *,
    model: str,
    rows: int | None,
    out: str | None,
    where: tuple[str, ...],
    where_file: str | None,
    balance: str | None,
    scale: float | None,
    seed: int,
    device: str,
    encoding: str | None,
    delimiter: str | None,
    writing: dict[str, Any],
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Draw synthetic rows from a model.

    MODEL is a file that 'tabgan fit' or 'tabgan synth --model' wrote. The rows go to OUT block by
    block: memory does not grow with their number. From a model of several tables all of these are
    drawn, to a folder, workbook or database.
    """
    from tabgan.cli.console import Report
    from tabgan.cli.database_models import sample_database

    report = Report(quiet=quiet)
    options: dict[str, Any] = {"out": out, "seed": seed, "force": force, "as_json": as_json}
    if sample_database(model, report, scale=scale, **options):
        return
    check_single_table(scale=scale)
    if where_file:
        _check_alone(rows, where, balance)
    condition = _joined(where) if where else None
    options |= {"rows": rows, "condition": condition, "where_file": where_file, "balance": balance}
    form = {**writing, "encoding": encoding, "delimiter": delimiter}
    _sample_table(model, report, **options, device=device, writing=form)


def _sample_table(
    model: str,
    report: "Report",
    *,
    out: str | None,
    seed: int,
    force: bool,
    as_json: bool,
    rows: int | None,
    condition: str | None,
    where_file: str | None,
    balance: str | None,
    device: str,
    writing: dict[str, Any],
) -> None:
    """Draw rows from a model of a single table."""
    from tabgan.cli.output_targets import check_targets, default_output
    from tabgan.cli.tables import draw_to_file
    from tabgan.files.table_form import TableForm
    from tabgan.files.write import check_table_output

    out = out or default_output(model, writing["table_format"] or "csv")
    form = TableForm().for_output(out, **writing)
    sources = (model, where_file)
    check_targets(sources, out=out, form=form, rows=rows, force=force, as_json=as_json)
    report.say(f"Reading {model}")
    from tabgan.estimator import TableEstimator

    gan = TableEstimator.load(model, device=device)
    report.done("load")
    report.facts |= {"model": model, "seed": seed, "columns": gan.n_features_in_}
    if condition or where_file:
        report.facts["where"] = condition or where_file
    if balance is not None:
        report.facts["balance"] = balance
    request = _partial_rows(where_file) if where_file else condition
    check_table_output(out, form, gan.n_rows_ if rows is None else rows, force=force)
    target: dict[str, Any] = {"out": out, "form": form, "force": force}
    draw_to_file(gan, report, rows=rows, seed=seed, where=request, balance=balance, **target)
    if as_json:
        report.print_json()


def _check_alone(rows: int | None, where: tuple[str, ...], balance: str | None) -> None:
    """Check that no other option on rows stands beside --where-file."""
    if rows is not None:
        raise click.UsageError("--where-file has a row for each one that is drawn; leave -n out")
    for other, is_set in (("--where", bool(where)), ("--balance", balance is not None)):
        if is_set:
            raise click.UsageError(f"{other} and --where-file can't both be given; give one")


def _joined(conditions: tuple[str, ...]) -> str:
    from tabgan.conditions.grammar import join_wheres

    return join_wheres(conditions)


def _partial_rows(path: str) -> "pd.DataFrame":
    """Read a table of partial rows, whose empty cells are missing."""
    from tabgan.cli.tables import with_holes
    from tabgan.files.read import read_table

    return with_holes(*read_table(path, header="first"))
