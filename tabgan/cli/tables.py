"""Tables of commands: read with what files declare of them, drawn and written."""

import json
import secrets
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from tabgan.rules.constraint import Constraint
    from tabgan.table.schema import Schema

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.estimator import TabGAN
    from tabgan.files.table_form import TableForm
    from tabgan.generators.training_callbacks import Callback
    from tabgan.table.schema import Schema
from tabgan.cli.console import Report
from tabgan.cli.output_targets import fact_of, place_of

__all__ = [
    "load_constraints",
    "load_schema",
    "new_seed",
    "quietly",
    "read_data",
    "trackers",
    "with_holes",
    "write_blocks",
]

Declared = TypeVar("Declared")


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

    return _load(path, Schema.from_json, SchemaError, "write it anew with 'tabgan inspect'")


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


def _load(path: str, make: Callable[[Any], Declared], fault: type[Exception], fix: str) -> Declared:
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
        raise fault(f"{path}: {error}") from error


Result = TypeVar("Result")


def read_data(
    data: str, report: Report, *, by_schema: bool = False, **reading: Any
) -> tuple["pd.DataFrame", "TableForm"]:
    """Read the table that a command works on, by the options of `tabgan.files.read.read_table`.

    Where no row may have a say of its columns, nothing is said of how many there are, too.
    """
    from tabgan.files.formats import shown_place

    report.say(f"Reading {shown_place(data)}")
    from tabgan.files.read import read_table

    frame, form = read_table(data, by_schema=by_schema, **reading)
    report.done("read")
    report.facts["data"] = fact_of(data)
    if by_schema:
        report.say(f"{len(frame.columns):,} columns")
    else:
        report.say(f"{len(frame):,} rows, {len(frame.columns):,} columns")
        report.facts["training_rows"] = len(frame)
    report.facts["columns"] = len(frame.columns)
    return frame, form


def trackers(folder: str | None) -> "list[Callback]":
    """Return the callbacks that write the records of a training to a folder, if one is given."""
    if folder is None:
        return []
    from tabgan.callbacks.trackers import TensorBoard

    return [TensorBoard(folder)]


def quietly(work: Callable[..., Result], *arguments: Any, **options: Any) -> Result:
    """Do work that trains; what its warnings say, the command says in its own way."""
    from tabgan.base.errors import TrainingWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)
        return work(*arguments, **options)


def new_seed() -> int:
    """Draw a seed, so that a run that was given none can be repeated all the same."""
    return secrets.randbelow(2**32)


def with_holes(frame: "pd.DataFrame", form: "TableForm") -> "pd.DataFrame":
    """Return a table that was read with its empty cells, in text files empty texts, missing."""
    return frame.mask(frame == "") if form.format in ("csv", "tsv") else frame


def draw_to_file(
    gan: "TabGAN",
    report: Report,
    *,
    rows: int | None,
    seed: int,
    out: str,
    form: "TableForm",
    force: bool,
    **asked: Any,
) -> None:
    """Draw rows, and what is asked of them, block by block to a file or to standard output."""
    import pandas as pd

    from tabgan.cli.console import follow

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        blocks = gan.sample_blocks(rows, random_state=seed, **asked)
    for warning in caught:
        report.say(f"Warning: {warning.message}")
    partial = asked.get("where")
    total = len(partial) if isinstance(partial, pd.DataFrame) else rows
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
    """Write a table that comes in blocks, and return its rows; warn of formulas in text files."""
    from tabgan.files.file_cells import count_formulas
    from tabgan.files.write import TableWriter
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
            f"Warning: {place_of(out)} holds texts that a spreadsheet takes for formulas: "
            f"{counts}; import these columns as text"
        )
    return written
