from numbers import Integral, Real

import numpy as np
import pandas as pd
import pytest

from tabgan import OptionError
from tabgan.base import option_checks as checks
from tabgan.base.option_checks import check_memory, check_number


@pytest.mark.parametrize(
    ("value", "kind"), [(1, Integral), (np.int64(7), Integral), (0.5, Real), (np.float32(2), Real)]
)
def test_numbers_that_fit(value, kind):
    check_number("steps", value, kind, 0)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "3", None, np.bool_(True)])
def test_numbers_that_do_not(value):
    with pytest.raises(OptionError) as caught:
        check_number("steps", value, Integral, 1, "or 'auto'")
    assert str(caught.value) == f"steps={value!r} must be a whole number from 1 or 'auto'"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1])
def test_real_numbers_are_finite(value):
    with pytest.raises(OptionError, match="must be a number from 0"):
        check_number("gamma", value, Real, 0)


def test_a_container_may_have_less_memory_than_the_machine(tmp_path, monkeypatch):
    limits = [tmp_path / name for name in ("none", "max", "old", "new")]
    for path, text in zip(limits[1:], ["max\n", "9223372036854771712\n", "3000000\n"], strict=True):
        path.write_text(text)
    block = pd.DataFrame({"x": np.zeros(1000)})
    monkeypatch.setattr(checks, "_CGROUP_LIMITS", limits[:3])
    check_memory(block, 200_000)
    monkeypatch.setattr(checks, "_CGROUP_LIMITS", limits)
    check_memory(block, 150_000)
    with pytest.raises(OptionError) as caught:
        check_memory(block, 200_000_000)
    assert str(caught.value).startswith(
        "n=200000000 rows would take about 3 GiB of memory and the machine has 0; draw them in"
    )
    with pytest.raises(OptionError):
        check_memory(block, 200_000)


def test_memory():
    words = pd.Series(["a-word-that-is-shared"] * 1000, dtype=object)
    block = pd.DataFrame({"x": np.zeros(1000), "word": words})
    check_memory(block, 10**6)
    with pytest.raises(OptionError) as caught:
        check_memory(block, 10**12)
    assert str(caught.value).startswith("n=1000000000000 rows would take about 30,")
    assert "draw them in blocks with sample_blocks, or to a file" in str(caught.value)
    distinct = pd.DataFrame({"word": [f"{i:0500d}" for i in range(1000)]})
    with pytest.raises(OptionError):
        check_memory(distinct, 10**9)
