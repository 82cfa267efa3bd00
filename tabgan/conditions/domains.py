"""The values that a column can take, and the choice of those that meet a clause."""

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.conditions.condition import (
    AXIS_KINDS,
    Interval,
    ends_of,
    grid_of,
    intersect,
    is_on_grid,
    next_to,
    read_spot,
)
from tabgan.conditions.grammar import Clause, is_missing
from tabgan.encoding.column_encoders import CategoricalEncoder, ColumnEncoder, NumericEncoder
from tabgan.encoding.compound_encoders import CompoundEncoder, RecordEncoder
from tabgan.encoding.grouped_levels import GroupedEncoder
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.encoding.identifiers.placeholder_text import TextEncoder
from tabgan.encoding.multiselect import MultiselectEncoder
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.rules.band_dependency import BandDependency
from tabgan.rules.base_rules import Dependency
from tabgan.rules.counted_dependency import ElapsedDependency
from tabgan.rules.functional_dependency import (
    CombinationDependency,
    CopyDependency,
    FunctionalDependency,
)
from tabgan.rules.holes_dependency import HolesDependency
from tabgan.rules.order_dependency import DifferenceDependency
from tabgan.rules.part_dependency import PartDependency
from tabgan.rules.presence_dependency import PresenceDependency
from tabgan.rules.sum_dependency import OneHotDependency
from tabgan.table.columns import TypedSeries, numbers_of
from tabgan.table.level_codes import codes_of, is_absent, levels_to_series
from tabgan.table.list_and_record_cells import ListForm
from tabgan.table.numbers import Numbers
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column, find_level
from tabgan.table.text_formats import MISSING_MARKS

__all__ = ["Domain", "ValueChoice", "column_categories", "column_sentinels", "domain_of"]


def column_categories(encoder: TableEncoder) -> dict[int, tuple[Scalar, ...]]:
    """Return the levels of the columns that have levels, by position in the schema.

    They are the columns encoded as levels, alone or in groups, and those that a rule derives from
    known levels: a column determined by another, a copy, a member of a one-hot group.
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
    elif isinstance(rule, BandDependency):
        known[rule.target.position] = rule.levels
    elif isinstance(rule, OneHotDependency):
        for member, bit in zip(rule.members, rule.bits, strict=True):
            known[member.position] = bit
    elif isinstance(rule, CombinationDependency):
        for place, member in enumerate(rule.members):
            found = (values[place] for values in rule.combinations)
            known[member.position] = tuple({(type(v), v): v for v in found}.values())
    elif isinstance(rule, HolesDependency):
        for own in rule.members:
            if own.target.position in known:
                known[own.target.position] += own.absent
    elif isinstance(rule, DifferenceDependency):  # the levels are distances
        known.pop(rule.target.position, None)
    elif isinstance(rule, CopyDependency) and rule.source.position in known:
        known[rule.target.position] = _copied(rule, known[rule.source.position])


def _copied(rule: CopyDependency, levels: Sequence[Scalar]) -> tuple[Scalar, ...]:
    """Return the levels of the source in the target's form."""
    column = rule.source.column
    source = TypedSeries(column, levels_to_series(levels, np.arange(len(levels)), column))
    target = rule.restore({rule.source.position: source})[rule.target.position][1]
    return tuple(codes_of(target)[1])


def column_sentinels(encoder: TableEncoder) -> dict[int, tuple[Scalar, ...]]:
    """Return what columns without known levels hold beside their values, by position.

    These are marks such as ``"?"`` among numbers and dates, infinities, and None for missing. Of
    lists they are marks and the lists of one item.
    """
    specials = {at: _specials(one) for at, one in encoder.encoders.items()}
    for rule in reversed(encoder.dependencies):
        if isinstance(rule, PresenceDependency):
            specials[rule.target.position] = rule.absent
        elif isinstance(rule, HolesDependency):
            for own in rule.members:
                at = own.target.position
                specials[at] = (*specials.get(at, ()), *own.absent)
        elif isinstance(rule, PartDependency | ElapsedDependency):
            specials[rule.target.position] = (rule.special,)
        elif isinstance(rule, CopyDependency):
            specials[rule.target.position] = specials.get(rule.source.position, ())
    levels = column_categories(encoder)
    found = {}
    for at, column in enumerate(encoder.schema):
        if at not in levels:
            marks = [level for level in specials.get(at, ()) if level is not None]
            found[at] = (*marks, None) if column.missing else tuple(marks)
    return found


def _specials(encoder: ColumnEncoder) -> tuple[Scalar, ...]:
    if isinstance(encoder, NumericEncoder | CompoundEncoder | RecordEncoder):
        return tuple(encoder.specials)
    if isinstance(encoder, IdentifierEncoder | TextEncoder):
        return tuple(encoder.specials)
    if isinstance(encoder, MultiselectEncoder):
        return tuple({**dict.fromkeys(encoder.lists.marks), **dict.fromkeys(encoder.singles)})
    if isinstance(encoder, CategoricalEncoder):  # of distances to another date
        return tuple(level for level in encoder.levels if type(level) is not int)
    return ()


_SHOWN = 1000  # levels among which the nearest to a wrong one is looked for


_ANY = (Interval(),)


_COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class ValueChoice(NamedTuple):
    """Numbers in ranges, and known values by their place."""

    ranges: tuple[Interval, ...]
    places: frozenset[int]

    def __and__(self, other: "ValueChoice") -> "ValueChoice":
        return ValueChoice(intersect(self.ranges, other.ranges), self.places & other.places)


class Domain(ABC):
    """The values of a column.

    Parameters
    ----------
    column
        What the column is.
    levels
        The values that are known: all of them, or those that stand beside its numbers.
    """

    ranges: tuple[Interval, ...] = ()  # all numbers that the column can hold beside its levels
    is_open = False  # whether texts of any kind may stand beside the levels and numbers

    def __init__(self, column: Column, levels: Sequence[Scalar]) -> None:
        self.column = column
        self.levels = levels

    def choose(self, clause: Clause) -> ValueChoice:
        """Return the values that meet a clause; all others meet its negation.

        Raises
        ------
        OptionError
            If the column does not support the comparison, or never has such a value.
        """
        if clause.operator not in ("in", "not in"):
            value = clause.values[0]
            if is_missing(value):
                raise OptionError(
                    f"where: {clause}: a missing value is neither less nor greater than another; "
                    f"ask whether column {self.column.name!r} 'is missing'"
                )
            return self._compared(clause, value)
        optional = clause.operator == "not in"  # a column that is never missing meets it as well
        chosen = [
            self._missing(optional) if is_missing(value) else self._equal(value)
            for value in clause.values
        ]
        places = frozenset().union(*(choice.places for choice in chosen))
        spots = [spot for choice in chosen for spot in choice.ranges]
        if clause.operator == "in":
            return ValueChoice(_united(spots), places)
        ranges = self.ranges
        for spot in spots:
            ranges = intersect(ranges, self._without(spot))
        return ValueChoice(ranges, frozenset(range(len(self.levels))) - places)

    @abstractmethod
    def _equal(self, value: Any) -> ValueChoice:
        """Return what equals a value that is not missing."""

    @abstractmethod
    def _compared(self, clause: Clause, value: Any) -> ValueChoice:
        """Return what is less or greater than a value."""

    def _missing(self, optional: bool) -> ValueChoice:
        places = [place for place, level in enumerate(self.levels) if self._is_absent(level)]
        if not places and not optional:
            marks = [level for level in islice(self.levels, _SHOWN) if level in MISSING_MARKS]
            hint = f"ask for {marks[0]!r}, which it has" if marks else "leave it out"
            raise OptionError(
                f"where: column {self.column.name!r} is never missing in the training table; {hint}"
            )
        return ValueChoice((), frozenset(places))

    def _is_absent(self, level: Scalar) -> bool:
        """Return whether a level stands for no value; among categories, "none" may well be one."""
        if self.column.kind in ("categorical", "boolean"):
            return level is None or level == ""
        return is_absent(level)

    def _without(self, spot: Interval) -> tuple[Interval, ...]:
        below, above = next_to(spot.low, self.column, -1), next_to(spot.high, self.column, 1)
        return Interval(high=below), Interval(low=above)

    def _reach(self, clause: Clause, value: Any) -> Interval:
        """Return the numbers on the side of a value that a comparison asks for."""
        low, high = read_spot(value, self.column)
        return {
            "<": Interval(high=next_to(low, self.column, -1)),
            "<=": Interval(high=high),
            ">": Interval(low=next_to(high, self.column, 1)),
            ">=": Interval(low=low),
        }[clause.operator]

    def _infinite(self, reach: Interval) -> frozenset[int]:
        """Return the infinite levels on an open side, which stand beside the numbers."""
        return frozenset(
            place
            for place, level in enumerate(self.levels)
            if isinstance(level, float) and reach.low <= level <= reach.high
        )

    def _out_of_range(self, clause: Clause, low: Any, high: Any) -> OptionError:
        least_rows = self.column.least_rows
        where = "in the training table"
        if least_rows > 1:
            where = f"but for the outermost rows of the training table (min_group={least_rows})"
        return OptionError(
            f"where: column {self.column.name!r} is from {low} to {high} {where}, so "
            f"that no row meets {clause}; ask for values in this range"
        )


class _CategoryDomain(Domain):
    """A column all of whose values are known."""

    @cached_property
    def _numbers(self) -> Numbers:
        places = np.arange(len(self.levels), dtype=np.int32)
        return numbers_of(levels_to_series(self.levels, places, self.column), self.column)

    def _equal(self, value: Any) -> ValueChoice:
        place = find_level(value, self.levels)
        if place is None and self.column.kind == "boolean":
            texts = [str(level).casefold() for level in self.levels]
            place = find_level(str(value).casefold(), texts)
        if place is not None:
            return ValueChoice((), frozenset({place}))
        if self.column.kind not in AXIS_KINDS:
            raise self._unseen(value, did_you_mean(f"{value!s:.80}", islice(self.levels, _SHOWN)))
        spot = read_spot(value, self.column)
        places = self._places(spot)
        if not places:
            raise self._unseen(value, self._nearest(spot))
        return ValueChoice((), places)

    def _unseen(self, value: Any, nearest: str) -> OptionError:
        column = self.column
        if column.folded:
            return OptionError(
                f"where: column {column.name!r} never has the value {value!r:.80} in the model; "
                f"{column.folded} of its levels, which fewer than about {column.min_group} rows of "
                "the training table hold, are not kept: fit again with min_group=1, also "
                f"of this column alone in a schema, to keep them; {nearest}"
            )
        return OptionError(
            f"where: column {column.name!r} never has the value {value!r:.80} in the training "
            f"table; {nearest}"
        )

    def _places(self, reach: Interval) -> frozenset[int]:
        numbers = self._numbers
        return frozenset(np.flatnonzero(reach.holds(numbers.values) & numbers.present).tolist())

    @cached_property
    def _in_order(self) -> NDArray[np.intp]:
        """The places of the levels that are numbers, in ascending order."""
        order = np.argsort(self._numbers.values, kind="stable")
        return order[self._numbers.present[order]]

    def _nearest(self, spot: Interval) -> str:
        """Name the next lesser and the next greater level."""
        order, numbers = self._in_order, self._numbers.values[self._in_order]
        places = [*order[numbers < spot.low][-1:], *order[numbers > spot.high][:1]]
        return f"the nearest it has: {' and '.join(str(self.levels[place]) for place in places)}"

    def _compared(self, clause: Clause, value: Any) -> ValueChoice:
        if self.column.kind not in AXIS_KINDS:
            return ValueChoice((), self._ranked(clause, value))
        reach = self._reach(clause, value)
        places = self._places(reach) | self._infinite(reach)
        if not places and len(self._in_order):
            least, most = (self.levels[self._in_order[end]] for end in (0, -1))
            raise self._out_of_range(clause, least, most)
        return ValueChoice((), places)

    def _ranked(self, clause: Clause, value: Any) -> frozenset[int]:
        """Compare by the order of the categories."""
        dtype = self.column.pandas_dtype
        if not isinstance(dtype, pd.CategoricalDtype) or not dtype.ordered:
            some = tuple(level for level in self.levels if level is not None)[:3]
            raise OptionError(
                f"where: column {self.column.name!r} is of kind {self.column.kind!r} and has no "
                f"order, so {clause} can't be asked; name the values, as in "
                f"{clause._replace(operator='in', values=some)}"
            )
        rank = find_level(value, list(dtype.categories))
        if rank is None:
            raise self._unseen(value, did_you_mean(f"{value!s:.80}", dtype.categories))
        holds = _COMPARISONS[clause.operator]
        ranks = {category: place for place, category in enumerate(dtype.categories)}
        return frozenset(
            place
            for place, level in enumerate(self.levels)
            if level is not None and holds(ranks[level], rank)
        )


class _RangeDomain(Domain):
    """A column of many numbers, dates or durations, and of marks beside them."""

    ranges = _ANY

    def _equal(self, value: Any) -> ValueChoice:
        place = find_level(value, self.levels)
        if place is not None:
            return ValueChoice((), frozenset({place}))
        spot = read_spot(value, self.column)
        if not is_on_grid(spot, self.column):
            raise OptionError(
                f"where: column {self.column.name!r} never has the value {value!r:.80}: it has "
                f"{grid_of(self.column)} only"
            )
        self._check_ends(Clause(self.column.name, "in", (value,)), spot)
        return ValueChoice((spot,), frozenset())

    def _compared(self, clause: Clause, value: Any) -> ValueChoice:
        reach = self._reach(clause, value)
        infinite = self._infinite(reach)
        if not infinite:
            self._check_ends(clause, reach)
        return ValueChoice((reach,), infinite)

    def _check_ends(self, clause: Clause, reach: Interval) -> None:
        if (ends_of(self.column) & reach).is_empty:
            raise self._out_of_range(clause, self.column.minimum, self.column.maximum)


class _SeveralNumbersDomain(Domain):
    """A column whose texts hold several numbers: all that can be asked is whether there are any."""

    ranges = _ANY
    is_open = True

    def _equal(self, value: Any) -> ValueChoice:
        place = find_level(value, self.levels)
        if place is not None:
            return ValueChoice((), frozenset({place}))
        raise OptionError(
            f"where: the texts of column {self.column.name!r} hold several numbers, so a "
            "condition can only test whether it is missing (None, 'is missing') or not; split the "
            "numbers into columns of their own to ask for one of them"
        )

    def _compared(self, clause: Clause, value: Any) -> ValueChoice:  # noqa: ARG002
        return self._equal(value)


class _GeneratedDomain(Domain):
    """A column whose values are generated: all that can be asked is whether there is one."""

    ranges = _ANY
    is_open = True

    def _equal(self, value: Any) -> ValueChoice:  # noqa: ARG002
        raise OptionError(
            f"where: column {self.column.name!r} is of kind {self.column.kind!r}: its values are "
            "generated, so a condition can only test whether it is missing (None, 'is missing') or "
            "not; leave it out"
        )

    def _compared(self, clause: Clause, value: Any) -> ValueChoice:  # noqa: ARG002
        return self._equal(value)


class _ListDomain(Domain):
    """A column of lists, of known items in any combination; a list is asked for as a whole."""

    ranges = _ANY
    is_open = True

    def __init__(self, column: Column, levels: Sequence[Scalar]) -> None:
        self._form = ListForm.of_spec(column.format)
        self._items = {self._form.read(str(level)) for level in levels if level is not None}
        self._asked = [*levels]
        super().__init__(column, self._asked)

    def _equal(self, value: Any) -> ValueChoice:
        place = find_level(value, self.levels)
        if place is None:
            items = self._form.read(str(value))
            unknown = [item for item in items or () if (item,) not in self._items]
            if unknown or items is None:
                known = sorted(own[0] for own in self._items if own)
                wrong = f"{unknown[0] if unknown else value!s}"
                raise OptionError(
                    f"where: column {self.column.name!r} holds lists written "
                    f"{self.column.format!r}, and never {wrong!r:.80} in the model; "
                    f"{did_you_mean(wrong, known[:_SHOWN])}"
                )
            self._asked.append(self._form.write(items))
            place = len(self.levels) - 1
        return ValueChoice((), frozenset({place}))

    def _compared(self, clause: Clause, value: Any) -> ValueChoice:  # noqa: ARG002
        raise OptionError(
            f"where: column {self.column.name!r} is of kind {self.column.kind!r} and has no order, "
            f"so {clause} can't be asked; ask for whole lists"
        )


def domain_of(
    column: Column, levels: Sequence[Scalar] | None, specials: Sequence[Scalar]
) -> Domain:
    """Return the values that a column can take.

    Parameters
    ----------
    column
        What the column is.
    levels
        All its values, where they are known.
    specials
        Otherwise, what it holds beside its numbers or generated values; of a column of lists also
        each item alone.
    """
    if column.is_generated:
        return _GeneratedDomain(column, specials)
    if levels is not None:
        return _CategoryDomain(column, levels)
    if column.kind == "multiselect":
        return _ListDomain(column, specials)
    if column.kind in AXIS_KINDS:
        return _RangeDomain(column, specials)
    return _SeveralNumbersDomain(column, specials)


def _united(spots: Iterable[Interval]) -> tuple[Interval, ...]:
    """Sort ranges, and join those that overlap."""
    united: list[Interval] = []
    for spot in sorted(spots):
        if united and spot.low <= united[-1].high:
            united[-1] = Interval(united[-1].low, max(united[-1].high, spot.high))
        else:
            united.append(spot)
    return tuple(united)
