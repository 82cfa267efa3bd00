"""Reads tables of any format with their form, and writes them whole or not at all."""

import bz2
import gzip
import lzma
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

from tabgan.base.errors import OptionError, TableFileError
from tabgan.base.safe_files import is_special, open_atomically
from tabgan.files.arrow_files import (
    FeatherBlocks,
    ParquetBlocks,
    count_parquet_rows,
    read_feather,
    read_parquet,
    read_parquet_dataset,
)
from tabgan.files.database_tables import (
    check_duckdb_table,
    check_sql_table,
    open_duckdb_table,
    open_sql_table,
    read_duckdb,
    read_sql,
)
from tabgan.files.excel import EXCEL_ROWS, ExcelBlocks, read_excel
from tabgan.files.file_cells import sample_frame
from tabgan.files.formats import (
    DATABASES,
    FORMATS,
    NAMED,
    Format,
    TableContentError,
    TableForm,
    column_names,
    file_suffix,
    format_of,
    is_folder,
    is_pattern,
    is_remote,
    is_url,
    load_extra,
    shown_place,
)
from tabgan.files.json_lines import JsonBlocks, read_json
from tabgan.files.open_text import open_bytes, table_in_zip
from tabgan.files.table_location import HeaderRow
from tabgan.files.text_files import CsvBlocks, read_csv
from tabgan.inference.accept_table import as_frame

__all__ = ["TableWriter", "check_output", "check_table_output", "open_output", "read_table"]


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
        The file, plain, compressed by gzip, bzip2, xz or Zstandard, or in a ``.zip``; a folder of
        Parquet files, or a pattern for their names such as ``data/*.parquet``; the address of one
        of these in an object store or of the web (``s3://bucket/data.csv``), or that of a database;
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
    if file_suffix(path).lower().endswith(".zip"):
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
        skipped = "".join(f" ({note})" for note in form.notes)
        raise TableContentError(f"{named} has no rows{skipped}; a table needs a row at least")
    return (frame, form) if most_rows is None else _sampled(frame, form, most_rows)


def _is_dataset(path: str, most_rows: int | None) -> bool:
    """Return whether Parquet is read from several files, or in one pass from a large one."""
    if path == "-":
        return False
    if is_pattern(path) or is_folder(path):
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
    if is_url(path) and not is_remote(path):
        table_format = None
    chosen = table_format or format_of(path)
    if chosen in DATABASES and is_remote(path):
        raise OptionError(
            f"{shown_place(path)}: a database file is read where it lies; download it and give the "
            "file's path"
        )
    if chosen is not None and not (chosen in DATABASES and path == "-"):
        return chosen
    if path == "-":
        if chosen is not None:
            raise OptionError(f"a database ({chosen}) can't be read from standard input")
        return "csv"
    if is_folder(path):
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
    if form.format in ("csv", "tsv", "jsonl"):
        _check_content(stream, name, form.format)
    if form.format in ("parquet", "feather"):
        read = read_parquet if form.format == "parquet" else read_feather
        frame, schema = read(stream, name, by_schema=by_schema)
        return frame, replace(form, arrow_schema=schema)
    if form.format == "xlsx":
        return read_excel(stream, name, form, sheet=form.table, header=header)
    if form.format == "jsonl":
        return read_json(stream, name, form, encoding)
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


_MARKS = {  # with which files begin that are no text
    b"PAR1": "a Parquet file; name its format with --format parquet",
    b"ARROW1": "a Feather file; name its format with --format feather",
    b"SQLite format 3": "an SQLite file; name its format with --format sqlite",
    b"PK\x03\x04": "an archive, or a workbook; give the file the suffix .zip, or --format xlsx",
    b"\xd0\xcf\x11\xe0": "an old Excel file; name its format with --format xlsx",
    b"%PDF": "a PDF document; export its table as CSV",
}
_XML_MARK = re.compile(rb"\s*<(?:!doctype|html|head|body|table|\?xml)\b", re.IGNORECASE)
_JSON_MARK = re.compile(rb"\[?\s*\{\s*\"")


def _check_content(stream: BinaryIO, name: str, text_format: Format) -> None:
    """Refuse a file for text that begins as one of another format does."""
    head = stream.read(200).removeprefix(b"\xef\xbb\xbf")
    stream.seek(0)
    found = next((what for mark, what in _MARKS.items() if head.startswith(mark)), None)
    if _XML_MARK.match(head):
        found = "a web page or XML; export its table as CSV"
    if text_format != "jsonl" and _JSON_MARK.match(head.lstrip()):
        found = "JSON; name its format with --format jsonl"
    if found:
        raise TableContentError(f"{name} is not {text_format.upper()}: it looks like {found}")


class _Blocks(Protocol):
    """A writer of one format, which appends blocks of rows."""

    def write(self, block: pd.DataFrame) -> None: ...

    def close(self) -> None: ...


_BLOCKS: dict[Format, Callable[[BinaryIO, TableForm], _Blocks]] = {
    "csv": CsvBlocks,
    "tsv": CsvBlocks,
    "jsonl": JsonBlocks,
    "parquet": ParquetBlocks,
    "feather": FeatherBlocks,
    "xlsx": ExcelBlocks,
}
_SEEKING: tuple[Format, ...] = ("parquet", "feather", "xlsx")  # need to know their position


def check_output(path: str, *, force: bool = False, option: str = "-o") -> None:
    """Check that a file may be written, before any work for it is done.

    Parameters
    ----------
    path
        The file; ``-`` is standard output.
    force
        Whether a file that exists may be replaced.
    option
        The option of the command line that names the file, for messages.

    Raises
    ------
    TableFileError
        If the file exists and `force` is not set, or its folder can't be written to.
    """
    target = Path(path)
    if path == "-" or is_special(target):
        return
    try:
        if target.is_dir():
            raise TableFileError(f"{path} is a directory; name a file in it")
        if target.is_file() and not force:
            raise TableFileError(
                f"{path} already exists; name another file with {option}, or give --force to "
                "replace it"
            )
        folder = target.resolve().parent
        if not folder.is_dir():
            raise TableFileError(f"{path} can't be written: there is no folder {folder}; create it")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise TableFileError(
                f"{path} can't be written: no permission for {folder}; choose another folder"
            )
    except OSError as error:
        raise TableFileError(f"{path} can't be written: {error.strerror or error}") from error


def check_table_output(
    path: str, form: TableForm, rows: int | None = None, *, force: bool = False
) -> None:
    """Check that a table may be written, before any work for it is done.

    Parameters
    ----------
    path
        The file, or the address of a database.
    form
        The form to write in.
    rows
        How many rows there will be, if that is known.
    force
        Whether what exists may be replaced: a file, or the table of a database.

    Raises
    ------
    OptionError
        If the format has no room for so many rows, or a library is not installed.
    TableFileError
        If the file or the table exists and `force` is not set, or it can't be written.
    """
    if form.format == "xlsx" and (rows or 0) > EXCEL_ROWS:
        raise OptionError(
            f"{path}: a sheet of Excel has room for {EXCEL_ROWS:,} rows beside the header, and "
            f"{rows:,} are asked for; write CSV or Parquet instead, or fewer rows"
        )
    if form.format not in DATABASES:
        check_output(path, force=force)
        return
    if form.format != "sql":
        check_output(path, force=True)
    check = check_duckdb_table if form.format == "duckdb" else check_sql_table
    check(path, form.title, force=force)


@contextmanager
def open_output(path: str, *, force: bool = False) -> Iterator[BinaryIO]:
    """Open a file to write bytes to, or standard output for ``-``.

    The file appears whole when the ``with`` block ends well, and not at all when it does not.
    Where the path ends in ``.gz``, ``.bz2``, ``.xz``, ``.zip`` or ``.zst``, the bytes are
    compressed.

    Parameters
    ----------
    path, force
        As of `check_output`.

    Raises
    ------
    TableFileError
        As `check_output`, or if the bytes can't be written.
    """
    check_output(path, force=force)
    with _own_errors(path), _open_sink(path) as sink:
        yield sink


class TableWriter:
    r"""Writes a table that comes in blocks of rows, so that memory does not grow with it.

    The file appears whole when the ``with`` block ends well, and not at all when it does not.

    Parameters
    ----------
    path
        The file; ``.gz``, ``.bz2``, ``.xz``, ``.zip`` or ``.zst`` at its end compresses it, ``-``
        is standard output.
        Or the address of a database, to which the table goes in one transaction.
    form
        The form to write in, as from `read_table` or `TableForm.for_output`.
    force
        Whether an existing file, or the table of a database, may be replaced.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> path = Path(tempfile.mkdtemp(), "codes.csv")
    >>> with TableWriter(str(path), TableForm("csv", delimiter=";")) as writer:
    ...     writer.write(pd.DataFrame({"code": ["007"], "n": [1]}))
    ...     writer.write(pd.DataFrame({"code": [None], "n": [2]}))
    >>> path.read_text()
    'code;n\n007;1\n;2\n'
    """

    def __init__(self, path: str, form: TableForm, *, force: bool = False) -> None:
        self._path = path
        self._form = form
        self._force = force
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        path, form = self._path, self._form
        check_table_output(path, form, force=self._force)
        with _own_errors(path), ExitStack() as stack:
            self._blocks = stack.enter_context(_open_blocks(path, form, force=self._force))
            self._stack = stack.pop_all()
        return self

    def write(self, block: Any) -> None:
        """Append a block of rows, of the same columns as the blocks before it.

        A block is a DataFrame, or another table that `tabgan.inference.accept_table.as_frame`
        takes. Column labels become texts, those of several levels joined by dots: ``sales.north``.

        Raises
        ------
        TableFileError
            If the file can't be written, because the disk is full for instance.
        TableContentError
            If the format or the encoding has no form for a value, or two columns would have one
            name.
        """
        block = as_frame(block).copy(deep=False)
        block.columns = pd.Index(column_names(block.columns), dtype=object)
        with _own_errors(self._path):
            self._blocks.write(block)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            with _own_errors(self._path):
                self._stack.close()
        else:
            with suppress(OSError, TableFileError):  # as writing failed, so may undoing it
                self._stack.__exit__(kind, error, trace)


@contextmanager
def _open_blocks(path: str, form: TableForm, *, force: bool) -> Iterator[_Blocks]:
    """Open the writer of a format; its file is finished only if the ``with`` block ends well."""
    if form.format in DATABASES:
        opener = open_duckdb_table if form.format == "duckdb" else open_sql_table
        with opener(path, form, force=force) as table:
            yield table
        return
    with ExitStack() as stack:
        sink = stack.enter_context(_open_sink(path, form.format))
        if path == "-" and form.format in _SEEKING:
            sink = stack.enter_context(_spool(sink))
        blocks = _BLOCKS[form.format](sink, form)
        try:
            yield blocks
        except BaseException:
            with suppress(OSError):  # as writing failed, so may closing; the error tells it all
                blocks.close()
            raise
        blocks.close()


@contextmanager
def _own_errors(path: str) -> Iterator[None]:
    """Turn errors of writing into errors of our own; a closed pipe is for the caller."""
    name = shown_place(path, "standard output")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise TableFileError(f"{name} can't be written: {error.strerror or error}") from error


@contextmanager
def _open_sink(path: str, table_format: Format | None = None) -> Iterator[BinaryIO]:
    """Open standard output or a file that appears when all has gone well; a suffix compresses."""
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with open_atomically(path) as raw:
        if path.lower().endswith(".zst"):
            arrow = load_extra("pyarrow", "Zstandard", "parquet")
            own = os.fdopen(os.dup(raw.fileno()), "wb")  # which the stream closes
            with own, arrow.CompressedOutputStream(own, "zstd") as packed:
                yield packed
            return
        if path.lower().endswith(".zip"):
            # No time: the same rows give the same bytes.
            name = Path(path).name[: -len(".zip")]
            member = ZipInfo(name if Path(name).suffix else f"{name}.{table_format or 'txt'}")
            member.compress_type = ZIP_DEFLATED
            with ZipFile(raw, "w") as archive, archive.open(member, "w") as packed:
                yield cast("BinaryIO", packed)
            return
        if path.lower().endswith((".bz2", ".xz")):
            packer: Any = bz2.BZ2File if path.lower().endswith(".bz2") else lzma.LZMAFile
            with packer(raw, "wb") as packed:
                yield packed
            return
        if not path.lower().endswith(".gz"):
            yield raw
            return
        # No name and no time: the same rows give the same bytes.
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0) as packed:
            yield cast("BinaryIO", packed)


@contextmanager
def _spool(sink: BinaryIO) -> Iterator[BinaryIO]:
    """Collect bytes in a temporary file, for a format that needs to know its position."""
    with tempfile.TemporaryFile() as spool:
        yield spool
        spool.seek(0)
        shutil.copyfileobj(spool, sink)
