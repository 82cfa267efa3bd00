"""``tabgan synth``: from a table to a synthetic one in one go."""

from typing import Any

import click

from tabgan.cli.command import command
from tabgan.cli.option_types import FILE, option
from tabgan.cli.table_options import (
    json_option,
    output_options,
    quiet_option,
    reading_options,
    rows_option,
)
from tabgan.cli.training_options import training_options

__all__ = ["synth"]


@command(
    "tabgan synth customers.csv",
    "tabgan synth customers.csv -n 100000 -o many.parquet --seed 7",
    "tabgan synth customers.csv --report report.html",
    "tabgan synth customers.csv --model customers.safetensors --epochs 50",
    "tabgan synth shop.xlsx --sheet Customers -o synthetic.xlsx",
    "tabgan synth postgresql://ann@db/shop --query 'select * from customers' -o fake.csv",
    "cat customers.csv | tabgan synth - -o - > synthetic.csv",
)
@click.argument("data", type=FILE)
@reading_options
@training_options
@rows_option
@option(
    "-o",
    "--out",
    section="Output",
    type=FILE,
    metavar="OUT",
    show_default="DATA_synthetic with DATA's suffix, in the current folder",
    help="File for the synthetic table; '-' is stdout.",
)
@option(
    "--model",
    section="Output",
    type=FILE,
    metavar="FILE",
    help="Keep the trained model in FILE (.safetensors).",
)
@option(
    "--report",
    "page",
    section="Output",
    type=FILE,
    metavar="FILE",
    help="Evaluate the rows, and write a report to FILE (.html), to be opened in a browser.",
)
@output_options
@quiet_option
@json_option
def synth(
    *,
    data: str,
    rows: int | None,
    out: str | None,
    model: str | None,
    page: str | None,
    schema: str | None,
    kinds: tuple[str, ...],
    drop: tuple[str, ...],
    constraints: str | None,
    reading: dict[str, Any],
    writing: dict[str, Any],
    pictures: str | None,
    force: bool,
    quiet: bool,
    as_json: bool,
    **training: Any,
) -> None:
    """Learn a table and write a synthetic one like it.

    DATA is a CSV, TSV, JSON lines, Parquet, Feather or Excel file, plain or compressed (.gz,
    .zst), or '-' for standard input; a folder of Parquet files; an SQLite or DuckDB file; or the
    address of a database, such as postgresql://user@host/name. OUT is one of these, too. The
    synthetic table has the same columns, in the same form.
    """
    if as_json and out == "-":
        raise click.UsageError("--json and -o - would both write to standard output; give one")
    from tabgan.cli.console import Report
    from tabgan.cli.output_targets import check_table, check_targets, default_output
    from tabgan.cli.tables import draw_to_file, load_constraints, read_declared
    from tabgan.cli.training import train
    from tabgan.files.table_form import TableForm

    table = reading["table"]
    out = out or default_output(data, writing["table_format"], table=table)
    # What can be known to fail is found now, and not after the training.
    form = TableForm(table=table).for_output(out, **writing)
    sources = (data, schema, constraints)
    targets: dict[str, Any] = {"out": out, "model": model, "report": page, "pictures": pictures}
    check_targets(sources, **targets, form=form, rows=rows, force=force)
    rules = load_constraints(constraints) if constraints else None

    report = Report(quiet=quiet)
    private = training["epsilon"] is not None
    declared: dict[str, Any] = {"schema": schema, "kinds": kinds, "drop": drop}
    frame, source, columns = read_declared(data, report, **declared, by_schema=private, **reading)
    form = source.for_output(out, **writing)
    known = rows if private else rows or len(frame)
    check_table(data, source, out, form, rows=known, force=force)
    options = {"schema": columns, "constraints": rules, **training}
    gan = train(frame, source, report, model=model, pictures=pictures, **options)
    if private:  # as many rows as the table has, by its noisy count, if nothing else is asked
        check_table(data, source, out, form, rows=rows or gan.n_rows_, force=force)
    seed = report.facts["seed"]
    draw_to_file(gan, report, rows=rows, seed=seed, out=out, form=form, force=force)
    if pictures:  # last, so that nothing is lost if they can't be drawn
        from tabgan.cli.reports import draw_pictures

        report.facts["pictures"] = draw_pictures(gan, frame, pictures, report)
    if page:
        from tabgan.cli.reports import write_report

        write_report(gan, frame, form, report, rows=rows, seed=seed, path=page)
    if as_json:
        report.print_json()
