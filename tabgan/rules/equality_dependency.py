"""Columns that equal another one, or a multiple of it, in a share of the rows."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.rules.base_rules import ShareDependency
from tabgan.rules.numeric_axis import (
    FEW_VALUES,
    AllowedValues,
    AxisValues,
    NumericAxis,
    by_axis,
    finest_unit,
    from_axis,
    to_axes,
    to_axis,
)
from tabgan.table.columns import (
    NUMBERS,
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    field_at,
    sample_of,
    with_cells,
    without,
)
from tabgan.table.level_codes import levels_to_series
from tabgan.table.number_scale import typical_values
from tabgan.table.schema import Column

__all__ = [
    "LEAST_SHARE",
    "PartialEquality",
    "PartialMultiple",
    "common_values",
    "find_partial_equalities",
    "find_partial_multiples",
    "is_no_accident",
    "lead_away",
]


COMMON = 0.01  # a value of a greater share of the rows is equal often enough by itself
LEAST_SHARE = 0.02  # of the rows in which the two are equal, common values aside
LEAST_ROWS = 20  # the same in rows
MOST_BINS = 16
ROWS_PER_BIN = 20
MOST_KNOTS = 256
ROWS_PER_KNOT = 5  # so that no knot is a value of fewer rows


@dataclass(frozen=True)
class PartialEquality(ShareDependency):
    """The target equals the source in a share of the rows that depends on the source.

    No column is left out of training. A generator blurs the rows in which two numbers are the same
    into rows in which they are nearly so. Of the generated rows, those in which the two lie
    nearest are made equal: as many as there were in the table, in each range of the source.

    Parameters
    ----------
    source, target
        Two columns on one axis.
    unit
        Unit of time of the axis; None for numbers.
    grid
        The numbers that the target may take.
    common
        Frequent values of either, which do not count: encoders keep them exactly.
    edges
        Bounds of the source's ranges, ascending.
    shares
        For each range, the share of equal rows among those whose source is not common, and is a
        number that the target may take.
    knots
        Means of equally many neighbouring values of the target, ascending.
    share
        Share of equal rows in the whole table, common values aside.
    """

    name: ClassVar[str] = "coincidence"
    may_be_broken: ClassVar[bool] = True
    source: ColumnRef
    target: ColumnRef
    unit: str | None
    grid: AllowedValues
    common: tuple[int | float, ...]
    edges: tuple[float, ...]
    shares: tuple[float, ...]
    knots: tuple[float, ...]
    share: float

    def __post_init__(self) -> None:
        for name in ("common", "edges", "shares", "knots"):
            values = getattr(self, name)
            if not all(type(value) in (int, float) for value in values):
                raise TypeError(f"coincidence: {name} must be numbers")
            if not np.isfinite(np.array(values, float)).all():
                raise ValueError(f"coincidence: {name} must be finite")
            if name in ("edges", "knots") and (np.diff(values) < 0).any():
                raise ValueError(f"coincidence: {name} must not descend")
        if len(self.shares) != len(self.edges) + 1:
            raise ValueError("coincidence: there must be one share more than edges")
        if not all(0 <= share <= 1 for share in (*self.shares, self.share)):
            raise ValueError("coincidence: shares must be from 0 to 1")

    @classmethod
    def between(
        cls,
        source: ColumnRef,
        target: ColumnRef,
        axes: Mapping[int, NumericAxis],
        unit: str | None,
    ) -> Self | None:
        """Learn the shares of equal rows; None if there are too few of them."""
        a, b = axes[target.position], axes[source.position]
        grid = _grid(a.values[a.present], target.column)
        common = tuple(np.union1d(common_values(a), common_values(b)).tolist())
        possible = _may_be_given(a, b, grid, common)
        equal = ((a.values == b.values) & ~np.isin(a.values, np.array(common)))[possible]
        if equal.sum() < max(LEAST_ROWS, LEAST_SHARE * len(possible)):
            return None
        known = b.values[possible]
        edges = typical_values(known, MOST_BINS - 1, ROWS_PER_BIN)
        bins = np.searchsorted(edges, known, side="right")
        rows = np.bincount(bins, minlength=len(edges) + 1)
        shares = np.bincount(bins, equal, len(rows)) / np.maximum(rows, 1)
        return cls(
            source,
            target,
            unit,
            grid,
            common,
            tuple(edges.tolist()),
            tuple(shares.tolist()),
            tuple(typical_values(a.values[a.present], MOST_KNOTS, ROWS_PER_KNOT).tolist()),
            float(equal.sum() / len(possible)),
        )

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.target} equals {self.source} in {100 * self.share:.0f} % of the rows"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the table as it is."""
        return table

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Make the rows equal in which the two lie nearest."""
        at, column = self.target
        cells = table[at].with_column(column)
        target = to_axis(cells, self.unit)
        source = to_axis(table[self.source.position].with_column(self.source.column), self.unit)
        possible = np.flatnonzero(_may_be_given(target, source, self.grid, self.common))
        chosen = possible[self._nearest(target.values[possible], source.values[possible])]
        values = target.values.copy()
        values[chosen] = source.values[chosen]
        if np.array_equal(values, target.values):
            return table
        return with_cells(table, {at: TypedSeries(column, from_axis(values, cells, self.unit))})

    def _nearest(self, target: AxisValues, source: AxisValues) -> NDArray[np.intp]:
        """Choose each range's share of rows: those of least difference in the target's ranks."""
        bins = np.searchsorted(self.edges, source, side="right")
        rows = np.bincount(bins, minlength=len(self.shares))
        # Rounding the running total, not each range, keeps the whole right in small blocks.
        wanted = np.diff(np.rint(np.cumsum(rows * np.array(self.shares))), prepend=0)
        distance = np.abs(self._rank(target) - self._rank(source))
        distance[np.isin(target, np.array(self.common))] = np.inf
        order = np.lexsort((distance, bins))
        place = np.arange(len(bins)) - (np.cumsum(rows) - rows)[bins[order]]
        chosen: NDArray[np.intp] = order[(place < wanted[bins[order]]) & (distance[order] < np.inf)]
        return chosen

    def _rank(self, values: AxisValues) -> NDArray[np.float64]:
        n_knots = len(self.knots)
        ranks = np.concatenate([[0.0], (np.arange(n_knots) + 0.5) / n_knots, [1.0]])
        ranked: NDArray[np.float64] = np.interp(
            values, [self.grid.least, *self.knots, self.grid.most], ranks
        )
        return ranked.clip(0, 1)  # the slope between the smallest floats is infinite

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "target": self.target.to_json(),
            "unit": self.unit,
            "grid": self.grid.to_json(),
            "common": list(self.common),
            "edges": list(self.edges),
            "shares": list(self.shares),
            "knots": list(self.knots),
            "share": self.share,
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            ColumnRef.from_json(state["source"]),
            ColumnRef.from_json(state["target"]),
            None if state["unit"] is None else str(state["unit"]),
            AllowedValues.from_json(state["grid"]),
            tuple(state["common"]),
            tuple(state["edges"]),
            tuple(state["shares"]),
            tuple(state["knots"]),
            float(state["share"]),
        )


def common_values(axis: NumericAxis) -> AxisValues:
    """Return the values that are so frequent that equal ones are no evidence."""
    distinct: Any = np.unique(axis.values[axis.present], return_counts=True)
    values, counts = distinct
    frequent: AxisValues = values[counts >= max(ROWS_PER_KNOT, COMMON * len(axis.present))]
    return frequent


def _grid(values: AxisValues, column: Column) -> AllowedValues:
    """Return the grid of a column; numbers of float32 lie beside the decimals that write them."""
    grid = AllowedValues.within(values, column)
    kept = values.clip(grid.least, grid.most)
    return grid if np.array_equal(grid.floor(kept), kept) else AllowedValues(grid.least, grid.most)


def _may_be_given(
    target: NumericAxis, source: NumericAxis, grid: AllowedValues, common: Collection[int | float]
) -> NDArray[np.bool_]:
    """Return where both are present, and the source is not common and a number for the target."""
    values = source.values
    rare = target.present & source.present & ~np.isin(values, np.array(common))
    may: NDArray[np.bool_] = rare & (grid.floor(values) == values)
    return may


LEAST_LIFT = 3  # times as often as they would be, were they near each other only
MOST_TRIED = 3  # partners of a column
Link = tuple[int, int]  # of two columns; the second one follows the first


def find_partial_equalities(
    table: ColumnFrame, rng: np.random.Generator, fixed: Collection[int] = ()
) -> list[PartialEquality]:
    """Find the columns that equal another column often; each follows one other at most.

    The column with more repeated values follows the other one, as a payment follows a bill. Of
    several columns that equal each other, the one with the fewest repeated values leads.

    Parameters
    ----------
    table
        The columns that may take part.
    rng
        Draws the rows on which pairs are tried first.
    fixed
        Columns that must not be changed.
    """
    return [
        rule
        for sample in by_axis(sample_of(table, rng))
        for rule in _on_one_axis(table, sample, fixed)
    ]


def _on_one_axis(
    table: ColumnFrame, sample: ColumnFrame, fixed: Collection[int]
) -> Iterator[PartialEquality]:
    unit = finest_unit(column for column, _ in sample.values())
    axes = to_axes(sample, unit).items()
    trials = {at: trial for at, axis in axes if (trial := _Trial.of(axis)) is not None}
    order = sorted(trials, key=lambda at: (at not in fixed, trials[at].repeated, at))
    links = lead_away(order, _likeliest({at: trials[at].values for at in order}), fixed)
    full = to_axes({at: table[at] for at in sorted({at for link in links for at in link})}, unit)
    # What is restored first comes last: a column is changed before others follow it.
    for source, target in reversed(links):
        if source in full and target in full:
            rule = PartialEquality.between(
                field_at(table, source), field_at(table, target), full, unit
            )
            if rule is not None:
                yield rule


def _likeliest(columns: Mapping[int, NDArray[np.float64]]) -> list[Link]:
    """Find the pairs of columns that are equal often, and by no accident; the most often first."""
    names = [*columns]
    matrix = np.array([*columns.values()])
    found: list[tuple[int, Link]] = []
    for place in range(1, len(names)):
        equal = np.count_nonzero(matrix[:place] == matrix[place], axis=1)
        enough = np.flatnonzero(equal >= LEAST_SHARE / 2 * matrix.shape[1])
        for other in enough[np.argsort(-equal[enough], kind="stable")][:MOST_TRIED].tolist():
            if is_no_accident(matrix[place], matrix[other]):
                found.append((int(equal[other]), (names[other], names[place])))
    return [link for _, link in sorted(found, key=lambda pair: -pair[0])]


def lead_away(order: list[int], pairs: list[Link], fixed: Collection[int]) -> list[Link]:
    """Choose pairs that make no circle, and lead them away from the first column of each tree.

    So each column follows one other at most. A column that must not be changed is the first of
    its tree: there is one of them in a tree at most.
    """
    trees = {at: {at} for at in order}
    neighbours: dict[int, list[int]] = {at: [] for at in order}
    for a, b in pairs:
        tree = trees[a] | trees[b]
        if trees[a] is not trees[b] and len(tree.intersection(fixed)) <= 1:
            trees |= dict.fromkeys(tree, tree)
            neighbours[a].append(b)
            neighbours[b].append(a)
    links: list[Link] = []
    reached: set[int] = set()
    for root in order:
        front = [] if root in reached else [root]
        for source in front:  # grows while it is walked through
            reached.add(source)
            targets = [at for at in neighbours[source] if at not in reached]
            links += [(source, target) for target in targets]
            front += targets
    return links


def is_no_accident(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Return whether two columns are equal far more often than they are nearly so.

    Ranks tell what is near. If the rows only scattered about equality, as many would lie
    beside the equal ones, on one side at least, within the ranks of an average value.
    """
    known = ~np.isnan(a) & ~np.isnan(b)
    pooled, counts = np.unique(np.concatenate([a[known], b[known]]), return_counts=True)
    shares = counts / counts.sum()
    ranks = np.cumsum(shares) - shares / 2
    one, other = (ranks[np.searchsorted(pooled, values[known])] for values in (a, b))
    difference, width = one - other, float(shares @ shares)
    beside = max(
        np.count_nonzero((side > 0) & (side <= 2 * width)) / 2 for side in (difference, -difference)
    )
    return bool(np.count_nonzero(difference == 0) >= LEAST_LIFT * beside)


class _Trial(NamedTuple):
    """A column in some rows: its values, nan where there is none or a common one."""

    values: NDArray[np.float64]
    repeated: float  # share of the rows whose value another row has already

    @classmethod
    def of(cls, axis: NumericAxis) -> Self | None:
        """Return None for a column of few values, which is learned as levels."""
        known = axis.values[axis.present]
        distinct = len(np.unique(known))
        if distinct <= FEW_VALUES:
            return None
        rare = axis.present & ~np.isin(axis.values, common_values(axis))
        return cls(np.where(rare, axis.values, np.nan), 1 - distinct / len(known))


LEAST_FACTOR_SHARE = 0.2  # of the rows in which one column is the same multiple of the other
HINT_ROWS = 1_000  # enough to refute most pairs
MOST_FACTORED = 60  # columns that are compared
MOST_FACTORS = 6  # that are tried of a pair, with two decimals and with three
BESIDE = 0.01  # of a factor, where no more rows must be than chance puts there
TURN = (5**0.5 - 1) / 2  # spreads shares evenly over rows
NO_FACTOR = "none"


class Multiple(NamedTuple):
    """A factor, and the decimals to which the product is rounded."""

    factor: float
    decimals: int

    def of(self, values: AxisValues) -> AxisValues:
        """Return the rounded products."""
        product: AxisValues = np.round(values * self.factor, self.decimals)
        return product

    def fits(self, target: AxisValues, source: AxisValues) -> NDArray[np.bool_]:
        """Return where the target is the product, rounded up or down at the half."""
        half = 0.5 * 10.0**-self.decimals
        near = np.abs(target - source * self.factor) <= half + 1e-12 * np.abs(target)
        whole: NDArray[np.bool_] = near & (np.round(target, self.decimals) == target)
        return whole


@dataclass(frozen=True)
class PartialMultiple(ShareDependency):
    """The target is the source times one of a few factors in a share of the rows.

    Prices with a tax are an example. Which factor a row has, or none, is a column of its own that
    is learned as any other: so the shares come back, and what they depend on.

    Parameters
    ----------
    source, target
        Two columns of numbers.
    position
        Position of the column of factors, behind those of the schema.
    multiples
        The factors, those of most rows first.
    shares
        Share of the rows with both numbers that each of them has.
    grid
        The numbers that the target may take.
    """

    name: ClassVar[str] = "often a multiple"
    may_be_broken: ClassVar[bool] = True
    source: ColumnRef
    target: ColumnRef
    position: int
    multiples: tuple[Multiple, ...]
    shares: tuple[float, ...]
    grid: AllowedValues

    def __post_init__(self) -> None:
        if len(self.shares) != len(self.multiples) or not self.shares:
            raise ValueError("often a multiple: each factor must have a share")
        if not all(0 <= share <= 1 for share in self.shares) or sum(self.shares) > 1.001:
            raise ValueError("often a multiple: the shares must be from 0 to 1, together too")
        if not all(np.isfinite(own.factor) and 0 <= own.decimals <= 15 for own in self.multiples):
            raise ValueError("often a multiple: factors must be finite, of 0 to 15 decimals")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position, self.position

    @property
    def column(self) -> Column:
        """The column of factors."""
        name = f"{self.target.column.name} by {self.source.column.name}"
        return Column(name, "categorical", "object", why="the factor between two columns")

    def describe(self) -> str:
        """Describe the rule in words."""
        shares: dict[float, float] = {}
        for own, share in zip(self.multiples, self.shares, strict=True):
            shares[own.factor] = shares.get(own.factor, 0.0) + share
        said = ", ".join(f"times {factor:g} in {share:.0%}" for factor, share in shares.items())
        return f"{self.target} is {self.source} {said.replace('%', ' %')} of the rows with both"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Put the column of factors into the table, at random where a number is missing."""
        source, target = (to_axis(table[at], None) for at in self.positions[:2])
        codes = codes_of_multiples(self.multiples, target.values, source.values)
        turns = (TURN * np.arange(1, len(codes) + 1)) % 1  # whether a number is there tells nothing
        drawn = np.searchsorted(np.cumsum(self.shares), turns, side="right")
        codes = np.where(source.present & target.present, codes, drawn)
        values = levels_to_series(self._levels, codes, self.column)
        cells = TypedSeries(self.column, values.set_axis(table[self.positions[1]].values.index))
        return with_cells(table, {self.position: cells})

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Multiply in the rows that have a factor, as far as the target may take the product."""
        if not {*self.positions} <= table.keys():
            return table
        at, column = self.target
        cells = table[at].with_column(column)
        target = to_axis(cells, None)
        source = to_axis(table[self.source.position].with_column(self.source.column), None)
        values, drawn = target.values.copy(), table[self.position].values.to_numpy(object)
        for level, multiple in zip(self._levels, self.multiples, strict=False):
            product = multiple.of(source.values)
            may = (drawn == level) & target.present & source.present
            may &= np.isclose(self.grid.floor(product), product, rtol=1e-12, atol=0)
            values[may] = product[may]
        made = TypedSeries(column, from_axis(values, cells, None))
        return with_cells(without(table, [self.position]), {at: made})

    @property
    def _levels(self) -> list[str]:
        """The levels of the column of factors."""
        return [f"{own.factor:g} to {own.decimals}" for own in self.multiples] + [NO_FACTOR]

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "target": self.target.to_json(),
            "position": self.position,
            "multiples": [*map(list, self.multiples)],
            "shares": list(self.shares),
            "grid": self.grid.to_json(),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            ColumnRef.from_json(state["source"]),
            ColumnRef.from_json(state["target"]),
            int(state["position"]),
            tuple(Multiple(float(factor), int(n)) for factor, n in state["multiples"]),
            tuple(map(float, state["shares"])),
            AllowedValues.from_json(state["grid"]),
        )


def codes_of_multiples(
    multiples: Sequence[Multiple], target: AxisValues, source: AxisValues
) -> NDArray[np.intp]:
    """Return the place of the first multiple that fits each row; their number where none does."""
    fits = [own.fits(target, source) for own in multiples]
    codes: NDArray[np.intp] = np.argmax([*fits, np.ones(len(target), np.bool_)], axis=0)
    return codes


def find_partial_multiples(
    table: ColumnFrame, rng: np.random.Generator, fixed: Collection[int], n_columns: int
) -> list[PartialMultiple]:
    """Find the numbers that are another one times a frequent factor in many rows.

    No column is the target of one rule and the source of another.

    Parameters
    ----------
    table
        The columns that may take part.
    rng
        Draws the rows on which pairs are tried first.
    fixed
        Columns that must not be changed.
    n_columns
        Number of columns of the schema.
    """
    numbers = {at: own for at, own in sample_of(table, rng).items() if own.column.kind in NUMBERS}
    axes = to_axes({at: own for at, own in numbers.items() if at < n_columns}, None)
    trials = {at: own.values for at, axis in axes.items() if (own := _Trial.of(axis)) is not None}
    few = dict([*trials.items()][:MOST_FACTORED])
    hoped = [pair for pair in _share_a_ratio(few) if pair[1] not in fixed]
    full = to_axes({at: table[at] for at in sorted({at for pair in hoped for at in pair})}, None)
    rules = [
        rule
        for source, target in hoped
        if {source, target} <= full.keys() and n_columns + target not in table
        if (rule := _multiple_of(table, (source, target), full, n_columns)) is not None
    ]
    chosen: list[PartialMultiple] = []
    for rule in sorted(rules, key=lambda rule: -sum(rule.shares)):
        targets = {own.target.position for own in chosen}
        sources = {own.source.position for own in chosen}
        if rule.target.position not in targets | sources and rule.source.position not in targets:
            chosen.append(rule)
    return chosen


def _share_a_ratio(columns: Mapping[int, NDArray[np.float64]]) -> Iterator[Link]:
    """Find the pairs of columns with a ratio, not 1, that many of a few rows share."""
    for source, below in columns.items():
        for target, above in columns.items():
            if source == target:
                continue
            step = -(-len(above) // HINT_ROWS) if np.isnan(above).mean() < 0.5 else 1
            with np.errstate(all="ignore"):
                ratios = np.round(above[::step] / below[::step], 2)
            told = np.sort(ratios[np.isfinite(ratios) & (np.abs(ratios) >= BESIDE)])
            run = max(int(LEAST_FACTOR_SHARE / 2 * len(told)), 2)
            same = told[run:][told[run:] == told[:-run]]
            if len(told) >= LEAST_ROWS and (same != 1).any():
                yield source, target


def _multiple_of(
    table: ColumnFrame, pair: Link, axes: Mapping[int, NumericAxis], n_columns: int
) -> PartialMultiple | None:
    """Learn the factors of a pair; None if too few rows share one."""
    b, a = (axes[at] for at in pair)
    both = a.present & b.present
    target, source = a.values[both], b.values[both]
    column = table[pair[1]].column
    multiples = _factors(target, source, column)
    if not multiples:
        return None
    codes = codes_of_multiples(multiples, target, source)
    shares = np.bincount(codes, minlength=len(multiples) + 1)[:-1] / len(codes)
    grid = _grid(a.values[a.present], column)
    fields = field_at(table, pair[0]), field_at(table, pair[1])
    return PartialMultiple(*fields, n_columns + pair[1], multiples, tuple(shares.tolist()), grid)


def _factors(target: AxisValues, source: AxisValues, column: Column) -> tuple[Multiple, ...]:
    """Return the factors that many rows share beyond chance: first one of a fifth, not 1."""
    # Rows that come again, as those of a group of guests, are no further evidence.
    pairs = np.unique(np.column_stack([target, source]), axis=0)
    target, source = pairs[(pairs != 0).all(axis=1)].T
    least = max(LEAST_ROWS, column.least_rows, LEAST_SHARE * len(target))
    most_decimals = min(2 if column.decimals is None else column.decimals, 15)
    found: list[Multiple] = []
    left = np.ones(len(target), np.bool_)
    for factor in _tried_factors(target, source):
        for decimals in sorted({most_decimals, 0}, reverse=True):
            own = Multiple(factor, decimals)
            fits = int((own.fits(target, source) & left).sum())
            wanted = least if found else max(least, LEAST_FACTOR_SHARE * len(target))
            if fits < wanted or not _is_lifted(own, target[left], source[left], fits):
                continue
            if not found and factor == 1:
                continue
            found.append(own)
            left &= ~own.fits(target, source)
    return tuple(found)


def _tried_factors(target: AxisValues, source: AxisValues) -> list[float]:
    """Return the commonest round ratios, those of most rows first; 1 comes last."""
    ratios = target / source
    rows: dict[float, int] = {}
    for decimals in (2, 3):
        counted: Any = np.unique(np.round(ratios, decimals), return_counts=True)
        commonest = np.argsort(-counted[1], kind="stable")[:MOST_FACTORS]
        for factor, n in zip(counted[0][commonest], counted[1][commonest], strict=True):
            rows.setdefault(float(factor), int(n))
    factors = [own for own in rows if abs(own) >= BESIDE]
    return sorted(factors, key=lambda own: (own == 1, -rows[own]))


def _is_lifted(own: Multiple, target: AxisValues, source: AxisValues, fits: int) -> bool:
    """Return whether far more rows have a factor than one just beside it."""
    beside = (own._replace(factor=own.factor * (1 + side)) for side in (-BESIDE, BESIDE))
    return all(LEAST_LIFT * other.fits(target, source).sum() <= fits for other in beside)
