"""Custom: functions of the user's own."""

import numpy as np
import pandas as pd
import pytest

from tabgan import OptionError, TabGAN
from tabgan.constraints import Custom, Positive

from .conftest import fit

TABLE = pd.DataFrame({"n": [2, 4, 6, 8, 14, 20] * 30, "x": np.linspace(0, 1, 180)})


def is_even(frame: pd.DataFrame) -> pd.Series:
    return frame["n"] % 2 == 0


def small(frame: pd.DataFrame) -> pd.Series:
    return frame["x"] < 0.5


def shrunk(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(x=frame["x"] / 2)


def test_rows_that_break_it_are_drawn_anew(drawn):
    table = TABLE[TABLE["x"] < 0.5].reset_index(drop=True)
    sample = drawn(table, Custom("even", is_even), Custom("small", lambda frame: frame["x"] < 0.6))
    assert (sample["n"] % 2 == 0).all()


def test_rows_are_mended_before_they_are_drawn_anew():
    halves = TABLE.assign(x=TABLE["x"] / 2.1)
    gan = fit(halves, Custom("small", lambda frame: frame["x"] < 0.2 + 0.3))
    free = gan.sample(100)
    strict = fit(halves[halves["x"] < 0.4].reset_index(drop=True), Custom("small", small, shrunk))
    assert (strict.sample(100)["x"] < 0.5).all()
    assert (free["x"] < 0.5).all()


def test_a_repair_is_used(rng):
    table = pd.DataFrame({"a": rng.integers(0, 9, 200), "b": 0})
    table["b"] = table["a"] % 3
    rule = Custom("rest", lambda f: f["a"] % 3 == f["b"], lambda f: f.assign(b=f["a"] % 3))
    sample = fit(table, rule, derive=False).sample(300)
    assert (sample["a"] % 3 == sample["b"]).all()


def test_it_has_to_be_given_when_a_model_is_loaded(tmp_path):
    path = tmp_path / "model.safetensors"
    rule = Custom("even", is_even)
    gan = fit(TABLE, rule, Positive("n"))
    gan.save(path)
    with pytest.raises(OptionError) as caught:
        TabGAN.load(path)
    assert str(caught.value) == (
        "custom: the model has a custom constraint called 'even', whose functions a file can't "
        "hold; load it with TabGAN.load(path, custom=[Custom('even', check)])"
    )
    loaded = TabGAN.load(path, custom=[rule])
    assert loaded.constraints_ == gan.constraints_
    pd.testing.assert_frame_equal(loaded.sample(50), gan.sample(50))
    with pytest.raises(OptionError, match="the model has no custom constraint called 'odd'"):
        TabGAN.load(path, custom=[rule, Custom("odd", is_even)])
    with pytest.raises(OptionError, match="must be a list of Custom constraints"):
        TabGAN.load(path, custom=[Positive("n")])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Custom("", is_even), "Custom: name='' must be text"),
        (lambda: Custom("x", "n > 0"), "Custom: check='n > 0' must be a function of a frame"),
        (
            lambda: Custom("x", is_even, 3),
            "Custom: repair=3 must be a function of a frame, or None",
        ),
    ],
)
def test_malformed(make, message):
    with pytest.raises(OptionError) as caught:
        make()
    assert str(caught.value) == message


def test_what_the_functions_return_is_checked(refusal):
    assert refusal(TABLE, Custom("x", lambda frame: frame["n"])) == (
        "constraints: Custom ('x'): its check returned an array of shape (180,) and dtype int64 "
        "for 180 rows; it must return a boolean for each row"
    )
    bad = Custom("x", is_even, lambda frame: frame[:1])
    with pytest.raises(OptionError, match="the same rows, columns and dtypes"):
        bad.repair(TABLE, None)
