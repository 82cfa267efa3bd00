"""One session for every fit: its clock, its stages, its records, its bar."""

import io
import time

import numpy as np
import pandas as pd
import pytest
from sklearn import exceptions

from tabgan import ImageGAN, NotFittedError, TabGAN, TabGANError
from tabgan.callbacks import Callback
from tabgan.fitting.fit_session import FitSession, Progress, Stage
from tabgan.generators.training_callbacks import Callbacks

TABLE = pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5] * 25, "kind": ["a", "b"] * 50})
QUICK = {"steps": 3, "random_state": 0, "verbose": False}


def test_not_fitted_is_that_of_scikit_learn():
    assert issubclass(NotFittedError, TabGANError)
    assert issubclass(NotFittedError, exceptions.NotFittedError)


class Stages(Callback):
    def __init__(self):
        self.names = []

    def on_stage(self, name):
        self.names.append(name)


@pytest.mark.parametrize(
    ("options", "stages"),
    [
        ({}, [Stage.FINDING_RULES, Stage.ENCODING, Stage.POSTPROCESSING]),
        ({"polish": False}, [Stage.FINDING_RULES, Stage.ENCODING, Stage.REFINING]),
        ({"refine": False}, [Stage.FINDING_RULES, Stage.ENCODING, Stage.POLISHING]),
        ({"refine": False, "polish": False}, [Stage.FINDING_RULES, Stage.ENCODING]),
        ({"epsilon": 100.0}, [Stage.MEASURING]),
    ],
    ids=["plain", "refine", "polish", "neither", "private"],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_fit_of_a_table_names_its_stages(options, stages):
    heard = Stages()
    TabGAN(hidden_dim=8, callbacks=[Callbacks([heard])], **QUICK, **options).fit(TABLE)
    assert heard.names == stages
    assert {type(name) for name in heard.names} == {str}


def test_a_fit_of_images_names_its_stage():
    heard = Stages()
    ImageGAN(callbacks=[heard], **QUICK).fit(np.zeros((4, 3, 3)))
    assert heard.names == [Stage.READING_IMAGES]


def test_without_a_limit_there_is_all_the_time_in_the_world():
    with FitSession(verbose=False) as session:
        assert session.training_seconds(0.5) is None
        assert not session.stop()


def test_time_that_was_used_before_training_counts():
    began = time.monotonic() - 6
    with FitSession(max_time=10.0, verbose=False, began=began) as session:
        assert session.training_seconds() == pytest.approx(4.0, abs=0.5)
        assert session.training_seconds(0.25) == pytest.approx(3.0, abs=0.5)
        assert not session.stop()
    with FitSession(max_time=5.0, verbose=False, began=began) as late:
        assert late.training_seconds() == 0.0
        assert late.stop()


def test_a_callback_may_end_the_fit():
    class Enough(Callback):
        def stop(self):
            return True

    with FitSession([Enough()], verbose=False) as session:
        assert session.stop()


def test_facts_are_told_even_of_a_fit_that_fails():
    class Watcher(Callback):
        def on_fit_end(self, facts):
            self.facts = dict(facts)

    watcher = Watcher()

    def fit():
        with FitSession([watcher], verbose=False) as session, session.observed({}) as facts:
            facts["n_steps"] = 3
            raise ValueError("too bad")

    with pytest.raises(ValueError, match="too bad"):
        fit()
    assert watcher.facts == {"n_steps": 3}


def test_the_bar_names_the_stage_and_is_removed():
    stream = io.StringIO()
    bar = Progress(True, stream)
    bar.on_stage(Stage.ENCODING.value)
    bar.close()
    shown = stream.getvalue()
    assert "Reading the table" in shown
    assert "Encoding" in shown
    assert shown.endswith("\r")
