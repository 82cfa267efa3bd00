"""Where a command writes: checked before any work begins."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tabgan.files.table_form import TableForm


__all__ = ["check_table", "check_targets", "default_output", "place_of"]


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
    from tabgan.files.formats import DATABASES
    from tabgan.files.write import check_output, check_table_output

    if pictures is not None:
        from tabgan.cli.reports import check_folder

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
        As `tabgan.files.write.check_table_output`.
    """
    from tabgan.files.formats import DATABASES, shown_place
    from tabgan.files.write import check_table_output

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
    from tabgan.files.formats import file_suffix, is_url

    suffix = f".{table_format}" if table_format else ""
    if data == "-" or is_url(data):
        return f"{f'{table}_' if table else ''}{ending}{suffix or '.csv'}"
    if Path(data).is_dir():
        return f"{Path(data).resolve().name}_{ending}{suffix or '.parquet'}"
    own = file_suffix(data)
    return f"{Path(data).name.removesuffix(own)}_{ending}{suffix or own}"


def place_of(out: str) -> str:
    """Name where something was written to."""
    from tabgan.files.formats import shown_place

    return shown_place(out, "standard output")


def fact_of(path: str) -> str:
    """Return a place as facts name it: without a password."""
    from tabgan.files.formats import shown_place

    return shown_place(path, "-")
