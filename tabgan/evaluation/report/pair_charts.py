"""The charts of pairs of columns: heat maps of their strengths, and pairs side by side.

Colors come from the page's style by class, so that charts follow its light and dark schemes.
"""

from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from tabgan.evaluation.part_results import JointShares, Pairs
from tabgan.evaluation.report.svg_charts import WIDTH, chart, element
from tabgan.evaluation.report.words import percent, short, width

__all__ = [
    "HeatMaps",
    "SHOWN_COLUMNS",
    "WorstPair",
    "heat_maps",
    "joint_chart",
    "worst_pairs",
]

Floats = NDArray[np.float64]
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
    texts = [short(name, int((_MARGIN - 10) / (0.63 * size))) for name in names[:_LABELLED]]
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
