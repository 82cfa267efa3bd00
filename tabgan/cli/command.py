"""What all commands have: examples, options in sections, and settings from a TOML file.

Keys are the names of the estimator's parameters, and otherwise those of the options. A key at the
top is for each command that has it; one in ``[synth]`` or ``[images.fit]`` for that command, whose
own value it takes precedence over.
"""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from tabgan.cli.option_types import Option, examples

__all__ = ["CONFIG", "Command", "command", "read_config"]

CONFIG = "tabgan.toml"


_NOUNS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    tuple: "a list of numbers",
}


def read_config(path: str, root: click.Group) -> dict[str, Any]:
    """Read a file of settings for all commands of a group.

    Returns
    -------
    dict
        The defaults of each command, nested as the groups are, as in click's ``default_map``.

    Raises
    ------
    click.UsageError
        If the file is not TOML, or has a key or a value that no command takes.
    """
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:  # of TOML and of UTF-8
        raise click.UsageError(f"{path} is not TOML: {error}") from error
    return _group_defaults(root, table, {}, path)


def _group_defaults(
    group: click.Group, table: Mapping[str, Any], common: Mapping[str, Any], place: str
) -> dict[str, Any]:
    """Return the defaults of the commands of a group.

    Parameters
    ----------
    group, table
        The group, and what the file says of it.
    common
        What the tables around it say of every command.
    place
        Where that is written, for messages.
    """
    plain = {key: value for key, value in table.items() if key not in group.commands}
    _check_keys(plain, [*_known_keys(group), *group.commands], place)
    common = {**common, **plain}
    defaults: dict[str, Any] = {}
    for name, command in group.commands.items():
        own, where = table.get(name, {}), _below(place, name)
        if not isinstance(own, dict):
            raise click.UsageError(
                f"{place}: {name} = {_shown(own)} must be a table of its own: [{name}]"
            )
        if isinstance(command, click.Group):
            defaults[name] = _group_defaults(command, own, common, where)
        else:
            keys = _keys(command)
            _check_keys(own, keys, where)
            inherited = {key: value for key, value in common.items() if key in keys}
            defaults[name] = {
                **_values(keys, inherited, place),
                **_values(keys, own, where),
            }
    return defaults


def _below(place: str, name: str) -> str:
    """Name a table within another.

    Examples
    --------
    >>> _below("a.toml", "images"), _below("a.toml [images]", "fit")
    ('a.toml [images]', 'a.toml [images.fit]')
    """
    return f"{place[:-1]}.{name}]" if place.endswith("]") else f"{place} [{name}]"


def _keys(command: click.Command) -> dict[str, Option]:
    """Return the options that a command takes from a file, by their keys."""
    options = (param for param in command.params if isinstance(param, Option))
    return {key: option for option in options if option.expose_value for key in option.keys}


def _known_keys(group: click.Group) -> Iterator[str]:
    for command in group.commands.values():
        yield from _known_keys(command) if isinstance(command, click.Group) else _keys(command)


def _check_keys(given: Mapping[str, Any], known: Any, place: str) -> None:
    for key in given:
        if key not in known:
            from tabgan.base.errors import did_you_mean

            hint = did_you_mean(key, dict.fromkeys(known))
            raise click.UsageError(f"{place}: {key!r} is no setting; {hint}")


def _values(keys: Mapping[str, Option], given: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return what the options become, by their names in click."""
    values: dict[str, Any] = {}
    for key, value in given.items():
        option = keys[key]
        if option.name in values:
            raise click.UsageError(f"{place}: {' and '.join(option.keys)} are one; give one")
        try:
            values[option.name or key] = _value(option, value)
        except click.BadParameter as error:
            raise click.UsageError(f"{place}: {key} = {_shown(value)}: {error.message}") from error
    return values


def _value(option: Option, value: Any) -> Any:
    """Return what an option makes of a value, which must be of the option's own type."""
    if option.multiple:
        return [_single(option, part) for part in (value if isinstance(value, list) else [value])]
    return _single(option, value)


def _single(option: Option, value: Any) -> Any:
    parts = value if isinstance(value, list) else [value]
    # As it would be written on the command line; what comes out must be what was written.
    made = option.type.convert(",".join(map(str, parts)), option, None)
    same = list(made) == parts if isinstance(made, tuple) else made == value
    if not same or isinstance(value, bool) != isinstance(made, bool):
        raise click.BadParameter(f"it must be {_NOUNS[type(made)]}")
    return made


def _shown(value: Any) -> str:
    """Write a value as TOML does."""
    return json.dumps(value, ensure_ascii=False, default=str)


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
