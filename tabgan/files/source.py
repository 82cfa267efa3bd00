"""Opens the bytes and the lines of a table file, unpacked and decoded."""

import codecs
import gzip
import io
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipFile

from tabgan.base.errors import TableFileError
from tabgan.files.formats import (
    TableContentError,
    check_growth,
    chosen_table,
    is_pattern,
    is_table_file,
    load_extra,
    shown_place,
)

__all__ = [
    "TextLines",
    "UndecodableError",
    "count_breaks",
    "guess_encoding",
    "open_bytes",
    "table_in_zip",
]

_CHUNK = 2**20  # bytes
_GZIP_MARK = b"\x1f\x8b"
_MOST_ACCENTS = 0.25  # share of letters outside ASCII in Western languages
_ZSTD_MARK = b"\x28\xb5\x2f\xfd"
# The mark of UTF-32 begins with that of UTF-16: it must be looked for first.
_BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}


@contextmanager
def open_bytes(
    path: str, stdin: BinaryIO | None = None, *, member: str | None = None
) -> Iterator[BinaryIO]:
    """Open a file, or standard input for ``-``, as seekable bytes; packed ones are unpacked.

    Parameters
    ----------
    path
        The file, or ``-``.
    stdin
        The stream that ``-`` reads; None for the process's standard input.
    member
        The file in a ``.zip``; None for a file that is none, though it may be packed otherwise.

    Raises
    ------
    TableFileError
        If the file can't be opened or read.
    TableContentError
        If the gzip stream is damaged; also while the bytes are being read.
    OptionError
        If Zstandard needs pyarrow, and that is not installed.
    """
    name = shown_place(path)
    try:
        if path != "-" and Path(path).is_dir():
            raise TableFileError(f"{name} is a directory, not a table file; name a file in it")
        with _open_raw(path, stdin) as raw:
            mark = raw.read(len(_ZSTD_MARK))
            raw.seek(0)
            if mark.startswith(_GZIP_MARK):
                with _Gunzip(raw, name) as unpacked:
                    yield cast("BinaryIO", unpacked)
            elif member is not None:
                with ZipFile(raw) as archive, archive.open(member) as unpacked:
                    # its sizes are checked against what is unpacked by zipfile itself
                    own = archive.getinfo(member)
                    check_growth(name, own.compress_size, own.file_size)
                    yield cast("BinaryIO", unpacked)
            elif mark == _ZSTD_MARK:
                with _unpack_zstd(raw, name) as unpacked:
                    yield unpacked
            else:
                yield raw
    except FileNotFoundError as error:
        if is_pattern(path):
            raise TableFileError(
                f"{name} is a pattern, and only Parquet files are read by patterns and folders; "
                "name one file, or write the tables to Parquet"
            ) from error
        raise TableFileError(f"{name}: no such file; check the path") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise TableContentError(
            f"{name}: the gzip stream is damaged or cut short ({error}); fetch the file again"
        ) from error
    except (BadZipFile, NotImplementedError) as error:
        raise TableContentError(
            f"{name}: the archive is damaged ({error}); fetch the file again"
        ) from error
    except OSError as error:
        raise TableFileError(f"{name} can't be read: {error.strerror or error}") from error


class _Gunzip(gzip.GzipFile):
    """Unpacks gzip, as long as it does not grow out of proportion."""

    def __init__(self, raw: BinaryIO, name: str) -> None:
        super().__init__(fileobj=raw)
        self._shown, self._packed = name, _packed_size(raw)

    def read(self, size: int | None = -1) -> bytes:
        """Read and check; all at once in parts."""
        if size is not None and size >= 0:
            return self._checked(super().read(size))
        return b"".join(iter(lambda: self._checked(super(_Gunzip, self).read(_CHUNK)), b""))

    def read1(self, size: int = -1) -> bytes:
        """Read and check what is there."""
        return self._checked(super().read1(size))

    def _checked(self, content: bytes) -> bytes:
        check_growth(self._shown, self._packed, self.tell())
        return content


def _packed_size(raw: BinaryIO) -> int:
    place = raw.tell()
    size = raw.seek(0, io.SEEK_END)
    raw.seek(place)
    return size


def table_in_zip(path: str, name: str | None = None) -> str:
    """Return the name of the table file in a ``.zip``.

    Parameters
    ----------
    path
        The archive.
    name
        The file that an option names; None for the only one.

    Raises
    ------
    OptionError
        If there is no such file, or several and none is named.
    TableFileError
        If the archive can't be opened or read.
    """
    try:
        with ZipFile(path) as archive:
            files = [file.filename for file in archive.infolist() if not file.is_dir()]
    except FileNotFoundError as error:
        raise TableFileError(f"{path}: no such file; check the path") from error
    except (BadZipFile, NotImplementedError, OSError) as error:
        raise TableContentError(
            f"{path}: the archive is damaged ({error}); fetch the file again"
        ) from error
    files = [file for file in files if not Path(file).name.startswith(("._", "."))]
    tables = [file for file in files if is_table_file(file)]
    data = [file for file in tables if not file.lower().endswith(".txt")]
    return chosen_table(name, data if name is None and len(data) == 1 else tables or files, path)


def _unpack_zstd(raw: BinaryIO, name: str) -> BinaryIO:
    """Unpack Zstandard into a temporary file, which is seekable."""
    arrow = load_extra("pyarrow", "Zstandard", "parquet")
    spool = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  # the caller closes it
    try:
        with arrow.CompressedInputStream(raw, "zstd") as packed:
            while chunk := packed.read(_CHUNK):
                spool.write(chunk)
                check_growth(name, _packed_size(raw), spool.tell())
    except TableContentError:
        spool.close()
        raise
    except OSError as error:
        spool.close()
        raise TableContentError(
            f"{name}: the Zstandard stream is damaged or cut short ({error}); fetch the file again"
        ) from error
    spool.seek(0)
    return spool


def _open_raw(path: str, stdin: BinaryIO | None) -> BinaryIO:
    """Open seekable bytes; a pipe is read into memory."""
    if path == "-":
        return io.BytesIO((stdin or sys.stdin.buffer).read())
    stream = Path(path).open("rb")  # noqa: SIM115  # the caller closes it
    if stream.seekable():
        return stream
    with stream:
        return io.BytesIO(stream.read())


def count_breaks(text: str) -> int:
    """Count the line ends within a text."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


class UndecodableError(TableContentError):
    """The bytes of a file are not text in the encoding; `line` is the first line of these."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def guess_encoding(stream: BinaryIO) -> str | None:
    """Guess the encoding of text that is not UTF-8: that of Windows in the west, or Latin-1.

    None where most of the other characters are UTF-8, so that the file is damaged; where there are
    more of them than languages of the west have; and where it is not text.

    Parameters
    ----------
    stream
        The bytes.
    """
    stream.seek(0)
    content = stream.read()
    stream.seek(0)
    lenient = content.decode("utf-8", "surrogateescape")
    broken = sum("\udc80" <= character <= "\udcff" for character in lenient)
    proper = sum(character > "\x7f" for character in lenient) - broken
    letters = broken + sum(map(str.isalpha, lenient)) - proper
    if proper >= broken or broken > _MOST_ACCENTS * letters or b"\0" in content:
        return None
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _unmarked_utf16(stream: BinaryIO) -> str | None:
    """Return the UTF-16 of text without a byte-order mark, which has a zero in each character."""
    head = stream.read(1000)
    stream.seek(0)
    zeros = [head[0::2].count(0), head[1::2].count(0)]
    if max(zeros) < 0.4 * len(head) or min(zeros) > 0.05 * len(head):
        return None
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


class TextLines:
    """Iterates over the lines of a text file, and counts them; each has its line end.

    Parameters
    ----------
    stream, name
        The bytes, and the name of the file for messages.
    encoding
        Of the text; None finds it out.

    Attributes
    ----------
    encoding
        That of the byte-order mark, else the given one, else UTF-8; a given encoding that is not
        one of Unicode wins over the mark.
    number
        How many lines have been read.
    """

    def __init__(self, stream: BinaryIO, name: str, encoding: str | None = None) -> None:
        head = stream.read(4)
        stream.seek(0)
        marks = _BYTE_ORDER_MARKS.items()
        marked = next((name for mark, name in marks if head.startswith(mark)), None)
        if encoding is None or (marked and codecs.lookup(encoding).name.startswith("utf")):
            encoding = marked or (_unmarked_utf16(stream) if encoding is None else None) or "utf-8"
        self.encoding = encoding
        self.number = 0
        self._name = name
        self._stream = stream
        self._text = io.TextIOWrapper(stream, encoding=encoding, newline="")

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Return the next line.

        Raises
        ------
        TableContentError
            If its bytes are not text in the encoding; the message names the place.
        """
        try:
            line = next(self._text)
        except UnicodeDecodeError as error:
            raise self._wrong_encoding(error) from error
        self.number += 1
        return line

    def release(self) -> None:
        """Leave the bytes open, which would be closed with this object."""
        self._text.detach()

    def _wrong_encoding(self, error: UnicodeDecodeError) -> UndecodableError:
        """Name the place of the undecodable bytes; the decoder counts from its last chunk only."""
        offset = self._stream.tell() - len(error.object) + error.start
        before = error.object[: error.start].decode(error.encoding, "ignore")
        line = self.number + 1 + count_breaks(before)
        return UndecodableError(
            f"{self._name}, line {line}, byte offset {offset}: "
            f"0x{error.object[error.start]:02x} is not {self.encoding} text ({error.reason}); "
            f"name the encoding of the file, such as --encoding latin-1",
            line,
        )
