"""``tabgan synth``: from a table to a synthetic one in one go."""

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
    rows_option,
    training_options,
)

__all__ = ["synth"]


@command(
    "tabgan synth customers.csv",
    "tabgan synth customers.csv -n 100000 -o many.parquet --seed 7",
    "tabgan synth customers.csv --model customers.safetensors --epochs 50",
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
@output_options
@quiet_option
@json_option
def synth(
    *,
    data: str,
    rows: int | None,
    out: str | None,
    model: str | None,
    schema: str | None,
    constraints: str | None,
    table_format: Any,
    encoding: str | None,
    delimiter: str | None,
    output_format: Any,
    pictures: str | None,
    force: bool,
    quiet: bool,
    as_json: bool,
    **training: Any,
) -> None:
    """Learn a table and write a synthetic one like it.

    DATA is a CSV, TSV, JSON lines or Parquet file, plain or gzip-compressed, or '-' for standard
    input. The synthetic table has the same columns, in the same form.
    """
    if as_json and out == "-":
        raise click.UsageError("--json and -o - would both write to standard output; give one")
    from tabgan.cli.declared import load_constraints, load_schema
    from tabgan.cli.learn import train
    from tabgan.cli.work import (
        Report,
        check_targets,
        default_output,
        draw_to_file,
        read_data,
    )
    from tabgan.files import TableForm

    out = out or default_output(data, output_format and f".{output_format}")
    # What can be known to fail is found now, and not after the training.
    TableForm().for_output(out, table_format=output_format)
    check_targets((data, schema, constraints), out=out, model=model, pictures=pictures, force=force)
    columns = load_schema(schema) if schema else None
    rules = load_constraints(constraints) if constraints else None

    report = Report(quiet=quiet)
    frame, form = read_data(
        data, report, table_format=table_format, encoding=encoding, delimiter=delimiter
    )
    form = form.for_output(out, table_format=output_format)
    options = {"schema": columns, "constraints": rules, **training}
    gan = train(frame, report, model=model, pictures=pictures, **options)
    seed = report.facts["seed"]
    draw_to_file(gan, report, rows=rows, seed=seed, out=out, form=form, force=force)
    if pictures:  # last, so that nothing is lost if they can't be drawn
        from tabgan.cli.pictures import draw_pictures

        report.facts["pictures"] = draw_pictures(gan, frame, pictures, report)
    if as_json:
        report.print_json()
