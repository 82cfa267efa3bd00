"""The picture of a tuning: scores over the latent size."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tabgan.errors import OptionError
from tabgan.pictures.canvas import BLUE, INK, RED, check_pictures, lighten, new_figure, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Point", "check_plot", "draw_plot"]

SUFFIXES = (".png", ".svg", ".pdf")
APART = 0.05  # of the axis, between two sizes that are written out


class Point(NamedTuple):
    """One trial: its latent size, scores, and whether it is the best."""

    latent_dim: int
    detection: float
    trend_error: float
    best: bool


def check_plot(path: str | os.PathLike[str]) -> None:
    """Check that a picture can be drawn to a file of this name, before any work is done for it.

    Raises
    ------
    OptionError
        If matplotlib is not installed, or if the name has another ending than .png, .svg or .pdf.
    """
    if Path(path).suffix.lower() not in SUFFIXES:
        raise OptionError(
            f"plot={os.fspath(path)!r} does not end as a picture does; end it in "
            f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        )
    check_pictures()


def draw_plot(
    points: Sequence[Point], heuristic: int, path: str | os.PathLike[str], *, joined: bool
) -> None:
    """Draw detection score and trend error over the latent size, one panel each.

    Parameters
    ----------
    points
        The trials.
    heuristic
        The latent size that the heuristics choose.
    path
        The file; written atomically.
    joined
        Whether the trials differ in nothing but the latent size, so that a line can join them.

    Raises
    ------
    OptionError
        As `check_plot` does.
    OSError
        If the file can't be written.
    """
    check_plot(path)
    figure = new_figure(7.5, 6.5)
    upper, lower = figure.subplots(2, 1, sharex=True)
    points = sorted(points)
    _draw_panel(upper, points, [point.detection for point in points], heuristic)
    _draw_panel(lower, points, [point.trend_error for point in points], heuristic)
    if joined:
        sizes = [point.latent_dim for point in points]
        upper.plot(sizes, [point.detection for point in points], color=BLUE, zorder=2)
        lower.plot(sizes, [point.trend_error for point in points], color=BLUE, zorder=2)
    upper.set_ylabel("detection score\n(1: rows can't be told apart)")
    lower.set_ylabel("trend error, %\n(0: pairs of columns agree)")
    lower.set_xlabel("latent size z")
    _set_sizes(lower, sorted({heuristic, *(point.latent_dim for point in points)}))
    handles, labels = upper.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    save(figure, path)


def _draw_panel(
    panel: "Axes", points: Sequence[Point], heights: Sequence[float], heuristic: int
) -> None:
    sizes = [point.latent_dim for point in points]
    panel.axvline(heuristic, color=INK, linestyle="--", label=f"heuristic: z = {heuristic}")
    panel.scatter(sizes, heights, color=BLUE, zorder=3, label="trial")
    for point, height in zip(points, heights, strict=True):
        if point.best:
            panel.plot(
                [point.latent_dim],
                [height],
                "o",
                markersize=13,
                fillstyle="none",
                color=RED,
                markeredgewidth=2,
                zorder=4,
                label=f"best: z = {point.latent_dim}",
            )
    lighten(panel)


def _set_sizes(panel: "Axes", sizes: list[int]) -> None:
    """Scale the latent sizes by powers of two, and write out those that leave each other room."""
    from matplotlib.ticker import NullLocator, ScalarFormatter

    room = (sizes[-1] / sizes[0]) ** APART
    written = sizes[:1]
    for size in sizes[1:]:
        if size > room * written[-1]:
            written.append(size)
    panel.set_xscale("log", base=2)
    panel.set_xticks(written)
    panel.xaxis.set_major_formatter(ScalarFormatter())
    panel.xaxis.set_minor_locator(NullLocator())
