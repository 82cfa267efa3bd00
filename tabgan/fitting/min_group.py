"""What a model may know of a table: no value that only a few of its rows hold."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tabgan.base.errors import DataError, SchemaError
from tabgan.encoding.identifiers.identifier_attribute import find_attributed
from tabgan.encoding.rare_levels import fold_rare, has_frequent_level
from tabgan.inference.infer_schema import infer_schema, with_measured_ranges
from tabgan.rules.constraint import ColumnConstraint, Constraint
from tabgan.rules.dependencies import detect_dependencies
from tabgan.rules.dependency import Dependency
from tabgan.rules.level_constraints import FixedCombinations
from tabgan.table.columns import by_position, column_index, numbers_of, numbers_to_series
from tabgan.table.kinds import RANGED
from tabgan.table.number_scale import clip_to_range
from tabgan.table.schema import Column, Schema

__all__ = ["suppress_rare_values", "with_min_group"]


def with_min_group(schema: Schema, min_group: int) -> Schema:
    """Give the columns that say nothing of it the estimator's `min_group`, if it is above 1."""
    if min_group == 1:
        return schema
    columns = (replace(c, min_group=c.min_group or min_group) for c in schema)
    return replace(schema, columns=tuple(columns))


def suppress_rare_values(
    frame: pd.DataFrame,
    schema: Schema,
    constraints: Sequence[Constraint],
    rules: Sequence[Dependency],
    *,
    kept: Collection[int],
    given: Sequence[int],
    streams: tuple[np.random.Generator, np.random.Generator],
    derive: bool,
) -> tuple[pd.DataFrame, Schema]:
    """Fold rare levels of a table into frequent ones, and trim the ranges of its schema.

    Numbers beyond a trimmed range stay in the table: their encoders take them for numbers near
    to the end.

    Parameters
    ----------
    frame, schema
        The training table.
    constraints, rules
        What is declared of it, and the dependencies that keep it.
    kept, given
        Positions of columns that no rule may derive, and of those that are conditions.
    streams
        Randomness of the detection of rules, and of thresholds and donors.
    derive
        Whether rules are detected.
    """
    if all(column.least_rows == 1 for column in schema):
        return frame, schema
    spoken_of = [
        tuple(rule.positions(schema)) for rule in constraints if isinstance(rule, ColumnConstraint)
    ]
    schema = _with_names_made_anew(frame, schema, {at for tie in spoken_of for at in tie})
    table = by_position(frame, schema)
    detected = detect_dependencies(table, streams[0], kept, find_attributed) if derive else []
    joint = [
        rule.positions(schema)
        for rule in constraints
        if isinstance(rule, FixedCombinations) and rule.combinations is None
    ]
    ties = [*spoken_of, *(rule.positions for rule in (*detected, *rules))]
    if len(given) > 1:  # which of their values occur together is kept
        joint.append(tuple(given))
    table, folded = fold_rare(table, ties, joint, streams[1])
    hidden = pd.concat([values for _, values in table.values()], axis=1)
    hidden.columns = column_index(schema)
    columns = tuple(replace(c, folded=folded.get(at)) for at, c in enumerate(schema))
    return hidden, _trimmed(frame, hidden, replace(schema, columns=columns))


def _trimmed(frame: pd.DataFrame, hidden: pd.DataFrame, schema: Schema) -> Schema:
    """Bring ranges that were measured of the table to trimmed ones; declared ones stay."""
    series = [
        _within(column, hidden.iloc[:, at]) if column.kind in RANGED else hidden.iloc[:, at]
        for at, column in enumerate(schema)
    ]
    trimmed = pd.concat(series, axis=1).set_axis(hidden.columns, axis=1)
    return with_measured_ranges(schema, frame, trimmed)


def _within(column: Column, values: pd.Series) -> pd.Series:
    numbers = numbers_of(values, column)
    decimals = 0 if column.kind == "integer" else column.decimals
    known = numbers.values.copy()
    known[numbers.present] = clip_to_range(known[numbers.present], decimals, column.least_rows)
    written = numbers_to_series(known, numbers.special, column, numbers.present)
    return written.set_axis(values.index)


def _with_names_made_anew(frame: pd.DataFrame, schema: Schema, fixed: Collection[int]) -> Schema:
    """Let the values of columns be made anew that have no level of enough rows.

    Raises
    ------
    DataError
        If a column has none and its values can't be made anew, or a constraint speaks of it.
    """
    for at, (column, values) in by_position(frame, schema).items():
        is_declared = isinstance(values.dtype, pd.CategoricalDtype)
        if column.kind != "categorical" or is_declared or has_frequent_level((column, values)):
            continue
        why = f"no value is held by min_group={column.min_group} rows"
        try:
            (made,) = infer_schema(frame.iloc[:, [at]].set_axis([at], axis=1), {at: "identifier"})
        except SchemaError:
            made = column
        if made is column or at in fixed:
            raise DataError(
                f"Column {column.name!r}: {why}, so that none is kept, and none can be made anew; "
                "drop the column or give it another kind, or keep its values with min_group=1"
            )
        made = replace(
            made, name=column.name, min_group=column.min_group, why=f"{why}: they are made anew"
        )
        schema = schema.with_column(made)
    return schema
