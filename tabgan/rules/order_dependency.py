"""Orders between columns: one is never greater than another, or learned as a distance."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.rules.base_rules import Dependency, Mask, share_of_rows
from tabgan.rules.numeric_axis import (
    AllowedValues,
    AxisValues,
    NumericAxis,
    from_axis,
    in_order,
    neighbor_of,
    propagate_order,
    ticks_in,
    to_axis,
)
from tabgan.table.clock_shares import ClockShares, is_beyond_month
from tabgan.table.columns import (
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    numbers_to_series,
    replaced,
    with_cells,
    write_column,
)
from tabgan.table.dates import TICKS_PER_DAY, CalendarShares, unit_of
from tabgan.table.number_scale import clip_to_range
from tabgan.table.numbers import Numbers
from tabgan.table.schema import Column

__all__ = [
    "GOLDEN",
    "DateFormShares",
    "DifferenceDependency",
    "Edge",
    "OrderDependency",
    "repair_order",
]

Edge = tuple[int, int]


GOLDEN = (5**0.5 - 1) / 2  # whose multiples spread evenly over the unit interval


MOST_EXCHANGES = 2_000  # in a block of rows; a rule that more rows break was not learned at all


@dataclass(frozen=True)
class OrderDependency(Dependency):
    """For every edge ``(i, j)``, member i ≤ member j in every row in which both are present.

    A strict edge means member i < member j.

    No column is left out of training. A generated row that breaks the rule is repaired: its lower
    member exchanges its value with another row, which keeps the distributions of both columns; if
    there is no such row, the two values are swapped. Beside a value that another rule has derived,
    the other value moves to the nearest one in order.

    Parameters
    ----------
    members
        The columns, so that every edge leads from an earlier one to a later one.
    grids
        The numbers that each may take on the common axis.
    edges
        Pairs of numbers of members.
    unit
        Unit of time of the common axis; None for numbers.
    fixed
        Numbers of the members that other rules derive, and that must not change; one per edge at
        most.
    strict
        The edges that are strict.
    exceptions
        For each edge the share of rows that break it, which as many generated rows do; empty
        where no row breaks any.
    measured
        Numbers of the members between which distances are kept: rather than these, others change.
    """

    name: ClassVar[str] = "order"
    members: tuple[ColumnRef, ...]
    grids: tuple[AllowedValues, ...]
    edges: tuple[Edge, ...]
    unit: str | None
    fixed: tuple[int, ...] = ()
    strict: tuple[Edge, ...] = ()
    exceptions: tuple[float, ...] = ()
    measured: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.exceptions and len(self.exceptions) != len(self.edges):
            raise ValueError("order: a share of exceptions is needed for each edge")
        if not all(0 <= share < 1 for share in self.exceptions):
            raise ValueError("order: shares of exceptions must be from 0 to 1")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return tuple(member.position for member in self.members)

    def describe(self) -> str:
        """Describe the rule in words."""
        shares = self.exceptions or (0.0,) * len(self.edges)
        return ", ".join(
            f"{self.members[a]} {'<' if (a, b) in self.strict else '≤'} {self.members[b]}"
            f"{share_of_rows(share)}"
            for (a, b), share in zip(self.edges, shares, strict=True)
        )

    def pairs(self) -> Iterator[Self]:
        """Yield the order of each two members that no row may break.

        A member in between counts where it is never missing.
        """
        shares = self.exceptions or (0.0,) * len(self.edges)
        hard = {
            edge: edge in self.strict for edge, n in zip(self.edges, shares, strict=True) if not n
        }
        for _ in self.members:
            for (a, b), (c, d) in product([*hard], repeat=2):
                if b == c and not self.members[b].column.missing:
                    hard[a, d] = hard.get((a, d), False) or hard[a, b] or hard[c, d]
        for (a, b), is_strict in sorted(hard.items()):
            ends = (self.members[a], self.members[b]), (self.grids[a], self.grids[b])
            strict = ((0, 1),) if is_strict else ()
            yield replace(
                self,
                members=ends[0],
                grids=ends[1],
                edges=((0, 1),),
                fixed=(),
                strict=strict,
                exceptions=(),
                measured=(),
            )

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the table as it is."""
        return table

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Swap values that are in the wrong order, or move those that are not fixed."""
        cells = {at: table[at].with_column(column) for at, column in self.members}
        axes = [to_axis(cells[at], self.unit) for at in cells]
        spared = self._exceptions_of(axes)
        mended = repair_order(
            axes,
            self.grids,
            self.edges,
            self.fixed,
            self.strict,
            spared=spared,
            measured=self.measured,
        )
        changed = {
            at: TypedSeries(column, from_axis(new, cells[at], self.unit))
            for (at, column), old, new in zip(self.members, axes, mended, strict=True)
            if not np.array_equal(old.values, new)
        }
        return with_cells(table, changed)

    def _exceptions_of(self, axes: Sequence[NumericAxis]) -> dict[Edge, Mask]:
        """Choose the rows that may break an edge: as many as did so, those that break it least."""
        spared: dict[Edge, Mask] = {}
        for edge, share in zip(self.edges, self.exceptions, strict=False):
            low, high = (axes[member] for member in edge)
            both = low.present & high.present
            wrong = np.flatnonzero(both & (low.values > high.values))
            order = np.argsort((low.values - high.values)[wrong], kind="stable")
            spared[edge] = np.zeros(len(both), np.bool_)
            spared[edge][wrong[order[: round(share * both.sum())]]] = True
        return spared

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return the rows in which every edge is in order."""
        axes = [
            to_axis(own.with_column(member.column), self.unit)
            for member, own in zip(self.members, cells, strict=True)
        ]
        holds = np.ones(len(axes[0].values), np.bool_)
        for edge in self.edges:
            holds &= in_order(axes[edge[0]], axes[edge[1]], strict=edge in self.strict)
        return holds

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Raise free values above the fixed ones that bound them below, and lower the others."""
        cells = {at: table[at].with_column(column) for at, column in self.members}
        axes = [to_axis(cells[at], self.unit) for at in cells]
        own = fixed[:, [*self.positions]]
        moved = propagate_order(axes, self.grids, self.edges, own, self.strict)
        changed = {
            at: TypedSeries(
                column,
                replaced(cells[at][1], old.values != new, from_axis(new, cells[at], self.unit)),
            )
            for (at, column), old, new in zip(self.members, axes, moved, strict=True)
            if not np.array_equal(old.values, new)
        }
        return with_cells(table, changed)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "members": [member.to_json() for member in self.members],
            "grids": [grid.to_json() for grid in self.grids],
            "edges": [list(edge) for edge in self.edges],
            "unit": self.unit,
            "fixed": list(self.fixed),
            "strict": [list(edge) for edge in self.strict],
            **({"exceptions": [*self.exceptions]} if self.exceptions else {}),
            **({"measured": [*self.measured]} if self.measured else {}),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            tuple(ColumnRef.from_json(member) for member in state["members"]),
            tuple(AllowedValues.from_json(grid) for grid in state["grids"]),
            tuple((int(a), int(b)) for a, b in state["edges"]),
            None if state["unit"] is None else str(state["unit"]),
            tuple(int(member) for member in state["fixed"]),
            tuple((int(a), int(b)) for a, b in state["strict"]),
            tuple(float(share) for share in state.get("exceptions", ())),
            tuple(int(member) for member in state.get("measured", ())),
        )


def repair_order(
    axes: Sequence[NumericAxis],
    grids: Sequence[AllowedValues],
    edges: Sequence[Edge],
    fixed: Collection[int] = (),
    strict: Collection[Edge] = (),
    *,
    spared: Mapping[Edge, Mask] | None = None,
    measured: Collection[int] = (),
) -> list[AxisValues]:
    """Change values so that axis i ≤ axis j for every edge ``(i, j)`` where both are present.

    For a strict edge, axis i < axis j.

    Rows that can exchange values do (`exchange_values`). In the others, swapping the values of an
    edge removes at least one inversion, so that a few rounds usually suffice. Fixed axes, and grids
    and ranges that differ, may leave a rest. It is removed by lowering values, from the last axis
    to the first: the lower axis of an edge has the lower minimum. Values below a fixed one are then
    raised, from the first axis to the last: the edges of fixed axes are chosen so that there is
    room.

    Parameters
    ----------
    axes
        Values of columns on one axis.
    grids
        The numbers that each may take.
    edges
        Pairs ``(i, j)`` of axes.
    fixed
        Axes that must not change.
    strict
        The edges whose values are never equal.
    spared
        Rows in which an edge need not be in order.
    measured
        Axes between which distances are kept: of an edge of one of them the other axis changes.
    """
    values = [axis.values.copy() for axis in axes]

    def most(low: int, high: int) -> AxisValues:
        """Return the greatest values that the lower axis may have below the upper one."""
        return neighbor_of(values[high], -1) if (low, high) in strict else values[high]

    def compared(low: int, high: int) -> Mask:
        both = axes[low].present & axes[high].present
        return both & ~spared[low, high] if spared and (low, high) in spared else both

    def wrong_rows(low: int, high: int) -> NDArray[np.int64]:
        return np.flatnonzero(compared(low, high) & (values[low] > most(low, high)))

    free = [edge for edge in edges if not {*edge} & {*fixed}]
    _exchange(values, free, compared, strict, measured)
    for _ in axes:
        disordered = False
        for low, high in free:
            rows = wrong_rows(low, high)
            greater, lesser = values[low][rows], values[high][rows]
            values[low][rows] = grids[low].floor(lesser)
            values[high][rows] = grids[high].ceil(greater)
            disordered |= len(rows) > 0
        if not disordered:
            break
    for low, high in sorted(edges, reverse=True):
        if low not in fixed:
            rows = wrong_rows(low, high)
            values[low][rows] = grids[low].floor(most(low, high)[rows])
    for low, high in sorted(edges):
        if high not in fixed:
            rows = wrong_rows(low, high)
            least = values[low][rows]
            values[high][rows] = grids[high].ceil(
                neighbor_of(least, 1) if (low, high) in strict else least
            )
    return values


def _exchange(
    values: list[AxisValues],
    edges: Collection[Edge],
    compared: Callable[[int, int], Mask],
    strict: Collection[Edge],
    measured: Collection[int],
) -> None:
    """Exchange values between rows: of the lower axis, or where that is measured the upper one."""
    for low, high in sorted(edges, reverse=True):  # an axis before those that must be below it
        both, is_strict = compared(low, high), (low, high) in strict
        if low in measured and high not in measured:
            least = neighbor_of(values[low], 1) if is_strict else values[low]
            values[high] = -exchange_values(-values[high], -least, both)
        else:
            most = neighbor_of(values[high], -1) if is_strict else values[high]
            values[low] = exchange_values(values[low], most, both)


def exchange_values(low: AxisValues, high: AxisValues, both: NDArray[np.bool_]) -> AxisValues:
    """Exchange values of the lower column between rows, so that they are at most the higher ones.

    A value that is too great for its row goes to the row of the greatest value that this one can
    take, of the rows that can take the first: columns keep their values, and rows change little.
    The greatest values go first, as the fewest rows can take them. Of rows that are as good, any
    one is taken: were it the first, the first rows of a sample would be unlike the others.

    Parameters
    ----------
    low, high
        Values of the two columns.
    both
        Rows in which both are present; the others are left alone.

    Examples
    --------
    >>> low, high = np.array([9.0, 1.0, 2.0]), np.array([3.0, 9.5, 2.0])
    >>> exchange_values(low, high, np.ones(3, bool)).tolist()
    [1.0, 9.0, 2.0]
    """
    values, rng = low.copy(), np.random.default_rng(len(low))
    wrong = np.flatnonzero(both & (values > high))
    if len(wrong) > MOST_EXCHANGES:
        return values
    for row in wrong[np.argsort(-values[wrong], kind="stable")]:
        rows = np.flatnonzero(both & (high >= values[row]) & (values <= high[row]))
        if len(rows):
            best = rows[values[rows] == values[rows].max()]
            other = best[rng.integers(len(best))]
            values[row], values[other] = values[other], values[row]
    return values


@dataclass(frozen=True)
class DateFormShares:
    """In which of its forms a column writes a date, by the form of another date of the row.

    An import that takes days for months writes one form up to the 12th of a month and another
    one after it, so that the day counts too.

    Parameters
    ----------
    shares
        For each form of the other date, up to the 12th and after it: the share of each form.
    """

    shares: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, source: Numbers, target: Numbers, column: Column) -> Self | None:
        """Count the forms of the target; None if it has one."""
        if not column.other_formats:
            return None
        n_forms = len(column.formats)
        forms = np.zeros(len(target.values), np.int8) if target.forms is None else target.forms
        n_cases = 2 * (1 if source.forms is None else int(source.forms.max(initial=0)) + 1)
        case = _case_of(source, target.values, column)[target.present]
        counts = np.bincount(case * n_forms + forms[target.present], minlength=n_cases * n_forms)
        counts = counts.reshape(n_cases, n_forms)
        overall = counts.sum(axis=0)
        kept = np.where(counts >= column.least_rows, counts, 0)
        kept[kept.sum(axis=1) == 0] = np.where(overall == overall.max(), 1, 0)
        shares = kept / kept.sum(axis=1, keepdims=True)
        return cls(tuple(tuple(row) for row in shares.tolist()))

    def draw(self, source: Numbers, ticks: NDArray[np.int64], column: Column) -> NDArray[np.int8]:
        """Spread the forms over the rows of each case, evenly.

        Parameters
        ----------
        source
            The other dates.
        ticks, column
            The dates that are written, and their column.
        """
        case = np.minimum(_case_of(source, ticks, column), len(self.shares) - 1)
        forms = np.zeros(len(ticks), np.int8)
        for number, own in enumerate(self.shares):
            rows = np.flatnonzero(case == number)
            place = (np.arange(len(rows)) + 0.5) * GOLDEN % 1
            forms[rows] = np.searchsorted(np.cumsum(own)[:-1], place, side="right")
        return forms

    def to_json(self) -> list[list[float]]:
        """Describe the shares by JSON values."""
        return [[*own] for own in self.shares]

    @classmethod
    def from_json(cls, state: list[list[float]]) -> Self:
        """Rebuild shares from `to_json`'s value."""
        return cls(tuple(tuple(float(share) for share in own) for own in state))


def _case_of(source: Numbers, ticks: NDArray[np.int64], column: Column) -> NDArray[np.int64]:
    """Return the number of each row's case: the other date's form, up to the 12th or after it."""
    late = is_beyond_month(ticks, column).astype(np.int64)
    return late if source.forms is None else 2 * source.forms.astype(np.int64) + late


@dataclass(frozen=True)
class DifferenceDependency(Dependency):
    """The target is replaced by its distance from the source, which is present in every row.

    The distance is counted in ticks of the target; a source of a finer unit is cut to that.

    Parameters
    ----------
    source, target
        Two columns of dates.
    column
        The column of distances that stands for the target in a reduced table.
    step
        What one unit of distance is, in the target's own ticks.
    forms
        In which form a date is written, of a target that has several; None where it has one.
    calendar
        Where in the calendar the target lies; None where it lies anywhere.
    clock
        At which times of day the target lies; None where it lies anywhere.
    """

    name: ClassVar[str] = "gap"
    source: ColumnRef
    target: ColumnRef
    column: Column
    step: int
    forms: DateFormShares | None = None
    calendar: CalendarShares | None = None
    clock: ClockShares | None = None

    @classmethod
    def between(cls, source: ColumnRef, target: ColumnRef, table: ColumnFrame) -> Self:
        """Choose the unit of distance and describe the column of distances."""
        units = unit_of(source.column), unit_of(target.column)
        a, b = (table[at].numbers for at, _ in (source, target))
        gaps = (b.values - ticks_in(a.values, *units))[b.present].astype(np.int64)
        kept = clip_to_range(gaps, None, target.column.least_rows)
        step = int(np.gcd.reduce(kept)) or 1
        column = Column(
            f"{target.column.name} - {source.column.name}",
            "integer",
            "int64" if b.present.all() else "object",
            missing=target.column.missing,
            minimum=int(kept.min()) // step,
            maximum=int(kept.max()) // step,
            decimals=0,
            min_group=target.column.min_group,
            why="distance between dates",
        )
        days = ticks_in(a.values, *units)[b.present]
        moves = target.column.kind == "datetime" and np.ptp(gaps) > 0  # else 30 days are no month
        is_day = units[1] == "D" and moves
        calendar = CalendarShares.of(b.values[b.present], days) if is_day else None
        clock = None
        if moves:
            own = b.values[b.present].astype(np.int64)
            least = target.column.least_rows
            clock = ClockShares.of(own, days.astype(np.int64), units[1], step, least)
        forms = DateFormShares.of(a, b, target.column)
        return cls(source, target, column, step, forms, calendar, clock)

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    @property
    def is_constant(self) -> bool:
        """Whether the target is as far from the source in all rows."""
        own = self.column
        return own.minimum == own.maximum and self.calendar is None and self.clock is None

    def describe(self) -> str:
        """Describe the rule in words."""
        if self.is_constant:
            unit, distance = unit_of(self.target.column), int(self.column.minimum) * self.step
            days = distance / TICKS_PER_DAY.get(unit, 1)
            words = {"M": "months", "Y": "years"}.get(unit, "days")
            after = f"always {days:g} {words} after" if distance else "always equal to"
            return f"{self.target} is {after} {self.source}"
        places = self.calendar.shares if self.calendar else ()
        often = [f"{100 * share:.0f} % at {name}" for name, share in places]
        often += self.clock.describe() if self.clock else []
        told = f" ({', '.join(often)})" if often else ""
        return f"{self.target} is learned as its distance from {self.source}{told}"

    def _source_ticks(self, source: Numbers) -> NDArray[np.int64]:
        """Return the source's dates in ticks of the target."""
        units = unit_of(self.source.column), unit_of(self.target.column)
        return ticks_in(source.values, *units)

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Replace the target by its distance from the source."""
        a, b = (table[at].numbers for at, _ in (self.source, self.target))
        present = a.present & b.present
        distances = (b.values - self._source_ticks(a)) // self.step
        gaps = np.where(present, distances, 0).astype(np.int64)
        values = numbers_to_series(gaps, b.special, self.column, present)
        return with_cells(table, {self.target.position: TypedSeries(self.column, values)})

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Add the distance to the source; the range of the target is kept."""
        at, column = self.target
        a = table[self.source.position].numbers
        gap = table[at].numbers
        present = a.present & gap.present
        moved = self._source_ticks(a) + gap.values.astype(np.int64) * self.step
        least = int(self.column.minimum) * self.step
        days, before = moved[present].astype(np.int64), self._source_ticks(a)[present]
        if self.calendar is not None:
            moved[present] = self.calendar.settle(days, before, least)
        elif self.clock is not None:
            moved[present] = self.clock.settle(days, before.astype(np.int64), least, self.step)
        ticks = np.where(present, moved, 0).astype(np.int64)
        forms = None if self.forms is None else self.forms.draw(a, ticks, column)
        values = write_column(Numbers(ticks, present, gap.special, forms), column)
        return with_cells(table, {at: TypedSeries(column, values)})

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows are learned as they are, but for the form of a date."""
        if self.is_constant:
            own = (
                cells[at].with_column(ref.column)
                for at, ref in enumerate((self.source, self.target))
            )
            a, b = (typed.numbers for typed in own)
            distance = int(self.column.minimum) * self.step
            both = a.present & b.present
            held: Mask = ~both | (b.values == self._source_ticks(a) + distance)
            return held
        if self.forms is None:
            return super().holds(cells)
        return np.ones(len(cells[0].values), np.bool_)

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Bring the distance of a free date from a fixed one within the table's range."""
        source, target = self.positions
        a, b = (table[at].numbers for at, _ in (self.source, self.target))
        low, high = (int(end) * self.step for end in (self.column.minimum, self.column.maximum))
        present = a.present & b.present
        back = present & fixed[:, target] & ~fixed[:, source]
        units = unit_of(self.source.column), unit_of(self.target.column)
        before = self._source_ticks(a)
        first = np.where(back, np.clip(before, b.values - high, b.values - low), before)
        # the time of day stays, where the source has a finer one
        rest = a.values - ticks_in(before, units[1], units[0])
        moved = np.where(first != before, ticks_in(first, units[1], units[0]) + rest, a.values)
        forth = present & ~fixed[:, target]
        last = np.where(forth, np.clip(b.values, first + low, first + high), b.values)
        changed = (
            write_column(old._replace(values=ticks.astype(np.int64)), field.column)
            for ticks, old, field in ((moved, a, self.source), (last, b, self.target))
        )
        cells = {
            at: TypedSeries(column, replaced(table[at][1], rows, values))
            for (at, column), rows, values in zip(
                (self.source, self.target), (back, forth), changed, strict=True
            )
        }
        return with_cells(table, cells)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "target": self.target.to_json(),
            "column": self.column.to_json(),
            "step": self.step,
            **({} if self.forms is None else {"forms": self.forms.to_json()}),
            **({} if self.calendar is None else {"calendar": [*map(list, self.calendar.shares)]}),
            **({} if self.clock is None else {"clock": self.clock.to_json()}),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            ColumnRef.from_json(state["source"]),
            ColumnRef.from_json(state["target"]),
            Column.from_json(state["column"]),
            int(state["step"]),
            DateFormShares.from_json(state["forms"]) if "forms" in state else None,
            CalendarShares(tuple((str(name), float(share)) for name, share in state["calendar"]))
            if "calendar" in state
            else None,
            ClockShares.from_json(state["clock"]) if "clock" in state else None,
        )
