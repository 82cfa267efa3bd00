"""Processes for tests, forked from a server that has imported the libraries once.

To import torch, pandas and scikit-learn takes seconds of each new interpreter. A child of the
server has everything else of its own: signals, exit code, streams, folder and environment.
Variables that only a starting interpreter reads need a real start.
"""

import io
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

ROOT = str(Path(__file__).parents[1])
HAS_SERVER = "forkserver" in get_all_start_methods()  # Windows has none
SERVER = get_context("forkserver" if HAS_SERVER else "spawn")
if HAS_SERVER:
    SERVER.set_forkserver_preload(["tabgan.cli.main", "tabgan.estimator.tab_estimators", "xgboost"])
CODE = "-c"


def _main(
    args: list[str],
    streams: tuple[Connection, ...],
    folder: str,
    env: dict[str, str],
    preexec_fn: Callable[[], Any] | None,
) -> None:
    """Be ``python -m tabgan``, or ``python -c``, on these streams (runs in the child)."""
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.FileIO(0, closefd=False))
    outputs = [io.BufferedWriter(io.FileIO(n, "w", closefd=False)) for n in (1, 2)]
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(outputs[0])
    sys.stderr = sys.__stderr__ = io.TextIOWrapper(
        outputs[1], errors="backslashreplace", line_buffering=True
    )
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    if preexec_fn is not None:
        preexec_fn()
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as a new interpreter does
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if args[0] == CODE:
        sys.argv = args[:1] + args[2:]
        exec(args[1], {"__name__": "__main__"})
    else:
        sys.argv = ["tabgan", *args]
        runpy.run_module("tabgan", run_name="__main__", alter_sys=True)


class ForkedProcess:
    """A child of the server, with the interface of ``subprocess.Popen`` that tests need.

    `start_process` documents the parameters.
    """

    def __init__(
        self,
        args: list[str],
        *,
        cwd: Path,
        env: dict[str, str],
        stdin: int | IO[bytes],
        stdout: int | IO[bytes],
        stderr: int | IO[bytes],
        preexec_fn: Callable[[], Any] | None = None,
    ) -> None:
        self.stdin, reads = _stream(stdin, child_reads=True)
        self.stdout, writes = _stream(stdout)
        self.stderr, reports = _stream(stderr)
        theirs = (Connection(reads), Connection(writes), Connection(reports))
        # multiprocessing's types of a context's process
        self._process: Any = SERVER.Process(
            target=_main, args=(args, theirs, str(cwd), env, preexec_fn)
        )
        self._process.start()
        for stream in theirs:
            stream.close()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        assert self.returncode is not None, f"the process did not end in {timeout} s"
        return self.returncode

    def send_signal(self, number: int) -> None:
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def communicate(
        self, content: bytes | None = None, timeout: float | None = None
    ) -> tuple[bytes | None, bytes | None]:
        """Write the content, and read both outputs to their ends."""
        with ThreadPoolExecutor() as pool:
            readings = [
                pool.submit(stream.read) if stream is not None else None
                for stream in (self.stdout, self.stderr)
            ]
            try:
                if self.stdin is not None:
                    self.stdin.write(content or b"")
                    self.stdin.close()
                results = [reading and reading.result(timeout) for reading in readings]
            except TimeoutError:
                self.kill()  # so that the readings end too
                raise
        self.wait(timeout)
        return results[0], results[1]


def _stream(
    target: int | IO[bytes], child_reads: bool = False
) -> tuple[io.BufferedWriter | io.BufferedReader | None, int]:
    """Return our end of a stream, if it is a pipe, and the child's."""
    if target == subprocess.PIPE:
        reads, writes = os.pipe()
        return (os.fdopen(writes, "wb"), reads) if child_reads else (os.fdopen(reads, "rb"), writes)
    if target == subprocess.DEVNULL:
        return None, os.open(os.devnull, os.O_RDWR)
    return None, os.dup(target if isinstance(target, int) else target.fileno())


def start_process(
    args: list[str],
    *,
    cwd: Path,
    env: dict[str, str],
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.PIPE,
    **options: Any,
) -> "ForkedProcess | subprocess.Popen[bytes]":
    """Start a process from the server, or a new interpreter where there is no server.

    Parameters
    ----------
    args
        Words of a command of ``tabgan``; or ``-c``, a program and its words.
    cwd, env, stdin, stdout, stderr
        As in ``subprocess.Popen``.
    options
        Its ``preexec_fn``, which the server must be able to import.
    """
    streams = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
    if HAS_SERVER:
        return ForkedProcess(args, cwd=cwd, env=env, **streams, **options)
    command = [sys.executable, *([] if args[:1] == [CODE] else ["-m", "tabgan"]), *args]
    return subprocess.Popen(command, cwd=cwd, env={"PYTHONPATH": ROOT} | env, **streams, **options)


def run_code(program: str, *words: str, content: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program of Python in a process of its own to its end, as ``python -c`` does."""
    args = [CODE, program, *words]
    child = start_process(args, cwd=Path.cwd(), env=dict(os.environ), stdin=subprocess.PIPE)
    output, messages = child.communicate(content.encode(), timeout=300)
    return subprocess.CompletedProcess(args, child.wait(), output.decode(), messages.decode())
