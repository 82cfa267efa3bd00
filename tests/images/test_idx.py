"""IDX files: what is read, and what is said of files that can't be."""

import gzip
import os
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tabgan.base.errors import DataError, OptionError
from tabgan.images.idx import embedded_digits, read_folder, read_idx

MNIST = Path(os.environ.get("TABGAN_DATA", Path(__file__).parents[3] / "shared/data"), "mnist")


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    header = struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape)
    return header + array.tobytes()


IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
WHOLE = idx(IMAGES)


@settings(max_examples=30, deadline=None)
@given(arrays(np.uint8, array_shapes(max_dims=4, max_side=5)), st.booleans())
def test_what_was_written_is_read(tmp_path_factory, array, packed):
    path = tmp_path_factory.mktemp("idx") / "any.name"
    path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    read = read_idx(path)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, array)


def test_what_is_read_can_be_written_to(tmp_path):
    (tmp_path / "a").write_bytes(WHOLE)
    read = read_idx(tmp_path / "a")
    read[0] = 0
    assert read.sum() == IMAGES[1].sum()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "0 bytes are too few for an IDX file"),
        (b"\x00\x00\x08", "3 bytes are too few"),
        (b"\x89PNG", "the magic number 0x89504e47 is not that of images or labels"),
        (idx(IMAGES, kind=0x0D), "the magic number 0x00000d03 is not that"),
        (struct.pack(">HBB", 0, 8, 0), "with d from 1 to 4 dimensions; name another file"),
        (struct.pack(">HBB5I", 0, 8, 5, *[1] * 5) + b"a", "the magic number 0x00000805"),
        (WHOLE[:9], "the header of 3 sizes is cut short"),
        (WHOLE[:-1], "announces 24 values (2×3×4), and the file holds 23; it is cut short"),
        (WHOLE + b"\x00", "more bytes follow the 24 values that the header announces (2×3×4)"),
        (idx(np.empty((0, 3, 4), np.uint8)), "announces 0×3×4 values, which is none"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_damaged_files_are_told_apart(tmp_path, content, words, packed):
    path = tmp_path / "some.idx"
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(DataError, match=re.escape(words)) as caught:
        read_idx(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("packed", [False, True])
def test_no_memory_is_taken_for_what_a_header_claims(tmp_path, packed):
    claim = struct.pack(">HBB4I", 0, 8, 4, *[2**32 - 1] * 4) + b"abc"
    (tmp_path / "a").write_bytes(gzip.compress(claim) if packed else claim)
    words = r"announces 3402\d+ values \(4294967295×.*and the file holds at most \d+; it is cut"
    with pytest.raises(DataError, match=words):
        read_idx(tmp_path / "a")


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-9],  # the end of the stream is gone
        lambda packed: packed[:-8] + b"\x00" * 8,  # the checksum does not fit
        lambda packed: packed[:12] + b"\xff\xff\xff" + packed[15:],  # no deflate stream
        lambda packed: packed[:2] + b"\x07" + packed[3:],  # another method
        lambda packed: packed + b"more",
    ],
)
def test_damaged_compression_is_named(tmp_path, damage):
    path = tmp_path / "a.gz"
    path.write_bytes(damage(gzip.compress(WHOLE)))
    with pytest.raises(DataError, match=r"a.gz: the gzip stream is damaged or cut short .*again$"):
        read_idx(path)


def test_paths_that_are_no_files(tmp_path):
    with pytest.raises(DataError, match="nowhere does not exist; name an IDX file"):
        read_idx(tmp_path / "nowhere")
    with pytest.raises(DataError, match="is not a plain file; name an IDX file"):
        read_idx(tmp_path)


LABELS = np.array([7, 2], dtype=np.uint8)


@pytest.mark.parametrize("separator", ["-", "."])
@pytest.mark.parametrize(("part", "prefix"), [("train", "train"), ("test", "t10k")])
@pytest.mark.parametrize("packed", [False, True])
def test_folders_are_read(tmp_path, separator, part, prefix, packed):
    for name, array in (("images", IMAGES), ("labels", LABELS)):
        dimensions = array.ndim
        path = (
            tmp_path / f"{prefix}-{name}{separator}idx{dimensions}-ubyte{'.gz' if packed else ''}"
        )
        path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    images, labels = read_folder(tmp_path, part)
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
    np.testing.assert_array_equal(images, IMAGES)
    assert labels.tolist() == [7, 2]


def folder_of(place: Path, **contents: np.ndarray) -> Path:
    for name, array in contents.items():
        kind = 3 if name == "images" else 1
        (place / f"train-{name}-idx{kind}-ubyte").write_bytes(idx(array))
    return place


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ({}, "has no file train-images-idx3-ubyte, plain or with .gz; it has no files: name the"),
        (
            {"images": IMAGES},
            "has no file train-labels-idx1-ubyte, plain or with .gz; it has train",
        ),
        (
            {"labels": LABELS},
            "has no file train-images-idx3-ubyte, plain or with .gz; it has train",
        ),
        (
            {"images": IMAGES, "labels": LABELS[:1]},
            "holds 2 images and train-labels-idx1-ubyte 1 labels; every image needs a label",
        ),
        (
            {"images": LABELS, "labels": LABELS},
            "train-images-idx3-ubyte: the magic number 0x00000801 stands for 1 dimensions; images "
            "have 3, 0x00000803: is it another file under this name?",
        ),
        (
            {"images": IMAGES, "labels": IMAGES},
            "train-labels-idx1-ubyte: the magic number 0x00000803 stands for 3 dimensions; labels "
            "have 1, 0x00000801",
        ),
    ],
)
def test_folders_that_lack_something(tmp_path, contents, words):
    with pytest.raises(DataError, match=re.escape(words)):
        read_folder(folder_of(tmp_path, **contents))


def test_folders_and_parts_that_are_none(tmp_path):
    with pytest.raises(DataError, match="nowhere does not exist; name a folder with IDX files"):
        read_folder(tmp_path / "nowhere")
    (tmp_path / "file").write_bytes(WHOLE)
    with pytest.raises(DataError, match="file is not a folder; name a folder with IDX files"):
        read_folder(tmp_path / "file")
    with pytest.raises(OptionError, match="part='valid' is not one of 'train', 'test'"):
        read_folder(tmp_path, "valid")


@pytest.mark.skipif(not MNIST.is_dir(), reason=f"MNIST is not in {MNIST}; set TABGAN_DATA")
def test_mnist_is_read():
    images, labels = read_folder(MNIST, "test")
    assert images.shape == (10_000, 28, 28)
    assert labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert images.mean() == pytest.approx(33.79, abs=0.01)


def test_the_embedded_digits_use_the_whole_range():
    images, labels = embedded_digits()
    assert np.unique(images).tolist() == [round(shade * 255 / 16) for shade in range(17)]
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
