"""Runs of Weights & Biases without a network, read back from the file that it keeps."""

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tabgan.callbacks import WandB

pytestmark = pytest.mark.skipif(find_spec("wandb") is None, reason="wandb is not installed")

BLOCK, HEADER = 32768, 7  # bytes, of LevelDB's log format that the file has


@pytest.fixture(autouse=True)
def offline(monkeypatch) -> Iterator[None]:
    import wandb

    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    wandb.teardown()  # it reads the environment once
    yield
    wandb.finish()


def pieces(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the content of each piece of a log file."""
    place = HEADER  # the file's own mark is as long as the header of a piece
    while place + HEADER <= len(content):
        if BLOCK - place % BLOCK < HEADER:
            place += BLOCK - place % BLOCK
            continue
        length, kind = int.from_bytes(content[place + 4 : place + 6], "little"), content[place + 6]
        yield kind, content[place + HEADER : place + HEADER + length]
        place += HEADER + length


def records(folder: Path) -> list[Any]:
    """Return the records of the only run that is kept in a folder."""
    import wandb
    from wandb.proto import wandb_internal_pb2 as internal

    wandb.teardown()  # until then its service may not have written them all
    (path,) = folder.glob("wandb/offline-run-*/*.wandb")
    found, data = [], b""
    for kind, part in pieces(path.read_bytes()):
        data += part
        if kind in (1, 4):  # whole, or the last piece
            found.append(internal.Record.FromString(data))
            data = b""
    return found


def values(items: Any) -> dict[str, Any]:
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}


def test_a_fit_is_a_run(train, tmp_path, recorded):
    import wandb

    gan = train(WandB("tables", name="first", dir=tmp_path))
    assert wandb.run is None
    kept = records(tmp_path)
    (run,) = [record.run for record in kept if record.WhichOneof("record_type") == "run"]
    assert (run.project, run.display_name) == ("tables", "first")
    config = {k: v for r in kept for k, v in values(r.config.update).items()}
    config |= values(run.config.update)
    assert (config["random_state"], config["penalty"]) == (3, "r1")
    history = [values(record.history.item) for record in kept if record.history.item]
    assert [row["_step"] for row in history] == [50, 60]
    for name in recorded:
        assert [row[name] for row in history] == pytest.approx([r[name] for r in gan.history_])
    summary = {k: v for r in kept for k, v in values(r.summary.update).items()}
    assert summary["n_steps"] == 60
    assert summary["diagnosis"] == "all went well"
    assert [record.exit.exit_code for record in kept if record.HasField("exit")] == [0]


def test_a_run_that_is_open_is_logged_to_and_left_open(train, tmp_path):
    import wandb

    with wandb.init(project="mine", dir=tmp_path) as run:
        train(WandB())
        assert wandb.run is run
        assert run.summary["n_steps"] == 60


def test_a_fit_that_fails_is_a_failed_run(train, tmp_path, failing):
    import wandb

    with pytest.raises(RuntimeError):
        train(WandB("tables", dir=tmp_path), failing)
    assert wandb.run is None
    assert [r.exit.exit_code for r in records(tmp_path) if r.HasField("exit")] == [1]
