"""Tables of databases: SQL servers and SQLite by way of SQLAlchemy, DuckDB by way of Arrow."""

import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from tabgan.base.errors import OptionError, TableFileError
from tabgan.base.safe_files import beside, journals_of
from tabgan.files.arrow_files import (
    BATCH_ROWS,
    ArrowTables,
    frame_of_arrow,
    frame_of_sample,
    load_pyarrow,
)
from tabgan.files.file_cells import frame_of_rows
from tabgan.files.formats import (
    TableContentError,
    TableForm,
    check_query,
    chosen_table,
    is_url,
    load_extra,
    shown_place,
    table_is_there,
)

__all__ = [
    "DuckDBBlocks",
    "SqlBlocks",
    "cells_to_write",
    "check_duckdb_table",
    "check_sql_table",
    "connected_duckdb",
    "connected_sql",
    "new_database",
    "open_duckdb_table",
    "open_sql_table",
    "read_duckdb",
    "read_sql",
    "types_to_write",
]

_ROWS_AT_ONCE = 10_000
_READ_ONLY = {  # what begins a transaction that can't change anything
    "mysql": "SET TRANSACTION READ ONLY",
    "mariadb": "SET TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}
_SQLITE_WORDS = {"nothing", "returning"}  # of its language, which SQLAlchemy does not quote
_WITH_ZONES = ("postgresql", "oracle", "mssql")
_WITH_INTERVALS = ("postgresql", "oracle")


def read_sql(
    url: str, table: str | None = None, query: str | None = None
) -> tuple[pd.DataFrame, str | None, dict[str, Any]]:
    """Read a table of a database, or the rows of a query, in a transaction that is rolled back.

    Parameters
    ----------
    url
        The address of a database in SQLAlchemy's form, or an SQLite file.
    table, query
        The table's name, or a query for rows. Neither takes the only table that there is.

    Returns
    -------
    tuple
        The rows, the table's name (None for a query) and the SQL types of its columns (none for a
        query).

    Raises
    ------
    OptionError
        If there is no such table, the query does not ask for rows, or a library is not installed.
    TableFileError
        If the database can't be opened or does not answer.
    TableContentError
        If a value is none of its column's type, or two columns have one name.
    """
    sqlalchemy = load_extra("sqlalchemy", "A database", "sql")
    place = shown_place(url)
    if query is not None:
        check_query(query)
    with connected_sql(url, write=False) as connection:
        types: dict[str, Any] = {}
        if query is None:
            source = _reflected(connection, table, place)
            # `str`: SQLAlchemy's names are of a type of their own.
            table = str(source.name)
            types = {str(column.name): column.type for column in source.columns}
            statement = sqlalchemy.select(source)
        else:
            statement = sqlalchemy.text(query)
        return _rows_of(connection, statement, place), table, types


def _rows_of(connection: Any, statement: Any, place: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's, of SQLite's decimals
        result = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(statement)
        names = list(map(str, result.keys()))
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise TableContentError(
                f"{place}: the query gives two columns named {twice!r}; name them apart with AS"
            )
        try:
            return frame_of_rows(names, result.partitions())
        except ValueError as error:
            raise TableContentError(
                f"{place}: a value is none of its column's declared type ({error}); ask for the "
                "column as text with a query"
            ) from error


def _reflected(connection: Any, table: str | None, place: str) -> Any:
    """Look up a table and its columns; its name may have that of its schema before it."""
    sqlalchemy = load_extra("sqlalchemy", "A database", "sql")
    inspector = sqlalchemy.inspect(connection)
    schema, _, name = table.rpartition(".") if table else ("", "", "")
    if schema and inspector.has_table(name, schema):
        source = sqlalchemy.Table(
            name, sqlalchemy.MetaData(), autoload_with=connection, schema=schema
        )
    else:
        names = [*inspector.get_table_names(), *inspector.get_view_names()]
        name = chosen_table(table, names, place)
        source = sqlalchemy.Table(name, sqlalchemy.MetaData(), autoload_with=connection)
    for column in source.columns:
        if isinstance(column.type, sqlalchemy.Uuid):
            column.type = sqlalchemy.Uuid(as_uuid=False)  # as text
    return source


def check_sql_table(url: str, table: str, *, force: bool) -> None:
    """Check that a table may be written, before any work for it is done.

    Parameters
    ----------
    url
        The address of the database, or an SQLite file.
    table
        The table's name.
    force
        Whether a table that exists may be replaced.

    Raises
    ------
    OptionError
        If the address can't be used, or a library is not installed.
    TableFileError
        If the database does not answer, or has the table and `force` is not set.
    """
    path = _sqlite_path(url)
    if path is not None and not path.exists():
        if not path.resolve().parent.is_dir():
            raise TableFileError(f"{path} can't be written: there is no such folder; create it")
        return
    sqlalchemy = load_extra("sqlalchemy", "A database", "sql")
    with connected_sql(url, write=False) as connection:
        if not force and sqlalchemy.inspect(connection).has_table(table):
            raise table_is_there(table, shown_place(url))


@contextmanager
def open_sql_table(url: str, form: TableForm, *, force: bool) -> Iterator["SqlBlocks"]:
    """Open a table to be written in one transaction, which an error undoes.

    A new SQLite file is made beside its place and moved there.

    Parameters
    ----------
    url, form, force
        The address, the form with the table's name, and whether a table may be replaced.

    Raises
    ------
    OptionError, TableFileError
        As `check_sql_table`.
    """
    path, table = _sqlite_path(url), form.title
    shown = shown_place(url)
    target = nullcontext(url) if path is None or path.exists() else new_database(path)
    with target as place, connected_sql(str(place), write=True, shown=shown) as connection:
        yield SqlBlocks(connection, table, form.sql_types, shown, force=force)
        connection.commit()


@contextmanager
def new_database(path: str | Path) -> Iterator[Path]:
    """Yield the name of a new file that becomes an SQLite or DuckDB database at the end.

    A process that was killed may have left a journal beside the older file, which the new one
    would take for its own. So the older database first undoes or finishes these changes.

    Parameters
    ----------
    path
        The file whose place the new one takes.
    """
    with beside(path) as target:
        yield target
        place = Path(path).resolve()
        journals = [journal for journal in journals_of(place) if journal.exists()]
        if journals and place.exists():
            with suppress(TableFileError):  # it may be no database any more
                _recover(str(place), is_duckdb=journals[0].suffix == ".wal")
        for journal in journals:
            journal.unlink(missing_ok=True)


def _recover(path: str, *, is_duckdb: bool) -> None:
    if is_duckdb:
        with connected_duckdb(path, path, write=True) as connection:
            connection.execute("CHECKPOINT")
    else:
        with connected_sql(path, write=True) as connection:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")


class SqlBlocks:
    """Writes blocks of rows into a table of a database.

    Parameters
    ----------
    connection
        An open connection of SQLAlchemy.
    table
        The table's name.
    types
        SQL types of columns, by name; the first block decides the others.
    place
        The name of the database for messages.
    force
        Whether a table of that name is replaced.
    """

    def __init__(self, connection: Any, table: str, types: Any, place: str, *, force: bool) -> None:
        self._connection = connection
        self._name = table
        self._types = types
        self._place = place
        self._force = force
        self._table: Any = None

    def write(self, block: pd.DataFrame) -> None:
        """Append the rows of a block."""
        if self._table is None:
            self._table = self._create(block)
        kinds = [column.type for column in self._table.columns]
        columns = (cells_to_write(block.iloc[:, at], kind) for at, kind in enumerate(kinds))
        rows = [dict(zip(block.columns, row, strict=True)) for row in zip(*columns, strict=True)]
        if rows:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # SQLAlchemy's, of SQLite's decimals
                self._insert(rows)

    def _insert(self, rows: list[dict[str, Any]]) -> None:
        try:
            self._connection.execute(self._table.insert(), rows)
        except OverflowError as error:  # of the driver
            raise TableContentError(
                f"{self._place}: a number is too large for a column of {self._name!r} ({error}); "
                "write CSV or JSON lines instead"
            ) from error

    def _create(self, block: pd.DataFrame) -> Any:
        sqlalchemy = load_extra("sqlalchemy", "A database", "sql")
        connection = self._connection
        if sqlalchemy.inspect(connection).has_table(self._name):
            if not self._force:
                raise table_is_there(self._name, self._place)
            sqlalchemy.Table(self._name, sqlalchemy.MetaData()).drop(connection)
        types = types_to_write(block, self._types, connection.dialect.name)
        columns = [sqlalchemy.Column(name, kind) for name, kind in types.items()]
        table = sqlalchemy.Table(self._name, sqlalchemy.MetaData(), *columns)
        table.create(connection)
        return table

    def close(self) -> None:
        """Do nothing: every block is written at once."""


def types_to_write(block: pd.DataFrame, known: Mapping[str, Any], dialect: str) -> dict[str, Any]:
    """Choose the SQL type of each column: the one that was read, or one for its values.

    Texts have no greatest length, as generated texts may be longer than the real ones. Times with a
    zone and durations are texts where the database has no type for them.

    Parameters
    ----------
    block
        Rows of the table.
    known
        The types that were read, by column.
    dialect
        SQLAlchemy's name of the database's kind.
    """
    sql = load_extra("sqlalchemy", "A database", "sql")
    chosen = {}
    for place, name in enumerate(block.columns):
        kind = known.get(name)
        kind = _type_of(sql, block.iloc[:, place]) if kind is None else _general(sql, kind)
        zoned = isinstance(kind, sql.DateTime) and kind.timezone and dialect not in _WITH_ZONES
        lasting = isinstance(kind, sql.Interval) and dialect not in _WITH_INTERVALS
        chosen[name] = sql.Text() if zoned or lasting else kind
    return chosen


def cells_to_write(values: pd.Series, kind: Any) -> list[Any]:
    """Return the cells of a column for its SQL type; in a column of texts all become texts.

    Parameters
    ----------
    values, kind
        The column, and its SQLAlchemy type.
    """
    sql = load_extra("sqlalchemy", "A database", "sql")
    objects = values.astype(object)
    cells: list[Any] = objects.where(values.notna(), None).tolist()
    if not isinstance(kind, sql.Text):
        return cells
    return [cell if cell is None or isinstance(cell, str) else _written(cell) for cell in cells]


def _written(cell: Any) -> str:
    """Write a cell as text: dates, times and durations in ISO form."""
    return str(cell.isoformat() if hasattr(cell, "isoformat") else cell)


def _general(sql: Any, kind: Any) -> Any:
    """Return the nearest type that every database has."""
    try:
        kind = kind.as_generic()
    except NotImplementedError:
        return sql.Text()
    if isinstance(kind, sql.String | sql.types.NullType) and not isinstance(kind, sql.Enum):
        return sql.Text()
    return sql.BigInteger() if isinstance(kind, sql.Integer) else kind


def _type_of(sql: Any, values: pd.Series) -> Any:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    kinds = pd.api.types
    if kinds.is_bool_dtype(dtype):
        return sql.Boolean()
    if kinds.is_integer_dtype(dtype):
        return sql.BigInteger()
    if kinds.is_float_dtype(dtype):
        return sql.Double()
    if dtype.kind == "M":
        return sql.DateTime(timezone=_is_zoned(values))
    if dtype.kind == "m":
        return sql.Interval()
    return _type_of_objects(sql, values.dropna())


def _type_of_objects(sql: Any, values: pd.Series) -> Any:
    types = set(map(type, values.astype(object)))
    choices: list[tuple[type, Any]] = [
        (datetime, sql.DateTime(timezone=_is_zoned(values))),
        (timedelta, sql.Interval()),
        (date, sql.Date()),
        (time, sql.Time()),
        (Decimal, sql.Numeric(38, _decimals(values) if types == {Decimal} else 0)),
    ]
    for kind, choice in choices:
        if types and all(issubclass(own, kind) for own in types):
            return choice
    return sql.Text()


def _is_zoned(values: pd.Series) -> bool:
    return any(getattr(value, "tzinfo", None) is not None for value in values.dropna().head(1))


def _decimals(values: pd.Series) -> int:
    exponents = [value.as_tuple().exponent for value in values]
    return max((-e for e in exponents if isinstance(e, int)), default=0)


@contextmanager
def connected_sql(url: str, *, write: bool, shown: str | None = None) -> Iterator[Any]:
    """Connect, and turn a database's errors into errors of our own, without the password."""
    sqlalchemy = load_extra("sqlalchemy", "A database", "sql")
    place = shown or shown_place(url)
    try:
        engine = _engine(sqlalchemy, url, write=write)
        with warnings.catch_warnings(), engine.connect() as connection:
            for start in ("Could not instantiate type", "Did not recognize type"):
                warnings.filterwarnings("ignore", start)  # as int(11), which stands for int
            yield connection if write else _read_only(connection)
    except (sqlalchemy.exc.ArgumentError, sqlalchemy.exc.NoSuchModuleError) as error:
        raise OptionError(
            f"{place}: not the address of a database that SQLAlchemy knows ({error}); give one "
            "such as postgresql://user@host/name"
        ) from error
    except ImportError as error:
        raise OptionError(
            f"{place}: the database's driver is not installed ({error}); install it with pip"
        ) from error
    except (sqlalchemy.exc.SQLAlchemyError, sqlite3.Error) as error:
        cause = str(getattr(error, "orig", None) or error)
        if not write and "readonly database" in cause:
            cause = (
                "a process that wrote to it was killed, and its changes have to be undone, which "
                "reading can't; open it with sqlite3, or write to it"
            )
        raise TableFileError(
            f"{place}: the database says: {_without_secret(cause, url)}"
        ) from error
    else:
        engine.dispose()


def _engine(sqlalchemy: Any, url: str, *, write: bool) -> Any:
    path = _sqlite_path(url)
    if path is None:
        return sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    if not write and not path.is_file():
        raise TableFileError(f"{path}: no such file; check the path")
    address = f"file:{quote(str(path))}?mode={'rwc' if write else 'ro'}"

    def connect() -> sqlite3.Connection:
        # Without Python's own transactions, which leave out the making of tables.
        return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)

    engine = sqlalchemy.create_engine(
        "sqlite://", creator=connect, poolclass=sqlalchemy.pool.NullPool
    )
    names = engine.dialect.identifier_preparer
    names.reserved_words = names.reserved_words | _SQLITE_WORDS
    sqlalchemy.event.listen(engine, "begin", lambda own: own.exec_driver_sql("BEGIN"))
    return engine


def _read_only(connection: Any) -> Any:
    """Forbid changes where the database can; the transaction is rolled back in any case."""
    name = connection.dialect.name
    if name == "postgresql":
        return connection.execution_options(postgresql_readonly=True)
    if name in _READ_ONLY:
        connection.exec_driver_sql(_READ_ONLY[name])
    return connection


def _sqlite_path(url: str) -> Path | None:
    """Return the file of an SQLite database; None for any other one."""
    if not is_url(url):
        return Path(url)
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0].lower() != "sqlite":
        return None
    return Path(rest.removeprefix("/").partition("?")[0])


def _without_secret(text: str, url: str) -> str:
    """Take the password of an address out of a message."""
    sqlalchemy = load_extra("sqlalchemy", "A database", "sql")
    try:
        secret = sqlalchemy.make_url(url).password if is_url(url) else None
    except sqlalchemy.exc.ArgumentError:
        secret = None
    return text.replace(str(secret), "***") if secret else text


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
    place = nullcontext(Path(path)) if Path(path).exists() else new_database(path)
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
