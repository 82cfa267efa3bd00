"""Reads a table of any format, and the form in which it is stored."""

from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from tabgan.base.errors import OptionError
from tabgan.files.arrow_files import (
    count_parquet_rows,
    read_feather,
    read_parquet,
    read_parquet_dataset,
)
from tabgan.files.duckdb_files import read_duckdb
from tabgan.files.excel import read_excel
from tabgan.files.formats import (
    DATABASES,
    FORMATS,
    Format,
    TableContentError,
    format_of,
    is_pattern,
    is_url,
    shown_place,
)
from tabgan.files.json_lines import read_json_lines
from tabgan.files.row_sample import sample_frame
from tabgan.files.source import open_bytes, table_in_zip
from tabgan.files.sql import read_sql
from tabgan.files.table_form import NAMED, TableForm
from tabgan.files.table_location import HeaderRow
from tabgan.files.text_files import read_csv
from tabgan.table.frame_libraries import list_types, lists_as_text

__all__ = ["read_table"]


def read_table(
    path: str,
    *,
    table_format: Format | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    table: str | None = None,
    query: str | None = None,
    header: HeaderRow = "auto",
    skip_bad_lines: bool = False,
    by_schema: bool = False,
    most_rows: int | None = None,
    may_be_empty: bool = False,
    stdin: BinaryIO | None = None,
) -> tuple[pd.DataFrame, TableForm]:
    r"""Read a table from a file or a database.

    CSV and TSV give every cell as a string; the others give their own types.

    Parameters
    ----------
    path
        The file, plain, compressed by gzip or Zstandard, or in a ``.zip``; a folder of Parquet
        files, or a pattern for their names such as ``data/*.parquet``; the address of a database;
        ``-`` is standard input.
    table_format
        One of `FORMATS`; None tells it by the suffix, and takes standard input for CSV.
    encoding
        Of text; None goes by the byte-order mark, and otherwise takes UTF-8 or, where the text is
        none, the encoding of Windows.
    delimiter
        Of CSV; None finds it out among comma, semicolon, tabulator, vertical bar and blanks.
    table
        Name of the table of a database, of the sheet of a workbook, or of the file in a ``.zip``.
        None takes the only table, and the sheet with the largest one.
    query
        A query for rows of a database, in place of a table's name.
    header
        Of CSV, TSV and workbooks: "first" takes the first row for the names of the columns, "none"
        says that there are none, an integer is the number of their row in the file, from 1.
        "auto" finds it out.
    skip_bad_lines
        Whether lines of CSV with another number of fields than the header are left out.
    by_schema
        Whether no row may influence the columns: only the header of CSV, and the schema of a file
        that has one, describe them. Types are then Arrow's own.
    most_rows
        Number of rows to choose uniformly where there are more; None for all rows. Parquet, CSV
        and DuckDB are then read in one pass, which holds hardly more rows than that.
    may_be_empty
        Whether the table may have no rows.
    stdin
        The stream that ``-`` reads; None for the process's standard input.

    Returns
    -------
    tuple
        The table, and its form in the file.

    Raises
    ------
    OptionError
        If an option has an impossible value, the format is not clear, or a library that it needs
        is not installed.
    TableFileError
        If the file or the database can't be opened or read.
    TableContentError
        If the file holds no table of its format, or one without rows that needs some.

    Examples
    --------
    >>> import io
    >>> frame, form = read_table("-", stdin=io.BytesIO(b"code;share\n007;0.50\n"))
    >>> frame.to_dict("records"), form.delimiter
    ([{'code': '007', 'share': '0.50'}], ';')
    """
    member = None
    if path.lower().endswith(".zip") and not is_url(path):
        member, table = table_in_zip(path, table), None
        table_format = table_format or format_of(member)
    chosen = _format(path, table_format)
    form = TableForm.of(chosen, delimiter=delimiter, encoding=encoding)
    name = shown_place(path)
    _check_request(chosen, name, table, query)
    if chosen in DATABASES:
        limits: Any = {"most_rows": most_rows, "by_schema": by_schema}
        frame, form = _read_database(path, form, table, query, **limits)
    elif chosen == "parquet" and _is_dataset(path, most_rows):
        frame, schema, total = read_parquet_dataset(path, most_rows=most_rows, by_schema=by_schema)
        form = replace(form, arrow_schema=schema, n_rows=None if most_rows is None else total)
    else:
        with open_bytes(path, stdin, member=member) as stream:
            options: Any = {"encoding": encoding, "delimiter": delimiter, "by_schema": by_schema}
            options |= {"header": header, "skip_bad_lines": skip_bad_lines}
            options["most_rows"] = most_rows
            frame, form = _read(stream, name, replace(form, table=table), **options)
    if not len(frame) and not may_be_empty:
        named = f"{name}, table {table!r}," if table else name
        raise TableContentError(f"{named} has no rows; a table needs a row at least")
    return (frame, form) if most_rows is None else _sampled(frame, form, most_rows)


def _is_dataset(path: str, most_rows: int | None) -> bool:
    """Return whether Parquet is read from several files, or in one pass from a large one."""
    if path == "-":
        return False
    if Path(path).is_dir() or is_pattern(path):
        return True
    return most_rows is not None and count_parquet_rows(path) > most_rows


def _sampled(
    frame: pd.DataFrame, form: TableForm, most_rows: int
) -> tuple[pd.DataFrame, TableForm]:
    """Choose rows of a table that was read whole, and say that there are more."""
    total = max(form.n_rows or 0, len(frame))
    if total <= most_rows:
        return frame, replace(form, n_rows=None)
    frame = sample_frame(frame, most_rows).reset_index(drop=True)
    note = (
        f"a uniform sample of {len(frame):,} of {total:,} rows is learned; --training-rows sets "
        "how many"
    )
    return frame, replace(form, n_rows=total, notes=(*form.notes, note))


def _format(path: str, table_format: Format | None) -> Format:
    """Return the format of the table to read."""
    if is_url(path):
        table_format = None
    chosen = table_format or format_of(path)
    if chosen is not None and not (chosen in DATABASES and path == "-"):
        return chosen
    if path == "-":
        if chosen is not None:
            raise OptionError(f"a database ({chosen}) can't be read from standard input")
        return "csv"
    if Path(path).is_dir():
        return "parquet"
    raise OptionError(
        f"{path}: there is no suffix to tell the format by; name it: {', '.join(FORMATS)}"
    )


def _check_request(chosen: Format, name: str, table: str | None, query: str | None) -> None:
    """Check that a table's name or a query is given only for a format that has it."""
    if table is not None and query is not None:
        raise OptionError(f"{name}: both a table, {table!r}, and a query are given; give one")
    if table is not None and chosen not in NAMED:
        raise OptionError(
            f"{name}: only a database or a workbook takes a table's name ({table!r}); leave it out"
        )
    if query is not None and chosen not in DATABASES:
        raise OptionError(f"{name}: only a database takes a query; leave it out")


def _read_database(
    path: str,
    form: TableForm,
    table: str | None,
    query: str | None,
    *,
    most_rows: int | None,
    by_schema: bool,
) -> tuple[pd.DataFrame, TableForm]:
    if form.format == "duckdb":
        limits: Any = {"most_rows": most_rows, "by_schema": by_schema}
        frame, table, schema, total = read_duckdb(path, table, query, **limits)
        return frame, replace(form, table=table, arrow_schema=schema, n_rows=total)
    frame, table, types = read_sql(path, table, query)
    return frame, replace(form, table=table, sql_types=types)


def _read(
    stream: BinaryIO,
    name: str,
    form: TableForm,
    *,
    encoding: str | None,
    delimiter: str | None,
    header: HeaderRow,
    skip_bad_lines: bool,
    by_schema: bool,
    most_rows: int | None,
) -> tuple[pd.DataFrame, TableForm]:
    if form.format in ("parquet", "feather"):
        read = read_parquet if form.format == "parquet" else read_feather
        frame, schema = read(stream, name, by_schema=by_schema)
        return frame, replace(form, arrow_schema=schema)
    if form.format == "xlsx":
        return read_excel(stream, name, form, sheet=form.table, header=header)
    if form.format == "jsonl":
        frame, encoding = read_json_lines(stream, name, encoding)
        lists = frozenset(str(frame.columns[place]) for place in list_types(frame))
        return lists_as_text(frame), replace(form, encoding=encoding, lists=lists)
    if form.format == "tsv":
        delimiter = form.delimiter
    return read_csv(
        stream,
        name,
        form,
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        skip_bad_lines=skip_bad_lines,
        by_schema=by_schema,
        most_rows=most_rows,
    )
