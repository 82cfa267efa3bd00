"""Parquet and Feather files, and Arrow tables for DuckDB, by way of pyarrow."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.files.file_cells import sample_batches
from tabgan.files.formats import (
    TableContentError,
    TableForm,
    file_system,
    is_pattern,
    is_remote,
    load_extra,
    shown_place,
)
from tabgan.inference.accept_table import as_frame
from tabgan.table.frame_libraries import for_pandas, list_places, lists_as_text, with_lists

__all__ = [
    "ArrowTables",
    "FeatherBlocks",
    "ParquetBlocks",
    "count_parquet_rows",
    "frame_of_arrow",
    "frame_of_sample",
    "load_pyarrow",
    "read_feather",
    "read_parquet",
    "read_parquet_dataset",
]

_UNNAMED_INDEX = re.compile(r"__index_level_\d+__")  # how pandas stores an index without a name
BATCH_ROWS = 65_536
_FILE_MARK = b"ARROW1"  # else it is Arrow's stream, which has no index at its end


def read_parquet(
    stream: BinaryIO, name: str, *, by_schema: bool = False
) -> tuple[pd.DataFrame, Any]:
    """Read a Parquet file.

    Parameters
    ----------
    stream, name
        The bytes, and the name of the file for messages.
    by_schema
        As of `frame_of_arrow`.

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
    except (arrow.ArrowException, UnicodeDecodeError) as error:
        raise TableContentError(
            f"{name} is not a Parquet file, or damaged: {error}; name the format that it has with "
            "--format, or none to have it found"
        ) from error


def read_parquet_dataset(
    path: str, *, most_rows: int | None = None, by_schema: bool = False
) -> tuple[pd.DataFrame, Any, int]:
    """Read Parquet files as one table; folders ``key=value`` between them become columns.

    Parameters
    ----------
    path
        A folder, a pattern with ``*`` and ``?``, or a file.
    most_rows
        Number of rows to choose uniformly where there are more, in one pass; None for all rows.
    by_schema
        As of `frame_of_arrow`. Columns that come from folders are then text; otherwise their
        values decide the type.

    Returns
    -------
    tuple
        The table, its ``pyarrow.Schema``, and the number of all rows.

    Raises
    ------
    TableContentError
        If there is no Parquet file, or one that is damaged or has other columns.
    OptionError
        If pyarrow is not installed.
    """
    load = load_pyarrow("Parquet", "pyarrow.dataset")
    arrow = load_pyarrow("Parquet")
    if is_remote(path):
        with file_system(path) as (system, place):
            folder, files = _remote_files(system, place, path)
    else:
        system, (folder, files) = None, _parquet_files(path)
    options = {"format": "parquet", "partitioning": "hive", "partition_base_dir": folder}
    options["filesystem"] = system
    if by_schema:
        parts = Path(files[0]).relative_to(folder).parts[:-1]
        keys = [part.partition("=")[0] for part in parts if "=" in part]
        texts = arrow.schema([(key, arrow.string()) for key in keys])
        options["partitioning"] = load.partitioning(texts, flavor="hive")
    try:
        dataset = load.dataset(files, **options)
        common = _common_schema(arrow, dataset)
        if common != dataset.schema:
            dataset = load.dataset(files, schema=common, **options)
        total = dataset.count_rows()
        if most_rows is None or total <= most_rows:
            return *frame_of_arrow(dataset.to_table(), by_schema=by_schema), total
        batches = dataset.to_batches(batch_size=BATCH_ROWS, batch_readahead=1, fragment_readahead=1)
        return *frame_of_sample(batches, most_rows, dataset.schema)[:2], total
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise TableContentError(
            f"{path}: its Parquet files can't be read as one table: {error}"
        ) from error


def _common_schema(arrow: Any, dataset: Any) -> Any:
    """Return a data set's schema, with types that hold the values of all its files.

    Raises
    ------
    TableContentError
        If a file has other columns than the first one, or types that don't go together.
    """
    common, first = dataset.schema, None
    for fragment in dataset.get_fragments():
        own = [f for f in fragment.physical_schema if not _UNNAMED_INDEX.fullmatch(f.name)]
        names = {field.name for field in own}
        first = first or (fragment.path, names)
        for name in sorted(first[1] ^ names):
            lacking, having = (
                (fragment.path, first[0]) if name in first[1] else (first[0], fragment.path)
            )
            raise TableContentError(
                f"{lacking} has no column {name!r}, and {having} has one; name files of the same "
                "columns only, by a pattern or a folder of their own"
            )
        for field in own:
            place = common.get_field_index(field.name)
            if place < 0:  # a name that comes twice, which Arrow refuses
                continue
            wide = _common_type(arrow, common.field(place).type, field.type)
            if wide is None:
                raise TableContentError(
                    f"{fragment.path}: column {field.name!r} holds {field.type}, and the files "
                    f"before it hold {common.field(place).type}; write one type to all files, or "
                    "name files of the same types only, by a pattern or a folder of their own"
                )
            common = common.set(place, common.field(place).with_type(wide))
    return common


def _common_type(arrow: Any, one: Any, other: Any) -> Any:
    """Return a type for the values of two; None if they are no values of one kind.

    A value that the type can't hold exactly, such as a long integer beside decimals, is an error
    of Arrow's when it is read.
    """
    if one == other or arrow.types.is_null(other):
        return one
    if arrow.types.is_null(one):
        return other
    kinds = [_kind(arrow, kind) for kind in (one, other)]
    if kinds[0] != kinds[1] or kinds[0] is None:
        return None
    if arrow.types.is_dictionary(one) != arrow.types.is_dictionary(other):
        return one.value_type if arrow.types.is_dictionary(one) else one
    schemas = [arrow.schema([("", kind)]) for kind in (one, other)]
    try:
        return arrow.unify_schemas(schemas, promote_options="permissive").field(0).type
    except arrow.ArrowException:
        return None


def _kind(arrow: Any, kind: Any) -> tuple[str, Any] | None:
    """Return what two types share if one can hold the values of both."""
    types = arrow.types
    values = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_string(values) or types.is_large_string(values):
        return "text", None
    if types.is_integer(kind) or types.is_floating(kind):
        return "number", None
    if types.is_timestamp(kind):
        return "time", kind.tz
    return ("decimal", None) if types.is_decimal(kind) else None


def count_parquet_rows(path: str) -> int:
    """Return the number of rows that a Parquet file says it has; 0 if it is none."""
    parquet = load_pyarrow("Parquet", "pyarrow.parquet")
    arrow = load_pyarrow("Parquet")
    try:
        if not is_remote(path):
            return int(parquet.read_metadata(path).num_rows)
        with file_system(path) as (system, place):
            return int(parquet.read_metadata(place, filesystem=system).num_rows)
    except (arrow.ArrowException, OSError):
        return 0


def _parquet_files(path: str) -> tuple[str, list[str]]:
    """Return the Parquet files of a folder or a pattern, and the folder that they are below."""
    if is_pattern(path):
        parts = Path(path).parts
        at = next(at for at, part in enumerate(parts) if is_pattern(part))
        top = Path(*parts[:at])
        files = sorted(str(file) for file in top.glob(str(Path(*parts[at:]))) if file.is_file())
        if not files:
            raise TableContentError(f"{path}: no file has such a name; check the path")
        return str(top), files
    if Path(path).is_file():
        return str(Path(path).parent), [path]
    files = sorted(str(file) for file in Path(path).rglob("*.parquet") if file.is_file())
    if not files:
        raise TableContentError(f"{path} is a folder without Parquet files; name a table file")
    return path, files


def _remote_files(system: Any, place: str, path: str) -> tuple[str, list[str]]:
    """Return the Parquet files of a folder, pattern or file of another file system."""
    if "*" in place:
        files = sorted(system.glob(place))
        place = place[: place.index("*")].rpartition("/")[0]
    elif system.isfile(place):
        return place.rpartition("/")[0], [place]
    else:
        files = sorted(own for own in system.find(place) if own.endswith(".parquet"))
    if not files:
        raise TableContentError(f"{shown_place(path)}: no Parquet files are there; check the path")
    return place.rstrip("/"), files


def frame_of_sample(
    batches: Iterable[Any], most_rows: int, schema: Any
) -> tuple[pd.DataFrame, Any, int]:
    """Choose rows of record batches uniformly, in one pass.

    Parameters
    ----------
    batches
        The batches.
    most_rows
        Number of rows to choose; all if there are not more.
    schema
        Their ``pyarrow.Schema``.

    Returns
    -------
    tuple
        The table, as `frame_of_arrow` makes it, its schema, and the number of all rows.
    """
    arrow = load_pyarrow("Arrow")

    def take(batch: Any, rows: NDArray[np.intp]) -> Any:
        return batch.take(arrow.array(rows))

    chosen, total = sample_batches(batches, most_rows, take)
    table = arrow.Table.from_batches(chosen, schema=schema).unify_dictionaries()
    return *frame_of_arrow(table), total


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


def read_feather(
    stream: BinaryIO, name: str, *, by_schema: bool = False
) -> tuple[pd.DataFrame, Any]:
    """Read a Feather file or a stream of Arrow, compressed or not.

    Parameters
    ----------
    stream, name
        The bytes, and the name of the file for messages.
    by_schema
        As of `frame_of_arrow`.

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
        table = opener(stream).read_all()
        table.validate(full=True)  # a wrong offset would read other memory, or end the process
        return frame_of_arrow(table, by_schema=by_schema)
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise TableContentError(
            f"{name} is not a Feather file, or damaged: {error}; name the format that it has with "
            "--format, or none to have it found"
        ) from error


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


def load_pyarrow(purpose: str, module: str = "pyarrow") -> Any:
    """Import pyarrow, or one of its modules.

    Parameters
    ----------
    purpose
        The format that needs it, for the message.
    module
        The module.

    Raises
    ------
    OptionError
        If it is not installed.
    """
    return load_extra(module, purpose, "parquet")


def frame_of_arrow(table: Any, *, by_schema: bool = False) -> tuple[pd.DataFrame, Any]:
    """Return an Arrow table as a DataFrame, with each of its fields as a column, and its schema.

    Integers and booleans with missing values come as pandas' nullable types, so that no digit
    is lost. Lists come as texts in JSON.

    Parameters
    ----------
    table
        A ``pyarrow.Table``.
    by_schema
        Whether no row may influence the columns: they are then of Arrow's types, and the schema is
        without metadata, in which a file may note how many rows it has, or their range.
    """
    arrow = load_pyarrow("Arrow")
    table = table.drop_columns([f for f in table.column_names if _UNNAMED_INDEX.fullmatch(f)])
    if by_schema:
        schema = arrow.schema([field.remove_metadata() for field in table.schema])
        return as_frame(table), schema
    frame = for_pandas(table).to_pandas(ignore_metadata=True)
    nullable = _nullable_types(arrow)
    for place, field in enumerate(table.schema):
        if field.type in nullable and table.column(place).null_count:
            column = table.column(place).to_pandas(types_mapper=nullable.get)
            frame.isetitem(place, column)
    return lists_as_text(frame), table.schema


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
            block = with_lists(block, dict.fromkeys(list_places(self.schema), list))
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
