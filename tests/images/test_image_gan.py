"""`ImageGAN`: the contract of an estimator, on real digits."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from tabgan import DataError, ImageGAN, ModelFileError, NotFittedError, OptionError, TabGAN
from tabgan.base.model_file import read_model, write_model
from tabgan.images.idx import embedded_digits
from tabgan.images.image_classifier import Judge
from tabgan.images.image_networks import ARCHITECTURES

IMAGES, LABELS = embedded_digits()


def quick(**options) -> ImageGAN:
    return ImageGAN(**{"steps": 4, "width": 0.1, "verbose": False, "random_state": 0} | options)


@pytest.fixture(scope="module")
def fitted() -> ImageGAN:
    return quick().fit(IMAGES, LABELS)


def test_images_come_back_with_their_shape_and_dtype(fitted):
    assert fitted.sample(5).shape == (5, 8, 8)
    assert fitted.sample(5).dtype == np.uint8
    assert fitted.sample().shape == IMAGES.shape
    assert fitted.sample(0).shape == (0, 8, 8)
    assert fitted.classes_.tolist() == list(range(10))
    assert len(fitted.history_) == 1


@pytest.mark.parametrize(
    ("images", "shape"),
    [
        (np.random.default_rng(0).random((40, 6, 5, 3)).astype(np.float32), (6, 5, 3)),
        (np.random.default_rng(0).random((40, 9, 9, 1)), (9, 9, 1)),
        (np.random.default_rng(0).random((40, 4, 7)) > 0.5, (4, 7)),
        (list(IMAGES[:40]), (8, 8)),
    ],
    ids=["colour", "one channel", "booleans", "list"],
)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_any_height_width_and_channels(architecture, images, shape):
    gan = quick(architecture=architecture).fit(images)
    sample = gan.sample(3)
    assert sample.shape == (3, *shape)
    assert sample.dtype == np.asarray(images).dtype
    assert gan.classes_.size == 0
    assert gan.sample_labelled(2)[1] is None


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_forms_of_the_lectures(architecture):
    gan = ImageGAN(architecture=architecture, steps=1, verbose=False, random_state=0)
    gan.fit(np.zeros((4, 28, 28), np.uint8), [0, 1, 2, 9])
    shapes = [tuple(p.shape) for p in gan._model.generator.parameters() if p.ndim > 1]
    assert (
        shapes
        == {
            "mlp": [(4, 16), (256, 80), (512, 256), (784, 512)],
            "mlp_tanh": [(4, 4), (256, 104), (512, 256), (1024, 512), (784, 1024)],
            "dcgan": [
                (4, 16),
                (116, 512, 4, 4),
                (512, 256, 4, 4),
                (256, 128, 4, 4),
                (128, 1, 4, 4),
            ],
        }[architecture]
    )


def test_labels_can_be_asked_for(fitted):
    labels = fitted.sample_labelled(300)[1]
    assert set(labels) == set(range(10))
    sevens, asked = fitted.sample_labelled(4, label=7)
    assert asked.tolist() == [7] * 4
    mixed, asked = fitted.sample_labelled(label=[7, 0, 7])
    assert asked.tolist() == [7, 0, 7]
    assert (mixed[0] == sevens[0]).all(), "the same latent and the same label"
    assert not (mixed[1] == sevens[1]).all()
    assert len(fitted.sample(label=3)) == len(IMAGES)


def test_labels_of_any_kind():
    names = np.array(["even", "odd"])[LABELS % 2]
    gan = quick().fit(IMAGES, names)
    assert gan.sample_labelled(3, label="odd")[1].tolist() == ["odd"] * 3
    with pytest.raises(OptionError, match=r"label 'od' is none of the 2 .*did you mean 'odd'"):
        gan.sample(3, label="od")


def test_mixed_labels_stay_what_they_are(tmp_path):
    labels = [1, "a"] * 10
    gan = quick().fit(IMAGES[:20], labels)
    gan.save(tmp_path / "m")
    for one in (gan, ImageGAN.load(tmp_path / "m")):
        assert set(one.sample_labelled(50)[1].tolist()) == {1, "a"}
        assert one.sample_labelled(2, label=1)[1].tolist() == [1, 1]


@pytest.mark.parametrize("kind", ["tensor", "objects", "generator"])
def test_images_in_any_container(kind):
    given = {
        "tensor": torch.tensor(IMAGES[:20]),
        "objects": np.array([*IMAGES[:20], None], object)[:20],
        "generator": (image for image in IMAGES[:20]),
    }[kind]
    sample = quick().fit(given).sample(2)
    assert sample.shape == (2, 8, 8)
    assert sample.dtype == np.uint8


def test_snapshots_are_of_the_same_latents():
    gan = quick(steps=8, snapshots=3).fit(IMAGES, LABELS)
    assert [(s.step, s.images.shape) for s in gan.snapshots_] == [
        (0, (20, 8, 8)),
        (4, (20, 8, 8)),
        (8, (20, 8, 8)),
    ]
    assert (quick(steps=8).fit(IMAGES, LABELS).sample(20) == gan.sample(20)).all()


def test_epochs_count_all_images_that_are_drawn():
    once = quick(steps="auto", epochs=2, batch_size=50).fit(IMAGES[:500])
    more = quick(steps="auto", epochs=2, batch_size=50, discriminator_steps=5).fit(IMAGES[:500])
    assert (once.n_steps_, more.n_steps_) == (20, 4)
    assert [gan.history_[-1]["epoch"] for gan in (once, more)] == [2.0, 2.0]


def test_the_same_seed_gives_the_same_images(fitted):
    again = quick().fit(IMAGES, LABELS)
    assert (again.sample(20) == fitted.sample(20)).all()
    assert (fitted.sample(1500)[:20] == fitted.sample(20)).all()
    assert not (fitted.sample(20, random_state=1) == fitted.sample(20)).all()
    other = quick(random_state=5).fit(IMAGES, LABELS)
    assert not (other.sample(20, random_state=0) == fitted.sample(20, random_state=0)).all()


def test_the_same_seed_gives_the_same_file(fitted, tmp_path):
    fitted.save(tmp_path / "one")
    quick().fit(IMAGES, LABELS).save(tmp_path / "other")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_the_global_generators_are_left_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    quick().fit(IMAGES[:50], LABELS[:50]).sample(3)
    assert torch.equal(torch.get_rng_state(), before)


def test_clone_and_parameters():
    gan = quick(loss="hinge", stabilizers=["instance_noise:std=0.2"])
    assert clone(gan).get_params() == gan.get_params()
    assert not hasattr(gan.fit(IMAGES[:50]), "_unknown")


def test_a_model_comes_back_from_its_file(fitted, tmp_path):
    fitted.save(tmp_path / "digits.safetensors")
    back = ImageGAN.load(tmp_path / "digits.safetensors")
    assert (back.sample(20, label=3) == fitted.sample(20, label=3)).all()
    assert (back.sample_labelled(20)[1] == fitted.sample_labelled(20)[1]).all()
    assert back.get_params() == fitted.get_params() | {
        "penalty": "r1:gamma=1",
        "discriminator_steps": 1,
    }
    assert back.history_ == fitted.history_


def test_no_training_image_is_in_the_file(tmp_path):
    flag = np.random.default_rng(0).integers(0, 256, (1, 8, 8)).astype(np.uint8)
    images = np.concatenate([IMAGES[:60], flag])
    quick().fit(images).save(tmp_path / "m")
    content = (tmp_path / "m").read_bytes()
    assert flag.tobytes() not in content
    assert (flag / np.float32(255)).astype(np.float32).tobytes() not in content


def damaged(path, change) -> None:
    description, tensors = read_model(path)
    change(description, tensors)
    write_model(path, description, tensors)


@pytest.mark.parametrize(
    "change",
    [
        lambda d, t: d["images"].pop("size"),
        lambda d, t: d["images"].update(size=[1, 9, 8, 10]),
        lambda d, t: d["images"].update(size=[1, 10**9, 10**9, 10]),
        lambda d, t: d["images"].update(architecture="vae"),
        lambda d, t: d["images"].update(width=-1.0),
        lambda d, t: d["images"].update(latent_dim=10**12),
        lambda d, t: d["images"].update(classes=[0]),
        lambda d, t: d["images"].update(prior="normal"),
        lambda d, t: t.pop("shares"),
        lambda d, t: t.update(shares=t["shares"] * 2),
        lambda d, t: t.pop("generator.layers.0.weight"),
        lambda d, t: d["facts"].pop("image_shape"),
        lambda d, t: d["facts"].update(image_shape=[8, 9]),
        lambda d, t: d["facts"].update(image_shape=[8.0, 8.0]),
        lambda d, t: d["facts"].update(image_shape=[2, 2, 2, 2, 4]),
        lambda d, t: d["facts"].update(dtype="object"),
        lambda d, t: d["facts"].update(dtype=["<f8"]),
        lambda d, t: t.update({"generator.layers.0.weight": t["generator.layers.0.weight"].int()}),
        lambda d, t: d["facts"]["parameters"].update(loss=7),
        lambda d, t: d["facts"]["parameters"].update(random_state="x"),
        lambda d, t: d["facts"].update(parameters=[]),
        lambda d, t: d["facts"].update(history=[1]),
        lambda d, t: d["facts"].update(pixels=[]),
        lambda d, t: d["facts"]["pixels"].pop("whole"),
        lambda d, t: d["facts"]["pixels"].update(whole="no"),
        lambda d, t: d["facts"].update(diagnosis=[{}]),
    ],
)
def test_damaged_models_are_refused(fitted, tmp_path, change):
    path = tmp_path / "m"
    fitted.save(path)
    damaged(path, change)
    with pytest.raises(ModelFileError, match="parts don't fit together"):
        ImageGAN.load(path)


def test_models_of_another_kind_are_refused(fitted, tmp_path):
    Judge.train(IMAGES[:60], LABELS[:60], 10, 0, epochs=1).save(tmp_path / "judge")
    with pytest.raises(ModelFileError, match="a tabgan file, but no model of images"):
        ImageGAN.load(tmp_path / "judge")
    fitted.save(tmp_path / "images")
    with pytest.raises(ModelFileError, match=r"of images, not of a table; open it with ImageGAN\."):
        TabGAN.load(tmp_path / "images")
    table = pd.DataFrame({"a": ["x", "y"] * 20})
    TabGAN(steps=1, verbose=False).fit(table).save(tmp_path / "table")
    with pytest.raises(ModelFileError, match=r"of a table, not of images; open it with TabGAN\."):
        ImageGAN.load(tmp_path / "table")


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((0, 8, 8), np.uint8), None, "are empty; give an image of a pixel"),
        ([np.zeros((8, 8)), np.zeros((8, 9))], None, "image 1"),
        (np.full((2, 4, 4), np.nan), None, "image 0 holds nan"),
        (np.zeros((3, 4, 4)), [1, 2], "2 labels"),
        (np.zeros((1, 4, 4)), None, "1 image is too few to learn from; give 2 at least"),
        (
            np.zeros((2, 4, 4)),
            [(1, 2), (3, 4)],
            "label .* is of type tuple; labels must be numbers",
        ),
    ],
)
def test_bad_images_and_labels(images, labels, message):
    with pytest.raises(DataError, match=message):
        quick().fit(images, labels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"architecture": "dcgna"}, "architecture='dcgna' is not known; did you mean 'dcgan'?"),
        ({"width": 0}, "width=0 must be a number above 0"),
        ({"batch_size": 1}, "batch_size=1 must be a whole number from 2"),
        ({"steps": 0}, "steps=0 must be a whole number from 1 or 'auto'"),
        ({"latent_dim": -3}, "latent_dim=-3 must be a whole number from 1 or 'auto'"),
        ({"steps": 3, "epochs": 1}, "steps=3 and epochs=1 are both given; give one"),
        ({"callbacks": 3}, "callbacks=3 must be a sequence of Callback objects"),
        ({"prior": "uniforn"}, "prior='uniforn' is not known; did you mean 'uniform'?"),
    ],
)
def test_options_that_cannot_be_used(options, message):
    with pytest.raises(OptionError) as caught:
        quick(**options).fit(IMAGES[:20])
    assert str(caught.value) == message


def test_what_cannot_be_asked_for(fitted):
    with pytest.raises(NotFittedError, match="This ImageGAN has not been fitted; call fit"):
        ImageGAN().sample(3)
    with pytest.raises(OptionError, match="n=-1 must be a whole number from 0"):
        fitted.sample(-1)
    with pytest.raises(OptionError, match="label 11 is none of the 10 classes"):
        fitted.sample(3, label=11)
    with pytest.raises(OptionError, match="n=3 images and 2 labels; leave n out, or give n labels"):
        fitted.sample(3, label=[1, 2])
    with pytest.raises(OptionError, match="the model was trained without labels; give y to fit"):
        quick().fit(IMAGES[:20]).sample(3, label=1)


@pytest.mark.parametrize("label", [torch.tensor(7), np.array(7), np.int64(7)])
def test_a_label_in_an_array_of_no_dimensions_is_a_label(fitted, label):
    assert fitted.sample_labelled(2, label=label)[1].tolist() == [7, 7]
    assert fitted.sample_labelled(label=torch.tensor([7, 3]))[1].tolist() == [7, 3]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, bool])
def test_masks_come_back_as_masks(dtype):
    masks = (IMAGES[:40] > 128).astype(dtype)
    drawn = quick(steps=20).fit(masks).sample(20)
    assert drawn.dtype == dtype
    assert set(np.unique(drawn)) == {0, 1}


def test_shades_from_0_to_16_come_back_so():
    gan = quick().fit(IMAGES.astype(float) * 16 // 255)
    assert (gan.sample(3) <= 16).all()
    assert gan.sample(30).max() > 4


def test_bytes_stay_where_they_are():
    """A fit takes at most three times the memory of the images, above that of the libraries."""
    images = np.zeros((40_000, 16, 16, 3), np.uint8)
    images[..., 0] = 200
    tracemalloc.start()  # of NumPy; of torch see benchmarks
    quick(steps=1).fit(images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < images.nbytes / 4


def test_snapshots_are_spread_over_the_time():
    gan = quick(steps=10**6, max_time=1.5, snapshots=4).fit(IMAGES[:100])
    steps = [snapshot.step for snapshot in gan.snapshots_]
    assert len(steps) == 4
    assert steps[0] == 0
    assert steps[-1] == gan.n_steps_
    assert 0.1 < steps[1] / steps[-1] < 0.6


def test_time_ends_a_fit():
    gan = quick(steps=10**6, max_time=0.5).fit(IMAGES[:100], LABELS[:100])
    assert gan.n_steps_ < 10**6


@pytest.mark.slow
@pytest.mark.parametrize("penalty", ["none", "r1:gamma=1"])
def test_digits_are_learned(penalty):
    """A judge of the real digits reads what was asked for far better than by chance."""
    judge = Judge.train(IMAGES, LABELS, 10, 0, epochs=10)
    gan = ImageGAN(steps=700, learning_rate=1e-3, penalty=penalty, verbose=False, random_state=0)
    images, labels = gan.fit(IMAGES, LABELS).sample_labelled(500)
    assert judge.accuracy(images, labels) > 0.6
