"""Tables of DuckDB files, by way of Arrow."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pandas as pd

from tabgan.base.atomic_files import beside
from tabgan.base.errors import TableFileError
from tabgan.files.arrow_files import (
    BATCH_ROWS,
    ArrowTables,
    frame_of_arrow,
    frame_of_sample,
    load_pyarrow,
)
from tabgan.files.formats import check_query, chosen_table, load_extra, table_is_there
from tabgan.files.table_form import TableForm

__all__ = [
    "DuckDBBlocks",
    "connected_duckdb",
    "check_duckdb_table",
    "open_duckdb_table",
    "read_duckdb",
]

_TABLES = """
    SELECT CASE WHEN table_schema = current_schema() THEN table_name
                ELSE table_schema || '.' || table_name END AS name,
           '"' || replace(table_schema, '"', '""') || '"."' || replace(table_name, '"', '""') || '"'
    FROM information_schema.tables WHERE table_catalog = current_database()
"""


def read_duckdb(
    path: str,
    table: str | None = None,
    query: str | None = None,
    *,
    most_rows: int | None = None,
    by_schema: bool = False,
) -> tuple[pd.DataFrame, str | None, Any, int]:
    """Read a table of a DuckDB file, or the rows of a query, which can't change the file.

    Parameters
    ----------
    path
        The file.
    table, query
        The table's name, or a query for rows. Neither takes the only table that there is.
    most_rows
        Number of rows to choose uniformly where there are more, in one pass; None for all rows.
    by_schema
        As of `frame_of_arrow`.

    Returns
    -------
    tuple
        The rows, the table's name (None for a query), their ``pyarrow.Schema``, and the number of
        all rows.

    Raises
    ------
    OptionError
        If there is no such table, the query does not ask for rows, or a library is not installed.
    TableFileError
        If the file can't be opened, or the query can't be run.
    """
    load_pyarrow("DuckDB")
    if not Path(path).is_file():
        raise TableFileError(f"{path}: no such file; check the path")
    with connected_duckdb(path, path, write=False) as connection:
        if query is None:
            tables = dict(connection.execute(_TABLES).fetchall())
            table = chosen_table(table, list(tables), path)
            query = f"SELECT * FROM {tables[table]}"
        else:
            check_query(query)
        if most_rows is not None and not by_schema:
            rows = connection.sql(query)
            is_new = hasattr(rows, "to_arrow_reader")  # older versions have another name for it
            read = rows.to_arrow_reader if is_new else rows.fetch_arrow_reader
            reader = read(BATCH_ROWS)
            frame, schema, total = frame_of_sample(reader, most_rows, reader.schema)
            return frame, table, schema, total
        rows = connection.sql(query).to_arrow_table()
        frame, schema = frame_of_arrow(rows, by_schema=by_schema)
        return frame, table, schema, len(frame)


def check_duckdb_table(path: str, table: str, *, force: bool) -> None:
    """Check that a table may be written, before any work for it is done.

    Parameters
    ----------
    path, table
        The DuckDB file, and the table's name.
    force
        Whether a table that exists may be replaced.

    Raises
    ------
    OptionError
        If a library is not installed.
    TableFileError
        If the file is none of DuckDB's, or has the table and `force` is not set.
    """
    if Path(path).is_file():
        with connected_duckdb(path, path, write=False) as connection:
            if not force and table in dict(connection.execute(_TABLES).fetchall()):
                raise table_is_there(table, path)


@contextmanager
def open_duckdb_table(path: str, form: TableForm, *, force: bool) -> Iterator["DuckDBBlocks"]:
    """Open a table to be written in one transaction, which an error undoes.

    A new file is made beside its place and moved there.

    Parameters
    ----------
    path, form, force
        The file, the form with the table's name, and whether a table may be replaced.

    Raises
    ------
    OptionError, TableFileError
        As `check_duckdb_table`.
    """
    check_duckdb_table(path, form.title, force=force)
    place = nullcontext(Path(path)) if Path(path).exists() else beside(path)
    with place as target, connected_duckdb(str(target), path, write=True) as connection:
        connection.begin()
        yield DuckDBBlocks(connection, form)
        connection.commit()


class DuckDBBlocks:
    """Writes blocks of rows into a table of a DuckDB file."""

    def __init__(self, connection: Any, form: TableForm) -> None:
        self._connection = connection
        self._table = _quoted(form.title)
        self._tables = ArrowTables(form.arrow_schema, "DuckDB")
        self._is_made = False

    def write(self, block: pd.DataFrame) -> None:
        """Append the rows of a block."""
        self._connection.register("tabgan_block", self._tables.of(block))
        if not self._is_made:
            columns = ", ".join(_declared(block.iloc[:, at]) for at in range(block.shape[1]))
            self._connection.execute(
                f"CREATE OR REPLACE TABLE {self._table} AS "
                f"SELECT {columns} FROM tabgan_block LIMIT 0"
            )
            self._is_made = True
        self._connection.execute(f"INSERT INTO {self._table} SELECT * FROM tabgan_block")
        self._connection.unregister("tabgan_block")

    def close(self) -> None:
        """Do nothing: every block is written at once."""


def _quoted(name: str, mark: str = '"') -> str:
    """Write a name, or with other marks a text, as SQL has it."""
    return mark + name.replace(mark, mark * 2) + mark


def _declared(values: pd.Series) -> str:
    """Return the SQL for a column; categories that are texts become an enumeration type."""
    name, dtype = _quoted(str(values.name)), values.dtype
    levels = dtype.categories.tolist() if isinstance(dtype, pd.CategoricalDtype) else []
    if not levels or not all(isinstance(level, str) for level in levels):
        return name
    listed = ", ".join(_quoted(level, "'") for level in levels)
    return f"CAST({name} AS ENUM ({listed})) AS {name}"


@contextmanager
def connected_duckdb(path: str, shown: str, *, write: bool) -> Iterator[Any]:
    """Open a file, beyond which a query can't reach; DuckDB's errors become errors of our own."""
    duckdb = load_extra("duckdb", "DuckDB", "duckdb")
    try:
        with duckdb.connect(
            path, read_only=not write, config={"enable_external_access": write}
        ) as connection:
            yield connection
    except duckdb.Error as error:
        raise TableFileError(f"{shown}: DuckDB says: {str(error)[:300]}") from error
