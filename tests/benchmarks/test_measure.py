import sys

import pytest
from measure import in_own_process, peak_memory_mb, run_measured


def test_a_command_is_measured() -> None:
    code = "import sys, time; x = b'x' * 100_000_000; time.sleep(0.3); sys.exit('too bad')"
    finished = run_measured([sys.executable, "-c", code], limit_seconds=20)
    assert finished.code == 1
    assert finished.errors == "too bad\n"
    assert 0.3 < finished.seconds < 10
    if sys.platform == "linux":
        assert 100 < finished.peak_mb < 300


def test_a_command_ends_at_its_limit() -> None:
    finished = run_measured([sys.executable, "-c", "import time; time.sleep(60)"], 0.2)
    assert finished.code != 0
    assert finished.seconds < 10


def test_peak_memory_of_this_process() -> None:
    assert 10 < peak_memory_mb() < 100_000


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_process_of_its_own_starts_small() -> None:
    ballast = b"x" * 400_000_000
    own = peak_memory_mb()
    assert in_own_process(peak_memory_mb) < own - len(ballast) / 2e6
