"""Writes the ``--help`` of every command, when the site is built.

The line ``<!-- commands -->`` of a page is replaced by it.
"""

from collections.abc import Iterator
from typing import Any

import click

from tabgan.cli.main import main

WIDTH = 88  # of a block of code on the page


def described(command: click.Command, context: click.Context, depth: int) -> Iterator[str]:
    """Yield a section of the page for a command, and for each of its subcommands."""
    help_text = command.get_help(context)
    yield f"{'#' * depth} {context.command_path}\n\n```text\n{help_text}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.commands[name]
            inner = click.Context(child, info_name=name, parent=context)
            yield from described(child, inner, depth if depth == 2 else depth + 1)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marker line by the help of all commands."""
    if "<!-- commands -->" not in markdown:
        return markdown
    context = click.Context(main, info_name="tabgan", terminal_width=WIDTH, max_content_width=WIDTH)
    return markdown.replace("<!-- commands -->", "\n".join(described(main, context, 2)))
