import gzip
import os
import re
import resource
import sys
import threading
import tracemalloc
from pathlib import Path

import pandas as pd
import pytest

from tabgan.base.errors import DataError, OptionError, TableFileError
from tabgan.files.formats import TableContentError, TableForm
from tabgan.files.read_write import TableWriter, check_output, open_output, read_table


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


BLOCK = pd.DataFrame({"a": ["x", "y"], "b": ["1", ""]})


def write(path, blocks, form=None, force=False):
    path = str(path)
    with TableWriter(path, form or TableForm().for_output(path), force=force) as writer:
        for block in blocks:
            writer.write(block)


@pytest.mark.parametrize(
    "name",
    ["t.csv", "t.csv.gz", "t.tsv", "t.jsonl", "t.jsonl.gz", "t.parquet", "t.csv.bz2", "t.json.xz"],
)
def test_blocks_become_one_table(tmp_path, name, assert_same):
    path = tmp_path / name
    write(path, [BLOCK, BLOCK])
    frame, _ = read_table(str(path))
    assert_same(frame, pd.concat([BLOCK, BLOCK], ignore_index=True))
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"PAR1\x15\x04",
            "is not CSV: it looks like a Parquet file; name its format with --format",
        ),
        (b"PK\x03\x04\x14", "give the file the suffix .zip, or --format xlsx"),
        (b"<!DOCTYPE html><html>", "a web page or XML; export its table as CSV"),
        (b'[\n {"a": 1}]', "it looks like JSON; name its format with --format jsonl"),
        (b"BZh91AY&SY\0", "the packed stream is damaged or cut short"),
    ],
)
def test_files_of_another_format_are_named(tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(TableContentError, match=re.escape(message)):
        read_table(str(tmp_path / "t.csv"))


def test_gzip_is_the_same_each_time(tmp_path):
    write(tmp_path / "a.csv.gz", [BLOCK])
    write(tmp_path / "b.csv.gz", [BLOCK])
    first = (tmp_path / "a.csv.gz").read_bytes()
    assert first == (tmp_path / "b.csv.gz").read_bytes()
    assert gzip.decompress(first) == b"a,b\nx,1\ny,\n"


def test_byte_order_mark_is_written_once(tmp_path):
    path = tmp_path / "a.csv"
    write(path, [BLOCK, BLOCK], form=TableForm(encoding="utf-8-sig", line_end="\r\n"))
    assert path.read_bytes() == b"\xef\xbb\xbfa,b\r\nx,1\r\ny,\r\nx,1\r\ny,\r\n"


class TestRefusals:
    def error_of(self, path, **options):
        with pytest.raises(TableFileError) as caught:
            check_output(str(path), **options)
        assert not isinstance(caught.value, DataError)
        with pytest.raises(TableFileError):
            write(path, [BLOCK], **options)
        return str(caught.value)

    def test_existing_file(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text("old")
        assert self.error_of(path) == (
            f"{path} already exists; name another file with -o, or give --force to replace it"
        )
        assert path.read_text() == "old"
        write(path, [BLOCK], force=True)
        assert path.read_text() == "a,b\nx,1\ny,\n"

    def test_directory(self, tmp_path):
        assert self.error_of(tmp_path) == f"{tmp_path} is a directory; name a file in it"

    def test_no_folder(self, tmp_path):
        path = tmp_path / "none" / "a.csv"
        assert self.error_of(path) == (
            f"{path} can't be written: there is no folder {path.parent}; create it"
        )

    def test_folder_is_a_file(self, tmp_path):
        (tmp_path / "file").write_text("")
        path = tmp_path / "file" / "a.csv"
        assert self.error_of(path) == (
            f"{path} can't be written: there is no folder {path.parent}; create it"
        )

    @pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all"
    )
    def test_no_permission(self, tmp_path):
        tmp_path.chmod(0o500)
        path = tmp_path / "a.csv"
        assert self.error_of(path) == (
            f"{path} can't be written: no permission for {tmp_path}; choose another folder"
        )


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, OSError])
def test_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "a.csv.gz"
    path.write_text("old")

    def blocks():
        yield BLOCK
        raise error

    with pytest.raises(error):
        write(path, blocks(), force=True)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv.gz"]


def test_link_stays_a_link(tmp_path):
    (tmp_path / "real.csv").write_text("old")
    link = tmp_path / "link.csv"
    link.symlink_to("real.csv")
    write(link, [BLOCK], force=True)
    assert link.is_symlink()
    assert (tmp_path / "real.csv").read_text() == "a,b\nx,1\ny,\n"


def test_new_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "plain").write_text("")
    write(tmp_path / "a.csv", [BLOCK])
    assert (tmp_path / "a.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(
    ("frame", "encoding", "message"),
    [
        (
            {"a": ["x", "y"], "b": ["é", "é€"]},
            "latin-1",
            "Column 'b', row 4: '€' can't be written in latin-1; give an encoding that has it, "
            "such as --encoding utf-8",
        ),
        (
            {"a": ["x", "y"], "b": ["\ud800", "\ud801"]},
            "utf-8",
            "Column 'b', row 3: '\\ud800' can't be written in utf-8; it is half of a character, "
            "which no encoding has; write JSON lines instead",
        ),
    ],
)
def test_unwritable_character(tmp_path, frame, encoding, message):
    first = pd.DataFrame({"a": ["x", "y"], "b": ["x", "y"]})
    with pytest.raises(TableContentError) as caught:
        write(
            tmp_path / "a.csv",
            [first, pd.DataFrame(frame, dtype=object)],
            form=TableForm(encoding=encoding),
        )
    assert str(caught.value) == message
    assert list(tmp_path.iterdir()) == []


def test_unwritable_character_in_a_name(tmp_path):
    with pytest.raises(TableContentError) as caught:
        write(tmp_path / "a.csv", [pd.DataFrame({"€": ["€"]})], form=TableForm(encoding="latin-1"))
    assert str(caught.value) == (
        "The name of column '€': '€' can't be written in latin-1; give an encoding that has it, "
        "such as --encoding utf-8"
    )


LEVELS = pd.MultiIndex.from_tuples([("sales", 2023), ("sales", 2024), ("city", "")])


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.parquet"])
@pytest.mark.parametrize("labels", [LEVELS, LEVELS.to_flat_index()], ids=["levels", "tuples"])
def test_labels_of_several_levels_become_one_name(tmp_path, name, labels):
    path = tmp_path / name
    block = pd.DataFrame([["1", "2", "x"], ["3", "4", "y"]])
    block.columns = labels
    write(path, [block, block])
    frame, _ = read_table(str(path))
    assert list(frame.columns) == ["sales.2023", "sales.2024", "city"]
    assert frame.to_numpy().tolist() == block.to_numpy().tolist() * 2
    assert block.columns is labels


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.parquet"])
@pytest.mark.parametrize(("one", "other"), [(1, "1"), (("a", "b"), "a.b"), (None, "None")])
def test_labels_with_one_text_are_refused(tmp_path, name, one, other):
    block = pd.DataFrame([[5, 6]])
    block.columns = pd.Index([one, other], dtype=object, tupleize_cols=False)
    with pytest.raises(TableContentError) as caught:
        write(tmp_path / name, [block])
    assert str(caught.value) == (
        f"Columns {one!r} and {other!r} would both be named {other!r} in a file, where names are "
        "text and must differ; rename one"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_full_device_is_not_replaced():
    with pytest.raises(TableFileError) as caught:
        write("/dev/full", [BLOCK])
    assert str(caught.value) == "/dev/full can't be written: No space left on device"
    assert Path("/dev/full").is_char_device()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_named_pipe_is_written_to(tmp_path):
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    received = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()))
    reader.start()
    write(path, [BLOCK])
    reader.join()
    assert received == [b"a,b\nx,1\ny,\n"]
    assert path.is_fifo()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl", "a.parquet"])
def test_full_disk_leaves_nothing(tmp_path, name):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    block = pd.DataFrame({"a": [os.urandom(20).hex() for _ in range(2_000)]})
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(TableFileError) as caught:
            write(tmp_path / name, [block, block])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value) == f"{tmp_path / name} can't be written: File too large"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_memory_does_not_grow_with_the_table(tmp_path, name):
    block = pd.concat([BLOCK] * 500, ignore_index=True)

    def peak(blocks):
        tracemalloc.start()
        write(tmp_path / name, (block for _ in range(blocks)), force=True)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1)
    assert peak(40) < 1.5 * peak(2)


def test_bytes_appear_whole_or_not_at_all(tmp_path):
    path = tmp_path / "schema.json"

    def write_bytes(*parts, error=None):
        with open_output(str(path), force=True) as sink:
            for part in parts:
                sink.write(part)
            if error:
                raise error

    write_bytes(b"one ", b"two")
    assert path.read_bytes() == b"one two"
    with pytest.raises(TableFileError, match=r"schema\.json can't be written: No space"):
        write_bytes(b"three", error=OSError(28, "No space left on device"))
    assert path.read_bytes() == b"one two"
    with pytest.raises(TableFileError, match="already exists"), open_output(str(path)):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["schema.json"]


def test_the_option_that_names_the_file_is_told(tmp_path):
    path = str(tmp_path / "page.html")
    Path(path).touch()
    with pytest.raises(TableFileError, match="exists; name another file with --html, or give"):
        check_output(path, option="--html")
