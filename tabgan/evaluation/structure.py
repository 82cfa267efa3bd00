"""Structure: rules between columns, keys, presence and order in time, and where they are broken.

Each is something that ties the real table together and that pairs of distributions don't show:
`gross = qty·price` in every row, a customer's country in all of the customer's rows, an exit
reference exactly where the status is "Left", an hour's value near to that of the hour before.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from tabgan.base.errors import DataError
from tabgan.encoding.identifiers.identifier_encoders import find_attributes
from tabgan.evaluation.compared_tables import CodedColumn, ComparedTables
from tabgan.evaluation.distributions import percent
from tabgan.evaluation.evaluation_parts import (
    Figure,
    KeyResult,
    NearRule,
    PresenceResult,
    RuleResult,
    Structure,
    TimeResult,
)
from tabgan.evaluation.fidelity import PairTrend, Relations, in_tenths, pair_trend
from tabgan.evaluation.keys_and_times import (
    DISTANCE_SURE,
    NOISE,
    compare_keys,
    compare_row_order,
    compare_row_rules,
    compare_times,
)
from tabgan.evaluation.near_rules import MOST_ROWS, columns_of_units, compare_near_rules
from tabgan.evaluation.results import LEAST, WeakPoint
from tabgan.rules.base_rules import Dependency, ShareDependency
from tabgan.rules.detect_dependencies import detect_dependencies
from tabgan.rules.functional_dependency import FunctionalDependency
from tabgan.rules.holes_dependency import HolesDependency
from tabgan.rules.joint_dependency import JointDependency, PairsDependency
from tabgan.rules.order_dependency import DifferenceDependency
from tabgan.rules.presence_dependency import JointMarksDependency, PresenceDependency
from tabgan.table.columns import ColumnFrame, by_position, count_rows, level_key, outside_range
from tabgan.table.schema import RANGED, Schema

__all__ = [
    "broken_key",
    "broken_near_rule",
    "broken_presence",
    "broken_rule",
    "compare_rules",
    "lost_of_one",
    "lost_row_order",
    "lost_times",
    "measure_structure",
]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

MOST_BISECTED = 500  # rows that are checked one by one where some can't be reduced
LEAST_HOLES = 0.005  # share of the rows that lack a value, or have one
MOST_HOLES = 40  # columns whose presence is compared
RELATED = 0.3  # Cramér's V from which on presence is related to another column
LEAST_EFFECT = 0.02  # of shuffling on a relation, from which on it tells anything
CHANCE = 1.5  # times what fresh rows are off, which is no loss yet
RARE_BREACHES = 10  # of 1 / (real rows): a rule that all real rows keep may have so many
SURE = 3  # standard errors of a share
OF_ROWS = 0.14  # severity where all of it is lost: most tables are sets of rows
SOFTER = 0.7  # weight of rows that are not alike, beside rows that must be equal
ROUND = 0.4  # severity where no number is round, of rules that no row keeps
LEAST_CAUSE = 0.5  # severity of times at other hours, of that of what is lost with them
LEAST_SPREAD = 0.1  # of the rows a key, that chance does not explain
_ORDERS = ("neighbors in time", "order within a key")
MOST_SHOWN = 20  # results of a kind
LONGEST = 160  # characters of an example
_UNTOLD = (
    DifferenceDependency,
    HolesDependency,
    PairsDependency,
    PresenceDependency,
    ShareDependency,
)
"""Ways of learning columns, which no row can break."""
_BY_CHANCE = (FunctionalDependency, JointDependency, JointMarksDependency)
"""Rules between levels, which few rows may keep by chance."""
FALSE_ALARM = 0.001  # of all columns together
LEAST_OF_NEAREST = 0.6  # share of a column's strongest relations that is more than chance
FEWEST_NEAREST = 4  # columns, of which chance is known
NEAREST = 5  # standard errors beyond unrelated columns that a strong relation has
Rows = NDArray[np.int64]


def _is_constant(rule: Dependency) -> bool:
    return isinstance(rule, DifferenceDependency) and rule.is_constant


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
    is_panel = any(result.what == "order within a key" for result in times)
    return Structure(
        rules,
        keys,
        presence[:MOST_SHOWN],
        times[:MOST_SHOWN],
        kept,
        near[:MOST_SHOWN],
        None if is_panel else compare_row_order(tables),
    )


def lost_of_one(relations: Relations) -> tuple[int, float] | None:
    """Return the column that is no longer related to those next to it, and the share it loses.

    In a wide table the sum over all pairs tells nothing about one column. Its few strongest
    pairs do; the test is corrected for the number of columns. What chance does is known from as
    many pairs as a column has (Student's t), and is more where levels are many.
    """
    found, fresh, unrelated = relations.in_tenths
    chance = fresh.real - fresh.synthetic
    size = len(chance)
    if np.isnan(chance).all() or size < FEWEST_NEAREST:
        return None
    error, shift = max(float(np.nanstd(chance)), 1e-12), float(np.nanmean(chance))
    # of columns that are not related, as these two or as all
    by_itself = np.fmax(unrelated.synthetic, float(np.nanmean(unrelated.synthetic)))
    is_near = found.real > by_itself + NEAREST * error
    gap = np.where(is_near, found.real - found.synthetic - shift, 0.0).sum(axis=0)
    whole = np.where(is_near, found.real - by_itself, 0.0).sum(axis=0)
    n_pairs = np.maximum((~np.isnan(chance)).sum(axis=0), 1)
    own = np.sqrt(np.nansum(np.square(chance - shift), axis=0) / n_pairs)
    noise = np.maximum(own, error) * np.sqrt(np.maximum(is_near.sum(axis=0), 1))
    limit = float(student.isf(FALSE_ALARM / size, size - 2))
    lost = np.where(gap > limit * noise, gap / np.maximum(whole, 1e-12), 0.0)
    worst = int(np.nan_to_num(lost).argmax())
    return (worst, float(lost[worst])) if lost[worst] > LEAST_OF_NEAREST else None


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
    alike, certain = columns_of_units(tables), _rules_of_units(tables, rng.spawn(1)[0])

    def is_sure(rule: Dependency) -> bool:
        """Say whether it is no rule that a few units happen to keep."""
        is_of_units = isinstance(rule, _BY_CHANCE) and alike.issuperset(rule.positions)
        return not is_of_units or any(own.issubset(rule.positions) for own in certain)

    found = []
    for rule in detect_dependencies(real, rng, find_attributes=find_attributes):
        if isinstance(rule, HolesDependency):
            inner = [own for own in rule.rules if is_sure(own)]
            found += _checked_beside_holes(rule, inner, real, others, schema)
        elif (
            is_sure(rule)
            and (not isinstance(rule, _UNTOLD) or _is_constant(rule))
            and set(rule.positions) <= set(range(len(schema)))
        ):
            result = _checked(rule, real, others, schema)
            found += [] if result is None else [result]
        before, real = real, rule.reduce(real)
        changed = {at for at in before if real.get(at) is not before[at]} | (real.keys() - before)
        others = [_reduced(rule, other, changed) for other in others]
    return _worst_first(found)


def _rules_of_units(tables: ComparedTables, rng: np.random.Generator) -> list[frozenset[int]]:
    """Return the columns of the rules that one row of each unit is enough to find."""
    units = tables.units.get("real")
    if units is None:
        return []
    firsts = np.sort(np.unique(units, return_index=True)[1])
    table = _working(tables.real.iloc[firsts], tables.schema, rng)
    found = detect_dependencies(table, rng, find_attributes=find_attributes)
    inner = [own for rule in found if isinstance(rule, HolesDependency) for own in rule.rules]
    return [frozenset(rule.positions) for rule in (*found, *inner) if isinstance(rule, _BY_CHANCE)]


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
    holes: HolesDependency,
    rules: Iterable[Dependency],
    real: ColumnFrame,
    others: Sequence[ColumnFrame],
    schema: Schema,
) -> list[RuleResult]:
    """Check rules of columns with holes, each in the rows in which all its columns have a value."""
    results = []
    for rule in rules:
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
        return rule.agrees([own[at] for at in rule.positions]), rows
    except DataError:  # there is a row that can't be reduced
        rows = rows[:MOST_BISECTED]
        return np.array([_holds_in(rule, table, int(row)) for row in rows], np.bool_), rows


def _holds_in(rule: Dependency, table: ColumnFrame, row: int) -> bool:
    try:
        return bool(rule.agrees([table[at].take(np.array([row])) for at in rule.positions])[0])
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
    strength = Figure(found.synthetic, found.real)
    lost = min(beyond / most, 1.0) if most >= LEAST_EFFECT else 0.0
    weaker = _weaker(found, fresh, min(map(len, again)))
    rows = min(weaker * alone.error, found.error - found.margin)  # other levels are no loss of it
    if alone.error >= LEAST_EFFECT and rows > beyond:
        return strength, max(lost, min(rows / alone.error, 1.0)), 100 * rows
    return (strength, lost, 100 * beyond) if most >= LEAST_EFFECT else None


def _weaker(found: PairTrend, fresh: PairTrend, n_rows: int) -> float:
    """Return the share of a relation's strength that is lost beyond chance.

    Where whole units are drawn, each with its own levels, the shares of the levels differ much by
    chance, and the strength less.
    """
    noise = CHANCE * max(abs(fresh.real - found.real), abs(fresh.synthetic - found.real))
    noise += SURE / np.sqrt(n_rows)
    return float(np.clip((found.real - found.synthetic - noise) / found.real, 0, 1))


def broken_presence(presence: PresenceResult) -> WeakPoint:
    """Return the weak point of a column whose missing cells no longer go with another column.

    Parameters
    ----------
    presence
        What was compared.
    """
    return WeakPoint(
        "structure",
        (presence.column, presence.other),
        f"Where {presence.column!r} is missing does not go with {presence.other!r} as in the "
        f"real table: {percent(presence.lost)} of the relation is lost, in "
        f"{percent(presence.rows / 100)} of the rows.",
        "Draw missing cells together with the rest of the row, not on their own; in tabgan fit "
        "the table with its missing cells.",
        float(np.sqrt(presence.rows / 100)),
        by_presence=True,
    )


def broken_rule(rule: RuleResult, real_rows: int, synthetic_rows: int) -> WeakPoint:
    """Return the weak point of a rule that rows break.

    Parameters
    ----------
    rule
        What was compared.
    real_rows, synthetic_rows
        Rows of the tables, by which chance is known.
    """
    broken, fresh = 1 - rule.rows.value / 100, 1 - rule.rows.baseline / 100
    noise = RARE_BREACHES / real_rows + SURE * np.sqrt(fresh * (1 - fresh) / synthetic_rows)
    beyond = max(broken - fresh - noise, 0.0)
    severity = float(np.sqrt(beyond))
    if beyond and not fresh:
        severity = max(severity, LEAST)  # however few rows: real ones never break it
    of_real = f" (and {percent(fresh)} of the real ones)" if fresh else ""
    return WeakPoint(
        "structure",
        rule.columns,
        f"{percent(broken)} of the rows{of_real} break a rule of the real table: {rule.rule}; one "
        f"has {rule.example}.",
        "Compute the column after sampling, or declare the rule to the generator; in tabgan as a "
        "constraint (--constraints), unless tabgan inspect lists it, which --derive keeps.",
        severity,
        is_fault=not fresh,
    )


def broken_near_rule(rule: NearRule) -> WeakPoint:
    """Return the weak point of what holds in almost every real row.

    Parameters
    ----------
    rule
        What was compared.
    """
    kept, real = rule.rows.value / 100, rule.rows.baseline / 100
    is_formula, is_round = len(rule.columns) > 2, len(rule.columns) == 1
    remedy = (
        "Draw the columns together, and change none of them afterwards; in tabgan "
        "--method trees, or more steps of a GAN (--steps)."
    )
    if is_round:
        remedy = f"Round {rule.columns[0]!r} as the real table does, and change it no more."
    elif is_formula:
        remedy = (
            "Compute the column from the others after sampling; in tabgan declare the formula as a "
            "constraint (--constraints), unless tabgan inspect lists it, which --derive keeps."
        )
    return WeakPoint(
        "structure",
        rule.columns,
        f"{percent(1 - kept)} of the rows that it is about break what holds in {percent(real)} of "
        f"the real ones: {rule.rule}.",
        remedy,
        (ROUND if is_round else 1.0) * float(np.sqrt(rule.broken / 100)),
        by_learning=not (is_formula or is_round),
    )


def broken_key(key: KeyResult, synthetic_rows: int) -> Iterator[WeakPoint]:
    """Yield what is broken of what ties the rows of a key together.

    Parameters
    ----------
    key
        What was compared.
    synthetic_rows
        Rows of the synthetic table, by which chance is known.
    """
    name = key.column
    remedy = (
        "Generate the rows of a key together. tabgan draws rows of one table one by one, and gives "
        f"them to new keys; more of what the rows of one {name!r} share is kept in a folder of two "
        "tables, one of them with a row for each (tabgan synth FOLDER)."
    )
    for other, (value, baseline) in key.constant.items():
        share = (baseline - value) / 100 - NOISE / np.sqrt(synthetic_rows) / 10
        yield WeakPoint(
            "structure",
            (name, other),
            f"A value of {name!r} has several of {other!r}: {percent(1 - value / 100)} of the rows "
            f"differ from the others of their key; of the real rows {percent(1 - baseline / 100)}.",
            remedy,
            float(np.sqrt(max(share, 0.0))),
        )
    for other, (value, baseline) in key.likeness.items():
        lost, error = baseline - value, key.errors[other]
        yield WeakPoint(
            "structure",
            (name, other),
            f"The rows of one {name!r} are not alike in {other!r} as real ones are: {value:.2f} in "
            f"place of {baseline:.2f}, from 0 (rows from anywhere) to 1 (equal).",
            remedy,
            float(np.clip(SOFTER * (lost - error), 0, 1)) if lost > NOISE * error else 0.0,
        )
    value, baseline = key.rows_per_key
    by_chance = DISTANCE_SURE * key.errors[name]  # of few keys halves show chance, too
    yield WeakPoint(
        "structure",
        (name,),
        f"The values of {name!r} have other numbers of rows than real ones: their distribution is "
        f"off by {percent(value / 100)} (two halves of the real keys: {percent(baseline / 100)}).",
        remedy,
        float(np.clip(value / 100 - max(baseline / 100 + LEAST_SPREAD, by_chance), 0, 1)),
    )


def lost_times(results: Iterable[TimeResult]) -> Iterator[WeakPoint]:
    """Yield one point for each column and the time that tells it, with all that is lost of that.

    Times that lie at other hours or days are one point: dates of a row are moved together. It comes
    first, as what such times tell about other columns is lost with them.

    Parameters
    ----------
    results
        What was compared.
    """
    lost = [result for result in results if result.lost]
    own = [result for result in lost if result.time == result.column]
    clocks = sorted(
        (result for result in own if result.what != "gaps"), key=lambda result: -_severity(result)
    )
    if clocks:
        cause = _severity(clocks[0])
        moved = {result.time for result in clocks}
        effects = [_severity(result) for result in lost if result.time in moved]
        yield WeakPoint(
            "structure",
            tuple(dict.fromkeys(result.time for result in clocks)),
            _about_clocks(clocks),
            _remedy_of_times(clocks),
            max([cause, *(effect for effect in effects if effect <= cause / LEAST_CAUSE)]),
        )
    gaps = sorted((result for result in own if result.what == "gaps"), key=lambda r: -r.lost)
    if gaps:
        others = "".join(f", {result.time!r} ({percent(result.lost)})" for result in gaps[1:])
        yield WeakPoint(
            "structure",
            tuple(result.time for result in gaps),
            f"The times between the rows, by {gaps[0].time!r}, are not those of the real table; "
            f"{percent(gaps[0].lost)} is lost.{' So are those by ' * (len(gaps) > 1)}{others[2:]}"
            f"{'.' * (len(gaps) > 1)}",
            _remedy_of_times(gaps),
            gaps[0].lost,
        )
    by_columns: dict[tuple[str, str], list[TimeResult]] = {}
    for result in lost:
        if result.time != result.column:
            by_columns.setdefault((result.column, result.time), []).append(result)
    for columns, told in by_columns.items():
        told.sort(key=lambda result: -result.lost * result.strength.baseline)
        severity = max(map(_severity, told))
        yield WeakPoint(
            "structure", columns, _about_a_column(told), _remedy_of_times(told), severity
        )


def lost_row_order(result: TimeResult) -> WeakPoint:
    """Return the weak point of rows that no longer stand in an order; it lowers no grade.

    Parameters
    ----------
    result
        What was compared.
    """
    value, real = result.strength
    return WeakPoint(
        "structure",
        (result.column,),
        f"The order of the rows is lost: real rows that stand one after the other are alike, most "
        f"in {result.column!r} ({value:.2f} in place of {real:.2f}, from 0 for rows in any order "
        "to 1).",
        "If that order is time, give the table a column of times and draw whole series: in tabgan "
        "a folder of two tables, one of them with a row for each series (tabgan synth FOLDER).",
        OF_ROWS * result.lost,
    )


def _severity(result: TimeResult) -> float:
    """Weigh what is lost by how much there was, or how many times lie elsewhere."""
    elsewhere = 1 - result.strength.value
    told = elsewhere if result.time == result.column else result.strength.baseline
    return result.lost * float(np.sqrt(max(told, 0.0)))


def _remedy_of_times(lost: Sequence[TimeResult]) -> str:
    first = lost[0]
    if first.what in (*_ORDERS, "gaps"):
        return (
            "Don't use the table for what depends on the order of its rows, or draw whole series: "
            "in tabgan a folder of two tables, one of them with a row for each series (tabgan "
            "synth FOLDER)."
        )
    if first.time == first.column:
        return (
            f"Draw {first.time!r} with the hours, days of the week and months of the real table, "
            "and don't move it afterwards; tabgan learns them of a column that it reads as dates "
            "(tabgan inspect shows it)."
        )
    return (
        f"Draw {first.column!r} given {first.time!r}, not on its own; in tabgan "
        "--method trees, or more steps of a GAN (--steps)."
    )


def _about_clocks(lost: Sequence[TimeResult]) -> str:
    first = lost[0]
    text = (
        f"The times of {first.time!r} are spread in another way than in the real table: by "
        f"{first.what}, the distributions are off by {percent(1 - first.strength.value)}."
    )
    others = [
        f"{result.time!r} by {result.what} ({percent(1 - result.strength.value)})"
        for result in lost[1:]
    ]
    return f"{text} So are {', '.join(others)}." if others else text


def _about_a_column(lost: Sequence[TimeResult]) -> str:
    first, clocks = lost[0], [result.what for result in lost if result.what not in _ORDERS]
    told = [f"what the {' and the '.join(clocks)} tells"] if clocks else []
    order = ["the order in time"] if len(clocks) < len(lost) else []
    head = " and ".join([*order, *told])
    parts = (
        f"{f'{r.before!r} of the row before' if r.before else r.what}: {r.strength.value:.2f} in "
        f"place of {r.strength.baseline:.2f}"
        for r in lost
    )
    return (
        f"{head[0].upper()}{head[1:]} {'are' if order and told else 'is'} lost: {first.column!r} "
        f"does not go with {first.time!r} as in the real table ({'; '.join(parts)}, of 1); "
        f"{percent(first.lost)} is lost."
    )
