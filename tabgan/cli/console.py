"""The console of a command: its messages, its progress, and Ctrl-C in a training.

Messages and progress go to standard error; results go to standard output.
"""

import json
import os
import signal
import sys
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from tabgan.cli.option_types import flags_of, in_options
from tabgan.generators.training_callbacks import Callback, Record

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.generators.generator_training import GeneratorState

__all__ = ["Lines", "Report", "Watch", "aligned", "follow", "on_terminal", "print_text", "watch"]

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
        from tabgan.fitting.session import Stage

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
            message = "\nStopping to keep what was learned so far; Ctrl-C again gives it up\n"
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
