"""Rules that hold in almost every real row, or in those with some level: how many rows keep them.

`city = Cleveland` goes with `state = Ohio`, `plan = free` with no price, and an end comes hardly
ever before its beginning. No rule of all rows says so, and a mean over pairs hardly moves.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations, permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabgan.evaluation.compared_tables import CodedColumn, ComparedTables, take_rows
from tabgan.evaluation.part_results import Figure, NearRule
from tabgan.table.dates import unit_of
from tabgan.table.schema import Column

__all__ = ["compare_near_rules"]

MOST_ROWS = 20_000
MOST_COLUMNS = 40
MOST_CELLS = 1_000_000  # of a table of two columns
MOST_NUMBERS = 30  # different whole numbers that are looked at one by one
LEAST_KEPT = 0.98  # share of the real rows
MOST_BY_CHANCE = 0.8  # share of the rows that would keep it if the columns were unrelated
LEAST_OF_LEVEL = 20  # real rows with a level that implies another
LEAST_JUDGED = 20  # rows of each table
SURE = 3  # standard errors of a share
SHOWN = 40
Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


class _Levels(NamedTuple):
    """A column of which each value, or what is missing, is a level."""

    place: int
    sides: tuple[Codes, Codes, Codes]  # half of the real rows, the other half, synthetic ones
    words: tuple[str, ...]


class _Kept(NamedTuple):
    """How often a rule holds: in the other half, in the synthetic table, and by chance."""

    real: Floats
    synthetic: Floats
    chance: float


def compare_near_rules(
    tables: ComparedTables, told: Collection[frozenset[str]], rng: np.random.Generator
) -> tuple[NearRule, ...]:
    """Find what holds in at least 98 % of the real rows, and count the rows that keep it.

    One half of the real rows finds a rule, the other half says how often it holds.

    Parameters
    ----------
    tables
        What is compared.
    told
        Columns of the rules that all rows keep, which need not be told again.
    rng
        Draws the rows.
    """
    real, drawn = (
        rng.permutation(len(frame))[:MOST_ROWS] for frame in (tables.real, tables.synthetic)
    )
    halves = take_rows(tables.coded, *np.array_split(real, 2), of="real")
    sides = {
        place: (column.real, column.synthetic, tables.coded[place].synthetic[drawn])
        for place, column in [*halves.items()][:MOST_COLUMNS]
    }
    found = [*_implied_levels(tables, sides, told), *_ordered_numbers(tables, sides, told)]
    found.sort(key=lambda rule: -rule.broken)
    return tuple(found[:SHOWN])


def _implied_levels(
    tables: ComparedTables,
    sides: Mapping[int, tuple[Floats, Floats, Floats]],
    told: Collection[frozenset[str]],
) -> Iterator[NearRule]:
    """Compare where a level of one column goes with a level of another."""
    columns = [
        levels
        for place, values in sides.items()
        if (levels := _levels_of(place, tables.coded[place], values)) is not None
    ]
    for one, other in permutations(columns, 2):
        names = tables.names[one.place], tables.names[other.place]
        if len(one.words) * len(other.words) > MOST_CELLS or any({*names} <= t for t in told):
            continue
        implied, sure = _implications(one, other)
        if not sure.any():
            continue
        judged = [sure[codes] for codes in one.sides]
        kept = [
            (implied[codes] == others)[rows].astype(np.float64)
            for codes, others, rows in zip(one.sides, other.sides, judged, strict=True)
        ]
        shares = np.bincount(other.sides[0], minlength=len(other.words)) / len(other.sides[0])
        chance = float(shares[implied[one.sides[0][judged[0]]]].mean())
        result = _result(names, _Kept(kept[1], kept[2], chance), float(judged[1].mean()))
        if result is not None:
            at = _worst_level(one, judged[2], kept[2], sure)
            words = f"where {names[0]!r} is {one.words[at]}, {names[1]!r} is "
            more = int(sure.sum()) - 1
            words += other.words[implied[at]]
            words += f", and {more:,} more of the kind" if more else ""
            yield result._replace(rule=words)


def _levels_of(
    place: int, column: CodedColumn, sides: tuple[Floats, Floats, Floats]
) -> _Levels | None:
    """Return a column's levels; of many numbers, whether there is one."""
    missing = [np.isnan(values) for values in sides]
    there = np.unique(
        np.concatenate([v[~gone] for v, gone in zip(sides[:2], missing, strict=False)])
    )
    few = len(there) <= MOST_NUMBERS and bool((there % 1 == 0).all())
    if column.nominal:
        known: Floats = np.arange(len(column.levels), dtype=np.float64)
        words = [repr(level) for level in column.levels]
    elif few:
        known, words = there, [f"{value:.0f}" for value in there]
    elif not missing[0].any():
        return None
    else:
        codes = [gone.astype(np.int64) for gone in missing]
        return _Levels(place, (codes[0], codes[1], codes[2]), ("there", "missing"))
    n_known = len(known)
    coded = []
    for values, gone in zip(sides, missing, strict=True):
        at = np.minimum(np.searchsorted(known, np.where(gone, 0, values)), max(n_known - 1, 0))
        unknown = ~gone & (known[at] != values) if n_known else ~gone
        coded.append(np.where(gone, n_known, np.where(unknown, n_known + 1, at)).astype(np.int64))
    return _Levels(place, (coded[0], coded[1], coded[2]), (*words, "missing", "another"))


def _implications(one: _Levels, other: _Levels) -> tuple[Codes, Mask]:
    """Return the commonest level of the other column for each level, and where that is telling."""
    width, n_rows = len(other.words), len(one.sides[0])
    cells = np.bincount(one.sides[0] * width + other.sides[0], minlength=len(one.words) * width)
    counts = cells.reshape(len(one.words), width)
    implied = counts.argmax(axis=1)
    rows = counts.sum(axis=1)
    share = counts.max(axis=1) / np.maximum(rows, 1)
    overall = counts.sum(axis=0) / n_rows
    sure = (rows >= LEAST_OF_LEVEL) & (share >= LEAST_KEPT) & (overall[implied] <= MOST_BY_CHANCE)
    return implied, sure & (rows < n_rows)


def _worst_level(one: _Levels, judged: Mask, kept: Floats, sure: Mask) -> int:
    """Return the level whose rule most synthetic rows break."""
    broken = np.bincount(one.sides[2][judged], 1 - kept, len(one.words))
    return int(np.where(sure, broken, -1).argmax())


def _result(names: tuple[str, str], kept: _Kept, share: float) -> NearRule | None:
    """Return how much is lost of a rule; None where too few rows tell."""
    if min(len(kept.real), len(kept.synthetic)) < LEAST_JUDGED:
        return None
    real, synthetic = float(kept.real.mean()), float(kept.synthetic.mean())
    if real < LEAST_KEPT or kept.chance > MOST_BY_CHANCE:
        return None
    spread = np.sqrt(
        max(real * (1 - real), 1 / len(kept.real)) / len(kept.real)
        + synthetic * (1 - synthetic) / len(kept.synthetic)
    )
    beyond = max(real - synthetic - SURE * float(spread), 0.0)
    lost = min(beyond / (real - kept.chance), 1.0)
    broken = 100 * beyond * share
    return NearRule(names, "", Figure(100 * synthetic, 100 * real), 100 * share, lost, broken)


def _ordered_numbers(
    tables: ComparedTables,
    sides: Mapping[int, tuple[Floats, Floats, Floats]],
    told: Collection[frozenset[str]],
) -> Iterator[NearRule]:
    """Compare where one number, or date, is hardly ever above another, or nearly always equal."""
    schema = dict(enumerate(tables.schema))
    numbers = [place for place in sides if not tables.coded[place].nominal]
    for one, other in combinations(numbers, 2):
        names = tables.names[one], tables.names[other]
        if _scale(schema[one]) != _scale(schema[other]) or any({*names} <= t for t in told):
            continue
        pairs = [_both(a, b) for a, b in zip(sides[one], sides[other], strict=True)]
        if min(len(a) for a, _ in pairs) < LEAST_JUDGED:
            continue
        for sign, holds in _COMPARISONS.items():
            if holds(*pairs[0]).mean() < LEAST_KEPT:
                continue
            own, synthetic = (holds(*pair).astype(np.float64) for pair in pairs[1:])
            kept = _Kept(own, synthetic, _by_chance(sign, *pairs[0]))
            result = _result(names, kept, len(pairs[1][0]) / len(sides[one][1]))
            if result is not None:
                yield result._replace(rule=f"{names[0]!r} {sign} {names[1]!r}")
            break


_COMPARISONS = {"=": np.equal, "≤": np.less_equal, "≥": np.greater_equal}


def _by_chance(sign: str, one: Floats, other: Floats) -> float:
    """Return the share of all pairs of values, whatever their rows, for which a comparison holds.

    Examples
    --------
    >>> one, other = np.array([1.0, 2.0]), np.array([2.0, 3.0])
    >>> [_by_chance(sign, one, other) for sign in "=≤≥"]
    [0.25, 1.0, 0.25]
    """
    ordered = np.sort(other)
    below, upto = (np.searchsorted(ordered, one, side) for side in ("left", "right"))
    held = {"=": upto - below, "≤": len(other) - below, "≥": upto}[sign]
    return float(held.mean()) / len(other)


def _both(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    there = ~(np.isnan(one) | np.isnan(other))
    return one[there], other[there]


def _scale(column: Column) -> str:
    """Return what a column's numbers count."""
    return "number" if column.kind in ("numeric", "integer") else f"{column.kind} {unit_of(column)}"
