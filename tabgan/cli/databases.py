"""Databases on the command line: several tables, learned and drawn together."""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tabgan.cli.command_options import FILE, POSITIVE, option, together
from tabgan.cli.command_output import Report, default_output, fact_of, place_of, print_text

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.relations.database_files import Database
    from tabgan.relations.database_gan import DatabaseGAN
    from tabgan.relations.relations import Relations

__all__ = [
    "DatabaseOptions",
    "check_single_table",
    "database_options",
    "inspect_database",
    "open_database",
    "fit_database",
    "reference_option",
    "refuse_database",
    "relations_option",
    "scale_option",
    "synth_database",
]

_SECTION = "Database"
SHOWN = 20  # tables that an error names
_SHARED = ("data", "source", "out", "model", "seed", "derive", "locale", "min_group", "text")
_ALWAYS = (
    "force",
    "quiet",
    "as_json",
    "config",
    "kinds",
    "relations",
    "svg",
    "scale",
    "references",
    "delimiter",
)
_TAKEN = {*_SHARED, *_ALWAYS, "encoding", "has_header", "header_row", "skip_bad_lines"}

relations_option = option(
    "--relations",
    section=_SECTION,
    type=FILE,
    metavar="FILE",
    show_default="inferred",
    help="File of the keys between the tables (JSON), as written by 'tabgan inspect DATA "
    "--relations FILE'.",
)

scale_option = option(
    "--scale",
    section=_SECTION,
    type=POSITIVE,
    metavar="X",
    show_default="1",
    help="Rows to sample, as a multiple of the rows of each table.",
)

reference_option = option(
    "--reference",
    "references",
    section=_SECTION,
    keys=("reference",),
    multiple=True,
    metavar="TABLE",
    show_default="none",
    help="Reference table to copy unchanged, such as a list of countries; can be repeated.",
)

_database_options = together(
    relations_option,
    scale_option,
    reference_option,
)


@dataclass(frozen=True)
class DatabaseOptions:
    """The options on databases.

    Parameters
    ----------
    relations
        The file of the keys, or None.
    scale
        How many times as many rows, or None.
    references
        The tables that stay as they are.
    """

    relations: str | None
    scale: float | None
    references: tuple[str, ...]


def database_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options on databases; the command gets them as one value, `database`."""

    @wraps(command)
    def gather(
        *, relations: str | None, scale: float | None, references: tuple[str, ...], **others: Any
    ) -> Any:
        return command(database=DatabaseOptions(relations, scale, references), **others)

    return _database_options(gather)


def open_database(
    data: str, reading: dict[str, Any], relations: str | None, report: Report
) -> "tuple[Database, Relations] | None":
    """Read a database and its keys; None if there is a single table to work on.

    A workbook is one if keys lead from one of its sheets to another, or a file names them.

    Parameters
    ----------
    data
        Where the tables lie.
    reading
        The options on how to read them.
    relations
        The file of their keys, or None.
    report
        Where messages go.
    """
    from tabgan.files.formats import format_of, is_url, shown_place

    named = reading["table"] or reading["query"] or reading["table_format"]
    if named:
        return None
    from tabgan.relations.database_files import read_database, table_names

    if not table_names(data):
        return None
    from tabgan.relations.infer_relations import infer_relations
    from tabgan.relations.relations import Relations

    is_folder = not is_url(data) and Path(data).is_dir()
    is_book = not is_folder and format_of(data) == "xlsx"
    if not is_book:
        report.say(f"Reading the tables of {shown_place(data)}")
    names = ("encoding", "delimiter", "header", "skip_bad_lines")
    options = {name: reading[name] for name in names} if is_folder or is_book else {}
    database = read_database(data, **options)
    if relations is not None and Path(relations).exists():
        edited, declared = Relations.read(relations), database.relations
        unique = edited.unique or (declared.unique if declared else {})
        return database, replace(edited, unique=unique)
    found = infer_relations(database.tables, database.relations)
    return None if is_book and relations is None and not found.foreign_keys else (database, found)


def check_single_table(**options: Any) -> None:
    """Refuse the options on databases beside a single table.

    Raises
    ------
    click.UsageError
        If one is there.
    """
    for name, value in options.items():
        if value:
            flag = "--reference" if name == "references" else f"--{name}"
            raise click.UsageError(
                f"{flag} is for a database of several tables: a folder of table files, a workbook "
                "whose sheets refer to each other, an SQLite or DuckDB file, a URL"
            )


def _check_options(data: str, tables: Sequence[str], *others: str) -> None:
    """Refuse the options that only a single table has.

    Parameters
    ----------
    data, tables
        Where the tables lie, and their names.
    *others
        Further options that databases have.
    """
    ctx = click.get_current_context()
    for param in ctx.command.params:
        name = param.name or ""
        flag = max(param.opts, key=len)
        if ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE or name in {
            *_TAKEN,
            *others,
        }:
            continue
        if name == "epsilon":
            from tabgan.relations.database_gan import NOT_BY_PERSON

            raise click.UsageError(NOT_BY_PERSON.replace("epsilon", "--epsilon"))
        raise click.UsageError(
            f"{flag} is for a single table, and {place_of(data)} has {len(tables)} tables: "
            f"{', '.join(sorted(tables)[:SHOWN])}{', …' * (len(tables) > SHOWN)}; name one with "
            f"--table, or leave {flag} out"
        )


def refuse_database(data: str, reading: dict[str, Any], what: str) -> None:
    """Refuse several tables where a command works on one.

    Parameters
    ----------
    data
        Where the tables lie.
    reading
        The options on how to read tables.
    what
        What the command does to a table.

    Raises
    ------
    click.UsageError
        If there are several tables, and none is named.
    """
    from tabgan.files.formats import format_of, is_url
    from tabgan.relations.database_files import table_names

    if reading["table"] or reading["query"] or reading["table_format"]:
        return
    is_folder = not is_url(data) and Path(data).is_dir()
    names = table_names(data) if is_folder or format_of(data) != "xlsx" else []
    if names:
        raise click.UsageError(
            f"{what} one table, and {place_of(data)} has {len(names)}: name one with --table, or "
            f"learn them together with 'tabgan synth {place_of(data)}' or 'tabgan fit "
            f"{place_of(data)}'"
        )


def fit_database(
    data: str,
    options: DatabaseOptions,
    report: Report,
    *,
    reading: dict[str, Any],
    training: dict[str, Any],
    kinds: Sequence[str],
    model: str,
    force: bool,
    as_json: bool,
) -> bool:
    """Learn a database and save the model; False if there is a single table to work on.

    Parameters
    ----------
    data
        Where the tables lie.
    options
        The options on databases.
    report
        Where messages and facts go.
    reading, training
        The options on how to read tables, and on the training.
    kinds
        Texts ``TABLE.COLUMN=KIND``.
    model
        The model file.
    force
        Whether it may be replaced.
    as_json
        Whether the facts are printed.
    """
    from tabgan.files.read_write import check_output

    found = open_database(data, reading, options.relations, report)
    if found is None:
        check_single_table(relations=options.relations, references=options.references)
        return False
    database, relations = found
    _check_options(data, [*database.tables])
    check_output(model, force=force, option="--model")
    gan = _learned(database, relations, report, options=options, kinds=kinds, training=training)
    gan.save(model)
    report.say(f"Saved the model to {model}; sample a database with 'tabgan sample {model}'")
    report.facts |= {"data": fact_of(data), "model": model, **_facts_of(gan, training)}
    if as_json:
        report.print_json()
    return True


def synth_database(
    data: str,
    options: DatabaseOptions,
    report: Report,
    *,
    reading: dict[str, Any],
    training: dict[str, Any],
    kinds: Sequence[str],
    out: str | None,
    model: str | None,
    page: str | None,
    force: bool,
    as_json: bool,
) -> bool:
    """Learn a database and write a synthetic one; False if there is a single table to work on.

    Parameters
    ----------
    data
        Where the tables lie.
    options
        The options on databases.
    report
        Where messages and facts go.
    reading, training
        The options on how to read tables, and on the training.
    kinds
        Texts ``TABLE.COLUMN=KIND``.
    out
        Where the new tables go, or None.
    model
        The model file, or None.
    page
        The report, or None.
    force
        Whether what exists may be replaced.
    as_json
        Whether the facts are printed.

    Raises
    ------
    click.UsageError
        If an option is for the other: one table, or several.
    """
    found = open_database(data, reading, options.relations, report)
    if found is None:
        check_single_table(**vars(options))
        return False
    database, relations = found
    _check_options(data, [*database.tables], "kinds", "page")
    out = out or _default_output(data)
    _check_outputs(data, out, model, page, force=force)
    gan = _learned(database, relations, report, options=options, kinds=kinds, training=training)
    if model:
        gan.save(model)
        report.say(f"Saved the model to {model}")
    drawn = _draw(gan, database, report, out=out, scale=options.scale, force=force)
    rows = {name: len(frame) for name, frame in drawn.items()}
    if page:
        _report(gan, database, drawn, report, page)
    report.facts |= {
        "data": fact_of(data),
        "output": fact_of(out),
        "rows": rows,
        **_facts_of(gan, training),
    }
    if as_json:
        report.print_json()
    return True


def _facts_of(gan: "DatabaseGAN", training: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "seed": training["seed"],
        "relations": gan.relations_.to_json(),
        "notes": gan.notes_,
    }


def _learned(
    database: "Database",
    relations: "Relations",
    report: Report,
    *,
    options: DatabaseOptions,
    kinds: Sequence[str],
    training: dict[str, Any],
) -> "DatabaseGAN":
    """Say what keys the tables have, and learn them."""
    report.done("read")
    for line in (*relations.describe(), *_short_lists(database, relations, options.references)):
        report.say(line)
    schema = _declared_kinds(kinds, database.tables)
    gan = _fitted(database, relations, report, options=options, schema=schema, training=training)
    texts = {name: form for name, form in database.forms.items() if form.format == "csv"}
    gan.keep_delimiters({name: form.delimiter for name, form in texts.items()})
    return gan


def _declared_kinds(
    texts: Sequence[str], tables: "Mapping[str, pd.DataFrame]"
) -> dict[str, dict[Hashable, str]]:
    """Return the kinds that texts ``TABLE.COLUMN=KIND`` declare, by table.

    Raises
    ------
    click.UsageError
        If a text is none, or names no table or column.
    """
    kinds: dict[str, dict[Hashable, str]] = {}
    for text in texts:
        place, sign, kind = text.partition("=")
        named = [name for name in tables if place.startswith(f"{name}.")]
        table = max(named, key=len, default="")
        column = place.removeprefix(f"{table}.")
        if not sign or not table or column not in tables[table].columns:
            raise click.UsageError(
                f"--kind {text}: a database needs TABLE.COLUMN=KIND, with an existing table "
                f"and column; the tables are {', '.join(sorted(tables)[:SHOWN])}"
            )
        kinds.setdefault(table, {})[column] = kind
    return kinds


def _check_outputs(
    data: str, out: str, model: str | None, page: str | None, *, force: bool
) -> None:
    from tabgan.files.read_write import check_output
    from tabgan.relations.database_files import check_database_output

    both = not _is_address(out) and Path(out).exists() and Path(data).exists()
    if both and Path(out).samefile(data):
        raise click.UsageError(f"--out {out} is also the input; choose another name")
    check_database_output(out, force=force)
    for option_name, file in (("--model", model), ("--report", page)):
        if file:
            check_output(file, force=force, option=option_name)


def _draw(
    gan: "DatabaseGAN",
    database: "Database",
    report: Report,
    *,
    out: str,
    scale: float | None,
    force: bool,
) -> "dict[str, pd.DataFrame]":
    """Draw a database and write it; return its tables."""
    from tabgan.relations.database_files import write_database

    drawn = gan.sample(1.0 if scale is None else scale)
    for note in gan.notes_on_scale(1.0 if scale is None else scale):
        report.say(f"Note: {note}")
    for note in write_database(out, drawn, database, gan.relations_, force=force):
        report.say(f"Note: {note}")
    rows = {name: len(frame) for name, frame in drawn.items()}
    seconds = report.done("sample")
    report.say(
        f"Wrote {len(rows)} tables, {sum(rows.values()):,} rows, to {place_of(out)} in "
        f"{seconds:.1f} s"
    )
    return drawn


def _report(
    gan: "DatabaseGAN",
    database: "Database",
    drawn: "dict[str, pd.DataFrame]",
    report: Report,
    page: str,
) -> None:
    """Compare the new database with the real one, and write a page."""
    report.say("Evaluating the database")
    found = gan.evaluate(database.tables, drawn)
    found.save_html(page, force=True)  # --force was checked before
    report.done("report")
    report.say(f"{found.verdict.headline} Score {found.verdict.score:.3f}")
    report.say(f"Wrote the report to {page}")
    report.facts |= {"report": page, "verdict": found.to_json()["verdict"]}


def _fitted(
    database: "Database",
    relations: "Relations",
    report: Report,
    *,
    options: DatabaseOptions,
    schema: dict[str, dict[Hashable, str]],
    training: dict[str, Any],
) -> "DatabaseGAN":
    from tabgan.cli.training import quietly
    from tabgan.relations.database_gan import DatabaseGAN

    names = ("locale", "min_group", "text", "derive", "epsilon")
    gan = DatabaseGAN(
        references=list(options.references),
        schema=schema,
        random_state=training["seed"],
        verbose=not report.quiet,
        **{name: training[name] for name in names},
    )
    quietly(gan.fit, database.tables, relations=relations)
    report.say(f"Learned {len(database.tables)} tables in {report.done('fit'):.1f} s")
    for note in gan.notes_:
        report.say(f"Note: {note}")
    return gan


def _short_lists(
    database: "Database", relations: "Relations", references: Sequence[str]
) -> list[str]:
    """Say which tables of few rows, to which many others refer, may be reference tables."""
    from tabgan.relations.infer_relations import find_lists, is_of_people

    return [
        f"Note: {name!r} has {len(database.tables[name])} rows, to which other tables refer; "
        f"--reference {name} copies them unchanged"
        for name in find_lists(database.tables, relations)
        if name not in (*relations.references, *references)
        and not is_of_people(name, database.tables[name])
    ]


def _is_address(path: str) -> bool:
    from tabgan.files.formats import is_url

    return is_url(path)


def _default_output(data: str) -> str:
    if _is_address(data):
        return "synthetic.db"
    if Path(data).is_dir():
        return f"{Path(data).resolve().name}_synthetic"
    return default_output(data)


def _write_text(path: str, text: str, *, force: bool) -> None:
    from tabgan.files.read_write import open_output

    with open_output(path, force=force) as sink:
        sink.write(text.encode())


def inspect_database(
    source: str,
    report: Report,
    *,
    reading: dict[str, Any],
    file: str | None,
    picture: str | None,
    as_json: bool,
) -> bool:
    """Show the tables of a database and the keys between them; False if there is a single table.

    Parameters
    ----------
    source
        Where the tables lie.
    report
        Where messages go.
    reading
        The options on how to read tables.
    file
        The file of the keys, which is written if it is not there; or None.
    picture
        The file of an SVG picture of the tables and keys, or None.
    as_json
        Whether the keys are printed as JSON.
    """
    from tabgan.relations.drawing_plan import plan_database
    from tabgan.relations.relations import draw_relations, parent_rows, without_orphans

    found = open_database(source, reading, file, report)
    if found is None:
        check_single_table(relations=file, svg=picture)
        return False
    database, relations = found
    _check_options(source, [*database.tables])
    relations.check(database.tables)
    tables, orphans = without_orphans(database.tables, relations)
    rows = {key: parent_rows(tables, key) for key in relations.foreign_keys}
    plan = plan_database(tables, relations, rows)
    notes = [*orphans, *plan.notes]
    if file is not None and not Path(file).exists():
        text = json.dumps(relations.to_json(), ensure_ascii=False, indent=2) + "\n"
        _write_text(file, text, force=False)
        report.say(f"Wrote {file}; edit it and pass it with --relations")
    if picture is not None:
        _write_text(picture, draw_relations(tables, relations) + "\n", force=True)
        report.say(f"Wrote {picture}")
    sizes = {name: [len(frame), frame.shape[1]] for name, frame in database.tables.items()}
    if as_json:
        facts = {"tables": sizes, "relations": relations.to_json(), "notes": notes}
        print_text(json.dumps(facts))
        return True
    lines = [
        f"{name}: {n:,} row{'s' * (n != 1)}, {width} column{'s' * (width != 1)}"
        for name, (n, width) in sizes.items()
    ]
    print_text("\n".join([*lines, "", *relations.describe(), *notes]))
    return True
