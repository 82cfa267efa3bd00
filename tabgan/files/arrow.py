"""What the formats that go by way of Arrow share: Parquet, Feather and DuckDB."""

import re
from typing import Any

import pandas as pd

from tabgan.files.errors import TableContentError
from tabgan.files.extras import load_extra
from tabgan.inference import as_frame

__all__ = ["ArrowTables", "frame_of_arrow", "load_pyarrow"]

_UNNAMED_INDEX = re.compile(r"__index_level_\d+__")  # how pandas stores an index without a name


def load_pyarrow(purpose: str, module: str = "pyarrow") -> Any:
    """Import pyarrow, or one of its modules.

    Raises
    ------
    OptionError
        If it is not installed.
    """
    return load_extra(module, purpose, "parquet")


def frame_of_arrow(table: Any, *, by_schema: bool = False) -> tuple[pd.DataFrame, Any]:
    """Return an Arrow table as a DataFrame, with each of its fields as a column, and its schema.

    Integers and booleans with missing values come as pandas' nullable types, so that no digit
    is lost.

    Parameters
    ----------
    table
        A ``pyarrow.Table``.
    by_schema
        Whether no row may have a say: columns are then of Arrow's types, and the schema is without
        metadata, in which a file may note how many rows it has, or their range.
    """
    arrow = load_pyarrow("Arrow")
    table = table.drop_columns([f for f in table.column_names if _UNNAMED_INDEX.fullmatch(f)])
    if by_schema:
        schema = arrow.schema([field.remove_metadata() for field in table.schema])
        return as_frame(table), schema
    frame = table.to_pandas(ignore_metadata=True)
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


class ArrowTables:
    """Turns blocks of rows into Arrow tables of one schema.

    Parameters
    ----------
    schema
        The schema; None takes the first block's.
    purpose
        The format that the tables are for, as messages name it.
    """

    def __init__(self, schema: Any, purpose: str) -> None:
        self.schema = schema
        self.arrow = load_pyarrow(purpose)
        self._purpose = purpose

    def of(self, block: pd.DataFrame) -> Any:
        """Return a block as a table; the first one's types hold for all.

        Raises
        ------
        TableContentError
            If a column does not fit a type of Arrow.
        """
        arrow = self.arrow
        try:
            if self.schema is None:
                self.schema = _schema_of(arrow, block)
            table = arrow.Table.from_pandas(block, schema=self.schema, preserve_index=False)
        except (arrow.ArrowException, OverflowError, UnicodeEncodeError) as error:
            raise self._unwritable(block) from error
        return table.replace_schema_metadata(self.schema.metadata)

    def _unwritable(self, block: pd.DataFrame) -> TableContentError:
        """Name the first column that Arrow refuses."""
        arrow = self.arrow
        for place, label in enumerate(block.columns):
            kind = None if self.schema is None else self.schema.field(place).type
            try:
                arrow.scalar(label)  # a name may hold what no text of Arrow does
                arrow.Array.from_pandas(block.iloc[:, place], type=kind)
            except (arrow.ArrowException, OverflowError, UnicodeEncodeError) as error:
                return TableContentError(
                    f"Column {label!r} can't be written to {self._purpose} ({error}); write CSV "
                    "or JSON lines instead"
                )
        return TableContentError(f"The table does not fit the columns of the {self._purpose} file")


def _schema_of(arrow: Any, block: pd.DataFrame) -> Any:
    """Infer the schema; a column of nothing but missing values counts as text."""
    schema = arrow.Schema.from_pandas(block, preserve_index=False)
    for place, field in enumerate(schema):
        if arrow.types.is_null(field.type):
            schema = schema.set(place, field.with_type(arrow.string()))
    return schema
