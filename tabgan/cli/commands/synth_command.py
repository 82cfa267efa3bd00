"""``tabgan synth``: learn a table and write a synthetic one, in one go."""

from typing import TYPE_CHECKING, Any

import click

from tabgan.cli.command import command
from tabgan.cli.databases import DatabaseOptions, database_options
from tabgan.cli.option_types import FILE, option
from tabgan.cli.table_options import (
    Declared,
    json_option,
    output_options,
    quiet_option,
    reading_options,
    rows_option,
)
from tabgan.cli.training_options import training_options

if TYPE_CHECKING:
    from tabgan.cli.console import Report

__all__ = ["synth"]


@command(
    "tabgan synth customers.csv",
    "tabgan synth customers.csv -n 100000 -o many.parquet --seed 7",
    "tabgan synth customers.csv --method trees --report report.html",
    "tabgan synth customers.csv --model customers.safetensors --epochs 50",
    "tabgan synth shop.xlsx --sheet Customers -o synthetic.xlsx",
    "tabgan synth postgresql://ann@db/shop --query 'select * from customers' -o fake.csv",
    "cat customers.csv | tabgan synth - -o - > synthetic.csv",
    "tabgan synth shop.db -o fake.db --reference countries",
    "tabgan synth tables/ -o synthetic/ --scale 0.1",
)
@click.argument("data", type=FILE)
@reading_options
@training_options
@database_options
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
    help="Save the trained model to FILE (.safetensors).",
)
@option(
    "--report",
    "page",
    section="Output",
    type=FILE,
    metavar="FILE",
    help="Evaluate the rows, and write a report to FILE (.html), for a browser.",
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
    declared: Declared,
    reading: dict[str, Any],
    writing: dict[str, Any],
    pictures: str | None,
    force: bool,
    quiet: bool,
    as_json: bool,
    database: DatabaseOptions,
    **training: Any,
) -> None:
    """Learn a table and write a synthetic one like it.

    DATA is a CSV, TSV, JSON lines, Parquet, Feather or Excel file, plain or compressed (.gz,
    .zst), or '-' for standard input; a folder of Parquet files; an SQLite or DuckDB file; or the
    address of a database, such as postgresql://user@host/name. OUT is one of these, too. The
    synthetic table has the same columns, in the same form.

    Where DATA holds several tables that belong together (a folder of table files, a database, a
    workbook), all of them are learned, and OUT gets as many, in which every key holds.
    """
    from tabgan.cli.console import Report
    from tabgan.cli.databases import synth_database

    report = Report(quiet=quiet)
    options: dict[str, Any] = {"out": out, "model": model, "page": page}
    options |= {"force": force, "as_json": as_json}
    learning: dict[str, Any] = {"reading": reading, "training": training, "kinds": declared.kinds}
    if synth_database(data, database, report, **learning, **options):
        return
    options |= {"rows": rows, "pictures": pictures, "writing": writing}
    _synth_table(data, declared, report, reading=reading, **options, **training)


def _synth_table(
    data: str,
    declared: Declared,
    report: "Report",
    *,
    rows: int | None,
    out: str | None,
    model: str | None,
    page: str | None,
    reading: dict[str, Any],
    writing: dict[str, Any],
    pictures: str | None,
    force: bool,
    as_json: bool,
    **training: Any,
) -> None:
    """Learn a single table, and write a synthetic one."""
    from tabgan.cli.output_targets import check_table, check_targets, default_output
    from tabgan.cli.tables import draw_to_file, read_declared, rows_to_learn
    from tabgan.cli.training import check_method, end_fit, train
    from tabgan.files.table_form import TableForm

    check_method(pictures=pictures, **training)
    out = out or default_output(data, writing["table_format"], table=reading["table"])
    # Everything that would fail later is checked now, before the training.
    form = TableForm(table=reading["table"]).for_output(out, **writing)
    sources = (data, declared.schema, declared.constraints)
    targets: dict[str, Any] = {"out": out, "model": model, "report": page, "pictures": pictures}
    check_targets(sources, **targets, form=form, rows=rows, force=force, as_json=as_json)
    private, text = training["epsilon"] is not None, training["text"]
    reading["most_rows"] = rows_to_learn(training["training_rows"], is_private=private)
    table = read_declared(data, declared, report, by_schema=private, text=text, **reading)
    form = table.form.for_output(out, **writing)
    rows = table.form.n_rows if rows is None else rows  # of a sample, as many as there are in all
    expected = rows if private else rows or len(table.frame)
    check_table(data, table.form, out, form, rows=expected, force=force)
    gan = train(table, report, model=model, pictures=pictures, **training)
    if private:  # without --rows as many as the noisy count of the table's rows
        check_table(data, table.form, out, form, rows=rows or gan.n_rows_, force=force)
    seed = report.facts["seed"]
    draw_to_file(gan, report, rows=rows, seed=seed, out=out, form=form, force=force)
    if pictures:  # last, so that nothing is lost if they can't be drawn
        from tabgan.cli.reports import draw_pictures

        report.facts["pictures"] = draw_pictures(gan, table.frame, pictures, report)
    if page:
        from tabgan.cli.reports import write_report

        write_report(gan, table.frame, form, report, rows=rows, seed=seed, path=page)
    end_fit(report, training["checkpoint"], as_json=as_json)
