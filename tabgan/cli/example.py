"""``tabgan example``: a table to try the other commands on."""

from importlib.resources import files

import click

from tabgan.cli.options import examples, force_option, quiet_option

__all__ = ["example"]


@click.command(
    epilog=examples(
        "tabgan example",
        "tabgan example -o - | head",
    )
)
@click.option(
    "-o",
    "--out",
    default="customers.csv",
    show_default=True,
    metavar="OUT",
    help="File for the table; '-' is stdout.",
)
@force_option
@quiet_option
def example(out: str, force: bool, quiet: bool) -> None:
    """Write an example table: 2,000 made-up customers.

    It has numbers, dates, categories, an identifier, e-mail addresses and missing values.
    """
    from tabgan.cli.work import Report
    from tabgan.files import open_output

    content = files("tabgan").joinpath("example", "customers.csv").read_bytes()
    with open_output(out, force=force) as sink:
        sink.write(content)
    if out != "-":
        Report(quiet=quiet).say(f"Wrote {out}; now try: tabgan synth {out}")
