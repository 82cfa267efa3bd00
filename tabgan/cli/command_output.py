"""What a command puts out: messages, progress, and the files and tables that it writes to.

The console of a command: its messages, its progress, and Ctrl-C in a training.

Messages and progress go to standard error; results go to standard output.
"""

import json
import os
import re
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from tabgan.cli.command_options import flags_of, in_options
from tabgan.generators.training_callbacks import Callback, Record

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.files.formats import TableForm
    from tabgan.generators.generator_training import GeneratorState

__all__ = [
    "Lines",
    "PICTURES",
    "Report",
    "Watch",
    "aligned",
    "check_folder",
    "check_table",
    "check_targets",
    "default_output",
    "fact_of",
    "follow",
    "on_terminal",
    "place_of",
    "print_text",
    "watch",
]

EVERY = 10.0  # seconds between two lines of progress


class Report:
    """Prints the messages of a command, and collects its facts for --json.

    Parameters
    ----------
    quiet
        Whether to print no message.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.facts: dict[str, Any] = {}
        self._seconds: dict[str, float] = {}
        self._mark = time.perf_counter()

    def warn(self, warning: warnings.WarningMessage) -> None:
        """Write a warning to standard error, in the words of the command line."""
        root = click.get_current_context().find_root().command
        flags = flags_of(root) if isinstance(root, click.Group) else {}
        self.say(f"Warning: {in_options(str(warning.message), flags)}")

    def say(self, message: str) -> None:
        """Write a message to standard error."""
        if not self.quiet:
            click.echo(message, err=True)

    def done(self, stage: str) -> float:
        """Record the end of a stage; return the seconds that it took."""
        now = time.perf_counter()
        taken, self._mark = now - self._mark, now
        self._seconds[stage] = round(taken, 3)
        return taken

    def print_json(self) -> None:
        """Print the facts and the seconds of each stage as one JSON object."""
        facts = {**self.facts, "seconds": self._seconds}
        print_text(json.dumps(facts, allow_nan=False))

    def print_result(
        self,
        as_text: Callable[[], str],
        as_facts: Callable[[], Mapping[str, Any]],
        *,
        as_json: bool,
    ) -> None:
        """Print what a command found, as JSON if it was asked for; else as text, unless quiet."""
        if as_json:
            print_text(json.dumps(as_facts(), allow_nan=False))
        elif not self.quiet:
            print_text(as_text())


def print_text(text: str) -> None:
    """Print to standard output; a character missing from its encoding becomes an escape."""
    encoding = sys.stdout.encoding
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding))


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Pad the cells of all columns but the last, and shorten the longest cells."""
    short = [[cell if len(cell) <= 60 else f"{cell[:59]}…" for cell in row[:-1]] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(*short, strict=True)]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in short)
    return ["  ".join([*cells, row[-1]]).rstrip() for cells, row in zip(padded, rows, strict=True)]


def on_terminal(report: Report) -> bool:
    """Tell whether a progress bar can be shown on a terminal."""
    return not report.quiet and sys.stderr.isatty()


class Lines:
    """Prints the progress of a loop in lines, where there is no terminal for a bar.

    Parameters
    ----------
    report
        Where the lines go.
    what
        What is counted, as in "steps".
    total
        How many there will be.
    every
        Seconds between two lines.
    """

    def __init__(self, report: Report, what: str, total: int, every: float = EVERY) -> None:
        self.report, self.what, self.total, self.every = report, what, total, every
        self.began = self.said = time.monotonic()

    def at(self, done: int) -> None:
        """Say how far the loop is, and how much time is left, if the last line is old enough."""
        now = time.monotonic()
        if now - self.said < self.every or not 0 < done < self.total:
            return
        self.said = now
        left = (now - self.began) * (self.total - done) / done
        self.report.say(f"{done:,} of {self.total:,} {self.what}, {_in_words(left)} left")


def _in_words(seconds: float) -> str:
    """Write a duration in words.

    Examples
    --------
    >>> _in_words(0.2), _in_words(89), _in_words(100), _in_words(7000)
    ('1 s', '89 s', '2 min', '1.9 h')
    """
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Watch(Callback):
    """Callback that prints the progress of a fit, and lets Ctrl-C end its training early.

    Parameters
    ----------
    report
        Where the lines go.
    keeps
        Whether the model of an interrupted training is kept. The first Ctrl-C then ends the
        training, and the second one the command; otherwise the first one ends the command.

    Attributes
    ----------
    stopped
        Whether Ctrl-C has ended the training.
    planned
        Steps that the whole training would take.
    """

    def __init__(self, report: Report, *, keeps: bool) -> None:
        self.report = report
        self.keeps = keeps
        self.stopped = False
        self.planned = 0
        self._tells = not on_terminal(report)
        self._lines = Lines(report, "steps", 0)
        self._before: dict[signal.Signals, Any] = {}  # the handlers that this one replaces

    def on_stage(self, name: str) -> None:
        """Say which stage begins; handle Ctrl-C and SIGTERM from now on if trees grow."""
        from tabgan.fitting.fit_session import Stage

        if name == Stage.GROWING_TREES:
            self._take_signals()
        if self._tells:
            self.report.say(name)

    def on_train_begin(self, state: "GeneratorState") -> None:
        """Handle Ctrl-C and SIGTERM from now on, and say how many steps the training has."""
        self.planned = state.n_steps
        self._take_signals()
        self._lines = Lines(self.report, "steps", state.n_steps)
        if self._tells:
            self.report.say(f"Training, {state.n_steps:,} steps")

    def on_record(self, state: "GeneratorState", record: Record) -> None:  # noqa: ARG002
        """Say how far the training is."""
        if self._tells:
            self._lines.at(state.step)

    def steps_done(self, n: int) -> str:
        """Return the number of steps in words, and the planned number if Ctrl-C ended them."""
        return (
            f"{n:,} of {self.planned:,} steps"
            if n < self.planned and self.stopped
            else f"{n:,} steps"
        )

    def stop(self) -> bool:
        """Return whether Ctrl-C was pressed."""
        return self.stopped

    def _take_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM) if self.keeps else ():
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._end_training)

    def _end_training(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopped = True
        self.release()
        if not self.report.quiet:  # unbuffered: a handler may interrupt a write
            message = "\nStopping and saving the model so far; Ctrl-C again stops without saving\n"
            os.write(sys.stderr.fileno(), message.encode())

    def release(self) -> None:
        """Restore the former handlers of Ctrl-C and SIGTERM."""
        while self._before:
            signal.signal(*self._before.popitem())


@contextmanager
def watch(report: Report, *, keeps: bool) -> Iterator[Watch]:
    """Watch a fit and the saving of its model; the interruption comes after both.

    Parameters
    ----------
    report
        Where the progress goes.
    keeps
        As of `Watch`.

    Raises
    ------
    KeyboardInterrupt
        At the end, if Ctrl-C has ended the training early.
    """
    watching = Watch(report, keeps=keeps)
    try:
        yield watching
    finally:
        watching.release()
    if watching.stopped:
        raise KeyboardInterrupt


def follow(
    blocks: Iterable["pd.DataFrame"], report: Report, total: int | None
) -> Iterator["pd.DataFrame"]:
    """Pass blocks of rows on, and show the progress.

    Parameters
    ----------
    blocks
        The blocks.
    report
        Where the progress goes.
    total
        The number of rows to come; None if it is not known.
    """
    from tqdm import tqdm

    done, lines = 0, Lines(report, "rows", total or 0)
    with tqdm(
        total=total,
        desc="Sampling",
        unit="row",
        unit_scale=True,
        leave=False,
        disable=not on_terminal(report),
    ) as bar:
        for block in blocks:
            yield block
            done += len(block)
            bar.update(len(block))
            if bar.disable:
                lines.at(done)


_PAGES = ("--html", "--report")
_ENDINGS_OF_PAGES = (".html", ".htm", "")
PICTURES = ("losses.png", "marginals.png")  # in the folder of --pictures


def check_targets(
    sources: Iterable[str | None],
    *,
    out: str | None = None,
    model: str | None = None,
    plot: str | None = None,
    html: str | None = None,
    report: str | None = None,
    pictures: str | None = None,
    form: "TableForm | None" = None,
    rows: int | None = None,
    force: bool,
    as_json: bool = False,
) -> None:
    """Check the files that a command will write, before it does any work.

    Parameters
    ----------
    sources
        The files that the command reads.
    out, model, plot, html, report
        The files that it writes.
    pictures
        The folder that it draws pictures in.
    form, rows
        The form of the table that goes to `out`, and its number of rows, if they are known.
    force
        Whether files that exist may be replaced.
    as_json
        Whether the facts go to standard output.

    Raises
    ------
    click.UsageError
        If two outputs would go to standard output, or a file would take the place of another one
        that the command needs.
    TableFileError
        If a file can't be written.
    OptionError
        If pictures can't be drawn here.
    """
    from tabgan.files.formats import DATABASES
    from tabgan.files.read_write import check_output, check_table_output

    if as_json and out == "-":
        raise click.UsageError("--json and -o - both write to standard output; use only one")
    if pictures is not None:
        check_folder(pictures, force=force)
    files = {"model": model, "plot": plot, "html": html, "report": report}
    for name, target in files.items():
        if target == "-":
            noun = "report" if name == "html" else name
            raise click.UsageError(
                f"a {noun} can't be written to standard output; set --{name} to a file name"
            )
        if target and out and Path(target).resolve() == Path(out).resolve():
            raise click.UsageError(f"--{name} and --out both name {out}; choose two names")
    targets = {"--out": out, **{f"--{name}": target for name, target in files.items()}}
    for option, target in targets.items():
        if not target:
            continue
        table = form if option == "--out" else None
        is_database = table is not None and table.format in DATABASES  # which has several tables
        if not is_database and any(_is_same_file(source, target) for source in sources if source):
            raise click.UsageError(f"{option} {target} is an input file; choose another name")
        if option in _PAGES and Path(target).suffix.lower() not in _ENDINGS_OF_PAGES:
            raise click.UsageError(f"{option} {target} must end in .html, because it is a web page")
        if table is None:
            check_output(target, force=force, option="-o" if option == "--out" else option)
        else:
            check_table_output(target, table, rows, force=force)


def check_table(
    data: str, source: "TableForm", out: str, form: "TableForm", *, rows: int | None, force: bool
) -> None:
    """Check once more the table that a command will write, after it has read the other one.

    Parameters
    ----------
    data, source
        Where the table that was read lies, and its form.
    out, form
        Where the table to write goes, and its form.
    rows
        Its number of rows, if that is known.
    force
        Whether what exists may be replaced.

    Raises
    ------
    click.UsageError
        If it would take the place of the table that was read.
    OptionError, TableFileError
        As `tabgan.files.read_write.check_table_output`.
    """
    from tabgan.files.formats import DATABASES, shown_place
    from tabgan.files.read_write import check_table_output

    is_same = data == out or _is_same_file(data, out)
    if is_same and form.format in DATABASES and form.table == source.table:
        raise click.UsageError(
            f"--out {shown_place(out)} is also the table to read, {form.table!r}; choose another "
            "--out-table"
        )
    check_table_output(out, form, rows, force=force)


def _is_same_file(source: str, target: str) -> bool:
    """Tell whether two paths lead to one file; a terminal may be both read and written."""
    return Path(source).is_file() and Path(target).exists() and Path(source).samefile(target)


def check_folder(folder: str, names: Iterable[str] = PICTURES, *, force: bool) -> None:
    """Check that pictures can be drawn to a folder, and make it if it does not exist.

    Parameters
    ----------
    folder
        The folder.
    names
        The files of the pictures.
    force
        Whether files that exist may be replaced.

    Raises
    ------
    OptionError
        If matplotlib is not installed.
    TableFileError
        If the folder can't be made or written to, or holds pictures already and `force` is not
        set.
    """
    from tabgan.base.errors import TableFileError
    from tabgan.evaluation.matplotlib_figures import check_pictures
    from tabgan.files.read_write import check_output

    check_pictures()
    try:
        Path(folder).mkdir(exist_ok=True)
    except OSError as error:
        raise TableFileError(
            f"--pictures {folder} is not a folder and can't be created: {error.strerror or error}"
        ) from error
    for name in names:
        place = Path(folder, name)
        if place.is_file() and not force:
            raise TableFileError(
                f"{place} already exists; choose another folder for --pictures, or add --force to "
                "replace it"
            )
        check_output(str(place), force=force)


def default_output(
    data: str,
    table_format: str | None = None,
    *,
    ending: str = "synthetic",
    table: str | None = None,
) -> str:
    """Return the file name for a table that is made from another, in the current folder.

    Parameters
    ----------
    data
        Where the other table lies.
    table_format
        The format of the file; None for the format of the other table.
    ending
        The end of the name.
    table
        The other table's name in its database.

    Examples
    --------
    >>> default_output("tables/customers.csv.gz")
    'customers_synthetic.csv.gz'
    >>> default_output("-")
    'synthetic.csv'
    >>> default_output("years/customers-*.parquet"), default_output("s3://shop/customers")
    ('customers_synthetic.parquet', 'customers_synthetic.parquet')
    """
    from tabgan.files.formats import file_suffix, is_pattern, is_remote, is_url, writable_suffix

    suffix = f".{table_format}" if table_format else ""
    if data == "-" or (is_url(data) and not is_remote(data)):
        return f"{f'{table}_' if table else ''}{ending}{suffix or '.csv'}"
    if Path(data).is_dir():
        return f"{Path(data).resolve().name}_{ending}{suffix or '.parquet'}"
    former = file_suffix(data)
    if is_remote(data):
        data, former = data.partition("?")[0], former or ".parquet"
    if is_pattern(data):
        data = re.sub(r"[*?]+", "", Path(data).stem).strip(" -_.") or "tables"
    return f"{Path(data).name.removesuffix(former)}_{ending}{suffix or writable_suffix(former)}"


def place_of(out: str) -> str:
    """Return the name of an output for messages: without a password."""
    from tabgan.files.formats import shown_place

    return shown_place(out, "standard output")


def fact_of(path: str) -> str:
    """Return the name of an input or output for --json: without a password."""
    from tabgan.files.formats import shown_place

    return shown_place(path, "-")
