"""Penalties on the discriminator's gradients."""

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["R1"]


@dataclass(frozen=True)
class R1:
    """Zero-centred gradient penalty on real rows (Mescheder et al., 2018, equation 9).

    The penalty is (γ/2)·E‖∇ₓD(x)‖², taken on every `interval`-th step with `interval` times the
    weight (lazy regularisation, Karras et al., 2020, section 3.2).

    Examples
    --------
    >>> x = torch.ones(4, 3, requires_grad=True)
    >>> R1(gamma=2.0, interval=1)((2 * x).sum(dim=1), x).item()  # ‖(2, 2, 2)‖²
    12.0
    """

    gamma: float = 1.0
    interval: int = 4

    def due(self, step: int) -> bool:
        """Whether the penalty is taken on a step."""
        return self.gamma > 0 and step % self.interval == 0

    def __call__(self, logits: Tensor, features: Tensor) -> Tensor:
        """Return the weighted penalty, a scalar that can be differentiated.

        **Shape**: logits (batch,), features (batch, n) from which they were computed
        """
        (gradient,) = torch.autograd.grad(logits.sum(), features, create_graph=True)
        return self.interval * self.gamma / 2 * gradient.float().square().sum(dim=1).mean()
