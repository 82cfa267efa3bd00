"""Formats of table files and databases: told by their path, and what they need and share."""

import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args

from tabgan.base.errors import DataError, OptionError, TableFileError, did_you_mean

__all__ = [
    "DATABASES",
    "FORMATS",
    "Format",
    "TableContentError",
    "check_growth",
    "check_query",
    "chosen_table",
    "file_suffix",
    "format_of",
    "is_pattern",
    "is_table_file",
    "is_url",
    "load_extra",
    "shown_place",
    "table_is_there",
    "writable_suffix",
]

FileFormat = Literal["csv", "tsv", "jsonl", "parquet", "feather", "xlsx", "duckdb", "sqlite"]
Format = FileFormat | Literal["sql"]  # "sql" is a database with an address, not a file
FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)
DATABASES: tuple[Format, ...] = ("duckdb", "sqlite", "sql")
MOST_UNPACKED = 2 * 2**30  # bytes of a packed file that may grow as it likes
MOST_GROWTH = 200  # tables of text shrink to a tenth, of zeros to a hundredth
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".txt": "csv",
    ".data": "csv",
    ".dat": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
    ".xlsx": "xlsx",
    ".duckdb": "duckdb",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
}
_READ_ONLY = {  # workbooks that are written as .xlsx
    ".xls": "an old Excel file",
    ".xlsb": "a binary Excel file",
    ".xlsm": "an Excel file with macros",
    ".ods": "an OpenDocument file",
}
_PACKED = (".gz", ".zst", ".zip")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_REMOTE = ("http", "https", "ftp", "sftp", "s3", "gs", "gcs", "abfs", "abfss", "az", "hdfs", "file")
_PASSWORDS = (
    re.compile(r"(?<=://)([^:@/]*):.*(?=@)"),  # user:password@host
    re.compile(r"(?i)((?:password|passwd|pwd|token|secret)=)[^&]*"),
)
_COMMENTS = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*", re.DOTALL)
_QUERIES = ("select", "with", "values", "from", "table")


class TableContentError(TableFileError, DataError):
    """A table file can be opened, but what it holds is not a table of its format."""


def format_of(path: str, *, to_write: bool = False) -> Format | None:
    """Return the format that a path's suffix or address stands for; None without a suffix.

    Parameters
    ----------
    path
        The file or address.
    to_write
        Whether a table is to be written there; some workbooks can only be read.

    Raises
    ------
    OptionError
        If the suffix is that of another format or of one that is only read, or the path is an
        address of the web.
    """
    if is_url(path):
        return _format_of_url(path)
    suffix = file_suffix(path).lower()
    if path == "-" or not suffix:
        return None
    packed = next((mark for mark in _PACKED if suffix.endswith(mark)), "")
    plain = suffix.removesuffix(packed)
    if not plain:
        return None
    if plain in _READ_ONLY:
        if to_write:
            raise OptionError(
                f"{path}: {_READ_ONLY[plain]}, which tabgan reads but does not write; name a file "
                "that ends in .xlsx"
            )
        return "xlsx"
    if plain not in _SUFFIXES:
        raise OptionError(
            f"{path}: {suffix!r} is not the suffix of a table format; tabgan knows "
            f"{', '.join(_SUFFIXES)} (and .gz, .zip or .zst after them); otherwise name the "
            f"format: {', '.join(FORMATS)}"
        )
    if packed and _SUFFIXES[plain] in DATABASES:
        raise OptionError(f"{path}: a database can't be read or written compressed; unpack it")
    return _SUFFIXES[plain]


def _format_of_url(path: str) -> Format:
    scheme = _SCHEME.match(path)
    if scheme and scheme[1].lower() in _REMOTE:
        raise OptionError(
            f"{shown_place(path)}: tabgan fetches no files; download it and give the file's path"
        )
    return "sql"


def file_suffix(path: str) -> str:
    """Return the suffix of a path, with the one before ``.gz``, ``.zip`` or ``.zst`` too.

    Examples
    --------
    >>> file_suffix("data/2024.sales.csv.gz")
    '.csv.gz'
    """
    name = Path(path)
    if name.suffix.lower() in _PACKED:
        return Path(name.stem).suffix + name.suffix
    return name.suffix


def is_table_file(path: str) -> bool:
    """Tell whether the suffix of a file is that of a table, plain or packed."""
    suffix = file_suffix(path).lower()
    plain = next((suffix.removesuffix(mark) for mark in _PACKED if suffix.endswith(mark)), suffix)
    return plain in _SUFFIXES or plain in _READ_ONLY


def writable_suffix(suffix: str) -> str:
    """Return the suffix of the file that is written in the form of another one.

    Examples
    --------
    >>> writable_suffix(".xls"), writable_suffix(".csv.gz")
    ('.xlsx', '.csv.gz')
    """
    return ".xlsx" if suffix.lower() in _READ_ONLY else suffix


def is_pattern(path: str) -> bool:
    """Tell whether a path is a pattern for the names of files, and not that of a file.

    Examples
    --------
    >>> is_pattern("data/*.parquet"), is_pattern("customers.csv")
    (True, False)
    """
    return not is_url(path) and bool(set(path) & set("*?")) and not Path(path).exists()


def is_url(path: str) -> bool:
    r"""Tell whether a path is an address, such as that of a database.

    Examples
    --------
    >>> is_url("postgresql://localhost/shop"), is_url("C:\\shop.csv")
    (True, False)
    """
    return bool(_SCHEME.match(path))


def shown_place(path: str, standard: str = "standard input") -> str:
    """Return the name of a table's place for messages: without a password, if it holds one.

    Parameters
    ----------
    path
        A file, an address, or ``-``.
    standard
        The name of ``-``.

    Examples
    --------
    >>> shown_place("postgresql://ann:s3cr3t@db/shop?sslpassword=x")
    'postgresql://ann:***@db/shop?sslpassword=***'
    """
    if path == "-":
        return standard
    if is_url(path):
        path = _PASSWORDS[0].sub(r"\1:***", path)
        path = _PASSWORDS[1].sub(r"\1***", path)
    return path


def check_growth(name: str, packed: int, unpacked: int) -> None:
    """Refuse a packed file that unpacks to far more than a table does.

    Parameters
    ----------
    name
        The name of the file for messages.
    packed, unpacked
        Bytes.

    Raises
    ------
    TableContentError
        If it unpacks to more than `MOST_UNPACKED`, and to more than `MOST_GROWTH` times its size.

    Examples
    --------
    >>> check_growth("t.csv.gz", packed=10**8, unpacked=10**10)
    """
    if unpacked > max(MOST_UNPACKED, MOST_GROWTH * packed):
        raise TableContentError(
            f"{name} unpacks to more than {MOST_GROWTH} times its size, and more than "
            f"{MOST_UNPACKED / 2**30:g} GiB, which no table does; if you trust it, unpack it and "
            "give the plain file"
        )


def load_extra(module: str, purpose: str, extra: str) -> Any:
    """Import a library that is an optional dependency.

    Parameters
    ----------
    module
        The library, or a module of it.
    purpose
        The format that needs it, for the message.
    extra
        The extra of tabgan that brings it.

    Raises
    ------
    OptionError
        If it is not installed; the message names the extra of tabgan that brings it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        library = module.partition(".")[0].replace("_", "-")
        raise OptionError(
            f"{purpose} needs {library}, which is not installed; install it with "
            f"pip install '.[{extra}]', or use CSV or JSON lines"
        ) from error


def check_query(query: str) -> None:
    r"""Check that a query begins as a query for rows does.

    Raises
    ------
    OptionError
        If it does not.

    Examples
    --------
    >>> check_query("-- all\nSELECT * FROM customers")
    """
    words = _COMMENTS.sub("", query).split(maxsplit=1)
    if not words or words[0].lower() not in _QUERIES:
        raise OptionError(
            f"query={query[:60]!r} does not ask for rows; give one that begins with SELECT or WITH"
        )


def chosen_table(table: str | None, names: Sequence[str], place: str) -> str:
    """Return the name of the table to read; the only table need not be named.

    Parameters
    ----------
    table
        The name that the user gave, or None.
    names
        The tables that there are.
    place
        The name of the database for messages.

    Raises
    ------
    OptionError
        If there is no such table, or several and none is named.
    """
    if table is None and len(names) == 1:
        return names[0]
    if table is None and not names:
        raise OptionError(f"{place} has no table")
    if table is None:
        shown = ", ".join(sorted(names)[:20]) + (", …" if len(names) > 20 else "")
        raise OptionError(f"{place} has {len(names)} tables: {shown}; name one with --table")
    if table not in names:
        raise OptionError(f"{place} has no table {table!r}; {did_you_mean(table, sorted(names))}")
    return table


def table_is_there(table: str, place: str) -> TableFileError:
    """Return the error for a table that exists already.

    Parameters
    ----------
    table, place
        The table, and its database.
    """
    return TableFileError(
        f"{place} already has a table {table!r}; name another one with --out-table, or give "
        "--force to replace it"
    )
