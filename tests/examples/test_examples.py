"""The examples run, on tiny input, as a reader would run them."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str, *arguments: str, folder: Path) -> str:
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_mnist_cgan(tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    printed = run("mnist_cgan.py", "--steps", "20", folder=tmp_path)
    assert "20 steps; penalty" in printed
    assert (tmp_path / "digits.png").read_bytes()[1:4] == b"PNG"


def test_generator_distribution(tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    printed = run("generator_distribution.py", folder=tmp_path)
    for line in printed.splitlines()[1:]:
        formula, share = map(float, line.split()[-2:])
        assert abs(formula - share) < 0.003
    assert (tmp_path / "generator_distribution.png").exists()


@pytest.mark.slow
def test_mixture(tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    printed = run("mixture.py", "--steps", "10", folder=tmp_path)
    assert len(printed.splitlines()) == 12
    assert (tmp_path / "mixture.png").exists()


@pytest.mark.slow
def test_stabilisers(tmp_path):
    printed = run("stabilisers.py", "--steps", "3", "--images", "100", folder=tmp_path)
    names = [line.split()[0] for line in printed.splitlines()[1:]]
    assert names == [
        *("none", "label_smoothing", "one_sided_smoothing", "instance_noise"),
        *("feature_matching", "historical_averaging", "experience_replay"),
    ]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_examples_are_short(path):
    if path.name != "make_example_table.py":
        assert len(path.read_text(encoding="utf-8").splitlines()) < 60
