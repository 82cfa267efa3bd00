"""Feather, which is Arrow's own file format, by way of pyarrow."""

from typing import Any, BinaryIO

import pandas as pd

from tabgan.files.arrow import ArrowTables, frame_of_arrow, load_pyarrow
from tabgan.files.errors import TableContentError
from tabgan.files.forms import TableForm

__all__ = ["FeatherBlocks", "read_feather"]

_FILE_MARK = b"ARROW1"  # else it is Arrow's stream, which has no index at its end


def read_feather(
    stream: BinaryIO, name: str, *, by_schema: bool = False
) -> tuple[pd.DataFrame, Any]:
    """Read a Feather file or a stream of Arrow, compressed or not.

    Returns
    -------
    tuple
        The table, as `frame_of_arrow` makes it, and its ``pyarrow.Schema``.

    Raises
    ------
    TableContentError
        If the file is not Feather or is damaged.
    OptionError
        If pyarrow is not installed.
    """
    arrow = load_pyarrow("Feather")
    mark = stream.read(len(_FILE_MARK))
    stream.seek(0)
    try:
        opener = arrow.ipc.open_file if mark == _FILE_MARK else arrow.ipc.open_stream
        return frame_of_arrow(opener(stream).read_all(), by_schema=by_schema)
    except (arrow.ArrowException, OSError) as error:
        raise TableContentError(f"{name} is not a Feather file, or damaged: {error}") from error


class FeatherBlocks:
    """Writes blocks of rows as the record batches of one Feather file, compressed by Zstandard."""

    def __init__(self, sink: BinaryIO, form: TableForm) -> None:
        self._tables = ArrowTables(form.arrow_schema, "Feather")
        self._sink = sink
        self._writer: Any = None

    def write(self, block: pd.DataFrame) -> None:
        """Append the rows of a block."""
        table, arrow = self._tables.of(block), self._tables.arrow
        if self._writer is None:
            options = arrow.ipc.IpcWriteOptions(compression="zstd")
            self._writer = arrow.ipc.new_file(self._sink, self._tables.schema, options=options)
        try:
            self._writer.write_table(table)
        except arrow.ArrowException as error:  # a category that no block before has had
            raise TableContentError(
                f"The table can't be written to Feather ({error}); write Parquet instead"
            ) from error

    def close(self) -> None:
        """Write what ends a Feather file."""
        if self._writer is not None:
            self._writer.close()
