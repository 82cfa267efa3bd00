"""The charts of a report: distributions of columns, curves of the training.

Real values are filled areas or upper bars, synthetic ones lines or lower bars. Colors come from
the page's style by class, so that charts follow its light and dark schemes.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from tabgan.evaluation.part_results import LevelsChart, NumbersChart
from tabgan.evaluation.report.svg_charts import WIDTH, chart, element, paired_bars, point, ticks
from tabgan.evaluation.report.words import moment, number, percent, short, span

__all__ = [
    "Curves",
    "distribution",
    "training_curves",
]

Floats = NDArray[np.float64]
_POINTS = 240  # a longer course is averaged
_HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 170.0, 40.0, WIDTH - 8, 12.0, 138.0
_PLOTS = (  # title, what it means, the records' keys with their names
    (
        "Losses",
        "Two networks against each other: neither should run to zero; steady lines are healthy.",
        {"discriminator_loss": "discriminator", "generator_loss": "generator"},
    ),
    (
        "Loss",
        "What one network descends: it falls fast at first, and levels off when there is no more "
        "to learn.",
        {
            "denoising_loss": "denoising",
            "reconstruction_loss": "reconstruction",
            "kl_loss": "divergence of the latents",
        },
    ),
    (
        "Variety of the drawn rows",
        "Diversity and coverage near 1 mean that the rows are as varied as the real ones; a fall "
        "would be mode collapse.",
        {"diversity": "diversity", "coverage": "coverage"},
    ),
    (
        "The discriminator's advantage",
        "How much better real rows score than drawn ones; a steady rise means that the generator "
        "falls behind.",
        {"advantage": "advantage"},
    ),
    (
        "Learning rate",
        "The size of the training steps, as planned.",
        {"learning_rate": "learning rate"},
    ),
)
_BARS = 8  # levels in the chart of a column
_SKEWED = 0.5  # share of one bin from which heights are drawn by their square root


def distribution(name: str, shown: NumbersChart | LevelsChart) -> Markup:
    """Draw how a column's values are spread in both tables.

    Parameters
    ----------
    name
        The column.
    shown
        Its distribution.
    """
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


def _spread(shown: NumbersChart) -> str:
    """Say in words what a histogram shows: the quartiles of both tables."""
    parts = [
        f"{table} from {short(q['0'], 30)} over the median {short(q['50'], 30)} to "
        f"{short(q['100'], 30)}"
        for table, q in shown.quantiles.items()
        if {"0", "50", "100"} <= q.keys()
    ]
    return "; ".join(parts).capitalize() + "." if parts else ""


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
    """Trace the tops of bars; down to the bottom at both ends, if there is one."""
    first = point(places[0], heights[0] if bottom is None else bottom)
    path = f"M{first}" + "".join(
        f"V{point_y}H{point_x}"
        for point_x, point_y in zip(_short(places[1:]), _short(heights), strict=True)
    )
    return path if bottom is None else f"{path}V{bottom:g}Z"


def _short(values: Floats) -> list[str]:
    return [f"{value:.1f}".removesuffix(".0") for value in values]


class Curves(NamedTuple):
    """A plot with its heading and explanation."""

    title: str
    meaning: str
    picture: Markup


def training_curves(history: Sequence[Mapping[str, Any]]) -> list[Curves]:
    """Draw what the records of a training hold; nothing where there are fewer than two."""
    found = []
    for title, meaning, keys in _PLOTS:
        lines = {name: _course(history, key) for key, name in keys.items()}
        lines = {name: line for name, line in lines.items() if len(line) > 1}
        if lines:
            found.append(Curves(title, meaning, _plot(title, lines)))
    return found


def _course(history: Sequence[Mapping[str, Any]], key: str) -> Floats:
    """Return the (step, value) pairs of a key, averaged to at most `_POINTS`."""
    pairs = [
        (float(record.get("step", index)), float(record[key]))
        for index, record in enumerate(history)
        if isinstance(record.get(key), int | float) and math.isfinite(record[key])
    ]
    if len(pairs) <= _POINTS:
        return np.array(pairs).reshape(-1, 2)
    return np.array([part.mean(axis=0) for part in np.array_split(np.array(pairs), _POINTS)])


def _plot(title: str, lines: Mapping[str, Floats]) -> Markup:
    points = np.concatenate(list(lines.values()))
    (first, low), (last, high) = points.min(axis=0), points.max(axis=0)
    low = min(low, 0.0)
    high = high if high > low else low + 1
    scale = np.array([(_RIGHT - _LEFT) / ((last - first) or 1.0), (_TOP - _BOTTOM) / (high - low)])
    origin = np.array([_LEFT, _BOTTOM]) - np.array([first, low]) * scale
    drawn = [*_grid(np.array([[first, low], [last, high]]), origin, scale)]
    for index, (name, line) in enumerate(lines.items()):
        places = line * scale + origin
        path = "M" + "L".join(point(x, y) for x, y in places)
        drawn.append(element("path", d=path, class_=f"curve curve-{index}"))
        drawn += _key(name, index) if len(lines) > 1 else []
    ends = "; ".join(
        f"{name} from {number(v[0, 1])} to {number(v[-1, 1])}" for name, v in lines.items()
    )
    label = f"{title} over {number(last)} steps: {ends}"
    return chart(WIDTH, _HEIGHT, label, *drawn, kind="curves")


def _key(name: str, index: int) -> list[Markup]:
    x = _LEFT + index * 110.0
    return [
        element("path", d=f"M{point(x, 163)}h22", class_=f"curve curve-{index}"),
        element("text", name, x=x + 27, y=167.0, class_="level"),
    ]


def _grid(ends: Floats, origin: Floats, scale: Floats) -> list[Markup]:
    (first, low), (last, high) = ends.tolist()
    drawn = []
    for tick in ticks(low, high, most=4):
        y = float(tick.place * scale[1] + origin[1])
        drawn += [
            element("path", d=f"M{point(_LEFT, y)}H{_RIGHT:g}", class_="grid"),
            element("text", tick.label, x=_LEFT - 5, y=y + 3.5, class_="tick", text_anchor="end"),
        ]
    for tick in ticks(first, last, most=4):
        x = float(tick.place * scale[0] + origin[0])
        anchor = "end" if x > _RIGHT - 12 else "middle"
        drawn.append(
            element("text", tick.label, x=x, y=_BOTTOM + 14, class_="tick", text_anchor=anchor)
        )
    return drawn
