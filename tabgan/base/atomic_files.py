"""Write a file whole or not at all."""

import os
import platform
import re
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["beside", "is_special", "open_atomically"]


def is_special(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is that of a device or a pipe, which no file may replace."""
    place = Path(path)
    return place.exists() and not place.is_file() and not place.is_dir()


@contextmanager
def open_atomically(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a temporary file that becomes `path` when the ``with`` block ends well.

    When the block does not end well, an older file of that name is untouched. A symbolic link
    stays one, and its target is replaced. A device or a pipe is written to directly.

    Raises
    ------
    OSError
        If the file can't be written; the error names `path`, not the temporary file.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "a.txt")
    >>> with open_atomically(path) as file:
    ...     _ = file.write(b"one")
    >>> path.read_bytes()
    b'one'
    """
    if is_special(path):
        with Path(path).open("wb") as file:
            yield file
        return
    with beside(path) as temporary, temporary.open("xb") as file:
        # `open` and not `tempfile`: the file gets the permissions that any new file would.
        yield file
        file.flush()
        os.fsync(file.fileno())


_ABANDONED = re.compile(r"\.tabgan-([0-9a-f]{8})-([0-9]+)-[0-9a-f]{16}\.part")


def _host() -> str:
    """Return a short name of this machine: other machines may write to the same folder."""
    return f"{zlib.crc32(platform.node().encode()):08x}"


def _sweep(folder: Path) -> None:
    """Remove the temporary files of processes of this machine that were killed."""
    with suppress(OSError):
        for entry in folder.glob(".tabgan-*.part"):
            match = _ABANDONED.fullmatch(entry.name)
            if match and match[1] == _host() and not _is_running(int(match[2])):
                _remove(entry)


def _is_running(pid: int) -> bool:
    if os.name == "nt":  # where a signal of 0 would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _remove(temporary: Path) -> None:
    """Remove a temporary file, and what a database keeps beside it."""
    for suffix in ("", ".wal", "-journal", "-wal", "-shm"):
        with suppress(OSError):
            temporary.with_name(temporary.name + suffix).unlink()


@contextmanager
def beside(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the name of a new file that becomes `path` when the ``with`` block ends well.

    When the block does not end well, an older file of that name is untouched.

    Raises
    ------
    OSError
        If the file can't be written; the error names `path`, not the temporary file.
    """
    target = Path(path).resolve()
    _sweep(target.parent)
    # A name of bounded length, so that any name that fits the target fits beside it.
    name = f".tabgan-{_host()}-{os.getpid()}-{secrets.token_hex(8)}.part"
    temporary = target.parent / name
    try:
        yield temporary
        temporary.replace(target)
    except BaseException as error:
        _remove(temporary)
        if isinstance(error, OSError) and error.errno and error.filename in (None, str(temporary)):
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
        raise
