"""Columns of synthetic rows over those of real ones, at moments of a training."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import OptionError
from tabgan.evaluation.pictures.canvas import BLUE, GREY, INK, Path, lighten, new_figure, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Places", "choose_columns", "has_scale", "places_of", "plot_marginals"]

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
