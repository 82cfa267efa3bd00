"""The quality report: one HTML page from templates, with its figures as JSON."""

import base64
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tabgan.evaluation.part_results import Figure
from tabgan.evaluation.report import svg_charts, words
from tabgan.evaluation.report.page_view import (
    PART_NAMES,
    SHOWN_VIOLATIONS,
    kept_relations,
    parts,
    shown_of,
    sort_columns,
)
from tabgan.evaluation.report.pair_charts import heat_maps, joint_chart, worst_pairs
from tabgan.evaluation.report.readings import FIGURES, read
from tabgan.evaluation.report.report_charts import training_curves
from tabgan.evaluation.report.words import short
from tabgan.evaluation.results import EvaluationResults

__all__ = [
    "LARGEST_PAGE",
    "chart_page",
    "embed",
    "framed",
    "render",
    "render_comparison",
    "render_database",
    "shortened",
]

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


def shortened(value: Any) -> Any:
    """Return JSON values with texts of a name's length and numbers of 4 digits."""
    if isinstance(value, str):
        return short(value) if value else value
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {short(str(key)): shortened(item) for key, item in value.items()}
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
) -> str:
    """Return a page with several tables side by side.

    Parameters
    ----------
    evaluations
        The results by the tables' names, in the order to show.
    rows
        Each figure: part, what it is, the tables' figures by name, and the baseline.
    """
    return (
        _environment()
        .get_template("comparison.html")
        .render(evaluations=evaluations, rows=rows, part_names=PART_NAMES)
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
