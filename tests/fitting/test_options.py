"""Options that can't be used are refused at once, by an error that says what and why."""

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from tabgan import Column, NotFittedError, OptionError, Schema, SchemaError, TabGAN, TabGANError

TABLE = pd.DataFrame({"age": [31, 52, 47] * 20, "income": [0.5, 1.5, 2.25] * 20})


def refusal(error: type[TabGANError], **options: Any) -> str:
    """Return the message by which an option is refused."""
    gan = TabGAN(**{"steps": 3, "verbose": False, "random_state": 0} | options)
    with pytest.raises(error) as caught:
        gan.fit(TABLE)
    assert not hasattr(gan, "schema_")
    return str(caught.value)


DECLARED: dict[str, tuple[Any, str]] = {
    "unknown column": (
        {"incme": "numeric"},
        "Column 'incme' is not in the table; did you mean 'income'?",
    ),
    "unknown kind": (
        {"age": "number"},
        "Column 'age': kind='number' is not a kind of column; did you mean 'numeric'?",
    ),
    "kind that does not fit": (
        {"income": "datetime"},
        "Column 'income', row 0: kind='datetime' does not fit the value 0.5; a column of this kind "
        "holds dates, or texts that are dates in one format: choose another "
        "kind or change the values",
    ),
    "column that lacks": (
        Schema(
            (
                Column("age", "integer", "int64"),
                Column("income", "numeric", "float64"),
                Column("town", "categorical", "object"),
            )
        ),
        "Column 'town' is in the schema but not in the table; known names: 'age', 'income'",
    ),
    "column too few": (
        Schema((Column("income", "numeric", "float64"),)),
        "Column 'age' is in the table but not in the schema; known names: 'income'",
    ),
    "path": (
        "schema.json",
        "schema='schema.json' must be a Schema, a mapping from column names to kinds, or None; "
        "Schema.from_json reads one from JSON",
    ),
}


@pytest.mark.parametrize(("schema", "message"), DECLARED.values(), ids=DECLARED)
def test_schemas_that_do_not_fit(schema, message):
    assert refusal(SchemaError, schema=schema) == message


OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"steps": 0}, "steps=0 must be a whole number from 1 or 'auto'"),
    ({"steps": "lots"}, "steps='lots' must be a whole number from 1 or 'auto'"),
    ({"steps": True}, "steps=True must be a whole number from 1 or 'auto'"),
    ({"epochs": 2}, "steps=3 and epochs=2 are both given; give one"),
    ({"epochs": -1}, "epochs=-1 must be a number above 0 or None"),
    ({"epochs": float("inf")}, "epochs=inf must be a number above 0 or None"),
    ({"max_time": 0}, "max_time=0 must be a number above 0 or None"),
    ({"max_time": "1h"}, "max_time='1h' must be a number above 0 or None"),
    ({"derive": "no"}, "derive='no' must be True or False"),
    ({"refine": "yes"}, "refine='yes' must be True or False"),
    ({"polish": 1}, "polish=1 must be True or False"),
    ({"verbose": "no"}, "verbose='no' must be True or False, or a whole number from 0"),
    ({"min_group": 0}, "min_group=0 must be a whole number from 1"),
    ({"min_group": True}, "min_group=True must be a whole number from 1"),
    ({"text": "ipsum"}, "text='ipsum' must be 'keep-shape', 'lorem' or 'drop'"),
    ({"text": None}, "text=None must be 'keep-shape', 'lorem' or 'drop'"),
    ({"snapshots": -1}, "snapshots=-1 must be a whole number from 0"),
    ({"callbacks": [1]}, "callbacks[0]=1 must be a Callback object"),
    (
        {"condition_on": {"age"}},
        "condition_on={'age'} must be the name of a column, a list of names, or None; {'age'} "
        "names no column",
    ),
    (
        {"condition_on": ["age", ["income"]]},
        "condition_on=['age', ['income']] must be the name of a column, a list of names, or "
        "None; ['income'] names no column",
    ),
    ({"batch_size": 0}, "batch_size=0 must be a whole number from 1"),
    ({"hidden_dim": 0}, "hidden_dim=0 must be a whole number from 1"),
    ({"latent_dim": "big"}, "latent_dim='big' must be a whole number from 1 or 'auto'"),
    ({"learning_rate": float("nan")}, "learning_rate=nan must be a number above 0"),
    ({"loss": "hings"}, "loss='hings' is not known; did you mean 'hinge'?"),
    (
        {"loss": 7},
        "loss=7 is not known; known names: 'minimax', 'non_saturating', 'wasserstein', "
        "'hinge', 'relativistic'",
    ),
    (
        {"penalty": "r1:gama=2"},
        "penalty='r1:gama=2': r1 has no parameter 'gama'; did you mean 'gamma'?",
    ),
    (
        {"penalty": "none:gamma=2"},
        "penalty='none:gamma=2': none has no parameter 'gamma'; it has none",
    ),
    (
        {"penalty": "r1:gamma=low"},
        "penalty='r1:gamma=low': gamma='low' must be a number, as in gamma=0.5",
    ),
    ({"penalty": "r1:gamma=-1"}, "gamma=-1 must be a number from 0"),
    ({"penalty": "r1:interval=0"}, "interval=0 must be a whole number from 1"),
    ({"penalty": "gradient:weight=0"}, "weight=0 must be a number above 0"),
    ({"penalty": "weight_clipping:limit=nan"}, "limit=nan must be a number above 0"),
    ({"discriminator_steps": 0}, "discriminator_steps=0 must be a whole number from 1 or 'auto'"),
    ({"optimizer": "adma"}, "optimizer='adma' is not known; did you mean 'adam'?"),
    ({"optimizer": "adam:beta1=1"}, "beta1=1 must be below 1, as a share of the past that is kept"),
    ({"prior": "gausian"}, "prior='gausian' is not known; did you mean 'gaussian'?"),
    (
        {"stabilizers": "instance_noise"},
        "stabilizers='instance_noise' must be a list of stabilizers, or None",
    ),
    (
        {"stabilizers": ["instance_nois"]},
        "stabilizers='instance_nois' is not known; did you mean 'instance_noise'?",
    ),
    (
        {"stabilizers": ["instance_noise:decay=2"]},
        "decay=2 must be at most 1, or the noise would grow",
    ),
    (
        {"stabilizers": ["label_smoothing:fake=0.95"]},
        "real=0.9, fake=0.95: the label of fake rows "
        "must be below that of real ones, and this at most 1",
    ),
    (
        {"stabilizers": ["one_sided_smoothing:high=1.5"]},
        "low=0.9, high=1.5 must rise, up to at most 1",
    ),
    (
        {"stabilizers": ["experience_replay"] * 2},
        "stabilizers: experience_replay appears twice; give it once",
    ),
    (
        {"stabilizers": ["label_smoothing", "one_sided_smoothing"]},
        "stabilizers: label_smoothing "
        "and one_sided_smoothing both set the targets; give one of them",
    ),
    (
        {"loss": "wasserstein", "stabilizers": ["label_smoothing"]},
        "stabilizers: label_smoothing "
        "softens the targets of a cross-entropy, and loss='wasserstein' has none; leave it out, or "
        "take loss='non_saturating' or 'minimax'",
    ),
    (
        {"loss": "wasserstein", "penalty": "none"},
        "penalty='none' leaves the critic of "
        "loss='wasserstein' unbounded: it has to be Lipschitz; take penalty='gradient', "
        "'spectral' or 'weight_clipping'",
    ),
    ({"precision": "float8"}, "precision='float8' is not one of 'auto', 'float32', 'bfloat16'"),
    (
        {"random_state": -1},
        "random_state=-1 can't seed the run; give a whole number from 0, a NumPy generator, or "
        "None",
    ),
    *(
        (
            {"device": device},
            f"device={device!r} is not available here; use 'auto', 'cpu', or 'cuda' on a machine "
            "whose torch build and driver support it",
        )
        for device in ["abacus", "meta", None] + ["cuda"] * (not torch.cuda.is_available())
    ),
]


@pytest.mark.parametrize(("options", "message"), OPTIONS, ids=lambda value: str(value)[:30])
def test_options_that_cannot_be_used(options, message):
    assert refusal(OptionError, **options) == message


@pytest.fixture(scope="module")
def fitted() -> TabGAN:
    return TabGAN(steps=3, verbose=False, random_state=0).fit(TABLE)


@pytest.mark.parametrize("n", [-1, 1.5, True, "5", np.float64(3), float("nan")])
def test_numbers_of_rows_that_there_cannot_be(n, fitted):
    for draw in (fitted.sample, fitted.sample_blocks):
        with pytest.raises(OptionError) as caught:
            draw(n)
        assert str(caught.value) == f"n={n!r} must be a whole number from 0"


@pytest.mark.parametrize("n", [10**12, 10**400], ids=["10**12", "10**400"])
def test_more_rows_than_memory_are_refused_at_once(n, fitted):
    start = time.monotonic()
    with pytest.raises(OptionError) as caught:
        fitted.sample(n)
    assert time.monotonic() - start < 5
    before, between, after = (
        f"n={n} rows would take about ",
        " GiB of memory and the machine has ",
        "; draw them in blocks with sample_blocks, or to a file with 'tabgan sample'",
    )
    message = str(caught.value)
    assert message.startswith(before)
    assert between in message
    assert message.endswith(after)
    assert len(next(fitted.sample_blocks(n))) > 1000


def test_no_rows(fitted):
    pd.testing.assert_frame_equal(fitted.sample(0), TABLE[:0], check_index_type=False)
    assert [len(block) for block in fitted.sample_blocks(0)] == [0]


def test_before_fit(tmp_path):
    gan = TabGAN()
    for act in (gan.sample, gan.sample_blocks, lambda: gan.save(tmp_path / "model")):
        with pytest.raises(NotFittedError) as caught:
            act()
        assert str(caught.value) == (
            "This TabGAN has not been fitted; call fit, or load a model with TabGAN.load"
        )
    assert not list(tmp_path.iterdir())
