"""Options on tables: how to read them, what their columns are, which rows to draw."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal

import click

from tabgan.cli.command_options import COUNT, FILE, SHARD, ColumnKind, WholeNumber, option, together

__all__ = [
    "Declared",
    "Parts",
    "balance_option",
    "condition_option",
    "declaring_options",
    "delimiter_option",
    "derive_option",
    "encoding_option",
    "force_option",
    "json_option",
    "locale_option",
    "text_option",
    "min_group_option",
    "output_options",
    "parts_options",
    "quiet_option",
    "reading_options",
    "rows_option",
    "schema_option",
    "seed_option",
    "where_options",
]

quiet_option = option("-q", "--quiet", is_flag=True, help="Print errors only.")


json_option = option(
    "--json",
    "as_json",
    keys=("json",),
    is_flag=True,
    help="Print the facts as one JSON object on stdout.",
)


def _seed_or_new(_ctx: click.Context, _option: click.Parameter, seed: int | None) -> int:
    """Draw a seed where none is given, so that the run can be repeated."""
    import secrets

    return secrets.randbelow(2**32) if seed is None else seed


seed_option = option(
    "--seed",
    keys=("seed", "random_state"),
    type=WholeNumber(min=0),
    callback=_seed_or_new,
    metavar="S",
    show_default="a new one",
    help="Seed of all randomness: the same seed gives the same result.",
)


_ROWS = "Rows"


rows_option = option(
    "-n",
    "--rows",
    section=_ROWS,
    type=COUNT,
    metavar="N",
    show_default="as many as the training table has",
    help="Synthetic rows to draw.",
)


where_options = together(
    option(
        "--where",
        section=_ROWS,
        multiple=True,
        metavar="CONDITION",
        show_default="any rows",
        help="A condition that all rows meet, as in 'plan=free', 'age >= 65 and state in (\"NY\", "
        "\"NJ\")', '20 <= age < 30', 'email is not missing'; can be repeated: all of them hold.",
    ),
    option(
        "--where-file",
        section=_ROWS,
        type=FILE,
        metavar="FILE",
        help="Table of partial rows to complete: their cells are kept, and their empty cells are "
        "drawn.",
    ),
)


balance_option = option(
    "--balance",
    section=_ROWS,
    metavar="COLUMN",
    show_default="as in the training table",
    help="Draw every value of this column equally often.",
)


_FORMATS = click.Choice(["csv", "tsv", "jsonl", "parquet", "feather", "xlsx", "duckdb", "sqlite"])


_INPUT, _COLUMNS, _OUTPUT = "Input", "Columns", "Output"


_reading_options = together(
    option(
        "--format",
        "table_format",
        section=_INPUT,
        keys=("format",),
        type=_FORMATS,
        show_default="by its suffix; csv for standard input",
        help="Format of DATA.",
    ),
    option(
        "--encoding",
        section=_INPUT,
        metavar="NAME",
        show_default="by its byte-order mark, or utf-8",
        help="Encoding of text.",
    ),
    option(
        "--delimiter",
        section=_INPUT,
        metavar="CHAR",
        show_default="detected",
        help="Character between the fields of CSV.",
    ),
    option(
        "--table",
        "--sheet",
        "table",
        section=_INPUT,
        keys=("table", "sheet"),
        metavar="NAME",
        show_default="the only table; the sheet with the largest one",
        help="Table of a database, sheet of a workbook, or file in a .zip.",
    ),
    option(
        "--query",
        section=_INPUT,
        metavar="SQL",
        help="Query for the rows of a database, in place of --table.",
    ),
    option(
        "--header/--no-header",
        "has_header",
        section=_INPUT,
        keys=("header",),
        default=None,
        show_default="detected",
        help="Whether the first row holds the names of the columns, in text files and workbooks.",
    ),
    option(
        "--header-row",
        section=_INPUT,
        type=WholeNumber(min=1),
        metavar="N",
        show_default="detected",
        help="Line or row of the file, from 1, that holds the names of the columns.",
    ),
    option(
        "--skip-bad-lines",
        section=_INPUT,
        is_flag=True,
        help="Leave lines of CSV out that have another number of fields than the header.",
    ),
)


def _header(has_header: bool | None, row: int | None) -> str | int:
    """Return the parameter `header` of `tabgan.files.read_write.read_table`."""
    if row is not None and has_header is not None:
        flag = "--header" if has_header else "--no-header"
        raise click.UsageError(f"{flag} and --header-row {row} can't both be given; give one")
    if row is not None:
        return row
    return {None: "auto", True: "first", False: "none"}[has_header]


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options on how to read a table; the command gets them as one mapping, `reading`.

    Its keys are parameters of `tabgan.files.read_write.read_table`.
    """

    @wraps(command)
    def gather(*, has_header: bool | None, header_row: int | None, **options: Any) -> Any:
        names = ("table_format", "encoding", "delimiter", "table", "query", "skip_bad_lines")
        reading = {name: options.pop(name) for name in names}
        reading["header"] = _header(has_header, header_row)
        return command(reading=reading, **options)

    return _reading_options(gather)


schema_option = option(
    "--schema",
    section=_COLUMNS,
    type=FILE,
    metavar="FILE",
    show_default="inferred",
    help="Columns and their kinds, as 'tabgan inspect DATA --schema FILE' writes them.",
)


derive_option = option(
    "--derive/--no-derive",
    section=_COLUMNS,
    default=True,
    help="Detect columns that other columns determine, and derive them in every row.",
)


_constraints_option = option(
    "--constraints",
    section=_COLUMNS,
    type=FILE,
    metavar="FILE",
    help="Rules that all real rows keep and all synthetic rows have to keep: a JSON list, as in "
    '[{"kind": "sum", "parts": ["net", "tax"], "total": "gross"}].',
)


_kind_option = option(
    "--kind",
    "kinds",
    section=_COLUMNS,
    keys=("kind",),
    multiple=True,
    type=ColumnKind(),
    metavar="COLUMN=KIND",
    show_default="inferred",
    help="Kind of a column, as in zip=categorical or id=regex:[A-Z]{2}-[0-9]{4}; it replaces the "
    "column's kind and range in --schema. Can be repeated.",
)


_drop_option = option(
    "--drop",
    section=_COLUMNS,
    multiple=True,
    metavar="COLUMN",
    show_default="none",
    help="A column to leave out of the table; can be repeated.",
)


@dataclass(frozen=True)
class Declared:
    """What the options declare of a table.

    Attributes
    ----------
    schema, constraints
        The files of a schema and of constraints; None for none.
    kinds
        Texts ``COLUMN=KIND``; they replace kinds and ranges of the schema.
    drop
        Names of columns to leave out.
    """

    schema: str | None
    constraints: str | None
    kinds: tuple[str, ...]
    drop: tuple[str, ...]


def declaring_options(
    schema: Callable[[Callable[..., Any]], Callable[..., Any]] = schema_option,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options that declare columns and rules; the command gets one `Declared`.

    Parameters
    ----------
    schema
        The option --schema, where its help differs.
    """
    options = together(schema, _kind_option, _drop_option, _constraints_option)

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def gather(
            *,
            schema: str | None,
            constraints: str | None,
            kinds: tuple[str, ...],
            drop: tuple[str, ...],
            **others: Any,
        ) -> Any:
            return command(declared=Declared(schema, constraints, kinds, drop), **others)

        return options(gather)

    return add


condition_option = option(
    "--condition-on",
    section=_COLUMNS,
    multiple=True,
    metavar="COLUMN",
    help="A column whose values the networks are given, for rows under conditions on it; can be "
    "repeated.",
)


locale_option = option(
    "--locale",
    section=_COLUMNS,
    metavar="NAME",
    show_default="en_US; phone numbers as they are written",
    help="Language and country of generated names, addresses and phone numbers, as de_DE.",
)


min_group_option = option(
    "--min-group",
    section=_COLUMNS,
    type=WholeNumber(min=1),
    default=5,
    metavar="N",
    help="About how many rows must hold a value for the model to keep it: rarer levels are folded "
    'into others, ranges are trimmed. 1 keeps all; "min_group" of a column in the schema comes '
    "first.",
)


text_option = option(
    "--text",
    section=_COLUMNS,
    type=click.Choice(["keep-shape", "lorem", "drop"]),
    default="keep-shape",
    help="What stands for free text, which is not learned: placeholders of its lengths and "
    "frequent words, filler words, or nothing, and the columns are left out.",
)


force_option = option("--force", section=_OUTPUT, is_flag=True, help="Replace what exists.")


encoding_option = option(
    "--encoding",
    section=_OUTPUT,
    metavar="NAME",
    show_default="utf-8",
    help="Encoding of text.",
)


delimiter_option = option(
    "--delimiter",
    section=_OUTPUT,
    metavar="CHAR",
    show_default=",",
    help="Character between the fields of CSV.",
)


_output_options = together(
    option(
        "--output-format",
        section=_OUTPUT,
        type=_FORMATS,
        show_default="by its suffix, or that of DATA",
        help="Format of OUT.",
    ),
    option(
        "--out-table",
        "--out-sheet",
        "out_table",
        section=_OUTPUT,
        keys=("out_table", "out_sheet"),
        metavar="NAME",
        show_default="that of DATA, or synthetic",
        help="Table of a database, or sheet of a workbook, to write.",
    ),
    force_option,
)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options on how to write a table; the command gets them as one mapping, `writing`.

    Its keys are parameters of `tabgan.files.formats.TableForm.for_output`; --force is not among
    them.
    """

    @wraps(command)
    def gather(*, output_format: str | None, out_table: str | None, **options: Any) -> Any:
        return command(writing={"table_format": output_format, "table": out_table}, **options)

    return _output_options(gather)


_PARTS = "Parts"


@dataclass(frozen=True)
class Parts:
    """What the options say of a sample in parts.

    Attributes
    ----------
    rows_per_file
        Rows of each part but the last; None where no option says it.
    shard
        The number of this process and how many there are; None for one process.
    resume
        Whether to go on with what the folder holds.
    backend, cluster
        What draws the rows, and the address of a cluster.
    """

    rows_per_file: int | None
    shard: tuple[int, int] | None
    resume: bool
    backend: Literal["local", "ray"]
    cluster: str | None

    @property
    def flag(self) -> str | None:
        """The first of the options that is given; None if there is none."""
        flags = {
            "--rows-per-file": self.rows_per_file is not None,
            "--shard": self.shard is not None,
            "--resume": self.resume,
            "--backend ray": self.backend != "local",
            "--cluster": self.cluster is not None,
        }
        return next((flag for flag, is_given in flags.items() if is_given), None)


_parts_options = together(
    option(
        "--rows-per-file",
        section=_PARTS,
        type=COUNT,
        metavar="N",
        show_default="1,000,000 where OUT ends in /",
        help="Write files of N rows each, and a manifest of them, to the folder OUT.",
    ),
    option(
        "--shard",
        section=_PARTS,
        type=SHARD,
        metavar="I/K",
        help="Write the files of the I-th of K processes, counted from 0. All of them take the "
        "same other options, and --seed, without --force. Each goes on where it has stopped.",
    ),
    option(
        "--resume",
        section=_PARTS,
        is_flag=True,
        help="Go on with the files of a run that was stopped; those that are whole are checked.",
    ),
    option(
        "--backend",
        section=_PARTS,
        type=click.Choice(["local", "ray"]),
        default="local",
        help="What draws the files: this process, or a cluster of Ray that sees the folder.",
    ),
    option(
        "--cluster",
        section=_PARTS,
        metavar="ADDRESS",
        show_default="the one that Ray finds, or a new one here",
        help="Address of the cluster.",
    ),
)


def parts_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a sample in parts; the command gets one `Parts`."""

    @wraps(command)
    def gather(
        *,
        rows_per_file: int | None,
        shard: tuple[int, int] | None,
        resume: bool,
        backend: Literal["local", "ray"],
        cluster: str | None,
        **others: Any,
    ) -> Any:
        return command(parts=Parts(rows_per_file, shard, resume, backend, cluster), **others)

    return _parts_options(gather)
