"""`TabDiffusion`: learns a table by taking noise away."""

from dataclasses import dataclass
from typing import ClassVar

from tabgan.base.checks import names_unknown_options
from tabgan.estimator.network_estimator import NetworkEstimator
from tabgan.fitting.options import Method
from tabgan.table.frame_libraries import FrameT

__all__ = ["TabDiffusion"]


@names_unknown_options
@dataclass(eq=False, repr=False, kw_only=True)
class TabDiffusion(NetworkEstimator[FrameT]):
    """Learn a table with a diffusion model and draw synthetic rows like its own.

    A network learns to estimate a row x₀ from x_t = x₀ + α_t·ε, and draws rows by taking the noise
    away step by step (`tabgan.generators.diffusion`). Numbers are normal scores of their ranks,
    levels one-hot. Its training is a plain descent, without a second network against it, and each
    row that is drawn takes many evaluations of the network. There is no differential privacy, and
    no checkpoint.

    Parameters
    ----------
    schedule
        The noise: "edm" (log-normal noise, a weighted loss, and steps along the probability flow;
        Karras et al., 2022, arXiv:2206.00364), or as the lectures have it "linear" (equal noise
        in each step) or "cosine" (small noise first), with the loss ‖x₀ − x̂(x_t, t)‖² and the
        sampling x_{t−1} = x̂(x_t, t) + α_{t−1}·ε.
    noise_steps
        Steps T in which noise is taken away, or "auto": 16 of "edm", else 100. "linear" and
        "cosine" are also trained on these.
    learning_rate
        Adam's learning rate; constant for half of the training, then linearly down.
    hidden_dim
        Width of the network's hidden layers.
    condition_on
        A column, or a list of columns, whose levels are concatenated to the network's input, so
        that ``sample(where=...)`` can draw rows with a level directly.
    callbacks
        `Callback` objects to run in training; a record has a ``denoising_loss``.
    steps, epochs, max_time, batch_size, schema, constraints, locale, min_group, text, derive
        As of `TabGAN`.
    refine, polish, device, precision, verbose, random_state
        As of `TabGAN`.

    Attributes
    ----------
    n_steps_ : int
        Training steps taken.
    history_ : list of dict
        Records of training: step, epoch, seconds, denoising_loss, learning_rate.
    schema_, dependencies_, constraints_, conditions_, postprocessing_, n_rows_, n_features_in_
        As of `TabGAN`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5] * 25, "kind": ["a", "b"] * 50})
    >>> diffusion = TabDiffusion(steps=5, verbose=False, random_state=0).fit(table)
    >>> diffusion.sample(3).dtypes.astype(str).to_dict()
    {'size': 'float64', 'kind': 'object'}
    """

    method: ClassVar[Method] = "diffusion"

    learning_rate: float = 1e-3
    schedule: str = "edm"
    noise_steps: int | str = "auto"
