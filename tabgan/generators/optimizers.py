"""Optimizers of the networks, and the moving average of the generator's weights."""

import copy
import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from tabgan.base.errors import OptionError
from tabgan.base.option_checks import check_number
from tabgan.base.registry import Registry

__all__ = [
    "OPTIMIZERS",
    "Adam",
    "MomentumSGD",
    "MovingAverage",
    "Optimizer",
    "register_optimizer",
    "without_compiler",
]


_MARKED_FOR_COMPILER = ("add_param_group", "zero_grad", "step", "state_dict", "load_state_dict")


def without_compiler(cls: type[torch.optim.Optimizer]) -> Any:
    """Return the same optimizer class without torch's compiler.

    Torch's own classes import the compiler for their first step or state, which takes each process
    seconds; nothing here is compiled.

    Examples
    --------
    >>> weight = nn.Parameter(torch.ones(2))
    >>> optimizer = without_compiler(torch.optim.SGD)([weight], lr=0.5)
    >>> weight.sum().backward()
    >>> optimizer.step()
    >>> weight.tolist()
    [0.5, 0.5]
    """
    methods = {name: inspect.unwrap(getattr(cls, name)) for name in _MARKED_FOR_COMPILER}
    return type(cls.__name__, (cls,), {name: torch.no_grad()(m) for name, m in methods.items()})


_TorchAdam, _TorchSGD = without_compiler(torch.optim.Adam), without_compiler(torch.optim.SGD)


class Optimizer(ABC):
    """Base class of optimizers: the parameters of a torch optimizer."""

    @abstractmethod
    def make(self, parameters: Iterable[nn.Parameter], rate: float) -> torch.optim.Optimizer:
        """Create the torch optimizer for some weights.

        Parameters
        ----------
        parameters
            The weights.
        rate
            The initial learning rate; the training lowers it.
        """


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam (Kingma & Ba, 2015); the lectures take betas 0.5 and 0.999 with a rate of 2e-4."""

    beta1: float = 0.0
    beta2: float = 0.99

    def __post_init__(self) -> None:
        _check_share("beta1", self.beta1)
        _check_share("beta2", self.beta2)

    def make(self, parameters: Iterable[nn.Parameter], rate: float) -> torch.optim.Optimizer:
        """Create the torch optimizer for some weights."""
        weights = list(parameters)
        fused = all(p.device.type in ("cpu", "cuda") for p in weights)
        optimizer: torch.optim.Optimizer = _TorchAdam(
            weights, lr=rate, betas=(self.beta1, self.beta2), fused=fused
        )
        return optimizer


@dataclass(frozen=True)
class MomentumSGD(Optimizer):
    """Stochastic gradient descent with momentum, as in Goodfellow et al. (2014)."""

    momentum: float = 0.9

    def __post_init__(self) -> None:
        _check_share("momentum", self.momentum)

    def make(self, parameters: Iterable[nn.Parameter], rate: float) -> torch.optim.Optimizer:
        """Create the torch optimizer for some weights."""
        optimizer: torch.optim.Optimizer = _TorchSGD(parameters, lr=rate, momentum=self.momentum)
        return optimizer


def _check_share(name: str, value: float) -> None:
    check_number(name, value, Real, 0)
    if value >= 1:
        raise OptionError(f"{name}={value!r} must be below 1, as a share of the past that is kept")


OPTIMIZERS: Registry[Optimizer] = Registry(
    "optimizer",
    Optimizer,  # type: ignore[type-abstract]
    {"adam": Adam, "sgd": MomentumSGD},
    "register_optimizer",
)


def register_optimizer(name: str, cls: type[Optimizer]) -> None:
    """Register an optimizer under a name, for options and model files.

    Parameters
    ----------
    name
        Its name: lower-case letters, digits and underscores.
    cls
        A dataclass that subclasses `Optimizer`; its parameters are numbers with defaults.

    Raises
    ------
    OptionError
        If the name or the class can't be used, or if the name is that of another class.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class RMSprop(Optimizer):
    ...     alpha: float = 0.99
    ...     def make(self, parameters, rate):
    ...         return torch.optim.RMSprop(parameters, lr=rate, alpha=self.alpha)
    >>> register_optimizer("rmsprop", RMSprop)
    >>> OPTIMIZERS.resolve("rmsprop:alpha=0.9")
    RMSprop(alpha=0.9)
    """
    OPTIMIZERS.register(name, cls)


Network = TypeVar("Network", bound=nn.Module)


class MovingAverage(Generic[Network]):
    """Exponential moving average of weights, with a short memory at the start.

    After t updates the decay is min(decay, (1 + t)/(10 + t)), so that the random start is soon
    forgotten. Buffers, such as the running statistics of a BatchNorm, are copied. The average is
    what samples (Yazıcı et al., 2019, arXiv:1806.04498).

    Examples
    --------
    >>> layer = nn.Linear(1, 1)
    >>> average = MovingAverage(layer)
    >>> average.update()
    >>> torch.equal(average.network.weight, layer.weight)
    True
    """

    def __init__(self, network: Network, decay: float = 0.999) -> None:
        self.decay = decay
        self.updates = 0
        self.network: Network = copy.deepcopy(network).requires_grad_(False).eval()
        self._pairs = list(zip(self.network.parameters(), network.parameters(), strict=True))
        self._buffers = list(zip(self.network.buffers(), network.buffers(), strict=True))

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the network's present weights."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for averaged, current in self._pairs:
            averaged.lerp_(current, 1 - decay)
        for kept, present in self._buffers:
            kept.copy_(present)

    def state_dict(self) -> dict[str, Any]:
        """Return the averages and the number of updates."""
        return {"network": self.network.state_dict(), "updates": self.updates}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self.network.load_state_dict(state["network"])
        self.updates = int(state["updates"])
