"""``tabgan sample`` and ``tabgan impute``: draw rows from a model, or fill empty cells by it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tabgan.cli.command_options import FILE, command, option
from tabgan.cli.databases import check_single_table, scale_option
from tabgan.cli.table_options import (
    Parts,
    balance_option,
    delimiter_option,
    encoding_option,
    json_option,
    output_options,
    parts_options,
    quiet_option,
    reading_options,
    rows_option,
    seed_option,
    where_options,
)
from tabgan.cli.training_options import device_option

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.cli.command_output import Report
    from tabgan.estimator import TableEstimator

__all__ = ["impute", "sample"]

ROWS_PER_FILE = 1_000_000


@command(
    "tabgan sample customers.safetensors",
    "tabgan sample customers.safetensors -n 1000000 -o many.csv.gz --seed 7",
    "tabgan sample customers.safetensors -n 20 -o -",
    "tabgan sample customers.safetensors --where plan=free",
    "tabgan sample customers.safetensors -n 100 --where 'age >= 65 and plan != \"pro\"'",
    "tabgan sample customers.safetensors --where-file rows.csv",
    "tabgan sample customers.safetensors -n 3000 --balance plan",
    "tabgan sample shop.safetensors --scale 0.1 -o small.db",
    "tabgan sample customers.safetensors -n 1e9 -o out/ --rows-per-file 5e6 --seed 7",
    "tabgan sample customers.safetensors -n 1e9 -o out/ --seed 7 --shard 0/8",
)
@click.argument("model", type=FILE)
@rows_option
@where_options
@balance_option
@scale_option
@option(
    "-o",
    "--out",
    section="Output",
    type=FILE,
    metavar="OUT",
    show_default="MODEL_synthetic.csv, in the current folder",
    help="File for the synthetic table, or a folder (a name that ends in /) for several files; "
    "'-' is stdout.",
)
@encoding_option
@delimiter_option
@output_options
@parts_options
@device_option
@seed_option
@quiet_option
@json_option
def sample(
    *,
    model: str,
    rows: int | None,
    out: str | None,
    where: tuple[str, ...],
    where_file: str | None,
    balance: str | None,
    scale: float | None,
    seed: int,
    device: str,
    encoding: str | None,
    delimiter: str | None,
    writing: dict[str, Any],
    parts: Parts,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Sample synthetic rows from a model.

    MODEL is a file that 'tabgan fit' or 'tabgan synth --model' wrote. The rows are written to OUT
    block by block, so memory does not grow with their number. A model of several tables samples all
    of them, to a folder, workbook or database.
    """
    from tabgan.cli.command_output import Report
    from tabgan.cli.database_models import sample_database

    report = Report(quiet=quiet)
    options: dict[str, Any] = {"out": out, "seed": seed, "force": force, "as_json": as_json}
    if sample_database(model, report, scale=scale, **options):
        return
    check_single_table(scale=scale)
    if where_file:
        _check_alone(rows, where, balance)
    request: dict[str, Any] = {"where": where, "where_file": where_file, "balance": balance}
    form = {"encoding": encoding, "delimiter": delimiter, **writing}
    if parts.flag is not None or (out or "").endswith(("/", "\\")):
        folder = _check_parts(out, parts, request, form, force=force)
        seed = _seed_of_parts(folder, parts, seed)
        table_format = form["table_format"] or "parquet"
        gan = _load(model, device, report)
        _draw_parts(gan, report, folder, parts, table_format, rows=rows, seed=seed, force=force)
    else:
        to_file: dict[str, Any] = {"out": out, "form": form, "force": force, "as_json": as_json}
        _draw_file(model, device, report, rows=rows, seed=seed, **request, **to_file)
    if as_json:
        report.print_json()


def _draw_file(
    model: str,
    device: str,
    report: "Report",
    *,
    rows: int | None,
    seed: int,
    where: tuple[str, ...],
    where_file: str | None,
    balance: str | None,
    out: str | None,
    form: Mapping[str, Any],
    force: bool,
    as_json: bool,
) -> None:
    """Draw rows to one file; `form` holds the options of `TableForm.for_output`."""
    from tabgan.cli.command_output import check_targets, default_output
    from tabgan.cli.tables import draw_to_file
    from tabgan.files.formats import TableForm
    from tabgan.files.read_write import check_table_output

    condition = _joined(where) if where else None
    out = out or default_output(model, form["table_format"] or "csv")
    written = TableForm().for_output(out, **form)
    sources = (model, where_file)
    check_targets(sources, out=out, form=written, rows=rows, force=force, as_json=as_json)
    gan = _load(model, device, report)
    report.facts["seed"] = seed
    if condition or where_file:
        report.facts["where"] = condition or where_file
    if balance is not None:
        report.facts["balance"] = balance
    request = _partial_rows(where_file) if where_file else condition
    check_table_output(out, written, gan.n_rows_ if rows is None else rows, force=force)
    target: dict[str, Any] = {"out": out, "form": written, "force": force}
    draw_to_file(gan, report, rows=rows, seed=seed, where=request, balance=balance, **target)


def _load(model: str, device: str, report: "Report") -> "TableEstimator":
    """Read a model, and report it."""
    report.say(f"Reading {model}")
    from tabgan.estimator import TableEstimator

    gan = TableEstimator.load(model, device=device)
    report.done("load")
    report.facts |= {"model": model, "columns": gan.n_features_in_}
    return gan


def _check_parts(
    out: str | None,
    parts: Parts,
    request: Mapping[str, Any],
    form: Mapping[str, Any],
    *,
    force: bool,
) -> str:
    """Return the folder of a sample in parts; check that no other option stands against it."""
    from tabgan.sampling.write_parts import PART_FORMATS

    for name in ("where", "where_file", "balance", "encoding", "delimiter", "table"):
        if {**request, **form}[name]:
            flag = "--out-table" if name == "table" else f"--{name.replace('_', '-')}"
            raise click.UsageError(
                f"{flag} can't be combined with files in a folder; write one file, without "
                f"{parts.flag or '/ at the end of -o'}"
            )
    if out is None or out == "-":
        raise click.UsageError(f"{parts.flag} writes files to a folder; name it with -o")
    if force and parts.shard is not None:
        raise click.UsageError(
            "--force can't be combined with --shard: each process would remove the others' files; "
            "name another folder, or remove this one before the first process starts"
        )
    if form["table_format"] not in (None, *PART_FORMATS):
        raise click.UsageError(
            f"--output-format {form['table_format']} can't be written in parts; choose one of "
            f"{', '.join(PART_FORMATS)}"
        )
    return out


def _draw_parts(
    gan: "TableEstimator",
    report: "Report",
    folder: str,
    parts: Parts,
    table_format: Any,
    *,
    rows: int | None,
    seed: int,
    force: bool,
) -> None:
    """Draw rows to files of a folder."""
    from tabgan.cli.command_output import Lines

    total, done = gan.n_rows_ if rows is None else rows, 0
    lines = Lines(report, "rows", total)

    def tell(n: int) -> None:
        nonlocal done
        done += n
        lines.at(done)

    manifest = gan.sample_to(
        folder,
        total,
        rows_per_file=ROWS_PER_FILE if parts.rows_per_file is None else parts.rows_per_file,
        table_format=table_format,
        random_state=seed,
        shard=parts.shard,
        resume=parts.resume,
        force=force,
        backend=parts.backend,
        cluster=parts.cluster,
        on_part=tell,
    )
    seconds = report.done("sample")
    report.say(f"Wrote {done:,} rows to {folder} in {seconds:.1f} s")
    if manifest is None:
        report.say("Files of other shards are still missing; the last shard writes the manifest")
    report.facts |= {"seed": seed, "rows": done, "output": folder, "finished": manifest is not None}


def _seed_of_parts(folder: str, parts: Parts, seed: int) -> int:
    """Return the seed of a sample in parts: that of --seed, or of the files to go on with."""
    source = click.get_current_context().get_parameter_source("seed")
    if source is not ParameterSource.DEFAULT:
        return seed
    from tabgan.sampling.write_parts import read_plan

    planned = read_plan(Path(folder)) if parts.resume else None
    if planned is not None:
        return planned.seed
    if parts.shard is not None:
        raise click.UsageError("--shard needs --seed, the same number in all processes")
    return seed


def _check_alone(rows: int | None, where: tuple[str, ...], balance: str | None) -> None:
    """Check that no other option on rows stands beside --where-file."""
    if rows is not None:
        raise click.UsageError("--where-file determines the number of rows; leave -n out")
    for other, is_set in (("--where", bool(where)), ("--balance", balance is not None)):
        if is_set:
            raise click.UsageError(f"{other} and --where-file can't be combined; use one of them")


def _joined(conditions: tuple[str, ...]) -> str:
    from tabgan.conditions.grammar import join_wheres

    return join_wheres(conditions)


def _partial_rows(path: str) -> "pd.DataFrame":
    """Read a table of partial rows, whose empty cells are missing."""
    from tabgan.cli.tables import with_holes
    from tabgan.files.read_write import read_table

    return with_holes(*read_table(path, header="first"))


@command(
    "tabgan impute customers.safetensors customers.csv",
    "tabgan impute customers.safetensors new.csv -o filled.csv --seed 7",
)
@click.argument("model", type=FILE)
@click.argument("data", type=FILE)
@reading_options
@option(
    "-o",
    "--out",
    section="Output",
    type=FILE,
    metavar="OUT",
    show_default="DATA_imputed, in the current folder",
    help="File for the imputed table; '-' is stdout.",
)
@output_options
@seed_option
@quiet_option
@json_option
def impute(
    *,
    model: str,
    data: str,
    out: str | None,
    seed: int,
    reading: dict[str, Any],
    writing: dict[str, Any],
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Impute the missing cells of a table.

    MODEL is a file that 'tabgan fit' wrote, DATA a table with the columns of the training table.
    Missing cells are sampled given the other cells of their row. NA, N/A, NULL, None, nan, ?, - and
    the like count as missing. Other words among numbers or dates, such as ERROR, count as missing
    there and in categorical columns. All other cells are unchanged. Another seed samples other
    values.
    """
    from tabgan.cli.command_output import (
        Report,
        check_table,
        check_targets,
        default_output,
        fact_of,
        place_of,
    )
    from tabgan.cli.tables import read_data, with_holes, write_blocks
    from tabgan.files.formats import TableForm

    table = reading["table"]
    out = out or default_output(data, writing["table_format"], ending="imputed", table=table)
    form = TableForm(table=table).for_output(out, **writing)
    check_targets((model, data), out=out, form=form, force=force, as_json=as_json)
    report = Report(quiet=quiet)
    from tabgan.estimator import TableEstimator

    gan = TableEstimator.load(model)
    frame, source = read_data(data, report, **reading)
    form = source.for_output(out, **writing)
    check_table(data, source, out, form, rows=len(frame), force=force)
    frame = with_holes(frame, source)
    holes = int(frame.isna().to_numpy().sum())
    report.say(f"Imputing {holes:,} empty cells, and marks of missing values")
    filled = gan.impute(frame, random_state=seed)
    write_blocks([filled], gan.schema_, report, out=out, form=form, force=force)
    seconds = report.done("impute")
    left = int(filled.isna().to_numpy().sum())
    marks = int((frame.notna() & (filled.astype(object) != frame.astype(object))).to_numpy().sum())
    beside = f" and {marks:,} marks of missing values" if marks else ""
    filling = f"Imputed {holes - left:,} of {holes:,} empty cells{beside} in {seconds:.1f} s"
    report.say(f"{filling}; wrote {place_of(out)}")
    report.facts |= {"model": model, "seed": seed, "rows": len(filled)}
    counts = {"empty_cells": holes, "filled_cells": holes - left, "filled_marks": marks}
    report.facts |= {"output": fact_of(out)} | counts
    if as_json:
        report.print_json()
