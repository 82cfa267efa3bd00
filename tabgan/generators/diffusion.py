"""`Denoiser`: the network of a diffusion model, its loss, noise schedules and sampling.

A diffusion model is a hierarchical VAE with a fixed encoder, which adds noise, and one decoder
network for all steps. The two algorithms are those of the lectures. With the schedule "edm", the
loss is weighted and sampling follows the probability flow (Karras et al., 2022, arXiv:2206.00364).

A noise schedule determines the noise of training and sampling. The noise of step t has the standard
deviation α_t: x_t = x_0 + α_t·ε with ε ~ N(0, I), so that q(x_t | x_0) = N(x_0, α_t²·I); α_0 = 0,
and α_T hides the data.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral
from typing import Any, ClassVar, Literal, Self, get_args

import torch
from torch import Tensor, nn

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.base.option_checks import check_number
from tabgan.base.row_layout import RowLayout
from tabgan.generators.gan.table_networks import LabelEmbedding, ResidualBlock, linear
from tabgan.generators.generator_training import autocast, choose_precision
from tabgan.generators.heads_and_batches import span_log_softmax
from tabgan.generators.network_training import LearnedGenerator

__all__ = [
    "Cosine",
    "Denoiser",
    "LearnedSteps",
    "Linear",
    "MLPDenoiser",
    "NoiseSchedule",
    "Preconditioned",
    "SCHEDULES",
    "ScheduleName",
    "check_schedule",
    "schedule_of",
]

ScheduleName = Literal["edm", "linear", "cosine"]

MOST_NOISE = 10.0  # α_T: data of deviation 1 are a tenth of it


@dataclass(frozen=True)
class NoiseSchedule(ABC):
    """Base class of noise schedules.

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
        """Sample the noise level of each of n training rows, shape (n, 1).

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
    """Base class of schedules with discrete training steps, as in the lectures.

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


@dataclass(frozen=True)
class Preconditioned(NoiseSchedule):
    """EDM: few sampling steps without fresh noise, and log-normal noise in the training.

    After Karras et al. (2022, arXiv:2206.00364): ln α ~ N(−1.2, 1.2²) in training, the squared
    error over what it is at best for data that are nothing but normal, and sampling steps that are
    evenly spread over α^(1/7).

    Parameters
    ----------
    n_steps
        Steps T of the sampling.
    most
        α_T.
    mean, deviation
        Of ln α in training.

    Examples
    --------
    >>> [round(alpha, 3) for alpha in Preconditioned(3).alphas().tolist()]
    [0.0, 0.01, 0.718, 10.0]
    """

    name = "edm"
    samples_by_flow = True

    most: float = MOST_NOISE
    mean: float = -1.2
    deviation: float = 1.2

    least: ClassVar[float] = 0.01
    power: ClassVar[float] = 7.0

    def alphas(self) -> Tensor:
        """Return the noise levels of the sampling."""
        low, high = self.least ** (1 / self.power), self.most ** (1 / self.power)
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


CHUNK = 4096  # rows
N_BLOCKS = 3
N_WAVES = 16  # of the noise's embedding
LEVEL_SCALE = 2.0  # of one-hot levels beside numbers of deviation 1


class Denoiser(LearnedGenerator):
    """Base class of networks x̂_θ(x_t, t) that estimate the data without noise.

    Data are numbers of deviation `spread` around zero, then one-hot levels. The estimate of the
    levels is a softmax: the best estimate of a one-hot vector are the chances of its levels. The
    estimate of the numbers is a mean of x_t and of the network's output, by their noise, and x_t is
    scaled to deviation one ("preconditioning", Karras et al., 2022).

    **Shape**: rows (batch, width), noise (batch, 1), one-hot labels (batch, sum of their widths) →
    estimates of numbers and logits of levels, (batch, width)

    Parameters
    ----------
    layout
        Layout of a row.
    schedule
        Noise in training and in sampling.
    labels
        Number of levels of each label.
    spread
        Standard deviation of the numbers.
    """

    kind: ClassVar[str] = "diffusion"

    def __init__(
        self,
        layout: RowLayout,
        schedule: NoiseSchedule,
        *,
        labels: Sequence[int] = (),
        spread: float = 1.0,
    ) -> None:
        super().__init__(layout.width)
        self.layout, self.schedule, self.spread = layout, schedule, spread
        self.evaluations = schedule.n_steps
        self.embedding = LabelEmbedding(labels) if labels else None
        self.context_dim = 2 * N_WAVES + (self.embedding.dim if self.embedding else 0)

    @abstractmethod
    def output(self, x: Tensor, context: Tensor) -> Tensor:
        """Map rows of deviation one to outputs of the same shape.

        Parameters
        ----------
        x
            Rows with noise, (batch, width).
        context
            Waves of the noise, beside the embedding of the labels, (batch, context_dim).
        """

    def forward(
        self, x: Tensor, labels: Tensor | None = None, alpha: Tensor | None = None
    ) -> Tensor:
        """Estimate the data in rows with noise; without `alpha`, of the highest level."""
        if alpha is None:
            alpha = x.new_full((len(x), 1), float(self.schedule.alphas()[-1]))
        variance = self.spread**2 + alpha**2
        context = self._waves(alpha)
        if self.embedding is not None:
            context = torch.cat([context, self.embedding(labels)], dim=1)
        raw = self.output(x / variance.sqrt(), context).float()
        n = self.layout.n_numbers
        kept = self.spread**2 / variance * x[:, :n]
        numbers = kept + self.spread * alpha / variance.sqrt() * raw[:, :n]
        return torch.cat([numbers, raw[:, n:]], dim=1)

    def estimate(self, x: Tensor, labels: Tensor | None, alpha: Tensor) -> Tensor:
        """Return the estimate that a step of the sampling goes towards; see `forward`."""
        return self(x, labels, alpha)  # type: ignore[no-any-return]

    def _waves(self, alpha: Tensor) -> Tensor:
        octaves = 2.0 ** torch.linspace(-3, 3, N_WAVES, device=alpha.device)
        angles = alpha.clamp_min(1e-4).log() * octaves
        return torch.cat([angles.sin(), angles.cos()], dim=1)

    def clean(self, estimates: Tensor) -> Tensor:
        """Turn estimates of numbers and logits of levels into the estimate x̂ of the data."""
        n = self.layout.n_numbers
        chances = span_log_softmax(estimates[:, n:], self.layout).exp()
        return torch.cat([estimates[:, :n], LEVEL_SCALE * chances], dim=1)

    def noisy(self, x: Tensor, alpha: Tensor, stream: torch.Generator) -> Tensor:
        """Add noise: x_t = x_0 + α_t·ε, (batch, width) → (batch, width).

        Parameters
        ----------
        x
            Data.
        alpha
            The noise of each row, shape (batch, 1).
        stream
            The stream of ε.
        """
        noise = torch.randn(x.shape, generator=stream, device=x.device)
        return torch.addcmul(x, alpha, noise)

    def losses(
        self, rows: Tensor, labels: Tensor | None, stream: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the loss ‖x_0 − x̂_θ(x_0 + α_t·ε, t)‖², its mean over a batch.

        The schedule weighs the errors of numbers. Where it samples by flow, the loss of levels is
        their cross-entropy, as of Dieleman et al. (2022, arXiv:2211.15089): it has the same best
        estimate.
        """
        n = self.layout.n_numbers
        data = torch.cat([rows[:, :n], LEVEL_SCALE * rows[:, n:]], dim=1)
        alpha = self.schedule.draw(len(rows), stream)
        estimates = self(self.noisy(data, alpha, stream), labels, alpha)
        if not self.schedule.samples_by_flow:
            return {"denoising_loss": (data - self.clean(estimates)).square().sum(dim=1).mean()}
        error = (data[:, :n] - estimates[:, :n]).square().sum(dim=1, keepdim=True)
        value = (self.schedule.weights(alpha, self.spread) * error).mean()
        surprise = -(rows[:, n:] * span_log_softmax(estimates[:, n:], self.layout)).sum(dim=1)
        return {"denoising_loss": value + surprise.mean()}

    @torch.no_grad()
    def draw(self, z: Tensor, labels: Tensor | None, stream: torch.Generator) -> Tensor:
        """Remove the noise step by step, starting from x_T = α_T·z.

        As the lectures have it, x_{t−1} = x̂_θ(x_t, t) + α_{t−1}·ε. With a schedule that samples by
        flow there is no fresh noise: the steps follow dx/dα = (x − x̂)/α with the last two
        estimates (DPM-Solver++, Lu et al., 2022, arXiv:2211.01095).
        """
        dtype = choose_precision("auto", z.device)
        given = torch.split(labels, CHUNK) if labels is not None else [None] * -(-len(z) // CHUNK)
        drawn = []
        for part, label in zip(torch.split(z, CHUNK), given, strict=True):
            with autocast(z.device, dtype):
                drawn.append(self._denoised(part, label, stream))
        return torch.cat(drawn) if drawn else z

    def _course(self) -> list[tuple[float, float]]:
        """Return the noise before and after each step, from the highest on."""
        return [*pairwise(self.schedule.alphas().flip(0).tolist())]

    def _denoised(self, z: Tensor, labels: Tensor | None, stream: torch.Generator) -> Tensor:
        course = self._course()
        x, estimates = course[0][0] * z, z
        last, last_step = z, 0.0
        for before, after in course:
            alpha = x.new_full((len(x), 1), before)
            estimates = self.estimate(x, labels, alpha)
            if after == 0:
                break
            clean = self.clean(estimates)
            if not self.schedule.samples_by_flow:
                x = self.noisy(clean, torch.full_like(alpha, after), stream)
                continue
            step = math.log(before / after)
            ahead = clean + (step / (2 * last_step) * (clean - last) if last_step else 0)
            x = torch.lerp(ahead, x, after / before)
            last, last_step = clean, step
        return estimates

    def sizes(self) -> dict[str, Any]:
        """Return the schedule, and the deviation of the numbers."""
        return {
            "schedule": self.schedule.name,
            "noise_steps": self.schedule.n_steps,
            "spread": self.spread,
        }

    @staticmethod
    def check_sizes(sizes: Mapping[str, Any]) -> tuple[NoiseSchedule, float]:
        """Return the schedule and the deviation that `sizes` returned; see `of_sizes`."""
        spread, schedule = float(sizes["spread"]), schedule_of(sizes)
        if not 0 < spread < math.inf:
            raise ValueError("a deviation must have a size above zero")
        if schedule.n_steps > MOST_STEPS:
            raise ValueError(f"noise_steps must be at most {MOST_STEPS}")
        return schedule, spread


MOST_STEPS = 100_000  # in a file that is not damaged


class MLPDenoiser(Denoiser):
    """A denoiser of residual blocks of an MLP, for rows of tables.

    **Shape**: as of `Denoiser`

    Parameters
    ----------
    layout, schedule, labels, spread
        As of `Denoiser`.
    hidden_dim
        Width of the hidden layers.

    Examples
    --------
    >>> from tabgan.generators.diffusion import Cosine
    >>> denoiser = MLPDenoiser(RowLayout((None,), (3,)), Cosine(5), hidden_dim=8)
    >>> stream = torch.Generator().manual_seed(0)
    >>> denoiser.draw(denoiser.latents(6, stream), None, stream).shape
    torch.Size([6, 4])
    """

    def __init__(
        self,
        layout: RowLayout,
        schedule: NoiseSchedule,
        *,
        hidden_dim: int = 256,
        labels: Sequence[int] = (),
        spread: float = 1.0,
    ) -> None:
        super().__init__(layout, schedule, labels=labels, spread=spread)
        self.inlet = nn.Linear(layout.width + self.context_dim, hidden_dim)
        self.blocks = nn.Sequential(*(ResidualBlock(hidden_dim) for _ in range(N_BLOCKS)))
        self.outlet = linear(hidden_dim, layout.width)
        with torch.no_grad():  # at first, a guess that depends on the noise alone
            self.outlet.weight.mul_(0.1)

    def output(self, x: Tensor, context: Tensor) -> Tensor:
        """Map rows of deviation one to outputs of the same shape."""
        hidden = self.blocks(self.inlet(torch.cat([x, context], dim=1)))
        return self.outlet(nn.functional.silu(hidden))  # type: ignore[no-any-return]

    def sizes(self) -> dict[str, Any]:
        """Return the width of the hidden layers, the schedule, and the deviation."""
        return {"hidden_dim": self.inlet.out_features, **super().sizes()}

    @classmethod
    def of_sizes(cls, sizes: Mapping[str, Any], layout: RowLayout, labels: Sequence[int]) -> Self:
        """Create an untrained network; see `RowGenerator.of_sizes`."""
        hidden_dim = int(sizes["hidden_dim"])
        if hidden_dim < 1:
            raise ValueError("a network's size must be at least 1")
        schedule, spread = cls.check_sizes(sizes)
        return cls(layout, schedule, hidden_dim=hidden_dim, labels=labels, spread=spread)
