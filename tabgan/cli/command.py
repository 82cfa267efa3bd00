"""What all commands have: examples, options in sections, and settings from a file."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from tabgan.cli.config import CONFIG, read_config
from tabgan.cli.options import Option, examples

__all__ = ["Command", "command"]

_READ = "tabgan.config"  # where a context keeps which file was read


def command(*lines: str, no_args_is_help: bool = True) -> Callable[..., "Command"]:
    """Make a function a command whose help ends with examples."""
    return click.command(cls=Command, no_args_is_help=no_args_is_help, epilog=examples(*lines))


class Command(click.Command):
    """A command that takes its defaults from a file and shows its options in sections."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.params.append(_config_option())

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options section by section, in the order of their first options."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                sections.setdefault(getattr(param, "section", Option.general), []).append(record)
        for title in sorted(sections, key=lambda title: title == Option.general):
            with formatter.section(title):
                formatter.write_dl(sections[title])

    def invoke(self, ctx: click.Context) -> Any:
        """Say where settings come from, and run."""
        if _READ in ctx.meta and not ctx.params.get("quiet"):
            click.echo(f"Settings from {ctx.meta[_READ]}", err=True)
        return super().invoke(ctx)


def _config_option() -> Option:
    return Option(
        ["--config"],
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        envvar="TABGAN_CONFIG",
        is_eager=True,  # before the options whose defaults it has
        expose_value=False,
        callback=_take_config,
        show_default=f"{CONFIG}, if it is there",
        help="Settings (TOML).",
    )


def _take_config(ctx: click.Context, _option: click.Parameter, given: str | None) -> None:
    path = given or (CONFIG if Path(CONFIG).is_file() else None)
    if path is None or ctx.resilient_parsing:
        return
    root = ctx.find_root().command
    if not isinstance(root, click.Group):  # a command that is run by itself
        return
    defaults: Any = read_config(path, root)
    for name in _path_of(ctx):
        defaults = defaults[name]
    ctx.default_map = defaults
    ctx.meta[_READ] = path


def _path_of(ctx: click.Context) -> Sequence[str]:
    """Return the names that lead from the root to a command."""
    names: list[str] = []
    while ctx.parent is not None:
        names.insert(0, ctx.command.name or "")
        ctx = ctx.parent
    return names
