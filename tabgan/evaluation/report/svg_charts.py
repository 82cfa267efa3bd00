"""SVG elements that are escaped by construction, axes with ticks, bars, and figures as marks."""

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from markupsafe import Markup

from tabgan.evaluation.evaluation_parts import Detection, Detector
from tabgan.evaluation.report.report_texts import clean, moment, short, span
from tabgan.evaluation.report.report_texts import score as written

__all__ = [
    "Tick",
    "WIDTH",
    "bullet",
    "chart",
    "detectors",
    "element",
    "nice_ceiling",
    "paired_bars",
    "point",
    "ring",
    "risk",
    "score_bar",
    "ticks",
]

_DAY = 86_400.0  # seconds
_YEARS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_STEPS = [  # numpy's unit, steps that are usual, seconds of the unit
    ("Y", _YEARS, 365.25 * _DAY),
    ("M", (1, 3, 6), 30.44 * _DAY),
    ("D", (1, 2, 7, 14), _DAY),
    ("h", (1, 3, 6, 12), 3_600.0),
    ("m", (1, 5, 15, 30), 60.0),
    ("s", (1, 5, 15, 30), 1.0),
]
_SHOWN_UNIT = {"Y": "Y", "M": "M", "D": "D", "h": "m", "m": "m", "s": "s"}
_SPANS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, _DAY, 7 * _DAY)
WIDTH = 340.0  # of a chart that is a third of the page, in its own units


def element(name: str, /, *children: str, **attributes: str | float) -> Markup:
    """Return an element; whatever is not `Markup` is escaped.

    Underscores in the attributes' names stand for hyphens, and one at the end is dropped; numbers
    are written with at most two decimals.

    Parameters
    ----------
    name
        The element's name.
    *children
        Elements and text within it.
    **attributes
        Its attributes.

    Examples
    --------
    >>> element("text", "a < b", x=1.0, class_="name", text_anchor="end")
    Markup('<text x="1" class="name" text-anchor="end">a &lt; b</text>')
    """
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _text(value))
        for key, value in attributes.items()
    )
    inside = Markup("").join(
        child if isinstance(child, Markup) else clean(child) for child in children
    )
    # The names are ours: they are no value of a table.
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, inside)


def chart(width: float, height: float, label: str, *children: Markup, kind: str) -> Markup:
    """Return a picture as wide as its place, with a label for screen readers.

    Parameters
    ----------
    width, height
        Size in the picture's own units.
    label
        What the picture shows, in words.
    *children
        Its elements.
    kind
        Name of its style.

    Examples
    --------
    >>> str(chart(10, 5, "Age", kind="histogram"))[:60]
    '<svg viewBox="0 0 10 5" class="chart histogram" role="img" a'
    """
    size = f"0 0 {_text(width)} {_text(height)}"
    return element(
        "svg", *children, viewBox=size, class_=f"chart {kind}", role="img", aria_label=label
    )


def point(x: float, y: float) -> str:
    """Write a place in a path.

    Examples
    --------
    >>> point(1.004, 20.5)
    '1 20.5'
    """
    return f"{_text(x)} {_text(y)}"


def _text(value: str | float) -> str:
    if isinstance(value, str):
        return clean(value)
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")  # + 0.0: never "-0"


class Tick(NamedTuple):
    """A place on an axis, in the axis' unit, and its label."""

    place: float
    label: str


def ticks(
    low: float, high: float, is_time: Literal["date", "duration"] | None = None, most: int = 5
) -> list[Tick]:
    """Return ticks at round places within an axis.

    Parameters
    ----------
    low, high
        Ends of the axis; of dates and durations in nanoseconds.
    is_time
        What the axis is of, if not of numbers.
    most
        The most ticks.

    Examples
    --------
    >>> [tick.label for tick in ticks(17, 90)]
    ['20', '40', '60', '80']
    >>> [tick.label for tick in ticks(0, 100_000)]
    ['0', '25k', '50k', '75k', '100k']
    >>> [tick.label for tick in ticks(1.5e18, 1.7e18, "date")]
    ['2018', '2020', '2022']
    >>> [tick.label for tick in ticks(0, 3 * 3600e9, "duration")]
    ['0 s', '1 h', '2 h', '3 h']
    """
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return []
    if is_time == "date":
        return _dates(low, high, most)
    if is_time == "duration":
        return _durations(low, high, most)
    places = _multiples(low, high, _round_step((high - low) / (most - 0.8)))
    return [Tick(place, _compact(place, places)) for place in places]


def nice_ceiling(value: float) -> float:
    """Return the next round number above a positive one.

    Examples
    --------
    >>> nice_ceiling(0.237), nice_ceiling(7)
    (0.25, 8.0)
    """
    if not value > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        power * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if value <= power * step
    )


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * step for step in (1, 2, 2.5, 5, 10) if least <= power * step * (1 + 1e-9))


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [step * index for index in range(first, last + 1)]


def _compact(place: float, places: list[float]) -> str:
    largest = max(map(abs, places))
    for size, sign in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e4, "k")):
        if 1e15 > largest >= size:
            unit = 1e3 if sign == "k" else size
            return f"{place / unit:.12g}{sign}".replace("-", "−") if place else "0"
    # Up to four digits without a separator: they may be years.
    text = f"{place:.12g}" if largest >= 1e-4 else f"{place:.3g}"
    return text.replace("-", "−", 1)


def _dates(low: float, high: float, most: int) -> list[Tick]:
    seconds = (high - low) / 1e9
    finer = reversed(_STEPS)
    choices = [(unit, step, step * length) for unit, steps, length in finer for step in steps]
    unit, step, _ = next((c for c in choices if seconds / c[2] <= most - 0.5), choices[-1])
    edges = [np.datetime64(math.floor(edge / 1e9), "s") for edge in (low, high)]
    first, last = (int(edge.astype(f"datetime64[{unit}]").astype(np.int64)) for edge in edges)
    offset = 1970 if unit == "Y" else 0  # so that years are round
    start = -(-(first + offset) // step) * step - offset
    found = []
    for index in range(start, last + 1, step):
        moments = np.array(index, f"datetime64[{unit}]").astype("datetime64[s]")
        place = float(moments.astype(np.int64)) * 1e9
        if low <= place <= high:
            found.append(Tick(place, moment(place, _SHOWN_UNIT[unit])))
    return found


def _durations(low: float, high: float, most: int) -> list[Tick]:
    seconds = (high - low) / 1e9
    step = next((s for s in _SPANS if seconds / s <= most - 0.5), None)
    step = step or _round_step(seconds / _DAY / (most - 0.8)) * _DAY
    if seconds < 1:
        step = _round_step(seconds / (most - 0.8))
    places = _multiples(low / 1e9, high / 1e9, step)
    return [Tick(place * 1e9, _round_span(place * 1e9)) for place in places]


def _round_span(nanoseconds: float) -> str:
    value, unit = span(nanoseconds).split(" ")
    return f"{value.rstrip('0').rstrip('.') if '.' in value else value} {unit}"


def paired_bars(
    label: str, rows: Sequence[tuple[str, float, float]], write: Callable[[float], str] = written
) -> Markup:
    """Draw two bars a row, the real table's above the synthetic one's, each with its figure.

    Parameters
    ----------
    label
        What the chart shows.
    rows
        Names with the values of the real and of the synthetic table.
    write
        Writes a value.

    Examples
    --------
    >>> picture = paired_bars("Shares", [("red", 40.0, 38.0), ("blue", 60.0, 62.0)])
    >>> picture.count("<rect")
    4
    """
    start, end, row_height = 112.0, WIDTH - 48, 27.0
    largest = max((value for row in rows for value in row[1:] if value > 0), default=1.0)
    drawn = []
    for index, (name, real, synthetic) in enumerate(rows):
        top = 4 + index * row_height
        drawn.append(
            element(
                "text",
                element("title", short(name)),
                short(name, 16),
                x=start - 8,
                y=top + 13.5,
                class_="level",
                text_anchor="end",
            )
        )
        for table, value, y in (("real", real, top), ("synthetic", synthetic, top + 10)):
            length = max(value, 0) / largest * (end - start) if math.isfinite(value) else 0
            drawn += [
                element("rect", x=start, y=y, width=length, height=9.0, class_=f"{table} bar"),
                element("text", write(value), x=start + length + 4, y=y + 8, class_="figure"),
            ]
    axis = element("path", d=f"M{point(start, 2)}V{len(rows) * row_height:g}", class_="axis")
    said = "; ".join(
        f"{short(name, 30)}: real {write(real)}, synthetic {write(synthetic)}"
        for name, real, synthetic in rows
    )
    height = len(rows) * row_height + 4
    return chart(WIDTH, height, f"{label}. {said}", *drawn, axis, kind="bars")


def bullet(value: float, baseline: float, low: float, high: float | None) -> Markup:
    """Draw a figure as a bar and its baseline as a tick across it; both are written beside it.

    Without a `high`, the scale ends at a round number above both.

    Parameters
    ----------
    value, baseline
        The figure, and that of a fresh sample; NaN draws none.
    low, high
        Ends of the scale.
    """
    known = [end for end in (value, baseline) if math.isfinite(end)]
    end = nice_ceiling(1.15 * max(known, default=1.0)) if high is None else high
    places = [min(max((place - low) / (end - low), 0), 1) * 198 + 1 for place in known]
    parts = [element("rect", x=1, y=5, width=198, height=6, rx=3, class_="track")]
    if math.isfinite(value):
        parts.append(
            element("rect", x=1, y=5, width=max(places[0] - 1, 1.5), height=6, rx=3, class_="gauge")
        )
    if math.isfinite(baseline):
        parts.append(element("path", d=f"M{point(places[-1], 1)}v14", class_="baseline"))
    return _beside_its_text(200, 16, *parts)


def risk(value: float, low: float, high: float) -> Markup:
    """Draw a risk from 0 to 1 as a mark, and its interval as a bar; both are written beside it.

    Parameters
    ----------
    value
        The risk.
    low, high
        Ends of its interval.
    """
    start, length = 1 + 198 * low, max(198 * (high - low), 1.5)
    return _beside_its_text(
        200,
        16,
        element("rect", x=1, y=5, width=198, height=6, rx=3, class_="track"),
        element("rect", x=start, y=5, width=length, height=6, rx=3, class_="gauge"),
        element("path", d=f"M{point(1 + 198 * value, 1)}v14", class_="baseline"),
    )


def score_bar(score: float) -> Markup:
    """Draw a score from 0 to 1 as a bar; its end is a fresh sample of the real table."""
    return bullet(score, 1.0, 0.0, 1.0)


def ring(score: float) -> Markup:
    """Draw the overall score as a ring with the figure in it."""
    radius, full = 52.0, 2 * math.pi * 52.0
    circle: dict[str, str | float] = {
        "cx": 64.0,
        "cy": 64.0,
        "r": radius,
        "fill": "none",
        "stroke_width": 11.0,
    }
    share = min(max(score, 0), 1) if math.isfinite(score) else 0
    return chart(
        128,
        128,
        f"Overall score {score:.2f} of 1",
        element("circle", **circle, class_="track-line"),
        element(
            "circle",
            **circle,
            class_="gauge-line",
            stroke_dasharray=f"{share * full:.1f} {full:.1f}",
            transform="rotate(-90 64 64)",
        ),
        element("text", f"{score:.2f}", x=64, y=70, class_="score", text_anchor="middle"),
        element("text", "of 1", x=64, y=90, class_="tick", text_anchor="middle"),
        kind="ring",
    )


def detectors(found: Detection) -> Markup:
    """Draw the AUC of both classifiers with intervals, from a coin's ½ to 1."""
    start, end = 112.0, WIDTH - 20
    rows = (("boosted trees", found.trees), ("logistic regression", found.logistic))
    low = min(0.5, *(value for _, row in rows for value in row if math.isfinite(value)), 0.5)
    low = math.floor(low * 20) / 20

    def place(value: float) -> float:
        return start + (value - low) / (1 - low) * (end - start)

    drawn = []
    for index, (name, row) in enumerate(rows):
        drawn += _interval(row, name, 24.0 + 34 * index, start, place)
    axis = [
        element(
            "g",
            element("path", d=f"M{point(place(value), 6)}V76", class_="grid"),
            element("text", text, x=place(value), y=92, class_="tick", text_anchor="middle"),
        )
        for value, text in ((0.5, "0.5 a coin"), (0.75, "0.75"), (1.0, "1.0"))
    ]
    said = "; ".join(
        f"{name}: {written(row.auc)}, 95 % interval {written(row.low)} to {written(row.high)}, "
        f"fresh real sample {written(row.baseline)}"
        for name, row in rows
    )
    return chart(WIDTH, 98, f"AUC of the detectors. {said}", *axis, *drawn, kind="intervals")


def _interval(
    row: Detector, name: str, y: float, start: float, place: Callable[[float], float]
) -> list[Markup]:
    drawn = [element("text", name, x=start - 8, y=y + 4, class_="level", text_anchor="end")]
    if math.isfinite(row.low) and math.isfinite(row.high):
        low, high = place(row.low), place(row.high)
        ends = f"M{point(low, y - 5)}v10M{point(low, y)}H{high:.1f}m0 -5v10"
        drawn.append(element("path", d=ends, class_="synthetic interval"))
    if math.isfinite(row.baseline):
        drawn.append(
            element("path", d=f"M{point(place(row.baseline), y - 10)}v20", class_="baseline")
        )
    if math.isfinite(row.auc):
        drawn.append(element("circle", cx=place(row.auc), cy=y, r=4.0, class_="synthetic dot"))
    return drawn


def _beside_its_text(width: float, height: float, *children: Markup) -> Markup:
    return element(
        "svg",
        *children,
        viewBox=f"0 0 {width:g} {height:g}",
        class_="bullet",
        aria_hidden="true",
        preserveAspectRatio="none",
    )
