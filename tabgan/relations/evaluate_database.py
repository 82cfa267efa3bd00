"""Evaluates a synthetic database: keys, numbers of children, trends across tables, histories.

Each figure is compared with that of two halves of the real database, which is split by the rows
without a parent, together with their children.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from tabgan.base.errors import DataError, SchemaError
from tabgan.base.random_streams import numpy_stream
from tabgan.evaluation.compared_tables import code_columns, read_tables, split_lists
from tabgan.evaluation.detection import detection_score
from tabgan.evaluation.fidelity import pair_trends
from tabgan.evaluation.near_rules import smallest_step
from tabgan.evaluation.report.report_page import HtmlPage
from tabgan.evaluation.results import Grade
from tabgan.evaluation.structure import compare_rules
from tabgan.evaluation.verdict import overall_score
from tabgan.inference.infer_schema import infer_schema
from tabgan.relations.drawing_plan import DatabasePlan, plan_database
from tabgan.relations.relations import ForeignKey, Relations, Rows, Tables, parent_rows
from tabgan.relations.row_context import taken
from tabgan.table.columns import TypedSeries
from tabgan.table.schema import RANGED, Schema

__all__ = ["DatabaseEvaluation", "DatabaseFigure", "DatabaseVerdict", "evaluate_database"]

WORTHLESS_SHARE = 10.0  # percent of broken keys at which a score is 0
WORTHLESS_ERROR = 25.0  # percentage points beyond what halves get, the same
LEAST_ALIKE = 0.1  # detection score of halves; less tells them apart, too, and nothing of others
ALL = 100.0  # percent of a key or rule that holds
LEAST_BROKEN = 0.25  # percent of the rows that break what no real row does, which is worth a word
WEAK = 0.85  # score below which a figure is a weak point
SHOWN = 3  # weak points
PARTS: Mapping[str, tuple[str, ...]] = {
    "keys": ("integrity", "one to one", "uniqueness"),
    "numbers of children": ("cardinality error",),
    "rules": ("rows that keep",),
    "trends across tables": ("trend error",),
    "rows with parents and children": ("detection with parents", "detection with children"),
    "histories": ("detection with the row before", "gap error", "autocorrelation error"),
}
"""The parts of the verdict, and how their measures begin."""
MEANINGS: Mapping[str, str] = {
    "keys": "Does every key name a row, and are keys unique? In percent; all should hold.",
    "numbers of children": "Do as many parents have as many children? Error in percent, best 0.",
    "rules": "Do the rules of a table, orders and formulas with those above it, and totals of "
    "those below hold in as many rows? In percent; all should hold.",
    "trends across tables": "Are columns related to those of the tables above? Error in percent, "
    "best 0.",
    "rows with parents and children": "Can a classifier tell rows, joined with their parents or "
    "with numbers and means of their children, from real ones? Best 1.",
    "histories": "Do rows of a parent follow each other alike? Detection best 1, errors in percent "
    "best 0.",
}
_SHARES = ("keys", "rules")  # parts of percentages all of which should hold
_STEPS: tuple[tuple[Grade, str, float, float], ...] = (
    ("as good as real", "As good as another half of the real database", 0.95, 0.85),
    ("good", "Close to the real database", 0.85, 0.6),
    ("usable with care", "Usable with care", 0.6, 0.1),
    ("poor", "No stand-in for the real database", 0.0, 0.0),
)  # a grade, its words, the score that it takes, and that of the worst part


class DatabaseFigure(NamedTuple):
    """A figure of a table or key.

    Attributes
    ----------
    measure
        Its name.
    where
        The table or key.
    value
        Of the synthetic database.
    halves
        Of two halves of the real one; NaN where they can't be compared.
    """

    measure: str
    where: str
    value: float
    halves: float = float("nan")

    @property
    def part(self) -> str:
        """The part of the verdict that it belongs to."""
        return next(part for part, names in PARTS.items() if self.measure.startswith(names))

    @property
    def score(self) -> float:
        """From 0 to 1, as halves of the real database; NaN where the figure is unknown."""
        if self.part in _SHARES:
            lost = (100.0 if np.isnan(self.halves) else self.halves) - self.value
            return float(np.clip(1 - lost / WORTHLESS_SHARE, 0, 1))
        if self.measure.startswith("detection"):
            best = 1.0 if np.isnan(self.halves) else self.halves
            return float(np.clip(self.value / best, 0, 1)) if best >= LEAST_ALIKE else float("nan")
        least = 0.0 if np.isnan(self.halves) else self.halves
        return float(np.clip(1 - (self.value - least) / WORTHLESS_ERROR, 0, 1))

    @property
    def is_fault(self) -> bool:
        """Whether it is of a key or rule that real rows never break, and synthetic ones do."""
        never = np.isnan(self.halves) or self.halves >= ALL
        return self.part in _SHARES and bool(never) and self.value < ALL - LEAST_BROKEN

    def told(self) -> str:
        """Return the figure in a few words."""
        beside = "" if np.isnan(self.halves) else f", halves {self.halves:.3g}"
        return f"{self.measure} of {self.where}: {self.value:.3g}{beside}"


@dataclass(frozen=True)
class DatabaseVerdict:
    """The verdict on a database.

    Parameters
    ----------
    grade, headline
        The grade, and a line that says it, the weakest points first.
    score, parts
        The geometric mean of the parts' scores, and these, from 0 to 1: means of their figures, of
        keys and rules the lowest.
    weak_points
        The figures of the lowest scores, the lowest first.
    """

    grade: Grade
    headline: str
    score: float
    parts: Mapping[str, float]
    weak_points: tuple[DatabaseFigure, ...]


@dataclass(frozen=True)
class DatabaseEvaluation(HtmlPage):
    """The evaluation of a synthetic database: its figures and verdict.

    Parameters
    ----------
    figures
        All measures. Errors are in percent and best 0; integrity is a share in percent; detection
        scores are best 1: rows that a classifier can't tell apart.
    """

    figures: tuple[DatabaseFigure, ...]

    @property
    def verdict(self) -> DatabaseVerdict:
        """The grade, the score, and the weakest points."""
        scores: dict[str, list[float]] = {part: [] for part in PARTS}
        for own in self.figures:
            scores[own.part].append(own.score)
        parts = {
            part: float(np.nanmean(own)) for part, own in scores.items() if np.isfinite(own).any()
        }
        for part in parts.keys() & {*_SHARES}:  # one key or rule that does not hold is enough
            parts[part] = min(scores[part])
        score = overall_score(parts) if parts else 0.0
        worst = min(parts.values(), default=0.0)
        weak = sorted((own for own in self.figures if own.score < WEAK), key=lambda own: own.score)
        grade, words = next(
            (grade, words)
            for grade, words, least, least_part in _STEPS
            if score >= least and worst >= least_part
        )
        faults = sorted((own for own in self.figures if own.is_fault), key=lambda own: own.score)
        weak = [*weak, *(own for own in faults if own not in weak)]
        points = "; ".join(own.told() for own in weak[:SHOWN])
        beside = ", except" if grade == _STEPS[0][0] and faults else "; weakest"
        headline = f"{words}{beside}: {points}." if weak else f"{words}; nothing stands out."
        return DatabaseVerdict(grade, headline, score, parts, tuple(weak[:SHOWN]))

    def mean(self, measure: str) -> float:
        """Return the mean of a measure over tables or keys; NaN where there is none."""
        values = [own.value for own in self.figures if own.measure == measure]
        return float(np.nanmean(values)) if values else float("nan")

    def __str__(self) -> str:
        verdict = self.verdict
        rows = [("measure", "where", "synthetic", "halves")]
        rows += [
            (own.measure, own.where, _shown(own.value), _shown(own.halves)) for own in self.figures
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )
        return "\n".join([f"{verdict.headline} Score {verdict.score:.3f}.", "", *lines])

    def to_json(self) -> dict[str, Any]:
        """Describe verdict and figures by JSON values."""
        verdict = self.verdict
        return {
            "verdict": {
                "grade": verdict.grade,
                "headline": verdict.headline,
                "score": verdict.score,
                "parts": dict(verdict.parts),
                "weak_points": [own.told() for own in verdict.weak_points],
            },
            "figures": [
                {
                    **own._asdict(),
                    "value": None if np.isnan(own.value) else own.value,
                    "halves": None if np.isnan(own.halves) else own.halves,
                }
                for own in self.figures
            ],
        }

    def to_html(self) -> str:
        """Return a page that needs nothing beside it."""
        from tabgan.evaluation.report.report_page import render_database

        sections = [
            (part, MEANINGS[part], [own for own in self.figures if own.part == part])
            for part in self.verdict.parts
        ]
        return render_database(self.verdict, sections, self.to_json())


def _shown(number: float) -> str:
    """Write a number; an unknown one is blank."""
    return "" if np.isnan(number) else f"{number:.3g}"


MOST_HOPS = 3
MOST_COLUMNS = 60  # of joined tables
FEWEST_ROWS = 20  # that are compared
LEAST_TOTAL = 0.99  # share of the real rows in which a number is one of the rows that refer to it
RELATIVE = 1e-9  # of a number's size, that its sums are off

Mask = NDArray[np.bool_]


class _Side(NamedTuple):
    """A database, and the rows that its keys refer to."""

    tables: Tables
    rows: Mapping[ForeignKey, Rows]


def evaluate_database(
    real: Tables, synthetic: Tables, relations: Relations, *, random_state: int = 0
) -> DatabaseEvaluation:
    """Compare a synthetic database with a real one.

    Parameters
    ----------
    real, synthetic
        Tables by name.
    relations
        How they belong together.
    random_state
        Seed of the halves and of the detectors.

    Notes
    -----
    Sources: SDMetrics' documentation ("Cardinality Shape Similarity", "Inter-Table Trends");
    Hudovernik, Jurkovič and Štrumbelj, "Benchmarking the Fidelity and Utility of Synthetic
    Relational Data" (2024), for detection with aggregates of children.
    """
    sides = [
        _Side(
            _with_numbers(tables, real, relations),
            {key: parent_rows(tables, key) for key in relations.foreign_keys},
        )
        for tables in (real, synthetic)
    ]
    real = sides[0].tables
    plan = plan_database(real, relations, sides[0].rows)
    halves = _halves(plan, sides[0], random_state)
    figures = [
        *_keys(relations, sides),
        *_cardinalities(plan, sides, halves),
        *_rules(plan, relations, sides, random_state),
        *_totals(plan, relations, sides),
        *_joined(plan, relations, sides, halves),
        *_with_aggregates(plan, relations, sides, halves),
        *_histories(plan, relations, sides, halves),
    ]
    return DatabaseEvaluation(tuple(figures))


def _with_numbers(tables: Tables, real: Tables, relations: Relations) -> Tables:
    """Return the tables with floats in place of texts that are numbers in the real ones."""
    found = {}
    for name, frame in tables.items():
        plain = _plain(name, relations, real[name]) if name in real else frame.iloc[:, :0]
        texts = plain.loc[:, [column for column in plain if plain[column].dtype == object]]
        schema = _schema(texts) if len(texts.columns) else None
        own = frame.copy(deep=False)
        for column in schema or ():
            if column.kind in ("integer", "numeric") and column.name in frame.columns:
                cells = TypedSeries(column, frame[column.name].reset_index(drop=True)).numbers
                values = np.where(cells.present, cells.values.astype(np.float64), np.nan)
                own[column.name] = pd.Series(values, index=frame.index)
        found[name] = own
    return found


def _halves(plan: DatabasePlan, side: _Side, seed: int) -> dict[str, Mask]:
    """Split the rows of all tables by halves of the rows without a steering parent."""
    rng = numpy_stream(seed, "halves")
    found: dict[str, Mask] = {}
    for own in plan.tables:
        n = len(side.tables[own.table])
        half = rng.permutation(n) < n // 2
        if own.steering is not None and own.source in found:
            rows = side.rows[own.steering]
            if own.follows:
                back = np.argsort(rows, kind="stable")
                half = found[own.source][back]
            else:
                there = rows >= 0
                half[there] = found[own.source][rows[there]]
        found[own.table] = half
    return found


def _keys(relations: Relations, sides: Sequence[_Side]) -> Iterator[DatabaseFigure]:
    real, synthetic = sides
    for key in relations.foreign_keys:
        rows = synthetic.rows[key]
        yield DatabaseFigure(
            "integrity", str(key), 100 * float(np.mean(rows != -2)) if len(rows) else 100.0, 100.0
        )
        own = real.rows[key][real.rows[key] >= 0]
        if len(own) and len(np.unique(own)) == len(own):
            there = rows[rows >= 0]
            share = len(np.unique(there)) / max(len(there), 1)
            yield DatabaseFigure("one to one", str(key), 100 * share, 100.0)
    for table, columns in relations.keys.items():
        frame = synthetic.tables[table]
        share = 1 - float(frame.duplicated([*columns]).mean()) if len(frame) else 1.0
        yield DatabaseFigure("uniqueness", table, 100 * share, 100.0)


def _counts(side: _Side, key: ForeignKey) -> NDArray[np.int64]:
    rows = side.rows[key]
    return np.bincount(rows[rows >= 0], minlength=len(side.tables[key.parent])).astype(np.int64)


def _count_error(real: Rows, other: Rows) -> float:
    """Return how far two distributions of numbers of children are apart, in percent.

    It is the greatest distance of their shares up to a number. Of few parents, where one child more
    would change it wholly, it is the mean distance of the numbers of the same rank, in percent of
    their mean.
    """
    if min(len(real), len(other)) >= FEWEST_ROWS:
        return 100 * float(ks_2samp(real, other).statistic)
    ranks = np.linspace(0, 1, FEWEST_ROWS)
    distance = np.abs(np.quantile(real, ranks) - np.quantile(other, ranks)).mean()
    return 100 * float(min(distance / max(real.mean(), 1.0), 1.0))


def _cardinalities(
    plan: DatabasePlan, sides: Sequence[_Side], halves: Mapping[str, Mask]
) -> Iterator[DatabaseFigure]:
    drawn = {own.table for own in plan.tables}
    for own in plan.tables:
        keys = [key for key in (own.steering, *own.links, *own.references) if key is not None]
        for key in keys:
            real, synthetic = (_counts(side, key) for side in sides)
            if not len(real) or not len(synthetic):
                continue
            half = float("nan")
            if key.parent in drawn:
                chosen = halves[key.parent]
                if 0 < chosen.sum() < len(chosen):
                    half = _count_error(real[chosen], real[~chosen])
            elif synthetic.any():  # as many parents of a larger or smaller table: shares count
                synthetic = np.rint(synthetic * (real.sum() / synthetic.sum())).astype(np.int64)
            value = _count_error(real, synthetic)
            yield DatabaseFigure("cardinality error", str(key), value, half)


def _plain(table: str, relations: Relations, frame: pd.DataFrame) -> pd.DataFrame:
    keys = relations.key_columns(table)
    return frame.loc[:, [name for name in frame.columns if name not in keys]]


def _ancestors(
    table: str, relations: Relations, side: _Side, hops: int = MOST_HOPS
) -> Iterator[tuple[str, Rows, str, int]]:
    """Yield the tables above one: a name, the row of each row, the table, and how far it is."""
    for key in relations.of(table):
        rows = side.rows[key]
        if key.parent == table or len(rows) == 0:
            continue
        name = f"{key.parent} by {'+'.join(key.columns)}"
        yield name, rows, key.parent, 1
        if hops > 1:
            for above, further, other, far in _ancestors(key.parent, relations, side, hops - 1):
                if other != table:
                    through = np.where(rows >= 0, further[rows.clip(0)], -1)
                    yield f"{above} of {name}", through, other, far + 1


def _joined_frame(table: str, relations: Relations, side: _Side) -> tuple[pd.DataFrame, list[int]]:
    """Join a table with those above it; return how far the table of each column is, too."""
    own = _plain(table, relations, side.tables[table]).reset_index(drop=True)
    columns = [own[name].rename(str(name)) for name in own.columns]
    hops = [0] * len(columns)
    for name, rows, above, far in _ancestors(table, relations, side):
        other = _plain(above, relations, side.tables[above])
        for column in other.columns:
            columns.append(taken(other[column], rows).rename(f"{name}: {column}"))
            hops.append(far)
    order = np.argsort(hops, kind="stable")[:MOST_COLUMNS]
    frame = (
        pd.concat([columns[i] for i in order], axis=1) if columns else pd.DataFrame(index=own.index)
    )
    return frame, [hops[i] for i in order]


def _schema(frame: pd.DataFrame) -> Schema | None:
    try:
        return infer_schema(frame)
    except (DataError, SchemaError):
        return None


def _score(real: pd.DataFrame, other: pd.DataFrame, schema: Schema) -> float:
    try:
        return detection_score(real, other, schema)
    except (DataError, SchemaError, ValueError):
        return float("nan")


def _trend(
    real: pd.DataFrame, other: pd.DataFrame, schema: Schema, hops: Mapping[str, int]
) -> dict[int, float]:
    """Return the mean error of pairs of a column and one of a table above, by the distance."""
    (one, two), split = split_lists((real, other), schema)
    coded = code_columns(one, two, split)
    names = [str(split.names[at]) for at in coded]
    error = pair_trends([*coded.values()]).error
    far = np.array([hops.get(name, -1) for name in names])
    found = {}
    for hop in sorted({*far.tolist()} - {-1, 0}):
        errors = error[np.ix_(far == 0, far == hop)]
        if errors.size and np.isfinite(errors).any():
            found[hop] = 100 * float(np.nanmean(errors))
    return found


def _joined(
    plan: DatabasePlan,
    relations: Relations,
    sides: Sequence[_Side],
    halves: Mapping[str, Mask],
) -> Iterator[DatabaseFigure]:
    for own in plan.tables:
        (real, far), (synthetic, _) = (_joined_frame(own.table, relations, side) for side in sides)
        if not max(far, default=0) or min(len(real), len(synthetic)) < FEWEST_ROWS:
            continue
        schema = _schema(real)
        if schema is None:
            continue
        hops = dict(zip(map(str, real.columns), far, strict=True))
        parts = _halved(real, halves[own.table])
        trends = _trend(real, synthetic, schema, hops)
        halved = _trend(*parts, schema, hops) if min(map(len, parts)) >= 2 else {}
        for hop, value in trends.items():
            yield DatabaseFigure(
                f"trend error {hop} hop{'s' * (hop > 1)}", own.table, value, halved.get(hop, np.nan)
            )
        detection = _score(real, synthetic, schema), _score(*parts, schema)
        yield DatabaseFigure("detection with parents", own.table, *detection)


def _rules(
    plan: DatabasePlan, relations: Relations, sides: Sequence[_Side], seed: int
) -> Iterator[DatabaseFigure]:
    """Compare the rules of each table, and those of numbers and dates with the tables above it."""
    rng = numpy_stream(seed, "rules")
    for own in plan.tables:
        (real, far), (synthetic, _) = (_joined_frame(own.table, relations, side) for side in sides)
        schema = _schema(real)
        if schema is None or min(len(real), len(synthetic)) < FEWEST_ROWS:
            continue
        source = {
            name: name.rpartition(": ")[0] if hops else ""  # the table above, "" for its own
            for name, hops in zip(map(str, real.columns), far, strict=True)
        }
        numbers = {str(column.name) for column in schema if column.kind in RANGED}
        tables = read_tables(real, synthetic, schema=schema)
        for rule in compare_rules(tables, rng):
            sources = {source.get(name, "") for name in rule.columns}
            if sources == {""} or ("" in sources and numbers >= {*rule.columns}):
                yield DatabaseFigure(f"rows that keep {rule.rule}", own.table, *rule.rows)


def _totals(
    plan: DatabasePlan, relations: Relations, sides: Sequence[_Side]
) -> Iterator[DatabaseFigure]:
    """Compare the numbers of a table that are sums, means or counts of rows that refer to it."""
    for own in plan.tables:
        keys = [key for key in relations.into(own.table) if key.table != own.table]
        if not keys:
            continue
        real, synthetic = (_aggregates(own.table, relations, side) for side in sides)
        plain = _plain(own.table, relations, sides[0].tables[own.table])
        numbers = [str(n) for n in plain if _is_number(plain[n])]
        for name in numbers:
            for other in [str(column) for column in real.columns[len(plain.columns) :]]:
                kept = [_agrees(frame, name, other) for frame in (real, synthetic)]
                if kept[0] >= LEAST_TOTAL:
                    measure = f"rows that keep {name!r} = {other!r}"
                    yield DatabaseFigure(measure, own.table, 100 * kept[1], 100 * kept[0])


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _agrees(frame: pd.DataFrame, name: str, other: str) -> float:
    """Return the share of rows in which two numbers are equal, up to the digits of the first."""
    values, total = (frame[one].to_numpy(np.float64, na_value=np.nan) for one in (name, other))
    known = ~np.isnan(values) & ~np.isnan(total)
    if known.sum() < FEWEST_ROWS or len(np.unique(values[known])) < FEWEST_ROWS:
        return 0.0
    values, total = values[known], total[known]
    near = np.abs(values - total) <= smallest_step(values) / 2 + RELATIVE * np.abs(values)
    return float(near.mean())


def _halved(frame: pd.DataFrame, half: Mask) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split the rows of a table into those of one half of the database and of the other."""
    return frame[half].reset_index(drop=True), frame[~half].reset_index(drop=True)


def _aggregates(table: str, relations: Relations, side: _Side) -> pd.DataFrame:
    """Return a table with numbers, means and sums of the rows that refer to its rows."""
    frame = _plain(table, relations, side.tables[table]).reset_index(drop=True)
    for key in relations.into(table):
        if key.table == table:
            continue
        rows, child = side.rows[key], _plain(key.table, relations, side.tables[key.table])
        there = rows >= 0
        groups = child[there].groupby(rows[there])
        frame[f"{key}: rows"] = _counts(side, key)
        for name in child.columns:
            values = child[name]
            if _is_number(values):
                for how in ("mean", "sum"):
                    found = groups[name].agg(how)
                    frame[f"{key}: {how} of {name}"] = found.reindex(frame.index).to_numpy(float)
            else:
                found = groups[name].nunique()
                frame[f"{key}: values of {name}"] = found.reindex(frame.index).to_numpy(float)
    return frame


def _with_aggregates(
    plan: DatabasePlan,
    relations: Relations,
    sides: Sequence[_Side],
    halves: Mapping[str, Mask],
) -> Iterator[DatabaseFigure]:
    for own in plan.tables:
        if not any(key.table != own.table for key in relations.into(own.table)):
            continue
        real, synthetic = (_aggregates(own.table, relations, side) for side in sides)
        schema = _schema(real)
        if schema is None or min(len(real), len(synthetic)) < FEWEST_ROWS:
            continue
        parts = _halved(real, halves[own.table])
        detection = _score(real, synthetic, schema), _score(*parts, schema)
        yield DatabaseFigure("detection with children", own.table, *detection)


def _histories(
    plan: DatabasePlan,
    relations: Relations,
    sides: Sequence[_Side],
    halves: Mapping[str, Mask],
) -> Iterator[DatabaseFigure]:
    for own in plan.tables:
        order = relations.orders.get(own.table)
        if order is None or own.steering is None or own.follows:
            continue
        frame = _plain(own.table, relations, sides[0].tables[own.table])
        schema = _schema(frame)
        if schema is None or schema[order].kind != "datetime":
            continue
        real, synthetic = (
            _history(own.table, own.steering, order, side=side, schema=schema) for side in sides
        )
        half = halves[own.table]
        one, two = (
            _history(own.table, own.steering, order, side=sides[0], schema=schema, only=only)
            for only in (half, ~half)
        )
        rows = _with_rows_before(own.table, own.steering, order, side=sides[0], schema=schema)
        others = _with_rows_before(own.table, own.steering, order, side=sides[1], schema=schema)
        joined = _schema(rows)
        if joined is not None and len(others) >= FEWEST_ROWS:
            chosen = half[rows.index.to_numpy()]
            yield DatabaseFigure(
                "detection with the row before",
                own.table,
                _score(rows.reset_index(drop=True), others.reset_index(drop=True), joined),
                _score(
                    rows[chosen].reset_index(drop=True),
                    rows[~chosen].reset_index(drop=True),
                    joined,
                ),
            )
        if min(map(len, (real["gaps"], synthetic["gaps"], one["gaps"], two["gaps"]))):
            value = 100 * ks_2samp(real["gaps"], synthetic["gaps"]).statistic
            apart = 100 * ks_2samp(one["gaps"], two["gaps"]).statistic
            yield DatabaseFigure("gap error", own.table, value, apart)
        for name in real:
            if name != "gaps":
                value = 100 * abs(float(real[name][0] - synthetic[name][0]))
                apart = 100 * abs(float(one[name][0] - two[name][0]))
                where = f"{own.table}.{name}"
                yield DatabaseFigure("autocorrelation error", where, value, apart)


def _in_order(
    table: str, key: ForeignKey, order: str, side: _Side, schema: Schema
) -> tuple[Rows, Mask, NDArray[np.float64]]:
    """Return the rows of parents in their order, which follow one of the same, and their times."""
    frame, rows = side.tables[table], side.rows[key]
    times = TypedSeries(schema[order], frame[order].reset_index(drop=True)).numbers
    chosen = np.flatnonzero((rows >= 0) & times.present)
    chosen = chosen[np.lexsort([times.values[chosen], rows[chosen]])]
    follows = np.append(False, rows[chosen][1:] == rows[chosen][:-1])
    return chosen.astype(np.int64), follows, times.values[chosen].astype(float)


def _with_rows_before(
    table: str, key: ForeignKey, order: str, *, side: _Side, schema: Schema
) -> pd.DataFrame:
    """Join rows with the ones before them, with the gap in place of the times."""
    chosen, follows, ticks = _in_order(table, key, order, side, schema)
    own = side.tables[table].loc[:, [c.name for c in schema if c.name != order]]
    at = np.flatnonzero(follows)
    later = own.iloc[chosen[at]].reset_index(drop=True)
    before = own.iloc[chosen[at - 1]].reset_index(drop=True).add_prefix("before: ")
    frame = pd.concat([later, before], axis=1).assign(gap=ticks[at] - ticks[at - 1])
    return frame.set_axis(chosen[at])


def _history(
    table: str,
    key: ForeignKey,
    order: str,
    *,
    side: _Side,
    schema: Schema,
    only: Mask | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Return the gaps of a parent's rows, and the correlation of each with the one before."""
    frame = side.tables[table]
    chosen, follows, ticks = _in_order(table, key, order, side, schema)
    if only is not None:
        inside = only[chosen]
        chosen, follows, ticks = chosen[inside], follows[inside], ticks[inside]
    pairs = follows[1:]
    found = {"gaps": (ticks[1:] - ticks[:-1])[pairs]}
    for column in schema:
        if column.kind in ("integer", "numeric"):
            numbers = TypedSeries(column, frame[column.name].reset_index(drop=True)).numbers
            values = pd.Series(np.where(numbers.present, numbers.values.astype(float), np.nan))
            ranks = values.rank().to_numpy(float)[chosen]
            known = pairs & np.isfinite(ranks[1:]) & np.isfinite(ranks[:-1])
            alike = np.nan
            if known.sum() > 2 and ranks[1:][known].std() and ranks[:-1][known].std():
                alike = np.corrcoef(ranks[1:][known], ranks[:-1][known])[0, 1]
            found[str(column.name)] = np.array([alike])
    return found
