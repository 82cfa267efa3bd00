"""Where a synthetic table is weakest: one point for each cause, with what to do about it.

A severity runs from 0, as a fresh sample of the real table, to 1. Rows that can't be, copies and
lost levels weigh by the square root of their share, since few of them already do harm. The
symptom of another fault (what a detector or a model finds) is discounted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from scipy.stats import nbinom, norm

from tabgan.evaluation.compared_tables import JOINED, LESS_CERTAIN
from tabgan.evaluation.distributions import percent
from tabgan.evaluation.evaluation_parts import (
    ColumnResult,
    Fault,
    LevelsChart,
    NumbersChart,
    TellingFeature,
)
from tabgan.evaluation.fidelity import SURE_OF_LOSS, Relations
from tabgan.evaluation.results import (
    LEAST,
    EvaluationResults,
    PartResults,
    Tables,
    WeakPoint,
)
from tabgan.evaluation.structure import (
    broken_key,
    broken_near_rule,
    broken_presence,
    broken_rule,
    lost_of_one,
    lost_row_order,
    lost_times,
)
from tabgan.table.schema import Kind
from tabgan.table.text_formats import NUMBER

__all__ = ["BY_CHANCE", "WORTHLESS_SHAPE", "by_chance_alone", "find_weak_points"]

LEAST_OF_COLUMN = 0.15  # share of one column's relations that is more than chance
WEAKLY = 0.5  # discount of one column whose relations are all weak
DETECTED = 0.5  # discount of what detectors find
SURE = 3  # standard errors of a share
MORE_CHANCE = 1.25  # times what chance takes of all relations …
LEAST_OF_WEAK = 0.4  # share of one column's weak relations that is more than chance
TIMES_CHANCE = 2  # … and of those of the one column that it takes most of
RANGE_BY_CHANCE = 30.0  # percent of one column's range that the outermost rows of a tail may make
FALSE_ALARM = 0.01  # of all columns together
FOLDS_ALIKE = 1.4  # times an area's standard error by rows: trees of three folds share most rows
TIMES_A_LEVEL = 1.5  # as often, or more, a level occurs that is worth a word
FEW_BINS = 20  # of a chart, in which numbers lie that are levels
COPIES_BY_CHANCE = 0.01  # chance that fresh rows have more copies than are let pass
MOST_OF_TAIL = 0.1  # share of the rows; what more rows lack is the distribution's fault
TINY = 1e-12
WORTHLESS_SHAPE = 50.0  # percentage points beyond the baseline at which a shape is worth nothing
LEAST_MISSING = 0.04  # other share of missing values that is worth a word
FEW_VALUES = 30  # of whole numbers that are looked at one by one, as levels are
BY_CHANCE: tuple[Fault, ...] = ("range", "length", "level", "missing")  # fresh rows have them
UNREADABLE = 1.5  # weight of values that nobody can read, beside those that can't be
MUCH = 2.5  # times as severe
MOST_NAMED = 6  # columns that further points of one cause are told by


_REMEDIES: Mapping[Fault, str] = {
    "type": "Write {!r} with the real table's type of cells, before the table is saved.",
    "missing": "Drop these rows, or fill the cells (tabgan impute does).",
    "repeated": "Generate values that are unique; in tabgan --kind {}=identifier.",
    "level": "Draw {!r} from the real table's levels; in tabgan --kind {}=categorical.",
    "range": "Drop these rows, or keep the range while sampling; in tabgan by minimum and maximum "
    "of {!r} in the schema (--schema), or the constraint Range.",
    "length": "Write texts of {!r} that are as long as the real ones; in tabgan --kind {}=text.",
    "magnitude": "Drop these rows; in tabgan set minimum and maximum of {!r} in the schema "
    "(--schema).",
    "kind": "Write {!r} in the real table's form; tabgan inspect shows how it is read.",
    "fraction": "Round {!r}; in tabgan --kind {}=integer.",
}
"""What to do about a violation, with the column's name."""

_MORE_LEARNING = (
    "Train longer or with a larger model; in tabgan --method trees, or more steps of a GAN "
    "(--steps), and refine and polish on."
)


def find_weak_points(
    parts: PartResults, relations: Relations, of_models: Sequence[WeakPoint]
) -> tuple[WeakPoint, ...]:
    """Return the weak points, the weakest first; of equal ones the cause before the symptom.

    Each set of columns is named once, by what is worst about it. Pairs with a column that is
    itself weaker are explained by that column, and a detector by any column or pair.

    Parameters
    ----------
    parts
        All figures.
    relations
        The pairs of columns behind them.
    of_models
        What models lose that learn from synthetic rows.
    """
    candidates = [
        *_invalid(parts),
        *_broken_structure(parts),
        *_copied(parts),
        *_unrelated(parts, relations),
        *_weakly_unrelated(parts, relations),
        *_misshapen(parts),
        *_lost(parts),
        *_telling(parts),
        *of_models,
    ]
    related = _related_columns(parts)
    found: list[WeakPoint] = []
    ties = ("structure", "coverage")
    broken = [p for p in candidates if p.part in ties and p.severity >= LEAST]
    shapes = [p for p in candidates if p.part == "fidelity" and not p.by_relations]
    for point in sorted(candidates, key=lambda point: -round(point.severity, 1)):
        is_symptom = point.by_relations or point.part in ("detection", "utility")
        if point.severity < LEAST or (is_symptom and _is_broken(point, broken)):
            continue
        if point.part == "utility" and _is_broken(point, shapes):  # values tell models more
            continue
        if not _is_explained(point, found, related) and not _is_moved(point, found, parts):
            found.append(point)
    return tuple(found)


def _is_broken(point: WeakPoint, broken: Sequence[WeakPoint]) -> bool:
    """Say whether what ties a column to others is lost, which its lost relations follow from.

    What all columns lose follows from it only where it is much less.
    """
    times = MUCH if point.by_relations and len(point.columns) > 1 else 1 / MUCH
    return any(
        {*point.columns} & {*other.columns} and other.severity >= times * point.severity
        for other in broken
    )


def _is_moved(point: WeakPoint, found: Sequence[WeakPoint], parts: PartResults) -> bool:
    """Say whether it is the distribution of times that are told to lie at other hours or days."""
    moved = {r.time for r in parts.structure.times if r.lost and r.time == r.column}
    is_shape = point.part == "fidelity" and not point.by_relations and {*point.columns} <= moved
    told = [{*other.columns} for other in found if other.part == "structure"]
    return is_shape and any({*point.columns} <= columns <= moved for columns in told)


def _related_columns(parts: PartResults) -> Mapping[str, set[str]]:
    """Return the columns that each one is related to in the real table."""
    pairs = parts.fidelity.pairs
    if pairs is None:
        return {}
    return {
        name: {pairs.names[i] for i in np.flatnonzero(pairs.related[at])}
        for at, name in enumerate(pairs.names)
    }


def _is_explained(
    point: WeakPoint, found: Sequence[WeakPoint], related: Mapping[str, set[str]]
) -> bool:
    """Say whether a point found before is the cause of this one.

    What a model finds is a symptom of what is broken about one of its columns, or about a column
    that these are related to.
    """
    causes = [other for other in found if other.columns]
    if point.part in ("validity", "coverage"):  # a lost level is no symptom of a model's loss
        causes = [other for other in causes if other.part not in ("detection", "utility")]
    if point.part == "detection" and not point.columns:
        return bool(causes) or any(other.part == "nearness" for other in found)
    if point.part in ("detection", "utility"):
        touched = {*point.columns}.union(*(related.get(name, ()) for name in point.columns))
        if any(touched & {*other.columns} for other in causes if other.part in _CAUSES):
            return True
    if point.part == "structure":  # tells what relates the columns, and is no symptom of others
        same = [other for other in causes if other.columns == point.columns]
        causes = [*same, *(other for other in causes if other.part in ("structure", "validity"))]
        if point.by_presence:
            causes = [other for other in causes if other.by_presence or other.part == "validity"]
    named = [{*other.columns} for other in causes]
    return point.part != "utility" and any(columns <= {*point.columns} for columns in named)


_CAUSES = ("validity", "structure", "fidelity", "coverage", "detection")
"""Parts whose points explain what models find about the same columns."""


def _joined(points: Iterable[WeakPoint], noun: str) -> Iterator[WeakPoint]:
    """Join points that share a column: the worst one is told, and the columns of the others.

    Parameters
    ----------
    points
        Points of one kind.
    noun
        What each of them is about.
    """
    groups: list[list[WeakPoint]] = []
    for point in sorted(points, key=lambda point: -point.severity):
        if point.severity >= LEAST:
            near = [g for g in groups if any({*point.columns} & {*own.columns} for own in g)]
            groups = [group for group in groups if group not in near]
            groups.append([*(own for group in near for own in group), point])
    for group in groups:
        first, *others = sorted(group, key=lambda point: -point.severity)
        named = dict.fromkeys(name for point in others for name in point.columns)
        names = [name for name in named if name not in first.columns]
        if not others:
            yield first
            continue
        count = f"{len(others)} more {noun}s are" if len(others) > 1 else f"1 more {noun} is"
        told = ", ".join(map(repr, names[:MOST_NAMED])) or "the same columns"
        more = f" and {len(names) - MOST_NAMED} more columns" * (len(names) > MOST_NAMED)
        what = f"{first.what} {count} broken, of {told}{more}."
        yield first._replace(what=what, columns=(*first.columns, *names))


def _invalid(parts: PartResults) -> Iterator[WeakPoint]:
    rows = parts.tables.synthetic_rows
    beyond = _beyond_by_chance(parts.tables, len(parts.fidelity.columns))
    for violation in parts.validity.violations:
        share, chance = violation.rows / rows, violation.fresh / 100
        noise = _noise_of(chance, rows)
        if violation.fault in BY_CHANCE:
            noise = _noise_of(chance, rows / _design_effect(parts, violation.column))
            noise += beyond * violation.rows_of_unit  # what lies beyond are whole units
        weight = UNREADABLE if violation.fault in ("kind", "type") else 1.0
        severity = float(min(weight * np.sqrt(max(share - chance - noise, 0.0)), 1.0))
        if severity and violation.fault not in BY_CHANCE:
            severity = max(severity, LEAST)  # however few rows: fresh ones never have it
        yield WeakPoint(
            "validity",
            (violation.column,),
            f"{percent(share)} of the rows break the rule that {violation.column!r} is "
            f"{violation.rule}; one has {violation.example!r}.",
            _REMEDIES[violation.fault].format(violation.column, violation.column),
            severity,
            is_fault=True,
        )


def _noise_of(share: float, n_rows: float) -> float:
    """Return how far a share of so many rows may be above the expected one."""
    return SURE * float(np.sqrt(max(share * (1 - share), 1 / n_rows) / n_rows))


def _beyond_by_chance(tables: Tables, n_columns: int) -> float:
    """Return the share of fresh rows that hardly lies beyond the real range of one of the columns.

    That of k fresh rows beyond all real ones is at most the k-th power of their share of all rows.
    """
    share = tables.synthetic_rows / (tables.real_rows + tables.synthetic_rows)
    count = np.log(FALSE_ALARM / (2 * max(n_columns, 1))) / np.log(share)
    return float(count) / tables.synthetic_rows


def _copied(parts: PartResults) -> Iterator[WeakPoint]:
    nearness = parts.nearness
    copies = nearness.unique_copies
    tables, chance = parts.tables, copies.baseline / 100
    known = tables.holdout_rows or tables.real_rows / 2  # two equal rows are one chance of a copy
    odds = known / (known + tables.synthetic_rows)  # fresh copies come at the same rate
    most = float(nbinom.isf(COPIES_BY_CHANCE, chance * known + 1, odds)) / tables.synthetic_rows
    yield WeakPoint(
        "nearness",
        (),
        f"{percent(copies.value / 100)} of the rows repeat a real row that occurs only once; of "
        f"fresh rows {percent(copies.baseline / 100)} would.",
        "Keep the table to yourself: drop the copies, or train a generator of less capacity, for "
        "fewer steps, or on more rows.",
        _severity_of_copies(copies.value - 100 * most),
    )
    near = nearness.near_copies
    yield WeakPoint(
        "nearness",
        (),
        f"{percent(near.value / 100)} of the rows are nearer to a real row than chance brings "
        f"fresh rows ({percent(near.baseline / 100)}): copies that were moved a little.",
        "Keep the table to yourself: train for fewer steps or on more rows; in tabgan a larger "
        "min_group or a privacy budget (epsilon).",
        _severity_of_copies(near.value - near.baseline - copies.value),  # exact ones are told
    )
    nearer = nearness.nearer_to_real
    if nearer is not None:
        alike = max((key.rows_of_row for key in parts.structure.keys), default=1.0)
        noise = 50 * SURE / np.sqrt(parts.tables.compared_rows["nearness"] / alike)
        yield WeakPoint(
            "nearness",
            (),
            f"{nearer.value:.0f} % of the rows are nearer to a real row than to a holdout row; "
            "50 % would be without copying.",
            "Train for fewer steps or on more rows, and measure the privacy before sharing.",
            float(np.clip((nearer.value - 50 - noise) / 50, 0, 1)),
        )


def _severity_of_copies(percent_of_rows: float) -> float:
    """Return twice that of as many broken rows: each is a person's."""
    return float(np.clip(2 * np.sqrt(max(percent_of_rows, 0.0) / 100), 0, 1))


def _unrelated(parts: PartResults, relations: Relations) -> Iterator[WeakPoint]:
    pairs, (beyond, most) = parts.fidelity.pairs, relations.effects
    if pairs is None or np.isnan(most).all():
        return
    overall = 1 - relations.kept_of_related
    chance = np.nansum(relations.chance, axis=0)
    whole = np.maximum(np.nansum(most, axis=0), TINY)
    by_column = (np.nansum(beyond, axis=0) - chance) / whole
    known = ~np.isnan(most)
    noise = known / np.sqrt(min(parts.tables.real_rows, parts.tables.synthetic_rows))
    alike = np.sqrt([_design_effect(parts, name) - 1 for name in pairs.names])
    noise = noise * np.sqrt(1 + np.outer(alike, alike))
    by_chance = TIMES_CHANCE * noise.sum(axis=0) / whole
    worst = int(np.where(by_column > by_chance, by_column, 0.0).argmax())
    is_sure = overall >= MORE_CHANCE * noise.sum() / whole.sum()
    without = [np.delete(np.delete(m, worst, axis=0), worst, axis=1) for m in (beyond, most)]
    rest = float(np.nansum(without[0]) / max(np.nansum(without[1]), TINY))
    is_one = by_column[worst] > max(LEAST_OF_COLUMN, by_chance[worst])
    if is_one and (rest < by_column[worst] / 3 or not is_sure):
        yield _unrelated_column(pairs.names[worst], float(by_column[worst]))
    elif is_sure:
        one, other = np.unravel_index(int(np.nanargmax(beyond)), beyond.shape)
        names = pairs.names[one], pairs.names[other]
        most_lost = (
            f"between {names[0]!r} and {names[1]!r} (trend error {pairs.error[one, other]:.0f} %)"
        )
        yield _unrelated_table(names, overall, most_lost)


def _weakly_unrelated(parts: PartResults, relations: Relations) -> Iterator[WeakPoint]:
    """Yield what is lost of the relations that are weak one by one."""
    pairs, weak = parts.fidelity.pairs, relations.weak
    if pairs is None:
        return
    if not weak.is_known:
        if lost := lost_of_one(relations):
            yield _weakly_unrelated_column(pairs.names, lost)
        return
    whole, kept = weak.fresh.sum(axis=0), weak.found.sum(axis=0)
    noise = np.sqrt(np.square(weak.unrelated).sum(axis=0))
    by_column = 1 - (kept + SURE_OF_LOSS * noise) / np.maximum(whole, TINY)
    by_column[whole <= np.maximum(SURE_OF_LOSS * noise, TINY)] = 0.0
    worst = int(by_column.argmax())
    rest = 1 - (kept.sum() - 2 * kept[worst]) / max(whole.sum() - 2 * whole[worst], TINY)
    if by_column[worst] > LEAST_OF_WEAK and rest < by_column[worst] / 3:
        yield _weakly_unrelated_column(pairs.names, (worst, float(by_column[worst])))
    elif lost := lost_of_one(relations):
        yield _weakly_unrelated_column(pairs.names, lost)
    elif weak.lost > LEAST_OF_COLUMN:
        most_lost = f"of {pairs.names[worst]!r}; each of them is weak, but their sum is not"
        yield _unrelated_table((pairs.names[worst],), weak.lost, most_lost)


def _weakly_unrelated_column(names: Sequence[str], lost: tuple[int, float]) -> WeakPoint:
    point = _unrelated_column(names[lost[0]], lost[1])
    return point._replace(severity=WEAKLY * point.severity)


def _unrelated_column(name: str, lost: float) -> WeakPoint:
    lost = min(lost, 1.0)
    return WeakPoint(
        "fidelity",
        (name,),
        f"{name!r} relates to the other columns in another way than in the real table: "
        f"{percent(lost)} of its relations are lost.",
        f"Check how {name!r} is generated: it must be drawn together with the others, not on "
        "its own or changed afterwards.",
        lost,
        by_relations=True,
    )


def _unrelated_table(names: tuple[str, ...], lost: float, most_lost: str) -> WeakPoint:
    return WeakPoint(
        "fidelity",
        names,
        f"{percent(lost)} of the relations between columns are lost (0 % is a fresh sample, "
        f"100 % shuffled columns), most {most_lost}.",
        "Train longer or with a larger model, on rows that were not shuffled column by column; in "
        "tabgan --method trees, or more steps of a GAN (--steps), and refine and polish on.",
        lost,
        by_learning=True,
        by_relations=True,
    )


def _misshapen(parts: PartResults) -> Iterator[WeakPoint]:
    compared = [column for column in parts.fidelity.columns if column.shape_error is not None]
    chance = 100 * _distance_by_chance(parts.tables, len(compared))
    for column in parts.fidelity.columns:
        if column.shape_error is None:
            continue
        error, baseline = column.shape_error
        is_number = isinstance(column.distribution, NumbersChart)
        there = 1 - max(column.missing) / 100  # share of the rows with a value
        bound = chance * np.sqrt(_design_effect(parts, column.name) / max(there, TINY))
        is_sure = error > (bound if is_number else baseline + bound)
        least = 0.0 if is_number else LEAST * _has_another_share(column, parts)
        kind = _better_kind(column)
        yield WeakPoint(
            "fidelity",
            (column.name,),
            f"The distribution of {column.name!r} is off by {error:.1f} % (a fresh sample: "
            f"{baseline:.1f} %){_how_it_is_off(column)}.",
            _MORE_LEARNING
            if kind is None
            else f"Read {column.name!r} as another kind: in tabgan --kind {column.name}={kind}.",
            max(float(np.clip((error - baseline) / WORTHLESS_SHAPE, 0, 1)) * is_sure, least),
            by_learning=kind is None,
        )
        yield from _missing(column, parts)


def _has_another_share(column: ColumnResult, parts: PartResults) -> bool:
    """Say whether a level occurs so much more, or less, often than a real one that chance is out.

    The distance of all levels hardly shows a rare one.
    """
    shown = column.distribution
    if not isinstance(shown, LevelsChart) or not len(shown.names):
        return False
    share = (shown.real + shown.synthetic) / 2
    there = 1 - max(column.missing) / 100
    n_rows = (parts.tables.real_rows, parts.tables.synthetic_rows)
    spread = sum(1 / max(n * there, 1) for n in n_rows) * _design_effect(parts, column.name)
    errors = np.sqrt(share * (1 - share) * spread)
    gap = np.abs(shown.real - shown.synthetic)
    charts = (one.distribution for one in parts.fidelity.columns)
    n_levels = sum(len(chart.names) for chart in charts if isinstance(chart, LevelsChart))
    sure = float(norm.isf(FALSE_ALARM / 2 / n_levels))
    large = np.maximum(shown.real, shown.synthetic) > TIMES_A_LEVEL * np.minimum(
        shown.real, shown.synthetic
    )
    is_level = np.array([name != JOINED for name in shown.names])  # rare in the real table alone
    return bool((is_level & large & (gap > sure * errors)).any())


def _better_kind(column: ColumnResult) -> Kind | None:
    """Return the kind whose reading keeps what is off, or None if no other one does.

    Numbers of few separate values, in place of which others were drawn, are levels. Levels that are
    numbers, too many to be shown, are numbers.
    """
    shown = column.distribution
    if isinstance(shown, NumbersChart) and column.kind in ("numeric", "integer"):
        empty = shown.real == 0
        is_apart = empty.any() and (~empty).sum() <= FEW_BINS
        between = 100 * float(shown.synthetic[empty].sum())
        error = column.shape_error.value if column.shape_error else 0.0
        return "categorical" if is_apart and between >= error / 2 else None
    if isinstance(shown, LevelsChart) and column.kind == "categorical" and shown.n_others:
        numbers = [name for name in shown.names if NUMBER.fullmatch(name)]
        return (
            "numeric" if len(numbers) >= len(shown.names) - 1 else None
        )  # rare ones have one name
    return None


def _distance_by_chance(tables: Tables, n_columns: int) -> float:
    """Return the distance that hardly one of so many columns of fresh rows reaches.

    Of numbers that is the bound of Dvoretzky, Kiefer, Wolfowitz and Massart for Kolmogorov and
    Smirnov's statistic. Of levels it is McDiarmid's for the total variation distance beyond its
    mean.
    """
    both = 1 / tables.real_rows + 1 / tables.synthetic_rows
    return float(np.sqrt(np.log(2 * max(n_columns, 1) / FALSE_ALARM) / 2 * both))


def by_chance_alone(found: PartResults | EvaluationResults, column: str) -> tuple[float, float]:
    """Return the shape error in percent, and the area over ½, that fresh rows of a column may get.

    Hardly one of all columns gets more.

    Parameters
    ----------
    found
        What was measured.
    column
        The column's name.
    """
    n_columns = max(len(found.fidelity.columns), 1)
    units = float(np.sqrt(_design_effect(found, column)))
    sure = FOLDS_ALIKE * float(np.sqrt(2 * np.log(n_columns / FALSE_ALARM)))
    area = sure / float(np.sqrt(6 * found.tables.compared_rows["detection"]))
    return 100 * units * _distance_by_chance(found.tables, n_columns), units * area


def _how_it_is_off(column: ColumnResult) -> str:
    shown = column.distribution
    if isinstance(shown, LevelsChart):
        gap = shown.synthetic - shown.real
        if not len(gap):
            return ""
        level = int(np.abs(gap).argmax())
        return (
            f": {shown.names[level]!r} has {percent(shown.synthetic[level])} in place of "
            f"{percent(shown.real[level])}"
        )
    if shown is None or set(shown.quantiles) != {"real", "synthetic"}:
        return ""
    real, synthetic = shown.quantiles["real"], shown.quantiles["synthetic"]
    names = {"50": "median", "0": "lowest value", "100": "highest value"}
    for key in sorted(real, key=lambda key: abs(float(key) - 50)):  # the middle tells most
        if real[key] != synthetic[key]:
            name = names.get(key, f"{key} % quantile")
            return f": its {name} is {synthetic[key]} in place of {real[key]}"
    return ""


def _design_effect(parts: PartResults | EvaluationResults, *columns: str) -> float:
    """Return how many rows tell as much about columns as one, where rows of one key are alike."""
    effects = [key.design_effect(name) for key in parts.structure.keys for name in columns]
    return max(effects, default=1.0)


def _missing(column: ColumnResult, parts: PartResults) -> Iterator[WeakPoint]:
    share, real = column.missing.value / 100, column.missing.baseline / 100
    n_rows = 1 / (1 / parts.tables.real_rows + 1 / parts.tables.synthetic_rows)
    n_rows /= max((key.rows_of_row for key in parts.structure.keys), default=1.0)  # all lack it
    pooled = (share + real) / 2
    error = float(np.sqrt(max(pooled * (1 - pooled), 1 / n_rows) / n_rows))
    off, noise = abs(share - real), SURE * error
    is_sure = off > max(
        LEAST_MISSING, error * norm.isf(FALSE_ALARM / 2 / len(parts.fidelity.columns))
    )
    yield WeakPoint(
        "fidelity",
        (column.name,),
        f"{percent(share)} of {column.name!r} is missing in place of {percent(real)}.",
        "Fit the generator on the table with its missing values, not on one in which they were "
        "filled.",
        max(float(np.clip(2 * (off - noise), 0, 1)), LEAST if is_sure else 0.0),
    )


def _lost(parts: PartResults) -> Iterator[WeakPoint]:
    by_chance = _rows_by_chance(parts)
    lost = [
        one
        for one in parts.coverage.lost_levels
        if one[2] >= by_chance * _design_effect(parts, one[0])  # rows of few keys tell little
    ]
    if lost:
        kinds = {one.name: one.kind for one in parts.fidelity.columns}
        (column, level, rows), *others = lost
        share = rows / parts.tables.real_rows
        more = f" So do {len(others)} more levels, of " if len(others) > 1 else " So does one of "
        names = list(dict.fromkeys(one[0] for one in others))
        told = ", ".join(map(repr, names[:MOST_NAMED]))
        yield WeakPoint(
            "coverage",
            tuple(dict.fromkeys(one[0] for one in lost)),
            f"The level {level!r:.60} of {column!r} never occurs; {percent(share)} of the "
            f"real rows have it.{f'{more}{told}.' if others else ''}",
            _remedy_of_level(column, rows, kinds[column]),
            float(np.sqrt(share)),
        )
    yield from _cut(parts, by_chance)
    ranges = parts.coverage.ranges
    if not np.isnan(ranges.value):
        n_ranged = sum(isinstance(c.distribution, NumbersChart) for c in parts.fidelity.columns)
        by_chance = RANGE_BY_CHANCE / np.sqrt(max(n_ranged, 1))
        yield WeakPoint(
            "coverage",
            (),
            f"Numbers and dates cover {ranges.value:.0f} % of their real ranges; a fresh sample "
            f"covers {ranges.baseline:.0f} %.",
            "Draw more rows; in tabgan the min_group outermost real values are never reached, as "
            "they are single persons' (--min-group 1 where they may be public).",
            float(max(ranges.baseline - ranges.value - by_chance, 0.0) / 100 / 2),
        )


def _cut(parts: PartResults, by_chance: float) -> Iterator[WeakPoint]:
    """Yield the tails of numbers that are not reached, though many real rows lie there."""
    for column, beyond, rows in parts.coverage.cut_tails:
        share = rows / parts.tables.real_rows
        is_sure = rows > max(by_chance, LESS_CERTAIN) * _design_effect(parts, column)
        yield WeakPoint(
            "coverage",
            (column,),
            f"No value of {column!r} lies {beyond}; {percent(share)} of the real ones do.",
            f"Don't cut {column!r} after sampling; in tabgan a smaller min_group (--min-group), "
            "where single persons' values may be public, reaches further.",
            float(np.sqrt(min(share, MOST_OF_TAIL))) if is_sure else 0.0,
        )


def _rows_by_chance(parts: PartResults) -> float:
    """Return how many real rows a level has at least that fresh rows hardly lose.

    Of a level that occurs in k rows of both tables, all k are real with the k-th power of the real
    table's share of all rows; that is looked at for each level.
    """
    share = parts.tables.real_rows / (parts.tables.real_rows + parts.tables.synthetic_rows)
    return float(np.log(FALSE_ALARM / max(parts.coverage.n_levels, 1)) / np.log(share))


def _remedy_of_level(column: str, rows: int, kind: str) -> str:
    if rows < LESS_CERTAIN:
        return (
            "Keep it out: so few rows may be single persons. In tabgan --min-group 1 keeps all "
            "levels, where they may be public."
        )
    if kind in ("integer", "numeric"):
        return f"Learn the values of {column!r} as levels: in tabgan --kind {column}=categorical."
    return (
        "See whether the rows that were learned have it. In tabgan --method trees keeps the shares "
        f"of all levels, and tabgan sample --balance {column!r} draws as many rows of each."
    )


def _telling(parts: PartResults) -> Iterator[WeakPoint]:
    gains = _gains(parts)
    for feature, gain in gains.items():
        noise = max(by_chance_alone(parts, name)[1] for name in feature.columns)
        inner = 0.0
        if len(feature.columns) == 1:  # what pairs with the column tell is due to it
            within = (g for other, g in gains.items() if {*feature.columns} < {*other.columns})
            inner = max(within, default=max(feature.drop - gain, 0.0))
        told = max(gain, inner)
        yield WeakPoint(
            "detection",
            feature.columns,
            _how_it_tells(feature, alone=gain >= inner),
            "Compare real and synthetic rows side by side: rounding, repeated values, tails, and "
            "combinations that never occur.",
            float(np.clip(DETECTED * 2 * told, 0, 1)) if told > noise else 0.0,
        )
    trees = parts.detection.trees
    if trees.mirrored:
        yield WeakPoint(
            "detection",
            (),
            f"Boosted trees take synthetic rows for real ones and real ones for synthetic: AUC "
            f"{trees.auc:.2f}, where ½ is a coin. Rows have twins in the other table, as copies "
            "do, or values that each table holds in a single row.",
            "Compare with a holdout (tabgan evaluate --holdout) and look at the rows; if they are "
            "copies, train for fewer steps or on more rows.",
            float(trees.mirrored),
        )
    yield WeakPoint(
        "detection",
        (),
        f"Boosted trees tell synthetic rows from real ones with AUC {trees.auc:.2f} (½ is a coin), "
        "by many columns together.",
        "Train longer or with a larger model; in tabgan keep refine and polish on.",
        float(DETECTED * max(trees.low - 0.5, 0.0)),  # what columns explain comes before
        by_learning=True,
    )


def _gains(parts: PartResults) -> dict[TellingFeature, float]:
    """Return what each feature adds to chance, a pair to its columns; columns come first."""
    alone = {
        column.name: max(column.detection.value, 0.5)
        for column in parts.fidelity.columns
        if column.detection is not None
    }
    gains = {}
    for feature in sorted(parts.detection.telling_features, key=lambda found: len(found.columns)):
        columns = feature.columns
        known = max(alone[name] for name in columns) if len(columns) > 1 else 0.5
        gains[feature] = max(feature.auc - known, 0.0)
    return gains


def _how_it_tells(feature: TellingFeature, *, alone: bool) -> str:
    names = " and ".join(map(repr, feature.columns))
    if len(feature.columns) > 1:
        return f"{names} together, but not alone, tell a synthetic row (AUC {feature.auc:.2f})."
    if alone:
        return f"{names} alone tells a synthetic row (AUC {feature.auc:.2f}; ½ is a coin)."
    return (
        f"{names} does not relate to the other columns as it should: a detector's AUC falls by "
        f"{feature.drop:.2f} without it."
    )


def _broken_structure(parts: PartResults) -> Iterator[WeakPoint]:
    """Yield what is broken of what ties the real table's columns and rows together."""
    structure, tables = parts.structure, parts.tables
    rules = (broken_rule(rule, tables.real_rows, tables.synthetic_rows) for rule in structure.rules)
    yield from _joined(rules, "rule")
    # lost presence breaks keys as well, and keys that name the same rows lose the same
    yield from _joined(map(broken_presence, structure.presence), "relation")
    ties = (point for key in structure.keys for point in broken_key(key, tables.synthetic_rows))
    yield from _joined(ties, "tie")
    yield from _joined(lost_times(structure.times), "pattern")
    if structure.row_order is not None:
        yield lost_row_order(structure.row_order)
    yield from _joined(map(broken_near_rule, structure.near_rules), "rule")
