"""`ImageTranslator`: tasks, pairs, training, translations and files."""

import numpy as np
import pytest
import torch
from sklearn.base import clone

from tabgan import DataError, ImageTranslator, ModelFileError, NotFittedError, OptionError
from tabgan.base.model_file import read_model, write_model
from tabgan.images import ImageEstimator
from tabgan.images.idx import embedded_digits
from tabgan.images.image_scores import psnr, ssim
from tabgan.images.translation_network import TASKS, Colorize, Denoise, SuperResolution

DIGITS = embedded_digits()[0][:400]
RAMP = np.linspace(0, 1, 8)
COLORS = np.stack(  # the shade tells the color
    [np.stack([RAMP**p * shade for p in (1, 2, 3)], -1) for shade in np.linspace(0.2, 1, 60)]
)[:, None].repeat(8, axis=1)
TINY = {"steps": 40, "width": 0.25, "batch_size": 16, "verbose": False, "random_state": 0}
DATA = {"denoise": DIGITS, "colorize": COLORS, "super-resolution": DIGITS}


@pytest.fixture(scope="module", params=TASKS)
def fitted(request) -> ImageTranslator:
    own = ImageTranslator(task=request.param, factor=2, learning_rate=3e-3, **TINY)
    return own.fit(DATA[request.param])


def test_translations_are_nearer_than_without_learning(fitted):
    scores = fitted.evaluate(DATA[fitted.task])
    assert scores.psnr > scores.psnr_baseline + 1
    assert scores.ssim > scores.ssim_baseline
    assert fitted.n_steps_ == 40
    assert {"reconstruction_loss", "discriminator_loss"} <= fitted.history_[-1].keys()


def test_images_come_back_with_their_dtype_and_shape(fitted):
    images = DATA[fitted.task][:5]
    seen = fitted.degrade(images)
    assert seen.dtype == images.dtype
    made = fitted.translate(seen)
    assert made.shape == images.shape
    assert made.dtype == images.dtype
    assert np.array_equal(made, fitted.translate(seen))
    wide = np.concatenate([seen, seen], axis=2)
    assert fitted.translate(wide).shape == np.concatenate([images, images], axis=2).shape


def test_a_loaded_model_translates_alike(fitted, tmp_path):
    path = tmp_path / "m.safetensors"
    fitted.save(path)
    loaded = ImageTranslator.load(path)
    seen = fitted.degrade(DATA[fitted.task][:5])
    assert np.array_equal(loaded.translate(seen), fitted.translate(seen))
    assert clone(loaded).get_params() == loaded.get_params()
    with pytest.raises(ModelFileError, match="a model that translates images and draws none"):
        ImageEstimator.load(path)
    description, tensors = read_model(path)
    for wrong in ({"width": 0}, {"task": "no"}, {"size": [1, 9, 9]}, {"adversarial": -1.0}):
        own = description["translation"] | wrong
        write_model(tmp_path / "wrong", description | {"translation": own}, tensors)
        with pytest.raises(ModelFileError, match="parts don't fit together"):
            ImageTranslator.load(tmp_path / "wrong")


def test_translations_agree_with_what_is_seen():
    images, stream = torch.rand(3, 3, 8, 8), torch.Generator().manual_seed(0)
    for task in (Colorize(), SuperResolution(2)):
        seen = task.degrade(images, stream)
        changed = task.consistent(torch.rand(3, 3, 8, 8), seen)
        assert torch.allclose(task.degrade(changed, stream), seen, atol=1e-6)
        assert task.baseline(seen).shape == images.shape
    noisy = Denoise(0.1).degrade(torch.full((1, 1, 60, 60), 0.5), stream)
    assert noisy.std().item() == pytest.approx(0.1, rel=0.1)


def test_without_a_game_there_is_no_discriminator():
    options = TINY | {"steps": 3, "adversarial": 0}
    translator = ImageTranslator(**options).fit(DIGITS[:40])
    assert translator._model.discriminator is None
    assert "discriminator_loss" not in translator.history_[-1]
    same = [ImageTranslator(**options).fit(DIGITS[:40]).translate(DIGITS[:2]) for _ in range(2)]
    assert np.array_equal(*same)


@pytest.mark.parametrize(
    ("options", "images", "message"),
    [
        ({"task": "denoiser"}, DIGITS, "task='denoiser' is not known; did you mean 'denoise'?"),
        ({"noise": 0}, DIGITS, "noise=0 must be a number above 0"),
        ({"factor": 1}, DIGITS, "factor=1 must be a whole number from 2"),
        ({"factor": 99}, DIGITS, "factor=99 must be at most 16"),
        ({"adversarial": -1}, DIGITS, "adversarial=-1 must be a number from 0"),
        ({"task": "colorize"}, DIGITS, "learns from images of 3 channels .*these have 1"),
        ({"task": "super-resolution", "factor": 3}, DIGITS, "can't be reduced by factor=3"),
        ({}, DIGITS[:1], "1 image is too few to learn from"),
    ],
)
def test_what_can_not_be_learned(options, images, message):
    with pytest.raises((OptionError, DataError), match=message):
        ImageTranslator(**TINY | options).fit(images)


def test_images_of_other_channels_can_not_be_translated(fitted):
    channels = 2 if fitted.task == "colorize" else 3
    with pytest.raises(DataError, match=f"the images have {channels} channels and the model's"):
        fitted.translate(np.zeros((2, 8, 8, channels), np.uint8))
    with pytest.raises(NotFittedError, match="This ImageTranslator has not been fitted"):
        ImageTranslator().translate(DIGITS)


def test_the_scores_of_pairs():
    rng = np.random.default_rng(0)
    images = rng.random((4, 16, 16, 1))
    assert psnr(images, images) == 100
    assert ssim(images, images) == pytest.approx(1)
    noise = [np.clip(images + s * rng.normal(size=images.shape), 0, 1) for s in (0.05, 0.2)]
    assert psnr(images, noise[0]) > psnr(images, noise[1])
    assert ssim(images, noise[0]) > ssim(images, noise[1])
    assert ssim(np.zeros((1, 16, 16, 1)), np.ones((1, 16, 16, 1))) < 0.01


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: facts.update(parameters=[]),
        lambda facts: facts["parameters"].update(random_state="x"),
        lambda facts: facts["parameters"].update(noise="x"),
        lambda facts: facts.pop("pixels"),
        lambda facts: facts["pixels"].pop("whole"),
        lambda facts: facts["pixels"].update(top="x"),
        lambda facts: facts.update(dtype=3),
        lambda facts: facts.update(image_shape=[64.0]),
    ],
)
def test_damaged_facts_are_refused(fitted, tmp_path, change):
    path = tmp_path / "m.safetensors"
    fitted.save(path)
    description, tensors = read_model(path)
    change(description["facts"])
    write_model(path, {k: v for k, v in description.items() if k != "format"}, tensors)
    with pytest.raises(ModelFileError, match="parts don't fit together"):
        ImageTranslator.load(path)


@pytest.mark.parametrize("sides", [(1, 1), (3, 3), (9, 2)])
def test_images_too_small_for_the_discriminator(sides):
    images = np.random.default_rng(0).integers(0, 255, (4, *sides), dtype=np.uint8)
    with pytest.raises(
        DataError, match=r"too small for the discriminator: 4×4 are needed at least"
    ):
        ImageTranslator(**TINY | {"steps": 1}).fit(images)
    plain = ImageTranslator(**TINY | {"steps": 1}, adversarial=0).fit(images)
    assert plain.translate(images).shape == images.shape
