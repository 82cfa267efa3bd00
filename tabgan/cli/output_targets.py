"""The files, folders and tables that a command writes to, checked before any work begins."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tabgan.files.table_form import TableForm


__all__ = [
    "PICTURES",
    "check_folder",
    "check_table",
    "check_targets",
    "default_output",
    "fact_of",
    "place_of",
]

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
    from tabgan.files.write import check_output, check_table_output

    if as_json and out == "-":
        raise click.UsageError("--json and -o - would both write to standard output; give one")
    if pictures is not None:
        check_folder(pictures, force=force)
    files = {"model": model, "plot": plot, "html": html, "report": report}
    for name, target in files.items():
        if target == "-":
            noun = "report" if name == "html" else name
            raise click.UsageError(
                f"a {noun} can't go to standard output; give --{name} a file name"
            )
        if target and out and Path(target).resolve() == Path(out).resolve():
            raise click.UsageError(f"--{name} and --out both name {out}; give two names")
    targets = {"--out": out, **{f"--{name}": target for name, target in files.items()}}
    for option, target in targets.items():
        if not target:
            continue
        table = form if option == "--out" else None
        is_database = table is not None and table.format in DATABASES  # which has several tables
        if not is_database and any(_is_same_file(source, target) for source in sources if source):
            raise click.UsageError(f"{option} {target} is a file to read from; give another name")
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
        As `tabgan.files.write.check_table_output`.
    """
    from tabgan.files.formats import DATABASES, shown_place
    from tabgan.files.write import check_table_output

    is_same = data == out or _is_same_file(data, out)
    if is_same and form.format in DATABASES and form.table == source.table:
        raise click.UsageError(
            f"--out {shown_place(out)} holds the table to read, {form.table!r}; give another "
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
    from tabgan.evaluation.pictures.canvas import check_pictures
    from tabgan.files.write import check_output

    check_pictures()
    try:
        Path(folder).mkdir(exist_ok=True)
    except OSError as error:
        raise TableFileError(
            f"--pictures {folder} is no folder and can't be made one: {error.strerror or error}"
        ) from error
    for name in names:
        place = Path(folder, name)
        if place.is_file() and not force:
            raise TableFileError(
                f"{place} already exists; name another folder with --pictures, or give --force to "
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
    >>> default_output("years/customers-*.parquet")
    'customers_synthetic.parquet'
    """
    from tabgan.files.formats import file_suffix, is_pattern, is_url, writable_suffix

    suffix = f".{table_format}" if table_format else ""
    if data == "-" or is_url(data):
        return f"{f'{table}_' if table else ''}{ending}{suffix or '.csv'}"
    if Path(data).is_dir():
        return f"{Path(data).resolve().name}_{ending}{suffix or '.parquet'}"
    former = file_suffix(data)
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
