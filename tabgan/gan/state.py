"""What training changes, as one value."""

from dataclasses import dataclass

import torch
from torch import nn

from tabgan.gan.averaging import MovingAverage

__all__ = ["TrainState"]


@dataclass
class TrainState:
    """Everything that training changes."""

    generator: nn.Module
    discriminator: nn.Module
    averaged: MovingAverage
    generator_optimizer: torch.optim.Optimizer
    discriminator_optimizer: torch.optim.Optimizer
    n_steps: int
    step: int = 0
