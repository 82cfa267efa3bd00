"""``tabgan completion``: what makes a shell complete tabgan's commands."""

import click
from click.shell_completion import get_completion_class

from tabgan.cli.command import command

__all__ = ["completion"]


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
