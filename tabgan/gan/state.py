"""What training changes, as one value."""

from dataclasses import dataclass

import torch

from tabgan.gan.averaging import MovingAverage
from tabgan.gan.networks import Discriminator, Generator

__all__ = ["TrainState"]


@dataclass
class TrainState:
    """Everything that training changes."""

    generator: Generator
    discriminator: Discriminator
    averaged: MovingAverage[Generator]
    generator_optimizer: torch.optim.Optimizer
    discriminator_optimizer: torch.optim.Optimizer
    n_steps: int
    step: int = 0
