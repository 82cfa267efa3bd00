"""Parquet, by way of pyarrow."""

import re
from typing import Any, BinaryIO

import pandas as pd

from tabgan.files.arrow import load_pyarrow
from tabgan.files.formats import TableContentError, TableForm

__all__ = ["ParquetBlocks", "read_parquet"]

_UNNAMED_INDEX = re.compile(r"__index_level_\d+__")  # how pandas stores an index without a name


def read_parquet(stream: BinaryIO, name: str) -> tuple[pd.DataFrame, Any]:
    """Read a Parquet file, with each of its fields as a column.

    Integers and booleans with missing values come as pandas' nullable types, so that no digit
    is lost.

    Returns
    -------
    tuple
        The table and its ``pyarrow.Schema``.

    Raises
    ------
    TableContentError
        If the file is not Parquet or is damaged.
    TableFileError
        If pyarrow is not installed.
    """
    arrow = load_pyarrow()
    try:
        table = arrow.parquet.read_table(stream)
        table = table.drop_columns([f for f in table.column_names if _UNNAMED_INDEX.fullmatch(f)])
        frame = table.to_pandas(ignore_metadata=True)
    except arrow.ArrowException as error:
        raise TableContentError(f"{name} is not a Parquet file, or damaged: {error}") from error
    nullable = _nullable_types(arrow)
    for place, field in enumerate(table.schema):
        if field.type in nullable and table.column(place).null_count:
            column = table.column(place).to_pandas(types_mapper=nullable.get)
            frame.isetitem(place, column)
    return frame, table.schema


def _nullable_types(arrow: Any) -> dict[Any, Any]:
    """Map Arrow's integers and booleans to the pandas types that have a missing value."""
    types: dict[Any, Any] = {arrow.bool_(): pd.BooleanDtype()}
    for bits in (8, 16, 32, 64):
        types[getattr(arrow, f"int{bits}")()] = pd.api.types.pandas_dtype(f"Int{bits}")
        types[getattr(arrow, f"uint{bits}")()] = pd.api.types.pandas_dtype(f"UInt{bits}")
    return types


class ParquetBlocks:
    """Writes blocks of rows as the row groups of one Parquet file."""

    def __init__(self, sink: BinaryIO, form: TableForm) -> None:
        self._arrow = load_pyarrow()
        self._sink = sink
        self._schema = form.arrow_schema
        self._writer: Any = None

    def write(self, block: pd.DataFrame) -> None:
        """Append the rows of a block; the first one's types hold for all."""
        arrow = self._arrow
        try:
            if self._schema is None:
                self._schema = _schema_of(arrow, block)
            table = arrow.Table.from_pandas(block, schema=self._schema, preserve_index=False)
        except (arrow.ArrowException, OverflowError, UnicodeEncodeError) as error:
            raise _unwritable(arrow, block, self._schema) from error
        table = table.replace_schema_metadata(self._schema.metadata)
        if self._writer is None:
            self._writer = arrow.parquet.ParquetWriter(self._sink, self._schema)
        self._writer.write_table(table)

    def close(self) -> None:
        """Write what ends a Parquet file."""
        if self._writer is not None:
            self._writer.close()


def _schema_of(arrow: Any, block: pd.DataFrame) -> Any:
    """Infer the schema; a column of nothing but missing values counts as text."""
    schema = arrow.Schema.from_pandas(block, preserve_index=False)
    for place, field in enumerate(schema):
        if arrow.types.is_null(field.type):
            schema = schema.set(place, field.with_type(arrow.string()))
    return schema


def _unwritable(arrow: Any, block: pd.DataFrame, schema: Any) -> TableContentError:
    """Name the first column that Arrow refuses."""
    for place, label in enumerate(block.columns):
        kind = None if schema is None else schema.field(place).type
        try:
            arrow.scalar(label)  # a name may hold what no Parquet text does
            arrow.Array.from_pandas(block.iloc[:, place], type=kind)
        except (arrow.ArrowException, OverflowError, UnicodeEncodeError) as error:
            return TableContentError(
                f"Column {label!r} can't be written to Parquet ({error}); write CSV or JSON lines "
                "instead"
            )
    return TableContentError("The table does not fit the columns of the Parquet file")
