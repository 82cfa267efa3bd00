"""``tabgan inspect``: what a fit would make of a table, or what a model file holds."""

import json
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from tabgan.cli.command import command
from tabgan.cli.option_types import FILE, option
from tabgan.cli.table_options import (
    condition_option,
    constraints_option,
    derive_option,
    drop_option,
    json_option,
    kind_option,
    min_group_option,
    quiet_option,
    reading_options,
)

__all__ = ["inspect"]


@command(
    "tabgan inspect customers.csv",
    "tabgan inspect customers.csv --schema schema.json",
    "tabgan inspect customers.csv --kind city=city --drop email --min-group 10",
    "tabgan inspect customers.safetensors --json",
)
@click.argument("source", type=FILE, metavar="DATA|MODEL")
@option(
    "--schema",
    section="Columns",
    type=FILE,
    metavar="FILE",
    help="Use the schema in FILE; if there is no such file, write the inferred one to it, to be "
    "edited and given to 'synth' or 'fit'.",
)
@kind_option
@drop_option
@condition_option
@constraints_option
@derive_option
@min_group_option
@reading_options
@option(
    "--seed",
    keys=("seed", "random_state"),
    type=click.IntRange(min=0),
    metavar="S",
    default=0,
    help="Seed of the fit to describe; it decides which of the levels near --min-group are folded.",
)
@quiet_option
@json_option
@click.pass_context
def inspect(
    ctx: click.Context,
    *,
    source: str,
    schema: str | None,
    kinds: tuple[str, ...],
    drop: tuple[str, ...],
    condition_on: tuple[str, ...],
    constraints: str | None,
    derive: bool,
    min_group: int,
    seed: int,
    reading: dict[str, Any],
    quiet: bool,
    as_json: bool,
) -> None:
    """Show how a table is understood, or what a model file holds.

    Of a table: the kind of each column and why, the rules between columns, the rare levels that
    would be folded, the latent size and why, the training steps and the memory to expect; all as
    'tabgan fit' does it with the same options and seed. A file whose name ends in .safetensors is
    a model.
    """
    from tabgan.cli.console import Report, print_text
    from tabgan.cli.describe import describe_model, describe_table, lay_out

    if source.lower().endswith(".safetensors"):
        _check_options_of_a_model(ctx)
        facts = describe_model(source)
        print_text(json.dumps(facts) if as_json else lay_out(facts))
        return
    from tabgan.cli.tables import load_constraints, read_declared
    from tabgan.estimator import TabGAN

    report = Report(quiet=quiet)
    is_new = schema is not None and not Path(schema).exists()
    rules = load_constraints(constraints) if constraints else None
    declared: dict[str, Any] = {"schema": None if is_new else schema, "kinds": kinds, "drop": drop}
    frame, _, columns = read_declared(source, report, **declared, **reading)
    gan = TabGAN(
        schema=columns,
        constraints=rules,
        condition_on=list(condition_on) or None,
        derive=derive,
        min_group=min_group,
        random_state=seed,
    )
    described, facts = describe_table(frame, gan)
    if schema is not None and is_new:
        _write_schema(schema, described.to_json())
        report.say(f"Wrote {schema}; edit it and give it with --schema")
    facts = {"data": report.facts["data"], **facts}
    print_text(json.dumps(facts) if as_json else lay_out(facts))


def _check_options_of_a_model(ctx: click.Context) -> None:
    """Refuse the options on tables that the command line has beside a model."""
    for name in ("schema", "kinds", "drop", "condition_on", "constraints", "derive", "min_group"):
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            flag = next(param.opts[0] for param in ctx.command.params if param.name == name)
            raise click.UsageError(f"{flag} is for a table; a model has its own columns and rules")


def _write_schema(path: str, state: dict[str, Any]) -> None:
    from tabgan.files.write import open_output

    text = json.dumps(state, ensure_ascii=False, indent=2) + "\n"
    with open_output(path) as sink:
        # Half a character is missing from UTF-8 and becomes \\uXXXX, as JSON writes it.
        sink.write(text.encode(errors="backslashreplace"))
