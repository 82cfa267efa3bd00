""""""

import os
import re
import subprocess
import sys
import threading
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.base.safe_files import _host, beside, file_names, open_atomically, text_of_name


def write(path, content):
    with open_atomically(path) as file:
        file.write(content)


def test_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with open_atomically(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fail():
        with open_atomically(path) as file:
            file.write(b"new")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_errors_name_the_file(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for path, kind in (
        (tmp_path / "none" / "a", FileNotFoundError),
        (tmp_path / "file" / "a", NotADirectoryError),
        (tmp_path, IsADirectoryError),
    ):
        with pytest.raises(kind) as caught:
            write(path, b"new")
        assert str(caught.value).endswith(f": '{path}'")
        assert caught.value.filename2 is None
    with pytest.raises(OSError, match="No space left") as caught, open_atomically("a") as file:
        raise OSError(28, "No space left on device")
    assert caught.value.filename == "a"
    assert file.closed
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_errors_of_other_files_keep_their_names(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, open_atomically(tmp_path / "a"):
        (tmp_path / "other").read_bytes()
    assert caught.value.filename == str(tmp_path / "other")


def test_link_stays_a_link(tmp_path):
    link = tmp_path / "link"
    link.symlink_to("real")
    for content in (b"one", b"two"):
        write(link, content)
        assert link.is_symlink()
        assert (tmp_path / "real").read_bytes() == content


@pytest.mark.skipif(os.name != "posix", reason="the system has no permission bits")
def test_new_file_has_the_permissions_of_any_other(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    write(tmp_path / "a", b"new")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.skipif(os.name != "posix", reason="the system has no permission bits")
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with open_atomically(path) as file:
        (temporary,) = set(tmp_path.iterdir()) - {path}
        assert temporary.stat().st_mode & 0o777 == 0o600
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_longest_name_can_be_written(tmp_path):
    path = tmp_path / ("a" * 255)
    write(path, b"new")
    assert path.read_bytes() == b"new"


def test_threads_may_write_one_file(tmp_path):
    path = tmp_path / "a"
    parts = [bytes([number]) * 100_000 for number in range(8)]
    threads = [threading.Thread(target=write, args=(path, part)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in parts
    assert list(tmp_path.iterdir()) == [path]


def ended_process():
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    return child.pid


@pytest.mark.skipif(sys.platform == "win32", reason="a process there can't be asked for")
def test_files_of_killed_processes_are_swept(tmp_path):
    ours = f".tabgan-{_host()}-{os.getpid()}-{'0' * 16}.part"
    theirs = f".tabgan-{_host()}-{ended_process()}-{'0' * 16}.part"
    elsewhere = theirs.replace(_host(), "00000000")
    others = {ours, elsewhere, "x.part", ".tabgan-x.part"}
    for name in {theirs, f"{theirs}.wal", *others}:
        (tmp_path / name).touch()
    write(tmp_path / "a", b"new")
    assert {path.name for path in tmp_path.iterdir()} == {"a", *others}


@pytest.mark.parametrize("suffix", [".wal", "-journal"])
def test_what_a_database_keeps_beside_its_file_goes_with_it(tmp_path, suffix):
    def fail():
        with beside(tmp_path / "a") as temporary:
            temporary.touch()
            temporary.with_name(temporary.name + suffix).touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


ODD_LABELS = [
    *("../x", "/tmp/abs", "..", ".", "", "a\\b", "C:\\x", "C:", ".hidden", "~", "b c/é", "a/"),
    *("a\0b", "NUL", "con.txt", "%2F", "100 %", "%empty", "x."),
    *("\ud800", "cat", "Cat", "CAT", "é", "e\u0301", "1", 1, 1.5, True, 10**300, str(10**300)),
    *("l" * 300, "l" * 299 + "m", "é" * 150, "É" * 150),
]


def test_any_label_has_one_safe_folder_of_its_own():
    names = file_names(ODD_LABELS)
    assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == len(names)
    for name in names:
        assert name
        assert not re.search(r'[/\\:*?"<>|\x00-\x1f]|^[.~]|[. ]$', name)
        assert len(name.encode()) < 250
    read = [text_of_name(name) for name in names]
    short = [i for i, label in enumerate(ODD_LABELS) if len(str(label)) < 100]
    assert [read[i] for i in short] == [str(ODD_LABELS[i]) for i in short]
    assert file_names(["cat", 7, "b c"]) == ["cat", "7", "b c"]


@given(st.lists(st.text(max_size=12), unique=True))
def test_folders_of_labels_are_unlike_and_tell_the_label(labels):
    names = file_names(labels)
    assert len({name.casefold() for name in names}) == len(names)
    assert all(Path(name).parts == (name,) and name not in (".", "..") for name in names)
    assert [text_of_name(name) for name in names] == labels


def test_folders_that_people_named_with_a_percent_sign():
    assert text_of_name("50%") == "50%"
    assert text_of_name("5%-10%25") == "5%-10%25"
    assert text_of_name("%FF") == "%FF"
