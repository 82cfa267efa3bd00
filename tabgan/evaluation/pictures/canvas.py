"""Figures of matplotlib without pyplot, their style, and files that are written atomically."""

import os
from typing import TYPE_CHECKING, Any

from tabgan.base.atomic_files import open_atomically
from tabgan.base.errors import OptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "GREY",
    "INK",
    "ORANGE",
    "Path",
    "RED",
    "check_pictures",
    "lighten",
    "new_figure",
    "save",
]

Path = str | os.PathLike[str]

# Told apart by every kind of color vision (Okabe & Ito, 2008).
BLUE, ORANGE, RED = "#0072B2", "#E69F00", "#D55E00"
GREY, INK, LINES = "#BBBBBB", "#333333", "#E6E6E6"
DPI = 120


def check_pictures() -> None:
    """Check that matplotlib is there, before any work is done for a picture.

    Raises
    ------
    OptionError
        If it is not.
    """
    try:
        import matplotlib.backends.backend_agg  # noqa: F401
        import PIL.Image  # noqa: F401
    except ImportError as error:
        raise OptionError(
            "Pictures need matplotlib, which is not installed; install it with: "
            "pip install 'matplotlib>=3.8'"
        ) from error


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure of a size in inches, with a canvas of its own.

    Parameters
    ----------
    width, height
        Inches.
    """
    check_pictures()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def lighten(axes: "Axes", *, grid: str | None = "y") -> None:
    """Style the axes of a plot: no box, grey ticks, small labels, and a light grid.

    Parameters
    ----------
    axes
        The plot.
    grid
        Axis whose grid is drawn; None draws none.
    """
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom", "right"):
        axes.spines[side].set_color(GREY)
    axes.tick_params(colors=INK, labelsize=8, length=3, color=GREY)
    if grid:
        axes.grid(axis=grid, color=LINES, linewidth=0.8)  # type: ignore[arg-type]
        axes.set_axisbelow(True)


def save(figure: "Figure", path: Path, **options: Any) -> None:
    """Write a figure, as the SVG or PDF that its name ends in, or else as PNG.

    Parameters
    ----------
    figure
        What to write.
    path
        File; its ending chooses the format.
    **options
        Options of matplotlib's ``savefig``.

    Raises
    ------
    OSError
        If the file can't be written.
    """
    suffix = os.path.splitext(path)[1].lower().removeprefix(".")  # noqa: PTH122
    kind = suffix if suffix in ("svg", "pdf") else "png"
    with open_atomically(path) as file:
        figure.savefig(file, format=kind, dpi=DPI, **options)
