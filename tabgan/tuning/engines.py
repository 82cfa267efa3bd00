"""Which candidates are tried: all of a grid, or what Optuna suggests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from tabgan.errors import OptionError
from tabgan.streams import numpy_stream
from tabgan.tuning.result import Trial
from tabgan.tuning.space import Candidate, Space

if TYPE_CHECKING:
    import optuna

__all__ = ["check_optuna", "search_grid", "search_optuna"]

Evaluate = Callable[[Candidate], Trial]


def check_optuna() -> None:
    """Check that Optuna is there.

    Raises
    ------
    OptionError
        If it is not; the message says how to install it.
    """
    if find_spec("optuna") is None:
        raise OptionError(
            "engine='optuna' needs Optuna, which is not installed; install it with: "
            "pip install 'optuna>=3.6', or take engine='grid'"
        )


def search_grid(space: Space, evaluate: Evaluate) -> list[Trial]:
    """Try every combination of the values."""
    return [evaluate(candidate) for candidate in space.grid()]


def search_optuna(
    space: Space, evaluate: Evaluate, n_trials: int, seed: int, first: Candidate
) -> list[Trial]:
    """Try what Optuna's tree-structured Parzen estimator suggests.

    Latent sizes and learning rates are taken from the whole range between the least and the
    greatest value of the space, by their logarithms; widths are among its values.

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
        What is tried first, where it lies within the space: what default options would do.
    """
    with _quiet_optuna() as optuna:
        sampler = optuna.samplers.TPESampler(seed=int(numpy_stream(seed, "optuna").integers(2**31)))
        study = optuna.create_study(direction="maximize", sampler=sampler)
        if _is_within(first, space):
            study.enqueue_trial(vars(first))
        trials = []
        for _ in range(n_trials):
            asked = study.ask()
            trial = evaluate(_suggest(asked, space))
            if trial.scores:
                study.tell(asked, trial.scores.detection)
            else:
                study.tell(asked, state=optuna.trial.TrialState.FAIL)
            trials.append(trial)
    return trials


def _suggest(asked: "optuna.Trial", space: Space) -> Candidate:
    latents, rates = space.latent_dims, space.learning_rates
    return Candidate(
        latent_dim=asked.suggest_int("latent_dim", latents[0], latents[-1], log=True),
        learning_rate=asked.suggest_float("learning_rate", rates[0], rates[-1], log=True),
        hidden_dim=int(asked.suggest_categorical("hidden_dim", space.hidden_dims)),
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
