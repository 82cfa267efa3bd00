"""Options on how a command runs, whatever it does."""

import click

from tabgan.cli.options.base import option

__all__ = ["json_option", "quiet_option", "seed_option"]

quiet_option = option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
json_option = option(
    "--json",
    "as_json",
    keys=("json",),
    is_flag=True,
    help="Print the facts as one JSON object on stdout.",
)
seed_option = option(
    "--seed",
    keys=("seed", "random_state"),
    type=click.IntRange(min=0),
    metavar="S",
    show_default="a new one",
    help="Seed of all randomness: the same one gives the same result.",
)
