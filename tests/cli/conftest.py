import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import tabgan
from tabgan.cli.main import main
from tests.forked import start_process

ROOT = str(Path(tabgan.__file__).parents[1])


@pytest.fixture(scope="session")
def small_csv(tmp_path_factory):
    """Give a table whose cells must keep their form: zeros in front, a mark, blanks."""
    path = tmp_path_factory.mktemp("data") / "small.csv"
    rows = (
        f"{i % 7:03d};{(i * 37) % 101 / 4:.2f};{['north', 'söuth', ''][i % 3]};"
        f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}"
        for i in range(120)
    )
    path.write_bytes("\r\n".join(["code;price;area;day", *rows, ""]).encode("utf-8-sig"))
    return path


@pytest.fixture(scope="session")
def notes(tmp_path_factory):
    """Give a table with a column of free text."""
    path = tmp_path_factory.mktemp("data") / "notes.csv"
    rows = (f"{i % 7},{'abcdefg'[i % 7] * (i // 7 + 1)} was what he said\n" for i in range(90))
    path.write_text("size,note\n" + "".join(rows))
    return path


@pytest.fixture(scope="session")
def model(small_csv, tmp_path_factory):
    """Fit a model for a moment."""
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    tiny = ("--steps", "20", "--hidden-dim", "16", "--seed", "1", "-q")
    result = CliRunner().invoke(main, ["fit", str(small_csv), "-m", str(path), *tiny])
    assert (result.exit_code, result.output) == (0, "")
    return path


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command within this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *args, **options: runner.invoke(main, list(map(str, args)), **options)


@pytest.fixture
def process(tmp_path):
    """Start a command in a process, in an empty folder; it does not outlive its test."""
    children = []

    def start(*args, **options):
        env = {**os.environ, **options.pop("env", {})}
        child = start_process(list(map(str, args)), cwd=tmp_path, env=env, **options)
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.wait()


@pytest.fixture
def interpreter(tmp_path):
    """Run a command in a new interpreter, in an empty folder, as a shell does."""

    def run_to_end(*args, env=None, content=None, stdout=subprocess.PIPE):
        return subprocess.run(
            [sys.executable, "-m", "tabgan", *map(str, args)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": ROOT, **(env or {})},
            input=content,
            stdout=stdout,
            stderr=subprocess.PIPE,
            timeout=300,
            check=False,
        )

    return run_to_end
