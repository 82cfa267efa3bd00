"""Holding declared constraints against the table that is to be learned."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tabgan.constraints.base import ColumnConstraint, Constraint
from tabgan.constraints.levels import Unique
from tabgan.constraints.ranges import Positive, Range
from tabgan.constraints.relations import Formula, Inequality, Sum
from tabgan.errors import DataError, SchemaError
from tabgan.inference import infer_schema
from tabgan.kinds import Kind
from tabgan.schema import Schema

__all__ = ["declare"]

_MAY_BE_IDENTIFIERS = ("integer", "categorical", "text")


def declare(
    frame: pd.DataFrame,
    schema: Schema,
    constraints: Sequence[Constraint],
    declared: Schema | Mapping[Hashable, Kind] | None = None,
) -> tuple[Schema, tuple[Constraint, ...]]:
    """Hold constraints against the training table.

    Parameters
    ----------
    frame
        The training table.
    schema
        Its columns.
    constraints
        What is declared.
    declared
        The option `schema` of the estimator: the kind of a column that it names is not changed.

    Returns
    -------
    The schema that the constraints ask for, and the constraints with what they have to know.

    Raises
    ------
    OptionError
        If a constraint does not go with the columns.
    DataError
        If a row breaks one.
    """
    asked = [column.name for column in declared] if isinstance(declared, Schema) else declared or ()
    open_ = {column.name for column in schema} - set(asked)
    for constraint in constraints:
        schema = _with_numbers(constraint, frame, schema, open_)
    learned = []
    for constraint in constraints:
        constraint.validate(schema)
        _check_rows(constraint, frame, schema)
        learned.append(constraint.learn(frame, schema))
    return _asked_for(learned, frame, schema, open_), tuple(learned)


def _asked_for(
    constraints: Sequence[Constraint],
    frame: pd.DataFrame,
    schema: Schema,
    open_: Collection[Hashable],
) -> Schema:
    """Return the schema with the ranges and identifiers that constraints ask for."""
    spoken_of = {
        at
        for rule in constraints
        if isinstance(rule, ColumnConstraint) and not isinstance(rule, Unique)
        for at in rule.positions(schema)
    }
    for constraint in constraints:
        if isinstance(constraint, Range | Positive):
            schema = _narrowed(constraint, frame, schema)
        elif isinstance(constraint, Unique):
            at, *more = constraint.positions(schema)
            column = schema.columns[at]
            if not more and at not in spoken_of and column.kind in _MAY_BE_IDENTIFIERS:
                schema = _with_kind("identifier", at, frame, schema, open_)
    return schema


def _with_numbers(
    constraint: Constraint, frame: pd.DataFrame, schema: Schema, open_: Collection[Hashable]
) -> Schema:
    """Take whole numbers that a relation compares for numbers, even if they might name rows."""
    if isinstance(constraint, Inequality | Sum | Formula):
        for at in constraint.positions(schema):
            if schema.columns[at].kind in ("identifier", "sequential"):
                schema = _with_kind("integer", at, frame, schema, open_)
    return schema


def _with_kind(
    kind: Kind, at: int, frame: pd.DataFrame, schema: Schema, open_: Collection[Hashable]
) -> Schema:
    """Give a column whose kind is open another one, if its values are of that kind."""
    name = schema.columns[at].name
    if name not in open_:
        return schema
    try:
        (measured,) = infer_schema(frame.iloc[:, [at]], {name: kind})
    except SchemaError:
        return schema
    return schema.with_column(measured)


def _check_rows(constraint: Constraint, frame: pd.DataFrame, schema: Schema) -> None:
    broken = np.flatnonzero(~constraint.check(frame, schema))
    if not len(broken):
        return
    first = int(broken[0])
    shown = ""
    if isinstance(constraint, ColumnConstraint):
        values = (
            (name, frame.iloc[first, at])
            for name, at in zip(constraint.names, constraint.positions(schema), strict=True)
        )
        shown = " with " + ", ".join(f"{name!r} {str(value)!r:.60}" for name, value in values)
    raise DataError(
        f"{constraint}: {len(broken):,} of {len(frame):,} rows break it, first row {first}{shown}; "
        "change or drop these rows, or leave the constraint out"
    )


def _narrowed(constraint: Range | Positive, frame: pd.DataFrame, schema: Schema) -> Schema:
    """Bring a declared range to the one that the values have, which keep the constraint."""
    (at,) = constraint.positions(schema)
    column = schema.columns[at]
    (measured,) = infer_schema(frame.iloc[:, [at]], {column.name: column.kind})
    return schema.with_column(replace(column, minimum=measured.minimum, maximum=measured.maximum))
