"""``tabgan fit`` and ``tabgan synth``: learn a table; save the model, or write a table at once."""

from typing import TYPE_CHECKING, Any

import click

from tabgan.cli.command_options import FILE, command, option
from tabgan.cli.databases import (
    DatabaseOptions,
    database_options,
    reference_option,
    relations_option,
)
from tabgan.cli.table_options import (
    Declared,
    force_option,
    json_option,
    output_options,
    quiet_option,
    reading_options,
    rows_option,
)
from tabgan.cli.training_options import model_option, training_options

if TYPE_CHECKING:
    from tabgan.cli.command_output import Report

__all__ = ["fit", "synth"]


@command(
    "tabgan fit customers.csv -m customers.safetensors",
    "tabgan fit customers.csv -m customers.safetensors --steps 5000 --seed 7",
    "tabgan fit customers.csv -m customers.safetensors --condition-on plan",
    "tabgan fit 'years/*.parquet' -m years.safetensors --training-rows 1e6",
    "zcat customers.csv.gz | tabgan fit - -m customers.safetensors",
    "tabgan fit shop.db -m shop.safetensors --reference countries",
)
@click.argument("data", type=FILE)
@reading_options
@training_options
@relations_option
@reference_option
@model_option
@force_option
@quiet_option
@json_option
def fit(
    *,
    data: str,
    model: str,
    declared: Declared,
    reading: dict[str, Any],
    pictures: str | None,
    force: bool,
    quiet: bool,
    as_json: bool,
    relations: str | None,
    references: tuple[str, ...],
    **training: Any,
) -> None:
    """Learn a table or a database, and save the model.

    DATA is a table as for 'tabgan synth'. The model contains no row of the table. Sample rows from
    it with 'tabgan sample'.
    """
    from tabgan.cli.command_output import Report, check_targets
    from tabgan.cli.databases import fit_database
    from tabgan.cli.tables import read_declared, rows_to_learn
    from tabgan.cli.training import check_method, end_fit, train

    report = Report(quiet=quiet)
    database = DatabaseOptions(relations, None, references)
    learning: dict[str, Any] = {"reading": reading, "training": training, "kinds": declared.kinds}
    if fit_database(data, database, report, **learning, model=model, force=force, as_json=as_json):
        return
    check_method(pictures=pictures, **training)
    sources = (data, declared.schema, declared.constraints)
    check_targets(sources, model=model, pictures=pictures, force=force)
    private, text = training["epsilon"] is not None, training["text"]
    reading["most_rows"] = rows_to_learn(training["training_rows"], is_private=private)
    table = read_declared(data, declared, report, by_schema=private, text=text, **reading)
    gan = train(table, report, model=model, pictures=pictures, **training)
    if pictures:  # last, so that nothing is lost if they can't be drawn
        from tabgan.cli.training import draw_pictures

        report.facts["pictures"] = draw_pictures(gan, table.frame, pictures, report)
    end_fit(report, training["checkpoint"], as_json=as_json)


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
    help="Also save the trained model to FILE (.safetensors).",
)
@option(
    "--report",
    "page",
    section="Output",
    type=FILE,
    metavar="FILE",
    help="Evaluate the rows, and write an HTML report to FILE.",
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
    """Learn a table, and write a synthetic one.

    DATA is a CSV, TSV, JSON lines, Parquet, Feather or Excel file, plain or compressed (.gz, .zst),
    or '-' for standard input; a folder of Parquet files; an SQLite or DuckDB file; or the URL of a
    database, such as postgresql://user@host/name. OUT can be any of these. The synthetic table has
    the same columns and the same format.

    If DATA has several related tables (a folder of table files, a database, a workbook), all of
    them are learned, and OUT gets all of them, with valid keys.
    """
    from tabgan.cli.command_output import Report
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
    from tabgan.cli.command_output import check_table, check_targets, default_output
    from tabgan.cli.tables import draw_to_file, read_declared, rows_to_learn
    from tabgan.cli.training import check_method, end_fit, train
    from tabgan.files.formats import TableForm

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
        from tabgan.cli.training import draw_pictures

        report.facts["pictures"] = draw_pictures(gan, table.frame, pictures, report)
    if page:
        from tabgan.cli.training import write_report

        write_report(gan, table.frame, form, report, rows=rows, seed=seed, path=page)
    end_fit(report, training["checkpoint"], as_json=as_json)
