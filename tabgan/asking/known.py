"""What a table encoder knows of the values that its columns can take."""

from collections.abc import Sequence

import numpy as np

from tabgan.encoding.base import ColumnEncoder
from tabgan.encoding.categorical import CategoricalEncoder
from tabgan.encoding.dependencies import (
    CombinationDependency,
    CopyDependency,
    Dependency,
    DifferenceDependency,
    FunctionalDependency,
    OneHotDependency,
    TypedSeries,
)
from tabgan.encoding.grouped import GroupedEncoder
from tabgan.encoding.identifier import IdentifierEncoder
from tabgan.encoding.numeric import NumericEncoder
from tabgan.encoding.table import TableEncoder
from tabgan.encoding.text import TextEncoder
from tabgan.scalars import Scalar
from tabgan.values import codes_of, levels_to_series

__all__ = ["column_categories", "column_sentinels"]


def column_categories(encoder: TableEncoder) -> dict[int, tuple[Scalar, ...]]:
    """Return the levels of the columns that have levels, by position in the schema.

    They are those that are encoded as levels, alone or in groups, and those that a rule derives
    from known values: a column determined by another, a copy of one with levels, a member of a
    one-hot group.
    """
    known = {
        at: tuple(one.levels)
        for at, one in encoder.encoders.items()
        if isinstance(one, CategoricalEncoder | GroupedEncoder)
    }
    for rule in reversed(encoder.dependencies):
        _restore_levels(rule, known)
    return dict(sorted(known.items()))


def _restore_levels(rule: Dependency, known: dict[int, tuple[Scalar, ...]]) -> None:
    """Change the levels as the rule changes the columns of a reduced table."""
    if isinstance(rule, FunctionalDependency):
        known[rule.target.position] = rule.target_levels
    elif isinstance(rule, OneHotDependency):
        for member, bit in zip(rule.members, rule.bits, strict=True):
            known[member.position] = bit
    elif isinstance(rule, CombinationDependency):
        for place, member in enumerate(rule.members):
            found = (values[place] for values in rule.combinations)
            known[member.position] = tuple({(type(v), v): v for v in found}.values())
    elif isinstance(rule, DifferenceDependency):  # the levels are distances
        known.pop(rule.target.position, None)
    elif isinstance(rule, CopyDependency) and rule.source.position in known:
        known[rule.target.position] = _copied(rule, known[rule.source.position])


def _copied(rule: CopyDependency, levels: Sequence[Scalar]) -> tuple[Scalar, ...]:
    """Return the levels of the source in the target's form."""
    column = rule.source.column
    source: TypedSeries = (column, levels_to_series(levels, np.arange(len(levels)), column))
    target = rule.restore({rule.source.position: source})[rule.target.position][1]
    return tuple(codes_of(target)[1])


def column_sentinels(encoder: TableEncoder) -> dict[int, tuple[Scalar, ...]]:
    """Return what columns without known levels hold beside their values, by position.

    That are marks such as ``"?"`` among numbers and dates, infinities, and None for missing.
    """
    specials = {at: _specials(one) for at, one in encoder.encoders.items()}
    for rule in reversed(encoder.dependencies):
        if isinstance(rule, CopyDependency):
            specials[rule.target.position] = specials.get(rule.source.position, ())
    levels = column_categories(encoder)
    found = {}
    for at, column in enumerate(encoder.schema):
        if at not in levels:
            marks = [level for level in specials.get(at, ()) if level is not None]
            found[at] = (*marks, None) if column.missing else tuple(marks)
    return found


def _specials(encoder: ColumnEncoder) -> tuple[Scalar, ...]:
    if isinstance(encoder, NumericEncoder | IdentifierEncoder | TextEncoder):
        return tuple(encoder.specials)
    if isinstance(encoder, CategoricalEncoder):  # of distances to another date
        return tuple(level for level in encoder.levels if type(level) is not int)
    return ()
