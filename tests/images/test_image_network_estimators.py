"""`ImageDiffusion` and `ImageVAE`: the contract of an estimator, on real digits."""

import numpy as np
import pytest
from sklearn.base import clone

from tabgan import (
    DataError,
    ImageDiffusion,
    ImageGAN,
    ImageVAE,
    ModelFileError,
    NotFittedError,
    OptionError,
)
from tabgan.base.model_file import read_model, write_model
from tabgan.images import METHODS, ImageEstimator
from tabgan.images.idx import embedded_digits

IMAGES, LABELS = (part[:300] for part in embedded_digits())
TINY = {"steps": 60, "width": 0.1, "verbose": False, "random_state": 0}
SETTINGS = {
    "edm": (ImageDiffusion, {"noise_steps": 4}),
    "cosine": (ImageDiffusion, {"schedule": "cosine", "noise_steps": 5}),
    "vae": (ImageVAE, {"latent_dim": 4}),
    "hierarchical": (ImageVAE, {"latent_dim": 4, "pairs": 2}),
    "vae-gan": (ImageVAE, {"latent_dim": 4, "reconstruction": "discriminator"}),
}


@pytest.fixture(scope="module", params=SETTINGS)
def fitted(request) -> ImageEstimator:
    kind, options = SETTINGS[request.param]
    return kind(**TINY, **options).fit(IMAGES, LABELS)


def test_images_have_the_shape_and_dtype_of_those_that_were_learned(fitted):
    assert fitted.sample(5).shape == (5, 8, 8)
    assert fitted.sample(5).dtype == np.uint8
    assert fitted.sample(0).shape == (0, 8, 8)
    assert fitted.classes_.tolist() == list(range(10))
    assert fitted.n_steps_ == 60
    assert [record["step"] for record in fitted.history_] == [50, 60]


def test_labels_are_drawn_and_heeded(fitted):
    images, labels = fitted.sample_labelled(40)
    assert len(images) == len(labels) == 40
    zeros, ones = (fitted.sample(30, label=label).mean(axis=0) for label in (0, 1))
    assert np.abs(zeros - ones).max() > 5
    with pytest.raises(OptionError, match="label 11 is none of the 10 classes"):
        fitted.sample(1, label=11)


def test_a_loaded_model_draws_the_same_images(fitted, tmp_path):
    path = tmp_path / "m.safetensors"
    fitted.save(path)
    for kind in (type(fitted), ImageEstimator):
        loaded = kind.load(path)
        assert type(loaded) is type(fitted)
        assert np.array_equal(loaded.sample(20), fitted.sample(20))
    own = {name: value for name, value in fitted.get_params().items() if name != "device"}
    assert {k: v for k, v in loaded.get_params().items() if k != "device"} == own
    with pytest.raises(ModelFileError, match=f"fitted by {type(fitted).__name__}; load it with"):
        ImageGAN.load(path)
    description, tensors = read_model(path)
    size = "width" if isinstance(fitted, ImageDiffusion) else "hidden_dim"
    for wrong in ({"kind": "none"}, {size: 0}, {size: 9}):
        network = description["images"]["network"] | wrong
        images = description["images"] | {"network": network}
        write_model(tmp_path / "wrong", description | {"images": images}, tensors)
        with pytest.raises(ModelFileError, match="parts don't fit together"):
            ImageEstimator.load(tmp_path / "wrong")


def test_images_of_any_size_keep_it_through_the_folded_maps():
    wide = np.random.default_rng(0).random((40, 17, 22, 3))
    drawn = ImageDiffusion(**TINY | {"steps": 2}, noise_steps=2).fit(wide).sample(3)
    assert drawn.shape == (3, 17, 22, 3)
    assert np.isfinite(drawn).all()


@pytest.mark.parametrize("name", ["edm", "vae"])
def test_the_seed_decides_and_labels_are_not_needed(name):
    kind, options = SETTINGS[name]
    colors = np.random.default_rng(0).random((40, 4, 3, 3))
    few = TINY | options | {"steps": 5}
    one, other, third = (
        kind(**few | {"random_state": seed}).fit(colors).sample(6, random_state=1)
        for seed in (0, 0, 2)
    )
    assert one.shape == (6, 4, 3, 3)
    assert one.dtype == colors.dtype
    assert (one >= 0).all()
    assert (one <= 1).all()
    assert np.array_equal(one, other)
    assert not np.array_equal(one, third)


@pytest.mark.parametrize(
    ("estimator", "why"),
    [
        (ImageDiffusion(schedule="edn"), r"schedule='edn' is not known; did you mean 'edm'\?"),
        (ImageDiffusion(noise_steps=0), "noise_steps=0 must be"),
        (ImageDiffusion(width=0), "width=0 must be"),
        (ImageVAE(beta=-1), "beta=-1 must be"),
        (ImageVAE(latent_dim=0), "latent_dim=0 must be"),
        (ImageVAE(learning_rate=0), "learning_rate=0 must be"),
        (ImageVAE(steps=3, epochs=1), "steps=3 and epochs=1 are both given"),
    ],
)
def test_values_that_options_do_not_have(estimator, why):
    with pytest.raises(OptionError, match=why):
        estimator.fit(IMAGES, LABELS)


def test_without_a_model():
    for name, kind in METHODS.items():
        assert kind.method == name
        assert clone(kind(width=2.0)).width == 2.0
        with pytest.raises(NotFittedError, match=f"This {kind.__name__} has not been fitted"):
            kind().sample(3)


def test_an_epoch_is_a_pass_over_the_images():
    vae = ImageVAE(**TINY | {"steps": "auto"}, epochs=2, batch_size=100).fit(IMAGES, LABELS)
    assert vae.n_steps_ == 6
    assert vae.history_[-1]["epoch"] == 2


@pytest.fixture(scope="module", params=[True, False], ids=["labelled", "free"])
def vae(request) -> ImageVAE:
    own = ImageVAE(steps=150, width=0.2, latent_dim=8, verbose=False, random_state=0)
    return own.fit(IMAGES, LABELS if request.param else None)


def test_images_go_to_latents_and_back(vae):
    y = LABELS if len(vae.classes_) else None
    latents = vae.encode(IMAGES, y)
    assert latents.shape == (300, 8)
    again = vae.decode(latents, y)
    assert again.dtype == np.uint8
    assert np.array_equal(again, vae.reconstruct(IMAGES, y))
    mean = np.broadcast_to(IMAGES.mean(axis=0), IMAGES.shape)
    assert np.square(again - 1.0 * IMAGES).mean() < 0.8 * np.square(mean - 1.0 * IMAGES).mean()


def test_noise_is_an_anomaly(vae):
    noise = np.random.default_rng(0).integers(0, 256, (50, 8, 8), dtype=np.uint8)
    y = LABELS[:50] if len(vae.classes_) else None
    assert np.median(vae.anomaly_score(noise, y)) > vae.anomaly_score(IMAGES[:50], y).max()
    assert np.array_equal(vae.score_samples(noise, y), -vae.anomaly_score(noise, y))


def test_images_and_labels_that_can_not_be_encoded(vae):
    with pytest.raises(DataError, match="images of 8×9×1 pixels and channels: the model learned"):
        vae.encode(np.zeros((2, 8, 9), np.uint8), [1, 1])
    if len(vae.classes_):
        with pytest.raises(DataError, match="y is missing: the model has labels"):
            vae.encode(IMAGES[:2])
        with pytest.raises(OptionError, match="label 11 is none of the 10 classes"):
            vae.decode(np.zeros((1, 8)), [11])
