"""Moving average of a network's weights."""

import copy
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import torch
from torch import nn

__all__ = ["MovingAverage"]


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
        """Take up what `state_dict` gave."""
        self.network.load_state_dict(state["network"])
        self.updates = int(state["updates"])
