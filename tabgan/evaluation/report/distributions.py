"""The charts of single columns, from the shares of both tables.

Real values are filled areas or upper bars, synthetic ones lines or lower bars. Colours come from
the page's style by class, so that charts follow its light and dark schemes.
"""

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from tabgan.evaluation.report.axes import ticks
from tabgan.evaluation.report.bars import WIDTH, paired_bars
from tabgan.evaluation.report.svg import chart, element, point
from tabgan.evaluation.report.words import moment, number, percent, short, span
from tabgan.evaluation.results import LevelsChart, NumbersChart

__all__ = ["distribution"]

Floats = NDArray[np.float64]
_BARS = 8  # levels in the chart of a column
_SKEWED = 0.5  # share of one bin from which heights are drawn by their square root


def distribution(name: str, shown: NumbersChart | LevelsChart) -> Markup:
    """Draw how a column's values are spread in both tables."""
    if isinstance(shown, NumbersChart):
        return _histogram(name, shown)
    names, real, synthetic = list(shown.names[:_BARS]), shown.real, shown.synthetic
    rows = list(zip(names, 100 * real[: len(names)], 100 * synthetic[: len(names)], strict=True))
    n_rest = len(shown.names) - len(names) + shown.n_others
    if n_rest:
        rest = [100 * max(1 - float(shares[: len(names)].sum()), 0) for shares in (real, synthetic)]
        rows.append((f"{n_rest:,} more", rest[0], rest[1]))
    return paired_bars(f"Shares of the values of {short(name)}", rows, percent)


def _histogram(name: str, shown: NumbersChart) -> Markup:
    height, left, right, top, bottom = 150.0, 6.0, WIDTH - 6, 20.0, 126.0
    low, high = float(shown.edges[0]), float(shown.edges[-1])
    width = (high - low) or 1.0
    tallest = float(max(shown.real.max(initial=0), shown.synthetic.max(initial=0)))
    skewed = tallest > _SKEWED and len(shown.real) > 2
    places = left + (shown.edges - low) / width * (right - left)
    if high <= low:
        places = np.linspace(left, right, len(shown.edges))

    def heights(shares: Floats) -> Floats:
        levels = shares / (tallest or 1.0)
        return bottom - (np.sqrt(levels) if skewed else levels) * (bottom - top)

    axis = [
        element("text", _edge(low, shown), x=left, y=142.0, class_="tick"),
        element("text", _edge(high, shown), x=right, y=142.0, class_="tick", text_anchor="end"),
    ]
    marks = [
        (left + (tick.place - low) / width * (right - left), tick.label)
        for tick in ticks(low, high, shown.is_time)
    ]
    if len(marks) > 1:
        axis = [_tick(place, label, left, right, bottom) for place, label in marks]
    scale = f"{percent(100 * tallest)} in the fullest bin" + (
        ", heights by square root" if skewed else ""
    )
    return chart(
        WIDTH,
        height,
        f"Histogram of {short(name)}. {_spread(shown)}",
        element("path", d=_steps(places, heights(shown.real), bottom), class_="real area"),
        element("path", d=_steps(places, heights(shown.synthetic), None), class_="synthetic line"),
        element("path", d=f"M{point(left, bottom)}H{right:g}", class_="axis"),
        element("text", scale, x=left, y=11.0, class_="tick"),
        *axis,
        kind="histogram",
    )


def _edge(value: float, shown: NumbersChart) -> str:
    if shown.is_time == "date":
        return moment(value, "m")
    return span(value) if shown.is_time == "duration" else number(value)


def _tick(place: float, label: str, left: float, right: float, bottom: float) -> Markup:
    half = 3.0 * len(label)
    anchor = "start" if place - half < left else "end" if place + half > right else "middle"
    x = {"start": left, "end": right, "middle": place}[anchor]
    return element(
        "g",
        element("path", d=f"M{point(place, bottom)}v4", class_="axis"),
        element("text", label, x=x, y=bottom + 16, class_="tick", text_anchor=anchor),
    )


def _steps(places: Floats, heights: Floats, bottom: float | None) -> str:
    """Trace the tops of bars; down to the bottom at both ends if it is given."""
    first = point(places[0], heights[0] if bottom is None else bottom)
    path = f"M{first}" + "".join(
        f"V{point_y}H{point_x}"
        for point_x, point_y in zip(_short(places[1:]), _short(heights), strict=True)
    )
    return path if bottom is None else f"{path}V{bottom:g}Z"


def _short(values: Floats) -> list[str]:
    return [f"{value:.1f}".removesuffix(".0") for value in values]


def _spread(shown: NumbersChart) -> str:
    """Say in words what a histogram shows: the quartiles of both tables."""
    parts = [
        f"{table} from {short(q['0'], 30)} over the median {short(q['50'], 30)} to "
        f"{short(q['100'], 30)}"
        for table, q in shown.quantiles.items()
        if {"0", "50", "100"} <= q.keys()
    ]
    return "; ".join(parts).capitalize() + "." if parts else ""
