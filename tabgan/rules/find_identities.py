"""Search for the columns that are computed from others: products, sums of any signs, extremes.

Candidates come from a few rows, are tried on a sample, and hold in all rows in the end. Those that
nearly all rows keep come after these, from draws of so few rows that some draw has no exception. An
identity counts only if each of its columns matters: with that column shuffled, so many rows would
break it that chance doesn't explain the table. Of all identities those are chosen that compute no
column twice and need no column of their own result, so that all of them hold together.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from tabgan.rules.arithmetic_dependency import FormulaDependency, compute
from tabgan.rules.functional_dependency import LEVEL
from tabgan.rules.identity_candidates import (
    LEAST_BROKEN,
    PRECISION,
    SPARE_ROWS,
    Identity,
    NumberGroup,
    find_clipped,
    find_complements,
    find_extremes,
    find_linear,
    find_multiples,
    find_products,
    find_scaled_products,
    find_sums_of_two,
    half_unit,
    number_groups,
)
from tabgan.rules.numeric_axis import AllowedValues
from tabgan.rules.sum_dependency import SumDependency
from tabgan.table.columns import (
    ColumnFrame,
    TypedSeries,
    decimals_of,
    field_at,
    sample_of,
)
from tabgan.table.numbers import Numbers

__all__ = ["find_identities", "is_beyond_chance"]

MOST_BROKEN = 0.02  # share of the rows that may break an identity
DRAWS = 8  # of few rows: one at least has no exception, of those that matter
DRAWN_ROWS = 64
LINEAR_DRAWS = 3  # for each of these, since sums of many need more rows, all without exception
LEAST_NEEDED = 3  # rows whose greatest value is a column's, for it to be one of several


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
    groups = [*number_groups(sample)]
    of_draws, of_scaled, of_complements = rng.spawn(3)
    for group in groups:
        for find in (find_products, find_sums_of_two, find_extremes):
            for candidate in find(group, rng):
                graph.add(candidate)
        for candidate in (
            *find_clipped(group),
            *find_multiples(group),
            *find_linear(group, graph.computed),
        ):
            graph.add(candidate)
        for candidate in find_scaled_products(group, of_scaled):
            graph.add(candidate)
    for group in groups:  # before sums of more columns, in which one stands for the other
        for _ in range(DRAWS * LINEAR_DRAWS):
            rows = of_complements.permutation(group.values.shape[1])[:DRAWN_ROWS]
            for candidate in find_complements(group.draw(rows)):
                graph.add(candidate, MOST_BROKEN)
    for _ in range(DRAWS):
        for group in groups:
            _add_with_exceptions(graph, group, of_draws)
    return graph.rules()


def _add_with_exceptions(graph: "_Graph", group: NumberGroup, rng: np.random.Generator) -> None:
    """Add the identities that all of a few rows keep, and nearly all of the table's.

    Columns that are nearly always equal are left to another rule, which knows in which rows.
    """
    rows = rng.permutation(group.values.shape[1])
    few = group.draw(rows[:DRAWN_ROWS])
    for find in (find_products, find_sums_of_two):
        for candidate in find(few, rng):
            graph.add(candidate, MOST_BROKEN)
    for candidate in (*find_multiples(few), *find_scaled_products(few, rng)):
        if not candidate.is_copy:
            graph.add(candidate, MOST_BROKEN)
    n_enough = 2 * len(group.positions) + SPARE_ROWS
    for drawn in (rows, *(rng.permutation(len(rows)) for _ in range(LINEAR_DRAWS - 1))):
        _add_linear(graph, group.draw(drawn[:n_enough]))


def _add_linear(graph: "_Graph", drawn: NumberGroup) -> None:
    """Add the linear identities of some rows one by one, each in terms of those before.

    A column that one other computes is left out, for the other stands in the sums in its place.
    """
    is_new = True
    while is_new:
        known = dict(graph.computed)
        left = drawn.without({at for at, own in known.items() if len(own.sources) == 1})
        candidates = (own for own in find_linear(left, known) if not own.is_copy)
        is_new = any(graph.add(candidate, MOST_BROKEN) for candidate in candidates)


class _Graph:
    """Identities that hold together: no column is computed twice, or from itself."""

    def __init__(
        self, table: ColumnFrame, sample: ColumnFrame, rng: np.random.Generator, locked: set[int]
    ) -> None:
        self._table, self._sample, self._rng, self._locked = table, sample, rng, locked
        self.computed: dict[int, Identity] = {}
        self._tried = len(table) ** 3

    def add(self, identity: Identity, most_broken: float = 0.0) -> bool:
        """Add an identity if it holds and agrees with those before; say whether it does.

        Parameters
        ----------
        identity
            A candidate.
        most_broken
            Share of the rows that may break it.
        """
        target = identity.target
        if target in self.computed or target in self._locked:
            return False
        if any(self._needs(at, target) for at in identity.sources):
            return False
        if self._is_evident(identity, most_broken):
            broken, rows = self._broken(identity, self._table)
            if broken <= most_broken * rows:
                self.computed[target] = replace(identity, exceptions=broken / rows)
        return target in self.computed

    def _needs(self, at: int, target: int) -> bool:
        if at == target:
            return True
        own = self.computed.get(at)
        return own is not None and any(self._needs(source, target) for source in own.sources)

    def _broken(self, identity: Identity, table: ColumnFrame) -> tuple[int, int]:
        """Return how many rows break an identity, and in how many the target has a value."""
        read = [table[at].numbers for at in identity.sources]
        kept, present = _kept(identity, read, table)
        own = table[identity.target].numbers.present
        is_same = np.array_equal(present, own)
        return int((own & ~kept).sum()) if is_same else len(own), int(own.sum())

    def _is_evident(self, identity: Identity, most_broken: float) -> bool:
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

    def _formula(self, rule: Identity, yielding: tuple[int, ...]) -> FormulaDependency | None:
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

    def _sum(self, rule: Identity) -> SumDependency | None:
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
    identity: Identity, read: Sequence[Numbers], table: ColumnFrame
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return in which rows the identity holds, and in which it has a value."""
    result = compute(identity.expression, read)
    cells = table[identity.target]
    own = cells.numbers.values.astype(np.float64)
    scale = np.max([np.abs(part.values.astype(np.float64)) for part in read], axis=0)
    slack = half_unit(decimals_of(cells.column)) * (1 + 1e-6) + PRECISION * np.maximum(
        np.abs(own), scale if identity.is_sum else 0.0
    )
    return np.abs(result.values - own) <= slack, result.present
