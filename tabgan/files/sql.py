"""Tables of databases, by way of SQLAlchemy."""

import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from tabgan.atomic import beside
from tabgan.errors import OptionError, TableFileError
from tabgan.files.columns import frame_of_rows
from tabgan.files.errors import TableContentError
from tabgan.files.extras import load_extra
from tabgan.files.formats import is_url, shown_place
from tabgan.files.forms import TableForm
from tabgan.files.queries import check_query, chosen_table, table_is_there
from tabgan.files.sql_types import cells_to_write, types_to_write

__all__ = ["SqlBlocks", "check_sql_table", "open_sql_table", "read_sql"]

_ROWS_AT_ONCE = 10_000
_READ_ONLY = {  # what begins a transaction that can't change anything
    "mysql": "SET TRANSACTION READ ONLY",
    "mariadb": "SET TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}


def read_sql(
    url: str, table: str | None = None, query: str | None = None
) -> tuple[pd.DataFrame, str | None, dict[str, Any]]:
    """Read a table of a database, or what a query gives, in a transaction that is rolled back.

    Parameters
    ----------
    url
        The address of a database, as SQLAlchemy has it, or the file of an SQLite database.
    table, query
        The table's name, or a query for rows. Neither takes the only table that there is.

    Returns
    -------
    tuple
        The rows, the table's name and the SQL types of its columns; of a query neither.

    Raises
    ------
    OptionError
        If there is no such table, the query does not ask for rows, or a library is lacking.
    TableFileError
        If the database can't be opened or does not answer.
    TableContentError
        If a value is none of its column's type, or two columns have one name.
    """
    sqlalchemy = load_extra("sqlalchemy", "A database", "sql")
    place = shown_place(url)
    if query is not None:
        check_query(query)
    with _connection(url, write=False) as connection:
        types: dict[str, Any] = {}
        if query is None:
            source = _reflected(connection, table, place)
            # `str`: SQLAlchemy's names are of a type of their own.
            table = str(source.name)
            types = {str(column.name): column.type for column in source.columns}
            asked = sqlalchemy.select(source)
        else:
            asked = sqlalchemy.text(query)
        return _rows_of(connection, asked, place), table, types


def _rows_of(connection: Any, asked: Any, place: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's, of SQLite's decimals
        result = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(asked)
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
        found = sqlalchemy.Table(
            name, sqlalchemy.MetaData(), autoload_with=connection, schema=schema
        )
    else:
        names = [*inspector.get_table_names(), *inspector.get_view_names()]
        name = chosen_table(table, names, place)
        found = sqlalchemy.Table(name, sqlalchemy.MetaData(), autoload_with=connection)
    for column in found.columns:
        if isinstance(column.type, sqlalchemy.Uuid):
            column.type = sqlalchemy.Uuid(as_uuid=False)  # as text
    return found


def check_sql_table(url: str, table: str, *, force: bool) -> None:
    """Check that a table may be written, before any work for it is done.

    Raises
    ------
    OptionError
        If the address can't be used, or a library is lacking.
    TableFileError
        If the database does not answer, or has the table and `force` is not set.
    """
    path = _sqlite_path(url)
    if path is not None and not path.exists():
        if not path.resolve().parent.is_dir():
            raise TableFileError(f"{path} can't be written: there is no such folder; create it")
        return
    sqlalchemy = load_extra("sqlalchemy", "A database", "sql")
    with _connection(url, write=False) as connection:
        if not force and sqlalchemy.inspect(connection).has_table(table):
            raise table_is_there(table, shown_place(url))


@contextmanager
def open_sql_table(url: str, form: TableForm, *, force: bool) -> Iterator["SqlBlocks"]:
    """Open a table to be written in one transaction, which an error undoes.

    A new SQLite file is made beside its place and moved there.

    Raises
    ------
    OptionError, TableFileError
        As `check_sql_table`.
    """
    path, table = _sqlite_path(url), form.title
    shown = shown_place(url)
    target = nullcontext(url) if path is None or path.exists() else beside(path)
    with target as place, _connection(str(place), write=True, shown=shown) as connection:
        yield SqlBlocks(connection, table, form.sql_types, shown, force=force)
        connection.commit()


class SqlBlocks:
    """Writes blocks of rows into a table of a database.

    Parameters
    ----------
    connection
        SQLAlchemy's, with a transaction under way.
    table
        The table's name.
    types
        SQL types of columns, by name; the others' follow from the first block.
    place
        What messages call the database.
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
        """Nothing is held back."""


@contextmanager
def _connection(url: str, *, write: bool, shown: str | None = None) -> Iterator[Any]:
    """Connect, and turn what a database may raise into errors of our own without a password."""
    sqlalchemy = load_extra("sqlalchemy", "A database", "sql")
    place = shown or shown_place(url)
    try:
        engine = _engine(sqlalchemy, url, write=write)
        with engine.connect() as connection:
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
    sqlalchemy.event.listen(engine, "begin", lambda own: own.exec_driver_sql("BEGIN"))
    return engine


def _read_only(connection: Any) -> Any:
    """Forbid changes where the database has a way to; the transaction is rolled back anyhow."""
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
