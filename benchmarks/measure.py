"""Time and memory of this process and of others."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

TABGAN = (sys.executable, "-m", "tabgan")
"""The command line `tabgan` of this environment."""


class Finished(NamedTuple):
    """How a command ended."""

    code: int
    seconds: float
    peak_mb: float
    errors: str


def peak_memory_mb(process: int | str = "self") -> float:
    """Return the highest resident memory of a process since its program started, in MB.

    Where there is no /proc, this process's own figure comes from `getrusage`, and 0 for others.
    """
    status = Path(f"/proc/{process}/status")
    try:
        lines = status.read_text(encoding="utf-8").splitlines()
    except OSError:
        if process != "self":
            return 0.0
        unit = 1e6 if sys.platform == "darwin" else 1e3
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    peaks = [line for line in lines if line.startswith("VmHWM:")]
    return int(peaks[0].split()[1]) * 1024 / 1e6 if peaks else 0.0


def run_measured(
    command: Sequence[str], limit_seconds: float, *, environment: Mapping[str, str] | None = None
) -> Finished:
    """Run a command with its output hidden, and watch its memory; end it at the limit."""
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, env=environment)
        peak = 0.0
        while child.poll() is None:
            peak = max(peak, peak_memory_mb(child.pid))
            if time.perf_counter() - start > limit_seconds:
                child.kill()
            time.sleep(0.05)
        seconds = time.perf_counter() - start
        errors.seek(0)
        text = errors.read().decode(errors="replace")
    return Finished(child.returncode, seconds, peak, text)


def in_own_process(function: Any, /, *arguments: Any) -> Any:
    """Call a function of a module in a fresh process, so that its peak memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()
