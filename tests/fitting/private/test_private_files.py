"""A private fit from the command line: no row of a file decides what its columns are."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from tabgan import TabGAN
from tabgan.base.errors import TableFileError
from tabgan.cli.main import main
from tabgan.files import excel
from tabgan.files.read_write import read_table

pa = pytest.importorskip("pyarrow")

ROWS = 2003
OPTIONS = ["--epsilon", "50", "--steps", "2", "--hidden-dim", "8"]


def table() -> Any:
    """Make an Arrow table without missing values, with notes that tell of its rows."""
    at = np.arange(ROWS)
    frame = pd.DataFrame({"age": at % 40, "ok": at % 2 == 0, "kind": np.array(["a", "b"])[at % 2]})
    arrow = pa.Table.from_pandas(frame)
    field = arrow.schema.field("age").with_metadata({"greatest": "secret"})
    return arrow.cast(arrow.schema.set(0, field))


def with_missing_row(arrow: Any) -> Any:
    """Add a row in which everything is missing."""
    more = pa.table([pa.nulls(1, field.type) for field in arrow.schema], schema=arrow.schema)
    return pa.concat_tables([more, arrow])


def write(arrow: Any, path: Path) -> None:
    if path.suffix == ".parquet":
        pa.parquet.write_table(arrow, path)
    elif path.suffix == ".feather":
        with pa.ipc.new_file(path, arrow.schema) as sink:
            sink.write_table(arrow)
    else:
        duckdb = pytest.importorskip("duckdb")
        with duckdb.connect(str(path)) as connection:
            connection.register("arrow", arrow)
            connection.execute("CREATE TABLE t AS SELECT * FROM arrow")


def run(*command: Any) -> Result:
    ran = CliRunner().invoke(main, list(map(str, command)))
    assert ran.exit_code == 0, ran.output
    return ran


@pytest.mark.parametrize("suffix", ["parquet", "feather", "duckdb"])
def test_types_are_those_of_the_schema_whatever_is_missing(tmp_path, suffix):
    import pyarrow.parquet  # noqa: F401

    types = []
    for name, arrow in (("plain", table()), ("more", with_missing_row(table()))):
        path = tmp_path / f"{name}.{suffix}"
        write(arrow, path)
        frame, form = read_table(str(path), by_schema=True)
        types.append((frame.dtypes.to_dict(), form.arrow_schema))
        assert not form.arrow_schema.metadata
        assert not any(field.metadata for field in form.arrow_schema)
    assert types[0] == types[1]
    assert types[0][0]["age"] == pd.ArrowDtype(pa.int64())


def test_folders_name_texts(tmp_path):
    import pyarrow.parquet  # noqa: F401

    for year in ("2020", "2021"):
        (tmp_path / "t" / f"year={year}").mkdir(parents=True)
        write(table(), tmp_path / "t" / f"year={year}" / "part.parquet")
    frame, _ = read_table(str(tmp_path / "t"), by_schema=True)
    assert set(frame["year"]) == {"2020", "2021"}
    assert pd.api.types.is_integer_dtype(read_table(str(tmp_path / "t"))[0]["year"])


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_the_file_of_rows_has_no_notes_of_the_table(tmp_path, suffix):
    import pyarrow.feather
    import pyarrow.parquet

    data, out, model = (tmp_path / name for name in (f"t.{suffix}", f"o.{suffix}", "m.safetensors"))
    write(table(), data)
    assert str(ROWS).encode() in table().schema.metadata[b"pandas"]
    ran = run("synth", data, *OPTIONS, "-o", out, "--model", model)
    read = pyarrow.parquet.read_table if suffix == "parquet" else pyarrow.feather.read_table
    written = read(out).schema
    assert written.types == table().schema.types
    assert not written.metadata
    assert b"secret" not in out.read_bytes()
    assert [column.kind for column in TabGAN.load(model).schema_] == [
        "integer", "boolean", "categorical",
    ]  # fmt: skip
    assert " rows, 3 columns" not in ran.stderr


@pytest.mark.parametrize("to", ["csv", "jsonl", "xlsx", "sqlite", "duckdb"])
def test_rows_of_arrow_types_go_to_any_format(tmp_path, to):
    data = tmp_path / "t.feather"
    write(table(), data)
    run("synth", data, *OPTIONS, "-o", tmp_path / f"o.{to}", "-n", 50)
    frame, _ = read_table(str(tmp_path / f"o.{to}"))
    assert list(frame.columns) == ["age", "ok", "kind"]
    assert len(frame) == 50


@pytest.mark.parametrize(
    ("header", "first", "size"),
    [
        ("kind, size\n", "", "blue"),
        ("kind, size\n", "red,blue\n", "blue"),
        ("kind,size\n", "", " blue"),
        ("\n\nkind,size\n", "red,blue\n", " blue"),
    ],
)
def test_the_header_alone_says_whether_blanks_belong_to_delimiters(tmp_path, header, first, size):
    path = tmp_path / "t.csv"
    path.write_text(header + first + "red, blue\n" * 50)
    frame, _ = read_table(str(path), by_schema=True)
    assert list(frame.columns) == ["kind", "size"]
    assert frame["size"].iloc[-1] == size


def test_the_header_alone_says_what_the_delimiter_is(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a;b,c\n" + "1;2,3\n" * 30 + "1;2\n" * 3)
    assert list(read_table(str(path))[0].columns) == ["a", "b,c"]
    with pytest.raises(TableFileError, match="line 32: found 1 fields, but the header has 2"):
        read_table(str(path), by_schema=True)


def test_the_number_of_rows_is_not_said(tmp_path):
    data, model = tmp_path / "t.csv", tmp_path / "m.safetensors"
    pd.DataFrame({"ok": ["x", "y"] * 5_678}).to_csv(data, index=False)
    ran = run("fit", data, "--epsilon", "0.1", "--steps", "2", "-m", model, "--json")
    assert "\n1 columns\n" in ran.stderr
    assert json.loads(ran.stdout)["training_rows"] == TabGAN.load(model).n_rows_
    assert " rows, 1 columns" not in ran.stderr
    assert "11,356 rows, 1 columns" in run("inspect", data).stderr


@pytest.mark.parametrize("limit", [ROWS - 500, ROWS + 500])
def test_a_limit_of_a_format_is_held_against_the_noisy_number_of_rows(tmp_path, limit, monkeypatch):
    """A table of some rows too many for a workbook."""
    from tabgan.files import read_write as writing

    monkeypatch.setattr(excel, "EXCEL_ROWS", limit)
    monkeypatch.setattr(writing, "EXCEL_ROWS", limit)
    data, model = tmp_path / "t.csv", tmp_path / "m.safetensors"
    pd.DataFrame({"ok": ["x", "y"] * (ROWS // 2)}).to_csv(data, index=False)
    command = ["synth", data, *OPTIONS, "-o", tmp_path / "o.xlsx", "--model", model]
    ran = CliRunner().invoke(main, list(map(str, command)))
    assert model.exists()  # so that the message comes of what the model says
    assert (ran.exit_code == 0) == (limit > ROWS)
    if ran.exit_code:
        assert f"{TabGAN.load(model).n_rows_:,}" in ran.output
