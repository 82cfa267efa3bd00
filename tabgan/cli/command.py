"""Commands of `tabgan`: sections and examples in their help, and settings from a TOML file.

Keys of the file are the names of the estimator's parameters, and otherwise those of the options. A
key at the top is for each command that has it; a key in ``[synth]`` or ``[images.fit]`` is for that
command alone and takes precedence over the one at the top.
"""

import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from tabgan.cli.option_types import Option, examples

__all__ = ["CONFIG", "FAILED_LIMIT", "Command", "command", "read_config"]

FAILED_LIMIT = 6  # exit code: a score or a risk is beyond the limit that an option sets
CONFIG = "tabgan.toml"
_READ = "tabgan.config"  # where a context keeps which file was read
_NOUNS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    tuple: "a list of numbers",
}


def command(*lines: str, no_args_is_help: bool = True) -> Callable[..., "Command"]:
    """Make a function a command whose help ends with examples.

    Parameters
    ----------
    *lines
        The examples, one a line.
    no_args_is_help
        Whether the command without arguments shows its help.
    """
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


def _take_config(ctx: click.Context, _option: click.Parameter, file: str | None) -> None:
    path = file or (CONFIG if Path(CONFIG).is_file() else None)
    if path is None or ctx.resilient_parsing:
        return
    root = ctx.find_root().command
    if not isinstance(root, click.Group):  # a command that is run by itself
        return
    defaults: Any = read_config(path, root)
    for name in _path_of(ctx):
        defaults = defaults[name]
    if file is None:
        _check_harmless(ctx.command, defaults, path)
    ctx.default_map = defaults
    ctx.meta[_READ] = path


def _check_harmless(command: click.Command, defaults: Mapping[str, Any], path: str) -> None:
    """Check that a file that nobody named does not say what is written, or overwritten.

    It may have come with the data, in an archive or a repository.
    """
    for key, option in _keys(command).items():
        writes = option.section == "Output" and isinstance(option.type, click.Path)
        if option.name in defaults and (writes or key == "force"):
            raise click.UsageError(
                f"{path}: {key} can't be set by a file that is only there, which may have come "
                f"with the data; give it on the command line, or name the file: --config {path}"
            )


def _path_of(ctx: click.Context) -> Sequence[str]:
    """Return the names that lead from the root to a command."""
    names: list[str] = []
    while ctx.parent is not None:
        names.insert(0, ctx.command.name or "")
        ctx = ctx.parent
    return names


def read_config(path: str, root: click.Group) -> dict[str, Any]:
    """Read a file of settings for all commands of a group.

    Parameters
    ----------
    path
        The TOML file.
    root
        The group of all commands.

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
    group
        The group.
    table
        The table of the file that belongs to the group.
    common
        The settings at the top of the tables around it, which are for every command.
    place
        Where the table is written, for messages.
    """
    settings = {key: value for key, value in table.items() if key not in group.commands}
    _check_keys(settings, [*_all_keys(group), *group.commands], place)
    common = {**common, **settings}
    defaults: dict[str, Any] = {}
    for name, command in group.commands.items():
        inner, where = table.get(name, {}), _below(place, name)
        if not isinstance(inner, dict):
            raise click.UsageError(
                f"{place}: {name} = {_shown(inner)} must be a table of its own: [{name}]"
            )
        if isinstance(command, click.Group):
            defaults[name] = _group_defaults(command, inner, common, where)
        else:
            keys = _keys(command)
            _check_keys(inner, keys, where)
            inherited = {key: value for key, value in common.items() if key in keys}
            defaults[name] = {
                **_values(keys, inherited, place),
                **_values(keys, inner, where),
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


def _all_keys(group: click.Group) -> Iterator[str]:
    for command in group.commands.values():
        yield from _all_keys(command) if isinstance(command, click.Group) else _keys(command)


def _check_keys(settings: Mapping[str, Any], keys: Iterable[str], place: str) -> None:
    known = dict.fromkeys(keys)
    for key in settings:
        if key not in known:
            from tabgan.base.errors import did_you_mean

            hint = did_you_mean(key, known)
            raise click.UsageError(f"{place}: {key!r} is no setting; {hint}")


def _values(
    options: Mapping[str, Option], settings: Mapping[str, Any], place: str
) -> dict[str, Any]:
    """Convert settings to the values of the options, by the options' names in click."""
    values: dict[str, Any] = {}
    for key, setting in settings.items():
        option = options[key]
        if option.name in values:
            names = " and ".join(other for other in option.keys if other in settings)
            raise click.UsageError(f"{place}: {names} are the same setting; give one of them")
        try:
            values[option.name or key] = _value(option, setting)
        except click.BadParameter as error:
            shown = _shown(setting)
            raise click.UsageError(f"{place}: {key} = {shown}: {error.message}") from error
    return values


def _value(option: Option, setting: Any) -> Any:
    """Convert a setting, which must be of the option's own type."""
    if option.multiple:
        parts = setting if isinstance(setting, list) else [setting]
        return [_single(option, part) for part in parts]
    return _single(option, setting)


def _single(option: Option, setting: Any) -> Any:
    parts = setting if isinstance(setting, list) else [setting]
    # As it would be written on the command line; the result must be what was written.
    value = option.type.convert(",".join(map(str, parts)), option, None)
    same = list(value) == parts if isinstance(value, tuple) else value == setting
    if not same or isinstance(setting, bool) != isinstance(value, bool):
        raise click.BadParameter(f"it must be {_NOUNS[type(value)]}")
    return value


def _shown(setting: Any) -> str:
    """Write a value as TOML does."""
    return json.dumps(setting, ensure_ascii=False, default=str)
