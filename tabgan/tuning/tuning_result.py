"""The result of `tune`: its trials, the best of them, the heuristic's trial, and their picture."""

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from tabgan.base.atomic_files import open_atomically
from tabgan.base.errors import OptionError
from tabgan.evaluation.pictures.canvas import (
    BLUE,
    INK,
    RED,
    check_pictures,
    lighten,
    new_figure,
    save,
)
from tabgan.evaluation.quality_scores import TableScores
from tabgan.generators.latents import LatentChoice
from tabgan.tuning.search_space import Candidate

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["Point", "Trial", "TuningResult", "check_plot", "draw_plot", "without_nan"]

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
    """Scale the axis by powers of two, and label the sizes that do not overlap."""
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


ALIKE = 0.01  # detection scores this near to each other are even


@dataclass(frozen=True)
class Trial:
    """One candidate, fitted and scored.

    Attributes
    ----------
    candidate
        What was tried.
    scores
        Distances of its rows to the real ones; None if it could not be trained.
    steps
        Training steps taken.
    seconds
        Wall time of fitting, drawing and scoring.
    heuristic
        Whether its latent size is the one that ``latent_dim="auto"`` takes for the table.
    error
        Why it could not be trained; empty if it could.
    """

    candidate: Candidate
    scores: TableScores | None
    steps: int
    seconds: float
    heuristic: bool
    error: str = ""

    def facts(self) -> dict[str, Any]:
        """Return everything by name, as plain values."""
        scores = self.scores or TableScores(*[math.nan] * 3)
        return {
            **asdict(self.candidate),
            "detection": scores.detection,
            "trend_error": scores.trend_error,
            "shape_error": scores.shape_error,
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "heuristic": self.heuristic,
            "error": self.error,
        }


@dataclass(frozen=True)
class TuningResult:
    """All trials of `tune`, at least one of which was scored.

    Attributes
    ----------
    trials
        In the order in which they were made.
    choice
        What the heuristics choose for the table, and why.
    defaults
        The candidate that ``TabGAN()`` is: the heuristics' latent size, default rate and width.
    facts
        How it was done: rows fitted on and held out, seed, engine.
    """

    trials: tuple[Trial, ...]
    choice: LatentChoice
    defaults: Candidate
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def best(self) -> Trial:
        """The trial with the best detection score.

        Among those within .01 of it, the one with the least trend error; then the smallest latent.
        """
        return _best(self.trials)

    @property
    def heuristic(self) -> Trial | None:
        """The trial nearest to default options; None if their latent size was not tried.

        It has the default learning rate and width, or else it is the best of the latent size.
        """
        marked = [trial for trial in self.trials if trial.heuristic and trial.scores]
        exact = [trial for trial in marked if trial.candidate == self.defaults]
        return _best(exact or marked) if marked else None

    def to_frame(self) -> pd.DataFrame:
        """Return the trials as a table.

        Returns
        -------
        DataFrame
            A row for each trial: ``latent_dim``, ``learning_rate``, ``hidden_dim``, ``detection``,
            ``trend_error`` and ``shape_error`` in percent, ``steps``, ``seconds``, ``heuristic``,
            ``error`` and ``best``.
        """
        frame = pd.DataFrame([trial.facts() for trial in self.trials])
        best = self.best
        return frame.assign(best=[trial is best for trial in self.trials])

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON values; a missing score is null."""
        heuristic = self.heuristic
        return {
            **self.facts,
            "heuristic": {"size": self.choice.dim, "reason": self.choice.reason},
            "best": without_nan(self.best.facts()),
            "heuristic_trial": without_nan(heuristic.facts()) if heuristic else None,
            "trials": [without_nan(trial.facts()) for trial in self.trials],
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the result to a JSON file, atomically.

        Raises
        ------
        OSError
            If it can't be written.
        """
        text = json.dumps(self.to_json(), allow_nan=False, ensure_ascii=False, indent=2) + "\n"
        with open_atomically(path) as file:
            file.write(text.encode(errors="backslashreplace"))

    def plot(self, path: str | os.PathLike[str]) -> None:
        """Draw detection score and trend error over the latent size to a picture, atomically.

        The size that the heuristics choose and the best trial are marked.

        Parameters
        ----------
        path
            A file that ends in .png, .svg or .pdf.

        Raises
        ------
        OptionError
            If matplotlib is not installed, or the file has another ending.
        OSError
            If it can't be written.
        """
        points = [
            Point(
                trial.candidate.latent_dim,
                trial.scores.detection,
                trial.scores.trend_error,
                best=trial is self.best,
            )
            for trial in self.trials
            if trial.scores
        ]
        others = {(t.candidate.learning_rate, t.candidate.hidden_dim) for t in self.trials}
        draw_plot(points, self.choice.dim, path, joined=len(others) == 1)


def _best(trials: Iterable[Trial]) -> Trial:
    scored = [(trial, trial.scores) for trial in trials if trial.scores]
    top = max(scores.detection for _, scores in scored)
    even = [(trial, scores) for trial, scores in scored if top - scores.detection <= ALIKE]

    def rank(item: tuple[Trial, TableScores]) -> tuple[float, float, int]:
        trial, scores = item
        trend = math.inf if math.isnan(scores.trend_error) else scores.trend_error
        return trend, -scores.detection, trial.candidate.latent_dim

    return min(even, key=rank)[0]


def without_nan(facts: Mapping[Any, Any]) -> dict[str, Any]:
    """Return facts as JSON values by name: what is not a number becomes None.

    Examples
    --------
    >>> without_nan({"detection": 0.5, "trend_error": math.nan})
    {'detection': 0.5, 'trend_error': None}
    """
    return {
        str(name): None if isinstance(value, float) and math.isnan(value) else value
        for name, value in facts.items()
    }
