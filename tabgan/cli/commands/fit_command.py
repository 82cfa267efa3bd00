"""``tabgan fit``: learn a table and keep the model."""

from typing import Any

import click

from tabgan.cli.command import command
from tabgan.cli.option_types import FILE
from tabgan.cli.table_options import force_option, json_option, quiet_option, reading_options
from tabgan.cli.training_options import model_option, training_options

__all__ = ["fit"]


@command(
    "tabgan fit customers.csv -m customers.safetensors",
    "tabgan fit customers.csv -m customers.safetensors --steps 5000 --seed 7",
    "tabgan fit customers.csv -m customers.safetensors --condition-on plan",
    "zcat customers.csv.gz | tabgan fit - -m customers.safetensors",
)
@click.argument("data", type=FILE)
@reading_options
@training_options
@model_option
@force_option
@quiet_option
@json_option
def fit(
    *,
    data: str,
    model: str,
    schema: str | None,
    kinds: tuple[str, ...],
    drop: tuple[str, ...],
    constraints: str | None,
    reading: dict[str, Any],
    pictures: str | None,
    force: bool,
    quiet: bool,
    as_json: bool,
    **training: Any,
) -> None:
    """Learn a table and keep the model in a file.

    DATA is a file as for 'tabgan synth'. The model holds no row of the table; draw rows from it
    with 'tabgan sample'.
    """
    from tabgan.cli.console import Report
    from tabgan.cli.output_targets import check_targets
    from tabgan.cli.tables import load_constraints, read_declared
    from tabgan.cli.training import train

    check_targets((data, schema, constraints), model=model, pictures=pictures, force=force)
    rules = load_constraints(constraints) if constraints else None
    report = Report(quiet=quiet)
    by_schema = training["epsilon"] is not None
    declared: dict[str, Any] = {"schema": schema, "kinds": kinds, "drop": drop}
    frame, source, columns = read_declared(data, report, **declared, by_schema=by_schema, **reading)
    options = {"schema": columns, "constraints": rules, **training}
    gan = train(frame, source, report, model=model, pictures=pictures, **options)
    if pictures:  # last, so that nothing is lost if they can't be drawn
        from tabgan.cli.reports import draw_pictures

        report.facts["pictures"] = draw_pictures(gan, frame, pictures, report)
    if as_json:
        report.print_json()
