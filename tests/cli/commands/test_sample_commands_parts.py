"""`sample` to the files of a folder, end to end, also when it is killed."""

import json
import time
from pathlib import Path

import pytest

from tabgan.cli.command_options import COUNT

PARTS = ("-n", "12288", "--rows-per-file", "4096", "--seed", "3", "--output-format", "csv")


def contents(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def test_killed_and_resumed(run, model, process, tmp_path):
    child = process("sample", model, *PARTS, "-o", "killed/")
    first = tmp_path / "killed" / "_unfinished" / "part-00000.json"
    while not first.is_file():
        assert child.poll() is None
        time.sleep(0.02)
    child.kill()
    child.wait()
    assert not (tmp_path / "killed" / "manifest.json").exists()
    result = run("sample", model, *PARTS[:4], *PARTS[6:], "-o", "killed/", "--resume", "--json")
    assert json.loads(result.stdout)["seed"] == 3  # that of the folder
    for number in (1, 0):
        result = run("sample", model, *PARTS, "-o", "shards", "--shard", f"{number}/2")
        assert result.exit_code == 0
        assert ("still missing" in result.stderr) == (number == 1)
    assert contents("killed/") == contents("shards")
    assert len(contents("killed/")) == 4


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--shard", "1/2"), "--shard writes files to a folder; name it with -o"),
        (("--rows-per-file", "5", "-o", "-"), "--rows-per-file writes files to a folder"),
        (("-o", "out/", "--where", "code=001"), "--where can't be combined with files in a folder"),
        (("-o", "out", "--resume", "--delimiter", ";"), "--delimiter can't be combined with files"),
        (("-o", "out/", "--shard", "0/2"), "--shard needs --seed, the same number in all"),
        (
            ("-o", "out/", "--seed", "1", "--shard", "0/2", "--force"),
            "--force can't be combined with",
        ),
        (
            ("-o", "out/", "--output-format", "xlsx"),
            "--output-format xlsx can't be written in",
        ),
        (("-o", "out/", "--shard", "one"), "'one' is not a shard; write a number from 0"),
    ],
)
def test_options_that_cannot_be_combined(run, model, args, message):
    result = run("sample", model, *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not Path("out").exists()


def test_messages_name_options(run, model):
    Path("out").mkdir()
    Path("out/notes.txt").write_text("mine")
    result = run("sample", model, "-o", "out/")
    assert "out holds notes.txt, and no parts of a sample" in result.stderr
    result = run("sample", model, "-o", "new/", "--rows-per-file", "0")
    assert "--rows-per-file 0 must be a whole number from 1" in result.stderr
    assert (result.exit_code, Path("new").exists()) == (2, False)


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), ("1e9", 10**9), ("2.5e3", 2500), ("1_000", 1000)]
)
def test_counts(text, number):
    assert COUNT.convert(text, None, None) == number


@pytest.mark.parametrize("text", ["-1", "1e-3", "2.55e1", "many"])
def test_what_is_no_count(run, text):
    assert "Invalid value for '-n'" in run("sample", "m", "-n", text).stderr
