"""A small training, tracked; and one that fails."""

from collections.abc import Callable

import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.callbacks import Callback

RECORDED = {
    "epoch",
    "seconds",
    "discriminator_loss",
    "generator_loss",
    "advantage",
    "gamma",
    "learning_rate",
    "diversity",
    "coverage",
    "gradient_norm",
}


class Failing(Callback):
    """Ends the training with an error at its first record."""

    def on_record(self, state, record):
        raise RuntimeError("the disk is full")


@pytest.fixture
def failing() -> Callback:
    """Return a callback that ends the training with an error."""
    return Failing()


@pytest.fixture
def recorded() -> set[str]:
    """Return the names of all that a record measures."""
    return RECORDED


@pytest.fixture
def train() -> Callable[..., TabGAN]:
    """Return a function that trains with callbacks for 60 steps: two records."""
    table = pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5] * 25, "kind": ["a", "b"] * 50})

    def fit(*callbacks: Callback) -> TabGAN:
        gan = TabGAN(steps=60, hidden_dim=8, random_state=3, callbacks=callbacks, verbose=False)
        return gan.fit(table)

    return fit
