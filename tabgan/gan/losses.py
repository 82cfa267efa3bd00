"""Adversarial losses; each sees the logits of real and of fake rows."""

from typing import Protocol

from torch import Tensor
from torch.nn.functional import softplus

__all__ = ["AdversarialLoss", "NonSaturating"]


class AdversarialLoss(Protocol):
    """What discriminator and generator minimise, given logits of shape (batch,)."""

    generator_sees_real: bool  # whether the generator's loss needs the real rows' logits

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the discriminator's loss, a scalar."""
        ...

    def generator(self, real: Tensor | None, fake: Tensor) -> Tensor:
        """Return the generator's loss, a scalar."""
        ...


class NonSaturating:
    """Cross-entropy with the generator's non-saturating form (Goodfellow et al., 2014, section 3).

    The discriminator minimises −E log D(x) − E log(1 − D(G(z))), the generator −E log D(G(z)),
    with D = sigmoid(logit) evaluated stably as softplus.

    Examples
    --------
    >>> import torch
    >>> zero = torch.zeros(3)
    >>> round(NonSaturating().discriminator(zero, zero).item(), 4)  # 2·log 2
    1.3863
    """

    generator_sees_real = False

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return −E log D(x) − E log(1 − D(G(z)))."""
        return softplus(-real).mean() + softplus(fake).mean()

    def generator(self, real: Tensor | None, fake: Tensor) -> Tensor:  # noqa: ARG002
        """Return −E log D(G(z))."""
        return softplus(-fake).mean()
