"""Figures of matplotlib: their style and files, and the pictures of a training."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import OptionError
from tabgan.base.safe_files import open_atomically
from tabgan.generators.gan.diagnosis import Finding

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "GREY",
    "INK",
    "ORANGE",
    "Path",
    "Places",
    "RED",
    "check_pictures",
    "choose_columns",
    "has_scale",
    "lighten",
    "new_figure",
    "places_of",
    "plot_losses",
    "plot_marginals",
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


FEW_LEVELS = 12  # a number with no more values than that is drawn as levels
MOSTLY = 0.95  # share of the cells of a text column that make it one of numbers or dates
DAY = 24 * 3600 * 1e9  # nanoseconds
Places = NDArray[np.float64]
Kind = Literal["number", "date", "duration"]
BINS = 30
LEVELS = 8  # the most frequent ones that are shown
HEADROOM = 1.5  # an untrained generator's spikes are cut, or they would flatten all else
SHORT = 12  # characters of a level's label
WITHIN = (0.005, 0.995)  # quantiles that bound the scale of a number: tails would squeeze the rest


class SnapshotOfRows(Protocol):
    """Synthetic rows of one moment of training, as an estimator's `snapshots_` holds them."""

    @property
    def epoch(self) -> float:
        """Passes over the table until then."""

    @property
    def rows(self) -> pd.DataFrame:
        """The rows."""


def choose_columns(frame: pd.DataFrame, most: int = 6) -> list[Any]:
    """Choose columns that are worth a picture: the first numbers and the first categories.

    Numbers and dates take half of the places, categories the other half, and what one kind leaves
    the other gets. Texts with a value for nearly every row are left out.

    Parameters
    ----------
    frame
        A table.
    most
        The most columns to choose.

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


def has_scale(values: pd.Series) -> bool:
    """Say whether a column is of numbers or dates, and of more than a few.

    Examples
    --------
    >>> has_scale(pd.Series(range(50)).astype(str)), has_scale(pd.Series(["a", "b"] * 9))
    (True, False)
    """
    kind = _kind(values)
    return kind is not None and _of_kind(values, kind).nunique() > FEW_LEVELS


def plot_marginals(
    snapshots: Sequence[SnapshotOfRows], real: pd.DataFrame, columns: Sequence[Any], path: Path
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
        If there is nothing to draw, if a column is missing, or if matplotlib is not
        installed.
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


def places_of(real: pd.Series, made: pd.Series) -> tuple[Places, Places, bool]:
    """Return where the values of two columns lie on one axis, and whether they are dates.

    The real column decides what both are; what is missing or of another kind is left out. Dates
    lie at the days since 1970, durations at their seconds.

    Parameters
    ----------
    real, made
        The column in the real and in the synthetic table.

    Examples
    --------
    >>> places_of(pd.Series(["1.5", "", "2"]), pd.Series(["7", "x"]))
    (array([1.5, 2. ]), array([7.]), False)
    """
    kind = _kind(real) or "number"
    return _places(_of_kind(real, kind)), _places(_of_kind(made, kind)), kind == "date"


def _kind(values: pd.Series) -> Kind | None:
    """Say what a column is of; of text, what nearly all of its cells can be read as."""
    there = values.dropna()
    kinds: dict[str, Kind] = {"M": "date", "m": "duration", **dict.fromkeys("iuf", "number")}
    if there.dtype.kind != "O":
        return kinds.get(there.dtype.kind)
    n = int((there.astype(str) != "").sum())
    for kind in get_args(Kind)[:2]:
        if n and len(_of_kind(there, kind)) > MOSTLY * n:
            return kind  # type: ignore[no-any-return]
    return None


def _of_kind(values: pd.Series, kind: Kind) -> pd.Series:
    """Return the values that are of a kind, as that."""
    there = values.dropna()
    if there.dtype.kind in "mM":
        return there.dt.as_unit("ns")  # type: ignore[no-any-return]
    if there.dtype.kind != "O":
        return there
    words = there.astype(str)
    words = words[words != ""]
    if kind == "date":
        dates = pd.to_datetime(words, errors="coerce", format="ISO8601", utc=True).dropna()
        return dates.astype("datetime64[ns, UTC]")
    return pd.to_numeric(words, errors="coerce").dropna()


def _places(scaled: pd.Series) -> Places:
    if scaled.dtype.kind == "M":
        return np.asarray(scaled.astype("int64"), np.float64) / DAY
    if scaled.dtype.kind == "m":
        return np.asarray(scaled.dt.total_seconds(), np.float64)
    numbers: Places = scaled.to_numpy(np.float64)
    return numbers[np.isfinite(numbers)]


History = Sequence[Mapping[str, float]]


def plot_losses(history: History, path: Path, findings: Sequence[Finding] = ()) -> None:
    """Draw a training's records, one panel below the other, and mark what went wrong.

    The panels show the losses of both networks; the discriminator's advantage in logits with the
    weight γ of its penalty; diversity and coverage of the generated rows, where they were
    measured.

    Parameters
    ----------
    history
        An estimator's `history_`.
    path
        PNG file to write.
    findings
        An estimator's `diagnosis_`; each is marked at its step.

    Raises
    ------
    OptionError
        If there are no records, or if matplotlib is not installed.
    """
    if not history:
        raise OptionError("history is empty: nothing was trained that could be drawn")
    measured = "diversity" in history[0]
    panels = 3 if measured else 2
    figure = new_figure(8, 2.2 * panels + 0.4 + 0.25 * len(findings))
    places = figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0]
    _draw_losses(places[0], history)
    _draw_balance(places[1], history)
    if measured:
        _draw_rows(places[2], history)
    for axes in places:
        for finding in findings:
            axes.axvline(finding.step, color=RED, linewidth=1, linestyle=(0, (4, 3)))
    places[-1].set_xlabel("training step", color=INK, fontsize=9)
    if findings:
        told = [f"{finding.name} since step {finding.step:,}" for finding in findings]
        figure.suptitle("\n".join(told), color=RED, fontsize=9, x=0.01, ha="left")
    save(figure, path)


def _series(history: History, name: str) -> tuple[list[float], list[float]]:
    return [record["step"] for record in history], [record[name] for record in history]


def _line(axes: "Axes", history: History, name: str, label: str, color: str) -> None:
    marker = "o" if len(history) == 1 else None
    axes.plot(*_series(history, name), color=color, linewidth=1.6, label=label, marker=marker)


def _finish(axes: "Axes", title: str) -> None:
    lighten(axes)
    axes.set_ylabel(title, color=INK, fontsize=9)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles,
        labels,
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=len(handles),
        frameon=False,
        fontsize=8,
        borderaxespad=0.2,
    )


def _draw_losses(axes: "Axes", history: History) -> None:
    _line(axes, history, "discriminator_loss", "discriminator", BLUE)
    _line(axes, history, "generator_loss", "generator", ORANGE)
    _finish(axes, "loss (mean of steps)")


def _draw_balance(axes: "Axes", history: History) -> None:
    axes.axhline(0, color=INK, linewidth=0.6)
    _line(axes, history, "advantage", "advantage of the discriminator", BLUE)
    if any(record["gamma"] for record in history):
        weights = axes.twinx()
        weights.plot(*_series(history, "gamma"), color=ORANGE, linewidth=1.6)
        lighten(weights, grid=None)
        weights.spines["right"].set_visible(True)
        weights.set_ylim(bottom=0)
        weights.set_ylabel("weight γ", color=ORANGE, fontsize=9)
        axes.plot([], [], color=ORANGE, linewidth=1.6, label="weight γ of its penalty (right)")
    _finish(axes, "advantage (logits)")


def _draw_rows(axes: "Axes", history: History) -> None:
    axes.axhline(1, color=INK, linewidth=0.6)
    _line(axes, history, "diversity", "diversity (1: as real rows)", BLUE)
    _line(axes, history, "coverage", "coverage of the real rows", ORANGE)
    axes.set_ylim(bottom=0)
    _finish(axes, "ratio to the real rows")
