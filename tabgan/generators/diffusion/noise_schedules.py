"""Noise schedules of a diffusion: which noise a denoiser is trained on and sampled with.

The noise of step t has the standard deviation α_t: x_t = x_0 + α_t·ε with ε ~ N(0, I), so that
q(x_t | x_0) = N(x_0, α_t²·I); α_0 = 0, and α_T hides the data.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor

from tabgan.base.checks import check_number
from tabgan.base.errors import OptionError, did_you_mean

__all__ = [
    "SCHEDULES",
    "Cosine",
    "LearnedSteps",
    "Linear",
    "NoiseSchedule",
    "Preconditioned",
    "ScheduleName",
    "check_schedule",
    "schedule_of",
]

ScheduleName = Literal["edm", "linear", "cosine"]

MOST_NOISE = 10.0  # α_T: data of deviation 1 are a tenth of it


@dataclass(frozen=True)
class NoiseSchedule(ABC):
    """The base of all schedules.

    Parameters
    ----------
    n_steps
        Steps T of the sampling.
    """

    n_steps: int

    name: ClassVar[str]

    samples_by_flow: ClassVar[bool] = False
    """Whether rows are drawn along the probability flow, without fresh noise in each step."""

    @abstractmethod
    def alphas(self) -> Tensor:
        """Return α_0 = 0, α_1, …, α_T, rising, shape (n_steps + 1,), float64."""

    @abstractmethod
    def draw(self, n: int, stream: torch.Generator) -> Tensor:
        """Draw the noise that n rows of a training batch get, shape (n, 1).

        Parameters
        ----------
        n
            Number of rows.
        stream
            The stream of randomness, on the device that the noise is wanted on.
        """

    @abstractmethod
    def weights(self, alpha: Tensor, spread: float) -> Tensor:
        """Return the weight of each row's squared error in the loss, shape (n, 1).

        Parameters
        ----------
        alpha
            The noise of each row, shape (n, 1).
        spread
            Standard deviation of the data.
        """


class LearnedSteps(NoiseSchedule):
    """A schedule that the denoiser is trained on step by step, as the lectures have it.

    t ~ Uniform(1, …, T), and the loss is ‖x_0 − x̂_θ(x_t, t)‖², unweighted.
    """

    def draw(self, n: int, stream: torch.Generator) -> Tensor:
        """Draw t for each row, and return α_t."""
        t = torch.randint(1, self.n_steps + 1, (n, 1), generator=stream, device=stream.device)
        return self.alphas().to(stream.device)[t].float()

    def weights(self, alpha: Tensor, spread: float) -> Tensor:  # noqa: ARG002
        """Return ones."""
        return torch.ones_like(alpha)


class Linear(LearnedSteps):
    """Equal noise in each step: α_t² = α_T²·t/T, for variances of added noise add up.

    Examples
    --------
    >>> Linear(4).alphas().square().round().tolist()
    [0.0, 25.0, 50.0, 75.0, 100.0]
    """

    name = "linear"

    def alphas(self) -> Tensor:
        """Return α_t = α_T·√(t/T)."""
        t = torch.arange(self.n_steps + 1, dtype=torch.float64)
        return MOST_NOISE * (t / self.n_steps).sqrt()


class Cosine(LearnedSteps):
    """Small noise first, then fast: α_t = α_T·(1 − cos(π/2·t/T)).

    Examples
    --------
    >>> Cosine(3).alphas().round(decimals=2).tolist()
    [0.0, 1.34, 5.0, 10.0]
    """

    name = "cosine"

    def alphas(self) -> Tensor:
        """Return α_t = α_T·(1 − cos(π/2·t/T))."""
        t = torch.arange(self.n_steps + 1, dtype=torch.float64)
        return MOST_NOISE * (1 - (math.pi / 2 * t / self.n_steps).cos())


class Preconditioned(NoiseSchedule):
    """Few steps without fresh noise, and log-normal noise in training (EDM).

    After Karras et al. (2022, arXiv:2206.00364): ln α ~ N(−1.2, 1.2²) in training, the squared
    error over what it is at best for data that are nothing but normal, and sampling steps that are
    evenly spread over α^(1/7).

    Examples
    --------
    >>> [round(alpha, 3) for alpha in Preconditioned(3).alphas().tolist()]
    [0.0, 0.01, 0.718, 10.0]
    """

    name = "edm"
    samples_by_flow = True

    least: ClassVar[float] = 0.01
    mean: ClassVar[float] = -1.2
    deviation: ClassVar[float] = 1.2
    power: ClassVar[float] = 7.0

    def alphas(self) -> Tensor:
        """Return the noise levels of the sampling."""
        low, high = self.least ** (1 / self.power), MOST_NOISE ** (1 / self.power)
        n = self.n_steps
        roots = torch.linspace(low, high, n, dtype=torch.float64) if n > 1 else torch.tensor([high])
        return torch.cat([torch.zeros(1, dtype=torch.float64), roots.double() ** self.power])

    def draw(self, n: int, stream: torch.Generator) -> Tensor:
        """Draw log-normal noise."""
        normal = torch.randn(n, 1, generator=stream, device=stream.device)
        return (self.mean + self.deviation * normal).exp()

    def weights(self, alpha: Tensor, spread: float) -> Tensor:
        """Return (α² + s²)/(α·s)² for data of deviation s."""
        return (alpha**2 + spread**2) / (alpha * spread) ** 2


SCHEDULES: Mapping[str, type[NoiseSchedule]] = {
    kind.name: kind for kind in (Preconditioned, Linear, Cosine)
}


USUAL_STEPS: Mapping[str, int] = {"edm": 12, "linear": 100, "cosine": 100}


def check_schedule(name: object, n_steps: object) -> NoiseSchedule:
    """Return the schedule of two options, ``schedule`` and ``noise_steps``.

    Parameters
    ----------
    name
        The name of a schedule.
    n_steps
        Steps of the sampling, or "auto" for the usual number of the schedule.

    Raises
    ------
    OptionError
        If there is no such schedule, or the steps are no whole number from 1.
    """
    if not isinstance(name, str) or name not in SCHEDULES:
        hint = did_you_mean(str(name), get_args(ScheduleName))
        raise OptionError(f"schedule={name!r:.80} is not known; {hint}")
    if isinstance(n_steps, str) and n_steps == "auto":
        return SCHEDULES[name](USUAL_STEPS[name])
    check_number("noise_steps", n_steps, Integral, 1, "or 'auto'")
    return SCHEDULES[name](int(n_steps))  # type: ignore[call-overload]


def schedule_of(state: Mapping[str, object]) -> NoiseSchedule:
    """Return the schedule that a model file names.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is missing or malformed.
    """
    return check_schedule(state["schedule"], state["noise_steps"])
