"""From declared constraints to a schema and dependencies that keep them by construction.

Rules are restored one after the other, and none may change what an earlier one has settled:
one-hot groups, combinations and sums, which share no column; orders; formulas, in the order in
which they need each other; then orders with what formulas give. What finds no place here is kept
by `tabgan.constraints.keeping` alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from tabgan.constraints.base import ColumnConstraint, Constraint
from tabgan.constraints.levels import FixedCombinations, OneHot, Unique
from tabgan.constraints.ranges import Increments, Positive, Range
from tabgan.constraints.relations import Formula, Inequality, Sum
from tabgan.encoding import dependencies as rules
from tabgan.encoding.dependencies import ColumnTable, Dependency
from tabgan.encoding.dependencies.base import field_at
from tabgan.encoding.dependencies.combinations import combinations_of
from tabgan.encoding.dependencies.find_orders import orders_of
from tabgan.encoding.dependencies.onehot import bits_of
from tabgan.encoding.table import by_position
from tabgan.errors import DataError, SchemaError
from tabgan.inference import infer_schema
from tabgan.schema import Schema

__all__ = ["Plan", "declare", "plan"]

_MAY_BE_IDENTIFIERS = ("integer", "categorical", "text")


class Plan(NamedTuple):
    """Dependencies that keep constraints, and the columns that no other rule may change."""

    dependencies: tuple[Dependency, ...]
    positions: frozenset[int]


def declare(
    frame: pd.DataFrame, schema: Schema, constraints: Iterable[Constraint], declared: object
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
        The option `schema` of the estimator: a kind that it names is not changed.

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
    learned = []
    for constraint in constraints:
        constraint.validate(schema)
        _check_rows(constraint, frame, schema)
        learned.append(constraint.learn(frame, schema))
    for constraint in learned:
        if isinstance(constraint, Range | Positive):
            schema = _narrowed(constraint, frame, schema)
        elif isinstance(constraint, Unique) and not isinstance(declared, Schema):
            asked = declared if isinstance(declared, Mapping) else {}
            others = [rule for rule in learned if not isinstance(rule, Unique)]
            schema = _identifier(constraint, frame, schema, [asked, *map(_names, others)])
    return schema, tuple(learned)


def _names(constraint: Constraint) -> Collection[object]:
    return constraint.names if isinstance(constraint, ColumnConstraint) else ()


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


def _identifier(
    constraint: Unique, frame: pd.DataFrame, schema: Schema, taken: Iterable[Collection[object]]
) -> Schema:
    """Make a single column an identifier, if it can be one and nothing else asks for its values."""
    first, *more = constraint.positions(schema)
    column = schema.columns[first]
    named = any(column.name in names for names in taken)
    if more or named or column.kind not in _MAY_BE_IDENTIFIERS:
        return schema
    try:
        (measured,) = infer_schema(frame.iloc[:, [first]], {column.name: "identifier"})
    except SchemaError:  # neither text nor whole numbers: it is learned, and redrawn
        return schema
    return schema.with_column(measured)


def plan(
    constraints: Sequence[Constraint],
    frame: pd.DataFrame,
    schema: Schema,
    kept: Collection[int] = (),
) -> Plan:
    """Find the dependencies that keep constraints by construction.

    Parameters
    ----------
    constraints
        Constraints that all rows of the table keep.
    frame, schema
        The training table.
    kept
        Positions of columns that no rule may derive or change.
    """
    table = by_position(frame, schema)
    formulas = _formulas(constraints, table, schema, kept)
    targets = {rule.target.position for rule in formulas}
    groups = _groups(constraints, table, schema, {*kept, *targets})
    settled = {*kept, *(at for rule in groups for at in rule.positions)}
    edges = [rule for rule in constraints if isinstance(rule, Inequality)]
    late = [rule for rule in edges if targets & set(rule.positions(schema))]
    orders = _orders([rule for rule in edges if rule not in late], table, schema, settled)
    settled |= {at for rule in (*orders, *formulas) for at in rule.positions}
    found: list[Dependency] = [*_orders(late, table, schema, settled), *formulas, *orders, *groups]
    steps = [
        rule
        for constraint in constraints
        if isinstance(constraint, Increments)
        and not set(constraint.positions(schema)) & set(kept)
        and (rule := _steps(constraint, table, schema)) is not None
    ]
    positions = frozenset(at for rule in found for at in rule.positions)
    return Plan((*found, *steps), positions)


def _formulas(
    constraints: Sequence[Constraint], table: ColumnTable, schema: Schema, kept: Collection[int]
) -> list[rules.Computed]:
    """Return formulas in the order of reduction: those that others need come last."""
    found: dict[int, rules.Computed] = {}
    depth: dict[int, int] = {}
    for constraint in constraints:
        if not isinstance(constraint, Formula):
            continue
        *sources, target = constraint.positions(schema)
        if target in kept or target in found or _needs(sources, target, found):
            continue
        fields = [field_at(table, at) for at in sources]
        rule = rules.Computed.of(fields, field_at(table, target), constraint.parsed, table)
        if rule is not None:
            found[target] = rule
    for _ in found:  # as deep as the longest chain
        for target, rule in found.items():
            needed = [depth.get(source.position, 0) for source in rule.sources]
            depth[target] = 1 + max(needed)
    return sorted(found.values(), key=lambda rule: -depth[rule.target.position])


def _needs(sources: Iterable[int], target: int, found: Mapping[int, rules.Computed]) -> bool:
    """Say whether a column is one of some others, or needed to compute one of them."""
    return any(
        at == target
        or (at in found and _needs((s.position for s in found[at].sources), target, found))
        for at in sources
    )


def _groups(
    constraints: Sequence[Constraint], table: ColumnTable, schema: Schema, taken: set[int]
) -> list[Dependency]:
    """Return the rules of one-hot groups, combinations and sums that share no column."""
    found: list[Dependency] = []
    for constraint in constraints:
        if not isinstance(constraint, OneHot | FixedCombinations | Sum):
            continue
        positions = constraint.positions(schema)
        rule = None if taken & set(positions) else _group(constraint, table, positions)
        if rule is not None:
            found.append(rule)
            taken |= set(positions)
    return found


def _group(
    constraint: OneHot | FixedCombinations | Sum, table: ColumnTable, positions: Sequence[int]
) -> Dependency | None:
    members = tuple(field_at(table, at) for at in positions)
    if isinstance(constraint, Sum):
        return rules.Sum.of(members[:-1], members[-1], table)
    if isinstance(constraint, FixedCombinations):
        _, found = combinations_of([table[at] for at in positions])
        return rules.Combination(members, tuple(found))
    bits = [bits_of(table[at][1]) for at in positions]
    known = tuple(pair for both in bits if both is not None for pair in [both[0]])
    return rules.OneHot(members, known) if len(known) == len(members) else None


def _orders(
    constraints: Sequence[Inequality], table: ColumnTable, schema: Schema, fixed: Collection[int]
) -> list[Dependency]:
    edges = {constraint: constraint.positions(schema) for constraint in constraints}
    pairs = [(low, high) for low, high in edges.values()]
    strict = [(edge[0], edge[1]) for constraint, edge in edges.items() if constraint.strict]
    return [*orders_of(table, pairs, strict, fixed)]


def _steps(constraint: Increments, table: ColumnTable, schema: Schema) -> rules.Steps | None:
    (at,) = constraint.positions(schema)
    return rules.Steps.of(
        field_at(table, at), float(constraint.step), float(constraint.offset), table
    )
