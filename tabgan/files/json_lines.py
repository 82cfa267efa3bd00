"""JSON: one object a line, or an array of objects."""

import codecs
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.files.file_cells import objects, typed
from tabgan.files.formats import TableContentError, TableForm
from tabgan.files.open_text import TextLines

__all__ = ["JsonBlocks", "read_json"]

_ROWS_AT_ONCE = 1000
_NESTED = (dict, list)


def read_json(
    stream: BinaryIO, name: str, form: TableForm, encoding: str | None = None
) -> tuple[pd.DataFrame, TableForm]:
    """Read JSON lines or a JSON document; columns come in the order in which their keys do.

    Numbers stay numbers and text stays text: nothing is read as a date. Arrays and objects are
    texts in JSON. A cell is missing where the row has null, or has no such key.

    Parameters
    ----------
    stream, name
        The bytes, and the name of the file for messages.
    form
        The usual form of the format.
    encoding
        Of the text; None finds it out.

    Returns
    -------
    tuple
        The table and its form.

    Raises
    ------
    TableContentError
        If a line is not a JSON object, or a document holds no rows; the message names the place.
    """
    lines = TextLines(stream, name, encoding)
    rows, is_array, notes = _rows(lines, name)
    blocks: list[dict[str, NDArray[np.object_]]] = []
    sizes: list[int] = []
    nested = set[str]()
    while block := list(islice(rows, _ROWS_AT_ONCE)):
        keys = dict.fromkeys(key for row in block for key in row)
        nested |= {key for row in block for key, cell in row.items() if isinstance(cell, _NESTED)}
        blocks.append({key: objects([row.get(key) for row in block]) for key in keys})
        sizes.append(len(block))
    columns = dict.fromkeys(key for block in blocks for key in block)
    for key in nested:
        for cells in (part[key] for part in blocks if key in part):
            cells[:] = [_text_of(cell) for cell in cells]
    frame = pd.DataFrame(
        {key: typed([block.pop(key, _nothing(n)) for block, n in zip(blocks, sizes, strict=True)])
         for key in columns},
        index=range(sum(sizes)),
    )  # fmt: skip
    frame.columns = pd.Index(columns, dtype=object)
    return frame, replace(
        form, encoding=lines.encoding, lists=frozenset(nested), is_array=is_array, notes=notes
    )


def _text_of(cell: Any) -> Any:
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, _NESTED) else cell


def _rows(lines: TextLines, name: str) -> tuple[Iterator[dict[str, Any]], bool, tuple[str, ...]]:
    """Return the rows, whether they stand in one document, and notes on that."""
    filled = ((line, lines.number) for line in lines if line.strip())
    first = list(islice(filled, 2))
    is_document = bool(first) and (
        first[0][0].lstrip()[:1] == "[" or not _is_whole(first[0][0]) or _is_wrapper(first)
    )
    if not is_document:
        return (_row(*line, name) for line in chain(first, filled)), False, ()
    text = "".join(line for line, _ in chain(first, filled))
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TableContentError(
            f"{name}, line {first[0][1]}: not JSON ({error}); the file must be an array of "
            "objects, or have one object a line"
        ) from error
    rows, notes = _rows_of(document, name)
    return iter(rows), True, notes


def _is_whole(line: str) -> bool:
    """Tell whether a line is JSON of its own, or looks like an object that is broken."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return line.rstrip()[-1:] == "}"
    return True


def _is_wrapper(lines: list[tuple[str, int]]) -> bool:
    """Tell whether the only line of a file is an object that holds rows."""
    if len(lines) > 1:
        return False
    try:
        document = json.loads(lines[0][0])
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and any(isinstance(v, _NESTED) for v in document.values())


def _rows_of(document: Any, name: str) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Return the rows of a document: an array, one in an object, or columns as pandas writes them.

    Raises
    ------
    TableContentError
        If there are none.
    """
    if isinstance(document, list):
        if not all(isinstance(row, dict) for row in document):
            kind = next(_json_type(row) for row in document if not isinstance(row, dict))
            raise TableContentError(
                f"{name}: the array holds a JSON {kind}, but each item must be an object such as "
                '{"age": 39, "city": "Oslo"}'
            )
        return document, ()
    if not isinstance(document, dict):
        raise TableContentError(f"{name}: found a JSON {_json_type(document)}, but no rows")
    tables = {
        key: value
        for key, value in document.items()
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value)
    }
    if not tables:
        return _rows_of_columns(document), ()
    key = max(tables, key=lambda key: len(tables[key]))
    others = [other for other in document if other != key]
    left = f"; other keys are skipped: {', '.join(map(repr, others[:5]))}" if others else ""
    return tables[key], (f"the rows are those of key {key!r}{left}",)


def _rows_of_columns(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of columns, or of parts, as pandas writes them; else the object is a row."""
    values = list(document.values())
    if {"columns", "data"} <= document.keys() and isinstance(document["data"], list):
        return [dict(zip(document["columns"], row, strict=False)) for row in document["data"]]
    if values and all(isinstance(value, dict) for value in values):
        if not all(key.isdecimal() for key in values[0]):
            return values
        numbers = dict.fromkeys(number for value in values for number in value)
        return [{key: part.get(row) for key, part in document.items()} for row in numbers]
    if all(isinstance(value, list) for value in values) and len({*map(len, values)}) == 1:
        return [dict(zip(document, row, strict=True)) for row in zip(*values, strict=True)]
    return [document]


def _row(line: str, number: int, name: str) -> dict[str, Any]:
    """Parse one line, or say why it is not a row."""
    place = f"{name}, line {number}"
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
    return row


def _json_type(value: object) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _nothing(rows: int) -> NDArray[np.object_]:
    return np.full(rows, None, dtype=object)


class JsonBlocks:
    """Writes blocks of rows as JSON lines, or as the items of one array.

    Missing values and infinities, for which JSON has no number, are null. Texts of columns of
    arrays and objects become these.
    """

    def __init__(self, sink: BinaryIO, form: TableForm) -> None:
        self._sink = sink
        # Characters missing from the encoding (a lone surrogate in UTF-8) become \\uXXXX, which
        # is how JSON writes them anyway.
        self._encoder = codecs.getincrementalencoder(form.encoding)(errors="backslashreplace")
        self._lists = form.lists
        self._is_array, self._is_begun = form.is_array, False
        self._json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain)

    def write(self, block: pd.DataFrame) -> None:
        """Append the rows of a block, whose column labels are texts."""
        objects = block.astype(object)
        columns = objects.mask(block.isna() | objects.isin([np.inf, -np.inf]), None)
        cells = zip(*(self._cells(columns.iloc[:, i]) for i in range(block.shape[1])), strict=True)
        rows = (dict(zip(block.columns, row, strict=True)) for row in cells)
        encoded = list(map(self._json.encode, rows))
        if not self._is_array:
            self._put("".join(f"{line}\n" for line in encoded))
        elif encoded:
            self._put((",\n" if self._is_begun else "[\n") + ",\n".join(encoded))
            self._is_begun = True

    def _put(self, text: str) -> None:
        self._sink.write(self._encoder.encode(text))

    def _cells(self, values: pd.Series) -> list[Any]:
        if values.name not in self._lists:
            return values.tolist()
        return list(map(_nested, values))

    def close(self) -> None:
        """End the array."""
        if self._is_array:
            self._put("\n]\n" if self._is_begun else "[]\n")


def _nested(cell: Any) -> Any:
    """Return the array or the object that a text stands for; else the text."""
    try:
        read = json.loads(cell)
    except (TypeError, ValueError):
        return cell
    return read if isinstance(read, _NESTED) else cell


def _plain(value: object) -> object:
    """Write what JSON has no form for as text: dates in ISO form."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
