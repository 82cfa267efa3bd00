"""The charts of a report: distributions of columns, pairs of columns, curves of the training.

Real values are filled areas or upper bars, synthetic ones lines or lower bars. Colors come from
the page's style by class, so that charts follow its light and dark schemes.

The charts of pairs of columns: heat maps of their strengths, and pairs side by side.

Colors come from the page's style by class, so that charts follow its light and dark schemes.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from tabgan.evaluation.evaluation_parts import JointShares, LevelsChart, NumbersChart, Pairs
from tabgan.evaluation.report.report_texts import (
    moment,
    number,
    percent,
    short,
    short_apart,
    span,
    width,
)
from tabgan.evaluation.report.svg_charts import WIDTH, chart, element, paired_bars, point, ticks

__all__ = [
    "Curves",
    "HeatMaps",
    "SHOWN_COLUMNS",
    "WorstPair",
    "distribution",
    "heat_maps",
    "joint_chart",
    "training_curves",
    "worst_pairs",
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


SHOWN_COLUMNS = 60
_LABELLED = 24  # columns up to which each has room for its name
_SHADES = 10
_FULL_DIFFERENCE = 0.5  # the difference that is drawn darkest
_SIZE = 340.0
_MARGIN = 84.0  # room for names at most
_CELL = 13.0  # of a joint distribution
_GAP = 14.0  # between its two halves
_LEAST_HALF = 56.0  # width of one, with its title


class HeatMaps(NamedTuple):
    """The pictures, and the columns that they show.

    Attributes
    ----------
    real, synthetic, difference
        The strength of each pair in both tables, and synthetic less real.
    shown
        Positions of the shown columns among those of the pairs.
    has_unknown
        Whether a pair's strength isn't known.
    """

    real: Markup
    synthetic: Markup
    difference: Markup
    shown: list[int]
    has_unknown: bool


def heat_maps(pairs: Pairs) -> HeatMaps:
    """Draw the strengths; of very many columns those with the largest errors."""
    shown = _worst_columns(pairs)
    grid = np.ix_(shown, shown)
    names = [pairs.names[index] for index in shown]
    real, synthetic = pairs.real[grid], pairs.synthetic[grid]
    difference = synthetic - real
    shown_difference = np.where(np.abs(difference) <= pairs.noise, 0.0, difference)
    worst = percent(float(np.nanmax(pairs.error))) if np.isfinite(pairs.error).any() else "0"
    return HeatMaps(
        _map("How columns are related in the real table", names, real, ("heat-real",)),
        _map("The same in the synthetic table", names, synthetic, ("heat-synthetic",)),
        _map(
            f"Synthetic less real; the largest error of a pair is {worst}",
            names,
            shown_difference / _FULL_DIFFERENCE,
            ("heat-more", "heat-less"),
        ),
        shown,
        bool(np.isnan(difference[~np.eye(len(shown), dtype=bool)]).any()),
    )


def _worst_columns(pairs: Pairs) -> list[int]:
    count = len(pairs.names)
    if count <= SHOWN_COLUMNS:
        return list(range(count))
    known = np.isfinite(pairs.error)
    sums = np.where(known, pairs.error, 0).sum(axis=1)
    worst = np.argsort(-sums / np.maximum(known.sum(axis=1), 1), kind="stable")[:SHOWN_COLUMNS]
    return sorted(worst.tolist())


def _map(label: str, names: list[str], values: Floats, classes: tuple[str, ...]) -> Markup:
    """Draw a matrix; its values have the first class, or the second one where negative."""
    count = len(names)
    size = min(0.8 * (_SIZE - _MARGIN) / max(count, 1), 10.0)
    texts = short_apart(names[:_LABELLED], int((_MARGIN - 10) / (0.63 * size)))
    if count > _LABELLED:
        size, texts = 0.0, []
    margin = max((10 + 0.63 * size * width(text) for text in texts), default=6.0)
    cell = (_SIZE - margin - 4) / count
    levels = np.nan_to_num(np.clip(values, -1, 1))
    layers = []
    for sign, name in zip((1, -1), classes, strict=False):
        shades = np.ceil(np.round(sign * levels, 9) * _SHADES).astype(int)
        for shade in range(1, _SHADES + 1):
            if path := _cells(shades == shade):
                layers.append(element("path", d=path, class_=name, stroke_opacity=shade / _SHADES))
    unknown = _cells(~np.isfinite(values) & ~np.eye(count, dtype=bool))
    layers.append(element("path", d=unknown, class_="heat-unknown"))
    layers.append(element("path", d=_cells(np.eye(count, dtype=bool)), class_="heat-own"))
    place = f"translate({margin:g} 4) scale({cell:.4f})"
    body = [
        element("rect", width=count, height=count, class_="heat-ground"),
        element("g", *layers, class_="cells"),
    ]
    labels = _labels(texts, size, margin, cell)
    return chart(_SIZE, _SIZE, label, element("g", *body, transform=place), *labels, kind="heat")


def _cells(chosen: NDArray[np.bool_]) -> str:
    """Trace the chosen cells of a matrix, those beside each other in a row as one stroke."""
    padded = np.pad(chosen, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    return "".join(
        f"M{start} {row}.5h{end - start}"
        for row, start, end in zip(rows, starts, ends, strict=True)
    )


def _labels(texts: list[str], size: float, margin: float, cell: float) -> list[Markup]:
    """Write the columns' names at the left and, turned, below."""
    drawn = []
    for index, text in enumerate(texts):
        middle = (index + 0.5) * cell
        drawn.append(
            element(
                "text",
                text,
                x=margin - 5,
                y=4 + middle + size * 0.35,
                class_="label",
                font_size=size,
                text_anchor="end",
            )
        )
        x, y = margin + middle + size * 0.35, _SIZE - margin + 5
        drawn.append(
            element(
                "text",
                text,
                class_="label",
                font_size=size,
                text_anchor="end",
                transform=f"translate({x:.1f} {y:.1f}) rotate(-90)",
            )
        )
    return drawn


class WorstPair(NamedTuple):
    """A pair of columns whose relation is not kept."""

    first: str
    second: str
    real: float
    synthetic: float
    error: float


def worst_pairs(pairs: Pairs, most: int = 12) -> list[WorstPair]:
    """Return the pairs with the largest errors, the largest first.

    Parameters
    ----------
    pairs
        All pairs.
    most
        The most pairs to return.
    """
    upper = np.triu(np.isfinite(pairs.error), 1)
    first, second = np.nonzero(upper)
    order = np.argsort(-pairs.error[first, second], kind="stable")[:most]
    return [
        WorstPair(
            pairs.names[a],
            pairs.names[b],
            *(float(matrix[a, b]) for matrix in (pairs.real, pairs.synthetic, pairs.error)),
        )
        for a, b in zip(first[order], second[order], strict=True)
        if pairs.error[a, b] > 0
    ]


def joint_chart(joint: JointShares) -> Markup:
    """Draw the joint distribution of two columns, real at the left and synthetic at the right.

    The darkest cell has the largest share of either table; shades go by the square root.
    """
    rows, columns = (
        [short(level, 14) for level in levels] for levels in (joint.row_levels, joint.column_levels)
    )
    most = max(float(joint.real.max()), float(joint.synthetic.max()), 1e-9)
    margin = 8 + max(6.2 * width(text) for text in rows)
    foot = 8 + max(6.2 * width(text) for text in columns)
    across, down = _CELL * len(columns), _CELL * len(rows)
    parts = []
    for at, (name, shares) in enumerate((("real", joint.real), ("synthetic", joint.synthetic))):
        left = margin + at * (max(across, _LEAST_HALF) + _GAP)
        shades = np.ceil(np.round(_SHADES * np.sqrt(shares / most), 9)).astype(int)
        layers = [
            element("path", d=path, class_=f"heat-{name}", stroke_opacity=shade / _SHADES)
            for shade in range(1, _SHADES + 1)
            if (path := _cells(shades == shade))
        ]
        ground = element("rect", width=len(columns), height=len(rows), class_="heat-ground")
        place = f"translate({left:.1f} 18) scale({_CELL})"
        parts += [
            element("text", name, x=left, y=11, class_="label", font_size=11),
            element("g", ground, element("g", *layers, class_="cells"), transform=place),
        ]
        parts += [
            element(
                "text",
                text,
                class_="label",
                font_size=10,
                text_anchor="end",
                transform=f"translate({left + (i + 0.75) * _CELL:.1f} {24 + down:.1f}) rotate(-90)",
            )
            for i, text in enumerate(columns)
        ]
    parts += [
        element(
            "text",
            text,
            x=margin - 5,
            y=18 + (i + 0.75) * _CELL,
            class_="label",
            font_size=10,
            text_anchor="end",
        )
        for i, text in enumerate(rows)
    ]
    label = f"Shares of rows by {joint.row} and {joint.column}, real and synthetic"
    wide = max(margin + max(across, _LEAST_HALF) + _GAP + across + 4, WIDTH)
    return chart(wide, 24 + down + foot, label, *parts, kind="joint")
