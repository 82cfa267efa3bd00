"""Formats of table files and databases, and the form of one table in its file."""

import re
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from tabgan.base.errors import DataError, OptionError, TableFileError, did_you_mean

__all__ = [
    "DATABASES",
    "FORMATS",
    "FileColumn",
    "Format",
    "NAMED",
    "TableContentError",
    "TEXT_FORMATS",
    "TableForm",
    "check_delimiter",
    "check_encoding",
    "check_growth",
    "check_query",
    "chosen_table",
    "column_names",
    "file_suffix",
    "file_system",
    "format_of",
    "is_folder",
    "is_pattern",
    "is_remote",
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
    ".json": "jsonl",
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
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "hdfs", "sftp", "memory", "file")
_WEB = ("http", "https", "ftp")
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
        If the suffix is that of another format or of one that is only read, or a table is to be
        written to an address that is only read.
    """
    if is_url(path) and not is_remote(path):
        return "sql"
    if is_remote(path) and to_write:
        raise OptionError(
            f"{shown_place(path)}: tabgan reads files of object stores and of the web, but writes "
            "none; name a file here, and copy it"
        )
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
            f"{', '.join(_SUFFIXES)} (and {', '.join(_PACKED)} after them); otherwise name the "
            f"format: {', '.join(FORMATS)}"
        )
    if packed and _SUFFIXES[plain] in DATABASES:
        raise OptionError(f"{path}: a database can't be read or written compressed; unpack it")
    return _SUFFIXES[plain]


def file_suffix(path: str) -> str:
    """Return the suffix of a path, with the one before ``.gz``, ``.zip`` or ``.zst`` too.

    Examples
    --------
    >>> file_suffix("data/2024.sales.csv.gz"), file_suffix("https://example.org/t.csv?raw=1")
    ('.csv.gz', '.csv')
    """
    name = Path(path.partition("?")[0] if is_remote(path) else path)
    if name.suffix.lower() in _PACKED:
        return Path(name.stem).suffix + name.suffix
    return name.suffix


def is_table_file(path: str) -> bool:
    """Tell whether the suffix of a file is that of a table, plain or packed.

    That of ``.json`` is not: most of those beside tables describe them.
    """
    suffix = file_suffix(path).lower()
    plain = next((suffix.removesuffix(mark) for mark in _PACKED if suffix.endswith(mark)), suffix)
    return (plain in _SUFFIXES and plain != ".json") or plain in _READ_ONLY


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
    if is_url(path):
        return is_remote(path) and "*" in path
    return bool(set(path) & set("*?")) and not Path(path).exists()


def is_url(path: str) -> bool:
    r"""Tell whether a path is an address, such as that of a database.

    Examples
    --------
    >>> is_url("postgresql://localhost/shop"), is_url("C:\\shop.csv")
    (True, False)
    """
    return bool(_SCHEME.match(path))


def is_remote(path: str) -> bool:
    """Tell whether a path is the address of a file in an object store or of the web.

    Examples
    --------
    >>> is_remote("s3://bucket/shop.csv"), is_remote("postgresql://localhost/shop")
    (True, False)
    """
    scheme = _SCHEME.match(path)
    return scheme is not None and scheme[1].lower() in (*_STORES, *_WEB)


@contextmanager
def file_system(path: str) -> Iterator[tuple[Any, str]]:
    """Yield the file system of an address (of fsspec), and the path there.

    Raises
    ------
    OptionError
        If fsspec, or the library that it needs for the address, is not installed.
    TableFileError
        If the store refuses something within the block.
    """
    scheme = path.partition(":")[0].lower()
    fsspec = load_extra("fsspec.core", f"An address of {scheme}", "stores", "download the file")
    try:
        yield fsspec.url_to_fs(path)
    except ImportError as error:
        raise OptionError(f"{shown_place(path)} can't be read: {error}") from error
    except (DataError, OptionError, OSError):
        raise
    except Exception as error:  # the library of each store has errors of its own
        raise TableFileError(f"{shown_place(path)} can't be read: {error}") from error


def is_folder(path: str) -> bool:
    """Tell whether a path is a folder; of an address without a suffix, its store tells."""
    if not is_remote(path):
        return Path(path).is_dir()
    if file_suffix(path) or path.lower().startswith(tuple(f"{own}:" for own in _WEB)):
        return False
    with file_system(path) as (system, place):
        return bool(system.isdir(place))


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


def load_extra(
    module: str, purpose: str, extra: str, otherwise: str = "use CSV or JSON lines"
) -> Any:
    """Import a library that is an optional dependency.

    Parameters
    ----------
    module
        The library, or a module of it.
    purpose
        The format that needs it, for the message.
    extra
        The extra of tabgan that brings it.
    otherwise
        What does without it, for the message.

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
            f"pip install '.[{extra}]', or {otherwise}"
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


NAMED: tuple[Format, ...] = ("xlsx", *DATABASES)  # in which a table has a name
_NEARLY_EMPTY = 0.1  # share of filled cells, below which a column without a label may be overlooked
TEXT_FORMATS: tuple[Format, ...] = ("csv", "tsv")  # whose cells are texts
_ARROW: tuple[Format, ...] = ("parquet", "feather", "duckdb")  # whose columns have Arrow's types
_LIBRARIES: dict[Format, tuple[str, str, str]] = {
    "parquet": ("pyarrow", "Parquet", "parquet"),
    "feather": ("pyarrow", "Feather", "parquet"),
    "xlsx": ("openpyxl", "Excel", "excel"),
    "duckdb": ("duckdb", "DuckDB", "duckdb"),
    "sqlite": ("sqlalchemy", "A database", "sql"),
    "sql": ("sqlalchemy", "A database", "sql"),
}


@dataclass(frozen=True)
class FileColumn:
    """Describes how a column stands in its file, where that differs from the usual.

    Attributes
    ----------
    name
        The column's name in the table; None for a blank column, which the table leaves out.
    label
        Its name in the header; None where the header has no cell for it.
    quotes_texts, quotes_blanks
        Whether text files set its texts and its empty cells in quotes.
    number_format, width
        Excel's format of its numbers and dates, and its width in characters; None for the usual.
    mixes_texts
        Whether a sheet has texts beside its numbers or dates, which the table holds as texts.
    """

    name: str | None
    label: str | None
    quotes_texts: bool = False
    quotes_blanks: bool = False
    number_format: str | None = None
    width: float | None = None
    mixes_texts: bool = False


@dataclass(frozen=True)
class TableForm:
    """Describes how a table is stored, so that another one can be written in the same form.

    Parameters
    ----------
    format
        One of `FORMATS`, or "sql".
    delimiter, line_end
        Between fields and after rows of CSV and TSV.
    encoding
        Of CSV, TSV and JSON lines; ``utf-8-sig`` is UTF-8 with a byte-order mark.
    arrow_schema
        The ``pyarrow.Schema`` of a Parquet, Feather or DuckDB file that was read; None otherwise.
    table
        Name of the table of a database, or of the sheet of a workbook.
    sql_types
        SQLAlchemy's types of the columns of a table that was read from a database, by name.
    typed
        Whether texts that are written numbers and dates are to be stored as these: the file has
        types, and the table comes from one that has none.
    has_header
        Whether the columns have names in the file.
    columns
        How the columns stand in the file, in their order there; empty where all is as usual.
    quote, escape, sep_line
        Of text files, as of `tabgan.files.open_text.Dialect`.
    notes
        What was skipped or renamed when the table was read, one line each.
    lists
        The columns of JSON whose cells are arrays or objects, which a table holds as texts.
    is_array
        Whether the rows of JSON are the items of one array, and not lines.
    n_rows
        Rows of a table of which a sample was read; None if all of them were.
    """

    format: Format = "csv"
    delimiter: str = ","
    line_end: str = "\n"
    encoding: str = "utf-8"
    arrow_schema: Any = None
    table: str | None = None
    sql_types: Mapping[str, Any] = field(default_factory=dict)
    typed: bool = False
    has_header: bool = True
    columns: tuple[FileColumn, ...] = ()
    quote: str = '"'
    escape: str | None = None
    sep_line: bool = False
    notes: tuple[str, ...] = field(default=(), compare=False)
    lists: frozenset[str] = frozenset()
    is_array: bool = False
    n_rows: int | None = field(default=None, compare=False)

    @property
    def title(self) -> str:
        """The name of the table to write."""
        return self.table or "synthetic"

    @classmethod
    def of(
        cls, table_format: Format, *, delimiter: str | None = None, encoding: str | None = None
    ) -> "TableForm":
        """Return the usual form of a format, with options of text files.

        Parameters
        ----------
        table_format
            The format.
        delimiter, encoding
            Of text files; None for the usual ones.

        Raises
        ------
        OptionError
            If the delimiter or the encoding can't be used.
        """
        form = cls(table_format, delimiter="\t" if table_format == "tsv" else ",")
        if delimiter is not None:
            form = replace(form, delimiter=check_delimiter(delimiter))
        if encoding is not None:
            form = replace(form, encoding=check_encoding(encoding))
        return form

    def for_output(
        self,
        path: str,
        *,
        table_format: Format | None = None,
        delimiter: str | None = None,
        encoding: str | None = None,
        table: str | None = None,
    ) -> "TableForm":
        r"""Return the form in which a table like this one is written to `path`.

        Parameters
        ----------
        path
            The file or address to write to.
        table_format
            The format; None goes by the suffix, and without one keeps this form's format.
        delimiter, encoding
            Of text files; None for those of this form, or the usual ones of another format.
        table
            Name of the table of a database, or of the sheet of a workbook.

        Raises
        ------
        OptionError
            If the path's suffix or an option names no format, or the format needs a library that
            is not installed.

        Examples
        --------
        >>> TableForm("csv", delimiter=";").for_output("out.csv").delimiter
        ';'
        >>> TableForm("csv", delimiter=";").for_output("out.tsv").delimiter
        '\t'
        """
        chosen = self._chosen(path, table_format)
        if chosen in _LIBRARIES:
            load_extra(*_LIBRARIES[chosen])
        options = TableForm.of(chosen, delimiter=delimiter, encoding=encoding)
        if table is not None and chosen not in NAMED:
            raise OptionError(
                f"{shown_place(path)}: only a database or a workbook takes a table's name "
                f"({table!r}); leave it out"
            )
        options = replace(options, table=table or self.table, sql_types=self.sql_types)
        if chosen != self.format:
            typed = self.format in TEXT_FORMATS and chosen not in TEXT_FORMATS
            is_array = chosen == "jsonl" and ".json" in Path(path).suffixes
            options = replace(options, typed=typed, is_array=is_array)
            is_arrow = self.arrow_schema is not None and chosen in _ARROW
            return replace(options, arrow_schema=self.arrow_schema) if is_arrow else options
        return replace(
            self,
            delimiter=options.delimiter if delimiter is not None else self.delimiter,
            encoding=options.encoding if encoding is not None else self.encoding,
            table=options.table,
        )

    def without(self, columns: Collection[Hashable]) -> "TableForm":
        """Return the form of the table without some of its columns."""
        left = tuple(column for column in self.columns if column.name not in columns)
        schema = self.arrow_schema
        for place in reversed(range(0 if schema is None else len(schema.names))):
            schema = schema.remove(place) if schema.names[place] in columns else schema
        return replace(self, columns=left, arrow_schema=schema)

    def columns_of(self, names: Iterable[Hashable]) -> tuple[FileColumn, ...]:
        """Return how columns stand in the file; as usual where the form describes others."""
        names = list(names)
        if [column.name for column in self.columns if column.name is not None] == names:
            return self.columns
        return tuple(FileColumn(str(name), str(name)) for name in names)

    def header_of(self, block: pd.DataFrame) -> list[str | None]:
        """Return the cells of the header above the first rows; None where it has no cell.

        A nearly empty column without a label gets its name: readers would take it for none.
        """
        cells, header = iter(block.items()), list[str | None]()
        for column in self.columns_of(block.columns):
            values = None if column.name is None else next(cells)[1]
            lacks_label = not (column.label or "").strip()
            is_lost = lacks_label and values is not None and _is_nearly_empty(values)
            header.append(column.name if is_lost else column.label)
        return header

    def _chosen(self, path: str, table_format: Format | None) -> Format:
        """Choose the format of a file to write; a database can't go to standard output."""
        by_path = None if table_format and not is_url(path) else format_of(path, to_write=True)
        chosen = by_path or table_format
        if path != "-":
            return chosen or ("sqlite" if self.format == "sql" else self.format)
        if chosen in DATABASES:
            raise OptionError(
                f"a database ({chosen}) can't go to standard output; name a file with -o"
            )
        return chosen or ("csv" if self.format in DATABASES else self.format)


def _is_nearly_empty(values: pd.Series) -> bool:
    filled = sum(value != "" for value in values.dropna())
    return bool(filled < _NEARLY_EMPTY * len(values))


def column_names(labels: Iterable[Hashable]) -> list[str]:
    """Return the texts that stand for column labels in a file of any format.

    The parts of a label of several levels are joined by dots, blank ones left out.

    Raises
    ------
    TableContentError
        If two labels have one text.

    Examples
    --------
    >>> column_names(["age", 2024, ("sales", "north"), ("city", "")])
    ['age', '2024', 'sales.north', 'city']
    """
    known: dict[str, Hashable] = {}
    for label in labels:
        parts = [str(part) for part in label] if isinstance(label, tuple) else [str(label)]
        name = ".".join(filter(None, parts))
        if name in known:
            raise TableContentError(
                f"Columns {known[name]!r} and {label!r} would both be named {name!r} in a file, "
                "where names are text and must differ; rename one"
            )
        known[name] = label
    return list(known)


def check_delimiter(delimiter: str) -> str:
    r"""Return the delimiter that an option stands for; ``\t`` and ``tab`` are a tabulator."""
    delimiter = {"\\t": "\t", "tab": "\t", "blank": " "}.get(delimiter, delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise OptionError(
            f"delimiter={delimiter!r} can't separate fields; give a single character other than "
            "a quote or a line end, such as ',' ';' '|' or 'tab'"
        )
    return delimiter


def check_encoding(encoding: str) -> str:
    """Return the encoding if Python knows it."""
    try:
        "a".encode(encoding)
    except (LookupError, ValueError):
        known = ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252", "cp1251", "shift_jis", "gbk"]
        raise OptionError(
            f"encoding={encoding!r} is not an encoding that Python knows; "
            f"{did_you_mean(encoding, known)}"
        ) from None
    return encoding
