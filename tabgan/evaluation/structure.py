"""Structure: rules between columns, keys, presence and order in time, and where they are broken.

Each is something that ties the real table together and that pairs of distributions don't show:
`gross = qty·price` in every row, a customer's country in all of the customer's rows, an exit
reference exactly where the status is "Left", an hour's value near to that of the hour before.

Rules that hold in almost every real row, or in those with some level: how many rows keep them.

`city = Cleveland` goes with `state = Ohio`, `plan = free` with no price, and an end comes hardly
ever before its beginning. No rule of all rows says so, and a mean over pairs hardly moves.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, permutations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.encoding.identifiers.identifier_encoders import find_attributes
from tabgan.evaluation.compared_tables import CodedColumn, ComparedTables, take_rows
from tabgan.evaluation.evaluation_parts import (
    Figure,
    KeyResult,
    NearRule,
    PresenceResult,
    RuleResult,
    Structure,
)
from tabgan.evaluation.fidelity import in_tenths, pair_trend
from tabgan.evaluation.keys_and_times import compare_keys, compare_row_rules, compare_times
from tabgan.rules.agreement_dependency import PairsDependency
from tabgan.rules.base_rules import Dependency
from tabgan.rules.detect_dependencies import detect_dependencies
from tabgan.rules.equality_dependency import PartialEquality
from tabgan.rules.functional_dependency import FunctionalDependency
from tabgan.rules.holes_dependency import HolesDependency
from tabgan.rules.order_dependency import DifferenceDependency
from tabgan.rules.presence_dependency import PresenceDependency
from tabgan.table.columns import ColumnFrame, by_position, count_rows, level_key, outside_range
from tabgan.table.dates import unit_of
from tabgan.table.schema import RANGED, Column, Schema

__all__ = [
    "compare_near_rules",
    "compare_rules",
    "measure_structure",
    "smallest_step",
]

MOST_COLUMNS = 40
MOST_CELLS = 1_000_000  # of a table of two columns
MOST_NUMBERS = 30  # different whole numbers that are looked at one by one
LEAST_KEPT = 0.98  # share of the real rows
MOST_BY_CHANCE = 0.8  # share of the rows that would keep it if the columns were unrelated
LEAST_OF_LEVEL = 20  # real rows with a level that implies another
LEAST_JUDGED = 20  # rows of each table
SURE = 3  # standard errors of a share
MOST_NEAR_RULES = 40
LEAST_OF_CONDITION = 0.02  # share of the rows under a condition, and of equal values
LEAST_OF_FORMULA = 0.9  # share of the real rows that keep it
TRIED = 200  # rows by which a formula is tried first …
LEAST_TRIED = 0.7  # … and the share of them that has to keep it
RELATIVE = 1e-9  # of a number's size, that its sums are off
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
    found = [
        *_implied_levels(tables, sides, told),
        *_ordered_numbers(tables, sides, told),
        *_near_formulas(tables, sides),
    ]
    found.sort(key=lambda rule: -rule.broken)
    return tuple(found[:MOST_NEAR_RULES])


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


def _result(
    names: tuple[str, ...], kept: _Kept, share: float, least: float = LEAST_KEPT
) -> NearRule | None:
    """Return how much is lost of a rule; None where too few rows tell."""
    if min(len(kept.real), len(kept.synthetic)) < LEAST_JUDGED:
        return None
    real, synthetic = float(kept.real.mean()), float(kept.synthetic.mean())
    if real < least or kept.chance > MOST_BY_CHANCE:
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
    conditions = _conditions(tables, sides)
    for one, other in combinations(numbers, 2):
        names = tables.names[one], tables.names[other]
        if _scale(schema[one]) != _scale(schema[other]):
            continue
        pairs = [_both(a, b) for a, b in zip(sides[one], sides[other], strict=True)]
        if min(len(a) for a, _ in pairs) < LEAST_JUDGED:
            continue
        held = (sign for sign, holds in _COMPARISONS.items() if _is_kept(holds(*pairs[0])))
        sign = next(held, None)
        if sign is None or (sign != "=" and any({*names} <= t for t in told)):
            yield from _equal_under_a_condition((one, other), tables.names, sides, conditions)
            continue
        own, synthetic = (_COMPARISONS[sign](*pair).astype(np.float64) for pair in pairs[1:])
        kept = _Kept(own, synthetic, _by_chance(sign, *pairs[0]))
        result = _result(names, kept, len(pairs[1][0]) / len(sides[one][1]))
        if result is not None and not any({*names} <= t for t in told):
            yield result._replace(rule=f"{names[0]!r} {sign} {names[1]!r}")


def _is_kept(rows: Mask) -> bool:
    return float(rows.mean()) >= LEAST_KEPT


class _Condition(NamedTuple):
    """Something about a column that holds in some rows: of both halves, and the synthetic table."""

    place: int
    words: str
    rows: tuple[Mask, Mask, Mask]


def _conditions(
    tables: ComparedTables, sides: Mapping[int, tuple[Floats, Floats, Floats]]
) -> list[_Condition]:
    """Return that a column lacks a value, has one, or has some level."""
    found = []
    for place, values in sides.items():
        column, name = tables.coded[place], repr(tables.names[place])
        absent = [np.isnan(side) for side in values]
        found += [
            _Condition(place, f"{name} is missing", (absent[0], absent[1], absent[2])),
            _Condition(place, f"{name} is there", (~absent[0], ~absent[1], ~absent[2])),
        ]
        levels = column.levels if column.nominal and len(column.levels) <= MOST_NUMBERS else ()
        for code, level in enumerate(levels):
            rows = values[0] == code, values[1] == code, values[2] == code
            found.append(_Condition(place, f"{name} is {level!r}", rows))
    least = max(LEAST_OF_LEVEL, LEAST_OF_CONDITION * len(next(iter(sides.values()))[0]))
    return [one for one in found if least <= one.rows[0].sum() <= len(one.rows[0]) - least]


def _equal_under_a_condition(
    pair: tuple[int, int],
    names: Mapping[int, str],
    sides: Mapping[int, tuple[Floats, Floats, Floats]],
    conditions: Sequence[_Condition],
) -> Iterator[NearRule]:
    """Compare two numbers, or dates, that are equal where something holds, and seldom elsewhere."""
    one, other = (sides[place] for place in pair)
    there = [~(np.isnan(a) | np.isnan(b)) for a, b in zip(one, other, strict=True)]
    equal = [a == b for a, b in zip(one, other, strict=True)]
    if equal[0].mean() < LEAST_OF_CONDITION:
        return
    best: NearRule | None = None
    for condition in conditions:
        rows = [own & both for own, both in zip(condition.rows, there, strict=True)]
        elsewhere = there[0] & ~rows[0]
        if min(own.sum() for own in rows) < LEAST_JUDGED or condition.place in pair:
            continue
        chance = float(equal[0][elsewhere].mean()) if elsewhere.any() else 1.0
        if equal[0][rows[0]].mean() < LEAST_KEPT or chance > MOST_BY_CHANCE:
            continue
        own, synthetic = (equal[at][rows[at]].astype(np.float64) for at in (1, 2))
        columns = names[pair[0]], names[pair[1]], names[condition.place]
        result = _result(columns, _Kept(own, synthetic, chance), float(rows[1].mean()))
        if result is not None and (best is None or result.share > best.share):
            words = f"where {condition.words}, {columns[0]!r} = {columns[1]!r}"
            best = result._replace(rule=words, columns=columns)
    if best is not None:
        yield best


def _near_formulas(
    tables: ComparedTables,
    sides: Mapping[int, tuple[Floats, Floats, Floats]],
) -> Iterator[NearRule]:
    """Compare where one number is nearly always the sum, mean or product of two others."""
    schema = dict(enumerate(tables.schema))
    numbers = [place for place in sides if not tables.coded[place].nominal]
    for one, other in combinations(numbers, 2):
        scale = _scale(schema[one])
        if scale != _scale(schema[other]):
            continue
        for sign, combined in _FORMULAS.items():
            if scale == "number" or sign == "mean":
                for third in numbers:
                    names = tuple(tables.names[place] for place in (third, one, other))
                    if third not in (one, other) and _scale(schema[third]) == scale:
                        columns = sides[third], sides[one], sides[other]
                        yield from _near_formula(names, sign, combined, columns)


def _near_formula(
    names: tuple[str, ...],
    sign: str,
    combined: Callable[[Floats, Floats], Floats],
    columns: Sequence[tuple[Floats, Floats, Floats]],
) -> Iterator[NearRule]:
    """Compare one formula, if a few rows keep it."""
    few = [column[0][:TRIED] for column in columns]
    step, known = smallest_step(few[0]), ~np.isnan(np.sum(few, axis=0))
    if _keeps_formula(few, combined, step)[known].sum() < LEAST_TRIED * max(known.sum(), 1):
        return
    sides = [[column[at] for column in columns] for at in range(3)]
    there = [~np.isnan(np.sum(side, axis=0)) for side in sides]
    rows = [[values[both] for values in side] for side, both in zip(sides, there, strict=True)]
    if min(len(side[0]) for side in rows) < LEAST_JUDGED:
        return
    found, own, synthetic = (_keeps_formula(side, combined, step) for side in rows)
    if found.mean() < LEAST_OF_FORMULA:
        return
    target, one, other = rows[0]
    shifted = [
        _keeps_formula(side, combined, step).mean()
        for side in ([target, one, np.roll(other, 1)], [target, np.roll(one, 1), other])
    ]
    kept = _Kept(own.astype(np.float64), synthetic.astype(np.float64), float(max(shifted)))
    result = _result(names, kept, float(there[1].mean()), LEAST_OF_FORMULA)
    if result is not None:
        target_name, *parts = map(repr, names)
        formula = (
            f"the mean of {' and '.join(parts)}" if sign == "mean" else f" {sign} ".join(parts)
        )
        yield result._replace(rule=f"{target_name} = {formula}")


def _keeps_formula(
    columns: Sequence[Floats], combined: Callable[[Floats, Floats], Floats], step: float
) -> Mask:
    """Say which rows keep a formula, up to what rounding its result to steps changes."""
    target, one, other = columns
    expected = combined(one, other)
    exact = RELATIVE * np.maximum(np.abs(one), np.abs(other))
    kept: Mask = np.abs(target - expected) <= step / 2 + exact
    return kept


def smallest_step(values: Floats) -> float:
    """Return the smallest distance of two values: those of a rounded column are multiples of it.

    Parameters
    ----------
    values
        Shape (rows,); NaN for none.
    """
    gaps = np.diff(np.unique(values[~np.isnan(values)]))
    return float(gaps.min()) if len(gaps) else 0.0


_FORMULAS: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "mean": lambda one, other: one / 2 + other / 2,
    "+": np.add,
    "·": np.multiply,
}
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


MOST_ROWS = 20_000  # of a table that rules are sought and checked in
MOST_BISECTED = 500  # rows that are checked one by one where some can't be reduced
LEAST_HOLES = 0.005  # share of the rows that lack a value, or have one
MOST_HOLES = 40  # columns whose presence is compared
RELATED = 0.3  # Cramér's V from which on presence is related to another column
LEAST_EFFECT = 0.02  # of shuffling on a relation, from which on it tells anything
CHANCE = 1.5  # times what fresh rows are off, which is no loss yet
MOST_SHOWN = 20  # results of a kind
LONGEST = 160  # characters of an example
_UNTOLD = (
    DifferenceDependency,
    HolesDependency,
    PairsDependency,
    PartialEquality,
    PresenceDependency,
)
"""Ways of learning columns, which no row can break."""
Rows = NDArray[np.int64]


def measure_structure(tables: ComparedTables, rng: np.random.Generator) -> Structure:
    """Compare what ties columns and rows together.

    Parameters
    ----------
    tables
        What is compared.
    rng
        Draws rows where there are many, and shuffles columns for what can be lost at most.
    """
    between_rows = compare_row_rules(tables, rng.spawn(1)[0])
    rules = _worst_first([*between_rows, *compare_rules(tables, rng)])
    keys = compare_keys(tables, rng)
    presence = _compare_presence(tables, rng)
    times = compare_times(tables, {name for key in keys for name in key.constant}, rng)
    told = {frozenset(rule.columns) for rule in rules}
    near = compare_near_rules(tables, told, np.random.default_rng(rng.integers(2**32)))
    parts = {
        "rules": [rule.rows.of_baseline for rule in rules],
        "keys": [share for key in keys for share in _kept_of(key)],
        "presence": [1 - relation.lost for relation in presence],
        "times": [1 - relation.lost for relation in times],
        "near rules": [1 - rule.lost for rule in near],
    }
    kept = {name: float(np.mean(shares)) for name, shares in parts.items() if shares}
    return Structure(
        rules, keys, presence[:MOST_SHOWN], times[:MOST_SHOWN], kept, near[:MOST_SHOWN]
    )


def _kept_of(key: KeyResult) -> list[float]:
    sizes = 1 - max(key.rows_per_key.value - key.rows_per_key.baseline, 0.0) / 100
    both = [*key.constant.values(), *key.likeness.values()]
    return [sizes, *(max(figure.of_baseline, 0.0) for figure in both)]


def compare_rules(tables: ComparedTables, rng: np.random.Generator) -> tuple[RuleResult, ...]:
    """Find the rules of the real table, and count the rows that keep each; the worst come first.

    Parameters
    ----------
    tables
        What is compared.
    rng
        Draws rows where there are many.
    """
    schema = tables.schema
    real = _working(tables.real, schema, rng)
    others = [_working(tables.synthetic, schema, rng)]
    if tables.holdout is not None:
        others.append(_working(tables.holdout, schema, rng))
    found = []
    for rule in detect_dependencies(real, rng, find_attributes=find_attributes):
        if isinstance(rule, HolesDependency):
            found += _checked_beside_holes(rule, real, others, schema)
        elif not isinstance(rule, _UNTOLD) and set(rule.positions) <= set(range(len(schema))):
            result = _checked(rule, real, others, schema)
            found += [] if result is None else [result]
        before, real = real, rule.reduce(real)
        changed = {at for at in before if real.get(at) is not before[at]} | (real.keys() - before)
        others = [_reduced(rule, other, changed) for other in others]
    return _worst_first(found)


def _worst_first(rules: Iterable[RuleResult]) -> tuple[RuleResult, ...]:
    return tuple(sorted(rules, key=lambda rule: rule.rows.value - rule.rows.baseline))


def _working(frame: pd.DataFrame, schema: Schema, rng: np.random.Generator) -> ColumnFrame:
    """Return some rows of a table in work, with floats as the real table rounds them."""
    if len(frame) > MOST_ROWS:
        frame = frame.iloc[np.sort(rng.permutation(len(frame))[:MOST_ROWS])]
    frame = frame.reset_index(drop=True)
    for place, column in enumerate(schema):
        values = frame.iloc[:, place]
        if column.kind == "numeric" and column.decimals is not None and values.dtype.kind == "f":
            frame = frame.copy(deep=False)
            frame.isetitem(place, values.round(column.decimals).to_numpy())
    return by_position(frame, schema)


def _reduced(rule: Dependency, table: ColumnFrame, changed: set[int]) -> ColumnFrame:
    """Reduce a table by a rule that some of its rows may break; else without those columns.

    Columns with holes are left out too, so that no rule between them counts a second time.
    """
    if set(rule.positions) <= table.keys():
        try:
            return rule.reduce(table)
        except DataError:
            pass
    return {at: cells for at, cells in table.items() if at not in changed}


def _checked(
    rule: Dependency, real: ColumnFrame, others: Sequence[ColumnFrame], schema: Schema
) -> RuleResult | None:
    if not all(set(rule.positions) <= other.keys() for other in others):
        return None
    kept = [_keeps(rule, table, real) for table in (real, *others)]
    if not all(len(mask) for mask, _ in kept):
        return None
    own, synthetic = kept[0][0].mean(), kept[1][0].mean()
    fresh = kept[2][0].mean() if len(kept) > 2 else own
    broken = kept[1][1][~kept[1][0]]
    return RuleResult(
        tuple(str(schema.names[at]) for at in rule.positions),
        rule.describe(),
        Figure(100 * float(synthetic), 100 * float(fresh)),
        _example(rule, others[0], schema, int(broken[0])) if len(broken) else "",
    )


def _checked_beside_holes(
    holes: HolesDependency, real: ColumnFrame, others: Sequence[ColumnFrame], schema: Schema
) -> list[RuleResult]:
    """Check each rule of columns with holes, in the rows in which all its columns have a value."""
    results = []
    for rule in holes.rules:
        if all(set(rule.positions) <= other.keys() for other in others):
            own = [_without_holes(rule, holes, table) for table in (real, *others)]
            results.append(_checked(rule, own[0], own[1:], schema))
    return [result for result in results if result is not None]


def _without_holes(rule: Dependency, holes: HolesDependency, table: ColumnFrame) -> ColumnFrame:
    """Return a rule's columns, in the rows in which each has a value."""
    own = {at: table[at] for at in rule.positions}
    present = np.ones(count_rows(own), np.bool_)
    for cells in own.values():
        present &= cells.values.notna().to_numpy(bool)
        if cells.column.kind in RANGED:
            present &= cells.numbers.present
    for member in holes.members:  # a text such as "unknown" may stand for a missing value
        if member.target.position in own:
            present &= member.has_value(own)
    return {at: cells.take(present) for at, cells in own.items()}


def _example(rule: Dependency, table: ColumnFrame, schema: Schema, row: int) -> str:
    cells = (f"{schema.names[at]}={table[at].values.iloc[row]}" for at in rule.positions)
    text = ", ".join(cells)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _keeps(rule: Dependency, table: ColumnFrame, real: ColumnFrame) -> tuple[Mask, Rows]:
    """Return which rows keep a rule, and their numbers; rows that it can't judge are left out."""
    judged = np.ones(count_rows(table), bool)
    for at in rule.positions:  # a rule's result is kept within the range of its column
        if table[at].column.kind in RANGED:
            judged &= ~outside_range(table[at].values, table[at].column)
    if isinstance(rule, FunctionalDependency):
        judged &= _met(rule.source.position, table, real)
    rows = np.flatnonzero(judged)
    own = {at: table[at].take(rows) for at in rule.positions}
    try:
        return rule.holds([own[at] for at in rule.positions]), rows
    except DataError:  # there is a row that can't be reduced
        rows = rows[:MOST_BISECTED]
        return np.array([_holds_in(rule, table, int(row)) for row in rows], np.bool_), rows


def _holds_in(rule: Dependency, table: ColumnFrame, row: int) -> bool:
    try:
        return bool(rule.holds([table[at].take(np.array([row])) for at in rule.positions])[0])
    except DataError:
        return False


def _met(at: int, table: ColumnFrame, real: ColumnFrame) -> Mask:
    """Say in which rows a column has a level of the real table: others may determine anything."""
    known = {level_key(level) for level in real[at].levels}
    met = np.array([level_key(level) in known for level in table[at].levels], bool)
    return met[table[at].codes]


def _compare_presence(
    tables: ComparedTables, rng: np.random.Generator
) -> tuple[PresenceResult, ...]:
    """Compare how missing values go with the values, and the missing values, of other columns."""
    holes = _presences(tables)
    if not holes:
        return ()
    coded = {place: in_tenths(column) for place, column in tables.coded.items()}
    pairs = [
        *((holes[one], coded[other], one, other) for one in holes for other in coded),
        *((holes[one], holes[other], one, other) for one, other in combinations(holes, 2)),
    ]
    sizes = len(tables.real), len(tables.synthetic)
    again = tables.bootstrap(sizes[0], rng), tables.bootstrap(sizes[1], rng)
    shuffled = rng.permutation(sizes[0])
    results = []
    for presence, column, one, other in pairs:
        if one != other:
            lost = _lost_of((presence, column), again, shuffled)
            if lost is not None:
                results.append(PresenceResult(tables.names[one], tables.names[other], *lost))
    lacking = {tables.names[place] for place in holes}  # what is always there tells most
    results.sort(key=lambda found: (-round(found.rows), found.other in lacking))
    by_pair: dict[frozenset[str], PresenceResult] = {}
    for result in results:  # of the values and of the presence of a pair, the one that is lost more
        by_pair.setdefault(frozenset({result.column, result.other}), result)
    return tuple(by_pair.values())


def _presences(tables: ComparedTables) -> dict[int, CodedColumn]:
    """Return the columns that lack some values, as whether there is one."""
    holes: dict[int, CodedColumn] = {}
    for place in range(len(tables.schema)):
        real, synthetic = (
            frame.iloc[:, place].isna().to_numpy(bool) for frame in (tables.real, tables.synthetic)
        )
        if LEAST_HOLES <= real.mean() <= 1 - LEAST_HOLES and len(holes) < MOST_HOLES:
            values = real.astype(np.float64), synthetic.astype(np.float64)
            holes[place] = CodedColumn(True, *values, np.empty(0), (False, True))
    return holes


def _lost_of(
    pair: tuple[CodedColumn, CodedColumn], again: tuple[Rows, Rows], shuffled: Rows
) -> tuple[Figure, float, float] | None:
    """Return a relation's strengths, the share that is lost, and the rows that are off by it."""
    found = pair_trend(*pair)
    if not found.real > RELATED:
        return None
    fresh = pair_trend(
        *(c._replace(real=c.real[again[0]], synthetic=c.real[again[1]]) for c in pair)
    )
    one, other = pair
    alone = pair_trend(
        one._replace(synthetic=one.real), other._replace(synthetic=other.real[shuffled])
    )
    chance = CHANCE * fresh.error
    beyond = max(found.error - found.margin - chance, 0.0)
    most = max(alone.error - found.margin - chance, 0.0)
    if most < LEAST_EFFECT:
        return None
    strength = Figure(found.synthetic, found.real)
    return strength, min(beyond / most, 1.0), 100 * beyond
