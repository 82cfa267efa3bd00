"""Columns of synthetic rows over those of real ones, at moments of a training."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tabgan.errors import OptionError
from tabgan.pictures.canvas import BLUE, GREY, INK, Path, lighten, new_figure, save
from tabgan.pictures.scales import has_scale, places_of
from tabgan.snapshots import Snapshot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["choose_columns", "plot_marginals"]

BINS = 30
LEVELS = 8  # the most frequent ones that are shown
HEADROOM = 1.5  # an untrained generator's spikes are cut, or they would flatten all else
SHORT = 12  # characters of a level's label
WITHIN = (0.005, 0.995)  # quantiles that bound the scale of a number: tails would squeeze the rest


def choose_columns(frame: pd.DataFrame, most: int = 6) -> list[Any]:
    """Choose columns that are worth a picture: the first numbers and the first categories.

    Numbers and dates take half of the places, categories the other half, and what one kind leaves
    the other gets. Texts with a value for nearly every row are left out.

    Examples
    --------
    >>> keys = [f"key {i}" for i in range(20)]
    >>> choose_columns(pd.DataFrame({"key": keys, "kind": ["u", "v"] * 10, "x": range(20)}))
    ['kind', 'x']
    """
    numbers, categories = [], []
    for name in frame.columns:
        values = frame[name].dropna()
        distinct = values.nunique()
        if distinct < 2:
            continue
        if has_scale(frame[name]):
            numbers.append(name)
        elif distinct <= max(len(values) / 2, 2):
            categories.append(name)
    n_numbers = max(most // 2, most - len(categories))
    chosen = numbers[:n_numbers]
    chosen += categories[: most - len(chosen)]
    return [name for name in frame.columns if name in set(chosen)]


def plot_marginals(
    snapshots: Sequence[Snapshot], real: pd.DataFrame, columns: Sequence[Any], path: Path
) -> None:
    """Draw columns of synthetic rows over those of real ones: a row a column, a panel a moment.

    Numbers and dates are histograms, other columns bars of their most frequent levels; heights
    are shares of the rows, and all panels of a row have the same scales: a histogram is cut at
    1.5 times the real one's height.

    Parameters
    ----------
    snapshots
        An estimator's `snapshots_`.
    real
        The real rows, or others to compare with.
    columns
        Names of the columns to draw.
    path
        PNG file to write.

    Raises
    ------
    OptionError
        If there is nothing to draw, if a column is not there, or if matplotlib lacks.
    """
    if not snapshots or not columns:
        raise OptionError("plot_marginals needs at least one snapshot and one column")
    for name in columns:
        if name not in real.columns:
            raise OptionError(f"columns: {name!r} is no column of the table")
    figure = new_figure(2.0 * len(snapshots) + 1.0, 1.7 * len(columns) + 0.6)
    panels = figure.subplots(len(columns), len(snapshots), squeeze=False, sharey="row")
    for row, name in zip(panels, columns, strict=True):
        draw = _histogram if has_scale(real[name]) else _bars
        for axes, snapshot in zip(row, snapshots, strict=True):
            draw(axes, real[name], snapshot.rows[name])
            lighten(axes)
        row[0].set_ylabel(f"{_short(name, 24)}\n% of rows", color=INK, fontsize=8)
    for axes, snapshot in zip(panels[0], snapshots, strict=True):
        axes.set_title(f"epoch {snapshot.epoch:,.3g}", color=INK, fontsize=9)
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2, frameon=False, fontsize=8)
    save(figure, path)


def _histogram(axes: "Axes", real: pd.Series, made: pd.Series) -> None:
    there, drawn, dated = places_of(real, made)
    low, high = np.quantile(there, WITHIN)
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    ours, theirs = (
        100 * np.histogram(places, edges)[0] / max(n, 1)
        for places, n in ((drawn, len(made)), (there, len(real)))
    )
    axes.stairs(theirs, edges, color=GREY, fill=True, label="real")
    axes.stairs(ours, edges, color=BLUE, linewidth=1.4, label="synthetic")
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, HEADROOM * theirs.max() or 1)
    _label_scale(axes, dated, float(np.abs(edges).max()))


def _label_scale(axes: "Axes", dated: bool, largest: float) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import EngFormatter, MaxNLocator

    if dated:
        # matplotlib's dates have no types
        days = AutoDateLocator(minticks=2, maxticks=4)  # type: ignore[no-untyped-call, unused-ignore]
        short = ConciseDateFormatter(days)  # type: ignore[no-untyped-call, unused-ignore]
        axes.xaxis.set_major_locator(days)
        axes.xaxis.set_major_formatter(short)
        axes.xaxis.get_offset_text().set_fontsize(7)
        return
    axes.xaxis.set_major_locator(MaxNLocator(3))
    if largest >= 1e4:
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))


def _bars(axes: "Axes", real: pd.Series, made: pd.Series) -> None:
    there, drawn = (values.astype(object).map(_level) for values in (real, made))
    shares = 100 * there.value_counts(normalize=True)
    levels = list(shares.index[:LEVELS])
    ours = (100 * drawn.value_counts(normalize=True)).reindex(levels, fill_value=0.0)
    places = np.arange(len(levels))
    axes.bar(places, shares[levels], width=0.8, color=GREY, label="real")
    axes.bar(places, ours, width=0.45, color=BLUE, label="synthetic")
    tilted = sum(len(_short(level)) for level in levels) > 24
    axes.set_xticks(
        places,
        [_short(level) for level in levels],
        rotation=45 if tilted else 0,
        ha="right" if tilted else "center",
        rotation_mode="anchor",
    )


def _level(value: Any) -> str:
    return "missing" if pd.isna(value) else str(value) or "blank"


def _short(name: Any, most: int = SHORT) -> str:
    # A dollar would begin a formula.
    text = str(name).replace("$", r"\$")
    return text if len(text) <= most else f"{text[: most - 1]}…"
