"""Writes files whole or not at all, and tables block by block."""

import gzip
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

from tabgan.base.atomic_files import is_special, open_atomically
from tabgan.base.errors import OptionError, TableFileError
from tabgan.files.arrow_files import FeatherBlocks, ParquetBlocks
from tabgan.files.duckdb_files import check_duckdb_table, open_duckdb_table
from tabgan.files.excel import EXCEL_ROWS, ExcelBlocks
from tabgan.files.formats import DATABASES, Format, load_extra, shown_place
from tabgan.files.json_lines import JsonBlocks
from tabgan.files.sql import check_sql_table, open_sql_table
from tabgan.files.table_form import TableForm, column_names
from tabgan.files.text_files import CsvBlocks
from tabgan.inference.accept_table import as_frame

__all__ = ["TableWriter", "check_output", "check_table_output", "open_output"]


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
    Where the path ends in ``.gz``, ``.zip`` or ``.zst``, the bytes are compressed.

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
        The file; ``.gz``, ``.zip`` or ``.zst`` at its end compresses it, ``-`` is standard output.
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
