"""Which form a table file has, and by what it is told."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from tabgan.errors import DataError, OptionError, TableFileError, did_you_mean
from tabgan.files.arrow import load_pyarrow

__all__ = [
    "FORMATS",
    "Format",
    "TableContentError",
    "TableForm",
    "column_names",
    "file_suffix",
    "format_of",
]

Format = Literal["csv", "tsv", "jsonl", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


class TableContentError(TableFileError, DataError):
    """A table file can be opened, but what it holds is not a table of its format."""


@dataclass(frozen=True)
class TableForm:
    """How a table lies in a file: all that is needed to write another one in the same form.

    Parameters
    ----------
    format
        One of `FORMATS`.
    delimiter, line_end
        Between fields and after rows of CSV and TSV.
    encoding
        Of CSV, TSV and JSON lines; ``utf-8-sig`` is UTF-8 with a byte-order mark.
    arrow_schema
        The ``pyarrow.Schema`` of a Parquet file that was read; None otherwise.
    """

    format: Format = "csv"
    delimiter: str = ","
    line_end: str = "\n"
    encoding: str = "utf-8"
    arrow_schema: Any = None

    @classmethod
    def of(
        cls, table_format: Format, *, delimiter: str | None = None, encoding: str | None = None
    ) -> "TableForm":
        """Return the usual form of a format, with the given options.

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
    ) -> "TableForm":
        r"""Return the form in which a table like this one is written to `path`.

        Raises
        ------
        OptionError
            If the path's suffix or an option names no format.
        TableFileError
            If the format is Parquet and pyarrow is not installed.

        Examples
        --------
        >>> TableForm("csv", delimiter=";").for_output("out.csv").delimiter
        ';'
        >>> TableForm("csv", delimiter=";").for_output("out.tsv").delimiter
        '\t'
        """
        chosen = table_format or format_of(path) or self.format
        if chosen == "parquet":
            load_pyarrow()
        options = TableForm.of(chosen, delimiter=delimiter, encoding=encoding)
        if chosen != self.format:
            return options
        return replace(
            self,
            delimiter=options.delimiter if delimiter is not None else self.delimiter,
            encoding=options.encoding if encoding is not None else self.encoding,
        )


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


def file_suffix(path: str) -> str:
    """Return the suffix of a path, with the one before ``.gz`` too.

    Examples
    --------
    >>> file_suffix("data/2024.sales.csv.gz")
    '.csv.gz'
    """
    name = Path(path)
    if name.suffix.lower() == ".gz":
        return Path(name.stem).suffix + name.suffix
    return name.suffix


def format_of(path: str) -> Format | None:
    """Tell the format by the suffix of a path; None where there is no suffix to tell by.

    Raises
    ------
    OptionError
        If the suffix is that of another format.
    """
    suffix = file_suffix(path).lower().removesuffix(".gz")
    if path == "-" or not suffix:
        return None
    if suffix not in _SUFFIXES:
        raise OptionError(
            f"{path}: {suffix!r} is not the suffix of a table format; tabgan knows "
            f"{', '.join(_SUFFIXES)} (and .gz after them); otherwise name the format: "
            f"{', '.join(FORMATS)}"
        )
    return _SUFFIXES[suffix]


def check_delimiter(delimiter: str) -> str:
    r"""Return the delimiter that an option means; ``\t`` and ``tab`` stand for a tabulator."""
    delimiter = "\t" if delimiter in {"\\t", "tab"} else delimiter
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
