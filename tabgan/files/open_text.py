"""Opens the bytes and lines of a table file, and finds how a text sets its cells apart."""

import bz2
import codecs
import csv
import gzip
import io
import lzma
import re
import shutil
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast
from zipfile import BadZipFile, ZipFile

from tabgan.base.errors import TableFileError
from tabgan.files.formats import (
    TableContentError,
    check_delimiter,
    check_growth,
    chosen_table,
    file_system,
    is_pattern,
    is_remote,
    is_table_file,
    load_extra,
    shown_place,
)
from tabgan.files.text_encodings import BYTE_ORDER_MARKS, unmarked_utf16

__all__ = [
    "Dialect",
    "NumberedRow",
    "Quoting",
    "TextLines",
    "UndecodableError",
    "column_quoting",
    "count_breaks",
    "numbered_rows",
    "open_bytes",
    "separator_line",
    "sniff",
    "split_rows",
    "table_in_zip",
]

_CHUNK = 2**20  # bytes
_GZIP_MARK = b"\x1f\x8b"
_BZIP2_MARK = b"BZh"
_XZ_MARK = b"\xfd7zX"
_ZSTD_MARK = b"\x28\xb5\x2f\xfd"


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
        if path != "-" and not is_remote(path) and Path(path).is_dir():
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
            elif mark == _XZ_MARK or mark.startswith(_BZIP2_MARK):
                with _unpack(raw, name, mark) as unpacked:
                    yield unpacked
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


def _fetch(path: str) -> BinaryIO:
    """Copy the file of an address to a temporary one."""
    with ExitStack() as stack:
        copy = stack.enter_context(tempfile.TemporaryFile())
        with file_system(path) as (system, place), system.open(place, "rb") as remote:
            shutil.copyfileobj(remote, copy, _CHUNK)
        copy.seek(0)
        stack.pop_all()  # the caller closes it
    return cast("BinaryIO", copy)


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
        with _open_raw(path, None) as raw, ZipFile(raw) as archive:
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


def _unpack(raw: BinaryIO, name: str, mark: bytes) -> BinaryIO:
    """Unpack bzip2 or xz into a temporary file."""
    packer: Any = lzma.LZMAFile if mark == _XZ_MARK else bz2.BZ2File
    with ExitStack() as stack, packer(raw) as packed:
        spool = stack.enter_context(tempfile.TemporaryFile())
        try:
            while chunk := packed.read(_CHUNK):
                spool.write(chunk)
                check_growth(name, _packed_size(raw), spool.tell())
        except (OSError, EOFError, lzma.LZMAError) as error:
            raise TableContentError(
                f"{name}: the packed stream is damaged or cut short ({error}); fetch the file again"
            ) from error
        spool.seek(0)
        stack.pop_all()  # the caller closes it
    return cast("BinaryIO", spool)


def _open_raw(path: str, stdin: BinaryIO | None) -> BinaryIO:
    """Open seekable bytes; a pipe is read into memory."""
    if path == "-":
        return io.BytesIO((stdin or sys.stdin.buffer).read())
    if is_remote(path):
        return _fetch(path)
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
        marks = BYTE_ORDER_MARKS.items()
        marked = next((name for mark, name in marks if head.startswith(mark)), None)
        if encoding is None or (marked and codecs.lookup(encoding).name.startswith("utf")):
            encoding = marked or (unmarked_utf16(stream) if encoding is None else None) or "utf-8"
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
        except UnicodeError as error:  # of UTF-16 and UTF-32 without a mark
            raise UndecodableError(
                f"{self._name} is not {self.encoding} text ({error}); name the encoding of the "
                "file, such as --encoding utf-8",
                self.number + 1,
            ) from error
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


_DELIMITERS = (",", ";", "\t", "|")
_RARE_DELIMITERS = ("^", "~", "\x01", "\x1f", "\xa6")  # where none of the others cuts the lines
_SEP_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # which Excel reads and writes
_WORDS = re.compile(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|\S+")
_WHOLE = 50  # so many lines may be a whole file, and have no row that goes on
_LEAST_ROWS = 3  # that blanks must cut alike to be taken for delimiters


@dataclass(frozen=True)
class Dialect:
    r"""How the cells of a text file are set apart.

    Attributes
    ----------
    delimiter
        Between fields; a blank stands for any number of blanks and tabulators.
    blank_after
        Whether a blank after the delimiter belongs to it: ``a, b``.
    quote
        The character around fields that hold a delimiter.
    escape
        The character before a quote within a field; None where quotes are doubled.
    sep_line
        Whether the first line is Excel's ``sep=;``.
    comments
        The number of lines at the top that are comments.
    """

    delimiter: str = ","
    blank_after: bool = False
    quote: str = '"'
    escape: str | None = None
    sep_line: bool = False
    comments: int = 0


class NumberedRow(NamedTuple):
    """The fields of a row, and the line of the file in which it begins, from 1."""

    number: int
    fields: list[str]


class Quoting(NamedTuple):
    """Whether a column's texts stand in quotes, and whether its empty cells do."""

    texts: bool
    blanks: bool


def sniff(head: Sequence[str], delimiter: str | None = None) -> Dialect:
    """Find out the dialect of a text file from its first lines.

    Parameters
    ----------
    head
        The first lines.
    delimiter
        The delimiter that an option names; None finds the one that cuts the lines into equally
        many fields, the most of all.
    """
    marked = separator_line(head)
    if delimiter is not None:
        delimiter = check_delimiter(delimiter)
    elif marked:
        delimiter = marked
    lines = list(head[1:] if marked else head)
    comments = 0
    while comments < len(lines) and (lines[comments][:1] == "#" or not lines[comments].strip()):
        comments += 1
    comments *= any(line.startswith("#") for line in lines[:comments])
    lines = lines[comments:] or lines
    quote = "'" if _are_single_quoted(lines) else '"'
    dialect = Dialect(*_cut(lines, delimiter, quote), quote, None, bool(marked), comments)
    if any('\\"' in line for line in lines) and not _is_even(_parse(lines, dialect)):
        cut = _cut(lines, delimiter, quote, "\\")
        escaped = Dialect(*cut, quote, "\\", bool(marked), comments)
        return escaped if _is_even(_parse(lines, escaped)) else dialect
    return dialect


def separator_line(head: Sequence[str]) -> str | None:
    """Return the delimiter that Excel's line ``sep=;`` names, if the file begins with it."""
    match = _SEP_LINE.fullmatch(head[0].lstrip("\ufeff")) if head else None
    return match[1] if match else None


def split_rows(
    lines: Iterable[str], dialect: Dialect, *, strict: bool = True
) -> Iterator[list[str]]:
    """Cut lines into rows of fields.

    Parameters
    ----------
    lines
        The lines, with their line ends.
    dialect
        Their dialect.
    strict
        Whether a quote in a wrong place is an error.
    """
    if dialect.delimiter == " ":
        lines = map(_single_blanks, lines)
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        doublequote=dialect.escape is None,
        skipinitialspace=dialect.blank_after and dialect.delimiter != " ",
        strict=strict,
    )


def numbered_rows(head: Sequence[str], dialect: Dialect, *, is_whole: bool) -> list[NumberedRow]:
    """Return the rows among the first lines that hold a field, with their lines.

    Parameters
    ----------
    head
        The first lines.
    dialect
        Their dialect; comments and Excel's line are left out.
    is_whole
        Whether the file has no other lines; otherwise the last row, which may go on, is left out.
    """
    skipped = dialect.sep_line + dialect.comments
    number, rows = skipped + 1, []
    for fields in split_rows(head[skipped:], dialect, strict=False):
        if fields:
            rows.append(NumberedRow(number, fields))
        number += 1 + sum(map(count_breaks, fields))
    return rows if is_whole or len(rows) < 2 else rows[:-1]


def _single_blanks(line: str) -> str:
    end = line[len(line.rstrip("\r\n")) :]
    words = line.split() if '"' not in line and "'" not in line else _WORDS.findall(line)
    return " ".join(words) + end


def _are_single_quoted(lines: Sequence[str]) -> bool:
    """Tell whether fields stand in single quotes: in all lines, and double ones in none."""
    marked = [line.strip() for line in lines if line.strip()]
    edge = re.compile(r"(?:^|[,;\t|])\s?'[^']*'(?=[,;\t|]|$)")
    return bool(marked) and all(edge.search(line) and '"' not in line for line in marked)


def _cut(
    lines: Sequence[str], delimiter: str | None, quote: str = '"', escape: str | None = None
) -> tuple[str, bool]:
    """Choose the delimiter, and tell whether a blank after it belongs to it."""
    parsed = {
        mark: _parse(lines, Dialect(mark, True, quote, escape)) for mark in delimiter or _DELIMITERS
    }
    even = {mark: rows for mark, rows in parsed.items() if _is_even(rows)}
    if any(len(rows[0]) > 1 for rows in even.values()):
        chosen = max(even, key=lambda mark: len(even[mark][0]))
    else:
        chosen = max(parsed, key=lambda mark: _evenness(parsed[mark]))
        if delimiter is None and not _evenness(parsed[chosen])[0]:
            cuts = {mark: _parse(lines, Dialect(mark, True, quote)) for mark in _RARE_DELIMITERS}
            for mark, rows in cuts.items():
                if len(rows) >= _LEAST_ROWS and _is_even(rows) and len(rows[0]) > 1:
                    return mark, False
        if delimiter is None and _are_words(lines, parsed[chosen]):
            return " ", False
    rows = _parse(lines, Dialect(chosen, False, quote, escape))
    fields = [field for row in rows[1:] or rows for field in row[1:] if field]
    return chosen, bool(fields) and all(field.startswith(" ") for field in fields)


def _is_even(rows: Sequence[Sequence[str]]) -> bool:
    return len(set(map(len, rows))) == 1


def _evenness(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """Rank a delimiter by the share of rows that it cuts alike into several fields."""
    counts = Counter(map(len, rows))
    counts.pop(1, None)
    if not counts:
        return 0.0, len(rows[0]) if rows else 0
    width, count = max(counts.items(), key=lambda item: (item[1], item[0]))
    return count / len(rows), width


def _are_words(lines: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether blanks cut all lines into equally many fields, and no other character does."""
    filled = [line for line in lines if line.strip()]
    if len(filled) < _LEAST_ROWS or any(len(row) > 1 for row in rows):
        return False
    widths = Counter(len(_WORDS.findall(line)) for line in filled[1:])
    width = next(iter(widths))
    runs = any(re.search(r"\S\s{2,}\S", line) for line in filled[1:])
    first = len(_WORDS.findall(filled[0]))
    return len(widths) == 1 and first in (width, width - 1) and (width > 2 or (runs and width == 2))


def _parse(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    """Parse the first lines; the last row is left out where it may go on beyond them."""
    full = [row for row in split_rows(lines, dialect, strict=False) if row]
    return full[:-1] if len(full) > _WHOLE else full


def column_quoting(lines: Sequence[str], dialect: Dialect, width: int) -> list[Quoting]:
    """Tell which columns stand in quotes; a row that goes over several lines does not count.

    Parameters
    ----------
    lines
        Lines of data.
    dialect, width
        Their dialect and their number of fields.
    """
    mark = re.escape(dialect.quote)
    stop = r"\s" if dialect.delimiter == " " else re.escape(dialect.delimiter)
    field = re.compile(
        rf"\s*({mark}(?:[^{mark}\\]|{mark}{mark}|\\.)*{mark}|[^{stop}]*)(?:[{stop}]|$)"
    )
    columns: list[list[str]] = [[] for _ in range(width)]
    for line in lines:
        cells = [match[1] for match in field.finditer(line.strip("\r\n"))]
        if len(cells) in (width, width + 1) and dialect.quote in line:
            for column, cell in zip(columns, cells, strict=False):
                column.append(cell)
    return [_quoting(cells, dialect) for cells in columns]


def _quoting(cells: Sequence[str], dialect: Dialect) -> Quoting:
    """Tell the quoting of a column by its cells as they are written."""
    empty = dialect.quote * 2
    texts = [cell for cell in cells if cell not in ("", empty)]
    if not all(cell.startswith(dialect.quote) for cell in texts):
        return Quoting(False, False)
    needed = (dialect.delimiter, dialect.quote)
    freely = any(not any(mark in cell[1:-1] for mark in needed) for cell in texts)
    return Quoting(freely, freely and empty in cells and "" not in cells)
