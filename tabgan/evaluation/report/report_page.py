"""The quality report: one HTML page from templates, with its figures as JSON.

Also charts of single columns, pairs and trainings: those of the report, one at a time.
"""

import base64
import hashlib
import json
import math
import os
from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tabgan.base.errors import OptionError, TableFileError, did_you_mean
from tabgan.evaluation.compared_tables import ComparedTables, read_tables
from tabgan.evaluation.distributions import distribution_of, joint_shares
from tabgan.evaluation.evaluation_parts import (
    ColumnResult,
    Figure,
    LevelsChart,
    NumbersChart,
    Pairs,
)
from tabgan.evaluation.report import report_texts as words
from tabgan.evaluation.report import svg_charts
from tabgan.evaluation.report.report_charts import (
    HeatMaps,
    distribution,
    heat_maps,
    joint_chart,
    training_curves,
    worst_pairs,
)
from tabgan.evaluation.report.report_texts import FIGURES, Reading, clean, column_gap, read, short
from tabgan.evaluation.results import EvaluationResults
from tabgan.evaluation.weak_points import by_chance_alone
from tabgan.files.read_write import open_output
from tabgan.inference.accept_table import TableLike, as_frame
from tabgan.inference.infer_schema import resolve_schema
from tabgan.table.schema import Kind, Schema

__all__ = [
    "Chart",
    "plot_column",
    "plot_pair",
    "plot_training",
    "ColumnCard",
    "Columns",
    "HtmlPage",
    "LARGEST_PAGE",
    "Leading",
    "PartView",
    "chart_page",
    "embed",
    "framed",
    "kept_relations",
    "leading_figures",
    "parts",
    "render",
    "render_comparison",
    "render_database",
    "shortened",
    "shown_of",
    "sort_columns",
]

HEIGHT = 30  # rem, of a frame in a notebook
Kinds = Schema | Mapping[Hashable, Kind] | None
SHOWN_RECORDS = 240  # of the training, in the JSON
SHOWN_VIOLATIONS = 20
PART_NAMES = {
    "validity": "Validity",
    "structure": "Structure",
    "fidelity": "Fidelity",
    "shapes": "Shapes of columns",
    "trends": "Relations of columns",
    "detection": "Detection",
    "utility": "Utility",
    "coverage": "Coverage",
    "nearness": "Nearness",
    "metrics": "Further metrics",
}
ANCHORS = {"fidelity": "columns", "shapes": "columns", "trends": "pairs"}  # others: their own name
PART_MEANINGS = {
    "validity": "Could the real table hold these values?",
    "structure": "Are rules, keys and order in time kept?",
    "shapes": "Are the values of each column spread alike?",
    "trends": "Are columns related in the same way?",
    "detection": "Can a classifier tell the rows apart?",
    "utility": "Do models learn the same from them?",
    "coverage": "Is all of the real table there?",
    "nearness": "Do rows come too near to real ones?",
}


class ColumnCard(NamedTuple):
    """A column with its chart.

    Attributes
    ----------
    position
        Its place in the table; the page's anchor is made from it.
    gap
        How far it is from a fresh sample, from 0 to about 1.
    picture
        None where its values are not shown.
    """

    position: int
    result: ColumnResult
    gap: float
    reading: Reading | None
    picture: Markup | None

    @property
    def numbers(self) -> NumbersChart | None:
        """The distribution if it is one of numbers or times."""
        shown = self.result.distribution
        return shown if isinstance(shown, NumbersChart) else None

    @property
    def levels(self) -> LevelsChart | None:
        """The distribution if it is one of levels."""
        shown = self.result.distribution
        return shown if isinstance(shown, LevelsChart) else None


class Columns(NamedTuple):
    """All columns, the worst first.

    Attributes
    ----------
    cards
        Those with a chart.
    listed
        Further ones that are listed without.
    n_left_out
        How many are not even listed.
    generated
        Identifiers, personal data and text, which can't be compared, in the table's order.
    """

    cards: list[ColumnCard]
    listed: list[ColumnCard]
    n_left_out: int
    generated: list[ColumnResult]


class Leading(NamedTuple):
    """The figure that a part is known by, as `readings.FIGURES` names it."""

    key: str
    figure: Figure


class PartView(NamedTuple):
    """A part of the verdict."""

    name: str
    anchor: str
    meaning: str
    score: float
    leading: Leading | None


def sort_columns(evaluation: EvaluationResults, charts: int, listed: int) -> Columns:
    """Return the columns with at most so many charts and so many further lines.

    Parameters
    ----------
    evaluation
        What the page shows.
    charts, listed
        The most columns with a chart, and without one.
    """
    everything = list(enumerate(evaluation.fidelity.columns))
    compared = [
        (i, column, column_gap(column, by_chance_alone(evaluation, column.name)))
        for i, column in everything
        if column.shape_error
    ]
    compared.sort(key=lambda item: _far_off(item[1], item[2]), reverse=True)
    cards = [
        ColumnCard(i, column, gap, read(gap), _picture(column, with_chart=n < charts))
        for n, (i, column, gap) in enumerate(compared[: charts + listed])
    ]
    generated = [column for _, column in everything if not column.shape_error]
    return Columns(
        cards[:charts], cards[charts:], len(compared) - len(cards), generated[: charts + listed]
    )


def _far_off(column: ColumnResult, gap: float) -> tuple[float, float]:
    """Return what columns are sorted by: the gap that chance doesn't explain, then the figures."""
    reading = read(gap)
    is_off = reading is not None and reading.tone != "good"
    error = column.shape_error or Figure(0.0, 0.0)
    return (gap if is_off else 0.0), FIGURES["shape_error"].gap(error)


def _picture(column: ColumnResult, *, with_chart: bool) -> Markup | None:
    shown = column.distribution
    if not with_chart or shown is None or not len(shown.real):
        return None
    return distribution(column.name, shown)


def leading_figures(evaluation: EvaluationResults) -> dict[str, Leading]:
    """Return the figure that each part is known by."""
    figures = {
        "validity": Leading("valid_rows", evaluation.validity.valid_rows),
        "shapes": Leading("shape_error", evaluation.fidelity.shape_error),
        "trends": Leading("relations_kept", kept_relations(evaluation)),
        "detection": Leading(
            "trees", Figure(evaluation.detection.trees.auc, evaluation.detection.trees.baseline)
        ),
        "coverage": Leading("levels", evaluation.coverage.levels),
        "nearness": Leading("copies", evaluation.nearness.copies),
    }
    if evaluation.utility is not None:
        figures["utility"] = Leading("utility", evaluation.utility.score)
    return figures


def kept_relations(evaluation: EvaluationResults) -> Figure:
    """Return the share of the relations that is kept, in percent."""
    return Figure(100 * evaluation.fidelity.relations_kept)


def parts(evaluation: EvaluationResults) -> list[PartView]:
    """Return the parts of the verdict in its order."""
    leading = leading_figures(evaluation)
    return [
        PartView(
            PART_NAMES.get(key, key),
            ANCHORS.get(key, key),
            PART_MEANINGS.get(key, ""),
            score,
            leading.get(key),
        )
        for key, score in evaluation.verdict.parts.items()
    ]


def shown_of(
    evaluation: EvaluationResults, columns: Columns, maps: HeatMaps | None
) -> EvaluationResults:
    """Return an evaluation of no more than the page shows, whose JSON is small.

    Parameters
    ----------
    evaluation
        All results.
    columns, maps
        What the page shows of them.
    """
    cards = [card.result for card in columns.cards]
    listed = [replace(card.result, distribution=None) for card in columns.listed]
    fidelity = replace(
        evaluation.fidelity,
        columns=(*cards, *listed, *columns.generated),
        pairs=_only(evaluation.fidelity.pairs, maps.shown) if maps else None,
    )
    run = evaluation.run
    if run is not None:
        run = replace(run, history=run.history[:: 1 + len(run.history) // SHOWN_RECORDS])
    violations = evaluation.validity.violations[:SHOWN_VIOLATIONS]
    validity = replace(evaluation.validity, violations=violations)
    return replace(evaluation, fidelity=fidelity, validity=validity, run=run)


def _only(pairs: Pairs | None, chosen: list[int]) -> Pairs | None:
    if pairs is None:
        return None
    grid = np.ix_(chosen, chosen)
    return Pairs(
        tuple(pairs.names[index] for index in chosen),
        pairs.real[grid],
        pairs.synthetic[grid],
        pairs.error[grid],
        pairs.related[grid],
        pairs.noise,
        pairs.joints,
    )


class HtmlPage:
    """A result that is shown on one HTML page."""

    __slots__ = ()

    @abstractmethod
    def to_html(self) -> str:
        """Return the page, which needs no network."""

    def save_html(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write the page to a file, whole or not at all.

        Parameters
        ----------
        path
            The file; its folder has to be there.
        force
            Whether a file that exists may be replaced.

        Raises
        ------
        TableFileError
            If the file exists and `force` is not set, or can't be written.
        """
        if Path(path).is_file() and not force:
            raise TableFileError(
                f"{os.fspath(path)} already exists; name another file, or set force=True to "
                "replace it"
            )
        with open_output(os.fspath(path), force=True) as file:
            file.write(self.to_html().encode())

    def _repr_html_(self) -> str:

        return framed(self.to_html())


_UNSAFE = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})


def embed(figures: Mapping[str, Any]) -> Markup:
    r"""Write figures for a ``<script type="application/json">``, which no value can end.

    Examples
    --------
    >>> embed({"name": "</script>&", "share": 0.123456, "baseline": float("nan")})
    Markup('{"name":"\\u003c/script\\u003e\\u0026","share":0.1235,"baseline":null}')
    """
    text = json.dumps(shortened(figures), separators=(",", ":"), allow_nan=False)
    # JSON's own escapes cover U+2028, U+2029 and lone surrogates.
    return Markup(text.translate(_UNSAFE))


_SENTENCES = ("headline", "what", "remedy", "evidence")
"""Keys of texts that tabgan writes, whose names and values are cut already."""


def shortened(value: Any) -> Any:
    """Return JSON values with names cut to a length, sentences whole, and numbers of 4 digits."""
    if isinstance(value, str):
        return short(value) if value else value
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {
            short(str(key)): clean(item)
            if key in _SENTENCES and isinstance(item, str)
            else shortened(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [shortened(item) for item in value]
    return value


LARGEST_PAGE = 1_900_000  # bytes
GRADES = {  # the sign and the class of each
    "as good as real": ("✓", "good"),
    "good": ("✓", "good"),
    "usable with care": ("!", "warn"),
    "poor": ("✗", "bad"),
}


_LIMITS = ((120, 1000), (40, 300), (10, 100))  # columns with a chart, and listed beside them


_LONGEST_TEXT = 1000  # characters of any text, sentences of the verdict among them


def render(evaluation: EvaluationResults) -> str:
    """Return the report as one HTML file that needs nothing beside it.

    It is under 2 MB: where there are very many columns, or their names are very long, the best
    ones have no chart, and the page says so.
    """
    page = ""
    for charts, listed in _LIMITS:
        page = _page(evaluation, charts, listed)
        if len(page.encode()) <= LARGEST_PAGE:
            break
    return page


def framed(page: str, *, title: str = "Quality report", height: int = 40) -> str:
    """Return a page within a frame.

    Parameters
    ----------
    page
        The page.
    title
        What it is, for screen readers.
    height
        Of the frame, in rem.
    """
    return Markup(
        '<iframe srcdoc="{}" title="{}" sandbox="allow-scripts" '
        'style="width:100%;height:{}rem;border:1px solid #8888;border-radius:8px"></iframe>'
    ).format(page, title, height)


def chart_page(title: str, pictures: Sequence[Markup], *, legend: bool) -> str:
    """Return a page with charts alone.

    Parameters
    ----------
    title
        What they show.
    pictures
        SVG elements.
    legend
        Whether they show single columns of a real table and a synthetic one.
    """
    template = _environment().get_template("charts.html")
    return template.render(title=title, pictures=pictures, legend=legend)


def render_comparison(
    evaluations: Mapping[str, EvaluationResults],
    rows: Sequence[tuple[str, str, Mapping[str, str], str]],
    standing: str,
) -> str:
    """Return a page with several tables side by side.

    Parameters
    ----------
    evaluations
        The results by the tables' names, in the order to show.
    rows
        Each figure: part, what it is, the tables' figures by name, and the baseline.
    standing
        Which is the best, or that several are equal.
    """
    return (
        _environment()
        .get_template("comparison.html")
        .render(evaluations=evaluations, rows=rows, standing=standing, part_names=PART_NAMES)
    )


def render_database(
    verdict: Any, sections: Sequence[tuple[str, str, Sequence[Any]]], figures: Mapping[str, Any]
) -> str:
    """Return a page of a database.

    Parameters
    ----------
    verdict
        Its grade, headline, score, parts and weak points.
    sections
        Each part: its name, what it means, and its figures.
    figures
        All of it as JSON values.
    """
    template = _environment().get_template("database.html")
    return template.render(verdict=verdict, sections=sections, figures=embed(figures))


def _page(evaluation: EvaluationResults, charts: int, listed: int) -> str:
    pairs, run = evaluation.fidelity.pairs, evaluation.run
    columns = sort_columns(evaluation, charts, listed)
    maps = heat_maps(pairs) if pairs else None
    return (
        _environment()
        .get_template("page.html")
        .render(
            evaluation=evaluation,
            parts=parts(evaluation),
            kept_relations=kept_relations(evaluation),
            part_names=PART_NAMES,
            columns=columns,
            anchors={card.result.name: f"column-{card.position}" for card in columns.cards},
            maps=maps,
            worst_pairs=worst_pairs(pairs) if pairs else [],
            joints=[(joint, joint_chart(joint)) for joint in pairs.joints] if pairs else [],
            curves=training_curves(run.history) if run else [],
            figures=embed(shown_of(evaluation, columns, maps).to_json()),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tabgan.evaluation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_presentable,
    )
    environment.filters |= {
        "count": words.count,
        "minutes": words.minutes,
        "name": _name,
        "number": words.number,
        "percent": words.percent,
        "score": words.score,
        "short": words.short,
    }
    environment.tests["known"] = math.isfinite
    script = _source(environment, "script.js")
    digest = hashlib.sha256(script.encode()).digest()
    environment.globals |= {
        "Figure": Figure,
        "FIGURES": FIGURES,
        "grades": GRADES,
        "svg_charts": svg_charts,
        "read": read,
        "script": script,
        "script_hash": f"sha256-{base64.b64encode(digest).decode()}",
        "SHOWN_VIOLATIONS": SHOWN_VIOLATIONS,
        "style": _source(environment, "style.css"),
    }
    return environment


def _source(environment: Environment, name: str) -> Markup:
    """Return one of our own files, to stand in the page as it is."""
    assert environment.loader is not None
    return Markup(environment.loader.get_source(environment, name)[0])


def _presentable(value: Any) -> Any:
    """Clean what a template shows, and cut what no name is, so that no text gets out of hand."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return words.short(value, _LONGEST_TEXT) if value else value
    return value


def _name(text: str) -> Markup:
    """Show a name or a value of a table: cut, and apart from the text's own direction."""
    return Markup("<bdi>{}</bdi>").format(words.short(text))


class HasHistory(Protocol):
    """An estimator that was fitted, or what else holds the records of a training."""

    @property
    def history_(self) -> Sequence[Mapping[str, Any]]:
        """The records."""


@dataclass(frozen=True, repr=False)
class Chart(HtmlPage):
    """A chart that shows itself in a notebook, and can be written to a page.

    Parameters
    ----------
    title
        What it shows.
    pictures
        SVG elements, one below the other.
    legend
        Whether they show single columns of a real table and a synthetic one.
    """

    title: str
    pictures: tuple[Markup, ...]
    legend: bool = False

    def __repr__(self) -> str:
        return f"Chart({self.title!r})"

    def to_html(self) -> str:
        """Return one HTML page, which needs no network."""
        return chart_page(self.title, self.pictures, legend=self.legend)

    def _repr_html_(self) -> str:
        return framed(self.to_html(), title=self.title, height=HEIGHT)


def plot_column(
    real: TableLike, synthetic: TableLike, column: Hashable, *, schema: Kinds = None
) -> Chart:
    """Plot the distribution of a column in both tables.

    Parameters
    ----------
    real, synthetic
        The tables.
    column
        The column's name.
    schema
        The schema, or a dict of kinds, as in `evaluate`.

    Raises
    ------
    OptionError
        If a table has no such column, or its values are generated and therefore not compared.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": ["S", "M", "L", "M"] * 5})
    >>> plot_column(table, table, "size")
    Chart("'size'")
    """
    tables = _tables_of(real, synthetic, [column], schema)
    shown = distribution_of(tables.coded[0], tables.schema.columns[0])
    return Chart(repr(column), (distribution(str(column), shown),), legend=True)


def plot_pair(
    real: TableLike,
    synthetic: TableLike,
    one: Hashable,
    other: Hashable,
    *,
    schema: Kinds = None,
) -> Chart:
    """Plot the joint distribution of two columns in both tables, side by side.

    Parameters
    ----------
    real, synthetic
        The tables.
    one, other
        The columns' names.
    schema
        The schema, or a dict of kinds, as in `evaluate`.

    Raises
    ------
    OptionError
        If a table has no such column, its values are not compared, or both are the same.
    """
    if one == other:
        raise OptionError(f"one={one!r} and other={other!r} are the same column; name two")
    tables = _tables_of(real, synthetic, [one, other], schema)
    pair = [(tables.schema.columns[place], tables.coded[place]) for place in (0, 1)]
    return Chart(f"{one!r} by {other!r}", (joint_chart(joint_shares(pair[0], pair[1])),))


def plot_training(model: HasHistory) -> Chart:
    """Plot the losses and other records of a training.

    Parameters
    ----------
    model
        A fitted estimator.

    Raises
    ------
    OptionError
        If there are no records: the estimator is not fitted, or has no training steps.
    """
    curves = training_curves(getattr(model, "history_", ()))
    if not curves:
        raise OptionError(
            f"model={type(model).__name__} has no records of a training; fit it, by a method that "
            "trains a network"
        )
    pictures = [Markup("<h2>{}</h2>").format(curve.title) + curve.picture for curve in curves]
    return Chart("Course of the training", tuple(pictures))


def _tables_of(
    real: TableLike, synthetic: TableLike, columns: Sequence[Hashable], schema: Kinds
) -> ComparedTables:
    """Return the tables with some columns alone, which can be compared."""
    frames = []
    for name, table in (("real", real), ("synthetic", synthetic)):
        frame = as_frame(table)
        for label in columns:
            if label not in frame.columns:
                raise OptionError(
                    f"{label!r} is not a column of the {name} table; "
                    f"{did_you_mean(str(label), [*map(str, frame.columns)])}"
                )
        frames.append(frame[[*columns]])
    kinds = {c.name: c.kind for c in schema} if isinstance(schema, Schema) else dict(schema or {})
    kinds = {name: kind for name, kind in kinds.items() if name in columns}
    for column in resolve_schema(frames[0], kinds):
        if column.is_generated or column.kind == "multiselect":
            raise OptionError(
                f"{column.name!r} is of kind {column.kind}, which no chart shows; name a column of "
                "numbers, dates or levels"
            )
    return read_tables(frames[0], frames[1], schema=kinds)
