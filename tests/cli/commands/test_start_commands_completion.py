"""Completion, by the script that the shell itself runs."""

import shutil
import subprocess

import pytest


@pytest.fixture
def complete(interpreter):
    """Ask for what may follow, as the script of bash does."""

    def candidates(*words):
        env = {
            "_TABGAN_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["tabgan", *words]),
            "COMP_CWORD": str(len(words)),
            "PYTHONPROFILEIMPORTTIME": "1",
        }
        done = interpreter(env=env)
        assert b"torch" not in done.stderr
        assert b"pandas" not in done.stderr
        return [line.split(",") for line in done.stdout.decode().splitlines()]

    return candidates


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("syn",), ["synth"]),
        (("images", ""), ["evaluate", "fit", "inspect", "sample", "translate"]),
        (("fit", "--loss", "w"), ["wasserstein"]),
        (("fit", "--optimizer", ""), ["adam", "sgd"]),
        (("synth", "--penalty", "gradient"), ["gradient", "gradient_clipping"]),
        (("synth", "--stabilizer", "inst"), ["instance_noise"]),
        (("synth", "--format", "j"), ["jsonl"]),
        (("synth", "--batch"), ["--batch-size"]),
    ],
)
def test_names_are_offered(complete, words, expected):
    assert complete(*words) == [["plain", name] for name in expected]


def test_files_are_left_to_the_shell(complete):
    assert complete("synth", "cust") == [["file", "cust"]]
    assert complete("fit", "--model", "cust") == [["file", "cust"]]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_the_shell_s_own(run, shell):
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_TABGAN_COMPLETE=" in result.stdout
    if shutil.which(shell):
        done = subprocess.run([shell, "-n"], input=result.stdout, text=True, check=False)
        assert done.returncode == 0


def test_another_shell(run):
    result = run("completion", "csh")
    assert result.exit_code == 2
    assert "'csh' is not one of 'bash', 'zsh', 'fish'" in result.stderr
