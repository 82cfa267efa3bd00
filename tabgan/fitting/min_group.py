"""`min_group`: keep values out of a model that only a few rows of its table hold."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tabgan.base.errors import DataError, SchemaError
from tabgan.encoding.identifiers.identifier_attribute import find_attributes
from tabgan.encoding.multiselect import item_rows, read_levels
from tabgan.encoding.rare_levels import (
    FoldedLevels,
    Units,
    can_be_generated,
    fold_rare,
    has_frequent_level,
    may_be_rare,
)
from tabgan.inference.infer_schema import infer_schema, with_measured_ranges
from tabgan.rules.constraint import ColumnConstraint, Constraint
from tabgan.rules.dependency import Dependency
from tabgan.rules.detect_dependencies import detect_dependencies
from tabgan.rules.functional_dependency import FunctionalDependency
from tabgan.rules.holes_dependency import HolesDependency
from tabgan.rules.level_constraints import FixedCombinations
from tabgan.rules.personal_dependency import CodePrefix
from tabgan.table.columns import ColumnFrame, TypedSeries, by_position, clip_to_ends, write_column
from tabgan.table.scalars import Scalar
from tabgan.table.schema import RANGED, Kind, Schema

FEW_GROUPS = 10  # times the rows of a group: of fewer rows, little is learned

__all__ = ["Suppressed", "small_table_note", "suppress_rare_values", "with_min_group"]


class Suppressed(NamedTuple):
    """A table and its schema without rare values, and what was folded, by position."""

    table: ColumnFrame
    schema: Schema
    folded: Mapping[int, FoldedLevels]


def small_table_note(n_rows: int, min_group: int) -> str | None:
    """Return in a line what is not learned of a table of few rows, or None if it has enough.

    Parameters
    ----------
    n_rows
        Rows of the table.
    min_group
        About how many rows must hold a value.
    """
    if min_group == 1 or n_rows >= FEW_GROUPS * min_group:
        return None
    return (
        f"{n_rows} rows are few to learn from and hide in: numbers are drawn between "
        f"the {min_group} outermost rows, and levels of fewer rows are not kept; --min-group 1 "
        "keeps all"
    )


def with_min_group(schema: Schema, min_group: int) -> Schema:
    """Set the estimator's `min_group` in columns that have none of their own.

    Parameters
    ----------
    schema
        Columns of the table.
    min_group
        About how many rows must hold a value. 1 keeps all values, and leaves the schema as it is.
    """
    if min_group == 1:
        return schema
    columns = (replace(c, min_group=c.min_group or min_group) for c in schema)
    return replace(schema, columns=tuple(columns))


def suppress_rare_values(
    table: ColumnFrame,
    schema: Schema,
    constraints: Sequence[Constraint],
    rules: Sequence[Dependency],
    *,
    kept: Collection[int],
    conditions: Sequence[int],
    streams: tuple[np.random.Generator, np.random.Generator],
    derive: bool,
    units: Units = (),
) -> Suppressed:
    """Fold rare levels of a table into frequent ones, and trim the ranges of its schema.

    Numbers beyond a trimmed range stay in the table; their encoders clip them.

    Parameters
    ----------
    table, schema
        The training table.
    constraints, rules
        The declared constraints, and the dependencies that keep them.
    kept, conditions
        Positions of the columns that no rule may derive, and of the condition columns.
    streams
        Randomness of the detection of rules, and of thresholds and donors.
    derive
        Whether rules are detected.
    units
        Whom each row is of: a level counts once for all rows of one unit.
    """
    if all(c.least_rows == 1 for c in schema):
        return Suppressed(table, schema, {})
    constrained = [
        tuple(rule.positions(schema)) for rule in constraints if isinstance(rule, ColumnConstraint)
    ]
    fixed = {*conditions, *(at for tie in constrained for at in tie)}
    table, schema = _without_few_numbers(table, schema)
    schema = _with_generated_values(table, schema, fixed, units)
    table = by_position(table, schema)
    combined = (rule for rule in constraints if isinstance(rule, FixedCombinations))
    joint = [rule.positions(schema) for rule in combined if rule.combinations is None]
    if len(conditions) > 1:  # the model keeps which of their values occur together
        joint.append(tuple(conditions))
    suppressed, folded = table, dict[int, FoldedLevels]()
    if joint or may_be_rare(table, units):  # else nothing is folded, whatever rules tie together
        detected = detect_dependencies(table, streams[0], kept, find_attributes) if derive else []
        prefixes = [rule for rule in detected if isinstance(rule, CodePrefix)]
        # which columns rules fill together ties no levels: the rules themselves do
        aside = (CodePrefix, HolesDependency)
        found = [*(rule for rule in detected if not isinstance(rule, aside)), *rules]
        # a column of presence, behind those of the schema, goes with the column that it is of
        ties = [
            *constrained,
            *({at % len(schema) for at in rule.positions} for rule in found),
        ]
        looked_at = {at % len(schema) for at in _looked_at(found)}
        fixed |= {at for at in looked_at if has_frequent_level(table[at], units)}
        suppressed, folded = fold_rare(table, ties, joint, streams[1], fixed, units=units)
        for rule in prefixes:  # a code begins with the level that is kept
            rests = rule.reduce(table)[rule.target.position]
            suppressed = rule.restore({**suppressed, rule.target.position: rests})
    columns = tuple(
        replace(c, folded=folded[at].n_levels if at in folded else None)
        for at, c in enumerate(schema)
    )
    schema = _trimmed(table, suppressed, replace(schema, columns=columns))
    return Suppressed(by_position(suppressed, schema), schema, folded)


def _without_few_numbers(table: ColumnFrame, schema: Schema) -> tuple[ColumnFrame, Schema]:
    """Leave out the numbers of columns in which too few rows hold any.

    They are missing then: whatever was drawn in their place would tell of these rows.
    """
    columns = list(schema.columns)
    for at, column in enumerate(schema):
        if column.kind not in RANGED:
            continue
        present = table[at].numbers.present
        if not 0 < present.sum() < min(column.least_rows, len(present)):
            continue
        values = table[at].values
        blank = values.mask(present)
        if values.dtype == object:
            blank = values.where(~present, None)
        (empty,) = infer_schema(blank.to_frame(at))
        why = f"no number is kept, as fewer than {column.least_rows} rows hold one"
        columns[at] = replace(empty, name=column.name, min_group=column.min_group, why=why)
        table = {**table, at: TypedSeries(columns[at], blank)}
    return table, replace(schema, columns=tuple(columns))


def _trimmed(table: ColumnFrame, suppressed: ColumnFrame, schema: Schema) -> Schema:
    """Trim the ranges that were measured from the table; declared ranges stay."""
    ranged = [at for at, column in enumerate(schema) if column.kind in RANGED]
    after = {at: _clipped(suppressed[at]) for at in ranged}
    changed = {at: values for at, values in after.items() if values is not table[at].values}
    return with_measured_ranges(schema, {at: table[at].values for at in changed}, changed)


def _clipped(cells: TypedSeries) -> pd.Series:
    """Clip numbers to the ends that may be kept; the values themselves if that changes none."""
    column, numbers = cells.column, cells.numbers
    if not numbers.present.any():
        return cells.values
    if column.kind in ("integer", "numeric"):
        column = replace(column, minimum=None, maximum=None)
    clipped = numbers.values.copy()
    clipped[numbers.present] = clip_to_ends(clipped[numbers.present], column)
    if (clipped == numbers.values)[numbers.present].all():
        return cells.values
    if column is not cells.column:
        column = replace(
            column,
            minimum=_like(cells.column.minimum, clipped[numbers.present].min()),
            maximum=_like(cells.column.maximum, clipped[numbers.present].max()),
        )
    return write_column(numbers._replace(values=clipped), column).set_axis(cells.values.index)


def _like(bound: Scalar, number: Any) -> Scalar:
    """Write a number as a bound is: as a whole number, a float or a decimal."""
    if isinstance(bound, Decimal):
        return Decimal(repr(number.item()))
    return None if bound is None else type(bound)(number.item())


def _looked_at(rules: Sequence[Dependency]) -> set[int]:
    """Return the columns whose levels mean something to a rule, not only which are equal."""
    found = set[int]()
    for rule in rules:
        if not rule.of_equality:
            found |= {*rule.positions}
        elif isinstance(rule, FunctionalDependency) and rule.source.column.kind in RANGED:
            found.add(rule.target.position)  # a generated level would have no number before it
    return found


def _with_generated_values(
    table: ColumnFrame, schema: Schema, fixed: Collection[int], units: Units
) -> Schema:
    """Turn columns of categories or lists without a frequent one into identifiers or text.

    Categories are turned where a constraint or condition looks at their levels; others get
    generated levels.

    Raises
    ------
    DataError
        If such a column can't be that, or a constraint names it.
    """
    for at, cells in table.items():
        column, kind = cells.column, _GENERATED.get(cells.column.kind)
        if kind is None or _is_declared(cells) or _has_frequent_value(cells, units):
            continue
        is_level = column.kind == "categorical"
        if is_level and at not in fixed and can_be_generated(cells):
            continue
        why = f"no value is held by min_group={column.min_group} rows"
        try:
            (identifier,) = infer_schema(cells.values.to_frame(at), {at: kind})
        except SchemaError:
            identifier = column
        if identifier is column or at in fixed:
            raise DataError(
                f"Column {column.name!r}: {why}, so that none is kept, and none can be generated; "
                "drop the column or give it another kind, or keep its values with min_group=1"
            )
        identifier = replace(
            identifier,
            name=column.name,
            min_group=column.min_group,
            why=f"{why}: they are generated",
        )
        schema = schema.with_column(identifier)
    return schema


_GENERATED: Mapping[Kind, Kind] = {"categorical": "identifier", "multiselect": "text"}


def _is_declared(cells: TypedSeries) -> bool:
    return isinstance(cells.values.dtype, pd.CategoricalDtype)


def _has_frequent_value(cells: TypedSeries, units: Units) -> bool:
    """Return whether enough rows hold some level, of lists some item, or there is none at all."""
    if cells.column.kind != "multiselect":
        return has_frequent_level(cells, units)
    most = max(item_rows(read_levels(cells)).values(), default=0)
    return not most or most >= cells.column.least_rows
