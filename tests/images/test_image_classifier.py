"""The judge: what it learns, that a seed fixes it, and its file."""

import re

import numpy as np
import pytest
import torch

from tabgan import TabGAN
from tabgan.base.errors import DataError, ModelFileError, OptionError
from tabgan.base.model_file import read_model, write_model
from tabgan.images.idx import embedded_digits
from tabgan.images.image_classifier import Judge, auto_epochs, train_classifier

IMAGES, LABELS = embedded_digits()


def train(seed: int = 0, **options) -> Judge:
    return Judge.train(IMAGES[:200], LABELS[:200], 10, seed, epochs=1, **options)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.train(IMAGES[:1200], LABELS[:1200], 10, seed=0, epochs=12)


def test_it_tells_digits_apart(judge):
    assert judge.accuracy(IMAGES[1200:], LABELS[1200:]) > 0.93
    probabilities = judge.probabilities(IMAGES[1200:])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert probabilities.min() >= 0


def test_features_are_what_the_last_layer_sees(judge):
    features = torch.from_numpy(judge.features(IMAGES[:20])).float()
    probabilities = judge.network.outlet(features).softmax(1)
    np.testing.assert_allclose(probabilities, judge.probabilities(IMAGES[:20]), atol=1e-5)


def test_an_image_is_judged_alone_and_however_it_is_given(judge):
    floats = IMAGES[:700] / 255
    backwards = np.asfortranarray(floats[::-1])[::-1]
    backwards.flags.writeable = False
    expected = judge.probabilities(IMAGES[:700])
    np.testing.assert_allclose(judge.probabilities(floats[..., None]), expected, atol=1e-5)
    np.testing.assert_allclose(judge.probabilities(backwards), expected, atol=1e-5)
    np.testing.assert_allclose(judge.probabilities(IMAGES[650:651]), expected[650:651], atol=1e-5)


def test_read_only_images_raise_no_warning(judge, recwarn):
    images = np.zeros((3, 8, 8, 1), np.float32)
    images.flags.writeable = False
    judge.probabilities(images)
    Judge.train(images, np.array([0, 1, 1])[::-1], 2, 0, epochs=1)
    assert not recwarn.list


def test_a_seed_fixes_the_judge_and_nothing_else_is_touched():
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    first = train().probabilities(IMAGES[:50])
    torch.manual_seed(99)
    np.testing.assert_array_equal(train().probabilities(IMAGES[:50]), first)
    assert np.abs(train(seed=1).probabilities(IMAGES[:50]) - first).max() > 1e-3
    torch.set_rng_state(state)
    train()
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("shape", [(28, 28), (8, 8, 3), (5, 40, 2), (1, 1), (33, 17, 4)])
def test_images_of_any_size_are_learned(shape):
    codes = np.arange(40) % 2
    images = np.random.default_rng(0).random((40, *shape)) / 2
    images[codes == 1] += 0.5
    judge = Judge.train(images, codes, 2, seed=0, epochs=20)
    assert judge.features(images).shape == (40, 128)
    assert judge.accuracy(images, codes) > 0.9


@pytest.mark.parametrize(
    ("images", "codes", "options", "error", "words"),
    [
        (IMAGES[:3], [0, 1], {}, DataError, "codes of shape (2,) for 3 images"),
        (IMAGES[:3], [0, 1, 10], {}, DataError, "code 2 is 10; with 10 classes codes are from 0"),
        (IMAGES[:1], [0], {}, DataError, "1 image is too few to train a judge; give two at least"),
        (IMAGES[:3], [0, 1, 2], {"n_classes": 0}, OptionError, "n_classes=0 must be a whole"),
        (IMAGES[:3], [0, 1, 2], {"epochs": 0}, OptionError, "epochs=0 must be a whole number"),
        (IMAGES[:3], [0, 1, 2], {"precision": "half"}, OptionError, "precision='half' is not one"),
    ],
)
def test_what_cannot_be_learned(images, codes, options, error, words):
    with pytest.raises(error, match=re.escape(words)):
        Judge.train(images, codes, **{"n_classes": 10, "seed": 0, **options})


def test_images_of_another_shape_are_refused(judge):
    words = "images of 28×28×1 pixels and channels: the judge was trained on 8×8×1; resize them"
    with pytest.raises(DataError, match=words):
        judge.features(np.zeros((2, 28, 28)))


def test_images_are_moved_no_further_than_a_fourteenth_of_their_side():
    seen = []

    class Recorder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(2))

        def forward(self, images):
            seen.append(images)
            return images.mean((1, 2, 3))[:, None] + self.weight

    images = torch.zeros(100, 1, 28, 28)
    images[:, :, 10, 20] = 1
    train_classifier(
        Recorder(), images, torch.zeros(100).long(), epochs=3, seed=0, dtype=torch.float32
    )
    places = torch.cat(seen).squeeze(1).nonzero()
    assert len(places) == 300
    assert places[:, 1].unique().tolist() == [8, 9, 10, 11, 12]
    assert places[:, 2].unique().tolist() == [18, 19, 20, 21, 22]


def test_small_sets_are_passed_over_more_often():
    assert [auto_epochs(n) for n in (2, 128, 129, 60_000)] == [600, 600, 300, 8]


def test_the_file_gives_the_same_judge_back(judge, tmp_path):
    path = tmp_path / "judge.safetensors"
    judge.save(path)
    loaded = Judge.load(path)
    assert (loaded.shape, loaded.n_classes) == (judge.shape, 10)
    np.testing.assert_array_equal(
        loaded.probabilities(IMAGES[:99]), judge.probabilities(IMAGES[:99])
    )
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_classes": 9}, "the judge's parts don't fit together (RuntimeError"),
        ({"n_classes": 10**12}, "the judge's parts don't fit together"),
        ({"n_classes": "10"}, "the judge's parts don't fit together (OptionError"),
        ({"shape": [8, 8, 3]}, "the judge's parts don't fit together (RuntimeError"),
        ({"shape": [8, 8]}, "the judge's parts don't fit together (TypeError"),
        ({"shape": [8, 0, 1]}, "the judge's parts don't fit together (DataError"),
        ({"shape": None}, "the judge's parts don't fit together (TypeError"),
    ],
)
def test_inconsistent_files_are_refused(judge, tmp_path, change, words):
    path = tmp_path / "judge.safetensors"
    judge.save(path)
    description, tensors = read_model(path)
    write_model(path, {"judge": description["judge"] | change}, tensors)
    with pytest.raises(ModelFileError, match=re.escape(words)):
        Judge.load(path)


def test_tensors_of_another_type_are_refused(judge, tmp_path):
    path = tmp_path / "judge.safetensors"
    judge.save(path)
    description, tensors = read_model(path)
    write_model(path, description, tensors | {"outlet.bias": tensors["outlet.bias"].double()})
    with pytest.raises(ModelFileError, match=r"outlet.bias must be torch.float32, not torch"):
        Judge.load(path)


def test_judges_and_other_models_are_told_apart(judge, tmp_path):
    path = tmp_path / "a.safetensors"
    write_model(path, {"encoder": {}}, {"a": torch.zeros(1)})
    with pytest.raises(ModelFileError, match="a model, but not a judge; judges are written by"):
        Judge.load(path)
    judge.save(path)
    with pytest.raises(ModelFileError, match="the model's parts don't fit together"):
        TabGAN.load(path)
