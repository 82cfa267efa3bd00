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

quiet_option = option("-q", "--quiet", is_flag=True, help="Print only errors.")


json_option = option(
    "--json",
    "as_json",
    keys=("json",),
    is_flag=True,
    help="Print the results as one JSON object to stdout.",
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
    show_default="random",
    help="Random seed; a run with the same seed repeats the result.",
)


_ROWS = "Rows"


rows_option = option(
    "-n",
    "--rows",
    section=_ROWS,
    type=COUNT,
    metavar="N",
    show_default="as many as the training table has",
    help="Number of synthetic rows.",
)


where_options = together(
    option(
        "--where",
        section=_ROWS,
        multiple=True,
        metavar="CONDITION",
        show_default="any rows",
        help="Condition that all rows must meet, such as 'plan=free', 'age >= 65 and state in "
        "(\"NY\", \"NJ\")', '20 <= age < 30', 'email is not missing'. Can be repeated; all of "
        "them apply.",
    ),
    option(
        "--where-file",
        section=_ROWS,
        type=FILE,
        metavar="FILE",
        help="Table of partial rows to complete: present cells are kept, empty cells are sampled.",
    ),
)


balance_option = option(
    "--balance",
    section=_ROWS,
    metavar="COLUMN",
    show_default="as in the training table",
    help="Sample every value of this column equally often.",
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
        show_default="from the suffix; csv for standard input",
        help="Format of DATA.",
    ),
    option(
        "--encoding",
        section=_INPUT,
        metavar="NAME",
        show_default="from the byte-order mark, otherwise utf-8",
        help="Text encoding.",
    ),
    option(
        "--delimiter",
        section=_INPUT,
        metavar="CHAR",
        show_default="detected",
        help="Field delimiter of a CSV file.",
    ),
    option(
        "--table",
        "--sheet",
        "table",
        section=_INPUT,
        keys=("table", "sheet"),
        metavar="NAME",
        show_default="the only table; the sheet with the largest table",
        help="Table of a database, sheet of a workbook, or file in a .zip.",
    ),
    option(
        "--query",
        section=_INPUT,
        metavar="SQL",
        help="SQL query that selects the rows of a database, instead of --table.",
    ),
    option(
        "--header/--no-header",
        "has_header",
        section=_INPUT,
        keys=("header",),
        default=None,
        show_default="detected",
        help="Whether the first row of a text file or workbook has the column names.",
    ),
    option(
        "--header-row",
        section=_INPUT,
        type=WholeNumber(min=1),
        metavar="N",
        show_default="detected",
        help="Line or row with the column names, counted from 1.",
    ),
    option(
        "--skip-bad-lines",
        section=_INPUT,
        is_flag=True,
        help="Skip lines of a CSV file that have another number of fields than the header.",
    ),
)


def _header(has_header: bool | None, row: int | None) -> str | int:
    """Return the parameter `header` of `tabgan.files.read_write.read_table`."""
    if row is not None and has_header is not None:
        flag = "--header" if has_header else "--no-header"
        raise click.UsageError(f"{flag} and --header-row {row} can't be combined; use one of them")
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
    help="Schema file (JSON): the columns and their kinds, as written by 'tabgan inspect DATA "
    "--schema FILE'.",
)


derive_option = option(
    "--derive/--no-derive",
    section=_COLUMNS,
    default=True,
    help="Detect rules between columns, and make every row satisfy them.",
)


_constraints_option = option(
    "--constraints",
    section=_COLUMNS,
    type=FILE,
    metavar="FILE",
    help="File of rules (a JSON list) that real rows satisfy and synthetic rows must satisfy, "
    'such as [{"kind": "sum", "parts": ["net", "tax"], "total": "gross"}].',
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
    help="Kind of a column, such as zip=categorical or id=regex:[A-Z]{2}-[0-9]{4}. It replaces "
    "the column's kind and range in --schema. Can be repeated.",
)


_drop_option = option(
    "--drop",
    section=_COLUMNS,
    multiple=True,
    metavar="COLUMN",
    show_default="none",
    help="Column to leave out; can be repeated.",
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
    help="Column to condition the networks on, for better rows under conditions on it; can be "
    "repeated.",
)


locale_option = option(
    "--locale",
    section=_COLUMNS,
    metavar="NAME",
    show_default="en_US; phone numbers in the format of the table",
    help="Language and country of generated names, addresses and phone numbers, such as de_DE.",
)


min_group_option = option(
    "--min-group",
    section=_COLUMNS,
    type=WholeNumber(min=1),
    default=5,
    metavar="N",
    help="Store only values that about N rows or more have: rarer categories are replaced, and "
    'ranges are trimmed. 1 stores all values. "min_group" of a column in the schema has priority.',
)


text_option = option(
    "--text",
    section=_COLUMNS,
    type=click.Choice(["keep-shape", "lorem", "drop"]),
    default="keep-shape",
    help="Replacement for free text, which is not learned. keep-shape: placeholders with the same "
    "lengths and frequent words; lorem: filler words; drop: leave the columns out.",
)


force_option = option(
    "--force", section=_OUTPUT, is_flag=True, help="Overwrite existing files or tables."
)


encoding_option = option(
    "--encoding",
    section=_OUTPUT,
    metavar="NAME",
    show_default="utf-8",
    help="Text encoding.",
)


delimiter_option = option(
    "--delimiter",
    section=_OUTPUT,
    metavar="CHAR",
    show_default=",",
    help="Field delimiter of a CSV file.",
)


_output_options = together(
    option(
        "--output-format",
        section=_OUTPUT,
        type=_FORMATS,
        show_default="from the suffix, otherwise that of DATA",
        help="Format of OUT.",
    ),
    option(
        "--out-table",
        "--out-sheet",
        "out_table",
        section=_OUTPUT,
        keys=("out_table", "out_sheet"),
        metavar="NAME",
        show_default="that of DATA, otherwise 'synthetic'",
        help="Database table or workbook sheet to write.",
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
        show_default="1,000,000 if OUT ends in /",
        help="Write files of N rows each, and a manifest, to the folder OUT.",
    ),
    option(
        "--shard",
        section=_PARTS,
        type=SHARD,
        metavar="I/K",
        help="Write the files of process I of K, counted from 0. All processes need the same "
        "other options and --seed, but not --force. A process that is started again continues.",
    ),
    option(
        "--resume",
        section=_PARTS,
        is_flag=True,
        help="Continue a run that was stopped; complete files are verified.",
    ),
    option(
        "--backend",
        section=_PARTS,
        type=click.Choice(["local", "ray"]),
        default="local",
        help="Where the files are sampled: in this process, or on a Ray cluster that can access "
        "the folder.",
    ),
    option(
        "--cluster",
        section=_PARTS,
        metavar="ADDRESS",
        show_default="the one that Ray finds, otherwise a new local one",
        help="Address of the Ray cluster.",
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
