"""Models of databases on the command line, and databases compared: sample, inspect, evaluate."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tabgan.cli.command_output import Report, place_of, print_text
from tabgan.cli.databases import open_database

if TYPE_CHECKING:
    from tabgan.relations.database_gan import DatabaseGAN

__all__ = ["describe_database_model", "evaluate_databases", "sample_database"]

_ALWAYS = ("quiet", "as_json", "force", "config", "seed")
_TO_SAMPLE = {*_ALWAYS, "model", "out", "scale"}
_TO_INSPECT = {*_ALWAYS, "source"}
_TO_READ = ("relations", "encoding", "delimiter", "header_row")
_TO_EVALUATE = {*_ALWAYS, *_TO_READ, "real", "synthetic", "html", "fail_under"}


def _loaded(path: str) -> "DatabaseGAN | None":
    """Read a model of a database; None if it is one of a single table, or none at all."""
    from tabgan.base.errors import ModelFileError
    from tabgan.relations.database_gan import DatabaseGAN

    try:
        return DatabaseGAN.load(path) if Path(path).is_file() else None
    except ModelFileError:
        return None  # whoever reads it as a table's says what is wrong


def _check_options(allowed: Collection[str], whole: str) -> None:
    """Refuse the options that only a single table has."""
    ctx = click.get_current_context()
    for param in ctx.command.params:
        name = param.name or ""
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE and name not in allowed:
            flag = max(param.opts, key=len)
            raise click.UsageError(f"{flag} is for a single table; {whole}: leave {flag} out")


def sample_database(
    path: str,
    report: Report,
    *,
    out: str | None,
    scale: float | None,
    seed: int,
    force: bool,
    as_json: bool,
) -> bool:
    """Draw a database from a model; False if the model is one of a single table.

    Parameters
    ----------
    path
        The model file.
    report
        Where messages and facts go.
    out
        Where the tables go; None names a folder after the model.
    scale
        How many times as many rows, or None.
    seed
        Seed of the rows.
    force
        Whether what exists may be replaced.
    as_json
        Whether the facts are printed.
    """
    from tabgan.files.formats import TableForm
    from tabgan.relations.database_files import Database, check_database_output, write_database

    gan = _loaded(path)
    if gan is None:
        return False
    _check_options(_TO_SAMPLE, f"{path} is a model of {len(gan.n_rows_)} tables")
    out = out or f"{Path(path).name.split('.')[0]}_synthetic"
    check_database_output(out, force=force)
    drawn = gan.sample(1.0 if scale is None else scale, random_state=seed)
    for note in gan.notes_on_scale(1.0 if scale is None else scale):
        report.say(f"Note: {note}")
    delimiters = gan.delimiters_
    forms = {n: TableForm("csv", table=n, delimiter=delimiters.get(n, ",")) for n in drawn}
    source = Database(drawn, forms)
    for note in write_database(out, drawn, source, gan.relations_, force=force):
        report.say(f"Note: {note}")
    rows = {name: len(frame) for name, frame in drawn.items()}
    report.say(f"Wrote {len(rows)} tables, {sum(rows.values()):,} rows, to {place_of(out)}")
    report.facts |= {"model": path, "seed": seed, "output": out, "rows": rows}
    if as_json:
        report.print_json()
    return True


def describe_database_model(path: str, *, as_json: bool) -> bool:
    """Print what a model of a database holds; False if the model is one of a single table.

    Parameters
    ----------
    path
        The model file.
    as_json
        Whether it is printed as JSON.
    """
    gan = _loaded(path)
    if gan is None:
        return False
    _check_options(_TO_INSPECT, f"{path} is a model of {len(gan.n_rows_)} tables")
    if as_json:
        facts = {
            "model": path,
            "bytes": Path(path).stat().st_size,
            "tables": gan.n_rows_,
            "relations": gan.relations_.to_json(),
            "notes": gan.notes_,
        }
        print_text(json.dumps(facts))
        return True
    lines = [f"{name}: {n:,} rows" for name, n in gan.n_rows_.items()]
    print_text("\n".join([*lines, "", *gan.relations_.describe(), *gan.notes_]))
    return True


def evaluate_databases(
    real: str,
    synthetic: tuple[str, ...],
    report: Report,
    *,
    reading: dict[str, Any],
    relations: str | None,
    seed: int,
    html: str | None,
    force: bool,
    as_json: bool,
) -> float | None:
    """Compare a synthetic database with a real one; return the score.

    Parameters
    ----------
    real, synthetic
        Where the tables lie.
    report
        Where messages go.
    reading
        The options on how to read tables.
    relations
        The file of the keys, or None.
    seed
        Seed of all samples and models.
    html
        The page, or None.
    force
        Whether it may be replaced.
    as_json
        Whether the figures are printed as JSON.

    Returns
    -------
    The score from 0 to 1; None if these are single tables.

    Raises
    ------
    click.UsageError
        If an option is for single tables, or there are several synthetic databases.
    DataError
        If a table of the real database is not in the synthetic one.
    """
    found = open_database(real, reading, relations, report)
    if found is None:
        return None
    from tabgan.base.errors import DataError
    from tabgan.relations.evaluate_database import evaluate_database

    database, keys = found
    _check_options(_TO_EVALUATE, f"{place_of(real)} has {len(database.tables)} tables")
    if len(synthetic) > 1:
        raise click.UsageError(
            "the real database is compared with one synthetic one; pass only one"
        )
    other = open_database(synthetic[0], reading, relations, report)
    tables = {} if other is None else other[0].tables
    lacking = [name for name in database.tables if name not in tables]
    if lacking:
        raise DataError(
            f"{place_of(synthetic[0])} has no table {lacking[0]!r}, which {place_of(real)} has"
        )
    report.say("Comparing")
    figures = evaluate_database(database.tables, tables, keys, random_state=seed)
    if html is not None:
        figures.save_html(html, force=force)
        report.say(f"Wrote {html}")
    report.print_result(figures.__str__, figures.to_json, as_json=as_json)
    return figures.verdict.score
