"""From declared constraints to dependencies that keep them by construction.

Rules are restored one after the other, and none may change what an earlier one has settled:
one-hot groups, combinations and sums, which share no column; orders; formulas, in the order in
which they need each other; then orders with what formulas give. What finds no place here is kept
by `tabgan.constraints.keeping` alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from tabgan.constraints.base import Constraint
from tabgan.constraints.levels import FixedCombinations, OneHot
from tabgan.constraints.ranges import Increments
from tabgan.constraints.relations import Formula, Inequality, Sum
from tabgan.encoding.dependencies import (
    ColumnFrame,
    CombinationDependency,
    Dependency,
    FormulaDependency,
    MultiplesDependency,
    OneHotDependency,
    SumDependency,
)
from tabgan.encoding.dependencies.base import field_at
from tabgan.encoding.dependencies.combinations import combinations_of
from tabgan.encoding.dependencies.find_orders import orders_of
from tabgan.encoding.dependencies.onehot import bits_of
from tabgan.encoding.table import by_position
from tabgan.schema import Schema

__all__ = ["Plan", "plan"]


class Plan(NamedTuple):
    """Dependencies that keep constraints, and the columns that no other rule may change."""

    dependencies: tuple[Dependency, ...]
    positions: frozenset[int]


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
    constraints: Sequence[Constraint], table: ColumnFrame, schema: Schema, kept: Collection[int]
) -> list[FormulaDependency]:
    """Return formulas in the order of reduction: those that others need come last."""
    found: dict[int, FormulaDependency] = {}
    depth: dict[int, int] = {}
    for constraint in constraints:
        if not isinstance(constraint, Formula):
            continue
        *sources, target = constraint.positions(schema)
        if target in kept or target in found or _needs(sources, target, found):
            continue
        fields = [field_at(table, at) for at in sources]
        rule = FormulaDependency.of(fields, field_at(table, target), constraint.parsed, table)
        if rule is not None:
            found[target] = rule
    for _ in found:  # as deep as the longest chain
        for target, rule in found.items():
            needed = [depth.get(source.position, 0) for source in rule.sources]
            depth[target] = 1 + max(needed)
    return sorted(found.values(), key=lambda rule: -depth[rule.target.position])


def _needs(sources: Iterable[int], target: int, found: Mapping[int, FormulaDependency]) -> bool:
    """Say whether a column is one of some others, or needed to compute one of them."""
    return any(
        at == target
        or (at in found and _needs((s.position for s in found[at].sources), target, found))
        for at in sources
    )


def _groups(
    constraints: Sequence[Constraint], table: ColumnFrame, schema: Schema, taken: set[int]
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
    constraint: OneHot | FixedCombinations | Sum, table: ColumnFrame, positions: Sequence[int]
) -> Dependency | None:
    members = tuple(field_at(table, at) for at in positions)
    if isinstance(constraint, Sum):
        return SumDependency.of(members[:-1], members[-1], table)
    if isinstance(constraint, FixedCombinations):
        _, found = combinations_of([table[at] for at in positions])
        return CombinationDependency(members, tuple(found))
    bits = [bits_of(table[at][1]) for at in positions]
    known = tuple(pair for both in bits if both is not None for pair in [both[0]])
    return OneHotDependency(members, known) if len(known) == len(members) else None


def _orders(
    constraints: Sequence[Inequality], table: ColumnFrame, schema: Schema, fixed: Collection[int]
) -> list[Dependency]:
    edges = {constraint: constraint.positions(schema) for constraint in constraints}
    pairs = [(low, high) for low, high in edges.values()]
    strict = [(edge[0], edge[1]) for constraint, edge in edges.items() if constraint.strict]
    return [*orders_of(table, pairs, strict, fixed)]


def _steps(
    constraint: Increments, table: ColumnFrame, schema: Schema
) -> MultiplesDependency | None:
    (at,) = constraint.positions(schema)
    return MultiplesDependency.of(
        field_at(table, at), float(constraint.step), float(constraint.offset), table
    )
