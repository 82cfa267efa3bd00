"""Read a table file of any known format."""

from dataclasses import replace
from typing import BinaryIO

import pandas as pd

from tabgan.errors import OptionError
from tabgan.files.formats import FORMATS, Format, TableContentError, TableForm, format_of
from tabgan.files.json_lines import read_json_lines
from tabgan.files.parquet import read_parquet
from tabgan.files.source import open_bytes, source_name
from tabgan.files.text_files import read_csv

__all__ = ["read_table"]


def read_table(
    path: str,
    *,
    table_format: Format | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    stdin: BinaryIO | None = None,
) -> tuple[pd.DataFrame, TableForm]:
    r"""Read a table from a file.

    CSV and TSV give every cell as a string; JSON lines and Parquet give their own types.

    Parameters
    ----------
    path
        The file, plain or gzip-compressed; ``-`` is standard input.
    table_format
        One of `FORMATS`; None tells it by the suffix, and takes standard input for CSV.
    encoding
        Of text; None goes by the byte-order mark and otherwise takes UTF-8.
    delimiter
        Of CSV; None finds it out among comma, semicolon, tabulator and vertical bar.
    stdin
        What ``-`` reads instead of the process's standard input.

    Returns
    -------
    tuple
        The table and the form in which it lay in the file.

    Raises
    ------
    OptionError
        If an option has an impossible value, or nothing tells the format.
    TableFileError
        If the file can't be opened or read.
    TableContentError
        If the file holds no table of its format, or one without rows.

    Examples
    --------
    >>> import io
    >>> frame, form = read_table("-", stdin=io.BytesIO(b"code;share\n007;0.50\n"))
    >>> frame.to_dict("records"), form.delimiter
    ([{'code': '007', 'share': '0.50'}], ';')
    """
    chosen = table_format or format_of(path) or ("csv" if path == "-" else None)
    if chosen is None:
        raise OptionError(
            f"{path}: there is no suffix to tell the format by; name it: {', '.join(FORMATS)}"
        )
    form = TableForm.of(chosen, delimiter=delimiter, encoding=encoding)
    name = source_name(path)
    with open_bytes(path, stdin) as stream:
        frame, form = _read(stream, name, form, encoding, delimiter)
    if not len(frame):
        raise TableContentError(f"{name} has no rows; a table needs a row at least")
    return frame, form


def _read(
    stream: BinaryIO, name: str, form: TableForm, encoding: str | None, delimiter: str | None
) -> tuple[pd.DataFrame, TableForm]:
    if form.format == "parquet":
        frame, schema = read_parquet(stream, name)
        return frame, replace(form, arrow_schema=schema)
    if form.format == "jsonl":
        frame, found = read_json_lines(stream, name, encoding)
        return frame, replace(form, encoding=found)
    if form.format == "tsv":
        delimiter = form.delimiter
    frame, delimiter, line_end, found = read_csv(stream, name, encoding, delimiter)
    return frame, replace(form, delimiter=delimiter, line_end=line_end, encoding=found)
