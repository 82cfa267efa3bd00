"""``tabgan example``: a table to try the other commands on."""

from importlib.resources import files

from tabgan.cli.command import command
from tabgan.cli.options import FILE, force_option, option, quiet_option

__all__ = ["example"]


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
    from tabgan.cli.work import Report
    from tabgan.files import open_output

    content = files("tabgan").joinpath("example", "customers.csv").read_bytes()
    with open_output(out, force=force) as sink:
        sink.write(content)
    if out != "-":
        Report(quiet=quiet).say(f"Wrote {out}; now try: tabgan synth {out}")
