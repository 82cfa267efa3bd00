"""The examples run, on tiny input, as a reader would run them."""

import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run an example in this process, which has all imports, in an empty folder."""

    def printed(name: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    monkeypatch.chdir(tmp_path)
    return printed


def test_mnist_cgan(run, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    monkeypatch.setattr("tabgan.images.image_classifier.MIN_EPOCHS", 1)  # of the judge's training
    monkeypatch.setattr("tabgan.images.image_classifier.MIN_STEPS", 20)
    printed = run("mnist_cgan.py", "--steps", "20")
    assert "20 steps; penalty" in printed
    assert (tmp_path / "digits.png").read_bytes()[1:4] == b"PNG"


def test_generator_distribution(run, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    printed = run("generator_distribution.py")
    for line in printed.splitlines()[1:]:
        formula, share = map(float, line.split()[-2:])
        assert abs(formula - share) < 0.003
    assert (tmp_path / "generator_distribution.png").exists()


@pytest.mark.slow
def test_mixture(run, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    printed = run("mixture.py", "--steps", "10")
    assert len(printed.splitlines()) == 12
    assert (tmp_path / "mixture.png").exists()


@pytest.mark.slow
def test_stabilisers(run, tmp_path):
    printed = run("stabilisers.py", "--steps", "3", "--images", "100")
    names = [line.split()[0] for line in printed.splitlines()[1:]]
    assert names == [
        *("none", "label_smoothing", "one_sided_smoothing", "instance_noise"),
        *("feature_matching", "historical_averaging", "experience_replay"),
    ]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_examples_are_short(path):
    if path.name != "make_example_table.py":
        assert len(path.read_text(encoding="utf-8").splitlines()) < 60
