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
    from tabgan.schema import Schema

__all__ = [
    "Report",
    "aligned",
    "check_table",
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
    report: str | None = None,
    pictures: str | None = None,
    form: "TableForm | None" = None,
    rows: int | None = None,
    force: bool,
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
        The form of the table that goes to `out`, and its rows, as far as they are known.
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
    from tabgan.files import DATABASES, check_output, check_table_output

    if pictures is not None:
        from tabgan.cli.pictures import check_folder

        check_folder(pictures, force=force)
    kept = {"model": model, "plot": plot, "html": html, "report": report}
    for name, target in kept.items():
        if target == "-":
            noun = "report" if name == "html" else name
            raise click.UsageError(
                f"a {noun} can't go to standard output; give --{name} a file name"
            )
        if target and out and Path(target).resolve() == Path(out).resolve():
            raise click.UsageError(f"--{name} and --out both name {out}; give two names")
    targets = {"--out": out, **{f"--{name}": target for name, target in kept.items()}}
    for option, target in targets.items():
        if not target:
            continue
        own = form if option == "--out" else None
        is_database = own is not None and own.format in DATABASES  # which has several tables
        if not is_database and any(_is_same_file(source, target) for source in sources if source):
            raise click.UsageError(f"{option} {target} is a file to read from; give another name")
        if own is None:
            check_output(target, force=force)
        else:
            check_table_output(target, own, rows, force=force)


def check_table(
    data: str, source: "TableForm", out: str, form: "TableForm", *, rows: int | None, force: bool
) -> None:
    """Check the table that a command will write once more, when the one that it reads is known.

    Raises
    ------
    click.UsageError
        If it would take the place of the table that was read.
    OptionError, TableFileError
        As `tabgan.files.check_table_output`.
    """
    from tabgan.files import DATABASES, check_table_output, shown_place

    is_same = data == out or _is_same_file(data, out)
    if is_same and form.format in DATABASES and form.table == source.table:
        raise click.UsageError(
            f"--out {shown_place(out)} has the table that is read, {form.table!r}; give another "
            "--out-table"
        )
    check_table_output(out, form, rows, force=force)


def _is_same_file(source: str, target: str) -> bool:
    """Say whether two paths lead to one file; a terminal may well be read and written."""
    return Path(source).is_file() and Path(target).exists() and Path(source).samefile(target)


def default_output(
    data: str,
    table_format: str | None = None,
    *,
    ending: str = "synthetic",
    table: str | None = None,
) -> str:
    """Name the file that a table made of another goes to, in the current folder.

    Parameters
    ----------
    data
        Where the other table lies.
    table_format
        The format of the file; None for that of the other one.
    ending
        What is put after the name.
    table
        The other table's name in its database.

    Examples
    --------
    >>> default_output("tables/customers.csv.gz")
    'customers_synthetic.csv.gz'
    >>> default_output("-")
    'synthetic.csv'
    """
    from tabgan.files import file_suffix, is_url

    suffix = f".{table_format}" if table_format else ""
    if data == "-" or is_url(data):
        return f"{f'{table}_' if table else ''}{ending}{suffix or '.csv'}"
    if Path(data).is_dir():
        return f"{Path(data).resolve().name}_{ending}{suffix or '.parquet'}"
    own = file_suffix(data)
    return f"{Path(data).name.removesuffix(own)}_{ending}{suffix or own}"


def read_data(
    data: str, report: Report, *, by_schema: bool = False, **reading: Any
) -> tuple["pd.DataFrame", "TableForm"]:
    """Read the table that a command works on, by the options of `tabgan.files.read_table`.

    Where no row may have a say of its columns, nothing is said of how many there are, too.
    """
    from tabgan.files.formats import shown_place

    report.say(f"Reading {shown_place(data)}")
    from tabgan.files import read_table

    frame, form = read_table(data, by_schema=by_schema, **reading)
    report.done("read")
    report.facts["data"] = fact_of(data)
    if by_schema:
        report.say(f"{len(frame.columns):,} columns")
    else:
        report.say(f"{len(frame):,} rows, {len(frame.columns):,} columns")
        report.facts["training_rows"] = len(frame)
    report.facts["columns"] = len(frame.columns)
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
    written = write_blocks(followed, gan.schema_, report, out=out, form=form, force=force)
    seconds = report.done("sample")
    report.say(f"Wrote {written:,} rows to {place_of(out)} in {seconds:.1f} s")
    report.facts |= {"rows": written, "output": fact_of(out)}


def place_of(out: str) -> str:
    """Name where something was written to."""
    from tabgan.files import shown_place

    return shown_place(out, "standard output")


def fact_of(path: str) -> str:
    """Return a place as facts name it: without a password."""
    from tabgan.files import shown_place

    return shown_place(path, "-")


def write_blocks(
    blocks: Iterable[Any],
    schema: "Schema",
    report: Report,
    *,
    out: str,
    form: "TableForm",
    force: bool,
) -> int:
    """Write a table that comes in blocks, and return its rows; warn of formulas in text files."""
    from tabgan.files import TableWriter
    from tabgan.files.formulas import count_formulas
    from tabgan.inference import as_frame
    from tabgan.values import typed_frame

    written, formulas = 0, Counter[str]()
    with TableWriter(out, form, force=force) as writer:
        for block in map(as_frame, blocks):
            writer.write(typed_frame(block, schema) if form.typed else block)
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
