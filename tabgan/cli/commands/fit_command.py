"""``tabgan fit``: learn a table and save the model."""

from typing import Any

import click

from tabgan.cli.command import command
from tabgan.cli.databases import DatabaseOptions, reference_option, relations_option
from tabgan.cli.option_types import FILE
from tabgan.cli.table_options import (
    Declared,
    force_option,
    json_option,
    quiet_option,
    reading_options,
)
from tabgan.cli.training_options import model_option, training_options

__all__ = ["fit"]


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
    """Learn a table, or the tables of a database, and save the model to a file.

    DATA is a table as for 'tabgan synth'. The model holds no row of the table; draw rows from it
    with 'tabgan sample'.
    """
    from tabgan.cli.console import Report
    from tabgan.cli.databases import fit_database
    from tabgan.cli.output_targets import check_targets
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
        from tabgan.cli.reports import draw_pictures

        report.facts["pictures"] = draw_pictures(gan, table.frame, pictures, report)
    end_fit(report, training["checkpoint"], as_json=as_json)
