"""Presets of a training: the recipe of the lectures, and each of its items by itself."""

import numpy as np
import pytest
import torch

from tabgan import ImageGAN, OptionError
from tabgan.generators.gan.losses_and_penalties import NonSaturating
from tabgan.generators.gan.table_networks import MLPDiscriminator
from tabgan.generators.gan.trainer import discriminator_step
from tabgan.generators.gan.training_config import LectureTraining, TrainingConfig, VanillaTraining
from tabgan.images.idx import embedded_digits

IMAGES, LABELS = (part[:100] for part in embedded_digits())


def config(**options) -> TrainingConfig:
    own = {name: value for name, value in ImageGAN().get_params().items() if name != "stabilisers"}
    return TrainingConfig.of(own | options, usual_penalty="r1:gamma=1")


def fitted(**options) -> ImageGAN:
    usual = {"steps": 6, "width": 0.1, "verbose": False, "random_state": 0}
    return ImageGAN(**usual | options).fit(IMAGES, LABELS)


def test_the_recipe_of_the_lectures():
    lectures = config(training="lectures").to_json()
    assert lectures["optimizer"] == "adam:beta1=0.5,beta2=0.999"
    assert (lectures["learning_rate"], lectures["penalty"]) == (2e-4, "none")
    assert config(training="lectures").preset == LectureTraining()
    assert config(training="lectures", loss="wasserstein").to_json()["penalty"] == (
        "gradient_clipping"
    )


def test_the_loop_of_the_vanilla_gan():
    vanilla = config(training="vanilla", loss="minimax")
    assert vanilla.preset == VanillaTraining()
    assert vanilla.discriminator_steps == 5
    assert vanilla.epochs_a_step(n_rows=100, batch_size=20) == 0.2
    assert config(training="vanilla", discriminator_steps=7).discriminator_steps == 7
    assert fitted(training="vanilla").sample(3).shape == (3, 8, 8)


def test_options_that_are_no_defaults_stay():
    chosen = {"optimizer": "sgd", "learning_rate": 1e-3, "penalty": "r1:gamma=2"}
    kept = config(training="lectures", **chosen).to_json()
    assert {name: kept[name] for name in chosen} == chosen


def test_a_critic_takes_five_steps_unless_told_otherwise():
    assert config(loss="wasserstein").discriminator_steps == 5
    assert config(loss="wasserstein", discriminator_steps=2).discriminator_steps == 2
    assert config().discriminator_steps == 1


def test_the_rate_stays_and_weights_are_not_averaged(tmp_path):
    gan = fitted(training="lectures")
    assert gan.history_[-1]["learning_rate"] == 2e-4
    assert fitted(training="usual:constant_rate=1").history_[-1]["learning_rate"] == 5e-4
    assert fitted().history_[-1]["learning_rate"] < 5e-4
    gan.save(tmp_path / "m")
    loaded = ImageGAN.load(tmp_path / "m")
    assert loaded.training == "lectures"
    assert np.array_equal(loaded.sample(5), gan.sample(5))


@pytest.mark.parametrize(
    "item", ["fresh_noise=1", "one_batch=1", "average_decay=0", "discriminator_weight=0.5"]
)
def test_each_item_changes_the_training(item):
    usual, changed = fitted(), fitted(training=f"usual:{item}")
    assert not np.array_equal(usual.sample(20), changed.sample(20))
    again = fitted(training=f"usual:{item}")
    assert np.array_equal(again.sample(20), changed.sample(20))


def test_half_of_the_loss_is_half_of_the_loss():
    torch.manual_seed(0)
    network, real, fake = MLPDiscriminator(3, hidden_dim=4), torch.randn(5, 3), torch.randn(5, 3)
    whole, half = (
        discriminator_step(network, real, fake, NonSaturating(), weight=weight)[0]
        for weight in (1.0, 0.5)
    )
    assert half.item() == pytest.approx(whole.item() / 2)


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ("lecture", "did you mean 'lectures'?"),
        ("usual:fresh_noise=2", "fresh_noise=2 must be 0 or 1"),
        ("vanilla:fresh_noise=1", "fresh_noise=1 gives the generator a batch of its own"),
        ("usual:average_decay=1", "average_decay=1 must be from 0 to below 1"),
        ("usual:discriminator_weight=0", "discriminator_weight=0 must be a number above 0"),
    ],
)
def test_presets_that_can_not_be(training, message):
    with pytest.raises(OptionError, match=message):
        config(training=training)
