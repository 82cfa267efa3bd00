"""`render`: an evaluation as a page."""

import base64
import hashlib
import math
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tabgan.evaluation.evaluation import Evaluation
from tabgan.evaluation.report import bars, words
from tabgan.evaluation.report.curves import training_curves
from tabgan.evaluation.report.embedded import embed
from tabgan.evaluation.report.heat import heat_maps, worst_pairs
from tabgan.evaluation.report.judging import FIGURES, read
from tabgan.evaluation.report.view import (
    PART_NAMES,
    SHOWN_VIOLATIONS,
    parts,
    shown_of,
    sort_columns,
)
from tabgan.evaluation.results import Figure

__all__ = ["LARGEST_PAGE", "render", "render_frame"]

LARGEST_PAGE = 1_900_000  # bytes
_LIMITS = ((120, 1000), (40, 300), (10, 100))  # columns with a chart, and listed beside them
_LONGEST_TEXT = 1000  # characters of any text, sentences of the verdict among them


def render(evaluation: Evaluation) -> str:
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


def render_frame(evaluation: Evaluation) -> str:
    """Return the report within a frame, so that its style and a notebook's keep apart."""
    return Markup(
        '<iframe srcdoc="{}" title="Quality report" sandbox="allow-scripts" '
        'style="width:100%;height:40rem;border:1px solid #8888;border-radius:8px"></iframe>'
    ).format(render(evaluation))


def _page(evaluation: Evaluation, charts: int, listed: int) -> str:
    pairs, run = evaluation.fidelity.pairs, evaluation.run
    columns = sort_columns(evaluation, charts, listed)
    maps = heat_maps(pairs) if pairs else None
    return (
        _environment()
        .get_template("page.html")
        .render(
            evaluation=evaluation,
            parts=parts(evaluation),
            part_names=PART_NAMES,
            columns=columns,
            anchors={card.result.name: f"column-{card.position}" for card in columns.cards},
            maps=maps,
            worst_pairs=worst_pairs(pairs) if pairs else [],
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
        "bars": bars,
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
