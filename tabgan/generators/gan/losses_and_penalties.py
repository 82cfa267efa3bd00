"""Adversarial losses, and the penalties and limits that keep a discriminator smooth.

D(x) is the discriminator's logit, or the score of a critic, σ the sigmoid, x̃ = G(z) a fake row.
Both methods of every loss return a scalar to be minimized.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, softplus
from torch.nn.utils.parametrizations import spectral_norm

from tabgan.base.option_checks import check_number
from tabgan.base.registry import Registry

__all__ = [
    "AdaptivePenalty",
    "AdversarialLoss",
    "CrossEntropy",
    "DiscriminatorBatch",
    "GradientClipping",
    "GradientPenalty",
    "Hinge",
    "LOSSES",
    "Minimax",
    "NoPenalty",
    "NonSaturating",
    "PENALTIES",
    "Penalty",
    "R1",
    "R1R2",
    "R2",
    "Relativistic",
    "SpectralNormalization",
    "Wasserstein",
    "WeightClipping",
    "describe_adaptive_penalty",
    "register_loss",
    "register_penalty",
]


class AdversarialLoss(ABC):
    """Base class of losses: what discriminator and generator minimize, given logits (batch,)."""

    generator_sees_real: ClassVar[bool] = False
    """Whether the generator's loss needs the real rows' logits."""

    @abstractmethod
    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the discriminator's loss, a scalar.

        Parameters
        ----------
        real, fake
            Logits of real and of fake rows, shape (batch,).
        """

    @abstractmethod
    def generator(self, real: Tensor | None, fake: Tensor) -> Tensor:
        """Return the generator's loss, a scalar.

        Parameters
        ----------
        real
            Logits of real rows, shape (batch,); None unless `generator_sees_real`.
        fake
            Logits of fake rows, shape (batch,).
        """


@dataclass(frozen=True)
class CrossEntropy(AdversarialLoss):
    """Base class of cross-entropy losses: the discriminator classifies rows as real or fake.

    It minimizes the binary cross-entropy −E t·log σ(D(x)) − E (1 − t)·log(1 − σ(D(x))) of real
    rows with the label t = 1 plus that of fake ones with t = 0 (Goodfellow et al., 2014,
    equation 1). Other labels smooth the targets; each is a number, or a tensor of shape (batch,).
    """

    real_label: float | Tensor = 1.0
    fake_label: float | Tensor = 0.0

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the cross-entropy of real and fake rows."""
        return _cross_entropy(real, self.real_label) + _cross_entropy(fake, self.fake_label)


def _cross_entropy(logits: Tensor, label: float | Tensor) -> Tensor:
    return (label * softplus(-logits) + (1 - label) * softplus(logits)).mean()


@dataclass(frozen=True)
class Minimax(CrossEntropy):
    """The original minimax loss: min over G, max over D of the same value.

    Goodfellow et al. (2014), equation 1: the generator minimizes E log(1 − σ(D(x̃))). Its gradient
    vanishes while the discriminator tells the rows apart with certainty.

    Examples
    --------
    >>> import torch
    >>> round(Minimax().generator(None, torch.zeros(3)).item(), 4)  # −log 2
    -0.6931
    """

    def generator(self, real: Tensor | None, fake: Tensor) -> Tensor:  # noqa: ARG002
        """Return E log(1 − σ(D(x̃)))."""
        return -softplus(fake).mean()


@dataclass(frozen=True)
class NonSaturating(CrossEntropy):
    """Cross-entropy with the generator's non-saturating form (Goodfellow et al., 2014, section 3).

    The generator minimizes −E log σ(D(x̃)), whose gradient is large while it does badly.

    Examples
    --------
    >>> import torch
    >>> zero = torch.zeros(3)
    >>> round(NonSaturating().discriminator(zero, zero).item(), 4)  # 2·log 2
    1.3863
    """

    def generator(self, real: Tensor | None, fake: Tensor) -> Tensor:  # noqa: ARG002
        """Return −E log σ(D(x̃))."""
        return softplus(-fake).mean()


@dataclass(frozen=True)
class Wasserstein(AdversarialLoss):
    """Difference of a critic's mean scores (Arjovsky et al., 2017, equation 2).

    The critic maximises E D(x) − E D(x̃), the generator E D(x̃). This is the Wasserstein distance
    only if the critic is 1-Lipschitz: a penalty has to ensure that.

    Examples
    --------
    >>> import torch
    >>> Wasserstein().discriminator(torch.tensor([3.0]), torch.tensor([1.0])).item()
    -2.0
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return E D(x̃) − E D(x)."""
        return fake.mean() - real.mean()

    def generator(self, real: Tensor | None, fake: Tensor) -> Tensor:  # noqa: ARG002
        """Return −E D(x̃)."""
        return -fake.mean()


@dataclass(frozen=True)
class Hinge(AdversarialLoss):
    """Margin loss (Lim & Ye, 2017, arXiv:1705.02894): rows beyond the margin no longer count.

    Examples
    --------
    >>> import torch
    >>> Hinge().discriminator(torch.tensor([3.0]), torch.tensor([-0.5])).item()
    0.5
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return E max(0, 1 − D(x)) + E max(0, 1 + D(x̃))."""
        return relu(1 - real).mean() + relu(1 + fake).mean()

    def generator(self, real: Tensor | None, fake: Tensor) -> Tensor:  # noqa: ARG002
        """Return −E D(x̃)."""
        return -fake.mean()


@dataclass(frozen=True)
class Relativistic(AdversarialLoss):
    """Losses on the difference D(x) − D(x̃) of pairs (Huang et al., 2024, arXiv:2501.05441).

    The discriminator minimizes E log(1 + exp(D(x̃) − D(x))), the generator the same with the roles
    exchanged (relativistic pairing, Jolicoeur-Martineau, 2018).

    Examples
    --------
    >>> import torch
    >>> zero = torch.zeros(3)
    >>> round(Relativistic().generator(zero, zero).item(), 4)  # log 2
    0.6931
    """

    generator_sees_real: ClassVar[bool] = True

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return E softplus(D(x̃) − D(x))."""
        return softplus(fake - real).mean()

    def generator(self, real: Tensor | None, fake: Tensor) -> Tensor:
        """Return E softplus(D(x) − D(x̃)).

        Raises
        ------
        ValueError
            If the real rows' logits are missing.
        """
        if real is None:
            raise ValueError("the relativistic loss compares fake rows with real ones; give both")
        return softplus(real - fake).mean()


LOSSES: Registry[AdversarialLoss] = Registry(
    "loss",
    AdversarialLoss,  # type: ignore[type-abstract]
    {
        "minimax": Minimax,
        "non_saturating": NonSaturating,
        "wasserstein": Wasserstein,
        "hinge": Hinge,
        "relativistic": Relativistic,
    },
    "register_loss",
)


def register_loss(name: str, cls: type[AdversarialLoss]) -> None:
    """Register a loss under a name, for options and model files.

    Parameters
    ----------
    name
        Its name: lower-case letters, digits and underscores.
    cls
        A dataclass that subclasses `AdversarialLoss`; its parameters are numbers with defaults.

    Raises
    ------
    OptionError
        If the name or the class can't be used, or if the name is that of another class.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class LeastSquares(AdversarialLoss):
    ...     target: float = 1.0
    ...     def discriminator(self, real, fake):
    ...         return (real - self.target).square().mean() + fake.square().mean()
    ...     def generator(self, real, fake):
    ...         return (fake - self.target).square().mean()
    >>> register_loss("least_squares", LeastSquares)
    >>> LOSSES.describe(LeastSquares(target=0.9))
    'least_squares:target=0.9'
    """
    LOSSES.register(name, cls)


# Of `AdaptivePenalty`: logits, factor, and the bounds of γ.
TARGET = 0.05
RATE = 1.2
LEAST, START, MOST = 1.0, 10.0, 100.0


@dataclass
class AdaptivePenalty:
    """Adapts the weight γ of a gradient penalty, to keep the discriminator from winning.

    With a wide or heavy-tailed table, or few rows, the discriminator tells real from synthetic
    rows by far before the generator has learned anything, and then teaches it little. The logit
    gap E D(real) − E D(fake) measures that. γ rises by `RATE` while the gap is above `TARGET` and
    falls while it is below, between `LEAST` and `MOST`.

    Examples
    --------
    >>> adaptive = AdaptivePenalty()
    >>> [round(adaptive.adapt(logit_gap), 1) for logit_gap in (0.4, 0.2, 0.01)]
    [12.0, 14.4, 12.0]
    """

    gamma: float = START

    def adapt(self, logit_gap: float) -> float:
        """Return the new weight after a mean logit gap since the last call."""
        raised = self.gamma * (RATE if logit_gap > TARGET else 1 / RATE)
        self.gamma = min(max(raised, LEAST), MOST)
        return self.gamma


def describe_adaptive_penalty(gammas: Sequence[float]) -> str:
    """Describe in words how the weight changed during the training.

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
    """A batch with the discriminator's logits.

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
    """Base class of penalties: its hooks do nothing; a penalty overrides those that it needs."""

    def prepare(self, discriminator: nn.Module) -> None:
        """Change the new discriminator once, before the training."""

    def due(self, step: int) -> bool:  # noqa: ARG002
        """Return whether the penalty is added to the loss in this step."""
        return False

    def __call__(self, batch: DiscriminatorBatch) -> Tensor:
        """Return what is added to the discriminator's loss, a scalar that can be differentiated."""
        return batch.real_logits.new_zeros(())

    def before_descent(self, discriminator: nn.Module) -> None:
        """Change the gradients before the optimizer uses them."""

    def after_descent(self, discriminator: nn.Module) -> None:
        """Change the weights after the optimizer's step."""


NoPenalty = Penalty
"""No penalty at all."""


@dataclass(frozen=True)
class _ZeroCentred(Penalty):
    """A zero-centered gradient penalty: (γ/2)·E‖∇ₓD(x)‖² of some rows.

    It is taken on every `interval`-th step with `interval` times the weight (lazy regularization,
    Karras et al., 2020, section 3.2).

    Parameters
    ----------
    gamma
        The weight γ; None adapts it in training (`AdaptivePenalty`).
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
        """Return whether the penalty is added in this step."""
        return self.gamma != 0 and step % self.interval == 0

    def _weighted(self, logits: Tensor, features: Tensor) -> Tensor:
        if self.gamma is None:
            raise ValueError("gamma=None is a weight that the trainer has to set")
        (gradient,) = torch.autograd.grad(logits.sum(), features, create_graph=True)
        return self.interval * self.gamma / 2 * gradient.square().sum(dim=1).mean()


@dataclass(frozen=True)
class R1(_ZeroCentred):
    """Zero-centered gradient penalty on real rows (Mescheder et al., 2018, equation 9).

    Examples
    --------
    >>> x = torch.ones(4, 3, requires_grad=True)
    >>> logits = (2 * x).sum(dim=1)
    >>> batch = DiscriminatorBatch(nn.Identity(), x, x, logits, logits)
    >>> R1(gamma=2.0, interval=1)(batch).item()  # ‖(2, 2, 2)‖²
    12.0
    """

    def __call__(self, batch: DiscriminatorBatch) -> Tensor:
        """Return (γ/2)·E‖∇ₓD(x)‖² of the real rows."""
        return self._weighted(batch.real_logits, batch.real)


@dataclass(frozen=True)
class R2(_ZeroCentred):
    """Zero-centered gradient penalty on fake rows (Mescheder et al., 2018, equation 10)."""

    def __call__(self, batch: DiscriminatorBatch) -> Tensor:
        """Return (γ/2)·E‖∇ₓD(x̃)‖² of the fake rows."""
        return self._weighted(batch.fake_logits, batch.fake)


@dataclass(frozen=True)
class R1R2(_ZeroCentred):
    """Both zero-centered penalties, usual with the relativistic loss (Huang et al., 2024)."""

    def __call__(self, batch: DiscriminatorBatch) -> Tensor:
        """Return the sum of `R1` and `R2`."""
        return self._weighted(batch.real_logits, batch.real) + self._weighted(
            batch.fake_logits, batch.fake
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
        """Return True: the penalty is added in every step."""
        return True

    def __call__(self, batch: DiscriminatorBatch) -> Tensor:
        """Return the penalty at random points between real and fake rows."""
        real, fake = batch.real.detach(), batch.fake.detach()
        share = torch.rand(len(real), 1, generator=batch.noise, device=real.device)
        between = torch.lerp(real, fake, share.to(real.dtype)).requires_grad_(True)
        logits = batch.discriminator(between)
        (gradient,) = torch.autograd.grad(logits.sum(), between, create_graph=True)
        # The root of zero has no gradient.
        norms = (gradient.square().sum(dim=1) + 1e-12).sqrt()
        return self.weight * (norms - 1).square().mean()


@dataclass(frozen=True)
class WeightClipping(Penalty):
    """Clips every weight of the critic to ±limit (Arjovsky et al., 2017, algorithm 1)."""

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
    """Clips every entry of the weights' gradients to ±limit."""

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
        """Put the normalization onto linear and convolutional layers."""
        for module in list(discriminator.modules()):
            if isinstance(module, nn.Linear | nn.Conv2d) and module.weight.numel():
                spectral_norm(module)


PENALTIES: Registry[Penalty] = Registry(
    "penalty",
    Penalty,
    {
        "none": NoPenalty,
        "r1": R1,
        "r2": R2,
        "r1r2": R1R2,
        "gradient": GradientPenalty,
        "weight_clipping": WeightClipping,
        "gradient_clipping": GradientClipping,
        "spectral": SpectralNormalization,
    },
    "register_penalty",
)


def register_penalty(name: str, cls: type[Penalty]) -> None:
    """Register a penalty under a name, for options and model files.

    Parameters
    ----------
    name
        Its name: lower-case letters, digits and underscores.
    cls
        A dataclass that subclasses `Penalty`; its parameters are numbers with defaults.

    Raises
    ------
    OptionError
        If the name or the class can't be used, or if the name is that of another class.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class SmallLogits(Penalty):
    ...     weight: float = 0.001
    ...     def due(self, step):
    ...         return True
    ...     def __call__(self, batch):
    ...         return self.weight * batch.real_logits.square().mean()
    >>> register_penalty("small_logits", SmallLogits)
    >>> PENALTIES.resolve("small_logits:weight=0.5")
    SmallLogits(weight=0.5)
    """
    PENALTIES.register(name, cls)
