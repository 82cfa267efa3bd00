"""Describes tables and models for ``tabgan inspect``, as facts and as text."""

import sys
from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tabgan.cli.command_output import aligned
from tabgan.cli.training import describe_finish, describe_free_text, free_text_names
from tabgan.encoding.compound_encoders import RecordEncoder
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.fitting.prepare import TableOptions, prepare, small_table_note
from tabgan.rules.base_rules import Evidence, evidence_of
from tabgan.rules.detect_dependencies import untried
from tabgan.rules.functional_dependency import CopyDependency
from tabgan.rules.sum_dependency import OneHotDependency
from tabgan.table.columns import ColumnFrame
from tabgan.table.dtypes import restore_dtype
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column, Schema

__all__ = ["describe_model", "describe_table", "lay_out"]

_DAY_OF_TIMES = date(1900, 1, 1)
_LIBRARIES = 750_000_000  # bytes that torch, pandas and the other libraries take


def describe_table(
    frame: pd.DataFrame, options: TableOptions, seed: int = 0
) -> tuple[Schema, dict[str, Any]]:
    """Describe what an estimator would learn from a table, and how.

    Parameters
    ----------
    frame
        The table.
    options, seed
        The options of the estimator, and its `random_state`; `fit` would do the same.

    Returns
    -------
    tuple
        The schema as declared or inferred, and the facts as JSON values.
    """
    preparation = prepare(frame, options, seed)
    encoder, latent = preparation.encoder, preparation.latent
    conditions = preparation.condition_columns
    columns = preparation.declared_schema
    levels = [_Levels.of(frame.iloc[:, place]) for place in range(len(columns.names))]
    facts: dict[str, Any] = {
        "rows": len(frame),
        "columns": [*map(_column_facts, columns, levels)],
        "free_text": free_text_names(columns),
        "fields": _field_facts(encoder),
        "folded": {
            str(name): {"levels": levels.n_levels, "rows": levels.n_rows}
            | ({"form": levels.form} if levels.form is not None else {})
            for name, levels in preparation.folded.items()
        },
        "dependencies": [rule.describe() for rule in encoder.dependencies],
        **_evidence_facts(preparation.table, encoder),
        "keys": [own.describe(preparation.schema) for own in preparation.keys],
        "seasons": _season_facts(encoder),
        "constraints": [rule.describe() for rule in preparation.constraints],
        "conditions": _condition_facts(conditions.values if conditions else {}),
        "learned_columns": _count_learned(encoder),
        "encoded_width": encoder.spans.width,
        "latent": {"size": latent.dim, "reason": latent.reason},
        "steps": preparation.n_steps,
        "memory_bytes": _expected_memory(frame, encoder, sum(own.text_bytes for own in levels)),
        "note": small_table_note(len(frame), options.min_group),
    }
    return columns, facts


def _count_learned(encoder: TableEncoder) -> int:
    """Count the columns of which something is learned, such as the date that a code holds."""
    learned = (at for at, own in encoder.encoders.items() if own.spans.width > 0)
    return len({at % len(encoder.schema) for at in learned})


def describe_model(path: str) -> dict[str, Any]:
    """Return what a model file holds, as JSON values."""
    from tabgan.estimator import TableEstimator  # with torch, which a table is described without

    gan = TableEstimator.load(path, device="cpu")
    return {
        "model": path,
        "bytes": Path(path).stat().st_size,
        "rows": gan.n_rows_,
        "columns": [_column_facts(column, None) for column in gan.schema_],
        "free_text": free_text_names(gan.schema_),
        "fields": _field_facts(gan._model.encoder),
        "dependencies": [rule.describe() for rule in gan.dependencies_],
        "keys": [own.describe(gan.schema_) for own in gan._model.keys],
        "seasons": _season_facts(gan._model.encoder),
        "constraints": [rule.describe() for rule in gan.constraints_],
        "conditions": _condition_facts(gan.conditions_),
        **gan.size_of_fit(),
        "finish": gan.postprocessing_,
        "privacy": gan.privacy_.to_json() if gan.privacy_ else None,
        "diagnosis": [finding.to_json() for finding in gan.diagnosis_],
    }


def _evidence_facts(table: ColumnFrame, encoder: TableEncoder) -> dict[str, Any]:
    """Return the evidence of each rule, and what the search for rules left out."""
    rng = np.random.default_rng(0)  # evidence is told, nothing depends on it
    found: list[dict[str, Any] | None] = []
    searched = table
    for rule in encoder.dependencies:
        evidence = evidence_of(rule, table, rng)
        found.append(
            None
            if evidence is None
            else {**evidence._asdict(), "log10_chance": evidence.log10_chance}
        )
        table = rule.reduce(table)
        if isinstance(rule, CopyDependency | OneHotDependency):
            searched = table
    return {"evidence": found, "untried": untried(searched)}


def _field_facts(encoder: TableEncoder) -> dict[str, dict[str, str]]:
    """Return the kind of each field of the columns of records."""
    records = {at: own for at, own in encoder.encoders.items() if isinstance(own, RecordEncoder)}
    return {str(encoder.columns[at].name): own.kinds for at, own in records.items()}


def _season_facts(encoder: TableEncoder) -> dict[str, list[str]]:
    return {str(name): [*seasons] for name, seasons in encoder.seasons.items()}


def _shown_range(first: Scalar, last: Scalar) -> str | None:
    """Show the ends of a range: of times of day without the day that they are counted on."""
    ends = [end for end in (first, last) if isinstance(end, datetime)]
    if ends and all(end.date() == _DAY_OF_TIMES for end in ends):
        return " to ".join(str(end.time()) for end in ends)
    return None if first is None else f"{first} to {last}"


class _Levels(NamedTuple):
    """How much of a column is missing, and how many distinct values it has."""

    missing: float  # share of the rows
    distinct: int
    text_bytes: int  # memory of the texts; equal ones are one object when they come from a file

    @classmethod
    def of(cls, values: pd.Series) -> "_Levels":
        """Count the values of a column."""
        codes, distinct = pd.factorize(values)
        missing = codes < 0
        if values.dtype != object:
            return cls(float(missing.mean()), len(distinct), 0)
        empty = np.flatnonzero(distinct == "")
        missing |= np.isin(codes, empty)
        return cls(float(missing.mean()), len(distinct), sum(map(sys.getsizeof, distinct)))


def _column_facts(column: Column, levels: _Levels | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": str(column.name),
        "kind": column.kind,
        "dtype": str(restore_dtype(column.dtype)),
        "range": _shown_range(column.minimum, column.maximum),
        "why": column.why,
    }
    if levels is not None:
        facts |= {"missing": levels.missing, "distinct": levels.distinct}
    return facts


def _condition_facts(conditions: Mapping[Hashable, Iterable[Any]]) -> dict[str, list[str]]:
    return {str(name): [str(value) for value in values] for name, values in conditions.items()}


def _expected_memory(frame: pd.DataFrame, encoder: TableEncoder, texts: int) -> int:
    """Estimate the peak of a fit in bytes: the table, its encoded rows, and the libraries.

    Parameters
    ----------
    frame, encoder
        The table, and what encodes it.
    texts
        Bytes of its distinct texts.
    """
    spans = encoder.spans
    row = 8 * spans.n_numbers + 4 * len(spans.widths)
    table = int(frame.memory_usage(index=False, deep=False).sum())
    return _LIBRARIES + table + texts + row * len(frame)


def lay_out(facts: dict[str, Any]) -> str:
    """Lay facts out as text: the columns as a table, then a line for each other fact."""
    header = ("column", "kind", "dtype", "missing", "range or values", "why")
    rows = [
        (
            column["name"],
            column["kind"],
            column["dtype"],
            f"{column['missing']:.1%}" if "missing" in column else "",
            column["range"] or (f"{column['distinct']:,} values" if "distinct" in column else ""),
            column["why"],
        )
        for column in facts["columns"]
    ]
    lines = [*aligned([header, *rows]), ""]
    if facts.get("free_text"):
        lines.append(describe_free_text(facts["free_text"]))
    for name, kinds in facts.get("fields", {}).items():
        lines.append(f"fields of {name}: {', '.join(f'{key} {kinds[key]}' for key in kinds)}")
    lines += [*_rule_lines(facts)] or ["no rules between columns"]
    if facts.get("untried"):
        lines.append(f"rules: {facts['untried']}")
    lines += [f"key: {keys}" for keys in facts.get("keys", ())]
    lines += [
        f"season: other columns depend on the {' and the '.join(seasons)} of {name}"
        for name, seasons in facts.get("seasons", {}).items()
    ]
    lines += [f"constraint: {rule}" for rule in facts.get("constraints", ())]
    for name, values in facts.get("conditions", {}).items():
        shown = ", ".join(values[:10]) + (", …" if len(values) > 10 else "")
        lines.append(f"condition column: {name} ({shown})")
    lines += [_folded_line(name, levels) for name, levels in facts.get("folded", {}).items()]
    lines += _training_lines(facts)
    if facts.get("note"):
        lines.append(f"note: {facts['note']}")
    if facts.get("privacy"):
        from tabgan.fitting.private.privacy_accounting import Ledger

        lines += Ledger.from_json(facts["privacy"]).describe()
    if facts.get("finish"):
        lines.append(f"after training: {describe_finish(facts['finish'])}")
    lines += map(_warning_line, facts.get("diagnosis", ()))
    if "memory_bytes" in facts:
        lines.append(f"expected memory: about {facts['memory_bytes'] / 1e9:.1f} GB")
    if "bytes" in facts:
        lines.append(f"model file: {facts['bytes'] / 1e6:.1f} MB")
    return "\n".join(lines)


def _training_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """Say what is learned, and how long, in a line each."""
    if "encoded_width" in facts:
        learned = f"{facts['learned_columns']} of {len(facts['columns'])} columns"
        yield f"learned: {learned} (encoded width {facts['encoded_width']})"
    if "trees" in facts:
        yield f"training: {facts['rows']:,} rows, {facts['trees']:,} trees"
    else:
        if "latent" in facts:
            yield f"latent size: {facts['latent']['size']} ({facts['latent']['reason']})"
        yield f"training: {facts['rows']:,} rows, {facts['steps']:,} steps"


def _warning_line(finding: dict[str, Any]) -> str:
    """Say in a line what went wrong in a training."""
    from tabgan.generators.gan.diagnosis import Finding

    return f"warning: {Finding.from_json(finding)}"


def _rule_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """Say each rule in a line, with its evidence where there is some."""
    nothing = [None] * len(facts["dependencies"])  # a model has no table
    for rule, own in zip(facts["dependencies"], facts.get("evidence", nothing), strict=True):
        evidence = f" ({Evidence(own['rows'], own['by_chance'])})" if own else ""
        yield f"rule: {rule}{evidence}"


def _folded_line(name: str, folded: Mapping[str, Any]) -> str:
    """Say in a line what replaces the rare values of a column.

    Examples
    --------
    >>> _folded_line("town", {"levels": 60, "rows": 60})
    'rare values: town (60 values in 60 rows, replaced by frequent ones)'
    >>> _folded_line("code", {"levels": 395, "rows": 970, "form": "00000A"})
    'rare values: code (395 values in 970 rows, replaced by generated ones such as 00000A)'
    """
    form, n, rows = folded.get("form"), folded["levels"], folded["rows"]
    kind = f"generated ones such as {form}" if form else "frequent ones"
    counts = f"{n:,} value{'s' * (n != 1)} in {rows:,} row{'s' * (rows != 1)}"
    return f"rare values: {name} ({counts}, replaced by {kind})"
