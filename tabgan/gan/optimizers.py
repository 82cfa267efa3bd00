"""Optimisers of both networks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real

import torch
from torch import nn

from tabgan.checks import check_number
from tabgan.errors import OptionError

__all__ = ["OPTIMIZERS", "Adam", "MomentumSGD", "Optimizer"]


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma & Ba, 2015); the lectures take betas 0.5 and 0.999 with a rate of 2e-4."""

    beta1: float = 0.0
    beta2: float = 0.99

    def __post_init__(self) -> None:
        _check_share("beta1", self.beta1)
        _check_share("beta2", self.beta2)

    def make(self, parameters: Iterable[nn.Parameter], rate: float) -> torch.optim.Optimizer:
        """Return torch's optimiser of some weights."""
        weights = list(parameters)
        fused = all(p.device.type in ("cpu", "cuda") for p in weights)
        return torch.optim.Adam(weights, lr=rate, betas=(self.beta1, self.beta2), fused=fused)


@dataclass(frozen=True)
class MomentumSGD:
    """Stochastic gradient descent with momentum, as in Goodfellow et al. (2014)."""

    momentum: float = 0.9

    def __post_init__(self) -> None:
        _check_share("momentum", self.momentum)

    def make(self, parameters: Iterable[nn.Parameter], rate: float) -> torch.optim.Optimizer:
        """Return torch's optimiser of some weights."""
        return torch.optim.SGD(parameters, lr=rate, momentum=self.momentum)


def _check_share(name: str, value: float) -> None:
    check_number(name, value, Real, 0)
    if value >= 1:
        raise OptionError(f"{name}={value!r} must be below 1, as a share of the past that is kept")


Optimizer = Adam | MomentumSGD

OPTIMIZERS: Mapping[str, type[Optimizer]] = {"adam": Adam, "sgd": MomentumSGD}
