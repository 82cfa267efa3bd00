"""A fit that was cut goes on as if it had not been; no other one goes on from its checkpoint."""

import re

import numpy as np
import pandas as pd
import pytest

from tabgan import DataError, ModelFileError, OptionError, TabGAN
from tabgan.base.model_file import read_model
from tabgan.constraints import Positive
from tabgan.extend import Callback
from tabgan.fitting.fit_session import CHECKPOINT_FILE, remove_checkpoint, saved_seed

TINY = {"steps": 12, "hidden_dim": 8, "verbose": False, "checkpoint_every": 4, "derive": False}


class KilledError(Exception):
    pass


class Kill(Callback):
    """Ends a fit as a kill would: by nothing that the fit handles."""

    def __init__(self, step):
        self.step = step

    def on_step(self, state):
        if state.step == self.step:
            raise KilledError


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(50, 9, 80).round(1),
            "kind": rng.choice(["a", "b", "c"], 80),
            "secret": [f"k{i:05d}x" for i in rng.permutation(90_000)[:80]],
        }
    )


def fitted(table, tmp_path, **options):
    gan = TabGAN(**{**TINY, "random_state": 3, **options}).fit(table)
    gan.save(tmp_path / "m.safetensors")
    return (tmp_path / "m.safetensors").read_bytes()


@pytest.fixture(scope="module")
def whole(table, tmp_path_factory):
    return fitted(table, tmp_path_factory.mktemp("whole"))


def cut(table, tmp_path, step, **options):
    with pytest.raises(KilledError):
        fitted(table, tmp_path, checkpoint=tmp_path / "state", callbacks=[Kill(step)], **options)


@pytest.mark.parametrize("step", [1, 4, 6, 12])
def test_a_fit_that_goes_on_gives_the_same_file(table, whole, tmp_path, step):
    cut(table, tmp_path, step)
    state = tmp_path / "state"
    assert (state / CHECKPOINT_FILE).exists() == (step > 4)
    assert fitted(table, tmp_path, checkpoint=state, resume=True) == whole


def test_a_fit_can_be_cut_several_times_and_after_its_training(table, whole, tmp_path):
    cut(table, tmp_path, 6)
    cut(table, tmp_path, 10, resume=True)
    state = {"checkpoint": tmp_path / "state", "resume": True}
    assert fitted(table, tmp_path, **state) == whole
    with_steps = fitted(table, tmp_path, **state, callbacks=[Kill(12)])  # none is left to take
    assert with_steps == whole


def test_snapshots_and_records_of_before_are_there(table, tmp_path):
    options = {"snapshots": 4, "stabilizers": ["experience_replay", "historical_averaging"]}
    uncut = TabGAN(**TINY, **options, random_state=3).fit(table)
    cut(table, tmp_path, 11, **options)
    gone_on = TabGAN(
        **TINY, **options, random_state=3, checkpoint=tmp_path / "state", resume=True
    ).fit(table)
    assert [moment.step for moment in gone_on.snapshots_] == [0, 4, 8, 12]
    for one, other in zip(uncut.snapshots_, gone_on.snapshots_, strict=True):
        pd.testing.assert_frame_equal(one.rows, other.rows)
    assert len(gone_on.history_) == len(uncut.history_) == 1


def test_the_seed_is_that_of_the_checkpoint(table, whole, tmp_path):
    cut(table, tmp_path, 6)
    state = tmp_path / "state"
    assert saved_seed(state) == 3
    gan = TabGAN(**TINY, checkpoint=state, resume=True).fit(table)
    again = TabGAN(**TINY, random_state=3).fit(table)
    pd.testing.assert_frame_equal(gan.sample(9, random_state=1), again.sample(9, random_state=1))
    with pytest.raises(OptionError, match=r"a fit with random_state=3, and here it is 4; leave it"):
        fitted(table, tmp_path, checkpoint=state, resume=True, random_state=4)


def test_a_checkpoint_is_not_overwritten_unasked(table, tmp_path):
    cut(table, tmp_path, 6)
    with pytest.raises(OptionError, match=r"has the checkpoint of a fit; set resume=True"):
        fitted(table, tmp_path, checkpoint=tmp_path / "state")


def test_other_options_and_another_table_are_refused(table, tmp_path):
    cut(table, tmp_path, 6)
    state = {"checkpoint": tmp_path / "state", "resume": True}
    with pytest.raises(OptionError, match=r"a fit with hidden_dim=8, and here it is 9; give the"):
        fitted(table, tmp_path, **state, hidden_dim=9)
    for other in (table[:-1], table.assign(kind=table["kind"][::-1].to_list()).iloc[:, :2]):
        with pytest.raises(DataError, match="a fit of another table, or from one with"):
            fitted(other, tmp_path, **state)
    with pytest.raises(DataError, match="other constraints"):
        fitted(table, tmp_path, **state, constraints=[Positive("size")])


def test_no_value_of_a_row_is_in_the_checkpoint(table, tmp_path):
    cut(table, tmp_path, 12)
    content = (tmp_path / "state" / CHECKPOINT_FILE).read_bytes()
    assert not [value for value in table["secret"] if value.encode() in content]
    _, tensors = read_model(tmp_path / "state" / CHECKPOINT_FILE)
    encoded = [
        name
        for name, tensor in tensors.items()
        if tensor.ndim and len(table) in tensor.shape and not name.endswith("/order")
    ]
    assert not encoded


def test_what_is_no_checkpoint_is_named(table, whole, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    (state / CHECKPOINT_FILE).write_bytes(whole)
    with pytest.raises(ModelFileError, match="a model file, but not the checkpoint of a fit"):
        fitted(table, tmp_path, checkpoint=state, resume=True)
    (state / CHECKPOINT_FILE).write_bytes(whole[:100])
    with pytest.raises(ModelFileError, match=re.escape(CHECKPOINT_FILE)):
        fitted(table, tmp_path, checkpoint=state, resume=True)


def test_options_of_the_checkpoint_are_checked(table, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match=r"checkpoint='.*file' is not a folder and"):
        fitted(table, tmp_path, checkpoint=tmp_path / "file")
    with pytest.raises(OptionError, match="checkpoint=5 must be the name of a folder, or None"):
        fitted(table, tmp_path, checkpoint=5)
    with pytest.raises(OptionError, match="resume=True needs the folder of a checkpoint"):
        fitted(table, tmp_path, resume=True)
    with pytest.raises(OptionError, match="checkpoint_every=0 must be a whole number from 1"):
        fitted(table, tmp_path, checkpoint_every=0)


def test_a_checkpoint_is_removed_with_its_empty_folder(table, tmp_path):
    cut(table, tmp_path, 6)
    remove_checkpoint(tmp_path / "state")
    assert not (tmp_path / "state").exists()
    assert saved_seed(tmp_path / "state") is None
