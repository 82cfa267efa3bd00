"""Options of commands: their class with sections of the help, and the types of their values."""

import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

import click
from click.shell_completion import CompletionItem

__all__ = [
    "COUNT",
    "COUNT_OR_AUTO",
    "FILE",
    "POSITIVE",
    "POSITIVE_COUNT",
    "SECONDS",
    "SHARD",
    "IMAGE_SIDES",
    "ColumnKind",
    "NameList",
    "NumberList",
    "Option",
    "TrainingPart",
    "examples",
    "flags_of",
    "in_options",
    "option",
    "split_kind",
    "together",
]

_Command = Callable[..., Any]

FILE = click.Path(readable=False)  # for the shell to complete; the commands check it themselves
POSITIVE = click.FloatRange(min=0, min_open=True)


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


class _Count(click.IntRange):
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
                f"{value!r} is no size of images; write HEIGHTxWIDTH such as 28x28, from 1 to 4096",
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
            self.fail(f"{value!r} names one of them twice", param, ctx)
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
