"""JSON lines: one object a row."""

import codecs
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.files.file_cells import objects, typed
from tabgan.files.formats import TableContentError, TableForm
from tabgan.files.open_text import TextLines
from tabgan.table.frame_libraries import list_of

__all__ = ["JsonBlocks", "read_json_lines"]

_ROWS_AT_ONCE = 1000


def read_json_lines(
    stream: BinaryIO, name: str, encoding: str | None = None
) -> tuple[pd.DataFrame, str]:
    """Read JSON lines; columns come in the order in which their keys do.

    Numbers stay numbers, text stays text and an array is a list: nothing is read as a date. A cell
    is missing where the line has null, or has no such key.

    Parameters
    ----------
    stream, name
        The bytes, and the name of the file for messages.
    encoding
        Of the text; None finds it out.

    Returns
    -------
    tuple
        The table and its encoding.

    Raises
    ------
    TableContentError
        If a line is not a JSON object of plain values and arrays; the message names the line.
    """
    lines = TextLines(stream, name, encoding)
    blocks: list[dict[str, NDArray[np.object_]]] = []
    sizes: list[int] = []
    for rows in _blocks(lines, name):
        keys = dict.fromkeys(key for row in rows for key in row)
        blocks.append({key: objects([row.get(key) for row in rows]) for key in keys})
        sizes.append(len(rows))
    columns = dict.fromkeys(key for block in blocks for key in block)
    frame = pd.DataFrame(
        {key: typed([block.pop(key, _nothing(n)) for block, n in zip(blocks, sizes, strict=True)])
         for key in columns},
        index=range(sum(sizes)),
    )  # fmt: skip
    frame.columns = pd.Index(columns, dtype=object)
    return frame, lines.encoding


def _blocks(lines: TextLines, name: str) -> Iterator[list[dict[str, Any]]]:
    rows = (_row(line, f"{name}, line {lines.number}") for line in lines if line.strip())
    while block := list(islice(rows, _ROWS_AT_ONCE)):
        yield block


def _row(line: str, place: str) -> dict[str, Any]:
    """Parse one line, or say why it is not a row."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TableContentError(
            f"{place}: not JSON ({error}); each line of the file must be one JSON object"
        ) from error
    if not isinstance(row, dict):
        raise TableContentError(
            f"{place}: found a JSON {_json_type(row)}, but each line must be an object such as "
            '{"age": 39, "city": "Oslo"}'
        )
    for key, value in row.items():
        if isinstance(value, dict):
            raise TableContentError(
                f"{place}, key {key!r}: the value is a nested {_json_type(value)}; a table has "
                "plain values and arrays only: flatten it into keys of its own, or leave it out"
            )
    return row


def _json_type(value: object) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _nothing(rows: int) -> NDArray[np.object_]:
    return np.full(rows, None, dtype=object)


class JsonBlocks:
    """Writes blocks of rows as JSON lines.

    Missing values and infinities, for which JSON has no number, are null. Texts of columns of lists
    become arrays.
    """

    def __init__(self, sink: BinaryIO, form: TableForm) -> None:
        self._sink = sink
        # Characters missing from the encoding (a lone surrogate in UTF-8) become \\uXXXX, which
        # is how JSON writes them anyway.
        self._encoder = codecs.getincrementalencoder(form.encoding)(errors="backslashreplace")
        self._lists = form.lists
        self._json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain)

    def write(self, block: pd.DataFrame) -> None:
        """Append the rows of a block, whose column labels are texts."""
        objects = block.astype(object)
        columns = objects.mask(block.isna() | objects.isin([np.inf, -np.inf]), None)
        cells = zip(*(self._cells(columns.iloc[:, i]) for i in range(block.shape[1])), strict=True)
        rows = (dict(zip(block.columns, row, strict=True)) for row in cells)
        text = "".join(f"{line}\n" for line in map(self._json.encode, rows))
        self._sink.write(self._encoder.encode(text))

    def _cells(self, values: pd.Series) -> list[Any]:
        if values.name not in self._lists:
            return values.tolist()
        lists = map(list_of, values)
        return [text if cell is None else cell for text, cell in zip(values, lists, strict=True)]

    def close(self) -> None:
        """Do nothing: every block is written at once."""


def _plain(value: object) -> object:
    """Write what JSON has no form for as text: dates in ISO form."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
