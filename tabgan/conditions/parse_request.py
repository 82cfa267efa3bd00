"""Conditions and partial rows as a user writes them, checked against the columns of a table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError, OptionError, did_you_mean
from tabgan.conditions.condition import ColumnPredicate, Condition
from tabgan.conditions.domains import Domain, ValueChoice, domain_of
from tabgan.conditions.grammar import Clause, Where, clauses_of, read_clauses
from tabgan.rules.arithmetic_dependency import FormulaDependency, MultiplesDependency
from tabgan.rules.base_rules import ColumnConstraint, Constraint, Dependency
from tabgan.rules.counted_dependency import CountDependency, ElapsedDependency
from tabgan.rules.functional_dependency import (
    CombinationDependency,
    CopyDependency,
    FunctionalDependency,
)
from tabgan.rules.order_dependency import DifferenceDependency, OrderDependency
from tabgan.rules.part_dependency import PartDependency
from tabgan.rules.sum_dependency import SumDependency
from tabgan.table.columns import TypedSeries, level_key, numbers_to_series
from tabgan.table.level_codes import codes_of, levels_to_series
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column, Schema, find_name

__all__ = [
    "PartialRows",
    "contradictions",
    "name_rows",
    "parse_condition",
    "parse_where",
    "read_partial_rows",
]

ColumnLevels = Mapping[int, Sequence[Scalar]]
_NONE: ColumnLevels = MappingProxyType({})


def parse_condition(
    where: Where, schema: Schema, levels: ColumnLevels, specials: ColumnLevels = _NONE
) -> Condition:
    """Read a condition on rows, and check it against the columns of a table.

    A mapping gives for a column: a value; a list (or set, or array) of values, one of which it must
    have; a tuple of two, which is a range with both ends included and None for an open end; or None
    (NaN, NaT, NA) for missing. A text is in the language of `parse_where`.

    Values are read by the column's kind: numbers and dates may be given as text, a text stands for
    the level that is written so, True and ``"true"`` are one. A date without a time is all of its
    day, also as the end of a range; a time without a zone is in the column's own zone.

    Parameters
    ----------
    where
        A mapping from columns to the values that they may have, or text.
    schema
        The columns of the table.
    levels
        All values of the columns with known levels, by position (see `column_categories`).
    specials
        What other columns hold beside their values, by position (see `column_sentinels`).

    Raises
    ------
    OptionError
        If a column is unknown, does not support the comparison or never has the value, or if no
        value meets all conditions on it.

    Examples
    --------
    >>> from tabgan.table.schema import Column
    >>> schema = Schema((Column("age", "integer", "int64"), Column("plan", "categorical", "str")))
    >>> known = {1: ["free", "pro"]}
    >>> asked = parse_condition({"age": (65, None), "plan": ["free", "pro"]}, schema, known)
    >>> asked.describe()
    "age >= 65 and plan in ('free', 'pro')"
    """
    if isinstance(where, str):
        return parse_where(where, schema, levels, specials)
    if not isinstance(where, Mapping):
        name = schema.names[0]
        raise OptionError(
            f"where={where!r:.80} must be a mapping from columns to values, as in "
            f"{{{name!r}: …}}, or text, as in '{Clause(name, 'not in', (None,))}'"
        )
    return _check(clauses_of(where), schema, levels, specials)


def parse_where(
    text: str, schema: Schema, levels: ColumnLevels, specials: ColumnLevels = _NONE
) -> Condition:
    """Read text such as ``income == ">50K" and age >= 65``; see `tabgan.conditions.grammar`.

    Parameters
    ----------
    text
        The condition.
    schema, levels, specials
        As for `parse_condition`.

    Raises
    ------
    OptionError
        If it can't be read, with the place marked, and as `parse_condition` does.

    Examples
    --------
    >>> from tabgan.table.schema import Column
    >>> schema = Schema((Column("age", "integer", "Int64", missing=0.1),))
    >>> parse_where("20 <= age < 30", schema, {}).tests[0].ranges
    (Interval(low=20, high=29),)
    """
    return _check(read_clauses(text), schema, levels, specials)


def _check(
    clauses: Iterable[Clause], schema: Schema, levels: ColumnLevels, specials: ColumnLevels
) -> Condition:
    by_column: dict[int, list[Clause]] = {}
    for clause in clauses:
        position = find_name(clause.name, schema.names)
        if position is None:
            _refuse_quoted_name(clause, schema)
            raise OptionError(
                f"where: column {clause.name!r:.80} is not in the table; "
                f"{did_you_mean(f'{clause.name!s:.80}', schema.names)}"
            )
        by_column.setdefault(position, []).append(clause)
    tests = []
    for position, own in sorted(by_column.items()):
        column = schema.columns[position]
        marks = specials.get(position, (None,) if column.missing else ())
        tests.append(_test(position, domain_of(column, levels.get(position), marks), own))
    return Condition(tuple(tests))


def _refuse_quoted_name(clause: Clause, schema: Schema) -> None:
    """Refuse ``"Total Spent" > 400``, which was read as a test of the column 400."""
    text, is_number = clause.values[0], str(clause.name).lstrip("+-.")[:1].isdigit()
    if is_number and isinstance(text, str) and find_name(text, schema.names) is not None:
        raise OptionError(
            f"where: {text!r:.80} stands where a value does, so that it is a text and "
            f"{clause.name!r:.80} a column; write the name of a column bare or in `backticks`, not "
            "in quotes"
        )


def _test(position: int, domain: Domain, clauses: Sequence[Clause]) -> ColumnPredicate:
    """Combine the clauses on one column."""
    choice = reduce(and_, map(domain.choose, clauses))
    text = " and ".join(map(str, clauses))
    if not choice.ranges and not choice.places:
        together = " together; ask for less" if len(clauses) > 1 else "; name other values"
        raise OptionError(
            f"where: no value of column {domain.column.name!r} meets {text}{together}"
        )
    negated = domain.is_open and bool(choice.ranges)
    levels = [
        level for place, level in enumerate(domain.levels) if (place in choice.places) != negated
    ]
    ranges = () if negated else choice.ranges
    return ColumnPredicate(position, domain.column, tuple(levels), ranges, negated, text)


_SURE = (
    *(CopyDependency, CountDependency, ElapsedDependency, FormulaDependency),
    *(FunctionalDependency, OrderDependency, PartDependency, SumDependency),
)
_LARGEST_INT64 = 2**63 - 1
SHOWN = 5  # rows that a message names


@dataclass(frozen=True, eq=False)
class PartialRows:
    """Rows with the schema's columns and dtypes, and which of their cells are given.

    Parameters
    ----------
    cells
        The columns by position; a column with no given cell is left out.
    given
        Shape (rows, columns).
    places
        Positions of the columns of the input, in its order.
    """

    cells: Mapping[int, pd.Series]
    given: NDArray[np.bool_]
    places: tuple[int, ...] = ()

    def __getitem__(self, rows: slice | NDArray[np.intp]) -> "PartialRows":
        """Return some of the rows."""
        cells = {at: own.iloc[rows].reset_index(drop=True) for at, own in self.cells.items()}
        return PartialRows(cells, self.given[rows], self.places)


def read_partial_rows(
    frame: pd.DataFrame,
    schema: Schema,
    levels: ColumnLevels,
    specials: ColumnLevels,
    *,
    strict: bool = True,
) -> PartialRows:
    """Read rows whose missing cells and columns are to be generated.

    Parameters
    ----------
    frame
        Some columns of the table, in any order; values are read as by `parse_condition`.
    schema, levels, specials
        As for `parse_condition`.
    strict
        Whether a value that the column never has is an error; else its cell counts as missing.

    Raises
    ------
    OptionError
        If a column is unknown or named twice, or a value can't be one of its column.
    """
    given = np.zeros((len(frame), len(schema)), np.bool_)
    cells: dict[int, pd.Series] = {}
    places: list[int] = []
    for place, name in enumerate(frame.columns):
        at = find_name(name, schema.names)
        if at is None or at in places:
            fix = did_you_mean(f"{name!s:.80}", schema.names)
            why = f"is not in the table; {fix}" if at is None else "appears twice; name it once"
            raise OptionError(f"where: column {name!r:.80} {why}")
        places.append(at)
        values, column = frame.iloc[:, place], schema.columns[at]
        domain = domain_of(column, levels.get(at), specials.get(at, ()))
        if domain.is_open:
            own, given[:, at] = _as_they_are(values, column)
            if given[:, at].any():
                cells[at] = own
        else:
            cells[at], given[:, at] = _read(values, domain, strict=strict)
    return PartialRows(cells, given, tuple(places))


def _as_they_are(values: pd.Series, column: Column) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Read a column of any texts as it is; cells that are not given hold another value of it."""
    given = values.notna().to_numpy(bool)
    first = values[given].iloc[:1]
    filled = values if given.all() else values.astype(object).where(given, [*first, None][0])
    try:
        cells = filled.astype(column.pandas_dtype) if given.any() else filled
    except (TypeError, ValueError) as error:
        raise OptionError(
            f"where: column {column.name!r} of dtype {column.pandas_dtype} can't hold these "
            f"values: {error}"
        ) from error
    return cells.reset_index(drop=True), given


def _read(
    values: pd.Series, domain: Domain, *, strict: bool
) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Read the distinct values, and lay them out as a series of the column."""
    codes, found = codes_of(values)
    choices = [_choice(value, domain, strict=strict) for value in found]
    given = np.array([choice is not None for choice in choices], np.bool_)
    levels = [
        domain.levels[min(choice.places)] if choice and choice.places else None
        for choice in choices
    ]
    if domain.ranges and not domain.is_open:
        ends = [choice.ranges[0].low if choice and choice.ranges else None for choice in choices]
        return _numbers(ends, levels, codes, domain.column), given[codes]
    filler = domain.levels[0] if domain.levels else None  # where nothing is given
    filled = [level if known else filler for level, known in zip(levels, given, strict=True)]
    return levels_to_series(filled, codes, domain.column), given[codes]


def _choice(value: Scalar, domain: Domain, *, strict: bool) -> ValueChoice | None:
    """Return what a value stands for; None if nothing is given."""
    if value is None:
        return None
    try:
        return domain.choose(Clause(domain.column.name, "in", (value,)))
    except OptionError:
        if strict:
            raise
        return None


def _numbers(
    ends: Sequence[float | None],
    marks: Sequence[Scalar],
    codes: NDArray[np.int32],
    column: Column,
) -> pd.Series:
    """Lay out numbers, and the marks that stand beside them; zero where nothing is given."""
    exact = all(end is None or isinstance(end, int) for end in ends)
    filled = [end or 0 for end in ends]
    whole = np.uint64 if max(filled, default=0) > _LARGEST_INT64 else np.int64
    numbers = np.array(filled, whole if exact else np.float64)
    special = np.empty(len(marks), object)
    special[:] = marks
    present = np.array([mark is None for mark in marks], np.bool_)
    return numbers_to_series(numbers[codes], special[codes], column, present[codes])


def contradictions(
    rows: PartialRows,
    schema: Schema,
    rules: Iterable[Dependency],
    constraints: Sequence[Constraint] = (),
) -> Iterator[tuple[str, list[int]]]:
    """Yield the rules that given cells break by themselves, and the rows.

    Rules of columns that another rule has replaced are left out, and those that tell of values
    between the table's only by their neighbors.

    Parameters
    ----------
    rows
        Partial rows, with their given cells.
    schema
        The columns.
    rules
        The rules between them, in the order in which a table is reduced by them.
    constraints
        Constraints whose columns are left out too, as these are checked by themselves; all columns
        where it isn't known which ones a constraint looks at.
    """
    if not all(isinstance(rule, ColumnConstraint) for rule in constraints):
        return
    checked = [
        {*rule.positions(schema)} for rule in constraints if isinstance(rule, ColumnConstraint)
    ]
    replaced = set[int]()
    for rule in rules:
        if isinstance(rule, DifferenceDependency):
            replaced.add(rule.target.position)
            continue
        if isinstance(rule, MultiplesDependency | CombinationDependency):
            replaced |= {*rule.positions}
            continue
        if not isinstance(rule, _SURE):
            continue
        for own in rule.pairs() if isinstance(rule, OrderDependency) else (rule,):
            tied = {*own.positions}
            if tied <= rows.cells.keys() - replaced and not any(tied <= one for one in checked):
                broken = _broken(own, rows, schema)
                if broken:
                    yield own.describe(), broken


def _broken(rule: Dependency, rows: PartialRows, schema: Schema) -> list[int]:
    """Return the rows whose given cells break a rule."""
    given = rows.given[:, [*rule.positions]].all(axis=1)
    if isinstance(rule, FunctionalDependency):
        at, column = rule.source
        known = {level_key(level) for level in rule.source_levels}
        cells = TypedSeries(column, rows.cells[at])
        is_known = [level_key(level) in known for level in cells.levels]
        given &= np.array(is_known, np.bool_)[cells.codes]
    told = np.flatnonzero(given)
    own = [
        TypedSeries(schema.columns[at], rows.cells[at].iloc[told].reset_index(drop=True))
        for at in rule.positions
    ]
    try:
        holds = rule.holds(own) if len(told) else np.ones(0, np.bool_)
    except DataError:  # cells that the rule has no word for
        return []
    broken: list[int] = told[~holds].tolist()
    return broken


def name_rows(rows: Sequence[int]) -> str:
    """Name rows by their positions, the first ones of many.

    Examples
    --------
    >>> name_rows([3]), name_rows([0, 3, 7]), name_rows(range(20))
    ('row 3', 'rows 0, 3, 7', 'rows 0, 1, 2, 3, 4 and 15 more')
    """
    first = ", ".join(map(str, rows[:SHOWN]))
    more = f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""
    return f"row{'s' if len(rows) > 1 else ''} {first}{more}"
