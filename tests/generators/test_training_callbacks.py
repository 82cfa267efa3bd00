"""Callbacks are told of the whole fit: its options, its facts, its failure."""

import numpy as np
import pandas as pd
import pytest

from tabgan import ImageGAN, OptionError, TabGAN
from tabgan.generators.training_callbacks import Callback, Callbacks, check_callbacks

TABLE = pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5] * 25, "kind": ["a", "b"] * 50})


def train(*callbacks: Callback) -> None:
    """Train with callbacks for 60 steps: two records."""
    TabGAN(steps=60, hidden_dim=8, random_state=3, callbacks=callbacks, verbose=False).fit(TABLE)


class Watcher(Callback):
    def __init__(self):
        self.heard = []

    def on_fit_begin(self, options):
        self.heard.append(("begin", options["random_state"], options["loss"]))

    def on_train_begin(self, state):
        self.heard.append(("training",))

    def on_fit_end(self, facts):
        self.heard.append(("end", facts.get("n_steps")))


def test_a_fit_tells_its_options_and_its_facts():
    watcher = Watcher()
    train(watcher)
    assert watcher.heard == [("begin", 3, "non_saturating"), ("training",), ("end", 60)]


def test_a_fit_of_images_does_so_too():
    watcher = Watcher()
    images = np.zeros((4, 3, 3))
    ImageGAN(steps=2, random_state=0, callbacks=[watcher], verbose=False).fit(images)
    assert watcher.heard == [("begin", 0, "non_saturating"), ("training",), ("end", 2)]


def test_a_fit_that_fails_has_no_facts():
    class Failing(Callback):
        def on_record(self, state, record):
            raise RuntimeError("the disk is full")

    watcher = Watcher()
    with pytest.raises(RuntimeError, match="the disk is full"):
        train(watcher, Failing())
    assert watcher.heard[-1] == ("end", None)


def test_callbacks_that_have_begun_are_ended_when_another_can_not_begin():
    class Refusing(Callback):
        def on_fit_begin(self, options):
            raise OptionError("no room")

    watcher = Watcher()
    with pytest.raises(OptionError, match="no room"):
        train(watcher, Refusing())
    assert [call[0] for call in watcher.heard] == ["begin", "end"]


def test_callbacks_within_callbacks_hear_the_whole_fit():
    one, other = Watcher(), Watcher()
    train(Callbacks([Callbacks([one]), other]))
    assert one.heard == [("begin", 3, "non_saturating"), ("training",), ("end", 60)]
    assert other.heard == one.heard


def test_nested_callbacks_that_have_begun_are_ended_too():
    class Refusing(Callback):
        def on_fit_begin(self, options):
            raise OptionError("no room")

    first, second, third = Watcher(), Watcher(), Watcher()
    with pytest.raises(OptionError, match="no room"):
        train(first, Callbacks([second, Refusing(), third]))
    assert [call[0] for call in first.heard] == ["begin", "end"]
    assert [call[0] for call in second.heard] == ["begin", "end"]
    assert third.heard == []


def test_all_nested_callbacks_are_ended_even_if_one_fails_at_it():
    class Failing(Callback):
        def on_fit_end(self, facts):
            raise RuntimeError("the disk is full")

    first, second = Watcher(), Watcher()
    with pytest.raises(RuntimeError, match="the disk is full"):
        train(Callbacks([first, Failing(), second]))
    assert first.heard[-1] == second.heard[-1] == ("end", 60)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, "callbacks=5 must be a sequence of Callback objects"),
        ("csv", "callbacks='csv' must be a sequence of Callback objects"),
        ([Callback(), 1], r"callbacks\[1\]=1 must be a Callback object$"),
        ([Watcher], r"callbacks\[0\]=<class .*Watcher'> must be .* \(a class has to be called\)"),
    ],
)
def test_anything_but_callbacks_is_refused(value, message):
    with pytest.raises(OptionError, match=message):
        check_callbacks(value)
    with pytest.raises(OptionError, match=message):
        ImageGAN(callbacks=value, verbose=False).fit(np.zeros((4, 3, 3)))


def test_no_callbacks_and_a_tuple_of_them_pass():
    watcher = Watcher()
    assert check_callbacks(None) == ()
    assert check_callbacks((watcher,)) == check_callbacks([watcher]) == (watcher,)


def test_a_seed_is_told_where_none_was_given():
    watcher = Watcher()
    images = np.zeros((4, 3, 3))
    ImageGAN(steps=2, callbacks=[watcher], verbose=False).fit(images)
    assert watcher.heard[0][1] >= 0
