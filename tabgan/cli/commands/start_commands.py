"""``tabgan example``, ``inspect`` and ``completion``: the first steps.

An example table, what a fit would make of a table or what a model file holds, and completion for
the shell.
"""

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from click.shell_completion import get_completion_class

from tabgan.cli.command_options import FILE, WholeNumber, command, option
from tabgan.cli.databases import relations_option
from tabgan.cli.table_options import (
    Declared,
    condition_option,
    declaring_options,
    derive_option,
    force_option,
    json_option,
    min_group_option,
    quiet_option,
    reading_options,
    text_option,
)
from tabgan.cli.training_options import training_rows_option

if TYPE_CHECKING:
    from tabgan.fitting.prepare import TextStyle

__all__ = ["completion", "example", "inspect"]


@command("tabgan example", "tabgan example -o - | head", no_args_is_help=False)
@option(
    "-o",
    "--out",
    default="customers.csv",
    section="Output",
    type=FILE,
    metavar="OUT",
    help="File for the table; '-' is stdout.",
)
@force_option
@quiet_option
def example(out: str, force: bool, quiet: bool) -> None:
    """Write an example table: 2,000 made-up customers.

    It has numbers, dates, categories, an identifier, e-mail addresses and missing values.
    """
    from tabgan.cli.command_output import Report
    from tabgan.files.read_write import open_output

    content = files("tabgan.cli").joinpath("example_customers.csv").read_bytes()
    with open_output(out, force=force) as sink:
        sink.write(content)
    if out != "-":
        Report(quiet=quiet).say(f"Wrote {out}; now try: tabgan synth {out}")


@command(
    "tabgan inspect customers.csv",
    "tabgan inspect customers.csv --schema schema.json",
    "tabgan inspect customers.csv --kind city=city --drop email --min-group 10",
    "tabgan inspect customers.safetensors --json",
    "tabgan inspect 'years/*.parquet' --training-rows 1e5",
    "tabgan inspect shop.db --relations relations.json --svg keys.svg",
)
@click.argument("source", type=FILE, metavar="DATA|MODEL")
@declaring_options(
    option(
        "--schema",
        section="Columns",
        type=FILE,
        metavar="FILE",
        help="Schema file (JSON). If it does not exist, the inferred schema is written to it, for "
        "use with 'synth' or 'fit'.",
    )
)
@condition_option
@derive_option
@min_group_option
@training_rows_option
@text_option
@relations_option
@option(
    "--svg",
    section="Database",
    type=FILE,
    metavar="FILE",
    help="Picture of the tables and the keys between them (SVG).",
)
@reading_options
@option(
    "--seed",
    keys=("seed", "random_state"),
    type=WholeNumber(min=0),
    metavar="S",
    default=0,
    help="Seed of the fit to describe; it decides which categories near --min-group are replaced.",
)
@quiet_option
@json_option
@click.pass_context
def inspect(
    ctx: click.Context,
    *,
    source: str,
    declared: Declared,
    condition_on: tuple[str, ...],
    derive: bool,
    min_group: int,
    text: "TextStyle",
    relations: str | None,
    svg: str | None,
    seed: int,
    training_rows: int | None,
    reading: dict[str, Any],
    quiet: bool,
    as_json: bool,
) -> None:
    """Show the inferred schema of a table, or describe a model.

    For a table: the kind of each column and why, the rules between columns, the rare categories
    that would be replaced, the latent size and why, the training steps, and the expected memory, as
    'tabgan fit' would use them with the same options and seed. For several related tables: the keys
    between them. A file whose name ends in .safetensors is a model.
    """
    from tabgan.cli.command_output import Report, print_text
    from tabgan.cli.databases import inspect_database
    from tabgan.cli.describe import describe_table, lay_out

    if source.lower().endswith(".safetensors"):
        _inspect_model(ctx, source, as_json=as_json)
        return
    from tabgan.cli.tables import read_declared, rows_to_learn
    from tabgan.fitting.prepare import TableOptions

    report = Report(quiet=quiet)
    keys = {"file": relations, "picture": svg}
    if inspect_database(source, report, reading=reading, **keys, as_json=as_json):
        return
    file = declared.schema
    to_write = file if file and not Path(file).exists() else None
    declared = replace(declared, schema=None) if to_write else declared
    reading["most_rows"] = rows_to_learn(training_rows, is_private=False)
    table = read_declared(source, declared, report, text=text, **reading)
    options = TableOptions(
        schema=table.schema,
        constraints=tuple(table.constraints or ()),
        condition_on=condition_on,
        derive=derive,
        min_group=min_group,
        text=text,
    )
    schema, facts = describe_table(table.frame, options, seed)
    if to_write:
        _write_schema(to_write, schema.to_json())
        report.say(f"Wrote {to_write}; edit it and pass it with --schema")
    facts = {"data": report.facts["data"], "notes": report.facts.get("notes", []), **facts}
    print_text(json.dumps(facts) if as_json else lay_out(facts))


def _inspect_model(ctx: click.Context, source: str, *, as_json: bool) -> None:
    """Show what a model file of a table or a database holds."""
    from tabgan.cli.command_output import print_text
    from tabgan.cli.database_models import describe_database_model
    from tabgan.cli.describe import describe_model, lay_out

    if describe_database_model(source, as_json=as_json):
        return
    _check_options_of_a_model(ctx)
    facts = describe_model(source)
    print_text(json.dumps(facts) if as_json else lay_out(facts))


def _check_options_of_a_model(ctx: click.Context) -> None:
    """Refuse the options on tables that the command line has beside a model."""
    table_options = ("schema", "kinds", "drop", "condition_on", "constraints", "derive")
    for name in (*table_options, "min_group", "text", "training_rows"):
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            flag = next(param.opts[0] for param in ctx.command.params if param.name == name)
            raise click.UsageError(f"{flag} is for a table; a model has its own columns and rules")


def _write_schema(path: str, state: dict[str, Any]) -> None:
    from tabgan.files.read_write import open_output

    text = json.dumps(state, ensure_ascii=False, indent=2) + "\n"
    with open_output(path) as sink:
        # Half a character is missing from UTF-8 and becomes \\uXXXX, as JSON writes it.
        sink.write(text.encode(errors="backslashreplace"))


@command(
    'eval "$(tabgan completion bash)"',
    'eval "$(tabgan completion zsh)"',
    "tabgan completion fish > ~/.config/fish/completions/tabgan.fish",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    It completes commands, options, their values, and files.
    """
    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(script(ctx.find_root().command, {}, "tabgan", "_TABGAN_COMPLETE").source())
