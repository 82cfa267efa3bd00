"""Search for the columns that are computed from others: products, sums of any signs, extremes.

Candidates come from a few rows, are tried on a sample, and hold in all rows in the end. Those that
nearly all rows keep come after these, from draws of so few rows that some draw has no exception. An
identity counts only if each of its columns matters: with that column shuffled, so many rows would
break it that chance doesn't explain the table. Of all identities those are chosen that compute no
column twice and need no column of their own result, so that all of them hold together.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from tabgan.rules.arithmetic_dependency import (
    ArithmeticExpression,
    FormulaDependency,
    compute,
    quoted,
)
from tabgan.rules.functional_dependency import LEVEL
from tabgan.rules.numeric_axis import AllowedValues
from tabgan.rules.sum_dependency import SumDependency, add_up, sum_triples
from tabgan.table.columns import (
    EXACT,
    NUMBERS,
    ColumnFrame,
    TypedSeries,
    decimals_of,
    field_at,
    sample_of,
)
from tabgan.table.numbers import Numbers

__all__ = ["MOST_FACTORS", "MOST_THREES", "find_identities", "is_beyond_chance"]

LEAST_ROWS = 100
LEAST_BROKEN = 0.05  # share of rows that break an identity when one of its columns is shuffled
MOST_BROKEN = 0.01  # share of the rows that may break an identity
DRAWS = 8  # of few rows: one at least has no exception, of those that matter
DRAWN_ROWS = 64
SPARE_ROWS = 30  # for a linear identity, beside two a column
LEAST_NEEDED = 3  # rows whose greatest value is a column's, for it to be one of several
PRECISION = 1e-9  # relative error of full-precision floats
TRIED_ROWS = 24  # rows on which all products are tried
REFUTING_ROWS = 500  # rows that refute most products that the first ones leave
CELLS = 4_000  # of products that are compared at once
FITTED_ROWS = 2_000  # rows on which linear identities are fitted
MOST_GROUPS = 8  # sets of columns that are missing in the same rows
MOST_FACTORS = 150  # columns whose products of two are tried
MOST_THREES = 30  # columns whose products of three are tried
MOST_TERMS = 8  # of a linear identity
LEAST_UNITS = 5  # standard deviation of a rounded result, in units of its last place
FINEST_SHARE = 12  # greatest denominator of a coefficient
ROUNDED = 5e-4  # relative error of a coefficient of four digits

Floats = NDArray[np.float64]


def is_beyond_chance(share: float, rows: int, tried: int, broken: int = 0) -> bool:
    """Return whether a rule that hardly any row breaks is beyond chance.

    Parameters
    ----------
    share
        Share of rows that would break it by chance.
    rows
        Rows in which it is tried.
    tried
        How many such rules were tried (Bonferroni's correction).
    broken
        Rows that break it.
    """
    if share >= 1:
        return True
    if broken:
        return bool(bdtr(broken, rows, share) * max(tried, 1) <= LEVEL)
    return bool(np.log(max(tried, 1)) + rows * np.log1p(-share) <= np.log(LEVEL))


@dataclass(frozen=True)
class _Identity:
    """A column as an expression of others."""

    target: int
    sources: tuple[int, ...]
    expression: ArithmeticExpression
    is_sum: bool = False  # the sources simply add up
    is_pair: bool = False  # two do, neither of which is seldom other than zero
    is_extreme: bool = False  # the greatest or the least of the sources
    exceptions: float = 0.0  # share of the rows that break it

    @property
    def is_copy(self) -> bool:
        return len(self.expression.program) == 1

    @property
    def only_adds(self) -> bool:
        """Whether it is a sum or difference of columns."""
        return {step.what for step in self.expression.program} <= {"column", "+", "-", "negative"}


class _Group(NamedTuple):
    """Columns of numbers that are present in the same rows, or always; those rows only."""

    positions: list[int]
    values: Floats  # shape (columns, rows)
    units: Floats  # half a unit of each column's last place
    names: list[str]
    distinct: list[int]  # how many values each column has, in all rows

    def draw(self, rows: NDArray[np.intp]) -> "_Group":
        """Return the group with some of its rows only, and the columns that vary in them."""
        values = self.values[:, rows]
        vary = np.flatnonzero(np.ptp(values, axis=1)).tolist()
        return _Group(
            [self.positions[at] for at in vary],
            values[vary],
            self.units[vary],
            [self.names[at] for at in vary],
            [self.distinct[at] for at in vary],
        )

    def slack(self, rows: slice | NDArray[np.intp] = slice(None)) -> Floats:
        """Return how far a result may be from each column's numbers, shape (columns, rows)."""
        slack: Floats = self.units[:, None] * (1 + 1e-6) + PRECISION * np.abs(self.values[:, rows])
        return slack

    def identity(self, target: int, text: str, **kind: bool) -> _Identity:
        """Describe a column of the group by an expression of others, and of which kind it is."""
        expression = ArithmeticExpression(text)
        place = dict(zip(self.names, self.positions, strict=True))
        sources = tuple(place[name] for name in expression.names)
        return _Identity(self.positions[target], sources, expression, **kind)

    def quoted(self, column: int) -> str:
        return quoted(self.names[column])


def find_identities(
    table: ColumnFrame, rng: np.random.Generator, locked: Collection[int] = ()
) -> list[FormulaDependency | SumDependency]:
    """Find the columns that are computed, in the order in which they are to be reduced.

    A sum of two columns that takes part in nothing else is left to `find_sums`.

    Parameters
    ----------
    table
        The training table.
    rng
        Draws the rows on which identities are tried first.
    locked
        Positions of columns that may be sources but are not computed.
    """
    sample = sample_of(table, rng)
    graph = _Graph(table, sample, rng, set(locked))
    groups = [*_groups(sample)]
    for group in groups:
        for find in (_products, _sums_of_two, _extremes):
            for candidate in find(group, rng):
                graph.add(candidate)
        for candidate in (*_linear(group, graph.computed), *_multiples(group)):
            graph.add(candidate)
    (of_draws,) = rng.spawn(1)
    for _ in range(DRAWS):
        for group in groups:
            _add_with_exceptions(graph, group, of_draws)
    return graph.rules()


def _add_with_exceptions(graph: "_Graph", group: _Group, rng: np.random.Generator) -> None:
    """Add the identities that all of a few rows keep, and nearly all of the table's.

    Columns that are nearly always equal are left to another rule, which knows in which rows.
    """
    rows = rng.permutation(group.values.shape[1])
    few = group.draw(rows[:DRAWN_ROWS])
    enough = group.draw(rows[: 2 * len(group.positions) + SPARE_ROWS])
    for find in (_products, _sums_of_two):
        for candidate in find(few, rng):
            graph.add(candidate, MOST_BROKEN)
    for candidate in (*_linear(enough, graph.computed), *_multiples(few)):
        if not candidate.is_copy:
            graph.add(candidate, MOST_BROKEN)


class _Graph:
    """Identities that hold together: no column is computed twice, or from itself."""

    def __init__(
        self, table: ColumnFrame, sample: ColumnFrame, rng: np.random.Generator, locked: set[int]
    ) -> None:
        self._table, self._sample, self._rng, self._locked = table, sample, rng, locked
        self.computed: dict[int, _Identity] = {}
        self._tried = len(table) ** 3

    def add(self, identity: _Identity, most_broken: float = 0.0) -> None:
        """Add an identity if it holds and agrees with those before.

        Parameters
        ----------
        identity
            A candidate.
        most_broken
            Share of the rows that may break it.
        """
        target = identity.target
        if target in self.computed or target in self._locked:
            return
        if any(self._needs(at, target) for at in identity.sources):
            return
        if self._is_evident(identity, most_broken):
            broken, rows = self._broken(identity, self._table)
            if broken <= most_broken * rows:
                self.computed[target] = replace(identity, exceptions=broken / rows)

    def _needs(self, at: int, target: int) -> bool:
        if at == target:
            return True
        own = self.computed.get(at)
        return own is not None and any(self._needs(source, target) for source in own.sources)

    def _broken(self, identity: _Identity, table: ColumnFrame) -> tuple[int, int]:
        """Return how many rows break an identity, and in how many the target has a value."""
        read = [table[at].numbers for at in identity.sources]
        kept, present = _kept(identity, read, table)
        own = table[identity.target].numbers.present
        is_same = np.array_equal(present, own)
        return int((own & ~kept).sum()) if is_same else len(own), int(own.sum())

    def _is_evident(self, identity: _Identity, most_broken: float) -> bool:
        """Return whether it holds in the sample, and would not if one column were shuffled.

        Of three columns or more one may seldom be the greatest, where the others explain the rest.
        What is added may be zero in nearly all rows, if no row at all breaks the identity.
        """
        broken, rows = self._broken(identity, self._sample)
        if broken > most_broken * rows:
            return False
        read = [self._sample[at].numbers for at in identity.sources]
        is_sure = identity.only_adds and not most_broken
        least = (
            2 * self._sample[identity.target].column.least_rows if is_sure else LEAST_BROKEN * rows
        )
        n_evident = 0
        for place in range(len(read)):
            order = self._rng.permutation(len(read[place].values))
            other = [*read]
            other[place] = read[place]._replace(values=read[place].values[order])
            kept, present = _kept(identity, other, self._sample)
            rows_there = int(present.sum())
            share = 1 - float(kept[present].mean()) if rows_there else 0.0
            if share * rows_there >= least and is_beyond_chance(
                share, rows_there, self._tried, broken
            ):
                n_evident += 1
            elif not (identity.is_extreme and share * rows_there >= LEAST_NEEDED):
                return False
        return n_evident >= 2 or not identity.is_extreme

    def rules(self) -> list[FormulaDependency | SumDependency]:
        """Return the rules, those that need others first, as they are reduced."""
        uses = [at for rule in self.computed.values() for at in (*rule.sources, rule.target)]
        depth: dict[int, int] = {}

        def depth_of(at: int) -> int:
            if at not in self.computed:
                return 0
            if at not in depth:
                depth[at] = 1 + max(map(depth_of, self.computed[at].sources))
            return depth[at]

        found: list[FormulaDependency | SumDependency] = []
        for target in sorted(self.computed, key=lambda at: (-depth_of(at), at)):
            rule = self.computed[target]
            is_exact_sum = rule.is_sum and not rule.exceptions
            is_alone = all(uses.count(at) == 1 for at in (*rule.sources, target))
            free = is_alone and not self._locked & set(rule.sources)
            if is_exact_sum and free and rule.is_pair:
                continue
            dependency = (self._sum(rule) if is_exact_sum and free else None) or self._formula(
                rule,
                yielding=tuple(
                    place
                    for place, at in enumerate(rule.sources)
                    if uses.count(at) == 1 and at not in self._locked and _may_move(self._table[at])
                ),
            )
            if dependency is not None:
                found.append(dependency)
        return found

    def _formula(self, rule: _Identity, yielding: tuple[int, ...]) -> FormulaDependency | None:
        sources = [field_at(self._table, at) for at in rule.sources]
        target = field_at(self._table, rule.target)
        return FormulaDependency.of(
            sources,
            target,
            rule.expression,
            self._table,
            exact=True,
            yielding=yielding,
            exceptions=rule.exceptions,
        )

    def _sum(self, rule: _Identity) -> SumDependency | None:
        parts = [field_at(self._table, at) for at in rule.sources]
        return SumDependency.of(parts, field_at(self._table, rule.target), self._table)


def _may_move(cells: TypedSeries) -> bool:
    """Return whether a column that gives way takes no number that it never had.

    Of few numbers those between would be invented, unless they are all that its decimals allow.
    """
    numbers = cells.numbers
    there = numbers.values[numbers.present]
    listed = AllowedValues.of(there, decimals_of(cells.column)).listed if len(there) else ()
    return not listed or len(listed) == listed[-1] - listed[0] + 1


def _kept(
    identity: _Identity, read: Sequence[Numbers], table: ColumnFrame
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return in which rows the identity holds, and in which it has a value."""
    result = compute(identity.expression, read)
    cells = table[identity.target]
    own = cells.numbers.values.astype(np.float64)
    scale = np.max([np.abs(part.values.astype(np.float64)) for part in read], axis=0)
    slack = _half_unit(decimals_of(cells.column)) * (1 + 1e-6) + PRECISION * np.maximum(
        np.abs(own), scale if identity.is_sum else 0.0
    )
    return np.abs(result.values - own) <= slack, result.present


def _half_unit(decimals: int | None) -> float:
    return 0.0 if decimals is None else 0.5 * 10.0**-decimals


def _groups(sample: ColumnFrame) -> Iterator[_Group]:
    """Yield the columns that are always present, then these with those missing in the same rows."""
    masks: dict[bytes, list[int]] = {}
    read: dict[int, Numbers] = {}
    names = [str(cells.column.name) for cells in sample.values()]
    for at, cells in sample.items():
        name = str(cells.column.name)
        if cells.column.kind not in NUMBERS or not name or names.count(name) > 1:
            continue
        numbers = cells.numbers
        there = numbers.values[numbers.present].astype(np.float64)
        if len(there) < LEAST_ROWS or np.abs(there).max() > EXACT or there.min() == there.max():
            continue
        read[at] = numbers
        masks.setdefault(numbers.present.tobytes(), []).append(at)
    always = [at for at, numbers in read.items() if numbers.present.all()]
    largest = sorted(masks.values(), key=len, reverse=True)[:MOST_GROUPS]
    for members in [always, *(part for part in largest if part != always)]:
        rows = read[members[0]].present if members else slice(None)
        positions = [at for at in sorted({*always, *members}) if np.ptp(read[at].values[rows])]
        if len(positions) < 2:
            continue
        columns = [sample[at].column for at in positions]
        values = np.stack([read[at].values[rows].astype(np.float64) for at in positions])
        yield _Group(
            positions,
            values,
            np.array([_half_unit(decimals_of(column)) for column in columns]),
            [str(column.name) for column in columns],
            [len(np.unique(own)) for own in values],
        )


def _sums_of_two(group: _Group, rng: np.random.Generator) -> Iterator[_Identity]:
    """Yield each sum of two columns, solved for each of the three."""
    summands = dict(enumerate(group.values))
    for a, b, total in sum_triples(summands, rng):
        if not add_up(group.values[[a, b, total]]).all():
            continue
        first, second, whole = (group.quoted(at) for at in (a, b, total))
        yield group.identity(total, f"{first} + {second}", is_sum=True, is_pair=True)
        yield group.identity(b, f"{whole} - {first}")
        yield group.identity(a, f"{whole} - {second}")


class _Factor(NamedTuple):
    """A simple function of one column, by which others are multiplied."""

    column: int
    text: str  # with {} in place of the column
    values: Floats


def _factors(group: _Group, columns: Sequence[int], rows: NDArray[np.intp]) -> list[_Factor]:
    """Return the factors of some columns: itself, its inverse, and as a share or percentage."""
    forms: list[tuple[str, Callable[[Floats], Floats], float]] = [
        (" * {}", lambda x: x, np.inf),
        (" / {}", lambda x: 1 / x, np.inf),
        (" * 100 / {}", lambda x: 100 / x, np.inf),
        (" * (1 - {})", lambda x: 1 - x, 1),
        (" * (1 + {})", lambda x: 1 + x, 1),
        (" / (1 + {})", lambda x: 1 / (1 + x), 1),
        (" * {} / 100", lambda x: x / 100, 100),
        (" * (1 - {} / 100)", lambda x: 1 - x / 100, 100),
        (" * (1 + {} / 100)", lambda x: 1 + x / 100, 100),
        (" / (1 + {} / 100)", lambda x: 1 / (1 + x / 100), 100),
    ]
    found = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for column in columns:
            most = np.abs(group.values[column]).max()
            for text, function, limit in forms:
                if most <= limit and (limit != 100 or most > 1):
                    values = function(group.values[column, rows])
                    found.append(_Factor(column, text, values))
    return found


def _products(group: _Group, rng: np.random.Generator) -> Iterator[_Identity]:
    """Yield columns that are, rounded, the product of two factors, then of three."""
    order = [
        at
        for at in np.argsort([-count for count in group.distinct], kind="stable").tolist()
        if _matters(group.values[at])
    ]
    fine = [_is_fine(group, at) for at in range(len(group.values))]
    zeros = (group.values == 0).sum(axis=0)
    shuffled = rng.permutation(group.values.shape[1])
    few_zeros = shuffled[np.argsort(zeros[shuffled], kind="stable")][:TRIED_ROWS]
    rows = np.concatenate([few_zeros, shuffled[:REFUTING_ROWS]])
    for most, n_bases in ((MOST_FACTORS, 1), (MOST_THREES, 2)):
        columns = sorted(order[:most])
        factors = _factors(group, columns, rows)
        bases = [*combinations(columns, n_bases)]
        if not factors or not bases:
            continue
        own = np.stack([group.values[[*base]][:, rows].prod(axis=0) for base in bases])
        by = np.stack([factor.values for factor in factors])
        ranked: list[tuple[bool, bool, int, _Identity]] = []
        for target, base, factor in _matches(group, columns, own, by, rows):
            used = (*bases[base], factors[factor].column)
            error = np.abs(own[base] * by[factor] - group.values[target, rows])
            is_rounded = bool((error > PRECISION * np.abs(own[base] * by[factor])).any())
            if target in used or len({*used}) < len(used) or (is_rounded and not fine[target]):
                continue
            by_text = factors[factor].text
            text = " * ".join(map(group.quoted, bases[base])) + by_text.format(
                group.quoted(used[-1])
            )
            # a quotient that needs no rounding has been multiplied before
            is_turned = not is_rounded and group.units[target] > 0 and "/ {}" in by_text
            identity = group.identity(target, text)
            ranked.append((is_rounded, is_turned, -group.distinct[target], identity))
        # An exact product before a rounded quotient of the same columns, a fine result first.
        yield from (identity for *_, identity in sorted(ranked, key=lambda own: own[:3]))


def _multiples(group: _Group) -> Iterator[_Identity]:
    """Yield columns that are, rounded, a simple multiple of another one."""
    first = slice(TRIED_ROWS)
    peaks = np.abs(group.values).argmax(axis=1)
    fine = np.array([_is_fine(group, at) for at in range(len(group.values))])
    head, slack = group.values[:, first], group.slack(first)
    for source, peak in enumerate(peaks):
        own = head[source]
        ratios = group.values[:, peak] / group.values[source, peak]
        results = own * ratios[:, None]
        # a simple number lies as near to the ratio as this
        is_near = np.abs(results - head) <= slack + 2 * ROUNDED * np.abs(results)
        near = is_near.all(axis=1) & fine & (ratios != 0)
        for target in np.flatnonzero(near).tolist():
            number = _simple(ratios[target])
            if target != source and (np.abs(own * number - head[target]) <= slack[target]).all():
                text = _written(group, [source], [number], 0.0)
                yield group.identity(target, text)


def _matters(values: Floats) -> bool:
    """Return whether shuffling a column would change enough rows to break an identity.

    So many rows change at most: those off the commonest value, and as many that get one of these.
    """
    counts = np.unique(values, return_counts=True)[1]
    return bool(2 * (1 - counts.max() / len(values)) >= LEAST_BROKEN)


def _is_fine(group: _Group, target: int) -> bool:
    """Return whether a rounded result says enough: rounding would match a coarse one by chance."""
    return bool(np.std(group.values[target]) >= LEAST_UNITS * 2 * group.units[target])


def _matches(
    group: _Group, targets: Sequence[int], own: Floats, by: Floats, rows: NDArray[np.intp]
) -> list[tuple[int, int, int]]:
    """Return target, base and factor wherever base times factor is the target in all rows tried."""
    slack = group.slack(rows)
    found: list[tuple[int, int, int]] = []
    with np.errstate(over="ignore", invalid="ignore"):
        first = (own[:, :1] * by[None, :, 0]).ravel()
        order = np.argsort(first, kind="stable")
        ascending = first[order]
        for target in targets:
            values = group.values[target, rows]
            # twice the slack: what lies near enough is decided below
            reach = 2 * slack[target, 0] * np.array([-1, 1]) + values[0]
            near = np.sort(order[slice(*np.searchsorted(ascending, reach, side="right"))])
            near = near[np.abs(first[near] - values[0]) <= slack[target, 0]]
            base, factor = np.divmod(near, by.shape[0])
            row = 1
            while row < len(rows) and len(base):  # the fewer are left, the more rows at once
                some = slice(row, row + max(1, CELLS // len(base)))
                error = np.abs(own[base, some] * by[factor, some] - values[some])
                fits = (error <= slack[target, some]).all(axis=1)
                base, factor, row = base[fits], factor[fits], some.stop
            found += [(target, int(b), int(f)) for b, f in zip(base, factor, strict=True)]
    return found


def _extremes(group: _Group, rng: np.random.Generator) -> Iterator[_Identity]:  # noqa: ARG001
    """Yield columns that are the greatest or the least of two others or more."""
    values = group.values
    first = values[:, :TRIED_ROWS]
    for target, own in enumerate(values):
        for sign, function in ((1, "max"), (-1, "min")):
            hoped = (sign * first <= sign * first[target]).all(axis=1)
            below = [
                at
                for at in np.flatnonzero(hoped).tolist()
                if at != target and (sign * values[at] <= sign * own).all()
            ]
            reached = values[below] == own if below else np.zeros((0, len(own)), bool)
            if len(below) < 2 or not reached.any(axis=0).all():
                continue
            members = _cover(reached)
            if 2 <= len(members) <= MOST_TERMS:
                names = ", ".join(group.quoted(below[member]) for member in members)
                yield group.identity(target, f"{function}({names})", is_extreme=True)


def _cover(reached: NDArray[np.bool_]) -> list[int]:
    """Return the columns that are needed to reach the target in every row."""
    members = [*range(len(reached))]
    for member in np.argsort(reached.sum(axis=1), kind="stable").tolist():
        rest = [other for other in members if other != member]
        if rest and reached[rest].any(axis=0).all():
            members = rest
    return members


def _linear(group: _Group, computed: Mapping[int, Any]) -> Iterator[_Identity]:
    """Yield columns that are sums of multiples of others, of any number, as far as rounded.

    The columns are taken one by one, those of small numbers first, since a total is larger than
    its parts. One that those before it span is a sum; its coefficients must be simple numbers.
    """
    is_computed = [at in computed for at in group.positions]
    order = sorted(
        range(len(group.positions)), key=lambda at: (not is_computed[at], np.std(group.values[at]))
    )
    values = group.values[:, :FITTED_ROWS]
    if values.shape[1] < 2 * len(order) + SPARE_ROWS:
        return
    scale = np.abs(values).max(axis=1)
    basis: list[int] = []
    axes = np.full((1, values.shape[1]), values.shape[1] ** -0.5)
    for column in order:
        own = values[column]
        rest = own - (own @ axes.T) @ axes
        rest = rest - (rest @ axes.T) @ axes
        slack = group.units[column] * 1.01 + PRECISION * scale[column]
        if np.abs(rest).max() <= slack:
            if is_computed[column]:
                continue
            found = _combination(group, column, basis, values)
            if found:
                yield from found
                continue
        length = float(np.linalg.norm(rest))
        if length > PRECISION * np.linalg.norm(own):
            axes = np.vstack([axes, rest / length])
            basis.append(column)


def _combination(
    group: _Group, column: int, basis: Sequence[int], values: Floats
) -> list[_Identity]:
    """Return a column as a sum of multiples of others; none if the multiples aren't simple.

    Where one of the others is itself the sum of all the rest, that reading comes first.
    """
    places = [*basis]
    own, slack = values[column], group.slack(slice(values.shape[1]))[column]
    coefficients = np.zeros(0)
    for _ in range(2):
        matrix = np.vstack([values[places], np.ones(values.shape[1])])
        widths = np.append(np.ptp(values[places], axis=1), 1.0)
        solved = np.linalg.lstsq((matrix / np.append(widths[:-1], 1.0)[:, None]).T, own)[0]
        coefficients = solved / np.append(widths[:-1], 1.0)
        share = np.abs(coefficients[:-1]) * widths[:-1]
        kept = share > max(0.25 * group.units[column], 1e-7 * np.ptp(own))
        places = [place for place, is_kept in zip(places, kept, strict=True) if is_kept]
    if not 1 <= len(places) <= MOST_TERMS or len(coefficients) != len(places) + 1:
        return []
    multiples = [_simple(number) for number in coefficients[:-1]]
    result = np.array(multiples) @ values[places]
    offset = _simple(float(np.median(own - result)))
    offset = 0.0 if abs(offset) <= max(group.units[column] * 0.5, 1e-9 * np.ptp(own)) else offset
    if not (np.abs(result + offset - own) <= slack).all():
        return []
    is_rounded = bool((np.abs(result + offset - own) > PRECISION * np.abs(own).max()).any())
    if is_rounded and not _is_fine(group, column):
        return []
    readings = [(column, places, multiples, offset)]
    above = [place for place, number in zip(places, multiples, strict=True) if number > 0]
    if len(above) == 1 < len(places):
        size = multiples[places.index(above[0])]
        others = {column: 1.0, **dict(zip(places, [-number for number in multiples], strict=True))}
        del others[above[0]]
        turned = [_simple(number / size) for number in others.values()]
        readings.insert(0, (above[0], [*others], turned, -offset / size))
    return [
        group.identity(
            target,
            _written(group, terms, numbers, shift),
            is_sum=shift == 0 and len(terms) > 1 and all(number == 1 for number in numbers),
        )
        for target, terms, numbers, shift in readings
    ]


def _simple(number: float) -> float:
    """Return a fraction of small numbers near a coefficient, else four digits of it."""
    for denominator in range(1, FINEST_SHARE + 1):
        fraction = round(number * denominator) / denominator
        if fraction and abs(fraction - number) <= 1e-4 * abs(number):
            return fraction
    return float(f"{number:.4g}")  # within ROUNDED


def _written(
    group: _Group, places: Sequence[int], multiples: Sequence[float], offset: float
) -> str:
    """Write a sum of multiples as an expression, what is added first."""
    terms = sorted(zip(multiples, places, strict=True), key=lambda term: (term[0] < 0, term[1]))
    text = ""
    for number, place in terms:
        sign = " - " if number < 0 else " + " if text else ""
        size = "" if abs(number) == 1 else f"{_multiple(abs(number))} * "
        text += f"{sign.strip() if not text else sign}{size}{group.quoted(place)}"
    return text if not offset else f"{text} {'-' if offset < 0 else '+'} {abs(offset):.12g}"


def _multiple(number: float) -> str:
    """Write a positive coefficient, as a fraction if it has no short decimals."""
    if float(f"{number:.6g}") == number:
        return f"{number:.6g}"
    denominator = next(d for d in range(1, FINEST_SHARE + 1) if round(number * d) / d == number)
    return f"{round(number * denominator)} / {denominator}"
