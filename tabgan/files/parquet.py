"""Parquet, by way of pyarrow."""

from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from tabgan.files.arrow import ArrowTables, frame_of_arrow, load_pyarrow
from tabgan.files.errors import TableContentError
from tabgan.files.forms import TableForm

__all__ = ["ParquetBlocks", "read_parquet", "read_parquet_folder"]


def read_parquet(
    stream: BinaryIO, name: str, *, by_schema: bool = False
) -> tuple[pd.DataFrame, Any]:
    """Read a Parquet file.

    Returns
    -------
    tuple
        The table, as `frame_of_arrow` makes it, and its ``pyarrow.Schema``.

    Raises
    ------
    TableContentError
        If the file is not Parquet or is damaged.
    OptionError
        If pyarrow is not installed.
    """
    parquet = load_pyarrow("Parquet", "pyarrow.parquet")
    arrow = load_pyarrow("Parquet")
    try:
        return frame_of_arrow(parquet.read_table(stream), by_schema=by_schema)
    except arrow.ArrowException as error:
        raise TableContentError(f"{name} is not a Parquet file, or damaged: {error}") from error


def read_parquet_folder(path: str, *, by_schema: bool = False) -> tuple[pd.DataFrame, Any]:
    """Read a folder of Parquet files as one table; folders ``key=value`` in it become columns.

    The type of such a column is what its values have in common; text, if it goes `by_schema`.

    Raises
    ------
    TableContentError
        If it holds no Parquet file, or one that is damaged or has other columns.
    OptionError
        If pyarrow is not installed.
    """
    dataset = load_pyarrow("Parquet", "pyarrow.dataset")
    arrow = load_pyarrow("Parquet")
    files = sorted(str(file) for file in Path(path).rglob("*.parquet") if file.is_file())
    if not files:
        raise TableContentError(f"{path} is a folder without Parquet files; name a table file")
    folders = "hive"
    if by_schema:
        parts = Path(files[0]).relative_to(path).parts[:-1]
        keys = [part.partition("=")[0] for part in parts if "=" in part]
        texts = arrow.schema([(key, arrow.string()) for key in keys])
        folders = dataset.partitioning(texts, flavor="hive")
    try:
        found = dataset.dataset(
            files, format="parquet", partitioning=folders, partition_base_dir=path
        )
        return frame_of_arrow(found.to_table(), by_schema=by_schema)
    except (arrow.ArrowException, OSError) as error:
        raise TableContentError(
            f"{path}: its Parquet files can't be read as one table: {error}"
        ) from error


class ParquetBlocks:
    """Writes blocks of rows as the row groups of one Parquet file."""

    def __init__(self, sink: BinaryIO, form: TableForm) -> None:
        self._parquet = load_pyarrow("Parquet", "pyarrow.parquet")
        self._tables = ArrowTables(form.arrow_schema, "Parquet")
        self._sink = sink
        self._writer: Any = None

    def write(self, block: pd.DataFrame) -> None:
        """Append the rows of a block."""
        table = self._tables.of(block)
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(self._sink, self._tables.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        """Write what ends a Parquet file."""
        if self._writer is not None:
            self._writer.close()
