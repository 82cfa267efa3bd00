"""Commands and options of `tabgan`: sections and examples in help, TOML settings, value types.

Commands of `tabgan`: sections and examples in their help, and settings from a TOML file.

Keys of the file are the names of the estimator's parameters, and otherwise those of the options. A
key at the top is for each command that has it; a key in ``[synth]`` or ``[images.fit]`` is for that
command alone and takes precedence over the one at the top.
"""

import json
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import click
from click.shell_completion import CompletionItem

__all__ = [
    "CONFIG",
    "COUNT",
    "COUNT_OR_AUTO",
    "ColumnKind",
    "Command",
    "FAILED_LIMIT",
    "FILE",
    "IMAGE_SIDES",
    "NameList",
    "Number",
    "NumberList",
    "Option",
    "POSITIVE",
    "POSITIVE_COUNT",
    "SECONDS",
    "SHARD",
    "TrainingPart",
    "WholeNumber",
    "command",
    "examples",
    "flags_of",
    "in_options",
    "option",
    "read_config",
    "split_kind",
    "together",
]

_Command = Callable[..., Any]

FILE = click.Path(readable=False)  # for the shell to complete; the commands check it themselves
MOST = 10**12  # rows or steps that can be asked for: beyond them no command would ever end


class Number(click.FloatRange):
    """Type of an option: a number within a range, and neither nan nor infinite."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Convert a text; nan would pass each comparison with the ends of the range."""
        try:
            number: float = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value} is not a number{_range_of(self)}; write, say, 0.9", param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number; write one such as 0.9", param, ctx)
        return number


class WholeNumber(click.IntRange):
    """Type of an option: a whole number within a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Convert a text."""
        try:
            number: int = super().convert(value, param, ctx)
        except click.BadParameter:
            fit = f"write one such as {max(int(self.min or 0), 10)}"
            self.fail(f"{value} is not a whole number{_range_of(self)}; {fit}", param, ctx)
        return number


def _range_of(own: click.IntRange | click.FloatRange) -> str:
    """Return which numbers an option takes, in words."""
    low = None if own.min is None else f"above {own.min}" if own.min_open else f"from {own.min}"
    high = None if own.max is None else f"below {own.max}" if own.max_open else f"to {own.max}"
    words = " and ".join(end for end in (low, high) if end)
    return f" {words}".replace(f"from {own.min} and to", f"from {own.min} to").rstrip()


POSITIVE = Number(min=0, min_open=True)


class Option(click.Option):
    """An option with its section of the help, and its names in a file of settings.

    Parameters
    ----------
    section
        The heading that it stands under.
    keys
        Its names in a file of settings; None for its own name.
    aliases
        Former names on the command line, which help and completion no longer show.
    """

    general: ClassVar[str] = "General"

    def __init__(
        self,
        *args: Any,
        section: str = general,
        keys: tuple[str, ...] | None = None,
        aliases: tuple[str, ...] = (),
        **options: Any,
    ) -> None:
        options.setdefault("show_default", True)
        super().__init__(*args, **options)
        self.section = section
        self.keys = keys or (self.name or "",)
        self.aliases = aliases

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Let the parser accept the former names as well."""
        names = self.opts
        self.opts = [*names, *self.aliases]
        super().add_to_parser(parser, ctx)
        self.opts = names


option = partial(click.option, cls=Option)


def together(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """Return one decorator that adds all options, in order.

    Parameters
    ----------
    *options
        Decorators that add an option each.
    """

    def add(command: _Command) -> _Command:
        for decorate in reversed(options):
            command = decorate(command)
        return command

    return add


def examples(*commands: str) -> str:
    """Return the end of a command's help: commands that can be copied."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)


def flags_of(group: click.Group) -> dict[str, str]:
    """Return the flags of the options of all commands, by the names of their parameters."""
    flags: dict[str, str] = {}
    for command in group.commands.values():
        if isinstance(command, click.Group):
            flags = {**flags_of(command), **flags}
        for param in command.params:
            if isinstance(param, Option):
                flag = max(param.opts, key=len)
                flags = {**dict.fromkeys((param.name or "", *param.keys), flag), **flags}
    return flags


_COLUMN_FIELDS = {"kind", "format"}  # of a column in a schema; as options they are others


def in_options(message: str, flags: Mapping[str, str]) -> str:
    """Write a message that refers to parameters so that it refers to options.

    Parameters
    ----------
    message
        The message.
    flags
        The flags, as of `flags_of`.

    Examples
    --------
    >>> in_options("hidden_dim=0 must be at least 1", {"hidden_dim": "--hidden-dim"})
    '--hidden-dim 0 must be at least 1'
    """

    def flagged(match: re.Match[str]) -> str:
        name, value = match.groups()
        is_one = value[:1] == "[" or (value[:1] in "'\"" and " " not in value)  # else quoted
        value = value[1:-1] if is_one else value
        return f"{name} {value!r}" if name in _COLUMN_FIELDS else f"{flags[name]} {value}"

    names = "|".join(sorted({*flags, *_COLUMN_FIELDS}, key=len, reverse=True))
    values = r"'[^']*'|\"[^\"]*\"|\[[^\]]*\]|[^\s,;:()\[{'\"]+"
    return re.sub(rf"(?<![\w.-])({names})=({values})", flagged, message)


class _Count(WholeNumber):
    """Type of an option: a whole number from `min`, which may be written as 1e9 or 5_000_000."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Convert a text."""
        match = _POWER.fullmatch(str(value))
        if match is not None:
            whole, part, zeros = match[1], match[2] or "", int(match[3])
            if len(part) <= zeros:
                value = whole + part + "0" * (zeros - len(part))
        number: int = super().convert(value, param, ctx)
        if number > MOST:
            self.fail(f"{number:.3g} is too large; the maximum is {MOST:.0e}", param, ctx)
        return number


_POWER = re.compile(r"(\d+)(?:\.(\d+))?[eE]\+?(\d{1,2})", re.ASCII)

COUNT = _Count(min=0)
POSITIVE_COUNT = _Count(min=1)


class _Shard(click.ParamType):  # type: ignore[type-arg]
    """Type of an option: the number of a process, and how many there are, as in 0/8."""

    name = "shard"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Convert a text."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", str(value), re.ASCII)
        if match is None:
            self.fail(f"{str(value)!r} is not a shard; write a number from 0 and how many there "
                      "are, as in 0/8", param, ctx)  # fmt: skip
        return int(match[1]), int(match[2])


SHARD = _Shard()


class _CountOrAuto(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions
    """Type of an option: a whole number from 1, or the word auto."""

    name = "count"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """Convert a text."""
        text = str(value)
        if text == "auto":
            return text
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            self.fail(f"{text!r} is neither a whole number from 1 nor 'auto'", param, ctx)
        return int(text)


COUNT_OR_AUTO = _CountOrAuto()


class _Seconds(click.ParamType):  # type: ignore[type-arg]
    """Type of an option: a time in seconds, or with units such as 30s, 5m and 1h30m."""

    name = "seconds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Convert a text to seconds above 0."""
        text = str(value).strip().lower()
        match = _DURATION.fullmatch(text)
        if match is None or not text:
            self.fail(
                f"{value!r} is not a time; write seconds such as 90, or 30s, 5m, 1h30m", param, ctx
            )
        plain, *parts = match.groups()
        units = (3600.0, 60.0, 1.0)
        pairs = zip(parts, units, strict=True)
        seconds = float(plain) if plain else sum(float(part or 0) * unit for part, unit in pairs)
        if not 0 < seconds < math.inf:
            self.fail(f"{value} is not above 0 seconds", param, ctx)
        return seconds


_NUMBER = r"\d+(?:\.\d+)?"
_DURATION = re.compile(
    rf"({_NUMBER}(?:e\d+)?|\.\d+)|(?:({_NUMBER})h)?(?:({_NUMBER})m(?:in)?)?(?:({_NUMBER})s)?",
    re.ASCII,
)

SECONDS = _Seconds()


class _ImageSides(click.ParamType):  # type: ignore[type-arg]
    """Type of an option: the height and the width of images, as 28x32, or one number for both."""

    name = "sides"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Convert a text."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{1,4})(?:[x×](\d{1,4}))?", str(value).lower(), re.ASCII)
        sides = tuple(int(side or match[1]) for side in match.groups()) if match else (0, 0)
        if not all(1 <= side <= 4096 for side in sides):
            self.fail(
                f"{value!r} is not an image size; write HEIGHTxWIDTH such as 28x28, from 1 to 4096",
                param,
                ctx,
            )
        return sides[0], sides[1]


IMAGE_SIDES = _ImageSides()


class NumberList(click.ParamType):  # type: ignore[type-arg]
    """Type of an option: numbers with commas between them."""

    name = "numbers"

    def __init__(self, kind: type[int] | type[float]) -> None:
        self.kind = kind

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, ...]:
        """Convert a text."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(self.kind(part) for part in value.split(","))
        except ValueError:
            noun = "whole numbers" if self.kind is int else "numbers"
            self.fail(f"{value!r} is not a list of {noun} with commas between them", param, ctx)


class NameList(click.ParamType):  # type: ignore[type-arg]
    """Type of an option: some of a few names, with commas between them."""

    name = "names"

    def __init__(self, *names: str) -> None:
        self.names = names

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Convert a text."""
        parts = value if isinstance(value, tuple) else tuple(map(str.strip, value.split(",")))
        for part in parts:
            if part not in self.names:
                self.fail(f"{part!r} is none of {', '.join(self.names)}", param, ctx)
        if len(set(parts)) < len(parts):
            self.fail(f"{value!r} has a name twice", param, ctx)
        return parts


class ColumnKind(click.ParamType):  # type: ignore[type-arg]
    """Type of an option: a column and its kind, with an equals sign between them."""

    name = "kind"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check that there is such a kind; the column is checked when the table is read."""
        from tabgan.base.errors import SchemaError
        from tabgan.table.schema import check_kind

        text = str(value)
        try:
            column, kind = split_kind(text)
            check_kind(f"Column {column!r}", kind)
        except (ValueError, SchemaError) as error:
            self.fail(in_options(str(error), {}), param, ctx)
        return text


def split_kind(text: str) -> tuple[str, str]:
    """Split ``COLUMN=KIND`` where a kind follows; the name may hold equals signs itself.

    Raises
    ------
    ValueError
        If the text has no equals sign.

    Examples
    --------
    >>> split_kind("plan=categorical"), split_kind("a=b=integer"), split_kind("id=regex:x=[0-9]")
    (('plan', 'categorical'), ('a=b', 'integer'), ('id', 'regex:x=[0-9]'))
    """
    from tabgan.table.schema import KINDS, expression_of

    column, sign, kind = text.partition("=")
    if not sign:
        raise ValueError(f"{text!r} is not of the form COLUMN=KIND")
    parts = text.split("=")
    for at in range(1, len(parts)):
        name, tail = "=".join(parts[:at]), "=".join(parts[at:])
        if tail in KINDS or expression_of(tail) is not None:
            return name, tail
    return column, kind


class TrainingPart(click.ParamType):  # type: ignore[type-arg]
    """Type of an option: the name of a part of a training, and its parameters after a colon."""

    name = "name"

    def __init__(self, *names: str) -> None:
        self.names = names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the name; the estimator checks the parameters."""
        text = str(value)
        if text.partition(":")[0] not in self.names:
            from tabgan.base.errors import did_you_mean

            self.fail(f"{text!r} is not known; {did_you_mean(text, self.names)}", param, ctx)
        return text

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """Complete a name."""
        return [CompletionItem(name) for name in self.names if name.startswith(incomplete)]


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
        show_default=f"{CONFIG}, if it exists",
        help="File of settings (TOML).",
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
                f"{path}: {key} can't be set in a file that was found in the current folder: "
                f"it may have come with the data. Set it on the command line, or name the file "
                f"with --config {path}"
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
            raise click.UsageError(f"{place}: {name} = {_shown(inner)} must be a section: [{name}]")
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
            raise click.UsageError(f"{place}: {key!r} is not a setting; {hint}")


def _values(
    options: Mapping[str, Option], settings: Mapping[str, Any], place: str
) -> dict[str, Any]:
    """Convert settings to the values of the options, by the options' names in click."""
    values: dict[str, Any] = {}
    for key, setting in settings.items():
        option = options[key]
        if option.name in values:
            names = " and ".join(other for other in option.keys if other in settings)
            raise click.UsageError(f"{place}: {names} are the same setting; set only one of them")
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
