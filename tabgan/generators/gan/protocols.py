"""What a training needs to know of a kind of data, and what it changes, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from tabgan.generators.gan.networks import Discriminator, Generator
from tabgan.generators.optimization import MovingAverage

__all__ = ["Batches", "GeneratorState", "Head", "TrainState"]


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


class Batches(Protocol):
    """Where real rows come from."""

    batch_size: int
    n_rows: int

    def draw(self, generator: torch.Generator) -> Tensor:
        """Return the next batch of rows."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return what is kept from batch to batch."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave."""
        ...


class Head(Protocol):
    """Output activations and discriminator features of a kind of data."""

    label_features: Tensor
    """Where the labels stand among the features, shape (levels of all labels,)."""

    def labels(self, rows: Tensor) -> Tensor | None:
        """Return what both networks are given of rows; None if nothing."""
        ...

    def __call__(self, logits: Tensor, generator: torch.Generator, labels: Tensor | None) -> Tensor:
        """Draw rows from logits, with the labels that are given."""
        ...

    def features(self, rows: Tensor) -> Tensor:
        """Turn rows into what the discriminator sees."""
        ...
