import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as pf
import pyarrow.parquet as pq
import pytest

from tabgan.files.formats import TableContentError, TableForm
from tabgan.files.read_write import read_table


def test_values_and_types_come_back(tmp_path, awkward, dated, write, assert_same):
    path = tmp_path / "t.feather"
    write(path, dated, dated)
    frame, form = read_table(str(path))
    assert_same(frame, pd.concat([dated, dated], ignore_index=True))
    assert form.for_output("o.parquet") == TableForm("parquet", arrow_schema=form.arrow_schema)
    assert form.for_output("o.csv").arrow_schema is None


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_any_compression_is_read(tmp_path, compression):
    path = str(tmp_path / "t.arrow")
    pf.write_feather(pd.DataFrame({"a": [1, 2]}), path, compression=compression)
    assert read_table(path)[0].to_dict("list") == {"a": [1, 2]}


def test_a_stream_is_read(tmp_path):
    table = pa.table({"a": [1, 2]})
    with pa.ipc.new_stream(tmp_path / "s.arrow", table.schema) as writer:
        writer.write_table(table)
    assert read_table(str(tmp_path / "s.arrow"))[0].to_dict("list") == {"a": [1, 2]}


def test_other_bytes_are_refused(tmp_path):
    path = tmp_path / "t.feather"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(TableContentError) as caught:
        read_table(str(path))
    assert str(caught.value).startswith(f"{path} is not a Feather file, or damaged: ")


@pytest.mark.parametrize("place", [1, 500, 1000])
def test_a_damaged_offset_is_refused_and_reads_no_other_memory(place, tmp_path):
    names = pa.table({"name": [f"{i:04d}" for i in range(1000)]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, names.schema) as writer:
        writer.write_table(names)
    content = sink.getvalue().to_pybytes()
    offsets = np.arange(0, 4001, 4, dtype=np.int32)
    damaged = offsets.copy()
    damaged[place] = 2**30
    assert content.count(offsets.tobytes()) == 1
    path = tmp_path / "t.feather"
    path.write_bytes(content.replace(offsets.tobytes(), damaged.tobytes()))
    with pytest.raises(TableContentError, match="damaged"):
        read_table(str(path))


@pytest.mark.parametrize("suffix", ["feather", "parquet"])
def test_a_damaged_name_of_a_column_is_refused(suffix, tmp_path):
    table, path = pa.table({"namename": [1, 2]}), tmp_path / f"t.{suffix}"
    if suffix == "feather":
        pf.write_feather(table, path, compression="uncompressed")
    else:
        pq.write_table(table, path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"namename", b"name\xc0ame"))
    with pytest.raises(TableContentError, match="damaged"):
        read_table(str(path))
