"""``tabgan example`` and ``tabgan completion``: an example table, and completion for the shell."""

from importlib.resources import files

import click
from click.shell_completion import get_completion_class

from tabgan.cli.command_options import FILE, command, option
from tabgan.cli.table_options import force_option, quiet_option

__all__ = ["completion", "example"]


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
    'eval "$(tabgan completion bash)"',
    'eval "$(tabgan completion zsh)"',
    "tabgan completion fish > ~/.config/fish/completions/tabgan.fish",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that makes a SHELL complete commands, options, their values and files."""
    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(script(ctx.find_root().command, {}, "tabgan", "_TABGAN_COMPLETE").source())
