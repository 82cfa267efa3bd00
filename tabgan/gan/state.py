"""What training changes, as one value."""

from dataclasses import dataclass

import torch

from tabgan.gan.averaging import MovingAverage
from tabgan.gan.networks import Discriminator, Generator

__all__ = ["GeneratorState", "TrainState"]


@dataclass(kw_only=True)
class GeneratorState:
    """What the training of a generator changes, whatever it is trained against."""

    generator: Generator
    averaged: MovingAverage[Generator]
    generator_optimizer: torch.optim.Optimizer
    n_steps: int
    step: int = 0


@dataclass(kw_only=True)
class TrainState(GeneratorState):
    """Everything that training against a discriminator changes."""

    discriminator: Discriminator
    discriminator_optimizer: torch.optim.Optimizer
