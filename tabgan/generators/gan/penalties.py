"""What keeps a discriminator smooth: penalties on its gradients, and limits on its weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from tabgan.base.checks import check_number

__all__ = [
    "AdaptivePenalty",
    "DiscriminatorBatch",
    "GradientClipping",
    "GradientPenalty",
    "NoPenalty",
    "PENALTIES",
    "Penalty",
    "R1",
    "R1R2",
    "R2",
    "SpectralNormalization",
    "WeightClipping",
    "describe_adaptive_penalty",
]

TARGET = 0.05


RATE = 1.2


LEAST, START, MOST = 1.0, 10.0, 100.0


@dataclass
class AdaptivePenalty:
    """Adapts the weight γ of the gradient penalty, so that the discriminator does not win.

    The discriminator of a wide or heavy-tailed table, or of few rows, tells real from synthetic
    rows by far before the generator has learned anything, and then teaches it little. Its
    advantage is E D(real) − E D(fake), in logits. γ rises by `RATE` while the advantage is above
    `TARGET` and falls while it is below, between `LEAST` and `MOST`.

    Examples
    --------
    >>> balance = AdaptivePenalty()
    >>> [round(balance.adapt(advantage), 1) for advantage in (0.4, 0.2, 0.01)]
    [12.0, 14.4, 12.0]
    """

    gamma: float = START

    def adapt(self, advantage: float) -> float:
        """Return the weight to go on with, given the mean advantage since the last call."""
        wanted = self.gamma * (RATE if advantage > TARGET else 1 / RATE)
        self.gamma = min(max(wanted, LEAST), MOST)
        return self.gamma


def describe_adaptive_penalty(gammas: Sequence[float]) -> str:
    """Tell in words how the weight went in training.

    Examples
    --------
    >>> describe_adaptive_penalty([10.0, 12.0, 14.4, 12.0])
    'adapted to the discriminator: from 10 over at most 14.4 to 12'
    """
    if not gammas:
        return "nothing was trained"
    return (
        f"adapted to the discriminator: from {gammas[0]:.3g} over at most {max(gammas):.3g} "
        f"to {gammas[-1]:.3g}"
    )


class DiscriminatorBatch(NamedTuple):
    """A batch as the discriminator has judged it.

    **Shape**: real and fake (batch, n_features), logits (batch,) computed from them
    """

    discriminator: nn.Module
    real: Tensor
    fake: Tensor
    real_logits: Tensor
    fake_logits: Tensor
    noise: torch.Generator | None = None


@dataclass(frozen=True)
class Penalty:
    """Base of no-ops; a penalty overrides the moments of training that it acts at."""

    def prepare(self, discriminator: nn.Module) -> None:
        """Change a new discriminator, once."""

    def due(self, step: int) -> bool:  # noqa: ARG002
        """Whether a value is added to the loss on a step."""
        return False

    def __call__(self, judged: DiscriminatorBatch) -> Tensor:
        """Return what is added to the discriminator's loss, a scalar that can be differentiated."""
        return judged.real_logits.new_zeros(())

    def before_descent(self, discriminator: nn.Module) -> None:
        """Change the gradients before the optimiser uses them."""

    def after_descent(self, discriminator: nn.Module) -> None:
        """Change the weights after the optimiser has."""


NoPenalty = Penalty
"""No penalty at all."""


@dataclass(frozen=True)
class _ZeroCentred(Penalty):
    """A zero-centred gradient penalty: (γ/2)·E‖∇ₓD(x)‖² of some rows.

    It is taken on every `interval`-th step with `interval` times the weight (lazy regularisation,
    Karras et al., 2020, section 3.2).

    Parameters
    ----------
    gamma
        The weight γ; None adapts it in training (`tabgan.generators.gan.penalties`).
    interval
        Steps between two uses.
    """

    gamma: float | None = None
    interval: int = 4

    def __post_init__(self) -> None:
        if self.gamma is not None:
            check_number("gamma", self.gamma, Real, 0)
        check_number("interval", self.interval, Integral, 1)

    def due(self, step: int) -> bool:
        """Whether the penalty is taken on a step."""
        return self.gamma != 0 and step % self.interval == 0

    def _weighted(self, logits: Tensor, features: Tensor) -> Tensor:
        if self.gamma is None:
            raise ValueError("gamma=None stands for a weight that the trainer has to set")
        (gradient,) = torch.autograd.grad(logits.sum(), features, create_graph=True)
        return self.interval * self.gamma / 2 * gradient.square().sum(dim=1).mean()


@dataclass(frozen=True)
class R1(_ZeroCentred):
    """Zero-centred gradient penalty on real rows (Mescheder et al., 2018, equation 9).

    Examples
    --------
    >>> x = torch.ones(4, 3, requires_grad=True)
    >>> logits = (2 * x).sum(dim=1)
    >>> judged = DiscriminatorBatch(nn.Identity(), x, x, logits, logits)
    >>> R1(gamma=2.0, interval=1)(judged).item()  # ‖(2, 2, 2)‖²
    12.0
    """

    def __call__(self, judged: DiscriminatorBatch) -> Tensor:
        """Return (γ/2)·E‖∇ₓD(x)‖² of the real rows."""
        return self._weighted(judged.real_logits, judged.real)


@dataclass(frozen=True)
class R2(_ZeroCentred):
    """Zero-centred gradient penalty on fake rows (Mescheder et al., 2018, equation 10)."""

    def __call__(self, judged: DiscriminatorBatch) -> Tensor:
        """Return (γ/2)·E‖∇ₓD(x̃)‖² of the fake rows."""
        return self._weighted(judged.fake_logits, judged.fake)


@dataclass(frozen=True)
class R1R2(_ZeroCentred):
    """Both zero-centred penalties, as the relativistic loss wants them (Huang et al., 2024)."""

    def __call__(self, judged: DiscriminatorBatch) -> Tensor:
        """Return the sum of `R1` and `R2`."""
        return self._weighted(judged.real_logits, judged.real) + self._weighted(
            judged.fake_logits, judged.fake
        )


@dataclass(frozen=True)
class GradientPenalty(Penalty):
    """Penalty w·E(‖∇D(x̂)‖ − 1)² between real and fake rows (Gulrajani et al., 2017, equation 3).

    Parameters
    ----------
    weight
        The weight w.
    """

    weight: float = 10.0

    def __post_init__(self) -> None:
        check_number("weight", self.weight, Real, 0, above=True)

    def due(self, step: int) -> bool:  # noqa: ARG002
        """Return True: the penalty is taken on every step."""
        return True

    def __call__(self, judged: DiscriminatorBatch) -> Tensor:
        """Return the penalty at random points between real and fake rows."""
        real, fake = judged.real.detach(), judged.fake.detach()
        share = torch.rand(len(real), 1, generator=judged.noise, device=real.device)
        between = torch.lerp(real, fake, share.to(real.dtype)).requires_grad_(True)
        logits = judged.discriminator(between)
        (gradient,) = torch.autograd.grad(logits.sum(), between, create_graph=True)
        # The root of zero has no gradient.
        norms = (gradient.square().sum(dim=1) + 1e-12).sqrt()
        return self.weight * (norms - 1).square().mean()


@dataclass(frozen=True)
class WeightClipping(Penalty):
    """Keeps every weight of the critic within ±limit (Arjovsky et al., 2017, algorithm 1)."""

    limit: float = 0.01

    def __post_init__(self) -> None:
        check_number("limit", self.limit, Real, 0, above=True)

    @torch.no_grad()
    def after_descent(self, discriminator: nn.Module) -> None:
        """Clip the weights."""
        for parameter in discriminator.parameters():
            parameter.clamp_(-self.limit, self.limit)


@dataclass(frozen=True)
class GradientClipping(Penalty):
    """Keeps every entry of the weights' gradients within ±limit, the simplest of the bounds."""

    limit: float = 1.0

    def __post_init__(self) -> None:
        check_number("limit", self.limit, Real, 0, above=True)

    def before_descent(self, discriminator: nn.Module) -> None:
        """Clip the gradients."""
        nn.utils.clip_grad_value_(discriminator.parameters(), self.limit)


@dataclass(frozen=True)
class SpectralNormalization(Penalty):
    """Divides every layer's weights by their largest singular value (Miyato et al., 2018)."""

    def prepare(self, discriminator: nn.Module) -> None:
        """Put the normalisation onto linear and convolutional layers."""
        for module in list(discriminator.modules()):
            if isinstance(module, nn.Linear | nn.Conv2d) and module.weight.numel():
                spectral_norm(module)


PENALTIES: Mapping[str, type[Penalty]] = {
    "none": NoPenalty,
    "r1": R1,
    "r2": R2,
    "r1r2": R1R2,
    "gradient": GradientPenalty,
    "weight_clipping": WeightClipping,
    "gradient_clipping": GradientClipping,
    "spectral": SpectralNormalization,
}
