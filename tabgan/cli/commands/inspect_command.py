"""``tabgan inspect``: what a table or a model is, before any training."""

import json
from pathlib import Path
from typing import Any

import click

from tabgan.cli.command import command
from tabgan.cli.option_types import FILE, option
from tabgan.cli.table_options import json_option, quiet_option, reading_options

__all__ = ["inspect"]


@command(
    "tabgan inspect customers.csv",
    "tabgan inspect customers.csv --schema schema.json",
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
@reading_options
@quiet_option
@json_option
def inspect(
    *,
    source: str,
    schema: str | None,
    reading: dict[str, Any],
    quiet: bool,
    as_json: bool,
) -> None:
    """Show how a table is understood, or what a model file holds.

    Of a table: the kind of each column and why, the rules found between columns, the latent size
    and why, the training steps and the memory to expect. A model is told by its file name, which
    ends in .safetensors.
    """
    is_model = source.lower().endswith(".safetensors")
    if is_model and schema:
        raise click.UsageError("--schema goes with a table; a model has its own")
    from tabgan.cli.console import Report, print_text
    from tabgan.cli.describe import describe_model, describe_table, lay_out
    from tabgan.cli.tables import load_schema, read_data
    from tabgan.estimator import TabGAN

    if is_model:
        facts = describe_model(source)
    else:
        given = load_schema(schema) if schema and Path(schema).exists() else None
        report = Report(quiet=quiet)
        frame, _ = read_data(source, report, **reading)
        found, facts = describe_table(frame, TabGAN(schema=given))
        facts = {"data": report.facts["data"], **facts}
        if schema and given is None:
            _write_schema(schema, found.to_json())
            report.say(f"Wrote {schema}; edit it and give it with --schema")
    print_text(json.dumps(facts) if as_json else lay_out(facts))


def _write_schema(path: str, state: dict[str, Any]) -> None:
    from tabgan.files.write import open_output

    text = json.dumps(state, ensure_ascii=False, indent=2) + "\n"
    with open_output(path) as sink:
        # Half a character, which UTF-8 lacks, becomes \\uXXXX: JSON's own way to write it.
        sink.write(text.encode(errors="backslashreplace"))
