"""Bars: shares side by side, a figure beside its floor, the overall score."""

import math
from collections.abc import Callable, Sequence

from markupsafe import Markup

from tabgan.evaluation.report.axes import nice_ceiling
from tabgan.evaluation.report.svg import chart, element, point
from tabgan.evaluation.report.words import score as written
from tabgan.evaluation.report.words import short
from tabgan.evaluation.results import Detection, Detector

__all__ = ["WIDTH", "bullet", "detectors", "paired_bars", "ring", "risk", "score_bar"]

WIDTH = 340.0  # of a chart that is a third of the page, in its own units


def paired_bars(
    label: str, rows: Sequence[tuple[str, float, float]], write: Callable[[float], str] = written
) -> Markup:
    """Draw two bars a row, the real table's above the synthetic one's, each with its figure.

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


def bullet(value: float, floor: float, low: float, high: float | None) -> Markup:
    """Draw a figure as a bar and its floor as a tick across it; both are written beside it.

    Without a `high`, the scale ends at a round number above both.
    """
    known = [end for end in (value, floor) if math.isfinite(end)]
    end = nice_ceiling(1.15 * max(known, default=1.0)) if high is None else high
    places = [min(max((place - low) / (end - low), 0), 1) * 198 + 1 for place in known]
    parts = [element("rect", x=1, y=5, width=198, height=6, rx=3, class_="track")]
    if math.isfinite(value):
        parts.append(
            element("rect", x=1, y=5, width=max(places[0] - 1, 1.5), height=6, rx=3, class_="gauge")
        )
    if math.isfinite(floor):
        parts.append(element("path", d=f"M{point(places[-1], 1)}v14", class_="floor"))
    return _beside_its_text(200, 16, *parts)


def risk(value: float, low: float, high: float) -> Markup:
    """Draw a risk from 0 to 1 as a mark, and its interval as a bar; both are written beside it."""
    start, length = 1 + 198 * low, max(198 * (high - low), 1.5)
    return _beside_its_text(
        200,
        16,
        element("rect", x=1, y=5, width=198, height=6, rx=3, class_="track"),
        element("rect", x=start, y=5, width=length, height=6, rx=3, class_="gauge"),
        element("path", d=f"M{point(1 + 198 * value, 1)}v14", class_="floor"),
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
        f"fresh real sample {written(row.floor)}"
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
    if math.isfinite(row.floor):
        drawn.append(element("path", d=f"M{point(place(row.floor), y - 10)}v20", class_="floor"))
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
