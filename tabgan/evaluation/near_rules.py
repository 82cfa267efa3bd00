"""Rules that hold in almost every real row, or in those with some level: how many rows keep them.

`city = Cleveland` goes with `state = Ohio`, `plan = free` with no price, a title with a department
or two, annual leave with at most five days, and an end comes hardly ever before its beginning. No
rule of all rows says so, and a mean over pairs hardly moves.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import combinations, permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabgan.evaluation.compared_tables import (
    CodedColumn,
    ComparedTables,
    Side,
    take_rows,
)
from tabgan.evaluation.evaluation_parts import Figure, NearRule
from tabgan.evaluation.row_units import shuffled_rows
from tabgan.rules.level_constraints import LevelLimits, Limit, find_limits
from tabgan.sampling.alike_rows import likeness
from tabgan.table.columns import ColumnFrame, by_position
from tabgan.table.dates import unit_of
from tabgan.table.schema import Column

__all__ = ["columns_of_units", "compare_near_rules", "smallest_step"]

MOST_ROWS = 20_000  # of a table that rules are sought and checked in
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
LEAST_ROUND = 0.5  # share of the numbers that are multiples of a step
LEAST_OF_FORMULA = 0.9  # share of the real rows that keep it
LEAST_OF_PAIRS = 0.9  # the same of pairs of levels that half of the rows have …
MOST_LOST_OF_LIMITS = 0.5  # where more is lost, the columns are not related, which is told
LEAST_OF_LIMITS = 0.9  # … and of the limits of levels
TRIED = 200  # rows by which a formula is tried first …
LEAST_TRIED = 0.7  # … and the share of them that has to keep it
RELATIVE = 1e-9  # of a number's size, that its sums are off
LEAST_OF_UNITS = 0.5  # likeness within units of a column that is theirs
Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


class _Levels(NamedTuple):
    """A column of which each value, or what is missing, is a level."""

    place: int
    sides: tuple[Codes, Codes, Codes]  # half of the real rows, the other half, synthetic ones
    words: tuple[str, ...]


class _Units(NamedTuple):
    """The unit of each row of the other half, and of the synthetic table; None without units."""

    real: Codes | None = None
    synthetic: Codes | None = None

    def at(self, real: "Codes | Mask", synthetic: "Codes | Mask") -> "_Units":
        """Return the units of some rows."""
        both = zip(self, (real, synthetic), strict=True)
        return _Units(*(None if units is None else units[rows] for units, rows in both))


class _Pairs(NamedTuple):
    """Columns in pairs; where both are of a unit, one row of each unit counts.

    Attributes
    ----------
    columns
        The columns.
    alike
        The places of those that are of a unit.
    firsts
        The first row of each unit, of each side.
    units
        The unit of each row.
    """

    columns: Sequence[_Levels]
    alike: Collection[int]
    firsts: Sequence[Codes]
    units: _Units

    def of(self, make: Callable[[Sequence[int], int], Iterator[tuple[int, ...]]]) -> "_TwoLevels":
        """Yield all pairs that `itertools.combinations` or `permutations` makes."""
        for one, other in make(range(len(self.columns)), 2):
            pair = self.columns[one], self.columns[other]
            if all(own.place in self.alike for own in pair):
                yield self._of_units(pair[0]), self._of_units(pair[1]), _Units()
            else:
                yield *pair, self.units

    def _of_units(self, own: _Levels) -> _Levels:
        one, other, drawn = (
            codes[rows] for codes, rows in zip(own.sides, self.firsts, strict=True)
        )
        return own._replace(sides=(one, other, drawn))


_TwoLevels = Iterator[tuple[_Levels, _Levels, _Units]]


class _Kept(NamedTuple):
    """How often a rule holds: in the other half, in the synthetic table, and by chance."""

    real: Floats
    synthetic: Floats
    chance: float
    units: "_Units"

    @property
    def error(self) -> float:
        """Standard error of the difference of the tables: of few rows, none of which breaks it."""
        known = _variance(self.synthetic, self.units.synthetic)
        return float(np.sqrt(known + _variance(self.real, self.units.real, least=True)))


def _variance(kept: Floats, units: Codes | None, *, least: bool = False) -> float:
    """Return the variance of the share of rows that keep a rule, of which one unit's are alike.

    What all rows keep may still be broken in one of as many rows: that is the least.
    """
    share, n_rows = float(kept.mean()), float(len(kept))
    if units is None:
        return max(share * (1 - share), float(least) / n_rows) / n_rows
    sizes = np.bincount(units)
    n_units = int(np.count_nonzero(sizes))
    sums = np.bincount(units, kept - share)
    found = float(np.square(sums).sum()) / n_rows**2 * n_units / max(n_units - 1, 1)
    of_one = (float(np.square(sizes).sum()) / n_rows**2) ** 2
    return max(found, of_one) if least else found


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
    real = shuffled_rows(len(tables.real), tables.units.get("real"), rng)[:MOST_ROWS]
    drawn = shuffled_rows(len(tables.synthetic), tables.units.get("synthetic"), rng)[:MOST_ROWS]
    one, other = np.array_split(real, 2)
    halves = take_rows(tables.coded, one, other, of="real")
    sides = {
        place: (column.real, column.synthetic, tables.coded[place].synthetic[drawn])
        for place, column in [*halves.items()][:MOST_COLUMNS]
    }
    columns = [
        levels
        for place, values in sides.items()
        if (levels := _levels_of(place, tables.coded[place], values)) is not None
    ]
    units = _Units(tables.units.get("real"), tables.units.get("synthetic")).at(other, drawn)
    firsts = [_firsts(tables, "real", half) for half in (one, other)]
    firsts.append(_firsts(tables, "synthetic", drawn))
    pairs = _Pairs(columns, columns_of_units(tables), firsts, units)
    found = [
        *_implied_levels(tables, pairs, told),
        *_ordered_numbers(tables, sides, units, told),
        *_near_formulas(tables, sides, units),
        *_limited_numbers(tables, [*sides], (one, other, drawn), units, rng),
        *_round_numbers(tables, sides, units),
    ]
    broken: dict[frozenset[str], float] = {}
    for rule in found:
        columns_of = frozenset(rule.columns)
        broken[columns_of] = max(broken.get(columns_of, -1.0), rule.broken)
    for rule in _pairs_that_occur(tables, pairs, told):
        if rule.broken > broken.get(frozenset(rule.columns), -1.0):  # else the same is told
            found.append(rule)
    found.sort(key=lambda rule: -rule.broken)
    return tuple(found[:MOST_NEAR_RULES])


def columns_of_units(tables: ComparedTables) -> set[int]:
    """Return the columns that hardly change within a unit: they tell as much as there are units.

    Parameters
    ----------
    tables
        What is compared.
    """
    units = tables.units.get("real")
    if units is None:
        return set()
    return {
        place
        for place, column in tables.coded.items()
        if likeness(units, column.real, nominal=column.nominal) > LEAST_OF_UNITS
    }


def _firsts(tables: ComparedTables, side: Side, rows: Codes) -> Codes:
    """Return the first row of each unit among some rows of a table."""
    units = tables.units.get(side)
    if units is None:
        return np.arange(len(rows))
    return np.sort(np.unique(units[rows], return_index=True)[1])


def _implied_levels(
    tables: ComparedTables, pairs: _Pairs, told: Collection[frozenset[str]]
) -> Iterator[NearRule]:
    """Compare where a level of one column goes with a level of another."""
    for one, other, units in pairs.of(permutations):
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
        told_by = _Kept(kept[1], kept[2], chance, units.at(judged[1], judged[2]))
        result = _result(names, told_by, float(judged[1].mean()))
        if result is not None:
            at = _worst_level(one, judged[2], kept[2], sure)
            words = f"where {names[0]!r} is {one.words[at]}, {names[1]!r} is "
            more = int(sure.sum()) - 1
            words += other.words[implied[at]]
            words += f", and {more:,} more of the kind" if more else ""
            yield result._replace(rule=words)


def _pairs_that_occur(
    tables: ComparedTables, pairs: _Pairs, told: Collection[frozenset[str]]
) -> Iterator[NearRule]:
    """Compare how many rows have a pair of levels that half of the real rows have, too."""
    for one, other, units in pairs.of(combinations):
        names = tables.names[one.place], tables.names[other.place]
        width = len(other.words)
        if len(one.words) * width > MOST_CELLS or any({*names} <= t for t in told):
            continue
        cells = np.bincount(one.sides[0] * width + other.sides[0], minlength=len(one.words) * width)
        rows = cells.reshape(len(one.words), width)
        shares = [rows.sum(axis=axis) / len(one.sides[0]) for axis in (1, 0)]
        occurs = rows > 0
        chance = float(shares[0] @ occurs @ shares[1])
        if chance > MOST_BY_CHANCE:
            continue
        judged, kept = [], []
        for codes, others in zip(one.sides, other.sides, strict=True):
            known = (shares[0][codes] > 0) & (shares[1][others] > 0)
            judged.append(known)
            kept.append(occurs[codes, others][known].astype(np.float64))
        about = float(judged[1].mean())
        told_by = _Kept(kept[1], kept[2], chance, units.at(judged[1], judged[2]))
        result = _result(names, told_by, about, LEAST_OF_PAIRS)
        if result is not None:
            broken = (one.sides[2] * width + other.sides[2])[judged[2]][kept[2] == 0]
            words = f"{names[0]!r} and {names[1]!r} have a pair of levels of other real rows"
            if len(broken):
                at, by = divmod(int(np.bincount(broken).argmax()), width)
                words += f", unlike {one.words[at]} and {other.words[by]}"
            yield result._replace(rule=words)


def _limited_numbers(
    tables: ComparedTables,
    places: Collection[int],
    sides: tuple[Codes, Codes, Codes],
    units: _Units,
    rng: np.random.Generator,
) -> Iterator[NearRule]:
    """Compare where the levels of another column limit a number, or a date.

    Only limits that other rows would often break count: a range as wide as the column's is none.
    """
    frames = (tables.real, tables.real, tables.synthetic)
    known = [
        {
            at: cells
            for at, cells in by_position(frame.iloc[rows], tables.schema).items()
            if at in places
        }
        for frame, rows in zip(frames, sides, strict=True)
    ]
    for rule in find_limits(known[0], rng):
        target = rule.target.position
        numbers = known[0][target].numbers
        values = numbers.values[numbers.present]
        narrow = {limit: float(limit.keeps(values).mean()) for limit, _ in rule.rows(known[0])}
        narrow = {limit: share for limit, share in narrow.items() if share <= MOST_BY_CHANCE}
        told = [_kept_limits(rule, narrow, table) for table in known]
        if not all(len(rows) for rows, _, _ in told):
            continue
        chance = float(told[0][2].mean())
        kept = _Kept(told[1][1], told[2][1], chance, units.at(told[1][0], told[2][0]))
        names = tuple(tables.names[at] for at in rule.positions)
        result = _result(names, kept, len(told[1][0]) / len(sides[1]), LEAST_OF_LIMITS)
        if result is not None and result.lost <= MOST_LOST_OF_LIMITS:
            broken = told[2][0][told[2][1] == 0]
            words = rule.describe()
            if len(broken):
                row = tables.synthetic.iloc[sides[2][broken[0]]]
                cells = (f"{tables.names[at]}={row.iloc[at]}" for at in rule.positions)
                words += f" (one row has {', '.join(cells)})"
            yield result._replace(rule=words)


def _round_numbers(
    tables: ComparedTables, sides: Mapping[int, tuple[Floats, Floats, Floats]], units: _Units
) -> Iterator[NearRule]:
    """Compare how many numbers are round: multiples of 10, 50 or 500 of their last decimal."""
    for place, values in sides.items():
        column = tables.schema.columns[place]
        if column.kind not in ("numeric", "integer") or column.decimals is None:
            continue
        scale = 10.0**column.decimals
        counted = [~np.isnan(side) & (side != 0) for side in values]
        counts = [np.rint(side[rows] * scale) for side, rows in zip(values, counted, strict=True)]
        if not len(counts[0]):
            continue
        beyond = {step: float((counts[0] % step == 0).mean()) - 1 / step for step in _STEPS}
        step = max(beyond, key=lambda step: beyond[step])
        own, synthetic = ((count % step == 0).astype(np.float64) for count in counts[1:])
        share = len(own) / len(values[1])
        name = tables.names[place]
        kept = _Kept(own, synthetic, 1 / step, units.at(*counted[1:]))
        result = _result((name,), kept, share, LEAST_ROUND)
        if result is not None:
            yield result._replace(rule=f"{name!r} is a multiple of {step / scale:g}")


def _kept_limits(
    rule: LevelLimits, narrow: Mapping[Limit, float], table: ColumnFrame
) -> tuple[Codes, Floats, Floats]:
    """Return the rows that limits are about, whether they keep them, and how likely by chance."""
    values = table[rule.target.position].numbers.values
    kept, chance = np.ones(len(values)), np.full(len(values), np.nan)
    for limit, rows in rule.rows(table):
        if limit in narrow:
            kept[rows] *= limit.keeps(values[rows])
            chance[rows] = np.fmin(chance[rows], narrow[limit])
    about = np.flatnonzero(~np.isnan(chance))
    return about, kept[about], chance[about]


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
    beyond = max(real - synthetic - SURE * kept.error, 0.0)
    lost = min(beyond / (real - kept.chance), 1.0)
    broken = 100 * beyond * share
    return NearRule(names, "", Figure(100 * synthetic, 100 * real), 100 * share, lost, broken)


def _ordered_numbers(
    tables: ComparedTables,
    sides: Mapping[int, tuple[Floats, Floats, Floats]],
    units: _Units,
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
        there = [~np.isnan(a + b) for a, b in zip(sides[one], sides[other], strict=True)]
        pairs = [
            (a[both], b[both]) for a, b, both in zip(sides[one], sides[other], there, strict=True)
        ]
        if min(len(a) for a, _ in pairs) < LEAST_JUDGED:
            continue
        held = (sign for sign, holds in _COMPARISONS.items() if _is_kept(holds(*pairs[0])))
        sign = next(held, None)
        if sign is None or (sign != "=" and any({*names} <= t for t in told)):
            yield from _equal_if((one, other), tables.names, sides, units, conditions)
            continue
        own, synthetic = (_COMPARISONS[sign](*pair).astype(np.float64) for pair in pairs[1:])
        kept = _Kept(own, synthetic, _by_chance(sign, *pairs[0]), units.at(there[1], there[2]))
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


def _equal_if(
    pair: tuple[int, int],
    names: Mapping[int, str],
    sides: Mapping[int, tuple[Floats, Floats, Floats]],
    units: _Units,
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
        kept = _Kept(own, synthetic, chance, units.at(rows[1], rows[2]))
        result = _result(columns, kept, float(rows[1].mean()))
        if result is not None and (best is None or result.share > best.share):
            words = f"where {condition.words}, {columns[0]!r} = {columns[1]!r}"
            best = result._replace(rule=words, columns=columns)
    if best is not None:
        yield best


def _near_formulas(
    tables: ComparedTables,
    sides: Mapping[int, tuple[Floats, Floats, Floats]],
    units: _Units,
) -> Iterator[NearRule]:
    """Compare where one number is nearly always the sum, mean or product of two others."""
    by_scale: dict[str, list[int]] = {}
    for place in sides:
        if not tables.coded[place].nominal:
            by_scale.setdefault(_scale(tables.schema.columns[place]), []).append(place)
    for scale, places in by_scale.items():
        few = np.stack([sides[place][0][:TRIED] for place in places])
        steps = np.array([smallest_step(values) for values in few])
        signs = [sign for sign in _FORMULAS if scale == "number" or sign == "mean"]
        for one, other in combinations(range(len(places)), 2):
            for sign in signs:
                for third in _likely_results(few, steps, (one, other), _FORMULAS[sign]):
                    chosen = [places[at] for at in (third, one, other)]
                    names = tuple(tables.names[place] for place in chosen)
                    columns = [sides[place] for place in chosen]
                    yield from _near_formula(names, sign, float(steps[third]), columns, units)


def _likely_results(
    few: Floats,
    steps: Floats,
    pair: tuple[int, int],
    combined: Callable[[Floats, Floats], Floats],
) -> list[int]:
    """Return the columns that a few rows let expect to be what a pair is combined to."""
    kept = _keeps_formula([few, few[pair[0]], few[pair[1]]], combined, steps[:, None])
    known = ~np.isnan(few + few[pair[0]] + few[pair[1]])
    is_likely = (kept & known).sum(axis=1) >= LEAST_TRIED * np.maximum(known.sum(axis=1), 1)
    is_likely[[*pair]] = False
    return np.flatnonzero(is_likely).tolist()


def _near_formula(
    names: tuple[str, ...],
    sign: str,
    step: float,
    columns: Sequence[tuple[Floats, Floats, Floats]],
    units: _Units,
) -> Iterator[NearRule]:
    """Compare one formula that a few rows keep, up to a step of its result."""
    combined = _FORMULAS[sign]
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
    floats = own.astype(np.float64), synthetic.astype(np.float64)
    kept = _Kept(*floats, float(max(shifted)), units.at(there[1], there[2]))
    result = _result(names, kept, float(there[1].mean()), LEAST_OF_FORMULA)
    if result is not None:
        target_name, *parts = map(repr, names)
        formula = (
            f"the mean of {' and '.join(parts)}" if sign == "mean" else f" {sign} ".join(parts)
        )
        yield result._replace(rule=f"{target_name} = {formula}")


def _keeps_formula(
    columns: Sequence[Floats],
    combined: Callable[[Floats, Floats], Floats],
    step: "float | Floats",
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


_STEPS = (5, 10, 20, 25, 50, 100, 200, 250, 500, 1_000, 5_000, 10_000, 100_000)
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


def _scale(column: Column) -> str:
    """Return what a column's numbers count."""
    return "number" if column.kind in ("numeric", "integer") else f"{column.kind} {unit_of(column)}"
