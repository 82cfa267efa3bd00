"""Where a model can't be written, an error says so and nothing is left behind."""

import os
import sys
import threading

import pandas as pd
import pytest

from tabgan import TabGAN

TABLE = pd.DataFrame({"n": range(0, 90, 3), "word": ["a", "b", "c"] * 10})

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]


@pytest.fixture(scope="module")
def fitted() -> TabGAN:
    return TabGAN(steps=2, hidden_dim=8, verbose=False, random_state=0).fit(TABLE)


def test_a_folder_that_is_not_there(fitted, tmp_path):
    path = tmp_path / "none" / "model"
    with pytest.raises(FileNotFoundError) as caught:
        fitted.save(path)
    assert str(caught.value) == f"[Errno 2] No such file or directory: '{path}'"


def test_a_directory(fitted, tmp_path):
    with pytest.raises(IsADirectoryError) as caught:
        fitted.save(tmp_path)
    assert str(caught.value) == f"[Errno 21] Is a directory: '{tmp_path}'"
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(resource is None, reason="needs a limit on the size of files")
def test_a_full_disk_leaves_the_old_model(fitted, tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            fitted.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value) == f"[Errno 27] File too large: '{path}'"
    assert [(file, file.read_bytes()) for file in tmp_path.iterdir()] == [(path, b"old")]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_no_permission(fitted, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError) as caught:
        fitted.save(tmp_path / "model")
    assert str(caught.value) == f"[Errno 13] Permission denied: '{tmp_path / 'model'}'"


@pytest.mark.skipif(sys.platform == "win32", reason="links need permission there")
def test_a_link_stays_a_link(fitted, tmp_path):
    path = tmp_path / "link"
    path.symlink_to("model")
    fitted.save(path)
    fitted.save(path)
    assert path.is_symlink()
    expected = TabGAN.load(path).sample(9, random_state=0)
    pd.testing.assert_frame_equal(TabGAN.load(tmp_path / "model").sample(9), expected)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_written_to_and_not_replaced(fitted, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    received = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()), daemon=True)
    reader.start()
    fitted.save(path)
    assert path.is_fifo()
    reader.join(timeout=30)
    fitted.save(tmp_path / "model")
    assert received == [(tmp_path / "model").read_bytes()]
