"""The trials of `tune`: where they are taken from, the rows that they are judged by, the best."""

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError, OptionError
from tabgan.base.option_checks import check_number
from tabgan.base.random_streams import numpy_stream
from tabgan.base.safe_files import open_atomically
from tabgan.evaluation.detection import detection_score
from tabgan.evaluation.fidelity import TableScores, quality_errors
from tabgan.evaluation.matplotlib_figures import (
    BLUE,
    INK,
    RED,
    check_pictures,
    lighten,
    new_figure,
    save,
)
from tabgan.generators.latents import MAX_LATENT, LatentChoice
from tabgan.table.schema import Schema

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "Candidate",
    "HeldOutRows",
    "Point",
    "Space",
    "Trial",
    "TuningResult",
    "candidate_latent_dims",
    "check_holdout",
    "check_plot",
    "draw_plot",
    "without_nan",
]

LEAST_LATENT = 8
FEWEST = 4  # latent sizes, so that a comparison has something to compare
SAME_SIZE = 1.125  # sizes nearer to each other than by this factor tell the same


@dataclass(frozen=True)
class Candidate:
    """One setting to try: a latent size, a learning rate and a width of the hidden layers."""

    latent_dim: int
    learning_rate: float
    hidden_dim: int


@dataclass(frozen=True)
class Space:
    """The values to try of each option, ascending and without repetitions."""

    latent_dims: tuple[int, ...]
    learning_rates: tuple[float, ...]
    hidden_dims: tuple[int, ...]

    @classmethod
    def of(cls, latent_dims: Any, learning_rates: Any, hidden_dims: Any) -> "Space":
        """Check the values and sort them.

        Parameters
        ----------
        latent_dims, learning_rates, hidden_dims
            The values to try of each option.

        Raises
        ------
        OptionError
            If an option has no value, or one that it can't have.

        Examples
        --------
        >>> Space.of([64, 32, 64], [1e-3], [256])
        Space(latent_dims=(32, 64), learning_rates=(0.001,), hidden_dims=(256,))
        """
        return cls(
            _ordered("latent_dims", latent_dims, Integral),
            _ordered("learning_rates", learning_rates, Real),
            _ordered("hidden_dims", hidden_dims, Integral),
        )

    def grid(self) -> list[Candidate]:
        """Combine every value with every other."""
        combined = product(self.learning_rates, self.hidden_dims, self.latent_dims)
        return [Candidate(latent, rate, width) for rate, width, latent in combined]


def candidate_latent_dims(width: int, choice: int) -> tuple[int, ...]:
    """Propose at least four latent sizes for a table, ascending.

    They are the heuristic's choice, the sizes d, d/2 and 2·d of the heuristics for tables, and
    the small sizes 32 and 64. All lie from 8 to 512, each at least an eighth from the others.
    If fewer than four are left, 128, 256, 16 and 8 are added.

    Parameters
    ----------
    width
        Encoded width d of the table.
    choice
        What `tabgan.generators.latents.choose_latent_dim` chose.

    Examples
    --------
    >>> candidate_latent_dims(width=100, choice=200)
    (32, 50, 64, 100, 200)
    >>> candidate_latent_dims(width=12, choice=128)
    (8, 12, 24, 32, 64, 128)
    >>> candidate_latent_dims(width=9000, choice=512)
    (32, 64, 128, 512)
    """
    sizes = [choice]
    for size in (width, width // 2, 2 * width, 32, 64):
        _add(min(max(size, LEAST_LATENT), MAX_LATENT), sizes)
    for filler in (128, 256, 16, 8):
        if len(sizes) < FEWEST:
            _add(filler, sizes)
    return tuple(sorted(sizes))


def _add(size: int, sizes: list[int]) -> None:
    """Add a size, unless the list has one that is nearly the same."""
    if all(max(size, other) >= SAME_SIZE * min(size, other) for other in sizes):
        sizes.append(size)


def _ordered(name: str, values: Any, kind: type[Integral] | type[Real]) -> tuple[Any, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise OptionError(f"{name}={values!r} must be a list of numbers, for example [64, 128]")
    listed = list(values)
    if not listed:
        raise OptionError(f"{name}=[] has no value to try; give at least one, or leave it out")
    whole = kind is Integral
    for value in listed:
        check_number(f"{name} with", value, kind, 1 if whole else 0, above=not whole)
    return tuple(sorted({int(value) if whole else float(value) for value in listed}))


MOST_SCORED = 50_000  # rows that scores look at; more would cost more than they tell
MOST_PARTS = 4  # of the drawn rows, over which errors are averaged
LEAST_SLACK = 0.05  # of the detection score: less is nothing to choose a method by
FEWEST_HELD_OUT = 20  # a tree of the detector needs as many rows for a leaf


def check_holdout(holdout: float) -> None:
    """Check the share of the rows that is held out.

    Raises
    ------
    OptionError
        If it is not a number above 0 and below 1.
    """
    check_number("holdout", holdout, Real, 0, "and below 1", above=True)
    if holdout >= 1:
        raise OptionError(f"holdout={holdout!r} leaves no row to fit on; give a share below 1")


@dataclass(frozen=True)
class HeldOutRows:
    """The rows of a table, split at random into those of the fits and those held out.

    Attributes
    ----------
    train
        The rows to fit on; the first ones are scored.
    held_out
        Rows that no fit sees.
    seed
        Seed of the split and of the scores.
    """

    train: pd.DataFrame
    held_out: pd.DataFrame
    seed: int

    @staticmethod
    def are_enough(n_rows: int, holdout: float) -> bool:
        """Return whether a table of n rows can be split.

        Parameters
        ----------
        n_rows
            Rows of the table.
        holdout
            Share of the rows to hold out.
        """
        size = _size(n_rows, holdout)
        return min(size, n_rows - size) >= FEWEST_HELD_OUT

    @classmethod
    def split(cls, frame: pd.DataFrame, holdout: float, seed: int) -> Self:
        """Split a table.

        Parameters
        ----------
        frame
            The table.
        holdout
            Share of the rows to hold out, of at most 50,000 rows.
        seed
            Seed of the order.

        Raises
        ------
        DataError
            If the table is too small.
        """
        size = _size(len(frame), holdout)
        if not cls.are_enough(len(frame), holdout):
            rows = f"{len(frame)} row{'s' * (len(frame) != 1)}"
            raise DataError(
                f"The table has {rows}; holdout={holdout!r} holds {size} out and "
                f"leaves {len(frame) - size} to fit on; each part needs at least "
                f"{FEWEST_HELD_OUT}: give more rows, or another share",
                on_command_line=f"The table has {rows}; {size} of them would be held "
                f"out, and each part needs at least {FEWEST_HELD_OUT}: give more rows",
            )
        order = numpy_stream(seed, "holdout").permutation(len(frame))
        train, held_out = frame.iloc[order[size:]], frame.iloc[order[:size]]
        return cls(train.reset_index(drop=True), held_out.reset_index(drop=True), seed)

    @property
    def scored(self) -> pd.DataFrame:
        """The rows of the fits that drawn rows are compared with; as many are to be drawn."""
        return self.train.iloc[:MOST_SCORED]

    def columns_of(self, schema: Schema) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the scored rows and those held out, with the schema's columns alone."""
        names = [column.name for column in schema]
        return self.scored[names], self.held_out[names]

    def score(self, synthetic: pd.DataFrame, schema: Schema) -> TableScores:
        """Score drawn rows by `tabgan.evaluation.fidelity`.

        Shapes and trends are compared with the rows of the fits, in parts of as many drawn rows as
        are held out, so that their errors are of the size that fresh rows have; the detector is
        to tell drawn rows from those held out.

        Parameters
        ----------
        synthetic
            As many rows as `scored` has.
        schema
            What the columns are.
        """
        real, held_out = self.columns_of(schema)
        size = len(held_out)
        starts = range(0, max(1, len(synthetic) - size + 1), size)
        parts = [synthetic.iloc[start : start + size] for start in starts][:MOST_PARTS]
        errors = np.mean([quality_errors(real, part, schema) for part in parts], axis=0)
        detection = detection_score(held_out, synthetic, schema, random_state=self.seed)
        return TableScores(float(errors[0]), float(errors[1]), detection)

    def score_of_fresh_rows(self, schema: Schema) -> TableScores:
        """Return the scores that fresh rows of the table have: errors of the held-out rows.

        A detector tells fresh rows no better than chance: their score is 1, less three standard
        errors for as many rows, and at least .05.
        """
        errors = quality_errors(*self.columns_of(schema), schema)
        spread = 2 * np.sqrt(1 / (6 * len(self.held_out)))  # twice the AUC's, as the score is
        slack = max(LEAST_SLACK, 3 * spread)
        return TableScores(errors.shape_error, errors.trend_error, float(max(0, 1 - slack)))


def _size(n_rows: int, holdout: float) -> int:
    return min(round(holdout * n_rows), MOST_SCORED)


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


EVEN = 0.01  # detection scores this near to each other are even


@dataclass(frozen=True)
class Trial:
    """One candidate, fitted and scored with one seed or several.

    Attributes
    ----------
    candidate
        What was tried.
    runs
        Distances of its rows to the real ones, for each seed; empty if it could not be trained.
    steps
        Training steps taken with a seed.
    seconds
        Wall time of fitting, drawing and scoring, of all seeds.
    heuristic
        Whether its latent size is the one that ``latent_dim="auto"`` takes for the table.
    error
        Why it could not be trained; empty if it could.
    """

    candidate: Candidate
    runs: tuple[TableScores, ...]
    steps: int
    seconds: float
    heuristic: bool
    error: str = ""

    @property
    def scores(self) -> TableScores | None:
        """Mean scores over the seeds; None if it could not be trained."""
        if not self.runs:
            return None
        return TableScores(*np.mean([[*vars(run).values()] for run in self.runs], axis=0).tolist())

    @property
    def detections(self) -> NDArray[np.float64]:
        """Detection score of each seed."""
        return np.array([run.detection for run in self.runs])

    def and_again(self, other: Self) -> Self:
        """Return the trial with the runs of another of the same candidate."""
        return replace(
            self,
            runs=self.runs + other.runs,
            seconds=self.seconds + other.seconds,
            error=self.error or other.error,
        )

    def facts(self) -> dict[str, Any]:
        """Return everything by name, as plain values."""
        scores = self.scores or TableScores(*[math.nan] * 3)
        spread = self.detections.std(ddof=1) if len(self.runs) > 1 else math.nan
        return {
            **asdict(self.candidate),
            "detection": scores.detection,
            "detection_spread": float(spread),
            "trend_error": scores.trend_error,
            "shape_error": scores.shape_error,
            "seeds": len(self.runs),
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
        """The trial with the best detection score, among those fitted with the most seeds.

        Among those within .01 of it, the one with the least trend error; then the smallest latent.
        """
        most = max(len(trial.runs) for trial in self.trials)
        return _best(trial for trial in self.trials if len(trial.runs) == most)

    @property
    def heuristic(self) -> Trial | None:
        """The trial nearest to default options; None if their latent size was not tried.

        It has the default learning rate and width, or else it is the best of the latent size.
        """
        marked = [trial for trial in self.trials if trial.heuristic and trial.scores]
        exact = [trial for trial in marked if trial.candidate == self.defaults]
        return _best(exact or marked) if marked else None

    @property
    def spread(self) -> float:
        """Standard deviation of a detection score over seeds, of all trials; NaN with one seed."""
        repeated = [trial.detections for trial in self.trials if len(trial.runs) > 1]
        if not repeated:
            return math.nan
        squares = sum(((own - own.mean()) ** 2).sum() for own in repeated)
        return float(np.sqrt(squares / sum(len(own) - 1 for own in repeated)))

    @property
    def advised(self) -> Trial:
        """The best trial, or the heuristic's if the best is ahead by no more than seeds make.

        That is twice the standard error of the difference of two means over the seeds.
        """
        best, own = self.best, self.heuristic
        if own is None or math.isnan(self.spread):
            return best
        ahead = best.detections.mean() - own.detections.mean()
        error = self.spread * math.sqrt(1 / len(best.runs) + 1 / len(own.runs))
        return best if ahead > 2 * error else own

    def to_frame(self) -> pd.DataFrame:
        """Return the trials as a table.

        Returns
        -------
        DataFrame
            A row for each trial: ``latent_dim``, ``learning_rate``, ``hidden_dim``, ``detection``
            and its standard deviation over the seeds, ``trend_error`` and ``shape_error`` in
            percent, number of ``seeds``, ``steps``, ``seconds``, ``heuristic``, ``error`` and
            ``best``.
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
            "advised": without_nan(self.advised.facts()),
            "spread": None if math.isnan(self.spread) else self.spread,
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
    even = [(trial, scores) for trial, scores in scored if top - scores.detection <= EVEN]

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
