"""Losses, penalties, stabilizers and optimizers of third parties are like the library's own."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch

from tabgan import ImageGAN, OptionError, TabGAN
from tabgan.generators.gan.losses_and_penalties import (
    LOSSES,
    AdversarialLoss,
    Penalty,
    register_loss,
    register_penalty,
)
from tabgan.generators.gan.stabilizers import Stabilizer, register_stabilizer
from tabgan.generators.optimizers import Adam, Optimizer, register_optimizer

TABLE = pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5] * 25, "kind": ["a", "b"] * 50})
IMAGES = np.arange(36).reshape(4, 3, 3) / 36
QUICK = {"steps": 3, "random_state": 0, "verbose": False}
FITS = [
    pytest.param(lambda **o: TabGAN(hidden_dim=8, **QUICK, **o).fit(TABLE), id="table"),
    pytest.param(lambda **o: ImageGAN(**QUICK, **o).fit(IMAGES), id="images"),
]


@dataclass(frozen=True)
class LeastSquares(AdversarialLoss):
    target: float = 1.0

    def discriminator(self, real, fake):
        return (real - self.target).square().mean() + fake.square().mean()

    def generator(self, real, fake):
        return (fake - self.target).square().mean()


@dataclass(frozen=True)
class SmallLogits(Penalty):
    weight: float = 0.001

    def due(self, step):
        return True

    def __call__(self, batch):
        return self.weight * batch.real_logits.square().mean()


@dataclass
class Louder(Stabilizer):
    factor: float = 2.0

    def on_generator_loss(self, loss, batch):
        return self.factor * loss


@dataclass(frozen=True)
class RMSprop(Optimizer):
    alpha: float = 0.99

    def make(self, parameters, rate):
        return torch.optim.RMSprop(parameters, lr=rate, alpha=self.alpha)


OWN = {
    "loss": LeastSquares(0.9),
    "penalty": SmallLogits(0.5),
    "stabilizers": [Louder(3.0)],
    "optimizer": RMSprop(),
}


def register_all() -> None:
    register_loss("least_squares", LeastSquares)
    register_penalty("small_logits", SmallLogits)
    register_stabilizer("louder", Louder)
    register_optimizer("rmsprop", RMSprop)


def draw(gan):
    return np.asarray(gan.sample(20, random_state=1))


@pytest.mark.parametrize("fit", FITS)
def test_parts_of_ones_own_train_by_object_and_by_text(fit):
    register_all()
    gan = fit(**OWN)
    named = fit(
        loss="least_squares:target=0.9",
        penalty="small_logits:weight=0.5",
        stabilizers=["louder:factor=3"],
        optimizer="rmsprop",
    )
    assert (draw(gan) == draw(named)).all()
    losses = [one.history_[-1]["generator_loss"] for one in (gan, named, fit())]
    assert losses[0] == losses[1] != losses[2]
    assert gan.penalty_reason_ == "small_logits:weight=0.5"


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("option", OWN)
def test_what_is_not_registered_is_refused_before_training(fit, option):
    message = (
        rf"{option}=.*: the class \w+ is not registered; register it first, with tabgan.extend"
    )
    with pytest.raises(OptionError, match=message):
        fit(**{option: OWN[option]})


@pytest.mark.parametrize("fit", FITS)
def test_a_model_draws_without_the_parts_but_fits_with_them_only(fit, tmp_path, monkeypatch):
    with monkeypatch.context() as registered:
        registered.setattr(LOSSES, "_classes", dict(LOSSES))
        register_loss("least_squares", LeastSquares)
        gan = fit(loss=LeastSquares(0.9))
    gan.save(tmp_path / "model")
    loaded = type(gan).load(tmp_path / "model")
    assert loaded.loss == "least_squares:target=0.9"
    assert (draw(loaded) == draw(gan)).all()
    message = "loss='least_squares:target=0.9' is not known; .* tabgan.extend.register_loss"
    with pytest.raises(OptionError, match=message):
        loaded.fit(TABLE if isinstance(gan, TabGAN) else IMAGES)
    register_loss("least_squares", LeastSquares)
    again = loaded.fit(TABLE if isinstance(gan, TabGAN) else IMAGES)
    assert again.n_steps_ == 3


def test_the_library_s_own_losses_subclass_the_base():
    assert all(issubclass(cls, AdversarialLoss) for cls in LOSSES.values())
    assert isinstance(Adam(), Optimizer)
