"""Runs the search of ``tabgan tune``, and lays out its result."""

import shlex
import sys
from collections.abc import Mapping
from math import isnan
from typing import Any

import pandas as pd

from tabgan.cli.command_output import Report, aligned
from tabgan.cli.training import quietly
from tabgan.estimator import TabGAN
from tabgan.evaluation.fidelity import TableScores
from tabgan.table.schema import Schema
from tabgan.tuning.tune import tune
from tabgan.tuning.tuning_trials import Candidate, Trial, TuningResult

__all__ = ["lay_out_tuning", "next_command", "score_cells", "search_table"]

_HEADER = (
    "latent",
    "learning rate",
    "width",
    "detection",
    "seeds",
    "trend error %",
    "shape error %",
    "seconds",
    "",
)
_FLAGS = {"table_format": "--format"}  # where the option's name is not that of its flag


def search_table(
    frame: pd.DataFrame,
    report: Report,
    *,
    schema: Schema | None,
    seed: int,
    optuna: int | None,
    latent_dims: tuple[int, ...] | None,
    learning_rates: tuple[float, ...] | None,
    hidden_dims: tuple[int, ...] | None,
    **options: Any,
) -> TuningResult:
    """Search the best sizes for a table, with a message after each trial.

    Parameters
    ----------
    frame
        The table.
    report
        Where messages go.
    schema
        The columns; None infers them.
    seed
        Seed of all randomness.
    optuna
        How many candidates Optuna tries; None for a grid.
    latent_dims, learning_rates, hidden_dims
        Values to try; None for the usual ones.
    **options
        Of `tabgan.tuning.tune.tune`.
    """

    def tell(trial: Trial, done: int, total: int) -> None:
        report.say(f"{done} of {total}: {_in_words(trial)}, {trial.seconds:.1f} s")

    result = quietly(
        tune,
        frame,
        latent_dims=latent_dims,
        learning_rates=learning_rates or (),
        hidden_dims=hidden_dims or (),
        engine="optuna" if optuna else "grid",
        trials=optuna,
        random_state=seed,
        progress=tell,
        schema=schema,
        verbose=not report.quiet and sys.stderr.isatty(),
        **options,
    )
    report.done("tune")
    return result


def lay_out_tuning(result: TuningResult, command: str) -> str:
    """Lay out the trials as a table, then the best one, the heuristic's, and the next command.

    Parameters
    ----------
    result
        The result of the search.
    command
        The next command.
    """
    best = result.best
    rows = [(*_cells(trial), _remarks(trial, best)) for trial in result.trials]
    lines = [
        *aligned([_HEADER, *rows]),
        "",
        f"best: {_in_words(best)}",
        f"heuristic: z = {result.choice.dim} ({result.choice.reason})",
        _compared(result),
        f"next: {command}",
    ]
    return "\n".join(lines)


def next_command(data: str, candidate: Candidate, options: Mapping[str, Any]) -> str:
    """Return the command that makes a synthetic table with a candidate.

    Parameters
    ----------
    data
        The table's file.
    candidate
        The candidate that is advised.
    options
        Options of ``tune`` that ``synth`` has too.

    Examples
    --------
    >>> options = {"table_format": "csv", "steps": "auto", "schema": None}
    >>> next_command("my table.csv", Candidate(64, 0.0005, 256), options)
    "tabgan synth 'my table.csv' --latent-dim 64 --format csv"
    >>> options = {"header": "none", "skip_bad_lines": True}
    >>> next_command("t.csv", Candidate(64, 0.0005, 256), options)
    'tabgan synth t.csv --latent-dim 64 --no-header --skip-bad-lines'
    """
    usual = TabGAN().get_params(deep=False)
    chosen = {**vars(candidate), **options}
    words = ["tabgan", "synth", data]
    for name, value in chosen.items():
        if name == "header":
            words += _header_words(value)
        elif value is True:
            words.append(f"--{name.replace('_', '-')}")
        elif name == "latent_dim" or value not in (None, False, usual.get(name)):
            flag = _FLAGS.get(name, f"--{name.replace('_', '-')}")
            words += [flag, f"{value:.3g}" if isinstance(value, float) else str(value)]
    return shlex.join(words)


def _header_words(header: str | int) -> list[str]:
    """Return the option of a header that isn't found (see `tabgan.files.read_write.read_table`)."""
    if isinstance(header, int):
        return ["--header-row", str(header)]
    return {"first": ["--header"], "none": ["--no-header"]}.get(header, [])


def score_cells(scores: TableScores | None) -> tuple[str, str, str]:
    """Write detection, trend error and shape error; blank where there is no such score."""
    if scores is None:
        return "", "", ""
    trend = "" if isnan(scores.trend_error) else f"{scores.trend_error:.2f}"  # no related pairs
    return f"{scores.detection:.3f}", trend, f"{scores.shape_error:.2f}"


def _cells(trial: Trial) -> tuple[str, ...]:
    candidate = trial.candidate
    rate = f"{candidate.learning_rate:.3g}"
    sizes = str(candidate.latent_dim), rate, str(candidate.hidden_dim)
    detection, *errors = score_cells(trial.scores)
    return (*sizes, detection, str(len(trial.runs)), *errors, f"{trial.seconds:.1f}")


def _remarks(trial: Trial, best: Trial) -> str:
    remarks = {
        "best": trial is best,
        "heuristic": trial.heuristic,
        "could not be trained": bool(trial.error),
    }
    return ", ".join(remark for remark, holds in remarks.items() if holds)


def _in_words(trial: Trial) -> str:
    candidate, scores = trial.candidate, trial.scores
    setting = (
        f"z = {candidate.latent_dim}, learning rate {candidate.learning_rate:.3g}, "
        f"width {candidate.hidden_dim}"
    )
    if scores is None:
        return f"{setting}: could not be trained ({trial.error})"
    if isnan(scores.trend_error):
        return f"{setting}: detection {scores.detection:.3f}, no related pairs"
    return f"{setting}: detection {scores.detection:.3f}, trend error {scores.trend_error:.2f} %"


def _compared(result: TuningResult) -> str:
    """Compare the best trial with the heuristic's, in words."""
    best, own = result.best, result.heuristic
    if own is best:
        seeds = "" if isnan(result.spread) else f"; variation between seeds ± {result.spread:.3f}"
        return f"the heuristic's choice is the best{seeds}"
    if own is None or own.scores is None or best.scores is None:
        return "the heuristic's size was not among the compared ones"
    detection = best.scores.detection - own.scores.detection
    trend = best.scores.trend_error - own.scores.trend_error
    errors = "no related pairs" if isnan(trend) else f"trend error {trend:+.2f} %"
    words = f"best compared with the heuristic's: detection {detection:+.3f}, {errors}"
    if isnan(result.spread):
        return words
    seeds = f"the variation between seeds is ± {result.spread:.3f}"
    if result.advised is best:
        return f"{words}; {seeds}, so it is better"
    return f"{words}; {seeds}, so this is no difference: keep the heuristic's"
