"""Write a file whole or not at all."""

import os
import secrets
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
    # A name of fixed length, so that any name that fits the target fits beside it.
    temporary = target.parent / f".tabgan-{secrets.token_hex(8)}.part"
    try:
        yield temporary
        temporary.replace(target)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.errno and error.filename in (None, str(temporary)):
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
        raise
