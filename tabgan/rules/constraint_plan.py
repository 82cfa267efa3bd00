"""Declared constraints: checked against the table, and planned as dependencies that keep them.

Rules are restored one after the other, and none may change what an earlier one has decided:
one-hot groups, combinations and sums, which share no column; orders; formulas, in the order in
which they need each other; then orders with what formulas give. What finds no place here is kept
by `tabgan.rules.enforcement` alone.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import tabgan.rules.number_constraints  # noqa: F401  # registers its classes
from tabgan.base.errors import DataError, OptionError, SchemaError, did_you_mean
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.base_rules import (
    CONSTRAINTS,
    ColumnConstraint,
    Constraint,
    Construction,
    Custom,
    Dependency,
)
from tabgan.rules.find_orders import orders_of
from tabgan.rules.level_constraints import Unique
from tabgan.table.columns import ColumnFrame, by_position
from tabgan.table.schema import Kind, Schema

__all__ = [
    "ConstraintPlan",
    "check_constraints",
    "constraints_from_json",
    "learn_constraints",
    "named_customs",
    "plan_constraints",
]


def check_constraints(constraints: Any, option: str = "constraints") -> None:
    """Check that an option is a list of constraints, or None.

    Raises
    ------
    OptionError
        If it is something else, or has two custom constraints of one name.
    """
    if constraints is None:
        return
    if not isinstance(constraints, list | tuple):
        raise OptionError(f"{option}={constraints!r:.80} must be a list of constraints, or None")
    for constraint in constraints:
        if not isinstance(constraint, Constraint):
            raise OptionError(
                f"{option}: {constraint!r:.80} is no constraint; make one with a class of "
                "tabgan.constraints, such as Range('age', 18, 65)"
            )
        _check_loadable(constraint, option)
    names = [constraint.name for constraint in constraints if isinstance(constraint, Custom)]
    for name in names:
        if names.count(name) > 1:
            raise OptionError(f"{option}: two custom constraints are called {name!r}; rename one")


def _check_loadable(constraint: Constraint, option: str) -> None:
    """Check that a model file with the constraint could be loaded.

    Raises
    ------
    OptionError
        If its class is not registered, or its values can't be written to JSON and read again.
    """
    if isinstance(constraint, Custom):
        return
    cls = type(constraint)
    if CONSTRAINTS.get(getattr(cls, "kind", None) or "") is not cls:
        raise OptionError(
            f"{option}: {cls.__name__} ({constraint.describe()}) is of a class that is not "
            "registered, so that a model saved with it could not be loaded; call "
            f"tabgan.extend.register_constraint({cls.__name__}) before the fit"
        )
    try:
        constraints_from_json([json.loads(json.dumps(constraint.to_json()))])
    except (TypeError, ValueError, OptionError) as error:
        raise OptionError(
            f"{option}: {cls.__name__} ({constraint.describe()}) can't be written to JSON and read "
            f"again ({error}); give it fields of plain values, or its own to_json and from_json"
        ) from error


def constraints_from_json(
    state: Any, customs: Mapping[str, Custom] | None = None
) -> list[Constraint]:
    """Read a list of constraints from a list of JSON objects.

    Parameters
    ----------
    state
        What the constraints' `to_json` gave.
    customs
        The custom constraints among them, by name.

    Raises
    ------
    OptionError
        If one is malformed, of a kind that is not registered, or a custom constraint not in
        `customs`.
    """
    if not isinstance(state, list) or not all(isinstance(item, dict) for item in state):
        raise OptionError("constraints are a JSON list of objects, each with a 'kind'")
    return [_from_json(item, customs or {}) for item in state]


def _from_json(state: dict[str, Any], customs: Mapping[str, Custom]) -> Constraint:
    kind = state.get("kind")
    if kind == Custom.kind:
        name = state.get("name")
        if not isinstance(name, str) or name not in customs:
            raise OptionError(
                f"constraints: {name!r:.80} is a custom constraint, whose functions a file can't "
                "hold"
            )
        return customs[name]
    if not isinstance(kind, str) or kind not in CONSTRAINTS:
        raise OptionError(
            f"constraints: kind={kind!r:.80} is not a kind of constraint (one of your own has to "
            "be registered before load, by tabgan.extend.register_constraint); "
            f"{did_you_mean(str(kind), CONSTRAINTS)}",
            on_command_line=f"constraints: {kind!r:.80} is not a kind of constraint; "
            f"{did_you_mean(str(kind), CONSTRAINTS)}",
        )
    return CONSTRAINTS[kind].from_json(state)


def named_customs(state: Any, given: Sequence[Constraint]) -> dict[str, Custom]:
    """Return the custom constraints that a model names, by name.

    Raises
    ------
    OptionError
        If one is missing, or the model names no such constraint.
    """
    customs = {rule.name: rule for rule in given if isinstance(rule, Custom)}
    if len(customs) < len(given):
        raise OptionError(f"custom={given!r:.80} must be a list of Custom constraints")
    named = [item.get("name") for item in state if item.get("kind") == Custom.kind]
    for name in named:
        if name not in customs:
            raise OptionError(
                f"custom: the model has a custom constraint called {name!r}, whose functions a "
                "file can't hold; load it with "
                f"TabGAN.load(path, custom=[Custom({name!r}, check)])",
                on_command_line=f"The model has a constraint of its own, {name!r}, that is a "
                "function in Python; use the model from there",
            )
    for name in customs:
        if name not in named:
            raise OptionError(
                f"custom: the model has no custom constraint called {name!r}; "
                f"{did_you_mean(name, named)}"
            )
    return customs


class ConstraintPlan(NamedTuple):
    """Dependencies that keep constraints, and the columns that no other rule may change."""

    dependencies: tuple[Dependency, ...]
    positions: frozenset[int]


def plan_constraints(
    constraints: Sequence[Constraint],
    frame: pd.DataFrame,
    schema: Schema,
    kept: Collection[int] = (),
) -> ConstraintPlan:
    """Choose the dependencies that keep constraints by construction.

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
    rules = [rule for rule in constraints if isinstance(rule, ColumnConstraint)]
    places: dict[Construction, list[ColumnConstraint]] = defaultdict(list)
    for rule in rules:
        places[rule.construction].append(rule)
    formulas = _formulas(places["formula"], table, schema, kept)
    groups = _groups(places["group"], table, schema, {*kept, *formulas})
    fixed = {*kept, *(at for rule in groups for at in rule.positions)}
    edges = {edge: strict for rule in rules for edge, strict in rule.edges(schema).items()}
    late = {edge: strict for edge, strict in edges.items() if set(edge) & set(formulas)}
    early = {edge: strict for edge, strict in edges.items() if edge not in late}
    orders = orders_of(table, early, fixed)
    fixed |= {at for rule in (*orders, *formulas.values()) for at in rule.positions}
    dependencies = [*orders_of(table, late, fixed), *formulas.values(), *orders, *groups]
    steps = [
        dependency
        for rule in places["steps"]
        if not set(rule.positions(schema)) & set(kept)
        and (dependency := rule.dependency(table, schema)) is not None
    ]
    positions = frozenset(at for rule in dependencies for at in rule.positions)
    return ConstraintPlan((*dependencies, *steps), positions)


def _formulas(
    constraints: Sequence[ColumnConstraint],
    table: ColumnFrame,
    schema: Schema,
    kept: Collection[int],
) -> dict[int, Dependency]:
    """Return formulas by their target, in the order of reduction: those others need come last."""
    formulas: dict[int, Dependency] = {}
    sources: dict[int, list[int]] = {}
    for constraint in constraints:
        *needed, target = constraint.positions(schema)
        if target in kept or target in formulas or _needs(needed, target, sources):
            continue
        rule = constraint.dependency(table, schema)
        if rule is not None:
            formulas[target], sources[target] = rule, needed
    depth: dict[int, int] = {}
    for _ in formulas:  # as deep as the longest chain
        for target, needed in sources.items():
            depth[target] = 1 + max(depth.get(at, 0) for at in needed)
    order = sorted(formulas, key=lambda target: -depth[target])
    return {target: formulas[target] for target in order}


def _needs(columns: Iterable[int], target: int, sources: Mapping[int, Sequence[int]]) -> bool:
    """Return whether a column is one of some others, or needed to compute one of them."""
    return any(at == target or _needs(sources.get(at, ()), target, sources) for at in columns)


def _groups(
    constraints: Sequence[ColumnConstraint], table: ColumnFrame, schema: Schema, taken: set[int]
) -> list[Dependency]:
    """Return the rules of one-hot groups, combinations and sums that share no column."""
    groups: list[Dependency] = []
    for constraint in constraints:
        positions = set(constraint.positions(schema))
        rule = None if taken & positions else constraint.dependency(table, schema)
        if rule is not None:
            groups.append(rule)
            taken |= positions
    return groups


_MAY_BE_IDENTIFIERS = ("integer", "categorical", "text")


def learn_constraints(
    frame: pd.DataFrame,
    schema: Schema,
    constraints: Sequence[Constraint],
    declared: Schema | Mapping[Hashable, Kind] | None = None,
) -> tuple[Schema, tuple[Constraint, ...]]:
    """Check constraints on the training table, and let them learn from it.

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
    The schema that the constraints need, and the constraints with what they learned.

    Raises
    ------
    OptionError
        If a constraint does not fit the columns.
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
    """Return the schema with the ranges and identifiers that constraints need."""
    spoken_of = {
        at
        for rule in constraints
        if isinstance(rule, ColumnConstraint) and not isinstance(rule, Unique)
        for at in rule.positions(schema)
    }
    for constraint in constraints:
        if not isinstance(constraint, ColumnConstraint):
            continue
        if constraint.limits_range:
            schema = _narrowed(constraint, frame, schema)
        if isinstance(constraint, Unique):
            at, *more = constraint.positions(schema)
            column = schema.columns[at]
            if not more and at not in spoken_of and column.kind in _MAY_BE_IDENTIFIERS:
                schema = _with_kind("identifier", at, frame, schema, open_)
    return schema


def _with_numbers(
    constraint: Constraint, frame: pd.DataFrame, schema: Schema, open_: Collection[Hashable]
) -> Schema:
    """Treat whole numbers that a relation compares as numbers, even if they could be keys."""
    if isinstance(constraint, ColumnConstraint) and constraint.takes_numbers:
        for at in constraint.positions(schema):
            if schema.columns[at].kind in ("identifier", "key", "sequential"):
                schema = _with_kind("integer", at, frame, schema, open_)
    return schema


def _with_kind(
    kind: Kind, at: int, frame: pd.DataFrame, schema: Schema, open_: Collection[Hashable]
) -> Schema:
    """Change the kind of a column that is not declared, if its values fit that kind."""
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


def _narrowed(constraint: ColumnConstraint, frame: pd.DataFrame, schema: Schema) -> Schema:
    """Narrow the range of a column to that of its values, which keep the constraint."""
    (at,) = constraint.positions(schema)
    column = schema.columns[at]
    (measured,) = infer_schema(frame.iloc[:, [at]], {column.name: column.kind})
    return schema.with_column(replace(column, minimum=measured.minimum, maximum=measured.maximum))
