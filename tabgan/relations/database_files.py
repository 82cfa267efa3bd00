"""Reads and writes databases: folders of tables, workbooks, SQLite, DuckDB, SQL servers.

The keys that a database declares are read with the tables, and written with the new ones.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pandas as pd

from tabgan.base.errors import OptionError, TableFileError
from tabgan.base.safe_files import file_names, open_atomically, text_of_name
from tabgan.files.database_tables import (
    cells_to_write,
    connected_duckdb,
    connected_sql,
    new_database,
    read_duckdb,
    read_sql,
    types_to_write,
)
from tabgan.files.excel import ExcelBlocks
from tabgan.files.formats import (
    TEXT_FORMATS,
    Format,
    TableForm,
    file_suffix,
    format_of,
    is_remote,
    is_table_file,
    is_url,
    shown_place,
    writable_suffix,
)
from tabgan.files.open_text import open_bytes
from tabgan.files.read_write import TableWriter, check_output, read_table
from tabgan.files.sheets import open_sheets
from tabgan.relations.relations import ForeignKey, Relations, Tables, repeated_rows, typed_tables

__all__ = ["Database", "check_database_output", "read_database", "table_names", "write_database"]

ROWS_AT_ONCE = 10_000
SHOWN = 5  # names in a note
_SQL: tuple[Format, ...] = ("sqlite", "sql")
Index = tuple[str, tuple[str, ...]]
Unique = Mapping[str, tuple[tuple[str, ...], ...]]


@dataclass(frozen=True)
class Database:
    """The tables of a database, their format, and the declared keys.

    Parameters
    ----------
    tables
        The tables, by name.
    forms
        The form of each.
    relations
        The keys that the database declares; None where its kind can't.
    required
        Columns that may not be empty, by table.
    indexes
        The names and columns of indexes, by table; unique ones are in the relations.
    checks
        Conditions on its rows, in the database's own SQL, by table.
    left_out
        What it has and the new one will not, a line each: views, triggers, defaults.
    path
        The file or address from which it was read; None for files of tables.
    """

    tables: Tables
    forms: Mapping[str, TableForm]
    relations: Relations | None = None
    required: Mapping[str, frozenset[str]] = field(default_factory=dict)
    indexes: Mapping[str, tuple[Index, ...]] = field(default_factory=dict)
    checks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    path: str | None = None


def table_names(path: str) -> list[str]:
    """Return the names of the tables of a database; empty for a single table, or none.

    A folder of Parquet files of the same columns is one table.

    Parameters
    ----------
    path
        A folder, workbook, file or address.
    """
    if path == "-" or is_remote(path):
        return []
    if not is_url(path) and Path(path).is_dir():
        files = _table_files(path)
        return [] if len(files) < 2 or _is_one_table(files) else [*map(_stem, files)]
    if not is_url(path) and not Path(path).is_file():
        return []
    chosen = format_of(path)
    if chosen == "xlsx":
        names = [name for name, _ in _sheets(path)]
    elif chosen == "duckdb":
        with connected_duckdb(path, path, write=False) as connection:
            names = [row[0] for row in connection.execute(_DUCKDB_TABLES).fetchall()]
    elif chosen in _SQL:
        with connected_sql(path, write=False) as connection:
            names = [*map(str, _inspector(connection).get_table_names())]
    else:
        return []
    return names if len(names) > 1 else []


def read_database(path: str, **reading: Any) -> Database:
    """Read all tables of a database.

    Parameters
    ----------
    path
        A folder of table files, a workbook with a table in each sheet, an SQLite or DuckDB file, or
        the address of a database.
    **reading
        Options of `tabgan.files.read_write.read_table`, for folders and workbooks.

    Raises
    ------
    OptionError
        If there are not several tables, or a library is not installed.
    TableFileError
        If the database can't be opened or read.
    """
    names, reading = table_names(path), {**reading, "may_be_empty": True}
    if not names:
        raise OptionError(f"{shown_place(path)}: there are no several tables that belong together")
    if not is_url(path) and Path(path).is_dir():
        read = {_stem(file): read_table(str(file), **reading) for file in _table_files(path)}
        return _of_files(read)
    chosen = format_of(path)
    if chosen == "xlsx":
        return _of_files({name: read_table(path, **{**reading, "table": name}) for name in names})
    if chosen == "duckdb":
        return _read_duckdb(path, names)
    return _read_sql(path, names)


def _of_files(read: Mapping[str, tuple[pd.DataFrame, TableForm]]) -> Database:
    """Return tables of files; the empty cells of text are missing."""
    tables = {
        name: frame.mask(frame == "") if form.format in ("csv", "tsv") else frame
        for name, (frame, form) in read.items()
    }
    return Database(tables, {name: form for name, (_, form) in read.items()})


def _table_files(path: str) -> list[Path]:
    files = sorted(file for file in Path(path).iterdir() if file.is_file())
    return [file for file in files if is_table_file(str(file)) and not file.name.startswith(".")]


def _stem(file: Path) -> str:
    return text_of_name(file.name.removesuffix(file_suffix(str(file))))


def _is_one_table(files: Sequence[Path]) -> bool:
    if {format_of(str(file)) for file in files} != {"parquet"}:
        return False
    columns = {tuple(read_table(str(file))[0].columns) for file in files}
    return len(columns) == 1


def _sheets(path: str) -> Iterator[tuple[str, Any]]:
    with open_bytes(path) as stream:
        for sheet in open_sheets(stream, path):
            filled = [row for _, row in zip(range(20), sheet.rows(), strict=False) if any(row)]
            names = sum(isinstance(cell, str) for cell in filled[0]) if filled else 0
            if sheet.is_visible and (len(filled) > 1 or names > 1):  # names alone: no rows
                yield sheet.title, sheet


def _inspector(connection: Any) -> Any:
    import sqlalchemy

    return sqlalchemy.inspect(connection)


def _read_sql(path: str, names: Sequence[str]) -> Database:
    tables, forms = {}, {}
    for name in names:
        frame, _, types = read_sql(path, name)
        tables[name] = frame
        forms[name] = TableForm(format_of(path) or "sql", table=name, sql_types=types)
    keys: dict[str, tuple[str, ...]] = {}
    foreign: list[ForeignKey] = []
    required, indexes, unique, checks = {}, {}, {}, {}
    with connected_sql(path, write=False) as connection:
        inspector = _inspector(connection)
        left_out = tuple(_left_out(connection, inspector, names))
        for name in names:
            keys[name] = tuple(inspector.get_pk_constraint(name)["constrained_columns"] or ())
            columns = inspector.get_columns(name)
            required[name] = frozenset(own["name"] for own in columns if not own["nullable"])
            indexes[name] = tuple(_indexes(inspector, name))
            unique[name] = tuple(_unique(connection, inspector, name, keys[name]))
            checks[name] = tuple(own["sqltext"] for own in inspector.get_check_constraints(name))
        for name in names:
            for own in inspector.get_foreign_keys(name):
                parent = own["referred_table"]
                referred = tuple(own["referred_columns"] or keys.get(parent, ()))
                if parent in tables:
                    columns = tuple(own["constrained_columns"])
                    foreign.append(ForeignKey(name, columns, parent, referred))
    relations = Relations(
        {name: key for name, key in keys.items() if key},
        tuple(foreign),
        unique={name: own for name, own in unique.items() if own},
    )
    return Database(tables, forms, relations, required, indexes, checks, left_out, path)


def _left_out(connection: Any, inspector: Any, names: Sequence[str]) -> Iterator[str]:
    """Say what of a database is not written to a new one."""
    views = [*map(str, inspector.get_view_names())]
    triggers = list[str]()
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        triggers = [str(row[0]) for row in found]
    defaults = [
        f"{name}.{own['name']}"
        for name in names
        for own in inspector.get_columns(name)
        if str(own["default"] or "NULL").upper() != "NULL" and own.get("autoincrement") is not True
    ]
    for what, found_names in (("views", views), ("triggers", triggers), ("defaults", defaults)):
        if found_names:
            shown = ", ".join(found_names[:SHOWN]) + ", …" * (len(found_names) > SHOWN)
            yield f"{what} are not written to the new database: {shown}"


def _indexes(inspector: Any, table: str) -> Iterator[Index]:
    for own in inspector.get_indexes(table):
        if all(own["column_names"]) and not own["unique"]:
            yield own["name"], tuple(own["column_names"])


def _unique(
    connection: Any, inspector: Any, table: str, key: tuple[str, ...]
) -> list[tuple[str, ...]]:
    """Return columns that are unique by a constraint or an index of all rows."""
    if connection.dialect.name == "sqlite":  # whose words the inspector reads, and misses some
        rows = connection.exec_driver_sql(_SQLITE_UNIQUE, (table,)).fetchall()
        parts = pd.DataFrame(rows, columns=["name", "column"]).groupby("name", sort=False)["column"]
        found = [tuple(own) for _, own in parts if own.notna().all()]
    else:
        found = [tuple(own["column_names"]) for own in inspector.get_unique_constraints(table)]
        for own in inspector.get_indexes(table):
            is_partial = any(name.endswith("_where") for name in own.get("dialect_options", ()))
            if own["unique"] and all(own["column_names"]) and not is_partial:
                found.append(tuple(own["column_names"]))
    return [own for own in dict.fromkeys(found) if own != key]


_SQLITE_UNIQUE = """
    SELECT i.name, c.name FROM pragma_index_list(?) AS i, pragma_index_info(i.name) AS c
    WHERE i."unique" AND NOT i.partial AND i.origin <> 'pk' ORDER BY i.seq, c.seqno
"""
_DUCKDB_TABLES = "SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY table_name"
_DUCKDB_KEYS = """
    SELECT table_name, constraint_type, constraint_column_names, referenced_table,
           referenced_column_names, expression
    FROM duckdb_constraints()
"""
_DUCKDB_INDEXES = "SELECT table_name, index_name, is_unique, expressions FROM duckdb_indexes()"


def _read_duckdb(path: str, names: Sequence[str]) -> Database:
    tables, forms = {}, {}
    for name in names:
        frame, _, schema, _ = read_duckdb(path, name)
        tables[name], forms[name] = frame, TableForm("duckdb", table=name, arrow_schema=schema)
    keys: dict[str, tuple[str, ...]] = {}
    foreign, required = list[ForeignKey](), dict[str, frozenset[str]]()
    unique, checks = dict[str, tuple[tuple[str, ...], ...]](), dict[str, tuple[str, ...]]()
    indexes, left_out = dict[str, tuple[Index, ...]](), list[str]()
    with connected_duckdb(path, path, write=False) as connection:
        described = connection.execute(_DUCKDB_KEYS).fetchall()
        for table, kind, columns, parent, referred, condition in described:
            if kind == "PRIMARY KEY":
                keys[table] = tuple(columns)
            elif kind == "NOT NULL":
                required[table] = required.get(table, frozenset()) | {*columns}
            elif kind == "UNIQUE":
                unique[table] = (*unique.get(table, ()), tuple(columns))
            elif kind == "CHECK":
                checks[table] = (*checks.get(table, ()), condition)
            elif kind == "FOREIGN KEY" and parent in tables:
                foreign.append(ForeignKey(table, tuple(columns), parent, tuple(referred)))
        for table, name, is_unique, text in connection.execute(_DUCKDB_INDEXES).fetchall():
            columns = tuple(part.strip('"') for part in text.strip("[]").split(", "))
            if not {*columns} <= {*tables[table].columns}:
                left_out.append(f"the index {name} is not written to the new database")
            elif is_unique:
                unique[table] = (*unique.get(table, ()), columns)
            else:
                indexes[table] = (*indexes.get(table, ()), (name, columns))
    relations = Relations(keys, tuple(foreign), unique=unique)
    return Database(tables, forms, relations, required, indexes, checks, tuple(left_out))


def check_database_output(path: str, *, force: bool) -> None:
    """Check that a database may be written, before any work for it is done.

    Parameters
    ----------
    path
        The folder, file or address.
    force
        Whether files that exist may be replaced.

    Raises
    ------
    TableFileError
        If the file exists and `force` is not set, or can't be written.
    """
    if is_url(path):
        return
    if not file_suffix(path):
        if Path(path).is_dir() and _table_files(path) and not force:
            raise TableFileError(
                f"{path} already has tables; name another folder with -o, or give --force to "
                "replace them"
            )
        return
    chosen = format_of(path, to_write=True)
    if chosen not in ("sqlite", "duckdb", "xlsx"):
        raise OptionError(
            f"{path}: one file of this kind has no room for several tables; name a folder, or a "
            "file that ends in .db, .duckdb or .xlsx"
        )
    check_output(path, force=force)


def write_database(
    path: str, tables: Tables, source: Database, relations: Relations, *, force: bool
) -> list[str]:
    """Write the tables of a database, with types and keys if the format has them.

    Parameters
    ----------
    path
        A folder, a file, or the address of a database.
    tables
        The tables, by name.
    source
        The database that they are like.
    relations
        The keys.
    force
        Whether what exists may be replaced.

    Returns
    -------
    Notes on what the database could not be told, a line each.
    """
    if not is_url(path) and not file_suffix(path):
        return _write_folder(path, tables, source, force=force)
    chosen = format_of(path, to_write=True)
    texts = [name for name in tables if source.forms[name].format in TEXT_FORMATS]
    tables = typed_tables(tables, relations, texts)
    if chosen == "xlsx":
        _write_workbook(path, tables, source, force=force)
        return []
    if chosen == "duckdb":
        with new_database(path) as target:
            notes = _write_duckdb(str(target), path, tables, source, relations)
        return [*notes, *source.left_out]
    notes = _write_sql(path, tables, source, relations, force=force)
    return [*notes, *source.left_out]


def _write_folder(path: str, tables: Tables, source: Database, *, force: bool) -> list[str]:
    """Write a file for each table; the files take their places together, when all are written."""
    Path(path).mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for (name, frame), stem in zip(tables.items(), file_names(tables), strict=True):
            form = source.forms[name]
            if form.format in ("sqlite", "sql", "duckdb", "xlsx"):
                form = TableForm("csv")
            place = str(Path(path, f"{stem}{writable_suffix(f'.{form.format}')}"))
            stack.enter_context(TableWriter(place, form, force=force)).write(frame)
    return []


def _write_workbook(path: str, tables: Tables, source: Database, *, force: bool) -> None:
    check_output(path, force=force)
    with open_atomically(path) as sink:
        book, blocks = None, None
        for name, frame in tables.items():
            form = source.forms[name]
            form = replace(form if form.format == "xlsx" else TableForm("xlsx"), table=name)
            blocks = ExcelBlocks(sink, form, book)
            blocks.write(frame)
            book = blocks.book
        if blocks is not None:
            blocks.close()


def _write_sql(
    path: str, tables: Tables, source: Database, relations: Relations, *, force: bool
) -> list[str]:
    import sqlalchemy as sql

    is_file, notes = not is_url(path), list[str]()
    with ExitStack() as stack:
        place = stack.enter_context(new_database(path)) if is_file else path
        shown = shown_place(path)
        connection = stack.enter_context(connected_sql(str(place), write=True, shown=shown))
        dialect = connection.dialect.name
        meta = sql.MetaData()
        made = {}
        for name, frame in tables.items():
            holding = _holding(name, frame, source, relations, dialect)
            notes += holding.lost
            made[name] = _sql_table(
                meta, name, frame, holding, source=source, relations=relations, dialect=dialect
            )
        if not is_file:
            there = [name for name in tables if sql.inspect(connection).has_table(name)]
            if there and not force:
                raise TableFileError(
                    f"{shown} already has a table {there[0]!r}; give --force to replace it"
                )
            _drop(connection, there)
        meta.create_all(connection)
        for name, table in made.items():
            if dialect == source.forms[name].format == "sqlite" and name in relations.references:
                _copy_rows(connection, table, tables[name], source)
            else:
                _insert(connection, table, tables[name])
        if dialect != "sqlite":
            for name, table in made.items():
                for key in relations.of(name):
                    others = [made[key.parent].c[column] for column in key.parent_columns]
                    own_columns = [table.c[column] for column in key.columns]
                    connection.execute(
                        sql.schema.AddConstraint(sql.ForeignKeyConstraint(own_columns, others))
                    )
        connection.commit()
    return notes


def _drop(connection: Any, names: Sequence[str]) -> None:
    """Drop tables that are there, with the keys between them."""
    import sqlalchemy as sql

    old = sql.MetaData()
    old.reflect(connection, only=names, resolve_fks=False)
    old.drop_all(connection, tables=[old.tables[name] for name in names])


def _copy_rows(connection: Any, table: Any, frame: pd.DataFrame, source: Database) -> None:
    """Copy a table of an SQLite file as it lies: a date that is written as text stays so."""
    import sqlalchemy as sql

    assert source.path is not None
    plain = sql.table(table.name, *(sql.column(name) for name in frame.columns))
    with connected_sql(source.path, write=False) as reading:
        result = reading.execution_options(yield_per=ROWS_AT_ONCE).execute(sql.select(plain))
        for rows in result.mappings().partitions():
            connection.execute(plain.insert(), [dict(row) for row in rows])


@dataclass(frozen=True)
class _Constraints:
    """The constraints of a table that hold in its rows, and those that don't."""

    required: frozenset[str]
    unique: tuple[tuple[str, ...], ...]
    checks: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def _holding(
    name: str, frame: pd.DataFrame, source: Database, relations: Relations, dialect: str
) -> _Constraints:
    """Return the constraints of a table that its rows meet.

    Parameters
    ----------
    name, frame
        The table.
    source, relations
        The database that it is like, and the keys.
    dialect
        The kind of the new database; conditions are written only to one of the same kind.
    """
    required = source.required.get(name, frozenset()) - {*relations.key_of(name)}
    unique = [own for own in relations.unique_of(name) if own != relations.key_of(name)]
    declared, is_same = source.checks.get(name, ()), source.forms[name].format == dialect
    checks = declared if is_same else ()
    empty = [one for one in sorted(required) if frame[one].isna().any()]
    twice = [own for own in unique if repeated_rows(frame, own).any()]
    broken = [] if not checks else _broken_checks(frame, checks, source.forms[name])
    lost = [f"NOT NULL of {one}" for one in empty]
    lost += [f"UNIQUE ({', '.join(own)})" for own in twice]
    lost += [f"CHECK ({one})" for one in broken]
    notes = [f"{name}: {what} is not written, as not all rows meet it" for what in lost]
    if declared and not is_same:
        notes.append(f"{name}: its checks are not written: their SQL is another database's")
    return _Constraints(
        required - {*empty},
        tuple(own for own in unique if own not in twice),
        tuple(one for one in checks if one not in broken),
        tuple(notes),
    )


def _broken_checks(frame: pd.DataFrame, checks: Sequence[str], form: TableForm) -> list[str]:
    """Return the conditions that some rows break; those that can't be evaluated, too."""
    if form.format == "duckdb":
        with connected_duckdb(":memory:", ":memory:", write=True) as connection:
            connection.register("tabgan_rows", _arrow(frame, form))
            return [one for one in checks if _breaks(connection.execute, one)]
    import sqlalchemy as sql

    with sql.create_engine("sqlite://").connect() as connection:
        types = types_to_write(frame, form.sql_types, "sqlite")
        columns = (sql.Column(n, form.sql_types.get(n, kind)) for n, kind in types.items())
        table = sql.Table("tabgan_rows", sql.MetaData(), *columns)
        table.create(connection)
        _insert(connection, table, frame)
        return [one for one in checks if _breaks(connection.exec_driver_sql, one)]


def _breaks(execute: Callable[[str], Any], check: str) -> bool:
    try:
        found = execute(f"SELECT count(*) FROM tabgan_rows WHERE NOT ({check})")
    except Exception:
        return True
    return bool(found.fetchone()[0])


def _sql_table(
    meta: Any,
    name: str,
    frame: pd.DataFrame,
    holding: _Constraints,
    *,
    source: Database,
    relations: Relations,
    dialect: str,
) -> Any:
    """Describe a table with its key and, in SQLite, which can't add them later, those of others."""
    import sqlalchemy as sql

    form, key = source.forms[name], relations.key_of(name)
    types = types_to_write(frame, form.sql_types, dialect)
    if dialect == form.format == "sqlite":  # where a type bounds no value
        types = {column: form.sql_types.get(column, kind) for column, kind in types.items()}
    columns = [
        sql.Column(
            column,
            kind,
            primary_key=column in key,
            autoincrement=False,
            nullable=column not in {*key, *holding.required},
        )
        for column, kind in types.items()
    ]
    parts: list[Any] = [*columns]
    parts += [sql.UniqueConstraint(*own) for own in sorted(holding.unique)]
    parts += [sql.CheckConstraint(sql.text(_escaped(one))) for one in holding.checks]
    parts += [sql.Index(index, *own) for index, own in source.indexes.get(name, ())]
    if dialect == "sqlite":
        for own in relations.of(name):
            others = [f"{own.parent}.{column}" for column in own.parent_columns]
            parts.append(sql.ForeignKeyConstraint([*own.columns], others))
    return sql.Table(name, meta, *parts)


def _escaped(condition: str) -> str:
    """Return SQL in which a colon begins no parameter."""
    return condition.replace(":", "\\:")


def _insert(connection: Any, table: Any, frame: pd.DataFrame) -> None:
    kinds = [table.c[name].type for name in frame.columns]
    for start in range(0, len(frame), ROWS_AT_ONCE):
        block = frame.iloc[start : start + ROWS_AT_ONCE]
        cells = (cells_to_write(block.iloc[:, at], kind) for at, kind in enumerate(kinds))
        rows = [dict(zip(frame.columns, row, strict=True)) for row in zip(*cells, strict=True)]
        connection.execute(table.insert(), rows)


def _write_duckdb(
    target: str, shown: str, tables: Tables, source: Database, relations: Relations
) -> list[str]:
    order, left_out = _parents_first(tables, relations)
    notes = [f"DuckDB can't hold the key {key} when tables refer to each other" for key in left_out]
    with connected_duckdb(target, shown, write=True) as connection:
        connection.begin()
        for name in order:
            frame = tables[name]
            holding = _holding(name, frame, source, relations, "duckdb")
            notes += holding.lost
            connection.register("tabgan_rows", _arrow(frame, source.forms[name]))
            described = connection.execute("DESCRIBE SELECT * FROM tabgan_rows").fetchall()
            required = {*holding.required, *relations.key_of(name)}
            parts = [
                f"{_quoted(row[0])} {row[1]}{' NOT NULL' if row[0] in required else ''}"
                for row in described
            ]
            parts += _duckdb_keys(name, relations, holding, left_out)
            connection.execute(f"CREATE TABLE {_quoted(name)} ({', '.join(parts)})")
            connection.execute(f"INSERT INTO {_quoted(name)} SELECT * FROM tabgan_rows")
            connection.unregister("tabgan_rows")
            for index, columns in source.indexes.get(name, ()):
                connection.execute(
                    f"CREATE INDEX {_quoted(index)} ON {_quoted(name)} ({_listed(columns)})"
                )
        connection.commit()
    return notes


def _arrow(frame: pd.DataFrame, form: TableForm) -> Any:
    from tabgan.files.arrow_files import ArrowTables

    return ArrowTables(form.arrow_schema, "DuckDB").of(frame)


def _duckdb_keys(
    name: str, relations: Relations, holding: _Constraints, left_out: Sequence[ForeignKey]
) -> Iterator[str]:
    key = relations.key_of(name)
    if key:
        yield f"PRIMARY KEY ({_listed(key)})"
    for columns in holding.unique:
        yield f"UNIQUE ({_listed(columns)})"
    for check in holding.checks:
        yield f"CHECK ({check})"
    for own in relations.of(name):
        if own not in left_out:
            parent = f"{_quoted(own.parent)} ({_listed(own.parent_columns)})"
            yield f"FOREIGN KEY ({_listed(own.columns)}) REFERENCES {parent}"


def _parents_first(tables: Tables, relations: Relations) -> tuple[list[str], list[ForeignKey]]:
    """Order tables, parents first; return the keys too that no order can keep."""
    left_out = [key for key in relations.foreign_keys if key.parent == key.table]
    while True:
        graph: dict[str, set[str]] = {name: set() for name in tables}
        for key in relations.foreign_keys:
            if key not in left_out:
                graph[key.table].add(key.parent)
        try:
            return [*TopologicalSorter(graph).static_order()], left_out
        except CycleError as error:
            circle = set(error.args[1])
            left_out.append(
                next(
                    key
                    for key in relations.foreign_keys
                    if {key.table, key.parent} <= circle and key not in left_out
                )
            )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(_quoted, names))
