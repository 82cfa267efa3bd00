"""Callbacks are told of the whole fit: its options, its facts, its failure."""

import numpy as np
import pytest
from sklearn.base import clone

from tabgan import ImageGAN, OptionError, TabGAN
from tabgan.callbacks import Callback, MLflow, TensorBoard, WandB


class Watcher(Callback):
    def __init__(self):
        self.heard = []

    def on_fit_begin(self, options):
        self.heard.append(("begin", options["random_state"], options["loss"]))

    def on_train_begin(self, state):
        self.heard.append(("training",))

    def on_fit_end(self, facts):
        self.heard.append(("end", facts.get("n_steps")))


def test_a_fit_tells_its_options_and_its_facts(train):
    watcher = Watcher()
    train(watcher)
    assert watcher.heard == [("begin", 3, "non_saturating"), ("training",), ("end", 60)]


def test_a_fit_of_images_does_so_too():
    watcher = Watcher()
    images = np.zeros((4, 3, 3))
    ImageGAN(steps=2, random_state=0, callbacks=[watcher], verbose=False).fit(images)
    assert watcher.heard == [("begin", 0, "non_saturating"), ("training",), ("end", 2)]


def test_a_fit_that_fails_has_no_facts(train, failing):
    watcher = Watcher()
    with pytest.raises(RuntimeError, match="the disk is full"):
        train(watcher, failing)
    assert watcher.heard[-1] == ("end", None)


def test_callbacks_that_have_begun_are_ended_when_another_can_not_begin(train):
    class Refusing(Callback):
        def on_fit_begin(self, options):
            raise OptionError("no room")

    watcher = Watcher()
    with pytest.raises(OptionError, match="no room"):
        train(watcher, Refusing())
    assert [call[0] for call in watcher.heard] == ["begin", "end"]


def test_a_seed_is_told_where_none_was_given():
    watcher = Watcher()
    images = np.zeros((4, 3, 3))
    ImageGAN(steps=2, callbacks=[watcher], verbose=False).fit(images)
    assert watcher.heard[0][1] >= 0


@pytest.mark.parametrize(
    ("tracker", "own"),
    [
        (TensorBoard("runs/one"), {"folder": "runs/one"}),
        (MLflow("abc", name="one"), {"run": "abc", "name": "one"}),
        (WandB("tables", mode="offline"), {"project": "tables", "settings": {"mode": "offline"}}),
    ],
    ids=["tensorboard", "mlflow", "wandb"],
)
def test_trackers_are_cloned_with_their_estimator(tracker, own):
    (copied,) = clone(TabGAN(callbacks=[tracker])).callbacks
    assert copied is not tracker
    assert {name: getattr(copied, name) for name in own} == own


@pytest.mark.parametrize(
    ("tracker", "module", "message"),
    [
        (TensorBoard("runs"), "torch.utils.tensorboard", "TensorBoard needs tensorboard, which"),
        (MLflow(), "mlflow", "MLflow needs mlflow, which is not installed; install it with: pip"),
        (WandB(), "wandb", "WandB needs wandb, which is not installed; install it with: pip"),
    ],
    ids=["tensorboard", "mlflow", "wandb"],
)
def test_a_missing_library_is_named_before_any_work(train, monkeypatch, tracker, module, message):
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(OptionError) as caught:
        train(tracker)
    assert message in str(caught.value)
