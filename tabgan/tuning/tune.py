"""`tune`: fit candidates of latent size, learning rate and width to a table, and compare them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, get_args

from tabgan.base.errors import OptionError, TrainingError, did_you_mean
from tabgan.base.option_checks import check_number
from tabgan.base.random_streams import RandomStateLike, numpy_stream, resolve_seed
from tabgan.estimator import TabGAN
from tabgan.evaluation.fidelity import TableScores
from tabgan.fitting.options import FitOptions
from tabgan.fitting.prepare import prepare
from tabgan.inference.accept_table import as_frame
from tabgan.table.schema import Schema
from tabgan.tuning.tuning_trials import (
    Candidate,
    HeldOutRows,
    Space,
    Trial,
    TuningResult,
    candidate_latent_dims,
    check_holdout,
)

if TYPE_CHECKING:
    import optuna

    from tabgan.inference.accept_table import TableLike


__all__ = ["check_optuna", "search_grid", "search_optuna", "tune"]

Evaluate = Callable[[Candidate], Trial]


def check_optuna() -> None:
    """Check that Optuna is installed.

    Raises
    ------
    OptionError
        If it is not. The message says how to install it.
    """
    if find_spec("optuna") is None:
        raise OptionError(
            "engine='optuna' needs Optuna, which is not installed; install it with: "
            "pip install 'optuna>=3.6', or take engine='grid'",
            on_command_line="--optuna needs Optuna, which is not installed; install it with: "
            "pip install 'optuna>=3.6', or leave --optuna out",
        )


def search_grid(space: Space, evaluate: Evaluate) -> list[Trial]:
    """Try every combination of the values.

    Parameters
    ----------
    space
        The values.
    evaluate
        Fits and scores a candidate.
    """
    return [evaluate(candidate) for candidate in space.grid()]


def search_optuna(
    space: Space, evaluate: Evaluate, n_trials: int, seed: int, first: Candidate
) -> list[Trial]:
    """Try what Optuna's tree-structured Parzen estimator suggests.

    Latent sizes and learning rates are suggested from the whole range between the least and the
    greatest value of the space, on a logarithmic scale; widths are among its values.

    Parameters
    ----------
    space
        Where to search.
    evaluate
        Fits and scores a candidate.
    n_trials
        How many are tried.
    seed
        Root of the streams of randomness.
    first
        The candidate of default options, which is tried first if it lies within the space.
    """
    with _quiet_optuna() as optuna:
        sampler = optuna.samplers.TPESampler(seed=int(numpy_stream(seed, "optuna").integers(2**31)))
        study = optuna.create_study(direction="maximize", sampler=sampler)
        if _is_within(first, space):
            study.enqueue_trial(vars(first))
        trials = []
        for _ in range(n_trials):
            suggestion = study.ask()
            trial = evaluate(_suggest(suggestion, space))
            if trial.scores:
                study.tell(suggestion, trial.scores.detection)
            else:
                study.tell(suggestion, state=optuna.trial.TrialState.FAIL)
            trials.append(trial)
    return trials


def _suggest(suggestion: "optuna.Trial", space: Space) -> Candidate:
    latents, rates = space.latent_dims, space.learning_rates
    return Candidate(
        latent_dim=suggestion.suggest_int("latent_dim", latents[0], latents[-1], log=True),
        learning_rate=suggestion.suggest_float("learning_rate", rates[0], rates[-1], log=True),
        hidden_dim=int(suggestion.suggest_categorical("hidden_dim", space.hidden_dims)),
    )


def _is_within(candidate: Candidate, space: Space) -> bool:
    latents, rates = space.latent_dims, space.learning_rates
    return (
        latents[0] <= candidate.latent_dim <= latents[-1]
        and rates[0] <= candidate.learning_rate <= rates[-1]
        and candidate.hidden_dim in space.hidden_dims
    )


@contextmanager
def _quiet_optuna() -> Iterator[Any]:
    """Import Optuna, and keep it from writing a line for each trial within the block."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield optuna
    finally:
        optuna.logging.set_verbosity(level)


Engine = Literal["grid", "optuna"]


OPTUNA_TRIALS = 20


OPTUNA_RATES = (1e-4, 2e-3)


OPTUNA_WIDTHS = (128, 256, 512)


_VARIED = {
    "latent_dim": "latent_dims",
    "learning_rate": "learning_rates",
    "hidden_dim": "hidden_dims",
}


def tune(
    table: "TableLike",
    *,
    latent_dims: Sequence[int] | None = None,
    learning_rates: Sequence[float] = (),
    hidden_dims: Sequence[int] = (),
    steps: int | str = "auto",
    holdout: float = 0.2,
    seeds: int = 3,
    random_state: RandomStateLike = None,
    engine: Engine = "grid",
    trials: int | None = None,
    progress: Callable[[Trial, int, int], None] | None = None,
    **options: Any,
) -> TuningResult:
    """Compare latent sizes, learning rates and widths of `TabGAN` on a table.

    Every candidate is a `TabGAN` fitted to the same rows with the same seed, without refinement
    and polish, so that only the networks are compared. The better half is fitted again with a
    second seed, and the better half of those with a third (successive halving: Jamieson and
    Talwalkar, 2016). The heuristic's candidate is fitted with every seed, to tell a difference from
    chance. Shape and trend errors are measured against the training rows, the detection score
    against held-out rows. At most 50,000 rows are scored.

    Parameters
    ----------
    table
        A table of any type that `TabGAN.fit` takes.
    latent_dims
        Latent sizes to try; by default those that the heuristics propose for the table
        (`candidate_latent_dims`). Optuna searches the whole range between them.
    learning_rates, hidden_dims
        Learning rates and widths to try with each size. If empty, the grid uses TabGAN's defaults,
        and Optuna searches rates from 1e-4 to 2e-3 and widths of 128, 256 and 512.
    steps
        Number of training steps of each candidate, or "auto".
    holdout
        Share of the rows to hold out, between 0 and 1; at most 50,000 rows.
    seeds
        Number of seeds for the best candidates.
    random_state
        Seed of all randomness; an integer makes the result repeatable.
    engine
        "grid" tries every combination, "optuna" those that Optuna suggests; Optuna is an extra:
        ``pip install 'optuna>=3.6'``.
    trials
        Number of candidates that Optuna tries; by default 20.
    progress
        Called after each fit with the trial, the number of fits done, and the total number.
    **options
        Further options of `TabGAN`, the same for every candidate: ``schema``, ``batch_size`` …

    Returns
    -------
    A result: all trials, the best of them, and the heuristics' choice for the table.

    Raises
    ------
    DataError, SchemaError
        If the table can't be used, or is too small to hold rows out.
    OptionError
        If an option has an invalid value, or if ``engine="optuna"`` and Optuna is not
        installed.
    TrainingError
        If no candidate could be trained.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": range(200), "kind": ["a", "b"] * 100})
    >>> result = tune(table, latent_dims=[8, 16], steps=3, seeds=1, random_state=0)
    >>> result.to_frame()["latent_dim"].tolist()
    [8, 16]
    """
    _check_options(holdout, seeds, engine, trials, options)
    frame, seed = as_frame(table), resolve_seed(random_state)
    options |= {"steps": steps, "random_state": seed}
    gan = TabGAN(**{"refine": False, "polish": False, "verbose": False, **options})
    preparation = prepare(frame, FitOptions.of(gan), seed)
    rows = HeldOutRows.split(frame, holdout, seed)
    width, choice = preparation.encoder.spans.width, preparation.latent
    dims = candidate_latent_dims(width, choice.dim) if latent_dims is None else latent_dims
    space = _space(gan, engine, dims, learning_rates, hidden_dims)
    n_trials = len(space.grid()) if engine == "grid" else int(trials or OPTUNA_TRIALS)
    rounds = _sizes_of_rounds(n_trials, seeds)
    experiment = _Experiment(gan, preparation.schema, rows, choice.dim, sum(rounds), progress)
    defaults = Candidate(choice.dim, gan.learning_rate, gan.hidden_dim)
    if engine == "grid":
        trials_done = search_grid(space, experiment.evaluate)
    else:
        trials_done = search_optuna(space, experiment.evaluate, n_trials, seed, defaults)
    if experiment.failure and not any(trial.scores for trial in trials_done):
        raise experiment.failure
    trials_done = experiment.repeat(trials_done, rounds[1:], defaults)
    facts = {
        "fitted_rows": len(rows.train),
        "held_out_rows": len(rows.held_out),
        "seed": seed,
        "engine": engine,
        "encoded_width": width,
        "dependencies": [rule.describe() for rule in preparation.encoder.dependencies],
    }
    return TuningResult(tuple(trials_done), choice, defaults, facts)


@dataclass
class _Experiment:
    """Fits and scores candidates on the same rows.

    Parameters
    ----------
    gan
        An estimator with the options that all candidates share.
    schema
        The columns of the table.
    rows
        The rows of the fits and those held out.
    heuristic
        The latent size that the heuristics choose.
    n_fits
        How many fits there will be, if all go well.
    progress
        Called after each.
    """

    gan: TabGAN
    schema: Schema
    rows: HeldOutRows
    heuristic: int
    n_fits: int
    progress: Callable[[Trial, int, int], None] | None
    n_done: int = 0
    failure: TrainingError | None = None

    def evaluate(self, candidate: Candidate) -> Trial:
        """Fit and score a candidate; one that diverges is a trial without scores."""
        trial = self._fit(candidate, self.rows.seed)
        self._tell(trial)
        return trial

    def repeat(
        self, trials: Sequence[Trial], sizes: Sequence[int], defaults: Candidate
    ) -> list[Trial]:
        """Fit the best trials again, fewer with each further seed, and the heuristics' with each.

        Parameters
        ----------
        trials
            All trials, each of one run.
        sizes
            How many are fitted with each further seed.
        defaults
            The heuristics' candidate.
        """
        trials = [*trials]
        further = numpy_stream(self.rows.seed, "repeated fits").integers(2**31, size=len(sizes))
        for size, seed in zip(sizes, further.tolist(), strict=True):
            for at in _most_promising(trials, size, defaults):
                again = self._fit(trials[at].candidate, seed)
                trials[at] = trials[at].and_again(again)
                self._tell(trials[at])
        return trials

    def _fit(self, candidate: Candidate, seed: int) -> Trial:
        began = time.monotonic()
        shared = {**self.gan.get_params(deep=False), "random_state": seed}
        gan = TabGAN(**{**shared, **vars(candidate)})
        runs: tuple[TableScores, ...] = ()
        steps, error = 0, ""
        try:
            gan.fit(self.rows.train)
        except TrainingError as failure:
            self.failure, error = failure, str(failure)
        else:
            synthetic = gan.sample(len(self.rows.scored), random_state=seed)
            runs, steps = (self.rows.score(synthetic, self.schema),), gan.n_steps_
        seconds = time.monotonic() - began
        marked = candidate.latent_dim == self.heuristic
        return Trial(candidate, runs, steps, seconds, marked, error)

    def _tell(self, trial: Trial) -> None:
        self.n_done += 1
        if self.progress:
            self.progress(trial, self.n_done, self.n_fits)


def _sizes_of_rounds(n_trials: int, seeds: int) -> list[int]:
    """Return how many candidates are fitted with each seed: half as many each, at least two."""
    return [n_trials, *(min(n_trials, max(2, -(-n_trials >> k))) for k in range(1, seeds))]


def _most_promising(trials: Sequence[Trial], n: int, defaults: Candidate) -> list[int]:
    """Return which trials have the best detection scores so far, the heuristics' own among them."""
    most = max(len(trial.runs) for trial in trials)
    ranked = [at for at, trial in enumerate(trials) if trial.runs and len(trial.runs) == most]
    ranked.sort(key=lambda at: -trials[at].detections.mean())
    marked = [at for at in ranked if trials[at].heuristic]
    own = ([at for at in marked if trials[at].candidate == defaults] or marked)[:1]
    return sorted({*own, *[at for at in ranked if at not in own][: n - len(own)]})


def _check_options(
    holdout: float, seeds: int, engine: str, trials: int | None, options: Mapping[str, Any]
) -> None:
    """Check the options that do not depend on the table."""
    check_holdout(holdout)
    check_number("seeds", seeds, Integral, 1)
    if engine not in get_args(Engine):
        raise OptionError(
            f"engine={engine!r} is not known; {did_you_mean(engine, get_args(Engine))}"
        )
    if trials is not None:
        check_number("trials", trials, Integral, 1, "or None")
        if engine == "grid":
            raise OptionError(
                f"trials={trials!r} goes with engine='optuna'; a grid tries all of its candidates"
            )
    known = TabGAN().get_params(deep=False)
    for name in options:
        if name in _VARIED:
            raise OptionError(f"{name} is what is tuned; give {_VARIED[name]} with values to try")
        if name not in known:
            raise OptionError(f"{name} is not an option; {did_you_mean(name, known)}")
    if options.get("checkpoint") is not None:
        raise OptionError("checkpoint: tuning fits many models, and a checkpoint is that of one")
    if options.get("epsilon") is not None:
        raise OptionError(
            f"epsilon={options['epsilon']!r}: tuning compares every candidate with real rows, "
            "which no privacy budget pays for; leave it out, or tune on rows that need no "
            "protection"
        )
    if engine == "optuna":
        check_optuna()


def _space(gan: TabGAN, engine: str, dims: Any, learning_rates: Any, hidden_dims: Any) -> Space:
    """Return the values to try; options left out take the estimator's value or a usual range."""
    grid = engine == "grid"
    return Space.of(
        dims,
        _or_default(learning_rates, (gan.learning_rate,) if grid else OPTUNA_RATES),
        _or_default(hidden_dims, (gan.hidden_dim,) if grid else OPTUNA_WIDTHS),
    )


def _or_default(values: Any, default: tuple[float, ...]) -> Any:
    return default if isinstance(values, Sized) and not len(values) else values
