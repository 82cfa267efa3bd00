import datetime
import decimal
import sys
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from tabgan.base.errors import OptionError
from tabgan.files.formats import TableContentError, TableForm
from tabgan.files.read_write import TableWriter, read_table

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def save(path, columns, types, metadata=None):
    schema = pa.schema(list(zip(columns, types, strict=True)), metadata=metadata)
    pq.write_table(pa.table(columns, schema=schema), path)
    return schema


def write(path, *blocks, form=None):
    with TableWriter(str(path), form or TableForm("parquet")) as writer:
        for block in blocks:
            writer.write(block)


def test_types_and_schema_come_back(tmp_path):
    path, out = str(tmp_path / "t.parquet"), str(tmp_path / "o.parquet")
    columns = {
        "big": [2**60 + 1, None],
        "n": [1, 2],
        "flag": [True, None],
        "day": [datetime.date(2024, 2, 29), None],
        "price": [decimal.Decimal("1.50"), decimal.Decimal("2.00")],
        "city": ["Oslo", None],
        "when": [datetime.datetime(2024, 1, 1, 12, tzinfo=ZoneInfo("Europe/Oslo")), None],
        "nothing": [None, None],
    }
    types = [
        pa.int64(),
        pa.uint8(),
        pa.bool_(),
        pa.date32(),
        pa.decimal128(8, 2),
        pa.dictionary(pa.int32(), pa.string()),
        pa.timestamp("ms", tz="Europe/Oslo"),
        pa.null(),
    ]
    schema = save(path, columns, types, metadata={"made by": "a test"})
    frame, form = read_table(path)
    assert [str(dtype) for dtype in frame.dtypes] == [
        "Int64",
        "uint8",
        "boolean",
        "object",
        "object",
        "category",
        "datetime64[ms, Europe/Oslo]",
        "object",
    ]
    assert frame["big"].tolist() == [2**60 + 1, pd.NA]
    write(out, frame, frame, form=form.for_output(out))
    again = pq.read_table(out)
    assert again.schema.equals(schema, check_metadata=True)
    assert again.to_pydict() == {name: values * 2 for name, values in columns.items()}


def test_named_index_is_a_column_and_an_unnamed_one_is_dropped(tmp_path):
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"x": [1.0, 2.0]}, index=pd.Index(["a", "b"], name="key"))
    frame.to_parquet(path)
    assert list(read_table(str(path))[0].columns) == ["x", "key"]
    frame.rename_axis(None).to_parquet(path)
    assert list(read_table(str(path))[0].columns) == ["x"]


def test_first_block_gives_the_schema(tmp_path):
    out = str(tmp_path / "o.parquet")
    first = pd.DataFrame({"a": np.array([1], "int16"), "b": [None], "c": pd.Categorical(["x"])})
    second = pd.DataFrame({"a": np.array([2], "int16"), "b": ["x"], "c": pd.Categorical(["y"])})
    write(out, first, second)
    table = pq.read_table(out)
    assert table.schema.types[:2] == [pa.int16(), pa.string()]
    assert table.to_pydict() == {"a": [1, 2], "b": [None, "x"], "c": ["x", "y"]}


def test_mixed_column_is_refused_by_name_and_leaves_nothing(tmp_path):
    with pytest.raises(TableContentError) as caught:
        write(tmp_path / "o.parquet", pd.DataFrame({"a": [1, 2], "m": [1, "x"]}))
    assert str(caught.value) == (
        "Column 'm' can't be written to Parquet (Could not convert 'x' with type str: tried to "
        "convert to int64); write CSV or JSON lines instead"
    )
    assert list(tmp_path.iterdir()) == []


def test_error_after_a_block_leaves_nothing(tmp_path):
    good, bad = pd.DataFrame({"m": [1]}), pd.DataFrame({"m": [1.5]})
    with pytest.raises(TableContentError, match=r"^Column 'm' can't be written to Parquet \(Float"):
        write(tmp_path / "o.parquet", good, bad)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("frame", [{"a": [1], "\ud800": [2]}, {"a": [1], "b": ["\ud800"]}])
def test_half_a_character_is_refused_by_column(tmp_path, frame):
    frame = pd.DataFrame(frame.values(), pd.Index(frame, dtype=object), dtype=object).T
    with pytest.raises(TableContentError) as caught:
        write(tmp_path / "o.parquet", frame)
    assert str(caught.value) == (
        f"Column {frame.columns[1]!r} can't be written to Parquet ('utf-8' codec can't encode "
        "character '\\ud800' in position 0: surrogates not allowed); write CSV or JSON lines "
        "instead"
    )
    assert list(tmp_path.iterdir()) == []


def test_other_bytes_are_refused(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(TableContentError) as caught:
        read_table(str(path))
    assert str(caught.value).startswith(f"{path} is not a Parquet file, or damaged: ")


def test_form_starts_afresh():
    form = TableForm("csv", delimiter=";", encoding="cp1252")
    made = form.for_output("o.csv", table_format="parquet")
    assert made == TableForm("parquet", typed=True)


def test_without_pyarrow(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    save(path, {"a": [1]}, [pa.int64()])
    for module in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, module, None)
    message = (
        "Parquet needs pyarrow, which is not installed; install it with "
        "pip install '.[parquet]', or use CSV or JSON lines"
    )
    for action in (
        lambda: read_table(str(path)),
        lambda: TableWriter(str(tmp_path / "o.parquet"), TableForm("parquet")).__enter__(),
        lambda: TableForm().for_output("o.parquet"),
        lambda: TableForm().for_output("o", table_format="parquet"),
    ):
        with pytest.raises(OptionError) as caught:
            action()
        assert str(caught.value) == message
    assert [p.name for p in tmp_path.iterdir()] == ["t.parquet"]


def test_lists_come_as_texts_and_go_back_as_lists(tmp_path):
    path, out = str(tmp_path / "t.parquet"), str(tmp_path / "o.parquet")
    columns = {"tags": [["x y", "z"], [], None], "sizes": [[1, 2], [3], []]}
    save(path, columns, [pa.list_(pa.string()), pa.large_list(pa.int16())])
    frame, form = read_table(path)
    assert frame["tags"].tolist() == ['["x y", "z"]', "[]", None]
    assert frame["sizes"].tolist() == ["[1, 2]", "[3]", "[]"]
    by_schema, _ = read_table(path, by_schema=True)
    assert by_schema["sizes"].tolist() == frame["sizes"].tolist()
    write(out, frame[:2], frame[2:], form=form)
    assert pq.read_table(out).equals(pq.read_table(path))


class TestFilesReadAsOne:
    """Several files have the same columns, of types that hold the values of all."""

    def read(self, folder, *columns, **options):
        for name, own in zip("abc", columns, strict=False):
            pq.write_table(pa.table(own), folder / f"{name}.parquet")
        return read_table(str(folder / "*.parquet"), **options)[0]

    @pytest.mark.parametrize("most_rows", [None, 2])
    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            (
                ({"x": [1]}, {"x": [2], "extra": [3]}),
                r"a\.parquet has no column 'extra', and .*b",
            ),
            (({"x": [1], "y": [1]}, {"x": [2]}), r"b\.parquet has no column 'y', and .*a\.parq"),
            (
                ({"x": [1]}, {"X": [2]}),
                r"a\.parquet has no column 'X', and .*b",
            ),
            (
                ({"x": [1]}, {"x": [2]}, {"x": ["t"]}),
                r"c\.parquet: column 'x' holds string, and ",
            ),
            (({"x": ["1"]}, {"x": [2]}), r"b\.parquet: column 'x' holds int64, and the .* string"),
            (({"x": [True]}, {"x": [2]}), r"b\.parquet: column 'x' holds int64, and the .* bool"),
            (({"x": [1.5]}, {"x": [2**53 + 1]}), "can't be read as one table: Integer value 9007"),
        ],
    )
    def test_other_columns(self, tmp_path, columns, message, most_rows):
        with pytest.raises(TableContentError, match=message):
            self.read(tmp_path, *columns, most_rows=most_rows)

    @pytest.mark.parametrize("by_schema", [False, True])
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (pa.array([1, 2]), pa.array([1.5, None])),
            (pa.array([1.5]), pa.array([7])),
            (pa.array([1.5], pa.float32()), pa.array([1.1])),
            (pa.array([1], pa.int32()), pa.array([2**40])),
            (pa.nulls(2), pa.array(["a"])),
            (pa.array(["a"]), pa.nulls(2)),
            (pa.array(["a"]), pa.array(["b"], pa.large_string())),
            (pa.array(["a"]).dictionary_encode(), pa.array(["b"])),
            (pa.array(["a"]), pa.array(["b"]).dictionary_encode()),
            (pa.array([1], pa.timestamp("us")), pa.array([1001], pa.timestamp("ns"))),
        ],
    )
    def test_no_value_is_lost(self, tmp_path, one, other, by_schema):
        frame = self.read(tmp_path, {"x": one}, {"x": other}, by_schema=by_schema)
        values = [v for v in frame["x"] if not pd.isna(v)]
        assert values == [v for array in (one, other) for v in array.to_pylist() if v is not None]

    def test_order_of_columns_and_names_of_rows(self, tmp_path):
        frame = self.read(tmp_path, {"x": [1], "y": ["a"]}, {"y": ["b"], "x": [2]})
        assert frame.to_dict("list") == {"x": [1, 2], "y": ["a", "b"]}
        frame = self.read(tmp_path, {"x": [1]}, {"x": [2], "__index_level_0__": [7]})
        assert frame.to_dict("list") == {"x": [1, 2]}
