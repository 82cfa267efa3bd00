"""What several commands do: check and name files, read a table, write rows, report."""

import json
import secrets
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.estimator import TabGAN
    from tabgan.files import TableForm
    from tabgan.gan.callbacks import Callback

__all__ = [
    "Report",
    "aligned",
    "check_targets",
    "default_output",
    "draw_to_file",
    "new_seed",
    "place_of",
    "print_text",
    "quietly",
    "read_data",
    "trackers",
    "with_holes",
    "write_blocks",
]


Result = TypeVar("Result")


class Report:
    """Messages on standard error while a command runs, and its facts at the end.

    Parameters
    ----------
    quiet
        Whether to say nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.facts: dict[str, Any] = {}
        self._seconds: dict[str, float] = {}
        self._mark = time.perf_counter()

    def say(self, message: str) -> None:
        """Write a message to standard error."""
        if not self.quiet:
            click.echo(message, err=True)

    def done(self, stage: str) -> float:
        """Note that a stage has ended; return the seconds that it took."""
        now = time.perf_counter()
        taken, self._mark = now - self._mark, now
        self._seconds[stage] = round(taken, 3)
        return taken

    def print_json(self) -> None:
        """Print the facts and the seconds of each stage as one JSON object."""
        facts = {**self.facts, "seconds": self._seconds}
        print_text(json.dumps(facts, allow_nan=False))


def print_text(text: str) -> None:
    """Print to standard output; a character that its encoding lacks becomes an escape."""
    encoding = sys.stdout.encoding
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding))


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Pad the cells of all columns but the last, and shorten the longest cells."""
    short = [[cell if len(cell) <= 60 else f"{cell[:59]}…" for cell in row[:-1]] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(*short, strict=True)]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in short)
    return ["  ".join([*cells, row[-1]]).rstrip() for cells, row in zip(padded, rows, strict=True)]


def check_targets(
    sources: Iterable[str | None],
    *,
    out: str | None = None,
    model: str | None = None,
    plot: str | None = None,
    html: str | None = None,
    pictures: str | None = None,
    force: bool,
) -> None:
    """Check the files that a command will write, before it does any work.

    Parameters
    ----------
    sources
        The files that the command reads.
    out, model, plot, html
        The files that it writes.
    pictures
        The folder that it draws pictures in.
    force
        Whether files that exist may be replaced.

    Raises
    ------
    click.UsageError
        If a file would take the place of another one that the command needs.
    TableFileError
        If a file can't be written.
    OptionError
        If pictures can't be drawn here.
    """
    from tabgan.files import check_output

    if pictures is not None:
        from tabgan.cli.pictures import check_folder

        check_folder(pictures, force=force)
    kept = (("a model", "model", model), ("a plot", "plot", plot), ("a report", "html", html))
    for noun, name, target in kept:
        if target == "-":
            raise click.UsageError(f"{noun} can't go to standard output; give --{name} a file name")
        if target and out and Path(target).resolve() == Path(out).resolve():
            raise click.UsageError(f"--{name} and --out both name {out}; give two names")
    targets = {"--out": out, "--model": model, "--plot": plot, "--html": html}
    for option, target in targets.items():
        if not target:
            continue
        if any(source and _is_same_file(source, target) for source in sources):
            raise click.UsageError(f"{option} {target} is a file to read from; give another name")
        check_output(target, force=force)


def _is_same_file(source: str, target: str) -> bool:
    """Say whether two paths lead to one file; a terminal may well be read and written."""
    return Path(source).is_file() and Path(target).exists() and Path(source).samefile(target)


def default_output(data: str, suffix: str | None = None, ending: str = "synthetic") -> str:
    """Name the file that a table made of another goes to, in the current folder.

    Examples
    --------
    >>> default_output("tables/customers.csv.gz")
    'customers_synthetic.csv.gz'
    >>> default_output("-")
    'synthetic.csv'
    """
    from tabgan.files import file_suffix

    if data == "-":
        return f"{ending}{suffix or '.csv'}"
    own = file_suffix(data)
    return f"{Path(data).name.removesuffix(own)}_{ending}{suffix or own}"


def read_data(
    data: str,
    report: Report,
    *,
    table_format: Any = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> tuple["pd.DataFrame", "TableForm"]:
    """Read the table that a command works on."""
    report.say(f"Reading {'standard input' if data == '-' else data}")
    from tabgan.files import read_table

    frame, form = read_table(
        data, table_format=table_format, encoding=encoding, delimiter=delimiter
    )
    report.done("read")
    report.say(f"{len(frame):,} rows, {len(frame.columns):,} columns")
    report.facts |= {"data": data, "training_rows": len(frame), "columns": len(frame.columns)}
    return frame, form


def trackers(folder: str | None) -> "list[Callback]":
    """Return the callbacks that write the records of a training to a folder, if one is given."""
    if folder is None:
        return []
    from tabgan.callbacks import TensorBoard

    return [TensorBoard(folder)]


def quietly(work: Callable[..., Result], *arguments: Any, **options: Any) -> Result:
    """Do work that trains; what its warnings say, the command says in its own way."""
    from tabgan.errors import TrainingWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)
        return work(*arguments, **options)


def new_seed() -> int:
    """Draw a seed, so that a run that was given none can be repeated all the same."""
    return secrets.randbelow(2**32)


def with_holes(frame: "pd.DataFrame", form: "TableForm") -> "pd.DataFrame":
    """Return a table that was read with its empty cells, in text files empty texts, missing."""
    return frame.mask(frame == "") if form.format in ("csv", "tsv") else frame


def draw_to_file(
    gan: "TabGAN",
    report: Report,
    *,
    rows: int | None,
    seed: int,
    out: str,
    form: "TableForm",
    force: bool,
    **asked: Any,
) -> None:
    """Draw rows, and what is asked of them, block by block to a file or to standard output."""
    import pandas as pd

    from tabgan.cli.progress import follow

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        blocks = gan.sample_blocks(rows, random_state=seed, **asked)
    for warning in caught:
        report.say(f"Warning: {warning.message}")
    partial = asked.get("where")
    total = len(partial) if isinstance(partial, pd.DataFrame) else rows
    followed = follow(blocks, report, gan.n_rows_ if total is None else total)
    written = write_blocks(followed, report, out=out, form=form, force=force)
    seconds = report.done("sample")
    report.say(f"Wrote {written:,} rows to {place_of(out)} in {seconds:.1f} s")
    report.facts |= {"rows": written, "output": out}


def place_of(out: str) -> str:
    """Name where something was written to."""
    return "standard output" if out == "-" else out


def write_blocks(
    blocks: Iterable["pd.DataFrame"], report: Report, *, out: str, form: "TableForm", force: bool
) -> int:
    """Write a table that comes in blocks, and return its rows; warn of formulas in text files."""
    from tabgan.files import TableWriter
    from tabgan.files.formulas import count_formulas

    written, formulas = 0, Counter[str]()
    with TableWriter(out, form, force=force) as writer:
        for block in blocks:
            writer.write(block)
            written += len(block)
            if form.format in ("csv", "tsv"):
                formulas.update(count_formulas(block))
    if formulas:
        counts = ", ".join(f"{name!r} ({count:,})" for name, count in formulas.items())
        report.say(
            f"Warning: {place_of(out)} holds texts that a spreadsheet takes for formulas: "
            f"{counts}; import these columns as text"
        )
    return written
