import os
import threading

import pytest

from tabgan.base.errors import DataError, OptionError, TableFileError
from tabgan.files.read import read_table


def error_of(path, **options):
    with pytest.raises(TableFileError) as caught:
        read_table(str(path), **options)
    assert not isinstance(caught.value, DataError)
    return str(caught.value)


def test_missing_file(tmp_path):
    path = tmp_path / "none.csv"
    assert error_of(path) == f"{path}: no such file; check the path"


def test_pattern_of_other_files(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    assert error_of(tmp_path / "*.csv") == (
        f"{tmp_path}/*.csv is a pattern, and only Parquet files are read by patterns and folders; "
        "name one file, or write the tables to Parquet"
    )


def test_directory(tmp_path):
    message = f"{tmp_path} is a directory, not a table file; name a file in it"
    assert error_of(tmp_path, table_format="csv") == message


def test_path_through_a_file(tmp_path):
    (tmp_path / "a").write_text("x")
    path = tmp_path / "a" / "b.csv"
    assert error_of(path) == f"{path} can't be read: Not a directory"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_no_permission(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    path.chmod(0)
    assert error_of(path) == f"{path} can't be read: Permission denied"


def test_no_suffix_needs_a_format(tmp_path):
    path = tmp_path / "table"
    path.write_text("a\tb\n1\t2\n")
    with pytest.raises(OptionError) as caught:
        read_table(str(path))
    assert str(caught.value) == (
        f"{path}: there is no suffix to tell the format by; name it: csv, tsv, jsonl, parquet, "
        "feather, xlsx, duckdb, sqlite"
    )
    assert read_table(str(path), table_format="tsv")[1].delimiter == "\t"


def test_tsv_takes_nothing_but_the_tabulator(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("a;b\n1;2\n")
    assert list(read_table(str(path))[0].columns) == ["a;b"]
    assert list(read_table(str(path), delimiter=";")[0].columns) == ["a", "b"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_named_pipe(tmp_path):
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=("a,b\n1,2\n",))
    writer.start()
    frame, _ = read_table(str(path))
    writer.join()
    assert frame.to_dict("records") == [{"a": "1", "b": "2"}]
