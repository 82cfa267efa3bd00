"""The training's course as lines over its steps."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from tabgan.evaluation.report.axes import ticks
from tabgan.evaluation.report.bars import WIDTH
from tabgan.evaluation.report.svg import chart, element, point
from tabgan.evaluation.report.words import number

__all__ = ["Curves", "training_curves"]

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
