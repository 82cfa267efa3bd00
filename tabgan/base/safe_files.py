"""Files: names made of texts from data, and files written whole or not at all.

Names of files and folders that are made of texts from data, such as labels.

A text of a file that somebody else wrote may hold ``/`` or ``..``, and must lead nowhere but to the
folder that the user has named.
"""

import hashlib
import os
import platform
import re
import secrets
import stat
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

__all__ = [
    "beside",
    "file_names",
    "is_special",
    "journals_of",
    "open_atomically",
    "text_of_name",
]

MOST_BYTES = 200  # of a name; file systems allow some 255
EMPTY_TEXT = "%empty"  # the name of ""

# These characters are written as %2F and so on: what separates paths, what some system forbids,
# what a name can't begin or end with.
_UNSAFE = re.compile(r'[%/\\:*?"<>|\x00-\x1f\x7f-\x9f\ud800-\udfff]|^[.~ ]|[. ]\Z')
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)", re.IGNORECASE)
_ESCAPED = re.compile("(?:[^%]|%[0-9A-F]{2})*")


def file_names(labels: Iterable[Any], *, reserved: re.Pattern[str] | None = None) -> list[str]:
    """Return the name of a file or folder for each label.

    It is the label's text where that is a safe name. Other characters are written as in the address
    of a web page. No two labels share a name, not even where a file system ignores case. A long
    name is cut and ends in a digest.

    Parameters
    ----------
    labels
        Texts, or values that are written as texts.
    reserved
        How names begin that have another meaning; their first character is written so too.

    Examples
    --------
    >>> file_names(["cat", "../cat", "Cat", ""])
    ['cat', '%2E.%2Fcat', '%43%61%74', '%empty']
    """
    names: dict[tuple[bool, str], str] = {}
    taken: set[str] = set()
    keys = [(isinstance(label, str), str(label)) for label in labels]
    for key in sorted(set(keys), key=lambda key: (key[1] != key[1].lower(), key)):
        name = _name_of(key[1], reserved)
        if _as_one_name(name) in taken:
            name = _shortened(_escape(key[1]))
        taken.add(_as_one_name(name))
        names[key] = name
    return [names[key] for key in keys]


def text_of_name(name: str) -> str:
    """Return the text that a name of a file stands for, the inverse of `file_names`.

    Examples
    --------
    >>> text_of_name("%2E.%2Fcat"), text_of_name("100 %")
    ('../cat', '100 %')
    """
    if name == EMPTY_TEXT:
        return ""
    if "%" not in name or not _ESCAPED.fullmatch(name):
        return name
    try:
        return unquote_to_bytes(name).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return name


def _name_of(label: str, reserved: re.Pattern[str] | None) -> str:
    name = _UNSAFE.sub(lambda match: _escape(match[0]), label)
    if _DEVICE.match(name) or (reserved is not None and reserved.match(name)):
        name = _escape(name[0]) + name[1:]
    return _shortened(name) or EMPTY_TEXT


def _shortened(name: str) -> str:
    if len(name.encode()) <= MOST_BYTES:
        return name
    digest = hashlib.blake2b(name.encode(), digest_size=8).hexdigest()
    return f"{name[: MOST_BYTES // 5]}%~{digest}"


def _escape(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def _as_one_name(name: str) -> str:
    """Return what two names have in common that some file system takes for one."""
    return unicodedata.normalize("NFC", name).casefold()


def is_special(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is that of a device or a pipe, which no file may replace."""
    place = Path(path)
    return place.exists() and not place.is_file() and not place.is_dir()


@contextmanager
def open_atomically(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a temporary file that becomes `path` when the ``with`` block ends well.

    When the block does not end well, an older file of that name is untouched; otherwise the new one
    has its permissions. A symbolic link stays one, and its target is replaced. A device or a pipe
    is written to directly.

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
        _keep_mode(temporary, Path(path))
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
    for place in (temporary, *journals_of(temporary)):
        with suppress(OSError):
            place.unlink()


def journals_of(database: Path) -> list[Path]:
    """Return the files in which DuckDB and SQLite keep changes that are not in a database yet.

    Parameters
    ----------
    database
        The database's file.
    """
    suffixes = (".wal", "-journal", "-wal", "-shm")
    return [database.with_name(database.name + suffix) for suffix in suffixes]


def _keep_mode(temporary: Path, target: Path) -> None:
    """Give a new file the permissions of the older one: others may not read what they couldn't."""
    with suppress(OSError):  # there is none, or the file system knows no permissions
        temporary.chmod(stat.S_IMODE(target.stat().st_mode))


@contextmanager
def beside(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the name of a new file that becomes `path` when the ``with`` block ends well.

    When the block does not end well, an older file of that name is untouched; otherwise the new one
    has its permissions.

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
        _keep_mode(temporary, target)
        temporary.replace(target)
    except BaseException as error:
        _remove(temporary)
        if isinstance(error, OSError) and error.errno and error.filename in (None, str(temporary)):
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
        raise
