"""Adversarial losses; each sees the logits of real and of fake rows.

D(x) is the discriminator's logit, or the score of a critic, σ the sigmoid, x̃ = G(z) a fake row.
Both methods of every loss return a scalar to be minimized.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import relu, softplus

from tabgan.base.registry import Registry

__all__ = [
    "LOSSES",
    "AdversarialLoss",
    "CrossEntropy",
    "Hinge",
    "Minimax",
    "NonSaturating",
    "Relativistic",
    "Wasserstein",
    "register_loss",
]


class AdversarialLoss(ABC):
    """Base of all losses: what discriminator and generator minimize, given logits (batch,)."""

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
    """Base of the cross-entropy losses: the discriminator classifies rows as real or fake.

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
    """The original game: min over G, max over D of the same value.

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
    """Both networks on the difference D(x) − D(x̃) of pairs (Huang et al., 2024, arXiv:2501.05441).

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
    """Make a loss of your own known by a name, for options, texts and model files.

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
