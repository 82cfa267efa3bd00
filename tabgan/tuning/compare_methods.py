"""`compare_methods`: fit a table by several methods, and choose one by rows that none has seen."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isnan, nan, sqrt
from typing import TYPE_CHECKING, Any

import pandas as pd

from tabgan.base.errors import OptionError, TrainingError, did_you_mean
from tabgan.base.random_streams import RandomStateLike, resolve_seed
from tabgan.estimator import METHODS, TableEstimator
from tabgan.evaluation.evaluate import Comparison, compare
from tabgan.evaluation.fidelity import TableScores
from tabgan.inference.accept_table import as_frame
from tabgan.tuning.tuning_trials import HeldOutRows, check_holdout, without_nan

if TYPE_CHECKING:
    from tabgan.inference.accept_table import TableLike

__all__ = ["HOLDOUT", "MethodComparison", "MethodTrial", "compare_methods"]

HOLDOUT = 0.2
LESS = 0.9  # of another method's trend error: so much less counts
AS_FRESH = 1.1  # times the trend error of held-out rows: as good as they are
LEAST_TREND = 0.5  # percent of trend error, below which nothing is left to win


@dataclass(frozen=True)
class MethodTrial:
    """One method, fitted and scored.

    Attributes
    ----------
    method
        "gan", "trees", "diffusion" or "vae".
    scores
        Distances of its rows to the real ones; None if it could not be trained.
    seconds
        Wall time of fitting, drawing and scoring.
    estimator
        What was fitted; without a model if it could not be trained.
    synthetic
        Its rows, as many as were scored; empty if it could not be trained.
    error
        Why it could not be trained; None if it could.
    """

    method: str
    scores: TableScores | None
    seconds: float
    estimator: TableEstimator = field(repr=False)
    synthetic: pd.DataFrame = field(repr=False)
    error: TrainingError | None = None

    def told(self) -> str:
        """Say in words how near its rows are."""
        if self.scores is None:
            return f"could not be trained ({self.error})"
        trend = self.scores.trend_error
        told = f"detection {self.scores.detection:.3f}"
        return told if isnan(trend) else f"{told}, trend error {trend:.2f} %"


@dataclass(frozen=True)
class MethodComparison:
    """Methods fitted to the same rows, at least one of which was scored.

    Attributes
    ----------
    trials
        In the order in which they were made.
    fresh
        The scores that fresh rows of the table have.
    rows
        The rows of the fits and those held out.
    skipped
        Methods that were not tried, since the rows of another one were as good as fresh ones.
    """

    trials: tuple[MethodTrial, ...]
    fresh: TableScores
    rows: HeldOutRows = field(repr=False)
    skipped: tuple[str, ...] = ()

    @property
    def best(self) -> str:
        """The method whose rows a detector tells least from held-out ones.

        Among those within the detector's uncertainty of it, one that has a tenth less trend error
        than those tried before it; then the first.
        """
        return self._best.method

    @property
    def _best(self) -> MethodTrial:
        scored = [(trial, trial.scores) for trial in self.trials if trial.scores]
        least = max(scores.detection for _, scores in scored) - (1 - self.fresh.detection)
        even = [(trial, scores) for trial, scores in scored if scores.detection >= least]
        best, least_error = even[0][0], even[0][1].trend_error
        for trial, scores in even[1:]:
            if scores.trend_error < LESS * least_error:  # never where no pair is related
                best, least_error = trial, scores.trend_error
        return best

    @property
    def reason(self) -> str:
        """Why it is the best, in a line."""
        best = self._best
        fresh = self.fresh
        trend = "" if isnan(fresh.trend_error) else f", about {fresh.trend_error:.2f} %"
        told = f"{best.told()} (fresh rows: at least {fresh.detection:.3f}{trend})"
        if self.skipped:
            return f"{told}: as good as fresh rows; not tried: {', '.join(self.skipped)}"
        others = [trial for trial in self.trials if trial is not best]
        beside = "; ".join(f"{trial.method}: {trial.told()}" for trial in others)
        if best.scores and any(
            t.scores and t.scores.detection > best.scores.detection for t in others
        ):
            slack = 1 - fresh.detection
            beside += f"; detections within {slack:.2f} and errors within a tenth count as even"
        return f"{told}; {beside}" if beside else told

    def to_frame(self) -> pd.DataFrame:
        """Return the trials as a table.

        Returns
        -------
        DataFrame
            A row for each trial: ``method``, ``detection``, ``trend_error`` and ``shape_error`` in
            percent, ``seconds``, ``error`` and ``best``.
        """
        best = self._best
        return pd.DataFrame(
            [
                {"method": t.method, **_figures(t.scores), "seconds": round(t.seconds, 3)}
                | {"error": str(t.error or ""), "best": t is best}
                for t in self.trials
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON values; a missing score is null."""
        rows = self.to_frame().to_dict("records")
        return {
            "best": self.best,
            "reason": self.reason,
            "fitted_rows": len(self.rows.train),
            "held_out_rows": len(self.rows.held_out),
            "seed": self.rows.seed,
            "fresh": without_nan(_figures(self.fresh)),
            "trials": [without_nan(row) for row in rows],
            "skipped": list(self.skipped),
        }

    def judge(self) -> Comparison:
        """Judge the rows of all methods by `tabgan.compare`, with the held-out rows as fresh ones.

        Returns
        -------
        The comparison, whose page has the tables side by side.
        """
        tables = {trial.method: trial.synthetic for trial in self.trials if trial.scores}
        schema = self._best.estimator.schema_
        real, held_out = self.rows.columns_of(schema)
        return compare(real, tables, held_out, schema=schema, random_state=self.rows.seed)


def compare_methods(
    table: "TableLike",
    methods: Sequence[str] = ("trees", "gan"),
    *,
    until_fresh: bool = False,
    holdout: float = HOLDOUT,
    random_state: RandomStateLike = None,
    progress: Callable[[MethodTrial], None] | None = None,
    **options: Any,
) -> MethodComparison:
    """Fit several methods to the same rows of a table, and score them on held-out rows.

    Shape and trend errors are measured against the training rows, in parts of as many rows as are
    held out. The detection score is measured against held-out rows, so that a method gains nothing
    by repeating training rows. At most 50,000 rows are scored.

    Parameters
    ----------
    table
        A table of any type that `TabGAN.fit` takes.
    methods
        Methods to fit, in this order: "gan" (`TabGAN`), "trees" (`TabTrees`), "diffusion"
        (`TabDiffusion`), "vae" (`TabVAE`).
    until_fresh
        Whether to stop at the first method whose rows are as good as fresh ones: a detector can't
        tell them from held-out rows, and their trend error is that of held-out rows.
    holdout
        Share of the rows to hold out, between 0 and 1; at most 50,000 rows.
    random_state
        Seed of all randomness; an integer makes the result repeatable.
    progress
        Called after each trial.
    **options
        Options that all methods have: ``schema``, ``constraints``, ``min_group`` …

    Returns
    -------
    A comparison: all trials, and the best of them.

    Raises
    ------
    DataError, SchemaError
        If the table can't be used, or is too small to hold rows out.
    OptionError
        If a method is unknown, or a method does not have an option.
    TrainingError
        If no method could be trained.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": range(200), "kind": ["a", "b"] * 100})
    >>> found = compare_methods(table, ["trees"], random_state=0)
    >>> found.best, len(found.rows.held_out)
    ('trees', 40)
    """
    check_holdout(holdout)
    _check_methods(methods, options)
    seed = resolve_seed(random_state)
    rows = HeldOutRows.split(as_frame(table), holdout, seed)
    trials: list[MethodTrial] = []
    fresh: TableScores | None = None
    for method in methods:
        trial = _try(METHODS[method](**{"verbose": False, **options, "random_state": seed}), rows)
        trials.append(trial)
        if progress:
            progress(trial)
        if trial.scores is None:
            continue
        fresh = fresh or rows.score_of_fresh_rows(trial.estimator.schema_)
        if until_fresh and _is_fresh(trial.scores, fresh, len(rows.held_out)):
            break
    if fresh is None:
        raise next(trial.error for trial in trials if trial.error)
    return MethodComparison(tuple(trials), fresh, rows, tuple(methods[len(trials) :]))


def _check_methods(methods: Sequence[str], options: Mapping[str, Any]) -> None:
    """Check that each method is there, and has all of the options."""
    if not methods:
        raise OptionError(f"methods={methods!r} names no method; give at least one")
    for method in methods:
        if method not in METHODS:
            raise OptionError(f"methods: {method!r} is not known; {did_you_mean(method, METHODS)}")
        known = METHODS[method]().get_params(deep=False)
        for name in options:
            if name == "epsilon":
                raise OptionError(
                    "epsilon: methods are compared by real rows, which no privacy budget pays "
                    "for; leave it out, or fit a TabGAN"
                )
            if name not in known:
                raise OptionError(
                    f"{name} is not an option of {METHODS[method].__name__}; "
                    f"{did_you_mean(name, known)}"
                )


def _try(estimator: TableEstimator, rows: HeldOutRows) -> MethodTrial:
    """Fit and score an estimator; one that diverges is a trial without scores."""
    began = time.monotonic()
    method = estimator.method
    try:
        synthetic = estimator.fit(rows.train).sample(len(rows.scored), random_state=rows.seed)
    except TrainingError as error:
        seconds = time.monotonic() - began
        return MethodTrial(method, None, seconds, estimator, rows.train[:0], error)
    scores = rows.score(synthetic, estimator.schema_)
    return MethodTrial(method, scores, time.monotonic() - began, estimator, synthetic)


def _is_fresh(scores: TableScores, fresh: TableScores, n_held_out: int) -> bool:
    """Return whether rows of these scores are as good as fresh ones.

    Of few rows held out, their trend error itself is uncertain.
    """
    if scores.detection < fresh.detection:
        return False
    if isnan(scores.trend_error) or isnan(fresh.trend_error):
        return True
    most = (AS_FRESH + 2 / sqrt(n_held_out)) * fresh.trend_error
    return scores.trend_error <= max(most, LEAST_TREND)


def _figures(scores: TableScores | None) -> dict[str, float]:
    return asdict(scores or TableScores(nan, nan, nan))
