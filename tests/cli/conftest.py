import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import tabgan
from tabgan.cli.main import main

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
    result = CliRunner().invoke(
        main, ["fit", str(small_csv), "-m", str(path), "--steps", "20", "--seed", "1", "-q"]
    )
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
    """Start a command as a process of its own, in an empty folder; it does not outlive its test."""
    env = {**os.environ, "PYTHONPATH": ROOT}
    children = []

    def start(*args, **options):
        child = subprocess.Popen(
            [sys.executable, "-m", "tabgan", *map(str, args)],
            cwd=tmp_path,
            env=env | options.pop("env", {}),
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.wait()
