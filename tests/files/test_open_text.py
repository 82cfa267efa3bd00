"""Packed files that unpack to far more than a table does."""

import gzip
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow
import pytest

from tabgan import TableFileError
from tabgan.files import formats
from tabgan.files.read_write import read_table

BOMB = b"a,b\n" + b"1,2\n" * 10**6
PLAIN = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(20_000))


def packed(path, content):
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content))
    elif path.suffix == ".zip":
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            archive.writestr("t.csv", content)
    else:
        with pyarrow.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write(content)
    return str(path)


@pytest.mark.parametrize("name", ["t.csv.gz", "t.zip", "t.csv.zst"])
def test_bombs_are_refused(tmp_path, monkeypatch, name):
    monkeypatch.setattr(formats, "MOST_UNPACKED", 10**5)
    with pytest.raises(TableFileError) as caught:
        read_table(packed(tmp_path / name, BOMB))
    assert "unpacks to more than 200 times its size, and more than " in str(caught.value)
    assert str(caught.value).endswith("if you trust it, unpack it and give the plain file")
    assert len(read_table(packed(tmp_path / name, PLAIN))[0]) == 20_000
