"""Tables of object stores and of the web, in the file system of fsspec that lies in memory."""

import io
import sys
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pandas as pd
import pytest

from tabgan import DataError, OptionError
from tabgan.base.errors import TableFileError
from tabgan.files.read_write import read_table

fsspec = pytest.importorskip("fsspec", reason="fsspec comes with the extra 'stores'")


@pytest.fixture
def store():
    """The file system in memory, empty before and after."""
    system = fsspec.filesystem("memory")
    system.rm("/", recursive=True) if system.ls("/") else None
    yield system
    system.rm("/", recursive=True) if system.ls("/") else None


@pytest.fixture
def frame():
    return pd.DataFrame({"code": np.arange(100) + 1_000, "share": np.arange(100) / 8})


def as_texts(frame):
    """Return a table as a text file gives it: pandas 3 has a dtype for texts, which it hasn't."""
    return frame.astype(str).astype(object).set_axis(frame.columns.astype(object), axis=1)


def test_files_plain_and_packed(store, frame):
    text = frame.to_csv(index=False).encode()
    store.pipe("/shop/a.csv", text)
    with store.open("/shop/a.csv.gz", "wb", compression="gzip") as file:
        file.write(text)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner.csv", text)
    store.pipe("/shop/a.zip", packed.getvalue())
    for name in ("a.csv", "a.csv.gz", "a.zip"):
        read, form = read_table(f"memory://shop/{name}")
        assert form.format == "csv"
        pd.testing.assert_frame_equal(read, as_texts(frame))
    read, form = read_table("memory://shop/a.csv", most_rows=30)
    assert (len(read), form.n_rows) == (30, 100)


@pytest.mark.parametrize("path", ["memory://lake/years", "memory://lake/years/*/*.parquet"])
@pytest.mark.parametrize("most_rows", [None, 30])
def test_folders_and_patterns_of_parquet_files(store, frame, path, most_rows):
    pytest.importorskip("pyarrow", reason="it comes with the extra 'parquet'")
    for year, rows in ((2023, frame[:60]), (2024, frame[60:])):
        with store.open(f"/lake/years/year={year}/a.parquet", "wb") as file:
            rows.to_parquet(file)
    read, form = read_table(path, most_rows=most_rows)
    assert [*read] == ["code", "share", "year"]
    assert len(read) == (most_rows or 100)
    assert set(read["code"]) <= set(frame["code"])
    assert read["year"].eq(np.where(read["code"] < 1_060, 2023, 2024)).all()
    assert form.n_rows == (100 if most_rows else None)


def test_one_parquet_file_in_one_pass(store, frame):
    pytest.importorskip("pyarrow", reason="it comes with the extra 'parquet'")
    with store.open("/lake/a.parquet", "wb") as file:
        frame.to_parquet(file)
    pd.testing.assert_frame_equal(read_table("memory://lake/a.parquet")[0], frame)
    assert len(read_table("memory://lake/a.parquet", most_rows=30)[0]) == 30


@pytest.mark.parametrize(
    ("path", "fault", "message"),
    [
        ("memory://shop/none.csv", TableFileError, "memory://shop/none.csv: no such file"),
        ("memory://shop/none/*.parquet", DataError, "no Parquet files are there; check the path"),
        (
            "memory://shop/a.duckdb",
            OptionError,
            "memory://shop/a.duckdb: a database file is read where it lies; download it and give "
            "the file's path",
        ),
        ("hdfs://nowhere/a.csv", (OptionError, TableFileError), "hdfs://nowhere/a.csv can't be"),
    ],
)
def test_what_is_not_there_is_said(store, path, fault, message):
    with pytest.raises(fault) as caught:
        read_table(path)
    assert message in str(caught.value)


@pytest.fixture
def web(tmp_path):
    """The address of a folder that a server of this process gives out."""
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_files_of_the_web(web, tmp_path, frame):
    pytest.importorskip("aiohttp", reason="it comes with the extra 'stores'")
    frame.to_csv(tmp_path / "a.csv", index=False)
    pd.testing.assert_frame_equal(read_table(f"{web}/a.csv?raw=1")[0], as_texts(frame))
    with pytest.raises(TableFileError, match=r"none\.csv: no such file"):
        read_table(f"{web}/none.csv")
    with pytest.raises(OptionError, match="there is no suffix to tell the format by"):
        read_table(f"{web}/a")


def test_without_fsspec(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(
        OptionError, match=r"An address of s3 needs fsspec.*'\.\[stores\]', or download the"
    ):
        read_table("s3://bucket/a.csv")
