"""Images and labels in IDX files, the format of MNIST, and the digits of scikit-learn.

The format: two zero bytes, the type of the values, the number of dimensions, their sizes as
big-endian 32-bit numbers, and the values (http://yann.lecun.com/exdb/mnist/).
"""

import gzip
import math
import os
import re
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, Literal, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from tabgan.base.errors import DataError, OptionError

__all__ = ["Part", "embedded_digits", "read_folder", "read_idx"]

Part = Literal["train", "test"]

_PREFIXES = {"train": "train", "test": "t10k"}
_GZIP_MARK = b"\x1f\x8b"
_UNSIGNED_BYTE = 0x08
_MAX_DIMENSIONS = 4
_MAX_DEFLATION = 1032  # how many bytes a byte of a gzip stream can stand for
_CHUNK = 1 << 20  # bytes


def read_idx(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, plain or gzip-compressed.

    No more memory is taken than the file's content needs, whatever its header claims.

    Parameters
    ----------
    path
        The file; its content tells whether it is compressed, not its name.

    Returns
    -------
    ndarray
        The values, of the 1 to 4 dimensions in the header.

    Raises
    ------
    DataError
        If there is no such file or it can't be read, its compression is damaged, it is no IDX
        file of unsigned bytes, or it is shorter or longer than its header says.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "labels")
    >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    >>> read_idx(path)
    array([7, 2, 1], dtype=uint8)
    """
    place = Path(path)
    if not place.is_file():
        what = "is not a plain file" if place.exists() else "does not exist"
        raise DataError(f"{path} {what}; name an IDX file, such as train-images-idx3-ubyte.gz")
    try:
        with place.open("rb") as raw:
            length = os.fstat(raw.fileno()).st_size
            mark = raw.read(len(_GZIP_MARK))
            raw.seek(0)
            if mark != _GZIP_MARK:
                return _read(raw, path, length)
            with gzip.GzipFile(fileobj=raw) as unpacked:
                return _read(cast("BinaryIO", unpacked), path, length * _MAX_DEFLATION)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{path}: the gzip stream is damaged or cut short ({error}); fetch the file again"
        ) from error
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror or error}") from error


def _read(stream: BinaryIO, path: str | os.PathLike[str], most: int) -> NDArray[np.uint8]:
    """Read a header and the values that it announces; the stream has `most` bytes at most."""
    sizes = _read_header(stream, path)
    n_values = math.prod(sizes)
    shape = "×".join(map(str, sizes))
    # A byte more than announced shows that there are more; memory grows with what is there.
    content = bytearray()
    while n_values <= most and len(content) <= n_values:
        chunk = stream.read(min(_CHUNK, n_values + 1 - len(content)))
        if not chunk:
            break
        content += chunk
    if len(content) > n_values:
        raise DataError(
            f"{path}: more bytes follow the {n_values} values that the header announces ({shape}); "
            "the header or the file is damaged: fetch the file again"
        )
    if len(content) < n_values:
        found = len(content) if n_values <= most else f"at most {most}"
        raise DataError(
            f"{path}: the header announces {n_values} values ({shape}), and the file holds "
            f"{found}; it is cut short: fetch it again"
        )
    return np.frombuffer(content, dtype=np.uint8).reshape(sizes)


def _read_header(stream: BinaryIO, path: str | os.PathLike[str]) -> tuple[int, ...]:
    magic = stream.read(4)
    rule = "an IDX file of unsigned bytes begins with 0x0000080d, with d from 1 to 4 dimensions"
    if len(magic) < 4:
        raise DataError(f"{path}: {len(magic)} bytes are too few for an IDX file; {rule}")
    zero, kind, n_dimensions = struct.unpack(">HBB", magic)
    if zero or kind != _UNSIGNED_BYTE or not 1 <= n_dimensions <= _MAX_DIMENSIONS:
        raise DataError(
            f"{path}: the magic number 0x{magic.hex()} is not that of images or labels; {rule}; "
            "name another file"
        )
    packed = stream.read(4 * n_dimensions)
    if len(packed) < 4 * n_dimensions:
        raise DataError(
            f"{path}: the header of {n_dimensions} sizes is cut short; fetch the file again"
        )
    sizes: tuple[int, ...] = struct.unpack(f">{n_dimensions}I", packed)
    if not all(sizes):
        raise DataError(
            f"{path}: the header announces {'×'.join(map(str, sizes))} values, which is none; "
            "sizes are from 1: name another file"
        )
    return sizes


def read_folder(
    folder: str | os.PathLike[str], part: Part = "train"
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read the images and labels of a folder in the layout of MNIST.

    Parameters
    ----------
    folder
        Holds ``train-images-idx3-ubyte`` and ``train-labels-idx1-ubyte``, or those that begin
        with ``t10k``; a dot may stand for the second hyphen, and ``.gz`` at the end. Where one is
        there both plain and compressed, the plain one is read.
    part
        ``"train"``, or ``"test"`` for the files that begin with ``t10k``.

    Returns
    -------
    tuple
        Images of shape (n, height, width) and labels of shape (n,).

    Raises
    ------
    OptionError
        If `part` is neither.
    DataError
        If the folder or one of the files is missing, a file can't be read or holds something
        else, or there are not as many labels as images.
    """
    if part not in _PREFIXES:
        raise OptionError(f"part={part!r} is not one of 'train', 'test'")
    place = Path(folder)
    if not place.is_dir():
        what = "is not a folder" if place.exists() else "does not exist"
        raise DataError(f"{folder} {what}; name a folder with IDX files, as MNIST's")
    paths = [_find(place, _PREFIXES[part], kind) for kind in ("images-idx3", "labels-idx1")]
    images, labels = (read_idx(path) for path in paths)
    _check_dimensions(images, 3, "images", paths[0])
    _check_dimensions(labels, 1, "labels", paths[1])
    if len(images) != len(labels):
        raise DataError(
            f"{paths[0]} holds {len(images)} images and {paths[1].name} {len(labels)} labels; "
            "every image needs a label: fetch both files from one source"
        )
    return images, labels.astype(np.int64)


def _find(folder: Path, prefix: str, kind: str) -> Path:
    pattern = re.compile(f"{prefix}-{kind.replace('-', '[-.]')}.*")
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    found = next((name for name in names if pattern.fullmatch(name)), None)
    if found is None:
        there = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        raise DataError(
            f"{folder} has no file {prefix}-{kind}-ubyte, plain or with .gz; it has "
            f"{there or 'no files'}: name the folder of the four files of MNIST"
        )
    return folder / found


def _check_dimensions(array: NDArray[np.uint8], n: int, what: str, path: Path) -> None:
    if array.ndim != n:
        raise DataError(
            f"{path}: the magic number 0x000008{array.ndim:02x} stands for {array.ndim} "
            f"dimensions; {what} have {n}, 0x000008{n:02x}: is it another file under this name?"
        )


def embedded_digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return scikit-learn's 1,797 handwritten digits of 8 × 8 pixels.

    Their 17 shades of grey, 0 to 16, are scaled to 0 to 255. From the UCI repository: Alpaydin &
    Kaynak, 1998, Optical Recognition of Handwritten Digits.

    Returns
    -------
    tuple
        Images of shape (1797, 8, 8) and labels of shape (1797,).

    Examples
    --------
    >>> images, labels = embedded_digits()
    >>> images.shape, int(images.max()), labels[:5].tolist()
    ((1797, 8, 8), 255, [0, 1, 2, 3, 4])
    """
    digits = load_digits()
    shades = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    return shades, digits.target.astype(np.int64)
