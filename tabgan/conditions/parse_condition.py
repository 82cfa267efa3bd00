"""Conditions from text and mappings, checked against the columns of a table."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import and_
from types import MappingProxyType

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.conditions.condition import ColumnPredicate, Condition
from tabgan.conditions.domains import Domain, domain_of
from tabgan.conditions.grammar import Clause, Where, clauses_of, read_clauses
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Schema, find_name

__all__ = ["parse_condition", "parse_where"]

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
