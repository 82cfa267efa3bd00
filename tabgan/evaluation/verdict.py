"""The verdict on a synthetic table: its parts' scores, and where it is weakest.

A severity runs from 0, as a fresh sample of the real table, to 1. Rows that can't be, copies and
lost levels weigh by the square root of their share, since few of them already do harm. The
symptom of another fault (what a detector or a model finds) is discounted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from tabgan.evaluation.compared_tables import LESS_CERTAIN
from tabgan.evaluation.evaluation_parts import (
    ColumnResult,
    Fault,
    Figure,
    LevelsChart,
    NumbersChart,
    TellingFeature,
    Utility,
)
from tabgan.evaluation.fidelity import Relations
from tabgan.evaluation.results import Grade, PartResults, Tables, Use, Verdict, WeakPoint
from tabgan.evaluation.structure import broken_structure, percent
from tabgan.table.schema import Kind
from tabgan.table.text_formats import NUMBER

__all__ = ["find_weak_points", "make_verdict"]

LEAST_GAIN = 0.02  # of a model of real rows over chance
FIT = 0.9  # score of each part that a use rests on, at least …
FIT_WITH_CARE = 0.6  # … or at least with care
LEAST = 0.05  # severity that is worth a word
LEAST_OF_COLUMN = 0.15  # share of one column's relations that is more than chance
SYMPTOM = 0.8  # discount of what models lose …
DETECTED = 0.5  # … and of what detectors find
SURE = 3  # standard errors of a share
MORE_CHANCE = 1.25  # times what chance takes of all relations …
TIMES_CHANCE = 2  # … and of those of the one column that it takes most of
RANGE_BY_CHANCE = 30.0  # percent of one column's range that the outermost rows of a tail may make
FALSE_ALARM = 0.01  # of all columns together
TESTED = 5  # real rows for each that models are tested on, where there is no holdout
FEW_BINS = 20  # of a chart, in which numbers lie that are levels
UNSEEN = 4  # copies that fresh rows may have where the halves have none
TINY = 1e-12
WORTHLESS_SHAPE = 50.0  # percentage points beyond the baseline at which a shape is worth nothing


_REMEDIES: Mapping[Fault, str] = {
    "type": "Write {!r} with the real table's type of cells, before the table is saved.",
    "missing": "Drop these rows, or fill the cells (tabgan impute does).",
    "repeated": "Generate values that are unique; in tabgan --kind {}=identifier.",
    "level": "Draw {!r} from the real table's levels; in tabgan --kind {}=categorical.",
    "range": "Drop these rows, or keep the range while sampling; in tabgan by minimum and maximum "
    "of {!r} in the schema (--schema), or the constraint Range.",
    "kind": "Write {!r} in the real table's form; tabgan inspect shows how it is read.",
    "fraction": "Round {!r}; in tabgan --kind {}=integer.",
}
"""What to do about a violation, with the column's name."""

_MORE_LEARNING = (
    "Train longer or with a larger model; in tabgan more steps (--steps), or --method trees, and "
    "refine and polish on."
)


class _Step(NamedTuple):
    """A grade, and what it takes."""

    grade: Grade
    words: str
    score: float
    part: float  # score of the worst part, at least
    severity: float  # of the weakest point, at most


_STEPS = (
    _Step("as good as real", "As good as a fresh sample of the real table", 0.95, 0.85, 0.15),
    _Step("good", "Close to the real table", 0.85, 0.6, 0.35),
    _Step("usable with care", "Usable with care", 0.6, 0.1, 1.0),
    _Step("poor", "No stand-in for the real table", 0.0, 0.0, 1.0),
)


def make_verdict(parts: PartResults, relations: Relations) -> Verdict:
    """Score each part from 0 to 1, and name the weakest points.

    - validity: share of rows without a violation, of the share of fresh rows without one;
    - structure: mean of what is kept of rules, keys, presence and times (`Structure.kept`); left
      out where the real table has none of them;
    - shapes: 1 less the mean shape error beyond its baseline, 50 percentage points being worth 0;
    - trends: share of the relations that is kept (`Fidelity.relations_kept`): 1 for fresh rows, 0
      for columns that were shuffled on their own; left out where no columns are related;
    - detection: 2·(1 − max(AUC, ½)) of the better detector;
    - utility: share of the real rows' gain over chance, mean of the target's (`Utility.kept`) and
      of all columns' (`Utility.kept_of_all`); left out where nothing can be predicted;
    - coverage: mean of the four shares, each of its baseline.

    The score is their mean. The grade depends on the score, on the worst part (copies of unique
    real rows count as one), and on the weakest point.

    Parameters
    ----------
    parts
        All figures.
    relations
        The pairs of columns behind them.
    """
    scores = {name: score for name, score in _scores(parts).items() if not np.isnan(score)}
    score = float(np.mean(list(scores.values())))
    points = find_weak_points(parts, relations)
    near = [point for point in points if point.part == "nearness"]
    copied = max(near, key=lambda point: point.severity, default=None)
    uncopied = 1 - (copied.severity if copied else 0.0)
    worst = min(*scores.values(), uncopied)
    weakest = points[0].severity if points else 0.0
    reached = next(
        (s for s in _STEPS if score >= s.score and worst >= s.part and weakest <= s.severity),
        _STEPS[-1],
    )
    headline = _headline(reached.words, points)
    uses = tuple(_uses(parts, scores, copied))
    is_copied = uncopied < _STEPS[-2].part
    return Verdict(reached.grade, headline, score, scores, points[:3], uses, is_copied)


def _uses(
    parts: PartResults, scores: Mapping[str, float], copied: WeakPoint | None
) -> Iterator[Use]:
    """Say what the table can be used for: as far as the worst score that matters to a use."""

    def judged(use: str, names: tuple[str, ...], evidence: str) -> Use:
        known = [scores[name] for name in names if name in scores]
        if not known:
            return Use(use, "unknown", "Nothing that was measured tells.")
        worst = min(known)
        if worst >= FIT:
            return Use(use, "yes", evidence)
        return Use(use, "with care" if worst >= FIT_WITH_CARE else "no", evidence)

    def share(name: str) -> str:
        return f"{100 * scores[name]:.0f} %" if name in scores else "none to keep"

    yield judged(
        "test data",
        ("validity", "structure"),
        f"{parts.validity.valid_rows.value:.1f} % of the rows are valid; rules, keys, presence "
        f"and order in time: {share('structure')}.",
    )
    yield judged(
        "analysis",
        ("shapes", "trends", "structure"),
        f"Columns are off by {_beyond_fresh(parts.fidelity.shape_error):.1f} % more than those of "
        f"a fresh sample on average; relations that are kept: {share('trends')}.",
    )
    yield judged("model training", ("utility",), _evidence_of_utility(parts.utility))
    nearness = parts.nearness
    if copied is not None and copied.severity >= LEAST:
        yield Use("sharing", "no", copied.what)
    else:
        yield Use(
            "sharing",
            "with care",
            f"{nearness.unique_copies.value:.1f} % of the rows equal a unique real row and "
            f"{nearness.near_copies.value:.1f} % come too near to one: no sign of copies, which is "
            "no proof; an audit and a privacy budget say more.",
        )


def _evidence_of_utility(utility: Utility | None) -> str:
    if utility is None:
        return ""
    return (
        f"{utility.metric} {utility.score.value:.3f} for {utility.target!r} where real rows give "
        f"{utility.score.baseline:.3f}; {100 * utility.kept_of_all:.0f} % of what tells each "
        "column is kept."
    )


def _scores(parts: PartResults) -> Mapping[str, float]:
    fidelity, detection = parts.fidelity, parts.detection
    beyond = _beyond_fresh(fidelity.shape_error)
    return {
        "validity": parts.validity.valid_rows.of_baseline,
        "structure": _mean_known([*parts.structure.kept.values()]),
        "shapes": max(1 - beyond / WORTHLESS_SHAPE, 0.0),
        "trends": fidelity.relations_kept,
        "detection": min(detection.trees.score, detection.logistic.score),
        "utility": _usefulness(parts.utility),
        "coverage": _mean_known(
            [
                figure.of_baseline
                for figure in (
                    parts.coverage.levels,
                    parts.coverage.ranges,
                    parts.coverage.rare_combinations,
                    parts.coverage.missing_patterns,
                )
            ]
        ),
    }


def _beyond_fresh(error: Figure) -> float:
    return max(error.value - error.baseline, 0.0)


def _usefulness(utility: Utility | None) -> float:
    if utility is None or utility.score.baseline - utility.chance < LEAST_GAIN:
        return float("nan")  # real rows teach nothing, so there is nothing to keep
    return float(np.mean([utility.kept, utility.kept_of_all] if utility.columns else utility.kept))


def _mean_known(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _headline(words: str, points: tuple[WeakPoint, ...]) -> str:
    if not points:
        return f"{words}: nothing that was measured is weak."
    first = points[0].what
    return f"{words}. Its weakest point: {first[0].lower()}{first[1:]}"


def find_weak_points(parts: PartResults, relations: Relations) -> tuple[WeakPoint, ...]:
    """Return the weak points, the weakest first; of equal ones the cause before the symptom.

    Each set of columns is named once, by what is worst about it. Pairs with a column that is
    itself weaker are explained by that column, and a detector by any column or pair.

    Parameters
    ----------
    parts
        All figures.
    relations
        The pairs of columns behind them.
    """
    candidates = [
        *_invalid(parts),
        *broken_structure(parts),
        *_copied(parts),
        *_unrelated(parts, relations),
        *_misshapen(parts),
        *_lost(parts),
        *_telling(parts),
        *_useless(parts),
    ]
    found: list[WeakPoint] = []
    for point in sorted(candidates, key=lambda point: -round(point.severity, 1)):
        if point.severity >= LEAST and not _is_explained(point, found):
            found.append(point)
    return tuple(found)


def _is_explained(point: WeakPoint, found: list[WeakPoint]) -> bool:
    causes = [other for other in found if other.columns]
    if point.part == "detection" and not point.columns:
        return bool(causes)
    if point.part == "structure":  # tells what relates the columns, and is no symptom of others
        causes = [other for other in causes if other.part in ("structure", "validity")]
    named = [set(other.columns) for other in causes]
    return point.part != "utility" and any(columns <= {*point.columns} for columns in named)


def _invalid(parts: PartResults) -> Iterator[WeakPoint]:
    chance = 1 - parts.validity.valid_rows.baseline / 100
    rows = parts.tables.synthetic_rows
    noise = _noise_of(chance, rows) + _beyond_by_chance(parts.tables, len(parts.fidelity.columns))
    broken = Counter[str]()  # rows of each column, which seldom break two of its rules
    for violation in parts.validity.violations:
        broken[violation.column] += violation.rows
    for violation in parts.validity.violations:
        share = violation.rows / parts.tables.synthetic_rows
        of_column = min(broken[violation.column] / parts.tables.synthetic_rows, 1.0)
        yield WeakPoint(
            "validity",
            (violation.column,),
            f"{percent(share)} of the rows break the rule that {violation.column!r} is "
            f"{violation.rule}; one has {violation.example!r}.",
            _REMEDIES[violation.fault].format(violation.column, violation.column),
            float(np.sqrt(max(of_column - chance - noise, 0.0))),
        )


def _noise_of(share: float, n_rows: int) -> float:
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
    # without a holdout the baseline looks at half of the table, in which half as many can be met
    chance = copies.baseline if parts.tables.holdout_rows else 2 * copies.baseline
    n_rows = parts.tables.synthetic_rows
    noise = 100 * _noise_of(max(chance / 100, UNSEEN / n_rows), n_rows)
    yield WeakPoint(
        "nearness",
        (),
        f"{percent(copies.value / 100)} of the rows repeat a real row that occurs only once; of "
        f"fresh rows {percent(copies.baseline / 100)} would.",
        "Keep the table to yourself: drop the copies, or train a generator of less capacity, for "
        "fewer steps, or on more rows.",
        float(np.sqrt(max(copies.value - chance - noise, 0.0) / 100)),
    )
    near = nearness.near_copies
    yield WeakPoint(
        "nearness",
        (),
        f"{percent(near.value / 100)} of the rows are nearer to a real row than chance brings "
        f"fresh rows ({percent(near.baseline / 100)}): copies that were moved a little.",
        "Keep the table to yourself: train for fewer steps or on more rows; in tabgan a larger "
        "min_group or a privacy budget (epsilon).",
        _severity_of_near_copies(near, copies),
    )
    nearer = nearness.nearer_to_real
    if nearer is not None:
        noise = 50 * SURE / np.sqrt(parts.tables.compared_rows["nearness"])
        yield WeakPoint(
            "nearness",
            (),
            f"{nearer.value:.0f} % of the rows are nearer to a real row than to a holdout row; "
            "50 % would be without copying.",
            "Train for fewer steps or on more rows, and measure the privacy before sharing.",
            float(np.clip((nearer.value - 50 - noise) / 50, 0, 1)),
        )


def _severity_of_near_copies(near: Figure, copies: Figure) -> float:
    """Return twice that of as many broken rows: each is a person's; exact copies are told apart."""
    beyond = near.value - near.baseline - copies.value
    return float(np.clip(2 * np.sqrt(max(beyond, 0.0) / 100), 0, 1))


def _unrelated(parts: PartResults, relations: Relations) -> Iterator[WeakPoint]:
    pairs, (beyond, most) = parts.fidelity.pairs, relations.effects
    if pairs is None or np.isnan(most).all():
        return
    overall = 1 - relations.kept
    chance = np.nansum(relations.chance, axis=0)
    whole = np.maximum(np.nansum(most, axis=0), TINY)
    by_column = (np.nansum(beyond, axis=0) - chance) / whole
    known = ~np.isnan(most)
    noise = known / np.sqrt(min(parts.tables.real_rows, parts.tables.synthetic_rows))
    by_chance = TIMES_CHANCE * noise.sum(axis=0) / whole
    worst = int(np.where(by_column > by_chance, by_column, 0.0).argmax())
    if overall < MORE_CHANCE * noise.sum() / whole.sum() and by_column[worst] <= by_chance[worst]:
        return
    without = [np.delete(np.delete(m, worst, axis=0), worst, axis=1) for m in (beyond, most)]
    rest = float(np.nansum(without[0]) / max(np.nansum(without[1]), TINY))
    sure = by_column[worst] > max(LEAST_OF_COLUMN, by_chance[worst])
    if sure and rest < by_column[worst] / 3:
        name = pairs.names[worst]
        yield WeakPoint(
            "fidelity",
            (name,),
            f"{name!r} relates to the other columns in another way than in the real table: "
            f"{percent(by_column[worst])} of its relations are lost.",
            f"Check how {name!r} is generated: it must be drawn together with the others, not on "
            "its own or changed afterwards.",
            float(by_column[worst]),
        )
        return
    one, other = np.unravel_index(int(np.nanargmax(beyond)), beyond.shape)
    error = pairs.error[one, other]
    names = pairs.names[one], pairs.names[other]
    yield WeakPoint(
        "fidelity",
        names,
        f"{percent(overall)} of the relations between columns are lost (0 % is a fresh sample, "
        f"100 % shuffled columns), most between {names[0]!r} and {names[1]!r} (trend error "
        f"{error:.0f} %).",
        "Train longer or with a larger model, on rows that were not shuffled column by column; in "
        "tabgan more steps (--steps), or --method trees, and refine and polish on.",
        overall,
        by_learning=True,
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
        kind = _better_kind(column)
        yield WeakPoint(
            "fidelity",
            (column.name,),
            f"The distribution of {column.name!r} is off by {error:.1f} % (a fresh sample: "
            f"{baseline:.1f} %){_how_it_is_off(column)}.",
            _MORE_LEARNING
            if kind is None
            else f"Read {column.name!r} as another kind: in tabgan --kind {column.name}={kind}.",
            float(np.clip((error - baseline) / WORTHLESS_SHAPE, 0, 1)) if is_sure else 0.0,
            by_learning=kind is None,
        )
        yield from _missing(column, parts)


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
    real, synthetic = (shown.quantiles[side]["50"] for side in ("real", "synthetic"))
    return f": its median is {synthetic} in place of {real}"


def _design_effect(parts: PartResults, *columns: str) -> float:
    """Return how many rows tell as much about columns as one, where rows of one key are alike."""
    effects = [key.design_effect(name) for key in parts.structure.keys for name in columns]
    return max(effects, default=1.0)


def _missing(column: ColumnResult, parts: PartResults) -> Iterator[WeakPoint]:
    share, real = column.missing.value / 100, column.missing.baseline / 100
    n_rows = 1 / (1 / parts.tables.real_rows + 1 / parts.tables.synthetic_rows)
    n_rows /= _design_effect(parts, column.name)
    noise = SURE * np.sqrt(max(real * (1 - real), 1 / n_rows) / n_rows)
    yield WeakPoint(
        "fidelity",
        (column.name,),
        f"{percent(share)} of {column.name!r} is missing in place of {percent(real)}.",
        "Fit the generator on the table with its missing values, not on one in which they were "
        "filled.",
        float(np.clip(2 * (abs(share - real) - noise), 0, 1)),
    )


def _lost(parts: PartResults) -> Iterator[WeakPoint]:
    by_chance = _rows_by_chance(parts)
    for column, level, rows in parts.coverage.lost_levels:
        share = rows / parts.tables.real_rows
        if rows >= by_chance:
            yield WeakPoint(
                "coverage",
                (column,),
                f"The level {level!r:.60} of {column!r} never occurs; {percent(share)} of the "
                "real rows have it.",
                _remedy_of_level(column, rows),
                float(np.sqrt(share)),
            )
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


def _rows_by_chance(parts: PartResults) -> float:
    """Return how many real rows a level has at least that fresh rows hardly lose.

    Of a level that occurs in k rows of both tables, all k are real with the k-th power of the real
    table's share of all rows; that is looked at for each level.
    """
    charts = (column.distribution for column in parts.fidelity.columns)
    n_levels = sum(len(c.names) + c.n_others for c in charts if isinstance(c, LevelsChart))
    share = parts.tables.real_rows / (parts.tables.real_rows + parts.tables.synthetic_rows)
    return float(np.log(FALSE_ALARM / max(n_levels, 1)) / np.log(share))


def _remedy_of_level(column: str, rows: int) -> str:
    if rows < LESS_CERTAIN:
        return (
            "Keep it out: so few rows may be single persons. In tabgan --min-group 1 keeps all "
            "levels, where they may be public."
        )
    return (
        f"Ask for rows that have it: tabgan sample --balance {column!r}, or with a condition "
        f"(--where), of a model that was fitted with --condition-on {column!r}."
    )


def _telling(parts: PartResults) -> Iterator[WeakPoint]:
    gains = _gains(parts)
    rows = parts.tables.compared_rows["detection"]
    by_chance = SURE / np.sqrt(6 * rows)  # of the AUC of a random order
    for feature, gain in gains.items():
        noise = by_chance * np.sqrt(_design_effect(parts, *feature.columns))
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


def _useless(parts: PartResults) -> Iterator[WeakPoint]:
    utility = parts.utility
    if utility is None:
        return
    tables = parts.tables
    tested = tables.holdout_rows or tables.real_rows / TESTED
    noise = SURE / np.sqrt(tested) / 2
    losses = {name: real - synthetic for name, real, synthetic in utility.importances}
    feature = max(losses, key=lambda name: losses[name], default=None)
    columns = (utility.target,) if feature is None else (utility.target, feature)
    missed = "" if feature is None else f"; most is lost of what {feature!r} tells about it"
    yield WeakPoint(
        "utility",
        columns,
        f"A model of {utility.target!r} that learns from the table gets {utility.metric} "
        f"{utility.score.value:.3f} on real rows, in place of {utility.score.baseline:.3f}"
        f"{missed}.",
        "Train longer; in tabgan keep polish on, which redraws columns such as "
        f"{utility.target!r} by all others.",
        float(SYMPTOM * max(1 - utility.kept - noise, 0.0)),
        by_learning=True,
    )
    if utility.columns:
        worst = utility.columns[0]
        yield WeakPoint(
            "utility",
            (worst.column,),
            f"Models that learn from the table know {100 * utility.kept_of_all:.0f} % of what real "
            "rows teach about each column by the others; most is lost of "
            f"{worst.column!r}: {worst.metric} {worst.score.value:.3f}, in place of "
            f"{worst.score.baseline:.3f}.",
            "Train longer; in tabgan keep polish on, which redraws columns by all others.",
            float(SYMPTOM * max(1 - utility.kept_of_all - noise, 0.0)),
            by_learning=True,
        )
