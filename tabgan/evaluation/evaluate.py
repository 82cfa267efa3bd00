"""`evaluate` judges a synthetic table by the real one, `compare` several; and their results."""

import textwrap
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from numbers import Real
from typing import Any, get_args

import numpy as np
from threadpoolctl import threadpool_limits

from tabgan.base.errors import DataError, OptionError
from tabgan.base.random_streams import RandomStateLike, numpy_stream, resolve_seed
from tabgan.base.registry import FunctionRegistry
from tabgan.evaluation.compared_tables import (
    ComparedTables,
    join_rare_levels,
    read_tables,
    row_hashes,
)
from tabgan.evaluation.copying import fault_of_holdout, measure_nearness
from tabgan.evaluation.detection import detect, map_in_threads
from tabgan.evaluation.evaluation_parts import Figure, Utility
from tabgan.evaluation.fidelity import Relations, describe_fidelity, measure_relations
from tabgan.evaluation.published_metrics import measure_field
from tabgan.evaluation.report.report_page import HtmlPage
from tabgan.evaluation.results import (
    EvaluationResults,
    Grade,
    PartResults,
    Tables,
    Use,
    Verdict,
)
from tabgan.evaluation.structure import measure_structure
from tabgan.evaluation.utility import (
    Target,
    choose_target,
    measure_utility,
    named_target,
)
from tabgan.evaluation.validity_and_coverage import check_validity, measure_coverage
from tabgan.evaluation.verdict import make_verdict
from tabgan.inference.accept_table import TableLike
from tabgan.inference.people_columns import names_kept
from tabgan.table.schema import Kind, Schema

__all__ = [
    "Comparison",
    "Evaluation",
    "Metric",
    "aligned",
    "compare",
    "evaluate",
    "figure_rows",
    "register_metric",
]

MOST_PAIR_ROWS = 50_000
MOST_MODEL_ROWS = 20_000
MOST_DISTANCE_ROWS = 5_000
MOST_STAND_INS = 3  # columns whose rare levels are named in the summary
LEAST_APART = 0.005  # scores of equally good tables are
SURE_OF_SCORE = 2  # standard errors of what models learn
WIDTH = 88
_Row = tuple[str, str, str, str]
Metric = Callable[[ComparedTables], Figure | float]
"""Returns one figure of the tables, NaN where it is not known."""
_REGISTERED: FunctionRegistry[ComparedTables] = FunctionRegistry("metric")


@dataclass(frozen=True, repr=False)
class Evaluation(EvaluationResults, HtmlPage):
    """How good a synthetic table is, figure by figure.

    Attributes
    ----------
    verdict
        The decision in words, the overall score, and the weakest points.
    tables
        What was compared, how much of it, and how long it took.
    validity, structure, fidelity, detection, coverage, nearness
        The parts.
    utility
        None where no column can be predicted from the others.
    measures
        What papers and other tools report; it doesn't count in the verdict.
    run
        How the table came about; None where only the tables are known.
    privacy
        What attacks found (`tabgan.privacy.audit`); None where none were tried. Put it beside the
        rest by ``dataclasses.replace(evaluation, privacy=audit(real, synthetic, holdout))``.
    metrics
        Figures of registered metrics by name; they don't count in the verdict.
    """

    def summary(self) -> str:
        """Return the verdict, the parts with their baselines and the weakest points, as text."""
        return summarize(self)

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return f"Evaluation(grade={self.verdict.grade!r}, score={self.verdict.score:.3f})"

    def to_html(self) -> str:
        """Return the quality report: one HTML page, under 2 MB, that needs no network.

        Examples
        --------
        ``evaluation.save_html("report.html")`` writes it to a file.
        """
        from tabgan.evaluation.report.report_page import render

        return render(self)


def evaluate(
    real: TableLike,
    synthetic: TableLike,
    holdout: "TableLike | None" = None,
    target: Hashable | None = None,
    *,
    schema: Schema | Mapping[Hashable, Kind] | None = None,
    metrics: Sequence[str] = (),
    random_state: RandomStateLike = 0,
) -> Evaluation:
    """Measure how good a synthetic table is, whatever generated it.

    Each figure comes with its baseline: what a fresh sample of the real table would get.

    Parameters
    ----------
    real
        The real table: a DataFrame, or another table that `TabGAN.fit` takes.
    synthetic
        The synthetic table, with any number of rows and any order of the columns.
    holdout
        Real rows that the generator did not see. Detectors, models and distances are then tested on
        rows that can't have been copied; otherwise on rows of the real table.
    target
        The column that models predict; by default one is chosen.
    schema
        The schema, or a dict of kinds, as in `TabGAN`; by default inferred from the real table.
    metrics
        Names of registered metrics (`register_metric`) to compute as well.
    random_state
        Seed of samples, folds and models; the same seed gives the same figures.

    Returns
    -------
    An evaluation: the parts, a verdict, and the weakest points. Large tables are sampled: 50,000
    rows for pairs of columns, 20,000 for detectors and models, 5,000 of each table for distances.
    Shapes, validity and copies use all rows.

    Raises
    ------
    DataError
        If a table has other columns, fewer than ten rows, or nothing to compare.
    SchemaError
        If the schema does not fit the real table.
    OptionError
        If the target is not a column that can be predicted, or a metric is not known.
    TabGANError
        If a registered metric fails.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=400)
    >>> table = pd.DataFrame({"x": x, "y": x + rng.normal(size=400) / 9})
    >>> shuffled = table.assign(y=rng.permutation(table["y"]))
    >>> found = evaluate(table, shuffled)
    >>> found.verdict.grade, found.verdict.weak_points[0].part
    ('poor', 'fidelity')
    """
    _REGISTERED.check("metrics", metrics)
    seed = resolve_seed(random_state)
    seconds: dict[str, float] = {}
    with threadpool_limits(1):  # whole jobs are shared out instead
        with _timed(seconds, "reading"):
            exact = read_tables(real, synthetic, holdout, schema)
            fault = _fault_of_holdout(exact)
            if fault:  # its rows would say that copies are what fresh rows look like
                exact = read_tables(real, synthetic, None, schema)
            compared = join_rare_levels(exact)
        predicted = (
            None if target is None else named_target(target, compared.schema, compared.coded)
        )
        with _timed(seconds, "fidelity"):
            rng = numpy_stream(seed, "pairs")
            relations = measure_relations(compared, rng, MOST_PAIR_ROWS)
        parts = _measure(exact, compared, relations, predicted, seed=seed, seconds=seconds)
    if fault:
        parts = parts._replace(tables=replace(parts.tables, holdout_fault=fault))
    further = _further_metrics(compared, metrics, seconds)
    verdict = make_verdict(parts, relations)
    return Evaluation(verdict=verdict, **parts._asdict(), metrics=further)


def _fault_of_holdout(tables: ComparedTables) -> str:
    """Say that the holdout is rows of the real table, or nothing."""
    if tables.holdout is None:
        return ""
    unseen, real = (
        row_hashes([getattr(column, side) for column in tables.coded.values()])
        for side in ("holdout", "real")
    )
    return fault_of_holdout(unseen, {"real": real})


def register_metric(name: str, function: Metric) -> None:
    """Register a metric for `evaluate`, which computes it if ``metrics`` names it.

    Parameters
    ----------
    name
        The name, an unused identifier.
    function
        Takes the compared tables and returns a number, or a `Figure`, which also has the number of
        a fresh real sample.

    Raises
    ------
    OptionError
        If the name is taken or no identifier, or the function can't be called.
    """
    _REGISTERED.register(name, function)


def _further_metrics(
    compared: ComparedTables, names: Sequence[str], seconds: dict[str, float]
) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for name in names:
        with _timed(seconds, "metrics"):
            result = _REGISTERED.run(name, compared)
        parts: tuple[Any, ...] = result if isinstance(result, Figure) else (result,)
        if not all(isinstance(part, Real) for part in parts):
            raise _REGISTERED.error(
                name, f"returned {result!r:.80}; it has to return a number or a Figure"
            )
        figures[name] = Figure(*map(float, parts))
    return figures


def _measure(
    exact: ComparedTables,
    tables: ComparedTables,
    relations: Relations,
    target: Target | None,
    *,
    seed: int,
    seconds: dict[str, float],
) -> PartResults:
    """Measure the parts, as many at a time as there are cores, and note their seconds."""
    coded, names = tables.coded, tables.names
    stream = partial(numpy_stream, seed)  # each part has one of its own
    jobs: dict[str, Callable[[], Any]] = {  # the longest first
        "detection": lambda: detect(
            coded,
            names,
            relations.suspects([*coded]),
            most_rows=MOST_MODEL_ROWS,
            seed=seed,
            units=tables.joint_units,
        ),
        "utility": lambda: _measure_utility(tables, target, seed),
        # a rare level that was copied is part of a copy
        "nearness": lambda: measure_nearness(
            exact.coded, stream("nearness"), MOST_DISTANCE_ROWS, exact.keyed_units
        ),
        "structure": lambda: measure_structure(tables, stream("structure")),
        "measures": lambda: measure_field(coded, relations, stream("measures"), MOST_DISTANCE_ROWS),
        "validity": lambda: check_validity(tables, stream("validity")),
        "coverage": lambda: measure_coverage(tables, stream("coverage"), MOST_PAIR_ROWS),
    }

    def measure(part: str) -> Any:
        with _timed(seconds, part):
            return jobs[part]()

    found: dict[str, Any] = dict(zip(jobs, map_in_threads(measure, jobs), strict=True))
    detected, (utility, learned) = found.pop("detection"), found.pop("utility")
    with _timed(seconds, "fidelity"):
        fidelity = describe_fidelity(tables, relations, detected.columns, stream("shapes"))
    rows = _compared_rows(tables, relations, detected.rows, learned)
    scope = _scope(tables, rows, seed, seconds)
    return PartResults(
        tables=scope, fidelity=fidelity, detection=detected.detection, utility=utility, **found
    )


def _measure_utility(
    tables: ComparedTables, target: Target | None, seed: int
) -> tuple[Utility | None, int]:
    """Return the utility, None where nothing can be predicted, and the rows a model learns from."""
    target = target or choose_target(
        tables.coded, numpy_stream(seed, "target"), tables.units.get("real"), tables.parts
    )
    trained = target and measure_utility(
        tables.coded,
        tables.names,
        target,
        most_rows=MOST_MODEL_ROWS,
        rng=numpy_stream(seed, "utility"),
        units=tables.units,
    )
    return trained or (None, 0)


def _scope(
    tables: ComparedTables, compared_rows: dict[str, int], seed: int, seconds: dict[str, float]
) -> Tables:
    held_out = 0 if tables.holdout is None else len(tables.holdout)
    sizes = (len(tables.real), len(tables.synthetic), held_out)
    kept = names_kept(tables.schema, tables.real)
    return Tables(*sizes, compared_rows, seed, seconds, kept_names=kept)


def _compared_rows(
    tables: ComparedTables, relations: Relations, detected: int, trained: int
) -> dict[str, int]:
    """Return how many rows of a table each part looked at, at most."""
    n_real, n_synthetic = len(tables.real), len(tables.synthetic)
    return {
        "validity": _longest(tables),
        "fidelity": relations.rows,
        "detection": detected,
        "utility": trained,
        "coverage": min(MOST_PAIR_ROWS, _longest(tables)),
        "nearness": min(MOST_DISTANCE_ROWS, n_synthetic),
        "measures": min(MOST_DISTANCE_ROWS, n_synthetic, n_real),
    }


def _longest(tables: ComparedTables) -> int:
    return max(len(tables.real), len(tables.synthetic))


@contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[part] = seconds.get(part, 0.0) + time.perf_counter() - began


def summarize(found: EvaluationResults) -> str:
    """Return the verdict, the parts with their baselines, the weakest points, and the risks."""
    tables = found.tables
    compared = f"{tables.synthetic_rows:,} synthetic rows against {tables.real_rows:,} real ones"
    if tables.holdout_rows:
        compared += f" and {tables.holdout_rows:,} held out"
    lines = [
        *textwrap.wrap(found.verdict.headline, WIDTH),
        f"Score {found.verdict.score:.3f} ({found.verdict.in_words}); {compared}",
        *textwrap.wrap(tables.holdout_fault, WIDTH),
        "",
        *(line for use in found.verdict.uses for line in _use(use)),
        "",
        *aligned([("", "score", "this table", "a fresh sample"), *_rows(found)]),
    ]
    for one in found.validity.stand_ins[:MOST_STAND_INS]:
        lines += ["", *textwrap.wrap(one.sentence, WIDTH)]
    for number, point in enumerate(found.verdict.weak_points, 1):
        lines += ["", *_paragraph(f"{number}. {point.what}"), *_paragraph(f"   {point.remedy}")]
    if found.privacy is not None:
        lines += ["", str(found.privacy)]
    return "\n".join(lines)


def _use(use: Use) -> list[str]:
    first = f"{use.use + ':':<16}{use.fit + '.':<12}"
    return textwrap.wrap(
        use.evidence, WIDTH, initial_indent=first, subsequent_indent=" " * len(first)
    )


def figure_rows(found: EvaluationResults) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the figures by part and meaning, each as text with its baseline."""
    fidelity, detection, coverage = found.fidelity, found.detection, found.coverage
    kept = found.structure.kept.items()
    rows = [
        ("validity", "valid rows", found.validity.valid_rows, "%"),
        *(("structure", f"{what} kept", Figure(100 * share), "%") for what, share in kept),
        ("shapes", "mean error", fidelity.shape_error, "%"),
        ("trends", "of the relations kept", Figure(100 * fidelity.relations_kept), "%"),
        ("trends", "mean error of pairs", fidelity.trend_error, "%"),
        ("detection", "AUC of trees", Figure(detection.trees.auc, detection.trees.baseline), ""),
    ]
    if found.utility is not None:
        what = f"{found.utility.metric} of {found.utility.target!r:.30}"
        rows.append(("utility", what, found.utility.score, ""))
        if found.utility.columns:
            share = Figure(100 * found.utility.kept_of_all)
            rows.append(("utility", "kept of what predicts each column", share, "%"))
    rows += [
        ("coverage", "levels", coverage.levels, "%"),
        ("coverage", "ranges", coverage.ranges, "%"),
        ("coverage", "rare combinations", coverage.rare_combinations, "%"),
        ("coverage", "missing patterns", coverage.missing_patterns, "%"),
        ("nearness", "unique rows copied", found.nearness.unique_copies, "%"),
        ("nearness", "rows near copies", found.nearness.near_copies, "%"),
    ]
    rows += [("further", name, figure, "") for name, figure in found.metrics.items()]
    return {
        (part, what): (_written(figure.value, unit), _written(figure.baseline, unit))
        for part, what, figure, unit in rows
        if not np.isnan(figure.value)
    }


def _rows(found: EvaluationResults) -> list[_Row]:
    scores, last, rows = found.verdict.parts, "", list[_Row]()
    for (part, what), (value, baseline) in figure_rows(found).items():
        first = part != last
        score = f"{scores[part]:.3f}" if first and part in scores else ""
        rows.append((part if first else "", score, f"{value} {what}", baseline))
        last = part
    return rows


def _written(value: float, unit: str) -> str:
    if np.isnan(value):
        return ""
    return f"{value:.1f} %" if unit == "%" else f"{value:.3f}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table, each column as wide as its widest cell."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="", subsequent_indent="   ")


@dataclass(frozen=True)
class Comparison(HtmlPage):
    """Several synthetic tables, judged by one real table with the same samples and models.

    Attributes
    ----------
    evaluations
        One for each table, by its name, the best first: by its grade, then by its score. Tables
        that copy real rows come last.
    """

    evaluations: Mapping[str, Evaluation]

    @property
    def best(self) -> str:
        """Name of the best table."""
        return next(iter(self.evaluations))

    @property
    def equals(self) -> tuple[str, ...]:
        """Names of the best table and of those that no more than chance is between it and them."""
        first = self.evaluations[self.best]
        return tuple(name for name, one in self.evaluations.items() if _are_equal(first, one))

    @property
    def standing(self) -> str:
        """Which table is the best, or that several are equal, in one sentence."""
        names = [f"{name!r}" for name in self.equals]
        if len(names) == 1:
            first = self.evaluations[self.best].verdict
            scores = [one.verdict.score for one in self.evaluations.values()]
            order = ""
            if first.score < max(scores):
                order = " Copies of real rows count first, then the grade, then the score."
            return f"The best one is {names[0]}.{order}"
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
        return f"{listed} are equal: no more than chance is between their scores."

    def rows(self) -> list[tuple[str, str, dict[str, str], str]]:
        """Return each figure: part, what it is, the tables' figures by name, and the baseline.

        A part's score comes first, under the name "score".
        """
        found = list[tuple[str, str, dict[str, str], str]]()
        parts = {part for one in self.evaluations.values() for part in one.verdict.parts}
        figures = {name: figure_rows(one) for name, one in self.evaluations.items()}
        order = list(dict.fromkeys(key for rows in figures.values() for key in rows))
        for part in dict.fromkeys(part for part, _ in order):
            if part in parts:
                scores = {
                    name: f"{one.verdict.parts[part]:.3f}"
                    for name, one in self.evaluations.items()
                    if part in one.verdict.parts
                }
                found.append((part, "score", scores, "1.000"))
            for key in (key for key in order if key[0] == part):
                values = {name: rows[key] for name, rows in figures.items() if key in rows}
                shown = {name: value for name, (value, _) in values.items()}
                found.append((part, key[1], shown, next(iter(values.values()))[1]))
        return found

    def summary(self) -> str:
        """Return the grades, and all figures side by side, as text."""
        names = [*self.evaluations]
        table = [
            ("", "", *names, "a fresh sample"),
            ("grade", "", *(one.verdict.in_words for one in self.evaluations.values()), ""),
            ("score", "", *(f"{one.verdict.score:.3f}" for one in self.evaluations.values()), ""),
        ]
        last = ""
        for part, what, shown, baseline in self.rows():
            cells = (shown.get(name, "") for name in names)
            table.append((part if part != last else "", what, *cells, baseline))
            last = part
        lines = [*aligned(table), "", *textwrap.wrap(self.standing, WIDTH)]
        for name, one in self.evaluations.items():
            lines += ["", f"{name}: {one.verdict.headline}"]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.summary()

    def to_json(self) -> dict[str, Any]:
        """Return the figures of each table as JSON values (`Evaluation.to_json`)."""
        return {name: one.to_json() for name, one in self.evaluations.items()}

    def to_html(self) -> str:
        """Return one HTML page with all tables side by side; it needs no network."""
        from tabgan.evaluation.report.report_page import render_comparison

        return render_comparison(self.evaluations, self.rows(), self.standing)


def compare(
    real: TableLike,
    tables: "Mapping[str, TableLike]",
    holdout: "TableLike | None" = None,
    target: Hashable | None = None,
    *,
    schema: Schema | Mapping[Hashable, Kind] | None = None,
    random_state: RandomStateLike = 0,
) -> Comparison:
    """Evaluate several synthetic tables against one real table, side by side.

    Parameters
    ----------
    real
        The real table.
    tables
        Dict of the synthetic tables by name, such as those of several tools, settings or seeds.
    holdout, target, schema, random_state
        As in `evaluate`; the same for all tables.

    Raises
    ------
    OptionError
        If there is no table.
    TabGANError
        As in `evaluate`.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> x, other = rng.normal(size=(2, 400))
    >>> real = pd.DataFrame({"x": x, "y": x})
    >>> copied, shuffled = pd.DataFrame({"x": other, "y": other}), real.assign(y=other)
    >>> compare(real, {"shuffled": shuffled, "drawn": copied}).best
    'drawn'
    """
    if not tables:
        raise OptionError("tables={} names no synthetic table; give at least one, by its name")
    seed = resolve_seed(random_state)
    found = {}
    for name, table in tables.items():
        try:
            found[name] = evaluate(real, table, holdout, target, schema=schema, random_state=seed)
        except DataError as error:
            raise type(error)(f"In the comparison with {name!r}: {error}") from error
    return Comparison(dict(sorted(found.items(), key=lambda item: _rank(item[1].verdict))))


def _are_equal(one: Evaluation, other: Evaluation) -> bool:
    """Say whether two tables have the same grade, and scores that chance alone may part."""
    verdicts = one.verdict, other.verdict
    if len({(verdict.grade, verdict.is_copied) for verdict in verdicts}) > 1:
        return False
    apart = abs(verdicts[0].score - verdicts[1].score)
    return apart <= max(float(np.hypot(_margin(one), _margin(other))), LEAST_APART)


def _margin(found: Evaluation) -> float:
    """Return how far chance alone may move a score: that of detection and of utility is known."""
    trees = found.detection.trees
    kept = () if found.utility is None else found.utility.errors_of_kept
    of_utility = SURE_OF_SCORE * float(np.mean(kept or 0.0))
    return float(np.hypot(trees.high - trees.low, of_utility)) / len(found.verdict.parts)


def _rank(verdict: Verdict) -> tuple[bool, int, float]:
    return verdict.is_copied, get_args(Grade).index(verdict.grade), -verdict.score
