"""Options that several commands share."""

from collections.abc import Callable
from typing import Any

import click

__all__ = [
    "device_option",
    "examples",
    "force_option",
    "gan_options",
    "json_option",
    "latent_option",
    "max_time_option",
    "output_options",
    "quiet_option",
    "reading_options",
    "rows_option",
    "schema_option",
    "seed_option",
    "steps_option",
    "training_options",
    "where_options",
]

_Command = Callable[..., Any]
_FORMATS = click.Choice(["csv", "tsv", "jsonl", "parquet"])


def _count_or_auto(_ctx: click.Context, _option: click.Parameter, value: str) -> int | str:
    """Take a whole number from 1, or the word auto."""
    if value == "auto":
        return value
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise click.BadParameter(f"{value!r} is neither a whole number from 1 nor 'auto'")
    return int(value)


def _together(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """Return one decorator that adds all options, in order."""

    def add(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def examples(*commands: str) -> str:
    """Return the end of a command's help: lines that can be copied."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)


force_option = click.option("--force", is_flag=True, help="Replace files that exist.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the facts as one JSON object on stdout."
)
rows_option = click.option(
    "-n",
    "--rows",
    type=click.IntRange(min=0),
    metavar="N",
    help="Synthetic rows to draw.  [default: as many as the training table has]",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="S",
    help="Seed of all randomness: the same one gives the same result.  [default: a new one]",
)

reading_options = _together(
    click.option(
        "--format",
        "table_format",
        type=_FORMATS,
        help="Format of DATA.  [default: by its suffix; csv for standard input]",
    ),
    click.option(
        "--encoding", metavar="NAME", help="Encoding of text.  [default: by its mark, or utf-8]"
    ),
    click.option(
        "--delimiter", metavar="CHAR", help="Between the fields of CSV.  [default: found out]"
    ),
)

output_options = _together(
    click.option(
        "--output-format",
        type=_FORMATS,
        help="Format of OUT.  [default: by its suffix, or that of DATA]",
    ),
    force_option,
)

device_option = click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="auto|cpu|cuda",
    help="Where to train.",
)
max_time_option = click.option(
    "--max-time",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Wall time for the fit: training ends early if it would take longer.  [default: no limit]",
)
latent_option = click.option(
    "--latent-dim",
    callback=_count_or_auto,
    metavar="N|auto",
    default="auto",
    show_default=True,
    help="Size of the generator's latent.",
)
steps_option = click.option(
    "--steps",
    callback=_count_or_auto,
    metavar="N|auto",
    default="auto",
    show_default=True,
    help="Training steps.",
)
condition_option = click.option(
    "--condition-on",
    multiple=True,
    metavar="COLUMN",
    help="A column whose values can be asked for when rows are drawn; can be repeated.",
)
schema_option = click.option(
    "--schema",
    metavar="FILE",
    help="Columns and their kinds, as 'tabgan inspect DATA --schema FILE' writes them.  "
    "[default: inferred]",
)
locale_option = click.option(
    "--locale",
    metavar="NAME",
    help="Language and country of names, addresses and phone numbers that are made, as de_DE.  "
    "[default: en_US; phone numbers as they are written]",
)
min_group_option = click.option(
    "--min-group",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    metavar="N",
    help="Values that fewer rows than about this hold are not kept: rare levels are folded into "
    'others, ranges are trimmed. 1 keeps all; "min_group" of a column in the schema goes first.',
)
where_options = _together(
    click.option(
        "--where",
        multiple=True,
        metavar="CONDITION",
        help="What the rows are to meet, as in 'plan=free', 'age >= 65 and state in (\"NY\", "
        "\"NJ\")', '20 <= age < 30', 'email is not missing'; can be repeated: all must hold.  "
        "[default: any rows]",
    ),
    click.option(
        "--where-file",
        metavar="FILE",
        help="Table of partial rows, each of which is completed to a row: its cells are kept, "
        "empty ones are drawn.",
    ),
)


constraints_option = click.option(
    "--constraints",
    metavar="FILE",
    help="Rules that all rows keep and have to keep: a JSON list of objects, as in "
    '[{"kind": "sum", "parts": ["net", "tax"], "total": "gross"}].',
)

gan_options = _together(
    click.option(
        "--loss",
        metavar="NAME",
        default="non_saturating",
        show_default=True,
        help="non_saturating, minimax, wasserstein, hinge or relativistic.",
    ),
    click.option(
        "--penalty",
        metavar="NAME",
        default="auto",
        show_default=True,
        help="r1, r2, r1r2, gradient, spectral, weight_clipping, gradient_clipping, none, or "
        "auto: the one that is usual with the loss.  Parameters follow a colon: r1:gamma=5",
    ),
    click.option(
        "--stabiliser",
        "stabilisers",
        multiple=True,
        metavar="NAME",
        help="label_smoothing, one_sided_smoothing, instance_noise, feature_matching, "
        "historical_averaging or experience_replay; can be repeated.",
    ),
    click.option(
        "--discriminator-steps",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        metavar="K",
        help="Steps of the discriminator for each one of the generator.",
    ),
    click.option(
        "--optimizer",
        metavar="NAME",
        default="adam",
        show_default=True,
        help="adam or sgd, as in adam:beta1=0.5,beta2=0.999",
    ),
    click.option(
        "--learning-rate",
        type=click.FloatRange(min=0, min_open=True),
        default=5e-4,
        show_default=True,
        metavar="X",
        help="The optimiser's rate at the start.",
    ),
    click.option(
        "--prior",
        type=click.Choice(["gaussian", "uniform"]),
        default="gaussian",
        show_default=True,
        help="What latents are drawn from.",
    ),
)

training_options = _together(
    condition_option,
    constraints_option,
    schema_option,
    locale_option,
    min_group_option,
    seed_option,
    steps_option,
    click.option(
        "--epochs",
        type=click.FloatRange(min=0, min_open=True),
        metavar="X",
        help="Passes over the table, in place of --steps.",
    ),
    max_time_option,
    click.option(
        "--refine/--no-refine",
        default=True,
        show_default=True,
        help="Draw rows more often that a critic of boosted trees takes for real.",
    ),
    click.option(
        "--polish/--no-polish",
        default=True,
        show_default=True,
        help="Draw columns anew by boosted trees where this makes them fit the others better.",
    ),
    latent_option,
    click.option(
        "--hidden-dim",
        type=click.IntRange(min=1),
        default=256,
        show_default=True,
        metavar="N",
        help="Width of the hidden layers of both networks.",
    ),
    click.option(
        "--batch-size",
        type=click.IntRange(min=1),
        default=512,
        show_default=True,
        metavar="N",
        help="Rows in a training step.",
    ),
    device_option,
    click.option(
        "--pictures",
        metavar="FOLDER",
        help="Draw the course of the training and its rows over the real ones to losses.png and "
        "marginals.png in FOLDER.",
    ),
    gan_options,
)
