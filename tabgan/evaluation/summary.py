"""An evaluation in a few lines of text."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tabgan.evaluation.results import Figure

if TYPE_CHECKING:
    from tabgan.evaluation.evaluate import Evaluation

__all__ = ["summarise"]

WIDTH = 88
_Row = tuple[str, str, str, str]


def summarise(found: "Evaluation") -> str:
    """Return the verdict, a table of the parts with their floors, the weakest points, and risks."""
    tables = found.tables
    compared = f"{tables.synthetic_rows:,} synthetic rows against {tables.real_rows:,} real ones"
    if tables.holdout_rows:
        compared += f" and {tables.holdout_rows:,} held out"
    lines = [
        *textwrap.wrap(found.verdict.headline, WIDTH),
        f"Score {found.verdict.score:.3f} ({found.verdict.grade}); {compared}",
        "",
        *_aligned([("", "score", "this table", "a fresh sample"), *_rows(found)]),
    ]
    for number, point in enumerate(found.verdict.weak_points, 1):
        lines += ["", *_paragraph(f"{number}. {point.what}"), *_paragraph(f"   {point.remedy}")]
    if found.privacy is not None:
        lines += ["", str(found.privacy)]
    return "\n".join(lines)


def _rows(found: "Evaluation") -> list[_Row]:
    fidelity, detection, coverage = found.fidelity, found.detection, found.coverage
    rows = [
        ("validity", "valid rows", found.validity.valid_rows, "%"),
        ("shapes", "mean error", fidelity.shape_error, "%"),
        ("trends", "mean error", fidelity.trend_error, "%"),
        ("detection", "AUC of trees", Figure(detection.trees.auc, detection.trees.floor), ""),
    ]
    if found.utility is not None:
        what = f"{found.utility.metric} of {found.utility.target!r:.30}"
        rows.append(("utility", what, found.utility.score, ""))
    rows += [
        ("coverage", "levels", coverage.levels, "%"),
        ("", "ranges", coverage.ranges, "%"),
        ("", "rare combinations", coverage.rare_combinations, "%"),
        ("", "missing patterns", coverage.missing_patterns, "%"),
        ("nearness", "unique rows copied", found.nearness.unique_copies, "%"),
    ]
    scores = found.verdict.parts
    return [
        (
            part,
            f"{scores[part]:.3f}" if part in scores else "",
            f"{_written(figure.value, unit)} {what}",
            _written(figure.floor, unit),
        )
        for part, what, figure, unit in rows
        if not np.isnan(figure.value)
    ]


def _written(value: float, unit: str) -> str:
    if np.isnan(value):
        return ""
    return f"{value:.1f} %" if unit == "%" else f"{value:.3f}"


def _aligned(rows: Sequence[_Row]) -> list[str]:
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="", subsequent_indent="   ")
