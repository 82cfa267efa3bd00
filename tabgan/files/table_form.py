"""The form of a table in its file: format, delimiter, encoding, types, table name."""

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.files.formats import (
    DATABASES,
    Format,
    TableContentError,
    format_of,
    is_url,
    load_extra,
    shown_place,
)

__all__ = [
    "NAMED",
    "FileColumn",
    "TableForm",
    "check_delimiter",
    "check_encoding",
    "column_names",
]

NAMED: tuple[Format, ...] = ("xlsx", *DATABASES)  # in which a table has a name
_TEXTS: tuple[Format, ...] = ("csv", "tsv")  # whose cells are texts
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
        Of text files, as of `tabgan.files.text_dialect.Dialect`.
    notes
        What was skipped or renamed when the table was read, one line each.
    lists
        The columns of JSON lines whose cells are arrays, which a table holds as texts.
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
            typed = self.format in _TEXTS and chosen not in _TEXTS
            options = replace(options, typed=typed)
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
