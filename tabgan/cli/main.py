"""The command ``tabgan``: its subcommands, and the exit codes of their errors.

Nothing heavy is imported here or at the top of a command's file, so that help and usage errors
come at once. Each command imports what it needs when it runs.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from tabgan.cli.command_options import flags_of, in_options
from tabgan.cli.commands.evaluate_commands import evaluate, privacy
from tabgan.cli.commands.fit_commands import fit, synth
from tabgan.cli.commands.image_commands import images
from tabgan.cli.commands.sample_commands import impute, sample
from tabgan.cli.commands.start_commands import completion, example, inspect
from tabgan.cli.commands.tune_commands import compare, tune

__all__ = ["main"]


def _verdict(error: Exception) -> tuple[str, int]:
    """Return the message and the exit code of an error."""
    from tabgan.base.errors import (
        DataError,
        ModelFileError,
        OptionError,
        TabGANError,
        TableFileError,
    )

    codes: list[tuple[type[Exception], int]] = [
        (OptionError, 2),
        (DataError, 3),
        (ModelFileError, 4),
        (TableFileError, 5),
        (TabGANError, 1),
    ]
    for kind, code in codes:
        if isinstance(error, kind):
            told = getattr(error, "on_command_line", None)
            return told or in_options(str(error), flags_of(main)), code
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}", 5
    if isinstance(error, MemoryError):
        return "not enough memory; use fewer rows, or a machine with more", 1
    return (
        f"an unexpected {type(error).__name__}: {error}\nThis is a bug in tabgan; set "
        "TABGAN_DEBUG=1 to see where it comes from, and report it",
        1,
    )


INTERRUPTED_QUERY = "Query interrupted"  # DuckDB's error


class _ShortUsageError(click.UsageError):
    """Wrong usage in two lines: what is wrong, and where help is."""

    def __init__(self, error: click.UsageError) -> None:
        super().__init__(error.format_message(), error.ctx)

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"Error: {self.format_message()}", file=file, err=True)
        if self.ctx is not None:
            click.echo(f"Try '{self.ctx.command_path} --help' for help.", file=file, err=True)


class _Group(click.Group):
    """A group of commands that turns errors into exit codes."""

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        try:
            return super().make_context(*args, **options)
        except click.UsageError as error:
            raise _ShortUsageError(error) from error

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _terminated_as_interrupted(), _queries_end_as_interrupted():
                return super().invoke(ctx)
        except click.UsageError as error:
            raise _ShortUsageError(error) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            click.echo("Interrupted", err=True)
            raise click.exceptions.Exit(130) from None
        except BrokenPipeError:  # the reader of standard output has closed it
            _drop_stdout()
            raise click.exceptions.Exit(0) from None
        except Exception as error:
            if os.environ.get("TABGAN_DEBUG"):
                traceback.print_exc()
            message, code = _verdict(error)
            click.echo(f"Error: {message}", err=True)
            _flush_stdout()
            raise click.exceptions.Exit(code) from error


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does: temporary files are removed, and what is to be kept is."""
    plain = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if not plain or threading.current_thread() is not threading.main_thread():
        yield  # somebody else handles it
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def _queries_end_as_interrupted() -> Iterator[None]:
    """Let Ctrl-C during a query of DuckDB, which then raises its own error, be Ctrl-C."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != INTERRUPTED_QUERY:
            raise
        raise KeyboardInterrupt from error


def _flush_stdout() -> None:
    """Write what is left for standard output, if it can be written."""
    try:
        sys.stdout.flush()
    except OSError:
        _drop_stdout()


def _drop_stdout() -> None:
    """Send standard output to nowhere, so that flushing it at the end can't fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


_EPILOG = """\b
Start with:
  tabgan example                 write an example table, customers.csv
  tabgan synth customers.csv     write a synthetic table like it

\b
Options can also be set by environment variables, and in a file: tabgan.toml in the current folder,
or the file that --config or TABGAN_CONFIG names. Priority: the command line, then
  TABGAN_SYNTH_STEPS=5000        for 'tabgan synth'; TABGAN_IMAGES_FIT_STEPS for 'images fit'
  steps = 5000                   in the file, for each command that has --steps
  [synth]                        followed by keys for 'tabgan synth' only; or [images.fit]

\b
Completion of commands, options and files:
  eval "$(tabgan completion bash)"          in ~/.bashrc; zsh in ~/.zshrc
  tabgan completion fish > ~/.config/fish/completions/tabgan.fish

\b
Exit codes: 0 success, 1 a bug in tabgan, 2 wrong usage, 3 bad data,
4 bad model file, 5 input or output failed, 6 a score below --fail-under or a
risk above --fail-over, 130 interrupted.
"""


@click.group(
    cls=_Group,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "TABGAN"},
)
@click.version_option(package_name="tabgan", prog_name="tabgan")
def main() -> None:
    """Make synthetic tables that are as good as the real ones."""


for command in (
    synth,
    fit,
    sample,
    impute,
    evaluate,
    inspect,
    privacy,
    tune,
    compare,
    example,
    images,
    completion,
):
    main.add_command(command)
