"""Tables of a command: read together with the files that declare their columns and rules, written.

Everything that a table needs is imported when it is needed: see `tabgan.cli.main`.
"""

import json
import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tabgan.cli.command_options import split_kind
from tabgan.cli.command_output import Report, fact_of, follow, place_of

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.base.errors import TabGANError
    from tabgan.cli.table_options import Declared
    from tabgan.estimator import TableEstimator
    from tabgan.files.formats import TableForm
    from tabgan.rules.base_rules import Constraint
    from tabgan.table.schema import Column, Schema

__all__ = [
    "LearnedTable",
    "draw_to_file",
    "load_constraints",
    "load_schema",
    "read_compared",
    "read_data",
    "read_declared",
    "rows_to_learn",
    "with_holes",
    "write_blocks",
]

Made = TypeVar("Made")


def load_schema(path: str) -> "Schema":
    """Read a schema from a JSON file.

    Raises
    ------
    TableFileError
        If the file can't be read.
    SchemaError
        If it holds no schema.
    """
    from tabgan.base.errors import SchemaError
    from tabgan.table.schema import Schema

    return _load(path, Schema.from_json, SchemaError, "write a new one with 'tabgan inspect'")


def load_constraints(path: str) -> "list[Constraint]":
    """Read constraints from a JSON file.

    Raises
    ------
    TableFileError
        If the file can't be read.
    OptionError
        If it holds no constraints.
    """
    from tabgan.base.errors import OptionError
    from tabgan.rules.constraint_plan import constraints_from_json

    fix = "it must be a list of objects, each with a 'kind'"
    return _load(path, constraints_from_json, OptionError, fix)


def _load(path: str, make: Callable[[Any], Made], fault: "type[TabGANError]", fix: str) -> Made:
    """Make what a JSON file describes; a fault in it names the file."""
    from tabgan.base.errors import TableFileError

    try:
        state = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise TableFileError(f"{path} can't be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise fault(f"{path} is not JSON ({error}); {fix}") from error
    try:
        return make(state)
    except fault as error:
        raise error.within(path) from error
    except RecursionError as error:
        raise fault(f"{path}: its values are nested too deeply; {fix}") from error


def rows_to_learn(training_rows: int | None, *, is_private: bool) -> int | None:
    """Return how many rows of a table to learn at most; None for all of them.

    Parameters
    ----------
    training_rows
        The option.
    is_private
        Whether the fit is private: all rows are then counted.
    """
    from tabgan.files.file_cells import TRAINING_ROWS

    if is_private:
        return None
    return TRAINING_ROWS if training_rows is None else training_rows


def read_data(
    data: str, report: Report, *, by_schema: bool = False, **reading: Any
) -> tuple["pd.DataFrame", "TableForm"]:
    """Read the table that a command works on.

    Parameters
    ----------
    data
        Where the table lies.
    report
        Where messages and facts go.
    by_schema
        Whether no row may influence the columns, as of `tabgan.files.read_write.read_table`. The
        number of rows is then not reported.
    **reading
        The other options of `tabgan.files.read_write.read_table`.
    """
    from tabgan.files.formats import shown_place

    report.say(f"Reading {shown_place(data)}")
    from tabgan.files.read_write import read_table

    frame, form = read_table(data, by_schema=by_schema, **reading)
    report.done("read")
    report.facts["data"] = fact_of(data)
    if by_schema:
        report.say(f"{len(frame.columns):,} columns")
    else:
        n, width = frame.shape
        report.say(f"{n:,} row{'s' * (n != 1)}, {width:,} columns")
        report.facts["training_rows"] = len(frame)
    report.facts["columns"] = len(frame.columns)
    for note in form.notes:
        report.say(f"Note: {note}")
    if form.notes:
        report.facts["notes"] = list(form.notes)
    return frame, form


class LearnedTable(NamedTuple):
    """A table to learn, the form of its file, and what is declared of its columns and rules."""

    frame: "pd.DataFrame"
    form: "TableForm"
    schema: "Schema | dict[Hashable, str] | None"
    constraints: "list[Constraint] | None"


def read_declared(
    data: str,
    declared: "Declared",
    report: Report,
    *,
    by_schema: bool = False,
    text: str = "keep-shape",
    **reading: Any,
) -> LearnedTable:
    """Read a table to learn, and apply what the options declare of it.

    Parameters
    ----------
    data, report, by_schema, **reading
        As of `read_data`.
    declared
        The options on columns and rules.
    text
        What stands for free text; ``"drop"`` leaves such columns out.

    Raises
    ------
    OptionError
        If an option names no column of the table, or no column is left.
    """
    schema = load_schema(declared.schema) if declared.schema else None
    constraints = load_constraints(declared.constraints) if declared.constraints else None
    frame, form = read_data(data, report, by_schema=by_schema, **reading)
    dropped = _dropped_columns(declared.drop, frame)
    if dropped:
        frame, form = frame.drop(columns=list(dropped)), form.without(dropped)
    kinds = _declared_kinds(declared.kinds, frame)
    table = LearnedTable(frame, form, kinds or None, constraints)
    if schema is not None:
        left = (column for column in schema if column.name not in dropped)
        columns = tuple(_with_kind(column, kinds.get(column.name, column.kind)) for column in left)
        table = table._replace(schema=replace(schema, columns=columns))
    return _without_text(table, report, by_schema) if text == "drop" else table


def _without_text(table: LearnedTable, report: Report, by_schema: bool) -> LearnedTable:
    """Leave the columns of free text out, and say which they are."""
    from tabgan.base.errors import OptionError
    from tabgan.fitting.prepare import free_text_columns

    dropped = free_text_columns(table.frame, table.schema, by_schema=by_schema)
    if not dropped:
        return table
    if len(dropped) == len(table.frame.columns):
        raise OptionError("--text drop leaves no column of the table: all are free text")
    names = ", ".join(str(name) for name in table.frame.columns if name in dropped)
    report.say(f"Free text, left out: {names}")
    frame = table.frame.drop(columns=list(dropped))
    schema: Schema | dict[Hashable, str] | None = table.schema
    if isinstance(schema, dict):
        schema = {name: kind for name, kind in schema.items() if name not in dropped}
    elif schema is not None:
        schema = replace(schema, columns=tuple(c for c in schema if c.name not in dropped))
    return table._replace(frame=frame, form=table.form.without(dropped), schema=schema)


def _dropped_columns(names: Sequence[str], frame: "pd.DataFrame") -> "set[Hashable]":
    from tabgan.base.errors import OptionError

    dropped: set[Hashable] = {frame.columns[_column_at("--drop", name, frame)] for name in names}
    if len(dropped) == len(frame.columns):
        raise OptionError("--drop leaves no column of the table")
    return dropped


def _declared_kinds(texts: Sequence[str], frame: "pd.DataFrame") -> "dict[Hashable, str]":
    """Return the kinds that texts ``COLUMN=KIND`` declare, by the labels of the columns."""
    from tabgan.base.errors import OptionError

    kinds: dict[Hashable, str] = {}
    for text in texts:
        name, kind = split_kind(text)
        label = frame.columns[_column_at("--kind", name, frame)]
        if kinds.setdefault(label, kind) != kind:
            raise OptionError(f"--kind gives {name!r} two kinds, {kinds[label]} and {kind}")
    return kinds


def _column_at(option: str, name: str, frame: "pd.DataFrame") -> int:
    """Return the position of the column that an option names."""
    from tabgan.base.errors import OptionError, did_you_mean
    from tabgan.table.schema import find_name

    place = find_name(name, list(frame.columns))
    if place is None:
        hint = did_you_mean(name, frame.columns)
        raise OptionError(f"{option} {name}: the table has no such column; {hint}")
    return place


def _with_kind(column: "Column", kind: str) -> "Column":
    """Return a column with a new kind, to which its range and decimals no longer belong."""
    if kind == column.kind:
        return column
    return replace(column, kind=kind, minimum=None, maximum=None, decimals=None, why="")


def read_compared(
    real: str,
    synthetic: Sequence[str],
    holdout: str | None,
    report: Report,
    reading: Mapping[str, Any],
) -> tuple["pd.DataFrame", list["pd.DataFrame"], "pd.DataFrame | None"]:
    """Read the tables of a comparison, with their empty cells missing.

    Parameters
    ----------
    real, synthetic, holdout
        Where the tables lie: one, one or more, and one or None.
    report
        Where messages and facts go.
    reading
        Options of `tabgan.files.read_write.read_table`, for all of them.
    """

    def table(path: str, **as_real: Any) -> "pd.DataFrame":
        return with_holes(*read_data(path, report, **{**reading, **as_real}))

    frame, form = read_data(real, report, **reading)
    # A table without a header is one in all files, whatever the first rows of the others look like.
    as_real = {} if form.has_header else {"header": "none"}
    unseen = None if holdout is None else table(holdout, **as_real)
    return with_holes(frame, form), [table(path, **as_real) for path in synthetic], unseen


def with_holes(frame: "pd.DataFrame", form: "TableForm") -> "pd.DataFrame":
    """Return a table with its empty cells missing, which are empty texts in text files.

    Parameters
    ----------
    frame, form
        A table that was read, and its form.
    """
    return frame.mask(frame == "") if form.format in ("csv", "tsv") else frame


def draw_to_file(
    gan: "TableEstimator",
    report: Report,
    *,
    rows: int | None,
    seed: int,
    out: str,
    form: "TableForm",
    force: bool,
    where: "str | pd.DataFrame | None" = None,
    balance: str | None = None,
) -> None:
    """Draw rows block by block to a file or to standard output.

    Parameters
    ----------
    gan
        The fitted estimator.
    report
        Where messages and facts go.
    rows, seed, where, balance
        As of `TabGAN.sample`.
    out, form, force
        As of `write_blocks`.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        blocks = gan.sample_blocks(rows, random_state=seed, where=where, balance=balance)
    for warning in caught:
        report.warn(warning)
    total = rows if where is None or isinstance(where, str) else len(where)
    followed = follow(blocks, report, gan.n_rows_ if total is None else total)
    written = write_blocks(followed, gan.schema_, report, out=out, form=form, force=force)
    seconds = report.done("sample")
    report.say(f"Wrote {written:,} rows to {place_of(out)} in {seconds:.1f} s")
    report.facts |= {"rows": written, "output": fact_of(out)}


def write_blocks(
    blocks: Iterable[Any],
    schema: "Schema",
    report: Report,
    *,
    out: str,
    form: "TableForm",
    force: bool,
) -> int:
    """Write a table that comes in blocks; warn of formulas in text files.

    Parameters
    ----------
    blocks
        Tables of any library that `tabgan.inference.accept_table.as_frame` takes.
    schema
        Their columns.
    report
        Where warnings go.
    out, form
        Where the table goes, and its form.
    force
        Whether what exists may be replaced.

    Returns
    -------
    int
        The number of rows.
    """
    from tabgan.files.file_cells import count_formulas
    from tabgan.files.read_write import TableWriter
    from tabgan.inference.accept_table import as_frame
    from tabgan.table.columns import typed_frame

    written, formulas = 0, Counter[str]()
    with TableWriter(out, form, force=force) as writer:
        for block in map(as_frame, blocks):
            writer.write(typed_frame(block, schema) if form.typed else block)
            written += len(block)
            if form.format in ("csv", "tsv"):
                formulas.update(count_formulas(block))
    if formulas:
        counts = ", ".join(f"{name!r} ({count:,})" for name, count in formulas.items())
        report.say(
            f"Warning: {place_of(out)} has texts that a spreadsheet evaluates as formulas: "
            f"{counts}; import these columns as text"
        )
    return written
